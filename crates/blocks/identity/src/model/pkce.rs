//! Proof Key for Code Exchange (RFC 7636): whoever redeems a code is whoever asked for it.

use aws_lc_rs::{constant_time, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use super::oauth::OauthError;

/// Reads the challenge of a request. Only `S256` is spoken: `plain` proves nothing to whoever can read the request.
pub fn challenge(challenge: Option<&str>, method: Option<&str>) -> Result<Option<String>, OauthError> {
    let Some(challenge) = challenge else {
        return match method {
            Some(_) => Err(OauthError::request("code_challenge: is missing")),
            None => Ok(None),
        };
    };
    // RFC 7636 §4.3: a method that is not named means `plain`.
    if method != Some("S256") {
        return Err(OauthError::request("code_challenge_method: must be S256"));
    }
    let is_digest = challenge.len() == 43 && BASE64.decode(challenge).is_ok();
    if !is_digest {
        return Err(OauthError::request("code_challenge: must be the base64url of a SHA-256 digest"));
    }
    Ok(Some(challenge.to_owned()))
}

/// Whether the verifier is the one that the challenge was made of.
pub fn holds(challenge: &str, verifier: &str) -> bool {
    let is_verifier = (43..=128).contains(&verifier.len())
        && verifier.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'));
    let digest = BASE64.encode(digest::digest(&digest::SHA256, verifier.as_bytes()));
    is_verifier && constant_time::verify_slices_are_equal(digest.as_bytes(), challenge.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7636, Appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_the_rfc_holds_and_nothing_else() {
        assert!(holds(CHALLENGE, VERIFIER));
        assert!(!holds(CHALLENGE, &VERIFIER.to_lowercase()));
        assert!(!holds(CHALLENGE, CHALLENGE) && !holds(VERIFIER, VERIFIER) && !holds(CHALLENGE, ""));
    }

    #[test]
    fn only_s256_is_spoken() {
        assert_eq!(challenge(None, None), Ok(None));
        assert_eq!(challenge(Some(CHALLENGE), Some("S256")), Ok(Some(CHALLENGE.to_owned())));
        for (value, method) in [
            (Some(CHALLENGE), None),
            (Some(CHALLENGE), Some("plain")),
            (None, Some("S256")),
            (Some("short"), Some("S256")),
        ] {
            assert!(challenge(value, method).is_err(), "{value:?} {method:?}");
        }
    }
}
