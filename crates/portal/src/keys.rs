//! API keys of programs: made, listed, replaced, revoked.

use std::time::Duration;

use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use stoa_core::{FieldError, Id, Instant, Problem, Refusal, Role};
use stoa_ui::{Address, Badge, Choice, Column, Confirm, Field, Form, Html, Notice, Page, Table, Tone, actions, code};
use stoa_web::{Allowed, ApiKey, Fault, FormFields, NewKey, Params, Path, View, cookie, see_other};

use crate::{KeysManage, State, page_of, shown};

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
    let (keys, paging) = page_of(w, &Address::new("/console/keys"), &keys, params.number("page")?.unwrap_or(1));
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
                further(&view, key).then(revoke_form(&view, key, now)),
            ]
        }))
        .empty(Html::paragraph(w.t("portal-keys-none")))
        .paging(paging);
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

/// The way to a new key for the same program, before the old one is revoked.
fn further(view: &View, key: &ApiKey) -> Html {
    let address = Address::new("/console/keys/new").with("name", &key.name);
    Html::link(address.to_string(), view.words().t("portal-key-further")).then(Html::trusted(" "))
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

/// What a person typed, or begins with.
#[derive(Default)]
struct Typed {
    name: String,
    roles: Vec<String>,
    days: String,
}

impl From<&FormFields> for Typed {
    fn from(fields: &FormFields) -> Self {
        Self {
            name: fields.text("name").to_owned(),
            roles: fields.all("roles").map(str::to_owned).collect(),
            days: fields.text("days").to_owned(),
        }
    }
}

fn new_page<'a>(view: &'a View, typed: &Typed, errors: &[FieldError]) -> Page<'a> {
    let w = view.words();
    let message =
        |pointer: &str| errors.iter().find(|error| error.pointer == pointer).map(|error| error.message.clone());
    let roles = Role::ALL.iter().map(|role| {
        Choice::new(role.0, w.t(&format!("portal-role-{}", role.0)))
            .hint(w.t(&format!("portal-role-{}-about", role.0)))
            .chosen(typed.roles.iter().any(|chosen| chosen == role.0))
    });
    let form = Form::post("/console/keys/new", &view.frame, w.t("portal-key-create"))
        .field(
            Field::text("name", w.t("portal-key-name"))
                .hint(w.t("portal-key-name-hint"))
                .value(&typed.name)
                .error_if(message("/name")),
        )
        .field(Field::checkboxes("roles", w.t("portal-roles"), roles).error_if(message("/roles")))
        .field(
            Field::integer("days", w.t("portal-key-days"))
                .hint(w.t("portal-key-days-hint"))
                .optional()
                .value(&typed.days)
                .error_if(message("/expiresAt")),
        )
        .cancel("/console/keys")
        .redraws();
    Page::new(&view.frame, w.t("portal-key-new"))
        .crumb(w.t("ui-console"), "/console")
        .crumb(w.t("portal-keys"), "/console/keys")
        .form(&form)
}

/// The form for a new key; `name` begins with the roles of a program that is there.
pub(crate) async fn new(
    allowed: Allowed<KeysManage>,
    view: View,
    parts: State,
    params: Params,
) -> Result<Response, Fault> {
    let mut typed = Typed { name: params.get("name").unwrap_or_default().to_owned(), ..Typed::default() };
    if !typed.name.is_empty() {
        typed.roles = parts.node.roles_of_account(&allowed.actor.tenant, &typed.name).await?.unwrap_or_default();
    }
    Ok(shown(&new_page(&view, &typed, &[])))
}

