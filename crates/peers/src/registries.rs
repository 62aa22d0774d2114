//! The Digital Registries block, by its native API.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stoa_core::Instant;
use stoa_web::{Method, Peer, PeerError};

/// A register, as far as other blocks need to know it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Registry {
    /// Its id.
    pub id: i64,
    /// Its short code.
    pub code: String,
    /// Its name.
    pub name: String,
}

/// A record of a register.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Its id.
    pub id: String,
    /// Counts its changes.
    pub version: i64,
    /// Its values by field name.
    pub content: Value,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub modified_at: Instant,
}

/// A page of records.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Records {
    /// Records in all.
    pub total: u64,
    /// The records of the page.
    pub items: Vec<Record>,
}

#[derive(Deserialize)]
struct List<T> {
    items: Vec<T>,
}

/// The block. Cheap to clone.
#[derive(Clone)]
pub struct Registries(Peer);

/// No body.
const NOTHING: Option<&Value> = None;

impl Registries {
    /// The block behind this peer.
    pub const fn new(peer: Peer) -> Self {
        Self(peer)
    }

    /// All registers that this node may see.
    pub async fn list(&self) -> Result<Vec<Registry>, PeerError> {
        let list: List<Registry> = self.0.ask(Method::GET, "/v1/registries", NOTHING, None).await?;
        Ok(list.items)
    }

    /// Creates a record once for a key of the caller's own.
    pub async fn create(&self, code: &str, content: &impl Serialize, key: &str) -> Result<Record, PeerError> {
        let content = serde_json::to_value(content).map_err(|error| PeerError::Unreadable(error.to_string()))?;
        self.0.ask(Method::POST, &format!("/v1/registries/{code}/records"), Some(&content), Some(key)).await
    }

    /// A record by its id.
    pub async fn get(&self, code: &str, id: &str) -> Result<Record, PeerError> {
        self.0.ask(Method::GET, &format!("/v1/registries/{code}/records/{id}"), NOTHING, None).await
    }

    /// Records that the full text finds, best first.
    pub async fn search(&self, code: &str, words: &str) -> Result<Records, PeerError> {
        let words: String = words.bytes().map(|byte| format!("%{byte:02X}")).collect();
        self.0.ask(Method::GET, &format!("/v1/registries/{code}/records?search={words}"), NOTHING, None).await
    }
}
