//! The register of the Sovereign Cloud Stack's documents (scs-0001-v1): which there are, what state each is in, and
//! what it demands.
//!
//! A document has a number and versions; the number's second digit is its track. Supplements tell how versions are
//! implemented and tested; they have no state of their own.

mod register;

use std::fmt;

use serde::{Deserialize, Serialize};
use stoa_core::Date;

pub(crate) use register::ADDRESS;
pub use register::{documents, find};

/// Part of the stack that a document is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Track {
    /// The project as a whole.
    Global,
    /// Infrastructure as a service: OpenStack.
    IaaS,
    /// Kubernetes as a service.
    KaaS,
    /// Identities and access.
    #[serde(rename = "IAM")]
    Iam,
    /// Operations.
    Ops,
    /// Scopes of certificates.
    Scopes,
}

impl Track {
    /// All of them, in the order of their digits.
    pub const ALL: [Self; 6] = [Self::Global, Self::IaaS, Self::KaaS, Self::Iam, Self::Ops, Self::Scopes];

    /// The track of a document's number; its second digit of four.
    pub fn of_number(number: u16) -> Option<Self> {
        Self::ALL.get(usize::from(number / 100)).copied()
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Global => "Global",
            Self::IaaS => "IaaS",
            Self::KaaS => "KaaS",
            Self::Iam => "IAM",
            Self::Ops => "Ops",
            Self::Scopes => "Scopes",
        }
    }
}

/// What sort of document it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DocumentType {
    /// Binds clouds, and has conformance tests.
    #[serde(rename = "standard")]
    Standard,
    /// Binds the project's own work.
    #[serde(rename = "procedural")]
    Procedural,
    /// Says why something was decided.
    #[serde(rename = "decision record")]
    DecisionRecord,
}

impl DocumentType {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Procedural => "procedural",
            Self::DecisionRecord => "decision record",
        }
    }
}

/// How far a version has come: draft, then stable or rejected; a stable one may be deprecated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Being worked out.
    Draft,
    /// In force; may not change so that what keeps it would break it.
    Stable,
    /// No longer to be used.
    Deprecated,
    /// Will not come into force.
    Rejected,
}

impl Status {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Stable => "stable",
            Self::Deprecated => "deprecated",
            Self::Rejected => "rejected",
        }
    }
}

/// A document with all its versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Document {
    /// Its number: 100 of scs-0100.
    pub number: u16,
    /// Its title.
    pub title: String,
    /// What it is about.
    pub track: Track,
    /// What its newest version demands, in short.
    pub demands: String,
    /// Its versions, oldest first; at least one.
    pub versions: Vec<Version>,
    /// Notes on implementing and testing it.
    pub supplements: Vec<Supplement>,
}

/// One version of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Version {
    /// Its full name: `scs-0100-v3`.
    pub id: String,
    /// Its number: 3.
    pub number: u16,
    /// What sort of document it is.
    #[serde(rename = "type")]
    pub document_type: DocumentType,
    /// How far it has come.
    pub status: Status,
    /// Since when it is, or was, stable.
    pub stabilized_at: Option<Date>,
    /// Since when it is deprecated.
    pub deprecated_at: Option<Date>,
    /// The version before it, which it replaces once it is stable.
    pub replaces: Option<String>,
    /// The version that took its place.
    pub replaced_by: Option<String>,
    /// Where it is published.
    pub url: String,
}

/// Notes on implementing and testing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Supplement {
    /// Its full name: `scs-0100-w1`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The versions that it is about: `scs-0100-v3`.
    pub supplements: Vec<String>,
    /// Where it is published.
    pub url: String,
}

impl Document {
    /// Its name: `scs-0100`.
    pub fn id(&self) -> String {
        format!("scs-{:04}", self.number)
    }

    /// The version in force, if one is. There is never more than one.
    pub fn stable(&self) -> Option<&Version> {
        self.versions.iter().find(|version| version.status == Status::Stable)
    }

    /// The version that counts: the one in force, else the newest.
    pub fn current(&self) -> Option<&Version> {
        self.stable().or_else(|| self.versions.last())
    }

    /// The version with this number.
    pub fn version(&self, number: u16) -> Option<&Version> {
        self.versions.iter().find(|version| version.number == number)
    }
}

/// A name of a document, or of one of its versions: `scs-0100`, `0100`, `100`, `scs-0100-v3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DocumentName {
    /// The document's number.
    pub number: u16,
    /// The version's number.
    pub version: Option<u16>,
}

/// A text that names no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` names no document; names look like scs-0100 or scs-0100-v3")]
pub struct DocumentNameError {
    given: String,
}

impl std::str::FromStr for DocumentName {
    type Err = DocumentNameError;

    fn from_str(text: &str) -> Result<Self, DocumentNameError> {
        let refuse = || DocumentNameError { given: crate::tree::shortened(text) };
        let lower = text.to_ascii_lowercase();
        let name = lower.strip_prefix("scs-").unwrap_or(&lower);
        let (number, version) = match name.split_once("-v") {
            // What follows the number of the version is its slug.
            Some((number, rest)) => (number, Some(rest.split('-').next().unwrap_or(rest))),
            None => (name, None),
        };
        let digits = |text: &str| {
            let is_number = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| text.parse::<u16>().ok()).flatten()
        };
        let number = digits(number).ok_or_else(refuse)?;
        let version = version.map(|version| digits(version).ok_or_else(refuse)).transpose()?;
        Ok(Self { number, version })
    }
}

impl fmt::Display for DocumentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "scs-{:04}", self.number)?;
        self.version.map_or(Ok(()), |version| write!(f, "-v{version}"))
    }
}
