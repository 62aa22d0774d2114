//! A room for tests of registers: publishes them and asks them through the API, as an analyst.

use axum::http::Method;
use serde_json::{Value, json};
use stoa_test::{Answer, Caller, TestStoa};

pub(crate) struct Room {
    pub(crate) stoa: TestStoa,
    pub(crate) by: Caller,
}

pub(crate) fn fields(properties: &Value) -> Value {
    json!({"type": "object", "properties": properties})
}

impl Room {
    pub(crate) async fn new() -> Self {
        let stoa = TestStoa::with(&[stoa_registries::BLOCK]).await;
        let by = stoa.role("admin").await;
        Self { stoa, by }
    }

    /// With one register, `x`, of these fields.
    pub(crate) async fn with(properties: Value) -> Self {
        let room = Self::new().await;
        room.publish("x", fields(&properties)).await.expect(200);
        room
    }

    /// Writes the draft of a register's first or next version.
    pub(crate) async fn draft(&self, code: &str, schema: Value) -> Answer {
        self.draft_by(&self.by, code, schema).await
    }

    pub(crate) async fn draft_by(&self, by: &Caller, code: &str, schema: Value) -> Answer {
        let register = format!("/registries/v1/registries/{code}");
        if self.stoa.get(by, &register).await.status == 404 {
            return self.stoa.post(by, "/registries/v1/registries", &json!({"code": code, "schema": schema})).await;
        }
        self.stoa.put(by, &format!("{register}/draft"), &json!({"schema": schema})).await
    }

    /// Publishes the first or next version of a register.
    pub(crate) async fn publish(&self, code: &str, schema: Value) -> Answer {
        self.publish_by(&self.by, code, schema).await
    }

    pub(crate) async fn publish_by(&self, by: &Caller, code: &str, schema: Value) -> Answer {
        let drafted = self.draft_by(by, code, schema).await;
        assert!(drafted.status.is_success(), "{}", drafted.text());
        self.stoa.post(by, &format!("/registries/v1/registries/{code}/publish"), &json!({})).await
    }

    /// The schema of the newest version, with the ids of its fields.
    pub(crate) async fn schema(&self, code: &str) -> Value {
        let info = self.stoa.get(&self.by, &format!("/registries/v1/registries/{code}")).await.expect(200).json();
        info["versions"].as_array().unwrap().last().unwrap()["schema"].clone()
    }

    pub(crate) async fn id_of(&self, code: &str) -> i64 {
        let info = self.stoa.get(&self.by, &format!("/registries/v1/registries/{code}")).await.expect(200).json();
        info["id"].as_i64().unwrap()
    }

    /// A GovStack operation of one version.
    pub(crate) async fn data(&self, method: Method, at: &str, body: Value) -> Answer {
        self.stoa.send(&self.by, method, &format!("/registries/data/{at}"), Some(&body)).await
    }

    /// Creates a record through a version; `at` is `code/label`.
    pub(crate) async fn create(&self, at: &str, content: Value) -> Answer {
        self.data(Method::POST, &format!("{at}/create"), json!({"write": {"content": content}})).await
    }

    pub(crate) async fn read(&self, at: &str, content: Value) -> Answer {
        self.data(Method::POST, &format!("{at}/read"), json!({"query": {"content": content}})).await
    }

    pub(crate) async fn exists(&self, at: &str, content: Value) -> bool {
        let body = json!({"query": {"content": content}});
        let answer = self.data(Method::POST, &format!("{at}/exists"), body).await.expect(200).json();
        answer["answer"]["status"].as_bool().unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.stoa.get(&self.by, &format!("/registries/{path}")).await
    }

    /// A page of records: `at` is `code/label?query`.
    pub(crate) async fn list(&self, at: &str) -> Value {
        self.get(&format!("data/{at}")).await.expect(200).json()
    }

    /// One field of the records of a page, in their order.
    pub(crate) async fn column(&self, at: &str, field: &str) -> Vec<Value> {
        let list = self.list(at).await;
        list["results"].as_array().unwrap().iter().map(|record| record[field].clone()).collect()
    }
}

/// What is at fault, by pointer and code.
pub(crate) fn faults(answer: &Answer) -> Vec<(String, String)> {
    let problem = answer.json();
    let text = |error: &Value, key: &str| error[key].as_str().unwrap().to_owned();
    problem["errors"].as_array().unwrap().iter().map(|e| (text(e, "pointer"), text(e, "code"))).collect()
}
