//! The native API: states, histories, evidence, accounts, listings, scopes, and what people decide.

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stoa_core::Problem;
use stoa_standards::verdict::Verdict;
use stoa_web::{
    Allowed, Body, Created, Fault, IdempotencyKey, Json, OnceBody, Params, Path, Public, RawBody, Right as _,
    json as answer,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::published::{form_of, uuid};
use super::{csv, written};
use crate::error::MonitorError;
use crate::model::bundle::SignedBundle;
use crate::model::history::share_kept;
use crate::permission::{AccountRead, AccountWrite, CertificateIssue, ReportSubmit, ResultApprove, ResultPropose};
use crate::service::{
    Account, AccountKey, Bundled, By, Certificate, CertificateState, Change, Changed, Due, Imported, Listing, Manual,
    Monitor, NewAccount, NewCertificate, NewManual, NewWaiver, ReportInfo, Statement, Waiver,
};
use crate::store::decision::DecisionId;

/// Changes of one answer at most.
const CHANGES_MAX: u32 = 1_000;
/// How far back they go, in days.
const CHANGES_DAYS: i32 = 90;

pub(super) fn router(body_bytes_max: usize) -> OpenApiRouter<Monitor> {
    let taking = OpenApiRouter::new().routes(routes!(submit_reports));
    OpenApiRouter::new()
        .merge(taking.layer(DefaultBodyLimit::max(body_bytes_max)))
        .routes(routes!(get_overview))
        .routes(routes!(get_standing))
        .routes(routes!(get_history))
        .routes(routes!(get_bundle))
        .routes(routes!(list_changes))
        .routes(routes!(list_scopes, put_scope))
        .routes(routes!(get_scope))
        .routes(routes!(get_report_info))
        .routes(routes!(list_accounts, create_account))
        .routes(routes!(import_accounts))
        .routes(routes!(get_account, put_account, delete_account))
        .routes(routes!(create_secret, delete_secrets))
        .routes(routes!(list_listings, put_listing))
        .routes(routes!(delete_listing))
        .routes(routes!(list_certificates, issue_certificate))
        .routes(routes!(get_signed_revocations))
        .routes(routes!(get_certificate))
        .routes(routes!(change_certificate))
        .routes(routes!(list_waivers, create_waiver))
        .routes(routes!(delete_waiver))
        .routes(routes!(list_manual_results, create_manual_result))
        .routes(routes!(list_due_results))
        .routes(routes!(decide_manual_result))
}

/// The header of what can be done once.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it describes the header; the extractor reads it")]
struct OnceHeader {
    /// A text of the caller's own: sent again with it and the same body, the request is done once and answered the same.
    #[param(rename = "Idempotency-Key")]
    idempotency_key: Option<String>,
}

/// Takes a signed body.
pub(super) async fn take(by: &By, monitor: &Monitor, headers: &HeaderMap, body: Vec<u8>) -> Result<Vec<Uuid>, Problem> {
    let form = form_of(headers)?;
    let body = String::from_utf8(body).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        MonitorError::field("", "encoding", format!("the body is not UTF-8 text: byte {at}"))
    })?;
    Ok(monitor.submit(by, form, body).await?)
}

/// The overview
///
/// Every row of the public table with its state under each scope, today.
#[utoipa::path(get, path = "/v1/overview", operation_id = "get_overview", tag = "states",
    params(("format" = Option<String>, Query, description = "`json`, or `csv`")),
    responses((status = 200, description = "The rows", body = Object)))]
async fn get_overview(asking: Public, State(monitor): State<Monitor>, params: Params) -> Result<Response, Fault> {
    let board = monitor.board(&asking.actor.tenant).await?;
    if csv::is_wanted(&params)? {
        let mut lines = Vec::new();
        for row in &board.rows {
            for known in board.scopes.iter() {
                let Some((subject, entry)) = board.worst(&row.subjects, known.scope.uuid) else { continue };
                let standing = &entry.standing;
                lines.push([
                    row.name.clone(),
                    row.title().to_owned(),
                    row.listing.operator.clone(),
                    known.alias.clone(),
                    subject.to_owned(),
                    standing.state.name().to_owned(),
                    standing.decisive().map(|version| version.name.clone()).unwrap_or_default(),
                    standing.is_verified().to_string(),
                    standing.checked_at.map(|at| at.to_string()).unwrap_or_default(),
                ]);
            }
        }
        let header = ["name", "title", "operator", "scope", "subject", "state", "version", "verified", "checked_at"];
        return Ok(csv::table(header, lines));
    }
    let rows: Vec<Value> = board.rows.iter().map(|row| written::row(&board, row)).collect();
    Ok(answer(StatusCode::OK, &json!({"date": board.date.to_string(), "items": rows})))
}

