//! How many matches chance alone lets expect: beside each match, and beside what a scan found.

use crate::chance::{Pairs, rounded};
use crate::matching::Policy;
use crate::verdict::Tier;
use hashward_hash::{Distance, HashKind, Quality};
use hashward_media::{LabelledHash, Variant};
use hashward_store::{Generation, List, ListKind};
use std::collections::BTreeMap;

/// PDQ hashes of a list that can make false matches.
fn hashes(generation: &Generation, number: usize) -> u64 {
    generation.hashes(number).get(&HashKind::Pdq).copied().unwrap_or_default()
}

/// Known lists that are in use, with the number of their PDQ hashes.
fn lists<'a>(
    generation: &'a Generation,
    policy: &'a Policy,
) -> impl Iterator<Item = (&'a List, f64)> {
    let known = |list: &List| list.kind == ListKind::Known && !policy.expired(list);
    let all = generation.lists().iter().enumerate();
    all.filter(move |(_, list)| known(list))
        .map(|(number, list)| (list, hashes(generation, number) as f64))
}

/// Listed hashes of known material.
pub(crate) fn listed(generation: &Generation, policy: &Policy) -> f64 {
    lists(generation, policy).map(|(_, hashes)| hashes).sum()
}

/// Unrelated entries that one innocent picture is expected to come as near as this by a variant,
/// among so many listed hashes.
pub(crate) fn of_match(policy: &Policy, variant: Variant, distance: Distance, listed: f64) -> f64 {
    rounded(policy.radii.of(variant).chance.within(distance.0) * listed)
}

/// Pictures that were asked for, by the kinds of hash that each had.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Asked([u64; Pairs::KINDS.len()]);

impl Asked {
    /// Counts the frames of an examination, each once for every kind of hash above the gate.
    pub(crate) fn count(&mut self, hashes: &[LabelledHash], gate: Quality) {
        for frame in hashes.chunk_by(|a, b| a.frame == b.frame) {
            let mut seen = [false; Pairs::KINDS.len()];
            for hash in frame.iter().filter(|hash| hash.quality >= gate) {
                let kind = Pairs::kind(hash.variant);
                if let Some(kind) = Pairs::KINDS.iter().position(|own| Some(*own) == kind) {
                    seen[kind] = true;
                }
            }
            self.0.iter_mut().zip(seen).for_each(|(sum, seen)| *sum += u64::from(seen));
        }
    }

    /// False matches that are expected of so many pictures, by tier, were all of them innocent.
    pub(crate) fn expected(&self, generation: &Generation, policy: &Policy) -> BTreeMap<Tier, f64> {
        let mut sums = [0.0; 3];
        for (list, listed) in lists(generation, policy) {
            for (kind, asked) in Pairs::KINDS.into_iter().zip(self.0) {
                let radii = policy.radii.of(kind);
                let narrow = |wish: Distance| {
                    let asked = policy.radius.map_or(wish, |asked| wish.min(asked));
                    list.radius.map_or(asked, |own| asked.min(own))
                };
                let whole = list.radius.unwrap_or_else(|| policy.radius());
                let whole = policy.radius.map_or(whole, |asked| whole.min(asked));
                let near = if kind.is_whole() { whole } else { narrow(radii.matched) };
                let review = if policy.second_look { narrow(radii.review) } else { near };
                let pairs = asked as f64 * listed;
                let matched = radii.chance.within(near.0) * pairs;
                sums[usize::from(!kind.is_whole())] += matched;
                sums[2] += (radii.chance.within(review.0) * pairs - matched).max(0.0);
            }
        }
        let tiers = [Tier::Near, Tier::Variant, Tier::Review];
        tiers.into_iter().zip(sums.map(rounded)).collect()
    }
}
