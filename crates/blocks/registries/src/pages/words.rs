//! Names, values and faults as people read them: in the visitor's language, with the field's name in each sentence. What
//! programs are told ("is required") never stands on a page.

use serde_json::Value;
use stoa_core::{Date, FieldError, Instant};
use stoa_ui::{Html, Words};

use crate::import::{Fault, FaultKind};
use crate::model::{ChangeKind, Field, FieldKind, Schema};

/// What is wrong with an input, or with the whole form where the pointer names no input of it.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) pointer: String,
    pub(super) words: Html,
}

impl Said {
    pub(super) fn new(pointer: impl Into<String>, words: impl Into<Html>) -> Self {
        Self { pointer: pointer.into(), words: words.into() }
    }
}

/// What is wrong with the input of this pointer.
pub(super) fn said(all: &[Said], pointer: &str) -> Option<Html> {
    all.iter().find(|one| one.pointer == pointer).map(|one| one.words.clone())
}

/// What is wrong and belongs to none of these inputs: it must be said all the same.
pub(super) fn elsewhere(all: &[Said], inputs: &[String]) -> Vec<Html> {
    all.iter().filter(|one| !inputs.contains(&one.pointer)).map(|one| one.words.clone()).collect()
}

/// What people call a field.
pub(super) fn label(w: &Words, field: &Field) -> String {
    field.titles.best(w.locale().tag()).map_or_else(|| field.path.join(" / "), str::to_owned)
}

/// What people call the field at this place of a record; the place itself where there is none.
pub(super) fn field_name(w: &Words, schema: &Schema, pointer: &str) -> String {
    let field = schema.fields().iter().find(|field| field.pointer() == pointer);
    field.map_or_else(|| pointer.trim_start_matches('/').replace('/', " / "), |field| label(w, field))
}

/// What people call a value to choose from.
pub(super) fn choice_label(w: &Words, field: &Field, choice: &str) -> String {
    let title = field.choice_titles.get(choice).and_then(|titles| titles.best(w.locale().tag()));
    title.unwrap_or(choice).to_owned()
}

/// A value as people read it, whichever field it is of.
pub(super) fn plain(w: &Words, value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => w.t("registries-yes"),
        Value::Bool(false) => w.t("registries-no"),
        Value::String(text) => text.clone(),
        Value::Array(entries) => entries.iter().map(|entry| plain(w, entry)).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// A value of a field as people read it: dates in words, values to choose from by their title.
pub(super) fn text(w: &Words, field: &Field, value: &Value) -> String {
    match (field.kind, value) {
        (FieldKind::Date, Value::String(text)) => {
            text.parse::<Date>().map_or_else(|_| text.clone(), |date| w.date(date))
        }
        (FieldKind::Text, Value::String(text)) => choice_label(w, field, text),
        (FieldKind::List, Value::Array(entries)) => {
            let entries = entries
                .iter()
                .map(|entry| entry.as_str().map_or_else(|| plain(w, entry), |e| choice_label(w, field, e)));
            entries.collect::<Vec<_>>().join(", ")
        }
        _ => plain(w, value),
    }
}

/// The same as markup: a point in time carries the exact one.
pub(super) fn shown(w: &Words, field: &Field, value: &Value, most: usize) -> Html {
    if let (FieldKind::DateTime, Some(at)) = (field.kind, value.as_str().and_then(|text| text.parse::<Instant>().ok()))
    {
        return w.instant(at);
    }
    let full = text(w, field, value);
    let short: String = full.chars().take(most).collect();
    Html::isolated(if short.len() < full.len() { format!("{short}…") } else { full })
}

/// What is wrong with a record, field by field.
pub(super) fn record_faults(w: &Words, schema: &Schema, errors: &[FieldError]) -> Vec<Said> {
    errors.iter().map(|error| Said::new(&error.pointer, record_fault(w, schema, error))).collect()
}

/// What is wrong with one field of a record, and how to put it right.
pub(super) fn record_fault(w: &Words, schema: &Schema, error: &FieldError) -> Html {
    fault(w, schema, &error.pointer, error.code, &error.message)
}

fn fault(w: &Words, schema: &Schema, pointer: &str, code: &str, message: &str) -> Html {
    let field = schema.fields().iter().find(|field| field.pointer() == pointer);
    let name = field_name(w, schema, pointer);
    let with = |key: &str| Html::text(w.with(key, &[("field", name.as_str().into())]));
    match (code, field) {
        ("required", Some(field)) if is_chosen(field) => with("registries-fault-choose"),
        ("required", _) => with("registries-fault-required"),
        ("type", Some(field)) => with(type_key(field.kind)),
        ("min" | "max", Some(field)) => bound_fault(w, field, &name, code),
        ("enum", Some(_)) => with("registries-fault-choose"),
        ("pattern", Some(field)) => pattern_fault(w, field, &name),
        ("unique", _) => with("registries-fault-unique"),
        ("foreignKey", _) => with("registries-fault-foreign"),
        ("readOnly", _) => with("registries-fault-read-only"),
        ("unknown", _) => with("registries-fault-unknown"),
        ("format", Some(_)) => with("registries-fault-format"),
        _ => with("registries-fault-other").then(Html::trusted(" ")).then(Html::text(message).in_english()),
    }
}

/// Whether the form offers the field's values instead of asking for them.
fn is_chosen(field: &Field) -> bool {
    field.kind == FieldKind::Boolean || (field.kind == FieldKind::Text && !field.choices.is_empty())
}

const fn type_key(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "registries-fault-text",
        FieldKind::Number => "registries-fault-number",
        FieldKind::Integer => "registries-fault-integer",
        FieldKind::Boolean => "registries-fault-choose",
        FieldKind::Date => "registries-fault-date",
        FieldKind::DateTime => "registries-fault-datetime",
        FieldKind::Time => "registries-fault-time",
        FieldKind::List => "registries-fault-list",
    }
}

