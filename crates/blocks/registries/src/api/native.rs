//! The native API: whole registers with drafts and impact, records with entity tags, histories.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stoa_core::{Instant, Page, Problem, Refusal};
use stoa_store::idempotency::Answer;
use stoa_web::{Allowed, Body, Created, Fault, IdempotencyKey, Json, Params, Path, RawJson, etag, json as answer};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Desk;
use crate::error::RegistriesError;
use crate::model::Schema;
use crate::permission::{
    LogRead, RecordDelete, RecordRead, RecordWrite, RegistryDelete, RegistryDesign, RegistryRead, UsageRead,
};
use crate::service::{
    By, ChangeEntry, Draft, ENTRIES_MAX, Impact, Order, PersonalDataUsage, Record, RecordId, RegistryInfo, Wanted,
};

pub(super) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(list_registries, create_registry))
        .routes(routes!(get_registry, delete_registry))
        .routes(routes!(put_draft))
        .routes(routes!(get_impact))
        .routes(routes!(publish_registry))
        .routes(routes!(get_version_openapi))
        .routes(routes!(list_records, create_record))
        .routes(routes!(get_record, update_record, delete_record))
        .routes(routes!(list_record_changes))
        .routes(routes!(list_record_reads))
        .routes(routes!(list_changes))
        .routes(routes!(search_personal_data_usage))
}

/// What a register is to be.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "code": "countries",
    "name": "Countries",
    "description": "Countries of the world",
    "schema": {"type": "object", "required": ["code"], "properties": {
        "code": {"type": "string", "primaryKey": true}, "name": {"type": "string"}, "people": {"type": "integer"}}}
}))]
struct DraftBody {
    /// The register's code; taken from the address where that names it.
    code: Option<String>,
    /// Its name; the code when nothing is said.
    #[serde(default)]
    name: String,
    /// The catalogue group that it belongs to.
    #[serde(default)]
    group_name: String,
    /// What it holds, in words.
    #[serde(default)]
    description: String,
    /// Who owns it.
    #[serde(default)]
    institution: String,
    /// Whether reads of personal data are recorded; true when nothing is said.
    read_log: Option<bool>,
    /// The schema of its next version.
    #[schema(value_type = Object)]
    schema: Value,
}

impl DraftBody {
    fn into_draft(self, code: String) -> Draft {
        Draft {
            code,
            name: self.name,
            group_name: self.group_name,
            description: self.description,
            institution: self.institution,
            read_log: self.read_log,
            schema: self.schema,
            ..Draft::default()
        }
    }
}

/// A list of registers.
#[derive(Serialize, utoipa::ToSchema)]
struct RegistryList {
    /// The registers, by code.
    items: Vec<RegistryInfo>,
}

/// List registers
///
/// All registers of the caller's tenant, by code.
#[utoipa::path(get, path = "/v1/registries", operation_id = "list_registries", tag = "registries",
    responses((status = 200, description = "The registers", body = RegistryList)))]
async fn list_registries(
    allowed: Allowed<RegistryRead>,
    State(desk): State<Desk>,
) -> Result<Json<RegistryList>, Fault> {
    Ok(Json(RegistryList { items: desk.registries.list(&By::from(allowed)).await? }))
}

/// Create a register
///
/// Makes a register with the draft of its first version. It takes records once the draft is published.
#[utoipa::path(post, path = "/v1/registries", operation_id = "create_registry", tag = "registries",
    request_body = DraftBody,
    responses((status = 201, description = "The register", body = RegistryInfo,
        headers(("Location" = String, description = "Its address")))))]
async fn create_registry(
    allowed: Allowed<RegistryDesign>,
    State(desk): State<Desk>,
    Body(body): Body<DraftBody>,
) -> Result<Created<RegistryInfo>, Fault> {
    let code = body.code.clone().ok_or_else(|| RegistriesError::field("/code", "required", "is required"))?;
    let draft = Draft { must_be_new: true, ..body.into_draft(code) };
    let info = desk.registries.put_draft(&By::from(allowed), draft).await?;
    Ok(Created { location: format!("/registries/v1/registries/{}", info.code), body: info })
}

/// Read a register
#[utoipa::path(get, path = "/v1/registries/{code}", operation_id = "get_registry", tag = "registries",
    params(("code" = String, Path, example = "countries")),
    responses((status = 200, description = "The register with all of its versions", body = RegistryInfo)))]
