//! Certificates for keys of wallets: the provider says whose a key is.

use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk};
use stoa_core::Instant;

use super::PrivateKey;

/// Numbers of keys as they come; bits behind the last byte do not count.
const NUMBERS: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
);

/// The public key of a wallet as certificates hold one.
struct Subject {
    der: Vec<u8>,
    algorithm: &'static rcgen::SignatureAlgorithm,
}

impl Subject {
    fn of(key: &Jwk) -> Option<Self> {
        match &key.algorithm {
            AlgorithmParameters::RSA(numbers) => {
                let mut der = integer(&NUMBERS.decode(&numbers.n).ok()?);
                der.extend(integer(&NUMBERS.decode(&numbers.e).ok()?));
                Some(Self { der: tagged(0x30, &der), algorithm: &rcgen::PKCS_RSA_SHA256 })
            }
            AlgorithmParameters::EllipticCurve(point) if point.curve == EllipticCurve::P256 => {
                let (x, y) = (NUMBERS.decode(&point.x).ok()?, NUMBERS.decode(&point.y).ok()?);
                let der = [vec![4], x, y].concat();
                (der.len() == 65).then_some(Self { der, algorithm: &rcgen::PKCS_ECDSA_P256_SHA256 })
            }
            AlgorithmParameters::OctetKeyPair(point) if point.curve == EllipticCurve::Ed25519 => {
                let der = NUMBERS.decode(&point.x).ok().filter(|x| x.len() == 32)?;
                Some(Self { der, algorithm: &rcgen::PKCS_ED25519 })
            }
            _ => None,
        }
    }
}

impl rcgen::PublicKeyData for Subject {
    fn der_bytes(&self) -> &[u8] {
        &self.der
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        self.algorithm
    }
}

/// A value with its tag and length (X.690 §8.1).
fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = vec![tag];
    let bytes: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    if length < 128 {
        out.extend(bytes.last().copied().or(Some(0)));
    } else {
        out.push(0x80 | u8::try_from(bytes.len()).unwrap_or(0x7f));
        out.extend(bytes);
    }
    out.extend_from_slice(content);
    out
}

/// A number that is not negative (X.690 §8.3).
fn integer(bytes: &[u8]) -> Vec<u8> {
    let mut content: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    if content.first().is_none_or(|first| first & 0x80 != 0) {
        content.insert(0, 0);
    }
    tagged(2, &content)
}

/// The provider's key as who signs.
struct Binder<'a>(&'a PrivateKey, Vec<u8>);

impl rcgen::PublicKeyData for Binder<'_> {
    fn der_bytes(&self) -> &[u8] {
        &self.1
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

impl rcgen::SigningKey for Binder<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.0.sign(message).map_err(|_| rcgen::Error::RemoteKeyError)
    }
}

/// A certificate that says that a key is of this wallet, signed with the provider's RS256 key; and its end. Nothing where one
/// of the keys cannot stand in one.
pub(crate) fn bound_key_certificate(
    key: &Jwk,
    name: &str,
    signer: &PrivateKey,
    issuer: &str,
    now: Instant,
    days: u32,
) -> Option<(Vec<u8>, Instant)> {
    let subject = Subject::of(key)?;
    let binder = Binder(signer, signer.rsa()?.public_key().as_ref().to_vec());
    // Certificates here begin and end with a day.
    let day = |at: Instant| {
        let text = at.to_string();
        let mut parts = text.get(..10)?.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        Some(rcgen::date_time_ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?))
    };
    let seconds = (now.seconds() / 86_400 + i64::from(days)) * 86_400;
    let ends = Instant::from_micros(seconds * 1_000_000);
    let named = |name: &str| {
        let mut params = rcgen::CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params
    };
    let mut params = named(name);
    params.not_before = day(now)?;
    params.not_after = day(ends)?;
    params.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
    let certificate = params.signed_by(&subject, &rcgen::Issuer::new(named(issuer), binder)).ok()?;
    Some((certificate.der().to_vec(), ends))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_encoding_wants() {
        assert_eq!(integer(&[]), [2, 1, 0]);
        assert_eq!(integer(&[0, 0, 127]), [2, 1, 127]);
        assert_eq!(integer(&[128]), [2, 2, 0, 128]);
        assert_eq!(tagged(4, &[])[..], [4, 0]);
        assert_eq!(tagged(4, &[0; 127])[..2], [4, 127]);
        assert_eq!(tagged(4, &[0; 128])[..3], [4, 0x81, 128]);
        assert_eq!(tagged(4, &[0; 300])[..4], [4, 0x82, 1, 44]);
    }

    /// A value of an encoding: its whole text, its content, and what comes behind it.
    fn value(bytes: &[u8]) -> (&[u8], &[u8], &[u8]) {
        let (head, length) = match bytes[1] {
            short @ 0..=0x7f => (2, usize::from(short)),
            long => {
                let count = usize::from(long & 0x7f);
                (2 + count, bytes[2..2 + count].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
            }
        };
        (&bytes[..head + length], &bytes[head..head + length], &bytes[head + length..])
    }

    #[test]
    fn a_certificate_holds_the_wallets_key_and_the_providers_signature() -> Result<(), super::super::KeyFault> {
        use super::super::Algorithm;
        use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
        let signer = PrivateKey::open(Algorithm::RS256, &PrivateKey::generate(Algorithm::RS256)?)?;
        let now = Instant::from_micros(1_795_478_400_000_000);
        for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
            let wallet = PrivateKey::open(algorithm, &PrivateKey::generate(algorithm)?)?;
            let key: Jwk = serde_json::from_value(wallet.public()).unwrap();
            let (der, ends) = bound_key_certificate(&key, "wallet-1", &signer, "https://id", now, 365).unwrap();
            assert_eq!(ends.to_string().get(..10), Some("2027-11-24"));
            let (_, whole, _) = value(&der);
            let (signed, _, rest) = value(whole);
            let (_, _, rest) = value(rest);
            let (_, signature, rest) = value(rest);
            assert!(rest.is_empty());
            let public = signer.rsa().unwrap().public_key().as_ref().to_vec();
            let verified = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public).verify(signed, &signature[1..]);
            assert!(verified.is_ok(), "{algorithm:?}");
            // The key stands in it as it is, and so do both names.
            for part in [Subject::of(&key).unwrap().der, b"wallet-1".to_vec(), b"https://id".to_vec()] {
                assert!(signed.windows(part.len()).any(|window| window == part), "{algorithm:?}");
            }
        }
        Ok(())
    }
}
