//! Another block, wherever it runs: in this process through its own router, or elsewhere over HTTP. Who calls cannot tell
//! the difference, so a block can be moved or replaced without the others noticing.

mod signer;
mod table;
mod tokens;

use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use stoa_core::{Actor, ActorKind, Problem, Refusal};
use tower::ServiceExt;

use crate::outgoing::{Call, Client, OutgoingError, encoded};
use signer::Errand;
pub use signer::NodeSigner;
use table::SharedRouter;
pub use table::{Elsewhere, Need, PeerOptions, PeerTable, Peers};
pub use tokens::ClientCredentials;
use tokens::Tokens;

/// The largest answer that is taken from a peer.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

#[derive(Clone)]
enum Way {
    Here(SharedRouter),
    There { client: Client, base: String },
    Nowhere(String),
}

/// How the caller proves who it is.
#[derive(Clone)]
enum Credential {
    /// A key or token that is always the same.
    Fixed(String),
    /// A token that the node signs for each call.
    Signed { signer: NodeSigner, caller: &'static str, roles: Vec<&'static str>, audience: String },
    /// Tokens that the other product gives.
    Client(Arc<Tokens>),
}

/// A block's public API, with the credential that this node has for it. Cheap to clone.
#[derive(Clone)]
pub struct Peer {
    way: Way,
    prefix: String,
    credential: Credential,
    errand: Errand,
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
    /// No token for it could be had.
    #[error("no token for the peer: {0}")]
    Token(String),
    /// The block runs neither here nor, as far as the configuration says, elsewhere.
    #[error("the block `{0}` is not at hand: set `blocks.{0}.url`, or run it here")]
    Nowhere(String),
    /// A name that cannot stand in an address.
    #[error("a part of an address must be a name, not a step to another place")]
    Address,
    /// Its answer is not what its API promises.
    #[error("the peer's answer cannot be read: {0}")]
    Unreadable(String),
}

impl PeerError {
    /// Tells the log what happened, without the peer's own words: they may name a person.
    fn log(&self) {
        match self {
            Self::Refused { status, code, .. } => {
                tracing::warn!(status = status.as_u16(), %code, "web: a peer refused");
            }
            Self::Unreadable(_) => tracing::warn!("web: a peer's answer cannot be read"),
            other => tracing::warn!(error = %other, "web: a peer did not do what it was asked"),
        }
    }
}

impl From<PeerError> for Problem {
    fn from(error: PeerError) -> Self {
        match error {
            PeerError::Away(error) => error.into(),
            other => {
                other.log();
                Self::new(Refusal::BadGateway, "web.other_system_failed")
            }
        }
    }
}

/// What is asked of a peer.
struct Question<'a> {
    method: Method,
    path: &'a str,
    body: Option<Vec<u8>>,
    key: Option<&'a str>,
}

impl Peer {
    /// A block of this process with a fixed credential: requests go through its router, with every check that a request
    /// from outside meets.
    pub fn here(router: Router, block: &str, token: impl Into<String>) -> Self {
        let way = Way::Here(Arc::new(RwLock::new(Some(router))));
        Self {
            way,
            prefix: format!("/{block}"),
            credential: Credential::Fixed(token.into()),
            errand: Errand::default(),
        }
    }

    /// A block elsewhere with a fixed credential, at the address where its own paths begin.
    pub fn there(client: Client, base: &str, token: impl Into<String>) -> Self {
        let way = Way::There { client, base: base.trim_end_matches('/').to_owned() };
        Self { way, prefix: String::new(), credential: Credential::Fixed(token.into()), errand: Errand::default() }
    }

    /// The same peer, asked because this actor asked: about their tenant's data, and with their name in its evidence. The
    /// rights stay those of the calling block. Another product's token is always the client's own.
    #[must_use]
    pub fn on_behalf_of(mut self, actor: &Actor) -> Self {
        let act = actor.on_behalf_of.clone().unwrap_or_else(|| actor.id.clone());
        let act = (actor.kind != ActorKind::Anonymous).then_some(act);
        self.errand = Errand { tenant: actor.tenant.clone(), act };
        self
    }

    /// One segment of an address, with everything in it that would lead elsewhere encoded.
    pub fn segment(text: &str) -> Result<String, PeerError> {
        // No encoding keeps these from being steps: readers of addresses decode before they look.
        if matches!(text, "" | "." | "..") { Err(PeerError::Address) } else { Ok(encoded(text)) }
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
        let (status, bytes) = self.send(&Question { method, path, body, key }).await?;
        if status.is_success() {
            let bytes: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
            return serde_json::from_slice(bytes).map_err(unreadable);
        }
        let problem: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let text = |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Err(PeerError::Refused { status, code: text("code"), detail: text("detail") })
    }

    async fn send(&self, question: &Question<'_>) -> Result<(StatusCode, Bytes), PeerError> {
        match &self.credential {
            Credential::Fixed(token) => self.send_with(question, token).await,
            Credential::Signed { signer, caller, roles, audience } => {
                let token = signer.token(caller, roles, audience, &self.errand);
                self.send_with(question, &token).await
            }
            Credential::Client(tokens) => {
                let token = tokens.get().await?;
                let answer = self.send_with(question, &token).await?;
                if answer.0 != StatusCode::UNAUTHORIZED {
                    return Ok(answer);
                }
                // The other product may have forgotten it before its time. What was refused so was not done.
                tokens.forget(&token).await;
                let token = tokens.get().await?;
                self.send_with(question, &token).await
            }
        }
    }

    async fn send_with(&self, question: &Question<'_>, token: &str) -> Result<(StatusCode, Bytes), PeerError> {
        let unreadable = |error: &dyn std::fmt::Display| PeerError::Unreadable(error.to_string());
        let Question { method, path, body, key } = question;
        let address = format!("{}{path}", self.prefix);
        match &self.way {
            Way::Nowhere(block) => Err(PeerError::Nowhere(block.clone())),
            Way::There { client, base } => {
                let mut call = Call::new("peer", method.clone(), format!("{base}{address}")).bearer(token);
                if let Some(body) = body {
                    call = call.body(body.clone()).header(header::CONTENT_TYPE, "application/json");
                }
                if let Some(key) = key {
                    call = call.header(header::HeaderName::from_static("idempotency-key"), key).idempotent();
                }
                let reply = client.send(call.at_most(ANSWER_BYTES_MAX)).await?;
                Ok((reply.status, reply.body))
            }
            Way::Here(router) => {
                let router = router.read().unwrap_or_else(PoisonError::into_inner).clone();
                let router =
                    router.ok_or_else(|| PeerError::Nowhere(self.prefix.trim_start_matches('/').to_owned()))?;
                let mut request = Request::builder()
                    .method(method.clone())
                    .uri(address)
                    .header(header::AUTHORIZATION, format!("Bearer {token}"));
                if body.is_some() {
                    request = request.header(header::CONTENT_TYPE, "application/json");
                }
                if let Some(key) = key {
                    request = request.header("idempotency-key", *key);
                }
                let body = Body::from(body.clone().unwrap_or_default());
                let request = request.body(body).map_err(|error| unreadable(&error))?;
                let response = match router.oneshot(request).await {
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
