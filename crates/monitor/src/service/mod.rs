//! What the monitor does: each use case is one transaction, with its evidence and its event inside.

mod accounts;
mod asked;
mod board;
mod bundle;
mod certificates;
mod changes;
mod credentials;
mod decisions;
mod due;
mod evidence;
mod figures;
mod history;
mod letters;
mod migrate;
mod once;
mod prune;
mod submit;
mod subscriptions;
mod telling;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use stoa_core::{Actor, ActorKind, Permissions, Tenant};
use stoa_standards::signature::SigningKey;
use stoa_store::{MasterKeys, Store};
use stoa_ui::{Locale, Texts, Words};
use stoa_web::mail::MailPort;
use stoa_web::{BlockContext, BoxError, Keyring, Once, Params, RequestInfo, Right as _};
use tokio::sync::Semaphore;

pub use crate::store::change::{ChangeId, ChangeKind};
pub use crate::store::decision::{DecisionId, DecisionKind};
pub use accounts::{Account, AccountKey, Imported, NewAccount};
pub use asked::{Asked, Kept, Standard};
pub use board::{Board, Entry, Row};
pub use bundle::Bundled;
pub use certificates::{Certificate, CertificateState, NAMESPACE, NewCertificate, Statement};
pub use changes::{Change, Changed};
pub use decisions::{Approval, Manual, NewManual, NewWaiver, Said, Waiver};
pub use due::Due;
pub use evidence::{Evidence, ReportInfo, Signed, SingleResult};
pub use history::History;
pub(crate) use letters::what_changed;
pub use migrate::{MigrateError, Migrated, Migration};
pub use submit::SignedAs;
pub use subscriptions::{NewSubscription, Subscription};
pub(crate) use telling::Audience;
pub use telling::{MAIL_JOB, TELL_JOB};

use crate::error::MonitorError;
use crate::model::account::{AccountRole, AccountRoles};
use crate::permission::{AccountRead, AccountWrite, ReportReadAny, ReportSubmit, ResultApprove};
use crate::settings::Settings;

/// Accounts of the monitor are named so in evidence.
const ACCOUNT_PREFIX: &str = "account:";

/// How the public table names a subject or a group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"name": "cloud-1", "title": "Cloud One", "url": "https://one.example.org",
    "description": "Public cloud of the ministry", "operator": "One Ltd.", "operatorUrl": "", "healthUrl": "",
    "position": 10, "hidden": false}))]
pub struct Listing {
    /// The subject, or `group-` and the name of a group.
    pub name: String,
    /// What people call it.
    #[serde(default)]
    pub title: String,
    /// Its own page.
    #[serde(default)]
    pub url: String,
    /// What it is, in a sentence.
    #[serde(default)]
    pub description: String,
    /// Who runs it.
    #[serde(default)]
    pub operator: String,
    /// The operator's own page.
    #[serde(default)]
    pub operator_url: String,
    /// Where its health is shown.
    #[serde(default)]
    pub health_url: String,
    /// Its place in the table; those with smaller numbers come first.
    #[serde(default)]
    pub position: i64,
    /// Whether the table leaves it out.
    #[serde(default)]
    pub hidden: bool,
}

/// The monitor's use cases over its database. Cheap to clone.
#[derive(Clone)]
pub struct Monitor {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    settings: Settings,
    public_url: String,
    /// Sends mail; none where no mail server is configured.
    mail: Option<Arc<dyn MailPort>>,
    /// What the monitor's own key is sealed with; none on the command line.
    keys: Option<MasterKeys>,
    /// The monitor's own key, once it was needed.
    signing: tokio::sync::Mutex<Option<SigningKey>>,
    /// The texts of mails.
    texts: Texts,
    /// Credentials that were verified a moment ago.
    keyring: Keyring,
    /// Slow hashes are computed by so many at a time, away from everything else.
    slow: Semaphore,
    /// So many may wait for that.
    waiting: Semaphore,
    counts: figures::Counts,
    boards: Mutex<HashMap<Tenant, Arc<board::Desk>>>,
    histories: history::Cache,
}

/// Who asks and what the request says about itself.
#[derive(Debug, Clone)]
pub struct By {
    /// Who asks.
    pub actor: Actor,
    /// What the request says about itself.
    pub info: RequestInfo,
    /// By what it is known when it comes again.
    once: Option<Once>,
}

