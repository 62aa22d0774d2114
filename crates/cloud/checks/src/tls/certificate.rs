//! Reading of certificates (X.509, RFC 5280) what the profiles speak of: the key, how it is signed, how long it lives. Whether
//! it can be trusted is not asked here.

use stoa_core::Date;
use stoa_standards::rule::tls::{Certificate, CertificateKey};

use super::answer::bits;
use super::bytes::Bytes;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const VERSION: u8 = 0xa0;

/// Algorithms that sign, by their objects (RFC 3279, 4055, 5758, 8410) and OpenSSL's names.
const SIGNATURES: [(&[u8], &str); 14] = [
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x02", "md2WithRSAEncryption"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04", "md5WithRSAEncryption"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05", "sha1WithRSAEncryption"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", "sha256WithRSAEncryption"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c", "sha384WithRSAEncryption"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d", "sha512WithRSAEncryption"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", "rsassaPss"),
    (b"\x2a\x86\x48\xce\x3d\x04\x01", "ecdsa-with-SHA1"),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x01", "ecdsa-with-SHA224"),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x02", "ecdsa-with-SHA256"),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x03", "ecdsa-with-SHA384"),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x04", "ecdsa-with-SHA512"),
    (b"\x2b\x65\x70", "ED25519"),
    (b"\x2b\x65\x71", "ED448"),
];

const RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
const RSA_PSS: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";
const ELLIPTIC: &[u8] = b"\x2a\x86\x48\xce\x3d\x02\x01";
const COMMON_NAME: &[u8] = b"\x55\x04\x03";

/// Curves of keys, by their objects (RFC 5480, 5639) and OpenSSL's names.
const CURVES: [(&[u8], &str); 8] = [
    (b"\x2a\x86\x48\xce\x3d\x03\x01\x07", "prime256v1"),
    (b"\x2b\x81\x04\x00\x22", "secp384r1"),
    (b"\x2b\x81\x04\x00\x23", "secp521r1"),
    (b"\x2b\x81\x04\x00\x21", "secp224r1"),
    (b"\x2b\x81\x04\x00\x0a", "secp256k1"),
    (b"\x2b\x24\x03\x03\x02\x08\x01\x01\x07", "brainpoolP256r1"),
    (b"\x2b\x24\x03\x03\x02\x08\x01\x01\x0b", "brainpoolP384r1"),
    (b"\x2b\x24\x03\x03\x02\x08\x01\x01\x0d", "brainpoolP512r1"),
];

/// Keys of other kinds.
const OTHER_KEYS: [(&[u8], &str); 3] =
    [(b"\x2b\x65\x70", "ed25519"), (b"\x2b\x65\x71", "ed448"), (b"\x2a\x86\x48\xce\x38\x04\x01", "dsa")];

/// Reads a certificate; none when it is none.
pub(crate) fn read(der: &[u8]) -> Option<Certificate> {
    let mut whole = Bytes::new(element(&mut Bytes::new(der), SEQUENCE)?);
    let mut body = Bytes::new(element(&mut whole, SEQUENCE)?);
    let mut algorithm = Bytes::new(element(&mut whole, SEQUENCE)?);
    let signature = element(&mut algorithm, OBJECT)?;
    let mut after_version = body.clone();
    if element(&mut after_version, VERSION).is_some() {
        body = after_version;
    }
    element(&mut body, INTEGER)?;
    element(&mut body, SEQUENCE)?;
    element(&mut body, SEQUENCE)?;
    let mut validity = Bytes::new(element(&mut body, SEQUENCE)?);
    let (first, last) = (time(&mut validity)?, time(&mut validity)?);
    let subject = element(&mut body, SEQUENCE)?;
    let key = element(&mut body, SEQUENCE)?;
    Some(Certificate {
        subject: common_name(subject).unwrap_or_else(|| "no name".to_owned()),
        key: read_key(key)?,
        signature: named(&SIGNATURES, signature).map_or_else(|| dotted(signature), str::to_owned),
        lifespan_days: last.days_since(first),
    })
}

