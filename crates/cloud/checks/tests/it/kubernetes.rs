//! Clusters by their API: what is asked, what its answers come to, and what happens when it does not answer.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use stoa_checks::kubernetes::{self, Cluster, Kubeconfig, KubernetesOptions, SonobuoyOptions};
use stoa_checks::offline::OfflineData;
use stoa_checks::run::{Listener, run};
use stoa_checks::{Answers, Context, Progress};
use stoa_core::Clock;
use stoa_standards::verdict::{Reading, Verdict};

use crate::server::{Answer, Asked, Server};

pub(crate) const NOW: &str = "2026-11-26T06:00:00Z";

/// A kubeconfig with everything a client may find in one.
pub(crate) fn kubeconfig(folder: &Path, server: &str, user: &str) -> PathBuf {
    let path = folder.join("kubeconfig.yaml");
    let text = format!(
        "apiVersion: v1\nkind: Config\npreferences: {{}}\ncurrent-context: admin@lab\n\
         contexts:\n- name: other\n  context: {{cluster: gone, user: gone}}\n- name: admin@lab\n  context:\n    cluster: lab\n    user: admin\n    namespace: default\n\
         clusters:\n- name: lab\n  cluster:\n    server: {server}\n    extensions: []\nusers:\n- name: admin\n  user: {user}\n"
    );
    std::fs::write(&path, text).unwrap();
    path
}

pub(crate) async fn cluster(folder: &Path, server: &str) -> Arc<Cluster> {
    let path = kubeconfig(folder, server, "{token: s3cret}");
    Arc::new(Cluster::new(Kubeconfig::read(&path, None).unwrap(), &path).await.unwrap())
}

pub(crate) fn context() -> Context {
    let clock = Clock::fixed(NOW.parse().unwrap());
    Context {
        reading: Reading::Standard,
        today: clock.now().date(),
        clock,
        journal: PathBuf::new(),
        variables: BTreeMap::default(),
        progress: Progress::silent(),
    }
}

pub(crate) fn options(data: OfflineData) -> KubernetesOptions {
    KubernetesOptions {
        data: Arc::new(data),
        sonobuoy: SonobuoyOptions { program: Some("/nowhere/sonobuoy".into()), ..SonobuoyOptions::default() },
        pod_image: "registry.example/pause:3".into(),
        pod_time: std::time::Duration::from_secs(2),
        pod_pause: std::time::Duration::from_millis(1),
        results: PathBuf::from("/nowhere"),
        namespace: "stoa-check-test".into(),
    }
}

/// Data as of a day, with these releases of 1.35.
pub(crate) fn data(folder: &Path, as_of: &str, releases: &[(&str, &str)]) -> OfflineData {
    let releases: Vec<Value> =
        releases.iter().map(|(version, at)| json!({ "version": version, "published_at": at })).collect();
    let hole = json!({
        "cveMetadata": { "cveId": "CVE-2026-1" },
        "containers": { "cna": {
            "metrics": [{ "cvssV3_1": { "baseScore": 8.8 } }],
            "affected": [{ "product": "Kubernetes", "versions": [{ "status": "affected", "version": "1.35.0", "lessThan": "1.35.4" }] }],
        } },
    });
    let file = json!({
        "format": "stoa-kubernetes-data/1", "retrieved_at": as_of, "sources": [],
        "branches": [
            { "branch": "1.36", "end_of_life": "2027-06-28" },
            { "branch": "1.35", "end_of_life": "2027-02-28" },
            { "branch": "1.34", "end_of_life": "2026-10-27" },
            { "branch": "1.37", "end_of_life": "2027-10-28" },
        ],
        "releases": releases,
        "vulnerabilities": [hole, { "cveMetadata": { "cveId": "CVE-2017-1" } }],
    });
    std::fs::write(folder.join("kubernetes.json"), file.to_string()).unwrap();
    OfflineData::read(folder, Reading::Standard).unwrap()
}

async fn decided(cluster: &Arc<Cluster>, ids: &[&str], options: &KubernetesOptions) -> Answers {
    let wanted: BTreeSet<String> = ids.iter().map(|id| (*id).to_owned()).collect();
    let groups = kubernetes::groups(cluster, &wanted, &context(), options);
    run(groups, &wanted, 8, &Listener::silent(), std::future::pending()).await.answers()
}

