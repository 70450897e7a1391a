//! Matches one examination against a generation: pure, and the same on every run.

mod describe;
mod policy;

pub use policy::{DEFAULT_MIN_QUALITY, DEFAULT_OPAQUE_RADII, DEFAULT_RADIUS, Policy};

use self::describe::{describe, tier};
use self::policy::passes;
use crate::expect;
use crate::provenance::{self, Said};
use crate::trust::{self, Witness};
use crate::verdict::{Attestation, Conflict, EntryName, Finding, Match, Tier};
use hashward_examine::Examination;
use hashward_features::View;
use hashward_hash::{Digests, HashKind, HashValue, Pdq, Quality};
use hashward_media::{LabelledHash, Rectangle};
use hashward_store::{
    By, Generation, Hit, List, ListKind, Opaque, OpaqueHash, Query, QueryHash, Reach, ReadError,
};
use std::collections::BTreeMap;

/// What known material says about one input.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// Matches with known lists, by list, entry and kind.
    pub matches: Vec<Match>,
    /// The same by material.
    pub findings: Vec<Finding>,
    /// Matches that lists with a veto take away.
    pub vetoed: Vec<Match>,
    /// Matches with ignore lists.
    pub ignored_by: Vec<EntryName>,
    /// Entries of known lists that say that the material is of no concern.
    pub denied_by: Vec<EntryName>,
}

impl Findings {
    /// True when only ignore lists know the input.
    #[must_use]
    pub fn is_ignored(&self) -> bool {
        self.matches.is_empty() && !self.ignored_by.is_empty()
    }

    /// True when only ignore lists know the input, and one of them knows these very bytes, so
    /// that it does not matter what could not be examined in them.
    #[must_use]
    pub fn is_ignored_by_digest(&self) -> bool {
        self.is_ignored() && self.ignored_by.iter().any(|ignored| is_proof(ignored.by))
    }

    /// The best tier of all matches.
    #[must_use]
    pub fn best_tier(&self) -> Option<Tier> {
        self.matches.iter().map(|found| found.tier).min()
    }
}

/// True for digests that prove the bytes the same.
fn is_proof(by: By) -> bool {
    by.is_exact() && !is_hint(by)
}

fn is_hint(by: By) -> bool {
    by.kind().is_some_and(HashKind::is_hint)
}

/// A hash of the query together with what it was made from.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    hit: Hit,
    /// Frames that matched.
    frames: u32,
}

/// Matches an examination against a generation.
///
/// Digests of the empty file say nothing about a file and are not looked up.
///
/// # Errors
/// What the store reports about damaged files; verify the generation beforehand.
pub fn evaluate(
    examination: &Examination,
    generation: &Generation,
    policy: &Policy,
    show_hashes: bool,
) -> Result<Findings, ReadError> {
    let mut best = Best::new();
    if examination.size > 0 {
        let query = Query {
            digests: &examination.digests,
            perceptual: &[],
            opaque: Opaque::NONE,
            radius: policy.radius(),
            min_quality: policy.min_quality(),
            method: policy.method,
        };
        merge(&mut best, &generation.query(&query)?, policy, generation.lists());
    }
    if !examination.opaque.is_empty() {
        let labels = 0u32..;
        let hashes: Vec<OpaqueHash> = labels
            .zip(&examination.opaque)
            .map(|(label, value)| OpaqueHash { value: *value, label })
            .collect();
        let query = Query {
            digests: &Digests::default(),
            perceptual: &[],
            opaque: Opaque { hashes: &hashes, radii: DEFAULT_OPAQUE_RADII },
            radius: policy.radius(),
            min_quality: policy.min_quality(),
            method: policy.method,
        };
        merge(&mut best, &generation.query(&query)?, policy, generation.lists());
    }
    let mut last: Option<(&[LabelledHash], Vec<Hit>)> = None;
    let mut end = 0;
    for frame in examination.hashes.chunk_by(|a, b| a.frame == b.frame) {
        let start = end;
        end += frame.len();
        // Animations repeat frames: what was asked just now need not be asked again.
        if let Some((_, hits)) = last.as_ref().filter(|(before, _)| same_hashes(before, frame)) {
            merge(&mut best, hits, policy, generation.lists());
            continue;
        }
        let hits = query_frame(frame, start, generation, policy)?;
        merge(&mut best, &hits, policy, generation.lists());
        last = Some((frame, hits));
    }
    let seen = query_features(examination, generation, policy)?;
    let hits: Vec<Hit> = seen.iter().map(|seen| seen.hit).collect();
    merge(&mut best, &hits, policy, generation.lists());
    let input = Input {
        digests: &examination.digests,
        hashes: &examination.hashes,
        opaque: &examination.opaque,
        seen: &seen,
    };
    explain(&input, generation, policy, show_hashes, &best)
}

