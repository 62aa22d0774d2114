//! API keys of programs: made, listed, revoked.

use std::time::Duration;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use stoa_core::{FieldError, Id, Instant, Problem, Refusal, Role};
use stoa_ui::{Badge, Choice, Column, Confirm, Field, Form, Html, Notice, Page, Table, Tone, actions, code};
use stoa_web::{Allowed, ApiKey, Fault, FormFields, NewKey, Params, View, see_other};

use crate::{KeysManage, State, shown};

/// All keys.
pub(crate) async fn list(
    allowed: Allowed<KeysManage>,
    view: View,
    parts: State,
    params: Params,
) -> Result<Response, Fault> {
    let w = view.words();
    let now = parts.node.store().clock().now();
    let keys = parts.node.list_keys(&allowed.actor).await?;
    let table = Table::new(w.t("portal-keys"))
        .column(Column::new(w.t("portal-key-name")))
        .column(Column::new(w.t("portal-key-begins")))
        .column(Column::new(w.t("portal-roles")))
        .column(Column::new(w.t("portal-state")))
        .column(Column::new(w.t("portal-key-used")))
        .column(Column::new(w.t("portal-actions")).quiet())
        .rows(keys.iter().map(|key| {
            let used = key.last_used_at.map_or_else(|| Html::quiet(w.t("portal-never")), |at| w.ago(at, now));
            [
                Html::isolated(&key.name),
                Html::code(format!("{}…", key.prefix)),
                Html::text(
                    key.roles.iter().map(|role| w.t(&format!("portal-role-{role}"))).collect::<Vec<_>>().join(", "),
                ),
                state(&view, key, now),
                used,
                revoke_form(&view, key, now),
            ]
        }))
        .empty(Html::paragraph(w.t("portal-keys-none")));
    let mut page = Page::new(&view.frame, w.t("portal-keys"))
        .crumb(w.t("ui-console"), "/console")
        .lead(w.t("portal-keys-about"))
        .actions(actions([(w.t("portal-key-new"), "/console/keys/new".to_owned())]))
        .push(table.render(w));
    if params.get("done") == Some("revoked") {
        page = page.notice(Notice::html(Tone::Good, w.t("portal-key-revoked"), Html::empty()));
    }
    Ok(shown(&page))
}

fn state(view: &View, key: &ApiKey, now: Instant) -> Html {
    let w = view.words();
    match (key.revoked_at, key.expires_at) {
        (Some(_), _) => Badge::html(Tone::Bad, w.t("portal-key-state-revoked")),
        (None, Some(at)) if at <= now => Badge::html(Tone::Warning, w.t("portal-key-state-expired")),
        (None, Some(at)) => {
            Badge::html(Tone::Good, w.t("portal-key-state-valid")).then(Html::trusted(" ")).then(w.ago(at, now))
        }
        (None, None) => Badge::html(Tone::Good, w.t("portal-key-state-valid")),
    }
}

fn revoke_form(view: &View, key: &ApiKey, now: Instant) -> Html {
    let w = view.words();
    if key.revoked_at.is_some() || key.expires_at.is_some_and(|at| at <= now) {
        return Html::empty();
    }
    let form = Form::post(format!("/console/keys/{}/revoke", key.id), &view.frame, w.t("portal-key-revoke")).danger();
    Confirm::html(
        w.t("portal-key-revoke"),
        w.with("portal-key-revoke-title", &[("name", (&key.name).into())]),
        w.t("portal-key-revoke-text"),
        &form,
        w,
    )
}

fn new_page<'a>(view: &'a View, typed: &FormFields, errors: &[FieldError]) -> Page<'a> {
    let w = view.words();
    let message =
        |pointer: &str| errors.iter().find(|error| error.pointer == pointer).map(|error| error.message.clone());
    let roles = Role::ALL.iter().map(|role| {
        Choice::new(role.0, w.t(&format!("portal-role-{}", role.0)))
            .hint(w.t(&format!("portal-role-{}-about", role.0)))
            .chosen(typed.all("roles").any(|chosen| chosen == role.0))
    });
    let form = Form::post("/console/keys/new", &view.frame, w.t("portal-key-create"))
        .field(
            Field::text("name", w.t("portal-key-name"))
                .hint(w.t("portal-key-name-hint"))
                .value(typed.text("name"))
                .error_if(message("/name")),
        )
        .field(Field::checkboxes("roles", w.t("portal-roles"), roles).error_if(message("/roles")))
        .field(
            Field::integer("days", w.t("portal-key-days"))
                .hint(w.t("portal-key-days-hint"))
                .optional()
                .value(typed.text("days"))
                .error_if(message("/expiresAt")),
        )
        .cancel("/console/keys");
    Page::new(&view.frame, w.t("portal-key-new"))
        .crumb(w.t("ui-console"), "/console")
        .crumb(w.t("portal-keys"), "/console/keys")
        .errors(form.errors())
        .push(form.render(w))
}

