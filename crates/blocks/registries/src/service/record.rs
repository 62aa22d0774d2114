//! Creating, changing and deleting records.

use serde_json::{Value, json};
use stoa_core::Instant;
use stoa_store::idempotency::{self, Answer, Started};
use stoa_store::outbox::{self, Event};
use stoa_store::{Tx, seal, search};

use super::compiled::{Compiled, Version, damaged};
use super::find::by_id_or_key;
use super::query::{self, Example, matching};
use super::readlog::{Note, Question};
use super::{By, RecordId, Registries, links, unique};
use crate::error::RegistriesError;
use crate::model::{Content, Schema};
use crate::store::history::{self, NewChange};
use crate::store::record::{self as rows, RecordRow};
use crate::store::{registry, select, value};

/// Records that one update-entries may change.
const CHANGED_AT_ONCE_MAX: usize = 1_000;
/// Records that one bulk create may hold.
pub(crate) const CREATED_AT_ONCE_MAX: usize = 1_000;
/// What a record's change log is sealed for.
const CHANGE_CONTEXT: &str = "registries.record_change";

/// What an answer that is kept for an idempotency key is sealed for.
const ANSWER_CONTEXT: &str = "registries.kept_answer";
/// Marks a kept answer as sealed; the record's id follows.
const SEALED: &str = "sealed:";

/// A record as a version shows it.
#[derive(Debug, Clone)]
pub struct Record {
    /// Its id.
    pub id: RecordId,
    /// Counts its changes; 1 when it is new.
    pub version: i64,
    /// Its values by field id.
    pub content: Content,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub modified_at: Instant,
}

/// What update-or-create did.
#[derive(Debug, Clone)]
pub struct Upserted {
    /// The record as it is now.
    pub record: Record,
    /// Whether it is new.
    pub created: bool,
}

impl Record {
    /// The record's values by name, as this version has them.
    pub fn show(&self, schema: &Schema) -> Value {
        self.content.show(schema)
    }
}

pub(crate) fn read_row(row: &RecordRow) -> Result<Record, RegistriesError> {
    let content = Content::from_stored(&row.content).ok_or_else(|| damaged("a record"))?;
    Ok(Record { id: row.id, version: row.version, content, created_at: row.created_at, modified_at: row.modified_at })
}

/// What a change is done with.
#[derive(Clone, Copy)]
pub(crate) struct Desk<'a> {
    pub(crate) this: &'a Registries,
    pub(crate) by: &'a By,
    pub(crate) compiled: &'a Compiled,
    pub(crate) version: &'a Version,
}

