//! The texts of the pages: complete in every language, none left over.

use std::path::{Path, PathBuf};

#[test]
fn every_text_is_there_in_every_language_and_used() {
    let mut folders: Vec<PathBuf> = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pages")];
    let mut sources = String::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                sources.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let wrong = stoa_ui::check(stoa_monitor::BLOCK.catalogues, &sources);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
