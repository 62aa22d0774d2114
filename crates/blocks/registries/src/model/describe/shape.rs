//! A version's fields as JSON Schema 2020-12, for what is read, written and asked.

use serde_json::{Map, Value, json};

use crate::model::{Field, FieldKind, Schema};

/// What the values are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A record as it is read.
    Record,
    /// A record to create: what is filled in by a number may be missing.
    New,
    /// A change: any fields, and null clears one.
    Change,
    /// Values that must match: at least one field.
    Query,
}

/// The object of all fields.
pub(super) fn shape(schema: &Schema, form: Form) -> Value {
    let mut document = json!({"type": "object", "properties": {}});
    for field in schema.fields() {
        // What callers may not set is not for writing.
        if field.read_only && matches!(form, Form::New | Form::Change) {
            continue;
        }
        put(&mut document, &field.path, field, form);
    }
    if let Some(object) = document.as_object_mut() {
        if form != Form::Record {
            object.insert("additionalProperties".to_owned(), Value::Bool(false));
        }
        if form == Form::Query {
            object.insert("minProperties".to_owned(), Value::from(1));
        }
    }
    document
}

fn put(object: &mut Value, path: &[String], field: &Field, form: Form) {
    let Some((name, rest)) = path.split_first() else { return };
    let required = field.required
        && match form {
            Form::Record => true,
            Form::New => field.numbering.is_none(),
            Form::Change | Form::Query => false,
        };
    let Some(object) = object.as_object_mut() else { return };
    if required {
        let names = object.entry("required").or_insert_with(|| json!([]));
        if let Some(names) = names.as_array_mut().filter(|names| !names.iter().any(|known| known == name)) {
            names.push(Value::from(name.as_str()));
        }
    }
    let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) else { return };
    if rest.is_empty() {
        properties.insert(name.clone(), value_of(field, form));
    } else {
        let inner = properties.entry(name.clone()).or_insert_with(|| json!({"type": "object", "properties": {}}));
        put(inner, rest, field, form);
    }
}

fn value_of(field: &Field, form: Form) -> Value {
    // Whoever asks may ask for a value that no record could have.
    let mut out = if form == Form::Query { comparable(field) } else { bounded(field) };
    let Some(object) = out.as_object_mut() else { return out };
    if form == Form::Change {
        let kind = object.remove("type").unwrap_or_default();
        object.insert("type".to_owned(), json!([kind, "null"]));
        if let Some(choices) = object.get_mut("enum").and_then(Value::as_array_mut) {
            choices.push(Value::Null);
        }
    }
    if !field.description.is_empty() {
        object.insert("description".to_owned(), Value::from(field.description.as_str()));
    }
    if let Some(example) = &field.example {
        object.insert("examples".to_owned(), json!([example]));
    }
    if field.read_only && form == Form::Record {
        object.insert("readOnly".to_owned(), Value::Bool(true));
    }
    out
}

/// The type alone: what a value may be compared with.
pub(super) fn comparable(field: &Field) -> Value {
    match field.kind {
        FieldKind::Text | FieldKind::List => json!({"type": "string"}),
        FieldKind::Number => json!({"type": "number"}),
        FieldKind::Integer => json!({"type": "integer", "format": "int64"}),
        FieldKind::Boolean => json!({"type": "boolean"}),
        FieldKind::Date => json!({"type": "string", "format": "date"}),
        FieldKind::DateTime => json!({"type": "string", "format": "date-time"}),
        FieldKind::Time => json!({"type": "string", "format": "time"}),
    }
}

/// The type with the field's rules.
fn bounded(field: &Field) -> Value {
    let mut rules = comparable(field).as_object().cloned().unwrap_or_default();
    let (least, most) = match field.kind {
        FieldKind::Number | FieldKind::Integer => ("minimum", "maximum"),
        _ => ("minLength", "maxLength"),
    };
    if field.kind != FieldKind::Boolean {
        for (name, bound) in [(least, field.min), (most, field.max)] {
            if let Some(bound) = bound {
                rules.insert(name.to_owned(), number(bound));
            }
        }
    }
    if let Some(pattern) = &field.pattern {
        // The whole text must match.
        rules.insert("pattern".to_owned(), Value::from(format!("^(?:{})$", pattern.as_str())));
    }
    if !field.choices.is_empty() {
        rules.insert("enum".to_owned(), Value::from(field.choices.clone()));
    }
    if field.kind == FieldKind::List {
        let mut list = Map::new();
        list.insert("type".to_owned(), Value::from("array"));
        list.insert("maxItems".to_owned(), Value::from(1000));
        list.insert("items".to_owned(), Value::Object(rules));
        return Value::Object(list);
    }
    Value::Object(rules)
}

/// A bound is written as a whole number when it is one.
#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
fn number(bound: f64) -> Value {
    if bound.fract() == 0.0 && bound.abs() < 9e15 { Value::from(bound as i64) } else { Value::from(bound) }
}
