//! Instants in UTC, calendar dates, and the clock that is handed down instead of read from the air.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Problem, Refusal};

/// A point in time: microseconds since 1970-01-01T00:00:00Z, as a database stores it.
///
/// Text and JSON are RFC 3339 in UTC with `Z`, at most six fractional digits (GovStack CFR data#2). A text with another
/// offset is accepted and converted; one without an offset is refused, since it names no point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(i64);

/// A day in the Gregorian calendar, without time or zone: `2026-11-24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(jiff::civil::Date);

/// More days than the years -9999 to 9999 have.
const CALENDAR_DAYS: i64 = 7_304_484;

/// A text that is no time of the expected form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not {expected}")]
pub struct TimeError {
    given: String,
    expected: &'static str,
}

impl TimeError {
    fn new(given: &str, expected: &'static str) -> Self {
        Self { given: given.chars().take(60).collect(), expected }
    }
}

impl From<TimeError> for Problem {
    fn from(error: TimeError) -> Self {
        Problem::new(Refusal::Malformed, "core.invalid_time").detail(error.to_string())
    }
}

impl Instant {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// The latest instant that has a text in every offset: 9999-12-30T22:00:00Z.
    const LAST_MICROS: i64 = 253_402_207_200_000_000;
    /// The earliest one: the first of the year 0000.
    const FIRST_MICROS: i64 = -62_167_219_200_000_000;

    /// The instant this many microseconds after 1970; brought into the years 0000 to 9999 (less the last day), outside of which RFC 3339
    /// has no text.
    pub const fn from_micros(micros: i64) -> Self {
        if micros > Self::LAST_MICROS {
            Self(Self::LAST_MICROS)
        } else if micros < Self::FIRST_MICROS {
            Self(Self::FIRST_MICROS)
        } else {
            Self(micros)
        }
    }

    /// Microseconds since 1970.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This instant moved forward.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self::from_micros(self.0.saturating_add(micros_of(by)))
    }

    /// This instant moved back.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self::from_micros(self.0.saturating_sub(micros_of(by)))
    }

    /// How long after `earlier` this is; zero when it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The day in UTC.
    pub fn date(self) -> Date {
        Date(self.timestamp().to_zoned(jiff::tz::TimeZone::UTC).date())
    }

    fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

fn micros_of(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.timestamp().fmt(f)
    }
}

impl FromStr for Instant {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let refuse = || TimeError::new(text, "a time with its offset, such as 2026-11-24T09:30:00Z");
        let stamp: jiff::Timestamp = text.parse().map_err(|_| refuse())?;
        let micros = stamp.as_microsecond();
        if (Self::FIRST_MICROS..=Self::LAST_MICROS).contains(&micros) { Ok(Self(micros)) } else { Err(refuse()) }
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Date {
    /// The day, refused when the calendar has none such.
    pub fn new(year: i16, month: i8, day: i8) -> Result<Self, TimeError> {
        jiff::civil::Date::new(year, month, day)
            .ok()
            .filter(|date| date.year() >= 0)
            .map(Self)
            .ok_or_else(|| TimeError::new(&format!("{year}-{month}-{day}"), "a day of the calendar"))
    }

    /// The year, 0 to 9999.
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// The month, 1 to 12.
    pub fn month(self) -> i8 {
        self.0.month()
    }

    /// The day of the month, 1 to 31.
    pub fn day(self) -> i8 {
        self.0.day()
    }

    /// Midnight UTC at which this day begins.
    pub fn start(self) -> Instant {
        let micros =
            self.0.to_zoned(jiff::tz::TimeZone::UTC).map_or(0, |midnight| midnight.timestamp().as_microsecond());
        Instant::from_micros(micros)
    }

    /// The day this many days later, or earlier when negative; the calendar's last or first day when it ends there.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        // A span holds no more days than the calendar has; a day farther off is beyond its end anyway.
        let days = i64::from(days).clamp(-CALENDAR_DAYS, CALENDAR_DAYS);
        Self(self.0.saturating_add(jiff::Span::new().days(days)))
    }

    /// Whole days from `earlier` to this day; negative when this is the earlier.
    pub fn days_since(self, earlier: Self) -> i64 {
        (self.start().micros() - earlier.start().micros()) / 86_400_000_000
    }

