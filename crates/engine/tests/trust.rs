//! What a match is worth, over real generations, against the plainest oracle: expiry, held
//! entries, vetoes, disputes and the demand for independent sources.
#![allow(clippy::unwrap_used)] // helpers of tests

use hashward_engine::matching::{Findings, Policy, evaluate};
use hashward_engine::settings::Day;
use hashward_engine::verdict::{Doubt, Match, Tier};
use hashward_examine::{EXAMINATION_VERSION, Examination, Pictures};
use hashward_hash::{Digests, HashKind, HashValue, Orientation, Pdq, Quality};
use hashward_media::{LabelledHash, Rectangle, Variant};
use hashward_store::{
    BuildOptions, EntryId, EntryKey, EntryRow, Generation, List, ListKind, Manifest, SegmentRef,
    Store,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone)]
struct MadeList {
    ignore: bool,
    /// 0 is no source; 1 and 2 are the same one, spelt otherwise.
    source: usize,
    /// 0 never expires, 1 expired yesterday, 2 expires today.
    expires: usize,
    requires: Option<u8>,
    veto: bool,
    /// Rows and whether they are held: one segment each.
    segments: Vec<(bool, Vec<MadeRow>)>,
}

const SOURCES: [Option<&str>; 4] = [None, Some("Agency"), Some(" agency"), Some("Hotline")];
const OPINIONS: [Option<&str>; 4] = [None, None, Some("disputed"), Some("negative")];

#[derive(Debug, Clone)]
struct MadeRow {
    md5: Option<u8>,
    sha256: Option<u8>,
    pdq: Option<u8>,
    opinion: usize,
}

/// Four codes with content, far from each other except 1 and 2.
fn code(number: u8) -> Pdq {
    let a = 0x5555_5555_5555_5555_u64;
    match number {
        0 => Pdq([a, a, a, a]),
        1 => Pdq([a, !a, a, !a]),
        2 => Pdq([a ^ 0b111, !a, a, !a]),
        _ => Pdq([!a, !a, a, a]),
    }
}

fn values(row: &MadeRow) -> Vec<HashValue> {
    let md5 = row.md5.map(|n| HashValue::Md5([n; 16]));
    let sha256 = row.sha256.map(|n| HashValue::Sha256([n; 32]));
    let pdq = row.pdq.map(|n| HashValue::Pdq(code(n)));
    [md5, sha256, pdq].into_iter().flatten().collect()
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

const TODAY: &str = "2026-11-24";

fn generation(dir: &std::path::Path, lists: &[MadeList]) -> Generation {
    let store = Store::create(dir).unwrap();
    let mut manifest = Manifest::empty();
    for (number, list) in (0..).zip(lists) {
        let mut segments = Vec::new();
        for (part, (held, rows)) in (0..).zip(&list.segments) {
            let mut rows: Vec<EntryRow> = (0..)
                .zip(rows)
                .map(|(index, row)| {
                    let id = format!("{part}-{index}");
                    let hashes = values(row);
                    let opinion = OPINIONS[row.opinion];
                    EntryRow {
                        key: EntryKey::of(Some(&id), &hashes),
                        entry: EntryId(number * 1000 + part * 100 + index),
                        source_row: index,
                        hashes,
                        quality: None,
                        source_id: Some(id),
                        name: None,
                        category: None,
                        attributes: opinion.map(|word| format!("{{\"opinion\":\"{word}\"}}")),
                        signature: None,
                    }
                })
                .collect();
            rows.sort_by_key(|row| row.key);
            let mut builder = store.builder(BuildOptions::default()).unwrap();
            for row in &rows {
                builder.push(row).unwrap();
            }
            segments.push(SegmentRef { held: *held, ..builder.finish().unwrap().to_ref() });
        }
        manifest.lists.push(List {
            id: number,
            name: format!("list{number}"),
            kind: if list.ignore { ListKind::Ignore } else { ListKind::Known },
            version: 1,
            source: SOURCES[list.source].map(str::to_owned),
            expires: [None, Some(day("2026-11-23")), Some(day(TODAY))][list.expires],
            requires_sources: list.requires,
            veto: list.veto,
            segments,
            ..List::default()
        });
    }
    Generation::open(dir, store.write_manifest(&manifest).unwrap()).unwrap()
}

/// A file with digests 1 whose only picture has the codes of `frames`.
fn examination(frames: &[u8]) -> Examination {
    let hash = |(frame, number): (usize, &u8)| LabelledHash {
        frame: frame as u32,
        variant: Variant::Full,
        rectangle: Rectangle { x: 0, y: 0, width: 600, height: 400 },
        orientation: Orientation::ALL[0],
        hash: code(*number),
        quality: Quality(100),
    };
    Examination {
        version: EXAMINATION_VERSION,
        size: 1000,
        media_type: "image/png".into(),
        digests: Digests { md5: Some([1; 16]), sha256: Some([1; 32]), ..Digests::default() },
        pictures: Pictures::Examined,
        width: Some(600),
        height: Some(400),
        frames_examined: frames.len() as u32,
        frames_total: Some(frames.len() as u32),
        hashes: frames.iter().enumerate().map(hash).collect(),
        opaque: Vec::new(),
        features: Vec::new(),
    }
}

/// List, entry, kind of hash: what names a match.
type Name = (String, String, HashKind);

/// What is expected of a match: tier, doubts, whether it is vetoed, sources, and the names of all
/// matches of the same material.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Expected {
    tier: Tier,
    doubts: BTreeSet<Doubt>,
    vetoed: bool,
    sources: u32,
    together: BTreeSet<Name>,
}

