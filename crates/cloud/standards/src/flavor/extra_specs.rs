//! Extra specs of scs-0103 that follow from a flavor's names: what programs look for instead of taking names apart.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::parts::{CpuKind, DiskKind, RamSize};
use super::{Flavor, Syntax};

/// What a cloud's flavor must have so that all of its names are true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtraSpecs {
    /// vCPUs.
    pub cpus: u32,
    /// Memory.
    pub ram: RamSize,
    /// GB of the root disk; nothing without a disk, or where no name says its size.
    pub disk: Option<u32>,
    /// The extra specs, by their keys with the prefix `scs:`.
    pub properties: BTreeMap<String, String>,
    /// Of what the names say different things. The most that is said holds, since a name may always understate.
    pub inconsistent: Vec<&'static str>,
}

/// The extra specs of a flavor with these names; nothing without a name.
pub fn extra_specs(names: &[Flavor]) -> Option<ExtraSpecs> {
    let mut inconsistent = Vec::new();
    let cpus = most("cpus", names.iter().map(|name| name.cpu.count.get()), &mut inconsistent)?;
    let ram = most("ram", names.iter().map(|name| name.ram.size), &mut inconsistent)?;
    let cpu_kind = most("scs:cpu-type", names.iter().map(|name| name.cpu.kind), &mut inconsistent);
    let disks: Vec<_> = names.iter().filter_map(|name| name.disk).collect();
    let disk = most("disk", disks.iter().filter_map(|disk| disk.size), &mut inconsistent);
    let count = most("number of disks", disks.iter().map(|disk| disk.count), &mut inconsistent);
    // A disk of which no kind is said may be any, and counts as the least that one can be.
    let disk_kind = most("scs:disk0-type", disks.iter().filter_map(|disk| disk.kind), &mut inconsistent);
    let disk_type = disk_kind.unwrap_or(DiskKind::Network).property();

    let mut properties = BTreeMap::new();
    properties.insert("scs:cpu-type".to_owned(), cpu_kind.map_or("", CpuKind::property).to_owned());
    for number in 0..count.map_or(0, std::num::NonZeroU8::get) {
        properties.insert(format!("scs:disk{number}-type"), disk_type.to_owned());
    }
    for (variant, name) in (1..).zip(aliases(names)) {
        properties.insert(format!("scs:name-v{variant}"), name);
    }
    Some(ExtraSpecs { cpus, ram, disk: disk.map(std::num::NonZeroU32::get), properties, inconsistent })
}

/// The largest value, and a note where there are several.
fn most<T: Ord>(what: &'static str, said: impl Iterator<Item = T>, inconsistent: &mut Vec<&'static str>) -> Option<T> {
    let mut values: BTreeSet<T> = said.collect();
    if values.len() > 1 {
        inconsistent.push(what);
    }
    values.pop_last()
}

/// All names under which a flavor with these names should be found: each canonical and short, in both forms; the longest
/// first, of equal length those of version 1.
pub fn aliases(names: &[Flavor]) -> Vec<String> {
    let forms = [Syntax::Colon, Syntax::Dash];
    let mut found: Vec<(Reverse<usize>, Syntax, String)> = names
        .iter()
        .flat_map(|name| [*name, name.short()])
        .flat_map(|flavor| forms.map(|form| (form, flavor.name_in(form))))
        .filter_map(|(form, name)| Some((form, name?.to_string())))
        .map(|(form, name)| (Reverse(name.len()), form, name))
        .collect();
    found.sort();
    found.dedup();
    found.into_iter().map(|(_, _, name)| name).collect()
}
