//! Writing a segment: rows come in by key, columns and tables are spooled, one file comes out.

use crate::column::{ColumnWriter, MAX_TEXT};
use crate::format::{HEADER_BYTES, SECTION_BYTES, Section, Table};
use crate::registered::SignatureBuilder;
use crate::row::{NO_QUALITY, TEXT_FIELDS};
use crate::spool::Spool;
use crate::{
    ContentDigest, EntryKey, EntryRow, ExternalSorter, SegmentRef, Store, WriteError, assemble,
};
use hashward_hash::{HashKind, HashValue, Metric};
use hashward_index::exact::FanoutBuilder;
use hashward_index::{bktree, mih, prefix};
use std::collections::BTreeMap;

/// How to build a segment.
#[derive(Debug, Clone, Copy)]
pub struct BuildOptions {
    /// Bytes of memory for sorting. Besides, building a BK-tree or a multi-index holds the codes
    /// (36 bytes each), an index of local features 8 bytes for each feature, and everything else
    /// needs a few MiB.
    pub memory: usize,
    /// A BK-tree is built over up to this many codes of a kind; 0 for none.
    pub tree_up_to: u64,
    /// A multi-index is built over this many codes of a kind or more.
    pub multi_index_from: u64,
}

impl Default for BuildOptions {
    /// The tables that pay: below 100,000 codes a scan is as fast as a multi-index at usual radii
    /// and a BK-tree serves small ones; above, the multi-index is faster than either at both.
    fn default() -> Self {
        Self { memory: 256 << 20, tree_up_to: 99_999, multi_index_from: 100_000 }
    }
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentInfo {
    /// The SHA-256 of the file, which names it.
    pub digest: ContentDigest,
    /// Its bytes.
    pub bytes: u64,
    /// Its rows.
    pub rows: u64,
    /// Number of hashes of each kind.
    pub hashes: BTreeMap<HashKind, u64>,
    /// Rows with a PDQ hash that comes from no picture with content.
    pub degenerate: u64,
}

impl SegmentInfo {
    /// The segment as a manifest names it, without tombstones.
    #[must_use]
    pub const fn to_ref(&self) -> SegmentRef {
        SegmentRef {
            digest: self.digest,
            bytes: self.bytes,
            rows: self.rows,
            tombstones: None,
            held: false,
        }
    }
}

/// Writes one segment from rows in ascending order of their keys. Memory is bounded whatever their
/// number; dropping a builder leaves nothing behind.
///
/// The same rows give the same file, whatever the memory or the number of threads.
pub struct SegmentBuilder {
    store: Store,
    options: BuildOptions,
    fixed: [Spool; 6],
    columns: Vec<(Table, ColumnWriter, Spool)>,
    digests: BTreeMap<HashKind, ExternalSorter>,
    codes: BTreeMap<HashKind, (Spool, Spool)>,
    signatures: SignatureBuilder,
    last_key: Option<EntryKey>,
    rows: u64,
    degenerate: u64,
}

impl std::fmt::Debug for SegmentBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SegmentBuilder({} rows)", self.rows)
    }
}

const FIXED: [Table; 6] =
    [Table::Keys, Table::Entries, Table::Payloads, Table::Kinds, Table::Qualities, Table::Flags];
const COLUMNS: [Table; 5] =
    [Table::SourceRows, Table::SourceIds, Table::Names, Table::Categories, Table::Attributes];

/// Bit of the row flags: a PDQ hash of the row is degenerate.
pub(crate) const FLAG_DEGENERATE: u8 = 1;

impl SegmentBuilder {
    pub(crate) fn new(store: &Store, options: BuildOptions) -> Result<Self, WriteError> {
        let spool = || Spool::new(store);
        let column = |table| -> Result<_, WriteError> {
            let writer = ColumnWriter::new().map_err(WriteError::io(store.dir()))?;
            Ok((table, writer, spool()))
        };
        Ok(Self {
            fixed: FIXED.map(|_| spool()),
            columns: COLUMNS.into_iter().map(column).collect::<Result<_, _>>()?,
            store: store.clone(),
            options,
            digests: BTreeMap::new(),
            codes: BTreeMap::new(),
            signatures: SignatureBuilder::new(store),
            last_key: None,
            rows: 0,
            degenerate: 0,
        })
    }

