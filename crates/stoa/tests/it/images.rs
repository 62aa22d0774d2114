//! `stoa image` by its surface: metadata from files and from a cloud, and files that hold none.

use insta::assert_snapshot;
use serde_json::Value;

use crate::cloud::Cloud;
use crate::program::Place;

const GOOD: &str = r#"{"name": "Ubuntu 24.04", "id": "a", "visibility": "public", "architecture": "x86_64", "min_disk": 8,
    "min_ram": 512, "os_hash_algo": "sha512", "created_at": "2026-11-20T10:00:00Z", "properties": {
    "os_distro": "ubuntu", "os_version": "24.04", "os_purpose": "generic", "hw_disk_bus": "scsi",
    "hypervisor_type": "qemu", "hw_rng_model": "virtio", "image_build_date": "2026-11-20",
    "image_original_user": "ubuntu", "image_source": "https://cloud-images.ubuntu.com/releases/noble/x.img",
    "image_description": "https://example.org", "replace_frequency": "never", "provided_until": "none",
    "uuid_validity": "last-3", "hotfix_hours": "0"}}"#;

#[test]
fn metadata_is_checked_in_every_form_in_which_it_is_written() {
    let place = Place::new();
    let yaml = "name: Ubuntu 24.04\nid: a\nvisibility: public\narchitecture: x86_64\nmin_disk: 8\nmin_ram: 512\n\
        os_hash_algo: sha512\ncreated_at: '2026-11-20T10:00:00Z'\nproperties:\n  os_distro: ubuntu\n  os_version: '24.04'\n  \
        os_purpose: generic\n  hw_disk_bus: scsi\n  hypervisor_type: qemu\n  hw_rng_model: virtio\n  \
        image_build_date: '2026-11-20'\n  image_original_user: ubuntu\n  \
        image_source: https://cloud-images.ubuntu.com/releases/noble/x.img\n  image_description: https://example.org\n  \
        replace_frequency: never\n  provided_until: none\n  uuid_validity: last-3\n  hotfix_hours: '0'\n";
    let older = GOOD.replace("24.04", "22.04").replace("noble", "jammy");
    for (name, text) in [
        ("one.json", GOOD.to_owned()),
        ("list.json", format!("[{GOOD}, {older}]")),
        ("glance.json", format!("{{\"images\": [{GOOD}], \"schema\": \"/v2/schemas/images\"}}")),
        ("one.yaml", yaml.to_owned()),
    ] {
        place.write(name, &text);
        let ended = place.run(&["image", "check", name]);
        assert_eq!(ended.code, 0, "{name} {ended:?}\n{text}");
        assert!(ended.stdout.ends_with("looked at: everything mandatory is in order\n"), "{name} {ended:?}");
        let lines = place.run(&["image", "check", name, "--format", "json", "--version", "next"]).done();
        let objects: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(objects.iter().all(|object| object["verdict"] == "PASS"), "{name} {lines}");
        let id = |object: &&Value| object["test_case"] == "scs-0102-prop-os_purpose";
        assert_eq!(objects.iter().find(id).unwrap()["mandatory"], true);
    }
}

