//! What a database holds, asked of the engine itself, so that no table can be forgotten in a copy.

use crate::{StoreError, Tx, params};

/// The full-text index: each engine keeps it in its own form, so it is copied as the words of each entry.
pub(super) const SEARCH: &str = "stoa_search";
/// What a copy does not take over as rows: the ledger is written by the migrations of the restore.
const LEDGER: &str = "stoa_migrations";

pub(super) async fn tables(tx: &mut Tx<'_>) -> Result<Vec<String>, StoreError> {
    let sql = if tx.is_sqlite() {
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'
           AND name NOT LIKE 'sqlite_%' AND name <> $1 ORDER BY name"
    } else {
        "SELECT table_name::text FROM information_schema.tables
         WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' AND table_name <> $1 ORDER BY 1"
    };
    Ok(tx.rows::<(String,)>(sql, params![LEDGER]).await?.into_iter().map(|(name,)| name).collect())
}

/// The columns that hold a value of their own; what the engine derives is derived again.
pub(super) async fn columns(tx: &mut Tx<'_>, table: &str) -> Result<Vec<String>, StoreError> {
    if table == SEARCH {
        return Ok(["seq", "collection", "id", "words"].map(str::to_owned).to_vec());
    }
    let sql = if tx.is_sqlite() {
        "SELECT name FROM pragma_table_info($1) ORDER BY name"
    } else {
        "SELECT column_name::text FROM information_schema.columns
         WHERE table_schema = current_schema() AND table_name = $1 AND is_generated = 'NEVER' ORDER BY 1"
    };
    Ok(tx.rows::<(String,)>(sql, params![table]).await?.into_iter().map(|(name,)| name).collect())
}

/// The query for all rows of a table with these columns.
pub(super) fn select(tx: &Tx<'_>, table: &str, columns: &[String]) -> String {
    if table == SEARCH {
        return if tx.is_sqlite() {
            "SELECT s.seq, s.collection, s.id, w.words FROM stoa_search s JOIN
             (SELECT doc, group_concat(term, ' ') AS words FROM temp.stoa_words GROUP BY doc) w ON w.doc = s.seq
             ORDER BY s.seq"
        } else {
            "SELECT seq, collection, id, array_to_string(tsvector_to_array(words), ' ') FROM stoa_search ORDER BY seq"
        }
        .to_owned();
    }
    let columns: Vec<_> = columns.iter().map(|column| quoted(column)).collect();
    format!("SELECT {} FROM {}", columns.join(", "), quoted(table))
}

/// The last number that each table gave out by itself: rows that are gone must not give their number to new ones.
pub(super) async fn sequences(tx: &mut Tx<'_>) -> Result<Vec<(String, i64)>, StoreError> {
    if tx.is_sqlite() {
        let any: Option<(i64,)> =
            tx.find("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'", params![]).await?;
        return match any {
            Some(_) => tx.rows("SELECT name, seq FROM sqlite_sequence ORDER BY name", params![]).await,
            None => Ok(Vec::new()),
        };
    }
    let mut last = Vec::new();
    for (table, sequence) in owned_sequences(tx).await? {
        let (value, used): (i64, bool) =
            tx.get(&format!("SELECT last_value, is_called FROM {sequence}"), params![]).await?;
        if used {
            last.push((table, value));
        }
    }
    Ok(last)
}

/// Table and sequence of PostgreSQL's columns that number themselves.
pub(super) async fn owned_sequences(tx: &mut Tx<'_>) -> Result<Vec<(String, String)>, StoreError> {
    tx.rows(
        "SELECT c.table_name::text, pg_get_serial_sequence(quote_ident(c.table_name), c.column_name)
         FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
         WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE'
           AND pg_get_serial_sequence(quote_ident(c.table_name), c.column_name) IS NOT NULL ORDER BY 1",
        params![],
    )
    .await
}

pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
