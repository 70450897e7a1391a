//! A set of queries, prepared once for all the tables that it will be searched in.

use crate::permutation::permute;

/// One query code and how far from it a match may be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The code, in store order.
    pub code: [u8; 32],
    /// Largest distance of a match, in bits.
    pub radius: u16,
}

/// A target with what the indexes need of it.
#[derive(Clone, Copy)]
pub(crate) struct Prepared {
    pub(crate) code: [u8; 32],
    pub(crate) radius: u16,
    /// The code's permuted bits; the first 128 are its prefix.
    pub(crate) permuted: [u64; 4],
    /// Where the numbers of the targets that are this one begin in [`TargetSet::numbers`].
    first: u32,
    /// How many they are.
    count: u32,
}

/// Targets by ascending radius, equal ones once, their bits permuted.
pub struct TargetSet {
    prepared: Vec<Prepared>,
    numbers: Vec<u32>,
}

impl TargetSet {
    /// Prepares targets; a match gives the position among them.
    ///
    /// # Panics
    /// When there are more than `u32::MAX`.
    #[must_use]
    pub fn new(targets: &[Target]) -> Self {
        let count = u32::try_from(targets.len()).expect("a set has at most u32::MAX targets");
        let mut numbers: Vec<u32> = (0..count).collect();
        let target = |number: &u32| &targets[*number as usize];
        let key = |number: &u32| (target(number).radius, target(number).code);
        numbers.sort_by_key(key);
        let mut prepared: Vec<Prepared> = Vec::with_capacity(targets.len());
        for (place, number) in (0u32..).zip(&numbers) {
            let &Target { code, radius } = target(number);
            match prepared.last_mut() {
                Some(last) if (last.radius, last.code) == (radius, code) => last.count += 1,
                _ => {
                    let permuted = permute(&code);
                    prepared.push(Prepared { code, radius, permuted, first: place, count: 1 });
                }
            }
        }
        Self { prepared, numbers }
    }

    /// The distinct targets by ascending radius.
    pub(crate) fn prepared(&self) -> &[Prepared] {
        &self.prepared
    }

    /// The positions, among the targets that were given, of those that one prepared target is.
    pub(crate) fn numbers(&self, prepared: &Prepared) -> &[u32] {
        &self.numbers[prepared.first as usize..][..prepared.count as usize]
    }
}

impl Prepared {
    /// The code's entry in a prefix column.
    pub(crate) fn prefix(&self) -> [u8; 16] {
        crate::prefix::of_permuted(&self.permuted)
    }
}
