//! What the block does: each use case is one transaction, with its history, its evidence and its event inside.

mod catalogue;
mod compiled;
mod design;
mod find;
mod history;
mod impact;
mod links;
mod listing;
mod publish;
mod query;
mod readlog;
mod record;
mod relevance;
mod transfer;
mod unique;
mod upload;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use stoa_core::{Actor, Tenant};
use stoa_store::Store;
use stoa_store::keys::MasterKeys;
use stoa_web::{BlockContext, RequestInfo};

pub use catalogue::{PublicationInfo, RegistryInfo, VersionInfo};
pub use compiled::{Compiled, Version};
pub use design::{Details, Draft, Impact};
pub use find::Found;
pub(crate) use history::ENTRIES_MAX;
pub use history::{ChangeEntry, DayFigures, PersonalDataUsage};
pub use listing::{Listing, Order, Wanted};
pub use record::{Record, Upserted};
pub use transfer::{BATCH_ROWS_MAX, Imported, RefusedRow, Trial};
pub(crate) use upload::JOB as IMPORT_JOB;
pub use upload::{NewUpload, Upload, UploadError, UploadId, UploadState, Uploads};

pub use crate::store::record::{RecordId, RecordKind};

/// The block's use cases over its database. Cheap to clone.
#[derive(Clone)]
pub struct Registries {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    keys: MasterKeys,
    compiled: Mutex<HashMap<(Tenant, String), Arc<Compiled>>>,
}

/// Who asks and what the request says about itself.
#[derive(Debug, Clone)]
pub struct By {
    /// Who asks.
    pub actor: Actor,
    /// What the request says about itself.
    pub info: RequestInfo,
}

impl By {
    /// An actor without a request: a job or the command line.
    pub fn system(actor: Actor) -> Self {
        Self { actor, info: RequestInfo::default() }
    }

    fn tenant(&self) -> &Tenant {
        &self.actor.tenant
    }
}

impl Registries {
    /// The use cases over what the block was given.
    pub fn new(context: &BlockContext) -> Self {
        Self::over(context.store.clone(), context.keys.clone())
    }

    /// The use cases over a database and the node's keys.
    pub fn over(store: Store, keys: MasterKeys) -> Self {
        Self { shared: Arc::new(Shared { store, keys, compiled: Mutex::new(HashMap::new()) }) }
    }

    /// The block's database.
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    fn keys(&self) -> &MasterKeys {
        &self.shared.keys
    }
}
