//! TLS of the public endpoints (scs-0125). No version of the scope asks for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use stoa_openstack::Session;
use stoa_standards::rule::tls::{Level, check as judge};
use stoa_standards::rule::{Check, Finding};

use super::facts::{Facts, answer_all};
use crate::Answers;
use crate::tls::{ScanOptions, scan};

/// How long all scans may take: some thirty connections to each endpoint.
pub(super) const LIMIT: Duration = Duration::from_mins(10);
const GROUP: &str = "tls";

pub(super) async fn check(facts: Arc<Facts>, ids: BTreeSet<String>) -> Answers {
    let check = match facts.session().await {
        Err(check) => check,
        Ok(session) => observe(&facts, session).await,
    };
    answer_all(&ids, &check)
}

async fn observe(facts: &Facts, session: &Session) -> Check {
    let endpoints = endpoints(session);
    if endpoints.is_empty() {
        return Check::aborted("catalog", "it has no public endpoint", "register endpoints in Keystone");
    }
    facts.step(GROUP, &format!("scanning {} endpoints", endpoints.len()));
    let options = ScanOptions::default();
    let checks = join_all(endpoints.iter().map(|(address, services)| {
        let options = &options;
        async move {
            let endpoint = scan(address, options).await;
            let of = |finding: Finding| {
                let object = format!("{} ({})", finding.object, services.join(", "));
                Finding { object, ..finding }
            };
            judge(address, &endpoint, Level::Intermediate).findings.into_iter().map(of).collect::<Vec<_>>()
        }
    }));
    Check::of(checks.await.into_iter().flatten())
}

/// The public addresses without their paths, each once, with the types of the services behind it.
fn endpoints(session: &Session) -> BTreeMap<String, Vec<&str>> {
    let mut endpoints: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for entry in session.catalog.entries() {
        for endpoint in entry.endpoints.iter().filter(|endpoint| endpoint.interface == "public") {
            let (scheme, rest) = endpoint.url.split_once("://").unwrap_or(("", &endpoint.url));
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let services = endpoints.entry(format!("{scheme}://{host}")).or_default();
            if !services.contains(&entry.kind.as_str()) {
                services.push(&entry.kind);
            }
        }
    }
    endpoints
}
