//! The file that a set of master keys lies in: there whole or not at all, and readable for its owner only.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use zeroize::Zeroizing;

use super::{FILE_NAME, KeyError, Ring};

/// More than this is no key file.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// Whose the file is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// This node made it, and changes it when keys are rotated.
    Node,
    /// The operator put it there (a mounted secret), and the node only reads it. It may be readable for a group: that is
    /// how secrets are handed to a process.
    Operator,
}

pub(super) struct KeyFile {
    path: PathBuf,
    pub(super) owner: Owner,
}

/// Tells one content of a file from another without reading it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    changed: (i64, i64),
}

impl KeyFile {
    /// The node's own file in this folder, which is made when it is not there.
    pub(super) fn own(folder: &Path) -> Result<Self, KeyError> {
        let file = Self { path: folder.join(FILE_NAME), owner: Owner::Node };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| file.failed("made", error))?;
        Ok(file)
    }

    /// A file of the operator's.
    pub(super) fn given(path: &Path) -> Self {
        Self { path: path.to_owned(), owner: Owner::Operator }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn failed(&self, doing: &'static str, source: io::Error) -> KeyError {
        KeyError::File { path: self.path.clone(), doing, source }
    }

    /// The keys that it holds. The node's own file is made first when it is not there; of two processes at once the
    /// second takes what the first made.
    pub(super) fn read(&self) -> Result<(Ring, Stamp), KeyError> {
        loop {
            match File::open(&self.path) {
                Ok(file) => return self.read_open(file),
                Err(error) if error.kind() == io::ErrorKind::NotFound && self.owner == Owner::Node => {
                    self.put(&Ring::generate()?, Exists::Keep).map_err(|error| self.failed("made", error))?;
                }
                Err(error) => return Err(self.failed("read", error)),
            }
        }
    }

    fn read_open(&self, file: File) -> Result<(Ring, Stamp), KeyError> {
        let failed = |error| self.failed("read", error);
        let metadata = file.metadata().map_err(failed)?;
        let mode = metadata.mode() & 0o7777;
        let strangers = if self.owner == Owner::Node { 0o077 } else { 0o007 };
        if mode & strangers != 0 {
            return Err(KeyError::TooOpen { path: self.path.clone(), mode });
        }
        let mut text = Zeroizing::new(String::new());
        file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
        Ok((Ring::parse(&text)?, Stamp::of(&metadata)))
    }

    /// What tells the present content from others; nothing when the file is not there.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        std::fs::metadata(&self.path).ok().map(|metadata| Stamp::of(&metadata))
    }

    /// Puts other keys in the place of those that it holds.
    pub(super) fn write(&self, ring: &Ring) -> Result<(), KeyError> {
        if self.owner == Owner::Operator {
            return Err(KeyError::Configured);
        }
        self.put(ring, Exists::Replace).map_err(|error| self.failed("written", error))
    }

    /// A synced temporary file takes the name in one step, and the folder is synced. With [`Exists::Keep`] a file that
    /// another process put there meanwhile stays.
    fn put(&self, ring: &Ring, exists: Exists) -> io::Result<()> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let temporary = folder.join(format!(".{FILE_NAME}.{}-{count}", std::process::id()));
        let _ = std::fs::remove_file(&temporary); // left by a process of the same number that was killed
        let result = (|| {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
            file.set_permissions(Permissions::from_mode(0o600))?; // whatever the umask says
            file.write_all(ring.to_text().as_bytes())?;
            file.sync_all()?;
            if exists == Exists::Replace {
                std::fs::rename(&temporary, &self.path)?;
            } else if let Err(error) = std::fs::hard_link(&temporary, &self.path)
                && error.kind() != io::ErrorKind::AlreadyExists
            {
                return Err(error);
            }
            File::open(folder)?.sync_all()
        })();
        let _ = std::fs::remove_file(&temporary);
        result
    }
}

impl Stamp {
    fn of(metadata: &std::fs::Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            changed: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Exists {
    Keep,
    Replace,
}
