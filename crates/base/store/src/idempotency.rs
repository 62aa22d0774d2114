//! Idempotency keys: a request that is sent twice is done once, and answered twice alike.
//!
//! Key and answer are written in the transaction of the work itself. So there is no moment in which the work is done and
//! the answer forgotten, and a request that failed leaves its key free.

use std::time::Duration;

use crate::{StoreError, Tx, params};

/// How long a key is remembered.
pub const KEPT_FOR: Duration = Duration::from_hours(24);
/// The longest key in bytes; the web room refuses longer ones before they come here.
pub const KEY_BYTES_MAX: usize = 255;
/// The largest answer that is kept, in bytes.
pub const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Keys that one transaction of [`expire`] removes.
const EXPIRE_BATCH: u32 = 1000;

/// What the first request was answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code of the protocol that was spoken.
    pub status: u16,
    /// The body's media type.
    pub content_type: Option<String>,
    /// The address of what was made.
    pub location: Option<String>,
    /// The body, byte by byte.
    pub body: Vec<u8>,
}

/// What [`begin`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Started {
    /// The key is new: do the work, then [`finish`] in the same transaction.
    Fresh,
    /// It was done before: answer this and do nothing.
    Replay(Answer),
}

/// Claims a key before the work. `scope` keeps callers and operations apart (tenant, actor, operation); `body_digest` is
/// the SHA-256 of the request's body.
///
/// Fails with [`StoreError::IdempotencyConflict`] when the key was used for another body. Of two requests at the same
/// time the second waits for the first's commit and replays it.
pub async fn begin(tx: &mut Tx<'_>, scope: &str, key: &str, body_digest: &[u8; 32]) -> Result<Started, StoreError> {
    let now = tx.now();
    let expired = now.minus(KEPT_FOR);
    // An expired key is taken over in place; one that still counts makes no row, and is then read.
    let claimed = tx
        .execute(
            "INSERT INTO stoa_idempotency (scope, key, body_digest, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (scope, key) DO UPDATE SET body_digest = excluded.body_digest,
               created_at = excluded.created_at, status = NULL, content_type = NULL, location = NULL, body = NULL
             WHERE stoa_idempotency.created_at < $5",
            params![scope, key, body_digest, now, expired],
        )
        .await?;
    if claimed > 0 {
        return Ok(Started::Fresh);
    }
    let (digest, status, content_type, location, body): Stored = tx
        .get(
            "SELECT body_digest, status, content_type, location, body FROM stoa_idempotency
             WHERE scope = $1 AND key = $2",
            params![scope, key],
        )
        .await?;
    if digest != body_digest {
        return Err(StoreError::IdempotencyConflict);
    }
    match status.map(u16::try_from) {
        Some(Ok(status)) => {
            Ok(Started::Replay(Answer { status, content_type, location, body: body.unwrap_or_default() }))
        }
        // The work was committed without `finish`: a programming error, answered safely by doing nothing twice.
        _ => Err(StoreError::IdempotencyConflict),
    }
}

type Stored = (Vec<u8>, Option<i64>, Option<String>, Option<String>, Option<Vec<u8>>);

/// Keeps the answer beside the key that [`begin`] claimed in the same transaction.
///
/// The body is kept as it is for a day. Where it holds personal values, hand in a body without them, or sealed.
pub async fn finish(tx: &mut Tx<'_>, scope: &str, key: &str, answer: &Answer) -> Result<(), StoreError> {
    if answer.body.len() > ANSWER_BYTES_MAX {
        return Err(StoreError::Data { reason: "the answer is too large to be kept for its idempotency key".into() });
    }
    let kept = tx
        .execute(
            "UPDATE stoa_idempotency SET status = $3, content_type = $4, location = $5, body = $6
             WHERE scope = $1 AND key = $2",
            params![scope, key, answer.status, answer.content_type, answer.location, answer.body],
        )
        .await?;
    if kept == 1 { Ok(()) } else { Err(StoreError::NoRow) }
}

/// Forgets a batch of keys older than [`KEPT_FOR`]; returns how many. Called by [`crate::jobs::Housekeeping`].
pub async fn expire(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    let expired = tx.now().minus(KEPT_FOR);
    tx.execute(
        "DELETE FROM stoa_idempotency WHERE (scope, key) IN
           (SELECT scope, key FROM stoa_idempotency WHERE created_at < $1 ORDER BY created_at LIMIT $2)",
        params![expired, EXPIRE_BATCH],
    )
    .await
}
