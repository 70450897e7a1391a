//! From counts to rates, curves and radii.

use crate::interval::upper_bound;
use hashward_engine::chance::{Pairs, Tail};
use hashward_engine::radii::{ALLOWED, MEASURED_TO, Radii, VariantRadii};
use hashward_hash::Distance;
use hashward_media::Variant;
use serde::Serialize;

/// Listed pictures for which rates per query are stated.
pub const LISTED: f64 = 1e6;
/// So many pairs make a rate that is counted; with fewer it is read off the fitted curve.
const ENOUGH: u64 = 10;
/// Distances over which the curve is laid.
const SPAN: u16 = 10;

/// A rate of false matches.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rate {
    /// Pairs that were seen this near.
    pub counted: u64,
    /// Rate per pair of pictures.
    pub per_pair: f64,
    /// Upper end of the one-sided 95 % interval, from the count alone.
    pub bound_per_pair: f64,
    /// True where too few pairs were counted, so that `per_pair` comes from the curve.
    pub extrapolated: bool,
}

impl Rate {
    /// The value for people, per query against [`LISTED`] pictures; `None` where so little was
    /// counted that there is no curve either, and only the bound is known.
    #[must_use]
    pub fn per_query(&self) -> Option<f64> {
        let known = !self.extrapolated || self.per_pair < self.bound_per_pair;
        known.then_some(self.per_pair * LISTED)
    }
}

/// The value and its bound in a cell: a tilde marks what was read off the curve.
impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bound = self.bound_per_pair * LISTED;
        match self.per_query() {
            Some(own) => {
                let mark = if self.extrapolated { "~" } else { "" };
                f.pad(&format!("{mark}{own:.0e} (≤ {bound:.0e})"))
            }
            None => f.pad(&format!("≤ {bound:.0e}")),
        }
    }
}

/// Rate of pairs whose nearest hash of a kind lies within a distance. Pairs share pictures, so the
/// true interval is wider where single pictures make many matches.
#[must_use]
pub fn rate(pairs: &Pairs, kind: Variant, distance: u16) -> Rate {
    let all = pairs.compared().max(1) as f64;
    let counted = pairs.within(kind, distance);
    let bound_per_pair = upper_bound(counted) / all;
    let extrapolated = counted < ENOUGH;
    let per_pair = match tail(pairs, kind) {
        _ if !extrapolated => counted as f64 / all,
        Some(tail) => tail.within(distance).min(bound_per_pair),
        None => bound_per_pair,
    };
    Rate { counted, per_pair, bound_per_pair, extrapolated }
}

/// The curve through the smallest distances that were counted often enough: a straight line in the
/// logarithm, raised until no count of its span lies above it. `None` where too little was counted.
#[must_use]
pub fn tail(pairs: &Pairs, kind: Variant) -> Option<Tail> {
    let all = pairs.compared() as f64;
    let at = (0..=MEASURED_TO - SPAN).find(|d| pairs.within(kind, *d) >= ENOUGH)?;
    let log = |distance: u16| (pairs.within(kind, distance) as f64 / all).log10();
    let per_bit = (log(at + SPAN) - log(at)) / f64::from(SPAN);
    let raised = |d: u16| log(d) - per_bit * f64::from(d - at);
    let log10 = (at..=at + SPAN).map(raised).fold(f64::MIN, f64::max);
    Some(Tail { at, log10, per_bit })
}

/// How the false matches that are allowed are shared out among [`Pairs::KINDS`], for `variant` and
/// for `review`. Whole pictures are never `variant`.
const SHARES: [[f64; 6]; 2] = [
    [0.0, 0.2, 0.2, 0.2, 0.2, 0.2],
    [1.0 / 6.0, 1.0 / 6.0, 1.0 / 6.0, 1.0 / 6.0, 1.0 / 6.0, 1.0 / 6.0],
];

/// The widest radii with which a whole query keeps within [`ALLOWED`] against a million listed
/// pictures. The radius for whole pictures stays the reference's unless it is too wide; no radius is
/// wider than `most`. Kinds of which nothing is known keep those of `start`.
#[must_use]
pub fn propose(pairs: &Pairs, start: Radii, most: u16) -> Radii {
    let mut radii = start;
    for (number, kind) in Pairs::KINDS.into_iter().enumerate() {
        let Some(chance) = tail(pairs, kind) else { continue };
        let widest = |per_query: f64| {
            let fits = |d: &u16| rate(pairs, kind, *d).per_pair * LISTED <= per_query;
            (0..=most).take_while(fits).last().unwrap_or(0)
        };
        let matched = match kind {
            Variant::Full => widest(ALLOWED[0]).min(start.of(kind).matched.0),
            _ => widest(ALLOWED[1] * SHARES[0][number]),
        };
        let review = widest(ALLOWED[2] * SHARES[1][number]).max(matched);
        let (matched, review) = (Distance(matched), Distance(review));
        radii = radii.with(kind, VariantRadii { matched, review, chance });
    }
    radii
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts as of hashes whose rate grows by a tenth of a decade with each bit.
    fn pairs() -> Pairs {
        let mut pairs = Pairs { pictures: 1000, listed: 1_000_000, ..Pairs::default() };
        for kind in Pairs::KINDS {
            let within = |d: u16| 1e9 * 10_f64.powf(-9.0 + 0.1 * (f64::from(d) - 30.0));
            let counts = (0..=MEASURED_TO).map(|d| {
                let before = if d == 0 { 0 } else { within(d - 1) as u64 };
                within(d) as u64 - before
            });
            pairs.at_distance.insert(kind, counts.collect());
        }
        pairs
    }

    #[test]
    fn counted_rates_are_counts_and_others_follow_the_curve() {
        let pairs = pairs();
        let near = rate(&pairs, Variant::Inside, 50);
        assert!(!near.extrapolated && (near.per_pair - 1e-7).abs() < 2e-9);
        let far = rate(&pairs, Variant::Inside, 10);
        assert!(far.extrapolated && far.counted == 0, "{far:?}");
        assert!((far.per_pair / 1e-11 - 1.0).abs() < 0.2, "{far:?}");
        assert!((far.bound_per_pair - 2.9957e-9).abs() < 1e-12);
        assert_eq!(tail(&Pairs::default(), Variant::Full), None);
    }

    #[test]
    fn proposed_radii_are_the_widest_that_are_allowed() {
        let pairs = pairs();
        let radii = propose(&pairs, Radii::CALIBRATED, 60);
        let widest = |kind, radius: Distance, allowed: f64| {
            let at = |radius| rate(&pairs, kind, radius).per_pair * LISTED;
            assert!(at(radius.0) <= allowed && at(radius.0 + 1) > allowed, "{kind:?} {radius:?}");
        };
        widest(Variant::Full, radii.of(Variant::Full).matched, ALLOWED[0]);
        assert_eq!(radii.of(Variant::Square512), radii.of(Variant::Full));
        for kind in Pairs::KINDS {
            widest(kind, radii.of(kind).review, ALLOWED[2] / 6.0);
            if !kind.is_whole() {
                widest(kind, radii.of(kind).matched, ALLOWED[1] / 5.0);
            }
        }
        assert_eq!(propose(&pairs, Radii::CALIBRATED, 20).of(Variant::Inside).review, Distance(20));
    }
}
