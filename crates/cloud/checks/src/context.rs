//! What every check is told about the run that it is a part of.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use stoa_core::{Clock, Date};
use stoa_standards::verdict::Reading;

/// What every check is told about the run that it is a part of.
#[derive(Debug, Clone)]
pub struct Context {
    /// Whose reading decides where the published suite does not do what the standards say.
    pub reading: Reading,
    /// The present, for ages and limits.
    pub clock: Clock,
    /// The day that rules with dates hold as today: that of the run, also when versions of another day are tested.
    pub today: Date,
    /// The file in which everything is noted that a check makes in a cloud, before it makes it.
    pub journal: PathBuf,
    /// Variables of the scope as they were set: `os_cloud`, `kubeconfig`.
    pub variables: BTreeMap<String, String>,
    /// Where steps that take long are told.
    pub progress: Progress,
}

/// Where steps that take long are told. Clones tell the same listener.
#[derive(Clone)]
pub struct Progress(Arc<Listener>);

type Listener = dyn Fn(&'static str, &str) + Send + Sync;

impl Progress {
    /// Tells a listener the group's name and the step.
    pub fn new(listener: impl Fn(&'static str, &str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(listener))
    }

    /// Tells nobody.
    pub fn silent() -> Self {
        Self::new(|_, _| {})
    }

    /// Tells what a group does now: `waiting for the console of the server`.
    pub fn step(&self, group: &'static str, text: &str) {
        (self.0)(group, text);
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}
