//! Fills a monitor with made-up history, through the same door as everybody else: signed reports, day by day.
//!
//!     load DATABASE KEY SUBJECTS DAYS [BODIES COUNT]
//!
//! DATABASE is the file `monitor.db` of a folder on which no server runs, or the URL of a PostgreSQL database. KEY is a
//! private key as `ssh-keygen -t ed25519` writes it. The last day is today. With BODIES, so many more signed bodies are
//! written there, each behind its length in four bytes, for a program that sends them.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a tool that stumbles is to stop"
)]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant as Tick};

use stoa_core::{Actor, ActorKind, Clock, Ids, Instant, Tenant};
use stoa_monitor::Monitor;
use stoa_monitor::model::account::AccountRole;
use stoa_monitor::model::bootstrap::Bootstrapped;
use stoa_monitor::service::{By, SignedAs};
use stoa_standards::report::{Invocation, LineCounts, Report, ReportedScope, Run};
use stoa_standards::scope;
use stoa_standards::signature::{SigningKey, join};
use stoa_standards::verdict::Verdict;
use stoa_store::{Durability, Engine, Store, StoreLimits, StoreOptions};
use uuid::Uuid;

/// Reports that are on their way at the same time.
const TOGETHER: usize = 128;
const DAY: Duration = Duration::from_hours(24);
const TESTER: &str = "tester";

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(run());
}

async fn run() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [database, key, subjects, days, rest @ ..] = arguments.as_slice() else {
        println!("usage: load DATABASE KEY SUBJECTS DAYS [BODIES COUNT]");
        return;
    };
    let key: SigningKey = std::fs::read_to_string(key).unwrap().parse().unwrap();
    let (subjects, days): (usize, u32) = (subjects.parse().unwrap(), days.parse().unwrap());
    let now = Clock::system().now();
    let clock = Clock::fixed(now.minus(DAY * days.saturating_sub(1)));
    let engine = if database.starts_with("postgres") {
        Engine::Postgres { url: database.clone(), schema: "stoa_monitor".to_owned() }
    } else {
        Engine::Sqlite { file: PathBuf::from(database), durability: Durability::Full }
    };
    let migrations = stoa_monitor::MIGRATIONS.iter().chain(stoa_audit::MIGRATIONS).chain(stoa_web::webhook::MIGRATIONS);
    let store = Store::open(StoreOptions {
        block: "monitor",
        engine,
        migrations: migrations.copied().collect(),
        clock: clock.clone(),
        ids: Ids::random(clock.clone()),
        limits: StoreLimits::default(),
    });
    let monitor = Monitor::over(store.await.unwrap(), String::new());
    let names: Vec<String> = (1..=subjects).map(|number| format!("cloud-{number:03}")).collect();
    accounts(&monitor, &names, &key).await;
    let (begun, mut count) = (Tick::now(), 0_u64);
    for day in 0..days {
        if day > 0 {
            clock.advance(DAY);
        }
        let at = clock.now();
        let bodies: Vec<String> =
            names.iter().enumerate().map(|(place, name)| body(&key, name, place, day, at)).collect();
        for together in bodies.chunks(TOGETHER) {
            let tasks: Vec<_> = together
                .iter()
                .map(|body| {
                    let (monitor, body) = (monitor.clone(), body.clone());
                    tokio::spawn(async move { monitor.submit(&tester(), SignedAs::Yaml, body).await.unwrap() })
                })
                .collect();
            for task in tasks {
                count += u64::try_from(task.await.unwrap().len()).unwrap();
            }
        }
    }
    let taken = begun.elapsed().as_secs_f64();
    println!("{count} reports in {taken:.1} s, the signing included");
    if let [file, more] = rest {
        let mut file = std::io::BufWriter::new(std::fs::File::create(file).unwrap());
        for number in 0..more.parse::<usize>().unwrap() {
            let text = body(&key, &names[number % names.len()], number, 0, now);
            file.write_all(&u32::try_from(text.len()).unwrap().to_be_bytes()).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        }
    }
}

/// Whoever hands in: the account of the delegate.
fn tester() -> By {
    By::system(Actor {
        kind: ActorKind::System,
        id: format!("account:{TESTER}"),
        ..Actor::anonymous(Tenant::default())
    })
}

async fn accounts(monitor: &Monitor, names: &[String], key: &SigningKey) {
    let account = |subject: &str| Bootstrapped {
        subject: subject.to_owned(),
        group: None,
        roles: std::iter::empty().collect(),
        secrets: Vec::new(),
        keys: Vec::new(),
        delegates: Vec::new(),
    };
    let mut all: Vec<Bootstrapped> =
        names.iter().map(|name| Bootstrapped { delegates: vec![TESTER.to_owned()], ..account(name) }).collect();
    all.push(Bootstrapped {
        roles: [AccountRole::AppendAny, AccountRole::ReadAny].into_iter().collect(),
        keys: vec![("primary".to_owned(), key.public().clone())],
        ..account(TESTER)
    });
    monitor.import(&By::system(Actor::system("load", Tenant::default())), all).await.unwrap();
}

/// A signed body: all test cases of the newest version, of which one fails now and then.
fn body(key: &SigningKey, subject: &str, place: usize, day: u32, at: Instant) -> String {
    let scope = scope::find_built_in(if place % 3 == 2 { "kaas" } else { "iaas" }).unwrap();
    let version = scope.versions.iter().find(|version| version.stabilized_at.is_some()).unwrap();
    let fails = (place + usize::try_from(day).unwrap()) % 11 == 5;
    let mut results: BTreeMap<String, Verdict> = version.main().map(|id| (id.to_owned(), Verdict::Pass)).collect();
    if let Some(verdict) = results.values_mut().nth(place % 3).filter(|_| fails) {
        *verdict = Verdict::Fail;
    }
    let stderr = vec![format!("INFO: {subject} was looked at")];
    let report = Report {
        scope: ReportedScope { uuid: scope.uuid, name: scope.name.clone(), url: scope.url.clone() },
        checked_at: at,
        reference_date: at.date(),
        subject: subject.to_owned(),
        run: Run {
            uuid: Uuid::new_v4(),
            argv: Vec::new(),
            assignment: BTreeMap::new(),
            sections: None,
            forced_version: None,
            forced_tests: None,
            invocations: vec![Invocation {
                id: Uuid::new_v4(),
                command: "check".to_owned(),
                exit_code: 0,
                stdout: results.iter().map(|(id, verdict)| format!("{id}: {}", verdict.name())).collect(),
                counts: LineCounts::of(&stderr),
                stderr,
                results,
            }],
        },
        versions: BTreeMap::new(),
    };
    let text = report.to_yaml();
    join(&key.sign(text.as_bytes()).unwrap(), &text)
}