/// Makes a key and leads to the page that shows it.
pub(crate) async fn create(
    allowed: Allowed<KeysManage>,
    view: View,
    parts: State,
    fields: FormFields,
) -> Result<Response, Fault> {
    let w = view.words();
    let typed = Typed::from(&fields);
    if view.is_redraw() {
        return Ok(shown(&new_page(&view, &typed, &[])));
    }
    let mut errors = Vec::new();
    let mut refuse = |pointer: &str, key: &str| {
        errors.push(FieldError { pointer: pointer.to_owned(), code: "required", message: w.t(key) });
    };
    if typed.name.is_empty() {
        refuse("/name", "portal-key-name-missing");
    }
    if typed.roles.is_empty() {
        refuse("/roles", "portal-roles-missing");
    }
    let mut expires_at = None;
    if !typed.days.is_empty() {
        match typed.days.parse::<u64>().ok().filter(|days| (1..=3650).contains(days)) {
            Some(days) => {
                expires_at = Some(parts.node.store().clock().now().plus(Duration::from_hours(24 * days)));
            }
            None => refuse("/expiresAt", "portal-key-days-wrong"),
        }
    }
    if errors.is_empty() {
        let new = NewKey { name: typed.name.clone(), roles: typed.roles.clone(), expires_at };
        match parts.node.create_key(&allowed.actor, new).await {
            Ok((key, text)) => return Ok(to_the_new_key(&key, &text, parts.is_https())),
            Err(problem) if problem.errors.is_empty() => return Err(problem.into()),
            Err(problem) => errors = problem.errors.into_iter().map(|error| in_words(&view, error)).collect(),
        }
    }
    Ok(stoa_web::page(StatusCode::UNPROCESSABLE_ENTITY, &new_page(&view, &typed, &errors)))
}

/// The refusals that people meet, in their language.
fn in_words(view: &View, error: FieldError) -> FieldError {
    let key = match error.code {
        "forbidden" => "portal-roles-too-many",
        "conflict" => "portal-roles-differ",
        _ => return error,
    };
    FieldError { message: view.words().t(key), ..error }
}

/// The cookie that carries a new key to the page that shows it. The node itself keeps only a fingerprint, and a page that
/// answers the form itself would make a second key when it is loaded again, and be gone with a switch of language.
const NEW_KEY_COOKIE: &str = "stoa_new_key";
/// How long the page shows the key.
const SHOWN_SECONDS: u32 = 600;

fn to_the_new_key(key: &ApiKey, text: &str, is_https: bool) -> Response {
    let path = format!("/console/keys/{}", key.id);
    let mut response = see_other(&path);
    let secure = if is_https { "; Secure" } else { "" };
    let cookie =
        format!("{NEW_KEY_COOKIE}={text}; Path={path}; Max-Age={SHOWN_SECONDS}; HttpOnly; SameSite=Strict{secure}");
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// A new key, to whoever has just made it.
pub(crate) async fn made(
    allowed: Allowed<KeysManage>,
    view: View,
    parts: State,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let w = view.words();
    let missing = || Problem::new(Refusal::NotFound, "web.key_not_found");
    let keys = parts.node.list_keys(&allowed.actor).await?;
    let key = keys.iter().find(|key| key.id.to_string() == id).ok_or_else(missing)?;
    let page = Page::new(&view.frame, w.with("portal-key-made", &[("name", (&key.name).into())]))
        .crumb(w.t("ui-console"), "/console")
        .crumb(w.t("portal-keys"), "/console/keys");
    let way = Html::trusted("<p>").then(actions([(w.t("portal-key-done"), "/console/keys".to_owned())]));
    let Some(text) = cookie(&headers, NEW_KEY_COOKIE).filter(|text| text.starts_with(&key.prefix)) else {
        let told = Notice::html(Tone::Info, w.t("portal-key-gone"), Html::paragraph(w.t("portal-key-keep")));
        return Ok(shown(&page.push(told)));
    };
    let page = page
        .push(Notice::html(Tone::Warning, w.t("portal-key-once"), Html::paragraph(w.t("portal-key-keep"))))
        .push(code(w.t("portal-key"), text, w))
        .push(Html::heading(w.t("portal-key-use")))
        .push(code(w.t("portal-key-use"), format!("curl -H \"Authorization: Bearer {text}\" …"), w))
        .push(way.then(Html::trusted("</p>")));
    Ok(shown(&page))
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
