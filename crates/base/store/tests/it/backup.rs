//! Copies while the database is at work, and their way back on either engine.

use std::io::Cursor;

use stoa_core::Id;
use stoa_store::{Engine, Migration, Store, StoreError, StoreLimits, Tx, params, search};

use crate::engines::{Bed, on_both_engines, postgres_engine};
use crate::units::{STEPS, Thing, add, count, things};

type Everything = (Vec<(Id<Thing>, String, i64, Option<f64>)>, Vec<Vec<u8>>);

async fn everything(store: &Store) -> Everything {
    let all = async |tx: &mut Tx<'_>| {
        let things = tx.rows("SELECT id, name, size, weight FROM thing ORDER BY name", params![]).await?;
        Ok::<_, StoreError>((things, search::find(tx, "things", "needle", 10, 0).await?))
    };
    store.read(all).await.unwrap()
}

async fn fill(store: &Store) {
    for name in ["b", "a", "a \"quoted\"\nname", "é"] {
        let id = add(store, name).await.unwrap();
        let fill = async move |tx: &mut Tx<'_>| {
            tx.execute("INSERT INTO part VALUES ($1)", params![id]).await?;
            tx.execute("UPDATE thing SET weight = 0.1 + 0.2 WHERE name = 'a'", params![]).await?;
            let mark = tx.commit_mark().await?;
            tx.execute("INSERT INTO stoa_subscriber VALUES ($1, $2, 0, 0)", params![id.to_string(), mark]).await?;
            search::index(tx, "things", id.as_bytes(), "a needle in the hay").await
        };
        store.write::<_, _, StoreError>(fill).await.unwrap();
    }
}

async fn copy_of(store: &Store) -> (Vec<u8>, u64) {
    Store::moment(std::slice::from_ref(store)).await.unwrap().export(0, Vec::new()).await.unwrap()
}

async fn a_copy_is_one_moment_and_comes_back_whole(bed: Bed) {
    let store = things(&bed, StoreLimits::default()).await;
    fill(&store).await;
    let before = everything(&store).await;
    let moment = Store::moment(std::slice::from_ref(&store)).await.unwrap();
    add(&store, "later").await.unwrap();
    let (copy, rows) = moment.export(0, Vec::new()).await.unwrap();
    let (again, _) = moment.export(0, Vec::new()).await.unwrap();
    assert_eq!(copy, again, "the same moment each time");
    drop(moment);

    let mut options = bed.options();
    options.migrations = STEPS.to_vec();
    options.engine = bed.fresh_engine("restored.db");
    let restored = Store::restore(options.clone(), Cursor::new(copy.clone())).await.unwrap();
    assert_eq!(everything(&restored).await, before);
    add(&restored, "new").await.unwrap();
    let ends = async |tx: &mut Tx<'_>| {
        let (highest,): (i64,) = tx.get("SELECT max(mark) FROM stoa_subscriber", params![]).await?;
        Ok::<_, StoreError>((highest, tx.commit_mark().await?, tx.settled_mark().await?))
    };
    let (highest, next, settled) = restored.write(ends).await.unwrap();
    assert!(highest <= next && highest < settled, "{highest} {next} {settled}");
    let orphan = async |tx: &mut Tx<'_>| tx.execute("INSERT INTO part VALUES ($1)", params![b"x".as_slice()]).await;
    assert!(restored.write(orphan).await.unwrap_err().is_conflict(), "references hold again");
    restored.close().await;

    let there = Store::restore(options, Cursor::new(copy.clone())).await.map(drop);
    assert!(matches!(there, Err(StoreError::Data { .. })), "what is there already is not overwritten: {there:?}");
    for (damage, name) in [(copy.len() - 20, "cut.db"), (copy.len() / 2, "half.db")] {
        let mut options = bed.options();
        options.migrations = STEPS.to_vec();
        options.engine = bed.fresh_engine(name);
        let cut = Store::restore(options.clone(), Cursor::new(copy[..damage].to_vec())).await.map(drop);
        assert!(matches!(cut, Err(StoreError::Data { .. })), "{cut:?}");
        if matches!(options.engine, Engine::Postgres { .. }) {
            // Nothing stays behind that would be in the way of the next try; nor does what is taken back.
            for _ in 0..2 {
                let again = Store::restore(options.clone(), Cursor::new(copy.clone())).await.unwrap();
                again.discard().await.unwrap();
            }
        }
    }
    let mut older = bed.options();
    older.migrations = Vec::new();
    older.engine = bed.fresh_engine("older.db");
    let newer = Store::restore(older, Cursor::new(copy)).await.map(drop);
    assert!(matches!(newer, Err(StoreError::Newer { number: 1, .. })), "{newer:?}");
    assert!(rows >= 12, "{rows}");
    store.close().await;
}

