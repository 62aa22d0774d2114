//! The room that speaks HTTP: server, callers, permissions, OpenAPI, problems, limits, health and metrics.

mod answer;
mod app;
mod bare;
mod block;
mod caller;
mod connections;
mod figures;
mod forgery;
mod form;
mod health;
mod host;
mod input;
mod issuers;
mod keyring;
mod layers;
pub mod mail;
mod mediator;
mod metrics;
mod node;
mod openapi;
pub mod outgoing;
mod page;
mod path;
mod peer;
mod permission;
mod protect;
mod rate;
mod reference;
mod secret;
mod security;
mod seldom;
mod server;
mod tls;
mod trace;
mod visitor;
pub mod webhook;
mod wire;

/// For [`Peer::ask`].
pub use axum::http::Method;
/// For [`BlockParts`].
pub use utoipa_axum::router::OpenApiRouter;

pub use answer::{Created, Fault, JSON, Json, PROBLEM_JSON, Refused, bytes_as, etag, json, problem_value, status_of};
pub use app::{AppParts, Lag, Mounted, app};
pub use block::{Block, BlockContext, BlockParts, BoxError, Profile, Seeding};
pub use caller::{BasicVerifier, Presented, RequestInfo, Token, TokenVerifier, cookie};
pub use connections::{ConnectionBounds, Connections, raise_open_files};
pub use figures::{Figure, FigureLabels, FigureSource};
pub use form::{FormFields, Upload};
pub use input::{Body, IdempotencyKey, Once, OnceBody, Params, RawBody, RawJson, parse, typed};
pub use issuers::{Issuer, IssuerError, Issuers, KeySource, algorithm, key_for};
pub use keyring::{Keyring, Known};
pub use mediator::{Member, MemberError};
pub use metrics::Metrics;
pub use node::{
    AccountKind, ApiKey, ApiKeyKind, LINK_TIME, MIGRATIONS, NewKey, Node, NodeOptions, Session, SessionKind,
};
pub use openapi::ApiDocument;
pub use page::{View, page, see_other, shell};
pub use path::Path;
pub use peer::{ClientCredentials, Elsewhere, Need, NodeSigner, Peer, PeerError, PeerOptions, PeerTable, Peers};
pub use permission::{Allowed, Public, Right};
pub use protect::content_security_to;
pub use rate::{Network, RateLimits};
pub use secret::{hash as secret_hash, new as new_secret};
pub use server::{Listener, ServerError};
/// For [`permissions!`], which names its types through this crate.
pub use stoa_core as core;
pub use tls::TlsFiles;
pub use visitor::{
    LANGUAGE_COOKIE, THEME_COOKIE, Visitor, end_session_cookie, preference_cookie, purpose_cookie, session_cookie,
    session_secret,
};

use stoa_core::ProblemInfo;

macro_rules! page {
    ($code:literal, $title:literal) => {
        ProblemInfo::new($code, $title, include_str!(concat!("../../../../docs/reference/problems/", $code, ".md")))
    };
}

/// The problems that this room can name.
pub const PROBLEMS: &[ProblemInfo] = &[
    page!("web.unauthenticated", "No valid credential"),
    page!("web.forbidden", "The permission is missing"),
    page!("web.forged_request", "The form was not this session's own"),
    page!("web.not_found", "There is nothing at this address"),
    page!("web.method_not_allowed", "This address does not take that method"),
    page!("web.invalid_json", "The body is not valid JSON"),
    page!("web.invalid_field", "A field does not have the expected form"),
    page!("web.invalid_parameter", "A parameter does not have the expected form"),
    page!("web.body_too_large", "The body is too large"),
    page!("web.body_unreadable", "The body is not complete"),
    page!("web.headers_too_large", "The headers are too large"),
    page!("web.malformed_request", "The request is not HTTP"),
    page!("web.unsupported_media", "The media type is not spoken here"),
    page!("web.busy", "The node is busy"),
    page!("web.timeout", "The request took too long"),
    page!("web.body_too_slow", "The body did not arrive in time"),
    page!("web.foreign_host", "The node was asked under another's name"),
    page!("web.key_not_found", "There is no such key"),
    page!("web.rate_limited", "Too many requests"),
    page!("web.address_refused", "The address may not be called"),
    page!("web.other_system_unavailable", "Another system is away"),
    page!("web.other_system_failed", "Another system failed"),
    page!("web.failed", "The node failed"),
];

/// The catalogues of all rooms that are below this one, and this one's; blocks bring their own.
pub const CATALOGUES: [&[ProblemInfo]; 4] = [stoa_core::PROBLEMS, stoa_store::PROBLEMS, stoa_audit::PROBLEMS, PROBLEMS];

/// The titles of blocks' problems, handed in once by the composition root.
static BLOCK_PROBLEMS: std::sync::OnceLock<Vec<ProblemInfo>> = std::sync::OnceLock::new();

/// Tells this room the blocks' problems, so that their titles can be written. Only the first call counts.
pub fn know_problems(problems: Vec<ProblemInfo>) {
    let _ = BLOCK_PROBLEMS.set(problems);
}

/// The title of a code; the code itself when no catalogue holds it.
fn problem_title(code: &'static str) -> &'static str {
    CATALOGUES
        .iter()
        .flat_map(|catalogue| catalogue.iter())
        .chain(BLOCK_PROBLEMS.get().into_iter().flatten())
        .find(|info| info.code == code)
        .map_or(code, |info| info.title)
}
