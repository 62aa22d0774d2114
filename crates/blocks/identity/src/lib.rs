//! The Identity building block: who somebody is, proven once, used everywhere.
//!
//! `model` is pure: the rules of OAuth and OpenID Connect, clients, people, factors. `jose` signs and verifies, `store` holds
//! all SQL, `service` one transaction for each use case, `api` the provider's endpoints and the native operations, `pages`
//! what people and officials look at.

mod api;
pub mod error;
mod jobs;
mod jose;
pub mod model;
mod pages;
pub mod permission;
mod seed;
pub mod service;
pub mod settings;
mod store;

use std::sync::Arc;

use stoa_store::Migration;
use stoa_web::webhook::{self, Webhooks};
use stoa_web::{Block, BlockContext, BlockParts, BoxError};

pub use error::IdentityError;
pub use jose::{Algorithm, KeyFault, PublicKeys};
pub use service::Identity;

/// The block, as the composition root mounts it.
pub const BLOCK: Block = Block {
    name: "identity",
    title: "Identity",
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
    Migration::both(1, "identity", include_str!("../migrations/001_identity.sql")),
    Migration::both(2, "wallet", include_str!("../migrations/002_wallet.sql")),
];

fn start(context: BlockContext) -> Result<BlockParts, BoxError> {
    let identity = Identity::new(&context)?;
    let webhooks = Webhooks::new(context.store.clone(), context.keys.clone(), context.outgoing);
    Ok(BlockParts {
        pages: pages::console(identity.clone()),
        jobs: vec![
            webhooks.handler(),
            webhooks.tidy(),
            Arc::new(jobs::TurnKeys(identity.clone())),
            Arc::new(jobs::Tidy(identity.clone())),
            Arc::new(jobs::Remind(identity.clone())),
            Arc::new(jobs::SendMail::new(identity.clone())),
        ],
        api: api::router(identity.clone()).merge(pages::public(identity.clone())).merge(webhook::api(webhooks.clone())),
        sinks: vec![webhooks.sink()],
        accounts: None,
        tokens: Some(Arc::new(identity)),
        own_gate: api::OWN_GATE,
        figures: None,
    })
}
