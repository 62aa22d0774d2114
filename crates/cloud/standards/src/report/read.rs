//! Reading reports strictly: unknown keys, missing ones, wrong types and results that are none are told with their
//! places, all at once. The older form, which has results by version, is read too.

use std::collections::BTreeMap;
use std::str::FromStr;

use stoa_core::Instant;
use uuid::Uuid;

use super::{Invocation, LineCounts, Report, ReportedScope, Run, VersionResult};
use crate::tree::{Cursor, Faults, Node, ReadError, parse_json, parse_yaml};
use crate::verdict::Verdict;

/// Every report of a YAML text; a text without one is refused.
pub fn read_yaml(text: &str) -> Result<Vec<Report>, ReadError> {
    let documents = parse_yaml(text)?;
    if documents.is_empty() {
        return Err(ReadError::at(0, "", "there is no report in it"));
    }
    documents.iter().map(report).collect()
}

/// The one report of a JSON text.
pub fn read_json(text: &str) -> Result<Report, ReadError> {
    report(&parse_json(text)?)
}

/// A time as the format has it: without a zone, which stands for UTC; one with a zone is converted.
struct Moment(Instant);

impl FromStr for Moment {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.replacen(' ', "T", 1);
        let instant = text.parse().or_else(|_| format!("{text}Z").parse());
        instant.map(Self).map_err(|_| ())
    }
}

fn report(document: &Node) -> Result<Report, ReadError> {
    let faults = Faults::default();
    let fields =
        Cursor::new(document, &faults).fields(&["spec", "checked_at", "reference_date", "subject", "run", "versions"]);
    let old = fields.optional("versions");
    let checked_at = fields.required("checked_at").parsed::<Moment>("a time such as 2026-11-24 09:30:00");
    let report = Report {
        scope: scope(fields.required("spec")),
        checked_at: checked_at.map_or(Instant::EPOCH, |moment| moment.0),
        reference_date: fields
            .required("reference_date")
            .parsed("a date such as 2026-11-24")
            .unwrap_or_else(|| Instant::EPOCH.date()),
        subject: fields.required("subject").text(),
        run: run(fields.required("run"), old.is_some()),
        versions: old
            .iter()
            .flat_map(Cursor::entries)
            .map(|(name, place)| (name.to_owned(), results(&place)))
            .collect(),
    };
    faults.done(report)
}

fn scope(place: Cursor<'_>) -> ReportedScope {
    let fields = place.fields(&["uuid", "name", "url"]);
    ReportedScope {
        uuid: uuid(&fields.required("uuid")),
        name: fields.required("name").text(),
        url: fields.required("url").text(),
    }
}

fn uuid(place: &Cursor<'_>) -> Uuid {
    place.parsed("a UUID").unwrap_or_default()
}

fn run(place: Cursor<'_>, is_old: bool) -> Run {
    let fields =
        place.fields(&["uuid", "argv", "assignment", "sections", "forced_version", "forced_tests", "invocations"]);
    let assignment = fields.required("assignment").entries();
    let invocations = fields.required("invocations").entries();
    Run {
        uuid: uuid(&fields.required("uuid")),
        argv: texts(&fields.required("argv")),
        assignment: assignment.into_iter().map(|(name, value)| (name.to_owned(), value.text())).collect(),
        sections: fields.optional("sections").map(|place| texts(&place)),
        forced_version: fields.optional("forced_version").map(|place| place.text()),
        forced_tests: fields.optional("forced_tests").map(|place| place.text()),
        invocations: invocations.into_iter().map(|(key, place)| invocation(key, place, is_old)).collect(),
    }
}

fn texts(place: &Cursor<'_>) -> Vec<String> {
    place.items().iter().map(Cursor::text).collect()
}

/// An invocation, whose id is also its key. Of old reports it has no results.
fn invocation(key: &str, place: Cursor<'_>, is_old: bool) -> Invocation {
    let fields =
        place.fields(&["id", "cmd", "results", "rc", "stdout", "stderr", "info", "warning", "error", "critical"]);
    let id = fields.required("id");
    if uuid(&id).to_string() != key {
        id.fault("its key is another");
    }
    let found = if is_old { fields.optional("results") } else { Some(fields.required("results")) };
    let entries = found.iter().flat_map(Cursor::entries);
    let number = |key: &str| fields.required(key).integer();
    Invocation {
        id: uuid(&id),
        command: fields.required("cmd").text(),
        results: entries.filter_map(|(id, place)| Some((id.to_owned(), verdict(&place)?))).collect(),
        exit_code: number("rc"),
        stdout: texts(&fields.required("stdout")),
        stderr: texts(&fields.required("stderr")),
        counts: LineCounts {
            info: number("info"),
            warning: number("warning"),
            error: number("error"),
            critical: number("critical"),
        },
    }
}

fn verdict(place: &Cursor<'_>) -> Option<Verdict> {
    let verdict = Verdict::of_number(place.parsed("a result: 1, 0 or -1")?);
    if verdict.is_none() {
        place.fault("a result is 1 (passed), 0 (aborted) or -1 (failed)");
    }
    verdict
}

fn results(place: &Cursor<'_>) -> BTreeMap<String, VersionResult> {
    let read = place.entries().into_iter().filter_map(|(id, place)| {
        let fields = place.fields(&["result", "invocation"]);
        let invocation = fields.optional("invocation").map(|place| uuid(&place));
        Some((id.to_owned(), VersionResult { result: verdict(&fields.required("result"))?, invocation }))
    });
    read.collect()
}
