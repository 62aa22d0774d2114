//! The Digital Registries building block.

pub mod import;
pub mod sample;
