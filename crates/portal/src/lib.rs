//! Pages of the node itself: home, sign-in, the console's home, jobs, evidence, API keys, sessions, system state, and the pages
//! that explain problems and APIs. Blocks bring their own pages; nothing here knows any of them by name.

mod audit;
mod console;
mod docs;
mod front;
mod jobs;
mod keys;
mod markdown;
mod problems;
mod sessions;
mod system;
mod verification;

pub use verification::VerifyEvidence;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use stoa_audit::{Sealer, VerifyingKey};
use stoa_store::Store;
use stoa_ui::{Address, Catalogue, Locale, NavEntry, Paging, Words};
use stoa_web::{Mounted, Node, Right as _};

stoa_web::permissions! {
    ConsoleOpen = "node.console.open", "Open the console", [OPERATOR, ANALYST, OFFICIAL, APPROVER, AUDITOR];
    JobsRead = "node.jobs.read", "See the background work", [OPERATOR, AUDITOR];
    JobsManage = "node.jobs.manage", "Try dead letters again, or drop them", [OPERATOR];
    AuditRead = "node.audit.read", "Search and verify the evidence", [AUDITOR];
    KeysManage = "node.keys.manage", "Make and revoke API keys", [OPERATOR];
    SessionsManage = "node.sessions.manage", "See who is signed in, and end sessions", [OPERATOR];
    SystemRead = "node.system.read", "See the state of the node", [OPERATOR, AUDITOR];
}

/// The texts of the pages.
pub const CATALOGUES: &[Catalogue] = &[
    Catalogue::new(Locale::En, include_str!("../locales/en.ftl")),
    Catalogue::new(Locale::Fr, include_str!("../locales/fr.ftl")),
    Catalogue::new(Locale::Ar, include_str!("../locales/ar.ftl")),
    Catalogue::new(Locale::Sw, include_str!("../locales/sw.ftl")),
];

const fn entry(label_key: &'static str, href: &'static str, permission: stoa_core::Permission) -> NavEntry {
    NavEntry { group_key: "portal-group", label_key, href, permission: Some(permission) }
}

/// The node's entries in the console's navigation.
pub const NAVIGATION: &[NavEntry] = &[
    entry("ui-console", "/console", ConsoleOpen::INFO.permission),
    entry("portal-jobs", "/console/jobs", JobsRead::INFO.permission),
    entry("portal-audit", "/console/audit", AuditRead::INFO.permission),
    entry("portal-keys", "/console/keys", KeysManage::INFO.permission),
    entry("portal-sessions", "/console/sessions", SessionsManage::INFO.permission),
    entry("portal-system", "/console/system", SystemRead::INFO.permission),
];

/// One database of the node, with the evidence inside.
#[derive(Clone)]
pub struct Room {
    /// The block that owns it, or `node`.
    pub name: &'static str,
    /// The database.
    pub store: Store,
    /// Seals its evidence; none where a test does without.
    pub sealer: Option<Arc<Sealer>>,
}

/// What the portal is put together from.
#[derive(Clone)]
pub struct PortalParts {
    /// Who may come in.
    pub node: Node,
    /// The blocks that run.
    pub blocks: Vec<Mounted>,
    /// Every database.
    pub rooms: Vec<Room>,
    /// The public keys that evidence may be signed with.
    pub trusted: Vec<VerifyingKey>,
    /// Where people reach the node; cookies are `Secure` where it is https.
    pub public_url: String,
    /// Facts about the node for its operators: a key of a text and a value.
    pub facts: Vec<(&'static str, String)>,
}

type State = axum::extract::State<Arc<PortalParts>>;

impl PortalParts {
    fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// What people call a database.
    fn room_label(&self, words: &Words, name: &str) -> String {
        let block = self.blocks.iter().find(|mounted| mounted.block.name == name);
        block.map_or_else(|| words.t("portal-group"), |mounted| mounted.block.title_in(words))
    }

    fn room(&self, name: &str) -> Option<&Room> {
        self.rooms.iter().find(|room| room.name == name)
    }
}

/// The node's own addresses.
pub fn router(parts: PortalParts) -> Router {
    Router::new()
        .route("/", get(front::home))
        .route("/static/{file}", get(front::asset))
        .route("/favicon.ico", get(front::icon))
        .route("/sign-in", get(front::sign_in).post(front::use_link))
        .route("/sign-out", post(front::sign_out))
        .route("/preferences", post(front::preferences))
        .route("/console", get(console::home))
        .route("/console/jobs", get(jobs::list))
        .route("/console/jobs/act", post(jobs::act))
        .route("/console/audit", get(audit::search))
        .route("/console/audit/verify", get(verification::show).post(verification::begin))
        .route("/console/audit/checkpoint", get(audit::checkpoint))
        .route("/console/audit/{room}/{id}", get(audit::record))
        .route("/console/keys", get(keys::list))
        .route("/console/keys/new", get(keys::new).post(keys::create))
        .route("/console/keys/{id}", get(keys::made))
        .route("/console/keys/{id}/revoke", post(keys::revoke))
        .route("/console/sessions", get(sessions::list))
        .route("/console/sessions/{id}/end", post(sessions::end))
        .route("/console/system", get(system::show))
        .route("/problems", get(problems::list))
        .route("/problems/{code}", get(problems::show))
        .route("/docs", get(docs::list))
        .route("/docs/{block}", get(docs::show))
        .route("/docs/{block}/{operation}", get(docs::operation))
        .route("/docs/{block}/schemas/{schema}", get(docs::schema))
        .with_state(Arc::new(parts))
}

/// Rows of one page of a list that is short enough to be read whole.
const PAGE_SIZE: u32 = 25;

/// One page of a list, and the ways to the others.
fn page_of<'a, T>(w: &Words, here: &Address, all: &'a [T], number: u32) -> (&'a [T], Paging) {
    let total = u64::try_from(all.len()).unwrap_or(u64::MAX);
    let number = number.clamp(1, Paging::pages(PAGE_SIZE, total));
    let first = usize::try_from((number - 1) * PAGE_SIZE).unwrap_or(usize::MAX);
    let size = usize::try_from(PAGE_SIZE).unwrap_or(usize::MAX);
    let rest = all.get(first..).unwrap_or_default();
    (rest.get(..size.min(rest.len())).unwrap_or_default(), Paging::numbered(w, here, number, PAGE_SIZE, total))
}

/// A page as the usual answer.
fn shown(page: &stoa_ui::Page<'_>) -> axum::response::Response {
    stoa_web::page(axum::http::StatusCode::OK, page)
}
