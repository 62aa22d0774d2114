//! Generic images are told apart by architecture, distribution and version alone (scs-0102, uniqueness of
//! `os_purpose`).

use std::collections::BTreeMap;

use super::facts::Image;
use crate::rule::{Check, Finding};

/// At most one visible generic image for each architecture, distribution and version.
pub(super) fn check(images: &[Image]) -> Check {
    let mut groups: BTreeMap<(&str, &str, &str), Vec<&Image>> = BTreeMap::new();
    for image in images.iter().filter(|image| image.is_public() && !image.is_hidden()) {
        let generic = image.text("os_purpose") == Some("generic");
        // Without distribution or version it is a case for the properties' own checks.
        if let (true, Some(distribution), Some(version)) = (generic, image.text("os_distro"), image.text("os_version"))
        {
            let architecture = image.text("architecture").unwrap_or_default();
            groups.entry((architecture, distribution, version)).or_default().push(image);
        }
    }
    Check::of(groups.into_iter().filter(|(_, images)| images.len() > 1).map(
        |((architecture, distribution, version), images)| {
            let names: Vec<String> = images.iter().map(|image| image.label()).collect();
            Finding::fault(
                names.join(", "),
                format!("all are the generic {distribution} {version} for {architecture}"),
                "leave one generic; hide the others, or set their os_purpose to oldgeneric or custom",
            )
        },
    ))
}
