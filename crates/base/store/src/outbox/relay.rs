//! The relay: carries committed events from the outbox to their subscribers.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tokio::sync::watch;

use super::event::{COLUMNS, Delivered, Event, Stored};
use crate::backoff::Backoff;
use crate::leases::{self, Lease};
use crate::unit::words;
use crate::wake::Topic;
use crate::{Store, StoreError, Tx, params};

/// The longest text that is kept of a failure.
const ERROR_CHARS_MAX: usize = 500;
/// How soon to look again at events whose neighbours in the order of commits are not decided yet.
const UNSETTLED_PAUSE: Duration = Duration::from_millis(20);
/// Before all events.
const BEGINNING: (i64, i64) = (-1, -1);
/// How often a drain looks again at such events before it gives up.
const DRAIN_LOOKS_MAX: u32 = 500;

/// Somebody who wants events.
#[async_trait]
pub trait EventSink: Send + Sync + 'static {
    /// The subscriber's name. Its place in the outbox is kept under it: it stays the same for ever.
    fn name(&self) -> &str;

    /// Where a subscriber begins that the database does not know yet.
    fn start_at(&self) -> StartAt {
        StartAt::Oldest
    }

    /// Whether this event is for it; others are passed over.
    fn wants(&self, _event: &Event) -> bool {
        true
    }

    /// Takes an event. It may come again, also after `Ok` (when the node dies before it notes the success).
    async fn deliver(&self, event: &Delivered) -> Result<(), DeliveryError>;
}

/// Where a new subscriber begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartAt {
    /// With the oldest event that is still kept.
    Oldest,
    /// With the first event that is committed from now on; on PostgreSQL it may get some that were committed at the same
    /// moment too.
    Now,
}

/// Why a subscriber did not take an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct DeliveryError {
    /// For the operator; no personal values.
    pub reason: String,
    /// Whether trying again can help.
    pub hopeless: bool,
}

impl DeliveryError {
    /// Away or failing: try again later.
    pub fn later(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), hopeless: false }
    }

    /// Refused for good: make it a dead letter right away.
    pub fn never(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), hopeless: true }
    }
}

/// How a relay works.
#[derive(Debug, Clone)]
pub struct RelayOptions {
    /// Events that are read at a time.
    pub batch: u32,
    /// When to try again.
    pub backoff: Backoff,
    /// How long one delivery may take.
    pub delivery_timeout: Duration,
    /// How long a node keeps a subscriber to itself without renewing; at least twice the time of a delivery.
    pub lease: Duration,
    /// How often to look for what other nodes have committed and for what is due again.
    pub poll: Duration,
    /// Events that wait for another attempt before new ones are held back: the subscriber is down then.
    pub pending_max: u32,
}

impl Default for RelayOptions {
    fn default() -> Self {
        Self {
            batch: 200,
            backoff: Backoff::default(),
            delivery_timeout: Duration::from_secs(10),
            lease: Duration::from_secs(30),
            poll: Duration::from_secs(1),
            pending_max: 1000,
        }
    }
}

/// What one [`Relay::pass`] did for all subscribers together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pass {
    /// Events that were taken.
    pub delivered: u64,
    /// Events that were not taken and will be tried again.
    pub failed: u64,
    /// Events that became dead letters.
    pub dead: u64,
    /// Whether there may be more to do right away.
    pub more: bool,
    /// Whether events are committed that an older transaction, still running, may get in front of.
    pub unsettled: bool,
}

impl Pass {
    fn add(self, other: Self) -> Self {
        Self {
            delivered: self.delivered + other.delivered,
            failed: self.failed + other.failed,
            dead: self.dead + other.dead,
            more: self.more || other.more,
            unsettled: self.unsettled || other.unsettled,
        }
    }
}

/// Delivers the events of one store to its subscribers.
pub struct Relay {
    store: Store,
    sinks: Vec<Arc<dyn EventSink>>,
    options: RelayOptions,
}

/// What one look into the outbox found for one subscriber.
struct Due {
    retries: Vec<(Stored, u32)>,
    fresh: Vec<Stored>,
    more: bool,
    unsettled: bool,
}

/// What is to be noted about one event.
#[derive(Clone)]
struct Note {
    sequence: i64,
    attempts: u32,
    was_pending: bool,
    outcome: Outcome,
}

#[derive(Clone)]
enum Outcome {
    Taken,
    /// It is not for this subscriber.
    NotWanted,
    Later(Duration, String),
    Dead(String),
}

impl Relay {
    /// A relay with the usual options.
    pub fn new(store: Store, sinks: Vec<Arc<dyn EventSink>>) -> Self {
        Self::with_options(store, sinks, RelayOptions::default())
    }

