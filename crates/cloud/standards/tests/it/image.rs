//! Images: one demand of scs-0102 at a time, recency on chosen days, and where standard images come from.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use stoa_core::Instant;
use stoa_standards::rule::image::{Image, PROPERTIES, STANDARD_IMAGES, check};
use stoa_standards::rule::{Check, Weight};
use stoa_standards::scope::find_built_in;
use stoa_standards::verdict::{Reading, Verdict};

const GIB: u64 = 1 << 30;

fn now() -> Instant {
    "2026-11-25T12:00:00Z".parse().unwrap()
}

/// An image that meets every demand, with some fields changed; null removes one.
fn image(changes: Value) -> Image {
    let mut facts = json!({
        "id": "5f6c1a52-0001-4000-8000-000000000001",
        "name": "Ubuntu 24.04",
        "visibility": "public",
        "os_hidden": false,
        "min_disk": 8,
        "min_ram": 512,
        "size": 600_000_000_u64,
        "os_hash_algo": "sha512",
        "created_at": "2026-11-20T10:00:00Z",
        "architecture": "x86_64",
        "os_distro": "ubuntu",
        "os_version": "24.04",
        "os_purpose": "generic",
        "hw_disk_bus": "scsi",
        "hypervisor_type": "kvm",
        "hw_rng_model": "virtio",
        "image_build_date": "2026-11-19",
        "image_original_user": "ubuntu",
        "image_source": "https://cloud-images.ubuntu.com/releases/noble/release/ubuntu-24.04.img",
        "image_description": "https://example.org/notes",
        "replace_frequency": "monthly",
        "provided_until": "2029-04-30",
        "uuid_validity": "last-3",
        "hotfix_hours": "0",
    });
    facts.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    Image::new(facts.as_object().unwrap().clone())
}

fn of(test_case: &str, images: &[Image], reading: Reading) -> Check {
    check(test_case, images, now(), reading).unwrap_or_else(|| panic!("no rule for {test_case}"))
}

fn property(name: &str, value: Value) -> Check {
    let field = PROPERTIES.iter().find(|property| property.name == name).unwrap().field;
    of(&format!("scs-0102-prop-{name}"), &[image(json!({ field: value }))], Reading::Standard)
}

#[test]
fn every_test_case_about_images_has_a_rule_and_a_good_image_passes_it() {
    let scope = find_built_in("iaas").unwrap();
    let ids: Vec<&str> = scope.test_cases.iter().map(|case| case.id.as_str()).collect();
    for id in ids.iter().filter(|id| id.starts_with("scs-0102-") || id.starts_with("scs-0104-source-")) {
        for reading in [Reading::Standard, Reading::Published] {
            let check = of(id, &[image(json!({}))], reading);
            assert_eq!((check.verdict, check.findings.len()), (Verdict::Pass, 0), "{id} {check:?}");
        }
    }
    for id in ids.iter().filter(|id| id.starts_with("scs-0104-image-")) {
        assert!(check(id, &[], now(), Reading::Standard).is_some(), "{id}");
    }
    assert_eq!(PROPERTIES.len(), ids.iter().filter(|id| id.starts_with("scs-0102-prop-")).count());
    assert!(check("scs-0102-prop-colour", &[], now(), Reading::Standard).is_none());
    assert!(check("scs-0100-syntax-check", &[], now(), Reading::Standard).is_none());
}

