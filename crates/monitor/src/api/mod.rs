//! The block's addresses: those of the published monitor in `published`, the richer native ones in `native` and `asked`, and what
//! both write in `written` and `csv`.

mod asked;
mod csv;
mod native;
mod published;
mod written;

use stoa_web::Allowed;
use utoipa_axum::router::OpenApiRouter;

use crate::service::{By, Monitor};

/// All addresses of the block, as they stand below its prefix.
pub(crate) fn router(monitor: Monitor) -> OpenApiRouter {
    let most = monitor.settings().body_bytes_max;
    OpenApiRouter::new()
        .merge(published::router(most))
        .merge(native::router(most))
        .merge(asked::router())
        .with_state(monitor)
}

impl<P> From<Allowed<P>> for By {
    fn from(allowed: Allowed<P>) -> Self {
        Self::new(allowed.actor, allowed.info)
    }
}
