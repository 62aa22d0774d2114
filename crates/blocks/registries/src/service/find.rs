//! Finding records: by example, by list with filter, search and order. Reads of personal data are recorded first and
//! answered then.

use regex::RegexBuilder;
use serde_json::Value;
use stoa_core::{FieldError, Page};
use stoa_store::{Tx, search};

use super::compiled::{Compiled, Version};
use super::record::{Record, read_row};
use super::{By, RecordId, Registries};
use crate::error::RegistriesError;
use crate::model::{Field, FieldKind, IndexEntry, Schema, sortable};
use crate::store::history::{self, NewRead};
use crate::store::record::{self as rows, Selection};

/// Records that a pattern is tried on; a larger register needs a narrower list first.
const PATTERN_RECORDS_MAX: usize = 100_000;
/// The largest compiled pattern in bytes.
const PATTERN_BYTES_MAX: usize = 256 * 1024;
/// Candidates that are looked at where an index entry cannot tell them apart.
const CANDIDATES_MAX: u32 = 1_000;

/// What a list asks for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// What to look for: in the field of `filter` if one is named, else in the full text.
    pub search: Option<String>,
    /// The field to look in, by name.
    pub filter: Option<String>,
    /// Fields with the values that they must have, by name.
    pub equal: Vec<(String, String)>,
    /// How to sort.
    pub order: Order,
}

/// How a list is sorted.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// By this field, by name; by creation when none is named.
    pub field: Option<String>,
    /// The other way round.
    pub descending: bool,
}

/// A page of records.
#[derive(Debug, Clone)]
pub struct Listing {
    /// Records in all.
    pub count: u64,
    /// Those of the page.
    pub records: Vec<Record>,
    /// The version that shows them.
    pub version: Version,
}

/// One record with the version that shows it.
#[derive(Debug, Clone)]
pub struct Found {
    /// The record.
    pub record: Record,
    /// The version that shows it.
    pub version: Version,
}

