//! Wallets: a sign-in that one takes over, and keys that are bound to people.

use axum::http::Method;
use serde_json::{Value, json};
use stoa_test::{Answer, Caller, TestStoa};

use crate::clients::Key;
use crate::rp::{ISSUER, PASSWORD};

const LINKED: &str = "/identity/linked-authorization";

fn wrapped(request: &Value) -> Value {
    json!({"requestTime": "2026-11-27T12:00:00.000Z", "request": request})
}

/// The one code of a refusal; nothing for a success.
fn code(answer: &Value) -> String {
    let errors = answer["errors"].as_array().unwrap_or_else(|| panic!("{answer}"));
    assert!(errors.len() < 2, "{answer}");
    errors.first().map_or_else(String::new, |error| error["errorCode"].as_str().unwrap().to_owned())
}

/// A page that shows sign-ins itself, in one browser.
struct Page {
    caller: Caller,
}

impl Page {
    async fn open(stoa: &TestStoa) -> Self {
        let token = stoa.get(&Caller::anonymous(), "/identity/csrf/token").await.expect(200).json()["token"]
            .as_str()
            .unwrap()
            .to_owned();
        let caller = Caller::anonymous().with("cookie", &format!("XSRF-TOKEN={token}")).with("x-xsrf-token", &token);
        Self { caller }
    }

    async fn ask(&self, stoa: &TestStoa, path: &str, request: &Value) -> Answer {
        stoa.send(&self.caller, Method::POST, path, Some(&wrapped(request))).await
    }

    /// Begins a sign-in for the clinic; gives the name of the transaction.
    async fn begin(&self, stoa: &TestStoa, changes: &[(&str, Value)]) -> Value {
        let mut request = json!({"clientId": "clinic", "scope": "openid profile email", "responseType": "code",
            "redirectUri": "https://clinic.example.org/callback", "state": "s-1", "nonce": "n-1"});
        for (name, value) in changes {
            request[*name] = value.clone();
        }
        self.ask(stoa, "/identity/authorization/v3/oauth-details", &request).await.expect(200).json()
    }
}

/// The node, the id of the person and the secret of the client.
async fn ready() -> (TestStoa, String, String) {
    let config = [("identity", json!({"wallet_wait_seconds": 0}))];
    let stoa = TestStoa::with_config(&[stoa_identity::BLOCK], &config).await;
    let client = json!({"client_id": "clinic", "client_name": "Clinic", "token_endpoint_auth_method": "client_secret_post",
        "redirect_uris": ["https://clinic.example.org/callback"], "grant_types": ["authorization_code"],
        "scope": "openid profile email", "require_pkce": false});
    let made = stoa.post(&stoa.role("operator").await, "/identity/v1/clients", &client).await.expect(201).json();
    let secret = made["client_secret"].as_str().unwrap().to_owned();
    let person = crate::rp::enrol(&stoa, "Amina Juma", "amina").await;
    let id = person["id"].as_str().unwrap().to_owned();
    (stoa, id, secret)
}

async fn wallet(stoa: &TestStoa, path: &str, request: &Value) -> Value {
    stoa.post(&Caller::anonymous(), &format!("{LINKED}/{path}"), &wrapped(request)).await.expect(200).json()
}

fn text(answer: &Value, name: &str) -> String {
    answer["response"][name].as_str().unwrap_or_else(|| panic!("{name}: {answer}")).to_owned()
}

async fn linked(stoa: &TestStoa, page: &Page, transaction: &str) -> (String, String) {
    let made =
        page.ask(stoa, &format!("{LINKED}/link-code"), &json!({"transactionId": transaction})).await.expect(200).json();
    let code = text(&made, "linkCode");
    let told = wallet(stoa, "link-transaction", &json!({"linkCode": code})).await;
    (code, text(&told, "linkTransactionId"))
}

