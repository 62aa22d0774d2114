//! Certificates: only for what is kept, for a year, revoked in public and signed.

use std::time::Duration;

use serde_json::{Value, json};
use stoa_standards::verdict::Verdict;
use stoa_test::Caller;

use crate::desk::{Desk, IAAS};

const DAY: Duration = Duration::from_hours(24);
const PATH: &str = "/monitor/v1/certificates";

fn wish(subject: &str, version: &str) -> Value {
    json!({"subject": subject, "scope": IAAS, "version": version, "holder": "One Ltd."})
}

#[tokio::test]
async fn a_certificate_is_issued_for_what_is_kept_and_ends_after_a_year() {
    let desk = Desk::new().await;
    let approver = desk.stoa.role("approver").await;
    desk.found("cloud-1", IAAS, &[]).await;
    desk.found("cloud-2", IAAS, &[("scs-0100-syntax-check", Verdict::Abort)]).await;
    for (subject, version) in [("cloud-2", "v5.1"), ("cloud-1", "next"), ("cloud-1", "v9"), ("cloud-3", "v5.1")] {
        let refused = desk.stoa.post(&approver, PATH, &wish(subject, version)).await.expect(422).json();
        assert_eq!(refused["errors"][0]["code"], "not_kept", "{subject} {version}");
    }
    desk.stoa.post(&desk.account("tester"), PATH, &wish("cloud-1", "v5.1")).await.expect(403);
    let issued = desk.stoa.post(&approver, PATH, &wish("cloud-1", "v5.1")).await.expect(201).json();
    assert_eq!((&issued["number"], &issued["endsOn"]), (&"2026-0001".into(), &"2027-11-23".into()));
    let again = desk.stoa.post(&approver, PATH, &wish("cloud-1", "v5.1")).await.expect(422).json();
    assert_eq!(again["errors"][0]["code"], "unique", "{again}");
    // A failure does not end it; time does.
    desk.stoa.clock.advance(DAY);
    desk.found("cloud-1", IAAS, &[("scs-0100-syntax-check", Verdict::Fail)]).await;
    let state = async |number: &str| {
        desk.stoa.get(&Caller::anonymous(), &format!("{PATH}/{number}")).await.expect(200).json()["state"].clone()
    };
    assert_eq!(state("2026-0001").await, "valid");
    let page = desk.stoa.get(&Caller::anonymous(), "/monitor/page/certificate/2026-0001").await.expect(200).text();
    assert!(page.contains("One Ltd.") && page.contains("Fails v5.1"), "{page}");
    desk.stoa.clock.advance(DAY * 304);
    desk.found("cloud-1", IAAS, &[]).await;
    let next = desk.stoa.post(&approver, PATH, &wish("cloud-1", "v5.1")).await.expect(201).json();
    assert_eq!(next["number"], "2027-0001", "in time before the end of the one before");
    desk.stoa.clock.advance(DAY * 59);
    assert_eq!(state("2026-0001").await, "valid");
    desk.stoa.clock.advance(DAY);
    assert_eq!(state("2026-0001").await, "ended");
    desk.stoa.get(&Caller::anonymous(), &format!("{PATH}/2026-0009")).await.expect(404);
}

