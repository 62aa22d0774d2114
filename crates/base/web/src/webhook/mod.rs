//! Events sent to other systems, signed, tried again, and on record.
//!
//! The signature is that of Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp` and `webhook-signature`, an
//! HMAC-SHA-256 over `id.timestamp.body`. An event becomes a job for each webhook that wants it; what is tried too often
//! waits among the dead letters of the jobs, where people see it and send it again.

mod api;

pub use api::{PERMISSIONS, WebhooksManage, api};

use std::sync::Arc;
use std::time::{Duration, Instant as Tick};

use async_trait::async_trait;
use aws_lc_rs::hmac;
use axum::http::{HeaderName, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::json;
use stoa_audit::{AuditError, Record};
use stoa_core::{Actor, Id, Instant, Kind, Problem, Refusal};
use stoa_store::jobs::{Job, JobError, JobHandler, NewJob, enqueue};
use stoa_store::keys::MasterKeys;
use stoa_store::outbox::{Delivered, DeliveryError, EventSink, StartAt};
use stoa_store::seal::{self, SealError};
use stoa_store::{Backoff, Migration, Store, StoreError, Tx, params};

use crate::outgoing::{Call, Client};

/// The tables of webhooks, for every block's database; the composition root adds them to the block's own.
pub const MIGRATIONS: &[Migration] =
    &[Migration::both(9100, "webhook", include_str!("../../migrations/9100_webhook.sql"))];

/// The kind of the jobs that send.
const JOB: &str = "web.webhook";
/// What a webhook's secret is sealed for.
const CONTEXT: &str = "web.webhook_secret";
/// Webhooks of one tenant at most: each event is sent to all of them.
const WEBHOOKS_MAX: i64 = 100;
/// How long a receiver may take.
const TIME: Duration = Duration::from_secs(15);
/// Bytes of a receiver's answer that are read, and thrown away.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// How long attempts are remembered.
const ATTEMPTS_KEPT: Duration = Duration::from_hours(30 * 24);

/// Marks the ids of webhooks.
#[derive(Debug)]
pub enum WebhookKind {}
impl Kind for WebhookKind {
    const NAME: &'static str = "webhook";
}
enum AttemptKind {}
impl Kind for AttemptKind {
    const NAME: &'static str = "webhook attempt";
}

/// A webhook as it is listed; its secret is not shown again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    pub id: Id<WebhookKind>,
    /// Where events go.
    pub url: String,
    /// The types of events that it wants, or what they begin with (`stoa.registries.record.`); all when empty.
    pub types: Vec<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    /// When it was turned off.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub disabled_at: Option<Instant>,
    /// Why it was turned off.
    pub disabled_why: Option<String>,
}

/// One attempt to send one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// The event.
    pub event: String,
    /// Its type.
    #[serde(rename = "type")]
    pub type_: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// Which attempt it was, from 1.
    pub number: i64,
    /// What the receiver answered, if it did.
    pub status: Option<i64>,
    /// Why it failed, if it did.
    pub fault: Option<String>,
    /// How long it took, in microseconds.
    pub micros: i64,
}

/// The webhooks of one block. Cheap to clone.
#[derive(Clone)]
pub struct Webhooks {
    store: Store,
    keys: MasterKeys,
    client: Client,
}

#[derive(Serialize, Deserialize)]
struct Payload {
    webhook: Id<WebhookKind>,
    id: String,
    #[serde(rename = "type")]
    type_: String,
    body: String,
}

/// What ties an event to the request that it belongs to, as the event itself says it.
#[derive(Default, Deserialize)]
struct Ties {
    correlation: Option<String>,
    traceparent: Option<String>,
}

type Row = (Id<WebhookKind>, String, String, Instant, Option<Instant>, Option<String>);

fn shown((id, url, types, created_at, disabled_at, disabled_why): Row) -> Webhook {
    let types = types.split_whitespace().map(str::to_owned).collect();
    Webhook { id, url, types, created_at, disabled_at, disabled_why }
}

fn subject(id: Id<WebhookKind>) -> String {
    format!("webhook/{id}")
}

fn refuse(pointer: &str, code: &'static str, message: &str) -> Problem {
    Problem::new(Refusal::Invalid, "web.invalid_field").field(pointer, code, message)
}

/// Why a webhook could not be made.
enum Making {
    Full,
    Audit(AuditError),
    Seal(SealError),
}

