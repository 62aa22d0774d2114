//! The outbox: with its change or not at all, at least once, and never lost to a subscriber that fails.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use stoa_core::Tenant;
use stoa_store::outbox::{
    self, Delivered, DeliveryError, Event, EventSink, Pass, Relay, RelayOptions, Retried, StartAt,
};
use stoa_store::{Store, StoreError, Tx};

use crate::engines::{Bed, on_both_engines};

/// A subscriber that notes what it gets and fails where the test says so.
struct Sink {
    name: &'static str,
    start: StartAt,
    seen: Mutex<Vec<(String, u32)>>,
    fails: Mutex<Option<DeliveryError>>,
}

impl Sink {
    fn new(name: &'static str) -> Arc<Self> {
        Arc::new(Self { name, start: StartAt::Oldest, seen: Mutex::default(), fails: Mutex::default() })
    }

    fn fail(&self, error: Option<DeliveryError>) {
        *self.fails.lock().unwrap() = error;
    }

    fn seen(&self) -> Vec<(String, u32)> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

#[async_trait]
impl EventSink for Sink {
    fn name(&self) -> &str {
        self.name
    }
    fn start_at(&self) -> StartAt {
        self.start
    }
    fn wants(&self, event: &Event) -> bool {
        event.type_ != "stoa.test.ignored.v1"
    }
    async fn deliver(&self, event: &Delivered) -> Result<(), DeliveryError> {
        let subject = event.event.subject.clone().unwrap_or_default();
        self.seen.lock().unwrap().push((subject.clone(), event.attempt));
        match &*self.fails.lock().unwrap() {
            Some(error) if subject.starts_with("bad") => Err(error.clone()),
            _ => Ok(()),
        }
    }
}

async fn publish(store: &Store, type_: &'static str, subject: &'static str) {
    store
        .write(async move |tx: &mut Tx<'_>| {
            let event = Event::new(tx, type_, "/test", &Tenant::default(), json!({"n": 1})).subject(subject);
            outbox::publish(tx, &event).await
        })
        .await
        .unwrap();
}

const CREATED: &str = "stoa.test.thing.created.v1";

fn relay(store: &Store, sinks: &[&Arc<Sink>]) -> Relay {
    let sinks = sinks.iter().map(|sink| Arc::clone(sink) as Arc<dyn EventSink>).collect();
    Relay::new(store.clone(), sinks)
}

fn firsts(subjects: &[&str]) -> Vec<(String, u32)> {
    subjects.iter().map(|subject| ((*subject).to_owned(), 1)).collect()
}

/// Events reach each subscriber in order, once while all goes well, and a rolled-back one reaches nobody.
async fn events_follow_their_commits(bed: Bed) {
    let (one, two) = (Sink::new("one"), Sink::new("two"));
    let relay = relay(&bed.store, &[&one, &two]);
    publish(&bed.store, CREATED, "a").await;
    publish(&bed.store, "stoa.test.ignored.v1", "nobody wants it").await;
    publish(&bed.store, CREATED, "b").await;
    let refused: Result<(), StoreError> = bed
        .store
        .write(async |tx: &mut Tx<'_>| {
            let event = Event::new(tx, CREATED, "/test", &Tenant::default(), json!({})).subject("rolled back");
            outbox::publish(tx, &event).await?;
            Err(StoreError::NoRow)
        })
        .await;
    assert!(refused.is_err());
    assert_eq!(relay.drain().await.unwrap(), Pass { delivered: 4, ..Pass::default() });
    assert_eq!(one.seen(), firsts(&["a", "b"]));
    assert_eq!(two.seen(), firsts(&["a", "b"]));
    assert_eq!(relay.drain().await.unwrap(), Pass::default());
    publish(&bed.store, CREATED, "c").await;
    relay.drain().await.unwrap();
    assert_eq!(one.seen(), firsts(&["c"]));
}

