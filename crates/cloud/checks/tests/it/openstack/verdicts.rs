//! What a good cloud and several worse ones get, how often they are asked, and that nothing is left in them.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use stoa_checks::beyond;
use stoa_checks::openstack::{cleanup, groups};
use stoa_standards::rule::Weight;
use stoa_standards::scope::{Automation, find_built_in};
use stoa_standards::verdict::{Reading, Verdict};

use super::counterpart::{CONSOLE, Counterpart, Nature};
use super::server::Reply;
use super::{context, run};

use Verdict::{Abort, Fail, Pass};

/// What the catalog, the images and the services decide, which the counterpart fulfils.
const GOOD: [&str; 15] = [
    "scs-0100-syntax-check",
    "scs-0100-semantics-check",
    "scs-0101-entropy-avail",
    "scs-0101-fips-test",
    "scs-0102-prop-architecture",
    "scs-0102-image-recency",
    "scs-0103-flavor-1v-4",
    "scs-0104-source-debian-13",
    "scs-0114-syntax-check",
    "scs-0115-default-rules",
    "scs-0116-presence",
    "scs-0116-permissions",
    "scs-0117-test-backup",
    "scs-0123-service-compute",
    "scs-0123-swift-s3",
];

#[tokio::test]
async fn a_good_cloud_passes_with_few_calls_and_nothing_is_left_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let counterpart = Counterpart::start(Nature::default()).await;
    let cloud = counterpart.cloud();
    let answers = run(&cloud, &GOOD, &context(folder.path(), Reading::Standard)).await;
    for (id, check) in &answers {
        assert_eq!(check.verdict, Pass, "{id}: {}", check.reason());
    }
    assert_eq!(counterpart.left(), Vec::<String>::new());
    let lines = counterpart.server.lines();
    for once in ["POST /v3/auth/tokens", "GET /compute/v2.1/flavors/detail", "GET /image/v2/images", "GET /"] {
        assert_eq!(lines.iter().filter(|line| *line == once).count(), 1, "{once}");
    }
    assert_eq!(cloud.calls().total(), lines.len() as u64);
    assert!(lines.len() < 50, "{} calls:\n{}", lines.len(), lines.join("\n"));
    // What the server was given.
    let asked = counterpart.server.asked();
    let server = asked.iter().find(|asked| asked.line() == "POST /compute/v2.1/servers").unwrap().json();
    assert_eq!(server["server"]["block_device_mapping_v2"][0]["volume_size"], 8);
    assert_eq!(server["server"]["config_drive"], true);
    assert!(server["server"]["name"].as_str().unwrap().starts_with("_scs-0101-server-"));
}

#[tokio::test]
async fn every_automated_test_case_of_the_scope_belongs_to_exactly_one_group() {
    let folder = tempfile::tempdir().unwrap();
    let counterpart = Counterpart::start(Nature::default()).await;
    let scope = find_built_in("iaas").unwrap();
    let automated = scope.test_cases.iter().filter(|case| case.automation == Automation::Automated);
    let wanted: BTreeSet<String> = automated
        .map(|case| case.id.clone())
        .chain([beyond::TLS.to_owned(), beyond::DOMAIN_MANAGER.to_owned()])
        .collect();
    let groups = groups(counterpart.cloud(), &wanted, &context(folder.path(), Reading::Standard));
    let decided: Vec<&String> = groups.iter().flat_map(|group| &group.test_cases).collect();
    assert_eq!(decided.len(), wanted.len(), "no test case is decided twice");
    assert_eq!(decided.into_iter().collect::<BTreeSet<_>>(), wanted.iter().collect::<BTreeSet<_>>());
    assert!(wanted.len() >= 90);
    let none = super::groups(
        counterpart.cloud(),
        &BTreeSet::from(["scs-9999".to_owned()]),
        &context(folder.path(), Reading::Standard),
    );
    assert!(none.is_empty());
    assert!(counterpart.server.lines().is_empty(), "nothing is asked before a group works");
}

fn change(of: &mut Value, index: usize, key: &str, value: Value) {
    of[index][key] = value;
}

