//! Mozilla's server-side TLS profiles, version 5.7 (<https://ssl-config.mozilla.org/guidelines/5.7.json>).

use std::str::FromStr;

use serde::Serialize;

use super::{Preference, Protocol};

/// How old the clients are that are to be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Those that speak TLS 1.3.
    Modern,
    /// Those of the last ten years; scs-0125 demands it.
    #[default]
    Intermediate,
    /// All of them.
    Old,
}

/// What a level allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// Protocols.
    pub protocols: &'static [Protocol],
    /// Suites of TLS 1.3.
    pub suites: &'static [&'static str],
    /// Suites of TLS 1.2 and before, by OpenSSL's names.
    pub ciphers: &'static [&'static str],
    /// Curves, by OpenSSL's names.
    pub curves: &'static [&'static str],
    /// Types of keys in certificates.
    pub certificate_types: &'static [&'static str],
    /// Curves of keys in certificates.
    pub certificate_curves: &'static [&'static str],
    /// Algorithms that sign certificates.
    pub certificate_signatures: &'static [&'static str],
    /// Least bits of RSA keys, where there may be some.
    pub rsa_bits_min: Option<u32>,
    /// Least bits of groups for Diffie-Hellman, where there may be some.
    pub dh_bits_min: Option<u32>,
    /// Most days of a certificate.
    pub lifespan_days_max: i64,
    /// Who chooses the suite; the client may where the profile has none but good ones.
    pub preference: Preference,
    /// Least seconds of `Strict-Transport-Security`.
    pub hsts_seconds_min: u64,
}

impl Level {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Modern, Self::Intermediate, Self::Old];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Modern => "modern",
            Self::Intermediate => "intermediate",
            Self::Old => "old",
        }
    }

    /// What it allows.
    pub const fn profile(self) -> &'static Profile {
        match self {
            Self::Modern => &MODERN,
            Self::Intermediate => &INTERMEDIATE,
            Self::Old => &OLD,
        }
    }
}

impl FromStr for Level {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|level| level.name() == text).ok_or(())
    }
}

static MODERN: Profile = Profile {
    protocols: &[Protocol::Tls13],
    suites: &["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"],
    ciphers: &[],
    curves: &["X25519", "prime256v1", "secp384r1"],
    certificate_types: &["ecdsa"],
    certificate_curves: &["prime256v1", "secp384r1"],
    certificate_signatures: &["ecdsa-with-SHA256", "ecdsa-with-SHA384", "ecdsa-with-SHA512"],
    rsa_bits_min: None,
    dh_bits_min: None,
    lifespan_days_max: 90,
    preference: Preference::Client,
    hsts_seconds_min: 63_072_000,
};

static INTERMEDIATE: Profile = Profile {
    protocols: &[Protocol::Tls12, Protocol::Tls13],
    ciphers: &[
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305",
        "DHE-RSA-AES128-GCM-SHA256",
        "DHE-RSA-AES256-GCM-SHA384",
        "DHE-RSA-CHACHA20-POLY1305",
    ],
    certificate_types: &["ecdsa", "rsa"],
    certificate_signatures: &["sha256WithRSAEncryption", "ecdsa-with-SHA256", "ecdsa-with-SHA384", "ecdsa-with-SHA512"],
    rsa_bits_min: Some(2048),
    dh_bits_min: Some(2048),
    lifespan_days_max: 366,
    ..MODERN
};

static OLD: Profile = Profile {
    protocols: &[Protocol::Tls10, Protocol::Tls11, Protocol::Tls12, Protocol::Tls13],
    ciphers: &[
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305",
        "DHE-RSA-AES128-GCM-SHA256",
        "DHE-RSA-AES256-GCM-SHA384",
        "DHE-RSA-CHACHA20-POLY1305",
        "ECDHE-ECDSA-AES128-SHA256",
        "ECDHE-RSA-AES128-SHA256",
        "ECDHE-ECDSA-AES128-SHA",
        "ECDHE-RSA-AES128-SHA",
        "ECDHE-ECDSA-AES256-SHA384",
        "ECDHE-RSA-AES256-SHA384",
        "ECDHE-ECDSA-AES256-SHA",
        "ECDHE-RSA-AES256-SHA",
        "DHE-RSA-AES128-SHA256",
        "DHE-RSA-AES256-SHA256",
        "AES128-GCM-SHA256",
        "AES256-GCM-SHA384",
        "AES128-SHA256",
        "AES256-SHA256",
        "AES128-SHA",
        "AES256-SHA",
        "DES-CBC3-SHA",
    ],
    certificate_types: &["rsa"],
    certificate_signatures: &["sha256WithRSAEncryption"],
    dh_bits_min: Some(1024),
    preference: Preference::Server,
    ..INTERMEDIATE
};
