//! The native API: clients, signing keys, people.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::json;
use stoa_core::limit::{NAME_CHARS_MAX, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX};
use stoa_core::{Instant, Problem};
use stoa_web::{Allowed, Body, Created, Fault, Json, OpenApiRouter, Params, Path, etag, json as answer};
use utoipa_axum::routes;

use crate::error::IdentityError;
use crate::model::oauth::OauthCode;
use crate::model::person::{PersonState as State_, Profile};
use crate::permission::{ClientRead, ClientWrite, KeyWrite, PersonRead, PersonState, PersonWrite};
use crate::service::{
    By, Client, Factor, Identifier, IdentifierId, Identity, KeyInfo, NewClient, NewIdentifier, NewPerson, Person,
    PersonId, PersonVersion, Registered, Search,
};

pub(super) fn router() -> OpenApiRouter<Identity> {
    OpenApiRouter::new()
        .routes(routes!(list_clients, create_client))
        .routes(routes!(get_client, put_client, delete_client))
        .routes(routes!(create_client_secret))
        .routes(routes!(register_client))
        .routes(routes!(list_signing_keys, turn_signing_keys))
        .routes(routes!(enrol_person))
        .routes(routes!(search_people))
        .routes(routes!(get_person))
        .routes(routes!(put_profile))
        .routes(routes!(list_person_versions))
        .routes(routes!(put_person_state))
        .routes(routes!(put_person_roles))
        .routes(routes!(add_identifier))
        .routes(routes!(end_identifier))
        .routes(routes!(create_activation))
        .routes(routes!(list_factors))
        .routes(routes!(erase_person))
}

/// Clients, in the order of their ids.
#[derive(Serialize, utoipa::ToSchema)]
struct ClientList {
    items: Vec<Client>,
    /// What to send as `after` for the next ones; none at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Clients
#[utoipa::path(get, path = "/v1/clients", operation_id = "list_clients", tag = "clients",
    params(("after" = Option<String>, Query, description = "Clients whose ids come after this one"),
        ("limit" = Option<u32>, Query, description = "At most so many, up to 1000")),
    responses((status = 200, description = "The clients", body = ClientList)))]
async fn list_clients(
    allowed: Allowed<ClientRead>,
    State(identity): State<Identity>,
    params: Params,
) -> Result<Json<ClientList>, Fault> {
    let limit = params.number("limit")?.unwrap_or(PAGE_SIZE_DEFAULT).clamp(1, PAGE_SIZE_MAX);
    let mut items = identity.clients(&allowed.actor.tenant, params.get("after").unwrap_or(""), limit + 1).await?;
    let next = (items.len() > limit as usize).then(|| {
        items.truncate(limit as usize);
        items.last().map(|client| client.client_id.clone()).unwrap_or_default()
    });
    Ok(Json(ClientList { items, next }))
}

/// Register a client
///
/// The names are those of RFC 7591. A secret is shown once, in this answer.
#[utoipa::path(post, path = "/v1/clients", operation_id = "create_client", tag = "clients", request_body = NewClient,
    responses((status = 201, description = "The client", body = Registered,
        headers(("Location" = String, description = "Its address")))))]
async fn create_client(
    allowed: Allowed<ClientWrite>,
    State(identity): State<Identity>,
    Body(new): Body<NewClient>,
) -> Result<Created<Registered>, Fault> {
    let made = identity.register(&By::from(allowed), new).await?;
    Ok(Created { location: client_at(&made.client.client_id), body: made })
}

fn client_at(client_id: &str) -> String {
    format!("/identity/v1/clients/{}", stoa_ui::Address::segment(client_id))
}

/// A client
#[utoipa::path(get, path = "/v1/clients/{client_id}", operation_id = "get_client", tag = "clients",
    params(("client_id" = String, Path, example = "pension")),
    responses((status = 200, description = "The client", body = Client)))]
async fn get_client(
    allowed: Allowed<ClientRead>,
    State(identity): State<Identity>,
    Path(client_id): Path<String>,
) -> Result<Json<Client>, Fault> {
    Ok(Json(identity.client(&allowed.actor.tenant, &client_id).await?))
}

/// Write a client again
///
/// The whole description; what is left out has its default. A client that has a secret from now on is shown it.
#[utoipa::path(put, path = "/v1/clients/{client_id}", operation_id = "put_client", tag = "clients",
    params(("client_id" = String, Path, example = "pension")), request_body = NewClient,
    responses((status = 200, description = "The client", body = Registered)))]
