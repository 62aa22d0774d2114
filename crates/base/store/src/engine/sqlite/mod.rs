//! SQLite through `rusqlite`: one file, one writer thread, a pool of readers.

pub(crate) mod readers;
mod statement;
pub(crate) mod writer;

use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

pub(crate) use statement::{collect, execute};

use crate::{Durability, StoreError};

/// How many compiled statements a connection keeps.
const STATEMENTS_KEPT: usize = 256;
/// The page cache of the writer in KiB (negative by SQLite's convention).
const CACHE_KIB: i32 = -8 * 1024;
/// That of each reader: there are several, and what they miss the system's cache has.
const READER_CACHE_KIB: i32 = -2 * 1024;
/// A log file that grew larger is cut back to this size.
const LOG_BYTES_MAX: i64 = 64 * 1024 * 1024;
/// How long to wait for a lock that another process (a backup tool, say) holds on the file.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Write,
    Read,
    /// Reads the main file, and may make temporary tables and other files.
    Copy,
}

/// Opens the file, making it for the writer when it is not there.
pub(crate) fn open(file: &Path, usage: Use, durability: Durability) -> Result<Connection, StoreError> {
    let fresh = usage == Use::Write && make(file);
    let mut flags = OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_READ_WRITE;
    if usage == Use::Write {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let connection = Connection::open_with_flags(file, flags).map_err(|error| sql_error(&error))?;
    prepare(&connection, usage, durability).map_err(|error| sql_error(&error))?;
    if fresh {
        sync_folder_of(file)?;
    }
    Ok(connection)
}

/// Makes the file, for its owner alone; SQLite gives its log the same rights. Says whether it was not there before. What
/// else is wrong with the place, SQLite says in words of its own.
fn make(file: &Path) -> bool {
    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).is_ok()
}

fn prepare(connection: &Connection, usage: Use, durability: Durability) -> rusqlite::Result<()> {
    connection.busy_timeout(LOCK_WAIT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    if usage == Use::Write {
        // Asks the file for its journal mode first, so that a damaged or foreign file is named here and not later.
        connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        connection.pragma_update(None, "journal_size_limit", LOG_BYTES_MAX)?;
        // The writer copies the log back itself, after it has answered: see `writer`.
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    } else if usage == Use::Read {
        connection.pragma_update(None, "query_only", true)?;
    }
    let synchronous = match durability {
        Durability::Full => "full",
        Durability::Off => "off",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // What is deleted from a page that is written anyway is overwritten: a destroyed key must not lie on in its page.
    connection.pragma_update(None, "secure_delete", "fast")?;
    connection.pragma_update(None, "temp_store", "memory")?;
    let cache = if usage == Use::Write { CACHE_KIB } else { READER_CACHE_KIB };
    connection.pragma_update(None, "cache_size", cache)?;
    connection.pragma_update(None, "trusted_schema", false)
}

/// Makes a new file's entry in its folder durable: a synced file that no folder names is lost all the same.
pub(crate) fn sync_folder_of(file: &Path) -> Result<(), StoreError> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| StoreError::Io { path: folder.display().to_string(), source })
}

/// Whether the file is whole; names the first damage found.
pub(crate) fn check(connection: &Connection) -> Result<(), StoreError> {
    let verdict: String =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(|error| sql_error(&error))?;
    if verdict == "ok" { Ok(()) } else { Err(StoreError::Corrupt { reason: verdict }) }
}

/// The store's word for an error of SQLite.
pub(crate) fn sql_error(error: &rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode as Code;
    let reason = error.to_string();
    match error.sqlite_error_code() {
        Some(Code::ConstraintViolation) => constraint_error(error, reason),
        Some(Code::DiskFull) => StoreError::Full,
        Some(Code::ReadOnly | Code::PermissionDenied | Code::CannotOpen) => StoreError::ReadOnly { reason },
        Some(Code::DatabaseCorrupt | Code::NotADatabase) => StoreError::Corrupt { reason },
        // The system may have kept what it could not sync, and a restart would find it.
        Some(Code::SystemIoFailure) if is_failed_sync(error) => StoreError::OutcomeUnknown { reason },
        Some(Code::DatabaseBusy | Code::DatabaseLocked | Code::SystemIoFailure) => StoreError::Unavailable { reason },
        _ => StoreError::Sql { reason },
    }
}

fn is_failed_sync(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi;
    let code = error.sqlite_error().map(|error| error.extended_code);
    matches!(code, Some(ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC))
}

/// What is taken already, or refers to nothing, is a conflict that a caller can meet; the other constraints are kept by
/// the program, and a breach is its fault.
fn constraint_error(error: &rusqlite::Error, reason: String) -> StoreError {
    use rusqlite::ffi;
    match error.sqlite_error().map(|error| error.extended_code) {
        Some(ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID) => {
            let columns = reason.rsplit("failed: ").next().unwrap_or(&reason);
            StoreError::Conflict { constraint: columns.to_owned() }
        }
        Some(ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => StoreError::Conflict { constraint: "a reference".to_owned() },
        _ => StoreError::Sql { reason },
    }
}
