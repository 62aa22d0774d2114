//! Designing registers: drafts, what publishing one would do, publishing, deleting.

use serde::Serialize;
use serde_json::{Value, json};
use stoa_core::Instant;
use stoa_core::limit::NAME_CHARS_MAX;
use stoa_store::Tx;
use stoa_store::outbox::{self, Event};

use super::catalogue::{RegistryInfo, info};
use super::compiled::schema_of;
use super::publish::{begin, refuse_while_publishing};
use super::{By, Registries, impact, links};
use crate::error::RegistriesError;
use crate::model::{Change, Code, Label, Schema, changes};
use crate::store::registry::{self, RegistryRow, VersionRow};
use crate::store::{publication, record};

/// What a register is to be.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// Its short code; finds the register to change, or makes a new one.
    pub code: String,
    /// Refused when there is a register with the code already.
    pub must_be_new: bool,
    /// Its name; the code when empty.
    pub name: String,
    /// The catalogue group that it belongs to.
    pub group_name: String,
    /// What it holds, in words.
    pub description: String,
    /// Who owns it.
    pub institution: String,
    /// Whether reads of personal data are recorded; true when nothing is said.
    pub read_log: Option<bool>,
    /// The schema of its next version.
    pub schema: Value,
    /// The id that a new register is to have; for registers taken over from elsewhere.
    pub id: Option<i64>,
    /// The label that the next version is to have; for registers taken over from elsewhere.
    pub label: Option<Label>,
    /// When the register had last been changed as the designer saw it; refused when it has changed since.
    pub seen: Option<Instant>,
}

/// What people read about a register; no part of its versions.
#[derive(Debug, Clone)]
pub struct Details {
    /// Its name.
    pub name: String,
    /// What it holds, in words.
    pub description: String,
    /// Who owns it.
    pub institution: String,
    /// Whether reads of personal data are recorded.
    pub read_log: bool,
}

/// What publishing a draft would do.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Impact {
    /// The label that the version would get.
    pub label: String,
    /// What it changes.
    pub changes: Vec<Change>,
    /// Whether a client of the present version may break.
    pub breaking: bool,
    /// Records that are there.
    pub records: u64,
    /// How many of them were looked at for what follows: none where no rule becomes stricter, the oldest where there are
    /// very many.
    pub looked_at: u64,
    /// Records that do not fit the draft: a value that is missing, of another type, or outside its rules. They stay as
    /// they are, and what does not fit is not shown by the new version.
    pub misfits: u64,
    /// Records that share a value with an earlier one, where the draft newly demands that there be only one: while there
    /// are any, it cannot be published.
    pub duplicates: u64,
}

