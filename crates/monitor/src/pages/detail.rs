//! One subject, or the members of a group, under one scope: each test case with its result and the way to its evidence.

use axum::extract::State as Extract;
use axum::response::Response;
use stoa_standards::scope::{MAIN, Validity};
use stoa_ui::{Address, Badge, Column, Definitions, Html, Notice, Page, Table, Tone, actions, escape};
use stoa_web::{Fault, Path, Public, View};

use super::cell::{self, case_key, case_tone};
use super::{HOME, detail_at, shown, state_key, tagged, tenant};
use super::{asked, calendar};
use crate::error::MonitorError;
use crate::model::account::GROUP_PREFIX;
use crate::model::results::Source;
use crate::model::scopes::Known;
use crate::model::standing::{Case, CaseState, Standing, VersionStanding};
use crate::service::{Entry, Monitor};

/// The page.
pub(super) async fn show(
    _: Public,
    view: View,
    Extract(monitor): Extract<Monitor>,
    Path((name, scope)): Path<(String, String)>,
) -> Result<Response, Fault> {
    page(&view, &monitor, &name, &scope, false).await
}

/// The page with the versions that are only tried out.
pub(super) async fn show_full(
    _: Public,
    view: View,
    Extract(monitor): Extract<Monitor>,
    Path((name, scope)): Path<(String, String)>,
) -> Result<Response, Fault> {
    page(&view, &monitor, &name, &scope, true).await
}

async fn page(view: &View, monitor: &Monitor, name: &str, scope: &str, with_drafts: bool) -> Result<Response, Fault> {
    let w = view.words();
    let board = monitor.board(&tenant(view)).await?;
    let known = board.scopes.find(scope).ok_or_else(|| MonitorError::ScopeNotFound(scope.to_owned()))?;
    let subjects = board.subjects(name).ok_or_else(|| MonitorError::SubjectNotFound(name.to_owned()))?;
    let own = || name.strip_prefix(GROUP_PREFIX).unwrap_or(name).to_owned();
    let title = board.row(name).map_or_else(own, |row| row.title().to_owned());
    let at = detail_at(name, &known.alias);
    let full = format!("/monitor/page/detail_full/{}/{}", Address::segment(name), Address::segment(&known.alias));
    let other = if with_drafts { ("monitor-table", at.to_string()) } else { ("monitor-table-full", full) };
    let links = [
        (title.clone(), super::subject::at(name)),
        (w.t(other.0), other.1),
        (known.scope.name.clone(), format!("/monitor/page/scope/{}", Address::segment(&known.alias))),
    ];
    let mut page = Page::new(&view.frame, format!("{title}: {}", known.scope.name))
        .wide()
        .crumb(w.t("monitor-overview"), HOME)
        .lead(Html::isolated(board.row(name).map_or("", |row| row.listing.description.as_str())))
        .actions(actions(links));
    let is_group = subjects.len() > 1;
    for subject in subjects {
        if is_group {
            // Of the members of a group only what matters most: each has a page of its own.
            let own = detail_at(subject, &known.alias).to_string();
            page = page.push(Html::heading(board.title(subject))).push(Html::link(own, w.t("monitor-all-cases")));
        }
        let Some(entry) = board.entry(subject, known.scope.uuid) else {
            page = page.push(Html::paragraph(w.t("monitor-no-recent")));
            continue;
        };
        let history = monitor.history(&tenant(view), subject, known.scope.uuid).await?;
        let place = format!("/monitor/page/history/{}/{}", Address::segment(subject), Address::segment(&known.alias));
        page = page
            .push(summary(view, entry, with_drafts))
            .push(calendar::strip(view, &history, &place))
            .push(failures(view, subject, known, entry))
            .push(by_people(view, monitor, subject, known).await?)
            .push(bundle_link(view, subject, known));
        if !is_group {
            page = page.push(cases(view, known, &entry.standing, with_drafts));
        }
    }
    let page = page.push(super::overview::legend(view));
    let twin = format!("/monitor/v1/subjects/{}/scopes/{}", Address::segment(name), Address::segment(&known.alias));
    Ok(tagged(shown(&page, &twin), &format!("{}-{}", board.date, board.epoch)))
}

fn summary(view: &View, entry: &Entry, with_drafts: bool) -> Html {
    let (w, standing) = (view.words(), &entry.standing);
    let vouched = if standing.is_verified() { "monitor-verified" } else { "monitor-self-reported" };
    let mut facts = Definitions::new()
        .add(w.t("monitor-state"), cell::cell(w, Some(standing), with_drafts))
        .add(w.t("monitor-source"), w.t(vouched));
    if let Some(at) = standing.checked_at {
        facts = facts.add(w.t("monitor-checked"), w.instant(at));
    }
    if let Some(date) = entry.holds_until() {
        facts = facts.add(w.t("monitor-holds-until"), w.date(date));
    }
    for version in standing.versions.iter().filter(|version| with_drafts || version.validity != Validity::Draft) {
        let badge = |state| Badge::html(cell::tone(state, None), w.t(state_key(state)));
        let mut said =
            badge(version.state).then(Html::trusted(" ")).then(Html::text(cell::validity(w, version.validity)));
        for target in version.targets.iter().filter(|target| target.name != MAIN) {
            said = said.then(Html::text(format!(" · {}: ", target.name))).then(badge(target.state));
        }
        facts = facts.add(&version.name, said);
    }
    facts.render()
}

