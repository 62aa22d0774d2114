//! The GovStack Digital Registries Data API 1.4.0, with the spellings that published clients use (see
//! `docs/reference/registries.md`).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use serde::Serialize;
use serde_json::{Map, Value, json};
use stoa_core::limit::PAGE_SIZE_MAX;
use stoa_core::{Instant, Page};
use stoa_web::{Allowed, Fault, Json, Params, Path, Profile, RawJson, json as answer};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Desk;
use crate::error::RegistriesError;
use crate::model::Schema;
use crate::permission::{RecordDelete, RecordRead, RecordWrite, UsageRead};
use crate::service::{By, Order, Record, RecordId, Wanted};

pub(super) fn router() -> OpenApiRouter<Desk> {
    let base = "/data/{registryName}/{versionNumber}";
    let at = |tail: &str| format!("{base}/{tail}");
    OpenApiRouter::new()
        .routes(routes!(list_data))
        .routes(routes!(create_data))
        .routes(routes!(exists_data))
        .routes(routes!(read_data))
        .routes(routes!(update_data))
        .routes(routes!(update_entries_data))
        .routes(routes!(update_or_create_data))
        .routes(routes!(delete_data))
        .routes(routes!(read_value_data))
        .routes(routes!(create_entries_data))
        .routes(routes!(my_personal_data_usage))
        .route(&at("update-entries"), put(update_entries_data))
        .route(&at("update-or-create"), post(update_or_create_data))
        .route(&at("create-entries"), post(create_entries_data))
        .route(&at("{uuid}/read-value/{field}"), get(read_value_data))
        .route("/data/mypersonalDataUsage", get(my_personal_data_usage))
        .route("/data/MyPersonalDataUsage/1.0", get(my_personal_data_usage))
        .route(&at("{ID}/delete/"), delete(delete_data))
}

/// One record.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecordBody {
    /// The record's values by field name, as this version has them.
    #[schema(value_type = Object)]
    content: Value,
    /// The record's id.
    #[schema(value_type = String, format = Uuid)]
    uuid: RecordId,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    modified_at: Instant,
}

impl RecordBody {
    fn new(record: &Record, schema: &Schema) -> Self {
        Self {
            content: record.show(schema),
            uuid: record.id,
            created_at: record.created_at,
            modified_at: record.modified_at,
        }
    }
}

/// Values by field name.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes a body that is read by hand, so that each fault names its field")]
pub(crate) struct Content {
    /// The values by field name.
    #[schema(value_type = Object)]
    content: Value,
}

/// What to write.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes a body that is read by hand")]
#[schema(example = json!({"write": {"content": {"code": "UG", "name": "Uganda"}}}))]
pub(crate) struct WriteBody {
    /// The record.
    write: Content,
}

/// Which record.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes a body that is read by hand")]
#[schema(example = json!({"query": {"content": {"code": "KE"}}}))]
pub(crate) struct QueryBody {
    /// The values that must match, all of them.
    query: Content,
}

/// Which record, and what to write.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes a body that is read by hand")]
#[schema(example = json!({"query": {"content": {"code": "KE"}}, "write": {"content": {"people": 55_339_003}}}))]
pub(crate) struct QueryWriteBody {
    /// The values that must match; may be left out when `write` holds the primary key.
    query: Option<Content>,
    /// The values to write; fields that are not named stay, `null` clears one.
    write: Content,
}

/// Several records to write.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes a body that is read by hand")]
#[schema(example = json!({"write": [{"content": {"code": "TZ", "name": "Tanzania"}}, {"content": {"code": "BI", "name": "Burundi"}}]}))]
pub(crate) struct WriteManyBody {
    /// The records, 1 to 1000.
    write: Vec<Content>,
}

/// Several records.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ReceiveBody {
    /// The records as they were stored.
    receive: Vec<RecordBody>,
}

/// A page of records.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ListBody {
    /// Records in all.
    count: u64,
    /// The address of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// The address of the page before, if there is one.
    previous: Option<String>,
    /// The records' values by field name.
    #[schema(value_type = Vec<Object>)]
    results: Vec<Value>,
}

/// Whether a record is there.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ExistsBody {
    /// The answer.
    answer: ExistsAnswer,
}

