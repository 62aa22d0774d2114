//! All rows of a database as lines of JSON.
//!
//! ```text
//! {"stoa_rows":1,"block":"registries","steps":[["store",1],["registries",1]]}
//! {"table":"thing","columns":["id","name","size"]}
//! [{"b":"018f…"},"name",3]        null, integers and text as they are; {"b": bytes in hex}; {"r": a real's 64 bits in hex}
//! {"sequence":"stoa_event","last":17}
//! {"end":1}                       how many rows there were: a copy that was cut off is noticed
//! ```

use std::io::Write;

use serde_json::json;

use super::catalog;
use crate::{Row, StoreError, Tx, Value, params};

pub(super) async fn export(tx: &mut Tx<'_>, out: &mut dyn Write) -> Result<u64, StoreError> {
    let steps: Vec<(String, i64)> =
        tx.rows("SELECT list, number FROM stoa_migrations ORDER BY list, number", params![]).await?;
    line(out, &json!({ "stoa_rows": 1, "block": tx.block(), "steps": steps }))?;
    let mut rows = 0;
    for table in catalog::tables(tx).await? {
        let columns = catalog::columns(tx, &table).await?;
        line(out, &json!({ "table": table, "columns": columns }))?;
        let select = catalog::select(tx, &table, &columns);
        tx.collect(&select, &[], usize::MAX, &mut |row: Row| {
            rows += 1;
            line(out, &row.into_values().iter().map(written).collect())
        })
        .await?;
    }
    for (table, last) in catalog::sequences(tx).await? {
        line(out, &json!({ "sequence": table, "last": last }))?;
    }
    line(out, &json!({ "end": rows }))?;
    out.flush().map_err(write_error)?;
    Ok(rows)
}

fn written(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Integer(integer) => (*integer).into(),
        Value::Real(real) => json!({ "r": format!("{:016x}", real.to_bits()) }),
        Value::Text(text) => text.as_str().into(),
        Value::Blob(bytes) => json!({ "b": crate::keys::hex(bytes) }),
    }
}

fn line(out: &mut dyn Write, value: &serde_json::Value) -> Result<(), StoreError> {
    serde_json::to_writer(&mut *out, value).map_err(|error| write_error(error.into()))?;
    out.write_all(b"\n").map_err(write_error)
}

pub(super) fn write_error(source: std::io::Error) -> StoreError {
    if source.kind() == std::io::ErrorKind::StorageFull {
        return StoreError::Full;
    }
    StoreError::Io { path: "the copy".to_owned(), source }
}
