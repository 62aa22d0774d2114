//! The program by its surface: the real binary with its exit codes and words, and the laws of the house.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that stumbles is to fail at once, and says on standard error what it passes over"
)]

mod callers;
mod checks;
mod cli;
mod cloud;
mod data;
mod documents;
mod evidence;
mod faults;
mod flavor;
mod house;
mod images;
mod ingest;
mod keys;
mod peers;
mod problems;
mod program;
mod reports;
#[expect(dead_code, reason = "it is that of the checks, which also hangs up")]
#[path = "../../../cloud/checks/tests/it/server.rs"]
mod server;
mod standard;
