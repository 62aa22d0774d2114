//! Discovery, keys and userinfo, as libraries find and use them; and keys that take turns.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use stoa_test::{Caller, TestStoa};

use crate::rp::{Browser, ISSUER, Rp, enrol, form, head};

async fn stoa() -> TestStoa {
    TestStoa::with(&[stoa_identity::BLOCK]).await
}

async fn keys(stoa: &TestStoa) -> Vec<Value> {
    let answer = stoa.get(&Caller::anonymous(), "/identity/.well-known/jwks.json").await.expect(200);
    assert!(answer.header("cache-control").contains("max-age=300"));
    answer.json()["keys"].as_array().unwrap().clone()
}

fn id(key: &Value) -> &str {
    key["kid"].as_str().unwrap()
}

#[tokio::test]
async fn the_provider_says_what_it_is_and_every_address_is_there() {
    let stoa = stoa().await;
    let nobody = Caller::anonymous();
    let document = stoa.get(&nobody, "/identity/.well-known/openid-configuration").await.expect(200).json();
    assert_eq!(document["issuer"], ISSUER);
    assert_eq!(stoa.get(&nobody, "/identity/.well-known/oauth-authorization-server").await.json(), document);
    for required in ["response_types_supported", "subject_types_supported", "id_token_signing_alg_values_supported"] {
        assert!(document[required].as_array().is_some_and(|list| !list.is_empty()), "{required}");
    }
    for (name, value) in document.as_object().unwrap() {
        let is_address = name.ends_with("_endpoint") || name == "jwks_uri";
        let Some(address) = value.as_str().filter(|_| is_address) else { continue };
        let path = address.strip_prefix("http://127.0.0.1:8080").unwrap();
        let status = stoa.send(&nobody, Method::GET, path, None).await.status.as_u16();
        assert!([200, 400, 401, 405].contains(&status), "{name}: {status}");
    }
    let keys = keys(&stoa).await;
    let names: BTreeSet<&str> = keys.iter().map(id).collect();
    assert_eq!(names.len(), keys.len());
    assert_eq!(keys[0]["kty"], "RSA");
    for key in &keys {
        assert!(key["d"].is_null() && key["use"] == "sig" && key["exp"].is_string(), "{key}");
    }
}

#[tokio::test]
async fn userinfo_takes_the_token_in_one_way_at_a_time() {
    let stoa = stoa().await;
    enrol(&stoa, "Amina Juma", "amina").await;
    let rp = Rp::new(&stoa, json!({"token_endpoint_auth_method": "client_secret_post"})).await;
    let code = rp.code(&Browser::new(&stoa), "amina", &[]).await;
    let secret = rp.secret.clone().unwrap();
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", crate::rp::CALLBACK),
        ("code_verifier", crate::rp::VERIFIER),
        ("client_id", "rp"),
        ("client_secret", secret.as_str()),
    ];
    let nobody = Caller::anonymous();
    let tokens = rp.post_as(&nobody, "/oauth/token", &pairs).await.expect(200).json();
    let access = tokens["access_token"].as_str().unwrap();
    let bearer = Caller::anonymous().with("authorization", &format!("Bearer {access}"));
    let path = "/identity/oidc/userinfo";
    let kind = "application/x-www-form-urlencoded";
    stoa.get(&bearer, path).await.expect(200);
    stoa.send(&bearer, Method::POST, path, None).await.expect(200);
    let body = form(&[("access_token", access)]);
    stoa.send_text(&nobody, Method::POST, path, kind, body.clone()).await.expect(200);
    let both = stoa.send_text(&bearer, Method::POST, path, kind, body).await.expect(400).json();
    assert_eq!(both["error"], "invalid_request");
    // Not in the address, where it would be logged and passed on.
    stoa.get(&nobody, &format!("{path}?access_token={access}")).await.expect(401);
    let missing = stoa.get(&nobody, path).await.expect(401);
    assert_eq!(missing.header("www-authenticate"), "Bearer realm=\"stoa\"");
    // Neither an ID token nor a key of the node is an access token.
    for wrong in [tokens["id_token"].as_str().unwrap(), "stoa_key", ""] {
        rp.userinfo(wrong).await.expect(401);
    }
    let key = stoa.role("admin").await;
    stoa.get(&key, path).await.expect(401);
    // And an access token of this provider is no key to the console's API by itself.
    stoa.get(&bearer, "/identity/v1/clients").await.expect(401);
}

#[tokio::test]
async fn keys_take_turns_by_themselves_and_nothing_breaks_meanwhile() {
    let stoa = stoa().await;
    let rp = Rp::new(
        &stoa,
        json!({"client_id": "program", "grant_types": ["client_credentials"], "redirect_uris": [],
        "scope": "x"}),
    )
    .await;
    let token = async || {
        let answer = rp.post("/oauth/token", &[("grant_type", "client_credentials")]).await.expect(200).json();
        answer["access_token"].as_str().unwrap().to_owned()
    };
    let of = |token: &str| head(token)["kid"].as_str().unwrap().to_owned();
    let first = of(&token().await);
    assert_eq!(keys(&stoa).await.len(), 4);
    stoa.clock.advance(Duration::from_hours(89 * 24));
    stoa.run_jobs("identity").await;
    // The next ones are published a day ahead, and do not sign yet.
    let published = keys(&stoa).await;
    assert_eq!(published.len(), 8);
    let old = token().await;
    assert_eq!(of(&old), first);
    stoa.clock.advance(Duration::from_hours(24) - Duration::from_mins(1));
    let last = token().await;
    assert_eq!(of(&last), first);
    stoa.clock.advance(Duration::from_mins(1));
    let second = of(&token().await);
    assert_ne!(second, first);
    assert!(published.iter().any(|key| id(key) == second));
    assert!(rp.is_active(&last).await);
    stoa.clock.advance(Duration::from_hours(7 * 24 + 1));
    stoa.run_jobs("identity").await;
    assert!(keys(&stoa).await.iter().all(|key| id(key) != first));
    // A node that slept for a year makes new ones at its first token.
    stoa.clock.advance(Duration::from_hours(400 * 24));
    assert!(![first, second].contains(&of(&token().await)));
}

#[tokio::test]
async fn in_an_emergency_everything_that_the_old_keys_signed_ends() {
    let stoa = stoa().await;
    enrol(&stoa, "Amina Juma", "amina").await;
    let rp = Rp::new(&stoa, json!({})).await;
    let browser = Browser::new(&stoa);
    let code = rp.code(&browser, "amina", &[]).await;
    let access = rp.redeem(&code).await.expect(200).json()["access_token"].as_str().unwrap().to_owned();
    let operator = stoa.role("operator").await;
    let before = keys(&stoa).await;
    stoa.clock.advance(Duration::from_secs(1));
    stoa.post(&operator, "/identity/v1/signing-keys", &json!({})).await.expect(200);
    rp.userinfo(&access).await.expect(200);
    assert_eq!(keys(&stoa).await.len(), 2 * before.len());
    let waiting = rp.code(&browser, "amina", &[]).await;
    stoa.clock.advance(Duration::from_secs(1));
    stoa.post(&operator, "/identity/v1/signing-keys", &json!({"emergency": true})).await.expect(200);
    rp.userinfo(&access).await.expect(401);
    let after = keys(&stoa).await;
    assert!(after.len() == 4 && before.iter().all(|old| after.iter().all(|key| id(key) != id(old))));
    // Codes are no signatures: a flow that is on its way goes on.
    let access = rp.redeem(&waiting).await.expect(200).json()["access_token"].as_str().unwrap().to_owned();
    rp.userinfo(&access).await.expect(200);
}
