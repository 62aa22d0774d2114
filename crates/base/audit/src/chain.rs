//! The chain over batches of records, and the checkpoints that are signed over it. Pure.
//!
//! Each batch's Merkle root is hashed together with the chain before it. A signed checkpoint therefore vouches for every
//! record from the first on, and one line of text kept elsewhere is enough to find out later that any of them was
//! touched, or that the tail was cut off.

use std::fmt;
use std::str::FromStr;

use stoa_core::Instant;

use crate::merkle::{Hash, hash_parts};
use crate::signing::{SigningKey, VerifyingKey};
use crate::text::{hex, unhex};

/// Behind this byte chains are hashed; leaves and nodes of trees have others.
const LINK: u8 = 2;

/// The chain before the first batch.
pub const GENESIS: Hash = [0; 32];

/// A record's place in the order of commits: its mark, and its number among the records of that mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// What commits are ordered by; see [`Tx::commit_mark`](stoa_store::Tx::commit_mark).
    pub mark: i64,
    /// The record's number in the table.
    pub seq: i64,
}

/// What a batch adds to the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The batch's number, from 1.
    pub batch: u64,
    /// Records in all batches up to and with this one.
    pub records: u64,
    /// Records in this batch.
    pub count: u64,
    /// The Merkle root over this batch's leaves.
    pub root: Hash,
    /// Where its last record stands. The next batch begins behind it, so it is vouched for like the records themselves:
    /// whoever could move it could keep what follows from ever being sealed.
    pub last: Place,
}

impl Link {
    /// The chain with this batch at its end.
    pub fn chain(&self, before: &Hash) -> Hash {
        let numbers = [self.batch, self.records, self.count].map(u64::to_be_bytes);
        let place = [self.last.mark, self.last.seq].map(i64::to_be_bytes);
        let [batch, records, count] = &numbers;
        let [mark, seq] = &place;
        hash_parts(LINK, &[before, batch, records, count, &self.root, mark, seq])
    }
}

/// The state of a chain after one batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The block whose evidence it is.
    pub block: String,
    /// The last batch's number.
    pub batch: u64,
    /// Records up to it.
    pub records: u64,
    /// The chain up to it.
    pub chain: Hash,
    /// When it was sealed.
    pub at: Instant,
}

impl Head {
    /// The bytes that are signed. A first line of their own keeps them from being taken for anything else.
    fn message(&self) -> String {
        format!(
            "stoa audit checkpoint v1\nblock: {}\nbatch: {}\nrecords: {}\nchain: {}\nat: {}\n",
            self.block,
            self.batch,
            self.records,
            hex(&self.chain),
            self.at
        )
    }

    /// Signs the head.
    pub fn sign(self, key: &SigningKey) -> Checkpoint {
        let signature = key.sign(self.message().as_bytes());
        Checkpoint { head: self, key: key.verifying_key(), signature }
    }
}

/// A signed head: a small text that can be printed, mailed or published, and holds the node to its evidence.
///
/// ```text
/// stoa audit checkpoint v1
/// block: registries
/// batch: 12
/// records: 3401
/// chain: 9f86…
/// at: 2026-11-24T10:00:00Z
/// key: 1c5f…
/// signature: 8a02…
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// What is vouched for.
    pub head: Head,
    /// Who says it signed. Whether that is the node's key is for the verifier to know; see [`Checkpoint::is_signed_by`].
    pub key: VerifyingKey,
    /// Ed25519 over the lines before `key`.
    pub signature: [u8; 64],
}

/// A text that is no checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not a checkpoint: {what}")]
pub struct CheckpointError {
    what: &'static str,
}

impl Checkpoint {
    /// Whether the signature fits the head and the key that the checkpoint names.
    pub fn is_intact(&self) -> bool {
        self.key.verify(self.head.message().as_bytes(), &self.signature)
    }

