//! Requests to clusters, sources of data and monitors: bounded in time, size and number of tries.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::{Client, ClientBuilder, Method, Url};
use tokio::sync::Semaphore;

/// Requests under way at a time.
const AT_A_TIME: usize = 8;
/// Tries of one request.
const TRIES_MAX: u32 = 4;
/// The longest wait that a server may ask for.
const WAIT_MAX: Duration = Duration::from_mins(1);
/// How long the making of a connection may take.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// How long one try may take, with its body.
const TRY_TIME: Duration = Duration::from_mins(1);
/// Bytes of an answer at most.
const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The client cannot be set up, as with a certificate that is none.
    #[error("{0}")]
    Setup(String),
    /// The server cannot be reached, or hung up.
    #[error("{host} cannot be reached: {reason}")]
    Unreachable {
        /// The server.
        host: String,
        /// What happened.
        reason: String,
    },
    /// The server did not answer in time.
    #[error("{host} did not answer within {}", crate::run::shown(TRY_TIME))]
    Slow {
        /// The server.
        host: String,
    },
    /// The answer is longer than it may be.
    #[error("{host} answered with more than {ANSWER_BYTES_MAX} bytes")]
    TooLong {
        /// The server.
        host: String,
    },
}

/// A request.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// The value of `Authorization`.
    pub(crate) authorization: Option<String>,
    pub(crate) content_type: Option<&'static str>,
    pub(crate) body: Bytes,
    /// Whether it may be sent again when it is not known whether it arrived.
    pub(crate) repeatable: bool,
}

impl Ask {
    pub(crate) fn get(url: Url) -> Self {
        Self { method: Method::GET, url, authorization: None, content_type: None, body: Bytes::new(), repeatable: true }
    }
}

/// An answer, whatever its status.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
    /// How often it was asked.
    pub(crate) tries: u32,
}

/// A client.
#[derive(Debug)]
pub(crate) struct Http {
    client: Client,
    permits: Semaphore,
    requests: AtomicU64,
}

impl Http {
    /// A client of these settings, with the bounds that hold for all.
    pub(crate) fn new(settings: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Result<Self, HttpError> {
        // Somebody else may have installed it before: the same one, there is only one in the house.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let builder = Client::builder()
            .connect_timeout(CONNECT_TIME)
            .timeout(TRY_TIME)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("stoa/", env!("CARGO_PKG_VERSION")));
        let client = settings(builder).build().map_err(|error| HttpError::Setup(chain(&error)))?;
        Ok(Self { client, permits: Semaphore::new(AT_A_TIME), requests: AtomicU64::new(0) })
    }

    /// Requests that were sent so far.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Sends a request, again where that makes sense.
    pub(crate) async fn send(&self, ask: &Ask) -> Result<Answer, HttpError> {
        let host = host(&ask.url);
        let _permit = self.permits.acquire().await.map_err(|_| HttpError::Slow { host: host.clone() })?;
        let mut tries = 0;
        loop {
            tries += 1;
            self.requests.fetch_add(1, Ordering::Relaxed);
            let outcome = self.once(ask, &host).await;
            let wait = match &outcome {
                Ok((status @ (429 | 503), wait, _)) => {
                    let asked = wait.filter(|wait| *wait <= WAIT_MAX);
                    // Without a wait, only "too many" says that nothing was done.
                    (asked.is_some() || *status == 429 || ask.repeatable).then(|| asked.unwrap_or(pause(tries)))
                }
                Ok((502 | 504, ..)) if ask.repeatable => Some(pause(tries)),
                Ok(_) | Err((HttpError::Setup(_) | HttpError::TooLong { .. }, _)) => None,
                Err((_, unsent)) => (*unsent || ask.repeatable).then(|| pause(tries)),
            };
            match (outcome, wait) {
                (_, Some(wait)) if tries < TRIES_MAX => tokio::time::sleep(wait).await,
                (Ok((status, _, body)), _) => return Ok(Answer { status, body, tries }),
                (Err((error, _)), _) => return Err(error),
            }
        }
    }

    /// One try. With an error, whether the request was surely not sent.
    async fn once(&self, ask: &Ask, host: &str) -> Result<(u16, Option<Duration>, Bytes), (HttpError, bool)> {
        let failed = |error: reqwest::Error| {
            let unsent = error.is_connect();
            let error = if error.is_timeout() && !unsent {
                HttpError::Slow { host: host.to_owned() }
            } else {
                HttpError::Unreachable { host: host.to_owned(), reason: chain(&error.without_url()) }
            };
            (error, unsent)
        };
        let mut request = self.client.request(ask.method.clone(), ask.url.clone()).body(ask.body.clone());
        if let Some(kind) = ask.content_type {
            request = request.header("content-type", kind);
        }
        if let Some(secret) = &ask.authorization {
            let mut value = http::HeaderValue::from_str(secret)
                .map_err(|_| (HttpError::Setup("the credential has letters that no header takes".to_owned()), true))?;
            value.set_sensitive(true);
            request = request.header("authorization", value);
        }
        let mut response = request.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let seconds = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err((HttpError::TooLong { host: host.to_owned() }, false));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((status, seconds.map(Duration::from_secs), body.freeze()))
    }
}

/// The server of an address, for messages.
pub(crate) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The pause after a try: a half second, one, two.
fn pause(tries: u32) -> Duration {
    Duration::from_millis(250 << tries.min(4))
}

/// An error with its causes, outermost first; a cause that repeats what stands before it is left out.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let part = cause.to_string();
        if !text.contains(&part) {
            text.push_str(": ");
            text.push_str(&part);
        }
        source = cause.source();
    }
    text
}
