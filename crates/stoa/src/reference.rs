//! Pages of the documents that are printed from the program, so that they cannot be older than it.

use std::fmt::Write;

use clap::{Command, CommandFactory};

use crate::exit::Exit;

/// The page `docs/reference/commands.md`.
pub(crate) fn commands() -> String {
    let mut page = String::from(
        "# Commands\n\n\
         <!-- Printed by `stoa reference commands`; a test fails when this page is older than the program. -->\n",
    );
    let mut root = crate::cli::Cli::command().term_width(100);
    root.build();
    write_command(&mut page, &root, "stoa", 0);
    page.push_str("\n## Exit codes\n\n| code | meaning |\n|---|---|\n");
    for exit in Exit::ALL {
        let _ = writeln!(page, "| {} | {} |", exit.code(), exit.meaning());
    }
    page
}

fn write_command(page: &mut String, command: &Command, name: &str, depth: usize) {
    if depth > 0 {
        let _ = write!(page, "\n{} `{name}`\n", "#".repeat(depth + 1));
    }
    let help = command.clone().render_long_help().to_string();
    let trimmed: Vec<&str> = help.lines().map(str::trim_end).collect();
    let _ = write!(page, "\n```text\n{}\n```\n", trimmed.join("\n").trim_end());
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        write_command(page, inner, &format!("{name} {}", inner.get_name()), depth + 1);
    }
}

/// The page `docs/reference/problems.md`.
pub(crate) fn problems() -> String {
    let mut page = String::from(
        "# Problems\n\n\
         <!-- Printed by `stoa reference problems`; a test fails when this page is older than the program. -->\n\n\
         Errors of the API are `application/problem+json` (RFC 9457) with a stable `code`. The node serves each page at \
         `/problems/CODE`.\n",
    );
    let blocks = crate::instance::BLOCKS.iter().map(|block| block.problems);
    for catalogue in stoa_web::CATALOGUES.into_iter().chain(blocks) {
        let mut infos: Vec<_> = catalogue.iter().collect();
        infos.sort_by_key(|info| info.code);
        let Some(room) = infos.first().and_then(|info| info.code.split('.').next()) else { continue };
        let _ = write!(page, "\n## {room}\n\n| code | title |\n|---|---|\n");
        for info in infos {
            let _ = writeln!(page, "| [`{code}`](problems/{code}.md) | {} |", info.title, code = info.code);
        }
    }
    page
}
