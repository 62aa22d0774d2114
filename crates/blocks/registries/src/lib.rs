//! The Digital Registries building block.

pub mod export;
pub mod import;
pub mod sample;
