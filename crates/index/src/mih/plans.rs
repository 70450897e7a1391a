//! What to look up for each radius, worked out once for all queries.

use super::radii::{self, Costs, Plan};
use super::slots::{Directory, Slot};
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
            Some(Probes::new(&plan, &cut))
        });
        made.as_ref()
    }
}

/// One radius' plan with the values to look up in each slot.
pub(super) struct Probes {
    pub(super) cost: f64,
    pub(super) flips: Vec<Option<u8>>,
    lists: Vec<Vec<u32>>,
    /// For each slot its list.
    list_of: Vec<usize>,
}

impl Probes {
    fn new(plan: &Plan, cut: &[Slot]) -> Self {
        let mut kinds = Vec::new();
        let (mut lists, mut list_of) = (Vec::new(), Vec::new());
        for (slot, flips) in cut.iter().zip(plan.flips()) {
            let kind = flips.map(|flips| (slot.width, slot.block, flips));
            let list = kinds.iter().position(|known| *known == kind).unwrap_or_else(|| {
                kinds.push(kind);
                lists.push(flips.map_or(Vec::new(), |flips| radii::probes(*slot, flips)));
                kinds.len() - 1
            });
            list_of.push(list);
        }
        Self { cost: plan.cost(), flips: plan.flips().to_vec(), lists, list_of }
    }

    /// What to look up in a slot, relative to the query's value.
    pub(super) fn of(&self, slot: usize) -> &[u32] {
        &self.lists[self.list_of[slot]]
    }

    pub(super) fn slots(&self) -> usize {
        self.list_of.len()
    }
}
