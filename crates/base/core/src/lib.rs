//! The ground of the house: ids, time, money, limits, problems and actors.
//!
//! Nothing here does I/O, reads a clock by itself or draws a random number behind the caller's back: time comes from a
//! [`Clock`] and identifiers from [`Ids`], both handed down from the composition root, so that a test decides them.

mod actor;
mod id;
pub mod limit;
mod money;
mod problem;
mod sensitivity;
mod text;
mod time;

pub use actor::{Actor, ActorKind, Permission, PermissionInfo, Permissions, Role, Tenant, TenantError};
pub use id::{Id, IdError, Ids, Kind};
pub use limit::{Page, PageError};
pub use money::{Currency, Money, MoneyError};
pub use problem::{FieldError, Problem, ProblemInfo, Refusal};
pub use sensitivity::Sensitivity;
pub use text::{plain, plain_lines};
pub use time::{Clock, Date, Instant, TimeError};

/// The problems that the ground itself can name; see [`ProblemInfo`].
pub const PROBLEMS: &[ProblemInfo] = &[
    ProblemInfo::new(
        "core.invalid_id",
        "The identifier is not valid",
        include_str!("../../../../docs/reference/problems/core.invalid_id.md"),
    ),
    ProblemInfo::new(
        "core.invalid_time",
        "The time is not valid",
        include_str!("../../../../docs/reference/problems/core.invalid_time.md"),
    ),
    ProblemInfo::new(
        "core.invalid_money",
        "The amount is not valid",
        include_str!("../../../../docs/reference/problems/core.invalid_money.md"),
    ),
    ProblemInfo::new(
        "core.invalid_page",
        "The page is out of bounds",
        include_str!("../../../../docs/reference/problems/core.invalid_page.md"),
    ),
];
