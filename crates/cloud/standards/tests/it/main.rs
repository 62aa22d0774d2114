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

/// A file of the published standards, where they are at hand: `STOA_SCS_DATA`, or the folder beside the project.
fn published_file(name: &str) -> Option<String> {
    let folder = std::env::var_os("STOA_SCS_DATA").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/specs/scs/data"),
        std::path::PathBuf::from,
    );
    std::fs::read_to_string(folder.join(name)).ok()
}