impl From<StoreError> for Making {
    fn from(error: StoreError) -> Self {
        Self::Audit(error.into())
    }
}

impl Webhooks {
    /// The webhooks over a block's database, which has [`MIGRATIONS`].
    pub const fn new(store: Store, keys: MasterKeys, client: Client) -> Self {
        Self { store, keys, client }
    }

    /// Makes a webhook. The secret (`whsec_…`) that is returned is the only copy of it for people.
    pub async fn create(&self, by: &Actor, url: &str, types: &[String]) -> Result<(Webhook, String), Problem> {
        if url.len() > 2_000 {
            return Err(refuse("/url", "max", "has more than 2000 characters"));
        }
        self.client.check(url).map_err(|error| {
            let problem = Problem::from(error);
            refuse("/url", "format", &problem.detail)
        })?;
        let plain = |name: &String| !name.is_empty() && name.len() <= 200 && !name.contains(char::is_whitespace);
        if types.len() > 50 || !types.iter().all(plain) {
            return Err(refuse("/types", "format", "lists at most 50 names of events, without white space"));
        }
        let mut key = [0_u8; 32];
        aws_lc_rs::rand::fill(&mut key).map_err(|_| Problem::new(Refusal::Failed, "web.failed"))?;
        let secret = format!("whsec_{}", STANDARD.encode(key));
        let id: Id<WebhookKind> = self.store.ids().new_id();
        let (keys, actor) = (self.keys.clone(), by.clone());
        let (address, wanted, sealed) = (url.to_owned(), types.join(" "), secret.clone());
        let made = self
            .store
            .write(async move |tx: &mut Tx<'_>| -> Result<Instant, Making> {
                let sql = "SELECT count(*) FROM webhook WHERE tenant = $1";
                let (there,): (i64,) = tx.get(sql, params![actor.tenant.as_str()]).await?;
                if there >= WEBHOOKS_MAX {
                    return Err(Making::Full);
                }
                let secret = seal::seal(tx, &keys, &subject(id), CONTEXT, sealed.as_bytes()).await;
                let (secret, now) = (secret.map_err(Making::Seal)?, tx.now());
                tx.execute(
                    "INSERT INTO webhook (id, tenant, url, types, secret, created_at, created_by) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7)",
                    params![id, actor.tenant.as_str(), address, wanted, secret, now, actor.id],
                )
                .await?;
                let record = Record::done(&actor, "web.webhook.create", subject(id));
                stoa_audit::append(tx, &record).await.map_err(Making::Audit)?;
                Ok(now)
            })
            .await;
        let created_at = made.map_err(|error| match error {
            Making::Full => refuse("/url", "max", "there are 100 webhooks already: remove one first"),
            Making::Audit(error) => error.into(),
            Making::Seal(error) => error.into(),
        })?;
        let webhook = Webhook {
            id,
            url: url.to_owned(),
            types: types.to_vec(),
            created_at,
            disabled_at: None,
            disabled_why: None,
        };
        Ok((webhook, secret))
    }

    /// All webhooks of the actor's tenant.
    pub async fn list(&self, by: &Actor) -> Result<Vec<Webhook>, Problem> {
        let tenant = by.tenant.clone();
        let read = async move |tx: &mut Tx<'_>| -> Result<Vec<Row>, StoreError> {
            let sql = "SELECT id, url, types, created_at, disabled_at, disabled_why FROM webhook WHERE tenant = $1 ORDER BY id";
            tx.rows(sql, params![tenant.as_str()]).await
        };
        Ok(self.store.read(read).await?.into_iter().map(shown).collect())
    }

    /// Removes a webhook with its secret; what waits for it is sent no more.
    pub async fn remove(&self, by: &Actor, id: Id<WebhookKind>) -> Result<(), Problem> {
        let actor = by.clone();
        let remove = async move |tx: &mut Tx<'_>| -> Result<bool, AuditError> {
            let sql = "DELETE FROM webhook WHERE id = $1 AND tenant = $2";
            let gone = tx.execute(sql, params![id, actor.tenant.as_str()]).await? > 0;
            if gone {
                tx.execute("DELETE FROM webhook_attempt WHERE webhook = $1", params![id]).await?;
                stoa_audit::append(tx, &Record::done(&actor, "web.webhook.remove", subject(id))).await?;
            }
            Ok(gone)
        };
        if self.store.write(remove).await? { Ok(()) } else { Err(missing()) }
    }

    /// The last attempts of a webhook, newest first.
    pub async fn attempts(&self, by: &Actor, id: Id<WebhookKind>, limit: u32) -> Result<Vec<Attempt>, Problem> {
        type Row = (String, String, Instant, i64, Option<i64>, Option<String>, i64);
        let tenant = by.tenant.clone();
        let read = async move |tx: &mut Tx<'_>| -> Result<Option<Vec<Row>>, StoreError> {
            let sql = "SELECT 1 FROM webhook WHERE id = $1 AND tenant = $2";
            if tx.find::<(i64,)>(sql, params![id, tenant.as_str()]).await?.is_none() {
                return Ok(None);
            }
            let sql = "SELECT event, type, at, number, status, fault, micros FROM webhook_attempt \
                       WHERE webhook = $1 ORDER BY id DESC LIMIT $2";
            tx.rows(sql, params![id, limit]).await.map(Some)
        };
        let rows = self.store.read(read).await?.ok_or_else(missing)?;
        Ok(rows
            .into_iter()
            .map(|(event, type_, at, number, status, fault, micros)| Attempt {
                event,
                type_,
                at,
                number,
                status,
                fault,
                micros,
            })
            .collect())
    }

    fn block(&self) -> &'static str {
        self.store.block()
    }

    /// What takes the block's events.
    pub fn sink(&self) -> Arc<dyn EventSink> {
        Arc::new(self.clone())
    }

    /// What sends them.
    pub fn handler(&self) -> Arc<dyn JobHandler> {
        Arc::new(self.clone())
    }

    /// What forgets attempts that are older than a month.
    pub fn tidy(&self) -> Arc<dyn JobHandler> {
        Arc::new(Tidy(self.store.clone()))
    }

    async fn secret(&self, id: Id<WebhookKind>) -> Result<Option<(String, Vec<u8>)>, JobError> {
        let keys = self.keys.clone();
        let read = async move |tx: &mut Tx<'_>| -> Result<Option<(String, Vec<u8>)>, SealError> {
            let sql = "SELECT url, secret FROM webhook WHERE id = $1 AND disabled_at IS NULL";
            let Some((url, sealed)) = tx.find::<(String, Vec<u8>)>(sql, params![id]).await? else { return Ok(None) };
            let secret = seal::open(tx, &keys, &subject(id), CONTEXT, &sealed).await?;
            Ok(Some((url, secret.to_vec())))
        };
        self.store.read(read).await.map_err(|error| JobError::later(error.to_string()))
    }

    async fn note(&self, job: &Job, payload: &Payload, outcome: &Outcome, took: Duration) -> Result<(), JobError> {
        let (webhook, event, type_) = (payload.webhook, payload.id.clone(), payload.type_.clone());
        let (number, outcome) = (job.attempt, outcome.clone());
        let micros = i64::try_from(took.as_micros()).unwrap_or(i64::MAX);
        let write = async move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            let (id, now) = (tx.new_id::<AttemptKind>(), tx.now());
            tx.execute(
                "INSERT INTO webhook_attempt (id, webhook, event, type, at, number, status, fault, micros) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                params![id, webhook, event, type_, now, i64::from(number), outcome.status, outcome.fault, micros],
            )
            .await?;
            if outcome.is_gone {
                let sql = "UPDATE webhook SET disabled_at = $2, disabled_why = $3 WHERE id = $1";
                tx.execute(sql, params![webhook, now, "the receiver answered 410 Gone"]).await?;
            }
            Ok(())
        };
        self.store.write(write).await.map_err(|error| JobError::later(error.to_string()))
    }
}