/// What people decided about a subject, which everybody can read: what they looked at, and why a failure is tolerated.
async fn by_people(view: &View, monitor: &Monitor, subject: &str, known: &Known) -> Result<Html, Fault> {
    let w = view.words();
    let said = monitor.said_by_people(&tenant(view), subject, known.scope.uuid).await?;
    if said.is_empty() {
        return Ok(Html::empty());
    }
    let rows = said.into_iter().map(|said| match said.until {
        Some(day) => {
            let day = day.parse::<stoa_core::Date>().map_or(day, |day| w.date(day));
            let words = w.with("monitor-tolerated", &[("date", day.into()), ("reason", said.words.into())]);
            [Html::code(said.test_case), Html::isolated(words)]
        }
        None => [Html::code(said.test_case), Html::isolated(said.words)],
    });
    let table = Table::new(w.t("monitor-by-people"))
        .show_caption()
        .column(Column::new(w.t("monitor-test-case")))
        .column(Column::new(w.t("monitor-evidence")))
        .rows(rows);
    Ok(table.render(w))
}

/// The way to everything that the state rests on, in one file.
fn bundle_link(view: &View, subject: &str, known: &Known) -> Html {
    let (subject, alias) = (Address::segment(subject), Address::segment(&known.alias));
    let at = format!("/monitor/v1/subjects/{subject}/scopes/{alias}/bundle");
    Html::trusted("<p>").then(Html::link(at, view.words().t("monitor-bundle"))).then(Html::trusted("</p>"))
}

/// What stands against the state, in words, with the way to the evidence.
fn failures(view: &View, subject: &str, known: &Known, entry: &Entry) -> Html {
    let w = view.words();
    let Some(version) = entry.standing.decisive() else { return Html::empty() };
    let main = version.targets.first().map(|target| target.test_cases.as_slice()).unwrap_or_default();
    let failed: Vec<&String> = main
        .iter()
        .filter(|id| entry.standing.cases.get(*id).is_some_and(|case| case.state == CaseState::Fail))
        .collect();
    if failed.is_empty() {
        return Html::empty();
    }
    let items = failed.into_iter().map(|id| {
        let described = known.scope.test_case(id).map_or("", |test_case| test_case.description.as_str());
        let latest = entry.standing.cases.get(id).and_then(|case| case.latest);
        let report = latest.filter(|latest| latest.source != Source::Manual).map(|latest| latest.evidence);
        let link = report.map_or_else(Html::empty, |report| {
            Html::trusted(" ")
                .then(Html::link(format!("/monitor/page/report/{report}#{}", anchor(id)), w.t("monitor-evidence")))
        });
        Html::code(id).then(Html::trusted(" ")).then(Html::text(described).part_in_english()).then(link)
    });
    let title = w.with("monitor-fails", &[("subject", subject.into()), ("version", version.name.as_str().into())]);
    Notice::html(Tone::Bad, title, Html::list(items))
}

fn cases(view: &View, known: &Known, standing: &Standing, with_drafts: bool) -> Html {
    let w = view.words();
    let versions: Vec<&VersionStanding> =
        standing.versions.iter().filter(|version| with_drafts || version.validity != Validity::Draft).collect();
    let asks = |version: &VersionStanding, id: &str| {
        version
            .targets
            .iter()
            .find(|target| target.test_cases.iter().any(|other| other == id))
            .map(|target| target.name.clone())
    };
    let mut table = Table::new(w.t("monitor-test-cases"))
        .show_caption()
        .column(Column::new(w.t("monitor-test-case")))
        .column(Column::new(w.t("monitor-result")))
        .column(Column::new(w.t("monitor-checked")));
    // A single version asks for all that is listed: a column of it would say nothing.
    let columns = if versions.len() > 1 { versions.as_slice() } else { &[] };
    for version in columns {
        table = table.column(Column::new(&version.name));
    }
    table = table.column(Column::new(w.t("monitor-demands")));
    let mut listed: Vec<(&String, &Case)> =
        standing.cases.iter().filter(|(id, _)| versions.iter().any(|version| asks(version, id).is_some())).collect();
    listed.sort_by_key(|(id, case)| (case.state, known.scope.attention(id) == 0, *id));
    for (id, case) in listed {
        let own = asked::at("test-case", known, id);
        let mut cells = vec![
            Html::trusted(format!("<a href=\"{}\">", escape(&own))).then(Html::code(id)).then(Html::trusted("</a>")),
            Badge::html(case_tone(case.state), w.t(case_key(case.state))),
            checked(view, id, case),
        ];
        for version in columns {
            cells.push(match asks(version, id).as_deref() {
                Some(MAIN) => Html::text(w.t("monitor-asked")),
                Some(target) => Html::text(target),
                None => Html::text("–"),
            });
        }
        let described = known.scope.test_case(id).map_or("", |test_case| test_case.description.as_str());
        cells.push(Html::text(described).part_in_english());
        table = table.row(cells);
    }
    table.render(w)
}

/// When a result was found, with the way to its evidence.
pub(super) fn checked(view: &View, id: &str, case: &Case) -> Html {
    let w = view.words();
    let Some(latest) = case.latest else { return Html::text("–") };
    let when = Html::text(w.date(latest.checked_at.date()));
    if latest.source == Source::Manual {
        return when.then(Html::text(format!(" · {}", w.t("monitor-by-hand"))));
    }
    let report = format!("/monitor/page/report/{}#{}", latest.evidence, anchor(id));
    Html::trusted(format!("<a href=\"{}\">", escape(&report))).then(when).then(Html::trusted("</a>"))
}

/// The part of a page that is about a test case.
pub(super) fn anchor(id: &str) -> String {
    id.chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '-' })
        .collect()
}
