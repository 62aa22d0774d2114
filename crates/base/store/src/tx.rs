//! One transaction, on either engine.

use std::cell::Cell;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant as Tick};

use stoa_core::{Clock, Id, Ids, Instant, Kind};

use crate::engine::{postgres, sqlite};
use crate::steering::steering_word;
use crate::wake::{Topic, Topics, Wakes};
use crate::{FromRow, Param, Row, StoreError};

/// One unit of work's view of the database. All statements see one snapshot; all changes become durable together or
/// not at all, when the closure that holds the `Tx` has returned `Ok`.
///
/// A statement that fails ends the unit, on both engines alike (PostgreSQL refuses every later statement of such a
/// transaction): later statements answer [`StoreError::Aborted`], and nothing is kept even when the closure returns `Ok`.
/// What may collide is written with `ON CONFLICT`.
pub struct Tx<'c> {
    pub(crate) engine: EngineTx<'c>,
    pub(crate) home: &'c Home,
    pub(crate) watch: &'c Watch,
}

pub(crate) enum EngineTx<'c> {
    Sqlite(&'c rusqlite::Connection),
    Postgres(&'c postgres::Session),
}

/// Whose database it is, and where its time and identifiers come from.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    pub(crate) block: &'static str,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    /// Added to marks, so that they go on ascending after a restore; see [`Tx::commit_mark`].
    pub(crate) mark_base: Arc<AtomicI64>,
    /// This process among those that share the database; see [`Store::node`](crate::Store::node).
    pub(crate) node: Arc<str>,
    /// Who sleeps until a commit.
    pub(crate) wakes: Arc<Wakes>,
}

/// What is watched over while a unit runs: its time, and whether it may still be kept.
pub(crate) struct Watch {
    pub(crate) at: &'static Location<'static>,
    started: Tick,
    allowed: Duration,
    /// Whether a success that comes too late is refused. A read that is late is still right.
    refuses_late: bool,
    /// A statement was refused or cut off because the time was up.
    stopped: Cell<bool>,
    /// A statement failed.
    failed: Cell<bool>,
    /// What the unit's commit concerns.
    topics: Cell<Topics>,
    /// The transaction's mark, once it was asked for.
    mark: Cell<Option<i64>>,
}

impl Watch {
    pub(crate) fn start(at: &'static Location<'static>, allowed: Duration) -> Self {
        Self {
            at,
            started: Tick::now(),
            allowed,
            refuses_late: false,
            stopped: Cell::new(false),
            failed: Cell::new(false),
            topics: Cell::default(),
            mark: Cell::default(),
        }
    }

    /// Of a unit that holds up others while it runs: it is not kept when it comes to its end too late.
    pub(crate) fn strict(at: &'static Location<'static>, allowed: Duration) -> Self {
        Self { refuses_late: true, ..Self::start(at, allowed) }
    }

    pub(crate) fn topics(&self) -> Topics {
        self.topics.get()
    }

    /// The transaction's mark, if the unit asked for it.
    pub(crate) fn mark(&self) -> Option<i64> {
        self.mark.get()
    }

    pub(crate) fn deadline(&self) -> Tick {
        self.started + self.allowed
    }

    /// Whether the unit was stopped because its time was up.
    pub(crate) fn stopped(&self) -> bool {
        self.stopped.get()
    }

    /// Whether the unit took longer than it may, even if it came to its end.
    pub(crate) fn overdue(&self) -> bool {
        self.started.elapsed() > self.allowed
    }

    /// Stops the unit in the midst of a statement: its time is up.
    pub(crate) fn too_long(&self) -> StoreError {
        self.stopped.set(true);
        StoreError::TooLong { at: self.at, elapsed: self.started.elapsed(), blocked: false }
    }

    /// Stops the unit between two statements, or at its end. A statement is cut off the moment that the time is up; so when
    /// this is noticed much later, it was the closure that held on.
    fn out_of_time(&self) -> StoreError {
        self.stopped.set(true);
        let elapsed = self.started.elapsed();
        StoreError::TooLong { at: self.at, elapsed, blocked: elapsed > self.allowed + self.allowed / 2 }
    }

    /// Why a unit that returned `Ok` may not be kept all the same.
    pub(crate) fn flaw(&self) -> Option<StoreError> {
        if self.stopped.get() || (self.refuses_late && self.overdue()) {
            Some(self.out_of_time())
        } else if self.failed.get() {
            Some(StoreError::Aborted { at: self.at })
        } else {
            None
        }
    }
}

/// The lowest transaction that still runs by this snapshot and may write here. Numbers are given out for the whole server,
/// but a connection belongs to one database for ever: those of other databases never write here, and whoever holds one
/// open for hours must not hold up what follows our commits. The snapshot is older than the look at the connections, so a
/// number in it that belongs to another database's connection was given to that connection and to no other.
const LOWEST_RUNNING: &str = "SELECT coalesce(
    (SELECT min(running::text::bigint) FROM pg_snapshot_xip(pg_current_snapshot()) AS running
     WHERE running::text::bigint & 4294967295 NOT IN (
       SELECT backend_xid::text::bigint FROM pg_stat_activity
       WHERE backend_xid IS NOT NULL AND datid <> (SELECT oid FROM pg_database WHERE datname = current_database())
       UNION ALL
       SELECT transaction::text::bigint FROM pg_prepared_xacts WHERE database <> current_database())),
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint)";

