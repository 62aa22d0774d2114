//! What the block does: each use case is one transaction, with its evidence and its event inside.

mod authorize;
mod bindings;
mod clients;
mod consents;
mod dpop;
mod factors;
mod hashing;
mod holder;
mod keys;
mod known;
mod people;
mod samples;
mod sent_codes;
mod sessions;
mod sign_in;
mod tokens;
mod wallet;

use std::sync::{Arc, RwLock};

use stoa_audit::Record;
use stoa_core::{Actor, ActorKind, Instant, Tenant};
use stoa_store::{MasterKeys, Store, Tx};
use stoa_web::mail::MailPort;
use stoa_web::{BlockContext, BoxError, Profile, RequestInfo};

pub use crate::store::{ClientId, FactorId, IdentifierId, PersonId, SessionId};
pub(crate) use authorize::{Begun, Interaction};
pub(crate) use bindings::Binding;
pub(crate) use clients::Authenticated;
pub use clients::{Client, NewClient, Registered};
pub use consents::{Consent, Reading};
pub(crate) use dpop::Proven;
pub(crate) use factors::{About, FORGOT_JOB, Letter, MAIL_JOB, PASSWORD_CHARS};
pub use factors::{Factor, FactorKind, RecoveryCodes, TotpOffer};
pub use keys::KeyInfo;
pub(crate) use people::Search;
pub use people::{Identifier, NewIdentifier, NewPerson, Person, PersonVersion};
pub(crate) use samples::SamplePerson;
pub(crate) use sessions::{At, BROWSER_TIME, Session};
pub(crate) use sign_in::{Next, Proof};
pub(crate) use tokens::{Access, Asked, UserInfo};
pub(crate) use wallet::{LinkStatus, WalletError};

use crate::error::IdentityError;
use crate::jose::random;
use crate::settings::Settings;
use hashing::Hashing;

/// The block's use cases over its database. Cheap to clone.
#[derive(Clone)]
pub struct Identity {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    keys: MasterKeys,
    settings: Settings,
    profile: Profile,
    /// `iss` of all tokens: the node's address and the block's prefix.
    issuer: String,
    public_url: String,
    /// Sends mail; none where no mail server is configured.
    mail: Option<Arc<dyn MailPort>>,
    ring: RwLock<Option<keys::Loaded>>,
    hashing: Hashing,
    clients: known::KnownClients,
    discovery: std::sync::OnceLock<axum::body::Bytes>,
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
    /// An actor with its request.
    pub fn new(actor: Actor, info: RequestInfo) -> Self {
        Self { actor, info }
    }

    /// An actor without a request: a job or the command line.
    pub fn system(actor: Actor) -> Self {
        Self::new(actor, RequestInfo::default())
    }

    /// A person who acts for themself.
    pub(crate) fn person(tenant: &Tenant, person: PersonId, info: RequestInfo) -> Self {
        let actor = Actor { kind: ActorKind::Person, id: subject_of(person), ..Actor::anonymous(tenant.clone()) };
        Self::new(actor, info)
    }

    /// A client that acts for itself.
    pub(crate) fn client(tenant: &Tenant, client_id: &str, info: RequestInfo) -> Self {
        let actor = Actor { kind: ActorKind::System, id: client_actor(client_id), ..Actor::anonymous(tenant.clone()) };
        Self::new(actor, info)
    }

    pub(crate) fn tenant(&self) -> &Tenant {
        &self.actor.tenant
    }
}

/// How a person is named in evidence and in sealing: opaque, and the same for ever.
pub(crate) fn subject_of(person: PersonId) -> String {
    format!("person:{person}")
}

/// How a client is named in evidence.
pub(crate) fn client_actor(client_id: &str) -> String {
    format!("client:{client_id}")
}

impl Identity {
    /// The use cases over what the block was given.
    ///
    /// # Errors
    /// When the block's section of the configuration is not what it should be.
    pub fn new(context: &BlockContext) -> Result<Self, BoxError> {
        let settings = Settings::read(&context.config)?;
        let public_url = context.public_url.trim_end_matches('/').to_owned();
        Ok(Self {
            shared: Arc::new(Shared {
                store: context.store.clone(),
                keys: context.keys.clone(),
                settings,
                profile: context.profile,
                issuer: format!("{public_url}/identity"),
                public_url,
                mail: context.mail.clone(),
                ring: RwLock::default(),
                hashing: Hashing::new(settings.hashing_threads),
                clients: known::KnownClients::default(),
                discovery: std::sync::OnceLock::new(),
            }),
        })
    }

    /// The block's database.
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// `iss`.
    pub fn issuer(&self) -> &str {
        &self.shared.issuer
    }

    /// The discovery document: the same for ever, and asked for all the time.
    pub(crate) fn discovery(&self, make: impl FnOnce() -> serde_json::Value) -> axum::body::Bytes {
        self.shared.discovery.get_or_init(|| make().to_string().into()).clone()
    }

    /// The address under which people reach the node.
    pub(crate) fn public_url(&self) -> &str {
        &self.shared.public_url
    }

    /// What the operator set.
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// How strict the node is.
    pub fn profile(&self) -> Profile {
        self.shared.profile
    }

    /// Whether people reach the node by https.
    pub(crate) fn is_https(&self) -> bool {
        self.shared.public_url.starts_with("https://")
    }

    /// Whether mail can be sent.
    pub(crate) fn mail(&self) -> Option<&Arc<dyn MailPort>> {
        self.shared.mail.as_ref()
    }

    fn now(&self) -> Instant {
        self.shared.store.clock().now()
    }

    fn master(&self) -> &MasterKeys {
        &self.shared.keys
    }

    fn hashing(&self) -> &Hashing {
        &self.shared.hashing
    }

    /// The hash by which an identifier is found.
    fn identifier_hash(&self, value: &str) -> [u8; 32] {
        self.master().mac("identity.identifier", crate::model::person::normal(value).as_bytes())
    }
}

/// A secret that is handed out, and the hash that is kept.
pub(crate) fn secret() -> Result<(String, [u8; 32]), IdentityError> {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random::<32>()?);
    let hash = stoa_web::secret_hash(&text);
    Ok((text, hash))
}

/// Writes evidence in the transaction of what was done.
async fn note(
    tx: &mut Tx<'_>,
    by: &By,
    action: &'static str,
    object: String,
    subject: Option<PersonId>,
    detail: serde_json::Value,
) -> Result<(), IdentityError> {
    let subject = subject.map(subject_of);
    let mut record = Record::done(&by.actor, action, object);
    record.subject = subject.as_deref();
    record.purpose = by.info.purpose.as_deref();
    record.correlation = Some(by.info.correlation.as_str()).filter(|correlation| !correlation.is_empty());
    record.detail = detail;
    stoa_audit::append(tx, &record).await?;
    Ok(())
}