#[tokio::test]
async fn faults_are_found_and_name_the_object() {
    let folder = tempfile::tempdir().unwrap();
    let mut nature = Nature::default();
    change(&mut nature.flavors, 0, "name", json!("SCS-1V-4q"));
    change(&mut nature.flavors, 1, "ram", json!(4096));
    change(&mut nature.images, 0, "hw_disk_bus", json!("floppy"));
    change(&mut nature.images, 0, "image_source", json!("https://elsewhere.example.org/"));
    change(&mut nature.volume_types, 0, "description", json!("[scs:fast]"));
    nature.default_rules.as_array_mut().unwrap().push(json!({
        "id": "ssh", "direction": "ingress", "ethertype": "IPv4", "remote_ip_prefix": "0.0.0.0/0",
        "used_in_default_sg": true, "used_in_non_default_sg": true}));
    nature.catalog.retain(|kind| *kind != "load-balancer");
    nature.s3 = (403, "<Error><Code>AccessDenied</Code></Error>".to_owned());
    nature.console = CONSOLE.replace("256", "12").replace("failures: 1", "failures: 900");
    let counterpart = Counterpart::start(nature).await;
    for (id, said) in [
        ("scs-0100-syntax-check", "flavor SCS-1V-4q: "),
        ("scs-0100-semantics-check", "flavor SCS-2V-8: memory: 4096 MiB"),
        ("scs-0101-entropy-avail", "server of image Debian 13 on flavor SCS-1V-4q: entropy_avail is `12`"),
        ("scs-0101-fips-test", "server of image Debian 13 on flavor SCS-1V-4q: 900 of 1000 blocks"),
        ("scs-0102-prop-hw_disk_bus", "image Debian 13: hw_disk_bus is `floppy`"),
        ("scs-0104-source-debian-13", "image Debian 13: image_source is `https://elsewhere.example.org/`"),
        ("scs-0104-image-ubuntu-2404", "image Ubuntu 24.04: no public or community image"),
        ("scs-0103-flavor-4v-16", "flavor SCS-4V-16: no flavor has this name"),
        ("scs-0114-syntax-check", "volume type fast: there is no aspect `fast`"),
        ("scs-0115-default-rules", "default rule ssh: it lets IPv4 in from 0.0.0.0/0"),
        ("scs-0123-service-load-balancer", "catalog: it has no service of type load-balancer"),
        ("scs-0123-swift-s3", "an unknown key is answered with AccessDenied"),
    ] {
        let answers = run(&counterpart.cloud(), &[id], &context(folder.path(), Reading::Standard)).await;
        assert_eq!(answers[id].verdict, Fail, "{id}");
        assert!(answers[id].reason().contains(said), "{id}: {}", answers[id].reason());
        assert!(!answers[id].findings[0].remedy.is_empty(), "{id}");
    }
    assert!(counterpart.left().is_empty());
}

#[tokio::test]
async fn who_has_too_many_rights_or_too_few_proves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for (roles, said) in [
        (vec!["member", "admin"], "it has the role admin"),
        (vec!["member", "manager"], "it has the role manager"),
        (vec!["reader"], "it has not the role member, but reader"),
        (vec![], "it has not the role member, but none"),
    ] {
        let counterpart = Counterpart::start(Nature { roles, ..Nature::default() }).await;
        let answers = run(&counterpart.cloud(), &GOOD, &context(folder.path(), Reading::Published)).await;
        for (id, check) in answers {
            assert_eq!(check.verdict, Abort, "{id}");
            assert!(check.reason().contains(said), "{id}: {}", check.reason());
        }
        assert_eq!(counterpart.server.lines().len(), 1, "nothing is asked after the login");
    }
}

#[tokio::test]
async fn a_cloud_of_before_default_rules_and_inline_extra_specs_is_understood() {
    let folder = tempfile::tempdir().unwrap();
    let counterpart = Counterpart::start(Nature::but(|asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", "/network/v2.0/default-security-group-rules") => Some(Reply::text(404, "")),
        ("GET", "/compute/v2.1/flavors/detail") if asked.header("openstack-api-version").is_some() => {
            Some(Reply::json(406, &json!({"computeFault": {"message": "Version 2.61 is not supported"}})))
        }
        ("GET", "/compute/v2.1/flavors/detail") => Some(Reply::json(
            200,
            &json!({"flavors": [
                {"id": "a", "name": "SCS-1V-4", "vcpus": 1, "ram": 4096, "disk": 0}]}),
        )),
        ("GET", "/compute/v2.1/flavors/a/os-extra_specs") => Some(Reply::json(
            200,
            &json!({"extra_specs": {
                "scs:cpu-type": "shared-core", "scs:name-v1": "SCS-1V:4", "scs:name-v2": "SCS-1V-4"}}),
        )),
        _ => None,
    }))
    .await;
    let wanted = ["scs-0115-default-rules", "scs-0103-flavor-1v-4"];
    let answers = run(&counterpart.cloud(), &wanted, &context(folder.path(), Reading::Standard)).await;
    for (id, check) in answers {
        assert_eq!(check.verdict, Pass, "{id}: {}", check.reason());
    }
    assert!(counterpart.left().is_empty(), "the group that showed its rules is gone");
    assert!(counterpart.server.lines().contains(&"POST /network/v2.0/security-groups".to_owned()));
}

