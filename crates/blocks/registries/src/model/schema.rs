//! A register's schema: the GovStack dialect of JSON Schema, read strictly and written back in one form.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use stoa_core::FieldError;

use super::field::{Field, FieldKind, ForeignKey, Numbering, Pattern};
use super::titles::{self, Titles};

/// Fields of a register at most.
pub const FIELDS_MAX: usize = 500;
/// Objects inside objects at most.
const DEPTH_MAX: usize = 8;
const NAME_CHARS_MAX: usize = 100;

/// The fields of a register, in the order in which people see them.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    fields: Vec<Field>,
    /// The highest field id ever given; ids are never used again.
    increment: i64,
    /// Groups of fields whose values together must be unique.
    uniques: Vec<Vec<i64>>,
}

/// Collects what is wrong with a schema, so that a designer sees all of it at once.
struct Reading {
    fields: Vec<Field>,
    errors: Vec<FieldError>,
}

impl Reading {
    fn refuse(&mut self, pointer: &str, code: &'static str, message: impl Into<String>) {
        self.errors.push(FieldError { pointer: pointer.to_owned(), code, message: message.into() });
    }
}

impl Schema {
    /// Reads a schema; `before` is the version that it follows, whose field ids are kept by place where the new one
    /// names none.
    pub fn read(value: &Value, before: Option<&Self>) -> Result<Self, Vec<FieldError>> {
        let mut reading = Reading { fields: Vec::new(), errors: Vec::new() };
        read_object(&mut reading, value, &[], "", 0);
        let increment = key(value, "incrementIndex").and_then(Value::as_i64).unwrap_or(0).max(0);
        let mut schema = Self { fields: reading.fields, increment, uniques: Vec::new() };
        schema.number(before, &mut reading.errors);
        schema.read_uniques(value, &mut reading.errors);
        if reading.errors.is_empty() { Ok(schema) } else { Err(reading.errors) }
    }

    /// Gives ids to fields that have none: the one that the same place had before, else a new one.
    fn number(&mut self, before: Option<&Self>, errors: &mut Vec<FieldError>) {
        let highest = self.fields.iter().map(|field| field.id).max().unwrap_or(0);
        self.increment = self.increment.max(highest).max(before.map_or(0, |before| before.increment));
        for index in 0..self.fields.len() {
            let Some(field) = self.fields.get(index) else { continue };
            if field.id == 0 {
                let known = before.and_then(|before| before.at_path(&field.path)).map(|field| field.id);
                let free = known.filter(|id| self.fields.iter().all(|other| other.id != *id));
                let id = free.unwrap_or_else(|| {
                    self.increment += 1;
                    self.increment
                });
                if let Some(field) = self.fields.get_mut(index) {
                    field.id = id;
                }
            }
        }
        for (index, field) in self.fields.iter().enumerate() {
            if self.fields.iter().take(index).any(|other| other.id == field.id) {
                errors.push(FieldError {
                    pointer: format!("/properties{}/id", field.pointer()),
                    code: "unique",
                    message: format!("the id {} belongs to another field", field.id),
                });
            }
        }
    }

    fn read_uniques(&mut self, value: &Value, errors: &mut Vec<FieldError>) {
        let Some(groups) = key(value, "fieldsUniques").and_then(Value::as_array) else { return };
        for (index, group) in groups.iter().enumerate() {
            let mut ids = Vec::new();
            for name in group.as_array().into_iter().flatten().filter_map(Value::as_str).filter(|name| !name.is_empty())
            {
                let path: Vec<String> = name.trim_start_matches('/').split('/').map(str::to_owned).collect();
                match self.at_path(&path) {
                    Some(field) => ids.push(field.id),
                    None => errors.push(FieldError {
                        pointer: format!("/fieldsUniques/{index}"),
                        code: "unknown",
                        message: format!("there is no field `{name}`"),
                    }),
                }
            }
            if !ids.is_empty() {
                self.uniques.push(ids);
            }
        }
    }

    /// All fields that hold a value, in order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Groups of fields whose values together must be unique, beside the fields that are unique by themselves.
    pub fn uniques(&self) -> &[Vec<i64>] {
        &self.uniques
    }

    /// The field with this id.
    pub fn field(&self, id: i64) -> Option<&Field> {
        self.fields.iter().find(|field| field.id == id)
    }

    /// The field at this place.
    pub fn at_path(&self, path: &[String]) -> Option<&Field> {
        self.fields.iter().find(|field| field.path == path)
    }

    /// The field with this name or place (`Child/Name`); if none is spelled so, the only one that differs in case.
    pub fn named(&self, name: &str) -> Option<&Field> {
        let joined = |field: &Field| field.path.join("/");
        let name = name.trim_start_matches('/');
        let mut loose = self.fields.iter().filter(|field| joined(field).eq_ignore_ascii_case(name));
        let first = loose.next();
        self.fields
            .iter()
            .find(|field| joined(field) == name)
            .or_else(|| first.filter(|_| loose.next().is_none()))
            .or_else(|| {
                let mut last = self.fields.iter().filter(|field| field.name() == name);
                last.next().filter(|_| last.next().is_none())
            })
    }

