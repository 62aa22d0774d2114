//! Which block is where: put together once by the composition root, and handed to the blocks.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::routing::get;
use stoa_core::{Clock, Role};

use super::signer::{Errand, NodeSigner};
use super::tokens::{ClientCredentials, Tokens};
use super::{Credential, Peer, Way};
use crate::answer::bytes_as;
use crate::outgoing::Client;
use crate::permission::Public;

/// Where a node publishes the keys with which it signs for its blocks (RFC 7517).
const KEYS_ADDRESS: &str = "/.well-known/jwks.json";

/// What a block needs of another one: said in its declaration, so that it gets these rights there and no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// The other block.
    pub block: &'static str,
    /// The roles that it must have there.
    pub roles: &'static [Role],
}

/// A block that does not run here.
#[derive(Debug, Clone)]
pub struct Elsewhere {
    /// Which block.
    pub block: String,
    /// The address where its own paths begin.
    pub url: String,
    /// How a token for it is had. Without it the node signs one: another node of ours serves the block.
    pub client: Option<ClientCredentials>,
}

/// What a table is put together from.
pub struct PeerOptions {
    /// Signs for the blocks of this node.
    pub signer: NodeSigner,
    /// Calls what is elsewhere.
    pub client: Client,
    /// Where "now" comes from.
    pub clock: Clock,
    /// The blocks that run here.
    pub here: Vec<&'static str>,
    /// Those that do not.
    pub elsewhere: Vec<Elsewhere>,
}

/// Where every block is. Cheap to clone.
#[derive(Clone)]
pub struct PeerTable(Arc<Inner>);

struct Inner {
    signer: NodeSigner,
    client: Client,
    here: Vec<&'static str>,
    elsewhere: BTreeMap<String, (String, Option<Arc<Tokens>>)>,
    router: SharedRouter,
}

/// The node's own router. It is there once all blocks have started; blocks keep their peers, and the router keeps the
/// blocks, so it is taken away again at the end.
pub(super) type SharedRouter = Arc<RwLock<Option<Router>>>;

impl PeerTable {
    /// The table. Blocks that run here can be called after [`connect`](Self::connect).
    pub fn new(options: PeerOptions) -> Self {
        let PeerOptions { signer, client, clock, here, elsewhere } = options;
        let elsewhere = elsewhere.into_iter().map(|Elsewhere { block, url, client: credentials }| {
            let tokens = credentials.map(|held| Arc::new(Tokens::new(held, client.clone(), clock.clone())));
            (block, (url.trim_end_matches('/').to_owned(), tokens))
        });
        let elsewhere = elsewhere.collect();
        Self(Arc::new(Inner { signer, client, here, elsewhere, router: SharedRouter::default() }))
    }

    /// The peers of one block, with what it declared to need of them.
    pub fn of(&self, caller: &'static str, needs: &'static [Need]) -> Peers {
        Peers { table: self.clone(), caller, needs }
    }

    /// Whether the block is at hand, here or elsewhere.
    pub fn knows(&self, block: &str) -> bool {
        self.0.here.contains(&block) || self.0.elsewhere.contains_key(block)
    }

    /// Blocks of this process are called through this router from now on.
    pub fn connect(&self, router: Router) {
        *self.0.router.write().unwrap_or_else(PoisonError::into_inner) = Some(router);
    }

    /// Blocks of this process are called no more.
    pub fn disconnect(&self) {
        *self.0.router.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The address at which other nodes find the keys of this one.
    pub fn published(&self) -> Router {
        let keys = serde_json::to_vec(&self.0.signer.keys()).unwrap_or_default();
        let show = async move |_: Public| {
            let mut response = bytes_as(StatusCode::OK, "application/jwk-set+json", keys);
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
            response
        };
        Router::new().route(KEYS_ADDRESS, get(show))
    }
}

/// The peers of one block. Cheap to clone.
#[derive(Clone)]
pub struct Peers {
    table: PeerTable,
    caller: &'static str,
    needs: &'static [Need],
}

impl Peers {
    /// The block of this name, wherever it is.
    pub fn to(&self, block: &str) -> Peer {
        let inner = &self.table.0;
        let roles = self.needs.iter().find(|need| need.block == block).map_or(&[] as &[Role], |need| need.roles);
        let signed = |audience: String| Credential::Signed {
            signer: inner.signer.clone(),
            caller: self.caller,
            roles: roles.iter().map(|role| role.0).collect(),
            audience,
        };
        let (way, prefix, credential) = match inner.elsewhere.get(block) {
            Some((base, tokens)) => {
                let credential = match tokens {
                    Some(tokens) => Credential::Client(Arc::clone(tokens)),
                    None => signed(base.clone()),
                };
                (Way::There { client: inner.client.clone(), base: base.clone() }, String::new(), credential)
            }
            None if inner.here.contains(&block) => {
                (Way::Here(Arc::clone(&inner.router)), format!("/{block}"), signed(inner.signer.audience(block)))
            }
            None => (Way::Nowhere(block.to_owned()), String::new(), signed(String::new())),
        };
        Peer { way, prefix, credential, errand: Errand::default() }
    }
}