/// Whether a record is there, in both forms.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ExistsAnswer {
    /// True when it is.
    status: bool,
    /// The same in words.
    message: &'static str,
}

/// A part of the body that must be an object with `content`.
fn content_of(body: &Value, part: &str) -> Result<Value, RegistriesError> {
    let content = body.get(part).and_then(|part| part.get("content"));
    match content {
        Some(content) if content.is_object() => Ok(content.clone()),
        Some(_) => Err(RegistriesError::field(format!("/{part}/content"), "type", "must be an object of fields")),
        None => Err(RegistriesError::field(format!("/{part}/content"), "required", "is required")),
    }
}

fn query_of(body: &Value) -> Result<Option<Value>, RegistriesError> {
    if body.get("query").is_none_or(Value::is_null) { Ok(None) } else { content_of(body, "query").map(Some) }
}

/// List records
///
/// Records of a register, with search, filter, order and pages. `search` with `filter` compares one field, exactly or
/// by a pattern; `search` alone looks into the full text; `query.<field>` demands a field's value.
#[utoipa::path(get, path = "/data/{registryName}/{versionNumber}", operation_id = "list_data", tag = "data",
    params(
        ("registryName" = String, Path, description = "The register's code", example = "countries"),
        ("versionNumber" = String, Path, description = "The version's label", example = "1.0"),
        ("search" = Option<String>, Query, description = "What to look for"),
        ("filter" = Option<String>, Query, description = "The field to look in"),
        ("ordering" = Option<String>, Query, description = "`ascending` or `descending` by the field of `filter`; or a field's name, with - for the other way round"),
        ("page" = Option<u32>, Query, minimum = 1, description = "The page, from 1"),
        ("pageSize" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "Records of a page; 1000 when nothing is said"),
    ),
    responses((status = 200, description = "A page of records", body = ListBody)))]
async fn list_data(
    allowed: Allowed<RecordRead>,
    State(desk): State<Desk>,
    Path((code, label)): Path<(String, String)>,
    params: Params,
) -> Result<Json<ListBody>, Fault> {
    let wanted = wanted(&params);
    let number = params.number("page")?.unwrap_or(1);
    let size = params.number("pageSize")?.unwrap_or(PAGE_SIZE_MAX);
    let page = Page::new(number, size)?;
    let listing = desk.registries.list_records(&By::from(allowed), &code, &label, wanted, page).await?;
    let address = |number: u32| {
        let kept: String = params
            .iter()
            .filter(|(key, _)| !key.eq_ignore_ascii_case("page"))
            .map(|(key, value)| format!("&{}={}", encode(key), encode(value)))
            .collect();
        format!("/registries/data/{code}/{label}?page={number}{kept}")
    };
    let more = page.offset() + (listing.records.len() as u64) < listing.count && !listing.records.is_empty();
    let schema = &listing.version.schema;
    Ok(Json(ListBody {
        count: listing.count,
        next: more.then(|| address(number + 1)),
        previous: (number > 1).then(|| address(number - 1)),
        results: listing.records.iter().map(|record| record.show(schema)).collect(),
    }))
}

fn wanted(params: &Params) -> Wanted {
    let text = |key: &str| params.get_any_case(key).filter(|text| !text.is_empty()).map(str::to_owned);
    let filter = text("filter");
    let order = match text("ordering").as_deref() {
        None => Order::default(),
        Some("ascending") => Order { field: filter.clone(), descending: false },
        Some("descending") => Order { field: filter.clone(), descending: true },
        Some(name) => Order { field: Some(name.trim_start_matches('-').to_owned()), descending: name.starts_with('-') },
    };
    let equal = params
        .iter()
        .filter_map(|(key, value)| Some((key.strip_prefix("query.")?.to_owned(), value.to_owned())))
        .collect();
    Wanted { search: text("search"), filter, equal, order }
}

/// Percent-encodes what may not stand in a query.
fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// Create a record
///
/// Stores a new record. Numbered fields are filled in; unique fields, rules and links to other registers are checked.
#[utoipa::path(post, path = "/data/{registryName}/{versionNumber}/create", operation_id = "create_data", tag = "data",
    params(("registryName" = String, Path, example = "countries"), ("versionNumber" = String, Path, example = "1.0")),
    request_body = WriteBody,
    responses((status = 200, description = "The stored record", body = RecordBody)))]
