//! A store for a test: a file in a folder of its own, or a schema of its own on the server of `STOA_TEST_PG`.

use std::sync::atomic::{AtomicU32, Ordering};

use stoa_core::{Clock, Ids, Instant};
use stoa_store::{Durability, Engine, Migration, Store, StoreLimits, StoreOptions};

/// When the tests begin, by their fixed clock: 2026-11-24T10:00:00Z.
pub(crate) const START: Instant = Instant::from_micros(1_795_514_400_000_000);

const STEPS: &[Migration] = &[Migration::both(1, "notes", "CREATE TABLE note (seen TEXT NOT NULL)")];

/// A store under a clock that the test moves.
pub(crate) struct Bed {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    engine: Engine,
    folder: tempfile::TempDir,
}

impl Bed {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::Sqlite { file: folder.path().join("test.db"), durability: Durability::Full };
        Self::open(folder, engine).await
    }

    pub(crate) async fn postgres() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::open(folder, postgres_engine()).await
    }

    async fn open(folder: tempfile::TempDir, engine: Engine) -> Self {
        let clock = Clock::fixed(START);
        let store = Self::store(engine.clone(), &clock).await;
        Self { store, clock, engine, folder }
    }

    /// The same database as another node sees it. On SQLite that is the same process and store.
    pub(crate) async fn other_node(&self) -> Store {
        match &self.engine {
            Engine::Sqlite { .. } => self.store.clone(),
            Engine::Postgres { .. } => Self::store(self.engine.clone(), &self.clock).await,
        }
    }

    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.engine, Engine::Postgres { .. })
    }

    async fn store(engine: Engine, clock: &Clock) -> Store {
        Store::open(options(engine, clock)).await.unwrap()
    }

    /// The options of this bed's store, to be changed and opened again after [`Bed::close`].
    pub(crate) fn options(&self) -> StoreOptions {
        options(self.engine.clone(), &self.clock)
    }

    /// An engine of the same kind with nothing in it yet.
    pub(crate) fn fresh_engine(&self, name: &str) -> Engine {
        match &self.engine {
            Engine::Sqlite { .. } => self.fresh_file(name),
            Engine::Postgres { .. } => postgres_engine(),
        }
    }

    pub(crate) fn fresh_file(&self, name: &str) -> Engine {
        Engine::Sqlite { file: self.folder().join(name), durability: Durability::Full }
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

fn options(engine: Engine, clock: &Clock) -> StoreOptions {
    StoreOptions {
        block: "test",
        engine,
        migrations: STEPS.to_vec(),
        clock: clock.clone(),
        ids: Ids::random(clock.clone()),
        limits: StoreLimits { connections: 4, ..StoreLimits::default() },
    }
}

/// A schema of its own on the server of `STOA_TEST_PG`. Only called by tests that are ignored without one.
pub(crate) fn postgres_engine() -> Engine {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let url = std::env::var("STOA_TEST_PG").expect("STOA_TEST_PG names a PostgreSQL server that may be written to");
    let schema = format!("store_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    Engine::Postgres { url, schema }
}

impl Drop for Bed {
    /// A schema does not outlive its test.
    fn drop(&mut self) {
        let Engine::Postgres { url, schema } = self.engine.clone() else { return };
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await?;
                let served = tokio::spawn(connection);
                client.batch_execute(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE")).await?;
                drop(client);
                let _ = served.await;
                Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
            })
        });
        if !matches!(dropped.join(), Ok(Ok(()))) {
            eprintln!("a schema was left behind");
        }
    }
}

/// Makes of each scenario `async fn name(bed: Bed)` a test on SQLite and one on PostgreSQL; the latter is reported as
/// ignored unless asked for (`scripts/test.sh` does so where there is a server).
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name($crate::engines::Bed::sqlite().await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            #[ignore = "needs a PostgreSQL server in STOA_TEST_PG"]
            async fn $name() {
                super::$name($crate::engines::Bed::postgres().await).await;
            })+
        }
    };
}
pub(crate) use on_both_engines;
