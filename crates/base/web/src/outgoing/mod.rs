//! The one client for calls to other systems: bounded in time and size, careful where it goes, patient where that helps.
//!
//! See `docs/concepts/outgoing.md`.

mod breaker;
mod call;
mod error;
pub mod guard;

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant as Moment};

use bytes::{Bytes, BytesMut};
use http::{Method, StatusCode, header};
use reqwest::Url;
use stoa_core::Clock;
use stoa_store::Backoff;
use tokio::sync::Semaphore;

use breaker::Breaker;
pub(crate) use call::encoded;
pub use call::{Call, Reply};
pub use error::OutgoingError;
pub use guard::{Allowed, AllowedError, Forbidden, Lookup};
use guard::{Guard, system_lookup};

use crate::trace::Trace;

/// How the client behaves.
#[derive(Clone)]
pub struct OutgoingOptions {
    /// Networks and hosts that may be called although they are not public; also the only ones that may be called over
    /// plain HTTP.
    pub allowed: Vec<Allowed>,
    /// Certificates in PEM that are trusted beside the system's.
    pub certificates: Option<Vec<u8>>,
    /// How long a connection may take to be made.
    pub connect_time: Duration,
    /// How long one try may take, with its body.
    pub try_time: Duration,
    /// How long a call may take in all.
    pub total_time: Duration,
    /// The largest answer.
    pub answer_bytes_max: usize,
    /// When to try again.
    pub backoff: Backoff,
    /// Calls under way at the same time; more wait within their time.
    pub calls_max: usize,
    /// Told of every call, for metrics.
    pub observe: Option<Observer>,
    /// Resolves names; the system's resolver if `None`.
    pub lookup: Option<Lookup>,
}

/// Told of every call.
pub type Observer = Arc<dyn Fn(&Observation) + Send + Sync>;

/// How a call went, in words from small closed sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation {
    /// What it was for.
    pub purpose: &'static str,
    /// `ok`, `refused` (4xx), `failed` (5xx), `forbidden`, `resting`, `timeout`, `too_large`, `unreachable`.
    pub outcome: &'static str,
    /// How often it was sent.
    pub tries: u32,
    /// How long it took in all.
    pub elapsed: Duration,
}

impl Default for OutgoingOptions {
    fn default() -> Self {
        Self {
            allowed: Vec::new(),
            certificates: None,
            connect_time: Duration::from_secs(5),
            try_time: Duration::from_secs(15),
            total_time: Duration::from_secs(30),
            answer_bytes_max: 8 * 1024 * 1024,
            backoff: Backoff { first: Duration::from_millis(200), longest: Duration::from_secs(5), attempts_max: 3 },
            calls_max: 64,
            observe: None,
            lookup: None,
        }
    }
}

/// The client. Cheap to clone.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    options: OutgoingOptions,
    secure: Guard,
    plain: Guard,
    certificates: Vec<reqwest::Certificate>,
    secure_client: OnceLock<reqwest::Client>,
    plain_client: OnceLock<reqwest::Client>,
    breaker: Breaker,
    under_way: Semaphore,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("allowed", &self.0.options.allowed).finish_non_exhaustive()
    }
}

impl Client {
    /// A client. It reads the system's certificates at its first call, not now: a node that calls nobody pays nothing.
    pub fn new(options: OutgoingOptions, clock: Clock) -> Result<Self, OutgoingError> {
        let setup = |error: reqwest::Error| OutgoingError::Setup { reason: error.to_string() };
        let certificates = match &options.certificates {
            Some(pem) => reqwest::Certificate::from_pem_bundle(pem).map_err(setup)?,
            None => Vec::new(),
        };
        if options.certificates.is_some() && certificates.is_empty() {
            return Err(OutgoingError::Setup { reason: "the bundle of certificates holds none".to_owned() });
        }
        // Somebody else may have installed it before: the same one, there is only one in the house.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let lookup = options.lookup.clone().unwrap_or_else(system_lookup);
        let secure = Guard { allowed: options.allowed.clone().into(), public: true, lookup };
        let plain = Guard { public: false, ..secure.clone() };
        Ok(Self(Arc::new(Inner {
            under_way: Semaphore::new(options.calls_max),
            options,
            secure,
            plain,
            certificates,
            secure_client: OnceLock::new(),
            plain_client: OnceLock::new(),
            breaker: Breaker::new(clock),
        })))
    }

