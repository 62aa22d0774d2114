//! Forgetting what is over.

use stoa_core::Instant;
use stoa_store::{StoreError, Tx, params};

/// Rows that one transaction removes from one table.
const BATCH: u32 = 500;

/// Tables whose rows end by themselves, with their key. What hangs on a grant goes before it does.
const ENDING: [(&str, &str); 12] = [
    ("activation", "hash"),
    ("seen_token", "hash"),
    ("person_session", "id"),
    ("authorization_transaction", "hash"),
    ("pushed_request", "hash"),
    ("wallet_link", "hash"),
    ("wallet_binding", "id"),
    ("sent_code", "hash"),
    ("authorization_code", "hash"),
    ("refresh_token", "hash"),
    ("revoked_token", "id"),
    ("client_grant", "id"),
];

/// Forgets a batch of each kind that ended before `before`; says how many.
pub(crate) async fn forget_ended(tx: &mut Tx<'_>, before: Instant) -> Result<u64, StoreError> {
    let mut gone = 0;
    for (table, key) in ENDING {
        let sql = format!(
            "DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)"
        );
        gone += tx.execute(&sql, params![before, BATCH]).await?;
    }
    Ok(gone)
}

/// Forgets a batch of failures whose last one is older than `before`.
pub(crate) async fn forget_attempts(tx: &mut Tx<'_>, before: Instant) -> Result<u64, StoreError> {
    let sql =
        "DELETE FROM attempt WHERE hash IN (SELECT hash FROM attempt WHERE last_at < $1 ORDER BY last_at LIMIT $2)";
    tx.execute(sql, params![before, BATCH]).await
}
