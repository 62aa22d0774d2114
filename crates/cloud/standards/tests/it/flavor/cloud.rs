//! A cloud's flavors against their names (scs-0100) and against the standard flavors (scs-0103), in both readings.

use std::collections::BTreeMap;

use stoa_standards::flavor::{
    CloudFlavor, Flavor, NothingFollows, STANDARD_FLAVORS, StandardFlavor, Status, check_properties, check_semantics,
    check_syntax, extra_spec_changes, extra_specs,
};
use stoa_standards::rule::{Check, Weight};
use stoa_standards::verdict::{Reading, Verdict};

fn cloud(name: &str, vcpus: u64, ram_mib: u64, disk_gb: u64) -> CloudFlavor {
    CloudFlavor { name: name.to_owned(), vcpus, ram_mib, disk_gb, extra_specs: BTreeMap::new() }
}

fn with(mut flavor: CloudFlavor, key: &str, value: &str) -> CloudFlavor {
    flavor.extra_specs.insert(key.to_owned(), value.to_owned());
    flavor
}

/// The flavor that a standard cloud has.
fn conforming(standard: &StandardFlavor) -> CloudFlavor {
    let disk = standard.disk.map_or(0, |disk| u64::from(disk.size));
    let mut flavor = cloud(standard.name, u64::from(standard.cpus), u64::from(standard.ram_gib) * 1024, disk);
    flavor.extra_specs = standard.properties().into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    flavor
}

fn verdicts(check: impl Fn(Reading) -> Check) -> (Verdict, Verdict) {
    (check(Reading::Standard).verdict, check(Reading::Published).verdict)
}

const PASS: Verdict = Verdict::Pass;
const FAIL: Verdict = Verdict::Fail;

#[test]
fn names_of_other_flavors_are_nobodys_business() {
    let flavors = [cloud("m1.small", 1, 1, 0), cloud("SCS-2V-4", 2, 4096, 0), cloud("SCS-2V:4", 2, 4096, 0)];
    let check = check_syntax(&flavors, Reading::Standard);
    assert_eq!((check.verdict, check.findings.len()), (PASS, 1));
    assert_eq!(check.findings[0].weight, Weight::Remark);
    assert_eq!(check.reason(), "flavor SCS-2V:4: has a name in the form of version 1, deprecated since 2023-10-31");
    assert_eq!(check.findings[0].remedy, "Offer it as SCS-2V-4 too.");

    let check = check_syntax(&[cloud("SCS-2-4", 2, 4096, 0)], Reading::Standard);
    assert_eq!(check.verdict, FAIL);
    assert_eq!(
        check.reason(),
        "flavor SCS-2-4: expected the kind of vCPU (`C`, `T`, `V` or `L`), found `-` at character 6"
    );
    let infiniband = [cloud("SCS-2V-4_GNa_ib", 2, 4096, 0)];
    assert_eq!(verdicts(|reading| check_syntax(&infiniband, reading)), (PASS, FAIL));
    let hostile = format!("SCS-<b>\u{1b}[31m{}", "x".repeat(1 << 20));
    let check = check_syntax(&[cloud(&hostile, 1, 1, 0)], Reading::Standard);
    assert!(check.reason().len() < 250 && !check.reason().contains('\u{1b}'), "{}", check.reason());
}

#[test]
fn a_flavor_has_at_least_what_its_name_says() {
    let verdict = |name, vcpus, ram, disk| {
        let flavors = [cloud(name, vcpus, ram, disk)];
        verdicts(|reading| check_semantics(&flavors, reading))
    };
    assert_eq!(verdict("SCS-2V-4-20s", 2, 4096, 20), (PASS, PASS));
    assert_eq!(verdict("SCS-2V-4-20s", 4, 8192, 100), (PASS, PASS), "more is allowed");
    assert_eq!(verdict("SCS-2V-4-20s", 1, 4096, 20), (FAIL, FAIL));
    assert_eq!(verdict("SCS-2V-4-20s", 2, 4096, 19), (FAIL, FAIL));
    assert_eq!(verdict("SCS-2V-4", 2, 4096, 0), (PASS, PASS));
    assert_eq!(verdict("m1.tiny", 0, 0, 0), (PASS, PASS), "the standard does not say what it has");
    // Names that cannot be read are found by the other check.
    assert_eq!(verdict("SCS-2", 0, 0, 0), (PASS, PASS));
    // The published suite rounds; the figures are those it was seen to accept and refuse.
    for (name, enough) in [("SCS-2V-4", 4045), ("SCS-2V-0.5", 461), ("SCS-2V-64", 65485)] {
        assert_eq!(verdict(name, 2, enough, 0), (FAIL, PASS), "{name}");
        assert_eq!(verdict(name, 2, enough - 1, 0), (FAIL, FAIL), "{name}");
    }
    // The size is the cloud's choice; the published suite ends there, whatever else it found.
    assert_eq!(verdict("SCS-2C-4-n", 2, 4096, 0), (PASS, Verdict::Abort));
    assert_eq!(verdict("SCS-2C-4-n", 1, 4096, 0), (FAIL, Verdict::Abort));

    let check = check_semantics(&[cloud("SCS-2V-4-20s", 1, 2048, 0)], Reading::Standard);
    let reasons: Vec<&str> = check.findings.iter().map(|finding| finding.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "vCPUs: 1, the name promises 2",
            "memory: 2048 MiB, the name promises 4 GiB, which are 4096 MiB",
            "disk: 0 GB, the name promises 20 GB",
        ]
    );
    let more = check_semantics(&[cloud("SCS-2V-4", 2, 4096, 10)], Reading::Standard);
    assert_eq!(more.reason(), "flavor SCS-2V-4: has more than its name says");
}

