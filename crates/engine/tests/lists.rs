//! What importing, withdrawing, comparing and exporting lists means, against a plain model.

#![allow(clippy::unwrap_used)] // a test that cannot go on may panic

use hashward_engine::database::{Access, Database, DatabaseError, EntryChange, VersionState};
use hashward_engine::import::{
    BadRows, ImportError, ImportInput, ImportRequest, ImportSummary, ListFormat, ListKind,
};
use hashward_engine::settings::SettingsChange;
use hashward_hash::{HashKind, HashValue};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A database that vanishes with the test.
struct Scratch {
    _folder: tempfile::TempDir,
    path: PathBuf,
    database: Database,
}

fn scratch() -> Scratch {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let database = Database::create(&path).unwrap();
    Scratch { _folder: folder, path, database }
}

fn request(list: &str, text: &str) -> ImportRequest {
    let reader = Box::new(std::io::Cursor::new(text.as_bytes().to_vec()));
    ImportRequest {
        inputs: vec![ImportInput::Stream { name: "made-up".into(), reader }],
        ..ImportRequest::new(list)
    }
}

fn delta(list: &str, text: &str) -> ImportRequest {
    ImportRequest { delta: true, ..request(list, text) }
}

impl Scratch {
    fn import(&mut self, request: ImportRequest) -> Result<ImportSummary, ImportError> {
        self.database.import(request, &mut |_| {})
    }

    /// Name of each entry of a list with its number and its content.
    fn entries(&self, list: &str) -> BTreeMap<String, (u64, String)> {
        let generation = self.database.generation();
        let Some(index) = generation.lists().iter().position(|found| found.name == list) else {
            return BTreeMap::new();
        };
        let entry = |row: hashward_store::EntryRow| {
            let label = row.source_id.clone().or(row.name.clone());
            let hashes: Vec<String> = row.hashes.iter().map(HashValue::to_text).collect();
            let content = format!("{} {:?} {:?}", hashes.join("+"), row.category, row.attributes);
            (label.unwrap_or_else(|| format!("#{}", row.source_row)), (row.entry.0, content))
        };
        generation.entries(index).unwrap().map(|row| entry(row.unwrap())).collect()
    }

    fn numbers(&self, list: &str) -> BTreeMap<String, u64> {
        self.entries(list).into_iter().map(|(label, (number, _))| (label, number)).collect()
    }

    fn verify(&self) {
        let opened = Database::open(&self.path, Access::ReadOnly).unwrap();
        opened.verify().unwrap();
        self.database.verify().unwrap();
    }
}

fn md5(number: u32) -> String {
    format!("{number:032x}")
}

fn counts(summary: &ImportSummary) -> [u64; 4] {
    let counts = summary.counts;
    [counts.added, counts.changed, counts.unchanged, counts.removed]
}

/// Every file with its content and time.
fn snapshot(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, std::time::SystemTime)> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            if metadata.is_dir() {
                folders.push(path.clone());
            }
            let content = if metadata.is_dir() { Vec::new() } else { fs::read(&path).unwrap() };
            files.insert(path, (content, metadata.modified().unwrap()));
        }
    }
    files
}

#[test]
fn entries_keep_their_numbers_from_version_to_version() {
    let mut scratch = scratch();
    let first = format!("id,md5,category\na,{},1\nb,{},1\nc,{},1\n", md5(1), md5(2), md5(3));
    let summary = scratch.import(request("agency", &first)).unwrap();
    assert_eq!((summary.version, counts(&summary)), (1, [3, 0, 0, 0]));
    let before = scratch.numbers("agency");

    // `b` has another category, `c` is gone, `d` is new, and the order is another.
    let second = format!("id,md5,category\nd,{},1\nb,{},2\na,{},1\n", md5(4), md5(2), md5(1));
    let summary = scratch.import(request("agency", &second)).unwrap();
    assert_eq!((summary.version, counts(&summary)), (2, [1, 1, 1, 1]));
    assert_eq!(summary.counts.entries, 3);
    let after = scratch.numbers("agency");
    assert_eq!((after["a"], after["b"]), (before["a"], before["b"]));
    assert!(after["d"] > *before.values().max().unwrap());
    assert!(!after.contains_key("c"));

    // The same again is a version, too, and changes nothing else.
    let summary = scratch.import(request("agency", &second)).unwrap();
    assert_eq!((summary.version, counts(&summary)), (3, [0, 0, 3, 0]));
    assert_eq!(scratch.numbers("agency"), after);

    scratch.database.compact().unwrap();
    assert_eq!(scratch.numbers("agency"), after);
    let summary = scratch.import(request("agency", &second)).unwrap();
    assert_eq!((summary.version, counts(&summary)), (4, [0, 0, 3, 0]));
    scratch.verify();
}

