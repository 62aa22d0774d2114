//! Whether the database takes a write now: found out by writing, since a full or read-only disk still answers reads.

use crate::{Store, StoreError, Tx, params};

impl Store {
    /// Writes one small row, the same each time, and waits until it is on disk.
    pub async fn probe(&self) -> Result<(), StoreError> {
        let node = self.node().to_owned();
        self.write(async move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            let now = tx.now();
            // A row among the leases that nobody waits for: it has ended when it is written.
            tx.execute(
                "INSERT INTO stoa_lease (name, holder, token, until) VALUES ('store.probe', $1, 0, $2)
                 ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until",
                params![node, now],
            )
            .await
            .map(drop)
        })
        .await
    }
}
