//! Telling, while a new version is read, which of its rows say what the version before says: they
//! are counted and go no further, so that only what differs is sorted and compared.
//!
//! A row is passed over when its key is that of a live entry, its payload is the entry's, and
//! nothing else that was read says more about the entry. What comes later may do so. The number of
//! the row that was passed over is therefore kept, four bytes for each row of the version before,
//! and the merge puts the row back in front of those that came later.

use super::ImportError;
use hashward_catalogue::Counts;
use hashward_lists::ListRow;
use hashward_store::{
    EntryId, EntryRow, Generation, KnownRow, KnownRows, LiveRow, Place, WholeRows, WriteError,
};

/// Bit of a mark: rows of the entry went on to be sorted. The other bits are the number of the row
/// that was passed over, 0 for none.
const SORTED: u32 = 1 << 31;

/// The version before, with what the new one has said about each of its rows so far.
pub(crate) struct Unchanged<'a> {
    generation: &'a Generation,
    known: KnownRows<'a>,
    /// A mark for each row of each segment.
    marks: Vec<Vec<u32>>,
    /// Rows that were passed over, and those of them that were not the first of their entry.
    rows: u64,
    joined: u64,
}

impl<'a> Unchanged<'a> {
    /// Of the one list of a generation.
    pub(crate) fn new(generation: &'a Generation) -> Result<Self, ImportError> {
        let known = generation.known_rows(0).map_err(WriteError::from)?;
        let marks = known.rows_of_segments().map(|rows| vec![0; rows as usize]).collect();
        Ok(Self { generation, known, marks, rows: 0, joined: 0 })
    }

    /// The version before, to find rows in.
    pub(crate) const fn known(&self) -> &KnownRows<'a> {
        &self.known
    }

    /// True when a row is to be passed over: `number` counts it over all files, and `old` is the
    /// live row with its key.
    pub(crate) fn passes_over(
        &mut self,
        row: &ListRow,
        number: u64,
        payload: u64,
        old: Option<KnownRow>,
    ) -> bool {
        let Some(KnownRow { place, payload: before }) = old else { return false };
        let mark = &mut self.marks[place.segment as usize][place.row as usize];
        // Rows with a moment replace one another, and which counts is decided when all are there.
        let same = payload == before && !row.deleted && row.moment.is_none();
        match u32::try_from(number).ok().filter(|number| *number < SORTED) {
            Some(number) if same && *mark & SORTED == 0 => {
                if *mark == 0 {
                    *mark = number;
                } else {
                    // Joining a row with one that says the same changes nothing.
                    self.joined += 1;
                }
                self.rows += 1;
                true
            }
            _ => {
                *mark |= SORTED;
                false
            }
        }
    }

    /// True for rows of the version before that have to be compared: nothing was said of them, or
    /// more than they say.
    pub(crate) fn is_open(&self, place: Place) -> bool {
        let mark = self.marks[place.segment as usize][place.row as usize];
        mark == 0 || mark & SORTED != 0
    }

    /// Whole rows of the version before, for [`Unchanged::passed_over`].
    pub(crate) fn whole_rows(&self) -> Result<WholeRows<'a>, ImportError> {
        Ok(self.generation.whole_rows(0).map_err(WriteError::from)?)
    }

    /// The row that was passed over before others of the same entry came.
    pub(crate) fn passed_over(
        &self,
        old: &LiveRow,
        rows: &mut WholeRows<'a>,
    ) -> Result<Option<EntryRow>, ImportError> {
        let mark = self.marks[old.place.segment as usize][old.place.row as usize];
        if mark & !SORTED == 0 {
            return Ok(None);
        }
        let row = rows.read(old).map_err(WriteError::from)?;
        Ok(Some(EntryRow { entry: EntryId(0), source_row: u64::from(mark & !SORTED), ..row }))
    }

    /// Adds what was passed over and is not open.
    pub(crate) fn count(&self, counts: &mut Counts) {
        counts.rows += self.rows;
        counts.joined += self.joined;
        for (segment, marks) in self.marks.iter().enumerate() {
            let settled = (0u32..).zip(marks).filter(|(_, mark)| **mark != 0 && **mark < SORTED);
            for (row, _) in settled {
                counts.unchanged += 1;
                counts.degenerate += u64::from(self.known.is_degenerate(segment, row));
            }
        }
    }
}
