//! Finding very many rows of a list by their keys: what a new version is compared with while it is
//! read.

use crate::build::FLAG_DEGENERATE;
use crate::generation::{Generation, Member, Place};
use crate::{EntryKey, ReadError, format::Table};
use hashward_index::exact::{DigestTable, FanoutBuilder};
use hashward_index::{Damaged, exact};

/// A row that was found by its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownRow {
    /// Where it stands.
    pub place: Place,
    /// As [`crate::EntryRow::payload_digest`].
    pub payload: u64,
}

/// The live rows of a list, ready to be found by their keys at the speed of memory; see
/// [`Generation::known_rows`].
pub struct KnownRows<'a> {
    list: u32,
    members: &'a [Member],
    /// Leading bits and fan-out over the keys of each segment.
    fanouts: Vec<(u32, Vec<u8>)>,
}

impl Generation {
    /// Prepares a list for [`KnownRows::find`]: verifies its keys and payloads, and makes a fan-out
    /// over the keys, which takes half a byte of memory for each row.
    ///
    /// # Errors
    /// When there is no such list, or a segment is damaged.
    pub fn known_rows(&self, list: usize) -> Result<KnownRows<'_>, ReadError> {
        let members = self.members(list)?;
        let mut fanouts = Vec::with_capacity(members.len());
        for Member { segment, .. } in members {
            for table in [Table::Keys, Table::Payloads, Table::Flags] {
                segment.touch_table(table, 0)?;
            }
            let mut fanout = FanoutBuilder::new(u64::from(segment.rows()));
            segment.keys().iter().for_each(|key| fanout.push(key));
            fanouts.push(fanout.finish());
        }
        Ok(KnownRows { list: list as u32, members, fanouts })
    }
}

impl KnownRows<'_> {
    /// Finds the live row of each key, in place of what `found` held. Keys in hundreds are found
    /// faster than one by one.
    ///
    /// # Errors
    /// When a segment is damaged.
    pub fn find(
        &self,
        keys: &[EntryKey],
        found: &mut Vec<Option<KnownRow>>,
    ) -> Result<(), ReadError> {
        found.clear();
        found.resize(keys.len(), None);
        let (mut open, mut wanted, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for (number, (member, (bits, fanout))) in
            (0u32..).zip(self.members.iter().zip(&self.fanouts))
        {
            let segment = &member.segment;
            let damaged = |Damaged(what)| segment.damaged(Table::Keys, 0, what);
            open.clear();
            open.extend((0..keys.len()).filter(|at| found[*at].is_none()));
            wanted.clear();
            wanted.extend(open.iter().map(|at| keys[*at].0));
            rows.clear();
            let table = DigestTable::new(segment.keys().as_flattened(), 16, fanout, *bits);
            let table = table.map_err(damaged)?;
            let take = |at: usize, near: std::ops::Range<usize>| {
                if let Some(row) = near.into_iter().next() {
                    exact::prefetch(segment.payloads(), row);
                    rows.push((open[at], row));
                }
            };
            table.lookup_many(&wanted, take).map_err(damaged)?;
            for (at, row) in &rows {
                let payload = segment.payloads().get(*row).copied().map(u64::from_le_bytes);
                let row = *row as u32;
                if let Some(payload) = payload.filter(|_| !member.dead.has(row)) {
                    let place = Place { list: self.list, segment: number, row };
                    found[*at] = Some(KnownRow { place, payload });
                }
            }
        }
        Ok(())
    }

    /// Number of rows of each segment, dead ones included.
    pub fn rows_of_segments(&self) -> impl Iterator<Item = u32> {
        self.members.iter().map(|member| member.segment.rows())
    }

    /// True when one of the hashes of a row comes from no picture with content; see
    /// [`crate::EntryRow::is_degenerate`].
    #[must_use]
    pub fn is_degenerate(&self, segment: usize, row: u32) -> bool {
        let member = self.members.get(segment);
        let flags = member.and_then(|member| member.segment.flags().get(row as usize).copied());
        flags.is_some_and(|flags| flags & FLAG_DEGENERATE != 0)
    }
}
