//! Households: who lives together, how old they are, and who is whose child.

use stoa_core::Date;

use super::draw::Draw;
use super::names::{Passing, Tradition};

/// The sex entered in the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
}

/// How a person belongs to the household.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// The person after whom the household is kept.
    Head,
    /// Married to the head.
    Spouse,
    /// The head's child.
    Child,
    /// The head's mother or father.
    Parent,
}

/// The marital status entered in the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marital {
    /// Never married.
    Single,
    /// Married.
    Married,
    /// The marriage was ended.
    Divorced,
    /// The spouse died.
    Widowed,
}

/// One member; `mother` and `father` are places in the household's list, always earlier ones.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) relation: Relation,
    pub(super) sex: Sex,
    pub(super) marital: Marital,
    pub(super) given: String,
    pub(super) family: String,
    pub(super) born: Date,
    pub(super) age_days: i32,
    pub(super) mother: Option<usize>,
    pub(super) father: Option<usize>,
}

/// Who lives in a household.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Alone,
    Couple,
    Family,
    OneParent,
    ThreeGenerations,
}

const YEAR_DAYS: i32 = 365;
/// Nobody in the population is older, in years.
pub(super) const AGE_YEARS_MAX: i32 = 104;

/// Heads of households by the first year of a ten-year band of age: many young, few old.
const HEAD_AGES: &[(i32, u32)] = &[(20, 24), (30, 30), (40, 20), (50, 12), (60, 8), (70, 4), (80, 2)];

const fn shapes(head_years: i32) -> &'static [(Shape, u32)] {
    match head_years {
        ..30 => &[
            (Shape::Alone, 22),
            (Shape::Couple, 18),
            (Shape::Family, 45),
            (Shape::OneParent, 12),
            (Shape::ThreeGenerations, 3),
        ],
        30..55 => &[
            (Shape::Alone, 8),
            (Shape::Couple, 8),
            (Shape::Family, 56),
            (Shape::OneParent, 14),
            (Shape::ThreeGenerations, 14),
        ],
        _ => &[(Shape::Alone, 30), (Shape::Couple, 42), (Shape::Family, 20), (Shape::OneParent, 8)],
    }
}

/// The members of one household, parents before their children.
pub(super) fn members(seed: u64, number: u64, today: Date) -> Vec<Member> {
    let mut draw = Draw::new(seed, number);
    let tradition = Tradition::draw(&mut draw);
    let band = draw.weighted(HEAD_AGES).unwrap_or(30);
    let head_days = (band + draw.between(0, 9)) * YEAR_DAYS + draw.between(0, YEAR_DAYS - 1);
    let shape = draw.weighted(shapes(head_days / YEAR_DAYS)).unwrap_or(Shape::Alone);
    let mut home = Home { draw, tradition, today, members: Vec::with_capacity(8) };
    home.fill(shape, head_days);
    home.members
}

struct Home {
    draw: Draw,
    tradition: &'static Tradition,
    today: Date,
    members: Vec<Member>,
}

impl Home {
    fn fill(&mut self, shape: Shape, head_days: i32) {
        let with_spouse = matches!(shape, Shape::Couple | Shape::Family | Shape::ThreeGenerations);
        let women_in_hundred = if with_spouse {
            22
        } else if shape == Shape::OneParent {
            82
        } else {
            55
        };
        let head_sex = if self.draw.chance(women_in_hundred) { Sex::Female } else { Sex::Male };
        let (mother, father) =
            if shape == Shape::ThreeGenerations { self.grandparents(head_days) } else { (None, None) };
        let marital = if with_spouse { Marital::Married } else { self.alone(head_days) };
        let head = self.add(Relation::Head, head_sex, marital, head_days, mother, father);
        let spouse = with_spouse.then(|| self.spouse(head_sex, head_days, head));
        if matches!(shape, Shape::Family | Shape::OneParent | Shape::ThreeGenerations) {
            let (mother, father) = match head_sex {
                Sex::Female => (Some(head), spouse),
                Sex::Male => (spouse, Some(head)),
            };
            self.children(mother, father);
        }
    }

    /// One or both parents of the head.
    fn grandparents(&mut self, head_days: i32) -> (Option<usize>, Option<usize>) {
        let both = self.draw.chance(30);
        let mother_days = head_days + self.draw.between(18, 36) * YEAR_DAYS;
        let father_days = (mother_days + self.draw.between(-2, 8) * YEAR_DAYS).max(head_days + 18 * YEAR_DAYS);
        let marital = if both { Marital::Married } else { Marital::Widowed };
        let mother = (both || self.draw.chance(75))
            .then(|| self.add(Relation::Parent, Sex::Female, marital, mother_days, None, None));
        let father =
            (both || mother.is_none()).then(|| self.add(Relation::Parent, Sex::Male, marital, father_days, None, None));
        if both && self.tradition.passing == Passing::Family {
            self.share_name(mother, father);
        }
        (mother, father)
    }

