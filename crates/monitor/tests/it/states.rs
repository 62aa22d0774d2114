//! What evidence adds up to, day by day, and what people decide about it.

use std::time::Duration;

use serde_json::{Value, json};
use stoa_standards::verdict::Verdict;
use stoa_test::Caller;

use crate::desk::{Desk, IAAS, report, verdicts};

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn what_is_not_known_to_pass_is_never_green() {
    let desk = Desk::new().await;
    desk.found("cloud-1", IAAS, &[]).await;
    let standing = desk.standing("cloud-1", IAAS).await;
    assert_eq!(
        (&standing["state"], &standing["version"], &standing["verified"]),
        (&"pass".into(), &"v5.1".into(), &true.into())
    );
    for (verdict, state) in [(Verdict::Fail, "fail"), (Verdict::Abort, "aborted")] {
        desk.stoa.clock.advance(Duration::from_mins(1));
        desk.found("cloud-1", IAAS, &[("scs-0100-syntax-check", verdict)]).await;
        assert_eq!(desk.standing("cloud-1", IAAS).await["state"], state);
    }
    let tester = desk.account("tester");
    let mut some = verdicts(IAAS, &[]);
    some.remove("scs-0100-syntax-check");
    let part = report("cloud-2", IAAS, desk.stoa.clock.now(), some).to_yaml();
    desk.hand_in(&tester, 1, &part).await.expect(200);
    assert_eq!(desk.standing("cloud-2", IAAS).await["state"], "missing");
    let status = desk.stoa.get(&Caller::anonymous(), "/monitor/status?subject=cloud-2").await.expect(200).json();
    let of_scope = status["cloud-2"].as_object().unwrap().values().next().unwrap();
    assert_eq!((&of_scope["result"], &of_scope["passed"]), (&Value::Null, &json!([])));
}

#[tokio::test]
async fn results_expire_with_the_days_and_nobody_does_anything() {
    let desk = Desk::new().await;
    // Tuesday, 2026-11-24: a weekly result counts through Sunday, 2026-12-06.
    desk.found("cloud-1", IAAS, &[]).await;
    let standing = desk.standing("cloud-1", IAAS).await;
    assert_eq!(standing["holdsUntil"], "2026-12-07");
    desk.stoa.clock.advance(DAY * 12);
    assert_eq!(desk.standing("cloud-1", IAAS).await["state"], "pass");
    desk.stoa.clock.advance(DAY);
    let standing = desk.standing("cloud-1", IAAS).await;
    assert_eq!(
        (&standing["state"], &standing["testCases"]["scs-0100-syntax-check"]["state"]),
        (&"missing".into(), &"expired".into())
    );
    let path = format!("/monitor/v1/subjects/cloud-1/scopes/{IAAS}/history");
    let history = desk.stoa.get(&Caller::anonymous(), &path).await.expect(200).json();
    let states: Vec<&str> =
        history["days"].as_array().unwrap().iter().map(|day| day["state"].as_str().unwrap()).collect();
    assert_eq!(states.len(), 14);
    assert!(states[..13].iter().all(|state| *state == "pass") && states[13] == "missing", "{states:?}");
    assert_eq!(history["shareKept"], 0.928);
    let csv = desk.stoa.get(&Caller::anonymous(), &format!("{path}?format=csv")).await.expect(200).text();
    assert!(csv.starts_with("date,state,version\n2026-11-24,pass,v5.1\n"), "{csv}");
}

#[tokio::test]
async fn an_older_report_that_comes_later_changes_nothing() {
    let desk = Desk::new().await;
    desk.stoa.clock.advance(DAY);
    let now = desk.stoa.clock.now();
    desk.found("cloud-1", IAAS, &[]).await;
    let path = format!("/monitor/v1/subjects/cloud-1/scopes/{IAAS}/history");
    let before = desk.stoa.get(&Caller::anonymous(), &path).await.expect(200).json();
    assert_eq!(before["days"].as_array().unwrap().len(), 1);
    let old = report("cloud-1", IAAS, now.minus(DAY), verdicts(IAAS, &[("scs-0100-syntax-check", Verdict::Fail)]));
    desk.hand_in(&desk.account("tester"), 1, &old.to_yaml()).await.expect(200);
    assert_eq!(desk.standing("cloud-1", IAAS).await["state"], "pass");
    let history = desk.stoa.get(&Caller::anonymous(), &path).await.expect(200).json();
    assert_eq!((&history["days"][0]["state"], &history["days"][1]["state"]), (&"fail".into(), &"pass".into()));
}

