//! One transaction, on either engine.

use std::cell::Cell;
use std::panic::Location;
use std::time::{Duration, Instant as Tick};

use stoa_core::{Clock, Id, Ids, Instant, Kind};

use crate::engine::{postgres, sqlite};
use crate::{FromRow, Param, Row, StoreError};

/// One unit of work's view of the database. All statements see one snapshot; all changes become durable together or
/// not at all, when the closure that holds the `Tx` has returned `Ok`.
pub struct Tx<'c> {
    pub(crate) engine: EngineTx<'c>,
    pub(crate) clock: &'c Clock,
    pub(crate) ids: &'c Ids,
    pub(crate) watch: &'c Watch,
}

pub(crate) enum EngineTx<'c> {
    Sqlite(&'c rusqlite::Connection),
    Postgres(&'c postgres::Session),
}

/// The time that one unit of work may take, and whether it was exceeded.
pub(crate) struct Watch {
    pub(crate) at: &'static Location<'static>,
    started: Tick,
    allowed: Duration,
    exceeded: Cell<bool>,
}

impl Watch {
    pub(crate) fn start(at: &'static Location<'static>, allowed: Duration) -> Self {
        Self { at, started: Tick::now(), allowed, exceeded: Cell::new(false) }
    }

    pub(crate) fn deadline(&self) -> Tick {
        self.started + self.allowed
    }

    /// Whether the unit has used up its time; once it has, it stays so.
    pub(crate) fn exceeded(&self) -> bool {
        if !self.exceeded.get() && self.started.elapsed() > self.allowed {
            self.exceeded.set(true);
        }
        self.exceeded.get()
    }

    pub(crate) fn too_long(&self) -> StoreError {
        StoreError::TooLong { at: self.at, elapsed: self.started.elapsed() }
    }
}

impl Tx<'_> {
    /// Runs a statement that returns no rows; gives the number of rows that it changed.
    pub async fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64, StoreError> {
        self.in_time()?;
        match &self.engine {
            EngineTx::Sqlite(connection) => sqlite::execute(connection, sql, params, self.watch),
            EngineTx::Postgres(session) => session.execute(sql, params).await,
        }
    }

    /// All rows of the answer. Bound them in the SQL: everything is held in memory.
    pub async fn rows<T: FromRow>(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Vec<T>, StoreError> {
        let mut found = Vec::new();
        self.collect(sql, params, usize::MAX, &mut |row| {
            found.push(T::from_row(&row)?);
            Ok(())
        })
        .await?;
        Ok(found)
    }

    /// The first row of the answer, if there is one.
    pub async fn find<T: FromRow>(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Option<T>, StoreError> {
        let mut found = None;
        self.collect(sql, params, 1, &mut |row| {
            found = Some(T::from_row(&row)?);
            Ok(())
        })
        .await?;
        Ok(found)
    }

    /// The first row of the answer; [`StoreError::NoRow`] when there is none.
    pub async fn get<T: FromRow>(&mut self, sql: &str, params: &[Param<'_>]) -> Result<T, StoreError> {
        self.find(sql, params).await?.ok_or(StoreError::NoRow)
    }

    async fn collect(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
        most: usize,
        each: &mut (dyn FnMut(Row) -> Result<(), StoreError> + '_),
    ) -> Result<(), StoreError> {
        self.in_time()?;
        match &self.engine {
            EngineTx::Sqlite(connection) => sqlite::collect(connection, sql, params, most, self.watch, each),
            EngineTx::Postgres(session) => session.collect(sql, params, most, each).await,
        }
    }

    fn in_time(&self) -> Result<(), StoreError> {
        if self.watch.exceeded() { Err(self.watch.too_long()) } else { Ok(()) }
    }

    /// The present instant, by the store's clock.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// A new identifier.
    pub fn new_id<K: Kind>(&self) -> Id<K> {
        self.ids.new_id()
    }

    /// Whether statements of the engine's own dialect are to be SQLite's; for the store's services only.
    pub(crate) const fn is_sqlite(&self) -> bool {
        matches!(self.engine, EngineTx::Sqlite(_))
    }

    /// A mark for rows that are read in the order of their commit: rows below [`settled_mark`](Self::settled_mark),
    /// ordered by `(mark, seq)`, never get an earlier neighbour later.
    ///
    /// On the embedded engine one writer commits in order, so the mark is always 0; on PostgreSQL it is the
    /// transaction's number.
    pub async fn commit_mark(&mut self) -> Result<i64, StoreError> {
        if self.is_sqlite() {
            return Ok(0);
        }
        Ok(self.get::<(i64,)>("SELECT pg_current_xact_id()::text::bigint", &[]).await?.0)
    }

    /// The first mark that an unfinished transaction may still write; see [`commit_mark`](Self::commit_mark).
    pub async fn settled_mark(&mut self) -> Result<i64, StoreError> {
        if self.is_sqlite() {
            return Ok(i64::MAX);
        }
        Ok(self.get::<(i64,)>("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint", &[]).await?.0)
    }
}
