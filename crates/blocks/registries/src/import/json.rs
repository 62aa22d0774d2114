//! A JSON document that holds records: an array of objects, or an object with such an array as one of its members, as
//! in Debian's `iso-codes` and in our own exports. Read record by record, never as a whole.

use std::io::Read;

use serde_json::{Map, Value};

use super::source::Source;
use super::{Fault, FaultKind, RECORD_BYTES_MAX, SourceRow};

/// An array under reading.
pub(super) struct Array<R> {
    source: Source<R>,
    wrapped: bool,
    first: bool,
    ended: bool,
}

/// One JSON value with its place.
pub(super) struct Raw {
    pub(super) line: u64,
    pub(super) column: u64,
    pub(super) bytes: Vec<u8>,
}

impl<R: Read> Array<R> {
    /// Goes to the first record.
    pub(super) fn open(mut source: Source<R>) -> Result<Self, Fault> {
        let wrapped = match source.skip_space()? {
            None => return Err(source.fault(FaultKind::Empty)),
            Some(b'[') => false,
            Some(b'{') => {
                source.next()?;
                to_array(&mut source)?;
                true
            }
            Some(_) => return Err(source.fault(FaultKind::NotRecords)),
        };
        source.next()?;
        Ok(Self { source, wrapped, first: true, ended: false })
    }

    fn row(&mut self) -> Result<Option<SourceRow>, Fault> {
        match self.source.skip_space()? {
            Some(b']') => return self.close(),
            Some(b',') if !self.first => {
                self.source.next()?;
            }
            Some(_) if self.first => {}
            _ => return Err(self.source.fault(FaultKind::NotJson("`,` or `]` is expected".to_owned()))),
        }
        self.first = false;
        if self.source.skip_space()? != Some(b'{') {
            return Err(self.source.fault(FaultKind::NotRecords));
        }
        raw_value(&mut self.source)?.row().map(Some)
    }

    /// Reads to the end of the document: what stands after the records must still be JSON.
    fn close(&mut self) -> Result<Option<SourceRow>, Fault> {
        self.ended = true;
        self.source.next()?;
        if self.wrapped {
            loop {
                match self.source.skip_space()? {
                    Some(b',') => {
                        self.source.next()?;
                        member(&mut self.source)?;
                        raw_value(&mut self.source)?;
                    }
                    Some(b'}') => {
                        self.source.next()?;
                        break;
                    }
                    _ => return Err(self.source.fault(FaultKind::NotJson("`,` or `}` is expected".to_owned()))),
                }
            }
        }
        match self.source.skip_space()? {
            None => Ok(None),
            Some(_) => Err(self.source.fault(FaultKind::NotJson("text after the end of the document".to_owned()))),
        }
    }
}

impl<R: Read> Iterator for Array<R> {
    type Item = Result<SourceRow, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let row = self.row().transpose();
        self.ended |= matches!(row, Some(Err(_)));
        row
    }
}

/// Inside an object: goes to the first member that is an array.
fn to_array<R: Read>(source: &mut Source<R>) -> Result<(), Fault> {
    loop {
        member(source)?;
        if source.skip_space()? == Some(b'[') {
            return Ok(());
        }
        raw_value(source)?;
        match source.skip_space()? {
            Some(b',') => {
                source.next()?;
            }
            _ => return Err(source.fault(FaultKind::NotRecords)),
        }
    }
}

/// A member's name and colon.
fn member<R: Read>(source: &mut Source<R>) -> Result<(), Fault> {
    if source.skip_space()? != Some(b'"') {
        return Err(source.fault(FaultKind::NotRecords));
    }
    raw_value(source)?;
    if source.skip_space()? != Some(b':') {
        return Err(source.fault(FaultKind::NotJson("`:` is expected".to_owned())));
    }
    source.next()?;
    Ok(())
}

/// The bytes of one value: to the bracket that closes it, or to its end if it has none.
pub(super) fn raw_value<R: Read>(source: &mut Source<R>) -> Result<Raw, Fault> {
    source.skip_space()?;
    let mut raw = Raw { line: source.line(), column: source.column(), bytes: Vec::new() };
    let (mut depth, mut in_text, mut escaped) = (0_u32, false, false);
    while let Some(byte) = source.peek()? {
        let ends_before = !in_text && depth == 0 && matches!(byte, b',' | b']' | b'}' | b':');
        if ends_before {
            return Ok(raw);
        }
        source.next()?;
        raw.bytes.push(byte);
        if raw.bytes.len() > RECORD_BYTES_MAX {
            return Err(FaultKind::LongRecord.at(raw.line, raw.column));
        }
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth -= 1,
            _ => continue,
        }
        if !in_text && !escaped && depth == 0 {
            return Ok(raw);
        }
    }
    if in_text || depth > 0 {
        return Err(source.fault(FaultKind::NotJson("the file ends in the middle of a value".to_owned())));
    }
    Ok(raw)
}

impl Raw {
    /// The value as a record.
    pub(super) fn row(self) -> Result<SourceRow, Fault> {
        let content: Map<String, Value> = serde_json::from_slice(&self.bytes).map_err(|error| {
            let line = self.line + (error.line() as u64).saturating_sub(1);
            let column = error.column() as u64;
            let column = if error.line() <= 1 { self.column + column.saturating_sub(1) } else { column };
            match error.classify() {
                serde_json::error::Category::Data => FaultKind::NotRecords.at(self.line, self.column),
                _ => FaultKind::NotJson(reason(&error)).at(line, column),
            }
        })?;
        Ok(SourceRow { line: self.line, content, warnings: Vec::new() })
    }
}

/// The parser's message without its own idea of the place.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}
