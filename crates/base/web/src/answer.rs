//! Answers: JSON with its charset, and problems as RFC 9457 says.

use std::fmt::Write as _;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use stoa_core::{FieldError, Problem, Refusal};

use crate::problem_title;

/// The content type of every JSON answer. RFC 8259 needs no charset, but clients compare the whole value.
pub const JSON: &str = "application/json; charset=utf-8";
/// The content type of every problem.
pub const PROBLEM_JSON: &str = "application/problem+json; charset=utf-8";

/// A JSON answer with status 200.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self.0)
    }
}

/// A JSON answer with status 201 and the address of what was made.
#[derive(Debug, Clone)]
pub struct Created<T> {
    /// Where the new thing is.
    pub location: String,
    /// The new thing.
    pub body: T,
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let mut response = json(StatusCode::CREATED, &self.body);
        if let Ok(location) = HeaderValue::try_from(self.location) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}

/// A JSON answer with any status.
pub fn json<T: Serialize + ?Sized>(status: StatusCode, body: &T) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => bytes_as(status, JSON, bytes),
        Err(error) => {
            tracing::error!(%error, "web: an answer could not be written as JSON");
            Fault(Problem::new(Refusal::Failed, "web.failed")).into_response()
        }
    }
}

/// Bytes with their content type.
pub fn bytes_as(status: StatusCode, content_type: &'static str, bytes: impl Into<Body>) -> Response {
    let mut response = Response::new(bytes.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// A refusal on its way to the caller. Every error that can be told as a [`Problem`] becomes one with `?`.
#[derive(Debug)]
pub struct Fault(pub Problem);

impl<E: Into<Problem>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// The HTTP status of each class of refusal: the only place that knows (401, 403, 404 and the rest, decided once).
pub const fn status_of(refusal: Refusal) -> StatusCode {
    match refusal {
        Refusal::Malformed => StatusCode::BAD_REQUEST,
        Refusal::Unauthenticated => StatusCode::UNAUTHORIZED,
        Refusal::Forbidden => StatusCode::FORBIDDEN,
        Refusal::NotFound => StatusCode::NOT_FOUND,
        Refusal::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Refusal::Timeout => StatusCode::REQUEST_TIMEOUT,
        Refusal::Conflict => StatusCode::CONFLICT,
        Refusal::Gone => StatusCode::GONE,
        Refusal::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        Refusal::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Refusal::UnsupportedMedia => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Refusal::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::Misdirected => StatusCode::MISDIRECTED_REQUEST,
        Refusal::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Refusal::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        Refusal::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        Refusal::BadGateway => StatusCode::BAD_GATEWAY,
        Refusal::Busy => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The problem as it goes over the wire (RFC 9457 §3, with our `code` and `errors`).
#[derive(Serialize)]
struct Wire<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    code: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    detail: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

/// The problem as the JSON value that a caller receives.
pub fn problem_value(problem: &Problem) -> serde_json::Value {
    serde_json::to_value(wire(problem)).unwrap_or_default()
}

fn wire(problem: &Problem) -> Wire<'_> {
    Wire {
        kind: format!("/problems/{}", problem.code),
        title: problem_title(problem.code),
        status: status_of(problem.refusal).as_u16(),
        code: problem.code,
        detail: &problem.detail,
        errors: &problem.errors,
    }
}

/// The problem as the bytes that a caller receives.
pub(crate) fn problem_bytes(problem: &Problem) -> Vec<u8> {
    serde_json::to_vec(&wire(problem)).unwrap_or_default()
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let problem = self.0;
        let bytes = problem_bytes(&problem);
        let mut response = bytes_as(status_of(problem.refusal), PROBLEM_JSON, bytes);
        let headers = response.headers_mut();
        if problem.refusal == Refusal::Unauthenticated {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"stoa\""));
        }
        if let Some(wait) = problem.retry_after {
            // Rounded up: a client that comes a fraction too early is refused again.
            headers.insert(
                header::RETRY_AFTER,
                HeaderValue::from(u64::try_from(wait.as_millis().div_ceil(1000).max(1)).unwrap_or(u64::MAX)),
            );
        }
        // Pages and the security log look at the problem itself, not at its bytes.
        response.extensions_mut().insert(Refused(problem));
        response
    }
}

/// The problem that a response carries, as an extension of the response.
#[derive(Debug, Clone)]
pub struct Refused(pub Problem);

/// A strong entity tag of a version (RFC 9110 §8.8.3).
pub fn etag(version: i64) -> HeaderValue {
    let mut text = String::new();
    let _ = write!(text, "\"{version}\"");
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("\"0\""))
}
