//! What a run found out, as people and programs want to see it. It is read from the report alone, so that a report shows
//! years later what was seen on the day.

mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use stoa_core::{Date, Instant};
use stoa_standards::report::Report;
use stoa_standards::rule::{Finding, Weight};
use stoa_standards::scope::{Automation, Scope, Validity};
use stoa_standards::verdict::{Outcome, Reading, Tally, Verdict};
use uuid::Uuid;

use crate::beyond::BEYOND;

pub use report::{RunFacts, report};

/// What was found out about a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// The cloud or cluster.
    pub subject: String,
    /// The scope's title.
    pub scope: String,
    /// Where the scope is described.
    pub scope_url: String,
    /// When.
    pub checked_at: Instant,
    /// The day whose timeline decided about the versions.
    pub reference_date: Date,
    /// The report's id.
    pub report: Uuid,
    /// The versions that were held against, in the scope's order.
    pub versions: Vec<VersionAssessment>,
    /// Every test case that is in one of the versions or has a result.
    pub cases: BTreeMap<String, Case>,
    /// Those with a result that decide about none of the versions: recommended ones, and those of no version.
    pub beyond: BTreeSet<String>,
    /// What alone was asked for, in words; empty when that was everything.
    pub filters: String,
    /// Whether test cases of the versions were left out by filters.
    pub is_partial: bool,
    /// What else is to be known of the run: its requests, the age of its data, that it was stopped.
    pub notes: Vec<String>,
    /// Whose reading the outcomes follow.
    pub reading: Reading,
}

/// A version and what it comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionAssessment {
    /// Its name.
    pub name: String,
    /// What it counts for on the day of reference.
    pub validity: Validity,
    /// The test cases that decide, each with its verdict.
    pub main: BTreeMap<String, Option<Verdict>>,
    /// What they come to.
    pub outcome: Outcome,
    /// The same with its counts, for people.
    pub summary: String,
    /// Whether what was asked for is fulfilled: as the outcome, but what filters left out is not missed.
    pub is_fulfilled: bool,
}

/// A test case and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// What it finds out.
    pub description: String,
    /// Where it is described.
    pub url: String,
    /// What was found; none when it has no result.
    pub verdict: Option<Verdict>,
    /// Whether it is for people.
    pub manual: bool,
    /// The reasons, heaviest first.
    pub findings: Vec<Finding>,
    /// How long its group took, where the report tells.
    pub elapsed: Option<Duration>,
    /// By what it was decided.
    pub group: String,
}

impl Assessment {
    /// Reads a report. The scope is that of the report; whether it is, the caller has seen to.
    pub fn of_report(report: &Report, scope: &Scope, reading: Reading) -> Self {
        let is_partial = report.run.sections.is_some() || report.run.forced_tests.is_some();
        let chosen: Vec<(String, Validity)> = match &report.run.forced_version {
            Some(name) => vec![(name.clone(), scope.timeline.validity(name, report.reference_date))],
            None => {
                let on_day = scope.versions_on(report.reference_date).into_iter();
                on_day.map(|(version, validity)| (version.name.clone(), validity)).collect()
            }
        };
        let mut cases = BTreeMap::new();
        let mut of_versions = BTreeSet::new();
        let mut versions = Vec::new();
        for (name, validity) in chosen {
            let verdicts = report.verdicts(&name);
            let version = scope.version(&name);
            let main: BTreeMap<String, Option<Verdict>> = version
                .iter()
                .flat_map(|version| version.main())
                .map(|id| (id.to_owned(), verdicts.get(id).copied()))
                .collect();
            of_versions.extend(main.keys().cloned());
            for id in version.iter().flat_map(|version| version.test_cases()) {
                let verdict = verdicts.get(id).copied();
                cases.entry(id.to_owned()).or_insert_with(|| Case::new(scope, id)).verdict = verdict;
            }
            versions.push(VersionAssessment::new(name, validity, main, is_partial, reading));
        }
        let results = report.run.invocations.iter().flat_map(|invocation| &invocation.results);
        let mut beyond = BTreeSet::new();
        for (id, verdict) in results {
            cases.entry(id.clone()).or_insert_with(|| Case::new(scope, id)).verdict = Some(*verdict);
            if !of_versions.contains(id) {
                beyond.insert(id.clone());
            }
        }
        let mut notes = Vec::new();
        for invocation in &report.run.invocations {
            report::tell(invocation, &mut cases, &mut notes);
        }
        Self {
            subject: report.subject.clone(),
            scope: report.scope.name.clone(),
            scope_url: report.scope.url.clone(),
            checked_at: report.checked_at,
            reference_date: report.reference_date,
            report: report.run.uuid,
            versions,
            cases,
            beyond,
            filters: filters(report),
            is_partial,
            notes,
            reading,
        }
    }

