//! What the operator sets: how long texts are kept, who may have them, how much is taken.

use std::time::Duration;

use serde_json::{Value, json};
use stoa_standards::signature::join;
use stoa_standards::verdict::Verdict;
use stoa_test::{Answer, Caller, TestStoa};
use stoa_web::Method;
use uuid::Uuid;

use crate::desk::{Desk, IAAS, key, report, verdicts};

const DAY: Duration = Duration::from_hours(24);
const CASE: &str = "scs-0100-syntax-check";

async fn desk(config: Value) -> Desk {
    Desk::over(TestStoa::with_config(&[stoa_monitor::BLOCK], &[("monitor", config)]).await).await
}

async fn body_of(desk: &Desk, id: Uuid) -> Answer {
    desk.stoa.get(&Caller::anonymous(), &format!("/monitor/reports/{id}/body")).await
}

#[tokio::test]
async fn old_texts_are_removed_but_for_what_is_needed_and_results_stay() {
    let desk = desk(json!({"keep_text_days": 30})).await;
    let old = desk.found("cloud-1", IAAS, &[(CASE, Verdict::Fail)]).await;
    let certified = desk.found("cloud-2", IAAS, &[]).await;
    let resting = desk.found("cloud-3", IAAS, &[]).await;
    let approver = desk.stoa.role("approver").await;
    let wish = json!({"subject": "cloud-2", "scope": IAAS, "version": "v5.1", "holder": "One Ltd."});
    desk.stoa.post(&approver, "/monitor/v1/certificates", &wish).await.expect(201);
    // Two reports in one body, one of them about the holder of a certificate: whoever reads one reads the other.
    let two: Vec<_> = ["cloud-1", "cloud-2"]
        .map(|subject| report(subject, IAAS, desk.stoa.clock.now(), verdicts(IAAS, &[(CASE, Verdict::Fail)])))
        .into();
    let text = format!("{}{}", two[0].to_yaml(), two[1].to_yaml());
    desk.hand_in(&desk.account("tester"), 1, &text).await.expect(200);
    desk.stoa.clock.advance(DAY * 20);
    for subject in ["cloud-1", "cloud-2"] {
        desk.found(subject, IAAS, &[]).await;
    }
    desk.stoa.run_jobs("monitor").await;
    body_of(&desk, old).await.expect(200);
    desk.stoa.clock.advance(DAY * 12);
    desk.stoa.run_jobs("monitor").await;
    let gone = body_of(&desk, old).await.expect(410).json();
    assert_eq!(gone["code"], "monitor.text_removed");
    assert!(gone["detail"].as_str().unwrap().contains("2026-12-26"), "{gone}");
    body_of(&desk, certified).await.expect(200);
    body_of(&desk, resting).await.expect(200);
    for report in &two {
        assert_eq!(body_of(&desk, report.run.uuid).await.expect(200).text(), text, "the body stays for both");
    }
    // What it found is there, on its page, in its history, and against a replay.
    let anybody = Caller::anonymous();
    let info = desk.stoa.get(&anybody, &format!("/monitor/v1/reports/{old}")).await.expect(200).json();
    assert_eq!((&info["results"][CASE], info["textRemovedAt"].is_string()), (&(-1).into(), true));
    let page = desk.stoa.get(&anybody, &format!("/monitor/page/report/{old}")).await.expect(200).text();
    assert!(page.contains("was removed on") && page.contains(CASE), "{page}");
    let path = format!("/monitor/v1/subjects/cloud-1/scopes/{IAAS}/history");
    assert_eq!(desk.stoa.get(&anybody, &path).await.expect(200).json()["days"][0]["state"], "fail");
    let listed = desk.stoa.get(&desk.admin, "/monitor/reports?subject=cloud-1").await.expect(200).json();
    assert_eq!(listed.as_array().unwrap().len(), 2, "those with a text");
    // A year after the certificate ended nothing holds what it held.
    desk.stoa.clock.advance(DAY * 800);
    desk.found("cloud-2", IAAS, &[]).await;
    desk.stoa.run_jobs("monitor").await;
    body_of(&desk, certified).await.expect(410);
    for report in &two {
        body_of(&desk, report.run.uuid).await.expect(410);
    }
    let left: Vec<(i64,)> = desk.stoa.stores["monitor"]
        .read(async |tx: &mut stoa_store::Tx<'_>| -> Result<_, stoa_store::StoreError> {
            tx.rows("SELECT COUNT(*) FROM submission", stoa_store::params![]).await
        })
        .await
        .unwrap();
    assert_eq!(left, [(3,)], "what the states of three subjects rest on");
}

