//! No record, no data (DRS-8): whatever shows or confirms personal values is written down, whichever way and version it
//! is asked through.

use axum::http::Method;
use serde_json::{Value, json};
use stoa_store::{StoreError, Tx};

use crate::room::{Room, fields};

fn people() -> Value {
    json!({"number": {"type": "string", "primaryKey": true, "personalDataId": true},
        "name": {"type": "string", "personalData": true, "isFulltext": true}, "town": {"type": "string"}})
}

impl Room {
    /// The reads that are recorded so far, straight from the database: asking for them would be one more.
    async fn reads(&self) -> Vec<String> {
        let found = self.stoa.stores["registries"].read(async |tx: &mut Tx<'_>| {
            tx.rows::<(String,)>("SELECT fields FROM record_read ORDER BY id", &[]).await
        });
        found.await.unwrap().into_iter().map(|(fields,)| fields).collect()
    }

    /// How many records of evidence there are of an action.
    async fn evidence(&self, action: &'static str) -> i64 {
        let found = self.stoa.stores["registries"].read(async move |tx: &mut Tx<'_>| {
            let sql = "SELECT count(*) FROM audit_record WHERE action = $1";
            Ok::<_, StoreError>(tx.get::<(i64,)>(sql, stoa_store::params![action]).await?.0)
        });
        found.await.unwrap()
    }

    async fn more_reads<F: Future>(&self, ask: F) -> (F::Output, Vec<String>) {
        let before = self.reads().await.len();
        let answer = ask.await;
        (answer, self.reads().await.split_off(before))
    }
}

#[tokio::test]
async fn every_answer_with_personal_values_is_recorded() {
    let room = Room::with(people()).await;
    let made = room.create("x/1.0", json!({"number": "1", "name": "Mari", "town": "Tartu"})).await.expect(200).json();
    let id = made["uuid"].as_str().unwrap().to_owned();
    assert_eq!(room.reads().await, [""; 0], "the answer to a create shows what its caller sent");
    let path = format!("v1/registries/x/records/{id}");
    let native = format!("/registries/{path}");
    let by_number = json!({"content": {"number": "1"}});
    let write = |content: Value| json!({"query": by_number, "write": {"content": content}});
    let patch = async |body: Value| room.stoa.send(&room.by, Method::PATCH, &native, Some(&body)).await;
    for (what, answer) in [
        ("update", room.more_reads(room.data(Method::PUT, "x/1.0/update", write(json!({"town": "Narva"})))).await),
        (
            "update of nothing",
            room.more_reads(room.data(Method::PUT, "x/1.0/update", write(json!({"town": "Narva"})))).await,
        ),
        (
            "update or create",
            room.more_reads(room.data(Method::POST, "x/1.0/updateOrCreate", write(json!({"town": "Narva"})))).await,
        ),
        ("patch", room.more_reads(patch(json!({"town": "Tartu"}))).await),
        ("patch of nothing", room.more_reads(patch(json!({}))).await),
        ("read", room.more_reads(room.read("x/1.0", json!({"town": "Tartu"}))).await),
        ("list", room.more_reads(room.get("data/x/1.0")).await),
        ("changes", room.more_reads(room.get(&format!("{path}/changes"))).await),
        ("changes of all", room.more_reads(room.get("v1/registries/x/changes")).await),
        ("get", room.more_reads(room.get(&path)).await),
    ] {
        let (answer, reads) = answer;
        answer.expect(200);
        assert_eq!(reads, ["1,2"], "{what}");
    }
    let (value, reads) = room.more_reads(room.get(&format!("data/x/1.0/{id}/readValue/name.json"))).await;
    assert_eq!((value.expect(200).json(), reads), (json!("Mari"), vec!["2".to_owned()]), "one field only");
    let (value, reads) = room.more_reads(room.get(&format!("data/x/1.0/{id}/readValue/town.json"))).await;
    assert_eq!((value.expect(200).json(), reads), (json!("Tartu"), vec![]), "not personal");
}

