//! A domain with its manager logged in.

use serde_json::{Value, json};
use stoa_openstack::{Answer, Call, Cloud, Error, Service, segment};
use stoa_standards::rule::Check;

use super::config::Domain;
use crate::openstack::Cleaned;
use crate::openstack::facts::aborted;

/// What names begin with of everything that is made here.
const PREFIX: &str = "_scs-0302-";

/// A domain with its manager logged in.
pub(super) struct Side {
    pub(super) name: String,
    manager: String,
    pub(super) cloud: Cloud,
    pub(super) id: String,
    pub(super) role: String,
}

/// Something that is made: users, projects and groups are handled alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    Project,
    Group,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::User, Self::Project, Self::Group];

    pub(super) const fn noun(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Project => "project",
            Self::Group => "group",
        }
    }

    pub(super) fn path(self, id: &str) -> String {
        format!("/{}s/{}", self.noun(), segment(id))
    }

    pub(super) fn list(self) -> String {
        format!("/{}s", self.noun())
    }

    pub(super) fn key(self) -> String {
        format!("{}s", self.noun())
    }
}

impl Side {
    /// Logs a manager in.
    pub(super) async fn enter(cloud: &Cloud, domain: &Domain) -> Result<Self, Check> {
        let config = cloud.config().for_domain(&domain.manager, domain.password.clone(), &domain.name);
        let who = label(&domain.manager, &domain.name);
        let cloud =
            cloud.with_config(config).map_err(|error| Check::aborted(&who, error.to_string(), "see clouds.yaml"))?;
        let session = cloud.session().await.map_err(|error| {
            let remedy = "see that the manager has the role manager on the domain, and that its password is right";
            Check::aborted(&who, error.to_string(), remedy)
        })?;
        let id = session.domain_id.clone();
        let id = id.ok_or_else(|| Check::aborted(&who, "its token is for no domain", "see the answer of Keystone"))?;
        let role = role(&cloud, &domain.member_role).await.map_err(|error| aborted(&error))?;
        let reason = || format!("there is no role {}", domain.member_role);
        let role = role.ok_or_else(|| Check::aborted(&who, reason(), "name another as member_role"))?;
        Ok(Self { name: domain.name.clone(), manager: domain.manager.clone(), cloud, id, role })
    }

    /// What it is called in findings.
    pub(super) fn label(&self) -> String {
        label(&self.manager, &self.name)
    }

    pub(super) async fn ask(&self, call: Call) -> Result<Answer, Error> {
        self.cloud.send(call).await
    }

    /// The call that makes something in a domain, or in none that is named.
    pub(super) fn creation(kind: Kind, name: &str, domain: Option<&str>) -> Call {
        let body = match domain {
            Some(domain) => json!({"name": name, "domain_id": domain}),
            None => json!({"name": name}),
        };
        Call::post(Service::Identity, kind.list(), &json!({ kind.noun(): body }))
    }

    /// Removes everything of these names in the domain.
    pub(super) async fn clean_up(&self) -> Cleaned {
        let mut cleaned = Cleaned::default();
        let named = |what: &str| format!("{what} in domain {}", self.name);
        for kind in [Kind::Group, Kind::Project, Kind::User] {
            let list = Call::get(Service::Identity, kind.list()).with("domain_id", &self.id);
            let items = match self.cloud.list(list, &kind.key()).await {
                Ok(items) => items,
                Err(error) => {
                    cleaned.left.push((named(&kind.key()), error.to_string()));
                    continue;
                }
            };
            for item in &items {
                let text = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default();
                // Whatever else is in the domain is somebody's.
                if !text("name").starts_with(PREFIX) || text("domain_id") != self.id {
                    continue;
                }
                let thing = named(&format!("{} {}", kind.noun(), text("name")));
                match self.ask(Call::delete(Service::Identity, kind.path(text("id")))).await {
                    Ok(_) => cleaned.removed.push(thing),
                    // Lists of Keystone are a moment behind.
                    Err(error) if error.is_not_found() => {}
                    Err(error) => cleaned.left.push((thing, error.to_string())),
                }
            }
        }
        cleaned
    }
}

fn label(manager: &str, domain: &str) -> String {
    format!("manager {manager} of domain {domain}")
}

/// A name that nothing else has.
pub(super) fn name(kind: Kind, what: &str, run: &str) -> String {
    let run: String = run.chars().take(8).collect();
    format!("{PREFIX}{}-{what}-{run}", kind.noun())
}

/// The id of a role.
pub(super) async fn role(cloud: &Cloud, name: &str) -> Result<Option<String>, Error> {
    let roles = cloud.list(Call::get(Service::Identity, "/roles").with("name", name), "roles").await?;
    let id = roles.first().and_then(|role| role.get("id")?.as_str()).map(str::to_owned);
    Ok(id)
}
