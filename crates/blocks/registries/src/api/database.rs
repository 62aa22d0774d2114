//! The GovStack Digital Registries Database API 1.1.0.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};
use stoa_web::{Allowed, Fault, Params, Path, Profile, RawJson, json as answer};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Desk, quirks};
use crate::error::RegistriesError;
use crate::permission::{RegistryDelete, RegistryDesign, RegistryRead};
use crate::service::{By, Draft, RegistryInfo};

pub(super) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(list_databases))
        .routes(routes!(modify_database))
        .routes(routes!(read_database, delete_database))
}

/// A register in the form of the published API.
fn database_info(desk: &Desk, info: &RegistryInfo) -> Value {
    let last = info.versions.last();
    let services = [
        "data-list",
        "data-create",
        "data-create-entries",
        "data-exists",
        "data-read",
        "data-update",
        "data-update-entries",
        "data-update-or-create",
        "data-delete",
        "data-read-value",
    ];
    let services: Vec<Value> = (1..)
        .zip(services)
        .map(|(id, name)| cased(desk, json!({"serviceId": id, "name": name, "isVisible": true})))
        .collect();
    let schema = last.map(|version| &version.schema).or(info.draft.as_ref());
    cased(
        desk,
        json!({
            "id": info.id,
            "code": info.code,
            "version": last.map_or("", |version| &version.label),
            "name": info.name,
            "description": info.description,
            "institution": info.institution,
            "numberFormat": "{code}{indexNoByCode}",
            "schema": schema,
            "fieldsUniques": schema.and_then(|schema| schema.get("fieldsUniques")).unwrap_or(&json!([])),
            "isDraft": last.is_none(),
            "isDisabled": false,
            "isArchived": false,
            "modifiedAt": info.modified_at,
            "byUserName": info.modified_by,
            "genericServices": services,
            "dataIndexIncrement": info.next_number - 1,
            "hasLogo": false,
        }),
    )
}

/// The spelling of keys that the profile speaks.
fn cased(desk: &Desk, value: Value) -> Value {
    match (desk.profile, value) {
        (Profile::Govstack, Value::Object(object)) => Value::Object(quirks::snake_keys(object)),
        (_, value) => value,
    }
}

/// List registers
///
/// All registers that the caller may see, as the one group of this tenant.
#[utoipa::path(get, path = "/databases", operation_id = "list_databases", tag = "database",
    responses((status = 200, description = "The group with its registers", body = Value)))]
async fn list_databases(allowed: Allowed<RegistryRead>, State(desk): State<Desk>) -> Result<Response, Fault> {
    let tenant = allowed.actor.tenant.as_str().to_owned();
    let found = desk.registries.list(&By::from(allowed)).await?;
    let databases: Vec<Value> = found.iter().map(|info| database_info(&desk, info)).collect();
    let group = json!({
        "id": 1,
        "name": tenant,
        "code": tenant,
        "databases": databases,
        "groupId": 1,
        "order": 1,
        "dataIndexIncrement": found.len(),
    });
    Ok(answer(StatusCode::OK, &cased(&desk, group)))
}

/// Read a register
///
/// A register with the schema of its newest version.
#[utoipa::path(get, path = "/database/{id}", operation_id = "read_database", tag = "database",
    params(("id" = i64, Path, description = "The register's id", example = 1)),
    responses((status = 200, description = "The register", body = Value)))]
async fn read_database(
    allowed: Allowed<RegistryRead>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let info = desk.registries.get_by_id(&By::from(allowed), whole(&id)?).await?;
    Ok(answer(StatusCode::OK, &database_info(&desk, &info)))
}

/// Delete a register
///
/// The register can no longer be reached. Its records and their history stay until they are erased by law.
#[utoipa::path(delete, path = "/database/{id}", operation_id = "delete_database", tag = "database",
    params(("id" = i64, Path, description = "The register's id", example = 1)),
    responses((status = 200, description = "The word \"Success\"", body = String)))]
async fn delete_database(
    allowed: Allowed<RegistryDelete>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    match desk.registries.delete_registry(&By::from(allowed), whole(&id)?).await {
        // The official suite deletes each register twice and expects success.
        Err(RegistriesError::RegistryNotFound(_)) if desk.profile == Profile::Govstack => {}
        result => result?,
    }
    Ok(answer(StatusCode::OK, "Success"))
}

fn whole(id: &str) -> Result<i64, RegistriesError> {
    id.parse().map_err(|_| RegistriesError::field("id", "type", "must be a whole number"))
}

/// What a register is to be, in the form of the published API.
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "camelCase", example = json!({
    "code": "countries",
    "catalogName": "Countries",
    "schema": {"type": "object", "required": ["code"], "properties": {
        "code": {"type": "string", "primaryKey": true}, "name": {"type": "string"}, "people": {"type": "integer"}}}
}))]
#[expect(dead_code, reason = "describes a body that is read by hand")]
struct ModifyBody {
    /// The catalogue group.
    group_name: Option<String>,
    /// The register's name.
    catalog_name: Option<String>,
    /// The register's code: finds the register to change, or makes a new one.
    code: String,
    /// The schema of its next version.
    #[schema(value_type = Object)]
    schema: Value,
}

/// Create or change a register
///
/// Writes the draft of the register with this code; `publish=true` publishes it at once.
#[utoipa::path(post, path = "/database/modify", operation_id = "modify_database", tag = "database",
    params(("publish" = Option<bool>, Query, description = "Publish the draft at once")),
    request_body = ModifyBody,
    responses((status = 200, description = "The schema in the one form in which it is kept", body = Value)))]
async fn modify_database(
    allowed: Allowed<RegistryDesign>,
    State(desk): State<Desk>,
    params: Params,
    RawJson(body): RawJson,
) -> Result<Response, Fault> {
    let mut body = quirks::camel_keys(body);
    if let Some(schema) = body.get_mut("schema").filter(|_| desk.profile == Profile::Govstack) {
        quirks::plain_types(schema);
    }
    let empty = Map::new();
    let object = body.as_object().unwrap_or(&empty);
    let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
    let schema = object.get("schema").cloned();
    let draft = Draft {
        code: text("code"),
        name: text("catalogName"),
        group_name: text("groupName"),
        schema: schema.ok_or_else(|| RegistriesError::field("/schema", "required", "is required"))?,
        ..Draft::default()
    };
    let by = By::from(allowed);
    let publish = params.get_any_case("publish") == Some("true");
    let info =
        if publish { desk.registries.define(&by, draft).await? } else { desk.registries.put_draft(&by, draft).await? };
    let schema = info.draft.or_else(|| info.versions.last().map(|version| version.schema.clone()));
    Ok(answer(StatusCode::OK, &schema.unwrap_or_else(|| json!({}))))
}