#[tokio::test]
async fn nothing_is_removed_unless_the_operator_wants_it() {
    let desk = Desk::new().await;
    let old = desk.found("cloud-1", IAAS, &[]).await;
    desk.stoa.clock.advance(DAY * 2000);
    desk.found("cloud-1", IAAS, &[]).await;
    desk.stoa.run_jobs("monitor").await;
    body_of(&desk, old).await.expect(200);
}

#[tokio::test]
async fn evidence_that_is_not_open_is_for_the_subject_and_for_those_who_read_all() {
    let desk = desk(json!({"open_evidence": false})).await;
    let id = desk.found("cloud-1", IAAS, &[]).await;
    let paths = [
        format!("/monitor/reports/{id}/body"),
        format!("/monitor/reports/{id}/signature"),
        format!("/monitor/reports/{id}/allowed_signers"),
        format!("/monitor/v1/subjects/cloud-1/scopes/{IAAS}/bundle"),
    ];
    for path in &paths {
        for stranger in [Caller::anonymous(), desk.account("cloud-2")] {
            let refused = desk.stoa.get(&stranger, path).await;
            assert!(matches!(refused.status.as_u16(), 401 | 403), "{path}: {}", refused.status);
        }
        for known in [desk.account("cloud-1"), desk.admin.clone()] {
            let answer = desk.stoa.get(&known, path).await.expect(200);
            assert!(!answer.header("cache-control").contains("public"), "{path}");
        }
    }
    desk.stoa.clock.advance(Duration::from_mins(1));
    // A body about several is for nobody who may see one of them only.
    let both = ["cloud-1", "cloud-2"].map(|subject| report(subject, IAAS, desk.stoa.clock.now(), verdicts(IAAS, &[])));
    let text = format!("{}{}", both[0].to_yaml(), both[1].to_yaml());
    desk.hand_in(&desk.account("tester"), 1, &text).await.expect(200);
    let of_both = format!("/monitor/reports/{}/body", both[0].run.uuid);
    desk.stoa.get(&desk.account("cloud-1"), &of_both).await.expect(403);
    desk.stoa.get(&desk.admin, &of_both).await.expect(200);
    let bundle = format!("/monitor/v1/subjects/cloud-1/scopes/{IAAS}/bundle");
    desk.stoa.get(&desk.account("cloud-1"), &bundle).await.expect(403);
    desk.stoa.get(&desk.admin, &bundle).await.expect(200);
    let page = desk.stoa.get(&Caller::anonymous(), &format!("/monitor/page/report/{id}")).await.expect(200).text();
    assert!(!page.contains("/body\"") && page.contains(CASE), "{page}");
}

#[tokio::test]
async fn size_and_age_are_the_operators_to_set() {
    let desk = desk(json!({"report_kib": 64, "report_age_days": 2})).await;
    let now = desk.stoa.clock.now();
    let tester = desk.account("tester");
    let old = report("cloud-1", IAAS, now.minus(DAY * 3), verdicts(IAAS, &[])).to_yaml();
    let refused = desk.hand_in(&tester, 1, &old).await.expect(422).json();
    assert_eq!(refused["errors"][0]["code"], "past");
    assert!(refused["errors"][0]["message"].as_str().unwrap().contains("2 days"), "{refused}");
    let mut large = report("cloud-1", IAAS, now, verdicts(IAAS, &[]));
    large.run.invocations[0].stderr = vec!["DEBUG: long".repeat(20); 400];
    for path in ["/monitor/reports", "/monitor/v1/reports"] {
        let body = join(&key(1).sign(large.to_yaml().as_bytes()).unwrap(), &large.to_yaml());
        let refused = desk.stoa.send_text(&tester, Method::POST, path, "application/x-signed-yaml", body).await;
        assert_eq!(refused.expect(413).json()["code"], "web.body_too_large", "{path}");
    }
    // Larger than what is usual, where that is set.
    let desk = self::desk(json!({"report_kib": 4096})).await;
    let mut large = report("cloud-1", IAAS, desk.stoa.clock.now(), verdicts(IAAS, &[]));
    large.run.invocations[0].stderr = vec!["DEBUG: long".repeat(20); 8_000];
    let text = large.to_yaml();
    assert!(text.len() > 1024 * 1024);
    desk.hand_in(&desk.account("tester"), 1, &text).await.expect(200);
}

