//! How the nodes of a cluster are spread (scs-0214-v2). The test case is for people; labels tell as much as labels can.

use std::collections::BTreeSet;

use crate::rule::{Check, Finding};

/// What a node is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeRole {
    /// The control plane.
    ControlPlane,
    /// Workloads.
    Worker,
}

/// A node and where its labels say that it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub role: NodeRole,
    /// `topology.kubernetes.io/region`.
    pub region: Option<String>,
    /// `topology.kubernetes.io/zone`.
    pub zone: Option<String>,
}

/// At least two nodes, each with region and zone (must); those of a role in several zones (should).
pub fn check(nodes: &[Node]) -> Check {
    let mut findings = Vec::new();
    if nodes.len() < 2 {
        let reason = format!("it has {} nodes, which cannot be spread", nodes.len());
        findings.push(Finding::fault("cluster", reason, "add nodes in other zones"));
    }
    for node in nodes {
        for (label, value) in [("region", &node.region), ("zone", &node.zone)] {
            if value.as_deref().unwrap_or_default().is_empty() {
                findings.push(Finding::fault(
                    format!("node {}", node.name),
                    format!("it has no label topology.kubernetes.io/{label}"),
                    "let the cloud controller manager set it",
                ));
            }
        }
    }
    for (role, what) in [(NodeRole::ControlPlane, "nodes of the control plane"), (NodeRole::Worker, "workers")] {
        let of_role: Vec<&Node> = nodes.iter().filter(|node| node.role == role).collect();
        let places: BTreeSet<(&Option<String>, &Option<String>)> =
            of_role.iter().map(|node| (&node.region, &node.zone)).collect();
        if places.len() == 1 {
            let reason = format!("all {} are in one zone", of_role.len());
            findings.push(Finding::remark(what, reason, "spread them over several zones"));
        }
    }
    Check::of(findings)
}
