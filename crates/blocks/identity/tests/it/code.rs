//! The authorization code flow as a person and a service live through it (OpenID Connect Core §3.1, OAuth 2.1 §4.1).

use std::time::Duration;

use serde_json::json;
use stoa_test::TestStoa;

use crate::rp::{Browser, CALLBACK, ISSUER, PASSWORD, Rp, challenge, claims, enrol, head, parameter};

async fn stoa() -> TestStoa {
    TestStoa::with(&[stoa_identity::BLOCK]).await
}

#[tokio::test]
async fn a_person_signs_in_agrees_and_the_service_learns_what_was_agreed() {
    let stoa = stoa().await;
    enrol(&stoa, "Amina Juma", "amina").await;
    let rp = Rp::new(&stoa, json!({"purpose": "To pay your pension"})).await;
    let browser = Browser::new(&stoa);
    let page = browser.get(&rp.address(&[("scope", "openid profile email")])).await.expect(303);
    let page = browser.follow(page).await.expect(200);
    assert!(page.text().contains("Relying party") && page.text().contains("name=\"password\""));
    let policy = page.header("content-security-policy");
    assert!(policy.contains("form-action 'self' https://rp.example.org;"), "{policy}");
    let page = browser.sign_in(&page, "AMINA ", PASSWORD).await.expect(200);
    assert!(page.text().contains("To pay your pension") && page.text().contains("Amina Juma"));
    // The address for mail is not ticked.
    let answer =
        browser.submit(&page, "/identity/sign-in/consent", &[("claims", "name"), ("claims", "birthdate")]).await;
    let answer = browser.follow(answer).await.expect(303);
    assert_eq!(parameter(&answer, "state"), "a state");
    assert_eq!(parameter(&answer, "iss"), ISSUER);
    let tokens = rp.redeem(&parameter(&answer, "code")).await.expect(200);
    assert_eq!(tokens.header("cache-control"), "no-store");
    let tokens = tokens.json();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(300)));
    assert!(tokens["refresh_token"].is_null());

    let id = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!((&id["iss"], &id["aud"], &id["nonce"]), (&json!(ISSUER), &json!("rp"), &json!("a nonce")));
    assert_eq!((&id["acr"], &id["amr"]), (&json!("idbb:acr:static-code"), &json!(["pwd"])));
    assert_eq!(head(tokens["id_token"].as_str().unwrap())["alg"], "RS256");
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(head(access)["typ"], "at+jwt");
    let info = rp.userinfo(access).await.expect(200).json();
    assert_eq!(info, json!({"sub": id["sub"], "name": "Amina Juma", "birthdate": "1990-04-21"}));
    assert!(rp.is_active(access).await);

    // The person sees who read what.
    let history = browser.get("/identity/me/history").await.expect(200).text();
    assert!(history.contains("Relying party") && history.contains("To pay your pension"), "{history}");
    stoa.clock.advance(Duration::from_secs(301));
    rp.userinfo(access).await.expect(401);
    assert!(!rp.is_active(access).await);
}

#[tokio::test]
async fn what_was_agreed_is_not_asked_again_until_it_is_withdrawn() {
    let stoa = stoa().await;
    enrol(&stoa, "Amina Juma", "amina").await;
    let rp = Rp::new(&stoa, json!({})).await;
    let browser = Browser::new(&stoa);
    let first = rp.code(&browser, "amina", &[]).await;
    let tokens = rp.redeem(&first).await.expect(200).json();
    // Signed in and agreed: at once, also without a word.
    for changes in [&[][..], &[("prompt", "none")]] {
        let answer = browser.get(&rp.address(changes)).await.expect(303);
        assert!(!parameter(&answer, "code").is_empty());
    }
    let asked = browser.get(&rp.address(&[("prompt", "none"), ("scope", "openid email")])).await.expect(303);
    assert_eq!(parameter(&asked, "error"), "consent_required");
    let page = browser.get("/identity/me/services").await.expect(200);
    browser.submit(&page, "/identity/me/services/withdraw", &[]).await.expect(303);
    let answer = browser.get(&rp.address(&[("prompt", "none")])).await.expect(303);
    assert_eq!(parameter(&answer, "error"), "consent_required");
    rp.userinfo(tokens["access_token"].as_str().unwrap()).await.expect(401);
    // Nobody else is signed in here.
    let answer = Browser::new(&stoa).get(&rp.address(&[("prompt", "none")])).await.expect(303);
    assert_eq!(parameter(&answer, "error"), "login_required");
}

