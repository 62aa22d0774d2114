//! Files that come by a page: kept sealed, looked at, and read in the background, since a large one takes longer than a
//! request may. How far an import has come is written in the transaction of its rows: a node that is stopped in the
//! middle goes on behind them, and no row is written twice.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::json;
use stoa_core::{Actor, ActorKind, Problem, Tenant};
use stoa_store::blobs::{BlobError, BlobId, Blobs};
use stoa_store::jobs::{self, NewJob};
use stoa_store::seal::{self, SealError};
use stoa_store::{StoreError, Tx};

use super::{By, Imported, Registries, Trial};
use crate::error::RegistriesError;
use crate::import::{Fault, Format, Rows, flattened, open};
use crate::store::upload::{self, Step, UploadRow};

pub use crate::store::upload::UploadId;

/// The kind of the job that reads a file into a register.
pub(crate) const JOB: &str = "registries.import";
/// What a file is sealed for.
const CONTEXT: &str = "registries.upload";
/// Refusals that are kept of one file; the rest is counted.
const REFUSALS_KEPT_MAX: u64 = 50;

/// Where an upload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadState {
    /// It waits for a person to say what is to be done.
    Kept,
    /// It is being read, or waits for its turn.
    Queued,
    /// It was read to its end.
    Done,
    /// It could not be read on.
    Failed,
}

/// An upload as its owner sees it.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Its id.
    pub id: UploadId,
    /// The code of the register that it goes into, once that is known.
    pub registry: Option<String>,
    /// The file's name on the owner's own computer.
    pub file_name: String,
    /// How it holds its records.
    pub format: Format,
    /// Where it stands.
    pub state: UploadState,
    /// Whether nothing is written.
    pub trial: Trial,
    /// Rows of the file.
    pub rows: u64,
    /// Rows that were looked at.
    pub rows_done: u64,
    /// What came of them.
    pub done: Imported,
    /// Line, pointer and code of the first refused rows.
    pub refusals: Vec<(u64, String, String)>,
    /// The code of the problem that ended it.
    pub failure: Option<String>,
    /// Whether the file is still there.
    pub is_there: bool,
    row: UploadRow,
}

impl Upload {
    fn of(row: UploadRow, refusals: Vec<(i64, String, String)>) -> Self {
        let [created, updated, unchanged, refused] = row.counts;
        let state = match row.state.as_str() {
            "queued" => UploadState::Queued,
            "done" => UploadState::Done,
            "failed" => UploadState::Failed,
            _ => UploadState::Kept,
        };
        Self {
            id: row.id,
            registry: row.registry.clone(),
            file_name: row.file_name.clone(),
            format: Format::of_name(&format!(".{}", row.format)).unwrap_or(Format::Csv),
            state,
            trial: if row.is_trial { Trial::Yes } else { Trial::No },
            rows: row.rows_all,
            rows_done: row.rows_done.min(row.rows_all),
            done: Imported { created, updated, unchanged, refused },
            refusals: refusals.into_iter().map(|(line, at, code)| (line.unsigned_abs(), at, code)).collect(),
            failure: row.failure.clone(),
            is_there: row.blob.is_some(),
            row,
        }
    }

    /// Whoever brought the file: the job works in their name.
    fn by(&self) -> Result<By, RegistriesError> {
        let tenant = Tenant::new(&self.row.tenant).map_err(|_| super::compiled::damaged("an upload"))?;
        let actor = Actor {
            kind: ActorKind::Official,
            id: self.row.actor.clone(),
            name: self.row.actor_name.clone(),
            ..Actor::anonymous(tenant)
        };
        Ok(By::system(actor))
    }
}

/// A file that is new.
pub struct NewUpload {
    /// The code of the register that it is meant for, if there is one already.
    pub registry: Option<String>,
    /// Its name on the owner's own computer.
    pub file_name: String,
    /// How it holds its records.
    pub format: Format,
    /// Rows that it holds.
    pub rows: u64,
    /// The file.
    pub bytes: Bytes,
}

/// Why an upload cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The register or the database refused or failed.
    #[error(transparent)]
    Registries(#[from] RegistriesError),
    /// The file's place failed.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The file itself is broken.
    #[error("the file cannot be read")]
    File(Fault),
    /// There is no such upload, it is another person's, or its file is forgotten.
    #[error("there is no such file")]
    NotFound,
}

