//! The whole address space of a node: its blocks below their prefixes, and the node's own addresses.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use stoa_core::{Problem, Refusal};
use stoa_store::Store;
use stoa_ui::Shell;

use crate::answer::{Fault, JSON, bytes_as};
use crate::block::{Block, BlockParts};
use crate::connections::Connections;
use crate::figures::FigureSource;
use crate::layers::{Surround, surround};
use crate::node::Node;
use crate::openapi::ApiDocument;
use crate::{health, host, openapi};

/// A block that runs. Cheap to clone: each listener gets a router of its own over the same block.
#[derive(Clone)]
pub struct Mounted {
    /// What it is.
    pub block: Block,
    /// Its OpenAPI document, complete, as it is served below the block's prefix.
    pub openapi: ApiDocument,
    api: Router,
    pages: Router,
    figures: Option<Arc<dyn FigureSource>>,
}

impl Mounted {
    /// Completes a started block's API: its document, and the refusals that every operation shares.
    pub fn new(node: &Node, block: Block, parts: BlockParts) -> Self {
        if let Some(accounts) = parts.accounts {
            node.take_in(accounts);
        }
        if let Some(issuer) = parts.tokens {
            node.take_in_issuer(issuer);
        }
        node.open_own_gate(block.name, parts.own_gate);
        let (api, document) = parts.api.split_for_parts();
        let document = openapi::complete(document, &block, node.hears_mediator());
        let openapi = ApiDocument::new(document, format!("/{}", block.name));
        let api = api.method_not_allowed_fallback(method_not_allowed);
        Self { block, openapi, api, pages: parts.pages, figures: parts.figures }
    }

    /// The API with its document, which says where its addresses begin.
    fn api_at(&self, place: &str) -> Router {
        let text = self.openapi.at(place).text();
        let document = get(move || async move { bytes_as(StatusCode::OK, JSON, text) });
        self.api.clone().route("/openapi.json", document)
    }
}

/// How far the sealer of a database is behind.
pub type Lag = (&'static str, Arc<dyn Fn() -> Duration + Send + Sync>);

/// What an [`app`] is put together from.
pub struct AppParts {
    /// The node.
    pub node: Node,
    /// The blocks that run.
    pub blocks: Vec<Mounted>,
    /// Every database, for readiness and metrics.
    pub stores: Vec<Store>,
    /// How far each database's sealer is behind.
    pub lags: Vec<Lag>,
    /// The connections of all listeners.
    pub connections: Connections,
    /// Languages and navigation of every page.
    pub shell: Shell,
    /// Pages and other addresses of the node.
    pub pages: Router,
    /// The address under which people reach the node.
    pub public_url: String,
    /// Serve this block at `/` as well as at its prefix.
    pub at_root: Option<&'static str>,
}

/// The router of a whole node, with everything that surrounds a request.
pub fn app(parts: AppParts) -> Router {
    let AppParts { node, blocks, stores, lags, connections, shell, pages, public_url, at_root } = parts;
    let sources = blocks.iter().filter_map(|mounted| Some((mounted.block.name, mounted.figures.clone()?)));
    let mut router = health::router(&node, &stores, &lags, &connections, sources.collect()).merge(pages);
    let mut root = None;
    for mounted in blocks {
        if at_root == Some(mounted.block.name) {
            root = Some(mounted.api_at("/"));
        }
        let prefix = format!("/{}", mounted.block.name);
        router = router
            .nest(&prefix, mounted.api_at(&prefix))
            .nest(&format!("/console/{}", mounted.block.name), mounted.pages);
    }
    let router = router.fallback(not_found).method_not_allowed_fallback(method_not_allowed);
    // The node has pages at some of a block's addresses, its front page first of all: the block's go before.
    let router = match root {
        Some(root) => root.method_not_allowed_fallback(method_not_allowed).fallback_service(router),
        None => router,
    };
    let around = Surround {
        node,
        request_time: connections.bounds().request_time,
        is_https: public_url.starts_with("https://"),
        public_host: host::of_url(&public_url),
    };
    surround(router, around, shell)
}

async fn not_found() -> Fault {
    Problem::new(Refusal::NotFound, "web.not_found").detail("There is nothing at this address.").into()
}

async fn method_not_allowed() -> Fault {
    Problem::new(Refusal::MethodNotAllowed, "web.method_not_allowed")
        .detail("This address does not take that method; the Allow header names those that it takes.")
        .into()
}
