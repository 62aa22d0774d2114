//! How people prove who they are, and failures to do so.

use stoa_core::Instant;
use stoa_store::{FromRow, Row, StoreError, Tx, params};

use super::{FactorId, PersonId};
use crate::model::throttle::Attempts;

/// A factor as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct FactorRow {
    pub(crate) id: FactorId,
    pub(crate) kind: String,
    pub(crate) label: String,
    pub(crate) sealed: Vec<u8>,
    pub(crate) counter: i64,
    pub(crate) created_at: Instant,
    pub(crate) confirmed_at: Option<Instant>,
    pub(crate) used_at: Option<Instant>,
}

impl FromRow for FactorRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            kind: row.get(1)?,
            label: row.get(2)?,
            sealed: row.get(3)?,
            counter: row.get(4)?,
            created_at: row.get(5)?,
            confirmed_at: row.get(6)?,
            used_at: row.get(7)?,
        })
    }
}

const COLUMNS: &str = "id, kind, label, sealed, counter, created_at, confirmed_at, used_at";

/// All factors of a person, the oldest first.
pub(crate) async fn list(tx: &mut Tx<'_>, person: PersonId) -> Result<Vec<FactorRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM factor WHERE person = $1 ORDER BY id");
    tx.rows(&sql, params![person]).await
}

/// The factors of one kind that are confirmed.
pub(crate) async fn of_kind(tx: &mut Tx<'_>, person: PersonId, kind: &str) -> Result<Vec<FactorRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM factor WHERE person = $1 AND kind = $2 AND confirmed_at IS NOT NULL ORDER BY id"
    );
    tx.rows(&sql, params![person, kind]).await
}

/// A person's factor of this id.
pub(crate) async fn find(tx: &mut Tx<'_>, person: PersonId, id: FactorId) -> Result<Option<FactorRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM factor WHERE id = $1 AND person = $2");
    tx.find(&sql, params![id, person]).await
}

/// Adds a factor.
pub(crate) async fn insert(
    tx: &mut Tx<'_>,
    person: PersonId,
    kind: &str,
    label: &str,
    sealed: &[u8],
    is_confirmed: bool,
) -> Result<FactorId, StoreError> {
    let (id, now) = (tx.new_id(), tx.now());
    tx.execute(
        "INSERT INTO factor (id, person, kind, label, sealed, counter, created_at, confirmed_at) \
         VALUES ($1, $2, $3, $4, $5, 0, $6, $7)",
        params![id, person, kind, label, sealed, now, is_confirmed.then_some(now)],
    )
    .await?;
    Ok(id)
}

/// Takes out all factors of a kind.
pub(crate) async fn delete_kind(tx: &mut Tx<'_>, person: PersonId, kind: &str) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM factor WHERE person = $1 AND kind = $2", params![person, kind]).await
}

/// Takes out one factor; says whether it was there.
pub(crate) async fn delete(tx: &mut Tx<'_>, person: PersonId, id: FactorId) -> Result<bool, StoreError> {
    Ok(tx.execute("DELETE FROM factor WHERE id = $1 AND person = $2", params![id, person]).await? > 0)
}

/// The person showed that the factor works.
pub(crate) async fn confirm(tx: &mut Tx<'_>, id: FactorId, counter: i64) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute("UPDATE factor SET confirmed_at = $2, counter = $3 WHERE id = $1", params![id, now, counter]).await?;
    Ok(())
}

/// Notes a use; refused where the counter is not above the one that is known, so that nothing counts twice.
pub(crate) async fn note_use(tx: &mut Tx<'_>, id: FactorId, counter: i64) -> Result<bool, StoreError> {
    let now = tx.now();
    let sql = "UPDATE factor SET used_at = $2, counter = $3 WHERE id = $1 AND counter < $3";
    Ok(tx.execute(sql, params![id, now, counter]).await? > 0)
}

/// Writes a factor's secret part again: a recovery code is used up.
pub(crate) async fn set_sealed(tx: &mut Tx<'_>, id: FactorId, sealed: &[u8]) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute("UPDATE factor SET sealed = $2, used_at = $3 WHERE id = $1", params![id, sealed, now]).await?;
    Ok(())
}

/// Failures so far.
pub(crate) async fn attempts(tx: &mut Tx<'_>, hash: &[u8; 32]) -> Result<Attempts, StoreError> {
    let row: Option<(u32, Instant)> =
        tx.find("SELECT failures, last_at FROM attempt WHERE hash = $1", params![hash]).await?;
    Ok(row.map_or_else(Attempts::default, |(failures, last_at)| Attempts { failures, last_at: Some(last_at) }))
}

/// Notes failures.
pub(crate) async fn set_attempts(tx: &mut Tx<'_>, hash: &[u8; 32], attempts: Attempts) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO attempt (hash, failures, last_at) VALUES ($1, $2, $3) \
         ON CONFLICT (hash) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at",
        params![hash, attempts.failures, attempts.last_at],
    )
    .await?;
    Ok(())
}

/// Forgets failures: somebody came in.
pub(crate) async fn clear_attempts(tx: &mut Tx<'_>, hash: &[u8; 32]) -> Result<(), StoreError> {
    tx.execute("DELETE FROM attempt WHERE hash = $1", params![hash]).await?;
    Ok(())
}

/// Takes back one failure: it was none.
pub(crate) async fn take_back_attempt(tx: &mut Tx<'_>, hash: &[u8; 32]) -> Result<(), StoreError> {
    tx.execute("UPDATE attempt SET failures = failures - 1 WHERE hash = $1 AND failures > 0", params![hash]).await?;
    Ok(())
}

/// Keeps a code that lets a person set a password.
pub(crate) async fn add_activation(
    tx: &mut Tx<'_>,
    hash: &[u8; 32],
    person: PersonId,
    expires_at: Instant,
) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO activation (hash, person, created_at, expires_at) VALUES ($1, $2, $3, $4)",
        params![hash, person, now, expires_at],
    )
    .await?;
    Ok(())
}

/// Whose code it is, while it holds.
pub(crate) async fn activation(tx: &mut Tx<'_>, hash: &[u8; 32]) -> Result<Option<PersonId>, StoreError> {
    let now = tx.now();
    let sql = "SELECT person FROM activation WHERE hash = $1 AND used_at IS NULL AND expires_at > $2";
    Ok(tx.find::<(PersonId,)>(sql, params![hash, now]).await?.map(|(person,)| person))
}

/// Uses up every code of a person.
pub(crate) async fn use_activations(tx: &mut Tx<'_>, person: PersonId) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute("UPDATE activation SET used_at = $2 WHERE person = $1 AND used_at IS NULL", params![person, now])
        .await?;
    Ok(())
}
