//! Figures for Prometheus: names `stoa_<part>_<thing>_<unit>`, labels from small closed sets only.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::connections::ConnectionState;
use crate::outgoing::{Observation, Observer};

/// The content type of the text format (`OpenMetrics` 1.0).
pub(crate) const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    path: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WhoLabels {
    who: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    purpose: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PurposeLabels {
    purpose: &'static str,
}

/// What a node counts while it runs, over all of its listeners. Cheap to clone.
#[derive(Clone, Default)]
pub struct Metrics(Arc<Counts>);

struct Counts {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    seconds: Histogram,
    in_work: Gauge,
    too_many: Family<WhoLabels, Counter>,
    calls: Family<CallLabels, Counter>,
    tries: Family<PurposeLabels, Counter>,
    call_seconds: Family<PurposeLabels, Histogram>,
}

/// From half a millisecond to a quarter of a minute, doubling.
fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.0005, 2.0, 16))
}

impl Default for Counts {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("stoa");
        let requests = Family::<RequestLabels, Counter>::default();
        let (histogram, in_work) = (seconds(), Gauge::default());
        let too_many = Family::<WhoLabels, Counter>::default();
        let calls = Family::<CallLabels, Counter>::default();
        let tries = Family::<PurposeLabels, Counter>::default();
        let call_seconds = Family::<PurposeLabels, Histogram>::new_with_constructor(seconds as fn() -> Histogram);
        registry.register("web_requests", "Requests answered, by declared address", requests.clone());
        registry.register("web_request_duration_seconds", "Time to answer a request", histogram.clone());
        registry.register("web_requests_in_work", "Requests that are worked on", in_work.clone());
        registry.register("web_rate_refusals", "Requests over the bound of one caller", too_many.clone());
        registry.register("outgoing_calls", "Calls to other systems, by how they ended", calls.clone());
        registry.register("outgoing_tries", "Tries of calls to other systems", tries.clone());
        registry.register("outgoing_call_duration_seconds", "Time of calls to other systems", call_seconds.clone());
        Self { registry, requests, seconds: histogram, in_work, too_many, calls, tries, call_seconds }
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    pub(crate) fn request(&self, method: &Method, path: &str, status: StatusCode, elapsed: Duration) {
        let method = match method.as_str() {
            known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => known,
            _ => "other",
        };
        let labels = RequestLabels { method: method.to_owned(), path: path.to_owned(), status: status.as_u16() };
        self.0.requests.get_or_create(&labels).inc();
        self.0.seconds.observe(elapsed.as_secs_f64());
    }

    /// Counts a request as in work until the guard is dropped, also when the caller goes away. Gives how many there were
    /// before it.
    pub(crate) fn begin(&self) -> (i64, InWork) {
        (self.0.in_work.inc(), InWork(self.0.in_work.clone()))
    }

    /// Counts a request that was one too many of a `known` caller, or of an `anonymous` address.
    pub(crate) fn too_many(&self, who: &'static str) {
        self.0.too_many.get_or_create(&WhoLabels { who }).inc();
    }

    /// Counts calls to other systems.
    pub fn observer(&self) -> Observer {
        let counts = Arc::clone(&self.0);
        Arc::new(move |call: &Observation| {
            let purpose = PurposeLabels { purpose: call.purpose };
            counts.calls.get_or_create(&CallLabels { purpose: call.purpose, outcome: call.outcome }).inc();
            counts.tries.get_or_create(&purpose).inc_by(u64::from(call.tries));
            counts.call_seconds.get_or_create(&purpose).observe(call.elapsed.as_secs_f64());
        })
    }

    /// Everything in the text format: what was counted, and how things stand now.
    pub(crate) fn text(&self, now: &Registry) -> Result<String, fmt::Error> {
        let mut out = String::new();
        text::encode_registry(&mut out, &self.0.registry)?;
        text::encode_registry(&mut out, now)?;
        text::encode_eof(&mut out)?;
        Ok(out)
    }
}

/// A request that is worked on.
pub(crate) struct InWork(Gauge);

impl Drop for InWork {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// How the connections stand, added to `now`.
pub(crate) fn add_connections(now: &mut Registry, state: ConnectionState) {
    let open = Gauge::<i64>::default();
    open.set(i64::try_from(state.open).unwrap_or(i64::MAX));
    now.register("web_connections", "Connections that are open", open);
    for (name, help, value) in [
        ("web_connections_accepted", "Connections accepted", state.accepted),
        ("web_connections_refused", "Connections refused, there were too many", state.refused),
        ("web_connections_failed", "Connections that the system did not give", state.failed),
        ("web_connections_given_up", "Connections ended because the client took nothing", state.given_up),
    ] {
        let counter = Counter::<u64>::default();
        counter.inc_by(value);
        now.register(name, help, counter);
    }
}
