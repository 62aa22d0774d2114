//! The client against a small server that answers as clouds do, and as they should not.

#![expect(clippy::unwrap_used, reason = "a test that stumbles is to fail at once")]

mod calls;
mod config;
mod faults;
mod server;
mod tls;
