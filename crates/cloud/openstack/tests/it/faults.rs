//! Clouds that do not do as they should: each time a clear reason, never a hang.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use stoa_openstack::{Call, Cloud, Config, Error, Failure, Limits, Service};

use crate::calls::{cloud, config, login};
use crate::server::{Asked, Reply, Server, token};

/// A cloud whose compute service answers the nth call so.
async fn server(answer: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static) -> Server {
    let count = AtomicUsize::new(0);
    Server::start(move |asked| {
        login(asked, &[("compute", "/v2.1")]).unwrap_or_else(|| answer(asked, count.fetch_add(1, Ordering::SeqCst)))
    })
    .await
}

fn list(cloud: &Cloud) -> impl Future<Output = Result<Vec<serde_json::Value>, Error>> + '_ {
    cloud.list(Call::get(Service::Compute, "/servers"), "servers")
}

fn good() -> Reply {
    Reply::json(200, &json!({"servers": [{"id": "1"}]}))
}

#[tokio::test]
async fn a_token_that_ends_in_mid_run_is_renewed_once_for_all() {
    let logins = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&logins);
    let server = Server::start(move |asked| {
        if asked.path == "/v3/auth/tokens" {
            let number = counted.fetch_add(1, Ordering::SeqCst) + 1;
            let url = format!("http://{}", asked.header("host").unwrap());
            let Reply::Answer { status, body, .. } = token(&url, &["member"], &[("compute", "/v2.1")]) else {
                unreachable!()
            };
            return Reply::Answer { status, headers: Vec::new(), body }.with("x-subject-token", &format!("t{number}"));
        }
        match asked.header("x-auth-token") {
            Some("t1") => Reply::json(
                401,
                &json!({"error": {"code": 401, "message": "The request you have made requires authentication."}}),
            ),
            _ => good(),
        }
    })
    .await;
    let (cloud, _) = cloud(config(&server.url), Limits::default());
    let (a, b, c) = tokio::join!(list(&cloud), list(&cloud), list(&cloud));
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(logins.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_token_that_is_about_to_end_is_not_used_any_more() {
    let ends = ["2026-11-26T07:00:30Z", "2026-11-26T09:00:00Z"];
    let count = AtomicUsize::new(0);
    let server = Server::start(move |asked| {
        if asked.path != "/v3/auth/tokens" {
            return good();
        }
        let url = format!("http://{}/v2.1", asked.header("host").unwrap());
        let end = ends[count.fetch_add(1, Ordering::SeqCst)];
        let body = json!({"token": {"expires_at": end, "catalog": [
            {"type": "compute", "endpoints": [{"interface": "public", "url": url}]}]}});
        Reply::json(201, &body).with("x-subject-token", end)
    })
    .await;
    let (cloud, _) = cloud(config(&server.url), Limits::default());
    for _ in 0..3 {
        list(&cloud).await.unwrap();
    }
    let tokens: Vec<String> =
        server.asked().iter().filter_map(|asked| asked.header("x-auth-token").map(str::to_owned)).collect();
    // The first was used for the call that had asked for it.
    assert_eq!(tokens, [ends[0], ends[1], ends[1]]);
}

#[tokio::test]
async fn a_token_that_stays_refused_is_an_error_not_a_circle() {
    let server = server(|_, _| Reply::json(401, &json!({"error": {"message": "no"}}))).await;
    let (cloud, _) = cloud(config(&server.url), Limits::default());
    let error = list(&cloud).await.unwrap_err();
    assert_eq!(error.to_string(), "GET compute/servers: 401: no");
    assert_eq!(error.remedy(), "log in again: the token was refused, a fresh one too");
    assert_eq!(server.lines().len(), 4, "two logins, two calls");
}

#[tokio::test]
async fn a_refused_login_is_tried_once_whoever_asks() {
    let server =
        Server::start(|_| Reply::json(401, &json!({"error": {"message": "Invalid username or password"}}))).await;
    let (cloud, _) = cloud(config(&server.url), Limits::default());
    for _ in 0..5 {
        let error = list(&cloud).await.unwrap_err();
        assert_eq!(error.to_string(), "POST identity/auth/tokens: the login was refused: Invalid username or password");
    }
    assert_eq!(server.lines().len(), 1, "five failed logins would lock the account");
    assert!(!format!("{cloud:?} {:?}", cloud.config()).contains("swordfish"));
}

#[tokio::test]
async fn too_many_requests_and_unavailable_are_tried_again_when_the_cloud_says() {
    for (status, asked, pauses) in [
        (429, Some("7"), vec![7_000, 7_000]),
        (503, Some("2"), vec![2_000, 2_000]),
        (503, Some("Thu, 26 Nov 2026 07:00:05 GMT"), vec![5_000, 5_000]),
        (429, None, vec![500, 1_000]),
        (503, Some("soon"), vec![500, 1_000]),
        (502, None, vec![500, 1_000]),
    ] {
        let server = server(move |_, count| match (count, asked) {
            (0 | 1, Some(asked)) => Reply::text(status, "busy").with("retry-after", asked),
            (0 | 1, None) => Reply::text(status, "busy"),
            _ => good(),
        })
        .await;
        let (cloud, told) = cloud(config(&server.url), Limits::default());
        assert_eq!(list(&cloud).await.unwrap().len(), 1, "{status} {asked:?}");
        let told: Vec<u128> = told.lock().unwrap().iter().map(Duration::as_millis).collect();
        assert_eq!(told, pauses, "{status} {asked:?}");
    }
}

#[tokio::test]
async fn patience_ends_after_so_many_tries_and_at_once_where_a_long_wait_is_asked_for() {
    let server = server(|_, _| Reply::text(503, "<html><body><h1>Service\nUnavailable</h1></body></html>")).await;
    let (cloud, told) = cloud(config(&server.url), Limits::default());
    let error = list(&cloud).await.unwrap_err();
    assert_eq!(error.to_string(), "GET compute/servers: 503: Service Unavailable (tried 4 times)");
    assert_eq!(told.lock().unwrap().len(), 3);

    let server = self::server(|_, _| Reply::text(429, "").with("retry-after", "3600")).await;
    let (cloud, told) = self::cloud(config(&server.url), Limits::default());
    assert_eq!(list(&cloud).await.unwrap_err().to_string(), "GET compute/servers: 429");
    assert!(told.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_creates_is_sent_again_only_when_nothing_was_done() {
    let create = || Call::post(Service::Compute, "/servers", &json!({"server": {}}));
    for (reply, times) in [
        (Reply::text(503, "").with("retry-after", "1"), 4),
        (Reply::text(429, ""), 4),
        (Reply::text(503, ""), 1),
        (Reply::text(502, ""), 1),
        (Reply::Reset, 1),
        (Reply::text(500, ""), 1),
    ] {
        let told = reply.clone();
        let server = server(move |_, _| told.clone()).await;
        let (cloud, _) = cloud(config(&server.url), Limits::default());
        let error = cloud.send(create()).await.unwrap_err();
        assert_eq!(server.lines().len(), times + 1, "{reply:?}: {error}");
        let is_open = !matches!(reply, Reply::Answer { status: 429, .. });
        assert_eq!(error.is_open(), is_open, "{reply:?}: whether something was made is not known");
    }
}

#[tokio::test]
async fn broken_connections_are_tried_again_for_what_only_reads() {
    let server = server(|_, count| match count {
        0 => Reply::Reset,
        1 => Reply::Cut,
        _ => good(),
    })
    .await;
    let (cloud, told) = cloud(config(&server.url), Limits::default());
    assert_eq!(list(&cloud).await.unwrap().len(), 1);
    assert_eq!(told.lock().unwrap().len(), 2);

    let server = self::server(|_, _| Reply::Reset).await;
    let (cloud, _) = self::cloud(config(&server.url), Limits::default());
    let error = list(&cloud).await.unwrap_err();
    assert!(matches!(error.failure, Failure::Connection { was_sent: true, tried: 4, .. }), "{error:?}");
    assert!(error.to_string().ends_with("(tried 4 times)"), "{error}");
}

#[tokio::test]
async fn nobody_at_the_address_is_told_as_such() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let (cloud, _) = cloud(config(&url), Limits { tries_max: 2, ..Limits::default() });
    let error = cloud.session().await.unwrap_err();
    assert!(error.to_string().contains("refused") && error.to_string().ends_with("(tried 2 times)"), "{error}");
    assert!(!error.is_open());
}

#[tokio::test]
async fn a_slow_service_is_not_waited_for_for_ever() {
    let server = server(|_, _| Reply::Hang).await;
    let limits = Limits { call_time: Duration::from_millis(150), ..Limits::default() };
    let (cloud, _) = cloud(config(&server.url), limits);
    let error = list(&cloud).await.unwrap_err();
    assert_eq!(error.to_string(), "GET compute/servers: no answer within 0.15 s");
    assert_eq!(server.lines().len(), 2, "what is slow is not asked again");
    // The configuration's own limit counts before.
    let config = Config { call_time: Some(Duration::from_millis(80)), ..config(&server.url) };
    let (cloud, _) = self::cloud(config, Limits::default());
    assert!(list(&cloud).await.unwrap_err().to_string().ends_with("no answer within 0.08 s"));
}

#[tokio::test]
async fn answers_that_are_no_json_or_lack_what_is_promised_are_named() {
    for (reply, said) in [
        (Reply::text(200, "{\"servers\": [{\"id\""), "no JSON (EOF while parsing"),
        (Reply::text(200, "<html>Welcome</html>"), "no JSON (expected value at line 1 column 1)"),
        (Reply::text(200, ""), "nothing"),
        (Reply::json(200, &json!({"hosts": []})), "has no `servers`"),
        (Reply::json(200, &json!({"servers": {"id": 1}})), "has no `servers`"),
        (Reply::json(200, &json!([1])), "has no `servers`"),
    ] {
        let told = reply.clone();
        let server = server(move |_, _| told.clone()).await;
        let (cloud, _) = cloud(config(&server.url), Limits::default());
        let error = list(&cloud).await.unwrap_err();
        assert!(matches!(error.failure, Failure::Unreadable { .. }), "{error:?}");
        assert!(error.to_string().contains(said), "{error}");
    }
    // A login that gives no token.
    for reply in [
        Reply::json(201, &json!({"token": {}})),
        Reply::text(201, "{}").with("x-subject-token", "t"),
        Reply::text(201, "x").with("x-subject-token", "t"),
    ] {
        let server = Server::start(move |_| reply.clone()).await;
        let (cloud, _) = cloud(config(&server.url), Limits::default());
        assert!(matches!(cloud.session().await.unwrap_err().failure, Failure::Unreadable { .. }));
    }
}

#[tokio::test]
async fn lists_without_an_end_end() {
    let next = |marker: usize| json!([{"rel": "next", "href": format!("http://x/servers?marker={marker}")}]);
    let limits = Limits { pages_max: 5, items_max: 20, ..Limits::default() };
    for (name, said) in [
        ("circle", "page 3 has nothing that was not on an earlier one"),
        ("same link", "page 2 points to one that was there already"),
        ("ever more", "more than 5 pages"),
        ("empty", "page 2 is empty and points to another"),
        ("large", "more than 20 items"),
    ] {
        let server = server(move |_, count| {
            let ids: Vec<serde_json::Value> = match name {
                "circle" => vec![json!({"id": count % 2})],
                "empty" if count > 0 => Vec::new(),
                "large" => (0..15).map(|id| json!({"id": count * 100 + id})).collect(),
                _ => vec![json!({"id": count})],
            };
            let ids: Vec<_> = ids
                .into_iter()
                .map(|mut item| {
                    item["id"] = item["id"].to_string().into();
                    item
                })
                .collect();
            let marker = if name == "same link" { 7 } else { count };
            Reply::json(200, &json!({"servers": ids, "servers_links": next(marker)}))
        })
        .await;
        let (cloud, _) = cloud(config(&server.url), limits.clone());
        let error = list(&cloud).await.unwrap_err();
        assert_eq!(error.to_string(), format!("GET compute/servers: the list does not end: {said}"), "{name}");
        assert!(server.lines().len() <= 7, "{name}");
    }
}

#[tokio::test]
async fn answers_and_calls_are_bounded() {
    let server = server(|_, _| Reply::text(200, &"x".repeat(3_000))).await;
    let (cloud, _) = cloud(config(&server.url), Limits { answer_bytes_max: 2_000, ..Limits::default() });
    assert_eq!(
        list(&cloud).await.unwrap_err().to_string(),
        "GET compute/servers: the answer is longer than 2000 bytes"
    );

    let server = self::server(|_, _| good()).await;
    let (cloud, _) = self::cloud(config(&server.url), Limits { calls_max: 3, ..Limits::default() });
    assert!(list(&cloud).await.is_ok() && list(&cloud).await.is_ok());
    let error = list(&cloud).await.unwrap_err();
    assert_eq!(error.to_string(), "GET compute/servers: not asked: this run has made 3 calls, as many as it may");
    assert_eq!((cloud.calls().total(), server.lines().len()), (3, 3));
}

#[tokio::test]
async fn errors_say_what_the_service_said_in_every_form() {
    for (status, body, said) in [
        (
            403,
            json!({"forbidden": {"code": 403, "message": "Policy doesn't allow it"}}).to_string(),
            "403: Policy doesn't allow it",
        ),
        (409, json!({"NeutronError": {"type": "InUse", "message": "in use", "detail": ""}}).to_string(), "409: in use"),
        (400, json!({"code": 400, "title": "Bad Request", "description": "no payload"}).to_string(), "400: no payload"),
        (400, json!({"faultcode": "Client", "faultstring": "bad", "debuginfo": null}).to_string(), "400: bad"),
        (400, json!({"errors": [{"status": 400, "detail": "deep"}]}).to_string(), "400: deep"),
        (404, "<html><body><h1>404 Not Found</h1>No image</body></html>".to_owned(), "404: 404 Not Found No image"),
        (418, "\u{1b}[31mred".to_owned(), "418: \u{fffd}[31mred"),
        (400, "{}".to_owned(), "400"),
        (302, String::new(), "302: it points to https://elsewhere.example.org/"),
    ] {
        let server =
            server(move |_, _| Reply::text(status, &body).with("location", "https://elsewhere.example.org/")).await;
        let (cloud, _) = cloud(config(&server.url), Limits::default());
        let error = list(&cloud).await.unwrap_err();
        assert_eq!(error.to_string(), format!("GET compute/servers: {said}"));
        assert!(!error.remedy().is_empty());
    }
    let long = "x".repeat(5_000);
    let server = server(move |_, _| Reply::json(400, &json!({"message": long}))).await;
    let (cloud, _) = cloud(config(&server.url), Limits::default());
    assert!(list(&cloud).await.unwrap_err().to_string().chars().count() < 400);
}

#[tokio::test]
async fn a_catalog_with_impossible_addresses_is_told_as_such() {
    for (address, said) in [("ftp://x/", "does not begin with"), ("not an address", "is none"), ("http://", "is none")]
    {
        let server = Server::start(move |_| {
            let body = json!({"token": {"catalog": [
                {"type": "compute", "endpoints": [{"interface": "public", "url": address}]}]}});
            Reply::json(201, &body).with("x-subject-token", "t")
        })
        .await;
        let (cloud, _) = cloud(config(&server.url), Limits::default());
        let error = list(&cloud).await.unwrap_err();
        assert!(matches!(error.failure, Failure::Address { .. }), "{error}");
        assert!(error.to_string().contains(said), "{error}");
    }
}
