//! For browsers: one file without anything from outside, readable on a phone and on paper, without scripts.

use std::fmt::Write as _;

use stoa_standards::verdict::{Outcome, Verdict};

use super::{Alike, REASONS_MAX, headline, is_tried, left_out, missing, moment};
use crate::assessment::{Assessment, Case, VersionAssessment, weight_name};

/// The page.
pub fn html(assessment: &Assessment) -> String {
    let title = format!("{}: {}", escaped(&assessment.subject), escaped(&assessment.scope));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n\
         <body>\n<main>\n<h1>{title}</h1>\n",
        STYLE = include_str!("report.css"),
    );
    let class = match (assessment.is_fulfilled(), assessment.is_partial) {
        (true, false) => "pass",
        (true, true) => "open",
        (false, _) => "fail",
    };
    let _ = writeln!(page, "<p class=\"headline {class}\">{}</p>", escaped(&headline(assessment)));
    page.push_str("<dl>\n");
    let facts = [
        ("Checked at", moment(assessment.checked_at)),
        ("Versions of", assessment.reference_date.to_string()),
        ("Asked for", assessment.filters.clone()),
        ("Report", assessment.report.to_string()),
    ];
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(page, "<div><dt>{name}</dt><dd>{}</dd></div>", escaped(value));
    }
    let _ =
        writeln!(page, "<div><dt>Scope</dt><dd>{}</dd></div>\n</dl>", link(&assessment.scope_url, &assessment.scope));
    for version in assessment.versions.iter().filter(|version| is_tried(assessment, version)) {
        write_version(&mut page, assessment, version);
    }
    if !assessment.beyond.is_empty() {
        page.push_str("<section>\n<h2>Beyond the versions</h2>\n");
        let rows = assessment.beyond.iter().filter_map(|id| Some((id.as_str(), assessment.cases.get(id)?)));
        write_rows(&mut page, &rows.collect::<Vec<_>>());
        page.push_str("</section>\n");
    }
    write_cases(&mut page, "Reasons, and what to do", &assessment.open_cases());
    write_cases(&mut page, "Remarks on what passed", &assessment.remarked_cases());
    if !assessment.notes.is_empty() {
        page.push_str("<section>\n<h2>About this run</h2>\n<ul>\n");
        for note in &assessment.notes {
            let _ = writeln!(page, "<li>{}</li>", escaped(note));
        }
        page.push_str("</ul>\n</section>\n");
    }
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn write_version(page: &mut String, assessment: &Assessment, version: &VersionAssessment) {
    let class = match version.outcome {
        Outcome::Pass => "pass",
        Outcome::Incomplete => "open",
        Outcome::Fail => "fail",
    };
    let (name, validity) = (escaped(&version.name), version.validity.name());
    let _ = writeln!(page, "<section>\n<h2>{name} <small>({validity})</small></h2>");
    let _ = writeln!(page, "<p class=\"{class}\">{}</p>", escaped(&version.summary));
    let of_version = version.main.keys().filter_map(|id| Some((id.as_str(), assessment.cases.get(id)?)));
    let (passed, rest): (Vec<_>, Vec<_>) = of_version.partition(|(_, case)| case.verdict == Some(Verdict::Pass));
    // What filters left out would bury what was asked for.
    let (left, mut open): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|(_, case)| assessment.is_partial && case.verdict.is_none());
    open.sort_by_key(|(_, case)| (case.verdict.is_none(), case.verdict));
    write_rows(page, &open);
    for (rows, what) in [(passed, "passed"), (left, "not asked for")] {
        if !rows.is_empty() {
            let _ = writeln!(page, "<details>\n<summary>{} {what}</summary>", rows.len());
            write_rows(page, &rows);
            page.push_str("</details>\n");
        }
    }
    page.push_str("</section>\n");
}

fn write_rows(page: &mut String, rows: &[(&str, &Case)]) {
    if rows.is_empty() {
        return;
    }
    page.push_str(
        "<table>\n<thead><tr><th scope=\"col\">Verdict</th><th scope=\"col\">Test case</th><th scope=\"col\">Why</th></tr></thead>\n<tbody>\n",
    );
    for (id, case) in rows {
        let reason = case.reason();
        let why = match case.verdict {
            _ if !reason.is_empty() => &reason,
            Some(_) => &case.description,
            None => missing(case),
        };
        let _ = writeln!(
            page,
            "<tr><td class=\"{}\">{}</td><td>{}</td><td>{}</td></tr>",
            class_of(case),
            case.verdict_name(),
            link(&case.url, id),
            escaped(why),
        );
    }
    page.push_str("</tbody>\n</table>\n");
}

fn write_cases(page: &mut String, title: &str, cases: &[(&str, &Case)]) {
    if cases.is_empty() {
        return;
    }
    let _ = writeln!(page, "<section>\n<h2>{title}</h2>");
    for group in Alike::group(cases) {
        let case = group.case;
        let _ = writeln!(
            page,
            "<article>\n<h3>{} <span class=\"{}\">{}</span></h3>\n<p>{}</p>\n<ul>",
            escaped(&group.title()),
            class_of(case),
            case.verdict_name(),
            escaped(&group.about()),
        );
        for finding in case.findings.iter().take(REASONS_MAX) {
            let (weight, object) = (weight_name(finding.weight), escaped(&finding.object));
            let _ = write!(page, "<li><b>{object}</b> <small>{weight}</small><br>{}", escaped(&finding.reason));
            if !finding.remedy.is_empty() {
                let _ = write!(page, "<p class=\"next\">Next: {}</p>", escaped(&finding.remedy));
            }
            page.push_str("</li>\n");
        }
        if let Some(more) = left_out(case.findings.len()) {
            let _ = writeln!(page, "<li>{more}</li>");
        }
        page.push_str("</ul>\n</article>\n");
    }
    page.push_str("</section>\n");
}

const fn class_of(case: &Case) -> &'static str {
    match case.verdict {
        Some(Verdict::Pass) => "pass",
        Some(Verdict::Fail) => "fail",
        Some(Verdict::Abort) | None => "open",
    }
}

/// A link, where the address is one of the web; else the text alone.
fn link(url: &str, text: &str) -> String {
    if url.starts_with("https://") || url.starts_with("http://") {
        format!("<a href=\"{}\" rel=\"noreferrer\">{}</a>", escaped(url), escaped(text))
    } else {
        escaped(text)
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            control if control.is_control() => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}
