//! Reports and states as JSON and as Markdown, for programs.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use stoa_core::Instant;
use stoa_standards::report::Report;
use stoa_standards::scope::{MAIN, Validity};
use stoa_standards::verdict::Verdict;
use uuid::Uuid;

use crate::model::results::Source;
use crate::model::scopes::Known;
use crate::model::standing::{CaseState, Standing, State, TargetStanding, VersionStanding};
use crate::service::{Board, Row};

/// A report as the published monitor gives it: the document that was handed in, as JSON.
pub(super) fn report(report: &Report) -> String {
    serde_json::from_str::<Value>(&report.to_json()).unwrap_or_default().to_string()
}

/// What is the same for every subject under a scope.
pub(super) struct ScopeStatus {
    name: String,
    test_cases: Box<RawValue>,
}

impl ScopeStatus {
    pub(super) fn new(known: &Known) -> Result<Self, serde_json::Error> {
        let scope = &known.scope;
        let test_cases: BTreeMap<&str, Value> = scope
            .test_cases
            .iter()
            .map(|test_case| {
                let value = json!({"id": test_case.id, "lifetime": test_case.lifetime, "section": test_case.section,
                    "description": test_case.description, "url": test_case.url,
                    "attn": scope.attention(&test_case.id)});
                (test_case.id.as_str(), value)
            })
            .collect();
        let test_cases = serde_json::value::to_raw_value(&test_cases)?;
        Ok(Self { name: scope.name.clone(), test_cases })
    }
}

/// What results add up to, in the published monitor's shape. A version counts as passed when it passed: missing and
/// aborted test cases are none.
#[derive(Serialize)]
pub(super) struct Status<'a> {
    name: &'a str,
    testcases: &'a RawValue,
    results: BTreeMap<&'a str, StatusResult>,
    buckets: BTreeMap<&'static str, Vec<&'a str>>,
    versions: BTreeMap<&'a str, StatusVersion<'a>>,
    relevant: Vec<&'a str>,
    result: Option<i64>,
    passed: Vec<&'a str>,
    passed_str: String,
    best_passed: Option<usize>,
    validity: Validity,
}

#[derive(Serialize)]
struct StatusResult {
    result: i64,
    checked_at: Instant,
    report: Uuid,
}

#[derive(Serialize)]
struct StatusVersion<'a> {
    #[serde(rename = "_idx")]
    place: usize,
    result: Option<i64>,
    targets: BTreeMap<&'a str, StatusTarget<'a>>,
    tc_target: BTreeMap<&'a str, &'a str>,
    validity: Validity,
}

#[derive(Serialize)]
struct StatusTarget<'a> {
    testcases: &'a [String],
    result: Option<i64>,
}

/// The state of one subject under a scope.
pub(super) fn status<'a>(scope: &'a ScopeStatus, standing: &'a Standing) -> Status<'a> {
    let mut buckets: BTreeMap<&'static str, Vec<&str>> = BTreeMap::new();
    let mut results = BTreeMap::new();
    for (id, case) in &standing.cases {
        let latest = case.latest.filter(|_| case.state != CaseState::Expired);
        let bucket = match latest.map(|latest| latest.verdict) {
            None => "null",
            Some(Verdict::Fail) => "-1",
            Some(Verdict::Abort) => "0",
            Some(Verdict::Pass) => "1",
        };
        buckets.entry(bucket).or_default().push(id);
        if let Some(latest) = latest {
            let (result, checked_at, report) = (latest.verdict.number(), latest.checked_at, latest.evidence);
            results.insert(id.as_str(), StatusResult { result, checked_at, report });
        }
    }
    let versions = standing.versions.iter().enumerate().map(|(place, version)| {
        let of =
            |target: &'a TargetStanding| StatusTarget { testcases: &target.test_cases, result: target.state.number() };
        let tc_target = version
            .targets
            .iter()
            .flat_map(|target| target.test_cases.iter().map(|id| (id.as_str(), target.name.as_str())));
        let version_of = StatusVersion {
            place,
            result: version.state.number(),
            targets: version.targets.iter().map(|target| (target.name.as_str(), of(target))).collect(),
            tc_target: tc_target.collect(),
            validity: version.validity,
        };
        (version.name.as_str(), version_of)
    });
    let is_shown = |version: &&VersionStanding| version.validity != Validity::Draft;
    Status {
        name: &scope.name,
        testcases: &scope.test_cases,
        results,
        buckets,
        versions: versions.collect(),
        relevant: standing.versions.iter().filter(is_shown).map(|version| version.name.as_str()).collect(),
        result: standing.state.number(),
        passed: standing.kept().filter(is_shown).map(|version| version.name.as_str()).collect(),
        passed_str: crate::pages::kept_names(standing, false),
        best_passed: standing.decisive.filter(|_| standing.state.is_green()),
        // That of the version that is kept, as there.
        validity: standing
            .decisive()
            .filter(|_| standing.state.is_green())
            .map_or(Validity::Deprecated, |version| version.validity),
    }
}

