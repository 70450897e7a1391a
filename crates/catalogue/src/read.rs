//! Reading the tables.

use crate::error::CatalogueError;
use crate::model::{
    AuditRow, GenerationRow, KeptVersion, ListRecord, SegmentRow, SourceRecord, State,
    VersionRecord, VersionState,
};
use crate::open::Catalogue;
use crate::scheme::Scheme;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row};

type Result<T> = std::result::Result<T, CatalogueError>;

impl Catalogue {
    /// What is current.
    ///
    /// # Errors
    /// [`CatalogueError`] when the catalogue cannot be read.
    pub fn state(&self) -> Result<State> {
        state(&self.connection)
    }

    /// All lists by name, withdrawn ones included.
    ///
    /// # Errors
    /// [`CatalogueError`] when the catalogue cannot be read.
    pub fn lists(&self) -> Result<Vec<ListRecord>> {
        lists(&self.connection)
    }

    /// The versions of a list, oldest first.
    ///
    /// # Errors
    /// [`CatalogueError`] when the catalogue cannot be read.
    pub fn versions(&self, list: u64) -> Result<Vec<VersionRecord>> {
        versions(&self.connection, list)
    }

    /// The newest version of a list.
    ///
    /// # Errors
    /// [`CatalogueError`] when the catalogue cannot be read.
    pub fn newest(&self, list: u64) -> Result<Option<VersionRecord>> {
        newest(&self.connection, list)
    }

    /// The versions of all lists whose content is kept, each list's oldest first.
    ///
    /// # Errors
    /// [`CatalogueError`] when the catalogue cannot be read.
    pub fn kept(&self) -> Result<Vec<KeptVersion>> {
        kept(&self.connection)
    }

    /// The files of a version, in the order in which they were given.
    ///
    /// # Errors
    /// [`CatalogueError`] when the catalogue cannot be read.
    pub fn sources(&self, list: u64, version: u64) -> Result<Vec<SourceRecord>> {
        let sql = "SELECT name, sha256, bytes, format, signer FROM sources
                   WHERE list = ?1 AND number = ?2 ORDER BY position";
        all(&self.connection, sql, (list, version), |row| {
            Ok(SourceRecord {
                name: row.get(0)?,
                sha256: row.get(1)?,
                bytes: row.get(2)?,
                format: row.get(3)?,
                signer: row.get(4)?,
            })
        })
    }

    /// The categories that entries of a list have had.
    ///
    /// # Errors
    /// [`CatalogueError`] when the catalogue cannot be read.
    pub fn categories(&self, list: u64) -> Result<Vec<String>> {
        let sql = "SELECT name FROM categories WHERE list = ?1 ORDER BY name";
        all(&self.connection, sql, [list], |row| row.get(0))
    }

    /// All schemes of categories by name, the built-in ones included.
    ///
    /// # Errors
    /// [`CatalogueError`] when the catalogue cannot be read.
    pub fn schemes(&self) -> Result<Vec<Scheme>> {
        schemes(&self.connection)
    }

    /// The segments in use.
    ///
    /// # Errors
    /// [`CatalogueError`] when the catalogue cannot be read.
    pub fn segments(&self) -> Result<Vec<SegmentRow>> {
        let sql = "SELECT digest, list, rows, bytes FROM segments ORDER BY digest";
        all(&self.connection, sql, [], |row| {
            Ok(SegmentRow {
                digest: row.get(0)?,
                list: row.get(1)?,
                rows: row.get(2)?,
                bytes: row.get(3)?,
            })
        })
    }

    /// The generations that were current, oldest first.
    ///
    /// # Errors
    /// [`CatalogueError`] when the catalogue cannot be read.
    pub fn generations(&self) -> Result<Vec<GenerationRow>> {
        let sql = "SELECT sequence, digest, audit FROM generations ORDER BY sequence";
        all(&self.connection, sql, [], |row| {
            Ok(GenerationRow { sequence: row.get(0)?, digest: row.get(1)?, audit: row.get(2)? })
        })
    }

    /// The audit records, oldest first.
    ///
    /// # Errors
    /// [`CatalogueError`] when the catalogue cannot be read.
    pub fn audit(&self) -> Result<Vec<AuditRow>> {
        audit(&self.connection)
    }

