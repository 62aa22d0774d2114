//! One scope with its versions, modules and test cases; and how states come about.

use axum::extract::State as Extract;
use axum::response::Response;
use stoa_standards::scope::{Automation, Lifetime, MAIN, TestCase};
use stoa_ui::{Column, Html, Page, Table, Words, escape};
use stoa_web::{Fault, Params, Path, Public, View};

use super::cell::validity;
use super::detail::anchor;
use super::{HOME, asked, shown, tenant};
use crate::error::MonitorError;
use crate::service::Monitor;

/// The page of a scope.
pub(super) async fn show(
    _: Public,
    view: View,
    Extract(monitor): Extract<Monitor>,
    Path(name): Path<String>,
    params: Params,
) -> Result<Response, Fault> {
    let w = view.words();
    let is_all = params.get("all").is_some();
    let board = monitor.board(&tenant(&view)).await?;
    let known = board.scopes.find(&name).ok_or_else(|| MonitorError::ScopeNotFound(name.clone()))?;
    let scope = &known.scope;
    let named = scope.versions_on(board.date);
    let mut versions = Table::new(w.t("monitor-versions"))
        .show_caption()
        .column(Column::new(w.t("monitor-version")))
        .column(Column::new(w.t("monitor-validity")))
        .column(Column::new(w.t("monitor-stabilized")))
        .column(Column::new(w.t("monitor-test-cases")).numeric());
    for version in &scope.versions {
        let counts = scope.timeline.validity(&version.name, board.date);
        versions = versions.row([
            Html::link(asked::at("version", known, &version.name), &version.name),
            Html::text(validity(w, counts)),
            version.stabilized_at.map_or_else(|| Html::text("–"), |date| Html::text(w.date(date))),
            Html::text(w.number(i128::try_from(version.main().count()).unwrap_or(0))),
        ]);
    }
    let mut modules = Table::new(w.t("monitor-modules")).show_caption().column(Column::new(w.t("monitor-module")));
    for (version, _) in &named {
        modules = modules.column(Column::new(&version.name));
    }
    let includes = |version: &stoa_standards::scope::Version, id: &str| {
        version.includes.iter().find(|include| include.module == id).cloned()
    };
    for module in
        scope.modules.iter().filter(|module| named.iter().any(|(version, _)| includes(version, &module.id).is_some()))
    {
        let own = asked::at("standard", known, &module.id);
        let mut cells = vec![Html::link(own, &module.name).part_in_english()];
        for (version, _) in &named {
            cells.push(match includes(version, &module.id) {
                Some(include) if include.parameters.is_empty() => Html::text(w.t("monitor-asked")),
                Some(include) => {
                    let parameters = include.parameters.iter().map(|(name, value)| {
                        // Addresses are long; what they end with tells them apart.
                        let short = value.rsplit('/').next().unwrap_or(value);
                        Html::text(format!("{name}: ")).then(described(value, short))
                    });
                    Html::join(parameters)
                }
                None => Html::text("–"),
            });
        }
        modules = modules.row(cells);
    }
    let mut cases = Table::new(w.t("monitor-test-cases"))
        .show_caption()
        .column(Column::new(w.t("monitor-test-case")))
        .column(Column::new(w.t("monitor-repeated")))
        .column(Column::new(w.t("monitor-asked-by")))
        .column(Column::new(w.t("monitor-demands")));
    let is_asked = |test_case: &TestCase| {
        named.iter().any(|(version, _)| version.targets.values().any(|ids| ids.contains(&test_case.id)))
    };
    for test_case in scope.test_cases.iter().filter(|test_case| is_all || is_asked(test_case)) {
        let asking: Vec<String> = scope
            .versions
            .iter()
            .filter_map(|version| {
                let (target, _) = version.targets.iter().find(|(_, ids)| ids.contains(&test_case.id))?;
                Some(if target == MAIN { version.name.clone() } else { format!("{} ({target})", version.name) })
            })
            .collect();
        let mut repeated = lifetime(w, test_case.lifetime);
        if test_case.automation == Automation::Manual {
            repeated = format!("{repeated}, {}", w.t("monitor-by-hand"));
        }
        let (id, own) = (anchor(&test_case.id), asked::at("test-case", known, &test_case.id));
        let name = Html::trusted(format!("<a id=\"{id}\" href=\"{}\">", escape(&own)))
            .then(Html::code(&test_case.id))
            .then(Html::trusted("</a>"));
        let asking = if asking.is_empty() { "–".to_owned() } else { asking.join(", ") };
        cases = cases.row([
            name,
            Html::text(repeated),
            Html::text(asking),
            Html::text(&test_case.description).part_in_english(),
        ]);
    }
    let mut page =
        Page::new(&view.frame, &scope.name).wide().crumb(w.t("monitor-overview"), HOME).lead(w.t("monitor-scope-lead"));
    if let Some(next) = scope.timeline.next_change(board.date) {
        page = page.push(Html::paragraph(w.with("monitor-next-change", &[("date", w.date(next).into())])));
    }
    let page = page.push(versions.render(w)).push(modules.render(w)).push(cases.render(w));
    let page = if is_all { page } else { page.push(Html::link("?all=yes", w.t("monitor-all-cases"))) };
    Ok(shown(&page, &format!("/monitor/v1/scopes/{}", stoa_ui::Address::segment(&known.alias))))
}

pub(super) fn described(url: &str, text: &str) -> Html {
    if url.starts_with("https://") || url.starts_with("http://") {
        return Html::link(url, text).part_in_english();
    }
    Html::text(text).part_in_english()
}

pub(super) fn lifetime(w: &Words, lifetime: Lifetime) -> String {
    w.t(match lifetime {
        Lifetime::Day => "monitor-every-day",
        Lifetime::Week => "monitor-every-week",
        Lifetime::Month => "monitor-every-month",
        Lifetime::Quarter => "monitor-every-quarter",
        Lifetime::Year => "monitor-every-year",
    })
}

/// How states come about.
pub(super) async fn methodology(_: Public, view: View) -> Response {
    let w = view.words();
    let mut page = Page::new(&view.frame, w.t("monitor-methodology"))
        .crumb(w.t("monitor-overview"), HOME)
        .lead(w.t("monitor-method-lead"));
    for part in ["evidence", "state", "expiry", "versions", "people", "history", "check"] {
        page = page
            .push(Html::heading(w.t(&format!("monitor-method-{part}"))))
            .push(Html::paragraph(w.t(&format!("monitor-method-{part}-text"))));
    }
    let page = page.push(super::overview::legend(&view));
    shown(&page, "/monitor/v1/scopes")
}
