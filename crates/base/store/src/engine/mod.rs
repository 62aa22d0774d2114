//! The two engines. Nothing outside of this folder, and of the services that need an engine's own dialect, knows which
//! one is at work.

pub(crate) mod postgres;
pub(crate) mod sqlite;
