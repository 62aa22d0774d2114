//! The block by its surface.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::items_after_statements,
    clippy::cast_precision_loss,
    reason = "a test that stumbles is to fail at once, and says on standard error what it passes over"
)]

mod export;
mod import;
mod iso_codes;
mod sample;
mod transfer;

mod govstack;
mod links;
mod lists;
mod native;
mod openapi;
mod pages;
mod reads;
mod room;
mod schemas;
mod texts;
mod unique;
mod values;
mod walk;
mod webhooks;
