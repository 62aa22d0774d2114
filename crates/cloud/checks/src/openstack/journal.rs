//! What checks make in a cloud, noted on disk before it is made: whatever happens to this program, what it made is known
//! and can be removed.
//!
//! One line of JSON for each event, each forced to the disk. A line that was cut off by a crash is no line: what it was
//! to announce was not made yet, or its name is known already from the line before.

mod error;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use stoa_openstack::Error;

pub use error::JournalError;

/// Bytes of a journal at most: thousands of runs that left something.
const JOURNAL_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// What names begin with that checks give; the published suite's cleaning looks for the same.
const PREFIX: &str = "_scs-";

/// What was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    // In the order in which they can be removed.
    /// A server; its boot volume goes with it.
    Server,
    /// A backup of a volume.
    Backup,
    /// A volume.
    Volume,
    /// A network; its subnets go with it.
    Network,
    /// A security group.
    SecurityGroup,
    /// A secret.
    Secret,
}

impl Kind {
    /// All of them, in the order in which they are removed.
    pub const ALL: [Self; 6] =
        [Self::Server, Self::Backup, Self::Volume, Self::Network, Self::SecurityGroup, Self::Secret];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Backup => "backup",
            Self::Volume => "volume",
            Self::Network => "network",
            Self::SecurityGroup => "security group",
            Self::Secret => "secret",
        }
    }
}

/// Something that was made, or was about to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thing {
    /// What it is.
    pub kind: Kind,
    /// Its name, which nothing else has.
    pub name: String,
    /// Its id, if it is known that it was made.
    pub id: Option<String>,
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.name(), self.name)
    }
}

/// A line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    /// Whose things these are.
    Of { cloud: String, auth_url: String, project: String },
    /// This is about to be made.
    Intend { kind: Kind, name: String },
    /// It was made.
    Made { name: String, id: String },
    /// It is there no more, or never was.
    Gone { name: String },
}

struct State {
    file: File,
    things: BTreeMap<String, Thing>,
}

