//! What machines ask a node about itself: whether it is ready, and its figures.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::get;
use http_body_util::BodyExt as _;
use serde_json::Value;
use stoa_core::Clock;
use stoa_store::{StoreError, Tx, params};
use stoa_ui::{Shell, Texts};
use stoa_web::outgoing::{Call, Client, OutgoingOptions};
use stoa_web::{AppParts, ConnectionBounds, Connections, Lag, Node, RateLimits, app};
use tower::ServiceExt as _;

use crate::server::node;

fn house(node: &Node, lags: Vec<Lag>) -> Router {
    app(AppParts {
        node: node.clone(),
        blocks: Vec::new(),
        stores: vec![node.store().clone()],
        lags,
        connections: Connections::new(ConnectionBounds::for_files(1024)),
        shell: Shell::new(Texts::new(&[]), Vec::new()),
        pages: Router::new().route("/things/{id}", get(async || "one")),
        public_url: "http://127.0.0.1:8080".to_owned(),
        at_root: None,
    })
}

async fn ask(router: &Router, path: &str) -> (u16, String) {
    let response = router.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

async fn ready(router: &Router) -> (u16, Value) {
    let (status, body) = ask(router, "/readyz").await;
    (status, serde_json::from_str(&body).unwrap())
}

/// Reads the text format (`OpenMetrics` 1.0) as strictly as its specification allows: samples by name with their labels.
fn read(text: &str) -> BTreeMap<String, f64> {
    let (mut samples, mut families) = (BTreeMap::new(), BTreeSet::new());
    let mut family: Option<(String, String)> = None;
    let body = text.strip_suffix("# EOF\n").expect("the text ends with its mark");
    for line in body.lines() {
        if let Some(meta) = line.strip_prefix("# ") {
            let (kind, rest) = meta.split_once(' ').expect("a descriptor");
            let (name, value) = rest.split_once(' ').expect("a name and a value");
            match kind {
                "HELP" => assert!(families.insert(name.to_owned()), "{name} is described twice"),
                "TYPE" => {
                    assert!(value != "counter" || !name.ends_with("_total"), "{name}: the suffix is the sample's");
                    family = Some((name.to_owned(), value.to_owned()));
                }
                other => panic!("`{other}` is no descriptor: {line}"),
            }
            continue;
        }
        let (sample, value) = line.rsplit_once(' ').expect("a sample and a value");
        let name = sample.split('{').next().unwrap();
        let (of, kind) = family.as_ref().expect("a family comes before its samples");
        let suffixes: &[&str] = match kind.as_str() {
            "counter" => &["_total"],
            "gauge" => &[""],
            "histogram" => &["_bucket", "_sum", "_count"],
            other => panic!("{of} is a {other}"),
        };
        assert!(suffixes.iter().any(|suffix| name == format!("{of}{suffix}")), "`{line}` stands in {of}");
        let value = value.parse().unwrap_or_else(|_| panic!("`{line}` has no number"));
        assert!(samples.insert(sample.to_owned(), value).is_none(), "{sample} is there twice");
    }
    for name in &families {
        assert!(name.starts_with("stoa_"), "{name}");
        for reserved in ["_total", "_created", "_bucket", "_sum", "_count", "_info"] {
            assert!(!families.contains(&format!("{name}{reserved}")), "{name}{reserved} clashes with {name}");
        }
    }
    samples
}

#[tokio::test]
async fn figures_are_the_format_that_they_say_they_are_and_cover_every_listener() {
    let folder = tempfile::tempdir().unwrap();
    let node = node(folder.path(), RateLimits::default()).await;
    let (first, second) =
        (house(&node, Vec::new()), house(&node, vec![("node", Arc::new(|| Duration::from_millis(1500)))]));
    let options = OutgoingOptions { observe: Some(node.metrics().observer()), ..OutgoingOptions::default() };
    let client = Client::new(options, Clock::system()).unwrap();
    assert!(client.send(Call::get("peer", "https://127.0.0.1/")).await.is_err());
    for router in [&first, &second, &second] {
        assert_eq!(ask(router, "/things/jane").await.0, 200);
    }
    node.store()
        .write(async |tx: &mut Tx<'_>| -> Result<_, StoreError> {
            let new = stoa_store::jobs::NewJob::new("test.work", &Value::Null);
            stoa_store::jobs::enqueue(tx, new).await?;
            tx.execute("UPDATE stoa_job SET state = 'dead'", params![]).await
        })
        .await
        .unwrap();
    let text = ask(&second, "/metrics").await.1;
    let samples = read(&text);
    let value = |name: &str| *samples.get(name).unwrap_or_else(|| panic!("no {name} in {text}"));
    assert!((value("stoa_web_requests_total{method=\"GET\",path=\"/things/{id}\",status=\"200\"}") - 3.0).abs() < 0.1);
    assert!((value("stoa_web_requests_in_work") - 1.0).abs() < 0.1, "the one that asks");
    assert!((value("stoa_audit_lag_seconds{store=\"node\"}") - 1.5).abs() < 0.01);
    assert!((value("stoa_store_jobs{store=\"node\",kind=\"test.work\",state=\"dead\"}") - 1.0).abs() < 0.1);
    assert!((value("stoa_outgoing_calls_total{purpose=\"peer\",outcome=\"forbidden\"}") - 1.0).abs() < 0.1);
    assert!(value("stoa_store_commits_total{store=\"node\"}") >= 1.0);
    assert!(value("stoa_web_connections").abs() < 0.1);
    assert!(!text.contains("jane"), "addresses are counted as they are declared");
}

#[tokio::test]
async fn a_node_is_ready_while_every_database_takes_a_write() {
    let folder = tempfile::tempdir().unwrap();
    let node = node(folder.path(), RateLimits::default()).await;
    let house = |behind: u64| house(&node, vec![("node", Arc::new(move || Duration::from_secs(behind)))]);
    let before = node.store().state().commits;
    let fine = house(1);
    for _ in 0..20 {
        assert_eq!(ready(&fine).await.0, 200);
    }
    let written = node.store().state().commits - before;
    assert!((1..=3).contains(&written), "{written} commits: proven by writing, but not at every question");
    let (status, body) = ready(&house(31)).await;
    assert_eq!((status, &body["evidenceLagMs"]), (503, &Value::from(31_000)));
    // Reads go on, writes do not: as on a full disk.
    let refuse = "CREATE TRIGGER full BEFORE INSERT ON stoa_probe BEGIN SELECT RAISE(ABORT, 'full'); END";
    node.store().write(async |tx: &mut Tx<'_>| tx.execute(refuse, params![]).await).await.unwrap();
    // What was seen to be written holds for a second.
    let begun = std::time::Instant::now();
    loop {
        let (status, body) = ready(&house(1)).await;
        if status == 503 {
            assert_eq!(body["stores"][0]["state"], "failed", "{body}");
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(5), "it takes no write and does not say so: {body}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let allow = "DROP TRIGGER full";
    node.store().write(async |tx: &mut Tx<'_>| tx.execute(allow, params![]).await).await.unwrap();
    assert_eq!(ready(&house(1)).await.0, 200);
    node.begin_stop();
    let (status, body) = ready(&house(1)).await;
    assert_eq!((status, &body["status"]), (503, &Value::from("stopping")));
}