/// The form for a new key.
pub(crate) async fn new(_: Allowed<KeysManage>, view: View) -> Response {
    shown(&new_page(&view, &FormFields::default(), &[]))
}

/// Makes a key and shows it, this once.
pub(crate) async fn create(
    allowed: Allowed<KeysManage>,
    view: View,
    parts: State,
    typed: FormFields,
) -> Result<Response, Fault> {
    let w = view.words();
    let mut errors = Vec::new();
    let mut refuse = |pointer: &str, key: &str| {
        errors.push(FieldError { pointer: pointer.to_owned(), code: "required", message: w.t(key) });
    };
    if typed.text("name").is_empty() {
        refuse("/name", "portal-key-name-missing");
    }
    let roles: Vec<String> = typed.all("roles").map(str::to_owned).collect();
    if roles.is_empty() {
        refuse("/roles", "portal-roles-missing");
    }
    let mut expires_at = None;
    if !typed.text("days").is_empty() {
        match typed.text("days").parse::<u64>().ok().filter(|days| (1..=3650).contains(days)) {
            Some(days) => {
                expires_at = Some(parts.node.store().clock().now().plus(Duration::from_hours(24 * days)));
            }
            None => refuse("/expiresAt", "portal-key-days-wrong"),
        }
    }
    if errors.is_empty() {
        // Nobody gives away what they do not have: a key has no more rights than whoever makes it.
        let wanted: Vec<&str> = roles.iter().map(String::as_str).collect();
        let given = parts.node.permissions_of(&wanted);
        let own = &allowed.actor.permissions;
        let exceeds = match (&given, own) {
            (_, stoa_core::Permissions::All) => false,
            (stoa_core::Permissions::All, _) => true,
            (stoa_core::Permissions::Only(set), own) => set.iter().any(|permission| !own.contains(*permission)),
        };
        if exceeds {
            errors.push(FieldError {
                pointer: "/roles".to_owned(),
                code: "forbidden",
                message: w.t("portal-roles-too-many"),
            });
        }
    }
    if errors.is_empty() {
        let new = NewKey { name: typed.text("name").to_owned(), roles, expires_at };
        match parts.node.create_key(&allowed.actor, new).await {
            Ok((key, text)) => return Ok(shown(&made(&view, &key, &text))),
            Err(problem) if problem.errors.is_empty() => return Err(problem.into()),
            Err(problem) => errors = problem.errors,
        }
    }
    Ok(stoa_web::page(StatusCode::UNPROCESSABLE_ENTITY, &new_page(&view, &typed, &errors)))
}

fn made<'a>(view: &'a View, key: &ApiKey, text: &str) -> Page<'a> {
    let w = view.words();
    Page::new(&view.frame, w.with("portal-key-made", &[("name", (&key.name).into())]))
        .crumb(w.t("ui-console"), "/console")
        .crumb(w.t("portal-keys"), "/console/keys")
        .push(Notice::html(Tone::Warning, w.t("portal-key-once"), Html::paragraph(w.t("portal-key-keep"))))
        .push(code(w.t("portal-key"), text, w))
        .push(Html::heading(w.t("portal-key-use")))
        .push(code(w.t("portal-key-use"), format!("curl -H \"Authorization: Bearer {text}\" …"), w))
        .push(actions([(w.t("portal-key-done"), "/console/keys".to_owned())]))
}

/// Ends a key at once.
pub(crate) async fn revoke(
    allowed: Allowed<KeysManage>,
    parts: State,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let id = id.parse::<Id<_>>().map_err(|_| Problem::new(Refusal::NotFound, "web.key_not_found"))?;
    parts.node.revoke_key(&allowed.actor, id).await?;
    Ok(see_other("/console/keys?done=revoked"))
}