/// A state
///
/// What is known of a subject, or of the members of a group, under a scope: each test case, each version, each target.
#[utoipa::path(get, path = "/v1/subjects/{subject}/scopes/{scope}", operation_id = "get_standing", tag = "states",
    params(("subject" = String, Path, example = "cloud-1"), ("scope" = String, Path, example = "scs-compatible-iaas"),
        ("format" = Option<String>, Query, description = "`json`, or `csv`: the test cases")),
    responses((status = 200, description = "The states", body = Object)))]
async fn get_standing(
    asking: Public,
    State(monitor): State<Monitor>,
    Path((name, scope)): Path<(String, String)>,
    params: Params,
) -> Result<Response, Fault> {
    let board = monitor.board(&asking.actor.tenant).await?;
    let known = board.scopes.find(&scope).ok_or_else(|| MonitorError::ScopeNotFound(scope.clone()))?;
    let subjects = board.subjects(&name).ok_or_else(|| MonitorError::SubjectNotFound(name.clone()))?;
    if csv::is_wanted(&params)? {
        let entries = subjects.iter().filter_map(|name| Some((*name, board.entry(name, known.scope.uuid)?)));
        let lines = entries.flat_map(|(subject, entry)| {
            entry.standing.cases.iter().map(move |(id, case)| {
                let latest = case.latest;
                [
                    subject.to_owned(),
                    id.clone(),
                    case.state.name().to_owned(),
                    latest.map(|latest| latest.checked_at.to_string()).unwrap_or_default(),
                    case.expires_on.map(|day| day.to_string()).unwrap_or_default(),
                    latest.map(|latest| latest.source.name().to_owned()).unwrap_or_default(),
                    latest.map(|latest| latest.evidence.to_string()).unwrap_or_default(),
                ]
            })
        });
        let header = ["subject", "test_case", "state", "checked_at", "expires_on", "source", "evidence"];
        return Ok(csv::table(header, lines));
    }
    let mut items = Vec::new();
    for subject in subjects {
        let Some(entry) = board.entry(subject, known.scope.uuid) else { continue };
        let standing = &entry.standing;
        let cases: serde_json::Map<String, Value> = standing
            .cases
            .iter()
            .map(|(id, case)| {
                let latest = case.latest;
                let value = json!({"state": case.state, "checkedAt": latest.map(|latest| latest.checked_at),
                    "evidence": latest.map(|latest| latest.evidence), "source": latest.map(|latest| latest.source),
                    "expiresOn": case.expires_on.map(|date| date.to_string())});
                (id.clone(), value)
            })
            .collect();
        let versions: Vec<Value> = standing
            .versions
            .iter()
            .map(|version| {
                let targets: serde_json::Map<String, Value> = version
                    .targets
                    .iter()
                    .map(|target| (target.name.clone(), json!({"state": target.state, "testCases": target.test_cases})))
                    .collect();
                json!({"name": version.name, "validity": version.validity, "state": version.state, "targets": targets})
            })
            .collect();
        items.push(json!({"subject": subject, "state": standing.state, "verified": standing.is_verified(),
            "version": standing.decisive().map(|version| &version.name), "checkedAt": standing.checked_at,
            "holdsUntil": entry.holds_until().map(|date| date.to_string()), "versions": versions,
            "testCases": cases}));
    }
    let standing = json!({"date": board.date.to_string(), "scope": known.scope.uuid, "items": items});
    Ok(answer(StatusCode::OK, &standing))
}

/// A bundle of evidence
///
/// Everything that the state of a subject rests on, signed by the monitor: `stoa report verify-bundle` verifies it without
/// asking anybody.
#[utoipa::path(get, path = "/v1/subjects/{subject}/scopes/{scope}/bundle", operation_id = "get_bundle", tag = "evidence",
    params(("subject" = String, Path, example = "cloud-1"), ("scope" = String, Path, example = "scs-compatible-iaas")),
    responses((status = 200, description = "The bundle", body = Object)))]
