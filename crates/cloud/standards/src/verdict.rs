//! Verdicts of test cases, what they add up to, and what a person is told (scs-0003-v2).
//!
//! Only a test case that ran to its end and passed is green. One that was aborted or is missing says nothing about the
//! cloud, so nothing that contains it is a pass.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a test case found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// The cloud does not do what is demanded.
    Fail,
    /// It could not be found out: DNF, "did not finish".
    Abort,
    /// The cloud does what is demanded.
    Pass,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Fail, Self::Abort, Self::Pass];

    /// The number in reports: 1, 0 or -1.
    pub const fn number(self) -> i64 {
        match self {
            Self::Fail => -1,
            Self::Abort => 0,
            Self::Pass => 1,
        }
    }

    /// The verdict with this number.
    pub fn of_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.number() == number)
    }

    /// Its name, as check programs print it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fail => "FAIL",
            Self::Abort => "ABORT",
            Self::Pass => "PASS",
        }
    }
}

/// Whose reading decides where the published suite does not do what the standards say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reading {
    /// The standard's text, and that nothing unknown is green.
    #[default]
    Standard,
    /// The published suite, with its quirks: for comparing verdicts with it.
    Published,
}

impl Reading {
    /// Whether the published suite's quirks hold.
    pub const fn is_published(self) -> bool {
        matches!(self, Self::Published)
    }
}

/// What several test cases add up to: the first of these that any of them has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Aggregate {
    /// One failed.
    Fail,
    /// None failed, but one has no result.
    Miss,
    /// Each has a result, none failed, but one was aborted.
    Dnf,
    /// Each passed; also when there are none.
    Pass,
}

/// What a person is told about a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Everything was tested and passed.
    Pass,
    /// What was tested passed, but something was not tested. The published suite calls this a tentative pass.
    Incomplete,
    /// Something failed or was aborted.
    Fail,
}

impl Outcome {
    /// Its name; in the published reading as the published suite prints it.
    pub const fn name(self, reading: Reading) -> &'static str {
        match (self, reading) {
            (Self::Pass, _) => "PASS",
            (Self::Incomplete, Reading::Standard) => "INCOMPLETE",
            (Self::Incomplete, Reading::Published) => "TENTATIVE pass",
            (Self::Fail, _) => "FAIL",
        }
    }

    /// Whether it may be shown in green.
    pub const fn is_green(self) -> bool {
        matches!(self, Self::Pass)
    }
}

/// The test cases of a target, sorted by what they found out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Tally<'a> {
    /// Those that failed.
    pub failed: Vec<&'a str>,
    /// Those without a result.
    pub missing: Vec<&'a str>,
    /// Those that did not finish.
    pub aborted: Vec<&'a str>,
    /// Those that passed.
    pub passed: Vec<&'a str>,
}

impl<'a> Tally<'a> {
    /// Sorts the test cases of a target by their verdicts.
    pub fn new(test_cases: impl IntoIterator<Item = &'a str>, verdicts: &BTreeMap<String, Verdict>) -> Self {
        let mut tally = Self::default();
        for id in test_cases {
            let sort = match verdicts.get(id) {
                Some(Verdict::Fail) => &mut tally.failed,
                Some(Verdict::Abort) => &mut tally.aborted,
                Some(Verdict::Pass) => &mut tally.passed,
                None => &mut tally.missing,
            };
            sort.push(id);
        }
        tally
    }

    /// What they add up to.
    pub fn aggregate(&self) -> Aggregate {
        if !self.failed.is_empty() {
            Aggregate::Fail
        } else if !self.missing.is_empty() {
            Aggregate::Miss
        } else if !self.aborted.is_empty() {
            Aggregate::Dnf
        } else {
            Aggregate::Pass
        }
    }

    /// What a person is told. A target without test cases is complete for the published suite; here nothing was tested.
    pub fn outcome(&self, reading: Reading) -> Outcome {
        if !self.failed.is_empty() || !self.aborted.is_empty() {
            Outcome::Fail
        } else if !self.missing.is_empty() || (self.passed.is_empty() && !reading.is_published()) {
            Outcome::Incomplete
        } else {
            Outcome::Pass
        }
    }

    /// The outcome with its counts: `FAIL (40 passed, 1 failed, 13 missing)`.
    pub fn summary(&self, reading: Reading) -> String {
        let mut counts = vec![format!("{} passed", self.passed.len())];
        for (ids, what) in [(&self.failed, "failed"), (&self.aborted, "aborted"), (&self.missing, "missing")] {
            if !ids.is_empty() {
                counts.push(format!("{} {what}", ids.len()));
            }
        }
        format!("{} ({})", self.outcome(reading).name(reading), counts.join(", "))
    }
}