#[tokio::test]
async fn what_only_confirms_personal_values_is_recorded_too() {
    let room = Room::with(people()).await;
    room.create("x/1.0", json!({"number": "1", "name": "Mari", "town": "Tartu"})).await.expect(200);
    let (found, reads) = room.more_reads(room.exists("x/1.0", json!({"name": "Mari"}))).await;
    assert_eq!((found, reads), (true, vec!["2".to_owned()]));
    let (found, reads) = room.more_reads(room.exists("x/1.0", json!({"town": "Tartu"}))).await;
    assert_eq!((found, reads), (true, vec![]), "says nothing personal");
    // A no is said of nobody that is there; it is evidence all the same.
    let before = room.evidence("registries.record.exists").await;
    assert!(!room.exists("x/1.0", json!({"name": "Jüri"})).await);
    assert_eq!(room.evidence("registries.record.exists").await, before + 1);
    room.read("x/1.0", json!({"name": "Jüri"})).await.expect(404);
    assert_eq!(room.evidence("registries.record.exists").await, before + 2);
    let list = room.list("x/1.0?query.name=Mari&page=2&pageSize=10").await;
    assert_eq!((&list["count"], &list["results"]), (&json!(1), &json!([])));
    assert_eq!(room.evidence("registries.record.exists").await, before + 3);
    // Neither does a refusal say something that nobody hears of.
    room.create("x/1.0", json!({"number": "2", "name": "Mari", "town": "Narva"})).await.expect(200);
    let to = |name: &str| json!({"query": {"content": {"name": name}}, "write": {"content": {"town": "Tartu"}}});
    room.data(Method::PUT, "x/1.0/update", to("Jüri")).await.expect(404);
    room.data(Method::PUT, "x/1.0/update", to("Mari")).await.expect(409);
    room.data(Method::POST, "x/1.0/updateOrCreate", to("Mari")).await.expect(409);
    room.data(Method::DELETE, "x/1.0/77/delete", json!({})).await.expect(404);
    room.get("data/x/1.0/77/readValue/town.json").await.expect(404);
    assert_eq!(room.evidence("registries.record.exists").await, before + 8);
    let body = json!({"query": {"content": {"number": "1"}}, "write": {"content": {"town": "Tartu"}}});
    let (answer, reads) = room.more_reads(room.data(Method::PUT, "x/1.0/updateEntries", body)).await;
    assert_eq!((answer.expect(200).json()["count"].clone(), reads), (json!(1), vec!["1".to_owned()]));
}

#[tokio::test]
async fn looking_at_the_log_is_evidence() {
    let room = Room::with(people()).await;
    let made = room.create("x/1.0", json!({"number": "1", "name": "Mari"})).await.expect(200).json();
    room.get("data/x/1.0").await.expect(200);
    let record = format!("v1/registries/x/records/{}/reads", made["uuid"].as_str().unwrap());
    assert_eq!(room.get(&record).await.expect(200).json()["items"].as_array().unwrap().len(), 1);
    assert_eq!(room.evidence("registries.usage.read").await, 1);
    room.get("data/myPersonalDataUsage?userId=1&databaseId=x").await.expect(200);
    assert_eq!(room.evidence("registries.usage.read").await, 2);
    let usage = json!({"person": "1", "registry": "x"});
    room.stoa.post(&room.by, "/registries/v1/personal-data-usage/search", &usage).await.expect(200);
    assert_eq!(room.evidence("registries.usage.read").await, 3);
}

#[tokio::test]
async fn an_old_version_without_marks_hides_nothing_from_the_log() {
    let room = Room::new().await;
    room.publish("x", fields(&json!({"name": {"type": "string"}, "town": {"type": "string"}}))).await.expect(200);
    room.create("x/1.0", json!({"name": "Mari", "town": "Tartu"})).await.expect(200);
    let marked = json!({"name": {"type": "string", "personalData": true}, "town": {"type": "string"}});
    room.publish("x", fields(&marked)).await.expect(200);
    let sealed = async || {
        let found = room.stoa.stores["registries"].read(async |tx: &mut Tx<'_>| {
            tx.rows::<(bool, Vec<u8>)>("SELECT is_sealed, details FROM record_change ORDER BY id", &[]).await
        });
        let found = found.await.unwrap();
        assert!(found.iter().all(|(_, details)| !String::from_utf8_lossy(details).contains("Mar")), "nothing in clear");
        found.into_iter().map(|(sealed, _)| sealed).collect::<Vec<_>>()
    };
    assert_eq!(sealed().await, [true], "what was written before is sealed with the mark");
    for at in ["x/1.0", "x/1.1"] {
        let (answer, reads) = room.more_reads(room.read(at, json!({"town": "Tartu"}))).await;
        answer.expect(200);
        assert_eq!(reads, ["1"], "{at}");
    }
    room.create("x/1.0", json!({"name": "Mart", "town": "Narva"})).await.expect(200);
    assert_eq!(sealed().await, [true, true]);
    // Taking the mark away does not make the values less personal.
    room.publish("x", fields(&json!({"name": {"type": "string"}, "town": {"type": "string"}}))).await.expect(200);
    let (answer, reads) = room.more_reads(room.read("x/1.2", json!({"town": "Tartu"}))).await;
    answer.expect(200);
    assert_eq!(reads, ["1"]);
}

