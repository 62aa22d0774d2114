//! A field of a draft as a form shows it and as it was typed. What nobody touches stays exactly as it was, also what the
//! form has no better way to show.

use std::collections::BTreeMap;

use serde_json::Value;
use stoa_ui::{Locale, Words};
use stoa_web::FormFields;

use super::words::Said;
use crate::model::{Field, FieldKind, ForeignKey, Numbering, Pattern};

pub(super) const KINDS: [(&str, FieldKind); 8] = [
    ("text", FieldKind::Text),
    ("integer", FieldKind::Integer),
    ("number", FieldKind::Number),
    ("boolean", FieldKind::Boolean),
    ("date", FieldKind::Date),
    ("datetime", FieldKind::DateTime),
    ("time", FieldKind::Time),
    ("list", FieldKind::List),
];

pub(super) const FLAGS: [(&str, &str); 7] = [
    ("required", "registries-field-required"),
    ("unique", "registries-field-unique"),
    ("primaryKey", "registries-field-primary"),
    ("readOnly", "registries-field-read-only"),
    ("fulltext", "registries-field-fulltext"),
    ("personalData", "registries-field-personal"),
    ("personalDataId", "registries-field-personal-id"),
];

/// Inputs that hold one text each.
const TEXTS: [&str; 9] = ["name", "kind", "description", "example", "min", "max", "pattern", "choices", "foreign"];
const NUMBERING: &str = "numbering";

/// The input for a field's title in one language.
pub(super) fn title_input(locale: Locale) -> String {
    format!("title-{locale}")
}

/// What the form shows: as typed, or as the field is.
#[derive(Default, Clone)]
pub(super) struct Typed {
    texts: BTreeMap<String, String>,
    flags: Vec<&'static str>,
}

impl Typed {
    /// What an empty form shows.
    pub(super) fn empty() -> Self {
        Self { texts: BTreeMap::from([("kind".to_owned(), "text".to_owned())]), flags: Vec::new() }
    }

    /// What was sent; inputs that the form did not have stay as they were.
    pub(super) fn of_form(sent: &FormFields, before: &Self) -> Self {
        let mut texts = before.texts.clone();
        let titles = Locale::ALL.map(title_input);
        for name in TEXTS.into_iter().chain([NUMBERING]).chain(titles.iter().map(String::as_str)) {
            if let Some(text) = sent.sent(name) {
                texts.insert(name.to_owned(), text.to_owned());
            }
        }
        let flags = FLAGS.iter().map(|(flag, _)| *flag).filter(|flag| sent.all("rules").any(|rule| rule == *flag));
        Self { texts, flags: flags.collect() }
    }

    pub(super) fn of_field(field: &Field) -> Self {
        let bound = |bound: Option<f64>| bound.map_or_else(String::new, |bound| bound.to_string());
        let held = [
            field.required,
            field.unique,
            field.primary_key,
            field.read_only,
            field.fulltext,
            field.personal,
            field.personal_id,
        ];
        let own = [
            field.path.join("/"),
            KINDS.iter().find(|(_, kind)| *kind == field.kind).map_or("text", |(word, _)| word).to_owned(),
            field.description.clone(),
            field.example.as_ref().map_or_else(String::new, example_text),
            bound(field.min),
            bound(field.max),
            field.pattern.as_ref().map_or_else(String::new, |pattern| pattern.as_str().to_owned()),
            field.choices.join("\n"),
            field.foreign.as_ref().map_or_else(String::new, |key| format!("{}/{}", key.register, key.field)),
        ];
        let mut texts: BTreeMap<String, String> =
            TEXTS.into_iter().zip(own).map(|(name, text)| (name.to_owned(), tidy(&text))).collect();
        let numbering = field.numbering.as_ref().map_or_else(String::new, |numbering| tidy(&numbering.0));
        texts.insert(NUMBERING.to_owned(), numbering);
        for locale in Locale::ALL {
            texts.insert(title_input(locale), tidy(field.titles.exactly(locale.tag()).unwrap_or_default()));
        }
        let flags = FLAGS.iter().zip(held).filter(|(_, holds)| *holds).map(|((flag, _), _)| *flag).collect();
        Self { texts, flags }
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.texts.get(name).map_or("", String::as_str)
    }

    pub(super) fn has(&self, flag: &str) -> bool {
        self.flags.contains(&flag)
    }

    pub(super) fn kind(&self) -> FieldKind {
        KINDS.iter().find(|(word, _)| *word == self.text("kind")).map_or(FieldKind::Text, |(_, kind)| *kind)
    }