/// A hit as the oracle sees it.
struct Hit<'a> {
    name: Name,
    list: &'a MadeList,
    row: &'a MadeRow,
    held: bool,
    value: HashValue,
    disagrees: bool,
}

impl Hit<'_> {
    fn exact(&self) -> bool {
        self.name.2 != HashKind::Pdq
    }

    fn opinion(&self) -> Option<&str> {
        OPINIONS[self.row.opinion]
    }

    fn speaks_for(&self) -> bool {
        !self.list.ignore && self.opinion().is_none() && !self.held && !self.disagrees
    }

    fn may_veto(&self) -> bool {
        self.list.veto && !self.held && (self.list.ignore || self.opinion().is_some())
    }
}

fn hits<'a>(lists: &'a [MadeList], frames: &[u8]) -> Vec<Hit<'a>> {
    let mut hits = Vec::new();
    for (number, list) in lists.iter().enumerate().filter(|(_, list)| list.expires != 1) {
        for (part, (held, rows)) in list.segments.iter().enumerate() {
            for (index, row) in rows.iter().enumerate() {
                let disagrees =
                    row.md5.is_some_and(|n| n != 1) || row.sha256.is_some_and(|n| n != 1);
                for value in values(row) {
                    let matches = match value {
                        HashValue::Md5(bytes) => bytes == [1; 16],
                        HashValue::Sha256(bytes) => bytes == [1; 32],
                        HashValue::Pdq(listed) => {
                            frames.iter().any(|&frame| code(frame).distance(listed).0 <= 31)
                        }
                        _ => false,
                    };
                    if matches {
                        let kind = value.kind();
                        let name = (format!("list{number}"), format!("{part}-{index}"), kind);
                        let disagrees = disagrees && kind != HashKind::Pdq;
                        hits.push(Hit { name, list, row, held: *held, value, disagrees });
                    }
                }
            }
        }
    }
    hits
}