async fn put_client(
    allowed: Allowed<ClientWrite>,
    State(identity): State<Identity>,
    Path(client_id): Path<String>,
    Body(new): Body<NewClient>,
) -> Result<Json<Registered>, Fault> {
    Ok(Json(identity.change_client(&By::from(allowed), &client_id, new).await?))
}

/// Take a client out
///
/// Its tokens end, and its id is never given again.
#[utoipa::path(delete, path = "/v1/clients/{client_id}", operation_id = "delete_client", tag = "clients",
    params(("client_id" = String, Path, example = "pension")),
    responses((status = 204, description = "It is gone")))]
async fn delete_client(
    allowed: Allowed<ClientWrite>,
    State(identity): State<Identity>,
    Path(client_id): Path<String>,
) -> Result<StatusCode, Fault> {
    identity.delete_client(&By::from(allowed), &client_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How a new secret takes over.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"at_once": false}))]
struct NewSecret {
    /// The ones before end at once, and not after a day.
    #[serde(default)]
    at_once: bool,
}

/// Give a client a new secret
///
/// It is shown once, in this answer. The ones before hold for another day, unless they are to end at once.
#[utoipa::path(post, path = "/v1/clients/{client_id}/secrets", operation_id = "create_client_secret", tag = "clients",
    params(("client_id" = String, Path, example = "pension")), request_body = NewSecret,
    responses((status = 201, description = "The client with its new secret", body = Registered)))]
async fn create_client_secret(
    allowed: Allowed<ClientWrite>,
    State(identity): State<Identity>,
    Path(client_id): Path<String>,
    Body(new): Body<NewSecret>,
) -> Result<Response, Fault> {
    let made = identity.new_secret(&By::from(allowed), &client_id, new.at_once).await?;
    Ok(answer(StatusCode::CREATED, &made))
}

/// Register a client, as RFC 7591 has it
///
/// The same as `POST /v1/clients`, with the refusals of the RFC. Guarded: the caller needs the permission to register
/// clients.
#[utoipa::path(post, path = "/connect/register", operation_id = "register_client", tag = "OpenID Connect",
    request_body = NewClient,
    responses((status = 201, description = "The client", body = Registered),
        (status = 400, description = "The description is refused: `error` and `error_description`; or it is no JSON.",
            content((Object = "application/json"), (Object = "application/problem+json")))))]
async fn register_client(
    allowed: Allowed<ClientWrite>,
    State(identity): State<Identity>,
    Body(new): Body<NewClient>,
) -> Result<Response, Fault> {
    match identity.register(&By::from(allowed), new).await {
        Ok(made) => {
            let mut response = answer(StatusCode::CREATED, &made);
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            Ok(response)
        }
        Err(IdentityError::InvalidRequest(errors)) => {
            let of_redirect = errors.first().is_some_and(|error| error.pointer.starts_with("/redirect_uris"));
            let code = if of_redirect { OauthCode::InvalidRedirectUri } else { OauthCode::InvalidClientMetadata };
            let words: Vec<String> = errors
                .iter()
                .map(|error| format!("{}: {}", error.pointer.trim_start_matches('/'), error.message))
                .collect();
            let body = json!({"error": code.as_str(), "error_description": words.join("; ")});
            Ok(answer(StatusCode::BAD_REQUEST, &body))
        }
        Err(error) => Err(error.into()),
    }
}

/// The signing keys.
#[derive(Serialize, utoipa::ToSchema)]
struct KeyList {
    items: Vec<KeyInfo>,
}

/// Signing keys
#[utoipa::path(get, path = "/v1/signing-keys", operation_id = "list_signing_keys", tag = "keys",
    responses((status = 200, description = "The keys that are published", body = KeyList)))]
async fn list_signing_keys(_: Allowed<ClientRead>, State(identity): State<Identity>) -> Result<Json<KeyList>, Fault> {
    Ok(Json(KeyList { items: identity.list_keys().await? }))
}

/// How new keys take over.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"emergency": false}))]
struct Turn {
    /// What the present keys signed does not hold any more, from now on: everybody signs in again.
    #[serde(default)]
    emergency: bool,
}

