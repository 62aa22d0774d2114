//! Removing what checks made: in the order in which it can be removed, until it is gone, and once more without harm.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use stoa_openstack::{Call, Cloud, Error, Service, segment};

use super::journal::{Journal, JournalError, Kind, Thing};
use super::waiting::Patience;
use stoa_standards::rule::Finding;

/// How long something may take to be gone.
const GONE_LIMIT: Duration = Duration::from_mins(3);
/// How long all that was asked for without an answer may take to show itself: a cloud goes on with a request also after
/// whoever sent it has hung up.
const APPEAR_LIMIT: Duration = Duration::from_secs(10);

/// What came of cleaning up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cleaned {
    /// What was removed.
    pub removed: Vec<String>,
    /// What was not there any more.
    pub absent: Vec<String>,
    /// What is still there, and why.
    pub left: Vec<(String, String)>,
    /// Lines of the journal that could not be read: at most the last one, unless somebody wrote in it.
    pub damaged: usize,
}

/// Why nothing was cleaned up.
#[derive(Debug, thiserror::Error)]
pub enum CleanupError {
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The cloud cannot be asked.
    #[error("the cloud cannot be asked: {0}")]
    Cloud(#[from] Error),
}

/// Removes from a cloud what a journal notes, and the journal when nothing is left. Without a journal there is nothing to
/// do; done again it does no harm.
pub async fn cleanup(cloud: &Cloud, journal: &Path) -> Result<Cleaned, CleanupError> {
    if !journal.exists() {
        return Ok(Cleaned::default());
    }
    let session = cloud.session().await?;
    let config = cloud.config();
    let project = session.project_id.as_deref().unwrap_or_default();
    let journal = Journal::open(journal, &config.name, &config.auth_url, project)?;
    let things = journal.things(None);
    let mut cleaned = remove(cloud, &journal, things).await?;
    cleaned.damaged = journal.damaged();
    journal.close()?;
    Ok(cleaned)
}

/// Removes things, and notes what is gone.
pub(super) async fn remove(cloud: &Cloud, journal: &Journal, things: Vec<Thing>) -> Result<Cleaned, JournalError> {
    let mut cleaned = Cleaned::default();
    let mut appearing = Patience::of(APPEAR_LIMIT);
    for kind in Kind::ALL {
        let mut going = Vec::new();
        for thing in things.iter().filter(|thing| thing.kind == kind) {
            match start(cloud, thing, &mut appearing).await {
                Ok(Some(id)) => going.push((thing, id)),
                Ok(None) => {
                    journal.gone(thing)?;
                    cleaned.absent.push(thing.to_string());
                }
                Err(reason) => cleaned.left.push((thing.to_string(), reason)),
            }
        }
        for (thing, id) in going {
            match wait_until_gone(cloud, thing, &id).await {
                Ok(()) => {
                    journal.gone(thing)?;
                    cleaned.removed.push(thing.to_string());
                }
                Err(reason) => cleaned.left.push((thing.to_string(), reason)),
            }
        }
    }
    Ok(cleaned)
}

/// Finds something and asks for its removal, as often as it is in use; none when it is not there.
async fn start(cloud: &Cloud, thing: &Thing, appearing: &mut Patience) -> Result<Option<String>, String> {
    let id = match &thing.id {
        Some(id) => id.clone(),
        // It was about to be made, and nobody knows what came of it.
        None => loop {
            if let Some(id) = find(cloud, thing).await.map_err(|error| error.to_string())? {
                break id;
            }
            if !appearing.wait(cloud).await {
                return Ok(None);
            }
        },
    };
    let mut patience = Patience::of(GONE_LIMIT);
    loop {
        match cloud.send(Call::delete(service(thing.kind), path(thing.kind, &id))).await {
            Ok(_) => return Ok(Some(id)),
            Err(error) if error.is_not_found() && thing.kind == Kind::Backup => {
                return is_backup_going(cloud, &id)
                    .await
                    .map_err(|()| error.to_string())
                    .map(|is_going| is_going.then_some(id));
            }
            Err(error) if error.is_not_found() => return Ok(None),
            // 409: in use. 400: Cinder's word for a volume or a backup that is busy.
            Err(error) if matches!(error.status(), Some(400 | 409)) => {
                if !patience.wait(cloud).await {
                    return Err(error.to_string());
                }
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// Cinder answers 404 also when the service that would remove a backup is not there: then the backup is, which is an
/// error here. One that is being removed is waited for.
async fn is_backup_going(cloud: &Cloud, id: &str) -> Result<bool, ()> {
    let answer = cloud.send(Call::get(Service::BlockStorage, path(Kind::Backup, id))).await;
    match answer.and_then(|answer| answer.text("/backup/status")) {
        Ok(status) if status == "deleting" => Ok(true),
        Err(error) if error.is_not_found() => Ok(false),
        _ => Err(()),
    }
}

/// Deletes something once; that it is not there is as good.
pub(super) async fn delete(cloud: &Cloud, thing: &Thing, id: &str) -> Result<(), Error> {
    match cloud.send(Call::delete(service(thing.kind), path(thing.kind, id))).await {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

/// Servers, volumes and backups go in their own time.
async fn wait_until_gone(cloud: &Cloud, thing: &Thing, id: &str) -> Result<(), String> {
    if !matches!(thing.kind, Kind::Server | Kind::Volume | Kind::Backup) {
        return Ok(());
    }
    let mut patience = Patience::of(GONE_LIMIT);
    loop {
        match cloud.send(Call::get(service(thing.kind), path(thing.kind, id))).await {
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) => return Err(error.to_string()),
            Ok(_) => {}
        }
        if !patience.wait(cloud).await {
            return Err(format!("it was deleted, and is gone {}", patience.over()));
        }
    }
}

/// The id of something by its name.
async fn find(cloud: &Cloud, thing: &Thing) -> Result<Option<String>, Error> {
    let (list, key) = match thing.kind {
        Kind::Server => ("/servers", "servers"),
        Kind::Backup => ("/backups", "backups"),
        Kind::Volume => ("/volumes", "volumes"),
        Kind::Network => ("/networks", "networks"),
        Kind::SecurityGroup => ("/security-groups", "security_groups"),
        Kind::Secret => ("/secrets", "secrets"),
    };
    let items = cloud.list(Call::get(service(thing.kind), list).with("name", &thing.name), key).await?;
    let is_it = |item: &&Value| item.get("name").and_then(Value::as_str) == Some(&thing.name);
    let id = |item: &Value| {
        let id = item.get("id").or_else(|| item.get("secret_ref")).and_then(Value::as_str)?;
        id.rsplit('/').next().map(str::to_owned)
    };
    Ok(items.iter().find(is_it).and_then(id))
}

const fn service(kind: Kind) -> Service {
    match kind {
        Kind::Server => Service::Compute,
        Kind::Backup | Kind::Volume => Service::BlockStorage,
        Kind::Network | Kind::SecurityGroup => Service::Network,
        Kind::Secret => Service::KeyManager,
    }
}

fn path(kind: Kind, id: &str) -> String {
    let folder = match kind {
        Kind::Server => "servers",
        Kind::Backup => "backups",
        Kind::Volume => "volumes",
        Kind::Network => "networks",
        Kind::SecurityGroup => "security-groups",
        Kind::Secret => "secrets",
    };
    format!("/{folder}/{}", segment(id))
}

/// What a check tells about things that it could not remove: its verdict stands, but somebody has to know.
pub(super) fn remarks(cleaned: &Result<Cleaned, JournalError>) -> Vec<Finding> {
    let remedy = "run: stoa check cleanup";
    match cleaned {
        Ok(cleaned) => {
            let left = cleaned.left.iter();
            left.map(|(thing, reason)| Finding::remark(thing, format!("it is still there: {reason}"), remedy)).collect()
        }
        Err(error) => vec![Finding::remark("journal", error.to_string(), remedy)],
    }
}