/// A failing event waits with growing pauses and holds up nobody; in the end it is a dead letter that people retry.
async fn a_refused_event_is_retried_and_becomes_a_dead_letter(bed: Bed) {
    let sink = Sink::new("sink");
    let relay = relay(&bed.store, &[&sink]);
    sink.fail(Some(DeliveryError::later("away")));
    publish(&bed.store, CREATED, "bad").await;
    publish(&bed.store, CREATED, "good").await;
    assert_eq!(relay.drain().await.unwrap(), Pass { delivered: 1, failed: 1, ..Pass::default() });
    assert_eq!(sink.seen(), firsts(&["bad", "good"]));
    assert_eq!(relay.drain().await.unwrap(), Pass::default(), "its time has not come");

    let mut attempts = 1;
    let dead = loop {
        bed.clock.advance(Duration::from_mins(15));
        let pass = relay.drain().await.unwrap();
        attempts += 1;
        assert_eq!(sink.seen(), [("bad".to_owned(), attempts)]);
        if pass.dead == 1 {
            break bed.store.read(async |tx: &mut Tx<'_>| outbox::dead_letters(tx, None, 0, 10).await).await.unwrap();
        }
    };
    assert_eq!(attempts, 12);
    assert_eq!((dead.len(), dead[0].attempts, dead[0].last_error.as_str()), (1, 12, "away"));
    assert_eq!(dead[0].type_, CREATED);

    bed.clock.advance(Duration::from_hours(100));
    assert_eq!(relay.drain().await.unwrap(), Pass::default(), "a dead letter rests");
    sink.fail(None);
    let sequence = dead[0].sequence;
    let retry = async move |tx: &mut Tx<'_>| outbox::retry(tx, "sink", sequence).await;
    assert_eq!(bed.store.write(retry).await.unwrap(), Retried::Yes);
    assert_eq!(relay.drain().await.unwrap(), Pass { delivered: 1, ..Pass::default() });
    assert_eq!(sink.seen(), firsts(&["bad"]));
    assert_eq!(bed.store.write(retry).await.unwrap(), Retried::NotThere);

    sink.fail(Some(DeliveryError::never("not for me")));
    publish(&bed.store, CREATED, "bad too").await;
    assert_eq!(relay.drain().await.unwrap().dead, 1, "what is hopeless is not tried again");
    let dropped = bed
        .store
        .write(async |tx: &mut Tx<'_>| {
            let dead = outbox::dead_letters(tx, Some("sink"), 0, 10).await?;
            outbox::discard(tx, "sink", dead[0].sequence).await
        })
        .await
        .unwrap();
    assert!(dropped);
}

/// While a subscriber is down, only so many events are tried and noted one by one; the rest waits in the outbox.
async fn a_subscriber_that_is_down_is_not_flooded(bed: Bed) {
    let sink = Sink::new("down");
    let options = RelayOptions { pending_max: 3, ..RelayOptions::default() };
    let relay = Relay::with_options(bed.store.clone(), vec![Arc::clone(&sink) as Arc<dyn EventSink>], options);
    sink.fail(Some(DeliveryError::later("down")));
    for _ in 0..6 {
        publish(&bed.store, CREATED, "bad").await;
    }
    relay.drain().await.unwrap();
    assert_eq!(sink.seen().len(), 3);
    sink.fail(None);
    bed.clock.advance(Duration::from_mins(1));
    relay.drain().await.unwrap();
    assert_eq!(sink.seen().len(), 6, "three again, and the three that waited");
}

/// A new subscriber begins with the oldest event that is kept, or with the next one.
async fn subscribers_come_late(bed: Bed) {
    publish(&bed.store, CREATED, "early").await;
    let all = Sink::new("all");
    let now = Arc::new(Sink { start: StartAt::Now, ..Arc::into_inner(Sink::new("now")).unwrap() });
    // On a server that others use too, an event is old only when every transaction that began before it has ended: it is
    // delivered then.
    let settled = Sink::new("settled");
    let first = relay(&bed.store, &[&settled]);
    while settled.seen().is_empty() {
        first.drain().await.unwrap();
    }
    let relay = relay(&bed.store, &[&all, &now]);
    relay.drain().await.unwrap();
    publish(&bed.store, CREATED, "late").await;
    let (mut by_all, mut by_now) = (Vec::new(), Vec::new());
    while by_all.len() < 2 || by_now.is_empty() {
        relay.drain().await.unwrap();
        by_all.extend(all.seen());
        by_now.extend(now.seen());
    }
    assert_eq!(by_all, firsts(&["early", "late"]));
    assert_eq!(by_now, firsts(&["late"]));
}

