//! The node's own database, `node.db`: keys, sessions, one-time links; and what roles mean here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::Serialize;
use stoa_audit::{AuditError, Record};
use stoa_core::{Actor, ActorKind, Id, Instant, Kind, PermissionInfo, Permissions, Problem, Refusal, Tenant};
use stoa_store::{MasterKeys, Migration, Store, StoreError, Tx, params};

use crate::block::Profile;
use crate::caller::TokenVerifier;
use crate::keyring::{Keyring, Known};
use crate::metrics::Metrics;
use crate::rate::{RateLimits, Rates};
use crate::reference::actor_reference;
use crate::secret;
use crate::security::SecurityLog;

/// The tables of `node.db`.
pub const MIGRATIONS: &[Migration] = &[Migration::both(1, "node", include_str!("../migrations/001_node.sql"))];

/// What every key begins with, so that a leaked one can be recognised.
pub(crate) const KEY_PREFIX: &str = "stoa_";
/// How exactly the last use of a key is known: a note is a write, which a key in steady use shall not cost each time.
const USE_NOTED: Duration = Duration::from_mins(1);
/// How long a one-time link holds.
pub const LINK_TIME: Duration = Duration::from_mins(15);
/// A session ends after this time in any case.
const SESSION_TIME: Duration = Duration::from_hours(12);
/// A session ends when nothing was asked for this long.
const SESSION_IDLE: Duration = Duration::from_hours(1);

/// Marks the ids of API keys.
#[derive(Debug)]
pub struct ApiKeyKind;
impl Kind for ApiKeyKind {
    const NAME: &'static str = "api key";
}

struct SessionKind;
impl Kind for SessionKind {
    const NAME: &'static str = "session";
}

/// An API key as it is listed; the key itself is not kept.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKey {
    /// Its id, used to revoke it.
    pub id: Id<ApiKeyKind>,
    /// What it is for, in the words of whoever made it.
    pub name: String,
    /// Its first characters, to recognise it by.
    pub prefix: String,
    /// The roles that it brings.
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

/// What a new key is to be.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// What it is for.
    pub name: String,
    /// The roles that it brings; at least one.
    pub roles: Vec<String>,
    /// When it ends by itself.
    pub expires_at: Option<Instant>,
}

/// The node: who may come in and with which rights. Cheap to clone.
#[derive(Clone)]
pub struct Node {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    profile: Profile,
    declared: Vec<PermissionInfo>,
    tokens: Option<Arc<dyn TokenVerifier>>,
    rates: Rates,
    trusts_mediator: bool,
    keys: Keyring,
    metrics: Metrics,
    stopping: AtomicBool,
    master: MasterKeys,
    security: SecurityLog,
}

/// What a node is put together from.
pub struct NodeOptions {
    /// `node.db`, opened with [`MIGRATIONS`] and the audit's.
    pub store: Store,
    /// The profile.
    pub profile: Profile,
    /// All blocks' permissions.
    pub permissions: Vec<PermissionInfo>,
    /// Verifies tokens of configured issuers.
    pub tokens: Option<Arc<dyn TokenVerifier>>,
    /// How many requests one caller may send.
    pub limits: RateLimits,
    /// What the node counts.
    pub metrics: Metrics,
    /// The node's master keys.
    pub keys: MasterKeys,
}

impl Node {
    /// The node over its database.
    pub fn new(options: NodeOptions) -> Self {
        let NodeOptions { store, profile, permissions, tokens, limits, metrics, keys } = options;
        Self {
            shared: Arc::new(Shared {
                store,
                profile,
                declared: permissions,
                tokens,
                rates: Rates::new(limits, metrics.clone()),
                trusts_mediator: profile == Profile::Govstack,
                keys: Keyring::default(),
                metrics,
                stopping: AtomicBool::new(false),
                master: keys,
                security: SecurityLog::default(),
            }),
        }
    }

    /// `node.db`.
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// The profile.
    pub fn profile(&self) -> Profile {
        self.shared.profile
    }

    /// Every permission that the blocks declare.
    pub fn declared(&self) -> &[PermissionInfo] {
        &self.shared.declared
    }

    /// Says that the node is about to stop: `/readyz` tells whoever sends traffic.
    pub fn begin_stop(&self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
    }

    /// Writes what the security log has counted so far: the node ends.
    pub fn end_security_log(&self) {
        self.shared.security.end();
    }

