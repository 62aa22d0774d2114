//! The console's pages: accounts, how the public table names them, scopes, and what people decide.

use std::fmt::Write as _;

use axum::Router;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use stoa_core::{FieldError, Problem};
use stoa_ui::{
    Address, Badge, Choice, Column, Confirm, Field, Form, Html, Notice, Page, Paging, Table, Tabs, Tone, Words,
    actions, code,
};
use stoa_web::{Allowed, Fault, FormFields, Params, Path, Right as _, View, see_other};

use crate::model::account::AccountRole;
use crate::permission::{AccountRead, AccountWrite, CertificateIssue, ResultApprove, ResultPropose};
use crate::service::{
    Account, AccountKey, By, Certificate, CertificateState, Listing, Monitor, NewAccount, NewCertificate, NewManual,
    NewWaiver,
};

const HOME: &str = "/console/monitor";
/// Accounts on one page.
const PAGE_SIZE: u32 = 50;

pub(super) fn router(monitor: Monitor) -> Router {
    Router::new()
        .route("/", get(accounts))
        .route("/accounts", get(accounts))
        .route("/accounts/new", get(new_account).post(create_account))
        .route("/accounts/{subject}", get(edit_account).post(save_account))
        .route("/accounts/{subject}/secret", post(issue_secret))
        .route("/accounts/{subject}/revoke", post(revoke_secrets))
        .route("/accounts/{subject}/retire", post(retire))
        .route("/listings", get(listings))
        .route("/listings/{name}", get(edit_listing).post(save_listing))
        .route("/listings/{name}/remove", post(remove_listing))
        .route("/scopes", get(scopes))
        .route("/scopes/write", get(scope_form).post(save_scope))
        .route("/certificates", get(certificates))
        .route("/certificates/issue", get(issue_form).post(issue))
        .route("/certificates/{number}", get(change_form).post(change))
        .route("/decisions", get(decisions))
        .route("/decisions/waive", get(waive_form).post(waive))
        .route("/decisions/record", get(record_form).post(record))
        .route("/decisions/{id}/{what}", post(decide))
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

async fn accounts(
    allowed: Allowed<AccountRead>,
    view: View,
    Extract(monitor): Extract<Monitor>,
    params: Params,
) -> Result<Response, Fault> {
    let w = view.words();
    let may_write = view.visitor.may(AccountWrite::INFO.permission);
    let wanted = params.get("q").unwrap_or("").trim();
    let mut found = monitor.accounts(&By::from(allowed)).await?;
    let text = wanted.to_lowercase();
    found.retain(|account| {
        let group = account.group.as_deref().unwrap_or("");
        account.subject.to_lowercase().contains(&text) || group.to_lowercase().contains(&text)
    });
    let total = u64::try_from(found.len()).unwrap_or(u64::MAX);
    let number = params.number("page")?.unwrap_or(1).clamp(1, Paging::pages(PAGE_SIZE, total));
    let here = Address::new(format!("{HOME}/accounts")).with("q", wanted);
    let form = Form::search(format!("{HOME}/accounts"), w)
        .field(Field::search("q", w.t("monitor-search-account")).value(wanted));
    let form = if wanted.is_empty() { form } else { form.cancel(format!("{HOME}/accounts")) };
    let empty = if wanted.is_empty() {
        let how = code(w.t("monitor-import-how"), "stoa monitor import-bootstrap bootstrap.yaml", w);
        Html::paragraph(w.t("monitor-accounts-none")).then(how)
    } else {
        Html::paragraph(w.t("monitor-none-found"))
    };
    let (first, size) = (usize::try_from((number - 1) * PAGE_SIZE).unwrap_or(usize::MAX), PAGE_SIZE as usize);
    let table = Table::new(w.t("monitor-accounts"))
        .column(Column::new(w.t("monitor-subject")))
        .column(Column::new(w.t("monitor-group-name")))
        .column(Column::new(w.t("monitor-roles")))
        .column(Column::new(w.t("monitor-keys")).numeric())
        .column(Column::new(w.t("monitor-secrets")).numeric())
        .column(Column::new(w.t("monitor-delegates")))
        .rows(found.into_iter().skip(first).take(size).map(|account| {
            let at = format!("{HOME}/accounts/{}", Address::segment(&account.subject));
            let name = if may_write { Html::link(at, &account.subject) } else { Html::isolated(&account.subject) };
            [
                name,
                Html::isolated(account.group.as_deref().unwrap_or("–")),
                Html::text(roles(w, &account.roles)),
                Html::text(w.number(i128::try_from(account.keys.len()).unwrap_or(0))),
                Html::text(w.number(i128::try_from(account.secrets).unwrap_or(0))),
                Html::isolated(if account.delegates.is_empty() {
                    "–".to_owned()
                } else {
                    account.delegates.join(", ")
                }),
            ]
        }))
        .empty(empty)
        .paging(Paging::numbered(w, &here, number, PAGE_SIZE, total));
    let mut page = Page::new(&view.frame, w.t("monitor-accounts"))
        .wide()
        .lead(w.t("monitor-accounts-lead"))
        .notice(outcome(w, &params))
        .push(tabs(&view, "accounts"))
        .push(form.render(w))
        .push(table.render(w));
    let mut links = vec![(w.t("monitor-overview"), super::HOME.to_owned())];
    if may_write {
        links.insert(0, (w.t("monitor-account-new"), format!("{HOME}/accounts/new")));
    }
    page = page.actions(actions(links));
    Ok(shown(&page))
}

fn roles(w: &Words, roles: &[AccountRole]) -> String {
    if roles.is_empty() {
        return "–".to_owned();
    }
    roles.iter().map(|role| w.t(role_key(*role))).collect::<Vec<_>>().join(", ")
}

const fn role_key(role: AccountRole) -> &'static str {
    match role {
        AccountRole::ReadAny => "monitor-role-read-any",
        AccountRole::AppendAny => "monitor-role-append-any",
        AccountRole::Admin => "monitor-role-admin",
        AccountRole::Approve => "monitor-role-approve",
    }
}

