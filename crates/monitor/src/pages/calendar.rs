//! Eighteen months as a strip of days, drawn on the server, with the same as a table for those who rather read.

use std::fmt::Write as _;

use axum::extract::State as Extract;
use axum::response::Response;
use stoa_ui::{Address, Badge, Column, Html, Page, Table, escape, figures};
use stoa_web::{Fault, Path, Public, View};

use super::{HOME, cell, detail_at, shown, state_key, tenant};
use crate::error::MonitorError;
use crate::model::history::{Day, share_kept};
use crate::model::standing::State;
use crate::service::{History, Monitor};

/// The side of a day, and the room between two.
const SIDE: usize = 9;
const STEP: usize = 11;

/// A strip of weeks, each a column of days from Monday on, with the share of days that were green.
pub(super) fn strip(view: &View, history: &History, place: &str) -> Html {
    let w = view.words();
    let (Some(first), Some(last)) = (history.days.first(), history.days.last()) else { return Html::empty() };
    let words = [
        ("from", w.date(first.date).into()),
        ("until", w.date(last.date).into()),
        ("share", share(view, history).into()),
    ];
    let summary = w.with("monitor-strip", &words);
    Html::trusted("<figure class=\"days\">")
        .then(Html::trusted(drawn(&history.days, &summary)))
        .then(Html::trusted("<figcaption>"))
        .then(Html::text(&summary))
        .then(Html::trusted(" "))
        .then(Html::link(place, w.t("monitor-history")))
        .then(Html::trusted("</figcaption></figure>"))
}

/// The share of days with a pass, in percent.
fn share(view: &View, history: &History) -> String {
    let share = share_kept(&history.days).unwrap_or(0);
    format!("{} %", view.words().decimal(f64::from(share) / 10.0, 1))
}

fn drawn(days: &[Day], summary: &str) -> String {
    let lead = days.first().map_or(0, |day| usize::try_from(day.date.days_after_monday()).unwrap_or(0));
    let weeks = (lead + days.len()).div_ceil(7);
    let (width, height) = (weeks * STEP, 7 * STEP);
    let summary = escape(summary);
    let mut out = format!(
        "<svg viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" \
         aria-label=\"{summary}\" class=\"days-strip\">"
    );
    // Runs of one state within a week are one shape: a page holds hundreds of days.
    let mut place = 0;
    while let Some(day) = days.get(place) {
        let at = lead + place;
        let (week, from) = (at / 7, at % 7);
        let rest = days.get(place..).unwrap_or_default();
        let run = rest.iter().take(7 - from).take_while(|other| other.state == day.state).count().max(1);
        let (x, y, tall) = (week * STEP, from * STEP, run * STEP - (STEP - SIDE));
        let _ = write!(
            out,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{SIDE}\" height=\"{tall}\" class=\"day-{}\"><title>{}</title></rect>",
            day.state.name(),
            day.date
        );
        place += run;
    }
    out.push_str("</svg>");
    out
}

/// The page with the months, and every change of the state.
pub(super) async fn show(
    _: Public,
    view: View,
    Extract(monitor): Extract<Monitor>,
    Path((subject, scope)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let w = view.words();
    let board = monitor.board(&tenant(&view)).await?;
    let known = board.scopes.find(&scope).ok_or_else(|| MonitorError::ScopeNotFound(scope.clone()))?;
    if board.subjects(&subject).is_none_or(|subjects| subjects != [subject.as_str()]) {
        return Err(MonitorError::SubjectNotFound(subject).into());
    }
    let history = monitor.history(&tenant(&view), &subject, known.scope.uuid).await?;
    let detail = detail_at(&subject, &known.alias).to_string();
    let place = format!("/monitor/page/history/{}/{}", Address::segment(&subject), Address::segment(&known.alias));
    let changes = Table::new(w.t("monitor-changes"))
        .show_caption()
        .column(Column::new(w.t("monitor-since")))
        .column(Column::new(w.t("monitor-state")))
        .column(Column::new(w.t("monitor-version")))
        .column(Column::new(w.t("monitor-days")).numeric())
        .rows(runs(&history.days).into_iter().rev().map(|(day, length)| {
            [
                Html::text(w.date(day.date)),
                Badge::html(cell::tone(day.state, None), w.t(state_key(day.state))),
                Html::text(day.version.as_deref().unwrap_or("–")),
                Html::text(w.number(i128::try_from(length).unwrap_or(0))),
            ]
        }))
        .empty(w.t("monitor-no-recent"));
    let known_days = history.days.iter().filter(|day| day.state != State::Nothing).count();
    let title = format!("{}: {}", board.title(&subject), w.t("monitor-history"));
    let page = Page::new(&view.frame, title)
        .crumb(w.t("monitor-overview"), HOME)
        .crumb(format!("{}: {}", board.title(&subject), known.scope.name), detail)
        .lead(w.t("monitor-history-lead"))
        .push(figures([
            (w.t("monitor-share"), share(&view, &history), Html::empty()),
            (w.t("monitor-days"), w.number(i128::try_from(known_days).unwrap_or(0)), Html::empty()),
        ]))
        .push(strip(&view, &history, &place))
        .push(changes.render(w));
    let (subject, alias) = (Address::segment(&subject), Address::segment(&known.alias));
    Ok(shown(&page, &format!("/monitor/v1/subjects/{subject}/scopes/{alias}/history")))
}

/// Days of one state and version after another: the first of each run, and how many they are.
pub(crate) fn runs(days: &[Day]) -> Vec<(&Day, usize)> {
    let mut runs: Vec<(&Day, usize)> = Vec::new();
    for day in days {
        match runs.last_mut() {
            Some((first, length)) if first.state == day.state && first.version == day.version => *length += 1,
            _ => runs.push((day, 1)),
        }
    }
    runs
}
