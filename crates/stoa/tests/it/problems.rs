//! Problem codes are one list in three places: where the sources refuse something, in the catalogues that the program
//! knows, and as pages in the documents. A code that is missing in one of them is named.

use std::collections::BTreeSet;
use std::process::Command;

use crate::house::{root, sources};

/// Every code that a refusal in this source names: `Refusal::NotFound, "web.not_found"`, in a call or in a pair. What a
/// test or a comment says does not count.
fn named(file: &str, text: &str) -> Result<BTreeSet<String>, String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = lines.join("\n");
    let mut codes = BTreeSet::new();
    for rest in code.split("Refusal::").skip(1) {
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric()).trim_start();
        let Some(literal) = rest.strip_prefix(',').and_then(|rest| rest.trim_start().strip_prefix('"')) else {
            continue;
        };
        codes.insert(literal.split('"').next().unwrap_or_default().to_owned());
    }
    // A code that is not written out could be any.
    for rest in code.split("Problem::new(").skip(1) {
        let arguments = rest.trim_start();
        if !arguments.starts_with("Refusal::") && !arguments.starts_with("refusal, code)") {
            let shown: String = arguments.chars().take(40).collect();
            return Err(format!("{file}: the code of `Problem::new({shown}…` is not written out"));
        }
    }
    Ok(codes)
}

/// What the three lists do not agree on.
fn disagreements(used: &BTreeSet<String>, known: &[String], pages: &BTreeSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut listed = BTreeSet::new();
    for code in known {
        if !listed.insert(code.clone()) {
            wrong.push(format!("{code} is in the catalogues twice"));
        }
    }
    wrong.extend(used.difference(&listed).map(|code| format!("{code} is named by a source and is in no catalogue")));
    wrong.extend(listed.difference(used).map(|code| format!("{code} is in a catalogue and no source names it")));
    wrong.extend(listed.difference(pages).map(|code| format!("{code} is in a catalogue and has no page")));
    wrong.extend(pages.difference(&listed).map(|code| format!("{code} has a page and is in no catalogue")));
    wrong
}

fn used() -> BTreeSet<String> {
    let crates = root().join("crates");
    let mut used = BTreeSet::new();
    for path in sources(&crates) {
        let file = path.strip_prefix(&crates).unwrap().display().to_string();
        let is_test = ["/tests/", "/tests.rs", "/benches/", "/examples/"].iter().any(|part| file.contains(part));
        if !is_test && !file.starts_with("base/test/") {
            used.extend(named(&file, &std::fs::read_to_string(&path).unwrap()).unwrap());
        }
    }
    used
}

/// What the program itself prints, so that no catalogue is forgotten that it was built with.
fn known() -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_stoa")).args(["reference", "problems"]).output().unwrap();
    let page = String::from_utf8(output.stdout).unwrap();
    let codes = page.lines().filter_map(|line| line.strip_prefix("| [`")?.split('`').next().map(str::to_owned));
    codes.collect()
}

fn pages() -> BTreeSet<String> {
    let folder = std::fs::read_dir(root().join("docs/reference/problems")).unwrap();
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.map(|name| name.strip_suffix(".md").map_or(name.clone(), str::to_owned)).collect()
}

#[test]
fn sources_catalogues_and_pages_hold_the_same_codes() {
    let (used, known, pages) = (used(), known(), pages());
    assert!(used.len() > 50 && known.len() > 50 && pages.len() > 50, "all three were read");
    let wrong = disagreements(&used, &known, &pages);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The law speaks up when it is broken.
#[test]
fn a_code_that_is_missing_anywhere_is_named() {
    let set = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<BTreeSet<_>>();
    let list = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
    assert_eq!(disagreements(&set(&["a.x"]), &list(&["a.x"]), &set(&["a.x"])), [""; 0]);
    let wrong = disagreements(&set(&["a.new", "a.x"]), &list(&["a.dead", "a.x", "a.x"]), &set(&["a.old", "a.x"]));
    assert_eq!(
        wrong,
        [
            "a.x is in the catalogues twice",
            "a.new is named by a source and is in no catalogue",
            "a.dead is in a catalogue and no source names it",
            "a.dead is in a catalogue and has no page",
            "a.old has a page and is in no catalogue",
        ]
    );
    let source = "fn a() { Problem::new(\n    Refusal::NotFound,\n    \"a.x\")\n// Refusal::Gone, \"a.comment\"\n\
                  let (refusal, code) = (Refusal::Busy, \"a.y\"); Problem::new(refusal, code) }\n\
                  #[cfg(test)] mod tests { Refusal::Gone, \"a.test\" }";
    assert_eq!(named("a.rs", source).unwrap(), set(&["a.x", "a.y"]));
    assert!(named("a.rs", "Problem::new(kind, CODE)").unwrap_err().contains("is not written out"));
}
