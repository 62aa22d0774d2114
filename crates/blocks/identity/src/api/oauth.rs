//! The endpoints that programs of relying parties speak with: discovery, keys, tokens, userinfo.

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::options;
use serde_json::{Value, json};
use stoa_core::{Actor, Problem, Tenant};
use stoa_ui::Locale;
use stoa_web::{
    Fault, JSON, OpenApiRouter, Presented, Profile, Public, RawBody, RequestInfo, bytes_as, json as answer,
};
use utoipa_axum::routes;

use crate::error::IdentityError;
use crate::jose::Algorithm;
use crate::model::acr::Acr;
use crate::model::claims::{Claim, Scope};
use crate::model::client::{AuthMethod, GrantType};
use crate::model::oauth::{OauthCode, OauthError};
use crate::model::parameters::Parameters;
use crate::service::{Access, Asked, Authenticated, By, Identity, Proven, UserInfo};

/// The largest form.
const FORM_BYTES_MAX: usize = 64 * 1024;
/// How long relying parties may keep discovery and keys without asking: far less than a key is published ahead.
const KEPT: &str = "public, max-age=300";

pub(super) fn router() -> OpenApiRouter<Identity> {
    let router = OpenApiRouter::new()
        .routes(routes!(get_openid_configuration))
        .routes(routes!(get_authorization_server))
        .routes(routes!(get_jwks))
        .routes(routes!(token))
        .routes(routes!(push_request))
        .routes(routes!(introspect))
        .routes(routes!(revoke))
        .routes(routes!(get_userinfo, post_userinfo));
    let asked_before = FOR_SCRIPTS.iter().fold(router, |router, path| router.route(path, options(preflight)));
    asked_before.layer(DefaultBodyLimit::max(FORM_BYTES_MAX)).layer(axum::middleware::from_fn(for_scripts))
}

/// Where scripts of other origins may ask: browsers ask for leave before (Fetch, "CORS-preflight").
const FOR_SCRIPTS: [&str; 8] = [
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/.well-known/jwks.json",
    "/oauth/token",
    "/oauth/par",
    "/oauth/introspect",
    "/oauth/revoke",
    "/oidc/userinfo",
];

async fn preflight(_: Public) -> StatusCode {
    StatusCode::NO_CONTENT
}

/// Scripts of other origins may ask here: whatever they get they get by what they send, and cookies do not count.
async fn for_scripts(request: Request, next: Next) -> Response {
    let is_before = request.method() == Method::OPTIONS;
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if is_before {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("authorization, content-type, dpop"),
        );
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("dpop-nonce, retry-after, www-authenticate"),
    );
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    response
}

/// A refusal on its way to a client.
struct Refused {
    error: OauthError,
    /// The scheme by which the caller should have proved who it is.
    scheme: &'static str,
    nonce: Option<String>,
}

impl Refused {
    fn new(error: IdentityError, scheme: &'static str, identity: &Identity) -> Self {
        let error = error.into_oauth();
        let nonce = (error.code == OauthCode::UseDpopNonce).then(|| identity.dpop_nonce());
        Self { error, scheme, nonce }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self { error, scheme, nonce } = self;
        let status = match error.code {
            OauthCode::InvalidClient | OauthCode::InvalidToken => StatusCode::UNAUTHORIZED,
            OauthCode::UseDpopNonce | OauthCode::InvalidDpopProof if scheme == "DPoP" => StatusCode::UNAUTHORIZED,
            OauthCode::InsufficientScope => StatusCode::FORBIDDEN,
            OauthCode::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            OauthCode::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        let body = json!({"error": error.code.as_str(), "error_description": error.description});
        let mut response = answer(status, &body);
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            let value = match scheme {
                "Basic" => "Basic realm=\"stoa\"".to_owned(),
                scheme => format!(
                    "{scheme} realm=\"stoa\", error=\"{}\", error_description=\"{}\"",
                    error.code.as_str(),
                    error.description
                ),
            };
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(header::WWW_AUTHENTICATE, value);
            }
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        no_store(headers);
        put_nonce(headers, nonce.as_deref());
        response
    }
}

