//! Availability zones (scs-0121): what an operator's documents show of each, and how zones of compute and storage fit.
//! No program can see a fire zone: the test case is for people, and this weighs what they found.

use std::collections::BTreeMap;

use super::{Check, Finding};

/// What documents say of one demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Evidence {
    /// They show that it is met.
    Shown,
    /// They show that it is not.
    Lacking,
    /// They do not say.
    #[default]
    Silent,
}

/// A zone of compute and what documents say of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Zone {
    /// Its name.
    pub name: String,
    /// The fire zone that it lies in, by any name.
    pub fire_zone: Option<String>,
    /// Redundant feeds of power.
    pub power: Evidence,
    /// Redundant uplinks.
    pub uplink: Evidence,
    /// Redundant core routers.
    pub routers: Evidence,
    /// Redundant cooling, which is recommended.
    pub cooling: Evidence,
}

/// `availability-zones-check`.
pub fn check(zones: &[Zone]) -> Check {
    let mut findings = Vec::new();
    let mut fire_zones: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for zone in zones {
        let object = format!("availability zone {}", zone.name);
        match zone.fire_zone.as_deref() {
            Some(fire_zone) => fire_zones.entry(fire_zone).or_default().push(&zone.name),
            None => findings.push(Finding::unknown(
                object.clone(),
                "documents do not name its fire zone",
                "name the fire zone of each availability zone",
            )),
        }
        for (what, evidence) in [("power feeds", zone.power), ("uplinks", zone.uplink), ("core routers", zone.routers)]
        {
            let remedy = format!("document that {what} are redundant, or show a certificate of ISO 27001");
            match evidence {
                Evidence::Shown => {}
                Evidence::Lacking => {
                    findings.push(Finding::fault(object.clone(), format!("{what} are not redundant"), remedy));
                }
                Evidence::Silent => {
                    findings.push(Finding::unknown(object.clone(), format!("nothing is said of {what}"), remedy));
                }
            }
        }
        if zone.cooling != Evidence::Shown {
            findings.push(Finding::remark(object, "cooling is not shown to be redundant", "recommended, not demanded"));
        }
    }
    for (fire_zone, names) in fire_zones.into_iter().filter(|(_, names)| names.len() > 1) {
        findings.push(Finding::fault(
            format!("availability zones {}", names.join(", ")),
            format!("they share the fire zone {fire_zone}"),
            "make them one availability zone, or move one to a fire zone of its own",
        ));
    }
    if zones.is_empty() {
        findings.push(Finding::unknown("availability zones", "none is described", "describe each, even a single one"));
    }
    Check::of(findings)
}

/// Whether zones of storage have the names of those of compute, as is recommended where storage does not span zones.
pub fn compare_names(compute: &[&str], storage: &[&str]) -> Vec<Finding> {
    let missing = |from: &[&str], other: &[&str], what: &str| {
        let lacking = from.iter().filter(|name| !other.contains(name));
        lacking
            .map(|name| {
                let remedy = "name zones alike, or say that storage spans all zones";
                Finding::remark(format!("availability zone {name}"), format!("{what} has no zone of this name"), remedy)
            })
            .collect::<Vec<_>>()
    };
    if storage.len() < 2 {
        return Vec::new();
    }
    let mut findings = missing(compute, storage, "storage");
    findings.extend(missing(storage, compute, "compute"));
    findings
}
