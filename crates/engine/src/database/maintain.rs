//! Changes that bring no new entries: using a list otherwise, releasing what was held, withdrawing
//! a list, adding a scheme, and merging segments.

use super::{Database, DatabaseError, Draft, ListChange};
use crate::settings::{self, ListSettings, Scheme, SettingsChange};
use hashward_catalogue::ListRecord;
use hashward_store::{BuildOptions, Generation, List};
use serde::Serialize;

/// What withdrawing a list did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WithdrawSummary {
    /// Name of the list.
    pub list: String,
    /// The version that was active.
    pub version: u64,
    /// Its entries, none of which matches any more.
    pub entries: u64,
    /// Digest of the new generation, in hexadecimal.
    pub generation: String,
}

/// What changing the settings of a list did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SetSummary {
    /// Name of the list.
    pub list: String,
    /// The settings now.
    pub settings: ListSettings,
    /// False when they were so before, and nothing was done.
    pub changed: bool,
    /// Digest of the current generation, in hexadecimal.
    pub generation: String,
}

/// What releasing held entries did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReleaseSummary {
    /// Name of the list.
    pub list: String,
    /// The version.
    pub version: u64,
    /// Entries that waited and now match like all others.
    pub released: u64,
    /// Digest of the current generation, in hexadecimal.
    pub generation: String,
}

/// What compacting did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CompactReport {
    /// Lists whose segments were merged.
    pub lists: u64,
    /// Segments of the generation before.
    pub segments_before: u64,
    /// Segments now.
    pub segments_after: u64,
    /// Bytes of all kept segments before.
    pub bytes_before: u64,
    /// Bytes now.
    pub bytes_after: u64,
    /// Digest of the current generation, in hexadecimal.
    pub generation: String,
}

impl Database {
    /// Takes a list out of use: its entries match no more. Its history and its entries' numbers
    /// are kept, so that a later import brings them back.
    ///
    /// # Errors
    /// [`DatabaseError`] when there is no such list, it is withdrawn already, or another change is
    /// running.
    pub fn withdraw(&mut self, name: &str) -> Result<WithdrawSummary, DatabaseError> {
        let unknown = self.no_such_list(name);
        let draft = Draft::new(&mut self.catalogue, &self.store)?;
        let list = draft.list(name)?.ok_or(unknown)?;
        let current = draft.current(&self.generation)?;
        let index = compiled(&list, &current)?;
        let mut manifest = current.manifest().clone();
        let entries = current.live_rows(index);
        let version = manifest.lists.remove(index).version;
        let details = serde_json::json!({ "version": version, "entries": entries });
        let changes = [ListChange::Withdrawn(list.id)];
        let digest = draft.publish("withdraw", Some(name), details, manifest, &changes, &[])?;
        self.advance(digest)?;
        Ok(WithdrawSummary {
            list: name.to_owned(),
            version,
            entries,
            generation: digest.to_string(),
        })
    }

    /// Changes how a list is used, from now on.
    ///
    /// # Errors
    /// [`DatabaseError`] when there is no such list, it is withdrawn, a setting makes no sense, or
    /// another change is running.
    pub fn set(
        &mut self,
        name: &str,
        change: &SettingsChange,
    ) -> Result<SetSummary, DatabaseError> {
        let unknown = self.no_such_list(name);
        let draft = Draft::new(&mut self.catalogue, &self.store)?;
        let record = draft.list(name)?.ok_or(unknown)?;
        let current = draft.current(&self.generation)?;
        let index = compiled(&record, &current)?;
        let schemes = draft.change.schemes()?;
        let mut settings = record.settings.clone();
        change.apply(&mut settings);
        settings::settle(&mut settings, &schemes)?;
        let changed = settings != record.settings;
        if changed {
            let mut manifest = current.manifest().clone();
            let list = &mut manifest.lists[index];
            settings::compile(&settings, &schemes, list)?;
            let changes = [ListChange::Settings(Box::new(settings.clone()), list.clone())];
            let details = serde_json::json!({
                "version": list.version, "before": record.settings, "after": settings,
            });
            let digest = draft.publish("set", Some(name), details, manifest, &changes, &[])?;
            self.advance(digest)?;
        } else {
            drop(draft);
            self.refresh()?;
        }
        let generation = self.generation.digest().to_string();
        Ok(SetSummary { list: name.to_owned(), settings, changed, generation })
    }

