//! Targets near one another, found by one search around one of them.
//!
//! A scan asks for many guesses of one picture at wide radii, where indexes pay little, and guesses
//! of a kind differ in few bits. What is within r of a target that lies δ from another one is within
//! r + δ of that one (the triangle inequality). So one pass over the codes around a **leader**
//! proposes for all targets near it, and what it proposes is compared with each of them. Of
//! unrelated codes hardly any is proposed: of random ones, one in 600 within [`REACH`].
//!
//! Passes compare blocks of codes that were turned word by word (`kernels::columns`), which takes the
//! same time at every radius; where that is faster, a target without kin is its own leader.

use crate::Method;
use crate::plan::{self, Available};
use crate::targets::Prepared;
use hashward_kernels::columns::{CODES, Columns, PAYS};
use hashward_kernels::hamming::{Near, distance256};
use hashward_kernels::prefetch::prefetch;
use std::borrow::Cow;
use std::ops::Range;

/// Largest radius of a pass: beyond, more and more unrelated codes are proposed.
const REACH: u16 = 104;

/// Targets among which kin is looked for at a time.
const WINDOW: usize = 256;

/// A target that costs less than this part of a pass without it is left alone: it would take more
/// than four like it to be worth one.
const WORTH: f64 = 0.25;

/// Nanoseconds that it takes to look whether two targets are near each other.
const LOOK: f64 = 10.0;

/// Looking for kin may take this part of the time that the targets take without it.
const LOOKING: f64 = 0.1;

/// Targets by how they are searched.
pub(crate) struct Kin<'t> {
    passes: Vec<Pass>,
    members: Vec<Member>,
    /// Those that another method finds sooner, by ascending radius.
    pub(crate) alone: Cow<'t, [Prepared]>,
}

/// One pass over the codes.
struct Pass {
    leader: [u8; 32],
    /// The largest distance from the leader at which a member may have a match.
    reach: u16,
    /// Whom it is made for, as positions in the members.
    members: Range<usize>,
}

struct Member {
    target: Prepared,
    /// Its distance from the leader.
    apart: u16,
}

impl<'t> Kin<'t> {
    /// Leaves every target alone.
    pub(crate) fn none(targets: &'t [Prepared]) -> Self {
        Self { passes: Vec::new(), members: Vec::new(), alone: Cow::Borrowed(targets) }
    }

    /// Gathers the targets for which passes over a table with these indexes are expected to be
    /// faster than the fastest other method.
    pub(crate) fn of(available: Available<'_>, targets: &'t [Prepared]) -> Self {
        let mut kin = Self::none(targets);
        if targets.len() < PAYS {
            return kin;
        }
        let pass = plan::pass(available, targets.len());
        let mut costly: Vec<(Prepared, f64)> = Vec::new();
        for same in targets.chunk_by(|a, b| a.radius == b.radius) {
            let cost = plan::expected(available, Method::Auto, same[0].radius, same.len());
            if cost >= WORTH * pass && same[0].radius <= REACH {
                costly.extend(same.iter().map(|target| (*target, cost)));
            }
        }
        let looks = costly.len() as f64 * costly.len().min(WINDOW) as f64;
        if looks * LOOK > LOOKING * costly.iter().map(|(_, cost)| cost).sum::<f64>() {
            return kin;
        }
        let (mut gathered, mut saved) = (Vec::new(), 0.0);
        for window in costly.chunks(WINDOW) {
            saved += kin.gather(window, pass, &mut gathered);
        }
        // Few passes share what turning the blocks costs.
        let passes = kin.passes.len();
        if saved <= passes as f64 * plan::pass(available, passes) {
            return Self::none(targets);
        }
        gathered.sort_unstable();
        let is_alone =
            |target: &&Prepared| gathered.binary_search(&(target.radius, target.code)).is_err();
        kin.alone = targets.iter().filter(is_alone).copied().collect();
        kin
    }

    /// Takes the leader whose kin costs most, again and again, as long as that is more than a pass;
    /// gives what all that were gathered would have cost.
    fn gather(
        &mut self,
        window: &[(Prepared, f64)],
        pass: f64,
        gathered: &mut Vec<(u16, [u8; 32])>,
    ) -> f64 {
        let apart = |a: &Prepared, b: &Prepared| distance256(&a.code, &b.code);
        let mut near: Vec<Vec<u16>> = Vec::with_capacity(window.len());
        for (leader, _) in window {
            let members = (0..window.len()).filter(|&member| {
                let member = &window[member].0;
                apart(leader, member) + member.radius <= REACH
            });
            near.push(members.map(|member| member as u16).collect());
        }
        let (mut is_free, mut saved) = (vec![true; window.len()], 0.0);
        loop {
            let worth = |leader: &usize| -> f64 {
                let free = near[*leader].iter().filter(|member| is_free[usize::from(**member)]);
                free.map(|member| window[usize::from(*member)].1).sum()
            };
            let leaders = (0..window.len()).filter(|leader| is_free[*leader]);
            let best = leaders
                .map(|leader| (worth(&leader), leader))
                .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
            let Some((worth, leader)) = best.filter(|(worth, _)| *worth > pass) else {
                return saved;
            };
            saved += worth;
            let first = self.members.len();
            let mut reach = 0;
            for &member in &near[leader] {
                if std::mem::take(&mut is_free[usize::from(member)]) {
                    let target = window[usize::from(member)].0;
                    let apart = apart(&window[leader].0, &target);
                    reach = reach.max(apart + target.radius);
                    gathered.push((target.radius, target.code));
                    self.members.push(Member { target, apart });
                }
            }
            let members = first..self.members.len();
            self.passes.push(Pass { leader: window[leader].0.code, reach, members });
        }
    }

