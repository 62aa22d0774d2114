//! Many records in, many records out: for files. Each batch is one unit of work.

use std::time::Duration;

use serde_json::Value;
use stoa_core::FieldError;
use stoa_store::Tx;

use super::record::{Desk, read_row};
use super::{By, Record, RecordId, Registries, Version};
use crate::error::RegistriesError;
use crate::import::{Fault, Rows, content_of};
use crate::store::record as rows;
use crate::store::upload::{Step, UploadId};

/// Rows of one batch at most.
pub const BATCH_ROWS_MAX: usize = 250;

/// How often a batch is tried again when the store has no room for it, and how long it waits each time: ten seconds in all.
const BUSY_TRIES_MAX: u32 = 100;
const BUSY_WAIT: Duration = Duration::from_millis(100);

/// What an import has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// Records that are new.
    pub created: u64,
    /// Records whose key was there and whose values changed.
    pub updated: u64,
    /// Records whose key was there with the same values.
    pub unchanged: u64,
    /// Rows that were refused.
    pub refused: u64,
}

/// Whether an import only finds out what it would do. Within a batch a trial sees everything that the import would see;
/// two rows of different batches with the same value it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trial {
    /// Everything is checked and nothing is kept.
    Yes,
    /// What can be written is written.
    No,
}

/// Whose rows go where.
struct Way<'a> {
    by: &'a By,
    code: &'a str,
    label: &'a str,
    trial: Trial,
    /// The upload whose progress is written down.
    note: Option<UploadId>,
}

/// How a unit of an import ended without being kept.
enum Ended {
    Trial(Imported, Vec<RefusedRow>),
    Failed(RegistriesError),
}

impl<E: Into<RegistriesError>> From<E> for Ended {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// A row that was refused, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedRow {
    /// Its line in the file, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub errors: Vec<FieldError>,
}

impl From<Fault> for RefusedRow {
    fn from(fault: Fault) -> Self {
        let error = FieldError {
            pointer: fault.field.as_deref().map_or_else(String::new, |field| format!("/{field}")),
            code: fault.kind.code(),
            message: fault.kind.to_string(),
        };
        Self { line: fault.line, errors: vec![error] }
    }
}

impl std::ops::AddAssign for Imported {
    fn add_assign(&mut self, more: Self) {
        self.created += more.created;
        self.updated += more.updated;
        self.unchanged += more.unchanged;
        self.refused += more.refused;
    }
}

impl Registries {
    /// Writes rows: each creates a record, or changes the one with its primary key. Refused rows are named and the
    /// others written.
    pub async fn import_rows(
        &self,
        by: &By,
        code: &str,
        label: &str,
        batch: Vec<(u64, Value)>,
        trial: Trial,
    ) -> Result<(Imported, Vec<RefusedRow>), RegistriesError> {
        let mut unit_rows = BATCH_ROWS_MAX;
        let way = Way { by, code, label, trial, note: None };
        self.write_rows(&way, batch, Step::default(), &mut unit_rows).await
    }

    /// The same; `unread` are the rows among them that could not be read, to be noted with the last of the others.
    /// `unit_rows` is how many rows go into one unit of work, and becomes less when that was too long for one.
    async fn write_rows(
        &self,
        way: &Way<'_>,
        batch: Vec<(u64, Value)>,
        unread: Step,
        unit_rows: &mut usize,
    ) -> Result<(Imported, Vec<RefusedRow>), RegistriesError> {
        if batch.len() > BATCH_ROWS_MAX {
            return Err(RegistriesError::field("", "max", format!("a batch holds at most {BATCH_ROWS_MAX} rows")));
        }
        let batch = std::sync::Arc::new(batch);
        let (mut all, mut refused) = (Imported::default(), Vec::new());
        let size = (*unit_rows).max(1);
        // The next range is the last one, so that rows are written in their order.
        let starts = (0..batch.len()).step_by(size).rev();
        let mut waiting: Vec<_> = starts.map(|start| start..(start + size).min(batch.len())).collect();
        let mut patience = BUSY_TRIES_MAX;
        if batch.is_empty() {
            self.note_progress(way, unread.clone()).await?;
        }
        let unread = std::sync::Arc::new(unread);
        let step = |range: &std::ops::Range<usize>, done, refused: &[RefusedRow]| {
            step_of(&batch, range, done, refused).and(&unread, range.end == batch.len())
        };
        while let Some(range) = waiting.pop() {
            match self.import_unit(way, &batch, range.clone(), &unread).await {
                Ok((done, more)) => {
                    // What was kept is noted already, in its own transaction.
                    if way.trial == Trial::Yes {
                        self.note_progress(way, step(&range, done, &more)).await?;
                    }
                    all += done;
                    refused.extend(more);
                }
                Err(RegistriesError::NotUnique(field)) if range.len() <= 1 => {
                    let (done, more) = one_refused(&batch, range.start, &field);
                    self.note_progress(way, step(&range, done, &more)).await?;
                    all += done;
                    refused.extend(more);
                }
                // A value that comes twice spoils the whole unit, and a slow disk makes a unit too long: halves are
                // tried until the one row is found, or each fits into its time.
                Err(error) if range.len() > 1 && (error.is_not_unique() || error.is_too_long()) => {
                    let middle = range.start + range.len() / 2;
                    if error.is_too_long() {
                        *unit_rows = (range.len() / 2).min(*unit_rows);
                    }
                    waiting.push(middle..range.end);
                    waiting.push(range.start..middle);
                }
                // A single row that took too long was held up by something else.
                Err(error) if patience > 0 && (error.is_busy() || error.is_too_long()) => {
                    patience -= 1;
                    tokio::time::sleep(BUSY_WAIT).await;
                    waiting.push(range);
                }
                Err(other) => return Err(other),
            }
        }
        Ok((all, refused))
    }

