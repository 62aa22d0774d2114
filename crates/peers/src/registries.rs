//! The Digital Registries block, by its native API.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stoa_core::{Actor, Instant};
use stoa_web::{Method, Peer, PeerError, Peers};

/// The block's name.
pub const BLOCK: &str = "registries";

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
    /// Published versions, oldest first.
    #[serde(default)]
    pub versions: Vec<Version>,
}

/// A published version of a register.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Version {
    /// Its label in addresses.
    pub label: String,
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

    /// The block, wherever it is, as a block that declared to need it is given it.
    pub fn of(peers: &Peers) -> Self {
        Self(peers.to(BLOCK))
    }

    /// The same, asked because this actor asked.
    #[must_use]
    pub fn on_behalf_of(self, actor: &Actor) -> Self {
        Self(self.0.on_behalf_of(actor))
    }

    /// All registers that this node may see.
    pub async fn list(&self) -> Result<Vec<Registry>, PeerError> {
        let list: List<Registry> = self.0.ask(Method::GET, "/v1/registries", NOTHING, None).await?;
        Ok(list.items)
    }

    /// Creates a record once for a key of the caller's own.
    pub async fn create(&self, code: &str, content: &impl Serialize, key: &str) -> Result<Record, PeerError> {
        let content = serde_json::to_value(content).map_err(|error| PeerError::Unreadable(error.to_string()))?;
        self.0.ask(Method::POST, &records(code)?, Some(&content), Some(key)).await
    }

    /// A record by its id.
    pub async fn get(&self, code: &str, id: &str) -> Result<Record, PeerError> {
        let path = format!("{}/{}", records(code)?, Peer::segment(id)?);
        self.0.ask(Method::GET, &path, NOTHING, None).await
    }

    /// Records that the full text finds, best first.
    pub async fn search(&self, code: &str, words: &str) -> Result<Records, PeerError> {
        let words: String = words.bytes().map(|byte| format!("%{byte:02X}")).collect();
        self.0.ask(Method::GET, &format!("{}?search={words}", records(code)?), NOTHING, None).await
    }
}

/// The records of a register. Codes and ids may come from anywhere, so they are encoded.
fn records(code: &str) -> Result<String, PeerError> {
    Ok(format!("/v1/registries/{}/records", Peer::segment(code)?))
}
