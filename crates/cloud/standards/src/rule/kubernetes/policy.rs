//! The version policy (scs-0210-v2): a cluster's branch is supported, and its patch is not older than it may be.

use std::time::Duration;

use serde::Serialize;
use stoa_core::{Date, Instant};

use super::version::Version;
use super::vulnerability::{Severity, Vulnerability};
use crate::rule::{Check, Finding};
use crate::verdict::Reading;

const DAY: Duration = Duration::from_hours(24);
/// A newer patch is to be taken within a month,
const PATCH_DAYS: u32 = 31;
/// within two weeks if it closes a critical hole,
const CRITICAL_DAYS: u32 = 14;
/// and had better be within two days.
const CRITICAL_DAYS_ADVISED: u32 = 2;
/// Upstream always supports three branches; fewer in the table mean that it is old.
const BRANCHES_SUPPORTED: usize = 3;

/// A branch and the day on which upstream ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Branch {
    /// The branch: 1 and 35.
    pub branch: (u32, u32),
    /// The first day without support.
    pub end_of_life: Date,
}

/// A release as the project's list shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// Its version.
    pub version: Version,
    /// When it came out.
    pub published_at: Instant,
    /// How far it is.
    pub stage: Stage,
}

/// How far a release is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// For use.
    Final,
    /// A draft, or before its release.
    Early,
}

/// What is known of a cluster and of the world.
#[derive(Debug, Clone, Copy)]
pub struct PolicyFacts<'a> {
    /// What the cluster is called.
    pub cluster: &'a str,
    /// Its version.
    pub version: Version,
    /// Branches and their ends; [`BRANCHES`] as of this library's release.
    pub branches: &'a [Branch],
    /// Releases.
    pub releases: &'a [Release],
    /// Vulnerabilities.
    pub vulnerabilities: &'a [Vulnerability],
}

/// The day as of which [`BRANCHES`] holds.
pub const BRANCHES_AS_OF: &str = "2026-08-21";
/// Branches of Kubernetes and their ends, as published with the standards, newest first.
pub const BRANCHES: [((u32, u32), &str); 12] = [
    ((1, 36), "2027-06-28"),
    ((1, 35), "2027-02-28"),
    ((1, 34), "2026-10-27"),
    ((1, 33), "2026-06-28"),
    ((1, 32), "2026-02-28"),
    ((1, 31), "2025-10-28"),
    ((1, 30), "2025-06-28"),
    ((1, 29), "2025-02-28"),
    ((1, 28), "2024-10-28"),
    ((1, 27), "2024-06-28"),
    ((1, 26), "2024-02-28"),
    ((1, 25), "2023-10-28"),
];

impl Branch {
    /// The branches of [`BRANCHES`].
    pub fn known() -> Vec<Self> {
        let read = |(branch, end): &((u32, u32), &str)| Some(Self { branch: *branch, end_of_life: end.parse().ok()? });
        BRANCHES.iter().filter_map(read).collect()
    }

    fn is_supported(&self, now: Instant) -> bool {
        now < self.end_of_life.start()
    }
}

/// `version-policy-check`.
pub fn check(facts: &PolicyFacts<'_>, now: Instant, reading: Reading) -> Check {
    let mut findings = Vec::new();
    let supported = facts.branches.iter().filter(|branch| branch.is_supported(now)).count();
    if supported < BRANCHES_SUPPORTED {
        findings.push(table_is_old(supported, reading));
    }
    findings.extend(branch_finding(facts, now, reading));
    let newer = facts.releases.iter().filter(|release| {
        release.stage == Stage::Final
            && release.version.branch() == facts.version.branch()
            && release.version > facts.version
    });
    findings.extend(newer.filter_map(|release| behind(facts, release, now, reading)));
    // The published suite knows nothing of a cluster once its table has fewer than two branches.
    if reading.is_published() && supported < 2 {
        findings.retain(|finding| finding.weight == crate::rule::Weight::Unknown);
    }
    Check::of(findings)
}

fn table_is_old(supported: usize, reading: Reading) -> Finding {
    let reason = format!("it has {supported} supported branches, upstream always has {BRANCHES_SUPPORTED}");
    let (object, remedy) = ("table of branches", "refresh the data about Kubernetes");
    if reading.is_published() && supported < 2 {
        Finding::unknown(object, reason, remedy)
    } else {
        Finding::remark(object, reason, remedy)
    }
}

