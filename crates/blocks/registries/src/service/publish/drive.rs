//! Bringing publications to their end: by those who wait for them, and by a job.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use stoa_core::FieldError;
use stoa_store::jobs::{Job, JobError, JobHandler};
use stoa_store::{StoreError, Tx};

use super::super::catalogue::RegistryInfo;
use super::super::{By, Registries};
use super::{Against, JOB, Step, step};
use crate::error::RegistriesError;
use crate::store::publication::{self, Phase};
use crate::store::registry;

/// Records, claims or entries of one batch. A slower machine takes fewer at a time.
const BATCH: u32 = 200;
/// How long a caller waits for its publication; after that it goes on by itself.
const CALL_TIME: Duration = Duration::from_secs(20);
/// How long to wait when the store is busy.
const BUSY_WAIT: Duration = Duration::from_millis(100);

/// How waiting for one ended.
enum Ended {
    Done,
    Refused(Vec<Against>),
    TimeUp,
}

impl Registries {
    /// Waits for a publication that was begun, as long as a caller may, and says how the register stands.
    pub(in crate::service) async fn settle(&self, by: &By, registry: i64) -> Result<RegistryInfo, RegistriesError> {
        match self.drive(registry, Some(CALL_TIME)).await? {
            Ended::Refused(faults) => {
                Err(RegistriesError::BreaksNewRules(faults.into_iter().map(FieldError::from).collect()))
            }
            Ended::Done | Ended::TimeUp => self.get_by_id(by, registry).await,
        }
    }

    /// Ends what an earlier publication left to be tidied, so that the next one can begin.
    pub(in crate::service) async fn settle_earlier(&self, by: &By, code: &str) -> Result<(), RegistriesError> {
        let (tenant, code) = (by.tenant().clone(), code.to_owned());
        let earlier = self
            .store()
            .read(async move |tx: &mut Tx<'_>| {
                let Some(row) = registry::find(tx, &tenant, &code).await? else { return Ok(None) };
                let coming = publication::find(tx, row.id).await?;
                let is_left = coming.is_some_and(|row| matches!(row.phase, Phase::Tidying | Phase::Withdrawing));
                Ok::<_, RegistriesError>(is_left.then_some(row.id))
            })
            .await?;
        if let Some(registry) = earlier {
            self.drive(registry, Some(CALL_TIME)).await?;
        }
        Ok(())
    }

    async fn drive(&self, registry: i64, most: Option<Duration>) -> Result<Ended, RegistriesError> {
        let end = most.map(|most| tokio::time::Instant::now() + most);
        let mut batch = BATCH;
        loop {
            let this = self.clone();
            let done = self.store().write(async move |tx: &mut Tx<'_>| step(tx, &this, registry, batch).await).await;
            match done {
                Ok(Step::Done) => return Ok(Ended::Done),
                Ok(Step::Refused(faults)) => return Ok(Ended::Refused(faults)),
                Ok(Step::Again) => {}
                Err(RegistriesError::Store(StoreError::TooLong { .. })) if batch > 1 => batch /= 2,
                Err(RegistriesError::Store(StoreError::Busy { .. } | StoreError::Contended)) => {
                    tokio::time::sleep(BUSY_WAIT).await;
                }
                Err(error) => return Err(error),
            }
            if end.is_some_and(|end| tokio::time::Instant::now() > end) {
                return Ok(Ended::TimeUp);
            }
        }
    }

    /// The job that brings publications to their end when those who began them do not.
    pub fn publisher(&self) -> Arc<dyn JobHandler> {
        Arc::new(Publisher(self.clone()))
    }
}

/// Brings publications to their end.
struct Publisher(Registries);

#[derive(Deserialize)]
struct Payload {
    registry: i64,
}

#[async_trait]
impl JobHandler for Publisher {
    fn kind(&self) -> &'static str {
        JOB
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let Payload { registry } = job.payload()?;
        self.0.drive(registry, None).await.map(drop).map_err(|error| JobError::later(error.to_string()))
    }
}