    /// Number of rows so far.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Takes the next row. Its key must be above the last one's: one entry is one row.
    ///
    /// # Errors
    /// When it is not, a text is too long, or spooling fails. The builder is then of no more use.
    pub fn push(&mut self, row: &EntryRow) -> Result<(), WriteError> {
        if self.last_key.is_some_and(|last| last >= row.key) {
            return Err(WriteError::KeyOrder { row: self.rows });
        }
        let number = u32::try_from(self.rows)
            .ok()
            .filter(|number| *number < u32::MAX)
            .ok_or(WriteError::TooMany { what: "rows" })?;
        let texts = row.texts();
        for (text, field) in texts.iter().zip(TEXT_FIELDS) {
            if text.is_some_and(|text| text.len() > MAX_TEXT) {
                let (source_row, limit) = (row.source_row, MAX_TEXT);
                return Err(WriteError::FieldTooLong { field, source_row, limit });
            }
        }
        let degenerate = row.is_degenerate();
        let quality = row.quality.map_or(NO_QUALITY, |quality| quality.0);
        let [keys, entries, payloads, kinds, qualities, flags] = &mut self.fixed;
        keys.write(&row.key.0)?;
        entries.write(&row.entry.0.to_le_bytes())?;
        payloads.write(&row.payload_digest().to_le_bytes())?;
        kinds.write(&row.kinds().0.to_le_bytes())?;
        qualities.write(&[quality])?;
        flags.write(&[if degenerate { FLAG_DEGENERATE } else { 0 }])?;
        let source_row = row.source_row.to_le_bytes();
        let fields = [Some(&source_row[..])]
            .into_iter()
            .chain(texts.into_iter().map(|text| text.map(str::as_bytes)));
        for ((_, writer, spool), field) in self.columns.iter_mut().zip(fields) {
            if let Some(block) = writer.push(field).map_err(WriteError::io(self.store.dir()))? {
                spool.write(&block)?;
            }
        }
        for (position, hash) in row.hashes.iter().enumerate() {
            if !row.hashes[..position].contains(hash) {
                self.push_hash(hash, number)?;
            }
        }
        if let Some(signature) = &row.signature {
            self.signatures.push(signature, number)?;
        }
        self.last_key = Some(row.key);
        self.rows += 1;
        self.degenerate += u64::from(degenerate);
        Ok(())
    }

    fn push_hash(&mut self, hash: &HashValue, row: u32) -> Result<(), WriteError> {
        let kind = hash.kind();
        let store = &self.store;
        let known = match kind.metric() {
            Metric::Exact => self.digests.get(&kind).map(ExternalSorter::len),
            Metric::Hamming | Metric::Vector => {
                self.codes.get(&kind).map(|(_, rows)| rows.len() / 4)
            }
        };
        if known == Some(u64::from(u32::MAX)) {
            return Err(WriteError::TooMany { what: "hashes of a kind" });
        }
        hash.with_bytes(|bytes| match kind.metric() {
            Metric::Exact => {
                // Kinds share the memory; there are seldom more than two.
                let memory = self.options.memory / 4;
                let sorter = self.digests.entry(kind).or_insert_with(|| {
                    let disk = store.disk().clone();
                    ExternalSorter::new(disk, &store.temp_dir(), kind.bytes(), memory)
                });
                sorter.push(bytes, &row.to_le_bytes())
            }
            Metric::Hamming | Metric::Vector => {
                let (codes, rows) = self
                    .codes
                    .entry(kind)
                    .or_insert_with(|| (Spool::new(store), Spool::new(store)));
                codes.write(bytes)?;
                rows.write(&row.to_le_bytes())
            }
        })
    }

    /// Writes the file, brings it to the disk and gives it its name.
    ///
    /// # Errors
    /// When the system refuses anything; no file has then got a name, unless it is complete.
    pub fn finish(mut self) -> Result<SegmentInfo, WriteError> {
        let mut sections = Vec::new();
        for (table, spool) in FIXED.into_iter().zip(self.fixed) {
            sections.push(section(table, None, self.rows, spool));
        }
        for (table, writer, mut spool) in self.columns {
            let used = writer.used;
            spool.write(&writer.finish().map_err(WriteError::io(self.store.dir()))?)?;
            if used {
                sections.push(section(table, None, self.rows, spool));
            }
        }
        let mut hashes = BTreeMap::new();
        while let Some((kind, sorter)) = self.digests.pop_first() {
            hashes.insert(kind, sorter.len());
            sections.extend(digest_sections(&self.store, kind, sorter)?);
        }
        while let Some((kind, (codes, rows))) = self.codes.pop_first() {
            let count = rows.len() / 4;
            hashes.insert(kind, count);
            sections.extend(code_sections(&self.store, kind, codes, rows, self.options)?);
        }
        sections.extend(self.signatures.finish()?);
        let (digest, bytes) = assemble::write(&self.store, self.rows, sections)?;
        Ok(SegmentInfo { digest, bytes, rows: self.rows, hashes, degenerate: self.degenerate })
    }
}

