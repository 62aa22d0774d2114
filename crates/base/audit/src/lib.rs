//! Evidence: append-only records of who did what, chained, signed, and verifiable.
//!
//! [`append()`] writes one row in the transaction of the change (or of the read of personal data) and nothing else, so no
//! writer ever queues for the chain. The [`Sealer`] follows within a second: it takes the new records in the order of
//! their commits, hashes them into a Merkle tree per batch, chains the batches and signs a [`Checkpoint`]. [`verify`]
//! goes through everything again and names the first record that was removed, changed, inserted or reordered. What this
//! proves and what it cannot is in `docs/concepts/evidence.md`.

mod append;
mod batch;
pub mod chain;
mod error;
pub mod merkle;
mod proof;
mod record;
mod sealer;
mod search;
mod signing;
mod text;
pub mod verify;

pub use append::{DETAIL_BYTES_MAX, append, append_sealed, open_sealed};
pub use batch::latest_checkpoint;
pub use chain::{Checkpoint, CheckpointError, Head, Place};
pub use error::AuditError;
pub use proof::{Proof, prove};
pub use record::{Entry, Outcome, Record, RecordId};
pub use sealer::{Sealed, Sealer, SealerOptions};
pub use search::{Filter, Found, get, search};
pub use signing::{FILE_NAME as KEY_FILE_NAME, SigningKey, VerifyingKey};
pub use verify::{Finding, Verdict};

use stoa_core::ProblemInfo;
use stoa_store::Migration;

/// The tables of evidence, for every block's database; the composition root adds them to the block's own.
pub const MIGRATIONS: &[Migration] = &[Migration::each(
    9000,
    "audit",
    include_str!("../migrations/9000_audit.sqlite.sql"),
    include_str!("../migrations/9000_audit.postgres.sql"),
)];

macro_rules! page {
    ($code:literal, $title:literal) => {
        ProblemInfo::new($code, $title, include_str!(concat!("../../../../docs/reference/problems/", $code, ".md")))
    };
}

/// The problems that evidence can name.
pub const PROBLEMS: &[ProblemInfo] = &[
    page!("audit.failed", "The evidence could not be written or read"),
    page!("audit.invalid_page", "The page of evidence is out of bounds"),
    page!("audit.not_sealed", "The record is not sealed yet"),
    page!("audit.record_not_found", "There is no such record of evidence"),
];
