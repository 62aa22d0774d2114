//! Documents that others wrote, as a tree whose nodes know their lines, and one way to read them strictly.
//!
//! Scopes, reports and the files of clients (`clouds.yaml`, `kubeconfig`) come as YAML, reports also as JSON. Both become
//! [`Node`]s; a [`Cursor`] walks them, checks types and collects every mistake with its line and path, so that an author
//! sees all of them at once.

mod cursor;
mod json;
mod yaml;

use std::fmt;

pub use cursor::{Cursor, Faults, Fields};
pub use json::parse as parse_json;
pub use yaml::parse as parse_yaml;

/// Bytes of a document at most: a report with the whole output of its checks stays far below.
pub const DOCUMENT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Nodes of a document at most, those that aliases repeat included.
const NODES_MAX: usize = 500_000;
/// Nodes inside nodes at most.
const DEPTH_MAX: usize = 64;
/// Mistakes that are told at most; further ones are only counted.
const FAULTS_MAX: usize = 50;

/// One value of a document.
#[derive(Debug, Clone)]
pub struct Node {
    /// What it holds.
    pub content: Content,
    /// Where it begins, counted from 1; 0 where the format does not tell.
    pub line: usize,
}

/// What a node holds. A plain scalar (without quotes) may be read as a number; a quoted one is text.
#[derive(Debug, Clone)]
pub enum Content {
    /// Nothing.
    Null,
    /// A text, a number, a truth value.
    Scalar {
        /// As it is written, without quotes.
        text: String,
        /// Whether it is written without quotes.
        plain: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the document; keys may come twice.
    Map(Vec<(String, Node)>),
}

/// One mistake in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The line, counted from 1; 0 where it is not known (JSON).
    pub line: usize,
    /// The place inside of the document, such as `modules[3].targets.main[0]`; empty for the document itself.
    pub path: String,
    /// What is wrong, and what was expected.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// Why a document is refused: every mistake with its place, in the order of the document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", list(.faults, *.left_out))]
pub struct ReadError {
    /// The mistakes, at least one.
    pub faults: Vec<Fault>,
    /// How many more there are.
    pub left_out: usize,
}

fn list(faults: &[Fault], left_out: usize) -> String {
    let mut text = faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n");
    if left_out > 0 {
        text.push_str(&format!("\n… and {left_out} more"));
    }
    text
}

impl ReadError {
    /// One mistake at a place.
    pub fn at(line: usize, path: &str, message: impl Into<String>) -> Self {
        Self { faults: vec![Fault { line, path: path.to_owned(), message: message.into() }], left_out: 0 }
    }
}

impl Content {
    /// What it is, for a person.
    pub fn kind(&self) -> String {
        match self {
            Self::Null => "nothing".to_owned(),
            Self::Scalar { text, plain: true } if is_number(text) => format!("the number {}", shortened(text)),
            Self::Scalar { text, .. } => format!("`{}`", shortened(text)),
            Self::List(_) => "a list".to_owned(),
            Self::Map(_) => "a map".to_owned(),
        }
    }
}

/// A text for a message: foreign bytes are neither long nor able to control a terminal.
pub fn shortened(text: &str) -> String {
    shortened_to(60, text)
}

/// As [`shortened`], with room for more letters.
pub(crate) fn shortened_to(letters: usize, text: &str) -> String {
    let mut short: String = text.chars().take(letters).flat_map(char::escape_debug).collect();
    if text.chars().nth(letters).is_some() {
        short.push('…');
    }
    short
}

/// Whether a plain scalar would be a number or truth value to its usual readers.
pub(crate) fn is_number(text: &str) -> bool {
    let begins = text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first));
    matches!(text, "true" | "false") || (begins && text.parse::<f64>().is_ok())
}
