//! Who changed records and who read them.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};
use stoa_core::{Date, Instant, Page};
use stoa_store::Tx;

use super::compiled::Compiled;
use super::readlog::Note;
use super::record::{Record, open_details, read_row};
use super::{By, RecordId, Registries};
use crate::error::RegistriesError;
use crate::store::history::{self, ChangeRow, ReadRow};
use crate::store::record as rows;

/// Entries of one answer at most.
pub(crate) const ENTRIES_MAX: u32 = 1_000;

/// One change of a record.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeEntry {
    /// The record.
    #[schema(value_type = String, format = Uuid)]
    pub record: RecordId,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// Who, as the evidence names them.
    pub actor: String,
    /// Their name, if one is known.
    pub actor_name: Option<String>,
    /// `create`, `update` or `delete`.
    pub action: String,
    /// The version of the record that came of it.
    pub version: i64,
    /// The changed values: `[{id, old, new}]` by field id; nothing once the person's key was destroyed.
    pub values: Option<Value>,
}

/// One read of a person's data (GovStack `PersonalDataUsage`, with what DRS-8 demands beside it).
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PersonalDataUsage {
    /// The entry's id.
    pub id: String,
    /// Who read.
    pub reader_id: String,
    /// Their initials or name, if known.
    pub reader_initials: String,
    /// The organisation, if the request came through a mediator.
    pub reader_institution_id: String,
    /// The organisation's name as the mediator gives it.
    pub reader_institution_name: String,
    /// The application.
    pub reader_application_name: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub search_date_time: Instant,
    /// The records, in the published API's spelling.
    pub refrences: Value,
    /// The record.
    pub record_id: String,
    /// The ids of the personal fields that were shown.
    pub field_ids: String,
    /// Why, as the reader stated it.
    pub purpose: Option<String>,
    /// The consent that the reader relied on.
    pub consent_ref: Option<String>,
}

impl Registries {
    /// The changes of one record, newest first, at most `most` of them. They show personal values of then: that is recorded as a read.
    pub async fn changes_of_record(
        &self,
        by: &By,
        code: &str,
        id: RecordId,
        most: u32,
    ) -> Result<Vec<ChangeEntry>, RegistriesError> {
        let (this, tenant, code) = (self.clone(), by.tenant().clone(), code.to_owned());
        let opened = self
            .store()
            .read(async move |tx: &mut Tx<'_>| {
                let compiled = this.compiled(tx, &tenant, &code).await?;
                let rows = history::changes_of_record(tx, compiled.id, id, most.min(ENTRIES_MAX)).await?;
                if rows.is_empty() {
                    return Err(RegistriesError::RecordNotFound);
                }
                open(&this, tx, &compiled, rows).await
            })
            .await?;
        self.answered(by, opened).await
    }

    /// The changes of a whole register, newest first. They show personal values of then: that is recorded as a read.
    pub async fn changes_of_registry(
        &self,
        by: &By,
        code: &str,
        page: Page,
    ) -> Result<Vec<ChangeEntry>, RegistriesError> {
        let (this, tenant, code) = (self.clone(), by.tenant().clone(), code.to_owned());
        let opened = self
            .store()
            .scan(async move |tx: &mut Tx<'_>| {
                let compiled = this.compiled(tx, &tenant, &code).await?;
                let rows = history::changes_of_registry(tx, compiled.id, page.size(), page.offset()).await?;
                open(&this, tx, &compiled, rows).await
            })
            .await?;
        self.answered(by, opened).await
    }

    async fn answered(&self, by: &By, opened: Opened) -> Result<Vec<ChangeEntry>, RegistriesError> {
        self.note(by, opened.note).await?;
        Ok(opened.entries)
    }

    /// Who read the data of a person, by the value of the field that names them. Asking is itself recorded (DRS-8).
    pub async fn usage_of_person(
        &self,
        by: &By,
        code: &str,
        person: &str,
    ) -> Result<Vec<PersonalDataUsage>, RegistriesError> {
        let (this, by, code, person) = (self.clone(), by.clone(), code.to_owned(), person.to_owned());
        self.store()
            .write(async move |tx: &mut Tx<'_>| {
                let compiled = this.compiled(tx, by.tenant(), &code).await?;
                note_log_read(tx, &by, format!("registries/{}", compiled.code)).await?;
                let key = this.person_key(&compiled.rules.person_typed(&person));
                let rows = history::reads_of_person(tx, compiled.id, &key, ENTRIES_MAX).await?;
                Ok(rows.into_iter().map(usage).collect())
            })
            .await
    }

    /// Who read one record, newest first, at most `most` of them. Asking is itself recorded.
    pub async fn reads_of_record(
        &self,
        by: &By,
        code: &str,
        id: RecordId,
        most: u32,
    ) -> Result<Vec<PersonalDataUsage>, RegistriesError> {
        let (this, by, code) = (self.clone(), by.clone(), code.to_owned());
        self.store()
            .write(async move |tx: &mut Tx<'_>| {
                let compiled = this.compiled(tx, by.tenant(), &code).await?;
                note_log_read(tx, &by, format!("registries/{}/{id}", compiled.code)).await?;
                let rows = history::reads_of_record(tx, compiled.id, id, most.min(ENTRIES_MAX)).await?;
                Ok(rows.into_iter().map(usage).collect())
            })
            .await
    }
}

