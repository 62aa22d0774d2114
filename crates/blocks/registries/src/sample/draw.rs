//! Draws that a seed decides: `SplitMix64` (Steele, Lea, Flood 2014), small, fast and the same everywhere.

/// The draws of one household: independent of those of every other household.
#[derive(Debug, Clone)]
pub(super) struct Draw(u64);

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// A bijection that scatters neighbouring numbers.
pub(super) const fn scatter(number: u64) -> u64 {
    let mut z = number.wrapping_add(GOLDEN);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Draw {
    pub(super) const fn new(seed: u64, stream: u64) -> Self {
        Self(scatter(seed ^ scatter(stream)))
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        scatter(self.0)
    }

    /// A number of `0..bound`; 0 when the bound is 0.
    pub(super) const fn below(&mut self, bound: u32) -> u32 {
        // The high half of a product of two 32-bit numbers is below the bound.
        (((self.next() >> 32) * bound as u64) >> 32) as u32
    }

    /// A number of `low..=high`.
    pub(super) const fn between(&mut self, low: i32, high: i32) -> i32 {
        low + self.below(high.abs_diff(low).saturating_add(1)).cast_signed()
    }

    /// Whether something happens that happens this often in a hundred times.
    pub(super) const fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of the words.
    pub(super) fn pick(&mut self, words: &[&'static str]) -> &'static str {
        let at = self.below(u32::try_from(words.len()).unwrap_or(u32::MAX));
        words.get(at as usize).copied().unwrap_or_default()
    }

    /// One of the things, as often as its weight says; `None` only when there is none.
    pub(super) fn weighted<T: Copy>(&mut self, things: &[(T, u32)]) -> Option<T> {
        let mut left = self.below(things.iter().map(|(_, weight)| weight).sum());
        for &(thing, weight) in things {
            if left < weight {
                return Some(thing);
            }
            left -= weight;
        }
        things.first().map(|&(thing, _)| thing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_stay_in_their_bounds_and_reach_them() {
        let mut draw = Draw::new(1, 2);
        let drawn: Vec<i32> = (0..2000).map(|_| draw.between(-3, 3)).collect();
        assert!((-3..=3).all(|value| drawn.iter().filter(|&&d| d == value).count() > 200));
        assert!(drawn.iter().all(|d| (-3..=3).contains(d)));
        assert_eq!(Draw::new(1, 2).below(0), 0);
        assert_eq!(Draw::new(1, 2).weighted(&[("never", 0), ("always", 5)]), Some("always"));
        assert_eq!(Draw::new(1, 2).weighted::<u8>(&[]), None);
    }
}
