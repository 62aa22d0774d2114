//! The one writer of a file. Units of work that arrive together share one transaction, a savepoint each, and so one
//! sync of the disk; a caller is answered only after it (group commit).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant as Tick};

use rusqlite::Connection;
use stoa_core::{Clock, Ids};
use tokio::sync::{mpsc, oneshot};

use super::sql_error;
use crate::tx::{EngineTx, Watch};
use crate::unit::{Outcome, Unit};
use crate::{StoreError, Tx};

/// A batch is closed after this time even when more units wait: the first of them wants its answer.
const BATCH_TIME: Duration = Duration::from_millis(20);
/// How many steps of SQLite's machine pass between two looks at the clock.
const STEPS_PER_LOOK: i32 = 4000;

pub(crate) enum Message {
    Unit(Box<dyn Unit>),
    /// Stops between two batches until the guard is dropped.
    Pause(oneshot::Sender<()>, oneshot::Receiver<()>),
}

/// Figures of the writer, for metrics and readiness.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) waiting: AtomicUsize,
    pub(crate) batches: AtomicU64,
    pub(crate) units: AtomicU64,
    pub(crate) failed_commits: AtomicU64,
}

pub(crate) struct Writer {
    sender: mpsc::Sender<Message>,
    thread: JoinHandle<()>,
    pub(crate) figures: Arc<Figures>,
}

pub(crate) struct WriterOptions {
    pub(crate) block: &'static str,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) queue: usize,
    pub(crate) batch: usize,
    pub(crate) unit_time: Duration,
}

impl Writer {
    pub(crate) fn start(connection: Connection, options: WriterOptions) -> Result<Self, StoreError> {
        let (sender, receiver) = mpsc::channel(options.queue);
        let figures = Arc::new(Figures::default());
        let mut room = Room { connection, options, figures: Arc::clone(&figures), ends: Arc::default() };
        room.watch_statements();
        let thread = std::thread::Builder::new()
            .name(format!("{}-writer", room.options.block))
            .spawn(move || room.work(receiver))
            .map_err(|source| StoreError::Io { path: "a new thread".to_owned(), source })?;
        Ok(Self { sender, thread, figures })
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
        self.sender.send(Message::Pause(reached, until)).await.map_err(|_| closed())?;
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
    /// When the running unit's time is up, in microseconds since the room's `epoch`; 0 while none runs.
    ends: Arc<AtomicU64>,
}

impl Room {
    /// Interrupts a statement that runs on when its unit's time is up.
    fn watch_statements(&mut self) {
        let ends = Arc::clone(&self.ends);
        let look = move || {
            let end = ends.load(Ordering::Relaxed);
            end != 0 && super::readers::micros_of_process() > end
        };
        // Refused only for a connection that is not open.
        let _ = self.connection.progress_handler(STEPS_PER_LOOK, Some(look));
    }

    fn work(&mut self, mut receiver: mpsc::Receiver<Message>) {
        let mut batch: Vec<Box<dyn Unit>> = Vec::with_capacity(self.options.batch);
        while let Some(message) = receiver.blocking_recv() {
            let mut pause = None;
            match message {
                Message::Unit(unit) => batch.push(unit),
                Message::Pause(reached, until) => pause = Some((reached, until)),
            }
            if pause.is_none() {
                pause = self.run_batch(&mut batch, &mut receiver);
            }
            if let Some((reached, until)) = pause {
                if reached.send(()).is_ok() {
                    // An error means that the guard was dropped: the sign to go on.
                    let _ = until.blocking_recv();
                }
            }
        }
    }