#[test]
fn extra_specs_are_true_wherever_they_are_set() {
    let check = |flavor: CloudFlavor| {
        let check = check_properties(&[flavor]);
        (check.verdict, check.reason())
    };
    for name in ["SCS-4C-16-2x200p_a1", "SCS-1L-1", "SCS-2V-4-20s", "SCS-2V-4-20_GNa-14-6h_ib"] {
        let named: Flavor = name.parse().unwrap();
        let specs = extra_specs(&[named]).unwrap();
        let disk = u64::from(specs.disk.unwrap_or(0));
        let mut flavor = cloud(name, u64::from(specs.cpus), specs.ram.mib(), disk);
        flavor.extra_specs = specs.properties;
        assert_eq!(check(flavor), (PASS, String::new()), "{name}: what we derive is true");
    }
    let other = || cloud("m1.small", 2, 4096, 0);
    assert_eq!(check(with(other(), "scs:name-v7", "SCS-2V-4")).0, PASS, "any flavor may have an SCS name");
    assert_eq!(
        check(with(other(), "scs:name-v7", "SCS-4V-4")),
        (FAIL, "flavor m1.small: scs:name-v7 is \"SCS-4V-4\": vCPUs: 2, the name promises 4".to_owned())
    );
    assert_eq!(check(with(other(), "scs:name-v1", "SCS-2-4")).0, FAIL);
    assert_eq!(check(with(other(), "scs:cpu-type", "fast")).0, FAIL);
    assert_eq!(check(with(other(), "scs:disk0-type", "tape")).0, FAIL);
    assert_eq!(check(with(other(), "hw:cpu_policy", "dedicated")), (PASS, String::new()), "not ours");
    for unknown in ["scs:name-v0", "scs:name-v01", "scs:name-v", "scs:disk-type", "scs:name-vx", "scs:colour"] {
        let (verdict, reason) = check(with(other(), unknown, "x"));
        assert_eq!((verdict, reason.contains("none of the extra specs")), (PASS, true), "{unknown}");
    }
    // To understate is allowed, in a name as in an extra spec; it is told.
    let named = || cloud("SCS-2C-4-20p", 2, 4096, 20);
    let (verdict, reason) = check(with(named(), "scs:cpu-type", "shared-core"));
    assert_eq!((verdict, reason.contains("less than the dedicated-core of its name")), (PASS, true));
    assert_eq!(check(with(named(), "scs:disk0-type", "nvme")), (PASS, String::new()));
    let remedy = |name: &str| {
        let flavor = with(cloud(name, 2, 4096, 0), "scs:cpu-type", "x");
        check_properties(&[flavor]).findings[0].remedy.clone()
    };
    assert_eq!(remedy("m1.small"), "openstack flavor unset --property scs:cpu-type m1.small");
    assert_eq!(
        remedy("x'; rm -rf ~"),
        r"openstack flavor unset --property scs:cpu-type -- 'x'\''; rm -rf ~'",
        "what is copied into a shell does no harm"
    );
}