#[tokio::test]
async fn a_failure_is_waived_until_its_day_and_no_longer() {
    let desk = Desk::new().await;
    let case = "scs-0100-syntax-check";
    desk.found("cloud-1", IAAS, &[(case, Verdict::Fail)]).await;
    let waiver =
        |ends: &str| json!({"subject": "cloud-1", "scope": IAAS, "testCase": case, "reason": "agreed", "endsOn": ends});
    let path = "/monitor/v1/waivers";
    desk.stoa.post(&desk.admin, path, &waiver("2026-11-23")).await.expect(422);
    desk.stoa.post(&desk.account("tester"), path, &waiver("2026-11-25")).await.expect(403);
    let granted = desk.stoa.post(&desk.admin, path, &waiver("2026-11-25")).await.expect(201).json();
    let standing = desk.standing("cloud-1", IAAS).await;
    assert_eq!((&standing["state"], &standing["testCases"][case]["state"]), (&"pass".into(), &"waived".into()));
    desk.stoa.clock.advance(DAY);
    assert_eq!(desk.standing("cloud-1", IAAS).await["state"], "pass");
    desk.stoa.clock.advance(DAY);
    assert_eq!(desk.standing("cloud-1", IAAS).await["state"], "fail");
    let gone = format!("{path}/{}", granted["id"].as_str().unwrap());
    desk.stoa.delete(&desk.admin, &gone).await.expect(204);
    desk.stoa.delete(&desk.admin, &gone).await.expect(404);
}

#[tokio::test]
async fn what_people_find_out_counts_once_a_second_one_approves() {
    let desk = Desk::new().await;
    desk.found("cloud-1", IAAS, &[("scs-0100-syntax-check", Verdict::Abort)]).await;
    desk.stoa.clock.advance(Duration::from_mins(1));
    let body = json!({"subject": "cloud-1", "scope": IAAS, "testCase": "scs-0100-syntax-check", "result": 1,
        "evidence": "Looked at the list of flavors with the operator."});
    let manual = desk.stoa.post(&desk.admin, "/monitor/v1/results", &body).await.expect(201).json();
    assert_eq!(desk.standing("cloud-1", IAAS).await["state"], "aborted");
    // Sent twice by a form it is recorded once.
    let twice = desk.stoa.post(&desk.admin, "/monitor/v1/results", &body).await.expect(422).json();
    assert_eq!(twice["errors"][0]["code"], "unique");
    let path = format!("/monitor/v1/results/{}/decision", manual["id"].as_str().unwrap());
    let same = desk.stoa.post(&desk.admin, &path, &json!({"approved": true})).await.expect(403).json();
    assert_eq!(same["code"], "monitor.same_person");
    let second = desk.stoa.role("approver").await;
    desk.stoa.post(&second, &path, &json!({"approved": true})).await.expect(200);
    desk.stoa.post(&second, &path, &json!({"approved": false})).await.expect(404);
    let standing = desk.standing("cloud-1", IAAS).await;
    assert_eq!(
        (&standing["state"], &standing["testCases"]["scs-0100-syntax-check"]["source"]),
        (&"pass".into(), &"manual".into())
    );
    let mut odd = body.clone();
    odd["result"] = json!(2);
    desk.stoa.post(&desk.admin, "/monitor/v1/results", &odd).await.expect(422);
}