impl Tx<'_> {
    /// Runs a statement that returns no rows; gives the number of rows that it changed.
    pub async fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64, StoreError> {
        self.may_run(sql)?;
        let result = match &self.engine {
            EngineTx::Sqlite(connection) => sqlite::execute(connection, sql, params, self.watch),
            EngineTx::Postgres(session) => session.execute(sql, params).await,
        };
        self.note(result)
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

    /// Hands the answer's rows over one by one, up to `most` of them, without keeping them.
    pub(crate) async fn collect(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
        most: usize,
        each: &mut (dyn FnMut(Row) -> Result<(), StoreError> + '_),
    ) -> Result<(), StoreError> {
        self.may_run(sql)?;
        let result = match &self.engine {
            EngineTx::Sqlite(connection) => sqlite::collect(connection, sql, params, most, self.watch, each),
            EngineTx::Postgres(session) => session.collect(sql, params, most, each).await,
        };
        self.note(result)
    }

    /// Runs several statements without parameters: a migration, or a restore's changes of the schema.
    pub(crate) async fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        self.may_go_on()?;
        let result = match &self.engine {
            EngineTx::Sqlite(connection) => connection.execute_batch(sql).map_err(|error| sqlite::sql_error(&error)),
            EngineTx::Postgres(session) => session.batch(sql).await,
        };
        self.note(result)
    }

    fn may_go_on(&self) -> Result<(), StoreError> {
        if self.watch.overdue() {
            Err(self.watch.out_of_time())
        } else if self.watch.failed.get() {
            Err(StoreError::Aborted { at: self.watch.at })
        } else {
            Ok(())
        }
    }

    /// As [`may_go_on`](Self::may_go_on), for a statement of a closure.
    fn may_run(&self, sql: &str) -> Result<(), StoreError> {
        self.may_go_on()?;
        match steering_word(sql) {
            None => Ok(()),
            Some(word) => {
                self.watch.failed.set(true);
                let at = self.watch.at;
                Err(StoreError::Sql { reason: format!("the unit of work at {at} is not to run {word}") })
            }
        }
    }

    fn note<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        // A row that the program could not read is no fault of the transaction.
        if let Err(error) = &result
            && !matches!(error, StoreError::Column { .. } | StoreError::Data { .. })
        {
            self.watch.failed.set(true);
        }
        result
    }

    /// Wakes, once this transaction is committed, those who wait for the topic through
    /// [`Store::wakes`](crate::Store::wakes).
    pub fn wake(&mut self, topic: Topic) {
        self.watch.topics.set(self.watch.topics.get().with(topic));
    }

    /// Has the log emptied, once this transaction is committed: it keeps pages as they were before, for as long as nobody
    /// needs the room. Where long reads hold it, it is emptied when they are done and somebody writes. For SQLite.
    pub(crate) fn scrub(&mut self) {
        self.watch.topics.set(self.watch.topics.get().with_scrub());
    }

    /// The present instant, by the store's clock.
    pub fn now(&self) -> Instant {
        self.home.clock.now()
    }

    /// A new identifier.
    pub fn new_id<K: Kind>(&self) -> Id<K> {
        self.home.ids.new_id()
    }

    /// Whether statements of the engine's own dialect are to be SQLite's; for the store's services only.
    pub(crate) const fn is_sqlite(&self) -> bool {
        matches!(self.engine, EngineTx::Sqlite(_))
    }

    /// The block whose database this is.
    pub const fn block(&self) -> &'static str {
        self.home.block
    }

    /// A mark for rows that are read in the order of their commit: rows below [`settled_mark`](Self::settled_mark),
    /// ordered by `(mark, seq)`, never get an earlier neighbour later. Keep it in a column called `mark`.
    ///
    /// On the embedded engine one writer commits in order, so all marks are the same (0 unless the database was restored
    /// from an archive that held higher ones); on PostgreSQL it is the transaction's number.
    pub async fn commit_mark(&mut self) -> Result<i64, StoreError> {
        let base = self.home.mark_base.load(Ordering::Acquire);
        if self.is_sqlite() {
            return Ok(base);
        }
        // An event and its evidence come in one unit: the server is asked once.
        if let Some(mark) = self.watch.mark.get() {
            return Ok(mark);
        }
        let mark = base + self.get::<(i64,)>("SELECT pg_current_xact_id()::text::bigint", &[]).await?.0;
        self.watch.mark.set(Some(mark));
        Ok(mark)
    }

    /// The first mark that an unfinished transaction may still write; see [`commit_mark`](Self::commit_mark).
    pub async fn settled_mark(&mut self) -> Result<i64, StoreError> {
        if self.is_sqlite() {
            return Ok(i64::MAX);
        }
        let base = self.home.mark_base.load(Ordering::Acquire);
        Ok(base + self.get::<(i64,)>(LOWEST_RUNNING, &[]).await?.0)
    }
}
