//! A volume is backed up and restored (scs-0117).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use stoa_openstack::{Answer, Call, Cloud, Error, Service, segment};
use stoa_standards::rule::Check;
use stoa_standards::rule::service::{Stumble, StumbleKind, check_backup};

use super::cleaning;
use super::facts::{Facts, answer_all, unwritten};
use super::journal::{Journal, Kind, Thing};
use super::waiting::Patience;
use crate::Answers;

/// The test case.
pub(super) const TEST_CASE: &str = "scs-0117-test-backup";
/// How long it may take in all.
pub(super) const LIMIT: Duration = Duration::from_mins(15);
/// How long one step may take; the published suite gives each 110 s.
const STEP_LIMIT: Duration = Duration::from_mins(2);
const STANDARD: &str = "0117";
const GROUP: &str = "volume-backup";

/// Why there is no verdict yet: the cloud stumbled, or nothing could be found out.
enum Stop {
    Stumbled(Stumble),
    Check(Check),
}

pub(super) async fn check(facts: Arc<Facts>, ids: BTreeSet<String>) -> Answers {
    let check = observe(&facts).await.unwrap_or_else(|check| check);
    answer_all(&ids, &check)
}

async fn observe(facts: &Facts) -> Result<Check, Check> {
    facts.session().await?;
    let journal = facts.journal().await?;
    let reading = facts.context.reading;
    let ended = Trial { facts, cloud: &facts.cloud, journal }.run().await;
    facts.step(GROUP, "cleaning up");
    let cleaned = cleaning::remove(&facts.cloud, journal, journal.things(Some(STANDARD))).await;
    let stumble = match ended {
        Err(Stop::Check(check)) => return Err(check),
        Err(Stop::Stumbled(stumble)) => Some(stumble),
        Ok(()) => None,
    };
    let mut check = check_backup(stumble.as_ref(), reading);
    check.findings.extend(cleaning::remarks(&cleaned));
    Ok(check)
}

struct Trial<'a> {
    facts: &'a Facts,
    cloud: &'a Cloud,
    journal: &'a Journal,
}

impl Trial<'_> {
    async fn run(&self) -> Result<(), Stop> {
        let name = self.journal.name(STANDARD, "volume");
        let body = json!({"volume": {"name": name, "size": 1}});
        // That there is no volume says nothing about backups.
        let outside = |stop: Stop| match stop {
            Stop::Stumbled(stumble) => Stop::Stumbled(Stumble { kind: StumbleKind::Obstacle, ..stumble }),
            Stop::Check(check) => Stop::Check(check),
        };
        let volume = self.make(Kind::Volume, &name, "creating a volume", "/volumes", &body, "/volume/id").await;
        let volume = volume.map_err(outside)?;
        self.wait("creating a volume", "volume", &volume).await.map_err(outside)?;

        let name = self.journal.name(STANDARD, "backup");
        let body = json!({"backup": {"name": name, "volume_id": volume}});
        let backup = self.make(Kind::Backup, &name, "backing it up", "/backups", &body, "/backup/id").await?;
        self.wait("backing it up", "backup", &backup).await?;

        let name = self.journal.name(STANDARD, "restored");
        let body = json!({"restore": {"name": name}});
        let path = format!("/backups/{}/restore", segment(&backup));
        let restored =
            self.make(Kind::Volume, &name, "restoring the backup", &path, &body, "/restore/volume_id").await?;
        self.wait("restoring the backup", "volume", &restored).await
    }

    /// Makes something that was noted before; its id.
    async fn make(
        &self,
        kind: Kind,
        name: &str,
        doing: &str,
        path: &str,
        body: &Value,
        id: &str,
    ) -> Result<String, Stop> {
        self.facts.step(GROUP, doing);
        let note = |error| Stop::Check(unwritten(&error));
        let thing: Thing = self.journal.intend(kind, name).map_err(note)?;
        let answer = self.cloud.send(Call::post(Service::BlockStorage, path, body)).await;
        match answer.and_then(|answer: Answer| answer.text(id)) {
            Ok(id) => {
                self.journal.made(&thing, &id).map_err(note)?;
                Ok(id)
            }
            Err(error) => {
                // A restore that is refused may have made its volume before: that is looked for by its name.
                if !path.ends_with("/restore") {
                    self.journal.settle(&thing, &error).map_err(note)?;
                }
                Err(Stop::Stumbled(stumble(doing, &error)))
            }
        }
    }

    /// Waits until something is available.
    async fn wait(&self, doing: &str, key: &str, id: &str) -> Result<(), Stop> {
        let stop = |reason: String, kind| Stop::Stumbled(Stumble { doing: doing.to_owned(), reason, kind });
        let mut patience = Patience::of(STEP_LIMIT);
        loop {
            let call = Call::get(Service::BlockStorage, format!("/{key}s/{}", segment(id)));
            let answer = self.cloud.send(call).await.and_then(|answer| answer.text(&format!("/{key}/status")));
            let status = answer.map_err(|error| Stop::Stumbled(stumble(doing, &error)))?;
            match status.as_str() {
                "available" => return Ok(()),
                // What went wrong is not going to be right: `error`, `error_restoring`.
                wrong if wrong.starts_with("error") => {
                    return Err(stop(format!("the {key} {id} is in the state {wrong}"), StumbleKind::Refused));
                }
                _ => {}
            }
            if !patience.wait(self.cloud).await {
                let reason = format!("the {key} {id} is {status}, and available {}", patience.over());
                return Err(stop(reason, StumbleKind::Refused));
            }
        }
    }
}

/// What the service says no to it does not do; quotas and calls that never arrived are no fault of it.
fn stumble(doing: &str, error: &Error) -> Stumble {
    let kind = match error.status() {
        Some(401 | 413 | 429) | None => StumbleKind::Obstacle,
        Some(status) if status >= 500 => StumbleKind::Obstacle,
        Some(_) => StumbleKind::Refused,
    };
    Stumble { doing: doing.to_owned(), reason: error.to_string(), kind }
}
