//! States as they were last told, and their changes.

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

/// A change of a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChangeRow {
    pub(crate) id: ChangeId,
    pub(crate) at: Instant,
    pub(crate) subject: String,
    pub(crate) scope: String,
    pub(crate) before: Told,
    pub(crate) after: Told,
    pub(crate) cause: String,
    pub(crate) evidence: Option<Uuid>,
}

const COLUMNS: &str =
    "id, at, subject, scope, before_state, before_version, after_state, after_version, cause, evidence";

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
            before: Told { state: state(row, 4)?, version: row.get(5)? },
            after: Told { state: state(row, 6)?, version: row.get(7)? },
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

/// Notes a change, and that it is told.
pub(crate) async fn insert(tx: &mut Tx<'_>, tenant: &Tenant, row: &ChangeRow) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO told_state (tenant, subject, scope, state, version) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (tenant, subject, scope) DO UPDATE SET state = excluded.state, version = excluded.version",
        params![tenant.as_str(), row.subject, row.scope, row.after.state.name(), row.after.version],
    )
    .await?;
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
            row.before.state.name(),
            row.before.version,
            row.after.state.name(),
            row.after.version,
            row.cause,
            evidence,
        ],
    )
    .await
    .map(drop)
}

/// One change.
pub(crate) async fn find(tx: &mut Tx<'_>, tenant: &Tenant, id: ChangeId) -> Result<Option<ChangeRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM state_change WHERE tenant = $1 AND id = $2");
    tx.find(&sql, params![tenant.as_str(), id]).await
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
        "SELECT {COLUMNS} FROM state_change WHERE tenant = $1 AND at >= $2 AND ($3 = '' OR subject = $3) \
         ORDER BY at DESC, id DESC LIMIT $4"
    );
    tx.rows(&sql, params![tenant.as_str(), since, subject.unwrap_or(""), limit]).await
}
