//! The sample population is plausible, whole and the same every time.

use std::collections::{BTreeMap, HashMap, HashSet};

use proptest::prelude::*;
use stoa_core::Date;
use stoa_registries::sample::{Marital, NationalId, People, Person, Relation, Sex};

fn today() -> Date {
    Date::new(2026, 11, 24).unwrap()
}

fn years(person: &Person, today: Date) -> i64 {
    today.days_since(person.birth_date) * 4 / 1461
}

#[test]
fn a_million_persons_have_a_million_ids() {
    let mut ids = HashSet::with_capacity(1_000_000);
    for person in People::new(1_000_000, 42, today()) {
        assert!(ids.insert(person.national_id), "{} comes twice", person.national_id);
    }
    assert_eq!(ids.len(), 1_000_000);
}

/// Shares that hold for a young, growing population; the bounds are wide, the seed is fixed.
#[test]
fn ages_sexes_and_homes_are_plausible() {
    let people: Vec<Person> = People::new(60_000, 7, today()).collect();
    let share = |fits: &dyn Fn(&Person) -> bool| {
        100.0 * people.iter().filter(|person| fits(person)).count() as f64 / people.len() as f64
    };
    assert!((25.0..48.0).contains(&share(&|p| years(p, today()) < 15)), "{}", share(&|p| years(p, today()) < 15));
    assert!((3.0..15.0).contains(&share(&|p| years(p, today()) >= 65)), "{}", share(&|p| years(p, today()) >= 65));
    assert!((46.0..55.0).contains(&share(&|p| p.sex == Sex::Female)), "{}", share(&|p| p.sex == Sex::Female));
    assert!(people.iter().all(|p| (0..=105).contains(&years(p, today()))));
    let homes: HashSet<&str> = people.iter().map(|p| p.household.as_str()).collect();
    let size = people.len() as f64 / homes.len() as f64;
    assert!((2.5..4.5).contains(&size), "{size}");
    let family_names: HashSet<&str> = people.iter().map(|p| p.family_name.as_str()).collect();
    assert!(family_names.len() > 500);
    // Every ten years of age from 0 to 80 has people in it.
    for decade in 0..9 {
        assert!(people.iter().any(|p| years(p, today()) / 10 == decade), "{decade}");
    }
}

fn check_household(members: &[Person], today: Date) {
    let by_id: HashMap<NationalId, &Person> = members.iter().map(|member| (member.national_id, member)).collect();
    let heads = members.iter().filter(|member| member.relation == Relation::Head).count();
    let spouses: Vec<_> = members.iter().filter(|member| member.relation == Relation::Spouse).collect();
    assert!(heads == 1 && spouses.len() <= 1, "{members:?}");
    for (at, member) in members.iter().enumerate() {
        let first = &members[0];
        assert_eq!(
            (&member.street, member.place, &member.postal_code),
            (&first.street, first.place, &first.postal_code)
        );
        assert!(!member.given_names.is_empty() && !member.family_name.is_empty());
        assert!(member.birth_date <= today);
        if member.relation == Relation::Spouse {
            assert_eq!(member.marital, Marital::Married);
            assert!(years(member, today) >= 17);
        }
        for (parent, sex) in [(member.mother, Sex::Female), (member.father, Sex::Male)] {
            let Some(parent) = parent else { continue };
            let parent = by_id[&parent];
            let place = members.iter().position(|m| m.national_id == parent.national_id).unwrap();
            assert!(place < at, "parents come first");
            assert_eq!(parent.sex, sex);
            let age_at_birth = member.birth_date.days_since(parent.birth_date) / 365;
            assert!(age_at_birth >= 16, "{parent:?} {member:?}");
            assert!(sex == Sex::Male || age_at_birth <= 46, "{parent:?} {member:?}");
        }
        if member.relation == Relation::Child {
            let parents: Vec<_> = [member.father, member.mother].into_iter().flatten().map(|id| by_id[&id]).collect();
            assert!(!parents.is_empty());
            // A name comes from a parent: the family's, or the first word of the father's given or family name.
            let own = member.family_name.split(' ').next().unwrap();
            let known = parents.iter().any(|p| p.family_name.starts_with(own) || p.given_names.starts_with(own));
            assert!(known || member.father.is_none(), "{member:?}");
            assert_eq!(member.marital, Marital::Single);
        }
    }
    let mut births: Vec<Date> =
        members.iter().filter(|m| m.relation == Relation::Child).map(|m| m.birth_date).collect();
    births.sort();
    assert!(births.windows(2).all(|two| two[1] == two[0] || two[1].days_since(two[0]) >= 280), "{births:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn households_hold_together(seed: u64, year in 1990_i16..2060) {
        let today = Date::new(year, 6, 15).unwrap();
        let mut homes: BTreeMap<String, Vec<Person>> = BTreeMap::new();
        for person in People::new(1_500, seed, today) {
            prop_assert_eq!(person.national_id.to_string().parse::<NationalId>(), Ok(person.national_id));
            homes.entry(person.household.clone()).or_default().push(person);
        }
        homes.pop_last(); // may be cut short by the count
        for members in homes.values() {
            check_household(members, today);
        }
    }

    #[test]
    fn a_larger_population_begins_with_the_smaller(seed: u64, count in 0_u64..400) {
        let small: Vec<_> = People::new(count, seed, today()).collect();
        prop_assert_eq!(small.len() as u64, count);
        let large: Vec<_> = People::new(count + 300, seed, today()).take(small.len()).collect();
        prop_assert_eq!(small, large);
    }
}
