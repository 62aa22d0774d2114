//! People as officials keep them: enrolled, found, corrected, forgotten; and what a copied database says of them.

use axum::http::Method;
use serde_json::{Value, json};
use stoa_store::{StoreError, Tx, params};
use stoa_test::TestStoa;

use crate::rp::{Browser, Rp, enrol};

async fn stoa() -> TestStoa {
    TestStoa::with(&[stoa_identity::BLOCK]).await
}

async fn found(stoa: &TestStoa, text: &str) -> Vec<String> {
    let by = stoa.role("official").await;
    let answer = stoa.post(&by, "/identity/v1/people/search", &json!({"text": text})).await.expect(200).json();
    let name = |one: &Value| one["profile"]["name"].as_str().unwrap_or("").to_owned();
    answer["items"].as_array().unwrap().iter().map(name).collect()
}

#[tokio::test]
async fn people_are_found_by_whole_words_and_by_identifiers() {
    let stoa = stoa().await;
    enrol(&stoa, "Amina Juma", "amina").await;
    enrol(&stoa, "José Ñandú Juma", "jose").await;
    assert_eq!(found(&stoa, "juma").await, ["José Ñandú Juma", "Amina Juma"]);
    assert_eq!(found(&stoa, "JUMA amina").await, ["Amina Juma"]);
    assert_eq!(found(&stoa, "jose nandu").await, ["José Ñandú Juma"]);
    assert_eq!(found(&stoa, "1990-04-21 amina").await, ["Amina Juma"]);
    assert_eq!(found(&stoa, "amina@EXAMPLE.org").await, ["Amina Juma"]);
    assert_eq!(found(&stoa, "jum").await, Vec::<String>::new());
    assert_eq!(found(&stoa, "?!").await, Vec::<String>::new());
    assert_eq!(found(&stoa, "").await.len(), 2);
}

#[tokio::test]
async fn a_double_is_found_before_it_is_made() {
    let stoa = stoa().await;
    let by = stoa.role("official").await;
    let mut body = json!({"profile": {"given_name": "Amina", "family_name": "Juma", "birthdate": "1990-04-21"}});
    stoa.post(&by, "/identity/v1/people", &body).await.expect(201);
    body["profile"] = json!({"name": "JUMA, Amina", "birthdate": "1990-04-21"});
    let answer = stoa.post(&by, "/identity/v1/people", &body).await.expect(409).json();
    assert_eq!(answer["code"], "identity.possible_duplicate");
    body["is_distinct"] = json!(true);
    stoa.post(&by, "/identity/v1/people", &body).await.expect(201);
    body["profile"]["birthdate"] = json!("1990-04-22");
    body["is_distinct"] = json!(false);
    stoa.post(&by, "/identity/v1/people", &body).await.expect(201);
}

#[tokio::test]
async fn an_identifier_names_one_person() {
    let stoa = stoa().await;
    let by = stoa.role("official").await;
    let one = enrol(&stoa, "Amina Juma", "amina").await;
    let two = enrol(&stoa, "Baraka Otieno", "baraka").await;
    let at = |one: &Value| format!("/identity/v1/people/{}", one["id"].as_str().unwrap());
    let add = |kind: &str, value: &str| json!({"kind": kind, "value": value});
    let to = format!("{}/identifiers", at(&one));
    stoa.post(&by, &to, &add("document", "A-1")).await.expect(201);
    let taken = stoa.post(&by, &format!("{}/identifiers", at(&two)), &add("document", "a-1")).await.expect(409).json();
    assert_eq!(taken["code"], "identity.identifier_taken");
    for wrong in [add("phone", "0712"), add("username", "a"), add("uin", "2363"), add("email", "x")] {
        stoa.post(&by, &to, &wrong).await.expect(422);
    }
    let vid = stoa.post(&by, &to, &add("vid", "")).await.expect(201).json();
    assert_eq!(vid["value"].as_str().unwrap().len(), 16);
    // Given up, it names nobody, and somebody else may have it.
    let person = stoa.get(&by, &at(&one)).await.expect(200).json();
    let held = person["identifiers"].as_array().unwrap();
    let id = |kind: &str| held.iter().find(|one| one["kind"] == kind).unwrap()["id"].as_str().unwrap().to_owned();
    stoa.delete(&by, &format!("{to}/{}", id("document"))).await.expect(204);
    stoa.delete(&by, &format!("{to}/{}", id("document"))).await.expect(404);
    stoa.delete(&by, &format!("{to}/{}", id("uin"))).await.expect(422);
    stoa.post(&by, &format!("{}/identifiers", at(&two)), &add("document", "A-1")).await.expect(201);
}

