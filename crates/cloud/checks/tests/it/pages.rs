//! Reports as pages: nothing that a cloud calls its objects gets out of its place, and nothing is lost on the way through a
//! report's file.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use stoa_checks::Answers;
use stoa_checks::assessment::{Assessment, RunFacts, report};
use stoa_checks::render::{self, Colour};
use stoa_checks::run::{Ended, GroupRun, Plan, PlanRequest, Ran, anchored};
use stoa_standards::report::{Report, read_json, read_yaml};
use stoa_standards::rule::{Check, Finding};
use stoa_standards::scope::find_built_in;
use stoa_standards::verdict::{Outcome, Reading, Verdict};

/// What somebody may call an image, or a cloud.
const EVIL: &str = "</td><script>alert('x')</script>|*[a](javascript:b)*&amp;\u{1b}[31m\u{202e}\u{0}\u{fffe}]]>";

fn request() -> PlanRequest {
    PlanRequest {
        date: "2026-11-26".parse().unwrap(),
        version: Some("v5.1".into()),
        sections: None,
        tests: Some(anchored("scs-01(00|02-prop-min|04-source-debian|17)").unwrap()),
        beyond: true,
    }
}

fn group(name: &'static str, ended: Ended, answers: impl IntoIterator<Item = (&'static str, Check)>) -> GroupRun {
    let answers: Answers = answers.into_iter().map(|(id, check)| (id.to_owned(), check)).collect();
    GroupRun { name, answers, elapsed: Duration::from_millis(1234), ended }
}

fn made(subject: &str) -> Report {
    let plan = Plan::new(find_built_in("iaas").unwrap(), &request()).unwrap();
    let many = (0..30).map(|n| Finding::fault(format!("image {n} {EVIL}"), "its min_disk is 0", "openstack image set"));
    let ran = Ran {
        groups: vec![
            group(
                "flavors",
                Ended::Done,
                [
                    ("scs-0100-syntax-check", Check::of([])),
                    ("scs-0100-semantics-check", Check::of([Finding::remark("flavor SCS-4V-16", "it has 20 GiB", "")])),
                ],
            ),
            group(
                "images",
                Ended::Done,
                [
                    ("scs-0102-prop-min_disk", Check::of(many)),
                    ("scs-0102-prop-min_ram", Check::of([])),
                    ("scs-0104-source-debian-12", Check::of([])),
                    ("scs-0104-image-capi-1", Check::of([])),
                ],
            ),
            group(
                "backup",
                Ended::TimedOut,
                [(
                    "scs-0117-test-backup",
                    Check::aborted("check backup", "it did not end within 10 min", "find out why"),
                )],
            ),
        ],
        stopped: true,
    };
    let facts = RunFacts {
        id: "0a5e8b0c-0000-4000-8000-000000000001".parse().unwrap(),
        subject: subject.to_owned(),
        checked_at: "2026-11-26T06:30:00.5Z".parse().unwrap(),
        argv: vec!["check".into(), "cloud".into(), "mycloud".into()],
        assignment: BTreeMap::from([("os_cloud".into(), "mycloud".into())]),
        notes: vec![format!("requests to the API: 12{}", '\n')],
    };
    report(&plan, &ran, facts)
}

fn assessed(report: &Report) -> Assessment {
    Assessment::of_report(report, find_built_in("iaas").unwrap(), Reading::Standard)
}

#[test]
fn a_report_keeps_reasons_remedies_times_and_notes() {
    let report = made("mycloud");
    let through_yaml = read_yaml(&report.to_yaml()).unwrap().pop().unwrap();
    let through_json = read_json(&report.to_json()).unwrap();
    assert_eq!(through_yaml, report);
    assert_eq!(through_json, report);
    let assessment = assessed(&through_yaml);
    assert_eq!(assessment, assessed(&report));
    let case = &assessment.cases["scs-0102-prop-min_disk"];
    assert_eq!(
        (case.verdict, case.findings.len(), case.elapsed),
        (Some(Verdict::Fail), 30, Some(Duration::from_millis(1234)))
    );
    assert_eq!(
        (case.findings[7].reason.as_str(), case.findings[7].remedy.as_str()),
        ("its min_disk is 0", "openstack image set")
    );
    assert_eq!(assessment.cases["scs-0117-test-backup"].reason(), "check backup: it did not end within 10 min");
    assert_eq!(assessment.remarked_cases().len(), 1);
    assert_eq!(assessment.notes, ["the run was stopped before its end", "requests to the API: 12 "]);
    assert_eq!(assessment.beyond, BTreeSet::from(["scs-0104-image-capi-1".to_owned()]), "recommended, no more");
    let [version] = assessment.versions.as_slice() else { panic!("one version was forced") };
    assert_eq!((version.name.as_str(), version.outcome, version.is_fulfilled), ("v5.1", Outcome::Fail, false));
    assert_eq!(version.summary, "FAIL (4 passed, 1 failed, 1 aborted, 48 missing)");
    assert!(!assessment.is_fulfilled());
    let codes: Vec<i64> = report.run.invocations.iter().map(|invocation| invocation.exit_code).collect();
    assert_eq!(codes, [0, 0, 1, 0]);
}

