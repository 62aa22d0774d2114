//! A scan: what a server takes, found out by offering it ever less until it takes nothing any more.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::rand;
use stoa_standards::rule::tls::{Certificate, CertificateKey, Preference, Protocol, Scan};

use super::answer::{Chosen, KeyExchange, Until};
use super::dial::{Reply, Server};
use super::hello::Offer;
use super::suites::{self, Exchange, SUITES, SUITES_13, Signer, Suite};
use super::{certificate, live};

/// Groups by their numbers (IANA, TLS Supported Groups) and OpenSSL's names; the last five are no curves but numbers.
const GROUPS: [(u16, &str); 17] = [
    (29, "X25519"),
    (23, "prime256v1"),
    (24, "secp384r1"),
    (25, "secp521r1"),
    (30, "X448"),
    (26, "brainpoolP256r1"),
    (27, "brainpoolP384r1"),
    (28, "brainpoolP512r1"),
    (22, "secp256k1"),
    (21, "secp224r1"),
    (20, "secp224k1"),
    (19, "prime192v1"),
    (256, "ffdhe2048"),
    (257, "ffdhe3072"),
    (258, "ffdhe4096"),
    (259, "ffdhe6144"),
    (260, "ffdhe8192"),
];

/// Versions before TLS 1.3 that are asked for.
const OLD: [Protocol; 4] = [Protocol::Ssl3, Protocol::Tls10, Protocol::Tls11, Protocol::Tls12];

/// What was found so far.
struct Scanner<'s> {
    server: &'s Server,
    protocols: BTreeSet<Protocol>,
    /// Suites that it takes, by version, in the order in which it took them.
    taken: BTreeMap<Protocol, Vec<u16>>,
    curves: BTreeSet<u16>,
    dh_bits: Option<u32>,
    certificates: BTreeMap<Vec<u8>, Certificate>,
}

/// Scans a server. `path` is what is asked for over HTTP.
pub(super) async fn scan(server: &Server, path: &str) -> Result<Scan, String> {
    let mut scanner = Scanner {
        server,
        protocols: BTreeSet::new(),
        taken: BTreeMap::new(),
        curves: BTreeSet::new(),
        dh_bits: None,
        certificates: BTreeMap::new(),
    };
    scanner.find_suites().await?;
    scanner.find_groups().await?;
    scanner.find_numbers().await?;
    scanner.find_certificates().await?;
    let preference = scanner.find_preference().await?;
    let live = live::look(server, path).await;
    for der in &live.certificates {
        scanner.add_certificate(der);
    }
    Ok(scanner.into_scan(preference, live.hsts_seconds))
}

