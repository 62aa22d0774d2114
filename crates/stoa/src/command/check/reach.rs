//! What is checked: a cloud or a cluster, and how it is left behind.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use stoa_checks::kubernetes::{
    self, Cluster, ExecutionMode, Kubeconfig, KubeconfigError, KubernetesOptions, SonobuoyOptions,
};
use stoa_checks::offline::OfflineData;
use stoa_checks::openstack::{Cleaned, CleanupError, JournalError};
use stoa_checks::{Context, Group, openstack};
use stoa_core::Clock;
use stoa_openstack::{Cloud, Config, Environment, Limits};

use super::progress::Progress;
use crate::cli::{CheckCleanup, CheckCloud, ClusterArguments, ModeName, ScopeName};
use crate::console::Console;
use crate::exit::{Exit, Failure, chain};

/// How long cleaning up may take after a run.
const CLEANUP_TIME: Duration = Duration::from_mins(5);
const LATER: &str = "`stoa check cleanup` goes on with it";

/// What is checked.
pub(super) enum Target {
    /// A cloud of OpenStack.
    Cloud(Arc<Cloud>, PathBuf),
    /// A cluster of Kubernetes.
    Cluster(Arc<Cluster>, KubernetesOptions),
}

impl Target {
    /// Finds it by its name; it need not answer yet.
    pub(super) async fn find(asked: &CheckCloud, known: OfflineData) -> Result<Self, Failure> {
        match asked.scope {
            ScopeName::Kaas => {
                let options = KubernetesOptions {
                    data: Arc::new(known),
                    sonobuoy: SonobuoyOptions {
                        program: None,
                        mode: match asked.execution_mode {
                            ModeName::Parallel => ExecutionMode::Parallel,
                            ModeName::Serial => ExecutionMode::Serial,
                            ModeName::Dry => ExecutionMode::Dry,
                        },
                    },
                    pod_image: asked.pod_image.clone(),
                    pod_time: kubernetes::POD_TIME,
                    pod_pause: kubernetes::POD_PAUSE,
                    results: asked.results.clone(),
                    namespace: kubernetes::own_namespace(),
                };
                Ok(Self::Cluster(Arc::new(cluster(&asked.cluster).await?), options))
            }
            ScopeName::Iaas => Ok(Self::Cloud(Arc::new(cloud(&asked.name)?), journal(&asked.name)?)),
        }
    }

    /// The groups that decide something wanted.
    pub(super) fn groups(&self, wanted: &BTreeSet<String>, context: &Context) -> Vec<Group> {
        match self {
            Self::Cloud(cloud, _) => openstack::groups(Arc::clone(cloud), wanted, context),
            Self::Cluster(cluster, options) => kubernetes::groups(cluster, wanted, context, options),
        }
    }

    /// Removes what is left of the run. What is to be known of that is told.
    pub(super) async fn clean_up(
        &self,
        wanted: &BTreeSet<String>,
        stopped: bool,
        stop: impl Future<Output = ()>,
        progress: &Progress,
    ) -> Vec<String> {
        if let Self::Cloud(_, journal) = self
            && let count @ 1.. = openstack::noted(journal)
        {
            let things = if count == 1 { "one thing".to_owned() } else { format!("{count} things") };
            progress.say(&format!("removing {things} that checks have left in the cloud"));
            progress.work("cleaning up");
        }
        let work = async {
            match self {
                Self::Cloud(cloud, journal) => match openstack::cleanup(cloud, journal).await {
                    Ok(cleaned) => told(&cleaned),
                    // It is the other run's, and this one has made nothing without it.
                    Err(CleanupError::Journal(JournalError::InUse { .. })) => Vec::new(),
                    Err(CleanupError::Journal(error)) => {
                        vec![format!("what checks have left earlier is still there: {error}; {}", error.remedy())]
                    }
                    Err(error) => vec![format!("not everything was removed: {error}: {LATER}")],
                },
                // A run that came to its end has removed everything itself.
                Self::Cluster(cluster, options) if stopped => match kubernetes::leave(cluster, wanted, options).await {
                    Ok(()) => Vec::new(),
                    Err(why) => vec![format!("not everything was removed: {why}: {LATER}")],
                },
                Self::Cluster(..) => Vec::new(),
            }
        };
        let told = tokio::select! {
            told = tokio::time::timeout(CLEANUP_TIME, work) => {
                told.unwrap_or_else(|_| vec![format!("cleaning up did not end in time: {LATER}")])
            }
            () = stop => vec![format!("cleaning up was stopped: {LATER}")],
        };
        for line in &told {
            progress.say(line);
        }
        told
    }