#[test]
fn the_standard_flavors_are_those_of_the_standard() {
    let names = |status| {
        let chosen = STANDARD_FLAVORS.iter().filter(move |flavor| flavor.status == status);
        chosen.map(|flavor| flavor.name.trim_start_matches("SCS-")).collect::<Vec<_>>()
    };
    let mut mandatory = names(Status::Mandatory);
    mandatory.sort_unstable();
    let mut wanted = [
        "1V-4",
        "2V-8",
        "4V-16",
        "8V-32",
        "1V-2",
        "2V-4",
        "4V-8",
        "8V-16",
        "16V-32",
        "1V-8",
        "2V-16",
        "4V-32",
        "1L-1",
        "2V-4-20s",
        "4V-16-100s",
    ];
    wanted.sort_unstable();
    assert_eq!(mandatory, wanted);
    assert_eq!(
        names(Status::Recommended),
        [
            "1V-4-10",
            "2V-8-20",
            "4V-16-50",
            "8V-32-100",
            "1V-2-5",
            "2V-4-10",
            "4V-8-20",
            "8V-16-50",
            "16V-32-100",
            "1V-8-20",
            "2V-16-50",
            "4V-32-100",
            "1L-1-5",
            "16V-64",
            "8V-64",
            "16V-128",
        ]
    );
    for standard in STANDARD_FLAVORS {
        // Names are only recommended, but here they say the same as the figures.
        let named: Flavor = standard.name.parse().unwrap();
        let specs = extra_specs(&[named]).unwrap();
        assert_eq!((specs.cpus, specs.ram.mib()), (standard.cpus, u64::from(standard.ram_gib) * 1024));
        assert_eq!(specs.disk, standard.disk.map(|disk| disk.size));
        let derived: Vec<_> = specs.properties.into_iter().collect();
        let demanded: Vec<_> = standard.properties().into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        assert_eq!(demanded, derived, "{}", standard.name);
        assert_eq!(StandardFlavor::find(standard.name), Some(standard));
    }
    assert_eq!(StandardFlavor::find("SCS-2V-4-20s").unwrap().test_case(), "scs-0103-flavor-2v-4-20s");
    assert_eq!(StandardFlavor::find("SCS-3V-4"), None);
    assert_eq!(
        StandardFlavor::find("SCS-2V-4-20s").unwrap().command(),
        "openstack flavor create --vcpus 2 --ram 4096 --disk 20 --property scs:cpu-type=shared-core --property \
         scs:disk0-type=ssd --property scs:name-v1=SCS-2V:4:20s --property scs:name-v2=SCS-2V-4-20s SCS-2V-4-20s"
    );
}

#[test]
fn a_standard_flavor_has_exactly_its_figures_and_extra_specs() {
    let all: Vec<CloudFlavor> = STANDARD_FLAVORS.iter().map(conforming).collect();
    for standard in STANDARD_FLAVORS {
        for reading in [Reading::Standard, Reading::Published] {
            assert_eq!(standard.check(&all, reading), Check::of([]), "{}", standard.name);
            let missing = standard.check(&[], reading);
            assert_eq!(missing.verdict, FAIL);
            assert!(missing.findings[0].remedy.ends_with(standard.name));
        }
    }
    let ssd = StandardFlavor::find("SCS-2V-4-20s").unwrap();
    let verdict = |standard: &StandardFlavor, flavor: CloudFlavor| {
        verdicts(|reading| standard.check(std::slice::from_ref(&flavor), reading))
    };
    let changed = |standard: &StandardFlavor, change: fn(&mut CloudFlavor)| {
        let mut flavor = conforming(standard);
        change(&mut flavor);
        flavor
    };
    // Exactly: neither less nor more.
    assert_eq!(verdict(ssd, changed(ssd, |flavor| flavor.vcpus = 3)), (FAIL, FAIL));
    assert_eq!(verdict(ssd, changed(ssd, |flavor| flavor.ram_mib = 4097)), (FAIL, FAIL));
    let larger = changed(ssd, |flavor| flavor.disk_gb = 40);
    let reason = ssd.check(std::slice::from_ref(&larger), Reading::Standard).reason();
    assert_eq!(reason, "flavor SCS-2V-4-20s: GB of disk: 40 instead of exactly 20");
    assert_eq!(verdict(ssd, larger), (FAIL, FAIL));
    for key in ["scs:cpu-type", "scs:disk0-type", "scs:name-v1"] {
        let mut flavor = conforming(ssd);
        flavor.extra_specs.remove(key);
        let check = ssd.check(&[flavor], Reading::Standard);
        assert_eq!(check.verdict, FAIL);
        assert!(check.reason().contains(&format!("{key} is not set, wanted: ")), "{}", check.reason());
        assert!(check.findings[0].remedy.starts_with(&format!("openstack flavor set --property {key}=")));
    }
    // Found by its extra spec under another name, and that before one with the right name.
    assert_eq!(verdict(ssd, changed(ssd, |flavor| flavor.name = "ssd.small".to_owned())), (PASS, PASS));
    let bare = cloud(ssd.name, 2, 4096, 20);
    let renamed = changed(ssd, |flavor| flavor.name = "ssd.small".to_owned());
    assert_eq!(ssd.check(&[bare.clone(), renamed], Reading::Standard).verdict, PASS);
    assert_eq!(verdict(ssd, bare), (FAIL, FAIL));
    // An SSD is an SSD; where the disk may be any, the published suite still wants the network.
    assert_eq!(verdict(ssd, with(conforming(ssd), "scs:disk0-type", "nvme")), (FAIL, FAIL));
    let any = StandardFlavor::find("SCS-1V-4-10").unwrap();
    assert_eq!(verdict(any, with(conforming(any), "scs:disk0-type", "nvme")), (PASS, FAIL));
    assert_eq!(verdict(any, with(conforming(any), "scs:disk0-type", "tape")), (FAIL, FAIL));
    assert_eq!(verdict(any, changed(any, |flavor| flavor.extra_specs.clear())), (FAIL, FAIL));
    // Without a disk its type must be absent; the published suite does not look.
    let diskless = StandardFlavor::find("SCS-1V-4").unwrap();
    assert_eq!(verdict(diskless, with(conforming(diskless), "scs:disk0-type", "network")), (FAIL, PASS));
}

