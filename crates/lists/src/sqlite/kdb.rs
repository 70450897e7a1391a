//! `.kdb`: hashes with any number of names and comments.

use super::{Rows, push_hash};
use crate::error::RowError;
use crate::row::ListRow;
use hashward_hash::HashKind;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use serde_json::Value;
use std::collections::BTreeMap;

/// Rows that are looked at together.
const BATCH: i64 = 4096;
/// Names or comments of one hash that are kept.
const MAX_TEXTS: usize = 1024;

/// Texts of a batch by the hash that they belong to.
type Texts = BTreeMap<i64, Vec<Vec<u8>>>;

pub(super) fn read(connection: &mut Connection, rows: &mut Rows<'_, '_>) -> rusqlite::Result<()> {
    // The tables of texts are ordered by text; sorting them once costs less than looking through
    // them for every batch.
    for (table, column) in [("file_names", "name"), ("comments", "comment")] {
        let there: bool = connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND lower(name) = ?1
             AND upper(substr(ltrim(sql), 1, 14)) <> 'CREATE VIRTUAL')",
            [table],
            |row| row.get(0),
        )?;
        connection.execute_batch(&format!(
            "CREATE TEMP TABLE sorted_{table} (hash INTEGER, at INTEGER, text, PRIMARY KEY (hash, at))
             WITHOUT ROWID"
        ))?;
        if there {
            connection.execute_batch(&format!(
                "INSERT OR IGNORE INTO sorted_{table}
                 SELECT hash_id, rowid, {column} FROM main.{table}
                 WHERE typeof(hash_id) = 'integer' ORDER BY hash_id, rowid"
            ))?;
        }
    }
    let mut hashes = connection.prepare(
        "SELECT id, md5, sha1, sha2_256 FROM main.hashes WHERE id > ?1 ORDER BY id LIMIT ?2",
    )?;
    let mut after = i64::MIN;
    loop {
        let last = last_of_batch(connection, after)?;
        let Some(last) = last else { return Ok(()) };
        let names = texts(connection, "file_names", after, last)?;
        let comments = texts(connection, "comments", after, last)?;
        let mut found = hashes.query([after, BATCH])?;
        while let Some(record) = found.next()? {
            let id: i64 = record.get(0)?;
            rows.begin();
            let filled = fill(record, &mut rows.row).map(|()| {
                add_texts(names.get(&id), comments.get(&id), &mut rows.row);
            });
            if rows.end(filled).is_break() {
                return Ok(());
            }
        }
        after = last;
    }
}

/// The last identifier of the batch behind `after`; `None` when there is none.
fn last_of_batch(connection: &Connection, after: i64) -> rusqlite::Result<Option<i64>> {
    let mut statement = connection.prepare_cached(
        "SELECT max(id) FROM (SELECT id FROM main.hashes WHERE id > ?1 ORDER BY id LIMIT ?2)",
    )?;
    statement.query_row([after, BATCH], |row| row.get(0))
}

fn texts(connection: &Connection, table: &str, after: i64, last: i64) -> rusqlite::Result<Texts> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT hash, text FROM sorted_{table} WHERE hash > ?1 AND hash <= ?2 ORDER BY hash, at"
    ))?;
    let mut found = statement.query([after, last])?;
    let mut texts = Texts::new();
    while let Some(record) = found.next()? {
        let of_hash = texts.entry(record.get(0)?).or_default();
        if let ValueRef::Text(text) | ValueRef::Blob(text) = record.get_ref(1)?
            && of_hash.len() < MAX_TEXTS
        {
            of_hash.push(text.to_vec());
        }
    }
    Ok(texts)
}

fn fill(record: &Row<'_>, row: &mut ListRow) -> Result<(), RowError> {
    let cell = |index: usize| record.get_ref(index).unwrap_or(ValueRef::Null);
    push_hash(HashKind::Md5, cell(1), row)?;
    push_hash(HashKind::Sha1, cell(2), row)?;
    push_hash(HashKind::Sha256, cell(3), row)
}

/// The first name is that of the row; the others and the comments stand beside it.
fn add_texts(names: Option<&Vec<Vec<u8>>>, comments: Option<&Vec<Vec<u8>>>, row: &mut ListRow) {
    let text = |bytes: &Vec<u8>| Value::String(String::from_utf8_lossy(bytes).into_owned());
    if let Some((first, others)) = names.and_then(|names| names.split_first()) {
        row.name = row.text("name", first);
        if !others.is_empty() {
            let others = others.iter().map(text).collect();
            row.attributes.insert("other_names".to_owned(), Value::Array(others));
        }
    }
    if let Some(comments) = comments {
        let comments = comments.iter().map(text).collect();
        row.attributes.insert("comments".to_owned(), Value::Array(comments));
    }
}
