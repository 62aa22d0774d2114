//! A run as a report of the published format, and what is told in its lines beside results.

use std::collections::BTreeMap;
use std::time::Duration;

use stoa_core::Instant;
use stoa_standards::report::{Invocation, LineCounts, Report, ReportedScope, Run};
use uuid::Uuid;

use super::Case;
use crate::run::{Ended, Plan, Ran};

/// What the command of an invocation begins with.
const COMMAND: &str = "stoa check: ";
/// The invocation without results, whose lines are about the whole run.
const WHOLE: &str = "the run";

/// What a report says of a run beside what was found.
#[derive(Debug, Clone)]
pub struct RunFacts {
    /// The report's id.
    pub id: Uuid,
    /// The cloud or cluster.
    pub subject: String,
    /// When the run began.
    pub checked_at: Instant,
    /// The arguments of the program, without secrets.
    pub argv: Vec<String>,
    /// Variables of the scope that were set.
    pub assignment: BTreeMap<String, String>,
    /// What else is to be known of the run.
    pub notes: Vec<String>,
}

/// The report of a run: one invocation for each group, and one for what is to be said of the whole.
pub fn report(plan: &Plan<'_>, ran: &Ran, facts: RunFacts) -> Report {
    let mut invocations: Vec<Invocation> = ran
        .groups
        .iter()
        .map(|group| {
            let command = format!("{COMMAND}{}", group.name);
            let mut invocation = Invocation::of_checks(Uuid::new_v4(), command, &group.answers);
            invocation.exit_code = i64::from(group.ended != Ended::Done);
            invocation.stderr.push(format!("INFO: took {} ms", group.elapsed.as_millis()));
            counted(invocation)
        })
        .collect();
    let mut whole = Invocation::of_checks(Uuid::new_v4(), format!("{COMMAND}{WHOLE}"), &BTreeMap::new());
    if ran.stopped {
        whole.stderr.push("WARNING: the run was stopped before its end".to_owned());
    }
    whole.stderr.extend(facts.notes.iter().map(|note| format!("INFO: {}", note.replace(char::is_control, " "))));
    if !whole.stderr.is_empty() {
        invocations.push(counted(whole));
    }
    let scope = plan.scope;
    Report {
        scope: ReportedScope { uuid: scope.uuid, name: scope.name.clone(), url: scope.url.clone() },
        checked_at: facts.checked_at,
        reference_date: plan.date,
        subject: facts.subject,
        run: Run {
            uuid: facts.id,
            argv: facts.argv,
            assignment: facts.assignment,
            sections: plan.sections.clone(),
            forced_version: plan.forced_version.clone(),
            forced_tests: plan.forced_tests.clone(),
            invocations,
        },
        versions: BTreeMap::new(),
    }
}

fn counted(mut invocation: Invocation) -> Invocation {
    invocation.counts = LineCounts::of(invocation.stdout.iter().chain(&invocation.stderr));
    invocation
}

/// Hands the reasons, times and notes of an invocation to its test cases, as far as its lines tell them.
pub(super) fn tell(invocation: &Invocation, cases: &mut BTreeMap<String, Case>, notes: &mut Vec<String>) {
    let group = invocation.command.strip_prefix(COMMAND);
    let took = invocation.stderr.iter().find_map(|line| {
        let millis = line.strip_prefix("INFO: took ")?.strip_suffix(" ms")?;
        millis.parse().ok().map(Duration::from_millis)
    });
    let mut findings = invocation.findings();
    for id in invocation.results.keys() {
        if let Some(case) = cases.get_mut(id) {
            case.elapsed = took;
            group.unwrap_or(&invocation.command).clone_into(&mut case.group);
            case.add(findings.remove(id).unwrap_or_default());
        }
    }
    if group == Some(WHOLE) {
        let said = invocation.stderr.iter().filter_map(|line| line.split_once(": "));
        notes.extend(said.map(|(_, note)| note.to_owned()));
    }
}
