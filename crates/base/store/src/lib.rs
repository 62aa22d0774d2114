//! Databases, embedded or PostgreSQL: transactions, migrations, outbox, jobs, idempotency, search, blobs, sealing.
//!
//! A block owns one [`Store`] and works on it with closures over a [`Tx`]; the same closure runs on both engines. See
//! `docs/concepts/store.md` for what holds and why.

mod backoff;
pub mod backup;
pub mod blobs;
mod engine;
mod error;
pub mod idempotency;
pub mod jobs;
pub mod keys;
pub mod leases;
mod migrate;
pub mod outbox;
mod pulse;
pub mod seal;
pub mod search;
mod steering;
mod store;
mod tx;
mod unit;
mod value;
pub mod wake;

pub use backoff::Backoff;
pub use blobs::Blobs;
pub use engine::postgres::Foreign;
pub use error::{PROBLEMS, StoreError};
pub use keys::MasterKeys;
pub use migrate::Migration;
pub use store::{Durability, Engine, Paused, Store, StoreLimits, StoreOptions, StoreState};
pub use tx::Tx;
pub use value::{FromRow, FromValue, Param, Row, ToParam, Value};

/// The tables of the store's own services, which every database has.
pub const SERVICES: &[Migration] = &[Migration::each(
    1,
    "services",
    include_str!("../migrations/services/001_services.sqlite.sql"),
    include_str!("../migrations/services/001_services.postgres.sql"),
)];
