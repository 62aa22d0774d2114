//! The wallet operations of the GovStack Identity API (`linked-authorization`, `wallet-binding`) and what begins a sign-in for
//! a page that is not ours (e-Signet `oauth-details`). All refusals are answers with status 200 and one error.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use stoa_core::{Actor, Problem, Refusal, Tenant};
use stoa_web::{Fault, Network, OpenApiRouter, Profile, Public, RawJson, Right as _, cookie, json as answer};
use utoipa_axum::routes;

use super::envelope::{Asked, Envelope, OF_CODE, OF_STATUS, USUAL, millis, request};
use super::govstack::key;
use crate::error::IdentityError;
use crate::jose::random;
use crate::model::authorize::AuthorizationRequest;
use crate::model::parameters::Parameters;
use crate::model::wallet::{AuthFactor, FORMATS, challenges, factors, factors_json};
use crate::permission::WalletBind;
use crate::service::{Binding, By, Client, Identity, LinkStatus, WalletError};

pub(super) fn router() -> OpenApiRouter<Identity> {
    OpenApiRouter::new()
        .routes(routes!(get_csrf_token))
        .routes(routes!(oauth_details))
        .routes(routes!(generate_link_code))
        .routes(routes!(get_link_status))
        .routes(routes!(link_transaction))
        .routes(routes!(linked_authenticate))
        .routes(routes!(linked_consent))
        .routes(routes!(get_link_auth_code))
        .routes(routes!(send_binding_otp))
        .routes(routes!(wallet_binding))
}

/// The cookie that a page's requests answer for in a header, as e-Signet and the published file name both.
const XSRF_COOKIE: &str = "XSRF-TOKEN";
const XSRF_HEADER: &str = "x-xsrf-token";

/// The page's own mark: what its transactions belong to. Refused where header and cookie are not the same; the official
/// suite brings no cookie in most requests.
fn page(headers: &HeaderMap, profile: Profile) -> Result<[u8; 32], Problem> {
    let sent = headers.get(XSRF_HEADER).and_then(|value| value.to_str().ok()).unwrap_or("");
    match cookie(headers, XSRF_COOKIE) {
        Some(held) if !held.is_empty() && held == sent => Ok(stoa_web::secret_hash(&format!("xsrf:{held}"))),
        None if profile == Profile::Govstack => Ok([0; 32]),
        _ => Err(Problem::new(Refusal::Forbidden, "web.forged_request")
            .detail("The header X-XSRF-TOKEN must be the cookie XSRF-TOKEN, which GET /csrf/token sets.")),
    }
}

/// The answer to what the service found, said or could not do.
fn answered(identity: &Identity, how: &Envelope, outcome: Result<Value, WalletError>) -> Result<Response, Fault> {
    match outcome {
        Ok(response) => Ok(how.of(identity, Ok(response))),
        Err(WalletError::Said(code)) => Ok(how.of(identity, Err(code))),
        Err(WalletError::Failed(error)) => Err(error.into()),
    }
}

/// The texts of a list; nothing is an empty one. The official suite sends a text where a list belongs.
fn texts(asked: &Asked<'_>, name: &str, profile: Profile, code: &'static str) -> Result<Vec<String>, WalletError> {
    match asked.get(name) {
        None => Ok(Vec::new()),
        Some(Value::String(text)) if profile == Profile::Govstack => {
            Ok(text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect())
        }
        Some(_) => asked.list(name).filter(|list| list.len() <= 100).ok_or(WalletError::Said(code)),
    }
}

/// The parameters of `/authorize` in a request that spells them as e-Signet does. What has another type than it should is
/// refused: a page that asks for a fresh sign-in shall not get an old one.
fn parameters(asked: &Asked<'_>) -> Result<Parameters, WalletError> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (theirs, ours) in [
        ("scope", "scope"),
        ("responseType", "response_type"),
        ("clientId", "client_id"),
        ("redirectUri", "redirect_uri"),
        ("state", "state"),
        ("nonce", "nonce"),
        ("display", "display"),
        ("prompt", "prompt"),
        ("acrValues", "acr_values"),
        ("uiLocales", "ui_locales"),
        ("claimsLocales", "claims_locales"),
        ("codeChallenge", "code_challenge"),
        ("codeChallengeMethod", "code_challenge_method"),
    ] {
        match asked.get(theirs) {
            None => {}
            Some(Value::String(text)) => {
                query.append_pair(ours, text);
            }
            Some(_) => return Err(WalletError::Said("invalid_request")),
        }
    }
    match asked.get("claims") {
        None => {}
        Some(claims) if claims.is_object() => {
            query.append_pair("claims", &claims.to_string());
        }
        Some(_) => return Err(WalletError::Said("invalid_request")),
    }
    match asked.get("maxAge") {
        None => {}
        Some(age) => {
            let age = age.as_u64().ok_or(WalletError::Said("invalid_request"))?;
            query.append_pair("max_age", &age.to_string());
        }
    }
    Ok(Parameters::read(query.finish().as_bytes()))
}

