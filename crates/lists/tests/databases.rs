//! Lists that are SQLite databases: made here, by other programs, and hostile ones.

#![allow(clippy::unwrap_used)] // a test that cannot go on may panic
use hashward_hash::{HashKind, HashValue};
use hashward_lists::{
    DatabaseReader, Layout, ListFormat, ListRow, OpenError, ReadError, ReadOptions, Writer, Written,
};
use rusqlite::Connection;
use serde_json::json;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

const MD5: &str = "0123456789ABCDEF0123456789ABCDEF";
const SHA1: &str = "0123456789ABCDEF0123456789ABCDEF01234567";
const SHA256: &str = "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF";

fn made(dir: &Path, name: &str, sql: &str) -> PathBuf {
    let path = dir.join(name);
    Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    path
}

fn open(path: &Path) -> Result<DatabaseReader, OpenError> {
    DatabaseReader::open(path, &ReadOptions::default())
}

fn read(path: &Path) -> (ListFormat, Vec<ListRow>, Vec<String>, Option<ReadError>) {
    let mut reader = open(path).unwrap();
    let (mut rows, mut bad) = (Vec::new(), Vec::new());
    let result = reader.for_each(&mut |row| {
        match row {
            Ok(row) => rows.push(row.clone()),
            Err(error) => bad.push(error.to_string()),
        }
        ControlFlow::Continue(())
    });
    (reader.format(), rows, bad, result.err())
}

fn write(rows: &[ListRow], path: &Path) -> Vec<ListRow> {
    let mut layout = Layout::default();
    rows.iter().for_each(|row| layout.observe(row));
    let mut writer = Writer::new(ListFormat::Kdb, &layout, None, Vec::new()).unwrap();
    let kept = rows.iter().filter(|row| writer.row(row).unwrap() == Written::Row);
    let kept = kept.cloned().collect();
    std::fs::write(path, writer.finish().unwrap()).unwrap();
    kept
}

#[test]
fn nsrl_minimal_and_full() {
    let dir = tempfile::tempdir().unwrap();
    let columns = "sha256, sha1, md5, crc32, file_name, file_size, package_id";
    let minimal = format!(
        "CREATE TABLE FILE ({columns});
         INSERT INTO FILE VALUES ('{SHA256}','{SHA1}','{MD5}','FFFFFFFF','a.dll',4109,7),
         ('','{SHA1}',NULL,'','b',1,7), ('x',NULL,NULL,'','c',1,7), (12,NULL,NULL,'','c',1,7),
         (NULL,'DA39A3EE5E6B4B0D3255BFEF95601890AFD80709',NULL,'','empty',0,7);
         CREATE TABLE PKG (package_id, name); CREATE TABLE VERSION (version);"
    );
    let full = format!(
        "CREATE TABLE METADATA (object_id INTEGER PRIMARY KEY, {columns});
         INSERT INTO METADATA VALUES (1,'{SHA256}','{SHA1}','{MD5}','FFFFFFFF','a.dll',4109,7);
         CREATE VIEW FILE AS SELECT UPPER(sha256) AS sha256, sha1, md5, crc32, file_name, file_size,
         package_id FROM METADATA;"
    );
    let (format, rows, bad, end) = read(&made(dir.path(), "minimal # ü?.db", &minimal));
    assert_eq!((format, rows.len(), end.is_none()), (ListFormat::NsrlDb, 2, true));
    assert_eq!(rows[0].hashes.len(), 3);
    assert_eq!(rows[0].name.as_deref(), Some("a.dll"));
    assert_eq!(
        serde_json::to_value(&rows[0].attributes).unwrap(),
        json!({"size": "4109", "package_id": "7"})
    );
    assert_eq!(
        bad,
        [
            "record 3: the sha256 value has 1 hexadecimal digits, not 64",
            "record 4: the field `sha256` must be text or bytes"
        ]
    );
    let (format, rows, _, _) = read(&made(dir.path(), "full.db", &full));
    assert_eq!((format, rows.len(), rows[0].hashes.len()), (ListFormat::NsrlDb, 1, 3));
    // Nothing is written beside a list.
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
}

