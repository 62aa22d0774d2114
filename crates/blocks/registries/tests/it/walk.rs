//! Every operation of the block's OpenAPI document: with the right, without a credential, without the permission, and
//! from another tenant.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stoa_test::{Example, TestStoa, walk};

fn example(path: &str, body: Option<Value>) -> Example {
    Example { path: path.to_owned(), body, names_a_thing: true }
}

#[tokio::test]
async fn every_operation_asks_for_its_permission() {
    let stoa = TestStoa::with(&[stoa_registries::BLOCK]).await;
    let admin = stoa.role("admin").await;
    let schema = json!({"type": "object", "properties": {"key": {"type": "string", "primaryKey": true}, "n": {"type": "integer"}}});
    for code in ["a", "b", "c"] {
        stoa.post(&admin, "/registries/v1/registries", &json!({"code": code, "schema": schema})).await.expect(201);
        stoa.post(&admin, &format!("/registries/v1/registries/{code}/publish"), &json!({})).await.expect(200);
    }
    stoa.put(&admin, "/registries/v1/registries/a/draft", &json!({"schema": schema})).await.expect(200);
    let mut records = Vec::new();
    for key in ["k1", "k2", "k3"] {
        let made = stoa.post(&admin, "/registries/v1/registries/a/records", &json!({"key": key})).await.expect(201);
        records.push(made.header("location").trim_start_matches("/registries").to_owned());
    }
    let id = |code: &str| {
        let (stoa, admin, code) = (&stoa, &admin, code.to_owned());
        async move { stoa.get(admin, &format!("/registries/v1/registries/{code}")).await.json()["id"].to_string() }
    };
    let webhook = json!({"url": "https://example.org/events"});
    let mut hooks = Vec::new();
    for _ in 0..2 {
        let made = stoa.post(&admin, "/registries/v1/webhooks", &webhook).await.expect(201);
        hooks.push(made.header("location").trim_start_matches("/registries").to_owned());
    }
    let (a, b) = (id("a").await, id("b").await);
    let data = "/data/a/1.0";
    let query = json!({"query": {"content": {"key": "k1"}}});
    let both = json!({"query": {"content": {"key": "k1"}}, "write": {"content": {"n": 1}}});
    let usage = json!({"person": "k1", "registry": "a"});
    let listed = |path: &str, body: Option<Value>| Example { names_a_thing: false, ..example(path, body) };
    let examples = BTreeMap::from([
        ("list_data", example(data, None)),
        ("create_data", example(&format!("{data}/create"), Some(json!({"write": {"content": {"key": "k9"}}})))),
        ("exists_data", example(&format!("{data}/exists"), Some(query.clone()))),
        ("read_data", example(&format!("{data}/read"), Some(query))),
        ("update_data", example(&format!("{data}/update"), Some(both.clone()))),
        ("update_entries_data", example(&format!("{data}/updateEntries"), Some(both.clone()))),
        ("update_or_create_data", example(&format!("{data}/updateOrCreate"), Some(both))),
        ("delete_data", example(&format!("{data}/k2/delete"), None)),
        ("read_value_data", example(&format!("{data}/k1/readValue/key.json"), None)),
        (
            "create_entries_data",
            example(&format!("{data}/createEntries"), Some(json!({"write": [{"content": {"key": "k10"}}]}))),
        ),
        ("my_personal_data_usage", example("/data/myPersonalDataUsage?userId=k1&databaseId=a", None)),
        ("list_databases", listed("/databases", None)),
        ("modify_database", listed("/database/modify", Some(json!({"code": "z", "schema": schema})))),
        ("read_database", example(&format!("/database/{a}"), None)),
        ("delete_database", example(&format!("/database/{b}"), None)),
        ("list_registries", listed("/v1/registries", None)),
        ("create_registry", listed("/v1/registries", Some(json!({"code": "y", "schema": schema})))),
        ("get_registry", example("/v1/registries/a", None)),
        ("delete_registry", example("/v1/registries/c", None)),
        ("put_draft", example("/v1/registries/a/draft", Some(json!({"schema": schema})))),
        ("get_impact", example("/v1/registries/a/impact", None)),
        ("publish_registry", example("/v1/registries/a/publish", Some(json!({})))),
        ("get_version_openapi", example("/v1/registries/a/versions/1.0/openapi.json", None)),
        ("list_records", example("/v1/registries/a/records", None)),
        ("create_record", example("/v1/registries/a/records", Some(json!({"key": "k11"})))),
        ("get_record", example(&records[0], None)),
        ("update_record", example(&records[0], Some(json!({"n": 2})))),
        ("delete_record", example(&records[2], None)),
        ("list_record_changes", example(&format!("{}/changes", records[0]), None)),
        ("list_record_reads", example(&format!("{}/reads", records[0]), None)),
        ("list_changes", example("/v1/registries/a/changes", None)),
        ("list_webhooks", listed("/v1/webhooks", None)),
        ("create_webhook", listed("/v1/webhooks", Some(webhook))),
        ("list_webhook_attempts", example(&format!("{}/attempts", hooks[0]), None)),
        ("remove_webhook", example(&hooks[1], None)),
        ("search_personal_data_usage", example("/v1/personal-data-usage/search", Some(usage))),
    ]);
    let wrong = walk(&stoa, "registries", &admin, &examples, &[]).await;
    assert_eq!(wrong, Vec::<String>::new());
}
