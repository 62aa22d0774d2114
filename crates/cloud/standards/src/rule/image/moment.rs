//! Dates in properties of images: a day, or a day with a time, in UTC (scs-0102, "All dates are in UTC").

use stoa_core::{Date, Instant};

/// `2026-11-24T09:30:00Z`, as Glance writes its own times.
pub(super) fn parse_strict(text: &str) -> Option<Instant> {
    text.ends_with('Z').then(|| text.parse().ok()).flatten()
}

/// The same, or `2026-11-24`, `2026-11-24 09:30`, `2026-11-24 09:30:00`.
pub(super) fn parse(text: &str) -> Option<Instant> {
    if let Some(instant) = parse_strict(text) {
        return Some(instant);
    }
    match text.split_once(' ') {
        None => Some(text.parse::<Date>().ok()?.start()),
        Some((date, time)) => {
            let seconds = if time.len() == 5 { ":00" } else { "" };
            (time.len() <= 8).then(|| format!("{date}T{time}{seconds}Z").parse().ok()).flatten()
        }
    }
}

/// A date as the last word of an old image's name: `2026-11-24` or `20261124`.
pub(super) fn is_stamp(word: &str) -> bool {
    let digits = word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_digit());
    let spread = match (digits, word.get(..4), word.get(4..6), word.get(6..)) {
        (true, Some(year), Some(month), Some(day)) => format!("{year}-{month}-{day}"),
        _ => word.to_owned(),
    };
    spread.parse::<Date>().is_ok()
}
