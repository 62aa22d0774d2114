//! Numbered migrations, run at start, all that are missing in one transaction, never twice and never changed afterwards.

use std::sync::atomic::Ordering;

use aws_lc_rs::digest;

use crate::{StoreError, Tx, params};

/// One step of a database's schema. Steps only go up: a release first adds (expand), a later one removes (contract),
/// so that the release before still runs on the new schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    /// Ascending within its list; 1 to 8999 for a block, 9000 and up for what the base adds to every block.
    pub number: u32,
    /// What it does, in a word or two.
    pub name: &'static str,
    /// The statements for SQLite.
    pub sqlite: &'static str,
    /// The statements for PostgreSQL.
    pub postgres: &'static str,
}

impl Migration {
    /// A step whose statements both engines take as they are.
    pub const fn both(number: u32, name: &'static str, sql: &'static str) -> Self {
        Self { number, name, sqlite: sql, postgres: sql }
    }

    /// A step that is written differently for each engine.
    pub const fn each(number: u32, name: &'static str, sqlite: &'static str, postgres: &'static str) -> Self {
        Self { number, name, sqlite, postgres }
    }

    pub(crate) const fn sql(&self, sqlite: bool) -> &'static str {
        if sqlite { self.sqlite } else { self.postgres }
    }

    pub(crate) fn digest(&self, sqlite: bool) -> Vec<u8> {
        digest::digest(&digest::SHA256, self.sql(sqlite).as_bytes()).as_ref().to_vec()
    }
}

/// The tables that remember which steps were taken, and where marks go on after a restore (see
/// [`Tx::commit_mark`](crate::Tx::commit_mark)).
pub(crate) const LEDGER: &str = "CREATE TABLE IF NOT EXISTS stoa_mark_base (base BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS stoa_migrations (
    list TEXT NOT NULL,
    number BIGINT NOT NULL,
    name TEXT NOT NULL,
    digest BYTEA NOT NULL,
    applied_at BIGINT NOT NULL,
    PRIMARY KEY (list, number)
)";

/// A list of steps with its name in the ledger: `store` for the store's own services, else the block's.
#[derive(Debug, Clone)]
pub(crate) struct List {
    pub(crate) name: &'static str,
    pub(crate) steps: Vec<Migration>,
}

/// Takes the missing steps of all lists.
pub(crate) async fn run(tx: &mut Tx<'_>, lists: &[List]) -> Result<(), StoreError> {
    for list in lists {
        for step in missing(tx, list).await? {
            tracing::info!(
                block = tx.block(),
                list = list.name,
                number = step.number,
                name = step.name,
                "store: migrating"
            );
            tx.batch(step.sql(tx.is_sqlite())).await?;
            remember(tx, list, &step).await?;
        }
    }
    let (base,): (Option<i64>,) = tx.get("SELECT max(base) FROM stoa_mark_base", params![]).await?;
    tx.home.mark_base.store(base.unwrap_or(0), Ordering::Release);
    Ok(())
}

/// The steps of a list that this database has not taken yet, in order; refused when it has taken one that this program
/// does not know, or knows otherwise.
async fn missing(tx: &mut Tx<'_>, list: &List) -> Result<Vec<Migration>, StoreError> {
    let sqlite = tx.is_sqlite();
    let block = tx.block();
    let taken: Vec<(u32, String, Vec<u8>)> = tx
        .rows("SELECT number, name, digest FROM stoa_migrations WHERE list = $1 ORDER BY number", params![list.name])
        .await?;
    for (number, name, digest) in &taken {
        let Some(step) = list.steps.iter().find(|step| step.number == *number) else {
            return Err(StoreError::Newer { block, number: *number, name: name.clone() });
        };
        if step.digest(sqlite) != *digest {
            return Err(StoreError::ChangedMigration { block, number: *number });
        }
    }
    let mut missing: Vec<_> =
        list.steps.iter().filter(|step| taken.iter().all(|(number, ..)| *number != step.number)).copied().collect();
    missing.sort_by_key(|step| step.number);
    Ok(missing)
}

/// Remembers that a step was taken.
async fn remember(tx: &mut Tx<'_>, list: &List, step: &Migration) -> Result<(), StoreError> {
    let digest = step.digest(tx.is_sqlite());
    let now = tx.now();
    tx.execute(
        "INSERT INTO stoa_migrations (list, number, name, digest, applied_at) VALUES ($1, $2, $3, $4, $5)",
        params![list.name, step.number, step.name, digest, now],
    )
    .await?;
    Ok(())
}
