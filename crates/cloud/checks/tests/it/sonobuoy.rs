//! Driving Sonobuoy: a stand-in for the program that writes down how it is called, since the real one needs hours and a
//! cluster. What it leaves is read by the same reader as the real one's results.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use stoa_checks::Answers;
use stoa_checks::kubernetes::{self, ExecutionMode, SonobuoyOptions};
use stoa_checks::offline::OfflineData;
use stoa_checks::run::{Listener, run};
use stoa_standards::verdict::Verdict;

use crate::kubernetes::{cluster, context, options};

const CASES: [&str; 2] = ["cncf-k8s-conformance", "kaas-networking-check"];

/// A program that notes its arguments and, asked to retrieve, leaves these results.
fn program(folder: &Path, results: &str, on_run: &str) -> std::path::PathBuf {
    let path = folder.join("sonobuoy");
    std::fs::write(folder.join("results.yaml"), results).unwrap();
    let here = folder.display();
    let script = format!(
        "#!/bin/sh\nshift 2\necho \"$*\" >> {here}/calls\ncase \"$1\" in\nrun) {on_run} ;;\n\
         retrieve) mkdir -p \"$3/plugins/e2e\"; cp {here}/results.yaml \"$3/plugins/e2e/sonobuoy_results.yaml\" ;;\nesac\n"
    );
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

async fn decided(folder: &Path, program: Option<std::path::PathBuf>, mode: ExecutionMode) -> Answers {
    let wanted: BTreeSet<String> = CASES.map(str::to_owned).into();
    let mut options = options(OfflineData::built_in());
    options.sonobuoy = SonobuoyOptions { program, mode };
    options.results = folder.join("kept");
    let groups = kubernetes::groups(&cluster(folder, "https://127.0.0.1:1").await, &wanted, &context(), &options);
    run(groups, &wanted, 8, &Listener::silent(), std::future::pending()).await.answers()
}

const RESULTS: &str = "status: failed\nitems:\n- items:\n  - items:\n    - {name: a, status: passed}\n    - {name: '[Feature:SCTPConnectivity] b', status: failed}\n    - {name: c, status: skipped}\n";

#[tokio::test]
async fn the_program_is_driven_step_by_step_and_failures_that_may_be_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let answers = decided(folder.path(), Some(program(folder.path(), RESULTS, "true")), ExecutionMode::Parallel).await;
    for case in CASES {
        assert_eq!(answers[case].verdict, Verdict::Pass, "{answers:?}");
        assert!(answers[case].reason().contains("failed, and may: SCTP is optional"));
    }
    let calls = std::fs::read_to_string(folder.path().join("calls")).unwrap();
    let calls: Vec<&str> = calls.lines().collect();
    let retries = "--plugin-env e2e.E2E_EXTRA_ARGS=--ginkgo.flake-attempts=2 --e2e-parallel=true";
    assert_eq!(calls.len(), 8);
    assert_eq!((calls[0], calls[3]), ("delete --wait", "delete --wait"));
    assert_eq!(calls[1], format!("run --wait --mode=certified-conformance {retries}"));
    assert_eq!(calls[5], format!("run --wait --e2e-focus NetworkPolicy {retries}"));
    assert!(calls[2].starts_with("retrieve -x ") && calls[2].contains("kept/cncf-k8s-conformance-"));
}

#[tokio::test]
async fn nothing_that_was_not_run_is_green() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    for (results, on_run, mode, part) in [
        (
            RESULTS,
            "echo nothing >&2; echo no nodes >&2; exit 1",
            ExecutionMode::Serial,
            "sonobuoy run ended with exit status: 1: no nodes",
        ),
        (RESULTS, "true", ExecutionMode::Dry, "a dry run tests nothing"),
        ("status: running\nitems: []\n", "true", ExecutionMode::Serial, "the run ended as `running`"),
        ("status: passed\nitems: []\n", "true", ExecutionMode::Serial, "none of 0 tests was run"),
        ("status: [\n", "true", ExecutionMode::Serial, "sonobuoy_results.yaml: line"),
    ] {
        let answers = decided(here, Some(program(here, results, on_run)), mode).await;
        let check = &answers[CASES[0]];
        assert!(check.verdict == Verdict::Abort && check.reason().contains(part), "{part}: {check:?}");
        let calls = std::fs::read_to_string(here.join("calls")).unwrap();
        assert_eq!(calls.lines().last(), Some("delete --wait"), "whatever happens, it is removed");
    }
    let answers = decided(here, Some("/nowhere/sonobuoy".into()), ExecutionMode::Serial).await;
    assert!(answers[CASES[1]].reason().contains("does not start"), "{answers:?}");
    let failed = "status: failed\nitems: [{items: [{items: [{name: '[It] must hold', status: failed}]}]}]\n";
    let answers = decided(here, Some(program(here, failed, "true")), ExecutionMode::Serial).await;
    assert_eq!(answers[CASES[0]].verdict, Verdict::Fail);
    assert_eq!(answers[CASES[0]].reason(), "test [It] must hold: failed");
}
