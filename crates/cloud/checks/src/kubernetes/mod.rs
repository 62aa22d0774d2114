//! Clusters of Kubernetes: the KaaS scope, and what the standards demand of clusters beside it.

mod cluster;
mod kubeconfig;
mod observe;
mod results;
mod sonobuoy;
mod volume;

use std::collections::BTreeSet;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use stoa_standards::rule::kubernetes::{self as rule, PolicyFacts};
use stoa_standards::rule::{Check, Finding};

use crate::beyond::{HARDENING, NODE_DISTRIBUTION, STORAGE_CLASS};
use crate::offline::OfflineData;
use crate::{Answers, Context, Group};

pub use cluster::{Cluster, ClusterError};
pub use kubeconfig::{Credential, Kubeconfig, KubeconfigError, Program};
pub use sonobuoy::{ExecutionMode, SonobuoyOptions, remove as remove_sonobuoy};
pub use volume::{cleanup, own_namespace};

const VERSION_POLICY: &str = "version-policy-check";
const CONFORMANCE: &str = "cncf-k8s-conformance";
const NETWORKING: &str = "kaas-networking-check";

/// How long a group of a few requests may take.
const SHORT: Duration = Duration::from_mins(2);
/// How long a pod with a volume may take to run: it has to be scheduled, and its image to be fetched.
pub const POD_TIME: Duration = Duration::from_mins(5);
/// The pause between two looks at a pod.
pub const POD_PAUSE: Duration = Duration::from_secs(2);

/// How clusters are tried.
#[derive(Debug, Clone)]
pub struct KubernetesOptions {
    /// What is known of the world.
    pub data: Arc<OfflineData>,
    /// How the tests of Kubernetes itself are run.
    pub sonobuoy: SonobuoyOptions,
    /// The image of the pod that uses a volume. It has to be there for the cluster, and to run until it is stopped.
    pub pod_image: String,
    /// How long that pod may take to run; [`POD_TIME`] is plenty.
    pub pod_time: Duration,
    /// The pause between two looks at it; [`POD_PAUSE`].
    pub pod_pause: Duration,
    /// Where the results of the tests of Kubernetes go.
    pub results: PathBuf,
    /// The namespace of this run, in which a volume is tried; see [`own_namespace`].
    pub namespace: String,
}

/// The groups that decide something wanted.
pub fn groups(
    cluster: &Arc<Cluster>,
    wanted: &BTreeSet<String>,
    context: &Context,
    options: &KubernetesOptions,
) -> Vec<Group> {
    let is_wanted = |id: &str| wanted.contains(id);
    let mut groups = Vec::new();
    if is_wanted(VERSION_POLICY) {
        let work = version_policy(cluster.clone(), options.data.clone(), context.clone());
        groups.push(one("version", VERSION_POLICY, SHORT, work));
    }
    if is_wanted(NODE_DISTRIBUTION) {
        groups.push(one("nodes", NODE_DISTRIBUTION, SHORT, nodes(cluster.clone())));
    }
    if is_wanted(STORAGE_CLASS) {
        let work = storage_class(cluster.clone(), options.clone(), context.clone());
        groups.push(one("storage", STORAGE_CLASS, options.pod_time + SHORT, work));
    }
    if is_wanted(HARDENING) {
        groups.push(one("hardening", HARDENING, SHORT, observe::hardening(cluster.clone())));
    }
    let heavy: Vec<&'static str> = [CONFORMANCE, NETWORKING].into_iter().filter(|id| is_wanted(id)).collect();
    if !heavy.is_empty() {
        groups.push(sonobuoy::group(cluster, heavy, context.clone(), options));
    }
    groups
}

/// Removes what a run that was stopped left in a cluster: its namespace, and what Sonobuoy made.
pub async fn leave(cluster: &Cluster, wanted: &BTreeSet<String>, options: &KubernetesOptions) -> Result<(), String> {
    if wanted.contains(STORAGE_CLASS) {
        let path = format!("/api/v1/namespaces/{}", options.namespace);
        cluster.delete(&path).await.map_err(|error| error.to_string())?;
    }
    if wanted.contains(CONFORMANCE) || wanted.contains(NETWORKING) {
        sonobuoy::remove(&cluster.kubeconfig, options.sonobuoy.program.as_deref()).await?;
    }
    Ok(())
}

fn one(
    name: &'static str,
    id: &'static str,
    limit: Duration,
    work: impl Future<Output = Check> + Send + 'static,
) -> Group {
    Group::new(name, [id], limit, async move { Answers::from([(id.to_owned(), work.await)]) })
}

/// What it means that a cluster gave no answer.
fn unanswered(cluster: &Cluster, error: &ClusterError) -> Check {
    Check::aborted(object(cluster), error.to_string(), remedy(error))
}

fn object(cluster: &Cluster) -> String {
    format!("cluster {}", stoa_standards::tree::shortened(&cluster.name))
}

fn remedy(error: &ClusterError) -> &'static str {
    match error {
        ClusterError::Refused { status: 401, .. } | ClusterError::Credential(_) => {
            "get a fresh kubeconfig; the credential in it is not taken"
        }
        ClusterError::Refused { status: 403, .. } => "give the credential the right to read it",
        _ => "see that the API server can be reached from here, and check again",
    }
}

async fn version_policy(cluster: Arc<Cluster>, data: Arc<OfflineData>, context: Context) -> Check {
    let answer = match cluster.get("/version").await {
        Ok(answer) => answer,
        Err(error) => return unanswered(&cluster, &error),
    };
    let given = answer.get("gitVersion").and_then(Value::as_str).unwrap_or_default();
    let version = match given.parse() {
        Ok(version) => version,
        Err(error) => {
            let reason = format!("its version cannot be judged: {error}");
            return Check::aborted(object(&cluster), reason, "look at what the API server answers to /version");
        }
    };
    let now = context.clock.now();
    let known = &data.kubernetes;
    let facts = PolicyFacts {
        cluster: &cluster.name,
        version,
        branches: &known.branches,
        releases: known.releases.as_deref().unwrap_or_default(),
        vulnerabilities: &known.vulnerabilities,
    };
    let judged = rule::check_version_policy(&facts, now, context.reading);
    if context.reading.is_published() {
        return judged;
    }
    let age = rule::DataAge { as_of: known.as_of, has_releases: known.releases.is_some() };
    Check::of(judged.findings.into_iter().chain(rule::check_data_age(&facts, age, now)))
}

async fn nodes(cluster: Arc<Cluster>) -> Check {
    match cluster.list("/api/v1/nodes").await {
        Ok(nodes) => rule::check_nodes(&nodes.iter().map(observe::node).collect::<Vec<_>>()),
        Err(error) => unanswered(&cluster, &error),
    }
}

async fn storage_class(cluster: Arc<Cluster>, options: KubernetesOptions, context: Context) -> Check {
    let classes = match cluster.list("/apis/storage.k8s.io/v1/storageclasses").await {
        Ok(classes) => classes.iter().map(observe::storage_class).collect::<Vec<_>>(),
        Err(error) => return unanswered(&cluster, &error),
    };
    let untried = rule::VolumeProof::NotTried("the classes do not allow it".to_owned());
    // Where the classes alone decide, nothing need be made in the cluster.
    let judged = rule::check_storage_class(&classes, &untried);
    if judged.findings.iter().any(|finding: &Finding| finding.weight == stoa_standards::rule::Weight::Fault) {
        return judged;
    }
    let proof = volume::prove(&cluster, &options, &context).await;
    rule::check_storage_class(&classes, &proof)
}
