//! What was observed of an image: the object that Glance answers, whatever is in it.

use serde_json::{Map, Value};
use stoa_core::Instant;

use super::moment::parse_strict;

/// An image as Glance's API v2 shows it. Its properties are metadata that anybody may have written, so nothing is
/// believed of their types; what is asked for is looked at when it is asked for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Image(Map<String, Value>);

/// What an image has under a name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Found<'a> {
    Nothing,
    Text(&'a str),
    /// Something that is no text, though properties are texts.
    Foreign(&'a Value),
}

impl Image {
    /// The image with this answer.
    pub fn new(answer: Map<String, Value>) -> Self {
        Self(answer)
    }

    /// Its name, empty when it has none.
    pub fn name(&self) -> &str {
        self.0.get("name").and_then(Value::as_str).unwrap_or_default()
    }

    /// Its id, if it has one.
    pub fn id(&self) -> Option<&str> {
        self.text("id")
    }

    /// GiB of disk that it needs, as far as it says.
    pub fn min_disk_gib(&self) -> u64 {
        self.number("min_disk").unwrap_or(0)
    }

    /// What it is called in reasons: `image Ubuntu 24.04`, with its id where it has no name.
    pub fn label(&self) -> String {
        let id = self.0.get("id").and_then(Value::as_str).unwrap_or("without name or id");
        let name = if self.name().is_empty() { id } else { self.name() };
        format!("image {}", crate::tree::shortened(name))
    }

    /// A property, or a field of the image itself; null is nothing.
    pub(super) fn found(&self, name: &str) -> Found<'_> {
        match self.0.get(name) {
            None | Some(Value::Null) => Found::Nothing,
            Some(Value::String(text)) => Found::Text(text),
            Some(other) => Found::Foreign(other),
        }
    }

    /// The text under a name; empty texts are nothing.
    pub(in crate::rule) fn text(&self, name: &str) -> Option<&str> {
        match self.found(name) {
            Found::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// A number under a name, whether it was written as one or as text.
    pub(in crate::rule) fn number(&self, name: &str) -> Option<u64> {
        match self.found(name) {
            Found::Foreign(value) => value.as_u64(),
            Found::Text(text) => text.parse().ok(),
            Found::Nothing => None,
        }
    }

    /// Whether it is left out of lists.
    pub(super) fn is_hidden(&self) -> bool {
        self.0.get("os_hidden").and_then(Value::as_bool) == Some(true)
    }

    /// Whether everybody sees it.
    pub(super) fn is_public(&self) -> bool {
        self.text("visibility") == Some("public")
    }

    /// When it was registered.
    pub(super) fn created_at(&self) -> Option<Instant> {
        self.text("created_at").and_then(parse_strict)
    }
}
