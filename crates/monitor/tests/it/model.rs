//! The newest results are the same in whatever order evidence comes, and nothing unknown is green.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use stoa_core::{Date, Instant};
use stoa_monitor::model::history::{Edition, Piece, days, share_kept};
use stoa_monitor::model::results::{Results, Source};
use stoa_monitor::model::standing::{CaseState, Rules, Standing, State, Waived, holds_until};
use stoa_standards::scope::{Scope, find_built_in};
use stoa_standards::verdict::Verdict;
use uuid::Uuid;

fn kaas() -> &'static Scope {
    find_built_in("kaas").unwrap()
}

fn cases() -> Vec<String> {
    let mut cases: Vec<String> = kaas().versions.iter().flat_map(|v| v.main().map(str::to_owned)).collect();
    cases.push("unknown-case".to_owned());
    cases
}

fn start() -> Instant {
    Date::new(2026, 11, 1).unwrap().start()
}

fn piece() -> impl Strategy<Value = Piece> {
    let verdict = prop_oneof![3 => Just(Verdict::Pass), 1 => Just(Verdict::Fail), 1 => Just(Verdict::Abort)];
    let verdicts = prop::collection::btree_map(prop::sample::select(cases()), verdict, 0..5);
    (any::<u128>(), 0..60_u64, prop::sample::select(Source::ALL.to_vec()), verdicts).prop_map(
        |(id, hours, source, verdicts)| Piece {
            id: Uuid::from_u128(id),
            // Several fall on the same instant.
            checked_at: start().plus(Duration::from_hours(hours * 12)),
            counts_from: start().plus(Duration::from_hours(hours * 12)),
            source,
            verdicts,
        },
    )
}

