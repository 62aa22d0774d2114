//! Units of work: what is answered is stored, what is refused is not, and nobody pays for a neighbour.

use std::time::Duration;

use stoa_core::{Id, Instant, Kind};
use stoa_store::{Migration, Store, StoreError, StoreLimits, Tx, Value, params};

use crate::engines::{Bed, on_both_engines};

pub(crate) const STEPS: &[Migration] = &[Migration::both(
    1,
    "things",
    "CREATE TABLE thing (id BYTEA NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL, size BIGINT,
                         weight DOUBLE PRECISION, UNIQUE (tenant, name));
     CREATE TABLE counter (name TEXT NOT NULL PRIMARY KEY, value BIGINT NOT NULL);
     CREATE TABLE part (thing BYTEA NOT NULL REFERENCES thing (id));
     CREATE TABLE late (thing BYTEA NOT NULL REFERENCES thing (id) DEFERRABLE INITIALLY DEFERRED)",
)];

pub(crate) struct Thing;
impl Kind for Thing {
    const NAME: &'static str = "thing";
}

/// The bed's database opened again with the tables of these tests.
pub(crate) async fn things(bed: &Bed, limits: StoreLimits) -> Store {
    let mut options = bed.options();
    options.engine = bed.fresh_engine("things.db");
    options.migrations = STEPS.to_vec();
    options.limits = limits;
    Store::open(options).await.unwrap()
}

pub(crate) async fn add(store: &Store, name: &str) -> Result<Id<Thing>, StoreError> {
    let name = name.to_owned();
    store
        .write(async move |tx: &mut Tx<'_>| {
            let id = tx.new_id::<Thing>();
            let size = i64::try_from(name.len()).unwrap();
            let sql = "INSERT INTO thing (id, tenant, name, size) VALUES ($1, $4, $2, $3)";
            tx.execute(sql, params![id, name, size, "default"]).await?;
            Ok(id)
        })
        .await
}

pub(crate) async fn count(store: &Store) -> i64 {
    let count = async |tx: &mut Tx<'_>| tx.get::<(i64,)>("SELECT count(*) FROM thing", params![]).await;
    store.read::<_, _, StoreError>(count).await.unwrap().0
}

async fn values_go_round_and_places_are_bound_by_number(bed: Bed) {
    let store = things(&bed, StoreLimits::default()).await;
    let at = Instant::from_micros(-7);
    type All = (Id<Thing>, String, i64, Option<f64>, Option<String>, Instant, bool, Vec<u8>);
    let id = add(&store, "žluťoučký 🐎").await.unwrap();
    let read: All = store
        .write(async move |tx: &mut Tx<'_>| {
            tx.execute("UPDATE thing SET weight = $2, size = $1 WHERE id = $3", params![i64::MIN, 0.1_f64, id]).await?;
            tx.get(
                "SELECT id, name, size, weight, CASE WHEN size > 0 THEN name END, CAST($2 AS BIGINT),
                        CAST($1 AS BIGINT), id FROM thing WHERE CAST($1 AS BIGINT) = 1 AND id = $3",
                params![true, at, id],
            )
            .await
        })
        .await
        .map_err(|error: StoreError| error)
        .unwrap();
    let name = "žluťoučký 🐎".to_owned();
    assert_eq!(read, (id, name, i64::MIN, Some(0.1), None, at, true, id.as_bytes().to_vec()));

    // What each engine calls a sum or an average differs; what the program reads does not.
    add(&store, "b").await.unwrap();
    let sums = async |tx: &mut Tx<'_>| {
        tx.execute("UPDATE thing SET size = 3 WHERE name <> 'b'", params![]).await?;
        tx.get::<(i64, f64)>("SELECT sum(size), avg(size) FROM thing", params![]).await
    };
    assert_eq!(store.write::<_, _, StoreError>(sums).await.unwrap(), (4, 2.0));

    // A count of parameters that does not fit is a fault of the program, not a NULL.
    let short = async |tx: &mut Tx<'_>| tx.find::<(i64,)>("SELECT size FROM thing WHERE id = $1", params![]).await;
    assert!(matches!(store.read(short).await, Err(StoreError::Sql { .. })));
    let row = async |tx: &mut Tx<'_>| tx.get::<(i64,)>("SELECT size FROM thing WHERE name = 'x'", params![]).await;
    assert!(matches!(store.read(row).await, Err(StoreError::NoRow)));
    let wrong = async |tx: &mut Tx<'_>| tx.get::<(String,)>("SELECT size FROM thing", params![]).await;
    assert!(matches!(store.read(wrong).await, Err(StoreError::Column { index: 0, .. })));
    let all =
        async |tx: &mut Tx<'_>| tx.rows::<stoa_store::Row>("SELECT size FROM thing ORDER BY name", params![]).await;
    assert_eq!(store.read::<_, _, StoreError>(all).await.unwrap()[0].values(), [Value::Integer(1)]);
    store.close().await;
}

