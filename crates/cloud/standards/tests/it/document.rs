//! The register: its known counts, its rules, and how documents are named.

use std::collections::BTreeMap;

use stoa_standards::document::{DocumentName, DocumentType, Status, Track, documents, find};

#[test]
fn the_register_is_complete_and_keeps_the_rules_of_documents() {
    assert_eq!(documents().len(), 61);
    let mut tracks: BTreeMap<Track, usize> = BTreeMap::new();
    let mut kinds: BTreeMap<(DocumentType, Status), usize> = BTreeMap::new();
    for document in documents() {
        assert!(document.demands.ends_with('.'), "{}", document.id());
        assert!(document.versions.iter().filter(|version| version.status == Status::Stable).count() <= 1);
        for version in &document.versions {
            *tracks.entry(document.track).or_default() += 1;
            *kinds.entry((version.document_type, version.status)).or_default() += 1;
            let stable_once = matches!(version.status, Status::Stable | Status::Deprecated);
            assert_eq!(version.stabilized_at.is_some(), stable_once, "{}", version.id);
            assert_eq!(version.deprecated_at.is_some(), version.status == Status::Deprecated, "{}", version.id);
            assert!(version.url.contains(&version.id), "{}", version.url);
        }
    }
    assert!(documents().windows(2).all(|pair| pair[0].number < pair[1].number));
    assert_eq!(tracks.into_values().collect::<Vec<_>>(), [12, 31, 15, 3, 9, 7]);
    let count = |of: DocumentType| {
        [Status::Stable, Status::Draft, Status::Deprecated].map(|status| kinds.get(&(of, status)).copied().unwrap_or(0))
    };
    assert_eq!(count(DocumentType::Standard), [17, 16, 8]);
    assert_eq!(count(DocumentType::Procedural), [6, 3, 3]);
    assert_eq!(count(DocumentType::DecisionRecord), [2, 22, 0]);
    assert_eq!(documents().iter().map(|document| document.supplements.len()).sum::<usize>(), 25);
}

#[test]
fn versions_know_what_they_replace_and_what_replaced_them() {
    let of = |name: &str| find(name.parse().unwrap()).unwrap().1.unwrap();
    let old = of("scs-0100-v2");
    assert_eq!(old.replaces.as_deref(), Some("scs-0100-v1"));
    assert_eq!(old.replaced_by.as_deref(), Some("scs-0100-v3"));
    assert_eq!(old.deprecated_at.unwrap().to_string(), "2023-11-30");
    assert_eq!(of("scs-0102-v1").replaced_by, None, "version 2 is a draft");
    assert_eq!(of("scs-0102-v2").replaces.as_deref(), Some("scs-0102-v1"));
    let (naming, none) = find("0100".parse().unwrap()).unwrap();
    assert_eq!((naming.id().as_str(), none, naming.track), ("scs-0100", None, Track::IaaS));
    assert_eq!(naming.current().unwrap().id, "scs-0100-v3");
    assert_eq!(naming.supplements[0].supplements, ["scs-0100-v1", "scs-0100-v2", "scs-0100-v3"]);
    let (networks, _) = find("scs-0126".parse().unwrap()).unwrap();
    assert_eq!(networks.current().unwrap().status, Status::Draft, "the newest where none is in force");
}

#[test]
fn names_are_read_in_all_their_forms() {
    for (given, shown) in [
        ("scs-0100", "scs-0100"),
        ("SCS-0100", "scs-0100"),
        ("0100", "scs-0100"),
        ("100", "scs-0100"),
        ("scs-0100-v3", "scs-0100-v3"),
        ("scs-0100-v3-flavor-naming", "scs-0100-v3"),
    ] {
        assert_eq!(given.parse::<DocumentName>().unwrap().to_string(), shown);
    }
    for bad in ["", "scs-", "scs-01000", "scs-01o0", "scs-0100-v", "scs-0100-w1", "-1", "scs-0100-vx"] {
        assert!(bad.parse::<DocumentName>().is_err(), "{bad}");
    }
    let long = "x".repeat(100_000).parse::<DocumentName>().unwrap_err().to_string();
    assert!(long.len() < 200, "{long}");
    assert!(find(DocumentName { number: 9999, version: None }).is_none());
    assert!(find(DocumentName { number: 100, version: Some(4) }).is_none());
}
