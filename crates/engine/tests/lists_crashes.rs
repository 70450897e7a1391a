//! Power is lost after every step of an import, a withdrawal, a merge: catalogue, segments and audit
//! chain agree, and are those before the change or those after it.

#![allow(clippy::unwrap_used)] // a test that cannot go on may panic

use hashward_engine::database::{Access, Cost, Database, DatabaseError, Key};
use hashward_engine::import::{ImportInput, ImportRequest};
use hashward_testkit::{Fate, Recorder};
use std::fs;
use std::path::Path;

type Change = fn(&mut Database);

/// The key of a database that is encrypted.
type Lock = Option<Key>;

fn encrypted() -> Lock {
    Some(Key::file(&[9; 32]).unwrap())
}

fn open(path: &Path, access: Access, key: &Lock) -> Result<Database, DatabaseError> {
    Database::open_with(path, access, key.as_ref())
}

fn import(
    database: &mut Database,
    list: &str,
    rows: std::ops::Range<u32>,
    delta: bool,
) -> Result<(), String> {
    let text: String = rows.map(|number| format!("{number},{number:032x}\n")).collect();
    let reader = Box::new(std::io::Cursor::new(format!("id,md5\n{text}").into_bytes()));
    let inputs = vec![ImportInput::Stream { name: "made-up".into(), reader }];
    let request = ImportRequest { inputs, delta, ..ImportRequest::new(list) };
    database.import(request, &mut |_| {}).map(drop).map_err(|error| error.to_string())
}

/// A database with two lists; one has a large segment with tombstones and a small one.
fn prepare(path: &Path, key: &Lock) {
    let key = key.as_ref().map(|key| (key, Cost::CHEAP));
    let disk = hashward_store::RealDisk::shared();
    let mut database = Database::create_on(path, &disk, key).unwrap();
    import(&mut database, "agency", 0..17_000, false).unwrap();
    import(&mut database, "agency", 20..17_040, false).unwrap();
    import(&mut database, "other", 0..10, false).unwrap();
}

