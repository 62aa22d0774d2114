//! How well somebody is signed in: the methods that were used, and the classes (`acr`) that they reach.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// A way in which a person proves who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A password (RFC 8176 `pwd`).
    Password,
    /// A code of an authenticator application (RFC 6238, `otp`).
    OneTimeCode,
    /// A code that was sent (`otp`). Whoever reads a letter box has it: it is no second factor (NIST SP 800-63B §3.1.3.1).
    SentCode,
    /// A passkey with user verification (`hwk`, `user`).
    Passkey,
    /// One of the codes that were printed once.
    RecoveryCode,
    /// A wallet that is bound to the person, after it made sure of its owner (`pop`, `user`).
    Wallet,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Password, Self::OneTimeCode, Self::SentCode, Self::Passkey, Self::RecoveryCode, Self::Wallet];

    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::OneTimeCode => "one_time_code",
            Self::SentCode => "sent_code",
            Self::Passkey => "passkey",
            Self::RecoveryCode => "recovery_code",
            Self::Wallet => "wallet",
        }
    }

    /// The values for the claim `amr` (RFC 8176).
    const fn amr(self) -> &'static [&'static str] {
        match self {
            Self::Password => &["pwd"],
            Self::OneTimeCode | Self::SentCode => &["otp"],
            Self::Passkey => &["hwk", "user"],
            Self::RecoveryCode => &["kba"],
            Self::Wallet => &["pop", "user"],
        }
    }
}

/// The methods of one sign-in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Methods(BTreeSet<Method>);

impl Methods {
    /// These methods.
    pub fn of(methods: impl IntoIterator<Item = Method>) -> Self {
        Self(methods.into_iter().collect())
    }

    /// Reads the words of the database.
    pub fn read(text: &str) -> Self {
        let find = |word: &str| Method::ALL.into_iter().find(|method| method.as_str() == word);
        Self(text.split(' ').filter_map(find).collect())
    }

    /// The words for the database.
    pub fn words(&self) -> String {
        self.0.iter().map(|method| method.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// Whether this method was used.
    pub fn has(&self, method: Method) -> bool {
        self.0.contains(&method)
    }

    /// Adds a method.
    pub fn add(&mut self, method: Method) {
        self.0.insert(method);
    }

    /// Whether none was used.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Something known or held together with something else; a passkey with user verification is both by itself.
    pub fn is_multiple(&self) -> bool {
        self.has(Method::Passkey) || (self.has(Method::Password) && self.shows_possession())
    }

    /// Whether something that only the person holds was shown. Who has set up an application for codes is asked for that,
    /// whichever way they come.
    pub fn shows_possession(&self) -> bool {
        [Method::OneTimeCode, Method::RecoveryCode, Method::Wallet, Method::Passkey]
            .into_iter()
            .any(|one| self.has(one))
    }

    /// The claim `amr`.
    pub fn amr(&self) -> Vec<&'static str> {
        let mut words: Vec<&'static str> = self.0.iter().flat_map(|method| method.amr()).copied().collect();
        if self.is_multiple() {
            words.push("mfa");
        }
        words
    }
}

/// A class of signing in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Acr {
    /// GovStack `idbb:acr:static-code`: password or PIN.
    StaticCode,
    /// GovStack `idbb:acr:generated-code`: a one-time code.
    GeneratedCode,
    /// GovStack `idbb:acr:linked-wallet`: a bound wallet.
    LinkedWallet,
    /// GovStack `idbb:acr:linked-wallet-static-code`: a bound wallet and a password or PIN.
    LinkedWalletStaticCode,
    /// REFEDS: more than one factor.
    MultiFactor,
    /// OpenID Enhanced Authentication Profile: phishing-resistant.
    PhishingResistant,
}

