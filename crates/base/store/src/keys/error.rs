//! What can be wrong with the master keys, and what a caller of the API is told about it.

use std::io;
use std::path::PathBuf;

use stoa_core::{Problem, Refusal};

use crate::StoreError;

/// What can be wrong with the master keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("the key file {} cannot be {doing}: {source}", path.display())]
    File {
        /// Where it lies.
        path: PathBuf,
        /// `read`, `made`, …
        doing: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Others than its owner may read the file.
    #[error("the key file {} has mode {mode:04o}, so others may read it: run `chmod 600` on it, and replace the keys if \
             somebody may have done so", path.display())]
    TooOpen {
        /// Where it lies.
        path: PathBuf,
        /// The permission bits found.
        mode: u32,
    },
    /// The text is no key file.
    #[error("the master keys cannot be read: line {line} is {what}")]
    Malformed {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it, never its content.
        what: &'static str,
    },
    /// The database was sealed with a key that is not among these.
    #[error(
        "the master keys do not fit the database of `{block}`: it was sealed with key {wanted}, and the keys given are \
             {given}. Put back the key file that belongs to this data"
    )]
    DoesNotFit {
        /// Whose database.
        block: &'static str,
        /// The id of the missing key.
        wanted: String,
        /// The ids of the keys that are there.
        given: String,
    },
    /// There is no key file, and the database was sealed with keys that must have lain in one.
    #[error("the key file {} is missing, and the database of `{block}` was sealed with key {wanted}", path.display())]
    Missing {
        /// Where it should lie.
        path: PathBuf,
        /// Whose database.
        block: &'static str,
        /// The ids of the keys.
        wanted: String,
    },
    /// The file is not the one that was read before with other keys in it, but another node's.
    #[error("the key file {} was replaced by one that does not belong to this node's data", path.display())]
    Replaced {
        /// Where it lies.
        path: PathBuf,
    },
    /// The keys come from configuration, and what is written there this node does not change.
    #[error(
        "the master keys come from configuration (`keys.master` or `keys.master_file`), which this node does not write"
    )]
    Configured,
    /// A key was taken out of use, and is the one that this node would seal with.
    #[error(
        "the master key {id} was taken out of use in the database of `{block}`: this node's key file is an old one"
    )]
    Retired {
        /// Whose database.
        block: &'static str,
        /// The key.
        id: String,
    },
    /// A key cannot be taken out of use.
    #[error("the master key {id} {why}")]
    Needed {
        /// The key.
        id: String,
        /// Why not: `is the active one`, …
        why: String,
    },
    /// The operating system gave no randomness, or refused an operation on keys.
    #[error("the cryptographic library refused to {doing}")]
    Refused {
        /// What was asked of it.
        doing: &'static str,
    },
    /// The database could not be asked.
    #[error("the keys that the database notes could not be read or written")]
    Store(#[from] StoreError),
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Store(error) => error.into(),
            KeyError::DoesNotFit { .. }
            | KeyError::Missing { .. }
            | KeyError::Replaced { .. }
            | KeyError::Retired { .. } => Problem::new(Refusal::Failed, "store.key_does_not_fit"),
            KeyError::File { .. }
            | KeyError::TooOpen { .. }
            | KeyError::Malformed { .. }
            | KeyError::Configured
            | KeyError::Needed { .. }
            | KeyError::Refused { .. } => Problem::new(Refusal::Failed, "store.key_unusable"),
        }
    }
}
