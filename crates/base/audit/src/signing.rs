//! Keys that sign (Ed25519), each kept beside the master keys in a file of its own of mode 0600: the one for checkpoints,
//! and others for what else a node puts its name to.

use std::fmt;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use aws_lc_rs::rand;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, ParsedPublicKey, UnparsedPublicKey};
use zeroize::Zeroizing;

use crate::AuditError;
use crate::text::{hex, unhex};

/// The file of the key that signs checkpoints, inside of the folder for keys.
pub const FILE_NAME: &str = "audit.key";
const FILE_BYTES_MAX: u64 = 1024;

/// The private key; cheap to clone.
#[derive(Clone)]
pub struct SigningKey {
    pair: Arc<Ed25519KeyPair>,
    public: VerifyingKey,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public)
    }
}

/// The public key: 32 bytes, in text 64 hexadecimal digits. Keep it where the node cannot change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VerifyingKey([u8; 32]);

impl VerifyingKey {
    /// Whether this key signed the message.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).is_ok()
    }

    /// The key's bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl FromStr for VerifyingKey {
    type Err = AuditError;

    fn from_str(text: &str) -> Result<Self, AuditError> {
        let bytes: [u8; 32] = unhex(text).ok_or(AuditError::NoKey)?;
        ParsedPublicKey::new(&ED25519, bytes).map_err(|_| AuditError::NoKey)?;
        Ok(Self(bytes))
    }
}

impl SigningKey {
    /// Reads the key of this folder that signs checkpoints, and makes one if there is none yet.
    pub fn open(folder: &Path) -> Result<Self, AuditError> {
        Self::open_named(folder, FILE_NAME)
    }

    /// The same for a key with another purpose, in a file of this name: a key signs one sort of thing only.
    pub fn open_named(folder: &Path, name: &str) -> Result<Self, AuditError> {
        let path = folder.join(name);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|source| AuditError::KeyFile { path: path.clone(), source })?;
        loop {
            match File::open(&path) {
                Ok(file) => return Self::read(file, &path),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    create(&path).map_err(|source| AuditError::KeyFile { path: path.clone(), source })?;
                }
                Err(source) => return Err(AuditError::KeyFile { path, source }),
            }
        }
    }

    /// A new key in memory only, for tests.
    pub fn generate() -> Result<Self, AuditError> {
        Self::from_seed(&*random_seed()?)
    }

    /// The key with this secret seed (RFC 8032 §5.1.5).
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, AuditError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| AuditError::NoKey)?;
        let public = VerifyingKey(pair.public_key().as_ref().try_into().map_err(|_| AuditError::NoKey)?);
        Ok(Self { pair: Arc::new(pair), public })
    }

    /// The public key.
    pub const fn verifying_key(&self) -> VerifyingKey {
        self.public
    }

    /// Signs a message (RFC 8032).
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut signature = [0; 64];
        signature.copy_from_slice(self.pair.sign(message).as_ref());
        signature
    }

    fn read(file: File, path: &Path) -> Result<Self, AuditError> {
        let failed = |source| AuditError::KeyFile { path: path.to_owned(), source };
        let mode = file.metadata().map_err(failed)?.mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(AuditError::KeyTooOpen { path: path.to_owned(), mode });
        }
        let mut text = Zeroizing::new(String::new());
        file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
        let seed = Zeroizing::new(unhex::<32>(text.trim()).ok_or(AuditError::NoKey)?);
        Self::from_seed(&seed)
    }
}

fn random_seed() -> Result<Zeroizing<[u8; 32]>, AuditError> {
    let mut seed = Zeroizing::new([0; 32]);
    rand::fill(&mut *seed).map_err(|_| AuditError::NoKey)?;
    Ok(seed)
}

/// Makes the file, whole or not at all; one that another process made meanwhile stays.
fn create(path: &Path) -> io::Result<()> {
    let folder: PathBuf = path.parent().unwrap_or(Path::new(".")).to_owned();
    let temporary = folder.join(format!(".{FILE_NAME}.{}", std::process::id()));
    let _ = std::fs::remove_file(&temporary); // left by a process of the same number that was killed
    let result = (|| {
        let seed = random_seed().map_err(|_| io::Error::other("no random bytes"))?;
        let text = Zeroizing::new(format!("{}\n", *Zeroizing::new(hex(&*seed))));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        match std::fs::hard_link(&temporary, path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        File::open(&folder)?.sync_all()
    })();
    let _ = std::fs::remove_file(&temporary);
    result
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_first_start_makes_a_private_key_and_the_second_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys");
        let made = SigningKey::open(&keys).unwrap();
        assert_eq!(SigningKey::open(&keys).unwrap().verifying_key(), made.verifying_key());
        assert_eq!(std::fs::read_dir(&keys).unwrap().count(), 1);
        let path = keys.join(FILE_NAME);
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(SigningKey::open(&keys), Err(AuditError::KeyTooOpen { mode: 0o644, .. })));
    }

    /// RFC 8032 §7.1, test 1.
    #[test]
    fn signatures_are_those_of_the_standard() {
        let seed = unhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").unwrap();
        let key = SigningKey::from_seed(&seed).unwrap();
        assert_eq!(key.verifying_key().to_string(), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        assert!(hex(&key.sign(b"")).starts_with("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"));
    }
}
