//! The standards' demands as pure functions: observed facts in, a [`Check`] out, whose findings name the object, what is
//! the matter with it, and what to do.
//!
//! Rules for flavors stand with flavors. How facts are come by, and in what time, is not known here.

mod check;
pub mod domain_manager;
pub mod entropy;
pub mod image;
pub mod kubernetes;
pub mod probe;
pub mod security_group;
pub mod service;
pub mod tls;
pub mod volume_type;
pub mod zone;

pub use check::{Check, Finding, Weight};