fn pin(value: &str) -> Value {
    json!([{"authFactorType": "PIN", "challenge": value, "format": "alpha-numeric"}])
}

#[tokio::test]
async fn a_wallet_signs_its_owner_in_on_another_device() {
    let (stoa, _, secret) = ready().await;
    let page = Page::open(&stoa).await;
    let begun = page.begin(&stoa, &[]).await;
    let transaction = text(&begun, "transactionId");
    assert_eq!(begun["response"]["clientName"], json!({"@none": "Clinic"}));
    assert!(begun["response"]["voluntaryClaims"].as_array().unwrap().contains(&json!("name")));
    let (link, name) = linked(&stoa, &page, &transaction).await;
    // Read twice it is the same sign-in.
    let again = wallet(&stoa, "link-transaction", &json!({"linkCode": link})).await;
    assert_eq!((text(&again, "linkedTransactionId"), text(&again, "clientName")), (name.clone(), "Clinic".to_owned()));
    let both = json!({"transactionId": transaction, "linkCode": link});
    let status = page.ask(&stoa, &format!("{LINKED}/link-status"), &both).await.expect(200).json();
    assert_eq!(status["response"]["linkStatus"], "LINKED");
    assert!(status["responseTIme"].is_string(), "{status}");
    let prove = async |individual: &str, challenges: Value| {
        let request = json!({"linkedTransactionId": name, "individualId": individual, "challengeList": challenges});
        code(&wallet(&stoa, "authenticate", &request).await)
    };
    assert_eq!(prove("", pin(PASSWORD)).await, "invalid_identifier");
    assert_eq!(prove("amina", json!([])).await, "invalid_no_of_challenges");
    assert_eq!(prove("amina", pin("not the password")).await, "auth_failed");
    assert_eq!(prove("nobody", pin(PASSWORD)).await, "auth_failed");
    let bio = json!([{"authFactorType": "BIO", "challenge": "a finger", "format": "encoded-json"}]);
    assert_eq!(prove("amina", bio).await, "auth_failed");
    assert_eq!(prove("amina", pin(PASSWORD)).await, "");
    assert_eq!(prove("amina", pin(PASSWORD)).await, "invalid_transaction_id");
    let agree = async |scopes: Value, claims: Value| {
        let request =
            json!({"linkedTransactionId": name, "permittedAuthorizeScopes": scopes, "acceptedClaims": claims});
        code(&wallet(&stoa, "consent", &request).await)
    };
    assert_eq!(agree(json!(["openid", "phone"]), json!([])).await, "invalid_permitted_scope");
    assert_eq!(agree(json!(["openid"]), json!(["phone_number"])).await, "invalid_accepted_claim");
    assert_eq!(agree(json!("openid"), json!([])).await, "invalid_permitted_scope");
    assert_eq!(agree(json!(["openid", "profile"]), json!(["name"])).await, "");
    let request = json!({"transactionId": transaction, "linkedCode": link});
    let given = page.ask(&stoa, &format!("{LINKED}/link-auth-code"), &request).await.expect(200).json();
    assert_eq!((text(&given, "state"), text(&given, "nonce")), ("s-1".to_owned(), "n-1".to_owned()));
    // Once: the sign-in is over.
    let twice = page.ask(&stoa, &format!("{LINKED}/link-auth-code"), &request).await.expect(200).json();
    assert_eq!((code(&twice).as_str(), twice.get("response")), ("invalid_transaction_id", None));
    let form = format!(
        "grant_type=authorization_code&client_id=clinic&client_secret={secret}&code={}&redirect_uri={}",
        text(&given, "code"),
        "https%3A%2F%2Fclinic.example.org%2Fcallback"
    );
    let kind = "application/x-www-form-urlencoded";
    let tokens = stoa.send_text(&Caller::anonymous(), Method::POST, "/identity/oauth/token", kind, form).await;
    let tokens = tokens.expect(200).json();
    let bearer =
        Caller::anonymous().with("authorization", &format!("Bearer {}", tokens["access_token"].as_str().unwrap()));
    let info = stoa.get(&bearer, "/identity/oidc/userinfo").await.expect(200).json();
    // The address was asked for, and the person did not give it.
    assert_eq!((info["name"].is_string(), info.get("email"), info.get("birthdate")), (true, None, None));
}

