//! Who is signed in, and the end of a session that somebody should not have any more.

use axum::http::HeaderMap;
use axum::response::Response;
use stoa_core::{Id, Instant, Problem, Refusal};
use stoa_ui::{Address, Badge, Column, Confirm, Form, Html, Notice, Page, Table, Tone};
use stoa_web::{Allowed, Fault, Params, Path, Session, View, see_other, session_secret};

use crate::{SessionsManage, State, page_of, shown};

/// Everybody of the tenant who is signed in.
pub(crate) async fn list(
    allowed: Allowed<SessionsManage>,
    view: View,
    parts: State,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Fault> {
    let w = view.words();
    let now = parts.node.store().clock().now();
    let sessions = parts.node.list_sessions(&allowed.actor, session_secret(&headers)).await?;
    let here = Address::new("/console/sessions");
    let (sessions, paging) = page_of(w, &here, &sessions, params.number("page")?.unwrap_or(1));
    let table = Table::new(w.t("portal-sessions"))
        .column(Column::new(w.t("portal-session-who")))
        .column(Column::new(w.t("portal-roles")))
        .column(Column::new(w.t("portal-session-since")))
        .column(Column::new(w.t("portal-session-seen")))
        .column(Column::new(w.t("portal-session-ends")))
        .column(Column::new(w.t("portal-actions")).quiet())
        .rows(sessions.iter().map(|session| row(&view, session, now)))
        .empty(Html::paragraph(w.t("portal-sessions-none")))
        .paging(paging);
    let mut page = Page::new(&view.frame, w.t("portal-sessions"))
        .crumb(w.t("ui-console"), "/console")
        .lead(w.t("portal-sessions-about"))
        .push(table.render(w));
    if params.get("done") == Some("ended") {
        page = page.notice(Notice::html(Tone::Good, w.t("portal-session-ended"), Html::empty()));
    }
    Ok(shown(&page))
}

fn row(view: &View, session: &Session, now: Instant) -> [Html; 6] {
    let w = view.words();
    let roles: Vec<String> = session.roles.iter().map(|role| w.t(&format!("portal-role-{role}"))).collect();
    let act = if session.is_own {
        Badge::html(Tone::Info, w.t("portal-session-own"))
    } else {
        let action = format!("/console/sessions/{}/end", session.id);
        Confirm::html(
            w.t("portal-session-end"),
            w.with("portal-session-end-title", &[("name", (&session.subject).into())]),
            w.t("portal-session-end-text"),
            &Form::post(action, &view.frame, w.t("portal-session-end")).danger(),
            w,
        )
    };
    [
        Html::isolated(&session.subject),
        Html::text(roles.join(", ")),
        w.ago(session.created_at, now),
        w.ago(session.seen_at, now),
        w.ago(session.expires_at, now),
        act,
    ]
}

/// Ends a session at once.
pub(crate) async fn end(
    allowed: Allowed<SessionsManage>,
    parts: State,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let id = id.parse::<Id<_>>().map_err(|_| Problem::new(Refusal::NotFound, "web.not_found"))?;
    parts.node.end_session(&allowed.actor, id).await?;
    Ok(see_other("/console/sessions?done=ended"))
}
