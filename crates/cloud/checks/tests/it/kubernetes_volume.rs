//! The trial of a storage class: what is made, that it goes again, and that only what is ours goes.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stoa_checks::kubernetes;
use stoa_checks::offline::OfflineData;
use stoa_checks::run::{Listener, run};
use stoa_standards::rule::Check;
use stoa_standards::verdict::Verdict;

use crate::kubernetes::{cluster, context, options};
use crate::server::{Answer, Server};

const CASE: &str = "scs-0211-default-storage-class";

fn class(name: &str, is_default: &str) -> Value {
    json!({ "metadata": { "name": name, "annotations": { "storageclass.kubernetes.io/is-default-class": is_default } }, "provisioner": "csi.example" })
}

async fn decided(server: &Server) -> Check {
    let folder = tempfile::tempdir().unwrap();
    let wanted = BTreeSet::from([CASE.to_owned()]);
    let groups = kubernetes::groups(
        &cluster(folder.path(), &server.url).await,
        &wanted,
        &context(),
        &options(OfflineData::built_in()),
    );
    run(groups, &wanted, 8, &Listener::silent(), std::future::pending()).await.answers()[CASE].clone()
}

#[tokio::test]
async fn a_pod_uses_a_volume_and_everything_goes_again() {
    let mut looks = 0;
    let server = Server::start(move |asked| match asked.line.as_str() {
        "GET /apis/storage.k8s.io/v1/storageclasses?limit=500" => Answer::json(
            &json!({ "items": [class("fast", "true"), class("slow", "false"), json!({ "metadata": { "name": "bare" } })] }),
        ),
        "GET /api/v1/namespaces/stoa-check-test/pods/user" => {
            looks += 1;
            let phase = if looks < 3 { "Pending" } else { "Running" };
            Answer::json(&json!({ "status": { "phase": phase } }))
        }
        "GET /api/v1/namespaces/stoa-check-test/persistentvolumeclaims/claim" => {
            Answer::json(&json!({ "status": { "phase": "Bound", "accessModes": ["ReadWriteOnce"] } }))
        }
        line if line.starts_with("POST ") => Answer::Say(201, "", asked.body.clone()),
        "DELETE /api/v1/namespaces/stoa-check-test" => Answer::json(&json!({ "status": "Success" })),
        other => panic!("{other}"),
    });
    let check = decided(&server).await;
    assert_eq!(check.verdict, Verdict::Pass, "{check:?}");
    let asked = server.asked();
    let made: Vec<&str> =
        asked.iter().map(|asked| asked.line.as_str()).filter(|line| !line.starts_with("GET")).collect();
    assert_eq!(
        made,
        [
            "POST /api/v1/namespaces",
            "POST /api/v1/namespaces/stoa-check-test/persistentvolumeclaims",
            "POST /api/v1/namespaces/stoa-check-test/pods",
            "DELETE /api/v1/namespaces/stoa-check-test",
        ]
    );
    assert!(asked[1].body.contains("\"app.kubernetes.io/managed-by\":\"stoa-check\""));
    assert!(asked[3].body.contains("registry.example/pause:3"));
}

#[tokio::test]
async fn a_pod_that_never_runs_fails_with_its_own_reason_and_goes() {
    let server = Server::start(|asked| match asked.line.as_str() {
        "GET /apis/storage.k8s.io/v1/storageclasses?limit=500" => {
            Answer::json(&json!({ "items": [class("fast", "true")] }))
        }
        line if line.starts_with("POST ") => Answer::Say(201, "", asked.body.clone()),
        line if line.starts_with("DELETE ") => Answer::Say(404, "", "{}".into()),
        _ => Answer::json(&json!({ "status": { "phase": "Pending", "conditions": [
            { "type": "PodScheduled", "status": "False", "message": "0/3 nodes are available: pod has unbound claims" },
        ] } })),
    });
    let check = decided(&server).await;
    assert_eq!(check.verdict, Verdict::Fail);
    assert!(check.reason().contains("0/3 nodes are available") && check.reason().contains("after 2 s"), "{check:?}");
    assert!(server.asked().last().unwrap().line.starts_with("DELETE"));
}

#[tokio::test]
async fn where_the_classes_decide_nothing_is_made() {
    for (classes, reason) in [
        (vec![class("a", "false")], "none of 1 is the default"),
        (vec![class("a", "true"), class("b", "true")], "all are the default"),
    ] {
        let server = Server::start(move |_| Answer::json(&json!({ "items": classes })));
        let check = decided(&server).await;
        assert!(check.verdict == Verdict::Fail && check.reason().contains(reason), "{check:?}");
        assert_eq!(server.asked().len(), 1);
    }
    // Without the right to make a namespace nothing is found out.
    let server = Server::start(|asked| match asked.line.as_str() {
        "GET /apis/storage.k8s.io/v1/storageclasses?limit=500" => {
            Answer::json(&json!({ "items": [class("fast", "true")] }))
        }
        line if line.starts_with("DELETE ") => Answer::Say(404, "", "{}".into()),
        _ => Answer::Say(403, "", json!({ "message": "namespaces is forbidden" }).to_string()),
    });
    let check = decided(&server).await;
    assert!(check.verdict == Verdict::Abort && check.reason().contains("namespaces is forbidden"), "{check:?}");
}

#[tokio::test]
async fn what_broken_runs_left_is_found_by_label_and_name() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|asked| match asked.line.as_str() {
        "GET /api/v1/namespaces?labelSelector=app.kubernetes.io%2Fmanaged-by%3Dstoa-check&limit=500" => {
            Answer::json(&json!({ "items": [
            { "metadata": { "name": "stoa-check-0123" } }, { "metadata": { "name": "production" } },
        ] }))
        }
        "DELETE /api/v1/namespaces/stoa-check-0123" => Answer::json(&json!({})),
        other => panic!("{other}"),
    });
    let removed = kubernetes::cleanup(&*cluster(folder.path(), &server.url).await).await.unwrap();
    assert_eq!(removed, ["stoa-check-0123"]);
}