#[tokio::test]
async fn nothing_is_given_without_proof_and_consent() {
    let (stoa, person, _) = ready().await;
    let page = Page::open(&stoa).await;
    let transaction = text(&page.begin(&stoa, &[]).await, "transactionId");
    let (link, name) = linked(&stoa, &page, &transaction).await;
    let answer = async |page: &Page, transaction: &str, link: &str| {
        let request = json!({"transactionId": transaction, "linkedCode": link});
        code(&page.ask(&stoa, &format!("{LINKED}/link-auth-code"), &request).await.expect(200).json())
    };
    wallet(&stoa, "consent", &json!({"linkedTransactionId": name, "acceptedClaims": ["name"]})).await;
    // Agreed, and nobody proved who they are: the page waits, and gets nothing.
    assert_eq!(answer(&page, &transaction, &link).await, "response_timeout");
    assert_eq!(answer(&page, &transaction, "another").await, "invalid_link_code");
    assert_eq!(answer(&page, "another", &link).await, "invalid_transaction_id");
    assert_eq!(answer(&page, "another", "another").await, "invalid_link_code");
    assert_eq!(answer(&page, "another", "").await, "invalid_transaction_id");
    assert_eq!(answer(&page, &transaction, "").await, "invalid_link_code");
    let second = text(&page.begin(&stoa, &[]).await, "transactionId");
    assert_eq!(answer(&page, &second, &link).await, "invalid_link_code");
    // Another browser has another mark, and finds nothing under that name.
    let other = Page::open(&stoa).await;
    assert_eq!(answer(&other, &transaction, &link).await, "invalid_transaction_id");
    let ask = json!({"transactionId": transaction});
    let path = format!("{LINKED}/link-code");
    assert_eq!(code(&other.ask(&stoa, &path, &ask).await.expect(200).json()), "invalid_transaction_id");
    stoa.post(&Caller::anonymous(), &path, &wrapped(&ask)).await.expect(403);
    let forged = Caller::anonymous().with("cookie", "XSRF-TOKEN=a").with("x-xsrf-token", "b");
    stoa.post(&forged, &path, &wrapped(&ask)).await.expect(403);
    // Whoever is blocked between proof and answer gets nothing either.
    let request = json!({"linkedTransactionId": name, "individualId": "amina", "challengeList": pin(PASSWORD)});
    assert_eq!(code(&wallet(&stoa, "authenticate", &request).await), "");
    let state = json!({"state": "blocked", "reason": "lost"});
    stoa.put(&stoa.role("approver").await, &format!("/identity/v1/people/{person}/state"), &state).await.expect(200);
    assert_eq!(answer(&page, &transaction, &link).await, "invalid_transaction");
    // Also once the person is back: what was shown before then counts no more.
    let state = json!({"state": "active", "reason": "found"});
    stoa.clock.advance(std::time::Duration::from_secs(1));
    stoa.put(&stoa.role("approver").await, &format!("/identity/v1/people/{person}/state"), &state).await.expect(200);
    assert_eq!(answer(&page, &transaction, &link).await, "invalid_transaction");
}