fn missing() -> Problem {
    Problem::new(Refusal::NotFound, "web.not_found").detail("There is no such webhook.")
}

#[async_trait]
impl EventSink for Webhooks {
    fn name(&self) -> &'static str {
        "webhooks"
    }

    fn start_at(&self) -> StartAt {
        StartAt::Now
    }

    async fn deliver(&self, delivered: &Delivered) -> Result<(), DeliveryError> {
        let event = delivered.event.clone();
        let body = delivered.to_json().to_string();
        let write = async move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            let sql = "SELECT id, types FROM webhook WHERE tenant = $1 AND disabled_at IS NULL";
            let all: Vec<(Id<WebhookKind>, String)> = tx.rows(sql, params![event.tenant.as_str()]).await?;
            let wants = |types: &str| types.is_empty() || types.split(' ').any(|name| event.type_.starts_with(name));
            for (webhook, _) in all.iter().filter(|(_, types)| wants(types)) {
                let id = event.id.to_string();
                let payload = json!({"webhook": webhook, "id": id, "type": event.type_, "body": body});
                // The same event that comes again becomes the same job.
                enqueue(tx, NewJob::new(JOB, &payload).key(&format!("{webhook}/{id}"))).await?;
            }
            Ok(())
        };
        self.store.write(write).await.map_err(|error| DeliveryError::later(error.to_string()))
    }
}

