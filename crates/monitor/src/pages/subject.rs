//! One subject, or a group, under all scopes: who it is, how it stands, what changed, what it handed in.

use axum::extract::State as Extract;
use axum::response::Response;
use stoa_ui::{Address, Column, Definitions, Html, Page, Table, actions};
use stoa_web::{Fault, Path, Public, View};

use super::{HOME, calendar, cell, certificates, detail_at, news, shown, tagged, tenant};
use crate::error::MonitorError;
use crate::model::account::GROUP_PREFIX;
use crate::service::{By, Monitor, Row};

/// Changes that are shown; the page of all changes has more.
const CHANGES_SHOWN: u32 = 10;
/// Reports of each subject that are shown.
const REPORTS_SHOWN: u32 = 20;

/// The address of a subject's or a group's page.
pub(super) fn at(name: &str) -> String {
    format!("/monitor/page/subject/{}", Address::segment(name))
}

/// The page.
pub(super) async fn show(
    asking: Public,
    view: View,
    Extract(monitor): Extract<Monitor>,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    let w = view.words();
    let tenant = tenant(&view);
    let board = monitor.board(&tenant).await?;
    let subjects = board.subjects(&name).ok_or_else(|| MonitorError::SubjectNotFound(name.clone()))?;
    let row = board.row(&name);
    let own = || board.title(name.strip_prefix(GROUP_PREFIX).unwrap_or(&name)).to_owned();
    let title = row.map_or_else(own, |row| row.title().to_owned());
    let changes_of = |subject: &str| format!("?subject={}", Address::segment(subject));
    let mut links = Vec::new();
    if let [subject] = subjects.as_slice() {
        links.push((w.t("monitor-changes"), format!("/monitor/page/changes{}", changes_of(subject))));
        links.push((w.t("monitor-feed"), format!("/monitor/feed.atom{}", changes_of(subject))));
        links.push((w.t("monitor-subscribe"), format!("/monitor/page/subscribe{}", changes_of(subject))));
    }
    let mut page = Page::new(&view.frame, title)
        .wide()
        .crumb(w.t("monitor-overview"), HOME)
        .lead(Html::isolated(row.map_or("", |row| row.listing.description.as_str())))
        .actions(actions(links));
    if let Some(facts) = row.and_then(|row| facts(&view, row)) {
        page = page.push(facts);
    }
    for known in board.scopes.iter() {
        for subject in &subjects {
            let Some(entry) = board.entry(subject, known.scope.uuid) else { continue };
            let history = monitor.history(&tenant, subject, known.scope.uuid).await?;
            let (of, alias) = (Address::segment(subject), Address::segment(&known.alias));
            let heading = if subjects.len() > 1 {
                format!("{}: {}", board.title(subject), known.scope.name)
            } else {
                known.scope.name.clone()
            };
            let detail = detail_at(subject, &known.alias).to_string();
            page = page
                .push(Html::heading(heading))
                .push(Html::trusted("<p>").then(cell::cell(w, Some(&entry.standing), false)).then(Html::trusted(" ")))
                .push(Html::link(detail, w.t("monitor-all-cases")).then(Html::trusted("</p>")))
                .push(calendar::strip(&view, &history, &format!("/monitor/page/history/{of}/{alias}")));
        }
    }
    let mut held = monitor.certificates(&tenant).await?;
    held.retain(|certificate| subjects.contains(&certificate.subject.as_str()));
    if !held.is_empty() {
        page = page.push(certificates::table(w, &board, &held, certificates::at));
    }
    let by = By::new(asking.actor, asking.info);
    let mut reports = Table::new(w.t("monitor-reports"))
        .show_caption()
        .column(Column::new(w.t("monitor-checked")))
        .column(Column::new(w.t("monitor-scope")))
        .column(Column::new(w.t("monitor-submitter")));
    if subjects.len() > 1 {
        reports = reports.column(Column::new(w.t("monitor-subject")));
    }
    for subject in &subjects {
        let found = monitor.changes(&tenant, Some(subject), news::since(&monitor), CHANGES_SHOWN).await?;
        page = page.push(news::table(&view, &board, &found).show_caption().render(w));
        for info in monitor.reports(&by, subject, REPORTS_SHOWN, 0).await? {
            let known = board.scopes.by_uuid(info.scope);
            let scope = known.map_or_else(|| info.scope.to_string(), |known| known.scope.name.clone());
            let link = Html::trusted(format!("<a href=\"/monitor/page/report/{}\">", info.id));
            let mut cells = vec![
                link.then(w.instant(info.checked_at)).then(Html::trusted("</a>")),
                Html::text(scope),
                Html::isolated(&info.submitter),
            ];
            if subjects.len() > 1 {
                cells.push(Html::isolated(board.title(subject)));
            }
            reports = reports.row(cells);
        }
    }
    let page = page.push(reports.empty(Html::paragraph(w.t("monitor-no-recent"))).render(w));
    let twin = format!("/monitor/v1/subjects/{}", Address::segment(&name));
    Ok(tagged(shown(&page, &twin), &format!("{}-{}", board.date, board.epoch)))
}

fn facts(view: &View, row: &Row) -> Option<Html> {
    let w = view.words();
    let listing = &row.listing;
    let mut facts = Definitions::new();
    let mut is_empty = true;
    let mut add = |facts: Definitions, label: &str, value: Html| {
        is_empty = false;
        facts.add(w.t(label), value)
    };
    if !listing.operator.is_empty() {
        let operator = if listing.operator_url.is_empty() {
            Html::isolated(&listing.operator)
        } else {
            Html::link(&listing.operator_url, &listing.operator)
        };
        facts = add(facts, "monitor-operator", operator);
    }
    for (label, link) in [("monitor-website", &listing.url), ("monitor-health", &listing.health_url)] {
        if !link.is_empty() {
            facts = add(facts, label, Html::link(link, link));
        }
    }
    (!is_empty).then(|| facts.render())
}
