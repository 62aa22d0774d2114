//! Data into the program and out of it again: registers from files, made-up people, backups and restores.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::program::{Place, damage};

#[test]
fn a_file_is_shown_first_imported_when_agreed_and_importing_twice_changes_nothing() {
    let place = Place::new();
    let server = place.up(&[]);
    place.write("towns.csv", "code,name,people,founded\nTL,Tallinn,457572,1154-05-01\nTR,Tartu,97435,1030-01-01\n");
    let shown = place.run(&["registry", "import", "towns.csv"]);
    assert_eq!(shown.code, 2, "{shown:?}");
    for part in ["towns (code `towns`): 2 rows, 4 fields", "a date such as", "key"] {
        assert!(shown.stdout.contains(part), "{part}: {shown:?}");
    }
    assert!(shown.stderr.contains("--yes"), "{shown:?}");
    assert!(!place.run(&["registry", "list"]).done().contains("towns"), "nothing was written");
    let made = place.run(&["registry", "import", "towns.csv", "--yes"]).done();
    assert!(made.contains("towns: 2 created, 0 changed, 0 as they were, 0 refused"), "{made}");
    let again = place.run(&["registry", "import", "towns.csv", "--yes"]).done();
    assert!(again.contains("towns: 0 created, 0 changed, 2 as they were, 0 refused"), "{again}");
    place.write(
        "towns.csv",
        "code,name,people,founded\nTL,Reval,many,1154-05-01\nTR,Tartu,97436,1030-01-01\nNV,Narva\n",
    );
    let partly = place.run(&["registry", "import", "towns.csv", "--yes"]);
    assert_eq!(partly.code, 3, "{partly:?}");
    assert!(partly.stdout.contains("0 created, 1 changed, 0 as they were, 2 refused"), "{partly:?}");
    assert!(partly.stderr.contains("line 2: /people") && partly.stderr.contains("line 4"), "{partly:?}");
    let out = place.run(&["registry", "export", "towns"]).done();
    assert!(out.contains("97436") && out.contains("Tallinn") && !out.contains("Narva"), "{out}");
    drop(server);
    let out = place.run(&["registry", "export", "towns"]).done();
    assert!(out.contains("97436"), "the same without a server: {out}");
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_the_place() {
    let place = Place::new();
    place.up(&[]).terminate();
    for (name, content, part) in [
        ("bad.csv", &b"a,b\n1,\"x"[..], "never closed"),
        ("latin.csv", &b"a,b\n1,\xe9\n"[..], "UTF-8"),
        ("empty.json", &b"[]"[..], "no records"),
        ("cut.json", &b"[{\"a\": 1}, {\"a\""[..], "in the middle of a value"),
        ("strange.xyz", &b"?"[..], "no format"),
    ] {
        std::fs::write(place.path(name), content).unwrap();
        let ended = place.run(&["registry", "import", name, "--yes"]);
        assert_ne!(ended.code, 0, "{name}: {ended:?}");
        assert!(ended.stderr.contains(part) || ended.stdout.contains(part), "{name}: {ended:?}");
    }
    let ended = place.run(&["registry", "import", "missing.csv", "--yes"]);
    assert!(ended.code == 1 && ended.stderr.contains("missing.csv"), "{ended:?}");
}

#[test]
fn a_file_that_is_broken_far_behind_or_holds_formulas_changes_nothing() {
    let place = Place::new();
    place.up(&[]).terminate();
    let good: String = (0..1_000).map(|n| format!("{n},name {n}\n")).collect();
    for (name, end, part) in [
        ("open.csv", &b"1000,\"never closed\n"[..], "line 1002"),
        ("latin.csv", &b"1000,Z\xFCrich\n"[..], "UTF-8"),
        ("formula.csv", &b"1000,=cmd|' /C calc'!A0\n"[..], "line 1002, column 6, field `name`"),
    ] {
        let file = [b"id,name\n", good.as_bytes(), end].concat();
        std::fs::write(place.path(name), file).unwrap();
        let ended = place.run(&["registry", "import", name, "--yes"]);
        assert_eq!(ended.code, 2, "{name}: {ended:?}");
        assert!(ended.stderr.contains(part) && ended.stderr.contains("nothing was written"), "{name}: {ended:?}");
        assert!(ended.stderr.contains("next: "), "{ended:?}");
    }
    assert_eq!(place.run(&["registry", "list"]).done(), "");
    // Whoever means it keeps formulas as the texts that they are, and an export guards them.
    let taken = place.run(&["registry", "import", "formula.csv", "--yes", "--formulas-as-text"]).done();
    assert!(taken.contains("formula: 1001 created"), "{taken}");
    // Into a register that is there, the same holds.
    let again = place.run(&["registry", "import", "formula.csv", "--yes"]);
    assert_eq!(again.code, 2, "{again:?}");
}

#[test]
fn a_register_of_the_iso_codes_takes_a_record_with_no_more_than_its_codes() {
    let place = Place::new();
    if !std::path::Path::new("/usr/share/iso-codes/json/iso_3166-1.json").exists() {
        eprintln!("not run: Debian's iso-codes is not installed");
        return;
    }
    let server = place.up(&[]);
    place.run(&["registry", "import", "iso-codes", "--yes"]).done();
    let key = place.run(&["key", "create", "--name", "t", "--role", "admin"]).done().trim().to_owned();
    let body = r#"{"alpha_2":"XX","alpha_3":"XXX","numeric":"999","name":"Nowhere"}"#;
    let (status, text) = server.ask("POST", "/registries/v1/registries/countries/records", Some(&key), Some(body));
    assert_eq!(status, 201, "{text}");
    // A name in a language that has no field of its own is found.
    let path = "/registries/v1/registries/countries/records?search=%EC%BC%80%EB%83%90";
    let (status, text) = server.ask("GET", path, Some(&key), None);
    assert!(status == 200 && text.contains("\"KE\""), "{text}");
}

#[test]
fn two_backups_under_one_name_leave_one_whole_archive() {
    let place = Place::new();
    let _server = place.up(&[]);
    place.run(&["sample", "people", "--count", "300"]).done();
    let mut both: Vec<_> = std::thread::scope(|scope| {
        let runs: Vec<_> =
            (0..2).map(|_| scope.spawn(|| place.run(&["backup", "one.stoa", "--unencrypted"]))).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    both.sort_by_key(|ended| ended.code);
    assert_eq!(both[0].code, 0, "{both:?}");
    assert!(both[1].code == 2 && both[1].stderr.contains("one.stoa is there"), "{both:?}");
    assert!(place.run(&["verify", "one.stoa"]).done().contains("whole"));
    let left: Vec<_> = std::fs::read_dir(place.path(".")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".partial")), "{left:?}");
}

#[test]
fn what_could_not_be_written_out_is_no_success() {
    let place = Place::new();
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ended = place.ended(place.command(&["config", "show"]).stdout(full()));
    assert!(ended.code == 5 && ended.stderr.contains("writing the output"), "{ended:?}");
}

#[test]
fn the_same_seed_makes_the_same_people_and_more_of_them_only_adds() {
    let place = Place::new();
    place.up(&[]).terminate();
    let first = place.run(&["sample", "people", "--count", "300", "--seed", "7"]).done();
    assert!(first.contains("population: 300 created"), "{first}");
    let more = place.run(&["sample", "people", "--count", "400", "--seed", "7"]).done();
    assert!(more.contains("100 created, 0 changed, 300 as they were, 0 refused"), "{more}");
}

#[test]
fn a_backup_beside_a_busy_server_is_one_moment_and_comes_back_whole() {
    let place = Place::new();
    let server = place.up(&[]);
    place.run(&["sample", "people", "--count", "200"]).done();
    let key = place.run(&["key", "create", "--name", "t", "--role", "admin"]).done().trim().to_owned();
    let schema = r#"{"code":"n","name":"N","schema":{"type":"object","properties":{"n":{"type":"integer"}}}}"#;
    assert_eq!(server.ask("POST", "/registries/v1/registries", Some(&key), Some(schema)).0, 201);
    assert_eq!(server.ask("POST", "/registries/v1/registries/n/publish", Some(&key), Some("{}")).0, 200);
    place.write("secret.txt", "correct horse battery\n");
    let (stop, written) = (AtomicBool::new(false), AtomicU64::new(0));
    let acknowledged_before = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let body = format!("{{\"n\": {}}}", written.load(Ordering::Relaxed));
                let (status, _) = server.ask("POST", "/registries/v1/registries/n/records", Some(&key), Some(&body));
                assert_eq!(status, 201);
                written.fetch_add(1, Ordering::Relaxed);
            }
        });
        while written.load(Ordering::Relaxed) < 20 {
            std::thread::yield_now();
        }
        let before = written.load(Ordering::Relaxed);
        let said = place.run(&["backup", "monday.stoa", "--passphrase-file", "secret.txt"]);
        stop.store(true, Ordering::Relaxed);
        assert_eq!(said.code, 0, "{said:?}");
        before
    });
    server.kill();
    let twice = place.run(&["backup", "monday.stoa", "--passphrase-file", "secret.txt"]);
    assert!(twice.code == 2 && twice.stderr.contains("is there already"), "{twice:?}");
    let whole = place.run(&["verify", "monday.stoa", "--passphrase-file", "secret.txt"]).done();
    assert!(whole.contains("whole") && whole.contains("with the master keys"), "{whole}");

    let restored = ["--data", "restored"];
    let run = |arguments: &[&str]| place.run(&arguments.iter().chain(&restored).copied().collect::<Vec<_>>());
    run(&["restore", "monday.stoa", "--passphrase-file", "secret.txt"]).done();
    run(&["audit", "verify"]).done();
    let numbers = run(&["registry", "export", "n"]).done();
    let mut found: Vec<u64> =
        numbers.lines().filter_map(|line| line.strip_prefix("{\"n\":")?.strip_suffix('}')?.parse().ok()).collect();
    found.sort_unstable();
    assert_eq!(found, (0..found.len() as u64).collect::<Vec<_>>(), "one moment: nothing missing in between");
    assert!(found.len() as u64 >= acknowledged_before, "{} of {acknowledged_before}", found.len());
    let people = |out: String| {
        let mut lines: Vec<String> = out.lines().skip(1).map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let (old, new) =
        (place.run(&["registry", "export", "population"]).done(), run(&["registry", "export", "population"]).done());
    assert_eq!(people(old), people(new));
    let occupied = run(&["restore", "monday.stoa", "--passphrase-file", "secret.txt"]);
    assert!(occupied.code == 2 && occupied.stderr.contains("is not empty"), "{occupied:?}");
    let server = place.up(&restored);
    assert_eq!(server.ask("GET", "/registries/v1/registries", Some(&key), None).0, 200, "keys come along");
}

