//! Accounts with what they come in with, what they sign with, and who may act for them.

use stoa_core::{Id, Instant, Kind, Tenant};
use stoa_store::{FromRow, Row, StoreError, Tx, params};

use crate::model::account::AccountRoles;

/// Marks the ids of accounts.
#[derive(Debug)]
pub(crate) enum AccountKind {}
impl Kind for AccountKind {
    const NAME: &'static str = "account";
}
/// The id of an account.
pub(crate) type AccountId = Id<AccountKind>;

/// An account as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct AccountRow {
    pub(crate) id: AccountId,
    pub(crate) subject: String,
    pub(crate) group: Option<String>,
    pub(crate) roles: AccountRoles,
    pub(crate) created_at: Instant,
    pub(crate) modified_at: Instant,
}

const COLUMNS: &str = "id, subject, group_name, roles, created_at, modified_at";

impl FromRow for AccountRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            subject: row.get(1)?,
            group: row.get(2)?,
            roles: AccountRoles::of_bits(row.get(3)?),
            created_at: row.get(4)?,
            modified_at: row.get(5)?,
        })
    }
}

/// The account of a subject, unless it left.
pub(crate) async fn find(tx: &mut Tx<'_>, tenant: &Tenant, subject: &str) -> Result<Option<AccountRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM account WHERE tenant = $1 AND subject = $2 AND retired_at IS NULL");
    tx.find(&sql, params![tenant.as_str(), subject]).await
}

/// All accounts that take part, by subject.
pub(crate) async fn list(tx: &mut Tx<'_>, tenant: &Tenant) -> Result<Vec<AccountRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM account WHERE tenant = $1 AND retired_at IS NULL ORDER BY subject");
    tx.rows(&sql, params![tenant.as_str()]).await
}

/// The subjects of all that ever took part.
pub(crate) async fn ever(tx: &mut Tx<'_>, tenant: &Tenant) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> =
        tx.rows("SELECT subject FROM account WHERE tenant = $1", params![tenant.as_str()]).await?;
    Ok(rows.into_iter().map(|(subject,)| subject).collect())
}

/// Writes an account, new or again; its id.
pub(crate) async fn put(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    subject: &str,
    group: Option<&str>,
    roles: AccountRoles,
) -> Result<AccountId, StoreError> {
    let (id, now) = (tx.new_id::<AccountKind>(), tx.now());
    tx.execute(
        "INSERT INTO account (id, tenant, subject, group_name, roles, created_at, modified_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $6) \
         ON CONFLICT (tenant, subject) DO UPDATE SET group_name = excluded.group_name, roles = excluded.roles, \
         modified_at = excluded.modified_at, retired_at = NULL",
        params![id, tenant.as_str(), subject, group, roles.bits(), now],
    )
    .await?;
    let (id,): (AccountId,) = tx
        .find("SELECT id FROM account WHERE tenant = $1 AND subject = $2", params![tenant.as_str(), subject])
        .await?
        .ok_or_else(|| StoreError::Unavailable { reason: "the account was not written".to_owned() })?;
    Ok(id)
}

/// An account leaves: it comes in no more, and its evidence stays.
pub(crate) async fn retire(tx: &mut Tx<'_>, id: AccountId) -> Result<(), StoreError> {
    let now = tx.now();
    // Whoever ran it is told no more.
    tx.execute(
        "DELETE FROM subscription WHERE (tenant, email, subject) IN \
         (SELECT tenant, email, subject FROM account WHERE id = $1) AND scope = ''",
        params![id],
    )
    .await?;
    tx.execute("UPDATE account SET retired_at = $2, modified_at = $2, email = '' WHERE id = $1", params![id, now])
        .await?;
    tx.execute("DELETE FROM account_secret WHERE account = $1", params![id]).await?;
    tx.execute("DELETE FROM account_key WHERE account = $1", params![id]).await?;
    tx.execute("DELETE FROM delegation WHERE account = $1 OR delegate = $1", params![id]).await?;
    Ok(())
}

/// Where whoever runs an account's subject is told of it; empty for nobody.
pub(crate) async fn email(tx: &mut Tx<'_>, id: AccountId) -> Result<String, StoreError> {
    let (email,): (String,) = tx.get("SELECT email FROM account WHERE id = $1", params![id]).await?;
    Ok(email)
}

