//! Clouds that do not answer as they should: each test case ends, aborted, with the reason.

use std::time::Duration;

use serde_json::json;
use stoa_openstack::Limits;
use stoa_standards::verdict::{Reading, Verdict};

use super::counterpart::{CONSOLE, Counterpart, Nature};
use super::server::{Asked, Reply};
use super::{context, run};

/// One test case for each kind of call.
const ALL: [&str; 8] = [
    "scs-0100-syntax-check",
    "scs-0101-entropy-avail",
    "scs-0102-prop-min_ram",
    "scs-0114-syntax-check",
    "scs-0115-default-rules",
    "scs-0116-permissions",
    "scs-0117-test-backup",
    "scs-0123-swift-s3",
];

fn limits() -> Limits {
    Limits { call_time: Duration::from_millis(200), pages_max: 4, ..Limits::default() }
}

type Fault = Box<dyn Fn(&Asked) -> Reply + Send + Sync>;

#[tokio::test]
async fn whatever_a_cloud_answers_every_test_case_ends_with_a_reason() {
    let endless = |asked: &Asked| {
        let key = asked.path.rsplit('/').find(|part| *part != "detail").unwrap_or_default().replace('-', "_");
        let key = if key == "types" { "volume_types".to_owned() } else { key };
        let marker = asked.query.len();
        Reply::json(
            200,
            &json!({
                key.clone(): [{"id": format!("{marker}")}],
                format!("{key}_links"): [{"rel": "next", "href": format!("http://x/?marker={}", "x".repeat(marker))}],
                "next": format!("/?marker={}", "x".repeat(marker)),
            }),
        )
    };
    let faults: [(&str, Fault, &str); 7] = [
        ("503 for ever", Box::new(|_| Reply::text(503, "busy").with("retry-after", "1")), "503"),
        ("429 with a long wait", Box::new(|_| Reply::text(429, "slow down").with("retry-after", "900")), "429"),
        ("broken JSON", Box::new(|_| Reply::text(200, "{\"flavors\": [")), "no JSON"),
        ("reset", Box::new(|_| Reply::Reset), "connection"),
        ("silence", Box::new(|_| Reply::Hang), "no answer within 0.2 s"),
        (
            "a token refused",
            Box::new(|_| Reply::json(401, &json!({"error": {"message": "unauthorised"}}))),
            "401: unauthorised",
        ),
        ("endless lists", Box::new(endless), ""),
    ];
    for (name, fault, said) in faults {
        let folder = tempfile::tempdir().unwrap();
        let counterpart =
            Counterpart::start(Nature::but(move |asked| (asked.path != "/v3/auth/tokens").then(|| fault(asked)))).await;
        let cloud = counterpart.cloud_with(limits());
        let context = context(folder.path(), Reading::Standard);
        let answers = tokio::time::timeout(Duration::from_secs(30), run(&cloud, &ALL, &context)).await.expect(name);
        for (id, check) in answers {
            if name == "endless lists"
                && !["scs-0100-syntax-check", "scs-0102-prop-min_ram", "scs-0114-syntax-check"].contains(&id.as_str())
            {
                continue;
            }
            // What is no S3 is known to be none.
            let is_s3 = id == "scs-0123-swift-s3" && !check.reason().contains("no answer");
            let verdict = if is_s3 { Verdict::Fail } else { Verdict::Abort };
            assert_eq!(check.verdict, verdict, "{name}: {id}: {}", check.reason());
            assert!(is_s3 || check.reason().contains(said), "{name}: {id}: {}", check.reason());
            if name == "endless lists" {
                assert!(check.reason().contains("the list does not end"), "{id}: {}", check.reason());
            }
        }
        assert!(cloud.calls().total() < 120, "{name}: {}", cloud.calls());
    }
}

