//! What changed from one report to another: test case by test case, with the reason that is new.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;
use stoa_checks::assessment::Assessment;
use stoa_core::plain;
use stoa_standards::report::Report;
use stoa_standards::scope;
use stoa_standards::verdict::{Reading, Verdict};

use super::{ReportFile, shown};
use crate::cli::Format;
use crate::console::Console;
use crate::exit::{Exit, Failure};

/// A test case whose verdict changed.
struct Change {
    id: String,
    before: Option<Verdict>,
    after: Option<Verdict>,
    reason: String,
}

pub(super) async fn run(old: &Path, new: &Path, format: Format, console: &Console) -> Result<Exit, Failure> {
    let (old, new) = (one(old)?, one(new)?);
    if old.scope.uuid != new.scope.uuid {
        return Err(Failure::new(Exit::Usage, "the reports are about different scopes")
            .advice("Compare reports about the same scope."));
    }
    let changes = changes(&old, &new);
    if old.subject != new.subject {
        let message =
            format!("the reports are about different subjects: {} and {}", shown(&old.subject), shown(&new.subject));
        console.note(message).await?;
    }
    for change in &changes {
        console.out(line(change, format)).await?;
    }
    if changes.is_empty() && format == Format::Text {
        console.out("every test case has the verdict that it had").await?;
    }
    let worse = changes.iter().any(|change| change.before == Some(Verdict::Pass));
    Ok(if worse { Exit::Problems } else { Exit::Done })
}

fn one(path: &Path) -> Result<Report, Failure> {
    let mut file = ReportFile::read(path)?;
    match (file.reports.pop(), file.reports.is_empty()) {
        (Some(report), true) => Ok(report),
        _ => Err(Failure::new(Exit::Usage, format!("{} holds several reports", path.display()))
            .advice("Compare files with one report each.")),
    }
}

fn changes(old: &Report, new: &Report) -> Vec<Change> {
    let (before, after) = (verdicts(old), verdicts(new));
    let known = scope::find_built_in(&new.scope.uuid.to_string());
    let assessed = known.map(|scope| Assessment::of_report(new, scope, Reading::Standard));
    let mut ids: Vec<&String> = before.keys().chain(after.keys()).collect();
    ids.sort();
    ids.dedup();
    ids.into_iter()
        .filter_map(|id| {
            let (was, is) = (before.get(id).copied(), after.get(id).copied());
            let case = assessed.as_ref().and_then(|assessed| assessed.cases.get(id));
            let reason = case.map(stoa_checks::assessment::Case::reason).unwrap_or_default();
            (was != is).then(|| Change { id: id.clone(), before: was, after: is, reason })
        })
        .collect()
}

/// The verdicts of a report; an old one has them by version, of which the last counts.
fn verdicts(report: &Report) -> BTreeMap<String, Verdict> {
    let mut all = report.verdicts("");
    for version in report.versions.keys() {
        all.extend(report.verdicts(version));
    }
    all
}

fn line(change: &Change, format: Format) -> String {
    let name = |verdict: Option<Verdict>| verdict.map_or("none", Verdict::name);
    let (before, after) = (name(change.before), name(change.after));
    match format {
        Format::Text => {
            let reason = if change.reason.is_empty() { String::new() } else { format!("  {}", plain(&change.reason)) };
            format!("{}: {before} → {after}{reason}", shown(&change.id))
        }
        Format::Json => {
            json!({ "test_case": change.id, "before": change.before, "after": change.after, "reason": change.reason })
                .to_string()
        }
    }
}