/// An account as its form holds it.
#[derive(Clone)]
struct Typed {
    subject: String,
    group: String,
    roles: Vec<String>,
    keys: String,
    delegates: String,
    email: String,
    /// Whether mail can be sent at all.
    sends_mail: bool,
}

impl Typed {
    fn of_form(monitor: &Monitor, typed: &FormFields, subject: Option<&str>) -> Self {
        Self {
            sends_mail: monitor.has_mail(),
            subject: subject.map_or_else(|| typed.text("subject").to_owned(), str::to_owned),
            group: typed.text("group").to_owned(),
            roles: typed.all("roles").map(str::to_owned).collect(),
            keys: typed.text("keys").to_owned(),
            delegates: typed.text("delegates").to_owned(),
            email: typed.text("email").to_owned(),
        }
    }

    fn of_account(monitor: &Monitor, account: &Account) -> Self {
        let mut keys = String::new();
        for key in &account.keys {
            let _ = writeln!(keys, "{} {}", key.name, key.public_key);
        }
        Self {
            sends_mail: monitor.has_mail(),
            subject: account.subject.clone(),
            group: account.group.clone().unwrap_or_default(),
            roles: account.roles.iter().map(|role| role.name().to_owned()).collect(),
            keys,
            delegates: account.delegates.join("\n"),
            email: account.email.clone(),
        }
    }

    fn into_new(self) -> NewAccount {
        let lines = |text: &str| -> Vec<String> {
            text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
        };
        let keys = lines(&self.keys).into_iter().map(|line| {
            let (name, key) = line.split_once(' ').unwrap_or((&line, ""));
            AccountKey { name: name.to_owned(), public_key: key.trim().to_owned() }
        });
        NewAccount {
            group: Some(self.group).filter(|group| !group.is_empty()),
            keys: keys.collect(),
            delegates: lines(&self.delegates),
            email: self.email,
            roles: self.roles,
        }
    }
}

fn account_form(view: &View, action: &str, typed: &Typed, is_new: bool, found: &[FieldError]) -> Form {
    let w = view.words();
    let choices = AccountRole::ALL.map(|role| {
        Choice::new(role.name(), w.t(role_key(role))).chosen(typed.roles.iter().any(|name| name == role.name()))
    });
    let subject = if is_new {
        Field::text("subject", w.t("monitor-subject")).value(&typed.subject).error_if(fault(found, "/subject"))
    } else {
        Field::shown("subject", w.t("monitor-subject"), &typed.subject)
    };
    Form::post(action, &view.frame, w.t("monitor-save"))
        .field(subject)
        .field(
            Field::text("group", w.t("monitor-group-name"))
                .hint(w.t("monitor-group-hint"))
                .optional()
                .value(&typed.group)
                .error_if(fault(found, "/group")),
        )
        .field(Field::checkboxes("roles", w.t("monitor-roles"), choices))
        .field(
            Field::area("keys", w.t("monitor-keys"), 4)
                .hint(w.t("monitor-keys-hint"))
                .optional()
                .ltr()
                .value(&typed.keys)
                .error_if(fault(found, "/keys")),
        )
        .field(
            Field::area("delegates", w.t("monitor-delegates"), 3)
                .hint(w.t("monitor-delegates-hint"))
                .optional()
                .value(&typed.delegates)
                .error_if(fault(found, "/delegates")),
        )
        .field(
            Field::text("email", w.t("monitor-operator-email"))
                .ltr()
                .hint(w.t(if typed.sends_mail { "monitor-operator-email-hint" } else { "monitor-no-mail" }))
                .optional()
                .value(&typed.email)
                .error_if(fault(found, "/email")),
        )
        .cancel(format!("{HOME}/accounts"))
        .redraws()
}

