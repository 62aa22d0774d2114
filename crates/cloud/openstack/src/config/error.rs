//! Why there is nothing to log in with.

use std::fmt;
use std::path::PathBuf;

use stoa_standards::ReadError;

/// A field that is missing or wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    /// Where: `clouds.yaml line 7`, `the environment`.
    pub place: String,
    /// The field: `auth.password`.
    pub field: String,
    /// What is wrong, and what was expected.
    pub message: String,
}

impl fmt::Display for FieldFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.place, self.field, self.message)
    }
}

/// Why there is nothing to log in with.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// No file, and nothing in the environment.
    #[error("no clouds.yaml; looked for {}. Write one, or name it in OS_CLIENT_CONFIG_FILE", paths(.searched))]
    NoFile {
        /// Where it was looked for.
        searched: Vec<PathBuf>,
    },
    /// A file cannot be read.
    #[error("{}: cannot be read", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is larger than such a file can be.
    #[error("{}: longer than {bytes_max} bytes", .file.display())]
    TooLarge {
        /// The file.
        file: PathBuf,
        /// The bound.
        bytes_max: u64,
    },
    /// A file is no YAML, or has no clouds.
    #[error("{}: {fault}", .file.display())]
    Form {
        /// The file.
        file: PathBuf,
        /// The mistakes with their lines.
        #[source]
        fault: ReadError,
    },
    /// No cloud has this name.
    #[error("{} has no cloud `{name}`; it has {}", .file.display(), names(.known))]
    UnknownCloud {
        /// The name as given.
        name: String,
        /// The file.
        file: PathBuf,
        /// Those that it has.
        known: Vec<String>,
    },
    /// Several clouds, and none was named.
    #[error("which cloud? {} has {}; name one, or set OS_CLOUD", .file.display(), names(.known))]
    NotChosen {
        /// The file.
        file: PathBuf,
        /// Those that it has.
        known: Vec<String>,
    },
    /// The profile that a cloud is based on is not there.
    #[error("{place}: there is no profile `{name}` in clouds-public.yaml; looked for {}", paths(.searched))]
    UnknownProfile {
        /// Where it is named.
        place: String,
        /// Its name.
        name: String,
        /// Where it was looked for.
        searched: Vec<PathBuf>,
    },
    /// Fields are missing or wrong.
    #[error("{}", faults(.0))]
    Fields(Vec<FieldFault>),
}

fn paths(searched: &[PathBuf]) -> String {
    searched.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn names(known: &[String]) -> String {
    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
}

fn faults(faults: &[FieldFault]) -> String {
    faults.iter().map(FieldFault::to_string).collect::<Vec<_>>().join("\n")
}