    /// SQLite's full check of the file and of references between tables.
    ///
    /// # Errors
    /// [`CatalogueError::Damaged`] with what SQLite found.
    pub fn integrity_check(&self) -> Result<()> {
        let damaged =
            |detail: String| CatalogueError::Damaged { path: crate::FILE_NAME.into(), detail };
        let verdict: String =
            self.connection.pragma_query_value(None, "integrity_check", |row| row.get(0))?;
        if verdict != "ok" {
            return Err(damaged(verdict));
        }
        let broken: Option<String> = self
            .connection
            .query_row("SELECT \"table\" FROM pragma_foreign_key_check", [], |row| row.get(0))
            .optional()?;
        match broken {
            Some(table) => Err(damaged(format!("a row of `{table}` refers to nothing"))),
            None => Ok(()),
        }
    }
}

pub(crate) fn state(connection: &Connection) -> Result<State> {
    let sql = "SELECT generations.digest, generations.sequence, next_entry, audit.seq, audit.digest
               FROM current JOIN generations ON generations.sequence = current.generation
               JOIN audit ON audit.seq = current.audit";
    Ok(connection.query_row(sql, [], |row| {
        Ok(State {
            generation: row.get(0)?,
            sequence: row.get(1)?,
            next_entry: row.get(2)?,
            audit_seq: row.get(3)?,
            audit_head: row.get(4)?,
        })
    })?)
}

pub(crate) fn lists(connection: &Connection) -> Result<Vec<ListRecord>> {
    let sql = "SELECT id, name, kind, settings, active, created_at FROM lists ORDER BY name";
    all(connection, sql, [], |row| {
        Ok(ListRecord {
            id: row.get(0)?,
            name: row.get(1)?,
            kind: row.get(2)?,
            settings: json(row, 3)?,
            active: row.get(4)?,
            created_at: row.get(5)?,
        })
    })
}

/// The built-in schemes and those of the catalogue, by name.
pub(crate) fn schemes(connection: &Connection) -> Result<Vec<Scheme>> {
    let mut schemes = Scheme::built_in();
    schemes.extend(all(connection, "SELECT content FROM schemes", [], |row| json(row, 0))?);
    schemes.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(schemes)
}

/// A record that stands in a column as JSON text.
fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}

pub(crate) fn versions(connection: &Connection, list: u64) -> Result<Vec<VersionRecord>> {
    let sql = "SELECT number, state, imported_at, delta, counts, tool, digest, manifest
               FROM versions WHERE list = ?1 ORDER BY number";
    all(connection, sql, [list], version)
}

pub(crate) fn newest(connection: &Connection, list: u64) -> Result<Option<VersionRecord>> {
    let sql = "SELECT number, state, imported_at, delta, counts, tool, digest, manifest
               FROM versions WHERE list = ?1 ORDER BY number DESC LIMIT 1";
    Ok(all(connection, sql, [list], version)?.pop())
}

fn version(row: &Row<'_>) -> rusqlite::Result<VersionRecord> {
    let state: String = row.get(1)?;
    Ok(VersionRecord {
        number: row.get(0)?,
        state: VersionState::from_name(&state)
            .ok_or_else(|| rusqlite::Error::InvalidColumnType(1, state, Type::Text))?,
        imported_at: row.get(2)?,
        delta: row.get(3)?,
        counts: json(row, 4)?,
        tool: row.get(5)?,
        digest: row.get(6)?,
        manifest: row.get(7)?,
    })
}

pub(crate) fn kept(connection: &Connection) -> Result<Vec<KeptVersion>> {
    let sql = "SELECT list, number, manifest FROM versions WHERE manifest IS NOT NULL
               ORDER BY list, number";
    all(connection, sql, [], |row| {
        Ok(KeptVersion { list: row.get(0)?, number: row.get(1)?, manifest: row.get(2)? })
    })
}

pub(crate) fn audit(connection: &Connection) -> Result<Vec<AuditRow>> {
    let sql = "SELECT seq, digest, time, action, list, generation FROM audit ORDER BY seq";
    all(connection, sql, [], |row| {
        Ok(AuditRow {
            seq: row.get(0)?,
            digest: row.get(1)?,
            time: row.get(2)?,
            action: row.get(3)?,
            list: row.get(4)?,
            generation: row.get(5)?,
        })
    })
}

fn all<T>(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
    record: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    let records = statement.query_map(parameters, record)?.collect::<rusqlite::Result<_>>()?;
    Ok(records)
}
