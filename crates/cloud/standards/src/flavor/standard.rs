//! The standard flavors of scs-0103: which there must and should be, and whether a cloud has one as demanded.

use std::collections::BTreeMap;

use serde::Serialize;

use super::parts::{CpuKind, DiskKind};
use super::rules::{Syntax, translate};
use super::semantics::CloudFlavor;
use crate::rule::{Check, Finding};
use crate::verdict::Reading;

/// How much a standard flavor is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Every cloud must have it.
    Mandatory,
    /// Every cloud should have it.
    Recommended,
}

/// A flavor that a standard cloud has. Its figures hold exactly; its name is a recommendation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandardFlavor {
    /// The recommended name.
    pub name: &'static str,
    /// How much it is wanted.
    pub status: Status,
    /// vCPUs.
    pub cpus: u32,
    /// What they are.
    pub cpu_kind: CpuKind,
    /// GiB of memory.
    pub ram_gib: u32,
    /// The root disk.
    pub disk: Option<StandardDisk>,
}

/// The root disk of a standard flavor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandardDisk {
    /// GB.
    pub size: u32,
    /// What it is; without it, it may be any.
    pub kind: Option<DiskKind>,
}

const fn flavor(name: &'static str, status: Status, cpus: u32, cpu_kind: CpuKind, ram_gib: u32) -> StandardFlavor {
    StandardFlavor { name, status, cpus, cpu_kind, ram_gib, disk: None }
}

const fn with_disk(flavor: StandardFlavor, size: u32, kind: Option<DiskKind>) -> StandardFlavor {
    StandardFlavor { disk: Some(StandardDisk { size, kind }), ..flavor }
}

use CpuKind::{CrowdedCore, SharedCore};
use Status::{Mandatory, Recommended};

/// All of them (scs-0103-v1, text revision 1.2).
#[rustfmt::skip]
pub const STANDARD_FLAVORS: &[StandardFlavor] = &[
    flavor("SCS-1V-4", Mandatory, 1, SharedCore, 4),
    flavor("SCS-2V-8", Mandatory, 2, SharedCore, 8),
    flavor("SCS-4V-16", Mandatory, 4, SharedCore, 16),
    with_disk(flavor("SCS-4V-16-100s", Mandatory, 4, SharedCore, 16), 100, Some(DiskKind::Ssd)),
    flavor("SCS-8V-32", Mandatory, 8, SharedCore, 32),
    flavor("SCS-1V-2", Mandatory, 1, SharedCore, 2),
    flavor("SCS-2V-4", Mandatory, 2, SharedCore, 4),
    with_disk(flavor("SCS-2V-4-20s", Mandatory, 2, SharedCore, 4), 20, Some(DiskKind::Ssd)),
    flavor("SCS-4V-8", Mandatory, 4, SharedCore, 8),
    flavor("SCS-8V-16", Mandatory, 8, SharedCore, 16),
    flavor("SCS-16V-32", Mandatory, 16, SharedCore, 32),
    flavor("SCS-1V-8", Mandatory, 1, SharedCore, 8),
    flavor("SCS-2V-16", Mandatory, 2, SharedCore, 16),
    flavor("SCS-4V-32", Mandatory, 4, SharedCore, 32),
    flavor("SCS-1L-1", Mandatory, 1, CrowdedCore, 1),
    with_disk(flavor("SCS-1V-4-10", Recommended, 1, SharedCore, 4), 10, None),
    with_disk(flavor("SCS-2V-8-20", Recommended, 2, SharedCore, 8), 20, None),
    with_disk(flavor("SCS-4V-16-50", Recommended, 4, SharedCore, 16), 50, None),
    with_disk(flavor("SCS-8V-32-100", Recommended, 8, SharedCore, 32), 100, None),
    with_disk(flavor("SCS-1V-2-5", Recommended, 1, SharedCore, 2), 5, None),
    with_disk(flavor("SCS-2V-4-10", Recommended, 2, SharedCore, 4), 10, None),
    with_disk(flavor("SCS-4V-8-20", Recommended, 4, SharedCore, 8), 20, None),
    with_disk(flavor("SCS-8V-16-50", Recommended, 8, SharedCore, 16), 50, None),
    with_disk(flavor("SCS-16V-32-100", Recommended, 16, SharedCore, 32), 100, None),
    with_disk(flavor("SCS-1V-8-20", Recommended, 1, SharedCore, 8), 20, None),
    with_disk(flavor("SCS-2V-16-50", Recommended, 2, SharedCore, 16), 50, None),
    with_disk(flavor("SCS-4V-32-100", Recommended, 4, SharedCore, 32), 100, None),
    with_disk(flavor("SCS-1L-1-5", Recommended, 1, CrowdedCore, 1), 5, None),
    flavor("SCS-16V-64", Recommended, 16, SharedCore, 64),
    flavor("SCS-8V-64", Recommended, 8, SharedCore, 64),
    flavor("SCS-16V-128", Recommended, 16, SharedCore, 128),
];

