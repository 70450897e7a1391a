//! Whole generations against a plain model: queries, walks, lookups, compaction.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use hashward_hash::{
    Digests, Distance, HashValue, OpaqueRadii, Quality, VectorMetric, VectorRadius,
};
use hashward_store::{
    BuildOptions, EntryKey, EntryRow, Generation, List, Method, Opaque, Query, QueryHash, Reach,
    Store,
};
use hashward_testkit::Codes;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use support::{Said, said};

struct Database {
    _dir: tempfile::TempDir,
    store: Store,
    generation: Generation,
    lists: Vec<(List, BTreeMap<EntryKey, EntryRow>)>,
    source: Codes,
    pool: Vec<hashward_hash::Pdq>,
}

/// Lists of several segments, some rows dead; a row that is dead in one may live in the next.
fn database(seed: u64, lists: u64, rows: u64, indexes: bool) -> Database {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(dir.path()).unwrap();
    let mut source = Codes::seeded(seed);
    let pool = source.clustered(40);
    let mut all = Vec::new();
    for number in 0..lists {
        let mut segments = Vec::new();
        let mut living: BTreeMap<EntryKey, EntryRow> = BTreeMap::new();
        for _ in 0..=source.below(3) {
            let fresh = support::rows(&mut source, rows, &pool);
            let picked: Vec<EntryRow> = fresh
                .into_iter()
                .filter(|row| !living.contains_key(&row.key) && source.below(3) > 0)
                .collect();
            let mut segment = support::build(&store, &picked, support::options(indexes));
            let dead: Vec<u32> =
                (0..picked.len() as u32).filter(|_| source.below(4) == 0).collect();
            if !dead.is_empty() {
                segment.tombstones = Some(store.write_tombstones(&segment, &dead).unwrap());
            }
            let alive = (0u32..).zip(picked).filter(|(row, _)| !dead.contains(row));
            living.extend(alive.map(|(_, row)| (row.key, row)));
            segments.push(segment);
        }
        all.push((support::list(number, segments), living));
    }
    let (_, generation) = support::open(&store, all.iter().map(|(list, _)| list.clone()).collect());
    Database { _dir: dir, store, generation, lists: all, source, pool }
}

/// A margin and a reach of any sort.
fn reach(source: &mut Codes) -> (u16, Reach) {
    let radius = |source: &mut Codes| Distance(source.below(60) as u16);
    let own = (source.below(2) > 0).then(|| radius(source));
    let distant = if source.below(2) > 0 { radius(source) } else { Distance(0) };
    let margin = source.below(2) * source.below(12);
    (margin as u16, Reach { rank: source.below(3) as u8, radius: own, distant })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn queries_answer_as_the_model(
        seed: u64, lists in 0u64..4, rows in 0u64..60, indexes: bool,
        radius in prop::sample::select(vec![0u16, 3, 8, 31, 90, 256]), reaches: bool, gate in prop::sample::select(vec![0u8, 10, 50, 90]),
    ) {
        let mut database = database(seed, lists, rows, indexes);
        database.generation.verify_deep().unwrap();
        let source = &mut database.source;
        let mut perceptual: Vec<QueryHash> = (0..12)
            .map(|number| {
                let near = database.pool[source.below(database.pool.len() as u64) as usize];
                let quality = (source.below(4) > 0).then(|| Quality(10 * source.below(11) as u8));
                let hash = source.near(near, 30);
                let (margin, reach) = if reaches { reach(source) } else { (0, Reach::default()) };
                QueryHash { hash, label: 100 + number, quality, margin, reach }
            })
            .collect();
        perceptual.push(QueryHash { label: 7, ..perceptual[0] });
        if reaches {
            let (margin, reach) = reach(source);
            perceptual.push(QueryHash { label: 8, margin, reach, ..perceptual[1] });
        }
        let mut digests = support::digests(source);
        let hashes = support::others(source, &mut digests);
        let metric = if seed % 2 == 0 { VectorMetric::L1 } else { VectorMetric::L2 };
        let photodna = VectorRadius { metric, radius: Distance(radius * 20) };
        let radii = OpaqueRadii { photodna, bits64: Distance(radius / 4) };
        let opaque = Opaque { hashes: &hashes, radii };
        let (radius, min_quality) = (Distance(radius), Quality(gate));
        let expected =
            support::model(&database.lists, &digests, &perceptual, opaque, radius, min_quality);
        use Method::{Auto, BkTree, Linear, MultiIndex, Prefix};
        for method in [Auto, Linear, BkTree, Prefix, MultiIndex] {
            let query =
                Query { digests: &digests, perceptual: &perceptual, opaque, radius, min_quality, method };
            let hits = database.generation.query(&query).unwrap();
            prop_assert_eq!(said(&hits), expected.clone());
            prop_assert!(hits.is_sorted_by_key(|hit| (hit.place, hit.by)));
        }
        for value in digests.values() {
            let expected: Vec<Said> =
                expected.iter().filter(|said| said.2 == value.kind()).cloned().collect();
            prop_assert_eq!(said(&database.generation.lookup_digest(&value).unwrap()), expected);
        }
    }

    #[test]
    fn walks_give_back_what_was_imported(seed: u64, rows in 0u64..80, indexes: bool) {
        let database = database(seed, 2, rows, indexes);
        let generation = &database.generation;
        for (number, (list, living)) in database.lists.iter().enumerate() {
            let entries: Vec<EntryRow> =
                generation.entries(number).unwrap().map(Result::unwrap).collect();
            prop_assert!(entries.iter().eq(living.values()));
            let live: Vec<_> = generation.live(number).unwrap().map(Result::unwrap).collect();
            prop_assert_eq!(live.len() as u64, generation.live_rows(number));
            for (live, row) in live.iter().zip(living.values()) {
                prop_assert_eq!((live.key, live.entry), (row.key, row.entry));
                prop_assert_eq!(live.payload, row.payload_digest());
                prop_assert_eq!(generation.find(number, row.key).unwrap(), Some(*live));
                let meta = generation.entry(live.place).unwrap();
                prop_assert_eq!(meta.source_row, row.source_row);
                prop_assert_eq!(&meta.source_id, &row.source_id);
                prop_assert_eq!(&meta.name, &row.name);
                prop_assert_eq!(&meta.category, &row.category);
                prop_assert_eq!(&meta.attributes, &row.attributes);
            }
            prop_assert_eq!(generation.find(number, EntryKey([7; 16])).unwrap(), None);
            let live_hashes: usize = entries.iter().map(|row| row.hashes.len()).sum();
            let hashes: u64 = generation.hashes(number).values().sum();
            prop_assert!(live_hashes as u64 <= hashes);
            for (position, segment) in list.segments.iter().enumerate() {
                let dead = generation.dead_rows(number, position);
                prop_assert_eq!(dead.is_empty(), segment.tombstones.is_none());
            }
        }
    }

    #[test]
    fn compaction_keeps_the_answers_and_is_what_a_fresh_import_writes(seed: u64, rows in 0u64..60) {
        let database = database(seed, 1, rows, true);
        let (list, living) = &database.lists[0];
        let options = BuildOptions::default();
        let merged = database.generation.compact(0, 0, &database.store, options).unwrap();
        let Some(merged) = merged else {
            prop_assert!(living.is_empty());
            return Ok(());
        };
        let fresh: Vec<EntryRow> = living.values().cloned().collect();
        prop_assert_eq!(support::build(&database.store, &fresh, options), merged.to_ref());
        let list = List { segments: vec![merged.to_ref()], ..list.clone() };
        let (_, compacted) = support::open(&database.store, vec![list]);
        let entries: Vec<EntryRow> =
            compacted.entries(0).unwrap().map(Result::unwrap).collect();
        prop_assert_eq!(entries, fresh);
    }
}

