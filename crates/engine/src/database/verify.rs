//! Checking that catalogue, segments and audit chain are sound and agree.

use super::commit::kind_name;
use super::{Database, DatabaseError, parse_digest};
use crate::settings;
use hashward_catalogue::AuditReport;
use hashward_store::{Generation, List};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a sound database looks like.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VerifyReport {
    /// Digest of the current generation, in hexadecimal.
    pub generation: String,
    /// Entries of the active lists.
    pub entries: u64,
    /// Segments that were read whole.
    pub segments: u64,
    /// Their bytes.
    pub segment_bytes: u64,
    /// Versions whose content is kept.
    pub kept_versions: u64,
    /// The audit chain.
    pub audit: AuditReport,
}

impl Database {
    /// Reads everything and compares the parts with each other.
    ///
    /// # Errors
    /// [`DatabaseError`] for the first damage or contradiction, naming the file and the place.
    pub fn verify(&self) -> Result<VerifyReport, DatabaseError> {
        self.catalogue.integrity_check()?;
        let audit = self.verify_audit()?;
        let state = self.catalogue.state()?;
        agree(state.generation == self.generation.digest().to_string(), || {
            "the database was changed while it was verified; verify it again".to_owned()
        })?;
        agree(state.sequence == self.generation.manifest().sequence, || {
            "the numbers of the generation differ".to_owned()
        })?;
        self.generation.verify_deep()?;
        self.verify_lists()?;
        self.verify_numbers(&self.generation, state.next_entry)?;
        let kept_versions = self.verify_kept(state.next_entry)?;
        let segments = self.verify_segments()?;
        Ok(VerifyReport {
            generation: state.generation,
            entries: self.generation.rows(),
            segments: segments.len() as u64,
            segment_bytes: segments.values().sum(),
            kept_versions,
            audit,
        })
    }

    /// The lists that decide verdicts are those that the catalogue tells of.
    fn verify_lists(&self) -> Result<(), DatabaseError> {
        let schemes = self.catalogue.schemes()?;
        let mut compiled: BTreeMap<u64, (usize, &List)> = BTreeMap::new();
        for (index, list) in self.generation.lists().iter().enumerate() {
            compiled.insert(list.id, (index, list));
        }
        for record in self.catalogue.lists()?.into_iter().filter(|list| list.active) {
            let differ = || format!("the list `{}` is told differently", record.name);
            let (index, list) =
                compiled.remove(&record.id).ok_or_else(|| DatabaseError::Disagree {
                    detail: format!("the list `{}` is active but does not match", record.name),
                })?;
            let newest = self.newest(&record)?;
            let mut told = list.clone();
            told.name.clone_from(&record.name);
            told.version = newest.number;
            settings::compile(&record.settings, &schemes, &mut told)?;
            let same = told == *list && kind_name(list.kind) == record.kind;
            agree(same, differ)?;
            let kept = newest.manifest.as_deref().map(parse_digest).transpose()?;
            let kept = kept.map(|digest| self.generation.reload(digest)).transpose()?;
            agree(kept.is_some_and(|kept| kept.lists() == [list.clone()]), differ)?;
            let told: Vec<String> = self
                .catalogue
                .sources(record.id, newest.number)?
                .into_iter()
                .map(|source| source.sha256)
                .collect();
            let compiled: Vec<String> = list.sources.iter().map(ToString::to_string).collect();
            agree(told == compiled, differ)?;
            agree(newest.counts.entries == self.generation.live_rows(index), || {
                format!("the list `{}` has another number of entries", record.name)
            })?;
        }
        agree(compiled.is_empty(), || {
            "a list matches that is not active in the catalogue".to_owned()
        })
    }

    /// No two entries of the lists share a number, and none has one that is still to be given out.
    fn verify_numbers(&self, generation: &Generation, next: u64) -> Result<(), DatabaseError> {
        for list in 0..generation.lists().len() {
            let mut numbers = Vec::new();
            for row in generation.live(list)? {
                numbers.push(row?.entry.0);
            }
            numbers.sort_unstable();
            agree(numbers.last().is_none_or(|last| *last < next), || {
                "an entry has a number that was never given out".to_owned()
            })?;
            agree(numbers.windows(2).all(|pair| pair[0] < pair[1]), || {
                "two entries have the same number".to_owned()
            })?;
        }
        Ok(())
    }

    /// Versions that are kept for a comparison or a return are sound, too.
    fn verify_kept(&self, next: u64) -> Result<u64, DatabaseError> {
        let mut kept = BTreeSet::new();
        for list in self.catalogue.lists()? {
            for version in self.catalogue.versions(list.id)? {
                let Some(digest) = version.manifest else { continue };
                let generation = self.generation.reload(parse_digest(&digest)?)?;
                generation.verify_deep()?;
                agree(generation.rows() == version.counts.entries, || {
                    format!(
                        "version {} of `{}` has another number of entries",
                        version.number, list.name
                    )
                })?;
                self.verify_numbers(&generation, next)?;
                kept.insert(digest);
            }
        }
        Ok(kept.len() as u64)
    }

    /// The catalogue's record of segments is what the manifests use.
    fn verify_segments(&self) -> Result<BTreeMap<String, u64>, DatabaseError> {
        let mut used = BTreeMap::new();
        let mut note = |lists: &[List]| {
            for segment in lists.iter().flat_map(|list| &list.segments) {
                used.insert(segment.digest.to_string(), segment.bytes);
            }
        };
        note(self.generation.lists());
        for version in self.catalogue.kept()? {
            note(self.generation.reload(parse_digest(&version.manifest)?)?.lists());
        }
        let told: BTreeMap<String, u64> = self
            .catalogue
            .segments()?
            .into_iter()
            .map(|segment| (segment.digest, segment.bytes))
            .collect();
        agree(told == used, || "the segments are told differently".to_owned())?;
        Ok(used)
    }
}

fn agree(same: bool, detail: impl FnOnce() -> String) -> Result<(), DatabaseError> {
    if same { Ok(()) } else { Err(DatabaseError::Disagree { detail: detail() }) }
}
