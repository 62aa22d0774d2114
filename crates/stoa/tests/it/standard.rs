//! `stoa standard` by its surface: it needs no data folder and no configuration.

use insta::assert_snapshot;
use serde_json::Value;

use crate::program::Place;

#[test]
fn a_document_is_shown_with_its_demands_and_its_history() {
    let place = Place::new();
    assert_snapshot!(place.run(&["standard", "show", "scs-0100"]).surface(), @r"
    exit: 0
    --- stdout
    scs-0100  SCS Flavor Naming Standard
    track: IaaS

    A flavor whose name begins with SCS- can be parsed and gives at least what its name says. Weaknesses must be in the name: heavy oversubscription (L), missing mitigations (i), memory without error correction (u), oversubscribed memory (o). No private extensions.

    scs-0100-v1  standard, stable from 2022-09-08, deprecated since 2023-10-31, replaced by scs-0100-v2
      https://docs.scs.community/standards/scs-0100-v1-flavor-naming
    scs-0100-v2  standard, stable from 2023-02-21, deprecated since 2023-11-30, replaces scs-0100-v1, replaced by scs-0100-v3
      https://docs.scs.community/standards/scs-0100-v2-flavor-naming
    scs-0100-v3  standard, stable since 2023-06-14, replaces scs-0100-v2
      https://docs.scs.community/standards/scs-0100-v3-flavor-naming
    scs-0100-w1  notes on scs-0100-v1, scs-0100-v2, scs-0100-v3
      https://docs.scs.community/standards/scs-0100-w1-flavor-naming-implementation-testing
    --- stderr
    ");
    assert_snapshot!(place.run(&["standard", "show", "0102-v1"]).surface(), @r"
    exit: 0
    --- stdout
    scs-0102-v1  SCS Image Metadata
    track: IaaS

    Public images tell architecture, least disk and memory, distribution, version, bus, source, description, build date, first user, how often they are replaced, how long they are kept and how long their UUID stays. Images are as recent as they promise. Version 2 also demands the purpose.

    scs-0102-v1  standard, stable since 2022-10-31
      https://docs.scs.community/standards/scs-0102-v1-image-metadata
    scs-0102-w1  notes on scs-0102-v1, scs-0102-v2
      https://docs.scs.community/standards/scs-0102-w1-image-metadata-implementation-testing
    --- stderr
    ");
    assert!(!place.path("stoa-data").exists(), "reading the register needs no data folder");
}

#[test]
fn the_register_is_listed_filtered_and_given_to_programs() {
    let place = Place::new();
    assert_eq!(place.run(&["standard", "list"]).done().lines().count(), 61);
    assert_snapshot!(place.run(&["standard", "list", "--track", "kaas", "--status", "stable"]).done(), @r"
    scs-0210-v2   stable      KaaS    SCS K8S Version Policy
    scs-0211-v1   stable      KaaS    SCS KaaS default storage class
    scs-0214-v2   stable      KaaS    Kubernetes Node Distribution and Availability
    scs-0219-v1   stable      KaaS    KaaS Networking Standard
    ");
    let listed: Vec<Value> =
        serde_json::from_str(&place.run(&["standard", "list", "--track", "IAM", "--format", "json"]).done()).unwrap();
    assert_eq!(listed.len(), 3);
    let version: Value =
        serde_json::from_str(&place.run(&["standard", "show", "scs-0210-v1", "--format", "json"]).done()).unwrap();
    assert_eq!(version["replaced_by"], "scs-0210-v2");
    assert_eq!(version["deprecated_at"], "2024-02-08");
    assert_eq!(version["type"], "standard");
}

#[test]
fn what_is_not_there_is_a_mistake_of_usage_with_advice() {
    let place = Place::new();
    for (arguments, message, advice) in [
        (["standard", "show", "scs-9999"], "there is no document scs-9999", "stoa standard list"),
        (["standard", "show", "scs-0100-v9"], "there is no document scs-0100-v9", "There is scs-0100-v1, scs-0100-v2"),
        (["standard", "show", "flavors\u{1b}[31m"], "names no document", "stoa standard list"),
        (["standard", "list", "--track=saas"], "there is no track `saas`", "Choose one of global, iaas"),
        (["standard", "list", "--status=new"], "there is no status `new`", "Choose one of draft, stable"),
    ] {
        let ended = place.run(&arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{ended:?}");
        assert!(ended.stderr.contains(message) && ended.stderr.contains(advice), "{ended:?}");
        assert!(!ended.stderr.contains('\u{1b}'), "{ended:?}");
    }
}