    /// Writes all rows of a file, batch after batch; `told` hears after each batch what was done so far and which of its
    /// rows were refused. A fault after which nothing can be read ends the import; what was written stays.
    pub async fn import(
        &self,
        by: &By,
        code: &str,
        label: &str,
        rows: Rows<'static>,
        trial: Trial,
        told: impl FnMut(Imported, &[RefusedRow]) + Send,
    ) -> Result<Imported, RegistriesError> {
        self.import_by(&Way { by, code, label, trial, note: None }, rows, told).await
    }

    /// The same for a file that was uploaded: how far it has come is noted in the transactions of its rows.
    pub(crate) async fn import_noting(
        &self,
        by: &By,
        code: &str,
        label: &str,
        rows: Rows<'static>,
        trial: Trial,
        note: Option<UploadId>,
    ) -> Result<Imported, RegistriesError> {
        self.import_by(&Way { by, code, label, trial, note }, rows, |_, _| {}).await
    }

    async fn import_by(
        &self,
        way: &Way<'_>,
        rows: Rows<'static>,
        mut told: impl FnMut(Imported, &[RefusedRow]) + Send,
    ) -> Result<Imported, RegistriesError> {
        let schema = std::sync::Arc::clone(&self.open(way.by, way.code).await?.version(way.label)?.schema);
        // Reading may wait for a disk: it has a thread of its own, a few batches ahead.
        let (sender, mut batches) = tokio::sync::mpsc::channel(4);
        let reader = tokio::task::spawn_blocking(move || {
            let (mut batch, mut refused) = (Vec::with_capacity(BATCH_ROWS_MAX), Vec::new());
            for row in rows {
                let read = row.and_then(|row| {
                    let line = row.line;
                    content_of(&schema, row).map(|content| (line, content))
                });
                match read {
                    Ok(row) => batch.push(row),
                    Err(fault) => refused.push(RefusedRow::from(fault)),
                }
                if batch.len() + refused.len() >= BATCH_ROWS_MAX
                    && sender.blocking_send((std::mem::take(&mut batch), std::mem::take(&mut refused))).is_err()
                {
                    return;
                }
            }
            let _ = sender.blocking_send((batch, refused));
        });
        let (mut all, mut unit_rows) = (Imported::default(), BATCH_ROWS_MAX);
        while let Some((batch, unread)) = batches.recv().await {
            all.refused += u64::try_from(unread.len()).unwrap_or(0);
            let rows = u64::try_from(unread.len()).unwrap_or(0);
            let faults = Imported { refused: rows, ..Imported::default() };
            let line = unread.iter().map(|row| row.line).max().unwrap_or(0);
            let step = Step { rows, line, ..step_of(&[], &(0..0), faults, &unread) };
            let (done, mut refused) = self.write_rows(way, batch, step, &mut unit_rows).await?;
            all += done;
            refused.extend(unread);
            told(all, &refused);
        }
        let _ = reader.await;
        Ok(all)
    }

