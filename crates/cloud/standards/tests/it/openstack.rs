//! Rules about what a cloud of OpenStack offers, with the numbers of the standards and of the published suite.

use stoa_standards::rule::domain_manager::{self, Attempt, Ended, Right};
use stoa_standards::rule::image::Image;
use stoa_standards::rule::probe::{ProbeFlavor, choose_flavor, choose_image};
use stoa_standards::rule::security_group::{Direction, Ethertype, Rule, check_default_rules, check_new_group};
use stoa_standards::rule::service::{
    Catalog, S3Answer, Stumble, StumbleKind, check, check_backup, check_key_manager, check_s3,
};
use stoa_standards::rule::volume_type::{self, VolumeType};
use stoa_standards::rule::zone::{self, Evidence, Zone};
use stoa_standards::rule::{Weight, entropy};
use stoa_standards::scope::find_built_in;
use stoa_standards::verdict::{Reading, Verdict};

use Reading::{Published, Standard};
use Verdict::{Abort, Fail, Pass};

#[test]
fn a_server_has_all_its_entropy() {
    for (output, verdict) in
        [(&["256"] as &[&str], Pass), (&[" 256 ", "more"], Pass), (&["255"], Fail), (&["many"], Fail), (&[], Abort)]
    {
        assert_eq!(entropy::entropy_available("server a", output).verdict, verdict, "{output:?}");
    }
    let check = entropy::entropy_available("server a", &["3941"]);
    assert_eq!(check.reason(), "server a: entropy_avail is `3941`, expected 256");
}

#[test]
fn random_numbers_pass_the_fips_test_with_three_failures_silently_and_with_five_at_all() {
    for (line, verdict, findings) in [
        ("rngtest: FIPS 140-2 failures: 0", Pass, 0),
        ("rngtest: FIPS 140-2 failures: 3", Pass, 0),
        ("rngtest: FIPS 140-2 failures: 4", Pass, 1),
        ("rngtest: FIPS 140-2 failures: 5", Pass, 1),
        ("rngtest: FIPS 140-2 failures: 6", Fail, 1),
        ("failures:1000.", Fail, 1),
        ("rngtest: not found", Abort, 1),
        ("failures: none", Abort, 1),
    ] {
        let check = entropy::fips("server a", &["rngtest 5", line]);
        assert_eq!((check.verdict, check.findings.len()), (verdict, findings), "{line}");
    }
}

#[test]
fn what_no_version_asks_for_any_more_can_still_be_asked() {
    assert_eq!(entropy::daemon("server a", &["   Active: active (running) since"]).verdict, Pass);
    assert_eq!(entropy::daemon("server a", &["inactive"]).verdict, Fail);
    assert_eq!(entropy::daemon("server a", &[]).verdict, Abort);
    let check = entropy::flavors([("SCS-1V-4", Some("True")), ("SCS-2V-8", None), ("x", Some("False"))]);
    let objects: Vec<&str> = check.findings.iter().map(|finding| finding.object.as_str()).collect();
    assert_eq!(objects, ["flavor SCS-2V-8", "flavor x"]);
}

fn volume_type(description: &str) -> VolumeType {
    VolumeType { name: "fast".to_owned(), description: Some(description.to_owned()) }
}

#[test]
fn volume_types_list_their_aspects_in_order() {
    for (description, verdict) in [
        ("[scs:encrypted] fast", Pass),
        ("[scs:encrypted, replicated]", Pass),
        ("[scs:encrypted,replicated]", Pass),
        ("[scs:]", Pass),
        ("fast", Pass),
        ("", Pass),
        (" [scs:nonsense]", Pass), // no list: it does not stand at the beginning
        ("[scs:a[b]", Pass),       // no list either
        ("[scs:encrypted", Pass),
        ("[scs:replicated, encrypted]", Fail),
        ("[scs:encrypted, encrypted]", Fail),
        ("[scs:fast]", Fail),
        ("[scs:encrypted,]", Fail),
    ] {
        let check = volume_type::check("scs-0114-syntax-check", &[volume_type(description)]).unwrap();
        assert_eq!(check.verdict, verdict, "{description}");
    }
    let nameless = VolumeType { name: "__DEFAULT__".to_owned(), description: None };
    let both = [nameless, volume_type("[scs:replicated] slow")];
    assert_eq!(volume_type::check("scs-0114-replicated-type", &both).unwrap().verdict, Pass);
    let check = volume_type::check("scs-0114-encrypted-type", &both).unwrap();
    assert_eq!(check.reason(), "volume types: none of 2 says that it is encrypted");
    assert!(volume_type::check("scs-0114-colour", &both).is_none());
}

