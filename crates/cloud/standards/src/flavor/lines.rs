//! What the command `stoa flavor` answers, name by name: as a line of JSON for programs ([`serde::Serialize`]) and as
//! text for people ([`std::fmt::Display`]).

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::error::{NameError, Reason};
use super::explain::{Piece, explain};
use super::parse::{Parsed, parse};
use super::rules::{Rules, Syntax};
use super::standard::{STANDARD_FLAVORS, StandardFlavor, Status};
use super::{BuildError, Wanted, extra_specs};
use crate::tree::shortened;

/// What a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NameVerdict {
    /// A name by the standard.
    Valid,
    /// It begins as one, and is none.
    Invalid,
    /// Some other flavor's name: the standard says nothing about it.
    Foreign,
}

impl fmt::Display for NameVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NameVerdict::Valid => "valid",
            NameVerdict::Invalid => "invalid",
            NameVerdict::Foreign => "foreign",
        })
    }
}

/// Why a name is not valid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused<'a> {
    /// The name as it was given.
    pub name: &'a str,
    /// Invalid or foreign.
    pub verdict: NameVerdict,
    /// There is none.
    pub canonical: Option<String>,
    /// There is none.
    pub short: Option<String>,
    /// What was expected, and what stands there.
    pub reason: String,
    /// Characters before the mistake.
    pub at: usize,
}

impl<'a> Refused<'a> {
    fn new(name: &'a str, error: NameError) -> Refused<'a> {
        let foreign = error.reason == Reason::Foreign;
        let verdict = if foreign { NameVerdict::Foreign } else { NameVerdict::Invalid };
        Refused { name, verdict, canonical: None, short: None, reason: error.to_string(), at: error.at }
    }
}

impl fmt::Display for Refused<'_> {
    /// The reason, and for an invalid name the name again with a mark below the mistake.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = shortened(self.name);
        write!(f, "{name}: {}: {}", self.verdict, self.reason)?;
        let before = |text: &str| text.get(..self.at).map(str::to_owned);
        // A long name may have been cut before the mistake.
        if self.verdict == NameVerdict::Invalid && before(&name).is_some_and(|shown| before(self.name) == Some(shown)) {
            write!(f, "\n  {name}\n  {:>1$}", '^', self.at + 1)?;
        }
        Ok(())
    }
}

/// The answer of `stoa flavor check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Checked<'a> {
    /// The name is valid.
    Valid(Valid<'a>),
    /// It is not.
    Refused(Refused<'a>),
}

/// A valid name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Valid<'a> {
    /// The name as it was given.
    pub name: &'a str,
    /// Valid.
    pub verdict: NameVerdict,
    /// The canonical name.
    pub canonical: String,
    /// The short name.
    pub short: String,
    /// Nothing speaks against it.
    pub reason: Option<String>,
    /// Something worth knowing: another form, or another way to write it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

impl Checked<'_> {
    /// What the name is.
    pub const fn verdict(&self) -> NameVerdict {
        match self {
            Checked::Valid(valid) => valid.verdict,
            Checked::Refused(refused) => refused.verdict,
        }
    }
}

impl fmt::Display for Checked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Checked::Refused(refused) => refused.fmt(f),
            Checked::Valid(Valid { name, verdict, canonical, short, remark, .. }) => {
                write!(f, "{name}: {verdict}")?;
                if canonical != name {
                    write!(f, ", canonical {canonical}")?;
                }
                if short != canonical {
                    write!(f, ", short {short}")?;
                }
                remark.as_ref().map_or(Ok(()), |remark| write!(f, " ({remark})"))
            }
        }
    }
}

/// Checks a name.
pub fn check(name: &str, rules: Rules) -> Checked<'_> {
    match parse(name, rules) {
        Err(error) => Checked::Refused(Refused::new(name, error)),
        Ok(Parsed { flavor, syntax }) => {
            let canonical = flavor.to_string();
            let remark = match syntax {
                Syntax::Colon if rules.syntax.is_none() => {
                    Some("the form of version 1, deprecated since 2023-10-31".to_owned())
                }
                Syntax::Dash if canonical != name => Some("the canonical name is written otherwise".to_owned()),
                _ => None,
            };
            let short = flavor.short().to_string();
            Checked::Valid(Valid { name, verdict: NameVerdict::Valid, canonical, short, reason: None, remark })
        }
    }
}

