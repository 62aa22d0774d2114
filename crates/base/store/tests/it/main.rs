//! The store as its users see it, on both engines.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::items_after_statements,
    clippy::panic,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test that stumbles is to fail at once, and says on standard error what it passes over"
)]

mod backup;
mod blobs;
mod closures;
mod engines;
mod faults;
mod housekeeping;
mod jobs;
mod marks;
mod migrations;
mod once;
mod outbox;
mod reads;
mod sealing;
mod search;
mod severed;
mod units;
