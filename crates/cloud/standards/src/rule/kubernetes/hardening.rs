//! Hardening of clusters (scs-0217): kubelets, ports of the control plane, flags of the API server, namespaces.

use crate::rule::{Check, Finding};

/// What a node's kubelet is configured to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kubelet {
    /// The node.
    pub node: String,
    /// The port without authentication; 0 is off.
    pub read_only_port: u16,
    /// `authentication.anonymous.enabled`.
    pub anonymous: bool,
    /// `authorization.mode`.
    pub authorization: String,
}

/// A port of a node of the control plane, as seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// The node.
    pub node: String,
    /// The port.
    pub number: u16,
    /// Whether it takes connections.
    pub is_open: bool,
}

/// The flags of the API server that matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiServer {
    /// Flags and their values, without the dashes.
    pub flags: std::collections::BTreeMap<String, String>,
}

/// A namespace and the level that it enforces: `pod-security.kubernetes.io/enforce`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    /// Its name.
    pub name: String,
    /// The level.
    pub enforce: Option<String>,
}

/// Everything that was seen of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hardening {
    /// Its kubelets.
    pub kubelets: Vec<Kubelet>,
    /// Ports of its control plane.
    pub ports: Vec<Port>,
    /// Its API server; none where it cannot be seen, as with a hosted control plane.
    pub api_server: Option<ApiServer>,
    /// Namespaces of workloads.
    pub namespaces: Vec<Namespace>,
}

/// The one port that may be open.
const API_PORT: u16 = 6443;

/// Weighs all of it.
pub fn check(seen: &Hardening) -> Check {
    let mut findings: Vec<Finding> = seen.kubelets.iter().flat_map(kubelet).collect();
    findings.extend(seen.ports.iter().filter_map(port));
    match &seen.api_server {
        Some(server) => findings.extend(api_server(server)),
        None => findings.push(Finding::unknown(
            "API server",
            "its flags cannot be seen from inside of the cluster",
            "show its configuration to the assessor",
        )),
    }
    findings.extend(seen.namespaces.iter().filter_map(namespace));
    Check::of(findings)
}

fn kubelet(kubelet: &Kubelet) -> Vec<Finding> {
    let object = format!("kubelet of {}", kubelet.node);
    let mut findings = Vec::new();
    if kubelet.anonymous {
        let remedy = "set authentication.anonymous.enabled to false";
        findings.push(Finding::fault(object.clone(), "it lets anybody in without a name", remedy));
    }
    if kubelet.authorization != "Webhook" {
        let reason = format!("its authorization is `{}`, not Webhook", crate::tree::shortened(&kubelet.authorization));
        findings.push(Finding::fault(object.clone(), reason, "set authorization.mode to Webhook"));
    }
    if kubelet.read_only_port != 0 {
        let reason = format!("its port {} needs no authentication", kubelet.read_only_port);
        findings.push(Finding::remark(object, reason, "set readOnlyPort to 0"));
    }
    findings
}

fn port(port: &Port) -> Option<Finding> {
    let object = format!("port {} of {}", port.number, port.node);
    match (port.number == API_PORT, port.is_open) {
        (true, true) | (false, false) => None,
        (true, false) => Some(Finding::fault(object, "it takes no connections", "open the API server's port")),
        (false, true) => Some(Finding::fault(object, "it takes connections from outside", "close it in the firewall")),
    }
}

fn api_server(server: &ApiServer) -> Vec<Finding> {
    let object = "API server";
    let flag = |name: &str| server.flags.get(name).map_or("", String::as_str);
    let lists = |name: &str, wanted: &str| flag(name).split(',').any(|value| value.trim() == wanted);
    let mut findings = Vec::new();
    for plugin in ["NodeRestriction", "PodSecurity"] {
        // PodSecurity is on unless it is switched off.
        let by_default = plugin == "PodSecurity" && !lists("disable-admission-plugins", plugin);
        if !by_default && !lists("enable-admission-plugins", plugin) {
            let remedy = format!("add {plugin} to enable-admission-plugins");
            findings.push(Finding::fault(object, format!("the admission plugin {plugin} is off"), remedy));
        }
    }
    if !lists("authorization-mode", "Node") {
        findings.push(Finding::fault(object, "it has no Node authorizer", "add Node to authorization-mode"));
    }
    if !["ABAC", "RBAC", "Webhook"].iter().any(|mode| lists("authorization-mode", mode)) {
        findings.push(Finding::fault(object, "it authorizes nobody by role", "add RBAC to authorization-mode"));
    }
    let second =
        ["authentication-token-webhook-config-file", "oidc-issuer-url", "authentication-config", "client-ca-file"];
    if flag("service-account-issuer").is_empty() || second.iter().all(|name| flag(name).is_empty()) {
        let reason = "it has no two methods of authentication, service accounts being one";
        findings.push(Finding::fault(object, reason, "configure OpenID Connect or a webhook for tokens"));
    }
    for name in ["etcd-certfile", "etcd-keyfile", "etcd-cafile"] {
        if flag(name).is_empty() {
            let reason = format!("it speaks to etcd without {name}");
            findings.push(Finding::fault(object, reason, "give the API server a certificate for etcd"));
        }
    }
    findings
}

fn namespace(namespace: &Namespace) -> Option<Finding> {
    if matches!(namespace.enforce.as_deref(), Some("baseline" | "restricted")) {
        return None;
    }
    let level = namespace.enforce.as_deref().unwrap_or("nothing");
    Some(Finding::fault(
        format!("namespace {}", namespace.name),
        format!("it enforces {}, not baseline or restricted", crate::tree::shortened(level)),
        "label it with pod-security.kubernetes.io/enforce: baseline",
    ))
}
