//! Classes of sensitivity (GovStack CFR data#13): they decide masking, logging, sealing and export.

use serde::{Deserialize, Serialize};

/// How carefully a value must be treated; ordered from open to closest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sensitivity {
    /// Anybody may read it.
    Public,
    /// For people who work here.
    #[default]
    Internal,
    /// For those who need it for their task; masked in lists.
    Confidential,
    /// About a natural person: each read is recorded, copies in histories are sealed with the person's key.
    Personal,
}

impl Sensitivity {
    /// The word used in JSON, SQL and configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Confidential => "confidential",
            Self::Personal => "personal",
        }
    }
}
