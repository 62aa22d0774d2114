//! Accounts of programs and their keys. A program is known by its account, whichever of its keys it comes with: so a key
//! can be replaced without a pause, and evidence names the same actor before and after.

use serde::Serialize;
use stoa_audit::{AuditError, Record};
use stoa_core::limit::NAME_CHARS_MAX;
use stoa_core::{Actor, Id, Instant, Kind, Problem, Refusal, Tenant};
use stoa_store::{FromRow, Row, StoreError, Tx, params};

use super::{KEY_PREFIX, Node, invalid, split};
use crate::secret;

/// Keys of one account that hold at the same time: an old one and a new one, for a few programs.
const KEYS_OF_ACCOUNT_MAX: i64 = 100;
/// Keys in one list.
const KEYS_LISTED_MAX: u32 = 1000;

/// Marks the ids of API keys.
#[derive(Debug)]
pub struct ApiKeyKind;
impl Kind for ApiKeyKind {
    const NAME: &'static str = "api key";
}

/// Marks the ids of accounts of programs.
#[derive(Debug)]
pub struct AccountKind;
impl Kind for AccountKind {
    const NAME: &'static str = "service account";
}

/// An API key as it is listed; the key itself is not kept.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKey {
    /// Its id, used to revoke it.
    pub id: Id<ApiKeyKind>,
    /// The account that it belongs to, whose name says what it is for.
    pub account: Id<AccountKind>,
    /// The account's name: evidence names the program `service:<name>`.
    pub name: String,
    /// Whose data the account works on.
    pub tenant: Tenant,
    /// Its first characters, to recognise it by.
    pub prefix: String,
    /// The roles of its account.
    pub roles: Vec<String>,
    /// When it was made.
    pub created_at: Instant,
    /// When it ends by itself.
    pub expires_at: Option<Instant>,
    /// When it was revoked.
    pub revoked_at: Option<Instant>,
    /// When it was last seen, to within about a minute.
    pub last_used_at: Option<Instant>,
}

const COLUMNS: &str = "api_key.id, account, name, tenant, prefix, roles, api_key.created_at, expires_at, revoked_at, \
                       last_used_at";
const TABLES: &str = "api_key JOIN service_account ON service_account.id = api_key.account";

impl FromRow for ApiKey {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            account: row.get(1)?,
            name: row.get(2)?,
            tenant: Tenant::new(row.get::<String>(3)?)
                .map_err(|error| StoreError::Data { reason: format!("the tenant of an account: {error}") })?,
            prefix: row.get(4)?,
            roles: split(&row.get::<String>(5)?),
            created_at: row.get(6)?,
            expires_at: row.get(7)?,
            revoked_at: row.get(8)?,
            last_used_at: row.get(9)?,
        })
    }
}

/// What a new key is to be.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// The account that it is for, in the tenant of whoever makes it. One that is not there yet is made.
    pub name: String,
    /// The roles of a new account. For one that is there: empty, or the roles that it has.
    pub roles: Vec<String>,
    /// When it ends by itself.
    pub expires_at: Option<Instant>,
}

/// A key about to be written.
#[derive(Clone)]
struct Draft {
    key: ApiKey,
    hash: [u8; 32],
}

/// What became of it.
enum Made {
    Key(ApiKey),
    /// The account is there with these roles.
    OtherRoles(String),
    Full,
}

