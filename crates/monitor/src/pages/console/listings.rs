//! How the public table names subjects and groups.

use axum::extract::State as Extract;
use axum::response::Response;
use stoa_core::FieldError;
use stoa_ui::{Address, Badge, Column, Confirm, Field, Form, Html, Page, Table, Tone};
use stoa_web::{Allowed, Fault, FormFields, Params, Path, Right as _, View, see_other};

use super::{HOME, fault, faults, outcome, refused, shown, tabs};
use crate::permission::{AccountRead, AccountWrite};
use crate::service::{By, Listing, Monitor};

pub(super) async fn list(
    allowed: Allowed<AccountRead>,
    view: View,
    Extract(monitor): Extract<Monitor>,
    params: Params,
) -> Result<Response, Fault> {
    let w = view.words();
    let by = By::from(allowed);
    let listings = monitor.listings(&by).await?;
    let mut names: Vec<String> = listings.iter().map(|listing| listing.name.clone()).collect();
    for account in monitor.accounts(&by).await? {
        let name = account.group.map_or(account.subject, |group| format!("group-{group}"));
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let may_write = view.visitor.may(AccountWrite::INFO.permission);
    let table = Table::new(w.t("monitor-listings"))
        .column(Column::new(w.t("monitor-subject")))
        .column(Column::new(w.t("monitor-title")))
        .column(Column::new(w.t("monitor-operator")))
        .column(Column::new(w.t("monitor-position")).numeric())
        .column(Column::new(w.t("monitor-state")))
        .rows(names.iter().map(|name| {
            let listing = listings.iter().find(|listing| listing.name == *name);
            let text = |text: Option<&str>| Html::isolated(text.filter(|text| !text.is_empty()).unwrap_or("–"));
            let at = format!("{HOME}/listings/{}", Address::segment(name));
            let state = match listing {
                None => Badge::html(Tone::Plain, w.t("monitor-listing-none")),
                Some(listing) if listing.hidden => Badge::html(Tone::Warning, w.t("monitor-listing-hidden")),
                Some(_) => Badge::html(Tone::Good, w.t("monitor-listing-shown")),
            };
            [
                if may_write { Html::link(at, name) } else { Html::isolated(name) },
                text(listing.map(|listing| listing.title.as_str())),
                text(listing.map(|listing| listing.operator.as_str())),
                Html::text(w.number(i128::from(listing.map_or(0, |listing| listing.position)))),
                state,
            ]
        }))
        .empty(Html::paragraph(w.t("monitor-accounts-none")));
    let page = Page::new(&view.frame, w.t("monitor-listings"))
        .wide()
        .lead(w.t("monitor-listings-lead"))
        .notice(outcome(w, &params))
        .push(tabs(&view, "listings"))
        .push(table.render(w));
    Ok(shown(&page))
}

pub(super) async fn edit_form(
    allowed: Allowed<AccountWrite>,
    view: View,
    Extract(monitor): Extract<Monitor>,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    let listings = monitor.listings(&By::from(allowed)).await?;
    let found = listings.into_iter().find(|listing| listing.name == name);
    let removal = found.as_ref().map(|listing| removal(&view, &listing.name));
    let listing = found.unwrap_or_else(|| Listing { name, ..Listing::default() });
    let page = listing_page(&view, &listing, &listing.position.to_string(), &[]);
    Ok(shown(&page.push(removal.unwrap_or_else(Html::empty))))
}

fn listing_page<'v>(view: &'v View, listing: &Listing, position: &str, found: &[FieldError]) -> Page<'v> {
    let w = view.words();
    let text = |name: &'static str, label: &str, value: &str, pointer: &str| {
        Field::text(name, w.t(label)).optional().value(value).error_if(fault(found, pointer))
    };
    let form =
        Form::post(format!("{HOME}/listings/{}", Address::segment(&listing.name)), &view.frame, w.t("monitor-save"))
            .field(text("title", "monitor-title", &listing.title, "/title"))
            .field(text("description", "monitor-description", &listing.description, "/description"))
            .field(text("url", "monitor-url", &listing.url, "/url").ltr())
            .field(text("operator", "monitor-operator", &listing.operator, "/operator"))
            .field(text("operator_url", "monitor-operator-url", &listing.operator_url, "/operatorUrl").ltr())
            .field(text("health_url", "monitor-health-url", &listing.health_url, "/healthUrl").ltr())
            .field(
                Field::integer("position", w.t("monitor-position"))
                    .hint(w.t("monitor-position-hint"))
                    .value(position)
                    .error_if(fault(found, "/position")),
            )
            .field(Field::checkbox("hidden", w.t("monitor-hidden"), listing.hidden))
            .cancel(format!("{HOME}/listings"))
            .redraws();
    Page::new(&view.frame, &listing.name).crumb(w.t("monitor-listings"), format!("{HOME}/listings")).form(&form)
}

/// The way to forget how the table named something.
fn removal(view: &View, name: &str) -> Html {
    let w = view.words();
    let at = format!("{HOME}/listings/{}/remove", Address::segment(name));
    let form = Form::post(at, &view.frame, w.t("monitor-listing-remove")).danger();
    let title = w.t("monitor-listing-remove");
    Confirm::html(title.clone(), title, w.t("monitor-listing-remove-text"), &form, w)
}

pub(super) async fn remove(
    allowed: Allowed<AccountWrite>,
    Extract(monitor): Extract<Monitor>,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    monitor.remove_listing(&By::from(allowed), &name).await?;
    Ok(see_other(&format!("{HOME}/listings?done=saved")))
}

pub(super) async fn save(
    allowed: Allowed<AccountWrite>,
    view: View,
    Extract(monitor): Extract<Monitor>,
    Path(name): Path<String>,
    typed: FormFields,
) -> Result<Response, Fault> {
    let text = |name: &str| typed.text(name).to_owned();
    let position = typed.text("position");
    let listing = Listing {
        name,
        title: text("title"),
        url: text("url"),
        description: text("description"),
        operator: text("operator"),
        operator_url: text("operator_url"),
        health_url: text("health_url"),
        position: position.parse().unwrap_or(0),
        hidden: typed.is_checked("hidden"),
    };
    if view.is_redraw() {
        return Ok(shown(&listing_page(&view, &listing, position, &[])));
    }
    if !position.is_empty() && position.parse::<i64>().is_err() {
        let error =
            FieldError { pointer: "/position".to_owned(), code: "type", message: "must be a whole number".to_owned() };
        return Ok(refused(&listing_page(&view, &listing, position, &[error])));
    }
    match monitor.put_listing(&By::from(allowed), listing.clone()).await {
        Ok(()) => Ok(see_other(&format!("{HOME}/listings?done=saved"))),
        Err(error) => Ok(refused(&listing_page(&view, &listing, position, &faults(error.into())?))),
    }
}
