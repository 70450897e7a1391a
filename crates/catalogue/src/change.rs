//! The one transaction that makes a change current.

use crate::audit::{AuditRecord, NewAudit, SealedRecord};
use crate::error::CatalogueError;
use crate::model::{
    KeptVersion, ListRecord, NewList, SegmentRow, SourceRecord, State, VersionRecord, VersionState,
};
use crate::open::Catalogue;
use crate::read;
use crate::schema::USER_VERSION;
use crate::scheme::Scheme;
use rusqlite::OptionalExtension;
use std::collections::BTreeSet;
use std::fs::File;

type Result<T> = std::result::Result<T, CatalogueError>;

/// A change in the making. It holds the database's write lock from its beginning, so that nobody
/// else can change what it builds on; dropping it instead of committing changes nothing.
#[derive(Debug)]
pub struct Change<'a> {
    catalogue: &'a mut Catalogue,
    /// Keeps other writers of a sealed catalogue out.
    lock: Option<File>,
    ended: bool,
}

/// Keeps other writers of a sealed catalogue out as long as it lives; of an open one nobody.
#[derive(Debug)]
pub struct WriteLock(#[expect(dead_code, reason = "it is held, not read")] Option<File>);

impl Drop for Change<'_> {
    fn drop(&mut self) {
        if !self.ended {
            // Nothing of it is on the disk, and a connection that cannot even do this is not used.
            let _ = self.catalogue.connection.execute_batch("ROLLBACK");
        }
    }
}

impl Catalogue {
    /// Takes the write lock.
    ///
    /// # Errors
    /// [`CatalogueError::Busy`] when somebody else has it.
    pub fn begin(&mut self) -> Result<Change<'_>> {
        if !self.writable {
            return Err(CatalogueError::ReadOnly);
        }
        let lock = match &self.sealed {
            Some(sealed) => {
                let lock = sealed.lock()?;
                // Another process may have changed it.
                self.reload()?;
                Some(lock)
            }
            None => None,
        };
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        Ok(Change { catalogue: self, lock, ended: false })
    }
}

