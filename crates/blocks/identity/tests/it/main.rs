//! The block by its surface.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that stumbles is to fail at once, and says what it saw"
)]

mod clients;
mod code;
mod endpoints;
mod govstack;
mod holder;
mod openapi;
mod people;
mod rp;
mod sign_in;
mod walk;
mod wallet;
