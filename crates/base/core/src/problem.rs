//! Problems: what went wrong, in words for the caller, under a code that never changes (RFC 9457).
//!
//! A problem knows a class of [`Refusal`], not an HTTP status: only the web room speaks HTTP. It never carries what is
//! internal (a path, an SQL text, another person's data); that goes to the log, once, at the boundary.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

/// Why a request was not done; each class maps to one HTTP status in `stoa-web`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The request cannot be read: broken JSON, a malformed id (400).
    Malformed,
    /// No credential, or one that does not hold (401).
    Unauthenticated,
    /// Known, but without the permission (403).
    Forbidden,
    /// There is no such thing, or none that this actor may know of (404).
    NotFound,
    /// The address exists but not for this method (405).
    MethodNotAllowed,
    /// The request took too long to arrive (408).
    Timeout,
    /// The state of the thing does not allow it now (409).
    Conflict,
    /// It was there, and is gone for good (410).
    Gone,
    /// A condition of the request, such as `If-Match`, does not hold (412).
    PreconditionFailed,
    /// Larger than allowed (413).
    TooLarge,
    /// A media type that is not spoken here (415).
    UnsupportedMedia,
    /// Readable, but against the rules of the data; the fields are named (422).
    Invalid,
    /// The address does not belong to this node (421).
    Misdirected,
    /// More requests than agreed (429).
    TooMany,
    /// Address and headers are larger than allowed (431).
    HeadersTooLarge,
    /// A fault of ours (500).
    Failed,
    /// Something we depend on did not answer or answered wrongly (502).
    BadGateway,
    /// Full or away at the moment; trying again later helps (503).
    Busy,
}

/// What is wrong with one field of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The place, as a JSON Pointer (RFC 6901): `/write/content/ID`; for a query parameter `?page`, for a header its name.
    pub pointer: String,
    /// A stable word for the rule that was broken: `required`, `unique`, `max`.
    pub code: &'static str,
    /// A sentence for a person.
    pub message: String,
}

/// An error as the caller sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The class of the refusal.
    pub refusal: Refusal,
    /// The stable code, `<crate>.<what>`, which has a page in `docs/reference/problems`.
    pub code: &'static str,
    /// What happened in this case and what to do next; may be empty when the code says all.
    pub detail: String,
    /// The fields at fault, if the fault lies in fields.
    pub errors: Vec<FieldError>,
    /// How long to wait before trying again.
    pub retry_after: Option<Duration>,
}

impl Problem {
    /// A problem of this class and code, without detail.
    pub fn new(refusal: Refusal, code: &'static str) -> Self {
        Self { refusal, code, detail: String::new(), errors: Vec::new(), retry_after: None }
    }

    /// Says what happened in this case.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Adds a field at fault.
    #[must_use]
    pub fn field(mut self, pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        self.errors.push(FieldError { pointer: pointer.into(), code, message: message.into() });
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        for error in &self.errors {
            write!(f, "; {}: {}", error.pointer, error.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

/// One code of the catalogue. Each crate lists its own; a test of the house compares the lists with the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProblemInfo {
    /// The stable code, `<crate>.<what>`.
    pub code: &'static str,
    /// The RFC 9457 `title`: the same short sentence each time.
    pub title: &'static str,
    /// The page in Markdown: what happened, what to do. The node serves it at `/problems/<code>`.
    pub page: &'static str,
}

impl ProblemInfo {
    /// A catalogue entry; `page` comes from `include_str!("…/docs/reference/problems/<code>.md")`.
    pub const fn new(code: &'static str, title: &'static str, page: &'static str) -> Self {
        Self { code, title, page }
    }
}
