//! What the monitor works on in the background: mails, changes that come with the days, and texts that became old.

use std::time::Duration;

use async_trait::async_trait;
use stoa_store::Backoff;
use stoa_store::jobs::{Job, JobError, JobHandler};

use crate::MonitorError;
use crate::service::{MAIL_JOB, Monitor, TELL_JOB};

/// How often it is looked for changes that come with the days.
const WATCH_TIME: Duration = Duration::from_mins(10);

/// How often it is looked for texts that became old.
const PRUNE_TIME: Duration = Duration::from_hours(24);

/// Sends one mail.
pub(crate) struct SendMail(pub(crate) Monitor);

#[async_trait]
impl JobHandler for SendMail {
    fn kind(&self) -> &'static str {
        MAIL_JOB
    }

    /// Over some five days: a mail server that is away loses nothing.
    fn backoff(&self) -> Backoff {
        Backoff { first: Duration::from_secs(30), longest: Duration::from_hours(6), attempts_max: 30 }
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        self.0.mail(job.payload()?).await
    }
}

/// Finds out who is told of something.
pub(crate) struct Tell(pub(crate) Monitor);

#[async_trait]
impl JobHandler for Tell {
    fn kind(&self) -> &'static str {
        TELL_JOB
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        self.0.post_some(job).await
    }
}

/// Notes states that changed with the days, and posts what is due.
pub(crate) struct Watch(pub(crate) Monitor);

#[async_trait]
impl JobHandler for Watch {
    fn kind(&self) -> &'static str {
        "monitor.watch"
    }

    fn every(&self) -> Option<Duration> {
        Some(WATCH_TIME)
    }

    async fn run(&self, _: &Job) -> Result<(), JobError> {
        self.0.watch().await.map_err(later)?;
        self.0.post_due().await.map_err(later)
    }
}

/// Removes the texts of reports that became old.
pub(crate) struct Prune(pub(crate) Monitor);

#[async_trait]
impl JobHandler for Prune {
    fn kind(&self) -> &'static str {
        "monitor.prune"
    }

    fn every(&self) -> Option<Duration> {
        Some(PRUNE_TIME)
    }

    async fn run(&self, _: &Job) -> Result<(), JobError> {
        self.0.prune().await.map(drop).map_err(later)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "what `map_err` takes")]
fn later(error: MonitorError) -> JobError {
    JobError::later(error.to_string())
}
