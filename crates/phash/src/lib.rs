//! Luma planes to perceptual hashes: PDQ, its quality and its eight orientations; no I/O.
//!
//! ```
//! use hashward_hash::Orientation;
//! use hashward_phash::{Pixels, pdq};
//!
//! // A soft diagonal with a bright corner, 200 × 100 grey pixels.
//! let data: Vec<u8> = (0..100u32)
//!     .flat_map(|y| (0..200u32).map(move |x| if x < 60 && y < 40 { 250 } else { (x + y) as u8 / 2 }))
//!     .collect();
//! let result = pdq(&Pixels::luma8(&data, 200, 100, 200)?);
//! let hash = result.hashes[Orientation::Original as usize];
//! assert_eq!(hash.to_hex().len(), 64);
//! assert_eq!(hash.ones(), 128);
//! # Ok::<(), hashward_phash::PixelsError>(())
//! ```
//!
//! Ways to the same hash:
//! - [`pdq`] is the one to use: one pass over the bytes, exact integer sums, one rounding.
//! - [`RowHasher`] takes the rows as a decoder gives them, so that no picture is kept. It also
//!   hashes reduced decodings, as if all pixels had been there.
//! - [`pdq_square512`] is the variant of Meta's C++ *tool*, which first shrinks pictures with a side
//!   over 512 pixels to 512×512 by dropping pixels.
//! - [`mod@reference`] repeats the reference's floating-point operations in the reference's order. It
//!   is slow and exists to prove the others right.
//!
//! **Guarantees:** the same pixels give the same bits on every machine, backend and thread count.
//! [`reference`](mod@reference) equals PyPI `pdqhash` 0.2.8 bit for bit; [`pdq`] equals it on every
//! bit whose coefficient is farther than [`EPSILON`] from the median. No threads, no I/O, and
//! memory in proportion to a picture's sides, not its area.
//!
//! **Does not:** decode, crop or rotate pictures, or decide what counts as a match. A hash of a
//! picture with [`Quality`] below 50 says little about the picture.
#![forbid(unsafe_code)]

mod coefficients;
mod cosines;
mod pixels;
pub mod reference;
mod samples;
mod square;
mod stream;
pub mod variants;

pub use coefficients::Coefficients;
pub use pixels::{Layout, Pixels, PixelsError};
pub use samples::Samples;
pub use square::{SQUARE, pdq_square512};
pub use stream::{RowHasher, Streamed};

use hashward_hash::{Pdq, Quality};

/// How far a coefficient must be from the median for its bit to be certain.
///
/// The reference keeps running sums in single precision, whose rounding errors accumulate along a
/// row and a column; [`pdq`] computes the same quantities exactly. Their coefficients differ by
/// 0.007 at most on the conformance vectors and by 0.009 on pictures of up to 30,000 pixels a side,
/// where half of the coefficients of a picture of quality 50 are more than 10 away from the median.
/// A bit may therefore differ where coefficient and median differ by less than this: more than twice
/// the largest error seen. Tests assert it on every vector and on random pictures, and print the
/// share of such bits.
pub const EPSILON: f32 = 0.02;

/// Shortest side that has a hash. The reference gives shorter ones a hash of zeros and quality 0.
pub const MIN_SIDE: u32 = 5;

/// A picture's PDQ hashes and their common quality.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PdqResult {
    /// The quality, 0 (flat) to 100.
    pub quality: Quality,
    /// The hash of the picture in each orientation, indexed by `Orientation as usize`.
    pub hashes: [Pdq; 8],
}

impl PdqResult {
    /// What the reference gives to pictures with a side below [`MIN_SIDE`].
    pub const NONE: Self = Self { quality: Quality(0), hashes: [Pdq([0; 4]); 8] };
}

/// PDQ of a picture at full resolution, in all eight orientations.
///
/// The quality equals the reference's too, except that each of its 8,064 truncated differences
/// between neighbouring samples may fall on the other side of an integer; the sum is divided by
/// 90, so the two differ by 1 at most on all tested pictures, and rarely.
///
/// Takes about as long as reading the pixels from memory.
#[must_use]
pub fn pdq(pixels: &Pixels<'_>) -> PdqResult {
    Coefficients::of(pixels).map_or(PdqResult::NONE, |coefficients| coefficients.result())
}
