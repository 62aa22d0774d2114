//! What can be wrong with a file, and where.

use std::fmt;

/// A fault of a file at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The line, from 1.
    pub line: u64,
    /// The column in characters, from 1, where it is known.
    pub column: Option<u64>,
    /// The field, where the fault lies in one.
    pub field: Option<String>,
    /// What is wrong.
    pub kind: FaultKind,
}

/// The kinds of faults.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    /// The file could not be read on.
    #[error("the file cannot be read: {0}")]
    Unreadable(String),
    /// There is nothing in it.
    #[error("the file holds no records")]
    Empty,
    /// Bytes that are no UTF-8; `byte` counts from 1.
    #[error("byte {byte} (value {value:#04x}) is not UTF-8; save the file as UTF-8 and try again")]
    NotUtf8 {
        /// The place in the whole file.
        byte: u64,
        /// The byte itself.
        value: u8,
    },
    /// A quote in the middle of a cell that is not quoted.
    #[error("a quote inside a cell; put the whole cell in quotes and double the quote")]
    QuoteInside,
    /// Text after the quote that ends a cell.
    #[error("text after the closing quote; a quote inside a quoted cell is written twice")]
    AfterQuote,
    /// A quote that is opened and never closed.
    #[error("the quote that is opened here is never closed")]
    OpenQuote,
    /// A head whose cell is empty.
    #[error("column {0} has no name")]
    NamelessColumn(usize),
    /// Two columns with one name.
    #[error("the column `{0}` comes twice")]
    DuplicateColumn(String),
    /// More columns than allowed.
    #[error("more than {max} columns", max = super::COLUMNS_MAX)]
    TooManyColumns,
    /// A row with more or fewer cells than the head.
    #[error("the row has {found} cells, the head has {expected}")]
    Ragged {
        /// Cells of the head.
        expected: usize,
        /// Cells of the row.
        found: usize,
    },
    /// A cell that is too long.
    #[error("a cell is longer than {max} bytes", max = super::FIELD_BYTES_MAX)]
    LongField,
    /// A record that is too long.
    #[error("a record is longer than {max} bytes", max = super::RECORD_BYTES_MAX)]
    LongRecord,
    /// A cell that a spreadsheet would run. It is kept as text, and written harmless on export.
    #[error("a spreadsheet would run this cell as a formula")]
    Formula,
    /// Broken JSON.
    #[error("this is not JSON: {0}")]
    NotJson(String),
    /// JSON, but not in the form of records.
    #[error("records are expected here: an array of objects, or one object per line")]
    NotRecords,
    /// A value that does not fit the type of its field.
    #[error("`{given}` is not {expected}")]
    WrongType {
        /// The value, shortened.
        given: String,
        /// The type in words.
        expected: &'static str,
    },
    /// A value without which the record cannot be found again.
    #[error("the key is missing")]
    KeyMissing,
    /// The register refused the record.
    #[error("{0}")]
    Refused(String),
}

impl FaultKind {
    /// At this place.
    pub fn at(self, line: u64, column: impl Into<Option<u64>>) -> Fault {
        Fault { line, column: column.into(), field: None, kind: self }
    }

    /// A stable word for the kind, for programs and for texts in other languages.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::Empty => "empty",
            Self::NotUtf8 { .. } => "not_utf8",
            Self::QuoteInside => "quote_inside",
            Self::AfterQuote => "after_quote",
            Self::OpenQuote => "open_quote",
            Self::NamelessColumn(_) => "nameless_column",
            Self::DuplicateColumn(_) => "duplicate_column",
            Self::TooManyColumns => "too_many_columns",
            Self::Ragged { .. } => "ragged",
            Self::LongField => "long_field",
            Self::LongRecord => "long_record",
            Self::Formula => "formula",
            Self::NotJson(_) => "not_json",
            Self::NotRecords => "not_records",
            Self::WrongType { .. } => "wrong_type",
            Self::KeyMissing => "key_missing",
            Self::Refused(_) => "refused",
        }
    }
}

impl Fault {
    /// In this field.
    #[must_use]
    pub fn in_field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Whether nothing after it can be read: where a row ends is then unknown.
    pub const fn is_fatal(&self) -> bool {
        !matches!(
            self.kind,
            FaultKind::Ragged { .. }
                | FaultKind::Formula
                | FaultKind::WrongType { .. }
                | FaultKind::KeyMissing
                | FaultKind::Refused(_)
        )
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(column) = self.column {
            write!(f, ", column {column}")?;
        }
        if let Some(field) = &self.field {
            write!(f, ", field `{field}`")?;
        }
        write!(f, ": {}", self.kind)
    }
}

impl std::error::Error for Fault {}
