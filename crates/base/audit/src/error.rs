//! Why evidence could not be written, sealed or read.

use std::io;
use std::path::PathBuf;

use stoa_core::{Problem, Refusal};
use stoa_store::StoreError;
use stoa_store::seal::SealError;

/// Why evidence could not be written, sealed or read. That it was tampered with is no error but a
/// [`Verdict`](crate::verify::Verdict).
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The database is at fault.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A personal value could not be sealed or opened.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The record's detail is too large.
    #[error("the detail of a record may have {bytes_max} bytes, and this one has {bytes}")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The bound.
        bytes_max: usize,
    },
    /// A personal value needs a subject whose key seals it.
    #[error("a record with personal values must name its subject")]
    NoSubject,
    /// The key file cannot be read or made.
    #[error("the key file {} cannot be used: {source}", path.display())]
    KeyFile {
        /// Where it lies.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Others than its owner may read the key file.
    #[error("the key file {} has mode {mode:04o}, so others may read it: run `chmod 600` on it", path.display())]
    KeyTooOpen {
        /// Where it lies.
        path: PathBuf,
        /// The permission bits found.
        mode: u32,
    },
    /// The text is no Ed25519 key.
    #[error("this is no Ed25519 key")]
    NoKey,
    /// A question without an end.
    #[error("a page of evidence holds 1 to {0} records")]
    Page(u32),
    /// There is no such record.
    #[error("there is no such record of evidence")]
    NotFound,
    /// The record waits for the sealer, so nothing can be proved about it yet.
    #[error("the record is not sealed yet; it will be within a second or two")]
    NotSealed,
    /// What the sealer wrote cannot be read.
    #[error("the chain of evidence cannot be read: {0}")]
    Chain(&'static str),
}

impl From<AuditError> for Problem {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Store(error) => error.into(),
            AuditError::Seal(error) => error.into(),
            AuditError::Page(_) => Problem::new(Refusal::Malformed, "audit.invalid_page").detail(error.to_string()),
            AuditError::NotFound => Problem::new(Refusal::NotFound, "audit.record_not_found"),
            AuditError::NotSealed => {
                Problem::new(Refusal::Conflict, "audit.not_sealed").retry_after(std::time::Duration::from_secs(2))
            }
            _ => Problem::new(Refusal::Failed, "audit.failed"),
        }
    }
}
