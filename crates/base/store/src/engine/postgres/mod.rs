//! PostgreSQL through `tokio-postgres`: the same units of work, awaited on pooled connections, `SERIALIZABLE`, tried
//! again when the server could not serialise them.
//!
//! Units run on a thread of their own with a single-threaded runtime, so that a closure's future need not be `Send` on
//! either engine.

mod error;
mod foreign;
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

pub use foreign::Foreign;
pub(crate) use room::Room;
pub(crate) use session::Session;

/// Looks of the background that may wait; there are a few loops that look, each one look at a time.
const PEEKS_WAITING_MAX: usize = 256;

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
    short: mpsc::Sender<Job>,
    long: mpsc::Sender<Job>,
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
    /// A long read.
    Scan,
    /// A look of the background at a table that it follows.
    Peek,
    Write,
}

impl Access {
    /// Whether it is no short unit: it has a queue and connections of its own.
    const fn is_long(self) -> bool {
        matches!(self, Self::Scan | Self::Peek)
    }

    const fn begin(self) -> &'static str {
        match self {
            Self::Write => "BEGIN ISOLATION LEVEL SERIALIZABLE",
            Self::Read => "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY",
            // Long reads would make the server track all they saw, and writers fail for it: a snapshot is enough.
            Self::Scan | Self::Peek => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }
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
        let scans_max = options.scans + options.scan_queue;
        let (short, short_jobs) = mpsc::channel::<Job>(options.queue);
        let (long, long_jobs) = mpsc::channel::<Job>(scans_max + PEEKS_WAITING_MAX);
        let figures = Arc::new(Figures::default());
        let (ready, wait) = oneshot::channel();
        let (block, url) = (options.home.block, options.url.clone());
        let pulse = Arc::new(Pulse::new(options.unit_time));
        let (seen, felt) = (Arc::clone(&figures), Arc::clone(&pulse));
        let thread = std::thread::Builder::new()
            .name(format!("{block}-postgres"))
            .spawn(move || run(options, migrations, (short_jobs, long_jobs), seen, felt, ready))
            .map_err(|source| StoreError::Io { path: "a new thread".to_owned(), source })?;
        wait.await.map_err(|_| StoreError::Unavailable { reason: "the database thread ended".to_owned() })??;
        Ok(Self { short, long, thread, figures, pulse, block, scans_max, url })
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
        let (sender, queue) = if access.is_long() { (&self.long, "scans") } else { (&self.short, "units") };
        if let Err(error) = sender.try_send(Job { access, start }) {
            self.figures.leave(access);
            return Err(match error {
                mpsc::error::TrySendError::Full(_) => StoreError::Busy { block: self.block, queue },
                mpsc::error::TrySendError::Closed(_) => closed(),
            });
        }
        wait.await.map_err(|_| closed())
    }

    pub(crate) fn stop(self) {
        drop((self.short, self.long));
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
    (short_jobs, long_jobs): (mpsc::Receiver<Job>, mpsc::Receiver<Job>),
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
    let peeks = (options.connections / 8).clamp(1, 2);
    let short = options.connections.saturating_sub(scans + peeks).max(1);
    tokio::task::LocalSet::new().block_on(&runtime, async move {
        let room = match Room::open(options, &migrations, figures, pulse).await {
            Ok(room) => Rc::new(room),
            Err(error) => {
                let _ = ready.send(Err(error));
                return;
            }
        };
        let _ = ready.send(Ok(()));
        tokio::join!(serve_short(&room, short_jobs, short), serve_long(&room, long_jobs, scans, peeks));
    });
}

/// Runs short units, so many at a time. A unit in work holds a permit, so that the bounded queue before it is the only
/// place where units gather. When the queue is closed, what is in flight finishes first.
async fn serve_short(room: &Rc<Room>, mut jobs: mpsc::Receiver<Job>, most: usize) {
    let permits = Arc::new(Semaphore::new(most));
    while let Some(job) = jobs.recv().await {
        let permit = Arc::clone(&permits).acquire_owned().await.ok();
        let work = (job.start)(Rc::clone(room));
        tokio::task::spawn_local(async move {
            work.await;
            drop(permit);
        });
    }
    all_of(&permits, most).await;
}

/// Runs long reads and looks of the background. Each kind has permits of its own, so that neither takes the connections of
/// the other, nor those of short units.
async fn serve_long(room: &Rc<Room>, mut jobs: mpsc::Receiver<Job>, scans: usize, peeks: usize) {
    let (scan_permits, peek_permits) = (Arc::new(Semaphore::new(scans)), Arc::new(Semaphore::new(peeks)));
    while let Some(job) = jobs.recv().await {
        let permits = Arc::clone(if job.access == Access::Scan { &scan_permits } else { &peek_permits });
        let work = (job.start)(Rc::clone(room));
        tokio::task::spawn_local(async move {
            let permit = permits.acquire_owned().await.ok();
            work.await;
            drop(permit);
        });
    }
    all_of(&scan_permits, scans).await;
    all_of(&peek_permits, peeks).await;
}

/// Waits until nobody holds a permit.
async fn all_of(permits: &Semaphore, count: usize) {
    let _ = permits.acquire_many(u32::try_from(count).unwrap_or(u32::MAX)).await;
}
