//! Files that came by a page, and how far each has come.

use stoa_core::{Id, Instant, Kind, Tenant};
use stoa_store::{FromRow, Row, StoreError, Tx, params};

/// Marks the ids of uploads.
#[derive(Debug)]
pub enum UploadKind {}
impl Kind for UploadKind {
    const NAME: &'static str = "upload";
}
/// The id of an upload.
pub type UploadId = Id<UploadKind>;

/// An upload as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct UploadRow {
    pub(crate) id: UploadId,
    pub(crate) tenant: String,
    pub(crate) actor: String,
    pub(crate) actor_name: Option<String>,
    pub(crate) registry: Option<String>,
    pub(crate) file_name: String,
    pub(crate) format: String,
    pub(crate) blob: Option<String>,
    pub(crate) state: String,
    pub(crate) is_trial: bool,
    pub(crate) rows_all: u64,
    pub(crate) rows_done: u64,
    pub(crate) line: u64,
    /// Created, updated, unchanged, refused.
    pub(crate) counts: [u64; 4],
    pub(crate) failure: Option<String>,
}

const COLUMNS: &str = "id, tenant, actor, actor_name, registry, file_name, format, blob, state, is_trial, rows_all, \
                       rows_done, line, created, updated, unchanged, refused, failure";

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl FromRow for UploadRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            tenant: row.get(1)?,
            actor: row.get(2)?,
            actor_name: row.get(3)?,
            registry: row.get(4)?,
            file_name: row.get(5)?,
            format: row.get(6)?,
            blob: row.get(7)?,
            state: row.get(8)?,
            is_trial: row.get(9)?,
            rows_all: count(row.get(10)?),
            rows_done: count(row.get(11)?),
            line: count(row.get(12)?),
            counts: [count(row.get(13)?), count(row.get(14)?), count(row.get(15)?), count(row.get(16)?)],
            failure: row.get(17)?,
        })
    }
}

pub(crate) async fn insert(tx: &mut Tx<'_>, row: &UploadRow) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO upload (id, tenant, actor, actor_name, registry, file_name, format, blob, state, is_trial, \
         rows_all, rows_done, line, created, updated, unchanged, refused, failure, created_at, modified_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, 0, 0, 0, 0, 0, 0, NULL, $11, $11)",
        params![
            row.id,
            row.tenant,
            row.actor,
            row.actor_name,
            row.registry,
            row.file_name,
            row.format,
            row.blob,
            row.state,
            signed(row.rows_all),
            now
        ],
    )
    .await?;
    Ok(())
}

/// The upload, whoever asks.
pub(crate) async fn find(tx: &mut Tx<'_>, id: UploadId) -> Result<Option<UploadRow>, StoreError> {
    tx.find(&format!("SELECT {COLUMNS} FROM upload WHERE id = $1"), params![id]).await
}

/// The upload of this person.
pub(crate) async fn find_own(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    actor: &str,
    id: UploadId,
) -> Result<Option<UploadRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM upload WHERE tenant = $1 AND actor = $2 AND id = $3");
    tx.find(&sql, params![tenant.as_str(), actor, id]).await
}

/// Begins from the beginning, into this register.
pub(crate) async fn begin(tx: &mut Tx<'_>, id: UploadId, registry: &str, is_trial: bool) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute("DELETE FROM upload_refusal WHERE upload = $1", params![id]).await?;
    tx.execute(
        "UPDATE upload SET registry = $2, is_trial = $3, state = 'queued', rows_done = 0, line = 0, created = 0, \
         updated = 0, unchanged = 0, refused = 0, failure = NULL, modified_at = $4 WHERE id = $1",
        params![id, registry, is_trial, now],
    )
    .await?;
    Ok(())
}

/// How far a part of the file has come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Step {
    /// Rows that were looked at.
    pub(crate) rows: u64,
    /// The last line of them; 0 where the file is to be read from the same place again.
    pub(crate) line: u64,
    /// Created, updated, unchanged, refused.
    pub(crate) counts: [u64; 4],
    /// Line, pointer and code of refused rows.
    pub(crate) refusals: Vec<(u64, String, &'static str)>,
}

