//! Money: integer minor units with an ISO 4217 currency. No floating point, no silent rounding, no mixed sums.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Problem, Refusal};

/// A currency of ISO 4217: its letters, its number, and how many decimal digits its minor unit has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub struct Currency(&'static Entry);

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Entry {
    code: &'static str,
    number: u16,
    digits: u8,
}

/// An amount in the minor unit of its currency: 1050 of EUR is ten euros and fifty cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Whole minor units; negative for a debit.
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

/// Why an amount or a sum of amounts is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a code of ISO 4217.
    #[error("`{0}` is not an ISO 4217 currency code")]
    UnknownCurrency(String),
    /// Not a decimal number.
    #[error("`{0}` is not an amount: expected digits with a point, such as 10.50")]
    NotANumber(String),
    /// More decimal places than the currency has.
    #[error("{currency} has {digits} decimal places, `{given}` has more")]
    TooPrecise {
        /// The amount as given.
        given: String,
        /// The currency's code.
        currency: &'static str,
        /// Decimal places that the currency has.
        digits: u8,
    },
    /// Larger than can be counted.
    #[error("the amount is too large to be counted")]
    Overflow,
    /// Two currencies in one sum.
    #[error("{0} and {1} cannot be added")]
    Mixed(&'static str, &'static str),
}

impl From<MoneyError> for Problem {
    fn from(error: MoneyError) -> Self {
        Problem::new(Refusal::Invalid, "core.invalid_money").detail(error.to_string())
    }
}

impl Currency {
    /// The currency with these three capital letters.
    pub fn new(code: &str) -> Result<Self, MoneyError> {
        CURRENCIES
            .binary_search_by(|entry| entry.code.cmp(code))
            .ok()
            .and_then(|at| CURRENCIES.get(at))
            .map(Self)
            .ok_or_else(|| MoneyError::UnknownCurrency(code.chars().take(12).collect()))
    }

    /// The three letters.
    pub const fn code(self) -> &'static str {
        self.0.code
    }

    /// The three-digit number.
    pub const fn number(self) -> u16 {
        self.0.number
    }

    /// Decimal digits of the minor unit: 2 for EUR, 0 for JPY, 3 for KWD.
    pub const fn minor_digits(self) -> u8 {
        self.0.digits
    }

    /// All active currencies that have a minor unit, by code.
    pub fn all() -> impl Iterator<Item = Self> {
        CURRENCIES.iter().map(Self)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;
    fn from_str(code: &str) -> Result<Self, MoneyError> {
        Self::new(code)
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;
    fn try_from(code: String) -> Result<Self, MoneyError> {
        Self::new(&code)
    }
}

impl From<Currency> for &'static str {
    fn from(currency: Currency) -> Self {
        currency.code()
    }
}

impl Money {
    /// This many minor units.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Reads a decimal amount such as `10.50`; never rounds.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let not_a_number = || MoneyError::NotANumber(text.chars().take(40).collect());
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(w, f)| (w, Some(f)));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !all_digits(whole) || fraction.is_some_and(|fraction| !all_digits(fraction)) {
            return Err(not_a_number());
        }
        let fraction = fraction.unwrap_or("");
        let places = usize::from(currency.minor_digits());
        if fraction.len() > places {
            return Err(MoneyError::TooPrecise {
                given: text.chars().take(40).collect(),
                currency: currency.code(),
                digits: currency.minor_digits(),
            });
        }
        let mut minor: i64 = 0;
        let padding = std::iter::repeat_n(b'0', places - fraction.len());
        for digit in whole.bytes().chain(fraction.bytes()).chain(padding) {
            let digit = i64::from(digit - b'0');
            let digit = if negative { -digit } else { digit };
            minor = minor.checked_mul(10).and_then(|m| m.checked_add(digit)).ok_or(MoneyError::Overflow)?;
        }
        Ok(Self { minor, currency })
    }

    /// The sum, refused when the currencies differ or it cannot be counted.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// The difference, refused when the currencies differ or it cannot be counted.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_sub(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::Mixed(self.currency.code(), other.currency.code()))
        }
    }
}

impl fmt::Display for Money {
    /// `10.50 EUR`: the form that [`Money::parse`] reads, then the code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = usize::from(self.currency.minor_digits());
        let unit = 10_u64.pow(u32::from(self.currency.minor_digits()));
        let magnitude = self.minor.unsigned_abs();
        if self.minor < 0 {
            f.write_str("-")?;
        }
        write!(f, "{}", magnitude / unit)?;
        if places > 0 {
            write!(f, ".{:0places$}", magnitude % unit)?;
        }
        write!(f, " {}", self.currency)
    }
}

/// `code number digits`, sorted by code; ISO 4217 list one, funds and metals without a minor unit left out.
macro_rules! currencies {
    ($($code:ident $number:literal $digits:literal),* $(,)?) => {
        &[$(Entry { code: stringify!($code), number: $number, digits: $digits }),*]
    };
}