impl Node {
    /// Makes a key for an account, and the account when it is not there. The text that is returned is the only copy of
    /// the key.
    pub async fn create_key(&self, by: &Actor, new: NewKey) -> Result<(ApiKey, String), Problem> {
        let name = checked_name(&new.name)?;
        let now = self.shared.store.clock().now();
        if new.expires_at.is_some_and(|at| at <= now) {
            return Err(invalid("/expiresAt", "min", "lies in the past"));
        }
        let there = self.roles_of_account(&by.tenant, &name).await?;
        let roles = match there {
            Some(roles) if new.roles.is_empty() => roles,
            _ => self.known(&new.roles)?,
        };
        self.may_give(by, &roles)?;
        let text = secret::new(KEY_PREFIX)?;
        let ids = self.shared.store.ids();
        let key = ApiKey {
            id: ids.new_id(),
            account: ids.new_id(),
            name,
            tenant: by.tenant.clone(),
            prefix: text.chars().take(KEY_PREFIX.len() + 6).collect(),
            roles,
            created_at: now,
            expires_at: new.expires_at,
            revoked_at: None,
            last_used_at: None,
        };
        let draft = Draft { key, hash: secret::hash(&text) };
        let by = by.clone();
        let made = self
            .shared
            .store
            .write(async move |tx: &mut Tx<'_>| -> Result<Made, AuditError> { write(tx, &by, &draft).await })
            .await?;
        match made {
            Made::Key(key) => Ok((key, text)),
            Made::OtherRoles(roles) => Err(invalid(
                "/roles",
                "conflict",
                &format!(
                    "differ from those of the account of this name ({roles}): leave them out, or choose another name"
                ),
            )),
            Made::Full => Err(invalid("/name", "max", "names an account with 100 keys that hold: revoke some first")),
        }
    }

    /// The roles of an account, if there is one of this name.
    pub async fn roles_of_account(&self, tenant: &Tenant, name: &str) -> Result<Option<Vec<String>>, Problem> {
        let (tenant, name) = (tenant.clone(), name.trim().to_owned());
        let found = self
            .shared
            .store
            .read(async move |tx: &mut Tx<'_>| -> Result<Option<(String,)>, StoreError> {
                let sql = "SELECT roles FROM service_account WHERE tenant = $1 AND name = $2";
                tx.find(sql, params![tenant.as_str(), name]).await
            })
            .await?;
        Ok(found.map(|(roles,)| split(&roles)))
    }

    /// The keys of the actor's tenant, newest first.
    pub async fn list_keys(&self, by: &Actor) -> Result<Vec<ApiKey>, Problem> {
        self.keys_where(Some(by.tenant.clone())).await
    }

    /// The keys of every tenant, newest first: for whoever holds the data folder.
    pub async fn list_all_keys(&self) -> Result<Vec<ApiKey>, Problem> {
        self.keys_where(None).await
    }

    async fn keys_where(&self, tenant: Option<Tenant>) -> Result<Vec<ApiKey>, Problem> {
        let read = async move |tx: &mut Tx<'_>| -> Result<Vec<ApiKey>, StoreError> {
            let sql = format!(
                "SELECT {COLUMNS} FROM {TABLES} WHERE tenant = COALESCE($1, tenant) ORDER BY api_key.id DESC LIMIT $2"
            );
            tx.rows(&sql, params![tenant.as_ref().map(Tenant::as_str), KEYS_LISTED_MAX]).await
        };
        Ok(self.shared.store.read(read).await?)
    }

    /// Whose data the holder of a key works on; nothing when there is no such key.
    pub async fn tenant_of_key(&self, id: Id<ApiKeyKind>) -> Result<Option<Tenant>, Problem> {
        let read = async move |tx: &mut Tx<'_>| -> Result<Option<ApiKey>, StoreError> {
            tx.find(&format!("SELECT {COLUMNS} FROM {TABLES} WHERE api_key.id = $1"), params![id]).await
        };
        Ok(self.shared.store.read(read).await?.map(|key| key.tenant))
    }

    /// Ends a key of the actor's tenant at once. Ending it twice changes nothing more.
    pub async fn revoke_key(&self, by: &Actor, id: Id<ApiKeyKind>) -> Result<(), Problem> {
        let by = by.clone();
        let known = self
            .shared
            .store
            .write(async move |tx: &mut Tx<'_>| -> Result<bool, AuditError> {
                let sql = format!("SELECT {COLUMNS} FROM {TABLES} WHERE api_key.id = $1 AND tenant = $2");
                let found: Option<ApiKey> = tx.find(&sql, params![id, by.tenant.as_str()]).await?;
                let Some(key) = found else { return Ok(false) };
                end(tx, &by, &key).await?;
                Ok(true)
            })
            .await?;
        self.forget_keys();
        if known { Ok(()) } else { Err(missing(&format!("There is no key {id}."))) }
    }

    /// Ends every key of an account at once; gives how many held until now. The account keeps its name and its roles.
    pub async fn revoke_keys_of(&self, by: &Actor, name: &str) -> Result<usize, Problem> {
        let (by, name) = (by.clone(), name.trim().to_owned());
        let wanted = name.clone();
        let ended = self
            .shared
            .store
            .write(async move |tx: &mut Tx<'_>| -> Result<Option<usize>, AuditError> {
                let sql = format!("SELECT {COLUMNS} FROM {TABLES} WHERE tenant = $1 AND name = $2 ORDER BY api_key.id");
                let all: Vec<ApiKey> = tx.rows(&sql, params![by.tenant.as_str(), wanted]).await?;
                if all.is_empty() {
                    return Ok(None);
                }
                let held: Vec<&ApiKey> = all.iter().filter(|key| key.revoked_at.is_none()).collect();
                for key in &held {
                    end(tx, &by, key).await?;
                }
                Ok(Some(held.len()))
            })
            .await?;
        self.forget_keys();
        ended.ok_or_else(|| missing(&format!("There is no account `{name}`.")))
    }
}

