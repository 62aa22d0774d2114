//! The addresses of the published monitor, so that those who used it go on: evidence in, `/status`, reports, results, and
//! its views as Markdown. Where an answer differs from the published one, `docs/reference/monitor.md` says why.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::Value;
use stoa_core::{ActorKind, Problem, Refusal};
use stoa_web::{Allowed, Fault, Json, Params, Path, Public, RawBody, RawJson, Right as _, bytes_as, typed};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::written;
use crate::error::MonitorError;
use crate::model::bundle;
use crate::permission::{ReportReadAny, ReportSubmit, ResultApprove};
use crate::service::{Approval, By, Monitor, Signed, SignedAs};

/// Results that one answer holds at most.
const LIMIT_MAX: u32 = 10_000;
/// Reports that one answer holds at most.
const REPORTS_MAX: u32 = 100;
/// How far back single results are listed, in days.
const RESULT_DAYS: i32 = 7;

pub(super) fn router(body_bytes_max: usize) -> OpenApiRouter<Monitor> {
    let taking = OpenApiRouter::new().routes(routes!(post_reports, get_reports));
    OpenApiRouter::new()
        .merge(taking.layer(DefaultBodyLimit::max(body_bytes_max)))
        .routes(routes!(get_report))
        .routes(routes!(get_report_body))
        .routes(routes!(get_report_signature))
        .routes(routes!(get_report_signers))
        .routes(routes!(get_revoked))
        .routes(routes!(get_revoked_signature))
        .routes(routes!(get_revoked_signers))
        .routes(routes!(get_status))
        .routes(routes!(get_results, post_results))
        .routes(routes!(get_table_markdown))
        .routes(routes!(get_detail_markdown))
        .routes(routes!(get_scope_markdown))
        .routes(routes!(get_report_markdown))
}

/// Hand in reports
///
/// The body is an SSH signature in armor (namespace `report`), a line end, `&`, and the signed text: one YAML report or
/// several, or one JSON report. All are taken, or none.
#[utoipa::path(post, path = "/reports", operation_id = "post_reports", tag = "published",
    request_body(content = String, content_type = "application/x-signed-yaml"),
    responses((status = 200, description = "Taken")))]
async fn post_reports(
    allowed: Allowed<ReportSubmit>,
    State(monitor): State<Monitor>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Response, Fault> {
    super::native::take(&By::from(allowed), &monitor, &headers, body.to_vec()).await?;
    Ok(bytes_as(StatusCode::OK, stoa_web::JSON, "null"))
}

fn page_of(params: &Params) -> Result<(u32, u32), Problem> {
    Ok((params.number("limit")?.unwrap_or(10).min(LIMIT_MAX), params.number("skip")?.unwrap_or(0)))
}

/// List reports
///
/// The newest reports of a subject, as they were handed in. Without `subject` those of the caller.
#[utoipa::path(get, path = "/reports", operation_id = "get_reports", tag = "published",
    params(("subject" = Option<String>, Query), ("limit" = Option<u32>, Query), ("skip" = Option<u32>, Query)),
    responses((status = 200, description = "The reports", body = Vec<Object>)))]
async fn get_reports(asking: Public, State(monitor): State<Monitor>, params: Params) -> Result<Response, Fault> {
    let by = By::new(asking.actor, asking.info);
    let own = by.account().map(str::to_owned);
    let subject = params.get("subject").filter(|text| !text.is_empty()).map(str::to_owned).or(own);
    let Some(subject) = subject else {
        by.actor.require(ReportReadAny::INFO.permission)?;
        return Err(MonitorError::field("?subject", "required", "is required").into());
    };
    monitor.may_read(&by, &subject)?;
    let (limit, skip) = page_of(&params)?;
    let found = monitor.reports(&by, &subject, limit.min(REPORTS_MAX), skip).await?;
    // One after another: each of them can be large.
    let ids = found.into_iter().map(|info| info.id).collect::<Vec<_>>().into_iter();
    let way = Way { monitor, by, ids, state: WayState::Begins };
    let mut response = bytes_as(StatusCode::OK, stoa_web::JSON, "");
    *response.body_mut() = Body::from_stream(futures_util::stream::unfold(way, Way::next));
    Ok(response)
}