/// Sets that.
pub(crate) async fn set_email(tx: &mut Tx<'_>, id: AccountId, email: &str) -> Result<(), StoreError> {
    tx.execute("UPDATE account SET email = $2 WHERE id = $1", params![id, email]).await.map(drop)
}

/// Hashes of an account's secrets.
pub(crate) async fn secrets(tx: &mut Tx<'_>, id: AccountId) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> =
        tx.rows("SELECT hash FROM account_secret WHERE account = $1 ORDER BY hash", params![id]).await?;
    Ok(rows.into_iter().map(|(hash,)| hash).collect())
}

/// How many hashes that do not begin so one account has at most.
pub(crate) async fn most_secrets(tx: &mut Tx<'_>, tenant: &Tenant, prefix: &str) -> Result<i64, StoreError> {
    let (most,): (i64,) = tx
        .get(
            "SELECT COALESCE(MAX(count), 0) FROM (SELECT COUNT(*) AS count FROM account_secret \
             JOIN account ON account.id = account WHERE tenant = $1 AND SUBSTR(hash, 1, LENGTH($2)) <> $2 \
             GROUP BY account.id) AS counts",
            params![tenant.as_str(), prefix],
        )
        .await?;
    Ok(most)
}

/// Adds the hash of a secret; nothing where it is there.
pub(crate) async fn add_secret(tx: &mut Tx<'_>, id: AccountId, hash: &str) -> Result<(), StoreError> {
    let now = tx.now();
    let sql = "INSERT INTO account_secret (account, hash, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    tx.execute(sql, params![id, hash, now]).await.map(drop)
}

/// Takes away the hash of a secret.
pub(crate) async fn remove_secret(tx: &mut Tx<'_>, id: AccountId, hash: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM account_secret WHERE account = $1 AND hash = $2", params![id, hash]).await.map(drop)
}

/// The keys that an account signs with: name and line.
pub(crate) async fn keys(tx: &mut Tx<'_>, id: AccountId) -> Result<Vec<(String, String)>, StoreError> {
    tx.rows("SELECT name, public_key FROM account_key WHERE account = $1 ORDER BY name", params![id]).await
}

/// Writes a key, new or in the place of the one of that name.
pub(crate) async fn put_key(
    tx: &mut Tx<'_>,
    id: AccountId,
    name: &str,
    public_key: &str,
    fingerprint: &str,
) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO account_key (account, name, public_key, fingerprint, created_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (account, name) DO UPDATE SET public_key = excluded.public_key, \
         fingerprint = excluded.fingerprint",
        params![id, name, public_key, fingerprint, now],
    )
    .await
    .map(drop)
}

/// Takes a key away.
pub(crate) async fn remove_key(tx: &mut Tx<'_>, id: AccountId, name: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM account_key WHERE account = $1 AND name = $2", params![id, name]).await.map(drop)
}

/// The subjects that may act for an account.
pub(crate) async fn delegates(tx: &mut Tx<'_>, id: AccountId) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> = tx
        .rows(
            "SELECT subject FROM delegation JOIN account ON account.id = delegate \
             WHERE delegation.account = $1 AND retired_at IS NULL ORDER BY subject",
            params![id],
        )
        .await?;
    Ok(rows.into_iter().map(|(subject,)| subject).collect())
}

/// Whether one account may act for another.
pub(crate) async fn is_delegate(tx: &mut Tx<'_>, account: AccountId, delegate: AccountId) -> Result<bool, StoreError> {
    let found: Option<(i64,)> =
        tx.find("SELECT 1 FROM delegation WHERE account = $1 AND delegate = $2", params![account, delegate]).await?;
    Ok(found.is_some())
}

/// Sets who may act for an account.
pub(crate) async fn set_delegates(
    tx: &mut Tx<'_>,
    account: AccountId,
    delegates: &[AccountId],
) -> Result<(), StoreError> {
    tx.execute("DELETE FROM delegation WHERE account = $1", params![account]).await?;
    for delegate in delegates {
        let sql = "INSERT INTO delegation (account, delegate) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        tx.execute(sql, params![account, *delegate]).await?;
    }
    Ok(())
}
