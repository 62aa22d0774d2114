//! Sealing: personal values at rest, each readable only with the key of the person it is about.
//!
//! Envelope encryption with AES-256-GCM (NIST SP 800-38D). Every subject has a data key of its own, kept wrapped by a
//! master key; a sealed value is bound to its block, subject and context, so it opens nowhere else. To erase a person is
//! to destroy their data key: histories and evidence keep their bytes, and the bytes say nothing any more.
//!
//! A sealed value is `version (1) | data key id (16) | nonce (12) | ciphertext | tag (16)`.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use stoa_core::{Id, Kind, Problem, Refusal};
use zeroize::Zeroizing;

use crate::keys::{KEY_BYTES, KeyError, KeyId, random_key};
use crate::{MasterKeys, StoreError, Tx, params};

mod rotate;

pub use rotate::{Rotated, Usage, retire, rotate, rotate_all, usage};

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const HEAD_BYTES: usize = 1 + 16 + NONCE_BYTES;
/// What sealing adds to the length of a value, in bytes.
pub const OVERHEAD_BYTES: usize = HEAD_BYTES + TAG_BYTES;

/// The key of one subject.
pub(crate) enum DataKey {}
impl Kind for DataKey {
    const NAME: &'static str = "data key";
}

/// Why a value was not sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The subject's key was destroyed: nothing can open the value ever again.
    #[error("the subject was erased, and what was sealed for them cannot be opened any more")]
    Erased,
    /// The bytes are not what was sealed for this block, subject and context.
    #[error("the sealed value was altered, or it belongs to another subject or context")]
    Altered,
    /// The database holds no key under the id in the value.
    #[error("the database holds no data key for this sealed value")]
    NoKey,
    /// A newer version of Stoa sealed it.
    #[error("the sealed value has version {0}, which this version of Stoa does not know")]
    Version(u8),
    /// The master keys are at fault.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The database is at fault.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// For closures whose error is the store's.
impl From<SealError> for StoreError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Erased => Self::Erased,
            SealError::Key(KeyError::Store(error)) | SealError::Store(error) => error,
            SealError::Key(error) => Self::Key { reason: error.to_string() },
            other => Self::Data { reason: other.to_string() },
        }
    }
}

impl From<SealError> for Problem {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Erased => StoreError::Erased.into(),
            SealError::Altered | SealError::NoKey | SealError::Version(_) => {
                Problem::new(Refusal::Failed, "store.sealed_value_unreadable")
            }
            SealError::Key(error) => error.into(),
            SealError::Store(error) => error.into(),
        }
    }
}

/// Seals a value for `subject` (the stable id of a person) in `context` (where the value stands: `records.history`).
/// The subject's data key is made at its first use. Refused with [`SealError::Erased`] after [`destroy_subject`].
pub async fn seal(
    tx: &mut Tx<'_>,
    keys: &MasterKeys,
    subject: &str,
    context: &str,
    plaintext: &[u8],
) -> Result<Vec<u8>, SealError> {
    let subject_mac = subject_mac(keys, subject);
    let (id, key) = match find_key(tx, keys, &subject_mac).await? {
        Some(found) => found,
        None => create_key(tx, keys, &subject_mac).await?,
    };
    let refused = |_| KeyError::Refused { doing: "seal a value" };
    let mut sealed = Vec::with_capacity(plaintext.len() + OVERHEAD_BYTES);
    let mut body = plaintext.to_vec();
    let aad = value_aad(tx.block(), &subject_mac, context);
    let nonce = RandomizedNonceKey::new(&AES_256_GCM, &*key)
        .and_then(|key| key.seal_in_place_append_tag(Aad::from(&aad[..]), &mut body))
        .map_err(refused)?;
    sealed.push(VERSION);
    sealed.extend_from_slice(id.as_bytes());
    sealed.extend_from_slice(nonce.as_ref());
    sealed.append(&mut body);
    Ok(sealed)
}

