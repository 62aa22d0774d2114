//! Registers as the block works with them: their schemas read once, and again whenever their stamp has changed.

use std::sync::{Arc, PoisonError};

use stoa_core::Tenant;
use stoa_store::{StoreError, Tx};

use super::Registries;
use crate::error::RegistriesError;
use crate::model::{Label, Rules, Schema};
use crate::store::publication::{self, Phase};
use crate::store::registry::{self, RegistryRow};

/// Registers remembered at most; over it all are forgotten and read again as they are asked for.
const REMEMBERED: usize = 1_000;

/// A register with all of its versions, read and ready.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The register's id.
    pub id: i64,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Whether reads of personal data are recorded.
    pub read_log: bool,
    stamp: i64,
    /// Published versions, oldest first.
    pub versions: Vec<Version>,
    /// What holds whichever version is used.
    pub rules: Rules,
    /// The fields of registers that name records of this one.
    pub(crate) referrers: Vec<Referrer>,
}

/// A field, here or in another register, whose values name records of this one.
#[derive(Debug, Clone)]
pub(crate) struct Referrer {
    pub(crate) registry: i64,
    pub(crate) code: String,
    pub(crate) field: i64,
    /// The field here that holds the named value.
    pub(crate) target: i64,
}

/// A published version.
#[derive(Debug, Clone)]
pub struct Version {
    /// Its place in the order of versions.
    pub number: i64,
    /// Its label in addresses.
    pub label: Label,
    /// Its schema.
    pub schema: Arc<Schema>,
}

impl Compiled {
    /// The version with this label.
    pub fn version(&self, label: &str) -> Result<&Version, RegistriesError> {
        self.versions.iter().find(|version| version.label.as_str() == label).ok_or_else(|| {
            RegistriesError::VersionNotFound { code: self.code.clone(), label: label.chars().take(40).collect() }
        })
    }

    /// The newest version, if one is published.
    pub fn current(&self) -> Option<&Version> {
        self.versions.last()
    }

    /// The name of the register's full-text collection.
    pub(crate) fn collection(&self) -> String {
        collection(self.id)
    }

    /// Whether the records hold personal data, by whichever version.
    pub fn is_personal(&self) -> bool {
        self.rules.is_personal()
    }
}

impl Version {
    /// The ids of the fields that it shows.
    pub(crate) fn fields(&self) -> impl Iterator<Item = i64> + '_ {
        self.schema.fields().iter().map(|field| field.id)
    }
}

impl Registries {
    /// The register with this code. One keyed read tells whether what is remembered of it still holds, so that several
    /// nodes agree within the transaction.
    pub(crate) async fn compiled(
        &self,
        tx: &mut Tx<'_>,
        tenant: &Tenant,
        code: &str,
    ) -> Result<Arc<Compiled>, RegistriesError> {
        let unknown = || RegistriesError::RegistryNotFound(code.chars().take(60).collect());
        let (id, stamp) = registry::stamp(tx, tenant, code).await?.ok_or_else(unknown)?;
        let key = (tenant.clone(), code.to_owned());
        {
            let remembered = self.shared.compiled.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(compiled) = remembered.get(&key).filter(|known| known.id == id && known.stamp == stamp) {
                return Ok(Arc::clone(compiled));
            }
        }
        let row = registry::find(tx, tenant, code).await?.ok_or_else(unknown)?;
        let compiled = Arc::new(read(tx, tenant, &row).await?);
        let mut remembered = self.shared.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.insert(key, Arc::clone(&compiled));
        Ok(compiled)
    }
}

/// The name of a register's full-text collection.
pub(crate) fn collection(registry: i64) -> String {
    format!("registry/{registry}")
}

/// Reads a register's versions, the one on its way, and who refers to it.
pub(crate) async fn read(tx: &mut Tx<'_>, tenant: &Tenant, row: &RegistryRow) -> Result<Compiled, RegistriesError> {
    let mut versions = Vec::new();
    for version in registry::versions(tx, row.id).await? {
        let schema = schema_of(&version.schema)?;
        let label = Label::new(version.label).ok_or_else(|| damaged("a version's label"))?;
        versions.push(Version { number: version.number, label, schema: Arc::new(schema) });
    }
    let coming = publication::find(tx, row.id).await?.filter(|row| row.phase == Phase::Checking);
    let coming = coming.map(|row| schema_of(&row.schema)).transpose()?;
    let mut referrers = Vec::new();
    for (registry, code, field, target) in publication::links_to(tx, tenant, row.id).await? {
        referrers.push(Referrer { registry, code, field, target });
    }
    Ok(Compiled {
        id: row.id,
        code: row.code.clone(),
        name: row.name.clone(),
        read_log: row.read_log,
        stamp: row.stamp,
        rules: Rules::of(versions.iter().map(|version| &*version.schema), coming.as_ref()),
        versions,
        referrers,
    })
}

/// Reads a stored schema.
pub(crate) fn schema_of(text: &str) -> Result<Schema, RegistriesError> {
    let value = serde_json::from_str(text).map_err(|_| damaged("a schema"))?;
    Schema::read(&value, None).map_err(|_| damaged("a schema").into())
}

pub(crate) fn damaged(what: &str) -> StoreError {
    StoreError::Data { reason: format!("{what} of a register") }
}
