//! Figures for Prometheus: names `stoa_<part>_<thing>_<unit>`, labels from small closed sets only.

use std::fmt::Write as _;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use stoa_store::Store;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    path: String,
    status: u16,
}

/// What the node counts.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    seconds: Histogram,
    stores: Vec<Store>,
}

impl Metrics {
    pub(crate) fn new(stores: Vec<Store>) -> Self {
        let mut registry = Registry::with_prefix("stoa");
        let requests = Family::<RequestLabels, Counter>::default();
        let seconds = Histogram::new(exponential_buckets(0.0005, 2.0, 16));
        registry.register("web_requests", "Requests answered, by declared address", requests.clone());
        registry.register("web_request_duration_seconds", "Time to answer a request", seconds.clone());
        Self { registry, requests, seconds, stores }
    }

    pub(crate) fn request(&self, method: &Method, path: &str, status: StatusCode, elapsed: Duration) {
        let method = match method.as_str() {
            known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => known,
            _ => "other",
        };
        let labels = RequestLabels { method: method.to_owned(), path: path.to_owned(), status: status.as_u16() };
        self.requests.get_or_create(&labels).inc();
        self.seconds.observe(elapsed.as_secs_f64());
    }

    /// Everything in the text format of Prometheus.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        let _ = text::encode_registry(&mut out, &self.registry);
        let mut gauge = |name: &str, help: &str, kind: &str, value: &dyn Fn(&Store) -> u64| {
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
            for store in &self.stores {
                let _ = writeln!(out, "{name}{{store=\"{}\"}} {}", store.block(), value(store));
            }
        };
        gauge("stoa_store_queue_depth", "Units of work that wait or run", "gauge", &|store| {
            store.state().queue_depth as u64
        });
        gauge("stoa_store_commits_total", "Commits so far", "counter", &|store| store.state().commits);
        gauge("stoa_store_units_total", "Units of work answered so far", "counter", &|store| store.state().units);
        gauge("stoa_store_failed_commits_total", "Commits that failed", "counter", &|store| {
            store.state().failed_commits
        });
        gauge("stoa_store_retries_total", "Units tried again", "counter", &|store| store.state().retries);
        gauge("stoa_store_reads_cut_total", "Short reads that turned out long", "counter", &|store| {
            store.state().reads_cut
        });
        // OpenMetrics ends with this mark; the encoder wrote its own before our lines.
        out.replace("# EOF\n", "") + "# EOF\n"
    }
}