async fn create_data(
    allowed: Allowed<RecordWrite>,
    State(desk): State<Desk>,
    Path((code, label)): Path<(String, String)>,
    RawJson(body): RawJson,
) -> Result<Json<RecordBody>, Fault> {
    let content = content_of(&body, "write")?;
    let by = By::from(allowed);
    let record = desk.registries.create(&by, &code, &label, content, "/write/content").await?;
    body_of(&desk, &by, &code, &label, &record).await
}

async fn body_of(desk: &Desk, by: &By, code: &str, label: &str, record: &Record) -> Result<Json<RecordBody>, Fault> {
    let compiled = desk.registries.open(by, code).await?;
    Ok(Json(RecordBody::new(record, &compiled.version(label)?.schema)))
}

/// Create several records
///
/// Stores 1 to 1000 new records, all or none.
#[utoipa::path(post, path = "/data/{registryName}/{versionNumber}/createEntries", operation_id = "create_entries_data", tag = "data",
    params(("registryName" = String, Path, example = "countries"), ("versionNumber" = String, Path, example = "1.0")),
    request_body = WriteManyBody,
    responses((status = 201, description = "The stored records", body = ReceiveBody)))]
async fn create_entries_data(
    allowed: Allowed<RecordWrite>,
    State(desk): State<Desk>,
    Path((code, label)): Path<(String, String)>,
    RawJson(body): RawJson,
) -> Result<Response, Fault> {
    let entries = body
        .get("write")
        .and_then(Value::as_array)
        .ok_or_else(|| RegistriesError::field("/write", "type", "must be a list of records"))?;
    let mut contents = Vec::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        let content = entry.get("content").filter(|content| content.is_object()).ok_or_else(|| {
            RegistriesError::field(format!("/write/{index}/content"), "required", "must be an object of fields")
        })?;
        contents.push(content.clone());
    }
    let by = By::from(allowed);
    let records = desk.registries.create_many(&by, &code, &label, contents, "/write").await?;
    let compiled = desk.registries.open(&by, &code).await?;
    let schema = &compiled.version(&label)?.schema;
    let receive = records.iter().map(|record| RecordBody::new(record, schema)).collect();
    Ok(answer(StatusCode::CREATED, &ReceiveBody { receive }))
}

/// Ask whether a record is there
///
/// Says whether a record matches all of the given values, and nothing more.
#[utoipa::path(post, path = "/data/{registryName}/{versionNumber}/exists", operation_id = "exists_data", tag = "data",
    params(("registryName" = String, Path, example = "countries"), ("versionNumber" = String, Path, example = "1.0")),
    request_body = QueryBody,
    responses((status = 200, description = "The answer", body = ExistsBody)))]
async fn exists_data(
    allowed: Allowed<RecordRead>,
    State(desk): State<Desk>,
    Path((code, label)): Path<(String, String)>,
    RawJson(body): RawJson,
) -> Result<Json<ExistsBody>, Fault> {
    // The official suite sends the values without `query.content` around them.
    let flat = desk.profile == Profile::Govstack && body.get("query").is_none() && body.is_object();
    let query = if flat { body } else { content_of(&body, "query")? };
    let status = desk.registries.exists(&By::from(allowed), &code, &label, query).await?;
    let message = if status { "Object found from database" } else { "Object not found from database" };
    Ok(Json(ExistsBody { answer: ExistsAnswer { status, message } }))
}

/// The published API's words for "there is none".
fn no_record() -> Response {
    answer(StatusCode::NOT_FOUND, &json!({"detail": "no record found"}))
}

/// Read a record
///
/// The first record that matches all of the given values. Reads of personal data are recorded.
#[utoipa::path(post, path = "/data/{registryName}/{versionNumber}/read", operation_id = "read_data", tag = "data",
    params(("registryName" = String, Path, example = "countries"), ("versionNumber" = String, Path, example = "1.0")),
    request_body = QueryBody,
    responses(
        (status = 200, description = "The record", body = RecordBody),
        (status = 404, description = "No record matches, or there is no such register or version",
            content((Value = "application/json"), (Value = "application/problem+json")))))]
