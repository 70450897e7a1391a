//! Many imports in a row: few segments, the same answers, and readers that are not disturbed.

#![allow(clippy::unwrap_used)] // a test that cannot go on may panic

use hashward_catalogue::Counts;
use hashward_engine::Generation;
use hashward_engine::database::{Access, Database};
use hashward_engine::import::{ImportInput, ImportRequest};
use hashward_hash::HashValue;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

fn md5(number: u32) -> HashValue {
    HashValue::Md5((u128::from(number) << 64).to_be_bytes())
}

/// Adds the rows to a list; a row is an identifier and the number of its hash.
fn add(database: &mut Database, rows: impl Iterator<Item = (u32, u32)>) {
    let row = |(id, hash): (u32, u32)| format!("{id},{:032x}\n", u128::from(hash) << 64);
    let text = format!("id,md5\n{}", rows.map(row).collect::<String>());
    let reader = Box::new(std::io::Cursor::new(text.into_bytes()));
    let inputs = vec![ImportInput::Stream { name: "made-up".into(), reader }];
    let delta = !database.lists().unwrap().is_empty();
    let request = ImportRequest { inputs, delta, ..ImportRequest::new("agency") };
    database.import(request, &mut |_| {}).unwrap();
}

fn segments(database: &Database) -> Vec<u64> {
    let generation = database.generation();
    generation.lists()[0].segments.iter().map(|segment| segment.rows).collect()
}

/// The entries with a hash: their identifiers and lasting numbers.
fn found(generation: &Generation, hash: u32) -> Vec<(String, u64)> {
    let hits = generation.lookup_digest(&md5(hash)).unwrap();
    let entry = |place| generation.entry(place).unwrap().source_id.unwrap();
    hits.iter().map(|hit| (entry(hit.place), hit.entry.0)).collect()
}

#[test]
fn small_imports_in_a_row_leave_few_segments_and_lasting_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let mut database = Database::create(&folder.path().join("db")).unwrap();
    // Identifier → number of the hash and lasting number, as they should be.
    let mut model: BTreeMap<u32, (u32, u64)> = BTreeMap::new();
    let mut next = 1;
    for round in 0..25u32 {
        // Three new entries, and one of an earlier round gets another hash.
        let mut rows: Vec<(u32, u32)> = (0..3).map(|i| (100 * round + i, 3 * round + i)).collect();
        if round > 0 {
            rows.push((100 * (round * round % 7 % round) + 1, 10_000 + round));
        }
        add(&mut database, rows.iter().copied());
        // New entries are numbered in the order of their keys: take the numbers as they are given.
        let generation = database.generation();
        for (id, hash) in rows {
            let number = found(&generation, hash)[0].1;
            let known = model.insert(id, (hash, number));
            assert!(known.is_none_or(|(_, before)| before == number), "a number has changed");
            next = next.max(number + 1);
        }
        assert_eq!(segments(&database).len(), 1, "round {round}");
    }
    assert_eq!(model.len() as u64 + 1, next);
    let check = |database: &Database| {
        let generation = database.generation();
        for (id, (hash, number)) in &model {
            assert_eq!(found(&generation, *hash), [(id.to_string(), *number)]);
        }
        assert_eq!(generation.rows(), model.len() as u64);
        database.verify().unwrap();
    };
    check(&database);
    database.compact().unwrap();
    check(&database);
}

#[test]
fn larger_segments_are_merged_in_steps_and_the_record_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut database = Database::create(&folder.path().join("db")).unwrap();
    let mut first = 0;
    let mut sizes = Vec::new();
    for count in [90_000, 20_000, 20_000, 30, 20_000] {
        add(&mut database, (first..first + count).map(|number| (number, number)));
        first += count;
        sizes.push(segments(&database));
        database.verify().unwrap();
    }
    assert_eq!(sizes[1], [90_000, 20_000], "four times and more of what follows stays alone");
    assert_eq!(sizes[2], [130_000]);
    assert_eq!(sizes[3], [130_000, 30]);
    assert_eq!(sizes[4], [130_000, 20_030], "small segments go into the new one");
    let generation = database.generation();
    for number in [0, 89_999, 90_000, 130_000, 130_029, 150_029] {
        assert_eq!(found(&generation, number)[0].0, number.to_string());
    }
    assert_eq!(database.info().unwrap().audit_records, 1 + 5 + 1, "one merge beside the imports");
    // An import that changes nothing writes no segment.
    let before = database.generation().lists()[0].segments.clone();
    add(&mut database, (130_000..130_020).map(|number| (number, number)));
    assert_eq!(database.generation().lists()[0].segments, before);
}