#[rustfmt::skip]
static CURRENCIES: &[Entry] = currencies![
    AED 784 2, AFN 971 2, ALL 8 2, AMD 51 2, AOA 973 2, ARS 32 2, AUD 36 2, AWG 533 2, AZN 944 2, BAM 977 2,
    BBD 52 2, BDT 50 2, BHD 48 3, BIF 108 0, BMD 60 2, BND 96 2, BOB 68 2, BRL 986 2, BSD 44 2,
    BTN 64 2, BWP 72 2, BYN 933 2, BZD 84 2, CAD 124 2, CDF 976 2, CHF 756 2, CLP 152 0, CNY 156 2, COP 170 2,
    CRC 188 2, CUP 192 2, CVE 132 2, CZK 203 2, DJF 262 0, DKK 208 2, DOP 214 2, DZD 12 2, EGP 818 2, ERN 232 2,
    ETB 230 2, EUR 978 2, FJD 242 2, FKP 238 2, GBP 826 2, GEL 981 2, GHS 936 2, GIP 292 2, GMD 270 2, GNF 324 0,
    GTQ 320 2, GYD 328 2, HKD 344 2, HNL 340 2, HTG 332 2, HUF 348 2, IDR 360 2, ILS 376 2, INR 356 2, IQD 368 3,
    IRR 364 2, ISK 352 0, JMD 388 2, JOD 400 3, JPY 392 0, KES 404 2, KGS 417 2, KHR 116 2, KMF 174 0, KPW 408 2,
    KRW 410 0, KWD 414 3, KYD 136 2, KZT 398 2, LAK 418 2, LBP 422 2, LKR 144 2, LRD 430 2, LSL 426 2, LYD 434 3,
    MAD 504 2, MDL 498 2, MGA 969 2, MKD 807 2, MMK 104 2, MNT 496 2, MOP 446 2, MRU 929 2, MUR 480 2, MVR 462 2,
    MWK 454 2, MXN 484 2, MYR 458 2, MZN 943 2, NAD 516 2, NGN 566 2, NIO 558 2, NOK 578 2, NPR 524 2, NZD 554 2,
    OMR 512 3, PAB 590 2, PEN 604 2, PGK 598 2, PHP 608 2, PKR 586 2, PLN 985 2, PYG 600 0, QAR 634 2, RON 946 2,
    RSD 941 2, RUB 643 2, RWF 646 0, SAR 682 2, SBD 90 2, SCR 690 2, SDG 938 2, SEK 752 2, SGD 702 2, SHP 654 2,
    SLE 925 2, SOS 706 2, SRD 968 2, SSP 728 2, STN 930 2, SVC 222 2, SYP 760 2, SZL 748 2, THB 764 2, TJS 972 2,
    TMT 934 2, TND 788 3, TOP 776 2, TRY 949 2, TTD 780 2, TWD 901 2, TZS 834 2, UAH 980 2, UGX 800 0, USD 840 2,
    UYU 858 2, UZS 860 2, VED 926 2, VES 928 2, VND 704 0, VUV 548 0, WST 882 2, XAF 950 0, XCD 951 2, XCG 532 2,
    XOF 952 0, XPF 953 0, YER 886 2, ZAR 710 2, ZMW 967 2, ZWG 924 2,
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn money(text: &str, code: &str) -> Result<Money, MoneyError> {
        Money::parse(text, Currency::new(code)?)
    }

    #[test]
    fn the_table_is_sorted_and_has_no_double() {
        for pair in CURRENCIES.windows(2) {
            assert!(pair[0].code < pair[1].code, "{} before {}", pair[0].code, pair[1].code);
        }
        let mut numbers: Vec<_> = CURRENCIES.iter().map(|entry| entry.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), CURRENCIES.len());
    }

    #[test]
    fn amounts_are_exact() {
        assert_eq!(money("10.5", "EUR").unwrap().minor, 1050);
        assert_eq!(money("-0.01", "EUR").unwrap().to_string(), "-0.01 EUR");
        assert_eq!(money("7", "JPY").unwrap().to_string(), "7 JPY");
        assert_eq!(money("1.234", "KWD").unwrap().minor, 1234);
        assert!(matches!(money("1.5", "JPY"), Err(MoneyError::TooPrecise { .. })));
        assert!(matches!(money("1.005", "EUR"), Err(MoneyError::TooPrecise { .. })));
        assert_eq!(money("92233720368547758.08", "EUR"), Err(MoneyError::Overflow));
        assert_eq!(money("-92233720368547758.08", "EUR").unwrap().minor, i64::MIN);
        for bad in ["", ".5", "5.", "1e3", "+1", "1,5", "--1", " 1"] {
            assert!(matches!(money(bad, "EUR"), Err(MoneyError::NotANumber(_))), "{bad}");
        }
        assert!(matches!(money("1", "XXX"), Err(MoneyError::UnknownCurrency(_))));
    }

    #[test]
    fn currencies_do_not_mix() {
        let sum = money("1", "EUR").unwrap().checked_add(money("1", "USD").unwrap());
        assert_eq!(sum, Err(MoneyError::Mixed("EUR", "USD")));
    }

    proptest! {
        #[test]
        fn printing_and_reading_is_the_identity(minor in any::<i64>(), at in 0..CURRENCIES.len()) {
            let currency = Currency(&CURRENCIES[at]);
            let text = Money::new(minor, currency).to_string();
            let (amount, code) = text.split_once(' ').unwrap();
            prop_assert_eq!(money(amount, code).unwrap().minor, minor);
        }
    }
}
