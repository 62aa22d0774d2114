//! Tokens of this provider at the gate of its own node.

use serde_json::{Value, json};
use stoa_test::{Caller, TestStoa};

use crate::rp::{Browser, Rp, enrol};

const API: &str = "http://127.0.0.1:8080/identity/v1";

fn bearer(token: &Value) -> Caller {
    Caller::anonymous().with("authorization", &format!("Bearer {}", token["access_token"].as_str().unwrap()))
}

fn program(id: &str, changes: &[(&str, Value)]) -> Value {
    let mut described = json!({"client_id": id, "grant_types": ["client_credentials"], "redirect_uris": [],
        "scope": "x", "audiences": [API], "roles": ["operator"]});
    for (name, value) in changes {
        described[*name] = value.clone();
    }
    described
}

#[tokio::test]
async fn a_program_comes_in_with_its_roles_until_they_are_taken_away() {
    let stoa = TestStoa::with(&[stoa_identity::BLOCK]).await;
    let admin = stoa.role("admin").await;
    let rp = Rp::new(&stoa, program("program", &[])).await;
    let grant = [("grant_type", "client_credentials")];
    let token = rp.post("/oauth/token", &grant).await.expect(200).json();
    let by = bearer(&token);
    stoa.get(&by, "/identity/v1/clients").await.expect(200);
    // Not more than its roles bring.
    stoa.post(&by, "/identity/v1/people/search", &json!({})).await.expect(403);
    let mut described = program("program", &[("roles", json!(["auditor"]))]);
    described["client_name"] = json!("Program");
    described.as_object_mut().unwrap().remove("client_id");
    stoa.put(&admin, "/identity/v1/clients/program", &described).await.expect(200);
    stoa.get(&by, "/identity/v1/clients").await.expect(403);
    described["roles"] = json!(["operator"]);
    stoa.put(&admin, "/identity/v1/clients/program", &described).await.expect(200);
    stoa.get(&by, "/identity/v1/clients").await.expect(200);
    rp.post("/oauth/revoke", &[("token", token["access_token"].as_str().unwrap())]).await.expect(200);
    stoa.get(&by, "/identity/v1/clients").await.expect(401);
    let by = bearer(&rp.post("/oauth/token", &grant).await.expect(200).json());
    stoa.delete(&admin, "/identity/v1/clients/program").await.expect(204);
    stoa.get(&by, "/identity/v1/clients").await.expect(401);
}

#[tokio::test]
async fn a_token_for_somebody_else_opens_nothing() {
    let stoa = TestStoa::with(&[stoa_identity::BLOCK]).await;
    let grant = [("grant_type", "client_credentials")];
    for (id, audiences) in [
        ("none", json!([])),
        ("other", json!(["https://api.example.org"])),
        ("near", json!(["http://127.0.0.1:8080.evil.example/identity/v1"])),
        ("issuer", json!(["http://127.0.0.1:8080/identity"])),
    ] {
        let rp = Rp::new(&stoa, program(id, &[("audiences", audiences)])).await;
        let by = bearer(&rp.post("/oauth/token", &grant).await.expect(200).json());
        stoa.get(&by, "/identity/v1/clients").await.expect(401);
    }
}

#[tokio::test]
async fn an_official_comes_in_with_the_roles_of_this_moment() {
    let stoa = TestStoa::with(&[stoa_identity::BLOCK]).await;
    let admin = stoa.role("admin").await;
    let made = enrol(&stoa, "Amina Juma", "amina").await;
    let at = format!("/identity/v1/people/{}/roles", made["id"].as_str().unwrap());
    stoa.put(&admin, &at, &json!({"roles": ["official"]})).await.expect(200);
    let rp = Rp::new(&stoa, json!({"scope": "openid roles", "audiences": [API], "consent": "lawful"})).await;
    let browser = Browser::new(&stoa);
    let token = async |changes: &[(&str, &str)]| {
        let code = rp.code(&browser, "amina", changes).await;
        bearer(&rp.redeem(&code).await.expect(200).json())
    };
    let by = token(&[("scope", "openid roles"), ("resource", API)]).await;
    stoa.post(&by, "/identity/v1/people/search", &json!({})).await.expect(200);
    // Without the scope a token brings no role, without the resource it is for no block.
    stoa.post(&token(&[("scope", "openid"), ("resource", API)]).await, "/identity/v1/people/search", &json!({}))
        .await
        .expect(403);
    stoa.post(&token(&[("scope", "openid roles")]).await, "/identity/v1/people/search", &json!({})).await.expect(401);
    stoa.put(&admin, &at, &json!({"roles": []})).await.expect(200);
    stoa.post(&by, "/identity/v1/people/search", &json!({})).await.expect(403);
}
