//! The server over real sockets: TLS, slow clients, the orderly end, and callers that ask too much.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant as Tick};

use axum::Router;
use axum::routing::get;
use stoa_core::{Actor, Clock, Ids, Instant, Tenant};
use stoa_store::{Durability, Engine, Store, StoreLimits, StoreOptions};
use stoa_ui::{Shell, Texts};
use stoa_web::{
    AppParts, Listener, MIGRATIONS, NewKey, Node, NodeOptions, Profile, RateLimits, ServerError, TlsFiles, app,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

async fn node(folder: &Path, limits: RateLimits) -> Node {
    let clock = Clock::fixed(Instant::from_micros(1_795_478_400_000_000));
    let store = Store::open(StoreOptions {
        block: "node",
        engine: Engine::Sqlite { file: folder.join("node.db"), durability: Durability::Full },
        migrations: MIGRATIONS.iter().chain(stoa_audit::MIGRATIONS).copied().collect(),
        ids: Ids::random(clock.clone()),
        clock,
        limits: StoreLimits::default(),
    });
    let store = store.await.unwrap();
    Node::new(NodeOptions {
        store,
        profile: Profile::Secure,
        permissions: Vec::new(),
        tokens: None,
        members: None,
        limits,
    })
}

fn router(node: &Node) -> Router {
    let slow = get(async || {
        tokio::time::sleep(Duration::from_millis(600)).await;
        "done"
    });
    app(AppParts {
        node: node.clone(),
        blocks: Vec::new(),
        stores: vec![node.store().clone()],
        lags: Vec::new(),
        shell: Shell::new(Texts::new(&[]), Vec::new()),
        pages: Router::new().route("/slow", slow),
        at_root: None,
    })
}

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: tokio::task::JoinHandle<()>,
}

async fn start(router: Router, tls: Option<&TlsFiles>) -> Running {
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), tls, false).await.unwrap();
    let address = listener.address();
    let (stop, stopped) = oneshot::channel();
    let ended = tokio::spawn(listener.serve(router, async {
        let _ = stopped.await;
    }));
    Running { address, stop, ended }
}

/// One request over a connection of its own, as text.
async fn ask(address: SocketAddr, head: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("{head}\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn what_is_in_flight_is_finished_and_nothing_new_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let node = node(folder.path(), RateLimits::default()).await;
    let running = start(router(&node), None).await;
    let address = running.address;
    let in_flight = tokio::spawn(async move { ask(address, "GET /slow HTTP/1.1").await });
    tokio::time::sleep(Duration::from_millis(150)).await;
    running.stop.send(()).unwrap();
    assert!(in_flight.await.unwrap().ends_with("done"), "a request in flight gets its answer");
    let begun = Tick::now();
    running.ended.await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(30));
    assert!(TcpStream::connect(address).await.is_err(), "the address is free again");
}

#[tokio::test]
async fn a_client_that_sends_its_headers_too_slowly_is_let_go() {
    let folder = tempfile::tempdir().unwrap();
    let node = node(folder.path(), RateLimits::default()).await;
    let running = start(router(&node), None).await;
    let mut slow = TcpStream::connect(running.address).await.unwrap();
    slow.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    let mut answer = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(20), slow.read_to_end(&mut answer)).await;
    assert!(ended.is_ok(), "the connection is still open after twenty seconds");
    assert!(!String::from_utf8_lossy(&answer).contains(" 200 "));
    assert!(ask(running.address, "GET /healthz HTTP/1.1").await.contains(" 200 "), "others are served meanwhile");
}

#[tokio::test]
async fn every_answer_carries_what_protects_and_what_ties_together() {
    let folder = tempfile::tempdir().unwrap();
    let node = node(folder.path(), RateLimits::default()).await;
    let running = start(router(&node), None).await;
    let traced = "GET /healthz HTTP/1.1\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let answer = ask(running.address, traced).await;
    for part in [
        "x-correlation-id: 4bf92f3577b34da6a3ce929d0e0e4736",
        "content-security-policy: default-src 'none'",
        "x-content-type-options: nosniff",
        "x-frame-options: DENY",
        "referrer-policy: same-origin",
        "cache-control: no-store",
    ] {
        assert!(answer.contains(part), "{part}: {answer}");
    }
    let forged = ask(running.address, "GET /healthz HTTP/1.1\r\nx-correlation-id: a b\r\nx-other: <script>").await;
    assert!(!forged.contains("a b"), "{forged}");
    let large = format!("GET /healthz HTTP/1.1\r\nx-large: {}", "x".repeat(40_000));
    let answer = ask(running.address, &large).await;
    assert!(answer.contains(" 413 ") || answer.contains(" 431 "), "{answer}");
    assert!(ask(running.address, "GET /nothing HTTP/1.1").await.contains("web.not_found"));
    assert!(ask(running.address, "DELETE /healthz HTTP/1.1").await.contains(" 405 "));
}