#[test]
fn a_damaged_archive_is_refused_and_leaves_nothing_behind() {
    let place = Place::new();
    place.up(&[]).terminate();
    place.run(&["sample", "people", "--count", "50"]).done();
    let open = place.run(&["backup", "open.stoa"]);
    assert!(open.code == 2 && open.stderr.contains("--unencrypted"), "{open:?}");
    let open = place.run(&["backup", "open.stoa", "--unencrypted"]);
    assert!(open.code == 0 && open.stderr.contains("master keys are left out"), "{open:?}");
    place.write("secret.txt", "correct horse battery\n");
    place.run(&["backup", "sealed.stoa", "--passphrase-file", "secret.txt"]).done();
    place.write("other.txt", "incorrect horse battery\n");
    let wrong = place.run(&["verify", "sealed.stoa", "--passphrase-file", "other.txt"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("passphrase is wrong"), "{wrong:?}");
    let none = place.run(&["verify", "sealed.stoa"]);
    assert!(none.code == 2 && none.stderr.contains("needs its passphrase"), "{none:?}");
    for name in ["open.stoa", "sealed.stoa"] {
        let whole = std::fs::read(place.path(name)).unwrap();
        for (what, at) in [("middle", whole.len() / 2), ("end", whole.len() - 40)] {
            let broken = format!("{what}-{name}");
            std::fs::write(place.path(&broken), &whole).unwrap();
            damage(&place.path(&broken), at, &[whole[at] ^ 1]);
            for command in ["verify", "restore"] {
                let mut arguments = vec![command, &broken, "--passphrase-file", "secret.txt"];
                if command == "restore" {
                    arguments.extend(["--data", "restored"]);
                }
                let ended = place.run(&arguments);
                assert_eq!(ended.code, 3, "{command} {broken}: {ended:?}");
            }
        }
        std::fs::write(place.path("cut.stoa"), &whole[..whole.len() - 100]).unwrap();
        let cut = place.run(&["verify", "cut.stoa", "--passphrase-file", "secret.txt"]);
        assert!(cut.code == 3 && cut.stderr.contains("cut off"), "{cut:?}");
    }
    assert!(!place.path("restored").exists());
    // A restore that was killed left its corner, and a fresh disk its own folder: neither is in the way.
    std::fs::create_dir_all(place.path("restored/.restoring/databases")).unwrap();
    std::fs::create_dir_all(place.path("restored/lost+found")).unwrap();
    place.run(&["restore", "open.stoa", "--data", "restored"]).done();
    assert!(!place.path("restored/.restoring").exists());
    let keyless = place.run(&["registry", "list", "--data", "restored"]);
    assert_eq!(keyless.code, 6, "without its master keys the data stays shut: {keyless:?}");
}
