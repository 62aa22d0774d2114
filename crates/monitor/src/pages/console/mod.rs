//! The console's pages: accounts, how the public table names them, scopes, and what people decide.

mod accounts;
mod certificates;
mod decisions;
mod listings;
mod scopes;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use stoa_core::{FieldError, Problem};
use stoa_ui::{Html, Notice, Page, Tabs, Tone, Words};
use stoa_web::{Params, Right as _, View};

use crate::permission::AccountRead;
use crate::service::Monitor;

const HOME: &str = "/console/monitor";
pub(super) fn router(monitor: Monitor) -> Router {
    Router::new()
        .route("/", get(accounts::list))
        .route("/accounts", get(accounts::list))
        .route("/accounts/new", get(accounts::new_form).post(accounts::create))
        .route("/accounts/{subject}", get(accounts::edit_form).post(accounts::save))
        .route("/accounts/{subject}/secret", post(accounts::issue_secret))
        .route("/accounts/{subject}/revoke", post(accounts::revoke_secrets))
        .route("/accounts/{subject}/retire", post(accounts::retire))
        .route("/listings", get(listings::list))
        .route("/listings/{name}", get(listings::edit_form).post(listings::save))
        .route("/listings/{name}/remove", post(listings::remove))
        .route("/scopes", get(scopes::list))
        .route("/scopes/write", get(scopes::form).post(scopes::save))
        .route("/certificates", get(certificates::list))
        .route("/certificates/issue", get(certificates::issue_form).post(certificates::issue))
        .route("/certificates/{number}", get(certificates::change_form).post(certificates::change))
        .route("/decisions", get(decisions::list))
        .route("/decisions/waive", get(decisions::waive_form).post(decisions::waive))
        .route("/decisions/record", get(decisions::record_form).post(decisions::record))
        .route("/decisions/{id}/{what}", post(decisions::decide))
        .with_state(monitor)
}

fn shown(page: &Page<'_>) -> Response {
    stoa_web::page(StatusCode::OK, page)
}

fn refused(page: &Page<'_>) -> Response {
    stoa_web::page(StatusCode::UNPROCESSABLE_ENTITY, page)
}

/// The views of the console, those that the visitor may open.
fn tabs(view: &View, current: &str) -> Html {
    let w = view.words();
    let mut tabs = Tabs::new();
    let all = [
        ("accounts", "monitor-accounts", AccountRead::INFO.permission),
        ("listings", "monitor-listings", AccountRead::INFO.permission),
        ("scopes", "monitor-scopes", AccountRead::INFO.permission),
        ("decisions", "monitor-decisions", AccountRead::INFO.permission),
        ("certificates", "monitor-certificates", AccountRead::INFO.permission),
    ];
    for (name, label, permission) in all {
        if view.visitor.may(permission) {
            tabs = tabs.tab(w.t(label), format!("{HOME}/{name}"), name == current);
        }
    }
    tabs.render(w.t("monitor-nav"))
}

/// The outcome of what was done before, named in the address by `done`.
fn outcome(w: &Words, params: &Params) -> Html {
    match params.get("done") {
        Some("saved") => Notice::html(Tone::Good, w.t("monitor-saved"), Html::empty()),
        Some("retired") => Notice::html(Tone::Good, w.t("monitor-retired"), Html::empty()),
        Some("revoked") => Notice::html(Tone::Good, w.t("monitor-revoked"), Html::empty()),
        Some("decided") => Notice::html(Tone::Good, w.t("monitor-decided"), Html::empty()),
        _ => Html::empty(),
    }
}

/// What is wrong with the fields of a form, or the problem itself when it is not about fields.
fn faults(problem: Problem) -> Result<Vec<FieldError>, Problem> {
    if problem.errors.is_empty() { Err(problem) } else { Ok(problem.errors) }
}

/// As [`faults`], where a subject that is not there is the fault of the field that names it.
fn case_faults(error: crate::MonitorError) -> Result<Vec<FieldError>, Problem> {
    if let crate::MonitorError::SubjectNotFound(_) = &error {
        let message = error.to_string();
        return Ok(vec![FieldError { pointer: "/subject".to_owned(), code: "unknown", message }]);
    }
    faults(error.into())
}

/// What is wrong with a field. It is written for programs, in English.
fn fault(faults: &[FieldError], pointer: &str) -> Option<Html> {
    let below = format!("{pointer}/");
    let found = faults.iter().find(|fault| fault.pointer == pointer || fault.pointer.starts_with(&below));
    found.map(|fault| Html::text(&fault.message).in_english())
}
