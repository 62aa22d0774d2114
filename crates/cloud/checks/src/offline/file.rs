//! The file `kubernetes.json`: one object, strict about its keys.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stoa_core::{Date, Instant};
use stoa_standards::rule::kubernetes::{Branch, Release, Stage, Version, Vulnerability};
use stoa_standards::verdict::Reading;

use super::KubernetesData;

/// Its name.
pub const FILE: &str = "kubernetes.json";
/// What it says that it is.
const FORMAT: &str = "stoa-kubernetes-data/1";
/// Bytes of a file at most.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Why data cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system does not give it.
    #[error("reading {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not in the form that it should have.
    #[error("{}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the place.
        reason: String,
    },
    /// The folder has nothing of it.
    #[error("{} holds neither {FILE} nor {}", folder.display(), super::EXCEPTIONS)]
    Empty {
        /// The folder.
        folder: PathBuf,
    },
}

/// The object.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) format: String,
    pub(super) retrieved_at: Instant,
    pub(super) sources: Vec<String>,
    pub(super) branches: Vec<FileBranch>,
    pub(super) releases: Vec<FileRelease>,
    /// Records of cve.org, each with `cveMetadata.cveId`, `containers.cna.metrics` and `containers.cna.affected`.
    pub(super) vulnerabilities: Vec<Value>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileBranch {
    /// `1.36`
    pub(super) branch: String,
    pub(super) end_of_life: Date,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileRelease {
    /// `1.36.2`
    pub(super) version: String,
    pub(super) published_at: Instant,
}

impl File {
    pub(super) fn new(retrieved_at: Instant, sources: Vec<String>) -> Self {
        Self {
            format: FORMAT.to_owned(),
            retrieved_at,
            sources,
            branches: Vec::new(),
            releases: Vec::new(),
            vulnerabilities: Vec::new(),
        }
    }
}

/// The text of a file; none when it is not there.
pub(super) fn read_text(path: &Path) -> Result<Option<String>, FileError> {
    let unreadable = |source| FileError::Unreadable { path: path.to_owned(), source };
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let mut text = String::new();
    let length = file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(unreadable)?;
    if length as u64 > FILE_BYTES_MAX {
        let reason = format!("longer than {FILE_BYTES_MAX} bytes");
        return Err(FileError::Malformed { path: path.to_owned(), reason });
    }
    Ok(Some(text))
}

/// Reads the text of a file.
pub(super) fn parse(text: &str, path: &Path, reading: Reading) -> Result<KubernetesData, FileError> {
    let malformed = |reason: String| FileError::Malformed { path: path.to_owned(), reason };
    let file: File = serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
    if file.format != FORMAT {
        let given: String = file.format.chars().take(60).collect();
        return Err(malformed(format!("format: expected `{FORMAT}`, found `{}`", given.escape_debug())));
    }
    let mut data = KubernetesData {
        as_of: file.retrieved_at,
        origin: path.display().to_string(),
        branches: Vec::new(),
        releases: None,
        vulnerabilities: Vec::new(),
        unreadable: Vec::new(),
    };
    for (index, entry) in file.branches.iter().enumerate() {
        let branch = branch(&entry.branch)
            .ok_or_else(|| malformed(format!("branches[{index}].branch: expected two numbers such as 1.36")))?;
        data.branches.push(Branch { branch, end_of_life: entry.end_of_life });
    }
    let mut releases = Vec::new();
    for (index, entry) in file.releases.iter().enumerate() {
        let version: Version =
            entry.version.parse().map_err(|error| malformed(format!("releases[{index}].version: {error}")))?;
        releases.push(Release { version, published_at: entry.published_at, stage: Stage::Final });
    }
    data.releases = Some(releases);
    for record in &file.vulnerabilities {
        match Vulnerability::from_record(record, reading) {
            Ok(vulnerability) => data.vulnerabilities.push(vulnerability),
            // Records of holes that were found before scores were usual lack one.
            Err(error) => data.unreadable.push(error.to_string()),
        }
    }
    Ok(data)
}

/// `1.36`
pub(super) fn branch(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.')?;
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    Some((number(major)?, number(minor)?))
}
