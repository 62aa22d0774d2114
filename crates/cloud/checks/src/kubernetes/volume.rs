//! The trial of a default storage class: a claim and a pod that uses it, in a namespace of their own, which goes with
//! everything in it when the trial is over. A namespace that a broken run left behind is found by its label.

use std::time::Instant;

use serde_json::{Value, json};
use stoa_standards::rule::kubernetes::VolumeProof;
use uuid::Uuid;

use super::KubernetesOptions;
use super::cluster::{Cluster, ClusterError};
use crate::Context;

/// What the names of such namespaces begin with.
const PREFIX: &str = "stoa-check-";
/// The label of namespaces of trials.
const LABEL: &str = "app.kubernetes.io/managed-by";
/// Its value.
const OWNER: &str = "stoa-check";
/// Looks in a row that may fail before the trial is given up.
const FAILURES_MAX: u32 = 5;

/// The name of a namespace for one run.
pub fn own_namespace() -> String {
    format!("{PREFIX}{}", Uuid::new_v4().simple())
}

/// Tries a claim on the default class.
pub(super) async fn prove(cluster: &Cluster, options: &KubernetesOptions, context: &Context) -> VolumeProof {
    let (namespace, image) = (options.namespace.as_str(), options.pod_image.as_str());
    context.progress.step("storage", "making a claim and a pod");
    let proof = match prepare(cluster, namespace, image).await {
        Ok(()) => watch(cluster, options, context).await,
        Err(error) => VolumeProof::NotTried(error.to_string()),
    };
    context.progress.step("storage", "cleaning up");
    // What could not be removed is found by its label, now by the caller or later by `cleanup`.
    let _ = cluster.delete(&format!("/api/v1/namespaces/{namespace}")).await;
    proof
}

async fn prepare(cluster: &Cluster, namespace: &str, image: &str) -> Result<(), ClusterError> {
    let labels = json!({ LABEL: OWNER, "pod-security.kubernetes.io/enforce": "restricted" });
    let object =
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace, "labels": labels } });
    cluster.create("/api/v1/namespaces", &object).await?;
    let claim = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": { "name": "claim" },
        "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } },
    });
    cluster.create(&format!("/api/v1/namespaces/{namespace}/persistentvolumeclaims"), &claim).await?;
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "user" },
        "spec": {
            "automountServiceAccountToken": false,
            "securityContext": {
                "runAsNonRoot": true, "runAsUser": 65_535, "fsGroup": 65_535, "seccompProfile": { "type": "RuntimeDefault" },
            },
            "containers": [{
                "name": "user", "image": image,
                "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } },
                "volumeMounts": [{ "name": "volume", "mountPath": "/volume" }],
            }],
            "volumes": [{ "name": "volume", "persistentVolumeClaim": { "claimName": "claim" } }],
        },
    });
    cluster.create(&format!("/api/v1/namespaces/{namespace}/pods"), &pod).await.map(drop)
}

/// Looks until the pod runs, or the time is over.
async fn watch(cluster: &Cluster, options: &KubernetesOptions, context: &Context) -> VolumeProof {
    let namespace = options.namespace.as_str();
    let begun = Instant::now();
    let mut failures = 0;
    let mut why = "the pod was not scheduled".to_owned();
    while begun.elapsed() < options.pod_time {
        match cluster.get(&format!("/api/v1/namespaces/{namespace}/pods/user")).await {
            Ok(pod) if phase(&pod) == "Running" => return bound(cluster, namespace).await,
            Ok(pod) => {
                failures = 0;
                why = waiting_for(&pod);
                context.progress.step("storage", &format!("waiting for the pod: {why}"));
            }
            Err(error) => {
                failures += 1;
                if failures >= FAILURES_MAX {
                    return VolumeProof::NotTried(error.to_string());
                }
            }
        }
        tokio::time::sleep(options.pod_pause).await;
    }
    VolumeProof::NotRunning(format!("{why} after {}", crate::run::shown(options.pod_time)))
}

async fn bound(cluster: &Cluster, namespace: &str) -> VolumeProof {
    let claim = match cluster.get(&format!("/api/v1/namespaces/{namespace}/persistentvolumeclaims/claim")).await {
        Ok(claim) => claim,
        Err(error) => return VolumeProof::NotTried(error.to_string()),
    };
    let modes = claim.pointer("/status/accessModes").and_then(Value::as_array);
    let access_modes = modes.into_iter().flatten().filter_map(|mode| mode.as_str().map(str::to_owned)).collect();
    VolumeProof::Ran { phase: phase(&claim).to_owned(), access_modes }
}

fn phase(object: &Value) -> &str {
    object.pointer("/status/phase").and_then(Value::as_str).unwrap_or_default()
}

/// Why a pod does not run yet, in its own words.
fn waiting_for(pod: &Value) -> String {
    let of_container = pod.pointer("/status/containerStatuses/0/state/waiting/reason").and_then(Value::as_str);
    let conditions = pod.pointer("/status/conditions").and_then(Value::as_array);
    let unmet = || {
        let unmet =
            conditions?.iter().find(|condition| condition.get("status").and_then(Value::as_str) == Some("False"))?;
        unmet.get("message").or_else(|| unmet.get("reason"))?.as_str()
    };
    let said = of_container.or_else(unmet).unwrap_or_else(|| phase(pod));
    stoa_standards::tree::shortened(if said.is_empty() { "it has no state yet" } else { said })
}

/// Removes the namespaces of trials that broken runs left behind. Answers their names.
pub async fn cleanup(cluster: &Cluster) -> Result<Vec<String>, ClusterError> {
    let left =
        cluster.list(&format!("/api/v1/namespaces?labelSelector={}%3D{OWNER}", LABEL.replace('/', "%2F"))).await?;
    let mut removed = Vec::new();
    for object in &left {
        let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
        // The label alone is not enough to remove what somebody else may have named so.
        if name.starts_with(PREFIX) {
            cluster.delete(&format!("/api/v1/namespaces/{name}")).await?;
            removed.push(name.to_owned());
        }
    }
    Ok(removed)
}
