//! Versions on their way, and the links between registers.

use stoa_core::{Instant, Tenant};
use stoa_store::{FromRow, Row, StoreError, Tx, params};

use super::record::RecordId;

/// Where a publication stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The records that are there are checked by its rules and prepared for it.
    Checking,
    /// It is published; what only older versions needed is taken away.
    Tidying,
    /// It cannot be published; what it had claimed is given back.
    Withdrawing,
    /// It could not be published, for reasons that its designer still has to hear.
    Refused,
}

impl Phase {
    const ALL: [Self; 4] = [Self::Checking, Self::Tidying, Self::Withdrawing, Self::Refused];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Checking => "checking",
            Self::Tidying => "tidying",
            Self::Withdrawing => "withdrawing",
            Self::Refused => "refused",
        }
    }
}

/// A version on its way, as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct PublicationRow {
    pub(crate) phase: Phase,
    pub(crate) schema: String,
    pub(crate) label: String,
    /// Who publishes, as JSON.
    pub(crate) author: String,
    /// Which of several things is being tidied.
    pub(crate) stage: i64,
    /// The last record, or entry of the history, that is done.
    pub(crate) reached: RecordId,
    /// Records done.
    pub(crate) done: i64,
    /// What stands against it, as JSON.
    pub(crate) faults: String,
    pub(crate) started_at: Instant,
}

impl FromRow for PublicationRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let phase: String = row.get(0)?;
        let phase = Phase::ALL.into_iter().find(|known| known.as_str() == phase);
        Ok(Self {
            phase: phase.ok_or_else(|| StoreError::Data { reason: "the phase of a publication".to_owned() })?,
            schema: row.get(1)?,
            label: row.get(2)?,
            author: row.get(3)?,
            stage: row.get(4)?,
            reached: row.get(5)?,
            done: row.get(6)?,
            faults: row.get(7)?,
            started_at: row.get(8)?,
        })
    }
}

pub(crate) async fn find(tx: &mut Tx<'_>, registry: i64) -> Result<Option<PublicationRow>, StoreError> {
    tx.find(
        "SELECT phase, schema, label, author, stage, reached, done, faults, started_at FROM publication \
         WHERE registry = $1",
        params![registry],
    )
    .await
}

pub(crate) async fn put(tx: &mut Tx<'_>, registry: i64, row: &PublicationRow) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO publication (registry, phase, schema, label, author, stage, reached, done, faults, started_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (registry) DO UPDATE SET phase = excluded.phase, \
         schema = excluded.schema, label = excluded.label, author = excluded.author, stage = excluded.stage, \
         reached = excluded.reached, done = excluded.done, faults = excluded.faults, started_at = excluded.started_at",
        params![
            registry,
            row.phase.as_str(),
            row.schema,
            row.label,
            row.author,
            row.stage,
            row.reached,
            row.done,
            row.faults,
            row.started_at
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn remove(tx: &mut Tx<'_>, registry: i64) -> Result<(), StoreError> {
    tx.execute("DELETE FROM publication WHERE registry = $1", params![registry]).await?;
    Ok(())
}

/// A link from a field of one register to a field of another, or of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LinkRow {
    pub(crate) field: i64,
    pub(crate) target: i64,
    pub(crate) target_field: i64,
}

impl FromRow for LinkRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { field: row.get(0)?, target: row.get(1)?, target_field: row.get(2)? })
    }
}

/// The links of a register.
pub(crate) async fn links(tx: &mut Tx<'_>, registry: i64) -> Result<Vec<LinkRow>, StoreError> {
    tx.rows(
        "SELECT field, target, target_field FROM registry_link WHERE registry = $1 \
         ORDER BY field, target, target_field LIMIT 1000",
        params![registry],
    )
    .await
}

pub(crate) async fn add_link(tx: &mut Tx<'_>, registry: i64, link: LinkRow) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO registry_link (registry, field, target, target_field) VALUES ($1, $2, $3, $4)",
        params![registry, link.field, link.target, link.target_field],
    )
    .await?;
    Ok(())
}

pub(crate) async fn remove_link(tx: &mut Tx<'_>, registry: i64, link: LinkRow) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM registry_link WHERE registry = $1 AND field = $2 AND target = $3 AND target_field = $4",
        params![registry, link.field, link.target, link.target_field],
    )
    .await?;
    Ok(())
}

/// The links that point to a register: `register, its code, its field, the field here`.
pub(crate) async fn links_to(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    target: i64,
) -> Result<Vec<(i64, String, i64, i64)>, StoreError> {
    tx.rows(
        "SELECT l.registry, g.code, l.field, l.target_field FROM registry_link l JOIN registry g ON g.id = l.registry \
         WHERE l.target = $1 AND g.tenant = $2 AND g.deleted_at IS NULL ORDER BY g.code, l.field, l.target_field \
         LIMIT 1000",
        params![target, tenant.as_str()],
    )
    .await
}