impl From<StoreError> for UploadError {
    fn from(error: StoreError) -> Self {
        Self::Registries(error.into())
    }
}
impl From<SealError> for UploadError {
    fn from(error: SealError) -> Self {
        Self::Registries(error.into())
    }
}

impl From<UploadError> for Problem {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Registries(error) => error.into(),
            UploadError::Blob(error) => error.into(),
            UploadError::File(_) => RegistriesError::field("/file", "format", "cannot be read to its end").into(),
            UploadError::NotFound => RegistriesError::UploadNotFound.into(),
        }
    }
}

/// The use cases of uploads. Cheap to clone.
#[derive(Clone)]
pub struct Uploads {
    pub(crate) registries: Registries,
    blobs: Blobs,
}

impl Uploads {
    /// Over the block's database and its blobs.
    pub fn new(registries: Registries, blobs: Blobs) -> Self {
        Self { registries, blobs }
    }

    /// The registers that files go into.
    pub fn registries(&self) -> &Registries {
        &self.registries
    }

    /// Keeps a file until its owner says what is to be done with it.
    pub async fn keep(&self, by: &By, new: NewUpload) -> Result<UploadId, UploadError> {
        let store = self.registries.store();
        let id = store.ids().new_id();
        let (keys, plain) = (self.registries.keys().clone(), new.bytes);
        let sealed = store
            .write(async move |tx: &mut Tx<'_>| seal::seal(tx, &keys, &subject(id), CONTEXT, &plain).await)
            .await?;
        let blob = self.blobs.put(sealed).await?;
        let row = UploadRow {
            id,
            tenant: by.tenant().to_string(),
            actor: by.actor.id.clone(),
            actor_name: by.actor.name.clone(),
            registry: new.registry,
            file_name: new.file_name.chars().take(200).collect(),
            format: new.format.as_str().to_owned(),
            blob: Some(blob.to_string()),
            state: "kept".to_owned(),
            is_trial: false,
            rows_all: new.rows,
            rows_done: 0,
            line: 0,
            counts: [0; 4],
            failure: None,
        };
        store.write(async move |tx: &mut Tx<'_>| upload::insert(tx, &row).await).await?;
        Ok(id)
    }

    /// An upload of one's own.
    pub async fn get(&self, by: &By, id: UploadId) -> Result<Upload, UploadError> {
        let (tenant, actor) = (by.tenant().clone(), by.actor.id.clone());
        self.registries
            .store()
            .read(async move |tx: &mut Tx<'_>| {
                let row = upload::find_own(tx, &tenant, &actor, id).await?.ok_or(UploadError::NotFound)?;
                let refusals = upload::refusals(tx, id).await?;
                Ok::<_, UploadError>(Upload::of(row, refusals))
            })
            .await
    }

    /// The rows of an upload.
    pub async fn rows(&self, upload: &Upload) -> Result<Rows<'static>, UploadError> {
        let blob = upload.row.blob.as_deref().and_then(|blob| blob.parse::<BlobId>().ok());
        let sealed = match self.blobs.get(blob.ok_or(UploadError::NotFound)?).await {
            Err(BlobError::NotFound(_)) => return Err(UploadError::NotFound),
            other => other?,
        };
        let (keys, id) = (self.registries.keys().clone(), upload.id);
        let plain = self
            .registries
            .store()
            .scan(async move |tx: &mut Tx<'_>| seal::open(tx, &keys, &subject(id), CONTEXT, &sealed).await)
            .await?;
        open(upload.format, std::io::Cursor::new(Bytes::from(plain.to_vec()))).map(flattened).map_err(UploadError::File)
    }

    /// Has the file read into a register, in the background. Once it is under way, asking again changes nothing.
    pub async fn start(&self, by: &By, id: UploadId, registry: &str, trial: Trial) -> Result<(), UploadError> {
        let (tenant, actor, registry) = (by.tenant().clone(), by.actor.id.clone(), registry.to_owned());
        self.registries
            .store()
            .write(async move |tx: &mut Tx<'_>| {
                let row = upload::find_own(tx, &tenant, &actor, id).await?.ok_or(UploadError::NotFound)?;
                if row.blob.is_none() {
                    return Err(UploadError::NotFound);
                }
                if row.state != "queued" {
                    upload::begin(tx, id, &registry, trial == Trial::Yes).await?;
                    let (payload, key) = (json!({"upload": id}), id.to_string());
                    jobs::enqueue(tx, NewJob::new(JOB, &payload).key(&key)).await?;
                }
                Ok(())
            })
            .await
    }

