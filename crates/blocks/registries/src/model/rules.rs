//! What holds for all records of a register, whichever of its versions they are written or read through.
//!
//! A version is a way to look at a register; what keeps its data whole belongs to the register itself. The newest
//! published version says what is unique, what links where and what the search finds, and so does the version that is on
//! its way to be published, so that nothing slips in meanwhile. A field is personal as soon as any version says so.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{Context, SHA256};
use serde_json::Value;

use super::content::Content;
use super::field::{Field, FieldKind};
use super::schema::Schema;
use super::value::plain;

/// Fields whose values, alone or together, no two records may share.
#[derive(Debug, Clone)]
pub struct Unique {
    /// Names the rule: its fields with the type in which their values are compared. The same fields under another type
    /// are another rule.
    pub key: String,
    fields: Vec<Field>,
}

/// The rules of a register.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    uniques: Vec<Unique>,
    personal: BTreeSet<i64>,
    mixed: BTreeSet<i64>,
    several: BTreeSet<i64>,
    fulltext: Vec<i64>,
    persons: Vec<Field>,
    links: Vec<Field>,
}

impl Unique {
    fn new(schema: &Schema, ids: &[i64]) -> Self {
        let fields: Vec<Field> = ids.iter().filter_map(|id| schema.field(*id)).cloned().collect();
        let key: Vec<String> = fields.iter().map(|field| format!("{}{}", field.id, mark(field.kind))).collect();
        Self { key: key.join(","), fields }
    }

    /// The fields in words.
    pub fn names(&self) -> String {
        self.fields.iter().map(|field| field.path.join("/")).collect::<Vec<_>>().join(" and ")
    }

    /// The place of the first field.
    pub fn pointer(&self) -> String {
        self.fields.first().map(Field::pointer).unwrap_or_default()
    }

    /// What stands for the values of a record under this rule; nothing when one of them is missing.
    pub fn digest(&self, content: &Content) -> Option<[u8; 32]> {
        let mut digest = Context::new(&SHA256);
        for field in &self.fields {
            let value = content.get(field.id)?;
            let text = field.view(value).map_or_else(|| plain(value), |seen| plain(&seen));
            digest.update(&(text.len() as u64).to_be_bytes());
            digest.update(text.as_bytes());
        }
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.finish().as_ref());
        Some(bytes)
    }
}

const fn mark(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Number | FieldKind::Integer => "n",
        FieldKind::List => "l",
        _ => "",
    }
}

const fn is_number(kind: FieldKind) -> bool {
    matches!(kind, FieldKind::Number | FieldKind::Integer)
}

/// The unique fields and groups of one version.
pub fn uniques(schema: &Schema) -> Vec<Unique> {
    let single = schema.fields().iter().filter(|field| field.unique).map(|field| vec![field.id]);
    let mut found: Vec<Unique> = Vec::new();
    for ids in single.chain(schema.uniques().iter().cloned()) {
        let unique = Unique::new(schema, &ids);
        if found.iter().all(|known| known.key != unique.key) {
            found.push(unique);
        }
    }
    found
}

