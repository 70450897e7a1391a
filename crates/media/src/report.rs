//! What an examined picture yields: its hashes, each with a label that says where it comes from.

use crate::Reason;
use hashward_features::Features;
use hashward_hash::{Orientation, Pdq, Quality};
use serde::{Deserialize, Serialize};

/// A part of a frame, in pixels of the frame as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rectangle {
    /// Left edge.
    pub x: u32,
    /// Top edge.
    pub y: u32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

/// How the pixels were prepared before they were hashed. The order is part of the record's
/// encoding: new variants go to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Variant {
    /// All pixels of the frame at full resolution: the canonical hash.
    Full,
    /// Resampled to 512×512 by nearest neighbour first, as Meta's C++ tool does with every
    /// picture that has a side over 512 pixels.
    Square512,
    /// A proposal: close to [`Variant::Full`], from a reduced decoding.
    Fast,
    /// A proposal: close to [`Variant::Square512`], from a reduced decoding.
    FastSquare512,
    /// The negative.
    Inverted,
    /// Without the flat or nearly flat borders around it.
    Trimmed,
    /// A rectangle inside it that strong straight edges surround.
    Inside,
    /// Continued beyond its edges by reflection, as if it had been cropped.
    Uncropped,
    /// Turned back by a small angle.
    Straightened,
}

impl Variant {
    /// The word used in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Square512 => "square512",
            Self::Fast => "fast",
            Self::FastSquare512 => "fast_square512",
            Self::Inverted => "inverted",
            Self::Trimmed => "trimmed",
            Self::Inside => "inside",
            Self::Uncropped => "uncropped",
            Self::Straightened => "straightened",
        }
    }

    /// Every way, in the order of the record's encoding.
    pub const ALL: [Self; 9] = [
        Self::Full,
        Self::Square512,
        Self::Fast,
        Self::FastSquare512,
        Self::Inverted,
        Self::Trimmed,
        Self::Inside,
        Self::Uncropped,
        Self::Straightened,
    ];

    /// True for the picture as it is: all of it, nothing guessed.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        matches!(self, Self::Full | Self::Square512 | Self::Fast | Self::FastSquare512)
    }
}

/// A perceptual hash and the hypothesis that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LabelledHash {
    /// Frame, page or icon entry, counted from 0 in the order of the file.
    pub frame: u32,
    /// How the pixels were prepared.
    pub variant: Variant,
    /// The part of the frame that was hashed.
    pub rectangle: Rectangle,
    /// How the pixels were turned or mirrored.
    pub orientation: Orientation,
    /// The hash.
    pub hash: Pdq,
    /// PDQ's quality of the pixels that were hashed.
    pub quality: Quality,
}

/// Why a picture was not, or not fully, examined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// The reason as outputs count it.
    pub reason: Reason,
    /// What happened, for people; at most [`Trouble::DETAIL_BYTES`] long, never file content.
    pub detail: String,
}

impl Trouble {
    /// Longest detail text in bytes.
    pub const DETAIL_BYTES: usize = 300;

    /// A trouble with a bounded detail.
    #[must_use]
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        let mut detail: String = detail.into();
        if detail.len() > Self::DETAIL_BYTES {
            let cut = (0..=Self::DETAIL_BYTES).rev().find(|&i| detail.is_char_boundary(i));
            detail.truncate(cut.unwrap_or(0));
        }
        Self { reason, detail }
    }
}

/// What examining one picture gave. `Ok` in `status` means that every frame was hashed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureReport {
    /// Whether all of the picture was examined, and if not, why.
    pub status: Result<(), Trouble>,
    /// Width of the first frame as stored, once known.
    pub width: Option<u32>,
    /// Height of the first frame as stored, once known.
    pub height: Option<u32>,
    /// Frames whose pixels were decoded (and hashed, unless they are too small for it).
    pub frames_examined: u32,
    /// Frames that the file holds, where its structure says so before all are decoded.
    pub frames_total: Option<u32>,
    /// The hashes, frame by frame: [`Variant::Full`] in the order of [`Orientation::ALL`],
    /// [`Variant::Square512`] likewise, then the guesses that were asked for.
    pub hashes: Vec<LabelledHash>,
    /// The local features that were asked for, of the first [`FEATURE_FRAMES`] frames at most.
    pub features: Vec<FrameFeatures>,
}

/// Frames of which local features are extracted: a film of more is found by its hashes.
pub const FEATURE_FRAMES: usize = 12;

/// The local features of a frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameFeatures {
    /// Frame, page or icon entry, counted from 0 in the order of the file.
    pub frame: u32,
    /// The features.
    pub features: Features,
}
