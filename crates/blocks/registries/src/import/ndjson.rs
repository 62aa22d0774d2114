//! One JSON object per line.

use std::io::Read;

use super::json::Raw;
use super::source::Source;
use super::{Fault, FaultKind, RECORD_BYTES_MAX, SourceRow};

/// Lines under reading. A broken line is a fault of that line; reading goes on with the next.
pub(super) struct Lines<R> {
    source: Source<R>,
    failed: bool,
}

impl<R: Read> Lines<R> {
    pub(super) const fn new(source: Source<R>) -> Self {
        Self { source, failed: false }
    }

    fn line(&mut self) -> Result<Option<Raw>, Fault> {
        if self.source.skip_space()?.is_none() {
            return Ok(None);
        }
        let mut raw = Raw { line: self.source.line(), column: self.source.column(), bytes: Vec::new() };
        while let Some(byte) = self.source.next()? {
            if byte == b'\n' {
                break;
            }
            raw.bytes.push(byte);
            if raw.bytes.len() > RECORD_BYTES_MAX {
                return Err(FaultKind::LongRecord.at(raw.line, raw.column));
            }
        }
        Ok(Some(raw))
    }
}

impl<R: Read> Iterator for Lines<R> {
    type Item = Result<SourceRow, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        match self.line() {
            Ok(raw) => match raw?.row() {
                // The line in which our own exports tell about themselves.
                Ok(row) if row.line == 1 && row.content.contains_key(crate::export::ABOUT) => self.next(),
                row => Some(row),
            },
            Err(fault) => {
                self.failed = true;
                Some(Err(fault))
            }
        }
    }
}
