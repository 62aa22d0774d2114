//! Publishing a version over records that are there.
//!
//! What a version newly demands of all records (values that no two may share, other ways to find them) is noted first:
//! from then on every write keeps it, through whichever version it comes. The records that are there are then checked
//! and prepared batch by batch, each batch a unit of its own, and only when all of them hold the version is published.
//! It goes on where it was after a kill: the caller drives it as long as it waits, and a job after that. Where records
//! break a new rule, they are named and nothing is published.

mod author;
mod drive;
#[cfg(test)]
mod tests;
mod tidy;
mod way;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use stoa_core::FieldError;
use stoa_store::Tx;
use stoa_store::jobs::{self, NewJob};

use self::author::Author;
use self::tidy::tidy;
use self::way::{Way, prepare};
use super::compiled::{self, damaged, schema_of};
use super::design::{next_version, tell};
use super::record::read_row;
use super::{By, RecordId, Registries, links};
use crate::error::RegistriesError;
use crate::model::{Label, Rules, Schema};
use crate::store::publication::{self, Phase, PublicationRow};
use crate::store::record;
use crate::store::registry::{self, RegistryRow, VersionRow};

/// Records that are named as breaking a rule; the first that many are reason enough.
const FAULTS_MAX: usize = 20;
/// When the job looks after a publication whose caller may have died.
const JOB_AFTER: Duration = Duration::from_secs(30);
const JOB: &str = "registries.publish";
/// Before every id.
const START: RecordId = RecordId::from_bytes([0; 16]);

/// What stands against a publication.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Against {
    pointer: String,
    pub(crate) message: String,
}

impl From<Against> for FieldError {
    fn from(against: Against) -> Self {
        Self { pointer: against.pointer, code: "unique", message: against.message }
    }
}

pub(crate) fn faults_of(row: &PublicationRow) -> Result<Vec<Against>, RegistriesError> {
    serde_json::from_str(&row.faults).map_err(|_| damaged("a publication").into())
}

fn rules_of(versions: &[Schema], coming: Option<&Schema>) -> Rules {
    Rules::of(versions, coming)
}

async fn schemas(tx: &mut Tx<'_>, registry: i64) -> Result<Vec<Schema>, RegistriesError> {
    registry::versions(tx, registry).await?.iter().map(|version| schema_of(&version.schema)).collect()
}

/// How far a publication has come.
enum Step {
    Again,
    Done,
    Refused(Vec<Against>),
}

/// Begins to publish a register's draft; over few or no records that need a look it is published at once.
pub(super) async fn begin(
    tx: &mut Tx<'_>,
    by: &By,
    row: RegistryRow,
    label: Option<&Label>,
) -> Result<(), RegistriesError> {
    refuse_while_publishing(tx, row.id).await?;
    publication::remove(tx, row.id).await?;
    let (_, counted, _) = next_version(tx, &row).await?;
    let label = label.cloned().unwrap_or(counted);
    let text = row.draft.clone().ok_or(RegistriesError::NoDraft)?;
    let schema = schema_of(&text)?;
    if schema.fields().is_empty() {
        return Err(RegistriesError::InvalidSchema(vec![FieldError {
            pointer: "/properties".to_owned(),
            code: "required",
            message: "needs at least one field".to_owned(),
        }]));
    }
    links::resolve(tx, by.tenant(), row.id, &schema).await?;
    links::check_targets(&compiled::read(tx, by.tenant(), &row).await?, &schema)?;
    let present = schemas(tx, row.id).await?;
    let way = Way::between(&rules_of(&present, None), &rules_of(&present, Some(&schema)));
    let mut coming = PublicationRow {
        phase: Phase::Checking,
        schema: text,
        label: label.as_str().to_owned(),
        author: serde_json::to_string(&Author::of(by)).map_err(|_| damaged("an author"))?,
        stage: 0,
        reached: START,
        done: 0,
        faults: "[]".to_owned(),
        started_at: tx.now(),
    };
    if !way.is_to_be_checked() || !record::any(tx, row.id).await? {
        return put_out(tx, by, row, &mut coming).await;
    }
    publication::put(tx, row.id, &coming).await?;
    let newest = present.last().into_iter().chain([&schema]).collect::<Vec<_>>();
    links::write(tx, row.id, &newest).await?;
    registry::renew_stamp(tx, row.id).await?;
    look_after(tx, row.id).await
}

/// Refuses while a version is on its way.
pub(super) async fn refuse_while_publishing(tx: &mut Tx<'_>, registry: i64) -> Result<(), RegistriesError> {
    match publication::find(tx, registry).await? {
        Some(row) if row.phase != Phase::Refused => Err(RegistriesError::Publishing(row.label)),
        _ => Ok(()),
    }
}

/// Has the job look later whether the publication has come to its end.
async fn look_after(tx: &mut Tx<'_>, registry: i64) -> Result<(), RegistriesError> {
    let (payload, key) = (json!({"registry": registry}), registry.to_string());
    let at = tx.now().plus(JOB_AFTER);
    jobs::enqueue(tx, NewJob::new(JOB, &payload).key(&key).run_at(at)).await?;
    Ok(())
}

