//! Certificates: issued, suspended, withdrawn.

use axum::extract::State as Extract;
use axum::response::Response;
use stoa_core::FieldError;
use stoa_ui::{Address, Choice, Field, Form, Html, Page, actions};
use stoa_web::{Allowed, Fault, FormFields, Params, Path, Right as _, View, see_other};

use super::{HOME, case_faults, fault, faults, outcome, refused, shown, tabs};
use crate::permission::{AccountRead, CertificateIssue};
use crate::service::{By, Certificate, CertificateState, Monitor, NewCertificate};

pub(super) async fn list(
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
    let to = if may_issue { own } else { super::super::certificates::at };
    let mut page = Page::new(&view.frame, w.t("monitor-certificates"))
        .wide()
        .lead(w.t("monitor-certificates-lead"))
        .notice(outcome(w, &params))
        .push(tabs(&view, "certificates"))
        .push(super::super::certificates::table(w, &board, &found, to));
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
    let board = monitor.board(&super::super::tenant(view)).await?;
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

pub(super) async fn issue_form(
    _: Allowed<CertificateIssue>,
    view: View,
    Extract(monitor): Extract<Monitor>,
) -> Result<Response, Fault> {
    Ok(shown(&issue_page(&view, &monitor, &FormFields::default(), &[]).await?))
}

pub(super) async fn issue(
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
        .push(super::super::certificates::state(w, found))
        .push(Html::paragraph(&found.holder))
        .push(Html::link(super::super::certificates::at(&found.number), w.t("monitor-certificate-page")))
        .form(&form)
}

pub(super) async fn change_form(
    allowed: Allowed<CertificateIssue>,
    view: View,
    Extract(monitor): Extract<Monitor>,
    Path(number): Path<String>,
) -> Result<Response, Fault> {
    let found = monitor.certificate(&allowed.actor.tenant, &number).await?;
    Ok(shown(&change_page(&view, &found, &FormFields::default(), &[])))
}

pub(super) async fn change(
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
