//! Marks on a server that others use too: what may still write here is waited for, and nothing else.

use stoa_core::{Clock, Ids};
use stoa_store::{Engine, Store, StoreError, StoreLimits, StoreOptions, Tx};
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config, NoTls};

use crate::engines::{START, postgres_engine};

async fn connect(config: &Config) -> Client {
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// A connection whose transaction has a number and does not end.
async fn running(config: &Config) -> (Client, i64) {
    let client = connect(config).await;
    client.batch_execute("BEGIN").await.unwrap();
    let row = client.query_one("SELECT pg_current_xact_id()::text::bigint", &[]).await.unwrap();
    (client, row.get(0))
}

async fn committed(store: &Store) -> i64 {
    store.write(async |tx: &mut Tx<'_>| tx.commit_mark().await).await.unwrap()
}

async fn settled(store: &Store) -> i64 {
    store.peek::<_, _, StoreError>(async |tx: &mut Tx<'_>| tx.settled_mark().await).await.unwrap()
}

/// Waits for the transactions of other tests in this database, which end soon.
async fn settles(store: &Store, mark: i64) -> bool {
    for _ in 0..500 {
        if settled(store).await > mark {
            return true;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    false
}

/// The store works as a user who may do nothing but have a schema: what it must know of others is seen by everybody.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL server in STOA_TEST_PG"]
async fn postgres_waits_for_this_database_and_for_no_other() {
    let Engine::Postgres { url, schema } = postgres_engine() else { return };
    let config: Config = url.parse().unwrap();
    let admin = connect(&config).await;
    let (user, elsewhere) = (format!("{schema}_user"), format!("{schema}_elsewhere"));
    let here: String = admin.query_one("SELECT current_database()::text", &[]).await.unwrap().get(0);
    admin.batch_execute(&format!("CREATE ROLE {user} LOGIN; GRANT CREATE ON DATABASE {here} TO {user}")).await.unwrap();
    admin.batch_execute(&format!("CREATE DATABASE {elsewhere}")).await.unwrap();
    let (Some(Host::Tcp(host)), Some(port)) = (config.get_hosts().first(), config.get_ports().first()) else {
        panic!("STOA_TEST_PG names no host and port");
    };
    let url = format!("postgres://{user}@{host}:{port}/{here}?sslmode=disable");
    let clock = Clock::fixed(START);
    let store = Store::open(StoreOptions {
        block: "test",
        engine: Engine::Postgres { url, schema },
        migrations: Vec::new(),
        clock: clock.clone(),
        ids: Ids::random(clock),
        limits: StoreLimits { connections: 4, ..StoreLimits::default() },
    })
    .await
    .unwrap();

    let (far, _) = running(config.clone().dbname(&elsewhere)).await;
    let ours = committed(&store).await;
    assert!(settles(&store, ours).await, "a transaction of another database never writes here");

    let (near, older) = running(&config).await;
    let ours = committed(&store).await;
    assert!(older < ours);
    for _ in 0..20 {
        assert!(settled(&store).await <= older, "whoever is older and runs may still write before us");
    }
    near.batch_execute("COMMIT").await.unwrap();
    assert!(settles(&store, ours).await);

    drop((near, far));
    store.close().await;
    admin.batch_execute(&format!("DROP DATABASE {elsewhere} WITH (FORCE)")).await.unwrap();
    admin.batch_execute(&format!("DROP OWNED BY {user} CASCADE; DROP ROLE {user}")).await.unwrap();
}
