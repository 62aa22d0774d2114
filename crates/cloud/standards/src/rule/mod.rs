//! The standards' demands as pure functions: observed facts in, a [`Check`] out.

mod check;
pub mod image;

pub use check::{Check, Finding, Weight};
