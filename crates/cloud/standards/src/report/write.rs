//! Writing reports: the published keys in the published order.

use std::collections::BTreeMap;

use stoa_core::Instant;

use super::yaml::Out;
use super::{Invocation, Report, Run, VersionResult};

impl Report {
    /// The report as a YAML document of the published format.
    pub fn to_yaml(&self) -> String {
        self.out().to_yaml()
    }

    /// The same as JSON, indented.
    pub fn to_json(&self) -> String {
        format!("{:#}\n", self.out().to_json())
    }

    fn out(&self) -> Out {
        let scope = Out::map([
            ("uuid", Out::text(self.scope.uuid.to_string())),
            ("name", Out::text(&self.scope.name)),
            ("url", Out::text(&self.scope.url)),
        ]);
        let Out::Map(mut entries) = Out::map([
            ("spec", scope),
            ("checked_at", Out::Moment(moment(self.checked_at))),
            ("reference_date", Out::Moment(self.reference_date.to_string())),
            ("subject", Out::text(&self.subject)),
            ("run", self.run.out()),
        ]) else {
            return Out::Null;
        };
        if !self.versions.is_empty() {
            let versions = self.versions.iter().map(|(version, results)| (version.clone(), results_out(results)));
            entries.push(("versions".to_owned(), Out::Map(versions.collect())));
        }
        Out::Map(entries)
    }
}

impl Run {
    fn out(&self) -> Out {
        let assignment = self.assignment.iter().map(|(name, value)| (name.clone(), Out::text(value)));
        let invocations = self.invocations.iter().map(|invocation| (invocation.id.to_string(), invocation.out()));
        Out::map([
            ("uuid", Out::text(self.uuid.to_string())),
            ("argv", Out::texts(&self.argv)),
            ("assignment", Out::Map(assignment.collect())),
            ("sections", self.sections.as_deref().map_or(Out::Null, Out::texts)),
            ("forced_version", Out::optional(self.forced_version.as_ref())),
            ("forced_tests", Out::optional(self.forced_tests.as_ref())),
            ("invocations", Out::Map(invocations.collect())),
        ])
    }
}

impl Invocation {
    fn out(&self) -> Out {
        let results = self.results.iter().map(|(id, verdict)| (id.clone(), Out::Number(verdict.number())));
        Out::map([
            ("id", Out::text(self.id.to_string())),
            ("cmd", Out::text(&self.command)),
            ("results", Out::Map(results.collect())),
            ("rc", Out::Number(self.exit_code)),
            ("stdout", Out::texts(&self.stdout)),
            ("stderr", Out::texts(&self.stderr)),
            ("info", Out::Number(self.counts.info)),
            ("warning", Out::Number(self.counts.warning)),
            ("error", Out::Number(self.counts.error)),
            ("critical", Out::Number(self.counts.critical)),
        ])
    }
}

fn results_out(results: &BTreeMap<String, VersionResult>) -> Out {
    let entries = results.iter().map(|(id, result)| {
        let invocation = result.invocation.map_or(Out::Null, |id| Out::text(id.to_string()));
        (id.clone(), Out::map([("result", Out::Number(result.result.number())), ("invocation", invocation)]))
    });
    Out::Map(entries.collect())
}

/// `2026-11-25 22:23:52` or `2026-11-25 22:23:52.012345`: no zone, a blank before the time, six digits or none.
fn moment(instant: Instant) -> String {
    let text = instant.to_string().replace('T', " ");
    let text = text.trim_end_matches('Z');
    match text.split_once('.') {
        None => text.to_owned(),
        Some((seconds, fraction)) => format!("{seconds}.{fraction:0<6}"),
    }
}
