//! What new security groups let in and out (scs-0115).

use std::fmt;

use super::{Check, Finding};
use crate::verdict::Reading;

/// Where traffic goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// To the server.
    Ingress,
    /// From the server.
    Egress,
}

/// The version of the Internet Protocol that a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ethertype {
    /// Version 4.
    IPv4,
    /// Version 6.
    IPv6,
}

impl Ethertype {
    const ALL: [Self; 2] = [Self::IPv4, Self::IPv6];

    /// The prefix that is everywhere.
    const fn everywhere(self) -> &'static str {
        match self {
            Self::IPv4 => "0.0.0.0/0",
            Self::IPv6 => "::/0",
        }
    }
}

impl fmt::Display for Ethertype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A rule that new groups get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its id.
    pub id: String,
    /// Where traffic goes.
    pub direction: Direction,
    /// The protocol's version.
    pub ethertype: Ethertype,
    /// Whose traffic: `PARENT` for the group itself.
    pub remote_group: Option<String>,
    /// Addresses at the other end; all when there are none.
    pub remote_prefix: Option<String>,
    /// Whether a project's default group gets it.
    pub used_in_default: bool,
    /// Whether groups that users make get it.
    pub used_in_custom: bool,
}

const CLOSE: &str = "delete the rule: openstack default security group rule delete";
const OPEN: &str = "let everything out: openstack default security group rule create --egress";

impl Rule {
    /// Traffic of a group with itself may come in, in default groups.
    fn is_within_default_group(&self) -> bool {
        self.remote_group.as_deref() == Some("PARENT") && !self.used_in_custom
    }

    /// Whether it is open to everywhere. The published suite does not know an explicit prefix for everywhere.
    fn is_open(&self, reading: Reading) -> bool {
        match self.remote_prefix.as_deref() {
            None | Some("") => true,
            Some(prefix) => !reading.is_published() && prefix == self.ethertype.everywhere(),
        }
    }

    fn ingress_fault(&self) -> Finding {
        let from = match (&self.remote_group, &self.remote_prefix) {
            (Some(group), _) => format!("the group {group}"),
            (None, Some(prefix)) => prefix.clone(),
            (None, None) => "everywhere".to_owned(),
        };
        let groups = match (self.used_in_default, self.used_in_custom) {
            (true, true) => "all groups",
            (true, false) => "default groups",
            (false, true) => "groups of users",
            (false, false) => "no group",
        };
        let from = crate::tree::shortened(&from);
        let reason = format!("it lets {} in from {from}, in {groups}", self.ethertype);
        Finding::fault(format!("default rule {}", crate::tree::shortened(&self.id)), reason, CLOSE)
    }
}

/// `scs-0115-default-rules`, by the rules that Neutron lists as those of new groups (2023.2 and later).
///
/// Nothing may come in (must); everything should go out, which the published suite takes for a must.
pub fn check_default_rules(rules: &[Rule], reading: Reading) -> Check {
    let incoming = rules.iter().filter(|rule| rule.direction == Direction::Ingress);
    let mut findings: Vec<Finding> =
        incoming.filter(|rule| !rule.is_within_default_group()).map(Rule::ingress_fault).collect();
    let outgoing = |ethertype: Ethertype, is_used: fn(&Rule) -> bool| {
        rules.iter().any(|rule| {
            rule.direction == Direction::Egress && rule.ethertype == ethertype && is_used(rule) && rule.is_open(reading)
        })
    };
    for ethertype in Ethertype::ALL {
        if !outgoing(ethertype, |rule| rule.used_in_default) {
            findings.push(egress_missing("default groups", ethertype, reading));
        }
        if !outgoing(ethertype, |rule| rule.used_in_custom) {
            findings.push(egress_missing("groups of users", ethertype, reading));
        }
    }
    Check::of(findings)
}

/// The same by the rules of a group that was just made, where Neutron lists no default rules.
pub fn check_new_group(rules: &[Rule], reading: Reading) -> Check {
    let incoming = rules.iter().filter(|rule| rule.direction == Direction::Ingress);
    let mut findings: Vec<Finding> = incoming.map(Rule::ingress_fault).collect();
    for ethertype in Ethertype::ALL {
        let is_outgoing = |rule: &Rule| rule.direction == Direction::Egress && rule.ethertype == ethertype;
        if !rules.iter().any(is_outgoing) {
            findings.push(egress_missing("groups of users", ethertype, reading));
        }
    }
    Check::of(findings)
}

fn egress_missing(groups: &str, ethertype: Ethertype, reading: Reading) -> Finding {
    let reason = format!("no rule lets {ethertype} out");
    if reading.is_published() { Finding::fault(groups, reason, OPEN) } else { Finding::remark(groups, reason, OPEN) }
}
