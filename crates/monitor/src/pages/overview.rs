//! The public overview: every provider with its state today, under every scope.

use axum::extract::State as Extract;
use axum::response::Response;
use stoa_core::Date;
use stoa_ui::{Address, Choice, Column, Definitions, Field, Form, Html, Page, Table, escape};
use stoa_web::{Fault, Params, Public, View, see_other};

use super::{HOME, cell, detail_at, shown, state_key, tagged, tenant};
use crate::model::scopes::Known;
use crate::model::standing::State;
use crate::service::{Board, Monitor, Row};

/// To the overview.
pub(super) async fn home(_: Public) -> Response {
    see_other(HOME)
}

/// The overview.
pub(super) async fn show(
    _: Public,
    view: View,
    Extract(monitor): Extract<Monitor>,
    params: Params,
) -> Result<Response, Fault> {
    table(&view, &monitor, &params, false).await
}

/// The overview with the versions that are only tried out.
pub(super) async fn show_full(
    _: Public,
    view: View,
    Extract(monitor): Extract<Monitor>,
    params: Params,
) -> Result<Response, Fault> {
    table(&view, &monitor, &params, true).await
}

/// What is looked for.
struct Wanted<'p> {
    text: &'p str,
    scope: Option<&'p str>,
    version: Option<&'p str>,
    state: Option<State>,
}

impl<'p> Wanted<'p> {
    fn new(params: &'p Params) -> Self {
        let given = |key: &str| params.get(key).map(str::trim).filter(|text| !text.is_empty());
        let state = given("state").and_then(State::of_name);
        Self { text: given("q").unwrap_or(""), scope: given("scope"), version: given("version"), state }
    }

    const fn is_nothing(&self) -> bool {
        self.text.is_empty() && self.scope.is_none() && self.version.is_none() && self.state.is_none()
    }

    /// How a row stands under a scope: to the version that is looked for, or in all.
    fn state(&self, board: &Board, known: &Known, row: &Row) -> State {
        let Some(name) = self.version else { return board.state(row, known.scope.uuid) };
        let states = row.subjects.iter().map(|subject| {
            let version = board.entry(subject, known.scope.uuid).and_then(|entry| entry.standing.version(name));
            version.map_or(State::Nothing, |version| version.state)
        });
        states.max_by_key(|state| state.badness()).unwrap_or(State::Nothing)
    }

    fn takes(&self, board: &Board, scopes: &[&Known], row: &Row) -> bool {
        let text = self.text.to_lowercase();
        let said = [row.title(), &row.name, &row.listing.operator, &row.listing.description];
        let is_named = text.is_empty() || said.iter().any(|said| said.to_lowercase().contains(&text));
        let is_state = self.state.is_none_or(|state| scopes.iter().any(|known| self.state(board, known, row) == state));
        is_named && is_state
    }
}

async fn table(view: &View, monitor: &Monitor, params: &Params, with_drafts: bool) -> Result<Response, Fault> {
    let w = view.words();
    let board = monitor.board(&tenant(view)).await?;
    let wanted = Wanted::new(params);
    let tested: Vec<&Known> =
        board.scopes.iter().filter(|known| board.entries().any(|(_, scope, _)| scope == known.scope.uuid)).collect();
    let is_looked_at = |known: &&Known| {
        wanted.scope.is_none_or(|alias| alias == known.alias)
            && wanted.version.is_none_or(|name| known.scope.version(name).is_some())
    };
    let scopes: Vec<&Known> = tested.iter().copied().filter(is_looked_at).collect();
    let mut table = Table::new(w.t("monitor-overview"))
        .column(Column::new(w.t("monitor-provider")))
        .column(Column::new(w.t("monitor-operator")));
    for known in &scopes {
        table = table.column(Column::new(&known.scope.name));
    }
    let rows: Vec<&Row> = board.rows.iter().filter(|row| wanted.takes(&board, &scopes, row)).collect();
    for row in &rows {
        let mut cells = vec![provider(row), operator(row)];
        for known in &scopes {
            let entry = board.worst(&row.subjects, known.scope.uuid).map(|(_, entry)| &entry.standing);
            let drawn = match wanted.version {
                Some(name) => {
                    let validity = known.scope.timeline.validity(name, board.date);
                    cell::of_version(w, wanted.state(&board, known, row), name, validity)
                }
                None => cell::cell(w, entry, with_drafts),
            };
            let at = detail_at(&row.name, &known.alias);
            let link = Html::trusted(format!("<a href=\"{}\">", escape(&at.to_string())));
            cells.push(if board.is_tested(&row.subjects, known.scope.uuid) {
                link.then(drawn).then(Html::trusted("</a>"))
            } else {
                drawn
            });
        }
        table = table.row(cells);
    }
    let empty = if wanted.is_nothing() { "monitor-none" } else { "monitor-none-found" };
    let table = table.empty(Html::paragraph(w.t(empty)));
    let here = if with_drafts { "/monitor/page/table_full" } else { HOME };
    let other = if with_drafts {
        (w.t("monitor-table"), HOME)
    } else {
        (w.t("monitor-table-full"), "/monitor/page/table_full")
    };
    let form = form(view, here, &wanted, &tested, board.date);
    let mut links = vec![
        (other.0, other.1.to_owned()),
        (w.t("monitor-certificates"), "/monitor/page/certificates".to_owned()),
        (w.t("monitor-changes"), "/monitor/page/changes".to_owned()),
        (w.t("monitor-methodology"), "/monitor/page/methodology".to_owned()),
    ];
    links.extend(
        tested
            .iter()
            .map(|known| (known.scope.name.clone(), format!("/monitor/page/scope/{}", Address::segment(&known.alias)))),
    );
    let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let page = Page::new(&view.frame, w.t("monitor-overview"))
        .wide()
        .lead(w.with("monitor-overview-lead", &[("date", w.date(board.date).into())]))
        .form(&form)
        .push(Html::quiet(w.with("monitor-count", &[("count", count.into())])))
        .push(table.render(w))
        .push(legend(view))
        .push(Html::list(links.into_iter().map(|(label, href)| Html::link(href, label))));
    Ok(tagged(shown(&page, "/monitor/v1/overview"), &format!("{}-{}", board.date, board.epoch)))
}

