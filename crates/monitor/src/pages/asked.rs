//! What is asked, each with who keeps it: a version, a standard, a test case.

use axum::extract::State as Extract;
use axum::response::Response;
use stoa_standards::scope::{Automation, MAIN, Module, Validity, Version};
use stoa_ui::{Address, Badge, Column, Definitions, Html, Page, Table};
use stoa_web::{Fault, Path, Public, View};

use super::cell::{self, case_key, case_tone, validity};
use super::detail::checked;
use super::scope::{described, lifetime};
use super::{HOME, detail_at, shown, state_key, tagged, tenant};
use crate::error::MonitorError;
use crate::model::scopes::Known;
use crate::model::standing::State;
use crate::service::{Board, Kept, Monitor};

/// The address of something within a scope: `version`, `standard` or `test-case`.
pub(super) fn at(what: &str, known: &Known, name: &str) -> String {
    format!("/monitor/page/{what}/{}/{}", Address::segment(&known.alias), Address::segment(name))
}

fn twin(what: &str, known: &Known, name: &str) -> String {
    format!("/monitor/v1/scopes/{}/{what}/{}", Address::segment(&known.alias), Address::segment(name))
}

fn begun<'v>(view: &'v View, known: &Known, title: &str) -> Page<'v> {
    Page::new(&view.frame, title)
        .wide()
        .crumb(view.words().t("monitor-overview"), HOME)
        .crumb(&known.scope.name, format!("/monitor/page/scope/{}", Address::segment(&known.alias)))
}

fn done(page: &Page<'_>, board: &Board, twin: &str) -> Response {
    tagged(shown(page, twin), &format!("{}-{}", board.date, board.epoch))
}

fn known<'b>(board: &'b Board, scope: &str) -> Result<&'b Known, MonitorError> {
    board.scopes.find(scope).ok_or_else(|| MonitorError::ScopeNotFound(scope.to_owned()))
}

/// A version: when it counts for what, what belongs to it, who keeps it.
pub(super) async fn version(
    _: Public,
    view: View,
    Extract(monitor): Extract<Monitor>,
    Path((scope, name)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let w = view.words();
    let board = monitor.board(&tenant(&view)).await?;
    let known = known(&board, &scope)?;
    let (version, now) = board.version(known, &name)?;
    let mut facts = Definitions::new().add(w.t("monitor-validity"), counts_as(&view, now));
    if let Some(date) = version.stabilized_at {
        facts = facts.add(w.t("monitor-stabilized"), w.date(date));
    }
    let stand = board.under_version(known, &version.name);
    let mut modules = Table::new(w.t("monitor-modules"))
        .show_caption()
        .column(Column::new(w.t("monitor-module")))
        .column(Column::new(w.t("monitor-parameters")));
    for include in &version.includes {
        let parameters = include.parameters.iter().map(|(name, value)| {
            let short = value.rsplit('/').next().unwrap_or(value);
            Html::text(format!("{name}: ")).then(described(value, short))
        });
        let module = known.scope.module(&include.module);
        let title = module.map_or(include.module.as_str(), |module| module.name.as_str());
        let link = Html::link(at("standard", known, &include.module), title).part_in_english();
        modules = modules.row([link, Html::join(parameters)]);
    }
    let mut cases = Table::new(w.t("monitor-test-cases"))
        .show_caption()
        .column(Column::new(w.t("monitor-test-case")))
        .column(Column::new(w.t("monitor-target")))
        .column(Column::new(w.t("monitor-demands")));
    let mut targets: Vec<_> = version.targets.iter().collect();
    targets.sort_by_key(|(target, _)| target.as_str() != MAIN);
    for (target, ids) in targets {
        for id in ids {
            cases = cases.row([case_link(known, id), Html::code(target), demands(known, id)]);
        }
    }
    let page = begun(&view, known, &format!("{} {}", known.scope.name, version.name))
        .push(counts(&view, &stand))
        .push(facts.render())
        .push(timeline(&view, known, version))
        .push(modules.render(w))
        .push(cases.render(w))
        .push(kept(&view, &board, known, &stand));
    Ok(done(&page, &board, &twin("versions", known, &version.name)))
}

fn counts_as(view: &View, validity_then: Validity) -> Html {
    Html::text(validity(view.words(), validity_then))
}

/// From which day on a version counts for what.
fn timeline(view: &View, known: &Known, version: &Version) -> Html {
    let w = view.words();
    let mut table = Table::new(w.t("monitor-timeline"))
        .show_caption()
        .column(Column::new(w.t("monitor-since")))
        .column(Column::new(w.t("monitor-validity")));
    let mut entries: Vec<_> = known.scope.timeline.entries().iter().map(|entry| entry.date).collect();
    entries.sort_unstable();
    let mut last = None;
    for date in entries {
        let counts = known.scope.timeline.validity(&version.name, date);
        if last != Some(counts) && (last.is_some() || counts != Validity::Deprecated) {
            table = table.row([Html::text(w.date(date)), counts_as(view, counts)]);
            last = Some(counts);
        }
    }
    table.render(w)
}

fn case_link(known: &Known, id: &str) -> Html {
    Html::trusted(format!("<a href=\"{}\">", stoa_ui::escape(&at("test-case", known, id))))
        .then(Html::code(id))
        .then(Html::trusted("</a>"))
}

fn demands(known: &Known, id: &str) -> Html {
    let described = known.scope.test_case(id).map_or("", |test_case| test_case.description.as_str());
    Html::text(described).part_in_english()
}

/// How many stand how.
fn counts(view: &View, kept: &[Kept]) -> Html {
    let w = view.words();
    let counted = State::ALL.into_iter().filter_map(|state| {
        let count = kept.iter().filter(|kept| kept.state == state).count();
        let text = format!("{} {}", w.t(state_key(state)), w.number(i128::try_from(count).unwrap_or(0)));
        (count > 0).then(|| Badge::html(cell::tone(state, None), text).then(Html::trusted(" ")))
    });
    Html::trusted("<p>").then(Html::join(counted)).then(Html::trusted("</p>"))
}

/// Who keeps it.
fn kept(view: &View, board: &Board, known: &Known, kept: &[Kept]) -> Html {
    let w = view.words();
    Table::new(w.t("monitor-kept-by"))
        .show_caption()
        .column(Column::new(w.t("monitor-subject")))
        .column(Column::new(w.t("monitor-state")))
        .column(Column::new(w.t("monitor-checked")))
        .rows(kept.iter().map(|kept| {
            [
                Html::link(detail_at(&kept.subject, &known.alias).to_string(), board.title(&kept.subject)),
                Badge::html(cell::tone(kept.state, None), w.t(state_key(kept.state))),
                kept.checked_at.map_or_else(|| Html::text("–"), |at| w.instant(at)),
            ]
        }))
        .empty(Html::paragraph(w.t("monitor-kept-none")))
        .render(w)
}

/// The versions that ask for something, each with what it counts for.
fn versions<'b>(view: &View, known: &Known, asking: impl Iterator<Item = (&'b Version, &'b str, Validity)>) -> Html {
    let w = view.words();
    let rows = asking.map(|(version, target, counts)| {
        [Html::link(at("version", known, &version.name), &version.name), Html::code(target), counts_as(view, counts)]
    });
    Table::new(w.t("monitor-asked-by"))
        .show_caption()
        .column(Column::new(w.t("monitor-version")))
        .column(Column::new(w.t("monitor-target")))
        .column(Column::new(w.t("monitor-validity")))
        .rows(rows)
        .empty(Html::paragraph(w.t("monitor-asked-none")))
        .render(w)
}

