//! Files read in, as they come: good ones, odd ones and broken ones.

use std::io::Read;

use proptest::prelude::*;
use serde_json::{Value, json};
use stoa_registries::import::{Fault, FaultKind, Format, Kind, SourceRow, convert, infer, open};

fn rows(format: Format, file: &[u8]) -> Vec<Result<SourceRow, Fault>> {
    match open(format, file) {
        Ok(rows) => rows.collect(),
        Err(fault) => vec![Err(fault)],
    }
}

fn contents(format: Format, file: &str) -> Vec<Value> {
    rows(format, file.as_bytes()).into_iter().map(|row| Value::Object(row.unwrap().content)).collect()
}

fn last_fault(format: Format, file: &[u8]) -> Fault {
    rows(format, file).pop().unwrap().unwrap_err()
}

#[test]
fn tables_are_read_with_any_usual_separator_and_line_end() {
    let expected =
        vec![json!({"code": "KE", "name": "Kenya, Republic of"}), json!({"code": "TZ", "name": "line\nbreak \"x\""})];
    for (separator, end) in [(",", "\n"), (";", "\r\n"), ("\t", "\n"), ("|", "\r\n")] {
        let file = format!(
            "\u{feff}code{separator} name {end}KE{separator}\"Kenya, Republic of\"{end}{end}TZ{separator}\"line\nbreak \"\"x\"\"\""
        );
        assert_eq!(contents(Format::Csv, &file), expected, "{separator:?}");
    }
    assert_eq!(contents(Format::Csv, "only\na\nb\n"), vec![json!({"only": "a"}), json!({"only": "b"})]);
    // Empty cells are left out.
    assert_eq!(contents(Format::Csv, "a,b\n,2\n"), vec![json!({"b": "2"})]);
}

#[test]
fn broken_tables_are_refused_at_their_place() {
    for (file, text) in [
        ("a,b\n1,\"open\n2,3\n", "line 2, column 3: the quote that is opened here is never closed"),
        (
            "a,b\n1,\"x\"y\n",
            "line 2, column 6: text after the closing quote; a quote inside a quoted cell is written twice",
        ),
        (
            "a,b\n1,5\" pipe\n",
            "line 2, column 4: a quote inside a cell; put the whole cell in quotes and double the quote",
        ),
        ("a,b,a\n1,2,3\n", "line 1, column 5: the column `a` comes twice"),
        ("a,,c\n1,2,3\n", "line 1, column 3: column 2 has no name"),
        ("a,b\n1\n", "line 2: the row has 1 cells, the head has 2"),
        ("", "line 1, column 1: the file holds no records"),
    ] {
        assert_eq!(last_fault(Format::Csv, file.as_bytes()).to_string(), text);
    }
    let long = format!("a\n{}", "x".repeat(300_000));
    assert_eq!(last_fault(Format::Csv, long.as_bytes()).kind, FaultKind::LongField);
    let wide = vec!["x"; 600].join(",");
    assert_eq!(last_fault(Format::Csv, wide.as_bytes()).kind, FaultKind::TooManyColumns);
}

#[test]
fn a_ragged_row_costs_only_itself() {
    let rows = rows(Format::Csv, b"a,b\n1,2\n3\n4,5,6\n7,8\n");
    let good: Vec<u64> = rows.iter().filter_map(|row| row.as_ref().ok()).map(|row| row.line).collect();
    let bad: Vec<u64> = rows.iter().filter_map(|row| row.as_ref().err()).map(|fault| fault.line).collect();
    assert_eq!((good, bad), (vec![2, 5], vec![3, 4]));
}

#[test]
fn bytes_that_are_not_utf8_are_named_with_their_place() {
    let mut file = "name\nZürich\n".as_bytes().to_vec();
    file.extend(b"Z\xFCrich\n");
    let fault = last_fault(Format::Csv, &file);
    assert_eq!(
        fault.to_string(),
        "line 3, column 2: byte 15 (value 0xfc) is not UTF-8; save the file as UTF-8 and try again"
    );
    assert_eq!(rows(Format::Csv, &file).len(), 2, "what came before is read");
    assert!(matches!(last_fault(Format::Csv, b"\xFF\xFEn\0a\0").kind, FaultKind::NotUtf8 { byte: 1, value: 0xFF }));
    // The beginning of a character at the very end of the file.
    assert!(matches!(last_fault(Format::Csv, b"a\nx\xC3").kind, FaultKind::NotUtf8 { byte: 4, value: 0xC3 }));
}

#[test]
fn formulas_stay_text_and_are_flagged() {
    let rows = rows(Format::Csv, b"note,amount\n=HYPERLINK(1),-5\n'=1+1,+254 700\n");
    let rows: Vec<_> = rows.into_iter().map(Result::unwrap).collect();
    assert_eq!(rows[0].content["note"], "=HYPERLINK(1)");
    assert_eq!(rows[0].warnings.len(), 1);
    assert_eq!(
        rows[0].warnings[0].to_string(),
        "line 2, column 1, field `note`: a spreadsheet would run this cell as a formula"
    );
    assert!(rows[1].warnings.is_empty());
    assert_eq!(rows[1].content["note"], "=1+1", "the guard of our own exports is taken off");
}

