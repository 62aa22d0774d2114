//! The desk where work is done: the same for a command that opened the folder itself and for a running server.

use std::sync::Arc;

use stoa_registries::import::Formulas;

use crate::console::Console;
use crate::control::Worker;
use crate::exit::{Exit, Failure};
use crate::instance::Instance;
use crate::work::Work;

use super::{audit, backup, key, keys, monitor, registry};

/// An instance and the address under which people reach it.
pub(crate) struct Desk {
    pub(crate) instance: Arc<Instance>,
    pub(crate) public_url: String,
}

impl Worker for Desk {
    async fn work(&self, work: Work, console: Console) -> Result<Exit, Failure> {
        let instance = &*self.instance;
        match work {
            Work::AuditVerify(wanted) => audit::verify_all(instance, &wanted, &console).await,
            Work::AuditSearch(wanted) => audit::find(instance, &wanted, &console).await,
            Work::AuditCheckpoint => audit::checkpoint(instance, &console).await,
            Work::AuditKey => audit::key(instance, &console).await,
            Work::KeyCreate { name, roles, tenant, days } => {
                key::create(instance, name, roles, &tenant, days, &console).await
            }
            Work::KeyList { tenant } => key::list(instance, tenant.as_deref(), &console).await,
            Work::KeyRevoke { id } => key::revoke(instance, &id, &console).await,
            Work::KeysList => keys::list(instance, &console).await,
            Work::KeysRotate => keys::rotate(instance, &console).await,
            Work::KeysRetire { id } => keys::retire(instance, &id, &console).await,
            Work::KeyRevokeAll { name, tenant } => key::revoke_all(instance, &name, &tenant, &console).await,
            Work::Backup { archive, passphrase } => {
                backup::backup(instance, &archive, passphrase, &console).await?;
                backup::keep_erased(instance).await;
                Ok(Exit::Done)
            }
            Work::Link { tenant } => key::link(instance, &self.public_url, &tenant, &console).await,
            Work::RegistryList => registry::list(instance, &console).await,
            Work::RegistryImport { source, register, confirmed, formulas_as_text } => {
                let formulas = if formulas_as_text { Formulas::AsText } else { Formulas::Refused };
                let wanted = registry::Wanted { source: &source, register: register.as_deref(), confirmed, formulas };
                registry::import(instance, wanted, &console).await
            }
            Work::RegistryExport { register } => registry::export(instance, &register, &console).await,
            Work::MonitorImport { name, text } => monitor::import_bootstrap(instance, &name, &text, &console).await,
            Work::MonitorMigrate { from } => monitor::migrate(instance, &from, &console).await,
            Work::SamplePeople { count, seed } => registry::people(instance, count, seed, &console).await,
        }
    }
}
