//! Gathering data anew: from where the projects publish it, or from a mirror that has the file already.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use reqwest::Url;
use serde_json::{Value, json};
use stoa_core::Instant;
use stoa_standards::rule::kubernetes::Version;
use stoa_standards::verdict::Reading;

use super::file::{self, FILE, File, FileBranch, FileError, FileRelease};
use crate::http::{Ask, Http, HttpError, host};

/// Pages of releases at most, of a hundred each: three years.
const PAGES_MAX: u32 = 6;
/// Vulnerabilities at most.
const VULNERABILITIES_MAX: usize = 1000;

/// Where data is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Where it is published.
    Published {
        /// endoflife.date's list of branches.
        branches: String,
        /// GitHub's list of releases.
        releases: String,
        /// The project's feed of vulnerabilities.
        feed: String,
        /// Records of cve.org; the vulnerability's name is added.
        records: String,
    },
    /// The file itself, at this address.
    Mirror(String),
}

impl Default for Source {
    fn default() -> Self {
        Self::Published {
            branches: "https://endoflife.date/api/kubernetes.json".to_owned(),
            releases: "https://api.github.com/repos/kubernetes/kubernetes/releases".to_owned(),
            feed: "https://kubernetes.io/docs/reference/issues-security/official-cve-feed/index.json".to_owned(),
            records: "https://cveawg.mitre.org/api/cve/".to_owned(),
        }
    }
}

/// What was gathered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refreshed {
    /// The file.
    pub path: PathBuf,
    /// Branches in it.
    pub branches: usize,
    /// Releases in it.
    pub releases: usize,
    /// Vulnerabilities in it.
    pub vulnerabilities: usize,
}

/// Why nothing was gathered; a file that was there stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// A source gives no answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// A source says no.
    #[error("{host} answered {status} to {path}")]
    Refused {
        /// The source.
        host: String,
        /// The status of its answer.
        status: u16,
        /// What it was asked for.
        path: String,
    },
    /// A source says something else than it should.
    #[error("{host}: {reason}")]
    Foreign {
        /// The source.
        host: String,
        /// What is wrong.
        reason: String,
    },
    /// An address is none.
    #[error("`{0}` is no address that begins with https:// or http://")]
    Address(String),
    /// The file cannot be used, or not be written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Gathers data into a folder. The file is put in place whole, or not at all.
pub async fn refresh(folder: &Path, source: &Source, now: Instant) -> Result<Refreshed, RefreshError> {
    let http = Http::new(|builder| builder)?;
    let path = folder.join(FILE);
    let text = match source {
        Source::Mirror(address) => {
            let body = get(&http, &address_of(address)?).await?;
            String::from_utf8(body).map_err(|_| RefreshError::Foreign {
                host: address.clone(),
                reason: "the file is not UTF-8".to_owned(),
            })?
        }
        Source::Published { branches, releases, feed, records } => {
            let mut gathered = File::new(now, [branches, releases, feed, records].map(String::clone).to_vec());
            gathered.branches = read_branches(&http, branches).await?;
            gathered.releases = read_releases(&http, releases).await?;
            gathered.vulnerabilities = read_vulnerabilities(&http, feed, records).await?;
            format!("{:#}\n", json!(gathered))
        }
    };
    // What was gathered must be readable before it takes the place of what is.
    let data = file::parse(&text, &path, Reading::Standard)?;
    put(folder, &path, &text).map_err(|source| FileError::Unreadable { path: path.clone(), source })?;
    Ok(Refreshed {
        path,
        branches: data.branches.len(),
        releases: data.releases.map_or(0, |releases| releases.len()),
        vulnerabilities: data.vulnerabilities.len() + data.unreadable.len(),
    })
}

fn put(folder: &Path, path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    new.write_all(text.as_bytes())?;
    new.as_file().sync_all()?;
    new.persist(path)?;
    Ok(())
}