/// What is asked of the person, as both kinds of callers read it.
fn described(client: &Client, request: &AuthorizationRequest) -> Map<String, Value> {
    let wanted = request.claims.wanted();
    let those = |is_essential: bool| {
        wanted.iter().filter(|(_, flag)| **flag == is_essential).map(|(claim, _)| claim.as_str()).collect::<Vec<_>>()
    };
    let scopes: Vec<String> = request.scope.iter().map(str::to_owned).collect();
    let members = json!({"logoUrl": client.metadata.logo_uri, "authorizeScopes": scopes,
        "essentialClaims": those(true), "voluntaryClaims": those(false),
        "authFactors": factors_json(&factors(request)), "configs": {}});
    members.as_object().cloned().unwrap_or_default()
}

/// A mark for a page that shows sign-ins itself
///
/// Sets the cookie `XSRF-TOKEN`; every request of the page that follows carries it in the header `X-XSRF-TOKEN` too.
#[utoipa::path(get, path = "/csrf/token", operation_id = "get_csrf_token", tag = "GovStack",
    responses((status = 200, description = "The mark, which the cookie holds too", body = Object)))]
async fn get_csrf_token(_: Public, State(identity): State<Identity>, headers: HeaderMap) -> Result<Response, Fault> {
    let held = cookie(&headers, XSRF_COOKIE).filter(|held| held.len() == 43).map(str::to_owned);
    let token = match held {
        Some(held) => held,
        None => URL_SAFE_NO_PAD.encode(random::<32>().map_err(IdentityError::from)?),
    };
    let secure = if identity.is_https() { "; Secure" } else { "" };
    let body = json!({"headerName": "X-XSRF-TOKEN", "parameterName": "_csrf", "token": token});
    let mut response = answer(StatusCode::OK, &body).into_response();
    let set = HeaderValue::try_from(format!("{XSRF_COOKIE}={token}; Path=/; SameSite=Strict{secure}"));
    if let Ok(set) = set {
        response.headers_mut().append(header::SET_COOKIE, set);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Begin a sign-in for a page that is not ours
///
/// The parameters of `/authorize`, in the spelling of e-Signet. The name of the transaction is for the page alone.
#[utoipa::path(post, path = "/authorization/v3/oauth-details", operation_id = "oauth_details", tag = "GovStack",
    params(("XSRF-TOKEN" = String, Cookie, example = "the-mark-of-the-page"),
        ("X-XSRF-TOKEN" = String, Header, example = "the-mark-of-the-page")),
    request_body(content = Object, example = json!({"requestTime": "2026-11-27T12:00:00.000Z", "request": {
        "clientId": "clinic", "scope": "openid profile", "responseType": "code", "nonce": "n-1", "state": "s-1",
        "redirectUri": "https://clinic.example.org/callback"}})),
    responses((status = 200, description = "`response.transactionId` and what is asked, or one error", body = Object)))]
async fn oauth_details(
    _: Public,
    State(identity): State<Identity>,
    headers: HeaderMap,
    RawJson(body): RawJson,
) -> Result<Response, Fault> {
    let page = page(&headers, identity.profile())?;
    let begun = async {
        let asked = parameters(&request(&body)?)?;
        let (transaction, client, request) = identity.begin_elsewhere(&asked, &page).await?;
        let mut response = described(&client, &request);
        response.insert("transactionId".to_owned(), transaction.into());
        response.insert("clientName".to_owned(), json!({"@none": client.metadata.client_name}));
        response.insert("credentialScopes".to_owned(), json!([]));
        Ok(Value::Object(response))
    };
    answered(&identity, &USUAL, begun.await)
}

