//! The native API and the rules that hold for every way in.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use stoa_test::{Caller, TestStoa};

fn people() -> Value {
    json!({"code": "people", "name": "People", "schema": {"type": "object", "required": ["number", "name"], "properties": {
        "number": {"type": "string", "primaryKey": true, "personalDataId": true, "pattern": "[A-Z]{2}[0-9]{4}"},
        "name": {"type": "string", "minLength": 2, "maxLength": 40, "personalData": true, "isFulltext": true},
        "born": {"type": "string", "format": "date"},
        "children": {"type": "integer", "minimum": 0, "maximum": 30},
        "home": {"type": "object", "properties": {"town": {"type": "string", "enum": ["Tallinn", "Nairobi"]}}}
    }}})
}

async fn with_people() -> (TestStoa, Caller) {
    let stoa = TestStoa::with(&[stoa_registries::BLOCK]).await;
    let analyst = stoa.role("analyst").await;
    stoa.post(&analyst, "/registries/v1/registries", &people()).await.expect(201);
    stoa.post(&analyst, "/registries/v1/registries/people/publish", &json!({})).await.expect(200);
    (stoa, analyst)
}

const RECORDS: &str = "/registries/v1/registries/people/records";

#[tokio::test]
async fn a_register_is_designed_published_filled_and_looked_back_at() {
    let (stoa, analyst) = with_people().await;
    let made = stoa.post(&analyst, RECORDS, &json!({"number": "EE0001", "name": "Mari Maasikas", "children": 2})).await;
    let made = made.expect(201);
    assert_eq!(made.header("etag"), "\"1\"");
    let path = made.header("location").to_owned();
    let patch = |body: Value, tag: &'static str| {
        let by = analyst.clone().with("if-match", tag);
        let (stoa, path) = (&stoa, path.clone());
        async move { stoa.send(&by, Method::PATCH, &path, Some(&body)).await }
    };
    patch(json!({"children": 3, "home": {"town": "Tallinn"}}), "\"1\"").await.expect(200);
    patch(json!({"children": 4}), "\"1\"").await.expect(412);
    assert_eq!(patch(json!({"children": 3}), "\"2\"").await.expect(200).header("etag"), "\"2\"", "nothing changed");
    let changes = stoa.get(&analyst, &format!("{path}/changes")).await.expect(200).json();
    let changes = changes["items"].as_array().unwrap();
    assert_eq!(changes.len(), 2);
    assert_eq!(changes[0]["action"], "update");
    assert!(changes[0]["values"].as_array().unwrap().contains(&json!({"id": 4, "old": 2, "new": 3})));
    stoa.get(&analyst, &path).await.expect(200);
    let reads = stoa.get(&analyst, &format!("{path}/reads")).await.expect(200).json();
    // Two changes that answered the record, the log with its values, and the read itself.
    assert_eq!(reads["items"].as_array().unwrap().len(), 4);
    let usage = json!({"person": "EE0001", "registry": "people"});
    let usage = stoa.post(&analyst, "/registries/v1/personal-data-usage/search", &usage).await.expect(200).json();
    assert_eq!(usage["items"].as_array().unwrap().len(), 4);
    let found = stoa.get(&analyst, &format!("{RECORDS}?search=maasi")).await.expect(200).json();
    assert_eq!(found["total"], 1, "{found}");
    stoa.delete(&analyst, &format!("{path}?reason=entered%20twice")).await.expect(204);
    stoa.delete(&analyst, &path).await.expect(404);
    stoa.get(&analyst, &path).await.expect(404);
    assert_eq!(stoa.get(&analyst, RECORDS).await.json()["total"], 0);
    let document = stoa.get(&analyst, "/registries/v1/registries/people/versions/1.0/openapi.json").await.expect(200);
    assert_eq!(document.json()["openapi"], "3.1.0");
}