/// An older transaction that is still open when a subscriber comes may commit afterwards: its event is not passed over.
async fn a_new_subscriber_misses_nobody_who_was_on_the_way(bed: Bed) {
    let stoa_store::Engine::Postgres { url, schema } = bed.options().engine else { return };
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let begin = format!(
        "SET search_path = {schema}; BEGIN;
         INSERT INTO stoa_event (mark, id, type, source, subject, tenant, time, data)
         VALUES (pg_current_xact_id()::text::bigint, '\\x018f0000000070008000000000000001', '{CREATED}', '/test',
                 'on the way', 'default', 0, '{{}}')"
    );
    client.batch_execute(&begin).await.unwrap();
    publish(&bed.store, CREATED, "before").await;

    let now = Arc::new(Sink { start: StartAt::Now, ..Arc::into_inner(Sink::new("now")).unwrap() });
    let relay = relay(&bed.store, &[&now]);
    relay.pass().await.unwrap();
    client.batch_execute("COMMIT").await.unwrap();
    publish(&bed.store, CREATED, "after").await;
    relay.drain().await.unwrap();
    let seen: Vec<String> = now.seen().into_iter().map(|(subject, _)| subject).collect();
    assert!(seen.contains(&"on the way".to_owned()) && seen.contains(&"after".to_owned()), "{seen:?}");
}

/// A subscriber that panics is one that fails: others get their events, and it gets its own again.
async fn a_subscriber_that_panics_stops_nobody(bed: Bed) {
    struct Panics(Mutex<u32>);
    #[async_trait]
    impl EventSink for Panics {
        fn name(&self) -> &'static str {
            "panics"
        }
        fn wants(&self, event: &Event) -> bool {
            assert_ne!(event.subject.as_deref(), Some("unwanted"), "on purpose, in the choice");
            true
        }
        async fn deliver(&self, _: &Delivered) -> Result<(), DeliveryError> {
            let mut times = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            *times += 1;
            assert!(*times > 1, "on purpose, in the delivery");
            Ok(())
        }
    }
    let sink = Sink::new("calm");
    let sinks: Vec<Arc<dyn EventSink>> = vec![Arc::new(Panics(Mutex::new(0))), Arc::clone(&sink) as _];
    let relay = Relay::new(bed.store.clone(), sinks);
    publish(&bed.store, CREATED, "one").await;
    publish(&bed.store, CREATED, "unwanted").await;
    publish(&bed.store, CREATED, "two").await;
    let pass = relay.drain().await.unwrap();
    assert_eq!((pass.delivered, pass.failed), (4, 2));
    assert_eq!(sink.seen(), firsts(&["one", "unwanted", "two"]));
    bed.clock.advance(Duration::from_secs(5));
    let pass = relay.drain().await.unwrap();
    assert_eq!((pass.delivered, pass.failed), (1, 1), "the one goes now, the other is tried again");
}

/// A row that cannot be read is a dead letter for people to look at, and holds up nobody.
async fn an_unreadable_event_becomes_a_dead_letter(bed: Bed) {
    let sink = Sink::new("sink");
    let relay = relay(&bed.store, &[&sink]);
    publish(&bed.store, CREATED, "a").await;
    publish(&bed.store, CREATED, "b").await;
    let damage = async |tx: &mut Tx<'_>| {
        tx.execute("UPDATE stoa_event SET data = 'no JSON' WHERE subject = 'a'", stoa_store::params![]).await
    };
    bed.store.write::<_, _, StoreError>(damage).await.unwrap();
    assert_eq!(relay.drain().await.unwrap(), Pass { delivered: 1, dead: 1, ..Pass::default() });
    assert_eq!(sink.seen(), firsts(&["b"]));
    let dead = bed.store.read(async |tx: &mut Tx<'_>| outbox::dead_letters(tx, None, 0, 10).await).await.unwrap();
    assert!(dead[0].last_error.contains("cannot be read"), "{dead:?}");
}