#[test]
fn json_is_read_record_by_record() {
    let plain = r#" [ {"a":1,"b":"x]}\"{"} , {"a":2,"c":{"d":[1,2]}} ] "#;
    let wrapped = format!(r#"{{"source":"here","n":{{"x":[1]}},"3166-1":{plain},"count":2}}"#);
    for file in [plain, wrapped.as_str()] {
        assert_eq!(contents(Format::Json, file), vec![json!({"a":1,"b":"x]}\"{"}), json!({"a":2,"c":{"d":[1,2]}})]);
    }
    assert!(contents(Format::Json, "[]").is_empty());
    for (file, text) in [
        ("[{\"a\":1},\n {\"a\":tru}]", "line 2, column 10: this is not JSON: expected ident"),
        (
            "[{\"a\":1},\n 5]",
            "line 2, column 2: records are expected here: an array of objects, or one object per line",
        ),
        ("[{\"a\":1}", "line 1, column 9: this is not JSON: `,` or `]` is expected"),
        ("[{\"a\":1}] x", "line 1, column 11: this is not JSON: text after the end of the document"),
        ("{\"a\":1}", "line 1, column 7: records are expected here: an array of objects, or one object per line"),
        ("[{\"a\":\"", "line 1, column 8: this is not JSON: the file ends in the middle of a value"),
        ("\"x\"", "line 1, column 1: records are expected here: an array of objects, or one object per line"),
    ] {
        assert_eq!(last_fault(Format::Json, file.as_bytes()).to_string(), text, "{file}");
    }
}

#[test]
fn a_broken_line_of_ndjson_costs_only_itself() {
    let rows = rows(Format::Ndjson, b"{\"a\":1}\n{\"a\":\n\n[1]\n{\"a\":2}");
    assert_eq!(rows.len(), 4);
    assert!(rows[0].is_ok() && rows[3].is_ok());
    assert_eq!(rows[1].as_ref().unwrap_err().line, 2);
    assert_eq!(rows[2].as_ref().unwrap_err().kind, FaultKind::NotRecords);
}

#[test]
fn depth_is_bounded() {
    let deep = format!("[{{\"a\":{}{}}}]", "[".repeat(5_000), "]".repeat(5_000));
    assert!(matches!(last_fault(Format::Json, deep.as_bytes()).kind, FaultKind::NotJson(_)));
}

#[test]
fn a_schema_is_read_off_a_table() {
    let mut file = "code,zip,people,rate,open,since,seen,kind,note\n".to_owned();
    for number in 0..60 {
        file.push_str(&format!(
            "C{number},{:05},{number},{number}.5,{},2024-02-{:02},2024-02-01T10:00:{:02}Z,{},{}\n",
            number * 7 % 30,
            number % 2 == 0,
            number % 28 + 1,
            number % 60,
            ["town", "city", "village"][number % 3],
            if number == 3 { "" } else { "x" },
        ));
    }
    let found = infer(open(Format::Csv, file.as_bytes()).unwrap()).unwrap();
    assert_eq!((found.rows, found.complete, found.key.as_deref()), (60, true, Some("code")));
    let kinds: Vec<Kind> = found.fields.iter().map(|field| field.kind).collect();
    use Kind::{Boolean, Date, DateTime, Integer, Number, Text};
    assert_eq!(kinds, [Text, Text, Integer, Number, Boolean, Date, DateTime, Text, Text]);
    assert_eq!(found.fields[7].choices, ["city", "town", "village"]);
    assert!(found.fields[0].unique && !found.fields[1].unique);
    assert!(found.fields[7].required && !found.fields[8].required);
    assert_eq!(found.fields[1].length_max, 5);

    let mut row = open(Format::Csv, file.as_bytes()).unwrap().next().unwrap().unwrap();
    let kind_of = |name: &str| found.fields.iter().find(|field| field.name == name).map(|field| field.kind);
    convert(&mut row, kind_of).unwrap();
    assert_eq!(row.content["people"], json!(0));
    assert_eq!(row.content["open"], json!(true));
    assert_eq!(row.content["zip"], json!("00000"));
    let fault = convert(&mut row, |_| Some(Kind::Integer)).unwrap_err();
    assert_eq!(fault.to_string(), "line 2, field `code`: `C0` is not a whole number");
}

/// Gives one byte at a time, so that every boundary falls inside of something.
struct Trickle<'a>(&'a [u8]);

impl Read for Trickle<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = into.len().min(1).min(self.0.len());
        into[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

proptest! {
    /// Whatever the `csv` crate writes comes back as it was.
    #[test]
    fn written_tables_come_back(cells in proptest::collection::vec(proptest::collection::vec("[^\0]{1,12}", 3), 0..20)) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["a", "b", "c"]).unwrap();
        for row in &cells {
            writer.write_record(row).unwrap();
        }
        let file = writer.into_inner().unwrap();
        let read = rows(Format::Csv, &file);
        prop_assert_eq!(read.len(), cells.len());
        for (row, written) in read.into_iter().zip(&cells) {
            let row = row.unwrap();
            for (name, cell) in ["a", "b", "c"].iter().zip(written) {
                let got = row.content[*name].as_str().unwrap();
                prop_assert!(got == cell || cell.strip_prefix('\'') == Some(got));
            }
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(prop_oneof![Just(b'"'), Just(b','), Just(b'{'), Just(b'}'), Just(b'['), Just(b']'), Just(b':'), Just(b'\n'), any::<u8>()], 0..120)) {
        for format in Format::ALL {
            let whole = rows(format, &bytes);
            let slow: Vec<_> = match open(format, Trickle(&bytes)) {
                Ok(rows) => rows.collect(),
                Err(fault) => vec![Err(fault)],
            };
            prop_assert_eq!(whole.len(), slow.len());
        }
    }
}
