//! The chain of pages of a TIFF file, read without decoding anything.

use std::collections::BTreeSet;

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
}

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
        let value = at.checked_add(value_at)?;
        let value = match kind {
            1 => file.number(value, 1)?,
            3 => file.number(value, 2)?,
            16 => file.number(value, 8)?,
            _ => file.number(value, 4)?,
        };
        match tag {
            256 => page.width = u32::try_from(value).unwrap_or(u32::MAX),
            257 => page.height = u32::try_from(value).unwrap_or(u32::MAX),
            262 => found.raw |= value == 32_803 || value == 34_892,
            277 => page.samples = u32::try_from(value).unwrap_or(u32::MAX),
            330 => found.sub_pictures = true,
            50_706 => found.raw = true,
            _ => {}
        }
    }
    found.pages.push(page);
    file.word(start.checked_add(count.checked_mul(entry_bytes)?)?)
}
