//! Whether a cloud's flavors are what their names and extra specs say (scs-0100, "Naming policy compliance"; scs-0103,
//! "Properties").
//!
//! A name may promise less than there is, never more. What cannot be seen in a flavor from outside (the kind of vCPU or
//! disk, the number of disks, CPU and GPU) is not judged here.

use std::collections::BTreeMap;

use super::error::Reason;
use super::parse::{Parsed, parse};
use super::parts::{CpuKind, DiskKind};
use super::rules::{Rules, Syntax};
use super::{Flavor, PREFIX};
use crate::rule::{Check, Finding};
use crate::verdict::Reading;

/// A flavor as a cloud shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CloudFlavor {
    /// Its name.
    pub name: String,
    /// vCPUs.
    pub vcpus: u64,
    /// MiB of memory.
    pub ram_mib: u64,
    /// GB of the root disk; 0 where there is none, or where it is as large as the image needs.
    pub disk_gb: u64,
    /// Its extra specs.
    pub extra_specs: BTreeMap<String, String>,
}

impl CloudFlavor {
    /// What findings call it.
    pub(super) fn object(&self) -> String {
        format!("flavor {}", crate::tree::shortened(&self.name))
    }

    /// Its name as an argument of a command, for remedies that are copied into a shell.
    pub(super) fn argument(&self) -> String {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.:".contains(letter);
        if !self.name.is_empty() && !self.name.starts_with('-') && self.name.chars().all(plain) {
            self.name.clone()
        } else {
            format!("-- '{}'", self.name.replace('\'', r"'\''"))
        }
    }

    /// What a name says that this flavor does not have.
    pub(super) fn shortfalls(&self, named: &Flavor, reading: Reading) -> Vec<String> {
        let mut shortfalls = Vec::new();
        let cpus = u64::from(named.cpu.count.get());
        if self.vcpus < cpus {
            shortfalls.push(format!("vCPUs: {}, the name promises {cpus}", self.vcpus));
        }
        if !enough_memory(self.ram_mib, named, reading) {
            shortfalls.push(format!(
                "memory: {} MiB, the name promises {} GiB, which are {} MiB",
                self.ram_mib,
                named.ram.size,
                named.ram.size.mib()
            ));
        }
        if let Some(size) = named.disk.and_then(|disk| disk.size)
            && self.disk_gb < u64::from(size.get())
        {
            shortfalls.push(format!("disk: {} GB, the name promises {size} GB", self.disk_gb));
        }
        shortfalls
    }

    fn exceeds(&self, named: &Flavor) -> bool {
        let disk = named.disk.map_or(0, |disk| disk.size.map_or(self.disk_gb, |size| u64::from(size.get())));
        self.vcpus > u64::from(named.cpu.count.get()) || self.ram_mib > named.ram.size.mib() || self.disk_gb > disk
    }
}

/// The published suite rounds to tenths of a GiB, so that 4045 MiB pass for 4 GiB.
fn enough_memory(ram_mib: u64, named: &Flavor, reading: Reading) -> bool {
    if reading.is_published() {
        ram_mib.saturating_add(51).saturating_mul(10) / 1024 >= u64::from(named.ram.size.half_gib()) * 5
    } else {
        ram_mib >= named.ram.size.mib()
    }
}

fn read(name: &str, reading: Reading) -> Result<Parsed, super::NameError> {
    parse(name, Rules { syntax: None, reading })
}

/// `scs-0100-syntax-check`: every flavor whose name begins with `SCS-` has a name of the standard. The form of version 1
/// passes with a remark, as the standard asks of tools for the time being.
pub fn check_syntax(flavors: &[CloudFlavor], reading: Reading) -> Check {
    Check::of(flavors.iter().filter_map(|flavor| match read(&flavor.name, reading) {
        Err(error) if error.reason == Reason::Foreign => None,
        Err(error) => Some(Finding::fault(
            flavor.object(),
            error.to_string(),
            format!("Create it again under a name of scs-0100, or one that does not begin with {PREFIX}."),
        )),
        Ok(parsed) if parsed.syntax == Syntax::Colon => Some(Finding::remark(
            flavor.object(),
            "has a name in the form of version 1, deprecated since 2023-10-31",
            format!("Offer it as {} too.", parsed.flavor),
        )),
        Ok(_) => None,
    }))
}