/// Reports on their way to a caller.
struct Way {
    monitor: Monitor,
    by: By,
    ids: std::vec::IntoIter<Uuid>,
    state: WayState,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum WayState {
    Begins,
    GoesOn,
    IsOver,
}

impl Way {
    /// The next report, or the end of the list.
    async fn next(mut self) -> Option<(Result<String, MonitorError>, Self)> {
        if self.state == WayState::IsOver {
            return None;
        }
        let before = if self.state == WayState::Begins { "[" } else { "," };
        while let Some(id) = self.ids.next() {
            match self.monitor.evidence_if_any(self.by.tenant(), id).await {
                // One whose text is not here any more has nothing to be given back.
                Ok(None) => {}
                Ok(Some(evidence)) => {
                    self.state = WayState::GoesOn;
                    return Some((Ok(format!("{before}{}", written::report(&evidence.report))), self));
                }
                Err(error) => {
                    self.state = WayState::IsOver;
                    return Some((Err(error), self));
                }
            }
        }
        let end = if self.state == WayState::Begins { "[]" } else { "]" };
        self.state = WayState::IsOver;
        Some((Ok(end.to_owned()), self))
    }
}

pub(super) fn uuid(text: &str) -> Result<Uuid, MonitorError> {
    text.parse().map_err(|_| MonitorError::ReportNotFound(text.chars().take(60).collect()))
}

/// Read a report
#[utoipa::path(get, path = "/reports/{id}", operation_id = "get_report", tag = "published",
    params(("id" = String, Path, example = "0d37bd02-57a0-4bb7-95e0-6c4ab8cdf9f5")),
    responses((status = 200, description = "The report", body = Object)))]
async fn get_report(asking: Public, State(monitor): State<Monitor>, Path(id): Path<String>) -> Result<Response, Fault> {
    let by = By::new(asking.actor, asking.info);
    let evidence = monitor.evidence(by.tenant(), uuid(&id)?).await?;
    monitor.may_read(&by, &evidence.signed.info.subject)?;
    Ok(bytes_as(StatusCode::OK, stoa_web::JSON, written::report(&evidence.report)))
}

/// A file of a report's evidence.
fn file(asking: &Public, monitor: &Monitor, content_type: &str, name: &str, bytes: String) -> Response {
    // What everybody gets, caches that are shared may keep; of what is another's or another tenant's they keep nothing.
    let is_open = monitor.settings().is_evidence_open && asking.actor.kind == ActorKind::Anonymous;
    let mut response = bytes_as(StatusCode::OK, "text/plain; charset=utf-8", bytes);
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::try_from(format!("{content_type}; charset=utf-8")) {
        headers.insert(CONTENT_TYPE, value);
    }
    if let Ok(value) = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    // Evidence is never changed.
    let cached = if is_open { "public, max-age=86400" } else { "private, max-age=86400" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cached));
    response
}

/// Evidence whose bytes the caller may have.
async fn open_to(asking: &Public, monitor: &Monitor, id: &str) -> Result<Signed, Fault> {
    let found = monitor.signed(&asking.actor.tenant, uuid(id)?).await?;
    let by = By::new(asking.actor.clone(), asking.info.clone());
    for subject in &found.subjects {
        monitor.may_download(&by, subject)?;
    }
    Ok(found)
}

/// Evidence with a signature: what came from another monitor has none.
async fn signed(asking: &Public, monitor: &Monitor, id: &str) -> Result<Signed, Fault> {
    let found = open_to(asking, monitor, id).await?;
    if found.signature.is_empty() { Err(MonitorError::NotSigned(id.to_owned()).into()) } else { Ok(found) }
}

/// Download what was signed
///
/// The signed bytes, as they were handed in.
#[utoipa::path(get, path = "/reports/{id}/body", operation_id = "get_report_body", tag = "evidence",
    params(("id" = String, Path, example = "0d37bd02-57a0-4bb7-95e0-6c4ab8cdf9f5")),
    responses((status = 200, description = "The signed bytes")))]
async fn get_report_body(
    asking: Public,
    State(monitor): State<Monitor>,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let evidence = open_to(&asking, &monitor, &id).await?;
    let ending = if evidence.content_type == "application/json" { "json" } else { "yaml" };
    Ok(file(&asking, &monitor, &evidence.content_type, &format!("report.{ending}"), evidence.body))
}

/// Download a signature
///
/// The signature over the signed bytes, in armor.
#[utoipa::path(get, path = "/reports/{id}/signature", operation_id = "get_report_signature", tag = "evidence",
    params(("id" = String, Path, example = "0d37bd02-57a0-4bb7-95e0-6c4ab8cdf9f5")),
    responses((status = 200, description = "The signature")))]
async fn get_report_signature(
    asking: Public,
    State(monitor): State<Monitor>,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let evidence = signed(&asking, &monitor, &id).await?;
    Ok(file(
        &asking,
        &monitor,
        "application/x-ssh-signature",
        "report.sig",
        format!("{}\n", evidence.signature.trim_end()),
    ))
}

/// Download who signed
///
/// The key that made the signature, as `ssh-keygen -Y verify` takes it, under the principal `subject`.
#[utoipa::path(get, path = "/reports/{id}/allowed_signers", operation_id = "get_report_signers", tag = "evidence",
    params(("id" = String, Path, example = "0d37bd02-57a0-4bb7-95e0-6c4ab8cdf9f5")),
    responses((status = 200, description = "The key")))]
