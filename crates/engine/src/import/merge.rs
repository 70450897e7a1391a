//! Comparing sorted rows with the version before: what is new goes into a segment, what is gone
//! or replaced becomes a tombstone. Small segments at the end are taken into the new one, so that
//! imports in a row do not leave one each.

use super::sorted::decode;
use super::unchanged::Unchanged;
use super::{Base, ImportError, ImportProgress, ImportRequest};
use crate::settings::ListSettings;
use hashward_catalogue::Counts;
use hashward_store::{
    BuildOptions, Entries, EntryId, EntryKey, EntryRow, ExternalSorter, LiveRow, SegmentBuilder,
    SegmentRef, SortedRecords, Store,
};
use std::iter::Peekable;

/// Rows between two reports of progress.
const STEP: u64 = 1 << 15;

/// Rows of a segment that is taken into the next one: rewriting them costs less than the syncs of
/// an import, and questions go to one segment instead of many.
const SMALL: u64 = 16_384;
/// Rows that are taken into a new segment at most.
const MAX_TAKEN: u64 = 4 * SMALL;

/// The new version's segments and what was counted.
pub(crate) struct Merged {
    pub(crate) segments: Vec<SegmentRef>,
    pub(crate) counts: Counts,
    pub(crate) next_entry: u64,
}

/// Compares the rows with the version before and writes what differs. Rows that were passed over
/// as `unchanged` are not among those of the sorter.
#[expect(clippy::too_many_arguments, reason = "each is a part of the import of its own")]
pub(crate) fn merge(
    base: &Base,
    sorter: ExternalSorter,
    unchanged: Option<&Unchanged<'_>>,
    request: &ImportRequest,
    settings: &ListSettings,
    store: &Store,
    next_entry: u64,
    progress: &mut dyn FnMut(ImportProgress),
) -> Result<Merged, ImportError> {
    let of = sorter.len();
    let live = base.generation.as_ref().map(|generation| generation.live_rows_of_segments(0));
    let live = live.unwrap_or_default();
    // What is held, or may turn out to be, must stay apart from the rest.
    let held = base.list().is_some_and(|list| list.segments.iter().any(|segment| segment.held));
    let apart = held || settings.hold_above.is_some();
    let kept = if apart { live.len() } else { kept_segments(&live) };
    let tail = base.generation.as_ref().map(|base| base.entries_from(0, kept)).transpose()?;
    let mut merging = Merging {
        builder: store.builder(BuildOptions::default())?,
        dead: vec![Vec::new(); kept],
        tail: tail.map(Iterator::peekable),
        changed: false,
        counts: Counts::default(),
        next_entry,
        delta: request.delta,
        hold_above: settings.hold_above,
    };
    let mut groups = Groups::new(sorter.finish()?)?;
    let mut live = match (&base.generation, unchanged) {
        (Some(generation), Some(unchanged)) => {
            Some(generation.live_where(0, |place| unchanged.is_open(place))?)
        }
        _ => None,
    };
    let mut whole = unchanged.map(Unchanged::whole_rows).transpose()?;
    let mut next_live = || live.as_mut().and_then(Iterator::next).transpose();
    let mut old = next_live()?;
    let mut reported = 0;
    while let Some(key) = groups.key() {
        if merging.delta {
            old = match &base.generation {
                Some(generation) => generation.find(0, key)?,
                None => None,
            };
        } else {
            while let Some(gone) = old.filter(|old| old.key < key) {
                merging.remove(&gone)?;
                old = next_live()?;
            }
        }
        let same = old.filter(|old| old.key == key);
        let first = match (&same, unchanged, &mut whole) {
            (Some(old), Some(unchanged), Some(whole)) => unchanged.passed_over(old, whole)?,
            _ => None,
        };
        let row = groups.next(key, first, &mut merging.counts)?;
        merging.entry(row, same)?;
        if same.is_some() && !request.delta {
            old = next_live()?;
        }
        let rows = merging.counts.rows + merging.counts.deletions;
        if rows >= reported + STEP {
            reported = rows;
            progress(ImportProgress::Writing { rows, of });
        }
    }
    while let Some(gone) = old.filter(|_| !request.delta) {
        merging.remove(&gone)?;
        old = next_live()?;
    }
    // What it holds on the disk is room for the new segment.
    drop(groups);
    if let Some(unchanged) = unchanged {
        unchanged.count(&mut merging.counts);
    }
    progress(ImportProgress::Finishing);
    merging.finish(base, store)
}