    /// The field that was typed, or what is wrong with it; `before` is the field that it replaces.
    pub(super) fn read(&self, w: &Words, before: Option<&Field>) -> Result<Field, Vec<Said>> {
        let mut reading = Reading { w, typed: self, shown: before.map(Self::of_field), faults: Vec::new() };
        let kind = self.kind();
        let old = before.filter(|before| before.kind == kind);
        let field = Field {
            id: before.map_or(0, |field| field.id),
            path: reading.path(before),
            kind,
            description: reading.kept("description", before.map(|field| field.description.clone()), str::to_owned),
            example: reading.example(kind, old),
            required: self.has("required"),
            unique: self.has("unique"),
            primary_key: self.has("primaryKey"),
            read_only: self.has("readOnly"),
            min: reading.bound("min", kind, old, before.and_then(|field| field.min)),
            max: reading.bound("max", kind, old, before.and_then(|field| field.max)),
            pattern: reading.pattern(kind, old),
            choices: reading.choices(kind, old),
            foreign: reading.foreign(before),
            numbering: reading.numbering(kind, old),
            personal: self.has("personalData") || self.has("personalDataId"),
            personal_id: self.has("personalDataId"),
            fulltext: self.has("fulltext"),
            titles: reading.titles(before),
            choice_titles: before.map(|field| field.choice_titles.clone()).unwrap_or_default(),
        };
        if let (Some(least), Some(most)) = (field.min, field.max)
            && least > most
        {
            reading.refuse("/max", w.t("registries-bounds-wrong"));
        }
        if field.required && field.read_only && field.numbering.is_none() {
            reading.refuse("/rules", w.t("registries-field-unfillable"));
        }
        if reading.faults.is_empty() { Ok(field) } else { Err(reading.faults) }
    }
}

/// Whether values of this type have a least and a greatest one, or a length.
pub(super) const fn has_bounds(kind: FieldKind) -> bool {
    matches!(kind, FieldKind::Text | FieldKind::Integer | FieldKind::Number | FieldKind::List)
}

/// Whether values of this type are texts that a pattern or a list of choices can bind.
pub(super) const fn has_texts(kind: FieldKind) -> bool {
    matches!(kind, FieldKind::Text | FieldKind::List)
}

/// A form that is being read.
struct Reading<'a> {
    w: &'a Words,
    typed: &'a Typed,
    shown: Option<Typed>,
    faults: Vec<Said>,
}

