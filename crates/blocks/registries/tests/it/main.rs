//! The block by its surface.

mod export;
mod import;
mod iso_codes;
mod sample;

mod govstack;
mod native;
mod pages;
mod texts;
mod walk;
