//! What each version of a scope counts for, from day to day (scs-0003-v1).

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use stoa_core::Date;

/// What passing a version is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Validity {
    /// A certificate.
    Effective,
    /// A certificate, but the version ends soon.
    Warn,
    /// Nothing yet: the version is tried out.
    Draft,
    /// Nothing any more. So is every version that the timeline does not name.
    Deprecated,
}

impl Validity {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Effective, Self::Warn, Self::Draft, Self::Deprecated];

    /// Its name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Effective => "effective",
            Self::Warn => "warn",
            Self::Draft => "draft",
            Self::Deprecated => "deprecated",
        }
    }

    /// Whether a certificate can be had for it.
    pub const fn is_certifiable(self) -> bool {
        matches!(self, Self::Effective | Self::Warn)
    }
}

impl FromStr for Validity {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|validity| validity.name() == text).ok_or(())
    }
}

/// The validities of versions from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimelineEntry {
    /// The first day; the entry holds until that of the next.
    pub date: Date,
    /// Validities by version.
    pub versions: BTreeMap<String, Validity>,
}

/// All entries, earliest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Timeline(Vec<TimelineEntry>);

impl Timeline {
    /// The timeline of these entries, whose order says nothing.
    pub fn new(mut entries: Vec<TimelineEntry>) -> Self {
        entries.sort_by_key(|entry| entry.date);
        Self(entries)
    }

    /// The entries, earliest first.
    pub fn entries(&self) -> &[TimelineEntry] {
        &self.0
    }

    /// The entry in force on a day; none before the first.
    pub fn in_force(&self, date: Date) -> Option<&TimelineEntry> {
        self.0.iter().rev().find(|entry| entry.date <= date)
    }

    /// What a version counts for on a day, if the entry in force names it.
    pub fn named(&self, version: &str, date: Date) -> Option<Validity> {
        self.in_force(date)?.versions.get(version).copied()
    }

    /// What a version counts for on a day: deprecated unless the timeline says otherwise.
    pub fn validity(&self, version: &str, date: Date) -> Validity {
        self.named(version, date).unwrap_or(Validity::Deprecated)
    }

    /// The day after `date` on which the next entry comes into force.
    pub fn next_change(&self, date: Date) -> Option<Date> {
        self.0.iter().map(|entry| entry.date).find(|next| *next > date)
    }
}
