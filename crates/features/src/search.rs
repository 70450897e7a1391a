//! Which registered pictures a query shows: proposed by the tables, verified by geometry, and
//! judged together, so that what many pictures share does not decide.

use crate::extract::Features;
use crate::same::same_picture;
use crate::signature::{Damaged, Signature};
use crate::tables::{KEY_TABLES, Run, Tables};
use crate::verify::{ALIKE, Query, Verified, View, cut, verify_view};
use std::collections::{BTreeMap, BTreeSet};

/// Postings under one key beyond which it is passed over: it says too little.
const CROWDED: usize = 512;
/// Signatures whose shared features are compared, those with most votes first.
const COMPARED: usize = 384;
/// Signatures that are verified.
const VERIFIED: usize = 48;
/// Shared features, truly alike, with which a signature is proposed.
const VOTES: usize = 2;
/// Bits in which features that share a key may differ.
const VOTING: u32 = ALIKE as u32 + 8;
/// Different pictures of which a feature of the query is *shared*.
const SHARED: usize = 3;
/// Inner cells, of 16, over which the inliers of a picture lie that shares all of them.
const COVERED: u32 = 7;

/// A signature that shares features with a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// Position of the signature.
    pub signature: u32,
    /// The view of the query.
    pub view: View,
}

/// A registered picture that the query shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Position of the signature.
    pub signature: u32,
    /// How the query was looked at.
    pub view: View,
    /// Distinct features that lie as they should.
    pub inliers: u16,
    /// The part of the query's frame that shows it: left, top, width and height in pixels.
    pub area: (u32, u32, u32, u32),
}

/// The signatures that share most features with the query. `signature` reads one.
///
/// # Errors
/// When the tables or a signature are damaged, or what `signature` gives.
pub fn propose<E: From<Damaged>>(
    tables: &Tables<'_>,
    query: &Features,
    views: &[View],
    mut signature: impl FnMut(u32) -> Result<Signature, E>,
) -> Result<Vec<Candidate>, E> {
    let mut proposed: Vec<(usize, Candidate)> = Vec::new();
    for &view in views {
        let query = view.of(query);
        for (count, votes) in most_voted(tables, &query)? {
            let known = signature(votes[0].0)?;
            let alike = alike(&known, &query, &votes)?;
            if alike >= VOTES {
                proposed.push((alike, Candidate { signature: votes[0].0, view }));
            }
            debug_assert!(count >= VOTES);
        }
    }
    proposed.sort_unstable_by(|(a, one), (b, other)| b.cmp(a).then(one.cmp(other)));
    proposed.truncate(VERIFIED);
    Ok(proposed.into_iter().map(|(_, candidate)| candidate).collect())
}

/// A feature of a signature that shares a key with one of the query: position of the signature,
/// of its feature, and of the query's.
type Vote = (u32, u8, u16);

/// A vote as one number, in the order of [`Vote`].
fn signature_of(vote: u64) -> u32 {
    (vote >> 32) as u32
}

/// The votes of the signatures that have most, by the number of features of theirs.
///
/// Most signatures have a vote or two by chance, so sorting all votes would cost the most by far.
/// A first pass therefore counts them. A signature has no more features that share a key than
/// votes, so those with fewer votes than the last of the best has features need not be looked at.
fn most_voted(tables: &Tables<'_>, query: &Features) -> Result<Vec<(usize, Vec<Vote>)>, Damaged> {
    let counted = Counted::new(tables, query)?;
    // Twice as many as are wanted: some of their votes are for the same feature.
    let enough = |votes: &usize| counted.at_least[*votes] >= 2 * COMPARED;
    let mut least = (VOTES..usize::from(u8::MAX)).rev().find(enough).unwrap_or(VOTES);
    loop {
        let best = best_of(counted.votes(least as u8));
        // The last of them, if there are more than are wanted.
        let last = best.get(COMPARED - 1).map_or(VOTES, |last| last.0);
        if last >= least || least == VOTES {
            return Ok(best);
        }
        least = last.max(VOTES);
    }
}

/// How many votes each signature has.
struct Counted<'a> {
    tables: Tables<'a>,
    /// The postings that are votes, with the number of the query's feature.
    runs: Vec<(u16, Run)>,
    /// By signature; 255 stands for more.
    counts: Vec<u8>,
    /// How many signatures have at least so many, from two on; the last entry says nothing.
    at_least: [usize; 256],
}