fn read_key(key: &[u8]) -> Option<CertificateKey> {
    let mut key = Bytes::new(key);
    let mut algorithm = Bytes::new(element(&mut key, SEQUENCE)?);
    let kind = element(&mut algorithm, OBJECT)?;
    if kind == RSA || kind == RSA_PSS {
        // The first byte says how many bits are not used: none.
        let (_, numbers) = element(&mut key, BIT_STRING)?.split_first()?;
        let mut numbers = Bytes::new(element(&mut Bytes::new(numbers), SEQUENCE)?);
        return Some(CertificateKey::Rsa { bits: bits(element(&mut numbers, INTEGER)?) });
    }
    if kind == ELLIPTIC {
        let curve = element(&mut algorithm, OBJECT);
        let name = |curve: &[u8]| named(&CURVES, curve).map_or_else(|| dotted(curve), str::to_owned);
        return Some(CertificateKey::Ecdsa { curve: curve.map_or_else(|| "explicit parameters".to_owned(), name) });
    }
    Some(CertificateKey::Other(named(&OTHER_KEYS, kind).map_or_else(|| dotted(kind), str::to_owned)))
}

/// The content of the next element, if it has this tag.
fn element<'a>(bytes: &mut Bytes<'a>, tag: u8) -> Option<&'a [u8]> {
    let mut ahead = bytes.clone();
    if ahead.u8()? != tag {
        return None;
    }
    let content = content(&mut ahead)?;
    *bytes = ahead;
    Some(content)
}

/// A length (X.690 §8.1.3), then so many bytes.
fn content<'a>(bytes: &mut Bytes<'a>) -> Option<&'a [u8]> {
    let length = match bytes.u8()? {
        short @ 0..=0x7f => usize::from(short),
        long @ 0x81..=0x84 => {
            bytes.take(usize::from(long & 0x7f))?.iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte))
        }
        _ => return None,
    };
    bytes.take(length)
}

/// A time as a day: `YYMMDDHHMMSSZ` stands for the years 1950 to 2049 (RFC 5280 §4.1.2.5).
fn time(bytes: &mut Bytes<'_>) -> Option<Date> {
    let (text, century) = match element(bytes, UTC_TIME) {
        Some(text) => (text, None),
        None => element(bytes, GENERALIZED_TIME)?.split_at_checked(2).map(|(head, rest)| (rest, Some(head)))?,
    };
    let pair = |bytes: &[u8]| std::str::from_utf8(bytes).ok()?.parse::<i16>().ok();
    let two = |from: usize| pair(text.get(from..from + 2)?);
    let year = two(0)?;
    let year = match century {
        Some(head) => pair(head)? * 100 + year,
        None if year < 50 => 2000 + year,
        None => 1900 + year,
    };
    Date::new(year, i8::try_from(two(2)?).ok()?, i8::try_from(two(4)?).ok()?).ok()
}

fn common_name(name: &[u8]) -> Option<String> {
    let mut parts = Bytes::new(name);
    while let Some(part) = element(&mut parts, SET) {
        let mut pair = Bytes::new(element(&mut Bytes::new(part), SEQUENCE)?);
        if element(&mut pair, OBJECT)? == COMMON_NAME {
            // Whichever of the string types it is.
            pair.u8()?;
            return Some(String::from_utf8_lossy(content(&mut pair)?).into_owned());
        }
    }
    None
}

fn named(table: &[(&[u8], &'static str)], object: &[u8]) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == object).map(|(_, name)| *name)
}

/// An object in its numbers, for one that has no name here.
fn dotted(object: &[u8]) -> String {
    let mut numbers: Vec<u64> = Vec::new();
    let mut number = 0_u64;
    for byte in object.iter().take(40) {
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            // The first number holds two.
            if numbers.is_empty() {
                let top = (number / 40).min(2);
                numbers.push(top);
                number -= top * 40;
            }
            numbers.push(number);
            number = 0;
        }
    }
    numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}
