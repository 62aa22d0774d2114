//! Another block, wherever it runs: in this process through its own router, or elsewhere over HTTP. Who calls cannot tell
//! the difference, so a block can be moved or replaced without the others noticing.

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use stoa_core::{Problem, Refusal};
use tower::ServiceExt;

use crate::outgoing::{Call, Client, OutgoingError};

/// The largest answer that is taken from a peer.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

#[derive(Clone)]
enum Way {
    Here(Router),
    There { client: Client, base: String },
}

/// A block's public API, with the credential that this node has for it. Cheap to clone.
#[derive(Clone)]
pub struct Peer {
    way: Way,
    prefix: String,
    token: String,
}

/// Why a peer did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// It refused.
    #[error("the peer refused with {status} {code}: {detail}")]
    Refused {
        /// The status.
        status: StatusCode,
        /// The code of its problem, if it named one.
        code: String,
        /// Its words.
        detail: String,
    },
    /// It could not be reached.
    #[error(transparent)]
    Away(#[from] OutgoingError),
    /// Its answer is not what its API promises.
    #[error("the peer's answer cannot be read: {0}")]
    Unreadable(String),
}

impl From<PeerError> for Problem {
    fn from(error: PeerError) -> Self {
        match error {
            PeerError::Away(error) => error.into(),
            other => {
                tracing::warn!(error = %other, "web: a peer did not do what it was asked");
                Self::new(Refusal::BadGateway, "web.other_system_failed")
            }
        }
    }
}

impl Peer {
    /// A block of this process: requests go through its router, with every check that a request from outside meets.
    pub fn here(router: Router, block: &str, token: impl Into<String>) -> Self {
        Self { way: Way::Here(router), prefix: format!("/{block}"), token: token.into() }
    }

    /// A block elsewhere, at the address where its own paths begin.
    pub fn there(client: Client, base: &str, token: impl Into<String>) -> Self {
        let base = base.trim_end_matches('/').to_owned();
        Self { way: Way::There { client, base }, prefix: String::new(), token: token.into() }
    }

    /// Asks, and reads the answer as `T`; anything but 2xx is an error. `key` makes the request safe to repeat.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&(impl Serialize + Sync)>,
        key: Option<&str>,
    ) -> Result<T, PeerError> {
        let unreadable = |error: serde_json::Error| PeerError::Unreadable(error.to_string());
        let body = body.map(serde_json::to_vec).transpose().map_err(unreadable)?;
        let (status, bytes) = self.send(method, path, body, key).await?;
        if status.is_success() {
            let bytes: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
            return serde_json::from_slice(bytes).map_err(unreadable);
        }
        let problem: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let text = |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Err(PeerError::Refused { status, code: text("code"), detail: text("detail") })
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        key: Option<&str>,
    ) -> Result<(StatusCode, Bytes), PeerError> {
        let unreadable = |error: &dyn std::fmt::Display| PeerError::Unreadable(error.to_string());
        let address = format!("{}{path}", self.prefix);
        match &self.way {
            Way::There { client, base } => {
                let mut call = Call::new("peer", method, format!("{base}{address}")).bearer(&self.token);
                if let Some(body) = body {
                    call = call.body(body).header(header::CONTENT_TYPE, "application/json");
                }
                if let Some(key) = key {
                    call = call.header(header::HeaderName::from_static("idempotency-key"), key).idempotent();
                }
                let reply = client.send(call.at_most(ANSWER_BYTES_MAX)).await?;
                Ok((reply.status, reply.body))
            }
            Way::Here(router) => {
                let mut request = Request::builder()
                    .method(method)
                    .uri(address)
                    .header(header::AUTHORIZATION, format!("Bearer {}", self.token));
                if body.is_some() {
                    request = request.header(header::CONTENT_TYPE, "application/json");
                }
                if let Some(key) = key {
                    request = request.header("idempotency-key", key);
                }
                let request = request.body(Body::from(body.unwrap_or_default())).map_err(|error| unreadable(&error))?;
                let response = match router.clone().oneshot(request).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                };
                let (parts, body) = response.into_parts();
                let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(|error| unreadable(&error))?;
                Ok((parts.status, body.to_bytes()))
            }
        }
    }
}
