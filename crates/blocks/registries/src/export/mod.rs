//! Records written out: CSV for spreadsheets, JSON and NDJSON for programs.
//!
//! The writer holds what was written since it was last emptied, so that an export of any size streams. JSON says in its
//! first members, NDJSON in its first line, where the data comes from and when it was taken (GovStack CFR data#8); a
//! table has no place for that, there the name of the file says it. What is exported here is understood by
//! [`crate::import`].

use serde_json::{Map, Value, json};
use stoa_core::Instant;

use crate::import::{Format, needs_guard};

/// The member under which NDJSON's first line tells about the export.
pub const ABOUT: &str = "$export";

/// What an export says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The node and register that the data comes from, as an address.
    pub source: String,
    /// The register's short code.
    pub register: String,
    /// The version of its schema.
    pub version: String,
    /// When the data was taken.
    pub exported_at: Instant,
}

impl About {
    /// A name for the file: register, version, instant.
    pub fn file_name(&self, format: Format) -> String {
        let plain = |text: &str| -> String {
            text.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.') { c } else { '_' }).collect()
        };
        let at = self.exported_at.to_string().replace([':', '-'], "");
        format!("{}-{}-{}.{}", plain(&self.register), plain(&self.version), plain(&at), format.as_str())
    }

    fn value(&self) -> Value {
        json!({
            "source": self.source,
            "register": self.register,
            "version": self.version,
            "exportedAt": self.exported_at,
        })
    }
}

/// An export under way.
#[derive(Debug)]
pub struct Export {
    format: Format,
    columns: Vec<String>,
    records: u64,
    buffer: Vec<u8>,
}

impl Export {
    /// Begins an export. A table has exactly these columns; the other formats write records as they are.
    pub fn new(format: Format, about: &About, columns: Vec<String>) -> Self {
        let mut export = Self { format, columns, records: 0, buffer: Vec::new() };
        match format {
            Format::Csv => {
                for at in 0..export.columns.len() {
                    let name = export.columns.get(at).cloned().unwrap_or_default();
                    cell(&mut export.buffer, at, &name);
                }
                export.buffer.extend(b"\r\n");
            }
            Format::Json => {
                let mut head = about.value().to_string();
                // The head's closing brace makes room for the records.
                head.truncate(head.len().saturating_sub(1));
                export.buffer.extend(head.bytes());
                export.buffer.extend(b",\"records\":[");
            }
            Format::Ndjson => export.line(&json!({ ABOUT: about.value() })),
        }
        export
    }

    /// Writes one record.
    pub fn record(&mut self, record: &Map<String, Value>) {
        match self.format {
            Format::Csv => {
                for (at, column) in self.columns.iter().enumerate() {
                    cell(&mut self.buffer, at, &text(record.get(column)));
                }
                self.buffer.extend(b"\r\n");
            }
            Format::Json => {
                self.buffer.extend(if self.records == 0 { "\n" } else { ",\n" }.bytes());
                self.buffer.extend(Value::Object(record.clone()).to_string().bytes());
            }
            Format::Ndjson => self.line(&Value::Object(record.clone())),
        }
        self.records += 1;
    }

    /// Ends the export; nothing is written after it.
    pub fn finish(&mut self) {
        if self.format == Format::Json {
            self.buffer.extend(format!("\n],\"count\":{}}}\n", self.records).bytes());
        }
    }

    /// What was written since the last time.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.buffer)
    }

    /// Bytes that wait to be taken.
    pub fn waiting(&self) -> usize {
        self.buffer.len()
    }

    /// Records written.
    pub const fn records(&self) -> u64 {
        self.records
    }

    fn line(&mut self, value: &Value) {
        self.buffer.extend(value.to_string().bytes());
        self.buffer.push(b'\n');
    }
}

/// A value as the text of a cell: nested values as JSON.
fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Writes a cell (RFC 4180). What a spreadsheet would run as a formula gets an apostrophe before it, which makes it a
/// plain text there (OWASP, "CSV Injection"); our import takes it off again.
fn cell(out: &mut Vec<u8>, at: usize, text: &str) {
    if at > 0 {
        out.push(b',');
    }
    let guard = needs_guard(text);
    let quoted = text.contains([',', '"', '\n', '\r', ';', '\t']) || text.starts_with(' ') || text.ends_with(' ');
    if quoted {
        out.push(b'"');
    }
    if guard {
        out.push(b'\'');
    }
    if quoted {
        out.extend(text.replace('"', "\"\"").bytes());
        out.push(b'"');
    } else {
        out.extend(text.bytes());
    }
}