#[test]
fn wrong_types_are_told_image_by_image() {
    let place = Place::new();
    place.write(
        "bad.json",
        r#"[{"name": 5, "id": null, "architecture": ["x"], "min_disk": "eight", "min_ram": -3, "os_version": 24.04,
            "hw_disk_bus": true, "image_source": {}, "replace_frequency": 1e300},
            {"name": "<b>\u001b[31m\u202e", "properties": "os_distro='x'"}]"#,
    );
    let ended = place.run(&["image", "check", "bad.json"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (3, ""), "{ended:?}");
    let some: Vec<&str> =
        ended.stdout.lines().filter(|line| line.contains("[0]") && line.starts_with("FAIL")).take(5).collect();
    assert_snapshot!(some.join("\n"), @r"
    FAIL  scs-0102-prop-architecture  image [0], without a name: architecture is a list, which is no text; it may be x86_64, aarch64, risc-v
    FAIL  scs-0102-prop-min_disk  image [0], without a name: min_disk is `eight`
    FAIL  scs-0102-prop-min_ram  image [0], without a name: min_ram is -3, not a whole number above zero
    FAIL  scs-0102-prop-os_version  image [0], without a name: os_version is a number, which is no text
    FAIL  scs-0102-prop-os_distro  image [0], without a name: os_distro is not set
    ");
    assert!(!ended.stdout.contains(['\u{1b}', '\u{202e}']) && ended.stdout.contains("image <b>\\u{1b}[31m\\u{202e}: "));
    assert!(ended.stdout.ends_with("2 images looked at: something mandatory is not in order\n"), "{}", ended.stdout);
}

#[test]
fn a_file_without_images_is_a_mistake_of_usage() {
    let place = Place::new();
    for (text, message) in [
        ("", "it holds no image"),
        ("[]", "it holds no image"),
        ("5", "line 1: expected an image, found the number 5"),
        ("null", "line 1: expected an image, found nothing"),
        ("[5]", "[0]: expected an image, found the number 5"),
        ("{\"images\": 5}", "images: expected a list of images, found the number 5"),
        ("{\"images\": [{\"name\": \"a\"}, \"b\"]}", "images[1]: expected an image, found `b`"),
        ("[{\"ID\": \"1\", \"Name\": \"a\"}]", "[0]: this is a line of `openstack image list`, which has no metadata"),
        ("{\"name\": 1e999}", "not JSON: number out of range"),
        ("{", "line 1: not JSON: EOF while parsing an object"),
        ("+----+\n| a |\n", "expected an image, found `+----+ | a |`"),
    ] {
        place.write("file", text);
        let ended = place.run(&["image", "check", "file"]);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{text} {ended:?}");
        assert!(ended.stderr.starts_with("error: file: ") && ended.stderr.contains(message), "{text} {}", ended.stderr);
        assert!(ended.stderr.contains("next: Give an image or a list of images"), "{}", ended.stderr);
    }
    std::fs::write(place.path("bytes"), b"name: a\nb: \xff\n").unwrap();
    for (arguments, message) in [
        (&["image", "check", "nowhere"][..], "reading nowhere: No such file"),
        (&["image", "check", "."], "reading .: Is a directory"),
        (&["image", "check", "bytes"], "bytes: line 2: this is not UTF-8 text"),
        (&["image", "check"], "<FILE>"),
        (&["image", "check", "file", "--version", "v9"], "it holds no image"),
        (&["image", "check", "file", "--cloud", "mycloud"], "cannot be used with"),
    ] {
        place.write("file", "");
        let ended = place.run(arguments);
        assert!(ended.code == 2 && ended.stderr.contains(message), "{arguments:?} {ended:?}");
    }
    place.write("file", GOOD);
    let unknown = place.run(&["image", "check", "file", "--version", "v9"]);
    assert!(unknown.code == 2 && unknown.stderr.contains("next: Choose one of next, v5.1, v4, v3."), "{unknown:?}");
}

#[test]
fn the_images_of_a_cloud_are_checked() {
    let cloud = Cloud::start();
    let ended = cloud.run(&["image", "check", "--cloud", "mycloud"]);
    assert_eq!(ended.code, 3, "{ended:?}");
    assert!(ended.stdout.contains("FAIL  scs-0102-prop-min_ram  image Debian <13>: "), "{}", ended.stdout);
    assert!(ended.stdout.ends_with("1 image looked at: something mandatory is not in order\n"), "{}", ended.stdout);
    let unknown = cloud.run(&["image", "check", "--cloud", "other"]);
    assert!(unknown.code == 2 && unknown.stderr.contains("has no cloud `other`; it has mycloud"), "{unknown:?}");
}
