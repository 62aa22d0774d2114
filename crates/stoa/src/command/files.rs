//! Files that a command is given and files that it writes: read as far as such files go, written whole or not at all.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use stoa_standards::DOCUMENT_BYTES_MAX;
use tempfile::NamedTempFile;

use crate::exit::{Exit, Failure};

/// What stands for standard input where a file is read.
const STANDARD_INPUT: &str = "-";

/// The text of a file, or of standard input for `-`.
pub(super) fn text(path: &Path) -> Result<String, Failure> {
    let name = shown(path);
    let limit = DOCUMENT_BYTES_MAX as u64 + 1;
    let mut bytes = Vec::new();
    let read = if is_standard_input(path) {
        io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    read.map_err(|error| unreadable(path, &error))?;
    if bytes.len() > DOCUMENT_BYTES_MAX {
        let message = format!("{name} is longer than {} MiB", DOCUMENT_BYTES_MAX >> 20);
        return Err(Failure::new(Exit::Usage, message).advice("See that it is the file that you mean."));
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = 1 + before.filter(|byte| **byte == b'\n').count();
        Failure::new(Exit::Usage, format!("{name}: line {line}: this is not UTF-8 text"))
            .advice("See that it is the file that you mean.")
    })
}

/// Whether standard input is meant.
pub(super) fn is_standard_input(path: &Path) -> bool {
    path == Path::new(STANDARD_INPUT)
}

/// What a file is called in messages.
pub(super) fn shown(path: &Path) -> String {
    if is_standard_input(path) { "standard input".to_owned() } else { path.display().to_string() }
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let advice = match error.kind() {
        ErrorKind::NotFound => "See that the name is right.",
        ErrorKind::IsADirectory => "Name a file; this is a folder.",
        ErrorKind::PermissionDenied => "Make the file readable for this user.",
        _ => "See to the file and its disk, then try again.",
    };
    Failure::new(Exit::Usage, format!("reading {}: {error}", shown(path))).advice(advice)
}

/// Whether a file could be written at this place, found out before long work whose result is to stand there.
pub(super) fn see_to(path: &Path) -> Result<(), Failure> {
    if is_standard_input(path) {
        return Err(Failure::new(Exit::Usage, "`-` is no file to write to")
            .advice("Without a file it is written to standard output; a file of that name is ./-"));
    }
    let target = target(path);
    if is_special(&target) {
        return Ok(());
    }
    if target.is_dir() {
        return Err(unwritable(path, &io::Error::from(ErrorKind::IsADirectory)));
    }
    beside(&target).map(drop).map_err(|error| unwritable(path, &error))
}

/// Writes a file whole or not at all. What is no file, such as a pipe, is written to as it is.
pub(super) fn put(path: &Path, text: &str) -> Result<(), Failure> {
    let target = target(path);
    if is_special(&target) {
        let written = OpenOptions::new().write(true).open(&target).and_then(|mut file| file.write_all(text.as_bytes()));
        return written.map_err(|error| unwritable(path, &error));
    }
    let write = || {
        let mut new = beside(&target)?;
        new.write_all(text.as_bytes())?;
        new.as_file().sync_all()?;
        new.persist(&target).map(drop).map_err(io::Error::from)
    };
    write().map_err(|error| unwritable(path, &error))
}

/// Where a name leads: a link is kept, and what it leads to is replaced.
fn target(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Devices and pipes must not be replaced by a file.
fn is_special(target: &Path) -> bool {
    target.metadata().is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// A new file in the same folder, which goes away unless it is put in the place of the target.
fn beside(target: &Path) -> io::Result<NamedTempFile> {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // As open to others as any new file of this user.
    tempfile::Builder::new().prefix(".").permissions(Permissions::from_mode(0o666)).tempfile_in(folder)
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let message = format!("writing {}: {error}", path.display());
    let (exit, advice) = match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            (Exit::Usage, "Make its folder first, or name another place.")
        }
        ErrorKind::IsADirectory => (Exit::Usage, "Name a file; this is a folder."),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            (Exit::Disk, "Make the folder writable for this user, or name another place.")
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            (Exit::Disk, "Free space on that disk, or name a place on another one.")
        }
        _ => (Exit::Failed, "Name another place."),
    };
    Failure::new(exit, message).advice(advice)
}
