//! Writing a `ClientHello` by hand (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2, RFC 6101 §5.6.1.2): no library offers what a scan
//! must offer, from SSL 3 to suites that nobody should take.

use stoa_standards::rule::tls::Protocol;

/// Signature algorithms that are offered: everything that a certificate of today or yesterday may be signed with.
const SIGNATURES: [u16; 19] = [
    0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, 0x0807, 0x0808, 0x0401, 0x0501, 0x0601,
    0x0303, 0x0301, 0x0203, 0x0201, 0x0202,
];

/// What is offered to a server.
#[derive(Debug, Clone)]
pub(crate) struct Offer<'a> {
    /// The version: this one and no other.
    pub(crate) protocol: Protocol,
    /// The server's name, where it is one and no number.
    pub(crate) name: Option<&'a str>,
    /// Suites, best first.
    pub(crate) suites: &'a [u16],
    /// Groups for the exchange of keys, best first.
    pub(crate) groups: &'a [u16],
    /// Chance.
    pub(crate) random: [u8; 32],
}

/// The number of a version on the wire; SSL 2 has none of this form.
pub(crate) const fn number(protocol: Protocol) -> u16 {
    match protocol {
        Protocol::Ssl2 => 0x0002,
        Protocol::Ssl3 => 0x0300,
        Protocol::Tls10 => 0x0301,
        Protocol::Tls11 => 0x0302,
        Protocol::Tls12 => 0x0303,
        Protocol::Tls13 => 0x0304,
    }
}

/// The record with the hello.
pub(crate) fn client_hello(offer: &Offer<'_>) -> Vec<u8> {
    let is_13 = offer.protocol == Protocol::Tls13;
    // Since TLS 1.3 the versions stand in an extension, and this field stays at 1.2 (RFC 8446 §4.1.2).
    let legacy = number(offer.protocol).min(number(Protocol::Tls12));
    let mut body = Vec::with_capacity(1024);
    body.extend_from_slice(&legacy.to_be_bytes());
    body.extend_from_slice(&offer.random);
    // Middleboxes know a session that is resumed, and let it pass (RFC 8446 §D.4).
    let session: &[u8] = if is_13 { &offer.random } else { &[] };
    block8(&mut body, session);
    block16(&mut body, |suites| {
        offer.suites.iter().for_each(|suite| suites.extend_from_slice(&suite.to_be_bytes()));
        // Renegotiation is safe (RFC 5746 §3.4).
        suites.extend_from_slice(&[0x00, 0xff]);
    });
    block8(&mut body, &[0]);
    // SSL 3 knows no extensions.
    if offer.protocol != Protocol::Ssl3 {
        block16(&mut body, |extensions| write_extensions(extensions, offer));
    }
    let mut record = vec![22];
    record.extend_from_slice(&legacy.min(number(Protocol::Tls10)).to_be_bytes());
    block16(&mut record, |handshake| {
        handshake.push(1);
        handshake.extend_from_slice(&length24(body.len()));
        handshake.extend_from_slice(&body);
    });
    record
}

fn write_extensions(out: &mut Vec<u8>, offer: &Offer<'_>) {
    let is_13 = offer.protocol == Protocol::Tls13;
    if let Some(name) = offer.name {
        // server_name (RFC 6066 §3)
        extension(out, 0, |body| {
            block16(body, |list| {
                list.push(0);
                block16(list, |text| text.extend_from_slice(name.as_bytes()));
            });
        });
    }
    // status_request for OCSP (RFC 6066 §8)
    extension(out, 5, |body| body.extend_from_slice(&[1, 0, 0, 0, 0]));
    if !offer.groups.is_empty() {
        // supported_groups (RFC 8422 §5.1.1, RFC 7919)
        extension(out, 10, |body| {
            block16(body, |list| offer.groups.iter().for_each(|group| list.extend_from_slice(&group.to_be_bytes())));
        });
        // ec_point_formats: uncompressed
        extension(out, 11, |body| body.extend_from_slice(&[1, 0]));
    }
    if offer.protocol >= Protocol::Tls12 {
        // signature_algorithms (RFC 5246 §7.4.1.4.1)
        extension(out, 13, |body| {
            block16(body, |list| SIGNATURES.iter().for_each(|one| list.extend_from_slice(&one.to_be_bytes())));
        });
    }
    if is_13 {
        // supported_versions (RFC 8446 §4.2.1)
        extension(out, 43, |body| body.extend_from_slice(&[2, 0x03, 0x04]));
        // psk_key_exchange_modes: with a fresh secret
        extension(out, 45, |body| body.extend_from_slice(&[1, 1]));
        // key_share without any: the server says which group it wants, and no key need be made (RFC 8446 §4.2.8)
        extension(out, 51, |body| body.extend_from_slice(&[0, 0]));
    }
}

fn extension(out: &mut Vec<u8>, number: u16, write: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(&number.to_be_bytes());
    block16(out, write);
}

/// Bytes with their length in one byte before them.
fn block8(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(u8::try_from(bytes.len()).unwrap_or(u8::MAX));
    out.extend(bytes.iter().take(usize::from(u8::MAX)));
}

/// Bytes with their length in two bytes before them. All of a hello is far shorter than those can say.
fn block16(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let mut inner = Vec::new();
    write(&mut inner);
    inner.truncate(usize::from(u16::MAX));
    out.extend_from_slice(&u16::try_from(inner.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.append(&mut inner);
}

fn length24(length: usize) -> [u8; 3] {
    let [.., a, b, c] = length.to_be_bytes();
    [a, b, c]
}
