//! Programs: how they prove who they are, and the tokens that they have for themselves.

use std::time::Duration;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};
use stoa_test::{Caller, TestStoa};

use crate::rp::{Browser, ISSUER, Rp, VERIFIER, claims, enrol, head, register};

async fn stoa() -> TestStoa {
    TestStoa::with(&[stoa_identity::BLOCK]).await
}

/// A key of a client.
pub(crate) struct Key {
    pair: EcdsaKeyPair,
    id: &'static str,
}

impl Key {
    pub(crate) fn new(id: &'static str) -> Self {
        Self { pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(), id }
    }

    pub(crate) fn public(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        json!({"kty": "EC", "crv": "P-256", "kid": self.id, "x": BASE64.encode(&point[1..33]), "y": BASE64.encode(&point[33..])})
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
        let rng = aws_lc_rs::rand::SystemRandom::new();
        let signature = self.pair.sign(&rng, message.as_bytes()).unwrap();
        format!("{message}.{}", BASE64.encode(signature))
    }

    pub(crate) fn assertion(&self, claims: &Value) -> String {
        self.sign(&json!({"alg": "ES256", "kid": self.id}), claims)
    }

    fn proof(&self, claims: &Value) -> String {
        let mut public = self.public();
        public.as_object_mut().unwrap().remove("kid");
        self.sign(&json!({"alg": "ES256", "typ": "dpop+jwt", "jwk": public}), claims)
    }
}

fn program() -> Value {
    json!({"client_id": "program", "grant_types": ["client_credentials"], "redirect_uris": [],
        "scope": "reports.read reports.write", "audiences": ["https://api.example.org", "https://other.example.org"],
        "roles": ["official"]})
}

#[tokio::test]
async fn a_program_has_tokens_for_itself() {
    let stoa = stoa().await;
    let rp = Rp::new(&stoa, program()).await;
    let tokens = rp.post("/oauth/token", &[("grant_type", "client_credentials")]).await.expect(200).json();
    let access = tokens["access_token"].as_str().unwrap();
    let said = claims(access);
    assert_eq!(
        (&said["sub"], &said["client_id"], &said["iss"]),
        (&json!("program"), &json!("program"), &json!(ISSUER))
    );
    assert_eq!(said["aud"], json!(["https://api.example.org", "https://other.example.org"]));
    assert_eq!((&said["scope"], &said["roles"]), (&json!("reports.read reports.write"), &json!(["official"])));
    assert_eq!((&head(access)["alg"], &head(access)["typ"]), (&json!("ES256"), &json!("at+jwt")));
    assert!(tokens["id_token"].is_null() && tokens["refresh_token"].is_null());
    let narrow =
        [("grant_type", "client_credentials"), ("scope", "reports.read"), ("resource", "https://api.example.org")];
    let said = claims(rp.post("/oauth/token", &narrow).await.expect(200).json()["access_token"].as_str().unwrap());
    assert_eq!((&said["scope"], &said["aud"]), (&json!("reports.read"), &json!(["https://api.example.org"])));
    for (name, value, error) in [
        ("scope", "reports.delete", "invalid_scope"),
        ("scope", "openid", "invalid_scope"),
        ("resource", "https://third.example.org", "invalid_target"),
    ] {
        let pairs = [("grant_type", "client_credentials"), (name, value)];
        assert_eq!(rp.post("/oauth/token", &pairs).await.expect(400).json()["error"], error, "{name}={value}");
    }
    // It opens nothing about a person.
    assert_eq!(rp.userinfo(access).await.expect(403).json()["error"], "insufficient_scope");
    assert!(rp.is_active(access).await);
    rp.post("/oauth/revoke", &[("token", access)]).await.expect(200);
    assert!(!rp.is_active(access).await);
}