/// A standard as the scope takes it in: which versions do, what is tested of it, who keeps it.
pub(super) async fn standard(
    _: Public,
    view: View,
    Extract(monitor): Extract<Monitor>,
    Path((scope, id)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let w = view.words();
    let board = monitor.board(&tenant(&view)).await?;
    let known = known(&board, &scope)?;
    let standard = board.standard(known, &id)?;
    let module = standard.module;
    let mut facts = Definitions::new().add(w.t("monitor-module"), Html::code(&module.id));
    if !module.url.is_empty() {
        facts = facts.add(w.t("monitor-described"), described(&module.url, &module.url));
    }
    let mut cases = Table::new(w.t("monitor-test-cases"))
        .show_caption()
        .column(Column::new(w.t("monitor-test-case")))
        .column(Column::new(w.t("monitor-target")))
        .column(Column::new(w.t("monitor-demands")));
    for (target, ids) in &module.targets {
        for id in ids {
            cases = cases.row([case_link(known, id), Html::code(target), demands(known, id)]);
        }
    }
    let asking = standard.versions.iter().map(|(version, counts)| (*version, MAIN, *counts));
    let stand = board.under_standard(known, module);
    let page = begun(&view, known, &module.name)
        .heading(Html::text(&module.name).part_in_english())
        .push(counts(&view, &stand))
        .push(facts.render())
        .push(versions(&view, known, asking))
        .push(cases.render(w))
        .push(kept(&view, &board, known, &stand));
    Ok(done(&page, &board, &twin("standards", known, &module.id)))
}

/// A test case: what it demands, who asks for it, how everybody stands.
pub(super) async fn test_case(
    _: Public,
    view: View,
    Extract(monitor): Extract<Monitor>,
    Path((scope, id)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let w = view.words();
    let board = monitor.board(&tenant(&view)).await?;
    let known = known(&board, &scope)?;
    let asked = board.test_case(known, &id)?;
    let test_case = asked.test_case;
    let mut repeated = lifetime(w, test_case.lifetime);
    if test_case.automation == Automation::Manual {
        repeated = format!("{repeated}, {}", w.t("monitor-by-hand"));
    }
    let mut facts = Definitions::new()
        .add(w.t("monitor-demands"), Html::text(&test_case.description).part_in_english())
        .add(w.t("monitor-repeated"), repeated);
    if !test_case.url.is_empty() {
        facts = facts.add(w.t("monitor-described"), described(&test_case.url, &test_case.url));
    }
    let of = |module: &&Module| Html::link(at("standard", known, &module.id), &module.name).part_in_english();
    if !asked.modules.is_empty() {
        facts = facts.add(w.t("monitor-modules"), Html::list(asked.modules.iter().map(of)));
    }
    let results = Table::new(w.t("monitor-results"))
        .show_caption()
        .column(Column::new(w.t("monitor-subject")))
        .column(Column::new(w.t("monitor-result")))
        .column(Column::new(w.t("monitor-checked")))
        .column(Column::new(w.t("monitor-holds-until")))
        .rows(board.under_test_case(known, &test_case.id).iter().map(|(subject, case)| {
            [
                Html::link(detail_at(subject, &known.alias).to_string(), board.title(subject)),
                Badge::html(case_tone(case.state), w.t(case_key(case.state))),
                checked(&view, &test_case.id, case),
                case.expires_on.map_or_else(|| Html::text("–"), |date| Html::text(w.date(date))),
            ]
        }))
        .empty(Html::paragraph(w.t("monitor-kept-none")));
    let page = begun(&view, known, &test_case.id)
        .heading(Html::code(&test_case.id))
        .push(facts.render())
        .push(results.render(w))
        .push(versions(&view, known, asked.versions.iter().copied()));
    Ok(done(&page, &board, &twin("test-cases", known, &test_case.id)))
}
