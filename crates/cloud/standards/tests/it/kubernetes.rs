//! Rules about clusters: the version policy to the day, conformance with its exceptions, nodes, storage, hardening.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use stoa_core::Instant;
use stoa_standards::rule::kubernetes::{
    ApiServer, Branch, Exceptions, Hardening, Kubelet, Namespace, Node, NodeRole, PolicyFacts, Port, Release, Stage,
    StorageClass, TestResult, TestStatus, Version, VolumeProof, Vulnerability, check_hardening, check_nodes,
    check_storage_class, check_version_policy,
};
use stoa_standards::rule::{Check, Weight};
use stoa_standards::verdict::{Reading, Verdict};

use NodeRole::{ControlPlane, Worker};
use Reading::{Published, Standard};
use Verdict::{Abort, Fail, Pass};

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

fn record(versions: Value, score: f64) -> Value {
    json!({
        "cveMetadata": {"cveId": "CVE-2026-0001"},
        "containers": {"cna": {
            "metrics": [{"format": "CVSS", "cvssV3_1": {"baseScore": score}}],
            "affected": [
                {"product": "Kubernetes", "versions": versions},
                {"product": "Kubernetes Dashboard", "versions": [{"status": "affected", "version": "1.0.0", "lessThan": "9.0.0"}]},
            ],
        }},
    })
}

fn hole(versions: Value, score: f64) -> Vulnerability {
    Vulnerability::from_record(&record(versions, score), Standard).unwrap()
}

#[test]
fn versions_are_three_numbers() {
    for (given, shown) in [("v1.35.2", "1.35.2"), ("1.33.6+k3s1", "1.33.6"), (" v1.30.0 ", "1.30.0")] {
        assert_eq!(version(given).to_string(), shown);
    }
    for bad in ["", "v1.35", "1.35.2-rc.1", "1.35.2.1", "1.+5.2", "vv1.2.3", "1.2.99999999999"] {
        assert!(bad.parse::<Version>().is_err(), "{bad}");
    }
}

/// A cluster of 1.35.2 on a day, with 1.35.3 published at noon of the 1st of March 2026.
fn policy(now: &str, holes: &[Vulnerability], reading: Reading) -> Check {
    let branches = Branch::known();
    let release =
        |text: &str, stage| Release { version: version(text), published_at: at("2026-03-01T12:00:00Z"), stage };
    let releases = [
        release("v1.35.3", Stage::Final),
        release("v1.35.9", Stage::Early),
        release("v1.34.9", Stage::Final),
        release("v1.35.1", Stage::Final),
    ];
    let facts = PolicyFacts {
        cluster: "prod",
        version: version("v1.35.2"),
        branches: &branches,
        releases: &releases,
        vulnerabilities: holes,
    };
    check_version_policy(&facts, at(now), reading)
}

#[test]
fn a_newer_patch_is_taken_within_a_month_or_within_two_weeks_against_a_critical_hole() {
    let fixed = [hole(json!([{"status": "affected", "version": "1.35.0", "lessThan": "1.35.3"}]), 8.0)];
    let lesser = [hole(json!([{"status": "affected", "version": "1.35.0", "lessThan": "1.35.3"}]), 7.9)];
    let still = [hole(json!([{"status": "affected", "version": "1.35.0", "lessThanOrEqual": "1.35.3"}]), 9.8)];
    for (now, holes, standard, published) in [
        ("2026-04-01T12:00:00Z", &[] as &[Vulnerability], Pass, Pass), // 31 days
        ("2026-04-01T12:00:01Z", &[], Fail, Fail),
        ("2026-03-15T12:00:00Z", &fixed, Pass, Pass), // 14 days
        ("2026-03-15T12:00:01Z", &fixed, Fail, Fail),
        ("2026-03-15T12:00:01Z", &lesser, Pass, Pass),
        ("2026-03-15T12:00:01Z", &still, Pass, Fail), // the newer patch does not close it
    ] {
        assert_eq!(policy(now, holes, Standard).verdict, standard, "{now}");
        assert_eq!(policy(now, holes, Published).verdict, published, "{now}, published");
    }
    let reason = policy("2026-04-02T12:00:00Z", &[], Standard).reason();
    assert_eq!(reason, "cluster prod: it runs 1.35.2, though 1.35.3 is out for 32 days");
    assert!(policy("2026-03-03T12:00:00Z", &fixed, Standard).findings.is_empty());
    let advised = policy("2026-03-03T12:00:01Z", &fixed, Standard);
    assert_eq!((advised.verdict, advised.findings[0].weight), (Pass, Weight::Remark));
    assert!(advised.reason().contains("which CVE-2026-0001 touches"), "{advised:?}");
    let unreadable = [hole(json!([{"status": "affected", "version": "all of them"}]), 9.0)];
    assert_eq!(policy("2026-03-20T12:00:00Z", &unreadable, Standard).verdict, Abort, "unknown is never green");
    assert_eq!(policy("2026-03-10T12:00:00Z", &unreadable, Standard).verdict, Pass);
}

