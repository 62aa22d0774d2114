//! A set of master keys: the active one, those before it, and the key of look-ups; and the text that it is written as.

use std::fmt;

use aws_lc_rs::{hkdf, hmac};
use zeroize::{Zeroize, Zeroizing};

use super::{KEY_BYTES, KeyError, hex, random_key};

const HEADER: &str = "# Stoa's master keys. Keep a copy in a safe place, apart from backups of the data: without this file\n\
                      # nothing that was sealed can ever be opened again. The newest key stands last and is the active one.\n";

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

#[derive(Clone)]
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

/// A set of keys. It never changes: another set takes its place.
pub(super) struct Ring {
    /// The newest key, which new data keys are wrapped with.
    active: MasterKey,
    /// The keys before it, oldest first.
    older: Vec<MasterKey>,
    /// Stays the same when master keys are rotated, or else no look-up hash would be found again.
    lookup: hmac::Key,
    lookup_secret: Zeroizing<[u8; KEY_BYTES]>,
}

impl Ring {
    /// New keys.
    pub(super) fn generate() -> Result<Self, KeyError> {
        Ok(Self::with(Vec::new(), MasterKey::new(random_key()?), random_key()?))
    }

    fn with(older: Vec<MasterKey>, active: MasterKey, lookup_secret: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        let lookup = hmac::Key::new(hmac::HMAC_SHA256, &*lookup_secret);
        Self { active, older, lookup, lookup_secret }
    }

    /// The same set with a new active key.
    pub(super) fn grown(&self) -> Result<Self, KeyError> {
        let older = self.all().cloned().collect();
        Ok(Self::with(older, MasterKey::new(random_key()?), self.lookup_secret.clone()))
    }

    /// The same set without one of the older keys.
    pub(super) fn without(&self, id: &str) -> Self {
        let older = self.older.iter().filter(|key| key.id.0 != id).cloned().collect();
        Self::with(older, self.active.clone(), self.lookup_secret.clone())
    }

    pub(super) fn active(&self) -> &KeyId {
        &self.active.id
    }

    /// The names of all keys, oldest first.
    pub(super) fn ids(&self) -> impl Iterator<Item = &KeyId> {
        self.all().map(|key| &key.id)
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.ids().any(|known| known.0 == id)
    }

    /// Whether both belong to the same data.
    pub(super) fn is_akin(&self, other: &Self) -> bool {
        self.lookup_secret == other.lookup_secret
    }

    fn all(&self) -> impl Iterator<Item = &MasterKey> {
        self.older.iter().chain([&self.active])
    }

    pub(super) fn mac(&self, context: &str, bytes: &[u8]) -> [u8; 32] {
        let mut signing = hmac::Context::with_key(&self.lookup);
        signing.update(&(context.len() as u64).to_be_bytes());
        signing.update(context.as_bytes());
        signing.update(bytes);
        let mut mac = [0; 32];
        mac.copy_from_slice(signing.sign().as_ref());
        mac
    }

    /// A key derived for one purpose from the master key with this name; `None` if it is not among these.
    pub(super) fn derive(&self, id: &str, salt: &[u8], purpose: &[u8]) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
        let master = self.all().find(|key| key.id.0 == id)?;
        let mut derived = Zeroizing::new([0; KEY_BYTES]);
        hkdf::Salt::new(hkdf::HKDF_SHA256, salt)
            .extract(&*master.secret)
            .expand(&[purpose], hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut *derived))
            .ok()?;
        Some(derived)
    }

    /// Reads what [`to_text`](Self::to_text) wrote.
    pub(super) fn parse(text: &str) -> Result<Self, KeyError> {
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
        Ok(Self::with(keys, active, lookup))
    }

    pub(super) fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(4096));
        text.push_str(HEADER);
        push_line(&mut text, "lookup", &self.lookup_secret);
        for key in self.all() {
            push_line(&mut text, &format!("key {}", key.id), &key.secret);
        }
        text
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
