//! What the outbox may forget: events that everybody has, dead letters that nobody looked at for long, and subscribers
//! that are gone.
//!
//! Each step first looks, on a snapshot and in the order of commits, and only then takes the one writer for what it found:
//! a table of millions of events that all stay costs a look at the first of them.

use stoa_core::Instant;

use crate::{Param, StoreError, ToParam, Tx, params};

/// A place in the order of commits.
pub(crate) type Place = (i64, i64);

/// Before all events.
pub(crate) const START: Place = (i64::MIN, i64::MIN);

/// A stretch of the outbox that was looked at.
pub(crate) struct Stretch {
    /// The events in it that may go.
    pub(crate) old: Vec<i64>,
    /// Where to look on; nothing behind the last event that may go.
    pub(crate) next: Option<Place>,
}

/// Looks at up to `limit` events after `after`. It ends at the first that is not older than `before`, or that somebody has
/// not been told of.
pub(crate) async fn look(tx: &mut Tx<'_>, after: Place, before: Instant, limit: u32) -> Result<Stretch, StoreError> {
    let behind: Option<Place> =
        tx.find("SELECT mark, seq FROM stoa_subscriber ORDER BY mark, seq LIMIT 1", params![]).await?;
    let rows: Vec<(i64, i64, Instant, bool)> = tx
        .rows(
            "SELECT e.mark, e.seq, e.time,
               CASE WHEN EXISTS (SELECT 1 FROM stoa_delivery d WHERE d.event_seq = e.seq) THEN 1 ELSE 0 END
             FROM stoa_event e WHERE (e.mark, e.seq) > ($1, $2) ORDER BY e.mark, e.seq LIMIT $3",
            params![after.0, after.1, limit],
        )
        .await?;
    let mut stretch = Stretch { old: Vec::new(), next: None };
    for (mark, seq, time, waits) in rows {
        if time >= before || behind.is_some_and(|behind| (mark, seq) > behind) {
            return Ok(Stretch { next: None, ..stretch });
        }
        if !waits {
            stretch.old.push(seq);
        }
        stretch.next = Some((mark, seq));
    }
    Ok(stretch)
}

/// Removes events that a look found.
pub(crate) async fn remove(tx: &mut Tx<'_>, events: &[i64]) -> Result<u64, StoreError> {
    if events.is_empty() {
        return Ok(0);
    }
    let values: Vec<Param<'_>> = events.iter().map(ToParam::to_param).collect();
    let places: Vec<String> = (1..=events.len()).map(|place| format!("${place}")).collect();
    let sql = format!(
        "DELETE FROM stoa_event WHERE seq IN ({})
           AND NOT EXISTS (SELECT 1 FROM stoa_delivery d WHERE d.event_seq = stoa_event.seq)",
        places.join(", ")
    );
    tx.execute(&sql, &values).await
}

/// The subscribers for whom an event older than `before` still waits: nobody has served them since.
pub(crate) async fn unserved(tx: &mut Tx<'_>, before: Instant) -> Result<Vec<String>, StoreError> {
    let places: Vec<(String, i64, i64)> =
        tx.rows("SELECT name, mark, seq FROM stoa_subscriber ORDER BY name", params![]).await?;
    let mut unserved = Vec::new();
    for (name, mark, seq) in places {
        let next: Option<(Instant,)> = tx
            .find(
                "SELECT time FROM stoa_event WHERE (mark, seq) > ($1, $2) ORDER BY mark, seq LIMIT 1",
                params![mark, seq],
            )
            .await?;
        if next.is_some_and(|(time,)| time < before) {
            unserved.push(name);
        }
    }
    Ok(unserved)
}

/// Forgets a subscriber: its place, and what waits for it. Should it come back, it begins anew.
pub(crate) async fn forget(tx: &mut Tx<'_>, subscriber: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM stoa_delivery WHERE subscriber = $1", params![subscriber]).await?;
    tx.execute("DELETE FROM stoa_subscriber WHERE name = $1", params![subscriber]).await?;
    Ok(())
}

/// Drops a batch of dead letters that were given up before this; returns how many.
pub(crate) async fn drop_dead(tx: &mut Tx<'_>, before: Instant, limit: u32) -> Result<u64, StoreError> {
    tx.execute(
        "DELETE FROM stoa_delivery WHERE (subscriber, event_seq) IN
           (SELECT subscriber, event_seq FROM stoa_delivery WHERE dead_at < $1 ORDER BY dead_at LIMIT $2)",
        params![before, limit],
    )
    .await
}
