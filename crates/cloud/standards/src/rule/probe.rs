//! With what a cloud is tried out: the image and the flavor of the server that scs-0101 boots, chosen as the published
//! suite does, so that both look at the same server.

use std::cmp::Reverse;

use super::image::Image;

/// Code names of Debian, which some images have as their version.
const DEBIAN_NAMES: [(&str, u32); 4] = [("buster", 10), ("bullseye", 11), ("bookworm", 12), ("trixie", 13)];

/// What a flavor gives, as far as the choice goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeFlavor {
    /// Its name.
    pub name: String,
    /// Virtual CPUs.
    pub vcpus: u64,
    /// Memory in MiB.
    pub ram_mib: u64,
    /// Disk in GiB.
    pub disk_gib: u64,
    /// The extra spec `hw_rng:allowed`.
    pub random_device: Option<String>,
}

/// The newest Debian, else the newest Ubuntu, else any image; of equals the first.
pub fn choose_image(images: &[Image]) -> Option<&Image> {
    images.iter().enumerate().max_by_key(|(index, image)| (rank(image), Reverse(*index))).map(|(_, image)| image)
}

fn rank(image: &Image) -> (u32, u32) {
    let lower = |name: &str| image.text(name).map(|text| text.trim().to_lowercase());
    let (Some(distribution), Some(version)) = (lower("os_distro"), lower("os_version")) else { return (0, 0) };
    match distribution.as_str() {
        "debian" => {
            let named = || DEBIAN_NAMES.iter().find(|(name, _)| *name == version).map(|(_, number)| *number);
            (2, digits(&version).or_else(named).unwrap_or(0))
        }
        "ubuntu" => {
            let dotted = version.len() == 5 && version.get(2..3) == Some(".");
            (1, dotted.then(|| digits(&version.replace('.', ""))).flatten().unwrap_or(0))
        }
        _ => (0, 0),
    }
}

fn digits(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// The most frugal flavor with memory enough for an image, one with a random device before all others.
pub fn choose_flavor<'a>(flavors: &'a [ProbeFlavor], image: &Image) -> Option<&'a ProbeFlavor> {
    let least = image.number("min_ram").unwrap_or(0);
    let has_device = |flavor: &ProbeFlavor| {
        flavor.random_device.as_deref().is_some_and(|allowed| allowed.eq_ignore_ascii_case("true"))
    };
    // A CPU weighs as much as three MiB or ten GiB.
    let weight = |flavor: &ProbeFlavor| {
        let weighed = [(flavor.vcpus, 30), (flavor.ram_mib, 10), (flavor.disk_gib, 3)];
        weighed.iter().fold(0_u64, |sum, (count, weight)| sum.saturating_add(count.saturating_mul(*weight)))
    };
    let enough = flavors.iter().filter(|flavor| flavor.ram_mib >= least);
    enough.min_by_key(|flavor| (!has_device(flavor), weight(flavor)))
}
