//! What can be asked of a node from the command line: the same value whether this process does it or a running server.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// One piece of work with everything it needs. Paths are absolute: the server stands in another folder.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Work {
    /// Write an archive.
    Backup {
        /// The file to write.
        archive: PathBuf,
        /// What to seal it with; without it the archive is readable and holds no master keys.
        passphrase: Option<String>,
    },
    /// Verify the evidence.
    AuditVerify {
        /// Only this database.
        block: Option<String>,
        /// Checkpoints kept elsewhere, the text of their file.
        against: Option<String>,
    },
    /// Search the evidence.
    AuditSearch(AuditSearch),
    /// Print the latest checkpoints.
    AuditCheckpoint,
    /// List registers.
    RegistryList,
    /// Build registers.
    RegistryImport {
        /// `iso-codes` or an absolute path.
        source: String,
        /// The register's name, for a file.
        register: Option<String>,
        /// The inferred schema was seen and taken.
        confirmed: bool,
        /// Cells that look like formulas are kept as texts; otherwise a file with one is refused.
        formulas_as_text: bool,
    },
    /// Write a register's records out.
    RegistryExport {
        /// Its name.
        register: String,
    },
    /// Make a population.
    SamplePeople {
        /// How many.
        count: u64,
        /// Where chance starts.
        seed: u64,
    },
    /// Make an API key.
    KeyCreate {
        /// What it is for.
        name: String,
        /// Its roles.
        roles: Vec<String>,
        /// Its tenant.
        tenant: String,
        /// Days until it expires.
        days: Option<u32>,
    },
    /// List API keys.
    KeyList,
    /// Make a key invalid.
    KeyRevoke {
        /// Its id.
        id: String,
    },
    /// Make a sign-in link.
    Link,
}

/// What to look for in the evidence.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct AuditSearch {
    /// Only this database.
    pub(crate) block: Option<String>,
    /// Who acted.
    pub(crate) actor: Option<String>,
    /// Whose data it was.
    pub(crate) subject: Option<String>,
    /// What was done.
    pub(crate) action: Option<String>,
    /// From this time on.
    pub(crate) from: Option<String>,
    /// Before this time.
    pub(crate) to: Option<String>,
    /// Of this tenant.
    pub(crate) tenant: String,
    /// At most so many.
    pub(crate) limit: u32,
}
