//! Sorting more records than fit into memory: sorted runs in spill files, then one merge.

use crate::WriteError;
use crate::disk::{Disk, SpoolFile};
use rayon::slice::ParallelSliceMut;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Runs that are merged at once; more are first merged into longer ones.
const FAN_IN: usize = 64;
/// The least memory: a sorter with less would write runs of a few records.
const MIN_MEMORY: usize = 64 * 1024;
/// Bytes that are read ahead from each run.
const READ_AHEAD: usize = 128 * 1024;

/// Sorts records of a key of fixed length and a value of any length by their keys; records with
/// equal keys keep the order in which they came.
///
/// Memory stays at the given bound (at least 64 KiB, plus one record) while records come in, and at
/// 8 MiB while they go out.
#[derive(Debug)]
pub struct ExternalSorter {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    key_len: usize,
    memory: usize,
    arena: Vec<u8>,
    index: Vec<Slot>,
    runs: Vec<Run>,
    len: u64,
}

/// A record in the arena; ordered by key, then by position, which is the order of arrival.
#[derive(Debug, Clone, Copy)]
struct Slot {
    /// The first eight bytes of the key: most comparisons end here, without touching the arena.
    lead: u64,
    start: usize,
    value_len: u32,
}

struct Run {
    file: Box<dyn SpoolFile>,
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Run")
    }
}

impl ExternalSorter {
    /// A sorter for keys of `key_len` bytes that spills into unnamed files in `dir`.
    #[must_use]
    pub fn new(disk: Arc<dyn Disk>, dir: &Path, key_len: usize, memory: usize) -> Self {
        Self {
            disk,
            dir: dir.to_owned(),
            key_len,
            memory: memory.max(MIN_MEMORY),
            arena: Vec::new(),
            index: Vec::new(),
            runs: Vec::new(),
            len: 0,
        }
    }

    /// Number of records so far.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// True without records.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes a record.
    ///
    /// # Errors
    /// When the key has another length, or a spill file cannot be written.
    pub fn push(&mut self, key: &[u8], value: &[u8]) -> Result<(), WriteError> {
        let value_len = u32::try_from(value.len()).map_err(|_| WriteError::Record)?;
        if key.len() != self.key_len {
            return Err(WriteError::Record);
        }
        let record = key.len() + value.len();
        let used = self.arena.len() + self.index.len() * size_of::<Slot>();
        if used + record + size_of::<Slot>() > self.memory && !self.index.is_empty() {
            self.spill()?;
        }
        self.reserve(record);
        let start = self.arena.len();
        self.arena.extend_from_slice(key);
        self.arena.extend_from_slice(value);
        self.index.push(Slot { lead: lead(key), start, value_len });
        self.len += 1;
        Ok(())
    }

    /// Grows the arena and the index in steps that together never pass the bound: doubling would
    /// hold one and a half times as much while the content moves.
    fn reserve(&mut self, record: usize) {
        let step = (self.memory / 16).max(record);
        if self.arena.capacity() - self.arena.len() < record {
            let room = self.arena.len().min(step).max(record);
            self.arena.reserve_exact(room);
        }
        if self.index.len() == self.index.capacity() {
            let room = (step / size_of::<Slot>()).min(self.index.len()).max(16);
            self.index.reserve_exact(room);
        }
    }

    fn sort_index(&mut self) {
        let (arena, key_len) = (&self.arena, self.key_len);
        let rest = |slot: &Slot| &arena[slot.start..][..key_len];
        self.index.par_sort_unstable_by(|a, b| {
            let order = a.lead.cmp(&b.lead).then_with(|| rest(a).cmp(rest(b)));
            order.then(a.start.cmp(&b.start))
        });
    }

    fn spill(&mut self) -> Result<(), WriteError> {
        self.sort_index();
        let run = self.write_run().map_err(WriteError::io(&self.dir))?;
        self.runs.push(run);
        self.arena.clear();
        self.index.clear();
        Ok(())
    }

    fn write_run(&self) -> io::Result<Run> {
        let mut file = BufWriter::with_capacity(READ_AHEAD, self.disk.spool(&self.dir)?);
        for slot in &self.index {
            let value_len = slot.value_len;
            file.write_all(&value_len.to_le_bytes())?;
            file.write_all(&self.arena[slot.start..][..self.key_len + value_len as usize])?;
        }
        finish_run(file)
    }

    /// The records in order.
    ///
    /// # Errors
    /// When a spill file cannot be written or read.
    pub fn finish(mut self) -> Result<SortedRecords, WriteError> {
        if self.runs.is_empty() {
            self.sort_index();
            let Self { arena, index, key_len, dir, .. } = self;
            return Ok(SortedRecords {
                dir,
                key_len,
                source: Source::Memory { arena, index, next: 0 },
            });
        }
        if !self.index.is_empty() {
            self.spill()?;
        }
        self.arena = Vec::new();
        self.index = Vec::new();
        let dir = self.dir.clone();
        let merge = self.into_merge().map_err(WriteError::io(&dir))?;
        Ok(merge)
    }

