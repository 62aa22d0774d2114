//! All checks of a cloud of OpenStack, with verdicts printed as the published suite prints them:
//!
//! ```text
//! iaas CLOUD [published] [ID…]
//! ```
//!
//! Verdicts go to the standard output, reasons and counts to the standard error. `scripts/compare-suites.sh` compares
//! them with those of the published suite.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use stoa_checks::openstack::{DOMAIN_CONFIG, cleanup, groups};
use stoa_checks::run::{GROUPS_AT_A_TIME, Listener, run};
use stoa_checks::{Context, Progress};
use stoa_core::Clock;
use stoa_openstack::{Cloud, Config, Environment, Limits};
use stoa_standards::scope::{Automation, find_built_in};
use stoa_standards::verdict::Reading;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.is_empty() {
        return Err("usage: iaas CLOUD [published] [ID…]".into());
    }
    let name = arguments.remove(0);
    let is_published = arguments.first().is_some_and(|argument| argument == "published");
    if is_published {
        arguments.remove(0);
    }
    let scope = find_built_in("iaas").ok_or("no scope")?;
    let automated = scope.test_cases.iter().filter(|case| case.automation == Automation::Automated);
    let wanted: BTreeSet<String> = if arguments.is_empty() {
        automated.map(|case| case.id.clone()).collect()
    } else {
        arguments.into_iter().collect()
    };
    let clock = Clock::system();
    let begun = Instant::now();
    let config = Config::load(Some(&name), &Environment::of_process())?;
    let cloud = Arc::new(Cloud::new(config, Limits::default(), clock.clone())?);
    let domains = std::env::var("STOA_DOMAIN_CONFIG").ok().map(|path| (DOMAIN_CONFIG.to_owned(), path));
    let context = Context {
        reading: if is_published { Reading::Published } else { Reading::Standard },
        today: clock.now().date(),
        clock,
        journal: std::env::temp_dir().join(format!("stoa-iaas-{name}.jsonl")),
        variables: domains.into_iter().collect::<BTreeMap<_, _>>(),
        progress: Progress::new(move |group, text| eprintln!("{:6.1} {group}: {text}", begun.elapsed().as_secs_f32())),
    };
    let groups = groups(Arc::clone(&cloud), &wanted, &context);
    let ran = run(groups, &wanted, GROUPS_AT_A_TIME, &Listener::silent(), async {
        let _ = tokio::signal::ctrl_c().await;
    })
    .await;
    for group in &ran.groups {
        eprintln!("{:6.1} s {}", group.elapsed.as_secs_f32(), group.name);
    }
    for (id, check) in ran.answers() {
        println!("{id}: {}", check.verdict.name());
        for finding in check.findings {
            eprintln!("{id}: {:?}: {}: {}", finding.weight, finding.object, finding.reason);
        }
    }
    eprintln!("{:?}", cleanup(&cloud, &context.journal).await?);
    eprintln!("{:.1} s, {} calls: {}", begun.elapsed().as_secs_f32(), cloud.calls().total(), cloud.calls());
    Ok(())
}
