//! Dead letters: events that a subscriber refused for good, or too often. People see them, and send or drop them.

use stoa_core::{Id, Instant};

use super::EventId;
use crate::wake::Topic;
use crate::{FromRow, Row, StoreError, Tx, params};

/// An event that could not be delivered to one subscriber.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Whom it was for.
    pub subscriber: String,
    /// Which event; also the number to page by.
    pub sequence: i64,
    /// The event's id.
    pub event: EventId,
    /// The event's type.
    pub type_: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Why the last attempt failed.
    pub last_error: String,
    /// When it was given up.
    pub dead_at: Instant,
}

impl FromRow for DeadLetter {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            subscriber: row.get(0)?,
            sequence: row.get(1)?,
            // An event that cannot be read is among those that people look at.
            event: row.get::<EventId>(2).unwrap_or(Id::from_bytes([0; 16])),
            type_: row.get(3).unwrap_or_default(),
            attempts: row.get::<i64>(4)?.try_into().unwrap_or(u32::MAX),
            last_error: row.get(5)?,
            dead_at: row.get(6)?,
        })
    }
}

/// What became of a request to try a dead letter again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retried {
    /// It will be delivered again right away, with all its attempts before it.
    Yes,
    /// There is no such dead letter.
    NotThere,
}

/// Dead letters in the order of their events, after `after_sequence`; of one subscriber or of all.
pub async fn dead_letters(
    tx: &mut Tx<'_>,
    subscriber: Option<&str>,
    after_sequence: i64,
    limit: u32,
) -> Result<Vec<DeadLetter>, StoreError> {
    tx.rows(
        "SELECT d.subscriber, d.event_seq, e.id, e.type, d.attempts, d.last_error, d.dead_at
         FROM stoa_delivery d JOIN stoa_event e ON e.seq = d.event_seq
         WHERE d.dead_at IS NOT NULL AND d.event_seq > $1 AND d.subscriber = COALESCE($2, d.subscriber)
         ORDER BY d.event_seq, d.subscriber LIMIT $3",
        params![after_sequence, subscriber, limit],
    )
    .await
}

/// How many events one subscriber did not take yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryCount {
    /// The subscriber.
    pub subscriber: String,
    /// Refused, and tried again later.
    pub waiting: u64,
    /// Dead letters.
    pub dead: u64,
}

impl FromRow for DeliveryCount {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let (all, dead): (i64, i64) = (row.get(1)?, row.get(2)?);
        Ok(Self {
            subscriber: row.get(0)?,
            waiting: (all - dead).try_into().unwrap_or(0),
            dead: dead.try_into().unwrap_or(0),
        })
    }
}

/// The events that were refused, counted by subscriber, for metrics.
pub async fn counts(tx: &mut Tx<'_>) -> Result<Vec<DeliveryCount>, StoreError> {
    tx.rows(
        "SELECT subscriber, count(*), count(dead_at) FROM stoa_delivery GROUP BY subscriber ORDER BY subscriber",
        params![],
    )
    .await
}

/// Has a dead letter delivered again.
pub async fn retry(tx: &mut Tx<'_>, subscriber: &str, sequence: i64) -> Result<Retried, StoreError> {
    let now = tx.now();
    let changed = tx
        .execute(
            "UPDATE stoa_delivery SET dead_at = NULL, attempts = 0, next_at = $3
             WHERE subscriber = $1 AND event_seq = $2 AND dead_at IS NOT NULL",
            params![subscriber, sequence, now],
        )
        .await?;
    tx.wake(Topic::Outbox);
    Ok(if changed > 0 { Retried::Yes } else { Retried::NotThere })
}

/// Drops a dead letter; returns whether there was one.
pub async fn discard(tx: &mut Tx<'_>, subscriber: &str, sequence: i64) -> Result<bool, StoreError> {
    let dropped = tx
        .execute(
            "DELETE FROM stoa_delivery WHERE subscriber = $1 AND event_seq = $2 AND dead_at IS NOT NULL",
            params![subscriber, sequence],
        )
        .await?;
    Ok(dropped > 0)
}
