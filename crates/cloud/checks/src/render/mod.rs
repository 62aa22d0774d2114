//! An assessment as a page: for terminals, documents, browsers, and for the tools of continuous integration.
//!
//! What a cloud calls its objects stands in reasons, so every text is foreign: each renderer lets through only what its
//! format takes for text.

mod html;
mod junit;
mod markdown;
mod text;

use stoa_standards::verdict::Verdict;

use crate::assessment::{Assessment, VersionAssessment};

pub use html::html;
pub use junit::junit;
pub use markdown::markdown;
pub use text::{Colour, reason_line, text};

/// Reasons of one test case that pages for people show; the others are in the report.
const REASONS_MAX: usize = 20;

/// The question that a page answers first, in a sentence.
fn headline(assessment: &Assessment) -> String {
    let names = |fulfilled: bool| {
        let tried = assessment.deciding().filter(|version| is_tried(assessment, version));
        tried
            .filter(|version| version.is_fulfilled == fulfilled)
            .map(|version| version.name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let (good, open) = (names(true), names(false));
    let limited = if assessment.is_partial { ", as far as it was asked for" } else { "" };
    match (good.as_str(), open.as_str()) {
        ("", "") if !assessment.beyond.is_empty() => {
            let passed =
                |id: &&String| assessment.cases.get(*id).is_some_and(|case| case.verdict == Some(Verdict::Pass));
            let (passed, all) = (assessment.beyond.iter().filter(passed).count(), assessment.beyond.len());
            format!("No version was tested; {passed} of {all} test cases beyond the versions passed.")
        }
        ("", "") => "No version was tested.".to_owned(),
        ("", open) => format!("{open} is not fulfilled{limited}."),
        (good, "") => format!("{good} is fulfilled{limited}."),
        (good, open) => format!("{good} is fulfilled, {open} is not{limited}."),
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