#[test]
fn what_was_left_out_by_filters_is_not_missed_but_never_a_pass() {
    let mut report = made("mycloud");
    for invocation in &mut report.run.invocations {
        invocation.results.values_mut().for_each(|verdict| *verdict = Verdict::Pass);
    }
    let assessment = assessed(&report);
    assert_eq!(assessment.versions[0].outcome, Outcome::Incomplete);
    assert!(assessment.is_fulfilled(), "all that was asked for passed");
    report.run.forced_tests = None;
    assert!(!assessed(&report).is_fulfilled(), "without filters nothing may be missing");
    // A draft decides about nothing as long as another version does.
    report.run.forced_version = None;
    let both = assessed(&report);
    assert_eq!(both.deciding().map(|version| version.name.as_str()).collect::<Vec<_>>(), ["v5.1"]);
}

#[test]
fn pages_let_nothing_out_of_its_place() {
    let assessment = assessed(&made(EVIL));
    let html = render::html(&assessment);
    assert!(!html.contains("<script") && !html.contains('\u{1b}') && !html.contains('\u{0}'));
    assert!(html.contains("&lt;/td&gt;&lt;script&gt;alert(&#39;x&#39;)"));
    assert!(html.contains("… and 10 more, which are in the report"));
    assert!(!html.contains("src=") && !html.contains("<link") && !html.contains("@import") && !html.contains("url("));
    for (open, close) in [
        ("<table", "</table>"),
        ("<tr", "</tr>"),
        ("<td", "</td>"),
        ("<section", "</section>"),
        ("<article", "</article>"),
        ("<li", "</li>"),
        ("<ul", "</ul>"),
        ("<div", "</div>"),
        ("<details", "</details>"),
    ] {
        let count = |part: &str| html.matches(part).count();
        assert_eq!(count(&format!("{open}>")) + count(&format!("{open} ")), count(close), "{open}");
    }
    let markdown = render::markdown(&assessment);
    assert!(
        !markdown.contains("<script") && !markdown.replace("\\]", "").contains("](") && !markdown.contains('\u{1b}')
    );
    for row in markdown.lines().filter(|line| line.starts_with("| ")) {
        let bars = row.replace("\\|", "").matches('|').count();
        assert_eq!(bars, 4, "{row}");
    }
    let text = render::text(&assessment, Colour::No);
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{0}']));
    assert!(render::text(&assessment, Colour::Yes).contains("\u{1b}[31mFAIL"));
}

#[test]
fn junit_is_well_formed_and_counts_right() {
    let assessment = assessed(&made(EVIL));
    let xml = render::junit(&assessment);
    let elements = parse_xml(&xml);
    let of = |name: &str| elements.iter().filter(|element| element.0 == name).count();
    assert_eq!((of("testsuites"), of("testsuite"), of("testcase")), (1, 2, 54 + 1));
    assert_eq!((of("failure"), of("error"), of("skipped")), (1, 1, 48));
    let (_, suite) = elements.iter().find(|element| element.0 == "testsuite").unwrap();
    let get = |name: &str| suite.iter().find(|(key, _)| key == name).unwrap().1.as_str();
    assert_eq!((get("tests"), get("failures"), get("errors"), get("skipped")), ("54", "1", "1", "48"));
    assert_eq!((get("timestamp"), get("time")), ("2026-11-26T06:30:00", "3.702"));
}

