//! The server over real sockets: TLS, slow clients, the orderly end, and callers that ask too much.

use std::io::Write as _;
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
    AppParts, ConnectionBounds, Connections, Listener, MIGRATIONS, Metrics, NewKey, Node, NodeOptions, Profile,
    RateLimits, ServerError, TlsFiles, app,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

pub(crate) async fn node(folder: &Path, limits: RateLimits) -> Node {
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
    let metrics = Metrics::default();
    let keys = stoa_store::MasterKeys::generate().unwrap();
    Node::new(NodeOptions {
        store,
        profile: Profile::Secure,
        permissions: Vec::new(),
        tokens: None,
        members: None,
        limits,
        metrics,
        keys,
    })
}

fn router(node: &Node) -> Router {
    router_among(node, &Connections::default())
}

fn router_among(node: &Node, connections: &Connections) -> Router {
    let slow = get(async || {
        tokio::time::sleep(Duration::from_millis(600)).await;
        "done"
    });
    app(AppParts {
        node: node.clone(),
        blocks: Vec::new(),
        stores: vec![node.store().clone()],
        lags: Vec::new(),
        connections: connections.clone(),
        shell: Shell::new(Texts::new(&[]), Vec::new()),
        pages: Router::new()
            .route("/slow", slow)
            .route("/large", get(async || "x".repeat(1024 * 1024)))
            .route("/things/{thing}/{number}", get(async |_: stoa_web::Path<(String, u32)>| "found"))
            .route("/plain/{number}", get(async |_: axum::extract::RawForm| axum::http::StatusCode::IM_A_TEAPOT))
            .route("/panic", get(panics))
            .route("/form", axum::routing::post(async |form: stoa_web::FormFields| form.text("a").len().to_string()))
            .route("/slower", get(async || tokio::time::sleep(Duration::from_secs(3)).await)),
        public_url: "http://127.0.0.1:8080".to_owned(),
        at_root: None,
    })
}

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: tokio::task::JoinHandle<()>,
}

async fn panics() -> &'static str {
    panic!("the secret of {}", "jane.doe@example.org")
}

/// Bounds that a test can wait for.
const SHORT: ConnectionBounds = ConnectionBounds {
    open_max: 64,
    open_max_of_address: 64,
    header_time: Duration::from_millis(400),
    request_time: Duration::from_millis(800),
    still_time: Duration::from_millis(600),
    grace: Duration::from_secs(5),
};

async fn start(router: Router, tls: Option<&TlsFiles>) -> Running {
    start_among(router, tls, &Connections::default()).await
}

async fn start_among(router: Router, tls: Option<&TlsFiles>, connections: &Connections) -> Running {
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), tls, false).await.unwrap().among(connections);
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
    stream.write_all(format!("{head}\r\nhost: localhost\r\nconnection: close\r\n\r\n").as_bytes()).await.unwrap();
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

/// A connection that sends this and nothing more; what came back until the other side ended it.
async fn ended_after(address: SocketAddr, sent: &[u8], within: Duration) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent).await.unwrap();
    let mut answer = Vec::new();
    let ended = tokio::time::timeout(within, stream.read_to_end(&mut answer)).await;
    assert!(ended.is_ok(), "still open after {within:?} with {:?} sent", String::from_utf8_lossy(sent));
    answer
}

#[tokio::test]
async fn a_client_that_says_nothing_or_too_little_is_let_go() {
    let folder = tempfile::tempdir().unwrap();
    let node = node(folder.path(), RateLimits::default()).await;
    let running = start_among(router(&node), None, &Connections::new(SHORT)).await;
    // Both versions of HTTP, before and after it is known which one is spoken; and HTTP/2 that says hello and no more.
    let hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";
    for sent in [b"" as &[u8], b"G", b"PRI * HTT", b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n", hello] {
        let answer = ended_after(running.address, sent, Duration::from_secs(3)).await;
        assert!(!String::from_utf8_lossy(&answer).contains(" 200 "));
    }
    assert!(ask(running.address, "GET /healthz HTTP/1.1").await.contains(" 200 "), "others are served meanwhile");
}