fn address_of(text: &str) -> Result<Url, RefreshError> {
    let refuse = || RefreshError::Address(text.chars().take(100).collect());
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host()).ok_or_else(refuse)
}

async fn get(http: &Http, url: &Url) -> Result<Vec<u8>, RefreshError> {
    let answer = http.send(&Ask::get(url.clone())).await?;
    match answer.status {
        200 => Ok(answer.body.to_vec()),
        status => Err(RefreshError::Refused { host: host(url), status, path: url.path().to_owned() }),
    }
}

async fn get_json(http: &Http, url: &Url) -> Result<Value, RefreshError> {
    let body = get(http, url).await?;
    serde_json::from_slice(&body)
        .map_err(|error| RefreshError::Foreign { host: host(url), reason: format!("it answered no JSON: {error}") })
}

fn list<'v>(value: &'v Value, url: &Url, what: &str) -> Result<&'v Vec<Value>, RefreshError> {
    let foreign = || RefreshError::Foreign { host: host(url), reason: format!("it answered no list of {what}") };
    value.as_array().ok_or_else(foreign)
}

async fn read_branches(http: &Http, address: &str) -> Result<Vec<FileBranch>, RefreshError> {
    let url = address_of(address)?;
    let answer = get_json(http, &url).await?;
    let mut branches = Vec::new();
    for entry in list(&answer, &url, "branches")? {
        let text = |key: &str| entry.get(key).and_then(Value::as_str);
        // A branch without an end says `false`.
        if let (Some(branch), Some(Ok(end_of_life))) = (text("cycle"), text("eol").map(str::parse)) {
            branches.push(FileBranch { branch: branch.to_owned(), end_of_life });
        }
    }
    if branches.is_empty() {
        return Err(RefreshError::Foreign { host: host(&url), reason: "it answered no branch with an end".to_owned() });
    }
    Ok(branches)
}

async fn read_releases(http: &Http, address: &str) -> Result<Vec<FileRelease>, RefreshError> {
    let mut releases = Vec::new();
    for page in 1..=PAGES_MAX {
        let mut url = address_of(address)?;
        url.query_pairs_mut().append_pair("per_page", "100").append_pair("page", &page.to_string());
        let answer = get_json(http, &url).await?;
        let entries = list(&answer, &url, "releases")?;
        for entry in entries {
            let text = |key: &str| entry.get(key).and_then(Value::as_str);
            let is = |key: &str| entry.get(key).and_then(Value::as_bool) == Some(true);
            let version = text("tag_name").and_then(|tag| tag.parse::<Version>().ok());
            let published = text("published_at").and_then(|at| at.parse().ok());
            if let (Some(version), Some(published_at), false) = (version, published, is("draft") || is("prerelease")) {
                releases.push(FileRelease { version: version.to_string(), published_at });
            }
        }
        if entries.len() < 100 {
            break;
        }
    }
    Ok(releases)
}

async fn read_vulnerabilities(http: &Http, feed: &str, records: &str) -> Result<Vec<Value>, RefreshError> {
    let url = address_of(feed)?;
    let answer = get_json(http, &url).await?;
    let items = answer.get("items").unwrap_or(&answer);
    let mut vulnerabilities = Vec::new();
    for item in list(items, &url, "vulnerabilities")?.iter().take(VULNERABILITIES_MAX) {
        let is_name =
            |id: &&str| id.starts_with("CVE-") && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let Some(id) = item.get("id").and_then(Value::as_str).filter(is_name) else { continue };
        let url = address_of(&format!("{records}{id}"))?;
        let record = get_json(http, &url).await?;
        let at = |pointer: &str| record.pointer(pointer).cloned().unwrap_or(Value::Null);
        vulnerabilities.push(json!({
            "cveMetadata": { "cveId": id },
            "containers": { "cna": { "metrics": at("/containers/cna/metrics"), "affected": at("/containers/cna/affected") } },
        }));
    }
    Ok(vulnerabilities)
}