    /// What stands in the file about the cloud and is not read, with its place: a slip of the pen, perhaps.
    pub(super) fn ignored(&self) -> &[String] {
        match self {
            Self::Cloud(cloud, _) => &cloud.config().ignored,
            Self::Cluster(..) => &[],
        }
    }

    /// Removes what attempts of domain managers have left that were cut off.
    pub(super) async fn clean_domains(&self, path: &Path, progress: &Progress) -> Vec<String> {
        let Self::Cloud(cloud, _) = self else { return Vec::new() };
        progress.work("cleaning up");
        let told = match openstack::clean_domains(cloud, path).await {
            Ok(cleaned) => told(&cleaned),
            Err(why) => vec![format!("what was made in domains may still be there: {why}: {LATER}")],
        };
        for line in &told {
            progress.say(line);
        }
        told
    }

    /// Requests that were sent.
    pub(super) fn requests(&self) -> u64 {
        match self {
            Self::Cloud(cloud, _) => cloud.calls().total(),
            Self::Cluster(cluster, _) => cluster.requests(),
        }
    }

    /// The scope's variables, as a report has them.
    pub(super) fn assignment(&self, asked: &CheckCloud) -> BTreeMap<String, String> {
        match self {
            Self::Cloud(..) => BTreeMap::from([("os_cloud".to_owned(), asked.name.clone())]),
            Self::Cluster(cluster, _) => BTreeMap::from([
                ("kubeconfig".to_owned(), cluster.kubeconfig.display().to_string()),
                ("subject_root".to_owned(), asked.results.display().to_string()),
            ]),
        }
    }
}

/// The cloud of this name.
pub(super) fn cloud(name: &str) -> Result<Cloud, Failure> {
    let failed = |error: &(dyn std::error::Error + 'static)| {
        Failure::new(Exit::Usage, chain(error))
            .advice("Put it right in clouds.yaml; docs/reference/conformance.md says what is read.")
    };
    let config = Config::load(Some(name), &Environment::of_process()).map_err(|error| failed(&error))?;
    Cloud::new(config, Limits::default(), Clock::system()).map_err(|error| failed(&error))
}

/// What cleaning up did, a line for each thing.
fn told(cleaned: &Cleaned) -> Vec<String> {
    let removed = cleaned.removed.iter().map(|thing| format!("removed the {thing}"));
    let absent = cleaned.absent.iter().map(|thing| format!("the {thing} is not there any more"));
    let left = cleaned.left.iter().map(|(thing, reason)| format!("the {thing} is still there: {reason}"));
    let damaged = (cleaned.damaged > 0).then(|| format!("{} lines of the journal cannot be read", cleaned.damaged));
    removed.chain(absent).chain(left).chain(damaged).collect()
}

/// Names of clouds that a check left something in, as [`journal`] wrote them into names of files.
fn noted() -> Result<Vec<String>, Failure> {
    let Ok(entries) = std::fs::read_dir(journals()?) else { return Ok(Vec::new()) };
    let names = entries.filter_map(|entry| plain(entry.ok()?.file_name().to_str()?.strip_suffix(".journal")?));
    let mut names: Vec<String> = names.collect();
    names.sort();
    Ok(names)
}

/// The name of a cloud that was written into the name of a file.
fn plain(mut rest: &str) -> Option<String> {
    let mut bytes = Vec::new();
    while let Some(first) = rest.bytes().next() {
        let length = if first == b'%' { 3 } else { 1 };
        bytes.push(if first == b'%' { u8::from_str_radix(rest.get(1..3)?, 16).ok()? } else { first });
        rest = rest.get(length..)?;
    }
    String::from_utf8(bytes).ok()
}

/// The cluster of these arguments.
async fn cluster(arguments: &ClusterArguments) -> Result<Cluster, Failure> {
    let path = kubeconfig(arguments)?;
    let config = Kubeconfig::read(&path, arguments.context.as_deref()).map_err(|error| match error {
        KubeconfigError::Unreadable { path, source } => {
            Failure::new(Exit::Usage, format!("reading {}: {source}", path.display()))
                .advice("Name a file that this user may read with --kubeconfig FILE.")
        }
        KubeconfigError::Malformed { .. } => Failure::new(Exit::Usage, error.to_string())
            .advice("Put the file right; `kubectl config view` reads it too."),
    })?;
    Cluster::new(config, &path).await.map_err(|error| {
        Failure::new(Exit::Usage, format!("{}: {error}", path.display()))
            .advice("Put the file right, or get a fresh one.")
    })
}