async fn get_registry(
    allowed: Allowed<RegistryRead>,
    State(desk): State<Desk>,
    Path(code): Path<String>,
) -> Result<Json<RegistryInfo>, Fault> {
    Ok(Json(desk.registries.get(&By::from(allowed), &code).await?))
}

/// Delete a register
///
/// The register can no longer be reached. Its records and their history stay until they are erased by law.
#[utoipa::path(delete, path = "/v1/registries/{code}", operation_id = "delete_registry", tag = "registries",
    params(("code" = String, Path, example = "countries")),
    responses((status = 204, description = "Deleted")))]
async fn delete_registry(
    allowed: Allowed<RegistryDelete>,
    State(desk): State<Desk>,
    Path(code): Path<String>,
) -> Result<StatusCode, Fault> {
    let by = By::from(allowed);
    let info = desk.registries.get(&by, &code).await?;
    desk.registries.delete_registry(&by, info.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Write a draft
///
/// Writes the draft of a register's next version, over the draft that may be there.
#[utoipa::path(put, path = "/v1/registries/{code}/draft", operation_id = "put_draft", tag = "registries",
    params(("code" = String, Path, example = "countries")),
    request_body = DraftBody,
    responses((status = 200, description = "The register", body = RegistryInfo)))]
async fn put_draft(
    allowed: Allowed<RegistryDesign>,
    State(desk): State<Desk>,
    Path(code): Path<String>,
    Body(body): Body<DraftBody>,
) -> Result<Json<RegistryInfo>, Fault> {
    let by = By::from(allowed);
    desk.registries.open(&by, &code).await?;
    Ok(Json(desk.registries.put_draft(&by, body.into_draft(code)).await?))
}

/// See what publishing would do
///
/// The differences between the draft and the newest version, and whether they may break clients.
#[utoipa::path(get, path = "/v1/registries/{code}/impact", operation_id = "get_impact", tag = "registries",
    params(("code" = String, Path, example = "countries")),
    responses((status = 200, description = "The impact", body = Impact)))]
async fn get_impact(
    allowed: Allowed<RegistryDesign>,
    State(desk): State<Desk>,
    Path(code): Path<String>,
) -> Result<Json<Impact>, Fault> {
    Ok(Json(desk.registries.impact(&By::from(allowed), &code).await?))
}

/// Publish a draft
///
/// Turns the draft into the next version, with its own addresses. Older versions stay. Where many records are there first
/// to be checked by rules that it brings, it is on its way when this answers, and `publication` says how far.
#[utoipa::path(post, path = "/v1/registries/{code}/publish", operation_id = "publish_registry", tag = "registries",
    params(("code" = String, Path, example = "countries")),
    responses((status = 200, description = "The register with its new version", body = RegistryInfo),
        (status = 202, description = "The register, whose new version is on its way", body = RegistryInfo)))]
async fn publish_registry(
    allowed: Allowed<RegistryDesign>,
    State(desk): State<Desk>,
    Path(code): Path<String>,
) -> Result<Response, Fault> {
    let info = desk.registries.publish(&By::from(allowed), &code).await?;
    let status = if info.publication.is_some() { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok(answer(status, &info))
}

/// Describe a version's services
///
/// The OpenAPI document of one published version, with its fields.
#[utoipa::path(get, path = "/v1/registries/{code}/versions/{label}/openapi.json", operation_id = "get_version_openapi", tag = "registries",
    params(("code" = String, Path, example = "countries"), ("label" = String, Path, example = "1.0")),
    responses((status = 200, description = "An OpenAPI 3.1 document", body = Value)))]
async fn get_version_openapi(
    allowed: Allowed<RegistryRead>,
    State(desk): State<Desk>,
    Path((code, label)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let compiled = desk.registries.open(&By::from(allowed), &code).await?;
    let version = compiled.version(&label)?;
    let document = crate::model::describe(&compiled.code, &compiled.name, label.as_str(), &version.schema);
    Ok(answer(StatusCode::OK, &document))
}

/// One record.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct RecordView {
    /// The record's id.
    #[schema(value_type = String, format = Uuid)]
    id: RecordId,
    /// Counts its changes; also its `ETag`.
    version: i64,
    /// The record's values by field name, as the newest version has them.
    #[schema(value_type = Object)]
    content: Value,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    modified_at: Instant,
}

