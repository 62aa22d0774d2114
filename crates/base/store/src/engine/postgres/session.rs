//! A connection while one unit holds it.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;

use deadpool_postgres::Object;
use futures_util::TryStreamExt;

use super::error::{is_contention, is_loss, store_error};
use super::room::CONNECT_TIME;
use crate::{Param, Row, StoreError, Value};

pub(crate) struct Session {
    /// Empty only while the session is dropped.
    client: Option<Object>,
    /// A query is on its way: while it is, a pending closure is no fault.
    in_flight: Cell<bool>,
    /// A transaction was begun and not ended.
    open: Cell<bool>,
    /// The server could not serialise the unit.
    contended: Cell<bool>,
    /// The connection broke, or the server is ending it.
    lost: Cell<bool>,
}

impl Session {
    pub(super) fn new(client: Object) -> Self {
        let no = || Cell::new(false);
        Self { client: Some(client), in_flight: no(), open: no(), contended: no(), lost: no() }
    }

    fn client(&self) -> Result<&Object, StoreError> {
        self.client.as_ref().ok_or_else(|| StoreError::Unavailable { reason: "the connection was given up".to_owned() })
    }

    pub(super) fn in_flight(&self) -> bool {
        self.in_flight.get()
    }

    pub(super) fn contended(&self) -> bool {
        self.contended.get()
    }

    pub(super) fn lost(&self) -> bool {
        self.lost.get()
    }

    pub(crate) async fn begin(&self, sql: &str) -> Result<(), StoreError> {
        self.open.set(true);
        self.batch(sql).await
    }

    pub(crate) async fn end(&self, sql: &str) -> Result<(), StoreError> {
        self.batch(sql).await?;
        self.open.set(false);
        Ok(())
    }

    async fn query<T>(&self, query: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, StoreError> {
        self.in_flight.set(true);
        let result = query.await;
        self.in_flight.set(false);
        result.map_err(|error| {
            if is_contention(&error) {
                self.contended.set(true);
            }
            if is_loss(&error) {
                self.lost.set(true);
            }
            store_error(&error)
        })
    }

    /// Statements without parameters, in one round trip.
    pub(crate) async fn batch(&self, sql: &str) -> Result<(), StoreError> {
        let client = self.client()?;
        self.query(client.batch_execute(sql)).await
    }

    pub(crate) async fn execute(&self, sql: &str, params: &[Param<'_>]) -> Result<u64, StoreError> {
        let client = self.client()?;
        self.query(async {
            let statement = client.prepare_cached(sql).await?;
            client.execute_raw(&statement, params.iter()).await
        })
        .await
    }

    pub(crate) async fn collect(
        &self,
        sql: &str,
        params: &[Param<'_>],
        most: usize,
        each: &mut (dyn FnMut(Row) -> Result<(), StoreError> + '_),
    ) -> Result<(), StoreError> {
        let client = self.client()?;
        let mut taken = 0;
        let mut refused = None;
        self.query(async {
            let statement = client.prepare_cached(sql).await?;
            let mut stream = pin!(client.query_raw(&statement, params.iter()).await?);
            while let Some(row) = stream.try_next().await? {
                // Rows beyond what was asked for are read all the same: the answer's end tells whether it holds.
                if taken >= most || refused.is_some() {
                    continue;
                }
                taken += 1;
                let values: Result<Vec<Value>, _> = (0..row.len()).map(|column| row.try_get(column)).collect();
                refused = each(Row::new(values?)).err();
            }
            Ok(())
        })
        .await?;
        refused.map_or(Ok(()), Err)
    }
}

impl Drop for Session {
    /// A connection whose transaction did not end, or whose query nobody awaits any more, does not go back to the pool:
    /// it is closed, which rolls back, and the query is cancelled.
    fn drop(&mut self) {
        let Some(client) = self.client.take() else { return };
        if !self.open.get() && !self.in_flight.get() {
            return;
        }
        let client = Object::take(client);
        let token = client.cancel_token();
        drop(client);
        if self.in_flight.get()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            // Should it fail, the server ends the query at its own time limit.
            let cancel = async move { token.cancel_query(tokio_postgres::NoTls).await.is_ok() };
            runtime.spawn(tokio::time::timeout(CONNECT_TIME, cancel));
        }
    }
}
