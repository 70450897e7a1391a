//! A disk that fails at every single operation: no named file is ever incomplete.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use hashward_store::{
    BuildOptions, ContentDigest, Disk, EntryRow, ExternalSorter, Generation, List, Manifest,
    RealDisk, Referenced, Store, WriteError,
};
use hashward_testkit::{Codes, Fault, FaultyDisk, Operation};
use proptest::prelude::*;
use std::path::Path;
use std::sync::Arc;

const FAULTS: [Fault; 3] = [Fault::Once, Fault::Short, Fault::Forever];

/// What an import does: a segment, tombstones for an old one, a manifest.
fn import(store: &Store, old: &List, rows: &[EntryRow]) -> Result<ContentDigest, WriteError> {
    let options = BuildOptions { memory: 1, ..support::options(true) };
    let mut builder = store.builder(options)?;
    for row in rows {
        builder.push(row)?;
    }
    let fresh = builder.finish()?.to_ref();
    let mut list = old.clone();
    list.segments[0].tombstones = Some(store.write_tombstones(&list.segments[0], &[0, 2])?);
    list.segments.push(fresh);
    store.write_manifest(&Manifest { sequence: 2, lists: vec![list], ..Manifest::empty() })
}

/// Every file with a lasting name is complete: its content is that of its name.
fn check_named(dir: &Path) -> usize {
    let mut count = 0;
    for folder in ["segments", "generations"] {
        for entry in std::fs::read_dir(dir.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let digest = ContentDigest::of(&std::fs::read(&path).unwrap()).to_string();
            assert_eq!(path.file_stem().unwrap().to_str().unwrap(), digest);
            count += 1;
        }
    }
    count
}

#[test]
fn an_import_that_fails_anywhere_leaves_only_complete_files() {
    let dir = tempfile::tempdir().unwrap();
    let real = Store::create(dir.path()).unwrap();
    let mut source = Codes::seeded(2);
    let pool = source.clustered(900);
    let old_rows = support::rows(&mut source, 20, &pool);
    let old = support::list(2, vec![support::build(&real, &old_rows, BuildOptions::default())]);
    let (current, generation) = support::open(&real, vec![old.clone()]);
    let keep = Referenced::by([(current, generation.manifest())]);
    // Enough rows that sections and sorters spill.
    let rows = support::rows(&mut source, 6000, &pool);

    let counting = FaultyDisk::new(Fault::Once, u64::MAX);
    let store = Store::with_disk(dir.path(), Arc::new(counting.clone()));
    let imported = import(&store, &old, &rows).unwrap();
    let operations = counting.operations();
    assert!(operations > 50, "{operations} operations");
    Generation::open(dir.path(), imported).unwrap().verify_deep().unwrap();
    assert_eq!(real.sweep(&keep).unwrap().removed, 3);

    for fault in FAULTS {
        for fail_at in 0..operations {
            let faulty = FaultyDisk::new(fault, fail_at);
            let store = Store::with_disk(dir.path(), Arc::new(faulty));
            let result = import(&store, &old, &rows);
            check_named(dir.path());
            if let Ok(digest) = result {
                // Only cleaning up may fail without a word.
                Generation::open(dir.path(), digest).unwrap().verify_deep().unwrap();
            }
            Generation::open(dir.path(), current).unwrap().verify_deep().unwrap();
            real.sweep(&keep).unwrap();
            assert_eq!(check_named(dir.path()), 2, "the sweep leaves what is current");
            assert_eq!(RealDisk.list(&real.temp_dir()).unwrap().len(), 0);
        }
    }
}

#[test]
fn content_is_synced_before_its_name_and_the_name_before_success() {
    let dir = tempfile::tempdir().unwrap();
    Store::create(dir.path()).unwrap();
    let disk = FaultyDisk::new(Fault::Once, u64::MAX);
    let store = Store::with_disk(dir.path(), Arc::new(disk.clone()));
    store.write_manifest(&Manifest::empty()).unwrap();
    use Operation::{Create, Remove, Rename, Sync, SyncDir, Write};
    assert_eq!(disk.log(), [Create, Write, Sync, Rename, SyncDir]);
    // Content that is there already is not replaced, but its name is synced all the same.
    store.write_manifest(&Manifest::empty()).unwrap();
    assert_eq!(disk.log()[5..], [Create, Write, Sync, Remove, SyncDir]);
}

#[test]
fn sweeping_goes_on_past_files_that_stay() {
    let dir = tempfile::tempdir().unwrap();
    let real = Store::create(dir.path()).unwrap();
    for sequence in 0..3 {
        real.write_manifest(&Manifest { sequence, ..Manifest::empty() }).unwrap();
    }
    std::fs::write(real.segments_dir().join("notes.txt"), "not ours").unwrap();
    std::fs::write(real.temp_dir().join("1-2.new"), "left behind").unwrap();
    // The second removal fails: operation 0 lists, 1 lists, 2 removes.
    let faulty = Store::with_disk(dir.path(), Arc::new(FaultyDisk::new(Fault::Once, 3)));
    let swept = faulty.sweep(&Referenced::default()).unwrap();
    assert_eq!((swept.removed, swept.kept_back), (3, 1));
    let swept = real.sweep(&Referenced::default()).unwrap();
    assert_eq!((swept.removed, swept.kept_back), (1, 0));
    assert!(real.segments_dir().join("notes.txt").exists());
}

