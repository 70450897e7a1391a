//! Stores of every version of the format stay readable and answer as they always did.
//!
//! `fixtures/store/v<N>` holds a store that was written when N was the newest version, and beside it
//! all of its entries as text; `v<N>-<WHAT>` one of the same version, since which something was added. `HASHWARD_WRITE_GOLDEN=1 cargo test -p hashward-store --test golden`
//! writes the one of the present version where there is none; a store that is there is never
//! written again.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use hashward_features::{SIGNATURE_BYTES, Signature};
use hashward_hash::{
    Digests, Distance, HashKind, HashValue, OpaqueRadii, Quality, Standing, VectorMetric,
    VectorRadius, decode_hex, encode_hex,
};
use hashward_store::{
    Category, EntryId, EntryKey, EntryRow, FORMAT_VERSION, Generation, List, Method, Opaque,
    OpaqueHash, Query, QueryHash, Reach, Scheme, SegmentRef, Store,
};
use hashward_testkit::Codes;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/store");

/// The version and the folder of each store, the newest last.
fn golden() -> Vec<(u32, PathBuf)> {
    let stores = [(1, "v1"), (1, "v1-registered")];
    stores.map(|(version, name)| (version, Path::new(FIXTURES).join(name))).to_vec()
}

fn hex(value: &HashValue) -> String {
    value.with_bytes(|bytes| format!("{}:{}", value.kind().name(), encode_hex(bytes)))
}

fn unhex(text: &str) -> Vec<u8> {
    let mut bytes = vec![0; text.len() / 2];
    decode_hex(text, &mut bytes).unwrap();
    bytes
}

/// The parts of a signature of at most eight features that are not zero.
const PARTS: [(usize, usize); 2] = [(0, 64), (640, 896)];

fn signature(value: &Value) -> Option<Box<Signature>> {
    let mut bytes = [0; SIGNATURE_BYTES];
    for (text, (start, end)) in value.as_array()?.iter().zip(PARTS) {
        bytes[start..end].copy_from_slice(&unhex(text.as_str().unwrap()));
    }
    Some(Box::new(Signature::from_bytes(&bytes).unwrap()))
}

fn to_json(list: usize, row: &EntryRow) -> Value {
    json!({
        "list": list, "key": encode_hex(&row.key.0), "entry": row.entry.0,
        "source_row": row.source_row, "hashes": row.hashes.iter().map(hex).collect::<Vec<_>>(),
        "quality": row.quality.map(|quality| quality.0), "source_id": row.source_id,
        "name": row.name, "category": row.category, "attributes": row.attributes,
        "signature": row.signature.as_ref().map(|signature| {
            let bytes = signature.as_bytes();
            PARTS.map(|part| encode_hex(&bytes[part.0..part.1]))
        }),
    })
}

fn from_json(value: &Value) -> (usize, EntryRow) {
    let text = |field: &str| value[field].as_str().map(str::to_owned);
    let hash = |text: &Value| {
        let (kind, digits) = text.as_str().unwrap().split_once(':').unwrap();
        HashValue::from_bytes(HashKind::from_name(kind).unwrap(), &unhex(digits)).unwrap()
    };
    let row = EntryRow {
        key: EntryKey(unhex(value["key"].as_str().unwrap()).try_into().unwrap()),
        entry: EntryId(value["entry"].as_u64().unwrap()),
        source_row: value["source_row"].as_u64().unwrap(),
        hashes: value["hashes"].as_array().unwrap().iter().map(hash).collect(),
        quality: value["quality"].as_u64().map(|quality| Quality(quality as u8)),
        source_id: text("source_id"),
        name: text("name"),
        category: text("category"),
        attributes: text("attributes"),
        signature: signature(&value["signature"]),
    };
    (value["list"].as_u64().unwrap() as usize, row)
}

/// Writes a store that uses everything that the format has.
fn write(folder: &Path) {
    let store = Store::create(folder).unwrap();
    let mut source = Codes::seeded(2026);
    let pool = source.clustered(30);
    let mut segment = |count: u64, indexes: bool, dead: Option<u32>| -> SegmentRef {
        let rows = support::rows(&mut source, count, &pool);
        let mut segment = support::build(&store, &rows, support::options(indexes));
        if let Some(step) = dead {
            let dead: Vec<u32> = (0..count as u32).step_by(step as usize).collect();
            segment.tombstones = Some(store.write_tombstones(&segment, &dead).unwrap());
        }
        segment
    };
    // One row in fifty dead is written as a list, every second one as a bitmap.
    let first = support::list(1, vec![segment(60, true, Some(50))]);
    let mut second = support::list(2, vec![segment(50, false, Some(2))]);
    second.segments[0].held = true;
    let categories = vec![Category {
        code: "A1".to_owned(),
        name: "made up".to_owned(),
        standing: Standing::Disputed,
    }];
    let third = List {
        label: Some("first".to_owned()),
        source: Some("nobody".to_owned()),
        category: Some("B".to_owned()),
        scheme: Some(Scheme { name: "letters".to_owned(), categories }),
        expires: Some("2999-12-31".parse().unwrap()),
        requires_sources: Some(2),
        veto: true,
        actions: vec!["tell".to_owned()],
        ..support::list(3, vec![segment(40, true, None)])
    };
    let (digest, generation) = support::open(&store, vec![first, second, third]);
    let mut entries = String::new();
    for list in 0..generation.lists().len() {
        for row in generation.entries(list).unwrap() {
            entries.push_str(&format!("{}\n", to_json(list, &row.unwrap())));
        }
    }
    std::fs::write(folder.join("entries.jsonl"), entries).unwrap();
    std::fs::write(folder.join("current"), format!("{digest}\n")).unwrap();
    std::fs::remove_dir(store.temp_dir()).unwrap();
}