#[test]
fn without_an_identifier_an_entry_goes_by_its_hash() {
    let mut scratch = scratch();
    let text = format!("{}  old.jpg\n{}  same.jpg\n{}  twin.jpg\n", md5(1), md5(2), md5(2));
    let summary = scratch.import(request("sums", &text)).unwrap();
    assert_eq!((summary.counts.rows, summary.counts.joined), (3, 1));
    assert_eq!(counts(&summary), [2, 0, 0, 0]);
    let before = scratch.entries("sums");
    assert!(before["same.jpg"].1.contains("other_names"));

    let text = format!("{}  new.jpg\n{}  same.jpg\n{}  twin.jpg\n", md5(1), md5(2), md5(2));
    let summary = scratch.import(request("sums", &text)).unwrap();
    assert_eq!(counts(&summary), [0, 1, 1, 0]);
    assert_eq!(scratch.entries("sums")["new.jpg"].0, before["old.jpg"].0);
    scratch.verify();
}

#[test]
fn a_delta_adds_replaces_and_removes() {
    let mut scratch = scratch();
    let first = format!("id,md5\na,{}\nb,{}\nc,{}\n", md5(1), md5(2), md5(3));
    scratch.import(request("agency", &first)).unwrap();
    let before = scratch.numbers("agency");
    let changes = format!(
        "{{\"id\":\"b\",\"md5\":\"{}\"}}\n{{\"id\":\"c\",\"deleted\":true}}\n\
         {{\"id\":\"d\",\"md5\":\"{}\"}}\n{{\"id\":\"nobody\",\"deleted\":true}}\n\
         {{\"id\":\"e\",\"md5\":\"{}\"}}\n{{\"id\":\"e\",\"deleted\":true}}\n\
         {{\"id\":\"a\",\"deleted\":true}}\n{{\"id\":\"a\",\"md5\":\"{}\"}}\n",
        md5(20),
        md5(4),
        md5(5),
        md5(1)
    );
    let summary = scratch.import(delta("agency", &changes)).unwrap();
    assert_eq!(counts(&summary), [1, 1, 1, 1]);
    assert_eq!((summary.counts.deletions, summary.counts.deletions_unmatched), (4, 2));
    assert_eq!(summary.counts.entries, 3);
    let after = scratch.entries("agency");
    assert_eq!(after.keys().collect::<Vec<_>>(), ["a", "b", "d"]);
    assert_eq!((after["a"].0, after["b"].0), (before["a"], before["b"]));
    assert!(after["b"].1.starts_with(&md5(20)));
    assert!(scratch.database.versions("agency").unwrap()[1].delta);

    // A whole version with a deletion leaves the entry out.
    let whole = format!("id,md5,deleted\na,{},\nb,{},yes\n", md5(1), md5(20));
    let summary = scratch.import(request("agency", &whole)).unwrap();
    assert_eq!(counts(&summary), [0, 0, 1, 2]);

    // A deletion by hash alone.
    scratch.import(request("bare", &format!("{}\n{}\n", md5(1), md5(2)))).unwrap();
    let summary = scratch
        .import(delta("bare", &format!("{{\"md5\":\"{}\",\"deleted\":true}}\n", md5(1))))
        .unwrap();
    assert_eq!(counts(&summary), [0, 0, 1, 1]);
    scratch.verify();
}

