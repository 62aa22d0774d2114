//! What people decided: waivers, manual results, approvals of single results.

use stoa_core::{Id, Instant, Kind, Tenant};
use stoa_store::{FromRow, Row, StoreError, Tx, params};
use uuid::Uuid;

use crate::model::standing::Waived;

/// Marks the ids of waivers and manual results.
#[derive(Debug)]
pub enum DecisionKind {}
impl Kind for DecisionKind {
    const NAME: &'static str = "decision";
}
/// The id of a waiver or a manual result.
pub type DecisionId = Id<DecisionKind>;

/// A waiver as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct WaiverRow {
    pub(crate) id: DecisionId,
    pub(crate) subject: String,
    pub(crate) scope: String,
    pub(crate) test_case: String,
    pub(crate) reason: String,
    pub(crate) ends_on: String,
    pub(crate) granted_by: String,
    pub(crate) granted_at: Instant,
    pub(crate) withdrawn_at: Option<Instant>,
}

impl WaiverRow {
    /// What it means for states; nothing where its end cannot be read.
    pub(crate) fn waived(self) -> Option<Waived> {
        let (from, ends_on) = (self.granted_at, self.ends_on.parse().ok()?);
        Some(Waived { test_case: self.test_case, from, ends_on, withdrawn_at: self.withdrawn_at })
    }
}

impl FromRow for WaiverRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            subject: row.get(1)?,
            scope: row.get(2)?,
            test_case: row.get(3)?,
            reason: row.get(4)?,
            ends_on: row.get(5)?,
            granted_by: row.get(6)?,
            granted_at: row.get(7)?,
            withdrawn_at: row.get(8)?,
        })
    }
}

/// The waivers that were not withdrawn.
pub(crate) async fn waivers(tx: &mut Tx<'_>, tenant: &Tenant) -> Result<Vec<WaiverRow>, StoreError> {
    tx.rows(
        "SELECT id, subject, scope, test_case, reason, ends_on, granted_by, granted_at, withdrawn_at FROM waiver \
         WHERE tenant = $1 AND withdrawn_at IS NULL ORDER BY subject, scope, test_case",
        params![tenant.as_str()],
    )
    .await
}

/// All of one subject under a scope, those that were withdrawn too.
pub(crate) async fn waivers_ever(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    subject: &str,
    scope: Uuid,
) -> Result<Vec<WaiverRow>, StoreError> {
    tx.rows(
        "SELECT id, subject, scope, test_case, reason, ends_on, granted_by, granted_at, withdrawn_at FROM waiver \
         WHERE tenant = $1 AND subject = $2 AND scope = $3",
        params![tenant.as_str(), subject, scope.to_string()],
    )
    .await
}

/// Those of one subject under a scope that were not withdrawn.
pub(crate) async fn waivers_of(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    subject: &str,
    scope: Uuid,
) -> Result<Vec<WaiverRow>, StoreError> {
    tx.rows(
        "SELECT id, subject, scope, test_case, reason, ends_on, granted_by, granted_at, withdrawn_at FROM waiver \
         WHERE tenant = $1 AND subject = $2 AND scope = $3 AND withdrawn_at IS NULL",
        params![tenant.as_str(), subject, scope.to_string()],
    )
    .await
}

/// Grants one.
pub(crate) async fn insert_waiver(tx: &mut Tx<'_>, tenant: &Tenant, row: &WaiverRow) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO waiver (id, tenant, subject, scope, test_case, reason, ends_on, granted_by, granted_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            row.id,
            tenant.as_str(),
            row.subject,
            row.scope,
            row.test_case,
            row.reason,
            row.ends_on,
            row.granted_by,
            row.granted_at,
        ],
    )
    .await
    .map(drop)
}

/// Withdraws one; false where there is none that holds.
pub(crate) async fn withdraw_waiver(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    id: DecisionId,
    by: &str,
) -> Result<Option<(String, String)>, StoreError> {
    let now = tx.now();
    tx.find(
        "UPDATE waiver SET withdrawn_at = $3, withdrawn_by = $4 \
         WHERE tenant = $1 AND id = $2 AND withdrawn_at IS NULL RETURNING subject, scope",
        params![tenant.as_str(), id, now, by],
    )
    .await
}

/// A manual result as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct ManualRow {
    pub(crate) id: DecisionId,
    pub(crate) subject: String,
    pub(crate) scope: String,
    pub(crate) test_case: String,
    pub(crate) result: i64,
    pub(crate) checked_at: Instant,
    pub(crate) evidence: String,
    pub(crate) recorded_by: String,
    pub(crate) recorded_at: Instant,
    pub(crate) state: String,
    pub(crate) decided_by: Option<String>,
    pub(crate) decided_at: Option<Instant>,
}

