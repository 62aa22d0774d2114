//! Calls to other systems: where they may go, how often they are tried, and how much they take.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Redirect;
use axum::routing::{get, post};
use stoa_core::Clock;
use stoa_store::Backoff;
use stoa_web::outgoing::{Allowed, Call, Client, Lookup, OutgoingError, OutgoingOptions};

use crate::serve;

fn client(allowed: &[&str], lookup: Option<Lookup>) -> Client {
    let options = OutgoingOptions {
        allowed: allowed.iter().map(|text| text.parse::<Allowed>().unwrap()).collect(),
        backoff: Backoff { first: Duration::from_millis(5), longest: Duration::from_millis(50), attempts_max: 3 },
        try_time: Duration::from_millis(500),
        total_time: Duration::from_secs(2),
        answer_bytes_max: 1000,
        lookup,
        ..OutgoingOptions::default()
    };
    Client::new(options, Clock::system()).unwrap()
}

#[tokio::test]
async fn what_is_not_public_is_not_called_unless_it_is_allowed() {
    let hits = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&hits);
    let address =
        serve(Router::new().route("/", get(async move || count.fetch_add(1, Ordering::Relaxed).to_string()))).await;
    let port = address.rsplit(':').next().unwrap();
    let closed = client(&[], None);
    for url in [
        address.clone(),
        format!("https://127.0.0.1:{port}/"),
        format!("https://[::ffff:127.0.0.1]:{port}/"),
        format!("https://localhost:{port}/"),
        "https://169.254.169.254/latest/meta-data".to_owned(),
        format!("https://user:secret@example.org:{port}/"),
        "file:///etc/passwd".to_owned(),
        "not a url".to_owned(),
    ] {
        let error = closed.send(Call::get("test", url.clone())).await.unwrap_err();
        assert!(matches!(error, OutgoingError::Address { .. } | OutgoingError::Forbidden(_)), "{url}: {error:?}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    assert_eq!(hits.load(Ordering::Relaxed), 0, "nothing was called");
    let open = client(&["127.0.0.0/8"], None);
    assert_eq!(open.send(Call::get("test", address.clone())).await.unwrap().status, StatusCode::OK);
    let other = open.send(Call::get("test", format!("http://10.0.0.1:{port}/"))).await.unwrap_err();
    assert!(matches!(other, OutgoingError::Forbidden(_)), "{other:?}");
}

#[tokio::test]
async fn a_name_is_judged_by_what_it_resolves_to_when_the_connection_is_made() {
    let lookup: Lookup = Arc::new(|name| {
        Box::pin(async move {
            let address = if name == "rebound.example" { "127.0.0.1" } else { "10.0.0.7" };
            Ok(vec![address.parse().unwrap()])
        })
    });
    let client = client(&["192.168.0.0/16"], Some(lookup));
    for name in ["rebound.example", "inside.example"] {
        for scheme in ["http", "https"] {
            let error = client.send(Call::get("test", format!("{scheme}://{name}/"))).await.unwrap_err();
            assert!(matches!(error, OutgoingError::Forbidden(_)), "{scheme} {name}: {error:?}");
        }
    }
}

#[tokio::test]
async fn a_redirect_is_judged_like_a_new_call_and_carries_no_secret_to_another_host() {
    let seen = async |headers: HeaderMap| format!("{}", headers.contains_key("authorization"));
    let other = serve(Router::new().route("/", get(seen))).await;
    let target = other.clone();
    let router = Router::new()
        .route("/same", get(async || Redirect::temporary("/seen")))
        .route("/seen", get(seen))
        .route("/other", get(async move || Redirect::temporary(&target)))
        .route("/inside", get(async || Redirect::temporary("http://10.0.0.1/")))
        .route("/round", get(async || Redirect::temporary("/round")));
    let address = serve(router).await;
    let client = client(&["127.0.0.1"], None);
    let ask = async |path: &str| client.send(Call::get("test", format!("{address}{path}")).bearer("s3cret")).await;
    assert_eq!(ask("/same").await.unwrap().body, "true");
    assert_eq!(ask("/other").await.unwrap().body, "false");
    assert!(matches!(ask("/inside").await.unwrap_err(), OutgoingError::Forbidden(_)));
    assert_eq!(ask("/round").await.unwrap().status, StatusCode::TEMPORARY_REDIRECT, "it does not go round for ever");
}

#[tokio::test]
async fn what_may_be_tried_again_is_and_what_may_not_is_not() {
    let hits = Arc::new(AtomicU32::new(0));
    let (gets, posts) = (Arc::clone(&hits), Arc::clone(&hits));
    let flaky = async move || match gets.fetch_add(1, Ordering::Relaxed) {
        0 | 1 => StatusCode::BAD_GATEWAY,
        _ => StatusCode::OK,
    };
    let failing = async move || {
        posts.fetch_add(1, Ordering::Relaxed);
        StatusCode::BAD_GATEWAY
    };
    let address = serve(Router::new().route("/flaky", get(flaky)).route("/pay", post(failing))).await;
    let client = client(&["127.0.0.1"], None);
    assert_eq!(client.send(Call::get("test", format!("{address}/flaky"))).await.unwrap().status, StatusCode::OK);
    assert_eq!(hits.swap(0, Ordering::Relaxed), 3);
    let pay = || Call::post("test", format!("{address}/pay"), "text/plain", "1");
    assert_eq!(client.send(pay()).await.unwrap().status, StatusCode::BAD_GATEWAY);
    assert_eq!(hits.swap(0, Ordering::Relaxed), 1, "a payment is not sent twice");
    assert_eq!(client.send(pay().idempotent()).await.unwrap().status, StatusCode::BAD_GATEWAY);
    assert_eq!(hits.load(Ordering::Relaxed), 3, "with a key in it, it may be");
}

#[tokio::test]
async fn an_answer_is_bounded_in_size_and_time() {
    let router = Router::new()
        .route("/large", get(async || "x".repeat(2000)))
        .route("/slow", get(async || tokio::time::sleep(Duration::from_secs(30)).await));
    let address = serve(router).await;
    let client = client(&["127.0.0.1"], None);
    let large = client.send(Call::get("test", format!("{address}/large"))).await.unwrap_err();
    assert!(matches!(large, OutgoingError::TooLarge { limit: 1000, .. }), "{large:?}");
    let slow = client.send(Call::get("test", format!("{address}/slow")).once()).await.unwrap_err();
    assert!(matches!(slow, OutgoingError::Timeout { .. }), "{slow:?}");
    let nobody = client.send(Call::get("test", "http://127.0.0.1:1/").once()).await.unwrap_err();
    assert!(matches!(nobody, OutgoingError::Connection { unsent: true, .. }), "{nobody:?}");
}
