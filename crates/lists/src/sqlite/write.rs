//! Writing a `.kdb`: SQLite needs a file of its own, which is copied to the target at the end.

use crate::row::ListRow;
use crate::writer::{RowWriter, Written};
use hashward_hash::HashKind;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;
use std::io::{self, Write};
use std::path::Path;
use tempfile::NamedTempFile;

/// The schema that hfind and Autopsy expect.
const SCHEMA: &str = "
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE db_properties (name TEXT NOT NULL, value TEXT);
INSERT INTO db_properties (name, value) VALUES ('Schema Version', '1');
CREATE TABLE hashes (id INTEGER PRIMARY KEY AUTOINCREMENT, md5 BINARY(16) UNIQUE, \
sha1 BINARY(20), sha2_256 BINARY(32));
CREATE TABLE file_names (name TEXT NOT NULL, hash_id INTEGER NOT NULL, PRIMARY KEY(name, hash_id));
CREATE TABLE comments (comment TEXT NOT NULL, hash_id INTEGER NOT NULL, PRIMARY KEY(comment, hash_id));
CREATE INDEX md5_index ON hashes(md5);
BEGIN;
";

/// A hash that is there already: its number, SHA-1 and SHA-256.
type Known = (i64, Option<Vec<u8>>, Option<Vec<u8>>);

/// Writes hashes, names and comments.
pub(crate) struct KdbWriter {
    connection: Connection,
    file: NamedTempFile,
}

impl KdbWriter {
    /// `scratch` is the folder for the database in the making.
    pub(crate) fn new(scratch: &Path) -> io::Result<Self> {
        // Files of tempfile are private to the user on Unix.
        let file = tempfile::Builder::new().prefix(".hashward-kdb-").tempfile_in(scratch)?;
        let connection = Connection::open(file.path()).map_err(io::Error::other)?;
        Ok(Self { connection, file })
    }

    fn insert(&self, row: &ListRow) -> rusqlite::Result<()> {
        let bytes = |kind| row.hash(kind).map(|hash| hash.with_bytes(<[u8]>::to_vec));
        let (mut md5, sha1, sha256) =
            (bytes(HashKind::Md5), bytes(HashKind::Sha1), bytes(HashKind::Sha256));
        let known: Option<Known> = self
            .connection
            .prepare_cached("SELECT id, sha1, sha2_256 FROM hashes WHERE md5 = ?1")?
            .query_row([&md5], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let differs =
            |a: &Option<Vec<u8>>, b: &Option<Vec<u8>>| a.is_some() && b.is_some() && a != b;
        let id = match known {
            Some((id, known1, known256))
                if !differs(&known1, &sha1) && !differs(&known256, &sha256) =>
            {
                self.connection
                    .prepare_cached(
                        "UPDATE hashes SET sha1 = coalesce(sha1, ?2),
                         sha2_256 = coalesce(sha2_256, ?3) WHERE id = ?1",
                    )?
                    .execute(params![id, sha1, sha256])?;
                id
            }
            known => {
                // An MD5 stands in the table once: a different file with the same one goes by its
                // other digests.
                if known.is_some() {
                    md5 = None;
                }
                self.connection
                    .prepare_cached("INSERT INTO hashes (md5, sha1, sha2_256) VALUES (?1, ?2, ?3)")?
                    .execute(params![md5, sha1, sha256])?;
                self.connection.last_insert_rowid()
            }
        };
        let texts = |name: &str| match row.attributes.get(name) {
            Some(Value::Array(texts)) => texts.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let mut name = self
            .connection
            .prepare_cached("INSERT OR IGNORE INTO file_names (name, hash_id) VALUES (?1, ?2)")?;
        for text in row.name.as_deref().into_iter().chain(texts("other_names")) {
            name.execute(params![text, id])?;
        }
        let mut comment = self
            .connection
            .prepare_cached("INSERT OR IGNORE INTO comments (comment, hash_id) VALUES (?1, ?2)")?;
        for text in texts("comments") {
            comment.execute(params![text, id])?;
        }
        Ok(())
    }
}

impl RowWriter for KdbWriter {
    fn begin(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        self.connection.execute_batch(SCHEMA).map_err(io::Error::other)
    }

    fn row(&mut self, row: &ListRow, _out: &mut dyn Write) -> io::Result<Written> {
        let kinds = [HashKind::Md5, HashKind::Sha1, HashKind::Sha256];
        if row.deleted || !kinds.into_iter().any(|kind| row.hash(kind).is_some()) {
            return Ok(Written::LeftOut);
        }
        self.insert(row).map_err(io::Error::other)?;
        Ok(Written::Row)
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.connection.execute_batch("COMMIT").map_err(io::Error::other)?;
        io::copy(&mut self.file.reopen()?, out)?;
        Ok(())
    }
}
