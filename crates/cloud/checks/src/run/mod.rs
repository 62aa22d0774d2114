//! Running groups: beside one another, each within its time; what goes wrong with one is its own affair.
//!
//! A test case that was wanted always has an answer at the end. Where nothing could be found out (a group ran out of time,
//! broke, forgot it, or the run was stopped) the answer is "aborted" with the reason.

mod event;
mod plan;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use stoa_standards::rule::Check;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::{Answers, Group};

pub use event::{Event, Listener};
pub use plan::{Plan, PlanError, PlanRequest, anchored};

/// Groups at a time, unless said otherwise: more would only make the cloud slow.
pub const GROUPS_AT_A_TIME: usize = 8;

/// How a group ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself.
    Done,
    /// Its time was over.
    TimedOut,
    /// It broke.
    Panicked,
    /// The run was stopped.
    Stopped,
}

/// What became of a group.
#[derive(Debug, Clone)]
pub struct GroupRun {
    /// Its name.
    pub name: &'static str,
    /// An answer for each of its test cases that were wanted.
    pub answers: Answers,
    /// How long it took.
    pub elapsed: Duration,
    /// How it ended.
    pub ended: Ended,
}

/// What became of a run.
#[derive(Debug, Clone, Default)]
pub struct Ran {
    /// Its groups, in the order in which they were given; last, if need be, one for what no group decides.
    pub groups: Vec<GroupRun>,
    /// Whether it was stopped before its end.
    pub stopped: bool,
}

impl Ran {
    /// All answers.
    pub fn answers(&self) -> Answers {
        self.groups.iter().flat_map(|group| group.answers.clone()).collect()
    }
}

/// Runs groups until all have ended or `stop` is there; every wanted test case gets an answer.
///
/// A group that is stopped is dropped where it stands: whatever it made in a cloud stands in the journal, and is removed by
/// whoever calls this.
pub async fn run(
    groups: Vec<Group>,
    wanted: &BTreeSet<String>,
    at_a_time: usize,
    listener: &Listener,
    stop: impl Future<Output = ()>,
) -> Ran {
    let permits = Arc::new(Semaphore::new(at_a_time.max(1)));
    let mut open: Vec<Option<Open>> = Vec::with_capacity(groups.len());
    let mut tasks = JoinSet::new();
    let mut taken = BTreeSet::new();
    for (place, group) in groups.into_iter().enumerate() {
        let Group { name, test_cases, limit, work } = group;
        // A test case belongs to the first group that decides it.
        let mine: BTreeSet<String> =
            test_cases.into_iter().filter(|id| wanted.contains(id) && taken.insert(id.clone())).collect();
        open.push(Some(Open { name, mine, limit }));
        let (permits, listener) = (permits.clone(), listener.clone());
        tasks.spawn(async move {
            let _permit = permits.acquire_owned().await;
            listener.tell(&Event::Began { group: name });
            let begun = Instant::now();
            let ended = tokio::time::timeout(limit, AssertUnwindSafe(work).catch_unwind()).await;
            (place, begun.elapsed(), ended)
        });
    }
    let mut ran: Vec<Option<GroupRun>> = open.iter().map(|_| None).collect();
    let mut stopped = false;
    tokio::pin!(stop);
    loop {
        let next = tokio::select! {
            biased;
            next = tasks.join_next() => next,
            () = &mut stop => {
                stopped = true;
                None
            }
        };
        let Some(next) = next else { break };
        // A task neither panics (its work is caught) nor is it cancelled here; if it were, its group counts as stopped.
        let Ok((place, elapsed, ended)) = next else { continue };
        let Some(group) = open.get_mut(place).and_then(Option::take) else { continue };
        if let Some(room) = ran.get_mut(place) {
            *room = Some(group.ended(elapsed, ended, listener));
        }
    }
    tasks.shutdown().await;
    for (room, group) in ran.iter_mut().zip(open) {
        if let Some(group) = group {
            *room = Some(group.stopped(listener));
        }
    }
    let mut groups: Vec<GroupRun> = ran.into_iter().flatten().collect();
    groups.extend(undecided(wanted, &taken, listener));
    Ran { groups, stopped }
}

/// A group that has not ended.
struct Open {
    name: &'static str,
    mine: BTreeSet<String>,
    limit: Duration,
}

type Outcome = Result<Result<Answers, Box<dyn std::any::Any + Send>>, tokio::time::error::Elapsed>;

impl Open {
    fn ended(self, elapsed: Duration, outcome: Outcome, listener: &Listener) -> GroupRun {
        let (mut given, ended) = match outcome {
            Ok(Ok(answers)) => (answers, Ended::Done),
            Ok(Err(_)) => (Answers::new(), Ended::Panicked),
            Err(_) => (Answers::new(), Ended::TimedOut),
        };
        let why = match ended {
            Ended::TimedOut => format!("it did not end within {}", shown(self.limit)),
            Ended::Panicked => "it broke; this is a mistake in Stoa".to_owned(),
            Ended::Done | Ended::Stopped => "it ended without an answer; this is a mistake in Stoa".to_owned(),
        };
        let remedy = match ended {
            Ended::TimedOut => "find out why the cloud is slow, and check again",
            _ => "report it with the output of this run",
        };
        let answer = |id: String| {
            let check = given.remove(&id);
            (id, check.unwrap_or_else(|| Check::aborted(format!("check {}", self.name), &why, remedy)))
        };
        let answers: Answers = self.mine.into_iter().map(answer).collect();
        finish(self.name, answers, elapsed, ended, listener)
    }

    fn stopped(self, listener: &Listener) -> GroupRun {
        let aborted = Check::aborted(format!("check {}", self.name), "the run was stopped", "check again");
        let answers = self.mine.into_iter().map(|id| (id, aborted.clone())).collect();
        finish(self.name, answers, Duration::ZERO, Ended::Stopped, listener)
    }
}

fn finish(name: &'static str, answers: Answers, elapsed: Duration, ended: Ended, listener: &Listener) -> GroupRun {
    for (id, check) in &answers {
        listener.tell(&Event::Found { group: name, id, check, elapsed });
    }
    listener.tell(&Event::Ended { group: name, ended });
    GroupRun { name, answers, elapsed, ended }
}

/// Wanted test cases that no group decides.
fn undecided(wanted: &BTreeSet<String>, taken: &BTreeSet<String>, listener: &Listener) -> Option<GroupRun> {
    let aborted = |id: &String| {
        let reason = "Stoa has no check that decides it";
        (id.clone(), Check::aborted(format!("test case {id}"), reason, "let people look at it, or leave it out"))
    };
    let answers: BTreeMap<String, Check> = wanted.difference(taken).map(aborted).collect();
    (!answers.is_empty()).then(|| finish("undecided", answers, Duration::ZERO, Ended::Done, listener))
}

/// A length of time for people: `90 s`, `6 h`.
pub(crate) fn shown(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        seconds if seconds % 3600 == 0 => format!("{} h", seconds / 3600),
        seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}
