//! Single statements on an open connection.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, Rows, Statement, ToSql};

use super::sql_error;
use crate::tx::Watch;
use crate::{Param, Row, StoreError, Value};

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Param::Null => ValueRef::Null,
            Param::Integer(integer) => ValueRef::Integer(integer),
            Param::Real(real) => ValueRef::Real(real),
            Param::Text(text) => ValueRef::Text(text.as_bytes()),
            Param::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// An interrupted statement means that the unit's time is up; anything else is the engine's own word.
fn statement_error(error: &rusqlite::Error, watch: &Watch) -> StoreError {
    if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) {
        return watch.too_long();
    }
    sql_error(error)
}

/// Binds `$1`, `$2`, … by their number, as PostgreSQL does: to SQLite they are names, counted in the order in which they
/// first appear.
fn bind(statement: &mut Statement<'_>, params: &[Param<'_>]) -> rusqlite::Result<()> {
    let places = statement.parameter_count();
    let mut most = 0;
    for place in 1..=places {
        let number = statement.parameter_name(place).and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok());
        let param = number.and_then(|number| params.get(number.checked_sub(1)?));
        let (Some(number), Some(param)) = (number, param) else {
            return Err(rusqlite::Error::InvalidParameterCount(params.len(), number.unwrap_or(places)));
        };
        most = most.max(number);
        statement.raw_bind_parameter(place, param)?;
    }
    if most != params.len() {
        return Err(rusqlite::Error::InvalidParameterCount(params.len(), most));
    }
    Ok(())
}

pub(crate) fn execute(
    connection: &Connection,
    sql: &str,
    params: &[Param<'_>],
    watch: &Watch,
) -> Result<u64, StoreError> {
    let run = || -> rusqlite::Result<usize> {
        let mut statement = connection.prepare_cached(sql)?;
        bind(&mut statement, params)?;
        statement.raw_execute()
    };
    run().map(|changed| changed as u64).map_err(|error| statement_error(&error, watch))
}

pub(crate) fn collect(
    connection: &Connection,
    sql: &str,
    params: &[Param<'_>],
    most: usize,
    watch: &Watch,
    each: &mut (dyn FnMut(Row) -> Result<(), StoreError> + '_),
) -> Result<(), StoreError> {
    let fail = |error: rusqlite::Error| statement_error(&error, watch);
    let mut statement = connection.prepare_cached(sql).map_err(fail)?;
    bind(&mut statement, params).map_err(fail)?;
    let columns = statement.column_count();
    let mut rows: Rows<'_> = statement.raw_query();
    let mut taken = 0;
    while taken < most {
        let Some(row) = rows.next().map_err(fail)? else { break };
        let mut values = Vec::with_capacity(columns);
        for column in 0..columns {
            values.push(owned(row.get_ref(column).map_err(fail)?));
        }
        each(Row::new(values))?;
        taken += 1;
    }
    Ok(())
}

fn owned(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => Value::Integer(integer),
        ValueRef::Real(real) => Value::Real(real),
        // No program of ours wrote a text that is not UTF-8. It is handed over as its bytes: whoever wants text is refused,
        // and verification of evidence can name the record.
        ValueRef::Text(text) => match String::from_utf8(text.to_vec()) {
            Ok(text) => Value::Text(text),
            Err(error) => Value::Blob(error.into_bytes()),
        },
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    }
}
