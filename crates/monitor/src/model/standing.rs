//! What results add up to on a day (scs-0003, scs-0004): which versions of a scope a subject keeps.
//!
//! A version is kept when each test case of its target `main` has a result that still counts and passed, or failed and is
//! waived. Aborted, missing and expired test cases say nothing about the subject, so nothing that contains one is a pass.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use stoa_core::{Date, Instant};
use stoa_standards::scope::{Lifetime, MAIN, Scope, Validity};
use stoa_standards::verdict::Verdict;

use super::results::{Latest, Results, Source};

/// A failure that is tolerated until a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waived {
    /// The test case.
    pub test_case: String,
    /// From when on.
    pub from: Instant,
    /// Through which day, in UTC.
    pub ends_on: Date,
    /// When it was withdrawn before that.
    pub withdrawn_at: Option<Instant>,
}

impl Waived {
    fn holds(&self, test_case: &str, now: Instant) -> bool {
        self.test_case == test_case
            && self.from <= now
            && now.date() <= self.ends_on
            && self.withdrawn_at.is_none_or(|at| now < at)
    }
}

/// What is known of one test case on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CaseState {
    /// It failed.
    Fail,
    /// It has no result.
    Missing,
    /// It has one that counts no more.
    Expired,
    /// It could not be found out.
    Aborted,
    /// It failed, and that is tolerated.
    Waived,
    /// It passed.
    Pass,
}

impl CaseState {
    /// All of them, those first that want looking after.
    pub const ALL: [Self; 6] = [Self::Fail, Self::Missing, Self::Expired, Self::Aborted, Self::Waived, Self::Pass];

    /// The word in JSON and in CSV.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Missing => "missing",
            Self::Expired => "expired",
            Self::Aborted => "aborted",
            Self::Waived => "waived",
            Self::Pass => "pass",
        }
    }
}

/// A test case on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// What is known of it.
    pub state: CaseState,
    /// Its newest result, also when that counts no more.
    pub latest: Option<Latest>,
    /// The day as which begins it counts no more.
    pub expires_on: Option<Date>,
}

/// What test cases add up to: the first of these that any of them has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// One failed.
    Fail,
    /// None failed, but one has no result that counts.
    Missing,
    /// Each has one, but one was aborted.
    Aborted,
    /// Each passed, or failed and is waived.
    Pass,
    /// There is no result at all.
    Nothing,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Fail, Self::Missing, Self::Aborted, Self::Pass, Self::Nothing];

    /// The word in JSON, CSV and addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Missing => "missing",
            Self::Aborted => "aborted",
            Self::Pass => "pass",
            Self::Nothing => "nothing",
        }
    }

    /// The state of this word.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// The number of the published monitor; none for what is missing.
    pub const fn number(self) -> Option<i64> {
        match self {
            Self::Fail => Some(-1),
            Self::Aborted => Some(0),
            Self::Pass => Some(1),
            Self::Missing | Self::Nothing => None,
        }
    }

    /// Whether it may be shown in green.
    pub const fn is_green(self) -> bool {
        matches!(self, Self::Pass)
    }

    /// How bad it is among the members of a group: the worst stands for the group.
    pub const fn badness(self) -> u8 {
        match self {
            Self::Fail => 4,
            Self::Missing => 3,
            Self::Nothing => 2,
            Self::Aborted => 1,
            Self::Pass => 0,
        }
    }
}

/// One target of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetStanding {
    /// Its name: `main`, `recommended`.
    pub name: String,
    /// What its test cases add up to.
    pub state: State,
    /// Its test cases.
    pub test_cases: Vec<String>,
}

/// One version that counts for something on the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionStanding {
    /// Its name.
    pub name: String,
    /// What it counts for.
    pub validity: Validity,
    /// What its target `main` adds up to.
    pub state: State,
    /// All targets, `main` first.
    pub targets: Vec<TargetStanding>,
}

/// A subject under a scope on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The versions that the timeline names, in the scope's order, which is newest first.
    pub versions: Vec<VersionStanding>,
    /// Everything that is known of test cases that a version of them asks for.
    pub cases: BTreeMap<String, Case>,
    /// The version that decides, by its place: the newest kept one that a certificate can be had for, else the newest
    /// that one can be had for.
    pub decisive: Option<usize>,
    /// What that one adds up to.
    pub state: State,
    /// When the newest result was found.
    pub checked_at: Option<Instant>,
}

