//! SIGKILL at random moments under load. Afterwards every acknowledged unit is there with everything that belongs to it,
//! none is there by half, every event of a unit that is there was or will be delivered, every job is done exactly once,
//! and the evidence is whole. A kill in the midst of a first start leaves nothing that a second one stumbles over.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use stoa_audit::{Sealer, SigningKey, verify};
use stoa_store::jobs::JobRunner;
use stoa_store::outbox::Relay;
use stoa_store::{Durability, Store, StoreError, Tx, params};

use crate::Outcome;
use crate::child::{Notes, PARTS, UNITS_PER_JOB, Works, open};

/// How long a process may take to answer, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_mins(2);
/// Kills of first starts.
const FIRST_STARTS: u64 = 20;

pub(crate) fn test() -> Outcome {
    let kills =
        std::env::var("STOA_CRASH_KILLS").map_or(20, |kills| kills.parse().expect("STOA_CRASH_KILLS, a number"));
    let folder = tempfile::tempdir().unwrap();
    under_load(folder.path(), kills, Duration::ZERO)
}

/// The same with the database on a server, which outlives the process; a few kills, since each costs a lease's time.
pub(crate) fn test_postgres() -> Outcome {
    let Ok(url) = std::env::var("STOA_TEST_PG") else {
        return Outcome::Ignored("needs a PostgreSQL server in STOA_TEST_PG");
    };
    let folder = tempfile::tempdir().unwrap();
    let schema = format!("crash_{}", std::process::id());
    std::fs::write(folder.path().join("schema"), &schema).unwrap();
    let outcome = std::panic::catch_unwind(|| under_load(folder.path(), 4, Duration::from_millis(500)));
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE")).await.unwrap();
    });
    outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

pub(crate) fn test_first_starts() -> Outcome {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let chance = RandomState::new();
    let mut answered = 0;
    // Kills are spread over the time that a start takes, here and now.
    let mut whole = Duration::from_secs(1);
    for run in 0..=FIRST_STARTS {
        let folder = tempfile::tempdir().unwrap();
        let begun = Instant::now();
        let (mut child, lines) = start("begin", folder.path(), "0");
        if run == 0 {
            lines.recv_timeout(PATIENCE).expect("a first start answers");
            whole = begun.elapsed();
        } else {
            let thousandths = u32::try_from(chance.hash_one(run) % 1_200).unwrap();
            std::thread::sleep(whole * thousandths / 1_000);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        answered += lines.into_iter().count();
        runtime.block_on(async {
            let (store, _) = open(folder.path(), Durability::Full).await;
            store.check().await.unwrap();
            store.close().await;
        });
    }
    Outcome::Passed(format!(
        "{FIRST_STARTS} kills within {whole:?}, {answered} of them after the start was done; each folder opens"
    ))
}

/// Kills after up to 300 ms of load, and this long before them.
fn under_load(folder: &Path, kills: u64, at_least: Duration) -> Outcome {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let chance = RandomState::new();
    let mut acknowledged = BTreeSet::new();
    for run in 0..kills {
        let pause = at_least + Duration::from_millis(chance.hash_one(run) % 300);
        acknowledged.extend(killed_after(folder, run, pause));
        if run % 10 == 9 || run + 1 == kills {
            runtime.block_on(check(folder, &acknowledged, run));
        }
    }
    let (units, unanswered) = runtime.block_on(drained(folder, &acknowledged));
    let enough = acknowledged.len() as u64 >= 5 * kills;
    assert!(enough, "only {} units were written: that proves nothing", acknowledged.len());
    Outcome::Passed(format!(
        "{kills} kills; {} units were acknowledged and are there; {unanswered} more are there whole, whose answer the \
         kill cut off; every event of all {units} was delivered, every job done once, and the evidence is whole",
        acknowledged.len()
    ))
}

/// Starts the process; what it says comes line by line, so that it can be waited for with an end.
fn start(mode: &str, folder: &Path, detail: &str) -> (Child, mpsc::Receiver<String>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--child", mode, folder.to_str().unwrap(), detail])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let (said, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            if said.send(line).is_err() {
                break;
            }
        }
    });
    (child, lines)
}

