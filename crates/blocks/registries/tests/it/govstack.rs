//! What the official GovStack suite for Digital Registries sends and expects, scenario by scenario: 57 in all. Each
//! request is sent as often as the suite sends it, half-built ones included; the last answer counts.

use axum::http::Method;
use serde_json::{Value, json};
use stoa_test::{Answer, Caller, TestStoa};

const DATA: &str = "/data/registryname/111";

fn suite() -> Caller {
    Caller::anonymous().with("Information-Mediator-Client", "eGovStack/GOV/90000009/digitalregistries")
}

async fn stoa() -> TestStoa {
    TestStoa::govstack(&[stoa_registries::BLOCK]).await
}

/// Sends as the suite does: once without a body where it has one, then whole, `times` in all.
async fn ask(stoa: &TestStoa, method: Method, path: &str, body: Option<Value>, times: usize) -> Answer {
    if body.is_some() && method != Method::GET {
        let half = stoa.send(&suite(), method.clone(), path, None).await;
        assert!(half.status.is_client_error(), "a request without its body: {}", half.status);
    }
    let mut answer = stoa.send(&suite(), method.clone(), path, body.as_ref()).await;
    for _ in 1..times {
        answer = stoa.send(&suite(), method.clone(), path, body.as_ref()).await;
    }
    answer
}

#[track_caller]
fn is_json(answer: &Answer) {
    assert!(answer.header("content-type").contains("application/json"), "{}", answer.header("content-type"));
}

fn person(id: &str, first: &str, last: &str, certificate: &str) -> Value {
    json!({"ID": id, "FirstName": first, "LastName": last, "BirthCertificateID": certificate})
}

#[tokio::test]
async fn data_create_5() {
    let stoa = stoa().await;
    for (id, first, last, certificate) in [
        ("2999", "Anna", "Stock", "RR-1234567999"),
        ("3000", "Zofia", "Don", "RR-5465679229"),
        ("3001", "Elsa", "Smith", "RR-1234537999"),
        ("3002", "Nick", "Evans", "RR-7898797999"),
        ("3003", "Thomas", "Johnson", "RR-8534567781"),
    ] {
        let body = json!({"write": {"content": person(id, first, last, certificate)}});
        let answer = ask(&stoa, Method::POST, &format!("{DATA}/create"), Some(body), 1).await.expect(200);
        is_json(&answer);
        assert_eq!(answer.json()["content"], person(id, first, last, certificate));
    }
}

#[tokio::test]
async fn data_delete_4() {
    let stoa = stoa().await;
    for _ in 0..4 {
        ask(&stoa, Method::DELETE, &format!("{DATA}/%7Bid%7D/delete"), None, 2).await.expect(204);
    }
    ask(&stoa, Method::DELETE, &format!("{DATA}/EE123627348834/delete"), None, 2).await.expect(204);
    let query = json!({"query": {"content": {"ID": "EE123627348834"}}});
    ask(&stoa, Method::POST, &format!("{DATA}/read"), Some(query), 1).await.expect(404);
}

#[tokio::test]
async fn data_exists_5() {
    let stoa = stoa().await;
    let there = ask(
        &stoa,
        Method::POST,
        &format!("{DATA}/exists"),
        Some(person("EE123627348834", "John", "Bon", "RR-3334537999")),
        2,
    )
    .await
    .expect(200);
    is_json(&there);
    assert_eq!(there.json(), json!({"answer": {"status": true, "message": "Object found from database"}}));
    for first in ["Mike", "Thomas", "Brook", "Alice"] {
        let body = person("EE456627348844", first, "Helmut", "RR-1234567889");
        let answer = ask(&stoa, Method::POST, &format!("{DATA}/exists"), Some(body), 2).await.expect(200);
        assert_eq!(answer.json()["answer"]["status"], false);
        assert!(answer.json()["answer"]["message"].is_string());
    }
}

#[tokio::test]
async fn data_list_6() {
    let stoa = stoa().await;
    let all = ask(&stoa, Method::GET, DATA, None, 2).await.expect(200);
    is_json(&all);
    assert_eq!(all.json()["count"], 25);
    assert_eq!(all.json()["results"].as_array().unwrap().len(), 25);
    assert!(all.json().get("next").is_none());
    for (name, ordering) in
        [("John", "ascending"), ("Alice", "descending"), ("Jack", "ascending"), ("Bob", "descending")]
    {
        let path = format!("{DATA}?search={name}&filter=FirstName&ordering={ordering}");
        let answer = ask(&stoa, Method::GET, &path, None, 1).await.expect(200).json();
        let results = answer["results"].as_array().unwrap();
        assert_eq!(answer["count"], results.len());
        assert!(!results.is_empty());
        assert!(results.iter().all(|record| record["FirstName"] == name), "{answer}");
    }
    let empty = ask(&stoa, Method::GET, "/data/registryempty/111", None, 2).await.expect(200);
    assert_eq!(empty.json()["count"], 0);
    assert_eq!(empty.json()["results"], json!([]));
}