#[derive(Clone)]
struct Outcome {
    status: Option<i64>,
    fault: Option<String>,
    is_gone: bool,
    wait: Option<Duration>,
}

#[async_trait]
impl JobHandler for Webhooks {
    fn kind(&self) -> &'static str {
        JOB
    }

    fn backoff(&self) -> Backoff {
        Backoff { first: Duration::from_secs(5), longest: Duration::from_hours(2), attempts_max: 12 }
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let payload: Payload = job.payload().map_err(|error| JobError::never(error.to_string()))?;
        // Removed or turned off in the meantime: there is nobody to tell.
        let Some((url, secret)) = self.secret(payload.webhook).await? else { return Ok(()) };
        let timestamp = self.store.clock().now().seconds();
        let signature = sign(&secret, &payload.id, timestamp, &payload.body)
            .ok_or_else(|| JobError::never("the secret of the webhook cannot be read"))?;
        let ties: Ties = serde_json::from_str(&payload.body).unwrap_or_default();
        let call = Call::post("webhook", url, "application/cloudevents+json", payload.body.clone())
            .header(HeaderName::from_static("webhook-id"), &payload.id)
            .header(HeaderName::from_static("webhook-timestamp"), timestamp.to_string())
            .header(HeaderName::from_static("webhook-signature"), signature)
            .correlation(ties.correlation.as_deref(), ties.traceparent.as_deref())
            .once()
            .within(TIME)
            .at_most(ANSWER_BYTES_MAX);
        let begun = Tick::now();
        let outcome = match self.client.send(call).await {
            Ok(reply) => Outcome {
                status: Some(i64::from(reply.status.as_u16())),
                fault: (!reply.status.is_success()).then(|| format!("the receiver answered {}", reply.status)),
                is_gone: reply.status == StatusCode::GONE,
                wait: reply.retry_after(),
            },
            Err(error) => Outcome { status: None, fault: Some(error.to_string()), is_gone: false, wait: None },
        };
        self.note(job, &payload, &outcome, begun.elapsed()).await?;
        match (outcome.fault, outcome.wait) {
            (None, _) => Ok(()),
            (Some(_), _) if outcome.is_gone => Ok(()),
            (Some(fault), Some(wait)) => Err(JobError::after(wait.min(Duration::from_hours(2)), fault)),
            (Some(fault), None) => Err(JobError::later(fault)),
        }
    }
}

struct Tidy(Store);

#[async_trait]
impl JobHandler for Tidy {
    fn kind(&self) -> &'static str {
        "web.webhook_tidy"
    }

    fn every(&self) -> Option<Duration> {
        Some(Duration::from_hours(6))
    }

    async fn run(&self, _: &Job) -> Result<(), JobError> {
        let forget = async |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
            let old = tx.now().minus(ATTEMPTS_KEPT);
            let sql = "DELETE FROM webhook_attempt WHERE id IN \
                       (SELECT id FROM webhook_attempt WHERE at < $1 ORDER BY id LIMIT 1000)";
            tx.execute(sql, params![old]).await
        };
        while self.0.write(forget).await.map_err(|error| JobError::later(error.to_string()))? == 1000 {}
        Ok(())
    }
}

/// `v1,` and the HMAC-SHA-256 over `id.timestamp.body`, in base64 (Standard Webhooks 1.0, "Signature scheme").
fn sign(secret: &[u8], id: &str, timestamp: i64, body: &str) -> Option<String> {
    let encoded = std::str::from_utf8(secret).ok()?.strip_prefix("whsec_")?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(encoded).ok()?);
    let tag = hmac::sign(&key, format!("{id}.{timestamp}.{body}").as_bytes());
    Some(format!("v1,{}", STANDARD.encode(tag.as_ref())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own libraries.
    #[test]
    fn a_signature_is_the_one_that_the_specification_shows() {
        let signed = sign(
            b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            "{\"test\": 2432232314}",
        );
        assert_eq!(signed.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }
}