async fn get_bundle(
    asking: Public,
    State(monitor): State<Monitor>,
    Path((subject, scope)): Path<(String, String)>,
) -> Result<Json<SignedBundle>, Fault> {
    let by = By::new(asking.actor, asking.info);
    monitor.may_download(&by, &subject)?;
    let Bundled { signed, subjects } = monitor.bundle(by.tenant(), &subject, &scope).await?;
    // A text that was signed as one can hold the reports of others.
    for other in &subjects {
        monitor.may_download(&by, other)?;
    }
    Ok(Json(signed))
}

/// A history
///
/// The state of a subject under a scope on each of the days of the last eighteen months.
#[utoipa::path(get, path = "/v1/subjects/{subject}/scopes/{scope}/history", operation_id = "get_history", tag = "states",
    params(("subject" = String, Path, example = "cloud-1"), ("scope" = String, Path, example = "scs-compatible-iaas"),
        ("format" = Option<String>, Query, description = "`json`, or `csv`")),
    responses((status = 200, description = "The days", body = Object)))]
async fn get_history(
    asking: Public,
    State(monitor): State<Monitor>,
    Path((subject, scope)): Path<(String, String)>,
    params: Params,
) -> Result<Response, Fault> {
    let tenant = &asking.actor.tenant;
    let board = monitor.board(tenant).await?;
    let known = board.scopes.find(&scope).ok_or_else(|| MonitorError::ScopeNotFound(scope.clone()))?;
    if board.subjects(&subject).is_none_or(|subjects| subjects != [subject.as_str()]) {
        return Err(MonitorError::SubjectNotFound(subject).into());
    }
    let history = monitor.history(tenant, &subject, known.scope.uuid).await?;
    if csv::is_wanted(&params)? {
        let line = |day: &crate::model::history::Day| {
            [day.date.to_string(), day.state.name().to_owned(), day.version.clone().unwrap_or_default()]
        };
        return Ok(csv::table(["date", "state", "version"], history.days.iter().map(line)));
    }
    let days: Vec<Value> = history
        .days
        .iter()
        .map(|day| json!({"date": day.date.to_string(), "state": day.state, "version": day.version}))
        .collect();
    let share = share_kept(&history.days).map(|share| f64::from(share) / 1000.0);
    Ok(answer(
        StatusCode::OK,
        &json!({"subject": subject, "scope": known.scope.uuid, "shareKept": share, "days": days}),
    ))
}

/// List changes
///
/// The newest changes of states and of certificates, of one subject or of all, from the last 90 days.
#[utoipa::path(get, path = "/v1/changes", operation_id = "list_changes", tag = "states",
    params(("subject" = Option<String>, Query), ("limit" = Option<u32>, Query),
        ("format" = Option<String>, Query, description = "`json`, or `csv`")),
    responses((status = 200, description = "The changes", body = List<Change>)))]
async fn list_changes(asking: Public, State(monitor): State<Monitor>, params: Params) -> Result<Response, Fault> {
    let subject = params.get("subject").filter(|text| !text.is_empty());
    let since = monitor.store().clock().now().date().plus_days(-CHANGES_DAYS).start();
    let limit = params.number("limit")?.unwrap_or(100).min(CHANGES_MAX);
    let items = monitor.changes(&asking.actor.tenant, subject, since, limit).await?;
    if csv::is_wanted(&params)? {
        let header = [
            "at",
            "subject",
            "scope",
            "before",
            "before_version",
            "after",
            "version",
            "cause",
            "evidence",
            "certificate",
            "reason",
        ];
        let line = |change: Change| {
            let (before, before_version, after, version, certificate, reason) = match change.what {
                Changed::State { before, before_version, after, version } => {
                    (before.name(), before_version, after.name(), version, String::new(), String::new())
                }
                Changed::Certificate { number, before, after, version, reason } => {
                    let before = before.map_or("", CertificateState::name);
                    (before, version.clone(), after.name(), version, number, reason)
                }
            };
            [
                change.at.to_string(),
                change.subject,
                change.scope,
                before.to_owned(),
                before_version,
                after.to_owned(),
                version,
                change.cause,
                change.evidence.map(|id| id.to_string()).unwrap_or_default(),
                certificate,
                reason,
            ]
        };
        return Ok(csv::table(header, items.into_iter().map(line)));
    }
    Ok(answer(StatusCode::OK, &List { items }))
}

/// List scopes
#[utoipa::path(get, path = "/v1/scopes", operation_id = "list_scopes", tag = "scopes",
    responses((status = 200, description = "The scopes", body = Object)))]
