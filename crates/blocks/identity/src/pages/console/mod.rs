//! The console's pages: clients for operators, people for officials.

mod clients;
mod people;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use stoa_ui::{Html, Notice, Tone, Words};
use stoa_web::{Allowed, Params, see_other};

use crate::permission::PersonRead;
use crate::service::Identity;

/// Where the pages begin.
const HOME: &str = "/console/identity";

pub(super) fn router(identity: Identity) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/clients", get(clients::list))
        .route("/clients/new", get(clients::new).post(clients::create))
        .route("/clients/{client_id}", get(clients::show))
        .route("/clients/{client_id}/edit", get(clients::edit).post(clients::change))
        .route("/clients/{client_id}/secret", post(clients::secret))
        .route("/clients/{client_id}/delete", post(clients::delete))
        .route("/people", get(people::list).post(people::search))
        .route("/people/new", get(people::new).post(people::enrol))
        .route("/people/{id}", get(people::show))
        .route("/people/{id}/edit", get(people::edit).post(people::correct))
        .route("/people/{id}/state", post(people::set_state))
        .route("/people/{id}/roles", post(people::set_roles))
        .route("/people/{id}/activation", post(people::activation))
        .with_state(identity)
}

async fn home(_: Allowed<PersonRead>) -> Response {
    see_other(&format!("{HOME}/people"))
}

/// The outcome of what was done before, named in the address by `done`.
fn outcome(w: &Words, params: &Params) -> Html {
    match params.get("done") {
        Some("saved") => Notice::html(Tone::Good, w.t("identity-saved"), Html::empty()),
        Some("deleted") => Notice::html(Tone::Good, w.t("identity-deleted"), Html::empty()),
        _ => Html::empty(),
    }
}
