//! What a command says: results on standard output, remarks on standard error. The same lines go over the socket when
//! a running server does the work, so a command does not know who listens.

use std::io::Write;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::exit::{Exit, Failure};

/// Lines that may wait for a slow reader before the command waits with them.
const LINES_MAX: usize = 64;

/// One thing that was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Line {
    /// A result.
    Out(String),
    /// A remark for the person: progress, warnings.
    Note(String),
}

/// The end of a command's voice.
#[derive(Clone, Debug)]
pub(crate) struct Console(mpsc::Sender<Line>);

impl Console {
    /// A console and where its lines arrive.
    pub(crate) fn channel() -> (Console, mpsc::Receiver<Line>) {
        let (sender, receiver) = mpsc::channel(LINES_MAX);
        (Console(sender), receiver)
    }

    /// The process's own standard output and error. The printer ends with the last console, or with the first line that
    /// could not be written, and says why.
    pub(crate) fn of_process() -> (Console, JoinHandle<std::io::Result<()>>) {
        let (console, mut lines) = Console::channel();
        let printer = tokio::spawn(async move {
            while let Some(line) = lines.recv().await {
                print(&line)?;
            }
            Ok(())
        });
        (console, printer)
    }

    /// A result, one or more whole lines without the last line end.
    pub(crate) async fn out(&self, text: impl Into<String>) -> Result<(), Failure> {
        self.say(Line::Out(text.into())).await
    }

    /// A remark.
    pub(crate) async fn note(&self, text: impl Into<String>) -> Result<(), Failure> {
        self.say(Line::Note(text.into())).await
    }

    /// A line as it came over the socket.
    pub(crate) async fn say(&self, line: Line) -> Result<(), Failure> {
        // Nobody reads any more: `stoa registry export people | head`.
        self.0.send(line).await.map_err(|_| Failure::new(Exit::Failed, "nobody reads the output any more"))
    }
}

fn print(line: &Line) -> std::io::Result<()> {
    match line {
        Line::Out(text) => {
            let mut out = std::io::stdout().lock();
            writeln!(out, "{text}")?;
            out.flush()
        }
        Line::Note(text) => writeln!(std::io::stderr().lock(), "{text}"),
    }
}

/// Whether the terminal is one without a cursor and colours, if there is one.
pub(crate) fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|name| name == "dumb")
}

/// Whether a terminal may be shown colours (<https://no-color.org>).
pub(crate) fn may_colour() -> bool {
    !is_dumb() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// The failure that ends the process, on standard error.
pub(crate) fn complain(failure: &Failure) {
    let _ = writeln!(std::io::stderr().lock(), "{failure}");
}
