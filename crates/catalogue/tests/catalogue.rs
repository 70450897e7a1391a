//! One commit point, reading without writing, and a chain that shows every edit.

#![allow(clippy::unwrap_used)] // a test that cannot go on may panic

use hashward_catalogue::{
    AUDIT_FOLDER, AuditError, Catalogue, CatalogueError, Counts, FILE_NAME, ListSettings, NewAudit,
    NewList, Scheme, SegmentRow, SourceRecord, VersionRecord, VersionState, current_time,
    verify_audit,
};
use hashward_store::{Disk, RealDisk};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn disk() -> Arc<dyn Disk> {
    Arc::new(RealDisk)
}

/// Makes a change that sets generation `sequence` and, with it, an audit record.
fn change(catalogue: &mut Catalogue, folder: &Path, sequence: u64) {
    let change = catalogue.begin().unwrap();
    let generation = format!("{sequence:064x}");
    let settings = ListSettings {
        source: Some("made up".into()),
        radius: Some(20),
        ..ListSettings::default()
    };
    let list = NewList { name: "pictures", kind: "known", settings: &settings };
    let id = change.set_list(&list, &current_time()).unwrap();
    let version = VersionRecord {
        number: sequence + 1,
        state: VersionState::Active,
        imported_at: current_time(),
        delta: false,
        counts: Counts { rows: 7, ..Counts::default() },
        tool: "test".into(),
        digest: "d".into(),
        manifest: Some(generation.clone()),
    };
    let source = SourceRecord {
        name: "list.csv".into(),
        sha256: "0".into(),
        bytes: 12,
        format: "csv".into(),
        signer: Some("key".into()),
    };
    change.add_version(id, &version, &[source], &["A".into()]).unwrap();
    let segment = SegmentRow { digest: "s".into(), list: id, rows: 7, bytes: 99 };
    change.set_segments(&[segment]).unwrap();
    change.set_next_entry(8 + sequence).unwrap();
    let audit = NewAudit {
        action: "import",
        list: Some("pictures"),
        details: serde_json::json!({ "rows": 7 }),
        generation: &generation,
    };
    let record = change.audit_record(&audit, &current_time()).unwrap();
    fs::write(folder.join(AUDIT_FOLDER).join(record.file_name()), record.bytes()).unwrap();
    change.set_generation(&generation, sequence).unwrap();
    change.add_audit(&record).unwrap();
    change.commit().unwrap();
}

fn database(changes: u64) -> (tempfile::TempDir, Catalogue) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(AUDIT_FOLDER)).unwrap();
    let mut catalogue = Catalogue::create(folder.path(), &disk()).unwrap();
    for sequence in 0..changes {
        change(&mut catalogue, folder.path(), sequence);
    }
    catalogue.checkpoint();
    (folder, catalogue)
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
fn what_was_committed_is_read_back() {
    let (folder, catalogue) = database(3);
    drop(catalogue);
    let catalogue = Catalogue::open_for_reading(folder.path(), &disk()).unwrap();
    let state = catalogue.state().unwrap();
    assert_eq!((state.sequence, state.next_entry, state.audit_seq), (2, 10, 3));
    let lists = catalogue.lists().unwrap();
    assert_eq!((lists.len(), lists[0].settings.radius, lists[0].active), (1, Some(20), true));
    let versions = catalogue.versions(lists[0].id).unwrap();
    let states: Vec<_> = versions.iter().map(|version| version.state).collect();
    assert_eq!(states, [VersionState::Superseded, VersionState::Superseded, VersionState::Active]);
    assert_eq!(versions[0].counts.rows, 7);
    assert_eq!(catalogue.sources(lists[0].id, 2).unwrap()[0].bytes, 12);
    assert_eq!(catalogue.categories(lists[0].id).unwrap(), ["A"]);
    assert_eq!(catalogue.segments().unwrap().len(), 1);
    catalogue.integrity_check().unwrap();
    assert_eq!(verify_audit(folder.path(), &disk(), &catalogue, &mut |_| {}).unwrap().records, 3);
    assert!(matches!({ catalogue }.begin().map(drop), Err(CatalogueError::ReadOnly)));
}

#[test]
fn a_change_that_is_dropped_changes_nothing() {
    let (_folder, mut catalogue) = database(1);
    let before = catalogue.state().unwrap();
    let change = catalogue.begin().unwrap();
    change.set_next_entry(999).unwrap();
    drop(change);
    assert_eq!(catalogue.state().unwrap(), before);
}

#[test]
fn only_one_change_at_a_time() {
    let (folder, mut first) = database(1);
    let change = first.begin().unwrap();
    let mut second = Catalogue::open_for_writing(folder.path(), &disk()).unwrap();
    let error = second.begin().map(drop).unwrap_err();
    assert!(matches!(error, CatalogueError::Busy));
    assert!(error.to_string().contains("another import"));
    // Readers are not kept waiting.
    Catalogue::open_for_reading(folder.path(), &disk()).unwrap().state().unwrap();
    drop(change);
    second.begin().unwrap();
}

