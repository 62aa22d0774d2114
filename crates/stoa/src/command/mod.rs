//! The commands. Those that need no data are answered here; the others go to the node: through its socket when one
//! runs on the folder, else by opening the folder.

use clap::CommandFactory;

use crate::cli::{Cli, Command, ConfigCommand, ReferencePage};
use crate::config::{Config, Sources, reference};
use crate::console::Console;
use crate::exit::{Exit, Failure};

/// Runs one command to its end.
pub(crate) async fn run(cli: Cli, console: Console) -> Result<Exit, Failure> {
    let load = || {
        let mut config = Config::load(&Sources::of_process(cli.config.clone()))?;
        if let Some(folder) = &cli.data {
            config.set("data.dir", folder.display().to_string(), "--data");
        }
        Ok::<Config, Failure>(config)
    };
    match cli.command {
        Command::Config(ConfigCommand::Check) => {
            let config = load()?;
            let read = match &config.file {
                Some(file) => format!("{} and the environment are in order", file.display()),
                None => "no stoa.toml here; the environment is in order, defaults hold for the rest".to_owned(),
            };
            console.out(read).await?;
        }
        Command::Config(ConfigCommand::Show) => console.out(load()?.show().trim_end()).await?,
        Command::Config(ConfigCommand::Reference) | Command::Reference { page: ReferencePage::Configuration } => {
            console.out(reference::markdown().trim_end()).await?;
        }
        Command::Reference { page: ReferencePage::Commands } => {
            console.out(crate::reference::commands().trim_end()).await?;
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "stoa", &mut script);
            console.out(String::from_utf8_lossy(&script).trim_end()).await?;
        }
        _ => return Err(Failure::new(Exit::Failed, "not wired")),
    }
    Ok(Exit::Done)
}
