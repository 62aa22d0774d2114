//! Jobs: with their change, at least once, on one node at a time, never forgotten.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use stoa_core::Instant;
use stoa_store::jobs::{
    self, Job, JobEntry, JobError, JobFilter, JobHandler, JobRunner, JobState, NewJob, RunnerOptions,
};
use stoa_store::{Backoff, Store, StoreError, Tx, params};

use crate::engines::{Bed, START, on_both_engines};

type Then = Arc<dyn Fn(&Job) -> Result<(), JobError> + Send + Sync>;

/// A handler that notes what it runs, and then does what the test says.
struct Handler {
    kind: &'static str,
    every: Option<Duration>,
    ran: Mutex<Vec<(Value, u32)>>,
    then: Mutex<Then>,
}

impl Handler {
    fn new(kind: &'static str) -> Arc<Self> {
        Arc::new(Self { kind, every: None, ran: Mutex::default(), then: Mutex::new(Arc::new(|_| Ok(()))) })
    }

    fn then(&self, then: impl Fn(&Job) -> Result<(), JobError> + Send + Sync + 'static) {
        *self.then.lock().unwrap() = Arc::new(then);
    }

    fn ran(&self) -> Vec<(Value, u32)> {
        std::mem::take(&mut *self.ran.lock().unwrap())
    }
}

#[async_trait]
impl JobHandler for Handler {
    fn kind(&self) -> &'static str {
        self.kind
    }
    fn backoff(&self) -> Backoff {
        Backoff { attempts_max: 3, ..Backoff::default() }
    }
    fn every(&self) -> Option<Duration> {
        self.every
    }
    async fn run(&self, job: &Job) -> Result<(), JobError> {
        self.ran.lock().unwrap().push((job.payload.clone(), job.attempt));
        let then = Arc::clone(&*self.then.lock().unwrap());
        then(job)
    }
}

fn runner(store: &Store, handlers: &[&Arc<Handler>]) -> JobRunner {
    let handlers = handlers.iter().map(|handler| Arc::clone(handler) as Arc<dyn JobHandler>).collect();
    JobRunner::new(store.clone(), handlers)
}

async fn enqueue(store: &Store, payload: Value, key: Option<&'static str>) -> jobs::JobId {
    store
        .write(async move |tx: &mut Tx<'_>| {
            let job = NewJob { key, ..NewJob::new("test.work", &payload) };
            jobs::enqueue(tx, job).await
        })
        .await
        .unwrap()
}

async fn list(store: &Store) -> Vec<JobEntry> {
    store.read(async |tx: &mut Tx<'_>| jobs::list(tx, &JobFilter::default(), 100).await).await.unwrap()
}

/// Runs in the order of their time; a rolled-back one never; a later one later; a kind without handler waits.
async fn jobs_run_after_their_commit(bed: Bed) {
    let handler = Handler::new("test.work");
    let runner = runner(&bed.store, &[&handler]);
    enqueue(&bed.store, json!("now"), None).await;
    bed.store
        .write(async |tx: &mut Tx<'_>| {
            jobs::enqueue(tx, NewJob::new("test.work", &json!("later")).run_at(START.plus(Duration::from_mins(1))))
                .await?;
            jobs::enqueue(tx, NewJob::new("test.elsewhere", &json!("waits"))).await
        })
        .await
        .unwrap();
    let refused: Result<(), StoreError> = bed
        .store
        .write(async |tx: &mut Tx<'_>| {
            jobs::enqueue(tx, NewJob::new("test.work", &json!("rolled back"))).await?;
            Err(StoreError::NoRow)
        })
        .await;
    assert!(refused.is_err());
    assert_eq!(runner.drain().await.unwrap(), 1);
    assert_eq!(handler.ran(), [(json!("now"), 1)]);
    bed.clock.advance(Duration::from_mins(1));
    assert_eq!(runner.drain().await.unwrap(), 1);
    assert_eq!(handler.ran(), [(json!("later"), 1)]);
    let left = list(&bed.store).await;
    assert_eq!((left.len(), left[0].kind.as_str(), left[0].state), (1, "test.elsewhere", JobState::Ready));
}

