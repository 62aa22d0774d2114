//! What can be the matter with a journal, and what to do about it.

use std::path::PathBuf;

use super::JOURNAL_BYTES_MAX;

/// Why a journal cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be opened, read or written.
    #[error("journal {}: {doing} failed: {source}", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// Why it failed.
        source: std::io::Error,
    },
    /// Another run is using it.
    #[error("journal {}: another run is using it", .file.display())]
    InUse {
        /// The file.
        file: PathBuf,
    },
    /// It is about another cloud or project, where its ids are somebody else's.
    #[error("journal {}: it is of the cloud {cloud} ({auth_url}), project {project}", .file.display())]
    OfAnother {
        /// The file.
        file: PathBuf,
        /// The cloud's name.
        cloud: String,
        /// Its Keystone.
        auth_url: String,
        /// The project.
        project: String,
    },
    /// It is larger than a journal can be.
    #[error("journal {}: longer than {JOURNAL_BYTES_MAX} bytes: this is no journal", .file.display())]
    TooLarge {
        /// The file.
        file: PathBuf,
    },
}

impl JournalError {
    /// What to do about it.
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::InUse { .. } => "wait until the other run has ended, then try again",
            Self::OfAnother { .. } => {
                "log in to that project in clouds.yaml and run `stoa check cleanup`; remove the file if the project is gone"
            }
            Self::File { .. } => "see to the file and its folder, or set XDG_STATE_HOME to another one",
            Self::TooLarge { .. } => "see what the file is, and remove it",
        }
    }
}
