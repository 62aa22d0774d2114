//! Whatever happens, in whatever order: the state that is kept is the one that all evidence adds up to.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use stoa_core::Instant;
use stoa_monitor::model::history::Piece;
use stoa_monitor::model::results::{Latest, Results, Source};
use stoa_monitor::model::standing::Standing;
use stoa_standards::scope::{Scope, find_built_in};
use stoa_standards::verdict::Verdict;
use stoa_test::Caller;
use uuid::Uuid;

use crate::desk::{Desk, report};

const KAAS: &str = "scs-compatible-kaas";
const SUBJECTS: [&str; 2] = ["cloud-1", "cloud-3"];

fn scope() -> &'static Scope {
    find_built_in(KAAS).unwrap()
}

/// What happens to a monitor.
#[derive(Debug, Clone)]
enum Step {
    /// A report comes in, made so many hours ago: the subject's own or the delegate's.
    Report { subject: usize, id: u128, hours: u64, is_own: bool, verdicts: BTreeMap<String, Verdict> },
    /// A person looks, and a second one decides.
    ByHand { subject: usize, case: String, verdict: Verdict, is_approved: bool },
    /// Time goes by.
    Later(u64),
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![3 => Just(Verdict::Pass), 1 => Just(Verdict::Fail), 1 => Just(Verdict::Abort)]
}

fn case() -> impl Strategy<Value = String> {
    let mut cases: Vec<String> = scope().test_cases.iter().map(|case| case.id.clone()).collect();
    cases.push("unknown-case".to_owned());
    prop::sample::select(cases)
}

fn step() -> impl Strategy<Value = Step> {
    let report = (
        0..SUBJECTS.len(),
        1..u128::MAX,
        0..100_u64,
        any::<bool>(),
        prop::collection::btree_map(case(), verdict(), 1..6),
    );
    let by_hand = (0..SUBJECTS.len(), case(), verdict(), any::<bool>());
    prop_oneof![
        4 => report.prop_map(|(subject, id, hours, is_own, verdicts)| Step::Report { subject, id, hours, is_own, verdicts }),
        2 => by_hand.prop_map(|(subject, case, verdict, is_approved)| Step::ByHand { subject, case, verdict, is_approved }),
        1 => (1..200_u64).prop_map(Step::Later),
    ]
}

/// Does it; what of it is evidence.
async fn done(desk: &Desk, approver: &Caller, step: &Step) -> Option<(usize, Piece)> {
    let now = desk.stoa.clock.now();
    match step {
        Step::Later(hours) => {
            desk.stoa.clock.advance(Duration::from_hours(*hours));
            desk.stoa.run_jobs("monitor").await;
            None
        }
        Step::Report { subject, id, hours, is_own, verdicts } => {
            // `cloud-3` alone signs by itself.
            let is_own = *is_own && SUBJECTS[*subject] == "cloud-3";
            let at = now.minus(Duration::from_hours(*hours));
            let mut made = report(SUBJECTS[*subject], KAAS, at, verdicts.clone());
            made.run.uuid = Uuid::from_u128(*id);
            let (by, seed) = if is_own { ("cloud-3", 3) } else { ("tester", 1) };
            desk.hand_in(&desk.account(by), seed, &made.to_yaml()).await.expect(200);
            let source = if is_own { Source::Own } else { Source::Delegate };
            let piece =
                Piece { id: made.run.uuid, checked_at: at, counts_from: at, source, verdicts: verdicts.clone() };
            Some((*subject, piece.within(scope())))
        }
        Step::ByHand { subject, case, verdict, is_approved } => {
            let wish = json!({"subject": SUBJECTS[*subject], "scope": KAAS, "testCase": case,
                "result": verdict.number(), "evidence": "looked"});
            let proposed = desk.stoa.post(&desk.admin, "/monitor/v1/results", &wish).await;
            // Some are refused: an unknown test case, a pass over what a program found to fail.
            let id = proposed.status.is_success().then(|| proposed.json()["id"].as_str().unwrap().to_owned())?;
            let decision = json!({"approved": is_approved});
            desk.stoa.post(approver, &format!("/monitor/v1/results/{id}/decision"), &decision).await.expect(200);
            let verdicts = [(case.clone(), *verdict)].into();
            let piece =
                Piece { id: id.parse().unwrap(), checked_at: now, counts_from: now, source: Source::Manual, verdicts };
            is_approved.then_some((*subject, piece))
        }
    }
}

/// The newest result of each test case, looked for among all evidence.
fn recomputed(pieces: &[&Piece]) -> Results {
    let mut newest: BTreeMap<&str, Latest> = BTreeMap::new();
    for piece in pieces {
        for (case, verdict) in &piece.verdicts {
            let found =
                Latest { verdict: *verdict, checked_at: piece.checked_at, evidence: piece.id, source: piece.source };
            let is_newer = |old: &&mut Latest| (old.checked_at, old.evidence) < (found.checked_at, found.evidence);
            match newest.get_mut(case.as_str()) {
                Some(old) if is_newer(&old) => *old = found,
                Some(_) => {}
                None => drop(newest.insert(case, found)),
            }
        }
    }
    let mut results = Results::default();
    for (case, latest) in newest {
        results.take(case, latest);
    }
    results
}

fn as_told(standing: &Standing) -> Value {
    let cases: serde_json::Map<String, Value> = standing
        .cases
        .iter()
        .map(|(id, case)| {
            let latest = case.latest;
            (
                id.clone(),
                json!({"state": case.state, "checkedAt": latest.map(|latest| latest.checked_at),
                    "evidence": latest.map(|latest| latest.evidence), "source": latest.map(|latest| latest.source),
                    "expiresOn": case.expires_on.map(|date| date.to_string())}),
            )
        })
        .collect();
    json!({"state": standing.state, "version": standing.decisive().map(|version| &version.name),
        "verified": standing.is_verified(), "testCases": cases})
}

async fn compared(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let desk = Desk::new().await;
    let approver = desk.stoa.role("approver").await;
    let mut evidence: Vec<(usize, Piece)> = Vec::new();
    for step in &steps {
        evidence.extend(done(&desk, &approver, step).await);
    }
    let now: Instant = desk.stoa.clock.now();
    for (place, subject) in SUBJECTS.iter().enumerate() {
        let pieces: Vec<&Piece> = evidence.iter().filter(|(of, _)| *of == place).map(|(_, piece)| piece).collect();
        let told = desk.standing(subject, KAAS).await;
        if pieces.is_empty() {
            prop_assert!(told.is_null(), "{told}");
            continue;
        }
        let standing = Standing::new(scope(), &recomputed(&pieces), &[], now);
        let wanted = as_told(&standing);
        for (field, wanted) in wanted.as_object().unwrap() {
            prop_assert_eq!(&told[field], wanted, "{} of {} after {:?}", field, subject, steps);
        }
        // And the last day of the history says the same, from the evidence in the database.
        let path = format!("/monitor/v1/subjects/{subject}/scopes/{KAAS}/history");
        let history = desk.stoa.get(&Caller::anonymous(), &path).await.expect(200).json();
        prop_assert_eq!(&history["days"].as_array().unwrap().last().unwrap()["state"], &told["state"]);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_is_kept_is_what_all_evidence_adds_up_to(steps in prop::collection::vec(step(), 1..14)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(compared(steps))?;
    }
}
