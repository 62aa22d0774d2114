//! The information mediator: when its headers are believed, and what its members may do here.
//!
//! A header is a claim that anybody can write. It counts only on a connection whose client certificate the configured
//! authority signed, so from the mediator itself; in profile `govstack`, which listens on loopback only, from anybody.
//! Where it does not count it is not read at all.

use axum::http::{Extensions, HeaderMap};
use stoa_core::{Actor, ActorKind, Problem, Refusal, Role, Tenant};

use crate::block::Profile;
use crate::caller::header_text;
use crate::node::Node;

/// Headers by which a mediator names its client, the standard one first.
const HEADERS: [&str; 3] = ["x-road-client", "x-govstack-client", "information-mediator-client"];
/// The longest part of a member's name.
const PART_BYTES_MAX: usize = 100;

/// In a request's extensions: its connection is the mediator's, by its certificate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FromMediator;

/// An organisation that may come through the mediator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// `INSTANCE/CLASS/MEMBER` with all its subsystems, or `INSTANCE/CLASS/MEMBER/SUBSYSTEM` alone.
    name: String,
    /// Whose data it works on.
    tenant: Tenant,
    /// Its roles.
    roles: Vec<String>,
}

/// A text that names no member of a mediator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a member of the mediator is INSTANCE/CLASS/MEMBER, or INSTANCE/CLASS/MEMBER/SUBSYSTEM")]
pub struct MemberError;

impl Member {
    /// The member of this name.
    pub fn new(name: impl Into<String>, tenant: Tenant, roles: Vec<String>) -> Result<Self, MemberError> {
        let name = name.into();
        if is_member(&name) { Ok(Self { name, tenant, roles }) } else { Err(MemberError) }
    }

    fn covers(&self, client: &str) -> bool {
        client.strip_prefix(&self.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

fn is_member(name: &str) -> bool {
    let parts: Vec<_> = name.split('/').collect();
    let fits = |part: &&str| !part.is_empty() && part.len() <= PART_BYTES_MAX && !part.chars().any(char::is_control);
    (3..=4).contains(&parts.len()) && parts.iter().all(fits)
}

/// The mediator's client that a request names, where its word counts.
pub(crate) fn client(node: &Node, headers: &HeaderMap, extensions: &Extensions) -> Result<Option<String>, Problem> {
    let counts =
        node.profile() == Profile::Govstack || (node.members().is_some() && extensions.get::<FromMediator>().is_some());
    if !counts {
        return Ok(None);
    }
    let mut named = HEADERS.iter().filter_map(|name| Some((*name, header_text(headers, name)?)));
    let Some((name, client)) = named.next() else { return Ok(None) };
    let wrong = |name: &str, code, message: &str| {
        Problem::new(Refusal::Malformed, "web.invalid_parameter").field(name, code, message)
    };
    if !is_member(&client) {
        return Err(wrong(name, "format", "must be INSTANCE/CLASS/MEMBER/SUBSYSTEM"));
    }
    if let Some((other, _)) = named.find(|(_, value)| *value != client) {
        return Err(wrong(other, "conflict", &format!("names another client than {name}")));
    }
    Ok(Some(client))
}

/// The actor behind a client of the mediator. One that no member of the configuration covers is known, and may nothing.
pub(crate) fn actor(node: &Node, client: String) -> Actor {
    let nobody = Actor::anonymous(Tenant::default());
    let (tenant, permissions) = match node.members() {
        _ if node.profile() == Profile::Govstack => (Tenant::default(), node.permissions_of(&[Role::GOVSTACK.0])),
        None => (Tenant::default(), nobody.permissions.clone()),
        Some(members) => {
            // A subsystem's own entry goes before its member's.
            let member = members.iter().filter(|member| member.covers(&client)).max_by_key(|member| member.name.len());
            let roles: Vec<&str> = member.iter().flat_map(|member| &member.roles).map(String::as_str).collect();
            (member.map(|member| member.tenant.clone()).unwrap_or_default(), node.permissions_of(&roles))
        }
    };
    Actor { kind: ActorKind::Organisation, id: client.clone(), client: Some(client), permissions, tenant, ..nobody }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_covers_its_subsystems_and_nobody_elses() {
        let member = |name: &str| Member::new(name, Tenant::default(), Vec::new());
        let ministry = member("EE/GOV/7000").unwrap();
        assert!(ministry.covers("EE/GOV/7000") && ministry.covers("EE/GOV/7000/tax"));
        assert!(!ministry.covers("EE/GOV/70001") && !ministry.covers("EE/GOV/700"));
        for bad in ["", "EE", "EE/GOV", "EE/GOV/", "EE//7000", "EE/GOV/7000/a/b", "EE/GOV/7\n0"] {
            assert_eq!(member(bad), Err(MemberError), "{bad}");
        }
    }
}
