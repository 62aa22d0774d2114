//! People who are signed in.

use stoa_core::{Instant, Tenant};
use stoa_store::{FromRow, Row, StoreError, Tx, params};

use super::{PersonId, SessionId};

/// A session as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct SessionRow {
    pub(crate) id: SessionId,
    pub(crate) tenant: String,
    pub(crate) person: PersonId,
    pub(crate) methods: String,
    pub(crate) signed_in_at: Instant,
    pub(crate) device: String,
    pub(crate) created_at: Instant,
    pub(crate) seen_at: Instant,
    pub(crate) expires_at: Instant,
}

impl FromRow for SessionRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            tenant: row.get(1)?,
            person: row.get(2)?,
            methods: row.get(3)?,
            signed_in_at: row.get(4)?,
            device: row.get(5)?,
            created_at: row.get(6)?,
            seen_at: row.get(7)?,
            expires_at: row.get(8)?,
        })
    }
}

const COLUMNS: &str =
    "s.id, s.tenant, s.person, s.methods, s.signed_in_at, s.device, s.created_at, s.seen_at, s.expires_at";

/// The session of this secret, while it holds and its person may come in.
pub(crate) async fn by_secret(
    tx: &mut Tx<'_>,
    hash: &[u8; 32],
    seen_after: Instant,
) -> Result<Option<SessionRow>, StoreError> {
    let now = tx.now();
    let sql = format!(
        "SELECT {COLUMNS} FROM person_session s JOIN person ON person.id = s.person \
         WHERE s.secret_hash = $1 AND s.expires_at > $2 AND s.seen_at > $3 AND person.state = 'active' \
         AND person.valid_from <= s.created_at"
    );
    tx.find(&sql, params![hash, now, seen_after]).await
}

/// A session that begins.
pub(crate) struct NewSession<'a> {
    pub(crate) person: PersonId,
    pub(crate) secret_hash: &'a [u8; 32],
    pub(crate) methods: &'a str,
    pub(crate) device: &'a str,
    pub(crate) expires_at: Instant,
}

/// Begins a session.
pub(crate) async fn insert(tx: &mut Tx<'_>, tenant: &Tenant, new: &NewSession<'_>) -> Result<SessionId, StoreError> {
    let (id, now) = (tx.new_id(), tx.now());
    tx.execute(
        "INSERT INTO person_session (id, secret_hash, tenant, person, methods, signed_in_at, device, created_at, \
         seen_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $6, $6, $8)",
        params![id, new.secret_hash, tenant.as_str(), new.person, new.methods, now, new.device, new.expires_at],
    )
    .await?;
    Ok(id)
}

/// The person of a session proved more, or again: it goes on under a new secret.
pub(crate) async fn renew(
    tx: &mut Tx<'_>,
    id: SessionId,
    secret_hash: &[u8; 32],
    methods: &str,
) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(
        "UPDATE person_session SET secret_hash = $2, methods = $3, signed_in_at = $4, seen_at = $4 WHERE id = $1",
        params![id, secret_hash, methods, now],
    )
    .await?;
    Ok(())
}

/// Notes that a session was seen.
pub(crate) async fn note_seen(tx: &mut Tx<'_>, id: SessionId) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute("UPDATE person_session SET seen_at = $2 WHERE id = $1", params![id, now]).await?;
    Ok(())
}

/// The sessions of a person that hold, the newest first.
pub(crate) async fn list(
    tx: &mut Tx<'_>,
    person: PersonId,
    seen_after: Instant,
) -> Result<Vec<SessionRow>, StoreError> {
    let now = tx.now();
    let sql = format!(
        "SELECT {COLUMNS} FROM person_session s WHERE s.person = $1 AND s.expires_at > $2 AND s.seen_at > $3 \
         ORDER BY s.id DESC LIMIT 200"
    );
    tx.rows(&sql, params![person, now, seen_after]).await
}

/// Ends one session of a person; says whether it was there.
pub(crate) async fn delete(tx: &mut Tx<'_>, person: PersonId, id: SessionId) -> Result<bool, StoreError> {
    Ok(tx.execute("DELETE FROM person_session WHERE id = $1 AND person = $2", params![id, person]).await? > 0)
}

/// Ends all sessions of a person but one.
pub(crate) async fn delete_others(
    tx: &mut Tx<'_>,
    person: PersonId,
    but: Option<SessionId>,
) -> Result<u64, StoreError> {
    match but {
        Some(but) => {
            tx.execute("DELETE FROM person_session WHERE person = $1 AND id <> $2", params![person, but]).await
        }
        None => tx.execute("DELETE FROM person_session WHERE person = $1", params![person]).await,
    }
}

/// Notes a browser that a person came with; says whether it is a new one, and whether the person had another before.
pub(crate) async fn note_browser(
    tx: &mut Tx<'_>,
    person: PersonId,
    browser: &[u8; 32],
) -> Result<(bool, bool), StoreError> {
    let now = tx.now();
    let before: Option<(i64,)> =
        tx.find("SELECT 1 FROM known_browser WHERE person = $1 LIMIT 1", params![person]).await?;
    let made = tx
        .execute(
            "INSERT INTO known_browser (person, browser, first_seen_at) VALUES ($1, $2, $3) \
             ON CONFLICT (person, browser) DO NOTHING",
            params![person, browser, now],
        )
        .await?;
    Ok((made > 0, before.is_some()))
}

/// Whether the person came with this browser before.
pub(crate) async fn knows_browser(tx: &mut Tx<'_>, person: PersonId, browser: &[u8; 32]) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM known_browser WHERE person = $1 AND browser = $2";
    Ok(tx.find::<(i64,)>(sql, params![person, browser]).await?.is_some())
}
