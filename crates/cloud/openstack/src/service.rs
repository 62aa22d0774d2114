//! The services of a cloud, under all the names that catalogs have for them.

use std::fmt;

/// A service of a cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Keystone.
    Identity,
    /// Nova.
    Compute,
    /// Glance.
    Image,
    /// Neutron.
    Network,
    /// Cinder.
    BlockStorage,
    /// Barbican.
    KeyManager,
    /// Octavia.
    LoadBalancer,
    /// Swift, or what speaks its protocol.
    ObjectStore,
    /// Designate.
    Dns,
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Identity,
        Self::Compute,
        Self::Image,
        Self::Network,
        Self::BlockStorage,
        Self::KeyManager,
        Self::LoadBalancer,
        Self::ObjectStore,
        Self::Dns,
    ];

    /// Its type in catalogs; the first is that of the service types authority, others are older.
    pub const fn types(self) -> &'static [&'static str] {
        match self {
            Self::Identity => &["identity"],
            Self::Compute => &["compute"],
            Self::Image => &["image"],
            Self::Network => &["network"],
            Self::BlockStorage => &["block-storage", "volumev3", "block-store", "volume"],
            Self::KeyManager => &["key-manager"],
            Self::LoadBalancer => &["load-balancer"],
            Self::ObjectStore => &["object-store"],
            Self::Dns => &["dns"],
        }
    }

    /// Its name for people, and in counts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Compute => "compute",
            Self::Image => "image",
            Self::Network => "network",
            Self::BlockStorage => "block-storage",
            Self::KeyManager => "key-manager",
            Self::LoadBalancer => "load-balancer",
            Self::ObjectStore => "object-store",
            Self::Dns => "dns",
        }
    }

    /// The name of its microversions in the header `OpenStack-API-Version`.
    pub(crate) const fn microversion_name(self) -> &'static str {
        match self {
            Self::BlockStorage => "volume",
            other => other.name(),
        }
    }

    /// The version of its API that is spoken here, as it stands in paths; none where the catalog's address is whole.
    pub(crate) const fn version(self) -> Option<&'static str> {
        match self {
            Self::Identity | Self::BlockStorage => Some("v3"),
            Self::Compute => Some("v2.1"),
            Self::Image | Self::LoadBalancer | Self::Dns => Some("v2"),
            Self::Network => Some("v2.0"),
            Self::KeyManager => Some("v1"),
            Self::ObjectStore => None,
        }
    }

    /// Whether the version may stand in an address of this service: older ones are spoken alike, or not at all.
    pub(crate) fn speaks(self, version: &str) -> bool {
        match self {
            Self::Compute => matches!(version, "v2.1" | "v2"),
            Self::Network => matches!(version, "v2.0" | "v2"),
            _ => self.version() == Some(version),
        }
    }

    /// Whether the project's id stands in paths where the catalog gives no path.
    pub(crate) const fn has_project_in_path(self) -> bool {
        matches!(self, Self::BlockStorage)
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// For whom an endpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Interface {
    /// For everybody.
    #[default]
    Public,
    /// For other services.
    Internal,
    /// For administrators.
    Admin,
}

impl Interface {
    /// Its name in catalogs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Admin => "admin",
        }
    }

    /// The interface of this name, in the forms that `clouds.yaml` knows: `public`, `publicURL`.
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Public, Self::Internal, Self::Admin]
            .into_iter()
            .find(|one| name == one.name() || name.strip_suffix("URL") == Some(one.name()))
    }
}
