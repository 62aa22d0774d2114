//! What goes wrong around the program: each fault has its exit code, names what is wrong and says what to do next.
//!
//! Full and read-only disks are real ones: small tmpfs mounts in a mount namespace of the server's own (`unshare`), seen
//! from outside through `/proc/PID/root`. Where the system allows no such namespace these two say so and end.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::program::{Place, damage};

#[test]
fn a_second_server_on_the_same_folder_is_refused_and_the_first_goes_on() {
    let place = Place::new();
    let first = place.up(&[]);
    let second = place.run(&["up", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.code, 4, "{second:?}");
    assert!(second.stderr.contains(&format!("process {}", first.pid())), "{second:?}");
    assert!(second.stderr.contains("next: "), "{second:?}");
    let taken = place.run(&["up", "--listen", &first.address, "--data", "other"]);
    assert_eq!(taken.code, 4, "{taken:?}");
    assert!(!place.path("other").exists(), "nothing was made for a server that could not listen");
    assert_eq!(first.ask("GET", "/readyz", None, None).0, 200);
    first.kill();
    // The lock of a killed process is gone with it.
    drop(place.up(&[]));
}

#[test]
fn a_server_stops_in_time_with_a_command_in_flight_and_keeps_what_was_acknowledged() {
    let place = Place::new();
    let server = place.up(&[]);
    let mut command = place.command(&["sample", "people", "--count", "5000000"]);
    let mut command = command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    let metrics = || server.ask("GET", "/metrics", None, None).1;
    let units = |text: &str| {
        let line = text.lines().find(|line| line.starts_with("stoa_store_units_total{store=\"registries\"}")).unwrap();
        line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()
    };
    let begun = Instant::now();
    while units(&metrics()) < 20 {
        assert!(begun.elapsed() < Duration::from_secs(30), "the command is at work");
        std::thread::sleep(Duration::from_millis(100));
    }
    let (code, said, elapsed) = server.terminate();
    assert!(command.wait().is_ok_and(|status| !status.success()), "a command that was cut off says so");
    assert_eq!(code, 0, "{said}");
    assert!(elapsed < Duration::from_secs(15), "{elapsed:?}");
    let verified = place.run(&["audit", "verify"]).done();
    assert!(verified.contains("registries: whole"), "{verified}");
}

#[test]
fn a_folder_with_other_files_is_left_alone() {
    let place = Place::new();
    place.write("thesis.txt", "precious");
    let run = place.run(&["up", "--listen", "127.0.0.1:0", "--data", "."]);
    assert_eq!(run.code, 6, "{run:?}");
    assert!(run.stderr.contains("is no data folder"), "{run:?}");
    assert_eq!(std::fs::read_dir(place.path(".")).unwrap().count(), 1);
}

#[test]
fn a_folder_that_others_may_enter_is_named_and_its_databases_are_not_for_them() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    std::fs::create_dir(place.path("open")).unwrap();
    std::fs::set_permissions(place.path("open"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let (code, said, _) = place.up(&["--data", "open"]).terminate();
    assert_eq!(code, 0);
    assert!(said.contains("chmod 700"), "{said}");
    for name in ["node.db", "registries.db", "blobs", "keys"] {
        let mode = std::fs::metadata(place.path("open").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}");
    }
    let (_, said, _) = place.up(&[]).terminate();
    assert!(!said.contains("chmod"), "a folder of its own making is closed: {said}");
}

#[test]
fn a_corrupted_database_is_named() {
    let place = Place::new();
    let (code, ..) = place.up(&[]).terminate();
    assert_eq!(code, 0);
    damage(&place.path("stoa-data/registries.db"), 0, b"this is not a database any more");
    let run = place.run(&["up", "--listen", "127.0.0.1:0"]);
    assert_eq!(run.code, 6, "{run:?}");
    assert!(run.stderr.contains("registries.db") && run.stderr.contains("restore"), "{run:?}");
}

#[test]
fn a_database_that_is_gone_is_not_replaced_by_an_empty_one() {
    let place = Place::new();
    let (code, ..) = place.up(&[]).terminate();
    assert_eq!(code, 0);
    let file = place.path("stoa-data/registries.db");
    std::fs::write(&file, "").unwrap();
    for command in [&["up", "--listen", "127.0.0.1:0"][..], &["registry", "list"]] {
        let run = place.run(command);
        assert_eq!(run.code, 6, "{run:?}");
        assert!(run.stderr.contains("registries.db is missing or empty"), "{run:?}");
    }
    std::fs::remove_file(&file).unwrap();
    assert_eq!(place.run(&["registry", "list"]).code, 6);
    assert!(!file.exists());
}

#[test]
fn a_folder_that_was_open_to_others_is_closed() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    std::fs::create_dir(place.path("stoa-data")).unwrap();
    std::fs::set_permissions(place.path("stoa-data"), std::fs::Permissions::from_mode(0o755)).unwrap();
    drop(place.up(&[]));
    let mode = std::fs::metadata(place.path("stoa-data")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_database_newer_than_the_program_is_refused() {
    let place = Place::new();
    let (code, ..) = place.up(&[]).terminate();
    assert_eq!(code, 0);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use stoa_store::{Durability, Engine, Migration, Store, StoreLimits, StoreOptions};
        let clock = stoa_core::Clock::system();
        let own = stoa_registries::BLOCK.migrations.iter().chain(stoa_audit::MIGRATIONS);
        let own = own.chain(stoa_web::webhook::MIGRATIONS).copied();
        // As a later release has it: the block's own next number, below those that the base adds.
        let next = stoa_registries::BLOCK.migrations.iter().map(|step| step.number).max().unwrap() + 1;
        let later = Migration::both(next, "of_a_later_release", "CREATE TABLE later (id BIGINT)");
        let store = Store::open(StoreOptions {
            block: "registries",
            engine: Engine::Sqlite { file: place.path("stoa-data/registries.db"), durability: Durability::Full },
            migrations: own.chain([later]).collect(),
            ids: stoa_core::Ids::random(clock.clone()),
            clock,
            limits: StoreLimits::default(),
        });
        store.await.unwrap().close().await;
    });
    let run = place.run(&["up", "--listen", "127.0.0.1:0"]);
    assert_eq!(run.code, 6, "{run:?}");
    assert!(run.stderr.contains("newer program") && run.stderr.contains("(of_a_later_release)"), "{run:?}");
}

#[test]
fn a_master_key_that_does_not_fit_is_refused() {
    let place = Place::new();
    drop(place.up(&[]));
    let other = place.up(&["--data", "other"]);
    drop(other);
    std::fs::copy(place.path("other/keys/master.keys"), place.path("stoa-data/keys/master.keys")).unwrap();
    let run = place.run(&["up", "--listen", "127.0.0.1:0"]);
    assert_eq!(run.code, 6, "{run:?}");
    assert!(run.stderr.contains("keys do not fit") && run.stderr.contains("key folder back"), "{run:?}");
    // A lost key file is not replaced by a new one in silence.
    std::fs::remove_file(place.path("stoa-data/keys/master.keys")).unwrap();
    let run = place.run(&["up", "--listen", "127.0.0.1:0"]);
    assert!(run.code == 6 && run.stderr.contains("is missing"), "{run:?}");
    assert!(!place.path("stoa-data/keys/master.keys").exists(), "the place is left for the right one");
}

#[test]
fn a_key_file_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    drop(place.up(&[]));
    let file = place.path("stoa-data/keys/master.keys");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let run = place.run(&["up", "--listen", "127.0.0.1:0"]);
    assert_eq!(run.code, 6, "{run:?}");
    assert!(run.stderr.contains("chmod 600"), "{run:?}");
}

