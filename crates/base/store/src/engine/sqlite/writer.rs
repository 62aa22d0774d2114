//! The one writer of a file. Units of work that arrive together share one transaction, a savepoint each, and so one
//! sync of the disk; a caller is answered only after it (group commit).

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant as Tick};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::sql_error;
use crate::pulse::{Pulse, micros_of_process};
use crate::tx::{EngineTx, Home, Watch};
use crate::unit::{Outcome, Unit};
use crate::wake::Topics;
use crate::{StoreError, Tx};

/// A batch is closed after this time even when more units wait: the first of them wants its answer.
const BATCH_TIME: Duration = Duration::from_millis(20);
/// How many steps of SQLite's machine pass between two looks at the clock.
const STEPS_PER_LOOK: i32 = 4000;
/// With this many pages in the log (16 MiB) it is copied back into the file, between two batches and after the answers:
/// SQLite's own habit is to do it inside a COMMIT, where callers wait.
const LOG_PAGES: u64 = 4096;
/// With this many (64 MiB), because long reads held it, the writer waits for them a moment to start the log anew.
const LOG_PAGES_MAX: u64 = 4 * LOG_PAGES;

/// How long the writer waits for readers that hold a log of that length.
const READERS_WAIT: Duration = Duration::from_millis(50);

pub(crate) enum Message {
    Unit(Box<dyn Unit>),
    /// Stops between two batches until the guard is dropped.
    Pause(Pause),
}

/// The sign that the writer stands, and the guard that it waits for.
pub(crate) type Pause = (oneshot::Sender<()>, oneshot::Receiver<()>);

/// Figures of the writer, for metrics and readiness.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) waiting: AtomicUsize,
    pub(crate) batches: AtomicU64,
    pub(crate) units: AtomicU64,
    pub(crate) failed_commits: AtomicU64,
    /// Whether the last commit that had something to store failed.
    pub(crate) commit_failed: AtomicBool,
    /// Pages in the write-ahead log after the last commit.
    pub(crate) log_pages: AtomicU64,
}

pub(crate) struct Writer {
    sender: mpsc::Sender<Message>,
    thread: JoinHandle<()>,
    pub(crate) figures: Arc<Figures>,
    pub(crate) pulse: Arc<Pulse>,
}

pub(crate) struct WriterOptions {
    pub(crate) home: Home,
    pub(crate) queue: usize,
    pub(crate) batch: usize,
    pub(crate) unit_time: Duration,
}

impl Writer {
    pub(crate) fn start(connection: Connection, options: WriterOptions) -> Result<Self, StoreError> {
        let (sender, receiver) = mpsc::channel(options.queue);
        let figures = Arc::new(Figures::default());
        let pulse = Arc::new(Pulse::new(options.unit_time));
        let mut room = Room {
            connection,
            options,
            figures: Arc::clone(&figures),
            pulse: Arc::clone(&pulse),
            ends: Arc::default(),
            log_due: LOG_PAGES,
            topics: Cell::default(),
            scrub_due: Cell::new(false),
        };
        room.watch_statements().map_err(|error| sql_error(&error))?;
        let thread = std::thread::Builder::new()
            .name(format!("{}-writer", room.options.home.block))
            .spawn(move || room.work(receiver))
            .map_err(|source| StoreError::Io { path: "a new thread".to_owned(), source })?;
        Ok(Self { sender, thread, figures, pulse })
    }

    /// Hands a unit over, or answers it at once when the queue is full or closed.
    pub(crate) fn submit(&self, unit: Box<dyn Unit>, block: &'static str) {
        self.figures.waiting.fetch_add(1, Ordering::Relaxed);
        let (message, error) = match self.sender.try_send(Message::Unit(unit)) {
            Ok(()) => return,
            Err(mpsc::error::TrySendError::Full(message)) => (message, StoreError::Busy { block, queue: "writes" }),
            Err(mpsc::error::TrySendError::Closed(message)) => {
                (message, StoreError::Unavailable { reason: "the store is closed".to_owned() })
            }
        };
        self.figures.waiting.fetch_sub(1, Ordering::Relaxed);
        if let Message::Unit(unit) = message {
            unit.fail(error);
        }
    }

    /// Waits until the writer stands between two batches; it goes on when the returned sender is dropped.
    pub(crate) async fn pause(&self) -> Result<oneshot::Sender<()>, StoreError> {
        let (reached, wait) = oneshot::channel();
        let (go_on, until) = oneshot::channel();
        let closed = || StoreError::Unavailable { reason: "the store is closed".to_owned() };
        self.sender.send(Message::Pause((reached, until))).await.map_err(|_| closed())?;
        wait.await.map_err(|_| closed())?;
        Ok(go_on)
    }

    /// Lets what is queued finish, then ends the thread.
    pub(crate) fn stop(self) {
        drop(self.sender);
        let _ = self.thread.join();
    }
}

