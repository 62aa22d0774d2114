//! The errors of the rooms below as failures for a person: what happened, with which exit code, and what to do next.

use stoa_audit::AuditError;
use stoa_store::StoreError;
use stoa_store::blobs::BlobError;
use stoa_store::keys::KeyError;

use crate::exit::{Exit, Failure, chain};

/// Makes a [`Failure`] of an error, knowing what was being done.
pub(crate) trait Explain {
    /// `doing` is the operation in words: `opening the database of registries`.
    fn explain(self, doing: &str) -> Failure;
}

impl Explain for StoreError {
    fn explain(self, doing: &str) -> Failure {
        let message = format!("{doing}: {}", chain(&self));
        let failure = |exit, advice: &str| Failure::new(exit, message.clone()).advice(advice);
        match &self {
            StoreError::Full => failure(
                Exit::Disk,
                "Nothing was lost. Free space on the disk that holds the data folder, and start again.",
            ),
            StoreError::ReadOnly { .. } => {
                failure(Exit::Disk, "Make the data folder writable for this user, or choose another one with --data.")
            }
            StoreError::Io { source, .. } => Failure::io(message, source),
            StoreError::Corrupt { .. } => failure(
                Exit::Data,
                "Keep the folder as it is, and restore the latest backup into a new one: \
                 stoa restore ARCHIVE --data NEW-FOLDER.",
            ),
            StoreError::Newer { .. } => failure(
                Exit::Data,
                "Start the newer program that wrote it, or restore a backup from before the upgrade.",
            ),
            StoreError::ChangedMigration { .. } => failure(
                Exit::Data,
                "This binary does not belong to this data: use the one it was made with, or a later release.",
            ),
            StoreError::Key { .. } => failure(Exit::Data, KEY_ADVICE),
            StoreError::Locked { .. } => {
                failure(Exit::Busy, "Stop that process, or use the commands beside it: they go through its socket.")
            }
            StoreError::Unavailable { .. } => failure(
                Exit::Failed,
                "See whether the database server runs and `store.url` is right; `stoa config show` prints it.",
            ),
            StoreError::Busy { .. } => failure(Exit::Busy, "Try again in a moment."),
            _ => Failure::new(Exit::Failed, message),
        }
    }
}

const KEY_ADVICE: &str = "Put the key folder back that belongs to this data (`keys.dir`, without it `keys` in the data folder; or \
     `keys.master_file`). Without those keys what is sealed cannot be opened by anybody.";

impl Explain for KeyError {
    fn explain(self, doing: &str) -> Failure {
        let message = format!("{doing}: {}", chain(&self));
        match self {
            KeyError::Store(error) => error.explain(doing),
            KeyError::File { source, .. } if source.kind() != std::io::ErrorKind::NotFound => {
                Failure::io(message, &source)
            }
            KeyError::Configured | KeyError::Needed { .. } => Failure::new(Exit::Usage, message),
            KeyError::TooOpen { path, .. } => Failure::new(Exit::Data, message)
                .advice(format!("chmod 600 {}; replace the keys if others may have read them.", path.display())),
            _ => Failure::new(Exit::Data, message).advice(KEY_ADVICE),
        }
    }
}

impl Explain for BlobError {
    fn explain(self, doing: &str) -> Failure {
        Failure::new(Exit::Failed, format!("{doing}: {}", chain(&self)))
    }
}

impl Explain for AuditError {
    fn explain(self, doing: &str) -> Failure {
        match self {
            AuditError::Store(error) => error.explain(doing),
            AuditError::KeyFile { path, source } => {
                Failure::io(format!("{doing}: the key file {}", path.display()), &source)
            }
            AuditError::Chain(_) => Failure::new(Exit::Data, format!("{doing}: {}", chain(&self)))
                .advice("Keep the data folder as it is; `stoa audit verify` names what is wrong."),
            other => Failure::new(Exit::Failed, format!("{doing}: {}", chain(&other))),
        }
    }
}
