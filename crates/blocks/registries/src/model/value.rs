//! What a value is: when two of them are the same, how they sort, and the text that stands for one in an index.
//!
//! A number is what it amounts to, not how it is spelt: `1` and `1.0` are one value, and whole numbers are told apart
//! exactly, however long they are.

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Number, Value};

/// A text of more characters stands in an index by its beginning and a digest of the whole.
const INDEX_CHARS: usize = 120;
/// How much of the beginning; with the mark and the digest behind it one character more than a text that is not cut.
const BEGINNING_CHARS: usize = INDEX_CHARS - DIGEST_CHARS;
const DIGEST_CHARS: usize = 32;
/// Between the beginning of a long text and its digest.
const CUT_MARK: char = '\u{2026}';
/// From here on neighbouring whole numbers share a floating-point number: 2^53.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
/// Whole floating-point numbers up to here are compared as whole numbers: 2^64.
const WHOLE_MAX: f64 = 18_446_744_073_709_551_616.0;

/// A number by what it amounts to.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Amount {
    Whole(i128),
    Real(f64),
}

#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and within bounds")]
fn amount(number: &Number) -> Amount {
    if let Some(whole) = number.as_i64() {
        return Amount::Whole(whole.into());
    }
    if let Some(whole) = number.as_u64() {
        return Amount::Whole(whole.into());
    }
    let real = number.as_f64().unwrap_or(0.0);
    if real.fract() == 0.0 && real.abs() < WHOLE_MAX { Amount::Whole(real as i128) } else { Amount::Real(real) }
}

/// The whole number that a JSON number amounts to, if it is one of 64 bits with sign.
pub(crate) fn whole(number: &Number) -> Option<i64> {
    match amount(number) {
        Amount::Whole(whole) => whole.try_into().ok(),
        Amount::Real(_) => None,
    }
}

/// How a number compares with a bound, exactly.
#[expect(clippy::cast_possible_truncation, reason = "checked to be within bounds")]
pub(crate) fn compare(number: &Number, bound: f64) -> std::cmp::Ordering {
    match amount(number) {
        Amount::Whole(whole) if bound.abs() < WHOLE_MAX => {
            let below = bound.floor();
            // Between the whole number below the bound and the bound itself there is only the bound's fraction.
            whole.cmp(&(below as i128)).then(if below < bound {
                std::cmp::Ordering::Less
            } else {
                std::cmp::Ordering::Equal
            })
        }
        Amount::Whole(_) => {
            if bound > 0.0 {
                std::cmp::Ordering::Less
            } else {
                std::cmp::Ordering::Greater
            }
        }
        Amount::Real(real) => real.total_cmp(&bound),
    }
}

/// One text for all spellings of a value: what its digests are made of.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => match amount(number) {
            Amount::Whole(whole) => whole.to_string(),
            Amount::Real(real) => real.to_string(),
        },
        other => other.to_string(),
    }
}

/// Whether two values are the same.
#[cfg(test)]
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => amount(one) == amount(other),
        _ => one == other,
    }
}

/// A text that sorts as the values do and is another one for every other value.
pub(crate) fn sortable(value: &Value) -> String {
    match value {
        Value::Number(number) => sortable_number(number),
        Value::String(text) => sortable_text(text),
        other => sortable_text(&other.to_string()),
    }
}

