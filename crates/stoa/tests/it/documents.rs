//! Pages that are printed from the program are as the program prints them now, and every page is reachable.

use std::collections::BTreeSet;
use std::process::Command;

use crate::house::root;

fn printed(page: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_stoa")).args(["reference", page]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Set `STOA_WRITE_REFERENCE=1` to write the pages instead of comparing them.
#[test]
fn printed_pages_are_current() {
    for page in ["configuration", "commands", "problems"] {
        let path = root().join(format!("docs/reference/{page}.md"));
        let text = printed(page);
        if std::env::var_os("STOA_WRITE_REFERENCE").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == text,
            "docs/reference/{page}.md is older than the program: STOA_WRITE_REFERENCE=1 cargo test -p stoa documents"
        );
    }
}

#[test]
fn the_summary_names_every_page_and_no_other() {
    let docs = root().join("docs");
    let summary = std::fs::read_to_string(docs.join("SUMMARY.md")).unwrap();
    let named: BTreeSet<String> =
        summary.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(path, _)| path.to_owned()).collect();
    for path in &named {
        assert!(docs.join(path).is_file(), "SUMMARY.md names {path}, which is not there");
    }
    for folder in ["guides", "concepts", "decisions", "reference"] {
        for entry in std::fs::read_dir(docs.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "md") {
                let name = path.strip_prefix(&docs).unwrap().display().to_string();
                assert!(named.contains(&name), "SUMMARY.md does not name {name}");
            }
        }
    }
}

/// A link between documents leads somewhere.
#[test]
fn links_between_documents_lead_somewhere() {
    let mut waiting = vec![root().join("docs")];
    let mut files: Vec<_> =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"].map(|f| root().join(f)).into();
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                files.push(path);
            }
        }
    }
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for (target, _) in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')) {
            let target = target.split('#').next().unwrap();
            if target.is_empty() || target.contains("://") || target.starts_with('/') || target.contains(' ') {
                continue;
            }
            assert!(file.parent().unwrap().join(target).exists(), "{} links to {target}", file.display());
        }
    }
}
