//! Which addresses the node may call: public ones, and those that the configuration names.
//!
//! A name is judged by the addresses that it resolves to, in the resolver that the connection itself uses; so a name that
//! answers differently a second later (DNS rebinding) gains nothing.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Networks of IPv4 that are not the public internet (IANA special-purpose registry, RFC 6890).
const SPECIAL_V4: [([u8; 4], u8); 16] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    // Link-local, and there the metadata services of clouds: 169.254.169.254.
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    // Wire server and metadata of one large cloud, a public address by the registry.
    ([168, 63, 129, 16], 32),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

/// Networks inside `2000::/3` that are not the public internet. Everything outside of it is refused anyway: loopback,
/// link-local, unique local (`fd00:ec2::254` is a metadata service), site-local, multicast, discard.
const SPECIAL_V6: [(u128, u8); 4] = [
    (0x2001_0000_0000_0000_0000_0000_0000_0000, 23),
    (0x2001_0db8_0000_0000_0000_0000_0000_0000, 32),
    (0x3fff_0000_0000_0000_0000_0000_0000_0000, 20),
    (0x2620_004f_8000_0000_0000_0000_0000_0000, 48),
];

/// A network or host that may be called although it is not public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// All addresses with these leading bits.
    Network {
        /// An address of the network.
        address: IpAddr,
        /// The number of leading bits that count.
        bits: u8,
    },
    /// A host by its name, whatever it resolves to.
    Host(String),
}

/// A text that names neither a network nor a host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a network such as 10.0.0.0/8 nor an address nor a host name")]
pub struct AllowedError(String);

impl FromStr for Allowed {
    type Err = AllowedError;

    fn from_str(text: &str) -> Result<Self, AllowedError> {
        let refuse = || AllowedError(text.to_owned());
        if let Some((address, bits)) = text.split_once('/') {
            let address: IpAddr = address.parse().map_err(|_| refuse())?;
            let bits: u8 = bits.parse().map_err(|_| refuse())?;
            let most = if address.is_ipv4() { 32 } else { 128 };
            return if bits <= most { Ok(Self::Network { address, bits }) } else { Err(refuse()) };
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Network { address, bits: if address.is_ipv4() { 32 } else { 128 } });
        }
        let fits = !text.is_empty()
            && text.len() <= 253
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
        if fits { Ok(Self::Host(text.to_ascii_lowercase())) } else { Err(refuse()) }
    }
}

impl Allowed {
    fn covers(&self, address: IpAddr) -> bool {
        match (self, address) {
            (Self::Network { address: IpAddr::V4(net), bits }, IpAddr::V4(address)) => {
                same_bits(u128::from(net.to_bits()) << 96, u128::from(address.to_bits()) << 96, *bits)
            }
            (Self::Network { address: IpAddr::V6(net), bits }, IpAddr::V6(address)) => {
                same_bits(net.to_bits(), address.to_bits(), *bits)
            }
            _ => false,
        }
    }
}

const fn same_bits(a: u128, b: u128, bits: u8) -> bool {
    bits == 0 || (a ^ b) >> (128 - bits as u32) == 0
}

/// The IPv4 address inside an IPv6 one, for every way in which one carries another: mapped, compatible, NAT64 (also with
/// a local prefix, RFC 8215), 6to4.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let bits = address.to_bits();
    let low = Ipv4Addr::from_bits((bits & 0xffff_ffff) as u32);
    let [first, second, third, ..] = address.segments();
    match (first, second, third) {
        (0x0064, 0xff9b, _) => Some(low),
        (0x2002, high, mid) => Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(mid))),
        _ if bits >> 32 == 0xffff || (bits >> 32 == 0 && bits > 1) => Some(low),
        _ => None,
    }
}

/// Whether an address belongs to the public internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !SPECIAL_V4.iter().any(|(net, bits)| {
            same_bits(u128::from(u32::from_be_bytes(*net)) << 96, u128::from(v4.to_bits()) << 96, *bits)
        }),
        IpAddr::V6(v6) => match embedded(v6) {
            Some(v4) => is_public(IpAddr::V4(v4)),
            None => {
                v6.to_bits() >> 125 == 0b001
                    && !SPECIAL_V6.iter().any(|(net, bits)| same_bits(*net, v6.to_bits(), *bits))
            }
        },
    }
}

/// An address that the node does not call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{host}` is not on the public internet and the configuration does not allow it")]
pub struct Forbidden {
    /// The host as it was asked for.
    pub host: String,
}

