//! Tokens of a real issuer over a real socket: what holds, and every way in which one must not.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use stoa_core::{ActorKind, Clock, Instant, Refusal};
use stoa_web::outgoing::{Client, OutgoingOptions};
use stoa_web::{Issuer, Issuers, Json, KeySource, TokenVerifier, algorithm};

use crate::serve;

struct Bed {
    issuers: Issuers,
    clock: Clock,
    url: String,
    key: EncodingKey,
    issuer: Arc<Server>,
}

/// The issuer's side.
struct Server {
    fetched: AtomicU32,
    away: AtomicBool,
    slow: AtomicBool,
    keys: Mutex<Value>,
}

impl Server {
    async fn answer(&self) -> Result<Json<Value>, StatusCode> {
        self.fetched.fetch_add(1, Ordering::Relaxed);
        if self.slow.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        if self.away.load(Ordering::Relaxed) {
            return Err(StatusCode::INTERNAL_SERVER_ERROR);
        }
        Ok(Json(self.keys.lock().unwrap().clone()))
    }
}

fn ed_key() -> EncodingKey {
    let pair = Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new()).unwrap();
    EncodingKey::from_ed_der(pair.as_ref())
}

fn ec_key() -> EncodingKey {
    let random = aws_lc_rs::rand::SystemRandom::new();
    let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EncodingKey::from_ec_der(pair.as_ref())
}

fn jwk(key: &EncodingKey, algorithm: Algorithm, kid: &str) -> Value {
    let mut jwk = Jwk::from_encoding_key(key, algorithm).unwrap();
    jwk.common.key_id = Some(kid.to_owned());
    serde_json::to_value(jwk).unwrap()
}

async fn bed() -> Bed {
    let key = ec_key();
    let issuer = Arc::new(Server {
        fetched: AtomicU32::new(0),
        away: AtomicBool::new(false),
        slow: AtomicBool::new(false),
        keys: Mutex::new(json!({"keys": [jwk(&key, Algorithm::ES256, "one")]})),
    });
    let serving = Arc::clone(&issuer);
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    let document = json!({"issuer": url, "jwks_uri": format!("{url}/keys")});
    let router = Router::new()
        .route("/.well-known/openid-configuration", get(async move || axum::Json(document)))
        .route("/keys", get(async move || serving.answer().await));
    tokio::spawn(async move { axum::serve(socket, router).await });
    let clock = Clock::fixed(Instant::from_micros(1_795_478_400_000_000));
    let options = OutgoingOptions { allowed: vec!["127.0.0.1".parse().unwrap()], ..OutgoingOptions::default() };
    let configured = Issuer {
        url: url.clone(),
        audiences: vec!["stoa".to_owned()],
        keys: KeySource::Discovered,
        algorithms: vec![algorithm("ES256").unwrap(), algorithm("EdDSA").unwrap()],
        roles_claim: "roles".to_owned(),
        tenant_claim: None,
    };
    let client = Client::new(options, clock.clone()).unwrap();
    Bed { issuers: Issuers::new(vec![configured], &client, clock.clone()).unwrap(), clock, url, key, issuer }
}

impl Bed {
    fn claims(&self) -> Value {
        let now = self.clock.now().seconds();
        json!({"iss": self.url, "aud": "stoa", "sub": "ada", "roles": ["official"], "exp": now + 300, "nbf": now - 5})
    }

    fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some("one".to_owned()), ..Header::new(Algorithm::ES256) };
        encode(&header, claims, &self.key).unwrap()
    }

    async fn is_refused(&self, token: &str) -> bool {
        self.issuers.verify(token).await.is_err()
    }

    async fn ask(&self) -> Result<(), Refusal> {
        self.issuers.verify(&self.sign(&self.claims())).await.map(drop).map_err(|problem| problem.refusal)
    }

    fn fetched(&self) -> u32 {
        self.issuer.fetched.load(Ordering::Relaxed)
    }

    /// Waits for what is done behind the callers' backs.
    async fn until_fetched(&self, count: u32) {
        for _ in 0..200 {
            if self.fetched() >= count {
                // The answer is on its way; it is there a moment later.
                return tokio::time::sleep(Duration::from_millis(500)).await;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the keys were not fetched again");
    }
}

#[tokio::test]
async fn a_good_token_names_its_holder_and_its_keys_are_fetched_once() {
    let bed = bed().await;
    for _ in 0..3 {
        let token = bed.issuers.verify(&bed.sign(&bed.claims())).await.unwrap();
        assert_eq!(token.actor.id, format!("ada@{}", bed.url));
        assert_eq!(token.roles, ["official"]);
    }
    assert_eq!(bed.fetched(), 1);
}

#[tokio::test]
async fn keys_are_refreshed_behind_the_callers_and_a_withdrawn_one_is_believed_no_more() {
    let bed = bed().await;
    assert_eq!(bed.ask().await, Ok(()));
    bed.issuer.slow.store(true, Ordering::Relaxed);
    bed.clock.advance(Duration::from_mins(61));
    let begun = std::time::Instant::now();
    assert_eq!(bed.ask().await, Ok(()));
    assert!(begun.elapsed() < Duration::from_millis(200), "nobody waits for keys that are known");
    bed.until_fetched(2).await;
    assert_eq!(bed.ask().await, Ok(()));
    assert_eq!(bed.fetched(), 2, "once for all");
    bed.issuer.slow.store(false, Ordering::Relaxed);
    *bed.issuer.keys.lock().unwrap() = json!({"keys": []});
    bed.clock.advance(Duration::from_mins(61));
    let _ = bed.ask().await;
    bed.until_fetched(3).await;
    assert_eq!(bed.ask().await, Err(Refusal::Unauthenticated), "the issuer withdrew the key");
}

#[tokio::test]
async fn many_first_tokens_ask_the_issuer_once() {
    let bed = bed().await;
    bed.issuer.slow.store(true, Ordering::Relaxed);
    let all = futures_util::future::join_all((0..20).map(|_| bed.ask())).await;
    assert_eq!(all, [Ok(()); 20]);
    assert_eq!(bed.fetched(), 1);
}

#[tokio::test]
async fn an_issuer_that_is_away_is_said_to_be_and_is_left_alone_for_a_moment() {
    let bed = bed().await;
    bed.issuer.away.store(true, Ordering::Relaxed);
    let problem = bed.issuers.verify(&bed.sign(&bed.claims())).await.unwrap_err();
    assert_eq!((problem.refusal, problem.retry_after), (Refusal::Busy, Some(Duration::from_secs(10))));
    for _ in 0..5 {
        assert_eq!(bed.ask().await, Err(Refusal::Busy));
    }
    assert_eq!(bed.fetched(), 1);
    bed.issuer.away.store(false, Ordering::Relaxed);
    bed.clock.advance(Duration::from_secs(10));
    assert_eq!(bed.ask().await, Ok(()));
}

#[tokio::test]
async fn known_keys_outlive_their_issuer_for_a_day_and_not_longer() {
    let bed = bed().await;
    assert_eq!(bed.ask().await, Ok(()));
    bed.issuer.away.store(true, Ordering::Relaxed);
    for hours in [2, 10, 11] {
        bed.clock.advance(Duration::from_hours(hours));
        assert_eq!(bed.ask().await, Ok(()), "after {hours} hours more");
    }
    bed.clock.advance(Duration::from_hours(1));
    assert_eq!(bed.ask().await, Err(Refusal::Busy), "the issuer may have withdrawn it since");
}

#[tokio::test]
async fn a_token_says_whether_a_program_comes_for_itself_and_a_block_for_whom() {
    let bed = bed().await;
    let actor = async |change: &Value| {
        let mut claims = bed.claims();
        for (claim, value) in change.as_object().unwrap() {
            claims[claim] = value.clone();
        }
        bed.issuers.verify(&bed.sign(&claims)).await.unwrap().actor
    };
    let person = actor(&json!({"client_id": "app", "act": {"sub": "gateway"}})).await;
    assert_eq!((person.kind, person.on_behalf_of), (ActorKind::Official, None));
    assert_eq!(actor(&json!({"sub": "robot", "client_id": "robot"})).await.kind, ActorKind::System);
    let block = actor(&json!({"sub": "block:payments", "act": {"sub": "ada@https://id.example"}})).await;
    assert_eq!(block.id, format!("block:payments@{}", bed.url));
    assert_eq!((block.kind, block.on_behalf_of.as_deref()), (ActorKind::System, Some("ada@https://id.example")));
}

#[tokio::test]
async fn a_token_that_does_not_hold_in_every_point_is_refused() {
    let bed = bed().await;
    let now = bed.clock.now().seconds();
    for (claim, value) in [
        ("iss", json!("https://elsewhere.example")),
        ("aud", json!("another")),
        ("aud", Value::Null),
        ("exp", json!(now - 61)),
        ("exp", Value::Null),
        ("exp", json!("tomorrow")),
        ("nbf", json!(now + 61)),
        ("sub", json!("")),
        ("sub", Value::Null),
    ] {
        let mut claims = bed.claims();
        claims[claim] = value.clone();
        assert!(bed.is_refused(&bed.sign(&claims)).await, "{claim} = {value}");
    }
    let mut late = bed.claims();
    late["exp"] = json!(now - 30);
    assert!(!bed.is_refused(&bed.sign(&late)).await, "clocks may be a minute apart");
    for garbage in ["", "a.b.c", "x", &"a".repeat(20_000)] {
        assert!(bed.is_refused(garbage).await, "{garbage}");
    }
}

#[tokio::test]
async fn a_token_cannot_choose_its_algorithm_or_its_key() {
    let bed = bed().await;
    let part = |value: &Value| {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string())
    };
    let good = bed.sign(&bed.claims());
    let signature = good.rsplit('.').next().unwrap();
    for header in [json!({"alg": "none"}), json!({"alg": "HS256", "kid": "one"}), json!({"alg": "RS256", "kid": "one"})]
    {
        for tail in ["", signature] {
            let token = format!("{}.{}.{tail}", part(&header), part(&bed.claims()));
            assert!(bed.is_refused(&token).await, "{header}");
        }
    }
    // The public key as the secret of a symmetric signature: the classic confusion.
    let public = jwk(&bed.key, Algorithm::ES256, "one").to_string();
    let header = Header { kid: Some("one".to_owned()), ..Header::new(Algorithm::HS256) };
    let confused = encode(&header, &bed.claims(), &EncodingKey::from_secret(public.as_bytes())).unwrap();
    assert!(bed.is_refused(&confused).await);
    // Another key under the known id, and the algorithm of another family under it.
    let header = |algorithm| Header { kid: Some("one".to_owned()), ..Header::new(algorithm) };
    assert!(bed.is_refused(&encode(&header(Algorithm::ES256), &bed.claims(), &ec_key()).unwrap()).await);
    assert!(bed.is_refused(&encode(&header(Algorithm::EdDSA), &bed.claims(), &ed_key()).unwrap()).await);
    let mut altered = bed.claims();
    altered["roles"] = json!(["admin"]);
    let parts: Vec<&str> = good.split('.').collect();
    assert!(bed.is_refused(&format!("{}.{}.{}", parts[0], part(&altered), parts[2])).await);
    for (typ, crit) in [(Some("logout+jwt"), None), (Some("dpop+jwt"), None), (None, Some(vec!["exp".to_owned()]))] {
        let header = Header { typ: typ.map(str::to_owned), crit, ..header(Algorithm::ES256) };
        let token = encode(&header, &bed.claims(), &bed.key).unwrap();
        assert!(bed.is_refused(&token).await, "{header:?}");
    }
    for name in ["none", "HS256", "HS512", "", "es256"] {
        assert!(algorithm(name).is_err(), "{name}");
    }
}

