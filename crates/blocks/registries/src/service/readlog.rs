//! Who saw whose personal data: written down with the answer that shows or confirms it, or before it leaves (DRS-8: no
//! record, no data). Which fields are personal is the register's to say: asking through a version that does not mark
//! them changes nothing.

use serde_json::{Value, json};
use stoa_store::Tx;

use super::compiled::{Compiled, Version};
use super::query::Example;
use super::{By, Record, RecordId, Registries};
use crate::error::RegistriesError;
use crate::store::history::{self, NewRead};

/// What an answer shows or confirms of somebody's data.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    registry: i64,
    code: String,
    action: &'static str,
    /// The ids of the personal fields.
    fields: String,
    /// The records with the keyed hashes of their persons.
    reads: Vec<(RecordId, Option<[u8; 32]>)>,
}

impl Note {
    /// The note for an answer that shows these fields of these records; nothing when none of them is personal, or when
    /// the register keeps no log of its reads.
    pub(crate) fn shown<'r>(
        this: &Registries,
        compiled: &Compiled,
        fields: impl IntoIterator<Item = i64>,
        records: impl IntoIterator<Item = &'r Record>,
    ) -> Option<Self> {
        let note = Self::new(this, compiled, "registries.record.read", fields, records)?;
        (!note.reads.is_empty()).then_some(note)
    }

    /// The note for an answer to a question about these fields, which confirms their values or denies them, whether it
    /// shows records or not.
    pub(crate) fn asked<'r>(
        this: &Registries,
        compiled: &Compiled,
        fields: impl IntoIterator<Item = i64>,
        records: impl IntoIterator<Item = &'r Record>,
    ) -> Option<Self> {
        Self::new(this, compiled, "registries.record.exists", fields, records)
    }

    fn new<'r>(
        this: &Registries,
        compiled: &Compiled,
        action: &'static str,
        fields: impl IntoIterator<Item = i64>,
        records: impl IntoIterator<Item = &'r Record>,
    ) -> Option<Self> {
        if !compiled.read_log || !compiled.is_personal() {
            return None;
        }
        let personal = compiled.rules.personal();
        let fields: Vec<String> =
            fields.into_iter().filter(|field| personal.contains(field)).map(|field| field.to_string()).collect();
        if fields.is_empty() {
            return None;
        }
        let person = |record: &Record| this.person_in(compiled, record);
        Some(Self {
            registry: compiled.id,
            code: compiled.code.clone(),
            action,
            fields: fields.join(","),
            reads: records.into_iter().map(|record| (record.id, person(record))).collect(),
        })
    }

    /// Writes it down in the transaction of the answer.
    pub(crate) async fn write(&self, tx: &mut Tx<'_>, by: &By) -> Result<(), RegistriesError> {
        let client = |place: usize| by.actor.client.as_deref().and_then(|client| client.split('/').nth(place));
        for (record, person) in &self.reads {
            let read = NewRead {
                registry: self.registry,
                record: *record,
                person: *person,
                reader: by.actor.on_behalf_of.as_deref().unwrap_or(&by.actor.id),
                reader_name: by.actor.name.as_deref(),
                institution: client(2),
                application: client(3),
                fields: &self.fields,
                purpose: by.info.purpose.as_deref(),
                consent: by.info.consent.as_deref(),
            };
            history::add_read(tx, &read).await?;
            let object = format!("registries/{}/{record}", self.code);
            self.append(tx, by, object, Some(&subject_of(*record, *person))).await?;
        }
        if self.reads.is_empty() {
            // That nothing was found says something too, though about nobody who is known.
            self.append(tx, by, format!("registries/{}", self.code), None).await?;
        }
        Ok(())
    }

    /// Evidence for one person each: a list of a hundred people was a look at each of them.
    async fn append(
        &self,
        tx: &mut Tx<'_>,
        by: &By,
        object: String,
        subject: Option<&str>,
    ) -> Result<(), RegistriesError> {
        let mut evidence = stoa_audit::Record::done(&by.actor, self.action, object);
        evidence.subject = subject;
        evidence.purpose = by.info.purpose.as_deref();
        evidence.correlation = Some(by.info.correlation.as_str()).filter(|id| !id.is_empty());
        evidence.detail = json!({"records": self.reads.len(), "fields": self.fields});
        stoa_audit::append(tx, &evidence).await?;
        Ok(())
    }
}

/// About whom evidence is: the person, by a keyed hash that tells nothing to others, or the record alone where its
/// register does not say what names a person. The same everywhere in the block, so that one search finds all of it.
fn subject_of(record: RecordId, person: Option<[u8; 32]>) -> String {
    match person {
        Some(key) => key.iter().take(16).fold("person:".to_owned(), |text, byte| format!("{text}{byte:02x}")),
        None => format!("record:{record}"),
    }
}

/// A question that was answered by a refusal: that there is no such record, or how many there are. It says as much about
/// the values that it names as any other.
pub(crate) struct Question {
    by: By,
    code: String,
    label: String,
    /// What was asked for; by the primary key when nothing is here.
    example: Option<Value>,
}

impl Question {
    pub(crate) fn example(by: &By, code: &str, label: &str, example: &Value) -> Self {
        Self { example: Some(example.clone()), ..Self::key(by, code, label) }
    }

    pub(crate) fn key(by: &By, code: &str, label: &str) -> Self {
        Self { by: by.clone(), code: code.to_owned(), label: label.to_owned(), example: None }
    }
}

impl Registries {
    /// Writes down a question that was refused, before the refusal leaves.
    pub(crate) async fn note_question(&self, question: Question) -> Result<(), RegistriesError> {
        let compiled = self.open(&question.by, &question.code).await?;
        let version = compiled.version(&question.label)?;
        let asked = match &question.example {
            Some(example) => Example::read(&version.schema, example, "").map(|example| example.fields)?,
            None => version.schema.primary_key().map(|field| field.id).into_iter().collect(),
        };
        self.note(&question.by, Note::asked(self, &compiled, asked, [])).await
    }

    /// Writes down, before the answer leaves, that a version's view of these records is shown.
    pub(crate) async fn note_reads(
        &self,
        by: &By,
        compiled: &Compiled,
        version: &Version,
        records: &[Record],
    ) -> Result<(), RegistriesError> {
        self.note(by, Note::shown(self, compiled, version.fields(), records)).await
    }

    /// Writes a note down, if there is one.
    pub(crate) async fn note(&self, by: &By, note: Option<Note>) -> Result<(), RegistriesError> {
        let Some(note) = note else { return Ok(()) };
        let by = by.clone();
        self.store().write(async move |tx: &mut Tx<'_>| note.write(tx, &by).await).await
    }

    fn person_in(&self, compiled: &Compiled, record: &Record) -> Option<[u8; 32]> {
        compiled.rules.person(&record.content).map(|id| self.person_key(&id))
    }

    /// About whom a record is; nobody, when it holds nothing personal.
    pub(crate) fn subject_in(&self, compiled: &Compiled, record: &Record) -> Option<String> {
        compiled.is_personal().then(|| subject_of(record.id, self.person_in(compiled, record)))
    }

    /// The keyed hash under which the reads of a person's data are found.
    pub(crate) fn person_key(&self, id: &str) -> [u8; 32] {
        self.keys().mac("registries.person", id.as_bytes())
    }
}
