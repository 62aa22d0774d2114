//! Checks of a cloud of OpenStack: the scope "SCS-compatible IaaS".
//!
//! Everything that several test cases need is asked for once. Whatever a check makes in the cloud is noted in a journal
//! before it is made ([`Journal`]); checks tidy up after themselves, and [`cleanup`] removes what a run that was stopped
//! or killed has left.

mod backup;
mod catalog;
mod cleaning;
mod connections;
mod domain_manager;
mod entropy;
mod extra_specs;
mod facts;
mod flavors;
mod images;
mod journal;
mod key_manager;
mod object_storage;
mod security_groups;
mod signing;
mod volume_types;
mod waiting;

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use stoa_openstack::Cloud;

pub use cleaning::{Cleaned, CleanupError, cleanup};
pub use domain_manager::{VARIABLE as DOMAIN_CONFIG, check_file as check_domain_config, clean_domains};
pub use extra_specs::change_extra_spec;
pub use facts::{FoundFlavor, flavors, images};
pub use journal::{Journal, JournalError, Kind, Thing, noted};

use crate::{Answers, Context, Group, beyond};
use facts::Facts;

/// How long reading a list may take.
const READ_LIMIT: Duration = Duration::from_mins(3);
/// How long it may take to use a service a little.
const USE_LIMIT: Duration = Duration::from_mins(5);

/// The groups that decide about test cases that are wanted.
pub fn groups(cloud: Arc<Cloud>, wanted: &BTreeSet<String>, context: &Context) -> Vec<Group> {
    let facts = Arc::new(Facts::new(cloud, context.clone()));
    let mut groups = Vec::new();
    let wants = |decides: fn(&str) -> bool| {
        let ids: BTreeSet<String> = wanted.iter().filter(|id| decides(id)).cloned().collect();
        (!ids.is_empty()).then_some(ids)
    };
    // The longest first, so that the others run beside them.
    if let Some(ids) = wants(entropy::decides) {
        groups.push(group("entropy", &facts, ids, entropy::LIMIT, entropy::check));
    }
    if let Some(ids) = wants(|id| id == backup::TEST_CASE) {
        groups.push(group("volume-backup", &facts, ids, backup::LIMIT, backup::check));
    }
    if let Some(ids) = wants(|id| id == key_manager::TEST_CASE) {
        groups.push(group("key-manager", &facts, ids, USE_LIMIT, key_manager::check));
    }
    if let Some(ids) = wants(|id| id == security_groups::TEST_CASE) {
        groups.push(group("security-groups", &facts, ids, USE_LIMIT, security_groups::check));
    }
    if let Some(ids) = wants(images::decides) {
        groups.push(group("images", &facts, ids, READ_LIMIT, images::check));
    }
    if let Some(ids) = wants(flavors::decides) {
        groups.push(group("flavors", &facts, ids, READ_LIMIT, flavors::check));
    }
    if let Some(ids) = wants(volume_types::decides) {
        groups.push(group("volume-types", &facts, ids, READ_LIMIT, volume_types::check));
    }
    if let Some(ids) = wants(catalog::decides) {
        groups.push(group("catalog", &facts, ids, READ_LIMIT, catalog::check));
    }
    if let Some(ids) = wants(|id| id == object_storage::TEST_CASE) {
        groups.push(group("object-storage", &facts, ids, READ_LIMIT, object_storage::check));
    }
    if let Some(ids) = wants(|id| id == beyond::DOMAIN_MANAGER) {
        groups.push(group("domain-manager", &facts, ids, domain_manager::LIMIT, domain_manager::check));
    }
    if let Some(ids) = wants(|id| id == beyond::TLS) {
        groups.push(group("tls", &facts, ids, connections::LIMIT, connections::check));
    }
    groups
}

fn group<W: Future<Output = Answers> + Send + 'static>(
    name: &'static str,
    facts: &Arc<Facts>,
    ids: BTreeSet<String>,
    limit: Duration,
    work: fn(Arc<Facts>, BTreeSet<String>) -> W,
) -> Group {
    Group::new(name, ids.clone(), limit, work(Arc::clone(facts), ids))
}
