//! The checks by their surface.

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