#[tokio::test]
async fn a_consent_is_asked_again_when_its_time_is_over() {
    let stoa = stoa().await;
    enrol(&stoa, "Amina Juma", "amina").await;
    let rp = Rp::new(&stoa, json!({"consent_days": 1})).await;
    let browser = Browser::new(&stoa);
    rp.code(&browser, "amina", &[]).await;
    stoa.clock.advance(Duration::from_hours(25));
    let page = browser.follow(browser.get(&rp.address(&[])).await).await;
    let page = browser.sign_in(&page, "amina", PASSWORD).await;
    assert!(page.text().contains("/identity/sign-in/consent"));
}

#[tokio::test]
async fn whoever_does_not_agree_goes_back_and_nothing_is_told() {
    let stoa = stoa().await;
    enrol(&stoa, "Amina Juma", "amina").await;
    let rp = Rp::new(&stoa, json!({})).await;
    let browser = Browser::new(&stoa);
    let page = browser.follow(browser.get(&rp.address(&[])).await).await;
    let page = browser.sign_in(&page, "amina", PASSWORD).await;
    let answer = browser.submit(&page, "/identity/sign-in/cancel", &[]).await.expect(303);
    assert_eq!(parameter(&answer, "error"), "access_denied");
    // The pages of that request are over.
    browser.submit(&page, "/identity/sign-in/consent", &[]).await.expect(410);
}

#[tokio::test]
async fn a_code_counts_once_and_a_second_time_ends_what_came_of_it() {
    let stoa = stoa().await;
    enrol(&stoa, "Amina Juma", "amina").await;
    let rp = Rp::new(&stoa, json!({})).await;
    let code = rp.code(&Browser::new(&stoa), "amina", &[]).await;
    let tokens = rp.redeem(&code).await.expect(200).json();
    let access = tokens["access_token"].as_str().unwrap();
    rp.userinfo(access).await.expect(200);
    assert_eq!(rp.redeem(&code).await.expect(400).json()["error"], "invalid_grant");
    let refused = rp.userinfo(access).await.expect(401);
    assert!(refused.header("www-authenticate").contains("error=\"invalid_token\""), "{:?}", refused.headers);
}

#[tokio::test]
async fn a_code_is_worth_nothing_to_anybody_else() {
    let stoa = stoa().await;
    enrol(&stoa, "Amina Juma", "amina").await;
    let rp = Rp::new(&stoa, json!({})).await;
    let other = Rp::new(&stoa, json!({"client_id": "other"})).await;
    let browser = Browser::new(&stoa);
    let code = rp.code(&browser, "amina", &[]).await;
    let wrong = |changes: &[(&'static str, &'static str)]| {
        let mut pairs = vec![
            ("grant_type", "authorization_code"),
            ("redirect_uri", CALLBACK),
            ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
        ];
        for (name, value) in changes {
            pairs.retain(|(held, _)| held != name);
            if !value.is_empty() {
                pairs.push((*name, *value));
            }
        }
        pairs
    };
    for changes in [
        &[("code_verifier", "")][..],
        &[("code_verifier", "another-verifier-that-is-long-enough-to-be-one")],
        &[("redirect_uri", "https://rp.example.org/other")],
    ] {
        let mut pairs = wrong(changes);
        pairs.push(("code", &code));
        assert_eq!(rp.post("/oauth/token", &pairs).await.expect(400).json()["error"], "invalid_grant", "{changes:?}");
    }
    assert_eq!(other.redeem(&code).await.expect(400).json()["error"], "invalid_grant");
    rp.redeem(&code).await.expect(200);
    let late = rp.code(&browser, "amina", &[]).await;
    stoa.clock.advance(Duration::from_secs(61));
    assert_eq!(rp.redeem(&late).await.expect(400).json()["error"], "invalid_grant");
}

#[tokio::test]
async fn refresh_tokens_take_turns_and_a_stolen_one_ends_all() {
    let stoa = stoa().await;
    enrol(&stoa, "Amina Juma", "amina").await;
    let rp = Rp::new(&stoa, json!({})).await;
    let code = rp.code(&Browser::new(&stoa), "amina", &[("scope", "openid profile offline_access")]).await;
    let first = rp.redeem(&code).await.expect(200).json();
    let one = first["refresh_token"].as_str().unwrap();
    let second = rp.refresh(one).await.expect(200).json();
    let two = second["refresh_token"].as_str().unwrap();
    assert_ne!(one, two);
    assert_eq!(claims(second["id_token"].as_str().unwrap())["sub"], claims(first["id_token"].as_str().unwrap())["sub"]);
    assert!(claims(second["id_token"].as_str().unwrap())["nonce"].is_null());
    assert!(rp.is_active(two).await && !rp.is_active(one).await);
    let pairs = [("grant_type", "refresh_token"), ("refresh_token", two), ("scope", "openid email")];
    assert_eq!(rp.post("/oauth/token", &pairs).await.expect(400).json()["error"], "invalid_scope");
    // Somebody else has the first one.
    assert_eq!(rp.refresh(one).await.expect(400).json()["error"], "invalid_grant");
    assert_eq!(rp.refresh(two).await.expect(400).json()["error"], "invalid_grant");
    rp.userinfo(second["access_token"].as_str().unwrap()).await.expect(401);
}

