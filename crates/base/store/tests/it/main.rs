//! The store as its users see it, on both engines.

mod units;