/// The journal of a cloud.
pub struct Journal {
    path: PathBuf,
    run: String,
    state: Mutex<State>,
    /// Lines that could not be read.
    damaged: usize,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Journal {
    /// Opens the journal of a project in a cloud, and makes it where there is none. It is locked until it is dropped.
    pub fn open(path: &Path, cloud: &str, auth_url: &str, project: &str) -> Result<Self, JournalError> {
        let failed = |doing| move |source| JournalError::File { file: path.to_owned(), doing, source };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(failed("making its folder"))?;
        }
        let mut file = options().open(path).map_err(failed("opening"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(JournalError::InUse { file: path.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(failed("locking")(source)),
        }
        let text = read(path, &mut file)?;
        let read = Reading::of(&text);
        if let Some((known, of_url, of_project)) = read.of
            && (of_url != auth_url || of_project != project)
        {
            let (cloud, auth_url, project) = (known, of_url, of_project);
            return Err(JournalError::OfAnother { file: path.to_owned(), cloud, auth_url, project });
        }
        if !text.is_empty() && !text.ends_with(b"\n") {
            // The next line must not be taken for the rest of one that was cut off.
            file.write_all(b"\n").map_err(failed("writing"))?;
        }
        let run: String = uuid::Uuid::new_v4().simple().to_string().chars().take(8).collect();
        let state = Mutex::new(State { file, things: read.things });
        let journal = Self { path: path.to_owned(), run, state, damaged: read.damaged };
        if !read.is_headed {
            let (cloud, auth_url, project) = (cloud.to_owned(), auth_url.to_owned(), project.to_owned());
            journal.write(&Line::Of { cloud, auth_url, project })?;
        }
        Ok(journal)
    }

    /// A name that nothing else has: `_scs-0101-server-1f3870be`.
    pub fn name(&self, standard: &str, what: &str) -> String {
        format!("{PREFIX}{standard}-{what}-{}", self.run)
    }

    /// Notes that something is about to be made; only then it may be.
    pub fn intend(&self, kind: Kind, name: &str) -> Result<Thing, JournalError> {
        let thing = Thing { kind, name: name.to_owned(), id: None };
        self.write(&Line::Intend { kind, name: name.to_owned() })?;
        self.lock().things.insert(thing.name.clone(), thing.clone());
        Ok(thing)
    }

    /// Notes that it was made.
    pub fn made(&self, thing: &Thing, id: &str) -> Result<(), JournalError> {
        self.write(&Line::Made { name: thing.name.clone(), id: id.to_owned() })?;
        if let Some(known) = self.lock().things.get_mut(&thing.name) {
            known.id = Some(id.to_owned());
        }
        Ok(())
    }

    /// Notes that it is there no more.
    pub fn gone(&self, thing: &Thing) -> Result<(), JournalError> {
        self.write(&Line::Gone { name: thing.name.clone() })?;
        self.lock().things.remove(&thing.name);
        Ok(())
    }

    /// Notes how making it failed. Where the cloud may have made it all the same it stays noted, and is looked for by its
    /// name when it is cleaned up.
    pub fn settle(&self, thing: &Thing, error: &Error) -> Result<(), JournalError> {
        if error.is_open() { Ok(()) } else { self.gone(thing) }
    }

    /// What is still there of a standard's checks of this run, or of everything.
    pub fn things(&self, standard: Option<&str>) -> Vec<Thing> {
        let prefix = standard.map(|standard| format!("{PREFIX}{standard}-"));
        let of_run = |thing: &&Thing| {
            prefix.as_ref().is_none_or(|prefix| thing.name.starts_with(prefix) && thing.name.ends_with(&self.run))
        };
        self.lock().things.values().filter(of_run).cloned().collect()
    }

    /// Lines that could not be read.
    pub const fn damaged(&self) -> usize {
        self.damaged
    }

    /// Removes the file if nothing is left that it notes.
    pub fn close(self) -> Result<bool, JournalError> {
        let is_empty = self.lock().things.is_empty();
        if is_empty {
            let failed = |source| JournalError::File { file: self.path.clone(), doing: "removing", source };
            std::fs::remove_file(&self.path).map_err(failed)?;
        }
        Ok(is_empty)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, line: &Line) -> Result<(), JournalError> {
        let failed = |source| JournalError::File { file: self.path.clone(), doing: "writing", source };
        let mut text = serde_json::to_vec(line).map_err(|error| failed(error.into()))?;
        text.push(b'\n');
        let mut state = self.lock();
        state.file.write_all(&text).map_err(failed)?;
        state.file.sync_data().map_err(failed)
    }
}

/// How many things a journal notes as still there; none where it cannot be read, or another run is using it.
pub fn noted(path: &Path) -> usize {
    let Ok(mut file) = File::open(path) else { return 0 };
    match file.try_lock_shared() {
        Ok(()) => read(path, &mut file).map_or(0, |text| Reading::of(&text).things.len()),
        Err(_) => 0,
    }
}

/// Names of projects and addresses are nobody else's business.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn read(path: &Path, file: &mut File) -> Result<Vec<u8>, JournalError> {
    let failed = |source| JournalError::File { file: path.to_owned(), doing: "reading", source };
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    file.take(JOURNAL_BYTES_MAX + 1).read_to_end(&mut text).map_err(failed)?;
    if text.len() as u64 > JOURNAL_BYTES_MAX {
        return Err(JournalError::TooLarge { file: path.to_owned() });
    }
    Ok(text)
}

#[derive(Default)]
struct Reading {
    of: Option<(String, String, String)>,
    is_headed: bool,
    things: BTreeMap<String, Thing>,
    damaged: usize,
}

impl Reading {
    fn of(text: &[u8]) -> Self {
        let mut read = Self::default();
        for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match serde_json::from_slice(line) {
                Ok(Line::Of { cloud, auth_url, project }) => {
                    read.is_headed = true;
                    read.of.get_or_insert((cloud, auth_url, project));
                }
                Ok(Line::Intend { kind, name }) => {
                    read.things.insert(name.clone(), Thing { kind, name, id: None });
                }
                Ok(Line::Made { name, id }) => {
                    if let Some(thing) = read.things.get_mut(&name) {
                        thing.id = Some(id);
                    }
                }
                Ok(Line::Gone { name }) => {
                    read.things.remove(&name);
                }
                Err(_) => read.damaged += 1,
            }
        }
        read
    }
}