#[test]
fn hostile_databases_are_refused_or_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)
        SELECT hex(x) AS sha1 FROM c";
    let views = [
        ("endless", endless.to_owned(), "not authorized"),
        ("function", "SELECT load_extension('x') AS sha1".to_owned(), ""),
        ("other", "SELECT printf('%040d', 1) AS sha1".to_owned(), "not authorized"),
        (
            "product",
            "SELECT a.sha1 FROM T a, T b, T c, T d, T e".to_owned(),
            "more rows than it can hold",
        ),
    ];
    for (name, view, message) in views {
        let rows = format!("('{SHA1}'),").repeat(30);
        let sql = format!(
            "CREATE TABLE T (sha1); INSERT INTO T VALUES {}; CREATE VIEW FILE AS {view};",
            rows.trim_end_matches(',')
        );
        let path = made(dir.path(), name, &sql);
        let (_, rows, _, end) = read(&path);
        let end = end.unwrap().to_string();
        assert!(end.contains(message), "{name}: {end}");
        assert!(rows.len() as u64 <= path.metadata().unwrap().len());
    }
    let virtual_table = made(dir.path(), "v", "CREATE VIRTUAL TABLE FILE USING fts5(sha1, md5);");
    assert!(matches!(open(&virtual_table), Err(OpenError::UnknownDatabase)));
    let other = made(dir.path(), "o", "CREATE TABLE x (y);");
    assert!(matches!(open(&other), Err(OpenError::UnknownDatabase)));
    // Damage: a page in the middle is overwritten.
    let rows: Vec<ListRow> = (0..5000u32).map(|n| row(n, None)).collect();
    let path = dir.path().join("damaged.kdb");
    write(&rows, &path);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[3 * 4096..20 * 4096].fill(0xA5);
    std::fs::write(&path, bytes).unwrap();
    let refused = match open(&path) {
        Ok(_) => matches!(read(&path).3, Some(ReadError::Database { .. })),
        Err(error) => matches!(error, OpenError::Database { .. }),
    };
    assert!(refused);
    // Half of a file, and a file that another program has open.
    let good = dir.path().join("good.kdb");
    write(&rows, &good);
    let bytes = std::fs::read(&good).unwrap();
    std::fs::write(dir.path().join("half.kdb"), &bytes[..bytes.len() / 2]).unwrap();
    let half = dir.path().join("half.kdb");
    assert!(open(&half).is_err() || read(&half).3.is_some());
    std::fs::write(dir.path().join("good.kdb-wal"), "x").unwrap();
    let error = open(&good).unwrap_err().to_string();
    assert!(error.contains("good.kdb-wal"), "{error}");
}

fn row(number: u32, name: Option<String>) -> ListRow {
    let mut md5 = [0; 16];
    md5[..4].copy_from_slice(&number.wrapping_mul(0x9E37_79B9).to_be_bytes());
    let mut hashes = vec![HashValue::Md5(md5)];
    if number.is_multiple_of(3) {
        hashes.push(HashValue::Sha1([number as u8; 20]));
        hashes.push(HashValue::Sha256([number as u8; 32]));
    }
    ListRow { hashes, name, ..ListRow::default() }
}

#[test]
fn kdb_gives_everything_back() {
    let dir = tempfile::tempdir().unwrap();
    // More than a batch, so that names are looked up across its edge.
    let mut rows: Vec<ListRow> =
        (0..9000).map(|n| row(n, (n % 2 == 0).then(|| format!("name {n}")))).collect();
    rows[0].attributes.insert("other_names".into(), json!(["b", "a"]));
    rows[4096].attributes.insert("comments".into(), json!(["z", "y"]));
    let path = dir.path().join("list.kdb");
    assert_eq!(write(&rows, &path).len(), rows.len());
    let (format, read, bad, end) = read(&path);
    assert_eq!((format, bad.len(), end.is_none()), (ListFormat::Kdb, 0, true));
    let read: Vec<ListRow> = read.into_iter().map(|row| ListRow { line: 0, ..row }).collect();
    assert!(read == rows);
}

#[test]
fn kdb_holds_each_md5_once() {
    let dir = tempfile::tempdir().unwrap();
    let sha1 = |byte| HashValue::Sha1([byte; 20]);
    let with = |hashes: Vec<HashValue>, name: &str| ListRow {
        hashes,
        name: Some(name.to_owned()),
        ..ListRow::default()
    };
    let md5 = HashValue::Md5([1; 16]);
    let rows = [
        with(vec![md5], "a"),
        with(vec![md5, sha1(2)], "b"),
        with(vec![md5, sha1(3)], "c"),
        with(vec![HashValue::Blake3([4; 32])], "d"),
    ];
    let path = dir.path().join("list.kdb");
    assert_eq!(write(&rows, &path).len(), 3);
    let (_, read, _, _) = read(&path);
    assert_eq!(read.len(), 2);
    assert_eq!(read[0].hashes, [md5, sha1(2)]);
    assert_eq!(read[0].attributes["other_names"], json!(["b"]));
    assert_eq!((read[1].hash(HashKind::Md5), read[1].name.as_deref()), (None, Some("c")));
}
