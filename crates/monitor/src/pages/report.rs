//! One report: what was tested, what was found, what the programs said, what changed since the one before, and the proof.

use std::collections::BTreeMap;

use axum::extract::State as Extract;
use axum::response::Response;
use stoa_standards::report::Invocation;
use stoa_standards::verdict::Verdict;
use stoa_ui::{Badge, Column, Definitions, Fold, Html, Notice, Page, Table, Tone, actions, code};
use stoa_web::{Fault, Path, Public, View};
use uuid::Uuid;

use super::detail::anchor;
use super::{HOME, detail_at, shown, tenant};
use crate::error::MonitorError;
use crate::model::results::Source;
use crate::service::{By, Evidence, Monitor, ReportInfo};

/// Lines of a program that are shown; the rest is in the file.
const LINES_MAX: usize = 2_000;

/// The page without what may be nobody's business: of what programs printed, only verdicts, warnings and errors.
pub(super) async fn show(
    _: Public,
    view: View,
    Extract(monitor): Extract<Monitor>,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    page(&view, &monitor, &id, false).await
}

/// The whole page, for the subject and for those who may read all.
pub(super) async fn show_full(
    asking: Public,
    view: View,
    Extract(monitor): Extract<Monitor>,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let by = By::new(asking.actor, asking.info);
    let evidence = monitor.evidence(by.tenant(), uuid(&id)?).await?;
    monitor.may_read(&by, &evidence.signed.info.subject)?;
    page(&view, &monitor, &id, true).await
}

fn uuid(text: &str) -> Result<Uuid, MonitorError> {
    text.parse().map_err(|_| MonitorError::ReportNotFound(text.chars().take(60).collect()))
}

async fn page(view: &View, monitor: &Monitor, id: &str, is_whole: bool) -> Result<Response, Fault> {
    let w = view.words();
    let tenant = tenant(view);
    let id = uuid(id)?;
    let board = monitor.board(&tenant).await?;
    let info = monitor.report_info(&tenant, id).await?;
    // Where the text is not here, or no more, its results still are.
    let evidence = monitor.evidence_if_any(&tenant, id).await?;
    let known = board.scopes.by_uuid(info.scope);
    let scope = known.map_or_else(|| info.scope.to_string(), |known| known.scope.name.clone());
    let before = monitor.report_before(&tenant, id).await?;
    let mut page =
        Page::new(&view.frame, w.with("monitor-report-title", &[("subject", board.title(&info.subject).into())]))
            .wide()
            .crumb(w.t("monitor-overview"), HOME);
    if let Some(known) = known {
        let detail = detail_at(&info.subject, &known.alias).to_string();
        page = page.crumb(format!("{}: {scope}", board.title(&info.subject)), detail);
    }
    let may_download = view.visitor.actor.as_ref().map_or_else(
        || monitor.settings().is_evidence_open,
        |actor| monitor.may_download(&By::system(actor.clone()), &info.subject).is_ok(),
    );
    if let Some(evidence) = &evidence {
        page = page.actions(files(view, evidence, may_download, is_whole));
    }
    page = page.push(facts(view, &info, evidence.as_ref(), &scope));
    match &evidence {
        Some(evidence) if may_download && !evidence.signed.signature.is_empty() => {
            page = page.push(code(
                w.t("monitor-verify-how"),
                "ssh-keygen -Y verify -f allowed_signers -I subject -n report -s report.sig < report.yaml",
                w,
            ));
        }
        Some(_) => {}
        None => page = page.push(no_text(view, &info)),
    }
    let verdicts = monitor.verdicts(&tenant, id).await?;
    if let Some(before) = before {
        let earlier = monitor.verdicts(&tenant, before.id).await?;
        page = page.push(changes(view, &earlier, &verdicts, before.id));
    }
    page = page.push(results(view, &verdicts));
    let invocations = evidence.iter().flat_map(|evidence| &evidence.report.run.invocations);
    for (place, invocation) in invocations.enumerate() {
        page = page.push(said(view, place, invocation, is_whole));
    }
    Ok(shown(&page, &format!("/monitor/v1/reports/{id}")))
}

fn no_text(view: &View, info: &ReportInfo) -> Html {
    let w = view.words();
    let words = match info.text_removed_at {
        Some(at) => w.with("monitor-text-removed", &[("date", w.date(at.date()).into())]),
        None => w.t("monitor-text-missing"),
    };
    Notice::html(Tone::Plain, words, Html::empty())
}

fn facts(view: &View, info: &ReportInfo, evidence: Option<&Evidence>, scope: &str) -> Html {
    let w = view.words();
    let source = match info.source {
        Source::Own => "monitor-source-own",
        Source::Delegate => "monitor-source-delegate",
        Source::Moved => "monitor-source-moved",
        Source::Manual => "monitor-source-manual",
    };
    let mut facts = Definitions::new()
        .add(w.t("monitor-report-id"), Html::code(info.id.to_string()))
        .add(w.t("monitor-subject"), Html::isolated(&info.subject))
        .add(w.t("monitor-scope"), Html::text(scope))
        .add(w.t("monitor-checked"), w.instant(info.checked_at))
        .add(w.t("monitor-received"), w.instant(info.received_at))
        .add(w.t("monitor-submitter"), Html::isolated(&info.submitter))
        .add(w.t("monitor-source"), w.t(source));
    let Some(evidence) = evidence else { return facts.render() };
    let run = &evidence.report.run;
    facts = facts.add(w.t("monitor-key"), Html::code(&evidence.signed.public_key));
    if let Some(tests) = &run.forced_tests {
        facts = facts.add(w.t("monitor-only-tests"), Html::code(tests));
    }
    if let Some(version) = &run.forced_version {
        facts = facts.add(w.t("monitor-only-version"), Html::code(version));
    }
    facts.render()
}