#[tokio::test]
async fn what_is_sent_twice_under_one_key_is_done_once() {
    let desk = Desk::new().await;
    desk.found("cloud-1", IAAS, &[]).await;
    let approver = desk.stoa.role("approver").await;
    let case = |other: Value| {
        let mut body = json!({"subject": "cloud-1", "scope": IAAS, "testCase": CASE});
        body.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
        body
    };
    let works = [
        (&desk.admin, "/monitor/v1/accounts", json!({"subject": "cloud-9"}), "email"),
        (&approver, "/monitor/v1/waivers", case(json!({"reason": "agreed", "endsOn": "2026-12-01"})), "reason"),
        (&desk.admin, "/monitor/v1/results", case(json!({"result": 1, "evidence": "looked"})), "evidence"),
        (
            &approver,
            "/monitor/v1/certificates",
            json!({"subject": "cloud-1", "scope": IAAS, "version": "v5.1", "holder": "One Ltd."}),
            "holder",
        ),
        (
            &approver,
            "/monitor/v1/certificates/2026-0001/state",
            json!({"state": "suspended", "reason": "silence"}),
            "reason",
        ),
    ];
    for (by, path, body, field) in works {
        let by = by.clone().with("idempotency-key", "one");
        let first = desk.stoa.post(&by, path, &body).await;
        assert!(first.status.is_success(), "{path}: {}", first.text());
        let second = desk.stoa.post(&by, path, &body).await;
        assert_eq!((second.status, second.text()), (first.status, first.text()), "{path}");
        assert_eq!(second.header("location"), first.header("location"));
        let mut other = body.clone();
        other[field] = json!("other@example.org");
        let refused = desk.stoa.post(&by, path, &other).await.expect(409).json();
        assert_eq!(refused["code"], "store.idempotency_conflict", "{path}");
    }
    let waivers = desk.stoa.get(&Caller::anonymous(), "/monitor/v1/waivers").await.expect(200).json();
    assert_eq!(waivers["items"].as_array().unwrap().len(), 1);
    // Nor for another object: it is another request.
    let change = json!({"state": "suspended", "reason": "silence"});
    desk.found("cloud-2", IAAS, &[]).await;
    let wish = json!({"subject": "cloud-2", "scope": IAAS, "version": "v5.1", "holder": "One Ltd."});
    desk.stoa.post(&approver, "/monitor/v1/certificates", &wish).await.expect(201);
    let keyed = approver.clone().with("idempotency-key", "one");
    let other = desk.stoa.post(&keyed, "/monitor/v1/certificates/2026-0002/state", &change).await.expect(200).json();
    assert_eq!((&other["number"], &other["state"]), (&"2026-0002".into(), &"suspended".into()));
    // The key is the caller's own: another's is another.
    let other = desk.stoa.role("approver").await.with("idempotency-key", "one");
    let mut waiver = case(json!({"reason": "agreed", "endsOn": "2026-12-01"}));
    waiver["subject"] = json!("cloud-2");
    desk.stoa.post(&other, "/monitor/v1/waivers", &waiver).await.expect(201);
    // Evidence too: sent again it is no replay.
    let text = report("cloud-1", IAAS, desk.stoa.clock.now(), verdicts(IAAS, &[])).to_yaml();
    let body = join(&key(1).sign(text.as_bytes()).unwrap(), &text);
    let send = async |by: &Caller| {
        let kind = "application/x-signed-yaml";
        desk.stoa.send_text(by, Method::POST, "/monitor/v1/reports", kind, body.clone()).await
    };
    let tester = desk.account("tester");
    let keyed = tester.clone().with("idempotency-key", "one");
    assert_eq!(send(&keyed).await.expect(201).text(), send(&keyed).await.expect(201).text());
    send(&tester).await.expect(409);
}

#[tokio::test]
async fn checks_by_hand_are_due_each_quarter() {
    let desk = Desk::new().await;
    desk.found("cloud-1", IAAS, &[]).await;
    let path = "/monitor/v1/results/due";
    let scope = stoa_standards::scope::find_built_in(IAAS).unwrap();
    let by_hand = scope.test_cases.iter().find(|case| case.automation == stoa_standards::scope::Automation::Manual);
    let case = by_hand.unwrap().id.as_str();
    assert_eq!(desk.stoa.get(&desk.admin, path).await.expect(200).json()["items"], json!([]));
    let manual = json!({"subject": "cloud-1", "scope": IAAS, "testCase": case, "result": 1, "evidence": "looked"});
    let manual = desk.stoa.post(&desk.admin, "/monitor/v1/results", &manual).await.expect(201).json();
    let decision = format!("/monitor/v1/results/{}/decision", manual["id"].as_str().unwrap());
    let approver = desk.stoa.role("approver").await;
    desk.stoa.post(&approver, &decision, &json!({"approved": true})).await.expect(200);
    let due = async || desk.stoa.get(&desk.admin, path).await.expect(200).json()["items"][0].clone();
    let first = due().await;
    assert_eq!((&first["testCase"], &first["isOver"]), (&case.into(), &false.into()));
    let day = first["dueOn"].as_str().unwrap().to_owned();
    assert!(day.as_str() <= "2027-03-31", "{day}");
    desk.stoa.clock.advance(DAY * 130);
    assert_eq!(due().await["isOver"], true);
    desk.stoa.get(&desk.account("cloud-1"), path).await.expect(403);
}
