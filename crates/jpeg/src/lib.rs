//! JPEG bytes straight to luma rows, at full or reduced scale, or a clean refusal.
//!
//! A perceptual hash needs the luma plane and nothing else, and for large pictures not even at
//! full resolution. This decoder stops at what is needed: chroma is walked over without being
//! kept, a reduced scale takes only the low coefficients of a block, and of a progressive file
//! only the scans that contribute are decoded.
//!
//! ```
//! use hashward_jpeg::{decode_luma, Limits, Plane, Scale};
//! # let mut file = Vec::new();
//! # let grey = image::GrayImage::from_fn(40, 24, |x, y| image::Luma([(x * 3 + y * 5) as u8]));
//! # image::codecs::jpeg::JpegEncoder::new(&mut file).encode_image(&grey).unwrap();
//! let mut plane = Plane::default();
//! match decode_luma(&file, Scale::Full, &Limits::default(), &mut plane) {
//!     Ok(outcome) => assert_eq!((outcome.width, outcome.height), (40, 24)),
//!     Err(fallback) => eprintln!("{fallback}"),
//! }
//! assert_eq!(plane.data.len(), 40 * 24);
//! ```
//!
//! **Guarantees:** at [`Scale::Full`] the luma samples of libjpeg's accurate integer inverse DCT,
//! bit for bit; the same rows on every machine; no panic, memory within [`Limits::memory`] and work
//! in proportion to the size of file and picture, whatever the bytes.
//! **Does not:** repair or judge. Whatever it does not fully understand (arithmetic coding, 12
//! bits, lossless, hierarchical, CMYK, RGB, luma coarser than chroma, broken or truncated data,
//! bytes where none belong) ends in a [`Fallback`] for the ordinary decoder. Entropy-coded data of
//! scans that contribute nothing is skipped unread; [`Outcome::unread_scans`] counts them.
#![forbid(unsafe_code)]

mod bits;
mod block;
mod error;
mod geometry;
mod header;
mod huffman;
mod idct;
mod markers;
mod progressive;
mod refine;
mod sequential;
mod sink;

pub use error::{Fallback, Reason};
pub use header::{Component, Header};
pub use sink::{Plane, RowSink, Rows};

use geometry::Geometry;
use markers::Parser;

/// How large the decoded picture is, compared with the coded one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scale {
    /// Every pixel.
    Full,
    /// One pixel for 2 × 2: their mean, from the low 4 × 4 coefficients of each block.
    Half,
    /// One pixel for 4 × 4, from the low 2 × 2 coefficients of each block; contrasts within a
    /// block are enhanced so that blurs over many blocks come out right.
    Quarter,
    /// One pixel for 8 × 8: the mean of each block.
    Eighth,
}

impl Scale {
    /// The side of the square of full-scale pixels that one pixel stands for.
    #[must_use]
    pub fn divisor(self) -> u32 {
        8 / self.side()
    }

    /// Pixels across a block.
    pub(crate) fn side(self) -> u32 {
        match self {
            Scale::Full => 8,
            Scale::Half => 4,
            Scale::Quarter => 2,
            Scale::Eighth => 1,
        }
    }
}

/// Bounds on what a file may ask for; beyond them it is refused with [`Reason::Limit`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Pixels of the full-scale picture.
    pub pixels: u64,
    /// Bytes of buffers; see [`Header::memory`].
    pub memory: u64,
    /// Scans.
    pub scans: u32,
    /// Marker segments.
    pub segments: u32,
}

impl Default for Limits {
    /// 500 megapixels, 256 MiB, 100 scans, 10,000 segments.
    fn default() -> Self {
        Limits { pixels: 500_000_000, memory: 256 << 20, scans: 100, segments: 10_000 }
    }
}

/// What was delivered to the sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Width of the rows: the picture's, divided by [`Scale::divisor`] and rounded up.
    pub width: u32,
    /// Number of rows, likewise.
    pub height: u32,
    /// The header.
    pub header: Header,
    /// Scans whose data was skipped unread; damage in them would not have been seen.
    pub unread_scans: u32,
}

/// Decodes the luma rows of a JPEG into `sink`, from top to bottom.
///
/// At 1/s each pixel stands for s × s pixels of the picture, of which the last in a row or column
/// may lie outside (there the file holds the encoder's padding).
///
/// # Errors
/// A [`Fallback`] for anything that is not fully understood; rows delivered before are void.
pub fn decode_luma(
    bytes: &[u8],
    scale: Scale,
    limits: &Limits,
    sink: &mut impl RowSink,
) -> Result<Outcome, Fallback> {
    let mut parser = Parser::new(bytes, limits)?;
    let Some(first) = parser.next_scan()? else {
        return Err(Reason::Malformed("no scan").at(bytes.len()));
    };
    let header = parser.header()?;
    let geometry = Geometry::new(&header);
    let refuse = |reason: Reason| Err(reason.at(first.data));
    if geometry.memory(header.progressive, scale) > limits.memory {
        return refuse(Reason::Limit("memory"));
    }
    // Every block takes a bit at least: dimensions that the bytes cannot fill are refused before
    // anything is allocated for them.
    if geometry.luma_blocks().div_ceil(8) > bytes.len() as u64 {
        return refuse(Reason::Truncated);
    }
    let unread_scans = if header.progressive {
        progressive::decode(bytes, parser, first, &header, &geometry, scale, sink)?
    } else {
        sequential::decode(bytes, parser, first, &header, &geometry, scale, sink)?;
        0
    };
    let (width, height) = geometry.scaled(scale);
    Ok(Outcome { width, height, header, unread_scans })
}