/// Figures of a register per day, oldest first; every day of the time is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayFigures {
    /// The day.
    pub day: Date,
    /// Records created.
    pub created: u64,
    /// Records changed or deleted.
    pub changed: u64,
    /// Reads of personal data.
    pub reads: u64,
}

impl Registries {
    /// Who read personal data of a whole register, newest first. Asking is itself recorded.
    pub async fn reads_of_registry(
        &self,
        by: &By,
        code: &str,
        page: Page,
    ) -> Result<Vec<PersonalDataUsage>, RegistriesError> {
        let (this, tenant, owned) = (self.clone(), by.tenant().clone(), code.to_owned());
        let (code, rows) = self
            .store()
            .scan(async move |tx: &mut Tx<'_>| {
                let compiled = this.compiled(tx, &tenant, &owned).await?;
                let rows = history::reads_of_registry(tx, compiled.id, page.size(), page.offset()).await?;
                Ok::<_, RegistriesError>((compiled.code.clone(), rows))
            })
            .await?;
        let by = by.clone();
        self.store()
            .write(async move |tx: &mut Tx<'_>| note_log_read(tx, &by, format!("registries/{code}")).await)
            .await?;
        Ok(rows.into_iter().map(usage).collect())
    }

    /// What happened in the last days, today included. Counts only: no value of any record.
    pub async fn figures(&self, by: &By, code: &str, days: u16) -> Result<Vec<DayFigures>, RegistriesError> {
        let (this, tenant, code) = (self.clone(), by.tenant().clone(), code.to_owned());
        self.store()
            .scan(async move |tx: &mut Tx<'_>| {
                let compiled = this.compiled(tx, &tenant, &code).await?;
                let today = tx.now().micros().div_euclid(DAY_MICROS);
                let first = today - i64::from(days.max(1)) + 1;
                let day_at = |day: i64| Instant::from_micros(day * DAY_MICROS);
                let mut figures: Vec<DayFigures> = (first..=today)
                    .map(|day| DayFigures { day: day_at(day).date(), created: 0, changed: 0, reads: 0 })
                    .collect();
                let place = |day: i64| usize::try_from(day - first).unwrap_or(usize::MAX);
                for (day, action, count) in history::changes_per_day(tx, compiled.id, day_at(first)).await? {
                    let Some(figure) = figures.get_mut(place(day)) else { continue };
                    let count = u64::try_from(count).unwrap_or(0);
                    *(if action == "create" { &mut figure.created } else { &mut figure.changed }) += count;
                }
                for (day, count) in history::reads_per_day(tx, compiled.id, day_at(first)).await? {
                    if let Some(figure) = figures.get_mut(place(day)) {
                        figure.reads = u64::try_from(count).unwrap_or(0);
                    }
                }
                Ok(figures)
            })
            .await
    }
}

const DAY_MICROS: i64 = 86_400_000_000;

/// Evidence of somebody looking at the log of reads.
async fn note_log_read(tx: &mut Tx<'_>, by: &By, object: String) -> Result<(), RegistriesError> {
    let mut evidence = stoa_audit::Record::done(&by.actor, "registries.usage.read", object);
    evidence.purpose = by.info.purpose.as_deref();
    evidence.correlation = Some(by.info.correlation.as_str()).filter(|id| !id.is_empty());
    stoa_audit::append(tx, &evidence).await?;
    Ok(())
}

/// Entries of the change log with their values, and the note that they are shown.
struct Opened {
    entries: Vec<ChangeEntry>,
    note: Option<Note>,
}

async fn open(
    this: &Registries,
    tx: &mut Tx<'_>,
    compiled: &Compiled,
    rows: Vec<ChangeRow>,
) -> Result<Opened, RegistriesError> {
    let (mut entries, mut fields, mut shown) = (Vec::with_capacity(rows.len()), BTreeSet::new(), BTreeSet::new());
    for (at, actor, actor_name, action, version, changed, details, is_sealed, record) in rows {
        let values = open_details(this, tx, record, &details, is_sealed).await?;
        let values: Option<Value> = values.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let changed = changed.split(',').filter_map(|field| field.parse::<i64>().ok());
        let personal: Vec<i64> = changed.filter(|field| compiled.rules.personal().contains(field)).collect();
        if values.is_some() && !personal.is_empty() {
            fields.extend(personal);
            shown.insert(record);
        }
        entries.push(ChangeEntry { record, at, actor, actor_name, action, version, values });
    }
    let mut records: Vec<Record> = Vec::with_capacity(shown.len());
    for id in shown {
        if let Some(row) = rows::get_any(tx, compiled.id, id).await? {
            records.push(read_row(&row)?);
        }
    }
    Ok(Opened { entries, note: Note::shown(this, compiled, fields, &records) })
}

fn usage(row: ReadRow) -> PersonalDataUsage {
    let (id, record, at, reader, reader_name, institution, application, fields, purpose, consent) = row;
    PersonalDataUsage {
        id: id.to_string(),
        reader_initials: reader_name.unwrap_or_default(),
        reader_id: reader,
        reader_institution_id: institution.clone().unwrap_or_default(),
        reader_institution_name: institution.unwrap_or_default(),
        reader_application_name: application.unwrap_or_default(),
        search_date_time: at,
        refrences: json!([{"ReferenceID": record}]),
        record_id: record.to_string(),
        field_ids: fields,
        purpose,
        consent_ref: consent,
    }
}
