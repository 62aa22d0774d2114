//! The monitor by its surface.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that stumbles is to fail at once")]

mod accounts;
mod bundles;
mod certificates;
mod desk;
mod evidence;
mod keeping;
mod mails;
mod migrate;
mod model;
mod openapi;
mod pages;
mod recomputed;
mod states;
mod texts;
mod walk;
