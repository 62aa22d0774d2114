//! What is unique is the register's to say: the newest version's rules hold for every record, whichever version it was
//! or is written through, and for records that were there before the rule.

use axum::http::Method;
use serde_json::{Value, json};

use crate::room::{Room, faults, fields};

fn mail(unique: bool) -> Value {
    fields(&json!({"mail": {"type": "string", "unique": unique}, "n": {"type": "integer"}}))
}

#[tokio::test]
async fn a_new_rule_is_refused_while_records_break_it_and_they_are_named() {
    let room = Room::new().await;
    room.publish("x", mail(false)).await.expect(200);
    let mut twins = Vec::new();
    for n in 0..5 {
        let address = if n % 2 == 0 { "a@x".to_owned() } else { format!("{n}@x") };
        let made = room.create("x/1.0", json!({"mail": address, "n": n})).await.expect(200).json();
        if n % 2 == 0 {
            twins.push(made["uuid"].as_str().unwrap().to_owned());
        }
    }
    room.draft("x", mail(true)).await.expect(200);
    let impact = room.get("v1/registries/x/impact").await.expect(200).json();
    assert_eq!((&impact["duplicates"], &impact["misfits"], &impact["lookedAt"]), (&json!(2), &json!(0), &json!(5)));
    let refused = room.publish("x", mail(true)).await.expect(409);
    assert_eq!(refused.json()["code"], "registries.breaks_new_rules");
    assert_eq!(
        faults(&refused),
        [("/mail".to_owned(), "unique".to_owned()), ("/mail".to_owned(), "unique".to_owned())]
    );
    let words: Vec<String> =
        refused.json()["errors"].as_array().unwrap().iter().map(|e| e["message"].to_string()).collect();
    assert!(words.iter().all(|words| words.contains(&twins[0])), "{words:?}");
    assert!(words[0].contains(&twins[1]) && words[1].contains(&twins[2]), "{words:?}");
    assert!(!words.concat().contains("a@x"), "ids, no values");
    // Nothing was published, nothing is held back, and the draft is still there.
    let info = room.get("v1/registries/x").await.json();
    assert_eq!((info["versions"].as_array().unwrap().len(), &info["publication"]["isRefused"]), (1, &json!(true)));
    assert!(!info["draft"].is_null());
    room.create("x/1.0", json!({"mail": "1@x"})).await.expect(200);
    // With the twins gone it is published, and holds through the old version too.
    for id in &twins[1..] {
        room.data(Method::DELETE, &format!("x/1.0/{id}/delete"), json!({})).await.expect(204);
    }
    let more = room.list("x/1.0?query.mail=1@x").await["count"].clone();
    assert_eq!(more, 2);
    room.data(
        Method::PUT,
        "x/1.0/update",
        json!({"query": {"content": {"n": 1}}, "write": {"content": {"mail": "9@x"}}}),
    )
    .await
    .expect(200);
    let info = room.publish("x", mail(true)).await.expect(200).json();
    assert_eq!((&info["publication"], &info["draft"]), (&Value::Null, &Value::Null));
    for at in ["x/1.0", "x/2.0"] {
        for taken in ["a@x", "1@x", "9@x"] {
            assert_eq!(
                room.create(at, json!({"mail": taken})).await.expect(409).json()["code"],
                "registries.not_unique"
            );
        }
        room.create(at, json!({"mail": format!("new{at}")})).await.expect(200);
    }
}

