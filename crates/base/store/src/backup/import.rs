//! The way back: rows of a copy into a new database of either engine.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use serde::Deserialize;

use super::{catalog, interrupted, on_file, on_server};
use crate::engine::postgres::{Access, Postgres, Room};
use crate::engine::sqlite::{self, Use};
use crate::migrate::List;
use crate::store::{Engine, Running, migrate_file, postgres_options};
use crate::{Param, Store, StoreError, StoreOptions, Tx, Value, params};

/// Placeholders of one statement: well below what either engine takes.
const PARAMS_MAX: usize = 2_000;

#[derive(Deserialize)]
struct Head {
    stoa_rows: u32,
    block: String,
    steps: Vec<(String, u32)>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Row(Vec<Cell>),
    Table { table: String, columns: Vec<String> },
    Sequence { sequence: String, last: i64 },
    End { end: u64 },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Cell {
    Null(()),
    Integer(i64),
    Text(String),
    Blob { b: String },
    Real { r: String },
}

impl Store {
    /// Makes a new database from a copy that [`Moment::export`](super::Moment::export) wrote, on either engine, and opens
    /// it. The copy may be of an older version, whose missing migrations are run afterwards; a newer one is refused, and
    /// so is a database that is there already. When this fails on SQLite the new file is to be thrown away;
    /// on PostgreSQL the new schema is dropped.
    pub async fn restore<R: BufRead + Send + 'static>(options: StoreOptions, mut input: R) -> Result<Self, StoreError> {
        let head: Head = parse(&next_line(&mut input)?.unwrap_or_default())?;
        if head.stoa_rows != 1 {
            return Err(damaged("it has a form that this program does not know"));
        }
        if head.block != options.block {
            return Err(damaged(&format!("it holds the rows of {}, not of {}", head.block, options.block)));
        }
        let lists = lists_of(&head, &options)?;
        let home = options.home();
        let mut made_schema = false;
        match &options.engine {
            Engine::Sqlite { file, durability } => {
                let (file, durability) = (file.clone(), *durability);
                let restored = tokio::task::spawn_blocking(move || {
                    if file.exists() {
                        return Err(StoreError::Data { reason: format!("{} is there already", file.display()) });
                    }
                    let connection = sqlite::open(&file, Use::Write, durability)?;
                    migrate_file(&connection, &home, &lists)?;
                    let sql = |sql: &str| connection.execute_batch(sql).map_err(|error| sqlite::sql_error(&error));
                    sql("BEGIN IMMEDIATE; PRAGMA defer_foreign_keys = on")?;
                    on_file(&connection, &home, async |tx| import(tx, &mut input).await)?;
                    sql("COMMIT")
                });
                restored.await.map_err(|_| interrupted())??;
            }
            Engine::Postgres { .. } => {
                let mut fresh = postgres_options(&options, home);
                fresh.must_be_new = true;
                let postgres = Postgres::start(fresh, lists).await?;
                let work = async move |room: Rc<Room>| {
                    let begin = "BEGIN; SET LOCAL statement_timeout = 0";
                    on_server(&room, begin, async |tx| import(tx, &mut input).await).await
                };
                let mut restored = postgres.hand_over(Access::Scan, work).await;
                made_schema = postgres.hand_over(Access::Scan, async |room: Rc<Room>| room.made_schema()).await?;
                if made_schema && !matches!(restored, Ok(Ok(()))) {
                    // Its tables were made before its rows came; without those it is in the way of the next try.
                    let dropped = postgres.hand_over(Access::Scan, drop_schema).await;
                    if let (Ok(Err(failed)), Err(error) | Ok(Err(error))) = (&mut restored, dropped) {
                        *failed = StoreError::Data { reason: format!("{failed}; its schema stays behind: {error}") };
                    }
                }
                let _ = tokio::task::spawn_blocking(move || postgres.stop()).await;
                restored??;
            }
        }
        let store = Self::open(options).await?;
        store.made_schema().store(made_schema, Ordering::Relaxed);
        Ok(store)
    }

    /// Takes back what [`Store::restore`] made, because something else of the same archive could not be restored: on
    /// PostgreSQL the schema with everything in it is dropped. The file of SQLite is its maker's to remove.
    pub async fn discard(self) -> Result<(), StoreError> {
        let dropped = match self.running() {
            Running::Postgres(postgres) if self.made_schema().load(Ordering::Relaxed) => {
                postgres.hand_over(Access::Scan, drop_schema).await.and_then(|dropped| dropped)
            }
            Running::Postgres(_) => Err(StoreError::Data {
                reason: "its schema was there before, so it stays with what was restored: empty it by hand".to_owned(),
            }),
            Running::Sqlite { .. } => Ok(()),
        };
        self.close().await;
        dropped
    }
}

