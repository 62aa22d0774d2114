//! What the disk can do to a SQLite file, and what the store makes of it.

use std::time::Duration;

use stoa_store::{Store, StoreError, StoreLimits, Tx, params};

use crate::engines::Bed;
use crate::units::{STEPS, add, count, things};

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_or_foreign_file_is_refused_by_name() {
    let bed = Bed::sqlite().await;
    let file = bed.folder().join("foreign.db");
    std::fs::write(&file, "this is no database, and was never one; it is only a text".repeat(100)).unwrap();
    let mut options = bed.options();
    options.engine = bed.fresh_file("foreign.db");
    let foreign = Store::open(options).await.map(drop).unwrap_err();
    assert!(matches!(foreign, StoreError::Corrupt { .. }), "{foreign}");
    assert!(foreign.to_string().contains("stoa restore"), "it says what to do: {foreign}");

    let store = things(&bed, StoreLimits::default()).await;
    for at in 0..200 {
        add(&store, &format!("{at} {}", "y".repeat(500))).await.unwrap();
    }
    store.close().await;
    let file = bed.folder().join("things.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0xa5);
    std::fs::write(&file, bytes).unwrap();
    let mut options = bed.options();
    options.migrations = STEPS.to_vec();
    options.engine = bed.fresh_file("things.db");
    let store = Store::open(options).await.unwrap();
    assert!(matches!(store.check().await, Err(StoreError::Corrupt { .. })));
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_folder_is_named() {
    let bed = Bed::sqlite().await;
    let mut options = bed.options();
    options.engine = bed.fresh_file("no/such/folder/things.db");
    let error = Store::open(options).await.map(drop).unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error}");
    assert!(error.to_string().contains("no/such/folder"), "{error}");
}

/// Whoever may enter the folder does not read what is in it: the log holds personal values in clear, as the file does.
#[tokio::test(flavor = "multi_thread")]
async fn files_are_the_owners_alone_whatever_the_folder_says() {
    use std::os::unix::fs::PermissionsExt;
    let bed = Bed::sqlite().await;
    std::fs::set_permissions(bed.folder(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let store = things(&bed, StoreLimits::default()).await;
    add(&store, "somebody").await.unwrap();
    for name in ["things.db", "things.db-wal", "things.db-shm"] {
        let mode = std::fs::metadata(bed.folder().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    store.close().await;
}

/// A read that turns out long is cut off on the caller's thread and comes back whole from the scan threads.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_read_moves_away_from_the_short_ones() {
    let bed = Bed::sqlite().await;
    let limits = StoreLimits { inline_read_time: Duration::from_millis(1), ..StoreLimits::default() };
    let store = things(&bed, limits).await;
    let long = async |tx: &mut Tx<'_>| {
        let sql =
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT count(*) FROM n";
        tx.get::<(i64,)>(sql, params![]).await
    };
    assert_eq!(store.read::<_, _, StoreError>(long).await.unwrap().0, 300_000);
    assert_eq!(store.state().reads_cut, 1);
    assert_eq!(store.scan::<_, _, StoreError>(long).await.unwrap().0, 300_000);
    assert_eq!(store.state().reads_cut, 1);
    store.close().await;
}

/// Writers stop between two batches, and nobody is refused for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_pause_holds_writers_and_lets_readers_go_on() {
    let bed = Bed::sqlite().await;
    let store = things(&bed, StoreLimits::default()).await;
    add(&store, "before").await.unwrap();
    let paused = store.pause_writers().await.unwrap();
    let waiting = {
        let store = store.clone();
        tokio::spawn(async move { add(&store, "after").await })
    };
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert_eq!((count(&store).await, waiting.is_finished()), (1, false));
    drop(paused);
    waiting.await.unwrap().unwrap();
    assert_eq!(count(&store).await, 2);
    store.close().await;
}
