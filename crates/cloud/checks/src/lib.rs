//! Conformance checks: they reach a cloud or a cluster, observe it, and let the rules of `stoa-standards` judge.
//!
//! Test cases that share their facts are a [`Group`]; groups know nothing of one another, and [`run::run`] lets them run
//! beside one another. What came of them is an [`assessment::Assessment`], which [`render`] shows and a report keeps.

pub mod assessment;
pub mod beyond;
mod context;
mod group;
mod http;
pub mod kubernetes;
pub mod offline;
pub mod openstack;
pub mod render;
pub mod run;
pub mod submit;
pub mod tls;

pub use context::{Context, Progress};
pub use group::{Answers, Group};
pub use http::HttpError;
