//! Enqueueing, claiming and ending jobs: the rows, and all of their state changes but those made by people.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use stoa_core::{Id, Instant, Kind};

use crate::wake::Topic;
use crate::{FromRow, Param, Row, StoreError, ToParam, Tx, params};

/// Marks the ids of jobs.
#[derive(Debug)]
pub enum JobKind {}
impl Kind for JobKind {
    const NAME: &'static str = "job";
}
/// The id of a job.
pub type JobId = Id<JobKind>;

/// The largest payload in bytes, as JSON.
pub const PAYLOAD_BYTES_MAX: usize = 256 * 1024;
/// The longest text that is kept of a failure.
const ERROR_CHARS_MAX: usize = 500;

/// A job to be enqueued.
#[derive(Debug, Clone, Copy)]
pub struct NewJob<'a> {
    /// Which handler runs it: `registries.export`.
    pub kind: &'a str,
    /// What the handler is told. Ids rather than personal values.
    pub payload: &'a Value,
    /// Not before this; at once if `None`.
    pub run_at: Option<Instant>,
    /// At most one job of a kind waits under a key; see [`enqueue`].
    pub key: Option<&'a str>,
}

impl<'a> NewJob<'a> {
    /// A job to run at once.
    pub const fn new(kind: &'a str, payload: &'a Value) -> Self {
        Self { kind, payload, run_at: None, key: None }
    }

    /// Not before this.
    #[must_use]
    pub const fn run_at(mut self, run_at: Instant) -> Self {
        self.run_at = Some(run_at);
        self
    }

    /// Under a key.
    #[must_use]
    pub const fn key(mut self, key: &'a str) -> Self {
        self.key = Some(key);
        self
    }
}

/// A job that a handler is to run now.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its id, the same in every attempt.
    pub id: JobId,
    /// Its kind.
    pub kind: String,
    /// What it was enqueued with.
    pub payload: Value,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// Who claimed it, and until when: only this holder may end it.
    pub(super) holder: String,
}

impl Job {
    /// The payload as a type of the handler's.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, StoreError> {
        T::deserialize(&self.payload).map_err(|error| StoreError::Data {
            reason: format!("the payload of job {} ({}): {error}", self.id, self.kind),
        })
    }

    /// Ends the job in the transaction of its effect: both are committed, or neither.
    ///
    /// Fails with [`StoreError::NoRow`] when the job was taken over by another node meanwhile; let that roll the effect
    /// back, the other node has it or will have it.
    pub async fn finish(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        if complete(tx, self, None).await? { Ok(()) } else { Err(StoreError::NoRow) }
    }
}

/// Enqueues a job in the caller's transaction and returns its id.
///
/// Where one of the same kind and key is waiting, that one stays, takes the new payload and the earlier time of both.
/// Where it is running, it runs once more afterwards, at the time asked for here and with all attempts before it: it may
/// have read before this transaction's change.
pub async fn enqueue(tx: &mut Tx<'_>, job: NewJob<'_>) -> Result<JobId, StoreError> {
    let payload = job.payload.to_string();
    if payload.len() > PAYLOAD_BYTES_MAX {
        return Err(StoreError::Data { reason: format!("a job's payload may have {PAYLOAD_BYTES_MAX} bytes") });
    }
    let now = tx.now();
    let id = tx.new_id::<JobKind>();
    let (id,): (JobId,) = tx
        .get(
            "INSERT INTO stoa_job (id, kind, key, payload, state, run_at, attempts, again, created_at, updated_at)
             VALUES ($1, $2, $3, $4, 'ready', $5, 0, 0, $6, $6)
             ON CONFLICT (kind, key) WHERE key IS NOT NULL AND state <> 'dead' DO UPDATE SET
               payload = excluded.payload, updated_at = excluded.updated_at,
               run_at = CASE WHEN stoa_job.state = 'running' AND stoa_job.again = 0 THEN excluded.run_at
                             WHEN excluded.run_at < stoa_job.run_at THEN excluded.run_at ELSE stoa_job.run_at END,
               again = CASE WHEN stoa_job.state = 'running' THEN 1 ELSE stoa_job.again END
             RETURNING id",
            params![id, job.kind, job.key, payload, job.run_at.unwrap_or(now), now],
        )
        .await?;
    tx.wake(Topic::Jobs);
    Ok(id)
}