fn branch_finding(facts: &PolicyFacts<'_>, now: Instant, reading: Reading) -> Option<Finding> {
    let object = object(facts);
    let (major, minor) = facts.version.branch();
    let known = facts.branches.iter().find(|branch| branch.branch == facts.version.branch());
    match known {
        Some(branch) if branch.is_supported(now) => None,
        Some(branch) => Some(Finding::fault(
            object,
            format!("upstream ended the branch {major}.{minor} on {}", branch.end_of_life),
            "upgrade the cluster to a supported branch",
        )),
        // A branch that the table does not know yet is no old one; the published suite thinks so.
        None if !reading.is_published() && facts.branches.iter().all(|branch| branch.branch < (major, minor)) => {
            Some(Finding::unknown(
                object,
                format!("the table of branches does not know {major}.{minor}"),
                "refresh the data about Kubernetes",
            ))
        }
        None => Some(Finding::fault(
            object,
            format!("the branch {major}.{minor} is none that upstream supports"),
            "upgrade the cluster to a supported branch",
        )),
    }
}

/// What is to be said of a cluster that a newer patch would bring forward.
fn behind(facts: &PolicyFacts<'_>, release: &Release, now: Instant, reading: Reading) -> Option<Finding> {
    let age = now.since(release.published_at);
    let newer = release.version;
    let remedy = format!("upgrade the cluster to {newer} or later");
    let days = age.as_secs() / DAY.as_secs();
    if age > DAY * PATCH_DAYS {
        let reason = format!("it runs {}, though {newer} is out for {days} days", facts.version);
        return Some(Finding::fault(object(facts), reason, remedy));
    }
    if age <= DAY * CRITICAL_DAYS_ADVISED {
        return None;
    }
    // The text speaks of a patch that closes the hole; to the published suite any newer patch does.
    let closes = |hole: &&Vulnerability| {
        hole.is_critical_for(facts.version) && (reading.is_published() || !hole.is_critical_for(newer))
    };
    if let Some(hole) = facts.vulnerabilities.iter().find(closes) {
        let reason = format!("it runs {}, which {} touches; {newer} is out for {days} days", facts.version, hole.id);
        return Some(if age > DAY * CRITICAL_DAYS {
            Finding::fault(object(facts), reason, remedy)
        } else {
            Finding::remark(object(facts), reason, remedy)
        });
    }
    let unclear = |hole: &&Vulnerability| hole.severity == Severity::Critical && !hole.unreadable.is_empty();
    let hole = facts.vulnerabilities.iter().find(unclear).filter(|_| age > DAY * CRITICAL_DAYS)?;
    let reason = format!("whether {} touches {} cannot be read from its record", hole.id, facts.version);
    Some(Finding::unknown(object(facts), reason, remedy))
}

fn object(facts: &PolicyFacts<'_>) -> String {
    format!("cluster {}", crate::tree::shortened(facts.cluster))
}

/// How much is known of the world, and since when.
#[derive(Debug, Clone, Copy)]
pub struct DataAge {
    /// When it was gathered.
    pub as_of: Instant,
    /// Whether releases are known at all.
    pub has_releases: bool,
}

/// What may have happened since the data was gathered, so that a cluster that looks well in it need not be well: a release
/// that closes a critical hole may be out for longer than two weeks, if the data is older than that. The published suite
/// asks the world itself.
pub fn check_data_age(facts: &PolicyFacts<'_>, age: DataAge, now: Instant) -> Option<Finding> {
    let remedy = "refresh the data about Kubernetes: `stoa check data refresh`";
    let branch = facts.version.branch();
    if !age.has_releases {
        let reason = "no releases are known, so whether a newer patch is out cannot be told";
        return Some(Finding::unknown("data about Kubernetes", reason, remedy));
    }
    if !facts.releases.iter().any(|release| release.version.branch() == branch) {
        let reason = format!("it knows no release of the branch {}.{}", branch.0, branch.1);
        return Some(Finding::unknown("data about Kubernetes", reason, remedy));
    }
    let days = now.since(age.as_of).as_secs() / DAY.as_secs();
    (days > u64::from(CRITICAL_DAYS)).then(|| {
        let reason = format!("it is {days} days old: a patch that had to be taken since may be missing");
        Finding::unknown("data about Kubernetes", reason, remedy)
    })
}