    /// True when no pass is made.
    pub(crate) fn is_empty(&self) -> bool {
        self.passes.is_empty()
    }

    /// Calls `found` for each gathered target and each code within its radius; gives the number of
    /// distances computed.
    ///
    /// # Panics
    /// When the table has more than `u32::MAX` codes.
    pub(crate) fn search(&self, table: &[[u8; 32]], mut found: impl FnMut(&Prepared, Near)) -> u64 {
        if self.is_empty() {
            return 0;
        }
        assert!(u32::try_from(table.len()).is_ok(), "a table has at most u32::MAX codes");
        let mut distances = (table.len() * self.passes.len()) as u64;
        let mut columns = Columns::default();
        let mut near: Vec<Near> = Vec::new();
        // Two codes share a cache line.
        let lines = (CODES / 2).div_ceil(self.passes.len());
        for (block, codes) in table.chunks(CODES).enumerate() {
            columns.fill(codes);
            let mut next = (block + 1) * CODES;
            for pass in &self.passes {
                // The next block is fetched while this one is compared.
                for _ in 0..lines {
                    prefetch(table, next);
                    next += 2;
                }
                columns.scan(&pass.leader, pass.reach, &mut near);
                let members = &self.members[pass.members.clone()];
                for hit in near.drain(..) {
                    for Member { target, apart } in members {
                        if hit.distance > target.radius + apart {
                            continue;
                        }
                        let distance = distance256(&codes[hit.index as usize], &target.code);
                        distances += 1;
                        if distance <= target.radius {
                            let index = (block * CODES) as u32 + hit.index;
                            found(target, Near { index, distance });
                        }
                    }
                }
            }
        }
        distances
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CodeTable, Match, Target, TargetSet};
    use hashward_hash::Pdq;
    use hashward_testkit::{Codes, brute_force};

    /// Families of targets around codes of the table and around others, at several radii.
    fn targets(source: &mut Codes, codes: &[Pdq]) -> Vec<Target> {
        let mut targets = Vec::new();
        for family in 0..8_u64 {
            let head = if family % 2 == 0 { codes[family as usize * 7] } else { source.code() };
            for number in 0..6 {
                let code = source.near(head, 11 * number).to_store_order();
                targets.push(Target { code, radius: [40, 48, 46][number as usize % 3] });
            }
        }
        targets
    }

    #[test]
    fn kin_is_gathered_and_finds_what_each_target_would() {
        for clustered in [false, true] {
            let mut source = Codes::seeded(5);
            let codes = if clustered { source.clustered(30_000) } else { source.random(30_000) };
            let targets = targets(&mut source, &codes);
            let bytes: Vec<[u8; 32]> = codes.iter().map(|code| code.to_store_order()).collect();
            let table = CodeTable::new(&bytes);
            let set = TargetSet::new(&targets);
            let kin = Kin::of(table.available(), set.prepared());
            let largest = kin.passes.iter().map(|pass| pass.members.len()).max();
            assert!(!kin.is_empty() && largest > Some(2), "{largest:?}");
            assert_eq!(kin.members.len() + kin.alone.len(), set.prepared().len());
            assert!(kin.passes.iter().all(|pass| pass.reach <= REACH));
            let mut found = Vec::new();
            table.search(Method::Auto, &set, |hit| found.push(hit)).unwrap();
            found.sort_unstable();
            let mut expected = Vec::new();
            for (number, target) in (0..).zip(&targets) {
                let query = Pdq::from_store_order(target.code);
                for (index, distance) in brute_force(&codes, query, target.radius) {
                    expected.push(Match { target: number, index, distance });
                }
            }
            assert_eq!(found, expected);
            assert!(expected.len() >= 4, "families around listed codes have matches");
        }
    }

    #[test]
    fn few_targets_and_small_radii_are_left_alone() {
        let mut source = Codes::seeded(9);
        let codes: Vec<[u8; 32]> =
            source.random(30_000).iter().map(|code| code.to_store_order()).collect();
        let table = CodeTable::new(&codes);
        let target = |radius| Target { code: codes[0], radius };
        let few = TargetSet::new(&[target(48), target(46), target(44)]);
        assert!(Kin::of(table.available(), few.prepared()).is_empty());
        let wide: Vec<Target> = (0..30).map(|i| Target { code: codes[i], radius: 200 }).collect();
        let wide = TargetSet::new(&wide);
        let kin = Kin::of(table.available(), wide.prepared());
        assert!(kin.is_empty() && kin.alone.len() == 30);
    }
}
