//! Flavors of a cloud: their names, and their extra specs, which are changed only after they were shown.

use std::io::{self, Write as _};

use serde_json::json;
use stoa_checks::openstack::{self, FoundFlavor, change_extra_spec};
use stoa_openstack::Cloud;
use stoa_standards::flavor::{ExtraSpecChange, NothingFollows, extra_spec_changes};
use stoa_standards::tree::shortened;

use super::unwritten;
use crate::cli::{FlavorExtraSpecs, Format};
use crate::command::{agreed, check};
use crate::exit::{Exit, Failure};

/// The flavors of a cloud by their names; of those that are named, each must be there.
pub(super) fn flavors(cloud: &str, names: &[String]) -> Result<Vec<FoundFlavor>, Failure> {
    wait(async { list(&check::cloud_of(cloud)?, cloud, names).await })
}

/// `stoa flavor extra-specs --cloud`.
pub(super) fn extra_specs(wanted: &FlavorExtraSpecs) -> Result<Exit, Failure> {
    let name = wanted.asked.cloud.as_deref().unwrap_or_default();
    wait(async {
        let cloud = check::cloud_of(name)?;
        let found = list(&cloud, name, &wanted.asked.names).await?;
        let mut exit = Exit::Done;
        let mut plan = Vec::new();
        for flavor in &found {
            match extra_spec_changes(&flavor.facts, wanted.asked.reading) {
                Ok(changes) => plan.push((flavor, changes)),
                Err(NothingFollows::Foreign) => {}
                Err(why) => {
                    exit = Exit::Problems;
                    refused(wanted.asked.format, flavor, &why)?;
                }
            }
        }
        plan.retain(|(_, changes)| !changes.is_empty());
        let count: usize = plan.iter().map(|(_, changes)| changes.len()).sum();
        for (flavor, change) in each(&plan) {
            shown(wanted.asked.format, flavor, change)?;
        }
        if wanted.asked.format == Format::Text {
            say(&format!("{}: {}", counted(found.len(), "flavor"), counted(count, "change")))?;
        }
        if count == 0 {
            return Ok(exit);
        }
        if !wanted.apply {
            return Ok(Exit::Problems);
        }
        if !wanted.yes {
            agreed(&format!("Make these changes in {name}?"), "--yes changes it without asking.")?;
        }
        for (flavor, change) in each(&plan) {
            change_extra_spec(&cloud, &flavor.id, change).await.map_err(|error| {
                let flavor = shortened(&flavor.facts.name);
                check::not_done(&format!("{name}: flavor {flavor}: {change}"), &error)
            })?;
        }
        if wanted.asked.format == Format::Text {
            say(&format!("{} made", counted(count, "change")))?;
        }
        Ok(exit)
    })
}

fn each<'p>(
    plan: &'p [(&FoundFlavor, Vec<ExtraSpecChange>)],
) -> impl Iterator<Item = (&'p FoundFlavor, &'p ExtraSpecChange)> {
    plan.iter().flat_map(|(flavor, changes)| changes.iter().map(move |change| (*flavor, change)))
}

async fn list(cloud: &Cloud, name: &str, names: &[String]) -> Result<Vec<FoundFlavor>, Failure> {
    let mut found = openstack::flavors(cloud).await.map_err(|error| check::not_done(name, &error))?;
    if let Some(absent) = names.iter().find(|name| !found.iter().any(|flavor| flavor.facts.name == **name)) {
        return Err(Failure::new(Exit::Usage, format!("{name} has no flavor `{}`", shortened(absent)))
            .advice("`openstack flavor list --all` names those that there are."));
    }
    found.retain(|flavor| names.is_empty() || names.contains(&flavor.facts.name));
    found.sort_by(|one, other| one.facts.name.cmp(&other.facts.name));
    Ok(found)
}

/// Runs to the end on this thread.
fn wait<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::io("starting", &error))?.block_on(work)
}

fn shown(format: Format, flavor: &FoundFlavor, change: &ExtraSpecChange) -> Result<(), Failure> {
    let name = &flavor.facts.name;
    match format {
        Format::Text => say(&format!("{}: {change}", shortened(name))),
        Format::Json => {
            say(&json!({ "name": name, "key": change.key, "before": change.before, "after": change.after }).to_string())
        }
    }
}

fn refused(format: Format, flavor: &FoundFlavor, why: &NothingFollows) -> Result<(), Failure> {
    let name = &flavor.facts.name;
    match format {
        Format::Text => say(&format!("{}: left alone: {why}", shortened(name))),
        Format::Json => say(&json!({ "name": name, "reason": why.to_string() }).to_string()),
    }
}

fn say(line: &str) -> Result<(), Failure> {
    writeln!(io::stdout().lock(), "{line}").map_err(|error| unwritten(&error))
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
