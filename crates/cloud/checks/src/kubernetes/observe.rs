//! Objects of a cluster as the facts that rules judge.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use stoa_standards::rule::kubernetes::{
    ApiServer, Hardening, Kubelet, Namespace, Node, NodeRole, Port, StorageClass, check_hardening,
};
use stoa_standards::rule::{Check, Finding};
use tokio::net::TcpStream;

use super::cluster::Cluster;
use super::{remedy, unanswered};

/// Namespaces that belong to the cluster itself, where workloads of users do not run.
const SYSTEM: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];
/// Nodes whose kubelets are asked.
const NODES_MAX: usize = 100;
/// Ports of a control plane that are tried: the API server, etcd, kubelet, controller manager, scheduler.
const PORTS: [u16; 6] = [6443, 2379, 2380, 10250, 10257, 10259];
/// How long a connection to a port may take: a firewall that is silent is as good as closed.
const PORT_TIME: Duration = Duration::from_secs(3);

fn name(object: &Value) -> String {
    object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn label<'o>(object: &'o Value, key: &str) -> Option<&'o str> {
    object.pointer("/metadata/labels")?.get(key)?.as_str()
}

/// A node.
pub(super) fn node(object: &Value) -> Node {
    let is_control = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"]
        .iter()
        .any(|key| label(object, key).is_some());
    Node {
        name: name(object),
        role: if is_control { NodeRole::ControlPlane } else { NodeRole::Worker },
        region: label(object, "topology.kubernetes.io/region").map(str::to_owned),
        zone: label(object, "topology.kubernetes.io/zone").map(str::to_owned),
    }
}

/// A storage class.
pub(super) fn storage_class(object: &Value) -> StorageClass {
    let annotation = |key: &str| object.pointer("/metadata/annotations")?.get(key)?.as_str().map(str::to_owned);
    StorageClass {
        name: name(object),
        provisioner: object.get("provisioner").and_then(Value::as_str).unwrap_or_default().to_owned(),
        is_default_class: annotation("storageclass.kubernetes.io/is-default-class"),
    }
}

/// Sees what can be seen of a cluster's hardening from outside, and judges it; what cannot be seen is said.
pub(super) async fn hardening(cluster: Arc<Cluster>) -> Check {
    let nodes = match cluster.list("/api/v1/nodes").await {
        Ok(nodes) => nodes,
        Err(error) => return unanswered(&cluster, &error),
    };
    let mut seen = Hardening::default();
    let mut findings = Vec::new();
    for object in nodes.iter().take(NODES_MAX) {
        match kubelet(&cluster, &name(object)).await {
            Ok(kubelet) => seen.kubelets.push(kubelet),
            Err((reason, next)) => {
                findings.push(Finding::unknown(format!("kubelet of {}", name(object)), reason, next));
            }
        }
    }
    if nodes.len() > NODES_MAX {
        let reason = format!("only the kubelets of {NODES_MAX} of {} nodes were asked", nodes.len());
        findings.push(Finding::remark("kubelets", reason, ""));
    }
    for object in nodes.iter().filter(|object| node(object).role == NodeRole::ControlPlane).take(NODES_MAX) {
        seen.ports.extend(ports(object).await);
    }
    match cluster.list("/api/v1/namespaces/kube-system/pods?labelSelector=component%3Dkube-apiserver").await {
        Ok(pods) => seen.api_server = pods.iter().find_map(api_server),
        Err(error) => findings.push(Finding::unknown("pods of kube-system", error.to_string(), remedy(&error))),
    }
    match cluster.list("/api/v1/namespaces").await {
        Ok(namespaces) => {
            let of_users = namespaces.iter().filter(|object| !SYSTEM.contains(&name(object).as_str()));
            seen.namespaces = of_users.map(namespace).collect();
        }
        Err(error) => findings.push(Finding::unknown("namespaces", error.to_string(), remedy(&error))),
    }
    Check::of(check_hardening(&seen).findings.into_iter().chain(findings))
}

fn namespace(object: &Value) -> Namespace {
    Namespace { name: name(object), enforce: label(object, "pod-security.kubernetes.io/enforce").map(str::to_owned) }
}

/// A kubelet's configuration in force, which the API server hands through.
async fn kubelet(cluster: &Cluster, node: &str) -> Result<Kubelet, (String, &'static str)> {
    let answer = cluster.get(&format!("/api/v1/nodes/{node}/proxy/configz")).await;
    let answer = answer.map_err(|error| (error.to_string(), remedy(&error)))?;
    let config = answer.get("kubeletconfig").unwrap_or(&answer);
    let unclear =
        || ("its configuration does not say who may come in".to_owned(), "look at the kubelet's configuration");
    Ok(Kubelet {
        node: node.to_owned(),
        // Without the key the port is off.
        read_only_port: config
            .get("readOnlyPort")
            .and_then(Value::as_u64)
            .map_or(Ok(0), u16::try_from)
            .unwrap_or(u16::MAX),
        anonymous: config.pointer("/authentication/anonymous/enabled").and_then(Value::as_bool).ok_or_else(unclear)?,
        authorization: config.pointer("/authorization/mode").and_then(Value::as_str).ok_or_else(unclear)?.to_owned(),
    })
}

/// The ports of a node that take connections from here.
async fn ports(object: &Value) -> Vec<Port> {
    let addresses = object.pointer("/status/addresses").and_then(Value::as_array);
    let of_kind = |kind: &str| {
        let found = addresses?.iter().find(|entry| entry.get("type").and_then(Value::as_str) == Some(kind))?;
        found.get("address")?.as_str()
    };
    let Some(address) = of_kind("ExternalIP").or_else(|| of_kind("InternalIP")) else { return Vec::new() };
    let mut ports = Vec::new();
    for number in PORTS {
        let connected = tokio::time::timeout(PORT_TIME, TcpStream::connect((address, number))).await;
        ports.push(Port { node: name(object), number, is_open: matches!(connected, Ok(Ok(_))) });
    }
    // From a place that reaches none of them, nothing is known.
    if ports.iter().any(|port| port.is_open) { ports } else { Vec::new() }
}

/// The flags of an API server that runs as a pod.
fn api_server(pod: &Value) -> Option<ApiServer> {
    let containers = pod.pointer("/spec/containers")?.as_array()?;
    let container = containers.iter().find(|container| name_of(container) == "kube-apiserver").or(containers.first())?;
    let words: BTreeSet<&str> = ["command", "args"]
        .iter()
        .filter_map(|key| container.get(key)?.as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let flags: BTreeMap<String, String> = words
        .iter()
        .filter_map(|word| word.strip_prefix("--")?.split_once('='))
        .map(|(flag, value)| (flag.to_owned(), value.to_owned()))
        .collect();
    (!flags.is_empty()).then_some(ApiServer { flags })
}

fn name_of(container: &Value) -> &str {
    container.get("name").and_then(Value::as_str).unwrap_or_default()
}