impl Registries {
    /// Writes a draft: of a new register, or of the next version of the one with this code.
    pub async fn put_draft(&self, by: &By, draft: Draft) -> Result<RegistryInfo, RegistriesError> {
        let by = by.clone();
        self.store()
            .write(async move |tx: &mut Tx<'_>| {
                let row = write_draft(tx, &by, &draft).await?;
                info(tx, row).await
            })
            .await
    }

    /// Writes a draft and publishes it, in one step. Where many records are there first to be checked this may end before
    /// the version is out; see [`RegistryInfo::publication`].
    pub async fn define(&self, by: &By, draft: Draft) -> Result<RegistryInfo, RegistriesError> {
        self.settle_earlier(by, &draft.code).await?;
        let by = by.clone();
        let (id, by) = self
            .store()
            .write(async move |tx: &mut Tx<'_>| {
                let row = write_draft(tx, &by, &draft).await?;
                let id = row.id;
                begin(tx, &by, row, draft.label.as_ref()).await?;
                Ok::<_, RegistriesError>((id, by.clone()))
            })
            .await?;
        self.settle(&by, id).await
    }

    /// Changes what people read about a register, and whether its reads are recorded. Its draft and versions stay.
    pub async fn put_details(&self, by: &By, code: &str, details: Details) -> Result<RegistryInfo, RegistriesError> {
        let (by, code) = (by.clone(), code.to_owned());
        self.store()
            .write(async move |tx: &mut Tx<'_>| {
                if details.name.trim().is_empty() {
                    return Err(RegistriesError::field("/name", "required", "must have 1 to 200 characters"));
                }
                check_lengths(&[("/name", &details.name), ("/institution", &details.institution)])?;
                let row = registry::find(tx, by.tenant(), &code).await?;
                let mut row = row.ok_or_else(|| RegistriesError::RegistryNotFound(code.clone()))?;
                row.name.clone_from(&details.name);
                row.description.clone_from(&details.description);
                row.institution.clone_from(&details.institution);
                row.read_log = details.read_log;
                row.modified_at = tx.now();
                row.modified_by.clone_from(&by.actor.id);
                registry::update(tx, &row).await?;
                tell(tx, &by, &row, "registries.registry.details", "stoa.registries.registry.changed.v1").await?;
                info(tx, row).await
            })
            .await
    }

    /// What publishing the register's draft would do.
    pub async fn impact(&self, by: &By, code: &str) -> Result<Impact, RegistriesError> {
        let (tenant, code) = (by.tenant().clone(), code.to_owned());
        self.store()
            .scan(async move |tx: &mut Tx<'_>| {
                let row = registry::find(tx, &tenant, &code).await?;
                let row = row.ok_or_else(|| RegistriesError::RegistryNotFound(code.clone()))?;
                let (changes, label, versions) = next_version(tx, &row).await?;
                let breaking = changes.iter().any(|change| change.breaking);
                let looked = match (breaking, row.draft.as_deref()) {
                    (true, Some(draft)) => impact::look(tx, row.id, &versions, &schema_of(draft)?).await?,
                    _ => impact::Looked::default(),
                };
                Ok(Impact {
                    label: label.as_str().to_owned(),
                    breaking,
                    changes,
                    records: record::count(tx, row.id).await?,
                    looked_at: looked.at,
                    misfits: looked.misfits,
                    duplicates: looked.duplicates,
                })
            })
            .await
    }

    /// Turns the draft into the next version. Where many records are there first to be checked this may end before the
    /// version is out; see [`RegistryInfo::publication`].
    pub async fn publish(&self, by: &By, code: &str) -> Result<RegistryInfo, RegistriesError> {
        self.settle_earlier(by, code).await?;
        let (owned, code) = (by.clone(), code.to_owned());
        let id = self
            .store()
            .write(async move |tx: &mut Tx<'_>| {
                let row = registry::find(tx, owned.tenant(), &code).await?;
                let row = row.ok_or_else(|| RegistriesError::RegistryNotFound(code.clone()))?;
                let id = row.id;
                begin(tx, &owned, row, None).await?;
                Ok::<_, RegistriesError>(id)
            })
            .await?;
        self.settle(by, id).await
    }

    /// Throws the draft of a published register away. A register that was never published is deleted instead.
    pub async fn discard_draft(&self, by: &By, code: &str, seen: Option<Instant>) -> Result<(), RegistriesError> {
        let (by, code) = (by.clone(), code.to_owned());
        self.store()
            .write(async move |tx: &mut Tx<'_>| {
                let row = registry::find(tx, by.tenant(), &code).await?;
                let mut row = row.ok_or_else(|| RegistriesError::RegistryNotFound(code.clone()))?;
                if row.draft.is_none() || registry::versions(tx, row.id).await?.is_empty() {
                    return Err(RegistriesError::NoDraft);
                }
                refuse_while_publishing(tx, row.id).await?;
                if seen.is_some_and(|seen| seen != row.modified_at) {
                    return Err(RegistriesError::DraftChanged(row.modified_by.clone()));
                }
                row.draft = None;
                row.modified_at = tx.now();
                row.modified_by.clone_from(&by.actor.id);
                row.stamp += 1;
                registry::update(tx, &row).await?;
                tell(tx, &by, &row, "registries.registry.discard", "stoa.registries.registry.discarded.v1").await
            })
            .await
    }

    /// Deletes a register: it can no longer be reached, its records and their history stay (GovStack CFR data#7).
    pub async fn delete_registry(&self, by: &By, id: i64) -> Result<(), RegistriesError> {
        let by = by.clone();
        self.store()
            .write(async move |tx: &mut Tx<'_>| {
                let row = registry::find_by_id(tx, by.tenant(), id).await?;
                let row = row.ok_or_else(|| RegistriesError::RegistryNotFound(id.to_string()))?;
                let others = publication::links_to(tx, by.tenant(), id).await?;
                if let Some((_, code, ..)) = others.into_iter().find(|(other, ..)| *other != id) {
                    return Err(RegistriesError::StillReferred(code));
                }
                links::write(tx, id, &[]).await?;
                publication::remove(tx, id).await?;
                let now = tx.now();
                registry::delete(tx, id, now, &by.actor.id).await?;
                tell(tx, &by, &row, "registries.registry.delete", "stoa.registries.registry.deleted.v1").await
            })
            .await
    }
}