#[tokio::test]
async fn a_key_manager_that_refuses_members_fails_and_one_that_is_ill_aborts() {
    let folder = tempfile::tempdir().unwrap();
    for (status, on, verdict, said) in [
        (403, "POST /keys/v1/secrets", Fail, "creating a secret: POST key-manager/secrets: 403"),
        (500, "POST /keys/v1/secrets", Abort, "creating a secret: POST key-manager/secrets: 500"),
        (403, "GET /keys/v1/secrets", Fail, "listing secrets: GET key-manager/secrets: 403"),
        (
            403,
            "DELETE /keys/v1/secrets/secrets-1",
            Fail,
            "deleting the secret: DELETE key-manager/secrets/secrets-1: 403",
        ),
    ] {
        let counterpart =
            Counterpart::start(Nature::but(move |asked| (asked.line() == on).then(|| Reply::text(status, "")))).await;
        let id = "scs-0116-permissions";
        let answers = run(&counterpart.cloud(), &[id], &context(folder.path(), Reading::Standard)).await;
        assert_eq!(answers[id].verdict, verdict, "{on}");
        assert!(answers[id].reason().contains(said), "{on}: {}", answers[id].reason());
        let _ = std::fs::remove_file(folder.path().join("journal.jsonl"));
    }
    let without = Nature { catalog: vec!["identity"], ..Nature::default() };
    let counterpart = Counterpart::start(without).await;
    let answers =
        run(&counterpart.cloud(), &["scs-0116-permissions"], &context(folder.path(), Reading::Standard)).await;
    assert_eq!(answers["scs-0116-permissions"].verdict, Pass, "without one nothing is demanded");
}

#[tokio::test]
async fn backups_that_do_not_work_fail_and_what_is_no_fault_of_theirs_aborts() {
    let folder = tempfile::tempdir().unwrap();
    let id = "scs-0117-test-backup";
    let broken = json!({"backup": {"status": "error"}});
    let slow = json!({"backup": {"status": "creating"}});
    for (on, reply, standard, said) in [
        (
            "POST /volume/v3/volumes",
            Reply::json(413, &json!({"overLimit": {"message": "quota"}})),
            Abort,
            "creating a volume: POST block-storage/volumes: 413: quota",
        ),
        (
            "POST /volume/v3/backups",
            Reply::json(404, &json!({"itemNotFound": {"message": "Service cinder-backup could not be found."}})),
            Fail,
            "backing it up: POST block-storage/backups: 404: Service cinder-backup",
        ),
        ("POST /volume/v3/backups", Reply::text(500, ""), Abort, "500"),
        (
            "GET /volume/v3/backups/backups-2",
            Reply::json(200, &broken),
            Fail,
            "the backup backups-2 is in the state error",
        ),
        (
            "GET /volume/v3/backups/backups-2",
            Reply::json(200, &slow),
            Fail,
            "the backup backups-2 is creating, and available not within 120 s",
        ),
        (
            "POST /volume/v3/backups/backups-2/restore",
            Reply::text(403, ""),
            Fail,
            "restoring the backup: POST block-storage/backups/backups-2/restore: 403",
        ),
    ] {
        for (reading, verdict) in [(Reading::Standard, standard), (Reading::Published, Fail)] {
            let told = reply.clone();
            // Only until the check tidies up: then the cloud is well again.
            let deleted = Arc::new(std::sync::atomic::AtomicBool::new(false));
            let counterpart = Counterpart::start(Nature::but(move |asked| {
                deleted.fetch_or(asked.method == "DELETE", std::sync::atomic::Ordering::SeqCst);
                (asked.line() == on && !deleted.load(std::sync::atomic::Ordering::SeqCst)).then(|| told.clone())
            }))
            .await;
            let answers = run(&counterpart.cloud(), &[id], &context(folder.path(), reading)).await;
            assert_eq!(answers[id].verdict, verdict, "{on} {reading:?}: {}", answers[id].reason());
            assert!(answers[id].reason().contains(said), "{}", answers[id].reason());
            assert!(counterpart.left().is_empty(), "{on}: {:?}", counterpart.left());
            let _ = std::fs::remove_file(folder.path().join("journal.jsonl"));
        }
    }
}

