//! The content of a record: values by field id, so that a record written under one version is read under any other.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use stoa_core::FieldError;

use super::field::{Field, FieldKind};
use super::schema::Schema;
use super::value::sortable;
use super::view::number_of;

/// A record's values by field id. Fields without a value are not there.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Content(BTreeMap<i64, Value>);

/// A value as it stands in an index: exact matches are found by it, and texts of it sort as the values do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IndexEntry {
    /// The field's shelf in the index: its id for texts, the id with a minus for numbers. A field that held the one in
    /// an older version and holds the other now has both, and each version looks on its own.
    pub slot: i64,
    /// The value's sortable text.
    pub text: String,
}

impl IndexEntry {
    /// What stands for a value of a field.
    pub fn new(field: i64, value: &Value) -> Self {
        Self { slot: slot(field, value.is_number()), text: sortable(value) }
    }
}

/// The shelf of a field's numbers, or of its other values.
pub fn slot(field: i64, is_number: bool) -> i64 {
    if is_number { -field } else { field }
}

impl Content {
    /// Reads what a caller wrote, by the names of a version. With `merge_into`, only the given fields change and `null`
    /// clears one (RFC 7396); without, the record is new. All faults are named, each under `pointer`.
    pub fn read(
        schema: &Schema,
        value: &Value,
        merge_into: Option<&Self>,
        pointer: &str,
    ) -> Result<Self, Vec<FieldError>> {
        let mut content = merge_into.cloned().unwrap_or_default();
        let mut errors = Vec::new();
        let Some(object) = value.as_object() else {
            return Err(vec![fault(pointer, "type", "must be an object of the register's fields")]);
        };
        content.read_object(schema, object, &mut Vec::new(), pointer, merge_into.is_some(), &mut errors);
        for field in schema.fields().iter().filter(|field| field.required && field.numbering.is_none()) {
            let place = format!("{pointer}{}", field.pointer());
            if content.seen(field).is_none() && errors.iter().all(|error| error.pointer != place) {
                errors.push(fault(&place, "required", "is required"));
            }
        }
        if errors.is_empty() { Ok(content) } else { Err(errors) }
    }

    fn read_object(
        &mut self,
        schema: &Schema,
        object: &Map<String, Value>,
        path: &mut Vec<String>,
        pointer: &str,
        merge: bool,
        errors: &mut Vec<FieldError>,
    ) {
        for (name, value) in object {
            path.push(name.clone());
            let place = format!("{pointer}{}", pointer_of(path));
            if let Some(field) = schema.at_path(path) {
                self.read_value(field, value, &place, merge, errors);
            } else if schema.fields().iter().any(|field| field.path.starts_with(path)) {
                match value {
                    Value::Object(inner) => self.read_object(schema, inner, path, pointer, merge, errors),
                    Value::Null => {}
                    _ => errors.push(fault(&place, "type", "must be an object")),
                }
            } else {
                errors.push(fault(&place, "unknown", "is no field of this version"));
            }
            path.pop();
        }
    }

    fn read_value(&mut self, field: &Field, value: &Value, place: &str, merge: bool, errors: &mut Vec<FieldError>) {
        let empty = value.is_null() || (field.kind != FieldKind::Text && value.as_str() == Some(""));
        if field.read_only {
            // Sending a record back as it was read is no attempt to change it.
            let same = self.seen(field).is_some_and(|present| *present == *value);
            let numbered_by_us = field.numbering.is_some() && value.as_str() == Some("");
            if !empty && !same && !numbered_by_us {
                errors.push(fault(place, "readOnly", "cannot be set"));
            }
            return;
        }
        if empty {
            self.0.remove(&field.id);
            if merge && field.required {
                errors.push(fault(place, "required", "is required and cannot be cleared"));
            }
            return;
        }
        match field.accept(value) {
            Ok(value) => {
                self.0.insert(field.id, value);
            }
            Err((code, message)) => errors.push(FieldError { pointer: place.to_owned(), code, message }),
        }
    }

