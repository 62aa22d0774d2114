//! People, what is known of them, and by what they are found.

use stoa_core::{Instant, Tenant};
use stoa_store::{FromRow, Row, StoreError, Tx, params};

use super::{ClientId, IdentifierId, PersonId, ReadId};

/// A person as they are stored.
#[derive(Debug, Clone)]
pub(crate) struct PersonRow {
    pub(crate) id: PersonId,
    pub(crate) tenant: String,
    pub(crate) state: String,
    pub(crate) version: i64,
    pub(crate) profile: Vec<u8>,
    pub(crate) roles: String,
    pub(crate) valid_from: Instant,
    pub(crate) created_at: Instant,
    pub(crate) modified_at: Instant,
}

impl FromRow for PersonRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            tenant: row.get(1)?,
            state: row.get(2)?,
            version: row.get(3)?,
            profile: row.get(4)?,
            roles: row.get(5)?,
            valid_from: row.get(6)?,
            created_at: row.get(7)?,
            modified_at: row.get(8)?,
        })
    }
}

const COLUMNS: &str = "id, tenant, state, version, profile, roles, valid_from, created_at, modified_at";

/// The person of this id.
pub(crate) async fn by_id(tx: &mut Tx<'_>, id: PersonId) -> Result<Option<PersonRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM person WHERE id = $1 AND erased_at IS NULL");
    tx.find(&sql, params![id]).await
}

/// The tenant's person of this id.
pub(crate) async fn find(tx: &mut Tx<'_>, tenant: &Tenant, id: PersonId) -> Result<Option<PersonRow>, StoreError> {
    Ok(by_id(tx, id).await?.filter(|row| row.tenant == tenant.as_str()))
}

/// Adds a person.
pub(crate) async fn insert(tx: &mut Tx<'_>, tenant: &Tenant, id: PersonId, profile: &[u8]) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO person (id, tenant, state, version, profile, roles, valid_from, created_at, modified_at) \
         VALUES ($1, $2, 'active', 1, $3, '', $4, $4, $4)",
        params![id, tenant.as_str(), profile, now],
    )
    .await?;
    Ok(())
}

/// Writes what is known as the next version.
pub(crate) async fn set_profile(tx: &mut Tx<'_>, id: PersonId, version: i64, profile: &[u8]) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(
        "UPDATE person SET profile = $3, version = $2, modified_at = $4 WHERE id = $1",
        params![id, version, profile, now],
    )
    .await?;
    Ok(())
}

/// Writes the state. What was given out before does not hold any more.
pub(crate) async fn set_state(tx: &mut Tx<'_>, id: PersonId, state: &str) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(
        "UPDATE person SET state = $2, valid_from = $3, modified_at = $3 WHERE id = $1",
        params![id, state, now],
    )
    .await?;
    Ok(())
}

/// Writes the roles that the person has as an official.
pub(crate) async fn set_roles(tx: &mut Tx<'_>, id: PersonId, roles: &str) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute("UPDATE person SET roles = $2, modified_at = $3 WHERE id = $1", params![id, roles, now]).await?;
    Ok(())
}

/// What the person is to be forgotten by: nothing is left that names them.
pub(crate) async fn erase(tx: &mut Tx<'_>, id: PersonId) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(
        "UPDATE person SET state = 'deactivated', profile = $2, roles = '', valid_from = $3, modified_at = $3, \
         erased_at = $3 WHERE id = $1",
        params![id, Vec::<u8>::new(), now],
    )
    .await?;
    for table in ["search_word", "factor", "person_session", "known_browser", "activation"] {
        tx.execute(&format!("DELETE FROM {table} WHERE person = $1"), params![id]).await?;
    }
    tx.execute(
        "UPDATE identifier SET ended_at = coalesce(ended_at, $2), hash = id WHERE person = $1",
        params![id, now],
    )
    .await?;
    tx.execute("UPDATE consent SET withdrawn_at = $2 WHERE person = $1 AND withdrawn_at IS NULL", params![id, now])
        .await?;
    tx.execute("UPDATE client_grant SET revoked_at = $2 WHERE person = $1 AND revoked_at IS NULL", params![id, now])
        .await?;
    Ok(())
}

/// One version of what was known.
#[derive(Debug, Clone)]
pub(crate) struct VersionRow {
    pub(crate) version: i64,
    pub(crate) profile: Vec<u8>,
    pub(crate) changed_at: Instant,
    pub(crate) changed_by: String,
    pub(crate) source: String,
}

impl FromRow for VersionRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            version: row.get(0)?,
            profile: row.get(1)?,
            changed_at: row.get(2)?,
            changed_by: row.get(3)?,
            source: row.get(4)?,
        })
    }
}

/// Notes a version.
pub(crate) async fn add_version(
    tx: &mut Tx<'_>,
    person: PersonId,
    version: i64,
    profile: &[u8],
    by: &str,
    source: &str,
) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO person_version (person, version, profile, changed_at, changed_by, source) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![person, version, profile, now, by, source],
    )
    .await?;
    Ok(())
}

/// The versions of what is known, the newest first.
pub(crate) async fn versions(tx: &mut Tx<'_>, person: PersonId, limit: u32) -> Result<Vec<VersionRow>, StoreError> {
    tx.rows(
        "SELECT version, profile, changed_at, changed_by, source FROM person_version WHERE person = $1 \
         ORDER BY version DESC LIMIT $2",
        params![person, limit],
    )
    .await
}

/// An identifier as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct IdentifierRow {
    pub(crate) id: IdentifierId,
    pub(crate) person: PersonId,
    pub(crate) kind: String,
    pub(crate) sealed: Vec<u8>,
    pub(crate) verified_at: Option<Instant>,
    pub(crate) expires_at: Option<Instant>,
}

