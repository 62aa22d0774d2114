//! How long a result counts (scs-0004-v1, regulations 2 and 3): through the whole calendar period after the one in
//! which it was found.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use stoa_core::{Date, Instant};

/// The calendar period in which a test case is to be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lifetime {
    /// Every day.
    Day,
    /// Every week, from Monday on; holds where nothing is said.
    #[default]
    Week,
    /// Every month.
    Month,
    /// Every quarter.
    Quarter,
    /// Every year. Its results count a year and the month after the one of the check, not to the end of a calendar year.
    Year,
}

impl Lifetime {
    /// All of them, shortest first.
    pub const ALL: [Self; 5] = [Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Year];

    /// Its name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// The first day on which a result of `checked` counts no more. It expires as that day begins, in UTC.
    pub fn expires(self, checked: Date) -> Date {
        let month = i32::from(checked.month());
        match self {
            Self::Day => checked.plus_days(2),
            Self::Week => checked.plus_days(14 - checked.days_after_monday()),
            Self::Month => first_of_month(checked, month + 2),
            Self::Quarter => first_of_month(checked, (month - 1) / 3 * 3 + 7),
            Self::Year => first_of_month(checked, month + 14),
        }
    }

    /// Whether a result of the instant `checked_at` counts no more at `now`.
    pub fn is_expired(self, checked_at: Instant, now: Instant) -> bool {
        now >= self.expires(checked_at.date()).start()
    }
}

impl FromStr for Lifetime {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|lifetime| lifetime.name() == text).ok_or(())
    }
}

/// More days than from any day to the end of the calendar.
const CALENDAR_DAYS: i32 = 4_000_000;

/// The first of a month counted from January of the date's year; the calendar's last day where the calendar ends before.
fn first_of_month(date: Date, month: i32) -> Date {
    let years = (month - 1) / 12;
    let first = i16::try_from(i32::from(date.year()) + years)
        .ok()
        .zip(i8::try_from((month - 1) % 12 + 1).ok())
        .and_then(|(year, month)| Date::new(year, month, 1).ok());
    first.unwrap_or_else(|| date.plus_days(CALENDAR_DAYS))
}
