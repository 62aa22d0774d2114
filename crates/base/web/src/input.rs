//! Input: bodies and query strings, read by hand so that each refusal names its field.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use serde_json::Value;
use stoa_core::limit::JSON_DEPTH_MAX;
use stoa_core::{Problem, Refusal};

use crate::Fault;

/// A JSON body of any shape. Missing or broken bodies are refused as `web.invalid_json`.
#[derive(Debug, Clone)]
pub struct RawJson(pub Value);

/// A body of any type, as it was sent.
#[derive(Debug, Clone)]
pub struct RawBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        Ok(Self(whole_body(request, state).await?))
    }
}

/// A JSON body of a known type. A field that does not fit is named by its JSON Pointer.
#[derive(Debug, Clone)]
pub struct Body<T>(pub T);

impl<S: Send + Sync> FromRequest<S> for RawJson {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        let bytes = json_bytes(request, state).await?;
        Ok(Self(parse(&bytes)?))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        let RawJson(value) = RawJson::from_request(request, state).await?;
        Ok(Self(typed(value)?))
    }
}

/// Reads a JSON value as a type, naming the field that does not fit.
pub fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let pointer = pointer_of(error.path());
        Problem::new(Refusal::Invalid, "web.invalid_field")
            .detail("A field of the body does not have the expected form.")
            .field(pointer, "type", error.inner().to_string())
    })
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        pointer.push('/');
        match segment {
            Segment::Seq { index } => pointer.push_str(&index.to_string()),
            Segment::Map { key } => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => pointer.push_str(variant),
            Segment::Unknown => pointer.push('?'),
        }
    }
    pointer
}

async fn json_bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Fault> {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let json = essence.is_empty() || essence == "application/json" || essence.ends_with("+json");
    let wrong_type = (!json).then(|| essence.chars().take(80).collect::<String>());
    let bytes = whole_body(request, state).await?;
    if let Some(essence) = wrong_type {
        return Err(Problem::new(Refusal::UnsupportedMedia, "web.unsupported_media")
            .detail(format!("This address takes application/json, not {essence}."))
            .into());
    }
    Ok(bytes)
}

/// The whole body, within the bound of its address.
pub(crate) async fn whole_body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|rejection| {
        if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
            Problem::new(Refusal::TooLarge, "web.body_too_large").detail("The body is larger than this address takes.")
        } else {
            Problem::new(Refusal::Malformed, "web.body_unreadable").detail("The body ended before it was complete.")
        }
    })
}

/// Reads JSON of bounded depth; says where it breaks.
pub fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    let refuse = |detail: String| Problem::new(Refusal::Malformed, "web.invalid_json").detail(detail);
    if bytes.is_empty() {
        return Err(refuse("The body is empty; send a JSON document.".to_owned()));
    }
    let mut depth = 0_usize;
    let (mut in_text, mut escaped) = (false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                depth += 1;
                if depth > JSON_DEPTH_MAX {
                    return Err(refuse(format!("The document is nested deeper than {JSON_DEPTH_MAX} levels.")));
                }
            }
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    serde_json::from_slice(bytes).map_err(|error| refuse(format!("The body is not valid JSON: {error}.")))
}

/// The query parameters, keys as sent.
///
/// Some clients append their query twice with a second `?`; the raw text is therefore split on `&` and `?`, and the last
/// value of a key wins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params(BTreeMap<String, String>);

impl Params {
    /// Reads a raw query string.
    pub fn read(raw: &str) -> Self {
        let decode = |text: &str| {
            let spaced = text.replace('+', " ");
            percent_decode(&spaced)
        };
        Self(
            raw.split(['&', '?'])
                .filter(|pair| !pair.is_empty())
                .map(|pair| {
                    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decode(key), decode(value))
                })
                .collect(),
        )
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// The value of a key in any spelling of its letters' case: published clients disagree about it.
    pub fn get_any_case(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value.as_str())
    }

    /// A whole number, if the key is there; refused when it is none.
    pub fn number(&self, key: &str) -> Result<Option<u32>, Problem> {
        self.get_any_case(key)
            .map(|text| {
                text.parse().map_err(|_| {
                    Problem::new(Refusal::Malformed, "web.invalid_parameter").field(
                        format!("?{key}"),
                        "number",
                        "must be a whole number",
                    )
                })
            })
            .transpose()
    }

    /// All parameters by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first == b'%'
            && let Some((hex, after)) = tail.split_at_checked(2)
            && let Some(byte) = std::str::from_utf8(hex).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok())
        {
            bytes.push(byte);
            rest = after;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::read(parts.uri.query().unwrap_or("")))
    }
}

