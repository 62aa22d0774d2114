//! What survives when the process is killed, and whether an answer ever leaves before its data is on disk.
//!
//! Tests with a process of their own, so this is a program of its own: it runs itself as the process that is killed
//! or watched. `STOA_CRASH_KILLS` says how often to kill (20 if it says nothing); `scripts/crash-test.sh` kills more.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that stumbles is to fail at once, and this one is its own harness"
)]

mod child;
mod kills;
mod syncs;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "--child") {
        child::run(&arguments);
        return ExitCode::SUCCESS;
    }
    if arguments.iter().any(|argument| argument == "--list") {
        println!("kills: test\nkills_postgres: test\nfirst_starts: test\nsyncs: test");
        return ExitCode::SUCCESS;
    }
    let wanted = |name: &str| {
        let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
        filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str()))
    };
    let mut failed = false;
    for (name, test) in [
        ("crash::kills", kills::test as fn() -> Outcome),
        ("crash::kills_postgres", kills::test_postgres),
        ("crash::first_starts", kills::test_first_starts),
        ("crash::syncs", syncs::test),
    ] {
        if !wanted(name) {
            continue;
        }
        match std::panic::catch_unwind(test) {
            Ok(Outcome::Passed(what)) => println!("test {name} ... ok\n  {what}"),
            Ok(Outcome::Ignored(why)) => println!("test {name} ... ignored, {why}"),
            Err(_) => {
                println!("test {name} ... FAILED");
                failed = true;
            }
        }
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// How a test ended, when it did not fail.
enum Outcome {
    /// With a line about what was seen.
    Passed(String),
    /// It could not run here.
    Ignored(&'static str),
}
