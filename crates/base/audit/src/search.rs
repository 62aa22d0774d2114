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
    let mut found: Vec<Found> = Vec::new();
    for role in roles(filter) {
        let (sql, values) = statement(tenant, filter, *role, &limit);
        found.extend(tx.rows::<Found>(&sql, &values).await?);
    }
    found.sort_by_key(|found| std::cmp::Reverse(found.sequence));
    found.dedup_by_key(|found| found.sequence);
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(found)
}

/// In which columns the actor may stand. Each is asked for alone, since an index serves one of them: a page of both is
/// among a page of each.
fn roles(filter: &Filter) -> &'static [Option<&'static str>] {
    if filter.actor.is_some() { &[Some("actor"), Some("on_behalf_of")] } else { &[None] }
}

/// One page as a statement, with the actor in this column. A mark below zero is given by no commit: what carries one is
/// no evidence, and verification names it.
fn statement<'a>(
    tenant: &'a Tenant,
    filter: &'a Filter,
    role: Option<&str>,
    limit: &'a u32,
) -> (String, Vec<Param<'a>>) {
    let mut values: Vec<Param<'_>> = vec![Param::Text(tenant.as_str())];
    let mut conditions = String::from("tenant = $1 AND mark >= 0");
    let actor = role.map(|column| format!("{column} = ?")).unwrap_or_default();
    let parts: [(&str, Option<Param<'_>>); 7] = [
        (&actor, filter.actor.as_ref().map(ToParam::to_param)),
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
    (sql, values)
}

/// One record of a tenant by its id.
pub async fn get(tx: &mut Tx<'_>, tenant: &Tenant, id: RecordId) -> Result<Entry, AuditError> {
    tx.find(
        &format!("SELECT {COLUMNS} FROM audit_record WHERE tenant = $1 AND id = $2 AND mark >= 0"),
        params![tenant.as_str(), id],
    )
    .await?
    .ok_or(AuditError::NotFound)
}

#[cfg(test)]
mod tests {
    use stoa_core::{Clock, Ids};
    use stoa_store::{Durability, Engine, Store, StoreLimits, StoreOptions, Value};

    use super::*;

    /// A page costs what it holds, however much evidence there is: each search for somebody or something is served by an
    /// index that gives the newest first.
    #[tokio::test]
    async fn no_search_for_a_name_reads_the_whole_table() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::system();
        let store = Store::open(StoreOptions {
            block: "test",
            engine: Engine::Sqlite { file: folder.path().join("test.db"), durability: Durability::Full },
            migrations: crate::MIGRATIONS.to_vec(),
            ids: Ids::random(clock.clone()),
            clock,
            limits: StoreLimits::default(),
        })
        .await
        .unwrap();
        let some = || Some("x".to_owned());
        for filter in [
            Filter { actor: some(), ..Filter::default() },
            Filter { subject: some(), ..Filter::default() },
            Filter { object: some(), ..Filter::default() },
            Filter { action: some(), ..Filter::default() },
        ] {
            let asked = filter.clone();
            let plans: Vec<Row> = store
                .read::<_, _, StoreError>(async move |tx: &mut Tx<'_>| {
                    let tenant = Tenant::default();
                    let mut plans = Vec::new();
                    for role in roles(&asked) {
                        let (sql, values) = statement(&tenant, &asked, *role, &50);
                        plans.extend(tx.rows::<Row>(&format!("EXPLAIN QUERY PLAN {sql}"), &values).await?);
                    }
                    Ok(plans)
                })
                .await
                .unwrap();
            for step in plans.iter().flat_map(Row::values) {
                let Value::Text(step) = step else { continue };
                assert!(step.starts_with("SEARCH audit_record USING INDEX"), "{filter:?}: {step}");
            }
            assert!(!plans.is_empty());
        }
    }
}
