//! One block calls another: in the same process, in another process of this program, and at another product. The same
//! questions are asked every time, and the answers are the same.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use stoa_core::{Actor, ActorKind, Role, Tenant};
use stoa_peers::registries::Registries;
use stoa_store::{StoreError, Tx, params};
use stoa_test::TestStoa;
use stoa_web::{Block, BlockContext, BlockParts, BoxError, Elsewhere, Json, Need, OpenApiRouter, PeerError};

use crate::program::{Place, Server, ask_tls, certificate, free_address};

/// A block that does nothing but need another one.
const ASKER: Block = Block {
    name: "asker",
    title: "Asker",
    migrations: &[],
    permissions: &[],
    problems: &[],
    catalogues: &[],
    navigation: &[],
    needs: &[Need { block: "registries", roles: &[Role::ANALYST] }],
    start: nothing,
    page_of: |_| None,
    seed_govstack: None,
};

/// One that says nothing of what it needs.
const SILENT: Block = Block { name: "silent", needs: &[], ..ASKER };

#[expect(clippy::unnecessary_wraps, reason = "the signature of every block")]
fn nothing(_: BlockContext) -> Result<BlockParts, BoxError> {
    Ok(BlockParts {
        api: OpenApiRouter::new(),
        pages: Router::new(),
        jobs: Vec::new(),
        sinks: Vec::new(),
        accounts: None,
        tokens: None,
        own_gate: &[],
        figures: None,
    })
}

fn ada(tenant: &str) -> Actor {
    let nobody = Actor::anonymous(Tenant::new(tenant).unwrap());
    Actor { kind: ActorKind::Person, id: "ada".to_owned(), ..nobody }
}

fn register() -> Value {
    json!({"code": "towns", "name": "Towns", "schema": {"type": "object", "required": ["name"], "properties": {
        "name": {"type": "string", "isFulltext": true}, "people": {"type": "integer"}}}})
}

/// What any block may rely on, wherever the other one is.
async fn questions(registries: Registries) {
    let all = registries.list().await.unwrap();
    let shown: Vec<_> = all.iter().map(|one| (one.code.as_str(), one.versions.len())).collect();
    assert_eq!(shown, [("towns", 1)]);
    let tallinn = json!({"name": "Tallinn", "people": 457_572});
    let made = registries.create("towns", &tallinn, "once").await.unwrap();
    assert_eq!(made.content, tallinn);
    assert_eq!(registries.create("towns", &tallinn, "once").await.unwrap(), made, "the same key, the same record");
    assert_eq!(registries.get("towns", &made.id).await.unwrap(), made);
    assert_eq!(registries.search("towns", "tallinn").await.unwrap().total, 1);
    let refused = |error: PeerError| match error {
        PeerError::Refused { status, code, .. } => (status.as_u16(), code),
        other => (0, other.to_string()),
    };
    let wrong = registries.create("towns", &json!({"people": "many"}), "other").await.unwrap_err();
    assert_eq!(refused(wrong), (422, "registries.invalid_record".to_owned()));
    for code in ["rivers", "towns/records", "towns?search=x", "towns#", "%2e%2e/%2e%2e", "../../../healthz"] {
        let unknown = registries.get(code, &made.id).await.unwrap_err();
        assert_eq!(refused(unknown).0, 404, "{code}");
    }
    for step in ["..", ".", ""] {
        assert!(matches!(registries.get("towns", step).await, Err(PeerError::Address)), "{step}");
    }
}

#[tokio::test]
async fn in_process() {
    let stoa = TestStoa::with(&[stoa_registries::BLOCK, ASKER, SILENT]).await;
    let analyst = stoa.role("analyst").await;
    stoa.post(&analyst, "/registries/v1/registries", &register()).await.expect(201);
    stoa.post(&analyst, "/registries/v1/registries/towns/publish", &json!({})).await.expect(200);
    let asker = |actor: &Actor| Registries::of(&stoa.contexts["asker"].peers).on_behalf_of(actor);
    questions(asker(&ada("default"))).await;
    let noted = stoa.stores["registries"]
        .read(async |tx: &mut Tx<'_>| -> Result<Vec<(String, Option<String>)>, StoreError> {
            let sql = "SELECT actor, on_behalf_of FROM audit_record WHERE action = 'registries.record.create'";
            tx.rows(sql, params![]).await
        })
        .await
        .unwrap();
    assert_eq!(noted, [("block:asker".to_owned(), Some("ada".to_owned()))], "evidence names who acts, and for whom");
    assert!(asker(&ada("elsewhere")).list().await.unwrap().is_empty(), "the tenant is that of who asked");

    let silent = Registries::of(&stoa.contexts["silent"].peers).list().await;
    assert!(
        matches!(&silent, Err(PeerError::Refused { status, .. }) if status.as_u16() == 403),
        "a block has no rights that it did not declare to need: {silent:?}"
    );
    let nowhere = TestStoa::with(&[ASKER]).await;
    let missing = Registries::of(&nowhere.contexts["asker"].peers).list().await;
    assert!(matches!(missing, Err(PeerError::Nowhere(block)) if block == "registries"));
}