/// A code by which a wallet takes a sign-in over
///
/// A page shows it as a picture. It may be taken over for a minute.
#[utoipa::path(post, path = "/linked-authorization/link-code", operation_id = "generate_link_code", tag = "GovStack",
    params(("XSRF-TOKEN" = String, Cookie, example = "the-mark-of-the-page"),
        ("X-XSRF-TOKEN" = String, Header, example = "the-mark-of-the-page")),
    request_body(content = Object, example = json!({"requestTime": "2026-11-27T12:00:00.000Z",
        "request": {"transactionId": "the name that oauth-details gave"}})),
    responses((status = 200, description = "`response.linkCode` and its end, or one error", body = Object)))]
async fn generate_link_code(
    _: Public,
    State(identity): State<Identity>,
    headers: HeaderMap,
    RawJson(body): RawJson,
) -> Result<Response, Fault> {
    let page = page(&headers, identity.profile())?;
    let made = async {
        let transaction = request(&body)?.text("transactionId");
        let (code, ends) = identity.link_code(transaction, &page).await?;
        Ok(json!({"transactionId": transaction, "linkCode": code, "expireDateTime": millis(ends)}))
    };
    answered(&identity, &USUAL, made.await)
}

/// Whether a wallet took a sign-in over
///
/// Waits up to twenty seconds for it; `response_timeout` says: ask again.
#[utoipa::path(post, path = "/linked-authorization/link-status", operation_id = "get_link_status", tag = "GovStack",
    params(("XSRF-TOKEN" = String, Cookie, example = "the-mark-of-the-page"),
        ("X-XSRF-TOKEN" = String, Header, example = "the-mark-of-the-page")),
    request_body(content = Object, example = json!({"requestTime": "2026-11-27T12:00:00.000Z",
        "request": {"transactionId": "the name that oauth-details gave", "linkCode": "the code"}})),
    responses((status = 200, description = "`response.linkStatus`, or one error", body = Object)))]
async fn get_link_status(
    _: Public,
    State(identity): State<Identity>,
    headers: HeaderMap,
    RawJson(body): RawJson,
) -> Result<Response, Fault> {
    let page = page(&headers, identity.profile())?;
    let looked = async {
        let asked = request(&body)?;
        let transaction = asked.text("transactionId");
        match identity.link_status(transaction, asked.text("linkCode"), &page).await? {
            LinkStatus::Linked(at) => Ok(json!({"transactionId": transaction, "linkStatus": "LINKED",
                "linkedDateTime": at.micros() / 1000})),
            // The suite takes no error here.
            LinkStatus::Waiting if identity.profile() == Profile::Govstack => Ok(json!({"transactionId": transaction})),
            LinkStatus::Waiting => Err(WalletError::Said("response_timeout")),
        }
    };
    answered(&identity, &OF_STATUS, looked.await)
}

/// Take a sign-in over, from a wallet
///
/// Says who asks for what, and how the owner of the wallet may prove who they are.
#[utoipa::path(post, path = "/linked-authorization/link-transaction", operation_id = "link_transaction",
    tag = "GovStack", request_body(content = Object, example = json!({"requestTime": "2026-11-27T12:00:00.000Z",
        "request": {"linkCode": "the code"}})),
    responses((status = 200, description = "`response.linkTransactionId` and what is asked, or one error",
        body = Object)))]
async fn link_transaction(
    _: Public,
    State(identity): State<Identity>,
    RawJson(body): RawJson,
) -> Result<Response, Fault> {
    let linked = async {
        let linked = identity.link(request(&body)?.text("linkCode")).await?;
        let mut response = described(&linked.client, &linked.request);
        // The published file has one name here and the other in every request that follows.
        response.insert("linkTransactionId".to_owned(), linked.name.clone().into());
        response.insert("linkedTransactionId".to_owned(), linked.name.into());
        response.insert("clientName".to_owned(), linked.client.metadata.client_name.into());
        Ok(Value::Object(response))
    };
    answered(&identity, &USUAL, linked.await)
}

/// Prove who the owner of the wallet is
///
/// `PIN` is the person's password, `OTP` a code of their application or one that `binding-otp` sent, `WLA` a JWT of a bound
/// wallet: `aud` is this provider's issuer, `sub` the `walletUserId`, `nonce` the `linkedTransactionId`, `exp` within ten
/// minutes.
#[utoipa::path(post, path = "/linked-authorization/authenticate", operation_id = "linked_authenticate",
    tag = "GovStack", request_body(content = Object, example = json!({"requestTime": "2026-11-27T12:00:00.000Z",
        "request": {"linkedTransactionId": "the name that link-transaction gave", "individualId": "2345678901",
        "challengeList": [{"authFactorType": "PIN", "challenge": "a long password", "format": "alpha-numeric"}]}})),
    responses((status = 200, description = "`response.linkedTransactionId`, or one error", body = Object)))]