    /// Releases the entries of a list that wait for a review: they match like all others.
    ///
    /// # Errors
    /// [`DatabaseError`] when there is no such list, it is withdrawn, or another change is running.
    pub fn release(&mut self, name: &str) -> Result<ReleaseSummary, DatabaseError> {
        let unknown = self.no_such_list(name);
        let draft = Draft::new(&mut self.catalogue, &self.store)?;
        let record = draft.list(name)?.ok_or(unknown)?;
        let current = draft.current(&self.generation)?;
        let index = compiled(&record, &current)?;
        let released = current.held_rows(index);
        let mut manifest = current.manifest().clone();
        let list = &mut manifest.lists[index];
        let version = list.version;
        if list.segments.iter().any(|segment| segment.held) {
            list.segments.iter_mut().for_each(|segment| segment.held = false);
            let changes = [ListChange::Segments(list.clone())];
            let details = serde_json::json!({ "version": version, "released": released });
            let digest = draft.publish("release", Some(name), details, manifest, &changes, &[])?;
            self.advance(digest)?;
        } else {
            drop(draft);
            self.refresh()?;
        }
        let generation = self.generation.digest().to_string();
        Ok(ReleaseSummary { list: name.to_owned(), version, released, generation })
    }

    /// Adds a scheme of categories, which lists can then name. It does not change any more.
    ///
    /// # Errors
    /// [`DatabaseError`] when there is one of that name, or another change is running.
    pub fn add_scheme(&mut self, scheme: &Scheme) -> Result<(), DatabaseError> {
        let draft = Draft::new(&mut self.catalogue, &self.store)?;
        let manifest = draft.current(&self.generation)?.manifest().clone();
        draft.change.add_scheme(scheme, draft.time())?;
        let details = serde_json::json!({ "scheme": scheme });
        let digest = draft.publish("scheme", None, details, manifest, &[], &[])?;
        self.advance(digest)
    }

    /// All schemes of categories by name, the built-in ones included.
    ///
    /// # Errors
    /// [`DatabaseError`] when the catalogue cannot be read.
    pub fn schemes(&self) -> Result<Vec<Scheme>, DatabaseError> {
        Ok(self.catalogue.schemes()?)
    }

    /// Merges the segments of each list into one without what is dead; lists with entries that
    /// wait for a review are left as they are. Versions that were kept
    /// for comparison are given up; entries keep their numbers.
    ///
    /// # Errors
    /// [`DatabaseError`] when a segment is damaged, the disk fails, or another change is running.
    pub fn compact(&mut self) -> Result<CompactReport, DatabaseError> {
        let bytes = |database: &Self| -> Result<u64, DatabaseError> {
            Ok(database.catalogue.segments()?.iter().map(|segment| segment.bytes).sum())
        };
        let bytes_before = bytes(self)?;
        let draft = Draft::new(&mut self.catalogue, &self.store)?;
        let current = draft.current(&self.generation)?;
        current.verify()?;
        let mut manifest = current.manifest().clone();
        let count = |lists: &[List]| lists.iter().map(|list| list.segments.len() as u64).sum();
        let segments_before = count(&manifest.lists);
        let (mut changes, mut dropped) = (Vec::new(), Vec::new());
        let kept = draft.change.kept()?;
        for (index, list) in manifest.lists.iter_mut().enumerate() {
            // What waits for a review must stay apart from the rest.
            let held = list.segments.iter().any(|segment| segment.held);
            let spread = !held
                && (list.segments.len() > 1
                    || list.segments.iter().any(|segment| segment.tombstones.is_some()));
            let older = kept.iter().filter(|kept| kept.list == list.id);
            let older: Vec<u64> =
                older.map(|kept| kept.number).filter(|number| *number < list.version).collect();
            if !spread && older.is_empty() {
                continue;
            }
            if spread {
                let merged = current.compact(index, 0, &self.store, BuildOptions::default())?;
                list.segments = merged.iter().map(hashward_store::SegmentInfo::to_ref).collect();
            }
            dropped.extend(older.into_iter().map(|version| (list.id, version)));
            changes.push(ListChange::Segments(list.clone()));
        }
        let segments_after = count(&manifest.lists);
        let lists = changes.len() as u64;
        if lists > 0 {
            let details = serde_json::json!({
                "lists": lists, "segments_before": segments_before, "segments_after": segments_after
            });
            let digest = draft.publish("compact", None, details, manifest, &changes, &dropped)?;
            self.advance(digest)?;
        } else {
            drop(draft);
            self.refresh()?;
        }
        Ok(CompactReport {
            lists,
            segments_before,
            segments_after,
            bytes_before,
            bytes_after: bytes(self)?,
            generation: self.generation.digest().to_string(),
        })
    }

