//! Registers and their versions.

use stoa_core::{Instant, Tenant};
use stoa_store::{FromRow, Row, StoreError, Tx, params};

/// A register as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct RegistryRow {
    pub(crate) id: i64,
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) group_name: String,
    pub(crate) description: String,
    pub(crate) institution: String,
    pub(crate) number_format: String,
    pub(crate) next_number: i64,
    pub(crate) read_log: bool,
    pub(crate) draft: Option<String>,
    pub(crate) stamp: i64,
    pub(crate) created_at: Instant,
    pub(crate) modified_at: Instant,
    pub(crate) modified_by: String,
}

const COLUMNS: &str = "id, code, name, group_name, description, institution, number_format, next_number, read_log, \
                       draft, stamp, created_at, modified_at, modified_by";

impl FromRow for RegistryRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            code: row.get(1)?,
            name: row.get(2)?,
            group_name: row.get(3)?,
            description: row.get(4)?,
            institution: row.get(5)?,
            number_format: row.get(6)?,
            next_number: row.get(7)?,
            read_log: row.get(8)?,
            draft: row.get(9)?,
            stamp: row.get(10)?,
            created_at: row.get(11)?,
            modified_at: row.get(12)?,
            modified_by: row.get(13)?,
        })
    }
}

/// A published version as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct VersionRow {
    pub(crate) number: i64,
    pub(crate) label: String,
    pub(crate) schema: String,
    pub(crate) published_at: Instant,
    pub(crate) published_by: String,
}

impl FromRow for VersionRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            number: row.get(0)?,
            label: row.get(1)?,
            schema: row.get(2)?,
            published_at: row.get(3)?,
            published_by: row.get(4)?,
        })
    }
}

pub(crate) async fn find(tx: &mut Tx<'_>, tenant: &Tenant, code: &str) -> Result<Option<RegistryRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM registry WHERE tenant = $1 AND code = $2 AND deleted_at IS NULL");
    tx.find(&sql, params![tenant.as_str(), code]).await
}

pub(crate) async fn find_by_id(tx: &mut Tx<'_>, tenant: &Tenant, id: i64) -> Result<Option<RegistryRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM registry WHERE tenant = $1 AND id = $2 AND deleted_at IS NULL");
    tx.find(&sql, params![tenant.as_str(), id]).await
}

/// The register's stamp: changes whenever what is cached of it may no longer hold.
pub(crate) async fn stamp(tx: &mut Tx<'_>, tenant: &Tenant, code: &str) -> Result<Option<(i64, i64)>, StoreError> {
    tx.find(
        "SELECT id, stamp FROM registry WHERE tenant = $1 AND code = $2 AND deleted_at IS NULL",
        params![tenant.as_str(), code],
    )
    .await
}

pub(crate) async fn list(tx: &mut Tx<'_>, tenant: &Tenant, limit: u32) -> Result<Vec<RegistryRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM registry WHERE tenant = $1 AND deleted_at IS NULL ORDER BY code LIMIT $2");
    tx.rows(&sql, params![tenant.as_str(), limit]).await
}

pub(crate) async fn insert(tx: &mut Tx<'_>, tenant: &Tenant, row: &RegistryRow) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO registry (tenant, {COLUMNS}) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
    );
    tx.execute(
        &sql,
        params![
            tenant.as_str(),
            row.id,
            row.code,
            row.name,
            row.group_name,
            row.description,
            row.institution,
            row.number_format,
            row.next_number,
            row.read_log,
            row.draft,
            row.stamp,
            row.created_at,
            row.modified_at,
            row.modified_by
        ],
    )
    .await?;
    Ok(())
}

/// A stamp that no state of a register has had or will have, also not one that was never committed: counting on would
/// give a state the stamp of another that was rolled back.
pub(crate) fn new_stamp(tx: &Tx<'_>) -> i64 {
    let id = tx.new_id::<super::record::RecordKind>();
    let (_, tail) = id.as_bytes().split_at(8);
    i64::from_be_bytes(<[u8; 8]>::try_from(tail).unwrap_or_default())
}

/// Writes everything of a register that may change, and a new stamp.
pub(crate) async fn update(tx: &mut Tx<'_>, row: &RegistryRow) -> Result<(), StoreError> {
    let stamp = new_stamp(tx);
    tx.execute(
        "UPDATE registry SET name = $2, group_name = $3, description = $4, institution = $5, number_format = $6, \
         read_log = $7, draft = $8, modified_at = $9, modified_by = $10, stamp = $11 WHERE id = $1",
        params![
            row.id,
            row.name,
            row.group_name,
            row.description,
            row.institution,
            row.number_format,
            row.read_log,
            row.draft,
            row.modified_at,
            row.modified_by,
            stamp
        ],
    )
    .await?;
    Ok(())
}

/// Lets go of all that is remembered of a register, on every node.
pub(crate) async fn renew_stamp(tx: &mut Tx<'_>, id: i64) -> Result<(), StoreError> {
    let stamp = new_stamp(tx);
    tx.execute("UPDATE registry SET stamp = $2 WHERE id = $1", params![id, stamp]).await?;
    Ok(())
}

/// Marks a register as deleted; its records and its history stay.
pub(crate) async fn delete(tx: &mut Tx<'_>, id: i64, at: Instant, by: &str) -> Result<(), StoreError> {
    let stamp = new_stamp(tx);
    tx.execute(
        "UPDATE registry SET deleted_at = $2, deleted_by = $3, stamp = $4 WHERE id = $1",
        params![id, at, by, stamp],
    )
    .await?;
    Ok(())
}

pub(crate) async fn next_id(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    Ok(tx.get::<(i64,)>("SELECT coalesce(max(id), 0) + 1 FROM registry", params![]).await?.0)
}

/// Takes the register's next number.
pub(crate) async fn take_number(tx: &mut Tx<'_>, id: i64) -> Result<i64, StoreError> {
    let sql = "UPDATE registry SET next_number = next_number + 1 WHERE id = $1 RETURNING next_number - 1";
    Ok(tx.get::<(i64,)>(sql, params![id]).await?.0)
}

pub(crate) async fn versions(tx: &mut Tx<'_>, id: i64) -> Result<Vec<VersionRow>, StoreError> {
    tx.rows(
        "SELECT number, label, schema, published_at, published_by FROM registry_version \
         WHERE registry = $1 ORDER BY number LIMIT 1000",
        params![id],
    )
    .await
}

pub(crate) async fn insert_version(tx: &mut Tx<'_>, id: i64, row: &VersionRow) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO registry_version (registry, number, label, schema, published_at, published_by) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![id, row.number, row.label, row.schema, row.published_at, row.published_by],
    )
    .await?;
    Ok(())
}
