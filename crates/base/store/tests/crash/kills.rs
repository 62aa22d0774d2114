//! SIGKILL at random moments under load. Afterwards every acknowledged unit is there, none is there by half, and every
//! event of a unit that is there was or will be delivered.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use stoa_store::outbox::Relay;
use stoa_store::{Durability, Store, StoreError, Tx, params};

use crate::Outcome;
use crate::child::{Notes, PARTS, open};

pub(crate) fn test() -> Outcome {
    let kills: u64 =
        std::env::var("STOA_CRASH_KILLS").map_or(20, |kills| kills.parse().expect("STOA_CRASH_KILLS, a number"));
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // Seeded by the system and told, so that the moments of a failed run are known.
    let chance = RandomState::new();
    let mut acknowledged = BTreeSet::new();
    for run in 0..kills {
        let pause = Duration::from_millis(chance.hash_one(run) % 300);
        acknowledged.extend(killed_after(folder.path(), run, pause));
        if run % 10 == 9 || run + 1 == kills {
            runtime.block_on(check(folder.path(), &acknowledged, run));
        }
    }
    let (units, unanswered) = runtime.block_on(drained(folder.path(), &acknowledged));
    assert!(acknowledged.len() > 100, "only {} units were written: that proves nothing", acknowledged.len());
    Outcome::Passed(format!(
        "{kills} kills; {} units were acknowledged and are there; {unanswered} more are there whole, whose answer the \
         kill cut off; every event of all {units} was delivered",
        acknowledged.len()
    ))
}

/// Starts the process, lets it answer at least once, and kills it after a pause. Gives what it acknowledged.
fn killed_after(folder: &Path, run: u64, pause: Duration) -> Vec<i64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--child", "load", folder.to_str().unwrap(), &run.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut heard: Vec<i64> = Vec::new();
    let number = |line: String| line.parse::<i64>().ok();
    heard.extend(lines.next().map(Result::unwrap).and_then(number));
    let reader = std::thread::spawn(move || {
        // The last line may be cut by the kill: a number that is too short would be another unit's.
        let mut rest: Vec<String> = lines.map_while(Result::ok).collect();
        rest.pop();
        rest.into_iter().filter_map(|line| line.parse::<i64>().ok()).collect::<Vec<_>>()
    });
    std::thread::sleep(pause);
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert!(status.code().is_none(), "the process ended by itself: {status}");
    assert!(!heard.is_empty(), "the process answered nothing in run {run}");
    heard.extend(reader.join().unwrap());
    heard
}

async fn units(store: &Store) -> Vec<(i64, i64)> {
    store
        .scan(async |tx: &mut Tx<'_>| {
            tx.rows("SELECT unit, count(*) FROM part GROUP BY unit ORDER BY unit", params![]).await
        })
        .await
        .map_err(|error: StoreError| error.to_string())
        .unwrap()
}

async fn check(folder: &Path, acknowledged: &BTreeSet<i64>, run: u64) {
    let store = open(folder, Durability::Full).await;
    store.check().await.unwrap();
    let there = units(&store).await;
    let half: Vec<_> = there.iter().filter(|(_, parts)| *parts != PARTS).collect();
    assert!(half.is_empty(), "after run {run} units are there by half: {half:?}");
    let there: BTreeSet<i64> = there.into_iter().map(|(unit, _)| unit).collect();
    let lost: Vec<_> = acknowledged.difference(&there).take(10).collect();
    assert!(lost.is_empty(), "after run {run} acknowledged units are lost: {lost:?}");
    store.close().await;
}

/// Delivers what is left; gives how many units there are, and how many of them nobody was told about.
async fn drained(folder: &Path, acknowledged: &BTreeSet<i64>) -> (usize, usize) {
    let store = open(folder, Durability::Full).await;
    let relay = Relay::new(store.clone(), vec![Arc::new(Notes(store.clone()))]);
    // The killed process holds its lease until that ends by itself.
    for _ in 0..600 {
        relay.drain().await.unwrap();
        let missing: (i64,) = store
            .scan(async |tx: &mut Tx<'_>| {
                let sql =
                    "SELECT count(*) FROM (SELECT DISTINCT unit FROM part) WHERE unit NOT IN (SELECT unit FROM heard)";
                tx.get(sql, params![]).await
            })
            .await
            .map_err(|error: StoreError| error.to_string())
            .unwrap();
        if missing.0 == 0 {
            let there = units(&store).await.len();
            drop(relay);
            store.close().await;
            return (there, there - acknowledged.len());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("events of committed units were never delivered");
}
