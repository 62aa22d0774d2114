//! What is written out can be read in again, and harms nobody who opens it.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use stoa_core::Instant;
use stoa_registries::export::{About, Export};
use stoa_registries::import::{Format, open};

fn about() -> About {
    About {
        source: "https://stoa.example/registries/countries".to_owned(),
        register: "countries".to_owned(),
        version: "1.0".to_owned(),
        exported_at: Instant::from_micros(1_795_478_400_000_000),
    }
}

fn written(format: Format, records: &[Value]) -> String {
    let mut export = Export::new(format, &about(), vec!["code".to_owned(), "note".to_owned()]);
    for record in records {
        export.record(record.as_object().unwrap());
    }
    export.finish();
    String::from_utf8(export.take()).unwrap()
}

#[test]
fn each_format_says_where_and_when() {
    let records = [json!({"code": "KE", "note": "a, \"b\""}), json!({"code": "TZ", "note": {"x": 1}})];
    assert_eq!(written(Format::Csv, &records), "code,note\r\nKE,\"a, \"\"b\"\"\"\r\nTZ,\"{\"\"x\"\":1}\"\r\n");
    let document: Value = serde_json::from_str(&written(Format::Json, &records)).unwrap();
    assert_eq!(document["exportedAt"], "2026-11-24T00:00:00Z");
    assert_eq!((&document["count"], &document["records"][1]), (&json!(2), &records[1]));
    let lines = written(Format::Ndjson, &records);
    assert!(lines.starts_with("{\"$export\":{\"source\":\"https://stoa.example/registries/countries\","));
    assert_eq!(lines.lines().count(), 3);
    let empty: Value = serde_json::from_str(&written(Format::Json, &[])).unwrap();
    assert_eq!(empty["records"], json!([]));
    assert_eq!(about().file_name(Format::Csv), "countries-1.0-20261124T000000Z.csv");
}

#[test]
fn formulas_are_harmless_in_a_spreadsheet() {
    for (value, cell) in [("=1+1", "'=1+1"), ("@x", "'@x"), ("-5", "-5"), ("+254 700", "+254 700"), ("'=1", "''=1")] {
        let file = written(Format::Csv, &[json!({"code": "A", "note": value})]);
        assert_eq!(file, format!("code,note\r\nA,{cell}\r\n"));
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(cells in proptest::collection::vec(("[^\0]{1,8}", "[=+@'a1,\"\n -]{1,6}"), 1..12)) {
        let records: Vec<Map<String, Value>> = cells
            .iter()
            .map(|(code, note)| json!({"code": code, "note": note}).as_object().unwrap().clone())
            .collect();
        for format in Format::ALL {
            let values: Vec<Value> = records.iter().cloned().map(Value::Object).collect();
            let file = written(format, &values);
            let read: Vec<_> = open(format, file.as_bytes()).unwrap().map(|row| row.unwrap().content).collect();
            prop_assert_eq!(&read, &records, "{:?}", format);
        }
    }
}