    /// Merges the newest segments of a list where they have become too many for their size. Each
    /// import may leave one; a question goes to all of them.
    pub(crate) fn settle(&mut self, name: &str) -> Result<(), DatabaseError> {
        let position = |lists: &[List]| lists.iter().position(|list| list.name == name);
        let crowded = |generation: &Generation| -> Option<(usize, usize)> {
            let index = position(generation.lists())?;
            // What waits for a review must stay apart from the rest.
            if generation.lists()[index].segments.iter().any(|segment| segment.held) {
                return None;
            }
            Some((index, first_crowded(&generation.live_rows_of_segments(index))?))
        };
        if crowded(&self.generation).is_none() {
            return Ok(());
        }
        let draft = Draft::new(&mut self.catalogue, &self.store)?;
        let current = draft.current(&self.generation)?;
        let Some((index, first)) = crowded(&current) else { return Ok(()) };
        let mut manifest = current.manifest().clone();
        let list = &mut manifest.lists[index];
        let before = list.segments.len();
        let merged = current.compact(index, first, &self.store, BuildOptions::default())?;
        list.segments.truncate(first);
        list.segments.extend(merged.iter().map(hashward_store::SegmentInfo::to_ref));
        let after = list.segments.len();
        let details = serde_json::json!({ "segments_before": before, "segments_after": after });
        let changes = [ListChange::Segments(list.clone())];
        let digest = draft.publish("merge", Some(name), details, manifest, &changes, &[])?;
        self.advance(digest)
    }
}

/// Where an active list stands in the generation.
fn compiled(list: &ListRecord, generation: &Generation) -> Result<usize, DatabaseError> {
    if !list.active {
        return Err(DatabaseError::Withdrawn { name: list.name.clone() });
    }
    let compiled = generation.lists().iter().position(|compiled| compiled.id == list.id);
    compiled.ok_or_else(|| DatabaseError::Disagree {
        detail: format!("the list `{}` is active but does not match", list.name),
    })
}

/// A segment should have this many times the rows of all newer ones together. Then their number
/// grows with the logarithm of the rows, and a row is rewritten a few times at each step.
const STEP: u64 = 4;
/// Rows that are merged without being asked at most, a matter of seconds; `compact` merges all.
const MAX_SETTLED: u64 = 4 << 20;

/// The first segment from which on segments, oldest first, are to be merged.
fn first_crowded(live: &[u64]) -> Option<usize> {
    let newer = |first: usize| live[first + 1..].iter().sum::<u64>();
    let crowded = |first: &usize| {
        let newer = newer(*first);
        newer > 0 && live[*first] < STEP * newer && live[*first] + newer <= MAX_SETTLED
    };
    (0..live.len()).find(crowded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_shrink_in_steps() {
        assert_eq!(first_crowded(&[]), None);
        assert_eq!(first_crowded(&[5]), None);
        assert_eq!(first_crowded(&[400, 100]), None);
        assert_eq!(first_crowded(&[399, 100]), Some(0));
        assert_eq!(first_crowded(&[10_000, 1000, 200, 60]), Some(1));
        assert_eq!(first_crowded(&[10_000_000, 3_000_000, 20_000, 6_000]), Some(2));
        // However many imports of a thousand there were, few segments are left.
        let mut live = vec![10_000_000];
        let mut merged = 0;
        for _ in 0..10_000 {
            live.push(1000);
            if let Some(first) = first_crowded(&live) {
                let rows = live.drain(first..).sum();
                merged += rows;
                live.push(rows);
            }
            assert!(live.len() < 12, "{live:?}");
        }
        assert_eq!(live.iter().sum::<u64>(), 20_000_000);
        assert!(merged < 40 * 10_000_000, "{merged} rows were rewritten");
    }
}
