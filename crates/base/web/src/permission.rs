//! Permissions as extractors: a handler that takes [`Allowed<P>`] cannot be reached without `P`.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use stoa_core::{Actor, Permission, PermissionInfo, Problem, Refusal};

use crate::Fault;
use crate::caller::{Asked, Caller, RequestInfo};

/// A permission as a type; made by [`permissions!`](crate::permissions).
pub trait Right: Send + Sync + 'static {
    /// The permission.
    const INFO: PermissionInfo;
}

/// Declares a block's permissions: a type for each, and `PERMISSIONS` with all of them.
///
/// ```
/// stoa_web::permissions! {
///     RecordRead = "registries.record.read", "Read records", [OPERATOR, ANALYST, OFFICIAL, AUDITOR];
///     RecordWrite = "registries.record.write", "Change records", [OFFICIAL];
/// }
/// assert_eq!(PERMISSIONS.len(), 2);
/// ```
#[macro_export]
macro_rules! permissions {
    ($($name:ident = $permission:literal, $title:literal, [$($role:ident),* $(,)?]);* $(;)?) => {
        $(
            #[doc = $title]
            #[derive(Debug, Clone, Copy)]
            pub struct $name;

            impl $crate::Right for $name {
                const INFO: $crate::core::PermissionInfo = $crate::core::PermissionInfo {
                    permission: $crate::core::Permission($permission),
                    title: $title,
                    roles: &[$($crate::core::Role::$role),*],
                };
            }
        )*

        /// All permissions of this block, with the roles that hold them.
        pub const PERMISSIONS: &[$crate::core::PermissionInfo] = &[$(<$name as $crate::Right>::INFO),*];
    };
}

/// The proof that the caller holds `P`, with who it is.
#[derive(Debug, Clone)]
pub struct Allowed<P> {
    /// Who asks.
    pub actor: Actor,
    /// What the request says about itself.
    pub info: RequestInfo,
    right: PhantomData<P>,
}

impl<S: Send + Sync, P: Right> FromRequestParts<S> for Allowed<P> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        let caller = caller_of(parts)?;
        caller.actor.require(P::INFO.permission)?;
        caller.check_forgery(&parts.method)?;
        Ok(Self { actor: caller.actor, info: caller.info, right: PhantomData })
    }
}

impl<P: Right> Allowed<P> {
    /// Whether the same caller also holds another permission.
    pub fn may(&self, permission: Permission) -> bool {
        self.actor.permissions.contains(permission)
    }
}

/// An address that is open to everybody: said aloud where the route is.
#[derive(Debug, Clone)]
pub struct Public {
    /// Who asks; often nobody in particular.
    pub actor: Actor,
    /// What the request says about itself.
    pub info: RequestInfo,
    unforged: Result<(), Problem>,
}

impl Public {
    /// Needed before anything is done with the caller's own session.
    ///
    /// # Errors
    /// The request came with a session's cookie and without its token: another site may have written it.
    pub fn check_forgery(&self) -> Result<(), Problem> {
        self.unforged.clone()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Public {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        let caller = caller_of(parts)?;
        let unforged = caller.check_forgery(&parts.method);
        Ok(Self { actor: caller.actor, info: caller.info, unforged })
    }
}

fn caller_of(parts: &Parts) -> Result<Caller, Problem> {
    parts.extensions.get::<Asked>().map(|asked| (*asked.0).clone()).ok_or_else(|| {
        // Only a router that was put together without the node's layers gets here.
        Problem::new(Refusal::Failed, "web.failed").detail("This address was mounted without its gate.")
    })
}
