//! The block's addresses: the GovStack operations in `data` and `database`, the richer native ones in `native`.

mod data;
mod database;
mod native;
mod quirks;

use stoa_web::{Allowed, Profile};
use utoipa_axum::router::OpenApiRouter;

use crate::service::{By, Registries};

/// What every handler works with.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) registries: Registries,
    pub(crate) profile: Profile,
}

/// All addresses of the block, as they stand below its prefix.
pub(crate) fn router(desk: Desk) -> OpenApiRouter {
    OpenApiRouter::new().merge(data::router()).merge(database::router()).merge(native::router()).with_state(desk)
}

impl<P> From<Allowed<P>> for By {
    fn from(allowed: Allowed<P>) -> Self {
        Self { actor: allowed.actor, info: allowed.info }
    }
}
