//! Reading a schema: the GovStack dialect of JSON Schema.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::field::{Field, FieldKind, ForeignKey, Numbering, Pattern};
use super::keywords::{Faults, Keywords, escaped};
use super::schema::FIELDS_MAX;
use super::titles::{self, Titles};

/// Objects inside objects at most.
const DEPTH_MAX: usize = 8;
const NAME_CHARS_MAX: usize = 100;
/// What a template of numbers must hold.
const INDEX: &str = "{indexNoByCode}";

/// A schema's fields as they were read, before they have their ids.
#[derive(Default)]
pub(super) struct Reading {
    pub(super) fields: Vec<Field>,
    pub(super) increment: i64,
    /// Groups of fields by their places, with the place of the group itself.
    pub(super) groups: Vec<(String, Vec<Vec<String>>)>,
    pub(super) faults: Faults,
}

pub(super) fn read(value: &Value) -> Reading {
    let mut reading = Reading::default();
    reading.object(value, &[], "", 0);
    let mut keys = reading.fields.iter().filter(|field| field.primary_key);
    if let (Some(_), Some(second)) = (keys.next(), keys.next()) {
        let place = format!("{}/primaryKey", place_of(&second.path));
        reading.faults.refuse(place, "max", "one field names a record; group others under fieldsUniques");
    }
    reading
}

/// The place of a field in its schema, as a JSON Pointer.
pub(super) fn place_of(path: &[String]) -> String {
    path.iter().map(|name| format!("/properties/{}", escaped(name))).collect()
}

impl Reading {
    fn object(&mut self, value: &Value, path: &[String], pointer: &str, depth: usize) {
        let Some(object) = value.as_object() else {
            return self.faults.refuse(pointer, "type", "must be an object");
        };
        let mut keys = Keywords::of(object, pointer.to_owned());
        if keys.text("type", &mut self.faults).is_some_and(|kind| kind != "object") {
            self.faults.refuse(keys.place("type"), "enum", "must be object, since it has properties");
        }
        let properties = keys.any("properties").and_then(Value::as_object);
        let required = keys.texts("required", &mut self.faults);
        keys.text("description", &mut self.faults);
        keys.any("example");
        keys.count("id", 0, &mut self.faults);
        if keys.flag("additionalProperties", &mut self.faults) == Some(true) {
            self.faults.refuse(
                keys.place("additionalProperties"),
                "enum",
                "a record has the fields of its schema only",
            );
        }
        if depth == 0 {
            self.increment = keys.count("incrementIndex", 0, &mut self.faults).unwrap_or(0);
            let groups = keys.list("fieldsUniques", &mut self.faults);
            self.groups(groups, &keys.place("fieldsUniques"));
        }
        let Some(properties) = properties else {
            return self.faults.refuse(keys.place("properties"), "required", "must be an object of fields");
        };
        if depth > DEPTH_MAX {
            return self.faults.refuse(pointer, "max", format!("objects lie at most {DEPTH_MAX} deep"));
        }
        for name in required.iter().filter(|name| !properties.contains_key(*name)) {
            self.faults.refuse(keys.place("required"), "unknown", format!("there is no field `{name}`"));
        }
        keys.refuse_others(&mut self.faults);
        for (name, property) in properties {
            let here = format!("{pointer}/properties/{}", escaped(name));
            if !is_name(name) {
                let words = "a field's name has 1 to 100 characters, without / and control characters";
                self.faults.refuse(here, "name", words);
                continue;
            }
            if self.fields.len() >= FIELDS_MAX {
                return self.faults.refuse(pointer, "max", format!("a register has at most {FIELDS_MAX} fields"));
            }
            let place = [path, std::slice::from_ref(name)].concat();
            match property.as_object() {
                Some(object) if object.contains_key("properties") => self.object(property, &place, &here, depth + 1),
                Some(object) => self.field(object, place, &here, required.contains(name)),
                None => self.faults.refuse(here, "type", "must be an object with the rules of the field"),
            }
        }
    }