    /// A relay.
    pub fn with_options(store: Store, sinks: Vec<Arc<dyn EventSink>>, options: RelayOptions) -> Self {
        Self { store, sinks, options }
    }

    /// Delivers until `stop` resolves; then finishes the deliveries in flight and returns.
    pub async fn run(&self, stop: impl Future<Output = ()> + Send) {
        let (stopping, stopped) = watch::channel(false);
        let sinks = join_all(self.sinks.iter().map(|sink| self.serve(sink, stopped.clone())));
        let signal = async {
            stop.await;
            let _ = stopping.send(true); // nobody listens when there are no subscribers
        };
        tokio::join!(sinks, signal);
    }

    /// Delivers everything that is due now, and returns what was done; for tests, and before a node is taken away. Waits
    /// for transactions that are older than a committed event, but not for ever.
    pub async fn drain(&self) -> Result<Pass, StoreError> {
        let mut sum = Pass::default();
        let mut patience = DRAIN_LOOKS_MAX;
        loop {
            let pass = self.pass().await?;
            sum = Pass { more: false, unsettled: pass.unsettled, ..sum.add(pass) };
            if pass.unsettled && patience > 0 {
                patience -= 1;
                tokio::time::sleep(UNSETTLED_PAUSE).await;
            } else if !pass.more {
                return Ok(sum);
            }
        }
    }

    /// One round over all subscribers: what is due now is delivered, up to a batch each.
    pub async fn pass(&self) -> Result<Pass, StoreError> {
        let mut sum = Pass::default();
        for sink in &self.sinks {
            sum = sum.add(self.pass_for(sink, &mut None, None).await?);
        }
        Ok(sum)
    }

