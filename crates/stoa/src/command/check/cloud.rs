//! `stoa check cloud`: from arguments to a report.

use std::collections::BTreeMap;

use stoa_checks::assessment::{Assessment, RunFacts, report};
use stoa_checks::render::{self, Colour};
use stoa_checks::run::{self, Plan, PlanRequest, anchored};
use stoa_checks::{Context, Group, openstack};
use stoa_core::Clock;
use stoa_standards::scope::{self, Scope};
use uuid::Uuid;

use super::progress::Progress;
use super::{data, reach};
use crate::cli::{CheckCloud, ReportFormat, ScopeName};
use crate::command::report::{put, read_scope, written};
use crate::console::Console;
use crate::exit::{Exit, Failure};

/// Letters of a subject at most.
const SUBJECT_MAX: usize = 100;

pub(super) async fn run(asked: CheckCloud, console: &Console) -> Result<Exit, Failure> {
    let given = asked.spec.as_deref().map(read_scope).transpose()?;
    let scope = chosen_scope(&asked, given.as_ref())?;
    let clock = Clock::system();
    let plan = plan(&asked, scope, &clock)?;
    let subject = asked.subject.as_deref().unwrap_or(&asked.name);
    if subject.is_empty() || subject.chars().count() > SUBJECT_MAX || subject.chars().any(char::is_control) {
        let message = format!("a subject has 1 to {SUBJECT_MAX} letters, none of which is a control character");
        return Err(Failure::new(Exit::Usage, message).advice("Give another name with --subject."));
    }
    let known = data::read(asked.offline_data.as_deref(), asked.reading)?;
    let begun = clock.now();
    let (progress, listener) = Progress::begin(plan.wanted.len());
    let context = Context {
        reading: asked.reading,
        today: begun.date(),
        clock: clock.clone(),
        journal: reach::journal(&asked.name)?,
        variables: variables(&asked),
        progress: listener.progress(),
    };
    let mut notes = Vec::new();
    if asked.scope == ScopeName::Kaas {
        notes.extend(known.lines(begun));
    }
    let target = reach::Target::find(&asked, known).await?;
    let groups: Vec<Group> = target.groups(&plan.wanted, &context);
    let stop = async {
        // Without a handler for the signal nothing can be stopped, and the run goes on to its end.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let ran = run::run(groups, &plan.wanted, run::GROUPS_AT_A_TIME, &listener, stop).await;
    if ran.stopped {
        progress.say("stopping: removing what was made; Ctrl-C once more leaves it for `stoa check cleanup`");
    }
    notes.extend(target.clean_up(&plan.wanted, ran.stopped, &progress).await);
    notes.push(format!("requests to the API: {}", target.requests()));
    progress.end();
    let facts = RunFacts {
        id: Uuid::new_v4(),
        subject: subject.to_owned(),
        checked_at: begun,
        argv: std::env::args().skip(1).collect(),
        assignment: target.assignment(&asked).into_iter().chain(context.variables).collect(),
        notes,
    };
    let report = report(&plan, &ran, facts);
    let assessment = Assessment::of_report(&report, scope, asked.reading);
    let text = written(&report, scope, asked.reading, asked.format);
    match &asked.output {
        None => console.out(text).await?,
        Some(path) => {
            // A page in a file has no use for a terminal's colours.
            let text = match asked.format {
                ReportFormat::Text => render::text(&assessment, Colour::No),
                _ => format!("{text}\n"),
            };
            put(path, &text)?;
            console.out(written(&report, scope, asked.reading, ReportFormat::Text)).await?;
            console.note(format!("written to {}", path.display())).await?;
        }
    }
    Ok(if assessment.is_fulfilled() { Exit::Done } else { Exit::Problems })
}

/// Variables of the scope that lead to files.
fn variables(asked: &CheckCloud) -> BTreeMap<String, String> {
    let domains = asked.domains.iter().map(|path| (openstack::DOMAIN_CONFIG.to_owned(), path.display().to_string()));
    domains.collect()
}

fn chosen_scope<'s>(asked: &CheckCloud, given: Option<&'s Scope>) -> Result<&'s Scope, Failure> {
    if let Some(given) = given {
        return Ok(given);
    }
    let name = match asked.scope {
        ScopeName::Iaas => "iaas",
        ScopeName::Kaas => "kaas",
    };
    scope::find_built_in(name).ok_or_else(|| Failure::new(Exit::Failed, format!("the scope {name} is not built in")))
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