fn form(view: &View, here: &str, wanted: &Wanted<'_>, tested: &[&Known], today: Date) -> Form {
    let w = view.words();
    let any = |chosen: bool| Choice::new("", w.t("monitor-any")).chosen(chosen);
    let scopes = tested
        .iter()
        .map(|known| Choice::new(&known.alias, &known.scope.name).chosen(wanted.scope == Some(known.alias.as_str())));
    let states = State::ALL
        .into_iter()
        .map(|state| Choice::new(state.name(), w.t(state_key(state))).chosen(wanted.state == Some(state)));
    // Of one scope all versions that count for something, of several those of each.
    let of = tested.iter().filter(|known| wanted.scope.is_none_or(|alias| alias == known.alias));
    let mut names: Vec<&str> = Vec::new();
    for (version, _) in of.flat_map(|known| known.scope.versions_on(today)) {
        if !names.contains(&version.name.as_str()) {
            names.push(&version.name);
        }
    }
    let versions = names.into_iter().map(|name| Choice::new(name, name).chosen(wanted.version == Some(name)));
    let form = Form::search(here, w)
        .field(Field::search("q", w.t("monitor-search")).value(wanted.text))
        .field(Field::select("scope", w.t("monitor-scope"), std::iter::once(any(wanted.scope.is_none())).chain(scopes)))
        .field(Field::select(
            "version",
            w.t("monitor-version"),
            std::iter::once(any(wanted.version.is_none())).chain(versions),
        ))
        .field(Field::select(
            "state",
            w.t("monitor-state"),
            std::iter::once(any(wanted.state.is_none())).chain(states),
        ));
    if wanted.is_nothing() { form } else { form.cancel(here) }
}

fn provider(row: &Row) -> Html {
    let name = Html::link(super::subject::at(&row.name), row.title());
    if row.listing.description.is_empty() {
        return name;
    }
    name.then(Html::trusted("<br><span class=\"quiet\">"))
        .then(Html::isolated(&row.listing.description))
        .then(Html::trusted("</span>"))
}

fn operator(row: &Row) -> Html {
    let listing = &row.listing;
    if listing.operator.is_empty() {
        return Html::text("–");
    }
    if listing.operator_url.is_empty() {
        return Html::isolated(&listing.operator);
    }
    Html::link(&listing.operator_url, &listing.operator)
}

/// What the words of the cells mean.
pub(super) fn legend(view: &View) -> Html {
    let w = view.words();
    let mut means = Definitions::new();
    for state in [State::Pass, State::Fail, State::Missing, State::Aborted, State::Nothing] {
        means = means.add(w.t(state_key(state)), w.t(&format!("{}-means", state_key(state))));
    }
    stoa_ui::Fold::html(w.t("monitor-legend"), means.render().then(Html::quiet(w.t("monitor-marks"))), false)
}
