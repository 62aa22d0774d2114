//! What one has after logging in.

use std::collections::BTreeSet;

use serde_json::Value;
use stoa_core::Instant;

use crate::catalog::Catalog;
use crate::secret::Secret;

/// A token with all that the cloud said about it.
#[derive(Debug, Clone)]
pub struct Session {
    pub(crate) token: Secret,
    pub(crate) expires_at: Option<Instant>,
    /// How many logins of this client came before.
    pub(crate) generation: u64,
    /// Names of the roles that the user has here.
    pub roles: BTreeSet<String>,
    /// What the cloud has, and where.
    pub catalog: Catalog,
    /// The project that one is in.
    pub project_id: Option<String>,
    /// Who one is.
    pub user_id: Option<String>,
    /// The domain that one is in, where the scope is one.
    pub domain_id: Option<String>,
}

impl Session {
    /// Reads the body of a new token (Identity API v3, `POST /v3/auth/tokens`).
    pub(crate) fn read(token: Secret, body: &Value, generation: u64) -> Option<Self> {
        let body = body.get("token").filter(|body| body.is_object())?;
        let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let roles = body.get("roles").and_then(Value::as_array).into_iter().flatten();
        Some(Self {
            token,
            expires_at: text("/expires_at").and_then(|at| at.parse().ok()),
            generation,
            roles: roles.filter_map(|role| role.get("name")?.as_str()).map(str::to_owned).collect(),
            catalog: Catalog::read(body.get("catalog")),
            project_id: text("/project/id"),
            user_id: text("/user/id"),
            domain_id: text("/domain/id"),
        })
    }
}
