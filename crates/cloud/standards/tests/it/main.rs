//! The standards by their public surface, one module per subject.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "a test that stumbles is to fail at once"
)]

mod document;
mod flavor;
mod image;
mod kubernetes;
mod openstack;
mod report;
mod scope;
mod signature;
mod tls;
mod verdict;

/// A file of the published standards, where they are at hand: `STOA_SCS_DATA` names the folder.
fn published_file(name: &str) -> Option<String> {
    let folder = std::env::var_os("STOA_SCS_DATA")?;
    std::fs::read_to_string(std::path::Path::new(&folder).join(name)).ok()
}