impl Standing {
    /// What results add up to at an instant.
    pub fn new(scope: &Scope, results: &Results, waived: &[Waived], now: Instant) -> Self {
        let today = now.date();
        let named = scope.versions_on(today);
        let mut cases: BTreeMap<String, Case> = BTreeMap::new();
        for (version, _) in &named {
            for id in version.test_cases() {
                if !cases.contains_key(id) {
                    cases.insert(id.to_owned(), case(scope, results, waived, now, id));
                }
            }
        }
        let versions: Vec<VersionStanding> = named
            .into_iter()
            .map(|(version, validity)| {
                let mut targets: Vec<TargetStanding> = version
                    .targets
                    .iter()
                    .map(|(name, ids)| TargetStanding {
                        name: name.clone(),
                        state: add_up(ids.iter().filter_map(|id| cases.get(id)).map(|case| case.state)),
                        test_cases: ids.iter().cloned().collect(),
                    })
                    .collect();
                targets.sort_by_key(|target| target.name != MAIN);
                let main = targets.first().filter(|target| target.name == MAIN);
                let state = main.map_or(State::Nothing, |target| target.state);
                VersionStanding { name: version.name.clone(), validity, state, targets }
            })
            .collect();
        let certifiable = |version: &VersionStanding| version.validity.is_certifiable();
        let kept = versions.iter().position(|version| certifiable(version) && version.state.is_green());
        let decisive = kept.or_else(|| versions.iter().position(certifiable));
        let checked_at = results.newest();
        let state = match decisive.and_then(|place| versions.get(place)) {
            _ if results.is_empty() => State::Nothing,
            Some(version) => version.state,
            None => State::Nothing,
        };
        Self { versions, cases, decisive, state, checked_at }
    }

    /// The version that decides.
    pub fn decisive(&self) -> Option<&VersionStanding> {
        self.versions.get(self.decisive?)
    }

    /// The versions that are kept, drafts and deprecated ones too.
    pub fn kept(&self) -> impl Iterator<Item = &VersionStanding> {
        self.versions.iter().filter(|version| version.state.is_green())
    }

    /// A version by its name.
    pub fn version(&self, name: &str) -> Option<&VersionStanding> {
        self.versions.iter().find(|version| version.name == name)
    }

    /// What some test cases add up to; none of those that no version asks for today.
    pub fn of_cases<'c>(&self, ids: impl Iterator<Item = &'c str>) -> State {
        add_up(ids.filter_map(|id| self.cases.get(id)).map(|case| case.state))
    }

    /// Whether every result that decides comes from somebody other than the subject.
    pub fn is_verified(&self) -> bool {
        let Some(main) = self.decisive().and_then(|version| version.targets.first()) else { return false };
        let latest = |id: &String| self.cases.get(id).and_then(|case| case.latest);
        let mut sources = main.test_cases.iter().filter_map(latest).map(|latest| latest.source).peekable();
        sources.peek().is_some() && sources.all(Source::is_verified)
    }

    /// The result that decides and counts no more first: when it was found, and the day as which begins it counts no more.
    pub fn first_to_expire(&self) -> Option<(Date, Date)> {
        let main = self.decisive()?.targets.first()?;
        let of = |id: &String| {
            let case = self.cases.get(id)?;
            Some((case.latest?.checked_at.date(), case.expires_on?))
        };
        main.test_cases.iter().filter_map(of).min_by_key(|(_, expires_on)| *expires_on)
    }
}

fn case(scope: &Scope, results: &Results, waived: &[Waived], now: Instant, id: &str) -> Case {
    let lifetime = scope.test_case(id).map(|test_case| test_case.lifetime).unwrap_or_default();
    let latest = results.get(id).copied();
    let lifetime = latest.map_or(lifetime, |latest| latest.source.lifetime(lifetime));
    let state = case_state(latest.as_ref(), lifetime, waived, now, id);
    Case { state, latest, expires_on: latest.map(|latest| lifetime.expires(latest.checked_at.date())) }
}

