//! How much a cloud is asked, and how long one waits for it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Bounds of everything that a client does.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How long a connection may take to be made.
    pub connect_time: Duration,
    /// How long one try of a call may take, with its body.
    pub call_time: Duration,
    /// How often a call is tried.
    pub tries_max: u32,
    /// The pause before the second try, where the cloud names none; doubled each time.
    pub pause_first: Duration,
    /// The longest pause. A cloud that asks for a longer one is not asked again.
    pub pause_max: Duration,
    /// Calls under way at the same time.
    pub concurrency: usize,
    /// Pages of a list.
    pub pages_max: usize,
    /// Items of a list.
    pub items_max: usize,
    /// Bytes of an answer.
    pub answer_bytes_max: usize,
    /// Calls of this client in all, tries counted one by one.
    pub calls_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_time: Duration::from_secs(10),
            call_time: Duration::from_secs(32),
            tries_max: 4,
            pause_first: Duration::from_millis(500),
            pause_max: Duration::from_secs(30),
            concurrency: 8,
            pages_max: 200,
            items_max: 50_000,
            answer_bytes_max: 16 * 1024 * 1024,
            calls_max: 2_000,
        }
    }
}

/// How pauses are made. Tests are told of them instead of waiting.
#[derive(Clone, Default)]
pub struct Waits(Option<Arc<dyn Fn(Duration) + Send + Sync>>);

impl Waits {
    /// Pauses in real time.
    pub const fn real() -> Self {
        Self(None)
    }

    /// No pauses: the listener is told how long each would have been.
    pub fn told(listener: impl Fn(Duration) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    /// Makes a pause.
    pub async fn pause(&self, time: Duration) {
        match &self.0 {
            None => tokio::time::sleep(time).await,
            Some(listener) => {
                listener(time);
                tokio::task::yield_now().await;
            }
        }
    }
}

impl fmt::Debug for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_none() { "Waits(real)" } else { "Waits(told)" })
    }
}
