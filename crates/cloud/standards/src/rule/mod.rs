//! The standards' demands as pure functions: observed facts in, a [`Check`] out.

mod check;

pub use check::{Check, Finding, Weight};
