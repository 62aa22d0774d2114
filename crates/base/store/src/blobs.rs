//! Blobs: files beside the database, each under the SHA-256 of its content.
//!
//! A content's name cannot be chosen, so writing is idempotent, equal content is kept once, and no name leads out of the
//! folder. `object_store` stands behind it: a local folder by default (file and folders synced before `put` returns),
//! any S3 service with the feature `s3`.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest;
use bytes::Bytes;
use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, PutPayload};
use stoa_core::{Problem, Refusal};

use crate::keys::hex;

/// The largest blob in bytes where nothing else is configured.
pub const BLOB_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What a put that was killed left behind is removed when it is at least so old: no put takes that long.
const LEFT_BEHIND_AFTER: Duration = Duration::from_hours(1);

/// The name of a blob: the SHA-256 of its content, in text 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId([u8; 32]);

impl BlobId {
    /// The name that this content has.
    pub fn of(content: &[u8]) -> Self {
        let mut id = [0; 32];
        id.copy_from_slice(digest::digest(&digest::SHA256, content).as_ref());
        Self(id)
    }

    /// The digest's bytes, as a database stores them.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Two levels: no folder grows beyond what a file system lists well.
    fn path(self) -> ObjectPath {
        let name = self.to_string();
        ObjectPath::from_iter([name.get(..2).unwrap_or_default(), name.as_str()])
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// A text that names no blob.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a blob is named by 64 lower-case hexadecimal digits")]
pub struct BlobIdError;

impl FromStr for BlobId {
    type Err = BlobIdError;

    fn from_str(text: &str) -> Result<Self, BlobIdError> {
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != 32 || !rest.is_empty() {
            return Err(BlobIdError);
        }
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            b'a'..=b'f' => Ok(byte - b'a' + 10),
            _ => Err(BlobIdError),
        };
        let mut id = [0; 32];
        for (byte, [high, low]) in id.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Ok(Self(id))
    }
}

/// Why a blob could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// There is no such blob.
    #[error("there is no blob {0}")]
    NotFound(BlobId),
    /// Larger than allowed; nothing was written.
    #[error("the blob has {bytes} bytes; {bytes_max} are allowed")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The bound.
        bytes_max: usize,
    },
    /// What lies under the name is not what was put there.
    #[error("the blob {0} is damaged: its content does not have the digest that it is named by")]
    Damaged(BlobId),
    /// The folder or service behind failed.
    #[error("the blob store could not {doing}")]
    Storage {
        /// `read`, `write`, …
        doing: &'static str,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl BlobError {
    fn storage(doing: &'static str) -> impl Fn(object_store::Error) -> Self {
        move |source| Self::Storage { doing, source: Box::new(source) }
    }
}

impl From<BlobError> for Problem {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::NotFound(_) => Problem::new(Refusal::NotFound, "store.blob_not_found"),
            BlobError::TooLarge { .. } => {
                Problem::new(Refusal::TooLarge, "store.blob_too_large").detail(error.to_string())
            }
            BlobError::Damaged(_) | BlobError::Storage { .. } => Problem::new(Refusal::Failed, "store.blob_unreadable"),
        }
    }
}

/// Where blobs are kept; cheap to clone.
#[derive(Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    /// Where they lie, when it is a local folder.
    folder: Option<PathBuf>,
    bytes_max: usize,
}

impl fmt::Debug for Blobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blobs({})", self.store)
    }
}

impl Blobs {
    /// Blobs in a local folder, which is made if it is missing.
    pub fn folder(path: &Path) -> Result<Self, BlobError> {
        std::fs::create_dir_all(path)
            .map_err(|source| BlobError::Storage { doing: "make its folder", source: Box::new(source) })?;
        let store = LocalFileSystem::new_with_prefix(path)
            .map_err(BlobError::storage("open its folder"))?
            .with_fsync(true)
            .with_automatic_cleanup(false);
        Ok(Self { store: Arc::new(store), folder: Some(path.to_owned()), bytes_max: BLOB_BYTES_MAX })
    }

