//! Who asks: every request has one actor, with the permissions that its roles bring.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Problem, Refusal};

/// What sort of actor it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActorKind {
    /// A natural person acting for themself.
    Person,
    /// Somebody who works here.
    Official,
    /// A program with a credential of its own.
    System,
    /// An organisation, through the information mediator.
    Organisation,
    /// Nobody in particular.
    Anonymous,
}

impl ActorKind {
    /// The word used in JSON, SQL and evidence.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Official => "official",
            Self::System => "system",
            Self::Organisation => "organisation",
            Self::Anonymous => "anonymous",
        }
    }
}

/// Whose data it is: the first argument of every query. It comes from the actor, never from a header alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tenant(String);

/// A text that cannot name a tenant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a tenant's name is 1 to 63 characters of a-z, 0-9 and -, beginning with a letter")]
pub struct TenantError;

impl Tenant {
    /// The tenant with this name.
    pub fn new(name: impl Into<String>) -> Result<Self, TenantError> {
        let name = name.into();
        let fits = name.len() <= 63
            && name.bytes().next().is_some_and(|first| first.is_ascii_lowercase())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits { Ok(Self(name)) } else { Err(TenantError) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Tenant {
    /// The one tenant that is there at first start.
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Tenant {
    type Error = TenantError;
    fn try_from(name: String) -> Result<Self, TenantError> {
        Self::new(name)
    }
}

impl From<Tenant> for String {
    fn from(tenant: Tenant) -> Self {
        tenant.0
    }
}

/// A bundle of permissions; the `roles` claim of any configured issuer selects them, as do keys and sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Role(pub &'static str);

impl Role {
    /// May do everything on this node.
    pub const ADMIN: Self = Self("admin");
    /// Keeps the node running.
    pub const OPERATOR: Self = Self("operator");
    /// Designs registers, forms and rights.
    pub const ANALYST: Self = Self("analyst");
    /// Works with the data.
    pub const OFFICIAL: Self = Self("official");
    /// Confirms what another prepared.
    pub const APPROVER: Self = Self("approver");
    /// Reads evidence, changes nothing.
    pub const AUDITOR: Self = Self("auditor");

    /// The mediator's clients in profile `govstack`; nobody holds it in the default profile.
    pub const GOVSTACK: Self = Self("govstack");

    /// The roles that every node has; a block may add its own, such as `payments.maker`.
    pub const ALL: [Self; 6] =
        [Self::ADMIN, Self::OPERATOR, Self::ANALYST, Self::OFFICIAL, Self::APPROVER, Self::AUDITOR];
}

/// A right to do one thing, named `<block>.<thing>.<verb>`: `registries.record.read`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission(pub &'static str);

impl Borrow<str> for Permission {
    fn borrow(&self) -> &str {
        self.0
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A permission as its block declares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PermissionInfo {
    /// The permission.
    pub permission: Permission,
    /// What it allows, in a few words.
    pub title: &'static str,
    /// The roles that hold it.
    pub roles: &'static [Role],
}

/// The set of permissions of one actor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Permissions {
    /// Every permission, also ones that a later block brings.
    All,
    /// These only.
    Only(BTreeSet<Permission>),
}

impl Permissions {
    /// No permission at all: the state that everything starts from.
    pub const fn none() -> Self {
        Self::Only(BTreeSet::new())
    }

    /// Whether this permission is among them.
    pub fn contains(&self, permission: Permission) -> bool {
        match self {
            Self::All => true,
            Self::Only(set) => set.contains(&permission),
        }
    }

    /// Whether everything in `other` is among them too: nobody gives away what they do not have.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, _) => true,
            (Self::Only(_), Self::All) => false,
            (Self::Only(own), Self::Only(other)) => own.is_superset(other),
        }
    }

    /// What the named roles bring together, by the blocks' declarations. An unknown role brings nothing.
    pub fn of_roles<'a>(roles: impl IntoIterator<Item = &'a str>, declared: &[PermissionInfo]) -> Self {
        let mut set = BTreeSet::new();
        for role in roles {
            if role == Role::ADMIN.0 {
                return Self::All;
            }
            set.extend(
                declared.iter().filter(|info| info.roles.iter().any(|held| held.0 == role)).map(|info| info.permission),
            );
        }
        Self::Only(set)
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<T: IntoIterator<Item = Permission>>(permissions: T) -> Self {
        Self::Only(permissions.into_iter().collect())
    }
}

/// Who asks, for whom, with which rights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// What sort of actor it is.
    pub kind: ActorKind,
    /// The stable name in evidence: `service:…` of a program's account, the subject of a session, `sub` of a token with
    /// its issuer, `block:…`, a mediator's member.
    pub id: String,
    /// A name for people, if one is known.
    pub name: Option<String>,
    /// Whose data this actor works on.
    pub tenant: Tenant,
    /// The person for whom a system acts (RFC 8693 `act`), vouched for by that system.
    pub on_behalf_of: Option<String>,
    /// The mediator's client, `INSTANCE/CLASS/MEMBER/SUBSYSTEM`, when the request came through one.
    pub client: Option<String>,
    /// What this actor may do.
    pub permissions: Permissions,
}

impl Actor {
    /// Nobody: no name, no permission.
    pub fn anonymous(tenant: Tenant) -> Self {
        Self {
            kind: ActorKind::Anonymous,
            id: "anonymous".to_owned(),
            name: None,
            tenant,
            on_behalf_of: None,
            client: None,
            permissions: Permissions::none(),
        }
    }

    /// The node itself, for jobs and the command line: a system with all permissions.
    pub fn system(id: impl Into<String>, tenant: Tenant) -> Self {
        Self { kind: ActorKind::System, id: id.into(), permissions: Permissions::All, ..Self::anonymous(tenant) }
    }

    /// Refuses unless the actor holds the permission: without any credential as unauthenticated, else as forbidden.
    pub fn require(&self, permission: Permission) -> Result<(), Problem> {
        if self.permissions.contains(permission) {
            return Ok(());
        }
        if self.kind == ActorKind::Anonymous {
            return Err(Problem::new(Refusal::Unauthenticated, "web.unauthenticated")
                .detail("Send a key or token in the Authorization header, or sign in."));
        }
        Err(Problem::new(Refusal::Forbidden, "web.forbidden")
            .detail(format!("This needs the permission {permission}, which none of your roles holds.")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: Permission = Permission("registries.record.read");
    const DECLARED: &[PermissionInfo] =
        &[PermissionInfo { permission: READ, title: "Read records", roles: &[Role::OFFICIAL, Role::AUDITOR] }];

    #[test]
    fn deny_is_the_default_and_roles_bring_only_what_is_declared() {
        let mut actor = Actor::anonymous(Tenant::default());
        assert_eq!(actor.require(READ).unwrap_err().refusal, Refusal::Unauthenticated);
        actor.kind = ActorKind::Official;
        assert_eq!(actor.require(READ).unwrap_err().refusal, Refusal::Forbidden);
        actor.permissions = Permissions::of_roles(["approver", "nonsense"], DECLARED);
        assert_eq!(actor.require(READ).unwrap_err().refusal, Refusal::Forbidden);
        actor.permissions = Permissions::of_roles(["auditor"], DECLARED);
        assert_eq!(actor.require(READ), Ok(()));
        actor.permissions = Permissions::of_roles(["admin"], DECLARED);
        assert_eq!(actor.require(Permission("later.block.verb")), Ok(()));
    }

    #[test]
    fn nobody_gives_away_what_they_do_not_have() {
        let auditor = Permissions::of_roles(["auditor"], DECLARED);
        assert!(Permissions::All.covers(&Permissions::All) && Permissions::All.covers(&auditor));
        assert!(auditor.covers(&auditor) && auditor.covers(&Permissions::none()));
        assert!(!auditor.covers(&Permissions::All) && !Permissions::none().covers(&auditor));
    }

    #[test]
    fn tenants_are_plain_names() {
        assert_eq!(Tenant::default().as_str(), "default");
        for bad in ["", "Default", "a b", "-a", "1a", "ä", &"a".repeat(64)] {
            assert!(Tenant::new(bad).is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<Tenant>("\"../x\"").is_err());
    }
}
