//! What somebody who can write to the database can do to its audit chain, and what shows it.
#![allow(clippy::unwrap_used)] // helpers of tests

use hashward_engine::database::{Access, Database, DatabaseError};
use hashward_engine::import::{ImportInput, ImportRequest};
use hashward_engine::settings::SettingsChange;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

fn change(database: &mut Database, number: u32) {
    let reader = Box::new(std::io::Cursor::new(format!("{number:032x}\n").into_bytes()));
    let inputs = vec![ImportInput::Stream { name: "list".into(), reader }];
    let request = ImportRequest { inputs, ..ImportRequest::new(format!("list {number}")) };
    database.import(request, &mut |_| {}).unwrap();
}

/// A database with 1 + `changes` records, in a folder.
fn database(changes: u32) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let mut database = Database::create(&path).unwrap();
    (1..=changes).for_each(|number| change(&mut database, number));
    (folder, path)
}

fn open(path: &Path) -> Result<Database, DatabaseError> {
    Database::open(path, Access::ReadOnly)
}

fn sql(path: &Path, statements: &str) {
    let raw = rusqlite::Connection::open(path.join("catalogue.sqlite")).unwrap();
    raw.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON").unwrap();
    raw.execute_batch(statements).unwrap();
    raw.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
}

/// The records as the catalogue names them: number and digest.
fn rows(path: &Path) -> Vec<(u64, String)> {
    let raw = rusqlite::Connection::open(path.join("catalogue.sqlite")).unwrap();
    let mut statement = raw.prepare("SELECT seq, digest FROM audit ORDER BY seq").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?)));
    rows.unwrap().map(Result::unwrap).collect()
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

#[test]
fn a_chain_that_grows_continues_every_checkpoint() {
    let (_folder, path) = database(0);
    let mut checkpoints = Vec::new();
    for number in 1..8 {
        let mut database = Database::open(&path, Access::ReadWrite).unwrap();
        checkpoints.push(database.checkpoint().unwrap());
        change(&mut database, number);
        for kept in &checkpoints {
            assert_eq!(database.verify_audit_since(kept).unwrap().records, u64::from(number) + 1);
        }
    }
    // Another database has another chain, though the same was done to it.
    let (_folder, other) = database(7);
    for kept in &checkpoints {
        let error = open(&other).unwrap().verify_audit_since(kept).unwrap_err();
        assert!(error.to_string().contains("another database"), "{error}");
    }
}

#[test]
fn every_kind_of_change_is_a_record() {
    let (_folder, path) = database(1);
    let mut database = Database::open(&path, Access::ReadWrite).unwrap();
    let setting = SettingsChange { source: Some("A".into()), ..SettingsChange::default() };
    assert!(database.set("list 1", &setting).unwrap().changed);
    assert!(!database.set("list 1", &setting).unwrap().changed);
    let text = br#"{"name":"own","title":"Own","categories":[{"code":"x","name":"y"}]}"#;
    database.add_scheme(&hashward_engine::settings::Scheme::parse(text).unwrap()).unwrap();
    database.withdraw("list 1").unwrap();
    let mut actions = Vec::new();
    let mut visit = |record: &[u8]| {
        let record: Value = serde_json::from_slice(record).unwrap();
        assert!(!record["who"].as_str().unwrap().is_empty());
        actions.push(record["action"].as_str().unwrap().to_owned());
    };
    database.audit_records(&mut visit).unwrap();
    assert_eq!(actions, ["create", "import", "set", "scheme", "withdraw"]);
    database.verify().unwrap();
}

/// Something done to a database in a folder.
type Edit = fn(&Path);

