//! Work beside the server: loops that run until the node stops. One that panics, or ends before its time, is named and
//! begun anew; what it does is written so that it may be done twice.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::watch;

use crate::control::until;

/// The pause before a loop is begun anew, so that one that falls at once does not fill the log.
const PAUSE: Duration = if cfg!(test) { Duration::from_millis(10) } else { Duration::from_secs(1) };

/// The sign to stop.
pub(crate) type Stop = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Keeps a loop running until the stop was asked for.
pub(crate) async fn kept<F, R>(name: String, stopped: watch::Receiver<bool>, run: F)
where
    F: Fn(Stop) -> R + Send,
    R: Future<Output = ()> + Send,
{
    loop {
        let panicked = ends_well(run(Box::pin(until(stopped.clone())))).await.is_err();
        if *stopped.borrow() || stopped.has_changed().is_err() {
            return;
        }
        tracing::error!(what = name, panicked, "work in the background ended before its time; it is begun anew");
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = until(stopped.clone()) => return,
        }
    }
}

/// Awaits to the end; an error when it panicked.
async fn ends_well(work: impl Future<Output = ()> + Send) -> Result<(), ()> {
    let mut work = pin!(work);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
        Ok(Poll::Ready(())) => Poll::Ready(Ok(())),
        Ok(Poll::Pending) => Poll::Pending,
        Err(_) => Poll::Ready(Err(())),
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn a_loop_that_falls_is_begun_anew_until_the_stop() {
        let (stop, stopped) = watch::channel(false);
        let begun = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&begun);
        let running = tokio::spawn(kept("a loop".to_owned(), stopped, move |stop| {
            let turn = counted.fetch_add(1, Ordering::Relaxed);
            async move {
                match turn {
                    0 => panic!("on purpose"),
                    1 => {}
                    _ => stop.await,
                }
            }
        }));
        while begun.load(Ordering::Relaxed) < 3 {
            tokio::time::sleep(PAUSE).await;
        }
        tokio::time::sleep(PAUSE * 10).await;
        assert_eq!(begun.load(Ordering::Relaxed), 3, "it fell, it ended too early, and then it ran");
        stop.send(true).unwrap();
        running.await.unwrap();
        assert_eq!(begun.load(Ordering::Relaxed), 3);
    }
}
