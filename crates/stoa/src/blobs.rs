//! Where blobs are kept: below the data folder, or in a bucket of an S3 service, each block's by themselves.

use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use stoa_store::Blobs;

use crate::config::Config;
use crate::exit::{Exit, Failure, chain};
use crate::folder::ProfileKind;

/// The bucket that blobs go to; without one they lie below the data folder. Profile `govstack` always has them there: its
/// folder is wiped at each start, a bucket would not be.
fn bucket(config: &Config, profile: ProfileKind) -> Option<String> {
    config.text("blobs.bucket").filter(|_| profile == ProfileKind::Secure)
}

/// Whether blobs lie outside of the data folder.
pub(crate) fn are_elsewhere(config: &Config, profile: ProfileKind) -> bool {
    bucket(config, profile).is_some()
}

/// The blobs of one block.
pub(crate) fn open(config: &Config, profile: ProfileKind, folder: &Path, block: &str) -> Result<Blobs, Failure> {
    let opened = match bucket(config, profile) {
        Some(bucket) => in_bucket(config, bucket, block)?,
        None => in_folder(&folder.join("blobs").join(block), block)?,
    };
    let bytes_max = config.number("blobs.bytes_max").and_then(|bytes| usize::try_from(bytes).ok());
    Ok(match bytes_max {
        Some(bytes_max) => opened.with_bytes_max(bytes_max),
        None => opened,
    })
}

fn in_folder(path: &Path, block: &str) -> Result<Blobs, Failure> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| Failure::io(format!("making {}", path.display()), &error))?;
    Blobs::folder(path).map_err(|error| failed(block, &error))
}

fn failed(block: &str, error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::new(Exit::Failed, format!("opening the blobs of {block}: {}", chain(error)))
}

#[cfg(feature = "s3")]
fn in_bucket(config: &Config, bucket: String, block: &str) -> Result<Blobs, Failure> {
    let endpoint = config.text("blobs.endpoint");
    let plain = endpoint.as_deref().and_then(|url| url.strip_prefix("http://"));
    if let Some(rest) = plain
        && !is_this_machine(rest)
    {
        return Err(Failure::new(Exit::Usage, "`blobs.endpoint` is plain http on another machine")
            .advice("What is stored there and the key that opens it would cross the network in clear: use https."));
    }
    let mut options = vec![("bucket", bucket), ("allow_http", plain.is_some().to_string())];
    for (option, name) in [
        ("blobs.endpoint", "endpoint"),
        ("blobs.region", "region"),
        ("blobs.access_key_id", "access_key_id"),
        ("blobs.secret_access_key", "secret_access_key"),
    ] {
        options.extend(config.text(option).map(|value| (name, value)));
    }
    Blobs::s3(block, options).map_err(|error| failed(block, &error))
}

#[cfg(feature = "s3")]
fn is_this_machine(host_and_path: &str) -> bool {
    let host = host_and_path.split('/').next().unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host).trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(not(feature = "s3"))]
fn in_bucket(_config: &Config, _bucket: String, _block: &str) -> Result<Blobs, Failure> {
    Err(Failure::new(Exit::Usage, "`blobs.bucket` is set, and this binary was built without S3").advice(
        "Build it with `cargo build --release --features full`, or leave the option out: blobs then lie in the data folder.",
    ))
}

#[cfg(all(test, feature = "s3"))]
mod tests {
    use super::is_this_machine;

    #[test]
    fn only_this_machine_is_reached_in_clear() {
        for here in ["127.0.0.1:9000", "localhost/", "[::1]:9000/path", "127.0.0.2"] {
            assert!(is_this_machine(here), "{here}");
        }
        for elsewhere in ["10.0.0.1:9000", "localhost.example", "127.0.0.1.example", "s3.example:80", ""] {
            assert!(!is_this_machine(elsewhere), "{elsewhere}");
        }
    }
}
