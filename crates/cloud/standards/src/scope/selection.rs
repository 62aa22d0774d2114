//! What a run is to find out: which versions are asked for on a day, and which of their test cases.

use std::collections::BTreeSet;
use std::fmt;

use stoa_core::Date;

use super::{Automation, Scope, TestCase, Validity, Version};
use crate::tree::shortened;

/// What is asked for. Without version and filters: everything that the timeline names on the day, drafts included.
#[derive(Clone, Copy)]
pub struct Selection<'a> {
    /// The day whose timeline entry holds.
    pub date: Date,
    /// This version alone, whatever the timeline says of it.
    pub version: Option<&'a str>,
    /// Only test cases of these sections; a test case without a section is in none.
    pub sections: Option<&'a [String]>,
    /// Only test cases whose name this takes.
    pub names: Option<&'a dyn Fn(&str) -> bool>,
}

impl fmt::Debug for Selection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Selection");
        shown.field("date", &self.date).field("version", &self.version).field("sections", &self.sections);
        shown.field("names", &self.names.is_some()).finish()
    }
}

/// What was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected<'a> {
    /// The versions, in the scope's order.
    pub versions: Vec<(&'a Version, Validity)>,
    /// Test cases for programs, in the scope's order, each once.
    pub automated: Vec<&'a TestCase>,
    /// Test cases for people.
    pub manual: Vec<&'a TestCase>,
}

/// Why nothing can be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// No version has this name.
    #[error("{scope} has no version `{name}`; it has {}", .known.join(", "))]
    UnknownVersion {
        /// The scope's title.
        scope: String,
        /// The name as given.
        name: String,
        /// Those that it has.
        known: Vec<String>,
    },
    /// The day lies before the timeline begins, or the entry in force names nothing.
    #[error("{scope} has no version on {date}")]
    NoVersion {
        /// The scope's title.
        scope: String,
        /// The day.
        date: Date,
    },
    /// The filters leave nothing: a run of nothing must not look like success.
    #[error("no test case of {scope} is left: {reason}")]
    Nothing {
        /// The scope's title.
        scope: String,
        /// What leaves nothing, and what there would be.
        reason: String,
    },
}

impl Scope {
    /// Chooses versions and test cases.
    pub fn select(&self, selection: &Selection<'_>) -> Result<Selected<'_>, SelectionError> {
        let versions = self.chosen_versions(selection)?;
        let wanted: BTreeSet<&str> = versions.iter().flat_map(|(version, _)| version.test_cases()).collect();
        let of_versions = self.test_cases.iter().filter(|test_case| wanted.contains(test_case.id.as_str()));
        let in_section = |test_case: &TestCase| match selection.sections {
            None => true,
            Some(sections) => test_case.section.as_ref().is_some_and(|section| sections.contains(section)),
        };
        let named = |test_case: &TestCase| selection.names.is_none_or(|names| names(&test_case.id));
        let left: Vec<&TestCase> = of_versions.clone().filter(|case| in_section(case) && named(case)).collect();
        if left.is_empty() {
            return Err(self.nothing(selection, of_versions));
        }
        let (automated, manual) = left.into_iter().partition(|test_case| test_case.automation == Automation::Automated);
        Ok(Selected { versions, automated, manual })
    }

    fn chosen_versions(&self, selection: &Selection<'_>) -> Result<Vec<(&Version, Validity)>, SelectionError> {
        let scope = self.name.clone();
        if let Some(name) = selection.version {
            let version = self.version(name).ok_or_else(|| SelectionError::UnknownVersion {
                scope,
                name: shortened(name),
                known: self.versions.iter().map(|version| version.name.clone()).collect(),
            })?;
            return Ok(vec![(version, self.timeline.validity(name, selection.date))]);
        }
        let versions = self.versions_on(selection.date);
        if versions.is_empty() { Err(SelectionError::NoVersion { scope, date: selection.date }) } else { Ok(versions) }
    }

    fn nothing<'a>(&self, selection: &Selection<'_>, cases: impl Iterator<Item = &'a TestCase>) -> SelectionError {
        let sections: BTreeSet<&str> = cases.filter_map(|test_case| test_case.section.as_deref()).collect();
        let reason = match selection.sections {
            Some(wanted) if sections.is_empty() => {
                format!("none has a section, so none is in {}", shortened(&wanted.join(", ")))
            }
            Some(wanted) => {
                let there = sections.into_iter().collect::<Vec<_>>().join(", ");
                format!("sections {} were asked for, there are {there}", shortened(&wanted.join(", ")))
            }
            None if selection.names.is_some() => "no name matches".to_owned(),
            None => "the versions have no test cases".to_owned(),
        };
        SelectionError::Nothing { scope: self.name.clone(), reason }
    }
}
