//! Master keys by the command line: changed beside a running server, cut off at any moment, given by configuration.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::program::{Place, Server};

const PEOPLE: &str = r#"{"code":"people","name":"People","schema":{"type":"object","properties":{
    "number":{"type":"string","primaryKey":true,"personalDataId":true},"name":{"type":"string","personalData":true}}}}"#;
const RECORDS: &str = "/registries/v1/registries/people/records";

/// A caller who may do everything, and a register of people.
fn with_people(place: &Place, server: &Server) -> String {
    let key = place.run(&["key", "create", "--name", "t", "--role", "admin"]).done().trim().to_owned();
    assert_eq!(server.ask("POST", "/registries/v1/registries", Some(&key), Some(PEOPLE)).0, 201);
    assert_eq!(server.ask("POST", "/registries/v1/registries/people/publish", Some(&key), Some("{}")).0, 200);
    key
}

/// Makes a record, whose change log is sealed; gives its id.
fn person(server: &Server, key: &str, number: usize) -> String {
    let body = format!("{{\"number\":\"{number}\",\"name\":\"Person {number}\"}}");
    let (status, answer) = server.ask("POST", RECORDS, Some(key), Some(&body));
    assert_eq!(status, 201, "{answer}");
    serde_json::from_str::<Value>(&answer).unwrap()["id"].as_str().unwrap().to_owned()
}

/// Whether the sealed values of a record's change log open.
#[track_caller]
fn assert_opens(server: &Server, key: &str, id: &str) {
    let (status, answer) = server.ask("GET", &format!("{RECORDS}/{id}/changes"), Some(key), None);
    assert_eq!(status, 200, "{answer}");
    let changes: Value = serde_json::from_str(&answer).unwrap();
    assert!(changes["items"][0]["values"].is_array(), "{answer}");
}

/// The ids of the keys with what is said about each.
fn keys(place: &Place) -> Vec<(String, String)> {
    let listed = place.run(&["keys", "list"]).done();
    listed
        .lines()
        .map(|line| line.split_once("  ").map(|(id, said)| (id.to_owned(), said.to_owned())).unwrap())
        .collect()
}

#[test]
fn a_key_is_changed_beside_the_server_and_the_old_one_taken_out() {
    let place = Place::new();
    let server = place.up(&[]);
    let key = with_people(&place, &server);
    let first = person(&server, &key, 1);
    let old = keys(&place)[0].0.clone();
    let said = place.run(&["keys", "rotate"]).done();
    assert!(said.contains("is new and active") && said.contains("registries: 1 keys wrapped with it"), "{said}");
    assert_opens(&server, &key, &first);
    let second = person(&server, &key, 2);
    let listed = keys(&place);
    assert_eq!((listed.len(), listed[0].0.as_str()), (2, old.as_str()));
    assert!(listed[0].1.contains("older") && listed[0].1.contains("0 of registries"), "{listed:?}");
    assert!(listed[1].1.contains("active") && listed[1].1.contains("2 of registries"), "{listed:?}");
    let active = listed[1].0.clone();
    let refused = place.run(&["keys", "retire", &active]);
    assert!(refused.code == 2 && refused.stderr.contains("is the active one"), "{refused:?}");
    let file = std::fs::read_to_string(place.path("stoa-data/keys/master.keys")).unwrap();
    assert!(file.contains(&old));
    place.run(&["keys", "retire", &old]).done();
    let file = std::fs::read_to_string(place.path("stoa-data/keys/master.keys")).unwrap();
    assert!(!file.contains(&old) && file.contains(&active));
    let third = person(&server, &key, 3);
    server.kill();

    let server = place.up(&[]);
    for id in [&first, &second, &third] {
        assert_opens(&server, &key, id);
    }
    drop(server);
    let found = place.run(&["audit", "search", "--block", "node", "--action", "keys.rotate"]).done();
    let record: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(
        (record["object"].as_str(), &record["detail"]["wrapped"]["registries"]),
        (Some(format!("keys/{active}").as_str()), &Value::from(1))
    );
    assert!(place.run(&["audit", "search", "--action", "keys.retire"]).done().contains(&old));
}