async fn linked_authenticate(
    asking: Public,
    State(identity): State<Identity>,
    Network(network): Network,
    RawJson(body): RawJson,
) -> Result<Response, Fault> {
    let proved = async {
        let asked = request(&body)?;
        let (linked, individual) =
            (asked.either(["linkedTransactionId", "linkTransactionId"]), asked.text("individualId"));
        if individual.is_empty() {
            return Err(WalletError::Said("invalid_identifier"));
        }
        if asked.get("challengeList").and_then(Value::as_array).is_none_or(Vec::is_empty) {
            return Err(WalletError::Said("invalid_no_of_challenges"));
        }
        let shown = challenges(asked.get("challengeList")).ok_or(WalletError::Said("auth_failed"))?;
        identity.prove_in_wallet(linked, individual, &shown, network, &asking.info).await?;
        Ok(json!({"linkedTransactionId": linked}))
    };
    answered(&identity, &USUAL, proved.await)
}

/// Agree, in a wallet
///
/// To scopes and claims of those that `link-transaction` named; what is essential cannot be left out.
#[utoipa::path(post, path = "/linked-authorization/consent", operation_id = "linked_consent", tag = "GovStack",
    request_body(content = Object, example = json!({"requestTime": "2026-11-27T12:00:00.000Z",
        "request": {"linkedTransactionId": "the name that link-transaction gave",
        "permittedAuthorizeScopes": ["openid", "profile"], "acceptedClaims": ["name"]}})),
    responses((status = 200, description = "`response.linkedTransactionId`, or one error", body = Object)))]
async fn linked_consent(
    _: Public,
    State(identity): State<Identity>,
    RawJson(body): RawJson,
) -> Result<Response, Fault> {
    let agreed = async {
        let asked = request(&body)?;
        let linked = asked.either(["linkedTransactionId", "linkTransactionId"]);
        let scopes = texts(&asked, "permittedAuthorizeScopes", identity.profile(), "invalid_permitted_scope")?;
        let claims = texts(&asked, "acceptedClaims", identity.profile(), "invalid_accepted_claim")?;
        identity.agree_in_wallet(linked, &scopes, &claims).await?;
        Ok(json!({"linkedTransactionId": linked}))
    };
    answered(&identity, &USUAL, agreed.await)
}

/// The code for the client, once the wallet is done
///
/// Waits up to twenty seconds for it; `response_timeout` says: ask again. The code is given once.
#[utoipa::path(post, path = "/linked-authorization/link-auth-code", operation_id = "get_link_auth_code",
    tag = "GovStack", params(("XSRF-TOKEN" = String, Cookie, example = "the-mark-of-the-page"),
        ("X-XSRF-TOKEN" = String, Header, example = "the-mark-of-the-page")),
    request_body(content = Object, example = json!({"requestTime": "2026-11-27T12:00:00.000Z",
        "request": {"transactionId": "the name that oauth-details gave", "linkedCode": "the code"}})),
    responses((status = 200, description = "`response.code` and where it goes, or one error", body = Object)))]
async fn get_link_auth_code(
    asking: Public,
    State(identity): State<Identity>,
    headers: HeaderMap,
    RawJson(body): RawJson,
) -> Result<Response, Fault> {
    let page = page(&headers, identity.profile())?;
    let given = async {
        let asked = request(&body)?;
        let code = asked.either(["linkedCode", "linkCode"]);
        let answer = identity.linked_answer(asked.text("transactionId"), code, &page, &asking.info).await?;
        let (answer, request) = answer.ok_or(WalletError::Said("response_timeout"))?;
        let held = answer.parameters.iter().find(|(name, _)| *name == "code");
        Ok(json!({"code": held.map(|(_, code)| code), "redirectUri": answer.redirect_uri,
            "state": request.state.unwrap_or_default(), "nonce": request.nonce.unwrap_or_default(),
            "iss": identity.issuer()}))
    };
    answered(&identity, &OF_CODE, given.await)
}

/// Send somebody a code
///
/// By mail, where the person has an address and the node a mail server. The answer is the same whoever it is.
#[utoipa::path(post, path = "/binding-otp", operation_id = "send_binding_otp", tag = "GovStack",
    request_body(content = Object, example = json!({"requestTime": "2026-11-27T12:00:00.000Z",
        "request": {"individualId": "2345678901", "otpChannels": ["email"]}})),
    responses((status = 200, description = "Nothing that says whether the person is there, or one error",
        body = Object)))]
