//! What the GovStack Identity API says about wallets: factors, challenges, and what a wallet signs.

use serde_json::{Value, json};

use super::acr::Acr;
use super::authorize::AuthorizationRequest;

/// Challenges of one sign-in at most.
const CHALLENGES_MAX: usize = 5;
/// The longest challenge, in bytes.
const CHALLENGE_BYTES_MAX: usize = 8192;

/// A factor by which a wallet proves who its owner is (`authFactorType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AuthFactor {
    /// The person's password.
    Pin,
    /// A one-time code: of an authenticator application, or one that was sent.
    Otp,
    /// What a bound wallet signed, after it made sure of its owner.
    Wallet,
    /// A feature of the body. Named by the published file; nothing here compares any.
    Biometric,
}

impl AuthFactor {
    /// Its name in challenges.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Pin => "PIN",
            Self::Otp => "OTP",
            Self::Wallet => "WLA",
            Self::Biometric => "BIO",
        }
    }

    /// The factor of this name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Pin, Self::Otp, Self::Wallet, Self::Biometric].into_iter().find(|factor| factor.as_str() == name)
    }
}

/// The formats of challenges (`format`).
pub(crate) const FORMATS: [&str; 4] = ["alpha-numeric", "jwt", "encoded-json", "number"];

/// What a wallet shows for one factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Challenge {
    pub(crate) factor: AuthFactor,
    pub(crate) value: String,
}

/// Reads the challenges of a request; nothing where one of them cannot be read.
pub(crate) fn challenges(value: Option<&Value>) -> Option<Vec<Challenge>> {
    let list = value?.as_array().filter(|list| list.len() <= CHALLENGES_MAX)?;
    let read = |one: &Value| {
        let text = |name: &str| one.get(name).and_then(Value::as_str);
        let factor = AuthFactor::from_name(text("authFactorType")?)?;
        let value = text("challenge").filter(|value| !value.is_empty() && value.len() <= CHALLENGE_BYTES_MAX)?;
        text("format").filter(|format| FORMATS.contains(format))?;
        Some(Challenge { factor, value: value.to_owned() })
    };
    list.iter().map(read).collect()
}

/// What a sign-in asks a wallet for: alternatives, each a list of factors that are wanted together.
pub(crate) fn factors(request: &AuthorizationRequest) -> Vec<Vec<AuthFactor>> {
    let of = |acr: Acr| match acr {
        Acr::StaticCode => vec![AuthFactor::Pin],
        Acr::GeneratedCode => vec![AuthFactor::Otp],
        Acr::LinkedWallet => vec![AuthFactor::Wallet],
        Acr::LinkedWalletStaticCode => vec![AuthFactor::Wallet, AuthFactor::Pin],
        Acr::MultiFactor => vec![AuthFactor::Pin, AuthFactor::Otp],
        // A wallet shows no passkey.
        Acr::PhishingResistant => Vec::new(),
    };
    let asked: Vec<_> = request.acr_values.iter().filter_map(|name| Acr::from_name(name)).map(of).collect();
    let asked: Vec<_> = asked.into_iter().filter(|factors| !factors.is_empty()).collect();
    if asked.is_empty() && request.acr_values.iter().all(|name| Acr::from_name(name).is_none()) {
        return vec![vec![AuthFactor::Pin], vec![AuthFactor::Otp], vec![AuthFactor::Wallet]];
    }
    asked
}

/// The factors as the answer has them.
pub(crate) fn factors_json(factors: &[Vec<AuthFactor>]) -> Value {
    let one = |factor: &AuthFactor| match factor {
        AuthFactor::Wallet => json!({"type": "Wallet"}),
        other => json!({"type": other.as_str()}),
    };
    factors.iter().map(|together| together.iter().map(one).collect::<Vec<_>>()).collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read_whole_or_not_at_all() {
        let pin = json!({"authFactorType": "PIN", "challenge": "a word", "format": "alpha-numeric"});
        let read = |list: Value| challenges(Some(&list)).map(|list| list.len());
        assert_eq!(read(json!([pin])), Some(1));
        assert_eq!(read(json!([])), Some(0));
        for (name, value) in [
            ("authFactorType", json!("EYE")),
            ("challenge", json!("")),
            ("challenge", json!(7)),
            ("challenge", json!("x".repeat(8193))),
            ("format", json!("runes")),
            ("format", Value::Null),
        ] {
            let mut wrong = pin.clone();
            wrong[name] = value.clone();
            assert_eq!(read(json!([pin, wrong])), None, "{name} {value}");
        }
        assert_eq!(read(json!([pin, pin, pin, pin, pin, pin])), None);
        assert_eq!((challenges(None), read(json!("PIN"))), (None, None));
    }
}
