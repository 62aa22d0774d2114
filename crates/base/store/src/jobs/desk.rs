//! The jobs as operators see them: listed, counted, retried, cancelled.

use serde_json::Value;
use stoa_core::{Id, Instant};

use super::queue::JobId;
use crate::wake::Topic;
use crate::{FromRow, Row, StoreError, Tx, params};

/// Where a job stands. A job that went well is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum JobState {
    /// Waits for its time, or for its next attempt.
    Ready,
    /// Runs on some node.
    Running,
    /// Failed for good: a dead letter.
    Dead,
}

impl JobState {
    /// The word used in SQL and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Dead => "dead",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        match text {
            "ready" => Ok(Self::Ready),
            "running" => Ok(Self::Running),
            "dead" => Ok(Self::Dead),
            other => Err(StoreError::Data { reason: format!("a job in state {other:?}") }),
        }
    }
}

/// A job in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct JobEntry {
    /// Its id.
    pub id: JobId,
    /// Its kind.
    pub kind: String,
    /// Its key, if it has one.
    pub key: Option<String>,
    /// What its handler is told.
    pub payload: Value,
    /// Where it stands.
    pub state: JobState,
    /// When it runs, or ran last.
    pub run_at: Instant,
    /// How often it was begun.
    pub attempts: u32,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When it was enqueued.
    pub created_at: Instant,
}

impl FromRow for JobEntry {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let payload: String = row.get(3)?;
        Ok(Self {
            id: row.get(0)?,
            kind: row.get(1)?,
            key: row.get(2)?,
            payload: serde_json::from_str(&payload)
                .map_err(|error| StoreError::Data { reason: format!("the payload of a job: {error}") })?,
            state: JobState::parse(&row.get::<String>(4)?)?,
            run_at: row.get(5)?,
            attempts: row.get::<i64>(6)?.try_into().unwrap_or(u32::MAX),
            last_error: row.get(7)?,
            created_at: row.get(8)?,
        })
    }
}

/// Which jobs to list.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// In this state only.
    pub state: Option<JobState>,
    /// Of this kind only.
    pub kind: Option<String>,
    /// After this one.
    pub after: Option<JobId>,
}

/// Jobs in the order in which they were enqueued.
pub async fn list(tx: &mut Tx<'_>, filter: &JobFilter, limit: u32) -> Result<Vec<JobEntry>, StoreError> {
    let state = filter.state.map(JobState::as_str);
    let after = filter.after.unwrap_or(Id::from_bytes([0; 16]));
    tx.rows(
        "SELECT id, kind, key, payload, state, run_at, attempts, last_error, created_at FROM stoa_job
         WHERE id > $1 AND state = COALESCE($2, state) AND kind = COALESCE($3, kind) ORDER BY id LIMIT $4",
        params![after, state, filter.kind, limit],
    )
    .await
}

/// How many jobs of one kind are in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobCount {
    /// The kind.
    pub kind: String,
    /// The state.
    pub state: JobState,
    /// How many.
    pub count: u64,
}

/// The jobs counted by kind and state, for metrics and for the console.
pub async fn counts(tx: &mut Tx<'_>) -> Result<Vec<JobCount>, StoreError> {
    let rows: Vec<(String, String, i64)> = tx
        .rows("SELECT kind, state, count(*) FROM stoa_job GROUP BY kind, state ORDER BY kind, state", params![])
        .await?;
    rows.into_iter()
        .map(|(kind, state, count)| {
            Ok(JobCount { kind, state: JobState::parse(&state)?, count: count.try_into().unwrap_or(0) })
        })
        .collect()
}

/// Runs a dead letter again at once, with all its attempts before it. Returns whether there was one.
///
/// Fails with [`StoreError::Conflict`] when a job with its key is waiting already.
pub async fn retry(tx: &mut Tx<'_>, id: JobId) -> Result<bool, StoreError> {
    let now = tx.now();
    let changed = tx
        .execute(
            "UPDATE stoa_job SET state = 'ready', attempts = 0, run_at = $2, updated_at = $2
             WHERE id = $1 AND state = 'dead'",
            params![id, now],
        )
        .await?;
    tx.wake(Topic::Jobs);
    Ok(changed > 0)
}

/// Removes a job that does not run: one that waits, or a dead letter. Returns whether there was one.
pub async fn cancel(tx: &mut Tx<'_>, id: JobId) -> Result<bool, StoreError> {
    let removed = tx.execute("DELETE FROM stoa_job WHERE id = $1 AND state <> 'running'", params![id]).await?;
    Ok(removed > 0)
}
