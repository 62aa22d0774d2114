//! Verdicts add up as scs-0003-v2 says, and nothing unknown is green.

use std::collections::BTreeMap;

use proptest::prelude::*;
use stoa_standards::verdict::{Aggregate, Outcome, Reading, Tally, Verdict};

const CASES: [&str; 4] = ["a", "b", "c", "d"];

fn verdicts(given: &[(&str, Verdict)]) -> BTreeMap<String, Verdict> {
    given.iter().map(|(id, verdict)| ((*id).to_owned(), *verdict)).collect()
}

#[test]
fn the_first_of_fail_miss_dnf_pass_wins() {
    use Verdict::{Abort, Fail, Pass};
    for (given, aggregate, ours, published) in [
        (vec![("a", Pass), ("b", Pass)], Aggregate::Pass, "PASS (2 passed)", "PASS (2 passed)"),
        (
            vec![("a", Pass)],
            Aggregate::Miss,
            "INCOMPLETE (1 passed, 1 missing)",
            "TENTATIVE pass (1 passed, 1 missing)",
        ),
        (vec![("a", Pass), ("b", Abort)], Aggregate::Dnf, "FAIL (1 passed, 1 aborted)", "FAIL (1 passed, 1 aborted)"),
        (
            vec![("a", Abort)],
            Aggregate::Miss,
            "FAIL (0 passed, 1 aborted, 1 missing)",
            "FAIL (0 passed, 1 aborted, 1 missing)",
        ),
        (
            vec![("a", Fail)],
            Aggregate::Fail,
            "FAIL (0 passed, 1 failed, 1 missing)",
            "FAIL (0 passed, 1 failed, 1 missing)",
        ),
    ] {
        let verdicts = verdicts(&given);
        let tally = Tally::new(["a", "b"], &verdicts);
        assert_eq!(tally.aggregate(), aggregate, "{given:?}");
        assert_eq!(tally.summary(Reading::Standard), ours);
        assert_eq!(tally.summary(Reading::Published), published);
    }
}

#[test]
fn testing_nothing_is_no_pass() {
    let tally = Tally::new([], &BTreeMap::new());
    assert_eq!(tally.outcome(Reading::Standard), Outcome::Incomplete);
    assert_eq!(tally.outcome(Reading::Published), Outcome::Pass);
}

#[test]
fn numbers_are_those_of_reports() {
    for (verdict, number) in [(Verdict::Fail, -1), (Verdict::Abort, 0), (Verdict::Pass, 1)] {
        assert_eq!((verdict.number(), Verdict::of_number(number)), (number, Some(verdict)));
    }
    assert_eq!(Verdict::of_number(2), None);
}

proptest! {
    #[test]
    fn only_a_pass_of_everything_is_green(given in prop::collection::vec(prop::option::of(0..3_usize), 4)) {
        let verdicts: BTreeMap<String, Verdict> = CASES
            .iter()
            .zip(&given)
            .filter_map(|(id, verdict)| Some(((*id).to_owned(), Verdict::ALL[(*verdict)?])))
            .collect();
        let tally = Tally::new(CASES, &verdicts);
        let all_passed = given.iter().all(|verdict| verdict.map(|index| Verdict::ALL[index]) == Some(Verdict::Pass));
        for reading in [Reading::Standard, Reading::Published] {
            prop_assert_eq!(tally.outcome(reading).is_green(), all_passed);
        }
        prop_assert_eq!(tally.aggregate() == Aggregate::Pass, all_passed);
    }
}
