//! Leases: of several nodes that share a database, one at a time does a thing, and another takes over when it dies.
//!
//! A lease is a row with an end in time, renewed by its holder. Every change of holder raises its token; work that must
//! not be done by a holder who has lost the lease unawares checks [`holds`] in the transaction of that work (fencing).
//! Nodes compare the end with their own clocks: keep them within a second or two by NTP, and leases well above that.

use std::time::Duration;

use stoa_core::Instant;

use crate::{StoreError, Tx, params};

/// A lease that was got or renewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What it is for: `audit.sealer`.
    pub name: String,
    /// Who holds it: a node.
    pub holder: String,
    /// Rises with each change of holder.
    pub token: i64,
    /// When it ends unless it is renewed.
    pub until: Instant,
}

/// Takes a free or ended lease, or renews one's own. `None` while another holds it.
pub async fn acquire(tx: &mut Tx<'_>, name: &str, holder: &str, lasts: Duration) -> Result<Option<Lease>, StoreError> {
    let now = tx.now();
    let until = now.plus(lasts);
    let row: Option<(i64,)> = tx
        .find(
            "INSERT INTO stoa_lease (name, holder, token, until) VALUES ($1, $2, 1, $3)
             ON CONFLICT (name) DO UPDATE SET
               token = stoa_lease.token
                 + CASE WHEN stoa_lease.holder = excluded.holder AND stoa_lease.until >= $4 THEN 0 ELSE 1 END,
               holder = excluded.holder, until = excluded.until
             WHERE stoa_lease.holder = excluded.holder OR stoa_lease.until < $4
             RETURNING token",
            params![name, holder, until, now],
        )
        .await?;
    Ok(row.map(|(token,)| Lease { name: name.to_owned(), holder: holder.to_owned(), token, until }))
}

/// Whether this very lease still stands: nobody else has taken it since, and it has not ended.
pub async fn holds(tx: &mut Tx<'_>, lease: &Lease) -> Result<bool, StoreError> {
    let now = tx.now();
    let row: Option<(i64,)> = tx
        .find(
            "SELECT token FROM stoa_lease WHERE name = $1 AND holder = $2 AND token = $3 AND until >= $4",
            params![lease.name, lease.holder, lease.token, now],
        )
        .await?;
    Ok(row.is_some())
}

/// Gives the lease back, so that another node need not wait for its end.
pub async fn release(tx: &mut Tx<'_>, lease: &Lease) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE stoa_lease SET until = 0 WHERE name = $1 AND holder = $2 AND token = $3",
        params![lease.name, lease.holder, lease.token],
    )
    .await?;
    Ok(())
}
