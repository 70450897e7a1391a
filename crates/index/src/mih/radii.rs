//! How many flips each slot may have, so that the search is exact and expected to be cheapest.

use super::slots::{Directory, Slot};
use std::ops::Range;

/// Flips above which a slot has so many values within reach that a scan is faster.
const MAX_FLIPS: u32 = 6;

/// What the steps of a search cost, in nanoseconds. Only their ratios matter: they decide which
/// flips to spend where, and when to scan instead; the matches are the same. [`crate::plan`] says
/// where they are from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Costs {
    /// What every query costs.
    pub query: f64,
    /// What every slot costs that is looked at: its fetches wait for one another.
    pub slot: f64,
    /// Fetching a block's record.
    pub block: f64,
    /// Reading one value's ends in a record that has been fetched.
    pub value: f64,
    /// Fetching the ids of a value that has some.
    pub ids: f64,
    /// Fetching and comparing one candidate.
    pub candidate: f64,
    /// Comparing one code in a scan of the prefix column.
    pub scan: f64,
}

impl Costs {
    /// The costs for a table of this many codes. They rise with the size because more of the
    /// fetches miss the caches and the address translation.
    #[must_use]
    pub fn measured(count: u32) -> Self {
        let doublings = (f64::from(count.max(1)) / 100_000.0).log2();
        let fetch = (5.5 + 1.9 * doublings).clamp(2.7, 20.0);
        Self {
            query: 350.0,
            slot: 85.0 + 14.0 * fetch,
            block: fetch,
            value: 4.5,
            ids: fetch,
            candidate: fetch + 3.6,
            scan: if count < 300_000 { 0.2 } else { 0.6 },
        }
    }
}

/// The flips of each slot for one radius.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    flips: Vec<Option<u8>>,
    cost: f64,
}

impl Plan {
    /// The cheapest plan for random codes; none when it would need more than 6 flips in a slot or
    /// cost more than a scan.
    ///
    /// Spends the r + 1 units of Σ(τᵢ + 1) one by one, each where it adds least. The costs of a
    /// slot grow faster than linearly in its flips, so that is the best plan there is.
    #[must_use]
    pub fn new(directory: &Directory, radius: u16) -> Option<Self> {
        let cut: Vec<Slot> = directory.cut().collect();
        Self::with_costs(&cut, directory.count(), radius, &Costs::measured(directory.count()))
    }

    /// The cheapest plan for given costs; none as for [`Plan::new`].
    #[must_use]
    pub fn with_costs(cut: &[Slot], count: u32, radius: u16, costs: &Costs) -> Option<Self> {
        let limit = f64::from(count) * costs.scan;
        let next = |slot: &Slot, units: u32| {
            if units > MAX_FLIPS { f64::INFINITY } else { shell_cost(*slot, count, units, costs) }
        };
        let mut units = vec![0u32; cut.len()];
        let mut prices: Vec<f64> = cut.iter().map(|slot| next(slot, 0)).collect();
        let mut cost = costs.query;
        for _ in 0..=radius {
            let cheapest = (0..cut.len()).min_by(|a, b| prices[*a].total_cmp(&prices[*b]))?;
            cost += prices[cheapest];
            if cost > limit {
                return None;
            }
            units[cheapest] += 1;
            prices[cheapest] = next(&cut[cheapest], units[cheapest]);
        }
        let flips = units.iter().map(|units| units.checked_sub(1).map(|flips| flips as u8));
        Some(Self { flips: flips.collect(), cost })
    }

    /// Flips allowed in each slot; none where the slot is not looked at.
    #[must_use]
    pub fn flips(&self) -> &[Option<u8>] {
        &self.flips
    }

    /// Expected time per query, in nanoseconds.
    #[must_use]
    pub fn cost(&self) -> f64 {
        self.cost
    }
}

/// What the values at exactly `flips` flips add to the cost of a slot.
fn shell_cost(slot: Slot, count: u32, flips: u32, costs: &Costs) -> f64 {
    let values = choose(u32::from(slot.width), flips);
    let blocks = choose(u32::from(slot.width - slot.block), flips);
    let load = f64::from(count) / f64::from(1u32 << slot.width);
    let occupied = 1.0 - (-load).exp();
    let first = if flips == 0 { costs.slot } else { 0.0 };
    first
        + blocks * costs.block
        + values * (costs.value + occupied * costs.ids + load * costs.candidate)
}

fn choose(n: u32, k: u32) -> f64 {
    (0..k).map(|i| f64::from(n.saturating_sub(i)) / f64::from(i + 1)).product()
}

/// Values to look up in a slot: those of one block near the one that the target's value is in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Probe(u32);

impl Probe {
    /// What to flip in the number of the target's block.
    #[inline(always)]
    pub(super) fn flipped(self) -> u32 {
        self.0 & 0xff_ffff
    }

    /// How many flips that leaves for the values within the block.
    #[inline(always)]
    pub(super) fn left(self) -> usize {
        (self.0 >> 24) as usize
    }
}

/// The values to look up in a slot of given flips.
pub(super) fn probes(slot: Slot, flips: u8) -> Vec<Probe> {
    let bits = u32::from(slot.width - slot.block);
    let mut probes = Vec::new();
    for left in (0..=u32::from(flips)).rev() {
        let ones = u32::from(flips) - left;
        if ones > bits {
            break;
        }
        // Ascending numbers with as many ones (Gosper's trick).
        let mut mask = (1u32 << ones) - 1;
        while mask < 1 << bits {
            probes.push(Probe(mask | left << 24));
            if mask == 0 {
                break;
            }
            let lowest = mask & mask.wrapping_neg();
            let carried = mask + lowest;
            mask = (carried ^ mask) >> 2 >> lowest.trailing_zeros() | carried;
        }
    }
    probes
}

/// Cuts a range of probes into runs short enough that the stages of a search alternate quickly:
/// while one fetches another computes.
pub(super) fn runs(probes: Range<u32>) -> impl Iterator<Item = Range<u32>> {
    const RUN: u32 = 24;
    let Range { start, end } = probes;
    (start..end).step_by(RUN as usize).map(move |start| start..end.min(start + RUN))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mih::block::Layout;

    #[test]
    fn plans_satisfy_the_pigeonhole() {
        for count in [200_000, 1_000_000, 10_000_000, 100_000_000] {
            let directory = Directory::for_count(count);
            for radius in 0..=31 {
                let plan = Plan::new(&directory, radius).expect("cheaper than a scan");
                let units: u32 =
                    plan.flips().iter().flatten().map(|flips| u32::from(*flips) + 1).sum();
                assert_eq!(units, u32::from(radius) + 1);
            }
            assert_eq!(Plan::new(&directory, 200), None);
        }
    }

    #[test]
    fn probes_are_all_values_within_the_flips() {
        for block in [4, 5] {
            for width in 5..=12 {
                for flips in 0..=6 {
                    let slot = Slot { first: 0, width, block };
                    let mut reached: Vec<u32> = Vec::new();
                    for probe in probes(slot, flips) {
                        let low = Layout::of(block).within(probe.left());
                        let high = probe.flipped() << block;
                        reached.extend(low.iter().map(|low| high | u32::from(*low)));
                    }
                    reached.sort_unstable();
                    let all = (0u32..1 << width).filter(|n| n.count_ones() <= u32::from(flips));
                    assert!(reached.into_iter().eq(all), "{width} bits, {flips} flips");
                }
            }
        }
    }

    #[test]
    fn runs_cover_the_probes() {
        for end in [5, 6, 28, 29, 30, 1000] {
            assert!(runs(5..end).flatten().eq(5..end));
        }
    }
}
