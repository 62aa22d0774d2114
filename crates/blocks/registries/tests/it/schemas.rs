//! A schema is read strictly: whatever its designer believes in is kept, or refused by name.

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
        json!({"type": "string", "id": 5, "minLength": 1, "maxLength": 9, "pattern": "[a-z]*"})
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