impl Reading<'_> {
    fn refuse(&mut self, pointer: &str, words: String) {
        self.faults.push(Said::new(pointer, words));
    }

    fn untouched(&self, name: &str) -> bool {
        self.shown.as_ref().is_some_and(|shown| shown.text(name) == self.typed.text(name))
    }

    /// What was there, where nobody touched it; else what was typed.
    fn kept<T>(&self, name: &str, before: Option<T>, read: impl FnOnce(&str) -> T) -> T {
        match before {
            Some(before) if self.untouched(name) => before,
            _ => read(self.typed.text(name)),
        }
    }

    fn path(&mut self, before: Option<&Field>) -> Vec<String> {
        let path = self.kept("name", before.map(|field| field.path.clone()), |text| {
            text.split('/').map(|part| part.trim().to_owned()).collect()
        });
        if path.iter().any(String::is_empty) {
            self.refuse("/name", self.w.t("registries-field-name-missing"));
        }
        path
    }

    /// An example that does not fit the type is refused, and never thrown away in silence.
    fn example(&mut self, kind: FieldKind, old: Option<&Field>) -> Option<Value> {
        if let Some(old) = old
            && self.untouched("example")
        {
            return old.example.clone();
        }
        let text = self.typed.text("example");
        if text.is_empty() {
            return None;
        }
        let value = match kind {
            FieldKind::Integer | FieldKind::Number => {
                serde_json::from_str(text).ok().filter(Value::is_number).unwrap_or_else(|| Value::from(text))
            }
            FieldKind::Boolean => text.parse::<bool>().map_or_else(|_| Value::from(text), Value::Bool),
            FieldKind::List => text.lines().map(str::trim).filter(|line| !line.is_empty()).collect(),
            _ => Value::from(text),
        };
        let probe = Field { kind, ..plain_field() };
        if probe.normal(&value).is_none() {
            self.refuse("/example", self.w.t("registries-field-example-wrong"));
        }
        Some(value)
    }

    fn bound(&mut self, name: &str, kind: FieldKind, old: Option<&Field>, before: Option<f64>) -> Option<f64> {
        if self.untouched(name) && (old.is_some() || has_bounds(kind)) {
            return before;
        }
        let text = self.typed.text(name);
        if text.is_empty() || !has_bounds(kind) {
            return None;
        }
        // "1,000" is a thousand in one language and one in another: the comma is read where it is the decimal mark.
        let written = if self.w.locale() == Locale::Fr { text.replace(',', ".") } else { text.to_owned() };
        let number = written.parse::<f64>().ok().filter(|number| number.is_finite());
        if number.is_none() {
            self.refuse(&format!("/{name}"), self.w.t("registries-number-wrong"));
        }
        number
    }

    fn pattern(&mut self, kind: FieldKind, old: Option<&Field>) -> Option<Pattern> {
        if let Some(old) = old
            && self.untouched("pattern")
        {
            return old.pattern.clone();
        }
        let text = self.typed.text("pattern");
        if text.is_empty() || !has_texts(kind) {
            return None;
        }
        match Pattern::new(text) {
            Ok(pattern) => Some(pattern),
            Err(reason) => {
                let words = stoa_ui::Html::text(self.w.t("registries-pattern-wrong"));
                let words = words.then(" ").then(stoa_ui::Html::text(reason).in_english());
                self.faults.push(Said::new("/pattern", words));
                None
            }
        }
    }

    fn choices(&mut self, kind: FieldKind, old: Option<&Field>) -> Vec<String> {
        if let Some(old) = old
            && self.untouched("choices")
        {
            return old.choices.clone();
        }
        if !has_texts(kind) {
            return Vec::new();
        }
        let lines = self.typed.text("choices").lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(str::to_owned).collect()
    }

    fn foreign(&self, before: Option<&Field>) -> Option<ForeignKey> {
        self.kept("foreign", before.map(|field| field.foreign.clone()), |text| {
            let (register, field) = text.split_once('/')?;
            Some(ForeignKey { register: register.parse().ok()?, field: field.parse().ok()? })
        })
    }

    fn numbering(&mut self, kind: FieldKind, old: Option<&Field>) -> Option<Numbering> {
        if let Some(old) = old
            && self.untouched(NUMBERING)
        {
            return old.numbering.clone();
        }
        let text = self.typed.text(NUMBERING);
        if text.is_empty() || kind != FieldKind::Text {
            return None;
        }
        if !text.contains("{indexNoByCode}") {
            self.refuse("/numbering", self.w.t("registries-numbering-wrong"));
        }
        Some(Numbering(text.to_owned()))
    }

    fn titles(&self, before: Option<&Field>) -> crate::model::Titles {
        let mut titles = before.map(|field| field.titles.clone()).unwrap_or_default();
        for locale in Locale::ALL {
            let name = title_input(locale);
            if !self.untouched(&name) {
                titles.set(locale.tag(), self.typed.text(&name));
            }
        }
        titles
    }
}

fn example_text(example: &Value) -> String {
    match example {
        Value::String(text) => text.clone(),
        Value::Array(entries) if entries.iter().all(Value::is_string) => {
            entries.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
        }
        other => other.to_string(),
    }
}

/// As a browser sends a text back that nobody touched.
fn tidy(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").trim().to_owned()
}

