//! For terminals.

use std::fmt::Write as _;

use stoa_core::plain;
use stoa_standards::rule::{Finding, Weight};
use stoa_standards::verdict::{Outcome, Verdict};

use super::{Alike, REASONS_MAX, headline, is_tried, left_out, missing, moment};
use crate::assessment::{Assessment, Case, VersionAssessment, weight_name};

/// Whether the terminal shows colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// It does.
    Yes,
    /// It does not, or the text goes elsewhere.
    No,
}

const GREEN: &str = "32";
const RED: &str = "31";
const YELLOW: &str = "33";
const BOLD: &str = "1";

impl Colour {
    fn paint(self, code: &str, text: &str) -> String {
        match self {
            Self::Yes => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            Self::No => text.to_owned(),
        }
    }

    fn verdict(self, name: &str, width: usize) -> String {
        let code = match name {
            "PASS" => GREEN,
            "FAIL" => RED,
            _ => YELLOW,
        };
        self.paint(code, &format!("{name:<width$}"))
    }
}

/// A verdict with its reason in a line, as progress shows it.
pub fn reason_line(id: &str, verdict: Verdict, reason: &str, colour: Colour) -> String {
    let reason = if reason.is_empty() { String::new() } else { format!("  {}", plain(reason)) };
    format!("{}  {}{reason}", colour.verdict(verdict.name(), 5), plain(id))
}

/// The page.
pub fn text(assessment: &Assessment, colour: Colour) -> String {
    let mut page = String::new();
    let title = format!("{}: {}", assessment.subject, assessment.scope);
    let _ = writeln!(page, "{}", colour.paint(BOLD, &plain(&title)));
    let _ = writeln!(page, "{} Checked at {}.", plain(&headline(assessment)), moment(assessment.checked_at));
    if !assessment.filters.is_empty() {
        let _ = writeln!(page, "Asked for: {}.", plain(&assessment.filters));
    }
    for version in assessment.versions.iter().filter(|version| is_tried(assessment, version)) {
        write_version(&mut page, assessment, version, colour);
    }
    if !assessment.beyond.is_empty() {
        let _ = writeln!(page, "\n{}\n", colour.paint(BOLD, "Beyond the versions"));
        let cases = assessment.beyond.iter().filter_map(|id| Some((id.as_str(), assessment.cases.get(id)?)));
        write_rows(&mut page, cases, colour);
    }
    write_cases(&mut page, "Reasons, and what to do", &assessment.open_cases(), colour);
    write_cases(&mut page, "Remarks on what passed", &assessment.remarked_cases(), colour);
    if !assessment.notes.is_empty() {
        let _ = writeln!(page, "\n{}\n", colour.paint(BOLD, "About this run"));
        for note in &assessment.notes {
            let _ = writeln!(page, "  {}", plain(note));
        }
    }
    page
}

fn write_version(page: &mut String, assessment: &Assessment, version: &VersionAssessment, colour: Colour) {
    let code = match version.outcome {
        Outcome::Pass => GREEN,
        Outcome::Incomplete => YELLOW,
        Outcome::Fail => RED,
    };
    let head = format!("{} ({})", plain(&version.name), version.validity.name());
    let _ = writeln!(page, "\n{}: {}", colour.paint(BOLD, &head), colour.paint(code, &version.summary));
    let of_version = version.main.keys().filter_map(|id| Some((id.as_str(), assessment.cases.get(id)?)));
    let mut rows: Vec<(&str, &Case)> = of_version.filter(|(_, case)| case.verdict != Some(Verdict::Pass)).collect();
    rows.sort_by_key(|(_, case)| (case.verdict.is_none(), case.verdict));
    if rows.is_empty() {
        let _ = writeln!(page, "\n  every test case passed");
    }
    // What filters left out is only counted: it would bury what was asked for.
    if assessment.is_partial {
        rows.retain(|(_, case)| case.verdict.is_some());
    }
    if !rows.is_empty() {
        page.push('\n');
    }
    write_rows(page, rows.into_iter(), colour);
}

fn write_rows<'a>(page: &mut String, rows: impl Iterator<Item = (&'a str, &'a Case)>, colour: Colour) {
    let rows: Vec<(&str, &Case)> = rows.collect();
    let width = rows.iter().map(|(id, _)| id.chars().count()).max().unwrap_or(0);
    for (id, case) in rows {
        let reason = case.reason();
        let why = if reason.is_empty() { missing(case) } else { &reason };
        let line = format!("  {}  {:<width$}  {}", colour.verdict(case.verdict_name(), 6), plain(id), plain(why));
        let _ = writeln!(page, "{}", line.trim_end());
    }
}

fn write_cases(page: &mut String, title: &str, cases: &[(&str, &Case)], colour: Colour) {
    if cases.is_empty() {
        return;
    }
    let _ = writeln!(page, "\n{}", colour.paint(BOLD, title));
    for group in Alike::group(cases) {
        let (case, about) = (group.case, group.about());
        let _ = writeln!(page, "\n  {}  {}", colour.verdict(case.verdict_name(), 0), plain(&group.title()));
        if !about.is_empty() {
            let _ = writeln!(page, "    {}", plain(&about));
        }
        for finding in case.findings.iter().take(REASONS_MAX) {
            write_finding(page, finding);
        }
        if let Some(more) = left_out(case.findings.len()) {
            let _ = writeln!(page, "    {more}");
        }
    }
}

fn write_finding(page: &mut String, finding: &Finding) {
    let mark =
        if finding.weight == Weight::Fault { String::new() } else { format!("({}) ", weight_name(finding.weight)) };
    let _ = writeln!(page, "    - {mark}{}: {}", plain(&finding.object), plain(&finding.reason));
    if !finding.remedy.is_empty() {
        let _ = writeln!(page, "      next: {}", plain(&finding.remedy));
    }
}
