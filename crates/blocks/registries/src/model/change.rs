//! What a new version changes, and what that does to those who use the old one (DRS-4, impact analysis).

use serde::Serialize;

use super::field::Field;
use super::schema::Schema;

/// One difference between two versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// The place of the field, as a JSON Pointer into a record.
    pub field: String,
    /// Whether a client of the old version, or a record written under it, may break.
    pub breaking: bool,
    /// The difference in words.
    pub words: String,
}

/// What sort of difference it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ChangeKind {
    /// A field that was not there.
    Added,
    /// A field that is gone.
    Removed,
    /// The same field under another name.
    Renamed,
    /// The field holds another type.
    Retyped,
    /// A rule that refuses more than before.
    Tightened,
    /// A rule that refuses less than before.
    Loosened,
    /// Something else about the field than what it may hold: what it names, who is told of its reads, whether the search
    /// finds it, who numbers it.
    Marked,
}

/// All differences, those of removed fields first.
pub fn changes(old: &Schema, new: &Schema) -> Vec<Change> {
    let mut found = Vec::new();
    for field in old.fields().iter().filter(|field| new.field(field.id).is_none()) {
        found.push(change(ChangeKind::Removed, field, true, "is removed; its values stay with the old records"));
    }
    for field in new.fields() {
        match old.field(field.id) {
            None => found.push(change(
                ChangeKind::Added,
                field,
                field.required,
                if field.required { "is new and required" } else { "is new" },
            )),
            Some(before) => {
                compare(before, field, &mut found);
                marks(before, field, &mut found);
            }
        }
    }
    groups(old, new, &mut found);
    found
}

/// What a field is to people and to the register, beside the values that it may hold.
fn marks(old: &Field, new: &Field, found: &mut Vec<Change>) {
    let marks = [
        (old.primary_key, new.primary_key, true, "names the record", "no longer names the record"),
        (
            old.personal && !old.personal_id,
            new.personal && !new.personal_id,
            false,
            "holds personal data",
            "no longer holds personal data; its reads go on to be recorded",
        ),
        (
            old.personal_id,
            new.personal_id,
            false,
            "names the person whose data it is",
            "no longer names the person whose data it is",
        ),
        (old.fulltext, new.fulltext, false, "is found by the search", "is no longer found by the search"),
        (
            old.numbering.is_some(),
            new.numbering.is_some(),
            old.numbering.is_some() && new.required,
            "is numbered by the register",
            "is no longer numbered by the register",
        ),
    ];
    for (before, after, breaking, gets, loses) in marks {
        if before != after {
            found.push(change(ChangeKind::Marked, new, breaking, if after { gets } else { loses }));
        }
    }
    if old.numbering.is_some() && new.numbering.is_some() && old.numbering != new.numbering {
        found.push(change(ChangeKind::Marked, new, false, "is numbered by another template"));
    }
}

/// Fields whose values together must be unique.
fn groups(old: &Schema, new: &Schema, found: &mut Vec<Change>) {
    let mut tell = |schema: &Schema, group: &[i64], kind: ChangeKind| {
        let fields: Vec<&Field> = group.iter().filter_map(|id| schema.field(*id)).collect();
        let Some((first, others)) = fields.split_first() else { return };
        let others: Vec<String> = others.iter().map(|field| field.pointer()).collect();
        let words = if others.is_empty() {
            "unique".to_owned()
        } else {
            format!("unique together with {}", others.join(" and "))
        };
        found.push(change(kind, first, kind == ChangeKind::Tightened, words));
    };
    for group in old.uniques().iter().filter(|group| !new.uniques().contains(group)) {
        tell(old, group, ChangeKind::Loosened);
    }
    for group in new.uniques().iter().filter(|group| !old.uniques().contains(group)) {
        tell(new, group, ChangeKind::Tightened);
    }
}

fn change(kind: ChangeKind, field: &Field, breaking: bool, words: impl Into<String>) -> Change {
    Change { kind, field: field.pointer(), breaking, words: words.into() }
}

fn compare(old: &Field, new: &Field, found: &mut Vec<Change>) {
    if old.path != new.path {
        let words = format!("was {}", old.pointer());
        found.push(change(ChangeKind::Renamed, new, true, words));
    }
    if old.kind != new.kind {
        found.push(change(ChangeKind::Retyped, new, true, format!("was {:?}, is {:?}", old.kind, new.kind)));
    }
    let mut rule = |tighter: bool, looser: bool, words: &str| {
        if tighter {
            found.push(change(ChangeKind::Tightened, new, true, words));
        } else if looser {
            found.push(change(ChangeKind::Loosened, new, false, words));
        }
    };
    rule(new.required && !old.required, old.required && !new.required, "required");
    rule(new.unique && !old.unique, old.unique && !new.unique, "unique");
    rule(new.read_only && !old.read_only, old.read_only && !new.read_only, "read-only");
    let (low_new, low_old) = (new.min.unwrap_or(f64::MIN), old.min.unwrap_or(f64::MIN));
    rule(low_new > low_old, low_new < low_old, "least value or length");
    let (high_new, high_old) = (new.max.unwrap_or(f64::MAX), old.max.unwrap_or(f64::MAX));
    rule(high_new < high_old, high_new > high_old, "greatest value or length");
    rule(
        new.pattern.is_some() && new.pattern != old.pattern,
        old.pattern.is_some() && new.pattern.is_none(),
        "pattern",
    );
    let any = |field: &Field| field.choices.is_empty();
    let narrower = !any(new) && (any(old) || old.choices.iter().any(|choice| !new.choices.contains(choice)));
    let wider = !any(old) && (any(new) || new.choices.iter().any(|choice| !old.choices.contains(choice)));
    rule(narrower, wider, "values to choose from");
    rule(
        new.foreign.is_some() && new.foreign != old.foreign,
        old.foreign.is_some() && new.foreign.is_none(),
        "link to another register",
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn breaking_changes_are_told_from_harmless_ones() {
        let old = json!({"type": "object", "properties": {
            "A": {"type": "string", "id": 1}, "B": {"type": "integer", "id": 2, "maximum": 10},
            "C": {"type": "string", "id": 3, "enum": ["x", "y"]}
        }});
        let new = json!({"type": "object", "required": ["D"], "properties": {
            "AA": {"type": "string", "id": 1}, "B": {"type": "number", "id": 2, "maximum": 20},
            "C": {"type": "string", "id": 3, "enum": ["x", "y", "z"]}, "D": {"type": "string"}, "E": {"type": "string"}
        }});
        let old = Schema::read(&old, None).unwrap();
        let new = Schema::read(&new, Some(&old)).unwrap();
        let found: Vec<_> = changes(&old, &new).into_iter().map(|c| (c.kind, c.field, c.breaking)).collect();
        assert_eq!(
            found,
            [
                (ChangeKind::Renamed, "/AA".to_owned(), true),
                (ChangeKind::Retyped, "/B".to_owned(), true),
                (ChangeKind::Loosened, "/B".to_owned(), false),
                (ChangeKind::Loosened, "/C".to_owned(), false),
                (ChangeKind::Added, "/D".to_owned(), true),
                (ChangeKind::Added, "/E".to_owned(), false),
            ]
        );
    }
}
