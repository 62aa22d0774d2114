//! A register's schema: the GovStack dialect of JSON Schema, read strictly and written back in one form.

use serde_json::{Value, json};
use stoa_core::FieldError;

use super::field::Field;
use super::keywords::Faults;
use super::read::{place_of, read};
use super::write::write_field;

/// Fields of a register at most.
pub const FIELDS_MAX: usize = 500;

/// The fields of a register, in the order in which people see them.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    fields: Vec<Field>,
    /// The highest field id ever given; ids are never used again.
    increment: i64,
    /// Groups of fields whose values together must be unique.
    uniques: Vec<Vec<i64>>,
}

impl Schema {
    /// Reads a schema; `before` is the version that it follows, whose field ids are kept by place where the new one
    /// names none.
    pub fn read(value: &Value, before: Option<&Self>) -> Result<Self, Vec<FieldError>> {
        let reading = read(value);
        let mut faults = reading.faults;
        let mut schema = Self { fields: reading.fields, increment: reading.increment, uniques: Vec::new() };
        schema.number(before, &mut faults);
        schema.group(reading.groups, &mut faults);
        if faults.0.is_empty() { Ok(schema) } else { Err(faults.0) }
    }

    /// Gives ids to fields that have none: the one that the same place had before, else a new one. An id that was given
    /// before belongs to its field for ever: under it the values of old records lie.
    fn number(&mut self, before: Option<&Self>, faults: &mut Faults) {
        let given = before.map_or(0, |before| before.increment);
        for field in self.fields.iter().filter(|field| field.id != 0 && field.id <= given) {
            if before.is_some_and(|before| before.field(field.id).is_none()) {
                let words = format!("the id {} belonged to another field; leave it out to get a new one", field.id);
                faults.refuse(format!("{}/id", place_of(&field.path)), "unique", words);
            }
        }
        let highest = self.fields.iter().map(|field| field.id).max().unwrap_or(0);
        self.increment = self.increment.max(highest).max(given);
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
                let words = format!("the id {} belongs to another field", field.id);
                faults.refuse(format!("{}/id", place_of(&field.path)), "unique", words);
            }
        }
    }

    fn group(&mut self, groups: Vec<(String, Vec<Vec<String>>)>, faults: &mut Faults) {
        for (place, paths) in groups {
            let mut ids = Vec::new();
            for path in paths {
                match self.at_path(&path) {
                    Some(field) => ids.push(field.id),
                    None => faults.refuse(&place, "unknown", format!("there is no field `{}`", path.join("/"))),
                }
            }
            self.uniques.push(ids);
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
