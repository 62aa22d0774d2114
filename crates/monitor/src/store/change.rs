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

const COLUMNS: &str = "id, at, subject, scope, before_state, before_version, after_state, after_version, cause, evidence, \
     certificate, reason";

fn state(row: &Row, place: usize) -> Result<State, StoreError> {
    let word: String = row.get(place)?;
    State::of_name(&word).ok_or_else(|| StoreError::Unavailable { reason: "a change has a broken state".to_owned() })
}

impl FromRow for ChangeRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let evidence: Option<Vec<u8>> = row.get(9)?;
        let certificate: Option<String> = row.get(10)?;
        let what = match certificate {
            Some(number) => ChangedRow::Certificate {
                number,
                before: row.get(4)?,
                after: row.get(6)?,
                version: row.get(7)?,
                reason: row.get(11)?,
            },
            None => ChangedRow::State {
                before: Told { state: state(row, 4)?, version: row.get(5)? },
                after: Told { state: state(row, 6)?, version: row.get(7)? },
            },
        };
        Ok(Self {
            id: row.get(0)?,
            at: row.get(1)?,
            subject: row.get(2)?,
            scope: row.get(3)?,
            what,
            cause: row.get(8)?,
            evidence: evidence.and_then(|bytes| Uuid::from_slice(&bytes).ok()),
        })
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
    let evidence = row.evidence.map(|id| id.as_bytes().to_vec());
    let (certificate, reason, before, after) = match &row.what {
        ChangedRow::State { before, after } => {
            (None, "", (before.state.name(), before.version.as_str()), (after.state.name(), after.version.as_str()))
        }
        ChangedRow::Certificate { number, before, after, version, reason } => {
            (Some(number), reason.as_str(), (before.as_str(), version.as_str()), (after.as_str(), version.as_str()))
        }
    };
    tx.execute(
        "INSERT INTO change (tenant, id, at, subject, scope, before_state, before_version, after_state, \
         after_version, cause, evidence, certificate, reason) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        params![
            tenant.as_str(),
            row.id,
            row.at,
            row.subject,
            row.scope,
            before.0,
            before.1,
            after.0,
            after.1,
            row.cause,
            evidence,
            certificate,
            reason,
        ],
    )
    .await
    .map(drop)
}

/// One change.
pub(crate) async fn find(tx: &mut Tx<'_>, tenant: &Tenant, id: ChangeId) -> Result<Option<ChangeRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM change WHERE tenant = $1 AND id = $2");
    tx.find(&sql, params![tenant.as_str(), id]).await
}

/// The changes of a certificate of a subject, newest first.
pub(crate) async fn of_certificate(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    subject: &str,
    number: &str,
) -> Result<Vec<ChangeRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM change WHERE tenant = $1 AND subject = $2 AND certificate = $3 ORDER BY at DESC, id DESC"
    );
    tx.rows(&sql, params![tenant.as_str(), subject, number]).await
}

/// The newest changes, of one subject or of all, since an instant.
pub(crate) async fn list(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    subject: Option<&str>,
    since: Instant,
    limit: u32,
) -> Result<Vec<ChangeRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM change WHERE tenant = $1 AND at >= $2 AND ($3 = '' OR subject = $3) \
         ORDER BY at DESC, id DESC LIMIT $4"
    );
    tx.rows(&sql, params![tenant.as_str(), since, subject.unwrap_or(""), limit]).await
}