    async fn import_unit(
        &self,
        way: &Way<'_>,
        batch: &std::sync::Arc<Vec<(u64, Value)>>,
        range: std::ops::Range<usize>,
        unread: &std::sync::Arc<Step>,
    ) -> Result<(Imported, Vec<RefusedRow>), RegistriesError> {
        let unread = std::sync::Arc::clone(unread);
        let (this, by, code, label) = (self.clone(), way.by.clone(), way.code.to_owned(), way.label.to_owned());
        let (trial, note) = (way.trial, way.note);
        let batch = std::sync::Arc::clone(batch);
        let ended = self
            .store()
            .write(async move |tx: &mut Tx<'_>| -> Result<_, Ended> {
                let compiled = this.compiled(tx, by.tenant(), &code).await?;
                let version = compiled.version(&label)?;
                let desk = Desk { this: &this, by: &by, compiled: &compiled, version };
                let (mut done, mut refused) = (Imported::default(), Vec::new());
                for (line, content) in batch.get(range.clone()).unwrap_or_default() {
                    let written = match desk.by_primary_key(tx, content).await {
                        Ok(Some(present)) => {
                            let before = present.version;
                            desk.change(tx, present, content, "").await.map(|record| record.version > before)
                        }
                        Ok(None) => match desk.create(tx, content, None, "").await {
                            Ok(_) => {
                                done.created += 1;
                                continue;
                            }
                            Err(error) => Err(error),
                        },
                        Err(error) => Err(error),
                    };
                    match written {
                        Ok(true) => done.updated += 1,
                        Ok(false) => done.unchanged += 1,
                        // Checked before anything of the row was written, so the others are not touched by it.
                        Err(RegistriesError::InvalidRecord(errors) | RegistriesError::InvalidRequest(errors)) => {
                            done.refused += 1;
                            refused.push(RefusedRow { line: *line, errors });
                        }
                        Err(error @ RegistriesError::StillReferred(_)) => {
                            done.refused += 1;
                            let message = error.to_string();
                            let error = FieldError { pointer: String::new(), code: "foreignKey", message };
                            refused.push(RefusedRow { line: *line, errors: vec![error] });
                        }
                        Err(other) => return Err(other.into()),
                    }
                }
                match trial {
                    Trial::No => {
                        if let Some(id) = note {
                            let step = step_of(&batch, &range, done, &refused).and(&unread, range.end == batch.len());
                            Self::note_step(tx, id, &step).await?;
                        }
                        Ok((done, refused))
                    }
                    // An error takes back what the unit wrote; this one carries what it would have done.
                    Trial::Yes => Err(Ended::Trial(done, refused)),
                }
            })
            .await;
        match ended {
            Ok(done) => Ok(done),
            Err(Ended::Trial(done, refused)) => Ok((done, refused)),
            Err(Ended::Failed(error)) => Err(error),
        }
    }

    async fn note_progress(&self, way: &Way<'_>, step: Step) -> Result<(), RegistriesError> {
        match way.note.filter(|_| step.rows > 0) {
            Some(id) => Ok(self.note_step_apart(id, step).await?),
            None => Ok(()),
        }
    }

    /// Records after one, in the order of their creation, as a version shows them. Reads of personal data are recorded.
    pub async fn export_page(
        &self,
        by: &By,
        code: &str,
        after: Option<RecordId>,
        limit: u32,
    ) -> Result<(Version, Vec<Record>), RegistriesError> {
        let (this, tenant, owned) = (self.clone(), by.tenant().clone(), code.to_owned());
        let (compiled, version, records) = self
            .store()
            .scan(async move |tx: &mut Tx<'_>| {
                let compiled = this.compiled(tx, &tenant, &owned).await?;
                let version = compiled.current().cloned().ok_or_else(|| RegistriesError::VersionNotFound {
                    code: owned.clone(),
                    label: "published".to_owned(),
                })?;
                let found = rows::select_after(tx, compiled.id, after, limit).await?;
                let records = found.iter().map(read_row).collect::<Result<Vec<_>, _>>()?;
                Ok::<_, RegistriesError>((compiled, version, records))
            })
            .await?;
        self.note_reads(by, &compiled, &version, &records).await?;
        Ok((version, records))
    }
}

/// What a part of a batch is in an upload's progress.
fn step_of(batch: &[(u64, Value)], range: &std::ops::Range<usize>, done: Imported, refused: &[RefusedRow]) -> Step {
    let places = refused.iter().flat_map(|row| row.errors.iter().map(|error| (row.line, error)));
    Step {
        rows: u64::try_from(range.len()).unwrap_or(0),
        line: range.end.checked_sub(1).and_then(|last| batch.get(last)).map_or(0, |(line, _)| *line),
        counts: [done.created, done.updated, done.unchanged, done.refused],
        refusals: places.map(|(line, error)| (line, error.pointer.clone(), error.code)).collect(),
    }
}

fn one_refused(batch: &[(u64, Value)], index: usize, field: &str) -> (Imported, Vec<RefusedRow>) {
    let line = batch.get(index).map_or(0, |(line, _)| *line);
    let error = FieldError {
        pointer: format!("/{field}"),
        code: "unique",
        message: "another record has the same value".to_owned(),
    };
    (Imported { refused: 1, ..Imported::default() }, vec![RefusedRow { line, errors: vec![error] }])
}
