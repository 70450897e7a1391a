//! How near unrelated pictures come by chance: what was counted, and the curve through it.

use crate::radii::MEASURED_TO;
use hashward_media::Variant;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The rate at which an innocent picture comes within a distance of a listed one: a straight line
/// in the logarithm.
///
/// Rates fall faster than such a line towards small distances, so a line laid through distances
/// that were counted errs on the high side below them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tail {
    /// A distance.
    pub at: u16,
    /// Decimal logarithm of the rate per pair of pictures within it.
    pub log10: f64,
    /// By how much the logarithm grows with each bit.
    pub per_bit: f64,
}

impl Tail {
    /// No chance at all, for hashes that are never matched.
    pub const NONE: Self = Self { at: 0, log10: f64::NEG_INFINITY, per_bit: 0.0 };

    /// Rate per pair of pictures within a distance, at most 1.
    #[must_use]
    pub fn within(&self, distance: u16) -> f64 {
        let bits = f64::from(distance) - f64::from(self.at);
        10_f64.powf(self.log10 + self.per_bit * bits).min(1.0)
    }
}

/// Pairs of an innocent picture and a listed hash, by the distance at which the picture's nearest
/// hash of each kind lies.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Pairs {
    /// Innocent pictures that had a hash of sufficient quality.
    pub pictures: u64,
    /// Listed hashes that each was compared with.
    pub listed: u64,
    /// Pairs at each distance from 0 to [`MEASURED_TO`]; all that hashes the whole picture counts as
    /// [`Variant::Full`].
    pub at_distance: BTreeMap<Variant, Vec<u64>>,
}

impl Pairs {
    /// The kinds of hash that are counted apart.
    pub const KINDS: [Variant; 6] = [
        Variant::Full,
        Variant::Inverted,
        Variant::Trimmed,
        Variant::Inside,
        Variant::Uncropped,
        Variant::Straightened,
    ];

    /// Under which kind a variant is counted; `None` for proposals, which never match.
    #[must_use]
    pub const fn kind(variant: Variant) -> Option<Variant> {
        match variant {
            _ if variant.margins().is_some() => None,
            _ if variant.is_whole() => Some(Variant::Full),
            guess => Some(guess),
        }
    }

    /// Notes that the nearest hash of a kind lies at a distance.
    pub fn note(&mut self, kind: Variant, distance: u16) {
        let none = || vec![0; usize::from(MEASURED_TO) + 1];
        let counts = self.at_distance.entry(kind).or_insert_with(none);
        if let Some(count) = counts.get_mut(usize::from(distance)) {
            *count += 1;
        }
    }

    /// Adds what was counted elsewhere against the same lists.
    pub fn add(&mut self, other: &Self) {
        self.pictures += other.pictures;
        self.listed = self.listed.max(other.listed);
        for (kind, counts) in &other.at_distance {
            let none = || vec![0; counts.len()];
            let own = self.at_distance.entry(*kind).or_insert_with(none);
            own.iter_mut().zip(counts).for_each(|(own, count)| *own += count);
        }
    }

    /// Pairs of pictures that were compared.
    #[must_use]
    pub const fn compared(&self) -> u64 {
        self.pictures * self.listed
    }

    /// Pairs whose nearest hash of a kind lies within a distance.
    #[must_use]
    pub fn within(&self, kind: Variant, distance: u16) -> u64 {
        let counts = self.at_distance.get(&kind).map_or(&[][..], Vec::as_slice);
        counts.iter().take(usize::from(distance) + 1).sum()
    }
}

/// Two significant digits: more would only pretend to be known, and differ between machines.
#[must_use]
pub(crate) fn rounded(value: f64) -> f64 {
    format!("{value:.1e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_is_a_line_in_the_logarithm() {
        let tail = Tail { at: 40, log10: -8.0, per_bit: 0.1 };
        assert!((tail.within(40) - 1e-8).abs() < 1e-12);
        assert!((tail.within(50) - 1e-7).abs() < 1e-11);
        assert!((tail.within(30) - 1e-9).abs() < 1e-13);
        assert_eq!(tail.within(200), 1.0);
        assert_eq!(Tail::NONE.within(256), 0.0);
        assert_eq!((rounded(1.2345e-7), rounded(0.0)), (1.2e-7, 0.0));
    }

    #[test]
    fn pairs_are_counted_by_kind() {
        let mut pairs = Pairs { pictures: 2, listed: 5, ..Pairs::default() };
        for distance in [0, 7, 7, MEASURED_TO, MEASURED_TO + 1] {
            pairs.note(Variant::Inside, distance);
        }
        let sum = {
            let mut sum = pairs.clone();
            sum.add(&pairs);
            sum
        };
        assert_eq!((pairs.within(Variant::Inside, 7), sum.within(Variant::Inside, 7)), (3, 6));
        assert_eq!((pairs.within(Variant::Full, 256), sum.compared()), (0, 20));
        assert_eq!(Pairs::kind(Variant::Square512), Some(Variant::Full));
        assert_eq!(Pairs::kind(Variant::FastSquare512), None);
    }
}
