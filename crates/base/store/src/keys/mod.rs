//! The node's master keys: what wraps the data keys of [`crate::seal`], and the key of look-up hashes.
//!
//! They live outside of every database, in a file of mode 0600 that the first start makes, or come from configuration
//! (a mounted secret). A copied database without them says nothing; lost ones cannot be replaced by anybody.
//!
//! Keys change while a node runs: all clones of [`MasterKeys`] are one set, and a value that was sealed with a key which
//! is not in it makes the set look into its file again before it gives up. So a node also keeps up with another one that
//! shares its database and its key file.

mod error;
mod file;
mod ring;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use aws_lc_rs::rand;
use stoa_core::Instant;
use zeroize::Zeroizing;

use self::file::{KeyFile, Owner, Stamp};
use self::ring::Ring;
use crate::{Store, StoreError, Tx, params};

pub use error::KeyError;
pub use ring::KeyId;

/// The bytes of a key.
pub const KEY_BYTES: usize = 32;
/// The file's name inside of the folder for keys.
pub const FILE_NAME: &str = "master.keys";

/// The master keys in use; cheap to clone, all clones are one set.
#[derive(Clone)]
pub struct MasterKeys {
    shared: Arc<Shared>,
}

struct Shared {
    ring: RwLock<Arc<Ring>>,
    source: Source,
    /// What the file held when it was last read.
    stamp: Mutex<Option<Stamp>>,
    /// Held while keys are added or taken out.
    turn: tokio::sync::Mutex<()>,
}

enum Source {
    Memory,
    Text,
    File(KeyFile),
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKeys({})", self.names())
    }
}

impl MasterKeys {
    fn with(ring: Ring, source: Source, stamp: Option<Stamp>) -> Self {
        let shared = Shared {
            ring: RwLock::new(Arc::new(ring)),
            source,
            stamp: Mutex::new(stamp),
            turn: tokio::sync::Mutex::new(()),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Reads the keys of this folder, and makes them if there are none yet.
    pub fn open(folder: &Path) -> Result<Self, KeyError> {
        let file = KeyFile::own(folder)?;
        let (ring, stamp) = file.read()?;
        Ok(Self::with(ring, Source::File(file), Some(stamp)))
    }

    /// As [`open`](Self::open), but for a database that was sealed with keys already nothing is made: new ones could open
    /// nothing, and would stand where the right ones must be put back.
    pub async fn open_for(folder: &Path, store: &Store) -> Result<Self, KeyError> {
        let path = folder.join(FILE_NAME);
        if !path.exists() {
            let noted = store
                .read(async |tx: &mut Tx<'_>| {
                    tx.rows::<(String,)>("SELECT key_id FROM stoa_key_check ORDER BY key_id", params![]).await
                })
                .await
                .map_err(KeyError::Store)?;
            if !noted.is_empty() {
                let wanted = noted.into_iter().map(|(id,)| id).collect::<Vec<_>>().join(", ");
                return Err(KeyError::Missing { path, block: store.block(), wanted });
            }
        }
        Self::open(folder)
    }

    /// Takes the keys from a file that the operator put there, and that is only read.
    pub fn from_file(path: &Path) -> Result<Self, KeyError> {
        let file = KeyFile::given(path);
        let (ring, stamp) = file.read()?;
        Ok(Self::with(ring, Source::File(file), Some(stamp)))
    }

    /// Takes the keys from configuration: the bytes of a key file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let text =
            std::str::from_utf8(bytes).map_err(|_| KeyError::Malformed { line: 1, what: "not text in UTF-8" })?;
        Ok(Self::with(Ring::parse(text)?, Source::Text, None))
    }

