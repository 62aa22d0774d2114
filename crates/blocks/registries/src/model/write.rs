//! Writing a schema in its one form.

use serde_json::{Map, Value, json};

use super::field::{Field, FieldKind, ForeignKey, Numbering};
use super::titles::write_choices;

/// Puts a field into the document, inside the objects that it lies in.
pub(super) fn write_field(document: &mut Value, field: &Field) {
    let mut object = document;
    let Some((name, parents)) = field.path.split_last() else { return };
    for parent in parents {
        let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) else { return };
        object = properties.entry(parent.clone()).or_insert_with(|| json!({"type": "object", "properties": {}}));
    }
    let Some(object) = object.as_object_mut() else { return };
    if field.required
        && let Some(required) = object.entry("required").or_insert_with(|| json!([])).as_array_mut()
    {
        required.push(Value::from(name.as_str()));
    }
    if let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert(name.clone(), Value::Object(field_json(field)));
    }
}

fn field_json(field: &Field) -> Map<String, Value> {
    let (kind, format) = match field.kind {
        FieldKind::Text => ("string", None),
        FieldKind::Number => ("number", None),
        FieldKind::Integer => ("integer", None),
        FieldKind::Boolean => ("boolean", None),
        FieldKind::Date => ("string", Some("date")),
        FieldKind::DateTime => ("string", Some("date-time")),
        FieldKind::Time => ("string", Some("time")),
        FieldKind::List => ("array", None),
    };
    let mut out = Map::new();
    out.insert("type".to_owned(), Value::from(kind));
    field.titles.write(&mut out);
    write_choices(&field.choice_titles, &mut out);
    let mut put = |name: &str, value: Value| {
        out.insert(name.to_owned(), value);
    };
    if let Some(format) = format {
        put("format", Value::from(format));
    }
    if field.kind == FieldKind::List {
        put("items", json!({"type": "string"}));
    }
    if !field.description.is_empty() {
        put("description", Value::from(field.description.as_str()));
    }
    if let Some(example) = &field.example {
        put("example", example.clone());
    }
    // A field that has no id yet gets one when the schema is read.
    if field.id != 0 {
        put("id", Value::from(field.id));
    }
    for (name, set) in [
        ("primaryKey", field.primary_key),
        ("readOnly", field.read_only),
        ("personalData", field.personal),
        ("personalDataId", field.personal_id),
        ("isFulltext", field.fulltext),
    ] {
        if set {
            put(name, Value::Bool(true));
        }
    }
    if field.unique || field.primary_key {
        put("unique", Value::Bool(field.unique));
    }
    let (least, most) = match field.kind {
        FieldKind::Number | FieldKind::Integer => ("minimum", "maximum"),
        FieldKind::Text | FieldKind::List => ("minLength", "maxLength"),
        _ => ("min", "max"),
    };
    if let Some(min) = field.min {
        put(least, whole(min));
    }
    if let Some(max) = field.max {
        put(most, whole(max));
    }
    if let Some(pattern) = &field.pattern {
        put("pattern", Value::from(pattern.as_str()));
    }
    if !field.choices.is_empty() {
        put("enum", Value::from(field.choices.clone()));
    }
    if let Some(Numbering(template)) = &field.numbering {
        let conditions = json!([{"logic": "==", "value": "", "gate": "&&"}]);
        let actions = json!([{"type": "set-value", "value": template, "field_id": field.id}]);
        put("triggers", json!([{"conditions": conditions, "actions": actions}]));
    }
    if let Some(ForeignKey { register, field }) = &field.foreign {
        put("foreignKeys", json!([{"databaseKey": register.to_string(), "values": [{"fieldKey": field.to_string()}]}]));
    }
    out
}

/// A bound is written as a whole number when it is one.
#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
fn whole(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9e15 { Value::from(number as i64) } else { Value::from(number) }
}
