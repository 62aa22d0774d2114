//! How well a record answers what somebody typed into the search.
//!
//! A value that is what was typed comes before one that begins with it, and a field of the record itself before names in
//! further languages, which lie in an object or a list. Pure.

use serde_json::Value;
use stoa_store::search::fold;

use crate::model::{Content, Field, FieldKind, Schema};

/// What somebody typed, ready to be compared.
pub(crate) struct Typed<'s> {
    fields: Vec<&'s Field>,
    words: String,
}

impl<'s> Typed<'s> {
    pub(crate) fn new(schema: &'s Schema, typed: &str) -> Self {
        let fields = schema.fields().iter().filter(|field| field.fulltext).collect();
        Self { fields, words: fold::words(typed).join(" ") }
    }

    /// The lower the better.
    pub(crate) fn rank(&self, content: &Content) -> u8 {
        let mut best = u8::MAX;
        for field in &self.fields {
            let is_main = field.path.len() == 1 && field.kind != FieldKind::List;
            let values = match content.get(field.id) {
                Some(Value::Array(items)) => items.as_slice(),
                Some(value) => std::slice::from_ref(value),
                None => continue,
            };
            for text in values.iter().filter_map(Value::as_str) {
                let words = fold::words(text).join(" ");
                let rank = match (words == self.words, words.starts_with(&self.words), is_main) {
                    (true, _, true) => 0,
                    (_, true, true) => 1,
                    (true, _, false) => 2,
                    (_, true, false) => 3,
                    _ => 4,
                };
                best = best.min(rank);
            }
            if best == 0 {
                break;
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_typed_itself_comes_first_and_the_own_language_before_others() {
        let schema = json!({"type": "object", "properties": {
            "code": {"type": "string", "isFulltext": true}, "name": {"type": "string", "isFulltext": true},
            "names": {"type": "object", "properties": {"fr": {"type": "string", "isFulltext": true}}},
            "others": {"type": "array", "isFulltext": true}, "note": {"type": "string"}
        }});
        let schema = Schema::read(&schema, None).unwrap();
        let typed = Typed::new(&schema, "MALI ");
        let rank = |value: Value| typed.rank(&Content::read(&schema, &value, None, "").unwrap());
        assert_eq!(rank(json!({"code": "ML", "name": "Mali"})), 0);
        assert_eq!(rank(json!({"code": "mali", "name": "x"})), 0);
        assert_eq!(rank(json!({"name": "Malian Republic"})), 1);
        assert_eq!(rank(json!({"name": "x", "names": {"fr": "Mâli"}})), 2);
        assert_eq!(rank(json!({"name": "x", "others": ["y", "Malie"]})), 3);
        assert_eq!(rank(json!({"name": "The Mali"})), 4);
        assert_eq!(rank(json!({"note": "Mali"})), u8::MAX);
    }
}
