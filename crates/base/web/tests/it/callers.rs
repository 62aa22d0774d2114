//! Who may come in: accounts with keys that are replaced, people with sessions that end, and rights that nobody can
//! give away without having them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use stoa_core::{
    Actor, ActorKind, Clock, Ids, Instant, Permission, PermissionInfo, Permissions, Problem, Refusal, Role, Tenant,
};
use stoa_store::jobs::JobRunner;
use stoa_store::{Durability, Engine, Store, StoreError, StoreLimits, StoreOptions, Tx, params};
use stoa_ui::{Shell, Texts};
use stoa_web::{
    AppParts, Connections, MIGRATIONS, Metrics, NewKey, Node, NodeOptions, Profile, Public, RateLimits, Token,
    TokenVerifier, app,
};
use tower::ServiceExt as _;

const READ: Permission = Permission("test.thing.read");
const DECLARED: &[PermissionInfo] =
    &[PermissionInfo { permission: READ, title: "Read", roles: &[Role::OPERATOR, Role::GOVSTACK] }];

async fn node(folder: &Path, profile: Profile) -> (Node, Clock) {
    let clock = Clock::fixed(Instant::from_micros(1_795_478_400_000_000));
    let store = Store::open(StoreOptions {
        block: "node",
        engine: Engine::Sqlite { file: folder.join("node.db"), durability: Durability::Full },
        migrations: MIGRATIONS.iter().chain(stoa_audit::MIGRATIONS).copied().collect(),
        ids: Ids::random(clock.clone()),
        clock: clock.clone(),
        limits: StoreLimits::default(),
    });
    let options = NodeOptions {
        store: store.await.unwrap(),
        profile,
        permissions: DECLARED.to_vec(),
        tokens: None,
        members: None,
        limits: RateLimits::default(),
        metrics: Metrics::default(),
        keys: stoa_store::MasterKeys::generate().unwrap(),
    };
    (Node::new(options), clock)
}

/// Says who asks.
fn router(node: &Node) -> Router {
    let who = async |public: Public| format!("{} {}", public.actor.kind.as_str(), public.actor.id);
    app(AppParts {
        node: node.clone(),
        blocks: Vec::new(),
        stores: vec![node.store().clone()],
        lags: Vec::new(),
        connections: Connections::default(),
        shell: Shell::new(Texts::new(&[]), Vec::new()),
        pages: Router::new().route("/who", axum::routing::get(who)),
        public_url: "http://127.0.0.1:8080".to_owned(),
        at_root: None,
    })
}

async fn who(node: &Node, header: (&str, &str)) -> (u16, String) {
    let request = Request::get("/who").header(header.0, header.1).body(Body::empty()).unwrap();
    let (parts, body) = router(node).oneshot(request).await.unwrap().into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    (parts.status.as_u16(), String::from_utf8(bytes.to_vec()).unwrap())
}

async fn by_key(node: &Node, key: &str) -> (u16, String) {
    who(node, ("authorization", &format!("Bearer {key}"))).await
}

async fn by_session(node: &Node, session: &str) -> String {
    who(node, ("cookie", &format!("stoa_session={session}"))).await.1
}

fn operator(tenant: &str) -> Actor {
    Actor::system("test", Tenant::new(tenant).unwrap())
}

fn new(name: &str, roles: &[&str]) -> NewKey {
    NewKey { name: name.to_owned(), roles: roles.iter().map(|role| (*role).to_owned()).collect(), expires_at: None }
}

fn refused(problem: &Problem) -> (&str, &str) {
    problem.errors.first().map_or(("", ""), |error| (error.pointer.as_str(), error.code))
}

/// What was done in a tenant, oldest first: who, and what.
async fn evidence(node: &Node, tenant: &str) -> Vec<(String, String)> {
    let tenant = tenant.to_owned();
    let read = async move |tx: &mut Tx<'_>| -> Result<Vec<(String, String)>, StoreError> {
        tx.rows("SELECT actor, action FROM audit_record WHERE tenant = $1 ORDER BY id", params![tenant]).await
    };
    node.store().read(read).await.unwrap()
}

