//! What a subject's state was, day by day, worked out from the evidence alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use stoa_core::{Date, Instant};
use stoa_standards::scope::Scope;
use stoa_standards::verdict::Verdict;
use uuid::Uuid;

use super::results::{Latest, Results, Source};
use super::standing::{Outcome, Rules, State, Waived};

/// Days that a history goes back: eighteen months (scs-0004), of the longest kind.
pub const HISTORY_DAYS: i32 = 549;

/// One piece of evidence: what a report, or a manual result, says.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// Its id.
    pub id: Uuid,
    /// When it was found.
    pub checked_at: Instant,
    /// Since when it counts: what people found out does since a second person approved it.
    pub counts_from: Instant,
    /// How it came about.
    pub source: Source,
    /// What was found, by test case.
    pub verdicts: BTreeMap<String, Verdict>,
}

impl Piece {
    /// Without what its source may not decide under a scope.
    #[must_use]
    pub fn within(mut self, scope: &Scope) -> Self {
        self.verdicts
            .retain(|id, _| scope.test_case(id).is_none_or(|test_case| self.source.may_decide(test_case.automation)));
        self
    }

    /// Takes all that it says into results; whether anything was new.
    pub fn add_to(&self, results: &mut Results) -> bool {
        let mut is_new = false;
        for (test_case, verdict) in &self.verdicts {
            let latest =
                Latest { verdict: *verdict, checked_at: self.checked_at, evidence: self.id, source: self.source };
            is_new |= results.take(test_case, latest);
        }
        is_new
    }
}

/// One day of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// The day, in UTC.
    pub date: Date,
    /// The state at its end, or now if it is today.
    pub state: State,
    /// The version that decided.
    pub version: Option<String>,
}

/// What a scope said from an instant on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// Since when.
    pub since: Instant,
    /// What it said.
    pub scope: Arc<Scope>,
}

impl Edition {
    /// The place of that of several, earliest first, that held at an instant: before the first that is known, the first.
    pub fn place_at(editions: &[Self], at: Instant) -> usize {
        editions.iter().rposition(|edition| edition.since <= at).unwrap_or(0)
    }
}

/// The days from `first` through the one of `now`.
///
/// Each day is judged at its end by the evidence of until then, by what the scope said then, and by its own timeline; the
/// present day as of now.
pub fn days(editions: &[Edition], evidence: &[Piece], waived: &[Waived], first: Date, now: Instant) -> Vec<Day> {
    let mut pieces: Vec<&Piece> = evidence.iter().collect();
    pieces.sort_by_key(|piece| (piece.counts_from, piece.id));
    let mut pieces = pieces.into_iter().peekable();
    let rules: Vec<Rules<'_>> = editions.iter().map(|edition| Rules::new(&edition.scope)).collect();
    let mut results = Results::default();
    let mut days = Vec::new();
    let mut date = first;
    while date <= now.date() {
        let end = date.plus_days(1).start();
        let at = if end > now { now } else { Instant::from_micros(end.micros() - 1) };
        while let Some(piece) = pieces.next_if(|piece| piece.counts_from <= at) {
            piece.add_to(&mut results);
        }
        let Some(rules) = rules.get(Edition::place_at(editions, at)) else { break };
        let Outcome { state, version } = rules.outcome(&results, waived, at);
        days.push(Day { date, state, version: version.map(str::to_owned) });
        date = date.plus_days(1);
    }
    days
}

/// The share of days with a pass among those on which anything was known, in thousandths; none where nothing ever was.
pub fn share_kept(days: &[Day]) -> Option<u32> {
    let known = days.iter().filter(|day| day.state != State::Nothing).count();
    let kept = days.iter().filter(|day| day.state.is_green()).count();
    u32::try_from(kept * 1000).ok()?.checked_div(u32::try_from(known).ok()?)
}