fn bound_fault(w: &Words, field: &Field, name: &str, code: &str) -> Html {
    let is_number = matches!(field.kind, FieldKind::Number | FieldKind::Integer);
    let (key, bound) = match (code, is_number) {
        ("min", true) => ("registries-fault-min", field.min),
        ("min", false) => ("registries-fault-short", field.min),
        (_, true) => ("registries-fault-max", field.max),
        (_, false) => ("registries-fault-long", field.max),
    };
    let Some(bound) = bound else {
        return Html::text(w.with("registries-fault-large", &[("field", name.into())]));
    };
    let places = if bound.fract() == 0.0 { 0 } else { bound.to_string().split('.').nth(1).map_or(0, str::len) };
    Html::text(w.with(key, &[("field", name.into()), ("bound", w.decimal(bound, places).into())]))
}

/// An example says more than a regular expression.
fn pattern_fault(w: &Words, field: &Field, name: &str) -> Html {
    match field.example.as_ref().and_then(Value::as_str) {
        Some(example) => {
            Html::text(w.with("registries-fault-example", &[("field", name.into()), ("example", example.into())]))
        }
        None => {
            let pattern = field.pattern.as_ref().map_or("", |pattern| pattern.as_str());
            Html::text(w.with("registries-fault-pattern", &[("field", name.into())]))
                .then(Html::trusted(" "))
                .then(Html::code(pattern))
        }
    }
}

/// What is wrong with a row of a file: of the record, or of the file itself.
pub(super) fn row_fault(w: &Words, schema: &Schema, pointer: &str, code: &str) -> Html {
    let field = schema.fields().iter().find(|field| field.pointer() == pointer);
    if let ("wrong_type", Some(field)) = (code, field) {
        return Html::text(w.with(type_key(field.kind), &[("field", label(w, field).into())]));
    }
    let key = format!("registries-file-{}", code.replace('_', "-"));
    if w.has(&key) { Html::text(w.t(&key)) } else { fault(w, schema, pointer, code, "") }
}

/// A fault of a file with its place.
pub(super) fn file_fault(w: &Words, fault: &Fault) -> Html {
    let place = match fault.column {
        Some(column) => w.with("registries-file-column", &[("line", fault.line.into()), ("column", column.into())]),
        None => w.with("registries-file-line", &[("line", fault.line.into())]),
    };
    let field = fault.field.as_ref().map(|field| format!(" {}:", field.replace('/', " / "))).unwrap_or_default();
    let sentence = w.t(&format!("registries-file-{}", fault.kind.code().replace('_', "-")));
    let words = Html::text(format!("{place}{field} {sentence}"));
    match detail(&fault.kind) {
        Some(detail) => words.then(Html::trusted(" ")).then(Html::code(detail)),
        None => words,
    }
}

