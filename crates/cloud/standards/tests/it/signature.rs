//! Signatures: those of OpenSSH are taken, OpenSSH takes ours, and nothing that was changed passes.

use std::path::Path;
use std::process::{Command, Stdio};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use proptest::prelude::*;
use ssh_key::private::{Ed25519Keypair, Ed25519PrivateKey, KeypairData};
use ssh_key::public::Ed25519PublicKey;
use ssh_key::{LineEnding, PrivateKey};
use stoa_standards::signature::{KeyError, PublicKey, SignatureError, SigningKey, join, split, verify};

const REPORT: &str = "subject: mycloud\nresult: 1\n";

/// Keys that `ssh-keygen` made, and its signatures with them for [`REPORT`].
const RECORDED: [(&str, &str); 5] = [
    (include_str!("../data/signature/ed25519.pub"), include_str!("../data/signature/ed25519.sig")),
    (include_str!("../data/signature/rsa-2048.pub"), include_str!("../data/signature/rsa-2048.sig")),
    (include_str!("../data/signature/ecdsa-256.pub"), include_str!("../data/signature/ecdsa-256.sig")),
    (include_str!("../data/signature/ecdsa-384.pub"), include_str!("../data/signature/ecdsa-384.sig")),
    (include_str!("../data/signature/ecdsa-521.pub"), include_str!("../data/signature/ecdsa-521.sig")),
];

/// A private key as OpenSSH writes it; the same seed makes the same key.
fn private_key(seed: u8) -> String {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
    let public = Ed25519PublicKey::try_from(pair.public_key().as_ref()).unwrap();
    let pair = Ed25519Keypair { public, private: Ed25519PrivateKey::from_bytes(&[seed; 32]) };
    PrivateKey::new(KeypairData::Ed25519(pair), "test").unwrap().to_openssh(LineEnding::LF).unwrap().to_string()
}

fn signing_key() -> SigningKey {
    private_key(7).parse().unwrap()
}

#[test]
fn signatures_of_openssh_are_taken_whatever_the_key() {
    let keys: Vec<PublicKey> = RECORDED.iter().map(|(key, _)| key.parse().unwrap()).collect();
    for ((_, signature), key) in RECORDED.iter().zip(&keys) {
        assert_eq!(verify(signature, REPORT.as_bytes(), &keys).unwrap(), key, "the one that made it, of all");
        assert_eq!(key.comment(), "test");
        let changed = REPORT.replace("result: 1", "result: 2");
        assert_eq!(verify(signature, changed.as_bytes(), &keys), Err(SignatureError::Wrong), "{key}");
        let others: Vec<PublicKey> = keys.iter().filter(|other| *other != key).cloned().collect();
        let error = verify(signature, REPORT.as_bytes(), &others).unwrap_err();
        assert_eq!(error, SignatureError::UnknownKey { fingerprint: key.fingerprint() });
    }
}

#[test]
fn ours_is_the_same_as_that_of_openssh_with_the_same_key() {
    let (public, recorded) = RECORDED[0];
    assert_eq!(signing_key().public().to_string(), public.trim());
    assert_eq!(signing_key().sign(REPORT.as_bytes()).unwrap().trim(), recorded.trim());
}

/// `ssh-keygen` in a folder; none where the program is not there.
fn ssh_keygen(folder: &Path, arguments: &[&str], input: Option<&str>) -> Option<bool> {
    let input = input.map_or_else(Stdio::null, |name| std::fs::File::open(folder.join(name)).unwrap().into());
    let output = Command::new("ssh-keygen").args(arguments).current_dir(folder).stdin(input).output().ok()?;
    Some(output.status.success())
}

