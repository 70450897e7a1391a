//! What the newest version of a list added, removed and changed.

use super::{Database, DatabaseError, parse_digest};
use hashward_store::{EntryId, EntryMeta, Generation, LiveRow};
use serde::Serialize;
use std::cmp::Ordering;

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
    /// Its lasting number.
    pub entry_id: EntryId,
    /// Its category, in the newest version that has it.
    pub category: Option<String>,
}

/// How two versions differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListDiff {
    /// Name of the list.
    pub list: String,
    /// The newest version.
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
        let mut diff = ListDiff {
            list: list.to_owned(),
            version: newest.number,
            previous: before.map(|before| before.number),
            added: 0,
            changed: 0,
            removed: 0,
            unchanged: 0,
        };
        let mut both = Both { old: old.as_ref(), new: &new, diff: &mut diff, visit };
        both.walk()?;
        Ok(diff)
    }
}

/// Two versions side by side.
struct Both<'a> {
    old: Option<&'a Generation>,
    new: &'a Generation,
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
                Ordering::Less => self.tell(EntryChange::Removed, left.as_ref())?,
                Ordering::Greater => self.tell(EntryChange::Added, right.as_ref())?,
                Ordering::Equal if left.map(|row| row.payload) == right.map(|row| row.payload) => {
                    self.diff.unchanged += 1;
                }
                Ordering::Equal => self.tell(EntryChange::Changed, right.as_ref())?,
            }
            if order.is_le() {
                left = next_old()?;
            }
            if order.is_ge() {
                right = new.next().transpose()?;
            }
        }
    }

    fn tell(&mut self, change: EntryChange, row: Option<&LiveRow>) -> Result<(), DatabaseError> {
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
        (self.visit)(&DiffEntry { change, entry, entry_id: row.entry, category: meta.category });
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