    fn groups(&mut self, groups: Option<&Vec<Value>>, pointer: &str) {
        for (index, group) in groups.into_iter().flatten().enumerate() {
            let place = format!("{pointer}/{index}");
            let names = group.as_array().map(|names| names.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
            let Some(Some(names)) = names else {
                self.faults.refuse(place, "type", "must be a list of fields' names");
                continue;
            };
            let split = |name: &str| name.trim_start_matches('/').split('/').map(str::to_owned).collect();
            let paths: Vec<Vec<String>> = names.into_iter().filter(|name| !name.is_empty()).map(split).collect();
            if !paths.is_empty() {
                self.groups.push((place, paths));
            }
        }
    }

    fn field(&mut self, object: &Map<String, Value>, path: Vec<String>, pointer: &str, required: bool) {
        let mut keys = Keywords::of(object, pointer.to_owned());
        let faults = &mut self.faults;
        let Some(kind) = read_kind(&mut keys, faults) else { return };
        let primary_key = keys.flag("primaryKey", faults).unwrap_or(false);
        let personal_id = keys.flag("personalDataId", faults).unwrap_or(false);
        let (min, max) = read_bounds(&mut keys, kind, faults);
        let field = Field {
            id: keys.count("id", 1, faults).unwrap_or(0),
            path,
            kind,
            description: keys.text("description", faults).unwrap_or("").to_owned(),
            example: keys.any("example").cloned(),
            required,
            // A field that names the record is unique unless the register says that its old data is not.
            unique: keys.flag("unique", faults).unwrap_or(primary_key),
            primary_key,
            read_only: keys.flag("readOnly", faults).unwrap_or(false),
            min,
            max,
            pattern: read_pattern(&mut keys, kind, faults),
            choices: read_choices(&mut keys, kind, faults),
            foreign: read_foreign(&mut keys, kind, faults),
            numbering: read_numbering(&mut keys, kind, faults),
            personal: keys.flag("personalData", faults).unwrap_or(false) || personal_id,
            personal_id,
            fulltext: keys.flag("isFulltext", faults).unwrap_or(false),
            titles: read_titles(&mut keys, faults),
            choice_titles: read_choice_titles(&mut keys, faults),
        };
        if kind == FieldKind::List && primary_key {
            faults.refuse(keys.place("primaryKey"), "type", "a list cannot name a record");
        }
        if required && field.read_only && field.numbering.is_none() {
            let words = "no record could ever have this required field: nothing fills it in";
            faults.refuse(keys.place("readOnly"), "required", words);
        }
        keys.refuse_others(faults);
        self.fields.push(field);
    }
}

fn is_name(name: &str) -> bool {
    !name.trim().is_empty()
        && name.chars().count() <= NAME_CHARS_MAX
        && !name.contains('/')
        && !name.chars().any(char::is_control)
}

fn read_kind(keys: &mut Keywords<'_>, faults: &mut Faults) -> Option<FieldKind> {
    let kind = keys.any("type").and_then(Value::as_str);
    let format = keys.text("format", faults);
    let found = match kind {
        Some("string") => match format {
            Some("date") => FieldKind::Date,
            Some("date-time" | "datetime") => FieldKind::DateTime,
            Some("time") => FieldKind::Time,
            _ => FieldKind::Text,
        },
        Some("text") => FieldKind::Text,
        Some("number") => FieldKind::Number,
        Some("integer") => FieldKind::Integer,
        Some("boolean") => FieldKind::Boolean,
        Some("array") => FieldKind::List,
        _ => {
            let words = "must be string, number, integer, boolean, array (of texts) or object; string with format date, \
                         date-time or time";
            faults.refuse(keys.place("type"), "enum", words);
            return None;
        }
    };
    let known = match (kind, format) {
        (_, None) | (Some("number"), Some("float" | "double")) | (Some("integer"), Some("int64")) => true,
        (Some("string"), Some(_)) => found != FieldKind::Text,
        _ => false,
    };
    if !known {
        faults.refuse(
            keys.place("format"),
            "enum",
            "is checked for no such format; use date, date-time, time or a pattern",
        );
    }
    if let Some(items) = keys.any("items")
        && (found != FieldKind::List || *items != serde_json::json!({"type": "string"}))
    {
        faults.refuse(keys.place("items"), "enum", "must be {\"type\": \"string\"}: a list holds texts");
    }
    Some(found)
}

const fn is_number(kind: FieldKind) -> bool {
    matches!(kind, FieldKind::Number | FieldKind::Integer)
}

const fn is_text(kind: FieldKind) -> bool {
    matches!(kind, FieldKind::Text | FieldKind::List)
}

/// The least and the greatest value, or length, each under one of its names.
fn read_bounds(keys: &mut Keywords<'_>, kind: FieldKind, faults: &mut Faults) -> (Option<f64>, Option<f64>) {
    let mut bound = |names: [&'static str; 3]| {
        let [value_name, length_name, either] = names;
        let mut found = None;
        for name in [value_name, length_name, either] {
            let number = if name == length_name {
                #[expect(clippy::cast_precision_loss, reason = "a length beyond 2^53 bounds nothing")]
                keys.count(name, 0, faults).map(|length| length as f64)
            } else {
                keys.number(name, faults)
            };
            let Some(number) = number else { continue };
            let fits = match name {
                _ if name == value_name => is_number(kind),
                _ if name == length_name => is_text(kind),
                _ => is_number(kind) || is_text(kind),
            };
            if !fits {
                faults.refuse(keys.place(name), "type", "bounds no value of this type");
            } else if found.replace(number).is_some() {
                faults.refuse(keys.place(name), "unique", "is given under two names");
            }
        }
        found
    };
    let (min, max) = (bound(["minimum", "minLength", "min"]), bound(["maximum", "maxLength", "max"]));
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        faults.refuse(keys.place("max"), "min", "is less than the field's least value");
    }
    (min, max)
}

