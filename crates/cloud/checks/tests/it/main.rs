//! The checks by their surface.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "a test that stumbles is to fail at once"
)]

mod kubernetes;
mod kubernetes_volume;
mod offline;
mod openstack;
mod pages;
mod runner;
mod server;
mod sonobuoy;
mod submit;
mod tls;
mod tls_bytes;
