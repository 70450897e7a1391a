//! Matching against a real generation, compared with the plainest possible loop over all rows.
#![allow(clippy::unwrap_used)] // helpers of tests

use hashward_engine::matching::{Policy, evaluate};
use hashward_engine::verdict::Tier;
use hashward_examine::{EXAMINATION_VERSION, Examination, Pictures};
use hashward_hash::{Digests, Distance, HashKind, HashValue, Orientation, Pdq, Quality};
use hashward_media::{LabelledHash, Rectangle, Variant};
use hashward_store::{
    BuildOptions, EntryId, EntryKey, EntryRow, Generation, List, ListKind, Manifest, Method, Store,
};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A list as the test makes it up. Digests and codes are small numbers, see [`digests`], [`code`].
#[derive(Debug, Clone)]
struct MadeList {
    kind: ListKind,
    radius: Option<u16>,
    gate: Option<u8>,
    rows: Vec<MadeRow>,
}

#[derive(Debug, Clone)]
struct MadeRow {
    md5: Option<u8>,
    sha256: Option<u8>,
    pdq: Option<(u8, u16)>,
    quality: Option<u8>,
}

#[derive(Debug, Clone)]
struct MadeHash {
    frame: u32,
    square: bool,
    orientation: usize,
    code: (u8, u16),
    quality: u8,
}

/// One of a few codes, with its lowest bits flipped. Code 0 is degenerate.
fn code((base, flipped): (u8, u16)) -> Pdq {
    let word = if base == 0 { 0 } else { 0x5555_5555_5555_5555_u64.rotate_left(u32::from(base)) };
    let mut words = [word, word, (u64::from(base) * 0x0101_0101_0101_0101) ^ word, word];
    for bit in 0..flipped.min(64) {
        words[0] ^= 1 << bit;
    }
    Pdq(words)
}

fn values(row: &MadeRow) -> Vec<HashValue> {
    let md5 = row.md5.map(|n| HashValue::Md5([n; 16]));
    let sha256 = row.sha256.map(|n| HashValue::Sha256([n; 32]));
    let pdq = row.pdq.map(|made| HashValue::Pdq(code(made)));
    [md5, sha256, pdq].into_iter().flatten().collect()
}

fn generation(dir: &std::path::Path, lists: &[MadeList]) -> Generation {
    let store = Store::create(dir).unwrap();
    let mut manifest = Manifest::empty();
    for (number, list) in (0..).zip(lists) {
        let mut rows: Vec<EntryRow> = (0..)
            .zip(&list.rows)
            .map(|(index, row)| {
                let id = format!("{index}");
                let hashes = values(row);
                EntryRow {
                    key: EntryKey::of(Some(&id), &hashes),
                    entry: EntryId(number * 100 + index),
                    source_row: index,
                    hashes,
                    quality: row.quality.map(Quality),
                    source_id: Some(id),
                    name: None,
                    category: None,
                    attributes: None,
                    signature: None,
                }
            })
            .collect();
        rows.sort_by_key(|row| row.key);
        let mut builder = store.builder(BuildOptions::default()).unwrap();
        for row in &rows {
            builder.push(row).unwrap();
        }
        manifest.lists.push(List {
            id: number,
            name: format!("list{number}"),
            kind: list.kind,
            version: 1,
            radius: list.radius.map(Distance),
            min_quality: list.gate.map(Quality),
            segments: vec![builder.finish().unwrap().to_ref()],
            ..List::default()
        });
    }
    Generation::open(dir, store.write_manifest(&manifest).unwrap()).unwrap()
}

fn examination(md5: u8, sha256: u8, hashes: &[MadeHash]) -> Examination {
    let mut hashes: Vec<LabelledHash> = hashes
        .iter()
        .map(|made| LabelledHash {
            frame: made.frame,
            variant: if made.square { Variant::Square512 } else { Variant::Full },
            rectangle: Rectangle { x: 0, y: 0, width: 600, height: 400 },
            orientation: Orientation::ALL[made.orientation],
            hash: code(made.code),
            quality: Quality(made.quality),
        })
        .collect();
    hashes.sort_by_key(|hash| (hash.frame, hash.variant, hash.orientation));
    hashes.dedup_by_key(|hash| (hash.frame, hash.variant, hash.orientation));
    Examination {
        version: EXAMINATION_VERSION,
        size: 1000,
        media_type: "image/png".into(),
        digests: Digests { md5: Some([md5; 16]), sha256: Some([sha256; 32]), ..Digests::default() },
        pictures: Pictures::Examined,
        width: Some(600),
        height: Some(400),
        frames_examined: 3,
        frames_total: Some(3),
        hashes,
        opaque: Vec::new(),
        features: Vec::new(),
    }
}

/// List, entry, kind, distance, radius, tier, label (as its position), frames, disagreeing kinds.
type Row = (String, String, HashKind, u16, u16, Tier, Option<usize>, u32, Vec<HashKind>);