fn applied(mut flavor: CloudFlavor) -> CloudFlavor {
    for change in extra_spec_changes(&flavor, Reading::Standard).unwrap() {
        assert_eq!(flavor.extra_specs.get(&change.key), change.before.as_ref());
        assert_ne!(change.before, change.after);
        match change.after {
            Some(value) => flavor.extra_specs.insert(change.key, value),
            None => flavor.extra_specs.remove(&change.key),
        };
    }
    flavor
}

#[test]
fn changes_make_a_standard_flavor_of_its_bare_figures_and_then_there_are_none() {
    for standard in STANDARD_FLAVORS {
        let bare = CloudFlavor { extra_specs: BTreeMap::new(), ..conforming(standard) };
        let changed = applied(bare);
        assert_eq!(standard.check(std::slice::from_ref(&changed), Reading::Standard).findings, [], "{}", standard.name);
        assert_eq!(check_properties(std::slice::from_ref(&changed)).findings, [], "{}", standard.name);
        assert_eq!(extra_spec_changes(&changed, Reading::Standard), Ok(Vec::new()), "{}", standard.name);
        assert_eq!(extra_spec_changes(&conforming(standard), Reading::Standard), Ok(Vec::new()), "{}", standard.name);
    }
}

#[test]
fn changes_take_away_what_is_false_and_leave_what_may_be_true() {
    let lies = [
        ("scs:cpu-type", "crowded-core"),
        ("scs:disk0-type", "fast"),
        ("scs:disk3-type", "nvme"),
        ("scs:name-v1", "SCS-4V"),
        ("scs:name-v9", "SCS-2V-4"),
        ("scs:colour", "red"),
        ("hw:cpu_policy", "shared"),
    ];
    let flavor = lies.iter().fold(cloud("SCS-4V-16-100s_i3", 4, 16384, 100), |f, (key, value)| with(f, key, value));
    let changed = applied(flavor);
    let expected = BTreeMap::from(
        [
            ("scs:cpu-type", "shared-core"),
            ("scs:disk0-type", "ssd"),
            // More disks than a name says may be there.
            ("scs:disk3-type", "nvme"),
            ("scs:name-v1", "SCS-4V:16:100s-i3"),
            ("scs:name-v2", "SCS-4V-16-100s_i3"),
            ("scs:name-v3", "SCS-4V:16:100s"),
            ("scs:name-v4", "SCS-4V-16-100s"),
            ("scs:name-v5", "SCS-2V:4"),
            ("scs:name-v6", "SCS-2V-4"),
            ("scs:colour", "red"),
            ("hw:cpu_policy", "shared"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned())),
    );
    assert_eq!(changed.extra_specs, expected);
    // A disk that the name does not say, and one that is not there.
    let more = with(applied(cloud("SCS-2V-4", 2, 4096, 20)), "scs:disk0-type", "ssd");
    assert_eq!(extra_spec_changes(&more, Reading::Standard), Ok(Vec::new()));
    let none = applied(CloudFlavor { disk_gb: 0, ..more });
    assert!(!none.extra_specs.contains_key("scs:disk0-type"));
}

#[test]
fn nothing_follows_from_names_that_are_none_or_not_kept() {
    let changes = |flavor: &CloudFlavor| extra_spec_changes(flavor, Reading::Standard);
    assert_eq!(changes(&cloud("m1.small", 1, 1, 0)), Err(NothingFollows::Foreign));
    let error = changes(&cloud("SCS-2V", 1, 1, 0)).unwrap_err();
    assert!(matches!(error, NothingFollows::Invalid(_)), "{error}");
    let error = changes(&with(cloud("m1", 2, 4096, 0), "scs:name-v1", "SCS-4V:8")).unwrap_err().to_string();
    assert_eq!(
        error,
        "it has less than SCS-4V:8 says: vCPUs: 2, the name promises 4; memory: 4096 MiB, the name promises 8 GiB, which are 8192 MiB"
    );
    // A flavor of another name is found by those that it is given.
    let found = applied(with(cloud("m1", 4, 8192, 0), "scs:name-v1", "SCS-4V:8"));
    assert_eq!(found.extra_specs.get("scs:name-v2").map(String::as_str), Some("SCS-4V-8"));
}