#[tokio::test]
async fn a_client_that_does_not_take_its_answers_is_let_go_and_one_that_reads_slowly_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let node = node(folder.path(), RateLimits::default()).await;
    let connections = Connections::new(SHORT);
    let running = start_among(router(&node), None, &connections).await;
    let mut deaf = TcpStream::connect(running.address).await.unwrap();
    deaf.write_all("GET /large HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(60).as_bytes()).await.unwrap();
    let begun = Tick::now();
    while connections.open() > 0 {
        assert!(begun.elapsed() < Duration::from_secs(5), "the server still waits for a client that takes nothing");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut slow = TcpStream::connect(running.address).await.unwrap();
    slow.write_all(b"GET /large HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    let (mut taken, mut part) = (0, vec![0; 64 * 1024]);
    loop {
        tokio::time::sleep(Duration::from_millis(60)).await;
        match slow.read(&mut part).await.unwrap() {
            0 => break,
            bytes => taken += bytes,
        }
    }
    assert!(taken > 1024 * 1024, "{taken} bytes of a slow but living conversation");
}

#[tokio::test]
async fn one_address_cannot_take_every_connection_and_places_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let node = node(folder.path(), RateLimits::default()).await;
    let bounds = ConnectionBounds { open_max: 5, open_max_of_address: 2, ..SHORT };
    let running = start_among(router(&node), None, &Connections::new(bounds)).await;
    let silent =
        [TcpStream::connect(running.address).await.unwrap(), TcpStream::connect(running.address).await.unwrap()];
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut third = TcpStream::connect(running.address).await.unwrap();
    let _ = third.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    let mut answer = Vec::new();
    let _ = third.read_to_end(&mut answer).await;
    assert!(answer.is_empty(), "one too many gets no answer: {}", String::from_utf8_lossy(&answer));
    drop(silent);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(ask(running.address, "GET /healthz HTTP/1.1").await.contains(" 200 "));
}

#[tokio::test]
async fn what_does_not_end_in_its_grace_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let node = node(folder.path(), RateLimits::default()).await;
    let bounds = ConnectionBounds { grace: Duration::from_millis(100), ..SHORT };
    let running = start_among(router(&node), None, &Connections::new(bounds)).await;
    let address = running.address;
    let in_flight = tokio::spawn(async move { ask(address, "GET /slow HTTP/1.1").await });
    tokio::time::sleep(Duration::from_millis(150)).await;
    running.stop.send(()).unwrap();
    running.ended.await.unwrap();
    assert_eq!(in_flight.await.unwrap(), "", "nothing goes on in the background after the end");
}

