//! A call and its answer.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::trace::{CORRELATION, TRACEPARENT};

/// A call to another system.
#[derive(Debug, Clone)]
pub struct Call {
    pub(super) purpose: &'static str,
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) idempotent: bool,
    pub(super) once: bool,
    pub(super) redirects: u8,
    pub(super) time: Option<Duration>,
    pub(super) bytes_max: Option<usize>,
}

impl Call {
    /// A call; `purpose` is a word from a small closed set, for metrics: `webhook`, `issuer`, `peer`.
    pub fn new(purpose: &'static str, method: Method, url: impl Into<String>) -> Self {
        // RFC 9110 §9.2.2.
        let idempotent = method.is_idempotent();
        Self {
            purpose,
            redirects: if method.is_safe() { 3 } else { 0 },
            idempotent,
            method,
            url: url.into(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            once: false,
            time: None,
            bytes_max: None,
        }
    }

    /// A GET; follows up to three redirects, each judged anew.
    pub fn get(purpose: &'static str, url: impl Into<String>) -> Self {
        Self::new(purpose, Method::GET, url)
    }

    /// A POST with this body; follows no redirect.
    pub fn post(
        purpose: &'static str,
        url: impl Into<String>,
        content_type: &'static str,
        body: impl Into<Bytes>,
    ) -> Self {
        let mut call = Self::new(purpose, Method::POST, url).header(header::CONTENT_TYPE, content_type);
        call.body = body.into();
        call
    }

    /// Sets the body and its type to this value as JSON.
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Result<Self, serde_json::Error> {
        self.body = serde_json::to_vec(value)?.into();
        Ok(self.header(header::CONTENT_TYPE, "application/json"))
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets a header. A value that cannot stand in a header (a line break in it) is left out.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: impl AsRef<str>) -> Self {
        if let Ok(value) = HeaderValue::from_str(value.as_ref()) {
            self.headers.insert(name, value);
        }
        self
    }

    /// Sends a secret in the `Authorization` header; it is never logged.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.authorization(&format!("Bearer {token}"))
    }

    /// Sends a client's name and secret in the `Authorization` header (RFC 6749 §2.3.1); they are never logged.
    #[must_use]
    pub fn basic(self, user: &str, secret: &str) -> Self {
        let pair = format!("{}:{}", encoded(user), encoded(secret));
        self.authorization(&format!("Basic {}", STANDARD.encode(pair)))
    }

    fn authorization(mut self, text: &str) -> Self {
        if let Ok(mut value) = HeaderValue::from_str(text) {
            value.set_sensitive(true);
            self.headers.insert(header::AUTHORIZATION, value);
        }
        self
    }

    /// Takes along what ties requests together: the correlation id, and W3C `traceparent` where there is one. A call that
    /// is made while a request is in work does so by itself; this is for what is done later.
    #[must_use]
    pub fn correlation(self, correlation: Option<&str>, traceparent: Option<&str>) -> Self {
        let headers = [(&CORRELATION, correlation), (&TRACEPARENT, traceparent)];
        headers.into_iter().fold(self, |call, (name, text)| match text.filter(|text| !text.is_empty()) {
            Some(text) => call.header(name.clone(), text),
            None => call,
        })
    }

    /// Says that sending it twice does no harm (an idempotency key is in it), so that it may be tried again.
    #[must_use]
    pub const fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// Tried once and without redirects: whoever calls tries again by its own rules.
    #[must_use]
    pub const fn once(mut self) -> Self {
        self.once = true;
        self.redirects = 0;
        self
    }

    /// At most this long in all, pauses and tries together.
    #[must_use]
    pub const fn within(mut self, time: Duration) -> Self {
        self.time = Some(time);
        self
    }

    /// At most this many bytes of answer.
    #[must_use]
    pub const fn at_most(mut self, bytes: usize) -> Self {
        self.bytes_max = Some(bytes);
        self
    }
}

/// Percent-encoded for a form or for one segment of a path: all but RFC 3986's unreserved characters.
pub(crate) fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The answer of another system, whatever its status.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Reply {
    /// The body as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }

    /// What `Retry-After` asks for, if it does so in seconds. The form with a date is not honoured: it would need the
    /// clocks of both sides to agree.
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.headers.get(header::RETRY_AFTER)?.to_str().ok()?;
        text.trim().parse().ok().map(Duration::from_secs)
    }
}
