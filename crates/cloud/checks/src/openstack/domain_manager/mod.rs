//! What a domain manager may and may not do (scs-0302), tried out: two domains, each with a manager who tries everything
//! within the own domain, which must work, and in the other's, which must not.
//!
//! The scope leaves this test case to people; it runs when two domains are named for it.

mod config;
mod side;
mod trial;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use stoa_openstack::Cloud;
use stoa_standards::rule::domain_manager;
use stoa_standards::rule::{Check, Finding};

use super::Cleaned;
use super::facts::{Facts, answer_all};
use crate::Answers;

/// How long all attempts may take.
pub(super) const LIMIT: Duration = Duration::from_mins(10);
/// The variable that names the file with the two domains.
pub const VARIABLE: &str = "domain_config";
/// How long something that was asked for may take to show itself.
const APPEAR_TIME: Duration = Duration::from_secs(2);
const GROUP: &str = "domain-manager";

/// Whether a file names two domains with their managers, and if not, why.
pub fn check_file(path: &Path) -> Result<(), String> {
    config::read(path).map(|_| ())
}

/// Removes from the two domains of a file what attempts have left there that were cut off. Nobody needs a journal for
/// that: the names are these checks' own.
pub async fn clean_domains(cloud: &Cloud, path: &Path) -> Result<Cleaned, String> {
    let domains = config::read(path)?;
    let trial = trial::Trial::enter(cloud, &domains, "").await.map_err(|check| check.reason())?;
    let mut removed = trial.clean_up().await.removed;
    // Keystone goes on with a request also after whoever sent it has hung up.
    cloud.pause(APPEAR_TIME).await;
    let mut cleaned = trial.clean_up().await;
    removed.append(&mut cleaned.removed);
    Ok(Cleaned { removed, ..cleaned })
}

pub(super) async fn check(facts: Arc<Facts>, ids: BTreeSet<String>) -> Answers {
    let check = observe(&facts).await.unwrap_or_else(|check| check);
    answer_all(&ids, &check)
}

async fn observe(facts: &Facts) -> Result<Check, Check> {
    let remedy = "name a file with two domains and their managers with --domain-config FILE";
    let Some(path) = facts.context.variables.get(VARIABLE) else {
        return Err(Check::aborted("domain manager", "no domains are named to try it out in", remedy));
    };
    let domains = config::read(Path::new(path)).map_err(|reason| Check::aborted("domain manager", reason, remedy))?;
    facts.step(GROUP, "trying what a domain manager may and may not do");
    let run = uuid::Uuid::new_v4().simple().to_string();
    let mut trial = trial::Trial::begin(&facts.cloud, &domains, &run).await?;
    trial.run().await;
    let cleaned = trial.clean_up().await;
    let mut check = domain_manager::check(&trial.attempts);
    let remark = |(thing, reason): (String, String)| {
        Finding::remark(thing, format!("it is still there: {reason}"), "delete it, or check again")
    };
    check.findings.extend(cleaned.left.into_iter().map(remark));
    Ok(check)
}