/// SIGKILL at any moment of a rotation: everything opens afterwards, and the next rotation brings it to its end.
#[test]
fn a_rotation_that_is_killed_loses_nothing() {
    const PEOPLE: usize = 450;
    let place = Place::new();
    let server = place.up(&[]);
    let key = with_people(&place, &server);
    let mut rows = String::from("number,name\n");
    for number in 0..PEOPLE {
        rows.push_str(&format!("{number},Person {number}\n"));
    }
    place.write("people.csv", &rows);
    place.run(&["registry", "import", "people.csv", "--register", "people", "--yes"]).done();
    let (status, listed) = server.ask("GET", &format!("{RECORDS}?pageSize=100"), Some(&key), None);
    assert_eq!(status, 200, "{listed}");
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let ids: Vec<String> =
        listed["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(server.terminate().0, 0);
    let file = place.path("stoa-data/keys/master.keys");
    let count = || std::fs::read_to_string(&file).unwrap().lines().filter(|line| line.starts_with("key ")).count();
    let mut cut = 0;
    for delay_ms in [0, 4, 12, 30] {
        let before = count();
        let mut child = place.command(&["keys", "rotate"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while count() == before && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        std::thread::sleep(Duration::from_millis(delay_ms));
        let _ = child.kill();
        child.wait().unwrap();
        assert_eq!(count(), before + 1, "the new key is on disk before anything is wrapped with it");
        let listed = keys(&place);
        let (_, older) = listed.split_last().unwrap();
        if older.iter().any(|(_, said)| !said.contains("wraps 0 of node since") || !said.contains(" 0 of registries")) {
            cut += 1;
            let ended = place.run(&["keys", "rotate"]).done();
            assert!(ended.contains("was active already"), "{ended}");
        }
    }
    assert!(cut > 0, "at least one was cut off in the middle");
    let server = place.up(&[]);
    for id in ids.iter().step_by(9) {
        assert_opens(&server, &key, id);
    }
    place.run(&["keys", "rotate"]).done();
    let listed = keys(&place);
    let (active, older) = listed.split_last().unwrap();
    assert!(active.1.contains(&format!("{PEOPLE} of registries")), "{listed:?}");
    for (id, _) in older {
        place.run(&["keys", "retire", id]).done();
    }
    assert_eq!(keys(&place).len(), 1);
    for id in ids.iter().step_by(9) {
        assert_opens(&server, &key, id);
    }
}

#[test]
fn keys_of_a_secret_store_are_read_and_never_written() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let secret = |name: &str, text: &str| {
        let _ = std::fs::remove_file(place.path(name));
        place.write(name, text);
        std::fs::set_permissions(place.path(name), std::fs::Permissions::from_mode(0o440)).unwrap();
    };
    let text = place.run(&["keys", "new"]).done();
    secret("secret", &text);
    place.write("stoa.toml", "[keys]\nmaster_file = \"secret\"\n");
    let server = place.up(&[]);
    assert!(!place.path("stoa-data/keys/master.keys").exists(), "no second copy is made");
    let key = with_people(&place, &server);
    let first = person(&server, &key, 1);

    // The operator adds a key to the secret; the running server takes it up.
    let next = place.run(&["keys", "new", "--after", "secret"]).done();
    assert!(next.starts_with(text.trim_end()) && next.lines().count() == text.lines().count() + 1);
    secret("secret", &next);
    let said = place.run(&["keys", "rotate"]).done();
    assert!(said.contains("is new and active") && said.contains("registries: 1 keys"), "{said}");
    assert_opens(&server, &key, &first);
    let old = keys(&place)[0].0.clone();
    place.run(&["keys", "retire", &old]).done();
    server.kill();
    let without: Vec<&str> = next.lines().filter(|line| !line.starts_with(&format!("key {old}"))).collect();
    std::fs::remove_file(place.path("stoa.toml")).unwrap();

    // The same by the environment; without either the node has no keys for this data and makes none.
    let run = place.run(&["up", "--listen", "127.0.0.1:0"]);
    assert!(run.code == 6 && run.stderr.contains("is missing"), "{run:?}");
    assert!(!place.path("stoa-data/keys/master.keys").exists());
    let both = |arguments: &[&str]| {
        let mut command = place.command(arguments);
        command.env("STOA_KEYS__MASTER", without.join("\n"));
        command
    };
    let listed = place.ended(&mut both(&["keys", "list"])).done();
    assert!(!listed.contains(&old) && listed.contains("1 of registries"), "{listed}");
    let shown = place.ended(&mut both(&["config", "show"])).done();
    assert!(shown.contains("master = \"***\"") && without.iter().all(|line| !shown.contains(line)), "{shown}");
    place.write("pass.txt", "correct horse battery\n");
    place.ended(&mut both(&["backup", "b.stoa", "--passphrase-file", "pass.txt"])).done();
    place.run(&["restore", "b.stoa", "--passphrase-file", "pass.txt", "--data", "restored"]).done();
    assert!(place.run(&["keys", "list", "--data", "restored"]).done().contains("1 of registries"));
    place.ended(&mut both(&["restore", "b.stoa", "--passphrase-file", "pass.txt", "--data", "given"])).done();
    assert!(!place.path("given/keys/master.keys").exists(), "the operator keeps the keys");

    let mut twice = both(&["config", "check"]);
    let twice = place.ended(twice.env("STOA_KEYS__MASTER_FILE", "secret"));
    assert!(twice.code == 2 && twice.stderr.contains("keep one"), "{twice:?}");
    std::fs::set_permissions(place.path("secret"), std::fs::Permissions::from_mode(0o444)).unwrap();
    let mut open = place.command(&["keys", "list"]);
    let open = place.ended(open.env("STOA_KEYS__MASTER_FILE", "secret"));
    assert!(open.code == 6 && open.stderr.contains("others may read it"), "{open:?}");
}