    /// Whether an address may be called, as far as can be told without asking anybody: for forms that take addresses.
    pub fn check(&self, url: &str) -> Result<(), OutgoingError> {
        self.0.judge(&parse(url)?).map(drop)
    }

    /// Makes a call. Every status is an answer; an error means that there was none.
    pub async fn send(&self, mut call: Call) -> Result<Reply, OutgoingError> {
        if let Some(trace) = Trace::current() {
            trace.carry_on(&mut call.headers);
        }
        let begun = Moment::now();
        let mut tries = 0;
        let time = call.time.unwrap_or(self.0.options.total_time);
        let purpose = call.purpose;
        let host = parse(&call.url)?.host_str().unwrap_or_default().to_owned();
        let result = match tokio::time::timeout(time, self.0.follow(call, &mut tries)).await {
            Ok(result) => result,
            Err(_) => Err(OutgoingError::Timeout { host }),
        };
        if let Some(observe) = &self.0.options.observe {
            observe(&Observation { purpose, outcome: outcome(&result), tries, elapsed: begun.elapsed() });
        }
        result
    }
}

fn outcome(result: &Result<Reply, OutgoingError>) -> &'static str {
    match result {
        Ok(reply) if reply.status.is_server_error() => "failed",
        Ok(reply) if reply.status.is_client_error() => "refused",
        Ok(_) => "ok",
        Err(OutgoingError::Address { .. } | OutgoingError::Forbidden(_)) => "forbidden",
        Err(OutgoingError::Resting { .. }) => "resting",
        Err(OutgoingError::Timeout { .. }) => "timeout",
        Err(OutgoingError::TooLarge { .. }) => "too_large",
        Err(OutgoingError::Connection { .. } | OutgoingError::Setup { .. }) => "unreachable",
    }
}

fn parse(text: &str) -> Result<Url, OutgoingError> {
    let refuse = |url: String, reason| OutgoingError::Address { url, reason };
    let url = Url::parse(text).map_err(|_| refuse(text.chars().take(200).collect(), "is not a URL"))?;
    // A password in an address ends in logs; secrets go into headers.
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse(url.host_str().unwrap_or_default().to_owned(), "must not hold a user name or password"));
    }
    match url.scheme() {
        "https" | "http" if url.has_host() => Ok(url),
        _ => Err(refuse(url.to_string(), "must begin with https://")),
    }
}

impl Inner {
    fn judge(&self, url: &Url) -> Result<(&Guard, &OnceLock<reqwest::Client>), OutgoingError> {
        let host = url.host_str().unwrap_or_default();
        let (guard, client) = if url.scheme() == "https" {
            (&self.secure, &self.secure_client)
        } else if self.options.allowed.is_empty() {
            return Err(OutgoingError::Address { url: url.to_string(), reason: "must begin with https://" });
        } else {
            (&self.plain, &self.plain_client)
        };
        guard.check_host(host)?;
        Ok((guard, client))
    }

    fn client(&self, guard: &Guard, cell: &OnceLock<reqwest::Client>) -> Result<reqwest::Client, OutgoingError> {
        if let Some(client) = cell.get() {
            return Ok(client.clone());
        }
        let client = reqwest::Client::builder()
            .dns_resolver(guard.clone())
            // A proxy from the environment would resolve names for us, past the guard.
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .https_only(guard.public)
            .connect_timeout(self.options.connect_time)
            .pool_max_idle_per_host(8)
            .user_agent(concat!("stoa/", env!("CARGO_PKG_VERSION")))
            .tls_certs_merge(self.certificates.iter().cloned())
            .build()
            .map_err(|error| OutgoingError::Setup { reason: error.to_string() })?;
        Ok(cell.get_or_init(|| client).clone())
    }

    /// Follows redirects, each judged like a new call.
    async fn follow(&self, mut call: Call, tries: &mut u32) -> Result<Reply, OutgoingError> {
        let mut url = parse(&call.url)?;
        loop {
            let reply = self.attempt(&call, &url, tries).await?;
            if call.redirects == 0 || !reply.status.is_redirection() {
                return Ok(reply);
            }
            let Some(place) = reply.headers.get(header::LOCATION).and_then(|value| value.to_str().ok()) else {
                return Ok(reply);
            };
            let refuse = |reason| OutgoingError::Address { url: place.chars().take(200).collect(), reason };
            let next = url.join(place).map_err(|_| refuse("of a redirect is not a URL"))?;
            let next = parse(next.as_str())?;
            if url.scheme() == "https" && next.scheme() != "https" {
                return Err(refuse("of a redirect leaves https"));
            }
            if next.origin() != url.origin() {
                // What was meant for one host is not shown to another.
                call.headers.remove(header::AUTHORIZATION);
                call.headers.remove(header::COOKIE);
            }
            call.redirects -= 1;
            url = next;
        }
    }