#[test]
fn each_property_takes_its_values_and_no_others() {
    let cases: &[(&str, &[Value], &[Value])] = &[
        ("architecture", &[json!("aarch64"), json!("risc-v")], &[json!("amd64"), json!(""), json!(null)]),
        ("hash_algo", &[json!("sha256")], &[json!("md5"), json!(null)]),
        ("min_disk", &[json!(1), json!("20")], &[json!(0), json!(null), json!(-1), json!("big")]),
        ("min_ram", &[json!(64), json!(1)], &[json!(0), json!(null), json!([])]),
        ("os_version", &[json!("24.04")], &[json!(""), json!(null), json!(24.04)]),
        ("os_distro", &[json!("debian")], &[json!(""), json!(null), json!({})]),
        ("os_purpose", &[json!("oldgeneric"), json!("k8snode"), json!("custom")], &[json!("desktop"), json!(null)]),
        ("hw_disk_bus", &[json!("virtio")], &[json!("ide"), json!("")]),
        ("hypervisor_type", &[json!(null), json!("esxi")], &[json!("bhyve"), json!("")]),
        ("hw_rng_model", &[json!(null)], &[json!("none"), json!(true)]),
        (
            "image_build_date",
            &[json!("2026-11-19 08:00"), json!("2026-11-19 08:00:01"), json!("2026-11-19T08:00:00Z")],
            &[json!("yesterday"), json!("2026-11-21"), json!("2027-01-01"), json!("2026-02-30"), json!(null)],
        ),
        ("image_original_user", &[json!("none")], &[json!(""), json!(null)]),
        (
            "image_source",
            &[json!("private"), json!("ftp://example.org/x"), json!("http://example.org")],
            &[json!("example.org/x"), json!("file:///x"), json!("Private"), json!(null)],
        ),
        ("image_description", &[json!("Ubuntu")], &[json!(""), json!(null)]),
        ("replace_frequency", &[json!("critical_bug"), json!("never")], &[json!("hourly"), json!(null)]),
        ("provided_until", &[json!("none"), json!("notice")], &[json!(""), json!(null)]),
        (
            "uuid_validity",
            &[json!("none"), json!("last-10"), json!("forever"), json!("2027-01-01")],
            &[json!("last-"), json!("last-x"), json!("first-1"), json!("")],
        ),
        ("hotfix_hours", &[json!("48"), json!(""), json!(null)], &[json!("two"), json!("-1"), json!(48)]),
    ];
    assert_eq!(cases.len(), PROPERTIES.len());
    for (name, good, bad) in cases {
        for value in *good {
            assert_eq!(property(name, value.clone()).verdict, Verdict::Pass, "{name} {value}");
        }
        for value in *bad {
            let check = property(name, value.clone());
            assert_eq!(check.verdict, Verdict::Fail, "{name} {value}");
            let finding = &check.findings[0];
            assert_eq!(finding.object, "image Ubuntu 24.04");
            assert!(!finding.reason.is_empty() && !finding.remedy.is_empty(), "{finding:?}");
        }
    }
}

#[test]
fn reasons_name_image_value_and_what_may_be() {
    let check = of(
        "scs-0102-prop-architecture",
        &[
            image(json!({})),
            image(json!({"name": "Fedora", "architecture": "i686"})),
            image(json!({"name": null, "architecture": 5})),
        ],
        Reading::Standard,
    );
    let told: Vec<String> = check.findings.iter().map(|one| format!("{}: {}", one.object, one.reason)).collect();
    assert_eq!(
        told,
        [
            "image Fedora: architecture is `i686`; it may be x86_64, aarch64, risc-v",
            "image 5f6c1a52-0001-4000-8000-000000000001: architecture is a number, which is no text; it may be x86_64, \
             aarch64, risc-v",
        ]
    );
    let small = image(json!({"min_disk": 1, "size": 2 * GIB + 1}));
    assert_eq!(
        of("scs-0102-prop-min_disk", &[small], Reading::Standard).reason(),
        "image Ubuntu 24.04: min_disk is 1 GiB, the image has 2147483649 bytes"
    );
    let exact = image(json!({"min_disk": 2, "size": 2 * GIB}));
    assert_eq!(of("scs-0102-prop-min_disk", &[exact], Reading::Standard).verdict, Verdict::Pass);
    let little = of("scs-0102-prop-min_ram", &[image(json!({"min_ram": 63}))], Reading::Standard);
    assert_eq!((little.verdict, little.findings[0].weight), (Verdict::Pass, Weight::Remark));
}

#[test]
fn what_the_text_makes_mandatory_the_published_suite_lets_pass() {
    for name in ["hw_disk_bus", "uuid_validity"] {
        let images = [image(json!({ name: null }))];
        let test_case = format!("scs-0102-prop-{name}");
        assert_eq!(of(&test_case, &images, Reading::Standard).verdict, Verdict::Fail);
        assert_eq!(of(&test_case, &images, Reading::Published).verdict, Verdict::Pass);
    }
}

