//! How the databases stand, for metrics: what waits, what was given up, how far the evidence is behind.

use std::sync::Arc;
use std::time::{Duration, Instant as Tick};

use async_trait::async_trait;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use stoa_store::jobs::{self, JobCount, JobState};
use stoa_store::outbox::{self, DeliveryCount};
use stoa_store::{Store, StoreError, Tx};
use tokio::sync::Mutex;

use crate::app::Lag;

/// A figure of a block's own: `stoa_<block>_<name>` in `/metrics`, with a few labels from small closed sets.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Its name behind the block's; a counter's gets `_total` behind it.
    pub name: &'static str,
    /// What it says, without a full stop.
    pub help: &'static str,
    /// Whether it only ever grows, from the start of the process on.
    pub is_counter: bool,
    /// Its values, each with its labels.
    pub values: Vec<(FigureLabels, f64)>,
}

/// Labels of a figure: name and value.
pub type FigureLabels = Vec<(&'static str, String)>;

/// Where a block's own figures come from. It is asked at each look at `/metrics`: what costs more than a look at memory is
/// to be remembered.
#[async_trait]
pub trait FigureSource: Send + Sync {
    /// The figures as they stand now.
    async fn figures(&self) -> Vec<Figure>;
}

/// The figures of the blocks, added to `now`.
pub(crate) async fn add_figures(now: &mut Registry, sources: &[(&'static str, Arc<dyn FigureSource>)]) {
    for (block, source) in sources {
        let of_block = now.sub_registry_with_prefix(block);
        for figure in source.figures().await {
            if figure.is_counter {
                let family = Family::<FigureLabels, Counter<f64, std::sync::atomic::AtomicU64>>::default();
                for (labels, value) in figure.values {
                    family.get_or_create(&labels).inc_by(value);
                }
                of_block.register(figure.name, figure.help, family);
            } else {
                let family = Family::<FigureLabels, Gauge<f64, std::sync::atomic::AtomicU64>>::default();
                for (labels, value) in figure.values {
                    family.get_or_create(&labels).set(value);
                }
                of_block.register(figure.name, figure.help, family);
            }
        }
    }
}

/// How long counted rows are taken as they are: whoever asks for figures shall not make work.
const COUNTED_FOR: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StoreLabels {
    store: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct JobLabels {
    store: &'static str,
    kind: String,
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeliveryLabels {
    store: &'static str,
    subscriber: String,
    state: &'static str,
}

/// What waits in one database.
struct Waiting {
    store: &'static str,
    jobs: Vec<JobCount>,
    deliveries: Vec<DeliveryCount>,
}

/// The figures of all databases.
pub(crate) struct StoreFigures {
    stores: Vec<Store>,
    lags: Vec<Lag>,
    waiting: Mutex<Option<(Tick, Arc<Vec<Waiting>>)>>,
}

impl StoreFigures {
    pub(crate) fn new(stores: Vec<Store>, lags: Vec<Lag>) -> Self {
        Self { stores, lags, waiting: Mutex::default() }
    }

    /// Adds how things stand to `now`.
    pub(crate) async fn add(&self, now: &mut Registry) {
        self.add_states(now);
        self.add_lags(now);
        let waiting = self.waiting().await;
        add_waiting(now, &waiting);
    }

    fn add_states(&self, now: &mut Registry) {
        let depth = Family::<StoreLabels, Gauge>::default();
        let counters = [
            ("store_commits", "Commits so far"),
            ("store_units", "Units of work answered so far"),
            ("store_failed_commits", "Commits that failed"),
            ("store_retries", "Units tried again"),
            ("store_reads_cut", "Short reads that turned out long"),
        ]
        .map(|(name, help)| {
            let family = Family::<StoreLabels, Counter>::default();
            now.register(name, help, family.clone());
            family
        });
        now.register("store_queue_depth", "Units of work that wait or run", depth.clone());
        for store in &self.stores {
            let (labels, state) = (StoreLabels { store: store.block() }, store.state());
            depth.get_or_create(&labels).set(i64::try_from(state.queue_depth).unwrap_or(i64::MAX));
            let values = [state.commits, state.units, state.failed_commits, state.retries, state.reads_cut];
            for (family, value) in counters.iter().zip(values) {
                family.get_or_create(&labels).inc_by(value);
            }
        }
    }

    fn add_lags(&self, now: &mut Registry) {
        let lag = Family::<StoreLabels, Gauge<f64, std::sync::atomic::AtomicU64>>::default();
        now.register("audit_lag_seconds", "How long the oldest evidence waits for its seal", lag.clone());
        for (store, behind) in &self.lags {
            lag.get_or_create(&StoreLabels { store }).set(behind().as_secs_f64());
        }
    }

    /// What waits, counted at most once in a while.
    async fn waiting(&self) -> Arc<Vec<Waiting>> {
        let mut kept = self.waiting.lock().await;
        if let Some((at, waiting)) = &*kept
            && at.elapsed() < COUNTED_FOR
        {
            return Arc::clone(waiting);
        }
        let mut found = Vec::new();
        for store in &self.stores {
            let count = async |tx: &mut Tx<'_>| -> Result<_, StoreError> {
                Ok((jobs::counts(tx).await?, outbox::counts(tx).await?))
            };
            match store.scan(count).await {
                Ok((jobs, deliveries)) => found.push(Waiting { store: store.block(), jobs, deliveries }),
                Err(error) => tracing::warn!(store = store.block(), %error, "web: what waits could not be counted"),
            }
        }
        let found = Arc::new(found);
        *kept = Some((Tick::now(), Arc::clone(&found)));
        found
    }
}

fn add_waiting(now: &mut Registry, waiting: &[Waiting]) {
    let jobs = Family::<JobLabels, Gauge>::default();
    let deliveries = Family::<DeliveryLabels, Gauge>::default();
    now.register("store_jobs", "Jobs by kind; `dead` ones wait for people", jobs.clone());
    now.register(
        "store_deliveries",
        "Events that a subscriber did not take; `dead` ones wait for people",
        deliveries.clone(),
    );
    let set = |gauge: &Gauge, value: u64| {
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
    };
    for one in waiting {
        for count in &one.jobs {
            let labels = JobLabels { store: one.store, kind: count.kind.clone(), state: count.state.as_str() };
            set(&jobs.get_or_create(&labels), count.count);
        }
        // At zero too: an alert on a figure that is not there says nothing.
        for kind in one.jobs.iter().map(|count| &count.kind) {
            let labels = JobLabels { store: one.store, kind: kind.clone(), state: JobState::Dead.as_str() };
            let _ = jobs.get_or_create(&labels);
        }
        for count in &one.deliveries {
            for (state, value) in [("waiting", count.waiting), ("dead", count.dead)] {
                let labels = DeliveryLabels { store: one.store, subscriber: count.subscriber.clone(), state };
                set(&deliveries.get_or_create(&labels), value);
            }
        }
    }
}