/// Every known row that matches, by comparing everything with everything.
fn oracle(examination: &Examination, lists: &[MadeList], policy: &Policy) -> (Vec<Row>, usize) {
    let mut rows = Vec::new();
    let mut ignored = 0;
    for (number, list) in lists.iter().enumerate() {
        for (index, row) in list.rows.iter().enumerate() {
            let mut of_row = Vec::new();
            let exact = |kind, here: Option<u8>, there: u8| (here == Some(there)).then_some(kind);
            let md5 = exact(HashKind::Md5, row.md5, examination.digests.md5.unwrap()[0]);
            let sha256 =
                exact(HashKind::Sha256, row.sha256, examination.digests.sha256.unwrap()[0]);
            let listed = [row.md5.map(|_| HashKind::Md5), row.sha256.map(|_| HashKind::Sha256)];
            let agreeing = [md5, sha256];
            for kind in agreeing.into_iter().flatten() {
                let differing =
                    listed.into_iter().flatten().filter(|k| !agreeing.contains(&Some(*k)));
                of_row.push((kind, 0, 0, Tier::Exact, None, 0, differing.collect()));
            }
            of_row.extend(oracle_pdq(examination, list, row, policy));
            match list.kind {
                ListKind::Ignore => ignored += of_row.len(),
                ListKind::Known => rows.extend(of_row.into_iter().map(
                    |(kind, distance, radius, tier, label, frames, conflict)| {
                        let name = format!("list{number}");
                        (
                            name,
                            index.to_string(),
                            kind,
                            distance,
                            radius,
                            tier,
                            label,
                            frames,
                            conflict,
                        )
                    },
                )),
            }
        }
    }
    (rows, ignored)
}

#[allow(clippy::type_complexity)]
fn oracle_pdq(
    examination: &Examination,
    list: &MadeList,
    row: &MadeRow,
    policy: &Policy,
) -> Option<(HashKind, u16, u16, Tier, Option<usize>, u32, Vec<HashKind>)> {
    let listed = code(row.pdq?);
    let radius = match (list.radius, policy.radius) {
        (Some(own), Some(wish)) => own.min(wish.0),
        (Some(own), None) => own,
        (None, wish) => wish.map_or(31, |wish| wish.0),
    };
    let gate = match (list.gate, policy.min_quality) {
        (Some(own), Some(wish)) => own.max(wish.0),
        (Some(own), None) => own,
        (None, wish) => wish.map_or(50, |wish| wish.0),
    };
    if row.quality.is_some_and(|quality| quality < gate) {
        return None;
    }
    let near: Vec<(u16, usize, u32)> = examination
        .hashes
        .iter()
        .enumerate()
        .filter(|(_, hash)| hash.quality.0 >= gate)
        .map(|(label, hash)| (hash.hash.distance(listed).0, label, hash.frame))
        .filter(|&(distance, ..)| distance <= radius)
        .collect();
    let &(distance, label, _) = near.iter().min()?;
    let frames = near.iter().map(|&(.., frame)| frame).collect::<BTreeSet<_>>().len() as u32;
    let tier = if listed.is_degenerate() { Tier::Review } else { Tier::Near };
    Some((HashKind::Pdq, distance, radius, tier, Some(label), frames, Vec::new()))
}

fn made_code() -> impl Strategy<Value = (u8, u16)> {
    (0u8..4, prop_oneof![Just(0u16), 0u16..45])
}

fn made_list() -> impl Strategy<Value = MadeList> {
    let row = (
        proptest::option::of(1u8..4),
        proptest::option::of(1u8..4),
        proptest::option::of(made_code()),
        proptest::option::of(prop_oneof![Just(40u8), Just(60), Just(90)]),
    )
        .prop_map(|(md5, sha256, pdq, quality)| MadeRow { md5, sha256, pdq, quality });
    (
        prop_oneof![Just(ListKind::Known), Just(ListKind::Ignore)],
        proptest::option::of(10u16..40),
        proptest::option::of(prop_oneof![Just(30u8), Just(80)]),
        proptest::collection::vec(row, 0..8),
    )
        .prop_map(|(kind, radius, gate, rows)| MadeList { kind, radius, gate, rows })
}

fn made_hash() -> impl Strategy<Value = MadeHash> {
    (0u32..3, any::<bool>(), 0usize..8, made_code(), prop_oneof![Just(20u8), Just(55), Just(100)])
        .prop_map(|(frame, square, orientation, code, quality)| MadeHash {
            frame,
            square,
            orientation,
            code,
            quality,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn findings_are_those_of_a_plain_loop(
        lists in proptest::collection::vec(made_list(), 1..4),
        hashes in proptest::collection::vec(made_hash(), 0..12),
        digests in (1u8..4, 1u8..4),
        radius in proptest::option::of(5u16..40),
        min_quality in proptest::option::of(prop_oneof![Just(0u8), Just(50), Just(70)]),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let generation = generation(dir.path(), &lists);
        generation.verify().unwrap();
        let examination = examination(digests.0, digests.1, &hashes);
        let mut answers = Vec::new();
        for method in [Method::Linear, Method::BkTree, Method::Auto] {
            let policy = Policy {
                radius: radius.map(Distance),
                min_quality: min_quality.map(Quality),
                method,
                ..Policy::default()
            };
            let findings = evaluate(&examination, &generation, &policy, false).unwrap();
            let (expected, ignored) = oracle(&examination, &lists, &policy);
            let position = |frame: u32, variant: &str, rendition: &str| {
                examination.hashes.iter().position(|hash| {
                    (hash.frame, hash.orientation.name(), hash.variant.name())
                        == (frame, variant, rendition)
                })
            };
            let found: Vec<Row> = findings.matches.iter().map(|m| {
                let label = m.frame.and_then(|frame| {
                    position(frame, &m.variant, m.rendition.as_deref().unwrap())
                });
                let conflict = m.conflict.clone().unwrap_or_default();
                assert_eq!(conflict.ignored_by, findings.ignored_by);
                (m.list.clone(), m.entry.clone(), m.by.kind().unwrap(), m.distance, m.radius, m.tier, label,
                 m.frames, conflict.digests)
            }).collect();
            prop_assert_eq!(&found, &expected);
            prop_assert_eq!(findings.ignored_by.len(), ignored);
            prop_assert_eq!(findings.is_ignored(), expected.is_empty() && ignored > 0);
            answers.push(found);
        }
        prop_assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    }
}
