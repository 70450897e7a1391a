//! Compressed columns: what a segment says about its rows, in blocks of some kibibytes.
//!
//! A block holds the lengths of its texts and then the texts, compressed with zstd. Behind the
//! blocks stands their index, and last the number of blocks.

use crate::format::{u32_at, u64_at};
use hashward_index::Damaged;
use std::cell::RefCell;
use std::io;
use std::ops::Range;
use zstd::bulk::Decompressor;

/// Rows of a full block.
pub(crate) const BLOCK_ROWS: usize = 1024;
/// A block is closed before its rows when its texts have this many bytes: saying what a match is
/// about means decompressing a block of each column, and larger ones are hardly smaller together.
pub(crate) const BLOCK_TEXT: usize = 16 << 10;
/// The same of the largest block that a reader takes; older writers closed blocks later.
const MAX_BLOCK_TEXT: usize = 1 << 20;
/// Longest text.
pub(crate) const MAX_TEXT: usize = 1 << 20;
/// Bytes of a block's entry in the index.
pub(crate) const INDEX_BYTES: usize = 16;
/// Largest uncompressed block: lengths, full, and one more text.
const MAX_BLOCK: usize = 4 * BLOCK_ROWS + MAX_BLOCK_TEXT + MAX_TEXT;
/// Compression: about 300 MB/s, close to what names and identifiers can give.
const LEVEL: i32 = 3;

/// Makes the blocks of one column.
pub(crate) struct ColumnWriter {
    compressor: zstd::bulk::Compressor<'static>,
    lengths: Vec<u8>,
    texts: Vec<u8>,
    index: Vec<u8>,
    first_row: u32,
    rows: u32,
    offset: u64,
    /// True once a row had a text.
    pub(crate) used: bool,
}

impl ColumnWriter {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            compressor: zstd::bulk::Compressor::new(LEVEL)?,
            lengths: Vec::new(),
            texts: Vec::new(),
            index: Vec::new(),
            first_row: 0,
            rows: 0,
            offset: 0,
            used: false,
        })
    }

    /// Takes the text of the next row; gives a block when one is full.
    pub(crate) fn push(&mut self, text: Option<&[u8]>) -> io::Result<Option<Vec<u8>>> {
        self.used |= text.is_some();
        let length = text.map_or(0, |text| text.len() as u32 + 1);
        self.lengths.extend(length.to_le_bytes());
        self.texts.extend(text.unwrap_or_default());
        self.rows += 1;
        let full = self.lengths.len() == 4 * BLOCK_ROWS || self.texts.len() >= BLOCK_TEXT;
        if full { self.close().map(Some) } else { Ok(None) }
    }

    fn close(&mut self) -> io::Result<Vec<u8>> {
        self.lengths.append(&mut self.texts);
        let block = self.compressor.compress(&self.lengths)?;
        self.index.extend(self.first_row.to_le_bytes());
        self.index.extend((self.lengths.len() as u32).to_le_bytes());
        self.index.extend(self.offset.to_le_bytes());
        self.offset += block.len() as u64;
        self.first_row = self.rows;
        self.lengths.clear();
        Ok(block)
    }

    /// The last block, the index and the number of blocks.
    pub(crate) fn finish(mut self) -> io::Result<Vec<u8>> {
        let mut end = if self.lengths.is_empty() { Vec::new() } else { self.close()? };
        let blocks = (self.index.len() / INDEX_BYTES) as u64;
        end.extend(&self.index);
        end.extend(blocks.to_le_bytes());
        Ok(end)
    }
}

/// A column as it stands in a segment.
#[derive(Clone, Copy)]
pub(crate) struct Column<'a> {
    blocks: &'a [u8],
    index: &'a [[u8; INDEX_BYTES]],
    rows: u32,
}

/// A block that was found in the index.
pub(crate) struct Packed {
    /// Where it stands, from the start of the section.
    pub(crate) bytes: Range<usize>,
    first_row: u32,
    end_row: u32,
    raw: usize,
}