/// Imports the rows as a whole new version.
fn replace(database: &mut Database, rows: impl Iterator<Item = (u32, u32)>) -> Counts {
    let row = |(id, hash): (u32, u32)| format!("{id},{:032x}\n", u128::from(hash) << 64);
    let text = format!("id,md5\n{}", rows.map(row).collect::<String>());
    let reader = Box::new(std::io::Cursor::new(text.into_bytes()));
    let inputs = vec![ImportInput::Stream { name: "made-up".into(), reader }];
    let request = ImportRequest { inputs, ..ImportRequest::new("agency") };
    database.import(request, &mut |_| {}).unwrap().counts
}

#[test]
fn a_new_version_that_hardly_differs_writes_hardly_anything() {
    let folder = tempfile::tempdir().unwrap();
    let mut database = Database::create(&folder.path().join("db")).unwrap();
    let old = || (0..40_000u32).map(|id| (id, id));
    replace(&mut database, old());
    let first = database.generation();
    // Ten entries go, ten get another hash, ten come, and five stand twice, in another order.
    let new = || {
        let changed = |(id, hash)| (id, if id % 4000 == 7 { 900_000 + hash } else { hash });
        let kept = old().filter(|(id, _)| id % 4000 != 3).map(changed);
        let more = (40_000..40_010).map(|id| (id, id)).chain((5..10).map(|id| (id, id)));
        more.chain(kept.rev().collect::<Vec<_>>())
    };
    let counts = replace(&mut database, new());
    let found_counts =
        (counts.added, counts.changed, counts.removed, counts.unchanged, counts.joined);
    assert_eq!(found_counts, (10, 10, 10, 40_000 - 20, 5));
    assert_eq!((counts.rows, counts.entries), (40_005, 40_000));
    let generation = database.generation();
    assert_eq!(segments(&database), [40_000, 20]);
    assert_eq!(generation.lists()[0].segments[0].digest, first.lists()[0].segments[0].digest);
    assert_eq!(generation.dead_rows(0, 0).len(), 20);
    for (id, hash) in [(5, 5), (4007, 904_007), (40_009, 40_009)] {
        assert_eq!(found(&generation, hash)[0].0, id.to_string());
    }
    assert_eq!(found(&generation, 5), found(&first, 5), "the entry keeps its number");
    assert!(found(&generation, 4007).is_empty() && found(&generation, 4003).is_empty());
    // The same again changes nothing; the one before comes back with its numbers.
    let again = replace(&mut database, new());
    assert_eq!((again.unchanged, again.added + again.changed + again.removed), (40_000, 0));
    assert_eq!(database.generation().lists()[0].segments, generation.lists()[0].segments);
    replace(&mut database, old());
    let back = database.generation();
    assert_eq!(found(&back, 4007)[0].1, found(&first, 4007)[0].1);
    assert!(found(&back, 904_007).is_empty() && found(&back, 40_001).is_empty());
    assert_eq!(back.rows(), 40_000);
    database.verify().unwrap();
}

#[test]
fn a_reader_keeps_its_generation_while_others_import_and_merge() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let mut database = Database::create(&path).unwrap();
    add(&mut database, (0..30_000).map(|number| (number, number)));
    add(&mut database, (30_000..60_000).map(|number| (number, number)));
    let old = Database::open(&path, Access::ReadOnly).unwrap().generation();
    let (done, asked) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        let (old, done, asked) = (&old, &done, &asked);
        scope.spawn(move || {
            // Blocks are verified as they are asked for, long after the files have lost their names.
            while !done.load(Ordering::Relaxed) {
                let number = (asked.fetch_add(1, Ordering::Relaxed) * 7919 % 60_000) as u32;
                assert_eq!(found(old, number)[0].0, number.to_string());
                assert!(found(old, 70_000 + number % 1000).is_empty());
            }
        });
        for round in 0..4 {
            let start = 70_000 + 250 * round;
            add(&mut database, (start..start + 250).map(|number| (number, number)));
            database.compact().unwrap();
        }
        while asked.load(Ordering::Relaxed) < 2000 {
            std::thread::yield_now();
        }
        done.store(true, Ordering::Relaxed);
    });
    old.verify().unwrap();
    assert_eq!((old.rows(), database.generation().rows()), (60_000, 61_000));
    let newest = Database::open(&path, Access::ReadOnly).unwrap();
    assert_eq!(found(&newest.generation(), 70_500)[0].0, "70500");
    newest.verify().unwrap();
}