#[tokio::test]
async fn what_cannot_be_removed_is_told_and_changes_no_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let counterpart =
        Counterpart::start(Nature::but(|asked| (asked.method == "DELETE").then(|| Reply::text(403, "")))).await;
    let id = "scs-0117-test-backup";
    let answers = run(&counterpart.cloud(), &[id], &context(folder.path(), Reading::Standard)).await;
    assert_eq!(answers[id].verdict, Pass);
    let finding = &answers[id].findings[0];
    assert_eq!((finding.weight, finding.remedy.as_str()), (Weight::Remark, "run: stoa check cleanup"));
    assert!(finding.object.starts_with("backup _scs-0117-backup-"), "{}", finding.object);
    assert_eq!(counterpart.left().len(), 3);
}

/// As Cinder does it when its service for backups is switched off: volumes are made all the same, and nothing is removed.
#[tokio::test]
async fn a_service_that_is_not_there_does_not_make_its_things_look_gone() {
    let folder = tempfile::tempdir().unwrap();
    let gone = || Reply::json(404, &json!({"itemNotFound": {"message": "Service cinder-backup could not be found."}}));
    let (off, made) = (Arc::new(AtomicBool::new(true)), Arc::new(Mutex::new(None)));
    let (is_off, restored) = (Arc::clone(&off), Arc::clone(&made));
    let counterpart = Counterpart::start(Nature::but(move |asked| {
        let is_restore = asked.path.ends_with("/restore");
        if is_restore {
            *restored.lock().unwrap() = asked.json()["restore"]["name"].as_str().map(str::to_owned);
        }
        let is_removal = asked.method == "DELETE" && asked.path.contains("/backups/");
        (is_off.load(Ordering::SeqCst) && (is_restore || is_removal)).then(gone)
    }))
    .await;
    let id = "scs-0117-test-backup";
    let context = context(folder.path(), Reading::Standard);
    let answers = run(&counterpart.cloud(), &[id], &context).await;
    assert_eq!(answers[id].verdict, Fail);
    let left: Vec<&str> = answers[id].findings.iter().map(|finding| finding.object.as_str()).collect();
    assert!(left.iter().any(|object| object.starts_with("backup _scs-0117-backup-")), "{left:?}");
    // The volume that the refused restore had made all the same.
    let name = made.lock().unwrap().clone().unwrap();
    assert!(name.starts_with("_scs-0117-restored-"));
    assert_eq!(counterpart.left().len(), 1, "the backup alone is left: {:?}", counterpart.left());
    off.store(false, Ordering::SeqCst);
    let cleaned = cleanup(&counterpart.cloud(), &context.journal).await.unwrap();
    assert_eq!((cleaned.removed.len(), cleaned.left.len()), (1, 0), "{cleaned:?}");
    assert!(counterpart.left().is_empty());
}

#[tokio::test]
async fn a_volume_that_a_refused_restore_made_is_found_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let counterpart = Counterpart::start(Nature::but(|asked| {
        asked.path.ends_with("/restore").then(|| Reply::json(404, &json!({"itemNotFound": {"message": "no"}})))
    }))
    .await;
    let id = "scs-0117-test-backup";
    let answers = run(&counterpart.cloud(), &[id], &context(folder.path(), Reading::Standard)).await;
    assert_eq!(answers[id].verdict, Fail);
    let asked = counterpart.server.asked();
    let looked = asked
        .iter()
        .any(|asked| asked.line() == "GET /volume/v3/volumes" && asked.query.contains("_scs-0117-restored-"));
    assert!(looked, "it is looked for by its name");
    assert!(counterpart.left().is_empty());
}
