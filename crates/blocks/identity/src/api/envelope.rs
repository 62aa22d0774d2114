//! What all operations of the GovStack Identity API have in common: requests and answers in an envelope, and refusals that are
//! answers with status 200 and one error (specification §4, "style A").

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};
use stoa_core::Instant;
use stoa_web::json as answer;

use crate::service::Identity;

/// How an operation spells its answers: `{responseTime, response, errors}`, with exactly one error, or none and an empty list.
pub(super) struct Envelope {
    time: &'static str,
    /// An error has no `response` at all: the published file wants its members wherever there is one.
    is_left_out: bool,
}

/// As nearly all operations do.
pub(super) const USUAL: Envelope = Envelope { time: "responseTime", is_left_out: false };
/// As the published file spells it for `link-status`.
pub(super) const OF_STATUS: Envelope = Envelope { time: "responseTIme", is_left_out: false };
/// As it has it for `link-auth-code`.
pub(super) const OF_CODE: Envelope = Envelope { time: "responseTime", is_left_out: true };

impl Envelope {
    /// The answer: what was found, or the code of the refusal.
    pub(super) fn of(&self, identity: &Identity, outcome: Result<Value, &'static str>) -> Response {
        let mut body = Map::new();
        body.insert(self.time.to_owned(), millis(identity.store().clock().now()).into());
        let errors = match outcome {
            Ok(response) => {
                body.insert("response".to_owned(), response);
                json!([])
            }
            Err(code) => {
                if !self.is_left_out {
                    body.insert("response".to_owned(), json!({}));
                }
                json!([{"errorCode": code, "errorMessage": message(code)}])
            }
        };
        body.insert("errors".to_owned(), errors);
        answer(StatusCode::OK, &Value::Object(body))
    }
}

/// What a code means and which field it is about. Codes of proofs say no more than that something does not hold.
fn message(code: &'static str) -> &'static str {
    match code {
        "invalid_request" => {
            "requestTime must be a time like 2026-11-27T12:00:00.000Z, and request an object with fields of their types"
        }
        "invalid_client_id" => "clientId: must have 1 to 50 characters, or is unknown",
        "invalid_client_name" => "clientName: must have 1 to 256 characters",
        "invalid_rp_id" => "relyingPartyId: must have 1 to 50 characters",
        "invalid_uri" => "logoUri: must be an address of 1 to 1024 bytes",
        "invalid_redirect_uri" => "redirectUris, redirectUri: must be registered addresses by https",
        "invalid_public_key" => "publicKey: must be a public JWK: RSA of 2048 to 8192 bits, P-256 or Ed25519",
        "invalid_acr" => "authContextRefs: must be a list of published classes",
        "invalid_claim" => "userClaims: must be a list of known claims",
        "invalid_grant_type" => "grantTypes: must be [\"authorization_code\"]",
        "invalid_client_auth" => "clientAuthMethods: must be [\"private_key_jwt\"]",
        "duplicate_client_id" => "clientId: belongs to another client",
        "invalid_scope" => "scope: must hold openid",
        "invalid_response_type" => "responseType: must be code",
        "invalid_prompt" => "prompt: is unknown, or none stands beside others",
        "no_acr_registered" => "claims: none of the demanded classes of signing in is known here",
        "use_pkce" => "codeChallenge: is missing; this client must use PKCE",
        "invalid_pkce_challenge" => "codeChallenge: must have 43 to 128 characters of base64url",
        "unsupported_pkce_challenge_method" => "codeChallengeMethod: must be S256",
        "invalid_transaction_id" => "transactionId, linkedTransactionId: is unknown, over, or used",
        "invalid_transaction" => "transactionId: cannot go on; whoever signed in may not any more",
        "invalid_link_code" => "linkCode, linkedCode: is unknown, too old, or of another transaction",
        "response_timeout" => "nothing happened so far; ask again",
        "invalid_identifier" => "individualId: is missing or too long",
        "invalid_no_of_challenges" => "challengeList: is empty",
        "invalid_permitted_scope" => "permittedAuthorizeScopes: must be a list of scopes that are asked for",
        "invalid_accepted_claim" => {
            "acceptedClaims: must be a list of claims that are asked for, with all that are essential"
        }
        "invalid_otp_channel" => "otpChannels: must be [\"email\"]",
        "unsupported_challenge_format" => "format: must be alpha-numeric, jwt, encoded-json or number",
        "invalid_auth_challenge" => "challengeList: does not prove who the person is",
        "duplicate_public_key" => "publicKey: is bound to the person already",
        "auth_failed" => "challengeList: does not prove what is asked for",
        other => other,
    }
}

/// `yyyy-MM-dd'T'HH:mm:ss.SSS'Z'`.
pub(super) fn millis(at: Instant) -> String {
    let text = Instant::from_micros(at.micros() / 1000 * 1000).to_string();
    match text.split_once('.') {
        Some((whole, rest)) => {
            format!("{whole}.{:0<3}Z", rest.trim_end_matches('Z').get(..3).unwrap_or(rest.trim_end_matches('Z')))
        }
        None => format!("{}.000Z", text.trim_end_matches('Z')),
    }
}

/// Whether a text is a time as the published file writes it.
fn is_request_time(value: Option<&Value>) -> bool {
    let Some(text) = value.and_then(Value::as_str) else { return false };
    let shape = |(place, byte): (usize, u8)| match place {
        4 | 7 => byte == b'-',
        10 => byte == b'T',
        13 | 16 => byte == b':',
        19 => byte == b'.',
        23 => byte == b'Z',
        _ => byte.is_ascii_digit(),
    };
    text.len() == 24 && text.bytes().enumerate().all(shape)
}

/// The request inside of a body.
pub(super) fn request(body: &Value) -> Result<Asked<'_>, &'static str> {
    if !is_request_time(body.get("requestTime")) {
        return Err("invalid_request");
    }
    body.get("request").and_then(Value::as_object).map(Asked).ok_or("invalid_request")
}

/// The fields of a request, read one by one.
pub(super) struct Asked<'a>(&'a Map<String, Value>);

impl<'a> Asked<'a> {
    /// A field of any type; none where it is missing or `null`.
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// Whether a field was sent at all.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A text; empty where it is missing or something else.
    pub(super) fn text(&self, name: &str) -> &'a str {
        self.get(name).and_then(Value::as_str).unwrap_or("")
    }

    /// A text under one of its spellings.
    pub(super) fn either(&self, names: [&str; 2]) -> &'a str {
        names.into_iter().map(|name| self.text(name)).find(|text| !text.is_empty()).unwrap_or("")
    }

    /// The texts of a list; none where it is missing or holds something else.
    pub(super) fn list(&self, name: &str) -> Option<Vec<String>> {
        self.get(name)?.as_array()?.iter().map(|one| one.as_str().map(str::to_owned)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_and_read_as_published() {
        assert_eq!(millis(Instant::from_micros(1_795_478_400_123_456)), "2026-11-24T00:00:00.123Z");
        assert_eq!(millis(Instant::from_micros(1_795_478_400_000_000)), "2026-11-24T00:00:00.000Z");
        for (text, holds) in
            [("2026-11-24T00:00:00.000Z", true), ("2011-10-05", false), ("2026-11-24T00:00:00Z", false)]
        {
            assert_eq!(is_request_time(Some(&json!(text))), holds, "{text}");
        }
        assert!(!is_request_time(Some(&Value::Null)) && !is_request_time(None));
    }
}