#[tokio::test]
async fn a_code_that_is_shown_holds_for_a_minute() {
    let (stoa, ..) = ready().await;
    let page = Page::open(&stoa).await;
    let transaction = text(&page.begin(&stoa, &[]).await, "transactionId");
    let made = page.ask(&stoa, &format!("{LINKED}/link-code"), &json!({"transactionId": transaction})).await;
    let link = text(&made.expect(200).json(), "linkCode");
    assert_eq!(code(&wallet(&stoa, "link-transaction", &json!({"linkCode": "another"})).await), "invalid_link_code");
    stoa.clock.advance(std::time::Duration::from_secs(61));
    assert_eq!(code(&wallet(&stoa, "link-transaction", &json!({"linkCode": link})).await), "invalid_link_code");
    let bad = stoa.post(&Caller::anonymous(), &format!("{LINKED}/link-transaction"), &json!({"request": {}})).await;
    assert_eq!(code(&bad.expect(200).json()), "invalid_request");
}

#[tokio::test]
async fn what_begins_elsewhere_is_read_as_authorize_reads_it() {
    let (stoa, ..) = ready().await;
    let page = Page::open(&stoa).await;
    for (name, value, expected) in [
        ("clientId", json!("nobody"), "invalid_client_id"),
        ("redirectUri", json!("https://evil.example/"), "invalid_redirect_uri"),
        ("responseType", json!("token"), "invalid_response_type"),
        ("scope", json!("profile"), "invalid_scope"),
        ("prompt", json!("sometimes"), "invalid_prompt"),
        // Nothing that was asked for is passed over because of its type.
        ("acrValues", json!(["phr"]), "invalid_request"),
        ("maxAge", json!("0"), "invalid_request"),
        ("claims", json!("{}"), "invalid_request"),
        ("codeChallengeMethod", json!("plain"), "unsupported_pkce_challenge_method"),
    ] {
        let mut changes = vec![(name, value.clone())];
        if name == "codeChallengeMethod" {
            changes.push(("codeChallenge", json!("x".repeat(43))));
        }
        assert_eq!(code(&page.begin(&stoa, &changes).await), expected, "{name} {value}");
    }
    // The client means somebody else.
    let claims = json!({"id_token": {"sub": {"value": "another"}}});
    let transaction = text(&page.begin(&stoa, &[("claims", claims)]).await, "transactionId");
    let (_, name) = linked(&stoa, &page, &transaction).await;
    let request = json!({"linkedTransactionId": name, "individualId": "amina", "challengeList": pin(PASSWORD)});
    assert_eq!(code(&wallet(&stoa, "authenticate", &request).await), "auth_failed");
    let strict = page.begin(&stoa, &[("acrValues", json!("idbb:acr:linked-wallet-static-code"))]).await;
    assert_eq!(strict["response"]["authFactors"], json!([[{"type": "Wallet"}, {"type": "PIN"}]]));
}

