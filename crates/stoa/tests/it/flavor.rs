//! `stoa flavor` by its surface: names from arguments and from standard input, exit codes, and that it touches nothing.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use insta::assert_snapshot;
use serde_json::Value;

use crate::cloud::Cloud;
use crate::program::{Ended, Place};

/// The program with names on its standard input.
fn piped(place: &Place, arguments: &[&str], input: &[u8]) -> Ended {
    let mut child =
        place.command(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // The answers fill their pipe before the question is over.
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Ended { code: output.status.code().unwrap(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

fn objects(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn names_are_checked_and_the_exit_code_tells_whether_one_is_invalid() {
    let place = Place::new();
    assert_snapshot!(place.run(&["flavor", "check", "SCS-4V-16-100s", "SCS-2V:4", "m1.small"]).surface(), @r"
    exit: 0
    --- stdout
    SCS-4V-16-100s: valid
    SCS-2V:4: valid, canonical SCS-2V-4 (the form of version 1, deprecated since 2023-10-31)
    m1.small: foreign: not an SCS flavor: those begin with `SCS-`
    --- stderr
    ");
    assert_snapshot!(place.run(&["flavor", "check", "SCS-2V-4_z7", "SCS-2V-4"]).surface(), @r"
    exit: 3
    --- stdout
    SCS-2V-4_z7: invalid: expected a generation of AMD CPUs (0 to 6), found `7` at character 11
      SCS-2V-4_z7
                ^
    SCS-2V-4: valid
    --- stderr
    ");
    let strict = place.run(&["flavor", "check", "--standard", "v3", "SCS-2V:4"]);
    assert_eq!(strict.code, 3, "{strict:?}");
    assert_eq!(place.run(&["flavor", "check", "--standard", "v1", "SCS-2V:4"]).code, 0);
    // Where the text of the standard and the published suite differ, both can be had.
    let infiniband = ["flavor", "check", "SCS-2V-4_GNa_ib", "--reading"];
    assert_eq!(place.run(&[&infiniband[..], &["standard"]].concat()).code, 0);
    assert_eq!(place.run(&[&infiniband[..], &["published"]].concat()).code, 3);
}

#[test]
fn ten_thousand_names_go_through_a_pipe_one_object_each() {
    let place = Place::new();
    let names: Vec<String> = (0..10_000)
        .map(|number| match number % 3 {
            0 => format!("SCS-{}V-4-20s_i1", number + 1),
            1 => format!("SCS-{number}X-4"),
            _ => format!("m{number}.small"),
        })
        .collect();
    let ended = piped(&place, &["flavor", "check", "--format", "json"], names.join("\n").as_bytes());
    assert_eq!((ended.code, ended.stderr.as_str()), (3, ""));
    let objects = objects(&ended.stdout);
    assert_eq!(objects.len(), names.len());
    for (object, name) in objects.iter().zip(&names) {
        assert_eq!(object["name"], *name);
        match object["verdict"].as_str().unwrap() {
            "valid" => {
                assert_eq!(object["canonical"], *name);
                assert_eq!(object["short"], name.trim_end_matches("_i1"));
                assert_eq!(object["reason"], Value::Null);
            }
            "invalid" => {
                assert!(name.contains('X') && object["reason"].as_str().unwrap().contains("found `X`"), "{object}");
            }
            verdict => assert!(verdict == "foreign" && name.starts_with('m'), "{object}"),
        }
    }
}

#[test]
fn bad_input_is_answered_and_touches_nothing() {
    let place = Place::new();
    // A configuration that nothing else would start with, and no data folder.
    place.write("stoa.toml", "[server\n");
    let megabyte = format!("SCS-{}", "1".repeat(1 << 20));
    let mut input = megabyte.clone().into_bytes();
    input.extend_from_slice(b"\r\n\n\xff\xfe\nSCS-2V-4\x1b[31m\nSCS-2V-4\xff\nSCS-1V-1\r\n");
    let ended = piped(&place, &["flavor", "check", "--format", "json"], &input);
    assert_eq!(ended.code, 3);
    let verdicts: Vec<Value> = objects(&ended.stdout);
    assert_eq!(verdicts.len(), 5, "empty lines are no names");
    assert_eq!(verdicts[0]["reason"], "a flavor name has at most 255 characters");
    assert_eq!(verdicts[0]["name"], megabyte);
    assert_eq!(verdicts[1]["verdict"], "foreign");
    assert_eq!((&verdicts[2]["verdict"], &verdicts[2]["at"]), (&"invalid".into(), &8.into()));
    assert!(verdicts[3]["reason"].as_str().unwrap().ends_with("found `\u{fffd}` at character 9"));
    assert_eq!((&verdicts[4]["verdict"], &verdicts[4]["name"]), (&"valid".into(), &"SCS-1V-1".into()));

    let text = piped(&place, &["flavor", "check"], &input);
    assert!(text.stdout.len() < 2000 && !text.stdout.contains('\u{1b}'), "{}", text.stdout);

    let endless = vec![b'S'; (4 << 20) + 1];
    let refused = piped(&place, &["flavor", "check"], &endless);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert!(refused.stderr.contains("line 1 of standard input is longer than 4194304 bytes"), "{}", refused.stderr);

    let left: Vec<_> = std::fs::read_dir(place.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["stoa.toml"], "nothing was made");
    assert_eq!(piped(&place, &["flavor", "check"], b"").code, 0, "no name, no mistake");
    assert_eq!(place.run(&["flavor", "check", "--format", "yaml", "SCS-2V-4"]).code, 2);
}

#[test]
fn names_are_described_explained_and_turned_into_extra_specs() {
    let place = Place::new();
    assert_snapshot!(place.run(&["flavor", "describe", "SCS-16T-64-200s_GNa-72-24_ib"]).done(), @"SCS-16T-64-200s_GNa-72-24_ib: SCS flavor with 16 generic x86-64 SMT Threads with 64 GiB RAM and SSD 200 GB root volume and Pass-Through GPU Nvidia Ampere (w/ 72 SMs and 24 GiB VRAM) and Infiniband");
    assert_snapshot!(place.run(&["flavor", "explain", "SCS-8Ti-32-50p_i1"]).done(), @r"
    SCS-8Ti-32-50p_i1
      SCS-  a flavor of the Sovereign Cloud Stack, named by scs-0100
      8Ti   8 hardware threads of its own; insecure: mitigations against weaknesses of the CPU are missing or late
      -32   32 GiB of memory
      -50p  a disk of 50 GB, on a fast local NVMe
      _i1   Intel Skylake CPU
    ");
    assert_snapshot!(place.run(&["flavor", "extra-specs", "SCS-4C-16-2x200p_a1"]).done(), @r"
    SCS-4C-16-2x200p_a1
      vcpus 4, ram 16384 MiB, disk 200 GB
      scs:cpu-type=dedicated-core
      scs:disk0-type=nvme
      scs:disk1-type=nvme
      scs:name-v1=SCS-4C:16:2x200p-a1
      scs:name-v2=SCS-4C-16-2x200p_a1
      scs:name-v3=SCS-4C:16:2x200p-a
      scs:name-v4=SCS-4C-16-2x200p_a
    ");
    // One that cannot be read is answered among the others.
    let mixed = place.run(&["flavor", "describe", "--format", "json", "SCS-2", "SCS-1V-1", "m1.small"]);
    assert_eq!(mixed.code, 3);
    let verdicts: Vec<Value> = objects(&mixed.stdout).iter().map(|object| object["verdict"].clone()).collect();
    assert_eq!(verdicts, ["invalid", "valid", "foreign"]);
    assert_eq!(place.run(&["flavor", "explain", "m1.small"]).code, 0);
    assert_eq!(place.run(&["flavor", "extra-specs", "SCS-2"]).code, 3);
}

#[test]
fn a_name_is_built_from_wishes_or_refused() {
    let place = Place::new();
    let built = |arguments: &[&str]| place.run(&[&["flavor", "build"], arguments].concat());
    assert_eq!(built(&["--cpus", "4", "--ram", "16"]).done(), "SCS-4V-16\n");
    let all = [
        "--cpus=16",
        "--cpu-type=dedicated-thread",
        "--insecure",
        "--ram=3.5",
        "--no-ecc",
        "--oversubscribed",
        "--disk=100",
        "--disk-type=nvme",
        "--disks=2",
        "--hypervisor=xen",
        "--hwv",
        "--cpu-vendor=amd",
        "--cpu-generation=3",
        "--cpu-frequency=hhh",
        "--gpu=pass-through",
        "--gpu-vendor=nvidia",
        "--gpu-generation=a",
        "--gpu-units=64",
        "--gpu-frequency=h",
        "--gpu-memory=24",
        "--gpu-bandwidth=hh",
        "--infiniband",
    ];
    let name = built(&all).done();
    assert_eq!(name, "SCS-16Ti-3.5uo-2x100p_xen_hwv_z3hhh_GNa-64h-24hh_ib\n");
    assert_eq!(place.run(&["flavor", "check", name.trim()]).code, 0);
    assert_eq!(built(&["--cpus=1", "--ram=.5", "--disk=auto"]).done(), "SCS-1V-0.5-\n");
    let object = &objects(&built(&["--cpus=1", "--ram=1", "--cpu-type=crowded-core", "--format=json"]).done())[0];
    assert_eq!((&object["name"], &object["short"]), (&"SCS-1L-1".into(), &"SCS-1L-1".into()));

    for (arguments, reason) in [
        (&["--cpus=0", "--ram=1"][..], "the number of vCPUs must be above zero"),
        (&["--cpus=1", "--ram=0.25"], "memory comes in steps of half a GiB"),
        (&["--cpus=1", "--ram=1", "--disk=1.5"], "expected whole GB, or auto"),
        (&["--cpus=1", "--ram=1", "--disk-type=ssd"], "--disk"),
        (
            &["--cpus=1", "--ram=1", "--cpu-vendor=amd", "--cpu-generation=7"],
            "AMD CPUs have the generations 0 to 6, not 7",
        ),
        (
            &["--cpus=1", "--ram=1", "--gpu=virtual", "--gpu-vendor=intel", "--gpu-generation=a"],
            "0.9, 0.95, 1, 2, 3, 4",
        ),
        (&["--cpus=1", "--ram=1", "--gpu=virtual", "--gpu-vendor=intel", "--gpu-memory=8"], "--gpu-units"),
        (&["--cpus=1", "--ram=1", "--hypervisor=vax"], "kvm, chy, xen, vmw, hyv, bms"),
        (&["--ram=1"], "--cpus"),
    ] {
        let refused = built(arguments);
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{arguments:?} {refused:?}");
        assert!(refused.stderr.contains(reason), "{arguments:?} {refused:?}");
    }
}

#[test]
fn the_standard_flavors_are_listed() {
    let place = Place::new();
    let all = objects(&place.run(&["flavor", "list", "--format", "json"]).done());
    assert_eq!(all.len(), 31);
    let ssd = all.iter().find(|flavor| flavor["name"] == "SCS-2V-4-20s").unwrap();
    assert_eq!(
        ssd.to_string(),
        r#"{"name":"SCS-2V-4-20s","status":"mandatory","cpus":2,"ram":4096,"disk":20,"extra_specs":{"scs:cpu-type":"shared-core","scs:disk0-type":"ssd","scs:name-v1":"SCS-2V:4:20s","scs:name-v2":"SCS-2V-4-20s"}}"#
    );
    let mandatory = place.run(&["flavor", "list", "--status", "mandatory"]).done();
    assert_eq!(mandatory.matches("(mandatory)").count(), 15);
    assert!(!mandatory.contains("(recommended)"));
}

#[test]
fn the_names_of_a_cloud_are_read_from_the_cloud() {
    let cloud = Cloud::start();
    assert_snapshot!(cloud.run(&["flavor", "check", "--cloud", "mycloud"]).surface(), @r"
    exit: 0
    --- stdout
    SCS-1V-4: valid
    SCS-2V-8: valid
    m1.tiny: foreign: not an SCS flavor: those begin with `SCS-`
    --- stderr
    ");
    let one = cloud.run(&["flavor", "describe", "--cloud", "mycloud", "SCS-2V-8"]).done();
    assert!(one.starts_with("SCS-2V-8: SCS flavor with 2 ") && one.lines().count() == 1, "{one}");
    for (arguments, code, message) in [
        (&["--cloud", "other"][..], 2, "has no cloud `other`; it has mycloud"),
        (&["--cloud", "mycloud", "SCS-4V-16"], 2, "mycloud has no flavor `SCS-4V-16`"),
    ] {
        let ended = cloud.run(&[&["flavor", "check"], arguments].concat());
        assert_eq!((ended.code, ended.stdout.as_str()), (code, ""), "{ended:?}");
        assert!(ended.stderr.contains(message) && ended.stderr.contains("\n  next: "), "{ended:?}");
    }
    let file = cloud.place.path("clouds.yaml");
    std::fs::write(&file, std::fs::read_to_string(&file).unwrap().replace("s3cret", "wrong")).unwrap();
    let refused = cloud.run(&["flavor", "check", "--cloud", "mycloud"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (1, ""), "{refused:?}");
    assert!(refused.stderr.contains("the login was refused: Wrong password.\n  next: See that user"), "{refused:?}");
}

#[test]
fn extra_specs_of_a_cloud_are_shown_first_and_then_set() {
    let cloud = Cloud::start();
    cloud.set("SCS-2V-8", "scs:cpu-type", "dedicated-core");
    cloud.set("SCS-2V-8", "scs:name-v7", "SCS-2Z-8");
    cloud.set("SCS-2V-8", "scs:disk0-type", "ssd");
    cloud.set("SCS-2V-8", "hw_rng:allowed", "True");
    let ask = ["flavor", "extra-specs", "--cloud", "mycloud"];
    let with = |more: &[&'static str]| cloud.run(&[&ask[..], more].concat());
    assert_snapshot!(with(&[]).surface(), @r"
    exit: 3
    --- stdout
    SCS-1V-4: set scs:name-v1=SCS-1V:4
    SCS-2V-8: set scs:name-v1=SCS-2V:8
    SCS-2V-8: unset scs:disk0-type (was ssd)
    SCS-2V-8: unset scs:name-v7 (was SCS-2Z-8)
    3 flavors: 4 changes
    --- stderr
    ");
    // Nobody is there to agree.
    let unasked = with(&["--apply"]);
    assert!(unasked.code == 2 && unasked.stderr.contains("next: Nothing was written. --yes changes it"), "{unasked:?}");
    assert_eq!(cloud.extra_spec("SCS-1V-4", "scs:name-v1"), None, "nothing was changed");
    assert_eq!(with(&["--yes"]).code, 2, "--yes alone means nothing");
    assert_eq!(cloud.run(&["flavor", "extra-specs", "SCS-1V-4", "--apply"]).code, 2, "without a cloud neither");

    let one = with(&["SCS-1V-4", "--apply", "--yes"]).done();
    assert_eq!(one, "SCS-1V-4: set scs:name-v1=SCS-1V:4\n1 flavor: 1 change\n1 change made\n");
    let lines = objects(&with(&["--apply", "--yes", "--format", "json"]).done());
    assert_eq!(lines[1].to_string(), r#"{"name":"SCS-2V-8","key":"scs:disk0-type","before":"ssd","after":null}"#);
    assert_eq!(cloud.extra_spec("SCS-2V-8", "scs:name-v1").as_deref(), Some("SCS-2V:8"));
    assert_eq!(cloud.extra_spec("SCS-2V-8", "scs:name-v7"), None);
    assert_eq!(
        cloud.extra_spec("SCS-2V-8", "scs:cpu-type").as_deref(),
        Some("dedicated-core"),
        "more than the name says"
    );
    assert_eq!(cloud.extra_spec("SCS-2V-8", "hw_rng:allowed").as_deref(), Some("True"), "somebody else's");
    assert_eq!(with(&[]).done(), "3 flavors: 0 changes\n");

    // What is less than its names is left alone, and told.
    cloud.set("SCS-1V-4", "scs:name-v2", "SCS-4V-16");
    let less = with(&["SCS-1V-4", "--apply", "--yes"]);
    assert_eq!(less.code, 3, "{less:?}");
    assert!(less.stdout.starts_with("SCS-1V-4: left alone: it has less than SCS-4V-16 says: vCPUs: 1"), "{less:?}");
    assert_eq!(cloud.extra_spec("SCS-1V-4", "scs:name-v2").as_deref(), Some("SCS-4V-16"));
}

#[test]
fn names_without_end_go_through_in_bounded_memory() {
    let place = Place::new();
    let mut command = place.command(&["flavor", "check", "--format", "json"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    // KiB that were in memory at most so far.
    let most = || {
        let text = std::fs::read_to_string(&status).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
    };
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        let lines = "SCS-4V-16-100s_z3\nSCS-2V-4\nm1.small\nSCS-1V:1\n".repeat(1000);
        (0..50).try_for_each(|_| stdin.write_all(lines.as_bytes()))
    });
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut answers =
        |count| output.by_ref().take(count).filter(|line| line.as_ref().unwrap().contains("verdict")).count();
    assert_eq!(answers(10_000), 10_000);
    let early = most();
    assert_eq!(answers(180_000), 180_000);
    let late = most();
    assert_eq!(answers(usize::MAX), 10_000);
    writer.join().unwrap().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    // Some 20 MB were said in between.
    assert!(late < early + 2048, "{early} KiB, then {late} KiB");
}
