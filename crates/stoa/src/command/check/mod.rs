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

/// A cloud of clouds.yaml, for other commands.
pub(super) fn cloud_of(name: &str) -> Result<stoa_openstack::Cloud, Failure> {
    reach::cloud(name)
}

/// That a cloud did not do what it was asked, with what to do about it.
pub(super) fn not_done(cloud: &str, error: &stoa_openstack::Error) -> Failure {
    Failure::new(Exit::Failed, format!("{cloud}: {error}")).advice(reach::sentence(&error.remedy()))
}
