//! Where a cloud is and how one logs in: `clouds.yaml` and its companions, or the environment, read as `openstacksdk` reads
//! them, and strictly: what cannot be understood is named with its file and line.

mod environment;
mod error;
mod fields;
mod files;
mod read;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub use environment::Environment;
pub use error::{ConfigError, FieldFault};

use crate::secret::Secret;
use crate::service::{Interface, Service};

/// The name of the cloud that the environment describes.
pub const ENVIRONMENT: &str = "envvars";

/// Where a cloud is and how one logs in.
#[derive(Debug, Clone)]
pub struct Config {
    /// Its name in `clouds.yaml`.
    pub name: String,
    /// Where Keystone is.
    pub auth_url: String,
    /// How one logs in.
    pub login: Login,
    /// For what.
    pub scope: Scope,
    /// The region; the first that the catalog has where none is named.
    pub region: Option<String>,
    /// Which endpoints are asked.
    pub interface: Interface,
    /// Addresses that count instead of the catalog's.
    pub overrides: BTreeMap<Service, String>,
    /// Whom to believe.
    pub tls: Tls,
    /// How long one try of a call may take, where that is set.
    pub call_time: Option<Duration>,
    /// Fields that were read by nobody, for people who wonder why one has no effect.
    pub ignored: Vec<String>,
}

/// A domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Domain {
    /// By its id.
    Id(String),
    /// By its name.
    Name(String),
}

/// Something that lies in a domain, or in a user: a user, a project, an application credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owned {
    /// By its id.
    Id(String),
    /// By its name.
    Name {
        /// The name.
        name: String,
        /// The domain; none for what lies in a user.
        domain: Option<Domain>,
    },
}

/// How one logs in.
#[derive(Debug, Clone)]
pub enum Login {
    /// By name and password.
    Password {
        /// The user.
        user: Owned,
        /// The password.
        password: Secret,
    },
    /// By a token that one has already.
    Token(Secret),
    /// By an application credential.
    ApplicationCredential {
        /// The credential.
        credential: Owned,
        /// Its user, where the credential is given by name.
        user: Option<Owned>,
        /// Its secret.
        secret: Secret,
    },
}

/// What a token is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// What the cloud has as the user's default; of an application credential its own project.
    Default,
    /// For nothing in particular.
    Unscoped,
    /// A project.
    Project(Owned),
    /// A domain.
    Domain(Domain),
    /// The whole system.
    System,
    /// What somebody entrusted, by the trust's id.
    Trust(String),
}

/// Whom to believe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// Whether certificates are looked at.
    pub verify: bool,
    /// Authorities that are believed instead of the system's.
    pub authorities: Option<PathBuf>,
    /// The client's own certificate.
    pub certificate: Option<PathBuf>,
    /// Its key; in the certificate's file where it is not given.
    pub key: Option<PathBuf>,
}

impl Default for Tls {
    fn default() -> Self {
        Self { verify: true, authorities: None, certificate: None, key: None }
    }
}

impl Config {
    /// The cloud of this name, or the one that the environment or the files leave no doubt about.
    ///
    /// Without a name: `OS_CLOUD`, else the environment's own cloud if it has an `OS_AUTH_URL`, else the only one in
    /// `clouds.yaml`.
    pub fn load(name: Option<&str>, environment: &Environment) -> Result<Self, ConfigError> {
        let of_environment = environment.cloud();
        let name = name.or_else(|| environment.variable("OS_CLOUD"));
        match (name, of_environment) {
            (Some(ENVIRONMENT), Some(fields)) => read::read(ENVIRONMENT, fields, None),
            (None, Some(fields)) if fields.has("auth.auth_url") => read::read(ENVIRONMENT, fields, None),
            (name, _) => {
                let found = files::find(name, environment)?;
                read::read(&found.name, found.fields, Some(&found.place))
            }
        }
    }

    /// The same cloud for somebody else: a user with a password, for a domain.
    #[must_use]
    pub fn for_domain(&self, user: &str, password: Secret, domain: &str) -> Self {
        let domain = Domain::Name(domain.to_owned());
        let user = Owned::Name { name: user.to_owned(), domain: Some(domain.clone()) };
        Self { login: Login::Password { user, password }, scope: Scope::Domain(domain), ..self.clone() }
    }
}
