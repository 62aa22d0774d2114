//! A database server that goes away in the midst of things, seen through a proxy that cuts or holds the connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use stoa_core::Problem;
use stoa_store::{Engine, Store, StoreError, StoreLimits, StoreOptions, Tx, params};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_postgres::config::Host;

use crate::engines::Bed;
use crate::units::{STEPS, count};

/// What the proxy does with what comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Line {
    /// Passes everything on.
    Whole,
    /// Passes nothing on, in either direction, and says nothing either.
    Dead,
    /// Cuts the connection instead of passing a COMMIT on.
    CutBeforeCommit,
    /// Passes a COMMIT on, and cuts the connection when the server has answered.
    CutAfterCommit,
    /// Keeps a COMMIT back for ever, and passes on all that comes by other connections.
    HeldCommit,
}

#[derive(Clone)]
struct Proxy {
    line: Arc<AtomicU8>,
    port: u16,
}

impl Proxy {
    /// A proxy in front of the server of `STOA_TEST_PG`.
    async fn start() -> Self {
        let url = std::env::var("STOA_TEST_PG").expect("STOA_TEST_PG names a server");
        let config: tokio_postgres::Config = url.parse().unwrap();
        let Host::Tcp(host) = config.get_hosts()[0].clone() else { panic!("the server is reached by TCP") };
        let server = (host, config.get_ports()[0]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy =
            Self { line: Arc::new(AtomicU8::new(Line::Whole as u8)), port: listener.local_addr().unwrap().port() };
        let accepting = proxy.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (proxy, server) = (accepting.clone(), server.clone());
                tokio::spawn(async move { proxy.serve(client, server).await });
            }
        });
        proxy
    }

    fn set(&self, line: Line) {
        self.line.store(line as u8, Ordering::SeqCst);
    }

    fn is(&self, line: Line) -> bool {
        self.line.load(Ordering::SeqCst) == line as u8
    }

    async fn serve(self, mut client: TcpStream, server: (String, u16)) {
        let mut server = TcpStream::connect(server).await.unwrap();
        let (mut up, mut down) = (vec![0; 65536], vec![0; 65536]);
        loop {
            while self.is(Line::Dead) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            tokio::select! {
                read = client.read(&mut up) => {
                    let Ok(read @ 1..) = read else { return };
                    let commits = up[..read].windows(6).any(|word| word == b"COMMIT");
                    if commits && self.is(Line::CutBeforeCommit) {
                        return;
                    }
                    while commits && self.is(Line::HeldCommit) {
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                    if server.write_all(&up[..read]).await.is_err() {
                        return;
                    }
                    if commits && self.is(Line::CutAfterCommit) {
                        let _ = server.read(&mut down).await;
                        return;
                    }
                }
                read = server.read(&mut down) => {
                    let Ok(read @ 1..) = read else { return };
                    while self.is(Line::Dead) {
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                    if client.write_all(&down[..read]).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// The bed's server through this proxy, with the tables of the tests of units.
    async fn store(&self, bed: &Bed) -> Store {
        self.store_of(bed, "test").await
    }

    async fn store_of(&self, bed: &Bed, block: &'static str) -> Store {
        let Engine::Postgres { url, .. } = bed.options().engine else { panic!("a bed of PostgreSQL") };
        let config: tokio_postgres::Config = url.parse().unwrap();
        let (user, database) = (config.get_user().unwrap_or("postgres"), config.get_dbname().unwrap_or("postgres"));
        let password = config
            .get_password()
            .map_or(String::new(), |password| format!(" password='{}'", String::from_utf8_lossy(password)));
        let port = self.port;
        let url = format!("host=127.0.0.1 port={port} user={user} dbname={database} sslmode=disable{password}");
        let Engine::Postgres { schema, .. } = bed.fresh_engine("severed") else { panic!("a bed of PostgreSQL") };
        let options = StoreOptions {
            block,
            engine: Engine::Postgres { url, schema },
            migrations: STEPS.to_vec(),
            limits: StoreLimits { unit_time: Duration::from_millis(500), connections: 4, ..StoreLimits::default() },
            ..bed.options()
        };
        Store::open(options).await.unwrap()
    }
}

/// Adds a thing; with its mark, as everything does that publishes an event or leaves evidence.
async fn add(store: &Store, name: &'static str, marked: bool) -> Result<&'static str, StoreError> {
    store
        .write(async move |tx: &mut Tx<'_>| {
            if marked {
                tx.commit_mark().await?;
            }
            let id = tx.new_id::<crate::units::Thing>();
            tx.execute("INSERT INTO thing (id, tenant, name) VALUES ($1, 'a', $2)", params![id, name]).await?;
            Ok(name)
        })
        .await
}

mod postgres {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs a PostgreSQL server in STOA_TEST_PG"]
    async fn a_commit_whose_answer_is_lost_is_asked_for() {
        let bed = Bed::postgres().await;
        let proxy = Proxy::start().await;
        let store = proxy.store(&bed).await;
        add(&store, "first", true).await.unwrap();

        // The server has committed, and says so on another connection.
        proxy.set(Line::CutAfterCommit);
        assert_eq!(add(&store, "answered", true).await.unwrap(), "answered");
        proxy.set(Line::Whole);
        assert_eq!(count(&store).await, 2);

        // The server never heard of the commit, and says so.
        proxy.set(Line::CutBeforeCommit);
        let error = add(&store, "lost", true).await.unwrap_err();
        assert!(matches!(error, StoreError::CommitFailed { .. }), "{error}");
        assert!(store.state().commit_failed);
        assert_eq!(Problem::from(error).code, "store.unavailable");
        proxy.set(Line::Whole);
        assert_eq!(count(&store).await, 2);
        add(&store, "lost", true).await.unwrap();
        assert!(!store.state().commit_failed);

        // A transaction without a number cannot be asked for: nobody is told that nothing was stored.
        proxy.set(Line::CutAfterCommit);
        let error = add(&store, "nobody knows", false).await.unwrap_err();
        assert!(matches!(error, StoreError::OutcomeUnknown { .. }), "{error}");
        let problem = Problem::from(error);
        assert_eq!((problem.code, problem.retry_after), ("store.outcome_unknown", None));
        assert!(!problem.detail.contains("Nothing was stored"), "{problem}");
        proxy.set(Line::Whole);
        assert_eq!(count(&store).await, 4);
        store.close().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs a PostgreSQL server in STOA_TEST_PG"]
    async fn a_commit_that_never_arrives_is_given_up_and_its_transaction_ended() {
        let bed = Bed::postgres().await;
        let proxy = Proxy::start().await;
        let store = proxy.store(&bed).await;
        proxy.set(Line::HeldCommit);
        let begun = Instant::now();
        let held = add(&store, "held", true).await;
        // What asks for the outcome is a read with a COMMIT of its own: the proxy lets it through only from here on.
        proxy.set(Line::Whole);
        assert!(matches!(held, Err(StoreError::CommitFailed { .. })), "{held:?}");
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
        assert_eq!(count(&store).await, 0);
        // Its locks are gone with it.
        add(&store, "held", true).await.unwrap();
        store.close().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs a PostgreSQL server in STOA_TEST_PG"]
    async fn a_connection_that_is_cut_in_a_unit_costs_that_unit_only() {
        let bed = Bed::postgres().await;
        let proxy = Proxy::start().await;
        let store = proxy.store_of(&bed, "severed").await;
        let Engine::Postgres { url, .. } = bed.options().engine else { panic!("a bed of PostgreSQL") };
        let (admin, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        for round in 0..3 {
            let cut = async |tx: &mut Tx<'_>| {
                let id = tx.new_id::<crate::units::Thing>();
                tx.execute("INSERT INTO thing (id, tenant, name) VALUES ($1, 'a', 'cut')", params![id]).await?;
                tx.find::<(bool,)>("SELECT pg_terminate_backend(pg_backend_pid())", params![]).await?;
                tx.execute("INSERT INTO thing (id, tenant, name) VALUES ($1, 'a', 'after')", params![id]).await
            };
            let error = store.write(cut).await.unwrap_err();
            assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
            assert_eq!(Problem::from(error).code, "store.unavailable");
            assert_eq!(count(&store).await, round);
            add(&store, ["a", "b", "c"][usize::try_from(round).unwrap()], false).await.unwrap();
        }
        // All of them at once, while they rest in the pool.
        let query = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = $1";
        let ended: i64 = admin.query_one(query, &[&format!("stoa-{}", store.block())]).await.unwrap().get(0);
        assert!(ended > 0);
        add(&store, "d", false).await.unwrap();
        assert_eq!(count(&store).await, 4);
        store.close().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs a PostgreSQL server in STOA_TEST_PG"]
    async fn a_server_that_vanishes_without_a_word_holds_nobody_for_long() {
        let bed = Bed::postgres().await;
        let proxy = Proxy::start().await;
        let store = proxy.store(&bed).await;
        add(&store, "before", true).await.unwrap();
        proxy.set(Line::Dead);
        let begun = Instant::now();
        let waiting: Vec<_> = ["a", "b", "c", "d"].map(|name| tokio::spawn(add_one(store.clone(), name))).into();
        for task in waiting {
            let error = task.await.unwrap().unwrap_err();
            assert!(
                matches!(error, StoreError::TooLong { blocked: false, .. } | StoreError::Unavailable { .. }),
                "{error}"
            );
        }
        assert!(begun.elapsed() < Duration::from_mins(1), "{:?}", begun.elapsed());
        proxy.set(Line::Whole);
        let begun = Instant::now();
        add(&store, "after", true).await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        assert_eq!(count(&store).await, 2);
        store.close().await;
    }

    async fn add_one(store: Store, name: &'static str) -> Result<&'static str, StoreError> {
        add(&store, name, true).await
    }
}
