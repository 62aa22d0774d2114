//! No image is older than it promises, unless a newer one took its name (scs-0102, `replace_frequency` and
//! `provided_until`).

use std::collections::BTreeMap;
use std::time::Duration;

use stoa_core::Instant;

use super::facts::{Found, Image};
use super::moment;
use crate::rule::{Check, Finding};
use crate::verdict::Reading;

const DAY: Duration = Duration::from_hours(24);
/// Weekends and the like are no violation.
const SLACK: Duration = Duration::from_hours(3 * 24);

/// How an image stands to its promise.
enum Age {
    /// In time, or nothing is promised, or no longer.
    Fine,
    /// Too old, by its build date.
    Outdated { built: Instant },
    /// It cannot be told how long the promise holds.
    Unclear(String),
}

/// Holds every image against its promise.
pub(super) fn check(images: &[Image], now: Instant, reading: Reading) -> Check {
    // As where users look for one by its name, the last of several counts.
    let by_name: BTreeMap<&str, &Image> = images.iter().map(|image| (image.name(), image)).collect();
    let mut findings = Vec::new();
    for image in images {
        match age(image, now, reading) {
            Age::Fine => {}
            Age::Unclear(reason) => findings.push(unclear(image, reason, reading)),
            Age::Outdated { built } => {
                let frequency = image.text("replace_frequency").unwrap_or_default();
                let reason = format!("built at {built}, to be replaced {frequency}");
                if !is_marked(image) {
                    findings.push(Finding::remark(
                        image.label(),
                        format!("{reason}, and neither hidden nor marked as old in its name"),
                        "hide the image, or put its build date at the end of its name",
                    ));
                }
                let newer = replacement_name(image).and_then(|name| by_name.get(name));
                if !newer.is_some_and(|newer| matches!(age(newer, now, reading), Age::Fine)) {
                    findings.push(Finding::fault(
                        image.label(),
                        format!("{reason}, and no newer image has taken its name"),
                        "publish a newer image under the name, and rename this one with its build date at the end",
                    ));
                }
            }
        }
    }
    Check::of(findings)
}

/// An outdated image that does not say how long it is provided: the published suite stumbles where nothing is set.
fn unclear(image: &Image, reason: String, reading: Reading) -> Finding {
    let remedy = "set provided_until to a date, none or notice";
    if reading.is_published() && image.found("provided_until") == Found::Nothing {
        return Finding::unknown(image.label(), reason, remedy);
    }
    Finding::fault(image.label(), reason, remedy)
}

fn age(image: &Image, now: Instant, reading: Reading) -> Age {
    let Some(within) = image.text("replace_frequency").and_then(|frequency| allowed(frequency, reading)) else {
        return Age::Fine;
    };
    let Some(built) = image.text("image_build_date").and_then(moment::parse).or_else(|| image.created_at()) else {
        return Age::Unclear("it has neither a build date nor a date of registration".to_owned());
    };
    if now <= built.plus(within) {
        return Age::Fine;
    }
    match image.text("provided_until") {
        Some("none" | "notice") => Age::Fine,
        Some(text) => match moment::parse(text) {
            Some(until) if now > until => Age::Fine,
            Some(_) => Age::Outdated { built },
            None => Age::Unclear(format!("outdated, and provided_until is `{}`", crate::tree::shortened(text))),
        },
        None => Age::Unclear("outdated, and provided_until is not set".to_owned()),
    }
}

/// How old an image may be, if it is replaced at regular times.
fn allowed(frequency: &str, reading: Reading) -> Option<Duration> {
    let days = match frequency {
        "yearly" => 365,
        "quarterly" => 92,
        "monthly" => 31,
        "weekly" => 7,
        "daily" => 1,
        _ => return None,
    };
    if reading.is_published() {
        // Its weeks and days have 25 hours, and a tenth is added to everything.
        let hours = if days > 7 { days * 24 } else { days * 25 };
        return Some(Duration::from_secs(u64::from(hours * 3_600 / 10 * 11)));
    }
    Some(DAY * days + SLACK)
}

/// Whether users see that it is old: it is hidden, or its name says so.
fn is_marked(image: &Image) -> bool {
    let last = image.name().rsplit_once(' ').map(|(_, last)| last);
    image.is_hidden() || last.is_some_and(|last| last == "old" || last == "prev" || moment::is_stamp(last))
}

/// The name without its last word: what a newer image is called.
fn replacement_name(image: &Image) -> Option<&str> {
    image.name().rsplit_once(' ').map(|(name, _)| name.trim_end())
}
