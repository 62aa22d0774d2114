//! The properties of images (scs-0102): one demand each, and one image that misses it fails the test case.

use serde_json::Value;
use stoa_core::Instant;

use super::facts::{Found, Image};
use super::moment;
use crate::rule::{Check, Finding};
use crate::verdict::Reading;

const GIB: u64 = 1 << 30;
/// Memory below which no system of today starts, in MiB.
const RAM_MIB_PLAUSIBLE: u64 = 64;

/// What is demanded of a property.
enum Demand {
    /// It is one of these.
    OneOf(&'static [&'static str]),
    /// It is one of these, if it is there.
    OneOfIfSet(&'static [&'static str]),
    /// It is there.
    Text,
    /// A rule of its own.
    Own(fn(&Image, Instant, Reading) -> Result<(), String>),
}

/// One property: its name in test cases, the field that holds it, what is demanded, and what to do where it is not met.
pub struct Property {
    /// Its name in test cases.
    pub name: &'static str,
    /// The field of the image that holds it.
    pub field: &'static str,
    demand: Demand,
    remedy: &'static str,
}

impl std::fmt::Debug for Property {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Property({})", self.name)
    }
}

const fn property(name: &'static str, demand: Demand, remedy: &'static str) -> Property {
    Property { name, field: name, demand, remedy }
}

/// Values of `replace_frequency`.
const FREQUENCIES: &[&str] = &["yearly", "quarterly", "monthly", "weekly", "daily", "critical_bug", "never"];

/// Every property with a test case.
pub static PROPERTIES: &[Property] = &[
    property(
        "architecture",
        Demand::OneOf(&["x86_64", "aarch64", "risc-v"]),
        "set architecture to the CPU that the image is for",
    ),
    Property {
        name: "hash_algo",
        field: "os_hash_algo",
        demand: Demand::OneOf(&["sha256", "sha512"]),
        remedy: "configure Glance's hashing_algorithm as sha512 and upload the image again",
    },
    property("min_disk", Demand::Own(min_disk), "set min_disk to at least the image's size in GiB, rounded up"),
    property("min_ram", Demand::Own(min_ram), "set min_ram to the MiB that the image needs to start"),
    property("os_version", Demand::Text, "set os_version to the distribution's version, such as 24.04"),
    property("os_distro", Demand::Text, "set os_distro to the distribution's name, such as ubuntu"),
    property(
        "os_purpose",
        Demand::OneOf(&["generic", "oldgeneric", "minimal", "k8snode", "gpu", "network", "custom"]),
        "set os_purpose; custom is right in doubt",
    ),
    property("hw_disk_bus", Demand::Own(hw_disk_bus), "set hw_disk_bus to scsi (with hw_scsi_model) or virtio"),
    property(
        "hypervisor_type",
        Demand::OneOfIfSet(&["qemu", "kvm", "xen", "hyper-v", "esxi"]),
        "set hypervisor_type to a hypervisor that Glance knows, or remove it",
    ),
    property("hw_rng_model", Demand::OneOfIfSet(&["virtio"]), "set hw_rng_model to virtio, or remove it"),
    property("image_build_date", Demand::Own(build_date), "set image_build_date to the day of the build (YYYY-MM-DD)"),
    property("image_original_user", Demand::Text, "set image_original_user to the first login, or none"),
    property("image_source", Demand::Own(source), "set image_source to where the image can be downloaded, or private"),
    property("image_description", Demand::Text, "set image_description to release notes or their address"),
    property("replace_frequency", Demand::OneOf(FREQUENCIES), "set replace_frequency to what you promise"),
    property("provided_until", Demand::Text, "set provided_until to a date, none or notice"),
    property(
        "uuid_validity",
        Demand::Own(uuid_validity),
        "set uuid_validity to none, last-N, a date, notice or forever",
    ),
    property("hotfix_hours", Demand::Own(hotfix_hours), "set hotfix_hours to a whole number, or remove it"),
];

/// The check of one property over all images.
pub(super) fn check(name: &str, images: &[Image], now: Instant, reading: Reading) -> Option<Check> {
    let property = PROPERTIES.iter().find(|property| property.name == name)?;
    let mut findings: Vec<Finding> = images.iter().filter_map(|image| fault(property, image, now, reading)).collect();
    if name == "min_ram" {
        findings.extend(images.iter().filter_map(implausible_ram));
    }
    Some(Check::of(findings))
}

/// scs-0101 v1.0 asked for a random device in each image; its test case is declared, and no version asks for it.
pub(super) fn check_random_device(images: &[Image]) -> Check {
    let lacking = images.iter().filter(|image| image.text("hw_rng_model") != Some("virtio"));
    Check::of(
        lacking.map(|image| Finding::fault(image.label(), "hw_rng_model is not virtio", "set hw_rng_model to virtio")),
    )
}

