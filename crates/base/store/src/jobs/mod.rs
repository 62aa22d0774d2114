//! Jobs: work that is done later and surely. A job is enqueued in the transaction of the change that asks for it, and
//! runs after its commit, on whichever node takes it first.
//!
//! A job runs at least once. A handler that must have its effect exactly once calls [`Job::finish`] in the transaction
//! of the effect: then effect and end of the job are one commit. A job that fails is tried again with growing pauses; in
//! the end it is a dead letter that people see, retry or cancel.

mod desk;
mod housekeeping;
mod queue;
mod runner;

pub use desk::{JobCount, JobEntry, JobFilter, JobState, cancel, counts, list, retry};
pub use housekeeping::{Housekeeping, HousekeepingOptions};
pub use queue::{Job, JobId, NewJob, PAYLOAD_BYTES_MAX, enqueue};
pub use runner::{Again, JobError, JobHandler, JobRunner, RunnerOptions};