async fn drop_schema(room: Rc<Room>) -> Result<(), StoreError> {
    let sql = format!("DROP SCHEMA {} CASCADE", room.schema());
    on_server(&room, "BEGIN", async |tx| tx.batch(&sql).await).await
}

/// The program's migrations, up to those that the copy was made with.
fn lists_of(head: &Head, options: &StoreOptions) -> Result<Vec<List>, StoreError> {
    let mut lists = options.lists();
    for (list, number) in &head.steps {
        let known = lists.iter().find(|known| known.name == list);
        if known.is_none_or(|known| known.steps.iter().all(|step| step.number != *number)) {
            return Err(StoreError::Newer { block: options.block, number: *number, name: String::new() });
        }
    }
    for list in &mut lists {
        list.steps.retain(|step| head.steps.iter().any(|(name, number)| name == list.name && *number == step.number));
    }
    Ok(lists)
}

async fn import(tx: &mut Tx<'_>, input: &mut dyn BufRead) -> Result<(), StoreError> {
    let references = lift_references(tx).await?;
    let mut insert: Option<Insert> = None;
    let mut sequences = BTreeMap::new();
    let (mut rows, mut highest_mark) = (0, 0);
    loop {
        let Some(line) = next_line(input)? else { return Err(damaged("it is cut off")) };
        match parse::<Line>(&line)? {
            Line::Table { table, columns } => {
                if let Some(insert) = &mut insert {
                    insert.flush(tx).await?;
                }
                insert = Some(Insert::into(tx, table, columns).await?);
            }
            Line::Row(cells) => {
                rows += 1;
                let insert = insert.as_mut().ok_or_else(|| damaged("a row stands before its table"))?;
                let values = cells.into_iter().map(Cell::value).collect::<Result<Vec<_>, _>>()?;
                if let Some(Value::Integer(mark)) = insert.mark.and_then(|column| values.get(column)) {
                    highest_mark = highest_mark.max(*mark);
                }
                insert.add(tx, values).await?;
            }
            Line::Sequence { sequence, last } => {
                sequences.insert(sequence, last);
            }
            Line::End { end } if end == rows => break,
            Line::End { end } => return Err(damaged(&format!("it should hold {end} rows and holds {rows}"))),
        }
    }
    if let Some(insert) = &mut insert {
        insert.flush(tx).await?;
    }
    set_sequences(tx, &sequences).await?;
    go_on_after(tx, highest_mark).await?;
    for reference in references {
        tx.batch(&reference).await?;
    }
    Ok(())
}

/// PostgreSQL checks references row by row, whatever the order of the tables: they are taken off and put on again.
/// (SQLite defers them to the commit.) Gives the statements that put them on.
async fn lift_references(tx: &mut Tx<'_>) -> Result<Vec<String>, StoreError> {
    if tx.is_sqlite() {
        return Ok(Vec::new());
    }
    let found: Vec<(String, String, String)> = tx
        .rows(
            "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
             WHERE contype = 'f' AND connamespace = current_schema()::regnamespace ORDER BY 1, 2",
            params![],
        )
        .await?;
    let mut again = Vec::new();
    for (table, name, definition) in found {
        tx.batch(&format!("ALTER TABLE {table} DROP CONSTRAINT {name}")).await?;
        again.push(format!("ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"));
    }
    Ok(again)
}

async fn set_sequences(tx: &mut Tx<'_>, last: &BTreeMap<String, i64>) -> Result<(), StoreError> {
    if tx.is_sqlite() {
        for (table, last) in last {
            // Rows above it may have raised the number already; the entry is missing when the table is empty.
            let raised = tx
                .execute("UPDATE sqlite_sequence SET seq = max(seq, $2) WHERE name = $1", params![table, last])
                .await?;
            if raised == 0 {
                tx.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)", params![table, last]).await?;
            }
        }
        return Ok(());
    }
    for (table, sequence) in catalog::owned_sequences(tx).await? {
        if let Some(last) = last.get(&table) {
            tx.find::<(i64,)>("SELECT setval($1::text::regclass, $2)", params![sequence, last]).await?;
        }
    }
    Ok(())
}

/// Lets new marks follow the copied ones; see [`Tx::commit_mark`].
async fn go_on_after(tx: &mut Tx<'_>, highest_mark: i64) -> Result<(), StoreError> {
    let base = if tx.is_sqlite() {
        highest_mark
    } else {
        let (now,): (i64,) = tx.get("SELECT pg_current_xact_id()::text::bigint", params![]).await?;
        (highest_mark + 1 - now).max(0)
    };
    tx.execute("DELETE FROM stoa_mark_base", params![]).await?;
    tx.execute("INSERT INTO stoa_mark_base (base) VALUES ($1)", params![base]).await?;
    Ok(())
}

