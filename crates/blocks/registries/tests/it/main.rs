//! The block by its surface.

mod export;
mod import;
mod iso_codes;
mod sample;

mod govstack;
mod native;
mod texts;
mod walk;