    /// The versions that decide: those that a certificate can be had for; all, where there is none such.
    pub fn deciding(&self) -> impl Iterator<Item = &VersionAssessment> {
        let any = self.versions.iter().any(|version| version.validity.is_certifiable());
        self.versions.iter().filter(move |version| !any || version.validity.is_certifiable())
    }

    /// Whether everything that was asked for was found to be as demanded: in the versions that decide, and beyond them.
    pub fn is_fulfilled(&self) -> bool {
        let beyond = self.beyond.iter().filter_map(|id| self.cases.get(id));
        !self.versions.is_empty()
            && self.deciding().all(|version| version.is_fulfilled)
            && beyond.into_iter().all(|case| case.verdict == Some(Verdict::Pass))
    }

    /// The test cases that did not pass, those that failed first.
    pub fn open_cases(&self) -> Vec<(&str, &Case)> {
        let mut open: Vec<(&str, &Case)> = self
            .cases
            .iter()
            .filter(|(_, case)| matches!(case.verdict, Some(Verdict::Fail | Verdict::Abort)))
            .map(|(id, case)| (id.as_str(), case))
            .collect();
        open.sort_by_key(|(_, case)| case.verdict);
        open
    }

    /// Test cases that passed with something to be known.
    pub fn remarked_cases(&self) -> Vec<(&str, &Case)> {
        let remarked =
            self.cases.iter().filter(|(_, case)| case.verdict == Some(Verdict::Pass) && !case.findings.is_empty());
        remarked.map(|(id, case)| (id.as_str(), case)).collect()
    }
}

impl VersionAssessment {
    fn new(
        name: String,
        validity: Validity,
        main: BTreeMap<String, Option<Verdict>>,
        is_partial: bool,
        reading: Reading,
    ) -> Self {
        let verdicts: BTreeMap<String, Verdict> =
            main.iter().filter_map(|(id, verdict)| Some((id.clone(), (*verdict)?))).collect();
        let tally = Tally::new(main.keys().map(String::as_str), &verdicts);
        let (outcome, summary) = (tally.outcome(reading), tally.summary(reading));
        let is_fulfilled = if is_partial {
            verdicts.values().all(|verdict| *verdict == Verdict::Pass)
        } else {
            outcome == Outcome::Pass
        };
        Self { name, validity, main, outcome, summary, is_fulfilled }
    }
}

impl Case {
    fn new(scope: &Scope, id: &str) -> Self {
        let known = scope.test_case(id);
        let beyond = BEYOND.iter().find(|known| known.id == id);
        Self {
            description: known
                .map(|case| case.description.clone())
                .or_else(|| beyond.map(|beyond| beyond.description.to_owned()))
                .unwrap_or_default(),
            url: known.map(|case| case.url.clone()).unwrap_or_default(),
            verdict: None,
            manual: known.is_some_and(|case| case.automation == Automation::Manual),
            findings: Vec::new(),
            elapsed: None,
            group: String::new(),
        }
    }

    /// The verdict's name, and what a missing one is called.
    pub fn verdict_name(&self) -> &'static str {
        match (self.verdict, self.manual) {
            (Some(verdict), _) => verdict.name(),
            (None, true) => "PEOPLE",
            (None, false) => "MISS",
        }
    }

    /// The heaviest reason in a line; empty when there is none.
    pub fn reason(&self) -> String {
        self.findings.first().map_or_else(String::new, |finding| format!("{}: {}", finding.object, finding.reason))
    }

    fn add(&mut self, findings: Vec<Finding>) {
        self.findings.extend(findings);
        self.findings.sort_by_key(|finding| std::cmp::Reverse(finding.weight));
    }
}

/// What a weight is called beside a reason.
pub(crate) const fn weight_name(weight: Weight) -> &'static str {
    match weight {
        Weight::Fault => "fault",
        Weight::Unknown => "unknown",
        Weight::Remark => "remark",
    }
}

fn filters(report: &Report) -> String {
    let mut filters = Vec::new();
    if let Some(version) = &report.run.forced_version {
        filters.push(format!("version {version}"));
    }
    if let Some(sections) = &report.run.sections {
        filters.push(format!("sections {}", sections.join(", ")));
    }
    if let Some(tests) = &report.run.forced_tests {
        filters.push(format!("test cases that match {tests}"));
    }
    filters.join("; ")
}
