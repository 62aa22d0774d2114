//! The block by its surface.

mod import;
mod sample;
