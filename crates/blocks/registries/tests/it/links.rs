//! Links between registers hold from both ends, and never across tenants.

use axum::http::Method;
use serde_json::{Value, json};

use crate::room::{Room, faults, fields};

fn link(register: i64, field: i64) -> Value {
    json!([{"databaseKey": register.to_string(), "values": [{"fieldKey": field.to_string()}]}])
}

/// Countries, and cities that name them.
async fn with_cities() -> Room {
    let room = Room::new().await;
    let countries = json!({"code": {"type": "string", "primaryKey": true}, "name": {"type": "string"}});
    room.publish("countries", fields(&countries)).await.expect(200);
    let cities = json!({"name": {"type": "string"}, "country": {"type": "string", "foreignKeys": link(room.id_of("countries").await, 1)}});
    room.publish("cities", fields(&cities)).await.expect(200);
    for code in ["EE", "FI"] {
        room.create("countries/1.0", json!({"code": code})).await.expect(200);
    }
    room.create("cities/1.0", json!({"name": "Tallinn", "country": "EE"})).await.expect(200);
    room
}

#[tokio::test]
async fn what_is_referred_to_can_neither_go_nor_change_its_key() {
    let room = with_cities().await;
    let delete = async |key: &str| room.data(Method::DELETE, &format!("countries/1.0/{key}/delete"), json!({})).await;
    let refused = delete("EE").await.expect(409);
    assert_eq!(refused.json()["code"], "registries.still_referred");
    assert!(refused.json()["detail"].as_str().unwrap().contains("cities"), "{}", refused.text());
    let rename = json!({"query": {"content": {"code": "EE"}}, "write": {"content": {"code": "EX"}}});
    room.data(Method::PUT, "countries/1.0/update", rename.clone()).await.expect(409);
    let rest = json!({"query": {"content": {"code": "EE"}}, "write": {"content": {"name": "Eesti"}}});
    room.data(Method::PUT, "countries/1.0/update", rest).await.expect(200);
    delete("FI").await.expect(204);
    room.create("cities/1.0", json!({"name": "Espoo", "country": "FI"})).await.expect(422);
    // A whole register that another links to stays too.
    let countries = room.id_of("countries").await;
    let path = format!("/registries/database/{countries}");
    assert_eq!(room.stoa.delete(&room.by, &path).await.expect(409).json()["code"], "registries.still_referred");
    let city = room.read("cities/1.0", json!({"name": "Tallinn"})).await.expect(200).json()["uuid"].clone();
    room.data(Method::DELETE, &format!("cities/1.0/{}/delete", city.as_str().unwrap()), json!({})).await.expect(204);
    room.data(Method::PUT, "countries/1.0/update", rename).await.expect(200);
    delete("EX").await.expect(204);
    room.publish("cities", fields(&json!({"name": {"type": "string"}}))).await.expect(200);
    room.stoa.delete(&room.by, &path).await.expect(200);
}

#[tokio::test]
async fn a_link_leads_somewhere_or_is_refused_in_the_draft() {
    let room = with_cities().await;
    let countries = room.id_of("countries").await;
    let at = |link: Value, kind: &str| fields(&json!({"country": {"type": kind, "foreignKeys": link}}));
    for (schema, words) in [
        (at(link(99_999, 7), "string"), "no register"),
        (at(link(countries, 7), "string"), "no field"),
        (at(link(countries, 1), "integer"), "another type"),
    ] {
        let refused = room.draft("towns", schema).await.expect(422);
        assert_eq!(faults(&refused), [("/properties/country/foreignKeys".to_owned(), "foreignKey".to_owned())]);
        assert!(refused.text().contains(words), "{}", refused.text());
    }
    room.draft("towns", at(link(countries, 1), "string")).await.expect(201);
    // A register does not lose the field that others name its records by.
    let renamed = json!({"alpha_2": {"type": "string", "id": 1, "primaryKey": true}});
    room.publish("countries", fields(&renamed)).await.expect(200);
    room.create("cities/1.0", json!({"name": "Tartu", "country": "EE"})).await.expect(200);
    let refused = room.publish("countries", fields(&json!({"name": {"type": "string"}}))).await.expect(422);
    assert!(refused.text().contains("cities"), "{}", refused.text());
}

#[tokio::test]
async fn a_link_of_the_newest_version_holds_through_older_ones() {
    let room = with_cities().await;
    let countries = room.id_of("countries").await;
    room.publish("towns", fields(&json!({"country": {"type": "string"}}))).await.expect(200);
    room.publish("towns", fields(&json!({"country": {"type": "string", "foreignKeys": link(countries, 1)}})))
        .await
        .expect(200);
    let refused = room.create("towns/1.0", json!({"country": "XX"})).await.expect(422);
    assert_eq!(faults(&refused), [("/write/content/country".to_owned(), "foreignKey".to_owned())]);
    room.create("towns/1.0", json!({"country": "FI"})).await.expect(200);
    room.data(Method::DELETE, "countries/1.0/FI/delete", json!({})).await.expect(409);
}

#[tokio::test]
async fn a_register_that_names_itself_lets_whole_records_go() {
    let room = Room::new().await;
    let plain = json!({"key": {"type": "string", "primaryKey": true}, "parent": {"type": "string"}});
    room.draft("x", fields(&plain)).await.expect(201);
    let own = link(room.id_of("x").await, 1);
    let tree = json!({"key": {"type": "string", "id": 1, "primaryKey": true}, "parent": {"type": "string", "foreignKeys": own}});
    room.publish("x", fields(&tree)).await.expect(200);
    room.create("x/1.0", json!({"key": "root", "parent": "root"})).await.expect(200);
    room.create("x/1.0", json!({"key": "leaf", "parent": "root"})).await.expect(200);
    room.data(Method::DELETE, "x/1.0/root/delete", json!({})).await.expect(409);
    room.data(Method::DELETE, "x/1.0/leaf/delete", json!({})).await.expect(204);
    room.data(Method::DELETE, "x/1.0/root/delete", json!({})).await.expect(204);
}

#[tokio::test]
async fn values_that_only_an_old_version_has_go_with_their_record() {
    let room = Room::new().await;
    room.publish("x", fields(&json!({"key": {"type": "string"}, "old": {"type": "string"}}))).await.expect(200);
    let other = json!({"x": {"type": "string", "foreignKeys": link(room.id_of("x").await, 2)}});
    room.create("x/1.0", json!({"key": "k", "old": "gone"})).await.expect(200);
    room.publish("y", fields(&other)).await.expect(200);
    let id = room.read("x/1.0", json!({"key": "k"})).await.json()["uuid"].as_str().unwrap().to_owned();
    room.publish("y", fields(&json!({"x": {"type": "string"}}))).await.expect(200);
    room.publish("x", fields(&json!({"key": {"type": "string"}}))).await.expect(200);
    room.stoa.delete(&room.by, &format!("/registries/v1/registries/x/records/{id}")).await.expect(204);
    room.create("y/1.0", json!({"x": "gone"})).await.expect(422);
}

#[tokio::test]
async fn another_tenants_registers_cannot_be_asked_through_a_link() {
    let room = with_cities().await;
    let countries = room.id_of("countries").await;
    let stranger = room.stoa.role_of("admin", "elsewhere").await;
    let schema = fields(&json!({"a": {"type": "string", "foreignKeys": link(countries, 1)}}));
    let refused = room.draft_by(&stranger, "spy", schema).await.expect(422);
    assert_eq!(faults(&refused), [("/properties/a/foreignKeys".to_owned(), "foreignKey".to_owned())]);
    assert!(refused.text().contains("no register"), "{}", refused.text());
}
