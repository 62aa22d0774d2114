//! The program by its surface: the real binary with its exit codes and words, and the laws of the house.

#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod documents;
mod house;
