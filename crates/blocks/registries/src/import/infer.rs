//! What a file's fields seem to be, for a person to confirm.

use std::collections::{BTreeSet, HashSet};
use std::hash::{BuildHasher, RandomState};

use serde_json::Value;

use super::{Fault, Kind, Rows};

/// Rows that are looked at; a larger file is judged by its first ones.
pub(super) const ROWS_MAX: u64 = 200_000;
/// Faults that are kept; the rest is counted.
pub(super) const FAULTS_KEPT_MAX: usize = 100;
/// Values of a list to choose from.
const CHOICES_MAX: usize = 12;
const CHOICE_CHARS_MAX: usize = 40;
/// Below so many rows a few repeated values are chance, not a list to choose from.
const CHOICES_ROWS_MIN: u64 = 30;
const EXAMPLES_MAX: usize = 3;

/// A proposal for the schema of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Inferred {
    /// The fields in the order in which the file has them.
    pub fields: Vec<InferredField>,
    /// Rows looked at.
    pub rows: u64,
    /// Whether that was the whole file.
    pub complete: bool,
    /// The field that seems to name each record.
    pub key: Option<String>,
    /// The first faults and warnings; at most 100.
    pub faults: Vec<Fault>,
    /// All faults and warnings.
    pub fault_count: u64,
}

/// What one field seems to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InferredField {
    /// The name in the file.
    pub name: String,
    /// The narrowest type that all values fit.
    pub kind: Kind,
    /// Every row has a value.
    pub required: bool,
    /// No value comes twice.
    pub unique: bool,
    /// The few values there are, when they repeat.
    pub choices: Vec<String>,
    /// The longest text in characters.
    pub length_max: usize,
    /// Rows with a value.
    pub filled: u64,
    /// The first values.
    pub examples: Vec<String>,
}

/// Looks at the rows. Fails only when not a single row can be read.
pub fn infer(rows: Rows<'_>) -> Result<Inferred, Fault> {
    let hasher = RandomState::new();
    let mut columns: Vec<Column> = Vec::new();
    let mut found =
        Inferred { fields: Vec::new(), rows: 0, complete: true, key: None, faults: Vec::new(), fault_count: 0 };
    for row in rows {
        if found.rows == ROWS_MAX {
            found.complete = false;
            break;
        }
        let row = match row {
            Ok(row) => row,
            Err(fault) => {
                found.note(fault);
                continue;
            }
        };
        found.rows += 1;
        for warning in row.warnings {
            found.note(warning);
        }
        for (at, (name, value)) in row.content.iter().enumerate() {
            if value.is_null() {
                continue;
            }
            // Rows mostly have the same fields in the same order: look at the same place first.
            let place = match columns.get(at) {
                Some(column) if column.field.name == *name => at,
                _ => columns.iter().position(|column| column.field.name == *name).unwrap_or_else(|| {
                    columns.push(Column::new(name));
                    columns.len() - 1
                }),
            };
            if let Some(column) = columns.get_mut(place) {
                column.see(value, &hasher);
            }
        }
    }
    if found.rows == 0 {
        return Err(found.faults.pop().unwrap_or_else(|| super::FaultKind::Empty.at(1, 1)));
    }
    found.fields = columns.into_iter().map(|column| column.finish(found.rows)).collect();
    found.key = key(&found.fields);
    Ok(found)
}

impl Inferred {
    fn note(&mut self, fault: Fault) {
        self.fault_count += 1;
        if self.faults.len() < FAULTS_KEPT_MAX {
            self.faults.push(fault);
        }
    }
}

struct Column {
    field: InferredField,
    /// Types that all texts so far can be read as.
    text_kinds: Vec<Kind>,
    /// The type of values that came typed.
    typed: Option<Kind>,
    texts: bool,
    seen: HashSet<u64>,
    choices: BTreeSet<String>,
}

const FROM_TEXT: [Kind; 5] = [Kind::Integer, Kind::Number, Kind::Boolean, Kind::Date, Kind::DateTime];

