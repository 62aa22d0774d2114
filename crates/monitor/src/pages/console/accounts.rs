//! Accounts: who takes part, with keys, secrets and delegates.

use std::fmt::Write as _;

use axum::extract::State as Extract;
use axum::response::Response;
use stoa_core::FieldError;
use stoa_ui::{Address, Choice, Column, Confirm, Field, Form, Html, Page, Paging, Table, Words, actions, code};
use stoa_web::{Allowed, Fault, FormFields, Params, Path, Right as _, View, see_other};

use super::{HOME, fault, faults, outcome, refused, shown, tabs};
use crate::model::account::AccountRole;
use crate::permission::{AccountRead, AccountWrite};
use crate::service::{Account, AccountKey, By, Monitor, NewAccount};

/// Accounts on one page.
const PAGE_SIZE: u32 = 50;

pub(super) async fn list(
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
    let mut links = vec![(w.t("monitor-overview"), super::super::HOME.to_owned())];
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

pub(super) async fn new_form(_: Allowed<AccountWrite>, view: View, Extract(monitor): Extract<Monitor>) -> Response {
    shown(&new_page(&view, &Typed::of_form(&monitor, &FormFields::default(), None), &[]))
}

fn new_page<'v>(view: &'v View, typed: &Typed, found: &[FieldError]) -> Page<'v> {
    let w = view.words();
    let form = account_form(view, &format!("{HOME}/accounts/new"), typed, true, found);
    Page::new(&view.frame, w.t("monitor-account-new"))
        .crumb(w.t("monitor-accounts"), format!("{HOME}/accounts"))
        .form(&form)
}

pub(super) async fn create(
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

pub(super) async fn edit_form(
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

pub(super) async fn save(
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

pub(super) async fn issue_secret(
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

pub(super) async fn revoke_secrets(
    allowed: Allowed<AccountWrite>,
    Extract(monitor): Extract<Monitor>,
    Path(subject): Path<String>,
) -> Result<Response, Fault> {
    monitor.revoke_secrets(&By::from(allowed), &subject).await?;
    Ok(see_other(&format!("{HOME}/accounts/{}?done=revoked", Address::segment(&subject))))
}

pub(super) async fn retire(
    allowed: Allowed<AccountWrite>,
    Extract(monitor): Extract<Monitor>,
    Path(subject): Path<String>,
) -> Result<Response, Fault> {
    monitor.retire_account(&By::from(allowed), &subject).await?;
    Ok(see_other(&format!("{HOME}/accounts?done=retired")))
}