fn version(given: &'static str) -> impl FnMut(&Asked) -> Answer {
    move |asked| match asked.line.as_str() {
        "GET /version" => Answer::json(&json!({ "major": "1", "gitVersion": given })),
        _ => Answer::Say(404, "", json!({ "message": "no" }).to_string()),
    }
}

#[tokio::test]
async fn versions_are_judged_by_data_whose_age_counts() {
    let folder = tempfile::tempdir().unwrap();
    let released = [("1.35.3", "2026-10-20T00:00:00Z"), ("1.35.4", "2026-11-01T00:00:00Z")];
    let fresh = data(folder.path(), "2026-11-25T00:00:00Z", &released);
    assert_eq!(fresh.kubernetes.unreadable.len(), 1, "a record without scores says nothing");
    let old = data(folder.path(), "2026-11-01T00:00:00Z", &released);
    let none_of_branch = data(folder.path(), "2026-11-25T00:00:00Z", &[]);
    for (given, data, verdict, part) in [
        ("v1.35.4", &fresh, Verdict::Pass, ""),
        ("v1.35.4+k3s1", &fresh, Verdict::Pass, ""),
        ("v1.35.3", &fresh, Verdict::Fail, "which CVE-2026-1 touches; 1.35.4 is out for 25 days"),
        ("v1.35.2", &fresh, Verdict::Fail, "though 1.35.3 is out for 37 days"),
        ("v1.34.9", &fresh, Verdict::Fail, "upstream ended the branch 1.34 on 2026-10-27"),
        ("v1.35.4", &old, Verdict::Abort, "it is 25 days old"),
        ("v1.35.3", &old, Verdict::Fail, "CVE-2026-1"),
        ("v1.35.4", &none_of_branch, Verdict::Abort, "it knows no release of the branch 1.35"),
        ("v1.35.4", &OfflineData::built_in(), Verdict::Abort, "no releases are known"),
        ("v1.33.1", &OfflineData::built_in(), Verdict::Fail, "upstream ended the branch 1.33"),
        ("1.35", &fresh, Verdict::Abort, "its version cannot be judged"),
        ("", &fresh, Verdict::Abort, "its version cannot be judged"),
    ] {
        let server = Server::start(version(given));
        let cluster = cluster(folder.path(), &server.url).await;
        let answers = decided(&cluster, &["version-policy-check"], &options(data.clone())).await;
        let check = &answers["version-policy-check"];
        assert_eq!(check.verdict, verdict, "{given}: {check:?}");
        assert!(
            check.findings.iter().any(|finding| finding.reason.contains(part)) || part.is_empty(),
            "{given}: {check:?}"
        );
        assert!(server.asked()[0].head.to_lowercase().contains("authorization: bearer s3cret"));
        assert_eq!(cluster.requests(), 1);
    }
}

fn node(name: &str, zone: &str, labels: Value) -> Value {
    let mut all = json!({ "topology.kubernetes.io/region": "r1", "topology.kubernetes.io/zone": zone });
    for (key, value) in labels.as_object().unwrap() {
        all[key] = value.clone();
    }
    json!({ "metadata": { "name": name, "labels": all }, "status": { "addresses": [{ "type": "InternalIP", "address": "127.0.0.1" }] } })
}

#[tokio::test]
async fn nodes_come_in_pages_and_their_labels_are_judged() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|asked| match asked.line.as_str() {
        "GET /api/v1/nodes?limit=500" => Answer::json(&json!({
            "metadata": { "continue": "a b&c" }, "items": [node("a", "z1", json!({}))],
        })),
        "GET /api/v1/nodes?limit=500&continue=a+b%26c" => Answer::json(&json!({
            "metadata": {}, "items": [node("b", "z2", json!({})), node("c", "", json!({ "node-role.kubernetes.io/control-plane": "" }))],
        })),
        other => panic!("{other}"),
    });
    let answers = decided(
        &cluster(folder.path(), &server.url).await,
        &["node-distribution-check"],
        &options(OfflineData::built_in()),
    )
    .await;
    let check = &answers["node-distribution-check"];
    assert_eq!(check.verdict, Verdict::Fail);
    assert_eq!(check.reason(), "node c: it has no label topology.kubernetes.io/zone");
}