impl Rules {
    /// The rules of a register with these versions, oldest first, and one that is on its way.
    pub fn of<'s>(versions: impl IntoIterator<Item = &'s Schema> + Clone, coming: Option<&'s Schema>) -> Self {
        let newest = versions.clone().into_iter().last();
        let mut rules = Self::default();
        // The newest first: its words for a field are the ones that people know.
        for schema in newest.into_iter().chain(coming) {
            for unique in uniques(schema) {
                if rules.uniques.iter().all(|known| known.key != unique.key) {
                    rules.uniques.push(unique);
                }
            }
            rules.fulltext.extend(schema.fields().iter().filter(|field| field.fulltext).map(|field| field.id));
            rules.links.extend(schema.fields().iter().filter(|field| field.foreign.is_some()).cloned());
        }
        let (mut numbers, mut texts) = (BTreeSet::new(), BTreeSet::new());
        for schema in versions.into_iter().chain(coming) {
            for field in schema.fields() {
                if field.personal || field.personal_id {
                    rules.personal.insert(field.id);
                }
                if field.kind == FieldKind::List {
                    rules.several.insert(field.id);
                }
                if is_number(field.kind) { &mut numbers } else { &mut texts }.insert(field.id);
            }
            rules.persons.extend(schema.personal_id().or_else(|| schema.primary_key()).cloned());
        }
        rules.mixed = numbers.intersection(&texts).copied().collect();
        let mut seen = BTreeSet::new();
        rules.fulltext.retain(|id| seen.insert(*id));
        rules.persons.reverse();
        rules
    }

    /// What no two records may share.
    pub fn uniques(&self) -> &[Unique] {
        &self.uniques
    }

    /// Whether this field alone must be unique: then a value of it names one record.
    pub fn is_unique(&self, field: i64) -> bool {
        self.uniques.iter().any(|unique| matches!(unique.fields.as_slice(), [only] if only.id == field))
    }

    /// Whether records hold personal data.
    pub fn is_personal(&self) -> bool {
        !self.personal.is_empty()
    }

    /// The fields that hold personal data.
    pub fn personal(&self) -> &BTreeSet<i64> {
        &self.personal
    }

    /// Fields that hold numbers in one version and texts in another: they are found by both.
    pub fn mixed(&self) -> &BTreeSet<i64> {
        &self.mixed
    }

    /// Whether a record can stand under several values of this field in the index.
    pub fn has_several(&self, field: i64) -> bool {
        self.several.contains(&field)
    }

    /// The fields that the search finds, in order.
    pub fn fulltext(&self) -> &[i64] {
        &self.fulltext
    }

    /// The fields that name records of other registers.
    pub fn links(&self) -> &[Field] {
        &self.links
    }

    /// What names the person whose data a record holds, in the one form in which it is also asked for.
    pub fn person(&self, content: &Content) -> Option<String> {
        self.persons.iter().find_map(|field| {
            let value = content.get(field.id)?;
            Some(field.view(value).map_or_else(|| plain(value), |seen| plain(&seen)))
        })
    }

    /// The form of an identifier as somebody typed it.
    pub fn person_typed(&self, typed: &str) -> String {
        let typed = Value::from(typed);
        let value = self.persons.first().and_then(|field| field.comparable(&typed));
        plain(&value.unwrap_or(typed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema(properties: &Value) -> Schema {
        Schema::read(&json!({"type": "object", "properties": properties}), None).unwrap()
    }

    fn content(schema: &Schema, value: &Value) -> Content {
        Content::read(schema, value, None, "").unwrap()
    }

    #[test]
    fn the_newest_version_and_the_coming_one_say_what_is_unique() {
        let one = schema(&json!({"a": {"type": "string", "id": 1, "unique": true}, "b": {"type": "string", "id": 2}}));
        let two = schema(&json!({"a": {"type": "string", "id": 1}, "b": {"type": "string", "id": 2, "unique": true}}));
        let coming = schema(&json!({"a": {"type": "integer", "id": 1, "unique": true}}));
        let keys = |rules: &Rules| rules.uniques().iter().map(|unique| unique.key.clone()).collect::<Vec<_>>();
        assert_eq!(keys(&Rules::of([&one, &two], None)), ["2"]);
        assert_eq!(keys(&Rules::of([&one, &two], Some(&coming))), ["2", "1n"]);
        assert!(Rules::of([&one], Some(&coming)).mixed().contains(&1));
    }

    #[test]
    fn a_value_is_the_same_however_and_in_which_version_it_was_written() {
        let text = schema(&json!({"a": {"type": "string", "id": 1}}));
        let number = schema(&json!({"a": {"type": "number", "id": 1, "unique": true}}));
        let rules = Rules::of([&text, &number], None);
        let digest = |schema: &Schema, value: Value| rules.uniques()[0].digest(&content(schema, &json!({"a": value})));
        assert_eq!(digest(&text, json!("7")), digest(&number, json!(7.0)));
        assert_ne!(digest(&text, json!("7 ")), digest(&number, json!(7)));
        assert_eq!(rules.uniques()[0].digest(&Content::default()), None);
    }

    #[test]
    fn a_field_is_personal_if_any_version_says_so() {
        let plain = schema(&json!({"a": {"type": "string", "id": 1}}));
        let marked = schema(&json!({"a": {"type": "string", "id": 1, "personalData": true}}));
        for versions in [[&plain, &marked], [&marked, &plain]] {
            assert!(Rules::of(versions, None).personal().contains(&1));
        }
        assert!(Rules::of([&plain], Some(&marked)).is_personal());
        assert!(!Rules::of([&plain], None).is_personal());
    }
}