#[test]
fn reading_writes_nothing_even_after_a_crash() {
    let (folder, mut catalogue) = database(1);
    // Without a checkpoint the second change is in the log alone, as after a crash.
    change(&mut catalogue, folder.path(), 1);
    let log = format!("{FILE_NAME}-wal");
    assert!(fs::metadata(folder.path().join(&log)).unwrap().len() > 0);
    let crashed = tempfile::tempdir().unwrap();
    for name in [FILE_NAME, &log] {
        fs::copy(folder.path().join(name), crashed.path().join(name)).unwrap();
    }
    for folder in [folder.path(), crashed.path()] {
        let before = snapshot(folder);
        let read = Catalogue::open_for_reading(folder, &disk()).unwrap();
        assert_eq!(read.state().unwrap().sequence, 1);
        read.integrity_check().unwrap();
        drop(read);
        assert_eq!(snapshot(folder), before);
    }
    // A log that was cut short gives the state before.
    let path = crashed.path().join(&log);
    let length = fs::metadata(&path).unwrap().len();
    fs::File::options().write(true).open(&path).unwrap().set_len(length - 100).unwrap();
    let read = Catalogue::open_for_reading(crashed.path(), &disk()).unwrap();
    assert_eq!(read.state().unwrap().sequence, 0);
    // Opening for writing recovers in place.
    drop(read);
    let written = Catalogue::open_for_writing(crashed.path(), &disk()).unwrap();
    assert_eq!(written.state().unwrap().sequence, 0);
}

#[cfg(unix)]
#[test]
fn the_catalogue_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, mut catalogue) = database(1);
    change(&mut catalogue, folder.path(), 1);
    for name in [FILE_NAME.to_owned(), format!("{FILE_NAME}-wal")] {
        let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn what_is_no_catalogue_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let open = |folder: &Path| Catalogue::open_for_reading(folder, &disk()).map(drop).unwrap_err();
    assert!(matches!(open(folder.path()), CatalogueError::Missing { .. }));
    drop(Catalogue::create(folder.path(), &disk()).unwrap());
    assert!(matches!(open(folder.path()), CatalogueError::Unfinished { .. }));
    assert!(matches!(
        Catalogue::create(folder.path(), &disk()).map(drop),
        Err(CatalogueError::Exists { .. })
    ));
    let (folder, catalogue) = database(2);
    drop(catalogue);
    let path = folder.path().join(FILE_NAME);
    let whole = fs::read(&path).unwrap();
    for length in [1, 99, 100, 4096, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        open(folder.path());
    }
    fs::write(&path, b"not a database, only a text that is long enough to be one").unwrap();
    assert!(matches!(open(folder.path()), CatalogueError::Damaged { .. }));
    fs::write(&path, b"").unwrap();
    assert!(matches!(open(folder.path()), CatalogueError::Unfinished { .. }));
}

#[test]
fn every_edit_of_the_chain_is_found() {
    let (folder, catalogue) = database(4);
    let audit = folder.path().join(AUDIT_FOLDER);
    let rows = catalogue.audit().unwrap();
    let file = |index: usize| audit.join(format!("{}.json", rows[index].digest));
    let verify = || verify_audit(folder.path(), &disk(), &catalogue, &mut |_| {});
    assert_eq!(verify().unwrap().orphans, 0);

    let whole = fs::read(file(1)).unwrap();
    for position in 0..whole.len() {
        let mut edited = whole.clone();
        edited[position] ^= 1;
        fs::write(file(1), edited).unwrap();
        assert!(matches!(verify(), Err(AuditError::Edited { seq: 2, .. })));
    }
    fs::remove_file(file(1)).unwrap();
    assert!(matches!(verify(), Err(AuditError::Missing { seq: 2, .. })));
    fs::write(file(1), &whole).unwrap();
    verify().unwrap();

    let third = fs::read(file(2)).unwrap();
    fs::write(file(1), &third).unwrap();
    fs::write(file(2), &whole).unwrap();
    assert!(verify().is_err());
    fs::write(file(1), &whole).unwrap();
    fs::write(file(2), &third).unwrap();

    fs::write(audit.join("left-over.json"), b"{}").unwrap();
    assert_eq!(verify().unwrap().orphans, 1);
}

#[test]
fn a_chain_edited_together_with_the_table_is_found() {
    // Somebody removes or swaps records in the catalogue itself.
    let edits = [
        "DELETE FROM audit WHERE seq = 2",
        "UPDATE audit SET seq = CASE seq WHEN 2 THEN -3 ELSE -2 END WHERE seq IN (2, 3)",
        "UPDATE audit SET action = 'withdraw' WHERE seq = 2",
        "UPDATE audit SET list = 'another' WHERE seq = 2",
        "UPDATE current SET generation = 1",
        "DELETE FROM audit WHERE seq = 4",
        "UPDATE generations SET digest = 'x' WHERE sequence = 1",
    ];
    for edit in edits {
        let (folder, catalogue) = database(4);
        drop(catalogue);
        let raw = rusqlite::Connection::open(folder.path().join(FILE_NAME)).unwrap();
        raw.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON")
            .unwrap();
        raw.execute(edit, []).unwrap();
        raw.execute("UPDATE audit SET seq = -seq WHERE seq < 0", []).unwrap();
        drop(raw);
        let found =
            Catalogue::open_for_reading(folder.path(), &disk()).map_err(AuditError::from).and_then(
                |catalogue| verify_audit(folder.path(), &disk(), &catalogue, &mut |_| {}).map(drop),
            );
        assert!(found.is_err(), "{edit}");
    }
}

#[test]
fn schemes_are_added_once_and_do_not_change() {
    let (_folder, mut catalogue) = database(1);
    let text = br#"{"name":"own","title":"Our own","categories":[{"code":"x","name":"y"}]}"#;
    let scheme = Scheme::parse(text).unwrap();
    let change = catalogue.begin().unwrap();
    change.add_scheme(&scheme, &current_time()).unwrap();
    let again = change.add_scheme(&scheme, &current_time());
    assert!(matches!(again, Err(CatalogueError::SchemeExists { .. })));
    let built_in = Scheme { name: "ncmec".into(), ..scheme.clone() };
    assert!(change.add_scheme(&built_in, &current_time()).is_err());
    change.commit().unwrap();
    assert_eq!(catalogue.schemes().unwrap().len(), 5);
    assert!(catalogue.schemes().unwrap().contains(&scheme));
}