/// Rows on their way into one table, several in one statement.
struct Insert {
    table: String,
    columns: Vec<String>,
    mark: Option<usize>,
    waiting: Vec<Value>,
}

impl Insert {
    async fn into(tx: &mut Tx<'_>, table: String, columns: Vec<String>) -> Result<Self, StoreError> {
        let there = catalog::columns(tx, &table).await?;
        if there.is_empty() || columns.is_empty() || columns.iter().any(|column| !there.contains(column)) {
            return Err(damaged(&format!("the table {table} or one of its columns is not known here")));
        }
        // A migration may have filled it; the copy's rows are the right ones.
        let table_name = catalog::quoted(&table);
        let (rows,): (i64,) = tx.get(&format!("SELECT count(*) FROM {table_name}"), params![]).await?;
        if rows > 0 {
            tx.execute(&format!("DELETE FROM {table_name}"), params![]).await?;
        }
        let mark = columns.iter().position(|column| column == "mark");
        Ok(Self { table, columns, mark, waiting: Vec::new() })
    }

    async fn add(&mut self, tx: &mut Tx<'_>, values: Vec<Value>) -> Result<(), StoreError> {
        if values.len() != self.columns.len() {
            return Err(damaged(&format!("a row of {} has {} columns", self.table, values.len())));
        }
        self.waiting.extend(values);
        if self.waiting.len() + self.columns.len() > PARAMS_MAX {
            self.flush(tx).await?;
        }
        Ok(())
    }

    async fn flush(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let values = std::mem::take(&mut self.waiting);
        if values.is_empty() {
            return Ok(());
        }
        if self.table == catalog::SEARCH {
            return insert_words(tx, &values).await;
        }
        let columns: Vec<_> = self.columns.iter().map(|column| catalog::quoted(column)).collect();
        let width = columns.len();
        let places: Vec<_> = (0..values.len() / width)
            .map(|row| {
                let row: Vec<_> = (1..=width).map(|column| format!("${}", row * width + column)).collect();
                format!("({})", row.join(", "))
            })
            .collect();
        let table = catalog::quoted(&self.table);
        let sql = format!("INSERT INTO {table} ({}) VALUES {}", columns.join(", "), places.join(", "));
        let params: Vec<Param<'_>> = values.iter().map(Value::as_param).collect();
        tx.execute(&sql, &params).await.map(drop)
    }
}

/// The search index, each engine's own way: `seq, collection, id, words`.
async fn insert_words(tx: &mut Tx<'_>, values: &[Value]) -> Result<(), StoreError> {
    for row in values.chunks_exact(4) {
        let [seq, collection, id, words] = row else { continue };
        if tx.is_sqlite() {
            let entry = params![seq, collection, id];
            tx.execute("INSERT INTO stoa_search (seq, collection, id) VALUES ($1, $2, $3)", entry).await?;
            tx.execute("INSERT INTO stoa_search_words (rowid, words) VALUES ($1, $2)", params![seq, words]).await?;
        } else {
            tx.execute(
                "INSERT INTO stoa_search (seq, collection, id, words)
                 VALUES ($1, $2, $3, array_to_tsvector(string_to_array($4::text, ' ')))",
                params![seq, collection, id, words],
            )
            .await?;
        }
    }
    Ok(())
}

impl Cell {
    fn value(self) -> Result<Value, StoreError> {
        Ok(match self {
            Self::Null(()) => Value::Null,
            Self::Integer(integer) => Value::Integer(integer),
            Self::Text(text) => Value::Text(text),
            Self::Blob { b } => Value::Blob(bytes(&b)?),
            Self::Real { r } => {
                let bits = u64::from_str_radix(&r, 16).map_err(|_| damaged("a real cannot be read"))?;
                Value::Real(f64::from_bits(bits))
            }
        })
    }
}

fn bytes(hex: &str) -> Result<Vec<u8>, StoreError> {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
    let bytes: Option<Vec<u8>> = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
    bytes.filter(|_| rest.is_empty()).ok_or_else(|| damaged("bytes cannot be read"))
}

fn next_line(input: &mut dyn BufRead) -> Result<Option<String>, StoreError> {
    let mut line = String::new();
    match input.read_line(&mut line) {
        Ok(0) => Ok(None),
        Ok(_) => Ok(Some(line)),
        Err(source) => Err(StoreError::Io { path: "the copy".to_owned(), source }),
    }
}

fn parse<'a, T: Deserialize<'a>>(line: &'a str) -> Result<T, StoreError> {
    serde_json::from_str(line).map_err(|_| damaged("a line cannot be read"))
}

fn damaged(what: &str) -> StoreError {
    StoreError::Data { reason: format!("the copy cannot be restored: {what}") }
}
