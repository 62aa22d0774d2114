//! Numbers of people: random, without meaning, with a check digit (Verhoeff) that finds every single wrong digit and every
//! swap of neighbours.

/// Digits of a unique identification number, the check digit included.
pub const UIN_DIGITS: usize = 12;
/// Digits of a virtual number, the check digit included.
pub const VID_DIGITS: usize = 16;

/// The multiplication of the dihedral group of ten elements.
const TIMES: [[u8; 10]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
    [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
    [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
    [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
    [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
    [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
    [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
    [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
    [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
];
/// The permutation, once.
const SHIFT: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];

fn times(a: u8, b: u8) -> u8 {
    TIMES.get(usize::from(a)).and_then(|row| row.get(usize::from(b))).copied().unwrap_or_default()
}

/// The sum over the digits, the last one first; `from` is the place of the last one.
fn sum(digits: impl DoubleEndedIterator<Item = u8>, from: usize) -> u8 {
    digits.rev().enumerate().fold(0, |sum, (place, digit)| {
        let shifted =
            (0..(place + from) % 8).fold(digit, |digit, _| SHIFT.get(usize::from(digit)).copied().unwrap_or_default());
        times(sum, shifted)
    })
}

/// The digit that makes a number whole.
fn check_digit(digits: &[u8]) -> u8 {
    let sum = sum(digits.iter().copied(), 1);
    (0..10).find(|digit| times(sum, *digit) == 0).unwrap_or_default()
}

/// Whether a text is all digits and its last one fits the others.
pub fn holds(number: &str) -> bool {
    let digits = number.bytes().map(|b| b.wrapping_sub(b'0'));
    number.len() >= 2 && number.bytes().all(|b| b.is_ascii_digit()) && sum(digits, 0) == 0
}

/// A number of so many digits out of random bytes, two for each digit; none where these bytes give one that people would
/// mistake for made up: a row of three, up, down or the same.
pub fn number(random: &[u8], length: usize) -> Option<String> {
    let mut digits: Vec<u8> = Vec::with_capacity(length);
    for pair in random.chunks_exact(2).take(length - 1) {
        let value = u16::from_be_bytes([*pair.first()?, *pair.last()?]);
        // 65,530 is the largest multiple of ten: what is above would make some digits likelier than others.
        if value >= 65_530 {
            return None;
        }
        digits.push(u8::try_from(value % 10).ok()?);
    }
    // Numbers that begin with 0 or 1 are left to others: test data, machines, telephone prefixes.
    if digits.len() + 1 != length || digits.first().is_none_or(|first| *first < 2) {
        return None;
    }
    digits.push(check_digit(&digits));
    let row = |step: i16| {
        digits.windows(3).any(|three| {
            matches!(three, [a, b, c] if i16::from(*b) - i16::from(*a) == step && i16::from(*c) - i16::from(*b) == step)
        })
    };
    if [-1, 0, 1].into_iter().any(row) {
        return None;
    }
    Some(digits.into_iter().map(|digit| char::from(b'0' + digit)).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_known_example_holds() {
        // The example that is printed everywhere: 236 has the check digit 3.
        assert_eq!(check_digit(&[2, 3, 6]), 3);
        assert!(holds("2363") && !holds("2364") && !holds("3263") && !holds("") && !holds("0") && !holds("23a3"));
    }

    proptest! {
        #[test]
        fn every_wrong_digit_and_every_swap_is_found(random in proptest::collection::vec(any::<u8>(), 32),
                                                     place in 0_usize..11, other in 0_u8..10) {
            let Some(number) = number(&random, UIN_DIGITS) else { return Ok(()) };
            prop_assert_eq!(number.len(), UIN_DIGITS);
            prop_assert!(holds(&number));
            let mut wrong = number.clone().into_bytes();
            if wrong[place] != b'0' + other {
                wrong[place] = b'0' + other;
                prop_assert!(!holds(&String::from_utf8(wrong).unwrap()));
            }
            let mut swapped = number.into_bytes();
            if swapped[place] != swapped[place + 1] {
                swapped.swap(place, place + 1);
                prop_assert!(!holds(&String::from_utf8(swapped).unwrap()));
            }
        }
    }

    #[test]
    fn most_random_bytes_give_a_number() {
        use aws_lc_rs::digest::{SHA256, digest};
        let given = (0_u32..1000).filter(|n| number(digest(&SHA256, &n.to_be_bytes()).as_ref(), VID_DIGITS).is_some());
        assert!(given.count() > 300);
    }
}
