//! Live progress on standard error: a line for each test case that is decided, and at a terminal one more below, which says
//! what is being done at the moment.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use stoa_checks::render::{Colour, reason_line};
use stoa_checks::run::{Event, Listener};
use stoa_core::plain;

use crate::console::{is_dumb, may_colour};

/// How often the last line is drawn anew.
const TICK: Duration = Duration::from_millis(250);
/// Letters of the last line where the terminal does not say how wide it is.
const WIDTH: usize = 80;

/// The progress of a run.
pub(super) struct Progress {
    shown: Arc<Mutex<Shown>>,
    ticker: Option<tokio::task::JoinHandle<()>>,
}

struct Shown {
    is_terminal: bool,
    colour: Colour,
    running: BTreeMap<&'static str, (Instant, String)>,
    decided: usize,
    wanted: usize,
    has_last_line: bool,
}

impl Progress {
    /// Begins to show a run that is to decide so many test cases.
    pub(super) fn begin(wanted: usize) -> (Self, Listener) {
        // A terminal without a cursor shows lines, as a file does.
        let is_terminal = std::io::stderr().is_terminal() && !is_dumb();
        let shown = Arc::new(Mutex::new(Shown {
            is_terminal,
            colour: if is_terminal && may_colour() { Colour::Yes } else { Colour::No },
            running: BTreeMap::new(),
            decided: 0,
            wanted,
            has_last_line: false,
        }));
        let told = shown.clone();
        let listener = Listener::new(move |event| told.lock().unwrap_or_else(PoisonError::into_inner).take(event));
        let ticking = shown.clone();
        let ticker = is_terminal.then(|| {
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(TICK).await;
                    ticking.lock().unwrap_or_else(PoisonError::into_inner).draw();
                }
            })
        });
        (Self { shown, ticker }, listener)
    }

    /// Says something beside.
    pub(super) fn say(&self, text: &str) {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).line(&plain(text));
    }

    /// Shows something as being done from now on.
    pub(super) fn work(&self, what: &'static str) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.running.insert(what, (Instant::now(), String::new()));
        shown.draw();
    }

    /// Ends; the last line goes.
    pub(super) fn end(self) {
        if let Some(ticker) = self.ticker {
            ticker.abort();
        }
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Shown {
    fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::Began { group } => {
                self.running.insert(group, (Instant::now(), String::new()));
            }
            Event::Step { group, text } => {
                let text = plain(text);
                if !self.is_terminal {
                    self.line(&format!("{group}: {text}"));
                }
                if let Some((_, step)) = self.running.get_mut(group) {
                    *step = text;
                }
            }
            Event::Found { id, check, .. } => {
                self.decided += 1;
                let line = reason_line(id, check.verdict, &check.reason(), self.colour);
                self.line(&line);
            }
            Event::Ended { group, .. } => {
                self.running.remove(group);
            }
        }
        self.draw();
    }

    /// Writes a whole line above the last one. Nobody has to listen.
    fn line(&mut self, text: &str) {
        self.clear();
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.has_last_line) {
            let _ = write!(std::io::stderr().lock(), "\r\u{1b}[2K");
        }
    }

    fn draw(&mut self) {
        if !self.is_terminal {
            return;
        }
        let mut parts = vec![format!("{}/{}", self.decided, self.wanted)];
        for (group, (begun, step)) in &self.running {
            let step = if step.is_empty() { String::new() } else { format!(": {step}") };
            parts.push(format!("{group}{step} ({} s)", begun.elapsed().as_secs()));
        }
        let line: String = parts.join("  ").chars().take(width() - 1).collect();
        let mut error = std::io::stderr().lock();
        let _ = write!(error, "\r\u{1b}[2K{line}").and_then(|()| error.flush());
        self.has_last_line = true;
    }
}

/// Letters of a line of the terminal.
fn width() -> usize {
    let asked = rustix::termios::tcgetwinsize(std::io::stderr()).ok().map(|size| usize::from(size.ws_col));
    asked.filter(|width| *width > 10).unwrap_or(WIDTH)
}
