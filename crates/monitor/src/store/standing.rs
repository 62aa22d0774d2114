//! The newest results of each subject under each scope.

use std::collections::BTreeSet;

use stoa_core::Tenant;
use stoa_store::{FromRow, Param, Row, StoreError, Tx, params};
use uuid::Uuid;

use crate::model::results::Results;

/// Subjects that are asked for at once.
const TOGETHER: usize = 20;

/// The newest results as they are stored.
#[derive(Debug, Clone)]
pub(crate) struct StandingRow {
    pub(crate) subject: String,
    pub(crate) scope: Uuid,
    pub(crate) results: Results,
    pub(crate) version: i64,
}

impl FromRow for StandingRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let (scope, results): (String, String) = (row.get(1)?, row.get(2)?);
        let broken = |what: &str| StoreError::Unavailable { reason: format!("a standing has broken {what}") };
        Ok(Self {
            subject: row.get(0)?,
            scope: scope.parse().map_err(|_| broken("scope"))?,
            results: Results::of_json(&results).ok_or_else(|| broken("results"))?,
            version: row.get(3)?,
        })
    }
}

/// One subject under one scope.
pub(crate) async fn find(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    subject: &str,
    scope: Uuid,
) -> Result<Option<StandingRow>, StoreError> {
    tx.find(
        "SELECT subject, scope, results, version FROM standing WHERE tenant = $1 AND subject = $2 AND scope = $3",
        params![tenant.as_str(), subject, scope.to_string()],
    )
    .await
}

/// All of these subjects.
pub(crate) async fn of_subjects(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    subjects: &BTreeSet<String>,
) -> Result<Vec<StandingRow>, StoreError> {
    let mut rows = Vec::new();
    let subjects: Vec<&str> = subjects.iter().map(String::as_str).collect();
    // Always the same statement, which is prepared once: the last name stands for those that are missing.
    for some in subjects.chunks(TOGETHER) {
        let names: Vec<String> = (2..TOGETHER + 2).map(|place| format!("${place}")).collect();
        let sql = format!(
            "SELECT subject, scope, results, version FROM standing WHERE tenant = $1 AND subject IN ({})",
            names.join(", ")
        );
        let padded = some.iter().chain(std::iter::repeat(some.last().unwrap_or(&""))).take(TOGETHER);
        let given: Vec<Param<'_>> =
            std::iter::once(Param::Text(tenant.as_str())).chain(padded.map(|name| Param::Text(name))).collect();
        rows.extend(tx.rows::<StandingRow>(&sql, &given).await?);
    }
    Ok(rows)
}

/// Which there are, each with the count of its changes.
pub(crate) async fn versions(tx: &mut Tx<'_>, tenant: &Tenant) -> Result<Vec<(String, String, i64)>, StoreError> {
    tx.rows("SELECT subject, scope, version FROM standing WHERE tenant = $1", params![tenant.as_str()]).await
}

/// The tenants that have any.
pub(crate) async fn tenants(tx: &mut Tx<'_>) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> = tx.rows("SELECT DISTINCT tenant FROM standing", params![]).await?;
    Ok(rows.into_iter().map(|(tenant,)| tenant).collect())
}

/// Writes the newest results.
pub(crate) async fn put(tx: &mut Tx<'_>, tenant: &Tenant, row: &StandingRow) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO standing (tenant, subject, scope, results, version) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (tenant, subject, scope) DO UPDATE SET results = excluded.results, version = excluded.version",
        params![tenant.as_str(), row.subject, row.scope.to_string(), row.results.to_json(), row.version],
    )
    .await
    .map(drop)
}