#[tokio::test]
async fn a_bound_wallet_signs_for_its_owner_and_for_one_sign_in() {
    let (stoa, ..) = ready().await;
    let operator = stoa.role("operator").await;
    let partner = json!({"client_id": "maker", "client_name": "Wallet maker", "grant_types": ["client_credentials"],
        "redirect_uris": []});
    let secret = stoa.post(&operator, "/identity/v1/clients", &partner).await.expect(201).json()["client_secret"]
        .as_str()
        .unwrap()
        .to_owned();
    let by = operator.clone().with("partner-id", "maker").with("partner-api-key", &secret);
    let key = Key::new("wallet");
    let request = |challenge: &str, format: &str, key: Value| {
        wrapped(&json!({"individualId": "amina", "authFactorType": "WLA", "format": format, "publicKey": key,
            "challengeList": [{"authFactorType": "PIN", "challenge": challenge, "format": "alpha-numeric"}]}))
    };
    let path = "/identity/wallet-binding";
    let bind = async |by: &Caller, body: Value| stoa.post(by, path, &body).await;
    let good = request(PASSWORD, "jwt", key.public());
    bind(&Caller::anonymous(), good.clone()).await.expect(401);
    bind(&operator, good.clone()).await.expect(404);
    bind(&operator.clone().with("partner-id", "maker").with("partner-api-key", "wrong"), good.clone())
        .await
        .expect(404);
    for (body, expected) in [
        (request(PASSWORD, "runes", key.public()), "unsupported_challenge_format"),
        (request(PASSWORD, "jwt", json!("string")), "invalid_public_key"),
        (request("", "jwt", key.public()), "invalid_auth_challenge"),
        (request("not the password", "jwt", key.public()), "invalid_auth_challenge"),
    ] {
        assert_eq!(code(&bind(&by, body).await.expect(200).json()), expected);
    }
    let bound = bind(&by, good.clone()).await.expect(200).json();
    let user = text(&bound, "walletUserId");
    assert!(text(&bound, "certificate").starts_with("-----BEGIN CERTIFICATE-----"));
    assert_eq!(code(&bind(&by, good).await.expect(200).json()), "duplicate_public_key");
    // A wallet does not bind another one.
    let ends = stoa.clock.now().seconds() + 60;
    let token = key.assertion(&json!({"aud": ISSUER, "sub": user, "nonce": "", "exp": ends}));
    let second = json!({"individualId": "amina", "authFactorType": "WLA", "format": "jwt",
        "publicKey": Key::new("second").public(),
        "challengeList": [{"authFactorType": "WLA", "challenge": token, "format": "jwt"}]});
    assert_eq!(code(&bind(&by, wrapped(&second)).await.expect(200).json()), "invalid_auth_challenge");

    let page = Page::open(&stoa).await;
    let wanted = [("acrValues", json!("idbb:acr:linked-wallet"))];
    let transaction = text(&page.begin(&stoa, &wanted).await, "transactionId");
    let (_, name) = linked(&stoa, &page, &transaction).await;
    let (_, foreign) = linked(&stoa, &page, &transaction).await;
    let now = stoa.clock.now().seconds();
    let sign = |key: &Key, changes: &[(&str, Value)]| {
        let mut claims = json!({"aud": ISSUER, "sub": user, "nonce": name, "iat": now, "exp": now + 60});
        for (member, value) in changes {
            claims[*member] = value.clone();
        }
        key.assertion(&claims)
    };
    let prove = async |challenges: Value| {
        let request = json!({"linkedTransactionId": name, "individualId": "amina", "challengeList": challenges});
        code(&wallet(&stoa, "authenticate", &request).await)
    };
    let shown = |token: String| json!([{"authFactorType": "WLA", "challenge": token, "format": "jwt"}]);
    // A password alone is not what was asked for.
    assert_eq!(prove(pin(PASSWORD)).await, "auth_failed");
    for wrong in [
        sign(&Key::new("wallet"), &[]),
        sign(&key, &[("nonce", json!(foreign))]),
        sign(&key, &[("aud", json!("https://other.example"))]),
    ] {
        assert_eq!(prove(shown(wrong)).await, "auth_failed");
    }
    stoa.clock.advance(std::time::Duration::from_secs(30));
    assert_eq!(prove(shown(sign(&key, &[("exp", json!(now - 1))]))).await, "auth_failed");
    stoa.clock.advance(std::time::Duration::from_mins(5));
    assert_eq!(prove(shown(sign(&key, &[("exp", json!(now + 600))]))).await, "");
}

