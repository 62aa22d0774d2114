//! [`Store`]: one block's own database, whichever engine holds it.

use std::future::Future;
use std::panic::Location;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use stoa_core::{Clock, Ids, Kind};
use tokio::sync::{oneshot, watch};

use crate::engine::postgres::{Access, Postgres, PostgresOptions};
use crate::engine::sqlite::readers::{Lane, Readers, ReadersOptions};
use crate::engine::sqlite::writer::{Writer, WriterOptions};
use crate::engine::sqlite::{self, Use};
use crate::migrate::{self, LEDGER, List, Migration};
use crate::pulse::{Pulse, Watchdog, micros_of_process};
use crate::tx::{EngineTx, Home, Watch};
use crate::unit::{Unit, Work, run_now};
use crate::wake::Topic;
use crate::{StoreError, Tx, params};

/// For how long a write that was seen to succeed tells that writes work.
const WRITE_SEEN_MICROS: u64 = 1_000_000;

/// Where a block's data lies.
#[derive(Debug, Clone)]
pub enum Engine {
    /// One SQLite file.
    Sqlite {
        /// The file; made when it is not there.
        file: PathBuf,
        /// Whether an answer waits for the disk.
        durability: Durability,
    },
    /// A schema of a PostgreSQL database.
    Postgres {
        /// `postgres://user:password@host/database`, or libpq's `host=… user=…`.
        url: String,
        /// The schema; made when it is not there. Lower-case letters, digits and `_`.
        schema: String,
    },
}

/// Whether an answer waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// An acknowledged write survives a power cut.
    #[default]
    Full,
    /// For one test only: the one that must notice that the disk was not waited for.
    Off,
}

/// The bounds of a store. Over them the answer is [`StoreError::Busy`] or [`StoreError::TooLong`].
#[derive(Debug, Clone, Copy)]
pub struct StoreLimits {
    /// Units that may wait for the writer.
    pub write_queue: usize,
    /// Units that may share one commit.
    pub batch: usize,
    /// What one unit that writes may take.
    pub unit_time: Duration,
    /// What a read on the caller's thread may take before it is run again among the scans.
    pub inline_read_time: Duration,
    /// Connections for reads on the callers' threads (SQLite, which has at least one for each thread of the runtime), or
    /// connections in all (PostgreSQL).
    pub connections: usize,
    /// Threads for long reads (SQLite).
    pub scans: usize,
    /// Long reads that may wait.
    pub scan_queue: usize,
    /// What a long read may take.
    pub scan_time: Duration,
}

impl Default for StoreLimits {
    fn default() -> Self {
        Self {
            write_queue: 8192,
            batch: 512,
            unit_time: Duration::from_secs(2),
            inline_read_time: Duration::from_millis(20),
            connections: 16,
            scans: 2,
            scan_queue: 64,
            scan_time: Duration::from_mins(1),
        }
    }
}

/// What a store is opened with.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// The block's name, for messages, thread names and metrics.
    pub block: &'static str,
    /// Where the data lies.
    pub engine: Engine,
    /// The block's migrations, and those that the base adds to every block; the store's own come by themselves.
    pub migrations: Vec<Migration>,
    /// Where "now" comes from.
    pub clock: Clock,
    /// Where identifiers come from.
    pub ids: Ids,
    /// The bounds.
    pub limits: StoreLimits,
}

impl StoreOptions {
    pub(crate) fn home(&self) -> Home {
        let node = match &self.engine {
            Engine::Sqlite { .. } => Arc::from("local"),
            Engine::Postgres { .. } => Arc::from(self.ids.new_id::<Node>().to_string()),
        };
        let (clock, ids) = (self.clock.clone(), self.ids.clone());
        Home { block: self.block, clock, ids, mark_base: Arc::default(), node, wakes: Arc::default() }
    }

    pub(crate) fn lists(&self) -> Vec<List> {
        vec![
            List { name: "store", steps: crate::SERVICES.to_vec() },
            List { name: self.block, steps: self.migrations.clone() },
        ]
    }
}

pub(crate) fn postgres_options(options: &StoreOptions, home: Home) -> PostgresOptions {
    let (url, schema) = match &options.engine {
        Engine::Postgres { url, schema } => (url.clone(), schema.clone()),
        Engine::Sqlite { .. } => (String::new(), String::new()),
    };
    let limits = options.limits;
    PostgresOptions {
        home,
        url,
        schema,
        connections: limits.connections,
        scans: limits.scans,
        scan_queue: limits.scan_queue,
        queue: limits.write_queue,
        unit_time: limits.unit_time,
        scan_time: limits.scan_time,
        must_be_new: false,
    }
}

