//! The store's words for the errors of PostgreSQL.

use std::error::Error;

use tokio_postgres::error::{DbError, SqlState};

use crate::StoreError;

/// Whether the server could not bring units into one order, so that trying again helps.
pub(super) fn is_contention(error: &tokio_postgres::Error) -> bool {
    matches!(error.code(), Some(&(SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED)))
}

/// Whether the connection broke, or the server ends it: what was asked may have been done.
pub(super) fn is_loss(error: &tokio_postgres::Error) -> bool {
    // Class 08: connection exceptions; 57P: the server is stopped, or the connection is ended by its operator.
    error.code().is_none_or(|state| state.code().starts_with("08") || state.code().starts_with("57P"))
}

pub(super) fn store_error(error: &tokio_postgres::Error) -> StoreError {
    let reason = chain(error);
    let Some(state) = error.code() else {
        let lost = error.is_closed() || error.source().is_some_and(<dyn std::error::Error>::is::<std::io::Error>);
        return if lost { StoreError::Unavailable { reason } } else { StoreError::Sql { reason } };
    };
    match *state {
        SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => StoreError::Contended,
        SqlState::UNIQUE_VIOLATION | SqlState::EXCLUSION_VIOLATION => {
            StoreError::Conflict { constraint: error.as_db_error().and_then(columns).unwrap_or(reason) }
        }
        SqlState::FOREIGN_KEY_VIOLATION => StoreError::Conflict { constraint: "a reference".to_owned() },
        SqlState::DISK_FULL => StoreError::Full,
        SqlState::READ_ONLY_SQL_TRANSACTION => StoreError::ReadOnly { reason },
        SqlState::DATA_CORRUPTED | SqlState::INDEX_CORRUPTED => StoreError::Corrupt { reason },
        SqlState::ADMIN_SHUTDOWN
        | SqlState::CRASH_SHUTDOWN
        | SqlState::CANNOT_CONNECT_NOW
        | SqlState::TOO_MANY_CONNECTIONS
        | SqlState::INVALID_PASSWORD
        | SqlState::INVALID_AUTHORIZATION_SPECIFICATION
        | SqlState::INVALID_CATALOG_NAME => StoreError::Unavailable { reason },
        _ => StoreError::Sql { reason },
    }
}

/// The columns of a unique constraint as SQLite names them: `thing.tenant, thing.name`. The server's detail is
/// `Key (tenant, name)=(…) already exists.`; what follows the equals sign is somebody's data and stays out.
fn columns(error: &DbError) -> Option<String> {
    let table = error.table()?;
    let columns = error.detail()?.strip_prefix("Key (")?.split_once(")=")?.0;
    Some(columns.split(", ").map(|column| format!("{table}.{column}")).collect::<Vec<_>>().join(", "))
}

/// An error with its causes, in one line.
pub(super) fn chain(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