#[tokio::test]
async fn a_wallet_is_no_way_around_an_application_for_codes() {
    let (stoa, ..) = ready().await;
    let (browser, offer) = crate::sign_in::with_application(&stoa, "amina").await;
    let page = Page::open(&stoa).await;
    let transaction = text(&page.begin(&stoa, &[]).await, "transactionId");
    let (_, name) = linked(&stoa, &page, &transaction).await;
    let prove = async |challenges: Value| {
        let request = json!({"linkedTransactionId": name, "individualId": "amina", "challengeList": challenges});
        code(&wallet(&stoa, "authenticate", &request).await)
    };
    // The password is right, and is not enough: in a browser it would not be either.
    assert_eq!(prove(pin(PASSWORD)).await, "auth_failed");
    stoa.clock.advance(std::time::Duration::from_secs(30));
    let otp = crate::sign_in::code_of(&offer, stoa.clock.now().seconds());
    let both = json!([{"authFactorType": "PIN", "challenge": PASSWORD, "format": "alpha-numeric"},
        {"authFactorType": "OTP", "challenge": otp, "format": "number"}]);
    assert_eq!(prove(both).await, "");
    // Nor is a wallet bound by the password alone.
    let operator = stoa.role("operator").await;
    let partner = json!({"client_id": "maker", "client_name": "Wallet maker", "grant_types": ["client_credentials"],
        "redirect_uris": []});
    let made = stoa.post(&operator, "/identity/v1/clients", &partner).await.expect(201).json();
    let by = operator.with("partner-id", "maker").with("partner-api-key", made["client_secret"].as_str().unwrap());
    let request = json!({"individualId": "amina", "authFactorType": "WLA", "format": "jwt",
        "publicKey": Key::new("wallet").public(), "challengeList": pin(PASSWORD)});
    let answer = stoa.post(&by, "/identity/wallet-binding", &wrapped(&request)).await.expect(200).json();
    assert_eq!(code(&answer), "invalid_auth_challenge");
    drop(browser);
}

#[tokio::test]
async fn its_owner_sees_a_wallet_and_takes_it_away() {
    let letters = std::sync::Arc::new(crate::sign_in::Letters::default());
    let stoa = TestStoa::with_mail(&[stoa_identity::BLOCK], letters.clone()).await;
    crate::rp::enrol(&stoa, "Amina Juma", "amina").await;
    crate::rp::enrol(&stoa, "Baraka Otieno", "baraka").await;
    let operator = stoa.role("operator").await;
    let partner = json!({"client_id": "maker", "client_name": "Wallet maker", "grant_types": ["client_credentials"],
        "redirect_uris": []});
    let made = stoa.post(&operator, "/identity/v1/clients", &partner).await.expect(201).json();
    let by = operator.with("partner-id", "maker").with("partner-api-key", made["client_secret"].as_str().unwrap());
    let key = Key::new("wallet");
    let request = json!({"individualId": "amina", "authFactorType": "WLA", "format": "jwt", "publicKey": key.public(),
        "challengeList": pin(PASSWORD)});
    let bind = async || stoa.post(&by, "/identity/wallet-binding", &wrapped(&request)).await.expect(200).json();
    assert_eq!(code(&bind().await), "");
    assert_eq!(code(&bind().await), "duplicate_public_key");
    stoa.run_jobs("identity").await;
    let subjects: Vec<String> = letters.0.lock().unwrap().iter().map(|mail| mail.subject.clone()).collect();
    assert!(subjects.contains(&"A wallet was bound to you".to_owned()), "{subjects:?}");

    let signed_in = async |name: &str| {
        let browser = crate::rp::Browser::new(&stoa);
        let page = browser.follow(browser.get("/identity/me").await).await;
        browser.sign_in(&page, name, PASSWORD).await.expect(200);
        browser
    };
    let browser = signed_in("amina").await;
    let page = browser.get("/identity/me/security").await.expect(200);
    assert!(page.text().contains("Wallet maker"));
    let id = page.text().split("name=\"wallet\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    // Another person's form does not reach it.
    let other = signed_in("baraka").await;
    let form = other.get("/identity/me/security").await.expect(200);
    let guard = form.text().split("name=\"guard\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    other.post("/identity/me/wallet/remove", &[("guard", &guard), ("wallet", &id)]).await.expect(404);
    browser.submit(&page, "/identity/me/wallet/remove", &[]).await.expect(303);
    assert!(!browser.get("/identity/me/security").await.expect(200).text().contains("Wallet maker"));
    // It may be bound again.
    assert_eq!(code(&bind().await), "");
}
