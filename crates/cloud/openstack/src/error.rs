//! What went wrong: with which call, what came, and what to do.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use http::Method;
use serde_json::Value;

use crate::service::Service;

/// Characters of a foreign message that are shown.
const MESSAGE_CHARS_MAX: usize = 300;

/// Which call it was, without anything secret: no query, no headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallName {
    /// The method.
    pub method: Method,
    /// The service, by its name in counts.
    pub service: &'static str,
    /// The path below its endpoint.
    pub path: String,
}

impl CallName {
    /// A call of a service.
    pub(crate) fn new(method: Method, service: Service, path: &str) -> Self {
        Self { method, service: service.name(), path: path.to_owned() }
    }
}

impl fmt::Display for CallName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.method, self.service, plain(&self.path))
    }
}

/// What came instead of what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The login was refused.
    #[error("the login was refused{}", colon(.message))]
    Login {
        /// What the cloud said.
        message: String,
    },
    /// The catalog has no such service, or not where it was looked for.
    #[error("the catalog has no {service} service{looked}; it has {}", list(.known))]
    NoService {
        /// The service.
        service: Service,
        /// In which region, at which interface.
        looked: String,
        /// The types that the catalog has.
        known: Vec<String>,
    },
    /// An address that cannot be called.
    #[error("the address `{address}` {reason}")]
    Address {
        /// The address.
        address: String,
        /// Why it cannot be called.
        reason: &'static str,
    },
    /// An error of the service.
    #[error("{status}{}{}", colon(.message), tries(*.tried))]
    Status {
        /// The status.
        status: u16,
        /// What the service said.
        message: String,
        /// How often it was asked.
        tried: u32,
    },
    /// No answer in time.
    #[error("no answer within {} s", .after.as_secs_f32())]
    Timeout {
        /// How long it was waited.
        after: Duration,
    },
    /// No connection, or it broke.
    #[error("{reason}{}", tries(*.tried))]
    Connection {
        /// What happened.
        reason: String,
        /// Whether the service may have got the call.
        was_sent: bool,
        /// How often it was tried.
        tried: u32,
    },
    /// The other side is not who it should be, or speaks no TLS that is spoken here.
    #[error("TLS: {reason}")]
    Tls {
        /// What is the matter.
        reason: String,
    },
    /// An answer that is too long.
    #[error("the answer is longer than {bytes_max} bytes")]
    TooLarge {
        /// The bound.
        bytes_max: usize,
    },
    /// An answer that is not what the API promises.
    #[error("{reason}")]
    Unreadable {
        /// What is the matter.
        reason: String,
    },
    /// A list that does not end.
    #[error("the list does not end: {reason}")]
    Endless {
        /// How that was seen.
        reason: String,
    },
    /// This client has asked as often as it may.
    #[error("not asked: this run has made {calls_max} calls, as many as it may")]
    TooMany {
        /// The bound.
        calls_max: u64,
    },
}

