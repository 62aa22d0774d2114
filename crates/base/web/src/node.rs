//! The node's own database, `node.db`: accounts with their keys, sessions, one-time links; and what roles mean here.

mod account;
mod session;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use stoa_core::{Actor, ActorKind, Id, Instant, PermissionInfo, Permissions, Problem, Refusal, Role, Tenant};
use stoa_store::{MasterKeys, Migration, Store, StoreError, Tx, params};

use crate::block::Profile;
use crate::caller::{BasicVerifier, TokenVerifier};
use crate::keyring::{Keyring, Known};
use crate::mediator::Member;
use crate::metrics::Metrics;
use crate::rate::{RateLimits, Rates};
use crate::reference::actor_reference;
use crate::secret;
use crate::security::SecurityLog;

pub use account::{AccountKind, ApiKey, ApiKeyKind, NewKey};
pub use session::{LINK_TIME, Session, SessionKind};

/// The tables of `node.db`.
pub const MIGRATIONS: &[Migration] = &[Migration::both(1, "node", include_str!("../migrations/001_node.sql"))];

/// What every key begins with, so that a leaked one can be recognised.
pub(crate) const KEY_PREFIX: &str = "stoa_";
/// How exactly the last use of a key is known: a note is a write, which a key in steady use shall not cost each time.
const USE_NOTED: Duration = Duration::from_mins(1);

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
    issuers: RwLock<Vec<Arc<dyn TokenVerifier>>>,
    accounts: RwLock<Vec<Arc<dyn BasicVerifier>>>,
    own_gates: RwLock<HashSet<String>>,
    rates: Rates,
    members: Option<Vec<Member>>,
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
    /// Who may come through the mediator, where its connections are known by their certificate.
    pub members: Option<Vec<Member>>,
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
        let NodeOptions { store, profile, permissions, tokens, members, limits, metrics, keys } = options;
        Self {
            shared: Arc::new(Shared {
                store,
                profile,
                declared: permissions,
                tokens,
                issuers: RwLock::default(),
                accounts: RwLock::default(),
                own_gates: RwLock::default(),
                members,
                rates: Rates::new(limits, metrics.clone()),
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

    pub(crate) fn members(&self) -> Option<&[Member]> {
        self.shared.members.as_deref()
    }

    /// Whether callers may come through the mediator.
    pub(crate) fn hears_mediator(&self) -> bool {
        self.shared.members.is_some() || self.shared.profile == Profile::Govstack
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

    pub(crate) fn rates(&self) -> &Rates {
        &self.shared.rates
    }

    /// Who verifies this token: the block of this node that it says it is of, else the configured issuers.
    pub(crate) fn verifier(&self, token: &str) -> Option<Arc<dyn TokenVerifier>> {
        let blocks = self.shared.issuers.read().unwrap_or_else(PoisonError::into_inner);
        blocks.iter().find(|issuer| issuer.is_of(token)).or(self.shared.tokens.as_ref()).cloned()
    }

    /// Takes in a block that gives out tokens: they let their holders in on this node without a word in its
    /// configuration.
    pub(crate) fn take_in_issuer(&self, issuer: Arc<dyn TokenVerifier>) {
        self.shared.issuers.write().unwrap_or_else(PoisonError::into_inner).push(issuer);
    }

    /// Takes in the accounts that a block keeps: who comes with a name and a secret is looked for among them.
    pub(crate) fn take_in(&self, accounts: Arc<dyn BasicVerifier>) {
        self.shared.accounts.write().unwrap_or_else(PoisonError::into_inner).push(accounts);
    }

    pub(crate) fn accounts(&self) -> Vec<Arc<dyn BasicVerifier>> {
        self.shared.accounts.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on a block knows its callers itself at these of its addresses: below its prefix, and at its own listener.
    pub(crate) fn open_own_gate(&self, block: &str, paths: &[&str]) {
        let mut gates = self.shared.own_gates.write().unwrap_or_else(PoisonError::into_inner);
        gates.extend(paths.iter().flat_map(|path| [format!("/{block}{path}"), (*path).to_owned()]));
    }

    /// Whether the block behind this address knows its callers itself.
    pub(crate) fn has_own_gate(&self, path: &str) -> bool {
        self.shared.own_gates.read().unwrap_or_else(PoisonError::into_inner).contains(path)
    }

    /// What these roles bring together.
    pub fn permissions_of(&self, roles: &[&str]) -> Permissions {
        let held = roles.iter().copied().filter(|role| self.has_role(role));
        Permissions::of_roles(held, &self.shared.declared)
    }

    /// The role of callers without proof brings nothing where callers must prove who they are.
    fn has_role(&self, role: &str) -> bool {
        role != Role::GOVSTACK.0 || self.shared.profile == Profile::Govstack
    }

    fn known_roles(&self) -> Vec<&'static str> {
        let mut roles: Vec<_> = Role::ALL.iter().map(|role| role.0).collect();
        roles.extend(self.shared.declared.iter().flat_map(|info| info.roles.iter().map(|role| role.0)));
        roles.retain(|role| self.has_role(role));
        roles.sort_unstable();
        roles.dedup();
        roles
    }

    /// Refuses roles that this node does not know: a slip in a configuration would bring nothing, and say nothing.
    pub fn check_roles(&self, roles: &[String]) -> Result<(), Problem> {
        self.known(roles).map(drop)
    }

    /// The roles as they are stored, in one order; refused unless this node knows each of them.
    fn known(&self, roles: &[String]) -> Result<Vec<String>, Problem> {
        let known = self.known_roles();
        if roles.is_empty() {
            return Err(invalid("/roles", "required", &format!("needs at least one of {}", known.join(", "))));
        }
        if let Some(role) = roles.iter().find(|role| !known.contains(&role.as_str())) {
            return Err(invalid("/roles", "enum", &format!("`{role}` is none of {}", known.join(", "))));
        }
        let mut roles = roles.to_vec();
        roles.sort_unstable();
        roles.dedup();
        Ok(roles)
    }

    /// Nobody gives away what they do not have: neither to a program nor to a person.
    fn may_give(&self, by: &Actor, roles: &[String]) -> Result<(), Problem> {
        let given = self.permissions_of(&roles.iter().map(String::as_str).collect::<Vec<_>>());
        if by.permissions.covers(&given) {
            return Ok(());
        }
        Err(Problem::new(Refusal::Forbidden, "web.forbidden")
            .detail("Nobody can give rights that they do not have themselves.")
            .field("/roles", "forbidden", "bring rights that you do not have yourself"))
    }

    fn forget_keys(&self) {
        self.shared.keys.forget();
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
            id: format!("service:{name}"),
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
                "SELECT api_key.id, tenant, name, roles, expires_at, last_used_at FROM api_key \
                 JOIN service_account ON service_account.id = account \
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
}

/// A key that holds: its id, then its account's tenant, name and roles, when it ends and when it was last used.
type FoundKey = (Id<ApiKeyKind>, String, String, String, Option<Instant>, Option<Instant>);

fn split(roles: &str) -> Vec<String> {
    roles.split(' ').filter(|role| !role.is_empty()).map(str::to_owned).collect()
}

fn tenant_of(name: String) -> Result<Tenant, Problem> {
    Tenant::new(name).map_err(|_| Problem::new(Refusal::Failed, "web.failed").detail("A stored tenant is not valid."))
}

fn invalid(pointer: &str, code: &'static str, message: &str) -> Problem {
    Problem::new(Refusal::Invalid, "web.invalid_field").field(pointer, code, message)
}
