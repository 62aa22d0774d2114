//! The parts of an address, refused with a problem when they cannot be read.

use axum::extract::FromRequestParts;
use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use stoa_core::{Problem, Refusal};

use crate::Fault;

/// The named parts of an address: axum's own extractor, whose refusals are plain text, wrapped once for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        #[expect(clippy::disallowed_types, reason = "this is the one place that turns its refusal into a problem")]
        let found = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        found.map(|path| Self(path.0)).map_err(|rejection| problem(rejection).into())
    }
}

fn problem(rejection: PathRejection) -> Problem {
    let refuse = |part: &str, code, message: &str| {
        Problem::new(Refusal::Malformed, "web.invalid_parameter").field(format!("{{{part}}}"), code, message)
    };
    let PathRejection::FailedToDeserializePathParams(error) = rejection else {
        return Problem::new(Refusal::Failed, "web.failed").detail("The handler and its address do not fit together.");
    };
    match error.into_kind() {
        ErrorKind::InvalidUtf8InPathParam { key } => refuse(&key, "encoding", "is not UTF-8 in percent-encoding"),
        ErrorKind::ParseErrorAtKey { key, expected_type, .. } => {
            refuse(&key, "type", &format!("must be of type {expected_type}"))
        }
        ErrorKind::ParseErrorAtIndex { index, expected_type, .. } => {
            refuse(&index.to_string(), "type", &format!("must be of type {expected_type}"))
        }
        ErrorKind::DeserializeError { key, message, .. } => refuse(&key, "type", &message),
        ErrorKind::ParseError { expected_type, .. } => refuse("", "type", &format!("must be of type {expected_type}")),
        ErrorKind::Message(message) => refuse("", "type", &message),
        _ => Problem::new(Refusal::Failed, "web.failed").detail("The handler and its address do not fit together."),
    }
}
