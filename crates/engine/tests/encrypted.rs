//! An encrypted database answers like a plain one and lets the medium see nothing of what it holds,
//! at no step and in no file, passing ones included.

#![allow(clippy::unwrap_used)] // a test that cannot go on may panic

use hashward_engine::database::{Access, Cost, Database, DatabaseError, Key};
use hashward_engine::import::{ImportInput, ImportRequest};
use hashward_store::{Disk, DiskFile, RealDisk, SpoolFile};
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

const LIST: &str = "very-secret-list";
const SOURCE: &str = "Agency Of Secrets";

/// A disk that remembers every byte and every name that reaches the medium.
#[derive(Debug, Clone, Default)]
struct Spy(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    names: Vec<String>,
    /// What was written to each file, one after the other.
    files: Vec<Vec<u8>>,
    spools: usize,
}

impl Spy {
    fn file(&self, path: &Path) -> usize {
        let mut seen = self.0.lock().unwrap();
        seen.names.push(path.file_name().unwrap().to_string_lossy().into_owned());
        seen.files.push(Vec::new());
        seen.files.len() - 1
    }
}

struct Watched<F> {
    file: F,
    spy: Spy,
    number: usize,
}

impl<F: Write> Write for Watched<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = self.file.write(bytes)?;
        self.spy.0.lock().unwrap().files[self.number].extend(&bytes[..length]);
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl DiskFile for Watched<Box<dyn DiskFile>> {
    fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }
}

impl Read for Watched<Box<dyn SpoolFile>> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.file.read(out)
    }
}

impl Seek for Watched<Box<dyn SpoolFile>> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl SpoolFile for Watched<Box<dyn SpoolFile>> {}

impl Disk for Spy {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        RealDisk.create_dir(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = RealDisk.create(path)?;
        Ok(Box::new(Watched { file, spy: self.clone(), number: self.file(path) }))
    }

