//! The names of a scope: each stands for one thing, and each use of one leads somewhere.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::tree::{Cursor, Faults};

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Thing {
    TestCase,
    Module,
    Version,
    Day,
}

impl Thing {
    const fn name(self) -> &'static str {
        match self {
            Self::TestCase => "test case",
            Self::Module => "module",
            Self::Version => "version",
            Self::Day => "day",
        }
    }
}

struct Mention {
    thing: Thing,
    name: String,
    line: usize,
    path: String,
}

/// Names as they were found in a document.
#[derive(Default)]
pub(super) struct Names {
    given: Vec<Mention>,
    used: Vec<Mention>,
}

impl Names {
    /// The place gives a name to something.
    pub(super) fn give(&mut self, thing: Thing, place: &Cursor<'_>) -> String {
        let name = place.text();
        self.given.extend(mention(thing, &name, place));
        name
    }

    /// The place names something.
    pub(super) fn refer(&mut self, thing: Thing, place: &Cursor<'_>) -> String {
        let name = place.text();
        self.used.extend(mention(thing, &name, place));
        name
    }

    /// The same where the name is a key and the place its value.
    pub(super) fn refer_by_key(&mut self, thing: Thing, key: &str, place: &Cursor<'_>) {
        self.used.extend(mention(thing, key, place));
    }

    /// Records what is given twice, and what is used and never given.
    pub(super) fn check(&self, faults: &Faults) {
        let mut first: HashMap<(Thing, &str), usize> = HashMap::new();
        for mention in &self.given {
            match first.entry((mention.thing, &mention.name)) {
                Entry::Vacant(free) => {
                    free.insert(mention.line);
                }
                Entry::Occupied(taken) => {
                    let (what, before) = (mention.thing.name(), taken.get());
                    let message = format!("the {what} `{}` is there already, in line {before}", mention.name);
                    faults.add(mention.line, &mention.path, message);
                }
            }
        }
        for mention in &self.used {
            if !first.contains_key(&(mention.thing, mention.name.as_str())) {
                let what = mention.thing.name();
                faults.add(mention.line, &mention.path, format!("there is no {what} `{}`", mention.name));
            }
        }
    }
}

/// A name with its place; nothing where the text was a mistake already.
fn mention(thing: Thing, name: &str, place: &Cursor<'_>) -> Option<Mention> {
    let (line, path) = (place.line(), place.path().to_owned());
    (!name.is_empty()).then(|| Mention { thing, name: name.to_owned(), line, path })
}