#[tokio::test]
async fn a_caller_that_asks_too_much_is_told_when_to_come_again_and_others_are_not_held_up() {
    let folder = tempfile::tempdir().unwrap();
    let limits = RateLimits { requests_per_second: 1, burst: 3, anonymous_per_second: 1, anonymous_burst: 2 };
    let node = node(folder.path(), limits).await;
    let by = Actor::system("test", Tenant::default());
    let mut keys = Vec::new();
    for name in ["one", "two"] {
        let new = NewKey { name: name.to_owned(), roles: vec!["operator".to_owned()], expires_at: None };
        keys.push(node.create_key(&by, new).await.unwrap().1);
    }
    let running = start(router(&node), None).await;
    let with = |key: &str| format!("GET /healthz HTTP/1.1\r\nauthorization: Bearer {key}");
    let mut refused = None;
    for _ in 0..6 {
        let answer = ask(running.address, &with(&keys[0])).await;
        refused = refused.or(answer.contains(" 429 ").then_some(answer));
    }
    let refused = refused.expect("the seventh request within a moment is one too many");
    assert!(refused.contains("retry-after: ") && refused.contains("web.rate_limited"), "{refused}");
    assert!(ask(running.address, &with(&keys[1])).await.contains(" 200 "), "another key has its own bound");
    let answers =
        [ask(running.address, "GET /healthz HTTP/1.1").await, ask(running.address, "GET /healthz HTTP/1.1").await];
    assert!(answers.iter().all(|answer| answer.contains(" 200 ")));
    // Nobody gets more by naming another address: only a proxy is believed about that.
    let lying = ask(running.address, "GET /healthz HTTP/1.1\r\nx-forwarded-for: 9.9.9.9").await;
    assert!(lying.contains(" 429 "), "{lying}");
}

fn certificate(folder: &Path) -> TlsFiles {
    let files = TlsFiles::new(folder.join("cert.pem"), folder.join("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout"])
        .arg(&files.key)
        .arg("-out")
        .arg(&files.certificate)
        .stderr(Stdio::null())
        .status();
    assert!(made.unwrap().success(), "openssl makes a certificate");
    files
}

#[tokio::test]
async fn tls_is_version_1_3_and_nothing_below() {
    let folder = tempfile::tempdir().unwrap();
    let node = node(folder.path(), RateLimits::default()).await;
    let files = certificate(folder.path());
    let running = start(router(&node), Some(&files)).await;
    let address = running.address.to_string();
    let shake = async |version: &'static str| {
        let (address, authority) = (address.clone(), files.certificate.clone());
        let done = tokio::task::spawn_blocking(move || {
            Command::new("openssl")
                .args(["s_client", "-connect", &address, version, "-CAfile"])
                .arg(authority)
                .args(["-verify_return_error", "-brief"])
                .stdin(Stdio::null())
                .output()
        });
        let output = done.await.unwrap().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (done, said) = shake("-tls1_3").await;
    assert!(done && said.contains("TLSv1.3"), "{said}");
    let (done, said) = shake("-tls1_2").await;
    assert!(!done, "{said}");
    let plain = ask(running.address, "GET /healthz HTTP/1.1").await;
    assert!(!plain.contains(" 200 "), "plain HTTP is not spoken on a TLS address");
}

#[tokio::test]
async fn an_address_that_others_reach_needs_a_certificate_or_a_proxy() {
    let everywhere = "0.0.0.0:0".parse().unwrap();
    let refused = Listener::bind(everywhere, None, false).await.err().unwrap();
    assert!(matches!(refused, ServerError::PlainOffLoopback(_)), "{refused}");
    let missing = TlsFiles::new("/nowhere/cert.pem", "/nowhere/key.pem");
    let refused = Listener::bind(everywhere, Some(&missing), false).await.err().unwrap();
    assert!(refused.to_string().contains("/nowhere/cert.pem"), "{refused}");
}