#[tokio::test]
async fn a_resource_learns_about_tokens_that_are_for_it_and_no_others() {
    let stoa = stoa().await;
    let rp = Rp::new(&stoa, program()).await;
    let api = Rp::new(
        &stoa,
        json!({"client_id": "api", "grant_types": ["client_credentials"], "redirect_uris": [],
        "scope": "x", "audiences": ["https://api.example.org"]}),
    )
    .await;
    let third = Rp::new(
        &stoa,
        json!({"client_id": "third", "grant_types": ["client_credentials"], "redirect_uris": [],
        "scope": "x"}),
    )
    .await;
    let pairs = [("grant_type", "client_credentials"), ("resource", "https://api.example.org")];
    let tokens = rp.post("/oauth/token", &pairs).await.expect(200).json();
    let access = tokens["access_token"].as_str().unwrap();
    let said = api.post("/oauth/introspect", &[("token", access)]).await.expect(200).json();
    assert_eq!((&said["active"], &said["client_id"]), (&json!(true), &json!("program")));
    assert_eq!(
        third.post("/oauth/introspect", &[("token", access)]).await.expect(200).json(),
        json!({"active": false})
    );
    assert_eq!(api.post("/oauth/introspect", &[("token", "x.y.z")]).await.expect(200).json(), json!({"active": false}));
}

#[tokio::test]
async fn a_client_comes_in_by_its_own_way_only() {
    let stoa = stoa().await;
    let rp = Rp::new(&stoa, program()).await;
    let secret = rp.secret.clone().unwrap();
    let grant = ("grant_type", "client_credentials");
    let by_form = [grant, ("client_id", "program"), ("client_secret", secret.as_str())];
    let nobody = Caller::anonymous();
    // It is registered for the header.
    assert_eq!(rp.post_as(&nobody, "/oauth/token", &by_form).await.expect(401).json()["error"], "invalid_client");
    assert_eq!(rp.post("/oauth/token", &by_form).await.expect(400).json()["error"], "invalid_request");
    let refused = rp.post_as(&nobody, "/oauth/token", &[grant]).await.expect(401);
    assert_eq!(refused.json()["error"], "invalid_client");
    for pair in ["program:wrong", "nobody:x", "program", ""] {
        let pair = base64::engine::general_purpose::STANDARD.encode(pair);
        let by = nobody.clone().with("authorization", &format!("Basic {pair}"));
        let answer = rp.post_as(&by, "/oauth/token", &[grant]).await.expect(401);
        assert_eq!(answer.header("www-authenticate"), "Basic realm=\"stoa\"");
    }
    let again = [grant, grant];
    assert_eq!(rp.post("/oauth/token", &again).await.expect(400).json()["error"], "invalid_request");
    let as_json = stoa.post(&rp.basic(), "/identity/oauth/token", &json!({"grant_type": "client_credentials"})).await;
    assert_eq!(as_json.expect(400).json()["error"], "invalid_request");
    let other = rp.post("/oauth/token", &[("grant_type", "password"), ("username", "a"), ("password", "b")]).await;
    assert_eq!(other.expect(400).json()["error"], "unsupported_grant_type");
    let code = rp.post("/oauth/token", &[("grant_type", "authorization_code"), ("code", "x")]).await;
    assert_eq!(code.expect(400).json()["error"], "unauthorized_client");
}

#[tokio::test]
async fn a_new_secret_takes_over_without_a_pause() {
    let stoa = stoa().await;
    let admin = stoa.role("admin").await;
    let old = Rp::new(&stoa, program()).await;
    let made = stoa.post(&admin, "/identity/v1/clients/program/secrets", &json!({})).await.expect(201).json();
    let new =
        Rp { secret: made["client_secret"].as_str().map(str::to_owned), stoa: &stoa, client_id: "program".to_owned() };
    let grant = [("grant_type", "client_credentials")];
    old.post("/oauth/token", &grant).await.expect(200);
    new.post("/oauth/token", &grant).await.expect(200);
    stoa.clock.advance(Duration::from_hours(25));
    old.post("/oauth/token", &grant).await.expect(401);
    new.post("/oauth/token", &grant).await.expect(200);
    stoa.post(&admin, "/identity/v1/clients/program/secrets", &json!({"at_once": true})).await.expect(201);
    new.post("/oauth/token", &grant).await.expect(401);
}

