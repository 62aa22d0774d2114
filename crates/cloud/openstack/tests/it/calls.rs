//! Logging in, finding services, paging, counting.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use stoa_core::{Clock, Instant};
use stoa_openstack::config::{Domain, Login, Owned, Scope, Tls};
use stoa_openstack::{Call, Cloud, Config, Interface, Limits, Secret, Service, Waits, segment};

use crate::server::{Asked, Reply, Server, token};

pub(crate) fn config(url: &str) -> Config {
    Config {
        name: "test".to_owned(),
        auth_url: format!("{url}/v3"),
        login: Login::Password {
            user: Owned::Name { name: "demo".to_owned(), domain: Some(Domain::Name("Default".to_owned())) },
            password: Secret::new("swordfish"),
        },
        scope: Scope::Project(Owned::Name {
            name: "demo".to_owned(),
            domain: Some(Domain::Name("Default".to_owned())),
        }),
        region: None,
        interface: Interface::Public,
        overrides: std::collections::BTreeMap::new(),
        tls: Tls::default(),
        call_time: None,
        ignored: Vec::new(),
    }
}

pub(crate) fn clock() -> Clock {
    Clock::fixed("2026-11-26T07:00:00Z".parse::<Instant>().unwrap())
}

/// A cloud whose pauses are told instead of made.
pub(crate) fn cloud(config: Config, limits: Limits) -> (Cloud, Arc<Mutex<Vec<Duration>>>) {
    let pauses = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&pauses);
    let waits = Waits::told(move |pause| told.lock().unwrap().push(pause));
    (Cloud::with_waits(config, limits, waits, clock()).unwrap(), pauses)
}

/// The answer to a login, where it is one.
pub(crate) fn login(asked: &Asked, catalog: &[(&str, &str)]) -> Option<Reply> {
    let url = format!("http://{}", asked.header("host").unwrap());
    (asked.path == "/v3/auth/tokens").then(|| token(&url, &["member"], catalog))
}

#[tokio::test]
async fn one_login_serves_many_calls_and_every_call_is_counted() {
    let server = Server::start(|asked| {
        login(asked, &[("compute", "/v2.1"), ("image", "")])
            .unwrap_or_else(|| Reply::json(200, &json!({"flavors": [{"id": "1"}], "images": []})))
    })
    .await;
    let (cloud, _) = cloud(config(&server.url), Limits::default());
    let flavors = || cloud.list(Call::get(Service::Compute, "/flavors/detail").in_version("2.61"), "flavors");
    let images = cloud.list(Call::get(Service::Image, "/images").with("limit", "1000"), "images");
    let (a, b, c) = tokio::join!(flavors(), flavors(), images);
    assert_eq!((a.unwrap().len(), b.unwrap().len(), c.unwrap().len()), (1, 1, 0));
    assert_eq!(cloud.calls().to_string(), "compute 2, identity 1, image 1");
    assert_eq!(cloud.calls().total(), 4);

    let asked = server.asked();
    assert_eq!(asked[0].line(), "POST /v3/auth/tokens");
    assert_eq!(
        asked[0].json(),
        json!({"auth": {
            "identity": {"methods": ["password"], "password": {"user":
                {"name": "demo", "domain": {"name": "Default"}, "password": "swordfish"}}},
            "scope": {"project": {"name": "demo", "domain": {"name": "Default"}}},
        }})
    );
    let compute = asked.iter().find(|asked| asked.path == "/v2.1/flavors/detail").unwrap();
    assert_eq!(compute.header("x-auth-token"), Some("token-1"));
    assert_eq!(compute.header("openstack-api-version"), Some("compute 2.61"));
    // A catalog without a version: the one that is spoken is put behind it, without asking.
    let image = asked.iter().find(|asked| asked.path == "/v2/images").unwrap();
    assert_eq!(image.query, "limit=1000");
}

