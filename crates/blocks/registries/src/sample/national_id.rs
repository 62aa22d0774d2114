//! National ids: ten digits that tell nothing about the person, and a check digit (ISO/IEC 7064, MOD 11,10).

use std::fmt;
use std::str::FromStr;

use super::draw::scatter;

/// A national id of eleven digits, the last of which checks the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NationalId(u64);

/// A text that is no national id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NationalIdError {
    /// Not eleven digits, or the first of them is 0.
    #[error("a national id has eleven digits and does not begin with 0")]
    Form,
    /// The check digit does not fit: most likely a digit was mistyped or two were swapped.
    #[error("the check digit of the national id does not fit")]
    CheckDigit,
}

/// Bodies run from 1,000,000,000 to 9,999,999,999.
const BODY_FIRST: u64 = 1_000_000_000;
const BODIES: u64 = 9_000_000_000;
/// Coprime to [`BODIES`] (2^9 · 3^2 · 5^9), so that stepping by it visits every body once before any comes again.
const STEP: u64 = 5_560_123_457;

impl NationalId {
    /// The id of the person with this running number: different for each of the first nine thousand million.
    pub(super) fn of(seed: u64, number: u64) -> Self {
        let walk = u128::from(number) * u128::from(STEP) + u128::from(scatter(seed) % BODIES);
        let body = BODY_FIRST + u64::try_from(walk % u128::from(BODIES)).unwrap_or(0);
        Self(body * 10 + check_digit(body))
    }
}

/// The check digit for this number (ISO/IEC 7064, hybrid system MOD 11,10). It finds every single wrong digit and
/// nearly every swap of neighbours.
fn check_digit(body: u64) -> u64 {
    let mut product = 10;
    for place in (0..10).rev() {
        let digit = body / 10_u64.pow(place) % 10;
        let sum = match (product + digit) % 10 {
            0 => 10,
            sum => sum,
        };
        product = sum * 2 % 11;
    }
    (11 - product) % 10
}

impl fmt::Display for NationalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:011}", self.0)
    }
}

impl FromStr for NationalId {
    type Err = NationalIdError;

    fn from_str(text: &str) -> Result<Self, NationalIdError> {
        if text.len() != 11 || !text.bytes().all(|b| b.is_ascii_digit()) || text.starts_with('0') {
            return Err(NationalIdError::Form);
        }
        let number: u64 = text.parse().map_err(|_| NationalIdError::Form)?;
        if check_digit(number / 10) == number % 10 { Ok(Self(number)) } else { Err(NationalIdError::CheckDigit) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_check_digit_is_that_of_the_standard() {
        assert_eq!(check_digit_by_the_book("79462"), 3);
        assert_eq!(check_digit_by_the_book("00200667308"), 5);
        for body in [BODY_FIRST, 1_234_567_890, 9_999_999_999] {
            assert_eq!(check_digit(body), check_digit_by_the_book(&body.to_string()));
        }
    }

    /// The standard's own wording over characters, to hold the arithmetic against.
    fn check_digit_by_the_book(digits: &str) -> u64 {
        let mut p = 10;
        for digit in digits.bytes() {
            let mut s = (p + u64::from(digit - b'0')) % 10;
            if s == 0 {
                s = 10;
            }
            p = s * 2 % 11;
        }
        (0..10).find(|c| (p + c) % 10 == 1).unwrap()
    }

    #[test]
    fn ids_are_unique_over_a_million_and_more() {
        for seed in [0, 42] {
            let ids: HashSet<NationalId> = (0..1_200_000).map(|number| NationalId::of(seed, number)).collect();
            assert_eq!(ids.len(), 1_200_000);
            assert!(ids.iter().take(1000).all(|id| id.to_string().parse() == Ok(*id)));
        }
    }

    #[test]
    fn every_single_mistyped_digit_is_found() {
        let id = NationalId::of(1, 1).to_string();
        for (at, right) in id.char_indices() {
            for wrong in ('0'..='9').filter(|wrong| *wrong != right) {
                let mut typed = id.clone();
                typed.replace_range(at..=at, wrong.encode_utf8(&mut [0; 4]));
                assert!(typed.parse::<NationalId>().is_err(), "{typed}");
            }
        }
    }

    fn gcd(a: u64, b: u64) -> u64 {
        if b == 0 { a } else { gcd(b, a % b) }
    }

    #[test]
    fn the_walk_reaches_every_id() {
        assert_eq!(gcd(STEP, BODIES), 1);
    }
}
