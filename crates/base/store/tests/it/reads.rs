//! Reads: the short ones never wait behind the long ones, and neither does what follows a table in the background.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use stoa_store::{Store, StoreError, StoreLimits, Tx, params};

use crate::engines::{Bed, on_both_engines};
use crate::units::{add, count, things};

/// Reports that go on until the test has seen enough.
#[derive(Clone, Default)]
struct Reports {
    running: Arc<AtomicUsize>,
    enough: Arc<AtomicBool>,
}

impl Reports {
    fn start(&self, store: &Store) -> tokio::task::JoinHandle<Result<(), StoreError>> {
        let (store, report) = (store.clone(), self.clone());
        let read = async move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            report.running.fetch_add(1, Ordering::SeqCst);
            while !report.enough.load(Ordering::SeqCst) {
                tx.get::<(i64,)>("SELECT count(*) FROM thing", params![]).await?;
            }
            Ok(())
        };
        tokio::spawn(async move { store.scan(read).await })
    }

    async fn run(&self, how_many: usize) {
        while self.running.load(Ordering::SeqCst) < how_many {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// While every place for long reads is taken, one more is told to come again, and nobody else notices.
async fn long_reads_are_bounded_and_hold_up_nobody(bed: Bed) {
    let inline_read_time = Duration::from_millis(200);
    let limits = StoreLimits { scans: 1, scan_queue: 1, connections: 4, inline_read_time, ..StoreLimits::default() };
    let store = things(&bed, limits).await;
    add(&store, "one").await.unwrap();
    let reports = Reports::default();
    let first = reports.start(&store);
    reports.run(1).await;
    // One of four waits in the queue, whichever comes first; the others find no room.
    let mut more: Vec<_> = (0..4).map(|_| reports.start(&store)).collect();
    while more.iter().filter(|report| report.is_finished()).count() < 3 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }

    let promptly = Duration::from_secs(20);
    tokio::time::timeout(promptly, count(&store)).await.expect("a short read");
    tokio::time::timeout(promptly, add(&store, "two")).await.expect("a write").unwrap();
    let follow = async |tx: &mut Tx<'_>| {
        // Longer than a caller's thread is lent for.
        let sql =
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT count(*) FROM n";
        tx.get::<(i64,)>(sql, params![]).await
    };
    let followed = tokio::time::timeout(promptly, store.peek::<_, _, StoreError>(follow)).await;
    assert_eq!(followed.expect("what follows a table in the background").unwrap().0, 3_000_000);
    assert_eq!(reports.running.load(Ordering::SeqCst), 1, "the places were taken all the while");

    let waits = more.iter().position(|report| !report.is_finished()).expect("one waits");
    reports.enough.store(true, Ordering::SeqCst);
    first.await.unwrap().unwrap();
    more.swap_remove(waits).await.unwrap().unwrap();
    for refused in more {
        let error = refused.await.unwrap().unwrap_err();
        assert!(matches!(error, StoreError::Busy { block: "test", queue: "scans" }), "{error}");
    }
    store.close().await;
}

/// Short writes that wait for each other do not keep the background from looking.
async fn a_full_house_of_writers_does_not_stop_the_background(bed: Bed) {
    if !bed.is_shared() {
        return;
    }
    let store = things(&bed, StoreLimits { connections: 4, ..StoreLimits::default() }).await;
    let insert = async |tx: &mut Tx<'_>| tx.execute("INSERT INTO counter VALUES ('a', 0)", params![]).await;
    store.write::<_, _, StoreError>(insert).await.unwrap();
    let writers: Vec<_> = (0..20)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let slow = async |tx: &mut Tx<'_>| {
                    tx.find::<(String,)>("SELECT pg_sleep(0.5)::text", params![]).await?;
                    tx.get::<(i64,)>("SELECT value FROM counter", params![]).await
                };
                store.write::<_, _, StoreError>(slow).await
            })
        })
        .collect();
    while store.state().queue_depth < 20 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let begun = std::time::Instant::now();
    let peek = async |tx: &mut Tx<'_>| tx.get::<(i64,)>("SELECT value FROM counter", params![]).await;
    store.peek::<_, _, StoreError>(peek).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(2), "it waited behind the writers: {:?}", begun.elapsed());
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    store.close().await;
}

on_both_engines!(long_reads_are_bounded_and_hold_up_nobody, a_full_house_of_writers_does_not_stop_the_background);
