//! What a database says of itself and its lists.

use super::{Database, DatabaseError};
use hashward_catalogue::{
    Counts, ListRecord, ListSettings, SourceRecord, VersionRecord, VersionState,
};
use serde::Serialize;

/// A database at a glance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DatabaseInfo {
    /// Format of the catalogue.
    pub format: i64,
    /// True when nobody can read it without its key.
    pub encrypted: bool,
    /// Digest of the current generation, in hexadecimal.
    pub generation: String,
    /// Its number; each change counts it up.
    pub sequence: u64,
    /// Entries of the active lists.
    pub entries: u64,
    /// Kinds of hash that they hold.
    pub hash_kinds: Vec<hashward_hash::HashKind>,
    /// Files of segments that are kept.
    pub segments: u64,
    /// Their bytes.
    pub segment_bytes: u64,
    /// Records of the audit chain.
    pub audit_records: u64,
    /// Digest of the last one, in hexadecimal.
    pub audit_head: String,
    /// All lists by name, withdrawn ones included.
    pub lists: Vec<ListInfo>,
}

/// A hash list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ListInfo {
    /// Its number, as in the generation's manifest.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// `known` or `ignore`.
    pub kind: String,
    /// False once it was withdrawn.
    pub active: bool,
    /// Number of its newest version.
    pub version: u64,
    /// Entries of that version.
    pub entries: u64,
    /// When that version was imported, UTC.
    pub imported_at: String,
    /// Digest over what was imported and how, chained to the version before.
    pub digest: String,
    /// Entries that wait for a review and match for review only.
    pub held: u64,
    /// How it is used.
    #[serde(flatten)]
    pub settings: ListSettings,
    /// Categories that its entries have had.
    pub categories: Vec<String>,
    /// The files of the newest version.
    pub files: Vec<SourceRecord>,
}

/// One version of a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VersionInfo {
    /// Its number.
    pub version: u64,
    /// How it stands.
    pub state: VersionState,
    /// When it was imported, UTC.
    pub imported_at: String,
    /// True when it added to the version before it.
    pub delta: bool,
    /// Digest over what was imported and how.
    pub digest: String,
    /// Name and version of the program.
    pub tool: String,
    /// What the import counted.
    #[serde(flatten)]
    pub counts: Counts,
    /// The files.
    pub files: Vec<SourceRecord>,
}

impl Database {
    /// All lists by name, withdrawn ones included.
    ///
    /// # Errors
    /// [`DatabaseError`] when the catalogue cannot be read.
    pub fn lists(&self) -> Result<Vec<ListInfo>, DatabaseError> {
        self.catalogue.lists()?.into_iter().map(|list| self.list_info(list)).collect()
    }

    fn list_info(&self, list: ListRecord) -> Result<ListInfo, DatabaseError> {
        let last = self.newest(&list)?;
        let compiled = self.generation.lists().iter().position(|other| other.id == list.id);
        Ok(ListInfo {
            categories: self.catalogue.categories(list.id)?,
            files: self.catalogue.sources(list.id, last.number)?,
            id: list.id,
            name: list.name,
            kind: list.kind,
            active: list.active,
            version: last.number,
            entries: last.counts.entries,
            imported_at: last.imported_at,
            digest: last.digest,
            held: compiled.map_or(0, |index| self.generation.held_rows(index)),
            settings: list.settings,
        })
    }

    pub(crate) fn newest(&self, list: &ListRecord) -> Result<VersionRecord, DatabaseError> {
        self.catalogue.newest(list.id)?.ok_or_else(|| DatabaseError::Disagree {
            detail: format!("the list `{}` has no version", list.name),
        })
    }

    /// The list with a name.
    pub(crate) fn list_record(&self, name: &str) -> Result<ListRecord, DatabaseError> {
        let found = self.catalogue.lists()?.into_iter().find(|list| list.name == name);
        found.ok_or_else(|| self.no_such_list(name))
    }

    /// The versions of a list, oldest first.
    ///
    /// # Errors
    /// [`DatabaseError::NoSuchList`], or when the catalogue cannot be read.
    pub fn versions(&self, list: &str) -> Result<Vec<VersionInfo>, DatabaseError> {
        let list = self.list_record(list)?;
        let versions = self.catalogue.versions(list.id)?.into_iter().map(|version| {
            Ok(VersionInfo {
                files: self.catalogue.sources(list.id, version.number)?,
                version: version.number,
                state: version.state,
                imported_at: version.imported_at,
                delta: version.delta,
                digest: version.digest,
                tool: version.tool,
                counts: version.counts,
            })
        });
        versions.collect()
    }

    /// The database at a glance.
    ///
    /// # Errors
    /// [`DatabaseError`] when the catalogue cannot be read.
    pub fn info(&self) -> Result<DatabaseInfo, DatabaseError> {
        let state = self.catalogue.state()?;
        let segments = self.catalogue.segments()?;
        Ok(DatabaseInfo {
            format: hashward_catalogue::FORMAT,
            encrypted: self.store.disk().conceals(),
            generation: state.generation,
            sequence: state.sequence,
            entries: self.generation.rows(),
            hash_kinds: self.generation.kinds().into_iter().collect(),
            segments: segments.len() as u64,
            segment_bytes: segments.iter().map(|segment| segment.bytes).sum(),
            audit_records: state.audit_seq,
            audit_head: state.audit_head,
            lists: self.lists()?,
        })
    }
}
