//! Units of work: what is answered is stored, what is refused is not.

use stoa_core::{Clock, Ids};
use stoa_store::{Durability, Engine, Migration, Store, StoreError, StoreLimits, StoreOptions, Tx, params};

const STEPS: &[Migration] = &[Migration::both(
    1,
    "things",
    "CREATE TABLE thing (id BYTEA NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE, size BIGINT)",
)];

async fn open(folder: &tempfile::TempDir) -> Store {
    let clock = Clock::system();
    let engine = match std::env::var("STOA_TEST_PG") {
        Ok(url) => Engine::Postgres { url, schema: format!("t{}", std::process::id()) },
        Err(_) => Engine::Sqlite { file: folder.path().join("things.db"), durability: Durability::Full },
    };
    Store::open(StoreOptions {
        block: "things",
        engine,
        migrations: STEPS.to_vec(),
        ids: Ids::random(clock.clone()),
        clock,
        limits: StoreLimits::default(),
    })
    .await
    .unwrap()
}

async fn add(store: &Store, name: &str) -> Result<(), StoreError> {
    let name = name.to_owned();
    store
        .write(async move |tx: &mut Tx<'_>| {
            let id = stoa_core::Id::<Thing>::from_bytes(*tx.new_id::<Thing>().as_bytes());
            tx.execute("INSERT INTO thing (id, name, size) VALUES ($1, $2, $3)", params![id, name, name.len() as i64])
                .await?;
            Ok(())
        })
        .await
}

struct Thing;
impl stoa_core::Kind for Thing {
    const NAME: &'static str = "thing";
}

async fn count(store: &Store) -> i64 {
    store
        .read(async |tx: &mut Tx<'_>| tx.get::<(i64,)>("SELECT count(*) FROM thing", params![]).await)
        .await
        .unwrap()
        .0
}

#[tokio::test(flavor = "multi_thread")]
async fn units_are_whole_and_faults_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let tasks: Vec<_> = (0..200)
        .map(|at| {
            let store = store.clone();
            tokio::spawn(async move { add(&store, &format!("n{}", at % 150)).await })
        })
        .collect();
    let mut conflicts = 0;
    for task in tasks {
        if let Err(error) = task.await.unwrap() {
            assert!(error.is_conflict(), "{error}");
            conflicts += 1;
        }
    }
    assert_eq!((conflicts, count(&store).await), (50, 150));

    let foreign = store
        .write(async |tx: &mut Tx<'_>| {
            tx.execute("DELETE FROM thing", params![]).await?;
            tokio::task::yield_now().await;
            Ok::<_, StoreError>(())
        })
        .await;
    assert!(matches!(foreign, Err(StoreError::ForeignAwait { at }) if at.file().ends_with("units.rs")));

    let panicked = store
        .write(async |tx: &mut Tx<'_>| {
            tx.execute("DELETE FROM thing", params![]).await?;
            panic!("on purpose");
            #[expect(unreachable_code, reason = "gives the closure its type")]
            Ok::<_, StoreError>(())
        })
        .await;
    assert!(matches!(panicked, Err(StoreError::Panicked { message, .. }) if message == "on purpose"));
    assert_eq!(count(&store).await, 150);
    store.close().await;
}