async fn new_account(_: Allowed<AccountWrite>, view: View, Extract(monitor): Extract<Monitor>) -> Response {
    shown(&new_page(&view, &Typed::of_form(&monitor, &FormFields::default(), None), &[]))
}

fn new_page<'v>(view: &'v View, typed: &Typed, found: &[FieldError]) -> Page<'v> {
    let w = view.words();
    let form = account_form(view, &format!("{HOME}/accounts/new"), typed, true, found);
    Page::new(&view.frame, w.t("monitor-account-new"))
        .crumb(w.t("monitor-accounts"), format!("{HOME}/accounts"))
        .form(&form)
}

async fn create_account(
    allowed: Allowed<AccountWrite>,
    view: View,
    Extract(monitor): Extract<Monitor>,
    typed: FormFields,
) -> Result<Response, Fault> {
    let typed = Typed::of_form(&monitor, &typed, None);
    if view.is_redraw() {
        return Ok(shown(&new_page(&view, &typed, &[])));
    }
    let subject = typed.subject.clone();
    let (again, by) = (typed.clone(), By::from(allowed));
    match monitor.create_account(&by, &subject, typed.into_new()).await {
        Ok(_) => Ok(see_other(&format!("{HOME}/accounts?done=saved"))),
        Err(error) => Ok(refused(&new_page(&view, &again, &faults(error.into())?))),
    }
}

async fn edit_account(
    allowed: Allowed<AccountWrite>,
    view: View,
    Extract(monitor): Extract<Monitor>,
    Path(subject): Path<String>,
    params: Params,
) -> Result<Response, Fault> {
    let account = monitor.account(&By::from(allowed), &subject).await?;
    let typed = Typed::of_account(&monitor, &account);
    let page = edit_page(&view, &typed, &[]).notice(outcome(view.words(), &params));
    Ok(shown(&page))
}

fn edit_page<'v>(view: &'v View, typed: &Typed, found: &[FieldError]) -> Page<'v> {
    let w = view.words();
    let at = format!("{HOME}/accounts/{}", Address::segment(&typed.subject));
    let form = account_form(view, &at, typed, false, found);
    let secret = Form::post(format!("{at}/secret"), &view.frame, w.t("monitor-secret-issue"));
    let revoke = Form::post(format!("{at}/revoke"), &view.frame, w.t("monitor-secrets-revoke")).danger();
    let retire = Form::post(format!("{at}/retire"), &view.frame, w.t("monitor-retire")).danger();
    Page::new(&view.frame, &typed.subject)
        .crumb(w.t("monitor-accounts"), format!("{HOME}/accounts"))
        .form(&form)
        .push(Html::heading(w.t("monitor-secrets")))
        .push(Html::paragraph(w.t("monitor-secrets-lead")))
        .push(secret.render(w))
        .push(Confirm::html(
            w.t("monitor-secrets-revoke"),
            w.t("monitor-secrets-revoke"),
            w.t("monitor-secrets-revoke-text"),
            &revoke,
            w,
        ))
        .push(Confirm::html(w.t("monitor-retire"), w.t("monitor-retire"), w.t("monitor-retire-text"), &retire, w))
}

async fn save_account(
    allowed: Allowed<AccountWrite>,
    view: View,
    Extract(monitor): Extract<Monitor>,
    Path(subject): Path<String>,
    typed: FormFields,
) -> Result<Response, Fault> {
    let typed = Typed::of_form(&monitor, &typed, Some(&subject));
    if view.is_redraw() {
        return Ok(shown(&edit_page(&view, &typed, &[])));
    }
    let again = typed.clone();
    match monitor.put_account(&By::from(allowed), &subject, typed.into_new()).await {
        Ok(_) => Ok(see_other(&format!("{HOME}/accounts?done=saved"))),
        Err(error) => Ok(refused(&edit_page(&view, &again, &faults(error.into())?))),
    }
}

async fn issue_secret(
    allowed: Allowed<AccountWrite>,
    view: View,
    Extract(monitor): Extract<Monitor>,
    Path(subject): Path<String>,
) -> Result<Response, Fault> {
    let w = view.words();
    let secret = monitor.issue_secret(&By::from(allowed), &subject).await?;
    let at = format!("{HOME}/accounts/{}", Address::segment(&subject));
    let page = Page::new(&view.frame, w.t("monitor-secret-issued"))
        .crumb(w.t("monitor-accounts"), format!("{HOME}/accounts"))
        .crumb(&subject, at)
        .lead(w.t("monitor-secret-once"))
        .push(code(w.t("monitor-secret"), &secret, w));
    Ok(shown(&page))
}

