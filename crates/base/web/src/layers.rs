//! What surrounds every request: its trace, bounds on body and time, protecting headers, a log line and a count.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant as Tick};

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use stoa_core::limit::{BODY_BYTES_MAX, HEADER_BYTES_MAX};
use stoa_core::{ActorKind, Problem, Refusal};
use stoa_ui::Shell;

use crate::answer::{Fault, Refused};
use crate::bare::too_large;
use crate::caller::{Asked, identify};
use crate::host;
use crate::node::Node;
use crate::page::{Pages, for_browsers};
use crate::protect::protect;
use crate::rate::Peer;
use crate::security::{self, network_of};
use crate::server::Arrival;
use crate::trace::{CORRELATION, Trace};

/// Requests in work at the same time, over all listeners; over it the answer is 503, not a longer queue.
const REQUESTS_MAX: i64 = 4096;

/// What the layers of a router are made of.
#[derive(Clone)]
pub(crate) struct Surround {
    pub(crate) node: Node,
    /// How long a request may take.
    pub(crate) request_time: Duration,
    /// Whether people reach the node by TLS, wherever that ends.
    pub(crate) is_https: bool,
    /// The host under which people reach the node.
    pub(crate) public_host: Option<String>,
}

/// Puts the layers around a router, the innermost first. What is refused further in is a page for browsers, and is
/// counted and logged, further out.
pub(crate) fn surround(router: Router, surround: Surround, shell: Shell) -> Router {
    let pages = Pages { shell, profile: surround.node.profile() };
    router
        .layer(from_fn_with_state(surround.node.clone(), identify))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(tower_http::catch_panic::CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(surround.clone(), within_bounds))
        .layer(from_fn_with_state(pages, for_browsers))
        .layer(from_fn_with_state(surround, around))
}

/// What a handler stumbled over may be somebody's data, so its words are not told; the place is, by the program's hook.
fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let trace = Trace::current().unwrap_or_default();
    tracing::error!(correlation = trace.correlation(), "web: a handler panicked");
    Fault(Problem::new(Refusal::Failed, "web.failed")).into_response()
}

async fn around(State(around): State<Surround>, mut request: Request, next: Next) -> Response {
    let started = Tick::now();
    let trace = Trace::of(request.headers(), around.node.store().ids());
    request.extensions_mut().insert(trace.clone());
    let by_tls = request.extensions().get::<Arrival>().is_some_and(|arrival| arrival.by_tls);
    let peer = request.extensions().get::<Peer>().copied();
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().map_or_else(String::new, |path| path.as_str().to_owned());
    let mut response = trace.clone().around(next.run(request)).await;
    if let Ok(value) = HeaderValue::try_from(trace.correlation()) {
        response.headers_mut().insert(CORRELATION.clone(), value);
    }
    protect(response.headers_mut(), by_tls || around.is_https);
    let elapsed = started.elapsed();
    around.node.metrics().request(&method, &path, response.status(), elapsed);
    around.node.security().tick();
    let line = Line { method: method.as_str(), path: &path, correlation: trace.correlation(), elapsed };
    line.log(&around.node, &response, peer);
    response
}

/// The log line of a request: the address as it is declared, never as it was sent, since ids and queries name people.
struct Line<'a> {
    method: &'a str,
    path: &'a str,
    correlation: &'a str,
    elapsed: Duration,
}

impl Line<'_> {
    fn log(&self, node: &Node, response: &Response, peer: Option<Peer>) {
        let Self { method, path, correlation, elapsed } = *self;
        let (status, refused) = (response.status().as_u16(), response.extensions().get::<Refused>());
        let code = refused.map_or("", |refused| refused.0.code);
        let duration_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        if status >= 500 {
            let detail = refused.map_or("", |refused| refused.0.detail.as_str());
            tracing::error!(method, path, status, code, detail, correlation, duration_us, "web: request failed");
            return;
        }
        tracing::debug!(method, path, status, code, correlation, duration_us, "web: request");
        let against_rights = refused.is_some_and(|Refused(problem)| {
            [Refusal::Unauthenticated, Refusal::Forbidden, Refusal::TooMany, Refusal::Misdirected]
                .contains(&problem.refusal)
        });
        if against_rights || [401, 403, 429].contains(&status) {
            let asked = response.extensions().get::<Asked>().filter(|asked| asked.0.actor.kind != ActorKind::Anonymous);
            let who = match asked {
                Some(asked) => asked.0.info.name(&asked.0.actor),
                None => network_of(peer.map(|peer| peer.0)),
            };
            node.security().note(security::Refusal { who: &who, code, status, method, path, correlation });
        }
    }
}

