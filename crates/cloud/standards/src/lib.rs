//! The Sovereign Cloud Stack standards as data and pure rules: no I/O, no clock.

pub mod document;
pub mod flavor;
pub mod report;
pub mod rule;
pub mod scope;
pub mod signature;
pub mod tree;
pub mod verdict;

pub use tree::{DOCUMENT_BYTES_MAX, Fault, ReadError};
