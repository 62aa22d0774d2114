//! What people look at: the public pages, which work without scripts and without an account, and the console's.

mod asked;
mod calendar;
mod cell;
mod certificates;
mod console;
mod detail;
mod news;
mod overview;
mod report;
mod scope;
mod subject;

use axum::http::header::{ETAG, LINK};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use stoa_ui::{Address, Catalogue, Locale, NavEntry};
use stoa_web::{OpenApiRouter, Right as _, View};

use crate::permission::AccountRead;
use crate::service::Monitor;

pub(crate) use cell::{kept_names, state_key, validity};
pub(crate) use certificates::key as certificate_key;

/// The texts of the pages.
pub(crate) const CATALOGUES: &[Catalogue] = &[
    Catalogue::new(Locale::En, include_str!("../../locales/en.ftl")),
    Catalogue::new(Locale::Fr, include_str!("../../locales/fr.ftl")),
    Catalogue::new(Locale::Ar, include_str!("../../locales/ar.ftl")),
    Catalogue::new(Locale::Sw, include_str!("../../locales/sw.ftl")),
];

/// The block's entries in the console's navigation.
pub(crate) const NAVIGATION: &[NavEntry] = &[NavEntry {
    group_key: "monitor-group",
    label_key: "monitor-nav",
    href: "/console/monitor",
    permission: Some(AccountRead::INFO.permission),
}];

/// The public overview.
pub(crate) const HOME: &str = "/monitor/page/table";

/// The public pages, with addresses as they stand below the block's prefix: those of the published monitor, and ours.
pub(crate) fn public(monitor: Monitor) -> OpenApiRouter {
    OpenApiRouter::new()
        .route("/", get(overview::home))
        .route("/page/table", get(overview::show))
        .route("/page/table_full", get(overview::show_full))
        .route("/page/detail/{subject}/{scope}", get(detail::show))
        .route("/page/detail_full/{subject}/{scope}", get(detail::show_full))
        .route("/page/history/{subject}/{scope}", get(calendar::show))
        .route("/page/subject/{subject}", get(subject::show))
        .route("/page/scope/{scope}", get(scope::show))
        .route("/page/version/{scope}/{version}", get(asked::version))
        .route("/page/standard/{scope}/{standard}", get(asked::standard))
        .route("/page/test-case/{scope}/{case}", get(asked::test_case))
        .route("/page/report/{id}", get(report::show))
        .route("/page/report_full/{id}", get(report::show_full))
        .route("/page/certificates", get(certificates::list))
        .route("/page/certificate/{number}", get(certificates::one))
        .route("/page/changes", get(news::changes))
        .route("/page/subscribe", get(news::subscribe_form).post(news::subscribe))
        .route("/page/subscription/{token}", get(news::subscription).post(news::confirm))
        .route("/page/subscription/{token}/end", post(news::end))
        .route("/feed.atom", get(news::feed))
        .route("/sitemap.xml", get(news::sitemap))
        .route("/page/methodology", get(scope::methodology))
        .route("/badge/{subject}/{scope}", get(cell::badge))
        .with_state(monitor)
}

/// The console's pages, with addresses as they stand below `/console/monitor`.
pub(crate) fn console(monitor: Monitor) -> axum::Router {
    console::router(monitor)
}

/// The page of what the evidence names.
pub(crate) fn page_of(object: &str) -> Option<String> {
    let (kind, rest) = object.strip_prefix("monitor/")?.split_once('/')?;
    match kind {
        "reports" => Some(format!("/monitor/page/report/{}", Address::segment(rest))),
        "accounts" | "listings" | "scopes" => Some(format!("/console/monitor/{kind}")),
        "certificates" => Some(certificates::at(rest)),
        "waivers" | "results" => Some("/console/monitor/decisions".to_owned()),
        _ => None,
    }
}

/// The address of a subject's or a group's page.
pub(crate) fn detail_at(name: &str, scope: &str) -> Address {
    Address::new(format!("/monitor/page/detail/{}/{}", Address::segment(name), Address::segment(scope)))
}

/// A page as the usual answer, with the address of the same for programs.
fn shown(page: &stoa_ui::Page<'_>, twin: &str) -> Response {
    let mut response = stoa_web::page(StatusCode::OK, page);
    let link = format!("<{twin}>; rel=\"alternate\"; type=\"application/json\"");
    if let Ok(value) = HeaderValue::try_from(link) {
        response.headers_mut().insert(LINK, value);
    }
    response
}

/// With the tag of the state that it shows.
fn tagged(mut response: Response, tag: &str) -> Response {
    if let Ok(value) = HeaderValue::try_from(format!("W/\"{tag}\"")) {
        response.headers_mut().insert(ETAG, value);
    }
    response
}

/// The tenant whose monitor is looked at.
fn tenant(view: &View) -> stoa_core::Tenant {
    view.visitor.actor.as_ref().map(|actor| actor.tenant.clone()).unwrap_or_default()
}