#[tokio::test]
async fn a_program_stays_itself_when_its_key_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (node, _) = node(folder.path(), Profile::Secure).await;
    let by = operator("default");
    let (old, old_text) = node.create_key(&by, new("ci", &["operator"])).await.unwrap();
    let (fresh, fresh_text) = node.create_key(&by, new(" ci ", &[])).await.unwrap();
    assert_eq!((old.account, &old.roles), (fresh.account, &fresh.roles), "the same account, its roles by themselves");
    for text in [&old_text, &fresh_text] {
        assert_eq!(by_key(&node, text).await, (200, "system service:ci".to_owned()));
    }
    node.revoke_key(&by, old.id).await.unwrap();
    assert_eq!(by_key(&node, &old_text).await.0, 401);
    assert_eq!(by_key(&node, &fresh_text).await.0, 200);

    let other = node.create_key(&by, new("ci", &["auditor"])).await.unwrap_err();
    assert_eq!(refused(&other), ("/roles", "conflict"), "an account's roles are not changed by the way");
    let unknown = node.create_key(&by, new("cd", &[])).await.unwrap_err();
    assert_eq!(refused(&unknown), ("/roles", "required"));
    for bad in ["", " ", "a\nb", &"x".repeat(201)] {
        assert_eq!(refused(&node.create_key(&by, new(bad, &["operator"])).await.unwrap_err()).0, "/name", "{bad}");
    }
    assert_eq!(node.revoke_keys_of(&by, "ci").await.unwrap(), 1);
    assert_eq!(by_key(&node, &fresh_text).await.0, 401);
    assert_eq!(node.revoke_keys_of(&by, "nobody").await.unwrap_err().code, "web.key_not_found");
    let actions: Vec<String> = evidence(&node, "default").await.into_iter().map(|(_, action)| action).collect();
    assert_eq!(
        actions,
        ["node.account.create", "node.key.create", "node.key.create", "node.key.revoke", "node.key.revoke"]
    );
}

#[tokio::test]
async fn keys_of_every_tenant_are_found_and_only_their_own_tenant_revokes_them() {
    let folder = tempfile::tempdir().unwrap();
    let (node, _) = node(folder.path(), Profile::Secure).await;
    let (ministry, default) = (operator("ministry"), operator("default"));
    let (key, text) = node.create_key(&ministry, new("ci", &["operator"])).await.unwrap();
    let (mine, _) = node.create_key(&default, new("ci", &["operator"])).await.unwrap();
    assert_ne!(key.account, mine.account, "a name is a tenant's own");
    let names = |keys: Vec<stoa_web::ApiKey>| keys.into_iter().map(|key| key.tenant.to_string()).collect::<Vec<_>>();
    assert_eq!(names(node.list_keys(&default).await.unwrap()), ["default"]);
    assert_eq!(names(node.list_all_keys().await.unwrap()), ["default", "ministry"]);
    assert!(node.revoke_key(&default, key.id).await.is_err(), "another tenant's key is not there");
    assert_eq!(by_key(&node, &text).await.0, 200);
    let tenant = node.tenant_of_key(key.id).await.unwrap().unwrap();
    assert_eq!(tenant.as_str(), "ministry");
    node.revoke_key(&Actor::system("test", tenant), key.id).await.unwrap();
    assert_eq!(by_key(&node, &text).await.0, 401);
}

