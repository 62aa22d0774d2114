//! What stands around every page: languages, navigation, and who is looking.

use std::sync::Arc;

use stoa_core::{Actor, Permission};

use crate::{Locale, Texts, Words};

/// Light, dark, or what the person's system says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the system has it.
    #[default]
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// All of them, in the order of the switch.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    /// The word in cookies and in the `data-theme` attribute.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme of this word; anything else is [`Theme::Auto`].
    pub fn from_word(word: &str) -> Self {
        Self::ALL.into_iter().find(|theme| theme.as_str() == word).unwrap_or_default()
    }

    pub(crate) const fn label_key(self) -> &'static str {
        match self {
            Self::Auto => "ui-theme-auto",
            Self::Light => "ui-theme-light",
            Self::Dark => "ui-theme-dark",
        }
    }
}

/// An entry of the console's navigation, as a block declares it.
#[derive(Debug, Clone, Copy)]
pub struct NavEntry {
    /// The key of the group's heading.
    pub group_key: &'static str,
    /// The key of the entry's text.
    pub label_key: &'static str,
    /// Where it leads.
    pub href: &'static str,
    /// The permission without which it is not shown; none means that everybody who is signed in sees it.
    pub permission: Option<Permission>,
}

/// The node's languages and navigation: made once, handed to the pages of every block. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Shell(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    texts: Texts,
    navigation: Vec<NavEntry>,
}

/// One visit: all that a page must know of the request.
#[derive(Debug, Clone, Copy)]
pub struct Visit<'a> {
    /// The language.
    pub locale: Locale,
    /// The theme.
    pub theme: Theme,
    /// Path and query of the request, to mark where one is and to come back after a switch of language.
    pub path: &'a str,
    /// The token that forms carry against cross-site requests; empty for pages without forms.
    pub csrf: &'a str,
    /// Who is signed in.
    pub actor: Option<&'a Actor>,
}

impl Shell {
    /// A shell of these texts and these entries, which are shown in this order.
    pub fn new(texts: Texts, navigation: Vec<NavEntry>) -> Self {
        Self(Arc::new(Inner { texts, navigation }))
    }

    /// The texts.
    pub fn texts(&self) -> &Texts {
        &self.0.texts
    }

    /// The frame for one visit.
    pub fn frame(&self, visit: Visit<'_>) -> Frame {
        let words = self.0.texts.words(visit.locale);
        let here = visit.path.split(['?', '#']).next().unwrap_or("/");
        let mut navigation: Vec<NavGroup> = Vec::new();
        if let Some(actor) = visit.actor {
            let seen = |entry: &&NavEntry| entry.permission.is_none_or(|right| actor.permissions.contains(right));
            let longest = self.0.navigation.iter().filter(|entry| below(here, entry.href)).map(|e| e.href.len()).max();
            for entry in self.0.navigation.iter().filter(seen) {
                let current = below(here, entry.href) && Some(entry.href.len()) == longest;
                let link = NavLink { label: words.t(entry.label_key), href: entry.href.to_owned(), current };
                let title = words.t(entry.group_key);
                match navigation.iter_mut().find(|group| group.title == title) {
                    Some(group) => group.links.push(link),
                    None => navigation.push(NavGroup { title, links: vec![link] }),
                }
            }
        }
        let user = visit.actor.map(|actor| actor.name.clone().unwrap_or_else(|| actor.id.clone()));
        Frame {
            words,
            theme: visit.theme,
            path: visit.path.to_owned(),
            csrf: visit.csrf.to_owned(),
            user,
            navigation,
            banner: None,
        }
    }
}

fn below(here: &str, href: &str) -> bool {
    here == href || here.strip_prefix(href).is_some_and(|rest| rest.starts_with('/'))
}

/// A heading and the links under it.
#[derive(Debug, Clone)]
pub struct NavGroup {
    /// The heading.
    pub title: String,
    /// The links.
    pub links: Vec<NavLink>,
}

/// A link of the navigation.
#[derive(Debug, Clone)]
pub struct NavLink {
    /// The text.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// Whether the page is this one or below it.
    pub current: bool,
}

/// What stands around one page.
#[derive(Debug, Clone)]
pub struct Frame {
    pub(crate) words: Words,
    pub(crate) theme: Theme,
    pub(crate) path: String,
    pub(crate) csrf: String,
    pub(crate) user: Option<String>,
    pub(crate) navigation: Vec<NavGroup>,
    pub(crate) banner: Option<String>,
}

impl Frame {
    /// The texts in the visitor's language.
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// The page's own address, or where to go back to from an answer that has none.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The token that forms carry.
    pub fn csrf(&self) -> &str {
        &self.csrf
    }

    /// The console's navigation as this visitor sees it.
    pub fn navigation(&self) -> &[NavGroup] {
        &self.navigation
    }

    /// With a line above everything, for what nobody may overlook (the `govstack` profile).
    #[must_use]
    pub fn with_banner(mut self, text: impl Into<String>) -> Self {
        self.banner = Some(text.into());
        self
    }
}
