//! One-time codes by time (RFC 6238), as authenticator applications show them: six digits, SHA-1, thirty seconds.
//!
//! SHA-1 is what the applications speak; inside HMAC with a random key nothing is known against it.

use aws_lc_rs::hmac;

/// Bytes of a key (RFC 4226 §4, R6: at least 128 bits, 160 recommended).
pub const KEY_BYTES: usize = 20;
/// How long one code holds, in seconds.
pub const STEP: i64 = 30;
/// How many steps a clock may be off, either way.
const DRIFT: i64 = 1;

/// The code of one step.
fn code(key: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let offset = usize::from(bytes.last().copied().unwrap_or_default() & 0x0f);
    let word: [u8; 4] = bytes.get(offset..offset + 4).and_then(|part| part.try_into().ok()).unwrap_or_default();
    format!("{:06}", (u32::from_be_bytes(word) & 0x7fff_ffff) % 1_000_000)
}

/// The step at which this code holds, if it does near `seconds` and none from `last` on backwards: a code counts once
/// (RFC 6238 §5.2).
pub fn verify(key: &[u8], typed: &str, seconds: i64, last: i64) -> Option<i64> {
    let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    let now = seconds.div_euclid(STEP);
    // All steps are looked at, whichever it is.
    let mut steps = (now - DRIFT..=now + DRIFT).filter(|step| {
        aws_lc_rs::constant_time::verify_slices_are_equal(code(key, *step).as_bytes(), typed.as_bytes()).is_ok()
    });
    steps.rfind(|step| *step > last)
}

/// The key in the letters that people type (RFC 4648 §6, without padding).
pub fn base32(key: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::new();
    for chunk in key.chunks(5) {
        let mut bits = [0_u8; 8];
        if let Some(held) = bits.get_mut(3..3 + chunk.len()) {
            held.copy_from_slice(chunk);
        }
        let word = u64::from_be_bytes(bits);
        let letters = (chunk.len() * 8).div_ceil(5);
        for place in 0..letters {
            let index = usize::try_from((word >> (35 - 5 * place)) & 31).unwrap_or_default();
            text.push(char::from(LETTERS.get(index).copied().unwrap_or_default()));
        }
    }
    text
}

/// What an application reads from a picture or a link (Key Uri Format).
pub fn uri(issuer: &str, account: &str, key: &[u8]) -> String {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
    format!(
        "otpauth://totp/{}:{}?secret={}&issuer={}&algorithm=SHA1&digits=6&period={STEP}",
        encoded(issuer),
        encoded(account),
        base32(key),
        encoded(issuer)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"12345678901234567890";

    /// RFC 6238, Appendix B, the last six of the eight digits.
    #[test]
    fn the_examples_of_the_rfc() {
        for (seconds, digits) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(verify(KEY, digits, seconds, 0), Some(seconds / STEP), "{seconds}");
        }
    }

    #[test]
    fn a_code_counts_once_and_near_its_time_only() {
        assert_eq!(verify(KEY, "287 082", 59 + 30, 0), Some(1));
        assert_eq!(verify(KEY, "287082", 59 + 31, 0), None);
        assert_eq!(verify(KEY, "287082", 0, 0), Some(1));
        assert_eq!(verify(KEY, "287082", 59, 1), None);
        for wrong in ["", "287083", "2870820", "28708"] {
            assert_eq!(verify(KEY, wrong, 59, 0), None, "{wrong}");
        }
    }

    #[test]
    fn keys_are_typed_in_base32() {
        // RFC 4648 §10.
        for (bytes, letters) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(bytes.as_bytes()), letters);
        }
        assert!(uri("Stoa: test", "a b", KEY).starts_with("otpauth://totp/Stoa%3A%20test:a%20b?secret=GEZD"));
    }
}
