//! Reports and the evidence behind them.

use stoa_core::{Instant, Tenant};
use stoa_store::{FromRow, Row, StoreError, Tx, params};
use uuid::Uuid;

use crate::model::results::Source;

/// A report as it is stored, without its text.
#[derive(Debug, Clone)]
pub(crate) struct ReportRow {
    pub(crate) id: Uuid,
    pub(crate) subject: String,
    pub(crate) scope: Uuid,
    pub(crate) checked_at: Instant,
    pub(crate) received_at: Instant,
    pub(crate) submitter: String,
    pub(crate) source: Source,
    pub(crate) results: String,
    /// When its text was removed.
    pub(crate) pruned_at: Option<Instant>,
}

const COLUMNS: &str = "id, subject, scope, checked_at, received_at, submitter, source, results, pruned_at";

impl FromRow for ReportRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let (id, scope, source): (Vec<u8>, String, String) = (row.get(0)?, row.get(2)?, row.get(6)?);
        let broken = |what: &str| StoreError::Unavailable { reason: format!("a report has a broken {what}") };
        Ok(Self {
            id: Uuid::from_slice(&id).map_err(|_| broken("id"))?,
            subject: row.get(1)?,
            scope: scope.parse().map_err(|_| broken("scope"))?,
            checked_at: row.get(3)?,
            received_at: row.get(4)?,
            submitter: row.get(5)?,
            source: Source::of_name(&source).ok_or_else(|| broken("source"))?,
            results: row.get(7)?,
            pruned_at: row.get(8)?,
        })
    }
}

/// What came in one body.
#[derive(Debug, Clone)]
pub(crate) struct SubmissionRow {
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
    pub(crate) signature: String,
    pub(crate) public_key: String,
    /// Which of the body's documents the report is, from 0.
    pub(crate) place: i64,
}

impl FromRow for SubmissionRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            content_type: row.get(0)?,
            body: row.get(1)?,
            signature: row.get(2)?,
            public_key: row.get(3)?,
            place: row.get(4)?,
        })
    }
}

/// Writes a report; false where one of its id is there.
pub(crate) async fn insert(tx: &mut Tx<'_>, tenant: &Tenant, row: &ReportRow) -> Result<bool, StoreError> {
    let written = tx
        .execute(
            "INSERT INTO report (id, tenant, subject, scope, checked_at, received_at, submitter, source, results) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
            params![
                row.id.as_bytes().as_slice(),
                tenant.as_str(),
                row.subject,
                row.scope.to_string(),
                row.checked_at,
                row.received_at,
                row.submitter,
                row.source.name(),
                row.results,
            ],
        )
        .await?;
    Ok(written == 1)
}

/// Writes what came in one body.
pub(crate) async fn insert_submission(tx: &mut Tx<'_>, id: Uuid, row: &SubmissionRow) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO submission (id, content_type, body, signature, public_key) VALUES ($1, $2, $3, $4, $5)",
        params![id.as_bytes().as_slice(), row.content_type, row.body, row.signature, row.public_key],
    )
    .await
    .map(drop)
}

/// Ties a report to the body it came in.
pub(crate) async fn tie(tx: &mut Tx<'_>, report: Uuid, submission: Uuid, place: i64) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO report_submission (report, submission, place) VALUES ($1, $2, $3)",
        params![report.as_bytes().as_slice(), submission.as_bytes().as_slice(), place],
    )
    .await
    .map(drop)
}

/// One report.
pub(crate) async fn find(tx: &mut Tx<'_>, tenant: &Tenant, id: Uuid) -> Result<Option<ReportRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM report WHERE tenant = $1 AND id = $2");
    tx.find(&sql, params![tenant.as_str(), id.as_bytes().as_slice()]).await
}

