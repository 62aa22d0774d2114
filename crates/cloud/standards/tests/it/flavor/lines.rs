//! What the command answers, as JSON and as text.

use stoa_standards::flavor::lines::{NameVerdict, build, check, describe, explain_name, extra_specs_of, list};
use stoa_standards::flavor::{CpuKind, Rules, Status, Syntax, Wanted};

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

#[test]
fn a_check_is_one_object_whose_first_keys_are_always_there() {
    let any = Rules::default();
    assert_eq!(
        json(&check("SCS-8Ti-32-50p_i1", any)),
        r#"{"name":"SCS-8Ti-32-50p_i1","verdict":"valid","canonical":"SCS-8Ti-32-50p_i1","short":"SCS-8Ti-32-50p","reason":null}"#
    );
    assert_eq!(
        json(&check("SCS-2V:4", any)),
        r#"{"name":"SCS-2V:4","verdict":"valid","canonical":"SCS-2V-4","short":"SCS-2V-4","reason":null,"remark":"the form of version 1, deprecated since 2023-10-31"}"#
    );
    assert_eq!(
        json(&check("SCS-2v-4", any)),
        r#"{"name":"SCS-2v-4","verdict":"invalid","canonical":null,"short":null,"reason":"expected the kind of vCPU (`C`, `T`, `V` or `L`), found `v` at character 6","at":5}"#
    );
    assert_eq!(
        json(&check("m1.small", any)),
        r#"{"name":"m1.small","verdict":"foreign","canonical":null,"short":null,"reason":"not an SCS flavor: those begin with `SCS-`","at":0}"#
    );
    let today = Rules { syntax: Some(Syntax::Dash), ..any };
    assert_eq!(check("SCS-2V:4", today).verdict(), NameVerdict::Invalid);
}

#[test]
fn texts_point_at_the_mistake_and_control_no_terminal() {
    let text = |name: &str| check(name, Rules::default()).to_string();
    assert_eq!(text("SCS-2V-4"), "SCS-2V-4: valid");
    assert_eq!(
        text("SCS-02V-4.0_i0_kvm"),
        "SCS-02V-4.0_i0_kvm: invalid: out of order: this cannot stand behind a CPU, found `k` at character 16\n  \
         SCS-02V-4.0_i0_kvm\n                 ^"
    );
    assert_eq!(
        text("SCS-02V-4.0_i0"),
        "SCS-02V-4.0_i0: valid, canonical SCS-2V-4_i, short SCS-2V-4 (the canonical name is written otherwise)"
    );
    assert_eq!(text("m1.small"), "m1.small: foreign: not an SCS flavor: those begin with `SCS-`");
    let hostile = text("SCS-2V-4\u{1b}[2J<b>");
    assert!(!hostile.contains('\u{1b}') && hostile.ends_with("SCS-2V-4\\u{1b}[2J<b>\n          ^"), "{hostile}");
    let long = text(&format!("SCS-{}", "1".repeat(1 << 20)));
    assert!(long.len() < 200, "{long}");
    assert!(long.ends_with("…: invalid: a flavor name has at most 255 characters"), "{long}");
}

#[test]
fn descriptions_explanations_and_extra_specs_refuse_alike() {
    let any = Rules::default();
    assert_eq!(
        describe("SCS-1V-4", any).unwrap().to_string(),
        "SCS-1V-4: SCS flavor with 1 generic x86-64 vCPU with 4 GiB RAM"
    );
    assert_eq!(
        explain_name("SCS-1V-4-10n", any).unwrap().to_string(),
        "SCS-1V-4-10n\n  SCS-  a flavor of the Sovereign Cloud Stack, named by scs-0100\n  1V    1 shared vCPU, at least a \
         fifth of a core in 99 % of a month\n  -4    4 GiB of memory\n  -10n  a disk of 10 GB, over the network"
    );
    assert_eq!(
        json(&explain_name("SCS-1L:1", any).unwrap().pieces[2]),
        r#"{"at":6,"text":":1","meaning":"1 GiB of memory"}"#
    );
    assert_eq!(
        json(&extra_specs_of("SCS-1L-1-5", any).unwrap()),
        r#"{"name":"SCS-1L-1-5","cpus":1,"ram":1024,"disk":5,"extra_specs":{"scs:cpu-type":"crowded-core","scs:disk0-type":"network","scs:name-v1":"SCS-1L:1:5","scs:name-v2":"SCS-1L-1-5"}}"#
    );
    for name in ["SCS-1", "m1.small"] {
        let refused = check(name, any).to_string();
        assert_eq!(describe(name, any).unwrap_err().to_string(), refused);
        assert_eq!(explain_name(name, any).unwrap_err().to_string(), refused);
        assert_eq!(extra_specs_of(name, any).unwrap_err().to_string(), refused);
    }
}

#[test]
fn lists_and_built_names() {
    assert_eq!(list(None).count(), 31);
    assert_eq!(list(Some(Status::Mandatory)).count(), 15);
    let first = list(Some(Status::Mandatory)).find(|flavor| flavor.disk > 0).unwrap();
    assert_eq!(
        first.to_string(),
        "SCS-4V-16-100s (mandatory)\n  vcpus 4, ram 16384 MiB, disk 100 GB\n  scs:cpu-type=shared-core\n  \
         scs:disk0-type=ssd\n  scs:name-v1=SCS-4V:16:100s\n  scs:name-v2=SCS-4V-16-100s"
    );
    let built = build(&Wanted::new(1, CpuKind::CrowdedCore, "0.5".parse().unwrap())).unwrap();
    assert_eq!(built.to_string(), "SCS-1L-0.5");
    assert_eq!(
        json(&built),
        r#"{"name":"SCS-1L-0.5","short":"SCS-1L-0.5","description":"SCS flavor with 1 generic x86-64 LowPerf vCPU with 0.5 GiB RAM"}"#
    );
}