/// Start tags with their attributes; whatever is not well formed is refused.
fn parse_xml(xml: &str) -> Vec<(String, Vec<(String, String)>)> {
    let legal =
        |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert!(xml.chars().all(legal), "XML 1.0 has no place for some letter");
    let mut rest = xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").unwrap();
    let (mut open, mut elements) = (Vec::new(), Vec::new());
    while let Some(start) = rest.find('<') {
        entities(&rest[..start]);
        let end = start + rest[start..].find('>').unwrap();
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
            continue;
        }
        let (tag, is_closed) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, mut left) = tag.split_once(' ').unwrap_or((tag, ""));
        let mut attributes = Vec::new();
        while !left.trim().is_empty() {
            let (key, after) = left.trim_start().split_once("=\"").unwrap();
            let (value, after) = after.split_once('"').unwrap();
            entities(value);
            attributes.push((key.to_owned(), value.to_owned()));
            left = after;
        }
        if !is_closed {
            open.push(name.to_owned());
        }
        elements.push((name.to_owned(), attributes));
    }
    assert!(open.is_empty() && rest.trim().is_empty());
    elements
}

fn entities(text: &str) {
    for part in text.split('&').skip(1) {
        assert!(["amp;", "lt;", "gt;", "quot;"].iter().any(|known| part.starts_with(known)), "{part}");
    }
}

#[test]
fn reports_of_others_are_shown_too() {
    // The older form, with results by version, and lines that are nobody's.
    let mut report = made("other");
    let results = [(
        "scs-0100-syntax-check".to_owned(),
        stoa_standards::report::VersionResult { result: Verdict::Pass, invocation: None },
    )];
    report.versions = BTreeMap::from([("v5.1".to_owned(), BTreeMap::from(results))]);
    report.run.invocations.iter_mut().for_each(|invocation| {
        invocation.results.clear();
        invocation.stderr = vec!["ERROR: something".into(), "INFO".into(), ": : :".into()];
        invocation.command = "./openstack_test.py -c other".into();
    });
    report.run.forced_tests = None;
    let assessment = assessed(&report);
    assert_eq!(assessment.cases["scs-0100-syntax-check"].verdict, Some(Verdict::Pass));
    assert_eq!(assessment.versions[0].summary, "INCOMPLETE (1 passed, 53 missing)");
    assert!(render::text(&assessment, Colour::No).contains("v5.1 is not fulfilled."));
}

#[test]
fn the_first_sentence_says_no_more_than_was_found_out() {
    let mut report = made("mycloud");
    let first = |report: &Report| {
        let text = render::text(&assessed(report), Colour::No);
        text.lines().nth(1).unwrap().split(" Checked at").next().unwrap().to_owned()
    };
    assert_eq!(first(&report), "v5.1 was tested in part, and not all of that passed.");
    // Only what stands beyond the version, and it failed.
    for invocation in &mut report.run.invocations {
        invocation.results.retain(|id, _| id == "scs-0104-image-capi-1");
        invocation.results.values_mut().for_each(|verdict| *verdict = Verdict::Fail);
    }
    assert_eq!(first(&report), "No version was tested; 0 of 1 test cases beyond the versions passed.");
    assert!(!assessed(&report).is_fulfilled());
    // Many test cases that fail for one reason are told of once.
    let reason = Check::aborted("the login", "it was refused", "see to the password");
    let ids = ["scs-0100-syntax-check", "scs-0100-semantics-check", "scs-0104-image-capi-1"];
    let plan = Plan::new(find_built_in("iaas").unwrap(), &request()).unwrap();
    let groups = vec![group("flavors", Ended::Done, ids.map(|id| (id, reason.clone())))];
    let facts = RunFacts {
        id: report.run.uuid,
        subject: "mycloud".into(),
        checked_at: report.checked_at,
        argv: Vec::new(),
        assignment: BTreeMap::new(),
        notes: Vec::new(),
    };
    let assessment = assessed(&stoa_checks::assessment::report(&plan, &Ran { groups, stopped: false }, facts));
    for page in [render::text(&assessment, Colour::No), render::html(&assessment), render::markdown(&assessment)] {
        assert_eq!(
            (page.matches("see to the password").count(), page.matches("3 test cases").count()),
            (1, 1),
            "{page}"
        );
    }
}
