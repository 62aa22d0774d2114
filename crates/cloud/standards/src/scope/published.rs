//! The published format of scopes: YAML of scs-0003-v1.
//!
//! How the published suite runs its scripts (`executable`, `args`, `env`) is checked for its form and left out: Stoa runs
//! its own checks by the names of test cases. A script without an executable bundles test cases for people.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::names::{Names, Thing};
use super::{
    Automation, Include, Lifetime, Module, Scope, TestCase, Timeline, TimelineEntry, Validity, Variable, Version,
};
use crate::tree::{Cursor, Faults, ReadError, parse_yaml};

/// Reads a scope. Everything that is wrong is told at once, with its line: unknown keys, wrong types, names that are
/// given twice or lead nowhere.
pub fn read(text: &str) -> Result<Scope, ReadError> {
    let documents = parse_yaml(text)?;
    let [document] = documents.as_slice() else {
        return Err(ReadError::at(0, "", format!("expected one document, found {}", documents.len())));
    };
    let faults = Faults::default();
    let mut names = Names::default();
    let scope = scope(Cursor::new(document, &faults), &mut names);
    names.check(&faults);
    faults.done(scope).map(Scope::resolved)
}

/// What stands for the program that finds out about a test case: how that is run is no part of a scope here.
const EXECUTABLE: &str = "stoa";

/// Writes a scope in the published format, as JSON, which is YAML too: [`read`] gives the same scope again.
pub fn write(scope: &Scope) -> String {
    let mut scripts: Vec<(Automation, Vec<Value>)> = Vec::new();
    for case in &scope.test_cases {
        let mut written = json!({"id": case.id, "lifetime": case.lifetime, "description": case.description,
            "url": case.url});
        if let (Some(section), Some(fields)) = (&case.section, written.as_object_mut()) {
            fields.insert("section".to_owned(), section.clone().into());
        }
        match scripts.last_mut() {
            // The order of test cases stays.
            Some((automation, cases)) if *automation == case.automation => cases.push(written),
            _ => scripts.push((case.automation, vec![written])),
        }
    }
    let scripts: Vec<Value> = scripts
        .into_iter()
        .map(|(automation, cases)| match automation {
            Automation::Automated => json!({"executable": EXECUTABLE, "testcases": cases}),
            Automation::Manual => json!({"testcases": cases}),
        })
        .collect();
    let variables: Vec<Value> = scope
        .variables
        .iter()
        .map(|variable| match &variable.default {
            Some(default) => Value::Object(Map::from_iter([(variable.name.clone(), default.clone().into())])),
            None => variable.name.clone().into(),
        })
        .collect();
    let modules: Vec<Value> = scope
        .modules
        .iter()
        .map(|module| {
            json!({"id": module.id, "name": module.name, "url": module.url, "parameters": module.parameters,
                "targets": module.targets})
        })
        .collect();
    let versions: Vec<Value> = scope
        .versions
        .iter()
        .map(|version| {
            let include: Vec<Value> = version
                .includes
                .iter()
                .map(|include| json!({"ref": include.module, "parameters": include.parameters}))
                .collect();
            let mut written = json!({"version": version.name, "include": include});
            if let (Some(day), Some(fields)) = (version.stabilized_at, written.as_object_mut()) {
                fields.insert("stabilized_at".to_owned(), day.to_string().into());
            }
            written
        })
        .collect();
    let document = json!({"uuid": scope.uuid, "name": scope.name, "url": scope.url, "variables": variables,
        "scripts": scripts, "modules": modules, "versions": versions, "timeline": scope.timeline});
    document.to_string()
}

fn scope(place: Cursor<'_>, names: &mut Names) -> Scope {
    let fields = place.fields(&[
        "uuid",
        "name",
        "url",
        "versions",
        "prerequisite",
        "variables",
        "scripts",
        "modules",
        "timeline",
    ]);
    if let Some(prerequisite) = fields.optional("prerequisite") {
        let fields = prerequisite.fields(&["name", "url"]);
        fields.required("name").text();
    }
    let timeline = fields.required("timeline").items().into_iter().map(|entry| timeline_entry(entry, names)).collect();
    Scope {
        uuid: fields.required("uuid").parsed("a UUID").unwrap_or_default(),
        name: fields.required("name").text(),
        url: fields.text_or_empty("url"),
        variables: fields.items("variables").into_iter().filter_map(|place| variable(&place)).collect(),
        test_cases: fields.items("scripts").into_iter().flat_map(|place| script(place, names)).collect(),
        modules: fields.required("modules").items().into_iter().map(|place| module(place, names)).collect(),
        versions: fields.required("versions").items().into_iter().map(|place| version(place, names)).collect(),
        timeline: Timeline::new(timeline),
    }
}