/// What a store is doing, for metrics and readiness.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreState {
    /// Units that wait or run.
    pub queue_depth: usize,
    /// Commits so far; each holds one unit or more.
    pub commits: u64,
    /// Units of work answered so far.
    pub units: u64,
    /// Commits that failed.
    pub failed_commits: u64,
    /// Units tried again because the server could not serialise them.
    pub retries: u64,
    /// Short reads that turned out long and ran again among the scans.
    pub reads_cut: u64,
    /// Whether the last commit that had something to store failed.
    pub commit_failed: bool,
    /// How long a unit that does not come to its end has held up all others; it is named in the log.
    pub stuck_for: Option<Duration>,
}

/// One block's own database. Cheap to clone; all clones are one store.
///
/// ```no_run
/// # use stoa_store::{params, Store, StoreError, Tx};
/// # async fn example(store: Store) -> Result<(), StoreError> {
/// let name = "Ada".to_owned();
/// store
///     .write(async move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
///         tx.execute("INSERT INTO visitor (name) VALUES ($1)", params![name]).await?;
///         Ok(())
///     })
///     .await // here the row is on disk
/// # }
/// ```
///
/// A closure may be called more than once (PostgreSQL could not serialise it; a short read turned out long), so it
/// borrows its inputs and has no effect but through the [`Tx`]. It awaits nothing but its `Tx`.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

enum Node {}
impl Kind for Node {
    const NAME: &'static str = "node";
}

struct Shared {
    home: Home,
    engine: Running,
    /// When a write was last seen to succeed, in microseconds of the process.
    write_seen: AtomicU64,
    /// Whether a restore made the schema that this lies in.
    made_schema: AtomicBool,
    _watchdog: Watchdog,
}

pub(crate) enum Running {
    Sqlite { writer: Writer, readers: Arc<Readers>, file: PathBuf },
    Postgres(Postgres),
}

impl Running {
    const fn pulse(&self) -> &Arc<Pulse> {
        match self {
            Self::Sqlite { writer, .. } => &writer.pulse,
            Self::Postgres(postgres) => &postgres.pulse,
        }
    }
}

/// While it lives, the store's writer stands between two batches; see [`Store::pause_writers`].
pub struct Paused {
    _go_on: Option<oneshot::Sender<()>>,
}

impl Store {
    /// Opens the database, making and migrating it as needed. A new database of the services that every store brings
    /// (outbox, jobs, idempotency, search, keys) has their tables too.
    pub async fn open(options: StoreOptions) -> Result<Self, StoreError> {
        let (lists, limits, home) = (options.lists(), options.limits, options.home());
        let engine = match options.engine.clone() {
            Engine::Sqlite { file, durability } => {
                let connection = open_file(file.clone(), durability, home.clone(), lists).await?;
                let writer = Writer::start(
                    connection,
                    WriterOptions {
                        home: home.clone(),
                        queue: limits.write_queue,
                        batch: limits.batch,
                        unit_time: limits.unit_time,
                    },
                )?;
                let readers = Arc::new(Readers::new(ReadersOptions {
                    home: home.clone(),
                    file: file.clone(),
                    inline: limits.connections.max(worker_threads()),
                    inline_time: limits.inline_read_time,
                    scans: limits.scans,
                    scan_queue: limits.scan_queue,
                    scan_time: limits.scan_time,
                }));
                Running::Sqlite { writer, readers, file }
            }
            Engine::Postgres { .. } => {
                Running::Postgres(Postgres::start(postgres_options(&options, home.clone()), lists).await?)
            }
        };
        let watchdog = Watchdog::start(home.block, Arc::clone(engine.pulse()))?;
        Ok(Self {
            shared: Arc::new(Shared {
                home,
                engine,
                write_seen: AtomicU64::new(0),
                made_schema: AtomicBool::new(false),
                _watchdog: watchdog,
            }),
        })
    }