/// A shell that mounts a small disk at `disk` and then becomes the program.
fn on_a_small_disk(size: &str, then: &str) -> Vec<String> {
    let script = format!("mount -t tmpfs -o size={size} tmpfs disk && {then} exec \"$@\"");
    ["unshare", "-rm", "sh", "-c", &script, "sh"].map(str::to_owned).to_vec()
}

fn may_mount() -> bool {
    let status = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output();
    let may = status.is_ok_and(|output| output.status.success());
    if !may {
        eprintln!("not run: this system lets nobody mount a small disk");
    }
    may
}

#[test]
fn a_full_disk_is_named_at_start() {
    if !may_mount() {
        return;
    }
    let place = Place::new();
    std::fs::create_dir(place.path("disk")).unwrap();
    let wrapper = on_a_small_disk("256k", "");
    let wrapper: Vec<&str> = wrapper.iter().map(String::as_str).collect();
    let arguments = ["up", "--listen", "127.0.0.1:0", "--data", "disk/data"];
    let run = place.ended(&mut place.below(&wrapper, &arguments));
    assert_eq!(run.code, 5, "{run:?}");
    assert!(run.stderr.contains("full") || run.stderr.contains("No space left"), "{run:?}");
    assert!(run.stderr.contains("next: "), "{run:?}");
}