/// Turn the signing keys
///
/// New keys sign from now on. Tokens that are out hold until they end by themselves, unless it is an emergency.
#[utoipa::path(post, path = "/v1/signing-keys", operation_id = "turn_signing_keys", tag = "keys", request_body = Turn,
    responses((status = 200, description = "The keys that are published now", body = KeyList)))]
async fn turn_signing_keys(
    allowed: Allowed<KeyWrite>,
    State(identity): State<Identity>,
    Body(turn): Body<Turn>,
) -> Result<Json<KeyList>, Fault> {
    Ok(Json(KeyList { items: identity.turn_keys_now(&By::from(allowed), turn.emergency).await? }))
}

/// A person who was enrolled.
#[derive(Serialize, utoipa::ToSchema)]
struct Enrolled {
    /// The person.
    #[serde(flatten)]
    person: Person,
    /// Where the person sets a password, once and within seven days. It is shown once, in this answer.
    activation_url: String,
}

fn person_at(id: PersonId) -> String {
    format!("/identity/v1/people/{id}")
}

fn activation_at(identity: &Identity, code: &str) -> String {
    format!("{}/activate?code={code}", identity.issuer())
}

/// Enrol a person
///
/// What is known of them is checked, and sealed with a key of their own. A unique number and a virtual number are drawn.
#[utoipa::path(post, path = "/v1/people", operation_id = "enrol_person", tag = "people", request_body = NewPerson,
    responses((status = 201, description = "The person", body = Enrolled,
        headers(("Location" = String, description = "Their address")))))]
async fn enrol_person(
    allowed: Allowed<PersonWrite>,
    State(identity): State<Identity>,
    Body(new): Body<NewPerson>,
) -> Result<Created<Enrolled>, Fault> {
    let (person, code) = identity.enrol(&By::from(allowed), new).await?;
    let activation_url = activation_at(&identity, &code);
    Ok(Created { location: person_at(person.id), body: Enrolled { person, activation_url } })
}

/// How people are searched.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "juma 1990-04-21"}))]
struct Searched {
    /// An identifier, or words of names and a date of birth: all of them must fit. Nothing for everybody.
    #[serde(default)]
    text: String,
    /// People who were enrolled before this one.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    before: Option<PersonId>,
    /// At most so many, up to 100.
    #[serde(default)]
    limit: Option<u32>,
}

/// People.
#[derive(Serialize, utoipa::ToSchema)]
struct PersonList {
    items: Vec<Person>,
}

/// Find people
///
/// By POST, since names and numbers do not belong into addresses. Each person who is shown sees that they were.
#[utoipa::path(post, path = "/v1/people/search", operation_id = "search_people", tag = "people", request_body = Searched,
    responses((status = 200, description = "The people, those enrolled last first", body = PersonList)))]
async fn search_people(
    allowed: Allowed<PersonRead>,
    State(identity): State<Identity>,
    Body(asked): Body<Searched>,
) -> Result<Json<PersonList>, Fault> {
    if asked.text.chars().count() > NAME_CHARS_MAX {
        return Err(IdentityError::field("/text", "length", "must have at most 200 characters").into());
    }
    let search = Search {
        text: asked.text,
        before: asked.before,
        limit: asked.limit.unwrap_or(PAGE_SIZE_DEFAULT).clamp(1, 100),
    };
    Ok(Json(PersonList { items: identity.search(&By::from(allowed), search).await? }))
}

/// A person
///
/// The person sees who looked.
#[utoipa::path(get, path = "/v1/people/{id}", operation_id = "get_person", tag = "people",
    params(("id" = String, Path, example = "0199c8f4-0000-7000-8000-000000000000")),
    responses((status = 200, description = "The person", body = Person,
        headers(("ETag" = String, description = "The version, for `If-Match`")))))]
async fn get_person(
    allowed: Allowed<PersonRead>,
    State(identity): State<Identity>,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    Ok(tagged(&identity.person(&By::from(allowed), person_id(&id)?).await?))
}

fn tagged(person: &Person) -> Response {
    let mut response = answer(StatusCode::OK, person);
    response.headers_mut().insert(header::ETAG, etag(person.version));
    response
}

fn person_id(text: &str) -> Result<PersonId, IdentityError> {
    text.parse().map_err(|_| IdentityError::PersonNotFound)
}