fn colon(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

fn tries(tried: u32) -> String {
    if tried > 1 { format!(" (tried {tried} times)") } else { String::new() }
}

fn list(known: &[String]) -> String {
    if known.is_empty() { "none at all".to_owned() } else { known.join(", ") }
}

/// A call that did not do what it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{call}: {failure}")]
pub struct Error {
    /// Which call.
    pub call: CallName,
    /// What came.
    pub failure: Failure,
}

impl Error {
    pub(crate) fn new(call: CallName, failure: Failure) -> Self {
        Self { call, failure }
    }

    /// The status, if the service answered with one.
    pub fn status(&self) -> Option<u16> {
        match self.failure {
            Failure::Status { status, .. } => Some(status),
            _ => None,
        }
    }

    /// Whether the thing is not there.
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404)
    }

    /// Whether the user may not do this.
    pub fn is_forbidden(&self) -> bool {
        self.status() == Some(403)
    }

    /// Whether nobody knows if the cloud did what was asked: no answer came, or none that says so.
    pub fn is_open(&self) -> bool {
        match &self.failure {
            Failure::Timeout { .. } | Failure::TooLarge { .. } | Failure::Unreadable { .. } => true,
            Failure::Connection { was_sent, .. } => *was_sent,
            Failure::Status { status, .. } => *status >= 500,
            _ => false,
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> String {
        match &self.failure {
            Failure::Login { .. } => {
                "see that user, password or application credential in clouds.yaml are right and not expired".to_owned()
            }
            Failure::NoService { service, .. } => format!(
                "run the service, or register it: openstack service create {}; or set region_name and interface in \
                 clouds.yaml to where it is",
                service.types().first().unwrap_or(&"")
            ),
            Failure::Address { .. } => "put the address right in clouds.yaml, or in the catalog".to_owned(),
            Failure::Status { status: 401, .. } => "log in again: the token was refused, a fresh one too".to_owned(),
            Failure::Status { status: 403, .. } => {
                "give the user the role that the policy of the service asks for".to_owned()
            }
            Failure::Status { status: 413 | 429, .. } => {
                "try again later, or raise the limits of the service".to_owned()
            }
            Failure::Status { status, .. } if *status >= 500 => {
                format!("look into the log of {}", self.call.service)
            }
            Failure::Status { .. } => "look up the call in the API reference of the service".to_owned(),
            Failure::Timeout { .. } => format!("see that {} is up and not overloaded", self.call.service),
            Failure::Connection { .. } => "see that the address is right and can be reached from here".to_owned(),
            Failure::Tls { .. } => "name the cloud's certificate authority as cacert in clouds.yaml, and see that \
                                    its certificate is for the host and not expired"
                .to_owned(),
            Failure::TooLarge { .. } | Failure::Unreadable { .. } => {
                format!("see what answers at the address of {}: a proxy, perhaps", self.call.service)
            }
            Failure::Endless { .. } => format!("report it to the makers of {}", self.call.service),
            Failure::TooMany { .. } => "test fewer things at a time".to_owned(),
        }
    }
}

/// Why there is no client for a cloud.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A file of certificates or keys cannot be read.
    #[error("{what} {}: cannot be read", .file.display())]
    File {
        /// What it is for, by its name in `clouds.yaml`.
        what: &'static str,
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file does not hold what it should.
    #[error("{what} {}: {reason}", .file.display())]
    Content {
        /// What it is for, by its name in `clouds.yaml`.
        what: &'static str,
        /// The file.
        file: PathBuf,
        /// What is the matter.
        reason: String,
    },
    /// The HTTP client cannot be made.
    #[error("no HTTP client: {reason}")]
    Client {
        /// Why.
        reason: String,
    },
}

/// A foreign text for a message: short, and unable to control a terminal.
pub(crate) fn plain(text: &str) -> String {
    let end = text.char_indices().nth(MESSAGE_CHARS_MAX).map(|(at, _)| at);
    let mut short = stoa_core::plain(text.get(..end.unwrap_or(text.len())).unwrap_or(text));
    if end.is_some() {
        short.push('…');
    }
    short
}

/// What a service says in the body of an error. Each has its own form; what they share is a text called `message`,
/// `description` or `faultstring`, at most three levels deep.
pub(crate) fn message(body: &[u8]) -> String {
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => plain(said(&value, 3).unwrap_or_default().trim()),
        // Glance and proxies answer in HTML.
        Err(_) => plain(&without_tags(&String::from_utf8_lossy(body.get(..4096).unwrap_or(body)))),
    }
}

fn said(value: &Value, depth: u32) -> Option<&str> {
    let below = |inner: &Value| matches!(inner, Value::Object(_) | Value::Array(_)) && depth > 0;
    match value {
        Value::Object(object) => ["message", "description", "faultstring", "detail"]
            .iter()
            .find_map(|key| object.get(*key)?.as_str())
            .or_else(|| object.values().filter(|inner| below(inner)).find_map(|inner| said(inner, depth - 1))),
        Value::Array(items) => items.iter().filter(|inner| below(inner)).find_map(|inner| said(inner, depth - 1)),
        _ => None,
    }
}

fn without_tags(text: &str) -> String {
    let mut is_tag = false;
    let plain: String = text
        .chars()
        .map(|letter| match letter {
            '<' => {
                is_tag = true;
                ' '
            }
            '>' => {
                is_tag = false;
                ' '
            }
            _ if is_tag => ' ',
            other => other,
        })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