    /// Reads a file into its register, from the line that it has come to.
    pub(crate) async fn run(&self, id: UploadId) -> Result<(), UploadError> {
        let store = self.registries.store();
        let row = store.read(async move |tx: &mut Tx<'_>| upload::find(tx, id).await).await?;
        let Some(found) = row.filter(|row| row.state == "queued").map(|row| Upload::of(row, Vec::new())) else {
            return Ok(());
        };
        let by = found.by()?;
        let code = found.registry.clone().unwrap_or_default();
        if found.trial == Trial::Yes {
            // What a trial did was taken back with its units; only counting it twice must not be.
            let code = code.clone();
            store.write(async move |tx: &mut Tx<'_>| upload::begin(tx, id, &code, true).await).await?;
        }
        let after = if found.trial == Trial::Yes { 0 } else { found.row.line };
        let line = |row: &Result<crate::import::SourceRow, Fault>| {
            row.as_ref().map_or_else(|fault| fault.line, |row| row.line)
        };
        let rows: Rows<'static> = Box::new(self.rows(&found).await?.skip_while(move |row| line(row) <= after));
        let info = self.registries.get(&by, &code).await?;
        let label = info.versions.last().map(|version| version.label.clone()).unwrap_or_default();
        self.registries.import_noting(&by, &code, &label, rows, found.trial, Some(id)).await?;
        self.end(&found, None).await
    }

    /// Notes how it ended. What was written is no longer needed as a file; after a trial it is.
    pub(crate) async fn end(&self, found: &Upload, failure: Option<&'static str>) -> Result<(), UploadError> {
        let id = found.id;
        let write = async move |tx: &mut Tx<'_>| upload::end(tx, id, failure).await;
        self.registries.store().write(write).await?;
        if failure.is_none() && found.trial == Trial::No {
            self.forget(&found.row).await?;
        }
        Ok(())
    }

    /// Ends an upload that cannot be read on.
    pub(crate) async fn fail(&self, id: UploadId, failure: &'static str) -> Result<(), UploadError> {
        self.registries.store().write(async move |tx: &mut Tx<'_>| upload::end(tx, id, Some(failure)).await).await?;
        Ok(())
    }

    /// Forgets the file of an upload, and the key that it was sealed with.
    async fn forget(&self, row: &UploadRow) -> Result<(), UploadError> {
        let (id, keys) = (row.id, self.registries.keys().clone());
        let blob = row.blob.clone().unwrap_or_default();
        let named = blob.clone();
        let still_named = self
            .registries
            .store()
            .write(async move |tx: &mut Tx<'_>| {
                upload::forget_blob(tx, id).await?;
                seal::destroy_subject(tx, &keys, &subject(id)).await?;
                Ok::<_, UploadError>(upload::is_named(tx, &named).await?)
            })
            .await?;
        if let (false, Ok(blob)) = (still_named, blob.parse::<BlobId>()) {
            self.blobs.delete(blob).await?;
        }
        Ok(())
    }

    /// Forgets files that nobody came back for, and what became of those that were read long ago.
    pub(crate) async fn tidy(
        &self,
        files_before: stoa_core::Instant,
        rows_before: stoa_core::Instant,
    ) -> Result<(), UploadError> {
        const BATCH: u32 = 100;
        let store = self.registries.store();
        let stale = store.read(async move |tx: &mut Tx<'_>| upload::stale(tx, files_before, BATCH).await).await?;
        for row in &stale {
            self.forget(row).await?;
        }
        store.write(async move |tx: &mut Tx<'_>| upload::remove_before(tx, rows_before).await).await?;
        Ok(())
    }
}

/// Whose key a file is sealed with: its own, so that it can be forgotten for good.
fn subject(id: UploadId) -> String {
    format!("upload/{id}")
}

impl Registries {
    /// Writes down how far an import has come; inside the transaction of its rows where they are kept.
    pub(crate) async fn note_step(tx: &mut Tx<'_>, id: UploadId, step: &Step) -> Result<(), StoreError> {
        upload::advance(tx, id, step, REFUSALS_KEPT_MAX).await
    }

    pub(crate) async fn note_step_apart(&self, id: UploadId, step: Step) -> Result<(), StoreError> {
        let step = Arc::new(step);
        self.store().write(async move |tx: &mut Tx<'_>| Self::note_step(tx, id, &step).await).await
    }
}
