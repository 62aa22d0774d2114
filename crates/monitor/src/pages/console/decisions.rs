//! What people decide: results by hand, waivers, what is due.

use axum::extract::State as Extract;
use axum::response::Response;
use stoa_core::FieldError;
use stoa_ui::{Badge, Choice, Column, Field, Form, Html, Page, Table, Tone, actions};
use stoa_web::{Allowed, Fault, FormFields, Params, Path, Right as _, View, see_other};

use super::{HOME, case_faults, fault, outcome, refused, shown, tabs};
use crate::permission::{AccountRead, ResultApprove, ResultPropose};
use crate::service::{By, Monitor, NewManual, NewWaiver};

pub(super) async fn list(
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
    let board = monitor.board(&super::super::tenant(view)).await?;
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

pub(super) async fn waive_form(
    _: Allowed<ResultApprove>,
    view: View,
    Extract(monitor): Extract<Monitor>,
) -> Result<Response, Fault> {
    Ok(shown(&waive_page(&view, &monitor, &FormFields::default(), &[]).await?))
}

pub(super) async fn waive(
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

pub(super) async fn record_form(
    _: Allowed<ResultPropose>,
    view: View,
    Extract(monitor): Extract<Monitor>,
) -> Result<Response, Fault> {
    Ok(shown(&record_page(&view, &monitor, &FormFields::default(), &[]).await?))
}

pub(super) async fn record(
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

pub(super) async fn decide(
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
