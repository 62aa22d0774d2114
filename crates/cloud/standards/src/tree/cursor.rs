//! Reading a tree: each question records what is wrong and answers with something harmless, so that one pass finds
//! every mistake. Whoever reads asks [`Faults::done`] at the end and throws away what was read if there were any.

use std::cell::RefCell;
use std::str::FromStr;

use super::{Content, FAULTS_MAX, Fault, Node, ReadError, is_number, shortened};

/// The mistakes found so far.
#[derive(Debug, Default)]
pub struct Faults {
    found: RefCell<Vec<Fault>>,
}

impl Faults {
    /// Notes a mistake.
    pub fn add(&self, line: usize, path: &str, message: impl Into<String>) {
        self.found.borrow_mut().push(Fault { line, path: path.to_owned(), message: message.into() });
    }

    /// What was read, if nothing was wrong with it.
    pub fn done<T>(self, read: T) -> Result<T, ReadError> {
        let mut faults = self.found.into_inner();
        if faults.is_empty() {
            return Ok(read);
        }
        faults.sort_by_key(|fault| fault.line);
        let left_out = faults.len().saturating_sub(FAULTS_MAX);
        faults.truncate(FAULTS_MAX);
        Err(ReadError { faults, left_out })
    }
}

/// A place in a document. One that is missing answers every question with a default and complains no further.
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    node: Option<&'a Node>,
    line: usize,
    path: String,
    faults: &'a Faults,
}

impl<'a> Cursor<'a> {
    /// The root of a document.
    pub fn new(node: &'a Node, faults: &'a Faults) -> Self {
        Self { node: Some(node), line: node.line, path: String::new(), faults }
    }

    /// The line, counted from 1; 0 where the format does not tell.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The place inside of the document: `modules[3].id`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Notes a mistake at this place.
    pub fn fault(&self, message: impl Into<String>) {
        self.faults.add(self.line, &self.path, message);
    }

    fn expected(&self, what: &str) {
        if let Some(node) = self.node {
            self.fault(format!("expected {what}, found {}", node.content.kind()));
        }
    }

    fn below(&self, node: &'a Node, step: &str) -> Self {
        let path = match self.path.as_str() {
            "" => step.trim_start_matches('.').to_owned(),
            path => format!("{path}{step}"),
        };
        Self { node: Some(node), line: node.line, path, faults: self.faults }
    }

    /// Whether it is a map; no complaint if it is none.
    pub fn is_map(&self) -> bool {
        matches!(self.node.map(|node| &node.content), Some(Content::Map(_)))
    }

    /// The entries of a map in their order. Keys that come twice are mistakes.
    pub fn entries(&self) -> Vec<(&'a str, Self)> {
        let Some(Content::Map(entries)) = self.node.map(|node| &node.content) else {
            self.expected("a map");
            return Vec::new();
        };
        let mut seen = std::collections::HashSet::new();
        let mut read = Vec::with_capacity(entries.len());
        for (key, node) in entries {
            let value = self.below(node, &format!(".{}", shortened(key)));
            if seen.insert(key.as_str()) {
                read.push((key.as_str(), value));
            } else {
                value.fault("the key is there already");
            }
        }
        read
    }

    /// The map with its keys checked against those that may be there.
    pub fn fields(self, known: &[&str]) -> Fields<'a> {
        let entries = self.entries();
        for (key, value) in &entries {
            if !known.contains(key) {
                value.fault(format!("unknown key; known here: {}", known.join(", ")));
            }
        }
        Fields { place: self, entries }
    }

    /// The map, whatever other keys it has: for files in which other programs keep things of their own.
    pub fn open_fields(self) -> Fields<'a> {
        let entries = self.entries();
        Fields { place: self, entries }
    }

    /// The items of a list.
    pub fn items(&self) -> Vec<Self> {
        let Some(Content::List(items)) = self.node.map(|node| &node.content) else {
            self.expected("a list");
            return Vec::new();
        };
        items.iter().enumerate().map(|(index, node)| self.below(node, &format!("[{index}]"))).collect()
    }

    /// A text. A plain number is none: whoever means a text puts it in quotes.
    pub fn text(&self) -> String {
        match self.node.map(|node| &node.content) {
            Some(Content::Scalar { text, plain }) if !(*plain && is_number(text)) => text.clone(),
            Some(Content::Scalar { plain: true, .. }) => {
                self.expected("a text (in quotes)");
                String::new()
            }
            _ => {
                self.expected("a text");
                String::new()
            }
        }
    }

    /// What a scalar says, in quotes or not: `2.1` and `true` too.
    pub fn scalar(&self) -> String {
        match self.node.map(|node| &node.content) {
            Some(Content::Scalar { text, .. }) => text.clone(),
            _ => {
                self.expected("a value");
                String::new()
            }
        }
    }

    /// A truth value.
    pub fn truth(&self) -> bool {
        match self.node.map(|node| &node.content) {
            Some(Content::Scalar { text, .. }) if matches!(text.as_str(), "true" | "True" | "TRUE") => true,
            Some(Content::Scalar { text, .. }) if matches!(text.as_str(), "false" | "False" | "FALSE") => false,
            _ => {
                self.expected("true or false");
                false
            }
        }
    }

    /// A text with a form of its own, such as a date.
    pub fn parsed<T>(&self, what: &str) -> Option<T>
    where
        T: FromStr,
    {
        match self.node.map(|node| &node.content) {
            Some(Content::Scalar { text, .. }) => {
                let parsed = text.parse().ok();
                if parsed.is_none() {
                    self.expected(what);
                }
                parsed
            }
            _ => {
                self.expected(what);
                None
            }
        }
    }

    /// A whole number.
    pub fn integer(&self) -> i64 {
        match self.node.map(|node| &node.content) {
            Some(Content::Scalar { text, plain: true }) if let Ok(number) = text.parse() => number,
            _ => {
                self.expected("a whole number");
                0
            }
        }
    }

    /// Nothing when the document says null here.
    pub fn present(self) -> Option<Self> {
        self.node.is_some_and(|node| !matches!(node.content, Content::Null)).then_some(self)
    }
}

/// A map whose keys were checked.
#[derive(Debug)]
pub struct Fields<'a> {
    place: Cursor<'a>,
    entries: Vec<(&'a str, Cursor<'a>)>,
}

impl<'a> Fields<'a> {
    /// The value of a key, if it is there and not null.
    pub fn optional(&self, key: &str) -> Option<Cursor<'a>> {
        self.entries.iter().find(|(name, _)| *name == key).and_then(|(_, value)| value.clone().present())
    }

    /// The value of a key that must be there.
    pub fn required(&self, key: &str) -> Cursor<'a> {
        let found = self.entries.iter().find(|(name, _)| *name == key).map(|(_, value)| value.clone());
        found.unwrap_or_else(|| {
            if self.place.is_map() {
                self.place.fault(format!("the key `{key}` is missing"));
            }
            Cursor { node: None, ..self.place.clone() }
        })
    }

    /// The items of a list, none when it is not there.
    pub fn items(&self, key: &str) -> Vec<Cursor<'a>> {
        self.optional(key).map_or_else(Vec::new, |list| list.items())
    }

    /// The text of a key, empty when it is not there.
    pub fn text_or_empty(&self, key: &str) -> String {
        self.optional(key).map_or_else(String::new, |value| value.text())
    }
}