fn missing(what: &str) -> Problem {
    Problem::new(Refusal::NotFound, "web.key_not_found").detail(what)
}

/// The name stands in evidence for ever, so it is one line that can be read.
fn checked_name(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
        return Err(invalid("/name", "length", "must have 1 to 200 characters"));
    }
    if name.chars().any(char::is_control) {
        return Err(invalid("/name", "format", "must not hold control characters"));
    }
    Ok(name.to_owned())
}

async fn write(tx: &mut Tx<'_>, by: &Actor, draft: &Draft) -> Result<Made, AuditError> {
    let (mut key, roles) = (draft.key.clone(), draft.key.roles.join(" "));
    let sql = "INSERT INTO service_account (id, tenant, name, roles, created_at, created_by) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant, name) DO NOTHING";
    let made =
        tx.execute(sql, params![key.account, by.tenant.as_str(), key.name, roles, key.created_at, by.id]).await?;
    if made == 1 {
        let mut record = Record::done(by, "node.account.create", format!("accounts/{}", key.account));
        record.detail = serde_json::json!({"name": key.name, "roles": roles});
        stoa_audit::append(tx, &record).await?;
    } else {
        let sql = "SELECT service_account.id, roles, \
                     (SELECT count(*) FROM api_key WHERE account = service_account.id AND revoked_at IS NULL \
                        AND (expires_at IS NULL OR expires_at > $3)) \
                   FROM service_account WHERE tenant = $1 AND name = $2";
        let found: (Id<AccountKind>, String, i64) =
            tx.get(sql, params![by.tenant.as_str(), key.name, key.created_at]).await?;
        let (account, has, keys) = found;
        if has != roles {
            return Ok(Made::OtherRoles(has));
        }
        if keys >= KEYS_OF_ACCOUNT_MAX {
            return Ok(Made::Full);
        }
        key.account = account;
    }
    let sql = "INSERT INTO api_key (id, account, prefix, secret_hash, created_at, created_by, expires_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    tx.execute(sql, params![key.id, key.account, key.prefix, draft.hash, key.created_at, by.id, key.expires_at])
        .await?;
    let mut record = Record::done(by, "node.key.create", format!("keys/{}", key.id));
    record.detail = serde_json::json!({"account": key.name});
    stoa_audit::append(tx, &record).await?;
    Ok(Made::Key(key))
}

async fn end(tx: &mut Tx<'_>, by: &Actor, key: &ApiKey) -> Result<(), AuditError> {
    let now = tx.now();
    let sql = "UPDATE api_key SET revoked_at = $1, revoked_by = $2 WHERE id = $3 AND revoked_at IS NULL";
    if tx.execute(sql, params![now, by.id, key.id]).await? == 1 {
        let mut record = Record::done(by, "node.key.revoke", format!("keys/{}", key.id));
        record.detail = serde_json::json!({"account": key.name});
        stoa_audit::append(tx, &record).await?;
    }
    Ok(())
}
