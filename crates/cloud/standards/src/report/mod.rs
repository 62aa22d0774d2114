//! Reports: what a run found out about a subject, in the published format (the one that the compliance monitor takes).
//!
//! Times have no zone in the format; they are taken for UTC, and written in UTC.

mod read;
mod write;
mod yaml;

use std::collections::BTreeMap;

use stoa_core::{Date, Instant};
use uuid::Uuid;

use crate::rule::{Check, Finding, Weight};
use crate::verdict::Verdict;

pub use read::{read_json, read_yaml};

/// A report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What was tested against.
    pub scope: ReportedScope,
    /// When.
    pub checked_at: Instant,
    /// The day whose timeline decided what was tested.
    pub reference_date: Date,
    /// The cloud or cluster that was tested.
    pub subject: String,
    /// How it was tested, and what was found.
    pub run: Run,
    /// Results by version and test case, in reports of before 2025; later ones have them with the invocations alone.
    pub versions: BTreeMap<String, BTreeMap<String, VersionResult>>,
}

/// The scope of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedScope {
    /// Its id.
    pub uuid: Uuid,
    /// Its title.
    pub name: String,
    /// Where it is described.
    pub url: String,
}

/// How a subject was tested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The report's id: no two reports share it.
    pub uuid: Uuid,
    /// Arguments of the program.
    pub argv: Vec<String>,
    /// Variables that were set.
    pub assignment: BTreeMap<String, String>,
    /// Only these sections were tested.
    pub sections: Option<Vec<String>>,
    /// Only this version was tested.
    pub forced_version: Option<String>,
    /// Only test cases that this pattern takes were tested.
    pub forced_tests: Option<String>,
    /// What was run, in order.
    pub invocations: Vec<Invocation>,
}

/// One thing that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// Its id.
    pub id: Uuid,
    /// The command.
    pub command: String,
    /// What it found, by test case.
    pub results: BTreeMap<String, Verdict>,
    /// How it ended.
    pub exit_code: i64,
    /// What it printed.
    pub stdout: Vec<String>,
    /// What it said beside.
    pub stderr: Vec<String>,
    /// Lines of all that by their level.
    pub counts: LineCounts,
}

/// How many lines begin with the name of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LineCounts {
    /// `info`
    pub info: i64,
    /// `warning`
    pub warning: i64,
    /// `error`
    pub error: i64,
    /// `critical`
    pub critical: i64,
}

/// A result of an old report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionResult {
    /// What was found.
    pub result: Verdict,
    /// By which invocation.
    pub invocation: Option<Uuid>,
}

impl Report {
    /// The verdict of each test case. Of several invocations the last counts; an old report is asked for a version.
    pub fn verdicts(&self, version: &str) -> BTreeMap<String, Verdict> {
        let of_version = self.versions.get(version).into_iter().flatten();
        let old = of_version.map(|(id, result)| (id.clone(), result.result));
        let results = self.run.invocations.iter().flat_map(|invocation| &invocation.results);
        let new = results.map(|(id, verdict)| (id.clone(), *verdict));
        if self.versions.is_empty() { new.collect() } else { old.collect() }
    }
}

impl Report {
    /// The verdict of each test case, whatever the version: of an old report, which has them by version, the worst.
    pub fn all_verdicts(&self) -> BTreeMap<String, Verdict> {
        if self.versions.is_empty() {
            return self.verdicts("");
        }
        let mut verdicts: BTreeMap<String, Verdict> = BTreeMap::new();
        for (id, found) in self.versions.values().flatten() {
            let verdict = verdicts.entry(id.clone()).or_insert(found.result);
            *verdict = (*verdict).min(found.result);
        }
        verdicts
    }
}

impl LineCounts {
    /// Counts the lines that begin with the name of a level, whatever the case of its letters.
    pub fn of<'a>(lines: impl IntoIterator<Item = &'a String>) -> Self {
        let mut counts = Self::default();
        for line in lines {
            let begins = |level: &str| line.get(..level.len()).is_some_and(|head| head.eq_ignore_ascii_case(level));
            counts.info += i64::from(begins("info"));
            counts.warning += i64::from(begins("warning"));
            counts.error += i64::from(begins("error"));
            counts.critical += i64::from(begins("critical"));
        }
        counts
    }
}

impl Invocation {
    /// The invocation that stands for checks of our own: verdicts as a check program prints them, reasons as it logs
    /// them, each followed by what to do about it.
    pub fn of_checks(id: Uuid, command: impl Into<String>, checks: &BTreeMap<String, Check>) -> Self {
        let stdout: Vec<String> = checks.iter().map(|(id, check)| format!("{id}: {}", check.verdict.name())).collect();
        let mut stderr = Vec::new();
        for (id, check) in checks {
            for finding in &check.findings {
                let level = match finding.weight {
                    Weight::Remark => "WARNING",
                    Weight::Unknown => "CRITICAL",
                    Weight::Fault => "ERROR",
                };
                let said = format!("{level}: {id}: {}: {}", finding.object, finding.reason);
                stderr.push(one_line(&said));
                if !finding.remedy.is_empty() {
                    stderr.push(one_line(&format!("INFO: {id}: {}: next: {}", finding.object, finding.remedy)));
                }
            }
        }
        Self {
            id,
            command: command.into(),
            results: checks.iter().map(|(id, check)| (id.clone(), check.verdict)).collect(),
            exit_code: 0,
            counts: LineCounts::of(stdout.iter().chain(&stderr)),
            stdout,
            stderr,
        }
    }

    /// The reasons of its test cases, as far as its lines tell them: those that [`Invocation::of_checks`] wrote all do.
    pub fn findings(&self) -> BTreeMap<String, Vec<Finding>> {
        let mut findings: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
        for line in &self.stderr {
            let mut parts = line.splitn(4, ": ");
            let (Some(level), Some(id), Some(object), Some(rest)) =
                (parts.next(), parts.next(), parts.next(), parts.next())
            else {
                continue;
            };
            if !self.results.contains_key(id) {
                continue;
            }
            let of_case = findings.entry(id.to_owned()).or_default();
            match (level, rest.strip_prefix("next: "), of_case.last_mut()) {
                ("INFO", Some(remedy), Some(last)) if last.object == object => remedy.clone_into(&mut last.remedy),
                ("WARNING", ..) => of_case.push(Finding::remark(object, rest, "")),
                ("CRITICAL", ..) => of_case.push(Finding::unknown(object, rest, "")),
                ("ERROR", ..) => of_case.push(Finding::fault(object, rest, "")),
                _ => {}
            }
        }
        findings
    }
}

/// One line, whatever the objects of a cloud are called.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
