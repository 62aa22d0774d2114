//! The bytes of one connection: who says nothing, or takes nothing, is noticed here, below HTTP.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant as Tick};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use crate::bare;

/// How a client of HTTP/2 begins (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Fewer bytes than these are the small talk of HTTP/2 (pings, acknowledgements), not an answer that is taken.
const ANSWER_BYTES_MIN: usize = 100;

/// Whether something happens on a connection.
#[derive(Debug)]
pub(crate) struct Activity {
    begun: Tick,
    last_ms: AtomicU64,
    in_work: AtomicUsize,
}

impl Activity {
    pub(crate) fn begin() -> Arc<Self> {
        Arc::new(Self { begun: Tick::now(), last_ms: AtomicU64::default(), in_work: AtomicUsize::default() })
    }

    fn note(&self) {
        let now = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_ms.store(now, Ordering::Relaxed);
    }

    /// A request is in work while the guard lives.
    pub(crate) fn work(self: &Arc<Self>) -> Work {
        self.in_work.fetch_add(1, Ordering::Relaxed);
        Work(Arc::clone(self))
    }

    /// How long nothing has happened.
    pub(crate) fn still_for(&self) -> Duration {
        if self.in_work.load(Ordering::Relaxed) > 0 {
            return Duration::ZERO;
        }
        self.begun.elapsed().saturating_sub(Duration::from_millis(self.last_ms.load(Ordering::Relaxed)))
    }
}

/// A request in work.
pub(crate) struct Work(Arc<Activity>);

impl Drop for Work {
    fn drop(&mut self) {
        self.0.note();
        self.0.in_work.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A connection's bytes.
pub(crate) struct Wire<S> {
    stream: S,
    activity: Arc<Activity>,
    opening: Option<Opening>,
    instead: Option<(Bytes, usize)>,
}

/// The first bytes, until it is known which version of HTTP is spoken: nothing above watches the time until then.
struct Opening {
    matched: usize,
    deadline: Pin<Box<Sleep>>,
}

impl<S> Wire<S> {
    pub(crate) fn new(stream: S, activity: Arc<Activity>, opening_time: Duration) -> Self {
        let opening = Opening { matched: 0, deadline: Box::pin(tokio::time::sleep(opening_time)) };
        Self { stream, activity, opening: Some(opening), instead: None }
    }
}

impl Opening {
    /// Takes the next bytes; says whether the version is known now.
    fn take(&mut self, bytes: &[u8]) -> bool {
        let rest = PREFACE.get(self.matched..).unwrap_or_default();
        self.matched += bytes.len();
        bytes.is_empty() || !rest.starts_with(bytes) || self.matched >= PREFACE.len()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buffer);
        let Some(opening) = &mut this.opening else { return read };
        match read {
            Poll::Pending => {
                ready!(opening.deadline.as_mut().poll(cx));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            Poll::Ready(result) => {
                if opening.take(buffer.filled().get(before..).unwrap_or_default()) {
                    this.opening = None;
                }
                Poll::Ready(result)
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> Wire<S> {
    fn noted(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = &written
            && *bytes >= ANSWER_BYTES_MIN
        {
            self.activity.note();
        }
        written
    }

    /// Sends the whole answer that stands in for what hyper says by itself.
    fn poll_instead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        while let Some((bytes, stands_for)) = &mut self.instead {
            if bytes.is_empty() {
                let length = *stands_for;
                self.instead = None;
                return Poll::Ready(Ok(length));
            }
            let sent = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            bytes.advance(sent);
        }
        Poll::Ready(Ok(0))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.instead.is_none() {
            this.instead = bare::answer(bytes).map(|answer| (answer, bytes.len()));
        }
        let written = match this.instead {
            Some(_) => this.poll_instead(cx),
            None => Pin::new(&mut this.stream).poll_write(cx, bytes),
        };
        this.noted(written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = slices.iter().find(|slice| !slice.is_empty());
        if let Some(head) = first
            && (self.instead.is_some() || bare::answer(head).is_some())
        {
            return self.poll_write(cx, head);
        }
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.noted(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_version_is_known_by_the_first_byte_that_differs() {
        let opening = || Opening { matched: 0, deadline: Box::pin(tokio::time::sleep(Duration::from_secs(1))) };
        assert!(opening().take(b"GET /"));
        let mut slow = opening();
        assert!(!slow.take(b"P"), "both versions may begin like this");
        assert!(slow.take(b"OST"));
        let mut second = opening();
        assert!(!second.take(b"PRI * HTTP/2.0\r\n\r\n"));
        assert!(second.take(b"SM\r\n\r\n"));
        assert!(opening().take(b""), "the end is an end");
    }
}
