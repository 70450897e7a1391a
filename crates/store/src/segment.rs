//! One segment: a file opened, its geometry checked, its tables borrowed.

use crate::column::{Block, Column};
use crate::disk::{Disk, RealDisk};
use crate::format::{
    ALIGNMENT, FORMAT_VERSION, HEADER_BYTES, Header, MAX_SECTIONS, REQUIRED, SECTION_BYTES,
    SEGMENT_MAGIC, Section, Table,
};
use crate::map::Bytes;
use crate::row::{KindMask, NO_QUALITY};
use crate::sound::Sound;
use crate::{EntryId, EntryKey, ReadError};
use hashward_hash::{HashKind, HashValue, Metric, Quality};
use hashward_index::mih::{Directory, Plans};
use hashward_index::{
    CodeTable, Damaged, DigestTable, Method, MultiIndex, Part, TargetSet, Tree, Where,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// An immutable batch of entries of one list.
///
/// Opening checks the header, the directory and all geometry, but not the content: every block is
/// verified before its first use, or all of them at once by [`Segment::verify`]. Whatever the
/// content is, no method panics or reads outside.
#[derive(Debug)]
pub struct Segment {
    pub(crate) bytes: Bytes,
    pub(crate) path: PathBuf,
    pub(crate) sections: Vec<Section>,
    /// Position in `sections` of each known table.
    tables: BTreeMap<(Table, u16), usize>,
    /// How to search the multi-index of each kind that has one.
    plans: BTreeMap<u16, Plans>,
    rows: u32,
    /// Which blocks have been verified.
    pub(crate) sound: Sound,
}

impl Segment {
    /// Opens a file.
    ///
    /// # Errors
    /// When it cannot be read, or its header, directory or geometry is not that of a segment.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        Self::read(&RealDisk, path)
    }

    /// As [`Segment::open`], of a file on a given disk.
    pub(crate) fn read(disk: &dyn Disk, path: &Path) -> Result<Self, ReadError> {
        let bytes = disk.read(path).map_err(ReadError::io(path))?;
        Self::new(bytes, path)
    }

    /// Opens a segment that is in memory.
    ///
    /// # Errors
    /// When the header, the directory or the geometry is not that of a segment.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ReadError> {
        Self::new(bytes.to_vec().into(), Path::new("(memory)"))
    }

    fn new(bytes: Bytes, path: &Path) -> Result<Self, ReadError> {
        let damage = |section: &str, offset: u64, what| ReadError::Damaged {
            path: path.to_owned(),
            section: section.to_owned(),
            offset,
            what,
        };
        let head: &[u8; HEADER_BYTES] =
            bytes.first_chunk().ok_or_else(|| damage("the header", 0, "the file ends in it"))?;
        if head[..8] != SEGMENT_MAGIC {
            return Err(damage("the header", 0, "these are not the first bytes of a segment"));
        }
        let (header, intact) = Header::decode(head);
        if header.version != FORMAT_VERSION {
            return Err(ReadError::Version { path: path.to_owned(), found: header.version });
        }
        if !intact {
            return Err(damage("the header", 56, "the checksum is wrong"));
        }
        if header.file_length != bytes.len() as u64 {
            return Err(damage("the header", 16, "the file has another length"));
        }
        let rows = u32::try_from(header.rows)
            .map_err(|_| damage("the header", 24, "no segment has so many rows"))?;
        if header.sections > MAX_SECTIONS {
            return Err(damage("the header", 12, "no segment has so many sections"));
        }
        let directory = bytes
            .get(HEADER_BYTES..HEADER_BYTES + SECTION_BYTES * header.sections as usize)
            .ok_or_else(|| damage("the directory", HEADER_BYTES as u64, "the file ends in it"))?;
        if xxh3_64(directory) != header.directory_checksum {
            return Err(damage("the directory", HEADER_BYTES as u64, "the checksum is wrong"));
        }
        let sections: Vec<Section> = directory.as_chunks().0.iter().map(Section::decode).collect();
        let mut tables = BTreeMap::new();
        for (number, section) in sections.iter().enumerate() {
            let at = (HEADER_BYTES + number * SECTION_BYTES) as u64;
            if check_place(section, bytes.len() as u64).is_none() {
                return Err(damage(&section.name(), at, "the section lies outside the file"));
            }
            let Some(table) = known(section) else {
                if section.flags & REQUIRED == 0 {
                    continue;
                }
                let what = format!("{} of version {}", section.name(), section.version);
                return Err(ReadError::Unsupported { path: path.to_owned(), what });
            };
            let wanted = Section::new(table, HashKind::from_id(section.kind));
            if (section.width, section.metric) != (wanted.width, wanted.metric) {
                return Err(damage(&section.name(), at, "elements have the wrong width or metric"));
            }
            if !fits(section) {
                return Err(damage(&section.name(), at, "length and number of elements disagree"));
            }
            if tables.insert((table, section.kind), number).is_some() {
                return Err(damage(&section.name(), at, "the section occurs twice"));
            }
        }
        let sound = Sound::new(&sections);
        let path = path.to_owned();
        let plans = BTreeMap::new();
        let mut segment = Self { bytes, path, sections, tables, plans, rows, sound };
        segment.read_plans()?;
        segment.check_tables()?;
        Ok(segment)
    }

    fn read_plans(&mut self) -> Result<(), ReadError> {
        for kind in self.kinds().map(HashKind::id).collect::<Vec<_>>() {
            if self.tables.contains_key(&(Table::MultiDirectory, kind)) {
                self.touch_table(Table::MultiDirectory, kind)?;
                let directory = Directory::decode(self.table(Table::MultiDirectory, kind))
                    .map_err(|Damaged(what)| self.damaged(Table::MultiDirectory, kind, what))?;
                self.plans.insert(kind, Plans::new(directory));
            }
        }
        Ok(())
    }

    /// Tables that must be there, and tables that must agree in their number of elements.
    fn check_tables(&self) -> Result<(), ReadError> {
        let lacking = |table: Table| ReadError::Damaged {
            path: self.path.clone(),
            section: table.name().to_owned(),
            offset: HEADER_BYTES as u64,
            what: "the section is missing or has the wrong number of elements",
        };
        let rows_of = |table: Table, kind: u16| {
            self.tables.get(&(table, kind)).map(|number| self.sections[*number].rows)
        };
        let rows = Some(u64::from(self.rows));
        use Table::{Entries, Flags, Keys, Kinds, Payloads, Qualities};
        for table in [Keys, Entries, Payloads, Kinds, Qualities, Flags] {
            if rows_of(table, 0) != rows {
                return Err(lacking(table));
            }
        }
        for (table, kind) in self.tables.keys().copied() {
            let count = rows_of(table, kind);
            let agrees = match table {
                Table::Digests => {
                    rows_of(Table::DigestRows, kind) == count
                        && rows_of(Table::Fanout, kind).is_some()
                }
                Table::DigestRows | Table::Fanout => rows_of(Table::Digests, kind).is_some(),
                Table::Codes => rows_of(Table::CodeRows, kind) == count,
                Table::CodeRows => rows_of(Table::Codes, kind).is_some(),
                Table::TreeNodes => rows_of(Table::TreeChildren, kind).is_some(),
                Table::TreeChildren => rows_of(Table::TreeNodes, kind).is_some(),
                Table::Prefixes => rows_of(Table::Codes, kind) == count,
                Table::MultiDirectory => {
                    let planned = self.plans.get(&kind).map(|plans| plans.directory().count());
                    planned.map(u64::from) == rows_of(Table::Codes, kind)
                        && rows_of(Table::MultiTables, kind).is_some()
                        && rows_of(Table::Prefixes, kind).is_some()
                }
                Table::MultiTables => rows_of(Table::MultiDirectory, kind).is_some(),
                Table::Signatures => rows_of(Table::SignatureRows, kind) == count,
                Table::SignatureRows => rows_of(Table::Signatures, kind) == count,
                Table::FeatureTables => rows_of(Table::Signatures, kind).is_some(),
                Table::SourceRows
                | Table::SourceIds
                | Table::Names
                | Table::Categories
                | Table::Attributes => count == rows,
                Keys | Entries | Payloads | Kinds | Qualities | Flags => true,
            };
            let bounded = count.is_some_and(|count| count <= u64::from(u32::MAX));
            if !agrees || (!bounded && table != Table::Fanout) {
                return Err(lacking(table));
            }
        }
        for kind in self.kinds() {
            if kind.metric() == Metric::Exact {
                self.digests(kind)?;
            } else if !kind.is_opaque() {
                self.codes(kind)?;
            }
        }
        Ok(())
    }

    /// Number of rows.
    #[must_use]
    pub const fn rows(&self) -> u32 {
        self.rows
    }

    /// Bytes of the file.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// True without rows.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Kinds of hash that the segment has tables for, in the order of [`HashKind::ALL`].
    pub fn kinds(&self) -> impl Iterator<Item = HashKind> {
        HashKind::ALL.into_iter().filter(|kind| {
            let table = if kind.metric() == Metric::Exact { Table::Digests } else { Table::Codes };
            self.tables.contains_key(&(table, kind.id()))
        })
    }

    /// Number of hashes of a kind.
    #[must_use]
    pub fn hashes(&self, kind: HashKind) -> u64 {
        let table = if kind.metric() == Metric::Exact { Table::Digests } else { Table::Codes };
        self.tables.get(&(table, kind.id())).map_or(0, |number| self.sections[*number].rows)
    }

    /// The bytes of a known table; empty where the segment lacks it.
    pub(crate) fn table(&self, table: Table, kind: u16) -> &[u8] {
        self.tables.get(&(table, kind)).map_or(&[], |number| {
            let section = &self.sections[*number];
            let start = section.offset as usize;
            self.bytes.get(start..start + section.length as usize).unwrap_or_default()
        })
    }

    pub(crate) fn damaged(&self, table: Table, kind: u16, what: &'static str) -> ReadError {
        let section = self.tables.get(&(table, kind)).map(|number| &self.sections[*number]);
        ReadError::Damaged {
            path: self.path.clone(),
            section: section.map_or_else(|| table.name().to_owned(), Section::name),
            offset: section.map_or(0, |section| section.offset),
            what,
        }
    }

    /// Position in the directory of a table.
    pub(crate) fn section_number(&self, table: Table, kind: u16) -> Option<usize> {
        self.tables.get(&(table, kind)).copied()
    }

    fn element<const N: usize>(&self, table: Table, row: u32) -> Result<[u8; N], ReadError> {
        let start = row as usize * N;
        self.touch(table, 0, start..start + N)?;
        let elements = self.table(table, 0).as_chunks::<N>().0;
        elements
            .get(row as usize)
            .copied()
            .ok_or_else(|| self.damaged(table, 0, "another table points behind its end"))
    }

    /// The key of a row.
    pub(crate) fn key(&self, row: u32) -> Result<EntryKey, ReadError> {
        self.element(Table::Keys, row).map(EntryKey)
    }

    /// All keys, as they are.
    pub(crate) fn keys(&self) -> &[[u8; 16]] {
        self.table(Table::Keys, 0).as_chunks().0
    }

    /// All payloads, as they are.
    pub(crate) fn payloads(&self) -> &[[u8; 8]] {
        self.table(Table::Payloads, 0).as_chunks().0
    }

    /// The flags of all rows, as they are.
    pub(crate) fn flags(&self) -> &[u8] {
        self.table(Table::Flags, 0)
    }

    pub(crate) fn entry(&self, row: u32) -> Result<EntryId, ReadError> {
        self.element(Table::Entries, row).map(|bytes| EntryId(u64::from_le_bytes(bytes)))
    }

    pub(crate) fn payload(&self, row: u32) -> Result<u64, ReadError> {
        self.element(Table::Payloads, row).map(u64::from_le_bytes)
    }

    pub(crate) fn kind_mask(&self, row: u32) -> Result<KindMask, ReadError> {
        self.element(Table::Kinds, row).map(|bytes| KindMask(u16::from_le_bytes(bytes)))
    }

    pub(crate) fn quality(&self, row: u32) -> Result<Option<Quality>, ReadError> {
        let [quality] = self.element(Table::Qualities, row)?;
        Ok((quality != NO_QUALITY).then_some(Quality(quality)))
    }

    /// The digests of an exact kind as they are; `None` where the segment has none.
    pub(crate) fn digests(&self, kind: HashKind) -> Result<Option<Digests<'_>>, ReadError> {
        let Some(number) = self.tables.get(&(Table::Fanout, kind.id())) else { return Ok(None) };
        let bits = u32::from(self.sections[*number].parameter);
        let digests = self.table(Table::Digests, kind.id());
        let fanout = self.table(Table::Fanout, kind.id());
        let table = DigestTable::new(digests, kind.bytes(), fanout, bits)
            .map_err(|Damaged(what)| self.damaged(Table::Fanout, kind.id(), what))?;
        let rows = self.table(Table::DigestRows, kind.id()).as_chunks().0;
        Ok(Some(Digests { table, rows }))
    }

    /// The rows that have a digest, of which only the blocks that lead to them are verified.
    pub(crate) fn rows_with(&self, digest: &HashValue) -> Result<Vec<u32>, ReadError> {
        let kind = digest.kind();
        let Some(Digests { table, rows }) = self.digests(kind)? else { return Ok(Vec::new()) };
        let damaged = |Damaged(what)| self.damaged(Table::Fanout, kind.id(), what);
        digest.with_bytes(|bytes| {
            self.touch(Table::Fanout, kind.id(), table.fanout_of(bytes))?;
            let near = table.near(bytes).map_err(damaged)?;
            let width = kind.bytes();
            self.touch(Table::Digests, kind.id(), near.start * width..near.end * width)?;
            let found = table.find(bytes, near);
            self.touch(Table::DigestRows, kind.id(), found.start * 4..found.end * 4)?;
            Ok(found.map(|index| row_at(rows, index)).collect())
        })
    }

    /// Verifies all tables of a kind of hash.
    pub(crate) fn touch_kind(&self, kind: HashKind) -> Result<(), ReadError> {
        let own = self.tables.keys().filter(|(_, of)| *of == kind.id());
        own.copied().try_for_each(|(table, of)| self.touch_table(table, of))
    }

    /// Verifies what a search of codes is going to read: all tables of their kind, or, as long as
    /// most of a multi-index has not been needed, the blocks of it and of the codes that the search
    /// comes by.
    pub(crate) fn touch_search(
        &self,
        kind: HashKind,
        codes: &CodeTable<'_>,
        method: Method,
        targets: &TargetSet,
    ) -> Result<(), ReadError> {
        if self.is_mostly_sound(Table::MultiTables, kind.id()) {
            return self.touch_kind(kind);
        }
        let mut need = |part, places: Where<'_>| {
            let tables: &[Table] = match part {
                Part::Codes => &[Table::Codes],
                Part::Tree => &[Table::TreeNodes, Table::TreeChildren],
                Part::Prefixes => &[Table::Prefixes],
                Part::MultiTables => &[Table::MultiTables],
            };
            let touch = |table: &Table| match places {
                Where::Everywhere => self.touch_table(*table, kind.id()),
                Where::At(places) => self.touch_places(*table, kind.id(), places),
            };
            tables.iter().try_for_each(touch).map_err(Foreseen::Read)
        };
        codes.foresee(method, targets, &mut need).map_err(|foreseen| match foreseen {
            Foreseen::Read(error) => error,
            Foreseen::Damaged(Damaged(what)) => self.damaged(Table::MultiTables, kind.id(), what),
        })
    }

    /// The codes of a 256-bit perceptual kind as they are; `None` where the segment has none.
    pub(crate) fn codes(&self, kind: HashKind) -> Result<Option<Codes<'_>>, ReadError> {
        if kind.is_opaque() || !self.tables.contains_key(&(Table::Codes, kind.id())) {
            return Ok(None);
        }
        let mut table = CodeTable::new(self.table(Table::Codes, kind.id()).as_chunks().0);
        if self.tables.contains_key(&(Table::TreeNodes, kind.id())) {
            let nodes = self.table(Table::TreeNodes, kind.id());
            let children = self.table(Table::TreeChildren, kind.id());
            let tree = Tree::new(nodes, children)
                .map_err(|Damaged(what)| self.damaged(Table::TreeNodes, kind.id(), what))?;
            table = table.with_tree(tree);
        }
        if self.tables.contains_key(&(Table::Prefixes, kind.id())) {
            table = table.with_prefix(self.table(Table::Prefixes, kind.id()).as_chunks().0);
        }
        if let Some(plans) = self.plans.get(&kind.id()) {
            let index = MultiIndex::new(plans, self.table(Table::MultiTables, kind.id()))
                .map_err(|Damaged(what)| self.damaged(Table::MultiTables, kind.id(), what))?;
            table = table.with_multi_index(index);
        }
        let rows = self.table(Table::CodeRows, kind.id()).as_chunks().0;
        Ok(Some(Codes { table, rows }))
    }

    /// The values of an opaque kind, one after the other, with the row of each; empty where the
    /// segment has none.
    pub(crate) fn opaque(&self, kind: HashKind) -> (&[u8], &[[u8; 4]]) {
        let rows = self.table(Table::CodeRows, kind.id()).as_chunks().0;
        (self.table(Table::Codes, kind.id()), rows)
    }

    /// A compressed column; `None` where no row has a text in it.
    pub(crate) fn column(&self, table: Table) -> Result<Option<Column<'_>>, ReadError> {
        if !self.tables.contains_key(&(table, 0)) {
            return Ok(None);
        }
        let bytes = self.table(table, 0);
        // The end says how long the index before it is.
        self.touch(table, 0, bytes.len().saturating_sub(8)..bytes.len())?;
        let column =
            Column::new(bytes, self.rows).map_err(|Damaged(what)| self.damaged(table, 0, what))?;
        self.touch(table, 0, column.index_bytes())?;
        Ok(Some(column))
    }

    /// The block of a compressed column that has a row.
    pub(crate) fn block(
        &self,
        table: Table,
        column: &Column<'_>,
        row: u32,
    ) -> Result<Block, ReadError> {
        let damaged = |Damaged(what)| self.damaged(table, 0, what);
        let packed = column.locate(row).map_err(damaged)?;
        self.touch(table, 0, packed.bytes.clone())?;
        column.unpack(&packed).map_err(damaged)
    }
}

