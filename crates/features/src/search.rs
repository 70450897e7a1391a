//! Which registered pictures a query shows: proposed by the tables, verified by geometry, and
//! judged together, so that what many pictures share does not decide.

use crate::extract::Features;
use crate::signature::{Damaged, Signature};
use crate::tables::{KEY_TABLES, Tables, key};
use crate::verify::{ALIKE, Verified, View, cut, verify_view};
use std::collections::BTreeMap;

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
/// Verified pictures among which a feature of the query is *shared*.
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

/// The votes of the signatures that have most, by the number of features of theirs.
fn most_voted(tables: &Tables<'_>, query: &Features) -> Result<Vec<(usize, Vec<Vote>)>, Damaged> {
    let mut votes: Vec<u64> = Vec::new();
    for (number, feature) in query.features.iter().enumerate() {
        for table in 0..KEY_TABLES {
            let sharing = tables.sharing(table, key(&feature.descriptor, table))?;
            if sharing.len() <= CROWDED {
                votes.extend(sharing.map(|(signature, of)| {
                    u64::from(signature) << 32 | u64::from(of) << 16 | number as u64
                }));
            }
        }
    }
    votes.sort_unstable();
    votes.dedup();
    let mut voted: Vec<(usize, &[u64])> = votes
        .chunk_by(|a, b| a >> 32 == b >> 32)
        .filter(|votes| votes.len() >= VOTES)
        .map(|votes| (votes.chunk_by(|a, b| a >> 16 == b >> 16).count(), votes))
        .filter(|(count, _)| *count >= VOTES)
        .collect();
    voted.sort_by(|(a, one), (b, other)| b.cmp(a).then(one[0].cmp(&other[0])));
    voted.truncate(COMPARED);
    let split = |vote: &u64| ((vote >> 32) as u32, (vote >> 16) as u8, *vote as u16);
    Ok(voted.into_iter().map(|(count, votes)| (count, votes.iter().map(split).collect())).collect())
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
/// A feature of the query that is an inlier of three pictures or more is *shared*, also where a
/// picture has too few inliers for a finding: a logo, the frame of an app, a watermark, or a series
/// of pictures of the same scene. A picture counts if enough of its inliers are not shared, or if
/// all of them together cover seven of its 16 inner cells, as in a series.
#[must_use]
pub fn judge(query: &Features, verified: Vec<(Candidate, Verified)>) -> Vec<Finding> {
    let mut shared: BTreeMap<(View, u16), usize> = BTreeMap::new();
    for (candidate, verified) in &verified {
        for number in &verified.of_query {
            *shared.entry((candidate.view, *number)).or_default() += 1;
        }
    }
    let least = cut(query.features.len());
    let mut best: BTreeMap<u32, Finding> = BTreeMap::new();
    for (Candidate { signature, view }, verified) in verified {
        let own = verified.of_query.iter().filter(|number| shared[&(view, **number)] < SHARED);
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

/// A query in several views, made once for any number of signatures.
#[derive(Debug)]
pub struct Seen(Vec<(View, Features)>);

/// Looks at a query in views.
#[must_use]
pub fn examine(query: &Features, views: &[View]) -> Seen {
    Seen(views.iter().map(|&view| (view, view.of(query))).collect())
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
