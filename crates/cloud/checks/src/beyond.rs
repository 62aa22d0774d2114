//! Checks of standards that no scope has a test case for, and those that a scope leaves to people though a program can
//! do much of it. They run when they are asked for, and decide about no certificate.

/// One such check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beyond {
    /// Its test case: the scope's name for it where the scope has one.
    pub id: &'static str,
    /// The scope beside which it stands: `scs-compatible-iaas`.
    pub scope: &'static str,
    /// What it finds out.
    pub description: &'static str,
    /// The standard behind it.
    pub document: &'static str,
}

/// TLS of the public endpoints (scs-0125).
pub const TLS: &str = "scs-0125-tls";
/// What a domain manager may and may not do (scs-0302).
pub const DOMAIN_MANAGER: &str = "domain-manager-check";
/// How the nodes of a cluster are spread, by their labels (scs-0214).
pub const NODE_DISTRIBUTION: &str = "node-distribution-check";
/// The default storage class (scs-0211).
pub const STORAGE_CLASS: &str = "scs-0211-default-storage-class";
/// Hardening of a cluster, as far as it shows (scs-0217).
pub const HARDENING: &str = "scs-0217-cluster-hardening";

/// All of them.
pub const BEYOND: [Beyond; 5] = [
    Beyond {
        id: TLS,
        scope: "scs-compatible-iaas",
        description: "Every public endpoint speaks TLS as Mozilla's intermediate profile has it.",
        document: "scs-0125-v1",
    },
    Beyond {
        id: DOMAIN_MANAGER,
        scope: "scs-compatible-iaas",
        description: "A domain manager rules its own domain and no other.",
        document: "scs-0302-v1",
    },
    Beyond {
        id: NODE_DISTRIBUTION,
        scope: "scs-compatible-kaas",
        description: "Labels of nodes show that they are spread over regions and zones.",
        document: "scs-0214-v2",
    },
    Beyond {
        id: STORAGE_CLASS,
        scope: "scs-compatible-kaas",
        description: "There is one default storage class, and it makes volumes that pods can use.",
        document: "scs-0211-v1",
    },
    Beyond {
        id: HARDENING,
        scope: "scs-compatible-kaas",
        description: "Kubelets, API server and namespaces are hardened, as far as it shows.",
        document: "scs-0217-v1",
    },
];
