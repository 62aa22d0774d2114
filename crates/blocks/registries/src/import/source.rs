//! The bytes of a file, known to be UTF-8, with the place of each.

use std::io::Read;

use super::{Fault, FaultKind};

const CHUNK_BYTES: usize = 64 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A file under reading. Every byte that [`Source::next`] gives is part of a valid UTF-8 text.
pub(super) struct Source<R> {
    reader: R,
    chunk: Vec<u8>,
    at: usize,
    /// Bytes after the valid part of the chunk: the beginning of a character that goes on in the next chunk.
    rest: Vec<u8>,
    /// Bytes before the chunk.
    before: u64,
    bad: Option<(u64, u8)>,
    ended: bool,
    line: u64,
    column: u64,
}

impl<R: Read> Source<R> {
    pub(super) fn new(reader: R) -> Result<Self, Fault> {
        let mut source = Self {
            reader,
            chunk: Vec::new(),
            at: 0,
            rest: Vec::new(),
            before: 0,
            bad: None,
            ended: false,
            line: 1,
            column: 1,
        };
        source.fill()?;
        if source.chunk.starts_with(BYTE_ORDER_MARK) {
            source.at = BYTE_ORDER_MARK.len();
        }
        Ok(source)
    }

    /// The line of the next byte.
    pub(super) const fn line(&self) -> u64 {
        self.line
    }

    /// The column of the next byte, in characters.
    pub(super) const fn column(&self) -> u64 {
        self.column
    }

    /// What has been read already and lies ahead: at the beginning, the first part of the file.
    pub(super) fn ahead(&self) -> &[u8] {
        self.chunk.get(self.at..).unwrap_or_default()
    }

    /// The next byte without taking it.
    pub(super) fn peek(&mut self) -> Result<Option<u8>, Fault> {
        if self.at >= self.chunk.len() {
            self.fill()?;
        }
        Ok(self.chunk.get(self.at).copied())
    }

    /// Takes the next byte.
    pub(super) fn next(&mut self) -> Result<Option<u8>, Fault> {
        let byte = self.peek()?;
        if let Some(byte) = byte {
            self.at += 1;
            if byte == b'\n' {
                self.line += 1;
                self.column = 1;
            } else if byte & 0xC0 != 0x80 {
                // A continuation byte begins no character.
                self.column += 1;
            }
        }
        Ok(byte)
    }

    /// Takes the white space of JSON and looks at what follows.
    pub(super) fn skip_space(&mut self) -> Result<Option<u8>, Fault> {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek()? {
            self.next()?;
        }
        self.peek()
    }

    /// A fault at the next byte.
    pub(super) fn fault(&self, kind: FaultKind) -> Fault {
        kind.at(self.line, self.column)
    }

    fn fill(&mut self) -> Result<(), Fault> {
        if let Some((byte, value)) = self.bad {
            return Err(self.fault(FaultKind::NotUtf8 { byte, value }));
        }
        while !self.ended {
            self.before += self.chunk.len() as u64;
            self.at = 0;
            self.chunk.clear();
            self.chunk.append(&mut self.rest);
            let carried = self.chunk.len() as u64;
            let read = (&mut self.reader)
                .take(CHUNK_BYTES as u64 - carried)
                .read_to_end(&mut self.chunk)
                .map_err(|error| self.fault(FaultKind::Unreadable(error.to_string())))?;
            self.ended = read == 0;
            let Err(error) = std::str::from_utf8(&self.chunk) else {
                if self.chunk.is_empty() {
                    continue;
                }
                return Ok(());
            };
            let valid = error.valid_up_to();
            let tail = self.chunk.split_off(valid);
            if error.error_len().is_some() || self.ended {
                let value = tail.first().copied().unwrap_or_default();
                self.bad = Some((self.before + valid as u64 + 1, value));
                self.ended = true;
                if valid == 0 {
                    return Err(self.fault(FaultKind::NotUtf8 { byte: self.before + 1, value }));
                }
                return Ok(());
            }
            self.rest = tail;
            if valid > 0 {
                return Ok(());
            }
        }
        self.before += self.chunk.len() as u64;
        self.chunk.clear();
        self.at = 0;
        Ok(())
    }
}