#[tokio::test]
async fn persons_with_numbers_and_long_names_find_who_read_their_data() {
    let room = Room::new().await;
    for (code, kind, id) in [
        ("n", "integer", json!(12345)),
        ("m", "number", json!(12345.0)),
        ("t", "string", json!("x".repeat(100))),
        ("l", "string", json!(format!("{}{}", "x".repeat(99), "y"))),
    ] {
        let schema =
            json!({"id": {"type": kind, "personalDataId": true}, "name": {"type": "string", "personalData": true}});
        room.publish(code, fields(&schema)).await.expect(200);
        room.create(&format!("{code}/1.0"), json!({"id": id, "name": "Mari"})).await.expect(200);
        room.read(&format!("{code}/1.0"), json!({"name": "Mari"})).await.expect(200);
        let asked = id.as_str().map_or_else(|| "12345".to_owned(), str::to_owned);
        let usage = room.get(&format!("data/myPersonalDataUsage?userId={asked}&databaseId={code}")).await.expect(200);
        assert_eq!(usage.json().as_array().unwrap().len(), 1, "{code}");
    }
    let long = "x".repeat(130);
    room.create("t/1.0", json!({"id": format!("{long}1"), "name": "Epp"})).await.expect(200);
    room.create("t/1.0", json!({"id": format!("{long}2"), "name": "Ott"})).await.expect(200);
    room.read("t/1.0", json!({"name": "Epp"})).await.expect(200);
    let usage = async |id: String| {
        let body = json!({"person": id, "registry": "t"});
        let answer = room.stoa.post(&room.by, "/registries/v1/personal-data-usage/search", &body).await.expect(200);
        answer.json()["items"].as_array().unwrap().len()
    };
    assert_eq!((usage(format!("{long}1")).await, usage(format!("{long}2")).await), (1, 0));
}

#[tokio::test]
async fn all_evidence_about_a_person_is_found_by_one_subject() {
    let room = Room::with(people()).await;
    for (number, name) in [("1", "Mari"), ("2", "Jaan")] {
        room.create("x/1.0", json!({"number": number, "name": name, "town": "Tartu"})).await.expect(200);
    }
    room.data(Method::POST, "x/1.0/read", json!({"query": {"content": {"number": "1"}}})).await.expect(200);
    room.get("data/x/1.0").await.expect(200);
    let write = json!({"query": {"content": {"number": "1"}}, "write": {"content": {"town": "Narva"}}});
    room.data(Method::PUT, "x/1.0/update", write).await.expect(200);
    let found = room.stoa.stores["registries"].read(async |tx: &mut Tx<'_>| {
        let sql = "SELECT subject, action FROM audit_record WHERE subject IS NOT NULL ORDER BY seq";
        tx.rows::<(String, String)>(sql, &[]).await
    });
    let found = found.await.unwrap();
    let mari = found.first().unwrap().0.clone();
    assert!(mari.starts_with("person:") && mari.len() == 39, "opaque: {mari}");
    let about = |who: &dyn Fn(&str) -> bool| -> Vec<&str> {
        found.iter().filter(|(subject, _)| who(subject)).map(|(_, action)| action.as_str()).collect()
    };
    let [create, read, update] = ["registries.record.create", "registries.record.read", "registries.record.update"];
    // Created, asked for, in the list, changed, and shown in the answer to the change.
    assert_eq!(about(&|subject| subject == mari), [create, read, read, update, read]);
    assert_eq!(about(&|subject| subject != mari), [create, read], "the other was in the list");
}
