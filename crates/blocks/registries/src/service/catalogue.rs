//! Seeing registers: lists, versions, numbers.

use serde::Serialize;
use serde_json::Value;
use stoa_core::Instant;
use stoa_store::Tx;

use super::compiled::damaged;
use super::publish::faults_of;
use super::{By, Compiled, Registries};
use crate::error::RegistriesError;
use crate::store::publication::{self, Phase, PublicationRow};
use crate::store::record;
use crate::store::registry::{self, RegistryRow};

/// Registers in one list at most.
const REGISTRIES_MAX: u32 = 1_000;

/// A register as it is shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegistryInfo {
    /// Its id.
    pub id: i64,
    /// Its short code, which stands in addresses.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The catalogue group that it belongs to.
    pub group_name: String,
    /// What it holds, in words.
    pub description: String,
    /// Who owns it.
    pub institution: String,
    /// Whether reads of personal data are recorded.
    pub read_log: bool,
    /// Published versions, oldest first.
    pub versions: Vec<VersionInfo>,
    /// The draft of the next version.
    pub draft: Option<Value>,
    /// The version that is on its way, or could not be published.
    pub publication: Option<PublicationInfo>,
    /// The number that the next numbered record gets.
    pub next_number: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub modified_at: Instant,
    /// Who last changed it.
    pub modified_by: String,
}

/// A published version as it is shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionInfo {
    /// Its label in addresses.
    pub label: String,
    /// Its schema.
    pub schema: Value,
    /// When it was published.
    #[schema(value_type = String, format = DateTime)]
    pub published_at: Instant,
    /// Who published it.
    pub published_by: String,
}

/// A version that is not published yet because records are there that must be checked first.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicationInfo {
    /// The label that it gets.
    pub label: String,
    /// Whether it was refused: records that are there break its rules.
    pub is_refused: bool,
    /// Records that were checked so far.
    pub checked: u64,
    /// What stands against it, the first of it; each names records by their ids.
    pub faults: Vec<String>,
    /// When it was begun.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Instant,
}

impl Registries {
    /// All registers of the tenant, by code.
    pub async fn list(&self, by: &By) -> Result<Vec<RegistryInfo>, RegistriesError> {
        let tenant = by.tenant().clone();
        self.store()
            .read(async move |tx: &mut Tx<'_>| {
                let mut found = Vec::new();
                for row in registry::list(tx, &tenant, REGISTRIES_MAX).await? {
                    found.push(info(tx, row).await?);
                }
                Ok(found)
            })
            .await
    }

    /// The register with this code.
    pub async fn get(&self, by: &By, code: &str) -> Result<RegistryInfo, RegistriesError> {
        let (tenant, code) = (by.tenant().clone(), code.to_owned());
        self.store()
            .read(async move |tx: &mut Tx<'_>| {
                let row = registry::find(tx, &tenant, &code).await?;
                info(tx, row.ok_or_else(|| RegistriesError::RegistryNotFound(code.clone()))?).await
            })
            .await
    }

    /// The register with this id.
    pub async fn get_by_id(&self, by: &By, id: i64) -> Result<RegistryInfo, RegistriesError> {
        let tenant = by.tenant().clone();
        self.store()
            .read(async move |tx: &mut Tx<'_>| {
                let row = registry::find_by_id(tx, &tenant, id).await?;
                info(tx, row.ok_or_else(|| RegistriesError::RegistryNotFound(id.to_string()))?).await
            })
            .await
    }

    /// The register with its schemas read, for callers that go on working with it.
    pub async fn open(&self, by: &By, code: &str) -> Result<std::sync::Arc<Compiled>, RegistriesError> {
        let (this, tenant, code) = (self.clone(), by.tenant().clone(), code.to_owned());
        self.store().read(async move |tx: &mut Tx<'_>| this.compiled(tx, &tenant, &code).await).await
    }

    /// How many records the register holds.
    pub async fn count(&self, by: &By, code: &str) -> Result<u64, RegistriesError> {
        let (this, tenant, code) = (self.clone(), by.tenant().clone(), code.to_owned());
        self.store()
            .scan(async move |tx: &mut Tx<'_>| {
                let compiled = this.compiled(tx, &tenant, &code).await?;
                Ok(record::count(tx, compiled.id).await?)
            })
            .await
    }
}

pub(crate) async fn info(tx: &mut Tx<'_>, row: RegistryRow) -> Result<RegistryInfo, RegistriesError> {
    let json = |text: &str| serde_json::from_str::<Value>(text).map_err(|_| damaged("a schema"));
    let mut versions = Vec::new();
    for version in registry::versions(tx, row.id).await? {
        versions.push(VersionInfo {
            label: version.label,
            schema: json(&version.schema)?,
            published_at: version.published_at,
            published_by: version.published_by,
        });
    }
    let publication = publication::find(tx, row.id).await?;
    Ok(RegistryInfo {
        publication: publication.filter(|row| row.phase != Phase::Tidying).map(coming).transpose()?,
        id: row.id,
        code: row.code,
        name: row.name,
        group_name: row.group_name,
        description: row.description,
        institution: row.institution,
        read_log: row.read_log,
        versions,
        draft: row.draft.as_deref().map(json).transpose()?,
        next_number: row.next_number,
        created_at: row.created_at,
        modified_at: row.modified_at,
        modified_by: row.modified_by,
    })
}

fn coming(row: PublicationRow) -> Result<PublicationInfo, RegistriesError> {
    let faults = faults_of(&row)?;
    Ok(PublicationInfo {
        is_refused: row.phase != Phase::Checking,
        checked: u64::try_from(row.done).unwrap_or(0),
        faults: faults.into_iter().map(|against| against.message).collect(),
        label: row.label,
        started_at: row.started_at,
    })
}