#[tokio::test]
async fn nobody_gives_away_rights_that_they_do_not_have() {
    let folder = tempfile::tempdir().unwrap();
    let (node, _) = node(folder.path(), Profile::Secure).await;
    let weak = Actor {
        kind: ActorKind::Official,
        id: "weak".to_owned(),
        permissions: Permissions::none(),
        ..Actor::anonymous(Tenant::default())
    };
    for roles in [["admin"], ["operator"]] {
        let refused = node.create_key(&weak, new("x", &roles)).await.unwrap_err();
        assert_eq!(refused.refusal, Refusal::Forbidden);
        assert_eq!(node.create_link(&weak, "eve", &roles).await.unwrap_err().refusal, Refusal::Forbidden);
    }
    node.create_key(&operator("default"), new("strong", &["operator"])).await.unwrap();
    let further = node.create_key(&weak, new("strong", &[])).await.unwrap_err();
    assert_eq!(further.refusal, Refusal::Forbidden, "nor by a further key of an account that has them");
    assert_eq!(node.list_all_keys().await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_role_of_callers_without_proof_is_none_where_proof_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (strict, _) = node(&folder.path().join("."), Profile::Secure).await;
    let by = operator("default");
    assert_eq!(refused(&strict.create_key(&by, new("x", &["govstack"])).await.unwrap_err()), ("/roles", "enum"));
    assert!(strict.create_link(&by, "x", &["govstack"]).await.is_err());
    assert!(!strict.permissions_of(&["govstack"]).contains(READ), "nor does a token bring it");
    let other = tempfile::tempdir().unwrap();
    let (open, _) = node(other.path(), Profile::Govstack).await;
    assert!(open.permissions_of(&["govstack"]).contains(READ));
    open.create_key(&by, new("x", &["govstack"])).await.unwrap();
}

struct Away;

#[async_trait::async_trait]
impl TokenVerifier for Away {
    async fn verify(&self, token: &str) -> Result<Token, Problem> {
        let refusal = if token == "away" { Refusal::Busy } else { Refusal::Unauthenticated };
        Err(Problem::new(refusal, "web.other_system_unavailable").retry_after(Duration::from_secs(10)))
    }
}

#[tokio::test]
async fn an_issuer_that_is_away_does_not_look_like_a_bad_token() {
    let folder = tempfile::tempdir().unwrap();
    let (plain, _) = node(folder.path(), Profile::Secure).await;
    let node = Node::new(NodeOptions {
        store: plain.store().clone(),
        profile: Profile::Secure,
        permissions: DECLARED.to_vec(),
        tokens: Some(Arc::new(Away)),
        members: None,
        limits: RateLimits::default(),
        metrics: Metrics::default(),
        keys: stoa_store::MasterKeys::generate().unwrap(),
    });
    let (status, said) = by_key(&node, "away").await;
    assert!(status == 503 && said.contains("web.other_system_unavailable"), "{status} {said}");
    let (status, said) = by_key(&node, "bad").await;
    assert!(status == 401 && said.contains("web.unauthenticated"), "{status} {said}");
}

#[tokio::test]
async fn coming_and_going_is_evidence_and_an_administrator_ends_a_session() {
    let folder = tempfile::tempdir().unwrap();
    let (node, _) = node(folder.path(), Profile::Secure).await;
    let by = operator("ministry");
    let mut sessions = Vec::new();
    for subject in ["ada", "bob"] {
        let link = node.create_link(&by, subject, &["operator"]).await.unwrap();
        sessions.push(node.use_link(&link).await.unwrap().unwrap());
        assert_eq!(node.use_link(&link).await.unwrap(), None);
    }
    assert_eq!(by_session(&node, &sessions[0]).await, "official ada");
    let listed = node.list_sessions(&by, Some(&sessions[1])).await.unwrap();
    let shown: Vec<_> = listed.iter().map(|session| (session.subject.as_str(), session.is_own)).collect();
    assert_eq!(shown, [("bob", true), ("ada", false)]);
    assert!(node.list_sessions(&operator("default"), None).await.unwrap().is_empty(), "another tenant sees nobody");
    assert!(node.end_session(&operator("default"), listed[1].id).await.is_err());
    node.end_session(&by, listed[1].id).await.unwrap();
    assert_eq!(by_session(&node, &sessions[0]).await, "anonymous anonymous");
    assert!(node.end_session(&by, listed[1].id).await.is_err(), "it has ended already");
    let bob = Actor { id: "bob".to_owned(), ..by.clone() };
    node.sign_out(&bob, &sessions[1]).await.unwrap();
    assert_eq!(by_session(&node, &sessions[1]).await, "anonymous anonymous");
    let noted = evidence(&node, "ministry").await;
    let noted: Vec<_> = noted.iter().map(|(actor, action)| (actor.as_str(), action.as_str())).collect();
    assert_eq!(
        noted,
        [
            ("test", "node.link.create"),
            ("ada", "node.session.start"),
            ("test", "node.link.create"),
            ("bob", "node.session.start"),
            ("test", "node.session.end"),
            ("bob", "node.session.end"),
        ]
    );
    assert!(evidence(&node, "default").await.is_empty());
}

#[tokio::test]
async fn sessions_and_links_that_are_over_are_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let (node, clock) = node(folder.path(), Profile::Secure).await;
    let by = operator("default");
    let rows = async || {
        let count = async |tx: &mut Tx<'_>| -> Result<(i64, i64), StoreError> {
            tx.get("SELECT (SELECT count(*) FROM session), (SELECT count(*) FROM sign_in_link)", params![]).await
        };
        node.store().read(count).await.unwrap()
    };
    let tidy = JobRunner::new(node.store().clone(), vec![node.tidy()]);
    let link = node.create_link(&by, "ada", &["operator"]).await.unwrap();
    let kept = node.use_link(&link).await.unwrap().unwrap();
    node.create_link(&by, "bob", &["operator"]).await.unwrap();
    tidy.prepare().await.unwrap();
    tidy.drain().await.unwrap();
    assert_eq!(rows().await, (1, 1), "the link that was used goes, the session and the fresh link stay");
    clock.advance(Duration::from_mins(59));
    assert_eq!(by_session(&node, &kept).await, "official ada");
    clock.advance(Duration::from_mins(59));
    tidy.drain().await.unwrap();
    assert_eq!(rows().await, (1, 0), "a session in use stays, a link that was not used in time goes");
    clock.advance(Duration::from_mins(2));
    assert!(node.list_sessions(&by, None).await.unwrap().is_empty());
    clock.advance(Duration::from_hours(1));
    tidy.drain().await.unwrap();
    assert_eq!(rows().await, (0, 0));
}