/// A name, or a map of one name to its default.
fn variable(place: &Cursor<'_>) -> Option<Variable> {
    if !place.is_map() {
        return Some(Variable { name: place.text(), default: None });
    }
    match place.entries().as_slice() {
        [(name, default)] => Some(Variable { name: (*name).to_owned(), default: Some(default.text()) }),
        _ => {
            place.fault("expected a name, or one name with its default");
            None
        }
    }
}

fn script(place: Cursor<'_>, names: &mut Names) -> Vec<TestCase> {
    let fields = place.fields(&["executable", "env", "args", "testcases"]);
    let automation = match fields.optional("executable") {
        Some(executable) => {
            executable.text();
            Automation::Automated
        }
        None => Automation::Manual,
    };
    fields.text_or_empty("args");
    texts(fields.optional("env").as_ref());
    fields.items("testcases").into_iter().map(|place| test_case(place, automation, names)).collect()
}

fn test_case(place: Cursor<'_>, automation: Automation, names: &mut Names) -> TestCase {
    let fields = place.fields(&["id", "lifetime", "section", "description", "url"]);
    TestCase {
        id: names.give(Thing::TestCase, &fields.required("id")),
        automation,
        lifetime: fields
            .optional("lifetime")
            .and_then(|place| place.parsed("day, week, month, quarter or year"))
            .unwrap_or(Lifetime::Week),
        section: fields.optional("section").map(|place| place.text()),
        description: fields.text_or_empty("description"),
        url: fields.text_or_empty("url"),
    }
}

fn module(place: Cursor<'_>, names: &mut Names) -> Module {
    let fields = place.fields(&["id", "name", "url", "parameters", "targets"]);
    let id = names.give(Thing::Module, &fields.required("id"));
    let mut targets = BTreeMap::new();
    for (target, ids) in fields.optional("targets").iter().flat_map(Cursor::entries) {
        let ids = ids.items().into_iter().map(|place| names.refer(Thing::TestCase, &place)).collect();
        targets.insert(target.to_owned(), ids);
    }
    Module {
        id,
        name: fields.text_or_empty("name"),
        url: fields.text_or_empty("url"),
        parameters: texts(fields.optional("parameters").as_ref()),
        targets,
    }
}

fn version(place: Cursor<'_>, names: &mut Names) -> Version {
    let fields = place.fields(&["version", "include", "stabilized_at"]);
    Version {
        name: names.give(Thing::Version, &fields.required("version")),
        stabilized_at: fields.optional("stabilized_at").and_then(|place| place.parsed("a date such as 2026-11-24")),
        includes: fields.required("include").items().into_iter().map(|place| include(place, names)).collect(),
        targets: BTreeMap::new(),
    }
}

/// A module's name, or its name with parameters.
fn include(place: Cursor<'_>, names: &mut Names) -> Include {
    if !place.is_map() {
        return Include { module: names.refer(Thing::Module, &place), parameters: BTreeMap::new() };
    }
    let fields = place.fields(&["ref", "parameters"]);
    Include {
        module: names.refer(Thing::Module, &fields.required("ref")),
        parameters: texts(fields.optional("parameters").as_ref()),
    }
}

fn timeline_entry(place: Cursor<'_>, names: &mut Names) -> TimelineEntry {
    let fields = place.fields(&["date", "versions"]);
    let mut versions = BTreeMap::new();
    for (name, validity) in fields.required("versions").entries() {
        names.refer_by_key(Thing::Version, name, &validity);
        let validity = validity.parsed("effective, warn, draft or deprecated").unwrap_or(Validity::Deprecated);
        versions.insert(name.to_owned(), validity);
    }
    let date = fields.required("date");
    names.give(Thing::Day, &date);
    let date = date.parsed("a date such as 2026-11-24");
    TimelineEntry { date: date.unwrap_or_else(|| stoa_core::Instant::EPOCH.date()), versions }
}

/// A map of texts.
fn texts(place: Option<&Cursor<'_>>) -> BTreeMap<String, String> {
    let entries = place.into_iter().flat_map(Cursor::entries);
    entries.map(|(key, value)| (key.to_owned(), value.text())).collect()
}
