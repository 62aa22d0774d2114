//! Values on the wire: what is bound takes the type that the statement wants, what is read becomes one of the five
//! types that both engines share.

use std::error::Error;

use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::{Param, Value};

type Boxed = Box<dyn Error + Sync + Send>;

impl ToSql for Param<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Boxed> {
        match *self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(integer) => match *ty {
                Type::INT8 => integer.to_sql(ty, out),
                Type::INT4 => i32::try_from(integer)?.to_sql(ty, out),
                Type::INT2 => i16::try_from(integer)?.to_sql(ty, out),
                Type::BOOL => (integer != 0).to_sql(ty, out),
                #[expect(clippy::cast_precision_loss, reason = "a real column takes the nearest real")]
                Type::FLOAT8 => (integer as f64).to_sql(ty, out),
                Type::NUMERIC => {
                    numeric_from(integer, out);
                    Ok(IsNull::No)
                }
                _ => Err(format!("an integer was bound where {ty} is wanted").into()),
            },
            Self::Real(real) => match *ty {
                Type::FLOAT8 => real.to_sql(ty, out),
                _ => Err(format!("a real was bound where {ty} is wanted").into()),
            },
            Self::Text(text) => match *ty {
                Type::INT8 | Type::INT4 | Type::BYTEA | Type::FLOAT8 | Type::BOOL | Type::NUMERIC => {
                    Err(format!("text was bound where {ty} is wanted").into())
                }
                // PostgreSQL's text holds no NUL; say so instead of sending what the server must refuse.
                _ if text.contains('\0') => Err("text must not hold the character NUL".into()),
                _ => text.to_sql(&Type::TEXT, out),
            },
            Self::Blob(bytes) => match *ty {
                Type::BYTEA => bytes.to_sql(ty, out),
                _ => Err(format!("bytes were bound where {ty} is wanted").into()),
            },
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Boxed> {
        Ok(match *ty {
            Type::INT8 => Self::Integer(i64::from_sql(ty, raw)?),
            Type::INT4 => Self::Integer(i32::from_sql(ty, raw)?.into()),
            Type::INT2 => Self::Integer(i16::from_sql(ty, raw)?.into()),
            Type::BOOL => Self::Integer(bool::from_sql(ty, raw)?.into()),
            Type::FLOAT8 => Self::Real(f64::from_sql(ty, raw)?),
            Type::FLOAT4 => Self::Real(f32::from_sql(ty, raw)?.into()),
            Type::NUMERIC => numeric(raw).ok_or("a NUMERIC that is no number was read")?,
            Type::BYTEA => Self::Blob(raw.to_vec()),
            Type::TEXT | Type::VARCHAR | Type::NAME | Type::BPCHAR | Type::UNKNOWN => {
                Self::Text(String::from_utf8(raw.to_vec())?)
            }
            _ => return Err(format!("columns of type {ty} are not read here").into()),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Boxed> {
        Ok(Self::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// The wire form of a NUMERIC: count of digits, weight of the first, sign, decimals, then digits to base 10,000.
const BASE: i64 = 10_000;
const NEGATIVE: u16 = 0x4000;

/// `sum` of a `BIGINT` column is a NUMERIC to PostgreSQL and an integer to SQLite; `avg` is a NUMERIC with decimals here
/// and a real there. So a NUMERIC without decimals is read as an integer, any other as a real.
fn numeric(raw: &[u8]) -> Option<Value> {
    let word = |at: usize| Some(u16::from_be_bytes([*raw.get(at)?, *raw.get(at + 1)?]));
    let (digits, weight, sign, decimals) = (word(0)?, word(2)?.cast_signed(), word(4)?, word(6)?);
    if sign != 0 && sign != NEGATIVE {
        return None;
    }
    let digits: Option<Vec<u16>> = (0..usize::from(digits)).map(|at| word(8 + 2 * at)).collect();
    let digits = digits?;
    if decimals == 0 {
        let mut whole: i64 = 0;
        for place in 0..=weight.max(-1) {
            let digit = usize::try_from(place).ok().and_then(|place| digits.get(place)).copied().unwrap_or(0);
            let digit = if sign == NEGATIVE { -i64::from(digit) } else { i64::from(digit) };
            whole = whole.checked_mul(BASE)?.checked_add(digit)?;
        }
        return Some(Value::Integer(whole));
    }
    let size = digits
        .iter()
        .zip(0i32..)
        .fold(0.0, |sum, (digit, place)| sum + f64::from(*digit) * 10_000f64.powi(i32::from(weight) - place));
    Some(Value::Real(if sign == NEGATIVE { -size } else { size }))
}

fn numeric_from(integer: i64, out: &mut BytesMut) {
    let mut rest = integer.unsigned_abs();
    let mut digits = Vec::new();
    while rest > 0 {
        digits.push(u16::try_from(rest % BASE.unsigned_abs()).unwrap_or(0));
        rest /= BASE.unsigned_abs();
    }
    let count = u16::try_from(digits.len()).unwrap_or(0);
    let sign = if integer < 0 { NEGATIVE } else { 0 };
    for word in [count, count.saturating_sub(1), sign, 0].into_iter().chain(digits.into_iter().rev()) {
        out.extend_from_slice(&word.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numerics_without_decimals_are_integers_and_go_round() {
        for integer in [0, 1, -1, 9_999, 10_000, -10_000, 123_456_789_012, i64::MAX, i64::MIN] {
            let mut out = BytesMut::new();
            Param::Integer(integer).to_sql(&Type::NUMERIC, &mut out).unwrap();
            assert_eq!(Value::from_sql(&Type::NUMERIC, &out).unwrap(), Value::Integer(integer));
        }
    }

    #[test]
    fn numerics_with_decimals_are_reals_and_infinity_is_refused() {
        // 12345.5: digits 1, 2345, 5000; weight 1; one decimal.
        let raw = [0, 3, 0, 1, 0, 0, 0, 1, 0, 1, 0x09, 0x29, 0x13, 0x88];
        assert_eq!(Value::from_sql(&Type::NUMERIC, &raw).unwrap(), Value::Real(12_345.5));
        assert!(Value::from_sql(&Type::NUMERIC, &[0, 0, 0, 0, 0xd0, 0, 0, 0]).is_err());
        assert!(Value::from_sql(&Type::NUMERIC, &[0, 9, 0]).is_err());
    }
}
