//! What a match is worth: who vouches for the material, who doubts it, and what that decides.
//!
//! Pure: it sees what the generation says about the hits of one input and nothing else.

use crate::verdict::Doubt;
use hashward_hash::Standing;
use hashward_store::ContentDigest;
use std::collections::{BTreeMap, BTreeSet};

/// Entries that are named for taking a match away; one is enough.
const MAX_VETOES: usize = 16;

/// One hit: an entry that has a hash of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Witness<'a> {
    /// Position of the list in the generation.
    pub list: u32,
    /// The entry's number.
    pub entry: u64,
    /// True for digests, which speak of the very bytes of the input.
    pub exact: bool,
    /// Names the list's hash that matched.
    pub same: ContentDigest,
    /// What the entry says of its hashes.
    pub standing: Standing,
    /// True for an entry of an ignore list: it says that the material is of no concern, and is no
    /// match itself.
    pub ignore: bool,
    /// True while the entry waits for a review.
    pub held: bool,
    /// True where the hash says little: it comes from no picture with content, or is of a kind
    /// whose hashes meet by chance. Such a witness has no say about others.
    pub weak: bool,
    /// True where the entry has digests of the input's kinds with other values, so that it may
    /// speak of other bytes.
    pub disagrees: bool,
    /// True where the list's disputed and negative entries take matches away.
    pub veto: bool,
    /// Independent sources that the list, or the user, demands.
    pub requires: u8,
    /// The source of the list.
    pub source: Option<&'a str>,
}

/// What is thought of a witness.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judgement {
    /// Number of its material, from 1 in the order of the witnesses; 0 where it is no match.
    pub finding: u32,
    /// Independent sources that vouch for the material.
    pub sources: u32,
    /// Why the match is for review only.
    pub doubts: Vec<Doubt>,
    /// Positions of the witnesses that take the match away.
    pub vetoed_by: Vec<usize>,
}

impl Witness<'_> {
    /// True when the entry says that its hashes are known material, even if it is disputed.
    #[must_use]
    pub fn is_match(&self) -> bool {
        !self.ignore && self.standing != Standing::Negative
    }

    fn vouches(&self) -> bool {
        let sure = !self.held && !self.disagrees && !self.weak;
        !self.ignore && self.standing == Standing::Known && sure
    }

    /// Entries that wait for a review, and weak hashes, have no say.
    fn vetoes(&self) -> bool {
        self.veto && !self.held && !self.weak && (self.ignore || self.standing != Standing::Known)
    }

    /// True when it was said of these very bytes that they are of no concern.
    fn clears(&self) -> bool {
        let negative = self.ignore || self.standing == Standing::Negative;
        negative && self.exact && !self.disagrees && self.vetoes()
    }
}

/// Weighs the witnesses of one input against each other; one judgement for each.
///
/// Witnesses are of the same material when they are of one entry, share a hash, or are digests of
/// the input. An entry whose other digests disagree with the input is on its own.
#[must_use]
pub fn weigh(witnesses: &[Witness<'_>]) -> Vec<Judgement> {
    let material = materials(witnesses);
    let clearing: Vec<usize> =
        (0..witnesses.len()).filter(|&index| witnesses[index].clears()).collect();
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, group) in material.iter().enumerate() {
        groups.entry(*group).or_default().push(index);
    }
    let groups: BTreeMap<usize, Group> = groups
        .into_iter()
        .map(|(group, members)| (group, Group::new(witnesses, &members, &clearing)))
        .collect();
    let mut numbers: BTreeMap<usize, u32> = BTreeMap::new();
    let judge = |(witness, group): (&Witness<'_>, &usize)| {
        if !witness.is_match() {
            return Judgement::default();
        }
        let next = numbers.len() as u32 + 1;
        let finding = *numbers.entry(*group).or_insert(next);
        let Group { sources, vetoed_by } = &groups[group];
        let too_few = witness.requires > 1 && *sources < u32::from(witness.requires);
        let doubts = [
            (witness.weak, Doubt::WeakHash),
            (witness.held, Doubt::Held),
            (witness.standing == Standing::Disputed, Doubt::Disputed),
            (too_few, Doubt::TooFewSources),
        ];
        let doubts = doubts.into_iter().filter_map(|(holds, doubt)| holds.then_some(doubt));
        Judgement {
            finding,
            sources: *sources,
            doubts: doubts.collect(),
            vetoed_by: vetoed_by.clone(),
        }
    };
    witnesses.iter().zip(&material).map(judge).collect()
}

/// What all witnesses of one material say together.
struct Group {
    sources: u32,
    vetoed_by: Vec<usize>,
}

impl Group {
    fn new(witnesses: &[Witness<'_>], members: &[usize], clearing: &[usize]) -> Self {
        let vetoers = members.iter().copied().filter(|&member| witnesses[member].vetoes());
        let vetoed_by: BTreeSet<usize> = vetoers.chain(clearing.iter().copied()).collect();
        Self {
            sources: sources(members.iter().map(|&member| &witnesses[member])),
            vetoed_by: vetoed_by.into_iter().take(MAX_VETOES).collect(),
        }
    }
}

/// How many independent sources vouch. What does not say where it comes from may come from any of
/// the others, so it counts only where it is alone.
fn sources<'a>(members: impl Iterator<Item = &'a Witness<'a>>) -> u32 {
    let (mut named, mut unnamed) = (BTreeSet::new(), false);
    for witness in members.filter(|witness| witness.vouches()) {
        match witness.source {
            Some(source) => drop(named.insert(source.trim().to_lowercase())),
            None => unnamed = true,
        }
    }
    (named.len() as u32).max(u32::from(unnamed))
}

/// For each witness the first witness of the same material.
fn materials(witnesses: &[Witness<'_>]) -> Vec<usize> {
    let mut parents: Vec<usize> = (0..witnesses.len()).collect();
    let mut join = |a: usize, b: usize| {
        let root = |parents: &mut [usize], mut at: usize| {
            while parents[at] != at {
                parents[at] = parents[parents[at]];
                at = parents[at];
            }
            at
        };
        let (a, b) = (root(&mut parents, a), root(&mut parents, b));
        parents[a.max(b)] = a.min(b);
    };
    let mut entries = BTreeMap::new();
    let mut hashes = BTreeMap::new();
    let mut bytes = None;
    for (index, witness) in witnesses.iter().enumerate() {
        join(index, *entries.entry((witness.list, witness.entry)).or_insert(index));
        if witness.disagrees {
            continue;
        }
        join(index, *hashes.entry(witness.same).or_insert(index));
        if witness.exact {
            join(index, *bytes.get_or_insert(index));
        }
    }
    // Parents come before their children, so one pass settles them.
    for index in 0..parents.len() {
        parents[index] = parents[parents[index]];
    }
    parents
}
