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
    _folder: tempfile::TempDir,
}

impl Bed {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::Sqlite { file: folder.path().join("test.db"), durability: Durability::Full };
        Self::open(folder, engine).await
    }

    /// `None` without a server.
    pub(crate) async fn postgres() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let Ok(url) = std::env::var("STOA_TEST_PG") else {
            eprintln!("ignored: set STOA_TEST_PG to run this on PostgreSQL");
            return None;
        };
        let schema = format!("services_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Some(Self::open(tempfile::tempdir().unwrap(), Engine::Postgres { url, schema }).await)
    }

    async fn open(folder: tempfile::TempDir, engine: Engine) -> Self {
        let clock = Clock::fixed(START);
        let store = Self::store(engine.clone(), &clock).await;
        Self { store, clock, engine, _folder: folder }
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
        Store::open(StoreOptions {
            block: "test",
            engine,
            migrations: STEPS.to_vec(),
            clock: clock.clone(),
            ids: Ids::random(clock.clone()),
            limits: StoreLimits { connections: 4, ..StoreLimits::default() },
        })
        .await
        .unwrap()
    }
}

/// Makes of each scenario `async fn name(bed: Bed)` a test on SQLite and one on PostgreSQL.
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
            async fn $name() {
                if let Some(bed) = $crate::engines::Bed::postgres().await {
                    super::$name(bed).await;
                }
            })+
        }
    };
}
pub(crate) use on_both_engines;