#[tokio::test]
async fn data_my_personal_data_usage_6() {
    let stoa = stoa().await;
    for user in ["EE378129277266", "EE378129127223", "EE334569121212", "EE390029120500"] {
        let path = format!("/data/MyPersonalDataUsage/1.0?userID={user}&DatabaseID=MCTS");
        let answer = ask(&stoa, Method::GET, &path, None, 1).await.expect(200);
        is_json(&answer);
        assert!(answer.json().is_array());
    }
    for query in ["userID=...&DatabaseID=MCTS", "userID=EE378129277266&DatabaseID=..."] {
        ask(&stoa, Method::GET, &format!("/data/MyPersonalDataUsage/1.0?{query}"), None, 1).await.expect(400);
    }
}

#[tokio::test]
async fn a_read_is_found_in_the_persons_usage() {
    let stoa = stoa().await;
    let query = json!({"query": {"content": {"ID": "EE378129127223"}}});
    ask(&stoa, Method::POST, &format!("{DATA}/read"), Some(query), 1).await.expect(200);
    let path = "/data/MyPersonalDataUsage/1.0?userID=EE378129127223&DatabaseID=registryname";
    let usage = ask(&stoa, Method::GET, path, None, 1).await.expect(200).json();
    assert_eq!(usage[0]["readerInstitutionId"], "90000009");
    assert_eq!(usage[0]["readerApplicationName"], "digitalregistries");
    assert!(usage[0]["refrences"][0]["ReferenceID"].is_string());
}

#[tokio::test]
async fn data_read_value_1() {
    let stoa = stoa().await;
    let path = format!("{DATA}/80bcb084-fa17-11ed-be56-0242ac120002/read-value/FirstName.json");
    let answer = ask(&stoa, Method::GET, &path, None, 2).await.expect(200);
    is_json(&answer);
    assert_eq!(answer.json(), json!("John"));
}

#[tokio::test]
async fn data_read_7() {
    let stoa = stoa().await;
    let read = async |content: Value| {
        ask(&stoa, Method::POST, &format!("{DATA}/read"), Some(json!({"query": {"content": content}})), 2).await
    };
    for (field, value) in [
        ("FirstName", "John Helmut"),
        ("ID", "EE378129127223"),
        ("FirstName", "Eva"),
        ("LastName", "Smith"),
        ("BirthCertificateID", "EE6546273487865"),
    ] {
        let answer = read(json!({field: value})).await.expect(200);
        is_json(&answer);
        assert_eq!(answer.json()["content"][field], value);
    }
    let all = person("EE378129127223", "Billy", "Johnson", "RR-1112223331");
    assert_eq!(read(all.clone()).await.expect(200).json()["content"], all);
    let none = read(json!({"FirstName": "NotExist"})).await.expect(404);
    is_json(&none);
    assert_eq!(none.json(), json!({"detail": "no record found"}));
}

#[tokio::test]
async fn data_update_4_and_update_entries_4() {
    let stoa = stoa().await;
    for (query, write) in [
        (
            person("EE3784545277266", "Philip", "Red", "RR-30045370099"),
            person("EE383838348834", "Elsa", "West", "RR-1234007889"),
        ),
        (
            person("EE34462734834865", "Alex", "Green", "RR-441124937"),
            person("EE34462734834865", "Jack", "Black", "RR-1234567880"),
        ),
        (
            person("EE61287673487865", "Alise", "Black", "RR-49075937"),
            person("EE61287673487865", "John", "Redwood", "RR-1234567888"),
        ),
        (
            person("EE6534523487865", "Zyra", "Blue", "RR-24523937"),
            person("EE6534523487865", "Bob", "Rack", "RR-1234567887"),
        ),
    ] {
        let body = json!({"query": {"content": query}, "write": {"content": write}});
        ask(&stoa, Method::PUT, &format!("{DATA}/update"), Some(body), 2).await.expect(200);
    }
    for (query, write) in [
        (json!({"FirstName": "Alina"}), json!({"FirstName": "Jack"})),
        (json!({"FirstName": "Casandra"}), json!({"FirstName": "Tamara"})),
        (json!({"FirstName": "Olga"}), json!({"FirstName": "Alice"})),
        (
            person("EE1112223331", "Billy", "Johnson", "RR-1112223331"),
            person("EE1112223331", "Bob", "Son", "RR-1112223331"),
        ),
    ] {
        let body = json!({"query": {"content": query}, "write": {"content": write}});
        ask(&stoa, Method::PUT, &format!("{DATA}/update-entries"), Some(body), 2).await.expect(200);
    }
}