#[tokio::test]
async fn every_login_and_scope_has_its_body() {
    let server = Server::start(|asked| token("http://x", &["member"], &[]).with("x-path", &asked.path)).await;
    let domain = Domain::Id("d1".to_owned());
    let owned = |id: &str| Owned::Id(id.to_owned());
    let by_token = Login::Token(Secret::new("t0"));
    let credential = |credential, user| Login::ApplicationCredential { credential, user, secret: Secret::new("s") };
    let named = Owned::Name { name: "c".to_owned(), domain: None };
    for (login, scope, identity, scoped) in [
        (by_token.clone(), Scope::Unscoped, json!({"methods": ["token"], "token": {"id": "t0"}}), json!("unscoped")),
        (
            by_token.clone(),
            Scope::System,
            json!({"methods": ["token"], "token": {"id": "t0"}}),
            json!({"system": {"all": true}}),
        ),
        (
            by_token.clone(),
            Scope::Domain(domain.clone()),
            json!({"methods": ["token"], "token": {"id": "t0"}}),
            json!({"domain": {"id": "d1"}}),
        ),
        (
            by_token,
            Scope::Trust("t".to_owned()),
            json!({"methods": ["token"], "token": {"id": "t0"}}),
            json!({"OS-TRUST:trust": {"id": "t"}}),
        ),
        (
            credential(owned("c1"), None),
            Scope::Default,
            json!({"methods": ["application_credential"], "application_credential": {"id": "c1", "secret": "s"}}),
            json!(null),
        ),
        (
            credential(named, Some(owned("u1"))),
            Scope::Default,
            json!({"methods": ["application_credential"],
                "application_credential": {"name": "c", "secret": "s", "user": {"id": "u1"}}}),
            json!(null),
        ),
    ] {
        let (cloud, _) = cloud(Config { login, scope, ..config(&server.url) }, Limits::default());
        cloud.session().await.unwrap();
        let body = server.asked().last().unwrap().json();
        assert_eq!(body["auth"]["identity"], identity);
        assert_eq!(body["auth"]["scope"], scoped);
    }
}

#[tokio::test]
async fn an_address_without_a_version_is_asked_for_its_versions_only_when_the_guess_was_wrong() {
    let server = Server::start(|asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("POST", "/identity/v3/auth/tokens") => {
            let url = format!("http://{}", asked.header("host").unwrap());
            token(&url, &["member"], &[("key-manager", "/keys"), ("block-storage", "/volume")])
        }
        // Its links are those of before a proxy.
        ("GET", "/keys/") => Reply::json(
            300,
            &json!({"versions": {"values": [
                {"id": "v1", "status": "CURRENT", "links": [{"rel": "self", "href": "http://10.0.0.1:9311/keys/v1/"}]}
            ]}}),
        ),
        ("GET", "/keys/v1/secrets") => Reply::json(200, &json!({"secrets": [], "total": 0})),
        ("GET", "/volume/v3/p1/types") => Reply::json(200, &json!({"volume_types": []})),
        _ => Reply::json(404, &json!({"error": {"message": "not here"}})),
    })
    .await;
    let config = Config { auth_url: format!("{}/identity", server.url), ..config(&server.url) };
    let (cloud, _) = cloud(config, Limits::default());
    cloud.list(Call::get(Service::BlockStorage, "/types"), "volume_types").await.unwrap();
    cloud.list(Call::get(Service::KeyManager, "/secrets"), "secrets").await.unwrap();
    assert_eq!(
        server.lines(),
        ["POST /identity/v3/auth/tokens", "GET /volume/v3/p1/types", "GET /keys/v1/secrets"],
        "no call too many"
    );
    // A thing that is not there, after the version proved right, is just not there.
    let error = cloud.send(Call::get(Service::KeyManager, "/secrets/x")).await.unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(error.to_string(), "GET key-manager/secrets/x: 404: not here");
    assert_eq!(server.lines().len(), 4);
}

#[tokio::test]
async fn a_wrong_guess_is_put_right_by_the_versions_at_the_root() {
    let server = Server::start(|asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("POST", "/v3/auth/tokens") => {
            let url = format!("http://{}", asked.header("host").unwrap());
            token(&url, &["member"], &[("network", "/net")])
        }
        ("GET", "/net/") => Reply::json(
            200,
            &json!({"versions": [{"id": "v2.0", "links": [{"rel": "self", "href": "http://10.0.0.1/net/v2/"}]}]}),
        ),
        ("GET", "/net/v2/networks") => Reply::json(200, &json!({"networks": []})),
        _ => Reply::text(404, ""),
    })
    .await;
    let (cloud, _) = cloud(config(&server.url), Limits::default());
    for _ in 0..2 {
        cloud.list(Call::get(Service::Network, "/networks"), "networks").await.unwrap();
    }
    assert_eq!(
        server.lines(),
        ["POST /v3/auth/tokens", "GET /net/v2.0/networks", "GET /net/", "GET /net/v2/networks", "GET /net/v2/networks"]
    );
}

