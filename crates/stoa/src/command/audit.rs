//! `stoa audit`: is the evidence whole, what does it say, and what vouches for it elsewhere.

use stoa_audit::{Checkpoint, Filter, latest_checkpoint, search, verify};
use stoa_core::Instant;
use stoa_store::Tx;

use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::failures::Explain;
use crate::instance::Instance;
use crate::work::AuditSearch;

/// Verifies every database, or one.
pub(super) async fn verify_all(
    instance: &Instance,
    block: Option<&str>,
    against: Option<&str>,
    console: &Console,
) -> Result<Exit, Failure> {
    let kept = against.map(checkpoints).transpose()?.unwrap_or_default();
    let trusted = [instance.signing.verifying_key()];
    let mut exit = Exit::Done;
    for room in instance.chosen(block)? {
        // Records of this very second are sealed first, so that the verdict is about all of them.
        room.sealer.pass().await.map_err(|error| error.explain("sealing the newest evidence"))?;
        let against: Vec<Checkpoint> = kept.iter().filter(|kept| kept.head.block == room.name).cloned().collect();
        let verdict = verify::verify(&room.store, &trusted, &against)
            .await
            .map_err(|error| error.explain(&format!("verifying the evidence of {}", room.name)))?;
        let compared = if against.is_empty() { "" } else { ", and it agrees with the checkpoint kept elsewhere" };
        match &verdict.finding {
            None => {
                let line = format!(
                    "{}: whole, {} records in {} sealed batches{compared}",
                    room.name, verdict.verified, verdict.batches
                );
                console.out(line).await?;
            }
            Some(finding) => {
                exit = Exit::Problems;
                console.out(format!("{}: NOT WHOLE: {finding}", room.name)).await?;
                console.out(format!("{}: {} records before it are whole", room.name, verdict.verified)).await?;
            }
        }
    }
    if exit == Exit::Problems {
        console
            .note("next: keep the data folder as it is, and compare with a backup; docs/concepts/evidence.md says what this proves")
            .await?;
    }
    Ok(exit)
}

/// Prints the latest checkpoints, one after the other, parted by an empty line.
pub(super) async fn checkpoint(instance: &Instance, console: &Console) -> Result<Exit, Failure> {
    let mut texts = Vec::new();
    for room in &instance.rooms {
        room.sealer.pass().await.map_err(|error| error.explain("sealing the newest evidence"))?;
        let latest = room
            .store
            .read(async |tx: &mut Tx<'_>| latest_checkpoint(tx).await)
            .await
            .map_err(|error| error.explain(&format!("reading the checkpoints of {}", room.name)))?;
        texts.extend(latest.map(|checkpoint| checkpoint.to_string().trim_end().to_owned()));
    }
    if texts.is_empty() {
        console.note("nothing was sealed yet, so there is no checkpoint").await?;
        return Ok(Exit::Done);
    }
    console.out(texts.join("\n\n")).await?;
    Ok(Exit::Done)
}

/// Prints records as JSON lines, newest first.
pub(super) async fn find(instance: &Instance, wanted: &AuditSearch, console: &Console) -> Result<Exit, Failure> {
    let tenant = Instance::operator(&wanted.tenant)?.tenant;
    let time = |text: &Option<String>| {
        let parse = |text: &String| {
            text.parse::<Instant>().map_err(|_| {
                Failure::new(Exit::Usage, format!("{text:?} is not a time"))
                    .advice("Write it as 2026-11-24T10:00:00Z (RFC 3339).")
            })
        };
        text.as_ref().map(parse).transpose()
    };
    let mut left = wanted.limit;
    let (from, until) = (time(&wanted.from)?, time(&wanted.to)?);
    for room in instance.chosen(wanted.block.as_deref())? {
        let mut before = None;
        while left > 0 {
            let page = left.min(stoa_core::limit::PAGE_SIZE_MAX);
            let filter = Filter {
                actor: wanted.actor.clone(),
                subject: wanted.subject.clone(),
                action: wanted.action.clone(),
                from,
                until,
                before,
                limit: Some(page),
                ..Filter::default()
            };
            let tenant = tenant.clone();
            let found = room
                .store
                .scan(async move |tx: &mut Tx<'_>| search(tx, &tenant, &filter).await)
                .await
                .map_err(|error| error.explain(&format!("searching the evidence of {}", room.name)))?;
            for record in &found {
                console.out(line(room.name, &record.entry)).await?;
            }
            let count = u32::try_from(found.len()).unwrap_or(page);
            left -= count.min(left);
            before = found.last().map(|record| record.sequence);
            if count < page {
                break;
            }
        }
    }
    Ok(Exit::Done)
}

fn line(database: &str, entry: &stoa_audit::Entry) -> String {
    serde_json::json!({
        "database": database,
        "id": entry.id,
        "at": entry.at,
        "actor": entry.actor,
        "onBehalfOf": entry.on_behalf_of,
        "client": entry.client,
        "action": entry.action,
        "object": entry.object,
        "subject": entry.subject,
        "purpose": entry.purpose,
        "outcome": entry.outcome,
        "detail": serde_json::from_str::<serde_json::Value>(&entry.detail).unwrap_or_default(),
        "correlation": entry.correlation,
    })
    .to_string()
}

/// The checkpoints of a file: texts parted by empty lines.
fn checkpoints(text: &str) -> Result<Vec<Checkpoint>, Failure> {
    text.split("\n\n")
        .filter(|part| !part.trim().is_empty())
        .map(|part| {
            part.trim_start().parse::<Checkpoint>().map_err(|error| {
                Failure::new(Exit::Usage, format!("the file of checkpoints: {error}"))
                    .advice("Give a file that `stoa audit checkpoint` printed.")
            })
        })
        .collect()
}
