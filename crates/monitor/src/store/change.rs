//! States as they were last told, and changes: of states and of certificates.

use std::collections::BTreeMap;

use stoa_core::{Id, Instant, Kind, Tenant};
use stoa_store::{FromRow, Row, StoreError, Tx, params};
use uuid::Uuid;

use crate::model::standing::State;

/// Marks the ids of changes.
#[derive(Debug)]
pub enum ChangeKind {}
impl Kind for ChangeKind {
    const NAME: &'static str = "change";
}
/// The id of a change.
pub type ChangeId = Id<ChangeKind>;

/// A state with the version that decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) state: State,
    pub(crate) version: String,
}

/// What changed, from what to what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ChangedRow {
    /// The state of a subject.
    State { before: Told, after: Told },
    /// A certificate: it is new where there was nothing before.
    Certificate { number: String, before: String, after: String, version: String, reason: String },
}

/// A change of a state or of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChangeRow {
    pub(crate) id: ChangeId,
    pub(crate) at: Instant,
    pub(crate) subject: String,
    pub(crate) scope: String,
    pub(crate) what: ChangedRow,
    pub(crate) cause: String,
    pub(crate) evidence: Option<Uuid>,
}

const OF_STATES: &str =
    "id, at, subject, scope, before_state, before_version, after_state, after_version, cause, evidence";
const OF_CERTIFICATES: &str = "id, at, subject, scope, number, version, before_state, after_state, reason";

fn state(row: &Row, place: usize) -> Result<State, StoreError> {
    let word: String = row.get(place)?;
    State::of_name(&word).ok_or_else(|| StoreError::Unavailable { reason: "a change has a broken state".to_owned() })
}

impl FromRow for ChangeRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let evidence: Option<Vec<u8>> = row.get(9)?;
        Ok(Self {
            id: row.get(0)?,
            at: row.get(1)?,
            subject: row.get(2)?,
            scope: row.get(3)?,
            what: ChangedRow::State {
                before: Told { state: state(row, 4)?, version: row.get(5)? },
                after: Told { state: state(row, 6)?, version: row.get(7)? },
            },
            cause: row.get(8)?,
            evidence: evidence.and_then(|bytes| Uuid::from_slice(&bytes).ok()),
        })
    }
}

/// A change of a certificate: always a decision.
struct OfCertificate(ChangeRow);

impl FromRow for OfCertificate {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self(ChangeRow {
            id: row.get(0)?,
            at: row.get(1)?,
            subject: row.get(2)?,
            scope: row.get(3)?,
            what: ChangedRow::Certificate {
                number: row.get(4)?,
                version: row.get(5)?,
                before: row.get(6)?,
                after: row.get(7)?,
                reason: row.get(8)?,
            },
            cause: "decision".to_owned(),
            evidence: None,
        }))
    }
}

impl FromRow for Told {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { state: state(row, 0)?, version: row.get(1)? })
    }
}

/// The state as it was last told.
pub(crate) async fn told(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    subject: &str,
    scope: Uuid,
) -> Result<Option<Told>, StoreError> {
    tx.find(
        "SELECT state, version FROM told_state WHERE tenant = $1 AND subject = $2 AND scope = $3",
        params![tenant.as_str(), subject, scope.to_string()],
    )
    .await
}

/// All states as they were last told, by subject and scope.
pub(crate) async fn all_told(tx: &mut Tx<'_>, tenant: &Tenant) -> Result<BTreeMap<(String, String), Told>, StoreError> {
    let rows: Vec<Placed> = tx
        .rows("SELECT state, version, subject, scope FROM told_state WHERE tenant = $1", params![tenant.as_str()])
        .await?;
    Ok(rows.into_iter().map(|Placed(subject, scope, told)| ((subject, scope), told)).collect())
}

/// What was told, with its subject and scope.
struct Placed(String, String, Told);

impl FromRow for Placed {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self(row.get(2)?, row.get(3)?, Told::from_row(row)?))
    }
}

