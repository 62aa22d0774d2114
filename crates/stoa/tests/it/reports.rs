//! `stoa report` by its surface: signatures that OpenSSH takes and makes, pages in every format, differences, and a monitor.

use std::process::{Command, Stdio};

use insta::assert_snapshot;
use serde_json::Value;

use crate::program::{Ended, Place};
use crate::server::{Answer, Server};

const REPORT: &str = include_str!("../data/report.yaml");

fn place() -> Place {
    let place = Place::new();
    place.write("report.yaml", REPORT);
    place
}

/// OpenSSH in the place, with a file on its standard input; none where it is not installed.
fn ssh_keygen(place: &Place, arguments: &[&str], input: Option<&str>) -> Option<bool> {
    let input = input.map_or_else(Stdio::null, |name| std::fs::File::open(place.path(name)).unwrap().into());
    let output = Command::new("ssh-keygen").args(arguments).current_dir(place.path("")).stdin(input).output();
    match output {
        Ok(output) => Some(output.status.success()),
        Err(_) => {
            eprintln!("without ssh-keygen (Debian's openssh-client) nothing was proven");
            None
        }
    }
}

/// A key of this type, and its public half in `NAME.pub`.
fn key(place: &Place, name: &str, kind: &[&str], passphrase: &str) -> Option<()> {
    let rest = ["-q", "-N", passphrase, "-C", "Ann <ann@example.org>", "-f", name, "-t"];
    assert!(ssh_keygen(place, &[&rest[..], kind].concat(), None)?);
    Some(())
}

fn verify(place: &Place, file: &str, keys: &str) -> Ended {
    place.run(&["report", "verify", file, "--key", keys])
}

#[test]
fn openssh_takes_our_signatures_and_we_take_its() {
    let place = place();
    let Some(()) = key(&place, "ed", &["ed25519"], "") else { return };
    let signed = place.run(&["report", "sign", "report.yaml", "--key", "ed"]).done();
    assert!(signed.starts_with("report.yaml.sig: signed with SHA256:"), "{signed}");
    let public = std::fs::read_to_string(place.path("ed.pub")).unwrap();
    place.write("allowed", &format!("# who may sign\n\nann@example.org namespaces=\"file,report\" {public}"));
    let check = ["-Y", "verify", "-f", "allowed", "-I", "ann@example.org", "-n", "report", "-s", "report.yaml.sig"];
    assert_eq!(ssh_keygen(&place, &check, Some("report.yaml")), Some(true));
    for keys in ["ed.pub", "allowed"] {
        let verified = verify(&place, "report.yaml", keys).done();
        assert!(
            verified.contains("(Ann <ann@example.org>), and unchanged\n  <b>my</b> cloud: SCS-compatible IaaS, 2026-"),
            "{verified}"
        );
    }
    // Its signatures, whatever the key.
    for (name, kind) in [
        ("ed2", &["ed25519"][..]),
        ("rsa", &["rsa", "-b", "2048"]),
        ("p256", &["ecdsa", "-b", "256"]),
        ("p384", &["ecdsa", "-b", "384"]),
        ("p521", &["ecdsa", "-b", "521"]),
    ] {
        key(&place, name, kind, "").unwrap();
        place.write("other.yaml", REPORT);
        let _ = std::fs::remove_file(place.path("other.yaml.sig"));
        assert_eq!(
            ssh_keygen(&place, &["-q", "-Y", "sign", "-n", "report", "-f", name, "other.yaml"], None),
            Some(true)
        );
        verify(&place, "other.yaml", &format!("{name}.pub")).done();
        let foreign = verify(&place, "other.yaml", "ed.pub");
        assert_eq!((foreign.code, foreign.stdout.as_str()), (3, ""), "{foreign:?}");
        assert!(
            foreign.stderr.contains("is none of those allowed\n  next: Give the signer's public key"),
            "{foreign:?}"
        );
        if !name.starts_with("ed") {
            let refused = place.run(&["report", "sign", "report.yaml", "--key", name]);
            assert!(refused.code == 2 && refused.stderr.contains("next: Make a key with: ssh-keygen"), "{refused:?}");
        }
    }
    // A key that anybody can break by now.
    key(&place, "weak", &["rsa", "-b", "1024"], "").unwrap();
    std::fs::remove_file(place.path("other.yaml.sig")).unwrap();
    ssh_keygen(&place, &["-q", "-Y", "sign", "-n", "report", "-f", "weak", "other.yaml"], None);
    let weak = verify(&place, "other.yaml", "weak.pub");
    assert!(
        weak.code == 3 && weak.stderr.contains("signatures of type ssh-rsa with 1024 bits are not taken"),
        "{weak:?}"
    );
    // A signature for something else.
    std::fs::remove_file(place.path("other.yaml.sig")).unwrap();
    ssh_keygen(&place, &["-q", "-Y", "sign", "-n", "file", "-f", "ed", "other.yaml"], None);
    let namespace = verify(&place, "other.yaml", "ed.pub");
    assert!(
        namespace.code == 3 && namespace.stderr.contains("the signature is for `file`, not for `report`"),
        "{namespace:?}"
    );
    place.write("allowed", &format!("ann@example.org namespaces=\"file\" {public}"));
    let not_for = verify(&place, "report.yaml", "allowed");
    assert!(not_for.code == 2 && not_for.stderr.contains("no public key that may sign reports"), "{not_for:?}");
}