#[tokio::test]
async fn what_is_not_http_is_refused_with_a_problem_too() {
    let folder = tempfile::tempdir().unwrap();
    let node = node(folder.path(), RateLimits::default()).await;
    let running = start_among(router(&node), None, &Connections::new(SHORT)).await;
    let many: String = (0..200).map(|n| format!("x-{n}: 1\r\n")).collect();
    for (sent, status, code) in [
        (
            format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-large: {}\r\n\r\n", "x".repeat(20_000)),
            "431",
            "web.headers_too_large",
        ),
        (
            format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-large: {}\r\n\r\n", "x".repeat(80_000)),
            "431",
            "web.headers_too_large",
        ),
        (format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\n{many}\r\n"), "431", "web.headers_too_large"),
        (format!("GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n", "x".repeat(20_000)), "431", "web.headers_too_large"),
        ("GET /healthz HTTP/1.1\r\na header: 1\r\n\r\n".to_owned(), "400", "web.malformed_request"),
        ("GET /healthz HTTP/7.5\r\n\r\n".to_owned(), "400", "web.malformed_request"),
    ] {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        let _ = stream.write_all(sent.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{sent:.40}: {answer}");
        assert!(head.contains("application/problem+json") && body.contains(code), "{sent:.40}: {answer}");
    }
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
        "permissions-policy: ",
        "cross-origin-opener-policy: same-origin",
        "cross-origin-resource-policy: same-origin",
    ] {
        assert!(answer.contains(part), "{part}: {answer}");
    }
    let forged = ask(running.address, "GET /healthz HTTP/1.1\r\nx-correlation-id: a b\r\nx-other: <script>").await;
    assert!(!forged.contains("a b"), "{forged}");
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

#[tokio::test]
async fn guessing_is_bounded_by_address_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let limits = RateLimits { requests_per_second: 0, burst: 1, anonymous_per_second: 1, anonymous_burst: 20 };
    let node = node(folder.path(), limits).await;
    let new = NewKey { name: "good".to_owned(), roles: vec!["operator".to_owned()], expires_at: None };
    let good = node.create_key(&Actor::system("test", Tenant::default()), new).await.unwrap().1;
    let running = start(router(&node), None).await;
    let ask_as = async |credential: &str| ask(running.address, &format!("GET /healthz HTTP/1.1\r\n{credential}")).await;
    let with_good = format!("authorization: Bearer {good}");
    assert!(ask_as(&with_good).await.contains(" 200 "));
    let commits = node.store().state().commits;
    for kind in ["authorization: Bearer stoa_", "authorization: Bearer a.b.", "cookie: stoa_session="] {
        for nth in 0..15 {
            let answer = ask_as(&format!("{kind}{nth}")).await;
            let refused = [" 401 ", " 429 ", " 200 "].iter().any(|status| answer.contains(status));
            assert!(refused, "{answer}");
        }
        let answer = ask_as(&format!("{kind}last")).await;
        if kind != "authorization: Bearer stoa_" {
            assert!(answer.contains(" 429 ") && answer.contains("retry-after: "), "{kind}: {answer}");
        }
    }
    assert_eq!(node.store().state().commits, commits, "a guess is no work for the writer");
    assert!(ask_as(&with_good).await.contains(" 200 "), "a key that is known is not held up by guesses beside it");
}

#[tokio::test]
async fn only_the_proxy_is_believed_about_who_asks() {
    let folder = tempfile::tempdir().unwrap();
    let limits = RateLimits { requests_per_second: 0, burst: 1, anonymous_per_second: 1, anonymous_burst: 2 };
    let node = node(folder.path(), limits).await;
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), None, true).await.unwrap();
    let address = listener.address();
    let serving = tokio::spawn(listener.serve(router(&node), std::future::pending()));
    let from = async |named: &str| ask(address, &format!("GET /healthz HTTP/1.1\r\nx-forwarded-for: {named}")).await;
    for _ in 0..2 {
        assert!(from("203.0.113.5").await.contains(" 200 "));
    }
    assert!(from("203.0.113.5").await.contains(" 429 "), "whom the proxy names is who is bounded");
    assert!(
        from("9.9.9.9, 203.0.113.5").await.contains(" 429 "),
        "what the client itself put there counts for nothing"
    );
    assert!(from("203.0.113.5, 198.51.100.9").await.contains(" 200 "), "another client has its own bound");
    serving.abort();
}

#[tokio::test]
async fn whatever_refuses_a_request_the_answer_is_a_problem() {
    let folder = tempfile::tempdir().unwrap();
    let node = node(folder.path(), RateLimits::default()).await;
    let running = start(router(&node), None).await;
    for (head, status, words) in [
        ("GET /things/%FF/1 HTTP/1.1", "400", &["web.invalid_parameter", "{thing}", "not UTF-8"] as &[&str]),
        ("GET /things/a/b HTTP/1.1", "400", &["web.invalid_parameter", "must be of type u32"]),
        ("GET /things/a/-1 HTTP/1.1", "400", &["web.invalid_parameter"]),
        ("GET /plain/1 HTTP/1.1", "400", &["web.invalid_parameter"]),
        ("GET /nothing HTTP/1.1", "404", &["web.not_found"]),
        ("DELETE /things/a/1 HTTP/1.1", "405", &["web.method_not_allowed", "allow: GET,HEAD"]),
        ("GET /panic HTTP/1.1", "500", &["web.failed"]),
    ] {
        let answer = ask(running.address, head).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{head}: {answer}");
        assert!(answer.contains("content-type: application/problem+json"), "{head}: {answer}");
        assert!(words.iter().all(|word| answer.contains(word)), "{head}: {answer}");
        assert!(!answer.contains("jane.doe"), "nobody is told what a handler stumbled over: {answer}");
    }
}

