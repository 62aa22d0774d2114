//! The mediator's headers over real connections: believed with its certificate, read by nobody without it; and a
//! certificate of the node's own that is renewed while it serves.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use stoa_core::{Actor, Clock, Ids, Instant, Tenant};
use stoa_store::{Durability, Engine, Store, StoreLimits, StoreOptions};
use stoa_ui::{Shell, Texts};
use stoa_web::{
    Allowed, AppParts, Connections, Listener, MIGRATIONS, Member, MemberError, Metrics, NewKey, Node, NodeOptions,
    Profile, Public, RateLimits, TlsFiles, app,
};

stoa_web::permissions! {
    ThingRead = "test.thing.read", "Read", [OFFICIAL];
}

/// A certificate with its key: an authority, or signed by one.
struct Certificate {
    pem: PathBuf,
    key: PathBuf,
}

fn certificate(folder: &Path, name: &str, usage: &str, authority: Option<&Certificate>) -> Certificate {
    let made = Certificate { pem: folder.join(format!("{name}.pem")), key: folder.join(format!("{name}.key")) };
    let mut command = Command::new("openssl");
    command
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args(["-subj", &format!("/CN={name}"), "-addext", usage])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout"])
        .arg(&made.key)
        .arg("-out")
        .arg(&made.pem);
    if let Some(authority) = authority {
        command.args(["-addext", "basicConstraints=critical,CA:FALSE", "-CA"]).arg(&authority.pem);
        command.arg("-CAkey").arg(&authority.key);
    }
    assert!(command.stderr(Stdio::null()).status().unwrap().success(), "openssl makes a certificate");
    made
}

fn authority(folder: &Path, name: &str) -> Certificate {
    certificate(folder, name, "keyUsage=critical,keyCertSign", None)
}

fn client(folder: &Path, name: &str, authority: &Certificate) -> Certificate {
    certificate(folder, name, "extendedKeyUsage=clientAuth", Some(authority))
}

fn server(folder: &Path, name: &str, authority: &Certificate) -> Certificate {
    certificate(folder, name, "extendedKeyUsage=serverAuth", Some(authority))
}

async fn node(folder: &Path) -> Node {
    let clock = Clock::fixed(Instant::from_micros(1_795_478_400_000_000));
    let store = Store::open(StoreOptions {
        block: "node",
        engine: Engine::Sqlite { file: folder.join("node.db"), durability: Durability::Full },
        migrations: MIGRATIONS.iter().chain(stoa_audit::MIGRATIONS).copied().collect(),
        ids: Ids::random(clock.clone()),
        clock,
        limits: StoreLimits::default(),
    });
    let member = |name: &str, tenant: &str, roles: &[&str]| {
        let roles = roles.iter().map(|role| (*role).to_owned()).collect();
        Member::new(name, Tenant::new(tenant).unwrap(), roles).unwrap()
    };
    Node::new(NodeOptions {
        store: store.await.unwrap(),
        profile: Profile::Secure,
        permissions: PERMISSIONS.to_vec(),
        tokens: None,
        members: Some(vec![
            member("EE/GOV/7000", "default", &["official"]),
            member("EE/GOV/7000/statistics", "numbers", &[]),
        ]),
        limits: RateLimits::default(),
        metrics: Metrics::default(),
        keys: stoa_store::MasterKeys::generate().unwrap(),
    })
}

fn router(node: &Node) -> Router {
    let said = |actor: &Actor| {
        let client = actor.client.as_deref().unwrap_or("-");
        format!("{} {} {client} {}", actor.kind.as_str(), actor.id, actor.tenant)
    };
    let who = async move |public: Public| said(&public.actor);
    let read = async |allowed: Allowed<ThingRead>| allowed.actor.id;
    app(AppParts {
        node: node.clone(),
        blocks: Vec::new(),
        stores: vec![node.store().clone()],
        lags: Vec::new(),
        connections: Connections::default(),
        shell: Shell::new(Texts::new(&[]), Vec::new()),
        pages: Router::new().route("/who", get(who)).route("/read", get(read)),
        public_url: "http://127.0.0.1:8080".to_owned(),
        at_root: None,
    })
}

async fn start(router: Router, tls: Option<&TlsFiles>) -> SocketAddr {
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), tls, false).await.unwrap();
    let address = listener.address();
    tokio::spawn(listener.serve(router, std::future::pending()));
    address
}

/// Somebody who trusts the node's authority, with or without a certificate of their own.
fn caller(node: &Certificate, own: Option<&Certificate>) -> reqwest::Client {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let roots = reqwest::Certificate::from_pem_bundle(&std::fs::read(&node.pem).unwrap()).unwrap();
    // A connection of its own for each request, as a client of the mediator's would not keep another's.
    let mut builder = reqwest::Client::builder().tls_certs_only(roots).no_proxy().pool_max_idle_per_host(0);
    if let Some(own) = own {
        let pem = [std::fs::read(&own.pem).unwrap(), std::fs::read(&own.key).unwrap()].concat();
        builder = builder.identity(reqwest::Identity::from_pem(&pem).unwrap());
    }
    builder.build().unwrap()
}

