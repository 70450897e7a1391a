//! Made-up lists, and the plain model that the store is compared with.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use hashward_features::{Feature, Features, Signature};
use hashward_hash::{
    Digests, Distance, HashKind, HashValue, OpaqueRadii, Pdq, Quality, VectorRadius,
};
use hashward_store::{
    BuildOptions, ContentDigest, EntryId, EntryKey, EntryRow, Generation, List, ListKind, Manifest,
    Opaque, OpaqueHash, Reach, SegmentRef, Store,
};
use hashward_testkit::Codes;
use std::collections::BTreeMap;

/// A row with hashes from a small pool of values, so that rows share some.
pub(crate) fn row(source: &mut Codes, number: u64, pool: &[Pdq]) -> EntryRow {
    let mut hashes = Vec::new();
    for _ in 0..=source.below(3) {
        let byte = source.below(200) as u8;
        hashes.push(match source.below(22) {
            number @ 0..=12 => value(HashKind::ALL[number as usize], byte),
            13 => HashValue::Md5([byte; 16]),
            14 => HashValue::Sha1([byte; 20]),
            15 => HashValue::Sha256([byte; 32]),
            16 => HashValue::Blake3([byte; 32]),
            _ => HashValue::Pdq(pool[source.below(pool.len() as u64) as usize]),
        });
    }
    hashes.sort_unstable();
    hashes.dedup();
    let source_id = Some(format!("id-{number}"));
    let maybe = |bits: u64, text: String| (bits > 0).then_some(text);
    EntryRow {
        key: EntryKey::of(source_id.as_deref(), &hashes),
        entry: EntryId(1000 + number),
        source_row: number + 1,
        quality: (source.below(3) > 0).then(|| Quality(10 * source.below(11) as u8)),
        name: maybe(source.below(3), format!("picture {}.jpg", source.below(9))),
        category: maybe(source.below(2), "A1".to_owned()),
        attributes: maybe(source.below(2), format!("{{\"n\":{number}}}")),
        source_id,
        hashes,
        signature: (source.below(4) == 0).then(|| Box::new(signature(source))),
    }
}

/// A signature of a few features, which come from a small pool of values.
pub(crate) fn signature(source: &mut Codes) -> Signature {
    let feature = |source: &mut Codes| Feature {
        x: source.below(1 << 16) as u16,
        y: source.below(1 << 16) as u16,
        angle: source.below(256) as u8,
        level: source.below(8) as u8,
        descriptor: [source.below(200) as u8; 32],
    };
    let features = (0..source.below(9)).map(|_| feature(source)).collect();
    Signature::new(&Features { width: 640, height: 480, side: 400, features })
}

/// A value of a kind, of which there are about 200; perceptual ones of like bytes are alike.
pub(crate) fn value(kind: HashKind, byte: u8) -> HashValue {
    let mut bytes = vec![byte; kind.bytes()];
    bytes[0] ^= 0x55;
    HashValue::from_bytes(kind, &bytes).unwrap()
}

/// Rows in the order of keys.
pub(crate) fn rows(source: &mut Codes, count: u64, pool: &[Pdq]) -> Vec<EntryRow> {
    let mut rows: Vec<EntryRow> = (0..count).map(|number| row(source, number, pool)).collect();
    rows.sort_by_key(|row| row.key);
    rows
}

/// Every index over segments of any size, or none but the prefixes.
pub(crate) fn options(indexes: bool) -> BuildOptions {
    let (tree_up_to, multi_index_from) = if indexes { (u64::MAX, 0) } else { (0, u64::MAX) };
    BuildOptions { tree_up_to, multi_index_from, ..BuildOptions::default() }
}

pub(crate) fn build(store: &Store, rows: &[EntryRow], options: BuildOptions) -> SegmentRef {
    let mut builder = store.builder(options).unwrap();
    for row in rows {
        builder.push(row).unwrap();
    }
    builder.finish().unwrap().to_ref()
}

pub(crate) fn list(number: u64, segments: Vec<SegmentRef>) -> List {
    List {
        id: number,
        name: format!("list {number}"),
        kind: if number.is_multiple_of(2) { ListKind::Known } else { ListKind::Ignore },
        version: 1,
        radius: number.is_multiple_of(3).then_some(Distance(20)),
        radius64: number.is_multiple_of(2).then_some(Distance(5)),
        photodna: VectorRadius::parse("l1:700").filter(|_| number.is_multiple_of(2)),
        min_quality: number.is_multiple_of(2).then_some(Quality(30)),
        segments,
        ..List::default()
    }
}

pub(crate) fn open(store: &Store, lists: Vec<List>) -> (ContentDigest, Generation) {
    let manifest = Manifest { lists, ..Manifest::empty() };
    let digest = store.write_manifest(&manifest).unwrap();
    (digest, Generation::open(store.dir(), digest).unwrap())
}