impl<'a> Counted<'a> {
    fn new(tables: &Tables<'a>, query: &Features) -> Result<Self, Damaged> {
        let runs = tables.runs(query.features.iter().map(|feature| &feature.descriptor))?;
        let runs: Vec<(u16, Run)> = (0..)
            .zip(runs)
            .map(|(at, run)| ((at / KEY_TABLES) as u16, run))
            .filter(|(_, run)| run.len() <= CROWDED)
            .collect();
        let mut counts = vec![0_u8; tables.signatures() as usize];
        let mut at_least = [0; 256];
        for (_, run) in &runs {
            for (signature, _) in tables.postings(*run) {
                let count = counts.get_mut(signature as usize);
                let count =
                    count.ok_or(Damaged("a posting names a signature that is not there"))?;
                *count = count.saturating_add(1);
                // Most have one; counting these would only wait for the last count.
                if *count > 1 {
                    at_least[usize::from(*count)] += 1;
                }
            }
        }
        Ok(Self { tables: *tables, runs, counts, at_least })
    }

    /// The votes of signatures with at least so many.
    fn votes(&self, least: u8) -> Vec<u64> {
        let mut votes = Vec::new();
        for (number, run) in &self.runs {
            for (signature, of) in self.tables.postings(*run) {
                if self.counts[signature as usize] >= least {
                    let number = u64::from(*number);
                    votes.push(u64::from(signature) << 32 | u64::from(of) << 16 | number);
                }
            }
        }
        votes
    }
}

/// The signatures with most features that have votes, and these; the lower of equals first.
fn best_of(mut votes: Vec<u64>) -> Vec<(usize, Vec<Vote>)> {
    votes.sort_unstable();
    votes.dedup();
    let mut voted: Vec<(usize, &[u64])> = votes
        .chunk_by(|a, b| signature_of(*a) == signature_of(*b))
        .filter(|votes| votes.len() >= VOTES)
        .map(|votes| (votes.chunk_by(|a, b| a >> 16 == b >> 16).count(), votes))
        .filter(|(count, _)| *count >= VOTES)
        .collect();
    voted.sort_unstable_by(|(a, one), (b, other)| b.cmp(a).then(one[0].cmp(&other[0])));
    voted.truncate(COMPARED);
    let split = |vote: &u64| (signature_of(*vote), (vote >> 16) as u8, *vote as u16);
    voted.into_iter().map(|(count, votes)| (count, votes.iter().map(split).collect())).collect()
}

/// Features of a signature that are truly alike to the query's with which they share a key, as
/// many as agree on a turn.
fn alike(known: &Signature, query: &Features, votes: &[Vote]) -> Result<usize, Damaged> {
    // Eighths of a circle, each overlapping half of the next.
    let mut turns = [0_usize; 16];
    for of_one in votes.chunk_by(|a, b| a.1 == b.1) {
        let number = usize::from(of_one[0].1);
        if number >= known.len() {
            return Err(Damaged("a posting names a feature that its signature lacks"));
        }
        let own = known.feature(number);
        let mut seen = [false; 16];
        for (_, _, other) in of_one {
            let other = &query.features[usize::from(*other)];
            if distance(&own.descriptor, &other.descriptor) <= VOTING {
                let turn = usize::from(other.angle.wrapping_sub(own.angle)) / 16;
                seen[turn] = true;
                seen[(turn + 15) % 16] = true;
            }
        }
        for (count, seen) in turns.iter_mut().zip(seen) {
            *count += usize::from(seen);
        }
    }
    Ok(turns.into_iter().max().unwrap_or(0))
}

fn distance(a: &[u8; 32], b: &[u8; 32]) -> u32 {
    let (a, b) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
    a.iter()
        .zip(b)
        .map(|(a, b)| (u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b)).count_ones())
        .sum()
}

/// Verifies candidates of one or several indexes and keeps what is found beyond doubt; the number
/// of each candidate stands in the result as its signature.
///
/// A feature of the query that is an inlier of three different pictures or more is *shared*, also
/// where a picture has too few inliers for a finding: a logo, the frame of an app, a watermark, or a
/// series of pictures of the same scene. A picture that is registered several times counts once. A
/// picture is found if enough of its inliers are not shared, or if all of them together cover seven
/// of its 16 inner cells, as in a series.
#[must_use]
pub fn judge(query: &Features, verified: Vec<(Candidate, Verified)>) -> Vec<Finding> {
    let shared = shared(&verified);
    let least = cut(query.features.len());
    let mut best: BTreeMap<u32, Finding> = BTreeMap::new();
    for (Candidate { signature, view }, verified) in verified {
        let own = verified.of_query.iter().filter(|number| !shared.contains(&(view, **number)));
        let covers = verified.cells.count_ones() >= COVERED;
        if !verified.enough {
            continue;
        }
        if own.count() < least.div_ceil(2) && !covers {
            continue;
        }
        let finding = Finding { signature, view, inliers: verified.inliers, area: verified.area };
        best.entry(signature)
            .and_modify(|known| {
                if finding.inliers > known.inliers {
                    *known = finding.clone();
                }
            })
            .or_insert(finding);
    }
    best.into_values().collect()
}

