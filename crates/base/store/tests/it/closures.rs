//! Closures that break the rules: each fault is named with its place, changes nothing, and costs no neighbour.

use std::time::Duration;

use stoa_core::{Problem, Refusal};
use stoa_store::{StoreError, StoreLimits, Tx, params};

use crate::engines::{Bed, on_both_engines};
use crate::units::{Thing, add, count, things};

async fn faults_are_named_and_change_nothing(bed: Bed) {
    let limits = StoreLimits { unit_time: Duration::from_millis(400), connections: 4, ..StoreLimits::default() };
    let store = things(&bed, limits).await;
    add(&store, "stays").await.unwrap();

    let foreign = async |tx: &mut Tx<'_>| {
        tx.execute("DELETE FROM thing", params![]).await?;
        tokio::task::yield_now().await;
        Ok::<_, StoreError>(())
    };
    let here = line!() + 1;
    let error = store.write(foreign).await.unwrap_err();
    assert!(
        matches!(error, StoreError::ForeignAwait { at } if at.file().ends_with("closures.rs") && at.line() == here)
    );
    assert!(matches!(store.read(foreign).await, Err(StoreError::ReadOnly { .. })), "a read cannot write");

    let panics = async |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        tx.execute("DELETE FROM thing", params![]).await?;
        panic!("on purpose");
    };
    let error = store.write(panics).await.unwrap_err();
    assert!(matches!(error, StoreError::Panicked { message, .. } if message == "on purpose"));

    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000)
                   SELECT count(*) FROM n";
    let long_statement = async move |tx: &mut Tx<'_>| {
        tx.execute("DELETE FROM thing", params![]).await?;
        tx.get::<(i64,)>(endless, params![]).await
    };
    let error = store.write(long_statement).await.unwrap_err();
    assert!(matches!(error, StoreError::TooLong { at, .. } if at.file().ends_with("closures.rs")), "{error}");
    let many_statements = async |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        loop {
            tx.execute("UPDATE thing SET size = size + 1", params![]).await?;
        }
    };
    assert!(matches!(store.write(many_statements).await, Err(StoreError::TooLong { .. })));

    let goes_on = async |tx: &mut Tx<'_>| {
        let failed = tx.execute("INSERT INTO thing SELECT * FROM thing", params![]).await;
        assert!(failed.is_err());
        let after = tx.execute("DELETE FROM thing", params![]).await;
        assert!(matches!(after, Err(StoreError::Aborted { .. })));
        Ok::<_, StoreError>(())
    };
    assert!(matches!(store.write(goes_on).await, Err(StoreError::Aborted { .. })));

    assert_eq!(count(&store).await, 1, "none of them left a trace, and the store still works");
    store.close().await;
}

/// What holds a unit up without a statement is the closure's own fault, and its work is not kept: the caller heard of no
/// success in time. What a statement waits for is the load's, and trying again helps.
async fn a_closure_that_blocks_is_refused_and_named(bed: Bed) {
    let limits = StoreLimits { unit_time: Duration::from_millis(300), connections: 4, ..StoreLimits::default() };
    let store = things(&bed, limits).await;
    let sleeps_last = async |tx: &mut Tx<'_>| {
        let id = tx.new_id::<Thing>();
        tx.execute("INSERT INTO thing (id, tenant, name) VALUES ($1, 'a', 'late')", params![id]).await?;
        std::thread::sleep(Duration::from_millis(600));
        Ok::<_, StoreError>(())
    };
    let sleeps_first = async |tx: &mut Tx<'_>| {
        std::thread::sleep(Duration::from_millis(600));
        tx.execute("DELETE FROM thing", params![]).await
    };
    let here = line!() + 1;
    let error = store.write(sleeps_last).await.unwrap_err();
    assert!(
        matches!(error, StoreError::TooLong { at, .. } if at.file().ends_with("closures.rs") && at.line() == here),
        "{error}"
    );
    assert_eq!(Problem::from(error).code, "store.failed");
    let error = store.write(sleeps_first).await.unwrap_err();
    assert!(matches!(error, StoreError::TooLong { .. }), "{error}");
    assert_eq!(Problem::from(error).code, "store.failed");
    assert_eq!(count(&store).await, 0);

    let long = async |tx: &mut Tx<'_>| {
        let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000)
                   SELECT count(*) FROM n";
        tx.get::<(i64,)>(sql, params![]).await
    };
    let problem = Problem::from(store.write(long).await.unwrap_err());
    assert_eq!((problem.refusal, problem.code), (Refusal::Busy, "store.busy"));
    assert!(problem.retry_after.is_some());
    store.close().await;
}