impl RecordView {
    fn new(record: &Record, schema: &Schema) -> Self {
        Self {
            id: record.id,
            version: record.version,
            content: record.show(schema),
            created_at: record.created_at,
            modified_at: record.modified_at,
        }
    }

    fn into_answer(self, status: StatusCode) -> Response {
        let tag = etag(self.version);
        let mut response = answer(status, &self);
        response.headers_mut().insert(header::ETAG, tag);
        response
    }
}

/// A page of records.
#[derive(Serialize, utoipa::ToSchema)]
struct RecordList {
    /// Records in all.
    total: u64,
    /// The records of the page.
    items: Vec<RecordView>,
}

/// List records
///
/// Records of the newest version, with search, filter, order and pages.
#[utoipa::path(get, path = "/v1/registries/{code}/records", operation_id = "list_records", tag = "records",
    params(("code" = String, Path, example = "countries"),
        ("search" = Option<String>, Query, description = "What to look for in the full text, or in the field of `filter`"),
        ("filter" = Option<String>, Query, description = "The field to look in"),
        ("sort" = Option<String>, Query, description = "A field's name, with - for the other way round"),
        ("page" = Option<u32>, Query, minimum = 1, description = "The page, from 1"),
        ("pageSize" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "Records of a page; 50 when nothing is said")),
    responses((status = 200, description = "A page of records", body = RecordList)))]
async fn list_records(
    allowed: Allowed<RecordRead>,
    State(desk): State<Desk>,
    Path(code): Path<String>,
    params: Params,
) -> Result<Json<RecordList>, Fault> {
    let by = By::from(allowed);
    let label = newest(&desk, &by, &code).await?;
    let text = |key: &str| params.get(key).filter(|text| !text.is_empty()).map(str::to_owned);
    let sort = text("sort");
    let wanted = Wanted {
        search: text("search"),
        filter: text("filter"),
        equal: Vec::new(),
        order: Order {
            descending: sort.as_deref().is_some_and(|name| name.starts_with('-')),
            field: sort.map(|name| name.trim_start_matches('-').to_owned()),
        },
    };
    let listing = desk.registries.list_records(&by, &code, &label, wanted, page(&params)?).await?;
    let items = listing.records.iter().map(|record| RecordView::new(record, &listing.version.schema)).collect();
    Ok(Json(RecordList { total: listing.count, items }))
}

fn page(params: &Params) -> Result<Page, Problem> {
    let number = params.number("page")?.unwrap_or(1);
    let size = params.number("pageSize")?.unwrap_or(stoa_core::limit::PAGE_SIZE_DEFAULT);
    Ok(Page::new(number, size)?)
}

/// The label of the newest version; refused while none is published.
async fn newest(desk: &Desk, by: &By, code: &str) -> Result<String, RegistriesError> {
    let compiled = desk.registries.open(by, code).await?;
    let version = compiled.current().ok_or_else(|| RegistriesError::VersionNotFound {
        code: compiled.code.clone(),
        label: "published".to_owned(),
    })?;
    Ok(version.label.as_str().to_owned())
}

/// A record's answer as it is kept for an idempotency key.
fn kept(place: &str, record: &Record, schema: &Schema) -> Answer {
    Answer {
        status: StatusCode::CREATED.as_u16(),
        content_type: None,
        location: Some(format!("{place}/{}", record.id)),
        body: serde_json::to_vec(&RecordView::new(record, schema)).unwrap_or_default(),
    }
}

/// A kept answer, byte by byte as it was sent the first time: a new record is at version 1.
fn as_sent(kept: Answer) -> Response {
    let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
    let mut response = stoa_web::bytes_as(status, stoa_web::JSON, kept.body);
    response.headers_mut().insert(header::ETAG, etag(1));
    if let Some(Ok(location)) = kept.location.map(header::HeaderValue::try_from) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// Create a record
///
/// Stores a new record under the newest version.
#[utoipa::path(post, path = "/v1/registries/{code}/records", operation_id = "create_record", tag = "records",
    params(("code" = String, Path, example = "countries"),
        ("Idempotency-Key" = Option<String>, Header, description = "A text of the caller's own: sent again with it and the same body, the request is done once and answered the same")),
    request_body(content = Object, description = "The values by field name",
        example = json!({"code": "RW", "name": "Rwanda", "people": 14_094_683})),
    responses((status = 201, description = "The record", body = RecordView,
        headers(("Location" = String, description = "Its address"), ("ETag" = String, description = "The record's version, for `If-Match`")))))]
