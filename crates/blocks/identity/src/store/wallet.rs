//! Wallets: sign-ins that they take over, keys that are bound to people, codes that were sent.

use stoa_core::{Instant, Tenant};
use stoa_store::{FromRow, Row, StoreError, Tx, params};

use super::{PersonId, WalletId};

/// A link as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct LinkRow {
    pub(crate) request: Vec<u8>,
    pub(crate) linkable_until: Instant,
    pub(crate) linked_at: Option<Instant>,
    pub(crate) person: Option<PersonId>,
    pub(crate) methods: String,
    pub(crate) signed_in_at: Option<Instant>,
    pub(crate) agreed: Option<String>,
}

impl FromRow for LinkRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            request: row.get(0)?,
            linkable_until: row.get(1)?,
            linked_at: row.get(2)?,
            person: row.get(3)?,
            methods: row.get(4)?,
            signed_in_at: row.get(5)?,
            agreed: row.get(6)?,
        })
    }
}

const COLUMNS: &str = "request, linkable_until, linked_at, person, methods, signed_in_at, agreed";

/// A code that is shown from now on.
pub(crate) struct NewLink<'a> {
    pub(crate) hash: &'a [u8; 32],
    pub(crate) linked: &'a [u8; 32],
    pub(crate) request: &'a [u8; 32],
    pub(crate) linkable_until: Instant,
    pub(crate) expires_at: Instant,
}

/// Keeps a code.
pub(crate) async fn insert_link(tx: &mut Tx<'_>, new: &NewLink<'_>) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO wallet_link (hash, linked, request, linkable_until, methods, expires_at) \
         VALUES ($1, $2, $3, $4, '', $5)",
        params![new.hash, new.linked, new.request, new.linkable_until, new.expires_at],
    )
    .await?;
    Ok(())
}

/// The link of a code, while it is kept.
pub(crate) async fn by_code(tx: &mut Tx<'_>, hash: &[u8; 32]) -> Result<Option<LinkRow>, StoreError> {
    let now = tx.now();
    let sql = format!("SELECT {COLUMNS} FROM wallet_link WHERE hash = $1 AND expires_at > $2");
    tx.find(&sql, params![hash, now]).await
}

/// The link of the name by which a wallet goes on.
pub(crate) async fn by_linked(tx: &mut Tx<'_>, linked: &[u8; 32]) -> Result<Option<LinkRow>, StoreError> {
    let now = tx.now();
    let sql =
        format!("SELECT {COLUMNS} FROM wallet_link WHERE linked = $1 AND expires_at > $2 AND linked_at IS NOT NULL");
    tx.find(&sql, params![linked, now]).await
}

/// A wallet took the sign-in over; the first time counts.
pub(crate) async fn set_linked(tx: &mut Tx<'_>, hash: &[u8; 32]) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute("UPDATE wallet_link SET linked_at = $2 WHERE hash = $1 AND linked_at IS NULL", params![hash, now])
        .await?;
    Ok(())
}

/// Somebody signed in with the wallet; refused where somebody did already.
pub(crate) async fn set_person(
    tx: &mut Tx<'_>,
    linked: &[u8; 32],
    person: PersonId,
    methods: &str,
) -> Result<bool, StoreError> {
    let now = tx.now();
    let sql = "UPDATE wallet_link SET person = $2, methods = $3, signed_in_at = $4 \
               WHERE linked = $1 AND person IS NULL AND linked_at IS NOT NULL AND expires_at > $4";
    Ok(tx.execute(sql, params![linked, person, methods, now]).await? > 0)
}

/// What the person agreed to.
pub(crate) async fn set_agreed(tx: &mut Tx<'_>, linked: &[u8; 32], agreed: &str) -> Result<(), StoreError> {
    tx.execute("UPDATE wallet_link SET agreed = $2 WHERE linked = $1", params![linked, agreed]).await?;
    Ok(())
}

/// A wallet that is bound, without its key.
#[derive(Debug, Clone)]
pub(crate) struct WalletRow {
    pub(crate) id: WalletId,
    pub(crate) partner: String,
    pub(crate) created_at: Instant,
    pub(crate) expires_at: Instant,
}

impl FromRow for WalletRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { id: row.get(0)?, partner: row.get(1)?, created_at: row.get(2)?, expires_at: row.get(3)? })
    }
}

