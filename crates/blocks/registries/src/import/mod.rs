//! Bringing records in from files: CSV, JSON and NDJSON.
//!
//! A file is read as a stream, so its size is no matter; what is wrong in it is said with line and column. Reading goes
//! in steps that can be tried one by one: [`open`] gives rows, [`infer()`] looks at them and proposes a schema for a
//! person to confirm, and the import itself writes them in bounded batches, each record created or updated by its key,
//! so that the same file imported twice changes nothing.

mod check;
mod convert;
mod csv;
mod fault;
mod infer;
pub mod iso_codes;
mod iso_titles;
mod json;
mod mo;
mod ndjson;
mod shape;
mod source;

use std::io::Read;

use serde_json::{Map, Value};

pub use check::{Checked, Formulas, check};
pub(crate) use convert::needs_guard;
pub use convert::{Kind, convert, is_formula};
pub use fault::{Fault, FaultKind};
pub use infer::{Inferred, InferredField, infer};
pub use iso_titles::titled;
pub use shape::{content_of, flattened};

/// The longest cell or JSON string in bytes.
pub const FIELD_BYTES_MAX: usize = 256 * 1024;
/// The longest record in bytes.
pub const RECORD_BYTES_MAX: usize = 1024 * 1024;
/// The most columns of a table.
pub const COLUMNS_MAX: usize = 500;

/// How a file holds its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// A table with a head (RFC 4180); separated by comma, semicolon, tab or bar.
    Csv,
    /// An array of objects, or an object one of whose members is such an array.
    Json,
    /// One object per line.
    Ndjson,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Csv, Self::Json, Self::Ndjson];

    /// The word for it, which is also the ending of its files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
        }
    }

    /// The media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Json => "application/json; charset=utf-8",
            Self::Ndjson => "application/x-ndjson; charset=utf-8",
        }
    }

    /// By the word or by the ending of a file's name.
    pub fn of_name(name: &str) -> Option<Self> {
        let ending = name.rsplit('.').next()?;
        Self::ALL
            .into_iter()
            .find(|format| ending.eq_ignore_ascii_case(format.as_str()))
            .or_else(|| ending.eq_ignore_ascii_case("jsonl").then_some(Self::Ndjson))
            .or_else(|| ["tsv", "txt"].iter().any(|other| ending.eq_ignore_ascii_case(other)).then_some(Self::Csv))
    }
}

/// One record as the file has it.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceRow {
    /// The line of the file on which the record begins, from 1.
    pub line: u64,
    /// The fields in their order. Cells of a table are texts; an empty cell is left out.
    pub content: Map<String, Value>,
    /// What a person should know about it, without harm to the import: cells that a spreadsheet would run as formulas.
    pub warnings: Vec<Fault>,
}

/// The rows of a file. After a fault with [`Fault::is_fatal`] no row follows.
pub type Rows<'a> = Box<dyn Iterator<Item = Result<SourceRow, Fault>> + Send + 'a>;

/// Begins to read a file. A byte order mark of UTF-8 at the beginning is skipped.
pub fn open<'a>(format: Format, reader: impl Read + Send + 'a) -> Result<Rows<'a>, Fault> {
    let source = source::Source::new(reader)?;
    Ok(match format {
        Format::Csv => Box::new(csv::Table::open(source)?),
        Format::Json => Box::new(json::Array::open(source)?),
        Format::Ndjson => Box::new(ndjson::Lines::new(source)),
    })
}
