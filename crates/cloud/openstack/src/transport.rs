//! One HTTP exchange: bounded, counted, tried again where that helps. It knows nothing of tokens and catalogs.

use std::error::Error as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method};
use reqwest::Url;
use stoa_core::Clock;
use tokio::sync::Semaphore;

use crate::config::Tls;
use crate::counts::Counter;
use crate::error::{CallName, Error, Failure, SetupError};
use crate::limits::{Limits, Waits};
use crate::retry::{self, Ended};

/// Bytes of a file of certificates at most.
const CERTIFICATES_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// What is sent.
pub(crate) struct Request {
    pub(crate) name: CallName,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Bytes>,
    pub(crate) is_idempotent: bool,
}

/// What came, whatever its status.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// How often it was asked for.
    pub(crate) tried: u32,
}

pub(crate) struct Transport {
    client: reqwest::Client,
    pub(crate) limits: Limits,
    pub(crate) waits: Waits,
    pub(crate) clock: Clock,
    pub(crate) counter: Arc<Counter>,
    under_way: Semaphore,
}

impl Transport {
    pub(crate) fn new(tls: &Tls, home: &str, limits: Limits, waits: Waits, clock: Clock) -> Result<Self, SetupError> {
        // Somebody else may have installed it before: the same one, there is only one in the house.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            // A redirect would carry the token to wherever it points. Services have none; who meets one hears of it.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(limits.connect_time)
            .timeout(limits.call_time)
            .pool_max_idle_per_host(limits.concurrency)
            .user_agent(concat!("stoa/", env!("CARGO_PKG_VERSION")));
        if is_here(home) {
            // No proxy reaches this machine's own addresses.
            builder = builder.no_proxy();
        }
        if let Some(file) = &tls.authorities {
            let wrong = |reason: String| SetupError::Content { what: "cacert", file: file.clone(), reason };
            let pem = read("cacert", file)?;
            let roots = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| wrong(chain(&error)))?;
            if roots.is_empty() {
                return Err(wrong("it holds no certificate in PEM".to_owned()));
            }
            builder = builder.tls_certs_only(roots);
        }
        if let Some(file) = &tls.certificate {
            let mut pem = read("cert", file)?;
            if let Some(key) = &tls.key {
                pem.push(b'\n');
                pem.extend_from_slice(&read("key", key)?);
            }
            let identity = reqwest::Identity::from_pem(&pem).map_err(|error| SetupError::Content {
                what: "cert",
                file: file.clone(),
                reason: format!("it holds no certificate with its key in PEM: {}", chain(&error)),
            })?;
            builder = builder.identity(identity);
        }
        if !tls.verify {
            builder = builder.tls_danger_accept_invalid_certs(true);
        }
        let client = builder.build().map_err(|error| SetupError::Client { reason: chain(&error) })?;
        let under_way = Semaphore::new(limits.concurrency.max(1));
        Ok(Self { client, limits, waits, clock, counter: Arc::default(), under_way })
    }

    /// Sends until there is an answer, or trying again makes no sense.
    pub(crate) async fn exchange(&self, request: &Request) -> Result<Reply, Error> {
        for tried in 1.. {
            let result = self.once(request, tried).await;
            let ended = match &result {
                Ok(reply) => Ended::Status(reply.status, retry::asked(&reply.headers, self.clock.now())),
                Err(failure) => Ended::Failed(failure),
            };
            match retry::pause(ended, tried, &request.name.method, request.is_idempotent, &self.limits) {
                Some(pause) => self.waits.pause(pause).await,
                None => return result.map_err(|failure| Error::new(request.name.clone(), failure)),
            }
        }
        Err(Error::new(request.name.clone(), Failure::Timeout { after: Duration::ZERO }))
    }

    async fn once(&self, request: &Request, tried: u32) -> Result<Reply, Failure> {
        let _permit = self.under_way.acquire().await.map_err(|_| Failure::TooMany { calls_max: 0 })?;
        if !self.counter.count(request.name.service, self.limits.calls_max) {
            return Err(Failure::TooMany { calls_max: self.limits.calls_max });
        }
        let mut sent =
            self.client.request(request.name.method.clone(), request.url.clone()).headers(request.headers.clone());
        if let Some(body) = &request.body {
            sent = sent.body(body.clone());
        }
        let failed = |error: reqwest::Error| classify(&error, tried, self.limits.call_time);
        let mut response = sent.send().await.map_err(failed)?;
        let bytes_max = self.limits.answer_bytes_max;
        let announced = response.content_length().unwrap_or(0);
        if request.name.method != Method::HEAD && announced > bytes_max as u64 {
            return Err(Failure::TooLarge { bytes_max });
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > bytes_max {
                return Err(Failure::TooLarge { bytes_max });
            }
            body.extend_from_slice(&chunk);
        }
        let (status, headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
        Ok(Reply { status, headers, body: body.freeze(), tried })
    }
}

/// Whether an address is this machine's own.
fn is_here(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn read(what: &'static str, file: &Path) -> Result<Vec<u8>, SetupError> {
    let failed = |source| SetupError::File { what, file: file.to_owned(), source };
    let size = std::fs::metadata(file).map_err(failed)?.len();
    if size > CERTIFICATES_BYTES_MAX {
        let reason = format!("it is longer than {CERTIFICATES_BYTES_MAX} bytes");
        return Err(SetupError::Content { what, file: file.to_owned(), reason });
    }
    std::fs::read(file).map_err(failed)
}

/// What an error says, with all its causes that say something new, without addresses.
fn chain(error: &reqwest::Error) -> String {
    let mut said = Vec::new();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        if said.last().is_none_or(|last: &String| !last.contains(&text)) {
            said.push(text);
        }
        cause = inner.source();
    }
    if said.is_empty() { "the HTTP client failed".to_owned() } else { said.join(": ") }
}

/// The error of TLS in the causes of an error, if that is what it was.
fn of_tls(error: &reqwest::Error) -> Option<&rustls::Error> {
    let mut cause = error.source();
    while let Some(inner) = cause {
        let found = unwrapped(inner).downcast_ref::<rustls::Error>();
        if found.is_some() {
            return found;
        }
        cause = inner.source();
    }
    None
}

/// What an error of input and output wraps, and hides from the chain of causes; any other error itself.
fn unwrapped<'a>(error: &'a (dyn std::error::Error + 'static)) -> &'a (dyn std::error::Error + 'static) {
    let mut error = error;
    while let Some(inner) = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        error = inner;
    }
    error
}

fn classify(error: &reqwest::Error, tried: u32, after: Duration) -> Failure {
    if let Some(of_tls) = of_tls(error) {
        return Failure::Tls { reason: crate::error::plain(&of_tls.to_string()) };
    }
    if error.is_timeout() && !error.is_connect() {
        return Failure::Timeout { after };
    }
    Failure::Connection { reason: crate::error::plain(&chain(error)), was_sent: !error.is_connect(), tried }
}