impl Registries {
    /// Creates a record. `pointer` is where the content stands in the caller's request.
    pub async fn create(
        &self,
        by: &By,
        code: &str,
        label: &str,
        content: Value,
        pointer: &'static str,
    ) -> Result<Record, RegistriesError> {
        let (this, by, code, label) = (self.clone(), by.clone(), code.to_owned(), label.to_owned());
        self.store()
            .write(async move |tx: &mut Tx<'_>| {
                let compiled = this.compiled(tx, by.tenant(), &code).await?;
                let version = compiled.version(&label)?;
                let desk = Desk { this: &this, by: &by, compiled: &compiled, version };
                desk.create(tx, &content, None, pointer).await
            })
            .await
    }

    /// Creates a record once for an idempotency key, and answers the same as long as the key is remembered. Where the
    /// register holds personal data the answer is kept sealed with the record's own key, so that erasing the person also
    /// silences it.
    pub async fn create_once(
        &self,
        by: &By,
        code: &str,
        label: &str,
        content: Value,
        key: &str,
        answer: impl Fn(&Record, &Schema) -> Answer + Send + Sync + 'static,
    ) -> Result<Answer, RegistriesError> {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, content.to_string().as_bytes());
        let digest: [u8; 32] = digest.as_ref().try_into().map_err(|_| damaged("a digest"))?;
        let scope = format!("{}/{}/registries.record.create/{code}", by.tenant(), by.actor.id);
        let (this, by, code, label, key) =
            (self.clone(), by.clone(), code.to_owned(), label.to_owned(), key.to_owned());
        self.store()
            .write(async move |tx: &mut Tx<'_>| {
                if let Started::Replay(kept) = idempotency::begin(tx, &scope, &key, &digest).await? {
                    return this.unsealed(tx, kept).await;
                }
                let compiled = this.compiled(tx, by.tenant(), &code).await?;
                let version = compiled.version(&label)?;
                let desk = Desk { this: &this, by: &by, compiled: &compiled, version };
                let record = desk.create(tx, &content, None, "").await?;
                let made = answer(&record, &version.schema);
                let mut kept = made.clone();
                if compiled.is_personal() {
                    let subject = person_of(record.id);
                    kept.body = seal::seal(tx, this.keys(), &subject, ANSWER_CONTEXT, &made.body).await?;
                    kept.content_type = Some(format!("{SEALED}{}", record.id));
                }
                idempotency::finish(tx, &scope, &key, &kept).await?;
                Ok(made)
            })
            .await
    }

    async fn unsealed(&self, tx: &mut Tx<'_>, mut kept: Answer) -> Result<Answer, RegistriesError> {
        let sealed = kept.content_type.as_deref().and_then(|text| text.strip_prefix(SEALED));
        if let Some(id) = sealed.map(str::parse::<RecordId>) {
            let subject = person_of(id.map_err(|_| damaged("a kept answer"))?);
            kept.body = seal::open(tx, self.keys(), &subject, ANSWER_CONTEXT, &kept.body).await?.to_vec();
            kept.content_type = None;
        }
        Ok(kept)
    }

    /// Creates a record inside a transaction of the caller's, with an id of its own if one is given: for data that is
    /// taken over from elsewhere.
    pub(crate) async fn create_with_id(
        &self,
        tx: &mut Tx<'_>,
        by: &By,
        code: &str,
        label: &str,
        content: &Value,
        id: Option<RecordId>,
    ) -> Result<Record, RegistriesError> {
        let compiled = self.compiled(tx, by.tenant(), code).await?;
        let version = compiled.version(label)?;
        Desk { this: self, by, compiled: &compiled, version }.create(tx, content, id, "").await
    }

    /// Creates many records, all or none. The faults of every record are named.
    pub async fn create_many(
        &self,
        by: &By,
        code: &str,
        label: &str,
        contents: Vec<Value>,
        pointer: &'static str,
    ) -> Result<Vec<Record>, RegistriesError> {
        if contents.is_empty() || contents.len() > CREATED_AT_ONCE_MAX {
            let words = format!("must hold 1 to {CREATED_AT_ONCE_MAX} records");
            return Err(RegistriesError::field(pointer, "range", words));
        }
        let (this, by, code, label) = (self.clone(), by.clone(), code.to_owned(), label.to_owned());
        self.store()
            .write(async move |tx: &mut Tx<'_>| {
                let compiled = this.compiled(tx, by.tenant(), &code).await?;
                let version = compiled.version(&label)?;
                let desk = Desk { this: &this, by: &by, compiled: &compiled, version };
                let (mut made, mut errors) = (Vec::with_capacity(contents.len()), Vec::new());
                for (index, content) in contents.iter().enumerate() {
                    let place = format!("{pointer}/{index}/content");
                    match desk.create(tx, content, None, &place).await {
                        Ok(record) => made.push(record),
                        Err(RegistriesError::InvalidRecord(more)) => errors.extend(more),
                        Err(other) => return Err(other),
                    }
                }
                if errors.is_empty() { Ok(made) } else { Err(RegistriesError::InvalidRecord(errors)) }
            })
            .await
    }

    /// Changes the one record that matches the query; `None` when there is none.
    pub async fn update(
        &self,
        by: &By,
        code: &str,
        label: &str,
        query: Value,
        write: Value,
    ) -> Result<Option<Record>, RegistriesError> {
        let question = Question::example(by, code, label, &query);
        let (this, by, code, label) = (self.clone(), by.clone(), code.to_owned(), label.to_owned());
        let done = self
            .store()
            .write(async move |tx: &mut Tx<'_>| {
                let compiled = this.compiled(tx, by.tenant(), &code).await?;
                let version = compiled.version(&label)?;
                let desk = Desk { this: &this, by: &by, compiled: &compiled, version };
                let Some(present) = desk.one(tx, &query).await? else { return Ok(None) };
                let record = desk.change(tx, present, &write, "/write/content").await?;
                desk.note_answer(tx, &record).await?;
                Ok(Some(record))
            })
            .await;
        match &done {
            Ok(None) | Err(RegistriesError::SeveralMatch(_)) => self.note_question(question).await?,
            _ => {}
        }
        done
    }

    /// Changes every record that matches the query; gives how many.
    pub async fn update_entries(
        &self,
        by: &By,
        code: &str,
        label: &str,
        query: Value,
        write: Value,
    ) -> Result<usize, RegistriesError> {
        let (this, by, code, label) = (self.clone(), by.clone(), code.to_owned(), label.to_owned());
        self.store()
            .write(async move |tx: &mut Tx<'_>| {
                let compiled = this.compiled(tx, by.tenant(), &code).await?;
                let version = compiled.version(&label)?;
                let desk = Desk { this: &this, by: &by, compiled: &compiled, version };
                let example = Example::read(&version.schema, &query, "/query/content")?;
                let asked = example.fields.clone();
                let found = matching(tx, &compiled, example, CHANGED_AT_ONCE_MAX + 1).await?;
                // The answer says how many there are, also when nothing changes.
                if let Some(note) = Note::asked(&this, &compiled, asked, &found) {
                    note.write(tx, &by).await?;
                }
                if found.len() > CHANGED_AT_ONCE_MAX {
                    let words = format!("matches more than {CHANGED_AT_ONCE_MAX} records");
                    return Err(RegistriesError::field("/query/content", "max", words));
                }
                let count = found.len();
                for present in found {
                    desk.change(tx, present, &write, "/write/content").await?;
                }
                Ok(count)
            })
            .await
    }

    /// Changes the record that matches the query or has the written primary key, or creates it.
    pub async fn update_or_create(
        &self,
        by: &By,
        code: &str,
        label: &str,
        query: Option<Value>,
        write: Value,
    ) -> Result<Upserted, RegistriesError> {
        let question = Question::example(by, code, label, query.as_ref().unwrap_or(&Value::Null));
        let (this, by, code, label) = (self.clone(), by.clone(), code.to_owned(), label.to_owned());
        let done = self
            .store()
            .write(async move |tx: &mut Tx<'_>| {
                let compiled = this.compiled(tx, by.tenant(), &code).await?;
                let version = compiled.version(&label)?;
                let desk = Desk { this: &this, by: &by, compiled: &compiled, version };
                let mut present = match &query {
                    Some(query) => desk.one(tx, query).await?,
                    None => None,
                };
                // The same request twice: its query no longer matches what it wrote, its primary key still does.
                if present.is_none() {
                    present = desk.by_primary_key(tx, &write).await?;
                }
                match present {
                    Some(present) => {
                        let record = desk.change(tx, present, &write, "/write/content").await?;
                        desk.note_answer(tx, &record).await?;
                        Ok(Upserted { record, created: false })
                    }
                    None => {
                        let record = desk.create(tx, &write, None, "/write/content").await?;
                        Ok(Upserted { record, created: true })
                    }
                }
            })
            .await;
        if let Err(RegistriesError::SeveralMatch(_)) = &done {
            self.note_question(question).await?;
        }
        done
    }

    /// Changes a record by its id, only if it is still at `expected` when that is given.
    pub async fn update_by_id(
        &self,
        by: &By,
        code: &str,
        label: &str,
        id: RecordId,
        write: Value,
        expected: Option<i64>,
    ) -> Result<Record, RegistriesError> {
        let (this, by, code, label) = (self.clone(), by.clone(), code.to_owned(), label.to_owned());
        self.store()
            .write(async move |tx: &mut Tx<'_>| {
                let compiled = this.compiled(tx, by.tenant(), &code).await?;
                let version = compiled.version(&label)?;
                let desk = Desk { this: &this, by: &by, compiled: &compiled, version };
                let present = desk.by_id(tx, id, expected).await?;
                let record = desk.change(tx, present, &write, "").await?;
                desk.note_answer(tx, &record).await?;
                Ok(record)
            })
            .await
    }

    /// Deletes a record by its id (soft: the content stays, sealed off from reading), only if it is still at
    /// `expected` when that is given.
    pub async fn delete_by_id(
        &self,
        by: &By,
        code: &str,
        id: RecordId,
        why: Option<String>,
        expected: Option<i64>,
    ) -> Result<(), RegistriesError> {
        let (this, by, code) = (self.clone(), by.clone(), code.to_owned());
        self.store()
            .write(async move |tx: &mut Tx<'_>| {
                let compiled = this.compiled(tx, by.tenant(), &code).await?;
                let version = compiled.current().ok_or(RegistriesError::RecordNotFound)?;
                let desk = Desk { this: &this, by: &by, compiled: &compiled, version };
                let present = desk.by_id(tx, id, expected).await?;
                desk.delete(tx, present, why.as_deref()).await
            })
            .await
    }

    /// Deletes the record with this business id (its primary key) or record id.
    pub async fn delete_by_key(&self, by: &By, code: &str, label: &str, key: &str) -> Result<(), RegistriesError> {
        let question = Question::key(by, code, label);
        let (this, by, code, label) = (self.clone(), by.clone(), code.to_owned(), label.to_owned());
        let key = key.to_owned();
        let done = self
            .store()
            .write(async move |tx: &mut Tx<'_>| {
                let compiled = this.compiled(tx, by.tenant(), &code).await?;
                let version = compiled.version(&label)?;
                let desk = Desk { this: &this, by: &by, compiled: &compiled, version };
                let present = by_id_or_key(tx, &compiled, version, &key).await?;
                desk.delete(tx, present.ok_or(RegistriesError::RecordNotFound)?, None).await
            })
            .await;
        if let Err(RegistriesError::RecordNotFound) = &done {
            self.note_question(question).await?;
        }
        done
    }
}