/// Opens what [`seal`] gave for the same subject and context in the same block.
pub async fn open(
    tx: &mut Tx<'_>,
    keys: &MasterKeys,
    subject: &str,
    context: &str,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let parts = parse(sealed)?;
    let subject_mac = subject_mac(keys, subject);
    let row: Option<(Vec<u8>, String, Option<Vec<u8>>)> =
        tx.find("SELECT subject_mac, key_id, wrapped FROM stoa_data_key WHERE id = $1", params![parts.key]).await?;
    let (owner, key_id, wrapped) = row.ok_or(SealError::NoKey)?;
    if owner != subject_mac {
        return Err(SealError::Altered);
    }
    let wrapped = wrapped.ok_or(SealError::Erased)?;
    let key = unwrap(keys, tx.block(), &parts.key, &subject_mac, &key_id, &wrapped)?;
    let aad = value_aad(tx.block(), &subject_mac, context);
    let mut body = Zeroizing::new(parts.body.to_vec());
    let length = RandomizedNonceKey::new(&AES_256_GCM, &*key)
        .and_then(|key| Ok(key.open_in_place(Nonce::from(parts.nonce), Aad::from(&aad[..]), &mut body)?.len()))
        .map_err(|_| SealError::Altered)?;
    body.truncate(length);
    Ok(body)
}

/// Destroys the subject's data key for good. What was sealed for them stays, and opening it says
/// [`SealError::Erased`]. Returns whether there was a key. Also a subject without one can have none afterwards.
pub async fn destroy_subject(tx: &mut Tx<'_>, keys: &MasterKeys, subject: &str) -> Result<bool, SealError> {
    destroy(tx, &subject_mac(keys, subject)).await
}

/// The subjects whose keys were destroyed, as keyed hashes after `after` in order: a backup takes this list along, since
/// a restore of older data must [`destroy_again`].
pub async fn destroyed_subjects(tx: &mut Tx<'_>, after: &[u8], limit: u32) -> Result<Vec<Vec<u8>>, SealError> {
    let rows: Vec<(Vec<u8>,)> = tx
        .rows(
            "SELECT subject_mac FROM stoa_data_key WHERE wrapped IS NULL AND subject_mac > $1
             ORDER BY subject_mac LIMIT $2",
            params![after, limit],
        )
        .await?;
    Ok(rows.into_iter().map(|(mac,)| mac).collect())
}

/// Destroys, after a restore, a key that was destroyed before: `subject_mac` is from [`destroyed_subjects`]. It needs no
/// master key, so also a copy whose keys lie elsewhere forgets whom it must.
pub async fn destroy_again(tx: &mut Tx<'_>, subject_mac: &[u8]) -> Result<(), SealError> {
    destroy(tx, subject_mac).await?;
    Ok(())
}

async fn destroy(tx: &mut Tx<'_>, subject_mac: &[u8]) -> Result<bool, SealError> {
    let now = tx.now();
    let destroyed = tx
        .execute(
            "UPDATE stoa_data_key SET wrapped = NULL, destroyed_at = $2 WHERE subject_mac = $1 AND wrapped IS NOT NULL",
            params![subject_mac, now],
        )
        .await?;
    tx.scrub();
    if destroyed == 0 {
        let id = tx.new_id::<DataKey>();
        tx.execute(
            "INSERT INTO stoa_data_key (id, subject_mac, key_id, wrapped, created_at, destroyed_at)
             VALUES ($1, $2, '', NULL, $3, $3) ON CONFLICT (subject_mac) DO NOTHING",
            params![id, subject_mac, now],
        )
        .await?;
    }
    Ok(destroyed > 0)
}

async fn find_key(
    tx: &mut Tx<'_>,
    keys: &MasterKeys,
    subject_mac: &[u8],
) -> Result<Option<(Id<DataKey>, Zeroizing<[u8; KEY_BYTES]>)>, SealError> {
    let row: Option<(Id<DataKey>, String, Option<Vec<u8>>)> =
        tx.find("SELECT id, key_id, wrapped FROM stoa_data_key WHERE subject_mac = $1", params![subject_mac]).await?;
    let Some((id, key_id, wrapped)) = row else { return Ok(None) };
    let wrapped = wrapped.ok_or(SealError::Erased)?;
    let key = unwrap(keys, tx.block(), &id, subject_mac, &key_id, &wrapped)?;
    Ok(Some((id, key)))
}

async fn create_key(
    tx: &mut Tx<'_>,
    keys: &MasterKeys,
    subject_mac: &[u8],
) -> Result<(Id<DataKey>, Zeroizing<[u8; KEY_BYTES]>), SealError> {
    let id = tx.new_id::<DataKey>();
    let key = random_key()?;
    let master = keys.to_wrap_with(tx).await?;
    let wrapped = wrap(keys, &master, tx.block(), &id, subject_mac, &key)?;
    let now = tx.now();
    tx.execute(
        "INSERT INTO stoa_data_key (id, subject_mac, key_id, wrapped, created_at) VALUES ($1, $2, $3, $4, $5)",
        params![id, subject_mac, master.as_str(), wrapped, now],
    )
    .await?;
    Ok((id, key))
}