#[tokio::test]
async fn unknown_keys_are_asked_for_seldom() {
    let bed = bed().await;
    bed.issuers.verify(&bed.sign(&bed.claims())).await.unwrap();
    let unknown = Header { kid: Some("two".to_owned()), ..Header::new(Algorithm::ES256) };
    let forged = encode(&unknown, &bed.claims(), &ec_key()).unwrap();
    for _ in 0..20 {
        assert!(bed.is_refused(&forged).await);
    }
    assert_eq!(bed.fetched(), 1, "a forger does not make us call the issuer");
    bed.clock.advance(Duration::from_secs(31));
    assert!(bed.is_refused(&forged).await);
    assert_eq!(bed.fetched(), 2, "a key that is new is found after a while");
}

#[tokio::test]
async fn a_discovery_document_of_another_issuer_is_not_believed() {
    let address = serve(Router::new().route(
        "/.well-known/openid-configuration",
        get(async || axum::Json(json!({"issuer": "https://good.example", "jwks_uri": "https://good.example/keys"}))),
    ))
    .await;
    let bed = bed().await;
    let issuer = Issuer {
        url: address.clone(),
        audiences: vec!["stoa".to_owned()],
        keys: KeySource::Discovered,
        algorithms: vec![Algorithm::ES256],
        roles_claim: "roles".to_owned(),
        tenant_claim: None,
    };
    let options = OutgoingOptions { allowed: vec!["127.0.0.1".parse().unwrap()], ..OutgoingOptions::default() };
    let client = Client::new(options, bed.clock.clone()).unwrap();
    let issuers = Issuers::new(vec![issuer], &client, bed.clock.clone()).unwrap();
    let mut claims = bed.claims();
    claims["iss"] = json!(address);
    assert!(issuers.verify(&bed.sign(&claims)).await.is_err());
}
