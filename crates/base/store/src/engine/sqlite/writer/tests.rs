//! The writer against an engine that fails: faults that no closure can bring about are brought about on the connection.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use stoa_core::{Clock, Ids};

use super::*;
use crate::engine::sqlite::{Use, open};
use crate::unit::Work;
use crate::{Durability, params};

struct Bed {
    writer: Writer,
    file: PathBuf,
    _folder: tempfile::TempDir,
}

type Answer = oneshot::Receiver<Result<(), StoreError>>;

impl Bed {
    fn new(prepare: impl FnOnce(&mut Connection)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("writer.db");
        let mut connection = open(&file, Use::Write, Durability::Full).unwrap();
        connection.execute_batch("CREATE TABLE entry (name TEXT NOT NULL PRIMARY KEY, body TEXT NOT NULL)").unwrap();
        prepare(&mut connection);
        let clock = Clock::system();
        let home = Home {
            block: "test",
            ids: Ids::random(clock.clone()),
            clock,
            mark_base: Arc::default(),
            node: Arc::from("local"),
            wakes: Arc::default(),
        };
        let options = WriterOptions { home, queue: 1000, batch: 512, unit_time: Duration::from_secs(2) };
        Self { writer: Writer::start(connection, options).unwrap(), file, _folder: folder }
    }

    fn add(&self, name: &str, body: &str) -> Answer {
        let (name, body) = (name.to_owned(), body.to_owned());
        let (unit, answer) = Work::new(
            async move |tx: &mut Tx<'_>| {
                tx.execute("INSERT INTO entry VALUES ($1, $2)", params![name, body]).await.map(drop)
            },
            std::panic::Location::caller(),
        );
        self.writer.submit(Box::new(unit), "test");
        answer
    }

    /// Hands all of them over while the writer stands, so that they share one transaction.
    async fn together(&self, units: impl FnOnce(&Self) -> Vec<Answer>) -> Vec<Result<(), StoreError>> {
        let paused = self.writer.pause().await.unwrap();
        let answers = units(self);
        drop(paused);
        let mut results = Vec::new();
        for answer in answers {
            results.push(answer.await.unwrap());
        }
        results
    }

    fn names(&self) -> Vec<String> {
        let reader = Connection::open(&self.file).unwrap();
        let mut statement = reader.prepare("SELECT name FROM entry ORDER BY name").unwrap();
        let names = statement.query_map([], |row| row.get(0)).unwrap();
        names.map(Result::unwrap).collect()
    }
}

#[tokio::test]
async fn a_commit_that_fails_answers_every_caller_and_the_next_one_works() {
    let failing = Arc::new(AtomicBool::new(true));
    let fails = Arc::clone(&failing);
    let bed = Bed::new(|connection| {
        // What the hook answers turns the commit into a rollback.
        connection.commit_hook(Some(move || fails.load(Ordering::Relaxed))).unwrap();
    });
    let results = bed.together(|bed| (0..50).map(|at| bed.add(&format!("{at}"), "lost")).collect()).await;
    assert_eq!(results.len(), 50);
    for result in results {
        assert!(matches!(result, Err(StoreError::CommitFailed { .. })), "{result:?}");
    }
    assert_eq!(bed.names(), Vec::<String>::new());
    assert_eq!(bed.writer.figures.failed_commits.load(Ordering::Relaxed), 1, "they shared one commit");

    failing.store(false, Ordering::Relaxed);
    bed.add("after", "kept").await.unwrap().unwrap();
    assert_eq!(bed.names(), ["after"]);
}

#[tokio::test]
async fn units_that_wait_share_one_commit() {
    let bed = Bed::new(|_| {});
    let before = bed.writer.figures.batches.load(Ordering::Relaxed);
    let results = bed.together(|bed| (0..200).map(|at| bed.add(&format!("{at}"), "kept")).collect()).await;
    assert!(results.iter().all(Result::is_ok));
    let commits = bed.writer.figures.batches.load(Ordering::Relaxed) - before;
    assert!(commits <= 20, "200 units that waited together took {commits} commits");
}

