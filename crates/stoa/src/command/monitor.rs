//! `stoa monitor`: the accounts of the compliance monitor.

use std::time::{Duration, Instant as Tick};

use stoa_core::Problem;
use stoa_monitor::model::bootstrap;
use stoa_monitor::service::{By, MigrateError, Migrated};
use stoa_monitor::{Monitor, MonitorError};
use stoa_store::Foreign;

use crate::command::key::refused;
use crate::console::Console;
use crate::exit::{Exit, Failure, chain};
use crate::failures::Explain;
use crate::instance::Instance;

/// How often progress is told.
const PROGRESS_TIME: Duration = Duration::from_secs(2);

/// The monitor over its database, and who works with it.
fn desk(instance: &Instance) -> Result<(Monitor, By), Failure> {
    let room = instance.rooms.iter().find(|room| room.name == stoa_monitor::BLOCK.name);
    let room = room.ok_or_else(|| {
        Failure::new(Exit::Usage, "the block `monitor` does not run here")
            .advice("Set `blocks.monitor.enabled`, or ask the node that runs it.")
    })?;
    Ok((Monitor::over(room.store.clone(), String::new()), By::system(Instance::operator("default")?)))
}

fn failed(error: MonitorError) -> Failure {
    match error {
        MonitorError::Store(error) => error.explain("working with the monitor"),
        MonitorError::Audit(error) => error.explain("working with the monitor"),
        error => refused(&Problem::from(error)),
    }
}

/// Takes a published monitor's history over.
pub(super) async fn migrate(instance: &Instance, from: &str, console: &Console) -> Result<Exit, Failure> {
    let (monitor, by) = desk(instance)?;
    let unreachable = |error: &(dyn std::error::Error + 'static)| {
        Failure::new(Exit::Failed, format!("the other database: {}", chain(error)))
            .advice("See that the address is right, and that this machine may read there.")
    };
    let other = Foreign::open(from).await.map_err(|error| unreachable(&error))?;
    let stopped = |error: MigrateError| match error {
        MigrateError::Own(error) => failed(error),
        MigrateError::Foreign(error) => unreachable(&error),
        error @ MigrateError::Schema(_) => Failure::new(Exit::Usage, error.to_string())
            .advice("Start that monitor once with its newest version: it brings its database up to date."),
    };
    let mut migration = monitor.migrate(&by, other).await.map_err(stopped)?;
    let mut last = Tick::now();
    while migration.step().await.map_err(stopped)? {
        if last.elapsed() >= PROGRESS_TIME {
            last = Tick::now();
            let done = migration.done();
            console.note(format!("{} reports so far", done.reports + done.known)).await?;
        }
    }
    let done = migration.finish().await.map_err(stopped)?;
    let Migrated { accounts, reports, known, left_out, reasons } = done;
    console.out(format!("{accounts} accounts, {reports} reports taken over, {known} were here already")).await?;
    if left_out == 0 {
        return Ok(Exit::Done);
    }
    console.note(format!("{left_out} reports were left out:")).await?;
    for reason in reasons {
        console.note(format!("  {reason}")).await?;
    }
    Ok(Exit::Problems)
}

/// Makes the accounts those of a published monitor's file.
pub(super) async fn import_bootstrap(
    instance: &Instance,
    name: &str,
    text: &str,
    console: &Console,
) -> Result<Exit, Failure> {
    let (monitor, by) = desk(instance)?;
    let accounts = bootstrap::read(text).map_err(|error| {
        let mistakes: Vec<String> = error.to_string().lines().map(|line| format!("  {line}")).collect();
        Failure::new(Exit::Usage, format!("{name} is no file of accounts:\n{}", mistakes.join("\n")))
            .advice("Mend these places; nothing was changed.")
    })?;
    let done = monitor.import(&by, accounts).await.map_err(failed)?;
    let line = format!("{} accounts added, {} written again, {} retired", done.added, done.kept, done.retired);
    console.out(line).await?;
    Ok(Exit::Done)
}