    /// Tries one address until there is an answer or trying again makes no sense.
    async fn attempt(&self, call: &Call, url: &Url, tries: &mut u32) -> Result<Reply, OutgoingError> {
        let (guard, cell) = self.judge(url)?;
        let client = self.client(guard, cell)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let origin = url.origin().ascii_serialization();
        let mut seed = [0; 8];
        let _ = aws_lc_rs::rand::fill(&mut seed);
        for attempt in 1.. {
            self.breaker
                .admit(&origin)
                .map_err(|retry_after| OutgoingError::Resting { host: host.clone(), retry_after })?;
            *tries += 1;
            let result = self.once(&client, call, url, &host).await;
            let worked = match &result {
                Ok(reply) => !matches!(
                    reply.status,
                    StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT
                ),
                // A refused address and an oversized answer say nothing about the host's health.
                Err(error) => !matches!(error, OutgoingError::Timeout { .. } | OutgoingError::Connection { .. }),
            };
            self.breaker.note(&origin, worked);
            let Some(wait) = pause_before_next(call, &result) else { return result };
            let Some(pause) = self.options.backoff.pause(attempt, &seed) else { return result };
            // A wait beyond the time of the call ends in its timeout; better to hand back the answer that asks for it.
            if wait.is_some_and(|wait| wait > self.options.backoff.longest) {
                return result;
            }
            tokio::time::sleep(wait.unwrap_or(pause)).await;
        }
        Err(OutgoingError::Timeout { host })
    }

    async fn once(&self, client: &reqwest::Client, call: &Call, url: &Url, host: &str) -> Result<Reply, OutgoingError> {
        let _permit = self
            .under_way
            .acquire()
            .await
            .map_err(|_| OutgoingError::Resting { host: host.to_owned(), retry_after: Duration::from_secs(1) })?;
        let failed = |error: reqwest::Error| classify(error, host);
        let mut response = client
            .request(call.method.clone(), url.clone())
            .headers(call.headers.clone())
            .timeout(self.options.try_time)
            .body(call.body.clone())
            .send()
            .await
            .map_err(failed)?;
        let limit = call.bytes_max.unwrap_or(self.options.answer_bytes_max);
        let too_large = || OutgoingError::TooLarge { host: host.to_owned(), limit };
        let announced = response.content_length().unwrap_or(0);
        if call.method != Method::HEAD && announced > limit as u64 {
            return Err(too_large());
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        Ok(Reply { status, headers, body: Bytes::from(body) })
    }
}

/// Whether trying again makes sense, and then how long the other side asks us to wait, if it does.
#[expect(clippy::option_option, reason = "no next try, a try at our own pace, and a try after a wait are three things")]
fn pause_before_next(call: &Call, result: &Result<Reply, OutgoingError>) -> Option<Option<Duration>> {
    if call.once {
        return None;
    }
    match result {
        Ok(reply) => match reply.status {
            // It says itself that it did nothing and when to come again.
            StatusCode::TOO_MANY_REQUESTS => Some(reply.retry_after()),
            StatusCode::SERVICE_UNAVAILABLE if call.idempotent || reply.retry_after().is_some() => {
                Some(reply.retry_after())
            }
            StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT if call.idempotent => Some(None),
            _ => None,
        },
        Err(OutgoingError::Connection { unsent, .. }) => (call.idempotent || *unsent).then_some(None),
        Err(OutgoingError::Timeout { .. }) => call.idempotent.then_some(None),
        Err(_) => None,
    }
}

fn classify(error: reqwest::Error, host: &str) -> OutgoingError {
    let host = host.to_owned();
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(inner) = cause {
        if let Some(forbidden) = inner.downcast_ref::<Forbidden>() {
            return forbidden.clone().into();
        }
        cause = inner.source();
    }
    if error.is_timeout() {
        return OutgoingError::Timeout { host };
    }
    let unsent = error.is_connect();
    OutgoingError::Connection { host, unsent, source: Box::new(error.without_url()) }
}