/// `scs-0100-semantics-check`: every flavor has at least what its name says. Names that cannot be read are for
/// [`check_syntax`].
pub fn check_semantics(flavors: &[CloudFlavor], reading: Reading) -> Check {
    let mut findings = Vec::new();
    for flavor in flavors {
        let Ok(Parsed { flavor: named, .. }) = read(&flavor.name, reading) else { continue };
        if reading.is_published() && named.disk.is_some_and(|disk| disk.size.is_none()) {
            // The published suite compares with a size that is not there, and the whole check ends.
            return Check::aborted(flavor.object(), "the name does not say the size of its disk", "");
        }
        let shortfalls = flavor.shortfalls(&named, reading);
        if shortfalls.is_empty() && flavor.exceeds(&named) {
            findings.push(Finding::remark(flavor.object(), "has more than its name says", ""));
        }
        let remedy = "Create it again with what the name promises, or under a name that promises less.";
        findings.extend(shortfalls.into_iter().map(|reason| Finding::fault(flavor.object(), reason, remedy)));
    }
    Check::of(findings)
}

/// Whether extra specs beginning with `scs:` are true wherever they are set, on any flavor (scs-0103).
///
/// An extra spec may understate as a name may: that it says less than the name is a remark. The published suite does not
/// check this.
pub fn check_properties(flavors: &[CloudFlavor]) -> Check {
    let findings = flavors.iter().flat_map(|flavor| {
        let named = read(&flavor.name, Reading::Standard).ok().map(|parsed| parsed.flavor);
        let scs = flavor.extra_specs.iter().filter_map(|(key, value)| Some((key.strip_prefix("scs:")?, value)));
        scs.flat_map(move |(key, value)| property(flavor, named.as_ref(), key, value)).collect::<Vec<_>>()
    });
    Check::of(findings)
}

/// What is the matter with one extra spec; its key comes without the prefix.
fn property(flavor: &CloudFlavor, named: Option<&Flavor>, key: &str, value: &str) -> Vec<Finding> {
    let unset = || format!("openstack flavor unset --property scs:{key} {}", flavor.argument());
    let fault =
        |reason: String| vec![Finding::fault(flavor.object(), format!("scs:{key} is {value:?}: {reason}"), unset())];
    let less = |promised: &str| {
        let reason = format!("scs:{key} is {value:?}, which is less than the {promised} of its name");
        vec![Finding::remark(flavor.object(), reason, format!("Set it to {promised}, or choose a lesser name."))]
    };
    if key == "cpu-type" {
        return match (CpuKind::from_property(value), named.map(|named| named.cpu.kind)) {
            (None, _) => fault("expected crowded-core, shared-core, dedicated-thread or dedicated-core".to_owned()),
            (Some(said), Some(promised)) if said < promised => less(promised.property()),
            _ => Vec::new(),
        };
    }
    if numbered(key, "name-v", "").is_some_and(|number| number > 0) {
        return match read(value, Reading::Standard) {
            Err(error) => fault(error.to_string()),
            Ok(parsed) => flavor.shortfalls(&parsed.flavor, Reading::Standard).into_iter().flat_map(fault).collect(),
        };
    }
    if numbered(key, "disk", "-type").is_some() {
        return match (DiskKind::from_property(value), named.and_then(|named| named.disk?.kind)) {
            (None, _) => fault("expected network, hdd, ssd or nvme".to_owned()),
            (Some(said), Some(promised)) if said < promised => less(promised.property()),
            _ => Vec::new(),
        };
    }
    vec![Finding::remark(flavor.object(), format!("scs:{key} is none of the extra specs of scs-0103"), unset())]
}

/// The number between a prefix and a suffix, written without leading zeros.
pub(super) fn numbered(key: &str, prefix: &str, suffix: &str) -> Option<u32> {
    let digits = key.strip_prefix(prefix)?.strip_suffix(suffix)?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    if plain { digits.parse().ok() } else { None }
}