    /// Whether one of these keys signed exactly this head.
    pub fn is_signed_by(&self, trusted: &[VerifyingKey]) -> bool {
        trusted.contains(&self.key) && self.is_intact()
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}key: {}\nsignature: {}\n", self.head.message(), self.key, hex(&self.signature))
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    /// Reads what `Display` wrote. Only the one spelling is taken, so that a checkpoint has one text.
    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let refuse = |what| CheckpointError { what };
        let mut lines = text.trim_end().lines().map(str::trim_end);
        if lines.next() != Some("stoa audit checkpoint v1") {
            return Err(refuse("the first line is not `stoa audit checkpoint v1`"));
        }
        let mut field =
            |name: &str| lines.next().and_then(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::to_owned);
        let block = field("block").ok_or(refuse("the line `block` is missing"))?;
        let batch =
            field("batch").and_then(|v| number(&v)).ok_or(refuse("the line `batch` is missing or no number"))?;
        let records =
            field("records").and_then(|v| number(&v)).ok_or(refuse("the line `records` is missing or no number"))?;
        let chain = field("chain").and_then(|v| unhex(&v)).ok_or(refuse("the line `chain` is missing or no hash"))?;
        let at = field("at").and_then(|v| time(&v)).ok_or(refuse("the line `at` is missing or no time"))?;
        let key = field("key").and_then(|v| v.parse().ok()).ok_or(refuse("the line `key` is missing or no key"))?;
        let signature = field("signature")
            .and_then(|v| unhex(&v))
            .ok_or(refuse("the line `signature` is missing or no signature"))?;
        if lines.next().is_some() {
            return Err(refuse("something stands behind the signature"));
        }
        Ok(Self { head: Head { block, batch, records, chain, at }, key, signature })
    }
}

fn time(text: &str) -> Option<Instant> {
    text.parse().ok().filter(|time: &Instant| time.to_string() == text)
}

fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn checkpoint(key: &SigningKey) -> Checkpoint {
        Head { block: "registries".into(), batch: 12, records: 3401, chain: [7; 32], at: Instant::from_micros(1) }
            .sign(key)
    }

    #[test]
    fn a_checkpoint_goes_through_text_and_holds() {
        let key = SigningKey::generate().unwrap();
        let checkpoint = checkpoint(&key);
        let read: Checkpoint = checkpoint.to_string().parse().unwrap();
        assert_eq!(read, checkpoint);
        assert!(read.is_signed_by(&[key.verifying_key()]));
        assert!(!read.is_signed_by(&[SigningKey::generate().unwrap().verifying_key()]));
        assert!("nonsense".parse::<Checkpoint>().is_err());
    }

    type Parts = (u64, u64, u64, [u8; 32], i64, i64);

    /// The chain is for ever: what is signed today must verify with every later version.
    #[test]
    fn the_chain_does_not_change() {
        let link = Link { batch: 2, records: 7, count: 3, root: [5; 32], last: Place { mark: 1, seq: 9 } };
        assert_eq!(hex(&link.chain(&GENESIS)), "8b2f0d230a9549246169317a21cf193f459971f498ed526cc11a8139a1c437a4");
    }

    proptest! {
        /// Whatever byte of the text is altered: it is refused, or the signature does not fit, or it was the key's own.
        #[test]
        fn an_altered_checkpoint_does_not_hold(at in any::<prop::sample::Index>(), to in 32u8..127) {
            let key = SigningKey::from_seed(&[7; 32]).unwrap();
            let text = checkpoint(&key).to_string();
            let mut bytes = text.clone().into_bytes();
            let index = at.index(bytes.len() - 1); // the newline at the end says nothing
            bytes[index] = to;
            let altered = String::from_utf8(bytes).unwrap();
            if let Ok(read) = altered.parse::<Checkpoint>() {
                prop_assert_eq!(read.is_signed_by(&[key.verifying_key()]), altered == text);
            }
        }

        #[test]
        fn no_two_chains_meet(a in any::<Parts>(), b in any::<Parts>()) {
            let link = |(batch, records, count, root, mark, seq): Parts| {
                Link { batch, records, count, root, last: Place { mark, seq } }
            };
            prop_assert_eq!(a == b, link(a).chain(&GENESIS) == link(b).chain(&GENESIS));
            prop_assert_ne!(link(a).chain(&GENESIS), link(a).chain(&[1; 32]));
        }
    }
}