/// Texts with the same long beginning sort by a digest, which is no order but always the same one.
fn sortable_text(text: &str) -> String {
    if text.chars().nth(INDEX_CHARS).is_none() {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(BEGINNING_CHARS).collect();
    cut.push(CUT_MARK);
    for byte in digest(&SHA256, text.as_bytes()).as_ref().iter().take(DIGEST_CHARS / 2) {
        cut.push_str(&format!("{byte:02x}"));
    }
    cut
}

/// The nearest floating-point number, whose bits are made to sort; where several whole numbers share it, how far this
/// one is from it.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "what is lost is written behind")]
fn sortable_number(number: &Number) -> String {
    let (head, rest) = match amount(number) {
        Amount::Whole(whole) => {
            let head = whole as f64;
            (head, whole - head as i128)
        }
        Amount::Real(real) => (real, 0),
    };
    let bits = head.to_bits();
    // IEEE 754 orders as integers once negative numbers are turned round.
    let ordered = if bits >> 63 == 0 { bits | 1 << 63 } else { !bits };
    if (EXACT_MAX..=WHOLE_MAX).contains(&head.abs()) {
        format!("{ordered:016x}{:04x}", rest + 0x8000)
    } else {
        format!("{ordered:016x}")
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn ordered(one: &Value, other: &Value) -> Ordering {
        sortable(one).cmp(&sortable(other))
    }

    #[test]
    fn spellings_of_one_number_are_one_value() {
        for (one, other) in
            [(json!(1), json!(1.0)), (json!(0), json!(-0.0)), (json!(u64::MAX - 2047), json!(1.844_674_407_370_955e19))]
        {
            assert_eq!(same(&one, &other), ordered(&one, &other) == Ordering::Equal, "{one} {other}");
            assert_eq!(same(&one, &other), plain(&one) == plain(&other), "{one} {other}");
        }
        assert!(same(&json!(7), &json!(7.0)) && !same(&json!(7), &json!("7")));
        assert_eq!(ordered(&json!(i64::MIN), &json!(i64::MIN + 1)), Ordering::Less);
        assert_eq!(ordered(&json!(u64::MAX), &json!(1.844_674_407_370_955_2e19)), Ordering::Less);
    }

    #[test]
    fn a_short_text_never_stands_for_a_long_one() {
        let long = json!("x".repeat(INDEX_CHARS + 1));
        let stands = sortable(&long);
        assert_eq!(stands.chars().count(), INDEX_CHARS + 1);
        assert_ne!(sortable(&json!(stands)), stands);
        assert_eq!(sortable(&json!("é".repeat(INDEX_CHARS))), "é".repeat(INDEX_CHARS));
    }

    #[test]
    fn bounds_are_compared_exactly() {
        let at = |value: Value, bound: f64| compare(value.as_number().unwrap(), bound);
        assert_eq!(at(json!(9_007_199_254_740_993_i64), 9_007_199_254_740_992.0), Ordering::Greater);
        assert_eq!(at(json!(2), 2.5), Ordering::Less);
        assert_eq!(at(json!(3), 2.5), Ordering::Greater);
        assert_eq!(at(json!(-2), -2.5), Ordering::Greater);
        assert_eq!(at(json!(-3), -2.5), Ordering::Less);
        assert_eq!(at(json!(2.0), 2.0), Ordering::Equal);
        assert_eq!((at(json!(1), f64::MAX), at(json!(1), f64::MIN)), (Ordering::Less, Ordering::Greater));
        assert_eq!(at(json!(0.1), 0.2), Ordering::Less);
    }

    proptest! {
        #[test]
        fn numbers_sort_as_their_index_texts(a in -1e20f64..1e20, b in -1e20f64..1e20) {
            prop_assert_eq!(ordered(&json!(a), &json!(b)), a.partial_cmp(&b).unwrap());
        }

        #[test]
        fn whole_numbers_sort_exactly(a in any::<i64>(), near in -3i64..3) {
            let b = a.saturating_add(near);
            prop_assert_eq!(ordered(&json!(a), &json!(b)), a.cmp(&b));
            prop_assert_eq!(plain(&json!(a)) == plain(&json!(b)), a == b);
        }

        #[test]
        fn whole_and_other_numbers_sort_among_each_other(a in any::<i64>(), b in any::<f64>().prop_filter("finite", |b| b.is_finite())) {
            prop_assert_eq!(ordered(&json!(a), &json!(b)), compare(json!(a).as_number().unwrap(), b));
        }

        #[test]
        fn texts_are_told_apart(a in "a{118,123}[bc]?", b in "a{118,123}[bc]?") {
            prop_assert_eq!(a == b, ordered(&json!(a), &json!(b)) == Ordering::Equal);
        }
    }
}
