//! The program by its surface: the real binary with its exit codes and words, and the laws of the house.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that stumbles is to fail at once, and says on standard error what it passes over"
)]

mod callers;
mod cli;
mod data;
mod documents;
mod evidence;
mod faults;
mod flavor;
mod house;
mod keys;
mod peers;
mod program;
mod standard;