const MANUAL: &str = "id, subject, scope, test_case, result, checked_at, evidence, recorded_by, recorded_at, state, decided_by, \
     decided_at";

impl FromRow for ManualRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            subject: row.get(1)?,
            scope: row.get(2)?,
            test_case: row.get(3)?,
            result: row.get(4)?,
            checked_at: row.get(5)?,
            evidence: row.get(6)?,
            recorded_by: row.get(7)?,
            recorded_at: row.get(8)?,
            state: row.get(9)?,
            decided_by: row.get(10)?,
            decided_at: row.get(11)?,
        })
    }
}

/// All manual results, newest first.
pub(crate) async fn manual(tx: &mut Tx<'_>, tenant: &Tenant, limit: u32) -> Result<Vec<ManualRow>, StoreError> {
    let sql = format!("SELECT {MANUAL} FROM manual_result WHERE tenant = $1 ORDER BY recorded_at DESC, id LIMIT $2");
    tx.rows(&sql, params![tenant.as_str(), limit]).await
}

/// The approved manual results of a subject under a scope.
pub(crate) async fn approved(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    subject: &str,
    scope: Uuid,
) -> Result<Vec<ManualRow>, StoreError> {
    let sql = format!(
        "SELECT {MANUAL} FROM manual_result \
         WHERE tenant = $1 AND subject = $2 AND scope = $3 AND state = 'approved' ORDER BY checked_at, id"
    );
    tx.rows(&sql, params![tenant.as_str(), subject, scope.to_string()]).await
}

/// One manual result.
pub(crate) async fn find_manual(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    id: DecisionId,
) -> Result<Option<ManualRow>, StoreError> {
    let sql = format!("SELECT {MANUAL} FROM manual_result WHERE tenant = $1 AND id = $2");
    tx.find(&sql, params![tenant.as_str(), id]).await
}

/// Whether one about the same test case waits for a decision.
pub(crate) async fn is_proposed(tx: &mut Tx<'_>, tenant: &Tenant, row: &ManualRow) -> Result<bool, StoreError> {
    let sql = "SELECT COUNT(*) FROM manual_result WHERE tenant = $1 AND subject = $2 AND scope = $3 AND test_case = $4 \
               AND state = 'proposed'";
    let (count,): (i64,) = tx.get(sql, params![tenant.as_str(), row.subject, row.scope, row.test_case]).await?;
    Ok(count > 0)
}

/// Proposes one.
pub(crate) async fn insert_manual(tx: &mut Tx<'_>, tenant: &Tenant, row: &ManualRow) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO manual_result (id, tenant, subject, scope, test_case, result, checked_at, evidence, recorded_by, \
         recorded_at, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        params![
            row.id,
            tenant.as_str(),
            row.subject,
            row.scope,
            row.test_case,
            row.result,
            row.checked_at,
            row.evidence,
            row.recorded_by,
            row.recorded_at,
            row.state,
        ],
    )
    .await
    .map(drop)
}

/// Decides about one that is proposed; false where it is not.
pub(crate) async fn decide_manual(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    id: DecisionId,
    state: &str,
    by: &str,
) -> Result<bool, StoreError> {
    let now = tx.now();
    let changed = tx
        .execute(
            "UPDATE manual_result SET state = $3, decided_by = $4, decided_at = $5 \
             WHERE tenant = $1 AND id = $2 AND state = 'proposed'",
            params![tenant.as_str(), id, state, by, now],
        )
        .await?;
    Ok(changed == 1)
}

/// Writes what an approver said about a single result.
pub(crate) async fn put_approval(
    tx: &mut Tx<'_>,
    report: Uuid,
    version: &str,
    test_case: &str,
    approval: bool,
    by: &str,
) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO approval (report, version, test_case, approval, decided_by, decided_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (report, version, test_case) DO UPDATE SET \
         approval = excluded.approval, decided_by = excluded.decided_by, decided_at = excluded.decided_at",
        params![report.as_bytes().as_slice(), version, test_case, approval, by, now],
    )
    .await
    .map(drop)
}

/// What approvers said about the results of a report: version, test case, approval.
pub(crate) async fn approvals(tx: &mut Tx<'_>, report: Uuid) -> Result<Vec<(String, String, bool)>, StoreError> {
    tx.rows(
        "SELECT version, test_case, approval FROM approval WHERE report = $1",
        params![report.as_bytes().as_slice()],
    )
    .await
}