/// How many segments stay as they are; the small ones behind them go into the new one.
fn kept_segments(live: &[u64]) -> usize {
    let mut taken = 0;
    let small = live.iter().rev().take_while(|rows| {
        taken += **rows;
        **rows <= SMALL && taken <= MAX_TAKEN
    });
    live.len() - small.count()
}

struct Merging<'a> {
    builder: SegmentBuilder,
    /// Dead rows of each segment that stays, ascending in a whole version.
    dead: Vec<Vec<u32>>,
    /// The rows of the segments that do not, as far as they are not yet in the new one.
    tail: Option<Peekable<Entries<'a>>>,
    /// True once something differs from the version before.
    changed: bool,
    counts: Counts,
    next_entry: u64,
    delta: bool,
    hold_above: Option<u32>,
}

impl Merging<'_> {
    /// Settles one entry: `old` is the one of the version before.
    fn entry(&mut self, row: Option<EntryRow>, old: Option<LiveRow>) -> Result<(), ImportError> {
        let Some(mut row) = row else {
            match old {
                // In a whole version the entry is simply not there.
                Some(old) => self.remove(&old)?,
                None => self.counts.deletions_unmatched += u64::from(self.delta),
            }
            return Ok(());
        };
        self.counts.degenerate += u64::from(row.is_degenerate());
        match old {
            Some(old) if old.payload == row.payload_digest() => {
                self.counts.unchanged += u64::from(!self.delta);
                return Ok(());
            }
            Some(old) => {
                self.bury(&old)?;
                self.counts.changed += 1;
                row.entry = old.entry;
            }
            None => {
                self.counts.added += 1;
                row.entry = EntryId(self.next_entry);
                self.next_entry += 1;
            }
        }
        self.take_tail(Some(row.key))?;
        self.changed = true;
        Ok(self.builder.push(&row)?)
    }

    fn remove(&mut self, old: &LiveRow) -> Result<(), ImportError> {
        self.counts.removed += 1;
        self.bury(old)
    }

    fn bury(&mut self, old: &LiveRow) -> Result<(), ImportError> {
        self.changed = true;
        if let Some(dead) = self.dead.get_mut(old.place.segment as usize) {
            dead.push(old.place.row);
            return Ok(());
        }
        self.take_tail(Some(old.key))?;
        let own = |row: &Result<EntryRow, _>| row.as_ref().is_ok_and(|row| row.key == old.key);
        if let Some(row) = self.tail.as_mut().and_then(|tail| tail.next_if(own)) {
            row.map_err(hashward_store::WriteError::from)?;
        }
        Ok(())
    }

    /// Writes the rows of the small segments before a key.
    fn take_tail(&mut self, end: Option<EntryKey>) -> Result<(), ImportError> {
        let before = |row: &Result<EntryRow, _>| {
            row.as_ref().map_or(true, |row| end.is_none_or(|end| row.key < end))
        };
        while let Some(row) = self.tail.as_mut().and_then(|tail| tail.next_if(before)) {
            self.builder.push(&row.map_err(hashward_store::WriteError::from)?)?;
        }
        Ok(())
    }

    fn finish(mut self, base: &Base, store: &Store) -> Result<Merged, ImportError> {
        let mut segments = Vec::new();
        let mut before = 0;
        if self.changed {
            self.take_tail(None)?;
        }
        if let (Some(generation), Some(list)) = (&base.generation, base.list()) {
            before = generation.live_rows(0);
            for (number, segment) in list.segments.iter().enumerate() {
                let mut segment = *segment;
                let Some(dead) = self.dead.get_mut(number).map(std::mem::take) else {
                    if !self.changed {
                        segments.push(segment);
                    }
                    continue;
                };
                if !dead.is_empty() {
                    let mut dead = [generation.dead_rows(0, number), dead].concat();
                    dead.sort_unstable();
                    dead.dedup();
                    if dead.len() as u64 == segment.rows {
                        continue;
                    }
                    segment.tombstones = Some(store.write_tombstones(&segment, &dead)?);
                }
                segments.push(segment);
            }
        }
        if self.changed && self.builder.rows() > 0 {
            let fresh = self.counts.added + self.counts.changed;
            let held = base.generation.is_some() && is_flood(fresh, before, self.hold_above);
            self.counts.held = if held { fresh } else { 0 };
            segments.push(SegmentRef { held, ..self.builder.finish()?.to_ref() });
        }
        self.counts.entries = before + self.counts.added - self.counts.removed;
        if self.delta {
            let touched = self.counts.changed + self.counts.removed;
            self.counts.unchanged = before.saturating_sub(touched);
        }
        Ok(Merged { segments, counts: self.counts, next_entry: self.next_entry })
    }
}