async fn list_scopes(asking: Public, State(monitor): State<Monitor>) -> Result<Json<Value>, Fault> {
    let board = monitor.board(&asking.actor.tenant).await?;
    let items: Vec<Value> = board
        .scopes
        .iter()
        .map(|known| json!({"uuid": known.scope.uuid, "alias": known.alias, "name": known.scope.name}))
        .collect();
    Ok(Json(json!({"items": items})))
}

/// Read a scope
///
/// Everything that it demands: versions, modules, test cases, and when which version counts for what.
#[utoipa::path(get, path = "/v1/scopes/{scope}", operation_id = "get_scope", tag = "scopes",
    params(("scope" = String, Path, example = "scs-compatible-iaas"),
        ("format" = Option<String>, Query, description = "`json`, or `csv`: which version asks for which test case")),
    responses((status = 200, description = "The scope", body = Object)))]
async fn get_scope(
    asking: Public,
    State(monitor): State<Monitor>,
    Path(scope): Path<String>,
    params: Params,
) -> Result<Response, Fault> {
    let board = monitor.board(&asking.actor.tenant).await?;
    let known = board.scopes.find(&scope).ok_or_else(|| MonitorError::ScopeNotFound(scope.clone()))?;
    if csv::is_wanted(&params)? {
        let lines = known.scope.versions_on(board.date).into_iter().flat_map(|(version, validity)| {
            version.targets.iter().flat_map(move |(target, cases)| {
                cases
                    .iter()
                    .map(move |case| [version.name.clone(), validity.name().to_owned(), target.clone(), case.clone()])
            })
        });
        return Ok(csv::table(["version", "validity", "target", "test_case"], lines));
    }
    Ok(answer(StatusCode::OK, &json!({"alias": known.alias, "scope": *known.scope})))
}

/// Write a scope
///
/// The body is a scope in the published YAML format. One with a known id takes the place of the one that is there.
#[utoipa::path(put, path = "/v1/scopes", operation_id = "put_scope", tag = "scopes",
    params(("alias" = String, Query, description = "The short name by which addresses call it", example = "example-scope")),
    request_body(content = String, content_type = "application/yaml"),
    responses((status = 200, description = "Its title", body = Object)))]
async fn put_scope(
    allowed: Allowed<AccountWrite>,
    State(monitor): State<Monitor>,
    params: Params,
    RawBody(body): RawBody,
) -> Result<Json<Value>, Fault> {
    let alias = params.get("alias").unwrap_or("").to_owned();
    let document = String::from_utf8(body.to_vec())
        .map_err(|_| MonitorError::field("", "encoding", "the body is not UTF-8 text"))?;
    let name = monitor.put_scope(&By::from(allowed), &alias, document).await?;
    Ok(Json(json!({"alias": alias, "name": name})))
}

/// Hand in reports
///
/// As `POST /reports`; the answer names the ids that were taken.
#[utoipa::path(post, path = "/v1/reports", operation_id = "submit_reports", tag = "evidence",
    params(OnceHeader),
    request_body(content = String, content_type = "application/x-signed-yaml"),
    responses((status = 201, description = "The ids", body = Object,
        headers(("Location" = String, description = "Its address")))))]
async fn submit_reports(
    allowed: Allowed<ReportSubmit>,
    State(monitor): State<Monitor>,
    headers: HeaderMap,
    key: IdempotencyKey,
    RawBody(body): RawBody,
) -> Result<Created<Value>, Fault> {
    let by = By::from(allowed).once(key.over(&body));
    let ids = take(&by, &monitor, &headers, body.to_vec()).await?;
    let location = ids.first().map(|id| format!("/monitor/v1/reports/{id}")).unwrap_or_default();
    Ok(Created { location, body: json!({"reports": ids}) })
}

/// A report with its results.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct ReportBody {
    #[serde(flatten)]
    info: ReportInfo,
    /// Verdicts by test case: 1, 0 or -1.
    #[schema(value_type = Object)]
    results: Value,
    /// The report before it, of the same subject and scope.
    #[schema(value_type = Option<String>)]
    previous: Option<Uuid>,
}

/// Read what a report says
#[utoipa::path(get, path = "/v1/reports/{id}", operation_id = "get_report_info", tag = "evidence",
    params(("id" = String, Path, example = "0d37bd02-57a0-4bb7-95e0-6c4ab8cdf9f5"),
        ("format" = Option<String>, Query, description = "`json`, or `csv`: the results")),
    responses((status = 200, description = "The report", body = ReportBody)))]