#[tokio::test]
async fn what_is_revoked_stands_in_a_signed_list() {
    let desk = Desk::new().await;
    let approver = desk.stoa.role("approver").await;
    for subject in ["cloud-1", "cloud-2", "cloud-3"] {
        desk.found(subject, IAAS, &[]).await;
        desk.stoa.post(&approver, PATH, &wish(subject, "v5.1")).await.expect(201);
    }
    let change = async |number: &str, state: &str, reason: &str| {
        let body = json!({"state": state, "reason": reason});
        desk.stoa.post(&approver, &format!("{PATH}/{number}/state"), &body).await
    };
    change("2026-0001", "suspended", "").await.expect(422);
    change("2026-0001", "suspended", "no answer").await.expect(200);
    change("2026-0001", "suspended", "no answer").await.expect(422);
    change("2026-0001", "valid", "answered").await.expect(200);
    change("2026-0002", "withdrawn", "<b>misused</b>").await.expect(200);
    change("2026-0002", "valid", "no").await.expect(422);
    change("2026-0003", "suspended", "no answer").await.expect(200);
    let anybody = Caller::anonymous();
    let list = desk.stoa.get(&anybody, "/monitor/certificates/revoked.json").await.expect(200);
    let revoked = list.json()["revoked"].clone();
    let numbers: Vec<&str> = revoked.as_array().unwrap().iter().map(|one| one["number"].as_str().unwrap()).collect();
    assert_eq!(numbers, ["2026-0003", "2026-0002"]);
    let signature = desk.stoa.get(&anybody, "/monitor/certificates/revoked.sig").await.expect(200).text();
    let signers = desk.stoa.get(&anybody, "/monitor/certificates/allowed_signers").await.expect(200).text();
    let whole = desk.stoa.get(&anybody, &format!("{PATH}/revoked")).await.expect(200).json();
    assert_eq!((&whole["statement"], &whole["signature"]), (&list.text().into(), &signature.as_str().into()));
    // What OpenSSH says about it.
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let (signature, signers) = (file("sig", signature.as_bytes()), file("signers", signers.as_bytes()));
    let verify = |text: &[u8]| {
        let input = std::fs::File::open(file("text", text)).unwrap();
        std::process::Command::new("ssh-keygen")
            .args(["-Y", "verify", "-n", "certificates", "-I", "monitor", "-f"])
            .arg(&signers)
            .arg("-s")
            .arg(&signature)
            .stdin(input)
            .output()
            .unwrap()
            .status
            .success()
    };
    assert!(verify(&list.body));
    assert!(!verify(&[list.body.as_slice(), b" "].concat()));
    // What happened stands among what changed, for people and for programs.
    let changes = desk.stoa.get(&anybody, "/monitor/v1/changes?subject=cloud-2").await.expect(200).json();
    let newest = &changes["items"][0];
    assert_eq!(
        (&newest["kind"], &newest["number"], &newest["before"], &newest["after"], &newest["reason"]),
        (&"certificate".into(), &"2026-0002".into(), &"valid".into(), &"withdrawn".into(), &"<b>misused</b>".into())
    );
    assert_eq!((&changes["items"][1]["before"], &changes["items"][1]["after"]), (&Value::Null, &"valid".into()));
    let feed = desk.stoa.get(&anybody, "/monitor/feed.atom?subject=cloud-2").await.expect(200).text();
    assert!(feed.contains("Certificate 2026-0002 (v5.1): Withdrawn") && feed.contains("&lt;b&gt;misused"), "{feed}");
    let feed = desk.stoa.get(&anybody, "/monitor/feed.atom?subject=cloud-2&lang=fr").await.expect(200).text();
    assert!(feed.contains("Certificat 2026-0002 (v5.1)") && feed.contains("xml:lang=\"fr\""), "{feed}");
    desk.stoa.get(&anybody, "/monitor/feed.atom?lang=xx").await.expect(422);
    let page = desk.stoa.get(&anybody, "/monitor/page/changes").await.expect(200).text();
    assert!(page.contains("/monitor/page/certificate/2026-0002") && page.contains("Suspended"), "{page}");
    // A third one for the same would be a second.
    desk.stoa.post(&approver, PATH, &wish("cloud-3", "v5.1")).await.expect(422);
    desk.stoa.post(&approver, PATH, &wish("cloud-2", "v5.1")).await.expect(201);
    let page = desk.stoa.get(&anybody, "/monitor/page/certificates").await.expect(200).text();
    assert!(page.contains("2026-0002") && page.contains("Withdrawn"), "{page}");
    let page = desk.stoa.get(&anybody, "/monitor/page/certificate/2026-0002").await.expect(200).text();
    assert!(page.contains("&lt;b&gt;misused&lt;/b&gt;") && !page.contains("<b>misused"), "{page}");
    let page = desk.stoa.get(&anybody, "/monitor/page/certificate/2026-0001").await.expect(200).text();
    assert!(page.contains("no answer") && page.contains("answered"), "what became of it stands on its page: {page}");
}