#[test]
fn what_was_changed_or_is_no_key_is_refused() {
    let place = place();
    let Some(()) = key(&place, "ed", &["ed25519"], "") else { return };
    key(&place, "locked", &["ed25519"], "geheim").unwrap();
    place.run(&["report", "sign", "report.yaml", "--key", "ed"]).done();
    let signature = std::fs::read_to_string(place.path("report.yaml.sig")).unwrap();
    let changed = [
        (REPORT.replacen("rc: 0", "rc: 1", 1), signature.clone(), "the report was changed"),
        (REPORT.replace('\n', "\r\n"), signature.clone(), "the report was changed"),
        (format!("{REPORT}\n"), signature.clone(), "the report was changed"),
        (REPORT.to_owned(), signature.replacen('A', "B", 1), "this is no signature of OpenSSH"),
        (REPORT.to_owned(), String::new(), "this is no signature of OpenSSH"),
        (REPORT.to_owned(), "x".repeat(100_000), "this is no signature of OpenSSH: longer than 65536 bytes"),
    ];
    for (report, signature, message) in changed {
        place.write("changed.yaml", &report);
        place.write("changed.yaml.sig", &signature);
        let refused = verify(&place, "changed.yaml", "ed.pub");
        assert_eq!((refused.code, refused.stdout.as_str()), (3, ""), "{refused:?}");
        assert!(refused.stderr.contains(message) && refused.stderr.contains("\n  next: "), "{refused:?}");
    }
    // The armor may have been through a mail or another system; the report may not.
    place.write("changed.yaml", REPORT);
    place.write("changed.yaml.sig", &signature.replace('\n', "\r\n"));
    verify(&place, "changed.yaml", "ed.pub").done();
    // A report with line ends of another system is signed as it is.
    place.write("crlf.yaml", &REPORT.replace('\n', "\r\n"));
    place.run(&["report", "sign", "crlf.yaml", "--key", "ed"]).done();
    verify(&place, "crlf.yaml", "ed.pub").done();

    place.run(&["report", "sign", "report.yaml", "--key", "ed", "--joined", "joined"]).done();
    let joined = std::fs::read_to_string(place.path("joined")).unwrap();
    assert!(
        joined.starts_with("-----BEGIN SSH SIGNATURE-----\n")
            && joined.ends_with(&format!("-----END SSH SIGNATURE-----\n&{REPORT}"))
    );
    verify(&place, "joined", "ed.pub").done();
    assert_eq!(place.run(&["report", "show", "joined"]).code, 0);

    place.write("text", "a text\n");
    place.write("certificates", "cert-authority ssh-ed25519 AAAA\n");
    let sign = |key: &str| place.run(&["report", "sign", "report.yaml", "--key", key]);
    for (ended, message) in [
        (sign("ed.pub"), "ed.pub: this is a public key\n  next: Give the private one"),
        (sign("locked"), "locked: the key is locked with a passphrase"),
        (sign("text"), "text: this cannot be read as a key of OpenSSH"),
        (sign("nowhere"), "reading nowhere: No such file"),
        (sign("report.yaml"), "report.yaml: this cannot be read as a key of OpenSSH"),
        (place.run(&["report", "sign", "joined", "--key", "ed"]), "joined holds a signature already\n  next: "),
        (place.run(&["report", "sign", "text", "--key", "ed"]), "text is no report:\n  line 1: "),
        (place.run(&["report", "sign", "-", "--key", "ed"]), "standard input is no report"),
        (verify(&place, "report.yaml", "text"), "text: line 1: there is no public key in it"),
        (
            verify(&place, "report.yaml", "certificates"),
            "certificates: line 1: certificates and times of validity are not",
        ),
        (
            place.run(&["report", "verify", "report.yaml", "--key", "ed.pub", "--signature", "nowhere"]),
            "reading nowhere",
        ),
        (place.run(&["report", "verify", "report.yaml"]), "--key"),
    ] {
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{ended:?}");
        assert!(ended.stderr.contains(message), "{message}: {}", ended.stderr);
    }
    std::fs::remove_file(place.path("report.yaml.sig")).unwrap();
    let unsigned = verify(&place, "report.yaml", "ed.pub");
    assert!(
        unsigned.code == 2 && unsigned.stderr.contains("there is no report.yaml.sig\n  next: Sign it with"),
        "{unsigned:?}"
    );
}

