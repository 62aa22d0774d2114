//! The same questions in process and over HTTP, with the same answers.

#![expect(clippy::unwrap_used, reason = "a test that stumbles is to fail at once")]

use serde_json::{Value, json};
use stoa_core::Clock;
use stoa_peers::registries::Registries;
use stoa_test::TestStoa;
use stoa_web::outgoing::{Client, OutgoingOptions};
use stoa_web::{NewKey, Peer, PeerError};

async fn with_towns() -> (TestStoa, String) {
    let stoa = TestStoa::with(&[stoa_registries::BLOCK]).await;
    let analyst = stoa.role("analyst").await;
    let schema = json!({"type": "object", "required": ["name"], "properties": {
        "name": {"type": "string", "isFulltext": true}, "people": {"type": "integer"}}});
    let new = json!({"code": "towns", "name": "Towns", "schema": schema});
    stoa.post(&analyst, "/registries/v1/registries", &new).await.expect(201);
    stoa.post(&analyst, "/registries/v1/registries/towns/publish", &json!({})).await.expect(200);
    let by = stoa_core::Actor::system("test", stoa_core::Tenant::default());
    let key =
        NewKey { name: "peer".to_owned(), roles: vec!["official".to_owned(), "analyst".to_owned()], expires_at: None };
    let key = stoa.node.create_key(&by, key).await.unwrap().1;
    (stoa, key)
}

/// What any caller may rely on, whatever the way.
async fn questions(registries: Registries) {
    let all = registries.list().await.unwrap();
    assert_eq!(all.iter().map(|registry| registry.code.as_str()).collect::<Vec<_>>(), ["towns"]);
    let tallinn = json!({"name": "Tallinn", "people": 457_572});
    let made = registries.create("towns", &tallinn, "once").await.unwrap();
    assert_eq!(made.content, tallinn);
    assert_eq!(registries.create("towns", &tallinn, "once").await.unwrap(), made, "the same key, the same record");
    assert_eq!(registries.get("towns", &made.id).await.unwrap(), made);
    assert_eq!(registries.search("towns", "tallinn").await.unwrap().total, 1);
    assert_eq!(registries.search("towns", "Öö & ?=#").await.unwrap().total, 0);
    let refused = |error: PeerError| match error {
        PeerError::Refused { status, code, .. } => (status.as_u16(), code),
        other => (0, other.to_string()),
    };
    let wrong = registries.create("towns", &json!({"people": "many"}), "other").await.unwrap_err();
    assert_eq!(refused(wrong), (422, "registries.invalid_record".to_owned()));
    let unknown = registries.get("rivers", &made.id).await.unwrap_err();
    assert_eq!(refused(unknown), (404, "registries.registry_not_found".to_owned()));
    let none: Value = json!({"name": null});
    assert!(registries.create("towns", &none, "third").await.is_err());
}

#[tokio::test]
async fn in_process() {
    let (stoa, key) = with_towns().await;
    questions(Registries::new(Peer::here(stoa.router(), "registries", key))).await;
    let stranger = Registries::new(Peer::here(stoa.router(), "registries", "stoa_unknown"));
    assert!(matches!(stranger.list().await, Err(PeerError::Refused { status, .. }) if status.as_u16() == 401));
}

#[tokio::test]
async fn over_http() {
    let (stoa, key) = with_towns().await;
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/registries", socket.local_addr().unwrap());
    let router = stoa.router();
    tokio::spawn(async move { axum::serve(socket, router).await });
    let options = OutgoingOptions { allowed: vec!["127.0.0.1".parse().unwrap()], ..OutgoingOptions::default() };
    let client = Client::new(options, Clock::system()).unwrap();
    questions(Registries::new(Peer::there(client.clone(), &base, key))).await;
    let stranger = Registries::new(Peer::there(client.clone(), &base, "stoa_unknown"));
    assert!(matches!(stranger.list().await, Err(PeerError::Refused { status, .. }) if status.as_u16() == 401));
    let nobody = Registries::new(Peer::there(client, "http://127.0.0.1:1", "x"));
    assert!(matches!(nobody.list().await, Err(PeerError::Away(_))));
}