/// Notes that a state is told.
pub(crate) async fn put_told(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    (subject, scope): (&str, &str),
    told: &Told,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO told_state (tenant, subject, scope, state, version) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (tenant, subject, scope) DO UPDATE SET state = excluded.state, version = excluded.version",
        params![tenant.as_str(), subject, scope, told.state.name(), told.version],
    )
    .await
    .map(drop)
}

/// Notes a change.
pub(crate) async fn insert(tx: &mut Tx<'_>, tenant: &Tenant, row: &ChangeRow) -> Result<(), StoreError> {
    match &row.what {
        ChangedRow::State { before, after } => {
            let evidence = row.evidence.map(|id| id.as_bytes().to_vec());
            tx.execute(
                "INSERT INTO state_change (tenant, id, at, subject, scope, before_state, before_version, after_state, \
                 after_version, cause, evidence) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                params![
                    tenant.as_str(),
                    row.id,
                    row.at,
                    row.subject,
                    row.scope,
                    before.state.name(),
                    before.version,
                    after.state.name(),
                    after.version,
                    row.cause,
                    evidence,
                ],
            )
            .await
            .map(drop)
        }
        ChangedRow::Certificate { number, before, after, version, reason } => tx
            .execute(
                "INSERT INTO certificate_change (tenant, id, at, subject, scope, number, version, before_state, \
                 after_state, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                params![
                    tenant.as_str(),
                    row.id,
                    row.at,
                    row.subject,
                    row.scope,
                    number,
                    version,
                    before,
                    after,
                    reason,
                ],
            )
            .await
            .map(drop),
    }
}

/// One change.
pub(crate) async fn find(tx: &mut Tx<'_>, tenant: &Tenant, id: ChangeId) -> Result<Option<ChangeRow>, StoreError> {
    let sql = format!("SELECT {OF_STATES} FROM state_change WHERE tenant = $1 AND id = $2");
    let found = tx.find(&sql, params![tenant.as_str(), id]).await?;
    if found.is_some() {
        return Ok(found);
    }
    let sql = format!("SELECT {OF_CERTIFICATES} FROM certificate_change WHERE tenant = $1 AND id = $2");
    let found: Option<OfCertificate> = tx.find(&sql, params![tenant.as_str(), id]).await?;
    Ok(found.map(|OfCertificate(row)| row))
}

/// The changes of a certificate of a subject, newest first.
pub(crate) async fn of_certificate(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    subject: &str,
    number: &str,
) -> Result<Vec<ChangeRow>, StoreError> {
    let sql = format!(
        "SELECT {OF_CERTIFICATES} FROM certificate_change WHERE tenant = $1 AND subject = $2 AND number = $3 \
         ORDER BY at DESC, id DESC"
    );
    let rows: Vec<OfCertificate> = tx.rows(&sql, params![tenant.as_str(), subject, number]).await?;
    Ok(rows.into_iter().map(|OfCertificate(row)| row).collect())
}

/// The newest changes, of one subject or of all, since an instant.
pub(crate) async fn list(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    subject: Option<&str>,
    since: Instant,
    limit: u32,
) -> Result<Vec<ChangeRow>, StoreError> {
    let newest = |columns: &str, table: &str| {
        format!(
            "SELECT {columns} FROM {table} WHERE tenant = $1 AND at >= $2 AND ($3 = '' OR subject = $3) \
             ORDER BY at DESC, id DESC LIMIT $4"
        )
    };
    let of = subject.unwrap_or("");
    let states = newest(OF_STATES, "state_change");
    let mut rows: Vec<ChangeRow> = tx.rows(&states, params![tenant.as_str(), since, of, limit]).await?;
    let certificates = newest(OF_CERTIFICATES, "certificate_change");
    let found: Vec<OfCertificate> = tx.rows(&certificates, params![tenant.as_str(), since, of, limit]).await?;
    rows.extend(found.into_iter().map(|OfCertificate(row)| row));
    rows.sort_by_key(|row| std::cmp::Reverse((row.at, row.id)));
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(rows)
}