/// The caller's `Idempotency-Key`: a request that is sent twice with it is done once. Blocks hand it to
/// [`stoa_store::idempotency`] in the transaction of the work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        Ok(Self::of(&parts.headers)?)
    }
}

impl IdempotencyKey {
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let Some(value) = headers.get("idempotency-key") else { return Ok(Self(None)) };
        let key = value.to_str().unwrap_or("").trim();
        let most = stoa_store::idempotency::KEY_BYTES_MAX;
        if key.is_empty() || key.len() > most {
            return Err(Problem::new(Refusal::Malformed, "web.invalid_parameter").field(
                "Idempotency-Key",
                "length",
                format!("must have 1 to {most} visible characters"),
            ));
        }
        Ok(Self(Some(key.to_owned())))
    }

    /// The key with the body of its request; nothing without a key.
    pub fn over(self, body: &[u8]) -> Option<Once> {
        let mut digest = [0; 32];
        digest.copy_from_slice(digest::digest(&digest::SHA256, body).as_ref());
        self.0.map(|key| Once { key, digest })
    }
}

/// A request that is to be done once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// The caller's key.
    pub key: String,
    /// The SHA-256 of the body: another body under the same key is another request, and refused.
    pub digest: [u8; 32],
}

/// As [`Body`], for what is done once where the caller sends an `Idempotency-Key`.
#[derive(Debug, Clone)]
pub struct OnceBody<T> {
    /// The body.
    pub body: T,
    /// Its key, if it came with one.
    pub once: Option<Once>,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for OnceBody<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        let key = IdempotencyKey::of(request.headers())?;
        let bytes = json_bytes(request, state).await?;
        let body = typed(parse(&bytes)?)?;
        Ok(Self { body, once: key.over(&bytes) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_that_were_appended_twice_are_read_once() {
        let params = Params::read("serviceId=a&instanceId=b?serviceId=a&instanceId=b%20c&q=x+y");
        assert_eq!(params.get("serviceId"), Some("a"));
        assert_eq!(params.get("instanceId"), Some("b c"));
        assert_eq!(params.get_any_case("INSTANCEID"), Some("b c"));
        assert_eq!(params.get("q"), Some("x y"));
        assert_eq!(Params::read("a=%zz%").get("a"), Some("%zz%"));
        assert_eq!(Params::read("page=x").number("page").unwrap_err().errors[0].pointer, "?page");
    }

    #[test]
    fn broken_json_is_refused_with_its_place() {
        assert!(parse(b"").unwrap_err().detail.contains("empty"));
        assert!(parse(b"{\"a\":").unwrap_err().detail.contains("line 1 column 5"));
        let deep = "[".repeat(65) + &"]".repeat(65);
        assert!(parse(deep.as_bytes()).unwrap_err().detail.contains("nested deeper"));
        assert!(parse(b"\"[[[[\"").is_ok());
    }

    #[test]
    fn a_field_that_does_not_fit_is_named() {
        #[derive(Debug, serde::Deserialize)]
        struct Inner {
            #[expect(dead_code, reason = "only read by serde")]
            size: u32,
        }
        #[derive(Debug, serde::Deserialize)]
        struct Outer {
            #[expect(dead_code, reason = "only read by serde")]
            items: Vec<Inner>,
        }
        let problem = typed::<Outer>(serde_json::json!({"items": [{"size": 1}, {"size": "x"}]})).unwrap_err();
        assert_eq!(problem.errors[0].pointer, "/items/1/size");
    }
}