async fn get_report_info(
    asking: Public,
    State(monitor): State<Monitor>,
    Path(id): Path<String>,
    params: Params,
) -> Result<Response, Fault> {
    let (tenant, id) = (&asking.actor.tenant, uuid(&id)?);
    let info = monitor.report_info(tenant, id).await?;
    let verdicts = monitor.verdicts(tenant, id).await?;
    if csv::is_wanted(&params)? {
        let line = |(id, verdict): (&String, &Verdict)| [id.clone(), verdict.name().to_owned()];
        return Ok(csv::table(["test_case", "result"], verdicts.iter().map(line)));
    }
    let results = verdicts.iter().map(|(id, verdict)| (id.clone(), verdict.number().into())).collect();
    let previous = monitor.report_before(tenant, id).await?.map(|info| info.id);
    Ok(answer(StatusCode::OK, &ReportBody { info, results: Value::Object(results), previous }))
}

/// A list.
#[derive(Serialize, utoipa::ToSchema)]
struct List<T> {
    /// What is in it.
    items: Vec<T>,
}

/// List accounts
#[utoipa::path(get, path = "/v1/accounts", operation_id = "list_accounts", tag = "accounts",
    responses((status = 200, description = "The accounts", body = List<Account>)))]
async fn list_accounts(
    allowed: Allowed<AccountRead>,
    State(monitor): State<Monitor>,
) -> Result<Json<List<Account>>, Fault> {
    Ok(Json(List { items: monitor.accounts(&By::from(allowed)).await? }))
}

/// An account that is to be made.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"subject": "cloud-9", "group": null, "roles": [], "keys": [], "delegates": [], "email": ""}))]
struct AccountBody {
    /// The subject that it stands for.
    subject: String,
    /// The group whose row it shares.
    group: Option<String>,
    /// What it may do beyond handing in reports about itself: `read_any`, `append_any`, `approve`, `admin`.
    #[serde(default)]
    roles: Vec<String>,
    /// The keys that it signs with.
    #[serde(default)]
    keys: Vec<AccountKey>,
    /// The subjects that may act for it.
    #[serde(default)]
    delegates: Vec<String>,
    /// Where whoever runs it is told when its state changes, by mail; empty for nobody.
    #[serde(default)]
    email: String,
}

/// Create an account
#[utoipa::path(post, path = "/v1/accounts", operation_id = "create_account", tag = "accounts",
    params(OnceHeader),
    request_body = AccountBody,
    responses((status = 201, description = "The account", body = Account,
        headers(("Location" = String, description = "Its address")))))]
async fn create_account(
    allowed: Allowed<AccountWrite>,
    State(monitor): State<Monitor>,
    OnceBody { body, once }: OnceBody<AccountBody>,
) -> Result<Created<Account>, Fault> {
    let AccountBody { subject, group, roles, keys, delegates, email } = body;
    let new = NewAccount { group, roles, keys, delegates, email };
    let account = monitor.create_account(&By::from(allowed).once(once), &subject, new).await?;
    let location = format!("/monitor/v1/accounts/{}", stoa_ui::Address::segment(&account.subject));
    Ok(Created { location, body: account })
}

/// Import accounts
///
/// The body is the published monitor's `bootstrap.yaml`. Accounts that are not in it leave; their evidence stays.
#[utoipa::path(post, path = "/v1/accounts/import", operation_id = "import_accounts", tag = "accounts",
    params(OnceHeader),
    request_body(content = String, content_type = "application/yaml"),
    responses((status = 200, description = "What was done", body = Imported)))]
async fn import_accounts(
    allowed: Allowed<AccountWrite>,
    State(monitor): State<Monitor>,
    key: IdempotencyKey,
    RawBody(body): RawBody,
) -> Result<Json<Imported>, Fault> {
    let by = By::from(allowed).once(key.over(&body));
    let text = String::from_utf8(body.to_vec())
        .map_err(|_| MonitorError::field("", "encoding", "the body is not UTF-8 text"))?;
    let accounts = crate::model::bootstrap::read(&text).map_err(|error| MonitorError::unreadable(&error))?;
    Ok(Json(monitor.import(&by, accounts).await?))
}

/// Read an account
#[utoipa::path(get, path = "/v1/accounts/{subject}", operation_id = "get_account", tag = "accounts",
    params(("subject" = String, Path, example = "cloud-1")),
    responses((status = 200, description = "The account", body = Account)))]
