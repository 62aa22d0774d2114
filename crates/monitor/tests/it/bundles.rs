//! A bundle proves what it claims to whoever asks nobody, and nothing that was changed in it.

use std::time::Duration;

use serde_json::json;
use stoa_monitor::model::bundle::{Bundle, BundleError, NAMESPACE, SignedBundle, verify};
use stoa_monitor::model::standing::{CaseState, State};
use stoa_standards::signature::PublicKey;
use stoa_standards::verdict::Verdict;
use stoa_test::Caller;

use crate::desk::{Desk, IAAS, key};

const CASE: &str = "scs-0100-syntax-check";

async fn fetched(desk: &Desk, subject: &str) -> String {
    let path = format!("/monitor/v1/subjects/{subject}/scopes/{IAAS}/bundle");
    desk.stoa.get(&Caller::anonymous(), &path).await.expect(200).text()
}

/// The bundle changed, and signed by somebody else.
fn forged(text: &str, change: impl FnOnce(&mut Bundle)) -> String {
    let signed: SignedBundle = serde_json::from_str(text).unwrap();
    let mut bundle: Bundle = serde_json::from_str(&signed.statement).unwrap();
    change(&mut bundle);
    let statement = serde_json::to_string(&bundle).unwrap();
    let signature = key(9).sign_for(NAMESPACE, statement.as_bytes()).unwrap();
    let public_key = key(9).public().to_string();
    serde_json::to_string(&SignedBundle { statement, signature, public_key }).unwrap()
}

#[tokio::test]
async fn a_bundle_holds_all_that_a_state_rests_on() {
    let desk = Desk::new().await;
    desk.found("cloud-1", IAAS, &[(CASE, Verdict::Abort), ("scs-0102-prop-min_ram", Verdict::Fail)]).await;
    desk.stoa.clock.advance(Duration::from_mins(1));
    let manual = json!({"subject": "cloud-1", "scope": IAAS, "testCase": CASE, "result": 1, "evidence": "looked"});
    let manual = desk.stoa.post(&desk.admin, "/monitor/v1/results", &manual).await.expect(201).json();
    let path = format!("/monitor/v1/results/{}/decision", manual["id"].as_str().unwrap());
    let approver = desk.stoa.role("approver").await;
    desk.stoa.post(&approver, &path, &json!({"approved": true})).await.expect(200);
    let waiver = json!({"subject": "cloud-1", "scope": IAAS, "testCase": "scs-0102-prop-min_ram", "reason": "agreed",
        "endsOn": "2026-12-01"});
    desk.stoa.post(&approver, "/monitor/v1/waivers", &waiver).await.expect(201);
    let text = fetched(&desk, "cloud-1").await;
    let signers = desk.stoa.get(&Caller::anonymous(), "/monitor/certificates/allowed_signers").await.expect(200).text();
    let line = signers.trim().split_once("bundle\" ").unwrap().1;
    let monitor: PublicKey = line.parse().unwrap();
    let verified = verify(&text, std::slice::from_ref(&monitor)).unwrap();
    let evaluation = &verified.bundle.evaluation;
    assert_eq!((evaluation.state, evaluation.version.as_deref()), (State::Pass, Some("v5.1")));
    assert_eq!(evaluation.test_cases["scs-0102-prop-min_ram"], CaseState::Waived);
    assert_eq!((verified.bundle.reports.len(), verified.bundle.by_hand.len()), (1, 1));
    // The scope is in it, so that it can be judged when programs know another one.
    assert!(verified.is_scope_known && verified.bundle.scope.document.is_some());
    assert_eq!((verified.key, verified.report_keys), (monitor.fingerprint(), vec![key(1).public().fingerprint()]));
    desk.stoa
        .get(&Caller::anonymous(), &format!("/monitor/v1/subjects/cloud-2/scopes/{IAAS}/bundle"))
        .await
        .expect(404);
}

#[tokio::test]
async fn what_was_changed_is_found_out() {
    let desk = Desk::new().await;
    desk.found("cloud-1", IAAS, &[(CASE, Verdict::Fail)]).await;
    let text = fetched(&desk, "cloud-1").await;
    assert_eq!(verify(&text, &[]).unwrap().bundle.evaluation.state, State::Fail);
    assert!(matches!(verify(&text, &[key(9).public().clone()]), Err(BundleError::Untrusted { .. })));
    assert!(matches!(verify("{}", &[]), Err(BundleError::Malformed(_))));
    assert!(matches!(verify(&text.replace("fail", "pass"), &[]), Err(BundleError::Signature(_))));
    // Somebody who signs with a key of their own can claim nothing that the reports do not say.
    let claimed = forged(&text, |bundle| {
        bundle.evaluation.test_cases.insert(CASE.to_owned(), CaseState::Pass);
        bundle.evaluation.state = State::Pass;
    });
    let error = verify(&claimed, &[]).unwrap_err();
    assert_eq!(error.to_string(), format!("the evidence does not add up to what is claimed: {CASE} is fail, not pass"));
    let changed = forged(&text, |bundle| bundle.reports[0].body = bundle.reports[0].body.replacen(": -1", ": 1", 1));
    assert!(matches!(verify(&changed, &[]), Err(BundleError::Report { .. })));
    let other = forged(&text, |bundle| bundle.subject = "cloud-2".to_owned());
    assert!(matches!(verify(&other, &[]), Err(BundleError::Report { .. })));
    let left_out = forged(&text, |bundle| bundle.reports.clear());
    assert!(matches!(verify(&left_out, &[]), Err(BundleError::Evaluation(_))));
    let later = forged(&text, |bundle| bundle.at = bundle.at.plus(Duration::from_hours(24 * 30)));
    assert!(matches!(verify(&later, &[]), Err(BundleError::Evaluation(_))));
    let harmless = forged(&text, |bundle| {
        let document = bundle.scope.document.take().unwrap();
        bundle.scope.document = Some(document.replacen("\"main\":", "\"minor\":", 200));
        bundle.evaluation.state = State::Nothing;
    });
    assert!(verify(&harmless, &[]).is_err());
    let unknown = forged(&text, |bundle| bundle.scope.uuid = uuid::Uuid::nil());
    assert!(verify(&unknown, &[]).is_err());
}
