//! The Digital Registries building block: registers designed without code, each published version with services and an
//! OpenAPI document of its own, every change and every read of personal data on record.
//!
//! `model` is pure: schemas, content, versions. `store` holds all SQL, `service` one transaction for each use case, `api`
//! the GovStack operations and the native ones.

mod api;
pub mod error;
pub mod export;
pub mod import;
mod jobs;
pub mod model;
mod pages;
pub mod permission;
pub mod sample;
mod seed;
pub mod service;
mod store;

use std::sync::Arc;

use stoa_store::Migration;
use stoa_web::webhook::{self, Webhooks};
use stoa_web::{Block, BlockContext, BlockParts, BoxError};

pub use error::RegistriesError;
pub use service::Registries;

/// The block, as the composition root mounts it.
pub const BLOCK: Block = Block {
    name: "registries",
    title: "Digital Registries",
    migrations: MIGRATIONS,
    permissions: permission::PERMISSIONS,
    problems: error::PROBLEMS,
    catalogues: pages::CATALOGUES,
    navigation: pages::NAVIGATION,
    needs: &[],
    start,
    page_of: pages::page_of,
    seed_govstack: Some(seed::govstack),
};

/// The tables of the block.
pub const MIGRATIONS: &[Migration] = &[
    Migration::both(1, "registries", include_str!("../migrations/001_registries.sql")),
    Migration::each(
        2,
        "values",
        include_str!("../migrations/002_values.sqlite.sql"),
        include_str!("../migrations/002_values.postgres.sql"),
    ),
    Migration::both(3, "upload", include_str!("../migrations/003_upload.sql")),
];

#[expect(clippy::unnecessary_wraps, clippy::needless_pass_by_value, reason = "the signature of every block")]
fn start(context: BlockContext) -> Result<BlockParts, BoxError> {
    let registries = Registries::new(&context);
    let uploads = service::Uploads::new(registries.clone(), context.blobs.clone());
    let webhooks = Webhooks::new(context.store.clone(), context.keys.clone(), context.outgoing.clone());
    Ok(BlockParts {
        pages: pages::router(registries.clone(), uploads.clone()),
        jobs: vec![
            webhooks.handler(),
            webhooks.tidy(),
            registries.publisher(),
            Arc::new(jobs::ImportUpload(uploads.clone())),
            Arc::new(jobs::ForgetUploads(uploads)),
        ],
        api: api::router(api::Desk { registries, profile: context.profile }).merge(webhook::api(webhooks.clone())),
        sinks: vec![webhooks.sink()],
        accounts: None,
        tokens: None,
        own_gate: &[],
        figures: None,
    })
}
