//! What a check found, object by object: the verdict is no more than the heaviest of its findings.

use serde::Serialize;

use crate::verdict::Verdict;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// Worth knowing; changes no verdict.
    Remark,
    /// It could not be found out: the check is aborted unless something else fails.
    Unknown,
    /// The demand is not met.
    Fault,
}

/// One thing that was found, about one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How much it weighs.
    pub weight: Weight,
    /// What it is about: `image Ubuntu 24.04`, `endpoint https://…`.
    pub object: String,
    /// What is the matter, with what was observed and what is demanded.
    pub reason: String,
    /// What to do about it; empty when there is nothing to do.
    pub remedy: String,
}

impl Finding {
    /// A demand that is not met.
    pub fn fault(object: impl Into<String>, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { weight: Weight::Fault, object: object.into(), reason: reason.into(), remedy: remedy.into() }
    }

    /// Something that could not be found out.
    pub fn unknown(object: impl Into<String>, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { weight: Weight::Unknown, ..Self::fault(object, reason, remedy) }
    }

    /// Something worth knowing.
    pub fn remark(object: impl Into<String>, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { weight: Weight::Remark, ..Self::fault(object, reason, remedy) }
    }
}

/// What a test case found out, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The verdict.
    pub verdict: Verdict,
    /// The reasons, heaviest first; may be empty when it passed.
    pub findings: Vec<Finding>,
}

impl Check {
    /// The check with these findings: failed with any fault, else aborted with anything unknown, else passed.
    pub fn of(findings: impl IntoIterator<Item = Finding>) -> Self {
        let mut findings: Vec<Finding> = findings.into_iter().collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.weight));
        let verdict = match findings.first().map(|finding| finding.weight) {
            Some(Weight::Fault) => Verdict::Fail,
            Some(Weight::Unknown) => Verdict::Abort,
            Some(Weight::Remark) | None => Verdict::Pass,
        };
        Self { verdict, findings }
    }

    /// A check that could not be carried out.
    pub fn aborted(object: impl Into<String>, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::of([Finding::unknown(object, reason, remedy)])
    }

    /// The first reason in one line; empty when there is none.
    pub fn reason(&self) -> String {
        self.findings.first().map_or_else(String::new, |finding| format!("{}: {}", finding.object, finding.reason))
    }
}