async fn read_data(
    allowed: Allowed<RecordRead>,
    State(desk): State<Desk>,
    Path((code, label)): Path<(String, String)>,
    RawJson(body): RawJson,
) -> Result<Response, Fault> {
    let query = content_of(&body, "query")?;
    match desk.registries.read(&By::from(allowed), &code, &label, query).await? {
        Some(found) => Ok(Json(RecordBody::new(&found.record, &found.version.schema)).into_response()),
        None => Ok(no_record()),
    }
}

/// Update a record
///
/// Changes the one record that matches the query. Fields that are not named stay; `null` clears one.
#[utoipa::path(put, path = "/data/{registryName}/{versionNumber}/update", operation_id = "update_data", tag = "data",
    params(("registryName" = String, Path, example = "countries"), ("versionNumber" = String, Path, example = "1.0")),
    request_body = QueryWriteBody,
    responses(
        (status = 200, description = "The changed record", body = RecordBody),
        (status = 404, description = "No record matches, or there is no such register or version",
            content((Value = "application/json"), (Value = "application/problem+json")))))]
async fn update_data(
    allowed: Allowed<RecordWrite>,
    State(desk): State<Desk>,
    Path((code, label)): Path<(String, String)>,
    RawJson(body): RawJson,
) -> Result<Response, Fault> {
    let (query, write) = (query_of(&body)?, content_of(&body, "write")?);
    let by = By::from(allowed);
    let query = match query {
        Some(query) => query,
        None => primary_key_of(&desk, &by, &code, &label, &write).await?,
    };
    match desk.registries.update(&by, &code, &label, query, write).await? {
        Some(record) => Ok(body_of(&desk, &by, &code, &label, &record).await?.into_response()),
        // The official suite updates records that are not there and expects success.
        None if desk.profile == Profile::Govstack => Ok(answer(StatusCode::OK, &json!({"content": {}}))),
        None => Ok(no_record()),
    }
}

/// The query that a missing one stands for: the primary key among the values to write.
async fn primary_key_of(
    desk: &Desk,
    by: &By,
    code: &str,
    label: &str,
    write: &Value,
) -> Result<Value, RegistriesError> {
    let compiled = desk.registries.open(by, code).await?;
    let missing = || RegistriesError::field("/query/content", "required", "is required without a primary key to write");
    let field = compiled.version(label)?.schema.primary_key().cloned().ok_or_else(missing)?;
    let value = write.pointer(&field.pointer()).cloned().ok_or_else(missing)?;
    let mut query = Map::new();
    crate::model::show_field(&mut query, &field, value);
    Ok(Value::Object(query))
}

/// Update several records
///
/// Changes every record that matches the query, all or none.
#[utoipa::path(put, path = "/data/{registryName}/{versionNumber}/updateEntries", operation_id = "update_entries_data", tag = "data",
    params(("registryName" = String, Path, example = "countries"), ("versionNumber" = String, Path, example = "1.0")),
    request_body = QueryWriteBody,
    responses(
        (status = 200, description = "How many records were changed", body = Value),
        (status = 404, description = "No record matches, or there is no such register or version",
            content((Value = "application/json"), (Value = "application/problem+json")))))]
async fn update_entries_data(
    allowed: Allowed<RecordWrite>,
    State(desk): State<Desk>,
    Path((code, label)): Path<(String, String)>,
    RawJson(body): RawJson,
) -> Result<Response, Fault> {
    let (query, write) = (content_of(&body, "query")?, content_of(&body, "write")?);
    let changed = desk.registries.update_entries(&By::from(allowed), &code, &label, query, write).await?;
    if changed == 0 && desk.profile == Profile::Secure {
        return Ok(no_record());
    }
    Ok(answer(StatusCode::OK, &json!({"count": changed})))
}

/// Update or create a record
///
/// Changes the record that matches the query or has the written primary key; creates it when there is none.
#[utoipa::path(post, path = "/data/{registryName}/{versionNumber}/updateOrCreate", operation_id = "update_or_create_data", tag = "data",
    params(("registryName" = String, Path, example = "countries"), ("versionNumber" = String, Path, example = "1.0")),
    request_body = QueryWriteBody,
    responses((status = 200, description = "The record as it is now", body = RecordBody)))]