    /// Runs a closure that reads, on one snapshot. Meant for short reads: what takes longer than
    /// [`StoreLimits::inline_read_time`] is run again among the scans.
    #[track_caller]
    pub fn read<F, T, E>(&self, closure: F) -> impl Future<Output = Result<T, E>> + Send + use<F, T, E>
    where
        F: for<'a, 'b> AsyncFn(&'a mut Tx<'b>) -> Result<T, E> + Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (store, at) = (self.clone(), Location::caller());
        async move {
            match &store.shared.engine {
                Running::Sqlite { readers, .. } => {
                    if let Some(result) = read_inline(readers, &closure, at) {
                        return result;
                    }
                    read_apart(readers, Lane::Scans, closure, at).await
                }
                Running::Postgres(postgres) => postgres.run(closure, Access::Read, at).await,
            }
        }
    }

    /// As [`read`](Self::read), for background work that follows a table (the outbox, the jobs, the chain of evidence): on
    /// one snapshot, which on PostgreSQL takes no part in serialisation, so that no writer fails for it; and with a thread or
    /// connections of its own, so that it waits for nobody's reports.
    #[track_caller]
    pub fn peek<F, T, E>(&self, closure: F) -> impl Future<Output = Result<T, E>> + Send + use<F, T, E>
    where
        F: for<'a, 'b> AsyncFn(&'a mut Tx<'b>) -> Result<T, E> + Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (store, at) = (self.clone(), Location::caller());
        async move {
            match &store.shared.engine {
                Running::Sqlite { readers, .. } => {
                    if let Some(result) = read_inline(readers, &closure, at) {
                        return result;
                    }
                    read_apart(readers, Lane::Peeks, closure, at).await
                }
                Running::Postgres(postgres) => postgres.run(closure, Access::Peek, at).await,
            }
        }
    }

    /// Runs a closure that reads for long (an export, a report), on one snapshot, away from the short reads.
    #[track_caller]
    pub fn scan<F, T, E>(&self, closure: F) -> impl Future<Output = Result<T, E>> + Send + use<F, T, E>
    where
        F: for<'a, 'b> AsyncFn(&'a mut Tx<'b>) -> Result<T, E> + Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (store, at) = (self.clone(), Location::caller());
        async move {
            match &store.shared.engine {
                Running::Sqlite { readers, .. } => read_apart(readers, Lane::Scans, closure, at).await,
                Running::Postgres(postgres) => postgres.run(closure, Access::Scan, at).await,
            }
        }
    }

    /// Runs a closure that changes the database. When this answers `Ok`, all of its changes are on disk; on `Err` none
    /// of them happened.
    #[track_caller]
    pub fn write<F, T, E>(&self, closure: F) -> impl Future<Output = Result<T, E>> + Send + use<F, T, E>
    where
        F: for<'a, 'b> AsyncFn(&'a mut Tx<'b>) -> Result<T, E> + Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (store, at) = (self.clone(), Location::caller());
        async move {
            match &store.shared.engine {
                Running::Sqlite { writer, .. } => {
                    let (unit, answer) = Work::new(closure, at);
                    writer.submit(Box::new(unit), store.shared.home.block);
                    answer.await.map_err(|_| E::from(closed()))?
                }
                Running::Postgres(postgres) => postgres.run(closure, Access::Write, at).await,
            }
        }
    }

    /// Where "now" comes from.
    pub fn clock(&self) -> &Clock {
        &self.shared.home.clock
    }

    /// Where identifiers come from.
    pub fn ids(&self) -> &Ids {
        &self.shared.home.ids
    }

    /// The block whose database this is.
    pub fn block(&self) -> &'static str {
        self.shared.home.block
    }

    /// This process among those that share the database: the holder of its leases. A file has one process only, so there
    /// it is always the same, and a restart after a kill takes up its own leases at once.
    pub fn node(&self) -> &str {
        &self.shared.home.node
    }

    /// Changes at each commit of this process that concerns the topic (see [`Tx::wake`]). Commits of other nodes are found
    /// by looking now and then.
    pub fn wakes(&self, topic: Topic) -> watch::Receiver<u64> {
        self.shared.home.wakes.subscribe(topic)
    }

    pub(crate) fn home(&self) -> &Home {
        &self.shared.home
    }

    /// Whether a restore made the schema that this lies in, so that it may take it back.
    pub(crate) fn made_schema(&self) -> &AtomicBool {
        &self.shared.made_schema
    }

    pub(crate) fn running(&self) -> &Running {
        &self.shared.engine
    }

    /// What the store is doing.
    pub fn state(&self) -> StoreState {
        let read = Ordering::Relaxed;
        let stuck_for = self.shared.engine.pulse().stuck_for();
        match &self.shared.engine {
            Running::Sqlite { writer, readers, .. } => StoreState {
                queue_depth: writer.figures.waiting.load(read),
                commits: writer.figures.batches.load(read),
                units: writer.figures.units.load(read),
                failed_commits: writer.figures.failed_commits.load(read),
                retries: 0,
                reads_cut: readers.cut.load(read),
                commit_failed: writer.figures.commit_failed.load(read),
                stuck_for,
            },
            Running::Postgres(postgres) => StoreState {
                queue_depth: postgres.figures.waiting.load(read),
                commits: postgres.figures.commits.load(read),
                units: postgres.figures.units.load(read),
                failed_commits: postgres.figures.failed_commits.load(read),
                retries: postgres.figures.retries.load(read),
                reads_cut: 0,
                commit_failed: postgres.figures.commit_failed.load(read),
                stuck_for,
            },
        }
    }

    /// Whether a write comes to its end on the disk; for readiness. It writes a row of the store's own and waits for its
    /// commit, unless one was seen to succeed within the last second. A unit that holds up all others is named at once.
    pub async fn check_writes(&self) -> Result<(), StoreError> {
        self.shared.engine.pulse().check()?;
        let now = micros_of_process();
        let seen = self.shared.write_seen.load(Ordering::Relaxed);
        if seen != 0 && now.saturating_sub(seen) < WRITE_SEEN_MICROS && !self.state().commit_failed {
            return Ok(());
        }
        self.write(async |tx: &mut Tx<'_>| {
            let now = tx.now();
            let sql = "INSERT INTO stoa_probe (id, at) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET at = excluded.at";
            tx.execute(sql, params![now]).await.map(drop)
        })
        .await
        .inspect(|()| self.shared.write_seen.store(now, Ordering::Relaxed))
    }

    /// Stops the writer between two batches while the guard lives, so that several files can be copied at one moment.
    /// On PostgreSQL one exported snapshot does this, and the guard holds nothing.
    pub async fn pause_writers(&self) -> Result<Paused, StoreError> {
        let go_on = match &self.shared.engine {
            Running::Sqlite { writer, .. } => Some(writer.pause().await?),
            Running::Postgres(_) => None,
        };
        Ok(Paused { _go_on: go_on })
    }

    /// The SQLite file, when the engine is embedded.
    pub fn file(&self) -> Option<&std::path::Path> {
        match &self.shared.engine {
            Running::Sqlite { file, .. } => Some(file),
            Running::Postgres(_) => None,
        }
    }

    /// Finishes what is queued and ends the store's threads. Does nothing while other clones live, or calls of them are
    /// under way: the last one closes the store.
    pub async fn close(self) {
        if let Some(shared) = Arc::into_inner(self.shared) {
            // Joining threads waits; it must not hold up the caller's runtime.
            let _ = tokio::task::spawn_blocking(move || match shared.engine {
                Running::Sqlite { writer, readers, .. } => {
                    readers.stop();
                    writer.stop();
                }
                Running::Postgres(postgres) => postgres.stop(),
            })
            .await;
        }
    }
}

