//! Readers of a file: a few connections that callers use on their own thread for short reads, and threads of their own
//! for long scans. Each read sees one snapshot.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant as Tick};

use rusqlite::Connection;
use tokio::sync::mpsc;

use super::{Use, open, sql_error};
use crate::pulse::micros_of_process;
use crate::tx::{EngineTx, Home, Watch};
use crate::unit::{Outcome, Unit};
use crate::{Durability, StoreError, Tx};

/// How many steps of SQLite's machine pass between two looks at the clock.
const STEPS_PER_LOOK: i32 = 1000;

/// A connection for reading, and when its present read must end.
struct Reader {
    connection: Connection,
    ends: Arc<AtomicU64>,
}

impl Reader {
    fn open(file: &Path) -> Result<Self, StoreError> {
        let mut connection = open(file, Use::Read, Durability::Full)?;
        let ends = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&ends);
        let look = move || {
            let end = seen.load(Ordering::Relaxed);
            end != 0 && micros_of_process() > end
        };
        connection.progress_handler(STEPS_PER_LOOK, Some(look)).map_err(|error| sql_error(&error))?;
        Ok(Self { connection, ends })
    }

    /// Runs `work` on one snapshot.
    fn snapshot<R>(&self, watch: &Watch, work: impl FnOnce(&Connection) -> R) -> Result<R, StoreError> {
        let statement = |sql: &str| {
            self.connection
                .prepare_cached(sql)
                .and_then(|mut statement| statement.raw_execute())
                .map(drop)
                .map_err(|error| sql_error(&error))
        };
        let left = watch.deadline().saturating_duration_since(Tick::now());
        let end = micros_of_process().saturating_add(u64::try_from(left.as_micros()).unwrap_or(u64::MAX));
        statement("BEGIN DEFERRED")?;
        self.ends.store(end, Ordering::Relaxed);
        let result = work(&self.connection);
        self.ends.store(0, Ordering::Relaxed);
        // A read has nothing to keep; the rollback only ends its snapshot. An error of the disk has done that already.
        if !self.connection.is_autocommit() {
            statement("ROLLBACK")?;
        }
        Ok(result)
    }
}

pub(crate) struct ReadersOptions {
    pub(crate) home: Home,
    pub(crate) file: PathBuf,
    pub(crate) inline: usize,
    pub(crate) inline_time: Duration,
    pub(crate) scans: usize,
    pub(crate) scan_queue: usize,
    pub(crate) scan_time: Duration,
}

/// Who waits for threads of their own.
#[derive(Clone, Copy)]
pub(crate) enum Lane {
    /// Long reads: reports, exports.
    Scans,
    /// Looks of the background at a table that it follows, when they are no short reads.
    Peeks,
}

/// The way to a lane's threads, once they run.
type Queue = Option<mpsc::Sender<Box<dyn Unit>>>;

pub(crate) struct Readers {
    options: Arc<ReadersOptions>,
    idle: Mutex<Vec<Reader>>,
    opened: AtomicUsize,
    lanes: [Mutex<Queue>; 2],
    threads: Mutex<Vec<std::thread::JoinHandle<()>>>,
    pub(crate) cut: AtomicU64,
}

impl Readers {
    pub(crate) fn new(options: ReadersOptions) -> Self {
        Self {
            options: Arc::new(options),
            idle: Mutex::new(Vec::new()),
            opened: AtomicUsize::new(0),
            lanes: [Mutex::new(None), Mutex::new(None)],
            threads: Mutex::new(Vec::new()),
            cut: AtomicU64::new(0),
        }
    }

    /// Runs a short read on the caller's thread. `None` when it has to go to the scan threads: its time was up, or all
    /// connections are in use.
    pub(crate) fn inline<R>(
        &self,
        watch: &Watch,
        work: impl FnOnce(&mut Tx<'_>) -> R,
    ) -> Result<Option<R>, StoreError> {
        let Some(reader) = self.take()? else { return Ok(None) };
        let result = reader.snapshot(watch, |connection| {
            work(&mut Tx { engine: EngineTx::Sqlite(connection), home: &self.options.home, watch })
        });
        if result.is_ok() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
        } else {
            self.opened.fetch_sub(1, Ordering::Relaxed);
        }
        let result = result?;
        if watch.stopped() {
            self.cut.fetch_add(1, Ordering::Relaxed);
            return Ok(None);
        }
        Ok(Some(result))
    }