/// Matches hashes of one file of which nothing else is known; `quality` is that of its PDQ.
///
/// # Errors
/// As [`evaluate`].
pub(crate) fn evaluate_hashes(
    values: &[HashValue],
    quality: Option<Quality>,
    generation: &Generation,
    policy: &Policy,
) -> Result<Findings, ReadError> {
    let mut digests = Digests::default();
    let mut perceptual = Vec::new();
    let mut opaque = Vec::new();
    for (label, value) in (0u32..).zip(values) {
        match *value {
            HashValue::Pdq(hash) if passes(policy.min_quality, quality) => {
                let reach = Reach::default();
                perceptual.push(QueryHash { hash, label, quality, margin: 0, reach });
            }
            HashValue::Pdq(_) => {}
            value if digests.set(value) => {}
            value => opaque.push(OpaqueHash { value, label }),
        }
    }
    let hits = generation.query(&Query {
        digests: &digests,
        perceptual: &perceptual,
        opaque: Opaque { hashes: &opaque, radii: DEFAULT_OPAQUE_RADII },
        radius: policy.radius(),
        min_quality: policy.min_quality(),
        method: policy.method,
    })?;
    let mut best = BTreeMap::new();
    merge(&mut best, &hits, policy, generation.lists());
    let input = Input { digests: &digests, hashes: &[], opaque: &[], seen: &[] };
    explain(&input, generation, policy, false, &best)
}

/// The hashes of what is matched; perceptual ones are referred to by their position.
struct Input<'a> {
    digests: &'a Digests,
    hashes: &'a [LabelledHash],
    opaque: &'a [HashValue],
    seen: &'a [Seen],
}

/// The best hits, by list, entry and what matched.
type Best = BTreeMap<(u32, u64, By), Candidate>;

/// A registered picture that a frame shows; its hit's label is its position among all.
struct Seen {
    hit: Hit,
    frame: u32,
    view: View,
    inliers: u16,
    area: Rectangle,
}

/// Registered pictures that any frame shows, those with most inliers first.
fn query_features(
    examination: &Examination,
    generation: &Generation,
    policy: &Policy,
) -> Result<Vec<Seen>, ReadError> {
    // What an expired list holds, or one of known-good, must not speak against the others.
    let takes_part = |list: usize| {
        let list = generation.lists().get(list);
        list.is_some_and(|list| list.kind == ListKind::Known && !policy.expired(list))
    };
    let mut seen = Vec::new();
    for of_frame in &examination.features {
        for found in generation.query_local(&of_frame.features, &View::ALL, takes_part)? {
            let (x, y, width, height) = found.finding.area;
            seen.push(Seen {
                hit: found.hit,
                frame: of_frame.frame,
                view: found.finding.view,
                inliers: found.finding.inliers,
                area: Rectangle { x, y, width, height },
            });
        }
    }
    seen.sort_by_key(|seen| (std::cmp::Reverse(seen.inliers), seen.frame, seen.hit.place));
    for (label, seen) in (0..).zip(&mut seen) {
        seen.hit.label = Some(label);
    }
    Ok(seen)
}