#[test]
fn edits_removals_and_swaps_are_found_without_a_checkpoint() {
    let edits: [(&str, Edit); 6] = [
        ("a word of a record", |path| {
            let file = path.join("audit").join(format!("{}.json", rows(path)[1].1));
            let text = fs::read_to_string(&file).unwrap();
            fs::write(&file, text.replace("import", "impart")).unwrap();
        }),
        ("a record's file", |path| {
            let file = path.join("audit").join(format!("{}.json", rows(path)[2].1));
            fs::remove_file(file).unwrap();
        }),
        ("a record in the middle", |path| sql(path, "DELETE FROM audit WHERE seq = 2")),
        ("a record in the middle, closing the gap", |path| {
            sql(
                path,
                "DELETE FROM audit WHERE seq = 2; UPDATE audit SET seq = seq - 1 WHERE seq > 2;
                       UPDATE current SET audit = audit - 1;
                       UPDATE generations SET audit = audit - 1 WHERE audit > 2",
            );
        }),
        ("the order of two records", |path| {
            sql(
                path,
                "UPDATE audit SET seq = -seq WHERE seq IN (2, 3);
                       UPDATE audit SET seq = CASE seq WHEN -2 THEN 3 ELSE 2 END WHERE seq < 0",
            );
        }),
        ("the last record alone", |path| {
            sql(path, "DELETE FROM audit WHERE seq = 4; UPDATE current SET audit = 3");
        }),
    ];
    for (what, edit) in edits {
        let (_folder, path) = database(3);
        open(&path).unwrap().verify_audit().unwrap();
        edit(&path);
        let found = open(&path).and_then(|database| database.verify_audit());
        assert!(found.is_err(), "{what} was changed unseen");
    }
}

#[test]
fn an_end_that_was_cut_off_shows_against_a_checkpoint() {
    let (folder, path) = database(2);
    let older = folder.path().join("older");
    copy(&path, &older);
    let mut database = Database::open(&path, Access::ReadWrite).unwrap();
    change(&mut database, 3);
    let kept = database.checkpoint().unwrap();
    drop(database);
    // An older copy is sound in itself …
    let restored = open(&older).unwrap();
    restored.verify().unwrap();
    let error = restored.verify_audit_since(&kept).unwrap_err();
    assert!(error.to_string().contains("had 4 records and has 3"), "{error}");
    // … and so is what somebody cuts out of the catalogue carefully.
    let manifest = restored.generation().digest().to_string();
    let name = format!("generations/{manifest}.gen");
    if !path.join(&name).exists() {
        fs::copy(older.join(&name), path.join(&name)).unwrap();
    }
    sql(
        &path,
        "UPDATE current SET audit = 3, generation = 2;
                DELETE FROM generations WHERE sequence = 3; DELETE FROM audit WHERE seq = 4;
                DELETE FROM sources WHERE list = 3; DELETE FROM versions WHERE list = 3;
                DELETE FROM segments WHERE list = 3; DELETE FROM lists WHERE id = 3",
    );
    let cut = open(&path).unwrap();
    cut.verify_audit().unwrap();
    let error = cut.verify_audit_since(&kept).unwrap_err();
    assert!(matches!(error, DatabaseError::Checkpoint { .. }), "{error}");
    assert!(error.to_string().contains("its end is gone"), "{error}");
}

#[test]
fn a_chain_that_was_rewritten_whole_shows_against_a_checkpoint() {
    let (_folder, path) = database(4);
    let kept = open(&path).unwrap().checkpoint().unwrap();
    // Somebody puts another name under the third record and seals all that follow again.
    let mut prev: Option<String> = None;
    let mut statements = String::new();
    for (seq, digest) in rows(&path) {
        let file = path.join("audit").join(format!("{digest}.json"));
        let mut record: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        if seq == 3 {
            record["who"] = "somebody else".into();
        }
        record["prev"] = prev.clone().map_or(Value::Null, Value::String);
        let bytes = format!("{record}\n");
        let sealed: String =
            Sha256::digest(bytes.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        fs::remove_file(&file).unwrap();
        fs::write(path.join("audit").join(format!("{sealed}.json")), bytes).unwrap();
        statements += &format!("UPDATE audit SET digest = '{sealed}' WHERE seq = {seq};");
        assert_eq!(sealed == digest, seq < 3);
        prev = Some(sealed);
    }
    sql(&path, &statements);
    let database = open(&path).unwrap();
    database.verify_audit().unwrap();
    let error = database.verify_audit_since(&kept).unwrap_err();
    assert!(error.to_string().contains("changed, removed or reordered"), "{error}");
}
