//! Matching the hashes of one file, as a set, against all lists of a generation.

use crate::generation::{Generation, Member, Place};
use crate::row::KindMask;
use crate::segment::{Segment, row_at};
use crate::{ContentDigest, EntryId, ReadError, format::Table};
use hashward_hash::{
    Digests, Distance, HashKind, HashValue, Metric, OpaqueRadii, Pdq, Quality, VectorMetric,
};
use hashward_index::opaque::scan_opaque;
use hashward_index::{Damaged, Match, Method, Target, TargetSet};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, HashMap, HashSet};

/// All hashes of one file, and how to match them.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// Exact digests.
    pub digests: &'a Digests,
    /// Perceptual hashes, in the order of preference.
    pub perceptual: &'a [QueryHash],
    /// Perceptual hashes of opaque kinds.
    pub opaque: Opaque<'a>,
    /// Radius for lists without one of their own.
    pub radius: Distance,
    /// Lowest quality, on both sides, for lists without one of their own.
    pub min_quality: Quality,
    /// How to search. The answer does not depend on it.
    pub method: Method,
}

/// A perceptual hash of the query set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryHash {
    /// The hash.
    pub hash: Pdq,
    /// The caller's name for it, given back in [`Hit::label`].
    pub label: u32,
    /// Its quality; `None` passes every gate.
    pub quality: Option<Quality>,
    /// Bits that are added to every radius for this hash: how far it may be from the one it stands
    /// for.
    pub margin: u16,
    /// How its hits compare with those of other hashes.
    pub reach: Reach,
}

/// How far a hash of the query is looked for, and what its hits are worth. A list's own radius
/// narrows all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Reach {
    /// Hits of a lower rank are better, whatever their distance.
    pub rank: u8,
    /// Radius; `None` takes the list's or the query's.
    pub radius: Option<Distance>,
    /// A wider radius, whose further hits have the rank [`Reach::DISTANT`]; without effect where
    /// it is not wider.
    pub distant: Distance,
}

impl Reach {
    /// Rank of hits beyond the radius.
    pub const DISTANT: u8 = u8::MAX;
}

/// The opaque hashes of a query.
#[derive(Debug, Clone, Copy)]
pub struct Opaque<'a> {
    /// The hashes, in the order of preference; those of other kinds find nothing.
    pub hashes: &'a [OpaqueHash],
    /// Radii.
    pub radii: OpaqueRadii,
}

impl Opaque<'_> {
    /// No hashes.
    pub const NONE: Self = Self { hashes: &[], radii: OpaqueRadii::EQUAL };
}

/// An opaque hash of the query set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpaqueHash {
    /// The hash.
    pub value: HashValue,
    /// The caller's name for it, given back in [`Hit::label`].
    pub label: u32,
}

/// What a hit rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By {
    /// A hash of this kind.
    Hash(HashKind),
    /// Local features of a registered picture, verified by geometry.
    Features,
}

impl By {
    /// The word used in outputs: the name of the kind, or `features`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hash(kind) => kind.name(),
            Self::Features => "features",
        }
    }

    /// The kind of hash, if it is one.
    #[must_use]
    pub const fn kind(self) -> Option<HashKind> {
        match self {
            Self::Hash(kind) => Some(kind),
            Self::Features => None,
        }
    }

    /// True for digests: equal or not, nothing in between.
    #[must_use]
    pub fn is_exact(self) -> bool {
        self.kind().is_some_and(|kind| kind.metric() == Metric::Exact)
    }
}

impl PartialEq<HashKind> for By {
    fn eq(&self, kind: &HashKind) -> bool {
        self.kind() == Some(*kind)
    }
}

impl Serialize for By {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for By {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        if name == Self::Features.name() {
            return Ok(Self::Features);
        }
        let kind = HashKind::from_name(&name).map(Self::Hash);
        kind.ok_or_else(|| D::Error::custom(format!("unknown kind of hash `{name}`")))
    }
}

