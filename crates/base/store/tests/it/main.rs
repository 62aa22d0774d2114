//! The store as its users see it, on both engines.

mod blobs;
mod engines;
mod jobs;
mod once;
mod outbox;
mod sealing;
mod search;
mod units;