async fn revoke_secrets(
    allowed: Allowed<AccountWrite>,
    Extract(monitor): Extract<Monitor>,
    Path(subject): Path<String>,
) -> Result<Response, Fault> {
    monitor.revoke_secrets(&By::from(allowed), &subject).await?;
    Ok(see_other(&format!("{HOME}/accounts/{}?done=revoked", Address::segment(&subject))))
}

async fn retire(
    allowed: Allowed<AccountWrite>,
    Extract(monitor): Extract<Monitor>,
    Path(subject): Path<String>,
) -> Result<Response, Fault> {
    monitor.retire_account(&By::from(allowed), &subject).await?;
    Ok(see_other(&format!("{HOME}/accounts?done=retired")))
}

async fn listings(
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

async fn edit_listing(
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

async fn remove_listing(
    allowed: Allowed<AccountWrite>,
    Extract(monitor): Extract<Monitor>,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    monitor.remove_listing(&By::from(allowed), &name).await?;
    Ok(see_other(&format!("{HOME}/listings?done=saved")))
}

async fn save_listing(
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

async fn scopes(
    allowed: Allowed<AccountRead>,
    view: View,
    Extract(monitor): Extract<Monitor>,
    params: Params,
) -> Result<Response, Fault> {
    let w = view.words();
    let may_write = view.visitor.may(AccountWrite::INFO.permission);
    let board = monitor.board(&allowed.actor.tenant).await?;
    let by = By::from(allowed);
    let added = monitor.added_scopes(&by).await?;
    let table = Table::new(w.t("monitor-scopes"))
        .column(Column::new(w.t("monitor-scope")))
        .column(Column::new(w.t("monitor-alias")))
        .column(Column::new(w.t("monitor-versions")))
        .column(Column::new(w.t("monitor-test-cases")).numeric())
        .column(Column::new(w.t("monitor-scope-origin")))
        .rows(board.scopes.iter().map(|known| {
            let origin = match added.contains(&known.alias) {
                false => Html::text(w.t("monitor-scope-built-in")),
                true if may_write => {
                    let at = Address::new(format!("{HOME}/scopes/write")).with("alias", &known.alias);
                    Html::link(at.to_string(), w.t("monitor-scope-change"))
                }
                true => Html::text(w.t("monitor-scope-added")),
            };
            let names: Vec<&str> = known.scope.versions.iter().map(|version| version.name.as_str()).collect();
            [
                Html::link(format!("/monitor/page/scope/{}", Address::segment(&known.alias)), &known.scope.name),
                Html::code(&known.alias),
                Html::text(names.join(", ")),
                Html::text(w.number(i128::try_from(known.scope.test_cases.len()).unwrap_or(0))),
                origin,
            ]
        }));
    let command = "curl -T scope.yaml -H \"Authorization: Bearer $KEY\" \"$STOA/monitor/v1/scopes?alias=example\"";
    let page = Page::new(&view.frame, w.t("monitor-scopes"))
        .wide()
        .lead(w.t("monitor-scopes-lead"))
        .notice(outcome(w, &params))
        .push(tabs(&view, "scopes"))
        .push(table.render(w));
    if !may_write {
        return Ok(shown(&page));
    }
    let page = page.actions(actions([(w.t("monitor-scope-add"), format!("{HOME}/scopes/write"))])).push(code(
        w.t("monitor-scope-by-program"),
        command,
        w,
    ));
    Ok(shown(&page))
}

fn scope_page<'v>(view: &'v View, alias: &str, document: &str, found: &[FieldError]) -> Page<'v> {
    let w = view.words();
    // What is wrong within the document is told with its line, all at once.
    let within = found.iter().filter(|fault| fault.pointer != "/alias");
    let within: Vec<String> = within.map(|fault| format!("{}: {}", fault.pointer, fault.message)).collect();
    let error = (!within.is_empty()).then(|| Html::text(within.join(" · ")).in_english());
    let form = Form::post(format!("{HOME}/scopes/write"), &view.frame, w.t("monitor-save"))
        .field(
            Field::text("alias", w.t("monitor-alias"))
                .hint(w.t("monitor-alias-hint"))
                .ltr()
                .value(alias)
                .error_if(fault(found, "/alias")),
        )
        .field(
            Field::area("document", w.t("monitor-document"), 20)
                .hint(w.t("monitor-document-hint"))
                .ltr()
                .value(document)
                .error_if(error),
        )
        .cancel(format!("{HOME}/scopes"))
        .redraws();
    Page::new(&view.frame, w.t("monitor-scope-add")).crumb(w.t("monitor-scopes"), format!("{HOME}/scopes")).form(&form)
}

async fn scope_form(
    allowed: Allowed<AccountWrite>,
    view: View,
    Extract(monitor): Extract<Monitor>,
    params: Params,
) -> Result<Response, Fault> {
    let alias = params.get("alias").unwrap_or("");
    let document = monitor.scope_document(&By::from(allowed), alias).await?.unwrap_or_default();
    Ok(shown(&scope_page(&view, alias, &document, &[])))
}

async fn save_scope(
    allowed: Allowed<AccountWrite>,
    view: View,
    Extract(monitor): Extract<Monitor>,
    typed: FormFields,
) -> Result<Response, Fault> {
    let (alias, document) = (typed.text("alias"), typed.text("document"));
    if view.is_redraw() {
        return Ok(shown(&scope_page(&view, alias, document, &[])));
    }
    match monitor.put_scope(&By::from(allowed), alias, document.to_owned()).await {
        Ok(_) => Ok(see_other(&format!("{HOME}/scopes?done=saved"))),
        Err(error) => Ok(refused(&scope_page(&view, alias, document, &faults(error.into())?))),
    }
}

async fn certificates(
    allowed: Allowed<AccountRead>,
    view: View,
    Extract(monitor): Extract<Monitor>,
    params: Params,
) -> Result<Response, Fault> {
    let w = view.words();
    let board = monitor.board(&allowed.actor.tenant).await?;
    let found = monitor.certificates(&allowed.actor.tenant).await?;
    let may_issue = view.visitor.may(CertificateIssue::INFO.permission);
    let own: fn(&str) -> String = |number| format!("{HOME}/certificates/{}", Address::segment(number));
    let to = if may_issue { own } else { super::certificates::at };
    let mut page = Page::new(&view.frame, w.t("monitor-certificates"))
        .wide()
        .lead(w.t("monitor-certificates-lead"))
        .notice(outcome(w, &params))
        .push(tabs(&view, "certificates"))
        .push(super::certificates::table(w, &board, &found, to));
    if may_issue {
        page = page.actions(actions([(w.t("monitor-issue"), format!("{HOME}/certificates/issue"))]));
    }
    Ok(shown(&page))
}

async fn issue_page<'v>(
    view: &'v View,
    monitor: &Monitor,
    typed: &FormFields,
    found: &[FieldError],
) -> Result<Page<'v>, Fault> {
    let w = view.words();
    let board = monitor.board(&super::tenant(view)).await?;
    let scopes = board
        .scopes
        .iter()
        .map(|known| Choice::new(&known.alias, &known.scope.name).chosen(typed.text("scope") == known.alias));
    let text = |name: &'static str, label: &str, pointer: &str| {
        Field::text(name, w.t(label)).value(typed.text(name)).error_if(fault(found, pointer))
    };
    let form = Form::post(format!("{HOME}/certificates/issue"), &view.frame, w.t("monitor-issue"))
        .field(text("subject", "monitor-subject", "/subject"))
        .field(Field::select("scope", w.t("monitor-scope"), scopes).error_if(fault(found, "/scope")))
        .field(text("version", "monitor-version", "/version"))
        .field(text("holder", "monitor-holder", "/holder"))
        .cancel(format!("{HOME}/certificates"))
        .redraws();
    Ok(Page::new(&view.frame, w.t("monitor-issue"))
        .crumb(w.t("monitor-certificates"), format!("{HOME}/certificates"))
        .form(&form))
}

