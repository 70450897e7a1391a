//! Walking a list: its live rows in the order of keys, with little or with everything of each.

use crate::column::{Block, Column};
use crate::format::Table;
use crate::generation::{Generation, META_COLUMNS, Member, Place};
use crate::segment::{Segment, row_at};
use crate::{EntryId, EntryKey, EntryMeta, EntryRow, ReadError};
use hashward_hash::{HashKind, HashValue, Metric};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What an import needs to know of a row to tell whether it has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveRow {
    /// Where it stands.
    pub place: Place,
    /// Its key.
    pub key: EntryKey,
    /// The entry's lasting number.
    pub entry: EntryId,
    /// As [`EntryRow::payload_digest`].
    pub payload: u64,
}

impl Generation {
    /// The live rows of a list in ascending order of their keys, over all its segments.
    ///
    /// # Errors
    /// When there is no such list, or a segment is damaged.
    pub fn live(&self, list: usize) -> Result<LiveRows<'_>, ReadError> {
        self.live_from(list, 0, None)
    }

    /// As [`Generation::live`], but only the rows that are wanted, which is asked of each at least
    /// once, whether it is live or not.
    ///
    /// # Errors
    /// As [`Generation::live`].
    pub fn live_where<'a>(
        &'a self,
        list: usize,
        wanted: impl Fn(Place) -> bool + 'a,
    ) -> Result<LiveRows<'a>, ReadError> {
        self.live_from(list, 0, Some(Box::new(wanted)))
    }

    /// As [`Generation::live`], but of the list's segments from the given one on.
    fn live_from<'a>(
        &'a self,
        list: usize,
        first: usize,
        wanted: Option<Wanted<'a>>,
    ) -> Result<LiveRows<'a>, ReadError> {
        let members = self.members(list)?;
        for member in members.iter().skip(first) {
            for table in [Table::Keys, Table::Entries, Table::Payloads] {
                member.segment.touch_table(table, 0)?;
            }
        }
        let mut rows = LiveRows { list: list as u32, members, wanted, heap: BinaryHeap::new() };
        for segment in first..members.len() {
            rows.enter(segment as u32, 0)?;
        }
        Ok(rows)
    }

    /// The live row of a list with a key.
    ///
    /// # Errors
    /// When there is no such list, or a segment is damaged.
    pub fn find(&self, list: usize, key: EntryKey) -> Result<Option<LiveRow>, ReadError> {
        for (number, member) in self.members(list)?.iter().enumerate() {
            let Some(row) = member.segment.row_of(key)? else { continue };
            if !member.dead.has(row) {
                let place = Place { list: list as u32, segment: number as u32, row };
                return live_row(&member.segment, place).map(Some);
            }
        }
        Ok(None)
    }

    /// Reads single rows of a list with everything that was imported.
    ///
    /// # Errors
    /// When there is no such list.
    pub fn whole_rows(&self, list: usize) -> Result<WholeRows<'_>, ReadError> {
        let members = self.members(list)?;
        Ok(WholeRows { members, readers: members.iter().map(|_| None).collect() })
    }

    /// The live rows of a list with everything that was imported, in ascending order of their
    /// keys. Holds eight bytes per row and four per hash.
    ///
    /// # Errors
    /// When there is no such list, or a segment is damaged.
    pub fn entries(&self, list: usize) -> Result<Entries<'_>, ReadError> {
        self.entries_from(list, 0)
    }

    /// As [`Generation::entries`], but of the list's segments from number `first` on.
    ///
    /// # Errors
    /// As [`Generation::entries`].
    pub fn entries_from(&self, list: usize, first: usize) -> Result<Entries<'_>, ReadError> {
        let members = self.members(list)?.iter().skip(first);
        let readers = members.map(|member| RowReader::new(&member.segment));
        let readers = readers.collect::<Result<_, _>>()?;
        Ok(Entries { readers, first, live: self.live_from(list, first, None)? })
    }
}

fn live_row(segment: &Segment, place: Place) -> Result<LiveRow, ReadError> {
    let row = place.row;
    let (key, entry, payload) = (segment.key(row)?, segment.entry(row)?, segment.payload(row)?);
    Ok(LiveRow { place, key, entry, payload })
}

/// Which rows are wanted.
type Wanted<'a> = Box<dyn Fn(Place) -> bool + 'a>;