fn same_hashes(a: &[LabelledHash], b: &[LabelledHash]) -> bool {
    let content = |hash: &LabelledHash| (hash.variant, hash.orientation, hash.hash, hash.quality);
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| content(a) == content(b))
}

/// Asks for one frame, the first of whose hashes has the label `start`. Hashes that several
/// orientations share are asked for once for each reach, under the label that comes first.
fn query_frame(
    frame: &[LabelledHash],
    start: usize,
    generation: &Generation,
    policy: &Policy,
) -> Result<Vec<Hit>, ReadError> {
    let mut seen: Vec<(Pdq, Quality, Reach)> = Vec::with_capacity(frame.len());
    let mut perceptual = Vec::with_capacity(frame.len());
    for (index, hash) in frame.iter().enumerate() {
        let reach = policy.reach(hash.variant);
        let asked = (hash.hash, hash.quality, reach);
        let known = seen.contains(&asked);
        // Proposals say nothing about a match.
        let canonical = hash.variant.margins().is_none();
        if canonical && !known && passes(policy.min_quality, Some(hash.quality)) {
            seen.push(asked);
            perceptual.push(QueryHash {
                hash: hash.hash,
                label: u32::try_from(start + index).expect("examinations are bounded"),
                quality: Some(hash.quality),
                margin: 0,
                reach,
            });
        }
    }
    if perceptual.is_empty() {
        return Ok(Vec::new());
    }
    generation.query(&Query {
        digests: &Digests::default(),
        perceptual: &perceptual,
        opaque: Opaque::NONE,
        radius: policy.radius(),
        min_quality: policy.min_quality(),
        method: policy.method,
    })
}

/// Keeps the best hit of each entry and kind, and counts the frames.
fn merge(best: &mut Best, hits: &[Hit], policy: &Policy, lists: &[List]) {
    for hit in hits.iter().filter(|hit| policy.admits(hit, lists)) {
        let key = (hit.place.list, hit.entry.0, hit.by);
        let order = |hit: &Hit| (hit.degenerate, hit.rank, hit.distance, hit.label);
        best.entry(key)
            .and_modify(|candidate| {
                candidate.frames += 1;
                if order(hit) < order(&candidate.hit) {
                    candidate.hit = *hit;
                }
            })
            .or_insert(Candidate { hit: *hit, frames: 1 });
    }
}

/// A hit with what the generation says of its entry.
struct Explained<'a> {
    candidate: &'a Candidate,
    list: &'a List,
    said: Said,
    /// Kinds of digest that differ.
    conflict: Vec<HashKind>,
}

impl Explained<'_> {
    /// Unrelated entries that are expected to be as near by chance.
    fn chance(&self, input: &Input<'_>, policy: &Policy, listed: f64) -> Option<f64> {
        let hit = &self.candidate.hit;
        let label = hit.label.filter(|_| hit.by == HashKind::Pdq)?;
        let own = input.hashes.get(usize::try_from(label).ok()?)?;
        Some(expect::of_match(policy, own.variant, hit.distance, listed))
    }

    fn name(&self) -> EntryName {
        EntryName {
            list: self.list.name.clone(),
            version: self.list.version,
            entry: self.said.entry.clone(),
            by: self.candidate.hit.by,
        }
    }

    fn witness(&self, policy: &Policy) -> Witness<'_> {
        let Self { candidate: Candidate { hit, .. }, list, .. } = self;
        let segment = list.segments.get(hit.place.segment as usize);
        Witness {
            list: hit.place.list,
            entry: hit.entry.0,
            exact: is_proof(hit.by),
            same: hit.same,
            standing: self.said.standing,
            ignore: list.kind == ListKind::Ignore,
            held: segment.is_some_and(|segment| segment.held),
            weak: tier(hit) == Tier::Review,
            disagrees: !self.conflict.is_empty(),
            veto: list.veto,
            requires: policy.requires_sources.max(list.requires_sources.unwrap_or_default()),
            source: list.source.as_deref(),
        }
    }
}

