//! The client against a small server that answers as clouds do, and as they should not.

mod calls;
mod config;
mod faults;
mod server;
mod tls;