#[tokio::test]
async fn a_login_that_fails_is_tried_once_and_aborts_everything() {
    for (reply, said) in [
        (Reply::json(401, &json!({"error": {"message": "wrong password"}})), "the login was refused: wrong password"),
        (Reply::text(201, "{}"), "has no X-Subject-Token"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let counterpart = Counterpart::start(Nature::but(move |_| Some(reply.clone()))).await;
        let answers = run(&counterpart.cloud(), &ALL, &context(folder.path(), Reading::Standard)).await;
        for (id, check) in answers {
            assert_eq!(check.verdict, Verdict::Abort, "{id}");
            assert!(check.reason().contains(said), "{id}: {}", check.reason());
        }
        assert_eq!(counterpart.server.lines().len(), 1);
        assert!(!folder.path().join("journal.jsonl").exists(), "nothing was made, nothing is noted");
    }
}

#[tokio::test]
async fn services_that_the_catalog_lacks_abort_what_needs_them() {
    let folder = tempfile::tempdir().unwrap();
    let nature = Nature { catalog: vec!["identity", "placement"], ..Nature::default() };
    let counterpart = Counterpart::start(nature).await;
    let answers = run(&counterpart.cloud(), &ALL, &context(folder.path(), Reading::Standard)).await;
    for id in [
        "scs-0100-syntax-check",
        "scs-0101-entropy-avail",
        "scs-0102-prop-min_ram",
        "scs-0114-syntax-check",
        "scs-0115-default-rules",
        "scs-0117-test-backup",
    ] {
        assert_eq!(answers[id].verdict, Verdict::Abort, "{id}");
        assert!(answers[id].reason().contains("the catalog has no "), "{id}: {}", answers[id].reason());
    }
    // Where there is neither, nothing is demanded.
    assert_eq!(answers["scs-0116-permissions"].verdict, Verdict::Pass);
    assert_eq!(answers["scs-0123-swift-s3"].verdict, Verdict::Pass);
}

#[tokio::test]
async fn servers_that_do_not_start_or_say_nothing_abort_and_are_removed() {
    let error = json!({"server": {"status": "ERROR", "fault": {"message": "No valid host was found.", "code": 500}}});
    let deleted = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let failing = Nature::but(move |asked| {
        deleted.fetch_or(asked.method == "DELETE", std::sync::atomic::Ordering::SeqCst);
        let is_look = asked.line() == "GET /compute/v2.1/servers/servers-2";
        (is_look && !deleted.load(std::sync::atomic::Ordering::SeqCst)).then(|| Reply::json(200, &error))
    });
    let silent = Nature { console: "Booting\r\nlogin: \r\n".to_owned(), ..Nature::default() };
    let unable = Nature {
        console: format!("{}Failed to run module scripts-user", CONSOLE.replace("_scs-test-end", "")),
        ..Nature::default()
    };
    let none = Nature { images: json!([]), ..Nature::default() };
    let small = Nature {
        flavors: json!([{"id": "1", "name": "tiny", "vcpus": 1, "ram": 64, "disk": 0, "extra_specs": {}}]),
        ..Nature::default()
    };
    let unfinished = Nature { console: CONSOLE.replace("_scs-test-fips-test", "_x"), ..Nature::default() };
    for (nature, said) in [
        (failing, "it does not start: No valid host was found."),
        (silent, "its console shows no end of the test not within 300 s; it shows `login: ` as the last"),
        (unable, "cloud-init did not run what it was given"),
        (none, "there is no image that everybody can use"),
        (small, "none has the memory that image Debian 13 needs"),
        (unfinished, "rngtest printed no number of failures"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let counterpart = Counterpart::start(nature).await;
        let id = "scs-0101-fips-test";
        let answers = run(&counterpart.cloud(), &[id], &context(folder.path(), Reading::Standard)).await;
        assert_eq!(answers[id].verdict, Verdict::Abort, "{said}");
        assert!(answers[id].reason().contains(said), "{}", answers[id].reason());
        assert!(counterpart.left().is_empty(), "{:?}", counterpart.left());
    }
}
