//! The scopes that come with the library, in a format of our own: what the published descriptions say, without saying
//! it thirty times. Test cases of one kind are one series.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use stoa_core::Date;
use uuid::Uuid;

use super::{Automation, Include, Lifetime, Module, Scope, TestCase, Timeline, TimelineEntry, Variable, Version};
use crate::document::ADDRESS;

static BUILT_IN: LazyLock<[(&str, Scope); 2]> = LazyLock::new(|| {
    [("scs-compatible-iaas", read(include_str!("iaas.toml"))), ("scs-compatible-kaas", read(include_str!("kaas.toml")))]
});

/// The scopes that come with the library, each with its short name (`scs-compatible-iaas`).
pub fn built_in() -> impl Iterator<Item = (&'static str, &'static Scope)> {
    BUILT_IN.iter().map(|(name, scope)| (*name, scope))
}

/// The scope with this name, whole (`scs-compatible-iaas`), in short (`iaas`), or by its UUID.
pub fn find(name: &str) -> Option<&'static Scope> {
    let is_meant = |known: &str, scope: &Scope| {
        known == name || known.strip_prefix("scs-compatible-") == Some(name) || name.parse() == Ok(scope.uuid)
    };
    built_in().find(|(known, scope)| is_meant(known, scope)).map(|(_, scope)| scope)
}

#[expect(clippy::expect_used, reason = "the text is part of the program, and a test reads it")]
fn read(text: &str) -> Scope {
    let file: File = toml::from_str(text).expect("a built-in scope is well formed");
    file.into_scope()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    uuid: Uuid,
    url: String,
    variables: Vec<FileVariable>,
    test_cases: Vec<Group>,
    modules: Vec<FileModule>,
    versions: Vec<FileVersion>,
    timeline: Vec<TimelineEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileVariable {
    name: String,
    default: Option<String>,
}

/// Test cases that one document describes: some by name with what they find out, or a series, or both.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    document: String,
    #[serde(default)]
    manual: bool,
    #[serde(default)]
    lifetime: Lifetime,
    section: Option<String>,
    #[serde(default)]
    cases: Vec<(String, String)>,
    #[serde(default)]
    series: Vec<Series>,
}

/// Test cases whose names and descriptions differ in one word, which stands for `{}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Series {
    name: String,
    description: String,
    words: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileModule {
    id: String,
    name: String,
    document: String,
    #[serde(default)]
    parameters: BTreeMap<String, String>,
    #[serde(default)]
    targets: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileVersion {
    name: String,
    stabilized_at: Option<Date>,
    modules: Vec<String>,
    /// Parameters of modules, by module.
    #[serde(default)]
    parameters: BTreeMap<String, BTreeMap<String, String>>,
}

impl File {
    fn into_scope(self) -> Scope {
        let variables = self.variables.into_iter().map(|FileVariable { name, default }| Variable { name, default });
        Scope {
            uuid: self.uuid,
            name: self.name,
            url: self.url,
            variables: variables.collect(),
            test_cases: self.test_cases.into_iter().flat_map(Group::into_test_cases).collect(),
            modules: self.modules.into_iter().map(FileModule::into_module).collect(),
            versions: self.versions.into_iter().map(FileVersion::into_version).collect(),
            timeline: Timeline::new(self.timeline),
        }
        .resolved()
    }
}

impl Group {
    fn into_test_cases(self) -> Vec<TestCase> {
        let Self { document, manual, lifetime, section, cases, series } = self;
        let in_series = series.into_iter().flat_map(|Series { name, description, words }| {
            words.into_iter().map(move |word| (name.replace("{}", &word), description.replace("{}", &word)))
        });
        let whole = |(id, description)| TestCase {
            id,
            automation: if manual { Automation::Manual } else { Automation::Automated },
            lifetime,
            section: section.clone(),
            description,
            url: format!("{ADDRESS}{document}"),
        };
        cases.into_iter().chain(in_series).map(whole).collect()
    }
}

impl FileModule {
    fn into_module(self) -> Module {
        let Self { id, name, document, parameters, targets } = self;
        Module { id, name, url: format!("{ADDRESS}{document}"), parameters, targets }
    }
}

impl FileVersion {
    fn into_version(self) -> Version {
        let Self { name, stabilized_at, modules, mut parameters } = self;
        let includes = modules
            .into_iter()
            .map(|module| Include { parameters: parameters.remove(&module).unwrap_or_default(), module })
            .collect();
        Version { name, stabilized_at, includes, targets: BTreeMap::new() }
    }
}
