//! Reports: written in the published order, read back as they were, refused with every mistake's place.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use serde_json::Value;
use stoa_standards::report::{Invocation, LineCounts, Report, ReportedScope, Run, read_json, read_yaml};
use stoa_standards::rule::{Check, Finding};
use stoa_standards::verdict::Verdict;

fn report() -> Report {
    let checks = BTreeMap::from([
        ("scs-0100-syntax-check".to_owned(), Check::of([])),
        ("scs-0116-permissions".to_owned(), Check::aborted("key manager", "503", "")),
        ("scs-0123-service-s3".to_owned(), Check::of([Finding::fault("catalog", "it has\nno s3", "")])),
    ]);
    Report {
        scope: ReportedScope {
            uuid: "50393e6f-2ae1-4c5c-a62c-3b75f2abef3f".parse().unwrap(),
            name: "SCS-compatible IaaS".to_owned(),
            url: "https://example.org/iaas.yaml".to_owned(),
        },
        checked_at: "2026-11-25T22:23:52.5Z".parse().unwrap(),
        reference_date: "2026-11-25".parse().unwrap(),
        subject: "mycloud".to_owned(),
        run: Run {
            uuid: "0a5e8b0c-0000-4000-8000-000000000001".parse().unwrap(),
            argv: vec!["check".to_owned(), "cloud".to_owned(), "--date=2026-11-25".to_owned()],
            assignment: BTreeMap::from([("os_cloud".to_owned(), "mycloud".to_owned())]),
            sections: None,
            forced_version: Some("v5.1".to_owned()),
            forced_tests: None,
            invocations: vec![Invocation::of_checks(
                "a0000000-0000-4000-8000-000000000002".parse().unwrap(),
                "stoa check cloud mycloud",
                &checks,
            )],
        },
        versions: BTreeMap::new(),
    }
}

const YAML: &str = r#"---
spec:
  uuid: "50393e6f-2ae1-4c5c-a62c-3b75f2abef3f"
  name: SCS-compatible IaaS
  url: "https://example.org/iaas.yaml"
checked_at: 2026-11-25 22:23:52.500000
reference_date: 2026-11-25
subject: mycloud
run:
  uuid: "0a5e8b0c-0000-4000-8000-000000000001"
  argv:
  - check
  - cloud
  - "--date=2026-11-25"
  assignment:
    os_cloud: mycloud
  sections: null
  forced_version: v5.1
  forced_tests: null
  invocations:
    a0000000-0000-4000-8000-000000000002:
      id: a0000000-0000-4000-8000-000000000002
      cmd: stoa check cloud mycloud
      results:
        scs-0100-syntax-check: 1
        scs-0116-permissions: 0
        scs-0123-service-s3: -1
      rc: 0
      stdout:
      - "scs-0100-syntax-check: PASS"
      - "scs-0116-permissions: ABORT"
      - "scs-0123-service-s3: FAIL"
      stderr:
      - "CRITICAL: scs-0116-permissions: key manager: 503"
      - "ERROR: scs-0123-service-s3: catalog: it has no s3"
      info: 0
      warning: 0
      error: 1
      critical: 1
"#;

#[test]
fn a_report_is_written_in_the_published_order_and_read_back() {
    assert_eq!(report().to_yaml(), YAML);
    assert_eq!(read_yaml(YAML).unwrap(), [report()]);
    assert_eq!(read_yaml(&YAML.repeat(3)).unwrap().len(), 3, "a file of several reports");
    let json = report().to_json();
    assert_eq!(read_json(&json).unwrap(), report());
    let value: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["checked_at"], "2026-11-25 22:23:52.500000");
    assert_eq!(
        value.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["spec", "checked_at", "reference_date", "subject", "run"]
    );
    let verdicts = report().verdicts("v5.1");
    assert_eq!(verdicts["scs-0123-service-s3"], Verdict::Fail);
    assert_eq!(verdicts.len(), 3);
}

#[test]
fn the_older_form_has_results_by_version() {
    let old = YAML
        .replace("      results:\n        scs-0100-syntax-check: 1\n        scs-0116-permissions: 0\n        scs-0123-service-s3: -1\n", "")
        + "versions:\n  v4:\n    a:\n      result: -1\n      invocation: a0000000-0000-4000-8000-000000000002\n    b: {result: 1, invocation: null}\n";
    let read = read_yaml(&old).unwrap().remove(0);
    assert_eq!(read.verdicts("v4"), BTreeMap::from([("a".to_owned(), Verdict::Fail), ("b".to_owned(), Verdict::Pass)]));
    assert!(read.verdicts("v5").is_empty());
    assert_eq!(read_yaml(&read.to_yaml()).unwrap(), std::slice::from_ref(&read));
    assert_eq!(read_json(&read.to_json()).unwrap(), read);
}

