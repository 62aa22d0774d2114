//! Accounts: those of a published monitor's file, and what they come in with.

use serde_json::json;
use stoa_web::Method;

use crate::desk::{Desk, basic, key};

/// `secret`, hashed by bcrypt and by argon2id, each with the least work.
const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuuJjwMbpuJ8JvzTYVBHKRyZ3VZ5mBfLYK";

fn file() -> String {
    let public = key(1).public().to_string();
    let (kind, text) = public.split_once(' ').unwrap();
    let text = text.split(' ').next().unwrap();
    let hash = bcrypt::hash("secret", 4).unwrap();
    format!(
        "accounts:\n  - subject: cloud-1\n    group: one\n    delegates: [tester]\n  - subject: admin\n    \
         roles: [admin, read_any]\n    api_keys: [\"{hash}\"]\n  - subject: tester\n    roles: [append_any]\n    \
         keys:\n      - public_key: {text}\n        public_key_type: {kind}\n        public_key_name: primary\n"
    )
}

#[tokio::test]
async fn a_published_file_is_taken_whole_and_its_secrets_hold() {
    let desk = Desk::new().await;
    let import = async |text: String| {
        let path = "/monitor/v1/accounts/import";
        desk.stoa.send_text(&desk.admin, Method::POST, path, "application/yaml", text).await
    };
    let done = import(file()).await.expect(200).json();
    assert_eq!(done, json!({"added": 1, "kept": 2, "retired": 2}));
    // The delegate stands further down in the file.
    let cloud = desk.stoa.get(&desk.admin, "/monitor/v1/accounts/cloud-1").await.expect(200).json();
    assert_eq!((&cloud["delegates"], &cloud["group"]), (&json!(["tester"]), &json!("one")));
    desk.stoa.get(&desk.admin, "/monitor/v1/accounts/cloud-3").await.expect(404);
    let admin = basic("admin", "secret");
    assert_eq!(
        desk.stoa.get(&admin, "/monitor/v1/accounts").await.expect(200).json()["items"].as_array().unwrap().len(),
        3
    );
    desk.stoa.get(&admin, "/monitor/results").await.expect(200);
    desk.stoa.post(&admin, "/monitor/results", &json!([])).await.expect(403);
    desk.stoa.get(&basic("admin", "secret2"), "/monitor/v1/accounts").await.expect(401);
    assert_eq!(
        import("accounts: []\n".to_owned()).await.expect(200).json(),
        json!({"added": 0, "kept": 0, "retired": 0})
    );
    assert_eq!(import(file()).await.expect(200).json(), json!({"added": 0, "kept": 3, "retired": 0}));
    let wrong = import(file().replace("read_any", "king")).await.expect(422).json();
    assert_eq!(wrong["errors"][0]["pointer"], "/accounts/1/roles/1");
}

#[tokio::test]
async fn accounts_are_checked_field_by_field() {
    let desk = Desk::new().await;
    let body = json!({"subject": "new", "group": "group-x", "roles": ["read_any", "king"],
        "keys": [{"name": "a", "publicKey": "nonsense"}]});
    let refused = desk.stoa.post(&desk.admin, "/monitor/v1/accounts", &body).await.expect(422).json();
    let pointers: Vec<&str> =
        refused["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/group", "/roles/1", "/keys/0/publicKey"]);
    let again = json!({"subject": "cloud-1"});
    let refused = desk.stoa.post(&desk.admin, "/monitor/v1/accounts", &again).await.expect(422).json();
    assert_eq!(refused["errors"][0]["code"], "unique");
    let listing = json!({"name": "cloud-1", "title": "One", "url": "javascript:alert(1)"});
    let refused = desk.stoa.put(&desk.admin, "/monitor/v1/listings", &listing).await.expect(422).json();
    assert_eq!(refused["errors"][0]["pointer"], "/url");
    desk.stoa.get(&desk.account("tester"), "/monitor/v1/accounts").await.expect(403);
    desk.stoa.delete(&desk.admin, "/monitor/v1/accounts/cloud-2").await.expect(204);
    desk.stoa.get(&desk.account("cloud-2"), "/monitor/reports").await.expect(401);
    assert!(!stoa_monitor::model::bootstrap::is_hash("secret") && stoa_monitor::model::bootstrap::is_hash(BCRYPT));
}
