//! The block's addresses: those of OAuth 2.0 and OpenID Connect in `oauth`, the official ones beside them in `govstack`, the
//! richer native ones in `native`.

mod envelope;
mod govstack;
mod native;
mod oauth;
mod wallet;

use stoa_web::{Allowed, OpenApiRouter};

use crate::service::{By, Identity};

/// The addresses at which clients and tokens of this provider come, which the block knows itself.
pub(crate) const OWN_GATE: &[&str] =
    &["/oauth/token", "/oauth/par", "/oauth/introspect", "/oauth/revoke", "/oidc/userinfo"];

/// All addresses of the block, as they stand below its prefix.
pub(crate) fn router(identity: Identity) -> OpenApiRouter {
    OpenApiRouter::new()
        .merge(oauth::router())
        .merge(native::router())
        .merge(govstack::router())
        .merge(wallet::router())
        .with_state(identity)
}

impl<P> From<Allowed<P>> for By {
    fn from(allowed: Allowed<P>) -> Self {
        Self::new(allowed.actor, allowed.info)
    }
}
