//! The names of registers and of their versions, as they stand in addresses.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The short code of a register, unique within its tenant: `countries`, `MCTS`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(String);

/// A text that cannot be a register's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a code has 1 to 60 letters (A-Z, a-z), digits, - or _, and begins with a letter")]
pub struct CodeError;

impl Code {
    /// The code, refused when it could not stand in an address as it is.
    pub fn new(text: impl Into<String>) -> Result<Self, CodeError> {
        let text = text.into();
        let fits = text.len() <= 60
            && text.bytes().next().is_some_and(|first| first.is_ascii_alphabetic())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if fits { Ok(Self(text)) } else { Err(CodeError) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Code {
    type Error = CodeError;
    fn try_from(text: String) -> Result<Self, CodeError> {
        Self::new(text)
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.0
    }
}

/// The label of a published version: `1.0`, `1.1`, `2.0`. Published labels of other systems (`111`) are kept as they
/// are; ours count on from their whole part.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Label(String);

impl Label {
    /// The first version of a register.
    pub fn first() -> Self {
        Self("1.0".to_owned())
    }

    /// A label as it is stored or given: 1 to 20 digits and points.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let fits = (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        fits.then_some(Self(text))
    }

    /// The label of the next version: a breaking change counts up the major part, any other the minor part.
    #[must_use]
    pub fn next(&self, breaking: bool) -> Self {
        let (major, minor) = self.0.split_once('.').unwrap_or((&self.0, "0"));
        let major: u64 = major.parse().unwrap_or(0);
        let minor: u64 = minor.parse().unwrap_or(0);
        if breaking { Self(format!("{}.0", major + 1)) } else { Self(format!("{major}.{}", minor + 1)) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Label {
    type Err = CodeError;
    fn from_str(text: &str) -> Result<Self, CodeError> {
        Self::new(text).ok_or(CodeError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_stand_in_addresses_as_they_are() {
        assert!(Code::new("MCTS_2-b").is_ok());
        for bad in ["", "1a", "../x", "a b", "a/b", "é", &"a".repeat(61)] {
            assert!(Code::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn labels_count_on() {
        assert_eq!(Label::first().next(false).as_str(), "1.1");
        assert_eq!(Label::first().next(true).as_str(), "2.0");
        assert_eq!(Label::new("111").unwrap().next(false).as_str(), "111.1");
        assert!(Label::new("1.0/../x").is_none());
    }
}