    /// Runs the given unit and those that wait behind it in one transaction.
    fn run_batch(
        &mut self,
        batch: &mut Vec<Box<dyn Unit>>,
        receiver: &mut mpsc::Receiver<Message>,
    ) -> Option<(oneshot::Sender<()>, oneshot::Receiver<()>)> {
        let started = Tick::now();
        let mut pause = None;
        let mut next = batch.pop();
        if let Err(error) = self.statement("BEGIN IMMEDIATE") {
            if let Some(unit) = next {
                self.answer(|| unit.fail(error));
            }
            return None;
        }
        let mut lost = false;
        while let Some(mut unit) = next.take() {
            self.run_one(&mut *unit);
            batch.push(unit);
            lost = self.connection.is_autocommit();
            if lost || batch.len() >= self.options.batch || started.elapsed() > BATCH_TIME {
                break;
            }
            match receiver.try_recv() {
                Ok(Message::Unit(unit)) => next = Some(unit),
                Ok(Message::Pause(reached, until)) => pause = Some((reached, until)),
                Err(_) => {}
            }
        }
        self.figures.batches.fetch_add(1, Ordering::Relaxed);
        if lost {
            self.run_innocent(batch);
        } else {
            match self.statement("COMMIT") {
                Ok(()) => batch.drain(..).for_each(|unit| self.answer(|| unit.settle())),
                Err(error) => self.fail_batch(batch, &error),
            }
        }
        pause
    }

    /// One unit inside its own savepoint of the open transaction.
    fn run_one(&mut self, unit: &mut dyn Unit) -> Outcome {
        let outcome = match self.statement("SAVEPOINT unit") {
            Ok(()) => self.run_closure(unit),
            Err(_) => Outcome::Refused,
        };
        // After an error that ended the whole transaction (a full disk) there is no savepoint to go back to.
        if !self.connection.is_autocommit() {
            if outcome == Outcome::Refused {
                let _ = self.statement("ROLLBACK TO unit");
            }
            let _ = self.statement("RELEASE unit");
        }
        outcome
    }

    fn run_closure(&self, unit: &mut dyn Unit) -> Outcome {
        let watch = Watch::start(unit.at(), self.options.unit_time);
        let allowed = u64::try_from(self.options.unit_time.as_micros()).unwrap_or(u64::MAX);
        self.ends.store(super::readers::micros_of_process().saturating_add(allowed), Ordering::Relaxed);
        let mut tx = Tx {
            engine: EngineTx::Sqlite(&self.connection),
            clock: &self.options.clock,
            ids: &self.options.ids,
            watch: &watch,
        };
        let outcome = unit.run(&mut tx);
        self.ends.store(0, Ordering::Relaxed);
        if watch.exceeded() {
            tracing::error!(block = self.options.block, at = %watch.at, "store: a unit of work ran too long");
        }
        outcome
    }

    /// The transaction fell with one unit of it: the last of the batch keeps its error, the others run again, each in a
    /// transaction of its own, so that one unit's fault does not become its neighbours'.
    fn run_innocent(&mut self, batch: &mut Vec<Box<dyn Unit>>) {
        let Some(culprit) = batch.pop() else { return };
        self.answer(|| culprit.settle());
        for mut unit in batch.drain(..) {
            let begun = self.statement("BEGIN IMMEDIATE");
            let ended = begun.and_then(|()| match self.run_one(&mut *unit) {
                _ if self.connection.is_autocommit() => Ok(()),
                Outcome::Done => self.statement("COMMIT"),
                Outcome::Refused => self.statement("ROLLBACK"),
            });
            match ended {
                Ok(()) => self.answer(|| unit.settle()),
                Err(error) => {
                    self.roll_back();
                    self.answer(|| unit.fail(error));
                }
            }
        }
    }

    /// Nothing of the batch is durable: every caller hears so.
    fn fail_batch(&mut self, batch: &mut Vec<Box<dyn Unit>>, error: &StoreError) {
        self.figures.failed_commits.fetch_add(1, Ordering::Relaxed);
        tracing::error!(block = self.options.block, %error, units = batch.len(), "store: a commit failed");
        self.roll_back();
        for unit in batch.drain(..) {
            let error = match error {
                StoreError::Full => StoreError::Full,
                other => StoreError::CommitFailed { reason: other.to_string() },
            };
            self.answer(|| unit.fail(error));
        }
    }

    fn roll_back(&self) {
        if !self.connection.is_autocommit() {
            let _ = self.statement("ROLLBACK");
        }
    }

    fn answer(&self, send: impl FnOnce()) {
        self.figures.waiting.fetch_sub(1, Ordering::Relaxed);
        self.figures.units.fetch_add(1, Ordering::Relaxed);
        send();
    }

    fn statement(&self, sql: &str) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.raw_execute())
            .map(drop)
            .map_err(|error| sql_error(&error))
    }
}
