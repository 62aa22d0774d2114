//! What has to be known of the world to judge a cluster: which branches of Kubernetes are supported, which releases there
//! are, which holes were found. It stands in a file, so that nothing needs the internet while it checks; the file says when
//! it was made, and whoever judges by it says how old it is.
//!
//! The folder of such data holds `kubernetes.json` (made by [`refresh()`], or copied from where it was made), and optionally
//! `kaas-exceptions.yaml`: the tests of Kubernetes that may fail, in the form that is published with the standards.

mod file;
mod refresh;

use std::path::Path;

use stoa_core::Instant;
use stoa_standards::rule::kubernetes::{BRANCHES_AS_OF, Branch, Exceptions, Release, Vulnerability};
use stoa_standards::verdict::Reading;

pub use file::{FILE, FileError};
pub use refresh::{RefreshError, Refreshed, Source, refresh};

/// The file of tests that may fail.
pub const EXCEPTIONS: &str = "kaas-exceptions.yaml";

/// What is known of Kubernetes.
#[derive(Debug, Clone)]
pub struct KubernetesData {
    /// When it was gathered; for what came with the program, the day as of which it holds.
    pub as_of: Instant,
    /// Where it is from, in words.
    pub origin: String,
    /// Branches and their ends.
    pub branches: Vec<Branch>,
    /// Releases; none where they are not known, as without a file.
    pub releases: Option<Vec<Release>>,
    /// Vulnerabilities.
    pub vulnerabilities: Vec<Vulnerability>,
    /// Records that say nothing that can be judged by, with the reason.
    pub unreadable: Vec<String>,
}

/// Everything that is known.
#[derive(Debug, Clone)]
pub struct OfflineData {
    /// Of Kubernetes.
    pub kubernetes: KubernetesData,
    /// Tests of Kubernetes that may fail.
    pub exceptions: Exceptions,
    /// Where the exceptions are from, in words.
    pub exceptions_origin: String,
}

impl OfflineData {
    /// What came with the program.
    pub fn built_in() -> Self {
        Self {
            kubernetes: KubernetesData {
                as_of: BRANCHES_AS_OF.parse::<stoa_core::Date>().map_or(Instant::EPOCH, stoa_core::Date::start),
                origin: "the table that came with this program".to_owned(),
                branches: Branch::known(),
                releases: None,
                vulnerabilities: Vec::new(),
                unreadable: Vec::new(),
            },
            exceptions: Exceptions::built_in(),
            exceptions_origin: "the list that came with this program".to_owned(),
        }
    }

    /// Reads a folder. What it does not hold is as it came with the program; a folder with none of it is a mistake.
    pub fn read(folder: &Path, reading: Reading) -> Result<Self, FileError> {
        let mut data = Self::built_in();
        let mut found = false;
        if let Some(text) = file::read_text(&folder.join(FILE))? {
            data.kubernetes = file::parse(&text, &folder.join(FILE), reading)?;
            found = true;
        }
        let path = folder.join(EXCEPTIONS);
        if let Some(text) = file::read_text(&path)? {
            data.exceptions = Exceptions::read(&text)
                .map_err(|error| FileError::Malformed { path: path.clone(), reason: error.to_string() })?;
            data.exceptions_origin = path.display().to_string();
            found = true;
        }
        if found { Ok(data) } else { Err(FileError::Empty { folder: folder.to_owned() }) }
    }

    /// The lines that say what is known and how old it is.
    pub fn lines(&self, now: Instant) -> Vec<String> {
        let kubernetes = &self.kubernetes;
        let days = now.since(kubernetes.as_of).as_secs() / 86_400;
        let count = match &kubernetes.releases {
            Some(releases) => {
                format!("{} releases, {} vulnerabilities", releases.len(), kubernetes.vulnerabilities.len())
            }
            None => "no releases and no vulnerabilities".to_owned(),
        };
        let mut lines = vec![format!(
            "data about Kubernetes: {}, {days} days old ({}): {} branches, {count}",
            kubernetes.origin,
            kubernetes.as_of.date(),
            kubernetes.branches.len(),
        )];
        if !kubernetes.unreadable.is_empty() {
            lines.push(format!("records without what is needed to judge: {}", kubernetes.unreadable.len()));
        }
        lines.push(format!("tests that may fail: {} ({})", self.exceptions.0.len(), self.exceptions_origin));
        lines
    }
}
