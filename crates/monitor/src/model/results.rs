//! The newest result of each test case, kept up as evidence comes in.
//!
//! What is kept depends on the evidence alone, not on the order in which it came: of two results of one test case the
//! later one counts, and of two of the same time the one whose report has the greater id.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stoa_core::Instant;
use stoa_standards::scope::{Automation, Lifetime};
use stoa_standards::verdict::Verdict;
use uuid::Uuid;

/// How a result came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The subject's own report: nobody else has looked.
    Own,
    /// The report of a delegate that tests for others.
    Delegate,
    /// It came with the history of another monitor, which did not keep the signature.
    Moved,
    /// A person looked, and a second one approved.
    Manual,
}

impl Source {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Own, Self::Delegate, Self::Moved, Self::Manual];

    /// The word in SQL and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Delegate => "delegate",
            Self::Moved => "moved",
            Self::Manual => "manual",
        }
    }

    /// The source of this word.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == name)
    }

    /// How long a result of this source counts where the test case says `usual`: what people look at is looked at again
    /// each quarter (scs-0004).
    pub fn lifetime(self, usual: Lifetime) -> Lifetime {
        if self == Self::Manual { usual.min(Lifetime::Quarter) } else { usual }
    }

    /// Whether it may decide a test case of this kind: a report says nothing about what only people can find out.
    pub const fn may_decide(self, automation: Automation) -> bool {
        !matches!((self, automation), (Self::Own | Self::Delegate, Automation::Manual))
    }

    /// Whether somebody other than the subject vouches for it.
    pub const fn is_verified(self) -> bool {
        matches!(self, Self::Delegate | Self::Manual)
    }
}

/// The newest result of a test case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latest {
    /// What was found.
    pub verdict: Verdict,
    /// When.
    pub checked_at: Instant,
    /// The report that says so, or the manual result.
    pub evidence: Uuid,
    /// How it came about.
    pub source: Source,
}

impl Latest {
    fn order(&self) -> (Instant, Uuid) {
        (self.checked_at, self.evidence)
    }
}

/// The newest results of a subject under a scope, by test case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Results(BTreeMap<String, Latest>);

impl Results {
    /// Takes a result in; false where a newer one is there.
    pub fn take(&mut self, test_case: &str, new: Latest) -> bool {
        match self.0.get_mut(test_case) {
            Some(old) if old.order() >= new.order() => false,
            Some(old) => {
                *old = new;
                true
            }
            None => {
                self.0.insert(test_case.to_owned(), new);
                true
            }
        }
    }

    /// The result of a test case.
    pub fn get(&self, test_case: &str) -> Option<&Latest> {
        self.0.get(test_case)
    }

    /// All of them, by test case.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Latest)> {
        self.0.iter().map(|(test_case, latest)| (test_case.as_str(), latest))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// When the newest was found.
    pub fn newest(&self) -> Option<Instant> {
        self.0.values().map(|latest| latest.checked_at).max()
    }

    /// As they are stored: `{"<test case>": [<verdict>, <microseconds>, "<evidence>", "<source>"], …}`.
    pub fn to_json(&self) -> String {
        let stored: BTreeMap<&str, (i64, i64, Uuid, Source)> = self
            .iter()
            .map(|(id, latest)| {
                (id, (latest.verdict.number(), latest.checked_at.micros(), latest.evidence, latest.source))
            })
            .collect();
        serde_json::to_string(&stored).unwrap_or_default()
    }

    /// The stored form; nothing where it is not one.
    pub fn of_json(text: &str) -> Option<Self> {
        let stored: BTreeMap<String, (i64, i64, Uuid, Source)> = serde_json::from_str(text).ok()?;
        let latest = |(number, micros, evidence, source)| {
            let checked_at = Instant::from_micros(micros);
            Some(Latest { verdict: Verdict::of_number(number)?, checked_at, evidence, source })
        };
        stored.into_iter().map(|(id, stored)| Some((id, latest(stored)?))).collect::<Option<_>>().map(Self)
    }
}

/// The verdicts of one report as they are stored: `{"<test case>": <verdict>, …}`.
pub fn verdicts_to_json<'v>(verdicts: impl IntoIterator<Item = (&'v String, &'v Verdict)>) -> String {
    let stored: BTreeMap<&str, i64> =
        verdicts.into_iter().map(|(id, verdict)| (id.as_str(), verdict.number())).collect();
    serde_json::to_string(&stored).unwrap_or_default()
}

/// The stored verdicts of a report; nothing where they are none.
pub fn verdicts_of_json(text: &str) -> Option<BTreeMap<String, Verdict>> {
    let stored: BTreeMap<String, i64> = serde_json::from_str(text).ok()?;
    stored.into_iter().map(|(id, number)| Some((id, Verdict::of_number(number)?))).collect()
}
