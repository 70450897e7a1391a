//! What to look up for each radius, worked out once for all queries.

use super::radii::{self, Costs, Plan, Probe};
use super::slots::{Directory, Slot};
use std::ops::Range;
use std::sync::OnceLock;

/// Radii with plans of their own: at 256 every code is a match.
const RADII: usize = 257;

/// A directory with the plan of each radius that was asked for. Whoever holds the tables keeps
/// one and shares it between queries and threads.
pub struct Plans {
    directory: Directory,
    costs: Costs,
    by_radius: Box<[OnceLock<Option<Probes>>]>,
}

impl std::fmt::Debug for Plans {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plans").field("directory", &self.directory).finish_non_exhaustive()
    }
}

impl Plans {
    /// With the measured costs for this many codes.
    #[must_use]
    pub fn new(directory: Directory) -> Self {
        let costs = Costs::measured(directory.count());
        Self::with_costs(directory, costs)
    }

    /// With given costs, which decide how tables are searched and never what is found.
    #[must_use]
    pub fn with_costs(directory: Directory, costs: Costs) -> Self {
        let by_radius = (0..RADII).map(|_| OnceLock::new()).collect();
        Self { directory, costs, by_radius }
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    pub(super) fn costs(&self) -> &Costs {
        &self.costs
    }

    /// The values to look up; none where a scan is expected to be faster.
    pub(super) fn for_radius(&self, radius: u16) -> Option<&Probes> {
        let made = self.by_radius[usize::from(radius).min(RADII - 1)].get_or_init(|| {
            let cut: Vec<Slot> = self.directory.cut().collect();
            let plan = Plan::with_costs(&cut, self.directory.count(), radius, &self.costs)?;
            Some(Probes::new(&plan, &cut, self.directory.count()))
        });
        made.as_ref()
    }
}

/// One radius' plan with the values to look up in each slot.
pub(super) struct Probes {
    pub(super) cost: f64,
    pub(super) flips: Vec<Option<u8>>,
    lists: Vec<List>,
    /// For each slot its list.
    list_of: Vec<usize>,
}

/// What to look up in slots of one kind.
#[derive(Default)]
pub(super) struct List {
    /// The probes, those of a part together.
    pub(super) probes: Vec<Probe>,
    /// The highest bits of a block's number say in which part of the table it lies; so many.
    pub(super) part_bits: u8,
    /// What to flip in the number of the part, and the probes that do.
    pub(super) parts: Vec<(u32, Range<u32>)>,
}

/// Bytes of blocks and ids that a part of a slot's table should have: what the address translation
/// covers and a large cache holds.
const PART: u64 = 3 << 20;

impl List {
    fn new(slot: Slot, flips: u8, count: u32) -> Self {
        let bytes = (32 << (slot.width - slot.block)) + 4 * u64::from(count);
        let wanted = bytes.div_ceil(PART).next_power_of_two().ilog2() as u8;
        let part_bits = wanted.min(6).min(slot.width - slot.block);
        let below = slot.width - slot.block - part_bits;
        let part = |probe: &Probe| probe.flipped() >> below;
        let mut probes = radii::probes(slot, flips);
        probes.sort_by_key(part);
        let mut parts = Vec::new();
        let mut end = 0;
        for same in probes.chunk_by(|a, b| part(a) == part(b)) {
            let start = end;
            end += same.len() as u32;
            parts.push((part(&same[0]), start..end));
        }
        Self { probes, part_bits, parts }
    }
}

impl Probes {
    fn new(plan: &Plan, cut: &[Slot], count: u32) -> Self {
        let mut kinds = Vec::new();
        let (mut lists, mut list_of) = (Vec::new(), Vec::new());
        for (slot, flips) in cut.iter().zip(plan.flips()) {
            let kind = flips.map(|flips| (slot.width, slot.block, flips));
            let list = kinds.iter().position(|known| *known == kind).unwrap_or_else(|| {
                kinds.push(kind);
                lists
                    .push(flips.map_or_else(List::default, |flips| List::new(*slot, flips, count)));
                kinds.len() - 1
            });
            list_of.push(list);
        }
        Self { cost: plan.cost(), flips: plan.flips().to_vec(), lists, list_of }
    }

    /// What to look up in a slot, relative to the query's value.
    pub(super) fn of(&self, slot: usize) -> &List {
        &self.lists[self.list_of[slot]]
    }

    pub(super) fn slots(&self) -> usize {
        self.list_of.len()
    }
}
