//! What is asked, and who keeps it, for programs: subjects, versions, standards, test cases.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};
use stoa_core::Instant;
use stoa_web::{Fault, Params, Path, Public, json as answer};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::csv;
use crate::error::MonitorError;
use crate::model::scopes::Known;
use crate::model::standing::State as SubjectState;
use crate::service::{Board, By, Kept, Monitor};

/// Reports of a subject that are named.
const REPORTS_MAX: u32 = 100;

pub(super) fn router() -> OpenApiRouter<Monitor> {
    OpenApiRouter::new()
        .routes(routes!(get_subject))
        .routes(routes!(get_version))
        .routes(routes!(get_standard))
        .routes(routes!(get_test_case))
}

fn known<'b>(board: &'b Board, scope: &str) -> Result<&'b Known, MonitorError> {
    board.scopes.find(scope).ok_or_else(|| MonitorError::ScopeNotFound(scope.to_owned()))
}

fn kept_table(kept: Vec<Kept>) -> Response {
    let line = |kept: Kept| {
        let checked_at = kept.checked_at.map(|at| at.to_string()).unwrap_or_default();
        [kept.subject, kept.state.name().to_owned(), checked_at]
    };
    csv::table(["subject", "state", "checked_at"], kept.into_iter().map(line))
}

/// Read a subject
///
/// Or a group: how it stands under each scope, its certificates, and its newest reports.
#[utoipa::path(get, path = "/v1/subjects/{subject}", operation_id = "get_subject", tag = "states",
    params(("subject" = String, Path, example = "cloud-1"),
        ("format" = Option<String>, Query, description = "`json`, or `csv`: the states")),
    responses((status = 200, description = "The subject", body = Object)))]
async fn get_subject(
    asking: Public,
    State(monitor): State<Monitor>,
    Path(name): Path<String>,
    params: Params,
) -> Result<Response, Fault> {
    let by = By::new(asking.actor, asking.info);
    let board = monitor.board(by.tenant()).await?;
    let subjects = board.subjects(&name).ok_or_else(|| MonitorError::SubjectNotFound(name.clone()))?;
    let mut lines: Vec<(&str, &str, SubjectState, &str, Option<Instant>)> = Vec::new();
    for known in board.scopes.iter() {
        for subject in &subjects {
            let Some(entry) = board.entry(subject, known.scope.uuid) else { continue };
            let standing = &entry.standing;
            let version = standing.decisive().map_or("", |version| version.name.as_str());
            lines.push((subject, &known.alias, standing.state, version, standing.checked_at));
        }
    }
    if csv::is_wanted(&params)? {
        let lines = lines.into_iter().map(|(subject, scope, state, version, checked_at)| {
            let checked_at = checked_at.map(|at| at.to_string()).unwrap_or_default();
            [subject.to_owned(), scope.to_owned(), state.name().to_owned(), version.to_owned(), checked_at]
        });
        return Ok(csv::table(["subject", "scope", "state", "version", "checked_at"], lines));
    }
    let states: Vec<Value> = lines
        .into_iter()
        .map(|(subject, scope, state, version, checked_at)| {
            json!({"subject": subject, "scope": scope, "state": state, "version": version, "checkedAt": checked_at})
        })
        .collect();
    let mut certificates = monitor.certificates(by.tenant()).await?;
    certificates.retain(|certificate| subjects.contains(&certificate.subject.as_str()));
    let mut reports = Vec::new();
    for subject in &subjects {
        reports.extend(monitor.reports(&by, subject, REPORTS_MAX, 0).await?);
    }
    let listing = board.row(&name).map(|row| &row.listing);
    let body = json!({"name": name, "listing": listing, "subjects": subjects, "states": states,
        "certificates": certificates, "reports": reports});
    Ok(answer(StatusCode::OK, &body))
}

/// Read a version
///
/// What belongs to a version of a scope, what it counts for today, and who keeps it.
#[utoipa::path(get, path = "/v1/scopes/{scope}/versions/{version}", operation_id = "get_version", tag = "scopes",
    params(("scope" = String, Path, example = "scs-compatible-iaas"), ("version" = String, Path, example = "v5.1"),
        ("format" = Option<String>, Query, description = "`json`, or `csv`: who keeps it")),
    responses((status = 200, description = "The version", body = Object)))]
