//! A cloud that one can ask.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use reqwest::Url;
use serde_json::Value;
use stoa_core::{Clock, Instant};

use crate::answer::Answer;
use crate::call::Call;
use crate::config::{Config, Login};
use crate::counts::Counts;
use crate::discovery::{self, Base};
use crate::error::{CallName, Error, Failure, SetupError, message};
use crate::limits::{Limits, Waits};
use crate::secret::Secret;
use crate::service::Service;
use crate::session::Session;
use crate::transport::{Reply, Request, Transport};
use crate::{login, paging};

/// A token that ends within this time is not used any more.
const TOKEN_REST: Duration = Duration::from_mins(1);
/// How long a failed login is remembered, so that many callers do not become many failed logins of one user, which locks
/// accounts.
const FAILURE_REST: Duration = Duration::from_secs(30);

/// What came of logging in.
enum State {
    Not,
    In(Arc<Session>),
    Failed(Error, Instant),
}

/// A cloud that one can ask. It logs in at the first call, once for everybody, and again when the token has ended.
pub struct Cloud {
    config: Config,
    transport: Transport,
    state: tokio::sync::Mutex<State>,
    bases: Mutex<BTreeMap<Service, Base>>,
}

/// Without anything secret.
impl fmt::Debug for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Cloud");
        shown.field("name", &self.config.name).field("auth_url", &self.config.auth_url).finish_non_exhaustive()
    }
}

impl Cloud {
    /// A cloud by its configuration. Nothing is asked yet.
    pub fn new(config: Config, limits: Limits, clock: Clock) -> Result<Self, SetupError> {
        Self::with_waits(config, limits, Waits::real(), clock)
    }

    /// The same, with pauses of another kind: for tests.
    pub fn with_waits(config: Config, mut limits: Limits, waits: Waits, clock: Clock) -> Result<Self, SetupError> {
        limits.call_time = config.call_time.unwrap_or(limits.call_time);
        let transport = Transport::new(&config.tls, &config.auth_url, limits, waits, clock)?;
        Ok(Self { config, transport, state: tokio::sync::Mutex::new(State::Not), bases: Mutex::default() })
    }

    /// The same cloud for somebody else; the calls of both are counted together.
    pub fn with_config(&self, config: Config) -> Result<Self, SetupError> {
        let Transport { limits, waits, clock, counter, .. } = &self.transport;
        let mut cloud = Self::with_waits(config, limits.clone(), waits.clone(), clock.clone())?;
        cloud.transport.counter = Arc::clone(counter);
        Ok(cloud)
    }

    /// How it is reached.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Its bounds.
    pub fn limits(&self) -> &Limits {
        &self.transport.limits
    }

    /// The present, by the clock that was handed in.
    pub fn now(&self) -> Instant {
        self.transport.clock.now()
    }

    /// Makes a pause: between two looks at something that takes its time.
    pub async fn pause(&self, time: Duration) {
        self.transport.waits.pause(time).await;
    }

    /// How often each service was asked so far.
    pub fn calls(&self) -> Counts {
        self.transport.counter.counts()
    }

    /// The session, after logging in if that was not done yet.
    pub async fn session(&self) -> Result<Arc<Session>, Error> {
        let mut state = self.state.lock().await;
        let generation = match &*state {
            State::In(session) if !self.is_ending(session) => return Ok(Arc::clone(session)),
            State::Failed(error, at) if self.now().since(*at) < FAILURE_REST => return Err(error.clone()),
            State::In(session) => session.generation + 1,
            State::Not | State::Failed(..) => 0,
        };
        self.log_in(&mut state, generation).await
    }

    /// A new session in place of one whose token was refused, unless somebody was faster.
    async fn renew(&self, refused: &Session) -> Result<Arc<Session>, Error> {
        let mut state = self.state.lock().await;
        match &*state {
            State::In(session) if session.generation != refused.generation => Ok(Arc::clone(session)),
            State::Failed(error, at) if self.now().since(*at) < FAILURE_REST => Err(error.clone()),
            _ => self.log_in(&mut state, refused.generation + 1).await,
        }
    }

    async fn log_in(&self, state: &mut State, generation: u64) -> Result<Arc<Session>, Error> {
        match self.new_session(generation).await {
            Ok(session) => {
                let session = Arc::new(session);
                *state = State::In(Arc::clone(&session));
                Ok(session)
            }
            Err(error) => {
                *state = State::Failed(error.clone(), self.now());
                Err(error)
            }
        }
    }

    /// A token that was made of another ends with it, so a new one would not last longer.
    fn is_ending(&self, session: &Session) -> bool {
        let renews = !matches!(self.config.login, Login::Token(_));
        renews && session.expires_at.is_some_and(|end| end.since(self.now()) < TOKEN_REST)
    }