fn oracle(lists: &[MadeList], frames: &[u8], demand: u8) -> BTreeMap<Name, Expected> {
    let hits = hits(lists, frames);
    let count = hits.len();
    // Every two that are of the same material, then everything that follows from it.
    let mut same = vec![vec![false; count]; count];
    for (a, left) in hits.iter().enumerate() {
        for (b, right) in hits.iter().enumerate() {
            let one_entry = (&left.name.0, &left.name.1) == (&right.name.0, &right.name.1);
            let one_hash = left.value == right.value || left.exact() && right.exact();
            let agree = !left.disagrees && !right.disagrees;
            same[a][b] = one_entry || one_hash && agree;
        }
    }
    for middle in 0..count {
        for a in 0..count {
            for b in 0..count {
                same[a][b] |= same[a][middle] && same[middle][b];
            }
        }
    }
    let mut expected = BTreeMap::new();
    for (a, hit) in hits.iter().enumerate() {
        if hit.list.ignore || hit.opinion() == Some("negative") {
            continue;
        }
        let group: Vec<&Hit<'_>> =
            hits.iter().enumerate().filter(|(b, _)| same[a][*b]).map(|(_, hit)| hit).collect();
        let supporters: Vec<_> = group.iter().filter(|hit| hit.speaks_for()).collect();
        // Source 1 and 2 are one; source 0 counts where it is alone.
        let known =
            |wanted: &[usize]| supporters.iter().any(|hit| wanted.contains(&hit.list.source));
        let sources = u32::from(known(&[1, 2])) + u32::from(known(&[3]));
        let sources = sources.max(u32::from(!supporters.is_empty()));
        let cleared = hits.iter().any(|other| {
            let negative = other.list.ignore || other.opinion() == Some("negative");
            negative && other.may_veto() && other.exact() && !other.disagrees
        });
        let required = demand.max(hit.list.requires.unwrap_or(0));
        let mut doubts = BTreeSet::new();
        doubts.extend(hit.held.then_some(Doubt::Held));
        doubts.extend((hit.opinion() == Some("disputed")).then_some(Doubt::Disputed));
        let few = required > 1 && sources < u32::from(required);
        doubts.extend(few.then_some(Doubt::TooFewSources));
        let together = group
            .iter()
            .filter(|hit| !hit.list.ignore && hit.opinion() != Some("negative"))
            .map(|hit| hit.name.clone());
        expected.insert(
            hit.name.clone(),
            Expected {
                tier: match (doubts.is_empty(), hit.exact()) {
                    (false, _) => Tier::Review,
                    (true, true) => Tier::Exact,
                    (true, false) => Tier::Near,
                },
                doubts,
                vetoed: cleared || group.iter().any(|hit| hit.may_veto()),
                sources,
                together: together.collect(),
            },
        );
    }
    expected
}

fn found(findings: &Findings) -> BTreeMap<Name, Expected> {
    let name = |found: &Match| (found.list.clone(), found.entry.clone(), found.by.kind().unwrap());
    let all: Vec<&Match> = findings.matches.iter().chain(&findings.vetoed).collect();
    let of = |found: &&Match| {
        let same = |other: &&&Match| other.finding == found.finding;
        let together = all.iter().filter(same).map(|other| name(other)).collect();
        let finding = findings.findings.iter().find(|it| it.finding == found.finding);
        let expected = Expected {
            tier: found.tier,
            doubts: found.doubts.iter().copied().collect(),
            vetoed: !found.vetoed_by.is_empty(),
            sources: finding.map_or(0, |finding| finding.sources),
            together,
        };
        (name(found), expected)
    };
    all.iter().map(of).collect()
}

fn made_list() -> impl Strategy<Value = MadeList> {
    let hash = || proptest::option::of(prop_oneof![4 => Just(1u8), 1 => Just(2u8)]);
    let row = (hash(), hash(), proptest::option::of(0u8..4), 0..4usize)
        .prop_map(|(md5, sha256, pdq, opinion)| MadeRow { md5, sha256, pdq, opinion });
    let segment = (prop::bool::weighted(0.2), proptest::collection::vec(row, 1..3));
    (
        prop::bool::weighted(0.2),
        0..4usize,
        prop_oneof![4 => Just(0usize), 1 => Just(1), 1 => Just(2)],
        proptest::option::of(1u8..4),
        prop::bool::weighted(0.2),
        proptest::collection::vec(segment, 1..3),
    )
        .prop_map(|(ignore, source, expires, requires, veto, segments)| MadeList {
            ignore,
            source,
            expires,
            requires,
            veto,
            segments,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_match_is_worth_what_the_oracle_says(
        lists in proptest::collection::vec(made_list(), 1..5),
        frames in proptest::collection::vec(0u8..4, 0..3),
        demand in 0u8..4,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let generation = generation(dir.path(), &lists);
        let policy = Policy { day: day(TODAY), requires_sources: demand, ..Policy::default() };
        let findings = evaluate(&examination(&frames), &generation, &policy, false).unwrap();
        let expected = oracle(&lists, &frames, demand);
        let mut found = found(&findings);
        // A finding is told with its matches, so where all are vetoed nobody counts its sources.
        for (name, found) in &mut found {
            if found.vetoed {
                found.sources = expected.get(name).map_or(0, |it| it.sources);
            }
        }
        prop_assert_eq!(found, expected);
        let told: usize = findings.findings.iter().map(|it| it.attestations.len()).sum();
        let entries: BTreeSet<_> = findings.matches.iter().map(|it| (&it.list, &it.entry)).collect();
        prop_assert_eq!(told, entries.len());
        for finding in &findings.findings {
            let of = |found: &&Match| found.finding == finding.finding;
            prop_assert_eq!(Some(finding.tier), findings.matches.iter().filter(of).map(|it| it.tier).min());
        }
    }
}