/// How names become addresses; the system's resolver outside tests.
pub type Lookup = Arc<dyn Fn(String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> + Send + Sync>;

/// The system's resolver.
pub(crate) fn system_lookup() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect()) })
    })
}

/// Judges addresses.
#[derive(Clone)]
pub(crate) struct Guard {
    pub(crate) allowed: Arc<[Allowed]>,
    /// Whether public addresses may be called; not so over plain HTTP.
    pub(crate) public: bool,
    pub(crate) lookup: Lookup,
}

impl Guard {
    fn permits(&self, address: IpAddr) -> bool {
        let plain = match address {
            IpAddr::V6(v6) => embedded(v6).map(IpAddr::V4),
            IpAddr::V4(_) => None,
        };
        let listed = |address| self.allowed.iter().any(|allowed| allowed.covers(address));
        (self.public && is_public(address)) || listed(address) || plain.is_some_and(listed)
    }

    fn permits_host(&self, host: &str) -> bool {
        self.allowed.iter().any(|allowed| matches!(allowed, Allowed::Host(name) if name == host))
    }

    /// Judges a host as it stands in a URL. An address is judged here, since nothing resolves it; a name when it is
    /// resolved.
    pub(crate) fn check_host(&self, host: &str) -> Result<(), Forbidden> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        match bare.parse::<IpAddr>() {
            Ok(address) if !self.permits(address) => Err(Forbidden { host: host.to_owned() }),
            _ => Ok(()),
        }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let host = name.as_str().trim_end_matches('.').to_ascii_lowercase();
            let any = guard.permits_host(&host);
            let found = (guard.lookup)(host.clone()).await?;
            let permitted: Vec<SocketAddr> = found
                .into_iter()
                .filter(|address| any || guard.permits(*address))
                .map(|address| SocketAddr::new(address, 0))
                .collect();
            if permitted.is_empty() {
                return Err(Forbidden { host }.into());
            }
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_internet_is_public() {
        let cases = [
            ("0.0.0.0", false),
            ("0.1.2.3", false),
            ("10.1.2.3", false),
            ("100.64.0.1", false),
            ("127.0.0.1", false),
            ("127.255.255.254", false),
            ("168.63.129.16", false),
            ("169.254.169.254", false),
            ("172.15.255.255", true),
            ("172.16.0.1", false),
            ("172.31.255.255", false),
            ("172.32.0.1", true),
            ("192.0.0.192", false),
            ("192.168.1.1", false),
            ("198.19.0.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("1.1.1.1", true),
            ("8.8.8.8", true),
            ("::", false),
            ("::1", false),
            ("::7f00:1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:169.254.169.254", false),
            ("::ffff:8.8.8.8", true),
            ("64:ff9b::7f00:1", false),
            ("64:ff9b::a9fe:a9fe", false),
            ("64:ff9b::808:808", true),
            ("64:ff9b:1::a00:1", false),
            ("2002:7f00:1::", false),
            ("2002:808:808::1", true),
            ("2001::1", false),
            ("2001:db8::1", false),
            ("fe80::1", false),
            ("fec0::1", false),
            ("fc00::1", false),
            ("fd00:ec2::254", false),
            ("ff02::1", false),
            ("100::1", false),
            ("2606:4700:4700::1111", true),
        ];
        for (text, public) in cases {
            assert_eq!(is_public(text.parse().unwrap()), public, "{text}");
        }
    }

    #[test]
    fn networks_and_hosts_are_read() {
        assert_eq!("10.0.0.0/8".parse(), Ok(Allowed::Network { address: "10.0.0.0".parse().unwrap(), bits: 8 }));
        assert_eq!("::1".parse(), Ok(Allowed::Network { address: "::1".parse().unwrap(), bits: 128 }));
        assert_eq!("Login.Gov.Internal".parse(), Ok(Allowed::Host("login.gov.internal".to_owned())));
        for bad in ["", "10.0.0.0/33", "10.0.0/8", "a b", "http://x", "::/129", "1.2.3.4/x"] {
            assert!(bad.parse::<Allowed>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_allowed_network_allows_no_more_than_itself() {
        let guard = Guard {
            allowed: ["10.1.0.0/16", "127.0.0.1"].map(|text| text.parse().unwrap()).into(),
            public: true,
            lookup: system_lookup(),
        };
        for (host, fits) in [
            ("10.1.255.1", true),
            ("10.2.0.1", false),
            ("127.0.0.1", true),
            ("127.0.0.2", false),
            ("[::ffff:127.0.0.1]", true),
            ("[::1]", false),
            ("8.8.8.8", true),
        ] {
            assert_eq!(guard.check_host(host).is_ok(), fits, "{host}");
        }
    }
}