#[tokio::test]
async fn bad_input_names_its_field_and_changes_nothing() {
    let (stoa, analyst) = with_people().await;
    let bad = json!({"number": "EE1", "name": "x", "born": "2023-02-29", "children": 2.5, "home": {"town": "Riga"}, "age": 1});
    let problem = stoa.post(&analyst, RECORDS, &bad).await.expect(422).json();
    let named: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["pointer"].as_str().unwrap(), e["code"].as_str().unwrap()))
        .collect();
    assert_eq!(
        named,
        [
            ("/number", "pattern"),
            ("/name", "min"),
            ("/born", "type"),
            ("/children", "type"),
            ("/home/town", "enum"),
            ("/age", "unknown"),
        ]
    );
    let raw = |body: &'static str, kind: &'static str| {
        let key = analyst.clone();
        let stoa = &stoa;
        async move {
            let mut request = Request::post(RECORDS).header("content-type", kind);
            for (name, value) in key.headers() {
                request = request.header(name, value);
            }
            stoa.send_request(request.body(Body::from(body)).unwrap()).await
        }
    };
    assert_eq!(raw("{\"name\":", "application/json").await.expect(400).json()["code"], "web.invalid_json");
    assert_eq!(raw("", "application/json").await.expect(400).json()["code"], "web.invalid_json");
    assert_eq!(raw("[1]", "application/json").await.expect(422).json()["code"], "registries.invalid_record");
    raw("name=x", "application/x-www-form-urlencoded").await.expect(415);
    let huge = json!({"number": "EE0001", "name": "x".repeat(2_000_000)});
    assert_eq!(stoa.post(&analyst, RECORDS, &huge).await.expect(413).json()["code"], "web.body_too_large");
    assert_eq!(stoa.get(&analyst, RECORDS).await.json()["total"], 0);
    let good = json!({"number": "EE0001", "name": "Mari"});
    stoa.post(&analyst, RECORDS, &good).await.expect(201);
    assert_eq!(stoa.post(&analyst, RECORDS, &good).await.expect(409).json()["code"], "registries.not_unique");
    for path in ["/registries/v1/registries/none", "/registries/data/none/1.0", "/registries/data/people/9.9"] {
        stoa.get(&analyst, path).await.expect(404);
    }
    for path in ["/registries/data/..%2f..%2fetc/1.0", "/registries/v1/registries/..%2F..%2Fnode.db"] {
        stoa.get(&analyst, path).await.expect(404);
    }
    stoa.get(&analyst, &format!("{RECORDS}?page=0")).await.expect(400);
    stoa.get(&analyst, &format!("{RECORDS}/nonsense")).await.expect(400);
    let hanging = format!("{RECORDS}?filter=name&search=(a*)*%7B1000%7D%7B1000%7Db");
    stoa.get(&analyst, &hanging).await.expect(400);
    stoa.get(&analyst, &format!("{RECORDS}?filter=name&search=(a*)*b")).await.expect(200);
}

#[tokio::test]
async fn schemas_are_refused_with_every_fault_named() {
    let stoa = TestStoa::with(&[stoa_registries::BLOCK]).await;
    let analyst = stoa.role("analyst").await;
    let bad = json!({"code": "x", "schema": {"type": "object", "required": ["none"], "properties": {
        "a": {"type": "blob"}, "b": {"type": "string", "pattern": "("}, "c/d": {"type": "string"},
        "e": {"type": "integer", "minimum": 3, "maximum": 2}, "f": {"type": "string", "foreignKeys": [{"databaseKey": "x"}]}
    }}});
    let problem = stoa.post(&analyst, "/registries/v1/registries", &bad).await.expect(422).json();
    let pointers: Vec<_> =
        problem["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    assert_eq!(
        pointers,
        [
            "/required",
            "/properties/a/type",
            "/properties/b/pattern",
            "/properties/c~1d",
            "/properties/e/max",
            "/properties/f/foreignKeys"
        ]
    );
    let code = json!({"code": "../x", "schema": {"type": "object", "properties": {"a": {"type": "string"}}}});
    stoa.post(&analyst, "/registries/v1/registries", &code).await.expect(400);
    assert_eq!(stoa.get(&analyst, "/registries/v1/registries").await.json()["items"], json!([]));
}

#[tokio::test]
async fn old_records_are_read_under_new_versions_and_new_ones_under_old() {
    let (stoa, analyst) = with_people().await;
    let create = async |label: &str, content: Value| {
        let body = json!({"write": {"content": content}});
        stoa.post(&analyst, &format!("/registries/data/people/{label}/create"), &body).await
    };
    create("1.0", json!({"number": "EE0001", "name": "Mari"})).await.expect(200);
    let mut next = people();
    let fields = next["schema"]["properties"].as_object_mut().unwrap();
    let mut name = fields.remove("name").unwrap();
    name["id"] = json!(2);
    fields.insert("fullName".to_owned(), name);
    fields.insert("email".to_owned(), json!({"type": "string"}));
    next["schema"]["required"] = json!(["number", "fullName"]);
    stoa.put(&analyst, "/registries/v1/registries/people/draft", &next).await.expect(200);
    let impact = stoa.get(&analyst, "/registries/v1/registries/people/impact").await.expect(200).json();
    assert_eq!((&impact["label"], &impact["breaking"], &impact["records"]), (&json!("2.0"), &json!(true), &json!(1)));
    stoa.post(&analyst, "/registries/v1/registries/people/publish", &json!({})).await.expect(200);
    stoa.post(&analyst, "/registries/v1/registries/people/publish", &json!({})).await.expect(409);
    create("2.0", json!({"number": "EE0002", "fullName": "Jüri", "email": "j@example.org"})).await.expect(200);
    let old = stoa.get(&analyst, "/registries/data/people/1.0").await.expect(200).json();
    let new = stoa.get(&analyst, "/registries/data/people/2.0").await.expect(200).json();
    assert_eq!(old["results"], json!([{"number": "EE0001", "name": "Mari"}, {"number": "EE0002", "name": "Jüri"}]));
    assert_eq!(new["results"][0], json!({"number": "EE0001", "fullName": "Mari"}));
    assert_eq!(new["results"][1]["email"], "j@example.org");
}