#[test]
fn a_dropped_builder_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(dir.path()).unwrap();
    let mut source = Codes::seeded(4);
    let pool = source.random(10);
    let mut builder = store.builder(BuildOptions::default()).unwrap();
    for row in support::rows(&mut source, 5000, &pool) {
        builder.push(&row).unwrap();
    }
    drop(builder);
    assert_eq!(check_named(dir.path()), 0);
    assert_eq!(RealDisk.list(&store.temp_dir()).unwrap().len(), 0);
}

#[test]
fn a_damaged_file_of_the_same_name_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(dir.path()).unwrap();
    let manifest = Manifest::empty();
    let digest = store.write_manifest(&manifest).unwrap();
    let path = store.generations_dir().join(format!("{digest}.gen"));
    std::fs::write(&path, "rot").unwrap();
    assert_eq!(store.write_manifest(&manifest).unwrap(), digest);
    assert_eq!(check_named(dir.path()), 1);
    assert_eq!(store.write_manifest(&manifest).unwrap(), digest, "and an intact one is kept");
}

#[cfg(unix)]
#[test]
fn new_databases_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(&dir.path().join("db")).unwrap();
    let digest = store.write_manifest(&Manifest::empty()).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(store.dir()), 0o700);
    assert_eq!(mode(&store.segments_dir()), 0o700);
    assert_eq!(mode(&store.generations_dir().join(format!("{digest}.gen"))), 0o600);
}

fn sorter(disk: Arc<dyn Disk>, dir: &Path, key_len: usize) -> ExternalSorter {
    ExternalSorter::new(disk, dir, key_len, 0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn sorting_is_stable_sorting(
        seed: u64, count in 0u64..12_000, key_len in prop::sample::select(vec![0usize, 1, 8, 11, 20]),
        values in 0u64..200,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut source = Codes::seeded(seed);
        let mut records: Vec<(Vec<u8>, Vec<u8>)> = (0..count)
            .map(|number| {
                let mut key = vec![0; key_len];
                key.iter_mut().rev().take(2).for_each(|byte| *byte = source.below(7) as u8);
                let mut value = number.to_le_bytes().to_vec();
                value.resize(8 + source.below(values + 1) as usize, 0);
                (key, value)
            })
            .collect();
        let mut sorter = sorter(Arc::new(RealDisk), dir.path(), key_len);
        for (key, value) in &records {
            sorter.push(key, value).unwrap();
        }
        prop_assert_eq!(sorter.len(), count);
        records.sort_by(|a, b| a.0.cmp(&b.0));
        let mut sorted = sorter.finish().unwrap();
        for (key, value) in &records {
            prop_assert_eq!(sorted.next().unwrap(), Some((&key[..], &value[..])));
        }
        prop_assert_eq!(sorted.next().unwrap(), None);
        prop_assert_eq!(RealDisk.list(dir.path()).unwrap().len(), 0, "spill files have no names");
    }
}

#[test]
fn more_runs_than_are_merged_at_once_stay_stable() {
    let dir = tempfile::tempdir().unwrap();
    let mut sorter = sorter(Arc::new(RealDisk), dir.path(), 2);
    // 65,536 bytes of memory and 40 bytes and more a record: about 150 runs.
    let mut source = Codes::seeded(9);
    let mut keys: Vec<(u16, u32)> = Vec::new();
    for number in 0..200_000u32 {
        let key = source.below(1000) as u16;
        keys.push((key, number));
        let mut value = number.to_le_bytes().to_vec();
        value.resize(16, 1);
        sorter.push(&key.to_be_bytes(), &value).unwrap();
    }
    keys.sort_unstable();
    let mut sorted = sorter.finish().unwrap();
    for (key, number) in keys {
        let (found, value) = sorted.next().unwrap().unwrap();
        assert_eq!((found, &value[..4]), (&key.to_be_bytes()[..], &number.to_le_bytes()[..]));
    }
    assert!(sorted.next().unwrap().is_none());
}

#[test]
fn a_sorter_reports_every_fault() {
    let dir = tempfile::tempdir().unwrap();
    let run = |disk: &FaultyDisk| -> Result<u64, WriteError> {
        let mut sorter = sorter(Arc::new(disk.clone()), dir.path(), 8);
        for number in 0..9000u64 {
            sorter.push(&(number * 7919 % 9000).to_be_bytes(), &[5; 40])?;
        }
        let mut sorted = sorter.finish()?;
        let mut count = 0;
        while sorted.next()?.is_some() {
            count += 1;
        }
        Ok(count)
    };
    let counting = FaultyDisk::new(Fault::Once, u64::MAX);
    assert_eq!(run(&counting).unwrap(), 9000);
    assert!(counting.operations() > 20);
    for fault in FAULTS {
        for fail_at in 0..counting.operations() {
            assert!(run(&FaultyDisk::new(fault, fail_at)).is_err(), "{fault:?} at {fail_at}");
        }
    }
    assert!(sorter(Arc::new(RealDisk), dir.path(), 8).push(&[1; 7], &[]).is_err());
}
