//! TLS: the profiles are Mozilla's, and each thing that a profile does not allow is named.

use serde_json::Value;
use stoa_standards::rule::Weight;
use stoa_standards::rule::tls::{Certificate, CertificateKey, Endpoint, Level, Preference, Protocol, Scan, check};
use stoa_standards::verdict::Verdict;

fn scan() -> Scan {
    Scan {
        protocols: vec![Protocol::Tls12, Protocol::Tls13],
        suites: vec!["TLS_AES_128_GCM_SHA256".to_owned()],
        ciphers: vec!["ECDHE-ECDSA-AES128-GCM-SHA256".to_owned()],
        curves: vec!["X25519".to_owned()],
        dh_bits: None,
        certificates: vec![Certificate {
            subject: "api.example.org".to_owned(),
            key: CertificateKey::Ecdsa { curve: "prime256v1".to_owned() },
            signature: "ecdsa-with-SHA256".to_owned(),
            lifespan_days: 90,
        }],
        preference: Preference::Server,
        hsts_seconds: Some(63_072_000),
    }
}

fn rsa(bits: u32, signature: &str, lifespan_days: i64) -> Certificate {
    Certificate {
        subject: "api.example.org".to_owned(),
        key: CertificateKey::Rsa { bits },
        signature: signature.to_owned(),
        lifespan_days,
    }
}

fn reasons(scan: Scan, level: Level) -> Vec<String> {
    let check = check("https://api.example.org", &Endpoint::Tls(scan), level);
    let faults = check.findings.iter().filter(|finding| finding.weight == Weight::Fault);
    let reasons: Vec<String> = faults.map(|finding| finding.reason.clone()).collect();
    assert_eq!(check.verdict == Verdict::Fail, !reasons.is_empty());
    reasons
}

#[test]
fn a_good_endpoint_passes_intermediate_and_each_fault_is_named() {
    let intermediate = Level::Intermediate;
    assert!(reasons(scan(), intermediate).is_empty());
    let old = Scan { protocols: vec![Protocol::Ssl3, Protocol::Tls10, Protocol::Tls12], ..scan() };
    assert_eq!(reasons(old, intermediate), ["it takes the protocols SSL 3, TLS 1.0"]);
    let weak = Scan { ciphers: vec!["AES128-SHA".to_owned(), "DHE-RSA-AES128-GCM-SHA256".to_owned()], ..scan() };
    assert_eq!(reasons(weak, intermediate), ["it takes the suites of TLS 1.2 and before AES128-SHA"]);
    let curve = Scan { curves: vec!["secp521r1".to_owned()], ..scan() };
    assert_eq!(reasons(curve, intermediate), ["it takes the curves secp521r1"]);
    let group = Scan { dh_bits: Some(1024), ..scan() };
    assert_eq!(reasons(group, intermediate), ["its Diffie-Hellman group has 1024 bits"]);
    for (certificate, wanted) in [
        (rsa(2048, "sha256WithRSAEncryption", 366), None),
        (rsa(1024, "sha256WithRSAEncryption", 90), Some("has an RSA key of 1024 bits")),
        (rsa(2048, "sha1WithRSAEncryption", 90), Some("is signed with sha1WithRSAEncryption")),
        (rsa(2048, "sha256WithRSAEncryption", 367), Some("lives for 367 days")),
        (
            Certificate { key: CertificateKey::Other("ed25519".to_owned()), ..rsa(0, "ecdsa-with-SHA256", 90) },
            Some("has a key of type ed25519"),
        ),
        (
            Certificate {
                key: CertificateKey::Ecdsa { curve: "secp521r1".to_owned() },
                ..rsa(0, "ecdsa-with-SHA256", 90)
            },
            Some("has a key on the curve secp521r1"),
        ),
    ] {
        let told = reasons(Scan { certificates: vec![certificate.clone()], ..scan() }, intermediate);
        let wanted: Vec<String> =
            wanted.map(|part| format!("the certificate of api.example.org {part}")).into_iter().collect();
        assert_eq!(told, wanted, "{certificate:?}");
    }
    let silent = check("https://x", &Endpoint::Tls(Scan { hsts_seconds: Some(60), ..scan() }), intermediate);
    assert_eq!((silent.verdict, silent.findings[0].weight), (Verdict::Pass, Weight::Remark));
}

#[test]
fn levels_differ() {
    let with_old = Scan { certificates: vec![rsa(2048, "sha256WithRSAEncryption", 90)], ..scan() };
    assert_eq!(reasons(scan(), Level::Modern).len(), 2, "TLS 1.2 and its suites");
    assert!(reasons(with_old.clone(), Level::Old).is_empty());
    assert_eq!(reasons(scan(), Level::Old).len(), 2, "old clients know neither the key nor the signature");
    let client = Scan { preference: Preference::Client, ..with_old };
    assert_eq!(reasons(client.clone(), Level::Old), ["the client chooses the suite"]);
    assert!(reasons(client, Level::Intermediate).is_empty());
}

#[test]
fn what_speaks_no_tls_or_was_not_seen_is_no_pass() {
    let verdict = |endpoint: Endpoint| check("http://x", &endpoint, Level::Intermediate).verdict;
    assert_eq!(verdict(Endpoint::Plain), Verdict::Fail);
    assert_eq!(verdict(Endpoint::Unreachable("refused".to_owned())), Verdict::Abort);
    assert_eq!(verdict(Endpoint::Tls(Scan { protocols: Vec::new(), ..scan() })), Verdict::Abort);
    assert_eq!(verdict(Endpoint::Tls(Scan { certificates: Vec::new(), ..scan() })), Verdict::Abort);
}

#[test]
fn the_profiles_are_the_published_ones() {
    let Some(text) = crate::published_file("mozilla-tls-5.7.json") else { return };
    let published: Value = serde_json::from_str(&text).unwrap();
    for level in Level::ALL {
        let (profile, published) = (level.profile(), &published["configurations"][level.name()]);
        let list =
            |key: &str| -> Vec<&str> { published[key].as_array().unwrap().iter().filter_map(Value::as_str).collect() };
        let openssl: Vec<&str> =
            published["ciphers"]["openssl"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let protocols: Vec<String> =
            profile.protocols.iter().map(|one| one.name().replace("TLS ", "TLSv").replace("v1.0", "v1")).collect();
        assert_eq!(protocols, list("tls_versions"));
        assert_eq!(
            (profile.ciphers, profile.suites, profile.curves),
            (&openssl[..], &list("ciphersuites")[..], &list("tls_curves")[..])
        );
        assert_eq!(
            (profile.certificate_types, profile.certificate_curves),
            (&list("certificate_types")[..], &list("certificate_curves")[..])
        );
        assert_eq!(profile.certificate_signatures, list("certificate_signatures"));
        assert_eq!(profile.rsa_bits_min.map(u64::from), published["rsa_key_size"].as_u64());
        assert_eq!(profile.dh_bits_min.map(u64::from), published["dh_param_size"].as_u64());
        assert_eq!(Some(profile.lifespan_days_max), published["maximum_certificate_lifespan"].as_i64());
        assert_eq!(profile.preference == Preference::Server, published["server_preferred_order"].as_bool().unwrap());
        assert_eq!(Some(profile.hsts_seconds_min), published["hsts_min_age"].as_u64());
        assert_eq!(level.name().parse(), Ok(level));
    }
}
