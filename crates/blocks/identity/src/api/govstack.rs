//! The client management of the GovStack Identity API (`/client-mgmt`), over the same clients as the native API. Refusals are
//! answers with status 200 and one error, as the published file has them; each code is that of the first field at fault, in
//! the published order.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use stoa_core::{Actor, Problem, Tenant};
use stoa_web::{Fault, OpenApiRouter, Path, Profile, Public, RawJson, Right as _};
use utoipa_axum::routes;

use super::envelope::{Asked, USUAL, request};
use crate::error::IdentityError;
use crate::jose::PublicKeys;
use crate::model::acr::PUBLISHED;
use crate::model::claims::{Claim, Scopes};
use crate::model::client::{AuthMethod, GrantType, Metadata, id_fault};
use crate::model::redirect::{self, ApplicationType};
use crate::permission::ClientWrite;
use crate::service::{By, Identity, NewClient};

pub(super) fn router() -> OpenApiRouter<Identity> {
    OpenApiRouter::new().routes(routes!(create_oidc_client)).routes(routes!(update_oidc_client))
}

/// Whoever asks must hold the permission, but in profile `govstack`, whose suite sends no credential.
fn by(asking: Public, identity: &Identity) -> Result<By, Problem> {
    if identity.profile() == Profile::Govstack {
        return Ok(By::new(Actor::system("govstack suite", Tenant::default()), asking.info));
    }
    asking.actor.require(ClientWrite::INFO.permission)?;
    asking.check_forgery()?;
    Ok(By::new(asking.actor, asking.info))
}

/// What is described, over what is known; or the code of the first field at fault. A client that is new must have a key.
fn described(asked: &Asked<'_>, present: Option<&Metadata>, profile: Profile) -> Result<Metadata, &'static str> {
    let mut metadata = present.cloned().unwrap_or_default();
    let name = asked.text("clientName").trim();
    if !(1..=256).contains(&name.chars().count()) {
        return Err("invalid_client_name");
    }
    if present.is_none() {
        let party = asked.text("relyingPartyId");
        if !(1..=50).contains(&party.chars().count()) {
            return Err("invalid_rp_id");
        }
        party.clone_into(&mut metadata.relying_party_id);
    }
    let logo = asked.text("logoUri");
    if !(1..=1024).contains(&logo.len()) || !logo.parse::<http::Uri>().is_ok_and(|uri| uri.scheme().is_some()) {
        return Err("invalid_uri");
    }
    // The suite prepares clients without addresses, and refuses empty lists all the same.
    let is_left_out = profile == Profile::Govstack && present.is_none() && !asked.has("redirectUris");
    let redirects = asked.list("redirectUris").unwrap_or_default();
    // Its addresses are of other hosts and without TLS; in this profile nothing leaves the machine anyhow.
    let is_plain = |uri: &str| {
        profile == Profile::Govstack
            && uri.parse::<http::Uri>().is_ok_and(|uri| uri.scheme_str() == Some("http") && uri.host().is_some())
    };
    let is_wrong = |uri: &String| redirect::fault(uri, ApplicationType::Web).is_some() && !is_plain(uri);
    if !is_left_out && (redirects.is_empty() || redirects.iter().any(is_wrong)) {
        return Err("invalid_redirect_uri");
    }
    if present.is_none() {
        metadata.jwks = Some(key(asked.get("publicKey"), profile).ok_or("invalid_public_key")?);
    }
    let acrs = asked.list("authContextRefs").unwrap_or_default();
    if acrs.is_empty() || !acrs.iter().all(|acr| PUBLISHED.contains(&acr.as_str())) {
        return Err("invalid_acr");
    }
    let claims: Option<BTreeSet<Claim>> =
        asked.list("userClaims").unwrap_or_default().iter().map(|name| Claim::from_name(name)).collect();
    let claims = claims.filter(|claims| !claims.is_empty()).ok_or("invalid_claim")?;
    if asked.list("grantTypes").as_deref() != Some(&["authorization_code".to_owned()]) {
        return Err("invalid_grant_type");
    }
    if asked.list("clientAuthMethods").as_deref() != Some(&["private_key_jwt".to_owned()]) {
        return Err("invalid_client_auth");
    }
    name.clone_into(&mut metadata.client_name);
    logo.clone_into(&mut metadata.logo_uri);
    metadata.redirect_uris = redirects;
    // Classes that cannot be reached here are remembered, and wait for what reaches them.
    metadata.default_acr_values = acrs;
    let scopes: BTreeSet<_> = claims.iter().map(|claim| claim.scope()).collect();
    let words: Vec<&str> = std::iter::once("openid").chain(scopes.iter().map(|scope| scope.as_str())).collect();
    metadata.scope = Scopes::read(&words.join(" "));
    metadata.claims = claims.into_iter().collect();
    metadata.grant_types = vec![GrantType::AuthorizationCode];
    metadata.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt;
    Ok(metadata)
}

/// The client's key. The suite sends it as a text, with the exponent under another name.
pub(super) fn key(value: Option<&Value>, profile: Profile) -> Option<PublicKeys> {
    let mut key = match value? {
        Value::String(text) if profile == Profile::Govstack => {
            let decoded = || String::from_utf8(BASE64.decode(text).ok()?).ok();
            serde_json::from_str(text).ok().or_else(|| serde_json::from_str(&decoded()?).ok())?
        }
        other => other.clone(),
    };
    let members = key.as_object_mut()?;
    if profile == Profile::Govstack && members.get("kty").is_some_and(|kind| kind == "RSA") {
        members.entry("e").or_insert_with(|| "AQAB".into());
    }
    let keys = PublicKeys::read(json!({"keys": [key]})).ok()?;
    (profile == Profile::Govstack || keys.fault().is_none()).then_some(keys)
}

/// Register a client, as GovStack has it
///
/// A client with `private_key_jwt` and `authorization_code`. The same once more is answered the same; another under the same
/// id is refused.
#[utoipa::path(post, path = "/client-mgmt/oidc-client", operation_id = "create_oidc_client", tag = "GovStack",
    request_body(content = Object, example = json!({"requestTime": "2026-11-27T12:00:00.000Z", "request": {
        "clientId": "clinic", "clientName": "Clinic portal", "relyingPartyId": "clinics",
        "logoUri": "https://clinic.example.org/logo.png", "redirectUris": ["https://clinic.example.org/callback"],
        "publicKey": {"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
        "authContextRefs": ["idbb:acr:static-code"], "userClaims": ["name"], "grantTypes": ["authorization_code"],
        "clientAuthMethods": ["private_key_jwt"]}})),
    responses((status = 200, description = "`response.clientId`, or one error", body = Object)))]
