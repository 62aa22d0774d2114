//! What is tried together.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use stoa_standards::rule::Check;

/// What a group found out, by test case.
pub type Answers = BTreeMap<String, Check>;

/// Test cases that share their facts and so are tried together.
pub struct Group {
    /// Its name, as progress shows it: `images`, `entropy`.
    pub name: &'static str,
    /// What it decides. A test case that it does not answer is aborted by the runner.
    pub test_cases: BTreeSet<String>,
    /// How long it may take; then its open test cases are aborted.
    pub limit: Duration,
    /// The work: observes, judges by the rules, and answers.
    pub work: Pin<Box<dyn Future<Output = Answers> + Send>>,
}

impl Group {
    /// A group of this work.
    pub fn new(
        name: &'static str,
        test_cases: impl IntoIterator<Item = impl Into<String>>,
        limit: Duration,
        work: impl Future<Output = Answers> + Send + 'static,
    ) -> Self {
        Self { name, test_cases: test_cases.into_iter().map(Into::into).collect(), limit, work: Box::pin(work) }
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Group");
        shown.field("name", &self.name).field("test_cases", &self.test_cases).field("limit", &self.limit);
        shown.finish_non_exhaustive()
    }
}