fn rule(direction: Direction, ethertype: Ethertype) -> Rule {
    Rule {
        id: "93e35d0c".to_owned(),
        direction,
        ethertype,
        remote_group: None,
        remote_prefix: None,
        used_in_default: true,
        used_in_custom: true,
    }
}

fn open_egress() -> Vec<Rule> {
    vec![rule(Direction::Egress, Ethertype::IPv4), rule(Direction::Egress, Ethertype::IPv6)]
}

#[test]
fn default_rules_let_nothing_in_but_the_group_itself() {
    let with = |rule: Rule| check_default_rules(&[open_egress(), vec![rule]].concat(), Standard);
    assert_eq!(check_default_rules(&open_egress(), Published).verdict, Pass);
    let ingress = rule(Direction::Ingress, Ethertype::IPv4);
    let parent = Rule { remote_group: Some("PARENT".to_owned()), ..ingress.clone() };
    assert_eq!(with(Rule { used_in_custom: false, ..parent.clone() }).verdict, Pass);
    assert_eq!(with(parent).reason(), "default rule 93e35d0c: it lets IPv4 in from the group PARENT, in all groups");
    assert_eq!(with(ingress.clone()).reason(), "default rule 93e35d0c: it lets IPv4 in from everywhere, in all groups");
    let narrow = Rule { remote_prefix: Some("10.0.0.0/8".to_owned()), used_in_custom: false, ..ingress };
    assert_eq!(with(narrow).reason(), "default rule 93e35d0c: it lets IPv4 in from 10.0.0.0/8, in default groups");
}

#[test]
fn egress_should_be_open_and_the_published_suite_takes_that_for_a_must() {
    let mut rules = open_egress();
    rules[1].used_in_custom = false;
    let check = check_default_rules(&rules, Standard);
    assert_eq!((check.verdict, check.findings[0].weight), (Pass, Weight::Remark));
    assert_eq!(check.reason(), "groups of users: no rule lets IPv6 out");
    assert_eq!(check_default_rules(&rules, Published).verdict, Fail);
    assert_eq!(check_default_rules(&[], Published).findings.len(), 4);
    // Everywhere may be spelled out; the published suite does not see it.
    let mut spelled = open_egress();
    spelled[0].remote_prefix = Some("0.0.0.0/0".to_owned());
    spelled[1].remote_prefix = Some("::/0".to_owned());
    assert!(check_default_rules(&spelled, Standard).findings.is_empty());
    assert_eq!(check_default_rules(&spelled, Published).verdict, Fail);
    let mut narrow = open_egress();
    narrow[0].remote_prefix = Some("10.0.0.0/8".to_owned());
    assert_eq!(check_default_rules(&narrow, Standard).findings.len(), 2);
}

#[test]
fn where_defaults_cannot_be_listed_a_new_group_tells() {
    assert_eq!(check_new_group(&open_egress(), Published).verdict, Pass);
    let within = Rule {
        remote_group: Some("PARENT".to_owned()),
        used_in_custom: false,
        ..rule(Direction::Ingress, Ethertype::IPv6)
    };
    assert_eq!(check_new_group(&[open_egress(), vec![within]].concat(), Standard).verdict, Fail);
    assert_eq!(check_new_group(&open_egress()[..1], Published).verdict, Fail);
    assert_eq!(check_new_group(&open_egress()[..1], Standard).verdict, Pass);
}