    /// The field that names a record.
    pub fn primary_key(&self) -> Option<&Field> {
        self.fields.iter().find(|field| field.primary_key)
    }

    /// The field that names the person whose data a record holds.
    pub fn personal_id(&self) -> Option<&Field> {
        self.fields.iter().find(|field| field.personal_id)
    }

    /// Whether records hold personal data, so that reads are recorded.
    pub fn is_personal(&self) -> bool {
        self.fields.iter().any(|field| field.personal || field.personal_id)
    }

    /// Fields that every record must have and nobody can fill in: with one of them no record could be created.
    pub fn unfillable(&self) -> Vec<FieldError> {
        let stuck = self.fields.iter().filter(|field| field.required && field.read_only && field.numbering.is_none());
        stuck
            .map(|field| FieldError {
                pointer: field.pointer().replace('/', "/properties/"),
                code: "unfillable",
                message: "is required, but nobody may set it and the register does not number it".to_owned(),
            })
            .collect()
    }

    /// Puts a field in the place of the one with its id, or at the end. A field with id 0 gets one when the schema is
    /// read again.
    pub fn put(&mut self, field: Field) {
        match self.fields.iter_mut().find(|held| field.id != 0 && held.id == field.id) {
            Some(held) => *held = field,
            None => self.fields.push(field),
        }
    }

    /// Takes a field away; whether it was there.
    pub fn remove(&mut self, id: i64) -> bool {
        let before = self.fields.len();
        self.fields.retain(|field| field.id != id);
        self.fields.len() < before
    }

    /// Moves a field one place up or down in the order in which people see the fields.
    pub fn shift(&mut self, id: i64, up: bool) {
        let Some(at) = self.fields.iter().position(|field| field.id == id) else { return };
        let to = if up { at.checked_sub(1) } else { Some(at + 1).filter(|to| *to < self.fields.len()) };
        if let Some(to) = to {
            self.fields.swap(at, to);
        }
    }

    /// The highest field id ever given.
    pub fn increment(&self) -> i64 {
        self.increment
    }

    /// The schema in its one written form.
    pub fn to_json(&self) -> Value {
        let mut document = json!({"type": "object", "properties": {}, "incrementIndex": self.increment});
        for field in &self.fields {
            write_field(&mut document, field);
        }
        let places: Vec<Value> = self
            .uniques
            .iter()
            .map(|group| {
                group.iter().filter_map(|id| self.field(*id)).map(|field| Value::from(field.path.join("/"))).collect()
            })
            .collect();
        if !places.is_empty()
            && let Some(document) = document.as_object_mut()
        {
            document.insert("fieldsUniques".to_owned(), Value::Array(places));
        }
        document
    }
}

/// A key of the dialect, which is written with or without `$`.
fn key<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.get(name).or_else(|| value.get(format!("${name}")))
}

fn read_object(reading: &mut Reading, value: &Value, path: &[String], pointer: &str, depth: usize) {
    let Some(properties) = value.get("properties").and_then(Value::as_object) else {
        reading.refuse(&format!("{pointer}/properties"), "required", "must be an object of fields");
        return;
    };
    if depth > DEPTH_MAX {
        reading.refuse(pointer, "max", format!("objects lie at most {DEPTH_MAX} deep"));
        return;
    }
    let required: Vec<&str> =
        value.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    for name in &required {
        if !properties.contains_key(*name) {
            reading.refuse(&format!("{pointer}/required"), "unknown", format!("there is no field `{name}`"));
        }
    }
    for (name, property) in properties {
        let here = format!("{pointer}/properties/{}", name.replace('~', "~0").replace('/', "~1"));
        let name_fits = !name.trim().is_empty()
            && name.chars().count() <= NAME_CHARS_MAX
            && !name.contains('/')
            && !name.chars().any(char::is_control);
        if !name_fits {
            reading.refuse(&here, "name", "a field's name has 1 to 100 characters, without / and control characters");
            continue;
        }
        if reading.fields.len() >= FIELDS_MAX {
            reading.refuse(pointer, "max", format!("a register has at most {FIELDS_MAX} fields"));
            return;
        }
        let mut place = path.to_vec();
        place.push(name.clone());
        if property.get("properties").is_some() {
            read_object(reading, property, &place, &here, depth + 1);
        } else {
            read_field(reading, property, place, &here, required.contains(&name.as_str()));
        }
    }
}