impl Registries {
    /// The first record that matches the example, if any.
    pub async fn read(&self, by: &By, code: &str, label: &str, query: Value) -> Result<Option<Found>, RegistriesError> {
        let (this, tenant, code, label) = (self.clone(), by.tenant().clone(), code.to_owned(), label.to_owned());
        let (compiled, version, record) = self
            .store()
            .read(async move |tx: &mut Tx<'_>| {
                let compiled = this.compiled(tx, &tenant, &code).await?;
                let version = compiled.version(&label)?.clone();
                let found = matching(tx, &compiled, &version, &query, "/query/content", 1).await?;
                Ok::<_, RegistriesError>((compiled, version, found.into_iter().next()))
            })
            .await?;
        let Some(record) = record else { return Ok(None) };
        self.note_reads(by, &compiled, &version, std::slice::from_ref(&record)).await?;
        Ok(Some(Found { record, version }))
    }

    /// Whether a record matches the example. Says nothing more, and so is not recorded as a read.
    pub async fn exists(&self, by: &By, code: &str, label: &str, query: Value) -> Result<bool, RegistriesError> {
        let (this, tenant, code, label) = (self.clone(), by.tenant().clone(), code.to_owned(), label.to_owned());
        self.store()
            .read(async move |tx: &mut Tx<'_>| {
                let compiled = this.compiled(tx, &tenant, &code).await?;
                let version = compiled.version(&label)?;
                Ok(!matching(tx, &compiled, version, &query, "/query/content", 1).await?.is_empty())
            })
            .await
    }

    /// A record by its id, as a version shows it; the newest when none is named.
    pub async fn read_by_id(
        &self,
        by: &By,
        code: &str,
        label: Option<&str>,
        id: RecordId,
    ) -> Result<Found, RegistriesError> {
        let (this, tenant, code) = (self.clone(), by.tenant().clone(), code.to_owned());
        let label = label.map(str::to_owned);
        let (compiled, version, record) = self
            .store()
            .read(async move |tx: &mut Tx<'_>| {
                let compiled = this.compiled(tx, &tenant, &code).await?;
                let version = match &label {
                    Some(label) => compiled.version(label)?.clone(),
                    None => compiled.current().cloned().ok_or(RegistriesError::RecordNotFound)?,
                };
                let row = rows::get(tx, compiled.id, id).await?.ok_or(RegistriesError::RecordNotFound)?;
                Ok::<_, RegistriesError>((compiled, version, read_row(&row)?))
            })
            .await?;
        self.note_reads(by, &compiled, &version, std::slice::from_ref(&record)).await?;
        Ok(Found { record, version })
    }

    /// A page of records.
    pub async fn list_records(
        &self,
        by: &By,
        code: &str,
        label: &str,
        wanted: Wanted,
        page: Page,
    ) -> Result<Listing, RegistriesError> {
        let (this, tenant, code, label) = (self.clone(), by.tenant().clone(), code.to_owned(), label.to_owned());
        let (compiled, version, count, records) = self
            .store()
            .scan(async move |tx: &mut Tx<'_>| {
                let compiled = this.compiled(tx, &tenant, &code).await?;
                let version = compiled.version(&label)?.clone();
                let (count, records) = select(tx, &compiled, &version, &wanted, page).await?;
                Ok::<_, RegistriesError>((compiled, version, count, records))
            })
            .await?;
        self.note_reads(by, &compiled, &version, &records).await?;
        Ok(Listing { count, records, version })
    }

    /// Writes down who reads whose data. Answers only when it is on disk: no record, no data (DRS-8).
    pub(crate) async fn note_reads(
        &self,
        by: &By,
        compiled: &Compiled,
        version: &Version,
        records: &[Record],
    ) -> Result<(), RegistriesError> {
        if records.is_empty() || !compiled.read_log || !version.schema.is_personal() {
            return Ok(());
        }
        let personal: Vec<String> = version
            .schema
            .fields()
            .iter()
            .filter(|field| field.personal || field.personal_id)
            .map(|field| field.id.to_string())
            .collect();
        let fields = personal.join(",");
        let read: Vec<(RecordId, Option<[u8; 32]>)> =
            records.iter().map(|record| (record.id, self.person(&version.schema, record))).collect();
        let (by, registry, code) = (by.clone(), compiled.id, compiled.code.clone());
        self.store()
            .write(async move |tx: &mut Tx<'_>| {
                for (record, person) in &read {
                    let institution = by.actor.client.as_deref().and_then(|client| client.split('/').nth(2));
                    let read = NewRead {
                        registry,
                        record: *record,
                        person: *person,
                        reader: by.actor.on_behalf_of.as_deref().unwrap_or(&by.actor.id),
                        reader_name: by.actor.name.as_deref(),
                        institution,
                        application: by.actor.client.as_deref().and_then(|client| client.split('/').nth(3)),
                        fields: &fields,
                        purpose: by.info.purpose.as_deref(),
                        consent: by.info.consent.as_deref(),
                    };
                    history::add_read(tx, &read).await?;
                }
                let object = match read.as_slice() {
                    [(only, _)] => format!("registries/{code}/{only}"),
                    _ => format!("registries/{code}"),
                };
                let mut evidence = stoa_audit::Record::done(&by.actor, "registries.record.read", object);
                evidence.purpose = by.info.purpose.as_deref();
                evidence.correlation = Some(by.info.correlation.as_str()).filter(|id| !id.is_empty());
                evidence.detail = serde_json::json!({"records": read.len(), "fields": fields});
                stoa_audit::append(tx, &evidence).await?;
                Ok(())
            })
            .await
    }

    /// The keyed hash of the person whose data a record holds, if the register says which field names them.
    fn person(&self, schema: &Schema, record: &Record) -> Option<[u8; 32]> {
        let field = schema.personal_id().or_else(|| schema.primary_key())?;
        record.content.get(field.id).map(|value| self.person_key(&sortable(value)))
    }

    pub(crate) fn person_key(&self, id: &str) -> [u8; 32] {
        self.keys().mac("registries.person", id.as_bytes())
    }
}

/// Reads an example: every field of it with the value that it must have.
fn example(schema: &Schema, value: &Value, pointer: &str) -> Result<Vec<(IndexEntry, Value)>, RegistriesError> {
    let mut wanted = Vec::new();
    let mut errors = Vec::new();
    flatten(schema, value, &mut Vec::new(), pointer, &mut wanted, &mut errors);
    if !errors.is_empty() {
        return Err(RegistriesError::InvalidRequest(errors));
    }
    if wanted.is_empty() {
        return Err(RegistriesError::field(pointer, "required", "needs at least one field to match"));
    }
    Ok(wanted)
}