fn catalog(types: &[&str]) -> Catalog {
    types.iter().map(|one| (*one).to_owned()).collect()
}

#[test]
fn the_catalog_has_what_is_mandatory() {
    let scope = find_built_in("iaas").unwrap();
    let full = catalog(&[
        "compute",
        "identity",
        "image",
        "network",
        "load-balancer",
        "placement",
        "volumev3",
        "object-store-s3",
        "key-manager",
    ]);
    let ids = scope.test_cases.iter().map(|case| case.id.as_str()).filter(|id| id.starts_with("scs-0123-"));
    for id in ids.filter(|id| *id != "scs-0123-swift-s3").chain(["scs-0116-presence"]) {
        assert_eq!(check(id, &full).unwrap_or_else(|| panic!("{id}")).verdict, Pass, "{id}");
        assert_eq!(check(id, &catalog(&["dns"])).unwrap().verdict, Fail, "{id}");
    }
    for name in ["volume", "volumev3", "block-storage"] {
        assert_eq!(check("scs-0123-storage-apis", &catalog(&[name])).unwrap().verdict, Pass);
    }
    let reason = check("scs-0123-storage-apis", &catalog(&[])).unwrap().reason();
    assert_eq!(reason, "catalog: it has no service of type volume or volumev3 or block-storage");
    assert!(check("scs-0123-service-dns", &full).is_none());
}

#[test]
fn object_storage_speaks_s3_where_there_is_some() {
    for (answer, standard, published) in [
        (S3Answer::NotThere, Pass, Pass),
        (S3Answer::Error("InvalidAccessKeyId".to_owned()), Pass, Pass),
        (S3Answer::Error("NoSuchKey".to_owned()), Pass, Pass),
        (S3Answer::Error("SlowDown".to_owned()), Fail, Fail),
        (S3Answer::Foreign("HTML".to_owned()), Fail, Fail),
        (S3Answer::Listed, Abort, Abort),
        (S3Answer::Unreachable("connection refused".to_owned()), Abort, Fail),
    ] {
        assert_eq!(check_s3("https://s3.example.org", &answer, Standard).verdict, standard, "{answer:?}");
        assert_eq!(check_s3("https://s3.example.org", &answer, Published).verdict, published, "{answer:?}");
    }
}

#[test]
fn what_was_tried_out_fails_when_refused_and_is_aborted_by_obstacles() {
    let stumble = |kind| Stumble { doing: "creating a secret".to_owned(), reason: "403".to_owned(), kind };
    let (refused, obstacle) = (stumble(StumbleKind::Refused), stumble(StumbleKind::Obstacle));
    let with = catalog(&["key-manager"]);
    assert_eq!(check_key_manager(&with, None).verdict, Pass);
    assert_eq!(check_key_manager(&with, Some(&refused)).reason(), "key manager: creating a secret: 403");
    assert_eq!(check_key_manager(&with, Some(&refused)).verdict, Fail);
    assert_eq!(check_key_manager(&with, Some(&obstacle)).verdict, Abort);
    assert_eq!(check_key_manager(&catalog(&[]), Some(&refused)).verdict, Pass, "without one nothing is demanded");
    assert_eq!(check_backup(None, Standard).verdict, Pass);
    assert_eq!(check_backup(Some(&refused), Standard).verdict, Fail);
    assert_eq!(check_backup(Some(&obstacle), Standard).verdict, Abort);
    assert_eq!(check_backup(Some(&obstacle), Published).verdict, Fail, "it never aborts");
}