    async fn new_session(&self, generation: u64) -> Result<Session, Error> {
        let body = Bytes::from(serde_json::to_vec(&login::body(&self.config)).unwrap_or_default());
        let address = &self.config.auth_url;
        let base = discovery::base(address, Service::Identity, None);
        let reply = self.post_login(&base.url, &body).await?;
        let reply = if reply.status == 404 && base.is_guessed {
            match self.discover(Service::Identity, address).await {
                Some(url) if url != base.url => self.post_login(&url, &body).await?,
                _ => reply,
            }
        } else {
            reply
        };
        let name = CallName::new(Method::POST, Service::Identity, "/auth/tokens");
        match reply.status {
            200 | 201 => {}
            401 => return Err(Error::new(name, Failure::Login { message: message(&reply.body) })),
            _ => return Err(Error::new(name, status_failure(&reply))),
        }
        let unreadable = |reason: &str| Error::new(name.clone(), Failure::Unreadable { reason: reason.to_owned() });
        let token = reply.headers.get("x-subject-token").and_then(|value| value.to_str().ok());
        let token = token.ok_or_else(|| unreadable("the answer to the login has no X-Subject-Token"))?;
        let body = serde_json::from_slice(&reply.body).map_err(|_| unreadable("the answer to the login is no JSON"))?;
        Session::read(Secret::new(token), &body, generation)
            .ok_or_else(|| unreadable("the answer to the login has no `token`"))
    }

    async fn post_login(&self, base: &str, body: &Bytes) -> Result<Reply, Error> {
        let name = CallName::new(Method::POST, Service::Identity, "/auth/tokens");
        let url = parse(&format!("{base}/auth/tokens"), &name)?;
        let headers = HeaderMap::from_iter([
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (header::ACCEPT, HeaderValue::from_static("application/json")),
        ]);
        // Two tokens harm nobody.
        let request = Request { name, url, headers, body: Some(body.clone()), is_idempotent: true };
        self.transport.exchange(&request).await
    }

    /// The address at which the version of a service that is spoken here is, by the document at its root.
    async fn discover(&self, service: Service, endpoint: &str) -> Option<String> {
        let name = CallName::new(Method::GET, service, "/");
        let url = parse(&format!("{}/", endpoint.trim_end_matches('/')), &name).ok()?;
        let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("application/json"))]);
        let request = Request { name, url, headers, body: None, is_idempotent: true };
        let reply = self.transport.exchange(&request).await.ok()?;
        // 300 is how roots answer that offer several versions.
        if !matches!(reply.status, 200 | 300) {
            return None;
        }
        discovery::choose(&serde_json::from_slice(&reply.body).ok()?, endpoint, service)
    }

    /// Where a service is, as the catalog or the configuration has it.
    pub async fn endpoint(&self, service: Service) -> Result<String, Error> {
        let session = self.session().await?;
        self.find_endpoint(service, &session, || CallName::new(Method::GET, service, ""))
    }

    fn find_endpoint(
        &self,
        service: Service,
        session: &Session,
        name: impl FnOnce() -> CallName,
    ) -> Result<String, Error> {
        if let Some(url) = self.config.overrides.get(&service) {
            return Ok(url.clone());
        }
        let Config { interface, region, .. } = &self.config;
        if let Some(url) = session.catalog.find(service, *interface, region.as_deref()) {
            return Ok(url.to_owned());
        }
        if service == Service::Identity {
            return Ok(self.config.auth_url.clone());
        }
        let region = region.as_ref().map(|region| format!(" in the region {region}")).unwrap_or_default();
        let looked = format!(" with an endpoint for {}{region}", interface.name());
        let known = session.catalog.types().into_iter().collect();
        Err(Error::new(name(), Failure::NoService { service, looked, known }))
    }

    /// The address below which a service's paths are.
    fn base(&self, service: Service, session: &Session, name: &CallName) -> Result<Base, Error> {
        if let Some(base) = self.bases.lock().unwrap_or_else(PoisonError::into_inner).get(&service) {
            return Ok(base.clone());
        }
        let endpoint = self.find_endpoint(service, session, || name.clone())?;
        Ok(discovery::base(&endpoint, service, session.project_id.as_deref()))
    }

    /// From now on a service is at this address.
    fn settle(&self, service: Service, url: String) {
        let base = Base { url, is_guessed: false };
        self.bases.lock().unwrap_or_else(PoisonError::into_inner).insert(service, base);
    }

    /// Asks a service. A status of 400 and above is an error; one of 3xx too, for nothing here redirects.
    pub async fn send(&self, call: Call) -> Result<Answer, Error> {
        let name = CallName::new(call.method.clone(), call.service, &call.path);
        let session = self.session().await?;
        let base = self.base(call.service, &session, &name)?;
        let mut reply = self.ask(&call, &name, &base.url, &session).await?;
        if reply.status == 404 && base.is_guessed {
            let endpoint = self.find_endpoint(call.service, &session, || name.clone())?;
            if let Some(url) = self.discover(call.service, &endpoint).await {
                if url != base.url {
                    reply = self.ask(&call, &name, &url, &session).await?;
                }
                self.settle(call.service, url);
            }
        } else if base.is_guessed && reply.status != 404 {
            self.settle(call.service, base.url);
        }
        if (200..300).contains(&reply.status) {
            return Ok(Answer { status: reply.status, headers: reply.headers, body: reply.body, call: name });
        }
        Err(Error::new(name, status_failure(&reply)))
    }

    /// Asks once with the token, and once more with a new one if the token was refused.
    async fn ask(&self, call: &Call, name: &CallName, base: &str, session: &Session) -> Result<Reply, Error> {
        let reply = self.transport.exchange(&request(call, name, base, session)?).await?;
        if reply.status != 401 {
            return Ok(reply);
        }
        let session = self.renew(session).await?;
        self.transport.exchange(&request(call, name, base, &session)?).await
    }

    /// Asks an address as it is, without a token. Every status is an answer.
    pub async fn probe(
        &self,
        service: Service,
        url: &str,
        headers: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Result<Answer, Error> {
        let name = CallName::new(Method::GET, service, "/");
        let parsed = parse(url, &name)?;
        let mut map = HeaderMap::new();
        for (key, value) in headers {
            if let (Ok(key), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
                map.insert(key, value);
            }
        }
        let request = Request { name: name.clone(), url: parsed, headers: map, body: None, is_idempotent: true };
        let reply = self.transport.exchange(&request).await?;
        Ok(Answer { status: reply.status, headers: reply.headers, body: reply.body, call: name })
    }

    /// All items of a list, page by page. `key` is where they stand in an answer: `flavors`.
    pub async fn list(&self, call: Call, key: &str) -> Result<Vec<Value>, Error> {
        let Limits { pages_max, items_max, .. } = *self.limits();
        let mut progress = paging::Progress::default();
        let mut all = Vec::new();
        let mut call = call;
        loop {
            let answer = self.send(call.clone()).await?;
            let mut page = answer.json()?;
            let next = paging::next(&page, key);
            let Some(Value::Array(items)) = page.get_mut(key).map(Value::take) else {
                return Err(answer.lacks(key));
            };
            progress
                .note(&items, next.as_ref(), pages_max, items_max)
                .map_err(|reason| Error::new(answer.call.clone(), Failure::Endless { reason }))?;
            all.extend(items);
            match next {
                Some(query) => call.query = query,
                None => return Ok(all),
            }
        }
    }
}