type Lists = Vec<(List, BTreeMap<EntryKey, EntryRow>)>;

/// Opens a golden store and compares all entries with those kept beside it.
fn read(folder: &Path) -> (Generation, Lists) {
    let current = std::fs::read_to_string(folder.join("current")).unwrap();
    let generation = Generation::open(folder, current.trim().parse().unwrap()).unwrap();
    generation.verify_deep().unwrap();
    let mut lists: Lists =
        generation.lists().iter().map(|list| (list.clone(), BTreeMap::new())).collect();
    for line in std::fs::read_to_string(folder.join("entries.jsonl")).unwrap().lines() {
        let (list, row) = from_json(&serde_json::from_str(line).unwrap());
        lists[list].1.insert(row.key, row);
    }
    for (number, (_, rows)) in lists.iter().enumerate() {
        let stored: Vec<EntryRow> =
            generation.entries(number).unwrap().map(Result::unwrap).collect();
        assert!(!stored.is_empty() && stored.iter().eq(rows.values()), "list {number}");
    }
    (generation, lists)
}

/// Asks for the hashes of every entry, and compares the answers with a look at every entry.
fn ask(generation: &Generation, lists: &Lists) {
    let mut answers = 0;
    for row in lists.iter().flat_map(|(_, rows)| rows.values()) {
        let (mut digests, mut perceptual, mut opaque) =
            (Digests::default(), Vec::new(), Vec::new());
        for (label, hash) in (0..).zip(&row.hashes) {
            match hash {
                HashValue::Pdq(hash) => {
                    perceptual.push(QueryHash {
                        hash: *hash,
                        label,
                        quality: None,
                        margin: 0,
                        reach: Reach::default(),
                    });
                }
                hash if digests.set(*hash) => {}
                // The model takes one of each kind.
                hash if opaque
                    .iter()
                    .any(|other: &OpaqueHash| other.value.kind() == hash.kind()) => {}
                hash => opaque.push(OpaqueHash { value: *hash, label }),
            }
        }
        let photodna = VectorRadius { metric: VectorMetric::L2, radius: Distance(40) };
        let radii = OpaqueRadii { photodna, bits64: Distance(8) };
        let opaque = Opaque { hashes: &opaque, radii };
        let (radius, min_quality) = (Distance(31), Quality(20));
        let expected = support::model(lists, &digests, &perceptual, opaque, radius, min_quality);
        answers += expected.len();
        use Method::{Auto, BkTree, Linear, MultiIndex, Prefix};
        for method in [Auto, Linear, BkTree, Prefix, MultiIndex] {
            let perceptual = &perceptual;
            let query =
                Query { digests: &digests, perceptual, opaque, radius, min_quality, method };
            assert_eq!(support::said(&generation.query(&query).unwrap()), expected);
        }
    }
    assert!(answers > 300, "{answers} answers");
}

#[test]
fn golden_stores_of_every_version_answer() {
    let (newest, folder) = golden().pop().unwrap();
    assert_eq!(newest, FORMAT_VERSION);
    if !folder.exists() && std::env::var_os("HASHWARD_WRITE_GOLDEN").is_some() {
        write(&folder);
    }
    for (version, folder) in golden() {
        let (generation, lists) = read(&folder);
        ask(&generation, &lists);
        assert_eq!(generation.manifest().format, version);
    }
}

#[test]
fn golden_stores_use_every_table_and_kind() {
    let folder = golden().pop().unwrap().1;
    let (generation, _) = read(&folder);
    assert_eq!(generation.kinds(), HashKind::ALL.into_iter().collect());
    let mut tables = std::collections::BTreeSet::new();
    for list in generation.lists() {
        for segment in &list.segments {
            let path = folder.join(format!("segments/{}.seg", segment.digest));
            let bytes = std::fs::read(path).unwrap();
            let sections = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
            let entry = |number: usize| 64 + 64 * number;
            tables.extend((0..sections).map(|number| {
                u16::from_le_bytes([bytes[entry(number)], bytes[entry(number) + 1]])
            }));
        }
    }
    let known: Vec<u16> =
        hashward_store::format::Table::ALL.into_iter().map(|table| table.id()).collect();
    assert_eq!(tables.into_iter().collect::<Vec<_>>(), known);
}

#[test]
fn what_is_written_now_is_read_the_same_way() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("store"));
    let (generation, lists) = read(&dir.path().join("store"));
    ask(&generation, &lists);
}