struct Room {
    connection: Connection,
    options: WriterOptions,
    figures: Arc<Figures>,
    pulse: Arc<Pulse>,
    /// When the running unit's time is up, in microseconds of the process; 0 while none runs.
    ends: Arc<AtomicU64>,
    /// The length of the log at which it is copied back next.
    log_due: u64,
    /// What the open transaction concerns.
    topics: Cell<Topics>,
    /// The log holds what must not be found there.
    scrub_due: Cell<bool>,
}

impl Room {
    /// Interrupts a statement that runs on when its unit's time is up, and follows the length of the log.
    fn watch_statements(&mut self) -> rusqlite::Result<()> {
        let ends = Arc::clone(&self.ends);
        let look = move || {
            let end = ends.load(Ordering::Relaxed);
            end != 0 && micros_of_process() > end
        };
        self.connection.progress_handler(STEPS_PER_LOOK, Some(look))?;
        let figures = Arc::clone(&self.figures);
        self.connection.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            figures.log_pages.store(u64::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            figures.commit_failed.store(false, Ordering::Relaxed);
            Ok(())
        }))
    }

    fn work(&mut self, mut receiver: mpsc::Receiver<Message>) {
        let mut batch: Vec<Box<dyn Unit>> = Vec::with_capacity(self.options.batch);
        while let Some(message) = receiver.blocking_recv() {
            let pause = match message {
                Message::Unit(unit) => self.run_batch(unit, &mut batch, &mut receiver),
                Message::Pause(pause) => Some(pause),
            };
            self.shorten_log();
            if let Some((reached, until)) = pause
                && reached.send(()).is_ok()
            {
                // An error means that the guard was dropped: the sign to go on.
                let _ = until.blocking_recv();
            }
        }
    }

    /// Runs the given unit and those that wait behind it in one transaction.
    fn run_batch(
        &mut self,
        first: Box<dyn Unit>,
        batch: &mut Vec<Box<dyn Unit>>,
        receiver: &mut mpsc::Receiver<Message>,
    ) -> Option<Pause> {
        let started = Tick::now();
        if let Err(error) = self.statement("BEGIN IMMEDIATE") {
            self.answer(|| first.fail(error));
            return None;
        }
        let mut pause = None;
        let mut next = Some(first);
        let mut fell = false;
        while let Some(mut unit) = next.take() {
            if unit.is_abandoned() {
                self.answer(|| drop(unit));
            } else {
                self.run_one(&mut *unit);
                batch.push(unit);
                fell = self.connection.is_autocommit();
            }
            if fell || batch.len() >= self.options.batch || started.elapsed() > BATCH_TIME {
                break;
            }
            match receiver.try_recv() {
                Ok(Message::Unit(unit)) => next = Some(unit),
                Ok(Message::Pause(asked)) => pause = Some(asked),
                Err(_) => {}
            }
        }
        if fell {
            self.run_innocent(batch);
        } else {
            self.figures.batches.fetch_add(1, Ordering::Relaxed);
            match self.statement("COMMIT") {
                Ok(()) => {
                    self.wake();
                    batch.drain(..).for_each(|unit| self.answer(|| unit.settle()));
                }
                // A constraint that is looked at only now: whose fault it is shows when each is committed by itself.
                Err(error) if error.is_conflict() && batch.len() > 1 && self.statement("ROLLBACK").is_ok() => {
                    self.run_apart(batch);
                }
                Err(error) => self.fail_batch(batch, &error),
            }
        }
        pause
    }

    /// One unit inside its own savepoint of the open transaction.
    fn run_one(&self, unit: &mut dyn Unit) -> Outcome {
        let outcome = match self.statement("SAVEPOINT unit") {
            Ok(()) => self.run_closure(unit),
            Err(_) => Outcome::Refused,
        };
        // After an error that ended the whole transaction (a full disk) there is no savepoint to go back to.
        if self.connection.is_autocommit() {
            return outcome;
        }
        let undone = if outcome == Outcome::Refused { self.statement("ROLLBACK TO unit") } else { Ok(()) };
        if let Err(error) = undone.and_then(|()| self.statement("RELEASE unit")) {
            // What cannot be undone by itself is undone with the whole batch, whose other units run again.
            let block = self.options.home.block;
            tracing::error!(block, at = %unit.at(), %error, "store: a unit could not be parted from its batch");
            unit.spoil(error);
            let _ = self.statement("ROLLBACK");
            return Outcome::Refused;
        }
        outcome
    }

    fn run_closure(&self, unit: &mut dyn Unit) -> Outcome {
        let watch = Watch::strict(unit.at(), self.options.unit_time);
        let allowed = u64::try_from(self.options.unit_time.as_micros()).unwrap_or(u64::MAX);
        let now = micros_of_process();
        self.ends.store(now.saturating_add(allowed), Ordering::Relaxed);
        self.pulse.begin(now, watch.at);
        let mut tx = Tx { engine: EngineTx::Sqlite(&self.connection), home: &self.options.home, watch: &watch };
        let outcome = unit.run(&mut tx);
        self.pulse.end();
        if outcome == Outcome::Done {
            self.topics.set(self.topics.get().and(watch.topics()));
        }
        self.ends.store(0, Ordering::Relaxed);
        if watch.stopped() || watch.overdue() {
            let block = self.options.home.block;
            tracing::error!(block, at = %watch.at, "store: a unit of work took longer than a unit may");
        }
        outcome
    }

    /// The transaction fell with one unit of it: the last of the batch keeps its error, the others run again, each in a
    /// transaction of its own, so that one unit's fault does not become its neighbours'.
    fn run_innocent(&self, batch: &mut Vec<Box<dyn Unit>>) {
        if let Some(culprit) = batch.pop() {
            self.answer(|| culprit.settle());
        }
        self.run_apart(batch);
    }

    /// Each unit in a transaction of its own.
    fn run_apart(&self, batch: &mut Vec<Box<dyn Unit>>) {
        for mut unit in batch.drain(..) {
            let begun = self.statement("BEGIN IMMEDIATE");
            let ended = begun.and_then(|()| match self.run_one(&mut *unit) {
                _ if self.connection.is_autocommit() => Ok(()),
                Outcome::Done => {
                    self.figures.batches.fetch_add(1, Ordering::Relaxed);
                    self.statement("COMMIT")
                }
                Outcome::Refused => self.statement("ROLLBACK"),
            });
            match ended {
                Ok(()) => {
                    self.wake();
                    self.answer(|| unit.settle());
                }
                Err(error) => self.fail_batch(&mut vec![unit], &error),
            }
        }
    }

    /// Wakes those who wait for what was just committed. Called before the callers are answered, so that an event is on its
    /// way when its publisher hears of the commit. After a failed commit it may wake somebody too early, who then finds
    /// nothing.
    fn wake(&self) {
        let topics = self.topics.take();
        if topics.wants_scrub() {
            self.scrub_due.set(true);
        }
        self.options.home.wakes.committed(topics);
    }

    /// Nothing of the batch is durable, or nobody knows: every caller hears so.
    fn fail_batch(&self, batch: &mut Vec<Box<dyn Unit>>, error: &StoreError) {
        if !error.is_conflict() {
            self.figures.failed_commits.fetch_add(1, Ordering::Relaxed);
            self.figures.commit_failed.store(true, Ordering::Relaxed);
            tracing::error!(block = self.options.home.block, %error, units = batch.len(), "store: a commit failed");
        }
        if !self.connection.is_autocommit() {
            let _ = self.statement("ROLLBACK");
        }
        for unit in batch.drain(..) {
            let error = match error {
                StoreError::Full => StoreError::Full,
                StoreError::Conflict { constraint } => StoreError::Conflict { constraint: constraint.clone() },
                StoreError::OutcomeUnknown { reason } => StoreError::OutcomeUnknown { reason: reason.clone() },
                other => StoreError::CommitFailed { reason: other.to_string() },
            };
            self.answer(|| unit.fail(error));
        }
    }

    /// Copies a long log back into the file. Readers are not disturbed; what they still need stays in the log.
    fn shorten_log(&mut self) {
        let pages = self.figures.log_pages.load(Ordering::Relaxed);
        let scrub = self.scrub_due.get();
        if pages < self.log_due && !scrub {
            return;
        }
        let how = match pages {
            _ if scrub => "PRAGMA wal_checkpoint(TRUNCATE)",
            ..LOG_PAGES_MAX => "PRAGMA wal_checkpoint(PASSIVE)",
            _ => "PRAGMA wal_checkpoint(RESTART)",
        };
        let _ = self.connection.busy_timeout(READERS_WAIT);
        let done = self.connection.query_row(how, [], |row| {
            self.scrub_due.set(scrub && row.get::<_, i64>(0)? != 0);
            Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
        });
        let _ = self.connection.busy_timeout(super::LOCK_WAIT);
        let block = self.options.home.block;
        match done {
            // All is copied: the next commit starts the log anew.
            Ok((log, copied)) if log == copied => self.log_due = LOG_PAGES,
            // A long read still needs some of it: not again at every batch.
            Ok(_) => self.log_due = pages + LOG_PAGES,
            Err(error) => {
                self.log_due = pages + LOG_PAGES;
                tracing::warn!(block, %error, "store: the write-ahead log was not copied back");
            }
        }
        self.figures.log_pages.store(0, Ordering::Relaxed);
    }

    /// Answers one caller. A value of the unit's that panics at its end does not end the thread for all.
    fn answer(&self, send: impl FnOnce()) {
        self.figures.waiting.fetch_sub(1, Ordering::Relaxed);
        self.figures.units.fetch_add(1, Ordering::Relaxed);
        if catch_unwind(AssertUnwindSafe(send)).is_err() {
            tracing::error!(block = self.options.home.block, "store: something of a unit panicked when it was dropped");
        }
    }

    fn statement(&self, sql: &str) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.raw_execute())
            .map(drop)
            .map_err(|error| sql_error(&error))
    }
}

#[cfg(test)]
mod tests;
