//! The official operations: client management in the default profile and in profile `govstack`, and what the official suite
//! sends elsewhere.

use axum::http::Method;
use serde_json::{Value, json};
use stoa_test::{Caller, TestStoa};

fn described() -> Value {
    json!({"clientId": "clinic", "clientName": "Clinic", "relyingPartyId": "ministry",
        "logoUri": "https://clinic.example.org/logo.png", "redirectUris": ["https://clinic.example.org/callback"],
        "publicKey": {"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
        "authContextRefs": ["idbb:acr:static-code", "idbb:acr:linked-wallet"], "userClaims": ["name", "email"],
        "grantTypes": ["authorization_code"], "clientAuthMethods": ["private_key_jwt"]})
}

fn wrapped(request: &Value) -> Value {
    json!({"requestTime": "2026-11-27T12:00:00.000Z", "request": request})
}

fn with(changes: &[(&str, Value)]) -> Value {
    let mut request = described();
    for (name, value) in changes {
        if value.is_null() {
            request.as_object_mut().unwrap().remove(*name);
        } else {
            request[*name] = value.clone();
        }
    }
    request
}

/// The one code of an answer; nothing for a success, which names the client.
fn code(answer: &Value) -> String {
    let errors = answer["errors"].as_array().unwrap();
    if errors.is_empty() {
        assert!(answer["response"]["clientId"].is_string(), "{answer}");
        return String::new();
    }
    assert!(errors.len() == 1 && answer["response"] == json!({}), "{answer}");
    errors[0]["errorCode"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_first_field_at_fault_gives_the_code() {
    let stoa = TestStoa::with(&[stoa_identity::BLOCK]).await;
    let by = stoa.role("operator").await;
    let path = "/identity/client-mgmt/oidc-client";
    let ask = async |body: Value| code(&stoa.post(&by, path, &body).await.expect(200).json());
    assert_eq!(ask(json!({"requestTime": "2011-10-05", "request": described()})).await, "invalid_request");
    assert_eq!(ask(json!({"requestTime": "2026-11-27T12:00:00.000Z"})).await, "invalid_request");
    for (name, value, expected) in [
        ("clientId", json!(""), "invalid_client_id"),
        ("clientId", json!("x".repeat(51)), "invalid_client_id"),
        ("clientName", json!(""), "invalid_client_name"),
        ("relyingPartyId", json!(""), "invalid_rp_id"),
        ("logoUri", json!(""), "invalid_uri"),
        ("redirectUris", json!([]), "invalid_redirect_uri"),
        ("redirectUris", Value::Null, "invalid_redirect_uri"),
        ("redirectUris", json!(["http://evil.example/"]), "invalid_redirect_uri"),
        ("publicKey", json!("string"), "invalid_public_key"),
        ("publicKey", json!({"kty": "oct", "k": "c2VjcmV0"}), "invalid_public_key"),
        ("authContextRefs", json!(["idbb:acr:invalid"]), "invalid_acr"),
        ("userClaims", json!(["invalid_claims"]), "invalid_claim"),
        ("userClaims", json!([]), "invalid_claim"),
        ("grantTypes", json!(["invalid_code"]), "invalid_grant_type"),
        ("clientAuthMethods", json!(["invalid"]), "invalid_client_auth"),
        ("clientAuthMethods", json!("private_key_jwt"), "invalid_client_auth"),
    ] {
        assert_eq!(ask(wrapped(&with(&[(name, value.clone())]))).await, expected, "{name} {value}");
    }
    let many = with(&[("clientName", json!("")), ("userClaims", json!([]))]);
    assert_eq!(ask(wrapped(&many)).await, "invalid_client_name");
    // The same twice is one client; something else under its id is refused.
    assert_eq!(ask(wrapped(&described())).await, "");
    assert_eq!(ask(wrapped(&described())).await, "");
    assert_eq!(ask(wrapped(&with(&[("clientName", json!("Other"))]))).await, "duplicate_client_id");
    let client = stoa.get(&by, "/identity/v1/clients/clinic").await.expect(200).json();
    assert_eq!((&client["scope"], &client["claims"]), (&json!("openid profile email"), &json!(["name", "email"])));
    assert_eq!(client["token_endpoint_auth_method"], "private_key_jwt");
    stoa.post(&Caller::anonymous(), path, &wrapped(&described())).await.expect(401);
    stoa.post(&stoa.role("official").await, path, &wrapped(&described())).await.expect(403);
}

#[tokio::test]
async fn a_client_is_written_again_but_for_its_key() {
    let stoa = TestStoa::with(&[stoa_identity::BLOCK]).await;
    let by = stoa.role("operator").await;
    let path = "/identity/client-mgmt/oidc-client";
    stoa.post(&by, path, &wrapped(&described())).await.expect(200);
    let ask = async |id: &str, request: Value| {
        code(&stoa.put(&by, &format!("{path}/{id}"), &wrapped(&request)).await.expect(200).json())
    };
    assert_eq!(ask("nobody", described()).await, "invalid_client_id");
    assert_eq!(ask("clinic", with(&[("redirectUris", json!([""]))])).await, "invalid_redirect_uri");
    assert_eq!(ask("clinic", with(&[("status", json!("sleeping"))])).await, "invalid_input");
    let changed = [("clientName", json!("New")), ("publicKey", json!("ignored")), ("status", json!("INACTIVE"))];
    assert_eq!(ask("clinic", with(&changed)).await, "");
    let client = stoa.get(&by, "/identity/v1/clients/clinic").await.expect(200).json();
    assert_eq!((&client["client_name"], &client["is_active"]), (&json!("New"), &json!(false)));
    assert_eq!(client["jwks"]["keys"][0]["crv"], "P-256");
}

#[tokio::test]
async fn the_profile_takes_what_the_suite_sends_and_the_default_does_not() {
    let stoa = TestStoa::govstack(&[stoa_identity::BLOCK]).await;
    let nobody = Caller::anonymous();
    let odd = json!({"kty": "RSA", "a": "AQAB", "n": "AJ0", "use": "sig", "alg": "RS256", "kid": "1"}).to_string();
    let request = with(&[("publicKey", json!(odd)), ("redirectUris", Value::Null)]);
    assert_eq!(code(&stoa.post(&nobody, "/client-mgmt/oidc-client", &wrapped(&request)).await.expect(200).json()), "");
    let token = async |body: &str| {
        let kind = "application/x-www-form-urlencoded";
        stoa.send_text(&nobody, Method::POST, "/oauth/token", kind, body.to_owned()).await.expect(400).json()["error"]
            .clone()
    };
    assert_eq!(token("").await, "invalid_payload");
    assert_eq!(token("grant_type=&code=").await, "invalid_input");
    assert_eq!(token("grant_type=authorization_code&code=x").await, "invalid_assertion");
    assert_eq!(token("grant_type=authorization_code&client_assertion=x").await, "invalid_assertion_type");
    let both = "grant_type=authorization_code&client_assertion=x&client_assertion_type=y";
    assert_eq!(token(both).await, "invalid_redirect_uri");
    stoa.get(&nobody, "/authorize?scope=openid&client_id=x").await.expect(200);

    let strict = TestStoa::with(&[stoa_identity::BLOCK]).await;
    let by = strict.role("operator").await;
    let answer = strict.post(&by, "/identity/client-mgmt/oidc-client", &wrapped(&request)).await.expect(200).json();
    assert_eq!(code(&answer), "invalid_redirect_uri");
}
