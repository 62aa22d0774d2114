//! Test cases that the catalog alone decides.

use std::collections::BTreeSet;
use std::sync::Arc;

use stoa_standards::rule::service::{self, Catalog};

use super::facts::{Facts, answer_all};
use crate::Answers;

/// Whether a test case is decided by the catalog.
pub(super) fn decides(id: &str) -> bool {
    service::check(id, &Catalog::new()).is_some()
}

pub(super) async fn check(facts: Arc<Facts>, ids: BTreeSet<String>) -> Answers {
    match facts.session().await {
        Err(check) => answer_all(&ids, &check),
        Ok(session) => {
            let catalog = session.catalog.types();
            ids.into_iter().filter_map(|id| service::check(&id, &catalog).map(|check| (id, check))).collect()
        }
    }
}
