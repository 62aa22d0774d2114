//! The runner: every wanted test case has an answer, whatever becomes of the groups.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stoa_checks::run::{Ended, Event, Listener, Plan, PlanRequest, Ran, anchored, run};
use stoa_checks::{Answers, Group};
use stoa_standards::rule::Check;
use stoa_standards::scope::find_built_in;
use stoa_standards::verdict::Verdict;

const LONG: Duration = Duration::from_mins(10);

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

fn passed(ids: &[&str]) -> Answers {
    ids.iter().map(|id| ((*id).to_owned(), Check::of([]))).collect()
}

async fn to_the_end(groups: Vec<Group>, wanted: &[&str]) -> Ran {
    run(groups, &set(wanted), 8, &Listener::silent(), std::future::pending()).await
}

fn reasons(ran: &Ran) -> Vec<String> {
    ran.answers().iter().map(|(id, check)| format!("{id} {} {}", check.verdict.name(), check.reason())).collect()
}

#[tokio::test(start_paused = true)]
async fn one_group_that_goes_wrong_leaves_the_others_alone() {
    let groups = vec![
        Group::new("good", ["a", "b"], LONG, async { passed(&["a", "b", "never-asked"]) }),
        Group::new("broken", ["c"], LONG, async { panic!("on purpose") }),
        Group::new("slow", ["d"], Duration::from_secs(90), std::future::pending()),
        Group::new("forgetful", ["e", "f"], LONG, async { passed(&["e"]) }),
        Group::new("unwanted", ["z"], LONG, async { passed(&["z"]) }),
    ];
    let ran = to_the_end(groups, &["a", "b", "c", "d", "e", "f", "g"]).await;
    assert!(!ran.stopped);
    assert_eq!(
        reasons(&ran),
        [
            "a PASS ",
            "b PASS ",
            "c ABORT check broken: it broke; this is a mistake in Stoa",
            "d ABORT check slow: it did not end within 90 s",
            "e PASS ",
            "f ABORT check forgetful: it ended without an answer; this is a mistake in Stoa",
            "g ABORT test case g: Stoa has no check that decides it",
        ]
    );
    let ended: Vec<(&str, Ended)> = ran.groups.iter().map(|group| (group.name, group.ended)).collect();
    assert_eq!(
        ended,
        [
            ("good", Ended::Done),
            ("broken", Ended::Panicked),
            ("slow", Ended::TimedOut),
            ("forgetful", Ended::Done),
            ("unwanted", Ended::Done),
            ("undecided", Ended::Done),
        ]
    );
}

/// Counts when it is dropped.
struct Guard(Arc<AtomicUsize>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_drops_what_runs_and_keeps_what_was_found() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let guard = Guard(dropped.clone());
    let groups = vec![
        Group::new("quick", ["a"], LONG, async { passed(&["a"]) }),
        Group::new("slow", ["b"], LONG, async move {
            let _guard = guard;
            std::future::pending::<Answers>().await
        }),
    ];
    let stop = tokio::time::sleep(Duration::from_secs(5));
    let ran = run(groups, &set(&["a", "b"]), 8, &Listener::silent(), stop).await;
    assert!(ran.stopped);
    assert_eq!(dropped.load(Ordering::SeqCst), 1, "the group was dropped before the run returned");
    assert_eq!(reasons(&ran), ["a PASS ", "b ABORT check slow: the run was stopped"]);
}

#[tokio::test(start_paused = true)]
async fn groups_run_beside_one_another_and_not_too_many() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let group = |name: &'static str| {
        let (now, most) = (now.clone(), most.clone());
        Group::new(name, [name], LONG, async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_secs(1)).await;
            now.fetch_sub(1, Ordering::SeqCst);
            passed(&[name])
        })
    };
    let names = ["a", "b", "c", "d", "e", "f", "g"];
    let begun = tokio::time::Instant::now();
    let ran = run(names.map(group).into(), &set(&names), 3, &Listener::silent(), std::future::pending()).await;
    assert!(ran.answers().values().all(|check| check.verdict == Verdict::Pass));
    assert_eq!(most.load(Ordering::SeqCst), 3);
    assert_eq!(begun.elapsed().as_secs(), 3, "seven groups, three at a time");
    // Waiting for a place does not count against a group's time.
    let group = |name: &'static str| {
        Group::new(name, [name], Duration::from_secs(2), async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            passed(&[name])
        })
    };
    let ran = run(names.map(group).into(), &set(&names), 1, &Listener::silent(), std::future::pending()).await;
    assert!(ran.answers().values().all(|check| check.verdict == Verdict::Pass));
}