/// What the outside sees: version and entries of each active list, and segments.
fn state(path: &Path, key: &Lock) -> Vec<(String, u64, u64, usize)> {
    let database = open(path, Access::ReadOnly, key).unwrap();
    database.verify().unwrap();
    let generation = database.generation();
    let segments = |name: &str| {
        let lists = generation.lists().iter();
        lists.filter(|list| list.name == name).map(|list| list.segments.len()).sum()
    };
    let active = database.info().unwrap().lists.into_iter().filter(|list| list.active);
    active
        .map(|list| (list.name.clone(), list.version, list.entries, segments(&list.name)))
        .collect()
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

/// A folder in memory where there is one: hundreds of databases are opened in it, each with syncs.
fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

/// Makes the change once, then looks at the disk after each of its steps. `between` are the states
/// besides the old and the new one that a change of several commits goes through.
fn after_every_step(key: &Lock, change: Change, between: &[Vec<(String, u64, u64, usize)>]) {
    let folder = scratch();
    let path = folder.path().join("db");
    prepare(&path, key);
    let old = state(&path, key);
    let recorder = Recorder::new(&path).unwrap();
    let mut database = Database::open_on(&path, &recorder.disk(), key.as_ref()).unwrap();
    change(&mut database);
    // From here on the change was reported as done, and power may be lost at any time.
    let done = recorder.steps();
    drop(database);
    let new = state(&path, key);
    assert_ne!(old, new);
    let (mut before, mut after) = (0, 0);
    for steps in 0..=recorder.steps() {
        let torn = [0, 1, 2].map(|seed| Fate::Torn(3 * steps as u64 + seed));
        for fate in [Fate::Kept, Fate::Lost].into_iter().chain(torn) {
            let image = folder.path().join("image");
            recorder.crash(steps, fate, &image).unwrap();
            let seen = state(&image, key);
            let place = format!("{fate:?} after step {steps} of {}", recorder.steps());
            assert!(seen == old || seen == new || between.contains(&seen), "{place}: {seen:?}");
            assert!(steps < done || seen == new, "{place}: {seen:?}");
            before += usize::from(seen == old);
            after += usize::from(seen == new);
            // Whoever opens it next clears up, and can go on.
            if steps % 9 == 0 && fate != Fate::Kept {
                let mut database = open(&image, Access::ReadWrite, key).unwrap();
                import(&mut database, "next", 0..5, false).unwrap();
                database.verify().unwrap();
                drop(database);
                assert_eq!(fs::read_dir(image.join("tmp")).unwrap().count(), 0, "{place}");
            }
            fs::remove_dir_all(&image).unwrap();
        }
    }
    assert!(before > 50 && after > 5, "{before} times the old state, {after} times the new one");
}

#[test]
fn import_of_a_whole_version() {
    after_every_step(
        &None,
        |database| {
            import(database, "agency", 50..17_100, false).unwrap();
        },
        &[],
    );
}

#[test]
fn import_of_a_delta_that_is_merged_after_it() {
    let first = [("agency", 3, 34_040, 2), ("other", 1, 10, 1)];
    let first = first
        .map(|(name, version, entries, segments)| (name.to_owned(), version, entries, segments));
    for key in [None, encrypted()] {
        after_every_step(
            &key,
            |database| {
                import(database, "agency", 17_040..34_060, true).unwrap();
            },
            &[first.to_vec()],
        );
    }
}

#[test]
fn withdrawing() {
    after_every_step(&None, |database| drop(database.withdraw("agency").unwrap()), &[]);
}

#[test]
fn compacting() {
    after_every_step(&encrypted(), |database| drop(database.compact().unwrap()), &[]);
}

#[test]
fn creating() {
    creating_with(&None);
    creating_with(&encrypted());
}

fn creating_with(key: &Lock) {
    let folder = scratch();
    let parent = folder.path().join("parent");
    fs::create_dir(&parent).unwrap();
    let recorder = Recorder::new(&parent).unwrap();
    let path = parent.join("db");
    let with_cost = key.as_ref().map(|key| (key, Cost::CHEAP));
    let database = Database::create_on(&path, &recorder.disk(), with_cost).unwrap();
    let done = recorder.steps();
    drop(database);
    let mut opened = 0;
    for steps in 0..=recorder.steps() {
        for fate in
            [Fate::Kept, Fate::Lost, Fate::Torn(steps as u64), Fate::Torn(99 + steps as u64)]
        {
            let image = folder.path().join("image");
            recorder.crash(steps, fate, &image).unwrap();
            let image_db = image.join("db");
            // Until the key is there it is an unfinished plain database.
            let key = if Database::is_encrypted(&image_db) { key } else { &None };
            match open(&image_db, Access::ReadOnly, key) {
                Ok(database) => {
                    database.verify().unwrap();
                    opened += 1;
                }
                Err(error) => {
                    assert!(steps < done, "{fate:?} after step {steps}: {error}");
                    // It is told apart from a database, with advice.
                    let DatabaseError::Catalogue(error) = error else { panic!("{error}") };
                    let text = error.to_string();
                    let advice = ["db create", "delete the folder"].map(|it| text.contains(it));
                    assert!(advice.contains(&true), "{fate:?} after step {steps}: {text}");
                }
            }
            fs::remove_dir_all(&image).unwrap();
        }
    }
    assert!(opened > 4);
}

/// Lets each step fail in turn, SQLite's own included: a full disk or a failing sync.
fn at_every_failing_step(
    key: &Lock,
    change: fn(&mut Database) -> Result<(), String>,
    stride: usize,
) {
    let folder = scratch();
    let base = folder.path().join("base");
    prepare(&base, key);
    let old = state(&base, key);
    let whole = folder.path().join("whole");
    copy(&base, &whole);
    let run = |path: &Path, recorder: &Recorder| {
        Database::open_on(path, &recorder.disk(), key.as_ref())
            .map_err(|error| error.to_string())
            .and_then(|mut database| change(&mut database))
    };
    let counting = Recorder::new(&whole).unwrap();
    run(&whole, &counting).unwrap();
    let new = state(&whole, key);
    let (mut refused, mut done) = (0, 0);
    for forever in [false, true] {
        for number in (usize::from(forever)..counting.tried() as usize).step_by(stride) {
            let path = folder.path().join("tried");
            copy(&base, &path);
            let recorder = Recorder::failing(&path, number as u64, forever).unwrap();
            let result = run(&path, &recorder);
            drop(recorder);
            let seen = state(&path, key);
            // A commit that failed is decided when the database is opened again.
            assert!(seen == new || (seen == old && result.is_err()), "{number}: {seen:?}");
            *if result.is_err() { &mut refused } else { &mut done } += 1;
            if seen == old {
                change(&mut open(&path, Access::ReadWrite, key).unwrap()).unwrap();
            }
            drop(open(&path, Access::ReadWrite, key).unwrap());
            assert_eq!(state(&path, key), new, "step {number}, repeated");
            fs::remove_dir_all(&path).unwrap();
        }
    }
    assert!(refused > 10 && done > 0, "{refused} refused, {done} done");
}

#[test]
fn import_where_any_step_fails() {
    for (key, stride) in [(None, 2), (encrypted(), 3)] {
        at_every_failing_step(
            &key,
            |database| import(database, "agency", 17_040..17_100, true),
            stride,
        );
    }
}

#[test]
fn withdraw_where_any_step_fails() {
    at_every_failing_step(
        &None,
        |database| database.withdraw("agency").map(drop).map_err(|error| error.to_string()),
        2,
    );
}

#[test]
fn compact_where_any_step_fails() {
    at_every_failing_step(
        &None,
        |database| database.compact().map(drop).map_err(|error| error.to_string()),
        2,
    );
}