/// Makes sure that a periodic job is there, without touching one that is.
pub(super) async fn ensure(tx: &mut Tx<'_>, kind: &str) -> Result<(), StoreError> {
    let now = tx.now();
    let id = tx.new_id::<JobKind>();
    tx.execute(
        "INSERT INTO stoa_job (id, kind, key, payload, state, run_at, attempts, again, created_at, updated_at)
         VALUES ($1, $2, 'every', 'null', 'ready', $3, 0, 0, $3, $3)
         ON CONFLICT (kind, key) WHERE key IS NOT NULL AND state <> 'dead' DO NOTHING",
        params![id, kind, now],
    )
    .await?;
    Ok(())
}

/// What is to be claimed, and for whom.
#[derive(Clone)]
pub(super) struct Claim {
    pub(super) kinds: Vec<&'static str>,
    pub(super) limit: usize,
    pub(super) holder: String,
    pub(super) lease: Duration,
    /// What this runner runs already: its own jobs are not for it, also when their lease has ended.
    pub(super) held: Vec<JobId>,
}

impl Claim {
    /// Which jobs may be taken: those that are due, and those whose holder has let its lease end. `$1` is the present; the
    /// other values are added.
    fn condition<'a>(&'a self, values: &mut Vec<Param<'a>>) -> String {
        let mut place = |value: Param<'a>| {
            values.push(value);
            format!("${}", values.len())
        };
        let kinds: Vec<_> = self.kinds.iter().map(|kind| place(Param::Text(kind))).collect();
        let held: Vec<_> = self.held.iter().map(|id| place(id.to_param())).collect();
        let others = if held.is_empty() { String::new() } else { format!(" AND id NOT IN ({})", held.join(", ")) };
        format!(
            "((state = 'ready' AND run_at <= $1) OR (state = 'running' AND lease_until < $1)) AND kind IN ({}){others}",
            kinds.join(", ")
        )
    }
}

/// Takes jobs that are due, and those whose holder has let its lease end: it was killed.
pub(super) async fn claim(tx: &mut Tx<'_>, claim: &Claim) -> Result<Vec<Job>, StoreError> {
    let now = tx.now();
    let until = now.plus(claim.lease);
    let limit = i64::try_from(claim.limit).unwrap_or(i64::MAX);
    let mut values: Vec<Param<'_>> = vec![now.to_param(), claim.holder.to_param(), until.to_param(), limit.to_param()];
    let condition = claim.condition(&mut values);
    // Several nodes take different rows instead of waiting for each other; the embedded engine has one writer anyway.
    let locking = if tx.is_sqlite() { "" } else { "FOR UPDATE SKIP LOCKED" };
    let sql = format!(
        "UPDATE stoa_job SET state = 'running', attempts = attempts + 1, holder = $2, lease_until = $3, again = 0,
           updated_at = $1
         WHERE id IN (
           SELECT id FROM stoa_job WHERE {condition}
           ORDER BY run_at LIMIT $4 {locking})
         RETURNING id, kind, payload, attempts, holder"
    );
    tx.rows(&sql, &values).await
}

impl FromRow for Job {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let payload: String = row.get(2)?;
        Ok(Self {
            id: row.get(0)?,
            kind: row.get(1)?,
            payload: serde_json::from_str(&payload)
                .map_err(|error| StoreError::Data { reason: format!("the payload of a job: {error}") })?,
            attempt: row.get::<i64>(3)?.try_into().unwrap_or(u32::MAX),
            holder: row.get(4)?,
        })
    }
}

/// Prolongs the claims on running jobs; gives those that another has taken meanwhile.
pub(super) async fn renew(tx: &mut Tx<'_>, jobs: &[Job], lease: Duration) -> Result<Vec<JobId>, StoreError> {
    let until = tx.now().plus(lease);
    let mut taken = Vec::new();
    for job in jobs {
        let renewed = tx
            .execute(
                "UPDATE stoa_job SET lease_until = $4
                 WHERE id = $1 AND holder = $2 AND attempts = $3 AND state = 'running'",
                params![job.id, job.holder, job.attempt, until],
            )
            .await?;
        if renewed > 0 {
            continue;
        }
        // A job that is gone, or waits, was ended by its own handler in the transaction of its effect.
        let theirs: Option<(i64,)> =
            tx.find("SELECT 1 FROM stoa_job WHERE id = $1 AND state = 'running'", params![job.id]).await?;
        taken.extend(theirs.map(|_| job.id));
    }
    Ok(taken)
}

