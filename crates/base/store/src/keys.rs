//! The node's master keys: what wraps the data keys of [`crate::seal`], and the key of look-up hashes.
//!
//! They live outside of every database, in a file of mode 0600 that the first start makes, or come from configuration
//! (a mounted secret). A copied database without this file says nothing; a lost file cannot be replaced by anybody.

use std::fmt;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::{hkdf, hmac, rand};
use stoa_core::{Problem, Refusal};
use zeroize::{Zeroize, Zeroizing};

use crate::{Store, StoreError, params};

/// The bytes of a key.
pub const KEY_BYTES: usize = 32;
/// The file's name inside of the folder for keys.
pub const FILE_NAME: &str = "master.keys";
/// More than this is no key file.
const FILE_BYTES_MAX: u64 = 64 * 1024;

const HEADER: &str = "# Stoa's master keys. Keep a copy in a safe place, apart from backups of the data: without this file\n\
                      # nothing that was sealed can ever be opened again. The newest key stands last and is the active one.\n";

/// What can be wrong with the master keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("the key file {} cannot be {doing}: {source}", path.display())]
    File {
        /// Where it lies.
        path: PathBuf,
        /// `read`, `made`, …
        doing: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Others than its owner may read the file.
    #[error("the key file {} has mode {mode:04o}, so others may read it: run `chmod 600` on it, and replace the keys if \
             somebody may have done so", path.display())]
    TooOpen {
        /// Where it lies.
        path: PathBuf,
        /// The permission bits found.
        mode: u32,
    },
    /// The text is no key file.
    #[error("the master keys cannot be read: line {line} is {what}")]
    Malformed {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it, never its content.
        what: &'static str,
    },
    /// The database was sealed with a key that is not among these.
    #[error(
        "the master keys do not fit the database of `{block}`: it was sealed with key {wanted}, and the keys given are \
             {given}. Put back the key file that belongs to this data"
    )]
    DoesNotFit {
        /// Whose database.
        block: &'static str,
        /// The id of the missing key.
        wanted: String,
        /// The ids of the keys that are there.
        given: String,
    },
    /// The operating system gave no randomness, or refused an operation on keys.
    #[error("the cryptographic library refused to {doing}")]
    Refused {
        /// What was asked of it.
        doing: &'static str,
    },
    /// The database could not be asked.
    #[error("the key check of the database could not be read")]
    Store(#[from] StoreError),
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Store(error) => error.into(),
            KeyError::DoesNotFit { .. } => Problem::new(Refusal::Failed, "store.key_does_not_fit"),
            KeyError::File { .. }
            | KeyError::TooOpen { .. }
            | KeyError::Malformed { .. }
            | KeyError::Refused { .. } => Problem::new(Refusal::Failed, "store.key_unusable"),
        }
    }
}

/// The name of a master key: derived from the key, so that another key can never pass under the same name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(String);

impl KeyId {
    /// Sixteen hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

struct MasterKey {
    id: KeyId,
    secret: Zeroizing<[u8; KEY_BYTES]>,
}

impl MasterKey {
    fn new(secret: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &*secret), b"stoa master key id v1");
        let id = KeyId(hex(tag.as_ref().get(..8).unwrap_or_default()));
        Self { id, secret }
    }
}

struct Inner {
    /// The active key, the newest.
    active: MasterKey,
    /// The keys before it, oldest first.
    older: Vec<MasterKey>,
    /// Stays the same when master keys are rotated, or else no look-up hash would be found again.
    lookup: hmac::Key,
    lookup_secret: Zeroizing<[u8; KEY_BYTES]>,
    path: Option<PathBuf>,
}

/// The master keys in use; cheap to clone, wiped from memory with the last clone.
#[derive(Clone)]
pub struct MasterKeys {
    inner: Arc<Inner>,
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKeys({})", self.names())
    }
}

