//! What is asked, and who keeps it: by version, by standard, by test case.

use serde::Serialize;
use stoa_core::Instant;
use stoa_standards::scope::{MAIN, Module, TestCase, Validity, Version};
use uuid::Uuid;

use super::{Board, Entry};
use crate::error::MonitorError;
use crate::model::scopes::Known;
use crate::model::standing::{Case, State};

/// How a subject stands to something that is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    /// The subject.
    pub subject: String,
    /// Its state.
    pub state: State,
    /// When the newest result was found.
    pub checked_at: Option<Instant>,
}

/// A standard as a scope takes it in, and where it does.
#[derive(Debug, Clone)]
pub struct Standard<'b> {
    /// The module.
    pub module: &'b Module,
    /// The versions that include it, with what each counts for today.
    pub versions: Vec<(&'b Version, Validity)>,
}

/// A test case, and who asks for it.
#[derive(Debug, Clone)]
pub struct Asked<'b> {
    /// The test case.
    pub test_case: &'b TestCase,
    /// The versions that ask for it, with the target for which they do, and what each counts for today.
    pub versions: Vec<(&'b Version, &'b str, Validity)>,
    /// The standards that it belongs to.
    pub modules: Vec<&'b Module>,
}

impl Board {
    /// The subjects of the public table that have results under a scope, in its order.
    fn tested(&self, scope: Uuid) -> impl Iterator<Item = (&str, &Entry)> {
        let subjects = self.rows.iter().flat_map(|row| &row.subjects);
        subjects.filter_map(move |subject| Some((subject.as_str(), &**self.entry(subject, scope)?)))
    }

    /// A version of a scope.
    pub fn version<'b>(&self, known: &'b Known, name: &str) -> Result<(&'b Version, Validity), MonitorError> {
        let version = known.scope.version(name).ok_or_else(|| MonitorError::VersionNotFound(name.to_owned()))?;
        Ok((version, known.scope.timeline.validity(&version.name, self.date)))
    }

    /// How subjects stand to a version; none where it counts for nothing today.
    pub fn under_version(&self, known: &Known, name: &str) -> Vec<Kept> {
        let under = |(subject, entry): (&str, &Entry)| {
            let version = entry.standing.version(name)?;
            let checked_at = entry.standing.checked_at;
            Some(Kept { subject: subject.to_owned(), state: version.state, checked_at })
        };
        self.tested(known.scope.uuid).filter_map(under).collect()
    }

    /// A standard of a scope.
    pub fn standard<'b>(&self, known: &'b Known, id: &str) -> Result<Standard<'b>, MonitorError> {
        let module = known.scope.module(id).ok_or_else(|| MonitorError::StandardNotFound(id.to_owned()))?;
        let includes = |version: &&Version| version.includes.iter().any(|include| include.module == module.id);
        let validity = |version: &Version| known.scope.timeline.validity(&version.name, self.date);
        let versions = known.scope.versions.iter().filter(includes).map(|version| (version, validity(version)));
        Ok(Standard { module, versions: versions.collect() })
    }

    /// How subjects stand to a standard, by what it asks for the target `main`.
    pub fn under_standard(&self, known: &Known, module: &Module) -> Vec<Kept> {
        let main = module.targets.get(MAIN).map(Vec::as_slice).unwrap_or_default();
        let under = |(subject, entry): (&str, &Entry)| {
            let checked = main.iter().filter_map(|id| Some(entry.standing.cases.get(id)?.latest?.checked_at));
            Kept {
                subject: subject.to_owned(),
                state: entry.standing.of_cases(main.iter().map(String::as_str)),
                checked_at: checked.max(),
            }
        };
        self.tested(known.scope.uuid).map(under).collect()
    }

    /// A test case of a scope.
    pub fn test_case<'b>(&self, known: &'b Known, id: &str) -> Result<Asked<'b>, MonitorError> {
        let scope = &known.scope;
        let test_case = scope.test_case(id).ok_or_else(|| MonitorError::TestCaseNotFound(id.to_owned()))?;
        let versions = scope.versions.iter().filter_map(|version| {
            let (target, _) = version.targets.iter().find(|(_, ids)| ids.contains(&test_case.id))?;
            Some((version, target.as_str(), scope.timeline.validity(&version.name, self.date)))
        });
        let has = |module: &&Module| module.targets.values().any(|ids| ids.contains(&test_case.id));
        Ok(Asked { test_case, versions: versions.collect(), modules: scope.modules.iter().filter(has).collect() })
    }

    /// What is known of a test case of each subject that has results under the scope.
    pub fn under_test_case(&self, known: &Known, id: &str) -> Vec<(String, Case)> {
        let under =
            |(subject, entry): (&str, &Entry)| Some((subject.to_owned(), entry.standing.cases.get(id).copied()?));
        let mut found: Vec<(String, Case)> = self.tested(known.scope.uuid).filter_map(under).collect();
        found.sort_by_key(|(_, case)| case.state);
        found
    }
}
