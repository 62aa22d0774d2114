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
    AuditVerify(AuditVerify),
    /// Search the evidence.
    AuditSearch(AuditSearch),
    /// Print the latest checkpoints.
    AuditCheckpoint,
    /// Print the public key.
    AuditKey,
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
    /// Make the monitor's accounts those of a file.
    MonitorImport {
        /// What the file is called in messages.
        name: String,
        /// Its text.
        text: String,
    },
    /// Take a published monitor's history over.
    MonitorMigrate {
        /// The address of its database.
        from: String,
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
        /// The program that it is for.
        name: String,
        /// The roles of a new account; empty for those that it has.
        roles: Vec<String>,
        /// Its tenant.
        tenant: String,
        /// Days until it expires.
        days: Option<u32>,
    },
    /// List API keys.
    KeyList {
        /// Only of this tenant.
        tenant: Option<String>,
    },
    /// Make a key invalid.
    KeyRevoke {
        /// Its id.
        id: String,
    },
    /// List the master keys.
    KeysList,
    /// Change the master key.
    KeysRotate,
    /// Take a master key out of use.
    KeysRetire {
        /// Its id.
        id: String,
    },
    /// Make all keys of a program invalid.
    KeyRevokeAll {
        /// The program.
        name: String,
        /// Its tenant.
        tenant: String,
    },
    /// Make a sign-in link.
    Link {
        /// Whose data the administrator works on.
        tenant: String,
    },
}

impl Work {
    /// Whether it only looks at the evidence: then not even what waits is sealed afterwards.
    pub(crate) fn only_looks(&self) -> bool {
        matches!(self, Self::AuditVerify(_) | Self::AuditSearch(_) | Self::AuditKey)
    }
}

/// What to verify, and with what.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct AuditVerify {
    /// Only this database.
    pub(crate) block: Option<String>,
    /// Checkpoints kept elsewhere, the text of their file.
    pub(crate) against: Option<String>,
    /// Public keys to trust instead of the node's own, as texts or the texts of files.
    pub(crate) keys: Vec<String>,
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
