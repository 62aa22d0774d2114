//! Records by example: every value that is given must be there.

use serde_json::Value;
use stoa_core::FieldError;
use stoa_store::Tx;

use super::compiled::{Compiled, Version};
use super::record::{Record, read_row};
use crate::error::RegistriesError;
use crate::model::{Field, IndexEntry, Schema};
use crate::store::select::{self, Selection};

/// How many records with a value are counted to see which of several values narrows most.
const WEIGHED: u32 = 200;

/// An example that was read: what must be there, field by field.
#[derive(Debug, Clone, Default)]
pub(crate) struct Example {
    /// The fields that it names.
    pub(crate) fields: Vec<i64>,
    entries: Vec<IndexEntry>,
}

impl Example {
    /// Reads an example by the names of a version; `pointer` is where it stands in the caller's request.
    pub(crate) fn read(schema: &Schema, value: &Value, pointer: &str) -> Result<Self, RegistriesError> {
        let mut example = Self::default();
        let mut errors = Vec::new();
        example.read_object(schema, value, &mut Vec::new(), pointer, &mut errors);
        if !errors.is_empty() {
            return Err(RegistriesError::InvalidRequest(errors));
        }
        if example.entries.is_empty() {
            return Err(RegistriesError::field(pointer, "required", "needs at least one field to match"));
        }
        Ok(example)
    }

    fn read_object(
        &mut self,
        schema: &Schema,
        value: &Value,
        path: &mut Vec<String>,
        pointer: &str,
        errors: &mut Vec<FieldError>,
    ) {
        let Some(object) = value.as_object() else {
            return errors.push(fault(pointer, path, "type", "must be an object of fields"));
        };
        for (name, value) in object {
            path.push(name.clone());
            if let Some(field) = schema.at_path(path) {
                match self.demand(field, value) {
                    Ok(()) => {}
                    Err(words) => errors.push(fault(pointer, path, "type", &words)),
                }
            } else if schema.fields().iter().any(|field| field.path.starts_with(path)) {
                self.read_object(schema, value, path, pointer, errors);
            } else {
                errors.push(fault(pointer, path, "unknown", "is no field of this version"));
            }
            path.pop();
        }
    }

    /// Adds a field with the value that it must have; or says what such a value must be.
    pub(crate) fn demand(&mut self, field: &Field, value: &Value) -> Result<(), String> {
        let value = field.comparable(value).ok_or_else(|| format!("must be {}", field.wanted()))?;
        self.fields.push(field.id);
        self.entries.push(IndexEntry::new(field.id, &value));
        Ok(())
    }

    /// The selection of what matches, with the value first that narrows most.
    pub(crate) async fn selection(
        mut self,
        tx: &mut Tx<'_>,
        compiled: &Compiled,
    ) -> Result<Selection, RegistriesError> {
        if self.entries.len() > 1 {
            let unique = self.fields.iter().position(|field| compiled.rules.is_unique(*field));
            let first = match unique {
                Some(first) => first,
                None => lightest(tx, compiled.id, &self.entries).await?,
            };
            self.entries.swap(0, first);
        }
        Ok(Selection { equal: self.entries, ..Selection::default() })
    }
}

async fn lightest(tx: &mut Tx<'_>, registry: i64, entries: &[IndexEntry]) -> Result<usize, RegistriesError> {
    let mut found = (0, i64::MAX);
    for (place, entry) in entries.iter().enumerate() {
        let weight = select::weight(tx, registry, entry, WEIGHED).await?;
        if weight < found.1 {
            found = (place, weight);
        }
        if weight <= 1 {
            break;
        }
    }
    Ok(found.0)
}

fn fault(pointer: &str, path: &[String], code: &'static str, message: &str) -> FieldError {
    let place: String = path.iter().map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1"))).collect();
    FieldError { pointer: format!("{pointer}{place}"), code, message: message.to_owned() }
}

/// Records that match an example, oldest first.
pub(crate) async fn matching(
    tx: &mut Tx<'_>,
    compiled: &Compiled,
    example: Example,
    most: usize,
) -> Result<Vec<Record>, RegistriesError> {
    let selection = example.selection(tx, compiled).await?;
    let most = u32::try_from(most).unwrap_or(u32::MAX);
    let rows = select::select(tx, compiled.id, &selection, most, 0).await?;
    rows.iter().map(read_row).collect()
}

/// The record whose primary key has this value; none also when no primary key could have it.
pub(crate) async fn by_key(
    tx: &mut Tx<'_>,
    compiled: &Compiled,
    version: &Version,
    key: &Value,
) -> Result<Option<Record>, RegistriesError> {
    let Some(field) = version.schema.primary_key() else { return Ok(None) };
    let mut example = Example::default();
    if example.demand(field, key).is_err() {
        return Ok(None);
    }
    Ok(matching(tx, compiled, example, 1).await?.pop())
}
