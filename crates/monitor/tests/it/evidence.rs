//! Evidence in: only what is signed by whoever may speak for a subject, kept byte for byte.

use stoa_standards::signature::{PublicKey, join, verify};
use stoa_standards::verdict::Verdict;
use stoa_test::Caller;
use stoa_web::Method;

use crate::desk::{Desk, IAAS, basic, key, report, verdicts};

#[tokio::test]
async fn a_report_is_taken_once_and_given_back_as_it_was_signed() {
    let desk = Desk::new().await;
    let now = desk.stoa.clock.now();
    let report = report("cloud-1", IAAS, now, verdicts(IAAS, &[]));
    let text = report.to_yaml();
    let tester = desk.account("tester");
    assert_eq!(desk.hand_in(&tester, 1, &text).await.expect(200).text(), "null");
    let again = desk.hand_in(&tester, 1, &text).await.expect(409).json();
    assert_eq!(again["code"], "monitor.report_replayed");
    let at = format!("/monitor/reports/{}", report.run.uuid);
    let anybody = Caller::anonymous();
    let body = desk.stoa.get(&anybody, &format!("{at}/body")).await.expect(200);
    assert_eq!(body.text(), text, "byte for byte");
    let signature = desk.stoa.get(&anybody, &format!("{at}/signature")).await.expect(200).text();
    let signers = desk.stoa.get(&anybody, &format!("{at}/allowed_signers")).await.expect(200).text();
    let line = signers.trim().strip_prefix("subject namespaces=\"report\" ").unwrap();
    verify(&signature, &body.body, &[line.parse::<PublicKey>().unwrap()]).unwrap();
    desk.stoa.get(&anybody, &at).await.expect(401);
    let whole = desk.stoa.get(&desk.admin, &at).await.expect(200).json();
    assert_eq!((&whole["subject"], &whole["run"]["uuid"]), (&"cloud-1".into(), &report.run.uuid.to_string().into()));
    desk.stoa.get(&desk.account("cloud-1"), &at).await.expect(200);
    desk.stoa.get(&desk.account("cloud-2"), &at).await.expect(403);
}

#[tokio::test]
async fn reports_are_read_whole_by_whoever_may_and_by_nobody_else() {
    let desk = Desk::new().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(desk.found("cloud-1", IAAS, &[]).await);
        desk.stoa.clock.advance(std::time::Duration::from_mins(1));
    }
    let (all, one) = ("/monitor/reports?subject=cloud-1&limit=2".to_owned(), format!("/monitor/reports/{}", ids[0]));
    for caller in [desk.stoa.role("auditor").await, desk.account("cloud-1"), desk.admin.clone()] {
        let listed = desk.stoa.get(&caller, &all).await.expect(200).json();
        let listed: Vec<&str> =
            listed.as_array().unwrap().iter().map(|report| report["run"]["uuid"].as_str().unwrap()).collect();
        assert_eq!(listed, [ids[2].to_string(), ids[1].to_string()]);
        assert_eq!(desk.stoa.get(&caller, &one).await.expect(200).json()["subject"], "cloud-1");
    }
    for (caller, status) in [(desk.account("cloud-2"), 403), (Caller::anonymous(), 401)] {
        desk.stoa.get(&caller, &all).await.expect(status);
        desk.stoa.get(&caller, &one).await.expect(status);
    }
    assert_eq!(
        desk.stoa.get(&desk.account("cloud-3"), "/monitor/reports").await.expect(200).json(),
        serde_json::json!([])
    );
}

