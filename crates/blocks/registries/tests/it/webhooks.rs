//! Events sent to another system: signed, tried again, on record, and never to where they must not go.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use stoa_store::jobs::{JobFilter, JobRunner, JobState};
use stoa_store::outbox::Relay;
use stoa_store::{StoreError, Tx};
use stoa_test::{Caller, TestStoa};
use stoa_web::webhook::Webhooks;

type Inbox = Arc<Mutex<Vec<(HeaderMap, String)>>>;

#[derive(Clone, Default)]
struct Receiver {
    inbox: Inbox,
    answers: Arc<Mutex<Vec<StatusCode>>>,
}

impl Receiver {
    fn count(&self) -> usize {
        self.inbox.lock().unwrap().len()
    }
}

/// A receiver that keeps what it gets and answers as the test says, 204 when it says nothing.
async fn receiver() -> (Receiver, String) {
    let receiver = Receiver::default();
    let take = async |State(receiver): State<Receiver>, headers: HeaderMap, body: String| {
        receiver.inbox.lock().unwrap().push((headers, body));
        receiver.answers.lock().unwrap().pop().unwrap_or(StatusCode::NO_CONTENT)
    };
    let router = Router::new().route("/events", post(take)).with_state(receiver.clone());
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/events", socket.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(socket, router).await });
    (receiver, url)
}

const WEBHOOKS: &str = "/registries/v1/webhooks";

struct Bed {
    stoa: TestStoa,
    analyst: Caller,
    relay: Relay,
    jobs: JobRunner,
}

async fn bed() -> Bed {
    let stoa = TestStoa::with(&[stoa_registries::BLOCK]).await;
    let analyst = stoa.role("analyst").await;
    let context = &stoa.contexts["registries"];
    let webhooks = Webhooks::new(context.store.clone(), context.keys.clone(), context.outgoing.clone());
    let relay = Relay::new(context.store.clone(), vec![webhooks.sink()]);
    let jobs = JobRunner::new(context.store.clone(), vec![webhooks.handler()]);
    // A new subscriber hears what comes from now on.
    relay.drain().await.unwrap();
    Bed { stoa, analyst, relay, jobs }
}

impl Bed {
    async fn make(&self, url: &str, types: &Value) -> Value {
        let new = json!({"url": url, "types": types});
        self.stoa.post(&self.analyst, WEBHOOKS, &new).await.expect(201).json()
    }

    async fn something_happens(&self, code: &str) {
        let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
        let new = json!({"code": code, "name": code, "schema": schema});
        self.stoa.post(&self.analyst, "/registries/v1/registries", &new).await.expect(201);
    }

    async fn pass(&self) {
        self.relay.drain().await.unwrap();
        self.jobs.drain().await.unwrap();
    }

    async fn jobs_in(&self, state: JobState) -> usize {
        let list = async move |tx: &mut Tx<'_>| -> Result<usize, StoreError> {
            let filter = JobFilter { state: Some(state), kind: Some("web.webhook".to_owned()), after: None };
            Ok(stoa_store::jobs::list(tx, &filter, 100).await?.len())
        };
        self.stoa.stores["registries"].read(list).await.unwrap()
    }
}

#[tokio::test]
async fn an_event_arrives_signed_and_is_on_record() {
    let bed = bed().await;
    let (receiver, url) = receiver().await;
    let made = bed.make(&url, &json!(["stoa.registries.registry."])).await;
    let other = bed.make(&url, &json!(["stoa.registries.record."])).await;
    bed.something_happens("towns").await;
    bed.pass().await;
    let inbox = receiver.inbox.lock().unwrap().clone();
    assert_eq!(inbox.len(), 1, "whoever does not want it does not get it");
    let (headers, body) = &inbox[0];
    let header = |name: &str| headers[name].to_str().unwrap();
    let key = STANDARD.decode(made["secret"].as_str().unwrap().strip_prefix("whsec_").unwrap()).unwrap();
    let signed = format!("{}.{}.{body}", header("webhook-id"), header("webhook-timestamp"));
    let signature = STANDARD.decode(header("webhook-signature").strip_prefix("v1,").unwrap()).unwrap();
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &key), signed.as_bytes(), &signature).unwrap();
    let event: Value = serde_json::from_str(body).unwrap();
    assert_eq!(event["type"], "stoa.registries.registry.drafted.v1");
    assert_eq!(event["id"], header("webhook-id"));
    for name in ["correlation", "traceparent"] {
        let header_name = if name == "correlation" { "x-correlation-id" } else { name };
        assert!(event[name].is_string(), "{event}");
        assert_eq!(event[name], header(header_name), "the delivery belongs to the request that made the event");
    }
    let attempts = async |made: &Value| {
        let path = format!("{WEBHOOKS}/{}/attempts", made["webhook"]["id"].as_str().unwrap());
        bed.stoa.get(&bed.analyst, &path).await.expect(200).json()["items"].clone()
    };
    assert_eq!(attempts(&made).await[0]["status"], 204);
    assert_eq!(attempts(&other).await, json!([]));
    let list = bed.stoa.get(&bed.analyst, WEBHOOKS).await.expect(200);
    assert!(!list.text().contains("whsec_"), "the secret is shown once");
    let stranger = bed.stoa.role_of("analyst", "elsewhere").await;
    assert_eq!(bed.stoa.get(&stranger, WEBHOOKS).await.expect(200).json()["items"], json!([]));
    bed.stoa.get(&bed.stoa.role("auditor").await, WEBHOOKS).await.expect(403);
}