/// Ends a job that went well: its row goes, or waits for the next time where there is one. What was asked for while it ran
/// waits for the time that was asked for.
pub(super) async fn complete(tx: &mut Tx<'_>, job: &Job, next: Option<Instant>) -> Result<bool, StoreError> {
    let now = tx.now();
    // The attempt tells this claim from a later one of the same node.
    let rerun = tx
        .execute(
            "UPDATE stoa_job SET state = 'ready', attempts = 0, holder = NULL, lease_until = NULL, last_error = NULL,
               run_at = CASE WHEN again = 1 THEN run_at ELSE CAST($5 AS BIGINT) END, again = 0, updated_at = $4
             WHERE id = $1 AND holder = $2 AND attempts = $3 AND state = 'running' AND (again = 1 OR $6 = 1)",
            params![job.id, job.holder, job.attempt, now, next.unwrap_or(now), next.is_some()],
        )
        .await?;
    if rerun > 0 {
        tx.wake(Topic::Jobs);
        return Ok(true);
    }
    let ended = tx
        .execute(
            "DELETE FROM stoa_job WHERE id = $1 AND holder = $2 AND attempts = $3 AND state = 'running'",
            params![job.id, job.holder, job.attempt],
        )
        .await?;
    Ok(ended > 0)
}

/// Puts a failed job back until `again_at`, or among the dead letters. What was asked for while it ran is a request of its
/// own, with all attempts before it: a retry of the failed run joins it, a dead end does not touch it.
pub(super) async fn fail(
    tx: &mut Tx<'_>,
    job: &Job,
    again_at: Option<Instant>,
    reason: &str,
) -> Result<(), StoreError> {
    let now = tx.now();
    let reason: String = reason.chars().take(ERROR_CHARS_MAX).collect();
    let state = if again_at.is_some() { "ready" } else { "dead" };
    tx.execute(
        "UPDATE stoa_job SET state = CASE WHEN again = 1 THEN 'ready' ELSE $4 END,
           attempts = CASE WHEN again = 1 THEN 0 ELSE attempts END,
           run_at = CASE WHEN again = 1 AND ($8 = 0 OR run_at < $5) THEN run_at ELSE CAST($5 AS BIGINT) END,
           holder = NULL, lease_until = NULL, last_error = $6, again = 0, updated_at = $7
         WHERE id = $1 AND holder = $2 AND attempts = $3 AND state = 'running'",
        params![
            job.id,
            job.holder,
            job.attempt,
            state,
            again_at.unwrap_or(now),
            reason,
            now,
            i64::from(again_at.is_some())
        ],
    )
    .await?;
    Ok(())
}

/// Puts back what was not finished at a shutdown: it is nobody's fault and costs no attempt.
pub(super) async fn put_back(tx: &mut Tx<'_>, job: &Job) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(
        "UPDATE stoa_job SET state = 'ready', run_at = $4, attempts = attempts - 1, holder = NULL, lease_until = NULL,
           updated_at = $4
         WHERE id = $1 AND holder = $2 AND attempts = $3 AND state = 'running'",
        params![job.id, job.holder, job.attempt, now],
    )
    .await?;
    Ok(())
}

/// At the start on the embedded engine, where only one process works on the data: what "runs" was left by a killed one.
pub(super) async fn recover(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    if !tx.is_sqlite() {
        return Ok(0);
    }
    let now = tx.now();
    tx.execute("UPDATE stoa_job SET lease_until = $1 - 1 WHERE state = 'running'", params![now]).await
}

/// Drops a batch of dead letters that were given up before this; returns how many.
pub(super) async fn drop_dead(tx: &mut Tx<'_>, before: Instant, limit: u32) -> Result<u64, StoreError> {
    tx.execute(
        "DELETE FROM stoa_job WHERE id IN
           (SELECT id FROM stoa_job WHERE state = 'dead' AND run_at < $1 ORDER BY run_at LIMIT $2)",
        params![before, limit],
    )
    .await
}

/// Whether there is anything to [`claim`].
pub(super) async fn is_due(tx: &mut Tx<'_>, claim: &Claim) -> Result<bool, StoreError> {
    let now = tx.now();
    let mut values: Vec<Param<'_>> = vec![now.to_param()];
    let condition = claim.condition(&mut values);
    let sql = format!("SELECT 1 FROM stoa_job WHERE {condition} LIMIT 1");
    Ok(tx.find::<(i64,)>(&sql, &values).await?.is_some())
}
