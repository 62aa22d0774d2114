//! Reading single records: by example, by id, one field of one. Reads of personal data are recorded first and answered
//! then.

use serde_json::Value;
use stoa_store::Tx;

use super::compiled::{Compiled, Version};
use super::query::{self, Example, matching};
use super::readlog::{Note, Question};
use super::record::{Record, read_row};
use super::{By, RecordId, Registries};
use crate::error::RegistriesError;
use crate::store::record as rows;

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
        let (compiled, version, asked, record) = self
            .store()
            .read(async move |tx: &mut Tx<'_>| {
                let compiled = this.compiled(tx, &tenant, &code).await?;
                let version = compiled.version(&label)?.clone();
                let example = Example::read(&version.schema, &query, "/query/content")?;
                let asked = example.fields.clone();
                let found = matching(tx, &compiled, example, 1).await?.pop();
                Ok::<_, RegistriesError>((compiled, version, asked, found))
            })
            .await?;
        let note = match &record {
            Some(record) => Note::shown(self, &compiled, version.fields(), [record]),
            None => Note::asked(self, &compiled, asked, []),
        };
        self.note(by, note).await?;
        Ok(record.map(|record| Found { record, version }))
    }

    /// Whether a record matches the example. Nothing more is said, but where the example names personal data that is
    /// said of somebody: it is recorded, and so is a no.
    pub async fn exists(&self, by: &By, code: &str, label: &str, query: Value) -> Result<bool, RegistriesError> {
        let (this, tenant, code, label) = (self.clone(), by.tenant().clone(), code.to_owned(), label.to_owned());
        let (compiled, asked, found) = self
            .store()
            .read(async move |tx: &mut Tx<'_>| {
                let compiled = this.compiled(tx, &tenant, &code).await?;
                let version = compiled.version(&label)?;
                let example = Example::read(&version.schema, &query, "/query/content")?;
                let asked = example.fields.clone();
                let found = matching(tx, &compiled, example, 1).await?;
                Ok::<_, RegistriesError>((compiled, asked, found))
            })
            .await?;
        self.note(by, Note::asked(self, &compiled, asked, &found)).await?;
        Ok(!found.is_empty())
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

    /// One field of the record with this id or primary key; `null` when it has no value.
    pub async fn read_value(
        &self,
        by: &By,
        code: &str,
        label: &str,
        key: &str,
        field: &str,
    ) -> Result<Value, RegistriesError> {
        let question = Question::key(by, code, label);
        let (this, tenant, code, label) = (self.clone(), by.tenant().clone(), code.to_owned(), label.to_owned());
        let (key, name) = (key.to_owned(), field.to_owned());
        let (compiled, field, record) = self
            .store()
            .read(async move |tx: &mut Tx<'_>| {
                let compiled = this.compiled(tx, &tenant, &code).await?;
                let version = compiled.version(&label)?;
                let unknown = || RegistriesError::FieldNotFound(name.chars().take(100).collect());
                let field = version.schema.named(&name).ok_or_else(unknown)?.clone();
                let record = by_id_or_key(tx, &compiled, version, &key).await?;
                Ok::<_, RegistriesError>((compiled, field, record))
            })
            .await?;
        let Some(record) = record else {
            self.note_question(question).await?;
            return Err(RegistriesError::RecordNotFound);
        };
        self.note(by, Note::shown(self, &compiled, [field.id], [&record])).await?;
        Ok(record.content.seen(&field).map_or(Value::Null, std::borrow::Cow::into_owned))
    }
}

/// The record with this id; when there is none, the one with this primary key, which may look like an id.
pub(crate) async fn by_id_or_key(
    tx: &mut Tx<'_>,
    compiled: &Compiled,
    version: &Version,
    key: &str,
) -> Result<Option<Record>, RegistriesError> {
    if let Ok(id) = key.parse::<RecordId>()
        && let Some(row) = rows::get(tx, compiled.id, id).await?
    {
        return read_row(&row).map(Some);
    }
    query::by_key(tx, compiled, version, &Value::from(key)).await
}