async fn issue_form(
    _: Allowed<CertificateIssue>,
    view: View,
    Extract(monitor): Extract<Monitor>,
) -> Result<Response, Fault> {
    Ok(shown(&issue_page(&view, &monitor, &FormFields::default(), &[]).await?))
}

async fn issue(
    allowed: Allowed<CertificateIssue>,
    view: View,
    Extract(monitor): Extract<Monitor>,
    typed: FormFields,
) -> Result<Response, Fault> {
    if view.is_redraw() {
        return Ok(shown(&issue_page(&view, &monitor, &typed, &[]).await?));
    }
    let text = |name: &str| typed.text(name).to_owned();
    let new = NewCertificate {
        subject: text("subject"),
        scope: text("scope"),
        version: text("version"),
        holder: text("holder"),
    };
    match monitor.issue_certificate(&By::from(allowed), new).await {
        Ok(_) => Ok(see_other(&format!("{HOME}/certificates?done=saved"))),
        Err(error) => Ok(refused(&issue_page(&view, &monitor, &typed, &case_faults(error)?).await?)),
    }
}

fn change_page<'v>(view: &'v View, found: &Certificate, typed: &FormFields, faults: &[FieldError]) -> Page<'v> {
    let w = view.words();
    let at = format!("{HOME}/certificates/{}", Address::segment(&found.number));
    let chosen = typed.text("state");
    let states = [
        ("suspended", "monitor-certificate-suspended"),
        ("valid", "monitor-certificate-valid"),
        ("withdrawn", "monitor-certificate-withdrawn"),
    ];
    let states = states.map(|(value, label)| Choice::new(value, w.t(label)).chosen(chosen == value));
    let form = Form::post(at, &view.frame, w.t("monitor-save"))
        .field(Field::radios("state", w.t("monitor-state"), states).error_if(fault(faults, "/state")))
        .field(
            Field::area("reason", w.t("monitor-reason"), 3)
                .hint(w.t("monitor-reason-hint"))
                .value(typed.text("reason"))
                .error_if(fault(faults, "/reason")),
        )
        .cancel(format!("{HOME}/certificates"))
        .redraws();
    Page::new(&view.frame, w.with("monitor-certificate", &[("number", found.number.as_str().into())]))
        .crumb(w.t("monitor-certificates"), format!("{HOME}/certificates"))
        .push(super::certificates::state(w, found))
        .push(Html::paragraph(&found.holder))
        .push(Html::link(super::certificates::at(&found.number), w.t("monitor-certificate-page")))
        .form(&form)
}