#[tokio::test]
async fn hardening_says_what_it_saw_and_what_it_could_not() {
    let folder = tempfile::tempdir().unwrap();
    let config = |anonymous: bool| json!({ "kubeletconfig": { "authentication": { "anonymous": { "enabled": anonymous } }, "authorization": { "mode": "Webhook" } } });
    let server = Server::start(move |asked| match asked.line.as_str() {
        "GET /api/v1/nodes?limit=500" => Answer::json(
            &json!({ "items": [node("a", "z1", json!({})), node("b", "z2", json!({})), node("c", "z2", json!({}))] }),
        ),
        "GET /api/v1/nodes/a/proxy/configz" => Answer::json(&config(false)),
        "GET /api/v1/nodes/b/proxy/configz" => Answer::json(&config(true)),
        "GET /api/v1/nodes/c/proxy/configz" => {
            Answer::Say(403, "", json!({ "message": "nodes \"c\" is forbidden" }).to_string())
        }
        "GET /api/v1/namespaces/kube-system/pods?labelSelector=component%3Dkube-apiserver&limit=500" => {
            Answer::json(&json!({ "items": [{
            "spec": { "containers": [{ "name": "kube-apiserver", "command": ["kube-apiserver",
                "--enable-admission-plugins=NodeRestriction", "--authorization-mode=Node,RBAC", "--service-account-issuer=https://a",
                "--client-ca-file=/x", "--etcd-certfile=/x", "--etcd-keyfile=/x", "--etcd-cafile=/x"] }] },
        }] }))
        }
        "GET /api/v1/namespaces?limit=500" => Answer::json(&json!({ "items": [
            { "metadata": { "name": "kube-system" } },
            { "metadata": { "name": "good", "labels": { "pod-security.kubernetes.io/enforce": "restricted" } } },
            { "metadata": { "name": "bad", "labels": { "pod-security.kubernetes.io/enforce": "privileged" } } },
        ] })),
        other => panic!("{other}"),
    });
    let answers = decided(
        &cluster(folder.path(), &server.url).await,
        &["scs-0217-cluster-hardening"],
        &options(OfflineData::built_in()),
    )
    .await;
    let check = &answers["scs-0217-cluster-hardening"];
    let reasons: Vec<String> =
        check.findings.iter().map(|finding| format!("{}: {}", finding.object, finding.reason)).collect();
    assert_eq!(
        reasons,
        [
            "kubelet of b: it lets anybody in without a name",
            "namespace bad: it enforces privileged, not baseline or restricted",
            "kubelet of c: the API server answered 403 to GET /api/v1/nodes/c/proxy/configz: nodes \\\"c\\\" is forbidden",
        ]
    );
    assert_eq!(check.findings[2].remedy, "give the credential the right to read it");
}

#[tokio::test]
async fn a_cluster_that_fails_aborts_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    for (answer, part) in [
        (
            Answer::Say(401, "", json!({ "message": "Unauthorized" }).to_string()),
            "answered 401 to GET /version: Unauthorized",
        ),
        (Answer::Say(200, "", "<html>".into()), "something else than JSON"),
        (Answer::Say(500, "", "no".into()), "answered 500"),
        (Answer::HangUp, "cannot be reached"),
    ] {
        let server = Server::start(move |_| answer.clone());
        let answers = decided(
            &cluster(folder.path(), &server.url).await,
            &["version-policy-check"],
            &options(OfflineData::built_in()),
        )
        .await;
        let check = &answers["version-policy-check"];
        assert_eq!(check.verdict, Verdict::Abort);
        assert!(check.reason().contains(part), "{part}: {check:?}");
    }
    // Busy for a moment is no failure.
    let mut busy = 2;
    let server = Server::start(move |_| {
        busy -= 1;
        if busy >= 0 {
            Answer::Say(429, "retry-after: 0\r\n", String::new())
        } else {
            Answer::json(&json!({ "gitVersion": "v1.33.1" }))
        }
    });
    let answers = decided(
        &cluster(folder.path(), &server.url).await,
        &["version-policy-check"],
        &options(OfflineData::built_in()),
    )
    .await;
    assert_eq!(answers["version-policy-check"].verdict, Verdict::Fail);
    // Pages without an end are an end.
    let server = Server::start(|_| Answer::json(&json!({ "metadata": { "continue": "x" }, "items": [] })));
    let cluster = cluster(folder.path(), &server.url).await;
    let answers = decided(&cluster, &["node-distribution-check"], &options(OfflineData::built_in())).await;
    assert!(answers["node-distribution-check"].reason().contains("without an end"), "{answers:?}");
    assert_eq!(cluster.requests(), 40);
}