/// The body that a report came in.
pub(crate) async fn submission(tx: &mut Tx<'_>, report: Uuid) -> Result<Option<SubmissionRow>, StoreError> {
    tx.find(
        "SELECT content_type, body, signature, public_key, place FROM report_submission \
         JOIN submission ON submission.id = submission WHERE report = $1",
        params![report.as_bytes().as_slice()],
    )
    .await
}

/// The reports of a subject, newest first.
pub(crate) async fn of_subject(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    subject: &str,
    limit: u32,
    skip: u32,
) -> Result<Vec<ReportRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM report WHERE tenant = $1 AND subject = $2 ORDER BY checked_at DESC, id LIMIT $3 OFFSET $4"
    );
    tx.rows(&sql, params![tenant.as_str(), subject, limit, skip]).await
}

/// The reports of all subjects since an instant, newest first.
pub(crate) async fn since(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    from: Instant,
    limit: u32,
    skip: u32,
) -> Result<Vec<ReportRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM report WHERE tenant = $1 AND checked_at >= $2 \
         ORDER BY checked_at DESC, id LIMIT $3 OFFSET $4"
    );
    tx.rows(&sql, params![tenant.as_str(), from, limit, skip]).await
}

/// The reports of a subject under a scope since an instant, oldest first.
pub(crate) async fn of_scope(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    subject: &str,
    scope: Uuid,
    from: Instant,
) -> Result<Vec<ReportRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM report WHERE tenant = $1 AND subject = $2 AND scope = $3 AND checked_at >= $4 \
         ORDER BY checked_at, id"
    );
    tx.rows(&sql, params![tenant.as_str(), subject, scope.to_string(), from]).await
}

/// The last report of a subject under a scope before another.
pub(crate) async fn before(tx: &mut Tx<'_>, tenant: &Tenant, row: &ReportRow) -> Result<Option<ReportRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM report WHERE tenant = $1 AND subject = $2 AND scope = $3 AND checked_at < $4 \
         ORDER BY checked_at DESC, id LIMIT 1"
    );
    tx.find(&sql, params![tenant.as_str(), row.subject, row.scope.to_string(), row.checked_at]).await
}

/// Reports of before an instant that have their text, oldest first, after one.
pub(crate) async fn with_text(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    before: Instant,
    (at, id): (Instant, Uuid),
    limit: u32,
) -> Result<Vec<ReportRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM report WHERE tenant = $1 AND pruned_at IS NULL AND checked_at < $2 \
         AND checked_at >= $3 AND (checked_at > $3 OR id > $4) \
         AND EXISTS (SELECT 1 FROM report_submission WHERE report = report.id) ORDER BY checked_at, id LIMIT $5"
    );
    tx.rows(&sql, params![tenant.as_str(), before, at, id.as_bytes().as_slice(), limit]).await
}

/// The reports of the body that one came in, itself among them.
pub(crate) async fn of_body(tx: &mut Tx<'_>, report: Uuid) -> Result<Vec<ReportRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM report WHERE id IN (SELECT report FROM report_submission WHERE submission = \
         (SELECT submission FROM report_submission WHERE report = $1))"
    );
    tx.rows(&sql, params![report.as_bytes().as_slice()]).await
}

/// Removes the body that a report came in, and with it the text of all that came in it.
pub(crate) async fn prune(tx: &mut Tx<'_>, report: Uuid) -> Result<(), StoreError> {
    let (now, report) = (tx.now(), report.as_bytes().as_slice());
    let body: Option<(Vec<u8>,)> =
        tx.find("SELECT submission FROM report_submission WHERE report = $1", params![report]).await?;
    let Some((body,)) = body else { return Ok(()) };
    tx.execute(
        "UPDATE report SET pruned_at = $2 WHERE id IN (SELECT report FROM report_submission WHERE submission = $1)",
        params![body, now],
    )
    .await?;
    tx.execute("DELETE FROM report_submission WHERE submission = $1", params![body]).await?;
    tx.execute("DELETE FROM submission WHERE id = $1", params![body]).await.map(drop)
}