/// Iterator over the live rows of a list; see [`Generation::live`].
pub struct LiveRows<'a> {
    list: u32,
    members: &'a [Member],
    wanted: Option<Wanted<'a>>,
    /// The next row of each segment.
    heap: BinaryHeap<Reverse<(EntryKey, u32, u32)>>,
}

impl LiveRows<'_> {
    /// Enters the first live row of a segment from `row` on that is wanted.
    fn enter(&mut self, segment: u32, row: u32) -> Result<(), ReadError> {
        let member = &self.members[segment as usize];
        let list = self.list;
        let wanted = |row: u32| {
            self.wanted.as_ref().is_none_or(|wanted| wanted(Place { list, segment, row }))
        };
        let mut rows = row..member.segment.rows();
        let live = rows.find(|row| wanted(*row) && !member.dead.has(*row));
        if let Some(row) = live {
            self.heap.push(Reverse((member.segment.key(row)?, segment, row)));
        }
        Ok(())
    }
}

impl Iterator for LiveRows<'_> {
    type Item = Result<LiveRow, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((_, segment, row)) = self.heap.pop()?;
        let place = Place { list: self.list, segment, row };
        let result = self
            .enter(segment, row + 1)
            .and_then(|()| live_row(&self.members[segment as usize].segment, place));
        Some(result)
    }
}

/// Iterator over the live rows of a list with everything; see [`Generation::entries`].
pub struct Entries<'a> {
    live: LiveRows<'a>,
    /// Of the segments from `first` on.
    readers: Vec<RowReader<'a>>,
    first: usize,
}

impl Iterator for Entries<'_> {
    type Item = Result<EntryRow, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let live = match self.live.next()? {
            Ok(live) => live,
            Err(error) => return Some(Err(error)),
        };
        Some(self.readers[live.place.segment as usize - self.first].read(&live))
    }
}

/// Reads whole rows of a list at any place; those of a segment in ascending order are read fastest.
/// A segment is prepared at its first row, at the cost of [`Generation::entries`].
pub struct WholeRows<'a> {
    members: &'a [Member],
    readers: Vec<Option<RowReader<'a>>>,
}

impl WholeRows<'_> {
    /// Everything that was imported of a live row of the list.
    ///
    /// # Errors
    /// When the segment is damaged.
    ///
    /// # Panics
    /// When the row is of another list or generation and its segment is not there.
    pub fn read(&mut self, live: &LiveRow) -> Result<EntryRow, ReadError> {
        let number = live.place.segment as usize;
        let reader = match &mut self.readers[number] {
            Some(reader) => reader,
            none => none.insert(RowReader::new(&self.members[number].segment)?),
        };
        reader.read(live)
    }
}

/// Reads whole rows of one segment.
struct RowReader<'a> {
    segment: &'a Segment,
    meta: MetaReader<'a>,
    hashes: Vec<(HashKind, Inverse)>,
    signatures: Inverse,
}

impl<'a> RowReader<'a> {
    fn new(segment: &'a Segment) -> Result<Self, ReadError> {
        if !segment.sound.is_whole() {
            segment.verify()?;
        }
        let mut hashes = Vec::new();
        for kind in segment.kinds() {
            let rows = match kind.metric() {
                _ if kind.is_opaque() => Some(segment.opaque(kind).1),
                Metric::Exact => segment.digests(kind)?.map(|digests| digests.rows),
                _ => segment.codes(kind)?.map(|codes| codes.rows),
            };
            let inverse = Inverse::new(rows.unwrap_or_default(), segment.rows())
                .ok_or_else(|| segment.damaged(Table::DigestRows, kind.id(), "a row is missing"))?;
            hashes.push((kind, inverse));
        }
        let signatures = Inverse::new(segment.signature_rows(), segment.rows())
            .ok_or_else(|| segment.damaged(Table::SignatureRows, 0, "a row is missing"))?;
        Ok(Self { segment, meta: MetaReader::new(segment)?, hashes, signatures })
    }