/// The wallets of a person that hold.
pub(crate) async fn list(tx: &mut Tx<'_>, person: PersonId) -> Result<Vec<WalletRow>, StoreError> {
    let now = tx.now();
    let sql = "SELECT id, partner, created_at, expires_at FROM wallet_binding WHERE person = $1 AND expires_at > $2 ORDER BY id";
    tx.rows(sql, params![person, now]).await
}

/// Takes a wallet of a person away; says whether it was there.
pub(crate) async fn delete(tx: &mut Tx<'_>, person: PersonId, id: WalletId) -> Result<bool, StoreError> {
    Ok(tx.execute("DELETE FROM wallet_binding WHERE id = $1 AND person = $2", params![id, person]).await? > 0)
}

/// A wallet that is to be bound.
pub(crate) struct NewBinding<'a> {
    pub(crate) person: PersonId,
    pub(crate) partner: &'a str,
    pub(crate) wallet_user_id: &'a str,
    pub(crate) thumbprint: &'a str,
    pub(crate) factor: &'a str,
    pub(crate) public_key: &'a str,
    pub(crate) certificate: &'a [u8],
    pub(crate) expires_at: Instant,
}

/// Binds a wallet; says whether it was not bound before.
pub(crate) async fn insert_binding(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    new: &NewBinding<'_>,
) -> Result<Option<WalletId>, StoreError> {
    let (id, now) = (tx.new_id(), tx.now());
    // One that is over, and was not cleared away yet, stands in nobody's way.
    let over = "DELETE FROM wallet_binding WHERE person = $1 AND thumbprint = $2 AND factor = $3 AND expires_at <= $4";
    tx.execute(over, params![new.person, new.thumbprint, new.factor, now]).await?;
    let sql = "INSERT INTO wallet_binding (id, tenant, person, partner, wallet_user_id, thumbprint, factor, public_key, \
               certificate, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
               ON CONFLICT (person, thumbprint, factor) DO NOTHING";
    let inserted = tx
        .execute(
            sql,
            params![
                id,
                tenant.as_str(),
                new.person,
                new.partner,
                new.wallet_user_id,
                new.thumbprint,
                new.factor,
                new.public_key,
                new.certificate,
                now,
                new.expires_at
            ],
        )
        .await?;
    Ok((inserted > 0).then_some(id))
}

/// Whether a key is bound to a person by this factor.
pub(crate) async fn is_bound(
    tx: &mut Tx<'_>,
    person: PersonId,
    thumbprint: &str,
    factor: &str,
) -> Result<bool, StoreError> {
    let now = tx.now();
    let sql = "SELECT created_at FROM wallet_binding \
               WHERE person = $1 AND thumbprint = $2 AND factor = $3 AND expires_at > $4";
    let row: Option<(Instant,)> = tx.find(sql, params![person, thumbprint, factor, now]).await?;
    Ok(row.is_some())
}

/// The keys of a person's wallets that hold, with the names by which the wallets know the person.
pub(crate) async fn keys(tx: &mut Tx<'_>, person: PersonId) -> Result<Vec<(String, String)>, StoreError> {
    let now = tx.now();
    let sql = "SELECT public_key, wallet_user_id FROM wallet_binding WHERE person = $1 AND expires_at > $2 ORDER BY id";
    tx.rows(sql, params![person, now]).await
}

/// Forgets everything about a person's wallets.
pub(crate) async fn delete_of(tx: &mut Tx<'_>, person: PersonId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM wallet_binding WHERE person = $1", params![person]).await?;
    tx.execute("DELETE FROM sent_code WHERE person = $1", params![person]).await?;
    Ok(())
}

/// Keeps a code that is sent to a person.
pub(crate) async fn add_sent(
    tx: &mut Tx<'_>,
    hash: &[u8; 32],
    person: PersonId,
    expires_at: Instant,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO sent_code (hash, person, expires_at) VALUES ($1, $2, $3) \
         ON CONFLICT (hash) DO UPDATE SET expires_at = excluded.expires_at",
        params![hash, person, expires_at],
    )
    .await?;
    Ok(())
}

/// Uses a code that was sent; says whether it held.
pub(crate) async fn use_sent(tx: &mut Tx<'_>, hash: &[u8; 32]) -> Result<bool, StoreError> {
    let now = tx.now();
    Ok(tx.execute("DELETE FROM sent_code WHERE hash = $1 AND expires_at > $2", params![hash, now]).await? > 0)
}