/// Nobody can end a closure that never returns; but it is named while it runs, and the store says that it does not work.
async fn a_closure_that_does_not_return_is_named_while_it_runs(bed: Bed) {
    let limits = StoreLimits { unit_time: Duration::from_millis(50), connections: 4, ..StoreLimits::default() };
    let store = things(&bed, limits).await;
    let (let_go, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let here = line!() + 3;
    let holding = tokio::spawn({
        let store = store.clone();
        store.write(async move |tx: &mut Tx<'_>| {
            let _ = held.lock().unwrap().recv();
            tx.execute("DELETE FROM thing", params![]).await
        })
    });
    let until = std::time::Instant::now() + Duration::from_secs(20);
    while store.state().stuck_for.is_none() {
        assert!(std::time::Instant::now() < until, "{:?}", store.state());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let error = store.check_writes().await.unwrap_err();
    assert!(matches!(error, StoreError::TooLong { at, .. } if at.file().ends_with("closures.rs") && at.line() == here));
    drop(let_go);
    assert!(matches!(holding.await.unwrap(), Err(StoreError::TooLong { blocked: true, .. })));
    store.check_writes().await.unwrap();
    assert_eq!(store.state().stuck_for, None);
    store.close().await;
}

/// The words that steer transactions and connections are the store's: in a closure they would end its neighbours'
/// transaction, or change the connection for whoever has it next.
async fn a_closure_does_not_steer_its_transaction(bed: Bed) {
    let store = things(&bed, StoreLimits::default()).await;
    add(&store, "stays").await.unwrap();
    for sql in [
        "COMMIT",
        "commit;",
        "  END",
        "ROLLBACK",
        "ROLLBACK TO unit",
        "RELEASE unit",
        "SAVEPOINT mine",
        "BEGIN",
        "-- a remark\nCOMMIT",
        "/* a /* remark */ ; COMMIT",
        ";COMMIT",
        "PRAGMA synchronous = off",
        "SET synchronous_commit = off",
        "RESET ALL",
        "ATTACH 'other.db' AS other",
        "DETACH other",
        "VACUUM",
        "ABORT",
        "START TRANSACTION",
        "PREPARE TRANSACTION 'a'",
        "DISCARD ALL",
        "LISTEN a",
    ] {
        let others: Vec<_> = (0..10)
            .map(|at| {
                let store = store.clone();
                tokio::spawn(async move { add(&store, &format!("{sql}{at}")).await })
            })
            .collect();
        let steers = async move |tx: &mut Tx<'_>| {
            tx.execute("DELETE FROM thing", params![]).await?;
            tx.execute(sql, params![]).await
        };
        let error = store.write(steers).await.unwrap_err();
        assert!(
            matches!(&error, StoreError::Sql { reason } if reason.contains("unit of work")),
            "{sql:?} was not refused: {error}"
        );
        for other in others {
            other.await.unwrap().unwrap();
        }
    }
    assert_eq!(count(&store).await, 221, "nothing was deleted, and no neighbour was lost");
    // What only looks like them is no matter.
    let harmless = async |tx: &mut Tx<'_>| {
        tx.execute("  /* one of them: COMMIT */ -- and RELEASE\n DELETE FROM counter", params![]).await?;
        tx.find::<(i64,)>("SELECT 1 FROM counter WHERE name = 'COMMIT'", params![]).await
    };
    store.write::<_, _, StoreError>(harmless).await.unwrap();
    store.close().await;
}

on_both_engines!(
    faults_are_named_and_change_nothing,
    a_closure_that_blocks_is_refused_and_named,
    a_closure_that_does_not_return_is_named_while_it_runs,
    a_closure_does_not_steer_its_transaction,
);
