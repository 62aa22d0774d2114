//! `stoa audit`: is the evidence whole, what does it say, and what vouches for it elsewhere.

use std::collections::{BTreeSet, VecDeque};

use stoa_audit::{Checkpoint, Filter, Found, Verdict, VerifyingKey, latest_checkpoint, search, verify};
use stoa_core::{Instant, Tenant};
use stoa_store::Tx;

use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::failures::Explain;
use crate::instance::{Instance, Room};
use crate::work::{AuditSearch, AuditVerify};

/// Verifies every database, or one. Only reads: what waits for the sealer is counted, not sealed.
pub(super) async fn verify_all(instance: &Instance, wanted: &AuditVerify, console: &Console) -> Result<Exit, Failure> {
    let trusted = trusted(instance, &wanted.keys)?;
    let rooms = instance.chosen(wanted.block.as_deref())?;
    let kept = wanted.against.as_deref().map(|text| Kept::read(text, &rooms)).transpose()?;
    let (mut exit, mut failed) = (Exit::Done, None);
    for room in rooms {
        let against = kept.as_ref().map(|kept| kept.of(room.name));
        match verify::verify(&room.store, &trusted, against.as_deref().unwrap_or_default()).await {
            Ok(verdict) => {
                let mut lines = Vec::new();
                if tell(room.name, &verdict, kept.as_ref(), instance.clock.now(), &mut lines) == Exit::Problems {
                    exit = Exit::Problems;
                }
                console.out(lines.join("\n")).await?;
            }
            // The others are verified all the same.
            Err(error) => {
                let failure = error.explain(&format!("verifying the evidence of {}", room.name));
                console.out(format!("{}: NOT VERIFIED: {}", room.name, failure.message)).await?;
                failed.get_or_insert(failure);
            }
        }
    }
    if let (Some(kept), None) = (&kept, &wanted.block) {
        for name in kept.strangers(instance) {
            exit = Exit::Problems;
            console
                .out(format!("{name}: NOT HERE: a checkpoint of it was kept, and there is no such database"))
                .await?;
        }
    }
    if exit == Exit::Problems {
        console
            .note("next: keep the data folder as it is, and compare with a backup; docs/concepts/evidence.md says what this proves")
            .await?;
        return Ok(exit);
    }
    failed.map_or(Ok(exit), Err)
}

/// The verdict on one database in words.
fn tell(name: &str, verdict: &Verdict, kept: Option<&Kept>, now: Instant, lines: &mut Vec<String>) -> Exit {
    let mut exit = Exit::Done;
    if let Some(finding) = &verdict.finding {
        lines.push(format!("{name}: NOT WHOLE: {finding}"));
        lines.push(format!("{name}: {} records before it are whole", verdict.verified));
        exit = Exit::Problems;
    } else {
        let (records, batches) = (verdict.verified, verdict.batches);
        let mut line = format!("{name}: whole, {records} records in {batches} sealed batches");
        match kept.map(|kept| kept.compared(name, verdict)) {
            None | Some(Compared::NothingToCompare) => {}
            Some(Compared::With(1)) => line.push_str(", and it agrees with the checkpoint kept elsewhere"),
            Some(Compared::With(count)) => {
                line.push_str(&format!(", and it agrees with the {count} checkpoints kept elsewhere"));
            }
            Some(Compared::TooEarly) => {
                line.push_str(", not compared: nothing was sealed yet when the checkpoints were kept");
            }
            Some(Compared::Missing) => {
                line.push_str(", NOT COMPARED: no checkpoint of it was kept");
                exit = Exit::Problems;
            }
        }
        lines.push(line);
    }
    if let Some(since) = verdict.unsealed_since {
        let count = plural(verdict.unsealed, "record");
        if verdict.is_behind(now) {
            exit = Exit::Problems;
            lines.push(format!(
                "{name}: NOT SEALED: {count}, the oldest of {since}: the sealer stands still, the server was killed, or \
                 the end of the chain was removed"
            ));
        } else {
            lines
                .push(format!("{name}: not sealed yet: {count} since {since}; nothing vouches for what is not sealed"));
        }
    }
    exit
}