#[tokio::test]
async fn a_client_signs_with_its_own_key_each_time_anew() {
    let stoa = stoa().await;
    let (key, other) = (Key::new("k1"), Key::new("k1"));
    let mut described = program();
    described["token_endpoint_auth_method"] = json!("private_key_jwt");
    described["jwks"] = json!({"keys": [key.public()]});
    let rp = Rp::new(&stoa, described).await;
    assert!(rp.secret.is_none());
    let now = stoa.clock.now().seconds();
    let good = json!({"iss": "program", "sub": "program", "aud": ISSUER, "exp": now + 60, "iat": now, "jti": "1"});
    let ask = async |assertion: &str| {
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let pairs =
            [("grant_type", "client_credentials"), ("client_assertion_type", kind), ("client_assertion", assertion)];
        rp.post("/oauth/token", &pairs).await
    };
    ask(&key.assertion(&good)).await.expect(200);
    // The same once more is somebody else's copy.
    ask(&key.assertion(&good)).await.expect(401);
    let with = |name: &str, value: Value| {
        let mut changed = good.clone();
        changed["jti"] = json!(format!("{name} {value}"));
        changed[name] = value;
        changed
    };
    ask(&key.assertion(&with("aud", json!([format!("{ISSUER}/oauth/token")])))).await.expect(200);
    for wrong in [
        with("aud", json!("https://other.example.org")),
        with("iss", json!("other")),
        with("sub", json!("other")),
        with("exp", json!(now - 61)),
        with("exp", json!(now + 100_000)),
        with("exp", Value::Null),
        with("nbf", json!(now + 600)),
        with("jti", Value::Null),
    ] {
        let answer = ask(&key.assertion(&wrong)).await.expect(401);
        assert_eq!(answer.json()["error"], "invalid_client", "{wrong}");
    }
    ask(&other.assertion(&with("x", json!(1)))).await.expect(401);
    let unsigned =
        format!("{}.{}.", BASE64.encode(r#"{"alg":"none"}"#), BASE64.encode(with("x", json!(2)).to_string()));
    ask(&unsigned).await.expect(401);
}

#[tokio::test]
async fn a_description_is_refused_with_the_fields_named() {
    let stoa = stoa().await;
    let admin = stoa.role("admin").await;
    let body = json!({"client_name": "", "redirect_uris": ["http://evil.example/"], "scope": "openid"});
    let answer = stoa.post(&admin, "/identity/v1/clients", &body).await.expect(422).json();
    let pointers: Vec<&str> =
        answer["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/client_name", "/redirect_uris/0"]);
    let answer = stoa.post(&admin, "/identity/connect/register", &body).await.expect(400).json();
    assert_eq!(answer["error"], "invalid_client_metadata");
    let body = json!({"client_name": "x", "redirect_uris": ["javascript:alert(1)"]});
    let answer = stoa.post(&admin, "/identity/connect/register", &body).await.expect(400).json();
    assert_eq!(answer["error"], "invalid_redirect_uri");
    let body = json!({"client_name": "x", "redirect_uris": ["https://x.example/"],
        "jwks": {"keys": [{"kty": "EC", "crv": "P-256", "x": "a", "y": "b", "d": "secret"}]}});
    assert!(stoa.post(&admin, "/identity/v1/clients", &body).await.expect(422).text().contains("private"));
    register(&stoa, json!({})).await;
    let again = json!({"client_id": "rp", "client_name": "x", "redirect_uris": ["https://x.example/"]});
    assert_eq!(
        stoa.post(&admin, "/identity/v1/clients", &again).await.expect(409).json()["code"],
        "identity.client_taken"
    );
    // A name is never given again, and whoever is not an administrator gives no roles.
    stoa.delete(&admin, "/identity/v1/clients/rp").await.expect(204);
    stoa.post(&admin, "/identity/v1/clients", &again).await.expect(409);
    let operator = stoa.role("operator").await;
    let mut with_roles = program();
    with_roles["client_name"] = json!("Program");
    stoa.post(&operator, "/identity/v1/clients", &with_roles).await.expect(403);
    with_roles["roles"] = json!([]);
    with_roles["scope"] = json!("reports.read roles");
    stoa.post(&operator, "/identity/v1/clients", &with_roles).await.expect(403);
    with_roles["scope"] = json!("reports.read");
    stoa.post(&operator, "/identity/v1/clients", &with_roles).await.expect(201);
}

#[tokio::test]
async fn a_token_that_is_bound_to_a_key_is_worth_nothing_without_it() {
    let stoa = stoa().await;
    enrol(&stoa, "Amina Juma", "amina").await;
    let rp = Rp::new(&stoa, json!({"dpop_bound_access_tokens": true})).await;
    let (key, other) = (Key::new("k"), Key::new("k"));
    let now = stoa.clock.now().seconds();
    let to_token = |jti: &str| json!({"htm": "POST", "htu": format!("{ISSUER}/oauth/token"), "iat": now, "jti": jti});
    let code = rp.code(&Browser::new(&stoa), "amina", &[]).await;
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", crate::rp::CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let with = |proof: &str| rp.basic().with("dpop", proof);
    assert_eq!(rp.post("/oauth/token", &pairs).await.expect(400).json()["error"], "invalid_dpop_proof");
    let mut wrong = to_token("1");
    wrong["htm"] = json!("GET");
    assert_eq!(
        rp.post_as(&with(&key.proof(&wrong)), "/oauth/token", &pairs).await.expect(400).json()["error"],
        "invalid_dpop_proof"
    );
    // A clock that is wrong is helped with a nonce.
    let mut early = to_token("2");
    early["iat"] = json!(now - 100_000);
    let answer = rp.post_as(&with(&key.proof(&early)), "/oauth/token", &pairs).await.expect(400);
    assert_eq!(answer.json()["error"], "use_dpop_nonce");
    early["nonce"] = json!(answer.header("dpop-nonce"));
    let answer = rp.post_as(&with(&key.proof(&early)), "/oauth/token", &pairs).await.expect(200);
    assert!(!answer.header("dpop-nonce").is_empty());
    let tokens = answer.json();
    assert_eq!(tokens["token_type"], "DPoP");
    let access = tokens["access_token"].as_str().unwrap();
    assert!(claims(access)["cnf"]["jkt"].is_string());

    rp.userinfo(access).await.expect(401);
    let hash = BASE64.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, access.as_bytes()));
    let to_info = json!({"htm": "GET", "htu": format!("{ISSUER}/oidc/userinfo"), "iat": now, "jti": "3", "ath": hash});
    let ask = async |proof: &str| {
        let by = Caller::anonymous().with("authorization", &format!("DPoP {access}")).with("dpop", proof);
        stoa.get(&by, "/identity/oidc/userinfo").await
    };
    let proof = key.proof(&to_info);
    ask(&proof).await.expect(200);
    assert_eq!(ask(&proof).await.expect(401).json()["error"], "invalid_dpop_proof");
    let mut again = to_info.clone();
    again["jti"] = json!("4");
    assert_eq!(ask(&other.proof(&again)).await.expect(401).json()["error"], "invalid_token");
    again["ath"] = json!("x");
    again["jti"] = json!("5");
    assert_eq!(ask(&key.proof(&again)).await.expect(401).json()["error"], "invalid_dpop_proof");
}

#[tokio::test]
async fn scripts_of_other_origins_may_ask_where_cookies_do_not_count() {
    let stoa = stoa().await;
    let by = Caller::anonymous().with("origin", "https://app.example.org");
    for path in ["/identity/.well-known/openid-configuration", "/identity/.well-known/jwks.json"] {
        let answer = stoa.get(&by, path).await.expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("access-control-allow-credentials"), "");
    }
    let answer = stoa.send(&by, axum::http::Method::OPTIONS, "/identity/oauth/token", None).await.expect(204);
    assert!(answer.header("access-control-allow-headers").contains("dpop"));
}
