//! The node's own state for machines: alive, ready, figures.

use std::sync::Arc;
use std::time::{Duration, Instant as Tick};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::future::join_all;
use prometheus_client::registry::Registry;
use serde_json::{Value, json as value};
use stoa_core::{Problem, Refusal};
use stoa_store::Store;
use tokio::sync::Mutex;

use crate::answer::{Fault, bytes_as, json};
use crate::app::Lag;
use crate::connections::Connections;
use crate::figures::{FigureSource, StoreFigures, add_figures};
use crate::metrics::{OPEN_METRICS, add_connections};
use crate::node::Node;
use crate::permission::Public;

/// How far behind a sealer may be before the node says that it is not ready.
const LAG_MAX: Duration = Duration::from_secs(30);
/// How long a database may take for the write that proves it.
const PROBE_TIME: Duration = Duration::from_secs(5);
/// A verdict holds this long: the address is open to everybody, and each verdict costs a write.
const VERDICT_HOLDS: Duration = Duration::from_secs(1);

struct Health {
    node: Node,
    stores: Vec<Store>,
    lags: Vec<Lag>,
    figures: StoreFigures,
    connections: Connections,
    sources: Vec<(&'static str, Arc<dyn FigureSource>)>,
    verdicts: Mutex<Option<(Tick, Verdicts)>>,
}

/// What each database answered.
type Verdicts = Arc<Vec<(&'static str, &'static str)>>;

/// `/healthz`, `/readyz` and `/metrics`.
pub(crate) fn router(
    node: &Node,
    stores: &[Store],
    lags: &[Lag],
    connections: &Connections,
    sources: Vec<(&'static str, Arc<dyn FigureSource>)>,
) -> Router {
    let health = Arc::new(Health {
        node: node.clone(),
        stores: stores.to_vec(),
        lags: lags.to_vec(),
        figures: StoreFigures::new(stores.to_vec(), lags.to_vec()),
        connections: connections.clone(),
        sources,
        verdicts: Mutex::default(),
    });
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(figures))
        .with_state(health)
}

async fn alive(_: Public) -> Response {
    json(StatusCode::OK, &value!({"status": "ok"}))
}

async fn figures(_: Public, State(health): State<Arc<Health>>) -> Result<Response, Fault> {
    let mut now = Registry::with_prefix("stoa");
    add_connections(&mut now, health.connections.state());
    health.figures.add(&mut now).await;
    add_figures(&mut now, &health.sources).await;
    let failed = |_| Problem::new(Refusal::Failed, "web.failed");
    Ok(bytes_as(StatusCode::OK, OPEN_METRICS, health.node.metrics().text(&now).map_err(failed)?))
}

/// Ready means: the node is not about to stop, each database takes a write, and the evidence keeps up.
async fn ready(_: Public, State(health): State<Arc<Health>>) -> Response {
    let verdicts = verdicts(&health).await;
    let lag = health.lags.iter().map(|(_, lag)| lag()).max().unwrap_or_default();
    let stopping = health.node.is_stopping();
    let ready = !stopping && lag <= LAG_MAX && verdicts.iter().all(|(_, state)| *state == "ok");
    let stores: Vec<Value> = verdicts.iter().map(|(store, state)| value!({"store": store, "state": state})).collect();
    let body = value!({
        "status": if ready { "ready" } else if stopping { "stopping" } else { "not ready" },
        "stores": stores,
        "evidenceLagMs": u64::try_from(lag.as_millis()).unwrap_or(u64::MAX),
    });
    let mut response = json(if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, &body);
    if !ready {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response.into_response()
}

async fn verdicts(health: &Health) -> Verdicts {
    let mut kept = health.verdicts.lock().await;
    if let Some((at, verdicts)) = &*kept
        && at.elapsed() < VERDICT_HOLDS
    {
        return Arc::clone(verdicts);
    }
    let found = Arc::new(join_all(health.stores.iter().map(verdict)).await);
    *kept = Some((Tick::now(), Arc::clone(&found)));
    found
}

async fn verdict(store: &Store) -> (&'static str, &'static str) {
    let state = match tokio::time::timeout(PROBE_TIME, store.check_writes()).await {
        Ok(Ok(())) => "ok",
        Ok(Err(error)) => {
            tracing::error!(store = store.block(), %error, "web: a database does not take a write");
            "failed"
        }
        Err(_) => "no answer in time",
    };
    (store.block(), state)
}