async fn get_account(
    allowed: Allowed<AccountRead>,
    State(monitor): State<Monitor>,
    Path(subject): Path<String>,
) -> Result<Json<Account>, Fault> {
    Ok(Json(monitor.account(&By::from(allowed), &subject).await?))
}

/// Write an account
#[utoipa::path(put, path = "/v1/accounts/{subject}", operation_id = "put_account", tag = "accounts",
    params(("subject" = String, Path, example = "cloud-1")),
    request_body = NewAccount,
    responses((status = 200, description = "The account", body = Account)))]
async fn put_account(
    allowed: Allowed<AccountWrite>,
    State(monitor): State<Monitor>,
    Path(subject): Path<String>,
    Body(new): Body<NewAccount>,
) -> Result<Json<Account>, Fault> {
    Ok(Json(monitor.put_account(&By::from(allowed), &subject, new).await?))
}

/// Retire an account
///
/// It comes in no more. Its evidence stays.
#[utoipa::path(delete, path = "/v1/accounts/{subject}", operation_id = "delete_account", tag = "accounts",
    params(("subject" = String, Path, example = "cloud-1")),
    responses((status = 204, description = "Retired")))]
async fn delete_account(
    allowed: Allowed<AccountWrite>,
    State(monitor): State<Monitor>,
    Path(subject): Path<String>,
) -> Result<StatusCode, Fault> {
    monitor.retire_account(&By::from(allowed), &subject).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Issue a secret
///
/// With it the account comes in, by Basic authentication under its subject's name. It is told once.
#[utoipa::path(post, path = "/v1/accounts/{subject}/secrets", operation_id = "create_secret", tag = "accounts",
    params(("subject" = String, Path, example = "cloud-1")),
    responses((status = 201, description = "The secret", body = Object,
        headers(("Location" = String, description = "Its address")))))]
async fn create_secret(
    allowed: Allowed<AccountWrite>,
    State(monitor): State<Monitor>,
    Path(subject): Path<String>,
) -> Result<Created<Value>, Fault> {
    let secret = monitor.issue_secret(&By::from(allowed), &subject).await?;
    let location = format!("/monitor/v1/accounts/{}", stoa_ui::Address::segment(&subject));
    Ok(Created { location, body: json!({"subject": subject, "secret": secret}) })
}

/// Revoke all secrets
#[utoipa::path(delete, path = "/v1/accounts/{subject}/secrets", operation_id = "delete_secrets", tag = "accounts",
    params(("subject" = String, Path, example = "cloud-1")),
    responses((status = 204, description = "Revoked")))]
async fn delete_secrets(
    allowed: Allowed<AccountWrite>,
    State(monitor): State<Monitor>,
    Path(subject): Path<String>,
) -> Result<StatusCode, Fault> {
    monitor.revoke_secrets(&By::from(allowed), &subject).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List listings
///
/// How the public table names subjects and groups.
#[utoipa::path(get, path = "/v1/listings", operation_id = "list_listings", tag = "listings",
    responses((status = 200, description = "The listings", body = List<Listing>)))]
async fn list_listings(
    allowed: Allowed<AccountRead>,
    State(monitor): State<Monitor>,
) -> Result<Json<List<Listing>>, Fault> {
    Ok(Json(List { items: monitor.listings(&By::from(allowed)).await? }))
}

/// Write a listing
#[utoipa::path(put, path = "/v1/listings", operation_id = "put_listing", tag = "listings",
    request_body = Listing,
    responses((status = 200, description = "The listing", body = Listing)))]
async fn put_listing(
    allowed: Allowed<AccountWrite>,
    State(monitor): State<Monitor>,
    Body(listing): Body<Listing>,
) -> Result<Json<Listing>, Fault> {
    monitor.put_listing(&By::from(allowed), listing.clone()).await?;
    Ok(Json(listing))
}

/// Remove a listing
///
/// The table names the subject by its own name from then on.
#[utoipa::path(delete, path = "/v1/listings/{name}", operation_id = "delete_listing", tag = "listings",
    params(("name" = String, Path, example = "cloud-1")),
    responses((status = 204, description = "Removed")))]
async fn delete_listing(
    allowed: Allowed<AccountWrite>,
    State(monitor): State<Monitor>,
    Path(name): Path<String>,
) -> Result<StatusCode, Fault> {
    monitor.remove_listing(&By::from(allowed), &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List certificates
///
/// All that were issued, newest first.
#[utoipa::path(get, path = "/v1/certificates", operation_id = "list_certificates", tag = "certificates",
    params(("format" = Option<String>, Query, description = "`json`, or `csv`")),
    responses((status = 200, description = "The certificates", body = List<Certificate>)))]
