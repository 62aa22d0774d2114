//! The texts of the pages: complete in every language, none left over.

#[test]
fn every_text_is_there_in_every_language_and_used() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pages");
    let mut sources = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        sources.push_str(&std::fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    let wrong = stoa_ui::check(stoa_monitor::BLOCK.catalogues, &sources);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
