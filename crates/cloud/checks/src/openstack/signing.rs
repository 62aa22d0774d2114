//! Signatures of S3 (AWS Signature Version 4), for a request without a body.

use aws_lc_rs::{digest, hmac};
use stoa_core::Instant;

/// SHA-256 of nothing: what is signed for an empty body.
const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const SERVICE: &str = "s3";

/// The headers that sign `GET /` at a host.
pub(super) fn sign_root(
    host: &str,
    region: &str,
    access_key: &str,
    secret_key: &str,
    now: Instant,
) -> Vec<(&'static str, String)> {
    let time = compact(now);
    let day = time.get(..8).unwrap_or_default();
    let signed = "host;x-amz-content-sha256;x-amz-date";
    let canonical = format!(
        "GET\n/\n\nhost:{host}\nx-amz-content-sha256:{EMPTY_SHA256}\nx-amz-date:{time}\n\n{signed}\n{EMPTY_SHA256}"
    );
    let scope = format!("{day}/{region}/{SERVICE}/aws4_request");
    let digest = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{digest}");
    let mut key = format!("AWS4{secret_key}").into_bytes();
    for part in [day, region, SERVICE, "aws4_request", &to_sign] {
        key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes()).as_ref().to_vec();
    }
    let signature = hex(&key);
    let authorization =
        format!("AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={signed}, Signature={signature}");
    vec![("x-amz-content-sha256", EMPTY_SHA256.to_owned()), ("x-amz-date", time), ("authorization", authorization)]
}

/// `20261124T093000Z`.
fn compact(now: Instant) -> String {
    let text = now.to_string();
    let seconds = text.get(..19).unwrap_or_default();
    let digits: String = seconds.chars().filter(|letter| letter.is_ascii_digit() || *letter == 'T').collect();
    format!("{digits}Z")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected signature was computed with botocore (`S3SigV4Auth`) for the keys and the date of the specification's examples.
    #[test]
    fn a_signature_is_that_of_the_specification() {
        let now = "2013-05-24T00:00:00Z".parse().unwrap();
        let headers = sign_root(
            "examplebucket.s3.amazonaws.com",
            "us-east-1",
            "AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            now,
        );
        assert_eq!(headers[1].1, "20130524T000000Z");
        let (_, signature) = headers[2].1.split_once("Signature=").unwrap();
        assert_eq!(signature, "fc17940bd195def017f1e7139d4d9b4005f13a9170c574057f4e3a05d4021e45");
    }
}