impl Acr {
    /// All of them, the strongest last.
    pub const ALL: [Self; 6] = [
        Self::StaticCode,
        Self::GeneratedCode,
        Self::LinkedWallet,
        Self::LinkedWalletStaticCode,
        Self::MultiFactor,
        Self::PhishingResistant,
    ];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StaticCode => "idbb:acr:static-code",
            Self::GeneratedCode => "idbb:acr:generated-code",
            Self::LinkedWallet => "idbb:acr:linked-wallet",
            Self::LinkedWalletStaticCode => "idbb:acr:linked-wallet-static-code",
            Self::MultiFactor => "https://refeds.org/profile/mfa",
            Self::PhishingResistant => "phr",
        }
    }

    /// The class of this name. Deployments write GovStack's with the prefix `mosip:idp:acr:` too.
    pub fn from_name(name: &str) -> Option<Self> {
        let name =
            name.strip_prefix("mosip:idp:acr:").map_or_else(|| name.to_owned(), |rest| format!("idbb:acr:{rest}"));
        Self::ALL.into_iter().find(|acr| acr.as_str() == name)
    }

    /// Whether these methods reach it.
    pub fn is_reached(self, methods: &Methods) -> bool {
        match self {
            Self::StaticCode => methods.has(Method::Password),
            Self::GeneratedCode => methods.has(Method::OneTimeCode) || methods.has(Method::SentCode),
            Self::LinkedWallet => methods.has(Method::Wallet),
            Self::LinkedWalletStaticCode => methods.has(Method::Wallet) && methods.has(Method::Password),
            Self::MultiFactor => methods.is_multiple(),
            Self::PhishingResistant => methods.has(Method::Passkey),
        }
    }

    /// The strongest that these methods reach.
    pub fn best(methods: &Methods) -> Option<Self> {
        Self::ALL.into_iter().rev().find(|acr| acr.is_reached(methods))
    }
}

/// The classes that the GovStack Identity API names. Those that nothing here reaches may be asked for all the same.
pub const PUBLISHED: [&str; 6] = [
    "idbb:acr:static-code",
    "idbb:acr:generated-code",
    "idbb:acr:linked-wallet",
    "idbb:acr:biometrics",
    "idbb:acr:biometrics-generated-code",
    "idbb:acr:linked-wallet-static-code",
];

/// The name that stands in the token: the first of those that the client asked for and that was reached, as the client
/// wrote it; else the strongest that was reached.
pub fn granted(asked: &[String], methods: &Methods) -> Option<String> {
    let reached = |name: &&String| Acr::from_name(name).is_some_and(|acr| acr.is_reached(methods));
    asked.iter().find(reached).cloned().or_else(|| Acr::best(methods).map(|acr| acr.as_str().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_reached_by_methods() {
        let password = Methods::of([Method::Password]);
        let both = Methods::of([Method::Password, Method::OneTimeCode]);
        let passkey = Methods::of([Method::Passkey]);
        assert!(Acr::StaticCode.is_reached(&password) && !Acr::MultiFactor.is_reached(&password));
        assert!(Acr::MultiFactor.is_reached(&both) && Acr::GeneratedCode.is_reached(&both));
        assert!(Acr::MultiFactor.is_reached(&passkey) && !Acr::StaticCode.is_reached(&passkey));
        let (sent, wallet) = (Methods::of([Method::Password, Method::SentCode]), Methods::of([Method::Wallet]));
        assert!(Acr::GeneratedCode.is_reached(&sent) && !Acr::MultiFactor.is_reached(&sent));
        assert!(!sent.shows_possession() && wallet.shows_possession() && !wallet.is_multiple());
        assert!(Acr::LinkedWallet.is_reached(&wallet) && !Acr::LinkedWalletStaticCode.is_reached(&wallet));
        assert_eq!(Methods::read(&sent.words()), sent);
        assert_eq!(Acr::best(&Methods::default()), None);
        assert_eq!(both.amr(), ["pwd", "otp", "mfa"]);
        assert_eq!(Methods::read(&both.words()), both);
    }

    #[test]
    fn the_clients_own_spelling_and_order_are_kept() {
        let both = Methods::of([Method::Password, Method::OneTimeCode]);
        let asked = ["phr", "mosip:idp:acr:generated-code", "idbb:acr:static-code"].map(str::to_owned);
        assert_eq!(granted(&asked, &both).as_deref(), Some("mosip:idp:acr:generated-code"));
        assert_eq!(granted(&[], &both).as_deref(), Some("https://refeds.org/profile/mfa"));
        assert_eq!(
            granted(&["phr".to_owned()], &Methods::of([Method::Password])).as_deref(),
            Some("idbb:acr:static-code")
        );
        assert_eq!(granted(&asked, &Methods::default()), None);
    }
}