const DISK_TYPE: &str = "scs:disk0-type";

impl StandardFlavor {
    /// The standard flavor with this recommended name.
    pub fn find(name: &str) -> Option<&'static StandardFlavor> {
        STANDARD_FLAVORS.iter().find(|flavor| flavor.name == name)
    }

    /// The test case that checks it: `scs-0103-flavor-1v-4`.
    pub fn test_case(&self) -> String {
        let name = self.name.trim_start_matches(super::PREFIX).to_ascii_lowercase();
        format!("scs-0103-flavor-{name}")
    }

    /// The extra specs that it must have. Where the disk may be any, one over the network is given.
    pub fn properties(&self) -> BTreeMap<&'static str, String> {
        let mut properties = BTreeMap::from([
            ("scs:cpu-type", self.cpu_kind.property().to_owned()),
            ("scs:name-v1", translate(self.name, Syntax::Colon)),
            ("scs:name-v2", self.name.to_owned()),
        ]);
        if let Some(disk) = self.disk {
            properties.insert(DISK_TYPE, disk.kind.unwrap_or(DiskKind::Network).property().to_owned());
        }
        properties
    }

    /// Whether a cloud with these flavors has it, and as demanded.
    pub fn check(&self, flavors: &[CloudFlavor], reading: Reading) -> Check {
        let by_property = |flavor: &&CloudFlavor| flavor.extra_specs.get("scs:name-v2").is_some_and(|n| n == self.name);
        let by_name = |flavor: &&CloudFlavor| flavor.name == self.name;
        let found = flavors.iter().find(by_property).or_else(|| flavors.iter().find(by_name));
        match found {
            None => Check::of([Finding::fault(
                format!("flavor {}", self.name),
                "no flavor has this name, neither as its own nor as scs:name-v2",
                self.command(),
            )]),
            Some(flavor) => Check::of(self.figures(flavor).chain(self.properties_of(flavor, reading))),
        }
    }

    /// The command that creates it.
    pub fn command(&self) -> String {
        let mut command =
            format!("openstack flavor create --vcpus {} --ram {}", self.cpus, u64::from(self.ram_gib) * 1024);
        command.push_str(&format!(" --disk {}", self.disk.map_or(0, |disk| disk.size)));
        for (key, value) in self.properties() {
            command.push_str(&format!(" --property {key}={value}"));
        }
        format!("{command} {}", self.name)
    }

    fn figures(&self, flavor: &CloudFlavor) -> impl Iterator<Item = Finding> {
        let object = flavor.object();
        [
            ("vCPUs", flavor.vcpus, u64::from(self.cpus)),
            ("MiB of memory", flavor.ram_mib, u64::from(self.ram_gib) * 1024),
            ("GB of disk", flavor.disk_gb, self.disk.map_or(0, |disk| u64::from(disk.size))),
        ]
        .into_iter()
        .filter(|(_, observed, demanded)| observed != demanded)
        .map(move |(what, observed, demanded)| {
            let reason = format!("{what}: {observed} instead of exactly {demanded}");
            Finding::fault(object.clone(), reason, format!("Replace it: {}", self.command()))
        })
    }

    fn properties_of(&self, flavor: &CloudFlavor, reading: Reading) -> impl Iterator<Item = Finding> {
        let object = flavor.object();
        let any_disk = self.disk.is_some_and(|disk| disk.kind.is_none()) && !reading.is_published();
        let mut findings = Vec::new();
        for (key, demanded) in self.properties() {
            let observed = flavor.extra_specs.get(key);
            let met = observed.is_some_and(|observed| match key {
                DISK_TYPE if any_disk => DiskKind::from_property(observed).is_some(),
                _ => *observed == demanded,
            });
            if !met {
                let observed = observed.map_or_else(|| "is not set".to_owned(), |value| format!("is {value:?}"));
                let wanted = if key == DISK_TYPE && any_disk {
                    "network, hdd, ssd or nvme, as the disk is".to_owned()
                } else {
                    demanded.clone()
                };
                findings.push(Finding::fault(
                    object.clone(),
                    format!("{key} {observed}, wanted: {wanted}"),
                    format!("openstack flavor set --property {key}={demanded} {}", flavor.argument()),
                ));
            }
        }
        // The published suite does not look for what must be absent.
        if self.disk.is_none() && !reading.is_published() && flavor.extra_specs.contains_key(DISK_TYPE) {
            findings.push(Finding::fault(
                object,
                format!("{DISK_TYPE} is set although {} has no disk", self.name),
                format!("openstack flavor unset --property {DISK_TYPE} {}", flavor.argument()),
            ));
        }
        findings.into_iter()
    }
}