#[tokio::test]
async fn a_full_disk_is_named_and_its_neighbours_are_kept() {
    let bed = Bed::new(|connection| {
        // A limit on the file's pages is to SQLite what a full disk is.
        let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        let limit = format!("PRAGMA max_page_count = {}", pages + 8);
        connection.query_row(&limit, [], |row| row.get::<_, i64>(0)).unwrap();
    });
    let large = "x".repeat(200_000);
    let results = bed
        .together(|bed| {
            (0..60).map(|at| bed.add(&format!("{at:02}"), if at % 3 == 0 { &large } else { "small" })).collect()
        })
        .await;
    for (at, result) in results.into_iter().enumerate() {
        match result {
            Ok(()) if at % 3 != 0 => {}
            Err(StoreError::Full) if at % 3 == 0 => {}
            other => panic!("unit {at}: {other:?}"),
        }
    }
    assert_eq!(bed.names().len(), 40);
    assert_eq!(stoa_core::Problem::from(StoreError::Full).code, "store.full");
}

/// A unit that does to its savepoint what an engine does that cannot roll back to it.
struct Loses {
    ends_well: bool,
    answer: oneshot::Sender<Result<(), StoreError>>,
    result: Result<(), StoreError>,
}

impl Unit for Loses {
    fn at(&self) -> &'static std::panic::Location<'static> {
        std::panic::Location::caller()
    }
    fn is_abandoned(&self) -> bool {
        false
    }
    fn run(&mut self, tx: &mut Tx<'_>) -> Outcome {
        let EngineTx::Sqlite(connection) = &tx.engine else { panic!("this writer is SQLite's") };
        connection.execute_batch("DELETE FROM entry; INSERT INTO entry VALUES ('refused', ''); RELEASE unit").unwrap();
        if self.ends_well {
            return Outcome::Done;
        }
        self.result = Err(StoreError::NoRow);
        Outcome::Refused
    }
    fn spoil(&mut self, error: StoreError) {
        if self.result.is_ok() {
            self.result = Err(error);
        }
    }
    fn settle(self: Box<Self>) {
        self.answer.send(self.result).unwrap();
    }
    fn fail(self: Box<Self>, error: StoreError) {
        self.answer.send(Err(error)).unwrap();
    }
}

#[tokio::test]
async fn a_unit_that_cannot_be_rolled_back_alone_takes_nobody_with_it_and_is_not_kept() {
    for ends_well in [false, true] {
        let bed = Bed::new(|_| {});
        bed.add("before", "kept").await.unwrap().unwrap();
        let results = bed
            .together(|bed| {
                let mut answers: Vec<_> = (0..5).map(|at| bed.add(&format!("{at}"), "kept")).collect();
                let (answer, receiver) = oneshot::channel();
                bed.writer.submit(Box::new(Loses { ends_well, answer, result: Ok(()) }), "test");
                answers.push(receiver);
                answers.extend((5..10).map(|at| bed.add(&format!("{at}"), "kept")));
                answers
            })
            .await;
        for (at, result) in results.into_iter().enumerate() {
            assert_eq!(result.is_ok(), at != 5, "unit {at}: {result:?}");
        }
        let names = bed.names();
        assert_eq!(names.len(), 11, "{names:?}");
        assert!(!names.contains(&"refused".to_owned()), "{names:?}");
    }
}

/// A value whose end panics is a fault of the block; the writer outlives it.
#[tokio::test]
async fn the_writer_outlives_what_panics_when_it_is_dropped() {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("on purpose, at the end of a value");
        }
    }
    let bed = Bed::new(|_| {});
    let held = Panics;
    let (unit, answer) = Work::new(
        async move |tx: &mut Tx<'_>| {
            let _ = &held;
            tx.execute("INSERT INTO entry VALUES ('dropped', '')", params![]).await.map(drop)
        },
        std::panic::Location::caller(),
    );
    bed.writer.submit(Box::new(unit), "test");
    answer.await.unwrap().unwrap();
    bed.add("after", "kept").await.unwrap().unwrap();
    assert_eq!(bed.names(), ["after", "dropped"]);
}