#[tokio::test(start_paused = true)]
async fn watchers_hear_everything_in_order() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ears = heard.clone();
    let listener = Listener::new(move |event| {
        ears.lock().unwrap().push(match event {
            Event::Began { group } => format!("{group} began"),
            Event::Step { group, text } => format!("{group}: {text}"),
            Event::Found { group, id, check, elapsed } => {
                format!("{group} {id} {} {}s", check.verdict.name(), elapsed.as_secs())
            }
            Event::Ended { group, ended } => format!("{group} ended {ended:?}"),
        });
    });
    let progress = listener.progress();
    let work = async move {
        progress.step("entropy", "waiting for the console");
        tokio::time::sleep(Duration::from_secs(1)).await;
        passed(&["a"])
    };
    let groups = vec![Group::new("entropy", ["a"], LONG, work)];
    run(groups, &set(&["a"]), 8, &listener, std::future::pending()).await;
    let heard = heard.lock().unwrap();
    assert_eq!(heard[0], "entropy began");
    assert_eq!(heard[1], "entropy: waiting for the console");
    assert!(heard[2].starts_with("entropy a PASS"));
    assert_eq!(heard[3..], ["entropy ended Done"]);
}

fn request(date: &str) -> PlanRequest {
    PlanRequest { date: date.parse().unwrap(), version: None, sections: None, tests: None, beyond: false }
}

#[test]
fn a_plan_has_what_the_versions_of_the_day_ask_for_and_more_where_that_is_wanted() {
    let iaas = find_built_in("iaas").unwrap();
    let plan = Plan::new(iaas, &request("2026-11-26")).unwrap();
    let names: Vec<&str> = plan.versions.iter().map(|(version, _)| version.name.as_str()).collect();
    assert_eq!(names, ["next", "v5.1"]);
    // 55 of `next`, and of v5.1 those that it has alone: placement and swift-s3.
    assert_eq!((plan.wanted.len(), plan.beyond.len(), plan.manual.len()), (57, 0, 0));
    let beyond = Plan::new(iaas, &PlanRequest { beyond: true, ..request("2026-11-26") }).unwrap();
    assert!(beyond.wanted.is_superset(&plan.wanted));
    for id in ["scs-0101-rngd", "scs-0103-flavor-16v-128", "scs-0125-tls", "domain-manager-check"] {
        assert!(beyond.beyond.contains(id), "{id}");
    }
    assert!(!beyond.beyond.contains("scs-0211-default-storage-class"), "that is about clusters");
    assert_eq!(beyond.wanted.len(), 88 + 2, "all automated test cases, and two of our own");

    let tests = Some(anchored("scs-0103-flavor-1|scs-0100").unwrap());
    let one = PlanRequest { version: Some("v4".into()), tests, ..request("2026-11-26") };
    let plan = Plan::new(iaas, &one).unwrap();
    assert_eq!(plan.forced_tests.as_deref(), Some("scs-0103-flavor-1|scs-0100"), "as it was given");
    assert_eq!(plan.wanted.len(), 2 + 5, "{:?}", plan.wanted);
}

#[test]
fn what_leaves_nothing_or_names_nothing_is_refused() {
    let iaas = find_built_in("iaas").unwrap();
    let refused = |request: PlanRequest| Plan::new(iaas, &request).unwrap_err().to_string();
    assert!(refused(request("2020-01-01")).contains("no version on 2020-01-01"));
    assert!(refused(PlanRequest { version: Some("v9".into()), ..request("2026-11-26") }).contains("no version `v9`"));
    assert!(
        refused(PlanRequest { sections: Some(vec!["light".into()]), ..request("2026-11-26") })
            .contains("none has a section")
    );
    let nothing = PlanRequest { tests: Some(anchored("nothing").unwrap()), ..request("2026-11-26") };
    assert!(refused(nothing.clone()).contains("no name matches"));
    assert!(refused(PlanRequest { beyond: true, ..nothing }).contains("no name matches"));
    // Only what stands beyond the versions is a plan too.
    let only = PlanRequest { tests: Some(anchored("scs-0125").unwrap()), beyond: true, ..request("2026-11-26") };
    assert_eq!(Plan::new(iaas, &only).unwrap().wanted, set(&["scs-0125-tls"]));
    for bad in ["(", "a{999999999}", &"a".repeat(2000)] {
        assert!(anchored(bad).is_err(), "{bad}");
    }
    assert!(!anchored("0102|b").unwrap().is_match("scs-0102"), "both branches begin at the beginning");
}