async fn a_batch_keeps_what_succeeded_and_names_what_collided(bed: Bed) {
    let store = things(&bed, StoreLimits::default()).await;
    let tasks: Vec<_> = (0..200)
        .map(|at| {
            let store = store.clone();
            tokio::spawn(async move { add(&store, &format!("n{}", at % 150)).await })
        })
        .collect();
    let mut conflicts = 0;
    for task in tasks {
        if let Err(error) = task.await.unwrap() {
            assert!(
                matches!(&error, StoreError::Conflict { constraint } if constraint == "thing.tenant, thing.name"),
                "{error}"
            );
            conflicts += 1;
        }
    }
    assert_eq!((conflicts, count(&store).await), (50, 150));

    let orphan = async |tx: &mut Tx<'_>| tx.execute("INSERT INTO part VALUES ($1)", params![b"none".as_slice()]).await;
    let orphan = store.write(orphan).await.unwrap_err();
    assert!(matches!(&orphan, StoreError::Conflict { constraint } if constraint == "a reference"), "{orphan}");
    let empty = async |tx: &mut Tx<'_>| tx.execute("INSERT INTO counter VALUES ('a', NULL)", params![]).await;
    assert!(matches!(store.write(empty).await, Err(StoreError::Sql { .. })), "a fault of the program is no conflict");
    store.close().await;
}

/// A constraint that is only looked at when the unit is committed refuses that unit, and no neighbour of its batch.
async fn a_commit_that_fails_refuses_its_unit_alone(bed: Bed) {
    let store = things(&bed, StoreLimits::default()).await;
    let tasks: Vec<_> = (0..60)
        .map(|at| {
            let store = store.clone();
            tokio::spawn(async move {
                if at % 20 > 0 {
                    return add(&store, &format!("n{at}")).await.map(drop);
                }
                let orphan = async move |tx: &mut Tx<'_>| {
                    let id = tx.new_id::<Thing>();
                    let sql = "INSERT INTO thing (id, tenant, name) VALUES ($1, 'orphan', $2)";
                    tx.execute(sql, params![id, at.to_string()]).await?;
                    let nobody = tx.new_id::<Thing>();
                    tx.execute("INSERT INTO late VALUES ($1)", params![nobody]).await.map(drop)
                };
                store.write(orphan).await
            })
        })
        .collect();
    for (at, task) in tasks.into_iter().enumerate() {
        match task.await.unwrap() {
            Ok(()) if at % 20 > 0 => {}
            Err(StoreError::Conflict { constraint }) if at % 20 == 0 => assert_eq!(constraint, "a reference"),
            other => panic!("unit {at}: {other:?}"),
        }
    }
    assert_eq!(count(&store).await, 57);
    add(&store, "afterwards").await.unwrap();
    assert_eq!(count(&store).await, 58);
    store.close().await;
}

async fn counters_that_collide_lose_nothing(bed: Bed) {
    let store = things(&bed, StoreLimits::default()).await;
    let start = async |tx: &mut Tx<'_>| tx.execute("INSERT INTO counter VALUES ('a', 0)", params![]).await;
    store.write::<_, _, StoreError>(start).await.unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..10 {
                    let add_one = async |tx: &mut Tx<'_>| {
                        let (value,): (i64,) = tx.get("SELECT value FROM counter WHERE name = 'a'", params![]).await?;
                        tx.execute("UPDATE counter SET value = $1 WHERE name = 'a'", params![value + 1]).await
                    };
                    store.write::<_, _, StoreError>(add_one).await.expect("the store tries again by itself");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let read = async |tx: &mut Tx<'_>| tx.get::<(i64,)>("SELECT value FROM counter", params![]).await;
    assert_eq!(store.read::<_, _, StoreError>(read).await.unwrap().0, 80);
    // The server collides and is asked again; the one writer of a file has nobody to collide with.
    assert_eq!(store.state().retries > 0, bed.is_shared(), "{:?}", store.state());
    becomes_idle(&store).await;
    store.close().await;
}

/// The last unit is answered a moment before it leaves the count.
async fn becomes_idle(store: &Store) {
    for _ in 0..200 {
        if store.state().queue_depth == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the queue does not become empty: {:?}", store.state());
}

async fn a_full_queue_answers_busy(bed: Bed) {
    let limits = StoreLimits { write_queue: 2, connections: 3, scans: 1, scan_queue: 1, ..StoreLimits::default() };
    let store = things(&bed, limits).await;
    let tasks: Vec<_> = (0..300)
        .map(|at| {
            let store = store.clone();
            tokio::spawn(async move { add(&store, &format!("n{at}")).await })
        })
        .collect();
    let (mut done, mut busy) = (0, 0);
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => done += 1,
            Err(StoreError::Busy { block: "test", .. }) => busy += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(busy > 0 && done > 0, "{done} done, {busy} busy");
    assert_eq!(count(&store).await, done);
    becomes_idle(&store).await;
    store.close().await;
}

on_both_engines!(
    values_go_round_and_places_are_bound_by_number,
    a_batch_keeps_what_succeeded_and_names_what_collided,
    a_commit_that_fails_refuses_its_unit_alone,
    counters_that_collide_lose_nothing,
    a_full_queue_answers_busy,
);
