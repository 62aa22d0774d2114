//! Scopes: the built-in ones say what the published ones say, the reader finds every mistake, days decide what counts.

use std::collections::BTreeMap;

use proptest::prelude::*;
use stoa_core::{Date, Instant};
use stoa_standards::scope::{
    Automation, Lifetime, MAIN, Scope, Selection, SelectionError, Validity, built_in, find_built_in, read, write,
};

use crate::published_file;

use Validity::{Deprecated, Draft, Effective, Warn};

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn scope(name: &str) -> &'static Scope {
    find_built_in(name).unwrap()
}

const SMALL: &str = "\
uuid: 0a5e8b0c-0000-4000-8000-000000000001
name: Small
url: https://example.org/small.yaml
variables:
  - cloud
  - mode: parallel
scripts:
  - executable: ./check
    args: -c {cloud} {testcases}
    env: {A: b}
    testcases:
      - {id: a-1, lifetime: month, section: light, description: first, url: https://example.org/a}
      - id: a-2
  - testcases:
      - id: by-hand
modules:
  - id: a
    name: A
    url: https://example.org/
    parameters: {list: an address}
    targets:
      main: [a-2, a-1]
      preview: [by-hand]
  - id: empty
    name: Empty
    url: ''
    targets: {}
timeline:
  - {date: 2025-01-01, versions: {v2: effective, v1: warn}}
  - {date: 2024-01-01, versions: {v1: effective}}
versions:
  - version: v2
    include: [{ref: a, parameters: {list: https://example.org/list}}, empty]
  - version: v1
    stabilized_at: 2024-01-01
    include: [a]
";

#[test]
fn the_published_form_is_read_and_resolved() {
    let scope = read(SMALL).unwrap();
    assert_eq!(scope.variables[0].default, None);
    assert_eq!(scope.variables[1].default.as_deref(), Some("parallel"));
    let first = scope.test_case("a-1").unwrap();
    assert_eq!((first.lifetime, first.section.as_deref()), (Lifetime::Month, Some("light")));
    assert_eq!(scope.test_case("a-2").unwrap().lifetime, Lifetime::Week);
    assert_eq!(scope.test_case("by-hand").unwrap().automation, Automation::Manual);
    let version = scope.version("v2").unwrap();
    assert_eq!(version.main().collect::<Vec<_>>(), ["a-1", "a-2"]);
    assert_eq!(version.includes[0].parameters["list"], "https://example.org/list");
    assert_eq!(scope.attention("a-1"), 1, "only v1 is frozen");
    assert_eq!(scope.attention("by-hand"), 0, "only target main counts");
}

#[test]
fn what_is_written_is_read_as_the_same_again() {
    let small = read(SMALL).unwrap();
    for scope in built_in().map(|(_, scope)| scope).chain([&small]) {
        assert_eq!(read(&write(scope)).as_ref(), Ok(scope), "{}", scope.name);
    }
}

#[test]
fn every_mistake_is_told_with_its_line_and_place() {
    let broken = SMALL
        .replace("url: https://example.org/small.yaml", "uri: https://example.org/small.yaml")
        .replace("lifetime: month", "lifetime: fortnight")
        .replace("- id: a-2", "- id: a-1")
        .replace("main: [a-2, a-1]", "main: [a-2, a-3]")
        .replace("{v2: effective, v1: warn}", "{v3: effective, v1: warning}")
        .replace("include: [a]", "include: [b]")
        .replace("stabilized_at: 2024-01-01", "stabilized_at: 2024-02-30");
    let told: Vec<String> = read(&broken).unwrap_err().faults.iter().map(ToString::to_string).collect();
    for (line, part) in [
        (3, "uri: unknown key; known here: uuid, name, url"),
        (12, "scripts[0].testcases[0].lifetime: expected day, week, month, quarter or year, found `fortnight`"),
        (13, "scripts[0].testcases[1].id: the test case `a-1` is there already, in line 12"),
        (22, "modules[0].targets.main[0]: there is no test case `a-2`"),
        (22, "modules[0].targets.main[1]: there is no test case `a-3`"),
        (29, "timeline[0].versions.v3: there is no version `v3`"),
        (29, "timeline[0].versions.v1: expected effective, warn, draft or deprecated, found `warning`"),
        (35, "versions[1].stabilized_at: expected a date such as 2026-11-24, found `2024-02-30`"),
        (36, "versions[1].include[0]: there is no module `b`"),
    ] {
        let wanted = format!("line {line}: {part}");
        assert!(told.iter().any(|fault| fault.starts_with(&wanted)), "{wanted}\n{told:#?}");
    }
    assert_eq!(told.len(), 9, "{told:#?}");
}

#[test]
fn broken_or_hostile_documents_are_refused_where_they_break() {
    for (text, part) in [
        ("", "expected one document, found 0"),
        ("--- {}\n--- {}\n", "expected one document, found 2"),
        ("[]", "expected a map, found a list"),
        ("uuid: [", "not YAML"),
        ("a: &x [1]\nb: *x\n", "line 1: anchors and aliases are not taken"),
        ("? [a]\n: b\n", "a key is a name, not a list"),
        ("name: a\nname: b\n", "line 2: name: the key is there already"),
        ("name: 5\n", "name: expected a text (in quotes), found the number 5"),
        ("name:\n", "name: expected a text, found nothing"),
        ("versions: {}\n", "versions: expected a list, found a map"),
        ("{}", "the key `uuid` is missing"),
        ("\u{1b}[31m: 1\n", "line 1: \\u{1b}[31m: unknown key"),
    ] {
        let told = read(text).unwrap_err().to_string();
        assert!(told.contains(part), "{text:?}: {told}");
    }
    for (depth, part) in [(100, "nested deeper than 64 levels"), (100_000, "recursion limit exceeded")] {
        let told = read(&"[".repeat(depth)).unwrap_err().to_string();
        assert!(told.contains(part), "{told}");
    }
    let long = "- a\n".repeat(600_000);
    assert!(read(&long).unwrap_err().to_string().contains("more than 500000 values"));
    let many: String = (0..200).map(|number| format!("k{number}: 1\n")).collect();
    assert!(read(&many).unwrap_err().to_string().contains("more"), "mistakes are bounded");
}

/// Names, numbers, dates, addresses and structure; descriptions are in our own words.
fn facts(scope: &Scope) -> serde_json::Value {
    let mut scope = scope.clone();
    scope.test_cases.sort_by(|a, b| a.id.cmp(&b.id));
    for test_case in &mut scope.test_cases {
        test_case.description.clear();
    }
    serde_json::to_value(scope).unwrap()
}

#[test]
fn the_built_in_scopes_are_the_published_ones() {
    for (name, scope) in built_in() {
        let Some(text) = published_file(&format!("{name}.yaml")) else { continue };
        let published = read(&text).unwrap();
        assert!(facts(scope) == facts(&published), "{name} differs");
        assert_eq!(scope.test_cases.len(), published.test_cases.len());
    }
}

#[test]
fn the_built_in_scopes_have_their_known_sizes() {
    let iaas = scope("iaas");
    assert_eq!(iaas.uuid.to_string(), "50393e6f-2ae1-4c5c-a62c-3b75f2abef3f");
    assert_eq!((iaas.test_cases.len(), iaas.modules.len()), (91, 26));
    let manual = |scope: &Scope| scope.test_cases.iter().filter(|case| case.automation == Automation::Manual).count();
    assert_eq!(manual(iaas), 3);
    let sizes: Vec<(&str, usize)> =
        iaas.versions.iter().map(|version| (version.name.as_str(), version.targets[MAIN].len())).collect();
    assert_eq!(sizes, [("next", 55), ("v5.1", 54), ("v4", 39), ("v3", 16)]);
    let used = |id: &str| iaas.versions.iter().any(|version| version.test_cases().contains(id));
    assert_eq!(iaas.test_cases.iter().filter(|case| !used(&case.id)).count(), 33);
    let kaas = scope("1fffebe6-fd4b-44d3-a36c-fc58b4bb0180");
    assert_eq!((kaas.test_cases.len(), kaas.modules.len(), manual(kaas)), (4, 5, 1));
    assert_eq!(kaas.version("v1").unwrap().main().count(), 3);
    assert_eq!(kaas.test_case("cncf-k8s-conformance").unwrap().lifetime, Lifetime::Year);
    assert!(iaas.test_cases.iter().all(|case| case.lifetime == Lifetime::Week && case.section.is_none()));
    assert!(iaas.test_cases.iter().all(|case| !case.description.is_empty() && !case.description.contains('{')));
    assert!(find_built_in("paas").is_none());
}

#[test]
fn the_timeline_decides_what_counts_on_a_day() {
    let iaas = scope("scs-compatible-iaas");
    let on = |date: &str| -> BTreeMap<&str, Validity> {
        iaas.versions_on(day(date)).into_iter().map(|(version, validity)| (version.name.as_str(), validity)).collect()
    };
    assert!(on("2024-12-18").is_empty());
    assert_eq!(on("2024-12-19"), BTreeMap::from([("v5.1", Effective), ("v4", Effective), ("v3", Deprecated)]));
    assert_eq!(on("2025-06-30")["v4"], Warn);
    assert_eq!(on("2025-07-01")["v4"], Deprecated);
    assert_eq!(on("2025-09-09")["next"], Draft);
    assert_eq!(on("2026-06-11"), BTreeMap::from([("next", Draft), ("v5.1", Effective)]));
    assert_eq!(iaas.timeline.validity("v4", day("2026-06-11")), Deprecated, "implicitly");
    assert_eq!(iaas.timeline.next_change(day("2025-01-01")), Some(day("2025-02-01")));
    assert_eq!(iaas.timeline.next_change(day("2026-06-11")), None);
    assert!(Effective.is_certifiable() && Warn.is_certifiable() && !Draft.is_certifiable());
    assert_eq!(scope("kaas").timeline.validity("v1", day("2024-11-25")), Draft);
}

#[test]
fn results_count_through_the_next_whole_period() {
    for (lifetime, checked, expires) in [
        (Lifetime::Day, "2026-11-25", "2026-11-27"),
        (Lifetime::Week, "2026-11-23", "2026-12-07"), // a Monday
        (Lifetime::Week, "2026-11-25", "2026-12-07"),
        (Lifetime::Week, "2026-11-29", "2026-12-07"), // a Sunday
        (Lifetime::Month, "2026-01-31", "2026-03-01"),
        (Lifetime::Month, "2026-11-01", "2027-01-01"),
        (Lifetime::Month, "2026-12-31", "2027-02-01"),
        (Lifetime::Quarter, "2026-03-31", "2026-07-01"),
        (Lifetime::Quarter, "2026-04-01", "2026-10-01"),
        (Lifetime::Quarter, "2026-09-30", "2027-01-01"),
        (Lifetime::Quarter, "2026-10-01", "2027-04-01"),
        (Lifetime::Year, "2026-02-28", "2027-04-01"),
        (Lifetime::Year, "2026-11-25", "2028-01-01"),
        (Lifetime::Year, "2026-12-01", "2028-02-01"),
        (Lifetime::Year, "9999-12-31", "9999-12-31"), // where the calendar ends
    ] {
        assert_eq!(lifetime.expires(day(checked)), day(expires), "{lifetime:?} {checked}");
    }
    let at = |text: &str| text.parse::<Instant>().unwrap();
    let checked = at("2026-11-25T23:59:59Z");
    assert!(!Lifetime::Day.is_expired(checked, at("2026-11-26T23:59:59.999999Z")));
    assert!(Lifetime::Day.is_expired(checked, at("2026-11-27T00:00:00Z")));
}

#[test]
fn a_run_is_chosen_by_day_version_section_and_name_and_never_of_nothing() {
    let kaas = scope("kaas");
    let heavy = ["heavy".to_owned()];
    let all = Selection { date: day("2026-11-25"), version: None, sections: None, names: None };
    assert_eq!(kaas.select(&all).unwrap().automated.len(), 3);
    let chosen = kaas.select(&Selection { sections: Some(&heavy), ..all }).unwrap();
    assert_eq!(chosen.automated.len(), 2);
    let named = |id: &str| id.starts_with("cncf");
    assert_eq!(kaas.select(&Selection { names: Some(&named), ..all }).unwrap().automated.len(), 1);
    let iaas = scope("iaas");
    assert_eq!(iaas.select(&all).unwrap().automated.len(), 57, "next and v5.1 together");
    let v3 = iaas.select(&Selection { version: Some("v3"), ..all }).unwrap();
    assert_eq!((v3.automated.len(), v3.versions[0].1), (16, Validity::Deprecated));
    let error = iaas.select(&Selection { version: Some("v6"), ..all }).unwrap_err();
    assert_eq!(error.to_string(), "SCS-compatible IaaS has no version `v6`; it has next, v5.1, v4, v3");
    let error = iaas.select(&Selection { date: day("2020-01-01"), ..all }).unwrap_err();
    assert!(matches!(error, SelectionError::NoVersion { .. }), "{error}");
    let error = iaas.select(&Selection { sections: Some(&heavy), ..all }).unwrap_err();
    assert!(error.to_string().ends_with("none has a section, so none is in heavy"), "{error}");
}

proptest! {
    #[test]
    fn reading_never_panics(text in "(?s).{0,400}") {
        let _ = read(&text);
    }

    #[test]
    fn a_small_change_is_read_or_refused_never_worse(at in 0..SMALL.len(), with in "[ \\-:{}\\[\\]a-z0-9&*\n]{0,3}") {
        let mut text = SMALL.to_owned();
        text.replace_range(at..=at, &with);
        if let Err(error) = read(&text) {
            prop_assert!(!error.faults.is_empty());
        }
    }

    #[test]
    fn a_result_outlives_its_own_period_and_no_two_more(days in 0..200_000, lifetime in 0..5_usize) {
        let lifetime = Lifetime::ALL[lifetime];
        let checked = Instant::EPOCH.date().plus_days(days);
        let longest = [2, 14, 62, 184, 428][lifetime as usize];
        let shortest = [2, 8, 29, 90, 394][lifetime as usize];
        let lived = lifetime.expires(checked).days_since(checked);
        prop_assert!((shortest..=longest).contains(&lived), "{checked} {lifetime:?} {lived}");
    }
}
