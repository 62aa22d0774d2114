//! A block as the composition root sees it: one value, whatever it does inside.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use stoa_core::{Clock, Ids, PermissionInfo, ProblemInfo};
use stoa_store::blobs::Blobs;
use stoa_store::jobs::JobHandler;
use stoa_store::keys::MasterKeys;
use stoa_store::outbox::EventSink;
use stoa_store::{Migration, Store};
use stoa_ui::{Catalogue, NavEntry, Words};
use utoipa_axum::router::OpenApiRouter;

use crate::caller::{BasicVerifier, TokenVerifier};
use crate::figures::FigureSource;
use crate::mail::MailPort;
use crate::outgoing::Client;
use crate::peer::{Need, Peers};

/// An error of any kind, for the edges where it is only shown.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// A future of a block's seeding.
pub type Seeding = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;

/// How strict a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// The default: nobody is trusted without proof.
    #[default]
    Secure,
    /// For the official GovStack suites and workshops: sample data, and the mediator's header trusted without TLS. A node
    /// in this profile listens on loopback only.
    Govstack,
}

/// A building block. Everything that is known before it starts is data.
#[derive(Clone, Copy)]
pub struct Block {
    /// Its name: the prefix of its addresses, its permissions and its problems.
    pub name: &'static str,
    /// Its name for people, in English.
    pub title: &'static str,
    /// The tables that it owns.
    pub migrations: &'static [Migration],
    /// Its permissions, with the roles that hold them.
    pub permissions: &'static [PermissionInfo],
    /// The problems that it can name.
    pub problems: &'static [ProblemInfo],
    /// The texts of its pages.
    pub catalogues: &'static [Catalogue],
    /// Its entries in the console's navigation.
    pub navigation: &'static [NavEntry],
    /// The other blocks that it calls, and with which roles.
    pub needs: &'static [Need],
    /// Puts its parts together over an open database.
    pub start: fn(BlockContext) -> Result<BlockParts, BoxError>,
    /// The page of the console that shows an object which the block's evidence names, if there is one.
    pub page_of: fn(&str) -> Option<String>,
    /// Loads the sample data of profile `govstack`; called once on an empty database.
    pub seed_govstack: Option<fn(BlockContext) -> Seeding>,
}

impl Block {
    /// Its name in the visitor's language: the text `block-<name>` of its catalogue.
    pub fn title_in(&self, words: &Words) -> String {
        let key = format!("block-{}", self.name);
        if words.has(&key) { words.t(&key) } else { self.title.to_owned() }
    }

    /// What it is for, in a sentence: the text `block-<name>-about`.
    pub fn about_in(&self, words: &Words) -> String {
        let key = format!("block-{}-about", self.name);
        if words.has(&key) { words.t(&key) } else { self.title_in(words) }
    }
}

/// What a block is given. Cheap to clone.
#[derive(Clone)]
pub struct BlockContext {
    /// Its own database.
    pub store: Store,
    /// Its own blobs.
    pub blobs: Blobs,
    /// The node's master keys, for sealing.
    pub keys: MasterKeys,
    /// Where "now" comes from.
    pub clock: Clock,
    /// Where identifiers come from.
    pub ids: Ids,
    /// Other blocks, wherever they run: those that it declared to need.
    pub peers: Peers,
    /// Calls to other systems.
    pub outgoing: Client,
    /// Sends mail; none where no mail server is configured.
    pub mail: Option<Arc<dyn MailPort>>,
    /// The block's own section of the configuration.
    pub config: serde_json::Value,
    /// How strict the node is.
    pub profile: Profile,
    /// The address under which people reach the node, without a slash at its end.
    pub public_url: String,
}

/// What a block brings when it has started.
pub struct BlockParts {
    /// Its API, with addresses as they stand below its prefix.
    pub api: OpenApiRouter,
    /// Its pages, with addresses as they stand below `/console/<block>`.
    pub pages: axum::Router,
    /// What it works on in the background.
    pub jobs: Vec<Arc<dyn JobHandler>>,
    /// Who is told of its events.
    pub sinks: Vec<Arc<dyn EventSink>>,
    /// Knows the accounts of its own that come by name and secret, where it has such.
    pub accounts: Option<Arc<dyn BasicVerifier>>,
    /// Verifies the tokens that it gives out, where it is an issuer.
    pub tokens: Option<Arc<dyn TokenVerifier>>,
    /// The addresses, as they stand below its prefix, at which the block knows its callers itself: the gate leaves the
    /// credential alone, and handlers take [`Presented`](crate::Presented).
    pub own_gate: &'static [&'static str],
    /// Its own figures in `/metrics`, where it has such.
    pub figures: Option<Arc<dyn FigureSource>>,
}