    /// Each subscriber has a loop of its own, so that a slow one holds up nobody else.
    async fn serve(&self, sink: &Arc<dyn EventSink>, mut stopped: watch::Receiver<bool>) {
        let mut commits = self.store.wakes(Topic::Outbox);
        let mut lease = None;
        while !*stopped.borrow() {
            commits.mark_unchanged();
            let pass = self.pass_for(sink, &mut lease, Some(&stopped)).await.unwrap_or_else(|error| {
                tracing::warn!(subscriber = sink.name(), %error, "the outbox could not be relayed; trying again");
                Pass::default()
            });
            if pass.more {
                continue;
            }
            let pause = if pass.unsettled { UNSETTLED_PAUSE } else { self.options.poll };
            tokio::select! {
                _ = stopped.changed() => {}
                _ = commits.changed() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        if let Some(lease) = lease {
            let released: Result<(), StoreError> =
                self.store.write(async move |tx| leases::release(tx, &lease).await).await;
            if let Err(error) = released {
                tracing::debug!(subscriber = sink.name(), %error, "the lease was not given back; it will end by itself");
            }
        }
    }

    async fn pass_for(
        &self,
        sink: &Arc<dyn EventSink>,
        lease: &mut Option<Lease>,
        stopped: Option<&watch::Receiver<bool>>,
    ) -> Result<Pass, StoreError> {
        if !self.is_due(sink).await? {
            return Ok(Pass::default());
        }
        let Some(held) = self.hold(sink, lease).await? else { return Ok(Pass::default()) };
        let due = self.find_due(sink).await?;
        let mut pass = Pass { more: due.more, unsettled: due.unsettled, ..Pass::default() };
        let mut notes = Vec::new();
        let mut cursor = None;
        // Half of the lease is for delivering; the other half is left for the last delivery and for the notes.
        let enough = self.store.clock().now().plus(self.options.lease / 2);
        let late = |now| now > enough || stopped.is_some_and(|stopped| *stopped.borrow());
        for (stored, tried) in due.retries {
            if late(self.store.clock().now()) {
                break;
            }
            let outcome = self.deliver(sink, &stored, tried + 1).await;
            notes.push(Note { sequence: stored.seq, attempts: tried + 1, was_pending: true, outcome });
        }
        for stored in due.fresh {
            if late(self.store.clock().now()) {
                pass.more = true;
                break;
            }
            cursor = Some((stored.mark, stored.seq));
            let outcome = self.deliver(sink, &stored, 1).await;
            if !matches!(outcome, Outcome::NotWanted) {
                notes.push(Note { sequence: stored.seq, attempts: 1, was_pending: false, outcome });
            }
        }
        for note in &notes {
            match note.outcome {
                Outcome::Taken => pass.delivered += 1,
                Outcome::NotWanted => {}
                Outcome::Later(..) => pass.failed += 1,
                Outcome::Dead(_) => pass.dead += 1,
            }
        }
        if cursor.is_some() || !notes.is_empty() {
            let name = sink.name().to_owned();
            self.store.write(async move |tx| note_down(tx, &held, &name, cursor, &notes).await).await?;
        }
        Ok(pass)
    }

    /// A cheap look, so that an idle subscriber costs no writing.
    async fn is_due(&self, sink: &Arc<dyn EventSink>) -> Result<bool, StoreError> {
        let name = sink.name().to_owned();
        self.store
            .peek(async move |tx| {
                let now = tx.now();
                if is_behind(tx, &name, None).await? {
                    return Ok(true);
                }
                let again: Option<(i64,)> = tx
                    .find(
                        "SELECT 1 FROM stoa_delivery
                         WHERE subscriber = $1 AND dead_at IS NULL AND next_at <= $2 LIMIT 1",
                        params![name, now],
                    )
                    .await?;
                Ok(again.is_some())
            })
            .await
    }

    /// Keeps the subscriber to this node: takes or renews the lease when less than three quarters of it are left, and
    /// enters a subscriber that is new.
    async fn hold(&self, sink: &Arc<dyn EventSink>, lease: &mut Option<Lease>) -> Result<Option<Lease>, StoreError> {
        let now = self.store.clock().now();
        if let Some(held) = lease
            && held.until > now.plus(self.options.lease * 3 / 4)
        {
            return Ok(Some(held.clone()));
        }
        let name = sink.name().to_owned();
        let holder = self.store.node().to_owned();
        let lasts = self.options.lease;
        let start = sink.start_at();
        *lease = self
            .store
            .write(async move |tx| {
                let held = leases::acquire(tx, &format!("outbox:{name}"), &holder, lasts).await?;
                if held.is_some() {
                    enter(tx, &name, start).await?;
                }
                Ok::<_, StoreError>(held)
            })
            .await?;
        Ok(lease.clone())
    }

    async fn find_due(&self, sink: &Arc<dyn EventSink>) -> Result<Due, StoreError> {
        let name = sink.name().to_owned();
        let batch = self.options.batch;
        let pending_max = i64::from(self.options.pending_max);
        self.store
            .peek(async move |tx| {
                let now = tx.now();
                let retries: Vec<Again> = tx
                    .rows(
                        &format!(
                            "SELECT {COLUMNS}, d.attempts FROM stoa_delivery d JOIN stoa_event e ON e.seq = d.event_seq
                             WHERE d.subscriber = $1 AND d.dead_at IS NULL AND d.next_at <= $2
                             ORDER BY d.next_at LIMIT $3"
                        ),
                        params![name, now, batch],
                    )
                    .await?;
                let (pending,): (i64,) = tx
                    .get("SELECT count(*) FROM stoa_delivery WHERE subscriber = $1 AND dead_at IS NULL", params![name])
                    .await?;
                let settled = tx.settled_mark().await?;
                let room = u32::try_from(pending_max - pending).unwrap_or(0).min(batch);
                let fresh: Vec<Stored> = if room == 0 {
                    Vec::new()
                } else {
                    tx.rows(
                        &format!(
                            "SELECT {COLUMNS} FROM stoa_event e, stoa_subscriber s
                             WHERE s.name = $1 AND (e.mark, e.seq) > (s.mark, s.seq) AND e.mark < $2
                             ORDER BY e.mark, e.seq LIMIT $3"
                        ),
                        params![name, settled, room],
                    )
                    .await?
                };
                // Retries may make room for events that are held back now.
                let more = if room == 0 {
                    !retries.is_empty()
                } else {
                    retries.len() == batch as usize || fresh.len() == room as usize
                };
                let unsettled = fresh.len() < room as usize && {
                    let seen = fresh.last().map(|stored| (stored.mark, stored.seq));
                    is_behind(tx, &name, seen).await?
                };
                Ok(Due {
                    unsettled,
                    retries: retries.into_iter().map(|again| (again.0, again.1)).collect(),
                    fresh,
                    more,
                })
            })
            .await
    }

    async fn deliver(&self, sink: &Arc<dyn EventSink>, stored: &Stored, attempt: u32) -> Outcome {
        let event = match &stored.event {
            Ok(event) => event.clone(),
            Err(error) => return dead(sink, stored.seq, error.to_string()),
        };
        let seed = event.id;
        let delivered = Delivered { event, sequence: stored.seq, attempt };
        let offered = AssertUnwindSafe(async {
            if sink.wants(&delivered.event) { Some(sink.deliver(&delivered).await) } else { None }
        });
        // A subscriber that panics is one that fails: it ends neither its own loop nor those of the others.
        let result = tokio::time::timeout(self.options.delivery_timeout, offered.catch_unwind()).await;
        let error = match result {
            Ok(Ok(None)) => return Outcome::NotWanted,
            Ok(Ok(Some(Ok(())))) => return Outcome::Taken,
            Ok(Ok(Some(Err(error)))) => error,
            Ok(Err(panic)) => DeliveryError::later(format!("it panicked: {}", words(&*panic))),
            Err(_) => DeliveryError::later(format!("no answer within {:?}", self.options.delivery_timeout)),
        };
        match self.options.backoff.pause(attempt, seed.as_bytes()) {
            Some(pause) if !error.hopeless => Outcome::Later(pause, shortened(&error.reason)),
            _ => dead(sink, stored.seq, error.reason),
        }
    }
}

fn dead(sink: &Arc<dyn EventSink>, sequence: i64, reason: impl Into<String>) -> Outcome {
    let reason = shortened(&reason.into());
    tracing::warn!(subscriber = sink.name(), sequence, reason, "an event became a dead letter");
    Outcome::Dead(reason)
}

fn shortened(reason: &str) -> String {
    reason.chars().take(ERROR_CHARS_MAX).collect()
}

struct Again(Stored, u32);
impl crate::FromRow for Again {
    fn from_row(row: &crate::Row) -> Result<Self, StoreError> {
        Ok(Self(Stored::from_row(row)?, row.get::<i64>(12)?.try_into().unwrap_or(u32::MAX)))
    }
}

/// Whether events stand behind `seen` (or else behind the subscriber's place), or the subscriber has no place yet.
async fn is_behind(tx: &mut Tx<'_>, name: &str, seen: Option<(i64, i64)>) -> Result<bool, StoreError> {
    let place = match seen {
        Some(seen) => Some(seen),
        None => tx.find("SELECT mark, seq FROM stoa_subscriber WHERE name = $1", params![name]).await?,
    };
    let Some((mark, seq)) = place else { return Ok(true) };
    let fresh: Option<(i64,)> =
        tx.find("SELECT 1 FROM stoa_event WHERE (mark, seq) > ($1, $2) LIMIT 1", params![mark, seq]).await?;
    Ok(fresh.is_some())
}

/// Enters a subscriber that the database does not know yet.
async fn enter(tx: &mut Tx<'_>, name: &str, start: StartAt) -> Result<(), StoreError> {
    let now = tx.now();
    let place = match start {
        StartAt::Oldest => BEGINNING,
        StartAt::Now => {
            let last = "SELECT mark, seq FROM stoa_event ORDER BY mark DESC, seq DESC LIMIT 1";
            let last: (i64, i64) = tx.find(last, &[]).await?.unwrap_or(BEGINNING);
            // What an older transaction still has open may be committed afterwards.
            last.min((tx.settled_mark().await? - 1, i64::MAX))
        }
    };
    tx.execute(
        "INSERT INTO stoa_subscriber (name, mark, seq, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (name) DO NOTHING",
        params![name, place.0, place.1, now],
    )
    .await?;
    Ok(())
}

/// Notes what became of the deliveries. Where the lease was lost meanwhile nothing is noted: the node that took it
/// delivers again.
async fn note_down(
    tx: &mut Tx<'_>,
    lease: &Lease,
    subscriber: &str,
    cursor: Option<(i64, i64)>,
    notes: &[Note],
) -> Result<(), StoreError> {
    if !leases::holds(tx, lease).await? {
        return Ok(());
    }
    let now = tx.now();
    if let Some((mark, seq)) = cursor {
        tx.execute(
            "UPDATE stoa_subscriber SET mark = $2, seq = $3 WHERE name = $1 AND (mark, seq) < ($2, $3)",
            params![subscriber, mark, seq],
        )
        .await?;
    }
    for note in notes {
        let (next_at, dead_at, reason) = match &note.outcome {
            Outcome::Taken | Outcome::NotWanted => {
                if note.was_pending {
                    tx.execute(
                        "DELETE FROM stoa_delivery WHERE subscriber = $1 AND event_seq = $2",
                        params![subscriber, note.sequence],
                    )
                    .await?;
                }
                continue;
            }
            Outcome::Later(pause, reason) => (now.plus(*pause), None, reason),
            Outcome::Dead(reason) => (now, Some(now), reason),
        };
        tx.execute(
            "INSERT INTO stoa_delivery (subscriber, event_seq, attempts, next_at, dead_at, last_error)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (subscriber, event_seq) DO UPDATE SET attempts = excluded.attempts,
               next_at = excluded.next_at, dead_at = excluded.dead_at, last_error = excluded.last_error",
            params![subscriber, note.sequence, note.attempts, next_at, dead_at, reason],
        )
        .await?;
    }
    Ok(())
}