async fn change_form(
    allowed: Allowed<CertificateIssue>,
    view: View,
    Extract(monitor): Extract<Monitor>,
    Path(number): Path<String>,
) -> Result<Response, Fault> {
    let found = monitor.certificate(&allowed.actor.tenant, &number).await?;
    Ok(shown(&change_page(&view, &found, &FormFields::default(), &[])))
}

async fn change(
    allowed: Allowed<CertificateIssue>,
    view: View,
    Extract(monitor): Extract<Monitor>,
    Path(number): Path<String>,
    typed: FormFields,
) -> Result<Response, Fault> {
    let found = monitor.certificate(&allowed.actor.tenant, &number).await?;
    if view.is_redraw() {
        return Ok(shown(&change_page(&view, &found, &typed, &[])));
    }
    let state = match typed.text("state") {
        "valid" => CertificateState::Valid,
        "suspended" => CertificateState::Suspended,
        "withdrawn" => CertificateState::Withdrawn,
        _ => {
            let message = "choose one".to_owned();
            let error = FieldError { pointer: "/state".to_owned(), code: "required", message };
            return Ok(refused(&change_page(&view, &found, &typed, &[error])));
        }
    };
    match monitor.change_certificate(&By::from(allowed), &number, state, typed.text("reason")).await {
        Ok(_) => Ok(see_other(&format!("{HOME}/certificates?done=saved"))),
        Err(error) => Ok(refused(&change_page(&view, &found, &typed, &faults(error.into())?))),
    }
}