/// One block, uncompressed.
pub(crate) struct Block {
    first_row: u32,
    end_row: u32,
    bytes: Vec<u8>,
    /// End of each text, counted from the end of the lengths.
    ends: Vec<usize>,
}

const BAD_INDEX: Damaged = Damaged("the index of a column points outside it");

impl<'a> Column<'a> {
    pub(crate) fn new(section: &'a [u8], rows: u32) -> Result<Self, Damaged> {
        let (rest, count) = section.split_last_chunk::<8>().ok_or(BAD_INDEX)?;
        let index_bytes = usize::try_from(u64_at(count, 0))
            .ok()
            .and_then(|count| count.checked_mul(INDEX_BYTES))
            .filter(|bytes| *bytes <= rest.len())
            .ok_or(BAD_INDEX)?;
        let (blocks, index) = rest.split_at(rest.len() - index_bytes);
        Ok(Self { blocks, index: index.as_chunks().0, rows })
    }

    /// Where the index stands, from the start of the section.
    pub(crate) fn index_bytes(&self) -> Range<usize> {
        self.blocks.len()..self.blocks.len() + self.index.len() * INDEX_BYTES
    }

    /// The block that has a row, as the index tells.
    pub(crate) fn locate(&self, row: u32) -> Result<Packed, Damaged> {
        let behind = self.index.partition_point(|entry| u32_at(entry, 0) <= row);
        let number = behind.checked_sub(1).ok_or(BAD_INDEX)?;
        let entry = &self.index[number];
        let next = self.index.get(behind);
        let (first_row, raw) = (u32_at(entry, 0), u32_at(entry, 4) as usize);
        let end_row = next.map_or(self.rows, |next| u32_at(next, 0));
        let start = usize::try_from(u64_at(entry, 8)).map_err(|_| BAD_INDEX)?;
        let end = match next {
            Some(next) => usize::try_from(u64_at(next, 8)).map_err(|_| BAD_INDEX)?,
            None => self.blocks.len(),
        };
        if start > end || end > self.blocks.len() {
            return Err(BAD_INDEX);
        }
        let rows = end_row.checked_sub(first_row).ok_or(BAD_INDEX)? as usize;
        if row >= end_row || rows > BLOCK_ROWS || raw > MAX_BLOCK || 4 * rows > raw {
            return Err(BAD_INDEX);
        }
        Ok(Packed { bytes: start..end, first_row, end_row, raw })
    }

    /// Decompresses a block of this column.
    pub(crate) fn unpack(&self, packed: &Packed) -> Result<Block, Damaged> {
        let Packed { first_row, end_row, raw, .. } = *packed;
        let rows = (end_row - first_row) as usize;
        let packed = self.blocks.get(packed.bytes.clone()).ok_or(BAD_INDEX)?;
        let bytes = decompress(packed, raw)
            .map_err(|_| Damaged("a block of a column does not decompress"))?;
        if bytes.len() != raw {
            return Err(Damaged("a block of a column has the wrong length"));
        }
        let mut ends = Vec::with_capacity(rows);
        let mut end = 4 * rows;
        for length in bytes[..4 * rows].as_chunks::<4>().0 {
            end += u32::from_le_bytes(*length).saturating_sub(1) as usize;
            ends.push(end);
        }
        if end != raw {
            return Err(Damaged("the texts of a block do not fill it"));
        }
        Ok(Block { first_row, end_row, bytes, ends })
    }
}

/// Decompresses to at most `limit` bytes. Each thread keeps its decompressor, because making one
/// takes longer than a small block.
fn decompress(packed: &[u8], limit: usize) -> io::Result<Vec<u8>> {
    thread_local! {
        static KEPT: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
    }
    KEPT.with_borrow_mut(|kept| {
        let decompressor = match kept {
            Some(decompressor) => decompressor,
            none => none.insert(Decompressor::new()?),
        };
        decompressor.decompress(packed, limit)
    })
}

impl Block {
    pub(crate) fn has(&self, row: u32) -> bool {
        (self.first_row..self.end_row).contains(&row)
    }