#[test]
fn availability_zones_are_fire_zones_with_redundancy() {
    let zone = |name: &str, fire_zone: &str| Zone {
        name: name.to_owned(),
        fire_zone: Some(fire_zone.to_owned()),
        power: Evidence::Shown,
        uplink: Evidence::Shown,
        routers: Evidence::Shown,
        cooling: Evidence::Shown,
    };
    assert!(zone::check(&[zone("a", "north"), zone("b", "south")]).findings.is_empty());
    let check = zone::check(&[zone("a", "north"), zone("b", "north")]);
    assert_eq!(check.reason(), "availability zones a, b: they share the fire zone north");
    assert_eq!(check.verdict, Fail);
    for (changed, verdict) in [
        (Zone { cooling: Evidence::Lacking, ..zone("a", "north") }, Pass),
        (Zone { uplink: Evidence::Lacking, ..zone("a", "north") }, Fail),
        (Zone { routers: Evidence::Silent, ..zone("a", "north") }, Abort),
        (Zone { fire_zone: None, ..zone("a", "north") }, Abort),
    ] {
        assert_eq!(zone::check(&[changed]).verdict, verdict);
    }
    assert_eq!(zone::check(&[]).verdict, Abort);
    assert!(zone::compare_names(&["a", "b"], &["nova"]).is_empty(), "storage spans the zones");
    let objects: Vec<String> =
        zone::compare_names(&["a", "b"], &["a", "c"]).into_iter().map(|finding| finding.object).collect();
    assert_eq!(objects, ["availability zone b", "availability zone c"]);
}

#[test]
fn the_server_that_is_tried_out_is_the_newest_debian_on_the_most_frugal_flavor() {
    let image = |name: &str, distribution: &str, version: &str| {
        let facts = serde_json::json!({"name": name, "os_distro": distribution, "os_version": version, "min_ram": 512});
        Image::new(facts.as_object().unwrap().clone())
    };
    let chosen = |images: &[Image]| choose_image(images).map(|image| image.name().to_owned());
    let all = [
        image("a", "ubuntu", "24.04"),
        image("b", "Debian", "12"),
        image("c", "debian", "trixie"),
        image("d", "debian", "13"),
        image("e", "arch", "99"),
    ];
    assert_eq!(chosen(&all).as_deref(), Some("c"), "of equals the first");
    assert_eq!(chosen(&[all[4].clone(), all[0].clone()]).as_deref(), Some("a"));
    assert_eq!(chosen(&[image("f", "ubuntu", "noble"), image("g", "ubuntu", "22.04")]).as_deref(), Some("g"));
    assert_eq!(chosen(&[]), None);
    let flavor = |name: &str, vcpus, ram_mib, disk_gib, allowed: Option<&str>| ProbeFlavor {
        name: name.to_owned(),
        vcpus,
        ram_mib,
        disk_gib,
        random_device: allowed.map(str::to_owned),
    };
    let flavors = [
        flavor("tiny", 1, 256, 0, Some("true")),
        flavor("small", 1, 512, 0, None),
        flavor("device", 4, 8192, 100, Some("True")),
        flavor("frugal", 2, 8192, 20, Some("true")),
    ];
    assert_eq!(choose_flavor(&flavors, &all[0]).unwrap().name, "frugal", "a device before frugality");
    assert_eq!(choose_flavor(&flavors[..2], &all[0]).unwrap().name, "small");
    assert_eq!(choose_flavor(&flavors[..1], &all[0]), None);
}

#[test]
fn a_domain_manager_rules_its_own_domain_and_no_other() {
    let attempt = |right, ended| Attempt {
        manager: "manager of domain a".to_owned(),
        doing: "create a user in domain b".to_owned(),
        right,
        ended,
    };
    for (right, ended, verdict) in [
        (Right::Must, Ended::Done, Pass),
        (Right::MustNot, Ended::Forbidden, Pass),
        (Right::Must, Ended::Forbidden, Fail),
        (Right::MustNot, Ended::Done, Fail),
        (Right::MustNot, Ended::Otherwise("500".to_owned()), Abort),
    ] {
        let good = attempt(Right::Must, Ended::Done);
        assert_eq!(
            domain_manager::check(&[good, attempt(right, ended.clone())]).verdict,
            verdict,
            "{right:?} {ended:?}"
        );
    }
    let check = domain_manager::check(&[attempt(Right::MustNot, Ended::Done)]);
    assert_eq!(check.reason(), "manager of domain a: it can create a user in domain b");
    assert_eq!(domain_manager::check(&[]).verdict, Abort);
}
