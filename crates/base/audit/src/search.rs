//! Finding records: by actor, subject, object, action and time, newest first, a bounded page at a time.

use stoa_core::{Instant, Tenant, limit};
use stoa_store::{FromRow, Param, Row, StoreError, ToParam, Tx, params};

use crate::record::{COLUMN_COUNT, COLUMNS};
use crate::{AuditError, Entry, RecordId};

/// Which records; every part that is given must fit.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// By this actor, or on their behalf.
    pub actor: Option<String>,
    /// About this person.
    pub subject: Option<String>,
    /// On this object.
    pub object: Option<String>,
    /// Of this action.
    pub action: Option<String>,
    /// At this time or later.
    pub from: Option<Instant>,
    /// Before this time.
    pub until: Option<Instant>,
    /// Older than the last record of the page before: its [`Found::sequence`].
    pub before: Option<i64>,
    /// Records of the page; 50 if `None`, 1000 at most.
    pub limit: Option<u32>,
}

/// A record that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Its number in the table: what the next page begins after.
    pub sequence: i64,
    /// The record.
    pub entry: Entry,
}

impl FromRow for Found {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { entry: Entry::from_row(row)?, sequence: row.get(COLUMN_COUNT)? })
    }
}

/// A tenant's records that fit the filter, newest first.
pub async fn search(tx: &mut Tx<'_>, tenant: &Tenant, filter: &Filter) -> Result<Vec<Found>, AuditError> {
    let limit = filter.limit.unwrap_or(limit::PAGE_SIZE_DEFAULT);
    if limit == 0 || limit > limit::PAGE_SIZE_MAX {
        return Err(AuditError::Page(limit::PAGE_SIZE_MAX));
    }
    let mut values: Vec<Param<'_>> = vec![Param::Text(tenant.as_str())];
    let mut conditions = String::from("tenant = $1");
    let parts: [(&str, Option<Param<'_>>); 7] = [
        ("(actor = ? OR on_behalf_of = ?)", filter.actor.as_ref().map(ToParam::to_param)),
        ("subject = ?", filter.subject.as_ref().map(ToParam::to_param)),
        ("object = ?", filter.object.as_ref().map(ToParam::to_param)),
        ("action = ?", filter.action.as_ref().map(ToParam::to_param)),
        ("at >= ?", filter.from.as_ref().map(ToParam::to_param)),
        ("at < ?", filter.until.as_ref().map(ToParam::to_param)),
        ("seq < ?", filter.before.as_ref().map(ToParam::to_param)),
    ];
    for (condition, value) in parts {
        if let Some(value) = value {
            values.push(value);
            conditions.push_str(" AND ");
            conditions.push_str(&condition.replace('?', &format!("${}", values.len())));
        }
    }
    values.push(limit.to_param());
    let sql =
        format!("SELECT {COLUMNS}, seq FROM audit_record WHERE {conditions} ORDER BY seq DESC LIMIT ${}", values.len());
    Ok(tx.rows(&sql, &values).await?)
}

/// One record of a tenant by its id.
pub async fn get(tx: &mut Tx<'_>, tenant: &Tenant, id: RecordId) -> Result<Entry, AuditError> {
    tx.find(&format!("SELECT {COLUMNS} FROM audit_record WHERE tenant = $1 AND id = $2"), params![tenant.as_str(), id])
        .await?
        .ok_or(AuditError::NotFound)
}