impl Scanner<'_> {
    async fn ask(&self, protocol: Protocol, suites: &[u16], groups: &[u16], until: Until) -> Result<Reply, String> {
        let mut random = [0; 32];
        rand::fill(&mut random).map_err(|_| "the system gives no random numbers".to_owned())?;
        let offer = Offer { protocol, name: self.server.name(), suites, groups, random };
        self.server.ask(&offer, until).await
    }

    /// What it chooses of an offer; nothing when it refuses, or chooses what was not offered.
    async fn choose(
        &self,
        protocol: Protocol,
        suites: &[u16],
        groups: &[u16],
        until: Until,
    ) -> Result<Option<Chosen>, String> {
        Ok(match self.ask(protocol, suites, groups, until).await? {
            Reply::Chosen(chosen) if chosen.protocol == protocol && suites.contains(&chosen.suite) => Some(chosen),
            _ => None,
        })
    }

    /// Versions and suites.
    async fn find_suites(&mut self) -> Result<(), String> {
        let old: Vec<u16> = SUITES.iter().map(|suite| suite.code).collect();
        let new: Vec<u16> = SUITES_13.iter().map(|(code, _)| *code).collect();
        let (mut silent, mut foreign) = (0, 0);
        for protocol in OLD.into_iter().chain([Protocol::Tls13]) {
            let mut left = if protocol == Protocol::Tls13 { new.clone() } else { old.clone() };
            let mut taken = Vec::new();
            loop {
                match self.ask(protocol, &left, &groups(), Until::Hello).await? {
                    Reply::Chosen(chosen) if chosen.protocol == protocol && left.contains(&chosen.suite) => {
                        left.retain(|suite| *suite != chosen.suite);
                        taken.push(chosen.suite);
                        // Without suites a hello is malformed, and the answer to it says nothing.
                        if left.is_empty() {
                            break;
                        }
                    }
                    Reply::Silent => {
                        silent += 1;
                        break;
                    }
                    Reply::Foreign => {
                        foreign += 1;
                        break;
                    }
                    Reply::Chosen(_) | Reply::Refused => break,
                }
            }
            if !taken.is_empty() {
                self.protocols.insert(protocol);
                self.taken.insert(protocol, taken);
            }
        }
        if self.protocols.is_empty() {
            return Err(match (silent, foreign) {
                (0, 0) => "it takes no offer, from SSL 3 to TLS 1.3".to_owned(),
                (0, _) => "it does not speak TLS".to_owned(),
                _ => "it takes connections and says nothing".to_owned(),
            });
        }
        Ok(())
    }

    /// Curves, and the groups of numbers of TLS 1.3.
    async fn find_groups(&mut self) -> Result<(), String> {
        let mut found = BTreeSet::new();
        if let Some(suites) = self.taken.get(&Protocol::Tls13) {
            self.eliminate(Protocol::Tls13, suites, None, &mut found).await?;
        }
        for protocol in OLD.into_iter().rev().filter(|protocol| *protocol != Protocol::Ssl3) {
            let over_curves = self.suites_of(protocol, |suite| suite.exchange == Exchange::Ecdhe);
            if over_curves.is_empty() {
                continue;
            }
            self.eliminate(protocol, &over_curves, None, &mut found).await?;
            // A server with a certificate on a curve takes nothing without that curve; it stands last, so that any other
            // that is taken comes before it.
            if let Some(own) = self.curve_of_certificate(protocol).await? {
                self.eliminate(protocol, &over_curves, Some(own), &mut found).await?;
            }
            // Older versions have the same curves.
            break;
        }
        let (curves, numbers): (Vec<u16>, Vec<u16>) = found.into_iter().partition(|group| *group < 256);
        self.curves.extend(curves);
        for group in numbers {
            self.note_bits(match group {
                256 => 2048,
                257 => 3072,
                258 => 4096,
                259 => 6144,
                _ => 8192,
            });
        }
        Ok(())
    }

    /// Takes away the group that the server chose until it chooses none, or the one that has to stay.
    async fn eliminate(
        &self,
        protocol: Protocol,
        suites: &[u16],
        stays: Option<u16>,
        found: &mut BTreeSet<u16>,
    ) -> Result<(), String> {
        let mut left: Vec<u16> = groups().into_iter().filter(|group| Some(*group) != stays).collect();
        if stays.is_some() {
            left.retain(|group| !found.contains(group));
        }
        loop {
            let mut offered = left.clone();
            offered.extend(stays);
            if offered.is_empty() {
                return Ok(());
            }
            let chosen = self.choose(protocol, suites, &offered, Until::Flight).await?;
            let group = chosen.and_then(|chosen| match chosen.exchange {
                Some(KeyExchange::Curve(group)) => group,
                _ => chosen.group,
            });
            match group {
                Some(group) if left.contains(&group) => {
                    left.retain(|other| *other != group);
                    found.insert(group);
                }
                _ => return Ok(()),
            }
        }
    }

    /// The curve of the certificate that goes with keys on curves, where there is one.
    async fn curve_of_certificate(&mut self, protocol: Protocol) -> Result<Option<u16>, String> {
        let signed = self.suites_of(protocol, |suite| suite.signer == Signer::Ecdsa);
        if signed.is_empty() {
            return Ok(None);
        }
        let chosen = self.choose(protocol, &signed, &groups(), Until::Flight).await?;
        let der = chosen.and_then(|chosen| chosen.certificates.into_iter().next());
        let read = der.as_deref().and_then(certificate::read);
        Ok(read.and_then(|certificate| match certificate.key {
            CertificateKey::Ecdsa { curve } => GROUPS.iter().find(|(_, name)| *name == curve).map(|(group, _)| *group),
            _ => None,
        }))
    }

    /// The numbers of the exchange that goes over numbers, in each version: they may differ.
    async fn find_numbers(&mut self) -> Result<(), String> {
        for protocol in OLD {
            let over_numbers = self.suites_of(protocol, |suite| suite.exchange == Exchange::Dhe);
            if over_numbers.is_empty() {
                continue;
            }
            let chosen = self.choose(protocol, &over_numbers, &groups(), Until::Flight).await?;
            if let Some(KeyExchange::Numbers(bits)) = chosen.and_then(|chosen| chosen.exchange) {
                self.note_bits(bits);
            }
        }
        Ok(())
    }

    /// Certificates are readable before TLS 1.3: one for each kind of key.
    async fn find_certificates(&mut self) -> Result<(), String> {
        let Some(protocol) = OLD.into_iter().rev().find(|protocol| self.protocols.contains(protocol)) else {
            return Ok(());
        };
        for signer in [Signer::Rsa, Signer::Ecdsa, Signer::Other] {
            let suites = self.suites_of(protocol, |suite| suite.signer == signer);
            if suites.is_empty() {
                continue;
            }
            let chosen = self.choose(protocol, &suites, &groups(), Until::Flight).await?;
            if let Some(der) = chosen.and_then(|chosen| chosen.certificates.into_iter().next()) {
                self.add_certificate(&der);
            }
        }
        Ok(())
    }

    /// Whether the server keeps to its order when the client turns it around.
    async fn find_preference(&self) -> Result<Preference, String> {
        for (protocol, taken) in self.taken.iter().rev() {
            let [first, .., last] = taken.as_slice() else { continue };
            let orders = [vec![*first, *last], vec![*last, *first]];
            let mut choices = Vec::new();
            for order in &orders {
                choices.push(self.choose(*protocol, order, &groups(), Until::Hello).await?.map(|chosen| chosen.suite));
            }
            return Ok(match choices.as_slice() {
                [Some(one), Some(other)] if one == other => Preference::Server,
                [Some(_), Some(_)] => Preference::Client,
                _ => Preference::Unknown,
            });
        }
        Ok(Preference::Unknown)
    }

    fn suites_of(&self, protocol: Protocol, wanted: impl Fn(&Suite) -> bool) -> Vec<u16> {
        let taken = self.taken.get(&protocol).into_iter().flatten();
        taken.copied().filter(|code| suites::find(*code).is_some_and(&wanted)).collect()
    }

    fn note_bits(&mut self, bits: u32) {
        self.dh_bits = Some(self.dh_bits.map_or(bits, |known| known.min(bits)));
    }

    fn add_certificate(&mut self, der: &[u8]) {
        if let Some(read) = certificate::read(der) {
            self.certificates.insert(der.to_vec(), read);
        }
    }

    fn into_scan(self, preference: Preference, hsts_seconds: Option<u64>) -> Scan {
        let of_13 = self.taken.get(&Protocol::Tls13).into_iter().flatten();
        let name_13 =
            |code: &u16| SUITES_13.iter().find(|(known, _)| known == code).map(|(_, name)| (*name).to_owned());
        let old: BTreeSet<u16> = self
            .taken
            .iter()
            .filter(|(protocol, _)| **protocol != Protocol::Tls13)
            .flat_map(|(_, taken)| taken.clone())
            .collect();
        let curve = |group: &u16| GROUPS.iter().find(|(known, _)| known == group).map(|(_, name)| (*name).to_owned());
        Scan {
            protocols: self.protocols.into_iter().collect(),
            suites: of_13.filter_map(name_13).collect(),
            ciphers: old.into_iter().filter_map(|code| suites::find(code).map(|suite| suite.name.to_owned())).collect(),
            curves: self.curves.iter().filter_map(curve).collect(),
            dh_bits: self.dh_bits,
            certificates: self.certificates.into_values().collect(),
            preference,
            hsts_seconds,
        }
    }
}

fn groups() -> Vec<u16> {
    GROUPS.iter().map(|(group, _)| *group).collect()
}