fn kubeconfig(arguments: &ClusterArguments) -> Result<PathBuf, Failure> {
    if let Some(path) = &arguments.kubeconfig {
        return Ok(path.clone());
    }
    if let Some(listed) = std::env::var_os("KUBECONFIG").filter(|listed| !listed.is_empty()) {
        // Several files would be merged; which of them decides is more than a check should guess.
        let mut paths = std::env::split_paths(&listed);
        return match (paths.next(), paths.next()) {
            (Some(path), None) => Ok(path),
            _ => {
                Err(Failure::new(Exit::Usage, "KUBECONFIG names several files")
                    .advice("Name one with --kubeconfig FILE."))
            }
        };
    }
    std::env::home_dir()
        .map(|home| home.join(".kube/config"))
        .ok_or_else(|| Failure::new(Exit::Usage, "there is no kubeconfig").advice("Name one with --kubeconfig FILE."))
}

/// Where a check notes what it makes in a cloud of this name.
pub(super) fn journal(name: &str) -> Result<PathBuf, Failure> {
    // Whatever a cloud is called, its file stays in the folder.
    let safe: String = name
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-_".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02x}")
            }
        })
        .collect();
    Ok(journals()?.join(format!("{}.journal", safe.chars().take(200).collect::<String>())))
}

/// The folder of journals.
fn journals() -> Result<PathBuf, Failure> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let state = state.or_else(|| std::env::home_dir().map(|home| home.join(".local/state")));
    state.map(|state| state.join("stoa/check")).ok_or_else(|| {
        Failure::new(Exit::Usage, "there is no folder to note down what a check makes")
            .advice("Set XDG_STATE_HOME to a folder that can be written to.")
    })
}

/// `stoa check cleanup`.
pub(super) async fn cleanup(asked: CheckCleanup, console: &Console) -> Result<Exit, Failure> {
    if asked.cluster.kubeconfig.is_some() || asked.cluster.context.is_some() {
        let cluster = cluster(&asked.cluster).await?;
        let removed = kubernetes::cleanup(&cluster).await.map_err(|error| {
            Failure::new(Exit::Failed, error.to_string()).advice("Try again when the cluster answers.")
        })?;
        for name in &removed {
            console.out(format!("removed the namespace {name}")).await?;
        }
        kubernetes::remove_sonobuoy(&cluster.kubeconfig, None::<&Path>)
            .await
            .map_err(|error| Failure::new(Exit::Failed, error))?;
        if removed.is_empty() {
            console.out("nothing was left").await?;
        }
        return Ok(Exit::Done);
    }
    let names = match asked.cloud {
        Some(name) => vec![name],
        None => noted()?,
    };
    let (mut is_clean, mut has_said, mut failed) = (true, false, None);
    for name in names {
        let cleaned = match clean(&name, asked.domain_config.as_deref()).await {
            Ok(cleaned) => cleaned,
            // The others are cleaned up all the same; the last failure ends the program.
            Err(failure) => {
                if let Some(earlier) = failed.replace(failure) {
                    console.note(earlier.to_string()).await?;
                }
                continue;
            }
        };
        is_clean &= cleaned.left.is_empty();
        for line in told(&cleaned) {
            has_said = true;
            console.out(format!("{name}: {line}")).await?;
        }
    }
    match failed {
        Some(failure) => return Err(failure),
        None if !has_said => console.out("nothing was left").await?,
        None => {}
    }
    Ok(if is_clean { Exit::Done } else { Exit::Failed })
}

async fn clean(name: &str, domains: Option<&Path>) -> Result<Cleaned, Failure> {
    let cloud = cloud(name)?;
    let mut cleaned = openstack::cleanup(&cloud, &journal(name)?).await.map_err(|error| {
        let advice = match &error {
            CleanupError::Journal(error) => error.remedy().to_owned(),
            CleanupError::Cloud(error) => error.remedy(),
        };
        Failure::new(Exit::Failed, format!("{name}: {error}")).advice(sentence(&advice))
    })?;
    if let Some(path) = domains {
        openstack::check_domain_config(path)
            .map_err(|reason| Failure::new(Exit::Usage, reason).advice("Give the file that the check was given."))?;
        let of_domains = openstack::clean_domains(&cloud, path).await.map_err(|reason| {
            Failure::new(Exit::Failed, format!("{name}: {reason}"))
                .advice("See that both managers can log in, then try again.")
        })?;
        cleaned.removed.extend(of_domains.removed);
        cleaned.left.extend(of_domains.left);
    }
    Ok(cleaned)
}

/// A remedy as a sentence.
pub(super) fn sentence(remedy: &str) -> String {
    let mut letters = remedy.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