async fn get_version(
    asking: Public,
    State(monitor): State<Monitor>,
    Path((scope, name)): Path<(String, String)>,
    params: Params,
) -> Result<Response, Fault> {
    let board = monitor.board(&asking.actor.tenant).await?;
    let known = known(&board, &scope)?;
    let (version, validity) = board.version(known, &name)?;
    let kept = board.under_version(known, &version.name);
    if csv::is_wanted(&params)? {
        return Ok(kept_table(kept));
    }
    let modules: Vec<&str> = version.includes.iter().map(|include| include.module.as_str()).collect();
    let body = json!({"scope": known.alias, "name": version.name, "validity": validity,
        "stabilizedAt": version.stabilized_at.map(|date| date.to_string()), "standards": modules,
        "targets": version.targets, "subjects": kept});
    Ok(answer(StatusCode::OK, &body))
}

/// Read a standard
///
/// What is tested of a standard as a scope takes it in, which versions do, and who keeps it.
#[utoipa::path(get, path = "/v1/scopes/{scope}/standards/{standard}", operation_id = "get_standard", tag = "scopes",
    params(("scope" = String, Path, example = "scs-compatible-iaas"), ("standard" = String, Path, example = "scs-0100-v3.1"),
        ("format" = Option<String>, Query, description = "`json`, or `csv`: who keeps it")),
    responses((status = 200, description = "The standard", body = Object)))]
async fn get_standard(
    asking: Public,
    State(monitor): State<Monitor>,
    Path((scope, id)): Path<(String, String)>,
    params: Params,
) -> Result<Response, Fault> {
    let board = monitor.board(&asking.actor.tenant).await?;
    let known = known(&board, &scope)?;
    let standard = board.standard(known, &id)?;
    let kept = board.under_standard(known, standard.module);
    if csv::is_wanted(&params)? {
        return Ok(kept_table(kept));
    }
    let versions: Vec<Value> = standard
        .versions
        .iter()
        .map(|(version, validity)| json!({"name": version.name, "validity": validity}))
        .collect();
    let module = standard.module;
    let body = json!({"scope": known.alias, "id": module.id, "name": module.name, "url": module.url,
        "targets": module.targets, "versions": versions, "subjects": kept});
    Ok(answer(StatusCode::OK, &body))
}

/// Read a test case
///
/// What a test case demands, which versions ask for it, and what is known of it of each subject.
#[utoipa::path(get, path = "/v1/scopes/{scope}/test-cases/{case}", operation_id = "get_test_case", tag = "scopes",
    params(("scope" = String, Path, example = "scs-compatible-iaas"), ("case" = String, Path, example = "scs-0100-syntax-check"),
        ("format" = Option<String>, Query, description = "`json`, or `csv`: the results")),
    responses((status = 200, description = "The test case", body = Object)))]
async fn get_test_case(
    asking: Public,
    State(monitor): State<Monitor>,
    Path((scope, id)): Path<(String, String)>,
    params: Params,
) -> Result<Response, Fault> {
    let board = monitor.board(&asking.actor.tenant).await?;
    let known = known(&board, &scope)?;
    let asked = board.test_case(known, &id)?;
    let results = board.under_test_case(known, &asked.test_case.id);
    if csv::is_wanted(&params)? {
        let lines = results.into_iter().map(|(subject, case)| {
            [
                subject,
                case.state.name().to_owned(),
                case.latest.map(|latest| latest.checked_at.to_string()).unwrap_or_default(),
                case.expires_on.map(|day| day.to_string()).unwrap_or_default(),
                case.latest.map(|latest| latest.evidence.to_string()).unwrap_or_default(),
            ]
        });
        return Ok(csv::table(["subject", "state", "checked_at", "expires_on", "evidence"], lines));
    }
    let versions: Vec<Value> = asked
        .versions
        .iter()
        .map(|(version, target, validity)| json!({"name": version.name, "target": target, "validity": validity}))
        .collect();
    let standards: Vec<&str> = asked.modules.iter().map(|module| module.id.as_str()).collect();
    let results: Vec<Value> = results
        .into_iter()
        .map(|(subject, case)| {
            json!({"subject": subject, "state": case.state, "checkedAt": case.latest.map(|latest| latest.checked_at),
                "expiresOn": case.expires_on.map(|day| day.to_string()),
                "evidence": case.latest.map(|latest| latest.evidence)})
        })
        .collect();
    let case = asked.test_case;
    let body = json!({"scope": known.alias, "id": case.id, "description": case.description, "url": case.url,
        "lifetime": case.lifetime, "automation": case.automation, "versions": versions, "standards": standards,
        "subjects": results});
    Ok(answer(StatusCode::OK, &body))
}
