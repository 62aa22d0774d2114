//! The whole address space of a node: its blocks below their prefixes, and the node's own addresses.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use stoa_core::{Problem, Refusal};
use stoa_store::Store;
use stoa_ui::Shell;
use utoipa::openapi::OpenApi;

use crate::answer::{Fault, bytes_as, json};
use crate::block::{Block, BlockParts};
use crate::layers::surround;
use crate::metrics::Metrics;
use crate::node::Node;
use crate::openapi;

/// A block that runs. Cheap to clone: each listener gets a router of its own over the same block.
#[derive(Clone)]
pub struct Mounted {
    /// What it is.
    pub block: Block,
    /// Its OpenAPI document, complete.
    pub openapi: Arc<OpenApi>,
    api: Router,
    pages: Router,
}

impl Mounted {
    /// Completes a started block's API: its document, and the refusals that every operation shares.
    pub fn new(block: Block, parts: BlockParts) -> Self {
        let (api, document) = parts.api.split_for_parts();
        let openapi = Arc::new(openapi::complete(document, &block));
        let served = Arc::clone(&openapi);
        let api = api
            .route("/openapi.json", get(move || async move { json(StatusCode::OK, &*served) }))
            .method_not_allowed_fallback(method_not_allowed);
        Self { block, openapi, api, pages: parts.pages }
    }
}

/// How far behind a sealer may be before the node says that it is not ready.
const LAG_MAX: Duration = Duration::from_secs(30);

/// Tells whether one part of the node works.
pub type Check = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

/// What an [`app`] is put together from.
pub struct AppParts {
    /// The node.
    pub node: Node,
    /// The blocks that run.
    pub blocks: Vec<Mounted>,
    /// Every database, for readiness and metrics.
    pub stores: Vec<Store>,
    /// How far each database's sealer is behind.
    pub lags: Vec<Arc<dyn Fn() -> Duration + Send + Sync>>,
    /// Languages and navigation of every page.
    pub shell: Shell,
    /// Pages and other addresses of the node.
    pub pages: Router,
    /// Serve this block at `/` as well as at its prefix.
    pub at_root: Option<&'static str>,
}

#[derive(Clone)]
struct NodeState {
    stores: Arc<Vec<Store>>,
    lags: Arc<Vec<Arc<dyn Fn() -> Duration + Send + Sync>>>,
    metrics: Arc<Metrics>,
}

/// The router of a whole node, with everything that surrounds a request.
pub fn app(parts: AppParts) -> Router {
    let AppParts { node, blocks, stores, lags, shell, pages, at_root } = parts;
    let metrics = Arc::new(Metrics::new(stores.clone()));
    let state = NodeState { stores: Arc::new(stores), lags: Arc::new(lags), metrics: Arc::clone(&metrics) };
    let mut router = Router::new()
        .route("/healthz", get(async || json(StatusCode::OK, &serde_json::json!({"status": "ok"}))))
        .route("/readyz", get(ready))
        .route("/metrics", get(figures))
        .with_state(state)
        .merge(pages);
    for mounted in blocks {
        if at_root == Some(mounted.block.name) {
            router = router.merge(mounted.api.clone());
        }
        router = router
            .nest(&format!("/{}", mounted.block.name), mounted.api)
            .nest(&format!("/console/{}", mounted.block.name), mounted.pages);
    }
    let router = router.fallback(not_found).method_not_allowed_fallback(method_not_allowed);
    surround(router, &node, shell, metrics)
}

async fn not_found() -> Fault {
    Problem::new(Refusal::NotFound, "web.not_found").detail("There is nothing at this address.").into()
}

async fn method_not_allowed() -> Fault {
    Problem::new(Refusal::MethodNotAllowed, "web.method_not_allowed")
        .detail("This address does not take that method; the Allow header names those that it takes.")
        .into()
}

async fn figures(State(state): State<NodeState>) -> Response {
    bytes_as(StatusCode::OK, "application/openmetrics-text; version=1.0.0; charset=utf-8", state.metrics.text())
}

/// Ready means: each database takes a write, and the evidence keeps up.
async fn ready(State(state): State<NodeState>) -> Response {
    let mut checks = Vec::new();
    let mut ready = true;
    for store in state.stores.iter() {
        let verdict = match tokio::time::timeout(Duration::from_secs(5), store.check_writes()).await {
            Ok(Ok(())) => "ok".to_owned(),
            Ok(Err(error)) => {
                tracing::error!(block = store.block(), %error, "web: a database is not ready");
                "failed".to_owned()
            }
            Err(_) => "no answer within 5 seconds".to_owned(),
        };
        ready &= verdict == "ok";
        checks.push(serde_json::json!({"store": store.block(), "state": verdict}));
    }
    let lag = state.lags.iter().map(|lag| lag()).max().unwrap_or_default();
    ready &= lag <= LAG_MAX;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = serde_json::json!({
        "status": if ready { "ready" } else { "not ready" },
        "stores": checks,
        "evidenceLagMs": u64::try_from(lag.as_millis()).unwrap_or(u64::MAX),
    });
    let mut response = json(status, &body);
    if !ready {
        response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("5"));
    }
    response.into_response()
}
