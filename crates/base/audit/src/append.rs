//! Appending: one INSERT in the caller's transaction.

use serde_json::Value;
use stoa_store::wake::Topic;
use stoa_store::{MasterKeys, Tx, params, seal};
use zeroize::Zeroizing;

use crate::{AuditError, Entry, Record, RecordId};

/// The largest detail of a record in bytes, as JSON.
pub const DETAIL_BYTES_MAX: usize = 16 * 1024;

/// Appends a record in the caller's transaction: it is there if and only if the change is. Returns its id.
pub async fn append(tx: &mut Tx<'_>, record: &Record<'_>) -> Result<RecordId, AuditError> {
    let id = tx.new_id();
    insert(tx, id, record, None).await?;
    Ok(id)
}

/// As [`append`], with personal values (old and new content, fields that were read) sealed for the record's subject.
/// When the subject is erased the record stays and verifies, and the values are gone.
pub async fn append_sealed(
    tx: &mut Tx<'_>,
    keys: &MasterKeys,
    record: &Record<'_>,
    personal: &Value,
) -> Result<RecordId, AuditError> {
    let subject = record.subject.ok_or(AuditError::NoSubject)?;
    let id: RecordId = tx.new_id();
    let plain = Zeroizing::new(personal.to_string().into_bytes());
    check_size(plain.len())?;
    let sealed = seal::seal(tx, keys, subject, &context(id), &plain).await?;
    insert(tx, id, record, Some(&sealed)).await?;
    Ok(id)
}

/// Opens the personal values of a record; `None` when it has none. After the subject was erased this fails with
/// [`seal::SealError::Erased`].
pub async fn open_sealed(tx: &mut Tx<'_>, keys: &MasterKeys, entry: &Entry) -> Result<Option<Value>, AuditError> {
    let Some(sealed) = &entry.sealed else { return Ok(None) };
    let subject = entry.subject.as_deref().ok_or(AuditError::NoSubject)?;
    let plain = seal::open(tx, keys, subject, &context(entry.id), sealed).await?;
    serde_json::from_slice(&plain).map(Some).map_err(|_| seal::SealError::Altered.into())
}

/// A sealed value is bound to its record, so that it cannot be moved to another one of the same person.
fn context(id: RecordId) -> String {
    format!("audit.record/{id}")
}

fn check_size(bytes: usize) -> Result<(), AuditError> {
    if bytes > DETAIL_BYTES_MAX {
        return Err(AuditError::TooLarge { bytes, bytes_max: DETAIL_BYTES_MAX });
    }
    Ok(())
}

async fn insert(tx: &mut Tx<'_>, id: RecordId, record: &Record<'_>, sealed: Option<&[u8]>) -> Result<(), AuditError> {
    let detail = record.detail.to_string();
    check_size(detail.len())?;
    let mark = tx.commit_mark().await?;
    let at = tx.now();
    let actor = record.actor;
    tx.execute(
        "INSERT INTO audit_record (mark, id, at, tenant, actor_kind, actor, on_behalf_of, client, action, object,
           subject, purpose, outcome, detail, sealed, correlation)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        params![
            mark,
            id,
            at,
            actor.tenant.as_str(),
            actor.kind.as_str(),
            actor.id,
            actor.on_behalf_of,
            actor.client,
            record.action,
            record.object,
            record.subject,
            record.purpose,
            record.outcome.as_str(),
            detail,
            sealed,
            record.correlation,
        ],
    )
    .await?;
    tx.wake(Topic::Audit);
    Ok(())
}
