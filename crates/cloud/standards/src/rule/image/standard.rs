//! The standard images (scs-0104): which names are standard, and where images with such a name come from.

use super::facts::Image;
use crate::rule::{Check, Finding};

/// A name, or a pattern of names, that is standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandardImage {
    /// Its key in names of test cases: `ubuntu-2404`.
    pub key: &'static str,
    /// Its name; for images with Kubernetes what stands before the version.
    pub name: &'static str,
    /// Who makes it.
    pub origin: Origin,
}

/// Who makes an image, and therefore where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// OSISM: Ubuntu with Kubernetes, for Cluster API.
    ClusterApi,
    /// Canonical, by code name.
    Ubuntu(&'static str),
    /// Debian, by code name.
    Debian(&'static str),
}

/// All of them. Which are mandatory is the scope's to say.
pub const STANDARD_IMAGES: &[StandardImage] = &[
    standard("capi-1", "ubuntu-capi-image ", Origin::ClusterApi),
    standard("capi-2", "ubuntu-capi-image-", Origin::ClusterApi),
    standard("ubuntu-2404", "Ubuntu 24.04", Origin::Ubuntu("noble")),
    standard("ubuntu-2204", "Ubuntu 22.04", Origin::Ubuntu("jammy")),
    standard("ubuntu-2004", "Ubuntu 20.04", Origin::Ubuntu("focal")),
    standard("debian-13", "Debian 13", Origin::Debian("trixie")),
    standard("debian-12", "Debian 12", Origin::Debian("bookworm")),
    standard("debian-11", "Debian 11", Origin::Debian("bullseye")),
    standard("debian-10", "Debian 10", Origin::Debian("buster")),
];

const fn standard(key: &'static str, name: &'static str, origin: Origin) -> StandardImage {
    StandardImage { key, name, origin }
}

const OSISM: &str = "https://nbg1.your-objectstorage.com/osism/openstack-k8s-capi-images/";
const REGIOCLOUD: &str = "https://swift.services.a.regiocloud.tech/swift/v1/\
                          AUTH_b182637428444b9aa302bb8d5a5a418c/openstack-k8s-capi-images/";

impl Origin {
    /// What the sources of its images begin with.
    pub fn sources(self) -> Vec<String> {
        match self {
            Self::ClusterApi => {
                vec![OSISM.to_owned(), format!("{REGIOCLOUD}ubuntu-2404-kube"), format!("{REGIOCLOUD}ubuntu-2204-kube")]
            }
            Self::Ubuntu(code) => vec![
                format!("https://cloud-images.ubuntu.com/releases/{code}/"),
                format!("https://cloud-images.ubuntu.com/{code}/"),
            ],
            Self::Debian(code) => vec![
                format!("https://cloud.debian.org/images/cloud/{code}/"),
                format!("https://cdimage.debian.org/cdimage/cloud/{code}/"),
            ],
        }
    }
}

impl StandardImage {
    /// Whether an image is called so. A name with a version may go on after it.
    pub fn matches(&self, name: &str) -> bool {
        match self.origin {
            Origin::ClusterApi => name.strip_prefix(self.name).is_some_and(begins_with_version),
            Origin::Ubuntu(_) | Origin::Debian(_) => name == self.name,
        }
    }

    /// What it is called, for a person.
    pub fn shown(&self) -> String {
        match self.origin {
            Origin::ClusterApi => format!("{}vN.N", self.name),
            Origin::Ubuntu(_) | Origin::Debian(_) => self.name.to_owned(),
        }
    }
}

/// `v`, one digit, a point, digits.
fn begins_with_version(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next() == Some(b'v')
        && bytes.next().is_some_and(|byte| byte.is_ascii_digit())
        && bytes.next() == Some(b'.')
        && bytes.next().is_some_and(|byte| byte.is_ascii_digit())
}

/// `scs-0104-source-KEY` and `scs-0104-image-KEY`.
pub(super) fn check(test_case: &str, images: &[Image]) -> Option<Check> {
    let rest = test_case.strip_prefix("scs-0104-")?;
    let of = |key: &str| STANDARD_IMAGES.iter().find(|standard| standard.key == key);
    match rest.split_once('-')? {
        ("source", key) => Some(check_source(of(key)?, images)),
        ("image", key) => Some(check_presence(of(key)?, images)),
        _ => None,
    }
}

fn check_source(standard: &StandardImage, images: &[Image]) -> Check {
    let sources = standard.origin.sources();
    let called_so = images.iter().filter(|image| standard.matches(image.name()));
    Check::of(called_so.filter_map(|image| {
        let source = image.text("image_source").unwrap_or_default();
        if sources.iter().any(|allowed| source.starts_with(allowed)) {
            return None;
        }
        let reason = match source {
            "" => "image_source is not set".to_owned(),
            other => format!("image_source is `{}`", crate::tree::shortened(other)),
        };
        Some(Finding::fault(
            image.label(),
            format!("{reason}; images of this name come from {}", sources.join(" or ")),
            "upload the image from there and set image_source to where it came from, or give it another name",
        ))
    }))
}

fn check_presence(standard: &StandardImage, images: &[Image]) -> Check {
    if images.iter().any(|image| standard.matches(image.name())) {
        return Check::of([]);
    }
    Check::of([Finding::fault(
        format!("image {}", standard.shown()),
        "no public or community image has this name",
        format!("upload it from {}", standard.origin.sources().join(" or ")),
    )])
}