    /// The values as a version shows them, by name and in its order; fields that it does not have stay out of sight, and
    /// so do values that do not fit its types.
    pub fn show(&self, schema: &Schema) -> Value {
        let mut shown = Map::new();
        for field in schema.fields() {
            if let Some(value) = self.seen(field) {
                show_field(&mut shown, field, value.into_owned());
            }
        }
        Value::Object(shown)
    }

    /// The value of a field as its version sees it.
    pub fn seen(&self, field: &Field) -> Option<Cow<'_, Value>> {
        field.view(self.0.get(&field.id)?)
    }

    /// The value of a field.
    pub fn get(&self, field: i64) -> Option<&Value> {
        self.0.get(&field)
    }

    /// Sets a value without asking the schema: for numbers that the register gives.
    pub fn set(&mut self, field: i64, value: Value) {
        self.0.insert(field, value);
    }

    /// All values by field id.
    pub fn iter(&self) -> impl Iterator<Item = (i64, &Value)> {
        self.0.iter().map(|(field, value)| (*field, value))
    }

    /// The ids of the fields whose values differ.
    pub fn differences(&self, other: &Self) -> Vec<i64> {
        let mut fields: Vec<i64> = self.0.keys().chain(other.0.keys()).copied().collect();
        fields.sort_unstable();
        fields.dedup();
        fields.retain(|field| self.0.get(field) != other.0.get(field));
        fields
    }

    /// What stands in the index for these values. `mixed` are the fields that hold numbers in one version and texts in
    /// another.
    pub fn index(&self, mixed: &BTreeSet<i64>) -> Vec<IndexEntry> {
        let mut entries = Vec::with_capacity(self.0.len());
        for field in self.0.keys() {
            self.index_field(*field, mixed, &mut entries);
        }
        entries
    }

    /// What stands in the index for one field.
    pub fn index_field(&self, field: i64, mixed: &BTreeSet<i64>, entries: &mut Vec<IndexEntry>) {
        let Some(value) = self.0.get(&field) else { return };
        let first = entries.len();
        let mut add = |value: &Value| {
            entries.push(IndexEntry::new(field, value));
            if mixed.contains(&field) {
                entries.extend(in_other_type(value).map(|value| IndexEntry::new(field, &value)));
            }
        };
        match value {
            Value::Array(items) => items.iter().for_each(&mut add),
            other => add(other),
        }
        if let Some(own) = entries.get_mut(first..) {
            own.sort_unstable();
        }
        entries.dedup();
    }

    /// What full-text search finds: the values of these fields.
    pub fn text(&self, fields: &[i64]) -> String {
        let mut text = String::new();
        for value in fields.iter().filter_map(|field| self.0.get(field)) {
            match value {
                Value::String(words) => text.push_str(words),
                Value::Array(items) => items.iter().filter_map(Value::as_str).for_each(|item| {
                    text.push_str(item);
                    text.push(' ');
                }),
                other => text.push_str(&other.to_string()),
            }
            text.push(' ');
        }
        text
    }

    /// The form in which it is stored: JSON by field id.
    pub fn to_stored(&self) -> String {
        let map: Map<String, Value> = self.0.iter().map(|(field, value)| (field.to_string(), value.clone())).collect();
        Value::Object(map).to_string()
    }

    /// Reads the stored form; nothing when it is not one.
    pub fn from_stored(text: &str) -> Option<Self> {
        let map: Map<String, Value> = serde_json::from_str(text).ok()?;
        map.into_iter().map(|(field, value)| Some((field.parse().ok()?, value))).collect::<Option<_>>().map(Self)
    }
}