/// True when so many entries are new or changed, compared with those before, that they are to be
/// reviewed. The first version of a list has nothing to be compared with.
fn is_flood(fresh: u64, before: u64, hold_above: Option<u32>) -> bool {
    hold_above
        .is_some_and(|percent| u128::from(fresh) * 100 > u128::from(before) * u128::from(percent))
}

/// Sorted rows, entry by entry.
struct Groups {
    records: SortedRecords,
    /// The first row of the next group.
    next: Option<(EntryKey, Vec<u8>)>,
}

impl Groups {
    fn new(records: SortedRecords) -> Result<Self, ImportError> {
        let mut groups = Self { records, next: None };
        groups.advance()?;
        Ok(groups)
    }

    fn advance(&mut self) -> Result<(), ImportError> {
        let mut buffer = self.next.take().map(|(_, buffer)| buffer).unwrap_or_default();
        if let Some((key, value)) = self.records.next()? {
            let key = EntryKey(key.try_into().map_err(|_| ImportError::Sorting)?);
            buffer.clear();
            buffer.extend_from_slice(value);
            self.next = Some((key, buffer));
        }
        Ok(())
    }

    /// The key of the next entry.
    fn key(&self) -> Option<EntryKey> {
        self.next.as_ref().map(|(key, _)| *key)
    }

    /// The rows of the next entry, whose key this is, joined; none when the last word is that it is
    /// deleted. `row` came before its rows and was counted. Rows come in the order of the files: a
    /// deletion takes back what stood before it, and rows after it count again. Where the source
    /// says when it changed an entry, that comes before the order: only rows of the latest moment
    /// count.
    fn next(
        &mut self,
        key: EntryKey,
        mut row: Option<EntryRow>,
        counts: &mut Counts,
    ) -> Result<Option<EntryRow>, ImportError> {
        let mut latest = None;
        while let Some((_, bytes)) = self.next.as_ref().filter(|(next, _)| *next == key) {
            let sorted = decode(bytes)?;
            if sorted.moment < latest {
                counts.superseded += 1;
                self.advance()?;
                continue;
            }
            if sorted.moment > latest {
                counts.superseded += u64::from(latest.is_some() && row.is_some());
                row = None;
                latest = sorted.moment;
            }
            if sorted.deleted {
                counts.deletions += 1;
                row = None;
            } else {
                counts.rows += 1;
                match &mut row {
                    None => row = Some(sorted.first(key)?),
                    Some(row) => {
                        counts.joined += 1;
                        sorted.join(row)?;
                    }
                }
            }
            self.advance()?;
        }
        Ok(row)
    }
}
