//! The node's own database, `node.db`: accounts with their keys, sessions, one-time links; and what roles mean here.

mod account;
mod session;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use stoa_core::{Actor, ActorKind, Instant, PermissionInfo, Permissions, Problem, Refusal, Role, Tenant};
use stoa_store::{Migration, Store, StoreError, Tx, params};

use crate::block::Profile;
use crate::caller::TokenVerifier;
use crate::mediator::Member;
use crate::rate::{RateLimits, Rates};
use crate::secret;

pub use account::{AccountKind, ApiKey, ApiKeyKind, NewKey};
pub use session::{LINK_TIME, Session, SessionKind};

/// The tables of `node.db`.
pub const MIGRATIONS: &[Migration] = &[Migration::both(1, "node", include_str!("../migrations/001_node.sql"))];

/// What every key begins with, so that a leaked one can be recognised.
pub(crate) const KEY_PREFIX: &str = "stoa_";
/// How long a verified key is taken on trust before the database is asked again. Revoking a key on this node ends it at
/// once; another node notices after this time.
const KEY_TRUST: Duration = Duration::from_secs(10);
/// Keys remembered as verified at most.
const KEYS_REMEMBERED: usize = 10_000;

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
    members: Option<Vec<Member>>,
    keys: Mutex<HashMap<[u8; 32], (Actor, Instant)>>,
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
}

impl Node {
    /// The node over its database.
    pub fn new(options: NodeOptions) -> Self {
        let NodeOptions { store, profile, permissions, tokens, members, limits } = options;
        Self {
            shared: Arc::new(Shared {
                store,
                profile,
                declared: permissions,
                tokens,
                rates: Rates::new(limits),
                members,
                keys: Mutex::new(HashMap::new()),
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

    pub(crate) fn rates(&self) -> &Rates {
        &self.shared.rates
    }

    pub(crate) fn tokens(&self) -> Option<&Arc<dyn TokenVerifier>> {
        self.shared.tokens.as_ref()
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
        self.remembered().clear();
    }

    fn remembered(&self) -> std::sync::MutexGuard<'_, HashMap<[u8; 32], (Actor, Instant)>> {
        self.shared.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The holder of a key, if the key holds.
    pub(crate) async fn key(&self, secret: &str) -> Result<Option<Actor>, Problem> {
        let hash = secret::hash(secret);
        let now = self.shared.store.clock().now();
        if let Some((actor, until)) = self.remembered().get(&hash)
            && now < *until
        {
            return Ok(Some(actor.clone()));
        }
        let row = self
            .shared
            .store
            .write(async move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
                let sql = "SELECT tenant, name, roles, expires_at FROM api_key \
                           JOIN service_account ON service_account.id = account \
                           WHERE secret_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)";
                let found = tx.find::<(String, String, String, Option<Instant>)>(sql, params![hash, now]).await?;
                if found.is_some() {
                    // Seeing a key is written down here, at most once per trust time, not once per request.
                    let sql = "UPDATE api_key SET last_used_at = $2 WHERE secret_hash = $1";
                    tx.execute(sql, params![hash, now]).await?;
                }
                Ok(found)
            })
            .await?;
        let Some((tenant, name, roles, expires_at)) = row else { return Ok(None) };
        let roles = split(&roles);
        let actor = Actor {
            kind: ActorKind::System,
            id: format!("service:{name}"),
            name: Some(name),
            permissions: self.permissions_of(&roles.iter().map(String::as_str).collect::<Vec<_>>()),
            ..Actor::anonymous(tenant_of(tenant)?)
        };
        let until = expires_at.map_or(now.plus(KEY_TRUST), |end| end.min(now.plus(KEY_TRUST)));
        let mut remembered = self.remembered();
        if remembered.len() >= KEYS_REMEMBERED {
            remembered.retain(|_, (_, until)| now < *until);
        }
        if remembered.len() < KEYS_REMEMBERED {
            remembered.insert(hash, (actor.clone(), until));
        }
        Ok(Some(actor))
    }
}

fn split(roles: &str) -> Vec<String> {
    roles.split(' ').filter(|role| !role.is_empty()).map(str::to_owned).collect()
}

fn tenant_of(name: String) -> Result<Tenant, Problem> {
    Tenant::new(name).map_err(|_| Problem::new(Refusal::Failed, "web.failed").detail("A stored tenant is not valid."))
}

fn invalid(pointer: &str, code: &'static str, message: &str) -> Problem {
    Problem::new(Refusal::Invalid, "web.invalid_field").field(pointer, code, message)
}
