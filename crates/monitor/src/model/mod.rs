//! Types and pure rules: accounts, results, what they add up to on a day, what happened day by day.

pub mod account;
pub mod bootstrap;
pub mod bundle;
pub mod history;
pub mod results;
pub mod scopes;
pub mod standing;