#[tokio::test]
async fn a_rule_that_is_dropped_lets_go_and_one_that_returns_holds_again() {
    let room = Room::new().await;
    room.publish("x", mail(true)).await.expect(200);
    room.create("x/1.0", json!({"mail": "a@x", "n": 1})).await.expect(200);
    room.publish("x", mail(false)).await.expect(200);
    let (one, two) = ("x/1.0", "x/1.1");
    room.create(one, json!({"mail": "a@x", "n": 2})).await.expect(200);
    for n in [1, 2] {
        let found = room.read(two, json!({"n": n})).await.expect(200).json()["uuid"].as_str().unwrap().to_owned();
        room.data(Method::DELETE, &format!("{two}/{found}/delete"), json!({})).await.expect(204);
    }
    room.create(one, json!({"mail": "a@x", "n": 3})).await.expect(200);
    room.data(
        Method::PUT,
        &format!("{two}/update"),
        json!({"query": {"content": {"n": 3}}, "write": {"content": {"mail": "b@x"}}}),
    )
    .await
    .expect(200);
    room.publish("x", mail(true)).await.expect(200);
    room.create(one, json!({"mail": "b@x"})).await.expect(409);
    room.create(one, json!({"mail": "a@x"})).await.expect(200);
    // A deleted record's values are free, whichever version deletes it.
    let found = room.read(one, json!({"n": 3})).await.expect(200).json()["uuid"].as_str().unwrap().to_owned();
    room.get(&format!("v1/registries/x/records/{found}")).await.expect(200);
    let path = format!("/registries/v1/registries/x/records/{found}");
    room.stoa.delete(&room.by, &path).await.expect(204);
    room.create(one, json!({"mail": "b@x"})).await.expect(200);
}

#[tokio::test]
async fn groups_of_fields_hold_across_versions_and_types() {
    let room = Room::new().await;
    let schema = |kind: &str| {
        json!({"type": "object", "fieldsUniques": [["street", "house"]], "properties": {
            "street": {"type": "string"}, "house": {"type": kind}}})
    };
    room.publish("x", schema("string")).await.expect(200);
    room.create("x/1.0", json!({"street": "Long", "house": "7"})).await.expect(200);
    room.create("x/1.0", json!({"street": "Long", "house": "seven"})).await.expect(200);
    room.create("x/1.0", json!({"street": "Long"})).await.expect(200);
    room.publish("x", schema("integer")).await.expect(200);
    room.create("x/2.0", json!({"street": "Long", "house": 7})).await.expect(409);
    room.create("x/1.0", json!({"street": "Long", "house": "7"})).await.expect(409);
    room.create("x/1.0", json!({"street": "Long", "house": "seven"})).await.expect(409);
    room.create("x/2.0", json!({"street": "Long", "house": 8})).await.expect(200);
    room.create("x/1.0", json!({"street": "Long", "house": "8"})).await.expect(409);
}

#[tokio::test]
async fn old_records_are_found_and_shown_as_the_new_version_has_them() {
    let room = Room::new().await;
    let old = json!({"name": {"type": "string"}, "house": {"type": "string"}});
    room.publish("x", fields(&old)).await.expect(200);
    for (name, house) in [("Mari", "7"), ("Jüri", "seven"), ("Epp", "10")] {
        room.create("x/1.0", json!({"name": name, "house": house})).await.expect(200);
    }
    assert_eq!(room.list("x/1.0?search=mari").await["count"], 0);
    let new = json!({"name": {"type": "string", "isFulltext": true}, "house": {"type": "integer"}});
    room.draft("x", fields(&new)).await.expect(200);
    assert_eq!(room.get("v1/registries/x/impact").await.json()["misfits"], 1);
    room.publish("x", fields(&new)).await.expect(200);
    assert_eq!(room.column("x/1.0?search=mari", "name").await, ["Mari"]);
    assert_eq!(room.column("x/2.0?query.house=7", "name").await, ["Mari"]);
    assert_eq!(room.column("x/1.0?query.house=7", "name").await, ["Mari"]);
    assert_eq!(room.column("x/2.0?ordering=house", "house").await, [json!(7), json!(10), Value::Null]);
    assert_eq!(room.column("x/1.0?ordering=house", "house").await, ["10", "7", "seven"]);
    room.create("x/2.0", json!({"name": "Ott", "house": 8})).await.expect(200);
    assert_eq!(room.column("x/1.0?query.house=8", "house").await, ["8"]);
    // A field that the search is no longer to find is found no more.
    let less = json!({"name": {"type": "string"}, "house": {"type": "integer"}});
    room.publish("x", fields(&less)).await.expect(200);
    assert_eq!(room.list("x/1.0?search=mari").await["count"], 0);
}
