//! Housekeeping: what may be forgotten is, and nothing that somebody still waits for.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use stoa_core::Tenant;
use stoa_store::jobs::{self, Housekeeping, HousekeepingOptions, Job, JobError, JobHandler, JobRunner, NewJob};
use stoa_store::outbox::{self, Delivered, DeliveryError, Event, EventSink, Relay};
use stoa_store::{Store, StoreError, Tx, idempotency, params};

use crate::engines::{Bed, on_both_engines};

const DAY: Duration = Duration::from_hours(24);

/// A subscriber that takes everything, or nothing for ever.
struct Sink {
    name: &'static str,
    takes: bool,
}

#[async_trait]
impl EventSink for Sink {
    fn name(&self) -> &str {
        self.name
    }
    async fn deliver(&self, _: &Delivered) -> Result<(), DeliveryError> {
        if self.takes { Ok(()) } else { Err(DeliveryError::never("not for me")) }
    }
}

fn sinks(names: &[(&'static str, bool)]) -> Vec<Arc<dyn EventSink>> {
    names.iter().map(|(name, takes)| Arc::new(Sink { name, takes: *takes }) as Arc<dyn EventSink>).collect()
}

async fn publish(store: &Store) {
    let write = async |tx: &mut Tx<'_>| {
        let event = Event::new(tx, "stoa.test.thing.created.v1", "/test", &Tenant::default(), json!({}));
        outbox::publish(tx, &event).await
    };
    store.write(write).await.unwrap();
}

async fn enter(store: &Store, name: &'static str) {
    let sql = "INSERT INTO stoa_subscriber (name, mark, seq, created_at) VALUES ($1, -1, -1, 0)";
    store.write::<_, _, StoreError>(async move |tx: &mut Tx<'_>| tx.execute(sql, params![name]).await).await.unwrap();
}

async fn count(store: &Store, sql: &'static str) -> i64 {
    store.read::<_, _, StoreError>(async move |tx: &mut Tx<'_>| tx.get::<(i64,)>(sql, params![]).await).await.unwrap().0
}

async fn events(store: &Store) -> i64 {
    count(store, "SELECT count(*) FROM stoa_event").await
}

/// Runs the housekeeping of a node with these subscribers once, as a job.
async fn keep_house(bed: &Bed, sinks: &[Arc<dyn EventSink>]) {
    let housekeeping = Housekeeping::new(bed.store.clone(), sinks, HousekeepingOptions::default());
    let runner = JobRunner::new(bed.store.clone(), vec![Arc::new(housekeeping)]);
    runner.prepare().await.unwrap();
    bed.clock.advance(Duration::from_hours(1));
    assert_eq!(runner.drain().await.unwrap(), 1);
    let failures = count(&bed.store, "SELECT count(*) FROM stoa_job WHERE last_error IS NOT NULL AND state <> 'dead'");
    assert_eq!(failures.await, 0);
}

async fn events_and_keys_go_when_everybody_is_done_with_them(bed: Bed) {
    let sinks = sinks(&[("takes", true)]);
    let relay = Relay::new(bed.store.clone(), sinks.clone());
    publish(&bed.store).await;
    bed.store
        .write(async |tx: &mut Tx<'_>| idempotency::begin(tx, "scope", "key", &[0; 32]).await.map(drop))
        .await
        .unwrap();
    enter(&bed.store, "takes").await;
    let keys = "SELECT count(*) FROM stoa_idempotency";
    keep_house(&bed, &sinks).await;
    assert_eq!((events(&bed.store).await, count(&bed.store, keys).await), (1, 1));
    bed.clock.advance(DAY * 8);
    keep_house(&bed, &sinks).await;
    assert_eq!((events(&bed.store).await, count(&bed.store, keys).await), (1, 0), "a subscriber is behind");
    relay.drain().await.unwrap();
    for _ in 0..1200 {
        publish(&bed.store).await;
    }
    keep_house(&bed, &sinks).await;
    assert_eq!(events(&bed.store).await, 1200, "the old one goes, the young ones stay for those who come later");
    relay.drain().await.unwrap();
    bed.clock.advance(DAY * 8);
    publish(&bed.store).await;
    relay.drain().await.unwrap();
    keep_house(&bed, &sinks).await;
    assert_eq!(events(&bed.store).await, 1);
}

/// Events are looked at in their order up to the first that is young: not all of them, each hour, by the one writer.
async fn the_look_for_old_events_ends_at_the_first_young_one(bed: Bed) {
    bed.clock.advance(DAY * 10);
    publish(&bed.store).await;
    bed.clock.set(crate::engines::START);
    publish(&bed.store).await;
    bed.clock.set(crate::engines::START.plus(DAY * 10));
    keep_house(&bed, &[]).await;
    assert_eq!(events(&bed.store).await, 2, "what a clock that was set back left behind waits for those before it");
    bed.clock.advance(DAY * 8);
    keep_house(&bed, &[]).await;
    assert_eq!(events(&bed.store).await, 0);
}

/// A subscriber that this program does not have, and that nobody has served for a month, holds up nothing for ever. One
/// that it has is never forgotten, however long the node was off.
async fn a_subscriber_that_is_gone_is_forgotten(bed: Bed) {
    let here = sinks(&[("here", true)]);
    enter(&bed.store, "here").await;
    enter(&bed.store, "gone").await;
    publish(&bed.store).await;
    bed.clock.advance(DAY * 20);
    Relay::new(bed.store.clone(), here.clone()).drain().await.unwrap();
    keep_house(&bed, &here).await;
    assert_eq!(events(&bed.store).await, 1, "it may be another node's");
    bed.clock.advance(DAY * 20);
    keep_house(&bed, &here).await;
    assert_eq!(events(&bed.store).await, 0);
    let left = "SELECT count(*) FROM stoa_subscriber";
    assert_eq!(count(&bed.store, left).await, 1);

    publish(&bed.store).await;
    bed.clock.advance(DAY * 100);
    keep_house(&bed, &here).await;
    assert_eq!((events(&bed.store).await, count(&bed.store, left).await), (1, 1));
}

/// Dead letters are there for people, for a long time, not for ever; an event stays as long as a letter about it.
async fn dead_letters_do_not_stay_for_ever(bed: Bed) {
    struct Fails;
    #[async_trait]
    impl JobHandler for Fails {
        fn kind(&self) -> &'static str {
            "test.fails"
        }
        async fn run(&self, _: &Job) -> Result<(), JobError> {
            Err(JobError::never("no"))
        }
    }
    let refuses = sinks(&[("refuses", false)]);
    publish(&bed.store).await;
    Relay::new(bed.store.clone(), refuses.clone()).drain().await.unwrap();
    let write = async |tx: &mut Tx<'_>| jobs::enqueue(tx, NewJob::new("test.fails", &json!({}))).await.map(drop);
    bed.store.write(write).await.unwrap();
    JobRunner::new(bed.store.clone(), vec![Arc::new(Fails)]).drain().await.unwrap();
    let letters = "SELECT (SELECT count(*) FROM stoa_delivery) + (SELECT count(*) FROM stoa_job WHERE state = 'dead')";
    bed.clock.advance(DAY * 80);
    keep_house(&bed, &refuses).await;
    assert_eq!((events(&bed.store).await, count(&bed.store, letters).await), (1, 2));
    bed.clock.advance(DAY * 20);
    keep_house(&bed, &refuses).await;
    assert_eq!((events(&bed.store).await, count(&bed.store, letters).await), (0, 0));
}

on_both_engines!(
    events_and_keys_go_when_everybody_is_done_with_them,
    the_look_for_old_events_ends_at_the_first_young_one,
    a_subscriber_that_is_gone_is_forgotten,
    dead_letters_do_not_stay_for_ever,
);
