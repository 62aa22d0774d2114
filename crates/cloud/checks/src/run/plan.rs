//! What a run is to find out, and what its answers are held against.

use std::collections::BTreeSet;

use regex::Regex;
use stoa_core::Date;
use stoa_standards::scope::{self, Automation, Scope, Selection, SelectionError, TestCase, Validity, Version};

use crate::beyond::{BEYOND, Beyond};

/// Bytes of a pattern for names at most.
const PATTERN_BYTES_MAX: usize = 1000;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct PlanRequest {
    /// The day whose timeline entry holds.
    pub date: Date,
    /// This version alone.
    pub version: Option<String>,
    /// Only test cases of these sections.
    pub sections: Option<Vec<String>>,
    /// Only test cases whose names this takes, see [`anchored`].
    pub tests: Option<Regex>,
    /// Also what no version asks for: recommended test cases, and [`BEYOND`].
    pub beyond: bool,
}

/// What a run is to find out.
#[derive(Debug, Clone)]
pub struct Plan<'s> {
    /// The scope.
    pub scope: &'s Scope,
    /// The day whose timeline entry holds.
    pub date: Date,
    /// The versions, in the scope's order, with what they count for on the day.
    pub versions: Vec<(&'s Version, Validity)>,
    /// Test cases to be decided by programs.
    pub wanted: BTreeSet<String>,
    /// Those of them that no version asks for.
    pub beyond: BTreeSet<String>,
    /// Test cases that were chosen and are for people.
    pub manual: BTreeSet<String>,
    /// The version that was forced, as reports say it.
    pub forced_version: Option<String>,
    /// The pattern of names, as it was given.
    pub forced_tests: Option<String>,
    /// The sections that were chosen.
    pub sections: Option<Vec<String>>,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The selection leaves nothing, or names something that is not there.
    #[error(transparent)]
    Selection(#[from] SelectionError),
}

/// The pattern for names of test cases: it holds from the beginning of a name, not to its end, as the published suite has
/// it.
pub fn anchored(pattern: &str) -> Result<Regex, String> {
    if pattern.len() > PATTERN_BYTES_MAX {
        return Err(format!("a pattern has at most {PATTERN_BYTES_MAX} bytes"));
    }
    if pattern.is_empty() {
        return Err("the pattern is empty; leave it out to mean all test cases".to_owned());
    }
    // The pattern alone first: its mistakes are told at its own places.
    let own = |error: &regex::Error| {
        let text = error.to_string();
        let last = text.lines().last().unwrap_or("not a pattern").trim();
        last.strip_prefix("error: ").unwrap_or(last).to_owned()
    };
    Regex::new(pattern).map_err(|error| own(&error))?;
    Regex::new(&format!("^(?:{pattern})")).map_err(|error| own(&error))
}

impl<'s> Plan<'s> {
    /// Makes the plan. One that leaves nothing to be found out is refused.
    pub fn new(scope: &'s Scope, request: &PlanRequest) -> Result<Self, PlanError> {
        let takes = |id: &str| request.tests.as_ref().is_none_or(|pattern| pattern.is_match(id));
        let beyond: BTreeSet<String> = if request.beyond { further(scope, request, &takes) } else { BTreeSet::new() };
        let selection = Selection {
            date: request.date,
            version: request.version.as_deref(),
            sections: request.sections.as_deref(),
            names: request.tests.is_some().then_some(&takes),
        };
        let ids = |cases: &[&TestCase]| cases.iter().map(|case| case.id.clone()).collect::<BTreeSet<String>>();
        let (versions, automated, manual) = match scope.select(&selection) {
            Ok(selected) => (selected.versions, ids(&selected.automated), ids(&selected.manual)),
            // With what stands beyond the versions there may be something left all the same.
            Err(SelectionError::Nothing { .. }) if !beyond.is_empty() => {
                let all = Selection { sections: None, names: None, ..selection };
                (scope.select(&all)?.versions, BTreeSet::new(), BTreeSet::new())
            }
            Err(error) => return Err(error.into()),
        };
        let beyond: BTreeSet<String> = beyond.difference(&automated).cloned().collect();
        // What a program decides beyond the versions needs no people.
        let manual = manual.difference(&beyond).cloned().collect();
        Ok(Self {
            scope,
            date: request.date,
            versions,
            wanted: automated.union(&beyond).cloned().collect(),
            beyond,
            manual,
            forced_version: request.version.clone(),
            forced_tests: request.tests.as_ref().map(|pattern| plain(pattern).to_owned()),
            sections: request.sections.clone(),
        })
    }

    /// Leaves out a test case that no version asks for.
    pub fn leave_out(&mut self, id: &str) {
        if self.beyond.remove(id) {
            self.wanted.remove(id);
        }
    }

    /// What a test case finds out, in a sentence.
    pub fn description(&self, id: &str) -> &'s str {
        let of_beyond = || BEYOND.iter().find(|known| known.id == id).map(|known| known.description);
        self.scope.test_case(id).map(|case| case.description.as_str()).or_else(of_beyond).unwrap_or_default()
    }
}

/// The pattern as it was given to [`anchored`].
fn plain(pattern: &Regex) -> &str {
    let text = pattern.as_str();
    text.strip_prefix("^(?:").and_then(|rest| rest.strip_suffix(')')).unwrap_or(text)
}

/// What no version of the day asks for, though a program can find it out.
fn further(scope: &Scope, request: &PlanRequest, takes: &dyn Fn(&str) -> bool) -> BTreeSet<String> {
    let in_section = |section: Option<&String>| match &request.sections {
        None => true,
        Some(sections) => section.is_some_and(|section| sections.contains(section)),
    };
    let automated = scope.test_cases.iter().filter(|case| case.automation == Automation::Automated);
    let declared = automated.filter(|case| in_section(case.section.as_ref())).map(|case| case.id.clone());
    let own =
        BEYOND.iter().filter(|known| in_section(None) && is_beside(known, scope)).map(|known| known.id.to_owned());
    declared.chain(own).filter(|id| takes(id)).collect()
}

fn is_beside(known: &Beyond, scope: &Scope) -> bool {
    scope::find_built_in(known.scope).is_some_and(|built_in| built_in.uuid == scope.uuid)
}