/// A register in a server that runs as a process of its own, made by an analyst of it.
fn with_towns(place: &Place, ask: impl Fn(&str, &str, &str) -> u16) {
    let key = place.run(&["key", "create", "--name", "analyst", "--role", "analyst"]).done();
    let key = key.trim();
    assert_eq!(ask("/registries/v1/registries", key, &register().to_string()), 201);
    assert_eq!(ask("/registries/v1/registries/towns/publish", key, "{}"), 200);
}

fn post_to(server: &Server) -> impl Fn(&str, &str, &str) -> u16 {
    |path, key, body| server.ask("POST", path, Some(key), Some(body)).0
}

#[tokio::test(flavor = "multi_thread")]
async fn in_another_process_of_this_program() {
    // The node that asks, with its keys where the other one finds them.
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (front, back) = (socket.local_addr().unwrap(), free_address());
    let place = Place::new();
    let configured = |audience: &str| {
        format!(
            "[outgoing]\nallowed = [\"127.0.0.1\"]\n[issuers.front]\nurl = \"http://127.0.0.1:8080\"\n\
             audience = \"{audience}\"\njwks_url = \"http://{front}/.well-known/jwks.json\"\ntenant_claim = \"tenant\"\n"
        )
    };
    place.write("stoa.toml", &configured(&format!("http://{back}/registries")));
    let server = place.up_at(&back);
    with_towns(&place, post_to(&server));
    let elsewhere =
        Elsewhere { block: "registries".to_owned(), url: format!("http://{back}/registries"), client: None };
    let stoa = TestStoa::with_elsewhere(&[ASKER, SILENT], vec![elsewhere]).await;
    let router = stoa.router();
    tokio::spawn(async move { axum::serve(socket, router).await });
    let asker = || Registries::of(&stoa.contexts["asker"].peers).on_behalf_of(&ada("default"));
    questions(asker()).await;
    let found = place.run(&["audit", "search", "--action", "registries.record.create"]).done();
    let record: Value = serde_json::from_str(found.trim()).unwrap();
    assert_eq!(record["actor"], "block:asker@http://127.0.0.1:8080", "{record}");
    assert_eq!(record["onBehalfOf"], "ada", "{record}");
    let silent = Registries::of(&stoa.contexts["silent"].peers).list().await;
    assert!(matches!(&silent, Err(PeerError::Refused { status, .. }) if status.as_u16() == 403), "{silent:?}");

    drop(server);
    place.write("stoa.toml", &configured("https://another.example"));
    let _server = place.up_at(&back);
    let other = asker().list().await;
    assert!(
        matches!(&other, Err(PeerError::Refused { status, .. }) if status.as_u16() == 401),
        "a token for another receiver is none: {other:?}"
    );
}

