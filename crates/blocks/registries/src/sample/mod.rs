//! A made-up population: persons with names, households, addresses and national ids, for workshops, tests and benchmarks.
//!
//! The generator is pure: the same seed and day give the same persons on every machine, and a larger count only adds
//! persons after those of a smaller one. It holds one household at a time, so five million persons need no more memory
//! than five. Nobody in it exists: places are invented, and telephone numbers use the country code +999, which the ITU
//! has assigned to nobody.

mod draw;
mod household;
mod names;
mod national_id;
mod person;
mod places;

use std::collections::VecDeque;

use stoa_core::Date;

pub use household::{Marital, Relation, Sex};
pub use national_id::NationalId;
pub use person::{COLUMNS, Person, REGISTER_CODE, REGISTER_NAME, schema};

/// The largest population: the space of ids is far larger, but what is tested ends here.
pub const PEOPLE_MAX: u64 = 5_000_000;

/// A population, one person after the other.
///
/// Members of a household follow each other, and parents come before their children: whoever is named as mother or
/// father has been there before.
///
/// ```
/// use stoa_core::Date;
/// use stoa_registries::sample::People;
///
/// let today = Date::new(2026, 11, 24).unwrap();
/// let first: Vec<_> = People::new(100, 7, today).collect();
/// assert_eq!(first.len(), 100);
/// assert!(People::new(1_000, 7, today).zip(&first).all(|(again, before)| again == *before));
/// ```
#[derive(Debug, Clone)]
pub struct People {
    remaining: u64,
    seed: u64,
    today: Date,
    household: u64,
    persons: u64,
    ready: VecDeque<Person>,
}

impl People {
    /// A population of `count` persons (at most [`PEOPLE_MAX`]) as it stands on the day `today`.
    pub fn new(count: u64, seed: u64, today: Date) -> Self {
        Self { remaining: count.min(PEOPLE_MAX), seed, today, household: 0, persons: 0, ready: VecDeque::new() }
    }
}

impl Iterator for People {
    type Item = Person;

    fn next(&mut self) -> Option<Person> {
        self.remaining = self.remaining.checked_sub(1)?;
        if self.ready.is_empty() {
            let members = household::members(self.seed, self.household, self.today);
            self.ready = person::persons(self.seed, self.household, self.persons, members);
            self.persons += self.ready.len() as u64;
            self.household += 1;
        }
        self.ready.pop_front()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.remaining).unwrap_or(usize::MAX);
        (left, Some(left))
    }
}

impl ExactSizeIterator for People {}