#[test]
fn a_withdrawn_list_matches_no_more_and_comes_back_with_its_numbers() {
    let mut scratch = scratch();
    let text = format!("id,md5\na,{}\nb,{}\n", md5(1), md5(2));
    let other = format!("{}\n", md5(1));
    scratch.import(request("agency", &text)).unwrap();
    scratch.import(request("other", &other)).unwrap();
    let before = scratch.numbers("agency");
    let hits = |scratch: &Scratch| {
        let value = HashValue::parse(HashKind::Md5, &md5(1)).unwrap();
        scratch.database.generation().lookup_digest(&value).unwrap().len()
    };
    assert_eq!(hits(&scratch), 2);
    let withdrawn = scratch.database.withdraw("agency").unwrap();
    assert_eq!((withdrawn.version, withdrawn.entries), (1, 2));
    assert_eq!(hits(&scratch), 1);
    assert!(matches!(scratch.database.withdraw("agency"), Err(DatabaseError::Withdrawn { .. })));
    let unknown = scratch.database.withdraw("agancy").unwrap_err().to_string();
    assert!(unknown.contains("it holds agency, other"), "{unknown}");
    scratch.verify();
    let states = |scratch: &Scratch| -> Vec<VersionState> {
        let versions = scratch.database.versions("agency").unwrap();
        versions.into_iter().map(|version| version.state).collect()
    };
    assert_eq!(states(&scratch), [VersionState::Withdrawn]);

    // A feed of deltas must not bring it back unasked.
    let error = scratch.import(delta("agency", &text)).unwrap_err().to_string();
    assert!(error.contains("import a whole version"), "{error}");

    // Its segments survive opening for writing and compacting.
    scratch.database = Database::open(&scratch.path, Access::ReadWrite).unwrap();
    scratch.database.compact().unwrap();
    let back = format!("id,md5\na,{}\nc,{}\n", md5(1), md5(3));
    let summary = scratch.import(request("agency", &back)).unwrap();
    assert_eq!((summary.version, counts(&summary)), (2, [1, 0, 1, 1]));
    let after = scratch.numbers("agency");
    assert_eq!(after["a"], before["a"]);
    assert!(after["c"] > before["b"]);
    assert_eq!(states(&scratch), [VersionState::Withdrawn, VersionState::Active]);
    assert_eq!(hits(&scratch), 2);
    scratch.verify();
}

#[test]
fn a_refused_import_changes_nothing() {
    let mut scratch = scratch();
    let text = format!("id,md5\na,{}\n", md5(1));
    scratch
        .import(ImportRequest { kind: Some(ListKind::Ignore), ..request("good", &text) })
        .unwrap();
    let before = snapshot(&scratch.path);
    let bad: String = (0..25).map(|row| format!("{row},12\n")).collect();
    let bad = format!("id,md5\nx,{}\n{bad}", md5(9));

    let refusals = [
        request("good", &bad),
        ImportRequest { format: Some(ListFormat::Hex), ..request("new", "") },
        request("new", ""),
        request("new", "md5\n"),
        request("new", "md5\nd41d8cd98f00b204e9800998ecf8427e\n"),
        request("new", &format!("{0}{0}\n", md5(1))),
        request("good", "md5,name\n0123,\"open"),
        ImportRequest { kind: Some(ListKind::Known), ..request("good", &text) },
        ImportRequest { bad_rows: BadRows::Skip, ..request("good", "md5\nzz\n") },
        request(" spaces ", &text),
        ImportRequest::new("new"),
        ImportRequest::new("new").file("/nowhere/at/all"),
    ];
    for refused in refusals {
        scratch.import(refused).unwrap_err();
        assert_eq!(snapshot(&scratch.path), before);
    }
    let error = scratch.import(request("good", &bad)).unwrap_err();
    let ImportError::BadRows { count, examples } = &error else { panic!("{error}") };
    assert_eq!((*count, examples.len()), (25, 20));
    assert_eq!(examples[0], "made-up:3: the md5 value has 2 hexadecimal digits, not 32");
    assert!(error.to_string().contains("--bad-rows skip"));

    let skip = ImportRequest { bad_rows: BadRows::Skip, ..request("good", &bad) };
    let summary = scratch.import(skip).unwrap();
    assert_eq!((summary.counts.bad_rows, summary.counts.rows), (25, 1));
    assert_eq!(summary.bad_row_examples.len(), 20);
    assert_eq!(summary.kind, ListKind::Ignore);
    scratch.verify();
}

#[test]
fn several_files_are_one_version_and_settings_are_kept() {
    let mut scratch = scratch();
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a.txt"), folder.path().join("b.jsonl"));
    fs::write(&a, format!("{}\n", md5(1))).unwrap();
    fs::write(&b, format!("{{\"md5\":\"{}\",\"category\":\"B\"}}\n", md5(2))).unwrap();
    let summary = scratch
        .import(ImportRequest {
            settings: SettingsChange {
                source: Some("An agency".into()),
                category: Some("A".into()),
                radius: Some(hashward_hash::Distance(20)),
                ..SettingsChange::default()
            },
            ..ImportRequest::new("both").file(&a).file(&b)
        })
        .unwrap();
    let formats: Vec<_> = summary.files.iter().map(|file| file.format.as_str()).collect();
    assert_eq!(formats, ["hex", "jsonl"]);
    scratch.import(request("both", &format!("{}\n", md5(3)))).unwrap();
    let list = scratch.database.lists().unwrap().remove(0);
    let settings = &list.settings;
    assert_eq!(settings.source.as_deref(), Some("An agency"));
    assert_eq!((settings.category.as_deref(), settings.radius), (Some("A"), Some(20)));
    assert_eq!(list.categories, ["B"]);
    assert_eq!((list.version, list.entries, list.files.len()), (2, 1, 1));
    let compiled = scratch.database.generation().lists()[0].clone();
    assert_eq!(compiled.radius, Some(hashward_hash::Distance(20)));
    assert_eq!(compiled.sources.len(), 1);
    scratch.verify();
}