#[test]
fn a_report_is_shown_in_every_format() {
    let place = place();
    assert_snapshot!(place.run(&["report", "show", "report.yaml"]).done(), @r"
    <b>my</b> cloud: SCS-compatible IaaS
    v5.1 was tested in part, and not all of that passed. Checked at 2026-11-26 12:59:38 UTC.
    Asked for: version v5.1; test cases that match scs-010(0|2-prop-min_ram).

    v5.1 (effective): FAIL (2 passed, 1 failed, 51 missing)

      FAIL    scs-0102-prop-min_ram  image Debian 13: min_ram is not set

    Reasons, and what to do

      FAIL  scs-0102-prop-min_ram
        Every image has a sensible value for its property min_ram.
        - image Debian 13: min_ram is not set
          next: set min_ram to the MiB that the image needs to start
    ");
    let shown = |format: &str| place.run(&["report", "show", "report.yaml", "--format", format]).done();
    assert_eq!(shown("yaml"), REPORT, "read and written, it is the same");
    place.write("report.json", &shown("json"));
    assert_eq!(place.run(&["report", "show", "report.json", "--format", "yaml"]).done(), REPORT);
    assert!(shown("html").contains("&lt;b&gt;my&lt;/b&gt; cloud") && !shown("html").contains("<b>my"));
    assert!(shown("junit").contains("<failure message=\"image Debian 13: min_ram is not set\" type=\"FAIL\">"));
    assert!(shown("markdown").contains("| FAIL | scs-0102-prop-min\\_ram | image Debian 13: min\\_ram is not set |"));
    // From a pipe.
    let mut command = place.command(&["report", "show", "-", "--format", "yaml"]);
    command.stdin(std::fs::File::open(place.path("report.yaml")).unwrap());
    assert_eq!(place.ended(&mut command).done(), REPORT);
}

#[test]
fn what_is_no_report_is_refused_with_every_place() {
    let place = Place::new();
    let several = REPORT.replacen("subject:", "subjekt:", 1).replacen("rc: 0", "rc: zero", 1);
    let several = several.replacen("syntax-check: 1", "syntax-check: 7", 1);
    let ids = |text: &str| text.replace("50393e6f", "60393e6f");
    for (text, messages) in [
        (
            several.as_str(),
            &[
                "line 2: the key `subject` is missing",
                "subjekt: unknown key; known here: spec",
                "expected a whole number, found `zero`",
                "a result is 1 (passed), 0 (aborted) or -1 (failed)",
            ][..],
        ),
        ("", &["there is no report in it"]),
        ("\u{0}\u{1}", &["line 1: not YAML"]),
        ("{", &["line 2: not JSON"][..0]),
        ("a: &x 1\nb: *x\n", &["line 1: anchors and aliases are not taken"]),
        (&"[".repeat(100_000), &["line 1: not YAML: recursion limit exceeded"]),
        (&"{\"a\":".repeat(100_000), &["not JSON: recursion limit exceeded"]),
        (&ids(REPORT), &["is none that is built in\n  next: Give its description with --spec FILE."]),
        (&REPORT.replacen("2026-11-26\n", "0000-00-00\n", 1), &["reference_date: expected a date such as"]),
    ] {
        place.write("report", text);
        let ended = place.run(&["report", "show", "report"]);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{ended:?}");
        for message in messages {
            assert!(ended.stderr.contains(message), "{message}: {}", ended.stderr);
        }
        assert!(ended.stderr.contains("\n  next: ") && ended.stderr.len() < 3000, "{}", ended.stderr);
    }
    std::fs::write(place.path("bytes"), b"\xff\xfe").unwrap();
    let huge = std::fs::File::create(place.path("huge")).unwrap();
    huge.set_len(100 << 20).unwrap();
    for (name, message) in [
        ("nowhere", "reading nowhere: No such file"),
        (".", "reading .: Is a directory"),
        ("bytes", "bytes: line 1: this is not UTF-8 text"),
        ("huge", "huge is longer than 16 MiB"),
    ] {
        let ended = place.run(&["report", "show", name]);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{ended:?}");
        assert!(ended.stderr.contains(message) && ended.stderr.contains("\n  next: "), "{}", ended.stderr);
    }
}

#[test]
fn differences_are_told_and_what_got_worse_has_an_exit_code() {
    let place = place();
    let diff = |old: &str, new: &str, more: &[&str]| place.run(&[&["report", "diff", old, new], more].concat());
    assert_eq!(diff("report.yaml", "report.yaml", &[]).done(), "every test case has the verdict that it had\n");
    let worse = REPORT.replacen("syntax-check: 1", "syntax-check: -1", 1);
    let took = "      - \"INFO: took 405 ms\"\n";
    let reason = "      - \"ERROR: scs-0100-syntax-check: flavor SCS-9: expected `C`\"\n";
    let worse = worse.replacen(took, &format!("{reason}{took}"), 1);
    place.write("worse.yaml", &worse.replace("scs-0102-prop-min_ram: -1\n", "scs-0102-prop-min_disk: 0\n"));
    let told = diff("report.yaml", "worse.yaml", &[]);
    assert_eq!(told.code, 3, "{told:?}");
    assert_snapshot!(told.stdout, @r"
    scs-0100-syntax-check: PASS → FAIL  flavor SCS-9: expected `C`
    scs-0102-prop-min_disk: none → ABORT
    scs-0102-prop-min_ram: FAIL → none
    ");
    assert_eq!(diff("worse.yaml", "report.yaml", &[]).code, 0, "nothing that passed does so no more");
    let lines = diff("report.yaml", "worse.yaml", &["--format", "json"]).stdout;
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&first["test_case"], &first["before"], &first["after"]),
        (&"scs-0100-syntax-check".into(), &"PASS".into(), &"FAIL".into())
    );
    place.write("two.yaml", &format!("{REPORT}{REPORT}"));
    place.write("other.yaml", &REPORT.replace("50393e6f", "60393e6f"));
    for (other, message) in [
        ("two.yaml", "two.yaml holds several reports"),
        ("other.yaml", "the reports are about different scopes"),
        ("nowhere", "reading nowhere: No such file"),
    ] {
        let ended = diff("report.yaml", other, &[]);
        assert!(ended.code == 2 && ended.stderr.contains(message) && ended.stderr.contains("\n  next: "), "{ended:?}");
    }
}