#[test]
fn openssh_takes_ours_and_we_take_fresh_ones_of_openssh() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let write = |name: &str, text: &str| std::fs::write(path(name), text).unwrap();
    write("report", REPORT);
    write("key", &private_key(7));
    std::fs::set_permissions(path("key"), std::fs::Permissions::from_mode(0o600)).unwrap();
    write("allowed", &format!("operator {}\n", signing_key().public()));
    write("ours", &signing_key().sign(REPORT.as_bytes()).unwrap());
    let verify_ours = |namespace| {
        let arguments = ["-Y", "verify", "-f", "allowed", "-I", "operator", "-n", namespace, "-s", "ours"];
        ssh_keygen(folder.path(), &arguments, Some("report"))
    };
    let Some(taken) = verify_ours("report") else { return };
    assert!(taken, "OpenSSH refuses our signature");
    assert_eq!(verify_ours("file"), Some(false));
    for namespace in ["report", "file"] {
        assert_eq!(
            ssh_keygen(folder.path(), &["-Y", "sign", "-q", "-f", "key", "-n", namespace, "report"], None),
            Some(true)
        );
        let theirs = std::fs::read_to_string(path("report.sig")).unwrap();
        std::fs::remove_file(path("report.sig")).unwrap();
        let verified = verify(&theirs, REPORT.as_bytes(), &[signing_key().public().clone()]).map(|_| ());
        let wanted = if namespace == "report" {
            Ok(())
        } else {
            Err(SignatureError::Namespace { namespace: "file".to_owned(), wanted: "report".to_owned() })
        };
        assert_eq!(verified, wanted);
    }
    // A key with a passphrase, and one that does not sign here.
    for (kind, passphrase, wanted) in [
        ("ed25519", "secret word", KeyError::Encrypted),
        ("ecdsa", "", KeyError::CannotSign { algorithm: "ecdsa-sha2-nistp256".to_owned() }),
    ] {
        let made = ssh_keygen(folder.path(), &["-q", "-t", kind, "-N", passphrase, "-f", kind], None);
        assert_eq!(made, Some(true));
        let text = std::fs::read_to_string(path(kind)).unwrap();
        assert_eq!(text.parse::<SigningKey>().unwrap_err(), wanted);
    }
    // Of one type every fourth has a short number: each is called by its name.
    for nth in 0..12 {
        let name = format!("p521-{nth}");
        let made = ssh_keygen(folder.path(), &["-q", "-t", "ecdsa", "-b", "521", "-N", "", "-f", &name], None);
        assert_eq!(made, Some(true));
        let text = std::fs::read_to_string(path(&name)).unwrap();
        let wanted = KeyError::CannotSign { algorithm: "ecdsa-sha2-nistp521".to_owned() };
        assert_eq!(text.parse::<SigningKey>().unwrap_err(), wanted);
    }
}

#[test]
fn a_signed_report_is_joined_and_split_byte_for_byte() {
    let signature = signing_key().sign(REPORT.as_bytes()).unwrap();
    let body = join(&signature, REPORT);
    let (armor, report) = split(&body).unwrap();
    assert_eq!((armor, report), (signature.trim(), REPORT));
    assert!(verify(armor, report.as_bytes(), &[signing_key().public().clone()]).is_ok());
    for body in ["", REPORT, "&x", "-----BEGIN SSH SIGNATURE-----\nabc", &signature.replace("END", "BEGIN")] {
        assert_eq!(split(body), Err(SignatureError::Missing), "{body}");
    }
}

#[test]
fn what_is_no_key_or_no_signature_is_said_to_be_none() {
    for text in ["", "ssh-ed25519", "ssh-ed25519 AAAA", "-----BEGIN OPENSSH PRIVATE KEY-----\n"] {
        assert!(matches!(text.parse::<PublicKey>(), Err(KeyError::Malformed { .. })), "{text}");
        assert!(matches!(text.parse::<SigningKey>(), Err(KeyError::Malformed { .. })), "{text}");
    }
    let keys = [signing_key().public().clone()];
    let huge = format!("-----BEGIN SSH SIGNATURE-----\n{}", "A".repeat(100_000));
    for text in ["", "signature", "-----BEGIN SSH SIGNATURE-----\n!\n-----END SSH SIGNATURE-----", &huge] {
        assert!(matches!(verify(text, b"x", &keys), Err(SignatureError::Malformed { .. })), "{text}");
    }
    // The version is no part of what is signed.
    let recorded = RECORDED[0].1;
    let other_version = recorded.replacen("U1NIU0lHAAAAAQ", "U1NIU0lHAAAAAA", 1);
    assert_ne!(other_version, recorded);
    assert!(matches!(verify(&other_version, REPORT.as_bytes(), &keys), Err(SignatureError::Malformed { .. })));
    assert_eq!(format!("{:?}", signing_key()), format!("SigningKey({})", keys[0].fingerprint()));
}

proptest! {
    #[test]
    fn a_signature_fits_its_report_alone(report in prop::collection::vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>(), other in any::<u8>()) {
        let key = signing_key();
        let keys = [key.public().clone(), private_key(8).parse::<SigningKey>().unwrap().public().clone()];
        let signature = key.sign(&report).unwrap();
        prop_assert_eq!(verify(&signature, &report, &keys), Ok(&keys[0]));
        let mut changed = report.clone();
        changed.insert(at.index(report.len() + 1), other);
        prop_assert_eq!(verify(&signature, &changed, &keys), Err(SignatureError::Wrong));
    }

    #[test]
    fn a_changed_signature_never_passes_nor_panics(at in any::<prop::sample::Index>(), with in "[A-Za-z0-9+/=]", which in 0..5_usize) {
        let (key, signature) = RECORDED[which];
        let begin = signature.find('\n').unwrap() + 1;
        let end = signature.find("\n-----END").unwrap();
        let at = begin + at.index(end - begin);
        prop_assume!(signature.as_bytes()[at] != b'\n' && signature[at..=at] != with);
        let mut changed = signature.to_owned();
        changed.replace_range(at..=at, &with);
        prop_assert!(verify(&changed, REPORT.as_bytes(), &[key.parse::<PublicKey>().unwrap()]).is_err());
    }
}
