//! What ties requests together goes on with every call that is made for them, wherever it goes.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Method, Request};
use axum::routing::get;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use stoa_core::Clock;
use stoa_ui::{Shell, Texts};
use stoa_web::outgoing::{Call, Client, OutgoingOptions};
use stoa_web::{AppParts, Connections, Json, Node, Peer, Public, RateLimits, app};
use tower::ServiceExt as _;

use crate::serve;
use crate::server::node;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Says what it knows of the request that it belongs to.
async fn echo(public: Public) -> Json<Value> {
    Json(json!({"correlation": public.info.correlation, "traceparent": public.info.traceparent}))
}

fn house(node: &Node, pages: Router) -> Router {
    app(AppParts {
        node: node.clone(),
        blocks: Vec::new(),
        stores: Vec::new(),
        lags: Vec::new(),
        connections: Connections::default(),
        shell: Shell::new(Texts::new(&[]), Vec::new()),
        pages,
        public_url: "http://127.0.0.1:8080".to_owned(),
        at_root: None,
    })
}

/// Who is asked by a handler, in each way that there is.
#[derive(Clone)]
struct Others {
    elsewhere: String,
    client: Client,
    here: Router,
}

async fn ask_all(State(others): State<Others>, public: Public) -> Json<Value> {
    let none = None::<&Value>;
    let here = Peer::here(others.here, "echo", "");
    let there = Peer::there(others.client.clone(), &others.elsewhere, "");
    let plain = others.client.send(Call::get("test", format!("{}/", others.elsewhere))).await.unwrap();
    Json(json!([
        {"correlation": public.info.correlation, "traceparent": public.info.traceparent},
        here.ask::<Value>(Method::GET, "/", none, None).await.unwrap(),
        there.ask::<Value>(Method::GET, "/", none, None).await.unwrap(),
        plain.json::<Value>().unwrap(),
    ]))
}

#[tokio::test]
async fn every_call_for_a_request_belongs_to_its_trace() {
    let folder = tempfile::tempdir().unwrap();
    let node = node(folder.path(), RateLimits::default()).await;
    // An empty credential is none that a node would take; these addresses are open.
    let open = Router::new().route("/", get(echo)).route("/echo/", get(echo));
    let strip = |router: Router| {
        router.layer(axum::middleware::map_request(|mut request: Request<Body>| async move {
            request.headers_mut().remove("authorization");
            request
        }))
    };
    let here = strip(house(&node, open.clone()));
    let elsewhere = serve(strip(house(&node, open))).await;
    let options = OutgoingOptions { allowed: vec!["127.0.0.1".parse().unwrap()], ..OutgoingOptions::default() };
    let client = Client::new(options, Clock::system()).unwrap();
    let others = Others { elsewhere, client, here };
    let front = house(&node, Router::new().route("/ask", get(ask_all)).with_state(others));
    let sent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let request = Request::get("/ask").header("traceparent", &sent).header("tracestate", "vendor=1");
    let response = front.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.headers()["x-correlation-id"], TRACE);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let seen: Vec<Value> = serde_json::from_slice(&body).unwrap();
    assert_eq!(seen.len(), 4);
    let mut spans = std::collections::BTreeSet::from([sent]);
    for one in &seen {
        assert_eq!(one["correlation"], TRACE, "{one}");
        let parent = one["traceparent"].as_str().unwrap();
        assert!(parent.starts_with(&format!("00-{TRACE}-")) && parent.ends_with("-01"), "{one}");
        assert!(spans.insert(parent.to_owned()), "each has a span of its own: {one}");
    }
    let alone = front.oneshot(Request::get("/ask").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(alone.headers()["x-correlation-id"].len(), 36, "a trace begins where none came");
}