/// Two nodes share a database: one of them serves a subscriber; when it dies the other takes over and delivers again
/// what was not noted.
async fn another_node_takes_over(bed: Bed) {
    let (here, there) = (Sink::new("shared"), Sink::new("shared"));
    let first = relay(&bed.store, &[&here]);
    let second = relay(&bed.other_node().await, &[&there]);
    publish(&bed.store, CREATED, "a").await;
    first.drain().await.unwrap();
    publish(&bed.store, CREATED, "b").await;
    second.drain().await.unwrap();
    assert_eq!(here.seen(), firsts(&["a"]));
    if bed.is_shared() {
        assert_eq!(there.seen(), [], "the first node holds the lease");
        bed.clock.advance(Duration::from_secs(31));
        second.drain().await.unwrap();
    }
    assert_eq!(there.seen(), firsts(&["b"]));
}

/// The running relay is woken by the commit, long before it would look by itself, and stops when told to.
async fn a_commit_wakes_the_relay(bed: Bed) {
    let sink = Sink::new("woken");
    let options = RelayOptions { poll: Duration::from_hours(1), ..RelayOptions::default() };
    let relay = Relay::with_options(bed.store.clone(), vec![Arc::clone(&sink) as Arc<dyn EventSink>], options);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(async move {
        relay
            .run(async {
                let _ = stopped.await;
            })
            .await;
    });
    for round in 0..20 {
        publish(&bed.store, CREATED, "woken").await;
        let until = std::time::Instant::now() + Duration::from_secs(20);
        while sink.seen.lock().unwrap().len() <= round {
            assert!(std::time::Instant::now() < until, "the relay sleeps on");
            tokio::task::yield_now().await;
        }
    }
    stop.send(()).unwrap();
    running.await.unwrap();
    assert_eq!(sink.seen(), firsts(&["woken"; 20]));
}

/// The event on the wire is one of CloudEvents 1.0.
async fn the_json_is_a_cloud_event(bed: Bed) {
    let json = bed
        .store
        .write(async |tx: &mut Tx<'_>| {
            let event = Event::new(tx, CREATED, "/test", &Tenant::default(), json!({"record": 1}))
                .subject("things/1")
                .actor("key:1")
                .correlation(Some("c1"))
                .traceparent(Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
            Ok::<_, StoreError>(Delivered { event, sequence: 7, attempt: 1 }.to_json())
        })
        .await
        .unwrap();
    assert_eq!(json["specversion"], "1.0");
    assert_eq!(json["type"], CREATED);
    assert_eq!(json["time"], "2026-11-24T10:00:00Z");
    assert_eq!(json["sequence"], "00000000000000000007");
    assert_eq!(json["data"], json!({"record": 1}));
    assert_eq!(json["traceparent"], "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let names: Vec<_> = json.as_object().unwrap().keys().collect();
    assert!(names.iter().all(|name| name.bytes().all(|b| b.is_ascii_lowercase())), "CloudEvents 1.0 §3.1: {names:?}");
}

on_both_engines!(
    events_follow_their_commits,
    a_refused_event_is_retried_and_becomes_a_dead_letter,
    a_subscriber_that_is_down_is_not_flooded,
    subscribers_come_late,
    a_new_subscriber_misses_nobody_who_was_on_the_way,
    a_subscriber_that_panics_stops_nobody,
    an_unreadable_event_becomes_a_dead_letter,
    another_node_takes_over,
    a_commit_wakes_the_relay,
    the_json_is_a_cloud_event,
);