#[tokio::test]
async fn revoking_a_refresh_token_ends_the_grant_and_an_access_token_only_itself() {
    let stoa = stoa().await;
    enrol(&stoa, "Amina Juma", "amina").await;
    let rp = Rp::new(&stoa, json!({})).await;
    let other = Rp::new(&stoa, json!({"client_id": "other"})).await;
    let code = rp.code(&Browser::new(&stoa), "amina", &[("scope", "openid profile offline_access")]).await;
    let tokens = rp.redeem(&code).await.expect(200).json();
    let (access, refresh) = (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
    other.post("/oauth/revoke", &[("token", access)]).await.expect(200);
    other.post("/oauth/revoke", &[("token", refresh)]).await.expect(200);
    assert!(!other.is_active(access).await && rp.is_active(access).await && rp.is_active(refresh).await);
    rp.post("/oauth/revoke", &[("token", access), ("token_type_hint", "refresh_token")]).await.expect(200);
    assert!(!rp.is_active(access).await && rp.is_active(refresh).await);
    rp.post("/oauth/revoke", &[("token", refresh)]).await.expect(200);
    assert!(!rp.is_active(refresh).await);
    rp.post("/oauth/revoke", &[("token", "nonsense")]).await.expect(200);
    rp.post("/oauth/revoke", &[]).await.expect(400);
}

#[tokio::test]
async fn services_know_a_person_by_pseudonyms_of_their_own() {
    let stoa = stoa().await;
    enrol(&stoa, "Amina Juma", "amina").await;
    enrol(&stoa, "Baraka Otieno", "baraka").await;
    let sub = async |name: &str, changes: serde_json::Value| {
        let rp = Rp::new(&stoa, changes).await;
        let code = rp.code(&Browser::new(&stoa), name, &[]).await;
        let tokens = rp.redeem(&code).await.expect(200).json();
        claims(tokens["id_token"].as_str().unwrap())["sub"].as_str().unwrap().to_owned()
    };
    let one = sub("amina", json!({"client_id": "one"})).await;
    let two = sub("amina", json!({"client_id": "two"})).await;
    let three = sub("amina", json!({"client_id": "three", "relying_party_id": "ministry"})).await;
    let four = sub("amina", json!({"client_id": "four", "relying_party_id": "ministry"})).await;
    let other = sub("baraka", json!({"client_id": "five", "relying_party_id": "ministry"})).await;
    let public = sub("amina", json!({"client_id": "six", "subject_type": "public"})).await;
    let shared = sub("amina", json!({"client_id": "seven", "subject_type": "public"})).await;
    assert!(one != two && two != three && three == four && four != other && public == shared && public != one);
}

#[tokio::test]
async fn each_signature_that_a_service_chooses_is_made() {
    let stoa = stoa().await;
    enrol(&stoa, "Amina Juma", "amina").await;
    let keys: jsonwebtoken::jwk::JwkSet = serde_json::from_value(
        stoa.get(&stoa_test::Caller::anonymous(), "/identity/.well-known/jwks.json").await.expect(200).json(),
    )
    .unwrap();
    for name in ["RS256", "PS256", "ES256", "EdDSA"] {
        let id = format!("rp-{name}");
        let rp = Rp::new(
            &stoa,
            json!({"client_id": id, "id_token_signed_response_alg": name,
            "userinfo_signed_response_alg": name}),
        )
        .await;
        let code = rp.code(&Browser::new(&stoa), "amina", &[]).await;
        let tokens = rp.redeem(&code).await.expect(200).json();
        let info = rp.userinfo(tokens["access_token"].as_str().unwrap()).await.expect(200);
        assert_eq!(info.header("content-type"), "application/jwt");
        for token in [tokens["id_token"].as_str().unwrap(), &info.text()] {
            let header = jsonwebtoken::decode_header(token).unwrap();
            assert_eq!(format!("{:?}", header.alg), name);
            let key = keys.find(header.kid.as_ref().unwrap()).unwrap();
            let mut rules = jsonwebtoken::Validation::new(header.alg);
            rules.set_audience(&[&id]);
            rules.set_issuer(&[ISSUER]);
            rules.validate_exp = false;
            let key = jsonwebtoken::DecodingKey::from_jwk(key).unwrap();
            jsonwebtoken::decode::<serde_json::Value>(token, &key, &rules).unwrap();
        }
    }
}

#[tokio::test]
async fn a_pushed_request_counts_once_and_only_for_who_pushed_it() {
    let stoa = stoa().await;
    enrol(&stoa, "Amina Juma", "amina").await;
    let rp = Rp::new(&stoa, json!({"require_pushed_authorization_requests": true})).await;
    let other = Rp::new(&stoa, json!({"client_id": "other"})).await;
    let browser = Browser::new(&stoa);
    let plain = browser.get(&rp.address(&[])).await.expect(303);
    assert_eq!(parameter(&plain, "error"), "invalid_request");
    let challenge = challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    let pairs = [
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid"),
        ("state", "pushed"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    let push = async || {
        let pushed = rp.post("/oauth/par", &pairs).await.expect(201).json();
        pushed["request_uri"].as_str().unwrap().to_owned()
    };
    let uri = push().await;
    assert!(uri.starts_with("urn:ietf:params:oauth:request_uri:"));
    let at = |client: &str, uri: &str| {
        format!("/identity/authorize?{}", crate::rp::form(&[("client_id", client), ("request_uri", uri)]))
    };
    browser.get(&at("other", &uri)).await.expect(400);
    let page = browser.follow(browser.get(&at("rp", &uri)).await).await;
    let page = browser.sign_in(&page, "amina", PASSWORD).await;
    let answer = browser.follow(browser.submit(&page, "/identity/sign-in/consent", &[]).await).await;
    assert_eq!(parameter(&answer, "state"), "pushed");
    rp.redeem(&parameter(&answer, "code")).await.expect(200);
    browser.get(&at("rp", &uri)).await.expect(400);
    let late = push().await;
    stoa.clock.advance(Duration::from_secs(61));
    browser.get(&at("rp", &late)).await.expect(400);
    // Nothing is fetched from anywhere.
    browser.get(&at("rp", "https://rp.example.org/request.jwt")).await.expect(400);
    let wrong = [("redirect_uri", "https://evil.example/"), ("response_type", "code"), ("scope", "openid")];
    assert_eq!(rp.post("/oauth/par", &wrong).await.expect(400).json()["error"], "invalid_request");
    assert_eq!(other.post("/oauth/par", &[("request_uri", &uri)]).await.expect(400).json()["error"], "invalid_request");
}

#[tokio::test]
async fn an_answer_by_form_leads_to_the_service_only() {
    let stoa = stoa().await;
    enrol(&stoa, "Amina Juma", "amina").await;
    let rp = Rp::new(&stoa, json!({})).await;
    let browser = Browser::new(&stoa);
    rp.code(&browser, "amina", &[]).await;
    let page = browser.get(&rp.address(&[("response_mode", "form_post")])).await.expect(200);
    let text = page.text();
    assert!(text.contains("<form method=\"post\" action=\"https://rp.example.org/callback\" data-send>"), "{text}");
    assert!(text.contains("name=\"code\"") && text.contains("value=\"a state\""));
    assert!(page.header("content-security-policy").contains("form-action 'self' https://rp.example.org;"));
    // The other way round: a request that comes by a form.
    let answer = browser.post("/identity/authorize", &[("client_id", "rp"), ("scope", "openid")]).await.expect(303);
    assert_eq!(answer.header("location"), "/identity/authorize?client_id=rp&scope=openid");
}

#[tokio::test]
async fn what_is_not_a_services_own_is_refused_to_the_person() {
    let stoa = stoa().await;
    let rp = Rp::new(&stoa, json!({})).await;
    let browser = Browser::new(&stoa);
    for changes in [
        &[("client_id", "nobody")][..],
        &[("client_id", "")],
        &[("redirect_uri", "https://evil.example/callback")],
        &[("redirect_uri", "https://rp.example.org/callback/../evil")],
        &[("redirect_uri", "")],
    ] {
        let answer = browser.get(&rp.address(changes)).await.expect(400);
        assert_eq!(answer.header("location"), "", "{changes:?}");
    }
    let twice = format!("{}&scope=openid", rp.address(&[]));
    browser.get(&twice).await.expect(400);
    let far = rp.address(&[("state", &"x".repeat(3000))]);
    assert_eq!(parameter(&browser.get(&far).await.expect(303), "error"), "invalid_request");
}
