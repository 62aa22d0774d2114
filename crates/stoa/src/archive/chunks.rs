//! The layer below the entries: chunks of bytes, sealed or not, the last one marked.

use std::io::{Read, Write};
use std::num::NonZeroU32;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::pbkdf2;

use super::{ArchiveError, CHUNK_BYTES_MAX, Encryption, Header, KDF_ROUNDS_MAX, TAG_BYTES};

const LAST: u32 = 1 << 31;

/// The key of an archive with the count of chunks so far.
pub(super) struct Sealing {
    key: Option<LessSafeKey>,
    header_digest: Vec<u8>,
    chunk: u64,
}

impl Sealing {
    pub(super) fn new(header: &Header, header_bytes: &[u8], passphrase: Option<&str>) -> Result<Sealing, ArchiveError> {
        let key = match (&header.encryption, passphrase) {
            (None, _) => None,
            (Some(_), None) => return Err(ArchiveError::PassphraseMissing),
            (Some(encryption), Some(passphrase)) => Some(derive(encryption, passphrase)?),
        };
        Ok(Sealing { key, header_digest: digest(&SHA256, header_bytes).as_ref().to_vec(), chunk: 0 })
    }

    fn next(&mut self, last: bool) -> (Nonce, Aad<Vec<u8>>) {
        let mut nonce = [0_u8; 12];
        nonce[4..].copy_from_slice(&self.chunk.to_be_bytes());
        self.chunk += 1;
        let mut associated = self.header_digest.clone();
        associated.push(u8::from(last));
        (Nonce::assume_unique_for_key(nonce), Aad::from(associated))
    }
}

fn derive(encryption: &Encryption, passphrase: &str) -> Result<LessSafeKey, ArchiveError> {
    let foreign = |what: &str| ArchiveError::Foreign(what.to_owned());
    if encryption.cipher != "aes-256-gcm" || encryption.derivation != "pbkdf2-hmac-sha256" {
        return Err(foreign("its encryption is not known"));
    }
    let rounds = NonZeroU32::new(encryption.rounds)
        .filter(|rounds| rounds.get() <= KDF_ROUNDS_MAX)
        .ok_or_else(|| foreign("its key derivation is out of bounds"))?;
    let salt = unhex(&encryption.salt).ok_or_else(|| foreign("its salt is not hexadecimal"))?;
    let mut key = [0_u8; 32];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, &salt, passphrase.as_bytes(), &mut key);
    let unbound = UnboundKey::new(&AES_256_GCM, &key).map_err(|_| foreign("its key cannot be made"))?;
    Ok(LessSafeKey::new(unbound))
}

/// Cuts what is written into chunks.
pub(super) struct ChunkWriter<W: Write> {
    out: W,
    sealing: Sealing,
    pending: Vec<u8>,
}

impl<W: Write> ChunkWriter<W> {
    pub(super) fn new(out: W, sealing: Sealing) -> ChunkWriter<W> {
        ChunkWriter { out, sealing, pending: Vec::with_capacity(CHUNK_BYTES_MAX + TAG_BYTES) }
    }

    pub(super) fn write(&mut self, mut bytes: &[u8]) -> Result<(), ArchiveError> {
        while !bytes.is_empty() {
            if self.pending.len() == CHUNK_BYTES_MAX {
                self.flush(false)?;
            }
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK_BYTES_MAX - self.pending.len()));
            self.pending.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    /// Writes the last chunk and gives the stream back.
    pub(super) fn finish(mut self) -> Result<W, ArchiveError> {
        self.flush(true)?;
        Ok(self.out)
    }

    fn flush(&mut self, last: bool) -> Result<(), ArchiveError> {
        let (nonce, associated) = self.sealing.next(last);
        if let Some(key) = &self.sealing.key {
            key.seal_in_place_append_tag(nonce, associated, &mut self.pending)
                .map_err(|_| ArchiveError::Damaged("a chunk could not be sealed".into()))?;
        }
        let length = u32::try_from(self.pending.len()).unwrap_or(u32::MAX) | if last { LAST } else { 0 };
        self.out.write_all(&length.to_be_bytes())?;
        self.out.write_all(&self.pending)?;
        self.pending.clear();
        Ok(())
    }
}

/// Puts chunks together again.
pub(super) struct ChunkReader<R: Read> {
    input: R,
    sealing: Sealing,
    chunk: Vec<u8>,
    taken: usize,
    last: bool,
}

impl<R: Read> ChunkReader<R> {
    pub(super) fn new(input: R, sealing: Sealing) -> ChunkReader<R> {
        ChunkReader { input, sealing, chunk: Vec::new(), taken: 0, last: false }
    }

    /// Exactly `bytes.len()` bytes.
    pub(super) fn read(&mut self, mut bytes: &mut [u8]) -> Result<(), ArchiveError> {
        while !bytes.is_empty() {
            let ready = self.chunk.get(self.taken..).unwrap_or_default();
            if ready.is_empty() {
                self.refill()?;
                continue;
            }
            let count = ready.len().min(bytes.len());
            let (now, later) = bytes.split_at_mut(count);
            now.copy_from_slice(ready.get(..count).unwrap_or_default());
            self.taken += count;
            bytes = later;
        }
        Ok(())
    }

    /// Nothing may come after what was read.
    pub(super) fn end(&mut self) -> Result<(), ArchiveError> {
        let mut further = [0_u8; 1];
        if self.taken < self.chunk.len() || !self.last || self.input.read(&mut further)? != 0 {
            return Err(ArchiveError::Damaged("there is more after its end".into()));
        }
        Ok(())
    }

    fn refill(&mut self) -> Result<(), ArchiveError> {
        if self.last {
            return Err(ArchiveError::Cut);
        }
        let mut length = [0_u8; 4];
        read_exactly(&mut self.input, &mut length)?;
        let word = u32::from_be_bytes(length);
        self.last = word & LAST != 0;
        let length = usize::try_from(word & !LAST).unwrap_or(usize::MAX);
        if length > CHUNK_BYTES_MAX + TAG_BYTES {
            return Err(ArchiveError::Damaged("a chunk is longer than any that is written".into()));
        }
        self.chunk.resize(length, 0);
        self.taken = 0;
        read_exactly(&mut self.input, &mut self.chunk)?;
        let first = self.sealing.chunk == 0;
        let (nonce, associated) = self.sealing.next(self.last);
        if let Some(key) = &self.sealing.key {
            let opened = key.open_in_place(nonce, associated, &mut self.chunk).map(|plain| plain.len());
            let length = opened.map_err(|_| {
                if first {
                    ArchiveError::PassphraseWrong
                } else {
                    ArchiveError::Damaged("a chunk was changed, moved or left out".into())
                }
            })?;
            self.chunk.truncate(length);
        }
        Ok(())
    }
}

pub(super) fn read_exactly(input: &mut impl Read, bytes: &mut [u8]) -> Result<(), ArchiveError> {
    input.read_exact(bytes).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => ArchiveError::Cut,
        _ => ArchiveError::Io(error),
    })
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}