impl MasterKeys {
    /// Reads the keys of this folder, and makes them if there are none yet.
    ///
    /// The file appears whole or not at all, also when two processes start at once: the second takes the first's.
    pub fn open(folder: &Path) -> Result<Self, KeyError> {
        let path = folder.join(FILE_NAME);
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|source| KeyError::File {
            path: path.clone(),
            doing: "made",
            source,
        })?;
        loop {
            match File::open(&path) {
                Ok(file) => return Self::read(file, path),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    let fresh = Self::generate()?;
                    write_once(&path, &fresh.to_text(), Exists::Keep).map_err(|source| KeyError::File {
                        path: path.clone(),
                        doing: "made",
                        source,
                    })?;
                }
                Err(source) => return Err(KeyError::File { path, doing: "read", source }),
            }
        }
    }

    /// Takes the keys from configuration: the bytes of a key file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let text =
            std::str::from_utf8(bytes).map_err(|_| KeyError::Malformed { line: 1, what: "not text in UTF-8" })?;
        Self::parse(text, None)
    }

    /// New keys, in memory only: for tests, and for the first file.
    pub fn generate() -> Result<Self, KeyError> {
        Ok(Self::with(Vec::new(), MasterKey::new(random_key()?), random_key()?, None))
    }

    /// Adds a new active key to the file and returns the keys with it. Data keys stay wrapped by the older ones until
    /// [`crate::seal::rotate`] has gone through every database; only then may an old line be taken out.
    pub fn add_active(&self) -> Result<Self, KeyError> {
        let older = self.all().map(|key| MasterKey { id: key.id.clone(), secret: key.secret.clone() }).collect();
        let grown =
            Self::with(older, MasterKey::new(random_key()?), self.inner.lookup_secret.clone(), self.inner.path.clone());
        if let Some(path) = &self.inner.path {
            write_once(path, &grown.to_text(), Exists::Replace).map_err(|source| KeyError::File {
                path: path.clone(),
                doing: "written",
                source,
            })?;
        }
        Ok(grown)
    }

    /// The name of the key that new data keys are wrapped with.
    pub fn active(&self) -> &KeyId {
        &self.inner.active.id
    }

    /// The names of all keys, oldest first.
    pub fn ids(&self) -> impl Iterator<Item = &KeyId> {
        self.all().map(|key| &key.id)
    }

    /// A keyed hash for looking up a value that is stored sealed: the same for equal `bytes` in the same `context`.
    pub fn mac(&self, context: &str, bytes: &[u8]) -> [u8; 32] {
        let mut signing = hmac::Context::with_key(&self.inner.lookup);
        signing.update(&(context.len() as u64).to_be_bytes());
        signing.update(context.as_bytes());
        signing.update(bytes);
        let mut mac = [0; 32];
        mac.copy_from_slice(signing.sign().as_ref());
        mac
    }

    /// Checks that these keys belong to this database, and notes the active one in it. Call it once after opening a
    /// store and before anything is sealed: a wrong key file is found at start and not at the first reading.
    pub async fn check(&self, store: &Store) -> Result<(), KeyError> {
        let keys = self.clone();
        store.write(async move |tx| keys.check_in(tx).await).await
    }

    async fn check_in(&self, tx: &mut crate::Tx<'_>) -> Result<(), KeyError> {
        let known: Vec<(String,)> = tx.rows("SELECT key_id FROM stoa_key_check ORDER BY key_id", params![]).await?;
        for (wanted,) in &known {
            if !self.ids().any(|id| id.as_str() == wanted) {
                let used: Option<(i64,)> = tx
                    .find(
                        "SELECT 1 FROM stoa_data_key WHERE key_id = $1 AND wrapped IS NOT NULL LIMIT 1",
                        params![wanted],
                    )
                    .await?;
                // A key that nothing is wrapped with any more may be gone: that is the end of a rotation.
                if used.is_some() || known.len() == 1 {
                    return Err(KeyError::DoesNotFit {
                        block: tx.block(),
                        wanted: wanted.clone(),
                        given: self.names(),
                    });
                }
                tx.execute("DELETE FROM stoa_key_check WHERE key_id = $1", params![wanted]).await?;
            }
        }
        let check = self.mac("stoa.key_check", tx.block().as_bytes());
        let lookup: Option<(Vec<u8>,)> = tx.find("SELECT lookup_check FROM stoa_key_check LIMIT 1", params![]).await?;
        if lookup.is_some_and(|(stored,)| stored != check) {
            return Err(KeyError::DoesNotFit {
                block: tx.block(),
                wanted: "for look-ups".to_owned(),
                given: self.names(),
            });
        }
        let now = tx.now();
        tx.execute(
            "INSERT INTO stoa_key_check (key_id, lookup_check, first_used_at) VALUES ($1, $2, $3)
             ON CONFLICT (key_id) DO NOTHING",
            params![self.active().as_str(), &check[..], now],
        )
        .await?;
        Ok(())
    }

    /// A key derived for one purpose from the master key with this name; `None` if it is not among these.
    pub(crate) fn derive(&self, id: &str, salt: &[u8], purpose: &[u8]) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
        let master = self.all().find(|key| key.id.0 == id)?;
        let mut derived = Zeroizing::new([0; KEY_BYTES]);
        hkdf::Salt::new(hkdf::HKDF_SHA256, salt)
            .extract(&*master.secret)
            .expand(&[purpose], hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut *derived))
            .ok()?;
        Some(derived)
    }

    fn all(&self) -> impl Iterator<Item = &MasterKey> {
        self.inner.older.iter().chain([&self.inner.active])
    }

    fn with(
        older: Vec<MasterKey>,
        active: MasterKey,
        lookup_secret: Zeroizing<[u8; KEY_BYTES]>,
        path: Option<PathBuf>,
    ) -> Self {
        let lookup = hmac::Key::new(hmac::HMAC_SHA256, &*lookup_secret);
        Self { inner: Arc::new(Inner { active, older, lookup, lookup_secret, path }) }
    }

    fn names(&self) -> String {
        self.ids().map(KeyId::as_str).collect::<Vec<_>>().join(", ")
    }

    fn read(file: File, path: PathBuf) -> Result<Self, KeyError> {
        let failed = |source| KeyError::File { path: path.clone(), doing: "read", source };
        let mode = file.metadata().map_err(failed)?.mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KeyError::TooOpen { path, mode });
        }
        let mut text = Zeroizing::new(String::new());
        file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
        Self::parse(&text, Some(path))
    }

    fn parse(text: &str, path: Option<PathBuf>) -> Result<Self, KeyError> {
        let mut keys: Vec<MasterKey> = Vec::new();
        let mut lookup = None;
        let mut last = 0;
        for (index, line) in text.lines().enumerate() {
            last = index + 1;
            let refuse = |what| KeyError::Malformed { line: last, what };
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut fields = line.split_ascii_whitespace();
            match (fields.next(), fields.next(), fields.next(), fields.next()) {
                (Some("lookup"), Some(secret), None, None) if lookup.is_none() => {
                    lookup = Some(unhex(secret).ok_or_else(|| refuse("a key that is not 64 hexadecimal digits"))?);
                }
                (Some("key"), Some(id), Some(secret), None) => {
                    let secret = unhex(secret).ok_or_else(|| refuse("a key that is not 64 hexadecimal digits"))?;
                    let key = MasterKey::new(secret);
                    if key.id.0 != id {
                        return Err(refuse("a key whose name does not belong to it: it was altered or cut"));
                    }
                    if keys.iter().any(|other| other.id == key.id) {
                        return Err(refuse("a key that is there twice"));
                    }
                    keys.push(key);
                }
                _ => return Err(refuse("neither `key ID HEX` nor the one `lookup HEX`")),
            }
        }
        let missing = |what| KeyError::Malformed { line: last, what };
        let active = keys.pop().ok_or_else(|| missing("the end, and no key was found"))?;
        let lookup = lookup.ok_or_else(|| missing("the end, and no lookup key was found"))?;
        Ok(Self::with(keys, active, lookup, path))
    }

    fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(4096));
        text.push_str(HEADER);
        push_line(&mut text, "lookup", &self.inner.lookup_secret);
        for key in self.all() {
            push_line(&mut text, &format!("key {}", key.id), &key.secret);
        }
        text
    }

    /// The text of the key file, for an encrypted backup or a safe. Handle it as the secret that it is.
    pub fn export(&self) -> Zeroizing<String> {
        self.to_text()
    }
}

