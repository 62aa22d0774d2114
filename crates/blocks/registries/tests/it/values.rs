//! Values are told apart exactly: long numbers, equal numbers in two spellings, long texts.

use axum::http::Method;
use serde_json::{Value, json};

use crate::room::Room;

const ALICE: i64 = 9_007_199_254_740_992;
const BOB: i64 = 9_007_199_254_740_993;

#[tokio::test]
async fn whole_numbers_of_any_length_name_one_record_each() {
    let room = Room::with(json!({
        "nid": {"type": "integer", "primaryKey": true}, "name": {"type": "string"}, "weight": {"type": "number"}
    }))
    .await;
    room.create("x/1.0", json!({"nid": ALICE, "name": "Alice", "weight": ALICE})).await.expect(200);
    room.create("x/1.0", json!({"nid": BOB, "name": "Bob", "weight": BOB})).await.expect(200);
    assert_eq!(room.read("x/1.0", json!({"nid": BOB})).await.expect(200).json()["content"]["name"], "Bob");
    assert_eq!(room.read("x/1.0", json!({"weight": BOB})).await.expect(200).json()["content"]["name"], "Bob");
    assert!(!room.exists("x/1.0", json!({"nid": BOB + 1})).await);
    assert_eq!(room.column(&format!("x/1.0?query.nid={BOB}"), "name").await, ["Bob"]);
    assert_eq!(room.column("x/1.0?ordering=-nid", "name").await, ["Bob", "Alice"]);
    let body = json!({"write": {"content": {"nid": BOB, "name": "Bobby"}}});
    let bob = room.data(Method::POST, "x/1.0/updateOrCreate", body).await.expect(200);
    assert_eq!(bob.json()["content"], json!({"nid": BOB, "name": "Bobby", "weight": BOB}));
    room.data(Method::DELETE, &format!("x/1.0/{BOB}/delete"), json!({})).await.expect(204);
    assert_eq!(room.column("x/1.0", "name").await, ["Alice"]);
}

#[tokio::test]
async fn one_number_in_two_spellings_is_one_value() {
    let room = Room::with(json!({"n": {"type": "number", "unique": true}, "m": {"type": "number"}})).await;
    room.create("x/1.0", json!({"n": 1, "m": 0.0})).await.expect(200);
    room.create("x/1.0", json!({"n": 1.0})).await.expect(409);
    room.create("x/1.0", json!({"n": 1.5})).await.expect(200);
    room.create("x/1.0", json!({"n": 15e-1})).await.expect(409);
    room.create("x/1.0", json!({"n": u64::MAX})).await.expect(200);
    room.create("x/1.0", json!({"n": u64::MAX - 1})).await.expect(200);
    assert!(room.exists("x/1.0", json!({"n": 1.0})).await);
    assert!(room.exists("x/1.0", json!({"m": -0.0})).await);
    assert_eq!(room.list(&format!("x/1.0?query.n={}", u64::MAX)).await["count"], 1);
}

#[tokio::test]
async fn long_texts_are_told_apart_by_their_ends_too() {
    let room = Room::with(json!({"t": {"type": "string"}, "l": {"type": "array"}})).await;
    let long = "a".repeat(130);
    for end in ["x", "y", "z"] {
        let text = format!("{long}{end}");
        room.create("x/1.0", json!({"t": text, "l": [text]})).await.expect(200);
    }
    let list = room.list(&format!("x/1.0?query.t={long}y")).await;
    assert_eq!((&list["count"], list["results"].as_array().unwrap().len()), (&json!(1), 1), "{list}");
    assert_eq!(room.list(&format!("x/1.0?search={long}z&filter=t")).await["count"], 1);
    assert_eq!(room.list(&format!("x/1.0?query.l={long}z")).await["count"], 1);
    assert_eq!(room.list(&format!("x/1.0?query.t={long}")).await["count"], 0);
}

#[tokio::test]
async fn a_query_of_a_wrong_type_names_its_field() {
    let room = Room::with(json!({
        "n": {"type": "integer"}, "b": {"type": "boolean"}, "d": {"type": "string", "format": "date"},
        "t": {"type": "string"}
    }))
    .await;
    for (query, pointer) in [
        ("query.n=abc", "?query.n"),
        ("query.b=perhaps", "?query.b"),
        ("query.d=2023-02-29", "?query.d"),
        ("query.n=1.5", "?query.n"),
        ("search=abc&filter=n", "?search"),
    ] {
        let answer = room.get(&format!("data/x/1.0?{query}")).await.expect(400);
        assert_eq!(crate::room::faults(&answer), [(pointer.to_owned(), "type".to_owned())], "{query}");
    }
    for content in [json!({"n": "abc"}), json!({"n": [1]}), json!({"n": 1.5})] {
        let answer = room.read("x/1.0", content.clone()).await.expect(400);
        assert_eq!(crate::room::faults(&answer), [("/query/content/n".to_owned(), "type".to_owned())], "{content}");
    }
    for query in ["query.n=7", "query.b=true", "query.d=2023-02-28", "query.t=7"] {
        assert_eq!(room.list(&format!("x/1.0?{query}")).await["count"], 0, "{query}");
    }
}

#[tokio::test]
async fn a_primary_key_may_look_like_a_record_id() {
    let room = Room::with(json!({"key": {"type": "string", "primaryKey": true}, "name": {"type": "string"}})).await;
    let key = "018f3c5e-7b1a-7c3d-9a55-0242ac120002";
    let made = room.create("x/1.0", json!({"key": key, "name": "Mari"})).await.expect(200).json();
    for name in [key, made["uuid"].as_str().unwrap()] {
        assert_eq!(room.get(&format!("data/x/1.0/{name}/readValue/name.json")).await.expect(200).json(), "Mari");
    }
    room.data(Method::DELETE, &format!("x/1.0/{key}/delete"), Value::Null).await.expect(204);
    room.data(Method::DELETE, &format!("x/1.0/{key}/delete"), Value::Null).await.expect(404);
    room.get(&format!("data/x/1.0/{key}/readValue/name.json")).await.expect(404);
}

#[tokio::test]
async fn a_value_with_signs_of_a_pattern_is_looked_for_as_it_is_first() {
    let room = Room::with(json!({"mail": {"type": "string"}})).await;
    for mail in ["john.x@y", "johnyx@y", "a+b(c"] {
        room.create("x/1.0", json!({"mail": mail})).await.expect(200);
    }
    assert_eq!(room.column("x/1.0?filter=mail&search=john.x@y", "mail").await, ["john.x@y"]);
    assert_eq!(room.column("x/1.0?filter=mail&search=a%2Bb(c", "mail").await, ["a+b(c"]);
    assert_eq!(room.list("x/1.0?filter=mail&search=john.*").await["count"], 2);
}