fn check_lengths(texts: &[(&'static str, &String)]) -> Result<(), RegistriesError> {
    let long = texts.iter().find(|(_, text)| text.chars().count() > NAME_CHARS_MAX);
    long.map_or(Ok(()), |(pointer, _)| {
        Err(RegistriesError::field(*pointer, "max", format!("has more than {NAME_CHARS_MAX} characters")))
    })
}

pub(super) async fn write_draft(tx: &mut Tx<'_>, by: &By, draft: &Draft) -> Result<RegistryRow, RegistriesError> {
    let code =
        Code::new(draft.code.clone()).map_err(|error| RegistriesError::field("/code", "format", error.to_string()))?;
    check_lengths(&[("/name", &draft.name), ("/groupName", &draft.group_name), ("/institution", &draft.institution)])?;
    let now = tx.now();
    let present = registry::find(tx, by.tenant(), code.as_str()).await?;
    if let Some(row) = &present {
        if draft.must_be_new {
            return Err(RegistriesError::CodeTaken(row.code.clone()));
        }
        refuse_while_publishing(tx, row.id).await?;
        publication::remove(tx, row.id).await?;
    }
    if let (Some(seen), Some(row)) = (draft.seen, &present)
        && row.modified_at != seen
    {
        return Err(RegistriesError::DraftChanged(row.modified_by.clone()));
    }
    let before = match &present {
        Some(row) => {
            registry::versions(tx, row.id).await?.last().map(|version| schema_of(&version.schema)).transpose()?
        }
        None => None,
    };
    let schema = Schema::read(&draft.schema, before.as_ref()).map_err(RegistriesError::InvalidSchema)?;
    let or = |text: &str, fallback: &str| if text.is_empty() { fallback.to_owned() } else { text.to_owned() };
    let old = present.clone();
    let old = old.as_ref();
    let row = RegistryRow {
        id: match (old, draft.id) {
            (Some(row), _) => row.id,
            (None, Some(id)) => id,
            (None, None) => registry::next_id(tx).await?,
        },
        code: code.as_str().to_owned(),
        name: or(&draft.name, old.map_or(code.as_str(), |row| &row.name)),
        group_name: or(&draft.group_name, old.map_or("", |row| &row.group_name)),
        description: or(&draft.description, old.map_or("", |row| &row.description)),
        institution: or(&draft.institution, old.map_or("", |row| &row.institution)),
        number_format: old.map_or("{code}{indexNoByCode}", |row| &row.number_format).to_owned(),
        next_number: old.map_or(1, |row| row.next_number),
        read_log: draft.read_log.unwrap_or(old.is_none_or(|row| row.read_log)),
        draft: Some(schema.to_json().to_string()),
        stamp: registry::new_stamp(tx),
        created_at: old.map_or(now, |row| row.created_at),
        modified_at: now,
        modified_by: by.actor.id.clone(),
    };
    links::resolve(tx, by.tenant(), row.id, &schema).await?;
    if present.is_some() {
        registry::update(tx, &row).await?;
    } else {
        registry::insert(tx, by.tenant(), &row).await.map_err(|error| {
            if error.is_conflict() { RegistriesError::CodeTaken(row.code.clone()) } else { error.into() }
        })?;
    }
    tell(tx, by, &row, "registries.registry.draft", "stoa.registries.registry.drafted.v1").await?;
    Ok(row)
}

/// What the draft changes, the label that it would get, and the versions that are there.
pub(super) async fn next_version(
    tx: &mut Tx<'_>,
    row: &RegistryRow,
) -> Result<(Vec<Change>, Label, Vec<VersionRow>), RegistriesError> {
    let draft = schema_of(row.draft.as_deref().ok_or(RegistriesError::NoDraft)?)?;
    let versions = registry::versions(tx, row.id).await?;
    let Some(last) = versions.last() else {
        return Ok((changes(&Schema::default(), &draft), Label::first(), versions));
    };
    let found = changes(&schema_of(&last.schema)?, &draft);
    let breaking = found.iter().any(|change| change.breaking);
    let label = Label::new(last.label.clone()).unwrap_or_else(Label::first).next(breaking);
    Ok((found, label, versions))
}

/// Evidence and event of a change to a register.
pub(super) async fn tell(
    tx: &mut Tx<'_>,
    by: &By,
    row: &RegistryRow,
    action: &'static str,
    event: &str,
) -> Result<(), RegistriesError> {
    let object = format!("registries/{}", row.code);
    let mut record = stoa_audit::Record::done(&by.actor, action, object.clone());
    record.purpose = by.info.purpose.as_deref();
    record.correlation = Some(by.info.correlation.as_str()).filter(|id| !id.is_empty());
    stoa_audit::append(tx, &record).await?;
    let event = Event::new(tx, event, "/registries", by.tenant(), json!({"id": row.id, "code": row.code}))
        .subject(object)
        .actor(by.info.name(&by.actor))
        .correlation(Some(by.info.correlation.as_str()).filter(|id| !id.is_empty()))
        .traceparent(by.info.traceparent.as_deref());
    outbox::publish(tx, &event).await?;
    Ok(())
}
