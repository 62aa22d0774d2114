//! A database with evidence for a test, on either engine.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::json;
use stoa_audit::{
    AuditError, Checkpoint, MIGRATIONS, Record, RecordId, Sealer, SealerOptions, SigningKey, Verdict, verify,
};
use stoa_core::{Actor, Clock, Ids, Instant, Tenant};
use stoa_store::{Durability, Engine, Param, Store, StoreError, StoreLimits, StoreOptions, Tx};

/// When the tests begin, by their fixed clock: 2026-11-24T10:00:00Z.
pub(crate) const START: Instant = Instant::from_micros(1_795_514_400_000_000);

pub(crate) struct Bed {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) key: SigningKey,
    engine: Engine,
    folder: tempfile::TempDir,
}

impl Bed {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::Sqlite { file: folder.path().join("test.db"), durability: Durability::Full };
        Self::open(folder, engine).await
    }

    /// A schema of its own on the server of `STOA_TEST_PG`. Only called by tests that are ignored without one.
    pub(crate) async fn postgres() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let url = std::env::var("STOA_TEST_PG").unwrap();
        let folder = tempfile::tempdir().unwrap();
        // Process ids come again: the folder's name tells two runs on one server apart.
        let name = folder.path().file_name().unwrap().to_string_lossy().to_lowercase();
        let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let schema = format!("audit_{}_{}_{name}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Self::open(folder, Engine::Postgres { url, schema }).await
    }

    async fn open(folder: tempfile::TempDir, engine: Engine) -> Self {
        let clock = Clock::fixed(START);
        let store = open_store(engine.clone(), &clock).await;
        Self { store, clock, key: SigningKey::from_seed(&[7; 32]).unwrap(), engine, folder }
    }

    /// The database opened a second time, by somebody who means no good (or by another node).
    pub(crate) async fn open_again(&self) -> Store {
        open_store(self.engine.clone(), &self.clock).await
    }

    /// The same evidence in a new SQLite file, by way of a backup.
    pub(crate) async fn restored(&self) -> Self {
        let (copy, _) =
            Store::moment(std::slice::from_ref(&self.store)).await.unwrap().export(0, Vec::new()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::Sqlite { file: folder.path().join("restored.db"), durability: Durability::Full };
        let store = Store::restore(options(engine.clone(), &self.clock), std::io::Cursor::new(copy)).await.unwrap();
        Self { store, clock: self.clock.clone(), key: self.key.clone(), engine, folder }
    }

    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.engine, Engine::Postgres { .. })
    }

    pub(crate) fn sealer(&self, batch: u64) -> Sealer {
        let options = SealerOptions { batch, ..SealerOptions::default() };
        Sealer::with_options(self.store.clone(), self.key.clone(), options)
    }

    /// Appends records numbered `numbers`, each in a transaction of its own.
    pub(crate) async fn append(&self, numbers: std::ops::Range<u32>) -> Vec<RecordId> {
        let mut ids = Vec::new();
        for number in numbers {
            self.clock.advance(Duration::from_millis(1));
            ids.push(append_one(&self.store, number).await.unwrap());
        }
        ids
    }

    /// Seals all that waits in batches of three.
    pub(crate) async fn seal(&self) {
        self.settled().await;
        self.sealer(3).seal_all().await.unwrap();
        assert_eq!(self.verify(&[]).await.unsealed, 0);
    }

    /// Waits until the newest record can get no earlier neighbour any more: on a server that other tests use too, transactions of
    /// theirs can keep ours unsettled for a moment.
    pub(crate) async fn settled(&self) {
        for look in 0.. {
            if self.is_settled().await {
                return;
            }
            assert!(look < 1000, "the records do not settle");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Whether the newest record can get no earlier neighbour any more; also when there is none.
    pub(crate) async fn is_settled(&self) -> bool {
        self.store
            .scan(async move |tx: &mut Tx<'_>| {
                let newest = "SELECT mark FROM audit_record ORDER BY seq DESC LIMIT 1";
                let newest: Option<(i64,)> = tx.find(newest, &[]).await?;
                let settled = tx.settled_mark().await?;
                Ok::<_, StoreError>(newest.is_none_or(|(mark,)| mark < settled))
            })
            .await
            .unwrap()
    }

    pub(crate) async fn verify(&self, against: &[Checkpoint]) -> Verdict {
        verify::verify(&self.store, &[self.key.verifying_key()], against).await.unwrap()
    }

    /// The bytes that a query gives.
    pub(crate) async fn blob(&self, sql: String) -> Vec<u8> {
        let read = async move |tx: &mut Tx<'_>| tx.get::<(Vec<u8>,)>(&sql, &[]).await;
        self.store.read::<_, _, StoreError>(read).await.unwrap().0
    }

    /// The same database, in whose closed file some bytes were replaced by others, wherever they stand.
    pub(crate) async fn with_bytes_changed(self, from: &[u8], to: &[u8]) -> Self {
        let Self { store, clock, key, engine, folder } = self;
        let file = store.file().unwrap().to_owned();
        store.close().await;
        let mut bytes = std::fs::read(&file).unwrap();
        let places: Vec<usize> = (0..bytes.len() - from.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
        assert!(!places.is_empty(), "the file holds these bytes");
        for at in places {
            bytes[at..at + to.len()].copy_from_slice(to);
        }
        std::fs::write(&file, bytes).unwrap();
        Self { store: open_store(engine.clone(), &clock).await, clock, key, engine, folder }
    }

    pub(crate) async fn checkpoint(&self) -> Checkpoint {
        self.store.read(async |tx: &mut Tx<'_>| stoa_audit::latest_checkpoint(tx).await).await.unwrap().unwrap()
    }

    /// Changes the database behind the back of everything, as somebody would who may do anything with it: what stands in
    /// the way is taken off first.
    pub(crate) async fn tamper(&self, sql: &'static str, values: Vec<Value>) -> u64 {
        let store = self.open_again().await;
        let triggers: &[&str] = if self.is_shared() {
            &["audit_record_stays ON audit_record", "audit_batch_stays ON audit_batch"]
        } else {
            &["audit_record_kept", "audit_record_stays", "audit_batch_kept", "audit_batch_stays"]
        };
        let changed = store
            .write(async move |tx: &mut Tx<'_>| {
                for trigger in triggers {
                    tx.execute(&format!("DROP TRIGGER IF EXISTS {trigger}"), &[]).await?;
                }
                let values: Vec<Param<'_>> = values.iter().map(Value::param).collect();
                tx.execute(sql, &values).await
            })
            .await
            .unwrap();
        store.close().await;
        changed
    }
}

/// A value to tamper with.
pub(crate) enum Value {
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Value {
    fn param(&self) -> Param<'_> {
        match self {
            Self::Number(number) => Param::Integer(*number),
            Self::Text(text) => Param::Text(text),
            Self::Bytes(bytes) => Param::Blob(bytes),
        }
    }

    pub(crate) fn id(id: RecordId) -> Self {
        Self::Bytes(id.as_bytes().to_vec())
    }
}

pub(crate) async fn append_one(store: &Store, number: u32) -> Result<RecordId, AuditError> {
    store
        .write(async move |tx: &mut Tx<'_>| {
            let actor = Actor::system(format!("key:{}", number % 3), Tenant::default());
            let record = Record {
                subject: number.is_multiple_of(2).then_some("person:even"),
                detail: json!({ "number": number }),
                ..Record::done(&actor, "test.thing.change", format!("things/{number}"))
            };
            stoa_audit::append(tx, &record).await
        })
        .await
}

async fn open_store(engine: Engine, clock: &Clock) -> Store {
    Store::open(options(engine, clock)).await.unwrap()
}

fn options(engine: Engine, clock: &Clock) -> StoreOptions {
    StoreOptions {
        block: "test",
        engine,
        migrations: MIGRATIONS.to_vec(),
        clock: clock.clone(),
        ids: Ids::random(clock.clone()),
        limits: StoreLimits { connections: 4, ..StoreLimits::default() },
    }
}

/// Makes of each scenario `async fn name(bed: Bed)` a test on SQLite and one on PostgreSQL; the latter is reported as
/// ignored unless asked for (`scripts/test.sh` does so where there is a server).
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name($crate::beds::Bed::sqlite().await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            #[ignore = "needs a PostgreSQL server in STOA_TEST_PG"]
            async fn $name() {
                super::$name($crate::beds::Bed::postgres().await).await;
            })+
        }
    };
}
pub(crate) use on_both_engines;
