//! Types of fields, and the way from the text of a cell to a value of its type.

use serde_json::{Number, Value};
use stoa_core::{Date, Instant};

use super::{Fault, FaultKind, SourceRow};

/// The type of a field as files know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Any text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A day, `2026-11-24`.
    Date,
    /// A point in time with its offset.
    DateTime,
    /// A list of values.
    List,
    /// A JSON object.
    Object,
}

impl Kind {
    /// The type in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Boolean => "true or false",
            Self::Date => "a date such as 2026-11-24",
            Self::DateTime => "a time with its offset, such as 2026-11-24T09:30:00Z",
            Self::List => "a list",
            Self::Object => "an object",
        }
    }

    /// Whether the text of a cell can be read as this type. A number with leading zeros is a code, not a number.
    pub(super) fn reads(self, text: &str) -> bool {
        self.value_of(text).is_some()
    }

    fn value_of(self, text: &str) -> Option<Value> {
        let text = if self == Self::Text { text } else { text.trim() };
        match self {
            Self::Text => Some(Value::String(text.to_owned())),
            Self::Integer => whole(text).map(Value::from),
            Self::Number => decimal(text),
            Self::Boolean => match text {
                "true" | "TRUE" | "True" => Some(Value::Bool(true)),
                "false" | "FALSE" | "False" => Some(Value::Bool(false)),
                _ => None,
            },
            Self::Date => text.parse::<Date>().ok().map(|date| Value::String(date.to_string())),
            Self::DateTime => text.parse::<Instant>().ok().map(|at| Value::String(at.to_string())),
            Self::List => serde_json::from_str(text).ok().filter(Value::is_array),
            Self::Object => serde_json::from_str(text).ok().filter(Value::is_object),
        }
    }
}

fn plain_digits(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'))
}

fn whole(text: &str) -> Option<i64> {
    plain_digits(text).then(|| text.parse().ok()).flatten()
}

fn decimal(text: &str) -> Option<Value> {
    if let Some(whole) = whole(text) {
        return Some(Value::from(whole));
    }
    let (before, after) = text.split_once('.')?;
    let fits = plain_digits(before) && !after.is_empty() && after.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| text.parse().ok().and_then(Number::from_f64).map(Value::Number)).flatten()
}

/// Brings the texts of a row to the types of its fields, in place. Values that a JSON file brought typed stay as they
/// are; fields whose type is unknown stay texts.
pub fn convert(row: &mut SourceRow, kind_of: impl Fn(&str) -> Option<Kind>) -> Result<(), Fault> {
    for (name, value) in &mut row.content {
        let (Value::String(text), Some(kind)) = (&*value, kind_of(name)) else { continue };
        match kind.value_of(text) {
            Some(typed) => *value = typed,
            None => {
                let given = text.chars().take(60).collect();
                return Err(FaultKind::WrongType { given, expected: kind.words() }.at(row.line, None).in_field(name));
            }
        }
    }
    Ok(())
}

/// Whether a spreadsheet would run this cell: it begins with `=`, `+`, `-`, `@`, a tab or a carriage return, and is no
/// plain number (a negative amount, a telephone number).
pub fn is_formula(cell: &str) -> bool {
    let Some(rest) = cell.strip_prefix(['=', '+', '-', '@', '\t', '\r']) else { return false };
    let signed = cell.starts_with(['+', '-']);
    let number = !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit() || matches!(b, b' ' | b'.' | b','));
    !(signed && number) && cell != "-"
}

/// Whether an apostrophe guards the cell in a file: before a formula, and before what already looks guarded.
pub(crate) fn needs_guard(cell: &str) -> bool {
    is_formula(cell.trim_start_matches('\''))
}

/// The cell without the apostrophe that our export puts before what looks like a formula.
pub(super) fn without_guard(cell: String) -> String {
    match cell.strip_prefix('\'') {
        Some(rest) if needs_guard(rest) => rest.to_owned(),
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_told_from_numbers() {
        for formula in ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "=", "+", "-x"] {
            assert!(is_formula(formula), "{formula}");
        }
        for harmless in ["", "-5", "-5.25", "+254 700 000 000", "a=1", "-", "'=1"] {
            assert!(!is_formula(harmless), "{harmless}");
        }
        assert_eq!(without_guard("'=1".to_owned()), "=1");
        assert_eq!(without_guard("'tis".to_owned()), "'tis");
    }

    #[test]
    fn codes_with_leading_zeros_are_no_numbers() {
        assert!(!Kind::Integer.reads("007") && !Kind::Number.reads("00.7"));
        assert!(Kind::Integer.reads("-70") && Kind::Number.reads("0.7") && Kind::Number.reads("12"));
        assert!(
            !Kind::Integer.reads("99999999999999999999") && !Kind::Number.reads("1e5") && !Kind::Integer.reads("+1")
        );
        assert!(Kind::Date.reads("2024-02-29") && !Kind::Date.reads("2023-02-29"));
        assert!(Kind::DateTime.reads("2024-02-29T10:00:00+03:00") && !Kind::DateTime.reads("2024-02-29T10:00:00"));
    }
}