#[tokio::test]
async fn scopes_are_data() {
    let desk = Desk::new().await;
    let document = "uuid: 6f7f2b0a-0000-4000-8000-000000000001\nname: Example\nurl: https://example.org\n\
        scripts:\n  - executable: check.py\n    testcases:\n      - id: one\n        lifetime: day\n        description: one\n        url: https://example.org/one\n\
        modules:\n  - id: m\n    name: M\n    url: https://example.org/m\n    targets:\n      main: [one]\n\
        versions:\n  - version: v1\n    stabilized_at: 2026-01-01\n    include: [m]\n\
        timeline:\n  - date: 2026-01-01\n    versions:\n      v1: effective\n";
    let put = async |alias: &str, document: &str| {
        let path = format!("/monitor/v1/scopes?alias={alias}");
        desk.stoa.send_text(&desk.admin, stoa_web::Method::PUT, &path, "application/yaml", document.to_owned()).await
    };
    put("Not-fit", document).await.expect(422);
    put(IAAS, document).await.expect(422);
    let broken = put("example", &document.replace("include: [m]", "include: [x]")).await.expect(422).json();
    assert!(broken["errors"][0]["pointer"].as_str().unwrap().starts_with("/versions/0/include"), "{broken}");
    put("example", document).await.expect(200);
    let now = desk.stoa.clock.now();
    let mut mine = report("cloud-1", IAAS, now, [("one".to_owned(), Verdict::Pass)].into());
    mine.scope.uuid = "6f7f2b0a-0000-4000-8000-000000000001".parse().unwrap();
    desk.hand_in(&desk.account("tester"), 1, &mine.to_yaml()).await.expect(200);
    assert_eq!(desk.standing("cloud-1", "example").await["state"], "pass");
    desk.stoa.clock.advance(DAY * 2);
    assert_eq!(desk.standing("cloud-1", "example").await["state"], "missing");
    // What it says from now on says nothing about the days before.
    let laxer = document.replace("lifetime: day", "lifetime: month");
    put("example", &laxer).await.expect(200);
    assert_eq!(desk.standing("cloud-1", "example").await["state"], "pass");
    let path = "/monitor/v1/subjects/cloud-1/scopes/example/history";
    desk.stoa.clock.advance(DAY);
    let history = desk.stoa.get(&Caller::anonymous(), path).await.expect(200).json();
    assert_eq!(
        states(&history),
        ["pass", "pass", "pass", "pass"],
        "the day on which it was changed ended with the new"
    );
    let before = report("cloud-1", IAAS, now.minus(DAY), [("one".to_owned(), Verdict::Fail)].into());
    let mut before = before;
    before.scope.uuid = mine.scope.uuid;
    desk.hand_in(&desk.account("tester"), 1, &before.to_yaml()).await.expect(200);
    put("example", &document.replace("include: [m]", "include: []").replace("main: [one]", "main: []"))
        .await
        .expect(200);
    desk.stoa.clock.advance(DAY);
    let history = desk.stoa.get(&Caller::anonymous(), path).await.expect(200).json();
    assert_eq!(states(&history), ["fail", "pass", "pass", "pass", "nothing", "nothing"]);
}