/// Puts a value into a record as it is shown, inside the objects that its field lies in.
pub fn show_field(shown: &mut Map<String, Value>, field: &Field, value: Value) {
    let Some((name, parents)) = field.path.split_last() else { return };
    let mut object = shown;
    for parent in parents {
        let entry = object.entry(parent.clone()).or_insert_with(|| Value::Object(Map::new()));
        let Some(inner) = entry.as_object_mut() else { return };
        object = inner;
    }
    object.insert(name.clone(), value);
}

fn pointer_of(path: &[String]) -> String {
    path.iter().map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1"))).collect()
}

fn fault(pointer: &str, code: &'static str, message: &str) -> FieldError {
    FieldError { pointer: pointer.to_owned(), code, message: message.to_owned() }
}

/// A text as the number that it spells, and a number as a text: how versions of the other type see a value.
fn in_other_type(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => number_of(text),
        Value::Number(number) => Some(Value::String(number.to_string())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Schema {
        Schema::read(
            &json!({"type": "object", "required": ["ID"], "properties": {
                "ID": {"type": "string", "primaryKey": true},
                "Age": {"type": "integer", "minimum": 0, "maximum": 150},
                "Child": {"type": "object", "properties": {"Born": {"type": "string", "format": "date"}}}
            }}),
            None,
        )
        .unwrap()
    }

    #[test]
    fn every_fault_is_named_by_its_place() {
        let wrong = json!({"Age": 200, "Child": {"Born": "2023-02-29", "X": 1}, "Nope": true});
        let errors = Content::read(&schema(), &wrong, None, "/write/content").unwrap_err();
        let found: Vec<_> = errors.iter().map(|error| (error.pointer.as_str(), error.code)).collect();
        assert_eq!(
            found,
            [
                ("/write/content/Age", "max"),
                ("/write/content/Child/Born", "type"),
                ("/write/content/Child/X", "unknown"),
                ("/write/content/Nope", "unknown"),
                ("/write/content/ID", "required"),
            ]
        );
    }

    #[test]
    fn a_renamed_field_keeps_its_values() {
        let old = schema();
        let content = Content::read(&old, &json!({"ID": "a", "Age": 7}), None, "").unwrap();
        let mut document = old.to_json();
        let age = document["properties"].as_object_mut().unwrap().remove("Age").unwrap();
        document["properties"]["Years"] = age;
        let new = Schema::read(&document, Some(&old)).unwrap();
        assert_eq!(content.show(&new), json!({"ID": "a", "Years": 7}));
        let stored = Content::from_stored(&content.to_stored()).unwrap();
        assert_eq!(stored.show(&old), json!({"ID": "a", "Age": 7}));
    }

    #[test]
    fn merging_changes_what_is_given_and_null_clears() {
        let schema = schema();
        let first =
            Content::read(&schema, &json!({"ID": "a", "Age": 7, "Child": {"Born": "2020-01-02"}}), None, "").unwrap();
        let second =
            Content::read(&schema, &json!({"Age": null, "Child": {"Born": "2020-01-03"}}), Some(&first), "").unwrap();
        assert_eq!(second.show(&schema), json!({"ID": "a", "Child": {"Born": "2020-01-03"}}));
        assert_eq!(first.differences(&second).len(), 2);
        assert!(Content::read(&schema, &json!({"ID": null}), Some(&first), "").is_err());
    }

    #[test]
    fn a_field_of_two_types_stands_on_both_shelves() {
        let text = Schema::read(&json!({"type": "object", "properties": {"n": {"type": "string"}}}), None).unwrap();
        let content = |value: &str| Content::read(&text, &json!({"n": value}), None, "").unwrap();
        let mixed = BTreeSet::from([1]);
        assert_eq!(
            content("7").index(&mixed),
            [IndexEntry::new(1, &json!("7")), IndexEntry::new(1, &json!(7))]
                .into_iter()
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect::<Vec<_>>()
        );
        assert_eq!(content("seven").index(&mixed), [IndexEntry::new(1, &json!("seven"))]);
        assert_eq!(content("7").index(&BTreeSet::new()), [IndexEntry::new(1, &json!("7"))]);
    }
}
