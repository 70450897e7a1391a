//! What is kept of a registered picture: 100 features in a record of fixed size.

use crate::extract::{Feature, Features, LEVELS};

/// Most features of a signature.
pub const MAX_FEATURES: usize = 100;

/// Bytes of a signature.
pub const SIGNATURE_BYTES: usize = 3840;

/// Where the places of the features begin; each takes six bytes.
const PLACES: usize = 16;
/// Where the descriptors begin.
const DESCRIPTORS: usize = 640;

/// Bytes that are no signature, or no tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Damaged(pub &'static str);

/// The features of a registered picture.
///
/// The record: the number of features (1 byte), seven zero bytes, width and height of the frame
/// in pixels (4 bytes each); from byte 16 on for each feature column and row (2 bytes each, 65,535
/// is the longer side), direction (1 byte, 256 steps clockwise from the right) and scale (1 byte,
/// 0 to 7); from byte 640 on their descriptors (32 bytes each). Numbers are little-endian,
/// everything else is zero.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature([u8; SIGNATURE_BYTES]);

/// A signature says what a picture looks like, so only the number of features is shown.
impl std::fmt::Debug for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signature({} features)", self.len())
    }
}

impl Signature {
    /// The signature of a picture's features, of which the first [`MAX_FEATURES`] are kept.
    #[must_use]
    pub fn new(features: &Features) -> Self {
        let mut bytes = [0; SIGNATURE_BYTES];
        let kept = &features.features[..features.features.len().min(MAX_FEATURES)];
        bytes[0] = kept.len() as u8;
        bytes[8..12].copy_from_slice(&features.width.to_le_bytes());
        bytes[12..16].copy_from_slice(&features.height.to_le_bytes());
        for (number, feature) in kept.iter().enumerate() {
            let place = &mut bytes[PLACES + 6 * number..][..6];
            place[..2].copy_from_slice(&feature.x.to_le_bytes());
            place[2..4].copy_from_slice(&feature.y.to_le_bytes());
            place[4] = feature.angle;
            place[5] = feature.level;
            bytes[DESCRIPTORS + 32 * number..][..32].copy_from_slice(&feature.descriptor);
        }
        Self(bytes)
    }

    /// Reads a record.
    ///
    /// # Errors
    /// When it is none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let bytes: [u8; SIGNATURE_BYTES] =
            bytes.try_into().map_err(|_| Damaged("a signature has another length"))?;
        let signature = Self(bytes);
        let count = signature.len();
        if count > MAX_FEATURES {
            return Err(Damaged("a signature has too many features"));
        }
        let zero = |range: std::ops::Range<usize>| bytes[range].iter().all(|byte| *byte == 0);
        if !zero(1..8)
            || !zero(PLACES + 6 * count..DESCRIPTORS)
            || !zero(DESCRIPTORS + 32 * count..SIGNATURE_BYTES)
        {
            return Err(Damaged("a signature has bytes that are not zero"));
        }
        if signature.features().any(|feature| feature.level >= LEVELS) {
            return Err(Damaged("a signature has an unknown scale"));
        }
        Ok(signature)
    }

    /// The record.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; SIGNATURE_BYTES] {
        &self.0
    }

    /// Number of features.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::from(self.0[0])
    }

    /// True for a picture without corners.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Width and height of the registered frame, in pixels.
    #[must_use]
    pub fn frame(&self) -> (u32, u32) {
        let number = |at: usize| {
            u32::from_le_bytes([self.0[at], self.0[at + 1], self.0[at + 2], self.0[at + 3]])
        };
        (number(8), number(12))
    }

    /// The descriptors.
    #[must_use]
    pub fn descriptors(&self) -> &[[u8; 32]] {
        &self.0[DESCRIPTORS..].as_chunks().0[..self.len()]
    }

    /// The features.
    pub fn features(&self) -> impl Iterator<Item = Feature> + '_ {
        (0..self.len()).map(|number| self.feature(number))
    }

    /// One feature.
    ///
    /// # Panics
    /// When there are not so many.
    #[must_use]
    pub fn feature(&self, number: usize) -> Feature {
        let place = &self.0[PLACES + 6 * number..][..6];
        Feature {
            x: u16::from_le_bytes([place[0], place[1]]),
            y: u16::from_le_bytes([place[2], place[3]]),
            angle: place[4],
            level: place[5],
            descriptor: self.descriptors()[number],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(
            list in prop::collection::vec((any::<u16>(), any::<u16>(), any::<u8>(), 0..LEVELS, any::<[u8; 32]>()), 0..120),
            width in any::<u32>(),
        ) {
            let features = list.iter().map(|&(x, y, angle, level, descriptor)| {
                Feature { x, y, angle, level, descriptor }
            });
            let features =
                Features { width, height: 9, side: 400, features: features.collect() };
            let signature = Signature::new(&features);
            let read = Signature::from_bytes(signature.as_bytes()).unwrap();
            prop_assert_eq!(read.frame(), (width, 9));
            let kept: Vec<_> = read.features().collect();
            prop_assert_eq!(&kept, &features.features[..list.len().min(MAX_FEATURES)]);
        }

        #[test]
        fn any_bytes_are_refused_or_read(at in 0..SIGNATURE_BYTES, value in any::<u8>(), count in 0..=255u8) {
            let mut bytes = [0; SIGNATURE_BYTES];
            bytes[0] = count;
            bytes[at] = value;
            if let Ok(signature) = Signature::from_bytes(&bytes) {
                prop_assert_eq!(signature.features().count(), signature.len());
            }
        }
    }

    #[test]
    fn other_lengths_are_refused() {
        assert!(Signature::from_bytes(&[]).is_err());
        assert!(Signature::from_bytes(&[0; SIGNATURE_BYTES + 1]).is_err());
    }
}