async fn get_report_signers(
    asking: Public,
    State(monitor): State<Monitor>,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let evidence = signed(&asking, &monitor, &id).await?;
    Ok(file(
        &asking,
        &monitor,
        "text/plain",
        "allowed_signers",
        format!("subject namespaces=\"report\" {}\n", evidence.public_key),
    ))
}

/// The list of revoked certificates
///
/// Those that were suspended or withdrawn, as of today, as the monitor signs it.
#[utoipa::path(get, path = "/certificates/revoked.json", operation_id = "get_revoked", tag = "certificates",
    responses((status = 200, description = "The list")))]
async fn get_revoked(asking: Public, State(monitor): State<Monitor>) -> Result<Response, Fault> {
    let statement = monitor.revocations(&asking.actor.tenant).await?;
    Ok(bytes_as(StatusCode::OK, stoa_web::JSON, statement.text))
}

/// The signature of the list of revoked certificates
#[utoipa::path(get, path = "/certificates/revoked.sig", operation_id = "get_revoked_signature", tag = "certificates",
    responses((status = 200, description = "The signature")))]
async fn get_revoked_signature(asking: Public, State(monitor): State<Monitor>) -> Result<Response, Fault> {
    let statement = monitor.revocations(&asking.actor.tenant).await?;
    Ok(bytes_as(StatusCode::OK, "application/x-ssh-signature", statement.signature))
}

/// The key of the list of revoked certificates
///
/// As `ssh-keygen -Y verify` takes it, under the principal `monitor`.
#[utoipa::path(get, path = "/certificates/allowed_signers", operation_id = "get_revoked_signers", tag = "certificates",
    responses((status = 200, description = "The key")))]
async fn get_revoked_signers(asking: Public, State(monitor): State<Monitor>) -> Result<Response, Fault> {
    let key = monitor.revocations(&asking.actor.tenant).await?.public_key;
    let line = format!("monitor namespaces=\"{},{}\" {key}\n", crate::service::NAMESPACE, bundle::NAMESPACE);
    Ok(bytes_as(StatusCode::OK, "text/plain; charset=utf-8", line))
}

/// Read states
///
/// What the newest results add up to today: by subject, then by scope.
#[utoipa::path(get, path = "/status", operation_id = "get_status", tag = "published",
    params(("subject" = Option<String>, Query), ("scopeuuid" = Option<String>, Query)),
    responses((status = 200, description = "The states", body = Object)))]
async fn get_status(asking: Public, State(monitor): State<Monitor>, params: Params) -> Result<Response, Fault> {
    let board = monitor.board(&asking.actor.tenant).await?;
    let given = |key: &str| params.get(key).filter(|text| !text.is_empty());
    let scope = given("scopeuuid")
        .map(|name| board.scopes.find(name).ok_or_else(|| MonitorError::ScopeNotFound(name.to_owned())))
        .transpose()?;
    let all: BTreeMap<Uuid, written::ScopeStatus> = board
        .scopes
        .iter()
        .map(|known| Ok((known.scope.uuid, written::ScopeStatus::new(known)?)))
        .collect::<Result<_, serde_json::Error>>()
        .map_err(|_| Problem::new(Refusal::Failed, "web.failed"))?;
    let mut subjects: BTreeMap<&str, BTreeMap<Uuid, written::Status<'_>>> = BTreeMap::new();
    for (subject, uuid, entry) in board.entries() {
        if given("subject").is_some_and(|wanted| wanted != subject)
            || scope.is_some_and(|known| known.scope.uuid != uuid)
        {
            continue;
        }
        if let Some(scope) = all.get(&uuid) {
            subjects.entry(subject).or_default().insert(uuid, written::status(scope, &entry.standing));
        }
    }
    Ok(stoa_web::json(StatusCode::OK, &subjects))
}

/// List single results
///
/// The results of the last seven days, newest first.
#[utoipa::path(get, path = "/results", operation_id = "get_results", tag = "published",
    params(("approved" = Option<bool>, Query), ("limit" = Option<u32>, Query), ("skip" = Option<u32>, Query)),
    responses((status = 200, description = "The results", body = Vec<Object>)))]
async fn get_results(
    allowed: Allowed<ReportReadAny>,
    State(monitor): State<Monitor>,
    params: Params,
) -> Result<Json<Vec<crate::service::SingleResult>>, Fault> {
    let approved = match params.get("approved") {
        None | Some("") => None,
        Some(text) if ["true", "1", "on", "yes"].contains(&text.to_ascii_lowercase().as_str()) => Some(true),
        Some(text) if ["false", "0", "off", "no"].contains(&text.to_ascii_lowercase().as_str()) => Some(false),
        Some(_) => return Err(MonitorError::field("?approved", "type", "must be true or false").into()),
    };
    let (limit, skip) = page_of(&params)?;
    let since = monitor.store().clock().now().date().plus_days(-RESULT_DAYS).start();
    let (limit, skip) = (usize::try_from(limit).unwrap_or(0), usize::try_from(skip).unwrap_or(0));
    Ok(Json(monitor.results(&By::from(allowed), since, approved, limit, skip).await?))
}