/// What the file has at the place.
fn detail(kind: &FaultKind) -> Option<String> {
    match kind {
        FaultKind::NotUtf8 { value, .. } => Some(format!("{value:#04x}")),
        FaultKind::DuplicateColumn(name) => Some(name.clone()),
        FaultKind::Ragged { expected, found } => Some(format!("{found} ≠ {expected}")),
        FaultKind::WrongType { given, .. } => Some(given.clone()),
        _ => None,
    }
}

/// What a new version changes, with the rule that it is about.
pub(super) fn change(w: &Words, kind: ChangeKind, words: &str) -> Html {
    let key = match kind {
        ChangeKind::Added => "registries-change-added",
        ChangeKind::Removed => "registries-change-removed",
        ChangeKind::Renamed => "registries-change-renamed",
        ChangeKind::Retyped => "registries-change-retyped",
        ChangeKind::Tightened => "registries-change-tightened",
        ChangeKind::Loosened => "registries-change-loosened",
        ChangeKind::Marked => "registries-change-marked",
    };
    if !matches!(kind, ChangeKind::Tightened | ChangeKind::Loosened | ChangeKind::Marked) {
        return Html::text(w.t(key));
    }
    let said = Html::text(w.t(key)).then(Html::text(": "));
    let Some(rule) = rule_key(words) else { return said.then(Html::text(words).in_english()) };
    let rule = w.t(rule);
    match words.split_once("together with ") {
        Some((_, others)) => said.then(Html::text(rule)).then(Html::trusted(" ")).then(Html::code(others)),
        None if words.contains("no longer") => {
            said.then(Html::text(w.with("registries-no-longer", &[("rule", rule.into())])))
        }
        None => said.then(Html::text(rule)),
    }
}

