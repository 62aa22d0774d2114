//! The archive of `stoa backup`: one stream of named entries, each with its digest, sealed as a whole when there is a
//! passphrase.
//!
//! ```text
//! "STOAARC1"  u32 length  header (JSON, readable, authenticated)
//! chunks:     u32 length (top bit: the last one)  bytes        at most 64 KiB of plaintext each
//! plaintext:  entry*  0u32  sha256(of all before)
//! entry:      u32 length  {"name": …}  piece*  0u32  sha256(of all pieces)
//! piece:      u32 length  bytes
//! ```
//!
//! With a passphrase each chunk is AES-256-GCM under a key of PBKDF2-HMAC-SHA-256 and a random salt. The salt is new for
//! every archive, so a counter is a safe nonce. The associated data of a chunk is the digest of the header and whether
//! the chunk is the last: a changed header, chunks swapped, left out or cut are all refused.

mod chunks;
mod read;
mod write;

use serde::{Deserialize, Serialize};

pub(crate) use read::{ArchiveReader, header as read_header};
pub(crate) use write::ArchiveWriter;

/// The first eight bytes of every archive.
const MAGIC: &[u8; 8] = b"STOAARC1";
/// Plaintext of one chunk.
const CHUNK_BYTES_MAX: usize = 64 * 1024;
/// The tag that AES-GCM adds to each chunk.
const TAG_BYTES: usize = 16;
/// Largest header of an archive or entry that a reader takes.
const HEADER_BYTES_MAX: usize = 64 * 1024;
/// Rounds of the key derivation; OWASP's minimum for this function is 600,000.
const KDF_ROUNDS: u32 = 1_000_000;
/// More rounds than a reader will do: a forged header must not keep it busy for hours.
const KDF_ROUNDS_MAX: u32 = 20_000_000;

/// What an archive says about itself before it is opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    /// 1.
    pub(crate) format: u32,
    /// The program that wrote it.
    pub(crate) program: String,
    /// When, RFC 3339.
    pub(crate) made: String,
    /// `secure` or `govstack`.
    pub(crate) profile: String,
    /// Whether the master keys are inside; never without encryption.
    pub(crate) holds_master_keys: bool,
    /// How it is sealed; `null` when it is readable.
    pub(crate) encryption: Option<Encryption>,
}

/// How the key of an archive is made from its passphrase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Encryption {
    /// `aes-256-gcm`.
    pub(crate) cipher: String,
    /// `pbkdf2-hmac-sha256`.
    pub(crate) derivation: String,
    /// Its rounds.
    pub(crate) rounds: u32,
    /// Its salt, hexadecimal.
    pub(crate) salt: String,
}

/// Why an archive could not be written or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArchiveError {
    /// The disk or stream.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// Not an archive, or of a later format.
    #[error("this is not an archive that this program reads: {0}")]
    Foreign(String),
    /// Bytes are missing at the end.
    #[error("the archive is cut off")]
    Cut,
    /// A digest or tag does not match.
    #[error("the archive is damaged: {0}")]
    Damaged(String),
    /// The archive is sealed and no passphrase was given.
    #[error("the archive is encrypted and needs its passphrase")]
    PassphraseMissing,
    /// The first chunk does not open: another passphrase, or a changed header.
    #[error("the passphrase is wrong, or the archive's header was changed")]
    PassphraseWrong,
}

#[cfg(test)]
mod tests;
