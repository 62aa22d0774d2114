//! What is asked of a service.

use http::Method;
use serde::Serialize;

use crate::service::Service;

/// A call of a service's API.
#[derive(Debug, Clone)]
pub struct Call {
    pub(crate) method: Method,
    pub(crate) service: Service,
    /// Below the endpoint, with a slash at its beginning.
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) microversion: Option<&'static str>,
    pub(crate) is_idempotent: bool,
}

impl Call {
    fn new(method: Method, service: Service, path: impl Into<String>) -> Self {
        let is_idempotent = method.is_idempotent();
        Self { method, service, path: path.into(), query: Vec::new(), body: None, microversion: None, is_idempotent }
    }

    /// Reads.
    pub fn get(service: Service, path: impl Into<String>) -> Self {
        Self::new(Method::GET, service, path)
    }

    /// Asks whether something is there.
    pub fn head(service: Service, path: impl Into<String>) -> Self {
        Self::new(Method::HEAD, service, path)
    }

    /// Creates, or does something. Tried again only where the cloud says itself that it did nothing.
    pub fn post(service: Service, path: impl Into<String>, body: &impl Serialize) -> Self {
        Self::new(Method::POST, service, path).with_body(body)
    }

    /// Puts in place.
    pub fn put(service: Service, path: impl Into<String>) -> Self {
        Self::new(Method::PUT, service, path)
    }

    /// Changes.
    pub fn patch(service: Service, path: impl Into<String>, body: &impl Serialize) -> Self {
        Self::new(Method::PATCH, service, path).with_body(body)
    }

    /// Removes.
    pub fn delete(service: Service, path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, service, path)
    }

    /// With a body of JSON.
    #[must_use]
    pub fn with_body(mut self, body: &impl Serialize) -> Self {
        // Bodies are made of texts and numbers; what has no JSON would be a mistake of ours, and comes back as 400.
        self.body = Some(serde_json::to_vec(body).unwrap_or_default());
        self
    }

    /// With a parameter.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// In a microversion: `2.61`. A service that does not know it answers 406.
    #[must_use]
    pub fn in_version(mut self, microversion: &'static str) -> Self {
        self.microversion = Some(microversion);
        self
    }

    /// Twice is as good as once, though its method does not say so.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.is_idempotent = true;
        self
    }
}

/// A name or id as a segment of a path: whatever a cloud calls its things, they stay one segment.
pub fn segment(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        // RFC 3986, 2.3: unreserved; a segment of dots alone would be walked.
        let is_plain = byte.is_ascii_alphanumeric() || b"-_~".contains(&byte) || (byte == b'.' && text.len() > 2);
        if is_plain {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}
