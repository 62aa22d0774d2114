//! The reference of all options as Markdown, printed by `stoa config reference` and kept in the documents.

use std::fmt::Write;

use super::options::{self, Choice, SECTIONS};

/// The page `docs/reference/configuration.md`.
pub(crate) fn markdown() -> String {
    let mut page = String::from(
        "# Configuration\n\n\
         <!-- Printed by `stoa config reference`; a test fails when this page is older than the program. -->\n\n\
         Stoa starts without any configuration. To change something, write `stoa.toml` in the folder where you start \
         it, or name a file with `--config FILE`. The environment goes before the file, arguments go before both.\n\n\
         - In the environment `server.listen` is `STOA_SERVER__LISTEN`: two underscores part the levels.\n\
         - Unknown keys are refused, with a suggestion; a wrong value is named with file, line and key.\n\
         - `stoa config check` reads everything and starts nothing. `stoa config show` prints what is in force and \
         where it was set, secrets redacted.\n",
    );
    for section in SECTIONS {
        let _ = write!(page, "\n## `[{}]`\n\n{}\n", section.name.replace('*', "NAME"), section.doc);
        for option in section.options {
            write_option(&mut page, option);
        }
        if section.name == "blocks.*" {
            for option in options::BLOCK_OPTIONS {
                write_option(&mut page, option);
            }
        }
    }
    page
}

fn write_option(page: &mut String, option: &Choice) {
    let path = option.path.replace('*', "NAME");
    let variable = path.to_ascii_uppercase().replace('.', "__");
    let default = if option.default.is_empty() { "none".to_owned() } else { format!("`{}`", option.default) };
    let _ = write!(
        page,
        "\n### `{path}`\n\n{}\n\n- accepts: {}\n- default: {default}\n- environment: `STOA_{variable}`\n",
        option.doc,
        option.accepts.words(),
    );
}