fn flatten(
    schema: &Schema,
    value: &Value,
    path: &mut Vec<String>,
    pointer: &str,
    wanted: &mut Vec<(IndexEntry, Value)>,
    errors: &mut Vec<FieldError>,
) {
    let Some(object) = value.as_object() else {
        return errors.push(fault(pointer, path, "type", "must be an object of fields"));
    };
    for (name, value) in object {
        path.push(name.clone());
        if let Some(field) = schema.at_path(path) {
            if value.is_object() || value.is_null() {
                errors.push(fault(pointer, path, "type", "must be a value to compare with"));
            } else {
                let value = comparable(field, value);
                wanted.push((IndexEntry { field: field.id, text: sortable(&value) }, value));
            }
        } else if schema.fields().iter().any(|field| field.path.starts_with(path)) {
            flatten(schema, value, path, pointer, wanted, errors);
        } else {
            errors.push(fault(pointer, path, "unknown", "is no field of this version"));
        }
        path.pop();
    }
}

fn fault(pointer: &str, path: &[String], code: &'static str, message: &str) -> FieldError {
    let place: String = path.iter().map(|name| format!("/{name}")).collect();
    FieldError { pointer: format!("{pointer}{place}"), code, message: message.to_owned() }
}

/// A value as the field would store it, so that `"2026-1-1"` or `7` in a query means what it means in a record. Query
/// parameters are texts: numbers and truth values are read from them.
fn comparable(field: &Field, value: &Value) -> Value {
    if let Some(text) = value.as_str() {
        match field.kind {
            FieldKind::Integer | FieldKind::Number | FieldKind::Boolean => {
                return serde_json::from_str(text).unwrap_or_else(|_| value.clone());
            }
            _ => {}
        }
    }
    field.normal(value).unwrap_or_else(|| value.clone())
}

/// Records that match an example, oldest first.
pub(crate) async fn matching(
    tx: &mut Tx<'_>,
    compiled: &Compiled,
    version: &Version,
    query: &Value,
    pointer: &str,
    most: usize,
) -> Result<Vec<Record>, RegistriesError> {
    let wanted = example(&version.schema, query, pointer)?;
    let selection =
        Selection { equal: wanted.iter().map(|(entry, _)| entry.clone()).collect(), ..Selection::default() };
    let limit = u32::try_from(most).unwrap_or(CANDIDATES_MAX).max(CANDIDATES_MAX.min(8));
    let mut found = Vec::new();
    let mut offset = 0;
    // An index entry holds the beginning of a long text only: the record itself decides.
    loop {
        let page = rows::select(tx, compiled.id, &selection, limit, offset).await?;
        let last = page.len() < limit as usize;
        for row in page {
            let record = read_row(&row)?;
            if wanted.iter().all(|(entry, value)| holds(&record, entry.field, value)) {
                found.push(record);
                if found.len() >= most {
                    return Ok(found);
                }
            }
        }
        if last {
            return Ok(found);
        }
        offset += u64::from(limit);
    }
}

/// How many records match an example.
pub(crate) async fn matching_ids(
    tx: &mut Tx<'_>,
    compiled: &Compiled,
    version: &Version,
    query: &Value,
    pointer: &str,
) -> Result<u64, RegistriesError> {
    let wanted = example(&version.schema, query, pointer)?;
    let selection = Selection { equal: wanted.into_iter().map(|(entry, _)| entry).collect(), ..Selection::default() };
    Ok(rows::count(tx, compiled.id, &selection).await?)
}

fn holds(record: &Record, field: i64, wanted: &Value) -> bool {
    match record.content.get(field) {
        Some(Value::Array(items)) => items.contains(wanted),
        Some(Value::Number(present)) => wanted.as_f64().is_some_and(|wanted| present.as_f64() == Some(wanted)),
        Some(present) => present == wanted,
        None => false,
    }
}