/// The features of the query, in a view, that several different pictures have.
fn shared(verified: &[(Candidate, Verified)]) -> BTreeSet<(View, u16)> {
    let mut holders: BTreeMap<(View, u16), Vec<usize>> = BTreeMap::new();
    for (holder, (candidate, verified)) in verified.iter().enumerate() {
        for number in &verified.of_query {
            holders.entry((candidate.view, *number)).or_default().push(holder);
        }
    }
    holders.retain(|_, holders| holders.len() >= SHARED);
    if holders.is_empty() {
        return BTreeSet::new();
    }
    // The first of those that are one picture stands for them.
    let mut first: Vec<usize> = Vec::with_capacity(verified.len());
    for (at, (_, one)) in verified.iter().enumerate() {
        let same = |other: &usize| {
            first[*other] == *other && same_picture(&one.known, &verified[*other].1.known)
        };
        let known = (0..at).find(same).unwrap_or(at);
        first.push(known);
    }
    let differ = |holders: &Vec<usize>| {
        let pictures: BTreeSet<usize> = holders.iter().map(|holder| first[*holder]).collect();
        pictures.len() >= SHARED
    };
    holders.into_iter().filter(|(_, holders)| differ(holders)).map(|(key, _)| key).collect()
}

/// A query in several views, made once for any number of signatures.
#[derive(Debug)]
pub struct Seen(Vec<(View, Query)>);

/// Looks at a query in views.
#[must_use]
pub fn examine(query: &Features, views: &[View]) -> Seen {
    Seen(views.iter().map(|&view| (view, Query::new(view.of(query)))).collect())
}

impl Seen {
    /// Verifies one signature in some of the views.
    #[must_use]
    pub fn verify(&self, known: &Signature, views: &[View]) -> Vec<(View, Verified)> {
        let asked = self.0.iter().filter(|(view, _)| views.contains(view));
        asked.filter_map(|(view, query)| Some((*view, verify_view(known, query, *view)?))).collect()
    }
}

/// Proposes, verifies and judges in one index. At most one finding for each signature, in their
/// order.
///
/// # Errors
/// As [`propose`].
pub fn search<E: From<Damaged>>(
    tables: &Tables<'_>,
    query: &Features,
    views: &[View],
    mut signature: impl FnMut(u32) -> Result<Signature, E>,
) -> Result<Vec<Finding>, E> {
    let candidates = propose(tables, query, views, &mut signature)?;
    let seen = examine(query, views);
    let mut verified = Vec::new();
    for candidate in candidates {
        let found = seen.verify(&signature(candidate.signature)?, &[candidate.view]);
        verified.extend(found.into_iter().map(|(_, found)| (candidate, found)));
    }
    Ok(judge(query, verified))
}

/// [`search`] without tables: verifies every signature. Exact, and slow.
#[must_use]
pub fn search_all<'a>(
    signatures: impl IntoIterator<Item = &'a Signature>,
    query: &Features,
    views: &[View],
) -> Vec<Finding> {
    let seen = examine(query, views);
    let of = |(signature, known): (u32, &Signature)| {
        let found = seen.verify(known, views).into_iter();
        let of = move |(view, found)| (Candidate { signature, view }, found);
        found.map(of).collect::<Vec<_>>()
    };
    judge(query, (0..).zip(signatures).flat_map(of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::Feature;
    use crate::tables::TableBuilder;
    use proptest::prelude::*;

    /// Features of few different descriptors, so that many share keys.
    fn features(count: usize, state: &mut u64) -> Features {
        let mut next = |most: u64| {
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (*state >> 33) % most
        };
        let feature = |_| {
            let mut descriptor = [next(12) as u8; 32];
            descriptor[next(32) as usize] ^= next(256) as u8;
            Feature { x: 9, y: 9, angle: next(256) as u8, level: 0, descriptor }
        };
        let features = (0..count).map(feature).collect();
        Features { width: 100, height: 100, side: 100, features }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn those_with_most_votes_are_those_that_sorting_all_votes_gives(
            signatures in 1_usize..1500,
            most in 1_usize..9,
            asked in 1_usize..40,
            seed in any::<u64>(),
        ) {
            let mut state = seed;
            let known: Vec<Signature> = (0..signatures)
                .map(|n| Signature::new(&features(1 + n % most, &mut state)))
                .collect();
            let bytes = TableBuilder::whole(&known).unwrap();
            let tables = Tables::new(&bytes).unwrap();
            let query = features(asked, &mut state);
            let all = Counted::new(&tables, &query).unwrap().votes(0);
            prop_assert_eq!(most_voted(&tables, &query).unwrap(), best_of(all));
        }
    }
}