#[tokio::test]
async fn data_update_or_create_4() {
    let stoa = stoa().await;
    for (query, write) in [
        (person("EE123456789012", "John", "Smith", "RR-1234567890"), None),
        (person("EE098765432109", "Ana", "Adams", "RR-0987654321"), None),
        (
            person("EE123456789012", "John", "Smith", "RR-1234567890"),
            Some(person("EE123456789012", "Jack", "Sparrow", "RR-1234567890")),
        ),
        (
            person("EE098765432109", "Ana", "Adams", "RR-0987654321"),
            Some(person("EE098765432109", "Emma", "Brown", "RR-0987654321")),
        ),
    ] {
        let write = write.unwrap_or_else(|| query.clone());
        let body = json!({"query": {"content": query}, "write": {"content": write}});
        let answer = ask(&stoa, Method::POST, &format!("{DATA}/update-or-create"), Some(body), 2).await.expect(200);
        is_json(&answer);
        assert_eq!(answer.json()["content"], write);
        let id = json!({"search": write["ID"]});
        let path = format!("{DATA}?search={}&filter=ID", id["search"].as_str().unwrap());
        assert_eq!(ask(&stoa, Method::GET, &path, None, 1).await.json()["count"], 1);
    }
}

#[tokio::test]
async fn db_delete_4_list_1_modify_1_read_5() {
    let stoa = stoa().await;
    for id in [1, 123, 8_438_778_473_i64, 3_287_483_474, 8_484_848_484] {
        let answer = ask(&stoa, Method::GET, &format!("/database/{id}"), None, 1).await.expect(200);
        is_json(&answer);
        assert_eq!(answer.json()["id"], id);
    }
    for id in [75858, 6745, 896_756, 234_234] {
        let answer = ask(&stoa, Method::DELETE, &format!("/database/{id}"), None, 2).await.expect(200);
        is_json(&answer);
        assert_eq!(answer.json(), json!("Success"));
        ask(&stoa, Method::GET, &format!("/database/{id}"), None, 1).await.expect(404);
    }
    let list = ask(&stoa, Method::GET, "/databases", None, 2).await.expect(200).json();
    let mut keys: Vec<_> = list.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["code", "data_index_increment", "databases", "group_id", "id", "name", "order"]);
    let body = json!({"group_name": "Test", "catalog_name": "Mother and Child", "code": "MCR", "schema": {
        "type": "some object",
        "properties": {
            "ID": {
                "type": "some string",
                "triggers": [{
                    "conditions": [{"logic": "==", "value": "", "gate": "&&"}],
                    "actions": [{"type": "set-value", "value": "MCTS{indexNoByCode}", "field_id": 1}]
                }],
                "primaryKey": true, "readOnly": true, "description": "Registration ID", "example": "MCTS31", "id": 1
            },
            "Child": {"type": " some string", "properties": {
                "ID": {"type": "some string", "description": "Child ID", "example": "ID2", "id": 13}}}
        },
        "incrementIndex": 30, "required": ["ID"]
    }});
    let answer = ask(&stoa, Method::POST, "/database/modify", Some(body), 2).await.expect(200);
    is_json(&answer);
    assert_eq!(answer.json()["incrementIndex"], 30);
}

#[tokio::test]
async fn the_default_profile_has_none_of_the_suites_quirks() {
    let stoa = TestStoa::with(&[stoa_registries::BLOCK]).await;
    stoa.get(&suite(), "/registries/databases").await.expect(401);
    stoa.get(&suite(), "/databases").await.expect(404);
    let analyst = stoa.role("analyst").await;
    stoa.delete(&analyst, "/registries/database/1").await.expect(404);
    let list = stoa.get(&analyst, "/registries/databases").await.expect(200).json();
    assert_eq!(list["groupId"], 1);
    assert_eq!(list["databases"], json!([]));
}

#[test]
fn no_fixture_stands_in_the_sources() {
    let fixtures: Value = serde_json::from_str(include_str!("../../fixtures/govstack.json")).unwrap();
    let mut forbidden = vec!["90000009".to_owned()];
    for registry in fixtures["registries"].as_array().unwrap() {
        if registry["id"].as_i64().unwrap() > 1000 {
            forbidden.push(registry["id"].to_string());
        }
        for record in registry["records"].as_array().into_iter().flatten() {
            forbidden.extend(
                ["ID", "BirthCertificateID"].iter().filter_map(|f| record["content"][f].as_str().map(str::to_owned)),
            );
        }
    }
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    let mut looked_at = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                looked_at += 1;
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                for word in &forbidden {
                    // The fixtures' own form of a number appears in a schema's examples nowhere else.
                    assert!(!text.contains(word.as_str()), "{} names {word}", path.display());
                }
            }
        }
    }
    assert!(looked_at > 20);
}
