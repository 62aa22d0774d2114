//! Databases for tests, on the engine that the environment names.

use std::sync::atomic::{AtomicU32, Ordering};

use stoa_core::{Clock, Ids};
use stoa_store::{Durability, Engine, Migration, Store, StoreLimits, StoreOptions};
use tempfile::TempDir;

/// A folder, and a prefix for schemas, that no other test uses. The folder goes with it.
pub struct Place {
    folder: TempDir,
    schema: String,
}

/// The URL of the PostgreSQL that tests are to run on, if `STOA_TEST_ENGINE` is `postgres`.
///
/// # Panics
/// When PostgreSQL is asked for and `STOA_TEST_PG` names no server: a test that runs elsewhere proves nothing.
#[expect(clippy::expect_used, reason = "the wrong engine must not pass for the right one")]
pub fn on_postgres() -> Option<String> {
    let wanted = std::env::var("STOA_TEST_ENGINE").is_ok_and(|engine| engine == "postgres");
    wanted.then(|| {
        std::env::var("STOA_TEST_PG").expect("STOA_TEST_PG, the URL of the server that STOA_TEST_ENGINE asks for")
    })
}

impl Place {
    /// A fresh place.
    ///
    /// # Panics
    /// When there is no temporary folder.
    #[expect(clippy::expect_used, reason = "a test without a folder cannot go on")]
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        // Process ids come again: the nanosecond tells two runs on one server apart.
        let folder = tempfile::tempdir().expect("a temporary folder");
        let tail: String = folder
            .path()
            .file_name()
            .map(|name| name.to_string_lossy().to_lowercase())
            .unwrap_or_default()
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect();
        Self { schema: format!("t{}_{count}_{tail}", std::process::id()), folder }
    }

    /// The folder.
    pub fn path(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// The engine for one block's database in this place.
    pub fn engine(&self, block: &str) -> Engine {
        match on_postgres() {
            Some(url) => Engine::Postgres { url, schema: format!("{}_{block}", self.schema) },
            None => Engine::Sqlite { file: self.path().join(format!("{block}.db")), durability: Durability::Full },
        }
    }
}

impl Default for Place {
    fn default() -> Self {
        Self::new()
    }
}

/// Opens one database in a place.
///
/// # Panics
/// When the database does not open.
#[expect(clippy::expect_used, reason = "a test without a database cannot go on")]
pub async fn open_store(
    place: &Place,
    block: &'static str,
    migrations: impl IntoIterator<Item = Migration>,
    clock: &Clock,
    ids: &Ids,
) -> Store {
    Store::open(StoreOptions {
        block,
        engine: place.engine(block),
        migrations: migrations.into_iter().collect(),
        clock: clock.clone(),
        ids: ids.clone(),
        limits: StoreLimits { connections: 4, ..StoreLimits::default() },
    })
    .await
    .expect("a database for the test")
}
