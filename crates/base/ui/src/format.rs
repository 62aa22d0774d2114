//! Numbers, sizes, dates and times as people of a language read them.
//!
//! Times are shown in UTC and say so: whoever compares a page with a log sees the same. The markup carries the exact
//! instant in its `datetime` attribute.

use std::time::Duration;

use stoa_core::{Date, Instant};

use crate::{Html, Locale, Words};

impl Words {
    /// A whole number with the language's separators.
    pub fn number(&self, number: impl Into<i128>) -> String {
        let number: i128 = number.into();
        let digits = number.unsigned_abs().to_string();
        let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
        if number < 0 {
            out.push('-');
        }
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                out.push(self.group_mark());
            }
            out.push(digit);
        }
        out
    }

    /// A number with this many decimal places.
    pub fn decimal(&self, number: f64, places: usize) -> String {
        let text = format!("{number:.places$}");
        let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
        let whole = whole.parse::<i64>().map_or_else(|_| whole.to_owned(), |whole| self.number(whole));
        if part.is_empty() { whole } else { format!("{whole}{}{part}", self.decimal_mark()) }
    }

    /// A size in bytes, kilobytes and so on (powers of 1000).
    pub fn bytes(&self, bytes: u64) -> String {
        const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
        #[expect(clippy::cast_precision_loss, reason = "shown with one decimal place")]
        let mut size = bytes as f64;
        let mut unit = UNITS[0];
        for larger in UNITS.into_iter().skip(1) {
            if size < 999.95 {
                break;
            }
            size /= 1000.0;
            unit = larger;
        }
        let is_whole = (size.round() - size).abs() < 0.05;
        let places = usize::from(unit != "B" && size < 99.95 && !is_whole);
        format!("{}\u{a0}{unit}", self.decimal(size, places))
    }

    /// How long something took or takes, in its largest fitting unit.
    pub fn duration(&self, duration: Duration) -> String {
        let (value, unit) = match duration.as_secs() {
            0 => (i64::from(duration.subsec_millis()), "ui-duration-milliseconds"),
            seconds @ 1..=119 => (small(seconds), "ui-duration-seconds"),
            seconds @ 120..=7_199 => (small(seconds / 60), "ui-duration-minutes"),
            seconds @ 7_200..=172_799 => (small(seconds / 3600), "ui-duration-hours"),
            seconds => (small(seconds / 86_400), "ui-duration-days"),
        };
        self.with(unit, &[("count", value.into())])
    }

    /// A date in words: 24 November 2026.
    pub fn date(&self, date: Date) -> String {
        let month = self.t(match date.month() {
            1 => "ui-month-1",
            2 => "ui-month-2",
            3 => "ui-month-3",
            4 => "ui-month-4",
            5 => "ui-month-5",
            6 => "ui-month-6",
            7 => "ui-month-7",
            8 => "ui-month-8",
            9 => "ui-month-9",
            10 => "ui-month-10",
            11 => "ui-month-11",
            _ => "ui-month-12",
        });
        format!("{} {month} {}", date.day(), date.year())
    }

    /// An instant, with the exact one in the markup: 24 November 2026, 10:51:01 UTC.
    pub fn instant(&self, instant: Instant) -> Html {
        let second = instant.seconds().rem_euclid(86_400);
        let comma = if self.locale() == Locale::Ar { '،' } else { ',' };
        Html::trusted(format!(
            "<time datetime=\"{instant}\">{}{comma} <bdi>{:02}:{:02}:{:02} UTC</bdi></time>",
            self.date(instant.date()),
            second / 3600,
            second / 60 % 60,
            second % 60
        ))
    }

    /// How long ago it was, with the exact instant in the markup and its title.
    pub fn ago(&self, instant: Instant, now: Instant) -> Html {
        let text = if instant > now {
            self.with("ui-in", &[("duration", self.duration(instant.since(now)).into())])
        } else {
            self.with("ui-ago", &[("duration", self.duration(now.since(instant)).into())])
        };
        Html::trusted(format!("<time datetime=\"{instant}\" title=\"{instant}\">{}</time>", crate::escape(&text)))
    }

    fn group_mark(&self) -> char {
        match self.locale() {
            // The narrow space is CLDR's choice for French.
            Locale::Fr => '\u{202f}',
            Locale::En | Locale::Ar | Locale::Sw => ',',
        }
    }

    fn decimal_mark(&self) -> char {
        match self.locale() {
            Locale::Fr => ',',
            Locale::En | Locale::Ar | Locale::Sw => '.',
        }
    }
}

fn small(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Texts;

    #[test]
    fn numbers_sizes_and_times_read_well() {
        let texts = Texts::new(&[]);
        let (en, fr) = (texts.words(Locale::En), texts.words(Locale::Fr));
        assert_eq!(en.number(-1_234_567), "-1,234,567");
        assert_eq!(en.number(999), "999");
        assert_eq!(fr.number(12_345), "12\u{202f}345");
        assert_eq!(fr.decimal(1234.56, 1), "1\u{202f}234,6");
        assert_eq!(en.bytes(0), "0\u{a0}B");
        assert_eq!(en.bytes(999_999), "1\u{a0}MB");
        assert_eq!(en.bytes(123_456), "123\u{a0}kB");
        assert_eq!(en.duration(Duration::from_millis(12)), "12 ms");
        assert_eq!(en.duration(Duration::from_hours(3)), "3 hours");
        let at = Instant::from_micros(1_795_517_461_000_000);
        assert_eq!(
            en.instant(at).as_str(),
            format!("<time datetime=\"{at}\">24 November 2026, <bdi>10:51:01 UTC</bdi></time>")
        );
        assert!(texts.words(Locale::Ar).instant(at).as_str().contains("24 نوفمبر 2026"));
        assert!(en.ago(at, at.plus(Duration::from_secs(90))).as_str().contains(">90 seconds ago<"));
    }
}
