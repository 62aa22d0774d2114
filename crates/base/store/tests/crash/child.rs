//! The process that is killed or watched. What it says on standard output are its answers: each a number of a unit of
//! work that the store has acknowledged.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use serde_json::json;
use stoa_audit::{AuditError, Record, Sealer, SigningKey};
use stoa_core::{Actor, Clock, Ids, Tenant};
use stoa_store::idempotency::{self, Answer, Started};
use stoa_store::jobs::{self, Job, JobError, JobHandler, JobRunner, NewJob};
use stoa_store::outbox::{self, Delivered, DeliveryError, Event, EventSink, Relay};
use stoa_store::{Durability, Engine, MasterKeys, Migration, Store, StoreError, StoreLimits, StoreOptions, Tx, params};

/// Rows of one unit of work: all are there, or none.
pub(crate) const PARTS: i64 = 3;
/// Tasks that write at the same time.
const TASKS: usize = 32;
/// Numbers of one run begin here times the run's own number.
const RUN: i64 = 1_000_000_000;
/// Units that the watched process does one after the other.
const WATCHED: i64 = 20;
/// Units that each of many tasks of the watched process does.
const CROWD: i64 = 10;
/// Every so many units ask for a job too: each is a commit of its own.
pub(crate) const UNITS_PER_JOB: i64 = 20;

const STEPS: &[Migration] = &[Migration::both(
    1,
    "crash",
    "CREATE TABLE part (unit BIGINT NOT NULL, number BIGINT NOT NULL, filler TEXT NOT NULL, PRIMARY KEY (unit, number));
     CREATE TABLE heard (unit BIGINT NOT NULL);
     CREATE TABLE worked (unit BIGINT NOT NULL)",
)];

pub(crate) fn run(arguments: &[String]) {
    let [_, mode, folder, detail] = arguments else { panic!("--child MODE FOLDER DETAIL, not {arguments:?}") };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = Path::new(folder);
    match mode.as_str() {
        "begin" => runtime.block_on(begin(folder)),
        "load" => runtime.block_on(load(folder, detail.parse().unwrap())),
        "watch" => runtime.block_on(watch(folder, detail == "off")),
        "crowd" => runtime.block_on(crowd(folder, detail == "off")),
        other => panic!("there is no mode {other}"),
    }
}

/// Opens the database of a folder, with the node's keys: all that a first start makes. A file `schema` in the folder says
/// that it is a schema of the server in `STOA_TEST_PG`.
pub(crate) async fn open(folder: &Path, durability: Durability) -> (Store, SigningKey) {
    let clock = Clock::system();
    let engine = match std::fs::read_to_string(folder.join("schema")) {
        Ok(schema) => Engine::Postgres { url: std::env::var("STOA_TEST_PG").unwrap(), schema },
        Err(_) => Engine::Sqlite { file: folder.join("crash.db"), durability },
    };
    let keys = MasterKeys::open(&folder.join("keys")).unwrap();
    let signing = SigningKey::open(&folder.join("keys")).unwrap();
    let store = Store::open(StoreOptions {
        block: "crash",
        engine,
        migrations: STEPS.iter().chain(stoa_audit::MIGRATIONS).copied().collect(),
        ids: Ids::random(clock.clone()),
        clock,
        limits: StoreLimits::default(),
    })
    .await
    .unwrap();
    keys.check(&store).await.unwrap();
    (store, signing)
}

/// One unit as a block does it: the claim of its idempotency key, rows, the event that tells of them, evidence, now and
/// then a job, and the answer that is kept. The rows name the unit in clear, so that a trace shows when they were written.
async fn unit(store: &Store, number: i64) -> Result<(), AuditError> {
    store
        .write(async move |tx: &mut Tx<'_>| {
            let key = number.to_string();
            let started = idempotency::begin(tx, "crash", &key, &[0; 32]).await?;
            assert_eq!(started, Started::Fresh, "each number is used once");
            for part in 0..PARTS {
                let filler = format!("<{number}>{}", "x".repeat(usize::try_from(number % 700).unwrap_or(0)));
                tx.execute("INSERT INTO part VALUES ($1, $2, $3)", params![number, part, filler]).await?;
            }
            let event = Event::new(tx, "stoa.crash.unit.v1", "/crash", &Tenant::default(), json!({}));
            outbox::publish(tx, &event.subject(key.clone())).await?;
            let actor = Actor::system("crash".to_owned(), Tenant::default());
            stoa_audit::append(tx, &Record::done(&actor, "crash.unit", format!("units/{number}"))).await?;
            if number % UNITS_PER_JOB == 0 {
                jobs::enqueue(tx, NewJob::new("crash.unit", &json!(number))).await?;
            }
            let answer = Answer { status: 201, content_type: None, location: None, body: key.clone().into_bytes() };
            idempotency::finish(tx, "crash", &key, &answer).await?;
            Ok(())
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

/// A handler whose effect and end are one commit.
pub(crate) struct Works(pub(crate) Store);

#[async_trait]
impl JobHandler for Works {
    fn kind(&self) -> &'static str {
        "crash.unit"
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let (job, number) = (job.clone(), job.payload::<i64>()?);
        let work = async move |tx: &mut Tx<'_>| {
            tx.execute("INSERT INTO worked VALUES ($1)", params![number]).await?;
            job.finish(tx).await
        };
        Ok(self.0.write(work).await?)
    }
}

/// A first start: it answers when everything is made.
async fn begin(folder: &Path) {
    let (store, _) = open(folder, Durability::Full).await;
    answer(1);
    store.close().await;
    std::future::pending::<()>().await;
}

/// Writes, delivers, works and seals until somebody kills it.
async fn load(folder: &Path, run: i64) {
    let (store, signing) = open(folder, Durability::Full).await;
    let relay = Relay::new(store.clone(), vec![Arc::new(Notes(store.clone()))]);
    tokio::spawn(async move { relay.run(std::future::pending()).await });
    let runner = JobRunner::new(store.clone(), vec![Arc::new(Works(store.clone()))]);
    tokio::spawn(async move { runner.run(std::future::pending()).await });
    let sealer = Sealer::new(store.clone(), signing);
    tokio::spawn(async move { sealer.run(std::future::pending()).await });
    let next = Arc::new(AtomicI64::new(run * RUN));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..TASKS {
        let (store, next) = (store.clone(), Arc::clone(&next));
        tasks.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                match unit(&store, number).await {
                    Ok(()) => answer(number),
                    Err(AuditError::Store(StoreError::Busy { .. } | StoreError::Contended)) => {
                        tokio::task::yield_now().await;
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    while tasks.join_next().await.is_some() {}
}

/// One unit after the other.
async fn watch(folder: &Path, off: bool) {
    let (store, _) = open(folder, if off { Durability::Off } else { Durability::Full }).await;
    for number in 0..WATCHED {
        unit(&store, number).await.unwrap();
        answer(number);
    }
    store.close().await;
}

/// Many units at the same time, which share their commits.
async fn crowd(folder: &Path, off: bool) {
    let (store, _) = open(folder, if off { Durability::Off } else { Durability::Full }).await;
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..i64::try_from(TASKS).unwrap() {
        let store = store.clone();
        tasks.spawn(async move {
            for turn in 0..CROWD {
                let number = task * CROWD + turn;
                unit(&store, number).await.unwrap();
                answer(number);
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
    store.close().await;
}
