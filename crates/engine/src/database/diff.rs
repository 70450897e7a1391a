//! What the newest version of a list added, removed and changed.

use super::{Database, DatabaseError, Key, parse_digest};
use crate::import::{ImportError, ImportProgress, ImportRequest, ImportSummary};
use crate::settings::SettingsChange;
use hashward_store::{EntryId, EntryMeta, Generation, LiveRow};
use serde::Serialize;
use std::cmp::Ordering;
use std::path::Path;

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EntryChange {
    /// The version before did not have it.
    Added,
    /// Its content is another.
    Changed,
    /// The newest version does not have it.
    Removed,
}

/// An entry that differs between two versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiffEntry {
    /// What became of it.
    pub change: EntryChange,
    /// The source's identifier, else the name, else `#row`.
    pub entry: String,
    /// Its lasting number, once it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry_id: Option<EntryId>,
    /// Its category, in the newest version that has it.
    pub category: Option<String>,
}

/// How two versions differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListDiff {
    /// Name of the list.
    pub list: String,
    /// The newest version, or the one that a file would become.
    pub version: u64,
    /// The version before it, if there was one.
    pub previous: Option<u64>,
    /// Entries that were added.
    pub added: u64,
    /// Entries that were changed.
    pub changed: u64,
    /// Entries that were removed.
    pub removed: u64,
    /// Entries that stayed as they were.
    pub unchanged: u64,
}

impl Database {
    /// Compares the newest version of a list with the one before it, and hands every entry that
    /// differs to `visit`, in the order of the store. Hash values are not part of it.
    ///
    /// # Errors
    /// [`DatabaseError`] when there is no such list, or the version before is kept no longer.
    pub fn diff(
        &self,
        list: &str,
        visit: &mut dyn FnMut(&DiffEntry),
    ) -> Result<ListDiff, DatabaseError> {
        let record = self.list_record(list)?;
        let versions = self.catalogue.versions(record.id)?;
        let newest = self.newest(&record)?;
        let gone = || DatabaseError::NoPrevious { name: list.to_owned(), version: newest.number };
        let open = |manifest: Option<&String>| {
            let digest = parse_digest(manifest.ok_or_else(gone)?)?;
            Ok::<_, DatabaseError>(self.generation.reload(digest)?)
        };
        let new = open(newest.manifest.as_ref())?;
        let before = versions.iter().rev().nth(1);
        let old = before.map(|before| open(before.manifest.as_ref())).transpose()?;
        let mut diff = ListDiff::new(list, newest.number, before.map(|before| before.number));
        Both { old: old.as_ref(), new: &new, numbered: true, diff: &mut diff, visit }.walk()?;
        Ok(diff)
    }

    /// Compares files that are not imported with the newest version of a list, as if they were its
    /// next one, and hands every entry that differs to `visit`. They are imported into a database
    /// that is gone afterwards, in the system's folder for passing files, encrypted if this one is;
    /// of the list's settings those count that decide what an entry says. Signatures are not asked
    /// for, because nothing takes effect.
    ///
    /// # Errors
    /// [`ImportError`] as for an import, and where there is no such list.
    pub fn diff_with(
        &self,
        mut request: ImportRequest,
        visit: &mut dyn FnMut(&DiffEntry),
        progress: &mut dyn FnMut(ImportProgress),
    ) -> Result<(ListDiff, ImportSummary), ImportError> {
        let record = self.list_record(&request.list)?;
        let newest = self.newest(&record)?;
        let gone = || DatabaseError::NoPrevious { name: record.name.clone(), version: 0 };
        let kept = parse_digest(newest.manifest.as_ref().ok_or_else(gone)?)?;
        let old = self.generation.reload(kept)?;
        let failed = |source| DatabaseError::Io { path: std::env::temp_dir(), source };
        // A folder of tempfile is private to the user on Unix.
        let folder = tempfile::Builder::new().prefix("hashward-").tempdir().map_err(failed)?;
        let mut scratch = self.scratch(&folder.path().join("db"))?;
        let schemes = scratch.schemes()?;
        let name = record.settings.scheme.as_ref();
        if let Some(name) = name.filter(|name| schemes.iter().all(|it| it.name != **name)) {
            let own = self.schemes()?.into_iter().find(|it| it.name == *name);
            own.map(|scheme| scratch.add_scheme(&scheme)).transpose()?;
        }
        request.kind =
            self.generation.lists().iter().find(|it| it.id == record.id).map(|it| it.kind);
        request.kind = request.kind.or(old.lists().first().map(|list| list.kind));
        request.delta = false;
        request.settings = SettingsChange {
            scheme: record.settings.scheme.clone(),
            category_map: Some(record.settings.category_map.clone()).filter(|map| !map.is_empty()),
            ..SettingsChange::default()
        };
        let list = request.list.clone();
        let summary = scratch.import(request, progress)?;
        let mut diff = ListDiff::new(&list, newest.number + 1, Some(newest.number));
        let new = scratch.generation();
        Both { old: Some(&old), new: &new, numbered: false, diff: &mut diff, visit }.walk()?;
        Ok((diff, summary))
    }