async fn decisions(
    allowed: Allowed<AccountRead>,
    view: View,
    Extract(monitor): Extract<Monitor>,
    params: Params,
) -> Result<Response, Fault> {
    let w = view.words();
    let by = By::from(allowed);
    let may_decide = view.visitor.may(ResultApprove::INFO.permission);
    let board = monitor.board(by.tenant()).await?;
    let title =
        |scope: &str| board.scopes.find(scope).map_or_else(|| scope.to_owned(), |known| known.scope.name.clone());
    let button = |id: &str, what: &str, label: &str| {
        if !may_decide {
            return Html::empty();
        }
        Form::post(format!("{HOME}/decisions/{id}/{what}"), &view.frame, w.t(label)).render(w)
    };
    let mut results = Table::new(w.t("monitor-manual-results"))
        .show_caption()
        .column(Column::new(w.t("monitor-subject")))
        .column(Column::new(w.t("monitor-scope")))
        .column(Column::new(w.t("monitor-test-case")))
        .column(Column::new(w.t("monitor-result")))
        .column(Column::new(w.t("monitor-evidence")))
        .column(Column::new(w.t("monitor-by")))
        .column(Column::new(w.t("monitor-state")));
    for manual in monitor.manual_results(&by).await? {
        let result = match manual.result {
            1 => Badge::html(Tone::Good, w.t("monitor-case-pass")),
            -1 => Badge::html(Tone::Bad, w.t("monitor-case-fail")),
            _ => Badge::html(Tone::Warning, w.t("monitor-case-aborted")),
        };
        let id = manual.id.to_string();
        let state = match manual.state.as_str() {
            "proposed" if manual.recorded_by == by.actor.id => Html::text(w.t("monitor-waits-for-second")),
            "proposed" => button(&id, "approve", "monitor-approve").then(button(&id, "reject", "monitor-reject")),
            "approved" => Badge::html(Tone::Good, w.t("monitor-approved")),
            _ => Badge::html(Tone::Plain, w.t("monitor-rejected")),
        };
        results = results.row([
            Html::isolated(&manual.subject),
            Html::text(title(&manual.scope)),
            Html::code(&manual.test_case),
            result,
            Html::isolated(&manual.evidence),
            Html::code(&manual.recorded_by),
            state,
        ]);
    }
    let mut due = Table::new(w.t("monitor-due"))
        .show_caption()
        .column(Column::new(w.t("monitor-subject")))
        .column(Column::new(w.t("monitor-scope")))
        .column(Column::new(w.t("monitor-test-case")))
        .column(Column::new(w.t("monitor-checked")))
        .column(Column::new(w.t("monitor-due-on")));
    for check in monitor.due(&by).await? {
        let day = check.due_on.map_or_else(|| w.t("monitor-due-never"), |day| w.date(day));
        due = due.row([
            Html::isolated(&check.subject),
            Html::text(title(&check.scope)),
            Html::code(&check.test_case),
            check.checked_at.map_or_else(|| Html::text("–"), |at| w.instant(at)),
            if check.is_over { Badge::html(Tone::Bad, day) } else { Html::text(day) },
        ]);
    }
    let mut waivers = Table::new(w.t("monitor-waivers"))
        .show_caption()
        .column(Column::new(w.t("monitor-subject")))
        .column(Column::new(w.t("monitor-scope")))
        .column(Column::new(w.t("monitor-test-case")))
        .column(Column::new(w.t("monitor-reason")))
        .column(Column::new(w.t("monitor-ends-on")))
        .column(Column::new(w.t("monitor-state")));
    for waiver in monitor.waivers(&by).await? {
        waivers = waivers.row([
            Html::isolated(&waiver.subject),
            Html::text(title(&waiver.scope)),
            Html::code(&waiver.test_case),
            Html::isolated(&waiver.reason),
            Html::text(&waiver.ends_on),
            button(&waiver.id.to_string(), "withdraw", "monitor-withdraw"),
        ]);
    }
    let mut links = Vec::new();
    if view.visitor.may(ResultPropose::INFO.permission) {
        links.push((w.t("monitor-record"), format!("{HOME}/decisions/record")));
    }
    if may_decide {
        links.push((w.t("monitor-waive"), format!("{HOME}/decisions/waive")));
    }
    let page = Page::new(&view.frame, w.t("monitor-decisions"))
        .wide()
        .lead(w.t("monitor-decisions-lead"))
        .actions(actions(links))
        .notice(outcome(w, &params))
        .push(tabs(&view, "decisions"))
        .push(due.empty(w.t("monitor-due-none")).render(w))
        .push(results.empty(w.t("monitor-manual-none")).render(w))
        .push(waivers.empty(w.t("monitor-waivers-none")).render(w));
    Ok(shown(&page))
}

/// The fields that say which test case of which subject is meant.
async fn case_fields(
    view: &View,
    monitor: &Monitor,
    typed: &FormFields,
    found: &[FieldError],
) -> Result<Vec<Field>, Fault> {
    let w = view.words();
    let board = monitor.board(&super::tenant(view)).await?;
    let scopes = board
        .scopes
        .iter()
        .map(|known| Choice::new(&known.alias, &known.scope.name).chosen(typed.text("scope") == known.alias));
    Ok(vec![
        Field::text("subject", w.t("monitor-subject")).value(typed.text("subject")).error_if(fault(found, "/subject")),
        Field::select("scope", w.t("monitor-scope"), scopes).error_if(fault(found, "/scope")),
        Field::text("test_case", w.t("monitor-test-case"))
            .ltr()
            .value(typed.text("test_case"))
            .error_if(fault(found, "/testCase")),
    ])
}

async fn waive_page<'v>(
    view: &'v View,
    monitor: &Monitor,
    typed: &FormFields,
    found: &[FieldError],
) -> Result<Page<'v>, Fault> {
    let w = view.words();
    let form = Form::post(format!("{HOME}/decisions/waive"), &view.frame, w.t("monitor-waive"))
        .fields(case_fields(view, monitor, typed, found).await?)
        .field(
            Field::area("reason", w.t("monitor-reason"), 3)
                .hint(w.t("monitor-reason-hint"))
                .value(typed.text("reason"))
                .error_if(fault(found, "/reason")),
        )
        .field(
            Field::calendar("ends_on", w.t("monitor-ends-on"))
                .value(typed.text("ends_on"))
                .error_if(fault(found, "/endsOn")),
        )
        .cancel(format!("{HOME}/decisions"))
        .redraws();
    Ok(Page::new(&view.frame, w.t("monitor-waive"))
        .crumb(w.t("monitor-decisions"), format!("{HOME}/decisions"))
        .form(&form))
}

