//! The block's addresses: those of the published monitor in `published`, the richer native ones in `native`, and what
//! both write in `written`.

mod native;
mod published;
mod written;

use stoa_web::Allowed;
use utoipa_axum::router::OpenApiRouter;

use crate::service::{By, Monitor};

/// All addresses of the block, as they stand below its prefix.
pub(crate) fn router(monitor: Monitor) -> OpenApiRouter {
    OpenApiRouter::new().merge(published::router()).merge(native::router()).with_state(monitor)
}

impl<P> From<Allowed<P>> for By {
    fn from(allowed: Allowed<P>) -> Self {
        Self { actor: allowed.actor, info: allowed.info }
    }
}
