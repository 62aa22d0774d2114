//! Metadata of images (scs-0102), standard images (scs-0104), and random devices (scs-0101, version 1.0).

use std::collections::BTreeSet;
use std::sync::Arc;

use stoa_core::Instant;
use stoa_standards::rule::image;
use stoa_standards::verdict::Reading;

use super::facts::{Facts, answer_all};
use crate::Answers;

/// Whether a test case is decided by the list of images.
pub(super) fn decides(id: &str) -> bool {
    image::check(id, &[], Instant::EPOCH, Reading::Standard).is_some()
}

pub(super) async fn check(facts: Arc<Facts>, ids: BTreeSet<String>) -> Answers {
    match facts.images().await {
        Err(check) => answer_all(&ids, &check),
        Ok(images) => {
            let (now, reading) = (facts.context.clock.now(), facts.context.reading);
            let judge = |id: String| image::check(&id, images, now, reading).map(|check| (id, check));
            ids.into_iter().filter_map(judge).collect()
        }
    }
}
