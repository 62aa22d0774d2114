//! A document that is to be written, as YAML or as JSON, keys in their order.
//!
//! The YAML is for readers of version 1.1 and 1.2 alike: whatever either might take for something else than text is in
//! quotes.

use serde_json::{Map, Value};

/// A value to be written.
pub(super) enum Out {
    Null,
    Number(i64),
    /// A date or time: no text for YAML, but one for JSON.
    Moment(String),
    Text(String),
    List(Vec<Out>),
    Map(Vec<(String, Out)>),
}

impl Out {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn optional(text: Option<&String>) -> Self {
        text.map_or(Self::Null, Self::text)
    }

    pub(super) fn texts(texts: &[String]) -> Self {
        Self::List(texts.iter().map(Self::text).collect())
    }

    pub(super) fn map<const N: usize>(entries: [(&str, Self); N]) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// The document as YAML, with an explicit start.
    pub(super) fn to_yaml(&self) -> String {
        let mut text = String::from("---\n");
        self.write(&mut text, 0);
        text
    }

    /// The document as JSON.
    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Number(number) => Value::from(*number),
            Self::Moment(text) | Self::Text(text) => Value::from(text.as_str()),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(entries) => {
                Value::Object(entries.iter().map(|(key, value)| (key.clone(), value.to_json())).collect::<Map<_, _>>())
            }
        }
    }

    /// Writes whole lines of a map or list, or one line of anything else.
    fn write(&self, text: &mut String, indent: usize) {
        match self {
            Self::Map(entries) if !entries.is_empty() => {
                for (key, value) in entries {
                    text.push_str(&" ".repeat(indent));
                    text.push_str(&scalar(key));
                    text.push(':');
                    value.write_below(text, indent);
                }
            }
            Self::List(items) if !items.is_empty() => {
                for item in items {
                    text.push_str(&" ".repeat(indent));
                    text.push('-');
                    item.write_below(text, indent);
                }
            }
            other => {
                text.push_str(&other.in_line());
                text.push('\n');
            }
        }
    }

    /// Writes the value of a key or an item after its mark.
    fn write_below(&self, text: &mut String, indent: usize) {
        match self {
            Self::Map(entries) if !entries.is_empty() => {
                text.push('\n');
                self.write(text, indent + 2);
            }
            Self::List(items) if !items.is_empty() => {
                text.push('\n');
                self.write(text, indent);
            }
            other => {
                text.push(' ');
                text.push_str(&other.in_line());
                text.push('\n');
            }
        }
    }

    fn in_line(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Moment(moment) => moment.clone(),
            Self::Text(text) => scalar(text),
            Self::List(_) => "[]".to_owned(),
            Self::Map(_) => "{}".to_owned(),
        }
    }
}

/// A text, in quotes unless nobody can take it for anything else.
fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

fn is_plain(text: &str) -> bool {
    // What begins with a letter is no number, no date and no mark; some words are truth values or nothing.
    let words = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-./()@+ ".contains(letter))
        && !text.ends_with(' ')
        && !words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(letter)));
            }
            control if control.is_control() => quoted.push_str(&format!("\\x{:02x}", u32::from(control))),
            // PyYAML takes no letters beyond the planes that are given out, and none that end a plane.
            last if u32::from(last) & 0xfffe == 0xfffe => quoted.push_str(&format!("\\U{:08x}", u32::from(last))),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