/// Approve single results
///
/// One approval, or a list of them; all are taken, or none.
#[utoipa::path(post, path = "/results", operation_id = "post_results", tag = "published",
    request_body = Object,
    responses((status = 200, description = "Taken")))]
async fn post_results(
    allowed: Allowed<ResultApprove>,
    State(monitor): State<Monitor>,
    RawJson(body): RawJson,
) -> Result<Response, Fault> {
    let list = if body.is_array() { body } else { Value::Array(vec![body]) };
    let approvals: Vec<Approval> = typed(list)?;
    monitor.approve(&By::from(allowed), approvals).await?;
    Ok(bytes_as(StatusCode::OK, stoa_web::JSON, "null"))
}

fn markdown(text: String) -> Response {
    bytes_as(StatusCode::OK, "text/markdown; charset=utf-8", text)
}

/// Whether a view shows the versions that are only tried out.
fn with_drafts(view: &str, name: &str) -> Result<bool, Problem> {
    match view.strip_prefix(name) {
        Some("") => Ok(false),
        Some("_full") => Ok(true),
        _ => Err(Problem::new(Refusal::NotFound, "web.not_found").detail("There is no such view.")),
    }
}

/// The overview as Markdown
#[utoipa::path(get, path = "/markdown/{view}", operation_id = "get_table_markdown", tag = "published",
    params(("view" = String, Path, example = "table")),
    responses((status = 200, description = "`table`, or `table_full` with drafts")))]
async fn get_table_markdown(
    asking: Public,
    State(monitor): State<Monitor>,
    Path(view): Path<String>,
) -> Result<Response, Fault> {
    let drafts = with_drafts(&view, "table")?;
    Ok(markdown(written::table_markdown(&*monitor.board(&asking.actor.tenant).await?, drafts)))
}

/// A subject as Markdown
#[utoipa::path(get, path = "/markdown/{view}/{subject}/{scope}", operation_id = "get_detail_markdown", tag = "published",
    params(("view" = String, Path, example = "detail"), ("subject" = String, Path, example = "cloud-1"),
        ("scope" = String, Path, example = "scs-compatible-iaas")),
    responses((status = 200, description = "`detail`, or `detail_full` with drafts")))]
async fn get_detail_markdown(
    asking: Public,
    State(monitor): State<Monitor>,
    Path((view, subject, scope)): Path<(String, String, String)>,
) -> Result<Response, Fault> {
    let drafts = with_drafts(&view, "detail")?;
    let board = monitor.board(&asking.actor.tenant).await?;
    let known = board.scopes.find(&scope).ok_or_else(|| MonitorError::ScopeNotFound(scope.clone()))?;
    let subjects = board.subjects(&subject).ok_or_else(|| MonitorError::SubjectNotFound(subject.clone()))?;
    Ok(markdown(written::detail_markdown(&board, &subjects, known, drafts)))
}

/// A scope as Markdown
#[utoipa::path(get, path = "/markdown/scope/{scope}", operation_id = "get_scope_markdown", tag = "published",
    params(("scope" = String, Path, example = "scs-compatible-iaas")),
    responses((status = 200, description = "Its modules by version")))]
async fn get_scope_markdown(
    asking: Public,
    State(monitor): State<Monitor>,
    Path(scope): Path<String>,
) -> Result<Response, Fault> {
    let board = monitor.board(&asking.actor.tenant).await?;
    let known = board.scopes.find(&scope).ok_or_else(|| MonitorError::ScopeNotFound(scope.clone()))?;
    Ok(markdown(written::scope_markdown(&board, known)))
}

/// A report as Markdown
#[utoipa::path(get, path = "/markdown/report/{id}", operation_id = "get_report_markdown", tag = "published",
    params(("id" = String, Path, example = "0d37bd02-57a0-4bb7-95e0-6c4ab8cdf9f5")),
    responses((status = 200, description = "Its results")))]
async fn get_report_markdown(
    asking: Public,
    State(monitor): State<Monitor>,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let evidence = monitor.evidence(&asking.actor.tenant, uuid(&id)?).await?;
    Ok(markdown(written::report_markdown(&evidence.report)))
}

/// The form that a request names.
pub(super) fn form_of(headers: &HeaderMap) -> Result<SignedAs, MonitorError> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    SignedAs::of_content_type(content_type).ok_or(MonitorError::ContentType)
}