#[test]
fn a_report_is_handed_to_a_monitor_once_it_is_signed() {
    let place = place();
    let Some(()) = key(&place, "ed", &["ed25519"], "") else { return };
    let status = std::sync::Arc::new(std::sync::Mutex::new(201));
    let own = status.clone();
    let monitor = Server::start(move |_| Answer::Say(*own.lock().unwrap(), "", "\"said \u{1b}[31m so\"".to_owned()));
    place.write("token", "bXljbG91ZDpzZWNyZXQ=\n");
    place.write("no-token", "mycloud:secret\n");
    place.write("no-certificate", "a text\n");
    let submit = |report: &str, more: &[&str]| {
        place.run(&[&["report", "submit", report, "--to", &monitor.url, "--token-file", "token"], more].concat())
    };
    assert_eq!(submit("report.yaml", &["--key", "ed"]).done(), "the monitor took the report\n");
    place.run(&["report", "sign", "report.yaml", "--key", "ed"]).done();
    assert_eq!(submit("report.yaml", &[]).done(), "the monitor took the report\n");
    *status.lock().unwrap() = 409;
    assert_eq!(submit("report.yaml", &[]).done(), "the monitor has this report already\n");
    let asked = monitor.asked();
    assert_eq!(asked.len(), 3);
    for one in &asked {
        assert_eq!(one.line, "POST /reports");
        assert!(one.head.to_lowercase().contains("content-type: application/x-signed-yaml\r\n"), "{}", one.head);
        // What arrives is what a monitor verifies.
        place.write("arrived", &one.body);
        verify(&place, "arrived", "ed.pub").done();
        assert!(one.body.ends_with(&format!("\n&{REPORT}")));
    }
    for (code, advice) in [
        (401, "See that the token is that of the subject"),
        (415, "Submit the report as YAML."),
        (302, "Give its own address with --to."),
        (404, "the address is the monitor's"),
    ] {
        *status.lock().unwrap() = code;
        let refused = submit("report.yaml", &[]);
        assert_eq!((refused.code, refused.stdout.as_str()), (1, ""), "{refused:?}");
        assert!(
            refused.stderr.contains(&format!("answered {code}: ")) && refused.stderr.contains(advice),
            "{refused:?}"
        );
        assert!(!refused.stderr.contains('\u{1b}') && !refused.stderr.contains("bXlj"), "{refused:?}");
    }
    let before = monitor.asked().len();
    place.write("changed.yaml", &REPORT.replacen("rc: 0", "rc: 1", 1));
    std::fs::copy(place.path("report.yaml.sig"), place.path("changed.yaml.sig")).unwrap();
    place.write("unsigned.yaml", REPORT);
    let changed = submit("changed.yaml", &[]);
    assert!(
        changed.code == 3
            && changed.stderr.contains("the report was changed")
            && changed.stderr.contains("Nothing was handed over"),
        "{changed:?}"
    );
    let to = |to: &str, token: &str, more: &[&str]| {
        place.run(&[&["report", "submit", "report.yaml", "--to", to, "--token-file", token], more].concat())
    };
    for (ended, message) in [
        (submit("unsigned.yaml", &[]), "there is no unsigned.yaml.sig"),
        (submit("nowhere", &[]), "reading nowhere: No such file"),
        (to(&monitor.url, "no-token", &[]), "no-token: this is no token: expected NAME:PASSPHRASE in base64"),
        (to(&monitor.url, "nowhere", &[]), "reading nowhere: No such file"),
        (to(&monitor.url, "token", &["--ca", "no-certificate"]), "no-certificate: it holds no certificate in PEM"),
        (to("http://monitor.example/", "token", &[]), "plain http:// would show the token"),
        (to("monitor", "token", &[]), "it does not begin with https://"),
    ] {
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{ended:?}");
        assert!(ended.stderr.contains(message) && ended.stderr.contains("\n  next: "), "{message}: {}", ended.stderr);
    }
    assert_eq!(monitor.asked().len(), before, "nothing of that was sent");
}