/// One row of the overview under one scope.
pub(super) fn row(board: &Board, row: &Row) -> Value {
    let scopes: Map<String, Value> = board
        .scopes
        .iter()
        .filter_map(|known| {
            let (subject, entry) = board.worst(&row.subjects, known.scope.uuid)?;
            let standing = &entry.standing;
            let value = json!({
                "subject": subject, "state": standing.state,
                "version": standing.decisive().map(|version| &version.name),
                "validity": standing.decisive().map(|version| version.validity),
                "kept": standing.kept().map(|version| version.name.as_str()).collect::<Vec<_>>(),
                "verified": standing.is_verified(), "checkedAt": standing.checked_at,
                "holdsUntil": entry.holds_until().map(|date| date.to_string()),
            });
            Some((known.alias.clone(), value))
        })
        .collect();
    json!({"name": row.name, "title": row.title(), "listing": row.listing, "subjects": row.subjects, "scopes": scopes})
}

/// The symbol of the published table, without its lie: what is not known to pass is not green.
fn symbol(state: State, validity: Option<Validity>) -> &'static str {
    match (state, validity) {
        (State::Pass, Some(Validity::Warn)) | (State::Missing | State::Aborted, _) => "🟧",
        (State::Pass, Some(Validity::Deprecated)) | (State::Fail | State::Nothing, _) => "🛑",
        (State::Pass, _) => "✅",
    }
}

/// A cell of the published table.
fn cell(standing: Option<&Standing>, with_drafts: bool) -> String {
    let Some(standing) = standing else { return "🛑 –".to_owned() };
    let kept = crate::pages::kept_names(standing, with_drafts);
    let kept = if kept.is_empty() { "–".to_owned() } else { kept };
    format!("{} {kept}", symbol(standing.state, standing.decisive().map(|version| version.validity)))
}

/// A text in a cell of a Markdown table.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for letter in stoa_core::plain(text).chars() {
        match letter {
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            '&' => plain.push_str("&amp;"),
            '\\' | '|' | '[' | ']' | '*' | '_' | '`' => {
                plain.push('\\');
                plain.push(letter);
            }
            other => plain.push(other),
        }
    }
    plain
}

/// The overview as Markdown.
pub(super) fn table_markdown(board: &Board, with_drafts: bool) -> String {
    let tested: Vec<&Known> =
        board.scopes.iter().filter(|known| board.entries().any(|(_, scope, _)| scope == known.scope.uuid)).collect();
    let mut out = format!("# Conformance on {}\n\n| provider | operator |", board.date);
    for known in &tested {
        out.push_str(&format!(" {} |", plain(&known.scope.name)));
    }
    out.push_str(&format!("\n|---|---|{}\n", "---|".repeat(tested.len())));
    let view = if with_drafts { "detail_full" } else { "detail" };
    for row in &board.rows {
        out.push_str(&format!("| {} | {} |", plain(row.title()), plain(&row.listing.operator)));
        for known in &tested {
            let entry = board.worst(&row.subjects, known.scope.uuid).map(|(_, entry)| &entry.standing);
            let name = stoa_ui::Address::segment(&row.name);
            out.push_str(&format!(" [{}](/monitor/page/{view}/{name}/{}) |", cell(entry, with_drafts), known.alias));
        }
        out.push('\n');
    }
    out
}