#[test]
fn branches_end_and_tables_age() {
    let branches = Branch::known();
    let judge = |cluster: &str, now: &str, reading: Reading| {
        let version = version(cluster);
        let facts = PolicyFacts { cluster: "prod", version, branches: &branches, releases: &[], vulnerabilities: &[] };
        check_version_policy(&facts, at(now), reading)
    };
    assert_eq!(judge("1.34.1", "2026-10-26T23:59:59Z", Standard).verdict, Pass);
    let ended = judge("1.34.1", "2026-10-27T00:00:00Z", Standard);
    assert_eq!(ended.reason(), "cluster prod: upstream ended the branch 1.34 on 2026-10-27");
    assert_eq!(judge("1.12.0", "2026-01-01T00:00:00Z", Standard).verdict, Fail);
    // A branch that is newer than the table is not an old one.
    assert_eq!(judge("1.37.0", "2026-11-23T00:00:00Z", Standard).verdict, Abort);
    assert_eq!(judge("1.37.0", "2026-11-23T00:00:00Z", Published).verdict, Fail);
    let two_left = judge("1.36.0", "2026-11-23T00:00:00Z", Published);
    assert_eq!((two_left.verdict, two_left.findings.len()), (Pass, 1));
    assert_eq!(judge("1.36.0", "2027-02-28T00:00:00Z", Published).verdict, Abort);
    assert_eq!(judge("1.30.0", "2027-02-28T00:00:00Z", Published).verdict, Abort);
    assert_eq!(judge("1.36.0", "2027-02-28T00:00:00Z", Standard).verdict, Pass);
    assert_eq!(judge("1.30.0", "2027-02-28T00:00:00Z", Standard).verdict, Fail);
}

#[test]
fn records_of_vulnerabilities_are_read_in_all_their_forms() {
    let touches = |entry: Value, reading: Reading| -> Vec<&'static str> {
        let entry = match entry {
            Value::String(version) => json!({"status": "affected", "version": version}),
            other => other,
        };
        let hole = Vulnerability::from_record(&record(json!([entry]), 8.8), reading).unwrap();
        let all = ["1.24.9", "1.25.0", "1.25.4", "1.25.5", "1.26.0"];
        all.into_iter().filter(|text| hole.is_critical_for(version(text))).collect()
    };
    let range = |end: &str, to: &str| json!({"status": "affected", "version": "1.25.0", end: to});
    assert_eq!(touches(range("lessThanOrEqual", "1.25.4"), Standard), ["1.25.0", "1.25.4"]);
    assert_eq!(touches(range("lessThan", "v1.25.4"), Standard), ["1.25.0"]);
    assert_eq!(
        touches(json!({"status": "affected", "version": "0", "lessThan": "1.25.4"}), Standard),
        ["1.24.9", "1.25.0"]
    );
    assert_eq!(touches(json!("1.25.4"), Standard), ["1.25.4"]);
    assert_eq!(touches(json!("v1.25.x"), Standard), ["1.25.0", "1.25.4", "1.25.5"]);
    assert!(touches(json!("v1.25.x"), Published).is_empty());
    assert_eq!(touches(json!("1.25.0 - 1.25.4"), Standard), ["1.25.0", "1.25.4"]);
    assert_eq!(touches(json!("1.25.0 - 1.25.4"), Published), ["1.25.0"]);
    assert!(touches(json!({"status": "unaffected", "version": "1.25.0"}), Standard).is_empty());
    assert_eq!(hole(json!([{"status": "affected", "version": "1.25.0", "lessThan": "soon"}]), 9.0).unreadable.len(), 1);
    let error = Vulnerability::from_record(&json!({"cveMetadata": {"cveId": "CVE-1"}}), Standard).unwrap_err();
    assert_eq!(error.to_string(), "the record of CVE-1 has no metrics");
}