#[test]
fn generic_images_are_unique_among_the_visible_ones() {
    let unique = |images: &[Image]| of("scs-0102-os_purpose-uniqueness", images, Reading::Standard);
    let first = image(json!({}));
    let twin = |mut changes: Value| {
        changes["name"] = json!("Noble");
        image(changes)
    };
    let check = unique(&[first.clone(), twin(json!({}))]);
    assert_eq!(check.verdict, Verdict::Fail);
    assert_eq!(check.reason(), "image Ubuntu 24.04, image Noble: all are the generic ubuntu 24.04 for x86_64");
    for apart in [
        json!({"os_hidden": true}),
        json!({"visibility": "community"}),
        json!({"os_purpose": "oldgeneric"}),
        json!({"architecture": "aarch64"}),
        json!({"os_version": "22.04"}),
        json!({"os_distro": null}),
    ] {
        assert_eq!(unique(&[first.clone(), twin(apart.clone())]).verdict, Verdict::Pass, "{apart}");
    }
}

#[test]
fn images_are_as_recent_as_they_promise() {
    use Verdict::{Abort, Fail, Pass};
    // Days of age at noon; the promise; how long it holds; the verdicts by the text and of the published suite.
    for (built, frequency, until, standard, published) in [
        ("2026-10-23", "monthly", json!("2029-01-01"), Pass, Pass), // 33 days and a half
        ("2026-10-22", "monthly", json!("2029-01-01"), Fail, Fail), // 34 and a half
        ("2026-11-16", "weekly", json!("2029-01-01"), Pass, Fail),  // 9 and a half: slack of three days, or 8.02 days
        ("2026-11-15", "weekly", json!("2029-01-01"), Fail, Fail),
        ("2026-11-24", "daily", json!("2029-01-01"), Pass, Fail), // one and a half, or 27.5 hours
        ("2026-11-21", "daily", json!("2029-01-01"), Fail, Fail),
        ("2025-11-23", "yearly", json!("2029-01-01"), Pass, Pass), // 367 and a half
        ("2025-11-20", "yearly", json!("2029-01-01"), Fail, Pass), // a tenth more is 36 days
        ("2020-01-01", "never", json!("2029-01-01"), Pass, Pass),
        ("2020-01-01", "critical_bug", json!("2029-01-01"), Pass, Pass),
        ("2020-01-01", "sometimes", json!("2029-01-01"), Pass, Pass), // a case for the property's own check
        ("2020-01-01", "monthly", json!("notice"), Pass, Pass),
        ("2020-01-01", "monthly", json!("none"), Pass, Pass),
        ("2020-01-01", "monthly", json!("2026-11-24"), Pass, Pass), // promised no longer
        ("2020-01-01", "monthly", json!("2026-11-26"), Fail, Fail),
        ("2020-01-01", "monthly", json!("soon"), Fail, Fail),
        ("2020-01-01", "monthly", json!(null), Fail, Abort),
        ("unknown", "monthly", json!("2029-01-01"), Pass, Pass), // registered five days ago
    ] {
        let images =
            [image(json!({"image_build_date": built, "replace_frequency": frequency, "provided_until": until}))];
        let verdict = |reading| of("scs-0102-image-recency", &images, reading).verdict;
        assert_eq!(verdict(Reading::Standard), standard, "{built} {frequency} {until}");
        assert_eq!(verdict(Reading::Published), published, "{built} {frequency} {until}, published");
    }
}

#[test]
fn an_outdated_image_is_fine_when_a_newer_one_took_its_name() {
    let recency = |images: &[Image]| of("scs-0102-image-recency", images, Reading::Standard);
    let old = |name: &str| image(json!({"name": name, "image_build_date": "2026-01-01"}));
    for (name, remarks) in [
        ("Ubuntu 24.04 2026-01-01", 0),
        ("Ubuntu 24.04 20260101", 0),
        ("Ubuntu 24.04 prev", 0),
        ("Ubuntu 24.04 old", 0),
        ("Ubuntu 24.04 first", 1),
    ] {
        let check = recency(&[image(json!({})), old(name)]);
        assert_eq!((check.verdict, check.findings.len()), (Verdict::Pass, remarks), "{name} {check:?}");
    }
    let hidden = image(json!({"name": "Ubuntu 24.04 first", "image_build_date": "2026-01-01", "os_hidden": true}));
    assert!(recency(&[image(json!({})), hidden]).findings.is_empty());
    let check = recency(&[old("Ubuntu 24.04 old"), old("Ubuntu 24.04")]);
    assert_eq!(check.findings.iter().filter(|finding| finding.weight == Weight::Fault).count(), 2, "{check:?}");
    assert!(check.reason().contains("built at 2026-01-01T00:00:00Z, to be replaced monthly"), "{check:?}");
}