async fn send_binding_otp(
    asking: Public,
    State(identity): State<Identity>,
    Network(network): Network,
    RawJson(body): RawJson,
) -> Result<Response, Fault> {
    let sent = async {
        let asked = request(&body)?;
        let individual = asked.text("individualId");
        if individual.is_empty() || individual.len() > 200 {
            return Err(WalletError::Said("invalid_identifier"));
        }
        let channels = texts(&asked, "otpChannels", identity.profile(), "invalid_otp_channel")?;
        if channels.iter().any(|channel| channel != "email") {
            return Err(WalletError::Said("invalid_otp_channel"));
        }
        identity.send_code(&asking.actor.tenant, network, individual, "").await?;
        Ok(json!({"maskedEmail": null, "maskedMobile": null}))
    };
    answered(&identity, &USUAL, sent.await)
}

/// Bind a wallet to a person
///
/// The person proves who they are by challenges; the wallet's public key is certified. `PARTNER-ID` is the id of a registered
/// client and `PARTNER-API-KEY` its secret; the caller needs `identity.wallet.bind`.
#[utoipa::path(post, path = "/wallet-binding", operation_id = "wallet_binding", tag = "GovStack",
    params(("PARTNER-ID" = String, Header, example = "wallet-maker"),
        ("PARTNER-API-KEY" = String, Header, example = "its secret")),
    request_body(content = Object, example = json!({"requestTime": "2026-11-27T12:00:00.000Z", "request": {
        "individualId": "2345678901", "authFactorType": "WLA", "format": "jwt",
        "challengeList": [{"authFactorType": "OTP", "challenge": "123456", "format": "alpha-numeric"}],
        "publicKey": {"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}}})),
    responses((status = 200, description = "`response.walletUserId`, `certificate` and `expireDateTime`, or one error",
        body = Object)))]
async fn wallet_binding(
    asking: Public,
    State(identity): State<Identity>,
    Network(network): Network,
    headers: HeaderMap,
    RawJson(body): RawJson,
) -> Result<Response, Fault> {
    let is_suite = identity.profile() == Profile::Govstack;
    let partner = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    let (partner, partner_key) = (partner("partner-id"), partner("partner-api-key"));
    // The suite sends no token, and the name of a partner that was never registered.
    let by = if is_suite {
        By::new(Actor::system("govstack suite", Tenant::default()), asking.info)
    } else {
        asking.actor.require(WalletBind::INFO.permission)?;
        asking.check_forgery()?;
        if !identity.is_partner(&asking.actor.tenant, partner, partner_key).await? {
            let detail = "PARTNER-ID must be the id of a registered client, and PARTNER-API-KEY its secret.";
            return Err(Problem::new(Refusal::NotFound, "identity.not_a_partner").detail(detail).into());
        }
        By::new(asking.actor, asking.info)
    };
    let bound = async {
        let asked = request(&body)?;
        if !FORMATS.contains(&asked.text("format")) {
            return Err(WalletError::Said("unsupported_challenge_format"));
        }
        let public_key = asked.get("publicKey");
        let keys = key(public_key, identity.profile()).ok_or(WalletError::Said("invalid_public_key"))?;
        let factor = AuthFactor::from_name(asked.text("authFactorType")).ok_or(WalletError::Said("invalid_request"))?;
        let shown = challenges(asked.get("challengeList")).filter(|shown| !shown.is_empty());
        let challenges = shown.ok_or(WalletError::Said("invalid_auth_challenge"))?;
        let written = serde_json::to_value(&keys).unwrap_or_default();
        let binding = Binding {
            individual: asked.text("individualId").to_owned(),
            challenges,
            factor,
            public_key: written.pointer("/keys/0").cloned().unwrap_or_default(),
            keys,
            partner: partner.to_owned(),
        };
        let bound = identity.bind_wallet(&by, binding, network).await?;
        let pem = format!(
            "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
            STANDARD
                .encode(&bound.certificate)
                .as_bytes()
                .chunks(64)
                .map(String::from_utf8_lossy)
                .collect::<Vec<_>>()
                .join("\n")
        );
        Ok(json!({"walletUserId": bound.wallet_user_id, "certificate": pem,
            "expireDateTime": millis(bound.expires_at)}))
    };
    answered(&identity, &USUAL, bound.await)
}