fn plural(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Checkpoints that were kept elsewhere.
struct Kept(Vec<Checkpoint>);

/// What a database was compared with.
enum Compared {
    /// So many checkpoints.
    With(usize),
    /// None, and nothing was ever sealed in it.
    NothingToCompare,
    /// None: its first batch is younger than all that was kept.
    TooEarly,
    /// None, although it was there when they were kept.
    Missing,
}

impl Kept {
    /// Reads a file of checkpoints. One that holds none for any of these databases is refused: it is what a command
    /// leaves that failed, and nothing can be compared with it.
    fn read(text: &str, rooms: &[&Room]) -> Result<Self, Failure> {
        let advice = "Give a file that `stoa audit checkpoint` printed.";
        let kept = text
            .replace("\r\n", "\n")
            .split("\n\n")
            .filter(|part| !part.trim().is_empty())
            .map(|part| {
                part.trim_start().parse::<Checkpoint>().map_err(|error| {
                    Failure::new(Exit::Usage, format!("the file of checkpoints: {error}")).advice(advice)
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        if !kept.iter().any(|kept| rooms.iter().any(|room| kept.head.block == room.name)) {
            let names: Vec<&str> = rooms.iter().map(|room| room.name).collect();
            let what = format!("the file of checkpoints holds no checkpoint of {}", names.join(" or "));
            return Err(Failure::new(Exit::Usage, what).advice(advice));
        }
        Ok(Self(kept))
    }

    fn of(&self, name: &str) -> Vec<Checkpoint> {
        self.0.iter().filter(|kept| kept.head.block == name).cloned().collect()
    }

    fn compared(&self, name: &str, verdict: &Verdict) -> Compared {
        let newest = self.0.iter().map(|kept| kept.head.at).max();
        match (self.of(name).len(), verdict.sealed_since) {
            (0, None) => Compared::NothingToCompare,
            (0, Some(since)) if Some(since) > newest => Compared::TooEarly,
            (0, Some(_)) => Compared::Missing,
            (count, _) => Compared::With(count),
        }
    }

    /// Databases that checkpoints were kept of and that are not here.
    fn strangers(&self, instance: &Instance) -> BTreeSet<&str> {
        let named = self.0.iter().map(|kept| kept.head.block.as_str());
        named.filter(|name| instance.rooms.iter().all(|room| room.name != *name)).collect()
    }
}

/// The public keys to trust: those given, or else the node's own and those that its configuration names.
fn trusted(instance: &Instance, given: &[String]) -> Result<Vec<VerifyingKey>, Failure> {
    let mut keys = Vec::new();
    for line in given.iter().flat_map(|text| text.lines()).map(str::trim).filter(|line| !line.is_empty()) {
        keys.push(line.parse::<VerifyingKey>().map_err(|error| {
            Failure::new(Exit::Usage, format!("{line:?}: {error}"))
                .advice("Give 64 hexadecimal digits, as `stoa audit key` prints them, or a file that holds them.")
        })?);
    }
    match (keys.is_empty(), given.is_empty()) {
        (false, _) => Ok(keys),
        (true, true) => Ok(instance.trusted.clone()),
        (true, false) => Err(Failure::new(Exit::Usage, "no public key stands in what --key names")),
    }
}

/// Prints the public key of the checkpoints.
pub(super) async fn key(instance: &Instance, console: &Console) -> Result<Exit, Failure> {
    console.out(instance.signing.verifying_key().to_string()).await?;
    Ok(Exit::Done)
}

/// Prints the latest checkpoints, one after the other, parted by an empty line.
pub(super) async fn checkpoint(instance: &Instance, console: &Console) -> Result<Exit, Failure> {
    let mut texts = Vec::new();
    for room in &instance.rooms {
        room.sealer.seal_all().await.map_err(|error| error.explain("sealing the newest evidence"))?;
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
    let filter = Filter {
        actor: wanted.actor.clone(),
        subject: wanted.subject.clone(),
        action: wanted.action.clone(),
        from: time(&wanted.from)?,
        until: time(&wanted.to)?,
        ..Filter::default()
    };
    let rooms = instance.chosen(wanted.block.as_deref())?;
    let mut heads: Vec<Head<'_>> =
        rooms.into_iter().map(|room| Head { room, page: VecDeque::new(), more: Some(filter.clone()) }).collect();
    for left in (1..=wanted.limit).rev() {
        for head in &mut heads {
            head.fill(&tenant, left).await?;
        }
        // Each database has its records in order; the newest of all is the newest of their heads.
        let newest = heads.iter_mut().filter(|head| !head.page.is_empty()).max_by_key(|head| head.at());
        let Some((name, record)) = newest.and_then(|head| Some((head.room.name, head.page.pop_front()?))) else {
            break;
        };
        console.out(line(name, &record.entry)).await?;
    }
    Ok(Exit::Done)
}

/// What was found in one database and is not printed yet.
struct Head<'a> {
    room: &'a Room,
    page: VecDeque<Found>,
    /// How to ask for the next page; none when there is none.
    more: Option<Filter>,
}

impl Head<'_> {
    fn at(&self) -> Option<Instant> {
        self.page.front().map(|record| record.entry.at)
    }

    /// Reads the next page when nothing is left of this one, of no more records than are wanted.
    async fn fill(&mut self, tenant: &Tenant, wanted: u32) -> Result<(), Failure> {
        let Some(mut filter) = self.more.take_if(|_| self.page.is_empty()) else { return Ok(()) };
        let size = wanted.min(stoa_core::limit::PAGE_SIZE_MAX);
        filter.limit = Some(size);
        let (tenant, asked) = (tenant.clone(), filter.clone());
        let found = self
            .room
            .store
            .scan(async move |tx: &mut Tx<'_>| search(tx, &tenant, &asked).await)
            .await
            .map_err(|error| error.explain(&format!("searching the evidence of {}", self.room.name)))?;
        if u32::try_from(found.len()).is_ok_and(|count| count == size) {
            self.more = Some(Filter { before: found.last().map(|record| record.sequence), ..filter });
        }
        self.page = found.into();
        Ok(())
    }
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