/// An entry that matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// Where it stands.
    pub place: Place,
    /// Its lasting number.
    pub entry: EntryId,
    /// What matches.
    pub by: By,
    /// How far apart the hashes are, in the measure of their kind; 0 for digests.
    pub distance: Distance,
    /// The radius that applied; 0 for digests.
    pub radius: Distance,
    /// By which measure PhotoDNA was compared; `None` for other kinds.
    pub metric: Option<VectorMetric>,
    /// Label of the query's hash; `None` for digests.
    pub label: Option<u32>,
    /// Rank of the query's hash, or [`Reach::DISTANT`] beyond its radius; 0 for digests.
    pub rank: u8,
    /// The quality that the list gives, where it gives one.
    pub entry_quality: Option<Quality>,
    /// True when the list's hash comes from no picture with content, so that the match says little.
    pub degenerate: bool,
    /// All kinds of hash that the entry has.
    pub kinds: KindMask,
    /// Names the list's hash that matched without giving it away: hits with equal ones share it.
    pub same: ContentDigest,
}

/// Bytes of the widest digest, SHA-512.
const WIDEST: usize = 64;

/// The best match of a row: not degenerate before degenerate, then the lowest rank, then the
/// smallest distance, then the first hash of the query, then the lowest code.
type Best<'a> = (bool, u8, u16, u32, &'a [u8]);

impl Generation {
    /// Matches a set of hashes against every list. At most one hit for each entry and kind: the
    /// best, where one that is not degenerate is better than one that is, then the one of the
    /// lowest rank, then the nearest, then the first of the query. Ordered by place, then kind.
    ///
    /// Whatever the answer rests on is verified before its first use: for a digest the few blocks
    /// that lead to it, for PDQ those that the search comes by, and once it has come by most of
    /// them all, for opaque hashes all tables of their kind.
    ///
    /// # Errors
    /// When a segment turns out to be damaged.
    pub fn query(&self, query: &Query<'_>) -> Result<Vec<Hit>, ReadError> {
        let mut hits = Vec::new();
        let mut targets: BTreeMap<(Quality, Distance, bool), Targets> = BTreeMap::new();
        for (number, list) in self.lists().iter().enumerate() {
            let gate = list.min_quality.unwrap_or(query.min_quality);
            let radius = list.radius.unwrap_or(query.radius);
            let own = list.radius.is_some();
            let targets = targets
                .entry((gate, radius, own))
                .or_insert_with(|| Targets::new(query.perceptual, gate, radius, own));
            let defaults = query.opaque.radii;
            let radii = OpaqueRadii {
                photodna: list.photodna.unwrap_or(defaults.photodna),
                bits64: list.radius64.unwrap_or(defaults.bits64),
            };
            let search = ListSearch { list: number as u32, gate, radius, radii, targets };
            for (position, member) in self.members(number)?.iter().enumerate() {
                for digest in query.digests.values() {
                    search.digest(position as u32, member, &digest, &mut hits)?;
                }
                search.codes(position as u32, member, query, &mut hits)?;
                search.opaque(position as u32, member, query, &mut hits)?;
            }
        }
        hits.sort_unstable_by_key(|hit| (hit.place, hit.by));
        Ok(hits)
    }

    /// Asks for the memory that looking these digests up will read, in every list: look-ups of a
    /// few hundred that are announced together wait for it together. A hint; it changes no answer,
    /// and what is announced need not be asked.
    pub fn expect(&self, digests: &[HashValue]) {
        let mut bytes: Vec<[u8; WIDEST]> = Vec::new();
        for kind in HashKind::ALL.into_iter().filter(|kind| kind.metric() == Metric::Exact) {
            bytes.clear();
            for digest in digests.iter().filter(|digest| digest.kind() == kind) {
                digest.with_bytes(|digest| {
                    let mut whole = [0; WIDEST];
                    whole[..digest.len()].copy_from_slice(digest);
                    bytes.push(whole);
                });
            }
            if bytes.is_empty() {
                continue;
            }
            for (_, _, member) in self.all_members() {
                if let Ok(Some(digests)) = member.segment.digests(kind) {
                    digests.table.expect(bytes.iter().map(|digest| &digest[..kind.bytes()]));
                }
            }
        }
    }