#[test]
fn a_node_asks_another_node_in_its_own_name() {
    let (front, back) = (free_address(), free_address());
    let (asking, serving) = (Place::new(), Place::new());
    serving.write(
        "stoa.toml",
        &format!(
            "[outgoing]\nallowed = [\"127.0.0.1\"]\n[issuers.front]\nurl = \"http://{front}\"\n\
             audience = \"http://{back}/registries\"\njwks_url = \"http://{front}/.well-known/jwks.json\"\n"
        ),
    );
    let server = serving.up_at(&back);
    with_towns(&serving, post_to(&server));
    let url = |scheme: &str| format!("[blocks.registries]\nurl = \"{scheme}://{back}/registries\"\n");
    asking.write("stoa.toml", &format!("[outgoing]\nallowed = [\"127.0.0.1\"]\n{}", url("http")));
    let node = asking.up_at(&front);
    assert_eq!(node.ask("GET", "/registries/v1/registries", None, None).0, 404, "the block is not run here");
    let listed = asking.run(&["registry", "list"]).done();
    assert!(listed.starts_with("towns ") && listed.contains(" 1.0 ") && listed.contains("Towns"), "{listed}");
    drop(node);
    // Without a right to call there, nothing starts.
    asking.write("stoa.toml", &url("http"));
    let refused = asking.run(&["up", "--listen", "127.0.0.1:0"]);
    assert!(refused.code == 2 && refused.stderr.contains("`blocks.registries.url`"), "{refused:?}");
}

/// What a token is asked for with, and how often.
#[derive(Clone, Default)]
struct TokenServer {
    key: Arc<Mutex<String>>,
    asked: Arc<AtomicU32>,
}

impl TokenServer {
    fn answer(&self, headers: &HeaderMap, form: &str) -> Result<Json<Value>, StatusCode> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        // `st%3Aoa` and `s3%2Bcret`, as RFC 6749 §2.3.1 has them encoded before they are joined.
        let known = headers.get("authorization").is_some_and(|value| value == "Basic c3QlM0FvYTpzMyUyQmNyZXQ=");
        if !known || form != "grant_type=client_credentials&scope=registers%3Aread" {
            return Err(StatusCode::UNAUTHORIZED);
        }
        let key = self.key.lock().unwrap().clone();
        Ok(Json(json!({"access_token": key, "token_type": "Bearer", "expires_in": 300})))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_another_product_over_https_with_a_token_of_its_own() {
    let tokens = TokenServer::default();
    let serving_tokens = tokens.clone();
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let token_url = format!("http://{}/token", socket.local_addr().unwrap());
    let router = Router::new()
        .route("/token", post(async move |headers: HeaderMap, form: String| serving_tokens.answer(&headers, &form)));
    tokio::spawn(async move { axum::serve(socket, router).await });

    let serving = Place::new();
    let authority = certificate(&serving, "authority", "keyUsage=critical,keyCertSign", None);
    certificate(&serving, "node", "extendedKeyUsage=serverAuth", Some(&authority));
    serving.write("stoa.toml", "[server]\ntls_certificate = \"node.pem\"\ntls_key = \"node.key\"\n");
    let server = serving.up(&[]);
    with_towns(&serving, |path, key, body| {
        let head = format!(
            "POST {path} HTTP/1.1\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\ncontent-length: {}",
            body.len()
        );
        ask_tls(&server.address, &authority, None, &head, body).split(' ').nth(1).unwrap().parse().unwrap()
    });
    let new_key = || serving.run(&["key", "create", "--name", "vendor"]).done().trim().to_owned();
    *tokens.key.lock().unwrap() = new_key();

    let asking = Place::new();
    let configured = |secret: &str| {
        format!(
            "[outgoing]\nallowed = [\"127.0.0.1\"]\ncertificates = \"{}\"\n[blocks.registries]\n\
             url = \"https://{}/registries\"\ntoken_url = \"{token_url}\"\nclient_id = \"st:oa\"\n\
             client_secret = \"{secret}\"\nscope = \"registers:read\"\n",
            authority.pem.display(),
            server.address
        )
    };
    asking.write("stoa.toml", &configured("s3+cret"));
    let node = asking.up(&[]);
    for _ in 0..3 {
        assert!(asking.run(&["registry", "list"]).done().starts_with("towns "));
    }
    assert_eq!(tokens.asked.load(Ordering::Relaxed), 1, "a token is had once and kept");
    serving.run(&["key", "revoke", "--name", "vendor"]).done();
    *tokens.key.lock().unwrap() = new_key();
    assert!(asking.run(&["registry", "list"]).done().starts_with("towns "), "a token that was ended is replaced");
    assert_eq!(tokens.asked.load(Ordering::Relaxed), 2);
    drop(node);

    asking.write("stoa.toml", &configured("wrong"));
    let refused = asking.run(&["registry", "list"]);
    assert!(refused.code == 1 && refused.stderr.contains("401"), "{refused:?}");
    assert!(!refused.stderr.contains("wrong"), "{refused:?}");
}
