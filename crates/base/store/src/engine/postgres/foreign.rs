//! The PostgreSQL database of another program: read, never written, when its data moves here.

use std::time::Duration;

use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use super::error::store_error;
use super::room::check_privacy;
use crate::StoreError;

/// How long a connection may take.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// A database of another program. Everything is read as text, so that it need not be known how that program declared it.
pub struct Foreign {
    client: Client,
}

impl Foreign {
    /// Connects, and tells the server that nothing will be written.
    ///
    /// # Errors
    /// The address is none, nobody answers there, or the connection would leave the machine without being encrypted.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| StoreError::Unavailable {
            reason: format!("the address of the database is not valid: {error}"),
        })?;
        check_privacy(&config)?;
        config.connect_timeout(CONNECT_TIME).application_name("stoa-migration");
        let (client, connection) = config.connect(NoTls).await.map_err(|error| store_error(&error))?;
        // It ends with its client; what goes wrong meanwhile is told to whoever asks.
        tokio::spawn(async move {
            let _ = connection.await;
        });
        // One snapshot for everything: the other program may go on.
        let sql = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY";
        client.batch_execute(sql).await.map_err(|error| store_error(&error))?;
        Ok(Self { client })
    }

    /// The rows of a query, each column as text; nothing for `NULL`.
    pub async fn rows(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>, StoreError> {
        let messages = self.client.simple_query(sql).await.map_err(|error| store_error(&error))?;
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect()),
            _ => None,
        });
        Ok(rows.collect())
    }
}