async fn ask(client: &reqwest::Client, url: String, headers: &[(&str, &str)]) -> reqwest::Result<(u16, String)> {
    let mut request = client.get(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await?;
    Ok((answer.status().as_u16(), answer.text().await?))
}

struct Bed {
    _folder: tempfile::TempDir,
    node: Node,
    address: SocketAddr,
    mediator: reqwest::Client,
    stranger: reqwest::Client,
    impostor: reqwest::Client,
}

async fn bed() -> Bed {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let (own, theirs, others) =
        (authority(path, "node-ca"), authority(path, "mediator-ca"), authority(path, "another-ca"));
    let served = server(path, "node", &own);
    let (mediator, impostor) = (client(path, "mediator", &theirs), client(path, "impostor", &others));
    let node = node(path).await;
    let files = TlsFiles { client_authority: Some(theirs.pem), ..TlsFiles::new(&served.pem, &served.key) };
    let address = start(router(&node), Some(&files)).await;
    Bed {
        node,
        address,
        mediator: caller(&own, Some(&mediator)),
        stranger: caller(&own, None),
        impostor: caller(&own, Some(&impostor)),
        _folder: folder,
    }
}

impl Bed {
    async fn ask(&self, client: &reqwest::Client, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
        ask(client, format!("https://{}{path}", self.address), headers).await.unwrap()
    }
}

const TAX: (&str, &str) = ("x-road-client", "EE/GOV/7000/tax");

#[tokio::test]
async fn with_the_mediators_certificate_its_members_are_who_they_are_said_to_be() {
    let bed = bed().await;
    for header in ["X-Road-Client", "X-GovStack-Client", "Information-Mediator-Client"] {
        let (status, said) = bed.ask(&bed.mediator, "/who", &[(header, "EE/GOV/7000/tax")]).await;
        assert_eq!((status, said.as_str()), (200, "organisation EE/GOV/7000/tax EE/GOV/7000/tax default"), "{header}");
    }
    assert_eq!(bed.ask(&bed.mediator, "/read", &[TAX]).await.0, 200);
    let (_, said) = bed.ask(&bed.mediator, "/who", &[("x-road-client", "EE/GOV/7000/statistics")]).await;
    assert!(said.ends_with(" numbers"), "a subsystem's own entry goes before its member's: {said}");
    for unlisted in ["EE/GOV/7000/statistics", "EE/GOV/70001/tax", "EE/COM/7000/tax"] {
        assert_eq!(bed.ask(&bed.mediator, "/read", &[("x-road-client", unlisted)]).await.0, 403, "{unlisted}");
    }
    assert_eq!(bed.ask(&bed.mediator, "/read", &[]).await.0, 401, "the certificate alone is nobody's credential");
    for malformed in ["EE/GOV", "nonsense"] {
        let (status, said) = bed.ask(&bed.mediator, "/who", &[("x-road-client", malformed)]).await;
        assert_eq!(status, 400, "{malformed}: {said}");
    }
    let two = [TAX, ("information-mediator-client", "EE/GOV/1/other")];
    assert_eq!(bed.ask(&bed.mediator, "/who", &two).await.0, 400, "two names that differ are none");
    let by = Actor::system("test", Tenant::default());
    let new = NewKey { name: "gate".to_owned(), roles: vec!["official".to_owned()], expires_at: None };
    let key = format!("Bearer {}", bed.node.create_key(&by, new).await.unwrap().1);
    let (_, said) = bed.ask(&bed.mediator, "/who", &[TAX, ("authorization", &key)]).await;
    assert_eq!(said, "system service:gate EE/GOV/7000/tax default", "evidence names both");
}

#[tokio::test]
async fn without_it_nobody_reads_what_the_headers_say() {
    let bed = bed().await;
    for value in ["EE/GOV/7000/tax", "nonsense", ""] {
        let headers = [("x-road-client", value)];
        assert_eq!(bed.ask(&bed.stranger, "/who", &headers).await, (200, "anonymous anonymous - default".to_owned()));
        assert_eq!(bed.ask(&bed.stranger, "/read", &headers).await.0, 401, "{value}");
    }
    let refused = ask(&bed.impostor, format!("https://{}/who", bed.address), &[TAX]).await;
    assert!(refused.is_err(), "a certificate of another authority gets no connection: {refused:?}");
    // The same node without TLS, as a proxy in front of it would ask.
    let plain = start(router(&bed.node), None).await;
    let (status, said) = ask(&bed.stranger, format!("http://{plain}/who"), &[TAX]).await.unwrap();
    assert_eq!((status, said.as_str()), (200, "anonymous anonymous - default"));
}

#[test]
fn a_member_has_three_or_four_parts() {
    let new = |name: &str| Member::new(name, Tenant::default(), Vec::new()).map(drop);
    assert_eq!((new("EE/GOV/1"), new("EE/GOV")), (Ok(()), Err(MemberError)));
}

#[tokio::test]
async fn a_renewed_certificate_is_served_without_a_restart_and_a_broken_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let (old, new) = (authority(path, "old-ca"), authority(path, "new-ca"));
    let (first, second) = (server(path, "first", &old), server(path, "second", &new));
    let (pem, key) = (path.join("served.pem"), path.join("served.key"));
    let put = |certificate: &Path, private: &Path| {
        std::fs::copy(certificate, &pem).unwrap();
        std::fs::copy(private, &key).unwrap();
    };
    put(&first.pem, &first.key);
    let files = TlsFiles { reread: Duration::from_millis(20), ..TlsFiles::new(&pem, &key) };
    let address = start(router(&node(path).await), Some(&files)).await;
    let url = format!("https://{address}/healthz");
    let (before, after) = (caller(&old, None), caller(&new, None));
    assert_eq!(ask(&before, url.clone(), &[]).await.unwrap().0, 200);
    // A key that does not fit: what is half written, or wrong.
    put(&first.pem, &second.key);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(ask(&before, url.clone(), &[]).await.unwrap().0, 200, "the old certificate goes on");
    put(&second.pem, &second.key);
    for _ in 0..100 {
        if ask(&after, url.clone(), &[]).await.is_ok() {
            assert!(ask(&before, url, &[]).await.is_err(), "the old one is not served any more");
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the renewed certificate is not served");
}