impl By {
    /// An actor with its request.
    pub fn new(actor: Actor, info: RequestInfo) -> Self {
        Self { actor, info, once: None }
    }

    /// An actor without a request: a job or the command line.
    pub fn system(actor: Actor) -> Self {
        Self::new(actor, RequestInfo::default())
    }

    /// What it asks for is done once, and answered the same when it comes again.
    #[must_use]
    pub fn once(self, once: Option<Once>) -> Self {
        Self { once, ..self }
    }

    pub(crate) fn tenant(&self) -> &Tenant {
        &self.actor.tenant
    }

    /// The subject as whose account it asks, if it is one of the monitor's.
    pub(crate) fn account(&self) -> Option<&str> {
        self.actor.id.strip_prefix(ACCOUNT_PREFIX)
    }
}

/// What an account with these roles may do. Each may hand in reports about itself.
pub fn permissions_of(roles: AccountRoles) -> Permissions {
    let mut held = vec![ReportSubmit::INFO.permission];
    for role in roles.iter() {
        match role {
            AccountRole::ReadAny => held.push(ReportReadAny::INFO.permission),
            // Whose reports it may hand in is the delegations' to say.
            AccountRole::AppendAny => {}
            AccountRole::Admin => held.extend([AccountRead::INFO.permission, AccountWrite::INFO.permission]),
            AccountRole::Approve => held.extend([AccountRead::INFO.permission, ResultApprove::INFO.permission]),
        }
    }
    held.into_iter().collect()
}

/// An account as whoever asks.
fn actor_of(tenant: &Tenant, subject: &str, roles: AccountRoles) -> Actor {
    Actor {
        kind: ActorKind::System,
        id: format!("{ACCOUNT_PREFIX}{subject}"),
        name: Some(subject.to_owned()),
        permissions: permissions_of(roles),
        ..Actor::anonymous(tenant.clone())
    }
}

/// How many slow hashes are computed at a time: half of the machine, so that pages go on.
fn slow_at_a_time() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2))
}

impl Monitor {
    /// The use cases over what the block was given.
    ///
    /// # Errors
    /// When the block's section of the configuration is not what it should be.
    pub fn new(context: &BlockContext) -> Result<Self, BoxError> {
        let settings = Settings::read(&context.config)?;
        let (store, public_url) = (context.store.clone(), context.public_url.clone());
        Ok(Self::with(store, settings, public_url, context.mail.clone(), Some(context.keys.clone())))
    }

    /// The use cases over a database, for a node that people reach at `public_url`.
    pub fn over(store: Store, public_url: String) -> Self {
        Self::with(store, Settings::default(), public_url, None, None)
    }

    fn with(
        store: Store,
        settings: Settings,
        public_url: String,
        mail: Option<Arc<dyn MailPort>>,
        keys: Option<MasterKeys>,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                store,
                settings,
                public_url,
                mail,
                keys,
                signing: tokio::sync::Mutex::default(),
                texts: Texts::new(crate::pages::CATALOGUES),
                keyring: Keyring::default(),
                slow: Semaphore::new(slow_at_a_time()),
                waiting: Semaphore::new(Self::waiting_max()),
                counts: figures::Counts::default(),
                boards: Mutex::default(),
                histories: history::Cache::default(),
            }),
        }
    }

    /// What the operator set.
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// The texts in the language that `lang` asks for: of what is read where no browser says which one it wants.
    pub(crate) fn words(&self, params: &Params) -> Result<Words, MonitorError> {
        let locale = match params.get("lang").filter(|tag| !tag.is_empty()) {
            None => Locale::default(),
            Some(tag) => Locale::from_tag(tag).ok_or_else(|| {
                let known: Vec<&str> = Locale::ALL.iter().map(|locale| locale.tag()).collect();
                MonitorError::field("?lang", "enum", format!("must be one of {}", known.join(", ")))
            })?,
        };
        Ok(self.shared.texts.words(locale))
    }

    /// The monitor's database.
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// The address of the monitor's pages as others reach them.
    pub fn address(&self) -> String {
        format!("{}/monitor", self.shared.public_url)
    }
}