#[test]
fn a_bundle_is_verified_without_asking_anybody() {
    use stoa_monitor::model::bundle::{Bundle, BundleScope, Evaluation, NAMESPACE, SignedBundle};
    use stoa_monitor::model::results::Results;
    use stoa_monitor::model::standing::Standing;
    use stoa_standards::signature::SigningKey;

    let place = Place::new();
    let at: stoa_core::Instant = "2026-11-24T09:30:00Z".parse().unwrap();
    let scope = stoa_standards::scope::find_built_in("kaas").unwrap();
    let bundle = Bundle {
        monitor: "https://monitor.example/monitor".to_owned(),
        at,
        subject: "mycluster".to_owned(),
        scope: BundleScope { uuid: scope.uuid, name: scope.name.clone(), document: None },
        reports: Vec::new(),
        moved: Vec::new(),
        by_hand: Vec::new(),
        waivers: Vec::new(),
        evaluation: Evaluation::new(&Standing::new(scope, &Results::default(), &[], at)),
    };
    let write = |name: &str, bundle: &Bundle, seed: u8| {
        let key = SigningKey::from_seed(&[seed; 32], "monitor").unwrap();
        let statement = serde_json::to_string(bundle).unwrap();
        let signature = key.sign_for(NAMESPACE, statement.as_bytes()).unwrap();
        let signed = SignedBundle { statement, signature, public_key: key.public().to_string() };
        place.write(name, &serde_json::to_string(&signed).unwrap());
        format!("monitor namespaces=\"certificates,bundle\" {}\n", key.public())
    };
    place.write("signers", &write("bundle.json", &bundle, 1));
    let claimed = Bundle { subject: "mycluster \u{1b}[2J".to_owned(), ..bundle.clone() };
    write("foreign.json", &claimed, 2);
    let mut forged = bundle;
    forged.evaluation.version = Some("v9".to_owned());
    write("forged.json", &forged, 1);
    place.write("nothing.json", "{\"a\": 1}");
    let verify = |name: &str, more: &[&str]| place.run(&[&["report", "verify-bundle", name], more].concat()).surface();
    assert_snapshot!(verify("bundle.json", &["--key", "signers"]), @r"
    exit: 0
    --- stdout
    mycluster, SCS-compatible KaaS: nothing v1, at 2026-11-24T09:30:00Z
    signed with: SHA256:fe85JkIjo8VPe+XqXJGH5Mau1EMFdK1OdKvJUFicyA8
    0 reports, 0 results by hand, 0 waivers add up to it
    --- stderr
    ");
    let unnamed = verify("foreign.json", &[]);
    assert!(unnamed.starts_with("exit: 2") && unnamed.contains("--key"), "whose word it is has to be said: {unnamed}");
    let foreign = verify("foreign.json", &["--any-key"]);
    assert!(foreign.starts_with("exit: 0") && foreign.contains("nobody was named as trusted"), "{foreign}");
    assert!(!foreign.contains('\u{1b}'), "{foreign}");
    let untrusted = verify("foreign.json", &["--key", "signers"]);
    assert!(untrusted.starts_with("exit: 3") && untrusted.contains("none of the keys that are trusted"), "{untrusted}");
    let forged = verify("forged.json", &["--key", "signers"]);
    assert!(forged.starts_with("exit: 3") && forged.contains("does not add up"), "{forged}");
    let nothing = verify("nothing.json", &["--any-key"]);
    assert!(nothing.starts_with("exit: 2") && nothing.contains("this is no bundle"), "{nothing}");
}