#[tokio::test]
async fn only_the_subject_and_its_delegates_speak_for_it() {
    let desk = Desk::new().await;
    let now = desk.stoa.clock.now();
    let text = |subject: &str| report(subject, IAAS, now, verdicts(IAAS, &[])).to_yaml();
    let code = |answer: stoa_test::Answer| answer.json()["code"].as_str().unwrap().to_owned();
    let own = desk.account("cloud-3");
    desk.hand_in(&own, 3, &text("cloud-3")).await.expect(200);
    assert_eq!(code(desk.hand_in(&own, 3, &text("cloud-1")).await.expect(403)), "monitor.not_delegated");
    assert_eq!(code(desk.hand_in(&own, 3, &text("nobody")).await.expect(403)), "monitor.not_delegated");
    assert_eq!(code(desk.hand_in(&own, 1, &text("cloud-3")).await.expect(403)), "monitor.signature_refused");
    // A key of the node hands in what the subject or its delegate signed, and nothing else.
    desk.hand_in(&desk.admin, 3, &text("cloud-3")).await.expect(200);
    desk.hand_in(&desk.admin, 1, &text("cloud-1")).await.expect(200);
    assert_eq!(code(desk.hand_in(&desk.admin, 9, &text("cloud-1")).await.expect(403)), "monitor.signature_refused");
    // A delegate without the role may not.
    let body = serde_json::json!({"keys": [{"name": "primary", "publicKey": key(1).public().to_string()}]});
    desk.stoa.put(&desk.admin, "/monitor/v1/accounts/tester", &body).await.expect(200);
    let tester = desk.account("tester");
    assert_eq!(code(desk.hand_in(&tester, 1, &text("cloud-1")).await.expect(403)), "monitor.not_delegated");
}

#[tokio::test]
async fn what_was_changed_after_it_was_signed_is_refused_and_nothing_is_kept() {
    let desk = Desk::new().await;
    let text = report("cloud-1", IAAS, desk.stoa.clock.now(), verdicts(IAAS, &[])).to_yaml();
    let signature = key(1).sign(text.as_bytes()).unwrap();
    let tester = desk.account("tester");
    let send = async |content_type: &str, body: String| {
        desk.stoa.send_text(&tester, Method::POST, "/monitor/reports", content_type, body).await
    };
    let yaml = "application/x-signed-yaml";
    let changed = text.replacen(": 1", ": -1", 1);
    send(yaml, join(&signature, &changed)).await.expect(403);
    send(yaml, text.clone()).await.expect(403);
    send(yaml, String::new()).await.expect(403);
    send("application/json", join(&signature, &text)).await.expect(415);
    let broken = text.replace("subject: cloud-1", "subject: cloud-1\nsurprise: 1");
    let refused = send(yaml, join(&key(1).sign(broken.as_bytes()).unwrap(), &broken)).await.expect(422).json();
    assert_eq!(refused["errors"][0]["pointer"], "/surprise");
    assert_eq!(desk.stoa.get(&Caller::anonymous(), "/monitor/status").await.expect(200).text(), "{}");
}

#[tokio::test]
async fn absurd_times_unknown_scopes_and_empty_reports_are_named() {
    let desk = Desk::new().await;
    let now = desk.stoa.clock.now();
    let tester = desk.account("tester");
    let hour = std::time::Duration::from_hours(1);
    let refused = async |report: stoa_standards::report::Report| {
        let answer = desk.hand_in(&tester, 1, &report.to_yaml()).await.expect(422).json();
        let error = &answer["errors"][0];
        (error["pointer"].as_str().unwrap().to_owned(), error["code"].as_str().unwrap().to_owned())
    };
    let good = || report("cloud-1", IAAS, now, verdicts(IAAS, &[]));
    let named = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    let late = report("cloud-1", IAAS, now.plus(hour), verdicts(IAAS, &[]));
    assert_eq!(refused(late).await, named("/checked_at", "future"));
    let old = report("cloud-1", IAAS, now.minus(hour * 24 * 8), verdicts(IAAS, &[]));
    assert_eq!(refused(old).await, named("/checked_at", "past"));
    let mut foreign = good();
    foreign.scope.uuid = uuid::Uuid::new_v4();
    assert_eq!(refused(foreign).await, named("/spec/uuid", "unknown"));
    let mut empty = good();
    empty.run.invocations.clear();
    assert_eq!(refused(empty).await, named("/run/invocations", "required"));
    let mut marked = good();
    marked.subject = "<b>cloud</b>".to_owned();
    assert_eq!(refused(marked).await, named("/subject", "format"));
}

