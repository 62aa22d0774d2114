//! What the block works on in the background: files that came by a page.

use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use stoa_core::{Problem, Refusal};
use stoa_store::jobs::{Job, JobError, JobHandler};

use crate::service::{UploadError, UploadId, Uploads};

/// How long a file waits for its owner.
const FILES_KEPT: Duration = Duration::from_hours(24);
/// How long it is remembered what became of one.
const OUTCOMES_KEPT: Duration = Duration::from_hours(30 * 24);

#[derive(Deserialize)]
struct Payload {
    upload: UploadId,
}

/// Reads a file into its register.
pub(crate) struct ImportUpload(pub(crate) Uploads);

#[async_trait]
impl JobHandler for ImportUpload {
    fn kind(&self) -> &'static str {
        crate::service::IMPORT_JOB
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let Payload { upload } = job.payload()?;
        let Err(error) = self.0.run(upload).await else { return Ok(()) };
        let problem = Problem::from(error);
        // A database that is busy or away comes back; what the register or the file says stays as it is.
        if matches!(problem.refusal, Refusal::Busy | Refusal::Failed | Refusal::BadGateway) {
            return Err(JobError::later(problem.to_string()));
        }
        self.0.fail(upload, problem.code).await.map_err(|error| JobError::later(error.to_string()))
    }
}

/// Forgets files that nobody came back for.
pub(crate) struct ForgetUploads(pub(crate) Uploads);

#[async_trait]
impl JobHandler for ForgetUploads {
    fn kind(&self) -> &'static str {
        "registries.import.tidy"
    }

    fn every(&self) -> Option<Duration> {
        Some(Duration::from_hours(1))
    }

    async fn run(&self, _: &Job) -> Result<(), JobError> {
        let now = self.0.registries().store().clock().now();
        let done = self.0.tidy(now.minus(FILES_KEPT), now.minus(OUTCOMES_KEPT)).await;
        done.map_err(|error: UploadError| JobError::later(error.to_string()))
    }
}