    pub(crate) fn security(&self) -> &SecurityLog {
        &self.shared.security
    }

    /// How an actor is named where no personal data may stand.
    pub(crate) fn reference(&self, actor: &Actor) -> String {
        actor_reference(&self.shared.master, actor)
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.shared.stopping.load(Ordering::Relaxed)
    }

    /// What the node counts.
    pub fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    pub(crate) fn trusts_mediator(&self) -> bool {
        self.shared.trusts_mediator
    }

    pub(crate) fn rates(&self) -> &Rates {
        &self.shared.rates
    }

    pub(crate) fn tokens(&self) -> Option<&Arc<dyn TokenVerifier>> {
        self.shared.tokens.as_ref()
    }

    /// What these roles bring together.
    pub fn permissions_of(&self, roles: &[&str]) -> Permissions {
        Permissions::of_roles(roles.iter().copied(), &self.shared.declared)
    }

    fn known_roles(&self) -> Vec<&'static str> {
        let mut roles: Vec<_> = stoa_core::Role::ALL.iter().map(|role| role.0).collect();
        roles.extend(self.shared.declared.iter().flat_map(|info| info.roles.iter().map(|role| role.0)));
        roles.sort_unstable();
        roles.dedup();
        roles
    }

    /// Makes a key. The text that is returned is the only copy of it.
    pub async fn create_key(&self, by: &Actor, new: NewKey) -> Result<(ApiKey, String), Problem> {
        let name = new.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > stoa_core::limit::NAME_CHARS_MAX {
            return Err(invalid("/name", "length", "must have 1 to 200 characters"));
        }
        let known = self.known_roles();
        if new.roles.is_empty() {
            return Err(invalid("/roles", "required", &format!("needs at least one of {}", known.join(", "))));
        }
        if let Some(role) = new.roles.iter().find(|role| !known.contains(&role.as_str())) {
            return Err(invalid("/roles", "enum", &format!("`{role}` is none of {}", known.join(", "))));
        }
        let now = self.shared.store.clock().now();
        if new.expires_at.is_some_and(|at| at <= now) {
            return Err(invalid("/expiresAt", "min", "lies in the past"));
        }
        let text = secret::new(KEY_PREFIX)?;
        let prefix: String = text.chars().take(KEY_PREFIX.len() + 6).collect();
        let hash = secret::hash(&text);
        let key = ApiKey {
            id: self.shared.store.ids().new_id(),
            name,
            prefix,
            roles: new.roles,
            created_at: now,
            expires_at: new.expires_at,
            revoked_at: None,
            last_used_at: None,
        };
        let (row, by) = (key.clone(), by.clone());
        self.shared
            .store
            .write(async move |tx: &mut Tx<'_>| -> Result<(), AuditError> {
                tx.execute(
                    "INSERT INTO api_key (id, tenant, name, prefix, secret_hash, roles, created_at, created_by, \
                     expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                    params![
                        row.id,
                        by.tenant.as_str(),
                        row.name,
                        row.prefix,
                        hash,
                        row.roles.join(" "),
                        row.created_at,
                        by.id,
                        row.expires_at
                    ],
                )
                .await?;
                let object = format!("keys/{}", row.id);
                stoa_audit::append(tx, &Record::done(&by, "node.key.create", object)).await?;
                Ok(())
            })
            .await?;
        Ok((key, text))
    }

    /// All keys of the actor's tenant, newest first.
    pub async fn list_keys(&self, by: &Actor) -> Result<Vec<ApiKey>, Problem> {
        let tenant = by.tenant.clone();
        let rows = self
            .shared
            .store
            .read(async move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
                tx.rows::<KeyRow>(
                    "SELECT id, name, prefix, roles, created_at, expires_at, revoked_at, last_used_at FROM api_key \
                     WHERE tenant = $1 ORDER BY id DESC LIMIT 1000",
                    params![tenant.as_str()],
                )
                .await
            })
            .await?;
        Ok(rows
            .into_iter()
            .map(|(id, name, prefix, roles, created_at, expires_at, revoked_at, last_used_at)| ApiKey {
                id,
                name,
                prefix,
                roles: split(&roles),
                created_at,
                expires_at,
                revoked_at,
                last_used_at,
            })
            .collect())
    }

    /// Ends a key at once. Ending it twice changes nothing more.
    pub async fn revoke_key(&self, by: &Actor, id: Id<ApiKeyKind>) -> Result<(), Problem> {
        let by = by.clone();
        let known = self
            .shared
            .store
            .write(async move |tx: &mut Tx<'_>| -> Result<bool, AuditError> {
                let now = tx.now();
                let changed = tx
                    .execute(
                        "UPDATE api_key SET revoked_at = $1, revoked_by = $2 \
                         WHERE id = $3 AND tenant = $4 AND revoked_at IS NULL",
                        params![now, by.id, id, by.tenant.as_str()],
                    )
                    .await?;
                if changed == 1 {
                    let object = format!("keys/{id}");
                    stoa_audit::append(tx, &Record::done(&by, "node.key.revoke", object)).await?;
                    return Ok(true);
                }
                let found: Option<(i64,)> = tx
                    .find("SELECT 1 FROM api_key WHERE id = $1 AND tenant = $2", params![id, by.tenant.as_str()])
                    .await?;
                Ok(found.is_some())
            })
            .await?;
        self.shared.keys.forget();
        if known {
            Ok(())
        } else {
            Err(Problem::new(Refusal::NotFound, "web.key_not_found").detail(format!("There is no key {id}.")))
        }
    }

    /// The holder of a key, if the key holds. `may_ask` is called before the database is asked.
    pub(crate) async fn key(
        &self,
        secret: &str,
        may_ask: impl FnOnce() -> Result<(), Problem>,
    ) -> Result<Option<Actor>, Problem> {
        let hash = secret::hash(secret);
        let now = self.shared.store.clock().now();
        let generation = match self.shared.keys.look(&hash, now) {
            Known::Holder(actor) => return Ok(Some(actor)),
            Known::Refused => return Ok(None),
            Known::Nothing(generation) => generation,
        };
        may_ask()?;
        let Some(found) = self.find_key(hash, now).await? else {
            self.shared.keys.refuse(hash, now);
            return Ok(None);
        };
        let (id, tenant, name, roles, expires_at, last_used_at) = found;
        let roles = split(&roles);
        let actor = Actor {
            kind: ActorKind::System,
            id: format!("key:{id}"),
            name: Some(name),
            permissions: self.permissions_of(&roles.iter().map(String::as_str).collect::<Vec<_>>()),
            ..Actor::anonymous(tenant_of(tenant)?)
        };
        self.shared.keys.trust(hash, &actor, expires_at, now, generation);
        if last_used_at.is_none_or(|at| now.since(at) >= USE_NOTED) {
            self.note_use(id, now).await;
        }
        Ok(Some(actor))
    }

    async fn find_key(&self, hash: [u8; 32], now: Instant) -> Result<Option<FoundKey>, StoreError> {
        let read = async move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
            tx.find::<FoundKey>(
                "SELECT id, tenant, name, roles, expires_at, last_used_at FROM api_key \
                 WHERE secret_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)",
                params![hash, now],
            )
            .await
        };
        self.shared.store.read(read).await
    }

    /// Notes that a key was seen. Whoever holds it may come in whether or not that can be written.
    async fn note_use(&self, id: Id<ApiKeyKind>, now: Instant) {
        let write = async move |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
            tx.execute("UPDATE api_key SET last_used_at = $2 WHERE id = $1", params![id, now]).await
        };
        if let Err(error) = self.shared.store.write(write).await {
            tracing::warn!(%error, "web: the use of a key could not be noted");
        }
    }

    /// A one-time link's secret for the console; good for [`LINK_TIME`] and one use.
    pub async fn create_link(&self, subject: &str, roles: &[&str]) -> Result<String, Problem> {
        let text = secret::new("")?;
        let (hash, subject, roles) = (secret::hash(&text), subject.to_owned(), roles.join(" "));
        self.shared
            .store
            .write(async move |tx: &mut Tx<'_>| -> Result<(), AuditError> {
                let ends = tx.now().plus(LINK_TIME);
                tx.execute(
                    "INSERT INTO sign_in_link (secret_hash, tenant, subject, roles, expires_at) \
                     VALUES ($1, $2, $3, $4, $5)",
                    params![hash, Tenant::default().as_str(), &subject, &roles, ends],
                )
                .await?;
                // Whoever has the link comes in with these roles: that it was made belongs to the evidence.
                let by = Actor::system("node", Tenant::default());
                let mut record = Record::done(&by, "node.link.create", "links".to_owned());
                record.detail = serde_json::json!({"subject": subject, "roles": roles});
                stoa_audit::append(tx, &record).await?;
                Ok(())
            })
            .await?;
        Ok(text)
    }

    /// Turns a one-time link into a session; gives the session cookie's secret, or nothing when the link does not hold.
    pub async fn use_link(&self, link: &str) -> Result<Option<String>, Problem> {
        let hash = secret::hash(link);
        let (session, csrf) = (secret::new("")?, secret::new("")?);
        let session_hash = secret::hash(&session);
        let made = self
            .shared
            .store
            .write(async move |tx: &mut Tx<'_>| -> Result<bool, AuditError> {
                let now = tx.now();
                let link: Option<(String, String, String)> = tx
                    .find(
                        "UPDATE sign_in_link SET used_at = $2 WHERE secret_hash = $1 AND used_at IS NULL \
                         AND expires_at > $2 RETURNING tenant, subject, roles",
                        params![hash, now],
                    )
                    .await?;
                let Some((tenant, subject, roles)) = link else { return Ok(false) };
                let id = tx.new_id::<SessionKind>();
                tx.execute(
                    "INSERT INTO session (id, secret_hash, csrf, tenant, subject, roles, created_at, seen_at, \
                     expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
                    params![id, session_hash, csrf, tenant, subject, roles, now, now.plus(SESSION_TIME)],
                )
                .await?;
                let by = Actor { kind: ActorKind::Official, id: subject, ..Actor::anonymous(Tenant::default()) };
                stoa_audit::append(tx, &Record::done(&by, "node.session.start", format!("sessions/{id}"))).await?;
                Ok(true)
            })
            .await?;
        Ok(made.then_some(session))
    }

    /// The holder of a session with its form token, if the session holds.
    pub(crate) async fn session(&self, secret: &str) -> Result<Option<(Actor, String)>, Problem> {
        let hash = secret::hash(secret);
        let now = self.shared.store.clock().now();
        let row = self
            .shared
            .store
            .read(async move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
                tx.find::<(Id<SessionKind>, String, String, String, String, Instant)>(
                    "SELECT id, csrf, tenant, subject, roles, seen_at FROM session \
                     WHERE secret_hash = $1 AND ended_at IS NULL AND expires_at > $2",
                    params![hash, now],
                )
                .await
            })
            .await?;
        let Some((id, csrf, tenant, subject, roles, seen_at)) = row else { return Ok(None) };
        if now.since(seen_at) > SESSION_IDLE {
            return Ok(None);
        }
        if now.since(seen_at) > SESSION_IDLE / 12 {
            self.shared
                .store
                .write(async move |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
                    tx.execute("UPDATE session SET seen_at = $2 WHERE id = $1", params![id, now]).await
                })
                .await?;
        }
        let roles = split(&roles);
        let actor = Actor {
            kind: ActorKind::Official,
            id: subject.clone(),
            name: Some(subject),
            permissions: self.permissions_of(&roles.iter().map(String::as_str).collect::<Vec<_>>()),
            ..Actor::anonymous(tenant_of(tenant)?)
        };
        Ok(Some((actor, csrf)))
    }

    /// Ends a session.
    pub async fn end_session(&self, secret: &str) -> Result<(), Problem> {
        let hash = secret::hash(secret);
        self.shared
            .store
            .write(async move |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
                let now = tx.now();
                tx.execute(
                    "UPDATE session SET ended_at = $2 WHERE secret_hash = $1 AND ended_at IS NULL",
                    params![hash, now],
                )
                .await
            })
            .await?;
        Ok(())
    }
}

type FoundKey = (Id<ApiKeyKind>, String, String, String, Option<Instant>, Option<Instant>);
type KeyRow = (Id<ApiKeyKind>, String, String, String, Instant, Option<Instant>, Option<Instant>, Option<Instant>);

fn split(roles: &str) -> Vec<String> {
    roles.split(' ').filter(|role| !role.is_empty()).map(str::to_owned).collect()
}

fn tenant_of(name: String) -> Result<Tenant, Problem> {
    Tenant::new(name).map_err(|_| Problem::new(Refusal::Failed, "web.failed").detail("A stored tenant is not valid."))
}

fn invalid(pointer: &str, code: &'static str, message: &str) -> Problem {
    Problem::new(Refusal::Invalid, "web.invalid_field").field(pointer, code, message)
}