#[tokio::test]
async fn several_reports_in_one_body_are_taken_all_or_none() {
    let desk = Desk::new().await;
    let now = desk.stoa.clock.now();
    let tester = desk.account("tester");
    let one = report("cloud-1", IAAS, now, verdicts(IAAS, &[]));
    let two = report("cloud-2", IAAS, now, verdicts(IAAS, &[]));
    let foreign = report("cloud-9", IAAS, now, verdicts(IAAS, &[]));
    desk.hand_in(&tester, 1, &format!("{}{}", one.to_yaml(), foreign.to_yaml())).await.expect(403);
    desk.stoa.get(&Caller::anonymous(), &format!("/monitor/v1/reports/{}", one.run.uuid)).await.expect(404);
    // What is wrong with one of them is named by its place.
    let mut elsewhere = two.clone();
    elsewhere.scope.uuid = uuid::Uuid::new_v4();
    let refused = desk.hand_in(&tester, 1, &format!("{}{}", one.to_yaml(), elsewhere.to_yaml())).await.expect(422);
    assert_eq!(refused.json()["errors"][0]["pointer"], "/1/spec/uuid");
    desk.hand_in(&tester, 1, &format!("{}{}", one.to_yaml(), two.to_yaml())).await.expect(200);
    for report in [&one, &two] {
        let path = format!("/monitor/v1/reports/{}", report.run.uuid);
        let info = desk.stoa.get(&Caller::anonymous(), &path).await.expect(200).json();
        assert_eq!((&info["subject"], &info["source"]), (&report.subject.clone().into(), &"delegate".into()));
    }
    let page = desk.stoa.get(&Caller::anonymous(), &format!("/monitor/markdown/report/{}", two.run.uuid)).await;
    assert!(page.expect(200).text().contains("cloud-2"));
}

#[tokio::test]
async fn secrets_are_needed_and_refusals_do_not_tell_who_is_there() {
    let desk = Desk::new().await;
    let text = report("cloud-3", IAAS, desk.stoa.clock.now(), verdicts(IAAS, &[])).to_yaml();
    for caller in [Caller::anonymous(), basic("cloud-3", "wrong"), basic("nobody", "wrong"), basic("", "")] {
        let answer = desk.hand_in(&caller, 3, &text).await.expect(401);
        assert_eq!(answer.json()["code"], "web.unauthenticated");
    }
    desk.hand_in(&desk.account("cloud-3"), 3, &text).await.expect(200);
    desk.stoa.delete(&desk.admin, "/monitor/v1/accounts/cloud-3/secrets").await.expect(204);
    desk.hand_in(&desk.account("cloud-3"), 3, &text).await.expect(401);
}

#[tokio::test]
async fn single_results_are_listed_and_approved_by_those_who_may() {
    let desk = Desk::new().await;
    let failed = "scs-0102-prop-os_version";
    let id = desk.found("cloud-1", IAAS, &[(failed, Verdict::Fail)]).await;
    desk.stoa.get(&desk.account("cloud-1"), "/monitor/results").await.expect(403);
    let open = desk.stoa.get(&desk.admin, "/monitor/results?approved=false&limit=100").await.expect(200).json();
    assert_eq!(open.as_array().unwrap().len(), 1);
    assert_eq!((&open[0]["check"], &open[0]["result"]), (&failed.into(), &(-1).into()));
    let approval = serde_json::json!({"reportuuid": id, "scopeuuid": open[0]["scopeuuid"], "version": "v5.1",
        "check": failed, "approval": 1});
    desk.stoa.post(&desk.account("tester"), "/monitor/results", &approval).await.expect(403);
    desk.stoa.post(&desk.admin, "/monitor/results", &approval).await.expect(200);
    let open = desk.stoa.get(&desk.admin, "/monitor/results?approved=false").await.expect(200).json();
    assert_eq!(open, serde_json::json!([]));
    let mut wrong = approval.clone();
    wrong["check"] = "no-such".into();
    desk.stoa.post(&desk.admin, "/monitor/results", &serde_json::json!([wrong])).await.expect(422);
}
