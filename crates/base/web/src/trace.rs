//! What ties together everything that happens for one request, here and in other systems: a correlation id, and the
//! trace context of the W3C (GovStack CFR arch#13).
//!
//! It is taken over when a request brings it, made when not, and goes on with every call to another system that is made
//! while the request is in work. Whoever writes a handler need not think of it.

use std::future::Future;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use stoa_core::{Ids, Kind};

/// The header with the correlation id.
pub(crate) static CORRELATION: HeaderName = HeaderName::from_static("x-correlation-id");
/// The header with the place in a trace (W3C Trace Context §3.2).
pub(crate) static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// The header with what others want to find again in it (§3.3).
pub(crate) static TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
/// As many characters of `tracestate` must be carried on (§3.3.1.5); more are dropped whole.
const STATE_CHARS_MAX: usize = 512;

struct RequestKind;
impl Kind for RequestKind {
    const NAME: &'static str = "request";
}

/// The trace of one request. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Trace(Arc<Parts>);

#[derive(Debug, Default, PartialEq, Eq)]
struct Parts {
    correlation: String,
    parent: String,
    state: Option<String>,
}

tokio::task_local! {
    static CURRENT: Trace;
}

impl Trace {
    /// The trace that a request goes on with: its own, else that of the request in whose work it is asked (a peer in this
    /// process), else a new one.
    pub(crate) fn of(headers: &HeaderMap, ids: &Ids) -> Self {
        let around = Self::current();
        let fresh = ids.new_id::<RequestKind>();
        let incoming = single(headers, &TRACEPARENT)
            .and_then(|text| Parent::read(&text).map(|parent| (parent, state_of(headers))))
            .or_else(|| {
                let around = around.as_ref()?;
                Parent::read(&around.0.parent).map(|parent| (parent, around.0.state.clone()))
            });
        let sent = single(headers, &CORRELATION).filter(|text| is_machine_made(text));
        let correlation = sent
            .or_else(|| around.map(|trace| trace.0.correlation.clone()))
            .or_else(|| incoming.as_ref().map(|(parent, _)| parent.trace.clone()))
            .unwrap_or_else(|| fresh.to_string());
        let (trace, flags, state) = match incoming {
            Some((parent, state)) => (parent.trace, parent.flags, state),
            None => (hex(fresh.as_bytes()), 0, None),
        };
        // Of an id the last eight bytes: random, and never all zero, since they hold the variant of a UUID.
        let span = ids.new_id::<RequestKind>();
        let span = hex(span.as_bytes().get(8..).unwrap_or_default());
        Self(Arc::new(Parts { correlation, parent: format!("00-{trace}-{span}-{flags:02x}"), state }))
    }

    /// The trace of the request that the present task works on.
    pub(crate) fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// Works on a request that belongs to this trace.
    pub(crate) async fn around<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    pub(crate) fn correlation(&self) -> &str {
        &self.0.correlation
    }

    /// Where a call that is made now stands in the trace.
    pub(crate) fn parent(&self) -> &str {
        &self.0.parent
    }

    /// Adds what a call to another system takes along and does not say itself.
    pub(crate) fn carry_on(&self, headers: &mut HeaderMap) {
        if !headers.contains_key(&CORRELATION)
            && let Ok(value) = HeaderValue::try_from(self.correlation())
        {
            headers.insert(CORRELATION.clone(), value);
        }
        if headers.contains_key(&TRACEPARENT) {
            return;
        }
        if let Ok(value) = HeaderValue::try_from(self.parent()) {
            headers.insert(TRACEPARENT.clone(), value);
        }
        if let Some(value) = self.0.state.as_deref().and_then(|state| HeaderValue::try_from(state).ok()) {
            headers.insert(TRACESTATE.clone(), value);
        }
    }
}

/// A `traceparent` that holds to the letter of W3C Trace Context §3.2.2; anything else counts as none.
#[derive(Debug, PartialEq, Eq)]
struct Parent {
    trace: String,
    flags: u8,
}

impl Parent {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(5, '-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let rest = parts.next();
        let known = |text: &str, length: usize| {
            text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        let fits = known(version, 2)
            && version != "ff"
            && known(trace, 32)
            && known(span, 16)
            && known(flags, 2)
            // A later version may say more; this one may not.
            && (rest.is_none() || version != "00");
        let zero = |text: &str| text.bytes().all(|b| b == b'0');
        if !fits || zero(trace) || zero(span) {
            return None;
        }
        // Of the flags, those that are defined: sampled, and random (Level 2). The others must go on as zero.
        let flags = u8::from_str_radix(flags, 16).ok()? & 0b11;
        Some(Self { trace: trace.to_owned(), flags })
    }
}

/// The value of a header that is there exactly once.
fn single(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?.trim().to_owned();
    values.next().is_none().then_some(value)
}

fn state_of(headers: &HeaderMap) -> Option<String> {
    let parts: Option<Vec<&str>> = headers.get_all(&TRACESTATE).iter().map(|value| value.to_str().ok()).collect();
    let whole = parts?.join(",");
    (!whole.trim().is_empty() && whole.len() <= STATE_CHARS_MAX).then_some(whole)
}

/// Whether a caller's id is one that a machine made: 128 bits as a UUID, as 32 hexadecimal digits, or as a ULID. Any other
/// text may name a person, and the id goes into logs and to other systems.
fn is_machine_made(text: &str) -> bool {
    let hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
    let uuid = || {
        let lengths = [8, 4, 4, 4, 12];
        text.split('-').count() == lengths.len()
            && text.split('-').zip(lengths).all(|(part, length)| part.len() == length && hex(part))
    };
    let ulid = || {
        let digit = |b: u8| b.is_ascii_alphanumeric() && !b"ILOUilou".contains(&b);
        text.bytes().next().is_some_and(|first| (b'0'..=b'7').contains(&first)) && text.bytes().all(digit)
    };
    match text.len() {
        36 => uuid(),
        32 => hex(text),
        26 => ulid(),
        _ => false,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use stoa_core::{Clock, Instant};

    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn ids() -> Ids {
        Ids::seeded(Clock::fixed(Instant::from_micros(1_795_478_400_000_000)), 1)
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs =
            pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::try_from(*value).unwrap()));
        pairs.fold(HeaderMap::new(), |mut map, (name, value)| {
            map.append(name, value);
            map
        })
    }

