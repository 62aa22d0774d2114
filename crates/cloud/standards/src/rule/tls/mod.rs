//! TLS of endpoints (scs-0125): what a scan saw, against Mozilla's server-side profiles, version 5.7.

mod profile;

use serde::Serialize;

use super::{Check, Finding};

pub use profile::{Level, Profile};

/// A version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Protocol {
    /// SSL 2.
    Ssl2,
    /// SSL 3.
    Ssl3,
    /// TLS 1.0.
    Tls10,
    /// TLS 1.1.
    Tls11,
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

impl Protocol {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ssl2 => "SSL 2",
            Self::Ssl3 => "SSL 3",
            Self::Tls10 => "TLS 1.0",
            Self::Tls11 => "TLS 1.1",
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        }
    }
}

/// Who chooses the cipher suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Preference {
    /// The server, in its order.
    Server,
    /// The client, in its order.
    Client,
    /// It was not found out.
    Unknown,
}

/// The key of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateKey {
    /// RSA, with so many bits.
    Rsa {
        /// Bits of the modulus.
        bits: u32,
    },
    /// An elliptic curve: `prime256v1`.
    Ecdsa {
        /// OpenSSL's name of the curve.
        curve: String,
    },
    /// Something else: `ed25519`.
    Other(String),
}

/// A certificate that a server shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Whom it is for, for reasons.
    pub subject: String,
    /// Its key.
    pub key: CertificateKey,
    /// How it is signed, by OpenSSL's name: `sha256WithRSAEncryption`, `ecdsa-with-SHA384`.
    pub signature: String,
    /// Days from its first to its last.
    pub lifespan_days: i64,
}

/// What a scan saw of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// Protocols that it speaks.
    pub protocols: Vec<Protocol>,
    /// Suites of TLS 1.3 that it takes: `TLS_AES_128_GCM_SHA256`.
    pub suites: Vec<String>,
    /// Suites of TLS 1.2 and before that it takes, by OpenSSL's names.
    pub ciphers: Vec<String>,
    /// Curves that it takes, by OpenSSL's names.
    pub curves: Vec<String>,
    /// Bits of the smallest group for ephemeral Diffie-Hellman, if it does that.
    pub dh_bits: Option<u32>,
    /// Certificates that it shows, one for each type of key.
    pub certificates: Vec<Certificate>,
    /// Who chooses the suite.
    pub preference: Preference,
    /// Seconds of `Strict-Transport-Security`, if it sends that.
    pub hsts_seconds: Option<u64>,
}

/// How an endpoint answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// It speaks TLS.
    Tls(Scan),
    /// Its address is plain HTTP.
    Plain,
    /// It could not be scanned.
    Unreachable(String),
}

const UNREACHABLE: &str = "see that the endpoint can be reached from here, and scan again";

/// Weighs an endpoint against a level; scs-0125 demands [`Level::Intermediate`].
pub fn check(address: &str, endpoint: &Endpoint, level: Level) -> Check {
    let object = format!("endpoint {}", crate::tree::shortened(address));
    match endpoint {
        Endpoint::Plain => Check::of([Finding::fault(
            object,
            "it speaks plain HTTP",
            "put TLS before it, and give the catalog its https address",
        )]),
        Endpoint::Unreachable(why) => Check::aborted(object, format!("it could not be scanned: {why}"), UNREACHABLE),
        Endpoint::Tls(scan) if scan.protocols.is_empty() || scan.certificates.is_empty() => {
            Check::aborted(object, "the scan saw no protocol or no certificate", UNREACHABLE)
        }
        Endpoint::Tls(scan) => {
            let profile = level.profile();
            let mut findings = Vec::new();
            let mut fault = |reason: String, remedy: String| {
                findings.push(Finding::fault(object.clone(), reason, remedy));
            };
            parameters(scan, profile, &mut fault);
            for certificate in &scan.certificates {
                judge_certificate(certificate, profile, &mut fault);
            }
            findings.extend(remarks(&object, scan, profile));
            Check::of(findings)
        }
    }
}

