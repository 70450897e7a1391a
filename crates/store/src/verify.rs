//! Proving that the bytes of a generation are those that were written.

use crate::format::Table;
use crate::generation::Generation;
use crate::segment::{Segment, row_at};
use crate::sound::TASK_BLOCKS;
use crate::store::read_named;
use crate::{ContentDigest, ReadError, tombstones};
use hashward_hash::Metric;
use hashward_index::Damaged;
use rayon::iter::{IntoParallelIterator, IntoParallelRefIterator, ParallelIterator};
use std::collections::BTreeSet;
use std::ops::Range;

/// What was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VerifyReport {
    /// Segments looked at; those verified before are not read again.
    pub segments: u64,
    /// Bytes read.
    pub bytes: u64,
}

impl Segment {
    /// Reads every section and compares the checksums of its blocks, on all threads.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] with the first section and place that differ.
    pub fn verify(&self) -> Result<(), ReadError> {
        verify_all(&[self])
    }

    /// The parts of the segment that one task each verifies.
    fn tasks(&self) -> impl Iterator<Item = (&Self, usize, Range<usize>)> {
        self.sections.iter().enumerate().flat_map(move |(number, section)| {
            let blocks = section.blocks() as usize;
            let firsts = (0..blocks.max(1)).step_by(TASK_BLOCKS);
            firsts.map(move |first| (self, number, first..(first + TASK_BLOCKS).min(blocks)))
        })
    }

    /// Checks what checksums cannot: that keys and digests ascend, that each row that a table
    /// names exists, and that fan-out, BK-tree, prefixes and multi-index are those of what they index. Needed only where the
    /// writer is not trusted.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] with the section.
    pub fn check_order(&self) -> Result<(), ReadError> {
        if !self.keys().is_sorted_by(|a, b| a < b) {
            return Err(self.damaged(Table::Keys, 0, "keys do not ascend"));
        }
        for kind in self.kinds() {
            let id = kind.id();
            let missing = |table| self.damaged(table, id, "it names a row that is not there");
            if kind.metric() == Metric::Exact {
                let Some(digests) = self.digests(kind)? else { continue };
                let inside = |at| row_at(digests.rows, at) < self.rows();
                if !(0..digests.rows.len()).all(inside) {
                    return Err(missing(Table::DigestRows));
                }
                digests
                    .table
                    .check()
                    .map_err(|Damaged(what)| self.damaged(Table::Digests, id, what))?;
            } else if kind.is_opaque() {
                let (_, rows) = self.opaque(kind);
                if !(0..rows.len()).all(|at| row_at(rows, at) < self.rows()) {
                    return Err(missing(Table::CodeRows));
                }
            } else if let Some(codes) = self.codes(kind)? {
                let inside = |at| row_at(codes.rows, at) < self.rows();
                if !(0..codes.rows.len()).all(inside) {
                    return Err(missing(Table::CodeRows));
                }
                codes
                    .table
                    .check()
                    .map_err(|Damaged(what)| self.damaged(Table::Codes, id, what))?;
            }
        }
        self.check_signatures()
    }
}

/// Verifies segments together, so that many small ones keep all threads as busy as a large one.
fn verify_all(segments: &[&Segment]) -> Result<(), ReadError> {
    segments.iter().for_each(|segment| segment.bytes.in_use());
    let tasks: Vec<_> = segments.iter().flat_map(|segment| segment.tasks()).collect();
    let damage = tasks
        .par_iter()
        .find_map_first(|(segment, number, blocks)| segment.verify_blocks(*number, blocks.clone()));
    if let Some(damage) = damage {
        return Err(damage);
    }
    segments.iter().for_each(|segment| segment.sound.set_whole());
    Ok(())
}

impl Generation {
    /// Reads every section of every segment and compares the checksums of its blocks, on all
    /// threads, at about the speed of memory. Manifest and tombstones were checked on opening.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] with the file, the section and the place.
    pub fn verify(&self) -> Result<VerifyReport, ReadError> {
        let segments: Vec<&Segment> = self
            .all_members()
            .map(|(_, _, member)| &*member.segment)
            .filter(|segment| !segment.sound.is_whole())
            .collect();
        verify_all(&segments)?;
        let bytes = segments.iter().map(|segment| segment.len()).sum();
        Ok(VerifyReport { segments: segments.len() as u64, bytes })
    }

    /// [`Generation::verify`] of everything anew, and besides: that each file has the SHA-256 of
    /// its name, and what [`Segment::check_order`] checks.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] with the file, and with section and place where they are known.
    pub fn verify_deep(&self) -> Result<VerifyReport, ReadError> {
        let segments: Vec<&Segment> =
            self.all_members().map(|(_, _, member)| &*member.segment).collect();
        segments.iter().for_each(|segment| segment.forget());
        verify_all(&segments)?;
        let named = self.lists().iter().flat_map(|list| &list.segments);
        let pairs: Vec<_> = named.zip(&segments).collect();
        let damage = pairs.par_iter().find_map_first(|(reference, segment)| {
            if ContentDigest::of(&segment.bytes) != reference.digest {
                return Some(ReadError::Damaged {
                    path: segment.path.clone(),
                    section: "the file".to_owned(),
                    offset: 0,
                    what: "the content is not that of its name",
                });
            }
            segment.check_order().err()
        });
        if let Some(damage) = damage {
            return Err(damage);
        }
        let dead: BTreeSet<ContentDigest> = self
            .lists()
            .iter()
            .flat_map(|list| list.segments.iter().filter_map(|segment| segment.tombstones))
            .collect();
        let dead: Vec<ContentDigest> = dead.into_iter().collect();
        let tombstone_damage = dead.into_par_iter().find_map_first(|digest| {
            let path = tombstones::path(self.store().dir(), digest);
            read_named(&**self.store().disk(), &path, digest).err()
        });
        if let Some(damage) = tombstone_damage {
            return Err(damage);
        }
        let bytes = segments.iter().map(|segment| segment.len()).sum();
        Ok(VerifyReport { segments: segments.len() as u64, bytes })
    }
}
