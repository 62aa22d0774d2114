//! One field of a schema: its type, its rules, and what a value must look like.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};
use serde_json::{Number, Value};
use stoa_core::{Date, Instant};

use super::titles::Titles;
use super::value::compare;

/// The most characters of a text that no rule bounds.
const TEXT_CHARS_MAX: usize = 100_000;
/// Entries of a list at most.
const LIST_MAX: usize = 1_000;
/// The largest compiled pattern in bytes. Together with an engine that never goes back in its input this bounds the
/// time that any pattern can take.
const PATTERN_BYTES_MAX: usize = 256 * 1024;

/// What sort of values a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// Any text.
    Text,
    /// A number with or without a fraction.
    Number,
    /// A whole number.
    Integer,
    /// True or false.
    Boolean,
    /// A day: `2026-11-24`.
    Date,
    /// A point in time: `2026-11-24T09:30:00Z`.
    DateTime,
    /// A time of day: `09:30` or `09:30:15`.
    Time,
    /// Several texts.
    List,
}

/// A field whose values name records of another register (DRS-2, strict link).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// The other register's id.
    pub register: i64,
    /// The field of it that holds the value.
    pub field: i64,
}

/// A template that numbers new records (DRS-17): `{code}`, `{indexNoByCode}` and `{yyyy}` are filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbering(pub String);

impl Numbering {
    /// The number of a record.
    pub fn fill(&self, code: &str, index: i64, year: i16) -> String {
        self.0
            .replace("{code}", code)
            .replace("{indexNoByCode}", &index.to_string())
            .replace("{yyyy}", &format!("{year:04}"))
    }
}

/// A field of a register.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its id: stable within the register through all versions and renamings.
    pub id: i64,
    /// Its name, after the names of the objects that it lies in.
    pub path: Vec<String>,
    /// What it holds.
    pub kind: FieldKind,
    /// What it means, for people.
    pub description: String,
    /// An example value.
    pub example: Option<Value>,
    /// A record must have it.
    pub required: bool,
    /// No two records may have the same value.
    pub unique: bool,
    /// It names the record: update-or-create finds by it.
    pub primary_key: bool,
    /// Callers may not set it.
    pub read_only: bool,
    /// Least number, or fewest characters.
    pub min: Option<f64>,
    /// Greatest number, or most characters.
    pub max: Option<f64>,
    /// What the whole text must match.
    pub pattern: Option<Pattern>,
    /// The values to choose from; empty when any will do.
    pub choices: Vec<String>,
    /// Its values name records of another register.
    pub foreign: Option<ForeignKey>,
    /// It is filled in when a record is created without it.
    pub numbering: Option<Numbering>,
    /// It is about a natural person: reads are recorded (DRS-13).
    pub personal: bool,
    /// It names the person whose data the record holds (DRS-14).
    pub personal_id: bool,
    /// Its text is found by full-text search.
    pub fulltext: bool,
    /// What people call it.
    pub titles: Titles,
    /// What people call the values to choose from, by value.
    pub choice_titles: BTreeMap<String, Titles>,
}

/// A pattern, compiled at first use.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// The pattern; refused with the reason when it cannot be compiled within its bounds.
    pub fn new(text: &str) -> Result<Self, String> {
        let regex = compile(text).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "the pattern is too large".to_owned(),
            other => other.to_string().lines().last().unwrap_or("not a pattern").to_owned(),
        })?;
        Ok(Self { text: text.to_owned(), compiled: OnceLock::from(Some(regex)) })
    }

    /// The pattern's text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        self.compiled.get_or_init(|| compile(&self.text).ok()).as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

fn compile(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(&format!("^(?:{text})$")).size_limit(PATTERN_BYTES_MAX).build()
}

