//! An event (CloudEvents 1.0) and its row.

use stoa_core::{Id, Instant, Kind, Tenant};

use serde_json::{Value, json};

use crate::wake::Topic;
use crate::{FromRow, Row, StoreError, Tx, params};

/// Marks the ids of events.
#[derive(Debug)]
pub enum EventKind {}
impl Kind for EventKind {
    const NAME: &'static str = "event";
}
/// The id of an event.
pub type EventId = Id<EventKind>;

/// The largest `data` in bytes, as JSON. CloudEvents asks every intermediary to carry 64 KiB in all.
pub const DATA_BYTES_MAX: usize = 56 * 1024;

/// What happened, in the terms of CloudEvents 1.0.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Unique for ever; made by [`Event::new`] callers through `tx.new_id()`.
    pub id: EventId,
    /// `type`: `stoa.registries.record.created.v1`.
    pub type_: String,
    /// `source`: the block's address, `/registries`.
    pub source: String,
    /// `subject`: what it happened to, relative to the source.
    pub subject: Option<String>,
    /// When it happened.
    pub time: Instant,
    /// Whose data it is about; the extension attribute `tenant`.
    pub tenant: Tenant,
    /// Who did it, by a name that says nothing of a person: events leave the node. The extension attribute `actor`.
    pub actor: Option<String>,
    /// The request that it belongs to; the extension attribute `correlation`.
    pub correlation: Option<String>,
    /// Where it stands in a trace over several systems; the extension attribute `traceparent` (CloudEvents' extension
    /// "Distributed Tracing").
    pub traceparent: Option<String>,
    /// `data`: ids and changed names. Personal values stay out.
    pub data: Value,
}

impl Event {
    /// An event of this transaction: now, with a new id.
    pub fn new(tx: &Tx<'_>, type_: &str, source: &str, tenant: &Tenant, data: Value) -> Self {
        Self {
            id: tx.new_id(),
            type_: type_.to_owned(),
            source: source.to_owned(),
            subject: None,
            time: tx.now(),
            tenant: tenant.clone(),
            actor: None,
            correlation: None,
            traceparent: None,
            data,
        }
    }

    /// Names what it happened to.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Names who did it.
    #[must_use]
    pub fn actor(mut self, actor: impl Into<String>) -> Self {
        self.actor = Some(actor.into());
        self
    }

    /// Names the request that it belongs to.
    #[must_use]
    pub fn correlation(mut self, correlation: Option<&str>) -> Self {
        self.correlation = correlation.map(str::to_owned);
        self
    }

    /// Names its place in a trace.
    #[must_use]
    pub fn traceparent(mut self, traceparent: Option<&str>) -> Self {
        self.traceparent = traceparent.map(str::to_owned);
        self
    }
}

/// An event on its way to a subscriber.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivered {
    /// The event.
    pub event: Event,
    /// Its place in this database: a later event has a higher number.
    pub sequence: i64,
    /// Which attempt this is, from 1.
    pub attempt: u32,
}

impl Delivered {
    /// The event in CloudEvents' JSON format (`application/cloudevents+json`).
    pub fn to_json(&self) -> Value {
        let event = &self.event;
        let mut json = json!({
            "specversion": "1.0",
            "id": event.id,
            "type": event.type_,
            "source": event.source,
            "time": event.time,
            "tenant": event.tenant,
            // CloudEvents "sequence" extension: a string that is compared as text, hence the zeros.
            "sequence": format!("{:020}", self.sequence),
            "datacontenttype": "application/json",
            "data": event.data,
        });
        for (name, value) in [
            ("subject", &event.subject),
            ("actor", &event.actor),
            ("correlation", &event.correlation),
            ("traceparent", &event.traceparent),
        ] {
            if let (Some(value), Some(object)) = (value, json.as_object_mut()) {
                object.insert(name.to_owned(), Value::from(value.as_str()));
            }
        }
        json
    }
}

/// Writes an event into the outbox, in the caller's transaction. It is delivered soon after the commit.
pub async fn publish(tx: &mut Tx<'_>, event: &Event) -> Result<(), StoreError> {
    let data = event.data.to_string();
    if data.len() > DATA_BYTES_MAX {
        return Err(StoreError::Data { reason: format!("an event's data may have {DATA_BYTES_MAX} bytes") });
    }
    let mark = tx.commit_mark().await?;
    tx.execute(
        "INSERT INTO stoa_event (mark, id, type, source, subject, tenant, actor, correlation, traceparent, time, data)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        params![
            mark,
            event.id,
            event.type_,
            event.source,
            event.subject,
            event.tenant.as_str(),
            event.actor,
            event.correlation,
            event.traceparent,
            event.time,
            data,
        ],
    )
    .await?;
    tx.wake(Topic::Outbox);
    Ok(())
}

/// An event's row, and where it stands in the order of commits.
pub(super) struct Stored {
    pub(super) mark: i64,
    pub(super) seq: i64,
    /// The event; or why it cannot be read, which must not hold up those behind it.
    pub(super) event: Result<Event, StoreError>,
}

/// The columns that [`Stored`] is read from, of `stoa_event e`.
pub(super) const COLUMNS: &str =
    "e.mark, e.seq, e.id, e.type, e.source, e.subject, e.tenant, e.actor, e.correlation, e.traceparent, e.time, e.data";

impl FromRow for Stored {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { mark: row.get(0)?, seq: row.get(1)?, event: event(row) })
    }
}

fn event(row: &Row) -> Result<Event, StoreError> {
    let data: String = row.get(11)?;
    let tenant: String = row.get(6)?;
    let unreadable = |reason: String| StoreError::Data { reason: format!("an event in the outbox: {reason}") };
    Ok(Event {
        id: row.get(2)?,
        type_: row.get(3)?,
        source: row.get(4)?,
        subject: row.get(5)?,
        tenant: Tenant::new(tenant).map_err(|error| unreadable(error.to_string()))?,
        actor: row.get(7)?,
        correlation: row.get(8)?,
        traceparent: row.get(9)?,
        time: row.get(10)?,
        data: serde_json::from_str(&data).map_err(|error| unreadable(error.to_string()))?,
    })
}