fn read_titles(keys: &mut Keywords<'_>, faults: &mut Faults) -> Titles {
    let (title, others) = (keys.any("title"), keys.any("x-titles"));
    let titles = Titles::read(title, others).map_err(|words| faults.refuse(keys.place("title"), "title", words));
    titles.unwrap_or_default()
}

fn read_choice_titles(keys: &mut Keywords<'_>, faults: &mut Faults) -> BTreeMap<String, Titles> {
    let titles = titles::of_choices(keys.any("x-enumTitles"));
    titles.map_err(|words| faults.refuse(keys.place("x-enumTitles"), "title", words)).unwrap_or_default()
}

fn read_pattern(keys: &mut Keywords<'_>, kind: FieldKind, faults: &mut Faults) -> Option<Pattern> {
    let text = keys.text("pattern", faults)?;
    if !is_text(kind) {
        faults.refuse(keys.place("pattern"), "type", "is for texts only");
        return None;
    }
    Pattern::new(text).map_err(|reason| faults.refuse(keys.place("pattern"), "pattern", reason)).ok()
}

fn read_choices(keys: &mut Keywords<'_>, kind: FieldKind, faults: &mut Faults) -> Vec<String> {
    let choices = keys.texts("enum", faults);
    if !choices.is_empty() && !is_text(kind) {
        faults.refuse(keys.place("enum"), "type", "is for texts only");
    }
    choices
}

/// The number that new records get: the `set-value` trigger for an empty field is the one trigger of the core.
fn read_numbering(keys: &mut Keywords<'_>, kind: FieldKind, faults: &mut Faults) -> Option<Numbering> {
    let direct = keys.text("numberFormat", faults).map(|template| ("numberFormat", Some(template)));
    let triggers = keys.list("triggers", faults).filter(|triggers| !triggers.is_empty());
    let triggered = triggers.map(|triggers| ("triggers", template_of(triggers)));
    let (name, template) = direct.or(triggered)?;
    let template = template.filter(|template| template.contains(INDEX));
    if template.is_none() || kind != FieldKind::Text {
        let words = format!(
            "must number a text: one action set-value, when the field is empty, with a template that holds {INDEX}"
        );
        faults.refuse(keys.place(name), "format", words);
    }
    template.map(|template| Numbering(template.to_owned()))
}

/// The template of the one trigger that there may be.
fn template_of(triggers: &[Value]) -> Option<&str> {
    let [trigger] = triggers else { return None };
    let [action] = trigger.get("actions")?.as_array()?.as_slice() else { return None };
    let when_empty = match trigger.get("conditions") {
        None | Some(Value::Null) => true,
        Some(conditions) => conditions.as_array()?.iter().all(|condition| {
            let empty = condition.get("value").is_none_or(|value| value.is_null() || value.as_str() == Some(""));
            empty && condition.get("logic").and_then(Value::as_str) == Some("==")
        }),
    };
    let sets = action.get("type").and_then(Value::as_str) == Some("set-value");
    action.get("value").and_then(Value::as_str).filter(|_| when_empty && sets)
}

fn read_foreign(keys: &mut Keywords<'_>, kind: FieldKind, faults: &mut Faults) -> Option<ForeignKey> {
    let links = keys.list("foreignKeys", faults).filter(|links| !links.is_empty())?;
    let id = |value: Option<&Value>| {
        value.and_then(|value| value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok())))
    };
    let target = match links.as_slice() {
        [link] => {
            let values = link.get("values").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let field = if let [value] = values { id(value.get("fieldKey")) } else { None };
            id(link.get("databaseKey")).zip(field)
        }
        _ => None,
    };
    match target {
        Some((register, field)) if kind != FieldKind::Boolean => Some(ForeignKey { register, field }),
        _ => {
            let words = "must be one [{databaseKey, values: [{fieldKey}]}] with the ids of a register and its field";
            faults.refuse(keys.place("foreignKeys"), "format", words);
            None
        }
    }
}