#[test]
fn conformance_takes_only_the_failures_that_are_excused() {
    let exceptions = Exceptions::read(
        "okToFail:\n- regex: Feature:SCTPConnectivity\n  reason: optional\n- {regex: should.enforce.except, reason: upstream}\n",
    )
    .unwrap();
    let result = |name: &str, status| TestResult { name: name.to_owned(), status };
    let passed = result("[sig-network] a [Conformance]", TestStatus::Passed);
    let excused = result("[sig-network] b [Feature:SCTPConnectivity]", TestStatus::Failed);
    let failed = result("[sig-node] c", TestStatus::Failed);
    let check = exceptions.check("conformance", &[passed.clone(), excused.clone()]);
    assert_eq!((check.verdict, check.findings.len()), (Pass, 1));
    assert_eq!(exceptions.check("conformance", &[passed, excused, failed]).reason(), "test [sig-node] c: failed");
    let skipped = result("d", TestStatus::Skipped);
    assert_eq!(exceptions.check("conformance", &[skipped]).verdict, Abort, "testing nothing is no pass");
    for (text, part) in [
        ("okToFail: [{regex: '', reason: x}]", "line 1: okToFail[0].regex: an empty pattern"),
        ("okToFail:\n- regex: a\n", "okToFail[0]: the key `reason` is missing"),
        ("okToFail:\n- regex: '('\n  reason: x\n", "line 2: okToFail[0].regex: not a pattern"),
        ("okToFail:\n- {regex: a, reason: ''}\n", "say why"),
        ("ok: []", "ok: unknown key; known here: okToFail"),
    ] {
        let told = Exceptions::read(text).unwrap_err().to_string();
        assert!(told.contains(part), "{text}: {told}");
    }
}

#[test]
fn nodes_tell_where_they_are() {
    let node = |name: &str, role, zone: Option<&str>| Node {
        name: name.to_owned(),
        role,
        region: Some("r1".to_owned()),
        zone: zone.map(str::to_owned),
    };
    let spread = [
        node("c1", ControlPlane, Some("a")),
        node("c2", ControlPlane, Some("b")),
        node("w1", Worker, Some("a")),
        node("w2", Worker, Some("b")),
    ];
    assert!(check_nodes(&spread).findings.is_empty());
    let check = check_nodes(&spread[..3]);
    assert_eq!((check.verdict, check.reason().as_str()), (Pass, "workers: all 1 are in one zone"));
    let check = check_nodes(&[node("c1", ControlPlane, None), node("w1", Worker, Some(""))]);
    assert_eq!(check.verdict, Fail);
    assert_eq!(check.reason(), "node c1: it has no label topology.kubernetes.io/zone");
    assert_eq!(check_nodes(&[node("c1", ControlPlane, Some("a"))]).verdict, Fail);
}

#[test]
fn one_storage_class_is_the_default_and_gives_volumes() {
    let class = |name: &str, provisioner: &str, default: Option<&str>| StorageClass {
        name: name.to_owned(),
        provisioner: provisioner.to_owned(),
        is_default_class: default.map(str::to_owned),
    };
    let good = class("fast", "cinder.csi.openstack.org", Some("true"));
    let bare = class("bare", "x", None);
    let ran =
        |phase: &str, mode: &str| VolumeProof::Ran { phase: phase.to_owned(), access_modes: vec![mode.to_owned()] };
    let bound = ran("Bound", "ReadWriteOnce");
    for (classes, proof, verdict) in [
        (vec![good.clone(), bare.clone()], bound.clone(), Pass),
        (vec![bare], bound.clone(), Fail),
        (vec![good.clone(), class("slow", "x", Some("true"))], bound.clone(), Fail),
        (vec![class("local", "kubernetes.io/no-provisioner", Some("true"))], bound, Fail),
        (vec![good.clone()], ran("Pending", "ReadWriteOnce"), Fail),
        (vec![good.clone()], ran("Bound", "ReadOnlyMany"), Fail),
        (vec![good.clone()], VolumeProof::NotRunning("Pending".to_owned()), Fail),
        (vec![good], VolumeProof::NotTried("no right to".to_owned()), Abort),
    ] {
        assert_eq!(check_storage_class(&classes, &proof).verdict, verdict, "{classes:?} {proof:?}");
    }
}

