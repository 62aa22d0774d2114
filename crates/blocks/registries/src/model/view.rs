//! How a version sees a value that another version, of another type, has written.
//!
//! What can be said in both types without loss is shown in each: the text `7` is the number 7 where the field holds
//! numbers. Anything else stays as it was written and is out of sight of the versions that it does not fit.

use std::borrow::Cow;

use serde_json::{Number, Value};

use super::field::{Field, FieldKind};
use super::value::whole;

impl Field {
    /// The value as this field shows it; nothing when it does not fit the field's type.
    pub fn view<'v>(&self, value: &'v Value) -> Option<Cow<'v, Value>> {
        match (self.kind, value) {
            (FieldKind::List, Value::Array(_))
            | (FieldKind::Text, Value::String(_))
            | (FieldKind::Number, Value::Number(_))
            | (FieldKind::Boolean, Value::Bool(_)) => Some(Cow::Borrowed(value)),
            (FieldKind::List, Value::String(_)) => Some(Cow::Owned(Value::Array(vec![value.clone()]))),
            // One entry is as good as the value itself.
            (_, Value::Array(entries)) => match entries.as_slice() {
                [entry] => self.view(entry),
                _ => None,
            },
            (FieldKind::Text, Value::Number(_) | Value::Bool(_)) => Some(Cow::Owned(Value::String(value.to_string()))),
            (FieldKind::Integer, Value::Number(number)) if number.is_i64() => Some(Cow::Borrowed(value)),
            (FieldKind::Integer, Value::Number(number)) => Some(Cow::Owned(Value::from(whole(number)?))),
            (FieldKind::Integer, Value::String(text)) => {
                self.view(&number_of(text)?).map(|seen| Cow::Owned(seen.into_owned()))
            }
            (FieldKind::Number, Value::String(text)) => number_of(text).map(Cow::Owned),
            (FieldKind::Boolean, Value::String(text)) => match text.as_str() {
                "true" => Some(Cow::Owned(Value::Bool(true))),
                "false" => Some(Cow::Owned(Value::Bool(false))),
                _ => None,
            },
            (FieldKind::Date | FieldKind::DateTime | FieldKind::Time, Value::String(_)) => {
                (self.normal(value)? == *value).then_some(Cow::Borrowed(value))
            }
            _ => None,
        }
    }
}

/// The number that a text spells in the one way in which we would spell it.
pub(crate) fn number_of(text: &str) -> Option<Value> {
    let number: Number = text.parse().ok()?;
    (number.to_string() == text && number.as_f64().is_some_and(f64::is_finite)).then_some(Value::Number(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Schema;
    use serde_json::json;

    fn field(schema: &Value) -> Field {
        let schema = Schema::read(&json!({"type": "object", "properties": {"f": schema}}), None).unwrap();
        schema.fields()[0].clone()
    }

    #[test]
    fn what_can_be_said_in_both_types_is_shown_in_both() {
        let integer = json!({"type": "integer"});
        let number = json!({"type": "number"});
        let text = json!({"type": "string"});
        let list = json!({"type": "array"});
        let flag = json!({"type": "boolean"});
        let date = json!({"type": "string", "format": "date"});
        for (kind, value, seen) in [
            (&integer, json!("7"), Some(json!(7))),
            (&integer, json!("seven"), None),
            (&integer, json!("007"), None),
            (&integer, json!(7.0), Some(json!(7))),
            (&integer, json!(7.5), None),
            (&integer, json!(true), None),
            (&number, json!("1.5"), Some(json!(1.5))),
            (&number, json!("1.50"), None),
            (&number, json!(7), Some(json!(7))),
            (&text, json!(7), Some(json!("7"))),
            (&text, json!(["a"]), Some(json!("a"))),
            (&text, json!(["a", "b"]), None),
            (&list, json!("a"), Some(json!(["a"]))),
            (&list, json!(7), None),
            (&flag, json!("true"), Some(json!(true))),
            (&flag, json!("yes"), None),
            (&date, json!("2026-11-24"), Some(json!("2026-11-24"))),
            (&date, json!("24.11.2026"), None),
        ] {
            assert_eq!(field(kind).view(&value).map(Cow::into_owned), seen, "{kind} {value}");
        }
    }
}
