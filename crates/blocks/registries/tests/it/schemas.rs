//! A schema is read strictly: whatever its designer believes in is kept, or refused by name.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::room::{Room, faults, fields};

#[tokio::test]
async fn a_rule_of_a_wrong_type_is_refused_by_its_name() {
    let room = Room::new().await;
    let field = |rules: Value| fields(&json!({"a": rules}));
    for (schema, place) in [
        (json!({"type": "object", "required": "a", "properties": {"a": {"type": "string"}}}), "/required"),
        (field(json!({"type": "string", "minLength": "five"})), "/properties/a/minLength"),
        (field(json!({"type": "string", "minLength": -1})), "/properties/a/minLength"),
        (field(json!({"type": "string", "unique": "yes"})), "/properties/a/unique"),
        (field(json!({"type": "string", "enum": "a"})), "/properties/a/enum"),
        (field(json!({"type": "string", "enum": [1]})), "/properties/a/enum"),
        (field(json!({"type": "string", "pattern": 7})), "/properties/a/pattern"),
        (field(json!({"type": "string", "foreignKeys": "x"})), "/properties/a/foreignKeys"),
        (field(json!({"type": "string", "id": "two"})), "/properties/a/id"),
        (field(json!({"type": "string", "id": 0})), "/properties/a/id"),
        (field(json!({"type": "string", "primaryKey": 1})), "/properties/a/primaryKey"),
        (field(json!({"type": "string", "description": 1})), "/properties/a/description"),
        (field(json!({"type": "string", "maxlength": 5})), "/properties/a/maxlength"),
        (field(json!({"type": "string", "required": true})), "/properties/a/required"),
        (field(json!({"type": "string", "format": "email"})), "/properties/a/format"),
        (field(json!({"type": "boolean", "minLength": 1})), "/properties/a/minLength"),
        (field(json!({"type": "boolean", "pattern": "a"})), "/properties/a/pattern"),
        (field(json!({"type": "integer", "maxLength": 1})), "/properties/a/maxLength"),
        (field(json!({"type": "integer", "enum": ["1"]})), "/properties/a/enum"),
        (field(json!({"type": "integer", "maximum": 9_007_199_254_740_993_i64})), "/properties/a/maximum"),
        (field(json!({"type": "array", "items": {"type": "integer"}})), "/properties/a/items"),
        (
            field(json!({"type": "string", "triggers": [{"actions": [{"type": "upper-case"}]}]})),
            "/properties/a/triggers",
        ),
        (field(json!({"type": "string", "numberFormat": "no index"})), "/properties/a/numberFormat"),
        (field(json!("string")), "/properties/a"),
        (json!({"type": "object", "incrementIndex": "x", "properties": {"a": {"type": "string"}}}), "/incrementIndex"),
        (json!({"type": "object", "fieldsUniques": [1], "properties": {"a": {"type": "string"}}}), "/fieldsUniques/0"),
        (json!({"type": "object", "oneOf": [], "properties": {"a": {"type": "string"}}}), "/oneOf"),
        (
            json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "string", "readOnly": true}}}),
            "/properties/a/readOnly",
        ),
        (
            fields(&json!({"a": {"type": "string", "primaryKey": true}, "b": {"type": "string", "primaryKey": true}})),
            "/properties/b/primaryKey",
        ),
    ] {
        let refused = room.draft("bad", schema.clone()).await.expect(422);
        let places: Vec<String> = faults(&refused).into_iter().map(|(place, _)| place).collect();
        assert_eq!(places, [place], "{schema}");
    }
    let good = json!({"type": "object", "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Good",
    "additionalProperties": false, "fieldsUniques": [["b"], [""]], "properties": {
        "a": {"type": "string", "$id": 5, "minLength": 1, "maxLength": 9, "pattern": "[a-z]*", "title": "A"},
        "b": {"type": "integer", "format": "int64", "min": 1, "max": 9},
        "c": {"type": "array", "items": {"type": "string"}, "enum": ["x", "y"]},
        "d": {"type": "number", "minimum": 0.1, "description": null}
    }});
    let drafted = room.draft("good", good).await.expect(201).json();
    assert_eq!(
        drafted["draft"]["properties"]["a"],
        json!({"type": "string", "title": "A", "id": 5, "minLength": 1, "maxLength": 9, "pattern": "[a-z]*"})
    );
    assert_eq!(drafted["draft"]["properties"]["b"]["maximum"], 9);
}

#[tokio::test]
async fn the_id_of_a_field_that_is_gone_is_not_given_to_another() {
    let room = Room::new().await;
    room.publish("x", fields(&json!({"a": {"type": "string"}, "secret": {"type": "string"}}))).await.expect(200);
    room.create("x/1.0", json!({"a": "1", "secret": "old"})).await.expect(200);
    room.publish("x", fields(&json!({"a": {"type": "string"}}))).await.expect(200);
    let refused = room.draft("x", fields(&json!({"a": {"type": "string"}, "b": {"type": "string", "id": 2}}))).await;
    assert_eq!(faults(&refused.expect(422)), [("/properties/b/id".to_owned(), "unique".to_owned())]);
    room.publish("x", fields(&json!({"a": {"type": "string"}, "b": {"type": "string"}}))).await.expect(200);
    assert_eq!(room.schema("x").await["properties"]["b"]["id"], 3);
    assert_eq!(room.column("x/2.1", "b").await, [Value::Null]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_registers_made_at_once_with_one_code_there_is_one() {
    let room = Arc::new(Room::new().await);
    let tasks: Vec<_> = (0..12)
        .map(|nth| {
            let room = Arc::clone(&room);
            tokio::spawn(async move {
                let body =
                    json!({"code": "x", "name": nth.to_string(), "schema": fields(&json!({"a": {"type": "string"}}))});
                (nth.to_string(), room.stoa.post(&room.by, "/registries/v1/registries", &body).await.status.as_u16())
            })
        })
        .collect();
    let mut won = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            (name, 201) => won.push(name),
            (_, status) => assert_eq!(status, 409),
        }
    }
    assert_eq!(won.len(), 1);
    assert_eq!(room.get("v1/registries/x").await.json()["name"], won[0]);
}

#[tokio::test]
async fn the_impact_names_marks_keys_and_groups() {
    let room = Room::new().await;
    let old = json!({"type": "object", "fieldsUniques": [["a", "b"]], "properties": {
        "a": {"type": "string", "primaryKey": true}, "b": {"type": "string", "personalData": true},
        "c": {"type": "string"}, "d": {"type": "string", "isFulltext": true}}});
    room.publish("x", old).await.expect(200);
    let new = json!({"type": "object", "fieldsUniques": [["b", "c"]], "properties": {
        "a": {"type": "string", "unique": true}, "b": {"type": "string"},
        "c": {"type": "string", "personalDataId": true}, "d": {"type": "string", "numberFormat": "D{indexNoByCode}"}}});
    room.draft("x", new).await.expect(200);
    let impact = room.get("v1/registries/x/impact").await.expect(200).json();
    let found: Vec<String> = impact["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| {
            format!(
                "{} {} {}",
                change["field"].as_str().unwrap(),
                change["kind"].as_str().unwrap(),
                change["words"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            "/a marked no longer names the record",
            "/b marked no longer holds personal data; its reads go on to be recorded",
            "/c marked names the person whose data it is",
            "/d marked is no longer found by the search",
            "/d marked is numbered by the register",
            "/a loosened unique together with /b",
            "/b tightened unique together with /c",
        ]
    );
    assert_eq!(impact["breaking"], true);
}
