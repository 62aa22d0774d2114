//! Scans of real servers: OpenSSL's own, in several configurations. Where `openssl` is not installed there is nothing to
//! scan; what its answers look like is held by the tests of bytes.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use stoa_checks::tls::{ScanOptions, scan};
use stoa_standards::rule::tls::{CertificateKey, Endpoint, Level, Preference, Protocol, Scan, check};
use stoa_standards::verdict::Verdict;

const QUICK: ScanOptions = ScanOptions {
    connect_time: Duration::from_secs(5),
    answer_time: Duration::from_secs(5),
    total_time: Duration::from_mins(1),
};

/// Certificates of a folder; none where the program is not there.
struct Certificates(tempfile::TempDir);

impl Certificates {
    fn make() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let kinds: [(&str, &[&str]); 4] = [
            ("rsa", &["rsa:2048", "-sha256", "-days", "90"]),
            ("weak", &["rsa:1024", "-sha1", "-days", "4000"]),
            ("ec", &["ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-sha384", "-days", "90"]),
            ("ec521", &["ec", "-pkeyopt", "ec_paramgen_curve:P-521", "-sha512", "-days", "90"]),
        ];
        for (name, kind) in kinds {
            let (key, certificate) = (format!("{name}.key"), format!("{name}.pem"));
            let mut arguments = vec![
                "req",
                "-x509",
                "-nodes",
                "-subj",
                "/O=Test/CN=localhost",
                "-keyout",
                &key,
                "-out",
                &certificate,
                "-newkey",
            ];
            arguments.extend(kind);
            let output = Command::new("openssl").args(&arguments).current_dir(folder.path()).output().ok()?;
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        Some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

/// A server that ends with the test.
struct Server {
    child: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(certificates: &Certificates, arguments: &[&str]) -> Self {
        let mut child = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-www"])
            .args(arguments)
            .current_dir(certificates.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let accept = lines.find_map(|line| line.unwrap().strip_prefix("ACCEPT ").map(str::to_owned)).unwrap();
        let (_, port) = accept.rsplit_once(':').unwrap();
        // What it says further on is read away, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address: format!("https://127.0.0.1:{port}/") }
    }

    async fn scan(&self) -> Scan {
        match scan(&self.address, &QUICK).await {
            Endpoint::Tls(scan) => scan,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_modern_server_is_seen_as_it_is() {
    let Some(certificates) = Certificates::make() else { return };
    let arguments = ["-cert", "ec.pem", "-key", "ec.key", "-tls1_3", "-curves", "X25519:P-256:P-384"];
    let seen = Server::start(&certificates, &arguments).scan().await;
    assert_eq!(seen.protocols, [Protocol::Tls13]);
    let mut suites = seen.suites.clone();
    suites.sort();
    assert_eq!(suites, ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"]);
    let mut curves = seen.curves.clone();
    curves.sort();
    assert_eq!(curves, ["X25519", "prime256v1", "secp384r1"]);
    assert_eq!((seen.ciphers.len(), seen.dh_bits, seen.hsts_seconds), (0, None, None));
    let [certificate] = seen.certificates.as_slice() else { panic!("{:?}", seen.certificates) };
    assert_eq!(certificate.subject, "localhost");
    assert_eq!(certificate.key, CertificateKey::Ecdsa { curve: "prime256v1".into() });
    assert_eq!((certificate.signature.as_str(), certificate.lifespan_days), ("ecdsa-with-SHA384", 90));
    let judged = check("https://x/", &Endpoint::Tls(seen), Level::Modern);
    assert_eq!(judged.verdict, Verdict::Pass, "{judged:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intermediate_server_shows_its_suites_groups_and_both_certificates() {
    let Some(certificates) = Certificates::make() else { return };
    let ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES128-GCM-SHA256";
    let arguments = [
        "-cert",
        "rsa.pem",
        "-key",
        "rsa.key",
        "-dcert",
        "ec.pem",
        "-dkey",
        "ec.key",
        "-cipher",
        ciphers,
        "-no_tls1",
        "-no_tls1_1",
        "-curves",
        "X25519:P-256:P-384",
    ];
    let seen = Server::start(&certificates, &arguments).scan().await;
    assert_eq!(seen.protocols, [Protocol::Tls12, Protocol::Tls13]);
    let mut named: Vec<&str> = seen.ciphers.iter().map(String::as_str).collect();
    named.sort_unstable();
    let mut expected: Vec<&str> = ciphers.split(':').collect();
    expected.sort_unstable();
    assert_eq!(named, expected);
    assert_eq!(seen.preference, Preference::Client);
    assert!(seen.dh_bits.is_some_and(|bits| bits >= 2048), "{:?}", seen.dh_bits);
    assert_eq!(seen.certificates.len(), 2, "{:?}", seen.certificates);
    let judged = check("https://x/", &Endpoint::Tls(seen.clone()), Level::Intermediate);
    assert_eq!(judged.verdict, Verdict::Pass, "{judged:?}");
    assert!(check("https://x/", &Endpoint::Tls(seen), Level::Modern).verdict == Verdict::Fail);

    let ordered = Server::start(&certificates, &[&arguments[..], &["-serverpref"]].concat()).scan().await;
    assert_eq!(ordered.preference, Preference::Server);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_server_is_caught_with_everything_that_it_takes() {
    let Some(certificates) = Certificates::make() else { return };
    let everything = "ALL:COMPLEMENTOFALL:@SECLEVEL=0";
    let arguments = ["-cert", "weak.pem", "-key", "weak.key", "-cipher", everything, "-legacy_renegotiation"];
    let seen = Server::start(&certificates, &arguments).scan().await;
    assert_eq!(seen.protocols, [Protocol::Tls10, Protocol::Tls11, Protocol::Tls12, Protocol::Tls13]);
    for cipher in
        ["AES128-SHA", "CAMELLIA256-SHA", "NULL-SHA", "ADH-AES128-SHA", "DHE-RSA-AES256-CCM8", "AECDH-NULL-SHA"]
    {
        assert!(seen.ciphers.iter().any(|taken| taken == cipher), "{cipher} of {:?}", seen.ciphers);
    }
    // What OpenSSL itself says that it has, less what needs another certificate or a key known before.
    let listed = Command::new("openssl").args(["ciphers", "-s", "-tls1_2", everything]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let possible = |name: &&str| !["PSK", "SRP", "ECDSA", "DSS", "TLS_"].iter().any(|part| name.contains(part));
    let missed: Vec<&str> = listed
        .trim()
        .split(':')
        .filter(possible)
        .filter(|name| !seen.ciphers.iter().any(|taken| taken == name))
        .collect();
    assert!(missed.is_empty(), "not seen: {missed:?}");
    let judged = check("https://x/", &Endpoint::Tls(seen), Level::Intermediate);
    let reasons: Vec<&str> = judged.findings.iter().map(|finding| finding.reason.as_str()).collect();
    for part in ["TLS 1.0, TLS 1.1", "NULL-SHA", "RSA key of 1024 bits", "sha1WithRSAEncryption", "4000 days", "X448"] {
        assert!(reasons.iter().any(|reason| reason.contains(part)), "{part} of {reasons:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_one_old_version_or_one_odd_curve_is_seen() {
    let Some(certificates) = Certificates::make() else { return };
    let arguments = ["-cert", "rsa.pem", "-key", "rsa.key", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"];
    let seen = Server::start(&certificates, &arguments).scan().await;
    assert_eq!(seen.protocols, [Protocol::Tls11]);
    assert_eq!(seen.certificates.len(), 1, "read from the hello: no library speaks this version");

    // Its certificate's own curve has to be offered with every other one.
    let arguments = ["-cert", "ec521.pem", "-key", "ec521.key", "-tls1_2", "-curves", "X25519:P-521:P-384"];
    let seen = Server::start(&certificates, &arguments).scan().await;
    let mut curves = seen.curves.clone();
    curves.sort();
    assert_eq!(curves, ["X25519", "secp384r1", "secp521r1"]);
    assert_eq!(seen.certificates[0].key, CertificateKey::Ecdsa { curve: "secp521r1".into() });
}

#[tokio::test]
async fn what_is_no_tls_and_what_is_not_there_is_no_scan() {
    assert_eq!(scan("http://127.0.0.1:1/", &QUICK).await, Endpoint::Plain);
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let Endpoint::Unreachable(why) = scan(&format!("https://{free}/"), &QUICK).await else { panic!() };
    assert!(why.contains("refused"), "{why}");
    let Endpoint::Unreachable(why) = scan("https://cloud.invalid/", &QUICK).await else { panic!() };
    assert!(why.contains("resolved"), "{why}");

    // Plain HTTP behind an https address, and a server that says nothing.
    let plain = crate::server::Server::start(|_| crate::server::Answer::HangUp);
    let address = plain.url.replace("http://", "https://");
    assert!(matches!(scan(&address, &QUICK).await, Endpoint::Unreachable(_)));
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let short = ScanOptions { answer_time: Duration::from_millis(50), ..QUICK };
    let address = format!("https://{}/", silent.local_addr().unwrap());
    let Endpoint::Unreachable(why) = scan(&address, &short).await else { panic!() };
    assert!(why.contains("says nothing"), "{why}");
    let short = ScanOptions { total_time: Duration::from_millis(50), ..QUICK };
    let Endpoint::Unreachable(why) = scan(&address, &short).await else { panic!() };
    assert!(why.contains("did not end in time"), "{why}");
}

#[tokio::test]
async fn a_server_that_says_something_else_is_foreign() {
    use std::io::{Read, Write};
    for said in [
        &b"SSH-2.0-OpenSSH_9\r\n"[..],
        b"\x16\x03\x01\xff\xff",
        b"\x15\x03\x01\x00\x02\x02\x28",
        b"\x16\x03\x03\x00\x04\x02\x00\x00\x00",
        b"",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("https://{}/", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut room = [0; 2048];
                let _ = stream.read(&mut room);
                let _ = stream.write_all(said);
            }
        });
        let Endpoint::Unreachable(why) = scan(&address, &QUICK).await else { panic!("{said:?}") };
        assert!(why.contains("no offer") || why.contains("not speak TLS"), "{said:?}: {why}");
    }
}