fn files(view: &View, evidence: &Evidence, may_download: bool, is_whole: bool) -> Html {
    let w = view.words();
    let id = evidence.signed.info.id;
    let at = format!("/monitor/reports/{id}");
    let mut links = Vec::new();
    if may_download {
        links.push((w.t("monitor-file-report"), format!("{at}/body")));
    }
    if may_download && !evidence.signed.signature.is_empty() {
        links.push((w.t("monitor-file-signature"), format!("{at}/signature")));
        links.push((w.t("monitor-file-key"), format!("{at}/allowed_signers")));
    }
    if !is_whole && view.visitor.actor.is_some() {
        links.push((w.t("monitor-report-full"), format!("/monitor/page/report_full/{id}")));
    }
    actions(links)
}

fn verdict(view: &View, verdict: Option<Verdict>) -> Html {
    let w = view.words();
    match verdict {
        Some(Verdict::Pass) => Badge::html(Tone::Good, w.t("monitor-case-pass")),
        Some(Verdict::Fail) => Badge::html(Tone::Bad, w.t("monitor-case-fail")),
        Some(Verdict::Abort) => Badge::html(Tone::Warning, w.t("monitor-case-aborted")),
        None => Badge::html(Tone::Plain, w.t("monitor-case-missing")),
    }
}

fn changes(view: &View, before: &BTreeMap<String, Verdict>, after: &BTreeMap<String, Verdict>, earlier: Uuid) -> Html {
    let w = view.words();
    let all: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed: Vec<&String> = all.into_iter().filter(|id| before.get(*id) != after.get(*id)).collect();
    let table = Table::new(w.t("monitor-report-changes"))
        .show_caption()
        .column(Column::new(w.t("monitor-test-case")))
        .column(Column::new(w.t("monitor-before")))
        .column(Column::new(w.t("monitor-now")))
        .rows(changed.iter().map(|id| {
            [Html::code(id), verdict(view, before.get(*id).copied()), verdict(view, after.get(*id).copied())]
        }))
        .empty(w.t("monitor-report-same"));
    table.render(w).then(Html::link(format!("/monitor/page/report/{earlier}"), w.t("monitor-report-before")))
}

fn results(view: &View, verdicts: &BTreeMap<String, Verdict>) -> Html {
    let w = view.words();
    let mut listed: Vec<(&String, &Verdict)> = verdicts.iter().collect();
    listed.sort_by_key(|(id, verdict)| (**verdict, *id));
    Table::new(w.t("monitor-results"))
        .show_caption()
        .column(Column::new(w.t("monitor-test-case")))
        .column(Column::new(w.t("monitor-result")))
        .rows(listed.into_iter().map(|(id, found)| {
            let name = Html::trusted(format!("<span id=\"{}\">", anchor(id)))
                .then(Html::code(id))
                .then(Html::trusted("</span>"));
            [name, verdict(view, Some(*found))]
        }))
        .render(w)
}

/// What a program said. What it printed is shown as text, whatever stands in it.
fn said(view: &View, place: usize, invocation: &Invocation, is_whole: bool) -> Html {
    let w = view.words();
    let number = w.number(i128::try_from(place + 1).unwrap_or(1));
    let counts = invocation.counts;
    let facts = Definitions::new()
        .add(w.t("monitor-exit-code"), w.number(i128::from(invocation.exit_code)))
        .add(w.t("monitor-line-critical"), w.number(i128::from(counts.critical)))
        .add(w.t("monitor-line-error"), w.number(i128::from(counts.error)))
        .add(w.t("monitor-line-warning"), w.number(i128::from(counts.warning)));
    let facts = if is_whole { facts.add(w.t("monitor-command"), Html::code(&invocation.command)) } else { facts };
    let out = lines(&invocation.stdout, is_whole, is_verdict);
    let err = lines(&invocation.stderr, is_whole, is_warning);
    let has_trouble = counts.critical + counts.error + counts.warning > 0;
    let block = |title: &str, text: &str, open: bool| {
        if text.is_empty() { Html::empty() } else { Fold::html(w.t(title), code(w.t(title), text, w), open) }
    };
    let note = if is_whole { Html::empty() } else { Html::quiet(w.t("monitor-shortened")) };
    Html::heading(w.with("monitor-invocation", &[("number", number.into())]))
        .then(facts.render())
        .then(block("monitor-stdout", &out, false))
        .then(block("monitor-stderr", &err, has_trouble))
        .then(note)
}

fn lines(lines: &[String], is_whole: bool, is_open: fn(&str) -> bool) -> String {
    let shown = lines.iter().filter(|line| is_whole || is_open(line)).take(LINES_MAX);
    shown.map(|line| stoa_core::plain(line)).collect::<Vec<_>>().join("\n")
}

/// A line `<test case>: <verdict>`.
fn is_verdict(line: &str) -> bool {
    let last = line.rsplit(": ").next().unwrap_or("").trim().to_ascii_uppercase();
    matches!(last.as_str(), "PASS" | "FAIL" | "ABORT")
}

/// A line of a level that everybody may see.
fn is_warning(line: &str) -> bool {
    ["WARNING", "ERROR", "CRITICAL"].iter().any(|level| line.starts_with(level))
}
