//! The two forms of names, and by which rules a name is read.

use crate::verdict::Reading;

/// How the parts of a name are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Syntax {
    /// Version 1 of the standard: `SCS-2V:4:20s-xen`. Deprecated on 2023-10-31, because labels of Kubernetes take no colon.
    Colon,
    /// Versions 2 and 3: `SCS-2V-4-20s_xen`.
    Dash,
}

impl Syntax {
    /// What stands between vCPUs, memory, disk and the numbers of a GPU.
    pub(super) const fn inner(self) -> u8 {
        match self {
            Syntax::Colon => b':',
            Syntax::Dash => b'-',
        }
    }

    /// What stands before an extension.
    pub(super) const fn outer(self) -> u8 {
        match self {
            Syntax::Colon => b'-',
            Syntax::Dash => b'_',
        }
    }
}

/// By which rules a name is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Rules {
    /// The only form that is taken; without it both are, as the standard asks of tools for the time being.
    pub syntax: Option<Syntax>,
    /// Whose reading decides where the standard's text and the published suite differ; every such place is listed in
    /// docs/reference/flavor-names.md.
    pub reading: Reading,
}

/// The same name in the other form, letter by letter (scs-0100-v3, "Previous standard versions"). It says nothing about
/// whether the name is valid; a text that is not in the other form comes out as it went in.
pub fn translate(name: &str, to: Syntax) -> String {
    let from = match to {
        Syntax::Colon => Syntax::Dash,
        Syntax::Dash => Syntax::Colon,
    };
    let Some(rest) = name.strip_prefix(super::PREFIX) else { return name.to_owned() };
    let turned = rest.chars().map(|letter| match letter {
        letter if letter == char::from(from.inner()) => char::from(to.inner()),
        letter if letter == char::from(from.outer()) => char::from(to.outer()),
        letter => letter,
    });
    super::PREFIX.chars().chain(turned).collect()
}