fn fault(property: &Property, image: &Image, now: Instant, reading: Reading) -> Option<Finding> {
    let found = image.found(property.field);
    let met = match &property.demand {
        Demand::OneOfIfSet(_) if found == Found::Nothing => Ok(()),
        Demand::OneOf(values) | Demand::OneOfIfSet(values) => one_of(found, values),
        Demand::Text => text(found).map(drop),
        Demand::Own(rule) => rule(image, now, reading),
    };
    let reason = met.err()?;
    Some(Finding::fault(image.label(), format!("{} {reason}", property.field), property.remedy))
}

/// What was found where something else was expected.
fn instead(found: Found<'_>) -> String {
    match found {
        Found::Nothing => "is not set".to_owned(),
        Found::Text("") => "is empty".to_owned(),
        Found::Text(text) => format!("is `{}`", crate::tree::shortened(text)),
        Found::Foreign(value) => format!("is {}, which is no text", kind(value)),
    }
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn text(found: Found<'_>) -> Result<&str, String> {
    match found {
        Found::Text(text) if !text.is_empty() => Ok(text),
        other => Err(instead(other)),
    }
}

fn one_of(found: Found<'_>, values: &[&str]) -> Result<(), String> {
    match found {
        Found::Text(text) if values.contains(&text) => Ok(()),
        other => Err(format!("{}; it may be {}", instead(other), values.join(", "))),
    }
}

fn min_disk(image: &Image, _: Instant, _: Reading) -> Result<(), String> {
    let gib = image.number("min_disk").filter(|gib| *gib > 0).ok_or_else(|| number_missing(image, "min_disk"))?;
    match image.number("size") {
        Some(size) if gib.saturating_mul(GIB) < size => Err(format!("is {gib} GiB, the image has {size} bytes")),
        _ => Ok(()),
    }
}

fn min_ram(image: &Image, _: Instant, _: Reading) -> Result<(), String> {
    image.number("min_ram").filter(|mib| *mib > 0).map(drop).ok_or_else(|| number_missing(image, "min_ram"))
}

fn number_missing(image: &Image, field: &str) -> String {
    match image.found(field) {
        Found::Foreign(value) if value.as_u64() == Some(0) => "is 0".to_owned(),
        Found::Foreign(serde_json::Value::Number(number)) => format!("is {number}, not a whole number above zero"),
        Found::Foreign(value) => format!("is {}, not a whole number above zero", kind(value)),
        other => instead(other),
    }
}

fn implausible_ram(image: &Image) -> Option<Finding> {
    let mib = image.number("min_ram").filter(|mib| (1..RAM_MIB_PLAUSIBLE).contains(mib))?;
    let reason = format!("min_ram is {mib} MiB, with which no system of today starts");
    Some(Finding::remark(image.label(), reason, "set min_ram to the MiB that the image needs to start"))
}

/// Mandatory by the text; the published suite takes an image without it.
fn hw_disk_bus(image: &Image, _: Instant, reading: Reading) -> Result<(), String> {
    match image.found("hw_disk_bus") {
        Found::Nothing if reading.is_published() => Ok(()),
        found => one_of(found, &["virtio", "scsi"]),
    }
}

fn build_date(image: &Image, now: Instant, _: Reading) -> Result<(), String> {
    let given = text(image.found("image_build_date"))?;
    let built = moment::parse(given).ok_or_else(|| format!("{}, which is no date", instead(Found::Text(given))))?;
    if built > now {
        return Err(format!("is {given}, in the future"));
    }
    match image.created_at() {
        Some(created) if built > created => Err(format!("is {given}, after the image was registered at {created}")),
        _ => Ok(()),
    }
}

fn source(image: &Image, _: Instant, _: Reading) -> Result<(), String> {
    let given = text(image.found("image_source"))?;
    let scheme = given.split_once("://").map(|(scheme, _)| scheme);
    if given == "private" || scheme.is_some_and(|scheme| ["http", "https", "ftp", "ftps"].contains(&scheme)) {
        return Ok(());
    }
    Err(format!("{}, neither a URL nor private", instead(Found::Text(given))))
}

/// Mandatory by the text; the published suite takes an image without it.
fn uuid_validity(image: &Image, _: Instant, reading: Reading) -> Result<(), String> {
    let found = image.found("uuid_validity");
    if found == Found::Nothing && reading.is_published() {
        return Ok(());
    }
    let given = text(found)?;
    let last = given.strip_prefix("last-").is_some_and(is_whole_number);
    if last || ["none", "notice", "forever"].contains(&given) || moment::parse(given).is_some() {
        return Ok(());
    }
    Err(format!("{}; it may be none, last-N, a date, notice, forever", instead(found)))
}

fn hotfix_hours(image: &Image, _: Instant, _: Reading) -> Result<(), String> {
    match image.found("hotfix_hours") {
        Found::Nothing | Found::Text("") => Ok(()),
        Found::Text(text) if is_whole_number(text) => Ok(()),
        other => Err(format!("{}, not a whole number", instead(other))),
    }
}

fn is_whole_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