fn case_state(latest: Option<&Latest>, lifetime: Lifetime, waived: &[Waived], now: Instant, id: &str) -> CaseState {
    let Some(latest) = latest else { return CaseState::Missing };
    let lifetime = latest.source.lifetime(lifetime);
    let is_waived = || waived.iter().any(|waived| waived.holds(id, now));
    match latest.verdict {
        _ if lifetime.is_expired(latest.checked_at, now) => CaseState::Expired,
        Verdict::Pass => CaseState::Pass,
        Verdict::Abort => CaseState::Aborted,
        Verdict::Fail if is_waived() => CaseState::Waived,
        Verdict::Fail => CaseState::Fail,
    }
}

/// What decides under a scope: by version the test cases of its target `main`, each with its lifetime. For histories and
/// changes, which ask for nothing else, and a thousand times over.
#[derive(Debug)]
pub struct Rules<'s> {
    scope: &'s Scope,
    main: Vec<Vec<(&'s str, Lifetime)>>,
}

/// The state of a subject under a scope, and the version that decides: what a [`Standing`] says in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome<'s> {
    /// The state.
    pub state: State,
    /// The version that decides.
    pub version: Option<&'s str>,
}

impl<'s> Rules<'s> {
    /// The rules of a scope.
    pub fn new(scope: &'s Scope) -> Self {
        let lifetimes: HashMap<&str, Lifetime> =
            scope.test_cases.iter().map(|case| (case.id.as_str(), case.lifetime)).collect();
        let main = scope
            .versions
            .iter()
            .map(|version| version.main().map(|id| (id, lifetimes.get(id).copied().unwrap_or_default())).collect());
        Self { scope, main: main.collect() }
    }

    /// What results add up to at an instant.
    pub fn outcome(&self, results: &Results, waived: &[Waived], now: Instant) -> Outcome<'s> {
        let today = now.date();
        let mut first = None;
        for (version, main) in self.scope.versions.iter().zip(&self.main) {
            let validity = self.scope.timeline.named(&version.name, today);
            if !validity.is_some_and(Validity::is_certifiable) {
                continue;
            }
            let states = main.iter().map(|(id, lifetime)| case_state(results.get(id), *lifetime, waived, now, id));
            let outcome = Outcome { state: add_up(states), version: Some(&version.name) };
            if outcome.state.is_green() {
                return outcome;
            }
            first = first.or(Some(outcome));
        }
        let first = first.unwrap_or(Outcome { state: State::Nothing, version: None });
        Outcome { state: if results.is_empty() { State::Nothing } else { first.state }, ..first }
    }
}

/// The first day on which a subject's state or the version that decides is another though nothing happens: a result
/// counts no more, a waiver ends, or the timeline goes on. None where all stays as it is.
pub fn holds_until(scope: &Scope, results: &Results, waived: &[Waived], now: Instant) -> Option<Date> {
    let rules = Rules::new(scope);
    let lifetimes: HashMap<&str, Lifetime> =
        scope.test_cases.iter().map(|case| (case.id.as_str(), case.lifetime)).collect();
    let expiries = results.iter().filter_map(|(id, latest)| {
        let lifetime = latest.source.lifetime(*lifetimes.get(id)?);
        Some(lifetime.expires(latest.checked_at.date()))
    });
    let waivers = waived.iter().map(|waived| waived.ends_on.plus_days(1));
    let timeline = scope.timeline.entries().iter().map(|entry| entry.date);
    let today = now.date();
    let days: BTreeSet<Date> = expiries.chain(waivers).chain(timeline).filter(|day| *day > today).collect();
    let present = rules.outcome(results, waived, now);
    days.into_iter().find(|day| rules.outcome(results, waived, day.start()) != present)
}

/// What test cases add up to. None at all are no pass: nothing was tested.
fn add_up(states: impl Iterator<Item = CaseState>) -> State {
    states
        .map(|state| match state {
            CaseState::Fail => State::Fail,
            CaseState::Missing | CaseState::Expired => State::Missing,
            CaseState::Aborted => State::Aborted,
            CaseState::Waived | CaseState::Pass => State::Pass,
        })
        .min()
        .unwrap_or(State::Nothing)
}
