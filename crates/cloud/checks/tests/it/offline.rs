//! Data about the world: gathered from its sources or a mirror, read strictly, and never put in place broken.

use serde_json::json;
use stoa_checks::offline::{OfflineData, Source, refresh};
use stoa_core::Instant;
use stoa_standards::verdict::Reading;

use crate::server::{Answer, Server};

fn now() -> Instant {
    "2026-11-26T06:00:00Z".parse().unwrap()
}

/// Sources in the forms that they have: endoflife.date, GitHub, kubernetes.io, cve.org.
fn sources() -> Server {
    Server::start(|asked| match asked.line.as_str() {
        "GET /branches" => Answer::json(&json!([
            { "cycle": "1.36", "eol": "2027-06-28", "latest": "1.36.1", "lts": false },
            { "cycle": "1.99", "eol": false },
        ])),
        "GET /releases?per_page=100&page=1" => {
            let mut page: Vec<_> = (0..99).map(|n| json!({ "tag_name": format!("v1.35.{n}"), "draft": false, "prerelease": false, "published_at": "2026-01-01T00:00:00Z" })).collect();
            page.push(json!({ "tag_name": "v1.36.0-rc.1", "draft": false, "prerelease": true, "published_at": "2026-01-01T00:00:00Z" }));
            Answer::json(&json!(page))
        }
        "GET /releases?per_page=100&page=2" => Answer::json(&json!([
            { "tag_name": "v1.36.1", "draft": false, "prerelease": false, "published_at": "2026-11-01T00:00:00Z" },
            { "tag_name": "v1.36.2", "draft": true, "prerelease": false, "published_at": "2026-11-02T00:00:00Z" },
        ])),
        "GET /feed" => Answer::json(
            &json!({ "version": "https://jsonfeed.org/version/1.1", "items": [{ "id": "CVE-2026-1" }, { "id": "../../etc" }] }),
        ),
        "GET /cve/CVE-2026-1" => Answer::json(&json!({
            "dataType": "CVE_RECORD", "cveMetadata": { "cveId": "CVE-2026-1" },
            "containers": { "cna": { "descriptions": ["long"], "metrics": [{ "cvssV3_1": { "baseScore": 9.1 } }], "affected": [] } },
        })),
        other => panic!("{other}"),
    })
}

fn published(server: &Server) -> Source {
    let at = |path: &str| format!("{}/{path}", server.url);
    Source::Published { branches: at("branches"), releases: at("releases"), feed: at("feed"), records: at("cve/") }
}

#[tokio::test]
async fn data_is_gathered_read_and_its_age_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("new");
    let done = refresh(&target, &published(&sources()), now()).await.unwrap();
    assert_eq!((done.branches, done.releases, done.vulnerabilities), (1, 100, 1));
    let data = OfflineData::read(&target, Reading::Standard).unwrap();
    let later = now().plus(std::time::Duration::from_hours(24 * 9));
    let lines = data.lines(later);
    assert!(lines[0].ends_with("9 days old (2026-11-26): 1 branches, 100 releases, 1 vulnerabilities"), "{lines:?}");
    assert_eq!(lines[1], "tests that may fail: 9 (the list that came with this program)");

    // A mirror hands the same file on.
    let file = std::fs::read_to_string(&done.path).unwrap();
    let mirror = Server::start(move |_| Answer::Say(200, "", file.clone()));
    let copy = folder.path().join("copy");
    let done = refresh(&copy, &Source::Mirror(format!("{}/kubernetes.json", mirror.url)), later).await.unwrap();
    assert_eq!(done.releases, 100);
    assert_eq!(
        OfflineData::read(&copy, Reading::Standard).unwrap().kubernetes.as_of,
        now(),
        "its age is that of the data"
    );

    // Exceptions of one's own.
    std::fs::write(copy.join("kaas-exceptions.yaml"), "okToFail:\n- {regex: a, reason: b}\n").unwrap();
    assert_eq!(OfflineData::read(&copy, Reading::Standard).unwrap().exceptions.0.len(), 1);
    std::fs::write(copy.join("kaas-exceptions.yaml"), "okToFail:\n- {regex: a}\n").unwrap();
    let error = OfflineData::read(&copy, Reading::Standard).unwrap_err().to_string();
    assert!(error.contains("kaas-exceptions.yaml: line 2: okToFail[0]: the key `reason` is missing"), "{error}");
}

#[tokio::test]
async fn what_is_broken_does_not_take_the_place_of_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kubernetes.json");
    refresh(folder.path(), &published(&sources()), now()).await.unwrap();
    let kept = std::fs::read_to_string(&path).unwrap();
    for (answer, part) in [
        (Answer::Say(200, "", "{}".into()), "missing field `format`"),
        (Answer::Say(404, "", String::new()), "answered 404 to /kubernetes.json"),
        (
            Answer::Say(200, "", kept.replace("stoa-kubernetes-data/1", "other/2")),
            "format: expected `stoa-kubernetes-data/1`, found `other/2`",
        ),
        (Answer::Say(200, "", kept.replace("\"1.36\"", "\"136\"")), "branches[0].branch: expected two numbers"),
        (Answer::Say(200, "", kept.replace("\"1.36.1\"", "\"1.36\"")), "releases[99].version"),
        (Answer::Say(200, "", kept.replace("\"sources\"", "\"source\"")), "unknown field `source`"),
        (Answer::HangUp, "cannot be reached"),
    ] {
        let server = Server::start(move |_| answer.clone());
        let source = Source::Mirror(format!("{}/kubernetes.json", server.url));
        let error = refresh(folder.path(), &source, now()).await.unwrap_err().to_string();
        assert!(error.contains(part), "{part}: {error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), kept);
    }
    let error =
        refresh(folder.path(), &Source::Mirror("file:///etc/passwd".into()), now()).await.unwrap_err().to_string();
    assert!(error.contains("no address"), "{error}");
    let empty = tempfile::tempdir().unwrap();
    let error = OfflineData::read(empty.path(), Reading::Standard).unwrap_err().to_string();
    assert!(error.contains("holds neither kubernetes.json nor kaas-exceptions.yaml"), "{error}");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["kubernetes.json"]);
}
