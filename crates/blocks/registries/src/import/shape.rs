//! From what a file seems to hold to the schema of a register, and from its rows to contents of records.
//!
//! Objects inside rows become fields with a place (`names/fr`), so that each can be searched and checked by itself.

use serde_json::{Map, Value};
use stoa_core::FieldError;

use super::{Fault, Inferred, Kind, Rows, SourceRow, convert};
use crate::model::{Field, FieldKind, Schema, show_field};

/// Objects inside objects at most; deeper ones stay texts.
const DEPTH_MAX: usize = 6;

/// The rows with their objects laid flat: `{"names": {"fr": …}}` as `names/fr`.
pub fn flattened(rows: Rows<'_>) -> Rows<'_> {
    Box::new(rows.map(|row| row.map(|row| SourceRow { content: flat(row.content), ..row })))
}

fn flat(content: Map<String, Value>) -> Map<String, Value> {
    if !content.values().any(Value::is_object) {
        return content;
    }
    let mut out = Map::with_capacity(content.len());
    for (name, value) in content {
        lay(&mut out, name, value, 0);
    }
    out
}

fn lay(out: &mut Map<String, Value>, name: String, value: Value, depth: usize) {
    match value {
        Value::Object(inner) if depth < DEPTH_MAX => {
            for (part, value) in inner {
                lay(out, format!("{name}/{part}"), value, depth + 1);
            }
        }
        other => {
            out.insert(name, other);
        }
    }
}

const fn kind_of(kind: Kind) -> FieldKind {
    match kind {
        Kind::Text | Kind::Object => FieldKind::Text,
        Kind::Integer => FieldKind::Integer,
        Kind::Number => FieldKind::Number,
        Kind::Boolean => FieldKind::Boolean,
        Kind::Date => FieldKind::Date,
        Kind::DateTime => FieldKind::DateTime,
        Kind::List => FieldKind::List,
    }
}

impl Inferred {
    /// The schema that fits the file: its key names the record, and its texts are found by the search.
    pub fn schema(&self) -> Result<Schema, Vec<FieldError>> {
        let mut schema = Schema::default();
        for found in &self.fields {
            let is_key = self.key.as_deref() == Some(found.name.as_str());
            let kind = kind_of(found.kind);
            schema.put(Field {
                id: 0,
                path: found.name.split('/').map(str::to_owned).collect(),
                kind,
                description: String::new(),
                example: None,
                required: is_key || found.required,
                unique: is_key,
                primary_key: is_key,
                read_only: false,
                min: None,
                max: None,
                pattern: None,
                choices: Vec::new(),
                foreign: None,
                numbering: None,
                personal: false,
                personal_id: false,
                fulltext: matches!(kind, FieldKind::Text | FieldKind::List) && found.choices.is_empty(),
                titles: crate::model::Titles::default(),
                choice_titles: std::collections::BTreeMap::new(),
            });
        }
        Schema::read(&schema.to_json(), None)
    }
}

/// A flat row as the content of a record of this schema. Fields that the schema lacks stay in it, so that they are
/// refused by name and not lost in silence.
pub fn content_of(schema: &Schema, mut row: SourceRow) -> Result<Value, Fault> {
    let field_of = |name: &str| schema.fields().iter().find(|field| field.path.join("/") == name);
    convert(&mut row, |name| {
        field_of(name).map(|field| match field.kind {
            FieldKind::Text | FieldKind::Time => Kind::Text,
            FieldKind::Integer => Kind::Integer,
            FieldKind::Number => Kind::Number,
            FieldKind::Boolean => Kind::Boolean,
            FieldKind::Date => Kind::Date,
            FieldKind::DateTime => Kind::DateTime,
            FieldKind::List => Kind::List,
        })
    })?;
    let mut content = Map::with_capacity(row.content.len());
    for (name, value) in row.content {
        if value.is_null() {
            continue;
        }
        match field_of(&name) {
            // An object that was too deep to lay flat was taken for a text.
            Some(field) if field.kind == FieldKind::Text && value.is_object() => {
                show_field(&mut content, field, Value::String(value.to_string()));
            }
            Some(field) if field.kind == FieldKind::Text && (value.is_number() || value.is_boolean()) => {
                show_field(&mut content, field, Value::String(value.to_string()));
            }
            Some(field) => show_field(&mut content, field, value),
            None => {
                content.insert(name, value);
            }
        }
    }
    Ok(Value::Object(content))
}