#[tokio::test]
async fn kubeconfigs_are_read_as_clients_read_them_and_mistakes_have_places() {
    let folder = tempfile::tempdir().unwrap();
    let read = |text: &str| {
        let path = folder.path().join("k");
        std::fs::write(&path, text).unwrap();
        Kubeconfig::read(&path, None).map_err(|error| error.to_string().replace(&path.display().to_string(), "k"))
    };
    let good = "current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: 'https://h:6443'}}]\nusers: [{name: u, user: {USER}}]\n";
    let with = |user: &str| read(&good.replace("{USER}", user));
    assert_eq!(format!("{:?}", with("{token: s3cret}").unwrap().credential), "Token", "a credential shows nothing");
    assert_eq!(format!("{:?}", with("{username: a, password: 12}").unwrap().credential), "Password");
    assert_eq!(format!("{:?}", with("{}").unwrap().credential), "None");
    std::fs::write(folder.path().join("tok"), "x").unwrap();
    assert_eq!(format!("{:?}", with("{tokenFile: tok}").unwrap().credential), "TokenFile");
    for (text, message) in [
        (good.replace("{USER}", "{client-certificate-data: '%%', client-key-data: ''}"), "expected base64"),
        (good.replace("{USER}", "{client-certificate: gone.pem, client-key: gone.key}"), "gone.pem: No such file"),
        (
            good.replace("{USER}", "{auth-provider: {name: gcp}}"),
            "line 4: users[0].user.auth-provider: auth-provider is gone",
        ),
        (good.replace("current-context: a", "current-context: b"), "`contexts` has nothing with the name `b`"),
        (good.replace("cluster: c,", "cluster: d,"), "`clusters` has nothing with the name `d`"),
        (
            good.replace("https://h:6443", "h:6443"),
            "line 3: clusters[0].cluster.server: expected an address with https://, found `h:6443`",
        ),
        ("contexts: []\n".to_owned(), "the key `current-context` is missing"),
        ("{".to_owned(), "line 2: not YAML"),
        ("a: &x b\nc: *x\n".to_owned(), "anchors and aliases"),
    ] {
        let error = read(&text).unwrap_err();
        assert!(error.contains(message), "{text}\n{error}");
    }
    let missing = Kubeconfig::read(Path::new("/nowhere/k"), None).unwrap_err().to_string();
    assert!(missing.contains("/nowhere/k"), "{missing}");
}

#[tokio::test]
async fn a_program_says_who_we_are() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("who");
    let script = "#!/bin/sh\ncase \"$KUBERNETES_EXEC_INFO\" in *ExecCredential*) ;; *) exit 3;; esac\n\
        echo \"{\\\"kind\\\":\\\"ExecCredential\\\",\\\"status\\\":{\\\"token\\\":\\\"$1-$WORD\\\"}}\"\n";
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let server = Server::start(version("v1.33.1"));
    let user = format!(
        "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: {}, args: [told], env: [{{name: WORD, value: by-me}}]}}}}",
        program.display()
    );
    let path = kubeconfig(folder.path(), &server.url, &user);
    let cluster = Arc::new(Cluster::new(Kubeconfig::read(&path, None).unwrap(), &path).await.unwrap());
    decided(&cluster, &["version-policy-check"], &options(OfflineData::built_in())).await;
    assert!(server.asked()[0].head.to_lowercase().contains("authorization: bearer told-by-me"));

    std::fs::write(&program, "#!/bin/sh\necho secret; exit 4\n").unwrap();
    let error = Cluster::new(Kubeconfig::read(&path, None).unwrap(), &path).await.unwrap_err().to_string();
    assert!(error.contains("exit status: 4") && !error.contains("secret"), "{error}");
}