/// The answer of `stoa flavor describe` for a valid name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Described<'a> {
    /// The name as it was given.
    pub name: &'a str,
    /// Valid.
    pub verdict: NameVerdict,
    /// One line of prose.
    pub description: String,
}

impl fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.description)
    }
}

/// Describes a flavor in a line.
pub fn describe(name: &str, rules: Rules) -> Result<Described<'_>, Refused<'_>> {
    let parsed = parse(name, rules).map_err(|error| Refused::new(name, error))?;
    Ok(Described { name, verdict: NameVerdict::Valid, description: parsed.flavor.describe().to_string() })
}

/// The answer of `stoa flavor explain` for a valid name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explained<'a> {
    /// The name as it was given.
    pub name: &'a str,
    /// Valid.
    pub verdict: NameVerdict,
    /// Its pieces, in order.
    pub pieces: Vec<Piece<'a>>,
}

impl fmt::Display for Explained<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        let width = self.pieces.iter().map(|piece| piece.text.len()).max().unwrap_or(0);
        self.pieces.iter().try_for_each(|piece| write!(f, "\n  {:width$}  {}", piece.text, piece.meaning))
    }
}

/// Takes a name apart.
pub fn explain_name(name: &str, rules: Rules) -> Result<Explained<'_>, Refused<'_>> {
    let parsed = parse(name, rules).map_err(|error| Refused::new(name, error))?;
    Ok(Explained { name, verdict: NameVerdict::Valid, pieces: explain(name, &parsed) })
}

/// What a cloud's flavor must have: the answer of `stoa flavor extra-specs` and `stoa flavor list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Demanded<'a> {
    /// The name.
    pub name: &'a str,
    /// Of a standard flavor, how much it is wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// vCPUs.
    pub cpus: u32,
    /// MiB of memory.
    pub ram: u64,
    /// GB of the root disk; 0 without one.
    pub disk: u32,
    /// The extra specs.
    pub extra_specs: BTreeMap<String, String>,
}

impl fmt::Display for Demanded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Demanded { name, cpus, ram, disk, .. } = self;
        f.write_str(name)?;
        match self.status {
            Some(Status::Mandatory) => f.write_str(" (mandatory)")?,
            Some(Status::Recommended) => f.write_str(" (recommended)")?,
            None => {}
        }
        write!(f, "\n  vcpus {cpus}, ram {ram} MiB, disk {disk} GB")?;
        self.extra_specs.iter().try_for_each(|(key, value)| write!(f, "\n  {key}={value}"))
    }
}

/// Derives the extra specs of a name.
pub fn extra_specs_of(name: &str, rules: Rules) -> Result<Demanded<'_>, Refused<'_>> {
    let parsed = parse(name, rules).map_err(|error| Refused::new(name, error))?;
    let specs = extra_specs(&[parsed.flavor]);
    Ok(Demanded {
        name,
        status: None,
        cpus: parsed.flavor.cpu.count.get(),
        ram: parsed.flavor.ram.size.mib(),
        disk: specs.as_ref().and_then(|specs| specs.disk).unwrap_or(0),
        extra_specs: specs.map(|specs| specs.properties).unwrap_or_default(),
    })
}

/// The standard flavors, all or those of one status.
pub fn list(status: Option<Status>) -> impl Iterator<Item = Demanded<'static>> {
    let wanted = move |flavor: &&StandardFlavor| status.is_none_or(|status| flavor.status == status);
    STANDARD_FLAVORS.iter().filter(wanted).map(|flavor| Demanded {
        name: flavor.name,
        status: Some(flavor.status),
        cpus: flavor.cpus,
        ram: u64::from(flavor.ram_gib) * 1024,
        disk: flavor.disk.map_or(0, |disk| disk.size),
        extra_specs: flavor.properties().into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
    })
}

/// The answer of `stoa flavor build`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Built {
    /// The canonical name.
    pub name: String,
    /// The short name.
    pub short: String,
    /// One line of prose.
    pub description: String,
}

impl fmt::Display for Built {
    /// The name alone, so that it can be used in a shell.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Names a flavor.
pub fn build(wanted: &Wanted) -> Result<Built, BuildError> {
    let flavor = wanted.build()?;
    let description = flavor.describe().to_string();
    Ok(Built { name: flavor.to_string(), short: flavor.short().to_string(), description })
}
