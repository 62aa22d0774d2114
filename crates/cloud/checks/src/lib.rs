//! Conformance checks: they reach a cloud or a cluster, observe it, and let the rules of `stoa-standards` judge.
//!
//! Test cases that share their facts are a [`Group`]; groups know nothing of one another, and run beside one another.

pub mod beyond;
mod context;
mod group;

pub use context::{Context, Progress};
pub use group::{Answers, Group};