    pub(crate) fn inline_time(&self) -> Duration {
        self.options.inline_time
    }

    fn take(&self) -> Result<Option<Reader>, StoreError> {
        if let Some(reader) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(Some(reader));
        }
        if self.opened.fetch_add(1, Ordering::Relaxed) >= self.options.inline {
            self.opened.fetch_sub(1, Ordering::Relaxed);
            return Ok(None);
        }
        Reader::open(&self.options.file).map(Some).inspect_err(|_| {
            self.opened.fetch_sub(1, Ordering::Relaxed);
        })
    }

    /// Hands a read to the threads of a lane, or answers it at once when their queue is full.
    pub(crate) fn hand_over(&self, lane: Lane, unit: Box<dyn Unit>) {
        let sender = match self.sender(lane) {
            Ok(sender) => sender,
            Err(error) => return unit.fail(error),
        };
        match sender.try_send(unit) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(unit)) => {
                unit.fail(StoreError::Busy { block: self.options.home.block, queue: "scans" });
            }
            Err(mpsc::error::TrySendError::Closed(unit)) => {
                unit.fail(StoreError::Unavailable { reason: "the store is closed".to_owned() });
            }
        }
    }

    fn lane(&self, lane: Lane) -> MutexGuard<'_, Queue> {
        let [scans, peeks] = &self.lanes;
        let lane = match lane {
            Lane::Scans => scans,
            Lane::Peeks => peeks,
        };
        lane.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a lane's threads when it is first used: many a small node never needs them.
    fn sender(&self, lane: Lane) -> Result<mpsc::Sender<Box<dyn Unit>>, StoreError> {
        let mut open = self.lane(lane);
        if let Some(sender) = &*open {
            return Ok(sender.clone());
        }
        let (count, name) = match lane {
            Lane::Scans => (self.options.scans.max(1), "scan"),
            Lane::Peeks => (1, "peek"),
        };
        let (sender, receiver) = mpsc::channel(self.options.scan_queue);
        let receiver = Arc::new(Mutex::new(receiver));
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..count {
            let reader = Reader::open(&self.options.file)?;
            let (options, receiver) = (Arc::clone(&self.options), Arc::clone(&receiver));
            let thread = std::thread::Builder::new()
                .name(format!("{}-{name}", options.home.block))
                .spawn(move || run_lane(&reader, &options, &receiver))
                .map_err(|source| StoreError::Io { path: "a new thread".to_owned(), source })?;
            threads.push(thread);
        }
        *open = Some(sender.clone());
        Ok(sender)
    }

    /// Lets what waits finish, and ends their threads.
    pub(crate) fn stop(&self) {
        self.lane(Lane::Scans).take();
        self.lane(Lane::Peeks).take();
        let threads: Vec<_> = self.threads.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect();
        for thread in threads {
            let _ = thread.join();
        }
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

fn run_lane(reader: &Reader, options: &ReadersOptions, receiver: &Mutex<mpsc::Receiver<Box<dyn Unit>>>) {
    loop {
        // The lock is held while waiting, so that exactly one thread takes the next unit.
        let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        let Some(mut unit) = next else { return };
        if unit.is_abandoned() {
            continue;
        }
        let watch = Watch::start(unit.at(), options.scan_time);
        let outcome = reader.snapshot(&watch, |connection| {
            unit.run(&mut Tx { engine: EngineTx::Sqlite(connection), home: &options.home, watch: &watch })
        });
        match outcome {
            Ok(Outcome::Done | Outcome::Refused) => unit.settle(),
            Err(error) => unit.fail(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::Location;

    /// After an error of the disk SQLite has ended the transaction by itself; to end it again would hide that error.
    #[test]
    fn a_snapshot_that_fell_by_itself_is_not_ended_twice() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("read.db");
        open(&file, Use::Write, Durability::Full).unwrap().execute_batch("CREATE TABLE a (n BIGINT)").unwrap();
        let reader = Reader::open(&file).unwrap();
        let watch = Watch::start(Location::caller(), Duration::from_secs(1));
        let falls = reader.snapshot(&watch, |connection| {
            connection.execute_batch("ROLLBACK").unwrap();
            Err::<(), _>("the disk")
        });
        assert_eq!(falls.unwrap(), Err("the disk"));
        let count = |connection: &Connection| connection.query_row("SELECT count(*) FROM a", [], |row| row.get(0));
        assert_eq!(reader.snapshot(&watch, count).unwrap(), Ok(0_i64));
    }
}
