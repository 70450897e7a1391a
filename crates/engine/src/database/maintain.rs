//! Changes that bring no new entries: withdrawing a list, and merging segments.

use super::{Database, DatabaseError, Draft, ListChange};
use hashward_store::{BuildOptions, List};
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
        let Some(list) = draft.list(name)? else { return Err(unknown) };
        if !list.active {
            return Err(DatabaseError::Withdrawn { name: name.to_owned() });
        }
        let current = draft.current(&self.generation)?;
        let mut manifest = current.manifest().clone();
        let gone = manifest.lists.iter().position(|compiled| compiled.id == list.id);
        let index = gone.ok_or_else(|| DatabaseError::Disagree {
            detail: format!("the list `{name}` is active but does not match"),
        })?;
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

    /// Merges the segments of each list into one without what is dead. Versions that were kept
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
        for (index, list) in manifest.lists.iter_mut().enumerate() {
            let spread = list.segments.len() > 1
                || list.segments.iter().any(|segment| segment.tombstones.is_some());
            let older = draft.change.versions(list.id)?.into_iter();
            let older: Vec<u64> = older
                .filter(|version| version.manifest.is_some() && version.number < list.version)
                .map(|version| version.number)
                .collect();
            if !spread && older.is_empty() {
                continue;
            }
            if spread {
                let merged = current.compact(index, &self.store, BuildOptions::default())?;
                list.segments = merged.iter().map(hashward_store::SegmentInfo::to_ref).collect();
            }
            dropped.extend(older.into_iter().map(|version| (list.id, version)));
            changes.push(ListChange::Merged(list.clone()));
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
}
