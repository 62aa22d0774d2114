//! What is done once for an idempotency key: the same request, sent again, gets the same answer and changes nothing.

use serde::Serialize;
use serde::de::DeserializeOwned;
use stoa_store::idempotency::{self, Answer, Started};
use stoa_store::{StoreError, Tx};

use super::{By, Monitor};
use crate::error::MonitorError;

/// The status of what was done. What is kept is what was made, not how it was told.
const DONE: u16 = 200;

impl Monitor {
    /// Does the work of `operation` in one transaction; once, where the request has a key.
    pub(super) async fn write_once<F, T>(&self, by: &By, operation: &str, work: F) -> Result<T, MonitorError>
    where
        F: for<'a, 'b> AsyncFn(&'a mut Tx<'b>) -> Result<T, MonitorError> + Send + Sync + 'static,
        T: Serialize + DeserializeOwned + Send + 'static,
    {
        let Some(once) = by.once.clone() else { return self.store().write(work).await };
        let scope = format!("{}/{}/monitor.{operation}", by.tenant(), by.actor.id);
        let write = async move |tx: &mut Tx<'_>| -> Result<T, MonitorError> {
            let broken = |error: serde_json::Error| StoreError::Data { reason: error.to_string() };
            if let Started::Replay(kept) = idempotency::begin(tx, &scope, &once.key, &once.digest).await? {
                return Ok(serde_json::from_slice(&kept.body).map_err(broken)?);
            }
            let made = work(tx).await?;
            let body = serde_json::to_vec(&made).map_err(broken)?;
            let kept = Answer { status: DONE, content_type: None, location: None, body };
            idempotency::finish(tx, &scope, &once.key, &kept).await?;
            Ok(made)
        };
        self.store().write(write).await
    }
}