    fn spouse(&mut self, head_sex: Sex, head_days: i32, head: usize) -> usize {
        let (sex, difference) = match head_sex {
            Sex::Male => (Sex::Female, self.draw.between(-8, 2)),
            Sex::Female => (Sex::Male, self.draw.between(-2, 8)),
        };
        let days = (head_days + difference * YEAR_DAYS + self.draw.between(-180, 180)).max(18 * YEAR_DAYS);
        let spouse = self.add(Relation::Spouse, sex, Marital::Married, days, None, None);
        if self.tradition.passing == Passing::Family {
            self.share_name(Some(spouse), Some(head));
        }
        spouse
    }

    /// The children who still live at home, the eldest first.
    fn children(&mut self, mother: Option<usize>, father: Option<usize>) {
        let age = |at: Option<usize>| at.and_then(|at| self.members.get(at)).map(|member| member.age_days);
        let (mother_days, father_days) = match (age(mother), age(father)) {
            (Some(mother), Some(father)) => (mother, father),
            (Some(mother), None) => (mother, i32::MAX),
            (None, Some(father)) => (father, father),
            (None, None) => return,
        };
        let wanted = self.draw.weighted(&[(1, 20), (2, 28), (3, 24), (4, 15), (5, 8), (6, 5)]).unwrap_or(2);
        // Days ago at which a birth was possible: the mother from 17, the father from 17 years of age.
        let from = mother_days.min(father_days) - 17 * YEAR_DAYS - self.draw.between(0, 11 * YEAR_DAYS);
        let until = (mother_days - 45 * YEAR_DAYS).max(0);
        let mut born_days_ago = from;
        for _ in 0..wanted {
            if born_days_ago < until || born_days_ago < 0 {
                break;
            }
            let years = born_days_ago / YEAR_DAYS;
            if years < 18 || (years < 30 && self.draw.chance(45)) {
                let sex = if self.draw.below(1000) < 488 { Sex::Female } else { Sex::Male };
                self.add(Relation::Child, sex, Marital::Single, born_days_ago, mother, father);
            }
            // Twins now and then.
            if !self.draw.chance(1) {
                born_days_ago -= self.draw.between(420, 1900);
            }
        }
    }

    fn alone(&mut self, days: i32) -> Marital {
        let widowed = if days > 60 * YEAR_DAYS { 60 } else { 6 };
        let divorced = if days > 28 * YEAR_DAYS { 20 } else { 4 };
        self.draw
            .weighted(&[
                (Marital::Widowed, widowed),
                (Marital::Divorced, divorced),
                (Marital::Single, 100 - widowed - divorced),
            ])
            .unwrap_or(Marital::Single)
    }

    fn add(
        &mut self,
        relation: Relation,
        sex: Sex,
        marital: Marital,
        age_days: i32,
        mother: Option<usize>,
        father: Option<usize>,
    ) -> usize {
        let age_days = age_days.clamp(0, AGE_YEARS_MAX * YEAR_DAYS);
        let given = self.tradition.given(&mut self.draw, sex);
        let name_of = |at: Option<usize>| {
            at.and_then(|at| self.members.get(at)).map(|member| (member.given.as_str(), member.family.as_str()))
        };
        let family = match relation {
            Relation::Child | Relation::Head => {
                self.tradition.inherited(name_of(father), name_of(mother), &mut self.draw)
            }
            Relation::Spouse | Relation::Parent => self.tradition.ancestral(&mut self.draw),
        };
        // A year of the calendar is a little longer than 365 days.
        let days = age_days + age_days / (4 * YEAR_DAYS);
        let born = self.today.plus_days(-days);
        self.members.push(Member { relation, sex, marital, given, family, born, age_days, mother, father });
        self.members.len() - 1
    }

    /// Where a family has one name, the first takes that of the second.
    fn share_name(&mut self, takes: Option<usize>, gives: Option<usize>) {
        let name = gives.and_then(|at| self.members.get(at)).map(|member| member.family.clone());
        if let (Some(name), Some(member)) = (name, takes.and_then(|at| self.members.get_mut(at))) {
            member.family = name;
        }
    }
}
