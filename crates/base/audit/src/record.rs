//! A record of evidence: who did what, to what, about whom, why, when, with what result; and the bytes that are hashed.

use serde_json::Value;
use stoa_core::{Actor, Id, Instant, Kind};
use stoa_store::{FromRow, Row, StoreError};

use crate::merkle::{self, Hash};

/// Marks the ids of records of evidence.
#[derive(Debug)]
pub enum RecordKind {}
impl Kind for RecordKind {
    const NAME: &'static str = "audit record";
}
/// The id of a record of evidence.
pub type RecordId = Id<RecordKind>;

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused by a rule of the data or of the process.
    Refused,
    /// It was begun and failed.
    Failed,
}

impl Outcome {
    /// The word used in SQL and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// What a caller hands to [`append`](crate::append()).
#[derive(Debug, Clone, PartialEq)]
pub struct Record<'a> {
    /// Who did it, for whom.
    pub actor: &'a Actor,
    /// What was done: `registries.record.create`.
    pub action: &'static str,
    /// To what: `registries/countries/<id>`.
    pub object: String,
    /// About whom: the stable, opaque id of the person; never a name or the number of a document.
    pub subject: Option<&'a str>,
    /// Why, as the caller stated it.
    pub purpose: Option<&'a str>,
    /// How it ended.
    pub outcome: Outcome,
    /// More about it, without personal values; those go to [`append_sealed`](crate::append_sealed).
    pub detail: Value,
    /// The request that it belongs to.
    pub correlation: Option<&'a str>,
}

impl<'a> Record<'a> {
    /// A record of something that was done.
    pub const fn done(actor: &'a Actor, action: &'static str, object: String) -> Self {
        Self {
            actor,
            action,
            object,
            subject: None,
            purpose: None,
            outcome: Outcome::Done,
            detail: Value::Null,
            correlation: None,
        }
    }
}

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its id.
    pub id: RecordId,
    /// When it happened.
    pub at: Instant,
    /// The tenant whose data it is about.
    pub tenant: String,
    /// The sort of actor.
    pub actor_kind: String,
    /// Who did it.
    pub actor: String,
    /// For whom, when a system acted for a person.
    pub on_behalf_of: Option<String>,
    /// The mediator's member, when it came through one.
    pub client: Option<String>,
    /// What was done.
    pub action: String,
    /// To what.
    pub object: String,
    /// About whom.
    pub subject: Option<String>,
    /// Why.
    pub purpose: Option<String>,
    /// How it ended.
    pub outcome: String,
    /// More about it, as JSON text exactly as it was hashed.
    pub detail: String,
    /// Personal values, sealed with the subject's key.
    pub sealed: Option<Vec<u8>>,
    /// The request that it belongs to.
    pub correlation: Option<String>,
}

/// The version of the encoding, and its first byte.
const ENCODING: u8 = 1;

impl Entry {
    /// The canonical bytes: the version, then every field in one fixed order, each behind its length; an absent field is
    /// told from an empty one. Two different records never have the same bytes.
    ///
    /// The place in the table is left out on purpose: it is what the chain fixes.
    pub fn canonical(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(256 + self.detail.len());
        bytes.push(ENCODING);
        bytes.extend_from_slice(self.id.as_bytes());
        bytes.extend_from_slice(&self.at.micros().to_be_bytes());
        for text in
            [&self.tenant, &self.actor_kind, &self.actor, &self.action, &self.object, &self.outcome, &self.detail]
        {
            present(&mut bytes, text.as_bytes());
        }
        for text in [&self.on_behalf_of, &self.client, &self.subject, &self.purpose, &self.correlation] {
            optional(&mut bytes, text.as_deref().map(str::as_bytes));
        }
        optional(&mut bytes, self.sealed.as_deref());
        bytes
    }

    /// The record's leaf in the Merkle tree.
    pub fn leaf(&self) -> Hash {
        merkle::leaf(&self.canonical())
    }
}

fn present(bytes: &mut Vec<u8>, field: &[u8]) {
    bytes.extend_from_slice(&(field.len() as u64).to_be_bytes());
    bytes.extend_from_slice(field);
}

fn optional(bytes: &mut Vec<u8>, field: Option<&[u8]>) {
    bytes.push(u8::from(field.is_some()));
    if let Some(field) = field {
        present(bytes, field);
    }
}

/// The columns that an [`Entry`] is read from, in its order.
pub(crate) const COLUMNS: &str = "id, at, tenant, actor_kind, actor, on_behalf_of, client, action, object, subject, \
                                  purpose, outcome, detail, sealed, correlation";
/// How many they are.
pub(crate) const COLUMN_COUNT: usize = 15;

impl FromRow for Entry {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            at: row.get(1)?,
            tenant: row.get(2)?,
            actor_kind: row.get(3)?,
            actor: row.get(4)?,
            on_behalf_of: row.get(5)?,
            client: row.get(6)?,
            action: row.get(7)?,
            object: row.get(8)?,
            subject: row.get(9)?,
            purpose: row.get(10)?,
            outcome: row.get(11)?,
            detail: row.get(12)?,
            sealed: row.get(13)?,
            correlation: row.get(14)?,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn entry(n: u8) -> Entry {
        Entry {
            id: Id::from_bytes([n; 16]),
            at: Instant::from_micros(1_700_000_000_000_000 + i64::from(n)),
            tenant: "default".to_owned(),
            actor_kind: "official".to_owned(),
            actor: format!("session:{n}"),
            on_behalf_of: None,
            client: None,
            action: "registries.record.create".to_owned(),
            object: format!("registries/countries/{n}"),
            subject: Some("person:7".to_owned()),
            purpose: None,
            outcome: "done".to_owned(),
            detail: "{}".to_owned(),
            sealed: None,
            correlation: None,
        }
    }

    /// The encoding is for ever: records sealed today must verify with every later version.
    #[test]
    fn the_encoding_does_not_change() {
        assert_eq!(
            crate::text::hex(&entry(1).leaf()),
            "fe72914d4617506ef74cb170d8e7cf910ab9f054ffe72d484abacbf554db6377"
        );
    }

    proptest! {
        /// No byte moves between neighbouring fields unnoticed.
        #[test]
        fn different_fields_give_different_bytes(a in "[ab]{0,3}", b in "[ab]{0,3}", c in proptest::option::of("[ab]{0,3}"),
                                                 d in "[ab]{0,3}", e in "[ab]{0,3}", f in proptest::option::of("[ab]{0,3}")) {
            let with = |actor: &str, action: &str, client: &Option<String>| Entry {
                actor: actor.to_owned(), action: action.to_owned(), client: client.clone(), ..entry(1)
            };
            let (left, right) = (with(&a, &b, &c), with(&d, &e, &f));
            prop_assert_eq!(left == right, left.canonical() == right.canonical());
        }
    }
}
