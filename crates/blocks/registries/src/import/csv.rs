//! Tables (RFC 4180), read strictly: a file whose quoting is broken is refused at the place where it breaks, instead of
//! being read as something that nobody wrote. (The `csv` crate reads such files leniently and says nothing; it is used
//! for writing.)

use std::collections::BTreeSet;
use std::io::Read;

use serde_json::{Map, Value};

use super::convert::{is_formula, without_guard};
use super::source::Source;
use super::{COLUMNS_MAX, FIELD_BYTES_MAX, Fault, FaultKind, RECORD_BYTES_MAX, SourceRow};

/// A table under reading.
pub(super) struct Table<R> {
    source: Source<R>,
    separator: u8,
    head: Vec<String>,
    failed: bool,
}

struct Record {
    line: u64,
    cells: Vec<(String, u64)>,
}

impl<R: Read> Table<R> {
    /// Reads the head.
    pub(super) fn open(source: Source<R>) -> Result<Self, Fault> {
        let separator = separator(source.ahead());
        let mut table = Self { source, separator, head: Vec::new(), failed: false };
        let Some(head) = table.record()? else { return Err(FaultKind::Empty.at(1, 1)) };
        let mut seen = BTreeSet::new();
        for (at, (cell, column)) in head.cells.into_iter().enumerate() {
            let name = cell.trim().to_owned();
            if name.is_empty() {
                return Err(FaultKind::NamelessColumn(at + 1).at(head.line, column));
            }
            if !seen.insert(name.clone()) {
                return Err(FaultKind::DuplicateColumn(name).at(head.line, column));
            }
            table.head.push(name);
        }
        Ok(table)
    }

    /// The next record that is not an empty line.
    fn record(&mut self) -> Result<Option<Record>, Fault> {
        while let Some(b'\n' | b'\r') = self.source.peek()? {
            self.source.next()?;
        }
        if self.source.peek()?.is_none() {
            return Ok(None);
        }
        let mut record = Record { line: self.source.line(), cells: Vec::new() };
        let mut bytes = 0;
        loop {
            let column = self.source.column();
            let (cell, more) = self.cell()?;
            bytes += cell.len();
            if bytes > RECORD_BYTES_MAX {
                return Err(FaultKind::LongRecord.at(record.line, 1));
            }
            record.cells.push((cell, column));
            if record.cells.len() > COLUMNS_MAX {
                return Err(FaultKind::TooManyColumns.at(record.line, column));
            }
            if !more {
                return Ok(Some(record));
            }
        }
    }

    /// One cell, and whether another follows in the same record.
    fn cell(&mut self) -> Result<(String, bool), Fault> {
        let (line, column) = (self.source.line(), self.source.column());
        let mut cell = Vec::new();
        let quoted = self.source.peek()? == Some(b'"');
        if quoted {
            self.source.next()?;
            self.quoted(&mut cell, line, column)?;
        }
        let more = loop {
            let here = (self.source.line(), self.source.column());
            match self.source.next()? {
                None | Some(b'\n') => break false,
                Some(b'\r') if matches!(self.source.peek()?, Some(b'\n') | None) => {
                    self.source.next()?;
                    break false;
                }
                Some(byte) if byte == self.separator => break true,
                Some(_) if quoted => return Err(FaultKind::AfterQuote.at(here.0, here.1)),
                Some(b'"') => return Err(FaultKind::QuoteInside.at(here.0, here.1)),
                Some(byte) => push(&mut cell, byte, line, column)?,
            }
        };
        // The source gives valid UTF-8 only, and cells end at ASCII bytes.
        let cell = String::from_utf8(cell).map_err(|_| FaultKind::NotRecords.at(line, column))?;
        Ok((cell, more))
    }

    fn quoted(&mut self, cell: &mut Vec<u8>, line: u64, column: u64) -> Result<(), Fault> {
        loop {
            match self.source.next()? {
                None => return Err(FaultKind::OpenQuote.at(line, column)),
                Some(b'"') if self.source.peek()? == Some(b'"') => {
                    self.source.next()?;
                    push(cell, b'"', line, column)?;
                }
                Some(b'"') => return Ok(()),
                Some(byte) => push(cell, byte, line, column)?,
            }
        }
    }

    fn row(&self, record: Record) -> Result<SourceRow, Fault> {
        let line = record.line;
        if record.cells.len() != self.head.len() {
            let (expected, found) = (self.head.len(), record.cells.len());
            return Err(FaultKind::Ragged { expected, found }.at(line, None));
        }
        let mut row = SourceRow { line, content: Map::new(), warnings: Vec::new() };
        for (name, (cell, column)) in self.head.iter().zip(record.cells) {
            if is_formula(&cell) {
                row.warnings.push(FaultKind::Formula.at(line, column).in_field(name));
            }
            if !cell.is_empty() {
                row.content.insert(name.clone(), Value::String(without_guard(cell)));
            }
        }
        Ok(row)
    }
}

impl<R: Read> Iterator for Table<R> {
    type Item = Result<SourceRow, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let row = self.record().transpose()?.and_then(|record| self.row(record));
        self.failed = row.as_ref().is_err_and(Fault::is_fatal);
        Some(row)
    }
}

fn push(cell: &mut Vec<u8>, byte: u8, line: u64, column: u64) -> Result<(), Fault> {
    if cell.len() >= FIELD_BYTES_MAX {
        return Err(FaultKind::LongField.at(line, column));
    }
    cell.push(byte);
    Ok(())
}

/// The separator: whichever of the usual ones the first line holds most of, outside of quotes.
fn separator(beginning: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    for &byte in beginning {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if !quoted => {
                for (separator, count) in &mut counts {
                    *count += u32::from(byte == *separator);
                }
            }
            _ => {}
        }
    }
    // The first of those with the highest count: the comma, when there is none of any.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(separator, _)| *separator)
}