    /// Looks a digest up in every list. A perceptual hash is none and finds nothing.
    ///
    /// # Errors
    /// As [`Generation::query`].
    pub fn lookup_digest(&self, digest: &HashValue) -> Result<Vec<Hit>, ReadError> {
        let mut hits = Vec::new();
        let (gate, radius) = (Quality(0), Distance(0));
        let targets = &Targets::new(&[], gate, radius, false);
        for (list, position, member) in self.all_members() {
            let radii = OpaqueRadii::EQUAL;
            let search = ListSearch { list: list as u32, gate, radius, radii, targets };
            search.digest(position as u32, member, digest, &mut hits)?;
        }
        hits.sort_unstable_by_key(|hit| hit.place);
        Ok(hits)
    }
}

/// The hashes that pass a gate, each once, ready for any number of segments.
struct Targets {
    set: TargetSet,
    /// Position in the query, rank and radius of each.
    asked: Vec<(u32, u8, Distance)>,
}

impl Targets {
    /// `own` says that the radius is the list's, which nothing widens.
    fn new(hashes: &[QueryHash], gate: Quality, radius: Distance, own: bool) -> Self {
        let mut seen: HashSet<(Pdq, u16, Reach)> = HashSet::new();
        let (mut targets, mut asked) = (Vec::new(), Vec::new());
        let narrow = |wish: Distance| if own { wish.min(radius) } else { wish };
        for (position, query) in (0u32..).zip(hashes) {
            let passes = query.quality.is_none_or(|quality| quality >= gate);
            if passes && seen.insert((query.hash, query.margin, query.reach)) {
                let widened = |radius: Distance| radius.0.saturating_add(query.margin).min(256);
                let near = query.reach.radius.map_or(radius, narrow);
                let all = narrow(query.reach.distant).max(near);
                targets.push(Target { code: query.hash.to_store_order(), radius: widened(all) });
                asked.push((position, query.reach.rank, Distance(widened(near))));
            }
        }
        Self { set: TargetSet::new(&targets), asked }
    }
}

/// A query against the segments of one list.
struct ListSearch<'a> {
    list: u32,
    gate: Quality,
    radius: Distance,
    radii: OpaqueRadii,
    targets: &'a Targets,
}