pub(crate) fn section(
    table: Table,
    kind: Option<HashKind>,
    rows: u64,
    spool: Spool,
) -> (Section, Spool) {
    (Section { rows, ..Section::new(table, kind) }, spool)
}

fn digest_sections(
    store: &Store,
    kind: HashKind,
    sorter: ExternalSorter,
) -> Result<[(Section, Spool); 3], WriteError> {
    let count = sorter.len();
    let (mut digests, mut rows, mut fanout) =
        (Spool::new(store), Spool::new(store), Spool::new(store));
    let mut starts = FanoutBuilder::new(count);
    let mut sorted = sorter.finish()?;
    while let Some((digest, row)) = sorted.next()? {
        digests.write(digest)?;
        rows.write(row)?;
        starts.push(digest);
    }
    let (bits, starts) = starts.finish();
    fanout.write(&starts)?;
    let mut fanout = section(Table::Fanout, Some(kind), starts.len() as u64 / 4, fanout);
    fanout.0.parameter = bits as u16;
    Ok([
        section(Table::Digests, Some(kind), count, digests),
        section(Table::DigestRows, Some(kind), count, rows),
        fanout,
    ])
}

fn code_sections(
    store: &Store,
    kind: HashKind,
    codes: Spool,
    rows: Spool,
    options: BuildOptions,
) -> Result<Vec<(Section, Spool)>, WriteError> {
    let count = rows.len() / 4;
    if kind.is_opaque() {
        return Ok(vec![
            section(Table::Codes, Some(kind), count, codes),
            section(Table::CodeRows, Some(kind), count, rows),
        ]);
    }
    let tree = (1..=options.tree_up_to).contains(&count);
    let multi = (options.multi_index_from..=mih::MAX_CODES as u64).contains(&count) && count > 0;
    let mut made = Vec::new();
    let mut add = |table, elements, spool| made.push(section(table, Some(kind), elements, spool));
    let mut code_list = vec![[0; 32]; count as usize];
    codes.read_all(code_list.as_flattened_mut())?;
    let mut codes = Spool::new(store);
    if tree {
        let mut row_list = vec![[0; 4]; count as usize];
        rows.read_all(row_list.as_flattened_mut())?;
        let mut row_list: Vec<u32> = row_list.into_iter().map(u32::from_le_bytes).collect();
        let arrays = bktree::build(&mut code_list, &mut row_list);
        let (mut rows, mut nodes, mut children) =
            (Spool::new(store), Spool::new(store), Spool::new(store));
        codes.write(code_list.as_flattened())?;
        for row in row_list {
            rows.write(&row.to_le_bytes())?;
        }
        nodes.write(&arrays.nodes)?;
        children.write(&arrays.children)?;
        let node_count = (arrays.nodes.len() / bktree::NODE_BYTES) as u64;
        let child_count = (arrays.children.len() / bktree::CHILD_BYTES) as u64;
        add(Table::Codes, count, codes);
        add(Table::CodeRows, count, rows);
        add(Table::TreeNodes, node_count, nodes);
        add(Table::TreeChildren, child_count, children);
    } else {
        codes.write(code_list.as_flattened())?;
        add(Table::Codes, count, codes);
        add(Table::CodeRows, count, rows);
    }
    let mut prefixes = Spool::new(store);
    for code in &code_list {
        prefixes.write(&prefix::of(code))?;
    }
    add(Table::Prefixes, count, prefixes);
    if multi {
        let (mut directory, mut tables) = (Spool::new(store), Spool::new(store));
        let cut = mih::Directory::for_count(count as u32);
        let built = mih::build(&code_list, cut, options.memory, |part| tables.write(part))?;
        directory.write(&built.encode())?;
        add(Table::MultiDirectory, directory.len() / 8, directory);
        add(Table::MultiTables, tables.len() / 64, tables);
    }
    Ok(made)
}

/// Where the checksums of the first section begin.
pub(crate) const fn behind_directory(sections: usize) -> u64 {
    (HEADER_BYTES + sections * SECTION_BYTES) as u64
}
