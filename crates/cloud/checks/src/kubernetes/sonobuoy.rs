//! The tests of Kubernetes itself (scs-0201, scs-0219), by the program that the CNCF's certificate is had with: Sonobuoy. Where
//! it is not installed nothing was found out, and the reason says so.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use stoa_standards::rule::Check;
use stoa_standards::rule::kubernetes::Exceptions;
use stoa_standards::tree::shortened;
use tokio::process::Command;

use super::cluster::Cluster;
use super::{CONFORMANCE, KubernetesOptions, results};
use crate::{Answers, Context, Group};

/// How long one run may take: the whole suite, one test after another, needs hours.
const RUN_TIME: Duration = Duration::from_hours(6);
/// How long removing or fetching may take.
const STEP_TIME: Duration = Duration::from_mins(20);
/// Bytes of results that are read.
const RESULTS_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// What a failed test is given as a second chance, as in the published suite.
const EXTRA: &str = "e2e.E2E_EXTRA_ARGS=--ginkgo.flake-attempts=2";

/// How the tests are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExecutionMode {
    /// Those that may, beside one another.
    #[default]
    Parallel,
    /// One after another.
    Serial,
    /// Not at all: it is tried whether they could be. Proves nothing of the cluster.
    Dry,
}

/// How Sonobuoy is driven.
#[derive(Debug, Clone, Default)]
pub struct SonobuoyOptions {
    /// The program; without it `sonobuoy` in `PATH` and in `~/.local/bin`.
    pub program: Option<PathBuf>,
    /// How the tests are run.
    pub mode: ExecutionMode,
}

/// The group of these test cases, one after another: Sonobuoy can run once in a cluster.
pub(super) fn group(
    cluster: &Cluster,
    cases: Vec<&'static str>,
    context: Context,
    options: &KubernetesOptions,
) -> Group {
    let limit = (RUN_TIME + STEP_TIME * 4) * u32::try_from(cases.len()).unwrap_or(1);
    let runner = Runner {
        program: options.sonobuoy.program.clone().or_else(find),
        mode: options.sonobuoy.mode,
        kubeconfig: cluster.kubeconfig.clone(),
        results: options.results.clone(),
        context,
    };
    let data = options.data.clone();
    Group::new("sonobuoy", cases.clone(), limit, async move {
        let mut answers = Answers::new();
        for case in cases {
            answers.insert(case.to_owned(), runner.check(case, &data.exceptions).await);
        }
        answers
    })
}

/// Removes what a run left in a cluster, where Sonobuoy is there to do it.
pub async fn remove(kubeconfig: &Path, program: Option<&Path>) -> Result<(), String> {
    match program.map(Path::to_owned).or_else(find) {
        Some(program) => call(&program, kubeconfig, &["delete", "--wait"], STEP_TIME).await,
        None => Ok(()),
    }
}

/// The program in `PATH`, or where it is usually put by hand.
fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let at_home = std::env::home_dir().map(|home| home.join(".local/bin"));
    std::env::split_paths(&path).chain(at_home).map(|folder| folder.join("sonobuoy")).find(|path| path.is_file())
}

struct Runner {
    program: Option<PathBuf>,
    mode: ExecutionMode,
    kubeconfig: PathBuf,
    results: PathBuf,
    context: Context,
}

impl Runner {
    async fn check(&self, case: &'static str, exceptions: &Exceptions) -> Check {
        let suite = format!("tests of Kubernetes for {case}");
        let Some(program) = &self.program else {
            let remedy = "install Sonobuoy (github.com/vmware-tanzu/sonobuoy) into PATH, and check again";
            return Check::aborted(suite, "not run: Sonobuoy is not installed here", remedy);
        };
        let outcome = self.run(program, case).await;
        self.context.progress.step("sonobuoy", "removing what the tests left");
        let removed = call(program, &self.kubeconfig, &["delete", "--wait"], STEP_TIME).await;
        if let Err(why) = removed {
            self.context.progress.step("sonobuoy", &format!("could not remove what the tests left: {why}"));
        }
        match outcome {
            Err(why) => Check::aborted(suite, why, "look at what Sonobuoy says: sonobuoy status, sonobuoy logs"),
            Ok(_) if self.mode == ExecutionMode::Dry => {
                Check::aborted(suite, "a dry run tests nothing", "run the tests for real")
            }
            Ok(results) if !matches!(results.status.as_str(), "passed" | "failed") => {
                let why = format!("the run ended as `{}`", shortened(&results.status));
                Check::aborted(suite, why, "look at the results of the run")
            }
            Ok(results) => exceptions.check(&suite, &results.tests),
        }
    }

    async fn run(&self, program: &Path, case: &'static str) -> Result<results::Results, String> {
        let say = |text: &str| self.context.progress.step("sonobuoy", text);
        say("removing what an earlier run left");
        call(program, &self.kubeconfig, &["delete", "--wait"], STEP_TIME).await?;
        let mut arguments = vec!["run", "--wait"];
        arguments.extend(match case {
            CONFORMANCE => ["--mode=certified-conformance"].as_slice(),
            _ => ["--e2e-focus", "NetworkPolicy"].as_slice(),
        });
        arguments.extend(["--plugin-env", EXTRA]);
        arguments.extend(match self.mode {
            ExecutionMode::Parallel => ["--e2e-parallel=true"].as_slice(),
            ExecutionMode::Serial => [].as_slice(),
            ExecutionMode::Dry => ["--plugin-env", "e2e.E2E_DRYRUN=true"].as_slice(),
        });
        say(&format!("running {case}; this takes hours"));
        call(program, &self.kubeconfig, &arguments, RUN_TIME).await?;
        say("fetching the results");
        // A folder of its own for each run: results of another day must not be taken for those of today.
        let now = self.context.clock.now().seconds();
        let folder = self.results.join(format!("{case}-{now}"));
        let failed = |error: std::io::Error| format!("the results cannot be kept in {}: {error}", folder.display());
        tokio::fs::create_dir_all(&folder).await.map_err(failed)?;
        let arguments: [&OsStr; 3] = ["retrieve".as_ref(), "-x".as_ref(), folder.as_os_str()];
        call(program, &self.kubeconfig, &arguments, STEP_TIME).await?;
        let path = folder.join("plugins/e2e/sonobuoy_results.yaml");
        let size = tokio::fs::metadata(&path).await.map_err(|error| format!("{}: {error}", path.display()))?.len();
        if size > RESULTS_BYTES_MAX {
            return Err(format!("{} has more than {RESULTS_BYTES_MAX} bytes", path.display()));
        }
        let text = tokio::fs::read_to_string(&path).await.map_err(|error| format!("{}: {error}", path.display()))?;
        results::read(&text).map_err(|error| format!("{}: {error}", path.display()))
    }
}

/// Calls the program, and waits for its end. What it says on the way is of no use to anybody who does not sit before it; the
/// last line of its errors is.
async fn call(
    program: &Path,
    kubeconfig: &Path,
    arguments: &[impl AsRef<OsStr>],
    time: Duration,
) -> Result<(), String> {
    let name = arguments.first().map_or_else(String::new, |first| first.as_ref().to_string_lossy().into_owned());
    let run = Command::new(program)
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .output();
    let output = match tokio::time::timeout(time, run).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => return Err(format!("{} does not start: {error}", program.display())),
        Err(_) => return Err(format!("sonobuoy {name} did not end within {}", crate::run::shown(time))),
    };
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    Err(format!("sonobuoy {name} ended with {}: {}", output.status, last.chars().take(300).collect::<String>()))
}
