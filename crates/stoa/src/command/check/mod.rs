//! `stoa check`: clouds and clusters against the standards.

mod cloud;
mod data;
mod progress;
mod reach;

use crate::cli::CheckCommand;
use crate::console::Console;
use crate::exit::{Exit, Failure};

/// Runs one command to its end.
pub(super) async fn run(command: CheckCommand, console: &Console) -> Result<Exit, Failure> {
    match command {
        CheckCommand::Cloud(asked) => cloud::run(*asked, console).await,
        CheckCommand::Cleanup(asked) => reach::cleanup(asked, console).await,
        CheckCommand::Data(command) => data::run(command, console).await,
    }
}