async fn list_certificates(asking: Public, State(monitor): State<Monitor>, params: Params) -> Result<Response, Fault> {
    let items = monitor.certificates(&asking.actor.tenant).await?;
    if csv::is_wanted(&params)? {
        let header = ["number", "subject", "scope", "version", "holder", "issued_on", "ends_on", "state", "reason"];
        let line = |found: Certificate| {
            [
                found.number,
                found.subject,
                found.scope,
                found.version,
                found.holder,
                found.issued_on,
                found.ends_on,
                found.state,
                found.reason,
            ]
        };
        return Ok(csv::table(header, items.into_iter().map(line)));
    }
    Ok(answer(StatusCode::OK, &List { items }))
}

/// Issue a certificate
///
/// For a version that the subject keeps today. It is valid for a year, whatever becomes of the version.
#[utoipa::path(post, path = "/v1/certificates", operation_id = "issue_certificate", tag = "certificates",
    params(OnceHeader),
    request_body = NewCertificate,
    responses((status = 201, description = "The certificate", body = Certificate,
        headers(("Location" = String, description = "Its address")))))]
async fn issue_certificate(
    allowed: Allowed<CertificateIssue>,
    State(monitor): State<Monitor>,
    OnceBody { body: new, once }: OnceBody<NewCertificate>,
) -> Result<Created<Certificate>, Fault> {
    let issued = monitor.issue_certificate(&By::from(allowed).once(once), new).await?;
    Ok(Created { location: format!("/monitor/v1/certificates/{}", issued.number), body: issued })
}

/// The signed list of revoked certificates
///
/// Those that were suspended or withdrawn, as of today: the text, the signature over it (namespace `certificates`), and the
/// key, in one answer.
#[utoipa::path(get, path = "/v1/certificates/revoked", operation_id = "get_signed_revocations", tag = "certificates",
    responses((status = 200, description = "The list", body = Statement)))]
async fn get_signed_revocations(asking: Public, State(monitor): State<Monitor>) -> Result<Json<Statement>, Fault> {
    Ok(Json(monitor.revocations(&asking.actor.tenant).await?))
}

/// Read a certificate
#[utoipa::path(get, path = "/v1/certificates/{number}", operation_id = "get_certificate", tag = "certificates",
    params(("number" = String, Path, example = "2026-0001")),
    responses((status = 200, description = "The certificate", body = Certificate)))]
async fn get_certificate(
    asking: Public,
    State(monitor): State<Monitor>,
    Path(number): Path<String>,
) -> Result<Json<Certificate>, Fault> {
    Ok(Json(monitor.certificate(&asking.actor.tenant, &number).await?))
}

/// What is done with a certificate, and why.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"state": "suspended", "reason": "The operator did not answer."}))]
struct CertificateChange {
    /// `valid` again, `suspended`, or `withdrawn` for good.
    state: CertificateState,
    /// Why; everybody can read it.
    reason: String,
}

/// Suspend or withdraw a certificate
///
/// Or make one that is suspended valid again. What is withdrawn stays so.
#[utoipa::path(post, path = "/v1/certificates/{number}/state", operation_id = "change_certificate", tag = "certificates",
    params(OnceHeader, ("number" = String, Path, example = "2026-0001")),
    request_body = CertificateChange,
    responses((status = 200, description = "The certificate", body = Certificate)))]
async fn change_certificate(
    allowed: Allowed<CertificateIssue>,
    State(monitor): State<Monitor>,
    Path(number): Path<String>,
    OnceBody { body: change, once }: OnceBody<CertificateChange>,
) -> Result<Json<Certificate>, Fault> {
    let by = By::from(allowed).once(once);
    Ok(Json(monitor.change_certificate(&by, &number, change.state, &change.reason).await?))
}

/// List waivers
///
/// The failures that are tolerated, each with its reason and its end.
#[utoipa::path(get, path = "/v1/waivers", operation_id = "list_waivers", tag = "decisions",
    responses((status = 200, description = "The waivers", body = List<Waiver>)))]