    /// Days since the Monday of its week: 0 on Mondays, 6 on Sundays.
    pub fn days_after_monday(self) -> i32 {
        i32::from(self.0.weekday().to_monday_zero_offset())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year(), self.month(), self.day())
    }
}

impl FromStr for Date {
    type Err = TimeError;

    /// Exactly `YYYY-MM-DD` (ISO 8601, extended form).
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let refuse = || TimeError::new(text, "a date such as 2026-11-24");
        let part =
            |range| text.get::<std::ops::Range<usize>>(range).filter(|part| part.bytes().all(|b| b.is_ascii_digit()));
        if text.len() != 10 || text.get(4..5) != Some("-") || text.get(7..8) != Some("-") {
            return Err(refuse());
        }
        let (Some(year), Some(month), Some(day)) = (part(0..4), part(5..7), part(8..10)) else {
            return Err(refuse());
        };
        match (year.parse(), month.parse(), day.parse()) {
            (Ok(year), Ok(month), Ok(day)) => Self::new(year, month, day).map_err(|_| refuse()),
            _ => Err(refuse()),
        }
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Where "now" comes from. The composition root makes one and hands it down; a test makes one that stands still.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock, kept right by NTP (GovStack CFR arch#16).
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `at` until it is moved; all its clones move together.
    pub fn fixed(at: Instant) -> Self {
        Self(Source::Fixed(Arc::new(AtomicI64::new(at.micros()))))
    }

    /// The present instant.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
    pub fn now(&self) -> Instant {
        match &self.0 {
            Source::System => Instant::from_micros(jiff::Timestamp::now().as_microsecond()),
            Source::Fixed(at) => Instant::from_micros(at.load(Ordering::SeqCst)),
        }
    }

    /// Moves a fixed clock forward. The machine's clock is not ours to move: there it does nothing.
    pub fn advance(&self, by: Duration) {
        if let Source::Fixed(at) = &self.0 {
            at.fetch_add(micros_of(by), Ordering::SeqCst);
        }
    }

    /// Sets a fixed clock, also backwards. The machine's clock is not ours to move: there it does nothing.
    pub fn set(&self, to: Instant) {
        if let Source::Fixed(at) = &self.0 {
            at.store(to.micros(), Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_utc_with_z_and_offsets_are_converted() {
        let at: Instant = "2026-11-24T10:30:00.25+01:00".parse().unwrap();
        assert_eq!(at.to_string(), "2026-11-24T09:30:00.25Z");
        assert_eq!(at.date().to_string(), "2026-11-24");
        for bad in ["2026-11-24T09:30:00", "2026-11-24", "now", "", "2026-02-30T00:00:00Z"] {
            assert!(bad.parse::<Instant>().is_err(), "{bad}");
        }
    }

    #[test]
    fn dates_are_real_days_in_one_form() {
        assert_eq!("2024-02-29".parse::<Date>().unwrap().plus_days(1).to_string(), "2024-03-01");
        for bad in ["2023-02-29", "2024-2-9", "20240209", "2024-02-0x", "-024-01-01", "2024-01-01 ", "２024-01-01"] {
            assert!(bad.parse::<Date>().is_err(), "{bad}");
        }
        let day: Date = "2026-11-24".parse().unwrap();
        assert_eq!(day.plus_days(365).days_since(day), 365);
        assert_eq!(day.plus_days(i32::MAX).to_string(), "9999-12-31");
        assert_eq!(day.plus_days(i32::MIN), Date(jiff::civil::Date::MIN));
        assert_eq!(day.start().to_string(), "2026-11-24T00:00:00Z");
    }

    #[test]
    fn a_fixed_clock_moves_only_when_told_and_all_its_clones_with_it() {
        let clock = Clock::fixed(Instant::EPOCH);
        let clone = clock.clone();
        clock.advance(Duration::from_secs(5));
        assert_eq!(clone.now().seconds(), 5);
        assert_eq!(clone.now().since(Instant::from_micros(9_000_000)), Duration::ZERO);
    }

    proptest! {
        #[test]
        fn every_instant_has_a_text_that_reads_back(micros in any::<i64>()) {
            let at = Instant::from_micros(micros);
            prop_assert_eq!(at.to_string().parse::<Instant>().unwrap(), at);
        }
    }
}
