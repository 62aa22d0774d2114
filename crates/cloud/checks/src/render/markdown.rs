//! For documents and for threads of trackers.

use std::fmt::Write as _;

use stoa_standards::verdict::Verdict;

use super::{Alike, REASONS_MAX, headline, is_tried, left_out, missing, moment};
use crate::assessment::{Assessment, Case};

/// The page.
pub fn markdown(assessment: &Assessment) -> String {
    let mut page = String::new();
    let _ = writeln!(page, "# {}: {}\n", plain(&assessment.subject), plain(&assessment.scope));
    let _ = writeln!(
        page,
        "{} Checked at {}; report `{}`.",
        plain(&headline(assessment)),
        moment(assessment.checked_at),
        assessment.report
    );
    if !assessment.filters.is_empty() {
        let _ = writeln!(page, "\nAsked for: {}.", plain(&assessment.filters));
    }
    for version in assessment.versions.iter().filter(|version| is_tried(assessment, version)) {
        let head = (plain(&version.name), version.validity.name(), &version.summary);
        let _ = writeln!(page, "\n## {} ({}): {}\n", head.0, head.1, head.2);
        let of_version = version.main.keys().filter_map(|id| Some((id.as_str(), assessment.cases.get(id)?)));
        let mut rows: Vec<(&str, &Case)> = of_version.collect();
        rows.sort_by_key(|(_, case)| (case.verdict.is_none(), case.verdict));
        write_rows(&mut page, &rows);
    }
    if !assessment.beyond.is_empty() {
        page.push_str("\n## Beyond the versions\n\n");
        let rows: Vec<(&str, &Case)> =
            assessment.beyond.iter().filter_map(|id| Some((id.as_str(), assessment.cases.get(id)?))).collect();
        write_rows(&mut page, &rows);
    }
    write_cases(&mut page, "Reasons, and what to do", &assessment.open_cases());
    write_cases(&mut page, "Remarks on what passed", &assessment.remarked_cases());
    if !assessment.notes.is_empty() {
        page.push_str("\n## About this run\n\n");
        for note in &assessment.notes {
            let _ = writeln!(page, "- {}", plain(note));
        }
    }
    page
}

fn write_rows(page: &mut String, rows: &[(&str, &Case)]) {
    page.push_str("| verdict | test case | why |\n|---|---|---|\n");
    for (id, case) in rows {
        let reason = case.reason();
        let why = match case.verdict {
            Some(Verdict::Pass) => String::new(),
            _ if reason.is_empty() => missing(case).to_owned(),
            _ => plain(&reason),
        };
        let _ = writeln!(page, "| {} | {} | {why} |", case.verdict_name(), plain(id));
    }
}

fn write_cases(page: &mut String, title: &str, cases: &[(&str, &Case)]) {
    if cases.is_empty() {
        return;
    }
    let _ = writeln!(page, "\n## {title}");
    for group in Alike::group(cases) {
        let (case, about) = (group.case, group.about());
        let _ = writeln!(page, "\n### {}: {}\n", plain(&group.title()), case.verdict_name());
        if !about.is_empty() {
            let _ = writeln!(page, "{}\n", plain(&about));
        }
        for finding in case.findings.iter().take(REASONS_MAX) {
            let _ = writeln!(page, "- **{}**: {}", plain(&finding.object), plain(&finding.reason));
            if !finding.remedy.is_empty() {
                let _ = writeln!(page, "  Next: {}", plain(&finding.remedy));
            }
        }
        if let Some(more) = left_out(case.findings.len()) {
            let _ = writeln!(page, "- {more}");
        }
    }
}

/// A text that no reader of Markdown takes for a mark, and no browser behind it for an element.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '&' => plain.push_str("&amp;"),
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' | '!' => {
                plain.push('\\');
                plain.push(letter);
            }
            // An address by itself would become a link.
            ':' if letters.peek() == Some(&'/') => plain.push_str("&#58;"),
            control if control.is_control() => plain.push(' '),
            other => plain.push(other),
        }
    }
    plain
}