/// Turns hits into matches that a person can read.
fn explain(
    input: &Input<'_>,
    generation: &Generation,
    policy: &Policy,
    show_hashes: bool,
    best: &Best,
) -> Result<Findings, ReadError> {
    let mut explained = Vec::with_capacity(best.len());
    for candidate in best.values() {
        let hit = &candidate.hit;
        let Some(list) = generation.lists().get(hit.place.list as usize) else { continue };
        let conflict = disagreeing_digests(input, best, hit);
        // A hint suppresses nothing, and says nothing once a real digest speaks against it.
        let idle =
            list.kind == ListKind::Ignore || conflict.iter().any(|kind| is_proof(By::Hash(*kind)));
        if is_hint(hit.by) && idle {
            continue;
        }
        let said = provenance::read(list, generation.entry(hit.place)?);
        explained.push(Explained { candidate, list, said, conflict });
    }
    // That a part of a picture is of no concern says nothing about the rest of it.
    explained.retain(|it| it.candidate.hit.rank == 0 || it.witness(policy).is_match());
    let witnesses: Vec<Witness<'_>> = explained.iter().map(|it| it.witness(policy)).collect();
    let judgements = trust::weigh(&witnesses);
    let listed = if explained.is_empty() { 0.0 } else { expect::listed(generation, policy) };
    let mut findings = Findings::default();
    for (it, witness) in explained.iter().zip(&witnesses).filter(|(_, it)| !it.is_match()) {
        let others =
            if witness.ignore { &mut findings.ignored_by } else { &mut findings.denied_by };
        others.push(it.name());
    }
    for ((it, witness), judgement) in explained.iter().zip(&witnesses).zip(&judgements) {
        if !witness.is_match() {
            continue;
        }
        let conflict = Conflict {
            digests: it.conflict.clone(),
            ignored_by: findings.ignored_by.clone(),
            denied_by: findings.denied_by.clone(),
        };
        let found = Match {
            vetoed_by: judgement.vetoed_by.iter().map(|&by| explained[by].name()).collect(),
            conflict: (conflict != Conflict::default()).then_some(conflict),
            chance: it.chance(input, policy, listed),
            ..describe(input, policy, show_hashes, it, judgement)
        };
        if found.vetoed_by.is_empty() {
            attest(&mut findings.findings, &found, judgement.sources);
            findings.matches.push(found);
        } else {
            findings.vetoed.push(found);
        }
    }
    Ok(findings)
}

/// Puts a match to the finding of its material. Findings are numbered as they first come, and
/// the matches of an entry follow each other, so neither has to be looked for.
fn attest(findings: &mut Vec<Finding>, found: &Match, sources: u32) {
    let known = findings.binary_search_by_key(&found.finding, |finding| finding.finding);
    let index = known.unwrap_or_else(|index| {
        let (finding, tier, attestations) = (found.finding, found.tier, Vec::new());
        findings.insert(index, Finding { finding, tier, sources, attestations });
        index
    });
    let finding = &mut findings[index];
    finding.tier = finding.tier.min(found.tier);
    match finding.attestations.last_mut() {
        Some(last) if (&last.list, &last.entry) == (&found.list, &found.entry) => {
            last.by.push(found.by);
        }
        _ => finding.attestations.push(Attestation {
            list: found.list.clone(),
            version: found.version,
            source: found.provenance.source.clone(),
            entry: found.entry.clone(),
            category: found.category.clone(),
            by: vec![found.by],
        }),
    }
}

/// Kinds of digest that the entry lists, that were computed for the input, and that differ.
fn disagreeing_digests(input: &Input<'_>, best: &Best, hit: &Hit) -> Vec<HashKind> {
    if !hit.by.is_exact() {
        return Vec::new(); // A similar picture has other bytes: nothing disagrees.
    }
    input
        .digests
        .values()
        .map(|digest| digest.kind())
        .filter(|&kind| hit.kinds.contains(kind))
        .filter(|&kind| !best.contains_key(&(hit.place.list, hit.entry.0, By::Hash(kind))))
        .collect()
}