impl Step {
    /// This step and, if it is the last of its part, what else belongs to the part.
    pub(crate) fn and(mut self, more: &Self, is_last: bool) -> Self {
        if is_last {
            self.rows += more.rows;
            self.line = self.line.max(more.line);
            self.counts.iter_mut().zip(more.counts).for_each(|(count, more)| *count += more);
            self.refusals.extend(more.refusals.iter().cloned());
        }
        self
    }
}

/// Writes down how far it has come, and the first refusals.
pub(crate) async fn advance(tx: &mut Tx<'_>, id: UploadId, step: &Step, kept_max: u64) -> Result<(), StoreError> {
    let now = tx.now();
    let [created, updated, unchanged, refused] = step.counts.map(signed);
    let sql = "SELECT count(*) FROM upload_refusal WHERE upload = $1";
    let kept = count(tx.get::<(i64,)>(sql, params![id]).await?.0);
    let room = usize::try_from(kept_max.saturating_sub(kept)).unwrap_or(0);
    for (number, (line, pointer, code)) in (kept..).zip(step.refusals.iter().take(room)) {
        tx.execute(
            "INSERT INTO upload_refusal (upload, number, line, pointer, code) VALUES ($1, $2, $3, $4, $5)",
            params![id, signed(number), signed(*line), pointer, *code],
        )
        .await?;
    }
    tx.execute(
        "UPDATE upload SET rows_done = rows_done + $2, line = CASE WHEN line < $3 THEN $3 ELSE line END, \
         created = created + $4, updated = updated + $5, unchanged = unchanged + $6, refused = refused + $7, \
         modified_at = $8 WHERE id = $1",
        params![id, signed(step.rows), signed(step.line), created, updated, unchanged, refused, now],
    )
    .await?;
    Ok(())
}

/// Line, pointer and code of the first refusals.
pub(crate) async fn refusals(tx: &mut Tx<'_>, id: UploadId) -> Result<Vec<(i64, String, String)>, StoreError> {
    tx.rows("SELECT line, pointer, code FROM upload_refusal WHERE upload = $1 ORDER BY number", params![id]).await
}

/// Ends it: done, or failed for a reason.
pub(crate) async fn end(tx: &mut Tx<'_>, id: UploadId, failure: Option<&str>) -> Result<(), StoreError> {
    let now = tx.now();
    let state = if failure.is_some() { "failed" } else { "done" };
    tx.execute(
        "UPDATE upload SET state = $2, failure = $3, modified_at = $4 WHERE id = $1",
        params![id, state, failure, now],
    )
    .await?;
    Ok(())
}

/// Forgets where the file lies.
pub(crate) async fn forget_blob(tx: &mut Tx<'_>, id: UploadId) -> Result<(), StoreError> {
    tx.execute("UPDATE upload SET blob = NULL WHERE id = $1", params![id]).await?;
    Ok(())
}

/// Uploads with a file that nobody has touched since; those that wait for their turn stay.
pub(crate) async fn stale(tx: &mut Tx<'_>, before: Instant, limit: u32) -> Result<Vec<UploadRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM upload WHERE modified_at < $1 AND blob IS NOT NULL AND state <> 'queued' \
         ORDER BY modified_at LIMIT $2"
    );
    tx.rows(&sql, params![before, limit]).await
}

/// Whether another upload has the same content, so that its blob stays.
pub(crate) async fn is_named(tx: &mut Tx<'_>, blob: &str) -> Result<bool, StoreError> {
    Ok(tx.find::<(i64,)>("SELECT 1 FROM upload WHERE blob = $1 LIMIT 1", params![blob]).await?.is_some())
}

/// Removes what nobody will look at again.
pub(crate) async fn remove_before(tx: &mut Tx<'_>, before: Instant) -> Result<(), StoreError> {
    let old = "SELECT id FROM upload WHERE modified_at < $1 AND blob IS NULL";
    tx.execute(&format!("DELETE FROM upload_refusal WHERE upload IN ({old})"), params![before]).await?;
    tx.execute("DELETE FROM upload WHERE modified_at < $1 AND blob IS NULL", params![before]).await?;
    Ok(())
}
