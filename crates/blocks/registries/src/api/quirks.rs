//! What the official GovStack suite and the reference product send and expect beside the specification. Nothing behind
//! this layer knows it.

use serde_json::{Map, Value};

/// Keys in the specification's spelling: `group_name`, as the reference product and the suite write it, is `groupName`.
/// Field names and values are left alone: they are data.
pub(crate) fn camel_keys(value: Value) -> Value {
    match value {
        Value::Object(object) => Value::Object(
            object
                .into_iter()
                .map(|(key, value)| match key.as_str() {
                    "properties" => (key, properties(value)),
                    "example" | "examples" | "enum" | "default" => (key, value),
                    _ => (camel(&key), camel_keys(value)),
                })
                .collect(),
        ),
        Value::Array(items) => items.into_iter().map(camel_keys).collect(),
        other => other,
    }
}

fn properties(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields.into_iter().map(|(name, field)| (name, camel_keys(field))).collect(),
        other => other,
    }
}

fn camel(key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    let mut upper = false;
    for letter in key.chars() {
        if letter == '_' {
            upper = true;
        } else if upper {
            out.extend(letter.to_uppercase());
            upper = false;
        } else {
            out.push(letter);
        }
    }
    out
}

/// `dataIndexIncrement` as `data_index_increment`, one level deep.
pub(crate) fn snake_keys(object: Map<String, Value>) -> Map<String, Value> {
    object.into_iter().map(|(key, value)| (snake(&key), value)).collect()
}

fn snake(key: &str) -> String {
    let mut out = String::with_capacity(key.len() + 4);
    for letter in key.chars() {
        if letter.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// The suite's schema names types that are none (`"some string"`); what has fields is an object, anything else a text.
pub(crate) fn plain_types(value: &mut Value) {
    let Some(object) = value.as_object_mut() else { return };
    let known = ["string", "number", "integer", "boolean", "array", "object"];
    let has_fields = object.contains_key("properties");
    if let Some(kind) = object.get_mut("type").filter(|kind| !kind.as_str().is_some_and(|kind| known.contains(&kind))) {
        *kind = Value::from(if has_fields { "object" } else { "string" });
    }
    if let Some(fields) = object.get_mut("properties").and_then(Value::as_object_mut) {
        fields.values_mut().for_each(plain_types);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_change_their_spelling_and_field_names_do_not() {
        let given = json!({"group_name": 1, "schema": {"properties": {"first_name": {"read_only": true, "example": {"a_b": 1}}}}});
        let wanted = json!({"groupName": 1, "schema": {"properties": {"first_name": {"readOnly": true, "example": {"a_b": 1}}}}});
        assert_eq!(camel_keys(given), wanted);
    }
}