    #[test]
    fn a_trace_is_continued_by_a_span_of_its_own() {
        let sent = format!("00-{TRACE}-00f067aa0ba902b7-01");
        let trace =
            Trace::of(&headers(&[("traceparent", &sent), ("tracestate", "a=1"), ("tracestate", "b=2")]), &ids());
        assert_eq!(trace.correlation(), TRACE);
        assert!(trace.parent().starts_with(&format!("00-{TRACE}-")) && trace.parent().ends_with("-01"));
        assert!(!trace.parent().contains("00f067aa0ba902b7"), "the span is ours, not the caller's");
        let mut onward = HeaderMap::new();
        trace.carry_on(&mut onward);
        assert_eq!(onward["tracestate"], "a=1,b=2");
        assert_eq!(onward["traceparent"], trace.parent());
        assert_eq!(onward["x-correlation-id"], TRACE);
    }

    #[test]
    fn what_is_not_to_the_letter_counts_as_none() {
        let good = format!("00-{TRACE}-00f067aa0ba902b7-01");
        assert!(Parent::read(&good).is_some());
        // A later version may carry more (§3.2.4), and of the flags only the known ones go on.
        assert_eq!(Parent::read(&format!("cc-{TRACE}-00f067aa0ba902b7-ff-what-the-future-brings")).unwrap().flags, 3);
        for bad in [
            String::new(),
            format!("{good}-more"),
            format!("ff-{TRACE}-00f067aa0ba902b7-01"),
            format!("0-{TRACE}-00f067aa0ba902b7-01"),
            format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
            format!("00-{}-00f067aa0ba902b7-01", "z".repeat(32)),
            format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{TRACE}-00f067aa0ba902b-01"),
            format!("00-{TRACE}-00f067aa0ba902b7-1"),
            format!("00-{TRACE}-00f067aa0ba902b7"),
            format!(" 00_{TRACE}_00f067aa0ba902b7_01"),
        ] {
            assert_eq!(Parent::read(&bad), None, "{bad}");
            let trace = Trace::of(&headers(&[("traceparent", &bad)]), &ids());
            assert!(Parent::read(trace.parent()).is_some(), "a new trace is begun instead: {}", trace.parent());
            assert_ne!(trace.correlation(), "0".repeat(32));
        }
        let twice = Trace::of(&headers(&[("traceparent", &good), ("traceparent", &good)]), &ids());
        assert!(!twice.parent().contains(TRACE), "two parents are none");
    }

    #[test]
    fn a_new_trace_and_its_correlation_are_one_number() {
        let trace = Trace::of(&HeaderMap::new(), &ids());
        let digits = trace.correlation().replace('-', "");
        assert!(trace.parent().starts_with(&format!("00-{digits}-")), "{} {}", trace.parent(), trace.correlation());
    }

    #[test]
    fn only_ids_that_a_machine_made_are_taken_over() {
        for good in ["018f3c5e-7b1a-7c3d-9a55-0242ac120002", TRACE, "01J8XQ5V3N8K2M4P6R7S9T0VWX"] {
            let trace = Trace::of(&headers(&[("x-correlation-id", good)]), &ids());
            assert_eq!(trace.correlation(), good);
        }
        for bad in [
            "",
            "jane.doe",
            "jane@example.org",
            "1985-03-12",
            "3171234567890123",
            "a b",
            "018f3c5e7b1a-7c3d-9a55-0242ac120002-00",
        ] {
            let trace = Trace::of(&headers(&[("x-correlation-id", bad)]), &ids());
            assert_eq!(trace.correlation().len(), 36, "{bad} is replaced by an id of the node's own");
        }
    }

    #[tokio::test]
    async fn a_request_within_a_request_belongs_to_it() {
        let outer = Trace::of(&headers(&[("traceparent", &format!("00-{TRACE}-00f067aa0ba902b7-01"))]), &ids());
        assert_eq!(Trace::current(), None);
        let inner = outer.clone().around(async { Trace::of(&HeaderMap::new(), &ids()) }).await;
        assert_eq!(inner.correlation(), outer.correlation());
        assert!(inner.parent().starts_with(&format!("00-{TRACE}-")));
    }
}
