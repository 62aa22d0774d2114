//! Clusters of Kubernetes: the version policy (scs-0210), conformance (scs-0201, scs-0219), how nodes are spread
//! (scs-0214), the default storage class (scs-0211) and hardening (scs-0217).

mod conformance;
mod hardening;
mod node;
mod policy;
mod storage_class;
mod version;
mod vulnerability;

pub use conformance::{Exception, Exceptions, TestResult, TestStatus};
pub use hardening::{ApiServer, Hardening, Kubelet, Namespace, Port, check as check_hardening};
pub use node::{Node, NodeRole, check as check_nodes};
pub use policy::{
    BRANCHES, BRANCHES_AS_OF, Branch, DataAge, PolicyFacts, Release, Stage, check as check_version_policy,
    check_data_age,
};
pub use storage_class::{StorageClass, VolumeProof, check as check_storage_class};
pub use version::{Version, VersionError};
pub use vulnerability::{RangeEnd, RecordError, Severity, VersionRange, Vulnerability};