#[test]
fn standard_images_come_from_where_they_may() {
    let source = |key: &str, images: &[Image]| of(&format!("scs-0104-source-{key}"), images, Reading::Standard);
    let elsewhere = image(json!({"image_source": "https://example.org/noble.img"}));
    assert_eq!(source("ubuntu-2404", std::slice::from_ref(&elsewhere)).verdict, Verdict::Fail);
    assert!(source("ubuntu-2404", &[elsewhere]).reason().contains("https://cloud-images.ubuntu.com/noble/"));
    assert_eq!(source("debian-12", &[image(json!({}))]).verdict, Verdict::Pass, "no image of that name");
    let present = |key: &str, name: &str| {
        of(&format!("scs-0104-image-{key}"), &[image(json!({"name": name}))], Reading::Standard)
    };
    for (key, name, verdict) in [
        ("ubuntu-2404", "Ubuntu 24.04", Verdict::Pass),
        ("ubuntu-2404", "Ubuntu 24.04 20260101", Verdict::Fail),
        ("capi-1", "ubuntu-capi-image v1.30.4", Verdict::Pass),
        ("capi-1", "ubuntu-capi-image v1.3-old", Verdict::Pass),
        ("capi-1", "ubuntu-capi-image v10.3", Verdict::Fail),
        ("capi-1", "ubuntu-capi-image-v1.30", Verdict::Fail),
        ("capi-2", "ubuntu-capi-image-v1.30", Verdict::Pass),
    ] {
        assert_eq!(present(key, name).verdict, verdict, "{key} {name}");
    }
    let reason = present("capi-2", "x").reason();
    assert_eq!(reason, "image ubuntu-capi-image-vN.N: no public or community image has this name");
}

/// The published lists of images say the same of names and sources.
#[test]
fn the_table_of_standard_images_is_the_published_one() {
    for (file, capi) in [("scs-0104-v1-images.yaml", "capi-1"), ("scs-0104-v1-images-v5.yaml", "capi-2")] {
        let Some(text) = crate::published_file(file) else { continue };
        let urls = |text: &str| {
            text.lines()
                .filter_map(|line| line.trim().strip_prefix("- https").map(|rest| format!("https{rest}")))
                .collect::<Vec<_>>()
        };
        for block in text.split("- name: ").skip(1) {
            let name = block.split('"').nth(1).unwrap();
            let standard = STANDARD_IMAGES
                .iter()
                .find(|standard| standard.name == name || (name == "ubuntu-capi-image" && standard.key == capi));
            assert_eq!(standard.unwrap_or_else(|| panic!("{name}")).origin.sources(), urls(block), "{file} {name}");
        }
    }
}

proptest! {
    #[test]
    fn no_metadata_makes_a_rule_panic(
        name in "\\PC{0,20}",
        values in prop::collection::vec((0..20_usize, prop_oneof![
            Just(json!(null)), Just(json!(true)), Just(json!([1])), Just(json!({"a": 1})),
            any::<i64>().prop_map(|number| json!(number)), "\\PC{0,30}".prop_map(|text| json!(text)),
            "[0-9]{1,4}-[0-9]{1,2}-[0-9]{1,2}( [0-9:]{1,8})?".prop_map(|text| json!(text)),
        ]), 0..20),
    ) {
        let fields = ["name", "id", "created_at", "os_hidden", "visibility", "size"];
        let mut facts = Map::from_iter([("name".to_owned(), json!(name))]);
        for (index, value) in values {
            let field = fields.get(index).copied().unwrap_or_else(|| PROPERTIES[index % PROPERTIES.len()].field);
            facts.insert(field.to_owned(), value);
        }
        let images = [Image::new(facts), image(json!({}))];
        for case in &find_built_in("iaas").unwrap().test_cases {
            for reading in [Reading::Standard, Reading::Published] {
                let _ = check(&case.id, &images, now(), reading);
            }
        }
    }
}