/// The rule or mark, as the designer's own form calls it.
fn rule_key(words: &str) -> Option<&'static str> {
    Some(match words {
        "required" => "registries-rule-required",
        "unique" => "registries-rule-unique",
        words if words.starts_with("unique together with ") => "registries-rule-unique",
        "read-only" => "registries-rule-read-only",
        "least value or length" => "registries-field-min",
        "greatest value or length" => "registries-field-max",
        "pattern" => "registries-field-pattern",
        "values to choose from" => "registries-field-choices",
        "link to another register" => "registries-field-link",
        "names the record" | "no longer names the record" => "registries-rule-primary",
        "holds personal data" | "no longer holds personal data; its reads go on to be recorded" => {
            "registries-field-personal"
        }
        "names the person whose data it is" | "no longer names the person whose data it is" => {
            "registries-field-personal-id"
        }
        "is found by the search" | "is no longer found by the search" => "registries-field-fulltext",
        "is numbered by the register" | "is no longer numbered by the register" | "is numbered by another template" => {
            "registries-field-numbering"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Content, changes};
    use serde_json::json;
    use stoa_ui::{Locale, Texts};

    /// A schema with a field for each rule that can refuse a value, and values that break each.
    fn broken() -> (Schema, Vec<FieldError>) {
        let schema = json!({"type": "object", "required": ["needed", "picked"], "properties": {
            "needed": {"type": "string"}, "picked": {"type": "string", "enum": ["a"]},
            "text": {"type": "string"}, "number": {"type": "number"}, "whole": {"type": "integer"},
            "truth": {"type": "boolean"}, "day": {"type": "string", "format": "date"},
            "moment": {"type": "string", "format": "date-time"}, "hour": {"type": "string", "format": "time"},
            "list": {"type": "array", "items": {"type": "string"}}, "least": {"type": "number", "minimum": 2.5},
            "most": {"type": "integer", "maximum": 10}, "short": {"type": "string", "minLength": 3},
            "long": {"type": "string", "maxLength": 3}, "huge": {"type": "string"},
            "shape": {"type": "string", "pattern": "[A-Z]{2}"},
            "form": {"type": "string", "pattern": "[A-Z]{2}", "example": "AB"},
            "given": {"type": "string", "readOnly": true}, "nul": {"type": "string"}
        }});
        let schema = Schema::read(&schema, None).unwrap();
        let wrong = json!({"text": 1, "number": "x", "whole": 1.5, "truth": "x", "day": "2023-02-29", "moment": "x",
            "hour": "25:00", "list": [1], "least": 1, "most": 11, "short": "a", "long": "abcd",
            "huge": "a".repeat(100_001), "shape": "a", "form": "a", "given": "x", "nul": "\0", "other": 1});
        let errors = Content::read(&schema, &wrong, None, "").unwrap_err();
        (schema, errors)
    }

    #[test]
    fn every_refusal_of_a_record_is_a_sentence_about_its_field_in_every_language() {
        let (schema, mut errors) = broken();
        assert!(errors.len() >= 19, "{errors:?}");
        for (pointer, code) in [("/text", "unique"), ("/text", "foreignKey")] {
            errors.push(FieldError { pointer: pointer.to_owned(), code, message: "in English".to_owned() });
        }
        let texts = Texts::new(super::super::CATALOGUES);
        for locale in Locale::ALL {
            let w = texts.words(locale);
            for error in &errors {
                let words = record_fault(&w, &schema, error).into_string();
                assert!(
                    !words.contains("lang=\"en\""),
                    "{locale}: {} of {} has no sentence",
                    error.code,
                    error.pointer
                );
                assert!(words.contains(error.pointer.trim_start_matches('/')), "{locale}: {words} names no field");
                assert!(locale == Locale::En || !words.contains("must"), "{locale}: {words}");
            }
        }
        let w = texts.words(Locale::En);
        let odd = FieldError { pointer: "/text".to_owned(), code: "newest", message: "is odd".to_owned() };
        let words = record_fault(&w, &schema, &odd).into_string();
        assert!(words.contains("<span lang=\"en\" dir=\"ltr\">is odd</span>"), "{words}");
    }

    #[test]
    fn every_fault_of_a_file_is_said_in_every_language() {
        let text = |text: &str| text.to_owned();
        let kinds = [
            FaultKind::Unreadable(text("x")),
            FaultKind::Empty,
            FaultKind::NotUtf8 { byte: 1, value: 233 },
            FaultKind::QuoteInside,
            FaultKind::AfterQuote,
            FaultKind::OpenQuote,
            FaultKind::NamelessColumn(1),
            FaultKind::DuplicateColumn(text("x")),
            FaultKind::TooManyColumns,
            FaultKind::Ragged { expected: 2, found: 3 },
            FaultKind::LongField,
            FaultKind::LongRecord,
            FaultKind::Formula,
            FaultKind::NotJson(text("x")),
            FaultKind::NotRecords,
            FaultKind::WrongType { given: text("many"), expected: "a whole number" },
            FaultKind::KeyMissing,
            FaultKind::Refused(text("x")),
        ];
        let texts = Texts::new(super::super::CATALOGUES);
        for locale in Locale::ALL {
            for kind in kinds.clone() {
                let words = file_fault(&texts.words(locale), &kind.clone().at(3, 4)).into_string();
                assert!(!words.contains("registries-"), "{locale}: {kind:?}: {words}");
            }
        }
    }

    #[test]
    fn every_rule_that_a_version_changes_has_a_name() {
        let old = json!({"type": "object", "properties": {
            "a": {"type": "string", "id": 1}, "b": {"type": "string", "id": 2}}});
        let new = json!({"type": "object", "required": ["a"], "fieldsUniques": [["a", "b"]], "properties": {
            "a": {"type": "string", "id": 1,
                "unique": true, "readOnly": true, "minLength": 1, "maxLength": 9, "pattern": "x", "enum": ["x"],
                "primaryKey": true, "personalData": true, "isFulltext": true, "numberFormat": "{indexNoByCode}",
                "foreignKeys": [{"databaseKey": "1", "values": [{"fieldKey": "1"}]}]},
            "b": {"type": "string", "id": 2, "personalDataId": true}}});
        let (old, new) = (Schema::read(&old, None).unwrap(), Schema::read(&new, None).unwrap());
        let w = Texts::new(super::super::CATALOGUES).words(Locale::En);
        for found in changes(&old, &new).into_iter().chain(changes(&new, &old)) {
            let words = change(&w, found.kind, &found.words).into_string();
            assert!(!words.contains("lang="), "{words}");
        }
        let marked = change(&w, ChangeKind::Marked, "is no longer found by the search").into_string();
        assert_eq!(marked, "The field is treated differently: no longer: Found by the search");
        let gone = change(&w, ChangeKind::Loosened, "link to another register").into_string();
        assert_eq!(gone, "A rule allows more than before: Links to register");
    }
}