#[tokio::test]
async fn a_receiver_that_fails_is_tried_again_and_given_up_at_last_where_people_see_it() {
    let bed = bed().await;
    let (receiver, url) = receiver().await;
    bed.make(&url, &json!([])).await;
    *receiver.answers.lock().unwrap() = vec![StatusCode::INTERNAL_SERVER_ERROR];
    bed.something_happens("a").await;
    bed.pass().await;
    assert_eq!((receiver.count(), bed.jobs_in(JobState::Ready).await), (1, 1));
    bed.stoa.clock.advance(Duration::from_mins(1));
    bed.pass().await;
    assert_eq!((receiver.count(), bed.jobs_in(JobState::Ready).await), (2, 0));
    let ids: Vec<String> = receiver
        .inbox
        .lock()
        .unwrap()
        .iter()
        .map(|(headers, _)| headers["webhook-id"].to_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids[0], ids[1], "the receiver can tell that it is the same event");

    *receiver.answers.lock().unwrap() = vec![StatusCode::BAD_GATEWAY; 100];
    bed.something_happens("b").await;
    for _ in 0..20 {
        bed.pass().await;
        bed.stoa.clock.advance(Duration::from_hours(3));
    }
    assert_eq!((bed.jobs_in(JobState::Ready).await, bed.jobs_in(JobState::Dead).await), (0, 1));
}

/// What leaves the node names nobody, also where the one who did it is a person; the evidence beside it does.
#[tokio::test]
async fn no_event_tells_who_the_person_was() {
    let bed = bed().await;
    let (receiver, url) = receiver().await;
    bed.make(&url, &json!([])).await;
    let by = stoa_core::Actor::system("test", stoa_core::Tenant::default());
    let jane = bed.stoa.node.create_link(&by, "jane.doe@example.org", &["admin"]).await.unwrap();
    let session = bed.stoa.node.use_link(&jane).await.unwrap().unwrap();
    let cookie = format!("stoa_session={session}");
    let jane = Caller::anonymous().with("cookie", &cookie).with("accept", "text/html");
    let page = bed.stoa.get(&jane, "/console/registries/new").await.expect(200).text();
    let token = page.split_once("name=\"csrf\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    let jane = Caller::anonymous().with("cookie", &cookie).with("x-csrf-token", &token);
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    for code in ["a", "b"] {
        bed.stoa.post(&jane, "/registries/v1/registries", &json!({"code": code, "schema": schema})).await.expect(201);
    }
    bed.stoa.post(&jane, "/registries/v1/registries/a/publish", &json!({})).await.expect(200);
    bed.stoa.post(&jane, "/registries/v1/registries/a/records", &json!({"a": "x"})).await.expect(201);
    bed.pass().await;
    let inbox = receiver.inbox.lock().unwrap().clone();
    assert_eq!(inbox.len(), 4);
    let mut names = std::collections::BTreeSet::new();
    for (headers, body) in &inbox {
        assert!(!body.contains("jane") && !format!("{headers:?}").contains("jane"), "{body}");
        let event: Value = serde_json::from_str(body).unwrap();
        names.insert(event["actor"].as_str().unwrap().to_owned());
    }
    assert!(names.len() == 1 && names.iter().all(|name| name.starts_with("official:")), "{names:?}");
    let rows = async |tx: &mut Tx<'_>| -> Result<Vec<(String,)>, StoreError> {
        tx.rows("SELECT DISTINCT actor FROM audit_record ORDER BY actor", stoa_store::params![]).await
    };
    let actors = bed.stoa.stores["registries"].read(rows).await.unwrap();
    assert!(actors.contains(&("jane.doe@example.org".to_owned(),)), "{actors:?}");
}

#[tokio::test]
async fn a_receiver_that_is_gone_or_removed_gets_nothing_more() {
    let bed = bed().await;
    let (receiver, url) = receiver().await;
    let made = bed.make(&url, &json!([])).await;
    *receiver.answers.lock().unwrap() = vec![StatusCode::GONE];
    bed.something_happens("a").await;
    bed.pass().await;
    bed.something_happens("b").await;
    bed.pass().await;
    assert_eq!(receiver.count(), 1);
    let list = bed.stoa.get(&bed.analyst, WEBHOOKS).await.json();
    assert!(list["items"][0]["disabledWhy"].as_str().unwrap().contains("410"), "{list}");
    let path = format!("{WEBHOOKS}/{}", made["webhook"]["id"].as_str().unwrap());
    bed.stoa.delete(&bed.analyst, &path).await.expect(204);
    bed.stoa.delete(&bed.analyst, &path).await.expect(404);
    bed.stoa.get(&bed.analyst, &format!("{path}/attempts")).await.expect(404);
}

#[tokio::test]
async fn an_address_inside_is_no_address_for_a_webhook() {
    let bed = bed().await;
    for url in
        ["http://10.0.0.1/", "https://169.254.169.254/", "ftp://example.org/", "nonsense", "https://u:p@example.org/"]
    {
        let answer = bed.stoa.post(&bed.analyst, WEBHOOKS, &json!({"url": url})).await.expect(422).json();
        assert_eq!(answer["errors"][0]["pointer"], "/url", "{answer}");
    }
    let answer = bed.stoa.post(&bed.analyst, WEBHOOKS, &json!({"url": "https://example.org", "types": ["a b"]})).await;
    assert_eq!(answer.expect(422).json()["errors"][0]["pointer"], "/types");
}