    /// Blobs in a bucket of an S3 service, below a prefix of their own. `options` are `object_store`'s names: `bucket`,
    /// `endpoint`, `region`, `access_key_id`, `secret_access_key`, `allow_http`.
    #[cfg(feature = "s3")]
    pub fn s3<'a>(prefix: &str, options: impl IntoIterator<Item = (&'a str, String)>) -> Result<Self, BlobError> {
        use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
        let mut builder = AmazonS3Builder::new();
        for (name, value) in options {
            let key = AmazonS3ConfigKey::from_str(name).map_err(BlobError::storage("take its configuration"))?;
            builder = builder.with_config(key, value);
        }
        let store = builder.build().map_err(BlobError::storage("take its configuration"))?;
        let store = object_store::prefix::PrefixStore::new(store, prefix);
        Ok(Self { store: Arc::new(store), folder: None, bytes_max: BLOB_BYTES_MAX })
    }

    /// The same place with another bound for the size of a blob.
    #[must_use]
    pub fn with_bytes_max(mut self, bytes_max: usize) -> Self {
        self.bytes_max = bytes_max;
        self
    }

    /// Keeps this content and returns its name. When it returns, the blob is on disk.
    ///
    /// Put a blob before the transaction that names it: a blob that nobody names is waste, a name without a blob is loss.
    pub async fn put(&self, content: impl Into<Bytes>) -> Result<BlobId, BlobError> {
        let content = content.into();
        if content.len() > self.bytes_max {
            return Err(BlobError::TooLarge { bytes: content.len(), bytes_max: self.bytes_max });
        }
        let id = BlobId::of(&content);
        self.store.put(&id.path(), PutPayload::from(content)).await.map_err(BlobError::storage("write"))?;
        Ok(id)
    }

    /// The content of a blob, checked against its name.
    pub async fn get(&self, id: BlobId) -> Result<Bytes, BlobError> {
        let content = match self.store.get(&id.path()).await {
            Ok(found) => found.bytes().await.map_err(BlobError::storage("read"))?,
            Err(object_store::Error::NotFound { .. }) => return Err(BlobError::NotFound(id)),
            Err(error) => return Err(BlobError::storage("read")(error)),
        };
        if BlobId::of(&content) == id { Ok(content) } else { Err(BlobError::Damaged(id)) }
    }

    /// Whether there is such a blob.
    pub async fn contains(&self, id: BlobId) -> Result<bool, BlobError> {
        match self.store.head(&id.path()).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(BlobError::storage("read")(error)),
        }
    }

    /// Deletes a blob. Does nothing if it is not there.
    pub async fn delete(&self, id: BlobId) -> Result<(), BlobError> {
        match self.store.delete(&id.path()).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(BlobError::storage("delete")(error)),
        }
    }

    /// The names of blobs, in order, after `after`: at most `limit`. Files that are no blobs are passed over.
    pub async fn list(&self, after: Option<BlobId>, limit: usize) -> Result<Vec<BlobId>, BlobError> {
        let mut names = BTreeSet::new();
        if self.folder.is_none() {
            // A service lists in order, from where it is told to.
            let found = match after {
                Some(after) => self.store.list_with_offset(None, &after.path()),
                None => self.store.list(None),
            };
            gather(found, after, limit, &mut names, true).await?;
            return Ok(names.into_iter().collect());
        }
        // A folder does not: so it is read a level at a time, as far as is asked for.
        let first = after.map_or(0, |after| after.0.first().copied().unwrap_or(0));
        for pair in first..=u8::MAX {
            let found = self.store.list(Some(&ObjectPath::from(hex(&[pair]))));
            gather(found, after, limit, &mut names, false).await?;
            if names.len() >= limit {
                break;
            }
        }
        Ok(names.into_iter().collect())
    }

    /// Removes what puts left in the folder that were killed; gives how many there were. Nothing to do for a service.
    pub async fn sweep(&self) -> Result<u64, BlobError> {
        let Some(folder) = self.folder.clone() else { return Ok(0) };
        let swept = tokio::task::spawn_blocking(move || sweep(&folder)).await;
        let failed =
            |source: Box<dyn std::error::Error + Send + Sync>| BlobError::Storage { doing: "clean up", source };
        swept.map_err(|error| failed(Box::new(error)))?.map_err(|error| failed(Box::new(error)))
    }
}

/// Takes names from a listing; those of a listing in order only until there are enough.
async fn gather(
    mut found: BoxStream<'_, object_store::Result<ObjectMeta>>,
    after: Option<BlobId>,
    limit: usize,
    names: &mut BTreeSet<BlobId>,
    in_order: bool,
) -> Result<(), BlobError> {
    while let Some(object) = found.try_next().await.map_err(BlobError::storage("list"))? {
        let Some(id) = object.location.filename().and_then(|name| name.parse::<BlobId>().ok()) else { continue };
        if after.is_none_or(|after| id > after) {
            names.insert(id);
            if names.len() > limit {
                names.pop_last();
            }
            if in_order && names.len() == limit {
                break;
            }
        }
    }
    Ok(())
}

/// A file on its way is called like the blob, a `#` and a number.
fn sweep(folder: &Path) -> std::io::Result<u64> {
    let mut removed = 0;
    for level in std::fs::read_dir(folder)? {
        let level = level?;
        if !level.file_type()?.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(level.path())? {
            let entry = entry?;
            let name = entry.file_name();
            let is_staged = name
                .to_str()
                .and_then(|name| name.split_once('#'))
                .is_some_and(|(id, number)| id.parse::<BlobId>().is_ok() && number.parse::<u64>().is_ok());
            let age = |data: std::fs::Metadata| data.modified().ok()?.elapsed().ok();
            if is_staged && entry.metadata().ok().and_then(age).is_some_and(|age| age >= LEFT_BEHIND_AFTER) {
                std::fs::remove_file(entry.path())?;
                removed += 1;
            }
        }
    }
    Ok(removed)
}