#[test]
fn a_hardened_cluster_is_closed_and_each_gap_is_named() {
    let flags = [
        ("enable-admission-plugins", "NodeRestriction,PodSecurity"),
        ("authorization-mode", "Node,RBAC"),
        ("service-account-issuer", "https://example.org"),
        ("oidc-issuer-url", "https://id.example.org"),
        ("etcd-certfile", "a"),
        ("etcd-keyfile", "b"),
        ("etcd-cafile", "c"),
    ];
    let flags: BTreeMap<String, String> =
        flags.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let port = |number, is_open| Port { node: "c1".to_owned(), number, is_open };
    let good = Hardening {
        kubelets: vec![Kubelet {
            node: "n1".to_owned(),
            read_only_port: 0,
            anonymous: false,
            authorization: "Webhook".to_owned(),
        }],
        ports: vec![port(6443, true), port(10250, false), port(2379, false)],
        api_server: Some(ApiServer { flags: flags.clone() }),
        namespaces: vec![Namespace { name: "web".to_owned(), enforce: Some("baseline".to_owned()) }],
    };
    assert!(check_hardening(&good).findings.is_empty(), "{:?}", check_hardening(&good));
    let reasons = |changed: Hardening| -> Vec<String> {
        check_hardening(&changed).findings.iter().map(|one| format!("{}: {}", one.object, one.reason)).collect()
    };
    let open = Hardening { ports: vec![port(6443, false), port(2379, true)], ..good.clone() };
    assert_eq!(
        reasons(open),
        ["port 6443 of c1: it takes no connections", "port 2379 of c1: it takes connections from outside"]
    );
    let lax = Kubelet {
        node: "n1".to_owned(),
        read_only_port: 10255,
        anonymous: true,
        authorization: "AlwaysAllow".to_owned(),
    };
    let check = check_hardening(&Hardening { kubelets: vec![lax], ..good.clone() });
    assert_eq!(
        check.findings.iter().map(|one| one.weight).collect::<Vec<_>>(),
        [Weight::Fault, Weight::Fault, Weight::Remark]
    );
    for name in flags.keys() {
        let mut fewer = flags.clone();
        fewer.remove(name);
        let changed = Hardening { api_server: Some(ApiServer { flags: fewer }), ..good.clone() };
        assert_eq!(check_hardening(&changed).verdict, Fail, "without {name}");
    }
    assert_eq!(check_hardening(&Hardening { api_server: None, ..good.clone() }).verdict, Abort);
    let privileged = Namespace { name: "web".to_owned(), enforce: Some("privileged".to_owned()) };
    assert_eq!(
        reasons(Hardening { namespaces: vec![privileged], ..good }),
        ["namespace web: it enforces privileged, not baseline or restricted"]
    );
}

proptest! {
    #[test]
    fn versions_are_printed_as_they_are_read(major in 0..3_u32, minor in any::<u32>(), patch in any::<u32>()) {
        let read = Version::new(major, minor, patch);
        prop_assert_eq!(read.to_string().parse::<Version>().unwrap(), read);
    }

    #[test]
    fn no_record_makes_reading_panic(version in "\\PC{0,20}", end in "\\PC{0,12}", score in any::<f64>()) {
        let entry = json!([{"status": "affected", "version": version, "lessThan": end}]);
        let hole = Vulnerability::from_record(&record(entry, score), Standard).unwrap();
        prop_assert_eq!(hole.ranges.len() + hole.unreadable.len(), 1);
    }
}
