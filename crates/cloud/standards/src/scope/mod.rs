//! Scopes: what a certificate "SCS-compatible" is about, as versions made of modules made of test cases
//! (scs-0003-v1, scs-0500).
//!
//! A scope is resolved when it is read: each version knows its test cases, no name leads nowhere, none is there twice.
//! Which versions count on a day is the [`Timeline`]'s to say, how long a result counts the [`Lifetime`]'s.

mod built_in;
mod lifetime;
mod names;
mod published;
mod selection;
mod timeline;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use stoa_core::Date;
use uuid::Uuid;

pub use built_in::{built_in, find as find_built_in};
pub use lifetime::Lifetime;
pub use published::{read, write};
pub use selection::{Selected, Selection, SelectionError};
pub use timeline::{Timeline, TimelineEntry, Validity};

/// The target whose test cases decide about a certificate.
pub const MAIN: &str = "main";

/// A scope, resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Scope {
    /// What identifies it through all its versions.
    pub uuid: Uuid,
    /// Its title.
    pub name: String,
    /// Where its published description lies.
    pub url: String,
    /// What a run must be told, such as the name of the cloud.
    pub variables: Vec<Variable>,
    /// Every test case, also those that no version asks for.
    pub test_cases: Vec<TestCase>,
    /// Every module, also those that no version includes.
    pub modules: Vec<Module>,
    /// Every version in the order of the document, which is newest first.
    pub versions: Vec<Version>,
    /// When which version counts for what.
    pub timeline: Timeline,
}

/// Something that a run must be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// What holds when nothing is said; without it a run must say something.
    pub default: Option<String>,
}

/// Who finds out about a test case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Automation {
    /// A program.
    Automated,
    /// People, who read documents.
    Manual,
}

/// A bundle of propositions that are tested and reported together (scs-0003-v2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TestCase {
    /// Its name within the scope: `scs-0100-syntax-check`.
    pub id: String,
    /// Who finds out.
    pub automation: Automation,
    /// How long a result counts.
    pub lifetime: Lifetime,
    /// A tag by which runs are chosen, such as `light` or `heavy`.
    pub section: Option<String>,
    /// What it finds out.
    pub description: String,
    /// Where it is described.
    pub url: String,
}

/// A standard in the form in which versions take it in: test cases by target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Module {
    /// Its name within the scope: `scs-0100-v3.1`.
    pub id: String,
    /// Its title.
    pub name: String,
    /// Where it is described.
    pub url: String,
    /// Parameters that an include may set, and what they mean.
    pub parameters: BTreeMap<String, String>,
    /// Names of test cases by target (`main`, `recommended`, `preview`).
    pub targets: BTreeMap<String, Vec<String>>,
}

/// One module of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Include {
    /// The module's name.
    pub module: String,
    /// Its parameters.
    pub parameters: BTreeMap<String, String>,
}

/// A version of a scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Version {
    /// Its name: `v5.1`.
    pub name: String,
    /// Since when its text is frozen.
    pub stabilized_at: Option<Date>,
    /// Its modules.
    pub includes: Vec<Include>,
    /// Names of test cases by target: all that its modules have for that target.
    pub targets: BTreeMap<String, BTreeSet<String>>,
}

impl Version {
    /// The test cases that decide about a certificate.
    pub fn main(&self) -> impl Iterator<Item = &str> {
        self.targets.get(MAIN).into_iter().flatten().map(String::as_str)
    }

    /// The test cases of all targets, each once.
    pub fn test_cases(&self) -> BTreeSet<&str> {
        self.targets.values().flatten().map(String::as_str).collect()
    }
}

impl Scope {
    /// The version with this name.
    pub fn version(&self, name: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.name == name)
    }

    /// The module with this name.
    pub fn module(&self, id: &str) -> Option<&Module> {
        self.modules.iter().find(|module| module.id == id)
    }

    /// The test case with this name.
    pub fn test_case(&self, id: &str) -> Option<&TestCase> {
        self.test_cases.iter().find(|test_case| test_case.id == id)
    }

    /// The versions that the timeline names on a day, in the scope's order, each with what it counts for.
    pub fn versions_on(&self, date: Date) -> Vec<(&Version, Validity)> {
        let named = |version: &Version| self.timeline.named(&version.name, date);
        self.versions.iter().filter_map(|version| Some((version, named(version)?))).collect()
    }

    /// How many frozen versions have a test case in target `main`: failing one of those endangers a certificate,
    /// failing any other does not.
    pub fn attention(&self, test_case: &str) -> usize {
        let frozen = self.versions.iter().filter(|version| version.stabilized_at.is_some());
        frozen.filter(|version| version.main().any(|id| id == test_case)).count()
    }

    /// Works out the test cases of each version from its modules.
    fn resolved(mut self) -> Self {
        for version in &mut self.versions {
            let mut targets: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for include in &version.includes {
                let module = self.modules.iter().find(|module| module.id == include.module);
                for (target, ids) in module.into_iter().flat_map(|module| &module.targets) {
                    targets.entry(target.clone()).or_default().extend(ids.iter().cloned());
                }
            }
            version.targets = targets;
        }
        self
    }
}
