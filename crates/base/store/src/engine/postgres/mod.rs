//! PostgreSQL through `tokio-postgres`: the same units of work, awaited on pooled connections, `SERIALIZABLE`, tried
//! again when the server could not serialise them.
//!
//! Units run on a thread of their own with a single-threaded runtime, so that a closure's future need not be `Send` on
//! either engine.

mod error;
mod room;
mod session;
mod value;

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::migrate::List;
use crate::pulse::Pulse;
use crate::tx::Home;
use crate::{StoreError, Tx};

pub(crate) use room::Room;
pub(crate) use session::Session;

/// Begins work in a room.
type Start = Box<dyn FnOnce(Rc<Room>) -> Pin<Box<dyn Future<Output = ()>>> + Send>;

/// Work that waits for its server.
struct Job {
    access: Access,
    start: Start,
}

pub(crate) struct PostgresOptions {
    pub(crate) home: Home,
    pub(crate) url: String,
    pub(crate) schema: String,
    pub(crate) connections: usize,
    pub(crate) scans: usize,
    pub(crate) scan_queue: usize,
    pub(crate) queue: usize,
    pub(crate) unit_time: Duration,
    pub(crate) scan_time: Duration,
    /// Refuses a schema that was migrated before: a restore makes a new one.
    pub(crate) must_be_new: bool,
}

/// Figures for metrics and readiness.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) waiting: AtomicUsize,
    /// Scans that wait or run.
    pub(crate) scans: AtomicUsize,
    pub(crate) units: AtomicU64,
    pub(crate) commits: AtomicU64,
    pub(crate) failed_commits: AtomicU64,
    /// Whether the last commit of a write failed.
    pub(crate) commit_failed: AtomicBool,
    pub(crate) retries: AtomicU64,
}

pub(crate) struct Postgres {
    sender: mpsc::Sender<Job>,
    thread: std::thread::JoinHandle<()>,
    pub(crate) figures: Arc<Figures>,
    pub(crate) pulse: Arc<Pulse>,
    block: &'static str,
    scans_max: usize,
    pub(crate) url: String,
}

/// Which kind of transaction a unit wants.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Scan,
    Write,
}

impl Figures {
    /// Counts one more; gives how many of its kind there were before.
    fn enter(&self, access: Access) -> usize {
        let all = self.waiting.fetch_add(1, Ordering::Relaxed);
        if access == Access::Scan { self.scans.fetch_add(1, Ordering::Relaxed) } else { all }
    }

    fn leave(&self, access: Access) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        if access == Access::Scan {
            self.scans.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Postgres {
    pub(crate) async fn start(options: PostgresOptions, migrations: Vec<List>) -> Result<Self, StoreError> {
        let (sender, receiver) = mpsc::channel::<Job>(options.queue);
        let figures = Arc::new(Figures::default());
        let (ready, wait) = oneshot::channel();
        let (block, url) = (options.home.block, options.url.clone());
        let scans_max = options.scans + options.scan_queue;
        let pulse = Arc::new(Pulse::new(options.unit_time));
        let (seen, felt) = (Arc::clone(&figures), Arc::clone(&pulse));
        let thread = std::thread::Builder::new()
            .name(format!("{block}-postgres"))
            .spawn(move || run(options, migrations, receiver, seen, felt, ready))
            .map_err(|source| StoreError::Io { path: "a new thread".to_owned(), source })?;
        wait.await.map_err(|_| StoreError::Unavailable { reason: "the database thread ended".to_owned() })??;
        Ok(Self { sender, thread, figures, pulse, block, scans_max, url })
    }

    /// Runs a unit and gives its result.
    pub(crate) async fn run<F, T, E>(&self, closure: F, access: Access, at: &'static Location<'static>) -> Result<T, E>
    where
        F: for<'a, 'b> AsyncFn(&'a mut Tx<'b>) -> Result<T, E> + Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.hand_over(access, async move |room: Rc<Room>| room.unit(&closure, access, at).await).await?
    }

    /// Runs work on the database thread and gives its result.
    pub(crate) async fn hand_over<W, T>(&self, access: Access, work: W) -> Result<T, StoreError>
    where
        W: AsyncFnOnce(Rc<Room>) -> T + Send + 'static,
        T: Send + 'static,
    {
        let (answer, wait) = oneshot::channel();
        let start = Box::new(move |room: Rc<Room>| -> Pin<Box<dyn Future<Output = ()>>> {
            Box::pin(async move {
                let figures = Arc::clone(room.figures());
                // A caller that was cancelled before its turn waits for nothing.
                if !answer.is_closed() {
                    let _ = answer.send(work(room).await);
                }
                figures.leave(access);
                figures.units.fetch_add(1, Ordering::Relaxed);
            })
        });
        if self.figures.enter(access) >= self.scans_max && access == Access::Scan {
            self.figures.leave(access);
            return Err(StoreError::Busy { block: self.block, queue: "scans" });
        }
        if let Err(error) = self.sender.try_send(Job { access, start }) {
            self.figures.leave(access);
            return Err(match error {
                mpsc::error::TrySendError::Full(_) => StoreError::Busy { block: self.block, queue: "units" },
                mpsc::error::TrySendError::Closed(_) => closed(),
            });
        }
        wait.await.map_err(|_| closed())
    }

    pub(crate) fn stop(self) {
        drop(self.sender);
        let _ = self.thread.join();
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable { reason: "the store is closed".to_owned() }
}

/// The body of the database thread.
fn run(
    options: PostgresOptions,
    migrations: Vec<List>,
    mut receiver: mpsc::Receiver<Job>,
    figures: Arc<Figures>,
    pulse: Arc<Pulse>,
    ready: oneshot::Sender<Result<(), StoreError>>,
) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(source) => {
            let _ = ready.send(Err(StoreError::Io { path: "a new runtime".to_owned(), source }));
            return;
        }
    };
    let scans = options.scans.max(1);
    let short = options.connections.saturating_sub(scans).max(1);
    tokio::task::LocalSet::new().block_on(&runtime, async move {
        let room = match Room::open(options, &migrations, figures, pulse).await {
            Ok(room) => Rc::new(room),
            Err(error) => {
                let _ = ready.send(Err(error));
                return;
            }
        };
        let _ = ready.send(Ok(()));
        // A unit in work holds a permit, so that the bounded queue behind it is the only place where units gather. Long
        // reads have permits of their own, and cannot take the connections of short units.
        let permits = Arc::new(Semaphore::new(short));
        let scan_permits = Arc::new(Semaphore::new(scans));
        while let Some(job) = receiver.recv().await {
            let scan = job.access == Access::Scan;
            let permit = if scan { None } else { Arc::clone(&permits).acquire_owned().await.ok() };
            let scan_permits = Arc::clone(&scan_permits);
            let work = (job.start)(Rc::clone(&room));
            tokio::task::spawn_local(async move {
                let scan_permit = if scan { scan_permits.acquire_owned().await.ok() } else { None };
                work.await;
                drop((permit, scan_permit));
            });
        }
        // Closed: what is in flight finishes before the thread ends.
        let all = |count| u32::try_from(count).unwrap_or(u32::MAX);
        let _ = permits.acquire_many(all(short)).await;
        let _ = scan_permits.acquire_many(all(scans)).await;
    });
}
