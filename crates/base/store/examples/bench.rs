//! What the store does per second, and what it costs: `scripts/bench-store.sh` runs this beside pgbench.
//!
//! ```text
//! cargo run --release -p stoa-store --example bench -- FOLDER-OR-URL SECONDS
//! ```

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program for a terminal, which is to fail at once")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use stoa_core::{Clock, Ids};
use stoa_store::{Durability, Engine, Migration, Store, StoreError, StoreLimits, StoreOptions, Tx, params};

/// Accounts for the unit of two reads and two versioned writes; so many, that collisions stay rare.
const ACCOUNTS: i64 = 100_000;

const STEPS: &[Migration] = &[Migration::both(
    1,
    "bench",
    "CREATE TABLE entry (id BIGINT PRIMARY KEY, owner BIGINT NOT NULL, filler TEXT NOT NULL);
     CREATE TABLE account (id BIGINT PRIMARY KEY, version BIGINT NOT NULL, balance BIGINT NOT NULL)",
)];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let place = arguments.first().cloned().unwrap_or_else(|| "target/bench-data".to_owned());
    let seconds: u64 = arguments.get(1).and_then(|text| text.parse().ok()).unwrap_or(5);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(run(&place, Duration::from_secs(seconds)));
}

async fn run(place: &str, time: Duration) {
    let clock = Clock::system();
    let engine = if place.starts_with("postgres") {
        Engine::Postgres { url: place.to_owned(), schema: format!("bench_{}", std::process::id()) }
    } else {
        std::fs::create_dir_all(place).unwrap();
        Engine::Sqlite { file: std::path::Path::new(place).join("bench.db"), durability: Durability::Full }
    };
    let embedded = matches!(engine, Engine::Sqlite { .. });
    let store = Store::open(StoreOptions {
        block: "bench",
        engine,
        migrations: STEPS.to_vec(),
        ids: Ids::random(clock.clone()),
        clock,
        limits: StoreLimits { connections: 16, ..StoreLimits::default() },
    });
    let store = store.await.unwrap();
    for from in (0..ACCOUNTS).step_by(1000) {
        let fill = async move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            for id in from..from + 1000 {
                tx.execute("INSERT INTO account VALUES ($1, 0, 1000)", params![id]).await?;
            }
            Ok(())
        };
        store.write(fill).await.unwrap();
    }
    let engine = if embedded { "SQLite" } else { "PostgreSQL" };
    let next = Arc::new(AtomicI64::new(0));
    for tasks in [64, 512] {
        let next = Arc::clone(&next);
        let write = move |store: Store| {
            let id = next.fetch_add(1, Ordering::Relaxed);
            async move {
                let unit = async move |tx: &mut Tx<'_>| {
                    tx.execute("INSERT INTO entry VALUES ($1, $2, $3)", params![id, id % 1000, FILLER]).await.map(drop)
                };
                store.write(unit).await
            }
        };
        measure(&format!("{engine}: durable single-row write, {tasks} tasks"), &store, tasks, time, write).await;
    }
    let written = next.load(Ordering::Relaxed).max(1);
    let seed = Arc::new(AtomicU64::new(1));
    let turn = Arc::clone(&seed);
    let read = move |store: Store| {
        let id = spread(turn.fetch_add(1, Ordering::Relaxed), written);
        async move {
            let unit = async move |tx: &mut Tx<'_>| {
                tx.find::<(i64, String)>("SELECT owner, filler FROM entry WHERE id = $1", params![id]).await.map(drop)
            };
            store.read(unit).await
        }
    };
    measure(&format!("{engine}: keyed read, 64 tasks"), &store, 64, time, read).await;
    let transfer = move |store: Store| {
        let turn = seed.fetch_add(1, Ordering::Relaxed);
        let (from, to) = (spread(turn, ACCOUNTS), spread(turn.wrapping_add(7_919), ACCOUNTS));
        async move {
            let to = if from == to { (to + 1) % ACCOUNTS } else { to };
            let unit = async move |tx: &mut Tx<'_>| {
                for (id, amount) in [(from, -1), (to, 1)] {
                    let sql = "SELECT version FROM account WHERE id = $1";
                    let (version,): (i64,) = tx.get(sql, params![id]).await?;
                    let sql = "UPDATE account SET version = version + 1, balance = balance + $3 \
                               WHERE id = $1 AND version = $2";
                    tx.execute(sql, params![id, version, amount]).await?;
                }
                Ok::<(), StoreError>(())
            };
            store.write(unit).await
        }
    };
    measure(&format!("{engine}: unit of two reads and two versioned writes, 512 tasks"), &store, 512, time, transfer)
        .await;
    store.close().await;
}

const FILLER: &str =
    "a row of about a hundred bytes, as many of a register's smaller rows are: name, place, date, state";

/// A number that looks random, the same for the same turn.
fn spread(turn: u64, most: i64) -> i64 {
    let mixed = turn.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    i64::try_from((mixed >> 33) % most.unsigned_abs().max(1)).unwrap_or(0)
}

async fn measure<F, R>(name: &str, store: &Store, tasks: usize, time: Duration, work: F)
where
    F: Fn(Store) -> R + Clone + Send + 'static,
    R: Future<Output = Result<(), StoreError>> + Send,
{
    let over = Arc::new(AtomicBool::new(false));
    let (begun, cpu) = (Instant::now(), cpu_time());
    let mut set = tokio::task::JoinSet::new();
    for _ in 0..tasks {
        let (over, store, work) = (Arc::clone(&over), store.clone(), work.clone());
        set.spawn(async move {
            let (mut done, mut longest) = (0_u64, Duration::ZERO);
            while !over.load(Ordering::Relaxed) {
                let one = Instant::now();
                match work(store.clone()).await {
                    Ok(()) => done += 1,
                    Err(StoreError::Busy { .. } | StoreError::Contended) => tokio::task::yield_now().await,
                    Err(error) => {
                        println!("{error}");
                        break;
                    }
                }
                longest = longest.max(one.elapsed());
                // A read that is done on the calling thread never waits; a server's task would, for its client.
                tokio::task::consume_budget().await;
            }
            (done, longest)
        });
    }
    tokio::time::sleep(time).await;
    over.store(true, Ordering::Relaxed);
    let (mut done, mut longest) = (0, Duration::ZERO);
    while let Some(Ok((count, slowest))) = set.join_next().await {
        done += count;
        longest = longest.max(slowest);
    }
    let (seconds, cpu) = (begun.elapsed().as_secs_f64(), cpu_time().saturating_sub(cpu));
    #[expect(clippy::cast_precision_loss, reason = "shown without decimal places")]
    let rate = done as f64 / seconds;
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal place")]
    let micros = cpu.as_micros() as f64 / (done.max(1) as f64);
    println!("{name}: {rate:.0}/s, {micros:.1} us CPU each, slowest {} ms", longest.as_millis());
}

/// User and system time of this process (Linux: fields 14 and 15 of `/proc/self/stat`, in ticks of 10 ms).
fn cpu_time() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks: u64 = fields.iter().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}
