//! A disk that fails at every possible operation: the database is the old one or the new one.

#![allow(clippy::unwrap_used)] // a test that cannot go on may panic

use hashward_engine::database::{Access, Database, DatabaseError};
use hashward_engine::import::{ImportError, ImportInput, ImportRequest};
use hashward_store::Disk;
use hashward_testkit::{Fault, FaultyDisk};
use std::fs;
use std::path::Path;
use std::sync::Arc;

fn request(list: &str, hashes: std::ops::Range<u32>) -> ImportRequest {
    let text: String = hashes.map(|number| format!("{number},{number:032x}\n")).collect();
    let reader = Box::new(std::io::Cursor::new(format!("id,md5\n{text}").into_bytes()));
    ImportRequest {
        inputs: vec![ImportInput::Stream { name: "made-up".into(), reader }],
        ..ImportRequest::new(list)
    }
}

fn import(database: &mut Database, request: ImportRequest) -> Result<(), ImportError> {
    database.import(request, &mut |_| {}).map(drop)
}

/// A database with two lists, one of which has two versions.
fn prepare(path: &Path) {
    let mut database = Database::create(path).unwrap();
    import(&mut database, request("agency", 0..60)).unwrap();
    import(&mut database, request("agency", 20..80)).unwrap();
    import(&mut database, request("other", 0..10)).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// What the outside sees: number of the generation, and version and entries of each active list.
fn state(path: &Path) -> (u64, Vec<(String, u64, u64)>) {
    let database = Database::open(path, Access::ReadOnly).unwrap();
    database.verify().unwrap();
    let info = database.info().unwrap();
    let active = info.lists.into_iter().filter(|list| list.active);
    (info.sequence, active.map(|list| (list.name, list.version, list.entries)).collect())
}

/// Tries a change with a fault at every operation of the disk.
fn at_every_operation(change: impl Fn(&mut Database) -> Result<(), String>) {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("base");
    prepare(&base);
    let old = state(&base);
    let counting = FaultyDisk::new(Fault::Once, u64::MAX);
    let whole = folder.path().join("whole");
    copy(&base, &whole);
    let on = |disk: &FaultyDisk| -> Arc<dyn Disk> { Arc::new(disk.clone()) };
    change(&mut Database::open_on(&whole, &on(&counting), None).unwrap()).unwrap();
    let new = state(&whole);
    assert_ne!(old, new);
    let (mut refused, mut done) = (0, 0);
    // Every operation fails once; the other faults take turns, because each try costs dozens of
    // syncs.
    for (fault, first, step) in [(Fault::Once, 0, 1), (Fault::Short, 0, 3), (Fault::Forever, 1, 3)]
    {
        for number in (first..counting.operations()).step_by(step) {
            let path = folder.path().join("tried");
            copy(&base, &path);
            let disk = FaultyDisk::new(fault, number);
            let result = Database::open_on(&path, &on(&disk), None)
                .map_err(|error| error.to_string())
                .and_then(|mut database| change(&mut database));
            let seen = state(&path);
            if result.is_ok() {
                assert_eq!(seen, new, "{fault:?} at {number}");
                done += 1;
            } else {
                assert_eq!(seen, old, "{fault:?} at {number}");
                refused += 1;
            }
            // A sound disk makes up for it, and nothing is left behind.
            let mut database = Database::open(&path, Access::ReadWrite).unwrap();
            if result.is_err() {
                change(&mut database).unwrap();
            }
            drop(database);
            assert_eq!(state(&path), new, "{fault:?} at {number}, repeated");
            for folder in ["segments", "generations", "audit"] {
                let count = |path: &Path| fs::read_dir(path.join(folder)).unwrap().count();
                assert_eq!(count(&path), count(&whole), "{folder}, {fault:?} at {number}");
            }
            assert_eq!(fs::read_dir(path.join("tmp")).unwrap().count(), 0);
            fs::remove_dir_all(&path).unwrap();
        }
    }
    assert!(refused > 20, "{refused} of {}", refused + done);
}

#[test]
fn import_at_every_fault() {
    at_every_operation(|database| {
        import(database, request("agency", 50..120)).map_err(|error| error.to_string())
    });
}

#[test]
fn withdraw_at_every_fault() {
    at_every_operation(|database| {
        database.withdraw("agency").map(drop).map_err(|error| error.to_string())
    });
}

#[test]
fn compact_at_every_fault() {
    at_every_operation(|database| database.compact().map(drop).map_err(|error| error.to_string()));
}

#[test]
fn create_at_every_fault() {
    let folder = tempfile::tempdir().unwrap();
    let mut number = 0;
    loop {
        let path = folder.path().join(format!("db-{number}"));
        let disk = FaultyDisk::new(Fault::Forever, number);
        let disk: Arc<dyn Disk> = Arc::new(disk.clone());
        if Database::create_on(&path, &disk, None).is_ok() {
            break;
        }
        // What is there is refused with advice, or is a whole database.
        match Database::open(&path, Access::ReadOnly) {
            Ok(database) => drop(database.verify().unwrap()),
            Err(DatabaseError::Catalogue(error)) => {
                let text = error.to_string();
                assert!(text.contains("db create") || text.contains("delete the folder"), "{text}");
            }
            Err(error) => panic!("{error}"),
        }
        number += 1;
    }
    assert!(number > 10);
}