async fn create_record(
    allowed: Allowed<RecordWrite>,
    State(desk): State<Desk>,
    Path(code): Path<String>,
    IdempotencyKey(key): IdempotencyKey,
    RawJson(body): RawJson,
) -> Result<Response, Fault> {
    let by = By::from(allowed);
    let label = newest(&desk, &by, &code).await?;
    if let Some(key) = key {
        let place = format!("/registries/v1/registries/{code}/records");
        let made = desk
            .registries
            .create_once(&by, &code, &label, body, &key, move |record, schema| kept(&place, record, schema));
        return Ok(as_sent(made.await?));
    }
    let record = desk.registries.create(&by, &code, &label, body, "").await?;
    let compiled = desk.registries.open(&by, &code).await?;
    let view = RecordView::new(&record, &compiled.version(&label)?.schema);
    let location = format!("/registries/v1/registries/{code}/records/{}", record.id);
    let mut response = view.into_answer(StatusCode::CREATED);
    if let Ok(location) = header::HeaderValue::try_from(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Read a record
///
/// A record as the newest version shows it. Reads of personal data are recorded.
#[utoipa::path(get, path = "/v1/registries/{code}/records/{id}", operation_id = "get_record", tag = "records",
    params(("code" = String, Path, example = "countries"), ("id" = String, Path, description = "The record's id", example = "018f3c5e-7b1a-7c3d-9a55-0242ac120002")),
    responses((status = 200, description = "The record", body = RecordView,
        headers(("ETag" = String, description = "The record's version, for `If-Match`")))))]
async fn get_record(
    allowed: Allowed<RecordRead>,
    State(desk): State<Desk>,
    Path((code, id)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let found = desk.registries.read_by_id(&By::from(allowed), &code, None, record_id(&id)?).await?;
    Ok(RecordView::new(&found.record, &found.version.schema).into_answer(StatusCode::OK))
}

fn record_id(text: &str) -> Result<RecordId, Problem> {
    Ok(text.parse::<RecordId>()?)
}

/// The version that `If-Match` demands, if it demands one.
fn expected(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or("").trim();
    if text == "*" {
        return Ok(None);
    }
    text.trim_matches('"').parse().map(Some).map_err(|_| {
        Problem::new(Refusal::Malformed, "web.invalid_parameter").field(
            "If-Match",
            "format",
            "must be an ETag of the record",
        )
    })
}

/// Change a record
///
/// Changes the given fields (RFC 7396): fields that are not named stay, `null` clears one. With `If-Match` only if the
/// record is still at that version.
#[utoipa::path(patch, path = "/v1/registries/{code}/records/{id}", operation_id = "update_record", tag = "records",
    params(("code" = String, Path, example = "countries"), ("id" = String, Path, description = "The record's id", example = "018f3c5e-7b1a-7c3d-9a55-0242ac120002"),
        ("If-Match" = Option<String>, Header, description = "The ETag that the record must still have")),
    request_body(content = Object, description = "The values to change, by field name",
        example = json!({"people": 55_339_003})),
    responses((status = 200, description = "The record", body = RecordView,
        headers(("ETag" = String, description = "The record's version, for `If-Match`"))),
        (status = 412, description = "The record has changed meanwhile", content_type = "application/problem+json", body = Value)))]
async fn update_record(
    allowed: Allowed<RecordWrite>,
    State(desk): State<Desk>,
    Path((code, id)): Path<(String, String)>,
    headers: HeaderMap,
    RawJson(body): RawJson,
) -> Result<Response, Fault> {
    let by = By::from(allowed);
    let label = newest(&desk, &by, &code).await?;
    let record = desk.registries.update_by_id(&by, &code, &label, record_id(&id)?, body, expected(&headers)?).await?;
    let compiled = desk.registries.open(&by, &code).await?;
    Ok(RecordView::new(&record, &compiled.version(&label)?.schema).into_answer(StatusCode::OK))
}

/// Delete a record
///
/// The record can no longer be read; its history stays. `reason` is kept with it.
#[utoipa::path(delete, path = "/v1/registries/{code}/records/{id}", operation_id = "delete_record", tag = "records",
    params(("code" = String, Path, example = "countries"), ("id" = String, Path, description = "The record's id", example = "018f3c5e-7b1a-7c3d-9a55-0242ac120002"),
        ("reason" = Option<String>, Query, description = "Why"),
        ("If-Match" = Option<String>, Header, description = "The ETag that the record must still have")),
    responses((status = 204, description = "Deleted"),
        (status = 412, description = "The record has changed meanwhile", content_type = "application/problem+json", body = Value)))]
