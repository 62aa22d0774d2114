//! What surrounds every request: a correlation id, a bound on body and time, security headers, a log line and a count.

use std::time::{Duration, Instant as Tick};

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use stoa_core::limit::{BODY_BYTES_MAX, HEADER_BYTES_MAX};
use stoa_core::{Ids, Problem, Refusal};
use stoa_ui::Shell;

use crate::answer::{Fault, Refused};
use crate::bare::too_large;
use crate::caller::identify;
use crate::metrics::Metrics;
use crate::node::Node;
use crate::page::{Pages, for_browsers};
use crate::protect::protect;
use crate::server::Arrival;
use crate::trace::{CORRELATION, Trace};

/// How long a request may take.
const REQUEST_TIME: Duration = Duration::from_secs(30);
/// Requests in work at the same time, over all listeners; over it the answer is 503, not a longer queue.
const REQUESTS_MAX: i64 = 4096;

#[derive(Clone)]
struct Surround {
    ids: Ids,
    metrics: Metrics,
}

/// Puts the layers around a router. The gate is innermost, so that refusals at the gate are logged and counted too.
pub(crate) fn surround(router: Router, node: &Node, shell: Shell) -> Router {
    let surround = Surround { ids: node.store().ids().clone(), metrics: node.metrics().clone() };
    let pages = Pages { shell, profile: node.profile() };
    router
        .layer(from_fn_with_state(pages, for_browsers))
        .layer(from_fn_with_state(node.clone(), identify))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(tower_http::catch_panic::CatchPanicLayer::custom(panicked))
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
    let trace = Trace::of(request.headers(), &around.ids);
    request.extensions_mut().insert(trace.clone());
    let by_tls = request.extensions().get::<Arrival>().is_some_and(|arrival| arrival.by_tls);
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().map_or_else(String::new, |path| path.as_str().to_owned());
    let (before, _in_work) = around.metrics.begin();
    let mut response = if before >= REQUESTS_MAX {
        let problem = Problem::new(Refusal::Busy, "web.busy").retry_after(Duration::from_secs(1));
        Fault(problem.detail("More requests are in work than this node takes.")).into_response()
    } else if head_bytes(&request) > HEADER_BYTES_MAX {
        Fault(too_large()).into_response()
    } else {
        match tokio::time::timeout(REQUEST_TIME, trace.clone().around(next.run(request))).await {
            Ok(response) => worded(response),
            Err(_) => Fault(
                Problem::new(Refusal::Busy, "web.timeout")
                    .detail(
                        "The request took too long. It may still be worked on; ask for the state before repeating it.",
                    )
                    .retry_after(Duration::from_secs(5)),
            )
            .into_response(),
        }
    };
    finish(&mut response, trace.correlation(), by_tls);
    let elapsed = started.elapsed();
    around.metrics.request(&method, &path, response.status(), elapsed);
    log(&method, &path, &response, trace.correlation(), elapsed);
    response
}

/// The log line of a request: the address as it is declared, never as it was sent, since ids and queries name people.
fn log(method: &axum::http::Method, path: &str, response: &Response, correlation: &str, elapsed: Duration) {
    let status = response.status().as_u16();
    let code = response.extensions().get::<Refused>().map_or("", |refused| refused.0.code);
    let duration_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
    if status >= 500 {
        let detail = response.extensions().get::<Refused>().map_or("", |refused| refused.0.detail.as_str());
        tracing::error!(%method, path, status, code, detail, correlation, duration_us, "web: request failed");
    } else if status == 401 || status == 403 {
        tracing::info!(target: "security", %method, path, status, code, correlation, "web: request refused");
    } else {
        tracing::debug!(%method, path, status, code, correlation, duration_us, "web: request");
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
    if !(status.is_client_error() || status.is_server_error())
        || !plain
        || response.extensions().get::<Refused>().is_some()
    {
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

fn finish(response: &mut Response, correlation: &str, by_tls: bool) {
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::try_from(correlation) {
        headers.insert(CORRELATION.clone(), value);
    }
    protect(headers, by_tls);
}
