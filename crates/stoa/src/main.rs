//! `stoa`: the composition root. It knows the blocks, the configuration and the command line; what a block does it
//! leaves to the block.

mod archive;
mod background;
mod blobs;
mod cli;
mod command;
mod config;
mod configured;
mod console;
mod control;
mod databases;
mod exit;
mod failures;
mod folder;
mod instance;
mod reference;
#[cfg(test)]
mod walk;
mod work;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::console::Console;
use crate::exit::{Exit, Failure};

fn main() -> ExitCode {
    let arguments = match Cli::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version come this way too, and are no mistake.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            let _ = error.print();
            return ExitCode::from(exit.code());
        }
    };
    // Names of flavors need no data and no second thread, and scripts ask about them again and again.
    let arguments = match arguments {
        Cli { command: Command::Flavor(asked), .. } => return ended(command::flavor::run(asked)),
        other => other,
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return ended(Err(Failure::io("starting threads", &error))),
    };
    let result = runtime.block_on(async {
        let (console, printer) = Console::of_process();
        let result = command::run(arguments, console).await;
        // The printer ends when the last console is gone; what was said must be out before the process is.
        match printer.await {
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(Exit::Failed),
            Ok(Err(error)) => Err(Failure::io("writing the output", &error)
                .advice("The command may have done its work: look before you repeat it.")),
            _ => result,
        }
    });
    // Whatever still runs was given its time; what is left of a stop's half minute goes to threads that wait for the disk.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    ended(result)
}

fn ended(result: Result<Exit, Failure>) -> ExitCode {
    match result {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(failure) => {
            console::complain(&failure);
            ExitCode::from(failure.exit.code())
        }
    }
}