fn request(call: &Call, name: &CallName, base: &str, session: &Session) -> Result<Request, Error> {
    let mut url = parse(&format!("{base}{}", call.path), name)?;
    if !call.query.is_empty() {
        url.query_pairs_mut().extend_pairs(&call.query);
    }
    let unsendable = |_| Error::new(name.clone(), Failure::Unreadable { reason: "the token is no header".to_owned() });
    let mut token = HeaderValue::from_str(session.token.reveal()).map_err(unsendable)?;
    token.set_sensitive(true);
    let mut headers = HeaderMap::from_iter([
        (HeaderName::from_static("x-auth-token"), token),
        (header::ACCEPT, HeaderValue::from_static("application/json")),
    ]);
    if call.body.is_some() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if let Some(version) = call.microversion
        && let Ok(value) = HeaderValue::from_str(&format!("{} {version}", call.service.microversion_name()))
    {
        headers.insert("openstack-api-version", value);
    }
    let body = call.body.clone().map(Bytes::from);
    Ok(Request { name: name.clone(), url, headers, body, is_idempotent: call.is_idempotent })
}

fn parse(url: &str, name: &CallName) -> Result<Url, Error> {
    let refuse = |reason| {
        let address = crate::error::plain(url);
        Error::new(name.clone(), Failure::Address { address, reason })
    };
    match Url::parse(url) {
        Ok(parsed) if matches!(parsed.scheme(), "http" | "https") && parsed.has_host() => Ok(parsed),
        Ok(_) => Err(refuse("does not begin with https:// or http://")),
        Err(_) => Err(refuse("is none")),
    }
}

fn status_failure(reply: &Reply) -> Failure {
    let mut said = message(&reply.body);
    if let Some(place) = reply.headers.get(header::LOCATION).and_then(|place| place.to_str().ok())
        && (300..400).contains(&reply.status)
    {
        said = format!("it points to {}", crate::error::plain(place));
    }
    Failure::Status { status: reply.status, message: said, tried: reply.tried }
}