#[tokio::test]
async fn pages_are_followed_in_all_forms_that_services_have() {
    let served = Arc::new(AtomicUsize::new(0));
    let pages = Arc::clone(&served);
    let server = Server::start(move |asked| {
        if let Some(reply) = login(asked, &[("compute", "/v2.1"), ("image", "/v2"), ("identity", "/v3")]) {
            return reply;
        }
        pages.fetch_add(1, Ordering::SeqCst);
        let first = !asked.query.contains("marker=a%2F1");
        let item = json!({"id": if first { "a/1" } else { "b" }});
        // Services behind a proxy give addresses that nobody reaches.
        Reply::json(
            200,
            &match (asked.path.as_str(), first) {
                ("/v2.1/servers", true) => json!({"servers": [item],
                "servers_links": [{"rel": "next", "href": "http://10.0.0.1/compute/servers?limit=1&marker=a%2F1"}]}),
                ("/v2/images", true) => json!({"images": [item], "next": "/v2/images?marker=a%2F1"}),
                ("/v3/users", true) => {
                    json!({"users": [item], "links": {"next": "http://10.0.0.1/v3/users?marker=a%2F1"}})
                }
                ("/v2.1/servers", false) => json!({"servers": [item]}),
                ("/v2/images", false) => json!({"images": [item], "first": "/v2/images"}),
                _ => json!({"users": [item], "links": {"next": null}}),
            },
        )
    })
    .await;
    let (cloud, _) = cloud(config(&server.url), Limits::default());
    for (service, path, key) in [
        (Service::Compute, "/servers", "servers"),
        (Service::Image, "/images", "images"),
        (Service::Identity, "/users", "users"),
    ] {
        let items = cloud.list(Call::get(service, path).with("limit", "1"), key).await.unwrap();
        assert_eq!(items, [json!({"id": "a/1"}), json!({"id": "b"})], "{key}");
    }
    assert_eq!(served.load(Ordering::SeqCst), 6);
}

#[tokio::test]
async fn the_catalog_is_searched_by_interface_region_and_all_names_of_a_service() {
    let entry = |kind: &str, interface: &str, region: &str, url: &str| json!({"type": kind, "name": "x", "endpoints": [{"interface": interface, "region_id": region, "url": url}]});
    let server = Server::start(move |_| {
        let body = json!({"token": {"roles": [], "catalog": [
            entry("volumev3", "public", "one", "https://old.example.org/v3/p1"),
            entry("block-storage", "public", "two", "https://new.example.org/v3/p1"),
            entry("image", "admin", "one", "https://image.example.org"),
            {"type": "", "endpoints": []}, "no entry", {"type": "compute", "endpoints": null},
        ]}});
        Reply::json(201, &body).with("x-subject-token", "t")
    })
    .await;
    let at = |region: Option<&str>, interface| Config {
        region: region.map(str::to_owned),
        interface,
        ..config(&server.url)
    };
    let find = async |config: Config, service| {
        let (cloud, _) = cloud(config, Limits::default());
        cloud.endpoint(service).await.map_err(|error| error.to_string())
    };
    let volume = Service::BlockStorage;
    assert_eq!(find(at(None, Interface::Public), volume).await.unwrap(), "https://new.example.org/v3/p1");
    assert_eq!(find(at(Some("one"), Interface::Public), volume).await.unwrap(), "https://old.example.org/v3/p1");
    assert_eq!(find(at(None, Interface::Admin), Service::Image).await.unwrap(), "https://image.example.org");
    let mut overridden = at(None, Interface::Public);
    overridden.overrides.insert(Service::Image, "https://here.example.org".to_owned());
    assert_eq!(find(overridden, Service::Image).await.unwrap(), "https://here.example.org");
    assert_eq!(
        find(at(Some("three"), Interface::Public), Service::Image).await.unwrap_err(),
        "GET image: the catalog has no image service with an endpoint for public in the region three; \
         it has block-storage, compute, image, volumev3"
    );
}

#[test]
fn a_name_stays_one_segment_of_a_path() {
    for (text, escaped) in [
        ("a1-b_2.x~", "a1-b_2.x~"),
        ("a/b", "a%2Fb"),
        ("..", "%2E%2E"),
        (".", "%2E"),
        ("ä?#", "%C3%A4%3F%23"),
        ("", ""),
    ] {
        assert_eq!(segment(text), escaped);
    }
}

#[tokio::test]
async fn calls_for_somebody_else_are_counted_and_bounded_together() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/v3/auth/tokens" => token("http://127.0.0.1:1", &["member"], &[]),
        _ => Reply::json(200, &json!({})),
    })
    .await;
    let (one, _) = cloud(config(&server.url), Limits { calls_max: 3, ..Limits::default() });
    let manager = one.config().for_domain("ann", Secret::new("swordfish"), "a");
    let other = one.with_config(manager).unwrap();
    one.session().await.unwrap();
    other.session().await.unwrap();
    assert_eq!((one.calls().total(), other.calls().total()), (2, 2));
    other.send(Call::get(Service::Identity, "/users")).await.unwrap();
    let error = one.send(Call::get(Service::Identity, "/users")).await.unwrap_err().to_string();
    assert!(error.contains("this run has made 3 calls"), "{error}");
}