/// Digests as files have them, from the pool of [`row`].
pub(crate) fn digests(source: &mut Codes) -> Digests {
    let mut byte = || source.below(200) as u8;
    Digests {
        md5: Some([byte(); 16]),
        sha1: Some([byte(); 20]),
        blake3: Some([byte(); 32]),
        ..Digests::default()
    }
}

/// Hashes of the other kinds, from the pool of [`row`]: digests, and opaque ones for a query.
pub(crate) fn others(source: &mut Codes, digests: &mut Digests) -> Vec<OpaqueHash> {
    let mut opaque = Vec::new();
    for kind in HashKind::ALL.into_iter().filter(|kind| *kind != HashKind::Pdq) {
        let value = value(kind, source.below(200) as u8);
        if digests.get(kind).is_none() && !digests.set(value) {
            opaque.push(OpaqueHash { value, label: 500 + u32::from(kind.id()) });
        }
    }
    opaque
}

/// What a hit says, as far as it does not depend on where rows stand.
pub(crate) type Said =
    (usize, EntryId, HashKind, u16, Option<u32>, u8, Option<Quality>, bool, Vec<HashKind>);

/// The answer to a query by looking at every hash of every live row.
pub(crate) fn model(
    lists: &[(List, BTreeMap<EntryKey, EntryRow>)],
    digests: &Digests,
    perceptual: &[hashward_store::QueryHash],
    opaque: Opaque<'_>,
    radius: Distance,
    gate: Quality,
) -> Vec<Said> {
    let mut said = Vec::new();
    for (number, (list, rows)) in lists.iter().enumerate() {
        let gate = list.min_quality.unwrap_or(gate);
        let radius = list.radius.unwrap_or(radius);
        for row in rows.values() {
            let mut kinds: Vec<HashKind> = row.hashes.iter().map(HashValue::kind).collect();
            kinds.dedup();
            for value in digests.values().filter(|value| row.hashes.contains(value)) {
                let kind = value.kind();
                let kinds = kinds.clone();
                said.push((number, row.entry, kind, 0, None, 0, row.quality, false, kinds));
            }
            for query in opaque.hashes {
                let radii = OpaqueRadii {
                    photodna: list.photodna.unwrap_or(opaque.radii.photodna),
                    bits64: list.radius64.unwrap_or(opaque.radii.bits64),
                };
                let (kind, metric) = (query.value.kind(), radii.photodna.metric);
                let near = |own: &HashValue| {
                    let distance = own.opaque_distance(&query.value, metric)?;
                    Some((own.is_degenerate(), distance.0))
                        .filter(|(_, distance)| *distance <= radii.of(kind).0)
                };
                if let Some((degenerate, distance)) = row.hashes.iter().filter_map(near).min() {
                    let label = Some(query.label);
                    let kinds = kinds.clone();
                    said.push((
                        number,
                        row.entry,
                        kind,
                        distance,
                        label,
                        0,
                        row.quality,
                        degenerate,
                        kinds,
                    ));
                }
            }
            let mut best = None;
            for hash in &row.hashes {
                let HashValue::Pdq(own) = hash else { continue };
                for (position, query) in perceptual.iter().enumerate() {
                    let distance = own.distance(query.hash);
                    let passes = query.quality.is_none_or(|quality| quality >= gate)
                        && row.quality.is_none_or(|quality| quality >= gate);
                    // Nothing but the hash's own margin goes beyond the radius of a list.
                    let limit = |wish: Distance| list.radius.map_or(wish, |own| own.min(wish));
                    let near = query.reach.radius.map_or(radius, limit).0;
                    let far = limit(query.reach.distant).0.max(near);
                    let rank = match distance.0.saturating_sub(query.margin) {
                        within if within <= near => query.reach.rank,
                        within if within <= far => Reach::DISTANT,
                        _ => continue,
                    };
                    if passes {
                        let found = (own.is_degenerate(), rank, distance.0, position);
                        best = Some(best.map_or(found, |known| found.min(known)));
                    }
                }
            }
            if let Some((degenerate, rank, distance, position)) = best {
                let label = Some(perceptual[position].label);
                let kind = HashKind::Pdq;
                said.push((
                    number,
                    row.entry,
                    kind,
                    distance,
                    label,
                    rank,
                    row.quality,
                    degenerate,
                    kinds,
                ));
            }
        }
    }
    said.sort();
    said
}

/// What the hits say, in the order of the model.
pub(crate) fn said(hits: &[hashward_store::Hit]) -> Vec<Said> {
    let mut said: Vec<Said> = hits
        .iter()
        .map(|hit| {
            let kinds = hit.kinds.iter().collect();
            let list = hit.place.list as usize;
            let (by, distance) = (hit.by.kind().unwrap(), hit.distance.0);
            (
                list,
                hit.entry,
                by,
                distance,
                hit.label,
                hit.rank,
                hit.entry_quality,
                hit.degenerate,
                kinds,
            )
        })
        .collect();
    said.sort();
    said
}