/// A field without any rule.
fn plain_field() -> Field {
    Field {
        id: 0,
        path: Vec::new(),
        kind: FieldKind::Text,
        description: String::new(),
        example: None,
        required: false,
        unique: false,
        primary_key: false,
        read_only: false,
        min: None,
        max: None,
        pattern: None,
        choices: Vec::new(),
        foreign: None,
        numbering: None,
        personal: false,
        personal_id: false,
        fulltext: false,
        titles: crate::model::Titles::default(),
        choice_titles: BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Schema;
    use proptest::prelude::*;
    use serde_json::json;
    use stoa_ui::Texts;

    fn words() -> Words {
        Texts::new(super::super::CATALOGUES).words(Locale::En)
    }

    /// The schema with this field as its only one.
    fn schema_of(field: Field) -> Value {
        let mut schema = Schema::default();
        schema.put(field);
        schema.to_json()
    }

    /// Any keywords that the schema takes, of any type, with texts that no form likes.
    fn keywords() -> impl Strategy<Value = Value> {
        let text = || prop::sample::select(vec!["", " a ", "b\r\nc", "7", "true", "x,y", "ٱلاسم", "a/b", "2026-11-24"]);
        let kind = prop::sample::select(vec![
            json!({"type": "string"}),
            json!({"type": "integer"}),
            json!({"type": "number"}),
            json!({"type": "boolean"}),
            json!({"type": "string", "format": "date"}),
            json!({"type": "string", "format": "date-time"}),
            json!({"type": "string", "format": "time"}),
            json!({"type": "array", "items": {"type": "string"}}),
        ]);
        let flags = prop::collection::vec(any::<bool>(), 6);
        let bounds = (prop::option::of(-5.0..5.0_f64), prop::option::of(5..90_i64));
        let texts = (text(), text(), prop::option::of(text()), prop::collection::vec(text(), 0..3));
        let rest = (any::<bool>(), any::<bool>(), any::<bool>(), text());
        (kind, flags, bounds, texts, rest).prop_map(|(mut field, flags, (min, max), texts, rest)| {
            let names = ["primaryKey", "readOnly", "unique", "isFulltext", "personalData", "personalDataId"];
            for (name, flag) in names.into_iter().zip(flags) {
                field[name] = json!(flag);
            }
            let (low, high) = match field["type"].as_str() {
                Some("integer" | "number") => ("minimum", "maximum"),
                _ => ("minLength", "maxLength"),
            };
            if let Some(min) = min {
                field[low] = json!(min);
            }
            if let Some(max) = max {
                field[high] = json!(max);
            }
            let (description, pattern, example, choices) = texts;
            field["description"] = json!(description);
            field["pattern"] = json!(pattern);
            if let Some(example) = example {
                field["example"] = json!(example);
            }
            if !choices.is_empty() {
                field["enum"] = json!(choices);
                field["x-enumTitles"] = json!({"7": {"fr": "Sept"}});
            }
            let (linked, numbered, listed, title) = rest;
            if linked {
                field["foreignKeys"] = json!([{"databaseKey": "12", "values": [{"fieldKey": "3"}]}]);
            }
            if numbered {
                field["numberFormat"] = json!(" {code}-{indexNoByCode} ");
            }
            if listed {
                field["example"] = json!(["a", "b\nc"]);
            }
            field["title"] = json!(title);
            field["x-titles"] = json!({"ar": " اسم ", "de": "Name"});
            field
        })
    }

    proptest! {
        #[test]
        fn saving_an_untouched_field_changes_nothing(keywords in keywords(), required: bool, nested: bool) {
            let mut schema = json!({"type": "object", "properties": {" odd name ": keywords}});
            if required {
                schema["required"] = json!([" odd name "]);
            }
            if nested {
                schema = json!({"type": "object", "properties": {"outer": schema}});
            }
            // What the schema itself refuses no form can hold.
            let Ok(schema) = Schema::read(&schema, None) else { return Ok(()) };
            let field = schema.fields().first().unwrap();
            let read = Typed::of_field(field).read(&words(), Some(field));
            if field.required && field.read_only && field.numbering.is_none() {
                prop_assert!(read.is_err());
            } else {
                let read = read.map_err(|faults| TestCaseError::fail(format!("{faults:?}")))?;
                prop_assert_eq!(schema_of(read), schema_of(field.clone()));
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_and_not_dropped() {
        let typed = |pairs: &[(&str, &str)]| {
            let mut typed = Typed::empty();
            typed.texts.extend(pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
            typed
        };
        let refused = |pairs: &[(&str, &str)]| {
            let faults = typed(pairs).read(&words(), None).unwrap_err();
            faults.into_iter().map(|fault| fault.pointer).collect::<Vec<_>>()
        };
        assert_eq!(refused(&[("name", "a"), ("kind", "integer"), ("example", "many")]), ["/example"]);
        assert_eq!(refused(&[("name", "a"), ("min", "1,000")]), ["/min"]);
        assert_eq!(refused(&[("name", "a"), ("numbering", "no counter")]), ["/numbering"]);
        let mut stuck = typed(&[("name", "a")]);
        stuck.flags = vec!["required", "readOnly"];
        assert_eq!(stuck.read(&words(), None).unwrap_err()[0].pointer, "/rules");
        stuck.texts.insert("numbering".to_owned(), "{indexNoByCode}".to_owned());
        assert!(stuck.read(&words(), None).is_ok(), "the register fills it in");
        let list = typed(&[("name", "a"), ("kind", "list"), ("example", "x\ny")]).read(&words(), None).unwrap();
        assert_eq!(list.example, Some(json!(["x", "y"])));
    }
}