async fn create_oidc_client(
    asking: Public,
    State(identity): State<Identity>,
    RawJson(body): RawJson,
) -> Result<Response, Fault> {
    let by = by(asking, &identity)?;
    let checked = request(&body).and_then(|asked| {
        let client_id = asked.text("clientId").to_owned();
        if id_fault(&client_id).is_some() {
            return Err("invalid_client_id");
        }
        Ok((client_id, described(&asked, None, identity.profile())?))
    });
    let (client_id, metadata) = match checked {
        Ok(checked) => checked,
        Err(code) => return Ok(USUAL.of(&identity, Err(code))),
    };
    let new = NewClient { client_id: Some(client_id.clone()), is_active: None, metadata };
    let outcome = match identity.register_checked(&by, new.clone()).await {
        Ok(_) => Ok(client_id),
        Err(IdentityError::ClientTaken(_)) => match identity.client(by_tenant(&by), &client_id).await {
            Ok(present) if present.metadata == new.metadata => Ok(client_id),
            Ok(_) | Err(IdentityError::ClientNotFound(_)) => Err("duplicate_client_id"),
            Err(error) => return Err(error.into()),
        },
        Err(IdentityError::InvalidRequest(_)) => Err("invalid_input"),
        Err(error) => return Err(error.into()),
    };
    Ok(USUAL.of(&identity, outcome.map(|client_id| json!({"clientId": client_id}))))
}

fn by_tenant(by: &By) -> &Tenant {
    &by.actor.tenant
}

/// Write a client again, as GovStack has it
///
/// Everything but its key and its relying party.
#[utoipa::path(put, path = "/client-mgmt/oidc-client/{client_id}", operation_id = "update_oidc_client", tag = "GovStack",
    params(("client_id" = String, Path, example = "clinic")),
    request_body(content = Object, example = json!({"requestTime": "2026-11-27T12:00:00.000Z", "request": {
        "clientName": "Clinic portal", "status": "active", "logoUri": "https://clinic.example.org/logo.png",
        "redirectUris": ["https://clinic.example.org/callback"], "authContextRefs": ["idbb:acr:static-code"],
        "userClaims": ["name"], "grantTypes": ["authorization_code"], "clientAuthMethods": ["private_key_jwt"]}})),
    responses((status = 200, description = "`response.clientId`, or one error", body = Object)))]
async fn update_oidc_client(
    asking: Public,
    State(identity): State<Identity>,
    Path(client_id): Path<String>,
    RawJson(body): RawJson,
) -> Result<Response, Fault> {
    let by = by(asking, &identity)?;
    let request = match request(&body) {
        Ok(request) => request,
        Err(code) => return Ok(USUAL.of(&identity, Err(code))),
    };
    let present = match identity.client(by_tenant(&by), &client_id).await {
        Ok(present) => present,
        Err(IdentityError::ClientNotFound(_)) => return Ok(USUAL.of(&identity, Err("invalid_client_id"))),
        Err(error) => return Err(error.into()),
    };
    let metadata = match described(&request, Some(&present.metadata), identity.profile()) {
        Ok(metadata) => metadata,
        Err(code) => return Ok(USUAL.of(&identity, Err(code))),
    };
    let is_active = match request.text("status").to_ascii_lowercase().as_str() {
        "active" | "" => true,
        "inactive" => false,
        _ => return Ok(USUAL.of(&identity, Err("invalid_input"))),
    };
    let new = NewClient { client_id: None, is_active: Some(is_active), metadata };
    let outcome = match identity.change_client_checked(&by, &client_id, new).await {
        Ok(_) => Ok(client_id),
        Err(IdentityError::InvalidRequest(_)) => Err("invalid_input"),
        Err(error) => return Err(error.into()),
    };
    Ok(USUAL.of(&identity, outcome.map(|client_id| json!({"clientId": client_id}))))
}
