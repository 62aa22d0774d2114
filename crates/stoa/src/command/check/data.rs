//! `stoa check data`: what is known of the world.

use std::path::Path;

use stoa_checks::offline::{FileError, OfflineData, RefreshError, Source, refresh};
use stoa_core::Clock;
use stoa_standards::verdict::Reading;

use crate::cli::DataCommand;
use crate::console::Console;
use crate::exit::{Exit, Failure};

pub(super) async fn run(command: DataCommand, console: &Console) -> Result<Exit, Failure> {
    let now = Clock::system().now();
    match command {
        DataCommand::Show { folder } => {
            let data = read(folder.as_deref(), Reading::Standard)?;
            for line in data.lines(now) {
                console.out(line).await?;
            }
            for branch in &data.kubernetes.branches {
                let (major, minor) = branch.branch;
                let end = branch.end_of_life;
                let state = if now < end.start() { "supported until" } else { "ended on" };
                console.out(format!("  {major}.{minor}  {state} {end}")).await?;
            }
        }
        DataCommand::Refresh { folder, mirror } => {
            let source = mirror.map_or_else(Source::default, Source::Mirror);
            console.note("gathering data about Kubernetes; this takes a minute or two").await?;
            let done = refresh(&folder, &source, now).await.map_err(|error| not_refreshed(&error))?;
            console
                .out(format!(
                    "{}: {} branches, {} releases, {} vulnerabilities",
                    done.path.display(),
                    done.branches,
                    done.releases,
                    done.vulnerabilities
                ))
                .await?;
        }
    }
    Ok(Exit::Done)
}

/// The data of a folder, or what came with the program.
pub(super) fn read(folder: Option<&Path>, reading: Reading) -> Result<OfflineData, Failure> {
    let Some(folder) = folder else { return Ok(OfflineData::built_in()) };
    OfflineData::read(folder, reading).map_err(|error| {
        let failure = Failure::new(Exit::Usage, error.to_string());
        match error {
            FileError::Unreadable { .. } => failure.advice("Make the file readable for this user."),
            FileError::Malformed { .. } | FileError::Empty { .. } => {
                failure.advice("Gather the data with: stoa check data refresh DIR")
            }
        }
    })
}

fn not_refreshed(error: &RefreshError) -> Failure {
    let advice =
        "What was there stays. Try again later, or take the file from where it was gathered with --mirror URL.";
    match error {
        RefreshError::Address(_) => Failure::new(Exit::Usage, error.to_string())
            .advice("Give the address of a kubernetes.json that was gathered before."),
        RefreshError::File(FileError::Unreadable { source, path }) => {
            Failure::io(format!("writing {}", path.display()), source)
        }
        _ => Failure::new(Exit::Failed, error.to_string()).advice(advice),
    }
}