#[test]
fn every_mistake_of_a_report_is_told_with_its_place() {
    let at = "run.invocations.a0000000-0000-4000-8000-000000000002";
    for (from, to, told) in [
        ("subject: mycloud", "subject: [mycloud]", "line 8: subject: expected a text, found a list"),
        ("subject: mycloud", "subject: 5", "line 8: subject: expected a text (in quotes), found the number 5"),
        ("subject: mycloud\n", "", "line 2: the key `subject` is missing"),
        ("subject: mycloud", "subjects: mycloud", "line 8: subjects: unknown key; known here: spec, checked_at"),
        (
            "2026-11-25 22:23:52.500000",
            "yesterday",
            "line 6: checked_at: expected a time such as 2026-11-24 09:30:00, found `yesterday`",
        ),
        ("reference_date: 2026-11-25", "reference_date: 2026-02-30", "line 7: reference_date: expected a date"),
        ("0a5e8b0c-0000-4000-8000-000000000001", "0a5e8b0c", "line 10: run.uuid: expected a UUID"),
        (
            "scs-0100-syntax-check: 1\n",
            "scs-0100-syntax-check: 2\n",
            &format!("line 25: {at}.results.scs-0100-syntax-check: a result is 1"),
        ),
        (
            "scs-0100-syntax-check: 1\n",
            "scs-0100-syntax-check: PASS\n",
            &format!("line 25: {at}.results.scs-0100-syntax-check: expected a result"),
        ),
        ("rc: 0", "rc: none", &format!("line 28: {at}.rc: expected a whole number")),
        ("id: a0000000", "id: b0000000", &format!("line 22: {at}.id: its key is another")),
        ("  forced_tests: null", "  forced_tests: {}", "line 19: run.forced_tests: expected a text, found a map"),
        ("---\n", "---\nx\n---\n", "line 2: expected a map, found `x`"),
    ] {
        let broken = YAML.replacen(from, to, 1);
        let error = read_yaml(&broken).unwrap_err().to_string();
        assert!(error.contains(told), "{to:?}\n{error}\n{told}");
    }
    assert_eq!(read_yaml("# nothing\n").unwrap_err().to_string(), "there is no report in it");
    assert!(read_json("{\"spec\": {}}").unwrap_err().to_string().contains("spec: the key `uuid` is missing"));
    assert!(read_json("{").unwrap_err().to_string().starts_with("line 1: not JSON"));
    let json = report().to_json().replace("\"rc\": 0", "\"rc\": 0.5");
    assert_eq!(
        read_json(&json).unwrap_err().to_string(),
        format!("{at}.rc: expected a whole number, found the number 0.5")
    );
    let json = report().to_json().replace("\"rc\": 0", "\"rc\": \"0\"");
    assert_eq!(read_json(&json).unwrap_err().to_string(), format!("{at}.rc: expected a whole number, found `0`"));
}

#[test]
fn times_may_have_a_zone() {
    for (given, utc) in [
        ("2026-11-25 22:23:52", "2026-11-25T22:23:52Z"),
        ("2026-11-25T22:23:52.123456", "2026-11-25T22:23:52.123456Z"),
        ("2026-11-25 23:23:52+01:00", "2026-11-25T22:23:52Z"),
    ] {
        let read = read_yaml(&YAML.replace("2026-11-25 22:23:52.500000", given)).unwrap();
        assert_eq!(read[0].checked_at.to_string(), utc);
    }
}

#[test]
fn lines_are_counted_by_their_level() {
    let lines = ["INFO: a", "info b", "Warning", "ERROR: x", "an error", "critical: y", ""].map(str::to_owned);
    assert_eq!(LineCounts::of(&lines), LineCounts { info: 2, warning: 1, error: 1, critical: 1 });
}

/// The reader that everybody has reads the same, whatever is in the texts.
#[test]
fn pyyaml_reads_what_we_write() {
    let script = "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin), default=str))";
    let there = Command::new("python3").args(["-c", "import yaml"]).stderr(Stdio::null()).status();
    if !there.is_ok_and(|status| status.success()) {
        return;
    }
    let mut report = report();
    let odd = [
        "yes",
        "No",
        "~",
        "null",
        "1",
        "1e3",
        "0x1f",
        "1_000",
        "1:30",
        "2026-11-25",
        ".5",
        "-",
        "- a",
        "a: b",
        "a #b",
        "",
        " a",
        "a ",
        "'",
        "\"",
        "\\",
        "a\tb",
        "a\nb\n",
        "\u{0}\u{7f}\u{85}\u{1b}[31m",
        "é 世界 😀",
        "\u{2028}\u{feff}",
        "*a",
        "&a",
        "!a",
        "%a",
        "@a",
        "`a",
        "{a}",
        "[a]",
        "<<",
        "=",
        "?",
        "---",
        "...",
        "\u{ffff}\u{1fffe}",
    ];
    report.run.argv = odd.map(str::to_owned).to_vec();
    report.run.assignment = odd.iter().map(|text| ((*text).to_owned(), (*text).to_owned())).collect();
    assert_eq!(read_yaml(&report.to_yaml()).unwrap(), [report.clone()]);
    let mut child =
        Command::new("python3").args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(report.to_yaml().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let theirs: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(theirs, serde_json::from_str::<Value>(&report.to_json()).unwrap());
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        subject in "\\PC{0,20}",
        lines in prop::collection::vec("(?s).{0,30}", 0..5),
        code in -300_i64..300,
        results in prop::collection::btree_map("\\PC{1,12}", 0..3_usize, 0..4),
    ) {
        let mut report = report();
        report.subject = subject;
        let invocation = &mut report.run.invocations[0];
        invocation.stderr = lines;
        invocation.exit_code = code;
        invocation.results = results.into_iter().map(|(id, index)| (id, Verdict::ALL[index])).collect();
        prop_assert_eq!(read_yaml(&report.to_yaml()).unwrap(), vec![report.clone()]);
        prop_assert_eq!(read_json(&report.to_json()).unwrap(), report);
    }

    #[test]
    fn no_text_makes_reading_panic(at in 0..YAML.len(), with in "(?s).{0,3}", text in "(?s).{0,200}") {
        let mut broken = YAML.to_owned();
        broken.replace_range(at..=at, &with);
        let _ = (read_yaml(&broken), read_yaml(&text), read_json(&text));
    }
}