/// What may go wrong while a search is foreseen.
enum Foreseen {
    Read(ReadError),
    Damaged(Damaged),
}

impl From<Damaged> for Foreseen {
    fn from(damaged: Damaged) -> Self {
        Self::Damaged(damaged)
    }
}

/// Digests of one kind with the row of each.
#[derive(Clone, Copy)]
pub(crate) struct Digests<'a> {
    pub(crate) table: DigestTable<'a>,
    pub(crate) rows: &'a [[u8; 4]],
}

/// Codes of one kind with the row of each.
#[derive(Clone, Copy)]
pub(crate) struct Codes<'a> {
    pub(crate) table: CodeTable<'a>,
    pub(crate) rows: &'a [[u8; 4]],
}

/// The row that a table of rows gives for one of its hashes.
pub(crate) fn row_at(rows: &[[u8; 4]], index: usize) -> u32 {
    // A missing row is one that no segment has, so using it is reported as damage.
    rows.get(index).map_or(u32::MAX, |bytes| u32::from_le_bytes(*bytes))
}

/// The table of a section, if this program knows it in this version and for this kind.
fn known(section: &Section) -> Option<Table> {
    let table = Table::from_id(section.table).filter(|_| section.version == 0)?;
    if !table.is_of_a_kind() {
        return (section.kind == 0).then_some(table);
    }
    HashKind::from_id(section.kind).filter(|kind| match table {
        Table::Digests | Table::DigestRows | Table::Fanout => kind.metric() == Metric::Exact,
        Table::Codes | Table::CodeRows => kind.metric() != Metric::Exact,
        _ => *kind == HashKind::Pdq,
    })?;
    Some(table)
}

/// `Some` when the section and its checksums lie within a file of `length` bytes.
fn check_place(section: &Section, length: u64) -> Option<()> {
    let end = section.offset.checked_add(section.length)?;
    let checksums = section.blocks().checked_mul(8)?;
    let checksums_end = section.checksums.checked_add(checksums)?;
    let inside = end <= length && checksums_end <= length;
    (inside && section.offset.is_multiple_of(ALIGNMENT)).then_some(())
}

/// True when the number of elements and the length of a section agree.
fn fits(section: &Section) -> bool {
    section.width == 0
        || section.rows.checked_mul(u64::from(section.width) / 8) == Some(section.length)
}
