//! Setting a password with a code that was handed over or sent, and asking for one.

use axum::extract::State;
use axum::response::Response;
use stoa_core::{FieldError, Problem};
use stoa_ui::{Field, Form, Html, Notice, Page, Tone};
use stoa_web::{Fault, Params, Public, View, see_other};

use super::browser::{Browser, Typed};
use super::{MINE, SIGN_IN, fault, faults, refused, shown, tenant, with_cookie};
use crate::error::IdentityError;
use crate::service::{By, Identity, PASSWORD_CHARS};

/// The form with both fields for a new password.
pub(super) fn password_form(view: &View, browser: &Browser, action: &str, found: &[FieldError]) -> Form {
    let w = view.words();
    let hint =
        w.with("identity-password-hint", &[("least", i64::try_from(*PASSWORD_CHARS.start()).unwrap_or(10).into())]);
    Form::post(action, &view.frame, w.t("identity-password-set"))
        .field(browser.guard_field())
        .field(
            Field::password("password", w.t("identity-password-new"), "new-password")
                .hint(hint)
                .error_if(password_fault(view, found)),
        )
        .field(
            Field::password("again", w.t("identity-password-again"), "new-password")
                .error_if(fault(found, "/again").map(|_| w.t("identity-password-differs"))),
        )
}

/// What is wrong with a new password, in the person's language.
fn password_fault(view: &View, found: &[FieldError]) -> Option<String> {
    let w = view.words();
    let fault = found.iter().find(|fault| fault.pointer == "/password")?;
    Some(match fault.code {
        "length" => w.with(
            "identity-password-length",
            &[("least", i64::try_from(*PASSWORD_CHARS.start()).unwrap_or(10).into())],
        ),
        _ if fault.message.contains("name") => w.t("identity-password-own"),
        _ => w.t("identity-password-weak"),
    })
}

/// Both fields of a new password, if they are the same.
pub(super) fn typed_password(typed: &Typed) -> Result<String, Vec<FieldError>> {
    let password = typed.0.get("password").unwrap_or("");
    if password != typed.0.get("again").unwrap_or("") {
        let message = "is not the same".to_owned();
        return Err(vec![FieldError { pointer: "/again".to_owned(), code: "differs", message }]);
    }
    Ok(password.to_owned())
}

pub(super) async fn show(
    _: Public,
    view: View,
    State(identity): State<Identity>,
    browser: Browser,
    params: Params,
) -> Result<Response, Fault> {
    let code = params.get("code").unwrap_or("");
    let response = match identity.activation(code).await? {
        Some(_) => shown(&page(&view, &browser, code, &[])),
        None => over(&view),
    };
    Ok(with_cookie(response, browser.new_cookie()))
}

fn page<'a>(view: &'a View, browser: &Browser, code: &str, found: &[FieldError]) -> Page<'a> {
    let w = view.words();
    let form = password_form(view, browser, "/identity/activate", found).field(Field::hidden("code", code));
    Page::new(&view.frame, w.t("identity-activate")).lead(w.t("identity-activate-lead")).form(&form)
}

fn over(view: &View) -> Response {
    let w = view.words();
    let page = Page::new(&view.frame, w.t("identity-activate")).push(Notice::html(
        Tone::Bad,
        w.t("identity-activate-over"),
        Html::paragraph(w.t("identity-activate-over-do")),
    ));
    stoa_web::page(axum::http::StatusCode::GONE, &page)
}

pub(super) async fn set(
    asking: Public,
    view: View,
    State(identity): State<Identity>,
    browser: Browser,
    typed: Typed,
) -> Result<Response, Fault> {
    browser.check(&typed.0)?;
    let code = typed.text("code").to_owned();
    let Some((tenant, person)) = identity.activation(&code).await? else { return Ok(over(&view)) };
    let by = By::person(&tenant, person, asking.info);
    let done = match typed_password(&typed) {
        Ok(password) => identity.set_password(&by, person, password, None).await,
        Err(found) => Err(IdentityError::InvalidRequest(found)),
    };
    match done {
        Ok(()) => Ok(see_other(&stoa_ui::Address::new(SIGN_IN).with("back", MINE).to_string())),
        Err(error) => {
            let found = faults(Problem::from(error))?;
            Ok(refused(&page(&view, &browser, &code, &found)))
        }
    }
}

pub(super) async fn forgot(_: Public, view: View, browser: Browser) -> Result<Response, Fault> {
    let w = view.words();
    let form = Form::post("/identity/forgot", &view.frame, w.t("identity-forgot-send"))
        .field(browser.guard_field())
        .field(
            Field::text("name", w.t("identity-name"))
                .hint(w.t("identity-name-hint"))
                .attribute("autocomplete", "username")
                .attribute("autocapitalize", "none"),
        )
        .cancel(SIGN_IN);
    let page = Page::new(&view.frame, w.t("identity-forgot")).lead(w.t("identity-forgot-lead")).form(&form);
    Ok(with_cookie(shown(&page), browser.new_cookie()))
}

/// The answer is the same whether somebody is behind the name or not.
pub(super) async fn send(
    _: Public,
    view: View,
    State(identity): State<Identity>,
    browser: Browser,
    typed: Typed,
) -> Result<Response, Fault> {
    browser.check(&typed.0)?;
    let w = view.words();
    identity.forgot(&tenant(&view), browser.network(), typed.text("name"), w.locale().tag()).await?;
    let page = Page::new(&view.frame, w.t("identity-forgot")).push(Notice::html(
        Tone::Good,
        w.t("identity-forgot-sent"),
        Html::paragraph(w.t("identity-forgot-sent-do")),
    ));
    Ok(shown(&page))
}