proptest! {
    #[test]
    fn the_order_of_evidence_does_not_matter(
        pieces in prop::collection::vec(piece(), 0..20).prop_shuffle(),
        order in any::<prop::sample::Index>(),
    ) {
        let mut incremental = Results::default();
        for piece in &pieces {
            piece.add_to(&mut incremental);
            incremental = Results::of_json(&incremental.to_json()).unwrap();
        }
        let mut sorted = pieces.clone();
        sorted.sort_by_key(|piece| (piece.checked_at, piece.id));
        let split = if sorted.is_empty() { 0 } else { order.index(sorted.len()) };
        sorted.rotate_left(split);
        let mut again = Results::default();
        for piece in &sorted {
            piece.add_to(&mut again);
        }
        prop_assert_eq!(&incremental, &again);
        // What the history says of today is what stands today.
        let now = start().plus(Duration::from_hours(24 * 31));
        let editions = [Edition { since: Instant::EPOCH, scope: Arc::new(kaas().clone()) }];
        let history = days(&editions, &pieces, &[], start().date(), now);
        let standing = Standing::new(kaas(), &incremental, &[], now);
        prop_assert_eq!(history.last().unwrap().state, standing.state);
        prop_assert_eq!(history.len(), 32);
        prop_assert!(share_kept(&history).is_none_or(|share| share <= 1000));
    }

    #[test]
    fn the_short_answer_is_the_long_one(
        alias in prop::sample::select(vec!["iaas", "kaas"]),
        failed in prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8), 0..6),
        waived in prop::collection::vec((any::<prop::sample::Index>(), 0..90_i32), 0..3),
        days in 0..700_u64,
    ) {
        let scope = find_built_in(alias).unwrap();
        let cases: Vec<&str> = scope.test_cases.iter().map(|case| case.id.as_str()).collect();
        let piece = |verdicts: BTreeMap<String, Verdict>, hours: u64| Piece {
            id: Uuid::from_u128(u128::from(hours)),
            checked_at: start().plus(Duration::from_hours(hours)),
            counts_from: start().plus(Duration::from_hours(hours)),
            source: Source::Own,
            verdicts,
        };
        let mut all: BTreeMap<String, Verdict> = cases.iter().map(|id| ((*id).to_owned(), Verdict::Pass)).collect();
        for (place, what) in &failed {
            let id = *place.get(&cases);
            match what {
                0 => drop(all.remove(id)),
                1 => drop(all.insert(id.to_owned(), Verdict::Abort)),
                _ => drop(all.insert(id.to_owned(), Verdict::Fail)),
            }
        }
        let waived: Vec<Waived> = waived
            .iter()
            .map(|(place, days)| Waived {
                test_case: (*place.get(&cases)).to_owned(),
                from: Instant::EPOCH,
                ends_on: start().date().plus_days(*days),
                withdrawn_at: None,
            })
            .collect();
        let mut results = Results::default();
        // Through more than one timeline: from a year before to a year after.
        let now = start().plus(Duration::from_hours(days * 24)).minus(Duration::from_hours(24 * 350));
        for given in [Vec::new(), vec![piece(all, 0)]] {
            for piece in given {
                piece.add_to(&mut results);
            }
            let standing = Standing::new(scope, &results, &waived, now);
            let outcome = Rules::new(scope).outcome(&results, &waived, now);
            prop_assert_eq!(outcome.state, standing.state);
            prop_assert_eq!(outcome.version, standing.decisive().map(|version| version.name.as_str()));
            // Day by day nothing changes before the day that is named, and on that day something does.
            let rules = Rules::new(scope);
            let is_same = |day: i32| rules.outcome(&results, &waived, now.date().plus_days(day).start()) == outcome;
            match holds_until(scope, &results, &waived, now) {
                Some(until) => {
                    let days = i32::try_from(until.days_since(now.date())).unwrap();
                    prop_assert!((1..days).all(is_same) && !is_same(days), "{}", until);
                }
                None => prop_assert!((1..800).all(is_same)),
            }
        }
    }

    #[test]
    fn only_passes_of_everything_that_count_are_green(pieces in prop::collection::vec(piece(), 0..12), hours in 0..2_000_u64) {
        let mut results = Results::default();
        for piece in &pieces {
            piece.add_to(&mut results);
        }
        let now = start().plus(Duration::from_hours(hours));
        let standing = Standing::new(kaas(), &results, &[], now);
        for version in &standing.versions {
            let main = &version.targets[0];
            let all = main.test_cases.iter().all(|id| standing.cases[id].state == CaseState::Pass);
            prop_assert_eq!(version.state.is_green(), all && !main.test_cases.is_empty());
        }
        let certifiable = standing.versions.iter().any(|v| v.validity.is_certifiable() && v.state.is_green());
        prop_assert_eq!(standing.state.is_green(), certifiable);
        if pieces.iter().all(|piece| piece.verdicts.is_empty()) {
            prop_assert_eq!(standing.state, State::Nothing);
        }
    }
}

#[test]
fn a_waiver_tolerates_failures_only() {
    let now = start();
    let main: Vec<String> = kaas().versions_on(now.date())[0].0.main().map(str::to_owned).collect();
    let state = |verdict: Option<Verdict>| {
        let mut verdicts: BTreeMap<String, Verdict> = main.iter().map(|id| (id.clone(), Verdict::Pass)).collect();
        match verdict {
            Some(verdict) => drop(verdicts.insert(main[0].clone(), verdict)),
            None => drop(verdicts.remove(&main[0])),
        }
        let mut results = Results::default();
        Piece { id: Uuid::nil(), checked_at: now, counts_from: now, source: Source::Own, verdicts }
            .add_to(&mut results);
        let waived =
            Waived { test_case: main[0].clone(), from: Instant::EPOCH, ends_on: now.date(), withdrawn_at: None };
        Standing::new(kaas(), &results, &[waived], now).state
    };
    assert_eq!(state(Some(Verdict::Pass)), State::Pass);
    assert_eq!(state(Some(Verdict::Fail)), State::Pass);
    assert_eq!(state(Some(Verdict::Abort)), State::Aborted);
    assert_eq!(state(None), State::Missing);
}
