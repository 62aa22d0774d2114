//! `stoa check cloud`: from arguments to a report.

use std::collections::BTreeMap;

use stoa_checks::assessment::{Assessment, RunFacts, report};
use stoa_checks::render::{self, Colour};
use stoa_checks::run::{self, Plan, PlanRequest, anchored};
use stoa_checks::{Context, Group, beyond, openstack};
use stoa_core::Clock;
use stoa_standards::scope::{self, Scope};
use uuid::Uuid;

use super::progress::Progress;
use super::{data, reach};
use crate::cli::{CheckCloud, ReportFormat, ScopeName};
use crate::command::files;
use crate::command::report::{read_scope, written};
use crate::command::up::asked_to_stop;
use crate::console::Console;
use crate::exit::{Exit, Failure};

/// Letters of a subject at most.
const SUBJECT_MAX: usize = 100;

pub(super) async fn run(asked: CheckCloud, console: &Console) -> Result<Exit, Failure> {
    let given = asked.spec.as_deref().map(read_scope).transpose()?;
    let scope = chosen_scope(&asked, given.as_ref())?;
    let clock = Clock::system();
    let mut plan = plan(&asked, scope, &clock)?;
    let mut notes = Vec::new();
    let variables = variables(&asked)?;
    if asked.domain_config.is_none() && plan.beyond.contains(beyond::DOMAIN_MANAGER) {
        plan.leave_out(beyond::DOMAIN_MANAGER);
        if plan.wanted.is_empty() {
            let message = format!("{} needs two domains and their managers", beyond::DOMAIN_MANAGER);
            return Err(Failure::new(Exit::Usage, message).advice("Name a file of them with --domain-config FILE."));
        }
        notes.push(format!("{} was left out: it needs --domain-config", beyond::DOMAIN_MANAGER));
    }
    let subject = asked.subject.as_deref().unwrap_or(&asked.name);
    if subject.is_empty() || subject.chars().count() > SUBJECT_MAX || subject.chars().any(char::is_control) {
        let message = format!("a subject has 1 to {SUBJECT_MAX} letters, none of which is a control character");
        return Err(Failure::new(Exit::Usage, message).advice("Give another name with --subject."));
    }
    let known = data::read(asked.offline_data.as_deref(), asked.reading)?;
    // What was found out in half an hour must not be lost for a letter that is wrong in a name.
    asked.output.as_deref().map(files::see_to).transpose()?;
    let stop = asked_to_stop()?;
    let begun = clock.now();
    let (progress, listener) = Progress::begin(plan.wanted.len());
    let context = Context {
        reading: asked.reading,
        today: begun.date(),
        clock: clock.clone(),
        journal: reach::journal(&asked.name)?,
        variables,
        progress: listener.progress(),
    };
    if asked.scope == ScopeName::Kaas {
        notes.extend(known.lines(begun));
    }
    let target = reach::Target::find(&asked, known).await?;
    for field in target.ignored() {
        progress.say(&format!("not read: {field}"));
    }
    let groups: Vec<Group> = target.groups(&plan.wanted, &context);
    let ran = run::run(groups, &plan.wanted, run::GROUPS_AT_A_TIME, &listener, stop).await;
    if ran.stopped {
        progress.say("stopping: removing what was made; Ctrl-C once more leaves it for `stoa check cleanup`");
    }
    notes.extend(target.clean_up(&plan.wanted, ran.stopped, asked_to_stop()?, &progress).await);
    if let Some(path) = asked.domain_config.as_deref().filter(|_| is_cut_off(&ran, beyond::DOMAIN_MANAGER)) {
        notes.extend(target.clean_domains(path, &progress).await);
    }
    notes.push(format!("requests to the API: {}", target.requests()));
    progress.end();
    let facts = RunFacts {
        id: Uuid::new_v4(),
        subject: subject.to_owned(),
        checked_at: begun,
        argv: std::env::args().skip(1).collect(),
        assignment: target.assignment(&asked),
        notes,
    };
    let report = report(&plan, &ran, facts);
    let assessment = Assessment::of_report(&report, scope, asked.reading);
    let text = written(&report, scope, asked.reading, asked.format);
    match &asked.output {
        None => console.out(text).await?,
        Some(path) => {
            // A page in a file has no use for a terminal's colours.
            let page = match asked.format {
                ReportFormat::Text => render::text(&assessment, Colour::No),
                _ => format!("{text}\n"),
            };
            if let Err(failure) = files::put(path, &page) {
                // The run was not for nothing: what it found out goes where it still can.
                console.out(text).await?;
                return Err(failure);
            }
            console.out(written(&report, scope, asked.reading, ReportFormat::Text)).await?;
            console.note(format!("written to {}", path.display())).await?;
        }
    }
    Ok(if assessment.is_fulfilled() { Exit::Done } else { Exit::Problems })
}

/// Whether what decides a test case was ended before it came to its end by itself.
fn is_cut_off(ran: &run::Ran, id: &str) -> bool {
    ran.groups.iter().any(|group| group.ended != run::Ended::Done && group.answers.contains_key(id))
}

/// What checks need to be told beside the cloud.
fn variables(asked: &CheckCloud) -> Result<BTreeMap<String, String>, Failure> {
    let Some(path) = &asked.domain_config else { return Ok(BTreeMap::new()) };
    openstack::check_domain_config(path).map_err(|reason| {
        Failure::new(Exit::Usage, reason).advice("docs/reference/conformance.md shows such a file.")
    })?;
    Ok(BTreeMap::from([(openstack::DOMAIN_CONFIG.to_owned(), path.display().to_string())]))
}

fn chosen_scope<'s>(asked: &CheckCloud, given: Option<&'s Scope>) -> Result<&'s Scope, Failure> {
    let built_in = |name: &str| {
        scope::find_built_in(name)
            .ok_or_else(|| Failure::new(Exit::Failed, format!("the scope {name} is not built in")))
    };
    let (name, other) = match asked.scope {
        ScopeName::Iaas => ("iaas", "kaas"),
        ScopeName::Kaas => ("kaas", "iaas"),
    };
    match given {
        Some(given) if given.uuid == built_in(other)?.uuid => {
            let message = format!("the file describes {}, which is not about what is checked", given.name);
            Err(Failure::new(Exit::Usage, message).advice(format!("Say --scope {other}, or give another file.")))
        }
        Some(given) => Ok(given),
        None => built_in(name),
    }
}

fn plan<'s>(asked: &CheckCloud, scope: &'s Scope, clock: &Clock) -> Result<Plan<'s>, Failure> {
    let tests = asked.tests.as_deref().map(anchored).transpose().map_err(|error| {
        Failure::new(Exit::Usage, format!("--tests: {error}"))
            .advice("Give a regular expression, such as scs-0102 or 'scs-010[03]'.")
    })?;
    let request = PlanRequest {
        date: asked.date.unwrap_or_else(|| clock.now().date()),
        version: asked.version.clone(),
        sections: asked.sections.clone(),
        tests,
        beyond: asked.beyond,
    };
    Plan::new(scope, &request).map_err(|error| {
        Failure::new(Exit::Usage, error.to_string())
            .advice("Look at `stoa check cloud --help`, or choose another --version, --date, --tests or --sections.")
    })
}
