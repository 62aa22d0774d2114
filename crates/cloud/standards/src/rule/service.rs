//! Services (scs-0123): what the catalog has, and whether object storage speaks S3. The key manager (scs-0116) and
//! backups of volumes (scs-0117) are services that are also tried out.

use std::collections::BTreeSet;

use super::{Check, Finding};
use crate::verdict::Reading;

/// The types of the services in a catalog.
pub type Catalog = BTreeSet<String>;

/// Types under which block storage may stand in the catalog.
pub const BLOCK_STORAGE: [&str; 3] = ["volume", "volumev3", "block-storage"];

/// What a test case about the catalog says of it; none when it is about something else.
pub fn check(test_case: &str, catalog: &Catalog) -> Option<Check> {
    match test_case {
        "scs-0116-presence" => return Some(present(&["key-manager"], catalog)),
        "scs-0123-storage-apis" => return Some(present(&BLOCK_STORAGE, catalog)),
        "scs-0123-service-s3" => return Some(present(&["object-store-s3"], catalog)),
        _ => {}
    }
    let name = test_case.strip_prefix("scs-0123-service-")?;
    ["compute", "identity", "image", "network", "load-balancer", "placement"]
        .contains(&name)
        .then(|| present(&[name], catalog))
}

fn present(types: &[&str], catalog: &Catalog) -> Check {
    if types.iter().any(|service| catalog.contains(*service)) {
        return Check::of([]);
    }
    let wanted = types.join(" or ");
    let reason = format!("it has no service of type {wanted}");
    let remedy = format!("run the service, or register it: openstack service create {}", types.first().unwrap_or(&""));
    Check::of([Finding::fault("catalog", reason, remedy)])
}

/// What object storage answered to a list of buckets with a key that nobody has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum S3Answer {
    /// The catalog has no object storage.
    NotThere,
    /// An error of S3, by its code.
    Error(String),
    /// Something that is not S3.
    Foreign(String),
    /// A list: nobody should get one.
    Listed,
    /// No answer.
    Unreachable(String),
}

/// `scs-0123-swift-s3`: where there is object storage, it speaks S3.
pub fn check_s3(endpoint: &str, answer: &S3Answer, reading: Reading) -> Check {
    let object = format!("object storage {}", crate::tree::shortened(endpoint));
    let remedy = "switch on S3 in Swift (s3api) or Ceph's gateway, at the host of the object-store endpoint";
    match answer {
        S3Answer::NotThere => Check::of([]),
        S3Answer::Error(code) if code == "InvalidAccessKeyId" || code == "NoSuchKey" => Check::of([]),
        S3Answer::Error(code) => {
            let reason = format!("an unknown key is answered with {}", crate::tree::shortened(code));
            Check::of([Finding::fault(object, reason, remedy)])
        }
        S3Answer::Foreign(what) => {
            let reason = format!("it does not answer as S3: {}", crate::tree::shortened(what));
            Check::of([Finding::fault(object, reason, remedy)])
        }
        S3Answer::Listed => {
            let reason = "it lists buckets to a key that nobody has";
            Check::aborted(object, reason, "find out who answers there, and close it")
        }
        // The published suite takes silence for a wrong answer.
        S3Answer::Unreachable(why) if reading.is_published() => {
            Check::of([Finding::fault(object, format!("no answer: {why}"), remedy)])
        }
        S3Answer::Unreachable(why) => Check::aborted(object, format!("no answer: {why}"), "see that it is reachable"),
    }
}

/// How an attempt at using a service ended that it did not survive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stumble {
    /// What was being done, such as `creating a secret`.
    pub doing: String,
    /// Why it ended.
    pub reason: String,
    /// What that says of the cloud.
    pub kind: StumbleKind,
}

/// What it says of a cloud that something did not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StumbleKind {
    /// The cloud said no, or what should be there is not: it does not do what is demanded.
    Refused,
    /// It could not be asked, or something outside of the demand was in the way, such as a quota.
    Obstacle,
}

/// `scs-0116-permissions`: a member kept a secret, or stumbled. Without a key manager there is nothing to demand.
pub fn check_key_manager(catalog: &Catalog, stumble: Option<&Stumble>) -> Check {
    match stumble {
        Some(stumble) if catalog.contains("key-manager") => {
            let remedy = "give the role member the rights of Barbican's role creator";
            Check::of([stumbled("key manager", stumble, remedy)])
        }
        _ => Check::of([]),
    }
}

/// `scs-0117-test-backup`: a volume was backed up and restored, or something stumbled. For the published suite every
/// obstacle is a failure.
pub fn check_backup(stumble: Option<&Stumble>, reading: Reading) -> Check {
    Check::of(stumble.map(|stumble| {
        let kind = if reading.is_published() { StumbleKind::Refused } else { stumble.kind };
        let remedy = "see that cinder-backup runs, and has a place to put backups";
        stumbled("volume backup", &Stumble { kind, ..stumble.clone() }, remedy)
    }))
}

fn stumbled(object: &str, stumble: &Stumble, remedy: &str) -> Finding {
    let reason = format!("{}: {}", stumble.doing, stumble.reason);
    match stumble.kind {
        StumbleKind::Refused => Finding::fault(object, reason, remedy),
        StumbleKind::Obstacle => Finding::unknown(object, reason, remedy),
    }
}