fn states(history: &Value) -> Vec<&str> {
    history["days"].as_array().unwrap().iter().map(|day| day["state"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_waiver_counts_from_its_grant_to_its_withdrawal_and_not_before() {
    let desk = Desk::new().await;
    let case = "scs-0100-syntax-check";
    desk.found("cloud-1", IAAS, &[(case, Verdict::Fail)]).await;
    desk.stoa.clock.advance(DAY * 2);
    let approver = desk.stoa.role("approver").await;
    let wish =
        json!({"subject": "cloud-1", "scope": IAAS, "testCase": case, "reason": "agreed", "endsOn": "2026-12-02"});
    let granted = desk.stoa.post(&approver, "/monitor/v1/waivers", &wish).await.expect(201).json();
    // A second one would hold on when the first is withdrawn.
    let refused = desk.stoa.post(&approver, "/monitor/v1/waivers", &wish).await.expect(422).json();
    assert_eq!(refused["errors"][0]["pointer"], "/testCase");
    assert_eq!(desk.standing("cloud-1", IAAS).await["state"], "pass");
    let page =
        desk.stoa.get(&Caller::anonymous(), &format!("/monitor/page/detail/cloud-1/{IAAS}")).await.expect(200).text();
    assert!(page.contains("Tolerated until 2 December 2026: agreed"), "{page}");
    desk.stoa.clock.advance(DAY);
    let path = format!("/monitor/v1/waivers/{}", granted["id"].as_str().unwrap());
    desk.stoa.delete(&approver, &path).await.expect(204);
    assert_eq!(desk.standing("cloud-1", IAAS).await["state"], "fail");
    let path = format!("/monitor/v1/subjects/cloud-1/scopes/{IAAS}/history");
    let history = desk.stoa.get(&Caller::anonymous(), &path).await.expect(200).json();
    assert_eq!(states(&history), ["fail", "fail", "pass", "fail"]);
}

#[tokio::test]
async fn what_only_people_can_find_out_no_report_decides() {
    let desk = Desk::new().await;
    let scope = "uuid: 6f7f2b0a-0000-4000-8000-0000000000aa\nname: Example\nurl: https://example.org\nscripts:\n  \
        - executable: check.py\n    testcases:\n      - id: by-program\n        description: one\n        \
        url: https://example.org/one\n  - testcases:\n      - id: by-hand\n        lifetime: year\n        \
        description: two\n        url: https://example.org/two\nmodules:\n  - id: m\n    name: M\n    \
        url: https://example.org/m\n    targets:\n      main: [by-program, by-hand]\nversions:\n  \
        - version: v1\n    stabilized_at: 2026-01-01\n    include: [m]\ntimeline:\n  - date: 2026-01-01\n    \
        versions:\n      v1: effective\n";
    let path = "/monitor/v1/scopes?alias=example";
    let put = stoa_web::Method::PUT;
    desk.stoa.send_text(&desk.admin, put, path, "application/yaml", scope.to_owned()).await.expect(200);
    let claimed = |hand: Verdict| {
        let mut report = report("cloud-3", IAAS, desk.stoa.clock.now(), std::collections::BTreeMap::new());
        report.scope.uuid = "6f7f2b0a-0000-4000-8000-0000000000aa".parse().unwrap();
        report.run.invocations[0].results =
            [("by-program".to_owned(), Verdict::Pass), ("by-hand".to_owned(), hand)].into();
        report.to_yaml()
    };
    let own = desk.account("cloud-3");
    desk.hand_in(&own, 3, &claimed(Verdict::Pass)).await.expect(200);
    let standing = desk.standing("cloud-3", "example").await;
    assert_eq!(
        (&standing["state"], &standing["testCases"]["by-hand"]["state"]),
        (&"missing".into(), &"missing".into())
    );
    let manual =
        json!({"subject": "cloud-3", "scope": "example", "testCase": "by-hand", "result": 1, "evidence": "seen"});
    let manual = desk.stoa.post(&desk.admin, "/monitor/v1/results", &manual).await.expect(201).json();
    desk.stoa.clock.advance(DAY * 2);
    let approver = desk.stoa.role("approver").await;
    let path = format!("/monitor/v1/results/{}/decision", manual["id"].as_str().unwrap());
    desk.stoa.get(&approver, "/monitor/v1/results").await.expect(200);
    desk.stoa.post(&approver, &path, &json!({"approved": true})).await.expect(200);
    assert_eq!(desk.standing("cloud-3", "example").await["state"], "pass");
    // On the days before the second person said so it did not count.
    let path = "/monitor/v1/subjects/cloud-3/scopes/example/history";
    let history = desk.stoa.get(&Caller::anonymous(), path).await.expect(200).json();
    assert_eq!(states(&history), ["missing", "missing", "pass"]);
    let page = desk.stoa.get(&Caller::anonymous(), "/monitor/page/detail/cloud-3/example").await.expect(200).text();
    assert!(page.contains("What people found out") && page.contains(">seen<"), "{page}");
    let changes = desk.stoa.get(&Caller::anonymous(), "/monitor/v1/changes").await.expect(200).json();
    assert_eq!((&changes["items"][0]["cause"], &changes["items"][0]["evidence"]), (&"decision".into(), &Value::Null));
    // A later report says nothing about it either, and its quarter ends whatever the scope says.
    desk.stoa.clock.advance(DAY);
    desk.hand_in(&own, 3, &claimed(Verdict::Fail)).await.expect(200);
    let standing = desk.standing("cloud-3", "example").await;
    assert_eq!(standing["state"], "pass");
    assert_eq!(standing["testCases"]["by-hand"]["expiresOn"], "2027-04-01");
    // And nobody records over what a program found to fail.
    desk.found("cloud-1", IAAS, &[("scs-0100-syntax-check", Verdict::Fail)]).await;
    let over = json!({"subject": "cloud-1", "scope": IAAS, "testCase": "scs-0100-syntax-check", "result": 1,
        "evidence": "looks fine"});
    let refused = desk.stoa.post(&desk.admin, "/monitor/v1/results", &over).await.expect(422).json();
    assert_eq!(refused["errors"][0]["code"], "automated");
}