/// Makes the version a published one.
async fn put_out(
    tx: &mut Tx<'_>,
    by: &By,
    mut row: RegistryRow,
    coming: &mut PublicationRow,
) -> Result<(), RegistriesError> {
    let (schema, present) = (schema_of(&coming.schema)?, schemas(tx, row.id).await?);
    let versions = registry::versions(tx, row.id).await?;
    let now = tx.now();
    let version = VersionRow {
        number: versions.last().map_or(1, |last| last.number + 1),
        label: coming.label.clone(),
        schema: coming.schema.clone(),
        published_at: now,
        published_by: by.actor.id.clone(),
    };
    registry::insert_version(tx, row.id, &version).await?;
    row.draft = row.draft.filter(|draft| *draft != coming.schema);
    row.modified_at = now;
    row.modified_by.clone_from(&by.actor.id);
    registry::update(tx, &row).await?;
    links::write(tx, row.id, &[&schema]).await?;
    tell(tx, by, &row, "registries.registry.publish", "stoa.registries.schema.published.v1").await?;
    let way = Way::between(&rules_of(&present, None), &rules_of(&[present.as_slice(), &[schema]].concat(), None));
    if way.is_to_be_tidied() && record::any_ever(tx, row.id).await? {
        (coming.phase, coming.stage, coming.reached) = (Phase::Tidying, 0, START);
        publication::put(tx, row.id, coming).await?;
        look_after(tx, row.id).await
    } else {
        Ok(publication::remove(tx, row.id).await?)
    }
}

/// One batch of a publication's work.
async fn step(tx: &mut Tx<'_>, this: &Registries, registry: i64, batch: u32) -> Result<Step, RegistriesError> {
    let Some(mut coming) = publication::find(tx, registry).await? else { return Ok(Step::Done) };
    let author: Author = serde_json::from_str(&coming.author).map_err(|_| damaged("a publication"))?;
    let by = author.by();
    let Some(row) = registry::find_by_id(tx, by.tenant(), registry).await? else {
        // The register was deleted meanwhile.
        publication::remove(tx, registry).await?;
        return Ok(Step::Done);
    };
    match coming.phase {
        Phase::Checking => check(tx, &by, row, &mut coming, batch).await,
        Phase::Tidying => {
            let present = schemas(tx, registry).await?;
            let before = present.split_last().map_or(&[][..], |(_, before)| before);
            let (old, new) = (rules_of(before, None), rules_of(&present, None));
            if tidy(tx, this, &row, &mut coming, &old, &new, batch).await? {
                publication::remove(tx, registry).await?;
                return Ok(Step::Done);
            }
            publication::put(tx, registry, &coming).await?;
            Ok(Step::Again)
        }
        Phase::Withdrawing => {
            let (present, schema) = (schemas(tx, registry).await?, schema_of(&coming.schema)?);
            let (old, new) = (rules_of(&present, Some(&schema)), rules_of(&present, None));
            if tidy(tx, this, &row, &mut coming, &old, &new, batch).await? {
                coming.phase = Phase::Refused;
            }
            publication::put(tx, registry, &coming).await?;
            Ok(Step::Again)
        }
        Phase::Refused => Ok(Step::Refused(faults_of(&coming)?)),
    }
}

/// Checks and prepares the next records; publishes after the last of them, or withdraws.
async fn check(
    tx: &mut Tx<'_>,
    by: &By,
    row: RegistryRow,
    coming: &mut PublicationRow,
    batch: u32,
) -> Result<Step, RegistriesError> {
    let (schema, present) = (schema_of(&coming.schema)?, schemas(tx, row.id).await?);
    let rules = rules_of(&present, Some(&schema));
    let way = Way::between(&rules_of(&present, None), &rules);
    let mut faults = faults_of(coming)?;
    let found = record::select_after(tx, row.id, Some(coming.reached), batch).await?;
    for stored in &found {
        prepare(tx, row.id, &read_row(stored)?, &way, &rules, &mut faults).await?;
        coming.reached = stored.id;
        coming.done += 1;
        if faults.len() >= FAULTS_MAX {
            break;
        }
    }
    coming.faults = serde_json::to_string(&faults).map_err(|_| damaged("a publication"))?;
    let is_last = found.len() < batch as usize;
    if faults.len() >= FAULTS_MAX || (is_last && !faults.is_empty()) {
        (coming.phase, coming.stage, coming.reached) = (Phase::Withdrawing, 0, START);
        links::write(tx, row.id, &present.last().into_iter().collect::<Vec<_>>()).await?;
        registry::renew_stamp(tx, row.id).await?;
    } else if is_last {
        put_out(tx, by, row, coming).await?;
        return Ok(Step::Again);
    }
    publication::put(tx, row.id, coming).await?;
    Ok(Step::Again)
}
