//! What a server says on its console: lines with a marker, among everything else that is printed there.

use std::collections::BTreeMap;

/// What the lines begin with that are for us, wherever in a line that is.
const MARKER: &str = "_scs-test-";
/// What the last of them is.
const END: &str = "_scs-test-end";
/// What cloud-init prints when it could not run a script.
const FAILURES: [&str; 2] = ["Failed to run module scripts-user", "Failed to run module scripts_user"];
/// Characters of a line that are shown.
const LINE_CHARS_MAX: usize = 120;

/// What was said, by section.
#[derive(Debug, Default)]
pub(super) struct Output {
    sections: BTreeMap<String, Vec<String>>,
    is_complete: bool,
    failure: Option<&'static str>,
    last: Option<String>,
}

impl Output {
    pub(super) fn new(console: &str) -> Self {
        let mut output = Self {
            is_complete: console.contains(END),
            failure: FAILURES.into_iter().find(|sign| console.contains(sign)),
            ..Self::default()
        };
        for line in console.lines() {
            // Other programs may print into the same line, before the marker.
            if let Some((_, rest)) = line.split_once(MARKER)
                && let Some((section, said)) = rest.split_once(':')
            {
                output.sections.entry(section.to_owned()).or_default().push(said.trim().to_owned());
            }
        }
        output.last = console.lines().rev().map(plain).find(|line| !line.trim().is_empty());
        output
    }

    /// Whether everything was said.
    pub(super) const fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// A sign that nothing will be said.
    pub(super) const fn failure(&self) -> Option<&'static str> {
        self.failure
    }

    /// The last line that says anything.
    pub(super) fn last(&self) -> Option<&str> {
        self.last.as_deref()
    }

    /// The lines of a section.
    pub(super) fn section(&self, name: &str) -> Vec<&str> {
        self.sections.get(name).into_iter().flatten().map(String::as_str).collect()
    }
}

/// A foreign line for a message: short, and unable to control a terminal.
pub(super) fn plain(line: &str) -> String {
    stoa_core::plain(&line.chars().take(LINE_CHARS_MAX).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_among_others_and_cut_ones_do_no_harm() {
        let output = Output::new(
            "[    0.1] Linux\r\n[  7.1] cloud-init[5]: _scs-test-entropy-avail: 256\r\nlogin: _scs-test-fips-test: rngtest 5\n\
             _scs-test-fips-test: rngtest: FIPS 140-2 failures: 1\n_scs-test-\u{1b}[2J_scs-test-end",
        );
        assert!(output.is_complete());
        assert_eq!(output.section("entropy-avail"), ["256"]);
        assert_eq!(output.section("fips-test"), ["rngtest 5", "rngtest: FIPS 140-2 failures: 1"]);
        assert!(output.section("rngd").is_empty());
        assert_eq!(output.last(), Some("_scs-test-\u{fffd}[2J_scs-test-end"));
        let output = Output::new("cloud-init: Failed to run module scripts-user\n\n \n");
        assert!(!output.is_complete() && output.failure().is_some());
        assert!(Output::new("").last().is_none());
    }
}
