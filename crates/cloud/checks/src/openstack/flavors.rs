//! Names of flavors (scs-0100), standard flavors (scs-0103), and random devices (scs-0101, version 1.0).

use std::collections::BTreeSet;
use std::sync::Arc;

use stoa_standards::flavor::{CloudFlavor, STANDARD_FLAVORS, check_semantics, check_syntax};
use stoa_standards::rule::{Check, entropy};
use stoa_standards::verdict::Reading;

use super::facts::{Facts, answer_all};
use crate::Answers;

const RANDOM_DEVICE: &str = "hw_rng:allowed";

/// Whether a test case is decided by the list of flavors.
pub(super) fn decides(id: &str) -> bool {
    judge(id, &[], Reading::Standard).is_some()
}

fn judge(id: &str, flavors: &[CloudFlavor], reading: Reading) -> Option<Check> {
    match id {
        "scs-0100-syntax-check" => Some(check_syntax(flavors, reading)),
        "scs-0100-semantics-check" => Some(check_semantics(flavors, reading)),
        "scs-0101-flavor-property" => Some(entropy::flavors(
            flavors
                .iter()
                .map(|flavor| (flavor.name.as_str(), flavor.extra_specs.get(RANDOM_DEVICE).map(String::as_str))),
        )),
        _ => {
            let standard = STANDARD_FLAVORS.iter().find(|standard| standard.test_case() == id)?;
            Some(standard.check(flavors, reading))
        }
    }
}

pub(super) async fn check(facts: Arc<Facts>, ids: BTreeSet<String>) -> Answers {
    match facts.flavors().await {
        Err(check) => answer_all(&ids, &check),
        Ok(found) => {
            let flavors: Vec<CloudFlavor> = found.iter().map(|flavor| flavor.facts.clone()).collect();
            let reading = facts.context.reading;
            ids.into_iter().filter_map(|id| judge(&id, &flavors, reading).map(|check| (id, check))).collect()
        }
    }
}