impl Desk<'_> {
    /// The one record that matches a query.
    async fn one(self, tx: &mut Tx<'_>, query: &Value) -> Result<Option<Record>, RegistriesError> {
        let example = Example::read(&self.version.schema, query, "/query/content")?;
        let mut found = matching(tx, self.compiled, example.clone(), 2).await?;
        if found.len() > 1 {
            let selection = example.selection(tx, self.compiled).await?;
            return Err(RegistriesError::SeveralMatch(select::count(tx, self.compiled.id, &selection).await?));
        }
        Ok(found.pop())
    }

    /// The record that has the primary key which is to be written. A key of a wrong type finds none: it is refused where
    /// the whole record is checked.
    pub(super) async fn by_primary_key(
        self,
        tx: &mut Tx<'_>,
        write: &Value,
    ) -> Result<Option<Record>, RegistriesError> {
        let Some(field) = self.version.schema.primary_key() else { return Ok(None) };
        match write.pointer(&field.pointer()).filter(|key| !key.is_null()) {
            Some(key) => query::by_key(tx, self.compiled, self.version, key).await,
            None => Ok(None),
        }
    }

    async fn by_id(self, tx: &mut Tx<'_>, id: RecordId, expected: Option<i64>) -> Result<Record, RegistriesError> {
        let row = rows::get(tx, self.compiled.id, id).await?.ok_or(RegistriesError::RecordNotFound)?;
        if expected.is_some_and(|expected| expected != row.version) {
            return Err(RegistriesError::Changed(row.version));
        }
        read_row(&row)
    }

    /// Creates a record, with its index, history, evidence and event.
    pub(crate) async fn create(
        self,
        tx: &mut Tx<'_>,
        content: &Value,
        id: Option<RecordId>,
        pointer: &str,
    ) -> Result<Record, RegistriesError> {
        let schema = &*self.version.schema;
        let mut content = Content::read(schema, content, None, pointer).map_err(RegistriesError::InvalidRecord)?;
        for field in schema.fields() {
            if let Some(template) = field.numbering.as_ref().filter(|_| content.get(field.id).is_none()) {
                let index = registry::take_number(tx, self.compiled.id).await?;
                let number = template.fill(&self.compiled.code, index, tx.now().date().year());
                content.set(field.id, Value::from(number));
            }
        }
        let (compiled, rules) = (self.compiled, &self.compiled.rules);
        links::check(tx, self.by.tenant(), compiled, schema, &content, pointer).await?;
        let id = id.unwrap_or_else(|| tx.new_id());
        let now = tx.now();
        unique::claim(tx, compiled, id, &content).await?;
        let row = RecordRow { id, version: 1, content: content.to_stored(), created_at: now, modified_at: now };
        rows::insert(tx, compiled.id, self.version.number, &row).await?;
        value::index(tx, compiled.id, id, &content.index(rules.mixed())).await?;
        let text = content.text(rules.fulltext());
        if !text.is_empty() {
            search::index(tx, &compiled.collection(), id.as_bytes(), &text).await?;
        }
        let record = Record { id, version: 1, content, created_at: now, modified_at: now };
        self.tell(tx, Told::Created, None, Some(&record)).await?;
        Ok(record)
    }

    /// Changes the given fields of a record. A change that changes nothing leaves no trace.
    pub(crate) async fn change(
        self,
        tx: &mut Tx<'_>,
        present: Record,
        write: &Value,
        pointer: &str,
    ) -> Result<Record, RegistriesError> {
        let schema = &*self.version.schema;
        let content =
            Content::read(schema, write, Some(&present.content), pointer).map_err(RegistriesError::InvalidRecord)?;
        if content == present.content {
            return Ok(present);
        }
        let (compiled, rules, tenant) = (self.compiled, &self.compiled.rules, self.by.tenant());
        links::check(tx, tenant, compiled, schema, &content, pointer).await?;
        links::check_referrers(tx, tenant, compiled, present.id, &present.content, Some(&content)).await?;
        unique::reclaim(tx, compiled, present.id, &present.content, &content).await?;
        let record = Record { version: present.version + 1, modified_at: tx.now(), content, ..present.clone() };
        let row = RecordRow {
            id: record.id,
            version: record.version,
            content: record.content.to_stored(),
            created_at: record.created_at,
            modified_at: record.modified_at,
        };
        rows::update(tx, self.version.number, &row).await?;
        let mut fresh = Vec::new();
        for field in present.content.differences(&record.content) {
            if present.content.get(field).is_some() {
                value::unindex_field(tx, record.id, field).await?;
            }
            record.content.index_field(field, rules.mixed(), &mut fresh);
        }
        value::index(tx, compiled.id, record.id, &fresh).await?;
        let text = record.content.text(rules.fulltext());
        if text != present.content.text(rules.fulltext()) {
            search::index(tx, &compiled.collection(), record.id.as_bytes(), &text).await?;
        }
        self.tell(tx, Told::Updated, Some(&present), Some(&record)).await?;
        Ok(record)
    }

    async fn delete(self, tx: &mut Tx<'_>, present: Record, why: Option<&str>) -> Result<(), RegistriesError> {
        let compiled = self.compiled;
        links::check_referrers(tx, self.by.tenant(), compiled, present.id, &present.content, None).await?;
        value::remove(tx, present.id).await?;
        search::remove(tx, &compiled.collection(), present.id.as_bytes()).await?;
        let now = tx.now();
        rows::delete(tx, present.id, now, &self.by.actor.id, why).await?;
        self.tell(tx, Told::Deleted, Some(&present), None).await
    }

    /// Writes down that the answer to a change shows the record as it is now, also what the caller did not write.
    async fn note_answer(self, tx: &mut Tx<'_>, record: &Record) -> Result<(), RegistriesError> {
        match Note::shown(self.this, self.compiled, self.version.fields(), [record]) {
            Some(note) => note.write(tx, self.by).await,
            None => Ok(()),
        }
    }

    /// History, evidence and event of one change, all in its transaction.
    async fn tell(
        self,
        tx: &mut Tx<'_>,
        told: Told,
        before: Option<&Record>,
        after: Option<&Record>,
    ) -> Result<(), RegistriesError> {
        let Some(record) = after.or(before) else { return Ok(()) };
        let empty = Content::default();
        let (old, new) = (before.map_or(&empty, |r| &r.content), after.map_or(&empty, |r| &r.content));
        let fields = old.differences(new);
        let details: Vec<Value> =
            fields.iter().map(|id| json!({"id": id, "old": old.get(*id), "new": new.get(*id)})).collect();
        let details = Value::Array(details).to_string().into_bytes();
        let is_sealed = self.compiled.is_personal();
        let details = if is_sealed { seal_change(tx, self.this, record.id, &details).await? } else { details };
        let actor = &self.by.actor;
        let change = NewChange {
            registry: self.compiled.id,
            record: record.id,
            actor: &actor.id,
            actor_name: actor.name.as_deref(),
            action: told.word(),
            version: record.version + i64::from(told == Told::Deleted),
            fields: fields.iter().map(i64::to_string).collect::<Vec<_>>().join(","),
            details,
            is_sealed,
        };
        history::add_change(tx, &change).await?;
        let object = format!("registries/{}/{}", self.compiled.code, record.id);
        let subject = self.this.subject_in(self.compiled, record);
        let mut evidence = stoa_audit::Record::done(actor, told.action(), object.clone());
        evidence.subject = subject.as_deref();
        evidence.purpose = self.by.info.purpose.as_deref();
        evidence.correlation = Some(self.by.info.correlation.as_str()).filter(|id| !id.is_empty());
        evidence.detail = json!({"version": change.version, "fields": fields});
        stoa_audit::append(tx, &evidence).await?;
        // Events name the record and the fields; whoever may see the values reads them back under their own rights.
        let data = json!({
            "registry": self.compiled.code,
            "record": record.id,
            "version": change.version,
            "fields": fields,
        });
        let event = Event::new(tx, told.event(), "/registries", self.by.tenant(), data)
            .subject(object)
            .actor(self.by.info.name(actor))
            .correlation(Some(self.by.info.correlation.as_str()).filter(|id| !id.is_empty()))
            .traceparent(self.by.info.traceparent.as_deref());
        outbox::publish(tx, &event).await?;
        Ok(())
    }
}