async fn waive_form(
    _: Allowed<ResultApprove>,
    view: View,
    Extract(monitor): Extract<Monitor>,
) -> Result<Response, Fault> {
    Ok(shown(&waive_page(&view, &monitor, &FormFields::default(), &[]).await?))
}

async fn waive(
    allowed: Allowed<ResultApprove>,
    view: View,
    Extract(monitor): Extract<Monitor>,
    typed: FormFields,
) -> Result<Response, Fault> {
    if view.is_redraw() {
        return Ok(shown(&waive_page(&view, &monitor, &typed, &[]).await?));
    }
    let text = |name: &str| typed.text(name).to_owned();
    let Ok(ends_on) = typed.text("ends_on").parse() else {
        let error = FieldError {
            pointer: "/endsOn".to_owned(),
            code: "type",
            message: "must be a day such as 2027-01-31".to_owned(),
        };
        return Ok(refused(&waive_page(&view, &monitor, &typed, &[error]).await?));
    };
    let new = NewWaiver {
        subject: text("subject"),
        scope: text("scope"),
        test_case: text("test_case"),
        reason: text("reason"),
        ends_on,
    };
    match monitor.waive(&By::from(allowed), new).await {
        Ok(_) => Ok(see_other(&format!("{HOME}/decisions?done=saved"))),
        Err(error) => Ok(refused(&waive_page(&view, &monitor, &typed, &case_faults(error)?).await?)),
    }
}

async fn record_page<'v>(
    view: &'v View,
    monitor: &Monitor,
    typed: &FormFields,
    found: &[FieldError],
) -> Result<Page<'v>, Fault> {
    let w = view.words();
    let chosen = typed.text("result");
    let results = [("1", "monitor-case-pass"), ("-1", "monitor-case-fail"), ("0", "monitor-case-aborted")]
        .map(|(value, label)| Choice::new(value, w.t(label)).chosen(chosen == value));
    let form = Form::post(format!("{HOME}/decisions/record"), &view.frame, w.t("monitor-record"))
        .fields(case_fields(view, monitor, typed, found).await?)
        .field(Field::radios("result", w.t("monitor-result"), results).error_if(fault(found, "/result")))
        .field(
            Field::area("evidence", w.t("monitor-evidence"), 4)
                .hint(w.t("monitor-evidence-hint"))
                .value(typed.text("evidence"))
                .error_if(fault(found, "/evidence")),
        )
        .cancel(format!("{HOME}/decisions"))
        .redraws();
    Ok(Page::new(&view.frame, w.t("monitor-record"))
        .crumb(w.t("monitor-decisions"), format!("{HOME}/decisions"))
        .form(&form))
}

async fn record_form(
    _: Allowed<ResultPropose>,
    view: View,
    Extract(monitor): Extract<Monitor>,
) -> Result<Response, Fault> {
    Ok(shown(&record_page(&view, &monitor, &FormFields::default(), &[]).await?))
}

async fn record(
    allowed: Allowed<ResultPropose>,
    view: View,
    Extract(monitor): Extract<Monitor>,
    typed: FormFields,
) -> Result<Response, Fault> {
    if view.is_redraw() {
        return Ok(shown(&record_page(&view, &monitor, &typed, &[]).await?));
    }
    let text = |name: &str| typed.text(name).to_owned();
    let new = NewManual {
        subject: text("subject"),
        scope: text("scope"),
        test_case: text("test_case"),
        // What is no number is refused as such.
        result: typed.text("result").parse().unwrap_or(i64::MAX),
        evidence: text("evidence"),
    };
    match monitor.propose(&By::from(allowed), new).await {
        Ok(_) => Ok(see_other(&format!("{HOME}/decisions?done=saved"))),
        Err(error) => Ok(refused(&record_page(&view, &monitor, &typed, &case_faults(error)?).await?)),
    }
}

async fn decide(
    allowed: Allowed<ResultApprove>,
    Extract(monitor): Extract<Monitor>,
    Path((id, what)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let by = By::from(allowed);
    let id = id.parse().map_err(|_| crate::MonitorError::DecisionNotFound)?;
    match what.as_str() {
        "approve" => drop(monitor.decide(&by, id, true).await?),
        "reject" => drop(monitor.decide(&by, id, false).await?),
        "withdraw" => monitor.withdraw_waiver(&by, id).await?,
        _ => return Err(crate::MonitorError::DecisionNotFound.into()),
    }
    Ok(see_other(&format!("{HOME}/decisions?done=decided")))
}