#[test]
fn a_diff_names_what_changed() {
    let mut scratch = scratch();
    let first = format!("id,md5\na,{}\nb,{}\nc,{}\n", md5(1), md5(2), md5(3));
    scratch.import(request("agency", &first)).unwrap();
    let diff = |scratch: &Scratch| {
        let mut seen = Vec::new();
        let diff = scratch.database.diff("agency", &mut |entry| {
            seen.push((entry.change, entry.entry.clone()));
        });
        seen.sort_by(|a, b| a.1.cmp(&b.1));
        (diff, seen)
    };
    let (first_diff, seen) = diff(&scratch);
    assert_eq!((first_diff.unwrap().previous, seen.len()), (None, 3));
    let second = format!("id,md5\na,{}\nb,{}\nd,{}\n", md5(1), md5(20), md5(4));
    scratch.import(request("agency", &second)).unwrap();
    let (counts, seen) = diff(&scratch);
    let counts = counts.unwrap();
    assert_eq!((counts.version, counts.previous), (2, Some(1)));
    assert_eq!((counts.added, counts.changed, counts.removed, counts.unchanged), (1, 1, 1, 1));
    let expected = [
        (EntryChange::Changed, "b".to_owned()),
        (EntryChange::Removed, "c".to_owned()),
        (EntryChange::Added, "d".to_owned()),
    ];
    assert_eq!(seen, expected);
    // The version that was active when the list was withdrawn can still be compared.
    scratch.database.withdraw("agency").unwrap();
    assert_eq!(diff(&scratch).1, expected);
    scratch.import(request("agency", &second)).unwrap();
    assert_eq!(diff(&scratch).1, []);
    scratch.database.compact().unwrap();
    assert!(matches!(diff(&scratch).0, Err(DatabaseError::NoPrevious { .. })));
}

#[test]
fn what_is_exported_imports_as_the_same_entries() {
    let mut scratch = scratch();
    let pdq = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22";
    let other = "0f8f0f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b2";
    let text = format!(
        "{{\"id\":\"a\",\"md5\":\"{}\",\"pdq\":\"{pdq}\",\"quality\":80,\"tags\":[1,\"x\"]}}\n\
         {{\"id\":\"a\",\"pdq\":\"{other}\",\"quality\":90}}\n{{\"name\":\"n, \\\"q\\\"\",\"md5\":\"{}\"}}\n",
        md5(1),
        md5(2)
    );
    scratch.import(request("one", &text)).unwrap();
    let before = scratch.entries("one");
    assert_eq!(before["a"].1.matches('+').count(), 2);
    for format in [ListFormat::Csv, ListFormat::Jsonl] {
        let mut out = Vec::new();
        let summary = scratch.database.export("one", format, None, &mut out).unwrap();
        assert_eq!((summary.rows, summary.left_out), (3, 0));
        let name = format!("again-{format}");
        let text = String::from_utf8(out).unwrap();
        scratch.import(request(&name, &text)).unwrap();
        let content = |entries: BTreeMap<String, (u64, String)>| -> Vec<(String, String)> {
            entries.into_iter().map(|(label, (_, content))| (label, content)).collect()
        };
        assert_eq!(content(scratch.entries(&name)), content(before.clone()));
        // Importing a list's own export changes nothing.
        let summary = scratch.import(request("one", &text)).unwrap();
        assert_eq!(counts(&summary), [0, 0, 2, 0]);
    }
    let mut out = Vec::new();
    let error = scratch.database.export("one", ListFormat::Hex, None, &mut out).unwrap_err();
    assert!(error.to_string().contains("--hash-kind"), "{error}");
    let kind = Some(HashKind::Pdq);
    let summary = scratch.database.export("one", ListFormat::Hex, kind, &mut out).unwrap();
    assert_eq!((summary.rows, summary.left_out), (2, 1));
}