/// Whose key a record's history is sealed with: each record's own, so that one person's erasure touches nobody else.
pub(crate) fn person_of(record: RecordId) -> String {
    format!("record/{record}")
}

/// Seals the details of a change.
pub(crate) async fn seal_change(
    tx: &mut Tx<'_>,
    this: &Registries,
    record: RecordId,
    details: &[u8],
) -> Result<Vec<u8>, RegistriesError> {
    Ok(seal::seal(tx, this.keys(), &person_of(record), CHANGE_CONTEXT, details).await?)
}

/// Opens the details of a change.
pub(crate) async fn open_details(
    this: &Registries,
    tx: &mut Tx<'_>,
    record: RecordId,
    details: &[u8],
    is_sealed: bool,
) -> Result<Option<Vec<u8>>, RegistriesError> {
    if !is_sealed {
        return Ok(Some(details.to_vec()));
    }
    match seal::open(tx, this.keys(), &person_of(record), CHANGE_CONTEXT, details).await {
        Ok(opened) => Ok(Some(opened.to_vec())),
        Err(seal::SealError::Erased) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Created,
    Updated,
    Deleted,
}

impl Told {
    const fn word(self) -> &'static str {
        match self {
            Self::Created => "create",
            Self::Updated => "update",
            Self::Deleted => "delete",
        }
    }

    const fn action(self) -> &'static str {
        match self {
            Self::Created => "registries.record.create",
            Self::Updated => "registries.record.update",
            Self::Deleted => "registries.record.delete",
        }
    }

    const fn event(self) -> &'static str {
        match self {
            Self::Created => "stoa.registries.record.created.v1",
            Self::Updated => "stoa.registries.record.updated.v1",
            Self::Deleted => "stoa.registries.record.deleted.v1",
        }
    }
}