/// Subjects appear in the database as a keyed hash only: a national number may be one.
fn subject_mac(keys: &MasterKeys, subject: &str) -> [u8; 32] {
    keys.mac("stoa.seal.subject", subject.as_bytes())
}

/// Wraps with a key that is derived for this one data key, so that random nonces can never meet under one key.
fn wrap(
    keys: &MasterKeys,
    master: &KeyId,
    block: &str,
    id: &Id<DataKey>,
    subject_mac: &[u8],
    key: &[u8; KEY_BYTES],
) -> Result<Vec<u8>, KeyError> {
    let refused = || KeyError::Refused { doing: "wrap a data key" };
    let wrapping = keys.derive(master.as_str(), id.as_bytes(), b"stoa.seal.wrap.v1").ok_or_else(refused)?;
    let mut body = key.to_vec();
    let aad = wrap_aad(block, id, subject_mac, master.as_str());
    let nonce = RandomizedNonceKey::new(&AES_256_GCM, &*wrapping)
        .and_then(|key| key.seal_in_place_append_tag(Aad::from(&aad[..]), &mut body))
        .map_err(|_| refused())?;
    let mut wrapped = nonce.as_ref().to_vec();
    wrapped.append(&mut body);
    Ok(wrapped)
}

fn unwrap(
    keys: &MasterKeys,
    block: &'static str,
    id: &Id<DataKey>,
    subject_mac: &[u8],
    key_id: &str,
    wrapped: &[u8],
) -> Result<Zeroizing<[u8; KEY_BYTES]>, SealError> {
    let wrapping = keys.derive(key_id, id.as_bytes(), b"stoa.seal.wrap.v1").ok_or_else(|| KeyError::DoesNotFit {
        block,
        wanted: key_id.to_owned(),
        given: keys.names(),
    })?;
    let (nonce, body) = wrapped.split_first_chunk::<NONCE_BYTES>().ok_or(SealError::Altered)?;
    let mut body = Zeroizing::new(body.to_vec());
    let aad = wrap_aad(block, id, subject_mac, key_id);
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    let opened = RandomizedNonceKey::new(&AES_256_GCM, &*wrapping)
        .and_then(|key| key.open_in_place(Nonce::from(nonce), Aad::from(&aad[..]), &mut body).map(|opened| &*opened))
        .map_err(|_| SealError::Altered)?;
    if opened.len() != KEY_BYTES {
        return Err(SealError::Altered);
    }
    key.copy_from_slice(opened);
    Ok(key)
}

struct Parts<'a> {
    key: Id<DataKey>,
    nonce: &'a [u8; NONCE_BYTES],
    body: &'a [u8],
}

fn parse(sealed: &[u8]) -> Result<Parts<'_>, SealError> {
    let (version, rest) = sealed.split_first().ok_or(SealError::Altered)?;
    if *version != VERSION {
        return Err(SealError::Version(*version));
    }
    let (key, rest) = rest.split_first_chunk::<16>().ok_or(SealError::Altered)?;
    let (nonce, body) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(SealError::Altered)?;
    if body.len() < TAG_BYTES {
        return Err(SealError::Altered);
    }
    Ok(Parts { key: Id::from_bytes(*key), nonce, body })
}

fn value_aad(block: &str, subject_mac: &[u8], context: &str) -> Vec<u8> {
    bind(&[b"stoa.seal.value.v1", block.as_bytes(), subject_mac, context.as_bytes()])
}

fn wrap_aad(block: &str, id: &Id<DataKey>, subject_mac: &[u8], key_id: &str) -> Vec<u8> {
    bind(&[b"stoa.seal.wrap.v1", block.as_bytes(), id.as_bytes(), subject_mac, key_id.as_bytes()])
}

/// Parts behind their lengths, so that no two lists of parts give the same bytes.
fn bind(parts: &[&[u8]]) -> Vec<u8> {
    let mut bound = Vec::new();
    for part in parts {
        bound.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bound.extend_from_slice(part);
    }
    bound
}
