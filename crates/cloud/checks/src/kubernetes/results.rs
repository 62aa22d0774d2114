//! What Sonobuoy writes down of a run: files of suites of test cases.

use stoa_standards::ReadError;
use stoa_standards::rule::kubernetes::{TestResult, TestStatus};
use stoa_standards::tree::{Cursor, Faults, parse_yaml};

/// The results of a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Results {
    /// What the plugin itself ended with: `passed`, `failed`; anything else means that it did not end.
    pub(super) status: String,
    /// Every test case.
    pub(super) tests: Vec<TestResult>,
}

/// Reads `plugins/e2e/sonobuoy_results.yaml`.
pub(super) fn read(text: &str) -> Result<Results, ReadError> {
    let documents = parse_yaml(text)?;
    let [document] = documents.as_slice() else {
        return Err(ReadError::at(0, "", format!("expected one document, found {}", documents.len())));
    };
    let faults = Faults::default();
    let root = Cursor::new(document, &faults).open_fields();
    let mut results = Results { status: root.required("status").scalar(), tests: Vec::new() };
    for file in root.items("items") {
        for suite in file.open_fields().items("items") {
            for case in suite.open_fields().items("items") {
                let fields = case.open_fields();
                let status = fields.optional("status").map_or_else(|| "skipped".to_owned(), |place| place.scalar());
                results.tests.push(TestResult {
                    name: fields.required("name").scalar(),
                    status: match status.as_str() {
                        "passed" => TestStatus::Passed,
                        "skipped" => TestStatus::Skipped,
                        // A test that neither passed nor was left out did not pass.
                        _ => TestStatus::Failed,
                    },
                });
            }
        }
    }
    drop(root);
    faults.done(results)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: &str = "\
name: e2e
status: failed
items:
- name: junit_01.xml
  status: failed
  meta: {file: results/global/junit_01.xml}
  items:
  - name: Kubernetes e2e suite
    status: failed
    items:
    - name: '[It] [sig-network] Netpol should work'
      status: passed
    - name: '[It] [sig-network] [Feature:SCTPConnectivity] should carry'
      status: failed
      details: {failure: timed out}
    - name: '[It] [sig-storage] not of this focus'
      status: skipped
    - name: '[It] without a status'
    - name: '[It] half'
      status: timeout
";

    #[test]
    fn results_are_read_whatever_stands_beside_them() {
        use TestStatus::{Failed, Passed, Skipped};
        let read = read(WRITTEN).unwrap();
        assert_eq!(read.status, "failed");
        let statuses: Vec<TestStatus> = read.tests.iter().map(|test| test.status).collect();
        assert_eq!(statuses, [Passed, Failed, Skipped, Skipped, Failed]);
        assert_eq!(read.tests[0].name, "[It] [sig-network] Netpol should work");
    }

    #[test]
    fn what_is_no_result_is_refused_with_its_place() {
        for (text, place) in [
            ("items: [", "line 2: not YAML"),
            ("items: []", "`status` is missing"),
            (
                "status: passed\nitems:\n- items:\n  - items:\n    - status: passed\n",
                "line 5: items[0].items[0].items[0]",
            ),
            ("status: passed\nitems: 5", "line 2: items"),
            ("", "expected one document"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(place), "{text}: {error}");
        }
    }
}