/// Starts the process, lets it answer at least once, and kills it after a pause. Gives what it acknowledged.
fn killed_after(folder: &Path, run: u64, pause: Duration) -> Vec<i64> {
    let (mut child, lines) = start("load", folder, &run.to_string());
    let first = lines.recv_timeout(PATIENCE);
    if first.is_ok() {
        std::thread::sleep(pause);
    }
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert!(status.code().is_none(), "the process ended by itself: {status}");
    let first = first.unwrap_or_else(|_| panic!("the process answered nothing within {PATIENCE:?} in run {run}"));
    // The last line may be cut by the kill: a number that is too short would be another unit's.
    let mut said: Vec<String> = lines.into_iter().collect();
    said.pop();
    std::iter::once(first).chain(said).filter_map(|line| line.parse::<i64>().ok()).collect()
}

async fn ask<T: stoa_store::FromRow + Send + 'static>(store: &Store, sql: &'static str) -> Vec<T> {
    store.scan::<_, _, StoreError>(async move |tx: &mut Tx<'_>| tx.rows(sql, params![]).await).await.unwrap()
}

async fn count(store: &Store, sql: &'static str) -> i64 {
    ask::<(i64,)>(store, sql).await[0].0
}

async fn units(store: &Store) -> Vec<(i64, i64)> {
    ask(store, "SELECT unit, count(*) FROM part GROUP BY unit ORDER BY unit").await
}

async fn check(folder: &Path, acknowledged: &BTreeSet<i64>, run: u64) {
    let (store, _) = open(folder, Durability::Full).await;
    store.check().await.unwrap();
    let there = units(&store).await;
    let half: Vec<_> = there.iter().filter(|(_, parts)| *parts != PARTS).collect();
    assert!(half.is_empty(), "after run {run} units are there by half: {half:?}");
    let whole = i64::try_from(there.len()).unwrap();
    let there: BTreeSet<i64> = there.into_iter().map(|(unit, _)| unit).collect();
    let lost: Vec<_> = acknowledged.difference(&there).take(10).collect();
    assert!(lost.is_empty(), "after run {run} acknowledged units are lost: {lost:?}");
    for sql in [
        "SELECT count(*) FROM stoa_event",
        "SELECT count(*) FROM stoa_idempotency WHERE status = 201",
        "SELECT count(*) FROM audit_record",
    ] {
        assert_eq!(count(&store, sql).await, whole, "after run {run}: {sql}");
    }
    store.close().await;
}

/// Delivers and does what is left; gives how many units there are, and how many of them nobody was told about.
async fn drained(folder: &Path, acknowledged: &BTreeSet<i64>) -> (usize, usize) {
    let (store, signing) = open(folder, Durability::Full).await;
    let relay = Relay::new(store.clone(), vec![Arc::new(Notes(store.clone()))]);
    let runner = JobRunner::new(store.clone(), vec![Arc::new(Works(store.clone()))]);
    runner.prepare().await.unwrap();
    // The killed process holds its leases until they end by themselves.
    for _ in 0..900 {
        relay.drain().await.unwrap();
        runner.drain().await.unwrap();
        let unheard =
            "SELECT count(*) FROM (SELECT DISTINCT unit FROM part) AS p WHERE unit NOT IN (SELECT unit FROM heard)";
        let left = count(&store, unheard).await + count(&store, "SELECT count(*) FROM stoa_job").await;
        if left == 0 {
            let there = units(&store).await;
            let asked: Vec<i64> =
                there.iter().map(|(unit, _)| *unit).filter(|unit| unit % UNITS_PER_JOB == 0).collect();
            let worked: Vec<(i64,)> = ask(&store, "SELECT unit FROM worked ORDER BY unit").await;
            let worked: Vec<i64> = worked.into_iter().map(|(unit,)| unit).collect();
            assert_eq!(worked, asked, "each job's effect is there once");
            evidence_is_whole(&store, signing, there.len()).await;
            drop((relay, runner));
            store.close().await;
            return (there.len(), there.len() - acknowledged.len());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("events of committed units were never delivered, or their jobs never done");
}

async fn evidence_is_whole(store: &Store, signing: SigningKey, units: usize) {
    let trusted = [signing.verifying_key()];
    let sealer = Sealer::new(store.clone(), signing);
    let mut verdict = verify::verify(store, &trusted, &[]).await.unwrap();
    for _ in 0..600 {
        if verdict.unsealed == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        sealer.seal_all().await.unwrap();
        verdict = verify::verify(store, &trusted, &[]).await.unwrap();
    }
    assert_eq!((verdict.finding, verdict.unsealed, verdict.verified), (None, 0, units as u64));
}