impl Column {
    fn new(name: &str) -> Self {
        Self {
            field: InferredField {
                name: name.to_owned(),
                kind: Kind::Text,
                required: false,
                unique: true,
                choices: Vec::new(),
                length_max: 0,
                filled: 0,
                examples: Vec::new(),
            },
            text_kinds: FROM_TEXT.to_vec(),
            typed: None,
            texts: false,
            seen: HashSet::new(),
            choices: BTreeSet::new(),
        }
    }

    fn see(&mut self, value: &Value, hasher: &RandomState) {
        self.field.filled += 1;
        let owned;
        let text = match value {
            Value::String(text) => {
                self.texts = true;
                self.text_kinds.retain(|kind| kind.reads(text));
                text
            }
            other => {
                self.typed = Some(self.typed.map_or(kind_of(other), |before| wider(before, kind_of(other))));
                owned = other.to_string();
                &owned
            }
        };
        self.field.length_max = self.field.length_max.max(text.chars().count());
        if self.field.unique && !self.seen.insert(hasher.hash_one(text)) {
            self.field.unique = false;
            self.seen = HashSet::new();
        }
        if self.choices.len() <= CHOICES_MAX && !self.choices.contains(text) {
            self.choices.insert(text.chars().take(CHOICE_CHARS_MAX + 1).collect());
        }
        if self.field.examples.len() < EXAMPLES_MAX && !self.field.examples.contains(text) {
            self.field.examples.push(text.chars().take(80).collect());
        }
    }

    fn finish(mut self, rows: u64) -> InferredField {
        let from_text = self.text_kinds.first().copied().unwrap_or(Kind::Text);
        self.field.kind = match (self.texts, self.typed) {
            (true, None) => from_text,
            (false, Some(typed)) => typed,
            (true, Some(_)) | (false, None) => Kind::Text,
        };
        self.field.required = self.field.filled == rows;
        let few =
            self.choices.len() <= CHOICES_MAX && self.choices.iter().all(|c| c.chars().count() <= CHOICE_CHARS_MAX);
        let repeat = self.choices.len() as u64 * 5 <= self.field.filled && self.field.filled >= CHOICES_ROWS_MIN;
        if self.field.kind == Kind::Text && few && repeat {
            self.field.choices = self.choices.into_iter().collect();
        }
        self.field
    }
}

fn kind_of(value: &Value) -> Kind {
    match value {
        Value::Bool(_) => Kind::Boolean,
        Value::Number(number) if number.is_f64() => Kind::Number,
        Value::Number(_) => Kind::Integer,
        Value::Array(_) => Kind::List,
        Value::Object(_) => Kind::Object,
        Value::String(_) | Value::Null => Kind::Text,
    }
}

fn wider(one: Kind, other: Kind) -> Kind {
    match (one, other) {
        _ if one == other => one,
        (Kind::Integer, Kind::Number) | (Kind::Number, Kind::Integer) => Kind::Number,
        _ => Kind::Text,
    }
}

/// The field that names each record: filled everywhere, never twice, short; by preference one whose name says so.
fn key(fields: &[InferredField]) -> Option<String> {
    let fits = |field: &&InferredField| {
        field.unique && field.required && field.length_max <= 64 && matches!(field.kind, Kind::Text | Kind::Integer)
    };
    let says = |field: &&InferredField| {
        let name = field.name.to_lowercase();
        let whole = ["id", "code", "key", "uuid", "number"].iter().any(|word| {
            name == *word
                || name.ends_with(&format!("_{word}"))
                || name.ends_with(&format!("-{word}"))
                || name.ends_with(&format!(" {word}"))
        });
        whole
            || field.name.ends_with("Id")
            || field.name.ends_with("ID")
            || field.name.ends_with("Code")
            || name.starts_with("alpha_")
    };
    let mut named: Vec<_> = fields.iter().filter(fits).filter(says).collect();
    named.sort_by_key(|field| field.length_max);
    named.first().copied().or_else(|| fields.iter().find(fits)).map(|field| field.name.clone())
}