async fn select(
    tx: &mut Tx<'_>,
    compiled: &Compiled,
    version: &Version,
    wanted: &Wanted,
    page: Page,
) -> Result<(u64, Vec<Record>), RegistriesError> {
    let schema = &*version.schema;
    let named = |pointer: &str, name: &str| {
        schema
            .named(name)
            .ok_or_else(|| RegistriesError::field(pointer, "unknown", format!("`{name}` is no field of this version")))
    };
    let mut selection = Selection { descending: wanted.order.descending, ..Selection::default() };
    for (name, value) in &wanted.equal {
        let field = named(&format!("?query.{name}"), name)?;
        let value = comparable(field, &Value::from(value.as_str()));
        selection.equal.push(IndexEntry { field: field.id, text: sortable(&value) });
    }
    if let Some(name) = &wanted.order.field {
        selection.order = Some(named("?ordering", name)?.id);
    }
    let Some(text) = wanted.search.as_deref().filter(|text| !text.is_empty()) else {
        return page_of(tx, compiled.id, &selection, page).await;
    };
    if let Some(name) = &wanted.filter {
        let field = named("?filter", name)?;
        if text.contains(['.', '*', '+', '?', '[', '(', '|', '^', '$', '\\']) {
            return by_pattern(tx, compiled, &selection, field, text, page).await;
        }
        let value = comparable(field, &Value::from(text));
        selection.equal.push(IndexEntry { field: field.id, text: sortable(&value) });
        return page_of(tx, compiled.id, &selection, page).await;
    }
    by_text(tx, compiled, text, page).await
}

async fn page_of(
    tx: &mut Tx<'_>,
    registry: i64,
    selection: &Selection,
    page: Page,
) -> Result<(u64, Vec<Record>), RegistriesError> {
    let found = rows::select(tx, registry, selection, page.size(), page.offset()).await?;
    let whole = page.number() == 1 && found.len() < page.size() as usize;
    let count = if whole { found.len() as u64 } else { rows::count(tx, registry, selection).await? };
    Ok((count, found.iter().map(read_row).collect::<Result<_, _>>()?))
}

/// The full text, best first.
async fn by_text(
    tx: &mut Tx<'_>,
    compiled: &Compiled,
    text: &str,
    page: Page,
) -> Result<(u64, Vec<Record>), RegistriesError> {
    let collection = format!("registry/{}", compiled.id);
    let count = search::count(tx, &collection, text).await?;
    let ids = search::find(tx, &collection, text, page.size(), page.offset()).await?;
    let mut records = Vec::with_capacity(ids.len());
    for id in ids {
        let id = RecordId::from_slice(&id).map_err(|_| super::compiled::damaged("the search index"))?;
        if let Some(row) = rows::get(tx, compiled.id, id).await? {
            records.push(read_row(&row)?);
        }
    }
    Ok((count, records))
}

/// A pattern over one field's whole text. The engine never goes back in its input, so no pattern can make it hang.
async fn by_pattern(
    tx: &mut Tx<'_>,
    compiled: &Compiled,
    selection: &Selection,
    field: &Field,
    pattern: &str,
    page: Page,
) -> Result<(u64, Vec<Record>), RegistriesError> {
    let regex = RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(PATTERN_BYTES_MAX)
        .build()
        .map_err(|_| RegistriesError::field("?search", "pattern", "is not a pattern that can be searched with"))?;
    let (mut count, mut records, mut seen, mut offset) = (0_u64, Vec::new(), 0_usize, 0_u64);
    loop {
        let rows = rows::select(tx, compiled.id, selection, CANDIDATES_MAX, offset).await?;
        let last = rows.len() < CANDIDATES_MAX as usize;
        seen += rows.len();
        for row in rows {
            let record = read_row(&row)?;
            let matches = match record.content.get(field.id) {
                Some(Value::String(text)) => regex.is_match(text),
                Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).any(|text| regex.is_match(text)),
                Some(other) => regex.is_match(&other.to_string()),
                None => false,
            };
            if matches {
                if count >= page.offset() && records.len() < page.size() as usize {
                    records.push(record);
                }
                count += 1;
            }
        }
        if last {
            return Ok((count, records));
        }
        if seen >= PATTERN_RECORDS_MAX {
            let words = format!("a pattern is tried on at most {PATTERN_RECORDS_MAX} records; narrow the list first");
            return Err(RegistriesError::field("?search", "max", words));
        }
        offset += u64::from(CANDIDATES_MAX);
    }
}
