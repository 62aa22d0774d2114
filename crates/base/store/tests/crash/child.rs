//! The process that is killed or watched. What it says on standard output are its answers: each a number of a unit of
//! work that the store has acknowledged.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use serde_json::json;
use stoa_core::{Clock, Ids, Tenant};
use stoa_store::outbox::{self, Delivered, DeliveryError, Event, EventSink, Relay};
use stoa_store::{Durability, Engine, Migration, Store, StoreError, StoreLimits, StoreOptions, Tx, params};

/// Rows of one unit of work: all are there, or none.
pub(crate) const PARTS: i64 = 3;
/// Tasks that write at the same time.
const TASKS: usize = 32;
/// Numbers of one run begin here times the run's own number.
const RUN: i64 = 1_000_000_000;
/// Units that the watched process does one after the other.
const WATCHED: i64 = 20;

const STEPS: &[Migration] = &[Migration::both(
    1,
    "crash",
    "CREATE TABLE part (unit BIGINT NOT NULL, number BIGINT NOT NULL, filler TEXT NOT NULL, PRIMARY KEY (unit, number));
     CREATE TABLE heard (unit BIGINT NOT NULL)",
)];

pub(crate) fn run(arguments: &[String]) {
    let [_, mode, folder, detail] = arguments else { panic!("--child MODE FOLDER DETAIL, not {arguments:?}") };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = Path::new(folder);
    match mode.as_str() {
        "load" => runtime.block_on(load(folder, detail.parse().unwrap())),
        "watch" => runtime.block_on(watch(folder, detail == "off")),
        other => panic!("there is no mode {other}"),
    }
}

pub(crate) async fn open(folder: &Path, durability: Durability) -> Store {
    let clock = Clock::system();
    Store::open(StoreOptions {
        block: "crash",
        engine: Engine::Sqlite { file: folder.join("crash.db"), durability },
        migrations: STEPS.to_vec(),
        ids: Ids::random(clock.clone()),
        clock,
        limits: StoreLimits::default(),
    })
    .await
    .unwrap()
}

/// One unit: rows, and the event that tells of them.
async fn unit(store: &Store, number: i64) -> Result<(), StoreError> {
    store
        .write(async move |tx: &mut Tx<'_>| {
            for part in 0..PARTS {
                let filler = "x".repeat(usize::try_from(number % 700).unwrap_or(0));
                tx.execute("INSERT INTO part VALUES ($1, $2, $3)", params![number, part, filler]).await?;
            }
            let event = Event::new(tx, "stoa.crash.unit.v1", "/crash", &Tenant::default(), json!({}));
            outbox::publish(tx, &event.subject(number.to_string())).await
        })
        .await
}

/// Answers as a server does: one write to the pipe, the moment that the store has acknowledged.
fn answer(number: i64) {
    let mut output = std::io::stdout().lock();
    // A parent that has read enough closes the pipe; the kill follows.
    let _ = output.write_all(format!("{number}\n").as_bytes()).and_then(|()| output.flush());
}

/// A subscriber that notes in the same database what it was told.
pub(crate) struct Notes(pub(crate) Store);

#[async_trait]
impl EventSink for Notes {
    fn name(&self) -> &'static str {
        "notes"
    }

    async fn deliver(&self, event: &Delivered) -> Result<(), DeliveryError> {
        let number: i64 = event.event.subject.as_deref().unwrap_or_default().parse().unwrap();
        let noted = self.0.write(async move |tx: &mut Tx<'_>| {
            tx.execute("INSERT INTO heard VALUES ($1)", params![number]).await.map(drop)
        });
        noted.await.map_err(|error: StoreError| DeliveryError::later(error.to_string()))
    }
}

/// Writes and delivers until somebody kills it.
async fn load(folder: &Path, run: i64) {
    let store = open(folder, Durability::Full).await;
    let relay = Relay::new(store.clone(), vec![Arc::new(Notes(store.clone()))]);
    tokio::spawn(async move { relay.run(std::future::pending()).await });
    let next = Arc::new(AtomicI64::new(run * RUN));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..TASKS {
        let (store, next) = (store.clone(), Arc::clone(&next));
        tasks.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                match unit(&store, number).await {
                    Ok(()) => answer(number),
                    Err(StoreError::Busy { .. }) => tokio::task::yield_now().await,
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    while tasks.join_next().await.is_some() {}
}

/// One unit after the other, so that every write before an answer belongs to it.
async fn watch(folder: &Path, off: bool) {
    let store = open(folder, if off { Durability::Off } else { Durability::Full }).await;
    for number in 0..WATCHED {
        unit(&store, number).await.unwrap();
        answer(number);
    }
    store.close().await;
}
