//! Whom one believes.

use std::time::Duration;

use serde_json::json;
use stoa_openstack::config::Tls;
use stoa_openstack::{Call, Cloud, Config, Error, Failure, Limits, Service, SetupError};

use crate::calls::{clock, cloud, config};
use crate::server::{Certificate, Reply, Server, token};

async fn server(certificate: &Certificate) -> Server {
    Server::start_tls(certificate, |asked| {
        if asked.path == "/v3/auth/tokens" {
            return token(&format!("https://{}", asked.header("host").unwrap()), &["member"], &[("compute", "/v2.1")]);
        }
        Reply::json(200, &json!({"servers": []}))
    })
    .await
}

async fn ask(url: &str, tls: Tls) -> Result<usize, Error> {
    let (cloud, _) = cloud(
        Config { tls, ..config(url) },
        Limits { tries_max: 1, connect_time: Duration::from_millis(500), ..Limits::default() },
    );
    cloud.list(Call::get(Service::Compute, "/servers"), "servers").await.map(|items| items.len())
}

#[tokio::test]
async fn an_authority_of_ones_own_is_believed_and_another_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) =
        (Certificate::authority(folder.path(), "ours"), Certificate::authority(folder.path(), "theirs"));
    let server = server(&Certificate::server(folder.path(), "server", "IP:127.0.0.1", &ours)).await;
    let with = |authority: &Certificate| Tls { authorities: Some(authority.pem.clone()), ..Tls::default() };
    assert_eq!(ask(&server.url, with(&ours)).await.unwrap(), 0);
    let error = ask(&server.url, with(&theirs)).await.unwrap_err();
    assert!(matches!(error.failure, Failure::Tls { .. }), "{error}");
    assert!(error.remedy().contains("cacert"), "{}", error.remedy());
    assert!(matches!(ask(&server.url, Tls::default()).await.unwrap_err().failure, Failure::Tls { .. }));
    // Nobody is looked at where the configuration says so.
    assert_eq!(ask(&server.url, Tls { verify: false, ..Tls::default() }).await.unwrap(), 0);
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let ours = Certificate::authority(folder.path(), "ours");
    let server = server(&Certificate::server(folder.path(), "server", "DNS:elsewhere.example.org", &ours)).await;
    let error = ask(&server.url, Tls { authorities: Some(ours.pem.clone()), ..Tls::default() }).await.unwrap_err();
    assert!(matches!(error.failure, Failure::Tls { .. }), "{error}");
}

#[tokio::test]
async fn tls_asked_of_a_plain_server_and_the_other_way_round_is_an_error_that_says_so() {
    let server = Server::start(|_| Reply::text(200, "plain")).await;
    let error = ask(&server.url.replace("http://", "https://"), Tls::default()).await.unwrap_err();
    assert!(matches!(error.failure, Failure::Tls { .. } | Failure::Connection { .. }), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let ours = Certificate::authority(folder.path(), "ours");
    let server = self::server(&Certificate::server(folder.path(), "server", "IP:127.0.0.1", &ours)).await;
    let error = ask(&server.url.replace("https://", "http://"), Tls::default()).await.unwrap_err();
    assert!(matches!(error.failure, Failure::Connection { .. }), "{error}");
}

#[test]
fn files_that_are_not_what_they_should_be_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "nothing here\n").unwrap();
    let made = |tls: Tls| Cloud::new(Config { tls, ..config("https://127.0.0.1:1") }, Limits::default(), clock());
    let error = made(Tls { authorities: Some(empty.clone()), ..Tls::default() }).unwrap_err();
    assert!(matches!(error, SetupError::Content { what: "cacert", .. }), "{error}");
    assert!(error.to_string().contains("empty.pem"), "{error}");
    let error = made(Tls { authorities: Some(folder.path().join("absent.pem")), ..Tls::default() }).unwrap_err();
    assert!(matches!(error, SetupError::File { what: "cacert", .. }), "{error}");
    let error = made(Tls { certificate: Some(empty), ..Tls::default() }).unwrap_err();
    assert!(matches!(error, SetupError::Content { what: "cert", .. }), "{error}");
}