/// What is known of a person from now on.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"profile": {"name": "Amina Juma", "birthdate": "1990-04-21"}, "source": "birth certificate 17/1990"}))]
struct Correction {
    /// All of it.
    profile: Profile,
    /// Where it comes from.
    #[serde(default)]
    source: String,
}

/// Correct what is known of a person
///
/// The whole profile, as a new version; the ones before stay.
#[utoipa::path(put, path = "/v1/people/{id}/profile", operation_id = "put_profile", tag = "people",
    params(("id" = String, Path, example = "0199c8f4-0000-7000-8000-000000000000"),
        ("If-Match" = Option<String>, Header, description = "The ETag that the person must still have")),
    request_body = Correction,
    responses((status = 200, description = "The person", body = Person,
        headers(("ETag" = String, description = "The version, for `If-Match`")))))]
async fn put_profile(
    allowed: Allowed<PersonWrite>,
    State(identity): State<Identity>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(new): Body<Correction>,
) -> Result<Response, Fault> {
    let seen = seen_version(&headers)?;
    if new.source.chars().count() > NAME_CHARS_MAX {
        return Err(IdentityError::field("/source", "length", "must have at most 200 characters").into());
    }
    let person = identity.correct(&By::from(allowed), person_id(&id)?, seen, new.profile, &new.source).await?;
    Ok(tagged(&person))
}

fn seen_version(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or("").trim();
    if text == "*" {
        return Ok(None);
    }
    let number = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).and_then(|number| number.parse().ok());
    let wrong = || IdentityError::field("If-Match", "format", "must be an ETag of the person");
    Ok(Some(number.ok_or_else(wrong)?))
}

/// What was known before.
#[derive(Serialize, utoipa::ToSchema)]
struct VersionList {
    items: Vec<PersonVersion>,
}

/// What was known of a person
#[utoipa::path(get, path = "/v1/people/{id}/versions", operation_id = "list_person_versions", tag = "people",
    params(("id" = String, Path, example = "0199c8f4-0000-7000-8000-000000000000")),
    responses((status = 200, description = "The versions, the newest first", body = VersionList)))]
async fn list_person_versions(
    allowed: Allowed<PersonRead>,
    State(identity): State<Identity>,
    Path(id): Path<String>,
) -> Result<Json<VersionList>, Fault> {
    Ok(Json(VersionList { items: identity.versions(&By::from(allowed), person_id(&id)?).await? }))
}

/// A state and why.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"state": "blocked", "reason": "Reported stolen, case 4711"}))]
struct NewState {
    /// The state.
    state: State_,
    /// Why.
    reason: String,
}

/// Take an identity out of use, or bring it back
///
/// Sessions and tokens from before end at once.
#[utoipa::path(put, path = "/v1/people/{id}/state", operation_id = "put_person_state", tag = "people",
    params(("id" = String, Path, example = "0199c8f4-0000-7000-8000-000000000000")), request_body = NewState,
    responses((status = 200, description = "The person", body = Person)))]
async fn put_person_state(
    allowed: Allowed<PersonState>,
    State(identity): State<Identity>,
    Path(id): Path<String>,
    Body(new): Body<NewState>,
) -> Result<Json<Person>, Fault> {
    Ok(Json(identity.set_state(&By::from(allowed), person_id(&id)?, new.state, &new.reason).await?))
}

/// The roles of an official.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"roles": ["official"]}))]
struct NewRoles {
    /// All of them.
    roles: Vec<String>,
}

/// Give an official their roles
///
/// Only an administrator does. Tokens carry them from the next one on.
#[utoipa::path(put, path = "/v1/people/{id}/roles", operation_id = "put_person_roles", tag = "people",
    params(("id" = String, Path, example = "0199c8f4-0000-7000-8000-000000000000")), request_body = NewRoles,
    responses((status = 200, description = "The person", body = Person)))]
async fn put_person_roles(
    allowed: Allowed<PersonWrite>,
    State(identity): State<Identity>,
    Path(id): Path<String>,
    Body(new): Body<NewRoles>,
) -> Result<Json<Person>, Fault> {
    Ok(Json(identity.set_person_roles(&By::from(allowed), person_id(&id)?, new.roles).await?))
}

