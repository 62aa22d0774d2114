//! What is to be changed of the extra specs of a cloud's flavor so that they say what its names say (scs-0103).
//!
//! Nothing is taken away that may be true: a flavor may have more than its name says, and extra specs of others are
//! nobody's business here.

use std::fmt;

use serde::Serialize;

use super::error::{NameError, Reason};
use super::extra_specs::extra_specs;
use super::parse::parse;
use super::parts::{CpuKind, DiskKind};
use super::rules::Rules;
use super::semantics::{CloudFlavor, numbered};
use crate::verdict::Reading;

/// What keys of scs-0103 begin with.
const PREFIX: &str = "scs:";

/// One extra spec that is to be set, changed or removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExtraSpecChange {
    /// Its key: `scs:cpu-type`.
    pub key: String,
    /// What it says now; nothing where it is not set.
    pub before: Option<String>,
    /// What it is to say; nothing where it is to be removed.
    pub after: Option<String>,
}

impl fmt::Display for ExtraSpecChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = crate::tree::shortened;
        match (&self.before, &self.after) {
            (before, Some(after)) => {
                write!(f, "set {}={after}", shown(&self.key))?;
                before.as_ref().map_or(Ok(()), |before| write!(f, " (was {})", shown(before)))
            }
            (before, None) => {
                write!(f, "unset {} (was {})", shown(&self.key), shown(before.as_deref().unwrap_or_default()))
            }
        }
    }
}

/// Why no extra specs follow from a flavor's names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NothingFollows {
    /// It has no name of the standard.
    #[error("it has no name of scs-0100, from which extra specs would follow")]
    Foreign,
    /// Its name breaks the rules.
    #[error("{0}")]
    Invalid(NameError),
    /// It has less than one of its names says, so that more names would only say it more often.
    #[error("it has less than {name} says: {}", .shortfalls.join("; "))]
    LessThanNamed {
        /// The name.
        name: String,
        /// What it has less of.
        shortfalls: Vec<String>,
    },
}

/// What is to be changed, by keys; nothing where all is as it should be.
pub fn extra_spec_changes(flavor: &CloudFlavor, reading: Reading) -> Result<Vec<ExtraSpecChange>, NothingFollows> {
    let rules = Rules { syntax: None, reading };
    let mut names = Vec::new();
    match parse(&flavor.name, rules) {
        Ok(parsed) => names.push((flavor.name.as_str(), parsed.flavor)),
        Err(error) if error.reason == Reason::Foreign => {}
        Err(error) => return Err(NothingFollows::Invalid(error)),
    }
    let own = flavor.extra_specs.iter().filter_map(|(key, value)| Some((key.strip_prefix(PREFIX)?, value)));
    let further = own.filter(|(key, _)| is_name(key));
    names.extend(further.filter_map(|(_, value)| Some((value.as_str(), parse(value, rules).ok()?.flavor))));
    for (name, named) in &names {
        let shortfalls = flavor.shortfalls(named, reading);
        if !shortfalls.is_empty() {
            let name = crate::tree::shortened(name);
            return Err(NothingFollows::LessThanNamed { name, shortfalls });
        }
    }
    let named: Vec<_> = names.iter().map(|(_, named)| *named).collect();
    let derived = extra_specs(&named).ok_or(NothingFollows::Foreign)?;
    let has_disk = flavor.disk_gb > 0 || named.iter().any(|named| named.disk.is_some());

    let mut changes = Vec::new();
    for (key, wanted) in &derived.properties {
        let before = flavor.extra_specs.get(key);
        if !before.is_some_and(|before| is_enough(key, before, wanted)) {
            changes.push(ExtraSpecChange { key: key.clone(), before: before.cloned(), after: Some(wanted.clone()) });
        }
    }
    for (key, value) in &flavor.extra_specs {
        let Some(own) = key.strip_prefix(PREFIX).filter(|_| !derived.properties.contains_key(key)) else { continue };
        // All names that can be read are among those derived, under other numbers.
        let is_false = is_name(own)
            || (numbered(own, "disk", "-type").is_some() && !(has_disk && DiskKind::from_property(value).is_some()));
        if is_false {
            changes.push(ExtraSpecChange { key: key.clone(), before: Some(value.clone()), after: None });
        }
    }
    Ok(changes)
}

/// Whether an extra spec says what it must, or more: a name may understate.
fn is_enough(key: &str, said: &str, wanted: &str) -> bool {
    match key.strip_prefix(PREFIX) {
        Some("cpu-type") => at_least(CpuKind::from_property(said), CpuKind::from_property(wanted)),
        Some(own) if numbered(own, "disk", "-type").is_some() => {
            at_least(DiskKind::from_property(said), DiskKind::from_property(wanted))
        }
        _ => said == wanted,
    }
}

fn at_least<T: Ord>(said: Option<T>, wanted: Option<T>) -> bool {
    said.zip(wanted).is_some_and(|(said, wanted)| said >= wanted)
}

fn is_name(own: &str) -> bool {
    numbered(own, "name-v", "").is_some_and(|number| number > 0)
}