impl Change<'_> {
    /// What is current; `None` in a catalogue that is being created.
    ///
    /// # Errors
    /// [`CatalogueError`] when the catalogue cannot be read.
    pub fn state(&self) -> Result<Option<State>> {
        match read::state(&self.catalogue.connection) {
            Ok(state) => Ok(Some(state)),
            Err(CatalogueError::Sqlite(rusqlite::Error::QueryReturnedNoRows)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The list with a name.
    ///
    /// # Errors
    /// [`CatalogueError`] when the catalogue cannot be read.
    pub fn list(&self, name: &str) -> Result<Option<ListRecord>> {
        Ok(self.lists()?.into_iter().find(|list| list.name == name))
    }

    /// All lists.
    ///
    /// # Errors
    /// [`CatalogueError`] when the catalogue cannot be read.
    pub fn lists(&self) -> Result<Vec<ListRecord>> {
        read::lists(&self.catalogue.connection)
    }

    /// The newest version of a list.
    ///
    /// # Errors
    /// [`CatalogueError`] when the catalogue cannot be read.
    pub fn newest(&self, list: u64) -> Result<Option<VersionRecord>> {
        read::newest(&self.catalogue.connection, list)
    }

    /// The versions of all lists whose content is kept, each list's oldest first.
    ///
    /// # Errors
    /// [`CatalogueError`] when the catalogue cannot be read.
    pub fn kept(&self) -> Result<Vec<KeptVersion>> {
        read::kept(&self.catalogue.connection)
    }

    /// Makes a list or gives it new settings, and makes it active; returns its number.
    ///
    /// # Errors
    /// [`CatalogueError`] when the catalogue cannot be written.
    pub fn set_list(&self, list: &NewList<'_>, time: &str) -> Result<u64> {
        let sql = "INSERT INTO lists (name, kind, settings, active, created_at)
                   VALUES (?1, ?2, ?3, 1, ?4)
                   ON CONFLICT (name) DO UPDATE SET kind = ?2, settings = ?3, active = 1
                   RETURNING id";
        let NewList { name, kind, settings } = list;
        let settings = json(settings)?;
        Ok(self
            .catalogue
            .connection
            .query_row(sql, (name, kind, settings, time), |row| row.get(0))?)
    }

    /// Adds a scheme of categories.
    ///
    /// # Errors
    /// [`CatalogueError`] when there is one of that name, or the catalogue cannot be written.
    pub fn add_scheme(&self, scheme: &Scheme, time: &str) -> Result<()> {
        if self.schemes()?.iter().any(|other| other.name == scheme.name) {
            return Err(CatalogueError::SchemeExists { name: scheme.name.clone() });
        }
        let sql = "INSERT INTO schemes (name, content, added_at) VALUES (?1, ?2, ?3)";
        self.catalogue.connection.execute(sql, (&scheme.name, json(scheme)?, time))?;
        Ok(())
    }

    /// All schemes of categories by name, the built-in ones included.
    ///
    /// # Errors
    /// [`CatalogueError`] when the catalogue cannot be read.
    pub fn schemes(&self) -> Result<Vec<Scheme>> {
        read::schemes(&self.catalogue.connection)
    }

    /// Takes a list out of use; its versions stay on record.
    ///
    /// # Errors
    /// [`CatalogueError`] when the catalogue cannot be written.
    pub fn withdraw_list(&self, list: u64) -> Result<()> {
        self.catalogue.connection.execute("UPDATE lists SET active = 0 WHERE id = ?1", [list])?;
        self.retire(list, VersionState::Withdrawn)
    }

    /// Adds a version of a list, which takes the place of the active one.
    ///
    /// # Errors
    /// [`CatalogueError`] when the catalogue cannot be written.
    pub fn add_version(
        &self,
        list: u64,
        version: &VersionRecord,
        sources: &[SourceRecord],
        categories: &[String],
    ) -> Result<()> {
        self.retire(list, VersionState::Superseded)?;
        let sql = "INSERT INTO versions
                       (list, number, state, imported_at, delta, counts, tool, digest, manifest)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        let counts = json(&version.counts)?;
        let VersionRecord { number, imported_at, delta, tool, digest, manifest, .. } = version;
        self.catalogue.connection.execute(
            sql,
            (
                list,
                number,
                version.state.name(),
                imported_at,
                delta,
                counts,
                tool,
                digest,
                manifest,
            ),
        )?;
        let sql =
            "INSERT INTO sources (list, number, position, name, sha256, bytes, format, signer)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        for (position, source) in sources.iter().enumerate() {
            let SourceRecord { name, sha256, bytes, format, signer } = source;
            let parameters = (list, number, position, name, sha256, bytes, format, signer);
            self.catalogue.connection.execute(sql, parameters)?;
        }
        let sql =
            "INSERT OR IGNORE INTO categories (list, name, first_version) VALUES (?1, ?2, ?3)";
        for category in categories {
            self.catalogue.connection.execute(sql, (list, category, number))?;
        }
        Ok(())
    }

    fn retire(&self, list: u64, state: VersionState) -> Result<()> {
        let sql = "UPDATE versions SET state = ?2 WHERE list = ?1 AND state = 'active'";
        self.catalogue.connection.execute(sql, (list, state.name()))?;
        Ok(())
    }

    /// Says where a version alone is kept, or that it is kept no longer.
    ///
    /// # Errors
    /// [`CatalogueError`] when the catalogue cannot be written.
    pub fn set_manifest(&self, list: u64, version: u64, manifest: Option<&str>) -> Result<()> {
        let sql = "UPDATE versions SET manifest = ?3 WHERE list = ?1 AND number = ?2";
        self.catalogue.connection.execute(sql, (list, version, manifest))?;
        Ok(())
    }

    /// Replaces the record of the segments in use.
    ///
    /// # Errors
    /// [`CatalogueError`] when the catalogue cannot be written.
    pub fn set_segments(&self, segments: &[SegmentRow]) -> Result<()> {
        self.catalogue.connection.execute("DELETE FROM segments", [])?;
        let sql = "INSERT INTO segments (digest, list, rows, bytes) VALUES (?1, ?2, ?3, ?4)";
        for SegmentRow { digest, list, rows, bytes } in segments {
            self.catalogue.connection.execute(sql, (digest, list, rows, bytes))?;
        }
        Ok(())
    }

    /// Says which entry number comes next.
    ///
    /// # Errors
    /// [`CatalogueError`] when the catalogue cannot be written.
    pub fn set_next_entry(&self, next_entry: u64) -> Result<()> {
        self.catalogue.connection.execute("UPDATE current SET next_entry = ?1", [next_entry])?;
        Ok(())
    }

    /// Makes a generation the current one. The audit record of the change must follow.
    ///
    /// # Errors
    /// [`CatalogueError`] when the catalogue cannot be written.
    pub fn set_generation(&self, digest: &str, sequence: u64) -> Result<()> {
        let next = self.next_audit()?;
        let sql = "INSERT INTO generations (sequence, digest, audit) VALUES (?1, ?2, ?3)";
        self.catalogue.connection.execute(sql, (sequence, digest, next))?;
        self.catalogue.connection.execute("UPDATE current SET generation = ?1", [sequence])?;
        Ok(())
    }

    fn next_audit(&self) -> Result<u64> {
        let sql = "SELECT coalesce(max(seq), 0) + 1 FROM audit";
        Ok(self.catalogue.connection.query_row(sql, [], |row| row.get(0))?)
    }

    /// The audit record of this change, chained to the last one. Its file must be brought to the
    /// disk before the change is committed.
    ///
    /// # Errors
    /// [`CatalogueError`] when the catalogue cannot be read.
    pub fn audit_record(&self, new: &NewAudit<'_>, time: &str) -> Result<SealedRecord> {
        let sql = "SELECT digest FROM audit ORDER BY seq DESC LIMIT 1";
        let prev: Option<String> =
            self.catalogue.connection.query_row(sql, [], |row| row.get(0)).optional()?;
        Ok(SealedRecord::new(AuditRecord::new(self.next_audit()?, prev, new, time)))
    }

    /// The names of the files of all audit records.
    ///
    /// # Errors
    /// [`CatalogueError`] when the catalogue cannot be read.
    pub fn audit_names(&self) -> Result<BTreeSet<String>> {
        let rows = read::audit(&self.catalogue.connection)?;
        Ok(rows.into_iter().map(|row| crate::audit::file_name(&row.digest)).collect())
    }

    /// Puts the audit record on record.
    ///
    /// # Errors
    /// [`CatalogueError`] when the catalogue cannot be written.
    pub fn add_audit(&self, sealed: &SealedRecord) -> Result<()> {
        let sql = "INSERT INTO audit (seq, digest, time, action, list, generation)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let AuditRecord { seq, time, action, list, generation, .. } = sealed.record();
        self.catalogue
            .connection
            .execute(sql, (seq, sealed.digest(), time, action, list, generation))?;
        self.catalogue.connection.execute("UPDATE current SET audit = ?1", [seq])?;
        Ok(())
    }

    /// Makes everything current at once, on the disk. Other writers of a sealed catalogue wait
    /// until what is returned is dropped; those of an open one need not.
    ///
    /// # Errors
    /// [`CatalogueError`] when the commit failed. Whether it took effect is then known only when
    /// the database is opened again; files of either outcome must be left in place.
    pub fn commit(mut self) -> Result<WriteLock> {
        self.catalogue.connection.pragma_update(None, "user_version", USER_VERSION)?;
        self.catalogue.connection.execute_batch("COMMIT")?;
        self.ended = true;
        self.catalogue.keep()?;
        Ok(WriteLock(self.lock.take()))
    }
}

/// The text of a record in a column.
fn json(record: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(record).map_err(|error| {
        CatalogueError::Sqlite(rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
    })
}

impl Catalogue {
    /// Empties the write-ahead log into the catalogue, so that a copy of the one file is whole.
    /// Where that is not possible now, it happens at the next change.
    pub fn checkpoint(&self) {
        let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
        let _ = self.connection.query_row(sql, [], |_| Ok(()));
    }
}
