//! How much work one picture may cause, counted in pixels, frames and bytes, never in seconds.

use serde::{Deserialize, Serialize};

/// Bounds on one picture. Whatever goes beyond is refused as `limit` before it is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Largest encoded file in bytes. Default 192 MiB.
    pub encoded_bytes: u64,
    /// Most pixels of one frame, page or canvas. Default 256 × 2²⁰. `memory_bytes` often
    /// binds first: depending on the format it allows 120 to 250 megapixels of grey and 80 to 160
    /// of colour.
    pub frame_pixels: u64,
    /// Most frames, pages or entries that are decoded. Default 256.
    pub frames: u32,
    /// Most pixels of all frames together: the work budget. Default 512 × 2²⁰.
    pub total_pixels: u64,
    /// Most memory that decoding one picture may ask for. Default 496 MiB, which is all
    /// that the workers of a pool have together.
    pub memory_bytes: u64,
    /// Most bytes of metadata (profiles, Exif, text) that a decoder may unpack. Default 2 MiB.
    pub metadata_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            encoded_bytes: 192 << 20,
            frame_pixels: 256 << 20,
            frames: 256,
            total_pixels: 512 << 20,
            memory_bytes: 496 << 20,
            metadata_bytes: 2 << 20,
        }
    }
}

/// How much is tried on a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Effort {
    /// The canonical hash from the full-resolution pixels of every frame.
    #[default]
    Full,
    /// Proposals from reduced decodings where they are close enough to the canonical hash, which
    /// they never replace; see [`crate::Variant::margins`]. Everything else as [`Effort::Full`].
    Fast {
        /// Only for sequential JPEG pictures of so many pixels, and progressive ones of an eighth of
        /// that, which save about eight times as much. With smaller ones it takes longer to look
        /// for what is near a proposal than is saved.
        least_pixels: u64,
    },
}

impl Effort {
    /// Proposals for pictures of any size that allows them.
    pub const FAST: Self = Self::Fast { least_pixels: 0 };
}

/// Which guesses are hashed besides the whole picture.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Guesses {
    /// None.
    #[default]
    None,
    /// The negative, and what the pixels themselves suggest: without borders, rectangles inside,
    /// straightened by flat corners.
    Suggested,
    /// Also what was cropped, more rectangles and small angles.
    All,
}

/// Which local features are extracted from frames.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Corners {
    /// None.
    #[default]
    None,
    /// Those of the first frame that a signature of registered material keeps.
    Registered,
    /// Those with which registered material is looked for.
    Query,
}

/// What to compute on a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub struct Plan {
    /// How much is tried.
    pub effort: Effort,
    /// Which guesses are hashed besides the whole picture.
    pub guesses: Guesses,
    /// Which local features are extracted. Proposals from reduced decodings have none.
    pub corners: Corners,
}
