//! Files that a command is given and files that it writes: read as far as such files go, written whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use stoa_standards::DOCUMENT_BYTES_MAX;

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
    let new = beside(&target);
    let made = OpenOptions::new().write(true).create_new(true).open(&new);
    made.and_then(|_| fs::remove_file(&new)).map_err(|error| unwritable(path, &error))
}

/// Writes a file whole or not at all. What is no file, such as a pipe, is written to as it is.
pub(super) fn put(path: &Path, text: &str) -> Result<(), Failure> {
    let target = target(path);
    if is_special(&target) {
        let written = OpenOptions::new().write(true).open(&target).and_then(|mut file| file.write_all(text.as_bytes()));
        return written.map_err(|error| unwritable(path, &error));
    }
    let new = beside(&target);
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &target)
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&new);
        unwritable(path, &error)
    })
}

/// Where a name leads: a link is kept, and what it leads to is replaced.
fn target(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Devices and pipes must not be replaced by a file.
fn is_special(target: &Path) -> bool {
    target.metadata().is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// The name under which a file is written before it is whole; no other process has it.
fn beside(target: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(format!(".{}.new", std::process::id()));
    target.with_file_name(name)
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
