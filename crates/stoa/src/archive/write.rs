//! Writing an archive.

use std::io::Write;

use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::rand;

use super::chunks::{ChunkWriter, Sealing, hex};
use super::{ArchiveError, Encryption, Header, KDF_ROUNDS, MAGIC};

/// Entries go in one after the other; nothing is read back.
pub(crate) struct ArchiveWriter<W: Write> {
    chunks: ChunkWriter<W>,
    all: Context,
    entry: Option<Context>,
}

impl<W: Write> ArchiveWriter<W> {
    /// Begins an archive. With a passphrase its `encryption` is filled in here.
    pub(crate) fn new(mut out: W, mut header: Header, passphrase: Option<&str>) -> Result<Self, ArchiveError> {
        header.encryption = passphrase.map(|_| new_encryption()).transpose()?;
        let bytes = serde_json::to_vec(&header).map_err(|error| ArchiveError::Io(error.into()))?;
        let sealing = Sealing::new(&header, &bytes, passphrase)?;
        out.write_all(MAGIC)?;
        out.write_all(&length(&bytes).to_be_bytes())?;
        out.write_all(&bytes)?;
        Ok(ArchiveWriter { chunks: ChunkWriter::new(out, sealing), all: Context::new(&SHA256), entry: None })
    }

    /// Begins an entry; the one before ends.
    pub(crate) fn begin(&mut self, name: &str) -> Result<(), ArchiveError> {
        self.end_entry()?;
        let header = serde_json::json!({ "name": name }).to_string();
        self.put(&length(header.as_bytes()).to_be_bytes())?;
        self.put(header.as_bytes())?;
        self.entry = Some(Context::new(&SHA256));
        Ok(())
    }

    /// Adds bytes to the entry that was begun.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        for piece in bytes.chunks(super::CHUNK_BYTES_MAX) {
            if let Some(entry) = &mut self.entry {
                entry.update(piece);
            }
            self.put(&length(piece).to_be_bytes())?;
            self.put(piece)?;
        }
        Ok(())
    }

    /// Ends the archive and gives the stream back; without it a reader says that the archive is cut off.
    pub(crate) fn finish(mut self) -> Result<W, ArchiveError> {
        self.end_entry()?;
        self.put(&0_u32.to_be_bytes())?;
        let digest = self.all.clone().finish();
        self.chunks.write(digest.as_ref())?;
        self.chunks.finish()
    }

    fn end_entry(&mut self) -> Result<(), ArchiveError> {
        if let Some(entry) = self.entry.take() {
            self.put(&0_u32.to_be_bytes())?;
            self.put(entry.finish().as_ref())?;
        }
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        self.all.update(bytes);
        self.chunks.write(bytes)
    }
}

fn new_encryption() -> Result<Encryption, ArchiveError> {
    let mut salt = [0_u8; 32];
    rand::fill(&mut salt).map_err(|_| ArchiveError::Io(std::io::Error::other("the system gives no randomness")))?;
    Ok(Encryption {
        cipher: "aes-256-gcm".into(),
        derivation: "pbkdf2-hmac-sha256".into(),
        rounds: KDF_ROUNDS,
        salt: hex(&salt),
    })
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}
