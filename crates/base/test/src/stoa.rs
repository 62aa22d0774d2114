//! The system under test and how a test talks to it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use stoa_audit::SigningKey;
use stoa_core::{Actor, Clock, Ids, Instant, Permission, PermissionInfo, Role, Tenant};
use stoa_store::jobs::{JobHandler, JobRunner};
use stoa_store::keys::MasterKeys;
use stoa_store::{Blobs, Store};
use stoa_ui::{Catalogue, NavEntry};
use stoa_web::mail::MailPort;
use stoa_web::outgoing::{Client, OutgoingOptions};
use stoa_web::{
    AppParts, Block, BlockContext, Connections, Elsewhere, Issuers, Metrics, Mounted, NewKey, Node, NodeOptions,
    NodeSigner, PeerOptions, PeerTable, Profile, app,
};
use tower::ServiceExt as _;

use crate::engine::{Place, open_store};

/// When every test's clock starts.
const START: i64 = 1_795_478_400_000_000;
/// Where people would reach the system under test; nobody listens there.
const PUBLIC_URL: &str = "http://127.0.0.1:8080";

/// A whole system: blocks, node and router, without a socket.
pub struct TestStoa {
    /// The clock that everything reads; move it with `advance`.
    pub clock: Clock,
    /// The node: make keys, links.
    pub node: Node,
    /// The databases by block; `node` is the node's own.
    pub stores: BTreeMap<&'static str, Store>,
    /// What each block was given.
    pub contexts: BTreeMap<&'static str, BlockContext>,
    /// The documents by block.
    pub openapi: BTreeMap<&'static str, Value>,
    jobs: BTreeMap<&'static str, Vec<Arc<dyn JobHandler>>>,
    router: Router,
    place: Place,
    callers: AtomicU32,
    peers: PeerTable,
}

impl Drop for TestStoa {
    fn drop(&mut self) {
        // The router holds blocks that hold their peers, which hold the router.
        self.peers.disconnect();
    }
}

/// A permission that no address asks for.
const NOTHING: PermissionInfo =
    PermissionInfo { permission: Permission("test.nothing"), title: "Nothing", roles: &[Role(TestStoa::NOBODY)] };

/// Who asks in a test.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    headers: Vec<(String, String)>,
}

impl Caller {
    /// Nobody.
    pub fn anonymous() -> Self {
        Self::default()
    }

    /// Whoever holds this key.
    pub fn key(key: &str) -> Self {
        Self { headers: vec![("authorization".to_owned(), format!("Bearer {key}"))] }
    }

    /// The headers that it sends.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Also sends this header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is no JSON.
    #[track_caller]
    #[expect(clippy::panic, reason = "a test that got something else has failed")]
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("{} is no JSON ({error}): {}", self.status, self.text()),
        }
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's value, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    /// The answer, which must have this status.
    ///
    /// # Panics
    /// When it has another.
    #[track_caller]
    #[expect(clippy::return_self_not_must_use, reason = "the check is the point; the answer is often not needed")]
    pub fn expect(self, status: u16) -> Self {
        assert!(self.status.as_u16() == status, "expected {status}, got {}: {}", self.status, self.text());
        self
    }
}