/// Failures pause longer each time; the last one makes a dead letter, which people see, retry or cancel.
async fn failures_end_as_dead_letters(bed: Bed) {
    let handler = Handler::new("test.work");
    let runner = runner(&bed.store, &[&handler]);
    handler.then(|_| Err(JobError::later("no")));
    let id = enqueue(&bed.store, json!(1), None).await;
    runner.drain().await.unwrap();
    assert_eq!(runner.drain().await.unwrap(), 0, "its time has not come");
    let waiting = &list(&bed.store).await[0];
    assert_eq!((waiting.attempts, waiting.last_error.as_deref()), (1, Some("no")));
    assert!(
        waiting.run_at >= START.plus(Duration::from_millis(500))
            && waiting.run_at <= START.plus(Duration::from_secs(1))
    );
    for _ in 0..2 {
        bed.clock.advance(Duration::from_secs(10));
        assert_eq!(runner.drain().await.unwrap(), 1);
    }
    assert_eq!(list(&bed.store).await[0].state, JobState::Dead);
    bed.clock.advance(Duration::from_hours(24));
    assert_eq!(runner.drain().await.unwrap(), 0, "a dead letter rests");

    handler.then(|_| panic!("a handler's fault"));
    assert!(bed.store.write(async move |tx: &mut Tx<'_>| jobs::retry(tx, id).await).await.unwrap());
    assert_eq!(runner.drain().await.unwrap(), 1);
    assert_eq!(list(&bed.store).await[0].last_error.as_deref(), Some("it panicked"));

    handler.then(|_| Err(JobError::never("hopeless")));
    bed.clock.advance(Duration::from_mins(1));
    runner.drain().await.unwrap();
    assert_eq!(list(&bed.store).await[0].state, JobState::Dead);
    let counts = bed.store.read(async |tx: &mut Tx<'_>| jobs::counts(tx).await).await.unwrap();
    assert_eq!((counts.len(), counts[0].state, counts[0].count), (1, JobState::Dead, 1));
    assert!(bed.store.write(async move |tx: &mut Tx<'_>| jobs::cancel(tx, id).await).await.unwrap());
    assert_eq!(list(&bed.store).await, []);
}

/// Under a key one job waits; enqueued again while it runs, it runs once more.
async fn a_key_makes_one_job_of_many(bed: Bed) {
    let handler = Handler::new("test.work");
    let runner = runner(&bed.store, &[&handler]);
    let first = enqueue(&bed.store, json!(1), Some("k")).await;
    let second = enqueue(&bed.store, json!(2), Some("k")).await;
    assert_eq!(first, second);
    enqueue(&bed.store, json!("other"), Some("l")).await;
    assert_eq!(runner.drain().await.unwrap(), 2);
    assert_eq!(
        handler.ran().iter().filter(|(payload, _)| *payload == json!(2)).count(),
        1,
        "the latest payload counts"
    );

    let (store, times) = (bed.store.clone(), Arc::new(AtomicU32::new(0)));
    let meanwhile = Arc::clone(&times);
    handler.then(move |_| {
        if meanwhile.fetch_add(1, Ordering::Relaxed) == 0 {
            let store = store.clone();
            tokio::task::block_in_place(|| {
                tokio::runtime::Handle::current().block_on(enqueue(&store, json!("again"), Some("k")));
            });
        }
        Ok(())
    });
    enqueue(&bed.store, json!("once"), Some("k")).await;
    assert_eq!(runner.drain().await.unwrap(), 2);
    assert_eq!(handler.ran(), [(json!("once"), 1), (json!("again"), 1)]);
    assert_eq!(list(&bed.store).await, []);
}

/// What was asked for while the job ran is a request of its own: it has its time and all its attempts, whatever became of
/// the run that it could not join.
async fn a_request_for_a_running_key_keeps_its_time_and_attempts(bed: Bed) {
    let handler = Handler::new("test.work");
    let runner = runner(&bed.store, &[&handler]);
    let later = START.plus(Duration::from_mins(10));
    let ask_again = |store: Store, result: Result<(), JobError>| {
        let asked = AtomicU32::new(0);
        move |_: &Job| {
            if asked.fetch_add(1, Ordering::Relaxed) > 0 {
                return Ok(());
            }
            let store = store.clone();
            let enqueue = async move {
                let write = async move |tx: &mut Tx<'_>| {
                    jobs::enqueue(tx, NewJob::new("test.work", &json!("again")).key("k").run_at(later)).await
                };
                store.write(write).await.unwrap();
            };
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(enqueue));
            result.clone()
        }
    };
    for result in [Ok(()), Err(JobError::never("hopeless"))] {
        handler.then(ask_again(bed.store.clone(), result.clone()));
        enqueue(&bed.store, json!("first"), Some("k")).await;
        assert_eq!(runner.drain().await.unwrap(), 1, "not before its time: {result:?}");
        let waits = list(&bed.store).await;
        assert_eq!(waits.len(), 1);
        assert_eq!((waits[0].state, waits[0].attempts, waits[0].run_at), (JobState::Ready, 0, later), "{result:?}");
        bed.clock.set(later);
        assert_eq!(runner.drain().await.unwrap(), 1);
        assert_eq!(handler.ran(), [(json!("first"), 1), (json!("again"), 1)]);
        assert_eq!(list(&bed.store).await, []);
        bed.clock.set(START);
    }

    // A run that is to be tried again joins the request: at the earlier time of both.
    handler.then(ask_again(bed.store.clone(), Err(JobError::later("away"))));
    enqueue(&bed.store, json!("first"), Some("k")).await;
    assert_eq!(runner.drain().await.unwrap(), 1);
    let waits = &list(&bed.store).await[0];
    assert_eq!((waits.state, waits.attempts, &waits.payload), (JobState::Ready, 0, &json!("again")));
    assert!(waits.run_at <= START.plus(Duration::from_secs(1)), "{waits:?}");
}

/// A handler that begins and never ends; tells when it was stopped.
struct Stuck {
    started: Arc<tokio::sync::Notify>,
    stopped: Arc<tokio::sync::Notify>,
    runs: AtomicU32,
    time_max: Duration,
}

impl Stuck {
    fn new() -> Arc<Self> {
        let time_max = Duration::from_hours(1);
        Arc::new(Self { started: Arc::default(), stopped: Arc::default(), runs: AtomicU32::new(0), time_max })
    }
}

#[async_trait]
impl JobHandler for Stuck {
    fn kind(&self) -> &'static str {
        "test.work"
    }
    fn time_max(&self) -> Duration {
        self.time_max
    }
    async fn run(&self, _: &Job) -> Result<(), JobError> {
        struct Tells<'a>(&'a tokio::sync::Notify);
        impl Drop for Tells<'_> {
            fn drop(&mut self) {
                self.0.notify_one();
            }
        }
        let _tells = Tells(&self.stopped);
        self.runs.fetch_add(1, Ordering::Relaxed);
        self.started.notify_one();
        std::future::pending().await
    }
}

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A machine that slept finds its own jobs with an ended lease: it keeps them, and does not take them a second time.
async fn a_node_does_not_take_its_own_running_jobs(bed: Bed) {
    let stuck = Stuck::new();
    let options = RunnerOptions { poll: Duration::from_millis(10), ..RunnerOptions::default() };
    let runner = JobRunner::with_options(bed.store.clone(), vec![Arc::clone(&stuck) as Arc<dyn JobHandler>], options);
    let running = tokio::spawn(async move { runner.run(std::future::pending()).await });
    enqueue(&bed.store, json!(1), None).await;
    tokio::time::timeout(PATIENCE, stuck.started.notified()).await.unwrap();
    bed.clock.advance(Duration::from_mins(5));
    let until = bed.clock.now();
    let kept = async {
        loop {
            let sql = "SELECT lease_until, attempts FROM stoa_job WHERE state = 'running'";
            let row: (Instant, i64) = bed
                .store
                .read(async move |tx: &mut Tx<'_>| tx.get::<(Instant, i64)>(sql, params![]).await)
                .await
                .map_err(|error: StoreError| error)
                .unwrap();
            if row.0 > until {
                return row.1;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert_eq!(tokio::time::timeout(PATIENCE, kept).await.expect("it is renewed at once"), 1);
    assert_eq!(stuck.runs.load(Ordering::Relaxed), 1);
    running.abort();
}

/// A job that another node has taken meanwhile is stopped here, so that it does not run twice for longer than it must.
async fn a_job_that_was_taken_over_is_stopped_here(bed: Bed) {
    let stuck = Stuck::new();
    let options = RunnerOptions { lease: Duration::from_millis(300), ..RunnerOptions::default() };
    let runner = JobRunner::with_options(bed.store.clone(), vec![Arc::clone(&stuck) as Arc<dyn JobHandler>], options);
    let running = tokio::spawn(async move { runner.run(std::future::pending()).await });
    let id = enqueue(&bed.store, json!(1), None).await;
    tokio::time::timeout(PATIENCE, stuck.started.notified()).await.unwrap();
    let take = async move |tx: &mut Tx<'_>| {
        let until = tx.now().plus(Duration::from_hours(1));
        let sql = "UPDATE stoa_job SET holder = 'another', attempts = attempts + 1, lease_until = $2 WHERE id = $1";
        tx.execute(sql, params![id, until]).await
    };
    bed.store.write::<_, _, StoreError>(take).await.unwrap();
    tokio::time::timeout(PATIENCE, stuck.stopped.notified()).await.expect("it is stopped");
    running.abort();
    let theirs = &list(&bed.store).await[0];
    assert_eq!((theirs.state, theirs.attempts), (JobState::Running, 2), "the other's job is left alone");
}

/// A handler that hangs does not hold a place for ever.
async fn a_job_has_a_time_limit(bed: Bed) {
    let stuck = Stuck { time_max: Duration::from_millis(20), ..Arc::into_inner(Stuck::new()).unwrap() };
    let runner = JobRunner::new(bed.store.clone(), vec![Arc::new(stuck)]);
    enqueue(&bed.store, json!(1), None).await;
    assert_eq!(tokio::time::timeout(PATIENCE, runner.drain()).await.unwrap().unwrap(), 1);
    let failed = &list(&bed.store).await[0];
    assert_eq!((failed.state, failed.attempts), (JobState::Ready, 1));
    assert_eq!(failed.last_error.as_deref(), Some("it did not end within 20ms"));
}

/// A killed node's job runs again when its lease ends, at once after a restart on the embedded engine; the killed node's
/// late word changes nothing any more.
async fn a_killed_nodes_job_runs_again(bed: Bed) {
    enqueue(&bed.store, json!("work"), None).await;
    let stuck = Stuck::new();
    let options = RunnerOptions { lease: Duration::from_mins(1), ..RunnerOptions::default() };
    let killed = JobRunner::with_options(bed.store.clone(), vec![Arc::clone(&stuck) as Arc<dyn JobHandler>], options);
    let dying = tokio::spawn(async move { killed.run(std::future::pending()).await });
    stuck.started.notified().await;
    dying.abort(); // as a kill: nobody puts the job back

    let handler = Handler::new("test.work");
    let second = runner(&bed.other_node().await, &[&handler]);
    assert_eq!(second.drain().await.unwrap(), 0, "the lease still runs");
    if bed.is_shared() {
        bed.clock.advance(Duration::from_secs(61));
    } else {
        second.prepare().await.unwrap();
    }
    assert_eq!(second.drain().await.unwrap(), 1);
    assert_eq!(handler.ran(), [(json!("work"), 2)]);
    assert_eq!(list(&bed.store).await, []);
}

/// Effect and end of the job in one transaction: whatever happens between, the effect is there once.
async fn finishing_with_the_effect_makes_it_happen_once(bed: Bed) {
    struct Effect(Store);
    #[async_trait]
    impl JobHandler for Effect {
        fn kind(&self) -> &'static str {
            "test.work"
        }
        async fn run(&self, job: &Job) -> Result<(), JobError> {
            let mine = job.clone();
            self.0
                .write(async move |tx: &mut Tx<'_>| {
                    tx.execute("INSERT INTO note (seen) VALUES ('once')", params![]).await?;
                    mine.finish(tx).await
                })
                .await?;
            Err(JobError::later("the node died before it could say that all went well"))
        }
    }
    enqueue(&bed.store, json!(1), None).await;
    let runner = JobRunner::new(bed.store.clone(), vec![Arc::new(Effect(bed.store.clone()))]);
    assert_eq!(runner.drain().await.unwrap(), 1);
    bed.clock.advance(Duration::from_hours(1));
    assert_eq!(runner.drain().await.unwrap(), 0);
    let notes: (i64,) =
        bed.store.read(async |tx: &mut Tx<'_>| tx.get("SELECT count(*) FROM note", params![]).await).await.unwrap();
    assert_eq!(notes.0, 1);
}

/// Several nodes take many jobs at the same time, and each job runs once.
async fn nodes_share_the_work(bed: Bed) {
    for n in 0..60 {
        enqueue(&bed.store, json!(n), None).await;
    }
    let handler = Handler::new("test.work");
    let nodes = [bed.store.clone(), bed.other_node().await, bed.other_node().await];
    let runners: Vec<_> = nodes.iter().map(|store| runner(store, &[&handler])).collect();
    let ran = futures_util::future::join_all(runners.iter().map(JobRunner::drain)).await;
    let sum: u64 = ran.into_iter().map(Result::unwrap).sum();
    assert_eq!(sum, 60);
    let mut numbers: Vec<_> = handler.ran().into_iter().map(|(payload, _)| payload.as_i64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..60).collect::<Vec<_>>());
}

/// A periodic job is entered once for all nodes, runs each period, and outlives its failures.
async fn periodic_jobs_come_back(bed: Bed) {
    let handler = Arc::new(Handler {
        every: Some(Duration::from_hours(1)),
        ..Arc::into_inner(Handler::new("test.tick")).unwrap()
    });
    let runner = runner(&bed.store, &[&handler]);
    runner.prepare().await.unwrap();
    runner.prepare().await.unwrap();
    assert_eq!(runner.drain().await.unwrap(), 1);
    handler.then(|_| Err(JobError::never("broken today")));
    bed.clock.advance(Duration::from_hours(1));
    assert_eq!(runner.drain().await.unwrap(), 1);
    handler.then(|_| Ok(()));
    bed.clock.advance(Duration::from_hours(1));
    assert_eq!(runner.drain().await.unwrap(), 1);
    assert_eq!(handler.ran().len(), 3);
    assert_eq!(list(&bed.store).await.len(), 1);
}

/// A commit wakes the runner. At a shutdown running jobs end in peace; one that does not is put back, at no cost.
async fn a_shutdown_is_graceful(bed: Bed) {
    let stuck = Stuck::new();
    let options =
        RunnerOptions { poll: Duration::from_hours(1), grace: Duration::from_millis(50), ..RunnerOptions::default() };
    let runner = JobRunner::with_options(bed.store.clone(), vec![Arc::clone(&stuck) as Arc<dyn JobHandler>], options);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(async move {
        runner
            .run(async {
                let _ = stopped.await;
            })
            .await;
    });
    enqueue(&bed.store, json!(1), None).await;
    tokio::time::timeout(PATIENCE, stuck.started.notified()).await.expect("the commit wakes the runner");
    stop.send(()).unwrap();
    running.await.unwrap();
    let left = &list(&bed.store).await[0];
    assert_eq!((left.state, left.attempts), (JobState::Ready, 0));
}

on_both_engines!(
    jobs_run_after_their_commit,
    failures_end_as_dead_letters,
    a_key_makes_one_job_of_many,
    a_request_for_a_running_key_keeps_its_time_and_attempts,
    a_node_does_not_take_its_own_running_jobs,
    a_job_that_was_taken_over_is_stopped_here,
    a_job_has_a_time_limit,
    a_killed_nodes_job_runs_again,
    finishing_with_the_effect_makes_it_happen_once,
    nodes_share_the_work,
    periodic_jobs_come_back,
    a_shutdown_is_graceful,
);