/// Lets a request in when there is room for it, and gives it its time.
async fn within_bounds(State(around): State<Surround>, request: Request, next: Next) -> Response {
    let (before, _in_work) = around.node.metrics().begin();
    if before >= REQUESTS_MAX {
        let problem = Problem::new(Refusal::Busy, "web.busy").retry_after(Duration::from_secs(1));
        return Fault(problem.detail("More requests are in work than this node takes.")).into_response();
    }
    if head_bytes(&request) > HEADER_BYTES_MAX {
        return Fault(too_large()).into_response();
    }
    let is_loopback = request.extensions().get::<Arrival>().is_some_and(|arrival| arrival.loopback);
    if is_loopback && !host::is_own(request.uri(), request.headers(), around.public_host.as_deref()) {
        return Fault(
            Problem::new(Refusal::Misdirected, "web.foreign_host")
                .detail("This node is asked under a name that is not its own; `server.public_url` says which one is."),
        )
        .into_response();
    }
    let waits = Arc::new(AtomicBool::new(false));
    let watched = Arc::clone(&waits);
    let request = request.map(|body| Body::new(Watched { body, waits: watched }));
    match tokio::time::timeout(around.request_time, next.run(request)).await {
        Ok(response) => worded(response),
        Err(_) => Fault(late(waits.load(Ordering::Relaxed))).into_response(),
    }
}

fn late(body_is_awaited: bool) -> Problem {
    if body_is_awaited {
        return Problem::new(Refusal::Timeout, "web.body_too_slow").detail("The body did not arrive in time.");
    }
    Problem::new(Refusal::Busy, "web.timeout")
        .detail("The request took too long. It may still be worked on; ask for the state before repeating it.")
        .retry_after(Duration::from_secs(5))
}

/// A body of which is known whether somebody waits for it.
struct Watched {
    body: Body,
    waits: Arc<AtomicBool>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let frame = Pin::new(&mut this.body).poll_frame(cx);
        this.waits.store(frame.is_pending(), Ordering::Relaxed);
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn head_bytes(request: &Request) -> usize {
    let uri = request.uri().path_and_query().map_or(0, |address| address.as_str().len());
    request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum::<usize>() + uri
}

/// A refusal in plain text or without a word is one that slipped past our extractors: it gets a problem all the same.
fn worded(response: Response) -> Response {
    let status = response.status();
    let plain =
        response.headers().get(header::CONTENT_TYPE).is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let is_refusal = status.is_client_error() || status.is_server_error();
    if !is_refusal || !plain || response.extensions().get::<Refused>().is_some() {
        return response;
    }
    let problem = match status {
        StatusCode::NOT_FOUND => Problem::new(Refusal::NotFound, "web.not_found"),
        StatusCode::METHOD_NOT_ALLOWED => Problem::new(Refusal::MethodNotAllowed, "web.method_not_allowed"),
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(Refusal::TooLarge, "web.body_too_large"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::new(Refusal::UnsupportedMedia, "web.unsupported_media"),
        status if status.is_server_error() => Problem::new(Refusal::Failed, "web.failed"),
        _ => Problem::new(Refusal::Malformed, "web.invalid_parameter").detail("The request cannot be read."),
    };
    let mut worded = Fault(problem).into_response();
    for (name, value) in response.headers() {
        if ![header::CONTENT_TYPE, header::CONTENT_LENGTH].contains(name) {
            worded.headers_mut().append(name, value.clone());
        }
    }
    worded
}
