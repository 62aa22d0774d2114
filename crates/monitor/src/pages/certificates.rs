//! Certificates for the public: all of them, and one with its validity and the way to what it rests on.

use axum::extract::State as Extract;
use axum::response::Response;
use stoa_core::Date;
use stoa_ui::{Address, Badge, Column, Definitions, Html, Notice, Page, Table, Tone, Words, actions, code};
use stoa_web::{Fault, Path, Public, View};

use super::{HOME, calendar, cell, detail_at, shown, tenant};
use crate::service::{Board, Certificate, Changed, Monitor};

/// The address of a certificate's page.
pub(super) fn at(number: &str) -> String {
    format!("/monitor/page/certificate/{}", Address::segment(number))
}

/// A certificate's state.
pub(super) fn state(w: &Words, certificate: &Certificate) -> Html {
    badge(w, &certificate.state)
}

/// The word of a certificate's state.
pub(crate) fn key(state: &str) -> &'static str {
    match state {
        "valid" => "monitor-certificate-valid",
        "suspended" => "monitor-certificate-suspended",
        "withdrawn" => "monitor-certificate-withdrawn",
        _ => "monitor-certificate-ended",
    }
}

/// A certificate's state of this name.
pub(super) fn badge(w: &Words, state: &str) -> Html {
    let tone = match state {
        "valid" => Tone::Good,
        "suspended" => Tone::Warning,
        "withdrawn" => Tone::Bad,
        _ => Tone::Plain,
    };
    Badge::html(tone, w.t(key(state)))
}

/// A day as it is stored, in the visitor's way of writing.
fn day(w: &Words, text: &str) -> String {
    text.parse::<Date>().map_or_else(|_| text.to_owned(), |date| w.date(date))
}

/// The scope's name, with its short name where it is known.
fn scope(board: &Board, uuid: &str) -> (String, Option<String>) {
    let known = board.scopes.find(uuid);
    known.map_or_else(|| (uuid.to_owned(), None), |known| (known.scope.name.clone(), Some(known.alias.clone())))
}

/// All certificates.
pub(super) async fn list(_: Public, view: View, Extract(monitor): Extract<Monitor>) -> Result<Response, Fault> {
    let w = view.words();
    let tenant = tenant(&view);
    let board = monitor.board(&tenant).await?;
    let found = monitor.certificates(&tenant).await?;
    let table = table(w, &board, &found, at);
    let links = [
        (w.t("monitor-revoked-list"), "/monitor/certificates/revoked.json".to_owned()),
        (w.t("monitor-file-signature"), "/monitor/certificates/revoked.sig".to_owned()),
        (w.t("monitor-file-key"), "/monitor/certificates/allowed_signers".to_owned()),
    ];
    let command = "ssh-keygen -Y verify -f allowed_signers -I monitor -n certificates -s revoked.sig < revoked.json";
    let page = Page::new(&view.frame, w.t("monitor-certificates"))
        .wide()
        .crumb(w.t("monitor-overview"), HOME)
        .lead(w.t("monitor-certificates-lead"))
        .actions(actions(links))
        .push(table)
        .push(code(w.t("monitor-revoked-verify"), command, w));
    Ok(shown(&page, "/monitor/v1/certificates"))
}

/// A table of certificates, each with the way to its page.
pub(super) fn table(w: &Words, board: &Board, found: &[Certificate], to: fn(&str) -> String) -> Html {
    Table::new(w.t("monitor-certificates"))
        .column(Column::new(w.t("monitor-number")))
        .column(Column::new(w.t("monitor-subject")))
        .column(Column::new(w.t("monitor-holder")))
        .column(Column::new(w.t("monitor-scope")))
        .column(Column::new(w.t("monitor-version")))
        .column(Column::new(w.t("monitor-valid-until")))
        .column(Column::new(w.t("monitor-state")))
        .rows(found.iter().map(|certificate| {
            [
                Html::link(to(&certificate.number), &certificate.number),
                Html::isolated(board.title(&certificate.subject)),
                Html::isolated(&certificate.holder),
                Html::text(scope(board, &certificate.scope).0),
                Html::text(&certificate.version),
                Html::text(day(w, &certificate.ends_on)),
                state(w, certificate),
            ]
        }))
        .empty(Html::paragraph(w.t("monitor-certificates-none")))
        .render(w)
}

/// One certificate, with how its subject stands now and stood.
pub(super) async fn one(
    _: Public,
    view: View,
    Extract(monitor): Extract<Monitor>,
    Path(number): Path<String>,
) -> Result<Response, Fault> {
    let w = view.words();
    let tenant = tenant(&view);
    let board = monitor.board(&tenant).await?;
    let found = monitor.certificate(&tenant, &number).await?;
    let (name, alias) = scope(&board, &found.scope);
    let facts = Definitions::new()
        .add(w.t("monitor-state"), state(w, &found))
        .add(w.t("monitor-subject"), Html::isolated(board.title(&found.subject)))
        .add(w.t("monitor-holder"), Html::isolated(&found.holder))
        .add(w.t("monitor-scope"), Html::text(&name))
        .add(w.t("monitor-version"), Html::text(&found.version))
        .add(w.t("monitor-issued"), Html::text(day(w, &found.issued_on)))
        .add(w.t("monitor-valid-until"), Html::text(day(w, &found.ends_on)));
    let mut page = Page::new(&view.frame, w.with("monitor-certificate", &[("number", found.number.as_str().into())]))
        .crumb(w.t("monitor-certificates"), "/monitor/page/certificates");
    if !found.reason.is_empty() {
        let text = Html::paragraph(&found.reason).then(w.instant(found.changed_at));
        page = page.push(Notice::html(Tone::Warning, w.t("monitor-reason"), text));
    }
    page = page.push(facts.render());
    if let Some(alias) = alias
        && let Some(known) = board.scopes.find(&alias)
    {
        // A failure does not end a certificate by itself; everybody sees it here.
        let entry = board.entry(&found.subject, known.scope.uuid).map(|entry| &entry.standing);
        let history = monitor.history(&tenant, &found.subject, known.scope.uuid).await?;
        let place = format!("/monitor/page/history/{}/{}", Address::segment(&found.subject), Address::segment(&alias));
        let detail = detail_at(&found.subject, &alias).to_string();
        page = page
            .push(Html::heading(w.t("monitor-state-today")))
            .push(Html::trusted("<p>").then(cell::cell(w, entry, false)).then(Html::trusted(" ")))
            .push(Html::link(detail, w.t("monitor-all-cases")).then(Html::trusted("</p>")))
            .push(calendar::strip(&view, &history, &place));
    }
    let changes = monitor.certificate_changes(&tenant, &found).await?;
    let rows = changes.iter().filter_map(|change| match &change.what {
        Changed::Certificate { after, reason, .. } => {
            Some([w.instant(change.at), badge(w, after.name()), Html::isolated(reason)])
        }
        Changed::State { .. } => None,
    });
    let past = Table::new(w.t("monitor-changes"))
        .show_caption()
        .column(Column::new(w.t("monitor-since")))
        .column(Column::new(w.t("monitor-state")))
        .column(Column::new(w.t("monitor-reason")))
        .rows(rows);
    if !changes.is_empty() {
        page = page.push(past.render(w));
    }
    Ok(shown(&page, &format!("/monitor/v1/certificates/{}", Address::segment(&found.number))))
}