#[tokio::test]
async fn links_to_other_registers_are_kept_whole() {
    let (stoa, analyst) = with_people().await;
    let people_id = stoa.get(&analyst, "/registries/v1/registries/people").await.json()["id"].clone();
    let cars = json!({"code": "cars", "schema": {"type": "object", "properties": {
        "plate": {"type": "string", "unique": true},
        "owner": {"type": "string", "foreignKeys": [{"databaseKey": people_id.to_string(), "values": [{"fieldKey": "1"}]}]}
    }}});
    stoa.post(&analyst, "/registries/v1/registries", &cars).await.expect(201);
    stoa.post(&analyst, "/registries/v1/registries/cars/publish", &json!({})).await.expect(200);
    let path = "/registries/v1/registries/cars/records";
    let problem = stoa.post(&analyst, path, &json!({"plate": "1", "owner": "EE0001"})).await.expect(422).json();
    assert_eq!(problem["errors"][0]["pointer"], "/owner");
    stoa.post(&analyst, RECORDS, &json!({"number": "EE0001", "name": "Mari"})).await.expect(201);
    stoa.post(&analyst, path, &json!({"plate": "1", "owner": "EE0001"})).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_race_for_a_unique_value_has_one_winner() {
    let (stoa, analyst) = with_people().await;
    let stoa = std::sync::Arc::new(stoa);
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (stoa, analyst) = (stoa.clone(), analyst.clone());
            tokio::spawn(async move {
                stoa.post(&analyst, RECORDS, &json!({"number": "EE0001", "name": "Mari"})).await.status.as_u16()
            })
        })
        .collect();
    let mut won = 0;
    for task in tasks {
        match task.await.unwrap() {
            201 => won += 1,
            status => assert_eq!(status, 409),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(stoa.get(&analyst, RECORDS).await.json()["total"], 1);
}

#[tokio::test]
async fn another_tenant_sees_nothing() {
    let (stoa, analyst) = with_people().await;
    stoa.post(&analyst, RECORDS, &json!({"number": "EE0001", "name": "Mari"})).await.expect(201);
    let stranger = stoa.role_of("admin", "elsewhere").await;
    assert_eq!(stoa.get(&stranger, "/registries/v1/registries").await.expect(200).json()["items"], json!([]));
    stoa.get(&stranger, RECORDS).await.expect(404);
    stoa.get(&stranger, "/registries/data/people/1.0").await.expect(404);
}

#[tokio::test]
async fn a_request_with_an_idempotency_key_is_done_once_and_answered_the_same() {
    let (stoa, analyst) = with_people().await;
    let with = |by: &Caller, key: &str| by.clone().with("idempotency-key", key);
    let mari = json!({"number": "EE0001", "name": "Mari"});
    let first = stoa.post(&with(&analyst, "k1"), RECORDS, &mari).await.expect(201);
    stoa.get(&analyst, first.header("location")).await.expect(200);
    for _ in 0..2 {
        let again = stoa.post(&with(&analyst, "k1"), RECORDS, &mari).await.expect(201);
        assert_eq!((again.body.clone(), again.header("location")), (first.body.clone(), first.header("location")));
        assert_eq!(again.header("etag"), first.header("etag"));
    }
    assert_eq!(stoa.get(&analyst, RECORDS).await.json()["total"], 1);
    let other = stoa.post(&with(&analyst, "k1"), RECORDS, &json!({"number": "EE0002", "name": "Jaan"})).await;
    assert_eq!(other.expect(409).json()["code"], "store.idempotency_conflict");
    // A refused request leaves its key free, and keys of different callers are different keys.
    stoa.post(&with(&analyst, "k2"), RECORDS, &json!({"number": "wrong", "name": "Jaan"})).await.expect(422);
    stoa.post(&with(&analyst, "k2"), RECORDS, &json!({"number": "EE0003", "name": "Jaan"})).await.expect(201);
    let colleague = stoa.role("analyst").await;
    stoa.post(&with(&colleague, "k1"), RECORDS, &json!({"number": "EE0004", "name": "Epp"})).await.expect(201);
    stoa.post(&with(&analyst, &"x".repeat(300)), RECORDS, &mari).await.expect(400);
    stoa.clock.advance(std::time::Duration::from_hours(25));
    stoa.post(&with(&analyst, "k1"), RECORDS, &json!({"number": "EE0005", "name": "Ott"})).await.expect(201);
}