impl FromRow for IdentifierRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            person: row.get(1)?,
            kind: row.get(2)?,
            sealed: row.get(3)?,
            verified_at: row.get(4)?,
            expires_at: row.get(5)?,
        })
    }
}

const IDENTIFIER: &str = "id, person, kind, sealed, verified_at, expires_at";

/// Whom an identifier names, while it holds.
pub(crate) async fn by_identifier(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    hash: &[u8; 32],
) -> Result<Option<IdentifierRow>, StoreError> {
    let now = tx.now();
    let sql = format!(
        "SELECT {IDENTIFIER} FROM identifier WHERE tenant = $1 AND hash = $2 AND ended_at IS NULL \
         AND (expires_at IS NULL OR expires_at > $3)"
    );
    tx.find(&sql, params![tenant.as_str(), hash, now]).await
}

/// The identifiers of a person that hold.
pub(crate) async fn identifiers(tx: &mut Tx<'_>, person: PersonId) -> Result<Vec<IdentifierRow>, StoreError> {
    let sql = format!("SELECT {IDENTIFIER} FROM identifier WHERE person = $1 AND ended_at IS NULL ORDER BY id");
    tx.rows(&sql, params![person]).await
}

/// An identifier that is added.
pub(crate) struct NewIdentifier<'a> {
    pub(crate) person: PersonId,
    pub(crate) kind: &'static str,
    pub(crate) hash: &'a [u8; 32],
    pub(crate) sealed: &'a [u8],
    pub(crate) is_verified: bool,
    pub(crate) expires_at: Option<Instant>,
}

/// Adds an identifier; none where somebody has it already.
pub(crate) async fn add_identifier(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    new: &NewIdentifier<'_>,
) -> Result<Option<IdentifierId>, StoreError> {
    let (id, now) = (tx.new_id(), tx.now());
    let verified_at = new.is_verified.then_some(now);
    let made = tx
        .execute(
            "INSERT INTO identifier (id, tenant, person, kind, hash, sealed, created_at, verified_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
            params![id, tenant.as_str(), new.person, new.kind, new.hash, new.sealed, now, verified_at, new.expires_at],
        )
        .await?;
    Ok((made > 0).then_some(id))
}

/// Ends an identifier of a person; says whether it held.
pub(crate) async fn end_identifier(tx: &mut Tx<'_>, person: PersonId, id: IdentifierId) -> Result<bool, StoreError> {
    let now = tx.now();
    let sql = "UPDATE identifier SET ended_at = $3 WHERE id = $1 AND person = $2 AND ended_at IS NULL";
    Ok(tx.execute(sql, params![id, person, now]).await? > 0)
}

/// Writes the words by which a person is found.
pub(crate) async fn set_words(tx: &mut Tx<'_>, person: PersonId, words: &[[u8; 16]]) -> Result<(), StoreError> {
    tx.execute("DELETE FROM search_word WHERE person = $1", params![person]).await?;
    for word in words {
        tx.execute("INSERT INTO search_word (word, person) VALUES ($1, $2)", params![word, person]).await?;
    }
    Ok(())
}

/// The tenant's people who have all these words, or all people without one; the newest first, below `before`.
pub(crate) async fn search(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    words: &[[u8; 16]],
    before: Option<PersonId>,
    limit: u32,
) -> Result<Vec<PersonRow>, StoreError> {
    let mut sql = format!("SELECT {COLUMNS} FROM person WHERE tenant = $1 AND erased_at IS NULL");
    let mut values = vec![stoa_store::Param::Text(tenant.as_str())];
    for word in words {
        values.push(stoa_store::Param::Blob(word));
        sql.push_str(&format!(" AND id IN (SELECT person FROM search_word WHERE word = ${})", values.len()));
    }
    if let Some(before) = &before {
        values.push(stoa_store::Param::Blob(before.as_bytes()));
        sql.push_str(&format!(" AND id < ${}", values.len()));
    }
    values.push(stoa_store::Param::Integer(i64::from(limit)));
    sql.push_str(&format!(" ORDER BY id DESC LIMIT ${}", values.len()));
    tx.rows(&sql, &values).await
}

/// How many people the tenant has.
pub(crate) async fn count(tx: &mut Tx<'_>, tenant: &Tenant) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM person WHERE tenant = $1 AND erased_at IS NULL";
    Ok(tx.get::<(i64,)>(sql, params![tenant.as_str()]).await?.0)
}

/// A reading as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct ReadRow {
    pub(crate) client: Option<ClientId>,
    pub(crate) reader: String,
    pub(crate) claims: String,
    pub(crate) purpose: String,
    pub(crate) read_at: Instant,
}

impl FromRow for ReadRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            client: row.get(0)?,
            reader: row.get(1)?,
            claims: row.get(2)?,
            purpose: row.get(3)?,
            read_at: row.get(4)?,
        })
    }
}

/// Notes who read what of a person.
pub(crate) async fn add_read(
    tx: &mut Tx<'_>,
    person: PersonId,
    client: Option<ClientId>,
    reader: &str,
    claims: &str,
    purpose: &str,
) -> Result<(), StoreError> {
    let (id, now): (ReadId, Instant) = (tx.new_id(), tx.now());
    tx.execute(
        "INSERT INTO person_read (id, person, client, reader, claims, purpose, read_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![id, person, client, reader, claims, purpose, now],
    )
    .await?;
    Ok(())
}

/// Who read what of a person, the newest first.
pub(crate) async fn reads(tx: &mut Tx<'_>, person: PersonId, limit: u32) -> Result<Vec<ReadRow>, StoreError> {
    tx.rows(
        "SELECT client, reader, claims, purpose, read_at FROM person_read WHERE person = $1 ORDER BY id DESC LIMIT $2",
        params![person, limit],
    )
    .await
}