    fn read(&mut self, live: &LiveRow) -> Result<EntryRow, ReadError> {
        let row = live.place.row;
        let mut hashes = Vec::new();
        for (kind, inverse) in &self.hashes {
            let (kind, positions) = (*kind, inverse.of(row));
            if positions.is_empty() {
                continue;
            }
            match kind.metric() {
                _ if kind.is_opaque() => {
                    let (codes, _) = self.segment.opaque(kind);
                    let bytes = |at: &u32| codes.chunks_exact(kind.bytes()).nth(*at as usize);
                    let values = positions.iter().filter_map(bytes);
                    hashes.extend(values.filter_map(|it| HashValue::from_bytes(kind, it)));
                }
                Metric::Exact => {
                    let digests = self.segment.digests(kind)?;
                    let bytes = |at: &u32| digests.and_then(|it| it.table.get(*at as usize));
                    let values = positions.iter().filter_map(bytes);
                    hashes.extend(values.filter_map(|it| HashValue::from_bytes(kind, it)));
                }
                _ => {
                    let codes = self.segment.codes(kind)?;
                    let bytes = |at: &u32| codes.and_then(|it| it.table.codes().get(*at as usize));
                    let values = positions.iter().filter_map(bytes);
                    hashes.extend(values.filter_map(|it| HashValue::from_bytes(kind, it)));
                }
            }
        }
        hashes.sort_unstable();
        let signature = self.signatures.of(row).first();
        let signature =
            signature.map(|at| self.segment.signature(*at).map(Box::new)).transpose()?;
        let meta = self.meta.read(row)?;
        Ok(EntryRow {
            key: live.key,
            entry: live.entry,
            source_row: meta.source_row,
            hashes,
            quality: self.segment.quality(row)?,
            source_id: meta.source_id,
            name: meta.name,
            category: meta.category,
            attributes: meta.attributes,
            signature,
        })
    }
}

/// Where the hashes of each row stand in a table that is sorted otherwise: no hash is stored twice.
struct Inverse {
    starts: Vec<u32>,
    positions: Vec<u32>,
}

impl Inverse {
    /// `None` when the table names a row that the segment lacks.
    fn new(rows: &[[u8; 4]], count: u32) -> Option<Self> {
        let count = count as usize;
        let mut starts = vec![0u32; count + 1];
        for position in 0..rows.len() {
            *starts.get_mut(1 + row_at(rows, position) as usize)? += 1;
        }
        for row in 0..count {
            starts[row + 1] += starts[row];
        }
        let mut positions = vec![0u32; rows.len()];
        for position in (0..rows.len()).rev() {
            // Filled from the end of each row's range, whose end then becomes its start.
            let end = &mut starts[1 + row_at(rows, position) as usize];
            *end -= 1;
            positions[*end as usize] = position as u32;
        }
        starts.remove(0);
        starts.push(rows.len() as u32);
        Some(Self { starts, positions })
    }

    fn of(&self, row: u32) -> &[u32] {
        let row = row as usize;
        &self.positions[self.starts[row] as usize..self.starts[row + 1] as usize]
    }
}

/// Reads the compressed columns of a segment; keeps the last block of each, so that rows in
/// ascending order cost one decompression a block.
pub(crate) struct MetaReader<'a> {
    segment: &'a Segment,
    columns: Vec<(Table, Option<Column<'a>>, Option<Block>)>,
}

impl<'a> MetaReader<'a> {
    pub(crate) fn new(segment: &'a Segment) -> Result<Self, ReadError> {
        let column = |table| Ok((table, segment.column(table)?, None));
        let columns = META_COLUMNS.into_iter().map(column).collect::<Result<_, ReadError>>()?;
        Ok(Self { segment, columns })
    }

    pub(crate) fn read(&mut self, row: u32) -> Result<EntryMeta, ReadError> {
        let mut bytes: [Option<Vec<u8>>; META_COLUMNS.len()] = Default::default();
        for ((table, column, cached), out) in self.columns.iter_mut().zip(&mut bytes) {
            let Some(column) = column else { continue };
            let block = match cached {
                Some(block) if block.has(row) => block,
                stale => stale.insert(self.segment.block(*table, column, row)?),
            };
            *out = block.text(row).map(<[u8]>::to_vec);
        }
        let [source_row, texts @ ..] = bytes;
        let damaged = |table, what| self.segment.damaged(table, 0, what);
        let source_row = source_row
            .and_then(|bytes| bytes.try_into().ok())
            .map(u64::from_le_bytes)
            .ok_or_else(|| damaged(Table::SourceRows, "a source row has not eight bytes"))?;
        let mut texts = META_COLUMNS[1..].iter().zip(texts).map(|(table, text)| {
            text.map(String::from_utf8)
                .transpose()
                .map_err(|_| damaged(*table, "a text is not UTF-8"))
        });
        let mut text = || texts.next().transpose().map(Option::flatten);
        Ok(EntryMeta {
            source_row,
            source_id: text()?,
            name: text()?,
            category: text()?,
            attributes: text()?,
        })
    }
}