#[test]
fn the_same_rows_give_the_same_file_whatever_memory_and_threads() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(dir.path()).unwrap();
    let mut source = Codes::seeded(3);
    let pool = source.clustered(3000);
    let rows = support::rows(&mut source, 9000, &pool);
    let mut names = BTreeSet::new();
    for (memory, threads) in [(1, 1), (1, 3), (1 << 30, 1), (1 << 30, 3)] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let options = BuildOptions { memory, ..support::options(true) };
        names.insert(pool.install(|| support::build(&store, &rows, options)).digest);
    }
    assert_eq!(names.len(), 1);
}

#[test]
fn reloading_shares_segments_and_what_was_verified() {
    let mut database = database(5, 2, 50, true);
    let first = database.generation.verify().unwrap();
    assert!(first.segments > 0 && first.bytes > 0);
    assert_eq!(database.generation.verify().unwrap().segments, 0, "verified already");
    let rows = support::rows(&mut database.source, 5, &database.pool);
    let segment = support::build(&database.store, &rows, BuildOptions::default());
    let mut manifest = database.generation.manifest().clone();
    manifest.sequence += 1;
    manifest.lists.push(support::list(9, vec![segment]));
    let digest = database.store.write_manifest(&manifest).unwrap();
    let next = database.generation.reload(digest).unwrap();
    assert_eq!(next.verify().unwrap().segments, 1, "only the new one");
    assert_eq!(next.rows(), database.generation.rows() + 5);
    assert_eq!(next.verify_deep().unwrap().segments, first.segments + 1);
}

#[test]
fn an_empty_generation_answers_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(dir.path()).unwrap();
    let (_, generation) = support::open(&store, Vec::new());
    let hits = generation.query(&Query {
        digests: &Digests { md5: Some([1; 16]), ..Digests::default() },
        perceptual: &[],
        opaque: Opaque::NONE,
        radius: Distance(31),
        min_quality: Quality(50),
        method: Method::Auto,
    });
    assert_eq!(hits.unwrap(), []);
    assert!(generation.kinds().is_empty());
    assert!(generation.live(0).is_err());
    assert!(generation.lookup_digest(&HashValue::Md5([1; 16])).unwrap().is_empty());
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&generation);
}

#[test]
fn rows_out_of_order_and_long_texts_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(dir.path()).unwrap();
    let mut source = Codes::seeded(1);
    let pool = source.random(1);
    let rows = support::rows(&mut source, 2, &pool);
    let mut builder = store.builder(BuildOptions::default()).unwrap();
    builder.push(&rows[1]).unwrap();
    assert!(builder.push(&rows[0]).is_err());
    let mut builder = store.builder(BuildOptions::default()).unwrap();
    let long = EntryRow { name: Some("x".repeat((1 << 20) + 1)), ..rows[0].clone() };
    let error = builder.push(&long).unwrap_err().to_string();
    assert!(error.contains("the name of source row") && error.len() < 200, "{error}");
}