    /// A new database that is as secret as this one, under a key that nobody keeps.
    fn scratch(&self, path: &Path) -> Result<Self, DatabaseError> {
        if !self.store.disk().conceals() {
            return Self::create(path);
        }
        let key = Key::passing().map_err(|source| {
            let path = path.to_owned();
            DatabaseError::Vault { path, source }
        })?;
        Self::create_encrypted(path, &key)
    }
}

impl ListDiff {
    fn new(list: &str, version: u64, previous: Option<u64>) -> Self {
        let list = list.to_owned();
        Self { list, version, previous, added: 0, changed: 0, removed: 0, unchanged: 0 }
    }
}

/// Two versions side by side.
struct Both<'a> {
    old: Option<&'a Generation>,
    new: &'a Generation,
    /// The new version's entries have their lasting numbers.
    numbered: bool,
    diff: &'a mut ListDiff,
    visit: &'a mut dyn FnMut(&DiffEntry),
}

impl Both<'_> {
    /// Both give their entries in the order of keys.
    fn walk(&mut self) -> Result<(), DatabaseError> {
        let mut old = self.old.map(|old| old.live(0)).transpose()?;
        let mut new = self.new.live(0)?;
        let mut next_old = || old.as_mut().and_then(Iterator::next).transpose();
        let (mut left, mut right) = (next_old()?, new.next().transpose()?);
        loop {
            let order = match (&left, &right) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(left), Some(right)) => left.key.cmp(&right.key),
            };
            match order {
                Ordering::Less => self.tell(EntryChange::Removed, left.as_ref(), left.as_ref())?,
                Ordering::Greater => self.tell(
                    EntryChange::Added,
                    right.as_ref(),
                    right.as_ref().filter(|_| self.numbered),
                )?,
                Ordering::Equal if left.map(|row| row.payload) == right.map(|row| row.payload) => {
                    self.diff.unchanged += 1;
                }
                Ordering::Equal => {
                    self.tell(EntryChange::Changed, right.as_ref(), left.as_ref())?
                }
            }
            if order.is_le() {
                left = next_old()?;
            }
            if order.is_ge() {
                right = new.next().transpose()?;
            }
        }
    }

    /// Tells of an entry as it stands in `row`, with the number that it has in `numbered`.
    fn tell(
        &mut self,
        change: EntryChange,
        row: Option<&LiveRow>,
        numbered: Option<&LiveRow>,
    ) -> Result<(), DatabaseError> {
        let Some(row) = row else { return Ok(()) };
        let (count, generation) = match change {
            EntryChange::Added => (&mut self.diff.added, Some(self.new)),
            EntryChange::Changed => (&mut self.diff.changed, Some(self.new)),
            EntryChange::Removed => (&mut self.diff.removed, self.old),
        };
        *count += 1;
        let Some(generation) = generation else { return Ok(()) };
        let meta = generation.entry(row.place)?;
        let entry = label(&meta);
        let entry_id = numbered.map(|row| row.entry);
        (self.visit)(&DiffEntry { change, entry, entry_id, category: meta.category });
        Ok(())
    }
}

/// How outputs name an entry.
fn label(meta: &EntryMeta) -> String {
    meta.source_id
        .clone()
        .or_else(|| meta.name.clone())
        .unwrap_or_else(|| format!("#{}", meta.source_row))
}