    fn spool(&self, dir: &Path) -> io::Result<Box<dyn SpoolFile>> {
        let file = RealDisk.spool(dir)?;
        self.0.lock().unwrap().spools += 1;
        Ok(Box::new(Watched { file, spy: self.clone(), number: self.file(Path::new("spool")) }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let name = to.file_name().unwrap().to_string_lossy().into_owned();
        self.0.lock().unwrap().names.push(name);
        RealDisk.rename(from, to)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        RealDisk.sync_dir(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        RealDisk.list(path)
    }
}

fn md5(number: u32) -> [u8; 16] {
    let mut bytes = [0; 16];
    let mut state = u64::from(number) | 1 << 40;
    for piece in bytes.chunks_mut(8) {
        state = state.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29) ^ 0x5851_f42d_4c95_7f2d;
        piece.copy_from_slice(&state.to_le_bytes());
    }
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn import(database: &mut Database, rows: std::ops::Range<u32>, delta: bool) {
    let row = |number| format!("name-of-{number},{},grade one\n", hex(&md5(number)));
    let text = format!("name,md5,category\n{}", rows.map(row).collect::<String>());
    let reader = Box::new(io::Cursor::new(text.into_bytes()));
    let inputs = vec![ImportInput::Stream { name: "secret-file.csv".into(), reader }];
    let mut request = ImportRequest { inputs, delta, ..ImportRequest::new(LIST) };
    request.settings.source = Some(SOURCE.to_owned());
    database.import(request, &mut |_| {}).unwrap();
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

/// The life of a database: versions, a delta, tombstones, merging, withdrawing.
fn live(database: &mut Database) {
    import(database, 0..20_000, false);
    import(database, 5..20_050, false);
    import(database, 20_050..20_060, true);
    database.compact().unwrap();
    import(database, 0..3, false);
    database.withdraw(LIST).unwrap();
    import(database, 0..30, false);
}

#[test]
fn the_medium_sees_nothing_at_any_step() {
    let folder = tempfile::tempdir().unwrap();
    let key = Key::passphrase("the passphrase of the test").unwrap();
    let (path, spy) = (folder.path().join("db"), Spy::default());
    let disk: Arc<dyn Disk> = Arc::new(spy.clone());
    live(&mut Database::create_on(&path, &disk, Some((&key, Cost::CHEAP))).unwrap());
    // The same in the open, to know what there is to be seen, and that the spy would see it.
    let (plain, open_spy) = (folder.path().join("plain"), Spy::default());
    let disk: Arc<dyn Disk> = Arc::new(open_spy.clone());
    live(&mut Database::create_on(&plain, &disk, None).unwrap());

    let needles: Vec<Vec<u8>> = [0, 7, 20_055]
        .iter()
        .flat_map(|number| [md5(*number).to_vec(), hex(&md5(*number)).into_bytes()])
        .chain([LIST, SOURCE, "name-of-7", "grade one", "secret-file", "SQLite"].map(Into::into))
        .collect();
    let (seen, told) = (spy.0.lock().unwrap(), open_spy.0.lock().unwrap());
    assert!(seen.spools > 3 && seen.spools == told.spools);
    for needle in &needles {
        let shown = String::from_utf8_lossy(needle);
        assert!(!seen.files.iter().any(|file| contains(file, needle)), "{shown}");
    }
    for needle in [&needles[2], &LIST.as_bytes().to_vec()] {
        assert!(told.files.iter().any(|file| contains(file, needle)), "the spy is blind");
    }
    // Names of files that are digests of their content are not told either.
    let digests = |names: &[String]| -> std::collections::BTreeSet<String> {
        names.iter().filter(|name| name.len() > 64).map(|name| name[..64].to_owned()).collect()
    };
    assert!(digests(&seen.names).is_disjoint(&digests(&told.names)));
    // And what SQLite might have written past the disk.
    for file in walk(&path) {
        let bytes = fs::read(&file).unwrap();
        let (empty, known) = (bytes.is_empty(), contains(&bytes[..bytes.len().min(8)], b"HWVLT"));
        let vault = file.file_name().is_some_and(|name| name == "vault.json");
        assert!(known || vault || empty, "{}", file.display());
        assert!(!needles.iter().any(|needle| contains(&bytes, needle)), "{}", file.display());
    }
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files
}

#[test]
fn both_answer_alike() {
    let folder = tempfile::tempdir().unwrap();
    let key = Key::file(&[4; 32]).unwrap();
    let (sealed, plain) = (folder.path().join("sealed"), folder.path().join("plain"));
    live(
        &mut Database::create_on(&sealed, &RealDisk::shared(), Some((&key, Cost::CHEAP))).unwrap(),
    );
    live(&mut Database::create(&plain).unwrap());
    let sealed = Database::open_with(&sealed, Access::ReadOnly, Some(&key)).unwrap();
    let plain = Database::open(&plain, Access::ReadOnly).unwrap();
    let (a, b) = (sealed.verify().unwrap(), plain.verify().unwrap());
    assert_eq!((a.entries, a.segments, a.segment_bytes), (b.entries, b.segments, b.segment_bytes));
    // Everything that decides a verdict is the same, byte for byte.
    assert_eq!(sealed.generation().digest(), plain.generation().digest());
    assert_eq!(a.audit.records, b.audit.records);
    let (a, b) = (sealed.info().unwrap(), plain.info().unwrap());
    assert!(a.encrypted && !b.encrypted);
    assert_eq!(a.lists.len(), b.lists.len());
    let differ = |database: &Database| {
        let mut entries = Vec::new();
        database.diff(LIST, &mut |entry| entries.push(entry.clone())).unwrap();
        entries
    };
    assert_eq!(differ(&sealed), differ(&plain));
}

#[test]
fn two_who_write_do_not_lose_each_others_changes() {
    let folder = tempfile::tempdir().unwrap();
    let key = Key::file(&[4; 32]).unwrap();
    let path = folder.path().join("db");
    let mut first =
        Database::create_on(&path, &RealDisk::shared(), Some((&key, Cost::CHEAP))).unwrap();
    let mut second = Database::open_with(&path, Access::ReadWrite, Some(&key)).unwrap();
    let reader = Database::open_with(&path, Access::ReadOnly, Some(&key)).unwrap();
    import(&mut first, 0..5, false);
    import(&mut second, 5..9, true);
    import(&mut first, 9..12, true);
    first.verify().unwrap();
    assert_eq!(first.generation().rows(), 12);
    assert_eq!(reader.generation().rows(), 0);
    let locked = fs::File::open(path.join("catalogue.lock")).unwrap();
    locked.lock().unwrap();
    let error = second.withdraw(LIST).unwrap_err().to_string();
    assert!(error.contains("another import or change"), "{error}");
}

#[test]
fn damage_and_exchange_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let key = Key::file(&[4; 32]).unwrap();
    let path = folder.path().join("db");
    let mut database =
        Database::create_on(&path, &RealDisk::shared(), Some((&key, Cost::CHEAP))).unwrap();
    import(&mut database, 0..20_000, false);
    import(&mut database, 0..40_000, false);
    drop(database);
    let open = |key: Option<&Key>| Database::open_with(&path, Access::ReadOnly, key);
    assert!(matches!(open(None), Err(DatabaseError::Locked { .. })));
    let other = Key::file(&[5; 32]).unwrap();
    let error = open(Some(&other)).unwrap_err().to_string();
    assert!(error.contains("this is not the key of the database"), "{error}");
    open(Some(&key)).unwrap().verify().unwrap();
    let tried = |what: &str| match open(Some(&key)).and_then(|database| database.verify()) {
        Ok(_) => panic!("{what} was not noticed"),
        Err(error) => error.to_string(),
    };
    let files = walk(&path);
    let files = files.iter().filter(|file| fs::metadata(file).unwrap().len() > 0);
    let mut segments = Vec::new();
    for file in files {
        let bytes = fs::read(file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".seg") {
            segments.push((file, bytes.clone()));
        }
        for at in [0, 30, bytes.len() / 2, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 0x11;
            if name == "vault.json" && at == bytes.len() - 1 {
                continue; // the line end
            }
            fs::write(file, &changed).unwrap();
            let error = tried(&format!("byte {at} of {name}"));
            let told = error.contains(&name) || error.contains("key of the database");
            assert!(told, "{name}, {at}: {error}");
        }
        for length in [0, 20, bytes.len() / 2] {
            fs::write(file, &bytes[..length]).unwrap();
            tried(&format!("{name} cut to {length}"));
        }
        fs::write(file, &bytes).unwrap();
    }
    let [(one, content), (two, _), ..] = &segments[..] else { panic!("two segments are needed") };
    let kept = fs::read(two).unwrap();
    fs::write(two, content).unwrap();
    assert!(tried("an exchange").contains("has the name of another"), "{}", one.display());
    fs::write(two, kept).unwrap();
    open(Some(&key)).unwrap().verify().unwrap();
    // A plain database in its place does not pass for it.
    fs::rename(path.join("vault.json"), folder.path().join("vault.json")).unwrap();
    assert!(matches!(open(Some(&key)), Err(DatabaseError::NotEncrypted { .. })));
    assert!(open(None).is_err());
}

#[test]
fn another_key_takes_the_place_of_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let old = Key::passphrase("the first passphrase").unwrap();
    let new = Key::file(&[1; 32]).unwrap();
    let mut database =
        Database::create_on(&path, &RealDisk::shared(), Some((&old, Cost::CHEAP))).unwrap();
    import(&mut database, 0..5, false);
    drop(database);
    let weak = Key::passphrase("short").unwrap();
    assert!(Database::rekey(&path, &old, &weak, Cost::CHEAP).is_err());
    Database::rekey(&path, &old, &new, Cost::CHEAP).unwrap();
    assert!(Database::open_with(&path, Access::ReadOnly, Some(&old)).is_err());
    let database = Database::open_with(&path, Access::ReadOnly, Some(&new)).unwrap();
    assert_eq!(database.verify().unwrap().audit.records, 3);
}

#[test]
fn of_two_changes_of_the_key_at_once_one_counts() {
    let folder = tempfile::tempdir().unwrap();
    let old = Key::file(&[1; 32]).unwrap();
    for round in 0..8 {
        let path = folder.path().join(round.to_string());
        Database::create_on(&path, &RealDisk::shared(), Some((&old, Cost::CHEAP))).unwrap();
        let new = [2, 3].map(|byte| Key::file(&[byte; 32]).unwrap());
        let together = std::sync::Barrier::new(2);
        let change = |key: &Key| {
            together.wait();
            Database::rekey(&path, &old, key, Cost::CHEAP).is_ok()
        };
        let changed = std::thread::scope(|scope| {
            let threads = new.each_ref().map(|key| scope.spawn(|| change(key)));
            threads.map(|thread| thread.join().unwrap())
        });
        assert_eq!(changed.iter().filter(|changed| **changed).count(), 1, "{changed:?}");
        for (key, changed) in new.iter().zip(changed) {
            let opened = Database::open_with(&path, Access::ReadOnly, Some(key));
            assert_eq!(opened.is_ok(), changed);
            if let Ok(database) = opened {
                assert_eq!(database.verify().unwrap().audit.records, 2);
            }
        }
    }
}