/// One subject, or the members of a group, as Markdown.
pub(super) fn detail_markdown(board: &Board, subjects: &[&str], known: &Known, with_drafts: bool) -> String {
    let mut out = String::new();
    for subject in subjects {
        out.push_str(&format!("# {}: {}\n\n", plain(subject), plain(&known.scope.name)));
        let Some(entry) = board.entry(subject, known.scope.uuid) else {
            out.push_str("no recent test results available\n\n");
            continue;
        };
        let standing = &entry.standing;
        let versions: Vec<_> =
            standing.versions.iter().filter(|version| with_drafts || version.validity != Validity::Draft).collect();
        out.push_str("| test case | result |");
        for version in &versions {
            out.push_str(&format!(" {} |", plain(&version.name)));
        }
        out.push_str(&format!(" description |\n|---|---|{}---|\n", "---|".repeat(versions.len())));
        let asks = |targets: &[TargetStanding], id: &String| {
            targets.iter().any(|target| target.name == MAIN && target.test_cases.contains(id))
        };
        let mut cases: Vec<_> =
            standing.cases.iter().filter(|(id, _)| versions.iter().any(|v| asks(&v.targets, id))).collect();
        cases.sort_by_key(|(id, case)| (case.state, *id));
        for (id, case) in cases {
            let result = match case.latest {
                Some(latest) if latest.source != Source::Manual => {
                    format!("[{}](/monitor/page/report/{})", case.state.name(), latest.evidence)
                }
                _ => case.state.name().to_owned(),
            };
            out.push_str(&format!("| {} | {result} |", plain(id)));
            for version in &versions {
                out.push_str(if asks(&version.targets, id) { " X |" } else { " |" });
            }
            let described = known.scope.test_case(id).map_or("", |test_case| test_case.description.as_str());
            out.push_str(&format!(" {} |\n", plain(described)));
        }
        out.push('\n');
    }
    out
}

/// A scope as Markdown.
pub(super) fn scope_markdown(board: &Board, known: &Known) -> String {
    let scope = &known.scope;
    let named = scope.versions_on(board.date);
    let mut out = format!("# {}\n\n| module |", plain(&scope.name));
    for (version, validity) in &named {
        out.push_str(&format!(" {} ({}) |", plain(&version.name), validity.name()));
    }
    out.push_str(&format!("\n|---|{}\n", "---|".repeat(named.len())));
    for module in &scope.modules {
        let includes = |version: &stoa_standards::scope::Version| {
            version.includes.iter().any(|include| include.module == module.id)
        };
        if named.iter().any(|(version, _)| includes(version)) {
            out.push_str(&format!("| {} |", plain(&module.name)));
            for (version, _) in &named {
                out.push_str(if includes(version) { " X |" } else { " |" });
            }
            out.push('\n');
        }
    }
    out
}

/// A report as Markdown, without what programs printed.
pub(super) fn report_markdown(report: &Report) -> String {
    let mut out = format!("# Report {}\n\n", report.run.uuid);
    let facts = [
        ("subject", plain(&report.subject)),
        ("scope", plain(&report.scope.name)),
        ("checked at", report.checked_at.to_string()),
    ];
    for (name, value) in facts {
        out.push_str(&format!("- {name}: {value}\n"));
    }
    out.push_str("\n| test case | result |\n|---|---|\n");
    for (id, verdict) in report.all_verdicts() {
        out.push_str(&format!("| {} | {} |\n", plain(&id), verdict.name()));
    }
    out
}
