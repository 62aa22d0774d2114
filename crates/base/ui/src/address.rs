//! Addresses with a query, put together without forgetting to encode.

use std::fmt;

/// A path and its query parameters, in the order they were set.
///
/// ```
/// # use stoa_ui::Address;
/// let list = Address::new("/console/audit").with("actor", "key:a b").with("page", "2");
/// assert_eq!(list.to_string(), "/console/audit?actor=key%3Aa%20b&page=2");
/// assert_eq!(list.with("page", "3").without("actor").to_string(), "/console/audit?page=3");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    path: String,
    query: Vec<(String, String)>,
}

impl Address {
    /// A path without parameters. Segments that hold foreign text go through [`Address::segment`] first.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into(), query: Vec::new() }
    }

    /// One path segment, encoded.
    pub fn segment(text: &str) -> String {
        let mut out = String::new();
        encode(text, &mut out);
        out
    }

    /// With this parameter set (once), or left away when the value is empty.
    #[must_use]
    pub fn with(&self, name: &str, value: impl AsRef<str>) -> Self {
        let mut address = self.without(name);
        if !value.as_ref().is_empty() {
            address.query.push((name.to_owned(), value.as_ref().to_owned()));
        }
        address
    }

    /// Without this parameter.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let query = self.query.iter().filter(|(held, _)| held != name).cloned().collect();
        Self { path: self.path.clone(), query }
    }

    /// The path alone.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The parameters.
    pub fn query(&self) -> &[(String, String)] {
        &self.query
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = self.path.clone();
        for (at, (name, value)) in self.query.iter().enumerate() {
            out.push(if at == 0 { '?' } else { '&' });
            encode(name, &mut out);
            out.push('=');
            encode(value, &mut out);
        }
        f.write_str(&out)
    }
}

fn encode(text: &str, out: &mut String) {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for half in [byte >> 4, byte & 15] {
                out.extend(HEX.get(usize::from(half)));
            }
        }
    }
}

/// The address if it stays on this node (for going back after a switch of language, say), else `/`.
///
/// ```
/// # use stoa_ui::same_site;
/// assert_eq!(same_site("/console?a=1"), "/console?a=1");
/// for foreign in ["https://example.org", "//example.org", "/\\example.org", "/\t/example.org", ""] {
///     assert_eq!(same_site(foreign), "/");
/// }
/// ```
pub fn same_site(address: &str) -> &str {
    let local = address.starts_with('/')
        && !address.starts_with("//")
        && !address.bytes().any(|byte| byte == b'\\' || byte < b' ' || byte == 127);
    if local { address } else { "/" }
}