#[tokio::test]
async fn a_correction_is_a_new_version_and_undoes_nobody_elses() {
    let stoa = stoa().await;
    let by = stoa.role("official").await;
    let made = enrol(&stoa, "Amina Juma", "amina").await;
    let at = format!("/identity/v1/people/{}", made["id"].as_str().unwrap());
    let seen = stoa.get(&by, &at).await.expect(200).header("etag").to_owned();
    let body = json!({"profile": {"name": "Amina Otieno", "email": "new@example.org"}, "source": "marriage 7/2026"});
    let with = by.clone().with("if-match", &seen);
    stoa.put(&with, &format!("{at}/profile"), &body).await.expect(200);
    let late =
        stoa.put(&with, &format!("{at}/profile"), &json!({"profile": {"name": "Other"}})).await.expect(412).json();
    assert_eq!(late["code"], "identity.person_changed");
    let versions = stoa.get(&by, &format!("{at}/versions")).await.expect(200).json();
    let names: Vec<&str> =
        versions["items"].as_array().unwrap().iter().map(|one| one["profile"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Amina Otieno", "Amina Juma"]);
    assert_eq!(versions["items"][0]["source"], "marriage 7/2026");
    // The address for mail names her from now on, and the old one nobody.
    assert_eq!(found(&stoa, "new@example.org").await, ["Amina Otieno"]);
    assert_eq!(found(&stoa, "amina@example.org").await, Vec::<String>::new());
    assert_eq!(found(&stoa, "juma").await, Vec::<String>::new());
    let wrong = json!({"profile": {"name": "A\u{202e}B", "birthdate": "2190-01-01"}});
    let errors = stoa.put(&by, &format!("{at}/profile"), &wrong).await.expect(422).json();
    assert_eq!(errors["errors"][0]["pointer"], "/profile/name");
    assert_eq!(errors["errors"][1]["pointer"], "/profile/birthdate");
}

#[tokio::test]
async fn an_identity_out_of_use_opens_nothing_any_more() {
    let stoa = stoa().await;
    let made = enrol(&stoa, "Amina Juma", "amina").await;
    let rp = Rp::new(&stoa, json!({})).await;
    let browser = Browser::new(&stoa);
    let code = rp.code(&browser, "amina", &[("scope", "openid profile offline_access")]).await;
    let tokens = rp.redeem(&code).await.expect(200).json();
    let (access, refresh) = (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
    let waiting = rp.code(&browser, "amina", &[]).await;
    let approver = stoa.role("approver").await;
    let at = format!("/identity/v1/people/{}/state", made["id"].as_str().unwrap());
    stoa.put(&approver, &at, &json!({"state": "deceased", "reason": " "})).await.expect(422);
    stoa.put(&approver, &at, &json!({"state": "deceased", "reason": "Certificate 9/2026"})).await.expect(200);
    rp.userinfo(access).await.expect(401);
    rp.refresh(refresh).await.expect(400);
    rp.redeem(&waiting).await.expect(400);
    browser.get("/identity/me").await.expect(303);
    // Brought back, the person signs in anew; what was given out before stays over.
    stoa.put(&approver, &at, &json!({"state": "active", "reason": "A mistake"})).await.expect(200);
    rp.userinfo(access).await.expect(401);
    browser.get("/identity/me").await.expect(303);
    stoa.put(&stoa.role("official").await, &at, &json!({"state": "active", "reason": "x"})).await.expect(403);
}

#[tokio::test]
async fn roles_are_given_by_administrators_and_stand_in_tokens_that_ask_for_them() {
    let stoa = stoa().await;
    let made = enrol(&stoa, "Amina Juma", "amina").await;
    let at = format!("/identity/v1/people/{}/roles", made["id"].as_str().unwrap());
    let body = json!({"roles": ["official", "approver"]});
    let refused = stoa.put(&stoa.role("official").await, &at, &body).await.expect(403).json();
    assert_eq!(refused["code"], "identity.roles_not_given");
    stoa.put(&stoa.role("admin").await, &at, &body).await.expect(200);
    let rp = Rp::new(&stoa, json!({"scope": "openid roles", "consent": "lawful"})).await;
    let browser = Browser::new(&stoa);
    for (scope, expected) in [("openid roles", json!(["official", "approver"])), ("openid", Value::Null)] {
        let code = rp.code(&browser, "amina", &[("scope", scope)]).await;
        let tokens = rp.redeem(&code).await.expect(200).json();
        for token in ["id_token", "access_token"] {
            assert_eq!(crate::rp::claims(tokens[token].as_str().unwrap())["roles"], expected, "{scope} {token}");
        }
    }
}

/// Every value of every row of the block's database, and what of the evidence can be read.
async fn dump(stoa: &TestStoa) -> String {
    let mut text = String::new();
    for (table, columns) in [
        ("person", "state, roles"),
        ("identifier", "kind, tenant"),
        ("person_version", "changed_by, source"),
        ("factor", "kind, label"),
        ("person_session", "methods, device"),
        ("client_grant", "scope, claims, acr, methods"),
        ("consent", "scope, claims, purpose"),
        ("authorization_transaction", "request, methods"),
        ("person_read", "reader, claims, purpose"),
        ("audit_record", "action, object, detail"),
    ] {
        let sql = format!("SELECT {} FROM {table}", columns.replace(", ", " || ' ' || "));
        let read =
            async move |tx: &mut Tx<'_>| -> Result<Vec<(String,)>, StoreError> { tx.rows(&sql, params![]).await };
        for (row,) in stoa.stores["identity"].read(read).await.unwrap() {
            text.push_str(&row);
            text.push('\n');
        }
    }
    text
}

#[tokio::test]
async fn a_copied_database_says_nothing_about_anybody() {
    let stoa = stoa().await;
    let made = enrol(&stoa, "Amina Juma", "amina").await;
    let rp = Rp::new(&stoa, json!({})).await;
    let tokens = rp.redeem(&rp.code(&Browser::new(&stoa), "amina", &[]).await).await.expect(200).json();
    rp.userinfo(tokens["access_token"].as_str().unwrap()).await.expect(200);
    found(&stoa, "juma").await;
    let vid = made["identifiers"].as_array().unwrap().iter().find(|one| one["kind"] == "vid").unwrap()["value"].clone();
    let secrets = ["Amina", "Juma", "amina", "1990-04-21", "@example.org", vid.as_str().unwrap()];
    let text = dump(&stoa).await;
    assert!(text.contains("identity.person.enrol") && text.contains("identity.claims.read"), "{text}");
    for secret in secrets {
        assert!(!text.contains(secret), "{secret} stands in: {text}");
    }
    // Neither does the file itself, byte by byte.
    let file = stoa.path().join("identity.db");
    if file.exists() {
        let mut bytes = std::fs::read(&file).unwrap();
        bytes.extend(std::fs::read(stoa.path().join("identity.db-wal")).unwrap_or_default());
        for secret in secrets {
            let at = bytes.windows(secret.len()).position(|part| part == secret.as_bytes());
            assert_eq!(at, None, "{secret} stands in the file");
        }
    }
}

#[tokio::test]
async fn a_person_who_is_forgotten_is_gone_and_the_evidence_stays_whole() {
    let stoa = stoa().await;
    let made = enrol(&stoa, "Amina Juma", "amina").await;
    let rp = Rp::new(&stoa, json!({})).await;
    let code = rp.code(&Browser::new(&stoa), "amina", &[]).await;
    let tokens = rp.redeem(&code).await.expect(200).json();
    let at = format!("/identity/v1/people/{}", made["id"].as_str().unwrap());
    let approver = stoa.role("approver").await;
    stoa.post(&approver, &format!("{at}/erase"), &json!({"reason": "Her request"})).await.expect(204);
    stoa.get(&stoa.role("official").await, &at).await.expect(404);
    assert_eq!(found(&stoa, "juma").await, Vec::<String>::new());
    assert_eq!(found(&stoa, "amina").await, Vec::<String>::new());
    rp.userinfo(tokens["access_token"].as_str().unwrap()).await.expect(401);
    // The name is free for somebody else.
    enrol(&stoa, "Amina Other", "amina").await;
    assert!(dump(&stoa).await.contains("identity.person.erase"));
    stoa.send(&approver, Method::POST, &format!("{at}/erase"), Some(&json!({"reason": "again"}))).await.expect(404);
}
