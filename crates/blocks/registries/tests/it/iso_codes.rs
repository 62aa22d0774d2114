//! Countries, subdivisions and languages out of a package laid out like Debian's, and out of the real one where it is
//! installed.

use std::collections::HashSet;
use std::path::Path;

use serde_json::{Value, json};
use stoa_registries::import::iso_codes::{Dataset, Folders, IsoCodesError, LANGUAGES, NAMES, OTHER_NAMES, read};

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join(name), text).unwrap();
}

fn small() -> (tempfile::TempDir, Folders) {
    let root = tempfile::tempdir().unwrap();
    let folders = Folders { json: root.path().join("json"), locale: root.path().join("locale") };
    write(
        &folders.json,
        "iso_3166-1.json",
        r#"{"3166-1":[{"alpha_2":"AZ","alpha_3":"AZE","name":"Azerbaijan","numeric":"031"}]}"#,
    );
    write(
        &folders.json,
        "iso_3166-2.json",
        r#"{"3166-2":[{"code":"AZ-BAB","name":"Babək","parent":"NX","type":"Rayon"},{"code":"AZ-NX","name":"Naxçıvan","type":"Autonomous republic"}]}"#,
    );
    write(
        &folders.json,
        "iso_639-3.json",
        r#"{"639-3":[{"alpha_3":"swa","alpha_2":"sw","name":"Swahili (macrolanguage)","scope":"M","type":"L"}]}"#,
    );
    (root, folders)
}

#[test]
fn links_are_made_whole_and_parents_come_first() {
    let (_root, folders) = small();
    // A language that the package lacks, and a catalogue that is broken, keep nothing out.
    write(&folders.locale.join("fr/LC_MESSAGES"), "iso_3166-1.mo", "not a catalogue");
    let all = read(&folders, &["fr", "xx"]).unwrap();
    let codes: Vec<&str> = all.iter().map(|dataset| dataset.code).collect();
    assert_eq!(codes, ["countries", "subdivisions", "languages"]);
    let subdivisions: Vec<Value> = all[1].records.iter().cloned().map(Value::Object).collect();
    assert_eq!(
        subdivisions,
        [
            json!({"code": "AZ-NX", "name": "Naxçıvan", "type": "Autonomous republic", "country": "AZ"}),
            json!({"code": "AZ-BAB", "name": "Babək", "parent": "AZ-NX", "type": "Rayon", "country": "AZ"}),
        ]
    );
    assert_eq!(all[1].links.iter().map(|link| link.register).collect::<Vec<_>>(), ["countries", "subdivisions"]);
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let (root, folders) = small();
    for bad in ["../etc", "", "fr/..", "a-very-long-name-of-a-language"] {
        assert!(matches!(read(&folders, &[bad]), Err(IsoCodesError::Language(_))), "{bad}");
    }
    assert!(matches!(read(&folders, &["fr"; 41]), Err(IsoCodesError::TooManyLanguages)));
    write(&folders.json, "iso_639-3.json", "{\"639-3\":[{\"alpha_3\":}]}");
    let Err(IsoCodesError::Broken { source, .. }) = read(&folders, &["fr"]) else { panic!() };
    assert_eq!(source.line, 1);
    let nowhere = Folders { json: root.path().join("nowhere"), ..folders };
    assert!(read(&nowhere, &["fr"]).unwrap_err().to_string().contains("apt-get install iso-codes"));
}

fn keys(dataset: &Dataset, field: &str) -> HashSet<String> {
    dataset.records.iter().filter_map(|record| record.get(field)?.as_str()).map(str::to_owned).collect()
}

/// On a machine with the package: every link leads somewhere, keys are unique, names are there in the chosen languages.
#[test]
fn the_real_package_holds_together() {
    let folders = Folders::default();
    if !folders.json.join("iso_3166-1.json").exists() {
        eprintln!("iso-codes is not installed: skipped");
        return;
    }
    let all = read(&folders, &LANGUAGES).unwrap();
    let (countries, subdivisions, languages) = (&all[0], &all[1], &all[2]);
    assert!(countries.records.len() >= 249 && subdivisions.records.len() > 4_000 && languages.records.len() > 7_000);
    for dataset in &all {
        assert_eq!(keys(dataset, dataset.key).len(), dataset.records.len(), "{}", dataset.code);
        for link in dataset.links {
            let there = keys(all.iter().find(|other| other.code == link.register).unwrap(), link.key);
            assert!(keys(dataset, link.field).is_subset(&there), "{}.{}", dataset.code, link.field);
        }
    }
    let kenya = countries.records.iter().find(|record| record["alpha_2"] == "KE").unwrap();
    assert_eq!(kenya[NAMES]["ar"], "كينيا");
    let algeria = countries.records.iter().find(|record| record["alpha_2"] == "DZ").unwrap();
    assert_eq!((&algeria[NAMES]["fr"], &algeria[NAMES]["sw"]), (&json!("Algérie"), &json!("Aljeria")));
    // Names in languages that have no field of their own are still there to be found.
    let others = kenya[OTHER_NAMES].as_array().unwrap();
    assert!(others.contains(&json!("케냐")) && others.contains(&json!("ケニア")), "{others:?}");
    let bytes: usize =
        all.iter().flat_map(|dataset| &dataset.records).map(|record| json!(record).to_string().len()).sum();
    assert!(bytes < 8_000_000, "{bytes}");
}
