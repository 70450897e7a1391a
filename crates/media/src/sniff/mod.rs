//! What a file's content is, told from its first and last bytes and never from its name.
//!
//! The order of the probes is the order of certainty: fixed magic bytes ([`table`]), then formats
//! whose few magic bytes need a second look ([`probes`], [`disks`]), then text ([`text`]), and
//! last Truevision TGA, which has no magic at all ([`tga`]).

mod disks;
mod probes;
mod table;
mod text;
mod tga;

use serde::{Deserialize, Serialize};

/// Bytes from the beginning of a file that [`sniff`] can make use of.
pub const HEAD_BYTES: usize = 66 << 10;
/// Bytes from the end of a file that [`sniff`] can make use of.
pub const TAIL_BYTES: usize = 512;

/// A picture format that this build opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PictureFormat {
    /// JPEG, baseline and progressive.
    Jpeg,
    /// PNG and animated PNG.
    Png,
    /// GIF.
    Gif,
    /// WebP, lossy, lossless and animated.
    WebP,
    /// Windows bitmap.
    Bmp,
    /// TIFF, also with 64-bit offsets.
    Tiff,
    /// Windows icons and cursors.
    Ico,
    /// Truevision TGA.
    Tga,
    /// The portable any-map family: PBM, PGM, PPM, PAM.
    Pnm,
    /// QOI.
    Qoi,
}

/// What the content means for an examination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// A picture that this build opens.
    Picture(PictureFormat),
    /// Can hold pictures, but this build does not open it. The words say what it is.
    Unsupported(&'static str),
    /// Encrypted: can hold anything. The words say what it is.
    Encrypted(&'static str),
    /// Cannot hold pictures, or nothing known.
    NoPicture,
}

/// What was found out about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sniffed {
    /// Media type, `application/octet-stream` where nothing better is known.
    pub media_type: &'static str,
    /// What it means.
    pub class: Class,
}

impl Sniffed {
    const fn new(media_type: &'static str, class: Class) -> Self {
        Self { media_type, class }
    }

    const fn picture(media_type: &'static str, format: PictureFormat) -> Self {
        Self::new(media_type, Class::Picture(format))
    }

    const fn unsupported(media_type: &'static str, kind: &'static str) -> Self {
        Self::new(media_type, Class::Unsupported(kind))
    }

    const fn encrypted(media_type: &'static str, kind: &'static str) -> Self {
        Self::new(media_type, Class::Encrypted(kind))
    }

    const fn no_picture(media_type: &'static str) -> Self {
        Self::new(media_type, Class::NoPicture)
    }
}

/// The ends of a file, with look-ups that cannot fail.
#[derive(Clone, Copy)]
struct Ends<'a> {
    head: &'a [u8],
    tail: &'a [u8],
    size: u64,
}

impl Ends<'_> {
    /// True when `bytes` stand at `offset` from the beginning.
    fn has(&self, offset: usize, bytes: &[u8]) -> bool {
        self.head.get(offset..).is_some_and(|rest| rest.starts_with(bytes))
    }

    fn byte(&self, offset: usize) -> u8 {
        self.head.get(offset).copied().unwrap_or(0)
    }

    fn bytes<const N: usize>(&self, offset: usize) -> [u8; N] {
        std::array::from_fn(|i| self.byte(offset + i))
    }

    fn u16_le(&self, offset: usize) -> u16 {
        u16::from_le_bytes(self.bytes(offset))
    }

    fn u32_le(&self, offset: usize) -> u32 {
        u32::from_le_bytes(self.bytes(offset))
    }

    fn u32_be(&self, offset: usize) -> u32 {
        u32::from_be_bytes(self.bytes(offset))
    }
}

/// True when `needle` stands anywhere in `hay`.
fn contains(hay: &[u8], needle: &[u8]) -> bool {
    hay.windows(needle.len()).any(|window| window == needle)
}

/// Tells what a file is from its first bytes (up to [`HEAD_BYTES`] are of use), its last bytes
/// (up to [`TAIL_BYTES`]) and its size.
#[must_use]
pub fn sniff(head: &[u8], tail: &[u8], size: u64) -> Sniffed {
    if size == 0 {
        return Sniffed::no_picture("application/x-empty");
    }
    let ends = Ends { head: &head[..head.len().min(HEAD_BYTES)], tail, size };
    probes::second_looks(&ends)
        .or_else(|| table::by_magic(&ends))
        .or_else(|| probes::short_magics(&ends))
        .or_else(|| disks::probe(&ends))
        .or_else(|| text::probe(&ends))
        .or_else(|| tga::probe(&ends))
        .unwrap_or(Sniffed::no_picture("application/octet-stream"))
}