#[test]
fn a_read_only_folder_is_named() {
    if !may_mount() {
        return;
    }
    let place = Place::new();
    std::fs::create_dir(place.path("disk")).unwrap();
    let make = format!(
        "timeout -s TERM 5 {} up --listen 127.0.0.1:0 --data disk/data >/dev/null 2>&1;",
        env!("CARGO_BIN_EXE_stoa")
    );
    let wrapper = on_a_small_disk("64m", &format!("{make} mount -o remount,ro disk &&"));
    let wrapper: Vec<&str> = wrapper.iter().map(String::as_str).collect();
    for data in ["disk/data", "disk/other"] {
        let arguments = ["up", "--listen", "127.0.0.1:0", "--data", data];
        let run = place.ended(&mut place.below(&wrapper, &arguments));
        assert_eq!(run.code, 5, "{run:?}");
        assert!(run.stderr.contains("Read-only file system") || run.stderr.contains("may not be written"), "{run:?}");
    }
}

#[test]
fn a_disk_that_fills_up_refuses_writes_loses_nothing_and_recovers() {
    if !may_mount() {
        return;
    }
    let place = Place::new();
    std::fs::create_dir(place.path("disk")).unwrap();
    let wrapper = on_a_small_disk("8m", "");
    let wrapper: Vec<&str> = wrapper.iter().map(String::as_str).collect();
    let server = place.up_below(&wrapper, &["--data", "disk/data"]);
    let disk = std::path::PathBuf::from(format!("/proc/{}/root{}", server.pid(), place.path("disk").display()));
    let data = disk.join("data").display().to_string();
    let create = |name: &str| place.run(&["key", "create", "--name", name, "--data", &data]);
    create("before").done();
    let filler = disk.join("filler");
    // The file takes all there is; the error at its end is the point.
    let _ = std::fs::write(&filler, vec![0_u8; 16 << 20]);
    let begun = Instant::now();
    let mut refused = None;
    let mut acknowledged = Vec::new();
    while refused.is_none() && begun.elapsed() < Duration::from_secs(20) {
        let name = format!("during-{}", acknowledged.len());
        let run = create(&name);
        if run.code == 0 { acknowledged.push(name) } else { refused = Some(run) }
    }
    let refused = refused.expect("a full disk refuses");
    assert!(refused.stderr.contains("full"), "{refused:?}");
    assert_eq!(server.ask("GET", "/healthz", None, None).0, 200, "it lives and says so");
    let (status, body) = server.ask("GET", "/readyz", None, None);
    assert_eq!(status, 503, "it takes no write and says so: {body}");
    std::fs::remove_file(&filler).unwrap();
    create("after").done();
    // A verdict holds for a second.
    let begun = Instant::now();
    while server.ask("GET", "/readyz", None, None).0 != 200 {
        assert!(begun.elapsed() < Duration::from_secs(5), "it takes writes again and does not say so");
        std::thread::sleep(Duration::from_millis(100));
    }
    let listed = place.run(&["key", "list", "--data", &data]).done();
    for name in acknowledged.iter().map(String::as_str).chain(["before", "after"]) {
        assert!(listed.contains(&format!("  {name}  ")), "{name} was acknowledged and is not there:\n{listed}");
    }
    assert!(place.run(&["audit", "verify", "--data", &data]).done().contains("node: whole"));
}
