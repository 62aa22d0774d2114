//! Databases, embedded or PostgreSQL: transactions, migrations, outbox, jobs, idempotency, search, blobs, sealing.
//!
//! A block owns one [`Store`] and works on it with closures over a [`Tx`]; the same closure runs on both engines. See
//! `docs/concepts/store.md` for what holds and why.

mod engine;
mod error;
mod migrate;
mod store;
mod tx;
mod unit;
mod value;

pub use error::{PROBLEMS, StoreError};
pub use migrate::Migration;
pub use store::{Durability, Engine, Paused, Store, StoreLimits, StoreOptions, StoreState};
pub use tx::Tx;
pub use value::{FromRow, FromValue, Param, Row, ToParam, Value};

/// The tables of the store's own services, which every database has.
pub const SERVICES: &[Migration] = &[];