async fn delete_record(
    allowed: Allowed<RecordDelete>,
    State(desk): State<Desk>,
    Path((code, id)): Path<(String, String)>,
    headers: HeaderMap,
    params: Params,
) -> Result<StatusCode, Fault> {
    let why = params.get("reason").map(|text| text.chars().take(500).collect());
    desk.registries.delete_by_id(&By::from(allowed), &code, record_id(&id)?, why, expected(&headers)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A list of changes.
#[derive(Serialize, utoipa::ToSchema)]
struct ChangeList {
    /// The changes, newest first.
    items: Vec<ChangeEntry>,
}

/// See a record's changes
#[utoipa::path(get, path = "/v1/registries/{code}/records/{id}/changes", operation_id = "list_record_changes", tag = "histories",
    params(("code" = String, Path, example = "countries"), ("id" = String, Path, description = "The record's id", example = "018f3c5e-7b1a-7c3d-9a55-0242ac120002")),
    responses((status = 200, description = "Who changed what, before and after", body = ChangeList)))]
async fn list_record_changes(
    allowed: Allowed<LogRead>,
    State(desk): State<Desk>,
    Path((code, id)): Path<(String, String)>,
) -> Result<Json<ChangeList>, Fault> {
    let items = desk.registries.changes_of_record(&By::from(allowed), &code, record_id(&id)?, ENTRIES_MAX).await?;
    Ok(Json(ChangeList { items }))
}

/// A list of reads.
#[derive(Serialize, utoipa::ToSchema)]
struct ReadList {
    /// The reads, newest first.
    items: Vec<PersonalDataUsage>,
}

/// See who read a record
#[utoipa::path(get, path = "/v1/registries/{code}/records/{id}/reads", operation_id = "list_record_reads", tag = "histories",
    params(("code" = String, Path, example = "countries"), ("id" = String, Path, description = "The record's id", example = "018f3c5e-7b1a-7c3d-9a55-0242ac120002")),
    responses((status = 200, description = "Who read it, when and why", body = ReadList)))]
async fn list_record_reads(
    allowed: Allowed<LogRead>,
    State(desk): State<Desk>,
    Path((code, id)): Path<(String, String)>,
) -> Result<Json<ReadList>, Fault> {
    Ok(Json(ReadList {
        items: desk.registries.reads_of_record(&By::from(allowed), &code, record_id(&id)?, ENTRIES_MAX).await?,
    }))
}

/// See a register's changes
#[utoipa::path(get, path = "/v1/registries/{code}/changes", operation_id = "list_changes", tag = "histories",
    params(("code" = String, Path, example = "countries"),
        ("page" = Option<u32>, Query, minimum = 1, description = "The page, from 1"),
        ("pageSize" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "Changes of a page; 50 when nothing is said")),
    responses((status = 200, description = "Who changed what, newest first", body = ChangeList)))]
async fn list_changes(
    allowed: Allowed<LogRead>,
    State(desk): State<Desk>,
    Path(code): Path<String>,
    params: Params,
) -> Result<Json<ChangeList>, Fault> {
    Ok(Json(ChangeList {
        items: desk.registries.changes_of_registry(&By::from(allowed), &code, page(&params)?).await?,
    }))
}

/// Whose data in which register.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"person": "KE", "registry": "countries"}))]
struct UsageQuery {
    /// The value of the field that names the person.
    person: String,
    /// The register's code.
    registry: String,
}

/// Search who read a person's data
///
/// As `myPersonalDataUsage`, without the person's identifier in the address. Asking is itself recorded.
#[utoipa::path(post, path = "/v1/personal-data-usage/search", operation_id = "search_personal_data_usage", tag = "histories",
    request_body = UsageQuery,
    responses((status = 200, description = "The reads, newest first", body = ReadList)))]
async fn search_personal_data_usage(
    allowed: Allowed<UsageRead>,
    State(desk): State<Desk>,
    Body(query): Body<UsageQuery>,
) -> Result<Response, Fault> {
    let items = desk.registries.usage_of_person(&By::from(allowed), &query.registry, &query.person).await?;
    Ok(Json(ReadList { items }).into_response())
}
