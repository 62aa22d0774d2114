//! An assessment as a page: for terminals, documents, browsers, and for the tools of continuous integration.
//!
//! What a cloud calls its objects stands in reasons, so every text is foreign: each renderer lets through only what its
//! format takes for text.

mod html;
mod junit;
mod markdown;
mod text;

use stoa_core::Instant;
use stoa_standards::verdict::Verdict;

use crate::assessment::{Assessment, Case, VersionAssessment};

pub use html::html;
pub use junit::junit;
pub use markdown::markdown;
pub use text::{Colour, reason_line, text};

/// Reasons of one test case that pages for people show; the others are in the report.
const REASONS_MAX: usize = 20;

/// The question that a page answers first, in a sentence or two.
fn headline(assessment: &Assessment) -> String {
    let names = |fulfilled: bool| {
        let tried = assessment.deciding().filter(|version| is_tried(assessment, version));
        tried
            .filter(|version| version.is_fulfilled == fulfilled)
            .map(|version| version.name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let passed = |id: &&String| assessment.cases.get(*id).is_some_and(|case| case.verdict == Some(Verdict::Pass));
    let (passed, all) = (assessment.beyond.iter().filter(passed).count(), assessment.beyond.len());
    let (good, open) = (names(true), names(false));
    let versions = match (good.as_str(), open.as_str()) {
        ("", "") if all > 0 => {
            return format!("No version was tested; {passed} of {all} test cases beyond the versions passed.");
        }
        ("", "") => "No version was tested.".to_owned(),
        // Of a version that was tested in part nobody may read that it is fulfilled.
        ("", open) if assessment.is_partial => format!("{open} was tested in part, and not all of that passed."),
        (good, "") if assessment.is_partial => format!("{good} was tested in part, and all of that passed."),
        (good, open) if assessment.is_partial => {
            format!("{good} was tested in part, and all of that passed; of {open} not all.")
        }
        ("", open) => format!("{open} is not fulfilled."),
        (good, "") => format!("{good} is fulfilled."),
        (good, open) => format!("{good} is fulfilled, {open} is not."),
    };
    match all - passed {
        0 => versions,
        1 => format!("{versions} Beyond the versions, one test case did not pass."),
        open => format!("{versions} Beyond the versions, {open} test cases did not pass."),
    }
}

/// A moment for people: `2026-11-26 12:59:57 UTC`.
fn moment(instant: Instant) -> String {
    let text = instant.to_string();
    let seconds = text.split(['.', 'Z']).next().unwrap_or_default();
    format!("{} UTC", seconds.replacen('T', " ", 1))
}

/// Why a test case has no verdict, or none that needs a reason.
fn missing(case: &Case) -> &'static str {
    match case.verdict {
        Some(_) => "",
        None if case.manual => "for people: read the documents, and report what they say",
        None => "not tested",
    }
}

/// Test cases with the same verdict for the same reasons, told once: a login that is refused is the end of fifty.
struct Alike<'a> {
    ids: Vec<&'a str>,
    case: &'a Case,
}

impl<'a> Alike<'a> {
    fn group(cases: &[(&'a str, &'a Case)]) -> Vec<Self> {
        let mut groups: Vec<Self> = Vec::new();
        for (id, case) in cases {
            let same = |group: &&mut Self| group.case.verdict == case.verdict && group.case.findings == case.findings;
            match groups.iter_mut().find(same) {
                Some(group) => group.ids.push(id),
                None => groups.push(Self { ids: vec![id], case }),
            }
        }
        groups
    }

    /// The one test case, or how many they are.
    fn title(&self) -> String {
        match self.ids.as_slice() {
            [id] => (*id).to_owned(),
            ids => format!("{} test cases", ids.len()),
        }
    }

    /// What the test case finds out; of several, their names.
    fn about(&self) -> String {
        match self.ids.as_slice() {
            [_] => self.case.description.clone(),
            ids => ids.join(", "),
        }
    }
}

/// Whether anything of a version was tried; what filters left out wholly is no news.
fn is_tried(assessment: &Assessment, version: &VersionAssessment) -> bool {
    !assessment.is_partial || version.main.values().any(Option::is_some)
}

/// How many reasons are left out, in words; nothing when none is.
fn left_out(findings: usize) -> Option<String> {
    let more = findings.checked_sub(REASONS_MAX).filter(|more| *more > 0)?;
    Some(format!("… and {more} more, which are in the report"))
}
