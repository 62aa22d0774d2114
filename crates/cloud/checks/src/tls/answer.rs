//! Reading what a server answers to a hello: records, handshake messages, and what a scan wants to know of them. Nothing a
//! server sends is believed; whatever does not fit ends the reading.

use stoa_standards::rule::tls::Protocol;

use super::bytes::Bytes;

/// Bytes of an answer at most: chains of certificates stay far below.
pub(crate) const ANSWER_BYTES_MAX: usize = 128 * 1024;

/// The random number of a server that asks for another key share (RFC 8446 §4.1.3) stands for nothing else here: both
/// kinds of hello name version, suite and group.
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;

/// What a server chose, and what it showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chosen {
    /// The version.
    pub(crate) protocol: Protocol,
    /// The suite.
    pub(crate) suite: u16,
    /// The group of a key share, in TLS 1.3.
    pub(crate) group: Option<u16>,
    /// Its certificates, its own first; in TLS 1.3 they are hidden.
    pub(crate) certificates: Vec<Vec<u8>>,
    /// Whether it stapled a status (OCSP).
    pub(crate) stapled: bool,
    /// How keys are exchanged, where it said.
    pub(crate) exchange: Option<KeyExchange>,
}

/// Parameters of an exchange of keys before TLS 1.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyExchange {
    /// Over a curve that has a number; none where the server describes one by itself.
    Curve(Option<u16>),
    /// Over numbers, with so many bits.
    Numbers(u32),
}

/// What the bytes so far say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reading {
    /// More is to come.
    Unfinished,
    /// It chose.
    Chosen(Chosen),
    /// It refused, with this alert.
    Refused(u8),
    /// This is not TLS.
    Foreign,
}

/// How far a reading goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// Version and suite are enough.
    Hello,
    /// All of the server's first flight, as far as it is readable.
    Flight,
}

/// Reads all that has arrived.
pub(crate) fn read(bytes: &[u8], until: Until) -> Reading {
    let mut rest = Bytes::new(bytes);
    let mut messages = Vec::new();
    let mut cut = false;
    while !rest.is_empty() {
        let mut record = rest.clone();
        let (Some(kind), Some(version)) = (record.u8(), record.u16()) else {
            cut = true;
            break;
        };
        if !(20..=24).contains(&kind) || version >> 8 != 3 {
            return Reading::Foreign;
        }
        let Some(content) = record.block16() else {
            cut = true;
            break;
        };
        rest = record;
        match kind {
            ALERT => {
                let is_warning = content.first() == Some(&1);
                // A warning such as "unrecognized name" goes before the hello; only a fatal one ends it.
                if !is_warning {
                    return finished(&messages, until)
                        .unwrap_or(Reading::Refused(content.get(1).copied().unwrap_or(0)));
                }
            }
            HANDSHAKE => messages.extend_from_slice(content),
            // What follows is encrypted.
            _ => break,
        }
    }
    match finished(&messages, until) {
        Some(reading) => reading,
        None if cut || rest.is_empty() => Reading::Unfinished,
        None => Reading::Foreign,
    }
}

/// What the handshake messages say; none while they are not enough.
fn finished(messages: &[u8], until: Until) -> Option<Reading> {
    let mut rest = Bytes::new(messages);
    let mut chosen: Option<Chosen> = None;
    while !rest.is_empty() {
        let (kind, body) = (rest.u8()?, rest.block24()?);
        match (kind, &mut chosen) {
            (2, None) => match server_hello(body) {
                Some(hello) => chosen = Some(hello),
                None => return Some(Reading::Foreign),
            },
            (11, Some(chosen)) => chosen.certificates = certificates(body).unwrap_or_default(),
            (22, Some(chosen)) => chosen.stapled = body.first() == Some(&1) && body.len() > 4,
            (12, Some(chosen)) => chosen.exchange = exchange(body, chosen.suite),
            // ServerHelloDone
            (14, Some(_)) => return chosen.map(Reading::Chosen),
            (_, None) => return Some(Reading::Foreign),
            (_, Some(_)) => {}
        }
        let is_enough = |chosen: &Chosen| until == Until::Hello || chosen.protocol == Protocol::Tls13;
        if chosen.as_ref().is_some_and(is_enough) {
            return chosen.map(Reading::Chosen);
        }
    }
    None
}

fn server_hello(body: &[u8]) -> Option<Chosen> {
    let mut body = Bytes::new(body);
    let legacy = body.u16()?;
    body.take(32)?;
    body.block8()?;
    let suite = body.u16()?;
    body.u8()?;
    let (mut version, mut group) = (legacy, None);
    if let Some(extensions) = body.block16() {
        let mut extensions = Bytes::new(extensions);
        while !extensions.is_empty() {
            let (number, content) = (extensions.u16()?, extensions.block16()?);
            let mut content = Bytes::new(content);
            match number {
                43 => version = content.u16()?,
                // A key share begins with its group, and is no more than that when another is asked for.
                51 => group = content.u16(),
                _ => {}
            }
        }
    }
    let protocol = match version {
        0x0300 => Protocol::Ssl3,
        0x0301 => Protocol::Tls10,
        0x0302 => Protocol::Tls11,
        0x0303 => Protocol::Tls12,
        0x0304 => Protocol::Tls13,
        _ => return None,
    };
    Some(Chosen { protocol, suite, group, certificates: Vec::new(), stapled: false, exchange: None })
}

fn certificates(body: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut body = Bytes::new(body);
    let mut list = Bytes::new(body.block24()?);
    let mut certificates = Vec::new();
    while !list.is_empty() {
        certificates.push(list.block24()?.to_vec());
    }
    Some(certificates)
}

fn exchange(body: &[u8], suite: u16) -> Option<KeyExchange> {
    use super::suites::Exchange;
    let mut body = Bytes::new(body);
    match super::suites::find(suite)?.exchange {
        Exchange::Ecdhe => match body.u8()? {
            3 => Some(KeyExchange::Curve(Some(body.u16()?))),
            _ => Some(KeyExchange::Curve(None)),
        },
        Exchange::Dhe => Some(KeyExchange::Numbers(bits(body.block16()?))),
        Exchange::Other => None,
    }
}

/// Bits of a number without its leading zeros.
pub(crate) fn bits(number: &[u8]) -> u32 {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let digits = number.get(zeros..).unwrap_or_default();
    let first = digits.first().map_or(0, |byte| byte.leading_zeros());
    u32::try_from(digits.len()).unwrap_or(u32::MAX / 8).saturating_mul(8).saturating_sub(first)
}
