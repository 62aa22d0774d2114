//! `stoa monitor`: the accounts of the compliance monitor.

use stoa_core::Problem;
use stoa_monitor::model::bootstrap;
use stoa_monitor::service::By;
use stoa_monitor::{Monitor, MonitorError};

use crate::command::key::refused;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::failures::Explain;
use crate::instance::Instance;

/// Makes the accounts those of a published monitor's file.
pub(super) async fn import_bootstrap(
    instance: &Instance,
    name: &str,
    text: &str,
    console: &Console,
) -> Result<Exit, Failure> {
    let room = instance.rooms.iter().find(|room| room.name == stoa_monitor::BLOCK.name);
    let room = room.ok_or_else(|| {
        Failure::new(Exit::Usage, "the block `monitor` does not run here")
            .advice("Set `blocks.monitor.enabled`, or ask the node that runs it.")
    })?;
    let accounts = bootstrap::read(text).map_err(|error| {
        let mistakes: Vec<String> = error.to_string().lines().map(|line| format!("  {line}")).collect();
        Failure::new(Exit::Usage, format!("{name} is no file of accounts:\n{}", mistakes.join("\n")))
            .advice("Mend these places; nothing was changed.")
    })?;
    let monitor = Monitor::over(room.store.clone(), String::new());
    let by = By::system(Instance::operator("default")?);
    let done = monitor.import(&by, accounts).await.map_err(|error| match error {
        MonitorError::Store(error) => error.explain("importing accounts"),
        MonitorError::Audit(error) => error.explain("importing accounts"),
        error => refused(&Problem::from(error)),
    })?;
    let line = format!("{} accounts added, {} written again, {} retired", done.added, done.kept, done.retired);
    console.out(line).await?;
    Ok(Exit::Done)
}
