//! The chain of pages of a TIFF file, read without decoding anything.

use std::collections::BTreeSet;
use std::io::{self, Read, Seek, SeekFrom};

/// Most pages that are counted.
const PAGES: usize = 65_536;
/// Most entries of a page's directory that are looked at.
const ENTRIES: u64 = 4096;

/// What a page's directory says about its pixels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) samples: u32,
    /// Where the photometric interpretation says that the samples are palette indices: the
    /// position of its lowest byte.
    pub(super) palette: Option<u64>,
}

/// The photometric interpretation of palette indices.
const PALETTE: u64 = 3;

/// What the chain of directories says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Structure {
    pub(super) pages: Vec<Page>,
    /// Tags that only camera raw files have, or sub-directories with further pictures.
    pub(super) raw: bool,
    pub(super) sub_pictures: bool,
    /// A directory lies behind the end of the file.
    pub(super) truncated: bool,
}

struct File<'a> {
    bytes: &'a [u8],
    big_endian: bool,
    wide: bool,
}

impl File<'_> {
    fn number(&self, at: u64, length: u64) -> Option<u64> {
        let start = usize::try_from(at).ok()?;
        let bytes = self.bytes.get(start..start.checked_add(length as usize)?)?;
        let fold = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        Some(if self.big_endian {
            bytes.iter().fold(0, fold)
        } else {
            bytes.iter().rev().fold(0, fold)
        })
    }

    fn word(&self, at: u64) -> Option<u64> {
        self.number(at, if self.wide { 8 } else { 4 })
    }
}

/// The bytes of a file, with the palette pages declared as grey ones: the decoder refuses
/// palettes, but gives the indices when it takes them for grey.
#[derive(Debug)]
pub(super) struct IndicesAsGrey<'a> {
    bytes: &'a [u8],
    declarations: Vec<u64>,
    position: u64,
}

impl<'a> IndicesAsGrey<'a> {
    pub(super) fn new(bytes: &'a [u8], structure: &Structure) -> Self {
        let mut declarations: Vec<u64> =
            structure.pages.iter().filter_map(|page| page.palette).collect();
        declarations.sort_unstable();
        Self { bytes, declarations, position: 0 }
    }
}

impl Read for IndicesAsGrey<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        const BLACK_IS_ZERO: u8 = 1;
        let start = usize::try_from(self.position).unwrap_or(usize::MAX).min(self.bytes.len());
        let count = (&self.bytes[start..]).read(buffer)?;
        let end = self.position + count as u64;
        let first = self.declarations.partition_point(|&at| at < self.position);
        for &at in self.declarations[first..].iter().take_while(|&&at| at < end) {
            buffer[(at - self.position) as usize] = BLACK_IS_ZERO;
        }
        self.position = end;
        Ok(count)
    }
}

impl Seek for IndicesAsGrey<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => (self.bytes.len() as u64).checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}

/// Follows the chain from the header; ends at its end, at a page seen before, or at [`PAGES`].
pub(super) fn walk(bytes: &[u8]) -> Structure {
    let mut found = Structure::default();
    let file = File {
        bytes,
        big_endian: bytes.starts_with(b"MM"),
        wide: matches!(bytes.get(2..4), Some([43, 0] | [0, 43])),
    };
    let mut seen = BTreeSet::new();
    let mut next = file.word(if file.wide { 8 } else { 4 });
    while let Some(offset) = next
        && offset != 0
        && found.pages.len() < PAGES
        && seen.insert(offset)
    {
        next = directory(&file, offset, &mut found);
    }
    found.truncated |= next.is_none();
    found
}

/// Reads one directory and returns the offset of the next; `None` at the end of the file.
fn directory(file: &File<'_>, offset: u64, found: &mut Structure) -> Option<u64> {
    let (count_bytes, entry_bytes, value_at) = if file.wide { (8, 20, 12) } else { (2, 12, 8) };
    let count = file.number(offset, count_bytes)?;
    let start = offset.checked_add(count_bytes)?;
    let mut page = Page { samples: 1, ..Page::default() };
    for i in 0..count.min(ENTRIES) {
        let at = start.checked_add(i * entry_bytes)?;
        let (tag, kind) = (file.number(at, 2)?, file.number(at.checked_add(2)?, 2)?);
        let place = at.checked_add(value_at)?;
        let length = match kind {
            1 => 1,
            3 => 2,
            16 => 8,
            _ => 4,
        };
        let value = file.number(place, length)?;
        match tag {
            256 => page.width = u32::try_from(value).unwrap_or(u32::MAX),
            257 => page.height = u32::try_from(value).unwrap_or(u32::MAX),
            262 => {
                found.raw |= value == 32_803 || value == 34_892;
                let lowest = if file.big_endian { length - 1 } else { 0 };
                page.palette = (value == PALETTE).then_some(place + lowest);
            }
            277 => page.samples = u32::try_from(value).unwrap_or(u32::MAX),
            330 => found.sub_pictures = true,
            50_706 => found.raw = true,
            _ => {}
        }
    }
    found.pages.push(page);
    file.word(start.checked_add(count.checked_mul(entry_bytes)?)?)
}