#[tokio::test]
async fn bodies_are_bounded_in_size_and_time_and_so_is_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let node = node(folder.path(), RateLimits::default()).await;
    let connections = Connections::new(SHORT);
    let running = start_among(router_among(&node, &connections), None, &connections).await;
    let post = "POST /form HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
                content-type: application/x-www-form-urlencoded\r\n";
    let large = format!("{post}content-length: 2000000\r\n\r\na={}", "x".repeat(1_999_998));
    let slow = format!("{post}content-length: 100\r\n\r\na=x");
    let never = "GET /slower HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".to_owned();
    for (sent, status, code) in
        [(large, 413, "web.body_too_large"), (slow, 408, "web.body_too_slow"), (never, 503, "web.timeout")]
    {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        let _ = stream.write_all(sent.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await.expect("an end");
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(code), "{code}: {answer}");
    }
}

#[tokio::test]
async fn a_name_of_somebody_else_leads_nowhere_on_loopback() {
    let folder = tempfile::tempdir().unwrap();
    let node = node(folder.path(), RateLimits::default()).await;
    let running = start(router(&node), None).await;
    let ask_as = async |host: &str| {
        let sent = format!("GET /healthz HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        let answer = ended_after(running.address, sent.as_bytes(), Duration::from_secs(5)).await;
        String::from_utf8(answer).unwrap()
    };
    for own in ["localhost", "127.0.0.1:8080", "[::1]:80"] {
        assert!(ask_as(own).await.contains(" 200 "), "{own}");
    }
    for foreign in ["evil.example", "127.0.0.1.evil.example:8080", "0.0.0.0"] {
        let answer = ask_as(foreign).await;
        assert!(answer.starts_with("HTTP/1.1 421 ") && answer.contains("web.foreign_host"), "{foreign}: {answer}");
    }
}

#[tokio::test]
async fn whatever_refuses_a_browser_it_gets_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let limits = RateLimits { requests_per_second: 0, burst: 1, anonymous_per_second: 1, anonymous_burst: 6 };
    let node = node(folder.path(), limits).await;
    let connections = Connections::new(SHORT);
    let running = start_among(router_among(&node, &connections), None, &connections).await;
    let look = async |head: &str| ask(running.address, &format!("{head}\r\naccept: text/html")).await;
    let unknown = look("GET /healthz HTTP/1.1\r\nauthorization: Bearer stoa_x").await;
    assert!(
        unknown.starts_with("HTTP/1.1 303 ") && unknown.contains("location: /sign-in?back=%2Fhealthz"),
        "{unknown}"
    );
    let large = format!("GET /{} HTTP/1.1", "x".repeat(20_000));
    let is_page = |answer: &str| answer.contains("content-type: text/html") && answer.contains("<!doctype html>");
    for (head, status) in [
        ("GET /nothing HTTP/1.1", 404),
        ("GET /things/%FF/1 HTTP/1.1", 400),
        ("GET /panic HTTP/1.1", 500),
        ("GET /slower HTTP/1.1", 503),
        (large.as_str(), 431),
    ] {
        let answer = look(head).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{head:.40}: {answer}");
        assert!(is_page(&answer), "{head:.40}: {answer}");
    }
    let mut answer = String::new();
    for _ in 0..20 {
        answer = look("GET /healthz HTTP/1.1").await;
    }
    assert!(answer.starts_with("HTTP/1.1 429 ") && answer.contains("retry-after: 1\r\n"), "{answer}");
    assert!(is_page(&answer), "{answer}");
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
    let answer = tokio::task::spawn_blocking(move || {
        let mut client = Command::new("openssl");
        client.args(["s_client", "-connect", &address, "-quiet"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut client = client.stderr(Stdio::null()).spawn().unwrap();
        let mut line = client.stdin.take().unwrap();
        line.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
        String::from_utf8(client.wait_with_output().unwrap().stdout).unwrap()
    });
    let answer = answer.await.unwrap();
    assert!(answer.contains("strict-transport-security: max-age=63072000\r\n"), "{answer}");
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
