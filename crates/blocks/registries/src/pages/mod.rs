//! The console's pages of this block. Each works without scripts and knows no SQL: it asks [`Registries`] and draws.

mod designer;
mod export;
mod field_form;
mod field_typed;
mod history;
mod list;
mod purpose;
mod record_form;
mod records;
mod statistics;
mod uploads;
mod words;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use stoa_core::{FieldError, Problem};
use stoa_ui::{Address, Catalogue, Html, Locale, NavEntry, Notice, Tabs, Tone, Words};
use stoa_web::{Allowed, Right, View};

use crate::permission::{LogRead, RecordRead, RegistryDesign, RegistryRead};
use crate::service::{By, Registries, RegistryInfo, Uploads};

/// The texts of the pages.
pub(crate) const CATALOGUES: &[Catalogue] = &[
    Catalogue::new(Locale::En, include_str!("../../locales/en.ftl")),
    Catalogue::new(Locale::Fr, include_str!("../../locales/fr.ftl")),
    Catalogue::new(Locale::Ar, include_str!("../../locales/ar.ftl")),
    Catalogue::new(Locale::Sw, include_str!("../../locales/sw.ftl")),
];

/// The block's entries in the console's navigation.
pub(crate) const NAVIGATION: &[NavEntry] = &[NavEntry {
    group_key: "registries-group",
    label_key: "registries-nav",
    href: HOME,
    permission: Some(RegistryRead::INFO.permission),
}];

const HOME: &str = "/console/registries";

/// The pages, with addresses as they stand below [`HOME`].
pub(crate) fn router(registries: Registries, uploads: Uploads) -> Router {
    let files = Router::new()
        .route("/new-from-file", get(uploads::new_form).post(uploads::new_from_file))
        .route("/new-from-file/{id}", get(uploads::confirm).post(uploads::create))
        .route("/{code}/import", get(uploads::import_form).post(uploads::import))
        .route("/{code}/imports/{id}", get(uploads::show).post(uploads::start))
        .layer(DefaultBodyLimit::max(uploads::BODY_BYTES_MAX))
        .with_state(uploads);
    Router::new()
        .route("/", get(list::list))
        .route("/new", get(list::new).post(list::create))
        .route("/{code}", get(list::overview))
        .route("/{code}/delete", post(list::delete))
        .route("/{code}/records", get(records::list))
        .route("/{code}/records/new", get(record_form::new).post(record_form::create))
        .route("/{code}/records/{id}", get(records::show))
        .route("/{code}/records/{id}/edit", get(record_form::edit).post(record_form::update))
        .route("/{code}/records/{id}/delete", post(record_form::delete))
        .route("/{code}/schema", get(designer::show))
        .route("/{code}/schema/details", get(designer::details).post(designer::save_details))
        .route("/{code}/schema/fields/new", get(field_form::new).post(field_form::create))
        .route("/{code}/schema/fields/{field}", get(field_form::edit).post(field_form::update))
        .route("/{code}/schema/fields/{field}/remove", post(designer::remove))
        .route("/{code}/schema/fields/{field}/move", post(designer::shift))
        .route("/{code}/schema/preview", get(record_form::preview))
        .route("/{code}/schema/discard", post(designer::discard))
        .route("/{code}/schema/publish", get(designer::impact).post(designer::publish))
        .route("/{code}/changes", get(history::changes))
        .route("/{code}/reads", get(history::reads))
        .route("/{code}/statistics", get(statistics::show))
        .route("/{code}/purpose", get(purpose::form).post(purpose::state))
        .route("/{code}/export", get(export::form))
        .route("/{code}/export/file", get(export::file))
        .with_state(registries)
        .merge(files)
}

/// The page of what the evidence names: `registries/<code>` or `registries/<code>/<record>`.
pub(crate) fn page_of(object: &str) -> Option<String> {
    let mut parts = object.strip_prefix("registries/")?.split('/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(code), None, _) => Some(at(code).to_string()),
        (Some(code), Some(id), None) => {
            let id = id.parse::<crate::service::RecordId>().ok()?;
            Some(below(code, &format!("records/{id}")).to_string())
        }
        _ => None,
    }
}

/// The address of a register's pages.
fn at(code: &str) -> Address {
    Address::new(format!("{HOME}/{}", Address::segment(code)))
}

/// An address below a register's.
fn below(code: &str, rest: &str) -> Address {
    Address::new(format!("{HOME}/{}/{rest}", Address::segment(code)))
}

/// The views of one register, those that the visitor may open.
fn tabs(view: &View, info: &RegistryInfo, current: &str) -> Html {
    let w = view.words();
    let mut tabs = Tabs::new().tab(w.t("registries-overview"), at(&info.code).path(), current.is_empty());
    for (name, label, permission, shown) in [
        ("records", "registries-records", RecordRead::INFO.permission, !info.versions.is_empty()),
        ("schema", "registries-schema", RegistryDesign::INFO.permission, true),
        ("changes", "registries-changes", LogRead::INFO.permission, true),
        ("reads", "registries-reads", LogRead::INFO.permission, true),
        ("statistics", "registries-statistics", RegistryRead::INFO.permission, true),
    ] {
        if shown && view.visitor.may(permission) {
            tabs = tabs.tab(w.t(label), below(&info.code, name).path(), current == name);
        }
    }
    tabs.render(&info.name)
}

/// The outcome of what was done before, named in the address by `done`.
fn outcome(w: &Words, done: Option<&str>) -> Html {
    let key = match done {
        Some("created") => "registries-created",
        Some("record-created") => "registries-record-created",
        Some("record-saved") => "registries-record-saved",
        Some("record-deleted") => "registries-record-deleted",
        Some("field-added") => "registries-field-added",
        Some("field-saved") => "registries-field-saved",
        Some("field-removed") => "registries-field-removed",
        Some("details-saved") => "registries-details-saved",
        Some("discarded") => "registries-discarded",
        Some("published") => "registries-published-now",
        Some("publishing") => "registries-publishing-now",
        Some("deleted") => "registries-deleted",
        _ => return Html::empty(),
    };
    Notice::html(Tone::Good, w.t(key), Html::empty())
}

/// A page as the usual answer.
fn shown(page: &stoa_ui::Page<'_>) -> Response {
    stoa_web::page(StatusCode::OK, page)
}

/// A page with a form whose fields are at fault.
fn refused(page: &stoa_ui::Page<'_>) -> Response {
    stoa_web::page(StatusCode::UNPROCESSABLE_ENTITY, page)
}

/// Who asks, from a permission's proof; the proof stays usable.
fn by<P: Right>(allowed: &Allowed<P>) -> By {
    By { actor: allowed.actor.clone(), info: allowed.info.clone() }
}

/// What is wrong with the fields of a form, or the problem itself when it is not about fields.
fn field_errors(problem: Problem) -> Result<Vec<FieldError>, Problem> {
    if problem.errors.is_empty() { Err(problem) } else { Ok(problem.errors) }
}