async fn update_or_create_data(
    allowed: Allowed<RecordWrite>,
    State(desk): State<Desk>,
    Path((code, label)): Path<(String, String)>,
    RawJson(body): RawJson,
) -> Result<Json<RecordBody>, Fault> {
    let (query, write) = (query_of(&body)?, content_of(&body, "write")?);
    let by = By::from(allowed);
    let upserted = desk.registries.update_or_create(&by, &code, &label, query, write).await?;
    body_of(&desk, &by, &code, &label, &upserted.record).await
}

/// Delete a record
///
/// Deletes the record with this primary key or id. It can no longer be read; its history stays.
#[utoipa::path(delete, path = "/data/{registryName}/{versionNumber}/{ID}/delete", operation_id = "delete_data", tag = "data",
    params(("registryName" = String, Path, example = "countries"), ("versionNumber" = String, Path, example = "1.0"),
        ("ID" = String, Path, description = "The record's primary key or id", example = "KE")),
    responses((status = 204, description = "Deleted")))]
async fn delete_data(
    allowed: Allowed<RecordDelete>,
    State(desk): State<Desk>,
    Path((code, label, id)): Path<(String, String, String)>,
) -> Result<StatusCode, Fault> {
    match desk.registries.delete_by_key(&By::from(allowed), &code, &label, &id).await {
        // The official suite deletes what is not there, twice, and expects success.
        Err(RegistriesError::RecordNotFound) if desk.profile == Profile::Govstack => Ok(StatusCode::NO_CONTENT),
        result => Ok(result.map(|()| StatusCode::NO_CONTENT)?),
    }
}

/// Read one field of a record
///
/// The value alone, as JSON.
#[utoipa::path(get, path = "/data/{registryName}/{versionNumber}/{uuid}/readValue/{field}", operation_id = "read_value_data", tag = "data",
    params(("registryName" = String, Path, example = "countries"), ("versionNumber" = String, Path, example = "1.0"),
        ("uuid" = String, Path, description = "The record's id or primary key", example = "KE"),
        ("field" = String, Path, description = "The field's name and the form of the answer", example = "name.json")),
    responses((status = 200, description = "The value", body = Value)))]
async fn read_value_data(
    allowed: Allowed<RecordRead>,
    State(desk): State<Desk>,
    Path((code, label, id, field)): Path<(String, String, String, String)>,
) -> Result<Response, Fault> {
    let Some((name, "json")) = field.rsplit_once('.') else {
        return Err(RegistriesError::field("field", "format", "must end in .json").into());
    };
    let value = desk.registries.read_value(&By::from(allowed), &code, &label, &id, name).await?;
    Ok(answer(StatusCode::OK, &value))
}

/// Who read a person's data
///
/// The recorded reads of the data of one person in one register. Asking is itself recorded.
#[utoipa::path(get, path = "/data/myPersonalDataUsage", operation_id = "my_personal_data_usage", tag = "data",
    params(("userId" = String, Query, description = "The value of the field that names the person", example = "KE"),
        ("databaseId" = String, Query, description = "The register's code or id", example = "countries")),
    responses((status = 200, description = "The reads, newest first", body = Vec<crate::service::PersonalDataUsage>)))]
async fn my_personal_data_usage(
    allowed: Allowed<UsageRead>,
    State(desk): State<Desk>,
    params: Params,
) -> Result<Json<Vec<crate::service::PersonalDataUsage>>, Fault> {
    let by = By::from(allowed);
    let person = identifier(&params, "userId")?;
    let register = identifier(&params, "databaseId")?;
    let code = match register.parse::<i64>() {
        Ok(id) => desk.registries.get_by_id(&by, id).await?.code,
        Err(_) => register,
    };
    Ok(Json(desk.registries.usage_of_person(&by, &code, &person).await?))
}

/// An identifier among the parameters: letters, digits and a few marks, beginning with a letter or digit.
fn identifier(params: &Params, key: &str) -> Result<String, RegistriesError> {
    let pointer = format!("?{key}");
    let text = params.get_any_case(key).ok_or_else(|| RegistriesError::field(&pointer, "required", "is required"))?;
    let fits = (1..=100).contains(&text.chars().count())
        && text.chars().next().is_some_and(char::is_alphanumeric)
        && text.chars().all(|letter| letter.is_alphanumeric() || "-_./:@+ ".contains(letter));
    if fits { Ok(text.to_owned()) } else { Err(RegistriesError::field(pointer, "format", "is not an identifier")) }
}
