//! Changing the master keys of data that is in use. No value is sealed again: only the data keys are wrapped anew, in small
//! transactions while others work.
//!
//! Every step may be the last one before a kill. A new key is on disk before anything is wrapped with it; a data key is
//! wrapped by the old one or by the new one, and both are in the file; a key is taken out of the file only after every
//! database has noted that nothing is wrapped with it any more and that nothing ever will be.

use stoa_core::{Id, Instant};

use super::{DataKey, SealError, unwrap, wrap};
use crate::keys::{KeyError, KeyId, count_wrapped};
use crate::{MasterKeys, Store, StoreError, Tx, params};

/// Data keys that one transaction wraps anew.
const BATCH: i64 = 200;

/// What a rotation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// The active key now.
    pub active: KeyId,
    /// Whether it was another one before; else a rotation was brought to its end that had been cut off.
    pub is_new: bool,
    /// Data keys that were wrapped anew, by database.
    pub wrapped: Vec<(&'static str, u64)>,
}

/// Gives these databases, which are all that are sealed with these keys, a new master key, and wraps every data key with
/// it. A rotation that was cut off is brought to its end instead. Keys that come from configuration are read again, and
/// the one that stands last is the new one.
pub async fn rotate_all(stores: &[Store], keys: &MasterKeys) -> Result<Rotated, SealError> {
    let _turn = keys.hold().await;
    let before = keys.active();
    changing(keys, MasterKeys::reload).await?;
    let mut left = 0;
    for store in stores {
        left += left_behind(store, &keys.active()).await?;
    }
    if left == 0 && keys.are_own() {
        changing(keys, |keys| keys.add_active().map(drop)).await?;
    }
    for store in stores {
        keys.check(store).await?;
    }
    let mut wrapped = Vec::with_capacity(stores.len());
    for store in stores {
        wrapped.push((store.block(), rotate(store, keys).await?));
    }
    let active = keys.active();
    Ok(Rotated { is_new: active != before, active, wrapped })
}

/// Files are read and written away from the runtime.
async fn changing<T: Send + 'static>(
    keys: &MasterKeys,
    change: impl FnOnce(&MasterKeys) -> Result<T, KeyError> + Send + 'static,
) -> Result<T, KeyError> {
    let keys = keys.clone();
    let changed = tokio::task::spawn_blocking(move || change(&keys)).await;
    changed.map_err(|_| KeyError::Refused { doing: "change the keys: it was interrupted" })?
}

/// Data keys that another master key than this one wraps.
async fn left_behind(store: &Store, active: &KeyId) -> Result<u64, StoreError> {
    let active = active.clone();
    store
        .scan(async move |tx: &mut Tx<'_>| {
            let sql = "SELECT count(*) FROM stoa_data_key WHERE key_id <> $1 AND wrapped IS NOT NULL";
            Ok(tx.get::<(u64,)>(sql, params![active.as_str()]).await?.0)
        })
        .await
}

/// Wraps every data key of this database with the active master key, in small transactions while others write.
/// Returns how many were wrapped anew. It may be stopped and called again at any time.
pub async fn rotate(store: &Store, keys: &MasterKeys) -> Result<u64, SealError> {
    let active = keys.active();
    let mut wrapped = 0;
    loop {
        let (keys, active) = (keys.clone(), active.clone());
        let batch = store.write(async move |tx| rotate_batch(tx, &keys, &active).await).await?;
        if batch == 0 {
            return Ok(wrapped);
        }
        wrapped += batch;
    }
}

async fn rotate_batch(tx: &mut Tx<'_>, keys: &MasterKeys, active: &KeyId) -> Result<u64, SealError> {
    let rows = tx
        .rows::<(Id<DataKey>, Vec<u8>, String, Vec<u8>)>(
            "SELECT id, subject_mac, key_id, wrapped FROM stoa_data_key
             WHERE key_id <> $1 AND wrapped IS NOT NULL LIMIT $2",
            params![active.as_str(), BATCH],
        )
        .await?;
    let mut count = 0;
    for (id, subject_mac, key_id, wrapped) in rows {
        let key = unwrap(keys, tx.block(), &id, &subject_mac, &key_id, &wrapped)?;
        let wrapped = wrap(keys, active, tx.block(), &id, &subject_mac, &key)?;
        tx.execute(
            "UPDATE stoa_data_key SET key_id = $2, wrapped = $3 WHERE id = $1",
            params![id, active.as_str(), wrapped],
        )
        .await?;
        count += 1;
    }
    Ok(count)
}

/// One master key in one database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// The key.
    pub key: String,
    /// Data keys that it wraps.
    pub wrapped: u64,
    /// When it was first used there.
    pub first_used_at: Instant,
    /// When it was taken out of use there.
    pub retired_at: Option<Instant>,
}

/// The master keys that a database notes, in the order of their first use.
pub async fn usage(store: &Store) -> Result<Vec<Usage>, StoreError> {
    store
        .scan(async |tx: &mut Tx<'_>| {
            let noted: Vec<(String, Instant, Option<Instant>)> = tx
                .rows("SELECT key_id, first_used_at, retired_at FROM stoa_key_check ORDER BY first_used_at", params![])
                .await?;
            let mut usage = Vec::with_capacity(noted.len());
            for (key, first_used_at, retired_at) in noted {
                let wrapped = count_wrapped(tx, &key).await?;
                usage.push(Usage { key, wrapped, first_used_at, retired_at });
            }
            Ok(usage)
        })
        .await
}

/// Takes an older master key out of use in these databases, which are all that are sealed with these keys, and out of
/// the file where the node writes it. Refused while anything is wrapped with it.
pub async fn retire(stores: &[Store], keys: &MasterKeys, id: &str) -> Result<(), SealError> {
    let _turn = keys.hold().await;
    changing(keys, MasterKeys::reload).await?;
    let needed = |why: String| KeyError::Needed { id: id.to_owned(), why };
    if keys.active().as_str() == id {
        return Err(needed("is the active one: rotate first".to_owned()).into());
    }
    if keys.are_own() && !keys.ids().iter().any(|known| known.as_str() == id) {
        return Err(needed("is none of this node's".to_owned()).into());
    }
    for store in stores {
        let owned = id.to_owned();
        // Whoever wraps a data key reads this row in the same transaction, so of the two one sees the other.
        let wrapped = store
            .write(async move |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
                let wrapped = count_wrapped(tx, &owned).await?;
                if wrapped == 0 {
                    let now = tx.now();
                    let sql = "UPDATE stoa_key_check SET retired_at = $2 WHERE key_id = $1 AND retired_at IS NULL";
                    tx.execute(sql, params![owned, now]).await?;
                }
                Ok(wrapped)
            })
            .await?;
        if wrapped > 0 {
            let why = format!("still wraps {wrapped} data keys of {}: rotate first", store.block());
            return Err(needed(why).into());
        }
    }
    if keys.are_own() {
        let owned = id.to_owned();
        changing(keys, move |keys| keys.forget(&owned)).await?;
    }
    Ok(())
}