/// The threads that callers of this runtime run on: each of them may read at the same time.
fn worker_threads() -> usize {
    tokio::runtime::Handle::try_current().map_or(0, |runtime| runtime.metrics().num_workers())
}

fn closed() -> StoreError {
    StoreError::Unavailable { reason: "the store is closed".to_owned() }
}

/// Opens and migrates a file away from the caller's runtime: it waits for the disk.
async fn open_file(
    file: PathBuf,
    durability: Durability,
    home: Home,
    lists: Vec<List>,
) -> Result<rusqlite::Connection, StoreError> {
    let opened = tokio::task::spawn_blocking(move || {
        let connection = sqlite::open(&file, Use::Write, durability)?;
        migrate_file(&connection, &home, &lists)?;
        Ok(connection)
    });
    opened.await.map_err(|_| StoreError::Unavailable { reason: "opening the file panicked".to_owned() })?
}

/// A short read on the caller's thread; `None` when it has to run among the scans.
fn read_inline<F, T, E>(readers: &Readers, closure: &F, at: &'static Location<'static>) -> Option<Result<T, E>>
where
    F: for<'a, 'b> AsyncFn(&'a mut Tx<'b>) -> Result<T, E>,
    E: From<StoreError>,
{
    let watch = Watch::start(at, readers.inline_time());
    match readers.inline(&watch, |tx| run_now(closure, tx)) {
        Ok(result) => result,
        Err(error) => Some(Err(error.into())),
    }
}

/// A read on a thread of the given lane.
async fn read_apart<F, T, E>(
    readers: &Arc<Readers>,
    lane: Lane,
    closure: F,
    at: &'static Location<'static>,
) -> Result<T, E>
where
    F: for<'a, 'b> AsyncFn(&'a mut Tx<'b>) -> Result<T, E> + Send + Sync + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let (unit, answer) = Work::new(closure, at);
    let unit: Box<dyn Unit> = Box::new(unit);
    readers.hand_over(lane, unit);
    answer.await.map_err(|_| E::from(closed()))?
}

/// Takes the missing steps on an open SQLite file, all in one transaction: a start that is cut off changes nothing.
pub(crate) fn migrate_file(connection: &rusqlite::Connection, home: &Home, lists: &[List]) -> Result<(), StoreError> {
    let sql = |sql: &str| connection.execute_batch(sql).map_err(|error| sqlite::sql_error(&error));
    let watch = Watch::start(Location::caller(), Duration::from_hours(1));
    sql("BEGIN IMMEDIATE")?;
    let mut tx = Tx { engine: EngineTx::Sqlite(connection), home, watch: &watch };
    let steps = async |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        tx.batch(LEDGER).await?;
        migrate::run(tx, lists).await
    };
    match run_now(&steps, &mut tx) {
        Ok(()) => sql("COMMIT"),
        Err(error) => {
            if !connection.is_autocommit() {
                let _ = sql("ROLLBACK");
            }
            Err(error)
        }
    }
}
