//! What the tests of Kubernetes itself found (scs-0201, scs-0219), less the failures that the standard lets pass.

use regex::Regex;

use crate::rule::{Check, Finding};
use crate::tree::{Cursor, Faults, ReadError, parse_yaml};

/// How one test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TestStatus {
    /// It passed.
    Passed,
    /// It failed.
    Failed,
    /// It was not run.
    Skipped,
}

/// One test of the suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestResult {
    /// Its name, with its tags in brackets.
    pub name: String,
    /// How it ended.
    pub status: TestStatus,
}

/// A test that may fail.
#[derive(Debug, Clone)]
pub struct Exception {
    /// What its name contains.
    pub pattern: Regex,
    /// Why it may fail.
    pub reason: String,
}

/// The tests that may fail; they may change without a new version of the standard.
#[derive(Debug, Clone, Default)]
pub struct Exceptions(pub Vec<Exception>);

/// Tests that may fail, as published with the standards on 2026-08-21, and why.
const BUILT_IN: [(&str, &str); 9] = [
    (
        "HostPort validates that there is no conflict between pods with same hostPort but different hostIP and protocol",
        INTERNAL_IP,
    ),
    ("Services should be able to switch session affinity for NodePort service", INTERNAL_IP),
    ("Services should have session affinity work for NodePort service", INTERNAL_IP),
    (
        "validates that there exists conflict between pods with same hostPort and protocol but one using 0.0.0.0 hostIP",
        INTERNAL_IP,
    ),
    (
        "Netpol NetworkPolicy between server and client should allow ingress access from updated namespace",
        "the test was unreliable before Kubernetes 1.36",
    ),
    ("Feature:SCTPConnectivity", "SCTP is optional"),
    ("should.allow.egress.access.to.server.in.CIDR.block", CILIUM),
    ("should.ensure.an.IP.overlapping.both.IPBlock.CIDR.and.IPBlock.Except.is.allowed", CILIUM),
    ("should.enforce.except.clause.while.egress.access.to.server.in.CIDR.block", CILIUM),
];
const INTERNAL_IP: &str = "the test wants an InternalIP of nodes, which need not be (kubernetes issue 136626)";
const CILIUM: &str = "Cilium does not do this yet (cilium issue 9209)";

impl Exceptions {
    /// The tests that may fail, as far as it was known when this library was released.
    pub fn built_in() -> Self {
        let read = |(pattern, reason): &(&str, &str)| {
            Some(Exception { pattern: Regex::new(pattern).ok()?, reason: (*reason).to_owned() })
        };
        Self(BUILT_IN.iter().filter_map(read).collect())
    }

    /// Reads the published form: a map with the key `okToFail` alone, a list of `regex` and `reason`, neither empty.
    pub fn read(text: &str) -> Result<Self, ReadError> {
        let documents = parse_yaml(text)?;
        let [document] = documents.as_slice() else {
            return Err(ReadError::at(0, "", format!("expected one document, found {}", documents.len())));
        };
        let faults = Faults::default();
        let mut exceptions = Vec::new();
        for place in Cursor::new(document, &faults).fields(&["okToFail"]).required("okToFail").items() {
            let fields = place.fields(&["regex", "reason"]);
            let reason = fields.required("reason");
            if reason.text().is_empty() {
                reason.fault("say why the test may fail");
            }
            let pattern = fields.required("regex");
            match pattern.text() {
                empty if empty.is_empty() => pattern.fault("an empty pattern would let every test fail"),
                text => match Regex::new(&text) {
                    Ok(pattern) => exceptions.push(Exception { pattern, reason: reason.text() }),
                    Err(_) => pattern.fault("not a pattern"),
                },
            }
        }
        faults.done(Self(exceptions))
    }

    /// Weighs the results of a run. A run in which nothing was tested is aborted.
    pub fn check(&self, suite: &str, results: &[TestResult]) -> Check {
        let run = results.iter().filter(|result| result.status != TestStatus::Skipped).count();
        if run == 0 {
            let reason = format!("none of {} tests was run", results.len());
            return Check::aborted(suite, reason, "look at the output of the run");
        }
        let failed = results.iter().filter(|result| result.status == TestStatus::Failed);
        Check::of(failed.map(|result| {
            let object = format!("test {}", result.name);
            match self.0.iter().find(|exception| exception.pattern.is_match(&result.name)) {
                Some(exception) => Finding::remark(object, format!("failed, and may: {}", exception.reason), ""),
                None => Finding::fault(object, "failed", "look at the output of the test"),
            }
        }))
    }
}
