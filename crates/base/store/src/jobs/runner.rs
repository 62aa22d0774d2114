//! The runner: takes due jobs and has their handlers run them.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stoa_core::Instant;
use tokio::task::{AbortHandle, Id as TaskId, JoinSet};
use tokio::time::MissedTickBehavior;

use super::queue::{self, Claim, Job};
use crate::backoff::Backoff;
use crate::wake::Topic;
use crate::{Store, StoreError};

/// Does the work of one kind of job.
#[async_trait]
pub trait JobHandler: Send + Sync + 'static {
    /// The kind, `<block>.<verb or noun>`.
    fn kind(&self) -> &'static str;

    /// How often and with which pauses it is tried.
    fn backoff(&self) -> Backoff {
        Backoff::default()
    }

    /// Runs by itself this often, once for all nodes, with `null` as payload.
    fn every(&self) -> Option<Duration> {
        None
    }

    /// How long one attempt may take before it is stopped and counts as failed.
    fn time_max(&self) -> Duration {
        Duration::from_hours(1)
    }

    /// Runs a job. It may be run again, also after `Ok` (when the node dies before it notes the success); see
    /// [`Job::finish`].
    async fn run(&self, job: &Job) -> Result<(), JobError>;
}

/// Why a job failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct JobError {
    /// For the operator; no personal values.
    pub reason: String,
    /// When to try again.
    pub again: Again,
}

/// When a failed job is to be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// By the handler's back-off.
    Later,
    /// After this long, as a `Retry-After` said; it counts as an attempt.
    After(Duration),
    /// Not at all.
    Never,
}

impl JobError {
    /// Try again later.
    pub fn later(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), again: Again::Later }
    }

    /// Try again after this long.
    pub fn after(wait: Duration, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), again: Again::After(wait) }
    }

    /// Make it a dead letter right away.
    pub fn never(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), again: Again::Never }
    }
}

impl From<StoreError> for JobError {
    fn from(error: StoreError) -> Self {
        Self::later(error.to_string())
    }
}

/// How a runner works.
#[derive(Debug, Clone)]
pub struct RunnerOptions {
    /// Jobs that run at the same time on this node.
    pub concurrency: usize,
    /// How long a node keeps a job without renewing; after it a killed node's job runs elsewhere.
    pub lease: Duration,
    /// How often to look for jobs whose time has come.
    pub poll: Duration,
    /// How long running jobs may take to end at a shutdown, before they are stopped and put back.
    pub grace: Duration,
}

impl Default for RunnerOptions {
    fn default() -> Self {
        Self {
            concurrency: 4,
            lease: Duration::from_secs(30),
            poll: Duration::from_secs(1),
            grace: Duration::from_secs(20),
        }
    }
}

/// Runs the jobs of one store.
pub struct JobRunner {
    store: Store,
    handlers: BTreeMap<&'static str, Arc<dyn JobHandler>>,
    options: RunnerOptions,
}

/// The jobs that run on this node now.
#[derive(Default)]
struct Running {
    tasks: JoinSet<Result<(), JobError>>,
    jobs: HashMap<TaskId, (Job, AbortHandle)>,
}

impl Running {
    fn held(&self) -> impl Iterator<Item = &Job> {
        self.jobs.values().map(|(job, _)| job)
    }
}

impl JobRunner {
    /// A runner with the usual options.
    pub fn new(store: Store, handlers: Vec<Arc<dyn JobHandler>>) -> Self {
        Self::with_options(store, handlers, RunnerOptions::default())
    }

    /// A runner. Jobs of kinds without a handler wait for a node that has one.
    pub fn with_options(store: Store, handlers: Vec<Arc<dyn JobHandler>>, options: RunnerOptions) -> Self {
        let handlers = handlers.into_iter().map(|handler| (handler.kind(), handler)).collect();
        Self { store, handlers, options }
    }

    /// Takes over what a killed process left, and enters the periodic jobs. Called by [`run`](Self::run).
    pub async fn prepare(&self) -> Result<(), StoreError> {
        let periodic: Vec<_> =
            self.handlers.values().filter(|handler| handler.every().is_some()).map(|handler| handler.kind()).collect();
        self.store
            .write(async move |tx| {
                queue::recover(tx).await?;
                for kind in &periodic {
                    queue::ensure(tx, kind).await?;
                }
                Ok::<_, StoreError>(())
            })
            .await
    }

    /// Runs jobs until `stop` resolves; then takes no more, gives the running ones time to end, and puts back the rest.
    pub async fn run(&self, stop: impl Future<Output = ()> + Send) {
        let mut prepared = false;
        let mut stop = pin!(stop);
        let mut running = Running::default();
        let mut commits = self.store.wakes(Topic::Jobs);
        let mut heartbeat = tokio::time::interval(self.options.lease / 3);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut renewed = self.store.clock().now();
        loop {
            commits.mark_unchanged();
            // After a sleep of the machine the leases have ended by its clock, which the heartbeat does not go by.
            if self.store.clock().now() > renewed.plus(self.options.lease / 2) {
                renewed = self.renew(&running).await.unwrap_or(renewed);
            }
            if !prepared {
                match self.prepare().await {
                    Ok(()) => prepared = true,
                    Err(error) => tracing::warn!(%error, "periodic jobs could not be entered; trying again"),
                }
            }
            if let Err(error) = self.take(&mut running).await {
                tracing::warn!(%error, "jobs could not be taken; trying again");
            }
            let full = running.jobs.len() >= self.options.concurrency;
            tokio::select! {
                () = &mut stop => break,
                Some(ended) = running.tasks.join_next_with_id() => self.settle(&mut running, ended).await,
                _ = commits.changed(), if !full => {}
                _ = heartbeat.tick() => renewed = self.renew(&running).await.unwrap_or(renewed),
                () = tokio::time::sleep(self.options.poll), if !full => {}
            }
        }
        self.wind_down(running).await;
    }

