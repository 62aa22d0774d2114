//! What a number is: compared exactly, however long it is.

use serde_json::Number;

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

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::*;
    use serde_json::{Value, json};

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
}