fn no_store(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
}

fn put_nonce(headers: &mut HeaderMap, nonce: Option<&str>) {
    if let Some(nonce) = nonce.and_then(|nonce| HeaderValue::try_from(nonce).ok()) {
        headers.insert("dpop-nonce", nonce);
    }
}

/// The form of the token endpoint. How a client proves who it is comes with it, or in the header.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it describes the form, which is read name by name")]
#[schema(example = json!({"grant_type": "client_credentials"}))]
struct TokenForm {
    /// `authorization_code`, `refresh_token` or `client_credentials`.
    grant_type: String,
    /// The code.
    code: Option<String>,
    /// The address that the code came to.
    redirect_uri: Option<String>,
    /// What the code's challenge was made of (RFC 7636).
    code_verifier: Option<String>,
    /// The refresh token.
    refresh_token: Option<String>,
    /// Less than was granted.
    scope: Option<String>,
    /// The resource that the token is for (RFC 8707).
    resource: Option<String>,
    /// The client.
    client_id: Option<String>,
    /// Its secret.
    client_secret: Option<String>,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`.
    client_assertion_type: Option<String>,
    /// What the client signed (RFC 7523).
    client_assertion: Option<String>,
}

/// The form of a pushed request: the parameters of the authorization endpoint.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it describes the form, which is read name by name")]
#[schema(example = json!({"response_type": "code", "scope": "openid"}))]
struct RequestForm {
    /// `code`.
    response_type: String,
    /// With `openid` among them.
    scope: String,
    /// A registered address.
    redirect_uri: Option<String>,
    /// Given back as it comes.
    state: Option<String>,
    /// Stands in the ID token.
    nonce: Option<String>,
    /// The digest of a verifier (RFC 7636).
    code_challenge: Option<String>,
    /// `S256`.
    code_challenge_method: Option<String>,
    /// The client.
    client_id: Option<String>,
    /// Its secret.
    client_secret: Option<String>,
}

/// The form of introspection and of revocation.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it describes the form, which is read name by name")]
#[schema(example = json!({"token": "x"}))]
struct OneTokenForm {
    /// The token.
    token: String,
    /// What it is; it is found whatever stands here.
    token_type_hint: Option<String>,
    /// The client.
    client_id: Option<String>,
    /// Its secret.
    client_secret: Option<String>,
}

/// The form of userinfo.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it describes the form, which is read name by name")]
#[schema(example = json!({"access_token": "x"}))]
struct AccessForm {
    /// The access token (RFC 6750 §2.2).
    access_token: Option<String>,
}

/// A form as OAuth wants it.
fn form(headers: &HeaderMap, body: &[u8]) -> Result<Parameters, IdentityError> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = kind.split(';').next().unwrap_or("").trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(OauthError::request("The body must be application/x-www-form-urlencoded.").into());
    }
    let form = Parameters::read(body);
    form.check()?;
    Ok(form)
}

/// The proof of possession, sent once (RFC 9449 §4.3).
fn proof(headers: &HeaderMap) -> Result<Option<&str>, IdentityError> {
    let mut proofs = headers.get_all("dpop").iter();
    let first = proofs.next();
    if proofs.next().is_some() {
        return Err(OauthError::new(OauthCode::InvalidDpopProof, "DPoP: was sent more than once").into());
    }
    Ok(first.map(|value| value.to_str().unwrap_or("")))
}

/// Finds out which client asks, and counts it; what does not hold is counted against where it came from.
async fn client(identity: &Identity, presented: &Presented, form: &Parameters) -> Result<Authenticated, Denied> {
    presented.may_try()?;
    // A token in the header is none of a client's ways; a client without another one is refused for that.
    let basic = presented.credential().filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
    match identity.authenticate(basic, form).await {
        Ok(found) => {
            presented.count(&actor_of(&found.client.tenant, &found.client.client_id))?;
            Ok(found)
        }
        Err(error) => {
            let error = error.into_oauth();
            if error.code == OauthCode::InvalidClient {
                presented.failed()?;
            }
            let scheme = if basic.is_some() { "Basic" } else { "Bearer" };
            Err(Refused { error, scheme, nonce: None }.into())
        }
    }
}

fn actor_of(tenant: &Tenant, client_id: &str) -> Actor {
    By::client(tenant, client_id, RequestInfo::default()).actor
}

/// A refusal in the words of OAuth, or one that the whole house speaks (too many requests).
struct Denied(Box<Response>);

impl From<Problem> for Denied {
    fn from(problem: Problem) -> Self {
        Self(Box::new(Fault(problem).into_response()))
    }
}

impl From<Refused> for Denied {
    fn from(refused: Refused) -> Self {
        Self(Box::new(refused.into_response()))
    }
}

impl IntoResponse for Denied {
    fn into_response(self) -> Response {
        *self.0
    }
}

fn kept(bytes: axum::body::Bytes) -> Response {
    let mut response = bytes_as(StatusCode::OK, JSON, bytes);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(KEPT));
    response
}

/// What the provider is and can (OpenID Connect Discovery 1.0 §3, RFC 8414 §2).
fn discovery(identity: &Identity) -> Value {
    let issuer = identity.issuer();
    let at = |path: &str| format!("{issuer}{path}");
    let algorithms = Algorithm::ALL.map(Algorithm::as_str);
    // What others sign may also name Ed25519 outright (RFC 9864).
    let taken: Vec<&str> = algorithms.into_iter().chain(["Ed25519"]).collect();
    let scopes: Vec<&str> = Scope::ALL.map(Scope::as_str).into_iter().chain(["roles"]).collect();
    let claims: Vec<&str> = ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "roles"]
        .into_iter()
        .chain(Claim::ALL.iter().map(|claim| claim.as_str()))
        .collect();
    json!({
        "issuer": issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/oauth/token"),
        "userinfo_endpoint": at("/oidc/userinfo"),
        "jwks_uri": at("/.well-known/jwks.json"),
        "registration_endpoint": at("/connect/register"),
        "introspection_endpoint": at("/oauth/introspect"),
        "revocation_endpoint": at("/oauth/revoke"),
        "pushed_authorization_request_endpoint": at("/oauth/par"),
        "end_session_endpoint": at("/logout"),
        "scopes_supported": scopes,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "grant_types_supported": GrantType::ALL.map(GrantType::as_str),
        "acr_values_supported": Acr::ALL.map(Acr::as_str),
        "subject_types_supported": ["pairwise", "public"],
        "id_token_signing_alg_values_supported": algorithms,
        "userinfo_signing_alg_values_supported": algorithms,
        "token_endpoint_auth_methods_supported": AuthMethod::ALL.map(AuthMethod::as_str),
        "token_endpoint_auth_signing_alg_values_supported": taken,
        "introspection_endpoint_auth_methods_supported": AuthMethod::ALL.map(AuthMethod::as_str),
        "introspection_endpoint_auth_signing_alg_values_supported": taken,
        "revocation_endpoint_auth_methods_supported": AuthMethod::ALL.map(AuthMethod::as_str),
        "revocation_endpoint_auth_signing_alg_values_supported": taken,
        "dpop_signing_alg_values_supported": taken,
        "code_challenge_methods_supported": ["S256"],
        "display_values_supported": ["page"],
        "claim_types_supported": ["normal"],
        "claims_supported": claims,
        "claims_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": true,
        "require_request_uri_registration": true,
        "authorization_response_iss_parameter_supported": true,
        "ui_locales_supported": Locale::ALL.map(Locale::tag),
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
    })
}

/// The provider
///
/// Discovery document (OpenID Connect Discovery 1.0).
#[utoipa::path(get, path = "/.well-known/openid-configuration", operation_id = "get_openid_configuration", tag = "OpenID Connect",
    security(()), responses((status = 200, description = "What the provider is and can", body = Object)))]
async fn get_openid_configuration(_: Public, State(identity): State<Identity>) -> Response {
    kept(identity.discovery(|| discovery(&identity)))
}

/// The authorization server
///
/// The same as metadata of OAuth 2.0 (RFC 8414).
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server", operation_id = "get_authorization_server", tag = "OpenID Connect",
    security(()), responses((status = 200, description = "What the server is and can", body = Object)))]
async fn get_authorization_server(_: Public, State(identity): State<Identity>) -> Response {
    kept(identity.discovery(|| discovery(&identity)))
}

/// Keys
///
/// The public keys with which tokens are verified (RFC 7517). The next ones are among them a day before they sign.
#[utoipa::path(get, path = "/.well-known/jwks.json", operation_id = "get_jwks", tag = "OpenID Connect",
    security(()), responses((status = 200, description = "The keys", body = Object)))]
async fn get_jwks(_: Public, State(identity): State<Identity>) -> Result<Response, Fault> {
    Ok(kept(identity.published_keys().await?))
}

/// Tokens
///
/// For a code, a refresh token, or the client itself (RFC 6749 §3.2). A client proves who it is by the way that it is
/// registered for.
#[utoipa::path(post, path = "/oauth/token", operation_id = "token", tag = "OpenID Connect", security(()),
    params(("DPoP" = Option<String>, Header, description = "A proof of possession (RFC 9449); the tokens are bound to its key.")),
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The tokens", body = Object),
        (status = 400, description = "The request is refused: `error` and `error_description`.", body = Object),
        (status = 401, description = "The client did not prove who it is.", body = Object)))]
async fn token(
    asking: Public,
    State(identity): State<Identity>,
    presented: Presented,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Response, Denied> {
    let refused = |error: IdentityError| Denied::from(Refused::new(error, "Basic", &identity));
    if identity.profile() == Profile::Govstack
        && presented.credential().is_none()
        && let Some(code) = published_refusal(&body)
    {
        let body = json!({"error": code, "error_description": code});
        return Ok(answer(StatusCode::BAD_REQUEST, &body));
    }
    let form = form(&headers, &body).map_err(refused)?;
    let by = client(&identity, &presented, &form).await?;
    let dpop = proof(&headers).map_err(refused)?;
    let asked = Asked { form: &form, dpop, info: asking.info };
    let tokens = identity.token(&by, asked).await.map_err(refused)?;
    let mut response = answer(StatusCode::OK, &tokens);
    no_store(response.headers_mut());
    put_nonce(response.headers_mut(), dpop.map(|_| identity.dpop_nonce()).as_deref());
    Ok(response)
}

/// The codes of the published GovStack file, which are not those of RFC 6749, for what is missing: in its order, and in
/// profile `govstack` only.
fn published_refusal(body: &[u8]) -> Option<&'static str> {
    if body.is_empty() {
        return Some("invalid_payload");
    }
    let form = Parameters::read(body);
    if form.get("grant_type").is_some_and(|grant| grant != "authorization_code") || form.has("client_secret") {
        return None;
    }
    if form.iter().all(|(_, value)| value.is_empty()) {
        return Some("invalid_input");
    }
    let missing = [
        ("client_assertion", "invalid_assertion"),
        ("client_assertion_type", "invalid_assertion_type"),
        ("redirect_uri", "invalid_redirect_uri"),
    ];
    missing.into_iter().find(|(name, _)| form.get(name).is_none()).map(|(_, code)| code)
}

/// Push a request
///
/// Hands an authorization request over before the browser goes (RFC 9126): nobody can read or change it on the way.
#[utoipa::path(post, path = "/oauth/par", operation_id = "push_request", tag = "OpenID Connect", security(()),
    request_body(content = RequestForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 201, description = "`request_uri`, and for how many seconds it holds", body = Object),
        (status = 400, description = "The request is refused: `error` and `error_description`.", body = Object),
        (status = 401, description = "The client did not prove who it is.", body = Object)))]
async fn push_request(
    _: Public,
    State(identity): State<Identity>,
    presented: Presented,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Response, Denied> {
    let refused = |error: IdentityError| Denied::from(Refused::new(error, "Basic", &identity));
    let form = form(&headers, &body).map_err(refused)?;
    let by = client(&identity, &presented, &form).await?;
    let (request_uri, expires_in) = identity.push(&by, &form).await.map_err(refused)?;
    let mut response = answer(StatusCode::CREATED, &json!({"request_uri": request_uri, "expires_in": expires_in}));
    no_store(response.headers_mut());
    Ok(response)
}

/// Look at a token
///
/// Whether a token holds, for the resource that was shown it and for the client that owns it (RFC 7662).
#[utoipa::path(post, path = "/oauth/introspect", operation_id = "introspect", tag = "OpenID Connect", security(()),
    request_body(content = OneTokenForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "`active`, and what the token says", body = Object),
        (status = 400, description = "The request is refused: `error` and `error_description`.", body = Object),
        (status = 401, description = "The client did not prove who it is.", body = Object)))]
async fn introspect(
    _: Public,
    State(identity): State<Identity>,
    presented: Presented,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Response, Denied> {
    let refused = |error: IdentityError| Denied::from(Refused::new(error, "Basic", &identity));
    let form = form(&headers, &body).map_err(refused)?;
    let by = client(&identity, &presented, &form).await?;
    let token = form.need("token").map_err(|error| refused(error.into()))?;
    let said = identity.introspect(&by, token).await.map_err(refused)?;
    let mut response = answer(StatusCode::OK, &said);
    no_store(response.headers_mut());
    Ok(response)
}

/// Take a token back
///
/// Ends a token of the client (RFC 7009). A refresh token ends with everything that came of it. The answer is the same
/// whether there was such a token or not.
#[utoipa::path(post, path = "/oauth/revoke", operation_id = "revoke", tag = "OpenID Connect", security(()),
    request_body(content = OneTokenForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The token does not hold any more"),
        (status = 400, description = "The request is refused: `error` and `error_description`.", body = Object),
        (status = 401, description = "The client did not prove who it is.", body = Object)))]
async fn revoke(
    asking: Public,
    State(identity): State<Identity>,
    presented: Presented,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Response, Denied> {
    let refused = |error: IdentityError| Denied::from(Refused::new(error, "Basic", &identity));
    let form = form(&headers, &body).map_err(refused)?;
    let by = client(&identity, &presented, &form).await?;
    let token = form.need("token").map_err(|error| refused(error.into()))?;
    identity.revoke(&by, token, &asking.info).await.map_err(refused)?;
    Ok(answer(StatusCode::OK, &json!({})))
}

/// Claims about a person
///
/// What the person granted to the client of the access token, as JSON or signed as the client registered. Who read what is
/// noted, and the person sees it.
#[utoipa::path(get, path = "/oidc/userinfo", operation_id = "get_userinfo", tag = "OpenID Connect",
    params(("DPoP" = Option<String>, Header, description = "The proof of possession, for a token that is bound to a key.")),
    responses((status = 200, description = "The claims", content((Object = "application/json"), (String = "application/jwt"))),
        (status = 401, description = "The token does not hold.", body = Object),
        (status = 403, description = "The token does not open claims about a person.", body = Object)))]
async fn get_userinfo(
    asking: Public,
    State(identity): State<Identity>,
    presented: Presented,
    headers: HeaderMap,
) -> Result<Response, Denied> {
    userinfo(&identity, &presented, "GET", &headers, None, &asking.info).await
}

/// Claims about a person, by POST
///
/// As by GET; the access token may stand in the form (RFC 6750 §2.2).
#[utoipa::path(post, path = "/oidc/userinfo", operation_id = "post_userinfo", tag = "OpenID Connect",
    params(("DPoP" = Option<String>, Header, description = "The proof of possession, for a token that is bound to a key.")),
    request_body(content = AccessForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The claims", content((Object = "application/json"), (String = "application/jwt"))),
        (status = 400, description = "The request cannot be read.", body = Object),
        (status = 401, description = "The token does not hold.", body = Object),
        (status = 403, description = "The token does not open claims about a person.", body = Object)))]
async fn post_userinfo(
    asking: Public,
    State(identity): State<Identity>,
    presented: Presented,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Response, Denied> {
    let in_form = if body.is_empty() {
        None
    } else {
        let form = form(&headers, &body).map_err(|error| Refused::new(error, "Bearer", &identity))?;
        form.get("access_token").map(str::to_owned)
    };
    userinfo(&identity, &presented, "POST", &headers, in_form, &asking.info).await
}

async fn userinfo(
    identity: &Identity,
    presented: &Presented,
    method: &str,
    headers: &HeaderMap,
    in_form: Option<String>,
    info: &RequestInfo,
) -> Result<Response, Denied> {
    presented.may_try()?;
    let (scheme, token) = match (presented.credential(), in_form) {
        (Some((scheme, _)), Some(_)) if scheme.eq_ignore_ascii_case("bearer") => {
            let error = OauthError::request("The access token was sent in two ways.");
            return Err(Refused { error, scheme: "Bearer", nonce: None }.into());
        }
        (Some((scheme, token)), _) if scheme.eq_ignore_ascii_case("dpop") => ("DPoP", token.to_owned()),
        (Some((scheme, token)), _) if scheme.eq_ignore_ascii_case("bearer") => ("Bearer", token.to_owned()),
        (_, Some(token)) => ("Bearer", token),
        _ => {
            // RFC 6750 §3: whoever sent nothing is told how, and not that something was wrong.
            let mut response = StatusCode::UNAUTHORIZED.into_response();
            let body = json!({"error": "invalid_token", "error_description": "No access token was sent."});
            *response.body_mut() = body.to_string().into();
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
            headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"stoa\""));
            headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static("DPoP realm=\"stoa\""));
            no_store(headers);
            return Err(Denied(Box::new(response)));
        }
    };
    let refused = |error: IdentityError| Denied::from(Refused::new(error, scheme, identity));
    let access = identity.access(&token).await.map_err(refused)?;
    let Some(access) = access else {
        presented.failed()?;
        let error = OauthError::new(OauthCode::InvalidToken, "The access token is unknown, expired or revoked.");
        return Err(refused(error.into()));
    };
    bound(identity, &access, scheme, &token, method, headers).await.map_err(refused)?;
    presented.count(&actor_of(&access.tenant(), access.client_id()))?;
    let mut response = match identity.userinfo(&access, info).await.map_err(refused)? {
        UserInfo::Plain(claims) => answer(StatusCode::OK, &claims),
        UserInfo::Signed(token) => bytes_as(StatusCode::OK, "application/jwt", token),
    };
    no_store(response.headers_mut());
    Ok(response)
}

/// A token that is bound to a key is worth nothing without a proof, and one that is not takes none.
async fn bound(
    identity: &Identity,
    access: &Access,
    scheme: &str,
    token: &str,
    method: &str,
    headers: &HeaderMap,
) -> Result<(), IdentityError> {
    match (access.bound_to(), scheme) {
        (None, "Bearer") => Ok(()),
        (Some(key), "DPoP") => {
            let missing = || OauthError::new(OauthCode::InvalidDpopProof, "DPoP: the proof is missing");
            let proof = proof(headers)?.ok_or_else(missing)?;
            let about = Proven { method, path: "/oidc/userinfo", access_token: Some(token) };
            if identity.dpop(proof, about).await? == key {
                return Ok(());
            }
            Err(OauthError::new(OauthCode::InvalidToken, "The access token is bound to another key.").into())
        }
        _ => Err(OauthError::new(OauthCode::InvalidToken, "The access token does not go with this scheme.").into()),
    }
}