    /// Runs what is due now, one after another as many as there are, and returns how many ran. For tests and drains.
    pub async fn drain(&self) -> Result<u64, StoreError> {
        let mut ran = 0;
        loop {
            let mut running = Running::default();
            self.take(&mut running).await?;
            if running.jobs.is_empty() {
                return Ok(ran);
            }
            while let Some(ended) = running.tasks.join_next_with_id().await {
                self.settle(&mut running, ended).await;
                ran += 1;
            }
        }
    }

    async fn take(&self, running: &mut Running) -> Result<(), StoreError> {
        let free = self.options.concurrency.saturating_sub(running.jobs.len());
        if free == 0 || self.handlers.is_empty() {
            return Ok(());
        }
        let claim = Claim {
            kinds: self.handlers.keys().copied().collect(),
            limit: free,
            holder: self.store.node().to_owned(),
            lease: self.options.lease,
            held: running.held().map(|job| job.id).collect(),
        };
        if !self.is_due(&claim).await? {
            return Ok(());
        }
        for job in self.store.write(async move |tx| queue::claim(tx, &claim).await).await? {
            let Some(handler) = self.handlers.get(job.kind.as_str()).cloned() else { continue };
            if job.attempt > handler.backoff().attempts_max && handler.every().is_none() {
                // Only a job whose node dies each time gets here: it never failed in a way that could be noted.
                self.note(async move |tx| queue::fail(tx, &job, None, "its node stopped in every attempt").await).await;
                continue;
            }
            let work = job.clone();
            let task = running.tasks.spawn(async move {
                let time_max = handler.time_max();
                let too_long = |_| Err(JobError::later(format!("it did not end within {time_max:?}")));
                tokio::time::timeout(time_max, handler.run(&work)).await.unwrap_or_else(too_long)
            });
            running.jobs.insert(task.id(), (job, task));
        }
        Ok(())
    }

    /// A cheap look, so that an idle queue costs no writing.
    async fn is_due(&self, claim: &Claim) -> Result<bool, StoreError> {
        let claim = claim.clone();
        self.store.peek(async move |tx| queue::is_due(tx, &claim).await).await
    }

    async fn settle(
        &self,
        running: &mut Running,
        ended: Result<(TaskId, Result<(), JobError>), tokio::task::JoinError>,
    ) {
        let (task, result) = match ended {
            Ok((task, result)) => (task, result),
            Err(error) if error.is_cancelled() => {
                running.jobs.remove(&error.id());
                return;
            }
            Err(error) => (error.id(), Err(JobError::later("it panicked"))),
        };
        let Some((job, _)) = running.jobs.remove(&task) else { return };
        let Some(handler) = self.handlers.get(job.kind.as_str()) else { return };
        let now = self.store.clock().now();
        match result {
            Ok(()) => {
                let next = handler.every().map(|every| now.plus(every));
                self.note(async move |tx| queue::complete(tx, &job, next).await.map(drop)).await;
            }
            Err(error) => {
                let pause = match error.again {
                    Again::Never => None,
                    Again::Later => handler.backoff().pause(job.attempt, job.id.as_bytes()),
                    Again::After(wait) => handler.backoff().pause(job.attempt, job.id.as_bytes()).map(|_| wait),
                }
                // A periodic job has a next time instead of an end.
                .or(handler.every());
                if pause.is_none() {
                    tracing::warn!(job = %job.id, kind = job.kind, reason = error.reason, "a job became a dead letter");
                }
                let again_at = pause.map(|pause| now.plus(pause));
                self.note(async move |tx| queue::fail(tx, &job, again_at, &error.reason).await).await;
            }
        }
    }

    /// Writes what became of a job. Where even that fails, the lease ends and the job runs again: at least once.
    async fn note<F>(&self, note: F)
    where
        F: for<'a, 'b> AsyncFn(&'a mut crate::Tx<'b>) -> Result<(), StoreError> + Send + Sync + 'static,
    {
        if let Err(error) = self.store.write(note).await {
            tracing::warn!(%error, "the end of a job could not be noted; it will run again");
        }
    }

    /// Keeps the running jobs, and stops those that another node has taken; says when they were kept.
    async fn renew(&self, running: &Running) -> Option<Instant> {
        let now = self.store.clock().now();
        if running.jobs.is_empty() {
            return Some(now);
        }
        let jobs: Vec<Job> = running.held().cloned().collect();
        let lease = self.options.lease;
        match self.store.write(async move |tx| queue::renew(tx, &jobs, lease).await).await {
            Ok(taken) => {
                for (job, task) in running.jobs.values().filter(|(job, _)| taken.contains(&job.id)) {
                    tracing::warn!(job = %job.id, kind = job.kind, "a job was taken by another node and is stopped here");
                    task.abort();
                }
                Some(now)
            }
            Err(error) => {
                let error: StoreError = error;
                tracing::warn!(%error, "running jobs could not be kept; another node may take them");
                None
            }
        }
    }

    async fn wind_down(&self, mut running: Running) {
        let end = tokio::time::Instant::now() + self.options.grace;
        while let Ok(Some(ended)) = tokio::time::timeout_at(end, running.tasks.join_next_with_id()).await {
            self.settle(&mut running, ended).await;
        }
        running.tasks.abort_all();
        while running.tasks.join_next().await.is_some() {}
        for (job, _) in running.jobs.into_values() {
            self.note(async move |tx| queue::put_back(tx, &job).await).await;
        }
    }
}
