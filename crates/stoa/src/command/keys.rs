//! `stoa keys`: the master keys that personal data is sealed with.

use std::path::Path;

use serde_json::json;
use stoa_audit::{AuditError, Record};
use stoa_store::keys::MasterKeys;
use stoa_store::seal::{self, SealError};
use stoa_store::{Store, Tx};

use crate::console::Console;
use crate::exit::{Exit, Failure, chain};
use crate::failures::Explain;
use crate::instance::Instance;

impl Explain for SealError {
    fn explain(self, doing: &str) -> Failure {
        match self {
            SealError::Key(error) => error.explain(doing),
            SealError::Store(error) => error.explain(doing),
            other => Failure::new(Exit::Data, format!("{doing}: {}", chain(&other))),
        }
    }
}

fn stores(instance: &Instance) -> Vec<Store> {
    instance.rooms.iter().map(|room| room.store.clone()).collect()
}

/// Evidence in the node's database of what was done with the keys.
async fn witness(
    instance: &Instance,
    action: &'static str,
    key: &str,
    detail: serde_json::Value,
) -> Result<(), Failure> {
    let (by, object) = (Instance::operator("default")?, format!("keys/{key}"));
    let written: Result<_, AuditError> = instance
        .node
        .store()
        .write(async move |tx: &mut Tx<'_>| {
            let record = Record { detail: detail.clone(), ..Record::done(&by, action, object.clone()) };
            stoa_audit::append(tx, &record).await
        })
        .await;
    written.map(drop).map_err(|error| error.explain("writing the evidence of it"))
}

/// Lists the keys with what they wrap.
pub(super) async fn list(instance: &Instance, console: &Console) -> Result<Exit, Failure> {
    let mut used = Vec::new();
    for room in &instance.rooms {
        let usage = seal::usage(&room.store).await.map_err(|error| error.explain("reading the keys in use"))?;
        used.push((room.name, usage));
    }
    let active = instance.keys.active();
    for id in instance.keys.ids() {
        let state = if id == active { "active" } else { "older" };
        let wraps: Vec<String> = used
            .iter()
            .filter_map(|(name, usage)| {
                let usage = usage.iter().find(|usage| usage.key == id.as_str())?;
                Some(format!("{} of {name} since {}", usage.wrapped, usage.first_used_at))
            })
            .collect();
        console.out(format!("{id}  {state}  wraps {}", wraps.join(", "))).await?;
    }
    Ok(Exit::Done)
}

/// Makes a new key the active one and wraps everything with it, or brings an earlier rotation to its end.
pub(super) async fn rotate(instance: &Instance, console: &Console) -> Result<Exit, Failure> {
    let before = instance.keys.active();
    let rotated = seal::rotate_all(&stores(instance), &instance.keys)
        .await
        .map_err(|error| error.explain("changing the master key"))?;
    let wrapped: serde_json::Map<String, serde_json::Value> =
        rotated.wrapped.iter().map(|(name, count)| ((*name).to_owned(), json!(count))).collect();
    let detail = json!({ "before": before.as_str(), "isNew": rotated.is_new, "wrapped": wrapped });
    witness(instance, "keys.rotate", rotated.active.as_str(), detail).await?;
    let what = if rotated.is_new { "is new and active" } else { "was active already" };
    console.out(format!("{} {what}", rotated.active)).await?;
    for (name, count) in &rotated.wrapped {
        console.out(format!("{name}: {count} keys wrapped with it")).await?;
    }
    let next = match (rotated.is_new, instance.keys.are_own()) {
        (true, true) => {
            "next: keep a copy of the key file in a safe place; `stoa keys retire` takes an older key out of use"
        }
        (false, true) => "an earlier rotation was brought to its end; run this again for a new key",
        (_, false) => "`stoa keys retire` takes an older key out of use; then it may be removed from the configuration",
    };
    console.note(next).await?;
    Ok(Exit::Done)
}

/// Takes an older key out of use.
pub(super) async fn retire(instance: &Instance, id: &str, console: &Console) -> Result<Exit, Failure> {
    seal::retire(&stores(instance), &instance.keys, id)
        .await
        .map_err(|error| error.explain("taking the key out of use"))?;
    witness(instance, "keys.retire", id, serde_json::Value::Null).await?;
    console.out(format!("{id} is out of use for good")).await?;
    if !instance.keys.are_own() {
        console.note("next: remove it from the configuration; nothing needs it any more").await?;
    }
    Ok(Exit::Done)
}

/// Prints new keys, or those of a file with a new one.
pub(super) async fn new(after: Option<&Path>, console: &Console) -> Result<Exit, Failure> {
    let doing = "making keys";
    let text = match after {
        None => MasterKeys::generate().map_err(|error| error.explain(doing))?.export(),
        Some(path) => {
            let present = MasterKeys::from_file(path).map_err(|error| error.explain(doing))?;
            present.grown().map_err(|error| error.explain(doing))?
        }
    };
    console.out(text.trim_end()).await?;
    Ok(Exit::Done)
}