/// Why a value is refused: a stable word and a sentence.
pub(crate) type Refused = (&'static str, String);

impl Field {
    /// The field's own name.
    pub fn name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    /// The field's place in a record's content, as a JSON Pointer.
    pub fn pointer(&self) -> String {
        self.path.iter().map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1"))).collect()
    }

    /// The field's place in its schema, as a JSON Pointer.
    pub fn place(&self) -> String {
        super::read::place_of(&self.path)
    }

    /// The value in its one form, or why it is refused.
    pub(crate) fn accept(&self, value: &Value) -> Result<Value, Refused> {
        let value = self.typed(value)?;
        self.within(&value)?;
        Ok(value)
    }

    /// Whether a record may have this value.
    pub(crate) fn accepts(&self, value: &Value) -> bool {
        self.accept(value).is_ok()
    }

    fn typed(&self, value: &Value) -> Result<Value, Refused> {
        let wrong = || ("type", format!("must be {}", self.wanted()));
        let text = || value.as_str().ok_or_else(wrong);
        let list = || ("type", "must be a list of texts".to_owned());
        match self.kind {
            FieldKind::Text => {
                let text = text()?;
                if text.contains('\0') {
                    return Err(("format", "must not hold the character NUL".to_owned()));
                }
                Ok(Value::String(text.to_owned()))
            }
            FieldKind::Boolean => value.as_bool().map(Value::Bool).ok_or_else(wrong),
            FieldKind::Integer => match value {
                Value::Number(number) if number.is_i64() => Ok(value.clone()),
                _ => Err(wrong()),
            },
            FieldKind::Number => match value {
                Value::Number(number) if number.as_f64().is_some_and(f64::is_finite) => Ok(value.clone()),
                _ => Err(wrong()),
            },
            FieldKind::Date => {
                let date: Date = text()?.parse().map_err(|_| wrong())?;
                Ok(Value::String(date.to_string()))
            }
            FieldKind::DateTime => {
                let at: Instant = text()?.parse().map_err(|_| wrong())?;
                Ok(Value::String(at.to_string()))
            }
            FieldKind::Time => time_of_day(text()?).map(Value::String).ok_or_else(wrong),
            FieldKind::List => {
                let entries = value.as_array().ok_or_else(list)?;
                if entries.len() > LIST_MAX {
                    return Err(("max", format!("has more than {LIST_MAX} entries")));
                }
                if entries.iter().any(|entry| !entry.is_string()) {
                    return Err(list());
                }
                Ok(value.clone())
            }
        }
    }

    fn within(&self, value: &Value) -> Result<(), Refused> {
        match value {
            Value::String(text) => self.text_within(text),
            Value::Array(entries) => {
                entries.iter().filter_map(Value::as_str).try_for_each(|text| self.text_within(text))
            }
            Value::Number(number) => self.number_within(number),
            _ => Ok(()),
        }
    }

    fn text_within(&self, text: &str) -> Result<(), Refused> {
        #[expect(clippy::cast_precision_loss, reason = "a text of 2^52 characters does not fit into a body")]
        let length = text.chars().count() as f64;
        if let Some(min) = self.min.filter(|min| length < *min) {
            return Err(("min", format!("must have at least {min} characters")));
        }
        if let Some(max) = self.max.filter(|max| length > *max) {
            return Err(("max", format!("must have at most {max} characters")));
        }
        if self.max.is_none() && text.len() > TEXT_CHARS_MAX {
            return Err(("max", format!("must have at most {TEXT_CHARS_MAX} bytes")));
        }
        if !self.choices.is_empty() && !self.choices.iter().any(|choice| choice == text) {
            return Err(("enum", format!("must be one of {}", self.choices.join(", "))));
        }
        if let Some(pattern) = self.pattern.as_ref().filter(|pattern| !pattern.matches(text)) {
            return Err(("pattern", format!("must match {}", pattern.as_str())));
        }
        Ok(())
    }

    fn number_within(&self, number: &Number) -> Result<(), Refused> {
        if let Some(min) = self.min.filter(|min| compare(number, *min).is_lt()) {
            return Err(("min", format!("must be {min} or more")));
        }
        if let Some(max) = self.max.filter(|max| compare(number, *max).is_gt()) {
            return Err(("max", format!("must be {max} or less")));
        }
        Ok(())
    }
}

/// `HH:MM` or `HH:MM:SS` within a day, always written with seconds.
fn time_of_day(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split(':').collect();
    if !(2..=3).contains(&parts.len()) || parts.iter().any(|part| part.len() != 2) {
        return None;
    }
    let number = |index: usize, most: u8| {
        let text = parts.get(index).copied().unwrap_or("00");
        text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u8>().ok()).flatten().filter(|n| *n <= most)
    };
    Some(format!("{:02}:{:02}:{:02}", number(0, 23)?, number(1, 59)?, number(2, 59)?))
}

impl Field {
    /// The value in the one form that this field stores, without asking its rules; nothing when it is of another type.
    pub fn normal(&self, value: &Value) -> Option<Value> {
        self.typed(value).ok()
    }

    /// A value to compare this field's with, in the form in which they are stored; nothing when it is of another type.
    /// Numbers and truth values are also read from texts, which is all that an address can hold.
    pub fn comparable(&self, value: &Value) -> Option<Value> {
        match (self.kind, value) {
            // A list is asked for one of its entries.
            (FieldKind::List, Value::String(_)) => Some(value.clone()),
            (FieldKind::List, _) => None,
            (FieldKind::Integer | FieldKind::Number | FieldKind::Boolean, Value::String(text)) => {
                self.normal(&serde_json::from_str(text).ok()?)
            }
            _ => self.normal(value),
        }
    }

    /// What a value of this field must be, in words.
    pub fn wanted(&self) -> &'static str {
        match self.kind {
            FieldKind::Text | FieldKind::List => "a text",
            FieldKind::Number => "a number",
            FieldKind::Integer => "a whole number",
            FieldKind::Boolean => "true or false",
            FieldKind::Date => "a date such as 2026-11-24",
            FieldKind::DateTime => "a time with its offset, such as 2026-11-24T09:30:00Z",
            FieldKind::Time => "a time of day such as 09:30",
        }
    }
}