    /// The text of a row that the block has.
    pub(crate) fn text(&self, row: u32) -> Option<&[u8]> {
        let at = row.checked_sub(self.first_row)? as usize;
        let end = *self.ends.get(at)?;
        if u32_at(&self.bytes, 4 * at) == 0 {
            return None;
        }
        let start = at.checked_sub(1).map_or(4 * self.ends.len(), |before| self.ends[before]);
        self.bytes.get(start..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn write(texts: &[Option<Vec<u8>>]) -> Vec<u8> {
        let mut writer = ColumnWriter::new().unwrap();
        let mut section = Vec::new();
        for text in texts {
            section.extend(writer.push(text.as_deref()).unwrap().unwrap_or_default());
        }
        section.extend(writer.finish().unwrap());
        section
    }

    fn block(column: &Column<'_>, row: u32) -> Result<Block, Damaged> {
        column.unpack(&column.locate(row)?)
    }

    fn check(texts: &[Option<Vec<u8>>]) {
        let section = write(texts);
        let column = Column::new(&section, texts.len() as u32).unwrap();
        for (row, text) in (0..).zip(texts) {
            let found = block(&column, row).unwrap();
            assert!(found.has(row));
            assert_eq!(found.text(row), text.as_deref());
        }
        assert!(block(&column, texts.len() as u32).is_err());
    }

    #[test]
    fn rows_around_the_end_of_a_block() {
        for rows in [0, 1, BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 1, 2 * BLOCK_ROWS + 3] {
            let text = |row: usize| {
                (!row.is_multiple_of(3)).then(|| row.to_string().repeat(row % 5).into())
            };
            check(&(0..rows).map(text).collect::<Vec<_>>());
        }
    }

    #[test]
    fn long_texts_close_a_block_early() {
        let texts = vec![Some(vec![b'x'; MAX_TEXT]); 5];
        let section = write(&texts);
        assert!(Column::new(&section, 5).unwrap().index.len() == 5);
        check(&texts);
    }

    #[test]
    fn texts_of_some_kibibytes_close_a_block_and_longer_blocks_are_read() {
        let texts: Vec<_> = (0..600).map(|row: u32| Some(vec![row as u8; 100])).collect();
        let section = write(&texts);
        assert_eq!(Column::new(&section, 600).unwrap().index.len(), 4);
        check(&texts);
        // As older writers made it: one block with all of them.
        let lengths = texts.iter().flat_map(|_| 101u32.to_le_bytes());
        let mut raw: Vec<u8> = lengths.collect();
        texts.iter().flatten().for_each(|text| raw.extend(text));
        let mut section = zstd::bulk::compress(&raw, LEVEL).unwrap();
        section.extend([0; 4]);
        section.extend((raw.len() as u32).to_le_bytes());
        section.extend([0; 8]);
        section.extend(1u64.to_le_bytes());
        let column = Column::new(&section, 600).unwrap();
        let block = block(&column, 599).unwrap();
        assert_eq!(block.text(0), texts[0].as_deref());
        assert_eq!(block.text(599), texts[599].as_deref());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_column_or_damage(mut bytes: Vec<u8>, row: u32, rows: u32, blocks in 0u64..3) {
            bytes.extend(blocks.to_le_bytes());
            if let Ok(column) = Column::new(&bytes, rows) && let Ok(block) = block(&column, row) {
                let _ = block.text(row);
            }
        }

        #[test]
        fn a_flipped_bit_never_panics(at: prop::sample::Index, bit in 0u8..8) {
            let texts: Vec<_> = (0..40u32).map(|row| Some(row.to_string().into_bytes())).collect();
            let mut section = write(&texts);
            let at = at.index(section.len());
            section[at] ^= 1 << bit;
            if let Ok(column) = Column::new(&section, 40) {
                for row in 0..41 {
                    if let Ok(block) = block(&column, row) {
                        let _ = block.text(row);
                    }
                }
            }
        }
    }
}
