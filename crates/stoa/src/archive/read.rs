//! Reading an archive; nothing of an entry counts before its digest was compared.

use std::io::Read;

use aws_lc_rs::digest::{Context, SHA256};
use serde::Deserialize;

use super::chunks::{ChunkReader, Sealing, read_exactly};
use super::{ArchiveError, CHUNK_BYTES_MAX, HEADER_BYTES_MAX, Header, MAGIC};

/// Entries come out one after the other.
pub(crate) struct ArchiveReader<R: Read> {
    /// What the archive says about itself; authenticated when it is encrypted.
    pub(crate) header: Header,
    chunks: ChunkReader<R>,
    all: Context,
    entry: Option<Context>,
    name: String,
}

#[derive(Deserialize)]
struct EntryHeader {
    name: String,
}

/// Reads only what an archive says about itself: whether it needs a passphrase, for instance.
pub(crate) fn header(input: &mut impl Read) -> Result<(Header, Vec<u8>), ArchiveError> {
    let mut magic = [0_u8; 8];
    read_exactly(input, &mut magic).map_err(|error| match error {
        ArchiveError::Cut => ArchiveError::Foreign("it is too short".into()),
        other => other,
    })?;
    if &magic != MAGIC {
        return Err(ArchiveError::Foreign("it does not begin as one".into()));
    }
    let mut length = [0_u8; 4];
    read_exactly(input, &mut length)?;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > HEADER_BYTES_MAX {
        return Err(ArchiveError::Damaged("its header is too long".into()));
    }
    let mut bytes = vec![0; length];
    read_exactly(input, &mut bytes)?;
    let header: Header =
        serde_json::from_slice(&bytes).map_err(|_| ArchiveError::Damaged("its header cannot be read".into()))?;
    if header.format != 1 {
        return Err(ArchiveError::Foreign(format!("its format is {}, made by {}", header.format, header.program)));
    }
    Ok((header, bytes))
}

impl<R: Read> ArchiveReader<R> {
    /// Opens an archive; a wrong passphrase shows at the first entry.
    pub(crate) fn new(mut input: R, passphrase: Option<&str>) -> Result<Self, ArchiveError> {
        let (header, bytes) = header(&mut input)?;
        let sealing = Sealing::new(&header, &bytes, passphrase)?;
        Ok(ArchiveReader {
            header,
            chunks: ChunkReader::new(input, sealing),
            all: Context::new(&SHA256),
            entry: None,
            name: String::new(),
        })
    }

    /// The name of the next entry; `None` after the last, when the archive is whole.
    pub(crate) fn next_entry(&mut self) -> Result<Option<String>, ArchiveError> {
        let mut left_over = Vec::new();
        while self.entry.is_some() {
            self.piece(&mut left_over)?;
        }
        let length = self.number()?;
        if length == 0 {
            let mut stored = [0_u8; 32];
            self.chunks.read(&mut stored)?;
            if self.all.clone().finish().as_ref() != stored {
                return Err(ArchiveError::Damaged("its digest does not match".into()));
            }
            self.chunks.end()?;
            return Ok(None);
        }
        if length > HEADER_BYTES_MAX {
            return Err(ArchiveError::Damaged("the name of an entry is too long".into()));
        }
        let mut bytes = vec![0; length];
        self.take(&mut bytes)?;
        let header: EntryHeader = serde_json::from_slice(&bytes)
            .map_err(|_| ArchiveError::Damaged("the name of an entry cannot be read".into()))?;
        self.entry = Some(Context::new(&SHA256));
        self.name.clone_from(&header.name);
        Ok(Some(header.name))
    }

    /// The next piece of the current entry into `piece`; `false` at its end, when its digest matches.
    pub(crate) fn piece(&mut self, piece: &mut Vec<u8>) -> Result<bool, ArchiveError> {
        let Some(mut entry) = self.entry.take() else { return Ok(false) };
        let length = self.number()?;
        if length == 0 {
            let mut stored = [0_u8; 32];
            self.take(&mut stored)?;
            if entry.finish().as_ref() != stored {
                return Err(ArchiveError::Damaged(format!("the digest of {} does not match", self.name)));
            }
            return Ok(false);
        }
        if length > CHUNK_BYTES_MAX {
            return Err(ArchiveError::Damaged(format!("a piece of {} is too long", self.name)));
        }
        piece.resize(length, 0);
        self.take(piece)?;
        entry.update(piece);
        self.entry = Some(entry);
        Ok(true)
    }

    fn number(&mut self) -> Result<usize, ArchiveError> {
        let mut bytes = [0_u8; 4];
        self.take(&mut bytes)?;
        Ok(usize::try_from(u32::from_be_bytes(bytes)).unwrap_or(usize::MAX))
    }

    fn take(&mut self, bytes: &mut [u8]) -> Result<(), ArchiveError> {
        self.chunks.read(bytes)?;
        self.all.update(bytes);
        Ok(())
    }
}
