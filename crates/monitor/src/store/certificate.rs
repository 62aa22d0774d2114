//! Certificates, and the key that their list is signed with.

use stoa_core::{Id, Instant, Kind, Tenant};
use stoa_store::{FromRow, Row, StoreError, Tx, params};

/// Marks the ids of certificates.
#[derive(Debug)]
pub(crate) enum CertificateKind {}
impl Kind for CertificateKind {
    const NAME: &'static str = "certificate";
}
/// The id of a certificate.
pub(crate) type CertificateId = Id<CertificateKind>;

/// A certificate as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct CertificateRow {
    pub(crate) id: CertificateId,
    pub(crate) number: String,
    pub(crate) subject: String,
    pub(crate) scope: String,
    pub(crate) version: String,
    pub(crate) holder: String,
    pub(crate) issued_on: String,
    pub(crate) ends_on: String,
    pub(crate) issued_by: String,
    pub(crate) state: String,
    pub(crate) reason: String,
    pub(crate) changed_at: Instant,
    pub(crate) changed_by: String,
}

const COLUMNS: &str = "id, number, subject, scope, version, holder, issued_on, ends_on, issued_by, state, reason, \
                       changed_at, changed_by";

impl FromRow for CertificateRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            number: row.get(1)?,
            subject: row.get(2)?,
            scope: row.get(3)?,
            version: row.get(4)?,
            holder: row.get(5)?,
            issued_on: row.get(6)?,
            ends_on: row.get(7)?,
            issued_by: row.get(8)?,
            state: row.get(9)?,
            reason: row.get(10)?,
            changed_at: row.get(11)?,
            changed_by: row.get(12)?,
        })
    }
}

/// All certificates, newest first.
pub(crate) async fn list(tx: &mut Tx<'_>, tenant: &Tenant) -> Result<Vec<CertificateRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM certificate WHERE tenant = $1 ORDER BY number DESC");
    tx.rows(&sql, params![tenant.as_str()]).await
}

/// The certificate with this number.
pub(crate) async fn find(tx: &mut Tx<'_>, tenant: &Tenant, number: &str) -> Result<Option<CertificateRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM certificate WHERE tenant = $1 AND number = $2");
    tx.find(&sql, params![tenant.as_str(), number]).await
}

/// The last day of the certificates of a subject, of which the latest.
pub(crate) async fn last_day(tx: &mut Tx<'_>, tenant: &Tenant, subject: &str) -> Result<Option<String>, StoreError> {
    let sql = "SELECT MAX(ends_on) FROM certificate WHERE tenant = $1 AND subject = $2";
    let (day,): (Option<String>,) = tx.get(sql, params![tenant.as_str(), subject]).await?;
    Ok(day)
}

/// The numbers and last days of those that a subject holds for a version and that were not withdrawn.
pub(crate) async fn held(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    (subject, scope, version): (&str, &str, &str),
) -> Result<Vec<(String, String)>, StoreError> {
    tx.rows(
        "SELECT number, ends_on FROM certificate WHERE tenant = $1 AND subject = $2 AND scope = $3 AND version = $4 \
         AND state <> 'withdrawn'",
        params![tenant.as_str(), subject, scope, version],
    )
    .await
}

/// The greatest number that begins so.
pub(crate) async fn last_number(tx: &mut Tx<'_>, tenant: &Tenant, year: &str) -> Result<Option<String>, StoreError> {
    let (from, until) = (format!("{year}-"), format!("{year}."));
    let found: Option<(String,)> = tx
        .find(
            "SELECT number FROM certificate WHERE tenant = $1 AND number >= $2 AND number < $3 \
             ORDER BY number DESC LIMIT 1",
            params![tenant.as_str(), from, until],
        )
        .await?;
    Ok(found.map(|(number,)| number))
}

/// Writes a new one.
pub(crate) async fn insert(tx: &mut Tx<'_>, tenant: &Tenant, row: &CertificateRow) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO certificate (tenant, id, number, subject, scope, version, holder, issued_on, ends_on, issued_by, \
         state, reason, changed_at, changed_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        params![
            tenant.as_str(),
            row.id,
            row.number,
            row.subject,
            row.scope,
            row.version,
            row.holder,
            row.issued_on,
            row.ends_on,
            row.issued_by,
            row.state,
            row.reason,
            row.changed_at,
            row.changed_by,
        ],
    )
    .await
    .map(drop)
}

/// Changes the state of one.
pub(crate) async fn change(
    tx: &mut Tx<'_>,
    id: CertificateId,
    state: &str,
    reason: &str,
    by: &str,
) -> Result<(), StoreError> {
    let now = tx.now();
    let sql = "UPDATE certificate SET state = $2, reason = $3, changed_at = $4, changed_by = $5 WHERE id = $1";
    tx.execute(sql, params![id, state, reason, now, by]).await.map(drop)
}

/// The sealed seed of the key.
pub(crate) async fn seed(tx: &mut Tx<'_>) -> Result<Option<Vec<u8>>, StoreError> {
    let found: Option<(Vec<u8>,)> = tx.find("SELECT seed FROM monitor_key WHERE id = 1", params![]).await?;
    Ok(found.map(|(seed,)| seed))
}

/// Keeps the sealed seed of a new key.
pub(crate) async fn put_seed(tx: &mut Tx<'_>, sealed: &[u8]) -> Result<(), StoreError> {
    let sql = "INSERT INTO monitor_key (id, seed) VALUES (1, $1) ON CONFLICT DO NOTHING";
    tx.execute(sql, params![sealed]).await.map(drop)
}
