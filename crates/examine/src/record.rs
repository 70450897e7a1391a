//! The record of one examined file: bounded, versioned, without paths or list data.

use hashward_hash::{Digests, HashValue};
use hashward_media::{FrameFeatures, LabelledHash, Reason};
use serde::{Deserialize, Serialize};

/// Version of [`Examination`]'s encoding and of what is found in the same bytes. Raised whenever the
/// fields or their order change, or a picture is hashed otherwise.
pub const EXAMINATION_VERSION: u16 = 4;

/// What became of the pictures that the content may hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pictures {
    /// Perceptual hashes were not asked for.
    NotAsked,
    /// The content holds no pictures: its digests say all there is to say.
    NotAPicture,
    /// Every frame was decoded and hashed.
    Examined,
    /// The content can hold pictures that were not, or not all, hashed.
    NotExamined {
        /// The reason as outputs count it.
        reason: Reason,
        /// What happened, for people.
        detail: String,
    },
}

/// Everything that examining one file gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Examination {
    /// [`EXAMINATION_VERSION`] of the build that made the record.
    pub version: u16,
    /// Bytes that were read: the file's size, unless reading failed.
    pub size: u64,
    /// Best guess of the content's media type, by content alone.
    pub media_type: String,
    /// Digests of the bytes read; all `None` when reading failed.
    pub digests: Digests,
    /// What became of the pictures.
    pub pictures: Pictures,
    /// Width of the first frame as stored.
    pub width: Option<u32>,
    /// Height of the first frame as stored.
    pub height: Option<u32>,
    /// Frames that were decoded.
    pub frames_examined: u32,
    /// Frames that the file holds, where that is known.
    pub frames_total: Option<u32>,
    /// The perceptual hashes with their labels. May be there for a picture that was not examined
    /// completely, and may be missing for one that was (pictures below 5 pixels a side).
    pub hashes: Vec<LabelledHash>,
    /// Perceptual hashes of opaque kinds, computed by other programs.
    pub opaque: Vec<HashValue>,
    /// Local features of frames, where they were asked for.
    pub features: Vec<FrameFeatures>,
}

/// Why bytes are not a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The record was made by another version.
    #[error("the record has version {found}; this build reads version {EXAMINATION_VERSION}")]
    Version {
        /// The version found.
        found: u16,
    },
    /// The bytes are no record.
    #[error("the record is damaged")]
    Damaged,
}

impl Examination {
    /// The record as bytes for a case file or a spill file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("writing to memory; every field is serialisable")
    }

    /// Reads back what [`Examination::to_bytes`] gave.
    ///
    /// # Errors
    /// [`RecordError`] for anything else; never a panic.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RecordError> {
        // The version comes first in every version, so it is read on its own.
        let (version, _) =
            postcard::take_from_bytes::<u16>(bytes).map_err(|_| RecordError::Damaged)?;
        if version != EXAMINATION_VERSION {
            return Err(RecordError::Version { found: version });
        }
        let (record, rest) = postcard::take_from_bytes(bytes).map_err(|_| RecordError::Damaged)?;
        if rest.is_empty() { Ok(record) } else { Err(RecordError::Damaged) }
    }

    /// True when hashes of reduced decodings stand in for canonical ones, which then have to be made
    /// before anything is said about a match.
    #[must_use]
    pub fn proposes(&self) -> bool {
        self.hashes.iter().any(|hash| hash.variant.margins().is_some())
    }

    /// The reason and its detail, if the content counts as not examined.
    #[must_use]
    pub fn not_examined(&self) -> Option<(Reason, &str)> {
        match &self.pictures {
            Pictures::NotExamined { reason, detail } => Some((*reason, detail)),
            _ => None,
        }
    }
}
