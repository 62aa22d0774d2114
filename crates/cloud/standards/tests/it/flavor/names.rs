//! Names one by one: the table `tests/data/flavor-names.jsonl`, and what messages say.

use serde_json::Value;
use stoa_standards::flavor::{
    Flavor, NAME_BYTES_MAX, NameError, Parsed, Reason, Rules, Syntax, aliases, parse, translate,
};
use stoa_standards::verdict::Reading;

const TABLE: &str = include_str!("../../data/flavor-names.jsonl");

/// One line of the table. `versions` are those of the standard reading form it is; `at` counts characters before the
/// mistake; `published` stands where the published suite's verdict is another.
fn table() -> Vec<Value> {
    TABLE.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn read(name: &str, syntax: Option<Syntax>, reading: Reading) -> Result<Parsed, NameError> {
    parse(name, Rules { syntax, reading })
}

#[track_caller]
fn assert_verdict(wanted: &Value, name: &str, found: Result<Parsed, NameError>) {
    match found {
        Ok(_) => assert_eq!(wanted["verdict"], "valid", "{name}"),
        Err(error) => {
            let verdict = if error.reason == Reason::Foreign { "foreign" } else { "invalid" };
            assert_eq!(wanted["verdict"], verdict, "{name}: {error}");
            assert_eq!((&wanted["reason"], &wanted["at"]), (&error.reason.code().into(), &error.at.into()), "{name}");
        }
    }
}

#[test]
fn every_example_has_its_verdict_reason_and_forms() {
    let table = table();
    assert_eq!(table.len(), 128);
    for row in &table {
        let name = row["name"].as_str().unwrap();
        assert_verdict(row, name, read(name, None, Reading::Standard));
        let published = if row["published"].is_null() { row } else { &row["published"] };
        assert_verdict(published, name, read(name, None, Reading::Published));

        let Ok(parsed) = read(name, None, Reading::Standard) else { continue };
        assert_eq!(parsed.flavor.to_string(), row["canonical"], "{name}");
        assert_eq!(parsed.flavor.short().to_string(), row["short"], "{name}");
        let v1 = row["versions"][0] == "v1";
        assert_eq!(parsed.syntax, if v1 { Syntax::Colon } else { Syntax::Dash }, "{name}");
        let other = if v1 { Syntax::Dash } else { Syntax::Colon };
        assert_eq!(read(name, Some(parsed.syntax), Reading::Standard), Ok(parsed), "{name}");
        let refused = read(name, Some(other), Reading::Standard).unwrap_err();
        assert_eq!(refused.reason, Reason::OtherSyntax(parsed.syntax), "{name}");
    }
}

#[test]
fn names_are_translated_letter_by_letter() {
    for (colon, dash) in [
        ("SCS-2C:4:10n-bms-z3h-GNa:64-ib", "SCS-2C-4-10n_bms_z3h_GNa-64_ib"),
        ("SCS-4C:16:2x200p-a1", "SCS-4C-16-2x200p_a1"),
        ("SCS-1V:0.5", "SCS-1V-0.5"),
        ("SCS-2C:4:", "SCS-2C-4-"),
    ] {
        assert_eq!(translate(colon, Syntax::Dash), dash);
        assert_eq!(translate(dash, Syntax::Colon), colon);
        let flavor: Flavor = colon.parse().unwrap();
        assert_eq!(flavor.to_string(), dash);
        assert_eq!(flavor.name_in(Syntax::Colon).unwrap().to_string(), colon);
    }
    assert_eq!(translate("m1.small-x", Syntax::Colon), "m1.small-x", "another cloud's name stays as it is");
    let flavor: Flavor = "SCS-2C-4_chy".parse().unwrap();
    assert!(flavor.name_in(Syntax::Colon).is_none(), "version 1 does not know Cloud Hypervisor");
    assert_eq!(aliases(&[flavor]), ["SCS-2C-4_chy", "SCS-2C:4", "SCS-2C-4"]);
}

#[test]
fn messages_say_what_was_expected_where_and_what_stands_there() {
    for (name, message) in [
        ("m1.small", "not an SCS flavor: those begin with `SCS-`"),
        ("SCS-", "expected the number of vCPUs, found the end"),
        ("SCS-2iT-4", "expected the kind of vCPU (`C`, `T`, `V` or `L`), found `i` at character 6"),
        ("SCS-2V", "expected `-` and the memory, found the end"),
        ("SCS-0V-4", "the number of vCPUs must be above zero, found `0` at character 5"),
        ("SCS-1V-1.2.3", "expected memory with one decimal point, found `.` at character 11"),
        ("SCS-1V-.", "expected the memory in GiB, found the end"),
        ("SCS-1V-4294967295", "memory is too large to be counted, found `4` at character 8"),
        ("SCS-99999999999V-4", "the number of vCPUs is too large to be counted, found `9` at character 5"),
        ("SCS-1V-4-256x10", "there are at most 255 disks, found `2` at character 10"),
        (
            "SCS-2C-4-10l",
            "expected whole GB, the kind of disk (`n`, `h`, `s` or `p`), `_` and an extension, or the end, found `l` at \
             character 12",
        ),
        ("SCS-2C-4-10_hwv_xen", "out of order: this cannot stand behind `hwv`, found `x` at character 17"),
        ("SCS-2C-4_z7", "expected a generation of AMD CPUs (0 to 6), found `7` at character 11"),
        ("SCS-2C-4_GI5", "expected a generation of Intel GPUs (0.9, 0.95, 1, 2, 3, 4), found `5` at character 12"),
        ("SCS-2C-4_z3hhhh", "expected at most 3 letters `h`, found `h` at character 15"),
        ("SCS-2C-4_GNah-24", "video memory can only be said behind the number of units, found `-` at character 14"),
        ("SCS-2C-4_", EXTENSION_AT_THE_END),
        ("SCS-4V:16-chy", "expected another hypervisor: version 1 does not know `chy`, found `c` at character 11"),
        ("SCS-2V-4\u{e9}", "expected `-` and a disk, `_` and an extension, or the end, found `\u{e9}` at character 9"),
        ("SCS-2V-4\n", "expected `-` and a disk, `_` and an extension, or the end, found `\\n` at character 9"),
    ] {
        assert_eq!(name.parse::<Flavor>().unwrap_err().to_string(), message, "{name}");
    }
    let strict = read("SCS-2V:4", Some(Syntax::Dash), Reading::Standard).unwrap_err();
    assert_eq!(
        strict.to_string(),
        "expected `-`; this is the form of version 1, deprecated since 2023-10-31, found `:` at character 7"
    );
}

const EXTENSION_AT_THE_END: &str = "expected an extension: a hypervisor (`kvm`, `chy`, `xen`, `vmw`, `hyv`, `bms`), `hwv`, a \
                                    CPU (`i`, `z`, `a`, `r`), a GPU (`G`, `g`) or `ib`, found the end";

/// The places where the published suite differs and the table has no example.
#[test]
fn the_published_suites_verdict_can_be_had() {
    let verdicts = |name: &str| {
        [Reading::Standard, Reading::Published].map(|reading| read(name, None, reading).map_err(|e| e.reason.code()))
    };
    for name in ["SCS-2V:4-GNa-ib", "SCS-2V:4-gI-ib"] {
        let [standard, published] = verdicts(name);
        assert!(standard.is_ok(), "{name}");
        assert_eq!(published.unwrap_err(), "gpu_generation", "{name}");
    }
    // What follows `h` or a number was never a problem.
    for name in ["SCS-2V-4_GNah_ib", "SCS-2V-4_GN-64_ib", "SCS-2V-4_GNa"] {
        assert!(verdicts(name).iter().all(Result::is_ok), "{name}");
    }
    let [standard, published] = verdicts("SCS-2V-4_GNah-24h");
    assert_eq!(standard.unwrap_err(), "memory_without_units");
    let flavor = published.unwrap().flavor;
    assert_eq!(flavor.to_string(), "SCS-2V-4_GNah-24h");
    assert_eq!(flavor.short().to_string(), "SCS-2V-4_GNa", "24 must not be taken for units");
}

#[test]
fn the_length_is_bounded() {
    let zeros = |length: usize| format!("SCS-{}1V-4", "0".repeat(length - "SCS-1V-4".len()));
    assert!(zeros(NAME_BYTES_MAX).parse::<Flavor>().is_ok());
    for length in [NAME_BYTES_MAX + 1, 1 << 20] {
        let error = zeros(length).parse::<Flavor>().unwrap_err();
        assert_eq!((error.reason, error.at), (Reason::TooLong, NAME_BYTES_MAX));
        assert_eq!(error.to_string(), "a flavor name has at most 255 characters");
    }
    let foreign = "x".repeat(1 << 20).parse::<Flavor>().unwrap_err();
    assert_eq!(foreign.reason, Reason::Foreign);
}