async fn a_copy_of_an_older_version_is_migrated(bed: Bed) {
    let store = things(&bed, StoreLimits::default()).await;
    fill(&store).await;
    let (copy, _) = copy_of(&store).await;
    let mut options = bed.options();
    options.migrations = [STEPS, &[Migration::both(2, "more", "ALTER TABLE thing ADD COLUMN more BIGINT")]].concat();
    options.engine = bed.fresh_engine("migrated.db");
    let restored = Store::restore(options, Cursor::new(copy)).await.unwrap();
    let more = async |tx: &mut Tx<'_>| tx.rows::<(Option<i64>,)>("SELECT more FROM thing", params![]).await;
    assert_eq!(restored.read::<_, _, StoreError>(more).await.unwrap(), [(None,); 4]);
    restored.close().await;
    store.close().await;
}

on_both_engines!(a_copy_is_one_moment_and_comes_back_whole, a_copy_of_an_older_version_is_migrated);

async fn moved(from: Engine, to: Engine, bed: &Bed) {
    let mut options = bed.options();
    options.migrations = STEPS.to_vec();
    options.engine = from;
    let store = Store::open(options.clone()).await.unwrap();
    fill(&store).await;
    let (copy, rows) = copy_of(&store).await;
    options.engine = to;
    let restored = Store::restore(options, Cursor::new(copy.clone())).await.unwrap();
    assert_eq!(everything(&restored).await, everything(&store).await);
    let (back, again) = copy_of(&restored).await;
    let lines = |copy: &[u8]| {
        let text = String::from_utf8(copy.to_vec()).unwrap();
        // Where marks go on is the engine's own, and rows come in each engine's own order.
        let mut lines: Vec<_> =
            text.lines().filter(|line| !line.starts_with("[0]") && line.len() > 12).map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert!(again >= rows);
    let (back, copy) = (lines(&back), lines(&copy));
    assert!(copy.iter().filter(|line| line.contains("needle")).all(|line| back.contains(line)));
    restored.close().await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL server in STOA_TEST_PG"]
async fn postgres_and_sqlite_exchange_their_copies() {
    let bed = Bed::postgres().await;
    moved(bed.fresh_file("from.db"), postgres_engine(), &bed).await;
    moved(postgres_engine(), bed.fresh_file("to.db"), &bed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_copied_while_it_is_written() {
    let bed = Bed::sqlite().await;
    let store = things(&bed, StoreLimits::default()).await;
    let writing = {
        let store = store.clone();
        tokio::spawn(async move {
            for at in 0..400 {
                add(&store, &format!("n{at}")).await.unwrap();
            }
        })
    };
    let file = bed.folder().join("copy.db");
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    store.snapshot_to(&file).await.unwrap();
    writing.await.unwrap();
    store.check().await.unwrap();
    let mut options = bed.options();
    options.migrations = STEPS.to_vec();
    options.engine = bed.fresh_file("copy.db");
    let copy = Store::open(options).await.unwrap();
    copy.check().await.unwrap();
    assert!(count(&copy).await <= count(&store).await);
    copy.close().await;
    store.close().await;
}