/// Add an identifier
///
/// An alias that the person has elsewhere, or a new virtual number.
#[utoipa::path(post, path = "/v1/people/{id}/identifiers", operation_id = "add_identifier", tag = "people",
    params(("id" = String, Path, example = "0199c8f4-0000-7000-8000-000000000000")), request_body = NewIdentifier,
    responses((status = 201, description = "The identifier", body = Identifier)))]
async fn add_identifier(
    allowed: Allowed<PersonWrite>,
    State(identity): State<Identity>,
    Path(id): Path<String>,
    Body(new): Body<NewIdentifier>,
) -> Result<Response, Fault> {
    let made = identity.add_identifier(&By::from(allowed), person_id(&id)?, new).await?;
    Ok(answer(StatusCode::CREATED, &made))
}

/// End an identifier
///
/// Nobody is found by it any more. The unique number stays.
#[utoipa::path(delete, path = "/v1/people/{id}/identifiers/{identifier}", operation_id = "end_identifier", tag = "people",
    params(("id" = String, Path, example = "0199c8f4-0000-7000-8000-000000000000"),
        ("identifier" = String, Path, example = "0199c8f4-0000-7000-8000-000000000001")),
    responses((status = 204, description = "It has ended")))]
async fn end_identifier(
    allowed: Allowed<PersonWrite>,
    State(identity): State<Identity>,
    Path((id, identifier)): Path<(String, String)>,
) -> Result<StatusCode, Fault> {
    let identifier: IdentifierId = identifier.parse().map_err(|_| IdentityError::IdentifierNotFound)?;
    identity.end_identifier(&By::from(allowed), person_id(&id)?, identifier).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where a person sets a password.
#[derive(Serialize, utoipa::ToSchema)]
struct Activation {
    /// The address, for once and for seven days. It is shown once, in this answer.
    activation_url: String,
}

/// Let a person set a password
///
/// For whoever has none or forgot it: an official hands the address over. The ones before end.
#[utoipa::path(post, path = "/v1/people/{id}/activations", operation_id = "create_activation", tag = "people",
    params(("id" = String, Path, example = "0199c8f4-0000-7000-8000-000000000000")),
    responses((status = 201, description = "The address", body = Activation)))]
async fn create_activation(
    allowed: Allowed<PersonWrite>,
    State(identity): State<Identity>,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let code = identity.new_activation(&By::from(allowed), person_id(&id)?).await?;
    let body = Activation { activation_url: activation_at(&identity, &code) };
    Ok(answer(StatusCode::CREATED, &body))
}

/// How a person can sign in.
#[derive(Serialize, utoipa::ToSchema)]
struct FactorList {
    /// The person.
    #[schema(value_type = String)]
    person: PersonId,
    /// When it was looked.
    #[schema(value_type = String)]
    at: Instant,
    items: Vec<Factor>,
}

/// How a person can sign in
#[utoipa::path(get, path = "/v1/people/{id}/factors", operation_id = "list_factors", tag = "people",
    params(("id" = String, Path, example = "0199c8f4-0000-7000-8000-000000000000")),
    responses((status = 200, description = "The factors, without what is secret", body = FactorList)))]
async fn list_factors(
    allowed: Allowed<PersonRead>,
    State(identity): State<Identity>,
    Path(id): Path<String>,
) -> Result<Json<FactorList>, Fault> {
    // Whose they are is looked at first: another tenant has nobody here.
    let person = identity.person(&By::from(allowed), person_id(&id)?).await?.id;
    Ok(Json(FactorList { person, at: identity.store().clock().now(), items: identity.factors(person).await? }))
}

/// Why somebody is forgotten.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Request of the person of 27 November 2026"}))]
struct Erasure {
    /// Why.
    reason: String,
}

/// Forget a person
///
/// Their key is destroyed: histories and evidence stay whole and say nothing of them any more. It cannot be undone.
#[utoipa::path(post, path = "/v1/people/{id}/erase", operation_id = "erase_person", tag = "people",
    params(("id" = String, Path, example = "0199c8f4-0000-7000-8000-000000000000")), request_body = Erasure,
    responses((status = 204, description = "The person is forgotten")))]
async fn erase_person(
    allowed: Allowed<PersonState>,
    State(identity): State<Identity>,
    Path(id): Path<String>,
    Body(asked): Body<Erasure>,
) -> Result<StatusCode, Fault> {
    identity.erase(&By::from(allowed), person_id(&id)?, &asked.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}