/// Makes the node's pages from the node, the blocks and the databases.
pub type MakePages = fn(Node, Vec<Mounted>, Vec<(&'static str, Store)>) -> Router;

/// A clock that moves only when a test says so.
fn standing() -> Clock {
    Clock::fixed(Instant::from_micros(START))
}

/// Pages of the node itself, which stand above this crate and are handed in.
pub struct NodePages {
    /// Their permissions.
    pub permissions: &'static [PermissionInfo],
    /// Their texts.
    pub catalogues: &'static [Catalogue],
    /// Their entries in the console's navigation.
    pub navigation: &'static [NavEntry],
    /// Makes the router.
    pub router: MakePages,
}

impl NodePages {
    const NONE: Self = Self { permissions: &[], catalogues: &[], navigation: &[], router: |_, _, _| Router::new() };
}

impl TestStoa {
    /// A role that brings nothing anywhere.
    pub const NOBODY: &str = "test.nobody";

    /// The system with these blocks, in the default profile.
    pub async fn with(blocks: &[Block]) -> Self {
        Self::start(blocks, Profile::Secure, NodePages::NONE, standing(), Vec::new(), None, &[]).await
    }

    /// The system with these blocks and pages of the node, in the default profile.
    pub async fn with_pages(blocks: &[Block], pages: NodePages) -> Self {
        Self::start(blocks, Profile::Secure, pages, standing(), Vec::new(), None, &[]).await
    }

    /// The system with these blocks in profile `govstack`, seeded; the first block also answers at `/`.
    pub async fn govstack(blocks: &[Block]) -> Self {
        Self::start(blocks, Profile::Govstack, NodePages::NONE, standing(), Vec::new(), None, &[]).await
    }

    /// The system with these blocks, which send their mails through a port.
    pub async fn with_mail(blocks: &[Block], mail: Arc<dyn MailPort>) -> Self {
        Self::start(blocks, Profile::Secure, NodePages::NONE, standing(), Vec::new(), Some(mail), &[]).await
    }

    /// The system with these blocks, each with its own section of the configuration.
    pub async fn with_config(blocks: &[Block], config: &[(&str, Value)]) -> Self {
        Self::start(blocks, Profile::Secure, NodePages::NONE, standing(), Vec::new(), None, config).await
    }

    /// The system with these blocks, while others run elsewhere: by the real clock, which all of them share.
    pub async fn with_elsewhere(blocks: &[Block], elsewhere: Vec<Elsewhere>) -> Self {
        Self::start(blocks, Profile::Secure, NodePages::NONE, Clock::system(), elsewhere, None, &[]).await
    }

    #[expect(clippy::expect_used, reason = "a test without a system cannot go on")]
    async fn start(
        blocks: &[Block],
        profile: Profile,
        pages: NodePages,
        clock: Clock,
        elsewhere: Vec<Elsewhere>,
        mail: Option<Arc<dyn MailPort>>,
        config: &[(&str, Value)],
    ) -> Self {
        let place = Place::new();
        let ids = Ids::seeded(clock.clone(), 1);
        let keys = MasterKeys::generate().expect("master keys");
        let audit = stoa_audit::MIGRATIONS;
        let steps = stoa_web::MIGRATIONS.iter().chain(audit).copied();
        let node_store = open_store(&place, "node", steps, &clock, &ids).await;
        // Tests may call what they start themselves.
        let allowed = vec!["127.0.0.1".parse().expect("an address")];
        let options = OutgoingOptions { allowed, ..OutgoingOptions::default() };
        let outgoing = Client::new(options, clock.clone()).expect("a client");
        let signer = NodeSigner::new(SigningKey::from_seed(&[9; 32]).expect("a key"), PUBLIC_URL, clock.clone());
        let here: Vec<_> = blocks.iter().map(|block| block.name).collect();
        let issuers = Issuers::new(vec![signer.as_issuer(&here)], &outgoing, clock.clone()).expect("an issuer");
        let peers =
            PeerTable::new(PeerOptions { signer, client: outgoing.clone(), clock: clock.clone(), here, elsewhere });
        let node = Node::new(NodeOptions {
            store: node_store.clone(),
            profile,
            permissions: pages
                .permissions
                .iter()
                .chain(stoa_web::webhook::PERMISSIONS)
                .chain(&[NOTHING])
                .chain(blocks.iter().flat_map(|block| block.permissions))
                .copied()
                .collect(),
            tokens: Some(Arc::new(issuers)),
            members: None,
            limits: stoa_web::RateLimits::default(),
            metrics: Metrics::default(),
            keys: keys.clone(),
        });
        let mut stores = BTreeMap::from([("node", node_store)]);
        let (mut contexts, mut openapi, mut mounted) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        let mut jobs = BTreeMap::new();
        for block in blocks {
            let steps = block.migrations.iter().chain(audit).chain(stoa_web::webhook::MIGRATIONS).copied();
            let store = open_store(&place, block.name, steps, &clock, &ids).await;
            let context = BlockContext {
                store: store.clone(),
                blobs: Blobs::folder(&place.path().join("blobs").join(block.name)).expect("a folder for blobs"),
                keys: keys.clone(),
                clock: clock.clone(),
                ids: ids.clone(),
                config: config.iter().find(|(name, _)| *name == block.name).map_or(Value::Null, |(_, own)| own.clone()),
                peers: peers.of(block.name, block.needs),
                outgoing: outgoing.clone(),
                mail: mail.clone(),
                profile,
                public_url: PUBLIC_URL.to_owned(),
            };
            if let (Profile::Govstack, Some(seed)) = (profile, block.seed_govstack) {
                seed(context.clone()).await.expect("the sample data");
            }
            let parts = (block.start)(context.clone()).expect("a block that starts");
            jobs.insert(block.name, parts.jobs.clone());
            let block = Mounted::new(&node, *block, parts);
            openapi.insert(block.block.name, block.openapi.value());
            stores.insert(block.block.name, store);
            contexts.insert(block.block.name, context);
            mounted.push(block);
        }
        let rooms = stores.iter().map(|(name, store)| (*name, store.clone())).collect();
        let router = app(AppParts {
            shell: stoa_web::shell(pages.catalogues, pages.navigation, blocks),
            pages: (pages.router)(node.clone(), mounted.clone(), rooms).merge(peers.published()),
            node: node.clone(),
            public_url: "http://127.0.0.1:8080".to_owned(),
            at_root: blocks.first().filter(|_| profile == Profile::Govstack).map(|block| block.name),
            blocks: mounted,
            stores: stores.values().cloned().collect(),
            lags: Vec::new(),
            connections: Connections::default(),
        });
        peers.connect(router.clone());
        Self { clock, node, stores, contexts, openapi, jobs, router, place, callers: AtomicU32::new(0), peers }
    }

    /// Runs what waits in the background of a block, as its runner would; gives how many jobs ran.
    ///
    /// # Panics
    /// When the block is not there or its database fails.
    #[expect(clippy::expect_used, reason = "a test whose work is not done has failed")]
    pub async fn run_jobs(&self, block: &str) -> u64 {
        let (store, handlers) = (self.stores.get(block).expect("a block"), self.jobs.get(block).expect("a block"));
        let runner = JobRunner::new(store.clone(), handlers.clone());
        runner.prepare().await.expect("a database");
        runner.drain().await.expect("jobs that run")
    }

    /// The whole router, for what asks it without a socket.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Where this test's files lie.
    pub fn path(&self) -> &std::path::Path {
        self.place.path()
    }

    /// A caller of its own, with this role in the default tenant.
    pub async fn role(&self, role: &str) -> Caller {
        self.role_of(role, "default").await
    }

    /// A caller of its own, with this role in a tenant.
    ///
    /// # Panics
    /// When the system cannot be asked.
    #[expect(clippy::expect_used, reason = "a test without a caller cannot go on")]
    pub async fn role_of(&self, role: &str, tenant: &str) -> Caller {
        let by = Actor::system("test", Tenant::new(tenant).expect("a tenant's name"));
        let number = self.callers.fetch_add(1, Ordering::Relaxed) + 1;
        let new = NewKey { name: format!("test {role} {number}"), roles: vec![role.to_owned()], expires_at: None };
        Caller::key(&self.node.create_key(&by, new).await.expect("a key").1)
    }

    /// Sends a request through the router.
    ///
    /// # Panics
    /// When the system cannot be asked.
    #[expect(clippy::expect_used, reason = "a test that cannot ask cannot go on")]
    pub async fn send(&self, by: &Caller, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in &by.headers {
            request = request.header(name, value);
        }
        let body = match body {
            Some(value) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(value.to_string())
            }
            None => Body::empty(),
        };
        self.send_request(request.body(body).expect("a request")).await
    }

    /// Sends a text of some type through the router.
    ///
    /// # Panics
    /// When the system cannot be asked.
    #[expect(clippy::expect_used, reason = "a test that cannot ask cannot go on")]
    pub async fn send_text(
        &self,
        by: &Caller,
        method: Method,
        path: &str,
        content_type: &str,
        text: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, content_type);
        for (name, value) in &by.headers {
            request = request.header(name, value);
        }
        self.send_request(request.body(text.into()).expect("a request")).await
    }

    /// Sends a request of one's own making.
    ///
    /// # Panics
    /// When the system cannot be asked.
    #[expect(clippy::expect_used, reason = "a test that cannot ask cannot go on")]
    pub async fn send_request(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// `GET`.
    pub async fn get(&self, by: &Caller, path: &str) -> Answer {
        self.send(by, Method::GET, path, None).await
    }

    /// `POST` with JSON.
    pub async fn post(&self, by: &Caller, path: &str, body: &Value) -> Answer {
        self.send(by, Method::POST, path, Some(body)).await
    }

    /// `PUT` with JSON.
    pub async fn put(&self, by: &Caller, path: &str, body: &Value) -> Answer {
        self.send(by, Method::PUT, path, Some(body)).await
    }

    /// `DELETE`.
    pub async fn delete(&self, by: &Caller, path: &str) -> Answer {
        self.send(by, Method::DELETE, path, None).await
    }
}
