//! An assessment as a page: for terminals, documents, browsers, and for the tools of continuous integration.
//!
//! What a cloud calls its objects stands in reasons, so every text is foreign: each renderer lets through only what its
//! format takes for text.

mod html;
mod junit;
mod markdown;
mod text;

use crate::assessment::Assessment;

pub use html::html;
pub use junit::junit;
pub use markdown::markdown;
pub use text::{Colour, reason_line, text};

/// Reasons of one test case that pages for people show; the others are in the report.
const REASONS_MAX: usize = 20;

/// The question that a page answers first, in a sentence.
fn headline(assessment: &Assessment) -> String {
    let names = |fulfilled: bool| {
        let chosen = assessment.deciding().filter(|version| version.is_fulfilled == fulfilled);
        chosen.map(|version| version.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let (good, open) = (names(true), names(false));
    let limited = if assessment.is_partial { ", as far as it was asked for" } else { "" };
    match (good.as_str(), open.as_str()) {
        ("", "") => "No version was tested.".to_owned(),
        ("", open) => format!("{open} is not fulfilled{limited}."),
        (good, "") => format!("{good} is fulfilled{limited}."),
        (good, open) => format!("{good} is fulfilled, {open} is not{limited}."),
    }
}

/// How many reasons are left out, in words; nothing when none is.
fn left_out(findings: usize) -> Option<String> {
    let more = findings.checked_sub(REASONS_MAX).filter(|more| *more > 0)?;
    Some(format!("… and {more} more, which are in the report"))
}