fn read_field(reading: &mut Reading, value: &Value, path: Vec<String>, pointer: &str, required: bool) {
    let Some(kind) = read_kind(value) else {
        let words = "must be string, number, integer, boolean, array (of texts) or object; string with format date, \
                     date-time or time";
        reading.refuse(&format!("{pointer}/type"), "enum", words);
        return;
    };
    let flag = |name: &str| value.get(name).and_then(Value::as_bool).unwrap_or(false);
    let number = |names: &[&str]| names.iter().find_map(|name| value.get(*name).and_then(Value::as_f64));
    let personal_id = flag("personalDataId");
    let mut field = Field {
        id: key(value, "id").and_then(Value::as_i64).unwrap_or(0),
        path,
        kind,
        description: value.get("description").and_then(Value::as_str).unwrap_or("").to_owned(),
        example: value.get("example").cloned(),
        required,
        // A field that names the record is unique unless the register says that its old data is not.
        unique: value.get("unique").and_then(Value::as_bool).unwrap_or_else(|| flag("primaryKey")),
        primary_key: flag("primaryKey"),
        read_only: flag("readOnly"),
        min: number(&["minimum", "minLength", "min"]),
        max: number(&["maximum", "maxLength", "max"]),
        pattern: None,
        choices: Vec::new(),
        foreign: None,
        numbering: read_numbering(value),
        personal: flag("personalData") || personal_id,
        personal_id,
        fulltext: flag("isFulltext"),
        titles: Titles::default(),
        choice_titles: BTreeMap::new(),
    };
    match Titles::of_field(value) {
        Ok(titles) => field.titles = titles,
        Err(words) => reading.refuse(&format!("{pointer}/title"), "title", words),
    }
    match titles::of_choices(value) {
        Ok(titles) => field.choice_titles = titles,
        Err(words) => reading.refuse(&format!("{pointer}/x-enumTitles"), "title", words),
    }
    if field.id < 0 {
        reading.refuse(&format!("{pointer}/id"), "min", "must be 1 or more");
    }
    if let (Some(min), Some(max)) = (field.min, field.max)
        && min > max
    {
        reading.refuse(&format!("{pointer}/max"), "min", "is less than the field's least value");
    }
    if let Some(text) = value.get("pattern").and_then(Value::as_str) {
        match Pattern::new(text) {
            Ok(pattern) => field.pattern = Some(pattern),
            Err(reason) => reading.refuse(&format!("{pointer}/pattern"), "pattern", reason),
        }
    }
    if let Some(choices) = value.get("enum").and_then(Value::as_array) {
        for choice in choices {
            match choice.as_str() {
                Some(text) => field.choices.push(text.to_owned()),
                None => reading.refuse(&format!("{pointer}/enum"), "type", "lists texts only"),
            }
        }
    }
    read_foreign(reading, value, pointer, &mut field);
    reading.fields.push(field);
}

fn read_kind(value: &Value) -> Option<FieldKind> {
    let format = value.get("format").and_then(Value::as_str).unwrap_or("");
    Some(match (value.get("type").and_then(Value::as_str)?, format) {
        ("string", "date") => FieldKind::Date,
        ("string", "date-time" | "datetime") => FieldKind::DateTime,
        ("string", "time") => FieldKind::Time,
        ("string" | "text", _) => FieldKind::Text,
        ("number", _) => FieldKind::Number,
        ("integer", _) => FieldKind::Integer,
        ("boolean", _) => FieldKind::Boolean,
        ("array", _) => FieldKind::List,
        _ => return None,
    })
}

/// The `set-value` trigger for new records: the one trigger of the core.
fn read_numbering(value: &Value) -> Option<Numbering> {
    let direct = value.get("numberFormat").and_then(Value::as_str);
    let triggered = value
        .get("triggers")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|trigger| trigger.get("actions")?.as_array())
        .flatten()
        .filter(|action| action.get("type").and_then(Value::as_str) == Some("set-value"))
        .find_map(|action| action.get("value")?.as_str());
    direct.or(triggered).filter(|text| text.contains("{indexNoByCode}")).map(|text| Numbering(text.to_owned()))
}

fn read_foreign(reading: &mut Reading, value: &Value, pointer: &str, field: &mut Field) {
    let Some(keys) = value.get("foreignKeys").and_then(Value::as_array).filter(|keys| !keys.is_empty()) else { return };
    let id = |value: Option<&Value>| {
        value.and_then(|value| value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok())))
    };
    let first = keys.first();
    let register = id(first.and_then(|key| key.get("databaseKey")));
    let target = id(first.and_then(|key| key.get("values")?.get(0)?.get("fieldKey")));
    match (register, target) {
        (Some(register), Some(target)) if keys.len() == 1 => {
            field.foreign = Some(ForeignKey { register, field: target });
        }
        _ => reading.refuse(
            &format!("{pointer}/foreignKeys"),
            "format",
            "must be one [{databaseKey, values: [{fieldKey}]}] with the ids of a register and its field",
        ),
    }
}

fn write_field(document: &mut Value, field: &Field) {
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
    put("id", Value::from(field.id));
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
        _ => ("minLength", "maxLength"),
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
    titles::write_choices(&field.choice_titles, &mut out);
    let mut put = |name: &str, value: Value| {
        out.insert(name.to_owned(), value);
    };
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