impl ListSearch<'_> {
    fn digest(
        &self,
        position: u32,
        member: &Member,
        digest: &HashValue,
        hits: &mut Vec<Hit>,
    ) -> Result<(), ReadError> {
        let kind = digest.kind();
        if kind.metric() != Metric::Exact {
            return Ok(());
        }
        let segment = &member.segment;
        for row in segment.rows_with(digest)? {
            if !member.dead.has(row) {
                let same = digest.with_bytes(|bytes| name_of(kind, bytes));
                let (best, radius) = ((false, 0, 0, 0), Distance(0));
                let found = Found { position, row, by: kind, best, radius, label: None, same };
                hits.extend(self.hit(segment, found)?);
            }
        }
        Ok(())
    }

    fn codes(
        &self,
        position: u32,
        member: &Member,
        query: &Query<'_>,
        hits: &mut Vec<Hit>,
    ) -> Result<(), ReadError> {
        let kind = HashKind::Pdq;
        let segment = &member.segment;
        let Some(codes) = segment.codes(kind)?.filter(|_| !self.targets.asked.is_empty()) else {
            return Ok(());
        };
        segment.touch_search(kind, &codes.table, query.method, &self.targets.set)?;
        let mut best: HashMap<u32, Best<'_>> = HashMap::new();
        let mut damage = None;
        let keep_best = |near: Match| {
            let place = 4 * near.index as usize;
            if let Err(error) = segment.touch(Table::CodeRows, kind.id(), place..place + 4) {
                damage.get_or_insert(error);
                return;
            }
            let row = row_at(codes.rows, near.index as usize);
            if member.dead.has(row) {
                return;
            }
            let Some(code) = codes.table.codes().get(near.index as usize) else { return };
            let degenerate = Pdq::from_store_order(*code).is_degenerate();
            let (target, rank, radius) = self.targets.asked[near.target as usize];
            let rank = if near.distance <= radius.0 { rank } else { Reach::DISTANT };
            let found = (degenerate, rank, near.distance, target, &code[..]);
            let known = best.entry(row).or_insert(found);
            *known = found.min(*known);
        };
        codes
            .table
            .search(query.method, &self.targets.set, keep_best)
            .map_err(|Damaged(what)| segment.damaged(Table::Codes, kind.id(), what))?;
        if let Some(damage) = damage {
            return Err(damage);
        }
        for (row, (degenerate, rank, distance, target, code)) in best {
            let label = query.perceptual.get(target as usize).map(|hash| hash.label);
            let asked = self.targets.asked.iter().find(|asked| asked.0 == target);
            let radius = asked.map_or(self.radius, |asked| asked.2);
            let (best, same) = ((degenerate, rank, distance, target), name_of(kind, code));
            let found = Found { position, row, by: kind, best, radius, label, same };
            hits.extend(self.hit(segment, found)?);
        }
        Ok(())
    }

    /// Compares every opaque hash of the segment with those of the query of its kind.
    fn opaque(
        &self,
        position: u32,
        member: &Member,
        query: &Query<'_>,
        hits: &mut Vec<Hit>,
    ) -> Result<(), ReadError> {
        let segment = &member.segment;
        let metric = self.radii.photodna.metric;
        let mut near = Vec::new();
        for kind in segment.kinds().filter(|kind| kind.is_opaque()) {
            if !query.opaque.hashes.iter().any(|asked| asked.value.kind() == kind) {
                continue;
            }
            segment.touch_kind(kind)?;
            let radius = self.radii.of(kind);
            let mut best: HashMap<u32, Best<'_>> = HashMap::new();
            let (codes, rows) = segment.opaque(kind);
            let asked = (0u32..).zip(query.opaque.hashes);
            for (number, asked) in asked.filter(|(_, asked)| asked.value.kind() == kind) {
                near.clear();
                scan_opaque(codes, &asked.value, metric, radius, &mut near);
                for (index, distance) in &near {
                    let row = row_at(rows, *index as usize);
                    let code = codes.chunks_exact(kind.bytes()).nth(*index as usize);
                    let value = code.and_then(|code| HashValue::from_bytes(kind, code));
                    let (Some(code), Some(value)) = (code, value) else { continue };
                    if !member.dead.has(row) {
                        let found = (value.is_degenerate(), 0, distance.0, number, code);
                        let known = best.entry(row).or_insert(found);
                        *known = found.min(*known);
                    }
                }
            }
            for (row, (degenerate, rank, distance, number, code)) in best {
                let label = query.opaque.hashes.get(number as usize).map(|hash| hash.label);
                let (best, same) = ((degenerate, rank, distance, number), name_of(kind, code));
                let found = Found { position, row, by: kind, best, radius, label, same };
                hits.extend(self.hit(segment, found)?);
            }
        }
        Ok(())
    }

    /// The hit, unless the list's own quality is known and below the gate.
    fn hit(&self, segment: &Segment, found: Found) -> Result<Option<Hit>, ReadError> {
        let Found { position, row, by, best: (degenerate, rank, distance, _), radius, .. } = found;
        let Found { label, same, .. } = found;
        let entry_quality = segment.quality(row)?;
        // The quality that lists give is that of PDQ.
        if by == HashKind::Pdq && entry_quality.is_some_and(|quality| quality < self.gate) {
            return Ok(None);
        }
        Ok(Some(Hit {
            place: Place { list: self.list, segment: position, row },
            entry: segment.entry(row)?,
            by: By::Hash(by),
            distance: Distance(distance),
            radius,
            metric: (by == HashKind::PhotoDna).then_some(self.radii.photodna.metric),
            label,
            rank,
            entry_quality,
            degenerate,
            kinds: segment.kind_mask(row)?,
            same,
        }))
    }
}

struct Found {
    position: u32,
    row: u32,
    by: HashKind,
    best: (bool, u8, u16, u32),
    radius: Distance,
    label: Option<u32>,
    same: ContentDigest,
}

/// Names a hash of a kind.
fn name_of(kind: HashKind, bytes: &[u8]) -> ContentDigest {
    ContentDigest::of(&[&kind.id().to_le_bytes(), bytes].concat())
}
