//! What people look at: signing in, agreeing, their own identity; and the console's pages for officials. Everything works
//! without scripts.

mod activate;
mod authorize;
mod browser;
mod console;
mod logout;
mod mine;
mod sign_in;

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use stoa_core::{FieldError, Problem, Tenant};
use stoa_ui::{Catalogue, Html, Locale, NavEntry, Page, Words};
use stoa_web::{OpenApiRouter, Right as _, View};

use crate::model::claims::Claim;
use crate::permission::{ClientRead, PersonRead};
use crate::service::Identity;

/// The texts of the pages.
pub(crate) const CATALOGUES: &[Catalogue] = &[
    Catalogue::new(Locale::En, include_str!("../../locales/en.ftl")),
    Catalogue::new(Locale::Fr, include_str!("../../locales/fr.ftl")),
    Catalogue::new(Locale::Ar, include_str!("../../locales/ar.ftl")),
    Catalogue::new(Locale::Sw, include_str!("../../locales/sw.ftl")),
];

/// The block's entries in the console's navigation.
pub(crate) const NAVIGATION: &[NavEntry] = &[
    NavEntry {
        group_key: "identity-group",
        label_key: "identity-people",
        href: "/console/identity/people",
        permission: Some(PersonRead::INFO.permission),
    },
    NavEntry {
        group_key: "identity-group",
        label_key: "identity-clients",
        href: "/console/identity/clients",
        permission: Some(ClientRead::INFO.permission),
    },
];

/// Where somebody signs in.
pub(crate) const SIGN_IN: &str = "/identity/sign-in";
/// Where somebody sees what is known of them.
pub(crate) const MINE: &str = "/identity/me";

/// The public pages, with addresses as they stand below the block's prefix.
pub(crate) fn public(identity: Identity) -> OpenApiRouter {
    OpenApiRouter::new()
        .route("/authorize", get(authorize::ask).post(authorize::ask_by_form))
        .route("/sign-in", get(sign_in::show).post(sign_in::by_password))
        .route("/sign-in/code", post(sign_in::by_code))
        .route("/sign-in/mail", get(sign_in::ask_mail).post(sign_in::send_mail))
        .route("/sign-in/sent", post(sign_in::by_sent))
        .route("/sign-in/continue", post(sign_in::go_on))
        .route("/sign-in/restart", post(sign_in::restart))
        .route("/sign-in/consent", post(sign_in::agree))
        .route("/sign-in/cancel", post(sign_in::cancel))
        .route("/activate", get(activate::show).post(activate::set))
        .route("/forgot", get(activate::forgot).post(activate::send))
        .route("/logout", get(logout::ask).post(logout::done))
        .route("/me", get(mine::show))
        .route("/me/security", get(mine::security))
        .route("/me/password", get(mine::password).post(mine::set_password))
        .route("/me/totp", get(mine::totp).post(mine::confirm_totp))
        .route("/me/totp/new", post(mine::offer_totp))
        .route("/me/recovery", post(mine::draw_recovery))
        .route("/me/factor/remove", post(mine::remove_factor))
        .route("/me/wallet/remove", post(mine::remove_wallet))
        .route("/me/session/end", post(mine::end_session))
        .route("/me/sessions/end", post(mine::end_others))
        .route("/me/services", get(mine::services))
        .route("/me/services/withdraw", post(mine::withdraw))
        .route("/me/history", get(mine::history))
        .route("/me/download", get(mine::download))
        .route("/me/sign-out", post(mine::sign_out))
        .with_state(identity)
}

/// The console's pages, with addresses as they stand below `/console/identity`.
pub(crate) fn console(identity: Identity) -> axum::Router {
    console::router(identity)
}

/// The page of what the evidence names.
pub(crate) fn page_of(object: &str) -> Option<String> {
    let (kind, rest) = object.strip_prefix("identity/")?.split_once('/')?;
    match kind {
        "clients" | "people" => Some(format!("/console/identity/{kind}/{}", stoa_ui::Address::segment(rest))),
        _ => None,
    }
}

/// A page as the usual answer.
fn shown(page: &Page<'_>) -> Response {
    stoa_web::page(StatusCode::OK, page)
}

/// A page that says what is wrong.
fn refused(page: &Page<'_>) -> Response {
    stoa_web::page(StatusCode::UNPROCESSABLE_ENTITY, page)
}

/// With one more cookie.
fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The tenant of a page that nobody is signed in at: of the official who looks, else the one that every node has.
fn tenant(view: &View) -> Tenant {
    view.visitor.actor.as_ref().map(|actor| actor.tenant.clone()).unwrap_or_default()
}

/// A claim in words.
fn claim_name(w: &Words, claim: Claim) -> String {
    w.t(&format!("identity-claim-{}", claim.as_str().replace('_', "-")))
}

/// What is wrong with a field. It is written for programs, in English.
fn fault(faults: &[FieldError], pointer: &str) -> Option<Html> {
    let below = format!("{pointer}/");
    let found = faults.iter().find(|fault| fault.pointer == pointer || fault.pointer.starts_with(&below));
    found.map(|fault| Html::text(&fault.message).in_english())
}

/// What is wrong with the fields of a form, or the problem itself when it is not about fields.
fn faults(problem: Problem) -> Result<Vec<FieldError>, Problem> {
    if problem.errors.is_empty() { Err(problem) } else { Ok(problem.errors) }
}

/// How long to wait, in words.
fn wait(w: &Words, wait: Duration) -> String {
    w.duration(Duration::from_secs(wait.as_secs().max(1)))
}