#[test]
fn only_one_writer_and_readers_keep_their_generation() {
    let mut scratch = scratch();
    let text = format!("{}\n", md5(1));
    scratch.import(request("one", &text)).unwrap();
    let reader = Database::open(&scratch.path, Access::ReadOnly).unwrap();
    let held = reader.generation();
    let mut second = Database::open(&scratch.path, Access::ReadWrite).unwrap();
    // The second writer has opened an older generation and still builds on the current one.
    scratch.import(request("two", &text)).unwrap();
    second.import(request("three", &text), &mut |_| {}).unwrap();
    assert_eq!(second.generation().lists().len(), 3);
    second.compact().unwrap();
    let value = HashValue::parse(HashKind::Md5, &md5(1)).unwrap();
    assert_eq!(held.lookup_digest(&value).unwrap().len(), 1);
    held.verify().unwrap();

    struct Locks(PathBuf);
    impl std::io::Read for Locks {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            // While one import reads, another one is refused and a reader is not.
            Database::open(&self.0, Access::ReadOnly).unwrap().verify().unwrap();
            let mut other = Database::open(&self.0, Access::ReadWrite).unwrap();
            let error = other.import(request("four", "x"), &mut |_| {}).unwrap_err();
            Err(std::io::Error::other(error.to_string()))
        }
    }
    let reader = Box::new(Locks(scratch.path.clone()));
    let inputs = vec![ImportInput::Stream { name: "x".into(), reader }];
    let error = scratch.import(ImportRequest { inputs, ..ImportRequest::new("four") }).unwrap_err();
    assert!(error.to_string().contains("another import"), "{error}");
}

#[test]
fn opening_for_writing_sweeps_and_opening_for_reading_touches_nothing() {
    let mut scratch = scratch();
    scratch.import(request("one", &format!("{}\n", md5(1)))).unwrap();
    let path = scratch.path.clone();
    drop(scratch.database);
    let orphan = "0".repeat(64);
    let orphans = [
        path.join("segments").join(format!("{orphan}.seg")),
        path.join("segments").join(format!("{orphan}.tomb")),
        path.join("generations").join(format!("{orphan}.gen")),
        path.join("audit").join(format!("{orphan}.json")),
        path.join("tmp").join("1-1.new"),
    ];
    for orphan in &orphans {
        fs::write(orphan, "left over").unwrap();
    }
    let before = snapshot(&path);
    let reader = Database::open(&path, Access::ReadOnly).unwrap();
    assert_eq!(reader.verify().unwrap().audit.orphans, 1);
    reader.info().unwrap();
    drop(reader);
    assert_eq!(snapshot(&path), before);
    let writer = Database::open(&path, Access::ReadWrite).unwrap();
    assert!(orphans.iter().all(|orphan| !orphan.exists()));
    writer.verify().unwrap();
}

#[cfg(unix)]
#[test]
fn folders_and_files_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let mut scratch = scratch();
    scratch.import(request("one", &format!("{}\n", md5(1)))).unwrap();
    for path in snapshot(&scratch.path).into_keys().chain([scratch.path.clone()]) {
        let metadata = fs::metadata(&path).unwrap();
        let expected = if metadata.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(metadata.permissions().mode() & 0o777, expected, "{}", path.display());
    }
}

#[test]
fn damage_is_an_error_and_never_a_missing_entry() {
    let mut scratch = scratch();
    let text: String = (0..50).map(|number| format!("{}\n", md5(number))).collect();
    scratch.import(request("one", &text)).unwrap();
    let path = scratch.path.clone();
    drop(scratch.database);
    for (file, (content, _)) in snapshot(&path) {
        if content.is_empty() || file.ends_with("catalogue.sqlite") {
            continue;
        }
        let positions = (0..content.len()).step_by(content.len().div_ceil(40));
        for position in positions.chain([content.len() - 1]) {
            let mut damaged = content.clone();
            damaged[position] ^= 0x10;
            fs::write(&file, &damaged).unwrap();
            let sound =
                Database::open(&path, Access::ReadOnly).and_then(|db| db.verify().map(drop));
            assert!(sound.is_err(), "{} at {position}", file.display());
        }
        fs::remove_file(&file).unwrap();
        let sound = Database::open(&path, Access::ReadOnly).and_then(|db| db.verify().map(drop));
        assert!(sound.is_err(), "{} removed", file.display());
        fs::write(&file, &content).unwrap();
    }
    Database::open(&path, Access::ReadOnly).unwrap().verify().unwrap();
}

#[test]
fn identical_histories_give_identical_segments_and_versions() {
    let build = || {
        let mut scratch = scratch();
        let text: String = (0..500).map(|number| format!("{}\n", md5(number * 7))).collect();
        scratch.import(request("one", &text)).unwrap();
        let text: String = (0..500).map(|number| format!("{}\n", md5(number * 5))).collect();
        scratch.import(request("one", &text)).unwrap();
        let info = scratch.database.info().unwrap();
        (info.generation, info.lists[0].digest.clone())
    };
    assert_eq!(build(), build());
}
