//! Images: their metadata (scs-0102), how recent they are, and the standard images (scs-0104).

mod facts;
mod moment;
mod property;
mod recency;
mod standard;
mod uniqueness;

use stoa_core::Instant;

use super::Check;
use crate::verdict::Reading;

pub use facts::Image;
pub use property::PROPERTIES;
pub use standard::{Origin, STANDARD_IMAGES, StandardImage};

/// What a test case about images says of these images: all that users can see, public and community ones. None when the
/// test case is not about images.
///
/// `now` is the time against which dates are held.
pub fn check(test_case: &str, images: &[Image], now: Instant, reading: Reading) -> Option<Check> {
    let metadata = test_case.strip_prefix("scs-0102-");
    if let Some(name) = metadata.and_then(|rest| rest.strip_prefix("prop-")) {
        return property::check(name, images, now, reading);
    }
    match metadata {
        Some("image-recency") => Some(recency::check(images, now, reading)),
        Some("os_purpose-uniqueness") => Some(uniqueness::check(images)),
        Some(_) => None,
        None if test_case == "scs-0101-image-property" => Some(property::check_random_device(images)),
        None => standard::check(test_case, images),
    }
}