fn push_line(text: &mut String, name: &str, secret: &[u8; KEY_BYTES]) {
    text.push_str(name);
    text.push(' ');
    let mut digits = hex(secret);
    text.push_str(&digits);
    digits.zeroize();
    text.push('\n');
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

fn unhex(text: &str) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != KEY_BYTES || !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Exists {
    Keep,
    Replace,
}

/// Writes a secret file that is there whole or not at all: a synced temporary file takes the name in one step, and the
/// folder is synced. With [`Exists::Keep`] a file that another process put there meanwhile stays.
fn write_once(path: &Path, text: &str, exists: Exists) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let temporary = folder.join(format!(".{FILE_NAME}.{}", std::process::id()));
    let _ = std::fs::remove_file(&temporary); // left by a process of the same number that was killed
    let result = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
        file.set_permissions(Permissions::from_mode(0o600))?; // whatever the umask says
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        if exists == Exists::Replace {
            std::fs::rename(&temporary, path)?;
        } else if let Err(error) = std::fs::hard_link(&temporary, path)
            && error.kind() != io::ErrorKind::AlreadyExists
        {
            return Err(error);
        }
        File::open(folder)?.sync_all()
    })();
    let _ = std::fs::remove_file(&temporary);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_start_makes_a_private_file_and_the_second_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let made = MasterKeys::open(folder.path()).unwrap();
        let path = folder.path().join(FILE_NAME);
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        let read = MasterKeys::open(folder.path()).unwrap();
        assert_eq!(made.active(), read.active());
        assert_eq!(made.mac("a", b"b"), read.mac("a", b"b"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");

        std::fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let error = MasterKeys::open(folder.path()).unwrap_err();
        assert!(matches!(error, KeyError::TooOpen { mode: 0o640, .. }), "{error}");
    }

    #[test]
    fn many_processes_at_once_agree_on_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let other = MasterKeys::generate().unwrap();
        MasterKeys::open(folder.path()).unwrap();
        write_once(&folder.path().join(FILE_NAME), &other.to_text(), Exists::Keep).unwrap();
        assert_ne!(MasterKeys::open(folder.path()).unwrap().active(), other.active());
    }

    #[test]
    fn a_new_key_becomes_active_and_look_ups_stay() {
        let folder = tempfile::tempdir().unwrap();
        let old = MasterKeys::open(folder.path()).unwrap();
        let new = old.add_active().unwrap();
        assert_ne!(new.active(), old.active());
        assert_eq!(new.mac("national_id", b"42"), old.mac("national_id", b"42"));
        let read = MasterKeys::open(folder.path()).unwrap();
        assert_eq!(read.ids().collect::<Vec<_>>(), new.ids().collect::<Vec<_>>());
        assert_eq!(std::fs::metadata(folder.path().join(FILE_NAME)).unwrap().mode() & 0o7777, 0o600);
        assert!(read.derive(old.active().as_str(), b"s", b"p").is_some());
        assert!(old.derive(new.active().as_str(), b"s", b"p").is_none());
    }

    #[test]
    fn damaged_keys_are_refused_with_the_line_and_without_the_secret() {
        let text = MasterKeys::generate().unwrap().export();
        let damaged = text.replace("key ", "key 0");
        for (given, wanted) in [
            ("", "line 0 is the end, and no key was found"),
            ("nonsense", "line 1 is neither"),
            (&damaged[..], "line 4 is a key whose name does not belong to it"),
            ("lookup 00", "line 1 is a key that is not 64"),
        ] {
            let error = MasterKeys::from_bytes(given.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(wanted), "{error}");
        }
        assert!(MasterKeys::from_bytes(&[0xff]).is_err());
        assert!(MasterKeys::from_bytes(text.as_bytes()).is_ok());
    }

    #[test]
    fn contexts_keep_hashes_apart_and_debug_shows_no_secret() {
        let keys = MasterKeys::generate().unwrap();
        assert_ne!(keys.mac("ab", b"c"), keys.mac("a", b"bc"));
        let shown = format!("{keys:?}");
        assert!(keys.export().lines().filter_map(|line| line.split(' ').next_back()).all(|key| !shown.contains(key)));
    }
}
