//! The public compliance monitor: signed evidence in, the state of every subject out, day by day.
//!
//! `model` is pure: accounts, results, what they add up to. `store` holds all SQL, `service` one transaction for each use
//! case, `api` the published monitor's addresses and the native ones, `pages` what people look at. A subject is whatever
//! a scope is about: a cloud, a cluster, a building block.

mod api;
pub mod error;
mod jobs;
pub mod model;
mod pages;
pub mod permission;
pub mod service;
pub mod settings;
mod store;

use std::sync::Arc;

use stoa_store::Migration;
use stoa_web::webhook::{self, Webhooks};
use stoa_web::{Block, BlockContext, BlockParts, BoxError};

pub use error::MonitorError;
pub use service::Monitor;

/// The monitor, as the composition root mounts it.
pub const BLOCK: Block = Block {
    name: "monitor",
    title: "Compliance monitor",
    migrations: MIGRATIONS,
    permissions: permission::PERMISSIONS,
    problems: error::PROBLEMS,
    catalogues: pages::CATALOGUES,
    navigation: pages::NAVIGATION,
    needs: &[],
    start,
    page_of: pages::page_of,
    seed_govstack: None,
};

/// The tables of the monitor.
pub const MIGRATIONS: &[Migration] = &[
    Migration::both(1, "monitor", include_str!("../migrations/001_monitor.sql")),
    Migration::both(2, "certificate", include_str!("../migrations/002_certificate.sql")),
    Migration::both(3, "retention", include_str!("../migrations/003_retention.sql")),
    Migration::both(4, "told", include_str!("../migrations/004_told.sql")),
];

fn start(context: BlockContext) -> Result<BlockParts, BoxError> {
    let monitor = Monitor::new(&context)?;
    let webhooks = Webhooks::new(context.store.clone(), context.keys.clone(), context.outgoing);
    Ok(BlockParts {
        pages: pages::console(monitor.clone()),
        jobs: vec![
            webhooks.handler(),
            webhooks.tidy(),
            Arc::new(jobs::Tell(monitor.clone())),
            Arc::new(jobs::SendMail(monitor.clone())),
            Arc::new(jobs::Watch(monitor.clone())),
            Arc::new(jobs::Prune(monitor.clone())),
        ],
        api: api::router(monitor.clone()).merge(pages::public(monitor.clone())).merge(webhook::api(webhooks.clone())),
        sinks: vec![webhooks.sink()],
        accounts: Some(Arc::new(monitor.clone())),
        tokens: None,
        own_gate: &[],
        figures: Some(Arc::new(monitor)),
    })
}
