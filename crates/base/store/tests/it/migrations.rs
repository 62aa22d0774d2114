//! Migrations: run once, in order, whole or not at all; a database that the program does not know is left alone.

use stoa_store::{Migration, Store, StoreError, Tx, params};

use crate::engines::{Bed, on_both_engines};

const FIRST: Migration = Migration::both(1, "first", "CREATE TABLE a (n BIGINT NOT NULL); INSERT INTO a VALUES (1)");
const SECOND: Migration = Migration::both(2, "second", "CREATE TABLE b (n BIGINT NOT NULL)");

async fn steps_are_taken_once_and_changed_ones_refused(bed: Bed) {
    let mut options = bed.options();
    options.engine = bed.fresh_engine("steps.db");
    let mut open = async |migrations: &[Migration]| {
        options.migrations = migrations.to_vec();
        Store::open(options.clone()).await
    };
    let count = async |tx: &mut Tx<'_>| tx.get::<(i64,)>("SELECT count(*) FROM a", params![]).await;
    for steps in [&[FIRST][..], &[FIRST], &[SECOND, FIRST]] {
        let store = open(steps).await.unwrap();
        assert_eq!(store.read::<_, _, StoreError>(count).await.unwrap().0, 1);
        store.close().await;
    }

    let newer = open(&[FIRST]).await.map(drop).unwrap_err();
    assert!(matches!(newer, StoreError::Newer { block: "test", number: 2, .. }), "{newer}");
    // The step that is not known is named, also where the list goes on with steps of other owners, whose numbers are high.
    let newer = open(&[FIRST, Migration::both(9000, "of_the_base", "")]).await.map(drop).unwrap_err().to_string();
    assert!(newer.contains("migration 2 (second)") && !newer.contains("9000"), "{newer}");
    let changed = Migration::both(2, "second", "CREATE TABLE b (n TEXT NOT NULL)");
    let changed = open(&[FIRST, changed]).await.map(drop).unwrap_err();
    assert!(matches!(changed, StoreError::ChangedMigration { number: 2, .. }), "{changed}");

    // The third step is sound, the fourth is not: neither is taken.
    let third = Migration::both(3, "third", "CREATE TABLE c (n BIGINT NOT NULL)");
    let broken = Migration::both(4, "fourth", "CREATE TABLE d (n BIGINT NOT NULL); INSERT INTO nowhere VALUES (1)");
    let failed = open(&[FIRST, SECOND, third, broken]).await.map(drop).unwrap_err();
    assert!(matches!(failed, StoreError::Sql { .. }), "{failed}");
    let store = open(&[FIRST, SECOND]).await.unwrap();
    let third = async |tx: &mut Tx<'_>| tx.get::<(i64,)>("SELECT count(*) FROM c", params![]).await;
    assert!(matches!(store.read(third).await, Err(StoreError::Sql { .. })));
    store.close().await;
}

async fn nodes_that_start_together_agree(bed: Bed) {
    if !bed.is_shared() {
        return;
    }
    let mut options = bed.options();
    options.engine = bed.fresh_engine("unused");
    options.migrations = vec![FIRST, SECOND];
    let starts: Vec<_> = (0..4).map(|_| tokio::spawn(Store::open(options.clone()))).collect();
    for start in starts {
        start.await.unwrap().unwrap().close().await;
    }
}

on_both_engines!(steps_are_taken_once_and_changed_ones_refused, nodes_that_start_together_agree);