    /// New keys, in memory only: for tests, and for the text of a file that is kept elsewhere.
    pub fn generate() -> Result<Self, KeyError> {
        Ok(Self::with(Ring::generate()?, Source::Memory, None))
    }

    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.shared.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, ring: Ring, stamp: Option<Stamp>) {
        *self.shared.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
        *self.shared.stamp.lock().unwrap_or_else(PoisonError::into_inner) = stamp;
    }

    /// While the guard lives no other key is added or taken out: for those who do so, and for a backup, whose keys must be
    /// those of its moment.
    pub async fn hold(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.shared.turn.lock().await
    }

    /// Whether the node itself writes these keys, and so can add one. Those that come from configuration the operator
    /// changes.
    pub fn are_own(&self) -> bool {
        match &self.shared.source {
            Source::Memory => true,
            Source::Text => false,
            Source::File(file) => file.owner == Owner::Node,
        }
    }

    /// Takes up what the file holds now, if it has changed. Says whether anything is new.
    pub fn reload(&self) -> Result<bool, KeyError> {
        let Source::File(file) = &self.shared.source else { return Ok(false) };
        let known = *self.shared.stamp.lock().unwrap_or_else(PoisonError::into_inner);
        if file.stamp() == known {
            return Ok(false);
        }
        let (ring, stamp) = file.read()?;
        let present = self.ring();
        if !ring.is_akin(&present) {
            return Err(KeyError::Replaced { path: file.path().to_owned() });
        }
        let is_new = !ring.ids().eq(present.ids());
        self.put(ring, Some(stamp));
        Ok(is_new)
    }

    /// Adds a new active key, on disk before it is used. Data keys stay wrapped by the older ones until
    /// [`crate::seal::rotate`] has gone through every database.
    pub fn add_active(&self) -> Result<KeyId, KeyError> {
        if !self.are_own() {
            return Err(KeyError::Configured);
        }
        self.reload()?;
        self.replace(self.ring().grown()?)?;
        Ok(self.active())
    }

    /// The text of a key file with a new active key behind these; nothing here changes.
    pub fn grown(&self) -> Result<Zeroizing<String>, KeyError> {
        Ok(self.ring().grown()?.to_text())
    }

    /// Takes an older key out. Nothing may be wrapped with it any more: see [`crate::seal::retire`].
    pub(crate) fn forget(&self, id: &str) -> Result<(), KeyError> {
        if !self.are_own() {
            return Err(KeyError::Configured);
        }
        self.reload()?;
        self.replace(self.ring().without(id))
    }

    fn replace(&self, ring: Ring) -> Result<(), KeyError> {
        let stamp = match &self.shared.source {
            Source::File(file) => {
                file.write(&ring)?;
                file.stamp()
            }
            Source::Memory | Source::Text => None,
        };
        self.put(ring, stamp);
        Ok(())
    }

    /// The name of the key that new data keys are wrapped with.
    pub fn active(&self) -> KeyId {
        self.ring().active().clone()
    }

    /// The names of all keys, oldest first.
    pub fn ids(&self) -> Vec<KeyId> {
        self.ring().ids().cloned().collect()
    }

    /// A keyed hash for looking up a value that is stored sealed: the same for equal `bytes` in the same `context`.
    pub fn mac(&self, context: &str, bytes: &[u8]) -> [u8; 32] {
        self.ring().mac(context, bytes)
    }

    /// Checks that these keys belong to this database, and notes the active one in it. Call it once after opening a
    /// store: a wrong key file is found at start and not at the first reading.
    pub async fn check(&self, store: &Store) -> Result<(), KeyError> {
        let keys = self.clone();
        store.write(async move |tx| keys.check_in(tx).await).await
    }

    async fn check_in(&self, tx: &mut Tx<'_>) -> Result<(), KeyError> {
        let ring = self.ring();
        let noted: Vec<(String, Vec<u8>, Option<Instant>)> =
            tx.rows("SELECT key_id, lookup_check, retired_at FROM stoa_key_check ORDER BY key_id", params![]).await?;
        let does_not_fit =
            |wanted: &str, block| KeyError::DoesNotFit { block, wanted: wanted.to_owned(), given: self.names() };
        // The key of look-ups never changes, so it tells best whether these are the keys of this data.
        let check = lookup_check(&ring, tx.block());
        if noted.iter().any(|(_, noted, _)| *noted != check) {
            let wanted: Vec<&str> = noted.iter().map(|(id, ..)| id.as_str()).collect();
            return Err(does_not_fit(&wanted.join(", "), tx.block()));
        }
        for (id, _, retired_at) in &noted {
            if *id == ring.active().as_str() && retired_at.is_some() {
                return Err(KeyError::Retired { block: tx.block(), id: id.clone() });
            }
            // A key that nothing is wrapped with any more may be gone.
            if !ring.has(id) && count_wrapped(tx, id).await? > 0 {
                return Err(does_not_fit(id, tx.block()));
            }
        }
        note(tx, &ring).await
    }

    /// The key to wrap a new data key with in this database: the active one, unless it was taken out of use there, for
    /// then these keys are old and the file has newer ones.
    pub(crate) async fn to_wrap_with(&self, tx: &mut Tx<'_>) -> Result<KeyId, KeyError> {
        for _ in 0..2 {
            let ring = self.ring();
            let noted: Option<(Option<Instant>,)> = tx
                .find("SELECT retired_at FROM stoa_key_check WHERE key_id = $1", params![ring.active().as_str()])
                .await?;
            match noted {
                Some((None,)) => return Ok(ring.active().clone()),
                Some((Some(_),)) => _ = self.reload()?,
                None => {
                    note(tx, &ring).await?;
                    return Ok(ring.active().clone());
                }
            }
        }
        Err(KeyError::Retired { block: tx.block(), id: self.active().as_str().to_owned() })
    }

    /// A key derived for one purpose from the master key with this name. One that is not known may have been added to
    /// the file meanwhile.
    pub(crate) fn derive(&self, id: &str, salt: &[u8], purpose: &[u8]) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
        let found = self.ring().derive(id, salt, purpose);
        if found.is_some() {
            return found;
        }
        if let Err(error) = self.reload() {
            tracing::warn!(%error, "the master keys could not be read again");
        }
        self.ring().derive(id, salt, purpose)
    }

    pub(crate) fn names(&self) -> String {
        self.ring().ids().map(KeyId::as_str).collect::<Vec<_>>().join(", ")
    }

    /// The text of the key file, for an encrypted backup or a safe. Handle it as the secret that it is.
    pub fn export(&self) -> Zeroizing<String> {
        self.ring().to_text()
    }
}

fn lookup_check(ring: &Ring, block: &str) -> [u8; 32] {
    ring.mac("stoa.key_check", block.as_bytes())
}

/// Notes in the database that the active key is used there.
async fn note(tx: &mut Tx<'_>, ring: &Ring) -> Result<(), KeyError> {
    let (check, now) = (lookup_check(ring, tx.block()), tx.now());
    tx.execute(
        "INSERT INTO stoa_key_check (key_id, lookup_check, first_used_at) VALUES ($1, $2, $3)
         ON CONFLICT (key_id) DO NOTHING",
        params![ring.active().as_str(), check, now],
    )
    .await?;
    Ok(())
}

/// How many data keys of this database are wrapped with a master key.
pub(crate) async fn count_wrapped(tx: &mut Tx<'_>, id: &str) -> Result<u64, StoreError> {
    let (count,): (u64,) =
        tx.get("SELECT count(*) FROM stoa_data_key WHERE key_id = $1 AND wrapped IS NOT NULL", params![id]).await?;
    Ok(count)
}

pub(crate) fn random_key() -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyError> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    rand::fill(&mut *key).map_err(|_| KeyError::Refused { doing: "draw random bytes" })?;
    Ok(key)
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}"); // writing to a String does not fail
    }
    text
}
