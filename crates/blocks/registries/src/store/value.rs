//! The values by which records are found, and those that no two of them may share.

use std::fmt::Write as _;

use stoa_core::Tenant;
use stoa_store::{StoreError, ToParam as _, Tx, params};

use super::record::RecordId;
use crate::model::{IndexEntry, slot};

/// Entries that one statement adds. Bounded, so that few different statements are compiled.
const ADDED_AT_ONCE: usize = 16;

/// Adds a record's values to the index; those that stand there stay.
pub(crate) async fn index(
    tx: &mut Tx<'_>,
    registry: i64,
    record: RecordId,
    entries: &[IndexEntry],
) -> Result<(), StoreError> {
    for entries in entries.chunks(ADDED_AT_ONCE) {
        let mut sql = "INSERT INTO record_value (registry, record, slot, value) VALUES ".to_owned();
        let mut bound = vec![registry.to_param(), record.to_param()];
        for (at, entry) in entries.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            let _ = write!(sql, "{comma}($1, $2, ${}, ${})", bound.len() + 1, bound.len() + 2);
            bound.push(entry.slot.to_param());
            bound.push(entry.text.to_param());
        }
        sql.push_str(" ON CONFLICT (record, slot, value) DO NOTHING");
        tx.execute(&sql, &bound).await?;
    }
    Ok(())
}

/// Takes a field's values of a record out of the index, whatever version put them there.
pub(crate) async fn unindex_field(tx: &mut Tx<'_>, record: RecordId, field: i64) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM record_value WHERE record = $1 AND slot IN ($2, $3)",
        params![record, slot(field, false), slot(field, true)],
    )
    .await?;
    Ok(())
}

/// Takes all values of a record out of the index, and gives back all that it claimed.
pub(crate) async fn remove(tx: &mut Tx<'_>, record: RecordId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM record_value WHERE record = $1", params![record]).await?;
    tx.execute("DELETE FROM record_unique WHERE record = $1", params![record]).await?;
    Ok(())
}

/// Claims a value that no other record may have; false when it is claimed already.
pub(crate) async fn claim(
    tx: &mut Tx<'_>,
    registry: i64,
    rule: &str,
    hash: &[u8; 32],
    record: RecordId,
) -> Result<bool, StoreError> {
    let inserted = tx
        .execute(
            "INSERT INTO record_unique (registry, rule, hash, record) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (registry, rule, hash) DO NOTHING",
            params![registry, rule, hash, record],
        )
        .await?;
    Ok(inserted == 1)
}

/// The record that holds a claim.
pub(crate) async fn holder(
    tx: &mut Tx<'_>,
    registry: i64,
    rule: &str,
    hash: &[u8; 32],
) -> Result<Option<RecordId>, StoreError> {
    let sql = "SELECT record FROM record_unique WHERE registry = $1 AND rule = $2 AND hash = $3";
    Ok(tx.find::<(RecordId,)>(sql, params![registry, rule, hash]).await?.map(|(record,)| record))
}

/// Gives a claimed value back.
pub(crate) async fn release(
    tx: &mut Tx<'_>,
    registry: i64,
    rule: &str,
    hash: &[u8; 32],
    record: RecordId,
) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM record_unique WHERE registry = $1 AND rule = $2 AND hash = $3 AND record = $4",
        params![registry, rule, hash, record],
    )
    .await?;
    Ok(())
}

/// Gives back some claims of a rule that no longer holds; how many there were.
pub(crate) async fn release_rule(tx: &mut Tx<'_>, registry: i64, rule: &str, limit: u32) -> Result<u64, StoreError> {
    tx.execute(
        "DELETE FROM record_unique WHERE registry = $1 AND rule = $2 AND hash IN \
         (SELECT hash FROM record_unique WHERE registry = $1 AND rule = $2 LIMIT $3)",
        params![registry, rule, limit],
    )
    .await
}

/// Whether a record of the tenant's register, other than `except`, has this value.
pub(crate) async fn is_there(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    registry: i64,
    entry: &IndexEntry,
    except: Option<RecordId>,
) -> Result<bool, StoreError> {
    let found: Option<(i64,)> = tx
        .find(
            "SELECT 1 FROM record_value WHERE registry = $1 AND slot = $2 AND value = $3 AND record <> $4 AND EXISTS \
             (SELECT 1 FROM registry WHERE id = $1 AND tenant = $5 AND deleted_at IS NULL) LIMIT 1",
            params![registry, entry.slot, entry.text, except.unwrap_or(RecordId::from_bytes([0; 16])), tenant.as_str()],
        )
        .await?;
    Ok(found.is_some())
}