    fn into_merge(mut self) -> io::Result<SortedRecords> {
        while self.runs.len() > FAN_IN {
            // Neighbours are merged and take the place of the first, so that records with equal
            // keys stay in the order of arrival.
            let mut merged = Vec::new();
            let mut runs = std::mem::take(&mut self.runs).into_iter().peekable();
            while runs.peek().is_some() {
                let group: Vec<Run> = runs.by_ref().take(FAN_IN).collect();
                let mut merge = Merge::new(group, self.key_len)?;
                let mut file = BufWriter::with_capacity(READ_AHEAD, self.disk.spool(&self.dir)?);
                while let Some((key, value)) = merge.next()? {
                    file.write_all(&(value.len() as u32).to_le_bytes())?;
                    file.write_all(key)?;
                    file.write_all(value)?;
                }
                merged.push(finish_run(file)?);
            }
            self.runs = merged;
        }
        let merge = Merge::new(self.runs, self.key_len)?;
        Ok(SortedRecords { dir: self.dir, key_len: self.key_len, source: Source::Runs(merge) })
    }
}

fn finish_run(file: BufWriter<Box<dyn SpoolFile>>) -> io::Result<Run> {
    let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(Run { file })
}

/// The first eight bytes of a key, missing ones as 0, so that they compare like the key.
fn lead(key: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let known = key.len().min(8);
    bytes[..known].copy_from_slice(&key[..known]);
    u64::from_be_bytes(bytes)
}

/// A record: its key and its value.
pub type Record<'a> = (&'a [u8], &'a [u8]);

/// The records of an [`ExternalSorter`] in order.
pub struct SortedRecords {
    dir: PathBuf,
    key_len: usize,
    source: Source,
}

enum Source {
    Memory { arena: Vec<u8>, index: Vec<Slot>, next: usize },
    Runs(Merge),
}

impl SortedRecords {
    /// The next record, or `None` behind the last.
    ///
    /// # Errors
    /// When a spill file cannot be read.
    #[expect(clippy::should_implement_trait, reason = "it lends the record, an iterator cannot")]
    pub fn next(&mut self) -> Result<Option<Record<'_>>, WriteError> {
        match &mut self.source {
            Source::Memory { arena, index, next } => {
                let Some(slot) = index.get(*next) else { return Ok(None) };
                *next += 1;
                let record = &arena[slot.start..][..self.key_len + slot.value_len as usize];
                Ok(Some(record.split_at(self.key_len)))
            }
            Source::Runs(merge) => merge.next().map_err(WriteError::io(&self.dir)),
        }
    }
}

/// Merges runs; of equal keys those of the earlier run come first.
struct Merge {
    runs: Vec<RunReader>,
    key_len: usize,
    heap: BinaryHeap<Reverse<(u64, RestOfKey, usize)>>,
    current: Option<usize>,
}

/// A key behind its first eight bytes. Most keys differ before, so most comparisons skip it.
type RestOfKey = Box<[u8]>;

struct RunReader {
    file: BufReader<Box<dyn SpoolFile>>,
    record: Vec<u8>,
}

impl Merge {
    fn new(runs: Vec<Run>, key_len: usize) -> io::Result<Self> {
        let mut merge = Self { runs: Vec::new(), key_len, heap: BinaryHeap::new(), current: None };
        for run in runs {
            let file = BufReader::with_capacity(READ_AHEAD, run.file);
            merge.runs.push(RunReader { file, record: Vec::new() });
            merge.refill(merge.runs.len() - 1)?;
        }
        Ok(merge)
    }

    /// Reads the next record of a run and enters it into the heap, unless the run has ended.
    fn refill(&mut self, number: usize) -> io::Result<()> {
        let run = &mut self.runs[number];
        let mut length = [0; 4];
        match run.file.read(&mut length)? {
            0 => return Ok(()),
            some => run.file.read_exact(&mut length[some..])?,
        }
        run.record.resize(self.key_len + u32::from_le_bytes(length) as usize, 0);
        run.file.read_exact(&mut run.record)?;
        let key = &run.record[..self.key_len];
        let rest = key.get(8..).unwrap_or_default().into();
        self.heap.push(Reverse((lead(key), rest, number)));
        Ok(())
    }

    fn next(&mut self) -> io::Result<Option<Record<'_>>> {
        if let Some(last) = self.current.take() {
            self.refill(last)?;
        }
        let Some(Reverse((_, _, number))) = self.heap.pop() else { return Ok(None) };
        self.current = Some(number);
        Ok(Some(self.runs[number].record.split_at(self.key_len)))
    }
}