async fn list_waivers(asking: Public, State(monitor): State<Monitor>) -> Result<Json<List<Waiver>>, Fault> {
    let by = By::new(asking.actor, asking.info);
    let mut items = monitor.waivers(&by).await?;
    // Who granted it is the officials' business.
    if by.actor.require(AccountRead::INFO.permission).is_err() {
        for waiver in &mut items {
            waiver.granted_by.clear();
        }
    }
    Ok(Json(List { items }))
}

/// Grant a waiver
#[utoipa::path(post, path = "/v1/waivers", operation_id = "create_waiver", tag = "decisions",
    params(OnceHeader),
    request_body = NewWaiver,
    responses((status = 201, description = "The waiver", body = Waiver,
        headers(("Location" = String, description = "Its address")))))]
async fn create_waiver(
    allowed: Allowed<ResultApprove>,
    State(monitor): State<Monitor>,
    OnceBody { body: new, once }: OnceBody<NewWaiver>,
) -> Result<Created<Waiver>, Fault> {
    let waiver = monitor.waive(&By::from(allowed).once(once), new).await?;
    Ok(Created { location: "/monitor/v1/waivers".to_owned(), body: waiver })
}

fn decision(id: &str) -> Result<DecisionId, MonitorError> {
    id.parse().map_err(|_| MonitorError::DecisionNotFound)
}

/// Withdraw a waiver
#[utoipa::path(delete, path = "/v1/waivers/{id}", operation_id = "delete_waiver", tag = "decisions",
    params(("id" = String, Path, example = "018f3c5e-7b1a-7c3d-9a55-0242ac120002")),
    responses((status = 204, description = "Withdrawn")))]
async fn delete_waiver(
    allowed: Allowed<ResultApprove>,
    State(monitor): State<Monitor>,
    Path(id): Path<String>,
) -> Result<StatusCode, Fault> {
    monitor.withdraw_waiver(&By::from(allowed), decision(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List manual results
///
/// What people found out, newest first.
#[utoipa::path(get, path = "/v1/results", operation_id = "list_manual_results", tag = "decisions",
    responses((status = 200, description = "The results", body = List<Manual>)))]
async fn list_manual_results(
    allowed: Allowed<AccountRead>,
    State(monitor): State<Monitor>,
) -> Result<Json<List<Manual>>, Fault> {
    Ok(Json(List { items: monitor.manual_results(&By::from(allowed)).await? }))
}

/// List due checks
///
/// What people have to look at again, those first that are due first: checks that no program makes, each quarter.
#[utoipa::path(get, path = "/v1/results/due", operation_id = "list_due_results", tag = "decisions",
    responses((status = 200, description = "The checks", body = List<Due>)))]
async fn list_due_results(
    allowed: Allowed<AccountRead>,
    State(monitor): State<Monitor>,
) -> Result<Json<List<Due>>, Fault> {
    Ok(Json(List { items: monitor.due(&By::from(allowed)).await? }))
}

/// Record a manual result
///
/// It counts once a second person approved it.
#[utoipa::path(post, path = "/v1/results", operation_id = "create_manual_result", tag = "decisions",
    params(OnceHeader),
    request_body = NewManual,
    responses((status = 201, description = "The result", body = Manual,
        headers(("Location" = String, description = "Its address")))))]
async fn create_manual_result(
    allowed: Allowed<ResultPropose>,
    State(monitor): State<Monitor>,
    OnceBody { body: new, once }: OnceBody<NewManual>,
) -> Result<Created<Manual>, Fault> {
    let manual = monitor.propose(&By::from(allowed).once(once), new).await?;
    Ok(Created { location: "/monitor/v1/results".to_owned(), body: manual })
}

/// What was decided.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"approved": true}))]
struct DecisionBody {
    /// Whether the result counts.
    approved: bool,
}

/// Decide about a manual result
///
/// By somebody other than who recorded it.
#[utoipa::path(post, path = "/v1/results/{id}/decision", operation_id = "decide_manual_result", tag = "decisions",
    params(OnceHeader, ("id" = String, Path, example = "018f3c5e-7b1a-7c3d-9a55-0242ac120002")),
    request_body = DecisionBody,
    responses((status = 200, description = "The result", body = Manual)))]
async fn decide_manual_result(
    allowed: Allowed<ResultApprove>,
    State(monitor): State<Monitor>,
    Path(id): Path<String>,
    OnceBody { body, once }: OnceBody<DecisionBody>,
) -> Result<Json<Manual>, Fault> {
    Ok(Json(monitor.decide(&By::from(allowed).once(once), decision(&id)?, body.approved).await?))
}
