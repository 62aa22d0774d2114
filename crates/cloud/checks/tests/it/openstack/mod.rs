//! Checks of a cloud of OpenStack, against a counterpart that keeps and forgets as a cloud does.

pub(crate) mod counterpart;
mod journal;
mod misbehaving;
mod recorded;
#[path = "../../../../openstack/tests/it/server.rs"]
pub(crate) mod server;
mod verdicts;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use stoa_checks::openstack::groups;
use stoa_checks::{Answers, Context, Progress};
use stoa_openstack::Cloud;
use stoa_standards::verdict::Reading;

use counterpart::clock;

pub(crate) fn context(folder: &Path, reading: Reading) -> Context {
    let clock = clock();
    Context {
        reading,
        today: clock.now().date(),
        clock,
        journal: folder.join("journal.jsonl"),
        variables: BTreeMap::new(),
        progress: Progress::silent(),
    }
}

/// Runs the groups that decide these test cases, beside one another.
pub(crate) async fn run(cloud: &Arc<Cloud>, wanted: &[&str], context: &Context) -> Answers {
    let wanted: BTreeSet<String> = wanted.iter().map(|id| (*id).to_owned()).collect();
    let groups = groups(Arc::clone(cloud), &wanted, context);
    let works = groups.into_iter().map(|group| group.work);
    let answers: Answers = futures_util::future::join_all(works).await.into_iter().flatten().collect();
    assert_eq!(answers.keys().collect::<Vec<_>>(), wanted.iter().collect::<Vec<_>>(), "each is answered");
    answers
}