/// Everything that is in `seen` and not in `allowed`, and a remedy that names what may be.
fn surplus(what: &str, seen: &[String], allowed: &[&str], fault: &mut impl FnMut(String, String)) {
    let surplus: Vec<&str> = seen.iter().map(String::as_str).filter(|one| !allowed.contains(one)).collect();
    if !surplus.is_empty() {
        let remedy = match allowed {
            [] => format!("switch all {what} off"),
            some => format!("allow only the {what} {}", some.join(", ")),
        };
        fault(format!("it takes the {what} {}", surplus.join(", ")), remedy);
    }
}

fn parameters(scan: &Scan, profile: &Profile, fault: &mut impl FnMut(String, String)) {
    let names = |protocols: &[Protocol]| protocols.iter().map(|one| one.name().to_owned()).collect::<Vec<String>>();
    let allowed = names(profile.protocols);
    let allowed: Vec<&str> = allowed.iter().map(String::as_str).collect();
    surplus("protocols", &names(&scan.protocols), &allowed, fault);
    surplus("suites of TLS 1.3", &scan.suites, profile.suites, fault);
    surplus("suites of TLS 1.2 and before", &scan.ciphers, profile.ciphers, fault);
    surplus("curves", &scan.curves, profile.curves, fault);
    if let (Some(bits), Some(least)) = (scan.dh_bits, profile.dh_bits_min)
        && bits < least
    {
        fault(format!("its Diffie-Hellman group has {bits} bits"), format!("use a group of at least {least} bits"));
    }
    if profile.preference == Preference::Server && scan.preference == Preference::Client {
        fault("the client chooses the suite".to_owned(), "let the server's order decide".to_owned());
    }
}

fn judge_certificate(certificate: &Certificate, profile: &Profile, fault: &mut impl FnMut(String, String)) {
    let of = format!("the certificate of {}", crate::tree::shortened(&certificate.subject));
    let kind = match &certificate.key {
        CertificateKey::Rsa { .. } => "rsa",
        CertificateKey::Ecdsa { .. } => "ecdsa",
        CertificateKey::Other(other) => other,
    };
    if !profile.certificate_types.contains(&kind) {
        let remedy = format!("get one with a key of type {}", profile.certificate_types.join(" or "));
        fault(format!("{of} has a key of type {kind}"), remedy);
    }
    match (&certificate.key, profile.rsa_bits_min) {
        (CertificateKey::Rsa { bits }, Some(least)) if *bits < least => {
            fault(format!("{of} has an RSA key of {bits} bits"), format!("get one of at least {least} bits"));
        }
        (CertificateKey::Ecdsa { curve }, _) if !profile.certificate_curves.contains(&curve.as_str()) => {
            let remedy = format!("get one on {}", profile.certificate_curves.join(" or "));
            fault(format!("{of} has a key on the curve {curve}"), remedy);
        }
        _ => {}
    }
    if !profile.certificate_signatures.contains(&certificate.signature.as_str()) {
        let remedy = format!("get one signed with {}", profile.certificate_signatures.join(" or "));
        fault(format!("{of} is signed with {}", certificate.signature), remedy);
    }
    if certificate.lifespan_days > profile.lifespan_days_max {
        let (days, most) = (certificate.lifespan_days, profile.lifespan_days_max);
        fault(format!("{of} lives for {days} days"), format!("get one for at most {most} days, better 90"));
    }
}

/// What the profile advises beyond TLS itself.
fn remarks(object: &str, scan: &Scan, profile: &Profile) -> Option<Finding> {
    let least = profile.hsts_seconds_min;
    if scan.hsts_seconds.is_some_and(|seconds| seconds >= least) {
        return None;
    }
    let reason = match scan.hsts_seconds {
        None => "it sends no Strict-Transport-Security".to_owned(),
        Some(seconds) => format!("its Strict-Transport-Security holds for {seconds} seconds"),
    };
    Some(Finding::remark(object, reason, format!("send Strict-Transport-Security: max-age={least}")))
}
