//! When a call is tried again, and after what pause: pure decisions.

use std::time::Duration;

use http::{HeaderMap, Method, header};
use stoa_core::Instant;

use crate::error::Failure;
use crate::limits::Limits;

/// How a try ended, as far as trying again goes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ended<'a> {
    /// With a status, and the pause that was asked for.
    Status(u16, Option<Duration>),
    /// Without an answer.
    Failed(&'a Failure),
}

/// The pause before the next try; none when there should be none.
pub(crate) fn pause(
    ended: Ended<'_>,
    tried: u32,
    method: &Method,
    is_idempotent: bool,
    limits: &Limits,
) -> Option<Duration> {
    if tried >= limits.tries_max {
        return None;
    }
    let own = limits.pause_first.saturating_mul(1 << (tried.saturating_sub(1)).min(16)).min(limits.pause_max);
    let is_harmless = is_idempotent || method.is_safe();
    match ended {
        // It says itself that it did nothing.
        Ended::Status(429, asked) => within(asked.unwrap_or(own), limits),
        Ended::Status(503, asked) if is_harmless || asked.is_some() => within(asked.unwrap_or(own), limits),
        Ended::Status(502 | 504, _) if is_harmless => Some(own),
        Ended::Failed(Failure::Connection { was_sent, .. }) if is_harmless || !was_sent => Some(own),
        // What is slow now is slow in a second; what is no answer now is none then.
        Ended::Status(..) | Ended::Failed(_) => None,
    }
}

fn within(pause: Duration, limits: &Limits) -> Option<Duration> {
    (pause <= limits.pause_max).then_some(pause)
}

/// What `Retry-After` says (RFC 9110, 10.2.3): seconds, or a date.
pub(crate) fn asked(headers: &HeaderMap, now: Instant) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(Instant::from_micros(date.timestamp().as_microsecond()).since(now))
}
