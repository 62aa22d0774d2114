//! For continuous integration: the XML of JUnit, as Jenkins and GitLab read it. A suite for each version; a test case that
//! failed is a failure, one that was aborted an error, one without result is skipped.

use std::fmt::Write as _;
use std::time::Duration;

use stoa_standards::verdict::Verdict;

use crate::assessment::{Assessment, Case, weight_name};

/// The document.
pub fn junit(assessment: &Assessment) -> String {
    let mut suites: Vec<(String, Vec<(&str, &Case)>)> = assessment
        .versions
        .iter()
        .map(|version| {
            let cases = version.main.keys().filter_map(|id| Some((id.as_str(), assessment.cases.get(id)?)));
            (format!("{} {}", assessment.scope, version.name), cases.collect())
        })
        .collect();
    let beyond: Vec<(&str, &Case)> =
        assessment.beyond.iter().filter_map(|id| Some((id.as_str(), assessment.cases.get(id)?))).collect();
    if !beyond.is_empty() {
        suites.push((format!("{} beyond the versions", assessment.scope), beyond));
    }
    let all: Vec<(&str, &Case)> = suites.iter().flat_map(|(_, cases)| cases.iter().copied()).collect();
    let mut page = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(page, "<testsuites name=\"{}\" {}>", attribute(&assessment.subject), counts(&all));
    for (name, cases) in &suites {
        // Times have no zone in the format; they are in UTC.
        let begun = assessment.checked_at.to_string();
        let begun = begun.split(['.', 'Z']).next().unwrap_or_default();
        let (name, subject) = (attribute(name), attribute(&assessment.subject));
        let _ = writeln!(
            page,
            "  <testsuite name=\"{name}\" {} skipped=\"{}\" timestamp=\"{begun}\" hostname=\"{subject}\">",
            counts(cases),
            cases.iter().filter(|(_, case)| case.verdict.is_none()).count(),
        );
        for (id, case) in cases {
            write_case(&mut page, &assessment.scope, id, case);
        }
        page.push_str("  </testsuite>\n");
    }
    page.push_str("</testsuites>\n");
    page
}

fn counts(cases: &[(&str, &Case)]) -> String {
    let with = |verdict: Verdict| cases.iter().filter(|(_, case)| case.verdict == Some(verdict)).count();
    // Groups decide several test cases in one go; their time counts once.
    let mut groups: Vec<(&str, Duration)> =
        cases.iter().filter_map(|(_, case)| Some((case.group.as_str(), case.elapsed?))).collect();
    groups.sort_unstable();
    groups.dedup();
    let time: Duration = groups.iter().map(|(_, time)| *time).sum();
    format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{:.3}\"",
        cases.len(),
        with(Verdict::Fail),
        with(Verdict::Abort),
        time.as_secs_f64(),
    )
}

fn write_case(page: &mut String, scope: &str, id: &str, case: &Case) {
    let time = case.elapsed.unwrap_or_default().as_secs_f64();
    let head =
        format!("    <testcase classname=\"{}\" name=\"{}\" time=\"{time:.3}\"", attribute(scope), attribute(id));
    let (element, kind) = match case.verdict {
        Some(Verdict::Pass) => {
            let _ = writeln!(page, "{head}/>");
            return;
        }
        Some(Verdict::Fail) => ("failure", "FAIL"),
        Some(Verdict::Abort) => ("error", "ABORT"),
        None => {
            let why = if case.manual { "for people" } else { "not tested" };
            let _ = writeln!(page, "{head}>\n      <skipped message=\"{why}\"/>\n    </testcase>");
            return;
        }
    };
    let message = attribute(&case.reason());
    let _ = write!(page, "{head}>\n      <{element} message=\"{message}\" type=\"{kind}\">");
    let lines: Vec<String> = case
        .findings
        .iter()
        .map(|finding| {
            let next = if finding.remedy.is_empty() { String::new() } else { format!("\n  next: {}", finding.remedy) };
            format!("{}: {}: {}{next}", weight_name(finding.weight), finding.object, finding.reason)
        })
        .collect();
    let _ = writeln!(page, "{}</{element}>\n    </testcase>", content(&lines.join("\n")));
}

/// A text inside of an element. Letters that XML has no place for are replaced.
fn content(text: &str) -> String {
    let mut content = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => content.push_str("&amp;"),
            '<' => content.push_str("&lt;"),
            '>' => content.push_str("&gt;"),
            '"' => content.push_str("&quot;"),
            '\n' => content.push('\n'),
            // XML 1.0, production 2.
            '\u{fffe}' | '\u{ffff}' => content.push('\u{fffd}'),
            control if control.is_control() => content.push('\u{fffd}'),
            other => content.push(other),
        }
    }
    content
}

/// A text inside of an attribute, which is one line.
fn attribute(text: &str) -> String {
    content(text).replace('\n', " ")
}
