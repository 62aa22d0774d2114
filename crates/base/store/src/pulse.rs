//! Whether the thread that does a store's work is alive: a closure that never returns cannot be stopped, since nobody can
//! end a thread from outside, but it is named, and the node says that it is not ready.

use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};
use std::time::{Duration, Instant as Tick};

use crate::StoreError;

/// A unit that has run for so many times what it may is not going to end.
const TIMES_STUCK: u32 = 3;

/// Microseconds since this process first asked; never 0, so that 0 can mean "none".
pub(crate) fn micros_of_process() -> u64 {
    static START: OnceLock<Tick> = OnceLock::new();
    let elapsed = START.get_or_init(Tick::now).elapsed();
    u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX).saturating_add(1)
}

/// What a store's thread runs at the moment.
#[derive(Debug)]
pub(crate) struct Pulse {
    /// When it began, in microseconds of the process; 0 while nothing runs.
    began: AtomicU64,
    at: Mutex<&'static Location<'static>>,
    stuck_after: Duration,
}

impl Pulse {
    #[track_caller]
    pub(crate) fn new(unit_time: Duration) -> Self {
        let stuck_after = unit_time.saturating_mul(TIMES_STUCK);
        Self { began: AtomicU64::new(0), at: Mutex::new(Location::caller()), stuck_after }
    }

    /// A closure gets the thread.
    pub(crate) fn begin(&self, now: u64, at: &'static Location<'static>) {
        *self.at.lock().unwrap_or_else(PoisonError::into_inner) = at;
        self.began.store(now, Ordering::Release);
    }

    /// The thread is the store's again.
    pub(crate) fn end(&self) {
        self.began.store(0, Ordering::Release);
    }

    /// Since when, how long and where a closure has held the thread for much longer than it may.
    fn stuck(&self) -> Option<(u64, Duration, &'static Location<'static>)> {
        let began = self.began.load(Ordering::Acquire);
        let elapsed = Duration::from_micros(micros_of_process().saturating_sub(began));
        if began == 0 || elapsed < self.stuck_after {
            return None;
        }
        Some((began, elapsed, *self.at.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// How long a closure that does not come to its end has held the thread.
    pub(crate) fn stuck_for(&self) -> Option<Duration> {
        self.stuck().map(|(_, elapsed, _)| elapsed)
    }

    /// Names the closure that does not come to its end.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        match self.stuck() {
            Some((_, elapsed, at)) => Err(StoreError::TooLong { at, elapsed, blocked: true }),
            None => Ok(()),
        }
    }
}

/// Looks at a pulse now and then, as long as it lives, and says once what does not come to its end.
pub(crate) struct Watchdog {
    _ends: mpsc::Sender<()>,
}

impl Watchdog {
    pub(crate) fn start(block: &'static str, pulse: Arc<Pulse>) -> Result<Self, StoreError> {
        let (ends, ended) = mpsc::channel();
        let look = move || {
            let mut told = 0;
            while let Err(mpsc::RecvTimeoutError::Timeout) = ended.recv_timeout(pulse.stuck_after / 2) {
                let Some((began, elapsed, at)) = pulse.stuck() else { continue };
                if began != told {
                    told = began;
                    tracing::error!(block, %at, ?elapsed, "store: a unit of work does not come to its end; all others wait");
                }
            }
        };
        std::thread::Builder::new()
            .name(format!("{block}-watch"))
            .spawn(look)
            .map_err(|source| StoreError::Io { path: "a new thread".to_owned(), source })?;
        Ok(Self { _ends: ends })
    }
}
